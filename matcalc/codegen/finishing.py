"""The last changes to the values before they are written, each of which saves walks over arrays or memory.

They follow `matcalc.codegen.sharing`, and do not change what is asked for or what a name means: a value that the
program names stays a value of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from matcalc.codegen.combining import is_linear, rewritten_sum
from matcalc.codegen.contracting import contracted
from matcalc.codegen.exponentials import Family, families, family, in_parts, mirrored, of_mirrored
from matcalc.codegen.kronecker import unformed
from matcalc.codegen.multiplying import is_product, rewritten_product
from matcalc.codegen.scaling import scaled_early
from matcalc.codegen.squares import squared
from matcalc.codegen.values import ONE, Graph, Value
from matcalc.codegen.walks import below

__all__ = ["finish"]

Rule: TypeAlias = "Callable[[Pass, Value], Value | None]"


class Pass:
    """One walk over all values, arguments first; ``new`` is what each has become, ``single`` whether another value
    alone uses it, ``users`` who does."""

    def __init__(self, graph: Graph, outputs: Sequence[Value], hints: Mapping[Value, str]) -> None:
        self.graph, self.outputs = graph, outputs
        self.order = below(outputs)
        self.users: dict[Value, list[Value]] = {value: [] for value in self.order}
        for value in self.order:
            for argument in value.args:
                self.users[argument].append(value)
        kept = {*outputs, *hints}
        self.single = {value: len(users) == 1 and value not in kept for value, users in self.users.items()}
        self.new: dict[Value, Value] = {}
        self.families: dict[Family, set[str]] | None = None
        self.factors: dict[Value, Value] | None = None  # of Cholesky, by their matrices

    def is_there(self, value: Value) -> bool:
        """Whether a value is computed anyway, for several or by name."""
        return value in self.single and not self.single[value]

    def run(self, rule: Rule, hints: dict[Value, str]) -> list[Value]:
        """The outputs with the rule applied wherever it applies; the hints follow."""
        for value in self.order:
            changed = rule(self, value)
            self.new[value] = rebuilt(self.graph, value, self.new) if changed is None else changed
        for value, name in list(hints.items()):
            if value in self.new and self.new[value] is not value:
                del hints[value]
                hints.setdefault(self.new[value], name)
        return [self.new[value] for value in self.outputs]


def rebuilt(graph: Graph, value: Value, new: Mapping[Value, Value]) -> Value:
    """The value of what its arguments have become."""
    args = tuple([new[argument] for argument in value.args])
    if args == value.args:
        return value
    if value.op == "T":
        return graph.transposed(args[0])
    return graph.value(value.op, args, value.params, value.axes)



def _combined(work: Pass, value: Value) -> Value | None:
    """A sum that is not a part of a larger one."""
    if not is_linear(value):
        return None
    if work.single[value]:
        (user,) = work.users[value]
        if is_linear(user) and user.axes == value.axes:
            return None
    return rewritten_sum(work.graph, value, work.single, work.new)


def _multiplied(work: Pass, value: Value) -> Value | None:
    """A product entry by entry that is not a part of a larger one."""
    if not is_product(value):
        return None
    if work.single[value]:
        (user,) = work.users[value]
        if is_product(user) and user.axes == value.axes and user.args[0] is value:
            return None
    return rewritten_product(work.graph, value, work.single, work.new, work.is_there)


def _exponential(work: Pass, value: Value) -> Value | None:
    """A member of a family that shares its exponential."""
    x = mirrored(work.graph, value, lambda other: other in work.single)
    if x is not None:
        return of_mirrored(work.graph, work.new[x], value.args[0] is not x)
    key = family(value)
    if key is None:
        return None
    if work.families is None:
        work.families = families(work.order)
    members = work.families.get(key)
    return None if members is None else in_parts(work.graph, value, work.new[value.args[0]], members)


def _contracted(work: Pass, value: Value) -> Value | None:
    """Index terms by pairs."""
    if value.op != "einsum":
        return None
    return contracted(work.graph, value, [work.new[argument] for argument in value.args])


def _unformed(work: Pass, value: Value) -> Value | None:
    """What Kronecker products multiply, without them."""
    return unformed(work.graph, value, tuple([work.new[argument] for argument in value.args]))


def _inverted(work: Pass, value: Value) -> Value | None:
    """The inverse of a matrix whose Cholesky factor is computed anyway, by that."""
    if value.op != "inv" or len(value.args) > 1:
        return None
    if work.factors is None:
        work.factors = {v.args[0]: v for v in work.order if v.op == "factor"}
    factor = work.factors.get(value.args[0])
    if factor is None:
        return None
    matrix = work.new[value.args[0]]
    factor = work.graph.value("factor", (matrix,), factor.params, factor.axes)
    return work.graph.value("inv", (matrix, factor), (), value.axes)


def _squared(work: Pass, value: Value) -> Value | None:
    """A product of matrices that is a square."""
    if value.op != "matmul":
        return None
    left, right = (work.new[argument] for argument in value.args)
    return squared(work.graph, left, right)


def _summed(work: Pass, value: Value) -> Value | None:
    """``sum(A @ B * C, axis=1)`` is ``sum(A * (C @ B.T), axis=1)``, where that product is computed anyway."""
    if value.op != "sum" or value.params[0] is None:
        return None
    body = value.args[0]
    if body.op == "T":
        return work.graph.value("sum", (work.new[body.args[0]],), (1 - value.params[0],), value.axes)
    if body.op != "mul" or not work.single[body]:
        return None
    for product, factor in (body.args, body.args[::-1]):
        if product.op == "matmul" and work.single[product] and product.axes == factor.axes == body.axes:
            a, b = product.args
            if value.params[0] == 1:
                found = _there(work, factor, work.graph.transposed(b)), a
            else:
                found = _there(work, work.graph.transposed(a), factor), b
            if found[0] is not None and found[0].axes == found[1].axes:
                return _sum_of(work, found[0], found[1], value)
    return None


def _there(work: Pass, a: Value, b: Value) -> Value | None:
    """The product of two matrices, if it is computed, or its transpose."""
    graph = work.graph
    if len(a.axes) != 2 or len(b.axes) != 2:
        return None
    found = graph.find("matmul", (a, b), (), (a.axes[0], b.axes[1]))
    if found in work.new:
        return found
    ta, tb = graph.transposed(a), graph.transposed(b)
    found = graph.find("matmul", (tb, ta), (), (b.axes[1], a.axes[0]))
    return graph.transposed(found) if found in work.new else None


def _sum_of(work: Pass, found: Value, other: Value, value: Value) -> Value:
    """The sums of the products of two matrices along an axis; of what they are transposes of along the other."""
    graph, axis = work.graph, value.params[0]
    if found.op == "T" or other.op == "T":
        found, other, axis = graph.transposed(found), graph.transposed(other), 1 - axis
    for pair in ((found, other), (other, found)):
        both = graph.find("mul", pair, (), found.axes)
        if both in work.new:
            return graph.value("sum", (work.new[both],), (axis,), value.axes)
    new = [work.new[v] if v in work.new else graph.transposed(work.new[v.args[0]]) for v in (found, other)]
    return graph.value("sum", (graph.value("mul", tuple(new), (), found.axes),), (axis,), value.axes)


def _total(work: Pass, value: Value) -> Value | None:
    """The sums of the rows or columns of a matrix by BLAS, the ones shared among all of one length."""
    if value.op != "sum" or value.params[0] is None or len(value.args[0].axes) != 2 or 1 in value.args[0].axes:
        return None
    graph, matrix, (axis,) = work.graph, work.new[value.args[0]], value.params
    if matrix.op == "spread":
        return None
    ones = graph.full(ONE, (matrix.axes[axis],))
    rows = graph.transposed(matrix) if axis == 0 else matrix
    return graph.value("matmul", (rows, ones), (), value.axes)


RULES: tuple[tuple[str, Rule], ...] = (
    ("structure", _unformed), ("exponentials", _exponential), ("reductions", _summed), ("contractions", _contracted),
    ("factors", _multiplied), ("multiples", _combined), ("roots", _squared), ("factorisations", _inverted),
    ("totals", _total),
)  # by their switches; fmt: skip


def finish(graph: Graph, outputs: Sequence[Value], hints: dict[Value, str]) -> list[Value]:
    """The outputs after all changes; ``hints`` follow the values."""
    found = scaled_early(graph, outputs, hints) if graph.options.scalars else list(outputs)
    for name, rule in RULES:
        if getattr(graph.options, name):
            found = Pass(graph, found, hints).run(rule, hints)
    return found
