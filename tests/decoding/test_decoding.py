"""Search against tables a reader can check by hand, brute force, plain Python, and transformers' generate()."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seq2seq import decoding
from seq2seq.batch import Vocabulary, make_batch
from seq2seq.decoding import Beams, Hypotheses, SearchOptions, beam_search, greedy_search, search
from seq2seq.errors import UserError
from seq2seq.model.network import NetworkOptions, build_network

PAD, BOS, EOS, UNK, A, B = range(6)
IDS: dict[str, Any] = {"pad_id": PAD, "bos_id": BOS, "eos_id": EOS}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def words(hypotheses: Hypotheses, example: int = 0) -> list[list[int]]:
    """The token lists of one example's hypotheses; checks that padding and nothing else follows them."""
    found = []
    for row, length in zip(hypotheses.tokens[example].tolist(), hypotheses.lengths[example].tolist(), strict=True):
        assert row[length:] == [PAD] * (len(row) - length)
        found.append(row[:length])
    return found


# A transition table: the next token depends on the last one alone.

TABLE = torch.zeros(6, 6)
TABLE[BOS, [A, B]] = torch.tensor([0.6, 0.4])
TABLE[A, [A, B, EOS]] = torch.tensor([0.4, 0.35, 0.25])
TABLE[B, [EOS, A, B]] = torch.tensor([0.9, 0.06, 0.04])


@dataclass(frozen=True)
class NoState:
    """Of a step that looks at the last token alone; counts the steps."""

    steps: list[int]

    def select(self, rows: Tensor) -> NoState:
        return self

    def keep(self, examples: Tensor) -> NoState:
        return self


def table_step(tokens: Tensor, state: NoState) -> tuple[Tensor, NoState]:
    state.steps.append(len(tokens))
    return TABLE[tokens].log(), state


def search_table(options: SearchOptions, batch_size: int = 1) -> tuple[Hypotheses, list[int]]:
    state = NoState([])
    return search(table_step, state, batch_size, options, **IDS), state.steps


def test_greedy_takes_the_likeliest_word() -> None:
    """a (.6), a (.4), a (.4), cut: .096, although "b" and the end would have .4 * .9 = .36."""
    found, steps = search_table(SearchOptions(max_length=3))
    assert words(found) == [[A, A, A]]
    torch.testing.assert_close(found.log_probs, torch.tensor([[math.log(0.096)]]))
    torch.testing.assert_close(found.scores, torch.tensor([[math.log(0.096) / 3]]))
    assert steps == [1, 1, 1]


