"""Names put back: where a result contains what the program has a name for, the name is written.

A formula counts as the named one if both simplify to the same writing; ``1 - s`` is recognised for the
``sigmoid(-t)`` of a named ``s = sigmoid(t)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matcalc.calculus.lowering import tidy
from matcalc.calculus.writing import negated
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Names", "named", "names_of"]

SHORT, LONG = 3, 60  # tokens of formulas that are looked for
MANY = 400  # names beyond which none is looked for
Names = Mapping[Node, Node]


def names_of(nodes: Iterable[Node]) -> dict[Node, Node]:
    """The formula of every intermediate variable, in its canonical writing, and the variable."""
    found: dict[Node, Node] = {}
    lets = [node for node in nodes if node.op == "let"]
    if len(lets) > MANY:
        return found
    for node in lets:
        value = node.args[0]
        if value.op not in NAMED and SHORT <= token_count(value) <= LONG:
            formula = tidy(value)
            if token_count(formula) >= SHORT:
                found.setdefault(formula, node)
                if formula.op == "sigmoid":
                    opposite = intern("sigmoid", (negated(formula.args[0]),), (), formula.shape)
                    found.setdefault(opposite, table.sub(table.number(1), node))
    return found


def named(result: Node, names: Names) -> Node:
    """The result with names for the formulas that have one."""
    if not names or not any(part in names for part in postorder(result, into=_below)):
        return result
    new: dict[Node, Node] = {}
    for node in postorder(result, into=lambda n: n not in names and _below(n)):
        if node in names:
            new[node] = names[node]
        elif not _below(node) or not node.args:
            new[node] = node
        else:
            args = tuple([new[a] for a in node.args])
            new[node] = node if args == node.args else intern(node.op, args, node.params, node.shape)
    return new[result]


def _below(node: Node) -> bool:
    return node.op not in NAMED
