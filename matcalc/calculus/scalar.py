"""Functions of one scalar that a program defines: their derivatives, simplified with SymPy.

The derivative is found by the laws, like any other; SymPy is asked for a shorter form (``sinh(t)/cosh(t)`` is
``tanh(t)``), and what it answers counts only if it is shorter by our measure and equal at points of its own. SymPy
is loaded only here, and only for functions that it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from matcalc.calculus.simplify import shortest, simplify
from matcalc.calculus.sweep import sweep
from matcalc.expressions.node import Node, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["derivative_of", "from_scalar_sympy", "shortened", "to_scalar_sympy"]

LONG = 80  # tokens beyond which SymPy is not asked
POINTS = ("0.3", "0.77", "1.9", "-0.45", "-1.3")
SAME = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "erf": "erf", "abs": "Abs",
    "sign": "sign",
}  # fmt: skip
OTHERS = frozenset({
    "var", "num", "pi", "add", "sub", "neg", "mul", "div", "pow", "sigmoid", "softplus", "square", "reciprocal",
    "log1p", "expm1",
})  # fmt: skip
BACK = {theirs: ours for ours, theirs in SAME.items()}


@lru_cache(maxsize=1024)
def derivative_of(body: Node, parameter: Node, order: int = 1) -> Node:
    """The derivative of a scalar expression by a scalar variable, of some order.

    >>> t = table.variable("t", (1, 1))
    >>> derivative_of(table.make("log", table.make("cosh", t)), t).op
    'tanh'
    """
    for _ in range(order):
        body = shortened(shortest(sweep(body, [parameter], {})[parameter]))
    return body


def shortened(node: Node) -> Node:
    """The node, or SymPy's simplification of it where that is shorter and equal."""
    if not 4 < token_count(node) <= LONG or not all(_known(part) for part in postorder(node)):
        return node
    import sympy

    try:
        theirs = to_scalar_sympy(node)
        other = sympy.simplify(theirs)
        found = simplify(from_scalar_sympy(other, {n.params[0]: n for n in postorder(node) if n.op in ("var", "let")}))
    except (ValueError, TypeError, NotImplementedError):
        return node
    return found if token_count(found) < token_count(node) and _equal(theirs, to_scalar_sympy(found)) else node


def _known(node: Node) -> bool:
    return node.op in SAME or node.op in OTHERS


def _equal(a: Any, b: Any) -> bool:
    """Whether two SymPy expressions agree, to 30 digits, wherever both are finite at points of their variables."""
    import sympy

    symbols = sorted(a.free_symbols | b.free_symbols, key=str)
    agreed = 0
    for shift in range(len(POINTS)):
        values = {s: sympy.Rational(POINTS[(i * 2 + shift) % len(POINTS)]) for i, s in enumerate(symbols)}
        left, right = (sympy.N(e.subs(values), 30) for e in (a, b))
        if not (left.is_finite and right.is_finite):
            continue
        if abs(left - right) > sympy.Float("1e-20") * (1 + abs(left)):
            return False
        agreed += 1
    return agreed >= 2


def to_scalar_sympy(node: Node) -> Any:
    """A scalar expression as SymPy writes it; raises ValueError where SymPy has no such function."""
    import sympy

    done: dict[Node, Any] = {}
    for part in postorder(node, into=lambda n: n.op != "let"):
        args = [done[a] for a in part.args] if part.op != "let" else []
        done[part] = _to_sympy(sympy, part, args)
    return done[node]


def _to_sympy(sympy: Any, node: Node, args: list[Any]) -> Any:
    op = node.op
    if op in ("var", "let"):
        return sympy.Symbol(node.params[0], real=True)
    if op == "num":
        return sympy.Rational(node.params[0].numerator, node.params[0].denominator)
    if op == "pi":
        return sympy.pi
    if op in SAME:
        return getattr(sympy, SAME[op])(args[0])
    forms: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
        "pow": lambda a, b: a**b, "neg": lambda a: -a, "square": lambda a: a**2, "reciprocal": lambda a: 1 / a,
        "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)), "softplus": lambda a: sympy.log(1 + sympy.exp(a)),
        "log1p": lambda a: sympy.log(1 + a), "expm1": lambda a: sympy.exp(a) - 1,
    }  # fmt: skip
    if op not in forms:
        raise ValueError(f"SymPy knows no scalar {op}")
    return forms[op](*args)


def from_scalar_sympy(expr: Any, names: dict[str, Node]) -> Node:
    """A scalar SymPy expression as a node; raises ValueError where the language has no such function."""
    import sympy

    done: dict[Any, Node] = {}
    stack = [expr]
    while stack:
        top = stack[-1]
        waiting = [a for a in top.args if a not in done] if not top.is_Number else []
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        done[top] = _from_sympy(sympy, top, [done[a] for a in top.args] if not top.is_Number else [], names)
    return done[expr]


def _from_sympy(sympy: Any, expr: Any, args: list[Node], names: dict[str, Node]) -> Node:
    if expr.is_Symbol:
        if str(expr) not in names:
            raise ValueError(f"no variable {expr}")
        return names[str(expr)]
    if expr.is_Rational:
        size = table.number(abs(expr.p))
        size = size if expr.q == 1 else table.div(size, table.number(expr.q))
        return table.neg(size) if expr.p < 0 else size
    if expr is sympy.pi:
        return table.pi()
    if expr is sympy.E:
        return table.make("exp", table.number(1))
    if expr.is_Add or expr.is_Mul:
        combine = table.add if expr.is_Add else table.mul
        node = args[0]
        for other in args[1:]:
            node = combine(node, other)
        return node
    if expr.is_Pow:
        if expr.exp == sympy.Rational(1, 2):
            return table.make("sqrt", args[0])
        return table.power(args[0], args[1])
    name = BACK.get(type(expr).__name__)
    if name is None:
        raise ValueError(f"the language knows no {type(expr).__name__}")
    return table.make(name, args[0])
