"""What all rules for writing need: symbols, shapes, broadcasting, functions entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import sympy
from sympy.matrices.expressions import OneMatrix

from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, kind
from matcalc.sympy_bridge.dimensions import expression_of

__all__ = ["SCALAR", "Rule", "Writing", "columns", "entrywise"]

SCALAR: Shape = (1, 1)


class Writing:
    """The symbols of the names, and the shapes of nodes in them."""

    def __init__(self, symbols: dict[str, Any]) -> None:
        self.symbols = symbols

    def dim(self, dim: Dim) -> Any:
        """A dimension."""
        return expression_of(dim, lambda name: self.symbols.get(name, sympy.Symbol(name)))

    def shape(self, node: Node) -> tuple[Any, Any]:
        """Both dimensions of a node."""
        return self.dim(node.shape[0]), self.dim(node.shape[1])

    def spread(self, value: Any, node: Node, to: Node) -> Any:
        """A scalar, a column or a row repeated to the shape of another node."""
        if node.shape == to.shape:
            return value
        rows, columns = self.shape(to)
        if node.shape == SCALAR:
            return value * OneMatrix(rows, columns)
        if kind(node.shape) == "vector":
            return value * OneMatrix(1, columns)
        return OneMatrix(rows, 1) * value


Rule: TypeAlias = Callable[[Writing, Node, Sequence[Any]], Any]  # the node and what its arguments are


def entrywise(function: Callable[[Any], Any], shape: Shape, value: Any) -> Any:
    """A function of a scalar, or of every entry."""
    if shape == SCALAR:
        return function(value)
    entry = sympy.Dummy("d")
    return value.applyfunc(sympy.Lambda(entry, function(entry)))


def columns(node: Node, args: Sequence[Any]) -> list[Any]:
    """The arguments, rows transposed."""
    return [x.T if arg.shape[0] == 1 and arg.shape != SCALAR else x for x, arg in zip(args, node.args, strict=True)]
