"""The statements that are laws: which functions have one, and what the names in it mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from matcalc.errors import ParseError, UnknownNameError
from matcalc.expressions.dims import Dim
from matcalc.language.calls import reserved
from matcalc.language.linearity import check_linear
from matcalc.language.own_laws import OwnLaw
from matcalc.language.own_shapes import Formula
from matcalc.language.scope import PI, Scope
from matcalc.language.tape import Tape
from matcalc.operations.table import OPERATIONS
from matcalc.syntax.tree import Call, Definition, Law, Name, Statement

if TYPE_CHECKING:
    from matcalc.language.declarations import Declarations

__all__ = ["collect", "read_laws"]


def collect(statements: Iterable[Statement], scope: Scope) -> dict[str, OwnLaw]:
    """The laws among the statements, each with the definition of its function; raises `ParseError`."""
    statements = list(statements)
    definitions = {s.name: s for s in statements if isinstance(s, Definition)}
    starts = sorted([s.start for s in statements])

    def written(statement: Statement) -> str:
        """A statement as the program has it, in one line, without comments."""
        end = next((start for start in starts if start > statement.start), len(scope.source))
        comment = r"[#%][^\n]*" if scope.syntax == "matlab" else r"#[^\n]*"
        line = " ".join(re.sub(comment, " ", scope.source[statement.start : end]).split())
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", line).rstrip("; ")

    found: dict[str, OwnLaw] = {}
    for statement in statements:
        if not isinstance(statement, Law):
            continue
        name = statement.name
        if name in reserved(scope.syntax) or name in OPERATIONS:
            hint = "state the law of a function of your own"
            message = f"{name} is a function of the language, it has its law"
            raise scope.error(ParseError, message, statement.start, hint)
        if name in found:
            hint = "a function has one law, with a term for each argument"
            raise scope.error(ParseError, f"the law of {name} is stated twice", statement.start, hint)
        for parameter, start in statement.parameters:
            if parameter in reserved(scope.syntax):
                raise scope.error(ParseError, f"{parameter} is a function", start, "rename it")
        body = definitions.get(name)
        if body is not None and len(body.parameters) != len(statement.parameters):
            count, other = len(statement.parameters), len(body.parameters)
            message = f"{name} has {other} argument{'s' * (other != 1)} in its definition and {count} in its law"
            raise scope.error(ParseError, message, statement.start)
        found[name] = OwnLaw(statement, body, (written(statement), written(body) if body else ""), scope)
    return found


def read_laws(laws: Mapping[str, OwnLaw], outer: Declarations) -> None:
    """Lower all laws; raises what is wrong with them, and `ParseError` for a function defined by itself."""
    for law in laws.values():
        _read(law, outer)
    for law in laws.values():
        seen: set[OwnLaw] = set()
        waiting = list(law.values())
        while waiting:
            top = waiting.pop()
            if top is law:
                assert law.body is not None
                hint = "a definition cannot be recursive; a law may hold the value"
                raise outer.error(ParseError, f"{law.name} is defined by itself", law.body.start, hint)
            if top not in seen:
                seen.add(top)
                waiting += top.values()


def _read(law: OwnLaw, outer: Declarations) -> None:
    """Lower the law and the definition; raises what is wrong with them."""
    changes = [f"d{name}" for name in law.parameters]
    clash = next((name for name in law.parameters if name in changes), None)
    if clash is not None:
        hint = "give the argument another name"
        raise ParseError(f"{clash} is an argument and a differential", hint=hint).at(law.source, law.start)
    law.law = Formula(law.tree, Local(outer, law, (*law.parameters, *changes)))
    held = check_linear(law.law.tape, law.law.slot, changes, law.source, law.tree.start)
    law.differentials = tuple([name for name in law.parameters if f"d{name}" in held])
    if law.body is not None:
        law.form_of_value = Formula(law.body.body, Local(outer, law, [name for name, _ in law.body.parameters]))


class Local(Scope):
    """What names mean in a law: its parameters and their differentials, and what is no variable of the program."""

    __slots__ = ("law", "names", "outer")

    def __init__(self, outer: Declarations, law: OwnLaw, names: Sequence[str]) -> None:
        super().__init__(outer.source, outer.elementwise, outer.definitions, outer.syntax, outer.laws)
        self.outer, self.law, self.names = outer, law, frozenset(names)

    def name(self, tape: Tape, tree: Name) -> int:
        """The slot of a parameter or a differential, a dimension's number or pi."""
        name = tree.name
        if name in self.names:
            return tape.put("input", (), (name,), tree)
        if name in self.outer.dims:
            return tape.put("dim", (), (self.outer.dims[name],), tree)
        if name in PI:
            return tape.put("pi", (), (), tree)
        if name in reserved(self.syntax):
            raise self.reserved(tree)
        if name in self.definitions or name in self.laws or name in self.outer.elementwise:
            raise self.error(ParseError, f"{name} is a function, not a variable", tree, f"call it, {name}(x)")
        own = self.law
        arguments = ", ".join([*own.parameters, name[1:] if name[0] == "d" and len(name) > 1 else name])
        message = f"{name} is no argument of {own.name}, its law and its definition speak of their arguments alone"
        raise self.error(UnknownNameError, message, tree, f"make it one: d({own.name}({arguments})) = ...")

    def dimension(self, tree: Name) -> Dim:
        """The dimension, one of the program's."""
        return self.outer.dimension(tree)

    def is_variable(self, name: str) -> bool:
        """Whether the name is a variable here or in the program."""
        return name in self.names or self.outer.is_variable(name)

    def use_function(self, call: Call) -> None:
        """An unknown function of the program."""
        self.outer.use_function(call)
