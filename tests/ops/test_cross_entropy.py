"""The chunked loss against the plain one, against torch, and in half precision against float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from seq2seq import ops
from seq2seq.ops.cross_entropy.chunked import softmax_in_place

WORDS = 50


def inputs(rows: int = 9, pointer: bool = True) -> tuple[list[torch.Tensor], torch.Tensor, dict[str, torch.Tensor]]:
    """Leaves hidden, weight, bias; targets, some of which only the pointer reaches; the pointer's leaves."""
    torch.manual_seed(0)
    leaves = [torch.randn(rows, 6), torch.randn(WORDS, 6), torch.randn(WORDS)]
    target = torch.randint(WORDS + (4 if pointer else 0), (rows,))
    extra = {"gate_logit": torch.randn(rows), "copy_prob": torch.rand(rows)} if pointer else {}
    if pointer:
        extra["copy_prob"][0] = 0.0
        target[0] = 3
    leaves = [x.double().requires_grad_() for x in leaves]
    return leaves, target, {name: x.double().requires_grad_() for name, x in extra.items()}


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("chunk", [1, 4, 1000, None])
def test_chunks_equal_autograd(pointer: bool, smoothing: float, chunk: int | None) -> None:
    leaves, target, extra = inputs(pointer=pointer)
    every, results = [*leaves, *extra.values()], []
    for plain in (False, True):
        with ops.reference_only() if plain else torch.enable_grad():
            loss, likelihoods = ops.linear_cross_entropy(
                *leaves, target, **extra, label_smoothing=smoothing, chunk=chunk
            )
        assert not likelihoods.requires_grad
        results.append([loss, likelihoods, *torch.autograd.grad(3 * loss, every)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)
    with torch.no_grad():
        torch.testing.assert_close(ops.linear_cross_entropy(*leaves, target, **extra, chunk=chunk)[1], results[1][1])


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_without_a_pointer_it_is_torchs_cross_entropy(smoothing: float) -> None:
    (hidden, weight, bias), target, _ = inputs(pointer=False)
    logits = functional.linear(hidden, weight, bias)
    expected = functional.cross_entropy(logits, target, reduction="sum", label_smoothing=smoothing)
    loss, likelihoods = ops.linear_cross_entropy(hidden, weight, bias, target, label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(likelihoods, -functional.cross_entropy(logits, target, reduction="none"))


def test_the_mixture_by_hand() -> None:
    (hidden, weight, bias), target, extra = inputs()
    probs = functional.linear(hidden, weight, bias).softmax(dim=-1)
    gate = extra["gate_logit"].sigmoid()
    expected = [
        gate[i] * (probs[i, word] if word < WORDS else 0) + (1 - gate[i]) * extra["copy_prob"][i]
        for i, word in enumerate(target.tolist())
    ]
    _, likelihoods = ops.linear_cross_entropy(hidden, weight, bias, target, **extra)
    torch.testing.assert_close(likelihoods, torch.stack(expected).log())


@pytest.mark.parametrize("certain", [1.0, 12.0])
def test_gradients_in_bfloat16(certain: float) -> None:
    """Near those of float64, also where the target has nearly all probability and the gradient is a small rest."""
    torch.manual_seed(0)
    target = torch.randint(500, (40,))
    weight = torch.randn(500, 32, dtype=torch.double).bfloat16()
    hidden = (certain / 32 * weight[target].double() + 0.1 * torch.randn(40, 32)).bfloat16()
    results = []
    for low in (True, False):
        leaves = [x.detach().clone() if low else x.double() for x in (hidden, weight, torch.zeros(500).bfloat16())]
        for leaf in leaves:
            leaf.requires_grad_()
        loss, _ = ops.linear_cross_entropy(*leaves, target)
        results.append(torch.autograd.grad(loss, leaves))
    for found, expected in zip(*results, strict=True):
        assert found.dtype == torch.bfloat16
        assert (found.double() - expected).norm() < 0.03 * expected.norm()


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_softmax_by_float64(scale: float) -> None:
    logits, bias = scale * torch.randn(40, 1000), torch.randn(1000)
    exact = logits.double() + bias
    probs, log_norm, mean = softmax_in_place(logits.clone(), bias)
    # A logit of some hundreds has no more digits behind the point than this.
    torch.testing.assert_close(probs.double(), exact.softmax(dim=-1), rtol=2e-6 * scale, atol=1e-30)
    torch.testing.assert_close(log_norm.double(), exact.logsumexp(dim=-1), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(mean.double(), exact.mean(dim=-1), rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("chunk", [4, None])
def test_target_weights(pointer: bool, smoothing: float, chunk: int | None) -> None:
    """The weighted loss is the weighted sum of the losses of single targets; so are its gradients. Weights may be
    negative or zero."""
    leaves, target, extra = inputs(pointer=pointer)
    every = [*leaves, *extra.values()]
    factors = torch.linspace(-2, 3, len(target), dtype=torch.double).round()
    assert {-2.0, 0.0, 3.0} <= set(factors.tolist())
    with ops.reference_only():
        single = [
            ops.linear_cross_entropy(
                leaves[0][i : i + 1],
                *leaves[1:],
                target[i : i + 1],
                **{name: x[i : i + 1] for name, x in extra.items()},
                label_smoothing=smoothing,
            )[0]
            for i in range(len(target))
        ]
    expected = factors @ torch.stack(single)
    gradients = torch.autograd.grad(3 * expected, every)
    for plain in (False, True):
        with ops.reference_only() if plain else torch.enable_grad():
            loss, likelihoods = ops.linear_cross_entropy(
                *leaves, target, **extra, target_weights=factors, label_smoothing=smoothing, chunk=chunk
            )
        torch.testing.assert_close(loss, expected)
        for one, other in zip(torch.autograd.grad(3 * loss, every), gradients, strict=True):
            torch.testing.assert_close(one, other)
        torch.testing.assert_close(likelihoods, ops.linear_cross_entropy(*leaves, target, **extra)[1])


def test_nan_stays_nan() -> None:
    leaves, target, extra = inputs()
    with torch.no_grad():
        leaves[0][1, 2] = torch.nan
    _, likelihoods = ops.linear_cross_entropy(*leaves, target, **extra)
    assert likelihoods.isnan().nonzero().flatten().tolist() == [1]


def assert_both_versions(
    expected: tuple[torch.Tensor, torch.Tensor],
    leaves: list[torch.Tensor],
    target: torch.Tensor,
    extra: dict[str, torch.Tensor],
    **options: Any,
) -> None:
    """The fast and the plain version have the expected loss, log-likelihoods and gradients of all leaves."""
    every = [*leaves, *extra.values()]
    gradients = torch.autograd.grad(3 * expected[0], every)
    for plain in (False, True):
        with ops.reference_only() if plain else torch.enable_grad():
            found = ops.linear_cross_entropy(*leaves, target, **extra, **options)
            torch.testing.assert_close(found, expected)
            for one, other in zip(torch.autograd.grad(3 * found[0], every), gradients, strict=True):
                torch.testing.assert_close(one, other)


@pytest.mark.parametrize("pointer", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_some_words_alone(pointer: bool, smoothing: float) -> None:
    """The loss over some words is that of an output layer which has no others. So are its gradients; those of all other
    rows are zero."""
    leaves, target, extra = inputs(pointer=pointer)
    hidden, weight, bias = leaves
    words = torch.tensor(sorted({*range(4), *target[target < WORDS].tolist(), 30, 44}))
    places = {word: place for place, word in enumerate(words.tolist())}
    inside = torch.tensor([places.get(word, word - WORDS + len(words)) for word in target.tolist()])
    expected = ops.linear_cross_entropy(hidden, weight[words], bias[words], inside, **extra, label_smoothing=smoothing)
    assert_both_versions(expected, leaves, target, extra, label_smoothing=smoothing, words=words)
    all_words = ops.linear_cross_entropy(*leaves, target, **extra, words=torch.arange(WORDS))
    torch.testing.assert_close(all_words, ops.linear_cross_entropy(*leaves, target, **extra))


@pytest.mark.parametrize("pointer", [True, False])
def test_a_word_that_stands_for_several(pointer: bool) -> None:
    """A word that counts three times is three words with the same row and bias."""
    leaves, target, extra = inputs(pointer=pointer)
    hidden, weight, bias = leaves
    own = sorted({*range(4), *target[target < WORDS].tolist()})
    others = [word for word in range(WORDS) if word not in own][:2]
    words = torch.tensor(sorted(own + others))
    log_counts = torch.where(torch.isin(words, torch.tensor(others)), 3.0, 1.0).double().log()
    copies = torch.tensor(own + 3 * others)
    places = {word: place for place, word in enumerate(own)}
    inside = torch.tensor([places.get(word, word - WORDS + len(copies)) for word in target.tolist()])
    expected = ops.linear_cross_entropy(hidden, weight[copies], bias[copies], inside, **extra)
    assert_both_versions(expected, leaves, target, extra, words=words, log_counts=log_counts)
