"""Gradients projected on the space of a structured matrix, as arrays (formulas: `matcalc.calculus.structure`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["PROJECTIONS", "as_it_is"]


def as_it_is(array: Any) -> Any:
    """The array: what the gradient by an unstructured variable is projected to."""
    return array


def _turned(array: Any) -> Any:
    import numpy as np

    return np.swapaxes(array, -1, -2)


def _diagonal(array: Any) -> Any:
    import numpy as np

    return array * np.eye(array.shape[-1])


PROJECTIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "symmetric": (lambda a: (a + _turned(a)) / 2, "(G + G.T)/2"),
    "posdef": (lambda a: (a + _turned(a)) / 2, "(G + G.T)/2"),
    "skew": (lambda a: (a - _turned(a)) / 2, "(G - G.T)/2"),
    "diagonal": (_diagonal, "the diagonal of G"),
}