@pytest.mark.parametrize("max_length", [3, 9])
def test_beams_of_the_table(max_length: int) -> None:
    """Beam 2, ends marked by a full stop.

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


# Brute force over small tables in which the last two tokens decide.


@dataclass(frozen=True)
class Trigrams:
    """The state of a step that looks at the last two tokens, and at the example's own table.

    Args:
        tables: [B, V', V', V'] log-probabilities of the next token after two others.
        before: [N] the token before the last.
    """

    tables: Tensor
    before: Tensor

    def select(self, rows: Tensor) -> Trigrams:
        return replace(self, before=self.before[rows])

    def keep(self, examples: Tensor) -> Trigrams:
        before = self.before.view(len(self.tables), -1)
        return Trigrams(self.tables[examples], before[examples].flatten())


def trigram_step(tokens: Tensor, state: Trigrams) -> tuple[Tensor, Trigrams]:
    example = torch.arange(len(tokens)) // (len(tokens) // len(state.tables))
    return state.tables[example, state.before, tokens], replace(state, before=tokens)


def random_trigrams(seed: int, examples: int, size: int) -> Trigrams:
    logits = 2 * torch.randn(examples, size, size, size, generator=seeded(seed), dtype=torch.float64)
    return Trigrams(logits.log_softmax(-1), torch.full((examples,), BOS))


def every_hypothesis(table: Tensor, options: SearchOptions) -> list[tuple[float, float, list[int]]]:
    """All (score, log-probability, words), best first: ended ones and those cut at max_length."""
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
    """Two or three words, at most four or three of them: fewer hypotheses than beams, so none can be lost."""
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


# A recurrent step, whose state holds all the history: it goes wrong if beams and states are not moved together.


@dataclass(frozen=True)
class GRUState:
    hidden: Tensor  # [N, H]
    memory: Tensor  # [B, H] of the examples, like an encoder's
    kept: list[int]  # how many examples each call of `keep` left

    def select(self, rows: Tensor) -> GRUState:
        beams = len(rows) // len(self.memory)
        present = len(self.hidden) // len(self.memory)
        assert torch.equal(rows // present, torch.arange(len(rows)) // beams), "a row left its example"
        return replace(self, hidden=self.hidden[rows])

    def keep(self, examples: Tensor) -> GRUState:
        assert (examples.diff() > 0).all()
        self.kept.append(len(examples))
        hidden = self.hidden.view(len(self.memory), -1, self.hidden.shape[1])
        return replace(self, hidden=hidden[examples].flatten(0, 1), memory=self.memory[examples])


class TinyGRU(nn.Module):
    """Sharp random distributions; the end becomes likelier with the examples' first memory unit."""

    def __init__(self, seed: int, size: int = 24, hidden: int = 8) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, hidden)
        self.cell = nn.GRUCell(hidden, hidden)
        self.output = nn.Linear(hidden, size)
        generator = seeded(seed)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=1.0, generator=generator)
        self.double()

    def start(self, examples: int, seed: int = 0) -> GRUState:
        memory = torch.randn(examples, self.cell.hidden_size, generator=seeded(seed), dtype=torch.float64)
        return GRUState(memory, memory, [])

    def step(self, tokens: Tensor, state: GRUState) -> tuple[Tensor, GRUState]:
        hidden = self.cell(self.embedding(tokens), state.hidden)
        memory = state.memory.repeat_interleave(len(tokens) // len(state.memory), dim=0)
        logits = self.output(hidden + 0.5 * memory)
        logits[:, EOS] += memory[:, 0] + 3
        return logits.log_softmax(-1), replace(state, hidden=hidden)

    def log_prob(self, sequence: list[int], memory: Tensor) -> float:
        """Sum over a whole sequence, computed apart from any search."""
        state, total = GRUState(memory[None], memory[None], []), 0.0
        for previous, token in zip([BOS, *sequence], sequence, strict=False):
            log_probs, state = self.step(torch.tensor([previous]), state)
            total += float(log_probs[0, token].detach())
        return total


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
    assert len(lengths) > 3, "hypotheses of one length test little"


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
def test_dropping_finished_examples_changes_nothing(options: SearchOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never dropped, dropped once half are gone, dropped at once."""
    network = TinyGRU(4)
    found, kept = [], []
    for share in (0.0, 0.5, 1.0):
        monkeypatch.setattr(decoding, "COMPACT_BELOW", share)
        state = network.start(24)
        found.append(search(network.step, state, 24, options, **IDS))
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
    """Once the likeliest extension is the end, the other one is below it at the same length: beam 1 stops as well."""
    network = TinyGRU(seed)
    options = SearchOptions(length_penalty=length_penalty, max_length=10, min_length=1, no_repeat_ngram_size=3)
    banned = torch.tensor([PAD, BOS])
    arguments: dict[str, Any] = {"banned": banned, "eos_id": EOS, "pad_id": PAD}
    greedy = greedy_search(network.step, network.start(12), torch.full((12,), BOS), options, **arguments)
    beam = beam_search(network.step, network.start(12), torch.full((12,), BOS), options, **arguments)
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


# What may be said, against plain Python.


def repeats(history: list[int], token: int, size: int) -> bool:
    ngrams = [[*history, token][i : i + size] for i in range(len(history) + 2 - size)]
    return ngrams[-1] in ngrams[:-1] if ngrams else False


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("length", [0, 1, 2, 4, 9, 30])
def test_repeated_tokens(size: int, length: int) -> None:
    """Few words, so that there are many repetitions; ids 6 and above stand for words of the document."""
    history = torch.randint(3, 9, (20, length), generator=seeded(length))
    found = decoding.repeated_tokens(history, size, torch.tensor(PAD))
    expected = [{token for token in range(9) if repeats(row, token, size)} for row in history.tolist()]
    assert [set(row) - {PAD} for row in found.tolist()] == expected
    if length == 30 and size < 4:
        assert any(expected)


def test_forbid() -> None:
    log_probs = torch.randn(7, 5, generator=seeded(0))
    ids = torch.randint(5, (7, 3), generator=seeded(1))
    found = decoding.forbid(log_probs.clone(), ids)
    for row, column in itertools.product(range(7), range(5)):
        assert found[row, column] == (-math.inf if column in ids[row].tolist() else log_probs[row, column])


@pytest.mark.parametrize("length", [0, 1, 2, 3, 8])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_constrain_puts_all_rules_together(length: int, size: int) -> None:
    options = SearchOptions(min_length=2, no_repeat_ngram_size=size)
    history = torch.randint(3, 8, (9, length), generator=seeded(length))
    log_probs = torch.randn(9, 8, generator=seeded(9))
    found = decoding.constrain(log_probs, history, options, torch.tensor([PAD, BOS]), EOS)
    for row, token in itertools.product(range(9), range(8)):
        blocked = token in (PAD, BOS) or (token == EOS and length < 2)
        blocked = blocked or (size > 0 and repeats(history[row].tolist(), token, size))
        assert found[row, token] == (-math.inf if blocked else log_probs[row, token])


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
    """Three words, none twice, at least ten: after the third nothing is left but the end, which min_length forbids."""
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
    """After "start" nothing but the forbidden word has a probability above zero."""

    def step(tokens: Tensor, state: NoState) -> tuple[Tensor, NoState]:
        log_probs = torch.full((len(tokens), 6), -math.inf)
        log_probs[:, UNK] = 0
        return log_probs, state

    found = search(step, NoState([]), 2, SearchOptions(beam_size=beams), forbidden=[UNK], **IDS)
    assert found.tokens.shape == (2, 1, 0)
    assert found.log_probs.tolist() == [[decoding.LEAST_END]] * 2


@pytest.mark.parametrize("twin", ["bos_id", "pad_id"])
def test_the_end_needs_an_id_of_its_own(twin: str) -> None:
    with pytest.raises(ValueError, match="eos_id 2 must differ"):
        search(table_step, NoState([]), 1, SearchOptions(), **{**IDS, twin: EOS})


@pytest.mark.parametrize("size", [3, 64, 127, 640, 1000, 1280, 1300])
@pytest.mark.parametrize(("beams", "width"), [(1, 1), (1, 4), (3, 6), (5, 10)])
def test_best_extensions_are_the_best(size: int, beams: int, width: int) -> None:
    """Sizes below, at and above whole blocks; beams with few possible tokens, with none, and beams that are dead."""
    examples = 4
    log_probs = torch.rand(examples * beams, size, generator=seeded(size), dtype=torch.float64).log()
    so_far = -2 * torch.rand(examples, beams, generator=seeded(beams), dtype=torch.float64)
    so_far[1, 0] = -math.inf
    log_probs[2 * beams, 2:] = -math.inf
    log_probs[3 * beams] = -math.inf  # it can only end
    ends = torch.full((examples * beams,), -1.0, dtype=torch.float64)
    sums, parents, ids = decoding.best_extensions(log_probs, so_far, ends, EOS, width)
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


def test_extend_fills_up_what_does_not_exist() -> None:
    """One beam of log-probability -1, two possible next tokens, eight places, of which one is the end's once more."""
    live = Beams(torch.tensor([[[A]]]), torch.tensor([[-1.0]]))
    log_probs = torch.full((1, 6), -math.inf)
    log_probs[0, B], log_probs[0, EOS] = -0.5, -2.0
    found, parents = decoding.extend(live, log_probs, 8, SearchOptions(), torch.tensor([PAD, BOS]), EOS)
    assert found.log_probs.tolist() == [[-1.5, -3.0, *[-math.inf] * 6]]
    assert found.tokens[0, :2].tolist() == [[A, B], [A, EOS]]
    assert parents.tolist() == [[0] * 8]


def test_extend_in_pieces() -> None:
    """Pieces of whole examples, less a constant for each row, give what all rows at once give."""
    examples, beams, size = 5, 3, 700
    log_probs = torch.rand(examples * beams, size, generator=seeded(0), dtype=torch.float64).log()
    live = Beams(
        torch.randint(size, (examples, beams, 4), generator=seeded(1)),
        -torch.rand(examples, beams, generator=seeded(2), dtype=torch.float64),
    )
    options, banned = SearchOptions(no_repeat_ngram_size=1), torch.tensor([PAD, BOS])
    whole = decoding.extend(live, log_probs.clone(), 6, options, banned, EOS)
    constants = torch.randint(-3, 4, (examples * beams,), generator=seeded(3)).double()
    pieces = (
        (log_probs[rows] - constants[rows, None], constants[rows]) for rows in (slice(6), slice(6, 9), slice(9, None))
    )
    parts = decoding.extend(live, pieces, 6, options, banned, EOS)
    for one, other in zip((*whole[0], whole[1]), (*parts[0], parts[1]), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("beam_size", {"beam_size": 0}),
        ("n_best", {"n_best": 0}),
        ("n_best", {"beam_size": 2, "n_best": 3}),
        ("min_length", {"min_length": -1}),
        ("min_length", {"min_length": 5, "max_length": 4}),
        ("max_length", {"max_length": 0}),
        ("no_repeat_ngram_size", {"no_repeat_ngram_size": -1}),
        ("length_penalty", {"length_penalty": math.inf}),
    ],
)
def test_bad_options_name_their_key(key: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=rf"^search\.{key}: "):
        SearchOptions(**settings)


# transformers' generate() as an oracle. It is driven without a cache: at each step the network reads the whole prefix
# again, so the oracle shares neither the search nor the handling of states with ours.

Prefixes = Callable[[Tensor, Tensor], Tensor]
"""prefixes [N, t], examples [N] -> logits [N, t, V]."""


def generate(logits: Prefixes, batch_size: int, options: SearchOptions) -> tuple[list[list[list[int]]], Tensor]:
    """For each example n_best token lists, and their scores [B, n_best]."""
    from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
    from transformers.modeling_outputs import CausalLMOutput

    class Adapter(PreTrainedModel, GenerationMixin):
        config_class = PretrainedConfig
        main_input_name = "input_ids"

        def __init__(self) -> None:
            super().__init__(PretrainedConfig())
            self.unused = nn.Parameter(torch.zeros(1))
            self.post_init()

        def prepare_inputs_for_generation(self, input_ids: Any, examples: Any = None, **_: Any) -> Any:  # type: ignore[override]
            return {"input_ids": input_ids, "examples": examples}

        def forward(self, input_ids: Tensor, examples: Tensor, return_dict: bool = True) -> CausalLMOutput:
            return CausalLMOutput(logits=logits(input_ids, examples))

    adapter: Any = Adapter()
    output = adapter.generate(
        input_ids=torch.full((batch_size, 1), BOS),
        examples=torch.arange(batch_size),
        do_sample=False,
        use_cache=False,
        num_beams=options.beam_size,
        num_return_sequences=options.n_best,
        length_penalty=options.length_penalty,
        min_new_tokens=options.min_length,
        max_new_tokens=options.max_length,
        no_repeat_ngram_size=options.no_repeat_ngram_size,
        suppress_tokens=[PAD, BOS, UNK],
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        return_dict_in_generate=True,
        output_scores=True,
    )
    sequences = [[t for t in row[1:] if t not in (PAD, EOS)] for row in output.sequences.tolist()]
    n = options.n_best
    scores = output.sequences_scores.view(batch_size, n) if options.beam_size > 1 else torch.empty(0)
    return [sequences[i * n : (i + 1) * n] for i in range(batch_size)], scores


ORACLE_SETTINGS = [
    SearchOptions(beams, n_best, penalty, min_length, 11, ngrams)
    for (beams, n_best), penalty, (min_length, ngrams) in itertools.product(
        [(1, 1), (2, 1), (3, 3), (4, 2), (5, 5)], [-0.5, 0.0, 0.6, 1.0, 2.0], [(0, 0), (3, 2), (1, 1)]
    )
]


def compare_with_generate(found: Hypotheses, logits: Prefixes, options: SearchOptions) -> list[int]:
    """Asserts equal words and scores; returns the lengths that occurred."""
    examples = len(found.tokens)
    with torch.no_grad():
        expected, scores = generate(logits, examples, options)
    assert [words(found, example) for example in range(examples)] == expected
    if options.beam_size > 1:
        torch.testing.assert_close(found.scores.float(), scores, rtol=1e-4, atol=1e-4)
    return found.lengths.flatten().tolist()


def test_equals_generate() -> None:
    lengths: list[int] = []
    for seed, options in enumerate(ORACLE_SETTINGS):
        network = TinyGRU(seed)
        memory = network.start(8, seed).memory

        def logits(prefixes: Tensor, examples: Tensor, network: TinyGRU = network, memory: Tensor = memory) -> Tensor:
            state = GRUState(memory[examples], memory[examples], [])
            outputs = []
            for tokens in prefixes.unbind(1):
                log_probs, state = network.step(tokens, state)
                outputs.append(log_probs)
            return torch.stack(outputs, dim=1)

        found = search(network.step, network.start(8, seed), 8, options, forbidden=[UNK], **IDS)
        lengths += compare_with_generate(found, logits, options)
    assert len(set(lengths)) == 12, "every length from 0 to max_length should have been met"


@pytest.mark.parametrize("settings", [{}, {"cell": "lstm", "input_feeding": True, "attention": "additive"}], ids=str)
def test_the_network_equals_generate(settings: dict[str, Any]) -> None:
    """The real network, its outputs sharpened; documents of different lengths, one of them empty."""
    lengths: list[int] = []
    size = 30
    for seed, options in enumerate(ORACLE_SETTINGS[1::2]):
        torch.manual_seed(seed)
        sizes: dict[str, Any] = {"embedding_size": 12, "encoder_size": 12, "decoder_size": 16, "attention_size": 8}
        network = build_network(
            NetworkOptions(**sizes, pointer=False, **settings), Vocabulary(size, PAD, BOS, EOS, UNK)
        ).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(2.0)
            network.output.bias.normal_(std=1.5)
            network.output.bias[EOS] = 3
        documents = [torch.randint(4, size, (n,)).tolist() for n in (0, 3, 12, 7, 1, 9)]
        batch = make_batch(documents, None, [[]] * 6, network.vocabulary)
        with torch.no_grad():
            memory = network.encode(batch.document, batch.mask)

        def logits(prefixes: Tensor, examples: Tensor, network: Any = network, memory: Any = memory) -> Tensor:
            rows = memory.keep(examples)
            features, _, _ = network.decode(prefixes, rows, network.decoder.initial_state(rows))
            return network.output.logits(features)

        found = search(network.step, network.start(memory), 6, options, forbidden=[UNK], **IDS)
        lengths += compare_with_generate(found, logits, options)
    assert len(set(lengths)) > 6
