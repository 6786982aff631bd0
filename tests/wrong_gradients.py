"""Wrong gradients of every kind, made from right ones: what the check has to catch.

A kind is a function from the right gradient of a variable to wrong ones, or to none where it does not apply.  Whether
what comes out is wrong at all (a product of scalars commutes; the gradient may be symmetric) is found by the plain
evaluator, at the points themselves, not by the check.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.operations.table import make, mul, neg, number, transpose
from tests.plain_evaluator import Evaluator

Kind = Callable[[Node, Node, random.Random], Iterator[Node]]


def replaced(root: Node, old: Node, new: Node) -> Node:
    """The expression with one node in the place of another; what is behind a name stays, as the name means it."""
    done: dict[Node, Node] = {old: new}
    for node in postorder(root, into=lambda n: n is not old and n.op not in NAMED):
        if node is not old:
            args = node.args if node.op in NAMED else tuple(done[a] for a in node.args)
            done[node] = node if args == node.args else intern(node.op, args, node.params, node.shape)
    return done[root]


def outside_names(root: Node) -> list[Node]:
    """The parts of an expression that are not hidden behind a name."""
    return list(postorder(root, into=lambda n: n.op not in NAMED))


def inside(gradient: Node, rng: random.Random, change: Callable[[Node], Node | None]) -> Iterator[Node]:
    """The gradient with one of its operations changed: one that is picked at random."""
    found = [(node, new) for node in outside_names(gradient) if (new := change(node)) is not None and new is not node]
    if found:
        old, new = rng.choice(found)
        yield replaced(gradient, old, new)


def unit(shape: Any, place: tuple[int, int]) -> Node:
    """One at a place, zero elsewhere."""
    def axis(size: Any, at: int) -> Node:
        return table.index(table.eye(size), ("all",), ("at", at))

    rows, columns = shape
    if shape == (1, 1):
        return number(1)
    if columns == 1:
        return axis(rows, place[0])
    return transpose(axis(columns, place[1])) if rows == 1 else make("outer", axis(rows, place[0]),
                                                                       axis(columns, place[1]))


def zero(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """Zero: what a tool gives that lacks the rule."""
    yield table.zeros(g.shape)


def factor(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A factor: 2, one half, or close to 1."""
    yield mul(number(rng.choice(("2", "0.5", "1.01", "0.99999", "3"))), g)


def sign(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """The other sign."""
    yield neg(g)


def transposed(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """The gradient by a square matrix, transposed."""
    if g.shape[0] == g.shape[1] != 1:
        yield transpose(g)


def one_transpose_less(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A transpose of a square matrix forgotten somewhere inside."""
    yield from inside(g, rng, lambda n: n.args[0] if n.op == "T" and n.args[0].shape == n.shape else None)


def dropped_term(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A term of a sum inside forgotten."""
    def change(node: Node) -> Node | None:
        kept = [a for a in node.args if a.shape == node.shape] if node.op in ("add", "sub") else []
        return rng.choice(kept) if kept else None

    yield from inside(g, rng, change)


def dropped_factor(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A factor of a product inside forgotten, as f'(z)."""
    def change(node: Node) -> Node | None:
        kept = [a for a in node.args if a.shape == node.shape] if node.op in ("mul", "div", "matmul") else []
        return rng.choice(kept) if kept else None

    yield from inside(g, rng, change)


def swapped(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """The operands of a product, a difference or a quotient inside the other way round."""
    def change(node: Node) -> Node | None:
        if node.op not in ("matmul", "sub", "div", "outer", "kron"):
            return None
        try:
            other = make(node.op, *node.args[::-1])
        except table.ShapeError:
            return None
        return other if other.shape == node.shape else None

    yield from inside(g, rng, change)


def one_entry(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """One entry off by 0.1 % of itself."""
    place = (rng.randrange(2), rng.randrange(2))
    yield table.add(g, mul(number("0.001"), mul(unit(g.shape, place), g)))


def symmetric_points(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """Right where the matrix is symmetric: what a special point hides."""
    squares = [n for n in outside_names(g) if n.op == "var" and n.shape[0] == n.shape[1] != 1 and not n.params[1]]
    for node in squares[:1]:
        yield replaced(g, node, transpose(node))


def equal_entries(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """Right where all entries of the variable are the same: at ones, at zeros."""
    if x.shape != (1, 1):
        yield mul(g, table.add(number(1), table.sub(x, make("mean", x, params=(None,)))))


def positive_points(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """Right where the variable is positive."""
    yield replaced(g, x, make("abs", x))


def wrong_function(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A function inside taken for another one."""
    others = {"tanh": "sin", "sin": "cos", "cos": "sin", "exp": "cosh", "sigmoid": "tanh", "log": "sqrt", "inv": "T",
              "sqrt": "tanh", "cosh": "exp", "sign": "step", "step": "sign", "softmax": "exp", "tr": "sum"}

    def change(node: Node) -> Node | None:
        new = others.get(node.op)
        if new is None:
            return None
        return make(new, node.args[0], params=(None,)) if new == "sum" else make(new, node.args[0])

    yield from inside(g, rng, change)


def wrong_number(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A number inside one too large."""
    yield from inside(g, rng, lambda n: number(n.params[0] + 1) if n.op == "num" else None)


def added(g: Node, x: Node, rng: random.Random) -> Iterator[Node]:
    """A thousandth of the gradient's length added to every entry."""
    length = make("norm", g) if g.shape != (1, 1) else make("abs", g)
    yield table.add(g, mul(mul(number("0.001"), length), table.ones(g.shape)))


KINDS: dict[str, Kind] = {
    "zero": zero, "factor": factor, "sign": sign, "transposed": transposed,
    "one transpose less": one_transpose_less, "dropped term": dropped_term, "dropped factor": dropped_factor,
    "swapped operands": swapped, "one entry off by 0.1 %": one_entry, "right at symmetric points": symmetric_points,
    "right at equal entries": equal_entries, "right at positive points": positive_points,
    "wrong function": wrong_function, "wrong number": wrong_number, "added": added,
}  # fmt: skip


def made(kind: str, gradient: Node, variable: Node, seed: str) -> Node | None:
    """A wrong gradient of a kind, or nothing where there is none."""
    rng = random.Random(zlib.crc32(f"{kind} {seed}".encode()))
    return next((new for new in KINDS[kind](gradient, variable, rng) if new.shape == gradient.shape), None)


def distances(right: Node, wrong: Node, points: list[Any]) -> list[float]:
    """How far the two are from each other at points, by the largest entry of either; by the plain evaluator."""
    found = []
    for point in points:
        functions = {(name, k): f for name, rows in point.functions.items() for k, f in enumerate(rows)}
        value = Evaluator(point.inputs, point.sizes, functions)
        with np.errstate(all="ignore"):
            a, b = value(right), value(wrong)
        gap = np.abs(a - b).max()
        size = max(np.abs(a).max(), np.abs(b).max())
        found.append(float("inf") if not np.isfinite(gap) else float(gap / size) if size else 0.0)
    return found
