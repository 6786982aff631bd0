"""What a program computes outside of where it has a value, as far as the facts of its expressions tell."""

from __future__ import annotations

from matcalc import facts
from matcalc.expressions.node import Node

__all__ = ["without_value"]

POSITIVE, NONNEGATIVE = frozenset({"log", "log2", "log10"}), frozenset({"sqrt"})


def without_value(node: Node) -> str:
    """Why an operation has no finite value, in words; empty where nothing is known against it.

    >>> from matcalc.operations import table
    >>> without_value(table.div(table.variable("x", ("n", 1)), table.number(0)))
    'it divides by zero'
    >>> without_value(table.make("log", table.variable("x", ("n", 1))))
    ''
    """
    if node.op in ("div", "reciprocal"):
        return "it divides by zero" if facts.zero(node.args[-1]) else ""
    if node.op in ("inv", "solve", "logdet"):
        return f"{node.op} of zero" if facts.zero(node.args[0]) else ""
    if node.op == "pow":
        base, exponent = node.args
        negative = exponent.op == "neg" and facts.positive(exponent.args[0])
        return "it divides by zero" if negative and facts.zero(base) else ""
    if node.op not in POSITIVE | NONNEGATIVE:
        return ""
    inner = node.args[0]
    if inner.op == "neg" and facts.positive(inner.args[0]):
        return f"{node.op} of what is negative"
    return f"{node.op} of zero" if node.op in POSITIVE and facts.zero(inner) else ""
