"""Unknown functions that were said to be known ones: ``f`` is ``tanh``, so ``f'`` is what the table
says of ``tanh``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node, intern, postorder, rebuild
from matcalc.language.own_laws import put_in
from matcalc.language.reading import expression
from matcalc.operations.table import (
    ELEMENTWISE_NAMES,
    OPERATIONS,
    add,
    div,
    is_leaf,
    make,
    mul,
    neg,
    number,
    ones,
    power,
    sub,
)  # fmt: skip

__all__ = ["bind", "derivative"]


def bind(roots: Iterable[Node], functions: Mapping[str, str]) -> dict[Node, Node]:
    """Every node below the roots with the functions that ``functions`` names put in, and defined ones opened."""
    for name in functions.values():
        if name not in ELEMENTWISE_NAMES:
            raise UnknownNameError(f"{name} is not an elementwise function", hint=", ".join(sorted(ELEMENTWISE_NAMES)))

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "apply" and node.params[0] in functions:
            return derivative(functions[node.params[0]], node.params[1], args[0])
        if node.op == "defined":
            return args[1]
        if node.op == "own" and node.params[1].has_value:
            places, form = node.params[1].form(tuple([a.shape for a in args]))
            return put_in(bind([form], functions)[form], dict(zip(places, args, strict=True)))
        if args == node.args:
            return node
        return intern(node.op, args, node.params, node.shape)

    return rebuild(roots, replace)


def derivative(function: str, order: int, x: Node) -> Node:
    """A known elementwise function, or its derivative of some order, at ``x``.

    >>> from matcalc.operations.table import variable
    >>> derivative("sin", 2, variable("z", ("n", 1)))
    neg(sin(var('z', '', False)))
    """
    y = make(function, x)
    for _ in range(order):
        y = entrywise_derivative(y, x)
    return y


def entrywise_derivative(y: Node, x: Node) -> Node:
    """The derivative of an expression in ``x``, entry by entry, with what is zero or one left
    out."""
    slopes: dict[Node, Node] = {x: number(1)}
    for node in postorder(y, into=lambda n: n is not x):
        if node is not x:
            slopes[node] = _slope(node, slopes)
    slope = slopes[y]
    return slope if slope.shape == y.shape else mul(slope, ones(y.shape))


def _slope(node: Node, slopes: Mapping[Node, Node]) -> Node:
    zero = number(0)
    if is_leaf(node):
        return zero
    parts = [slopes[a] for a in node.args]
    if all(part is zero for part in parts):
        return zero
    if node.op == "let":
        return parts[0]
    if node.op == "neg":
        return neg(parts[0])
    if node.op in ("add", "sub"):
        a, b = parts
        if b is zero:
            return a
        if a is zero:
            return b if node.op == "add" else neg(b)
        return add(a, b) if node.op == "add" else sub(a, b)
    if node.op == "mul":
        return _plus(_times(parts[0], node.args[1]), _times(node.args[0], parts[1]))
    if node.op == "div" and parts[1] is zero:
        return div(parts[0], node.args[1])
    if node.op == "div":
        change = mul(node, parts[1])
        return div(neg(change) if parts[0] is zero else sub(parts[0], change), node.args[1])
    if node.op == "pow" and parts[1] is zero:
        exponent = node.args[1]
        lowered = node.args[0] if _is_two(exponent) else power(node.args[0], sub(exponent, number(1)))
        return _times(mul(exponent, lowered), parts[0])
    if node.op in ELEMENTWISE_NAMES:
        outer = expression(OPERATIONS[node.op].derivative, {"x": node.args[0], "y": node})
        return _times(outer, parts[0])
    raise UnsupportedError(f"the derivative of {node.op} inside an elementwise function")


def _is_two(node: Node) -> bool:
    return node.op == "num" and bool(node.params[0] == 2)


def _times(a: Node, b: Node) -> Node:
    for one, other in ((a, b), (b, a)):
        if one is number(0):
            return one
        if one is number(1):
            return other
    return mul(a, b)


def _plus(a: Node, b: Node) -> Node:
    if a is number(0):
        return b
    return a if b is number(0) else add(a, b)
