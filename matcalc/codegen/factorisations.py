"""Determinants and factorisations, by what is known of the matrix (`matcalc.facts`).

Decided by measurement (one thread of OpenBLAS, microseconds at n = 10, 100, 1000; log-determinant, determinant and
systems with one right-hand side):

=====================================  =====  =====  ======
``slogdet``                                5     61   20700
Cholesky, logarithms of its diagonal       7     42   12900
``det``                                    3     71   19900
``solve``                                  5     63   20900
Cholesky, two ``np.linalg.solve``         19    225   61800
the same with the factor given            10    122   38900
SciPy's ``cho_factor``, ``cho_solve``     16     58   12300
=====================================  =====  =====  ======

So what is known to be positive definite gives its determinants by its Cholesky factor, which they share with each
other and with ``cholesky``. Its systems stay with LU: NumPy has no triangular solve, and two general ones cost more
than they save, even with the factor at hand; SciPy's would, from n = 100 on, but a module imports NumPy alone wherever
NumPy can do it. For the same reason a system with a triangular matrix saves nothing; its determinant is the product of
its diagonal. An inverse beside the factor is computed by it where it is large: the factor's own inverse by products of
blocks, and that times its transpose (two threads, milliseconds at n = 200, 500, 1500, with the factor: 1.0, 5.3, 114;
``inv`` and the factor 1.3, 11.6, 200).

What a declared type *assumes* (`orthogonal`, `simplex`) changes no code: a value is computed as it is written, so that
a check may vary its inputs in all directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from matcalc import facts
from matcalc.codegen.values import Graph, Scaled, Value, axes_of
from matcalc.expressions.node import Node

if TYPE_CHECKING:
    from matcalc.codegen.lower import Lowering

__all__ = ["RULES", "decomposed", "needs", "together"]

ONE, TWO = Fraction(1), Fraction(2)
Rule: TypeAlias = "Callable[[Lowering, Node], Scaled]"


def factor_of(lowering: Lowering, node: Node) -> Value:
    """The lower Cholesky factor of a symmetric matrix, once for all that need it."""
    graph, value = lowering.graph, lowering.array(node)
    found = graph.factors.get(value)
    if found is None:
        found = graph.factors[value] = graph.value("factor", (value,), (lowering.written(node),), value.axes)
    return found


def _diagonal(graph: Graph, value: Value) -> Value:
    if value.op == "T":
        value = value.args[0]
    return value.args[0] if value.op == "diagflat" else graph.value("diagonal", (value,), (), value.axes[:1])


def _total(graph: Graph, value: Value) -> Value:
    return graph.value("sum", (value,), (None,), ())


def _triangular(node: Node) -> bool:
    return bool(facts.lower(node) or facts.upper(node))


def needs(node: Node) -> tuple[Node, ...]:
    """What must be lowered before a determinant: the matrix inside of transposes and inverses."""
    return (_inside(node.args[0])[0],)


def _inside(x: Node) -> tuple[Node, int]:
    """The matrix whose determinant is that of x, or (-1) its reciprocal."""
    sign = 1
    while x.op in ("inv", "T"):
        x, sign = x.args[0], -sign if x.op == "inv" else sign
    return x, sign


def _logdet(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    x, sign = _inside(node.args[0])
    if lowering.options.structure and _triangular(x):
        diagonal = _diagonal(graph, lowering.array(x))
        name = "log" if facts.fact(x, "positive_diagonal") else "log_abs"
        return sign * ONE, _total(graph, graph.map("map", (diagonal,), (name,)))
    if lowering.options.factorisations and facts.definite(x):
        diagonal = _diagonal(graph, factor_of(lowering, x))
        return sign * TWO, _total(graph, graph.map("map", (diagonal,), ("log",)))
    value = lowering.array(x)
    return sign * ONE, graph.value("logdet", (value.args[0] if value.op == "T" else value,), (), ())


def _det(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    x, sign = _inside(node.args[0])
    if lowering.options.structure and _triangular(x):
        value = graph.value("call", (_diagonal(graph, lowering.array(x)),), ("prod",), ())
    elif lowering.options.factorisations and facts.definite(x):
        root = graph.value("call", (_diagonal(graph, factor_of(lowering, x)),), ("prod",), ())
        value = graph.value("pow", (root, graph.const(TWO)), (), ())
    else:
        value = graph.value("call", (lowering.array(x),), ("det",), ())
    return ONE, value if sign > 0 else graph.value("div", (graph.one, value), (), ())


def _cholesky(lowering: Lowering, node: Node) -> Scaled:
    if facts.symmetric(node.args[0]):
        return ONE, factor_of(lowering, node.args[0])
    return ONE, lowering.graph.value("call", (lowering.array(node.args[0]),), ("cholesky",), axes_of(node.shape))


RULES: dict[str, Rule] = {"logdet": _logdet, "det": _det, "cholesky": _cholesky}

# decompositions ---------------------------------------------------------------------------------------------
# the decomposition that a function is a part of, and which part; of gaps, the part that they are gaps of
PARTS = {
    "eigvalsh": ("eigh", 0), "eigvecsh": ("eigh", 1), "eig_gaps": ("eigh", 0),
    "svd_left": ("svd", 0), "svdvals": ("svd", 1), "svd_right": ("svd", 2), "svd_gaps": ("svd", 1),
}  # fmt: skip


def _family(value: Value) -> tuple[str, Value] | None:
    name = value.params[0] if value.op == "call" else None
    return (PARTS[name][0], value.args[0]) if name in PARTS else None


def together(order: Iterable[Value]) -> frozenset[tuple[str, Value]]:
    """The matrices of which several parts of one decomposition are asked for."""
    count: dict[tuple[str, Value], int] = {}
    for value in order:
        family = _family(value)
        if family is not None:
            count[family] = count.get(family, 0) + 1
    return frozenset(family for family, n in count.items() if n > 1)


def decomposed(
    graph: Graph, value: Value, args: tuple[Value, ...], shared: frozenset[tuple[str, Value]]
) -> Value | None:
    """The value as a part of a decomposition that others share."""
    if _family(value) not in shared or not shared:
        return None
    name = value.params[0]
    which, k = PARTS[name]
    whole = graph.value("decomposition", args, (which,), ())
    part = graph.value("part", (whole,), (k,), value.axes[:1] if k == 0 and which == "eigh" else value.axes)
    if not name.endswith("gaps"):
        return part
    axes = value.axes[:1]
    part = graph.value("part", (whole,), (k,), axes)
    of = graph.value("pow", (part, graph.const(TWO)), (), axes) if which == "svd" else part
    return graph.value("call", (of,), ("gaps",), value.axes)
