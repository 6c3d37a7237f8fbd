"""The extension of beams by one token, against enumeration."""

from __future__ import annotations

import math

import pytest
import torch
from toy_models import EOS, SPECIAL, A, B, seeded

from seq2seq.decoding import Hypotheses, SearchOptions
from seq2seq.decoding.hypotheses import FORCED_END_LOG_PROB, Beams, best_extensions, extend


@pytest.mark.parametrize("size", [3, 64, 127, 640, 1000, 1280, 1300])
@pytest.mark.parametrize(("beams", "width"), [(1, 1), (1, 4), (3, 6), (5, 10)])
def test_best_extensions_are_the_best(size: int, beams: int, width: int) -> None:
    """Sizes below, at and above whole blocks; beams with few allowed tokens, with none, and with probability 0."""
    examples = 4
    log_probs = torch.rand(examples * beams, size, generator=seeded(size), dtype=torch.float64).log()
    so_far = -2 * torch.rand(examples, beams, generator=seeded(beams), dtype=torch.float64)
    so_far[1, 0] = -math.inf
    log_probs[2 * beams, 2:] = -math.inf
    log_probs[3 * beams] = -math.inf  # only the end is left
    ends = torch.full((examples * beams,), -1.0, dtype=torch.float64)
    sums, parents, ids = best_extensions(log_probs, so_far, ends, EOS, width)
    assert sums.shape == parents.shape == ids.shape == (examples, width)
    for example in range(examples):
        every = {
            (beam, token): float(so_far[example, beam] + log_probs[example * beams + beam, token])
            for beam in range(beams)
            for token in range(size)
        }
        if example == 3:
            every[0, EOS] = float(so_far[3, 0]) - 1.0
        best = sorted(every.values(), reverse=True)[:width]
        assert sums[example, : len(best)].tolist() == best
        assert sums[example, len(best) :].tolist() == [-math.inf] * (width - len(best))
        places = list(zip(parents[example].tolist(), ids[example].tolist(), strict=True))
        possible = int((sums[example] > -math.inf).sum())
        assert [every[place] for place in places[:possible]] == best[:possible]
        assert len(set(places[:possible])) == possible
        assert all(0 <= beam < beams and 0 <= token < size for beam, token in places)


def test_missing_extensions_have_probability_zero() -> None:
    """One beam of log-probability -1 with two possible next tokens; eight extensions are asked for."""
    live = Beams(torch.tensor([[[A]]]), torch.tensor([[-1.0]]))
    log_probs = torch.full((1, 6), -math.inf)
    log_probs[0, B], log_probs[0, EOS] = -0.5, -2.0
    found, parents = extend(live, log_probs, 8, SearchOptions(), SPECIAL)
    assert found.log_probs.tolist() == [[-1.5, -3.0, *[-math.inf] * 6]]
    assert found.tokens[0, :2].tolist() == [[A, B], [A, EOS]]
    assert parents.tolist() == [[0] * 8]


def test_extend_in_pieces() -> None:
    """Pieces of whole examples, with a constant for each row, have the same extensions as one tensor."""
    examples, beams, size = 5, 3, 700
    log_probs = torch.rand(examples * beams, size, generator=seeded(0), dtype=torch.float64).log()
    live = Beams(
        torch.randint(size, (examples, beams, 4), generator=seeded(1)),
        -torch.rand(examples, beams, generator=seeded(2), dtype=torch.float64),
    )
    options = SearchOptions(no_repeat_ngram_size=1)
    whole = extend(live, log_probs.clone(), 6, options, SPECIAL)
    constants = torch.randint(-3, 4, (examples * beams,), generator=seeded(3)).double()
    pieces = (
        (log_probs[rows] - constants[rows, None], constants[rows]) for rows in (slice(6), slice(6, 9), slice(9, None))
    )
    parts = extend(live, pieces, 6, options, SPECIAL)
    for one, other in zip((*whole[0], whole[1]), (*parts[0], parts[1]), strict=True):
        torch.testing.assert_close(one, other)


def test_a_forced_end_in_pieces() -> None:
    """Where nothing is allowed, the end has the same log-probability with every constant."""
    live = Beams(torch.tensor([[[A]], [[A]]]), torch.tensor([[-1.0], [-2.0]]))
    pieces = [(torch.full((1, 6), -math.inf), torch.tensor([constant])) for constant in (-300.0, 500.0)]
    found, _ = extend(live, pieces, 1, SearchOptions(), SPECIAL)
    assert found.tokens[:, 0].tolist() == [[A, EOS]] * 2
    assert found.log_probs.flatten().tolist() == [FORCED_END_LOG_PROB - 1, FORCED_END_LOG_PROB - 2]


def test_joined_batches_are_padded() -> None:
    """Batches with one token and with three; padding has the id 7."""

    def hypotheses(width: int) -> Hypotheses:
        lengths = torch.full((2, 1), width)
        return Hypotheses(torch.full((2, 1, width), width), lengths, -lengths.float(), -2 * lengths.float())

    joined = Hypotheses.join([hypotheses(1), hypotheses(3)], pad_id=7)
    assert joined.tokens.squeeze(1).tolist() == [[1, 7, 7]] * 2 + [[3, 3, 3]] * 2
    assert joined.lengths.flatten().tolist() == [1, 1, 3, 3]
    assert joined.scores.flatten().tolist() == [-1, -1, -3, -3]
    assert joined.log_probs.flatten().tolist() == [-2, -2, -6, -6]
