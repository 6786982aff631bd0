"""Functions of what is known: ``abs(x)`` of a nonnegative x is x, ``norm`` of a unit vector is 1, ``logdet`` of an
orthogonal matrix is 0.

Each rule is named for what it does, uses `matcalc.facts`, and gives None where nothing is known. Those of
determinants are taken only where they make the writing shorter.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from matcalc import facts
from matcalc.calculus.entrywise import signed
from matcalc.calculus.factoring import write
from matcalc.calculus.powers import of_sign
from matcalc.calculus.sums import factor
from matcalc.calculus.terms import Number, Sum
from matcalc.calculus.writing import chain
from matcalc.expressions.node import Node
from matcalc.operations import table
from matcalc.render.measure import token_count

if TYPE_CHECKING:
    from matcalc.calculus.lowering import Lowering

__all__ = ["HANDLERS"]

Rule: TypeAlias = Callable[[Node, Node], "Node | None"]  # of the node and its argument in its canonical writing
SCALAR = (1, 1)


def abs_of_nonnegative(node: Node, x: Node) -> Node | None:
    """``|x|`` is x, ``|-x|`` is ``|x|``."""
    if facts.nonnegative(x):
        return x
    return table.make("abs", x.args[0]) if x.op == "neg" else None


def relu_of_nonnegative(node: Node, x: Node) -> Node | None:
    """``max(x, 0)`` is x."""
    return x if facts.nonnegative(x) else None


def indicator_of_positive(node: Node, x: Node) -> Node | None:
    """The sign of what is positive is 1; so is the step there."""
    return table.ones(node.shape) if facts.positive(x) else None


def indicator_of_negative(node: Node, x: Node) -> Node | None:
    """The sign of what is negative is -1; the step there is 0, and at 0 too."""
    sign, core = signed(x)
    if sign > 0 or not facts.nonnegative(core):
        return None
    if node.op == "step":
        return table.zeros(node.shape)
    return table.neg(table.ones(node.shape)) if facts.positive(core) else None


def norm_of_unit(node: Node, x: Node) -> Node | None:
    """``‖x‖`` of a unit vector is 1."""
    return table.number(1) if facts.unit(x) else None


def norm_of_rotated(node: Node, x: Node) -> Node | None:
    """``‖Q X‖`` is ``‖X‖`` for orthonormal columns of Q, ``‖X Q‖`` is for an orthogonal Q."""
    parts = facts.factors(x)
    low, high = 0, len(parts)
    while high - low > 1 and facts.orthonormal(parts[low]):
        low += 1
    while high - low > 1 and facts.orthogonal(parts[high - 1]):
        high -= 1
    return table.make("norm", chain(parts[low:high])) if high - low < len(parts) else None


def norm1_of_nonnegative(node: Node, x: Node) -> Node | None:
    """The sum of absolute values is the sum."""
    return table.make("sum", x, params=(None,)) if facts.nonnegative(x) else None


def maximum_with_zero(node: Node, a: Node, b: Node) -> Node | None:
    """``max(a, 0)`` is a for a nonnegative a."""
    for x, other in ((a, b), (b, a)):
        if facts.zero(other) and facts.nonnegative(x) and x.shape == node.shape:
            return x
    return None


def minimum_with_zero(node: Node, a: Node, b: Node) -> Node | None:
    """``min(a, 0)`` is 0 for a nonnegative a."""
    for x, other in ((a, b), (b, a)):
        if facts.zero(other) and facts.nonnegative(x):
            return table.zeros(node.shape)
    return None


def triangle_of_triangular(node: Node, x: Node) -> Node | None:
    """The lower triangle of a lower triangular matrix is the matrix, and the upper one of an upper."""
    return x if facts.fact(x, "lower" if node.op == "tril" else "upper") else None


RULES: dict[str, tuple[Rule, ...]] = {
    "abs": (abs_of_nonnegative,), "relu": (relu_of_nonnegative,), "norm1": (norm1_of_nonnegative,),
    "norm": (norm_of_unit, norm_of_rotated),
    **dict.fromkeys(("sign", "step"), (indicator_of_positive, indicator_of_negative)),
    "tril": (triangle_of_triangular,), "triu": (triangle_of_triangular,),
}  # fmt: skip
PAIRS = {"maximum": maximum_with_zero, "minimum": minimum_with_zero}


def _known(low: Lowering, node: Node) -> Sum:
    args = [low.tidy(a) for a in node.args]
    rules = [PAIRS[node.op]] if node.op in PAIRS else RULES[node.op]
    for rule in rules:
        found = rule(node, *args)
        if found is not None:
            return low.lower(found)
    return OTHERWISE.get(node.op, _plain)(low, node)


def _plain(low: Lowering, node: Node) -> Sum:
    return low.function(node)


# determinants -----------------------------------------------------------------------------------------------
Powers: TypeAlias = dict[Node, Number]


def _determinants(x: Node) -> tuple[Powers, Powers]:
    """The factors of a matrix with their powers in its determinant, and traces in its logarithm."""
    powers: Powers = {}
    traces: Powers = {}
    stack: list[tuple[Node, Number]] = [(x, 1)]
    while stack:
        part, p = stack.pop()
        if part.op == "matmul" and all(facts.square(f) for f in facts.factors(part)):
            stack += [(f, p) for f in reversed(facts.factors(part))]
        elif part.op in ("T", "inv"):
            stack.append((part.args[0], -p if part.op == "inv" else p))
        elif part.op == "cholesky" and facts.symmetric(part.args[0]):
            stack.append((part.args[0], p * Fraction(1, 2)))
        elif part.op == "expm":
            traces[part.args[0]] = traces.get(part.args[0], 0) + p
        elif part.op != "eye":
            powers[part] = powers.get(part, 0) + p
    return {n: p for n, p in powers.items() if p}, {n: p for n, p in traces.items() if p}


def logdet(low: Lowering, node: Node) -> Sum:
    """``logdet(A.T @ A)`` is ``2*logdet(A)``, ``logdet(Q @ A)`` is ``logdet(A)``, ``logdet(expm(A))`` is ``tr(A)``."""
    x = low.tidy(node.args[0])
    powers, traces = _determinants(x)
    value = Sum(SCALAR)
    for op, found in (("logdet", powers), ("tr", traces)):
        for part, p in found.items():
            term = table.make(op, part)
            value.include(factor(term) if op == "logdet" else low.lower(term), p)
    shorter = token_count(write(value)) <= token_count(table.make("logdet", x))
    return value if shorter else low.function(node)


def det(low: Lowering, node: Node) -> Sum:
    """``det(A.T @ A)`` is ``det(A)**2``, ``det(Q.T @ A @ Q)`` is ``det(A)`` for an orthogonal Q."""
    x = low.tidy(node.args[0])
    powers, traces = _determinants(x)
    if traces or any(p != int(p) for p in powers.values()):
        return low.function(node)
    value: Node = table.number(1)
    for part, p in powers.items():
        power = p % 2 if facts.orthogonal(part) else p
        if power:
            term = table.make("det", part)
            size = term if abs(power) == 1 else table.power(term, table.number(abs(int(power))))
            value = (table.mul if power > 0 else table.div)(value, size) if value.op != "num" or power < 0 else size
    if token_count(value) >= token_count(table.make("det", x)):
        return low.function(node)
    return low.lower(value)


OTHERWISE: dict[str, Callable[[Lowering, Node], Sum]] = {"sign": of_sign, "step": of_sign}
HANDLERS: dict[str, Callable[[Lowering, Node], Sum]] = {
    **dict.fromkeys((*RULES, *PAIRS), _known), "det": det, "logdet": logdet,
}
