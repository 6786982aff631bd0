"""The calls of functions whose laws a program states, and what the laws say at these calls."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.expressions.node import Node, postorder
from matcalc.language.own_laws import DIFFERENTIAL, put_in

__all__ = ["formula", "formulas", "is_change", "own_calls"]

MANY = 40  # calls that laws call


def own_calls(*roots: Node) -> list[Node]:
    """The calls of functions with laws in some expressions, and in the laws of these, up to a number."""
    found: dict[Node, None] = {}
    waiting = list(roots)
    while waiting and len(found) < MANY:
        root = waiting.pop(0)
        for node in postorder(root):
            if node.op == "own" and node not in found:
                found[node] = None
                waiting.append(formula(node))
    return list(found)


def formula(call: Node) -> Node:
    """The right-hand side of a call's law at the call's arguments, differentials as variables."""
    law, shapes = call.params[1], tuple([a.shape for a in call.args])
    places, _ = law.arguments(shapes)
    return put_in(law.differential(shapes), dict(zip(places, call.args, strict=True)))


def formulas(*roots: Node) -> Iterator[Node]:
    """The right-hand sides of all laws that are met below some expressions."""
    return (formula(call) for call in own_calls(*roots))


def is_change(node: Node) -> bool:
    """Whether a node is a differential."""
    return node.op == "var" and bool(node.params[1] == DIFFERENTIAL)
