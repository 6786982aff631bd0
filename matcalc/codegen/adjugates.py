"""The derivative of a determinant where the matrix is singular.

``det(X) inv(X)`` is the adjugate, a polynomial in the entries of X, and exists for every matrix; the two factors apart
do not (Magnus & Neudecker, Matrix Differential Calculus, chapter 8, section 3).  So the product is computed as one, by
the inverse where there is one and by singular values where there is none.
"""

from __future__ import annotations

from matcalc.codegen.values import Graph, Value

__all__ = ["of_singular"]

BUDGET = 64  # factors looked at


def of_singular(graph: Graph, scalar: Value, inverse: Value) -> Value | None:
    """A scalar that has the determinant of X as a factor times the inverse of X, if it is that."""
    turned = inverse.op == "T"
    matrix = (inverse.args[0] if turned else inverse).args[0]
    path = _path(scalar, matrix)
    if path is None:
        return None
    det = path[-1][0]
    rest = graph.one
    if det.op == "pow":
        det, power = det.args
        rest = det if power.params[0] == 2 else graph.value("pow", (det, graph.const(power.params[0] - 1)), (), ())
    adjugate = graph.value("call", (matrix, det), ("adjugate",), matrix.axes)
    for (value, at), (part, _) in zip(path[-2::-1], path[:0:-1], strict=True):
        args = tuple(rest if i == at else a for i, a in enumerate(value.args))
        assert value.args[at] is part
        if value.op == "mul" and graph.one in args:
            rest = args[1 - at]
        else:
            rest = graph.value(value.op, args, value.params, value.axes)
    adjugate = graph.transposed(adjugate) if turned else adjugate
    return adjugate if rest is graph.one else graph.value("mul", (rest, adjugate), (), adjugate.axes)


def _path(scalar: Value, matrix: Value) -> list[tuple[Value, int]] | None:
    """The way down a product to the determinant of the matrix, or a power of it: values, and which argument is next."""
    wanted = {matrix, *([matrix.args[0]] if matrix.op == "T" else [])}
    stack: list[list[tuple[Value, int]]] = [[(scalar, 0)]]
    budget = BUDGET
    while stack and budget:
        budget -= 1
        path = stack.pop()
        value = path[-1][0]
        base = value.args[0] if value.op == "pow" and _is_whole(value.args[1]) else value
        if base.op == "call" and base.params == ("det",) and base.args[0] in wanted:
            return path
        for at in range(len(value.args) if value.op == "mul" else int(value.op in ("div", "guarded", "neg"))):
            stack.append([*path[:-1], (value, at), (value.args[at], 0)])
    return None


def _is_whole(power: Value) -> bool:
    """Whether an exponent is 2, 3, ..."""
    return power.op == "const" and not isinstance(power.params[0], str) and power.params[0] in range(2, 100)
