"""The parts of published systems against their equations, one number after the other, and in a search."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
import torch

from seq2seq.batch import Batch, Vocabulary, make_batch
from seq2seq.decoding import SearchOptions
from seq2seq.errors import UserError
from seq2seq.inference import generate
from seq2seq.model.attention import ATTENTIONS, Attention
from seq2seq.model.cells import CELLS
from seq2seq.model.encoder import ConvolutionalEncoder
from seq2seq.model.gates import ENCODER_GATES, ConvolutionalGate
from seq2seq.model.history import ATTENTION_HISTORIES
from seq2seq.model.intra_attention import IntraAttention
from seq2seq.model.losses import TeacherForced, coverage
from seq2seq.model.memory import Memory
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.model.output import covered_words
from seq2seq.model.readout import READOUTS

VOCABULARY = Vocabulary(size=8, pad=0, bos=2, eos=3, unk=1)
SMALL = NetworkOptions(embedding_size=5, encoder_size=4, decoder_size=6, attention_size=3, dropout=0.0)


@pytest.fixture(autouse=True)
def in_float64() -> None:
    torch.manual_seed(0)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.double)


def softmax(scores: list[torch.Tensor]) -> list[torch.Tensor]:
    total = sum(score.exp() for score in scores)
    return [score.exp() / total for score in scores]


def test_selective_gate_by_hand() -> None:
    gate = ENCODER_GATES["selective"](4).double()
    states, final, mask = random(2, 3, 4), random(2, 4), torch.ones(2, 3, dtype=torch.bool)
    w, b, u = gate.state.weight, gate.state.bias, gate.whole.weight
    for row, position, unit in product(range(2), range(3), range(4)):
        inside = w[unit] @ states[row, position] + u[unit] @ final[row] + b[unit]
        expected = states[row, position, unit] / (1 + (-inside).exp())
        torch.testing.assert_close(gate(states, final, mask)[row, position, unit], expected)


def test_convolutional_gate_by_hand() -> None:
    """Two documents of four and two words; beyond their ends the convolutions read zeros."""
    gate = ConvolutionalGate(2).double()
    for parameter in gate.parameters():
        torch.nn.init.normal_(parameter)
    states, mask = random(2, 4, 2), torch.tensor([[True] * 4, [True, True, False, False]])
    found = gate(states, states[:, 0], mask)
    for row, length in ((0, 4), (1, 2)):
        columns = []
        for branch in gate.branches:
            x = list(states[row, :length])
            for convolution in branch:
                window = convolution.layer.weight.shape[2]
                reach = window // 2
                near = [torch.zeros(2, dtype=torch.double)] * reach
                padded = [*near, *x, *near]
                x = [
                    sum(convolution.layer.weight[:, :, k] @ padded[i + k] for k in range(window))
                    + convolution.layer.bias
                    for i in range(length)
                ]
                x = [value.clamp_min(0) for value in x]
            columns.append(x)
        joined = [gate.join(torch.cat([column[i] for column in columns])) for i in range(length)]
        for i in range(length):
            weights = softmax([(gate.query.weight @ joined[i]) @ joined[j] / math.sqrt(2) for j in range(length)])
            attended = sum(weight * value for weight, value in zip(weights, joined, strict=True))
            torch.testing.assert_close(found[row, i], states[row, i] / (1 + (-attended).exp()))


def test_maxout_by_hand() -> None:
    readout = READOUTS["maxout"](3, 2).double()
    x = random(5, 3)
    r = x @ readout.weight.T + readout.bias
    expected = torch.stack([torch.maximum(r[:, 0], r[:, 1]), torch.maximum(r[:, 2], r[:, 3])], dim=1)
    torch.testing.assert_close(readout(x), expected)


def test_convolutional_encoder_by_hand() -> None:
    """The third word of the first document sees words 1 to 4, of which the document has no fifth."""
    encoder = ConvolutionalEncoder(CELLS["gru"], input_size=3, hidden_size=2, layers=1, dropout=0.0).double()
    words = random(2, 6, 3)
    states, whole = encoder(words, torch.tensor([4, 6]))
    x = words + encoder.position_embedding.weight[:6]
    layer = encoder.convolutions[0].layer
    expected = sum(layer.weight[:, :, k] @ x[0, k] for k in range(4)) + layer.bias
    torch.testing.assert_close(states[0, 2], torch.cat([expected, x[0, 2]]))
    torch.testing.assert_close(whole[0], states[0, :4].mean(dim=0))
    assert encoder.output_size == states.shape[2] == 5


def test_words_behind_the_last_position_share_its_embedding() -> None:
    encoder = ConvolutionalEncoder(CELLS["gru"], input_size=3, hidden_size=2, layers=1, dropout=0.0).double()
    states, _ = encoder(torch.zeros(1, 515, 3, dtype=torch.double), torch.tensor([515]))
    torch.testing.assert_close(states[0, 514, 2:], encoder.position_embedding.weight[511])
    assert not torch.allclose(states[0, 510, 2:], states[0, 511, 2:])


def memory(attention: Attention, states: torch.Tensor, lengths: list[int]) -> Memory:
    mask = torch.arange(states.shape[1]) < torch.tensor(lengths)[:, None]
    return Memory(states, attention.precompute(states), mask, states[:, 0], torch.zeros_like(mask, dtype=torch.long))


@pytest.mark.parametrize("kind", ["multiplicative", "additive"])
@pytest.mark.parametrize("history", ["temporal", "coverage"])
def test_histories_by_hand(kind: str, history: str) -> None:
    """Two documents, two beams each, three steps: the equations with explicit sums over the steps before."""
    attention = ATTENTIONS[kind](3, 2, 4).double()
    states, query, lengths = random(2, 5, 2), random(4, 3, 3), [5, 2]
    remembered = memory(attention, states, lengths)
    part = ATTENTION_HISTORIES[history](attention.key_size).double()
    start = part.start(remembered).repeat_interleave(2, dim=0)
    context, weights, _ = part(attention, query, remembered, start)
    for row in range(4):
        length = lengths[row // 2]
        keys = remembered.keys[row // 2, :length]
        scores: list[torch.Tensor] = []
        seen = torch.zeros(length, dtype=torch.double)
        for step in range(3):
            if history == "coverage":
                moved = keys + seen[:, None] * part.feature.weight[:, 0]
                energies = attention.scores(query[row, step].view(1, 1, -1), moved.unsqueeze(0))[0, 0].exp()
            else:
                scores.append(attention.scores(query[row, step].view(1, 1, -1), keys.unsqueeze(0))[0, 0].exp())
                energies = scores[-1] / sum(scores[:-1]) if step else scores[-1]
            expected = energies / energies.sum()
            seen = seen + expected
            torch.testing.assert_close(weights[row, step, :length], expected)
            torch.testing.assert_close(context[row, step], expected @ states[row // 2, :length])
        assert not weights[row, :, length:].any()


def test_coverage_with_additive_attention_is_the_equation_of_the_paper() -> None:
    """e_ti = v^T tanh(W_h h_i + W_s s_t + w_c c_ti + b)."""
    attention = ATTENTIONS["additive"](3, 2, 4).double()
    part = ATTENTION_HISTORIES["coverage"](attention.key_size).double()
    states, query, past = random(1, 5, 2), random(1, 1, 3), torch.rand(1, 5, dtype=torch.double)
    _, weights, after = part(attention, query, memory(attention, states, [5]), past)
    inner = [
        attention.project(states[0, i]) + attention.query.weight @ query[0, 0] + part.feature.weight[:, 0] * past[0, i]
        for i in range(5)
    ]
    expected = torch.stack(softmax([attention.energy.weight[0] @ x.tanh() for x in inner]))
    torch.testing.assert_close(weights[0, 0], expected)
    torch.testing.assert_close(after[0], past[0] + expected)


def test_intra_attention_by_hand() -> None:
    part = IntraAttention(3).double()
    states = random(2, 4, 3)
    context, earlier = part(states, part.start(states))
    assert not context[:, 0].any()
    torch.testing.assert_close(earlier[:, 1:], states)
    for row, step in product(range(2), range(1, 4)):
        weights = softmax([states[row, j] @ part.project.weight @ states[row, step] for j in range(step)])
        expected = sum(weight * states[row, j] for j, weight in enumerate(weights))
        torch.testing.assert_close(context[row, step], expected)


def test_coverage_loss_by_hand() -> None:
    attention = torch.tensor([[[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]])
    batch = make_batch([[4, 5]], [[4, 5]], [[]], VOCABULARY)  # two words and the end symbol: three steps
    forced = TeacherForced(batch, None, None, attention)  # type: ignore[arg-type]
    assert coverage(forced).item() == pytest.approx((0.25 + 0.5) + 0.75)
    batch.summary_mask[0, 2] = False
    assert coverage(forced).item() == pytest.approx(0.25 + 0.5)


def test_a_loss_term_counts_from_its_step() -> None:
    network = build_network(replace(SMALL, loss_terms={"coverage": 1.0}, loss_starts={"coverage": 3}), VOCABULARY)
    batch = make_batch([[4, 5, 6]], [[4, 5]], [[]], VOCABULARY)
    assert set(network.loss(batch, 2)[0]) == {"cross_entropy"}
    for step in (3, 4, None):
        terms, _ = network.loss(batch, step)
        assert terms["coverage"].item() > 0


def test_a_loss_term_starts_after_a_share_of_the_steps() -> None:
    network = build_network(replace(SMALL, loss_terms={"coverage": 1.0}, loss_starts={"coverage": 0.9}), VOCABULARY)
    with pytest.raises(UserError, match=r"network\.loss_starts: coverage: 0\.9 is a share .* set trainer\.max_steps"):
        network.resolve_loss_starts(float("inf"))
    network.resolve_loss_starts(804)
    assert network.loss_starts == {"coverage": 724}
    network.resolve_loss_starts(100)  # steps stay as they are
    assert network.loss_starts == {"coverage": 724}
    network.loss_starts = {"coverage": 0}  # the first step, and no share
    network.resolve_loss_starts(float("inf"))
    assert network.loss_starts == {"coverage": 0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss_starts": {"coverage": 5}}, r"network\.loss_starts: 'coverage' has no weight; add it to network\.loss"),
        ({"loss_terms": {"coverage": 1.0}, "loss_starts": {"coverage": -1}}, r"loss_starts: coverage: -1 is too small"),
        (
            {"loss_terms": {"coverage": 1.0}, "loss_starts": {"coverage": 2.5}},
            r"starts: coverage: 2\.5 is no step",
        ),
        ({"encoder": "recurent"}, r"network\.encoder: 'recurent' is none of .*recurrent"),
        ({"encoder_gate": "open"}, r"network\.encoder_gate: 'open' is none of none, selective, convolutional"),
        ({"readout": "relu"}, r"network\.readout: 'relu' is none of tanh, maxout"),
        ({"attention_history": "long"}, r"network\.attention_history: 'long' is none of none, temporal, coverage"),
        ({"attention_history": "temporal", "attention": "none", "pointer": False}, r"'temporal' needs attention"),
    ],
)
def test_impossible_parts(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **changes)  # type: ignore[arg-type]


LARGE = Vocabulary(size=5000, pad=0, bos=2, eos=3, unk=1)


def large_batch() -> Batch:
    return make_batch([[4, 900, 5000, 4321], [7, 5001]], [[5000, 4321], [2345, 6]], [["w"], ["v", "w"]], LARGE)


def test_words_of_a_batch() -> None:
    batch = large_batch()
    assert batch.words.tolist() == [0, 2, 3, 4, 6, 7, 900, 2345, 4321]
    assert batch.to("meta").words.device.type == "cpu"
    assert len(make_batch([[4, 5]], None, [[]], LARGE).words) == 0


@pytest.mark.parametrize(("frequent", "count"), [(6, 1024), (509, 1024), (510, 1536), (4400, 5000), (9999, 5000)])
def test_covered_words(frequent: int, count: int) -> None:
    """The batch's words and the frequent ones, and at least 512 others up to a multiple of 512, which stand for all."""
    ids, log_counts = covered_words(large_batch().words, frequent, LARGE.size)
    assert ids.tolist() == sorted(set(ids.tolist()))
    assert len(ids) == count
    certain = {0, 2, 3, 4, 6, 7, 900, 2345, 4321, *range(min(frequent, LARGE.size))}
    assert certain <= set(ids.tolist())
    assert all(log_counts[row] == 0 for row, word in enumerate(ids.tolist()) if word in certain)
    torch.testing.assert_close(log_counts.exp().sum(), torch.tensor(float(LARGE.size)))
    drawn = [float(log_counts[row]) for row, word in enumerate(ids.tolist()) if word not in certain]
    assert len(set(drawn)) <= 1


