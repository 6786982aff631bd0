"""Factors of a matrix product, and how two of them meet.

A factor that has structure keeps it: a diagonal matrix is its vector, an inverse its matrix, a
slice of the identity its bounds, a column of ones or of the identity nothing at all.  None of them
is ever expanded to be multiplied.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from matcalc.codegen.values import Graph, Value, axes_of
from matcalc.expressions.dims import Dim, add
from matcalc.expressions.node import Shape

__all__ = ["Factor", "apply", "combine", "dense", "flip"]

ALL = ("all",)


class Factor:
    """``kind`` is

    ``matrix``, ``vector``  any (``value``)
    ``inverse``     of the matrix ``value``
    ``diagonal``    with the entries ``value``
    ``rows``        the rows ``item`` of the identity: it picks them out; ``columns`` its transpose,
    which puts them back
    ``swap``        the commutation matrix of the dimensions ``item``: it takes rows or columns in another order
    ``unit``        the column ``item`` of the identity
    ``ones``        a column of ones
    """

    __slots__ = ("item", "kind", "shape", "value")

    def __init__(self, kind: str, shape: Shape, value: Value | None = None, item: tuple[Any, ...] = ()) -> None:
        self.kind, self.shape, self.item = kind, shape, item
        self._set(value)

    def _set(self, value: Value | None) -> None:
        self.value: Value = value  # type: ignore[assignment]  # None only where the kind has none

    @property
    def is_row(self) -> bool:
        """A row vector."""
        return self.shape[0] == 1

    @property
    def is_column(self) -> bool:
        """A column vector."""
        return self.shape[1] == 1


SWAP = {"rows": "columns", "columns": "rows"}


def flip(graph: Graph, f: Factor) -> Factor:
    """The transpose of a factor."""
    shape = (f.shape[1], f.shape[0])
    if f.kind == "swap":
        return Factor("swap", shape, None, f.item[::-1])
    if f.kind in ("matrix", "inverse"):
        return Factor(f.kind, shape, graph.transposed(f.value))
    return Factor(SWAP.get(f.kind, f.kind), shape, f.value, f.item)


def dense(graph: Graph, f: Factor) -> Value:
    """The factor as an array."""
    if f.kind in ("matrix", "vector"):
        return f.value
    if f.kind == "inverse":
        return graph.value("inv", (f.value,), (), f.value.axes)
    if f.kind == "diagonal":
        return graph.value("diagflat", (f.value,), (), axes_of(f.shape))
    if f.kind == "ones":
        return graph.full(Fraction(1), axes_of(f.shape))
    if f.kind == "unit":
        return graph.value("place", (graph.one,), (f.item,), axes_of(f.shape))
    if f.kind == "swap":
        return _swapped(graph, f.item, graph.value("eye", (), f.shape[:1], axes_of(f.shape)), 0)
    n = f.shape[0] if f.kind == "rows" else f.shape[1]
    eye = graph.value("eye", (), (n,), (n, n))
    items = (ALL, f.item) if f.kind == "rows" else (f.item, ALL)
    return graph.value("place", (eye,), items, axes_of(f.shape))


def combine(graph: Graph, left: Factor, right: Factor) -> Factor | Value:
    """The product of two neighbours: a factor, or a value where it is a scalar."""
    shape = (left.shape[0], right.shape[1])
    if left.is_row and right.is_column:
        return _dot(graph, left, right)
    if left.is_column and right.is_row:
        return _outer(graph, left, right)
    if right.is_column:
        return apply(graph, left, right)
    if left.is_row:
        return flip(graph, apply(graph, flip(graph, right), flip(graph, left)))
    return _matrices(graph, left, right, shape)


def _dot(graph: Graph, left: Factor, right: Factor) -> Value:
    if "unit" in (left.kind, right.kind):
        unit, other = (left, right) if left.kind == "unit" else (right, left)
        return graph.index(dense(graph, other), (unit.item,), ())
    if left.kind == right.kind == "ones":
        return graph.value("size", (), (left.shape[1],))
    if "ones" in (left.kind, right.kind):
        value = dense(graph, right if left.kind == "ones" else left)
        if value.op == "sum":
            value = value.args[0]
        return graph.value("sum", (value,), (None,), ())
    return graph.dot(dense(graph, left), dense(graph, right))


def _outer(graph: Graph, left: Factor, right: Factor) -> Factor:
    shape = (left.shape[0], right.shape[1])
    axes = axes_of(shape)
    if left.kind == "unit":
        return Factor("matrix", shape, graph.value("place", (dense(graph, right),), (left.item, ALL), axes))
    if right.kind == "unit":
        return Factor("matrix", shape, graph.value("place", (dense(graph, left),), (ALL, right.item), axes))
    if left.kind == "ones":
        return Factor("matrix", shape, _spread(graph, dense(graph, right), axes, "row"))
    if right.kind == "ones":
        return Factor("matrix", shape, _spread(graph, dense(graph, left), axes, "column"))
    return Factor("matrix", shape, graph.outer(dense(graph, left), dense(graph, right)))


def _spread(graph: Graph, vector: Value, axes: tuple[Dim, ...], form: str) -> Value:
    if vector.op == "spread":
        vector, form = vector.args[0], "scalar"
    return graph.spread(vector, axes, form)


def apply(graph: Graph, f: Factor, v: Factor) -> Factor:
    """A matrix factor times a column."""
    shape = (f.shape[0], v.shape[1])
    axes = axes_of(shape)
    if f.kind == "matrix":
        if v.kind == "ones":
            return Factor("vector", shape, sum_along(graph, f.value, 1))
        if v.kind == "unit":
            return Factor("vector", shape, graph.index(f.value, (ALL, v.item), axes))
        return Factor("vector", shape, graph.matmul(f.value, dense(graph, v)))
    if f.kind == "inverse":
        return Factor("vector", shape, graph.value("solve", (f.value, dense(graph, v)), (), axes))
    if f.kind == "diagonal":
        if v.kind == "ones":
            return Factor("vector", shape, f.value)
        if v.kind == "unit":
            entry = graph.index(f.value, (v.item,), ())
            return Factor("vector", shape, graph.value("place", (entry,), (v.item,), axes))
        return Factor("vector", shape, graph.value("mul", (f.value, dense(graph, v)), (), axes))
    if f.kind == "swap":
        if v.kind == "ones":
            return Factor("ones", shape)
        return Factor("vector", shape, _swapped(graph, f.item, dense(graph, v), 0))
    if f.kind == "rows":
        if v.kind == "ones":
            return Factor("ones", shape)
        return Factor("vector", shape, graph.index(dense(graph, v), (f.item,), axes))
    if v.kind == "unit" and f.item[0] == "slice":
        return Factor("unit", shape, None, ("at", add(f.item[1], v.item[1])))
    return Factor("vector", shape, graph.value("place", (dense(graph, v),), (f.item,), axes))


def _swapped(graph: Graph, item: tuple[Any, ...], value: Value, axis: int) -> Value:
    """The rows (axis 0), or the columns, in the order in which ``commutation(m, n)`` puts rows."""
    order = graph.value("swap", (), item, value.axes[axis : axis + 1])
    return graph.value("take", (value, order), (axis,), value.axes)


def sum_along(graph: Graph, value: Value, axis: int) -> Value:
    """The sums along an axis of a matrix, of its transpose where that is at hand."""
    kept = (value.axes[1 - axis],)
    if value.op == "T":
        return graph.value("sum", value.args, (1 - axis,), kept)
    return graph.value("sum", (value,), (axis,), kept)


def _matrices(graph: Graph, left: Factor, right: Factor, shape: Shape) -> Factor:
    axes = axes_of(shape)
    if left.kind == "diagonal":
        if right.kind == "diagonal":
            product = graph.value("mul", (left.value, right.value), (), left.value.axes)
            return Factor("diagonal", shape, product)
        value = graph.entrywise("mul", left.value, dense(graph, right), ((shape[0], 1), shape))
    elif right.kind == "diagonal":
        value = graph.entrywise("mul", dense(graph, left), right.value, (shape, (1, shape[1])))
    elif left.kind == "swap":
        value = _swapped(graph, left.item, dense(graph, right), 0)
    elif right.kind == "swap":
        value = _swapped(graph, right.item[::-1], dense(graph, left), 1)
    elif left.kind == "rows":
        value = graph.index(dense(graph, right), (left.item, ALL), axes)
    elif right.kind == "columns":
        value = graph.index(dense(graph, left), (ALL, right.item), axes)
    elif left.kind == "columns":
        value = graph.value("place", (dense(graph, right),), (left.item, ALL), axes)
    elif right.kind == "rows":
        value = graph.value("place", (dense(graph, left),), (ALL, right.item), axes)
    elif left.kind == "inverse":
        value = graph.value("solve", (left.value, dense(graph, right)), (), axes)
    elif right.kind == "inverse":
        a = graph.transposed(right.value)
        solved = graph.value("solve", (a, graph.transposed(dense(graph, left))), (), (axes[1], axes[0]))
        value = graph.transposed(solved)
    else:
        value = graph.matmul(dense(graph, left), dense(graph, right))
    return Factor("matrix", shape, value)
