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
        if pair[2][0] not in (*part.rows, *part.columns):
            found = _cut(part, pair)
        elif any(pair[2][0] in f[2] and f[0].op != "pair" for f in part.factors):
            found = _weighted(part, pair[2][0])
        else:
            found = _split(part, pair)
        if found is None:
            return None
        waiting += reversed(found)
    return done


def _weighted(part: Segment, r: int) -> list[Segment] | None:
    """Marks of a pair that is an axis, in a diagonal matrix of their own."""
    marks = [f for f in part.factors if f[2] == (r,)]
    others = [f for f in part.factors if f[2] != (r,)]
    if any(r in f[2] and f[0].op != "pair" for f in others) or (r,) not in (part.rows, part.columns):
        return None
    inner = max(part.sizes) + 1
    part.sizes[inner] = part.sizes[r]
    others = [(node, p, tuple([inner if k == r else k for k in index])) for node, p, index in others]
    marks.append((table.eye(part.sizes[r]), 1, (r, inner)))
    if part.rows == (r,):
        return [Segment(marks, (r,), (inner,), part.sizes), Segment(others, (inner,), part.columns, part.sizes)]
    return [Segment(others, part.rows, (inner,), part.sizes), Segment(marks, (inner,), (r,), part.sizes)]


def _split(part: Segment, pair: Factor) -> list[Segment] | None:
    """A pair that is an axis is two axes, the slower first."""
    r, *ends = pair[2]
    sizes, factors = part.sizes, [f for f in part.factors if f is not pair]
    new: list[int] = []
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

    return [Segment(factors, opened(part.rows), opened(part.columns), sizes)]


def _cut(part: Segment, pair: Factor) -> list[Segment] | None:
    """The term cut in two at a pair that is summed: what hangs on the pair, and the rest.

    What hangs on it has row axes alone, or column axes alone, or none; other axes of that side go through beside it:
    ``(B.T ⊗ I) @ N`` where B hangs on the pair.
    """
    r = pair[2][0]
    inner = _reached(part.factors, pair, r)
    outer: list[Factor] = []
    for factor in part.factors:
        if r in factor[2] and not _among(factor, [*inner, *outer]):
            outer += _reached(part.factors, factor, r)
    inner = [f for f in part.factors if not _among(f, outer)]
    held = {k for f in outer for k in f[2]} & {*part.rows, *part.columns}
    side = next((side for side in (part.rows, part.columns) if held <= set(side)), None)
    if side is None:
        return None
    place = min([side.index(k) for k in held], default=len(side))
    border: list[int] = []
    through: dict[int, int] = {}
    for axis in side:
        if axis not in held:
            through[axis] = max(part.sizes) + 1
            part.sizes[through[axis]] = part.sizes[axis]
            outer.append((table.eye(part.sizes[axis]), 1, (axis, through[axis])))
            border.append(through[axis])
        elif side.index(axis) == place:
            border.append(r)
    middle = tuple(border if held else [*border, r])
    inner = [(node, p, tuple([through.get(k, k) for k in index])) for node, p, index in inner]
    if side is part.rows:
        return [Segment(outer, part.rows, middle, part.sizes), Segment(inner, middle, part.columns, part.sizes)]
    return [Segment(inner, part.rows, middle, part.sizes), Segment(outer, middle, part.columns, part.sizes)]


def _among(factor: Factor, others: Sequence[Factor]) -> bool:
    return any(factor is other for other in others)


def _reached(factors: Sequence[Factor], start: Factor, without: int) -> list[Factor]:
    """The factors that hang together with one of them, were it not for an index."""
    found, indices = [start], set(start[2]) - {without}
    grown = True
    while grown:
        grown = False
        for factor in factors:
            if indices & set(factor[2]) and not _among(factor, found):
                found.append(factor)
                indices |= set(factor[2]) - {without}
                grown = True
    return found
