"""What names mean where an expression stands.

`Known` is a place where every name has its node (laws, claims, results read back); the scope of a whole
program, where declarations and inference decide, is in `matcalc.language.declarations`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, TypeVar

from matcalc.errors import MatcalcError, ParseError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node
from matcalc.language.calls import near, reserved
from matcalc.language.spelling import respelled
from matcalc.language.tape import Tape
from matcalc.syntax.tree import Call, Name, Syntax

if TYPE_CHECKING:
    from matcalc.language.own_laws import OwnLaw

__all__ = ["Defined", "Environment", "Known", "Scope"]

PI = ("pi", "π")  # the constant, unless they have another meaning
E = TypeVar("E", bound=MatcalcError)


class Defined:
    """A function that the program defines: ``name(parameter) = body``; ``source`` is where it stands."""

    __slots__ = ("body", "name", "node", "parameter", "source", "start", "uses_parameter")

    def __init__(self, name: str, parameter: str, body: Syntax, start: int, source: str) -> None:
        self.name, self.parameter, self.body, self.start, self.source = name, parameter, body, start, source
        self.node: tuple[Node, Node] | None = None  # (the parameter, the body) once the program is read
        self.uses_parameter = self.holds(parameter)

    def holds(self, name: str) -> bool:
        """Whether a name stands in the body."""
        stack: list[Syntax] = [self.body]
        while stack:
            tree = stack.pop()
            if isinstance(tree, Name) and tree.name == name:
                return True
            stack.extend(tree.children)
        return False


class Environment(dict[str, Node]):
    """Names and their nodes, with the functions, definitions, laws and dimensions that go with them, and the syntax in
    which expressions beside them are written.
    """

    __slots__ = ("definitions", "dims", "functions", "laws", "syntax")

    def __init__(
        self,
        names: Mapping[str, Node],
        functions: Collection[str] = frozenset(),
        definitions: Mapping[str, Defined] | None = None,
        dims: Collection[str] = (),
        syntax: str = "numpy",
        laws: Mapping[str, OwnLaw] | None = None,
    ) -> None:
        super().__init__(names)
        self.laws: Mapping[str, OwnLaw] = laws or {}
        self.syntax = syntax
        self.functions = frozenset(functions)
        self.definitions: Mapping[str, Defined] = definitions or {}
        self.dims = frozenset(dims)


class Scope:
    """What the lowering of a tree asks about names."""

    __slots__ = ("active", "definitions", "functions", "inlined", "laws", "source", "syntax")
    primes = 2  # derivatives of an unknown function that a program may name

    def __init__(
        self, source: str, functions: Collection[str], definitions: Mapping[str, Defined], syntax: str,
        laws: Mapping[str, OwnLaw],
    ) -> None:  # fmt: skip
        self.source, self.syntax = source, syntax
        self.functions = functions
        self.definitions = definitions
        self.laws = laws
        self.inlined: dict[tuple[str, int], int] = {}
        self.active: list[str] = []

    def error(self, cls: type[E], message: str, where: Syntax | int, hint: str = "") -> E:
        """An error of the class that points at a tree or an offset."""
        error = cls(message, hint=respelled(hint, self.syntax))
        if self.source:
            error.at(self.source, where if isinstance(where, int) else where.start)
        return error

    def name(self, tape: Tape, tree: Name) -> int:
        """The slot of a name in an expression."""
        raise NotImplementedError

    def dimension(self, tree: Name) -> Dim:
        """The dimension of that name."""
        raise NotImplementedError

    def is_variable(self, name: str) -> bool:
        """Whether the name is a variable, which cannot be called."""
        raise NotImplementedError

    def use_function(self, call: Call) -> None:
        """Take note that an unknown function is called."""
        raise NotImplementedError

    def reserved(self, tree: Name) -> MatcalcError:
        """The error of a function's name that is not called."""
        name = tree.name
        usage = "eye(n)" if name == "eye" else f"{name}(x)"
        return self.error(ParseError, f"{name} is a function", tree, f"call it, {usage}; a variable needs another name")


class Known(Scope):
    """Every name has its node."""

    __slots__ = ("dims", "names")
    primes = 4  # and what the second derivatives of programs name

    def __init__(
        self,
        source: str,
        names: Mapping[str, Node],
        functions: Collection[str],
        definitions: Mapping[str, Defined],
        dims: Collection[str],
        syntax: str = "numpy",
        laws: Mapping[str, OwnLaw] | None = None,
    ) -> None:
        super().__init__(source, functions, definitions, syntax, laws or {})
        self.names, self.dims = names, dims

    def name(self, tape: Tape, tree: Name) -> int:
        """The slot of a node, a dimension's number or pi."""
        name = tree.name
        node = self.names.get(name)
        if node is not None:
            return tape.put("given", (), (node,), tree)
        if name in self.dims:
            return tape.put("dim", (), (name,), tree)
        if name in PI:
            return tape.put("pi", (), (), tree)
        if name in reserved(self.syntax):
            raise self.reserved(tree)
        if name in self.functions or name in self.definitions or name in self.laws:
            raise self.error(ParseError, f"{name} is a function", tree, f"call it, {name}(x)")
        raise self.error(UnknownNameError, f"{name} is not known", tree, near(name, [*self.names, *self.dims]))

    def dimension(self, tree: Name) -> Dim:
        """The dimension, one of those that are known."""
        if tree.name in self.dims:
            return tree.name
        if tree.name in self.names:
            hint = "a dimension is an integer or the name of a dimension"
            raise self.error(UnsupportedError, f"{tree.name} is a variable, not a dimension", tree, hint)
        raise self.error(UnknownNameError, f"there is no dimension {tree.name}", tree, near(tree.name, self.dims))

    def is_variable(self, name: str) -> bool:
        """Whether a node has the name."""
        return name in self.names

    def use_function(self, call: Call) -> None:
        """Only functions that the environment has may be called."""
        if call.function not in self.functions:
            hint = near(call.function, [*reserved(self.syntax), *self.functions, *self.definitions, *self.laws])
            raise self.error(UnknownNameError, f"the function {call.function} is not known", call, hint)
