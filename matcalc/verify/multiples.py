"""Arrays that are multiples of others at all points: by a number, by a dimension, or by something that varies."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from matcalc.verify.points import Point

__all__ = ["constant", "number_text", "ratios"]

SIMPLE = 12  # the largest numerator or denominator that a wrong factor beside another mistake may have
EVEN = 1e-6


def ratios(said: Sequence[Any], truth: Sequence[Any], tolerance: float) -> list[float] | None:
    """By what the arrays are multiples, at each point; None where they are none."""
    import numpy as np

    from matcalc.verify.check import difference

    found = []
    for a, b in zip(said, truth, strict=True):
        if a.shape != b.shape:
            return None
        place = np.unravel_index(int(np.argmax(np.abs(b))), b.shape) if b.ndim else ()
        if not b[place] or not np.isfinite(b[place]) or not a[place]:
            return None
        ratio = float(a[place] / b[place])
        if not difference(a, b * ratio)[0] <= tolerance:
            return None
        found.append(ratio)
    return found


def constant(found: Sequence[float], points: Sequence[Point], *, simple: bool = False) -> tuple[str, str]:
    """What the ratios are: (a number in words, the dimension that multiplies or divides); empty where they vary.

    ``simple`` admits plain fractions alone.
    """
    sizes: dict[str, list[float]] = {"": [1.0] * len(found)}
    for name in points[0].sizes:
        sizes[name] = [float(point.sizes[name]) for point in points]
        sizes[f"1/{name}"] = [1 / size for size in sizes[name]]
    for what, by in sizes.items():
        rest = [ratio / k for ratio, k in zip(found, by, strict=True)]
        if max(rest) - min(rest) > EVEN * abs(rest[0]) or (what and len(set(by)) < 2):
            continue
        near = Fraction(rest[0]).limit_denominator(SIMPLE)
        if simple and (abs(near.numerator) > SIMPLE or abs(float(near) - rest[0]) > EVEN * abs(rest[0])):
            continue
        return number_text(rest[0]), what
    return "", ""


def number_text(ratio: float) -> str:
    """A ratio as a fraction where it is one.

    >>> number_text(-0.5), number_text(3.14159)
    ('-1/2', '3.14159')
    """
    near = Fraction(ratio).limit_denominator(64)
    return str(near) if abs(float(near) - ratio) <= EVEN * abs(ratio) and near else f"{ratio:.6g}"
