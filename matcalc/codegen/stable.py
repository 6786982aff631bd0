"""Rewrites that change no value but how it is computed: forms without overflow, and traces pushed
inward.

Each rule is named for what it does and looks through names (``p = softmax(z); log(p)``).  They are
applied once, from the leaves up; what a rule gives is built of stable forms already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from matcalc.expressions.node import Node, intern, kind, postorder, rebuild
from matcalc.operations.table import make, neg, number

__all__ = ["RULES", "stabilise"]

Rule: TypeAlias = Callable[[Node], "Node | None"]
SCALAR = (1, 1)


def see(node: Node) -> Node:
    """The node behind a name."""
    while node.op == "let":
        node = node.args[0]
    return node


def unary(op: str, x: Node, params: tuple[object, ...] = ()) -> Node:
    """A function of one argument that keeps its shape."""
    return intern(op, (x,), params, x.shape)


def minus(x: Node) -> Node:
    """``-x``, without a sign twice."""
    return x.args[0] if x.op == "neg" else neg(x)


def is_one(node: Node, shape: tuple[object, object]) -> bool:
    """The number one, or ones in every place of ``shape``."""
    node = see(node)
    return (node.op == "num" and node.params[0] == 1) or (node.op == "ones" and node.shape == shape)


def one_plus(node: Node) -> Node | None:
    """``t`` of ``1 + t``."""
    node = see(node)
    if node.op == "add":
        a, b = node.args
        if is_one(a, b.shape):
            return b
        if is_one(b, a.shape):
            return a
    return None


def one_plus_exp(node: Node) -> Node | None:
    """``t`` of ``1 + exp(t)``."""
    t = one_plus(node)
    t = see(t) if t is not None else None
    return t.args[0] if t is not None and t.op == "exp" else None


def log_of_one_plus_exp_to_softplus(node: Node) -> Node | None:
    """``log(1 + exp(t))``, ``log1p(exp(t))``."""
    if node.op == "log1p" and see(node.args[0]).op == "exp":
        return unary("softplus", see(node.args[0]).args[0])
    t = one_plus_exp(node.args[0]) if node.op == "log" else None
    return unary("softplus", t) if t is not None else None


def log_of_one_plus_to_log1p(node: Node) -> Node | None:
    """``log(1 + t)``."""
    t = one_plus(node.args[0]) if node.op == "log" else None
    return unary("log1p", t) if t is not None and t.shape == node.shape else None


def log_of_sum_of_exp_to_logsumexp(node: Node) -> Node | None:
    """``log(sum(exp(v)))``, along an axis too."""
    if node.op != "log":
        return None
    total = see(node.args[0])
    if total.op != "sum" or see(total.args[0]).op != "exp":
        return None
    body = see(total.args[0]).args[0]
    return make("logsumexp", body, params=total.params)


def log_of_sigmoid_to_softplus(node: Node) -> Node | None:
    """``log(sigmoid(t))`` is ``-softplus(-t)``, ``log(1 - sigmoid(t))`` is ``-softplus(t)``."""
    if node.op != "log":
        return None
    body = see(node.args[0])
    if body.op == "sigmoid":
        return neg(unary("softplus", minus(body.args[0])))
    if body.op == "sub" and see(body.args[1]).op == "sigmoid" and is_one(body.args[0], body.shape):
        return neg(unary("softplus", see(body.args[1]).args[0]))
    return None


def log_of_softmax_to_log_softmax(node: Node) -> Node | None:
    """``log(softmax(v))``, also of one entry of it."""
    if node.op != "log":
        return None
    body = see(node.args[0])
    if body.op == "softmax":
        return unary("log_softmax", body.args[0], body.params)
    if body.op in ("index", "T"):
        inner = see(body.args[0])
        logged = log_of_softmax_to_log_softmax(unary("log", inner)) or log_of_sigmoid_to_softplus(unary("log", inner))
        if logged is not None:
            return intern(body.op, (logged,), body.params, body.shape)
    return None


def log_of_exp(node: Node) -> Node | None:
    """``log(exp(t))``."""
    return see(node.args[0]).args[0] if node.op == "log" and see(node.args[0]).op == "exp" else None


def log_of_cosh(node: Node) -> Node | None:
    """``log(cosh(t))``, a helper of its own."""
    return unary("logcosh", see(node.args[0]).args[0]) if node.op == "log" and see(node.args[0]).op == "cosh" else None


def cross_entropy_of_softmax(node: Node) -> Node | None:
    """``cross_entropy(y, softmax(z))`` is ``-sum(y * log_softmax(z))``; of sigmoids likewise."""
    if node.op != "cross_entropy":
        return None
    y, p = node.args
    log = unary("log", p)
    logged = log_of_softmax_to_log_softmax(log) or log_of_sigmoid_to_softplus(log)
    return neg(make("inner", y, logged)) if logged is not None else None


def inverse_of_one_plus_exp_to_sigmoid(node: Node) -> Node | None:
    """``1 / (1 + exp(t))`` is ``sigmoid(-t)``, ``a * exp(t) / (1 + exp(t))`` is ``a *
    sigmoid(t)``."""
    if node.op == "reciprocal":
        t = one_plus_exp(node.args[0])
        return unary("sigmoid", minus(t)) if t is not None else None
    if node.op == "pow" and node.args[1].op == "neg" and is_one(node.args[1].args[0], SCALAR):
        t = one_plus_exp(node.args[0])
        return unary("sigmoid", minus(t)) if t is not None else None
    if node.op != "div":
        return None
    top, t = node.args[0], one_plus_exp(node.args[1])
    if t is None:
        return None
    if is_one(top, node.shape):
        return unary("sigmoid", minus(t))
    rest = _without_exp(top, t)
    if rest is not None:
        return unary("sigmoid", t) if is_one(rest, t.shape) else make("mul", rest, unary("sigmoid", t))
    return make("mul", top, unary("sigmoid", minus(t)))


def _without_exp(node: Node, t: Node) -> Node | None:
    """``a`` of ``a * exp(t)``, 1 of ``exp(t)``."""
    node = see(node)
    if node.op == "exp" and node.args[0] is t:
        return number(1)
    if node.op == "neg":
        rest = _without_exp_once(node.args[0], t)
        return neg(rest) if rest is not None else None
    return _without_exp_once(node, t)


def _without_exp_once(node: Node, t: Node) -> Node | None:
    node = see(node)
    if node.op == "exp" and node.args[0] is t:
        return number(1)
    if node.op == "mul":
        for this, other in (node.args, node.args[::-1]):
            if see(this).op == "exp" and see(this).args[0] is t:
                return other
    return None


def exp_over_its_sum_to_softmax(node: Node) -> Node | None:
    """``exp(v) / sum(exp(v))``, along an axis too, and ``exp(v - logsumexp(v))``."""
    if node.op == "div":
        top, total = see(node.args[0]), see(node.args[1])
        if top.op == "exp" and total.op == "sum" and see(total.args[0]) is top:
            return _softmax(top.args[0], total.params)
    if node.op == "exp" and see(node.args[0]).op == "sub":
        v, total = see(node.args[0]).args
        if see(total).op == "logsumexp" and see(see(total).args[0]) is see(v):
            return _softmax(v, see(total).params)
    return None


def _softmax(v: Node, params: tuple[object, ...]) -> Node | None:
    if params[0] is None and kind(v.shape) in ("matrix", "scalar"):
        return None
    return unary("softmax", v, params)


def exp_minus_one_to_expm1(node: Node) -> Node | None:
    """``exp(t) - 1``."""
    if node.op == "sub" and see(node.args[0]).op == "exp" and is_one(node.args[1], node.args[0].shape):
        return unary("expm1", see(node.args[0]).args[0])
    return None


def sinh_over_cosh_to_tanh(node: Node) -> Node | None:
    """``sinh(t) / cosh(t)``."""
    if node.op == "div":
        top, bottom = see(node.args[0]), see(node.args[1])
        if top.op == "sinh" and bottom.op == "cosh" and top.args[0] is bottom.args[0]:
            return unary("tanh", top.args[0])
    return None


def exp_of_log_softmax(node: Node) -> Node | None:
    """``exp(log_softmax(v))``."""
    body = see(node.args[0]) if node.op == "exp" else node
    return unary("softmax", body.args[0], body.params) if node.op == "exp" and body.op == "log_softmax" else None


def root_of_squares_to_norm(node: Node) -> Node | None:
    """``sqrt(x.T @ x)``, ``sqrt(sum(X**2))``."""
    if node.op != "sqrt":
        return None
    body = see(node.args[0])
    if body.op in ("dot", "inner") and body.args[0] is body.args[1]:
        return make("norm", body.args[0])
    if body.op == "matmul" and body.shape == SCALAR:
        a, b = body.args
        return make("norm", b) if (a.op == "T" and a.args[0] is b) or (b.op == "T" and b.args[0] is a) else None
    if body.op == "sum" and body.params[0] is None:
        squares = see(body.args[0])
        if squares.op == "square" or (squares.op == "pow" and squares.args[1] is number(2)):
            return make("norm", squares.args[0])
    return None


def trace_inward(node: Node) -> Node | None:
    """``tr`` of a sum, of a multiple, of a transpose: the traces of what lies below."""
    if node.op != "tr" or not _is_linear(node.args[0]):
        return None
    new: dict[Node, Node] = {}
    for part in postorder(node.args[0], into=_is_linear):
        if part.shape == SCALAR:
            new[part] = part
        elif not _is_linear(part):
            new[part] = make("tr", part)
        elif part.op == "T":
            new[part] = new[part.args[0]]
        elif part.op == "neg":
            new[part] = neg(new[part.args[0]])
        else:
            new[part] = make(part.op, *[new[a] for a in part.args])
    return new[node.args[0]]


def _is_linear(node: Node) -> bool:
    if node.shape == SCALAR:
        return False
    if node.op in ("add", "sub"):
        return node.args[0].shape == node.args[1].shape
    return node.op in ("T", "neg") or (node.op == "mul" and SCALAR in (node.args[0].shape, node.args[1].shape))


def indicator(node: Node) -> tuple[Node, bool] | None:
    """The comparison that ``[a > b]`` or ``1 - [a > b]`` is, and which of the two."""
    node = see(node)
    if node.op in ("greater", "at_least"):
        return node, True
    if node.op == "sub" and is_one(node.args[0], node.shape) and see(node.args[1]).op in ("greater", "at_least"):
        return see(node.args[1]), False
    return None


def indicator_times_to_where(node: Node) -> Node | None:
    """``[x > 0] * log(x)`` is ``where(x > 0, log(x), 0)``: 0 also where the other factor is no number."""
    if node.op not in ("mul", "div"):
        return None
    for this, other in (node.args, node.args[::-1]) if node.op == "mul" else (node.args,):
        masked = _masked(this)
        if masked is not None and (node.op == "div" or any(part.op in RISKY for part in postorder(other))):
            condition, holds, inner = masked
            body = other if node.op == "mul" and is_one(inner, SCALAR) else _together(node.op, inner, other)
            return make("where", condition, *((body, number(0)) if holds else (number(0), body)))
    return None


def _together(op: str, a: Node, b: Node) -> Node:
    """The product or quotient; of a row and a column that met on the mask alone, the outer product."""
    if {kind(a.shape), kind(b.shape)} != {"row", "vector"}:
        return make(op, a, b)
    over = make("reciprocal", b) if op == "div" else b
    return make("matmul", *((a, over) if kind(a.shape) == "vector" else (over, a)))


def _masked(node: Node) -> tuple[Node, bool, Node] | None:
    """A value that is 0 where a comparison does not hold (or does): the comparison, which, and the value elsewhere."""
    found = indicator(node)
    if found is not None:
        return (*found, number(1))
    if node.op != "where":
        return None
    condition, yes, no = node.args
    if no is number(0):
        return condition, True, yes
    return (condition, False, no) if yes is number(0) else None


RISKY = frozenset({
    "log", "log1p", "sqrt", "div", "reciprocal", "pow", "exp", "expm1", "sinh", "cosh", "tan", "arcsin", "arccos",
})  # fmt: skip

RULES: tuple[Rule, ...] = (
    log_of_one_plus_exp_to_softplus, log_of_sum_of_exp_to_logsumexp, log_of_sigmoid_to_softplus,
    log_of_softmax_to_log_softmax, log_of_exp, log_of_cosh, log_of_one_plus_to_log1p, cross_entropy_of_softmax,
    inverse_of_one_plus_exp_to_sigmoid, exp_over_its_sum_to_softmax, exp_minus_one_to_expm1, sinh_over_cosh_to_tanh,
    exp_of_log_softmax, root_of_squares_to_norm, trace_inward, indicator_times_to_where,
)  # fmt: skip
VALUES: tuple[Rule, ...] = (indicator_times_to_where,)  # they say what the value is, not how it is computed
STARTS = frozenset({"log", "log1p", "exp", "div", "reciprocal", "pow", "sub", "sqrt", "cross_entropy", "tr", "mul"})


def stabilise(roots: Iterable[Node], whole: bool = True) -> dict[Node, Node]:
    """Every node below the roots in its stable form; not the ``whole``, where only what would give another value is
    rewritten.
    """
    rules = RULES if whole else VALUES

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if args != node.args:
            node = intern(node.op, args, node.params, node.shape)
        if node.op in STARTS:
            for rule in rules:
                found = rule(node)
                if found is not None:
                    return found
        return node

    return rebuild(roots, replace)
