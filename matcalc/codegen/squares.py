"""``X.T @ diag(w) @ X`` as the square of ``diag(sqrt(w)) @ X``, where w is known not to be negative.

NumPy sees a matrix times its own transpose and lets BLAS compute half of it (``syrk``): the Hessian of a logistic
regression for half the work, and symmetric to the last digit.  What is known of a sign is what `matcalc.facts` says of
the expression, or what follows for values that never were one: a product of two that are not negative.
"""

from __future__ import annotations

from matcalc import facts
from matcalc.codegen.values import Graph, Value

__all__ = ["nonnegative", "squared"]

POSITIVE = frozenset({
    "exp", "sigmoid", "softplus", "abs", "square", "sqrt", "cosh", "step", "softmax", "norm", "odds",
})  # fmt: skip
DEEP = 64  # values that a question looks at


def nonnegative(graph: Graph, value: Value) -> bool:
    """Whether no entry of an array is negative; ``False`` where that is not known."""
    stack, budget = [value], DEEP
    while stack:
        budget -= 1
        if not budget:
            return False
        v = stack.pop()
        if v.op in ("size", "eye") or (v.op == "const" and (v.params[0] == "pi" or v.params[0] >= 0)):
            continue
        if v.op in ("map", "call") and v.params[0] in POSITIVE:
            continue
        if v.op == "pow" and v.args[1].op == "const" and v.args[1].params[0] == 2:
            continue
        if v.op in ("mul", "inner", "dot") and v.args[0] is v.args[1]:
            continue
        known = graph.nodes.get(v)
        if known is not None and facts.nonnegative(known):
            continue
        if v.op in ("mul", "add", "div", "sum", "expand", "spread", "T", "diagonal", "index", "lift"):
            stack += v.args
        else:
            return False
    return True


def squared(graph: Graph, left: Value, right: Value) -> Value | None:
    """The product of two matrices as a square, if it is one."""
    if len(left.axes) != 2 or len(right.axes) != 2:
        return None
    for scaled, other, on_left in ((left, right, True), (right, left, False)):
        bare = graph.transposed(scaled) if scaled.op == "T" else scaled
        if bare.op != "mul":
            continue
        for weights, matrix in (bare.args, bare.args[::-1]):
            body = graph.transposed(matrix) if scaled.op == "T" else matrix
            if graph.transposed(body) is not other or matrix.axes != bare.axes:
                continue
            # the weights have to lie along the axis that is summed over
            along_rows = weights.op == "expand" and weights.axes == (bare.axes[0], 1)
            along_columns = len(weights.axes) == 1 and weights.axes == bare.axes[1:]
            inner_is_columns = on_left != (scaled.op == "T")
            if not (along_columns if inner_is_columns else along_rows) or not nonnegative(graph, weights):
                continue
            return _square(graph, weights, matrix, bare.axes, inner_is_columns)
    return None


def _square(graph: Graph, weights: Value, matrix: Value, axes: tuple[object, ...], columns: bool) -> Value:
    inner = weights.args[0] if weights.op == "expand" else weights
    root = graph.value("map", (inner,), ("sqrt",), inner.axes)
    if matrix.op == "T":  # scaled as it lies in memory
        matrix, columns, axes = matrix.args[0], not columns, axes[::-1]
    factor = root if columns else graph.value("expand", (root,), (), (*root.axes, 1))
    scaled = graph.value("mul", (matrix, factor), (), axes)  # type: ignore[arg-type]
    other = graph.value("T", (scaled,), (), axes[::-1])  # type: ignore[arg-type]
    pair = (scaled, other) if columns else (other, scaled)
    size = pair[0].axes[0]
    return graph.value("matmul", pair, (), (size, size))
