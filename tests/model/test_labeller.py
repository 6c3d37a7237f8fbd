"""The labelling network and its aggregations."""

from __future__ import annotations

import math

import pytest
import torch

from seq2seq import ops
from seq2seq.batch import CONTINUATION, LabelledBatch, Vocabulary, make_labelled_batch
from seq2seq.errors import UserError
from seq2seq.model.aggregation import AGGREGATIONS, AttentiveState
from seq2seq.model.labeller import AnnotatorOptions, ClassifierOptions, Labeller, build_labeller

VOCABULARY = Vocabulary(20, 0, 1, 2, 3)
DOCUMENTS = [[5, 6, 7, 8], [9, 25], [10, 11, 12]]  # 25 is an unknown word
SIZES = {"embedding_size": 6, "encoder_size": 5, "hidden_size": 4, "dropout": 0.0}
KINDS = [*AGGREGATIONS, "none"]


def network(aggregation: str, **options: object) -> Labeller:
    torch.manual_seed(1)
    chosen = {**SIZES, **options}
    kind = AnnotatorOptions(**chosen) if aggregation == "none" else ClassifierOptions(**chosen, aggregation=aggregation)
    return build_labeller(kind, VOCABULARY, 3)


def batch(aggregation: str, chosen: list[int], filler: int = 0) -> LabelledBatch:
    """`filler`: columns of padding beside those that are needed."""
    documents = [DOCUMENTS[i] for i in chosen]
    labels = [[i % 3] if aggregation != "none" else [k % 3 for k in range(len(DOCUMENTS[i]))] for i in chosen]
    made = make_labelled_batch(documents, labels, VOCABULARY)
    if not filler:
        return made
    wide = torch.nn.functional.pad(made.document, (0, filler), value=VOCABULARY.pad)
    mask = torch.nn.functional.pad(made.mask, (0, filler), value=False)
    width = (0, filler) if aggregation == "none" else (0, 0)
    padded = torch.nn.functional.pad(made.labels, width, value=CONTINUATION)
    ids = [row[: row.index(CONTINUATION)] if CONTINUATION in row else row for row in padded.tolist()]
    again = make_labelled_batch(documents, ids, VOCABULARY)
    places = (padded.flatten() != CONTINUATION).nonzero().flatten()
    return LabelledBatch(
        document=wide,
        lengths=made.lengths,
        mask=mask,
        labels=padded,
        places=places,
        target_positions=places,
        rows=again.rows,
    )


@pytest.mark.parametrize("aggregation", KINDS)
@pytest.mark.parametrize("encoder", ["recurrent", "convolutional"])
def test_a_batch_gives_what_single_documents_give(aggregation: str, encoder: str) -> None:
    net = network(aggregation, encoder=encoder).eval()
    together = net.log_probabilities(batch(aggregation, [0, 1, 2]))
    alone = torch.cat([net.log_probabilities(batch(aggregation, [i])) for i in range(3)])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(net.log_probabilities(batch(aggregation, [0, 1, 2], filler=3)), together)
    torch.testing.assert_close(together.exp().sum(dim=1), torch.ones(len(together)))


@pytest.mark.parametrize("aggregation", KINDS)
@pytest.mark.parametrize("cell", ["gru", "lstm", "elman"])
def test_every_parameter_gets_a_gradient_and_loss_is_that_of_torch(aggregation: str, cell: str) -> None:
    net, given = network(aggregation, cell=cell), batch(aggregation, [0, 1, 2])
    terms, log_likelihoods = net.loss(given)
    terms["cross_entropy"].backward()
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in net.parameters())
    targets = given.labels.flatten()[given.target_positions]
    expected = torch.nn.functional.nll_loss(net.log_probabilities(given), targets, reduction="none")
    torch.testing.assert_close(-log_likelihoods, expected)
    torch.testing.assert_close(terms["cross_entropy"], expected.sum())


def test_the_fast_operations_give_what_the_plain_ones_give() -> None:
    net, given = network("attention", encoder_size=16, embedding_size=16).eval(), batch("attention", [0, 1, 2])
    with torch.inference_mode():
        fast = net.log_probabilities(given)
        with ops.reference_only():
            torch.testing.assert_close(net.log_probabilities(given), fast)


def test_aggregations_by_hand() -> None:
    states = torch.tensor([[[1.0, 2.0], [3.0, -4.0], [100.0, 100.0]]])
    mask, final = torch.tensor([[True, True, False]]), torch.tensor([[7.0, 8.0]])
    expected = {"last": [[7.0, 8.0]], "mean": [[2.0, -1.0]], "max": [[3.0, 2.0]]}
    for name, value in expected.items():
        assert AGGREGATIONS[name](2)(states, final, mask).tolist() == value
    attention = AttentiveState(2)
    with torch.no_grad():  # scores tanh(1) * log(3) / tanh(1) = log 3 for the first word, and 0 for the second
        attention.project.weight.copy_(torch.tensor([[0.0, 0.5], [0.0, 0.0]]))
        attention.energy.weight.copy_(torch.tensor([[math.log(3) / math.tanh(1), 0.0]]))
        states[0, 1, 1] = 0.0
        assert attention.weights(states, mask)[0].tolist() == pytest.approx([0.75, 0.25, 0.0])
        assert attention(states, final, mask)[0].tolist() == pytest.approx([0.75 * 1 + 0.25 * 3, 0.75 * 2])


def test_wrong_options() -> None:
    with pytest.raises(UserError, match=r"network\.aggregation: 'maxx' is none of .*; did you mean 'max'\?"):
        ClassifierOptions(aggregation="maxx")
    with pytest.raises(UserError, match=r"network\.cell: 'grue' is none of"):
        AnnotatorOptions(cell="grue")
