"""Each claim of the pages in docs/lecture/, held against the numbers of its figure.

Trainings are shorter than those of `make lecture`; the tests of its own summarizer are slow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import TrainedRun, pairs, run
from torch import nn

from lecture.figures import (
    backpropagation,
    cells,
    clipping,
    eigenvalues,
    exposure_bias,
    position,
    sum_network,
    word_order,
    word_vectors,
)
from lecture.newswire import encode, read_pairs, small_tokenizer, trained_summarizer
from lecture.summarizers import gradient_by_distance, mean_loss, recorded_states, small_network, story_batches
from seq2seq.decoding import SearchOptions
from seq2seq.inference import Summarizer
from seq2seq.model.network import NetworkOptions, Seq2Seq
from seq2seq.training.module import SummarizerModule

# --- sum_network.md ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sums() -> sum_network.SumNumbers:
    return sum_network.compute(steps=200)


def test_the_state_is_the_sum_of_the_inputs(sums: sum_network.SumNumbers) -> None:
    assert sums.states == np.cumsum(sum_network.INPUTS).tolist()


def test_the_learnt_weights_are_one(sums: sum_network.SumNumbers) -> None:
    assert sums.weights[0] == (0.5, 0.25)
    assert sums.weights[-1] == pytest.approx((1, 1), abs=0.02)


def test_the_learnt_rule_holds_for_longer_sequences_without_tanh_alone(sums: sum_network.SumNumbers) -> None:
    linear, tanh = (sums.errors[name] for name in ("learnt, linear", "learnt, tanh (16 units)"))
    longest = sum_network.LENGTHS.index(100)
    assert linear[longest] < 0.5 < 1 < tanh[longest]
    assert tanh[longest] > 4 * tanh[sum_network.LENGTHS.index(sum_network.TRAINED_LENGTH)]


def test_a_tanh_cell_adds_if_its_state_stays_small(sums: sum_network.SumNumbers) -> None:
    assert sums.scale_errors == sorted(sums.scale_errors, reverse=True)
    assert sums.scale_errors[0] > 0.5
    assert sums.scale_errors[-1] < 1e-3


# --- backpropagation.md -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gradients() -> backpropagation.GradientNumbers:
    return backpropagation.compute()


@pytest.mark.parametrize("seed", [2, 3])
def test_the_written_sums_are_the_gradient(seed: int) -> None:
    assert max(backpropagation.compute(seed).autograd_errors.values()) < 1e-13


def test_finite_differences_are_best_between_curvature_and_rounding(gradients: backpropagation.GradientNumbers) -> None:
    for errors in gradients.difference_errors.values():
        best = int(np.argmin(errors))
        assert errors[best] < 1e-9
        assert 2 <= best <= 7
        assert min(errors[0], errors[-1]) > 1e4 * errors[best]


def test_terms_near_the_diagonal_are_the_largest(gradients: backpropagation.GradientNumbers) -> None:
    steps = torch.arange(backpropagation.STEPS)
    back = steps.unsqueeze(1) - steps
    assert gradients.shares[back < 0].eq(0).all()
    assert gradients.shares[:, 0].eq(0).all()  # h_0 = 0
    inner = gradients.shares[:, 1:]
    near, far = ((back[:, 1:] >= low) & (back[:, 1:] <= high) for low, high in ((0, 2), (8, 11)))
    assert inner[near].mean() > 10 * inner[far].mean()


def test_a_truncated_sum_is_an_approximation(gradients: backpropagation.GradientNumbers) -> None:
    errors = gradients.truncated_errors
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.2
    assert errors[7] < 0.01
    assert errors[-1] < 1e-13


# --- gradients.md -----------------------------------------------------------------------------------------------------


def test_powers_of_a_matrix_vanish_stay_or_explode() -> None:
    numbers, t = eigenvalues.compute(), np.arange(eigenvalues.STEPS + 1)
    for value, norms in numbers.norms.items():
        parts = 0.6 * value**t, 0.8 * (eigenvalues.SECOND * value) ** t
        assert norms == pytest.approx(np.hypot(*parts).tolist())
    ends = [numbers.norms[value][-1] for value in (0.9, 1.0, 1.1)]
    assert ends[0] < 0.01
    assert ends[1] == pytest.approx(0.6)
    assert ends[2] > 50


def test_the_state_turns_to_the_first_eigenvector() -> None:
    angles = eigenvalues.compute().angles
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 50
    assert angles[20] < 1


def test_a_singular_value_above_one_lets_a_state_grow_at_first() -> None:
    numbers = eigenvalues.compute()
    assert np.abs(np.linalg.eigvals(np.array(eigenvalues.SHEARED))).tolist() == [0.9, 0.9]
    assert numbers.sheared_singular_value == pytest.approx(np.linalg.norm(eigenvalues.SHEARED, 2))
    assert 7 < max(numbers.sheared_norms) < 8
    assert numbers.sheared_norms[-1] < 1


@pytest.fixture(scope="module")
def by_cell() -> cells.CellNumbers:
    return cells.compute(steps=40, batches=9, size=32)


def test_gradients_of_an_elman_network_vanish_or_explode_with_its_singular_values(by_cell: cells.CellNumbers) -> None:
    small, one, large = (by_cell.scaled[scale][40] for scale in cells.SCALES)
    assert small < 1e-8
    assert 1e-3 < one < 0.5
    assert large > 10


def test_an_untrained_gru_forgets_faster_than_the_others(by_cell: cells.CellNumbers) -> None:
    untrained = {cell: values[40] for cell, values in by_cell.untrained.items()}
    assert untrained["gru"] < 1e-2 * min(untrained["elman"], untrained["lstm"])
    ratios = np.divide(by_cell.untrained["elman"][1:31], by_cell.untrained["elman"][:30])
    assert ratios.min() > 0.85  # a constant share, a straight line on a logarithmic axis
    assert ratios.max() < 1


def test_training_opens_the_gates_of_the_gru(by_cell: cells.CellNumbers) -> None:
    assert all(by_cell.trained["gru"][k] > 1.1 * by_cell.untrained["gru"][k] for k in (1, 10, 40))


@pytest.mark.slow
def test_training_opens_the_gates() -> None:
    """The claims about the trained networks at the size of the figure."""
    numbers = cells.compute()
    trained, untrained = ({cell: v[40] for cell, v in d.items()} for d in (numbers.trained, numbers.untrained))
    assert trained["lstm"] > max(trained["elman"], trained["gru"])
    assert trained["lstm"] > 2 * untrained["lstm"]
    assert numbers.trained["lstm"][40] > 0.4 * numbers.trained["lstm"][10]  # almost flat
    assert trained["gru"] > 1000 * untrained["gru"]
    gru, elman = numbers.trained["gru"], numbers.trained["elman"]
    assert gru[40] / gru[30] > 2 * gru[10] / gru[0]  # flatter with the distance
    assert 0.3 < trained["elman"] / untrained["elman"] < 3
    assert 0.5 < (elman[30] / elman[20]) / (elman[20] / elman[10]) < 2  # nearly a straight line


def test_the_recorded_states_give_the_gradient_of_autograd() -> None:
    """Against finite differences: one state is moved in the direction of its gradient. The loss without a move is that
    of the network with its own cell."""
    (batch,), vocabulary = story_batches(1)
    batch = batch.part(slice(2))
    for cell in ("elman", "lstm", "gru"):
        network = small_network(cell, vocabulary, size=8).double()
        plain = mean_loss(network, batch).item()
        with recorded_states(network) as states:
            loss = mean_loss(network, batch)
            loss.backward()
            gradient = states[30].grad
        assert loss.item() == pytest.approx(plain, rel=1e-10)
        assert gradient is not None
        direction, size = gradient / gradient.norm(), 1e-5
        moved = [_loss_with_moved_state(network, batch, 30, sign * size * direction) for sign in (1, -1)]
        assert (moved[0] - moved[1]) / (2 * size) == pytest.approx(gradient.norm().item(), rel=1e-4)
        found = gradient_by_distance(network, batch)
        assert len(found) == 48
        assert found[0] == 1


def _loss_with_moved_state(network: Seq2Seq, batch: object, step: int, change: torch.Tensor) -> float:
    """The loss if a change is added to the state after a step."""
    with recorded_states(network) as states:
        recorder = network.encoder.forwards[0]
        cell = recorder.cell

        class Moved(nn.Module):
            def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
                output, state = cell(x, state)
                return output, state + change if len(states) == step else state

        recorder.cell = Moved()
        loss = mean_loss(network, batch).item()
    return loss


@pytest.fixture(scope="module")
def clipped() -> clipping.ClippingNumbers:
    return clipping.compute(steps=40, batches=13, size=48, cells=["elman"])


def test_an_elman_network_diverges_without_clipping_and_learns_with_it(clipped: clipping.ClippingNumbers) -> None:
    without, with_clipping = clipped.runs["elman"]
    assert without.diverged
    assert max(without.norms) > 100 * max(with_clipping.norms)
    assert not with_clipping.diverged
    assert len(with_clipping.losses) == 40
    assert np.mean(with_clipping.losses[-5:]) < clipped.uniform_loss - 1.5


def test_clipping_shortens_the_steps_above_the_limit(clipped: clipping.ClippingNumbers) -> None:
    for plain, run_ in [clipped.runs["elman"]]:
        assert plain.clipped_share == 0
        assert run_.clipped_share == np.mean(np.array(run_.norms) > clipping.LIMIT)


@pytest.mark.slow
def test_all_cells_learn_with_clipping() -> None:
    numbers = clipping.compute()
    for cell, (without, with_clipping) in numbers.runs.items():
        assert np.mean(with_clipping.losses[-10:]) < numbers.uniform_loss - 2
        assert without.diverged == (cell != "gru")
    assert len(numbers.runs["elman"][0].losses) < len(numbers.runs["lstm"][0].losses)


# --- word_order.md ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def orders() -> word_order.WordOrderNumbers:
    return word_order.compute(steps=100)


def test_a_bag_of_words_cannot_tell_the_killer(orders: word_order.WordOrderNumbers) -> None:
    assert orders.distances["bag of words"] < 1e-5
    assert orders.distances["Elman network"] > 1
    assert orders.killers["Elman network"] == ("Mary", "John")
    assert len(set(orders.killers["bag of words"])) == 1
    assert orders.accuracy["bag of words"][-1] == pytest.approx(0.5, abs=0.02)
    assert orders.accuracy["Elman network"][-1] == 1
    starts = orders.paths["bag of words"][:, 0]
    assert (starts[0] - starts[1]).norm() > 1  # the paths begin at different points


def test_tested_pairs_of_names_are_new_in_each_order() -> None:
    training, test = word_order.split_pairs()
    assert not {frozenset(pair) for pair in training} & {frozenset(pair) for pair in test}
    assert ("Mary", "John") in test
    assert len(training) + len(test) == 12 * 11


# --- position.md ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def positions() -> position.PositionNumbers:
    return position.compute(steps=120, coverages=[(2,), position.SEEN])


def test_position_bound_weights_do_not_reach_new_positions(positions: position.PositionNumbers) -> None:
    bound, shared = positions.accuracy["weights for each position"], positions.accuracy["shared weights (GRU)"]
    for place, of_bound, of_shared in zip(position.POSITIONS, bound, shared, strict=True):
        assert of_shared > 0.95
        assert of_bound > 0.95 if place in position.SEEN else of_bound < 0.2
    assert positions.parameters["shared weights (GRU)"] < positions.parameters["weights for each position"]
    assert positions.answers["shared weights (GRU)"] == ("2009", "2009")


def test_one_position_teaches_no_network_that_the_place_may_change(positions: position.PositionNumbers) -> None:
    for shares in positions.by_coverage.values():
        assert shares[0] < 0.5 < shares[1]


@pytest.mark.slow
def test_shared_weights_need_two_positions() -> None:
    found = position.compute().by_coverage
    assert found["shared weights (GRU)"][1] > 0.95
    bound = found["weights for each position"]
    assert bound == sorted(bound)
    assert bound[1] < 0.5
    assert bound[-1] > 0.95


def test_the_year_stands_at_its_position() -> None:
    words, years = position.sample(position.POSITIONS, 20, seed=7)
    for row, (ids, year) in enumerate(zip(words.tolist(), years.tolist(), strict=True)):
        found = [i + 1 for i, word in enumerate(ids) if position.WORDS[word] in position.YEARS]
        assert found == [position.POSITIONS[row // 20]]
        assert position.WORDS[ids[found[0] - 1]] == position.YEARS[year]


# --- exposure_bias.md -------------------------------------------------------------------------------------------------


def test_free_running_is_greedy_search(trained: TrainedRun) -> None:
    summarizer = Summarizer.from_checkpoint(trained.best, device="cpu")
    stories = read_pairs("test", 12)  # unknown words, so that the headlines are full of errors
    batch = encode(summarizer.tokenizer, stories, summarizer.max_document_tokens)
    assert isinstance(summarizer.network, Seq2Seq)
    found = exposure_bias.predictions(summarizer.network, batch, forced=False)
    texts = []
    for ids, oov in zip(found.tolist(), batch.oov, strict=True):
        end = ids.index(summarizer.network.vocabulary.eos) if summarizer.network.vocabulary.eos in ids else len(ids)
        texts.append(summarizer.tokenizer.decode(ids[:end], oov))
    longest = batch.targets.shape[1]
    documents = [document for document, _ in stories]
    greedy = summarizer.summarize(documents, beam_size=1, max_length=longest, min_length=0)
    assert texts == greedy


def test_both_ways_are_equal_without_errors(trained: TrainedRun) -> None:
    summarizer = Summarizer.from_checkpoint(trained.best, device="cpu")
    numbers = exposure_bias.compute(summarizer, [(pair["document"], pair["summary"]) for pair in pairs()])
    assert numbers.with_error == 0
    length = 5  # of the shortest headline, with its end
    assert numbers.forced[:length] == numbers.free[:length] == [1.0] * length


def test_shares_by_position_and_after_the_first_error() -> None:
    """Two headlines, a b c d </s> and a b </s>. The first free run has an error at position 2 and goes on wrong."""
    tokenizer = small_tokenizer([("a b c d", "a b c d")] * 3)
    batch = encode(tokenizer, [("a b c d", "a b c d"), ("a b c d", "a b")])
    a, b, c, d, end = batch.targets[0].tolist()
    forced = torch.tensor([[a, c, c, d, end], [a, b, end, a, a]])
    free = torch.tensor([[a, c, d, end, end], [a, b, end, a, a]])
    numbers = exposure_bias.numbers_of(batch, forced, free, lambda row, ids: " ".join(map(str, ids.tolist())))
    assert (numbers.headlines, numbers.with_error) == (2, 1)
    assert numbers.forced == pytest.approx([1, 0.5, 1, 1, 1], nan_ok=True)
    assert numbers.free == pytest.approx([1, 0.5, 0.5, 0, 1], nan_ok=True)
    assert numbers.forced_after == [1, 1, 1, 0]
    assert numbers.free_after == [0, 0, 1, 0]
    assert numbers.contained_after == [1, 0, 0, 0]
    assert numbers.example == exposure_bias.Example(f"{a} {b} {c} {d}", f"{a} {c} {c} {d}", f"{a} {c} {d} {end}")


@pytest.fixture(scope="module")
def half_trained() -> Summarizer:
    """A small summarizer after a few steps on news stories."""
    stories = read_pairs("train", 1920)
    tokenizer = small_tokenizer(stories)
    options = NetworkOptions(embedding_size=48, encoder_size=48, decoder_size=96, decoder_layers=1, dropout=0.0)
    torch.manual_seed(1)
    module = SummarizerModule(tokenizer, options, max_document_tokens=60)
    adam = torch.optim.Adam(module.network.parameters(), lr=5e-3)
    for start in [*range(0, 1920, 32)] * 2:
        adam.zero_grad()
        mean_loss(module.network, encode(tokenizer, stories[start : start + 32], 60)).backward()
        adam.step()
    return Summarizer(module.network, tokenizer, SearchOptions(), 60)


def check_exposure_bias(numbers: exposure_bias.ExposureNumbers) -> None:
    assert numbers.forced[0] == numbers.free[0]
    assert np.mean(numbers.forced[2:]) > np.mean(numbers.free[2:]) + 0.1
    assert all(forced > free + 0.1 for forced, free in zip(numbers.forced_after, numbers.free_after, strict=True))
    assert all(
        free <= contained + 0.02 for free, contained in zip(numbers.free_after, numbers.contained_after, strict=True)
    )


def test_errors_cost_later_words_in_free_running(half_trained: Summarizer) -> None:
    numbers = exposure_bias.compute(half_trained, read_pairs("test", 200))
    assert numbers.with_error > 50
    check_exposure_bias(numbers)


# --- word_vectors.md --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def titles() -> Summarizer:
    return Summarizer.from_checkpoint("titles", device="cpu")


def test_a_product_with_a_one_hot_vector_selects_a_row(titles: Summarizer) -> None:
    words = ["three", "theorem"]
    ids = word_vectors.ids_of(titles.tokenizer, words)
    table = word_vectors.embeddings(titles)[: titles.tokenizer.vocab_size]
    assert torch.equal(word_vectors.one_hot(titles.tokenizer, words) @ table, table[ids])


def test_one_hot_vectors_are_equally_far_from_each_other(titles: Summarizer) -> None:
    words = ["three", "four", "theorem"]
    assert torch.equal(word_vectors.cosines(word_vectors.one_hot(titles.tokenizer, words)), torch.eye(3))


def test_learnt_vectors_of_one_group_are_similar(titles: Summarizer) -> None:
    vectors = word_vectors.embeddings(titles)
    words = [word for group in word_vectors.TITLES for word in group]
    inside, outside = word_vectors.group_means(
        vectors[word_vectors.ids_of(titles.tokenizer, words)], word_vectors.TITLES
    )
    assert inside > outside + 0.25
    matrix = word_vectors.cosines(vectors[word_vectors.ids_of(titles.tokenizer, words)])
    blocks = matrix.view(4, 5, 4, 5).mean(dim=(1, 3)).tril(-1)
    assert blocks.argmax() == 2 * 4 + 1  # the third group with the second
    assert blocks.max() > outside + 0.1


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("three", {"two", "four", "five", "Three", "3"}),
        ("theorem", {"theorems", "conjecture"}),
        ("deep", {"convolutional"}),
    ],
)
def test_nearest_neighbours_are_words_with_a_similar_use(titles: Summarizer, word: str, expected: set[str]) -> None:
    found = word_vectors.nearest(word_vectors.embeddings(titles), titles.tokenizer, word)
    assert expected <= {other for other, _ in found}
    values = [value for _, value in found]
    assert values == sorted(values, reverse=True)
    assert values[0] < 1  # not the word itself


def test_means_of_groups_by_hand() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    assert word_vectors.group_means(vectors, [("a", "b"), ("c",)]) == (0.0, 0.5)


# --- the summarizer of configs/lecture.yaml ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_the_lecture(tmp_path_factory: pytest.TempPathFactory) -> Summarizer:
    folder: Path = tmp_path_factory.mktemp("lecture")
    assert run("fit", "--config", "configs/lecture.yaml", "--trainer.default_root_dir", folder) == 0
    return trained_summarizer(folder / "best.ckpt")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_summarizer_of_the_lecture_has_exposure_bias(of_the_lecture: Summarizer) -> None:
    numbers = exposure_bias.compute(of_the_lecture)
    check_exposure_bias(numbers)
    assert numbers.forced[-1] > numbers.forced[0] + 0.05  # better in the course of the headline
    assert np.mean(numbers.free[2:]) < numbers.free[0]  # free running is not
    assert min(numbers.forced_after) > 0.5 > max(numbers.free_after)
    assert all(
        contained < forced - 0.1
        for contained, forced in zip(numbers.contained_after, numbers.forced_after, strict=True)
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_summarizer_of_the_lecture_has_found_groups_of_words(of_the_lecture: Summarizer) -> None:
    numbers = word_vectors.compute(of_the_lecture)
    assert numbers.groups["one-hot"] == (0.0, 0.0)
    assert abs(np.subtract(*numbers.groups["untrained"])) < 0.1
    assert np.subtract(*numbers.groups["news"]) > 0.25
    assert np.subtract(*numbers.groups["titles"]) > 0.25