def test_covered_words_have_the_mass_of_all_words() -> None:
    """The sum of the softmax over many draws has the mean of the sum over the whole vocabulary."""
    torch.manual_seed(0)
    scores = torch.randn(LARGE.size).double()
    draws = [covered_words(large_batch().words, 100, LARGE.size) for _ in range(200)]
    sums = torch.stack([(scores[ids] + log_counts).exp().sum() for ids, log_counts in draws])
    error = sums.std() / len(sums) ** 0.5
    assert abs(sums.mean() - scores.exp().sum()) < 4 * error
    assert error < 0.01 * sums.mean()
    assert len({tuple(ids.tolist()) for ids, _ in draws}) == len(draws)


@pytest.mark.parametrize("changes", [{}, {"pointer": False, "tie_embeddings": False}, {"unknown_embeddings": 2}])
def test_training_over_some_words(changes: dict[str, object]) -> None:
    """The log-likelihoods are those of the covered words, some of which stand for several others; an evaluation covers
    the whole vocabulary."""
    torch.manual_seed(0)
    options = replace(SMALL, training_vocabulary=100, **changes)  # type: ignore[arg-type]
    network, batch = build_network(options, LARGE).double(), large_batch()
    network.output.bias.data.normal_()
    torch.manual_seed(1)
    terms, found = network.loss(batch)
    torch.testing.assert_close(terms["cross_entropy"], -found.sum())
    steps = network.target_steps(network.teacher_forced(batch))
    hidden = network.output.project(steps.features)
    logits = hidden @ network.output.weight[:5000].T + network.output.bias
    torch.manual_seed(1)
    covered, log_counts = covered_words(batch.words, 100, 5000)
    log_probs = (logits[:, covered] + log_counts).log_softmax(dim=1)
    for row, target in enumerate(steps.targets.tolist()):
        place = (covered == target).nonzero().flatten()
        probability = log_probs[row, place].exp().sum()
        if options.pointer:
            gate = network.output.gate(steps.features[row]).sigmoid().squeeze()
            copied = (steps.attention[row] * (steps.copy_ids[row] == target)).sum()
            probability = gate * probability + (1 - gate) * copied
        torch.testing.assert_close(found[row], probability.log())
    whole = replace(options, training_vocabulary=None)
    other = build_network(whole, LARGE).double()
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(network.log_likelihoods(batch), other.log_likelihoods(batch))
    torch.testing.assert_close(network.log_likelihoods(batch), found, rtol=0, atol=0.1)
    assert (network.log_likelihoods(batch) != found).any()
    network.eval()
    torch.testing.assert_close(network.loss(batch)[1], other.loss(batch)[1])


