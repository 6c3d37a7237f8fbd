"""The compiled loops against float64, against torch, and against the same network without them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numba
import numpy as np
import pytest
import torch
from torch import Tensor

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.inference import generate
from seq2seq.ops import compiled
from seq2seq.model.attention import Memory, MultiplicativeAttention
from seq2seq.ops.compiled import arrays, loops, pairs, right_hand
from seq2seq.ops.dropout import Dropout
from seq2seq.ops.loss import softmax_
from seq2seq.model.network import NetworkOptions, build_network

VOCABULARY = Vocabulary(64, 0, 2, 3, 1)  # a multiple of what rows of logits are: nothing is left over
SMALL = NetworkOptions(embedding_size=6, encoder_size=9, decoder_size=10, dropout=0.0)

kernels = compiled._kernels()
if kernels is None:
    pytest.skip("numba finds no threads that fit torch's on this machine", allow_module_level=True)


@numba.njit
def product(left, start, distance, rows, right, first, last, out, out_start, out_distance):
    kernels._product(left, start, distance, rows, right, first, last, out, out_start, out_distance)


@pytest.fixture
def without_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_kernels", lambda: None)


def a_batch(count: int) -> Batch:
    generator = torch.Generator().manual_seed(5)

    def text(longest: int) -> list[int]:
        length = int(torch.randint(1, longest + 1, (), generator=generator))
        return torch.randint(4, 67, (length,), generator=generator).tolist()

    documents = sorted((text(9) for _ in range(count)), key=len, reverse=True)
    return make_batch(documents, [text(5) for _ in range(count)], [["x"] * 3] * count, VOCABULARY)


def test_exponential_is_exact_to_the_last_bit_or_two() -> None:
    numbers = np.linspace(-86.9, 87.9, 300_001).astype(np.float32)
    found = np.array([kernels.exp(x) for x in numbers[::10]])
    np.testing.assert_allclose(found, np.exp(numbers[::10].astype(np.float64)), rtol=1.3e-7)
    assert kernels.exp(np.float32(-np.inf)) < 1.7e-38
    assert kernels.exp(np.float32(0)) == 1
    assert np.isnan(kernels.exp(np.float32(np.nan)))


@pytest.mark.parametrize(("rows", "depth", "width"), [(1, 1, 1), (7, 5, 31), (8, 16, 32), (23, 3, 70), (64, 40, 96)])
def test_product_by_float64(rows: int, depth: int, width: int) -> None:
    left, right = torch.randn(rows, depth + 2), torch.randn(depth, width)
    panels, columns = kernels.panels(width)
    out = np.full((rows, panels * columns), np.nan, np.float32)
    places = (1, depth + 2, rows), (0, panels), (0, panels * columns)
    product(left.numpy(), *places[0], right_hand(right, kernels).numpy(), *places[1], out, *places[2])
    expected = left[:, 1 : depth + 1].double() @ right.double()
    np.testing.assert_allclose(out[:, :width], expected, rtol=1e-5, atol=1e-5)
    assert not out[:, width:].any()


bfloat16 = pytest.mark.skipif(not kernels.PAIRS, reason="this CPU does not multiply bfloat16 numbers (AVX512-BF16)")


@bfloat16
@pytest.mark.parametrize(("rows", "depth", "width"), [(1, 1, 1), (7, 5, 31), (8, 16, 32), (23, 3, 70), (64, 40, 96)])
def test_product_of_bfloat16_numbers(rows: int, depth: int, width: int) -> None:
    """Exactly that of the rounded numbers, summed in float32."""
    left, right = torch.randn(rows, depth), torch.randn(depth, width)
    wide = right_hand(right, kernels, low=True)
    out = torch.full((rows, wide.shape[0] * wide.shape[2]), torch.nan)
    kernels.multiply(*arrays(pairs(left), wide, out), kernels.use_threads(2))
    expected = left.bfloat16().double() @ right.bfloat16().double()
    torch.testing.assert_close(out[:, :width].double(), expected, rtol=1e-5, atol=1e-5)
    assert not out[:, width:].any()


@bfloat16
@pytest.mark.parametrize("size", [1, 8, 33])
def test_rounding_to_bfloat16(size: int) -> None:
    @numba.njit
    def rounded(numbers, right):
        factors = kernels._factors(numbers, right)
        kernels._fill(factors, numbers, len(numbers))
        return factors

    numbers = torch.randn(5, size) * torch.tensor([1e-30, 1e-3, 1.0, 1e4, 1e30]).unsqueeze(1)
    numbers[0, 0], numbers[1, 0], numbers[2, 0] = torch.nan, torch.inf, 1 + 2**-8  # a tie
    found = torch.from_numpy(rounded(numbers.numpy(), np.zeros(1, np.int32)))
    expected = pairs(numbers).view(torch.bfloat16)
    torch.testing.assert_close(found.view(torch.bfloat16), expected, rtol=0, atol=0, equal_nan=True)


@bfloat16
@pytest.mark.parametrize("changes", [{}, {"encoder_layers": 2}, {"pointer": False, "tie_embeddings": False}])
@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("shortlist", [0, 20])
def test_a_search_with_products_of_bfloat16_numbers(changes: dict, beams: int, shortlist: int) -> None:
    """Nearly all summaries are those of float32, and so, nearly, are their log-probabilities."""
    torch.manual_seed(3)
    network = build_network(replace(SMALL, **changes), VOCABULARY).eval()
    options, batch = SearchOptions(beam_size=beams, max_length=6, shortlist=shortlist), a_batch(33)
    expected = generate(network, batch, options)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = generate(network, batch, options)
    assert found.log_probs.dtype == torch.float32
    same = (found.tokens[:, 0] == expected.tokens[:, 0]).all(dim=1)
    assert same.double().mean() > 0.8
    torch.testing.assert_close(found.log_probs[same, 0], expected.log_probs[same, 0], rtol=0.01, atol=0.02)
    assert not torch.equal(found.log_probs, expected.log_probs)


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_softmax_by_float64(rows: int, scale: float) -> None:
    """By torch for few rows, by the loops for many."""
    logits, bias = scale * torch.randn(rows, 1000), torch.randn(1000)
    exact = logits.double() + bias
    probs, normaliser, mean = softmax_(logits.clone(), bias)
    # A logit of some hundreds has no more digits behind the point than this.
    torch.testing.assert_close(probs.double(), exact.softmax(dim=-1), rtol=2e-6 * scale, atol=1e-30)
    torch.testing.assert_close(normaliser.double(), exact.logsumexp(dim=-1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(mean.double(), exact.mean(dim=-1), rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("extra", [0, 1, 70])
def test_logits_and_the_logarithm_of_their_sum(extra: int) -> None:
    left, right = torch.randn(37, 20), torch.randn(1100, 20)
    out, log_sum = torch.full((37, 1152), torch.nan), torch.empty(37)
    threads = kernels.use_threads(2)
    kernels.logits(*arrays(left, right_hand(right.t(), kernels)), 1100, *arrays(out, log_sum), threads)
    exact = left.double() @ right.double().t()
    torch.testing.assert_close(out[:, :1100].double(), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(log_sum.double(), exact.logsumexp(dim=-1), rtol=1e-6, atol=1e-6)
    more = torch.randn(37, 5 + extra)
    more[:, -extra // 2 :] = -torch.inf if extra else more[:, -extra // 2 :]
    kernels.add_exponentials(more.numpy(), 5, log_sum.numpy())
    exact = torch.cat([exact, more[:, 5:].double()], dim=1)
    torch.testing.assert_close(log_sum.double(), exact.logsumexp(dim=-1), rtol=1e-6, atol=1e-6)


def test_more_threads_than_rows_need() -> None:
    """As if there were many cores: some have nothing to do."""
    left, right, log_sum = torch.randn(17, 20), torch.randn(50, 20), torch.empty(17)
    kernels.logits(*arrays(left, right_hand(right.t(), kernels)), 50, *arrays(torch.empty(17, 64), log_sum), 13)
    torch.testing.assert_close(log_sum, (left @ right.t()).logsumexp(dim=-1))


@pytest.mark.parametrize("queries", [1, 5])
@pytest.mark.parametrize("of_some", [False, True])
def test_attention_of_a_search(queries: int, of_some: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the loops as by torch; states stay where they are when examples leave."""
    torch.manual_seed(0)
    attention = MultiplicativeAttention(12, 10).eval()
    mask = torch.arange(7) < torch.randint(1, 8, (40, 1))
    states = torch.randn(40, 7, 10)
    memory = Memory(states, attention.keys(states), mask, states[:, 0], mask.long())
    asked = torch.randn(40, queries, 12)
    if of_some:
        for stay in (torch.arange(0, 40, 2), torch.arange(1, 20)):  # one after the other
            memory, asked = memory.keep(stay), asked[stay]
        assert memory.states is states
    with torch.no_grad():
        context, weights = attention(asked, memory)
        monkeypatch.setattr(compiled, "_kernels", lambda: None)
        expected = attention(asked, memory)
    torch.testing.assert_close((context, weights), expected)
    assert not weights[~memory.mask.unsqueeze(1).expand_as(weights)].any()


