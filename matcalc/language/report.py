"""What is told of shapes that do not fit: the operation, both shapes, where each came from, and a likely mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from matcalc.errors import MatcalcError, ShapeError
from matcalc.expressions.dims import Dim, names, rename
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Shape
from matcalc.language.build import Misfit
from matcalc.language.declarations import Declarations
from matcalc.language.dimensions import Clash, unknowns
from matcalc.language.excerpt import excerpt
from matcalc.language.inference import dimension_names
from matcalc.language.shaping import Preparation, Run
from matcalc.language.spelling import respelled
from matcalc.language.tape import Tape
from matcalc.operations.registry import describe

__all__ = ["explain", "undetermined", "unfit"]

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
SQUARE = frozenset({"tr", "det", "logdet", "inv", "matrix_power"})
E = TypeVar("E", bound=MatcalcError)
PRODUCTS = ("matmul", "mtimes")


def explain(tape: Tape, misfit: Misfit, source: str) -> MatcalcError:
    """The error of known nodes that do not fit each other."""
    slot, shapes = misfit.slot, misfit.shapes
    operands = [f"{_text(tape, a, 40)} is a {describe(shapes[a])}" for a in tape.args[slot]]
    message = _message(tape, slot, misfit.error.message, operands)
    hint = misfit.error.hint or _mend(tape, slot, [shapes[a] for a in tape.args[slot]])
    return _placed(type(misfit.error)(message, hint=_filled(hint, tape, slot)), tape, slot, source)


def undetermined(name: str) -> ShapeError:
    """The error of ``vector(1)`` where nothing tells its size."""
    sizes = "n" if name == "vector" else "m, n"
    return ShapeError(f"nothing tells the size of this {name}", hint=f"write ones({sizes})")


def unfit(prepared: Preparation, scope: Declarations, found: Run, cut: bool) -> ShapeError:
    """The error of a program that no reading of its names fits, told of the default one."""
    failure = found.failure
    assert failure is not None
    tape, check, slot = prepared.tape, found.check, failure.slot
    final = dimension_names(prepared, scope, found)

    def known(dim: Dim) -> Dim:
        return rename(check.find(dim), final)

    def in_words(text: str) -> str:
        return re.sub(r"\?\d+", lambda match: dim_text(known(match[0])), text)

    shapes = [(known(rows), known(columns)) for rows, columns in [found.shapes[a] for a in tape.args[slot]]]
    operands, direct = [], set()
    for a, shape in zip(tape.args[slot], shapes, strict=True):
        told = f"{_text(tape, a, 40)} is a {describe(shape)}"
        if tape.op[a] in ("input", "let"):
            direct.add(tape.params[a][0])
            told = f"{told}, {_declaration(tape.params[a][0], scope)}"
        operands.append(told)
    cause = failure.cause
    if isinstance(cause, Clash):
        core, hint = _clash(cause, check.find, known)
        origins = [_origin(dim, prepared, scope, found, known, direct) for dim in (cause.a, cause.b)]
        hint = _mend(tape, slot, shapes) or hint
    else:
        core, hint = in_words(cause.message), in_words(cause.hint)
        below = [name for name in _names_below(tape, slot) if name not in direct]
        origins = [f"{name} is {_declaration(name, scope)}" for name in below]
    if cut:
        hint = f"{hint}; " if hint else ""
        hint += "there are too many readings to try them all, declare what the names are"
    message = _message(tape, slot, core, operands, [origin for origin in dict.fromkeys(origins) if origin])
    return _placed(ShapeError(message, hint=_filled(hint, tape, slot)), tape, slot, scope.source)


def _message(tape: Tape, slot: int, core: str, operands: Sequence[str], origins: Sequence[str] = ()) -> str:
    return "; ".join([f"{_operation(tape, slot)}: {core}", *list(dict.fromkeys(operands))[:3], *origins[:4]])


def _mend(tape: Tape, slot: int, shapes: Sequence[Shape]) -> str:
    """What would fit: a transpose, a square matrix."""
    op = tape.op[slot]
    if op in SQUARE:
        return f"{op} needs a square matrix"
    if len(shapes) != 2:
        return ""
    (r1, c1), (r2, c2) = shapes
    if op == "mpower":
        return "write {a}**{b} for the power entry by entry"
    if op in PRODUCTS:
        if r1 == r2:
            return "did you mean {a}.T @ {b}?"
        return "did you mean {a} @ {b}.T?" if c1 == c2 else ""
    if op in SIGNS and (r1, c1) == (c2, r2) and 1 not in (r1, c1):
        return f"did you mean {{a}} {SIGNS[op]} {{b}}.T?"
    return ""


def _operation(tape: Tape, slot: int) -> str:
    tree = tape.trees[slot]
    if tape.op[slot] in ("let", "declared"):
        return f"{tape.params[slot][0]} = {excerpt(tree, syntax=tape.syntax)}"
    return excerpt(tree, syntax=tape.syntax)


def _text(tape: Tape, slot: int, wide: int) -> str:
    """What stands at a slot: a name, or the text of its formula."""
    if tape.op[slot] in ("input", "let"):
        return str(tape.params[slot][0])
    return excerpt(tape.trees[slot], wide, tape.syntax)


def _filled(hint: str, tape: Tape, slot: int) -> str:
    """A hint with the operands' texts for ``{a}`` and ``{b}``."""
    hint = respelled(hint, tape.syntax)
    for mark, a in zip(("{a}", "{b}"), tape.args[slot], strict=False):
        if mark in hint:
            text = _text(tape, a, 30)
            hint = hint.replace(mark, text if re.fullmatch(r"\w+(\.T|'|\(\w*\))?", text) else f"({text})")
    return re.sub(r"(\.T){2}|''", "", hint)


