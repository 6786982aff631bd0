"""The shapes of calls of functions whose laws a program states.

The value has the shape of the law's right-hand side for the shapes of the arguments.  Where that holds the value
itself, or that of another function whose law holds this one's, candidates are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from matcalc.errors import LimitError, MatcalcError, ShapeError
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Shape, kind
from matcalc.language.dimensions import Clash, Unifier
from matcalc.language.excerpt import excerpt
from matcalc.language.lower import lower
from matcalc.language.scope import Scope
from matcalc.language.shaping import RULES
from matcalc.language.tape import Tape
from matcalc.operations.registry import describe
from matcalc.operations.table import OPERATIONS
from matcalc.syntax.tree import Syntax

if TYPE_CHECKING:
    from matcalc.language.own_laws import OwnLaw

__all__ = ["Formula", "Shaper", "Shapes", "misfit"]

BROADCASTING = frozenset({"add", "sub", "mul", "div", "pow"})
DEEP = 60  # laws that need the shapes of others

Shapes: TypeAlias = tuple[Shape, ...]
Assumed: TypeAlias = tuple[tuple["OwnLaw", Shapes, Shape], ...]  # values whose shapes are being found


class Formula:
    """A formula over parameters, on a tape of its own."""

    __slots__ = ("slot", "tape")

    def __init__(self, tree: Syntax, scope: Scope) -> None:
        self.tape = Tape(scope.syntax)
        self.slot = lower(self.tape, tree, scope)

    def calls(self) -> Iterable[OwnLaw]:
        """The functions with laws that are called in it."""
        for op, params in zip(self.tape.op, self.tape.params, strict=True):
            if op == "own":
                yield params[1]


class Shaper:
    """Finds the shape of one call; knows how deep in laws it is, and what it found.

    While it is ``plain``, a column or a row does not broadcast to a matrix.
    """

    __slots__ = ("deep", "known", "plain")

    def __init__(self) -> None:
        self.deep, self.plain = 0, False
        self.known: dict[tuple[Unifier, OwnLaw, Shapes, Assumed], Shape] = {}

    def shape(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        """The shape of the value; raises `ShapeError`."""
        shapes = tuple([check.shape(shape) for shape in shapes])
        for other, known, shape in assumed:
            if other is law and known == shapes:
                return shape
        found = self.known.get((check, law, shapes, assumed))
        if found is not None:
            return found
        if self.deep >= DEEP:
            hint = "write out what they call"
            raise LimitError(f"laws call each other more than {DEEP} deep", hint=hint).at(law.source, law.start)
        self.deep += 1
        try:
            found = self.known[check, law, shapes, assumed] = self._found(law, check, shapes, assumed)
        except Clash as clash:
            raise misfit(law, check, clash) from None
        finally:
            self.deep -= 1
        return found

    def _found(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        assert law.law is not None
        if law.form_of_value is not None and law.body is not None:
            given = dict(zip([name for name, _ in law.body.parameters], shapes, strict=True))
            shape = self.walk(law.form_of_value, given, check, assumed)[law.form_of_value.slot]
        elif law.cyclic:
            shape = self._candidate(law, shapes, assumed, type(check))
        else:
            return self._of_law(law, check, shapes, assumed)
        found = self._of_law(law, check, shapes, (*assumed, (law, shapes, shape)))
        if kind(found) != kind(shape):
            message = f"the law of {law.name} gives a {describe(check.shape(found))}, its value is a"
            raise ShapeError(
                f"{message} {describe(check.shape(shape))}", hint="the right-hand side has the shape of the value"
            ).at(law.source, law.tree.start)
        return (check.same(shape[0], found[0]), check.same(shape[1], found[1]))

    def _candidate(self, law: OwnLaw, shapes: Shapes, assumed: Assumed, checker: type[Unifier]) -> Shape:
        """The first shape of the value for which the law, which holds the value, gives that shape again."""
        options: dict[Shape, None] = dict.fromkeys([(1, 1), *shapes, *[(columns, rows) for rows, columns in shapes]])
        for rows, columns in shapes:
            options.update(dict.fromkeys([(rows, 1), (columns, 1), (1, columns)]))
        before = self.plain
        try:
            for self.plain in dict.fromkeys((True, before)):
                for option in options:
                    if self._fits(law, option, shapes, assumed, checker()):
                        return option
        finally:
            self.plain = before
        hint = f"define {law.name} too, {law.name}({', '.join(law.parameters)}) = ..."
        raise ShapeError(f"no shape of {law.name} fits its law", hint=hint).at(law.source, law.tree.start)

    def _fits(self, law: OwnLaw, option: Shape, shapes: Shapes, assumed: Assumed, trial: Unifier) -> bool:
        """Whether the law gives that shape for a value of that shape."""
        try:
            found = self._of_law(law, trial, shapes, (*assumed, (law, shapes, option)))
            if kind(found) != kind(option):
                return False
            trial.same(found[0], option[0])
            trial.same(found[1], option[1])
        except (ShapeError, Clash):
            return False
        return True

    def _of_law(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        assert law.law is not None
        given = dict(zip(law.parameters, shapes, strict=True))
        given.update({f"d{name}": shape for name, shape in given.items()})
        return self.walk(law.law, given, check, assumed)[law.law.slot]

    def walk(
        self, formula: Formula, given: Mapping[str, Shape], check: Unifier, assumed: Assumed
    ) -> list[Shape]:
        """The shapes of all slots of a formula."""
        tape, shapes = formula.tape, list[Shape]()
        for slot, (op, args, params) in enumerate(zip(tape.op, tape.args, tape.params, strict=True)):
            below = [shapes[a] for a in args]
            if op == "input":
                shapes.append(given[params[0]])
            elif op == "own":
                shapes.append(self.shape(params[1], check, tuple(below), assumed))
            else:
                if op == "matmul":
                    params = (tape.product[args[0]], tape.product[args[1]])
                try:
                    if self.plain and op in BROADCASTING:
                        _refuse_broadcasting(below)
                    shapes.append((RULES.get(op) or OPERATIONS[op].shape)(check, below, params))
                except (ShapeError, Clash) as error:
                    if isinstance(error, MatcalcError) and error.line is not None:
                        raise
                    raise self._told(error, formula, slot, below, check) from None
        return shapes

    def _told(
        self, error: ShapeError | Clash, formula: Formula, slot: int, below: Sequence[Shape], check: Unifier
    ) -> ShapeError:
        tape = formula.tape
        core = core_of(error, check) if isinstance(error, Clash) else error.message
        hint = "" if isinstance(error, Clash) else error.hint
        parts = [f"{excerpt(tape.trees[slot], 40, tape.syntax)}: {core}"]
        for a, shape in zip(tape.args[slot], below, strict=True):
            parts.append(f"{excerpt(tape.trees[a], 40, tape.syntax)} is a {describe(check.shape(shape))}")
        wants = getattr(error, "wants", "")
        return check.misfit("; ".join(dict.fromkeys(parts)), "" if "{" in hint else hint, wants=wants)


def _refuse_broadcasting(shapes: Sequence[Shape]) -> None:
    found = {kind(shape) for shape in shapes}
    if "matrix" in found and found & {"vector", "row"}:
        raise ShapeError("a column or a row beside a matrix")


def core_of(clash: Clash, check: Unifier) -> str:
    """What two dimensions cannot be."""
    return f"dimensions {dim_text(check.find(clash.a))} and {dim_text(check.find(clash.b))} differ"


def misfit(law: OwnLaw, check: Unifier, clash: Clash) -> ShapeError:
    """The error of dimensions that the law forces to be equal."""
    return ShapeError(f"in the law of {law.name}: {core_of(clash, check)}")
