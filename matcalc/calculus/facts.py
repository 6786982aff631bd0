"""Facts about expressions: yes (True), no (False) or unknown (None).

A fact is stated by a declared type (`symmetric(n)`), known of an operation (`softmax` sums to one), or follows by the
implications below.  Unknown is never read as no, and never as yes.
"""

from __future__ import annotations

from collections.abc import Callable

from matcalc.expressions.node import Node, kind
from matcalc.operations.table import ELEMENTWISE_NAMES

__all__ = ["diagonal", "orthogonal", "positive", "skew", "square", "sums_to_one", "symmetric"]

SYMMETRIC_TYPES = ("symmetric", "posdef", "diagonal")
POSITIVE_VALUES = ("exp", "sigmoid", "softmax", "cosh")
ENTRYWISE = ("add", "sub", "mul", "div", "neg", "pow")


def bare(node: Node) -> Node:
    """The node behind its names."""
    while node.op == "let":
        node = node.args[0]
    return node


def square(node: Node) -> bool:
    """Whether the node is a square matrix for certain."""
    return kind(node.shape) == "matrix" and node.shape[0] == node.shape[1]


def symmetric(node: Node) -> bool | None:
    """Whether ``X.T == X``."""
    node = bare(node)
    if node.op == "var":
        return True if node.params[1] in SYMMETRIC_TYPES else None
    if node.op in ("eye", "num", "dim", "pi"):
        return True
    if node.op in ("ones", "zeros"):
        return node.shape[0] == node.shape[1] or None
    if node.shape == (1, 1):
        return True
    if node.op == "cov" or (node.op == "add" and square(node) and _transposes(*node.args)):
        return True
    if node.op == "diag":
        return True if square(node) else None
    if node.size > 300:
        return None
    if node.op in ("inv", "pinv", "T", "apply", "matrix_power") or (
        (node.op in ENTRYWISE or node.op in ELEMENTWISE_NAMES) and square(node)
    ):
        return True if all(a.shape == (1, 1) or symmetric(a) for a in node.args) else _product(node)
    return _product(node)


def _product(node: Node) -> bool | None:
    """``A @ B @ A.T`` is symmetric where its middle is; so is ``A.T @ A``."""
    if node.op != "matmul":
        return None
    parts = factors(node)
    while len(parts) > 1:
        if parts[0].op in ("num", "mul") or not _transposes(parts[0], parts[-1]):
            return None
        parts = parts[1:-1]
    return True if not parts or symmetric(parts[0]) else None


def _transposes(a: Node, b: Node) -> bool:
    return (a.op == "T" and a.args[0] is b) or (b.op == "T" and b.args[0] is a) or (a is b and bool(symmetric(a)))


def factors(node: Node) -> list[Node]:
    """The factors of a product, from left to right."""
    found: list[Node] = []
    while node.op == "matmul":
        left, right = node.args
        if right.op == "matmul":
            found[:0] = factors(right) if right.size < 200 else [right]
        else:
            found.insert(0, right)
        node = left
    return [node, *found]


def _typed(*types: str) -> Callable[[Node], bool | None]:
    def fact(node: Node) -> bool | None:
        node = bare(node)
        return True if node.op == "var" and node.params[1] in types else None

    return fact


skew = _typed("skew")
diagonal = _typed("diagonal")
orthogonal = _typed("orthogonal")


def sums_to_one(node: Node) -> bool | None:
    """Whether the entries of a vector sum to one."""
    node = bare(node)
    if node.op == "T":
        return sums_to_one(node.args[0])
    if node.op == "softmax" and node.params[0] is None:
        return True
    return True if node.op == "var" and node.params[1] == "simplex" else None


def positive(node: Node) -> bool | None:
    """Whether every entry is positive."""
    node = bare(node)
    if node.op == "var":
        return True if node.params[2] else None
    if node.op == "num":
        return bool(node.params[0] > 0)
    if node.op in ("dim", "pi", "ones"):
        return True
    if node.op in POSITIVE_VALUES:
        return True
    if node.op in ("mul", "div", "add", "T", "sqrt", "sum"):
        return True if all(positive(a) for a in node.args) else None
    return None
