"""Sums of products factored and products of sums distributed, by what either costs.

``(A - u vᵀ/s) x`` is ``A x - u (vᵀ x) / s``, ``(Xᵀ X + λ I) w`` is ``Xᵀ (X w) + λ w``: where a sum meets vectors only,
its terms need not be formed.  ``A X + B X`` of matrices is ``(A + B) X``, a product less.  Costs are in floating-point
operations of a large product of matrices.  Measured on one core (OpenBLAS, n = 300 to 2000): an entry of a sum of
matrices takes the time of 30 of them, of a sum with a transpose that of 60, an entry of a matrix that meets a vector
that of 5 to 15, the two operations themselves included; so `ENTRY` and `MET`.  A product that is there already costs
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import cast

from matcalc.codegen.values import Axes, Graph, Value
from matcalc.expressions.dims import Dim, add, multiply

__all__ = ["ENTRY", "Meetings", "distributed", "factored"]

TERMS = 16  # of a sum that a vector is passed through; the walk is as deep at most
ENTRY = 32  # what an entry costs that is read, added to and written
MET = 8  # what an entry of a matrix costs that meets a vector


class Meetings:
    """How often each matrix meets vectors, through sums of which it is a term, and which are needed as arrays."""

    def __init__(self, order: Sequence[Value], outputs: Collection[Value], named: Collection[Value]) -> None:
        self.formed: set[Value] = {*outputs, *named}
        self.count: dict[Value, int] = {}
        for value in reversed(order):
            passed = terms_of(value)
            for k, part in enumerate(value.args):
                if part in passed and len(value.axes) == 2:
                    if value in self.formed:
                        self.formed.add(part)
                    self.count[part] = self.count.get(part, 0) + self.count.get(value, 0)
                elif value.op == "matmul" and k == 0 and len(value.axes) == 1:
                    self.count[part] = self.count.get(part, 0) + 1
                else:
                    self.formed.add(part)


def terms_of(value: Value) -> tuple[Value, ...]:
    """The matrices that a matrix is linear in, entry by entry."""
    if value.op in ("add", "sub") and all(part.axes == value.axes for part in value.args):
        return value.args
    if value.op in ("neg", "T") or (value.op == "div" and not value.args[1].axes):
        return value.args[:1]
    return value.args[1:] if value.op == "mul" and not value.args[0].axes else ()


def size(axes: Axes) -> Dim:
    """The number of entries."""
    return reduce(multiply, axes, cast("Dim", 1))


class _Distribution:
    """A matrix times a vector, term by term: what that costs and what it gives."""

    def __init__(
        self, graph: Graph, meetings: Meetings, new: Mapping[Value, Value], there: Collection[Value]
    ) -> None:
        self.graph, self.meetings, self.new, self.there = graph, meetings, new, there
        self.left = TERMS

    def cost(self, matrix: Value, vector: Value, turned: bool) -> tuple[Dim, Dim]:
        """Of the product, and of forming the matrix, as far as nothing else needs it."""
        self.left -= 1
        rows = matrix.axes[1 if turned else 0]
        formed: Dim = 0 if matrix in self.meetings.formed else self.forming(matrix)
        there = self.graph.find("matmul", (self.turned(matrix, turned), vector), (), (rows,))
        whole: Dim = 0 if there is not None and there in self.there else multiply(MET, size(matrix.axes))
        parts = terms_of(matrix) if self.left > 0 else ()
        if matrix.op == "outer":
            return add(multiply(ENTRY, rows), multiply(2, size(vector.axes))), formed
        if matrix.op in ("eye", "diagflat"):
            return multiply(ENTRY, rows) if matrix.op == "diagflat" else 0, formed
        if matrix.op == "matmul" and matrix not in self.meetings.formed:
            (a, b), product = matrix.args, multiply(2, multiply(size(matrix.axes), matrix.args[1].axes[0]))
            return multiply(MET, add(size(a.axes), size(b.axes))), product
        if not parts:
            return whole, formed
        total: Dim = 0 if matrix.op == "T" else multiply(ENTRY, rows)
        for part in parts:
            each, forming = self.cost(part, vector, turned != (matrix.op == "T"))
            total, formed = add(total, each), add(formed, forming)
        return total, formed

    def forming(self, matrix: Value) -> Dim:
        """What the array itself takes, its parts given."""
        if matrix.op == "T" or not (matrix.args or matrix.op == "eye"):
            return 0
        made = terms_of(matrix) or matrix.op in ("outer", "eye", "diagflat")
        return multiply(ENTRY, size(matrix.axes)) if made else 0

    def turned(self, matrix: Value, turned: bool) -> Value:
        found = self.new[matrix]
        return self.graph.transposed(found) if turned else found

    def product(self, matrix: Value, vector: Value, turned: bool) -> Value:
        """The product; as deep as the sum, which is not deep."""
        graph = self.graph
        self.left -= 1
        axes = matrix.axes[1:] if turned else matrix.axes[:1]
        parts = terms_of(matrix) if self.left > 0 else ()
        if matrix.op == "T" and parts:
            return self.product(matrix.args[0], vector, not turned)
        if matrix.op == "outer":
            u, v = [self.new[a] for a in (matrix.args[::-1] if turned else matrix.args)]
            return graph.value("mul", (graph.dot(v, vector), u), (), axes)
        if matrix.op == "eye":
            return vector
        if matrix.op == "diagflat":
            return graph.value("mul", (self.new[matrix.args[0]], vector), (), axes)
        if matrix.op == "matmul" and matrix not in self.meetings.formed:
            a, b = matrix.args[::-1] if turned else matrix.args
            return graph.matmul(self.turned(a, turned), graph.matmul(self.turned(b, turned), vector))
        if not parts:
            return graph.matmul(self.turned(matrix, turned), vector)
        found = [self.product(part, vector, turned) for part in parts]
        if matrix.op == "mul":
            found.insert(0, self.new[matrix.args[0]])
        elif matrix.op == "div":
            found.append(self.new[matrix.args[1]])
        return graph.value(matrix.op, tuple(found), (), axes)


def distributed(
    graph: Graph, value: Value, new: Mapping[Value, Value], meetings: Meetings, there: Collection[Value]
) -> Value | None:
    """A matrix times a vector, term by term, where that costs less; ``there`` are the values so far."""
    matrix, vector = value.args[0], new[value.args[1]]
    bare = matrix.args[0] if matrix.op == "T" else matrix
    if len(vector.axes) != 1 or len(bare.axes) != 2 or bare.op == "T" or not terms_of(bare):
        return None
    walk = _Distribution(graph, meetings, new, there)
    apart, formed = walk.cost(matrix, vector, turned=False)
    times = max(1, meetings.count.get(bare, 1))
    together = add(multiply(times, multiply(MET, size(matrix.axes))), formed)
    if walk.left <= 0 or graph.sizes.no_dearer(together, multiply(times, apart)):
        return None
    walk.left = TERMS
    return walk.product(matrix, vector, turned=False)


def factored(graph: Graph, value: Value, args: Sequence[Value], uses: Mapping[Value, int]) -> Value | None:
    """``A X + B X`` as ``(A + B) X``, where that costs less and nothing else needs the two products."""
    if value.op not in ("add", "sub") or len(value.axes) != 2:
        return None
    if any(uses[v] != 1 for arg in value.args for v in (arg, *(arg.args if arg.op == "T" else ()))):
        return None
    first, second = [_sides(graph, arg) for arg in args]
    if first is None or second is None or mirrored(*first) or mirrored(*second):
        return None
    (a, b), (c, d) = first, second
    for same, one, other in ((b is d, a, c), (a is c, b, d)):
        if same and one.axes == other.axes and len(b.axes) == 2:
            turned = (one.op == "T") != (other.op == "T")
            sum_of_factors = multiply(2 * ENTRY if turned else ENTRY, size(one.axes))
            product = multiply(2, multiply(size(a.axes), b.axes[1]))
            if graph.sizes.no_dearer(add(product, multiply(ENTRY, size(value.axes))), sum_of_factors):
                return None
            together = graph.value(value.op, (one, other), (), one.axes)
            return graph.matmul(together, b) if b is d else graph.matmul(a, together)
    return None


def _sides(graph: Graph, value: Value) -> tuple[Value, Value] | None:
    """The two matrices of a product, of a transposed one too."""
    if value.op == "T" and value.args[0].op == "matmul":
        a, b = value.args[0].args
        return graph.transposed(b), graph.transposed(a)
    return (value.args[0], value.args[1]) if value.op == "matmul" else None


def mirrored(a: Value, b: Value) -> bool:
    """``Aᵀ A``: BLAS computes half of it, as long as both are one array."""
    return (a.op == "T" and a.args[0] is b) or (b.op == "T" and b.args[0] is a)
