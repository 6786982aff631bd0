"""What facts say of whole sums over indices: entries that sum to one or zero, a unit vector's squares, what is 0."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc import facts
from matcalc.calculus.reading import Factor
from matcalc.expressions.node import Node

if TYPE_CHECKING:
    from matcalc.calculus.terms import Raw

__all__ = ["alternates", "known_sums", "units"]


def known_sums(raw: Raw, free: Collection[int]) -> None:
    """What sums to one or to zero along summed indices where nothing else stands: vectors, matrices, their rows and
    columns."""
    count: dict[int, int] = {}
    for _, _, index in raw.factors:
        for k in index:
            count[k] = count.get(k, 0) + 1
    kept: list[Factor] = []
    for node, p, index in raw.factors:
        alone = tuple([k not in free and count[k] == 1 for k in index])
        summed = _axes(node, alone) if p == 1 and any(alone) else ()
        if p == 1 and any(alone) and _vanishes(node, alone):
            raw.coeff = 0
        if not summed:
            kept.append((node, p, index))
        for axis in summed:
            raw.sizes.pop(index[axis], None)
    raw.factors = kept


def _axes(node: Node, alone: tuple[bool, ...]) -> tuple[int, ...]:
    """The axes over which the entries of a factor sum to one, of those where it stands alone."""
    if all(alone) and facts.sums_to_one(node):
        return tuple(range(len(alone)))
    if len(alone) == 2 and alone[0] and facts.column_sums_are_one(node):
        return (0,)
    return (1,) if len(alone) == 2 and alone[1] and facts.row_sums_are_one(node) else ()


def _vanishes(node: Node, alone: tuple[bool, ...]) -> bool:
    """Whether the sum over the axes where a factor stands alone is zero."""
    if all(alone):
        return bool(facts.fact(node, "sums_to_zero"))
    return bool(facts.fact(node, "columns_sum_to_zero" if alone[0] else "rows_sum_to_zero"))


def units(raw: Raw, free: Collection[int]) -> None:
    """The squares of the entries of a unit vector, summed."""
    powers: dict[tuple[Node, tuple[int, ...]], int | Fraction] = {}
    at: dict[int, set[tuple[Node, tuple[int, ...]]]] = {}
    for node, p, index in raw.factors:
        powers[node, index] = powers.get((node, index), 0) + p
        for k in index:
            at.setdefault(k, set()).add((node, index))
    for (node, index), p in powers.items():
        if p == 2 and facts.unit(node) and all(k not in free and len(at[k]) == 1 for k in index):
            raw.factors = [f for f in raw.factors if (f[0], f[2]) != (node, index)]
            for k in index:
                raw.sizes.pop(k, None)


def alternates(raw: Raw, free: Collection[int]) -> bool:
    """Whether a term is its own negative: a skew matrix between indices that the rest does not tell apart."""
    for position, (node, p, index) in enumerate(raw.factors):
        if len(index) != 2 or p != 1 or not facts.skew(node) or index[0] in free or index[1] in free:
            continue
        i, j = index
        if i == j:
            return True
        rest = [f for q, f in enumerate(raw.factors) if q != position]
        swapped = [(n, q, tuple([{i: j, j: i}.get(k, k) for k in at])) for n, q, at in rest]
        if _unordered(rest) == _unordered(swapped):
            return True
    return False


def _unordered(factors: list[Factor]) -> list[tuple[str, str, tuple[int, ...]]]:
    found = [(n, p, tuple(sorted(at)) if len(at) == 2 and facts.symmetric(n) else at) for n, p, at in factors]
    return sorted([(n.digest, str(p), at) for n, p, at in found])