def test_a_training_vocabulary_needs_the_special_symbols() -> None:
    with pytest.raises(
        UserError, match=r"network\.training_vocabulary: 3 is too small; give at least 4, or null for all"
    ):
        build_network(replace(SMALL, training_vocabulary=3), LARGE)


def test_a_training_step_over_some_words_never_waits_for_a_device() -> None:
    """See the test of this name in test_search_step.py."""
    parts = {"encoder_gate": "convolutional", "attention_history": "temporal", "intra_attention": True}
    options = replace(SMALL, training_vocabulary=100, encoder="convolutional", **parts)
    with torch.device("meta"):
        network = build_network(options, LARGE).train()
    terms, _ = network.loss(large_batch().to("meta"))
    terms["cross_entropy"].backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


PARTS = [
    {"attention": "additive", "attention_history": "coverage"},
    {"attention_history": "temporal", "intra_attention": True},
    {"attention_history": "temporal", "intra_attention": True, "input_feeding": True, "cell": "lstm"},
    {"encoder_gate": "selective", "readout": "maxout", "pointer": False},
    {"encoder": "convolutional", "encoder_gate": "convolutional"},
]


def sharp_network(changes: dict[str, object]) -> Seq2Seq:
    torch.manual_seed(3)
    network = build_network(replace(SMALL, **changes), VOCABULARY).double().eval()  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
        network.output.bias[VOCABULARY.eos] = 1.0
    return network


