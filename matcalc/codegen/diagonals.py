"""Sums of diagonal matrices as one: ``diag(a) - c*eye(n)`` is ``diag(a - c)``, whose entries a product scales by."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.expressions.node import Node, intern, rebuild
from matcalc.operations import table

__all__ = ["on_one_diagonal"]

SCALAR = (1, 1)


def on_one_diagonal(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with the sums of diagonal matrices in them, at any depth, as the diagonal matrix of a sum."""
    new = rebuild(nodes, _gathered)
    return [new[node] for node in nodes]


def _gathered(node: Node, args: tuple[Node, ...]) -> Node:
    if node.op in ("add", "sub") and args[0].shape == args[1].shape == node.shape:
        found = [entries for argument in args if (entries := _entries(argument)) is not None]
        if len(found) == 2 and any(entries.shape != SCALAR for entries in found):
            return table.make("diag", table.make(node.op, *found))
    return node if args == node.args else intern(node.op, args, node.params, node.shape)


def _entries(node: Node) -> Node | None:
    """What stands on the diagonal of a multiple of ``diag(v)`` or of the identity, a scalar for that; else None."""
    scalars: list[tuple[str, Node]] = []
    while node.op in ("mul", "div", "neg"):
        if node.op == "neg":
            scalars.append(("neg", node))
            node, = node.args
        elif node.args[1].shape == SCALAR:
            scalars.append((node.op, node.args[1]))
            node = node.args[0]
        elif node.op == "mul" and node.args[0].shape == SCALAR:
            scalars.append((node.op, node.args[0]))
            node = node.args[1]
        else:
            return None
    if node.op == "eye":
        found = table.number(1)
    elif node.op == "diag" and node.args[0].shape[1] == 1 != node.shape[0]:
        found, = node.args
    else:
        return None
    for op, scalar in reversed(scalars):
        found = table.neg(found) if op == "neg" else table.make(op, found, scalar)
    return found
