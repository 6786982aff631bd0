"""Axes: where a value stands, and the ticks that a reader expects.

Linear ticks are 1, 2 or 5 times a power of ten (Heckbert 1990, "Nice numbers for graph labels"); logarithmic ticks are
powers of ten, as many as have room.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["Scale", "scale"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Scale:
    """Values from ``low`` to ``high`` at places from ``start`` to ``end``."""

    __slots__ = ("end", "high", "log", "low", "start", "step")

    def __init__(self, low: float, high: float, step: float, *, log: bool) -> None:
        self.low, self.high, self.step, self.log = low, high, step, log
        self.start, self.end = 0.0, 1.0

    def over(self, start: float, end: float) -> Scale:
        """The same scale over these places; itself."""
        self.start, self.end = start, end
        return self

    def __call__(self, value: float) -> float:
        """The place of a value."""
        at = math.log10(value) if self.log else value
        return self.start + (at - self.low) / (self.high - self.low) * (self.end - self.start)

    def shows(self, value: float) -> bool:
        """Whether the value has a place: finite, and positive on a logarithmic axis."""
        return math.isfinite(value) and (value > 0 or not self.log)

    def ticks(self) -> list[tuple[float, str]]:
        """The values to be labelled, with their labels.

        >>> scale([1e-3, 40], 5, log=True).ticks()
        [(0.001, '10⁻³'), (0.01, '10⁻²'), (0.1, '10⁻¹'), (1.0, '1'), (10.0, '10'), (100.0, '10²')]
        """
        first = math.ceil(round(self.low / self.step, 9))
        count = math.floor(round(self.high / self.step, 9)) - first + 1
        steps = [(first + k) * self.step for k in range(count)]
        if self.log:
            return [(float(f"1e{round(at)}"), _power(round(at))) for at in steps]
        digits = max(0, -math.floor(math.log10(self.step)))
        return [(at, _plain(at, digits)) for at in steps]


def scale(values: Iterable[float], room: int, *, log: bool = False) -> Scale:
    """A scale that holds the values, with about ``room`` ticks, ending at ticks.

    >>> [label for _, label in scale([0, 0.93], 5).ticks()]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    known = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if log:
        known = [math.log10(v) for v in known]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = (low - 1, high + 1) if log or low == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    step = _nice((high - low) / max(room, 1), log=log)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step, log=log)


def _nice(step: float, *, log: bool) -> float:
    """A step that is not smaller; whole powers of ten on a logarithmic axis."""
    if log:
        return float(math.ceil(round(step, 9))) or 1.0
    size: float = 10.0 ** math.floor(math.log10(step))
    return size * next(k for k in (1, 2, 5, 10) if step <= k * size * (1 + 1e-9))


def _power(exponent: int) -> str:
    return {0: "1", 1: "10"}.get(exponent) or "10" + str(exponent).translate(_RAISED)


def _plain(value: float, digits: int) -> str:
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.6g}".replace("-", "−")
    return (f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}").replace("-", "−")
