"""What builds and takes apart arrays, solves systems, and raises to powers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from matcalc.codegen import factorisations
from matcalc.codegen.factors import Factor
from matcalc.codegen.reduce import inner, inner_pair
from matcalc.codegen.values import Graph, Scaled, Value, axes_of
from matcalc.expressions.node import Node, Shape

if TYPE_CHECKING:
    from matcalc.codegen.lower import Lowering

__all__ = ["RULES", "integer_power", "selector"]

ONE = Fraction(1)
UNROLLED = 16  # whole powers up to this one are products
Rule: TypeAlias = "Callable[[Lowering, Node], Scaled]"


def selector(graph: Graph, node: Node, transposed: bool) -> Factor:
    """A slice of the identity, as the factor that picks out or puts back."""
    rows, columns = node.params
    shape = (node.shape[1], node.shape[0]) if transposed else node.shape
    if 1 in node.shape:
        if rows[0] != "all" and columns[0] != "all":  # a slice of one column: rare, and small
            value = graph.value("eye", (), node.args[0].params, axes_of(node.args[0].shape))
            return Factor("vector", shape, graph.index(value, _items(node), axes_of(node.shape)))
        return Factor("unit", shape, None, columns if rows[0] == "all" else rows)
    if rows[0] != "all" and columns[0] != "all":
        value = graph.value("eye", (), node.args[0].params, axes_of(node.args[0].shape))
        value = graph.index(value, _items(node), axes_of(node.shape))
        return Factor("matrix", shape, graph.transposed(value) if transposed else value)
    kind, item = ("columns", columns) if rows[0] == "all" else ("rows", rows)
    if transposed:
        kind = {"rows": "columns", "columns": "rows"}[kind]
    return Factor(kind, shape, None, item)


def _items(node: Node) -> tuple[Any, ...]:
    """The index items of the axes that the array has."""
    body = node.args[0]
    return tuple(item for item, dim in zip(node.params, body.shape, strict=True) if dim != 1)


def _indexed(lowering: Lowering, node: Node) -> Scaled:
    graph, body = lowering.graph, node.args[0]
    number, value = lowering.done[body]
    items = _items(node)
    if value.op == "T":
        axes = axes_of(node.shape)
        picked = graph.index(value.args[0], items[::-1], axes[::-1])
        return number, graph.transposed(picked)
    return number, graph.index(value, items, axes_of(node.shape))


def _stacked(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    if len(node.args) == 1:
        return lowering.done[node.args[0]]
    shapes = tuple(argument.shape for argument in node.args)
    values = tuple(map(lowering.array, node.args))
    return ONE, graph.value("stack", values, (node.params, shapes), axes_of(node.shape))


# systems ----------------------------------------------------------------------------------------------------


def _inverse(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    number, value = lowering.done[node.args[0]]
    if not number:
        number, value = ONE, lowering.array(node.args[0])
    if value.op == "T":
        return 1 / number, graph.transposed(graph.value("inv", value.args, (), value.args[0].axes))
    if value.op == "diagflat" and lowering.options.structure:
        return 1 / number, graph.value(
            "diagflat", (graph.value("div", (graph.one, value.args[0]), (), value.axes[:1]),), (), value.axes
        )
    return 1 / number, graph.value("inv", (value,), (), value.axes)


def _solved(lowering: Lowering, node: Node) -> Scaled:
    graph, axes = lowering.graph, axes_of(node.shape)
    (na, a), (nb, b) = (lowering.done[n] for n in node.args)
    if not na:
        na, a = ONE, lowering.array(node.args[0])
    if a.op == "diagflat" and lowering.options.structure:
        entries = a.args[0] if len(axes) == 1 else graph.value("expand", a.args, (), (a.axes[0], 1))
        return nb / na, graph.value("div", (b, entries), (), axes)
    return nb / na, graph.value("solve", (a, b), (), axes)


def _pinv(lowering: Lowering, node: Node) -> Scaled:
    return ONE, lowering.graph.value("call", (lowering.array(node.args[0]),), ("pinv",), axes_of(node.shape))


# shapes -----------------------------------------------------------------------------------------------------


def _vec(lowering: Lowering, node: Node) -> Scaled:
    number, value = lowering.done[node.args[0]]
    axes = axes_of(node.shape)
    return number, value if len(value.axes) < 2 else lowering.graph.value("reshape", (value,), axes, axes)


def _unvec(lowering: Lowering, node: Node) -> Scaled:
    number, value = lowering.done[node.args[0]]
    axes = axes_of(node.shape)
    return number, value if len(axes) < 2 else lowering.graph.value("reshape", (value,), axes, axes)


def _kron(lowering: Lowering, node: Node) -> Scaled:
    """``kron`` and its two adjoints, on matrices whatever the kinds."""
    graph = lowering.graph
    number = ONE
    values = []
    for argument in node.args:
        n, value = lowering.done[argument]
        number *= n
        values.append(_as_matrix(graph, value, argument.shape))
    result = graph.value("call", tuple(values), (node.op,), node.shape)
    axes = axes_of(node.shape)
    return number, result if axes == node.shape else graph.value("reshape", (result,), axes, axes)


def _as_matrix(graph: Graph, value: Value, shape: Shape) -> Value:
    return value if len(value.axes) == 2 else graph.value("reshape", (value,), shape, shape)


# powers -----------------------------------------------------------------------------------------------------


def integer_power(graph: Graph, value: Value, k: int) -> Value:
    """A whole power as a product: squares of squares."""
    if value.op == "spread":
        return graph.spread(integer_power(graph, value.args[0], k), value.axes, value.params[0])
    if k == 0:
        return graph.full(ONE, value.axes) if value.axes else graph.one
    if k == 1:
        return value
    half = integer_power(graph, value, k // 2)
    even = graph.value("pow", (half, graph.const(Fraction(2))), (), value.axes)
    return even if k % 2 == 0 else graph.value("mul", (even, value), (), value.axes)


def _power(lowering: Lowering, node: Node) -> Scaled:
    graph, (a, b) = lowering.graph, node.args
    if inner_pair(node, lowering.uses) is not None:
        number, value = lowering.done[a.args[0]]
        return number * number, inner(graph, value, value)
    (na, va), (nb, vb) = lowering.done[a], lowering.done[b]
    if vb is graph.one and va is graph.one and nb.denominator == 1 and abs(nb) <= UNROLLED and (na or nb >= 0):
        return na ** int(nb), graph.one
    if vb is graph.one and va is not graph.one:
        return _constant_power(lowering, a, nb)
    base = graph.scale(na, va)
    return ONE, graph.entrywise("pow", base, graph.scale(nb, vb), (a.shape, b.shape))


def _constant_power(lowering: Lowering, a: Node, k: Fraction) -> Scaled:
    graph = lowering.graph
    number, value = lowering.done[a]
    whole = int(abs(k))
    half = abs(k) - whole
    if whole > UNROLLED or half not in (0, Fraction(1, 2)):
        value = lowering.array(a)
        axes = value.axes
        return ONE, graph.entrywise("pow", value, graph.const(k), (a.shape, (1, 1))) if axes else graph.value(
            "pow", (value, graph.const(k))
        )
    if half:
        number, value = ONE, lowering.array(a)
        root = graph.map("map", (value,), ("sqrt",))
        power = root if not whole else _both(graph, integer_power(graph, value, whole), root)
    else:
        power = integer_power(graph, value, whole)
    number = number**whole
    if k >= 0:
        return number, power
    if not number:
        number, power = ONE, graph.scale(number, power)
    return 1 / number, _reciprocal(graph, power)


def _both(graph: Graph, a: Value, b: Value) -> Value:
    if a.op == "spread":
        return graph.spread(_both(graph, a.args[0], b.args[0]), a.axes, a.params[0])
    return graph.value("mul", (a, b), (), a.axes)


def _reciprocal(graph: Graph, value: Value) -> Value:
    if value.op == "spread":
        return graph.spread(_reciprocal(graph, value.args[0]), value.axes, value.params[0])
    return graph.value("div", (graph.one, value), (), value.axes)


def _matrix_power(lowering: Lowering, node: Node) -> Scaled:
    graph, axes = lowering.graph, axes_of(node.shape)
    k, one = lowering.done[node.args[1]]
    if one is not graph.one or k.denominator != 1:
        value = lowering.array(node.args[0])
        return ONE, graph.value("power", (value, lowering.array(node.args[1])), ("given",), axes)
    number, value = lowering.done[node.args[0]]
    if k == 0:
        return ONE, graph.value("eye", (), axes[:1], axes)
    if k < 0 and not number:
        number, value = ONE, lowering.array(node.args[0])
    if k in (1, 2):
        return number ** int(k), value if k == 1 else graph.matmul(value, value)
    if k == -1:
        return 1 / number, graph.value("inv", (value,), (), axes)
    if abs(k) > UNROLLED:  # such a power of a number may be huge
        number, value = ONE, lowering.array(node.args[0])
    return number ** int(k), graph.value("power", (value, graph.const(k)), ("fixed",), axes)


def _power_sum(lowering: Lowering, node: Node) -> Scaled:
    x, d, k = map(lowering.array, node.args)
    return ONE, lowering.graph.value("call", (x, d, k), ("power_sum",), axes_of(node.shape))


def _cross_entropy(lowering: Lowering, node: Node) -> Scaled:
    graph, (a, b) = lowering.graph, node.args
    number, value = lowering.done[a]
    log = graph.map("map", (lowering.array(b),), ("log",))
    return -number, inner(graph, value, log)


RULES: dict[str, Rule] = {
    "index": _indexed, "stack": _stacked, "inv": _inverse, "solve": _solved, "pinv": _pinv,
    "vec": _vec, "unvec": _unvec, "kron": _kron, "kron_left": _kron, "kron_right": _kron, "pow": _power,
    "matrix_power": _matrix_power, "power_sum": _power_sum, "cross_entropy": _cross_entropy, **factorisations.RULES,
}  # fmt: skip
