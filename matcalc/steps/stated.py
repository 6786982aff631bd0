"""Laws as steps state them: for these arguments, without the terms of what is constant."""

from __future__ import annotations

from functools import cache

from matcalc import facts
from matcalc.calculus.laws import differential, exponent_of, law_text, placeholders
from matcalc.expressions.node import Node, Shape, intern, postorder
from matcalc.operations import table
from matcalc.operations.registry import Law
from matcalc.operations.table import OPERATIONS
from matcalc.render.source import source
from matcalc.steps.naming import replaced

__all__ = ["is_zero", "law_of", "without_zeros", "zero"]

ZERO = "\u27e6\u27e7"  # the name of a differential that is zero
UNKNOWN = Law("d(f(X)) = f'(X) * dX", "elementwise function", "chain rule, entry by entry")
AS_INVERSE = Law("d(pinv(X)) = -y @ dX @ y", "pseudo-inverse that is the inverse", "Matrix Cookbook 40")
DEFINED = Law("d(f(X)) = f'(X) * dX", "function of the program", "its own derivative")


def law_of(node: Node) -> Law | None:
    """The law of an operation, as it is for these arguments."""
    if node.op == "apply":
        return UNKNOWN
    if node.op == "defined":
        return DEFINED
    if node.op == "own":
        law = node.params[1]
        return Law(law.text, f"law of the program for {law.name}", law.stated)
    if node.op == "pinv" and facts.invertible(node.args[0]):
        return AS_INVERSE
    entry = OPERATIONS.get(node.op)
    if entry is None or entry.law is None:
        return None
    if entry.choose is None:
        return _with_constant(node, entry.law)
    exponent = exponent_of(node)
    params = node.params if exponent is None else (exponent,)
    return Law(law_text(node.op, [a.shape for a in node.args], params), entry.law.title, entry.law.source)


def _with_constant(node: Node, law: Law) -> Law:
    """A law of two arguments of which one is a number: ``d(A**B) = B*A**(B - 1)*dA``."""
    constant = [_is_number(a) for a in node.args]
    if len(constant) != 2 or sum(constant) != 1:
        return law
    return _specialised(node.op, (node.args[0].shape, node.args[1].shape), node.shape, constant.index(True))


@cache
def _specialised(op: str, shapes: tuple[Shape, Shape], result: Shape, constant: int) -> Law:
    entry = OPERATIONS[op]
    assert entry.law is not None
    change = placeholders(op, shapes, result)[f"d{entry.signature[constant]}"]
    right = differential(op, shapes, (), result, None)
    kept = without_zeros(replaced(right, {change: zero(change.shape)}))
    if is_zero(kept):
        return entry.law
    return Law(f"{entry.law.text.split(') = ', 1)[0]}) = {source(kept)}", entry.law.title, entry.law.source)


def _is_number(node: Node) -> bool:
    while node.op == "neg":
        node = node.args[0]
    return node.op in ("num", "dim", "pi")


# ------------------------------------------------------------------------------- differentials that are zero
def zero(shape: Shape) -> Node:
    """A differential that is zero."""
    return table.variable(ZERO, shape)


def is_zero(node: Node) -> bool:
    """Whether a node is a differential that is zero."""
    return node.op == "var" and bool(node.params[0] == ZERO)


def without_zeros(root: Node) -> Node:
    """The expression, linear in differentials, without those that are zero."""
    done: dict[Node, Node] = {}
    for node in postorder(root, into=lambda n: n.op != "let"):
        args = [done[a] for a in node.args] if node.op != "let" else list(node.args)
        gone = [is_zero(a) for a in args]
        if not any(gone):
            done[node] = node if args == list(node.args) else intern(node.op, tuple(args), node.params, node.shape)
        elif node.op in ("add", "sub") and not all(gone):
            kept = args[0] if gone[1] else args[1]
            kept = _spread(kept, node)
            done[node] = table.neg(kept) if gone[0] and node.op == "sub" else kept
        elif node.op == "stack" and not all(gone):
            blocks = [table.zeros(a.shape) if is_zero(a) else a for a in args]
            done[node] = intern("stack", tuple(blocks), node.params, node.shape)
        else:
            done[node] = zero(node.shape)
    return done[root]


def _spread(kept: Node, node: Node) -> Node:
    """A summand in the shape of the sum, where the other one, which was larger, is gone."""
    rows, columns = node.shape
    if kept.shape == node.shape:
        return kept
    if kept.shape == (1, 1):
        return table.mul(kept, table.ones(node.shape))
    if kept.shape[1] == 1:
        return table.matmul(kept, table.ones((1, columns)))
    return table.matmul(table.ones((rows, 1)), kept)
