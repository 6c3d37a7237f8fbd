"""Numbers as text, for people."""

from __future__ import annotations

import math


def readable(value: float) -> str:
    """A number with at most four digits, or without decimals: 1,234,567; 45.61; 0.0273; 0.00038; 1.2e-06."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else f"{'-' if value < 0 else ''}∞"
    size = abs(value)
    if size >= 1000 or value == int(value):
        return f"{value:,.0f}" if size < 1e9 else f"{value:.2e}"
    if size >= 0.0001:
        power = math.floor(math.log10(size))
        return f"{value:.{min(4, 3 - power) if size >= 0.01 else 1 - power}f}".rstrip("0").rstrip(".")
    return f"{value:.1e}"


def percent(value: float) -> str:
    """A score in percent, with two digits."""
    return "–" if math.isnan(value) else f"{value:.2f}"


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that cover a range: multiples of 1, 2 or 5 times a power of ten, about `count` of them.

    The first one is at most `low`, and the last one is at least `high`.
    """
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    rough = (high - low) / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]
