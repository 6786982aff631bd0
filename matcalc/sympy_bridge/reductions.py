"""Sums, norms and softmax as SymPy writes them: products with ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy.matrices.expressions import HadamardPower, OneMatrix

from matcalc.expressions.node import Node
from matcalc.sympy_bridge.writer import SCALAR, Rule, Writing, columns, entrywise

__all__ = ["REDUCTIONS"]


def _sum_of(writing: Writing, node: Node, value: Any, axis: int | None) -> Any:
    """The sum of entries of something of the node's shape: products with ones."""
    if node.shape == SCALAR:
        return value
    rows, columns = writing.shape(node)
    if axis in (0, None):
        value = value if node.shape[0] == 1 else OneMatrix(1, rows) * value
    if axis in (1, None):
        value = value if node.shape[1] == 1 else value * OneMatrix(columns, 1)
    scalar = {None: True, 0: node.shape[1] == 1, 1: node.shape[0] == 1}[axis]
    return sympy.Trace(value) if scalar else value


def _sum(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return _sum_of(writing, node.args[0], args[0], node.params[0])


def _mean(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    rows, columns = writing.shape(node.args[0])
    count = {None: rows * columns, 0: rows, 1: columns}[node.params[0]]
    return _sum(writing, node, args) / count


def _norm(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    if node.args[0].shape == SCALAR:
        return sympy.Abs(args[0])
    (x,) = columns(node, args)
    return sympy.sqrt(sympy.Trace(x.T * x))


def _norm1(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return _sum_of(writing, node.args[0], entrywise(sympy.Abs, node.args[0].shape, args[0]), None)


def _along(node: Node) -> tuple[Node, int | None]:
    """The argument and the axis: that of a vector is its own."""
    return node.args[0], node.params[0]


def _log_sum_exp(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    x, axis = _along(node)
    total = _sum_of(writing, x, entrywise(sympy.exp, x.shape, args[0]), axis)
    return entrywise(sympy.log, node.shape, total)


def _softmax(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    x, axis = _along(node)
    powers = entrywise(sympy.exp, x.shape, args[0])
    total = _sum_of(writing, x, powers, axis)
    if not getattr(total, "is_Matrix", False):
        return powers * (1 / total)
    rows, columns = writing.shape(x)
    below = HadamardPower(total, sympy.Integer(-1))
    return sympy.HadamardProduct(powers, OneMatrix(rows, 1) * below if axis == 0 else below * OneMatrix(1, columns))


def _log_softmax(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return entrywise(sympy.log, node.shape, _softmax(writing, node, args))


def _cross_entropy(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    y, p = args
    logs = entrywise(sympy.log, node.args[1].shape, p)
    both = y * logs if node.args[0].shape == SCALAR else sympy.HadamardProduct(y, logs)
    return -_sum_of(writing, node.args[0], both, None)


REDUCTIONS: dict[str, Rule] = {
    "sum": _sum, "mean": _mean, "norm": _norm, "norm1": _norm1, "logsumexp": _log_sum_exp, "softmax": _softmax,
    "log_softmax": _log_softmax, "cross_entropy": _cross_entropy,
}  # fmt: skip
