"""Index terms in code.

Those of an ``entries`` node are one ``einsum`` each. A ``blocks`` node (`matcalc.calculus.blocks`) has its Kronecker
deltas taken out: each component is computed by itself, products of components are outer products by broadcasting, and
what a delta confines to a diagonal is filled in there, in an array of zeros or in the sum of what has all axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from matcalc.codegen.values import ONE, Graph, Scaled, Value
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, axes, intern, rebuild
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.codegen.lower import Lowering

__all__ = ["LETTERS", "RULES", "einsum_text", "prepared"]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TOGETHER = 100  # terms of a sum in one bracket: Python reads no expression that is a thousand deep


def prepared(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with all index terms in them, at any depth, made ready for ``einsum``: every power and every axis is a
    factor of its own."""
    new = rebuild(nodes, _with_factors)
    return [new[node] for node in nodes]


def _with_factors(node: Node, args: tuple[Node, ...]) -> Node:
    node = node if args == node.args else intern(node.op, args, node.params, node.shape)
    return _prepared(node) if node.op == "entries" else node


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
    if p.denominator in (1, 2, 4, 5):
        return table.power(node, table.number(p))
    return table.power(node, table.div(table.number(p.numerator), table.number(p.denominator)))


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
    parts: list[str] = []  # each with its sign
    rest = list(args)
    for c, form, count in value.params:
        operands, rest = rest[:count], rest[count:]
        optimise = ", optimize=True" if count > 2 else ""
        call = f'np.einsum("{form}", {", ".join(operands)}{optimise})'
        if len(value.params) == count == 1 and c == 1 and set(form.partition("->")[2]) >= set(form.partition("->")[0]):
            call += ".copy()"  # nothing is summed: a view of the operand, which may be written over or read again
        size = abs(c)
        scaled = call if size == 1 else f"{number(size)} * {call}"
        parts.append(f"{'-' if c < 0 else '+'} {scaled}")
    while len(parts) > TOGETHER:
        parts = [f"+ ({_joined(parts[i : i + TOGETHER])})" for i in range(0, len(parts), TOGETHER)]
    return _joined(parts)


def _joined(parts: Sequence[str]) -> str:
    """Signed terms, as one writes a sum."""
    first = parts[0]
    return " ".join([first[2:] if first[0] == "+" else f"-{first[2:]}", *parts[1:]])


def _pair(lowering: Lowering, node: Node) -> Scaled:
    return ONE, lowering.graph.value("pair", (), node.params, tuple(node.shape))


def _blocks(lowering: Lowering, node: Node) -> Scaled:
    graph, dims = lowering.graph, tuple(axes(node.shape))
    if not lowering.options.structure:
        return ONE, _contracted(lowering, node, dims)
    whole: list[Signed] = []
    args: list[Value] = []
    forms: list[tuple[str, int]] = []
    for pattern, products in node.params:
        free = tuple(sorted(set(pattern)))
        by_axes: dict[tuple[int, ...], list[Signed]] = {}
        for parts in products:
            term = _product(graph, [_component(lowering, node.args[position], at) for position, at in parts], dims)
            by_axes.setdefault(term[1], []).append(term)
        for at, terms in by_axes.items():
            if len(at) == len(dims):
                whole += terms
            else:
                sign, value = _total(graph, terms)
                args.append(_lifted(graph, value, at, free, dims))
                forms.append((_diagonal_form(pattern), sign))
    if not whole and not args:
        return ONE, graph.full(Fraction(0), dims)
    if whole:
        sign, base = _total(graph, whole)
        args.insert(0, base if sign > 0 else _negated(graph, base))
    return ONE, graph.value("fill", tuple(args), tuple(forms), dims) if forms else args[0]


