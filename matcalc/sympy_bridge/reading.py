"""SymPy expressions read as nodes.

Every class that is known has a row in `MATRICES` or `SCALARS`: what to read first, and the node made of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import sympy

from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape
from matcalc.operations.table import dimension, variable
from matcalc.sympy_bridge.dimensions import dim_of

__all__ = ["Plan", "Reading", "refused"]

Plan: TypeAlias = tuple[Sequence[Any], Callable[[Sequence[Node]], Node]]  # what to read first, and what to make of it


class Reading:
    """The names met while an expression is read."""

    def __init__(self) -> None:
        self.variables: dict[str, Node] = {}
        self.symbols: dict[str, Any] = {}  # the SymPy object of every name
        self.functions: list[str] = []
        self.dims: set[str] = set()
        self.places: dict[Any, Any] = {}  # the argument of a function applied entry by entry, by its stand-in
        self.done: dict[Any, Node] = {}

    def node(self, root: Any) -> Node:
        """The node of an expression."""
        self._collect_dims(root)
        stack: list[tuple[Any, Plan | None]] = [(root, None)]
        while stack:
            expr, plan = stack.pop()
            if expr in self.done:
                continue
            if plan is None:
                plan = self.plan(expr)
                stack.append((expr, plan))
                stack.extend([(child, None) for child in reversed(plan[0]) if child not in self.done])
            else:
                self.done[expr] = plan[1]([self.done[child] for child in plan[0]])
        return self.done[root]

    def plan(self, expr: Any) -> Plan:
        """How an expression is read."""
        from matcalc.sympy_bridge.matrices import MATRICES
        from matcalc.sympy_bridge.scalars import SCALARS

        if expr in self.places:
            return [self.places[expr]], lambda nodes: nodes[0]
        for class_ in type(expr).__mro__:
            rule = MATRICES.get(class_) or SCALARS.get(class_)
            if rule is not None:
                return rule(self, expr)
        raise refused(expr)

    def _collect_dims(self, root: Any) -> None:
        """The names that are sizes: elsewhere they stand for their numbers."""
        seen: set[Any] = set()
        stack = [root]
        while stack:
            part = stack.pop()
            if part not in seen:
                seen.add(part)
                stack.extend(part.args)
                if isinstance(part, sympy.MatrixSymbol):
                    for dim in part.shape:
                        self.dim(dim)

    def dim(self, expression: Any) -> Dim:
        """The dimension that an expression is."""

        def name_of(symbol: Any) -> str:
            name = self.name(symbol)
            self.dims.add(name)
            return name

        return dim_of(expression, name_of)

    def shape(self, expr: Any) -> Shape:
        """The shape of a SymPy matrix."""
        rows, columns = expr.shape
        return (self.dim(rows), self.dim(columns))

    def name(self, symbol: Any, called: str = "") -> str:
        """The name of a symbol, which no other has."""
        name = called or str(symbol.name)
        if not name.isidentifier():
            raise UnsupportedError(f"{name} is no name in the language", hint="rename it: letters, digits and _")
        if self.symbols.setdefault(name, symbol) != symbol:
            raise UnsupportedError(f"two different symbols are called {name}", hint="rename one of them")
        return name

    def variable(self, symbol: Any, shape: Shape) -> Node:
        """The input that a symbol is."""
        name = self.name(symbol)
        return self.variables.setdefault(name, variable(name, shape, "", bool(symbol.is_positive)))

    def symbol(self, symbol: Any) -> Node:
        """A scalar symbol: an input, or the number that a dimension is."""
        if self.name(symbol) in self.dims:
            return dimension(self.name(symbol))
        return self.variable(symbol, (1, 1))

    def function(self, class_: Any) -> str:
        """The name of an unknown function."""
        name = self.name(class_, class_.__name__)
        if name not in self.functions:
            self.functions.append(name)
        return name


def refused(expr: Any, hint: str = "") -> UnsupportedError:
    """What the language has no words for."""
    text = str(expr)
    shown = text if len(text) < 60 else f"{text[:57]}..."
    return UnsupportedError(f"{type(expr).__name__} cannot be read: {shown}", hint=hint)
