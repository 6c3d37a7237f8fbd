"""The network against hand computations, torch's packed layers, and itself taken apart in other ways."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seq2seq import ops
from seq2seq.batch import Batch, Vocabulary, make_batch, true_positions
from seq2seq.errors import UserError
from seq2seq.model.attention import ATTENTIONS, Attention
from seq2seq.model.cells import CELLS
from seq2seq.model.dropout import Dropout
from seq2seq.model.encoder import RecurrentEncoder
from seq2seq.model.losses import LOSS_TERMS, TeacherForced
from seq2seq.model.memory import Memory
from seq2seq.model.network import Seq2Seq, build_network
from seq2seq.model.options import NetworkOptions
from seq2seq.model.output import PointerOutput, TargetSteps

VOCABULARY = Vocabulary(size=11, pad=0, bos=2, eos=3, unk=1)
SMALL = NetworkOptions(
    embedding_size=5, encoder_size=4, decoder_size=6, attention_size=3, dropout=0.0, unknown_embeddings=1
)
VARIANTS = [
    SMALL,
    replace(SMALL, cell="lstm", encoder_layers=2, decoder_layers=3),
    replace(SMALL, cell="elman", decoder_layers=1, attention="additive"),
    replace(SMALL, attention="none", pointer=False),
    replace(SMALL, tie_embeddings=False, pointer=False, attention="additive"),
    replace(SMALL, input_feeding=True, cell="lstm"),
    replace(SMALL, encoder_gate="selective", readout="maxout"),
    replace(SMALL, attention="additive", attention_history="coverage"),
    replace(SMALL, attention_history="coverage", input_feeding=True),
    replace(SMALL, attention_history="temporal", intra_attention=True),
    replace(SMALL, attention="additive", attention_history="temporal", intra_attention=True, input_feeding=True),
    replace(SMALL, encoder_gate="convolutional"),
    replace(SMALL, encoder="convolutional", encoder_layers=2, cell="elman", decoder_layers=1),
    replace(SMALL, cell="elman_relu", encoder_layers=2),
    replace(SMALL, cell="jordan", encoder_layers=2),
    replace(SMALL, cell="jordan", input_feeding=True),
    replace(SMALL, cell="mingru", encoder_layers=2, attention="additive"),
    replace(SMALL, cell="ssru", decoder_layers=3),
]
IDS = [
    *("gru", "lstm-deep", "elman-additive", "no-attention", "untied", "input-feeding"),
    *("selective-maxout", "coverage", "coverage-feeding", "temporal-intra", "temporal-feeding"),
    *("convolutional-gate", "convolutional-encoder"),
    *("elman-relu", "jordan", "jordan-feeding", "mingru", "ssru"),
]


def network(options: NetworkOptions, seed: int = 0) -> Seq2Seq:
    torch.manual_seed(seed)
    return build_network(options, VOCABULARY).double().eval()


def batch(documents: list[list[int]] | None = None, summaries: list[list[int]] | None = None) -> Batch:
    """Three examples of unequal lengths; ids from 11 on are a document's own unknown words."""
    documents = documents or [[4, 5, 11, 6, 12, 11], [7, 8], [9, 11, 4, 10]]
    summaries = summaries or [[11, 4, 12], [7, 1, 8, 5], [11]]
    oov = [["w"] * max([i - 10 for i in d if i > 10], default=0) for d in documents]
    return make_batch(documents, summaries, oov, VOCABULARY)


def cross_entropy(net: Seq2Seq, b: Batch) -> torch.Tensor:
    return net.loss(b)[0]["cross_entropy"]


def log_probs(net: Seq2Seq, b: Batch) -> list[torch.Tensor]:
    """Teacher-forced log-probabilities of each example's target words."""
    return list(net.log_likelihoods(b).split(b.summary_mask.sum(1).tolist()))


