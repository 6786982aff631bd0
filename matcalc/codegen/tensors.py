"""Index terms in code: each is one ``einsum`` over its factors, and a value is the sum of its terms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from matcalc.codegen.values import ONE, Scaled, Value
from matcalc.expressions.node import Node, axes, intern
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.codegen.lower import Lowering

__all__ = ["LETTERS", "RULES", "einsum_text", "prepared"]

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def prepared(nodes: Sequence[Node]) -> list[Node]:
    """Index terms with every power and every axis as a factor of its own, ready for ``einsum``."""
    return [_prepared(node) if node.op == "entries" else node for node in nodes]


def _prepared(node: Node) -> Node:
    args: dict[Node, int] = {}
    terms: list[Any] = []
    for c, factors in node.params:
        listed = []
        for position, p, index in factors:
            factor = _powered(node.args[position], p)
            listed.append((args.setdefault(factor, len(args)), Fraction(1), index))
        covered = {k for _, _, index in factors for k in index}
        for k, dim in enumerate(axes(node.shape)):
            if k not in covered:
                listed.append((args.setdefault(table.ones((dim, 1)), len(args)), Fraction(1), (k,)))
        terms.append((c, tuple(listed)))
    return intern("entries", tuple(args), tuple(terms), node.shape)


def _powered(node: Node, p: Fraction) -> Node:
    if p == 1:
        return node
    if p < 0:
        return table.div(table.number(1), _powered(node, -p))
    if p == Fraction(1, 2):
        return table.make("sqrt", node)
    exponent = table.number(p) if p.denominator in (1, 2, 4, 5) else table.div(table.number(p.numerator), table.number(p.denominator))
    return table.power(node, exponent)


def _entries(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    dims = axes(node.shape)
    if not node.params:
        return ONE, graph.full(Fraction(0), dims)
    operands: list[Value] = []
    terms: list[tuple[Fraction, str, int]] = []
    for c, factors in node.params:
        letters: dict[int, str] = {k: LETTERS[k] for k in range(len(dims))}
        inputs: list[str] = []
        for position, _, index in factors:
            for k in index:
                letters.setdefault(k, LETTERS[len(letters)])
            value = lowering.array(node.args[position])
            if value.op == "spread":
                value = graph.full(ONE, value.axes) if value.args[0] is graph.one else value
            operands.append(value)
            inputs.append("".join([letters[k] for k in index]))
        output = "".join([letters[k] for k in range(len(dims))])
        terms.append((c, f"{','.join(inputs)}->{output}", len(factors)))
    return ONE, graph.value("einsum", tuple(operands), tuple(terms), dims)


def einsum_text(value: Value, args: Sequence[str], number: Any) -> str:
    """The sum of the terms; ``number`` writes a coefficient."""
    parts: list[str] = []
    rest = list(args)
    for c, form, count in value.params:
        operands, rest = rest[:count], rest[count:]
        optimise = ", optimize=True" if count > 2 else ""
        call = f'np.einsum("{form}", {", ".join(operands)}{optimise})'
        size = abs(c)
        scaled = call if size == 1 else f"{number(size)} * {call}"
        parts += [("-" if c < 0 else "") if not parts else (" - " if c < 0 else " + "), scaled]
    return "".join(parts)


def _pair(lowering: Lowering, node: Node) -> Scaled:
    return ONE, lowering.graph.value("pair", (), node.params, tuple(node.shape))


RULES = {"entries": _entries, "pair": _pair}
