"""Whether a law is linear in the differentials: of first degree in them, in every term.

Which operations may hold a differential is read off their own laws: where the coefficient of ``dA`` in the law of
``op(A, B)`` holds neither ``A`` nor the value ``y``, the operation is linear in A; where it holds B, the two
multiply (``A @ B``, ``solve(B, A)``), where it does not, they add up (``A + B``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from matcalc.errors import MatcalcError, ParseError
from matcalc.language.excerpt import excerpt
from matcalc.language.tape import Tape
from matcalc.operations.table import OPERATIONS
from matcalc.syntax.tree import Binary, Name, Number, Syntax, Unary

__all__ = ["check_linear"]

Held: TypeAlias = frozenset[str]  # the differentials below a slot
NOTHING: Held = frozenset()
PASSED_ON = frozenset({"T", "neg", "index", "let", "declared", "inside"})
AS = {"mtimes": "matmul", "mrdivide": "div", "mpower": "pow"}  # of the MATLAB-style syntax


class _Fault(Exception):
    """What is wrong, and at which slot where that is not the one that is looked at."""

    def __init__(self, message: str, slot: int = -1) -> None:
        super().__init__(message)
        self.slot = slot


def check_linear(tape: Tape, root: int, wanted: Sequence[str], source: str, start: int) -> frozenset[str]:
    """The differentials that stand in a law, ``wanted`` are those that may.

    Raises `ParseError`, with the place, where a term has none of them or more than the first power.
    """
    held: list[Held] = []
    for slot, op in enumerate(tape.op):
        below = [held[a] for a in tape.args[slot]]
        try:
            held.append(_held(tape, slot, op, below, wanted))
        except _Fault as fault:
            raise _error(str(fault), tape.trees[slot if fault.slot < 0 else fault.slot], source) from None
    if not held[root]:
        names = " or ".join(wanted)
        message = f"{names} does not stand in the law: it must say what a change of the argument makes of the value"
        hint = f"each term is linear in {names}, as in d(g(X)) = tr(inv(X) @ dX)"
        raise ParseError(message, hint=hint).at(source, start)
    return held[root]


def _error(message: str, tree: Syntax, source: str) -> MatcalcError:
    return ParseError(message, hint="a law is linear in the differentials, as in d(g(X)) = tr(inv(X) @ dX)").at(
        source, tree.start
    )


def _held(tape: Tape, slot: int, op: str, below: Sequence[Held], wanted: Sequence[str]) -> Held:
    if op == "input":
        name = tape.params[slot][0]
        return frozenset([name]) if name in wanted else NOTHING
    if not any(below):
        return NOTHING
    if op in PASSED_ON or op == "fill":
        return below[0]
    if op == "defined":
        return below[-1]
    if op == "entries":
        return _of_entries(tape, slot, below)
    if op == "stack":
        _adding(tape, slot, [k for k, here in enumerate(below) if not here], below)
        return frozenset().union(*below)
    profile = _profile(AS.get(op, op))
    if profile is None:
        raise _Fault(_nonlinear(tape, slot, below))
    signature = OPERATIONS[AS.get(op, op)].signature
    full = {name for name, here in zip(signature, below, strict=False) if here}
    still = []
    for k, (name, here) in enumerate(zip(signature, below, strict=False)):
        coefficients = profile.get(name, [])
        if here and (not coefficients or any({name, "y"} & names for names in coefficients)):
            raise _Fault(_nonlinear(tape, slot, [here]))
        if here and any(full & names for names in coefficients):
            held = ", ".join(sorted(frozenset().union(*below)))
            raise _Fault(f"{_text(tape, slot)} is of second degree in {held}")
        if not here and coefficients and not all((full | {"y"}) & names for names in coefficients):
            still.append(k)
    _adding(tape, slot, still, below)
    return frozenset().union(*below)


def _adding(tape: Tape, slot: int, still: Sequence[int], below: Sequence[Held]) -> None:
    """Terms without a differential beside terms with one: only zeros may be."""
    for k in still:
        argument = tape.args[slot][k]
        if tape.op[argument] == "zeros" or (tape.op[argument] == "num" and tape.params[argument][0] == 0):
            continue
        there = " or ".join(sorted(frozenset().union(*below)))
        raise _Fault(f"the term {_text(tape, argument)} holds no differential, {there} is missing there", argument)


def _nonlinear(tape: Tape, slot: int, below: Sequence[Held]) -> str:
    held = ", ".join(sorted(frozenset().union(*below)))
    return f"{_text(tape, slot)} is not linear in {held}"


def _text(tape: Tape, slot: int) -> str:
    return excerpt(tape.trees[slot], 40, tape.syntax)


def _of_entries(tape: Tape, slot: int, below: Sequence[Held]) -> Held:
    """An index expression, its instructions followed with a stack."""
    stack: list[Held] = []
    for what, *rest in tape.params[slot][1]:
        if what == "num":
            stack.append(NOTHING)
        elif what in ("scalar", "at"):
            stack.append(below[rest[0]])
        elif what in ("add", "sub", "mul", "div"):
            right, left = stack.pop(), stack.pop()
            if what in ("add", "sub") and bool(left) != bool(right):
                raise _Fault("a term between entries holds no differential")
            if (what == "mul" and left and right) or (what == "div" and right):
                raise _Fault(_nonlinear(tape, slot, [left, right]))
            stack.append(left | right)
        elif what in ("pow", "call") and stack[-1]:
            raise _Fault(_nonlinear(tape, slot, [stack[-1]]))
    return stack[-1]


@cache
def _profile(op: str) -> Mapping[str, list[frozenset[str]]] | None:
    """By argument, the names in each coefficient of its differential; nothing where the table has no law."""
    from matcalc.syntax.parser import parse_expression

    entry = OPERATIONS.get(op)
    if entry is None or entry.law is None or op == "matrix_power":
        return None
    found: dict[str, list[frozenset[str]]] = {}
    for term in _terms(parse_expression(entry.law.text.split(") = ", 1)[1])):
        names = _names(term)
        for name in entry.signature:
            if f"d{name}" in names:
                others = frozenset([n for n in names if not re.fullmatch(f"d({'|'.join(entry.signature)})", n)])
                zero = isinstance(term, Binary) and isinstance(term.left, Number) and not term.left.value
                found.setdefault(name, []).append(others | {name} if zero else others)
    return found


def _terms(tree: Syntax) -> list[Syntax]:
    """The terms of a sum; a quotient of a sum is one of each term, with the divisor in it."""
    terms: list[Syntax] = []
    stack: list[Syntax] = [tree]
    while stack:
        top = stack.pop()
        if isinstance(top, Binary) and top.operator in ("+", "-"):
            stack += [top.left, top.right]
        elif isinstance(top, Unary):
            stack.append(top.operand)
        elif isinstance(top, Binary) and top.operator == "/" and isinstance(top.left, Binary):
            inner = _terms(top.left)
            if len(inner) == 1:
                terms.append(top)
            else:
                terms += [Binary(top.start, "/", part, top.right) for part in inner]
        else:
            terms.append(top)
    return terms


def _names(tree: Syntax) -> set[str]:
    found: set[str] = set()
    stack = [tree]
    while stack:
        top = stack.pop()
        if isinstance(top, Name):
            found.add(top.name)
        stack.extend(top.children)
    return found
