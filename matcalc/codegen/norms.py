"""Quotients by a norm in derivatives, where the norm is 0.

The gradient of ``norm(X)`` is ``X / norm(X)``, and 0 by convention where X is: so is every multiple of it, however a
derivative is written.  Collected, it may be a term of a scalar, ``(1/norm(x) + 2)*x``, or share its divisor with
others, ``x/(norm(x)*(1 + norm(x)))``.  Where the value itself divides by no such norm, nor takes its logarithm, no
quotient by it comes from anywhere else, and all of them are 0 there.  Where it does, only those are that are plainly a
multiple.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcalc.codegen.values import Value
from matcalc.expressions.node import Node, intern, postorder, rebuild

__all__ = ["divided_last", "is_multiple", "norm_below", "singular_norms"]

SCALAR = (1, 1)
BUDGET = 64  # values looked at
MULTIPLICATIVE = frozenset({"mul", "matmul", "dot", "outer", "neg", "T", "let", "div", "pow", "square", "sqrt", "abs"})


def divided_last(nodes: Sequence[Node]) -> list[Node]:
    """The nodes with quotients ``A/(norm(x)*M)``, entry by entry, as ``(A/M)/norm(x)``: a norm is divided by alone."""
    if not any(part.op == "norm" for part in postorder(*nodes)):
        return list(nodes)
    new = rebuild(nodes, _apart)
    return [new[node] for node in nodes]


def _apart(node: Node, args: tuple[Node, ...]) -> Node:
    if node.op == "div" and node.shape != SCALAR and args[1].op == "mul":
        for scalar, rest in (args[1].args, args[1].args[::-1]):
            if scalar.shape == SCALAR and rest.shape == node.shape and _has_norm(scalar):
                return intern("div", (intern("div", (args[0], rest), (), node.shape), scalar), (), node.shape)
    return node if args == node.args else intern(node.op, args, node.params, node.shape)


def _has_norm(scalar: Node) -> bool:
    while scalar.op == "mul":
        if norm_below(scalar.args[1]) is not None:
            return True
        scalar = scalar.args[0]
    return norm_below(scalar) is not None


def norm_below(node: Node) -> Node | None:
    """The norm that a divisor is, or is the root of, by whatever name."""
    while node.op in ("let", "sqrt"):
        node = node.args[0]
    return node if node.op == "norm" else None


def singular_norms(value: Iterable[Node]) -> frozenset[Node]:
    """The norms at whose zeros the nodes of a value are infinite, or no longer smooth in them."""
    stack = [part for node in value for part in _singular(node)]
    found, seen = set(), set(stack)
    while stack:
        node = stack.pop()
        if node.op == "norm":
            found.add(node)
        elif node.op in MULTIPLICATIVE:
            new = [part for part in node.args if part not in seen]
            seen.update(new)
            stack += new
    return frozenset(found)


def _singular(node: Node) -> tuple[Node, ...]:
    """The arguments that a function of them may not vanish in."""
    if node.op == "div":
        return node.args[1:]
    if node.op == "pow":
        exponent = node.args[1]
        return () if exponent.op == "num" and exponent.params[0] >= 1 else node.args[:1]
    return node.args if node.op in ("log", "sqrt", "reciprocal") else ()


def is_multiple(norm: Value, factors: Iterable[Value]) -> bool:
    """Whether what a value is the norm of is a factor of one of these."""
    if norm.op != "call" or norm.params[0] != "norm":
        return False
    return any(_mentions(factor, norm.args[0]) for factor in factors)


def _mentions(value: Value, wanted: Value) -> bool:
    """Whether a value is a product in which ``wanted`` is a factor."""
    stack, budget = [value], BUDGET
    while stack and budget:
        budget -= 1
        v = stack.pop()
        if v is wanted or (v.op == "T" and v.args[0] is wanted) or (wanted.op == "T" and wanted.args[0] is v):
            return True
        if v.op in ("mul", "matmul", "dot", "outer", "T", "neg", "expand"):
            stack.extend(v.args)
    return False
