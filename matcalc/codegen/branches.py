"""What only one branch of a choice needs, and so is computed there: in the first choice with that test."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from matcalc.codegen.values import Value
from matcalc.expressions.dims import Dim

__all__ = ["Branch", "branches_of"]

Branch: TypeAlias = tuple[tuple[Dim, ...], int]  # a test, and which of its two sides
FREE = frozenset({"input", "const", "size", "choice"})


def branches_of(order: Sequence[Value], outputs: Iterable[Value], named: Collection[Value]) -> dict[Value, Branch]:
    """The branch of each value that nothing outside it needs; ``order`` has arguments before what uses them.

    Choices with the same test share their branches.  A value that the program names or that is asked for stands before
    the branches, and so does another choice.
    """
    if not any(value.op == "choice" for value in order):
        return {}
    found: dict[Value, Branch | None] = dict.fromkeys(outputs)
    for value in reversed(order):
        own = found.setdefault(value, None) if value.op not in FREE and value not in named else None
        found[value] = own
        for k, argument in enumerate(value.args):
            branch = (value.params, k) if value.op == "choice" else own
            if found.setdefault(argument, branch) != branch:
                found[argument] = None
    return {value: branch for value, branch in found.items() if branch is not None}