@pytest.mark.parametrize("cell", ["gru", "lstm", "elman", "elman_relu"])
@pytest.mark.parametrize("layers", [1, 2])
def test_encoder_equals_a_packed_bidirectional_layer(cell: str, layers: int) -> None:
    torch.manual_seed(0)
    encoder = RecurrentEncoder(CELLS[cell], input_size=3, hidden_size=4, layers=layers, dropout=0.0).double()
    reference = {"gru": nn.GRU, "lstm": nn.LSTM, "elman": nn.RNN, "elman_relu": partial(nn.RNN, nonlinearity="relu")}[
        cell
    ](3, 4, layers, bidirectional=True, batch_first=True).double()
    for depth in range(layers):
        for suffix, ours in (("", encoder.forwards[depth]), ("_reverse", encoder.backwards[depth])):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(reference, f"{name}_l{depth}{suffix}").data.copy_(getattr(ours.layer, f"{name}_l0"))
    lengths = torch.tensor([5, 2, 7, 1])
    embedded = torch.randn(4, 7, 3, dtype=torch.double)
    states, whole = encoder(embedded, lengths)
    packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(reference(packed)[0], batch_first=True)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(states[row, :length], expected[row, :length])
        # The final state holds each direction's last output: forwards at the end, backwards at the start.
        torch.testing.assert_close(whole[row], torch.cat([expected[row, length - 1, :4], expected[row, 0, 4:]]))


def test_the_forget_gate_of_an_lstm_starts_open() -> None:
    """Its bias is 1 and all others are 0: zero input and zero h leave sigmoid(1) c, of which h is tanh / 2."""
    torch.manual_seed(0)
    c = torch.randn(2, 4)
    output, state = CELLS["lstm"](3, 4)(torch.zeros(2, 1, 3), torch.cat([torch.zeros(2, 4), c], dim=1))
    kept = c / (1 + math.exp(-1))
    torch.testing.assert_close(output.squeeze(1), kept.tanh() / 2)
    torch.testing.assert_close(state, torch.cat([kept.tanh() / 2, kept], dim=1))


def _memory(attention: Attention, states: torch.Tensor, lengths: list[int]) -> Memory:
    mask = torch.arange(states.shape[1]) < torch.tensor(lengths)[:, None]
    whole = states[:, 0]
    return Memory(states, attention.precompute(states), mask, whole, torch.zeros_like(mask, dtype=torch.long))


@pytest.mark.parametrize("kind", ["multiplicative", "additive"])
def test_attention_by_hand(kind: str) -> None:
    torch.manual_seed(1)
    attention = ATTENTIONS[kind](3, 2, 4).double()
    states, queries = torch.randn(2, 5, 2, dtype=torch.double), torch.randn(2, 4, 3, dtype=torch.double)
    lengths = [5, 2]
    context, weights = attention(queries, _memory(attention, states, lengths))
    for row in range(2):
        for step in range(4):
            q = queries[row, step]
            energies = []
            for s in states[row, : lengths[row]]:
                if kind == "multiplicative":
                    energies.append((q @ (attention.project.weight @ s)).item())
                else:
                    hidden = torch.tanh(attention.query.weight @ q + attention.project(s))
                    energies.append((attention.energy.weight[0] @ hidden).item())
            total = sum(math.exp(e) for e in energies)
            expected = [math.exp(e) / total for e in energies] + [0.0] * (5 - lengths[row])
            torch.testing.assert_close(weights[row, step], torch.tensor(expected, dtype=torch.double))
            mixed = sum((w * s for w, s in zip(expected, states[row], strict=True)), torch.zeros(2, dtype=torch.double))
            torch.testing.assert_close(context[row, step], mixed)


