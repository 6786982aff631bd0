"""What is known of the dimensions when a plan is made: nothing but that they are at least 1, or what hints say.

Two costs are polynomials in the dimensions.  One *dominates* where their difference, written in what the dimensions
are above 1, has no negative coefficient: then the other is no dearer for any sizes whatever.  Hints put numbers in
before that.  Where neither dominates, sizes have to be assumed, and every name counts `LARGE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import log, prod
from typing import Any

from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim, add, evaluate, names, rename, subtract, terms, text

__all__ = ["LARGE", "Sizes", "grid", "hints_of", "not_too_small"]

LARGE = 1000
SMALL = 10
NAMES = 6  # dimensions that sizes are tried for; any further ones count LARGE


def hints_of(given: Mapping[str, int], dims: Sequence[str], least: Mapping[Any, int] | None = None) -> dict[str, int]:
    """Sizes to be expected, held against the dimensions that there are and the ``least`` sizes that indices ask for.

    Raises `UnknownNameError` for another name, `UnsupportedError` for what is no size of that dimension.

    >>> hints_of({"n": 1000}, ["n", "d"])
    {'n': 1000}
    """
    found = {}
    for name, size in given.items():
        if name not in dims:
            raise _unknown(name, dims)
        if isinstance(size, bool) or not hasattr(size, "__index__") or size < 1:
            raise UnsupportedError(f"the dimension {name} = {size!r}", hint="a dimension is a whole number from 1 on")
        found[name] = int(size)
    not_too_small(found, least or {})
    return found


def not_too_small(sizes: Mapping[str, int], least: Mapping[Any, int]) -> None:
    """Hold sizes against the ``least`` ones that indices ask for.  Raises `UnsupportedError`."""
    for dim, size in least.items():
        if set(names(dim)) <= sizes.keys() and evaluate(dim, sizes) < size:
            told = ", ".join([f"{name} = {sizes[name]}" for name in names(dim)])
            raise UnsupportedError(f"{told} is too small", hint=f"the program's indices ask for {text(dim)} >= {size}")


def _unknown(name: str, dims: Sequence[str]) -> UnknownNameError:
    import difflib

    near = difflib.get_close_matches(str(name), dims, 1) if len(str(name)) > 1 else []
    there = f"there is {', '.join(dims)}" if dims else "all dimensions are numbers"
    said = "is a number already" if str(name).isdecimal() else "is no dimension of the program"
    return UnknownNameError(f"{name} {said}", hint=f"did you mean {near[0]}?" if near else there)


class Sizes:
    """Costs compared: ``hints`` are sizes to be expected, by the name of a dimension.

    >>> from matcalc.expressions.dims import multiply
    >>> Sizes().sign(subtract(multiply("n", multiply("n", "m")), multiply("n", "m")))  # n²m is never less than n m
    1
    >>> Sizes().sign(subtract("n", "m")) is None, Sizes({"m": 3}).sign(subtract("n", "m")) is None
    (True, True)
    >>> Sizes({"m": 1, "n": 1000}).sign(subtract("n", "m"))
    1
    """

    __slots__ = ("hints",)

    def __init__(self, hints: Mapping[str, int] | None = None) -> None:
        self.hints = dict(hints or {})

    def weight(self, dim: Dim) -> int:
        """What a dimension counts where sizes are assumed: a number as itself, a name its hint or `LARGE`."""
        if isinstance(dim, int):
            return dim
        return max(1, evaluate(dim, {name: self.hints.get(name, LARGE) for name in names(dim)}))

    def size(self, axes: Iterable[Dim]) -> int:
        """What an array counts: its entries where sizes are assumed."""
        return prod([self.weight(dim) for dim in axes])

    def known(self, cost: Dim) -> Dim:
        """A cost with the numbers that hints give."""
        return rename(cost, self.hints) if self.hints else cost

    def sign(self, cost: Dim) -> int | None:
        """1 or -1 where a cost is so, or zero, for all sizes; 0 where it vanishes; ``None`` where that is not known."""
        cost = self.known(cost)
        found = terms(cost)
        if not found:
            return 0
        if not ({c > 0 for c in found.values()} - {True}):
            return 1
        above = terms(rename(cost, {name: add(name, 1) for name in names(cost)})).values()
        if all(c >= 0 for c in above):
            return 1
        return -1 if all(c <= 0 for c in above) else None

    def no_dearer(self, cost: Dim, other: Dim) -> bool:
        """Whether a cost is at most the other one, for all sizes; where that is not known, for those assumed."""
        sign = self.sign(subtract(cost, other))
        return self.weighed(cost) <= self.weighed(other) if sign is None else sign <= 0

    def weighed(self, cost: Dim) -> int:
        """A cost in numbers, for the sizes assumed."""
        return evaluate(cost, {name: self.hints.get(name, LARGE) for name in names(cost)})


def grid(costs: Sequence[Dim]) -> list[list[float]]:
    """The logarithms of positive costs, for all combinations of small and large dimensions; a row for each."""
    found = sorted({name for cost in costs for name in names(cost)})
    tried, rest = found[:NAMES], dict.fromkeys(found[NAMES:], LARGE)
    rows = []
    for sizes in product((SMALL, LARGE), repeat=len(tried)):
        at = {**rest, **dict(zip(tried, sizes, strict=True))}
        rows.append([log(max(1, evaluate(cost, at))) for cost in costs])
    return rows
