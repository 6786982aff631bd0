"""Numeric derivatives: the complex step, and central differences extrapolated.

Of an analytic function the complex step has no subtraction and so no rounding error worth the name
(Squire & Trapp 1998); elsewhere central differences at steps halved twice are extrapolated
(Richardson 1911), and their disagreement is the error estimate.
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

    step = STEP / max(1.0, *[_relative(point[name], direction) for name, direction in directions.items()])
    moved = dict(point)
    for name, direction in directions.items():
        moved[name] = np.asarray(point[name]) + 1j * step * direction
    return np.imag(function(moved)) / step, 0.0


def _relative(array: Any, direction: Any) -> float:
    """The size of a direction relative to what it moves."""
    import numpy as np

    size = float(np.abs(np.asarray(array)).max())
    return float(np.abs(direction).max()) / (size if size > 0 else 1.0)


def richardson(function: Function, point: Point, directions: Mapping[str, Any]) -> tuple[Any, float]:
    """The derivative along a direction, and an estimate of its error."""
    import numpy as np

    relative = max(_relative(point[name], direction) for name, direction in directions.items())
    step = 2.0 ** -(10 + round(np.log2(relative))) if relative > 0 else 2.0**-10
    table = []
    for k in range(3):
        h = step / 2**k
        ahead, behind = ({**point, **{n: point[n] + s * h * d for n, d in directions.items()}} for s in (1, -1))
        table.append((np.asarray(function(ahead)) - np.asarray(function(behind))) / (2 * h))
    first = [(4 * table[i + 1] - table[i]) / 3 for i in range(2)]
    second = (16 * first[1] - first[0]) / 15
    return second, float(np.max(np.abs(second - first[1])))
