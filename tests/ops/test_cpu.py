"""Settings of the CPU: products stay those of float32."""

from __future__ import annotations

import pytest
import torch

from seq2seq.ops import cpu

NEW_ENOUGH = pytest.mark.skipif(
    not hasattr(torch.backends.mkldnn, "matmul"), reason="this release of torch has no choice of products"
)


@NEW_ENOUGH
def test_products_are_exact_however_they_are_chosen() -> None:
    products = torch.backends.mkldnn.matmul
    before = products.fp32_precision
    try:
        chosen = cpu.use_onednn_products()
        assert products.fp32_precision == ("bf16" if chosen else before)
        assert cpu.multiplies_float32(64)
        a, b = torch.randn(70, 130), torch.randn(130, 90)
        torch.testing.assert_close(a @ b, (a.double() @ b.double()).float(), rtol=1e-5, atol=1e-4)
    finally:
        products.fp32_precision = before


@NEW_ENOUGH
def test_products_that_round_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    product = torch.Tensor.__matmul__
    rounding = lambda a, b: product(a.bfloat16().float(), b.bfloat16().float())  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "__matmul__", rounding)
    assert not cpu.multiplies_float32(64)
    assert not cpu.use_onednn_products()
    assert torch.backends.mkldnn.matmul.fp32_precision == before


def test_bfloat16_on_this_cpu() -> None:
    """Only where the CPU has instructions for it."""
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    assert cpu.bfloat16_is_faster("cpu") == bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))
