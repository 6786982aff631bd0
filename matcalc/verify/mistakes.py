"""The mistakes that people make in one step of a derivation."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, rebuild
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS, make
from matcalc.operations.table import variable as variable_node
from matcalc.verify.backward import UPSTREAM, VALUE, Edge, placed, pullback
from matcalc.verify.edits import Mistake, edits

__all__ = ["changes", "substituted"]

MANY = 40  # of one step


def changes(edge: Edge) -> list[tuple[Node, Mistake]]:
    """The formulas that may stand where the right one should, and what is wrong with each."""
    if edge.formula is None:
        return []
    found: dict[Node, Mistake] = {}
    if edge.node.op in ELEMENTWISE_NAMES or edge.node.op in ("apply", "pow"):
        for formula, mistake in _of_functions(edge):
            found.setdefault(formula, mistake)
    for edit in edits(edge.formula):
        if _is_linear(edit.node):
            found.setdefault(edit.node, edit.missing)
    found.pop(edge.formula, None)
    return list(found.items())[:MANY]


def _of_functions(edge: Edge) -> Iterator[tuple[Node, Mistake]]:
    """The derivative of a function left out, replaced by the function, or evaluated where it should not be."""
    node = edge.node
    upstream, value = (variable_node(name, node.shape) for name in (UPSTREAM, VALUE))
    operation, places = placed(node)
    slope = substituted(edge.formula, {upstream: upstream}) if edge.formula is not None else upstream
    name = node.params[0] + "'" * node.params[1] if node.op == "apply" else node.op
    yield upstream, Mistake("missing derivative", "no_derivative", part=slope_of(edge), function=name, whole=operation)
    times = make("mul", upstream, value)
    yield times, Mistake("derivative order", "value_for_derivative", part=slope_of(edge), function=name)
    place = places[edge.k]
    if place.shape != node.shape:
        return
    wrong = {"part": place, "other": operation, "function": name}
    yield substituted(slope, {place: value}), Mistake("other argument", "other_argument", **wrong)
    back = {"part": operation, "other": place, "function": name}
    by_value = pullback(node, edge.k, by_value=True)
    if by_value is not edge.formula:
        yield substituted(by_value, {value: place}), Mistake("other argument", "other_argument", **back)


def slope_of(edge: Edge) -> Node:
    """The derivative of an elementwise function itself."""
    from matcalc.calculus.simplify import simplify
    from matcalc.operations.table import number

    upstream = variable_node(UPSTREAM, edge.node.shape)
    assert edge.formula is not None
    if edge.formula.op == "mul" and upstream in edge.formula.args:  # as it is written, g left out
        return edge.formula.args[edge.formula.args[0] is upstream]
    try:
        return simplify(substituted(edge.formula, {upstream: number(1)}))
    except MatcalcError:
        return edge.formula


def _is_linear(formula: Node) -> bool:
    """Whether the upstream gradient is still in it (a step without it is told otherwise)."""
    stack, seen = [formula], set()
    while stack:
        node = stack.pop()
        if node.op == "var" and node.params[0] == UPSTREAM:
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return False


def substituted(node: Node, places: dict[Node, Node]) -> Node:
    """A formula with nodes in the place of its placeholders.  Raises `ShapeError` where they do not fit."""

    def replace(old: Node, args: tuple[Node, ...]) -> Node:
        if old in places:
            return places[old]
        if args == old.args:
            return old
        if old.op in OPERATIONS:
            return make(old.op, *args, params=old.params)
        from matcalc.expressions.node import intern

        return intern(old.op, args, old.params, args[-1].shape)

    return rebuild([node], replace, into=lambda n: n not in places)[node]
