"""Simplifications of scalar functions, entry by entry: what factors at one place of a term become together.

Each rule is named for what it does.  The factors at an index are powers of nodes; `combine` applies the rules to each
group.  ``exp(t)`` is kept with the positive of ``t`` and ``exp(-t)`` is its power -1, so that they meet.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from matcalc import facts
from matcalc.calculus.writing import negated, turned_round
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.terms import Raw

__all__ = ["combine", "inverse_of_one_plus_exp", "one_minus_sigmoid", "opposite", "signed"]

Number: TypeAlias = Fraction | int
Group: TypeAlias = dict[Node, Number]
Merged: TypeAlias = dict[tuple[Node, tuple[int, ...]], Number]
RATIOS = {("sinh", "cosh"): "tanh", ("sin", "cos"): "tan"}
ACTIVE = frozenset({"exp", "sigmoid", "sinh", "sin", "sign", "abs", "det", "norm", "pow"})


def signed(node: Node) -> tuple[int, Node]:
    """The sign with which a node is written, and the node without it."""
    lead = node
    while lead.op in ("mul", "div", "matmul"):
        lead = lead.args[0]
    if lead.op == "neg":
        return -1, negated(node)
    return 1, node


def _function(name: str, argument: Node) -> Node:
    return intern(name, (argument,), (), argument.shape)


def opposite(node: Node) -> Node:
    """Minus an argument of a function: a difference in it the other way round, ``x - y`` for ``y - x``."""
    return turned_round(node, numbers=True, most=2) or negated(node)


def inverse_of_one_plus_exp(node: Node) -> Node | None:
    """``1/(1 + exp(t))`` is ``sigmoid(-t)``."""
    if node.op != "add":
        return None
    one, other = sorted(node.args, key=lambda a: a.op != "num")
    if one.op == "num" and one.params[0] == 1 and other.op == "exp":
        return _function("sigmoid", opposite(other.args[0]))
    return None


def one_minus_sigmoid(node: Node) -> Node | None:
    """``1 - sigmoid(t)`` is ``sigmoid(-t)``."""
    if node.op == "sub" and node.args[0].op == "num" and node.args[0].params[0] == 1 and node.args[1].op == "sigmoid":
        return _function("sigmoid", opposite(node.args[1].args[0]))
    return None


def combine(raw: Raw, merged: Merged) -> None:
    """Apply the rules to the factors at each place of a term."""
    if raw.scalars and any(node.op in ACTIVE for node in raw.scalars):
        for rule in RULES:
            rule(raw.scalars)
    if not any(node.op in ACTIVE for node, _ in merged):
        return
    groups: dict[tuple[int, ...], Group] = {}
    for (node, index), p in merged.items():
        groups.setdefault(index, {})[node] = p
    for index, group in groups.items():
        before = dict(group)
        for rule in RULES:
            rule(group)
        _softmax(raw, merged, index, group)
        if group != before:
            for node in before:
                merged.pop((node, index), None)
            for node, p in group.items():
                merged[node, index] = p


def _times(group: Group, node: Node, p: Number) -> None:
    total = group.get(node, 0) + p
    if total:
        group[node] = total
    else:
        group.pop(node, None)


def exp_times_sigmoid_to_sigmoid(group: Group) -> None:
    """``exp(-t) * sigmoid(t)`` is ``sigmoid(-t)``."""
    for node, r in list(group.items()):
        if node.op != "sigmoid" or r < 1:
            continue
        sign, positive = signed(node.args[0])
        exp = _function("exp", positive)
        q = -sign * group.get(exp, 0)
        if q >= 1:
            n = min(q, r)
            _times(group, exp, sign * n)
            _times(group, node, -n)
            _times(group, _function("sigmoid", opposite(node.args[0])), n)


def ratio_to_function(group: Group) -> None:
    """``sinh(t)/cosh(t)`` is ``tanh(t)``, ``sin(t)/cos(t)`` is ``tan(t)``."""
    for (top, bottom), name in RATIOS.items():
        for node, p in list(group.items()):
            if node.op == top and p >= 1:
                under = _function(bottom, node.args[0])
                n = min(p, -group.get(under, 0))
                if n >= 1:
                    _times(group, node, -n)
                    _times(group, under, n)
                    _times(group, _function(name, node.args[0]), n)


def sign_times_abs(group: Group) -> None:
    """``sign(t) * abs(t)`` is ``t``, ``sign(t) / abs(t)`` is ``1/t``, and ``sign(t) * t`` is ``abs(t)``."""
    for node, p in list(group.items()):
        if node.op != "sign" or p != 1:
            continue
        inner = node.args[0]
        for other, result in ((_function("abs", inner), inner), (inner, _function("abs", inner))):
            q = group.get(other, 0)
            if q in (1, -1):
                _times(group, node, -1)
                _times(group, other, -q)
                _times(group, result, q)
                break


def square_of_orthogonal_det_to_one(group: Group) -> None:
    """``det(Q)**2`` is ``det(Q.T @ Q)``, 1 for an orthogonal Q."""
    for node, p in list(group.items()):
        if node.op == "det" and p == int(p) and facts.orthogonal(node.args[0]):
            _times(group, node, p % 2 - p)


def squares_over_norm(group: Group) -> None:
    """``x.T@x / norm(x)**2`` is 1."""
    for node, p in list(group.items()):
        x = node.args[0] if node.op == "norm" else node
        if node.op != "norm" or 1 not in x.shape:
            continue
        turned = intern("T", (x,), (), (x.shape[1], x.shape[0]))
        square = intern("matmul", (turned, x) if x.shape[1] == 1 else (x, turned), (), (1, 1))
        q = group.get(square, 0)
        n = min(int(abs(Fraction(p))) // 2, int(abs(Fraction(q))))
        if n and (p < 0) != (q < 0):
            sign = 1 if p > 0 else -1
            _times(group, node, -2 * sign * n)
            _times(group, square, sign * n)


def powers_of_one_base(group: Group) -> None:
    """``t * t**(k - 1)`` is ``t**k``, ``t**(k - 1) / t**k`` is ``1/t``: powers with exponents that are no numbers."""
    varying = [(node, p) for node, p in group.items() if node.op == "pow" and _varies(node)]
    for base in dict.fromkeys([node.args[0] for node, _ in varying]):
        symbolic = [(node, p) for node, p in varying if node.args[0] is base]
        bare = group.get(base, 0)
        if len(symbolic) + (bare != 0) < 2 or bare != int(bare) or any(p != int(p) for _, p in symbolic):
            continue
        exponents = [(*_split(node.args[1]), p) for node, p in symbolic]
        core, total = exponents[0][0], sum(p for _, _, p in exponents)
        if any(other is not core for other, _, _ in exponents) or total not in (-1, 0, 1):
            continue
        constant = bare + sum(p * c for _, c, p in exponents)
        for node, p in (*symbolic, (base, bare)):
            _times(group, node, -p)
        if total:
            _times(group, intern("pow", (base, _joined(core, total * constant)), (), base.shape), total)
        else:
            _times(group, base, constant)


def _varies(power: Node) -> bool:
    """Whether an exponent is no number, and the power as large as what is raised."""
    base, exponent = power.args
    return base.shape == power.shape and any(not part.args and part.op != "num" for part in postorder(exponent))


def _split(exponent: Node) -> tuple[Node, Number]:
    """An exponent without the number that is added to it, and this number."""
    if exponent.op in ("add", "sub") and exponent.args[1].op == "num":
        c = exponent.args[1].params[0]
        return exponent.args[0], c if exponent.op == "add" else -c
    return exponent, 0


def _joined(core: Node, c: Number) -> Node:
    if not c:
        return core
    return table.add(core, table.number(c)) if c > 0 else table.sub(core, table.number(-c))


RULES: tuple[Callable[[Group], None], ...] = (
    square_of_orthogonal_det_to_one, squares_over_norm, exp_times_sigmoid_to_sigmoid, ratio_to_function, sign_times_abs,
    powers_of_one_base,
)  # fmt: skip


def _softmax(raw: Raw, merged: Merged, index: tuple[int, ...], group: Group) -> None:
    """``exp(x) / sum(exp(x))`` is ``softmax(x)``, along an axis too."""
    for node, p in list(group.items()):
        if node.op != "exp" or p < 1:
            continue
        total = intern("sum", (node,), (None,), (1, 1))
        if len(index) == 1 and raw.scalars.get(total, 0) <= -1:
            raw.scale(total, 1)
            _times(group, node, -1)
            _times(group, intern("softmax", node.args, (None,), node.shape), 1)
        elif len(index) == 2:
            rows, columns = node.shape
            for axis, shape in ((0, (1, columns)), (1, (rows, 1))):
                along = intern("sum", (node,), (axis,), shape)
                place = (along, (index[1 - axis],))
                if merged.get(place, 0) <= -1:
                    _times(group, node, -1)
                    _times(group, intern("softmax", node.args, (axis,), node.shape), 1)
                    merged[place] += 1
                    if not merged[place]:
                        del merged[place]
                    break
