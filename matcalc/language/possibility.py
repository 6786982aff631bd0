"""The kinds that every operation of a program may have, whatever the undeclared names are.

An approximation from above, in one pass: each operation for itself, over all kinds that its arguments may have.
Where an operation has none, no reading of the names fits.  Where it has one, no name below it can change what
happens above it; that keeps the search for the best reading small.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Any

from matcalc.errors import ShapeError
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Shape, kind
from matcalc.language.dimensions import Unifier
from matcalc.language.shaping import Preparation, parameters

__all__ = ["exponents", "matrices", "possible"]

SHAPES: dict[str, Shape] = {"scalar": (1, 1), "vector": ("?0", 1), "row": (1, "?0"), "matrix": ("?0", "?1")}
ANY = frozenset(SHAPES)
MANY = 300  # combinations of kinds that are tried; beyond, any kind is possible
FEW = 3  # arguments; operations with more (stacks) admit all kinds


class Lenient(Unifier):
    """All dimensions may be equal: only kinds count."""

    __slots__ = ()

    def same(self, a: Dim, b: Dim) -> Dim:
        """The first, whatever the second is."""
        return a


def matrices(prepared: Preparation) -> set[str]:
    """The undeclared names that stand where nothing but a matrix is admitted, such as k in ``logdet(k)``."""
    tape, check, found = prepared.tape, Lenient(), set[str]()
    known: dict[tuple[Any, ...], bool] = {}
    for slot, args in enumerate(tape.args):
        for place, a in enumerate(args):
            if tape.op[a] != "input" or tape.params[a][0] not in prepared.free or len(args) > FEW:
                continue
            key = (prepared.rules[slot], parameters(prepared, slot), place)
            if key not in known:
                known[key] = _only_matrix(prepared, check, slot, place)
            if known[key]:
                found.add(tape.params[a][0])
    return found


def _only_matrix(prepared: Preparation, check: Lenient, slot: int, place: int) -> bool:
    """Whether the operation asks for a matrix at a place, whatever else it is given."""
    params, count = parameters(prepared, slot), len(prepared.tape.args[slot])
    for own in ("scalar", "vector"):
        wanted = False
        for others in product(("matrix", "scalar"), repeat=count - 1):
            kinds = (*others[:place], own, *others[place:])
            try:
                prepared.rules[slot](check, [SHAPES[k] for k in kinds], params)
            except ShapeError as error:
                wanted = wanted or getattr(error, "wants", "") == "matrix"
            else:
                return False
        if not wanted:
            return False
    return True


def exponents(prepared: Preparation) -> set[str]:
    """The undeclared names that the exponent of a matrix is made of (or may be, in ``a^k``)."""
    tape, found = prepared.tape, set[str]()
    stack = [
        args[-1]
        for op, args in zip(tape.op, tape.args, strict=True)
        if op in ("mpower", "matrix_power", "power_sum")
    ]
    while stack:
        slot = stack.pop()
        if tape.op[slot] == "input":
            found.add(tape.params[slot][0])
        elif tape.op[slot] in ("add", "sub", "neg"):
            stack.extend(tape.args[slot])
    return found & prepared.free.keys()


def possible(prepared: Preparation, as_matrix: Collection[str]) -> list[frozenset[str]]:
    """For every slot, the kinds it may have, where the names ``as_matrix`` may be matrices."""
    tape, check = prepared.tape, Lenient()
    found: list[frozenset[str]] = []
    known: dict[tuple[Any, ...], frozenset[str]] = {}
    for slot, (op, args) in enumerate(zip(tape.op, tape.args, strict=True)):
        params = parameters(prepared, slot)
        if op == "input":
            found.append(_of_input(prepared, params[0], as_matrix))
            continue
        choices = tuple([found[a] for a in args])
        key = (prepared.rules[slot], params, choices)
        kinds = known.get(key)
        if kinds is None:
            kinds = known[key] = _results(prepared, check, slot, params, choices)
        found.append(kinds)
    return found


def _of_input(prepared: Preparation, name: str, as_matrix: Collection[str]) -> frozenset[str]:
    if name not in prepared.free:
        return frozenset({kind(prepared.declared[name])})
    default = prepared.default[name]
    if default == "matrix":
        return frozenset({"matrix"})
    return frozenset({"scalar", "vector", "matrix"} if name in as_matrix else {"scalar", "vector"})


def _results(
    prepared: Preparation, check: Lenient, slot: int, params: tuple[Any, ...], choices: tuple[frozenset[str], ...]
) -> frozenset[str]:
    combinations = 1
    for choice in choices:
        combinations *= len(choice)
    if combinations > MANY:
        return ANY
    found = set()
    for kinds in product(*choices):
        try:
            found.add(kind(prepared.rules[slot](check, [SHAPES[k] for k in kinds], params)))
        except ShapeError:
            continue
    return frozenset(found)