def test_dropout_draws_anew_and_the_way_back_draws_the_same() -> None:
    dropout, inputs = Dropout(0.3), torch.ones(400, 301, requires_grad=True)
    torch.manual_seed(1)
    first, second = dropout(inputs), dropout(inputs)
    torch.manual_seed(1)
    assert torch.equal(dropout(inputs), first)
    kept, kept_again = first != 0, second != 0
    for share, expected in ((kept, 0.7), (kept_again, 0.7), (kept & kept_again, 0.49), (kept[1:] & kept[:-1], 0.49)):
        assert abs(float(share.double().mean()) - expected) < 0.006  # four standard deviations
    torch.testing.assert_close(first[kept], torch.full_like(first[kept], 1 / 0.7))
    (gradient,) = torch.autograd.grad(first, inputs, 2 * torch.ones_like(first))
    assert torch.equal(gradient, 2 * first)


def gradients(count: int, options: NetworkOptions) -> list[Tensor]:
    torch.manual_seed(2)
    network = build_network(options, VOCABULARY).train()
    loss, likelihood = network.loss(a_batch(count))
    return [loss.detach(), likelihood, *torch.autograd.grad(loss, list(network.parameters()))]


@pytest.mark.parametrize("changes", [{}, {"encoder_layers": 2, "label_smoothing": 0.1}, {"pointer": False}])
def test_a_training_step_is_the_same_without_them(changes: dict, request: pytest.FixtureRequest) -> None:
    options = replace(SMALL, **changes)
    found = gradients(33, options)
    request.getfixturevalue("without_loops")
    for one, other in zip(found, gradients(33, options), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shortlist", [0, 20])
@pytest.mark.parametrize("beams", [1, 4])
def test_a_search_is_the_same_without_them(shortlist: int, beams: int, request: pytest.FixtureRequest) -> None:
    torch.manual_seed(3)
    network = build_network(SMALL, VOCABULARY).eval()
    options = SearchOptions(beam_size=beams, max_length=6, shortlist=shortlist)
    found = generate(network, a_batch(33), options)
    request.getfixturevalue("without_loops")
    expected = generate(network, a_batch(33), options)
    assert torch.equal(found.tokens, expected.tokens)
    torch.testing.assert_close(found.log_probs, expected.log_probs, rtol=1e-5, atol=1e-5)


def test_the_number_of_threads_changes_no_bit() -> None:
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(gradients(33, replace(SMALL, dropout=0.3)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    # The large products are torch's, and may differ; the recurrence's own sums may not.
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_what_they_cannot_work_with(without_loops: None) -> None:
    assert loops(100, torch.zeros(3)) is None


def test_when_they_are_used() -> None:
    assert loops(16, torch.zeros(3)) is kernels
    assert loops(15, torch.zeros(3)) is None
    assert loops(16, torch.zeros(3).double()) is None
    assert loops(16, torch.zeros(3, 2).t()) is None
    assert loops(16, torch.zeros(3, device="meta")) is None


def run_python(code: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


LOOPS = "import torch; from seq2seq.ops.compiled import loops; print('loops:', loops(20, torch.zeros(3)))"


def test_without_numba_torch_goes_on_and_says_so() -> None:
    said = run_python("import sys; sys.modules['numba'] = None; " + LOOPS)
    assert "loops: None" in said
    assert "numba cannot be used here" in said
    assert "slower" in said
    assert "NUMBA_DISABLE_JIT" in run_python(LOOPS, NUMBA_DISABLE_JIT="1")


def test_starting_them_leaves_torchs_threads_alone() -> None:
    code = LOOPS + "; print('threads:', torch.get_num_threads())"
    assert "threads: 1" in run_python(code, OMP_NUM_THREADS="1")


def test_a_single_document_does_not_wait_for_them() -> None:
    code = """
import sys
from seq2seq.batch import Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.inference import generate
from seq2seq.model.network import NetworkOptions, build_network
vocabulary = Vocabulary(64, 0, 2, 3, 1)
network = build_network(NetworkOptions(), vocabulary).eval()
generate(network, make_batch([[5, 6, 7]], None, [[]], vocabulary), SearchOptions(beam_size=5, max_length=4))
print("loaded:", "numba" in sys.modules)
"""
    assert "loaded: False" in run_python(code)


def test_where_nothing_can_be_kept() -> None:
    """Neither beside the package nor in the user's folder: compiled for this process alone."""
    code = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []
from seq2seq.ops import kernels
import numpy as np
print("exp:", float(kernels.exp(np.float32(0))))
kernels.use_threads(1)
logits, log_sum = np.zeros((2, 4), np.float32), np.full(2, -np.inf, np.float32)
kernels.add_exponentials(logits, 0, log_sum)
print("sum:", log_sum.tolist())
"""
    said = run_python(code)
    assert "exp: 1.0" in said
    assert "sum: [1.386" in said
