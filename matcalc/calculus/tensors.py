"""Values with more than two axes, and those that no matrix notation has: sums of index terms as nodes.

An ``entries`` node has the factors as arguments; its parameters are the terms, each a coefficient and, for every
factor, its position among the arguments, its power and its indices. The free indices are 0, 1, 2, ...: the axes of
the value, then those of the variable; any other is summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from weakref import WeakKeyDictionary

from matcalc.calculus.terms import Key, Number, Raw, Sum, free_of, normalise
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, axes, intern

__all__ = ["entries", "entries_sum", "indexed_sum", "is_entries"]

PASSES = 4
_sums: WeakKeyDictionary[Node, Sum] = WeakKeyDictionary()
Term = tuple[Fraction, tuple[tuple[int, Fraction, tuple[int, ...]], ...]]


def is_entries(node: Node) -> bool:
    """Whether the node is a sum of index terms."""
    return node.op == "entries"


def entries(value: Sum, order: Sequence[int]) -> Node:
    """The node of a sum whose free indices, in this order, are the axes."""
    sizes: dict[int, Dim] = dict(zip(value.free, value.dims, strict=True))
    value = _settled(_renumbered(value, order))
    args: dict[Node, int] = {}
    terms: list[Term] = []
    for (scalars, factors), c in sorted(value.terms.items(), key=_order):
        parts = [(node, p, ()) for node, p in scalars] + list(factors)
        listed = [
            (args.setdefault(node, len(args)), Fraction(p), index)
            for node, p, index in parts
        ]
        terms.append((Fraction(c), tuple(listed)))
    shape = tuple([sizes[k] for k in order])
    if len(shape) < 2:
        shape = (*shape, *(1,) * (2 - len(shape))) if tuple(order) != (1,) else (1, *shape)
    return intern("entries", tuple(args), tuple(terms), shape)  # type: ignore[arg-type]


def _settled(value: Sum) -> Sum:
    """The sum that is its own canonical form: summed indices are numbered by what they stand in, and the order of a
    symmetric matrix's indices follows the numbers, which may number others anew."""
    for _ in range(PASSES):
        again = _renumbered(value, value.free)
        if again.terms == value.terms:
            break
        value = again
    return value


def _renumbered(value: Sum, order: Sequence[int]) -> Sum:
    """The sum with its free indices numbered as the axes are, in canonical form again."""
    sizes = dict(zip(value.free, value.dims, strict=True))
    place = {k: i for i, k in enumerate(order)}
    result = Sum((1, 1), tuple([(i, sizes[k]) for i, k in enumerate(order)]))
    for (scalars, factors), c in value.terms.items():
        raw = Raw(c)
        raw.scalars = dict(scalars)
        raw.sizes.update(result.extra)
        raw.factors = [(n, p, tuple([place.get(k, k) for k in index])) for n, p, index in factors]
        for node, _, index in raw.factors:
            raw.sizes.update(zip(index, axes(node.shape), strict=True))
        normalise(raw, result.free, result)
    return result


def entries_sum(node: Node) -> Sum:
    """The terms of an ``entries`` node with at most two axes, at its rows and columns."""
    value = Sum(node.shape)
    place = dict(enumerate(free_of(node.shape)))
    for key, c in indexed_sum(node).terms.items():
        raw = Raw(c)
        raw.scalars = dict(key[0])
        raw.factors = [(n, p, tuple([place.get(k, k) for k in index])) for n, p, index in key[1]]
        for n, _, index in raw.factors:
            raw.sizes.update(zip(index, axes(n.shape), strict=True))
        normalise(raw, value.free, value)
    return value


def _order(item: tuple[Key, Number]) -> list[tuple[str, str, tuple[int, ...]]]:
    (scalars, factors), _ = item
    return [(n.digest, str(p), ()) for n, p in scalars] + [(n.digest, str(p), index) for n, p, index in factors]


def indexed_sum(node: Node) -> Sum:
    """The terms of an ``entries`` node, its axes as the extra indices 0, 1, 2, ... of a sum.

    The sum is kept as long as the node lives, and not to be changed.
    """
    found = _sums.get(node)
    if found is not None:
        return found
    shape: Sequence[Dim] = axes(node.shape)
    value = _sums[node] = Sum((1, 1), tuple(enumerate(shape)))
    for c, factors in node.params:
        raw = Raw(int(c) if c == int(c) else c)
        raw.sizes.update(enumerate(shape))
        for position, p, index in factors:
            factor = node.args[position]
            power = int(p) if p == int(p) else p
            if index:
                raw.factors.append((factor, power, index))
                raw.sizes.update(zip(index, axes(factor.shape), strict=True))
            else:
                raw.scale(factor, power)
        normalise(raw, value.free, value)
    return value
