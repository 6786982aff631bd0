"""The program's own words put back: its names for formulas, and its order in sums.

A formula counts as the named one if both simplify to the same writing; ``1 - s`` is recognised for the
``sigmoid(-t)`` of a named ``s = sigmoid(t)``.  A sum of the program whose canonical writing only stands in another
order is written as the program does: ``inv(A + t*B)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc.calculus.lowering import tidy
from matcalc.calculus.writing import negated
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Names", "named", "names_of", "sums_of"]

SHORT, LONG = 3, 60  # tokens of formulas that are looked for
MANY = 400  # names beyond which none is looked for
PARTS = 4000  # parts of a program beyond which its order in sums is not looked for
SUMS = ("add", "sub")
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
            if formula.op not in NAMED and formula.args:
                found.setdefault(formula, node)
                if formula.op == "sigmoid":
                    opposite = intern("sigmoid", (negated(formula.args[0]),), (), formula.shape)
                    found.setdefault(opposite, table.sub(table.number(1), node))
    return found


def sums_of(nodes: Sequence[Node]) -> dict[Node, Node]:
    """The sums as the program writes them, by their canonical writing where that stands in another order."""
    found: dict[Node, Node] = {}
    parts = list(dict.fromkeys([part for node in nodes for part in postorder(node)]))
    if len(parts) > PARTS:
        return found
    inner = {argument for part in parts if part.op in SUMS for argument in part.args if argument.op in SUMS}
    for part in parts:
        if part.op in SUMS and part not in inner and part.size <= LONG and token_count(part) <= LONG:
            canonical = tidy(part)
            if canonical is not part and sorted(_terms(canonical)) == sorted(_terms(part)):
                found.setdefault(canonical, part)
    return found


def _terms(node: Node) -> list[tuple[int, str]]:
    """The signed terms of a sum, by their digests."""
    found, waiting = [], [(1, node)]
    while waiting:
        sign, part = waiting.pop()
        if part.op in SUMS:
            waiting += [(sign, part.args[0]), (-sign if part.op == "sub" else sign, part.args[1])]
        elif part.op == "neg":
            waiting.append((-sign, part.args[0]))
        else:
            found.append((sign, part.digest))
    return found


def named(result: Node, names: Names, but: Node | None = None) -> Node:
    """The result with names for the formulas that have one; the name ``but`` is not used."""
    if not names or not any(part in names for part in postorder(result, into=_below)):
        return result
    used = names if but is None else {formula: name for formula, name in names.items() if name is not but}
    new: dict[Node, Node] = {}
    for node in postorder(result, into=lambda n: n not in used and _below(n)):
        if node in used:
            new[node] = used[node]
        elif not _below(node) or not node.args:
            new[node] = node
        else:
            args = tuple([new[a] for a in node.args])
            new[node] = node if args == node.args else intern(node.op, args, node.params, node.shape)
    return new[result]


def _below(node: Node) -> bool:
    return node.op not in NAMED