def _contracted(lowering: Lowering, node: Node, dims: tuple[Dim, ...]) -> Value:
    """The same with every delta an identity matrix, contracted: what is filled in is not known to be zero."""
    graph = lowering.graph
    operands: list[Value] = []
    terms: list[tuple[Fraction, str, int]] = []
    for pattern, products in node.params:
        for parts in products:
            found = [(lowering.array(node.args[position]), tuple(at)) for position, at in parts]
            for axis, free in enumerate(pattern):
                if axis != free:
                    found.append((graph.value("eye", (), (dims[axis],), (dims[axis],) * 2), (free, axis)))
                elif not any(axis in at for _, at in found):
                    found.append((graph.full(ONE, (dims[axis],)), (axis,)))
            inputs = ["".join([LETTERS[k] for k in at[: len(value.axes)]]) for value, at in found]
            operands += [value for value, _ in found]
            terms.append((ONE, f"{','.join(inputs)}->{LETTERS[: len(dims)]}", len(found)))
    return graph.value("einsum", tuple(operands), tuple(terms), dims) if terms else graph.full(Fraction(0), dims)


def _negated(graph: Graph, value: Value) -> Value:
    """The sign of a product on the factor that it costs least at."""
    if value.op not in ("mul", "outer", "lift"):
        return graph.scale(Fraction(-1), value)
    args = list(value.args)
    place = args.index(min(args, key=_weight))
    args[place] = _negated(graph, args[place])
    return graph.value(value.op, tuple(args), value.params, value.axes)


def _weight(value: Value) -> int:
    """How many axes what a sign is put on has."""
    if value.op in ("mul", "outer", "lift"):
        return min([_weight(arg) for arg in value.args])
    return sum(1 for dim in value.axes if dim != 1)


def _diagonal_form(pattern: tuple[int, ...]) -> str:
    """How ``einsum`` picks the diagonal out; empty where there is none."""
    letters = "".join([LETTERS[k] for k in pattern])
    kept = "".join(sorted(set(letters)))
    return f"{letters}->{kept}" if len(kept) < len(letters) else ""


Signed: TypeAlias = tuple[int, tuple[int, ...], Value]  # a sign, the axes that a value has, and the value


def _component(lowering: Lowering, node: Node, at: tuple[int, ...]) -> Signed:
    """A component, without the axes along which it repeats itself."""
    number, value = lowering.done[node]
    sign = -1 if number < 0 else 1
    value = lowering.graph.scale(abs(number), value)
    if value.op == "neg":
        sign, value = -sign, value.args[0]
    while value.op == "spread":
        at = {"scalar": (), "row": at[-1:], "column": at[:1]}[value.params[0]]
        value = value.args[0]
    return sign, at, value


def _product(graph: Graph, parts: list[Signed], dims: Sequence[Dim]) -> Signed:
    """Components multiplied, what stays smallest first."""
    parts = [part for part in parts if part[2] is not graph.one] or [(parts[0][0], (), graph.one)]
    while len(parts) > 1:
        pairs = [(a, b) for b in range(len(parts)) for a in range(b)]
        a, b = min(pairs, key=lambda pair: len({*parts[pair[0]][1], *parts[pair[1]][1]}))
        (sign, at, u), (other, other_at, v) = parts[a], parts.pop(b)
        both = tuple(sorted({*at, *other_at}))
        if len(at) == len(other_at) == 1 and at != other_at:
            value = graph.outer(u, v) if at < other_at else graph.outer(v, u)
        else:
            sizes = tuple([dims[k] for k in both])
            factors = _lifted(graph, u, at, both, dims), _lifted(graph, v, other_at, both, dims)
            value = graph.value("mul", factors, (), sizes)
        parts[a] = sign * other, both, value
    return parts[0]


def _total(graph: Graph, terms: list[Signed]) -> tuple[int, Value]:
    """Terms of the same axes added: a sign and their value."""
    terms = sorted(terms, key=lambda term: -term[0])
    first, _, total = terms[0]
    for sign, _, value in terms[1:]:
        total = graph.value("add" if sign == first else "sub", (total, value), (), total.axes or value.axes)
    return first, total


def _lifted(
    graph: Graph, value: Value, at: tuple[int, ...], into: tuple[int, ...], dims: Sequence[Dim]
) -> Value:
    """A value with new axes where it does not vary, so that it broadcasts; leading ones need not be there."""
    if not at or into[-len(at) :] == at:
        return value
    there = tuple([k in at for k in into[into.index(at[0]) :]])
    sizes = tuple([dims[k] if k in at else 1 for k in into[into.index(at[0]) :]])
    return graph.value("lift", (value,), there, sizes)


RULES = {"entries": _entries, "blocks": _blocks, "pair": _pair}
