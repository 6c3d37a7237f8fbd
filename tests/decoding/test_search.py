"""Search against tables that can be checked by hand, brute force, and log-probabilities computed without a search."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor
from toy_models import (
    BOS,
    EOS,
    IDS,
    PAD,
    SPECIAL,
    UNK,
    A,
    B,
    GRUState,
    NoState,
    TinyGRU,
    random_trigrams,
    table_step,
    trigram_step,
    words,
)

from seq2seq.decoding import Hypotheses, SearchOptions, beam_search, greedy_search, search
from seq2seq.decoding.hypotheses import FORCED_END_LOG_PROB


def search_table(options: SearchOptions, batch_size: int = 1) -> tuple[Hypotheses, list[int]]:
    state = NoState([])
    return search(table_step, state, batch_size, options, **IDS), state.steps


def test_greedy_takes_the_likeliest_word() -> None:
    """a (.6), a (.4), a (.4), cut: .096, although "b" and the end have .4 * .9 = .36."""
    found, steps = search_table(SearchOptions(max_length=3))
    assert words(found) == [[A, A, A]]
    torch.testing.assert_close(found.log_probs, torch.tensor([[math.log(0.096)]]))
    torch.testing.assert_close(found.scores, torch.tensor([[math.log(0.096) / 3]]))
    assert steps == [1, 1, 1]


@pytest.mark.parametrize("max_length", [3, 9])
def test_beams_of_the_table(max_length: int) -> None:
    """Beam 2; "." is the end symbol.

    step 1  a .6, b .4                                              live: a, b
    step 2  b. .36, aa .24, ab .21, a. .15                          live: aa, ab      finished: b.
            (a. is not among the first two, so it is lost)
    step 3  ab. .36 * .35 / .6 = .189, aaa .096, aab .084, aa. .06  finished: b., ab.
            With max_length 3, aaa is cut and finished, too, but both others are better: log(.36) / 2 = -.51 and
            log(.189) / 3 = -.56 against log(.096) / 3 = -.78. With more, aaa is the best live beam and its present
            score of -.78 is below both: the search is over after three steps.
    """
    found, steps = search_table(SearchOptions(beam_size=2, n_best=2, max_length=max_length), batch_size=3)
    for example in range(3):
        assert words(found, example) == [[B], [A, B]]
    torch.testing.assert_close(found.log_probs, torch.tensor([[0.36, 0.189]]).log().expand(3, 2))
    torch.testing.assert_close(found.scores, torch.tensor([[math.log(0.36) / 2, math.log(0.189) / 3]]).expand(3, 2))
    assert steps == [3, 6, 6]


def test_length_penalty_turns_the_order() -> None:
    """Penalty 2: log(.36) / 4 = -.26 is worse than log(.189) / 9 = -.19, and log(.096) / 9 = -.26 (-.2604) than both
    (-.2554)."""
    found, _ = search_table(SearchOptions(beam_size=2, n_best=2, max_length=3, length_penalty=2.0))
    assert words(found) == [[A, B], [B]]
    torch.testing.assert_close(found.scores, torch.tensor([[math.log(0.189) / 9, math.log(0.36) / 4]]))


def test_min_length_of_the_table() -> None:
    """No end before two words: after a, b (.6, .4) come aa .24, ab .21, ba .024, bb .016; then ab. .189, aaa .096."""
    found, _ = search_table(SearchOptions(beam_size=2, n_best=2, max_length=3, min_length=2))
    assert words(found) == [[A, B], [A, A, A]]


def test_bigrams_of_the_table() -> None:
    """No bigram twice: "aaa" would repeat "aa", so greedy goes a, a, b (.35 beats .25), and the end (.9)."""
    found, _ = search_table(SearchOptions(max_length=9, no_repeat_ngram_size=2))
    assert words(found) == [[A, A, B]]
    torch.testing.assert_close(found.log_probs, torch.tensor([[0.6 * 0.4 * 0.35 * 0.9]]).log())


def every_hypothesis(table: Tensor, options: SearchOptions) -> list[tuple[float, float, list[int]]]:
    """All (score, log-probability, tokens), best first, with and without an end (cut at max_length)."""
    size = len(table)
    found = []
    for length in range(options.max_length + 1):
        for sequence in itertools.product([i for i in range(size) if i not in (PAD, BOS, EOS)], repeat=length):
            cut = length == options.max_length
            if not cut and length < options.min_length:
                continue
            context, total = [BOS, BOS], 0.0
            for token in [*sequence] if cut else [*sequence, EOS]:
                total += float(table[context[-2], context[-1], token])
                context.append(token)
            found.append((total / (length + (not cut)) ** options.length_penalty, total, list(sequence)))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("length_penalty", [-0.5, 0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("min_length", [0, 2])
def test_wide_beam_equals_brute_force(length_penalty: float, min_length: int) -> None:
    """Vocabularies and lengths with fewer hypotheses than beams, so that no hypothesis is lost."""
    for seed, (size, max_length) in enumerate([(5, 4), (6, 3)] * 3):
        options = SearchOptions(64, 64, length_penalty, min_length, max_length)
        state = random_trigrams(seed, 2, size)
        found = search(trigram_step, state, 2, options, **IDS)
        for example in range(2):
            expected = every_hypothesis(state.tables[example], options)
            count = len(expected)
            assert 0 < count < 64
            assert words(found, example) == [sequence for _, _, sequence in expected] + [[]] * (64 - count)
            scores = torch.tensor([score for score, _, _ in expected], dtype=torch.float64)
            log_probs = torch.tensor([log_prob for _, log_prob, _ in expected], dtype=torch.float64)
            torch.testing.assert_close(found.scores[example, :count], scores)
            torch.testing.assert_close(found.log_probs[example, :count], log_probs)
            assert (found.scores[example, count:] == -math.inf).all()
            assert (found.log_probs[example, count:] == -math.inf).all()


def test_n_best_is_the_head_of_a_longer_list() -> None:
    state = random_trigrams(0, 3, 8)
    whole = search(trigram_step, state, 3, SearchOptions(beam_size=6, n_best=6, max_length=6), **IDS)
    head = search(trigram_step, state, 3, SearchOptions(beam_size=6, n_best=2, max_length=6), **IDS)
    for example in range(3):
        assert words(head, example) == words(whole, example)[:2]
    assert torch.equal(head.scores, whole.scores[:, :2])
    assert (whole.scores.diff(dim=1) <= 0).all()


SETTINGS = [
    SearchOptions(max_length=12),
    SearchOptions(max_length=12, min_length=3, no_repeat_ngram_size=2),
    SearchOptions(beam_size=3, n_best=3, max_length=12),
    SearchOptions(beam_size=4, n_best=2, max_length=12, length_penalty=0.0, min_length=2),
    SearchOptions(beam_size=5, n_best=5, max_length=12, length_penalty=1.5, no_repeat_ngram_size=1),
]


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_log_probs_are_those_of_the_sequences(options: SearchOptions) -> None:
    network = TinyGRU(2)
    state = network.start(16)
    found = search(network.step, state, 16, options, **IDS)
    lengths = set()
    for example in range(16):
        for sequence, score, log_prob in zip(
            words(found, example), found.scores[example], found.log_probs[example], strict=True
        ):
            cut = len(sequence) == options.max_length
            whole = sequence if cut else [*sequence, EOS]
            assert not {PAD, BOS, EOS} & set(sequence)
            assert len(sequence) >= options.min_length
            assert float(log_prob) == pytest.approx(network.log_prob(whole, state.memory[example]))
            assert float(score) == pytest.approx(float(log_prob) / len(whole) ** options.length_penalty)
            lengths.add(len(sequence))
    assert len(lengths) > 3, "the hypotheses should have several lengths"


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_batch_equals_singles(options: SearchOptions) -> None:
    network = TinyGRU(3)
    state = network.start(10)
    found = search(network.step, state, 10, options, **IDS)
    for example in range(10):
        row = state.memory[example : example + 1]
        alone = search(network.step, GRUState(row, row, []), 1, options, **IDS)
        assert words(alone) == words(found, example)
        torch.testing.assert_close(alone.scores[0], found.scores[example])
        torch.testing.assert_close(alone.log_probs[0], found.log_probs[example])


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_dropping_finished_examples_changes_nothing(options: SearchOptions) -> None:
    """Finished examples stay, leave when half are finished, or leave at once."""
    network = TinyGRU(4)
    found, kept = [], []
    for share in (0.0, 0.5, 1.0):
        state = network.start(24)
        found.append(search(network.step, state, 24, options, compact_below=share, **IDS))
        kept.append(state.kept)
    assert kept[0] == []
    assert 0 < len(kept[1]) < len(kept[2])
    assert kept[2] == sorted(set(kept[2]), reverse=True)
    for other in found[1:]:
        assert torch.equal(other.tokens, found[0].tokens)
        assert torch.equal(other.lengths, found[0].lengths)
        torch.testing.assert_close(other.scores, found[0].scores)
        torch.testing.assert_close(other.log_probs, found[0].log_probs)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_beam_search_with_one_beam_is_greedy(seed: int, length_penalty: float) -> None:
    """If the best extension is the end, the second one has a lower score at this length: beam search stops too."""
    network = TinyGRU(seed)
    options = SearchOptions(length_penalty=length_penalty, max_length=10, min_length=1, no_repeat_ngram_size=3)
    greedy = greedy_search(network.step, network.start(12), torch.full((12,), BOS), options, SPECIAL)
    beam = beam_search(network.step, network.start(12), torch.full((12,), BOS), options, SPECIAL)
    assert torch.equal(greedy.tokens, beam.tokens)
    assert torch.equal(greedy.lengths, beam.lengths)
    torch.testing.assert_close(greedy.scores, beam.scores)
    assert torch.equal(search(network.step, network.start(12), 12, options, **IDS).tokens, greedy.tokens)


def test_search_keeps_the_precision_of_the_step_and_no_gradients() -> None:
    network = TinyGRU(0)
    for options in (SearchOptions(), SearchOptions(beam_size=2)):
        assert search(network.step, network.start(2), 2, options, **IDS).scores.dtype == torch.float64
        with torch.inference_mode():
            search(network.step, network.start(2), 2, options, **IDS)
        assert not search(network.step, network.start(2), 2, options, **IDS).scores.requires_grad


def test_forbidden_ids_never_appear() -> None:
    network = TinyGRU(4)
    for beams in (1, 4):
        options = SearchOptions(beam_size=beams, n_best=beams, max_length=10)
        free = search(network.step, network.start(6), 6, options, **IDS).tokens.unique().tolist()
        forbidden = [i for i in free if i > EOS][:3]
        found = search(network.step, network.start(6), 6, options, forbidden=forbidden, **IDS)
        assert len(forbidden) == 3
        assert not set(forbidden) & set(found.tokens.unique().tolist())


@pytest.mark.parametrize("beams", [1, 3])
def test_where_everything_is_forbidden_the_search_ends(beams: int) -> None:
    """Three words, none twice, at least ten: after the third, min_length forbids the end, and all else is forbidden."""
    state = random_trigrams(0, 2, 6)
    options = SearchOptions(beam_size=beams, max_length=12, min_length=10, no_repeat_ngram_size=1)
    found = search(trigram_step, state, 2, options, **IDS)
    for example in range(2):
        ((first, *rest),) = words(found, example)
        assert sorted([first, *rest]) == [UNK, A, B]
        context, total = [BOS, BOS], 0.0
        for token in [first, *rest, EOS]:
            total += float(state.tables[example, context[-2], context[-1], token])
            context.append(token)
        assert float(found.log_probs[example, 0]) == pytest.approx(total)


@pytest.mark.parametrize("beams", [1, 3])
def test_even_an_impossible_end_is_better_than_none(beams: int) -> None:
    """After the start symbol, only the forbidden word has a probability above 0."""

    def step(tokens: Tensor, state: NoState) -> tuple[Tensor, NoState]:
        log_probs = torch.full((len(tokens), 6), -math.inf)
        log_probs[:, UNK] = 0
        return log_probs, state

    found = search(step, NoState([]), 2, SearchOptions(beam_size=beams), forbidden=[UNK], **IDS)
    assert found.tokens.shape == (2, 1, 0)
    assert found.log_probs.tolist() == [[FORCED_END_LOG_PROB]] * 2


@pytest.mark.parametrize("twin", ["bos_id", "pad_id"])
def test_the_end_needs_an_id_of_its_own(twin: str) -> None:
    with pytest.raises(ValueError, match="eos_id 2 must differ"):
        search(table_step, NoState([]), 1, SearchOptions(), **{**IDS, twin: EOS})