def test_pointer_mixture_by_hand() -> None:
    """Three cases: a word only generated, a word generated and copied (twice in the document), a word only copied."""
    output = PointerOutput(2, nn.Parameter(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])), 3).double()
    output.gate.weight.data = torch.tensor([[0.5, -0.5]], dtype=torch.double)
    features = torch.tensor([[0.2, 0.4]], dtype=torch.double)
    attention = torch.tensor([[0.1, 0.2, 0.3, 0.4]], dtype=torch.double)
    document = torch.tensor([[1, 3, 1, 4]])  # word 1 twice; 3 and 4 are unknown words of a vocabulary of three
    mask = torch.ones(1, 4, dtype=torch.bool)
    empty = torch.zeros(1, 4, 0, dtype=torch.double)
    memory = Memory(empty, empty, mask, empty[:, 0], document, extension=2)
    gate = 1 / (1 + math.exp(-(0.5 * 0.2 - 0.5 * 0.4)))
    exps = [math.exp(0.2), math.exp(0.4), math.exp(0.6)]
    expected = [
        gate * exps[0] / sum(exps),
        gate * exps[1] / sum(exps) + (1 - gate) * (0.1 + 0.3),
        gate * exps[2] / sum(exps),
        (1 - gate) * 0.2,
        (1 - gate) * 0.4,
    ]
    vocabulary = output.vocabulary(memory)
    numbers, constants = output.log_probs(output.inputs(features, attention, vocabulary), vocabulary)
    probs = (numbers + constants.unsqueeze(1)).exp()
    torch.testing.assert_close(probs[:, :5], torch.tensor([expected], dtype=torch.double))
    assert probs.shape == (1, 64)
    assert not probs[:, 5:].any()
    assert probs.sum().item() == pytest.approx(1.0)
    for word, probability in enumerate(expected):
        _, chosen = output.loss(TargetSteps(features, attention, document, torch.tensor([word])), 0.0)
        assert chosen.item() == pytest.approx(math.log(probability))


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_gradcheck(options: NetworkOptions) -> None:
    net = network(options)
    for parameter in net.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, std=0.1)  # with biases of 0 a ReLU can stand at its kink
    net.label_smoothing = 0.1
    net.train()  # dropout is 0; label smoothing counts in training only
    b = batch()
    names, values = zip(*((n, p.detach().requires_grad_()) for n, p in net.named_parameters()), strict=True)

    def loss(*parameters: torch.Tensor) -> torch.Tensor:
        class Wrapper(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.net = net

            def forward(self) -> torch.Tensor:
                return self.net.loss(b)[0]["cross_entropy"]

        named = {f"net.{n}": p for n, p in zip(names, parameters, strict=True)}
        if net.output.weight is net.embedding.weight:
            named["net.output.weight"] = named["net.embedding.weight"]
        return torch.func.functional_call(Wrapper(), named)

    padding = net.embedding.weight[:1].detach().clone()

    # As an input the padding row gets no gradient by design (padding_idx), so it is held fixed in the comparison.
    def without_padding(*parameters: torch.Tensor) -> torch.Tensor:
        fixed = [
            torch.cat([padding, p[1:]]) if n == "embedding.weight" else p
            for n, p in zip(names, parameters, strict=True)
        ]
        return loss(*fixed)

    assert torch.autograd.gradcheck(without_padding, values, fast_mode=True)


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_padding_and_company_change_nothing(options: NetworkOptions) -> None:
    net = network(options)
    together = log_probs(net, batch())
    documents = [[4, 5, 11, 6, 12, 11], [7, 8], [9, 11, 4, 10]]
    summaries = [[11, 4, 12], [7, 1, 8, 5], [11]]
    for i in range(3):
        alone = log_probs(net, batch([documents[i]], [summaries[i]]))[0]
        torch.testing.assert_close(together[i], alone)
    b = batch()
    summary_mask = torch.cat([b.summary_mask, torch.zeros(3, 2, dtype=torch.bool)], 1)
    wide = replace(
        b,
        document=torch.cat([b.document, torch.zeros(3, 4, dtype=torch.long)], 1),
        mask=torch.cat([b.mask, torch.zeros(3, 4, dtype=torch.bool)], 1),
        summary=torch.cat([b.summary, torch.zeros(3, 2, dtype=torch.long)], 1),
        summary_mask=summary_mask,
        target_positions=true_positions(summary_mask),
    )
    for one, other in zip(together, log_probs(net, wide), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_stepping_gives_the_teacher_forced_log_probs(options: NetworkOptions) -> None:
    net = network(options)
    b = batch()
    forced = log_probs(net, b)
    state = net.start(net.encode(b.document, b.mask, b.extension))
    for step in range(b.targets.shape[1]):
        probs, state = net.step(b.previous[:, step], state)
        torch.testing.assert_close(probs.exp().sum(-1), torch.ones(3, dtype=torch.double))
        for row in range(3):
            if b.summary_mask[row, step]:
                target = net.reachable(b.targets[row, step])
                torch.testing.assert_close(probs[row, target], forced[row][step])


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_splitting_time_anywhere_changes_nothing(options: NetworkOptions) -> None:
    net = network(options)
    b = batch()
    memory = net.encode(b.document, b.mask, b.extension)
    whole, weights, last = net.decode(b.previous, memory, net.decoder.initial_state(memory))
    for cut in range(1, b.previous.shape[1]):
        first, first_weights, state = net.decode(b.previous[:, :cut], memory, net.decoder.initial_state(memory))
        second, second_weights, state = net.decode(b.previous[:, cut:], memory, state)
        torch.testing.assert_close(torch.cat([first, second], 1), whole)
        torch.testing.assert_close(torch.cat([first_weights, second_weights], 1), weights)
        for one, other in zip(state.hidden, last.hidden, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_beams_share_a_memory(options: NetworkOptions) -> None:
    """Several rows an example give what each of them gives alone, through widening, reordering and dropping."""
    net = network(options)
    b = batch()
    state = net.start(net.encode(b.document, b.mask, b.extension))
    _, state = net.step(torch.tensor([2, 2, 2]), state)
    state = state.select(torch.tensor([0, 0, 1, 1, 2, 2]))
    tokens = torch.tensor([4, 11, 5, 6, 11, 9])
    probs, after = net.step(tokens, state)
    swapped, _ = net.step(torch.tensor([7] * 6), after.select(torch.tensor([1, 0, 3, 2, 4, 4])))
    kept, _ = net.step(torch.tensor([7] * 4), after.keep(torch.tensor([0, 2])))
    for row in range(6):
        example = row // 2
        single = net.start(net.encode(b.document, b.mask, b.extension).keep(torch.tensor([example])))
        _, single = net.step(torch.tensor([2]), single)
        alone, single = net.step(tokens[row : row + 1], single)
        torch.testing.assert_close(probs[row], alone[0])
        following, _ = net.step(torch.tensor([7]), single)
        if row < 4:
            torch.testing.assert_close(swapped[row ^ 1], following[0])
        if example != 1:
            torch.testing.assert_close(kept[row if example == 0 else row - 2], following[0])


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_every_parameter_gets_a_gradient(options: NetworkOptions) -> None:
    net = network(options)
    net.loss(batch())[0]["cross_entropy"].backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        # Multiplicative attention to the very words of a batch always moves something; so does every other matrix.
        assert parameter.grad.abs().sum() > 0, name
    assert net.embedding.weight.grad is not None
    if not options.tie_embeddings:
        assert net.embedding.weight.grad[VOCABULARY.pad].abs().sum() == 0


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_and_its_gradients_equal_the_plain_operations(pointer: bool, smoothing: float) -> None:
    net = network(replace(SMALL, pointer=pointer, label_smoothing=smoothing)).train()
    results = []
    for context in (nullcontext(), ops.reference_only()):
        net.zero_grad()
        with context:
            terms, likelihoods = net.loss(batch())
            (3 * terms["cross_entropy"]).backward()
        gradients = [p.grad.clone() for p in net.parameters() if p.grad is not None]
        results.append([terms["cross_entropy"].detach(), likelihoods, *gradients])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_label_smoothing_equals_torch() -> None:
    net = network(replace(SMALL, pointer=False, label_smoothing=0.3))
    b = batch()
    net.train()
    features = net.teacher_forced(b).features
    targets = net.reachable(b.targets).masked_fill(~b.summary_mask, -100)
    logits = nn.functional.linear(net.output.project(features), net.embedding.weight[:11], net.output.bias)
    expected = nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), label_smoothing=0.3, reduction="sum"
    )
    torch.testing.assert_close(net.loss(b)[0]["cross_entropy"], expected)


def test_label_smoothing_only_in_training() -> None:
    net = network(replace(SMALL, label_smoothing=0.3))
    terms, log_likelihoods = net.loss(batch())
    torch.testing.assert_close(terms["cross_entropy"], -log_likelihoods.sum())


def test_a_registered_loss_term_has_its_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A term of 1 per target word, of which the batch has 4 + 5 + 2."""

    def words(forced: TeacherForced) -> torch.Tensor:
        return forced.batch.summary_mask.sum()

    monkeypatch.setitem(LOSS_TERMS, "words", words)
    terms, _ = network(replace(SMALL, loss_terms={"words": 2.5})).loss(batch())
    assert terms["words"].item() == 2.5 * 11


def test_without_a_pointer_unknown_targets_are_unk() -> None:
    net = network(replace(SMALL, pointer=False, unknown_embeddings=0))
    b = batch()
    changed = replace(b, summary=b.summary.where(b.summary < VOCABULARY.size, VOCABULARY.unk))
    torch.testing.assert_close(cross_entropy(net, b), cross_entropy(net, changed))


def test_own_embeddings_of_unknown_words() -> None:
    """The first `unknown_embeddings` unknown words have their own row, the others share that of `<unk>`."""
    net = network(SMALL)
    rows = net.embedding(torch.tensor([1, 11, 12, 13]))
    assert not torch.equal(rows[0], rows[1])
    assert torch.equal(rows[0], rows[2])
    assert torch.equal(rows[0], rows[3])


def test_an_empty_document_is_the_end_symbol() -> None:
    b = batch([[], [4]], [[5], [5]])
    assert b.document.tolist() == [[VOCABULARY.eos], [4]]
    assert torch.isfinite(cross_entropy(network(SMALL), b))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"cell": "transformer"}, "network.cell"),
        ({"dropout": 1.0}, "network.dropout"),
        ({"encoder_layers": 0}, "network.encoder_layers"),
        ({"attention": "none"}, "network.pointer"),
    ],
)
def test_impossible_networks(change: dict[str, object], key: str) -> None:
    with pytest.raises(UserError, match=key):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_dropout_only_in_training() -> None:
    net = network(replace(SMALL, dropout=0.5))
    assert torch.equal(cross_entropy(net, batch()), cross_entropy(net, batch()))
    net.train()
    assert not torch.equal(cross_entropy(net, batch()), cross_entropy(net, batch()))


def test_dropped_tensors_by_hand() -> None:
    """Dropout of embeddings, inputs of upper layers, encoder states, final states and features; all of them are read.

    B = 3, S = 6, T = 5, E = 5, C = 8, H = F = 6; two layers of the encoder, three of the decoder.
    """
    net = network(replace(SMALL, encoder_layers=2, decoder_layers=3))
    shapes: list[tuple[int, ...]] = []
    zeroed = -1

    def zero(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        shapes.append(tuple(output.shape))
        return output * (len(shapes) - 1 != zeroed)

    for module in net.modules():
        if isinstance(module, Dropout):
            module.register_forward_hook(zero)
    expected = cross_entropy(net, batch())
    encoder = [(3, 6, 5), (3, 6, 8), (3, 6, 8), (3, 8)]
    decoder = [(3, 5, 5), (3, 5, 6 + 8), (3, 5, 6), (3, 5, 6)]
    assert shapes == encoder + decoder
    for zeroed in range(8):
        shapes.clear()
        assert not torch.isclose(cross_entropy(net, batch()), expected), (encoder + decoder)[zeroed]