def _placed(error: E, tape: Tape, slot: int, source: str) -> E:
    if source:
        error.at(source, tape.trees[slot].start)
    return error


def _clash(clash: Clash, find: Callable[[Dim], Dim], known: Callable[[Dim], Dim]) -> tuple[str, str]:
    """What two dimensions cannot be, and the mend."""
    a, b = find(clash.a), find(clash.b)
    left, right = dim_text(known(a)), dim_text(known(b))
    if clash.only is not None:
        unknown, value = clash.only
        mend = "declare what is a scalar" if value == 1 else ""
        return f"{left} is {right} only where {dim_text(known(unknown))} is {value}", mend
    if clash.open:
        return f"it cannot be told how {left} and {right} are equal", "declare the shapes"
    if unknowns((a, b)):
        return f"{left} and {right} are never equal", ""
    core = f"dimensions {left} and {right} differ"
    if isinstance(a, int) and isinstance(b, int):
        return core, ""
    if isinstance(a, str) and isinstance(b, str):
        return f"{core}, they are declared as two", "where they are equal, give them one name"
    return f"{core}, a declared name is no other number", "where they are equal, declare the number or one name"


def _origin(
    dim: Dim,
    prepared: Preparation,
    scope: Declarations,
    found: Run,
    known: Callable[[Dim], Dim],
    direct: Collection[str],
) -> str:
    """Where a dimension comes from: the name that has it, and how that got it; nothing if ``direct`` ones show it."""
    check, wanted = found.check, found.check.find(dim)
    if any(name in scope.declared and wanted in scope.declared[name].shape for name in direct):
        return ""
    for name, declared in scope.declared.items():
        if wanted in declared.shape and wanted != 1:
            line = scope.line(declared.start)
            return f"{dim_text(known(dim))} because {name} is declared {declared.written} in line {line}"
    for name in prepared.free:
        for axis in prepared.shape(name, found.kinds[name]):
            if axis != 1 and check.find(axis) == wanted:
                cause = check.cause.get(str(axis))
                if cause is None:
                    return f"{dim_text(known(dim))} is a dimension of {name}"
                tree = prepared.tape.trees[cause]
                place = excerpt(tree, 40, scope.syntax)
                return f"{dim_text(known(dim))} because of {place} in line {scope.line(tree.start)}"
    for name in names(wanted):
        if name[0] != "?":
            return _origin(name, prepared, scope, found, known, direct) if name != wanted else ""
    return ""


def _declaration(name: str, scope: Declarations) -> str:
    declared = scope.declared.get(name)
    if declared is not None:
        return f"declared {declared.written} in line {scope.line(declared.start)}"
    if name in scope.assigned:
        return f"assigned in line {scope.line(scope.assigned[name])}"
    return f"not declared ({scope.conventions.reason(name)})"


def _names_below(tape: Tape, slot: int) -> list[str]:
    """The names that stand directly below an operation, through transposes, indices and minus."""
    found: list[str] = []
    stack = list(reversed(tape.args[slot]))
    seen: set[int] = set()
    while stack and len(found) < 4:
        top = stack.pop()
        if top in seen:
            continue
        seen.add(top)
        if tape.op[top] in ("input", "let"):
            found.append(tape.params[top][0])
        else:
            stack.extend(reversed(tape.args[top]))
    return found
