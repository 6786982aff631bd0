"""A derivative in the program's own words: its names where they make it shorter, and its writing of parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matcalc.calculus.abbreviating import Abbreviations, runs_of
from matcalc.calculus.derivatives import derivative
from matcalc.calculus.free_variation import replaced, with_in
from matcalc.calculus.naming import named, names_of, writings_of
from matcalc.calculus.simplify import shorter, simplify
from matcalc.calculus.tensors import is_entries
from matcalc.calculus.term_names import Patterns, with_names
from matcalc.calculus.terms import Sum, powers_of
from matcalc.expressions.node import NAMED, Node, postorder
from matcalc.render.measure import token_count

__all__ = ["Wording"]

OPENED = 1000  # nodes of terms in which quotients are written for their names


class Wording:
    """The words of a program: what it has names for, and how it writes its parts.

    ``program`` are the nodes that are differentiated and by which, ``lets`` the intermediate variables whose names
    may be used.
    """

    def __init__(self, program: Sequence[Node], lets: Collection[Node]) -> None:
        self.writings, self.formulas = writings_of(program), names_of(lets)
        self.abbreviations = Abbreviations(frozenset(postorder(*program)), runs_of(self.formulas))
        self.patterns = Patterns(lets)
        self.kept: tuple[dict[Node, Node], dict[Node, Node]] = ({}, {})  # of formulas, of writings
        quotients = [let for let in lets if let.args[0].op == "div" and let.args[0].args[1].op in ("add", "sub")]
        self.quotients = {let: let.args[0] for let in quotients}

    def derivative(self, found: Sum, value: Node, variable: Node, structure: str) -> tuple[Node, Node]:
        """The derivative from its adjoint: as a second derivative is taken of it, and as it is written."""
        plain = derivative(found, value, variable, structure)
        worded = self.named(plain, value, variable)
        for terms in (with_names(found, self.patterns, variable), self._opened(found)):
            if terms is not None:
                other = self.named(derivative(terms, value, variable, structure), value, variable)
                worded = other if shorter(other, worded) else worded
        if is_entries(worded):
            return plain, worded
        worded = self.abbreviations.with_names(worded, variable)
        return plain, self.abbreviations.shortened(named(worded, self.writings, kept=self.kept[1]))

    def _opened(self, found: Sum) -> Sum | None:
        """The terms with quotients for their names: the rule of quotients is in them, and may be simpler without."""
        nodes = {node: None for key in found.terms for node, _ in powers_of(key)} if self.quotients else {}
        if not nodes or sum(node.size for node in nodes) > OPENED:
            return None
        opened = replaced([*nodes], self.quotients)
        new = {node: simplify(opened[node]) for node in nodes if opened[node] is not node}
        return with_in(found, new) if new else None

    def named(self, node: Node, value: Node, variable: Node) -> Node:
        """The result with the program's names for its formulas, but for the variable's own."""
        if is_entries(node):
            return node
        found = named(node, self.formulas, variable, self.kept[0])
        if found is node:
            return node
        again = simplify(found, diag=value.shape != (1, 1))  # what has become one name may meet
        plainer = token_count(again) == token_count(found) and _signs(again) < _signs(found)
        return again if plainer or shorter(again, found) else found


def _signs(node: Node) -> int:
    return sum(part.op in ("neg", "sub") for part in postorder(node, into=lambda n: n.op not in NAMED))
