"""The search in numpy against the search in torch, over a table of random probabilities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from seq2seq.data.tokenizer import Facts
from seq2seq.decoding import SearchOptions, absent_ids, search
from seq2seq.errors import UserError
from seq2seq.export_onnx.search import SpecialIds
from seq2seq.export_onnx.search import absent_ids as numpy_absent_ids
from seq2seq.export_onnx.search import search as numpy_search

PAD, BOS, EOS, WORDS = 0, 1, 2, 9


class Rows(NamedTuple):
    """The state for torch: documents in the batch [b], and the token before the last one of each row [N]."""

    documents: torch.Tensor
    before: torch.Tensor

    def select(self, rows: torch.Tensor) -> Rows:
        return self._replace(before=self.before[rows])

    def keep(self, examples: torch.Tensor) -> Rows:
        return Rows(self.documents[examples], self.before.view(len(self.documents), -1)[examples].flatten())


class Table:
    """The next token depends on the document and on the last two tokens. The last but one is the state, so that a
    state of a wrong row gives other hypotheses."""

    def __init__(self, documents: int, seed: int) -> None:
        shape, generator = (documents, WORDS, WORDS, WORDS), torch.Generator().manual_seed(seed)
        self.table = (2 * torch.randn(shape, generator=generator)).log_softmax(dim=3)

    def torch_step(self, tokens: torch.Tensor, state: Rows) -> tuple[torch.Tensor, Rows]:
        documents = state.documents.repeat_interleave(len(tokens) // len(state.documents))
        return self.table[documents, state.before, tokens], state._replace(before=tokens)

    def numpy_step(self, tokens: Any, forbidden: Any, memory: Any, state: Any) -> Any:
        documents, before, last, banned = map(torch.tensor, (memory[0][:, None], state[0], tokens, forbidden))
        log_probs = self.table[documents, before, last].scatter(2, banned, -torch.inf)
        best, ids = torch.nn.functional.pad(log_probs, (0, WORDS), value=-torch.inf).topk(2 * tokens.shape[1])
        forced = (best[:, :, :1] == -torch.inf) & (torch.arange(best.shape[2]) == 0)
        ends = self.table[documents, before, last][:, :, EOS : EOS + 1]
        return best.where(~forced, ends).numpy(), ids.where(~forced, EOS).numpy(), (tokens,)


CASES: list[dict[str, Any]] = [
    {},
    {"min_length": 4, "no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 1},
    {"beam_size": 4, "n_best": 3},
    {"beam_size": 3, "n_best": 3, "length_penalty": 0.0, "min_length": 3},
    {"beam_size": 4, "n_best": 4, "length_penalty": 2.0, "no_repeat_ngram_size": 2},
]
"""Greedy search, then beam search."""


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_same_hypotheses_as_in_torch(case: dict[str, Any], absent: bool) -> None:
    """With and without two words that each document must not have, another two for each."""
    options = SearchOptions(max_length=6, **case)
    for seed in range(5):
        rows = 3 + np.random.default_rng(seed).integers(0, WORDS - 3, (7, 2)) if absent else None
        model, documents = Table(7, seed), torch.arange(7)
        state = Rows(documents, torch.full((7,), BOS))
        expected = search(model.torch_step, state, 7, options, bos_id=BOS, eos_id=EOS, pad_id=PAD, **_absent(rows))
        special = SpecialIds(BOS, EOS, [PAD, BOS], rows)
        found = numpy_search(model.numpy_step, (documents.numpy(),), _start(7), options, special)
        for document, hypotheses in enumerate(found):
            assert len(hypotheses) == options.n_best
            for place, one in enumerate(hypotheses):
                length = int(expected.lengths[document, place])
                assert one.ids == expected.tokens[document, place, :length].tolist()
                assert rows is None or not set(one.ids) & set(rows[document].tolist())
                assert one.score == pytest.approx(float(expected.scores[document, place]), abs=1e-5)
                assert one.log_prob == pytest.approx(float(expected.log_probs[document, place]), abs=1e-5)


def _absent(rows: np.ndarray | None) -> dict[str, Any]:
    return {} if rows is None else {"absent": torch.from_numpy(rows)}


def _start(documents: int) -> tuple[np.ndarray, ...]:
    return (np.full((documents, 1), BOS),)


@pytest.mark.parametrize("option", [{"shortlist": 100}, {"minimum_risk": True}])
def test_options_that_only_torch_has_are_refused(option: dict[str, Any]) -> None:
    options = SearchOptions(beam_size=2, **option)
    with pytest.raises(UserError, match=f"^search.{next(iter(option))}: only `seq2seq decode` has it"):
        numpy_search(Table(1, 0).numpy_step, (np.arange(1),), _start(1), options, SpecialIds(BOS, EOS, [PAD]))


def test_the_same_absent_words_as_in_torch() -> None:
    random, size = np.random.default_rng(1), 40
    facts = Facts(np.arange(20, 40), np.minimum(np.arange(size), random.integers(0, size, size)))
    document = random.integers(0, size + 5, (6, 9))
    ids, forms = map(torch.from_numpy, (facts.ids, facts.forms))
    expected = absent_ids(ids, forms, torch.from_numpy(document), PAD)
    assert numpy_absent_ids(facts, document, PAD).tolist() == expected.tolist()
    assert 0 < (expected == PAD).sum() < expected.numel()
