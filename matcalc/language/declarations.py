"""The names of a whole program: what is declared, defined and assigned, which names are dimensions.

Decisions.  A dimension's name may be an assigned name too (`b: row(h); h = relu(x@W + b)`): then the name is the
variable wherever an expression is expected, and the dimension goes by the name with a final ``_`` in all results.  A
name declared as a variable and used as a dimension is an error.  Definitions may stand anywhere; the names in
their bodies are looked up where the function is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.errors import ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim, constant
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Shape
from matcalc.language.calls import CONSTANTS, TRAILING, dimension, near, reserved
from matcalc.language.conventions import Conventions
from matcalc.language.own_statements import collect
from matcalc.language.scope import PI, Defined, Scope
from matcalc.language.tape import Tape
from matcalc.syntax.tree import Assignment, Call, Declaration, Definition, Expression, Name, Statement, Syntax

__all__ = ["Declarations", "Declared"]

# How many dimensions a type takes; the structured ones are square.
TYPES = {
    "scalar": 0, "vector": 1, "row": 1, "matrix": 2, "symmetric": 1, "posdef": 1, "skew": 1, "diagonal": 1,
    "orthogonal": 1, "simplex": 1, "elementwise": 0,
}  # fmt: skip
PLAIN = ("scalar", "vector", "row", "matrix")


class Declared:
    """What a declaration says of one name."""

    __slots__ = ("positive", "shape", "start", "type", "written")

    def __init__(self, type_: str, dims: Sequence[Dim], positive: bool, start: int) -> None:
        self.written = f"{type_}({', '.join(map(dim_text, dims))})" if dims else type_
        self.positive, self.start = positive, start
        self.shape = _shape(type_, dims)
        self.type = "" if type_ in PLAIN or self.shape == (1, 1) else type_


def _shape(type_: str, dims: Sequence[Dim]) -> Shape:
    if not dims:
        return (1, 1)
    if type_ == "matrix":
        return (dims[0], dims[1])
    if type_ == "row":
        return (1, dims[0])
    return (dims[0], 1) if type_ in ("vector", "simplex") else (dims[0], dims[0])


class Declarations(Scope):
    """The scope of a program while it is lowered; inputs appear as they are met."""

    __slots__ = (
        "assigned", "called", "conventions", "declared", "dims", "elementwise", "inputs", "lets", "notes", "order",
    )  # fmt: skip

    def __init__(self, statements: Sequence[Statement], source: str, conventions: Conventions) -> None:
        super().__init__(source, (), {}, conventions.syntax, {})
        self.conventions = conventions
        self.declared: dict[str, Declared] = {}
        self.elementwise: set[str] = set()  # declared so
        self.assigned: dict[str, int] = {}  # where
        self.dims: dict[str, str] = {}  # as written, as used
        self.called: dict[str, Call] = {}  # unknown functions
        self.inputs: dict[str, int] = {}  # slots
        self.lets: dict[str, int] = {}
        self.order: list[str] = []  # of both
        self.notes: list[str] = []
        self.laws = collect(statements, self)
        self._definitions(statements)
        self._dimensions(statements)
        for statement in statements:
            if isinstance(statement, Declaration):
                self._declare(statement)
        self.functions = self.elementwise

    def line(self, start: int) -> int:
        """The line of an offset, from 1."""
        return self.source.count("\n", 0, start) + 1

    def _definitions(self, statements: Sequence[Statement]) -> None:
        found: dict[str, Defined] = {}
        for statement in statements:
            if isinstance(statement, Definition):
                name = statement.name
                self._free(name, statement.start)
                if name in found:
                    raise self.error(ParseError, f"{name} is defined twice", statement.start)
                for parameter, _ in statement.parameters:
                    if parameter in reserved(self.syntax):
                        raise self.error(ParseError, f"{parameter} is a function", statement.start, "rename it")
                found[name] = Defined(name, statement.parameter, statement.body, statement.start, self.source)
            elif isinstance(statement, Assignment):
                name = statement.name
                self._free(name, statement.start)
                if name in self.assigned:
                    first = self.line(self.assigned[name])
                    message = f"{name} is assigned twice, first in line {first}"
                    raise self.error(ParseError, message, statement.start, "a name is assigned once")
                self.assigned[name] = statement.start
        starts = {name: law.start for name, law in self.laws.items()}
        starts.update({name: definition.start for name, definition in found.items()})
        both = starts.keys() & self.assigned.keys()
        if both:
            name = min(both)
            raise self.error(ParseError, f"{name} is a function and a variable", starts[name], "rename one")
        self.definitions = {name: definition for name, definition in found.items() if name not in self.laws}

    def _free(self, name: str, start: int) -> None:
        if name in reserved(self.syntax):
            raise self.error(ParseError, f"{name} is a function, its name is taken", start, "choose another name")

    # ---- dimensions ----

    def _dimensions(self, statements: Sequence[Statement]) -> None:
        """Every name of a dimension: those in types, and those in ``ones(n)`` and its like that are no variables."""
        variables = set(self.assigned)
        typed: dict[str, int] = {}
        for statement in statements:
            if isinstance(statement, Declaration):
                variables.update([name for name, _ in statement.names])
                for tree in statement.dims:
                    typed.update([(name.name, name.start) for name in _names(tree)])
        for name, start in typed.items():
            if name in variables and name not in self.assigned:
                hint = f"the name of a dimension stands for its number; leave the declaration of {name} out"
                raise self.error(ShapeError, f"{name} is a dimension and declared as a variable", start, hint)
            self.dims[name] = name
        for name in self._sizes(statements):
            if name not in variables:
                self.dims[name] = name
        for name in self.dims:
            if name in self.assigned:
                other = name + "_"
                while other in variables or other in self.dims:
                    other += "_"
                self.dims[name] = other
                self.notes.append(f"the dimension {name} is called {other} in results: {name} is a variable too")

    def _sizes(self, statements: Sequence[Statement]) -> dict[str, None]:
        found: dict[str, None] = {}
        if not any(name in self.source for name in (*CONSTANTS, *TRAILING)):
            return found  # the usual case, without a walk over all trees
        for statement in statements:
            stack = [statement.value] if isinstance(statement, (Assignment, Expression)) else []
            while stack:
                tree = stack.pop()
                stack.extend(reversed(tree.children))
                if isinstance(tree, Call) and (tree.function in CONSTANTS or tree.function in TRAILING):
                    for size in tree.arguments[-TRAILING.get(tree.function, 2) :]:
                        found.update([(name.name, None) for name in _names(size)])
        return found

    def dimension(self, tree: Name) -> Dim:
        """The dimension, by the name it has in results."""
        used = self.dims.get(tree.name)
        if used is not None:
            return used
        if self.is_variable(tree.name):
            hint = "a dimension is an integer or a name that is no variable"
            raise self.error(UnsupportedError, f"{tree.name} is a variable, not a dimension", tree, hint)
        hint = near(tree.name, self.dims) or f"name it in a declaration, such as x: vector({tree.name})"
        raise self.error(UnknownNameError, f"there is no dimension {tree.name}", tree, hint)

    # ---- declarations ----

    def _declare(self, statement: Declaration) -> None:
        type_ = statement.type
        if type_ not in TYPES:
            hint = near(type_, TYPES) or f"the types are {', '.join(TYPES)}"
            raise self.error(UnknownNameError, f"there is no type {type_}", statement.start, hint)
        if len(statement.dims) != TYPES[type_]:
            count = TYPES[type_]
            form = {0: type_, 1: f"{type_}(n)", 2: f"{type_}(m, n)"}[count]
            message = f"{type_} has {count or 'no'} dimension{'s' * (count != 1)}, {len(statement.dims)} given"
            raise self.error(ParseError, message, statement.start, f"write {form}")
        dims = [dimension(tree, self) for tree in statement.dims]
        for dim, tree in zip(dims, statement.dims, strict=True):
            n = constant(dim)
            if n is not None and n < 1:
                raise self.error(ShapeError, f"a dimension is at least 1, this one is {n}", tree)
        for name, start in statement.names:
            self._free(name, start)
            declared = Declared(type_, dims, statement.positive, start)
            if type_ == "elementwise":
                self._declare_function(name, start, statement.positive)
            elif name in self.elementwise or name in self.definitions or name in self.laws:
                raise self.error(ParseError, f"{name} is a function and a variable", start, "rename one")
            else:
                self._declare_variable(name, declared, 1 in dims)

    def _declare_function(self, name: str, start: int, positive: bool) -> None:
        if positive:
            raise self.error(ParseError, "a function cannot be declared positive", start)
        if name in self.declared or name in self.assigned:
            raise self.error(ParseError, f"{name} is a function and a variable", start, "rename one")
        if name in self.laws:
            hint = "leave the declaration out"
            raise self.error(ParseError, f"{name} has a law, which says how it works", start, hint)
        self.elementwise.add(name)

    def _declare_variable(self, name: str, declared: Declared, thin: bool) -> None:
        before = self.declared.get(name)
        if before is not None and (before.written, before.positive) != (declared.written, declared.positive):
            line = self.line(before.start)
            message = f"{name} is declared {declared.written} here and {before.written} in line {line}"
            raise self.error(ShapeError, message, declared.start, "declare it once")
        self.declared[name] = declared
        if thin:
            rows, columns = declared.shape
            kind = "scalar" if rows == columns == 1 else "row" if rows == 1 else "column"
            self.notes.append(f"{name}: {declared.written} is a {kind}, an axis of length 1 is none")

    # ---- names met while the program is lowered ----

    def name(self, tape: Tape, tree: Name) -> int:
        """The slot of an assigned name, an input, a dimension's number or pi."""
        name = tree.name
        slot = self.lets.get(name)
        if slot is None:
            slot = self.inputs.get(name)
        if slot is not None:
            return slot
        if name in self.assigned:
            line = self.line(self.assigned[name])
            message = f"{name} is used before it is assigned, in line {line}"
            raise self.error(UnknownNameError, message, tree, "assign it before, or give the two different names")
        if name not in self.declared:
            used = self.dims.get(name)
            if used is not None:
                return tape.put("dim", (), (used,), tree)
            if name in PI:
                return tape.put("pi", (), (), tree)
            if name in reserved(self.syntax):
                raise self.reserved(tree)
            if name in self.definitions or name in self.called or name in self.elementwise or name in self.laws:
                raise self.error(ParseError, f"{name} is a function, not a variable", tree, f"call it, {name}(x)")
        return self.input(tape, tree)

    def input(self, tape: Tape, tree: Name) -> int:
        """The slot of an input, new or met before."""
        slot = self.inputs.get(tree.name)
        if slot is None:
            slot = self.inputs[tree.name] = tape.put("input", (), (tree.name,), tree)
            self.order.append(tree.name)
        return slot

    def assign(self, tape: Tape, name: str, value: int, tree: Syntax) -> int:
        """The slot of an assigned name; a declared shape must be the value's."""
        if name in self.declared:
            value = tape.put("declared", (value,), (name,), tree)
        slot = self.lets[name] = tape.put("let", (value,), (name,), tree)
        self.order.append(name)
        return slot

    def scratch(self) -> Declarations:
        """A scope of the same declarations that takes note of nothing, with every variable an input."""
        copy = Declarations.__new__(Declarations)
        for slot in (*Declarations.__slots__, *Scope.__slots__):
            setattr(copy, slot, getattr(self, slot))
        copy.inputs, copy.lets, copy.order, copy.called = {}, {}, [], {}
        copy.assigned, copy.inlined, copy.active = {}, {}, []
        return copy

    def is_variable(self, name: str) -> bool:
        """Whether it is an input, known so far, or is declared or assigned anywhere."""
        return name in self.inputs or name in self.declared or name in self.assigned

    def use_function(self, call: Call) -> None:
        """Any function that is not known is an unknown elementwise one."""
        self.called.setdefault(call.function, call)


def _names(tree: Syntax) -> list[Name]:
    """The names in a tree, from left to right."""
    found: list[Name] = []
    stack = [tree]
    while stack:
        top = stack.pop()
        if isinstance(top, Name):
            found.append(top)
        stack.extend(reversed(top.children))
    return found
