"""Numeric derivatives: the complex step, and central differences extrapolated.

Of an analytic function the complex step has no subtraction and so no rounding error worth the name (Squire & Trapp 1998); elsewhere
central differences at steps halved twice are extrapolated (Richardson 1911), and their disagreement is the error estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["COMPLEX", "RICHARDSON", "complex_step", "richardson"]

COMPLEX, RICHARDSON = "complex step", "Richardson extrapolation"
STEP = 1e-20
Point = Mapping[str, Any]
Function = Callable[[Point], Any]


def complex_step(function: Function, point: Point, directions: Mapping[str, Any]) -> tuple[Any, float]:
    """The derivative along a direction, and the error of it (none)."""
    import numpy as np

    moved = dict(point)
    for name, direction in directions.items():
        moved[name] = np.asarray(point[name]) + 1j * STEP * direction
    return np.imag(function(moved)) / STEP, 0.0


def richardson(function: Function, point: Point, directions: Mapping[str, Any]) -> tuple[Any, float]:
    """The derivative along a direction, and an estimate of its error."""
    import numpy as np

    scale = max(
        float(np.abs(np.asarray(point[name])).max()) / max(float(np.abs(direction).max()), 1e-300)
        for name, direction in directions.items()
    )
    step = 2.0**-10 * (2.0 ** round(np.log2(scale)) if scale > 0 else 1.0)
    table = []
    for k in range(3):
        h = step / 2**k
        ahead, behind = ({**point, **{n: point[n] + s * h * d for n, d in directions.items()}} for s in (1, -1))
        table.append((np.asarray(function(ahead)) - np.asarray(function(behind))) / (2 * h))
    first = [(4 * table[i + 1] - table[i]) / 3 for i in range(2)]
    second = (16 * first[1] - first[0]) / 15
    return second, float(np.max(np.abs(second - first[1])))
