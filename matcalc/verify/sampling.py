"""General points: sizes of dimensions that differ, and inputs drawn in their types.

The seed decides everything.  Points are never special: no zeros, ones, identities, no symmetry that
was not declared, no two dimensions of one size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from matcalc.expressions.dims import evaluate
from matcalc.expressions.dims import names as names_of
from matcalc.expressions.node import Node, Shape

if TYPE_CHECKING:
    import numpy as np

__all__ = ["basis", "draw", "entries_of", "sizes_of"]

LARGEST = 7


def sizes_of(
    names: Iterable[str],
    least: Mapping[Any, int],
    fixed: Mapping[str, int],
    shapes: Iterable[Shape],
    rng: np.random.Generator,
) -> dict[str, int]:
    """A size for every dimension, from 2 to 7 where that is enough.

    All differ, up to six dimensions; of more, those that meet in one of the ``shapes``.
    """
    names = [name for name in names if name not in fixed]
    smallest = {name: max(2, least.get(name, 2)) for name in names}
    few = len(names) <= 6
    meeting: dict[str, set[str]] = {name: set(names) if few else set() for name in names}
    for shape in () if few else shapes:
        together = [name for dim in shape for name in names_of(dim) if name in meeting]
        for name in together:
            meeting[name].update(together)
    largest = 5 if len(names) <= 3 else LARGEST
    sizes = dict(fixed)
    for name in sorted(names, key=lambda n: -smallest[n]):
        taken = {sizes[other] for other in meeting[name] if other in sizes} | set(fixed.values())
        fitting = [size for size in range(smallest[name], max(largest, smallest[name]) + 1) if size not in taken]
        sizes[name] = int(rng.choice(fitting)) if fitting else max([*taken, smallest[name]]) + 1
    return sizes


def shape_of(node: Node, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of the array that holds a node."""
    return tuple(evaluate(dim, dict(sizes)) for dim in node.shape if dim != 1)


def entries_of(shape: Shape, sizes: Mapping[str, int]) -> int:
    """How many entries an array of this shape has."""
    return math.prod([evaluate(dim, dict(sizes)) for dim in shape])


def draw(node: Node, sizes: Mapping[str, int], rng: np.random.Generator, wish: str = "", scale: float = 1.0) -> Any:
    """An input at a general point, in its type."""
    import numpy as np

    _, type_, positive = node.params
    shape = shape_of(node, sizes)
    if wish == "whole":
        return float(rng.integers(2, 5))
    if type_ == "simplex":
        array = np.exp(0.7 * rng.standard_normal(shape))
        return array / array.sum()
    if type_ == "diagonal":
        entries = np.exp(0.5 * rng.standard_normal(shape[0]))
        return np.diag(entries if positive or wish == "positive" else entries * rng.choice([-1.0, 1.0], shape[0]))
    if wish == "posdef" and not type_:
        array = rng.standard_normal(shape)
        return array @ array.T / len(array) + 0.5 * np.eye(len(array)) + 0.2 * (array - array.T)
    if positive or wish == "positive":
        array = np.exp(0.5 * rng.standard_normal(shape)) * scale
    elif wish == "negative":
        array = -np.exp(0.5 * rng.standard_normal(shape)) * min(scale, 0.3)
    else:
        array = rng.standard_normal(shape) * (0.3 * scale if wish == "small" else scale)
    return _typed(type_, array)


def _typed(type_: str, array: Any) -> Any:
    import numpy as np

    if type_ == "symmetric":
        return (array + array.T) / 2
    if type_ == "skew":
        return (array - array.T) / 2
    if type_ == "posdef":
        return array @ array.T / len(array) + 0.5 * np.eye(len(array))
    if type_ == "orthogonal":
        return np.linalg.qr(array)[0]
    return array if array.ndim else float(array)


def basis(node: Node, sizes: Mapping[str, int], structure: str) -> list[tuple[Any, tuple[int, ...], float]]:
    """Directions in which an input may vary: (direction, the entry that the derivative along it
    gives, by what to multiply).

    A symmetric matrix varies in two entries at once, and the projected gradient has half the
    derivative in each.
    """
    import numpy as np

    shape = shape_of(node, sizes)
    type_ = node.params[1] if node.op == "var" else ""
    half = 0.5 if structure == "projection" else 1.0
    found = []
    for entry in np.ndindex(*shape):
        mirrored = entry[::-1]
        direction = np.zeros(shape)
        direction[entry] = 1.0
        factor = 1.0
        if type_ in ("symmetric", "posdef", "skew") and mirrored != entry:
            if mirrored < entry:
                continue
            direction[mirrored] = -1.0 if type_ == "skew" else 1.0
            factor = half
        elif (type_ == "skew" and mirrored == entry) or (type_ == "diagonal" and mirrored != entry):
            continue
        found.append((direction, entry, factor))
    return found


def filled(node: Node, derivative: Any) -> None:
    """Put the derivatives of a structured matrix where the other half of its entries is."""
    import numpy as np

    type_ = node.params[1] if node.op == "var" else ""
    if type_ in ("symmetric", "posdef", "skew"):
        upper = np.triu(np.ones(derivative.shape[-2:]), 1)
        sign = -1.0 if type_ == "skew" else 1.0
        derivative += sign * np.swapaxes(derivative * upper, -1, -2)


def random_direction(node: Node, sizes: Mapping[str, int], rng: np.random.Generator) -> Any:
    """A direction in the space of the input's type."""
    import numpy as np

    type_ = node.params[1] if node.op == "var" else ""
    array = rng.standard_normal(shape_of(node, sizes))
    if type_ in ("symmetric", "posdef"):
        return (array + array.T) / 2
    if type_ == "skew":
        return (array - array.T) / 2
    return np.diag(np.diag(array)) if type_ == "diagonal" else array


def random_function(rng: np.random.Generator, positive: bool) -> list[Any]:
    """An unknown function with its derivatives: smooth, analytic, nothing special anywhere."""
    import numpy as np

    a, b, c = rng.uniform(0.6, 1.4), rng.uniform(0.2, 1.2), rng.uniform(0.1, 0.4)
    rise = 1.5 if positive else 0.0
    shifts = (0.0, math.pi / 2, math.pi)

    def function(order: int) -> Any:
        def f(t: Any) -> Any:
            square = (c * t * t + rise, 2 * c * t, 2 * c + 0 * t)[order] if order < 3 else 0 * t
            return a**order * np.sin(a * t + b + (shifts[order] if order < 3 else order * math.pi / 2)) + square

        return f

    return [function(order) for order in range(5)]
