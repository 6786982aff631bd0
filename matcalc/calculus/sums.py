"""Sums of terms from nodes that are atoms, and sums made one term.

A factor that is itself a sum is kept whole (`atom`): one writing of it, in one direction, so that equal sums meet.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.calculus import contraction
from matcalc.calculus.entrywise import signed
from matcalc.calculus.factoring import write
from matcalc.calculus.terms import Key, Number, Raw, Sum, free_of, normalise
from matcalc.calculus.writing import label
from matcalc.expressions.node import Node, Shape, kind
from matcalc.operations import table
from matcalc.render.measure import token_count
from matcalc.render.names import GREEK

__all__ = ["atom", "factor", "factor_of", "leaf", "normal", "number", "ones", "peeled", "write_term"]

SHORT = 120  # nodes of a product that is taken apart: a long one stays whole, or each of many would be read again


def leaf(node: Node) -> Sum:
    """The node as one factor, whatever it is."""
    value = Sum(node.shape)
    if node.shape == (1, 1):
        value.add((((node, 1),), ()), 1)
    else:
        value.add(((), ((node, 1, free_of(node.shape)),)), 1)
    return value


def factor(node: Node, p: Number = 1) -> Sum:
    """A factor that may mean something to contraction (a symmetric or diagonal matrix, an identity)."""
    raw = Raw()
    if node.shape == (1, 1):
        contraction.scale(raw, node, p)
    else:
        raw.factors.append((node, p, free_of(node.shape)))
    return normal(raw, node.shape)


def normal(raw: Raw, shape: Shape) -> Sum:
    """The sum that is one term, in its canonical form."""
    value = Sum(shape)
    normalise(raw, free_of(shape), value)
    return value


def atom(value: Sum) -> tuple[Key, Number]:
    """A sum as one term: itself where it has one, else its writing as a factor with its sign and content outside."""
    single = value.single
    if single is not None:
        return single
    if not value.terms:
        return ((), ()), 0
    free = free_of(value.shape)
    value, c = _directed(_upright(value))
    node = write(value)
    key, number = factor_of(node, free)
    return key, c * number


def factor_of(node: Node, free: tuple[int, ...]) -> tuple[Key, Number]:
    """A node as a term at these indices: its number and scalars outside, a short product or fraction by its factors.

    The number is 0 where the node is.
    """
    number, node = peeled(node)
    raw = Raw(number)
    waiting: list[tuple[Node, int]] = [(node, 1)]
    while waiting:
        part, p = waiting.pop()
        sign, part = signed(part)
        if sign < 0:
            raw.coeff = -raw.coeff
        if part.shape == (1, 1):
            contraction.scale(raw, part, p)
        elif part.op in ("mul", "div") and part.size < SHORT:
            waiting += [(part.args[0], p), (part.args[1], p if part.op == "mul" else -p)]
        elif part.op == "diag" and p == 1 and kind(part.shape) == "matrix":
            raw.factors.append((table.eye(part.shape[0]), 1, free))
            waiting.append((part.args[0], 1))
        else:
            raw.factors.append((part, p, _places(part.shape, free)))
    found = Sum(node.shape)
    normalise(raw, free, found)
    return found.single or (((), ()), 0)  # what is written as terms that cancel is zero


def _places(shape: Shape, free: tuple[int, ...]) -> tuple[int, ...]:
    """The indices at which a factor of a value stands that has these free indices."""
    return {"matrix": free, "vector": free[:1], "row": free[-1:]}[kind(shape)]


def _upright(value: Sum) -> Sum:
    """A row as a column: its index does not tell them apart, so its writing must not either."""
    if kind(value.shape) != "row":
        return value
    turned = Sum((value.shape[1], 1))
    for (scalars, factors), c in value.terms.items():
        turned.add((scalars, tuple([(n, p, tuple([0 if k == 1 else k for k in i])) for n, p, i in factors])), c)
    return turned


def _directed(value: Sum) -> tuple[Sum, int]:
    """One direction for ``a - b`` and ``b - a``, so that they meet: the sum, and the sign that it has lost."""
    lead = max(value.terms, key=_lead)
    if value.terms[lead] > 0:
        return value, 1
    turned = Sum(value.shape)
    turned.include(value, -1)
    return turned, -1


def _lead(key: Key) -> tuple[bool, int, list[tuple[int, ...]], list[str]]:
    """Which term of a difference is written as the positive one: a number, a longer one, a name before another."""
    nodes = [node for part in key for node, *_ in part]
    names = " ".join([label(node) for node in nodes])
    backwards = [(-(name in GREEK), *(-ord(c) for c in name)) for name in names.split()]
    return (not nodes, sum(token_count(node) + 1 for node in nodes), backwards, [node.digest for node in nodes])


def _peel(node: Node) -> tuple[Number, Node] | None:
    """The number in front of ``2*(a + b)`` or under ``(a + b)/2``."""
    if node.op == "mul" and node.args[0].op == "num" and node.args[1].shape == node.shape:
        return node.args[0].params[0], node.args[1]
    if node.op == "div" and node.args[1].op == "num" and node.args[0].op in ("add", "sub"):
        number = node.args[1].params[0]
        return (Fraction(1) / number, node.args[0]) if number else None
    return None


def peeled(node: Node) -> tuple[Number, Node]:
    """The sign and the number with which a node is written, and the node without them."""
    c: Number = 1
    sign, node = signed(node)
    found = _peel(node)
    return (sign * c, node) if found is None else (sign * found[0], found[1])


def write_term(key: Key, c: Number, shape: Shape) -> Node:
    """One term as a node."""
    value = Sum(shape)
    value.add(key, c)
    return write(value)


def number(node: Node) -> Sum:
    """A number is a coefficient."""
    value = Sum(node.shape)
    c = node.params[0]
    value.add(((), ()), int(c) if c.denominator == 1 else c)
    return value


def ones(node: Node) -> Sum:
    """Ones are a term without factors."""
    value = Sum(node.shape)
    value.add(((), ()), 1)
    return value
