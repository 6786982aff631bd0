"""What is written by name: intermediate variables (``let``) and calls of functions that the program defines
(``defined``), or whose laws it states (``own``).

A ``let`` has its value as argument and is written by its name alone. A ``defined`` has the call's argument and the
body with that argument in it; it is written as the call, and computed as the body.
An ``own`` has the call's arguments, and its law, which knows the body where the program defines one; it is
written as the call, computed as the body, and differentiated by the law.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matcalc.expressions.node import Node, intern, rebuild

__all__ = ["shown", "without_definitions", "without_names"]


def shown(node: Node) -> tuple[Node, ...]:
    """The arguments that stand in the writing of a node."""
    if node.op == "let":
        return ()
    return node.args[:1] if node.op == "defined" else node.args


def without_definitions(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with calls of defined functions replaced by their bodies."""
    new = rebuild(nodes, lambda node, args: _opened(node, args, False, ()))
    return [new[node] for node in nodes]


def without_names(nodes: Sequence[Node], kept: Collection[Node] = ()) -> list[Node]:
    """The nodes written in inputs alone; the intermediate variables ``kept`` stay."""
    new = rebuild(nodes, lambda node, args: _opened(node, args, True, kept))
    return [new[node] for node in nodes]


def _opened(node: Node, args: tuple[Node, ...], names: bool, kept: Collection[Node]) -> Node:
    if node.op == "defined":
        return args[1]
    if node.op == "own" and node.params[1].has_value:
        value: Node = node.params[1].value(args)
        return value
    if node.op == "let" and names and node not in kept:
        return args[0]
    return node if args == node.args else intern(node.op, args, node.params, node.shape)
