"""The program's own words put back: its names for formulas, and its writing of parts.

A formula counts as the named one if both simplify to the same writing; ``1 - s`` is recognised for the
``sigmoid(-t)`` of a named ``s = sigmoid(t)``, and the negative of a name for the negative of its formula.  A part of
the program stands as the program writes it where that is shorter than the canonical writing, ``mean((x - y)**2)``, or
a sum in another order, ``inv(A + t*B)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc.calculus.entrywise import opposite, signed
from matcalc.calculus.lowering import tidy
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Names", "named", "names_of", "writings_of"]

SHORT, LONG = 3, 60  # tokens of formulas that are looked for
MANY = 400  # names beyond which none is looked for
PARTS = 4000  # parts of a program beyond which its writing of them is not looked for
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
                sign, positive = signed(formula)
                if sign < 0:
                    found.setdefault(positive, table.neg(node))
                if formula.op == "sigmoid":
                    mirrored = intern("sigmoid", (opposite(formula.args[0]),), (), formula.shape)
                    found.setdefault(mirrored, table.sub(table.number(1), node))
    return found


def writings_of(nodes: Sequence[Node]) -> dict[Node, Node]:
    """The parts as the program writes them, by their canonical writing: shorter ones, and sums in another order."""
    found: dict[Node, Node] = {}
    parts = list(dict.fromkeys([part for node in nodes for part in postorder(node)]))
    if len(parts) > PARTS:
        return found
    inner = {argument for part in parts if part.op in SUMS for argument in part.args if argument.op in SUMS}
    for part in parts:
        if part.op in NAMED or not part.args or part.size > LONG or token_count(part) > LONG:
            continue
        canonical = tidy(part)
        if canonical is part or not canonical.args or canonical.op in NAMED:
            continue
        longer = token_count(canonical) - token_count(part)
        if longer > 0 or (longer == 0 and part not in inner and _reordered(canonical, part)):
            found.setdefault(canonical, part)
    return found


def _reordered(canonical: Node, part: Node) -> bool:
    return part.op in SUMS and canonical.op in SUMS and sorted(_terms(canonical)) == sorted(_terms(part))


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


def named(result: Node, names: Names, but: Node | None = None, kept: dict[Node, Node] | None = None) -> Node:
    """The result with names for the formulas that have one; the name ``but`` is not used.

    ``kept`` is what parts became before with the same names: the results of a program have most of them in common.
    """
    if not names:
        return result
    used = names if but is None else {formula: name for formula, name in names.items() if name is not but}
    new = kept if kept is not None and len(used) == len(names) else {}
    for node in postorder(result, into=lambda n: n not in new and n not in used and _below(n)):
        if node in new:
            continue
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
