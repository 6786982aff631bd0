"""Index terms with pairs of indices, ``r = i*b + k``, cut into products of terms without.

``kron``, ``vec`` and ``unvec`` pair indices. A pair that is an axis of the value or of the variable is two axes of the
compound rows or columns, one after the other. A pair that is summed is a compound axis in the middle: there the term
is a product of two matrices, one between the rows and the pair, one between the pair and the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matcalc.calculus.reading import Factor
from matcalc.calculus.wiring import Axes
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import axes
from matcalc.operations import table

__all__ = ["Segment", "segments"]


class Segment(NamedTuple):
    """A term without pairs, as a matrix between compound rows and compound columns."""

    factors: list[Factor]
    rows: Axes
    columns: Axes
    sizes: dict[int, Dim]


def segments(factors: Sequence[Factor], rows: Axes, columns: Axes, sizes: dict[int, Dim]) -> list[Segment] | None:
    """The matrices whose product the term is; None where pairs stand in it otherwise."""
    sizes = dict(sizes)
    for node, _, index in factors:
        sizes.update(zip(index, axes(node.shape), strict=True))
    waiting = [Segment(list(factors), rows, columns, sizes)]
    done: list[Segment] = []
    while waiting:
        part = waiting.pop()
        pair = next((f for f in part.factors if f[0].op == "pair"), None)
        if pair is None:
            done.append(part)
            continue
        if pair[1] != 1:
            return None
        if pair[2][0] in (*part.rows, *part.columns):
            split = _split(part, pair)
            if split is None:
                return None
            waiting.append(split)
        else:
            both = _cut(part, pair)
            if both is None:
                return None
            waiting += reversed(both)
    return done


def _split(part: Segment, pair: Factor) -> Segment | None:
    """A pair that is an axis is two axes, the slower first."""
    r, *ends = pair[2]
    sizes, factors, new = part.sizes, [f for f in part.factors if f is not pair], []
    if any(r in f[2] and f[0].op != "pair" for f in factors):
        return None
    for axis, dim in zip(ends, axes(pair[0].shape)[1:], strict=True):
        if axis in (*part.rows, *part.columns, *new):  # an axis of its own, equal to that one
            inside = max(sizes) + 1
            sizes[inside] = dim
            factors.append((table.eye(dim), 1, (inside, axis)))
            axis = inside
        new.append(axis)
    for position, (node, _, index) in enumerate(factors):
        if node.op == "pair" and index[0] == r:
            if node is not pair[0]:
                return None
            factors[position] = (table.eye(sizes[new[0]]), 1, (new[0], index[1]))
            factors.append((table.eye(sizes[new[1]]), 1, (new[1], index[2])))

    def opened(order: Axes) -> Axes:
        return tuple([b for a in order for b in (new if a == r else [a])])

    return Segment(factors, opened(part.rows), opened(part.columns), sizes)


def _cut(part: Segment, pair: Factor) -> tuple[Segment, Segment] | None:
    """The term cut in two at a pair that is summed."""
    r = pair[2][0]
    inner = _reached(part.factors, pair, r)
    outer = [f for f in part.factors if not any(f is g for g in inner)]
    within = {k for f in inner for k in f[2]} - {r}
    for own, other in ((part.rows, part.columns), (part.columns, part.rows)):
        if set(own) <= within and not set(other) & within:
            sides = [Segment(inner, own, (r,), part.sizes), Segment(outer, (r,), other, part.sizes)]
            if own is part.rows:
                return sides[0], sides[1]
            first, second = (Segment(s.factors, s.columns, s.rows, s.sizes) for s in sides)
            return second, first
    return None


def _reached(factors: Sequence[Factor], start: Factor, without: int) -> list[Factor]:
    """The factors that hang together with one of them, were it not for an index."""
    found, indices = [start], set(start[2]) - {without}
    grown = True
    while grown:
        grown = False
        for factor in factors:
            if indices & set(factor[2]) and not any(factor is f for f in found):
                found.append(factor)
                indices |= set(factor[2]) - {without}
                grown = True
    return found
