"""Index items: what was written, and the normal form that depends on the operand's shape.

Written items are ``("at", i)``, ``("slice", low, high)`` with absent bounds None, and ``("all",)``; negative ones
count from the end.  In the normal form bounds are there and count from the front, and a column or a row has an item
for each of its two axes: ``x[i]`` is ``(("at", i), ("all",))``, of a row ``(("all",), ("at", i))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from matcalc.expressions.dims import Dim, add
from matcalc.expressions.node import Shape, kind
from matcalc.language.calls import from_end
from matcalc.operations.registry import Checker, describe

__all__ = ["normal"]

Item: TypeAlias = tuple[Any, ...]


def normal(check: Checker, shape: Shape, items: Sequence[Item]) -> tuple[Item, Item]:
    """The items for rows and columns; a misfit where their number is wrong."""
    found = kind(shape)
    if found == "scalar":
        raise check.misfit("a scalar has no entries to index", wants="matrix" if len(items) == 2 else "")
    if found == "matrix":
        if len(items) != 2:
            raise check.misfit(
                f"a {describe(shape)} needs an index for its rows and one for its columns, {len(items)} is given",
                "write X[i, j], X[i, :] or X[:, j]",
            )
        return (_from_front(items[0], shape[0]), _from_front(items[1], shape[1]))
    if len(items) != 1:
        raise check.misfit(
            f"a {describe(shape)} has one axis, {len(items)} indices are given", "write x[i]", wants="matrix"
        )
    if found == "vector":
        return (_from_front(items[0], shape[0]), ("all",))
    return (("all",), _from_front(items[0], shape[1]))


def _from_front(item: Item, length: Dim) -> Item:
    if item[0] == "all":
        return item
    if item[0] == "at":
        return ("at", add(length, item[1]) if from_end(item[1]) else item[1])
    _, low, high = item
    if low is None:
        low = 0
    elif from_end(low):
        low = add(length, low)
    if high is None:
        high = length
    elif from_end(high):
        high = add(length, high)
    return ("slice", low, high)
