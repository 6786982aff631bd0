"""Telling the summed indices of a term apart by what they are connected with.

Colour refinement, a class at a time: an index is looked at again only where a neighbour has become another, so that a
product of many factors costs what it has of them.  Nothing depends on the order in which the factors came: classes
are split in the order of their colours, by what is seen from their indices, and the largest part keeps the colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from matcalc import facts
from matcalc.calculus.reading import Factor

__all__ = ["factor_key", "told_apart"]

FIRST = 8  # the first colour of summed indices: a free one has itself
Sight: TypeAlias = tuple[tuple[int, int, tuple[int, ...]], ...]  # from an index: factors, where it stands, the others


def factor_key(factor: Factor) -> tuple[str, tuple[int, ...], str]:
    """The order of factors: it is the same in every process."""
    return (factor[0].digest, factor[2], str(factor[1]))


def told_apart(factors: Sequence[Factor], summed: Iterable[int]) -> list[list[int]]:
    """The summed indices in classes that nothing tells apart, in an order that depends on the term alone.

    >>> from matcalc.operations import table
    >>> A, x = table.variable("A", ("n", "n")), table.variable("x", ("n", 1))
    >>> told_apart([(A, 1, (0, 9)), (A, 1, (9, 8)), (x, 1, (8,))], {8, 9})
    [[9], [8]]
    >>> told_apart([(A, 1, (8, 9)), (A, 1, (9, 8))], {8, 9})
    [[8, 9]]
    """
    seen = _Sights(factors, summed)
    classes = {FIRST: set(seen.at)}
    colour = seen.colour
    changed: set[int] = set(seen.at)
    while changed:
        sights: dict[int, dict[Sight | None, set[int]]] = {}
        for k in changed:  # what is not looked at again sees what it saw, the same as all of its class
            sights.setdefault(colour[k], {}).setdefault(seen.sight(k), set()).add(k)
        changed = set()
        for old, parts in sorted(sights.items()):
            rest = classes[old].difference(*parts.values())
            if rest:
                parts.setdefault(seen.kept[next(iter(rest))], set()).update(rest)
            ordered = [parts[sight] for sight in sorted(parts, key=_order)]
            largest = max(ordered, key=len)
            for part in ordered:
                if part is largest:
                    classes[old] = part
                    continue
                new = FIRST + len(classes)
                classes[new] = part
                for k in part:
                    colour[k] = new
                    changed |= seen.near[k]
        changed = {k for k in changed if len(classes[colour[k]]) > 1}
    return [sorted(classes[c]) for c in sorted(classes)]


def _order(sight: Sight | None) -> Sight:
    return sight or ()


class _Sights:
    """What every summed index is connected with."""

    def __init__(self, factors: Sequence[Factor], summed: Iterable[int]) -> None:
        self.at: dict[int, list[tuple[int, int, tuple[int, ...]]]] = {k: [] for k in summed}
        self.near: dict[int, set[int]] = {k: set() for k in self.at}
        self.colour = dict.fromkeys(self.at, FIRST)
        self.kept: dict[int, Sight] = {}
        keys = [(node.digest, str(p)) for node, p, _ in factors]
        number = {key: place for place, key in enumerate(sorted(set(keys)))}
        for (node, _, index), key in zip(factors, keys, strict=True):
            either = len(index) == 2 and facts.symmetric(node)  # then the order of its indices says nothing
            for position, k in enumerate(index):
                if k in self.at:
                    self.at[k].append((number[key], -1 if either else position, index))
                    self.near[k].update(j for j in index if j != k and j in self.at)

    def sight(self, k: int) -> Sight:
        """What is seen from an index now."""
        colour = self.colour
        found = []
        for key, position, index in self.at[k]:
            others = tuple([colour.get(j, j) for j in index])
            found.append((key, position, others if position >= 0 else tuple(sorted(others))))
        sight = self.kept[k] = tuple(sorted(found))
        return sight