@pytest.mark.parametrize("changes", PARTS, ids=lambda changes: "-".join(map(str, changes.values())))
def test_a_search_finds_the_best_of_all_headlines(changes: dict[str, object]) -> None:
    """Five documents of unequal lengths, decoded together by beams enough for every headline of up to three words, and
    each possible headline scored by teacher forcing. Documents leave the batch at different steps."""
    network = sharp_network(changes)
    documents = [[4, 5, 6, 8, 7, 8], [7, 4], [5], [6, 6, 4, 9], [7, 5, 4, 8]]
    oov = [["w"] * max([word - 7 for word in document if word > 7], default=0) for document in documents]
    options = SearchOptions(beam_size=150, n_best=3, max_length=3, length_penalty=0.7, allow_unk=True)
    found = generate(network, make_batch(documents, None, oov, VOCABULARY), options)
    ids = [word for word in range(10) if word not in (VOCABULARY.pad, VOCABULARY.bos, VOCABULARY.eos)]
    for row, (document, unknown) in enumerate(zip(documents, oov, strict=True)):
        words = ids[: 5 + (len(unknown) if changes.get("pointer", True) else 0)]
        every = [list(headline) for length in range(4) for headline in product(words, repeat=length)]
        batch = make_batch([document] * len(every), every, [unknown] * len(every), VOCABULARY)
        steps = network.log_likelihoods(batch).split([len(headline) + 1 for headline in every])
        counted = [values[:3] for values in steps]  # a headline of three words ends without an end symbol
        scores = [values.sum().item() / len(values) ** 0.7 for values in counted]
        best = sorted(range(len(every)), key=lambda i: -scores[i])[:3]
        assert found.scores[row].tolist() == pytest.approx([scores[i] for i in best])
        for rank, i in enumerate(best):
            assert found.tokens[row, rank, : found.lengths[row, rank]].tolist() == every[i]
