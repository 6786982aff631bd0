"""Nodes evaluated in symbols: every entry of every value an expression of SymPy.

Where an operation has a kink, the branch is the one at a given point, so that what comes out is
analytic and holds in the whole region around that point. No operation shares anything with the laws
or with generated code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, postorder
from matcalc.verify.closed_forms import ENTRYWISE, SPECIAL

__all__ = ["Singular", "Symbolic"]

Matrix = Any  # sympy.Matrix


class Singular(UnsupportedError):
    """The program is not defined or not smooth at the point: another one, or other sizes, may do."""


class Symbolic:
    """Values of nodes as matrices of expressions.

    ``known`` has the matrices of inputs and of intermediate variables that are taken as such, ``sizes`` the dimensions,
    ``point`` a number for every symbol, which decides the branches.
    """

    sympy: Any  # the module, loaded only here
    sizes: dict[str, int]

    def __init__(self, known: Mapping[Node, Matrix], sizes: Mapping[str, int], point: Mapping[Any, Any]) -> None:
        import sympy

        self.sympy, self.sizes, self.point = sympy, dict(sizes), point
        self.done: dict[Node, Matrix] = dict(known)

    def __call__(self, root: Node) -> Matrix:
        """The matrix of a node; raises `UnsupportedError` where an operation has no closed form."""
        for node in postorder(root, into=lambda n: n not in self.done):
            if node not in self.done:
                self.done[node] = self._one(node, [self.done[a] for a in node.args])
        return self.done[root]

    def shape(self, node: Node) -> tuple[int, int]:
        """The numbers of rows and columns."""
        rows, columns = (evaluate(dim, self.sizes) for dim in node.shape)
        return rows, columns

    def _one(self, node: Node, args: list[Matrix]) -> Matrix:
        op, entry = node.op, ENTRYWISE.get(node.op)
        if entry is not None:
            return self._entrywise(node, lambda *x: entry(self, *x), args)
        special = SPECIAL.get(op)
        if special is None:
            what = "a derivative with three or four indices" if op == "entries" else op
            what = f"{node.params[0]}, of which only the law is known" if op == "own" else what
            raise UnsupportedError(f"there is no exact proof of {what}", hint="the numeric check stands")
        return special(self, node, args)

    def _entrywise(self, node: Node, function: Callable[..., Any], args: list[Matrix]) -> Matrix:
        rows, columns = self.shape(node)

        def at(i: int, j: int) -> Any:
            return function(*[a[i if a.rows > 1 else 0, j if a.cols > 1 else 0] for a in args])

        return self.sympy.Matrix(rows, columns, at)

    def is_positive(self, expression: Any) -> bool:
        """The sign at the point."""
        number = self.sympy.sympify(expression, strict=True).evalf(30, subs=self.point)
        if not number.is_real or abs(number) < 1e-12:
            raise Singular("the point stands on a kink")
        return bool(number > 0)

    def nonzero(self, expression: Any) -> Any:
        """The expression, if it is not zero at the point."""
        number = self.sympy.sympify(expression, strict=True).xreplace(self.point)
        if number == 0 or abs(self.sympy.N(number, 15, maxn=60)) < 1e-12:
            raise Singular("something is zero there that must not be")
        return expression

    def places(self, matrix: Matrix) -> list[tuple[int, int]]:
        """All entries, in the order of memory."""
        return [(i, j) for i in range(matrix.rows) for j in range(matrix.cols)]

    def extreme(self, matrix: Matrix, *, largest: bool, size: bool = False) -> tuple[int, int]:
        """Where the largest or smallest entry stands (by absolute value, for ``size``)."""
        best = (0, 0)
        for place in self.places(matrix)[1:]:
            one, other = (self.absolute(matrix[p]) if size else matrix[p] for p in (place, best))
            if self.is_positive(one - other) == largest:
                best = place
        return best

    def absolute(self, x: Any) -> Any:
        """The absolute value on this side of zero."""
        return x if self.is_positive(x) else -x

    def power(self, matrix: Matrix, exponent: Matrix) -> Matrix:
        """A matrix to a whole number."""
        return matrix ** int(exponent[0, 0])
