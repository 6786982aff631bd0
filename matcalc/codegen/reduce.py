"""Reductions, and what a reduction of a product costs less for being taken apart.

``sum(A @ B)`` is a product with columns of ones, ``tr(A @ B)`` the inner product of ``A`` and
``Bᵀ``, ``diag(A @ B)`` the same row by row, ``sum(A * B)`` and ``norm(A)**2`` inner products too;
none of them needs the matrix in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from matcalc.codegen.products import Flat, oriented
from matcalc.codegen.products import flatten as flatten_product
from matcalc.codegen.uses import Uses, is_scaling
from matcalc.codegen.values import Graph, Scaled, Value, axes_of
from matcalc.expressions.dims import multiply
from matcalc.expressions.node import Node, kind
from matcalc.operations.table import eye, index, ones

if TYPE_CHECKING:
    from matcalc.codegen.lower import Lowering

__all__ = ["RULES", "flatten", "inner", "inner_pair", "needs"]

ONE = Fraction(1)
ALL = ("all",)
Rule: TypeAlias = "Callable[[Lowering, Node], Scaled]"


def flatten(node: Node, uses: Uses) -> Flat | None:
    """A sum, a trace or a part of a product of matrices, as that product between columns of ones or
    of the identity."""
    if node.op not in ("sum", "tr", "index") or node.shape == node.args[0].shape:
        return None
    if not (uses.options.reductions and uses.options.structure):  # what it is multiplied with would be expanded
        return None
    body = node.args[0]
    if kind(body.shape) != "matrix" or not _is_matmul(body, uses):
        return None
    flat = flatten_product(body, uses)
    if node.op == "tr":
        return _turned_round(flat)
    rows, columns = body.shape
    flat.shape = node.shape
    if node.op == "index":
        if node.params[1] != ALL:
            flat.chain.append((index(eye(columns), ALL, node.params[1]), False))
        if node.params[0] != ALL:
            flat.chain.insert(0, (index(eye(rows), node.params[0], ALL), False))
        return flat
    axis = node.params[0]
    if axis in (None, 1):
        flat.chain.append((ones((columns, 1)), False))
    if axis in (None, 0):
        flat.chain.insert(0, (ones((rows, 1)), True))
    return flat


def _turned_round(flat: Flat) -> Flat | None:
    """The trace of a product with vectors in it, turned until it begins with the row: then it is a
    scalar."""
    shapes = [oriented(*factor) for factor in flat.chain]
    for i in range(1, len(shapes)):
        if shapes[i - 1][1] == 1 and shapes[i][0] == 1:
            flat.chain = flat.chain[i:] + flat.chain[:i]
            flat.shape = (1, 1)
            return flat
    return None


def _is_matmul(node: Node, uses: Uses) -> bool:
    """Whether a product of matrices lies under signs, transposes and numbers, and is not needed
    itself."""
    while True:
        if uses.count[node] > 1:
            return False
        if node.op in ("neg", "T"):
            node = node.args[0]
        elif is_scaling(node):
            node = node.args[0] if node.args[1].shape == (1, 1) else node.args[1]
        else:
            return node.op in ("matmul", "outer")


def needs(node: Node, uses: Uses) -> Iterable[Node]:
    """What a node that is not a product needs; of a reduction that is taken apart, the parts."""
    pair = inner_pair(node, uses)
    return pair[1:] if pair is not None else node.args


def inner_pair(node: Node, uses: Uses) -> tuple[str, Node, Node] | None:
    """The two sides of an inner product that a reduction is."""
    if not uses.options.reductions:
        return None
    if node.op in ("sum", "mean") and node.params[0] is None:
        body = node.args[0]
        if body.op == "mul" and body.args[0].shape == body.args[1].shape and uses.count[body] == 1:
            return "all", body.args[0], body.args[1]
        if _is_square(body) and uses.count[body] == 1:
            return "all", body.args[0], body.args[0]
    elif node.op in ("tr", "diag") and node.args[0].op == "matmul" and uses.count[node.args[0]] == 1:
        a, b = node.args[0].args
        if kind(node.args[0].shape) == "matrix":
            return ("trace" if node.op == "tr" else "rows"), a, b
    elif node.op == "pow" and node.args[0].op == "norm" and node.args[1].op == "num" and node.args[1].params[0] == 2:
        return "all", node.args[0].args[0], node.args[0].args[0]
    return None


def _is_square(node: Node) -> bool:
    if node.op == "square":
        return True
    return node.op == "pow" and node.args[1].op == "num" and node.args[1].params[0] == 2


def inner(graph: Graph, a: Value, b: Value) -> Value:
    """The sum of the products of corresponding entries."""
    if not a.axes:
        return graph.value("mul", (a, b))
    for one, other in ((a, b), (b, a)):
        if one.op == "spread" and one.params[0] == "scalar":
            total = graph.value("sum", (other,), (None,), ())
            return total if one.args[0] is graph.one else graph.value("mul", (one.args[0], total))
    if a.op == "T" and b.op == "T":
        a, b = a.args[0], b.args[0]
    return graph.dot(a, b) if len(a.axes) == 1 else graph.value("inner", (a, b), (), ())


def _reduced(lowering: Lowering, node: Node) -> Scaled:
    """``sum`` and ``mean``."""
    graph, body = lowering.graph, node.args[0]
    size = multiply(*body.shape) if axes_of(node.shape) == () else body.shape[node.params[0]]
    pair = inner_pair(node, lowering.uses)
    if pair is not None:
        (na, a), (nb, b) = (lowering.done[n] for n in pair[1:])
        total = inner(graph, a, b)
        number = na * nb
    else:
        number, value = lowering.done[body]
        if node.shape == body.shape:
            return number, value
        axis = node.params[0] if kind(body.shape) == "matrix" else None
        if value.op == "spread" and value.params[0] == "scalar" and axis is None:
            number, total = _repeated(lowering, number, value, size)
        else:
            total = graph.value("sum", (value,), (axis,), axes_of(node.shape))
    if node.op == "mean":
        if isinstance(size, int):
            return number / size, total
        return number, graph.value("div", (total, graph.value("size", (), (size,))), (), total.axes)
    return number, total


def _repeated(lowering: Lowering, number: Fraction, value: Value, size: object) -> Scaled:
    graph = lowering.graph
    count = graph.const(Fraction(size)) if isinstance(size, int) else graph.value("size", (), (size,))
    scalar = value.args[0]
    return number, count if scalar is graph.one else graph.value("mul", (count, scalar))


def _traced(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    pair = inner_pair(node, lowering.uses)
    if pair is None:
        number, value = lowering.done[node.args[0]]
        value = value.args[0] if value.op == "T" else value
        if value.op == "eye":
            return number, graph.value("size", (), value.params)
        return number, graph.value("call", (value,), ("tr",), ())
    (na, a), (nb, b) = (lowering.done[n] for n in pair[1:])
    return na * nb, inner(graph, a, graph.transposed(b))


def _diagonal(lowering: Lowering, node: Node) -> Scaled:
    """``diag``, both ways."""
    graph, axes = lowering.graph, axes_of(node.shape)
    pair = inner_pair(node, lowering.uses)
    if pair is not None:
        (na, a), (nb, b) = (lowering.done[n] for n in pair[1:])
        if len(a.axes) == 1:
            return na * nb, graph.value("mul", (a, b), (), axes)
        product = graph.value("mul", (a, graph.transposed(b)), (), a.axes)
        return na * nb, graph.value("sum", (product,), (1,), axes)
    number, value = lowering.done[node.args[0]]
    if len(axes) == 2:
        return number, graph.value("diagflat", (value,), (), axes)
    value = value.args[0] if value.op == "T" else value
    return number, value.args[0] if value.op == "diagflat" else graph.value("diagonal", (value,), (), axes)


def _inner_product(lowering: Lowering, node: Node) -> Scaled:
    (na, a), (nb, b) = (lowering.done[n] for n in node.args)
    return na * nb, inner(lowering.graph, a, b)


def _call(lowering: Lowering, node: Node) -> Scaled:
    """A function of the table, all entries at once."""
    return ONE, lowering.graph.value("call", tuple(map(lowering.array, node.args)), (node.op,), axes_of(node.shape))


def _norm(lowering: Lowering, node: Node) -> Scaled:
    """The norms; what a number does to them is known."""
    number, value = lowering.done[node.args[0]]
    value = value.args[0] if value.op == "T" and node.op != "norm_nuc" else value
    return abs(number), lowering.graph.value("call", (value,), (node.op,), ())


def _soft(lowering: Lowering, node: Node) -> Scaled:
    """``softmax`` and its kin: along the axis that is there."""
    graph, body = lowering.graph, node.args[0]
    value, axes = lowering.array(body), axes_of(node.shape)
    axis = node.params[0]
    if kind(body.shape) != "matrix":
        alone = axis is not None and body.shape[axis] == 1  # an axis without entries beside this one
        if alone or not axes_of(body.shape):
            if node.op == "logsumexp":
                return ONE, value
            return ONE, graph.full(Fraction(node.op == "softmax"), axes) if axes else graph.const(
                Fraction(node.op == "softmax")
            )
        axis = None
    return ONE, graph.value("call", (value,), (node.op, axis), axes)


def _spread_out(lowering: Lowering, node: Node) -> Scaled:
    """``var`` and ``std``: along the axis that is there; of single entries, zeros."""
    graph, body = lowering.graph, node.args[0]
    number, value = lowering.done[body]
    axes, axis = axes_of(node.shape), node.params[0]
    if node.shape == body.shape:
        return ONE, graph.full(Fraction(0), axes) if axes else graph.const(Fraction(0))
    axis = axis if kind(body.shape) == "matrix" else None
    factor = number * number if node.op == "variance" else abs(number)
    return factor, graph.value("call", (value,), (node.op, axis), axes)


def _running(lowering: Lowering, node: Node) -> Scaled:
    """Running sums: along the axis that is there."""
    graph, body = lowering.graph, node.args[0]
    number, value = lowering.done[body]
    axis = node.params[0]
    if kind(body.shape) != "matrix":
        if axis is not None and body.shape[axis] == 1:
            return number, value
        axis = None
    return number, graph.value("call", (value,), (node.op, axis, *node.params[1:]), axes_of(node.shape))


def _multilinear(lowering: Lowering, node: Node) -> Scaled:
    """Functions that are linear in every argument: numbers go outside."""
    number = ONE
    values = []
    for argument in node.args:
        n, value = lowering.done[argument]
        number *= n
        values.append(value)
    return number, lowering.graph.value("call", tuple(values), (node.op, *node.params), axes_of(node.shape))


WHOLE = (
    "expm", "expm_frechet", "eigvalsh", "eigvecsh", "eig_gaps", "svdvals", "svd_left", "svd_right",
    "svd_gaps",
)  # fmt: skip
RULES: dict[str, Rule] = {
    "variance": _spread_out, "std": _spread_out, "cumsum": _running, "cumsum_back": _running,
    "roll": _running,
    **dict.fromkeys(
        ("triu", "tril", "cross", "cross_matrix", "conv", "correlate", "conv_matrix", "corr_matrix"), _multilinear
    ),
    "sum": _reduced, "mean": _reduced, "tr": _traced, "diag": _diagonal, "inner": _inner_product,
    "norm": _norm, "norm1": _norm, "norm_inf": _norm, "norm_nuc": _norm,
    "logsumexp": _soft, "softmax": _soft, "log_softmax": _soft,
    **dict.fromkeys(("prod", "prod_others", "prod_pairs", "max", "min", "is_max", "is_min"), _call),
    **dict.fromkeys(("polar", "cov", *WHOLE), _call),
}  # fmt: skip
