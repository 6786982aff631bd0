"""Kronecker products that are not formed.

``kron(A, B) @ x`` is ``vec(B @ unvec(x) @ A.T)``, and the derivatives of a product with a vector by A and B are
products of their sizes too: ``kron(A, B)`` of two matrices of 100 rows and columns has a hundred million entries, its
product with a vector costs four million operations.  Products, inverses and systems of Kronecker products are those of
their factors.  Source: Van Loan, The ubiquitous Kronecker product, 2000.
"""

from __future__ import annotations

from matcalc.codegen.values import Axes, Graph, Value

__all__ = ["unformed"]


def unformed(graph: Graph, value: Value, args: tuple[Value, ...]) -> Value | None:
    """A value of such products in its new arguments, without them; None where it is no such value."""
    if value.op == "reshape" and args[0].op == "reshape" and args[0].args[0].axes == value.axes:
        return args[0].args[0]  # stacked, and taken apart again
    if value.op == "matmul":
        return _times_vector(graph, *args) if len(value.axes) == 1 else _product(graph, *args)
    if value.op == "inv" and len(args) == 1:
        return _inverse(graph, args[0])
    if value.op == "solve" and len(value.axes) == 1:
        return _solution(graph, *args)
    if value.op == "call" and value.params[0] in ("kron_left", "kron_right"):
        rule = _of_outer if args[0].op == "outer" else _of_product
        return rule(graph, value, args[0], args[1])
    return None


def _factors(graph: Graph, matrix: Value) -> tuple[Value, Value] | None:
    """What a matrix is the Kronecker product of."""
    transposed = matrix.op == "T"
    product = matrix.args[0] if transposed else matrix
    if product.op != "call" or product.params != ("kron",):
        return None
    a, b = product.args
    return (graph.transposed(a), graph.transposed(b)) if transposed else (a, b)


def _square(a: Value, b: Value) -> bool:
    return a.axes[0] == a.axes[1] and b.axes[0] == b.axes[1]


def _times_vector(graph: Graph, matrix: Value, x: Value) -> Value | None:
    found = _factors(graph, matrix)
    if found is None:
        return None
    a, b = found
    inside = _unstacked(graph, x, (b.axes[1], a.axes[1]))
    product = graph.matmul(graph.matmul(b, inside), graph.transposed(a))
    return graph.value("reshape", (product,), matrix.axes[:1], matrix.axes[:1])


def _product(graph: Graph, left: Value, right: Value) -> Value | None:
    """``kron(A, B) @ kron(C, D)`` is ``kron(A @ C, B @ D)`` where these go together."""
    first, second = _factors(graph, left), _factors(graph, right)
    if first is None or second is None or any(
        one.axes[1] != other.axes[0] for one, other in zip(first, second, strict=True)
    ):
        return None
    parts = tuple([graph.matmul(one, other) for one, other in zip(first, second, strict=True)])
    return graph.value("call", parts, ("kron",), (left.axes[0], right.axes[1]))


def _inverse(graph: Graph, matrix: Value) -> Value | None:
    product = matrix.args[0] if matrix.op == "T" else matrix
    found = _factors(graph, product)
    if found is None or not _square(*found):
        return None
    parts = tuple([graph.value("inv", (part,), (), part.axes) for part in found])
    inverse = graph.value("call", parts, ("kron",), product.axes)
    return graph.transposed(inverse) if product is not matrix else inverse


def _solution(graph: Graph, matrix: Value, x: Value) -> Value | None:
    """``solve(kron(A, B), x)``: by B from the left, by A from the right."""
    found = _factors(graph, matrix)
    if found is None or not _square(*found):
        return None
    a, b = found
    axes = (b.axes[0], a.axes[0])
    half = graph.transposed(graph.value("solve", (b, _unstacked(graph, x, axes)), (), axes))
    solved = graph.transposed(graph.value("solve", (a, half), (), axes[::-1]))
    return graph.value("reshape", (solved,), x.axes, x.axes)


def _of_outer(graph: Graph, value: Value, product: Value, other: Value) -> Value:
    """The derivative by a factor where the gradient by the Kronecker product is the outer product of two vectors."""
    (rows, columns), (p, q) = value.axes, other.axes
    if value.params[0] == "kron_left":  # by A, and B is there
        left = _unstacked(graph, product.args[0], (p, rows))
        right = _unstacked(graph, product.args[1], (q, columns))
        return graph.matmul(graph.matmul(graph.transposed(left), other), right)
    left = _unstacked(graph, product.args[0], (rows, p))
    right = _unstacked(graph, product.args[1], (columns, q))
    return graph.matmul(graph.matmul(left, other), graph.transposed(right))


def _of_product(graph: Graph, value: Value, product: Value, other: Value) -> Value | None:
    """The same where that gradient is a Kronecker product itself: a multiple of one of its factors."""
    found = _factors(graph, product)
    if found is None:
        return None
    kept, met = found if value.params[0] == "kron_left" else found[::-1]
    if met.axes != other.axes or kept.axes != value.axes:
        return None
    return graph.value("mul", (graph.value("inner", (met, other), (), ()), kept), (), value.axes)


def _unstacked(graph: Graph, x: Value, axes: Axes) -> Value:
    """The matrix whose columns a vector stacks."""
    if x.op == "reshape" and x.args[0].axes == axes:
        return x.args[0]
    return graph.value("reshape", (x,), axes, axes)
