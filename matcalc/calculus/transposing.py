"""Whole results transposed where that is shorter: ``(X@B + B@X).T``."""

from __future__ import annotations

from matcalc import facts
from matcalc.calculus.entrywise import signed
from matcalc.calculus.writing import chain, negated, scaled, t
from matcalc.expressions.node import Node, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["prefixed", "transposed_if_shorter"]

LONG = 400  # nodes beyond which a result stays as it is


def transposed_if_shorter(node: Node) -> Node:
    """``(X@B + B@X).T`` for a matrix whose transpose is shorter by more than the sign of transposition."""
    if kind(node.shape) != "matrix" or node.size > LONG:
        return node
    turned = _turned_over(node)
    if turned is None or token_count(turned) + 1 >= token_count(node):
        return node
    prefix, core = prefixed(turned)
    if prefix is not None:
        return scaled(prefix, table.transpose(core))
    sign, core = signed(turned)
    result = table.transpose(core)
    return negated(result) if sign < 0 else result


def prefixed(node: Node) -> tuple[Node | None, Node]:
    """The scalar in front of a product, and the product without it."""
    if node.op == "matmul":
        prefix, core = prefixed(node.args[0])
        return prefix, node if prefix is None else table.matmul(core, node.args[1])
    if node.op == "mul" and node.args[0].shape == (1, 1) and node.args[1].shape == node.shape:
        return node.args[0], node.args[1]
    return None, node


def _turned_over(node: Node) -> Node | None:
    """The transpose of a sum or product of matrices; None where vectors stand in it."""
    if node.op in ("add", "sub"):
        parts = [_turned_over(a) for a in node.args]
        if parts[0] is None or parts[1] is None:
            return None
        return table.make(node.op, parts[0], parts[1])
    _, core = signed(node)
    if core is not node:
        inner = _turned_over(core)
        return None if inner is None else negated(inner)
    if node.op == "div" and node.args[1].shape == (1, 1):
        inner = _turned_over(node.args[0])
        return None if inner is None else table.div(inner, node.args[1])
    prefix, core = prefixed(node)
    if prefix is not None:
        inner = _turned_over(core)
        return None if inner is None else scaled(prefix, inner)
    if node.op != "matmul":
        return t(node) if kind(node.shape) == "matrix" and node.op in ("T", "var", "let", "inv") else None
    parts2 = facts.factors(node)
    if any(kind(part.shape) != "matrix" or part.op in ("mul", "div") for part in parts2):
        return None
    return chain([t(part) for part in reversed(parts2)])
