"""Where a step holds, and which declared properties it uses.

An operation says where it is defined and smooth; the property of a variable is used where the same gradient, found
without it, is another formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc import facts
from matcalc.errors import MatcalcError
from matcalc.expressions.node import NAMED, Node, postorder
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS
from matcalc.render.measure import token_count
from matcalc.steps.naming import replaced, visible
from matcalc.steps.step import Condition

if TYPE_CHECKING:
    from matcalc.steps.local import Piece

__all__ = ["conditions"]

SHORT = 12  # tokens of an argument that is put into the words
IMPLIED = {"x > 0": facts.positive, "p > 0": facts.positive, "X invertible": facts.invertible,
           "A invertible": facts.invertible, "X positive definite": facts.definite}  # fmt: skip


def conditions(piece: Piece, variable: Node, gradient: Node | None, upstream: Node, passed: Node) -> list[Condition]:
    """What a reader must know beside the formulas of a piece.

    ``gradient`` is that of ``⟨G, formula⟩``, ``passed`` what it is for this upstream gradient.
    """
    used = [] if gradient is None else _assumed(piece, variable, gradient, upstream, passed)
    return [*_domains(piece, variable), *used]


def _domains(piece: Piece, variable: Node) -> list[Condition]:
    """The domains of the operations on the way to the variable."""
    leaf = piece.leaf(variable)
    live: dict[Node, bool] = {}
    found: dict[str, Condition] = {}
    for node in visible(piece.body):
        live[node] = node is leaf or any(live.get(a) for a in node.args)
        entry = OPERATIONS.get(node.op)
        if not live[node] or entry is None or not entry.domain or entry.law is None or _is_implied(entry.domain, node):
            continue
        if entry.domain.startswith("its own derivative"):
            continue
        given = zip(entry.signature, node.args, strict=False)
        names = [(name, replaced(a, piece.deep)) for name, a in given if token_count(a) <= SHORT]
        if len(entry.signature) == 1 and names:
            names.append(("x", names[0][1]))
        found.setdefault(node.op, ("holds_where", f"{entry.law.title}|{entry.domain}", tuple(names)))
    return list(found.values())


def _is_implied(domain: str, node: Node) -> bool:
    """Whether what is known of the argument says it already, or the exponent is a whole number."""
    test = IMPLIED.get(domain)
    if test is not None and node.args:
        return bool(test(node.args[-1] if domain[0] == "p" else node.args[0]))
    divisor = node.args[1] if len(node.args) == 2 else None
    if node.op == "pow" and divisor is not None:
        return divisor.op == "num" and divisor.params[0].denominator == 1
    return node.op == "div" and divisor is not None and not any(n.op in ("var", "let") for n in postorder(divisor))


def _assumed(piece: Piece, variable: Node, gradient: Node, upstream: Node, passed: Node) -> list[Condition]:
    """The declared properties without which what is passed on would be another formula."""
    found: list[Condition] = []
    inside = [n for n in postorder(upstream, into=lambda n: n.op not in NAMED) if n.op == "var"]
    for declared in dict.fromkeys([*[v for v in piece.variables if v.op == "var"], *inside]):
        name, type_, positive = declared.params
        if not type_ and not positive:
            continue
        plain = table.variable(name, declared.shape)
        try:
            other = piece.gradient_without(variable, {declared: plain}) if declared in piece.variables else gradient
        except MatcalcError:
            continue
        found_without = piece.passed_on(other, _outside(upstream, declared, plain))
        if found_without is not _outside(passed, declared, plain):
            found.append((f"uses_{type_ or 'positive'}", "", ((name, declared),)))
    return found


def _outside(node: Node, old: Node, new: Node) -> Node:
    """The expression with a variable replaced, but not inside of what has a name."""
    named = {n: n for n in postorder(node, into=lambda n: n.op not in NAMED) if n.op in NAMED}
    return replaced(node, {**named, old: new})
