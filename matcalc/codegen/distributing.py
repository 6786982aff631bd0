"""A vector through a sum: ``(A - outer(u, v) / s) @ x`` is ``A @ x - u * (v @ x) / s``.

Where an outer product is a term of the sum, the matrix need not be formed: what was n² becomes n, and ``A @ x`` is
often there already.  A sum of other matrices is multiplied as it stands, which is one product instead of several.
"""

from __future__ import annotations

from matcalc.codegen.values import Graph, Value

__all__ = ["distributed"]

TERMS = 16  # of a sum that a vector is passed through; the walk is as deep at most


def distributed(graph: Graph, matrix: Value, vector: Value) -> Value | None:
    """The product term by term; ``None`` where no term is an outer product."""
    if len(vector.axes) != 1 or matrix.op not in ("add", "sub", "neg", "mul", "div"):
        return None
    leaves = _leaves(matrix)
    if not leaves or not any(_bare(leaf).op == "outer" for leaf in leaves):
        return None
    return _product(graph, matrix, vector)


def _bare(value: Value) -> Value:
    return value.args[0] if value.op == "T" else value


def _parts(value: Value) -> tuple[Value, ...]:
    """The matrices that a matrix is linear in."""
    if value.op in ("add", "sub") and all(part.axes == value.axes for part in value.args):
        return value.args
    if value.op == "neg" or (value.op == "div" and not value.args[1].axes):
        return value.args[:1]
    return value.args[1:] if value.op == "mul" and not value.args[0].axes else ()


def _leaves(matrix: Value) -> list[Value]:
    """The terms of the sum; none where there are too many."""
    found, stack, steps = [], [matrix], 0
    while stack:
        value = stack.pop()
        parts = _parts(value)
        steps += 1
        if steps > 2 * TERMS:
            return []
        if parts:
            stack += parts
        else:
            found.append(value)
    return found


def _product(graph: Graph, matrix: Value, vector: Value) -> Value:
    parts = [_product(graph, part, vector) for part in _parts(matrix)]
    axes = matrix.axes[:1]
    if not parts:
        bare = _bare(matrix)
        if bare.op != "outer":
            return graph.matmul(matrix, vector)
        u, v = bare.args if matrix is bare else bare.args[::-1]
        return graph.value("mul", (graph.dot(v, vector), u), (), axes)
    if matrix.op == "mul":
        parts.insert(0, matrix.args[0])
    elif matrix.op == "div":
        parts.append(matrix.args[1])
    return graph.value(matrix.op, tuple(parts), (), axes)
