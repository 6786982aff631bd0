"""Logarithms in derivatives of powers by their exponents, where the base is 0.

The derivative of ``x**t`` by t is ``log(x)*x**t``, and 0 where x is 0 and t positive: the power vanishes faster than
its logarithm grows.  A logarithm of a base that the value does not take itself comes from there and stands beside that
power; it is taken as 0 where the base is, so that the product is no ``-inf*0``.  Not so where a result was
differentiated by the base as well: ``x**(t - 1)`` may be 1 where x is 0, and the product is infinite.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matcalc import facts
from matcalc.expressions.node import Node, intern, postorder, rebuild

__all__ = ["LOG", "logs_beside_powers"]

LOG = "log_base"  # the logarithm that is 0 at 0


def logs_beside_powers(outputs: Sequence[Node]) -> list[Node]:
    """The value, the first of the outputs, and its derivatives with such logarithms as what they are.

    >>> from matcalc.operations.table import make, mul, power, variable
    >>> x, t = variable("x", ("n", 1)), variable("t", (1, 1))
    >>> logs_beside_powers([power(x, t), mul(make("log", x), power(x, t))])[1].args[0].op
    'log_base'
    """
    value, *results = outputs
    exponents = _exponents(value)
    for node in postorder(value):
        if node.op == "log":
            exponents.pop(_meant(node.args[0]), None)
    return [value, *[_replaced(result, exponents) for result in results]] if exponents else list(outputs)


def _exponents(root: Node) -> dict[Node, set[Node]]:
    """What is raised to powers that are no numbers, and to which."""
    found: dict[Node, set[Node]] = {}
    for node in postorder(root):
        if node.op == "pow" and node.args[1].op != "num" and not facts.positive(node.args[0]):
            found.setdefault(_meant(node.args[0]), set()).add(_meant(node.args[1]))
    return found


def _replaced(result: Node, exponents: dict[Node, set[Node]]) -> Node:
    there = _exponents(result)
    chosen: Collection[Node] = {base for base, own in exponents.items() if there.get(base, own) <= own}

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "log" and _meant(node.args[0]) in chosen:
            return intern(LOG, args, (), node.shape)
        return node if args == node.args else intern(node.op, args, node.params, node.shape)

    return rebuild([result], replace)[result]


def _meant(node: Node) -> Node:
    while node.op == "let":
        node = node.args[0]
    return node
