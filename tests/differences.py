"""Derivatives from values alone: Richardson differences at general points, for holding formulas against.

Nothing here knows a law.  The values are those of `plain_evaluator`; points are rectangular, unsymmetric, and
in the domain.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from plain_evaluator import Array, Evaluator

from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations.table import OPERATIONS, variable

SIZES = {"m": 4, "n": 3, "p": 2, "q": 5, "k": 3, "d": 5}
STEP = 1e-3

# unknown functions and their derivatives, by name
FUNCTIONS: dict[tuple[str, int], Any] = {}
for _name, _a in (("f", 1.3), ("g", 0.7), ("h", 1.9)):
    for _order in range(5):
        FUNCTIONS[_name, _order] = lambda x, a=_a, n=_order: a**n * np.sin(a * x + 0.4 + n * np.pi / 2)


# functions of whole values whose laws programs state
FUNCTIONS["F", 0] = lambda z: np.log(np.exp(z).sum())
FUNCTIONS["unit", 0] = lambda x: x / np.sqrt((x**2).sum())


def evaluator(inputs: Mapping[str, Any], sizes: Mapping[str, int] = SIZES) -> Evaluator:
    return Evaluator(dict(inputs), dict(sizes), FUNCTIONS)


def draw(node: Node, rng: np.random.Generator, how: str, value: Array) -> Array:
    """A general value of a variable from its magnitudes: of its declared type, where ``how`` says."""
    shape, (_, type_, positive) = value.shape, node.params
    if how not in ("positive", "unit") and not positive:
        value *= rng.choice([-1.0, 1.0], shape)
    if how == "posdef":
        value = value @ value.T + np.eye(*shape) + 0.1 * (value - value.T)
    if how.startswith("simple"):
        value[np.diag_indices(min(shape))] += np.arange(min(shape))
    if how in ("invertible", "full rank"):
        value += 2 * np.eye(*shape)
    if type_ in ("symmetric", "posdef"):
        value = (value + value.T) / 2 if type_ == "symmetric" else value @ value.T + np.eye(shape[0])
    elif type_ == "skew":
        value = value - value.T
    elif type_ == "diagonal":
        value = np.diag(np.diag(value))
    elif type_ == "orthogonal":
        value = np.linalg.qr(value)[0]
    elif type_ == "simplex":
        value = abs(value) / np.sum(abs(value))
    return value


def slope(value: Callable[[Array], Array], at: Array) -> Array:
    """The derivative of an array by an array, axes of the value first: differences, extrapolated once."""
    columns = []
    for i in np.ndindex(*at.shape):
        unit = np.zeros(at.shape)
        unit[i] = STEP

        def central(h: float, unit: Array = unit) -> Array:
            return np.asarray((value(at + h * unit) - value(at - h * unit)) / (2 * h * STEP))

        columns.append((4 * central(0.5) - central(1.0)) / 3)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *at.shape)


def substituted(root: Node, old: Node, new: Node) -> Node:
    """The expression with a node replaced everywhere."""
    done: dict[Node, Node] = {old: new}
    for node in postorder(root, into=lambda n: n is not old):
        if node is not old:
            args = tuple(done[a] for a in node.args)
            done[node] = intern(node.op, args, node.params, node.shape)
    return done[root]


def derivative(value: Node, by: Node, inputs: Mapping[str, Any], sizes: Mapping[str, int] = SIZES) -> Array:
    """The derivative of a value by any node below it, as it varies by itself: shape value + shape of the node."""
    at = evaluator(inputs, sizes)(by)
    place = variable("(varied)", by.shape)
    replaced = substituted(value, by, place)
    return slope(lambda x: evaluator({**inputs, "(varied)": x}, sizes)(replaced), at)


def close(found: Any, expected: Any, tolerance: float = 1e-7) -> bool:
    """Whether two arrays agree, by the size of the expected one."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        return False
    scale = max(float(np.max(np.abs(expected), initial=0)), 1e-3)
    return bool(np.max(np.abs(found - expected), initial=0) <= tolerance * scale)


def variables(*roots: Node) -> list[Node]:
    return sorted({n for n in postorder(*roots) if n.op == "var"}, key=lambda n: n.params[0])


def samples(roots: Collection[Node]) -> dict[str, str]:
    """For every variable, where the operations that it enters ask it to be."""
    found: dict[str, str] = {}
    for node in postorder(*roots):
        entry = OPERATIONS.get(node.op)
        if node.op == "pow":
            found.update((below.params[0], "positive") for below in variables(node.args[0]))
        if entry is None or not entry.sample:
            continue
        how, _, only = entry.sample.rpartition(" ") if entry.sample[-1] in "AB" else (entry.sample, "", "")
        for name, argument in zip(entry.signature, node.args, strict=False):
            if not only or name == only:
                for below in variables(argument):
                    if found.get(below.params[0]) not in ("positive", "invertible", "full rank"):
                        found[below.params[0]] = how
    return found


def point(*roots: Node, seed: str = "", sizes: Mapping[str, int] = SIZES) -> dict[str, Array]:
    """A general point: magnitudes from 0.3 to 0.9, no two within a step of each other, so that no kink is near."""
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    found, how = variables(*roots), samples(roots)
    shapes = [tuple(size_of(dim, sizes) for dim in v.shape) for v in found]
    counts = [int(np.prod(shape)) for shape in shapes]
    total = max(sum(counts), 1)
    magnitudes = 0.3 + 0.6 * (rng.permutation(total) + rng.uniform(0, 0.5, total)) / total
    parts = np.split(magnitudes, np.cumsum(counts)[:-1]) if found else []
    return {
        v.params[0]: draw(v, rng, how.get(v.params[0], ""), part.reshape(shape))
        for v, part, shape in zip(found, parts, shapes, strict=True)
    }
