"""Scalar expressions of SymPy as nodes; inside a function applied entry by entry, the same of whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy.codegen import cfunctions
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement

from matcalc.expressions.node import Node
from matcalc.operations.table import add, apply, div, index, make, mul, neg, number, pi, power, sub
from matcalc.sympy_bridge.reading import Plan, Reading, refused

__all__ = ["FUNCTIONS", "SCALARS", "added", "factors_of", "quotient"]

FUNCTIONS = {
    sympy.exp: "exp", sympy.sign: "sign", sympy.Abs: "abs", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan", sympy.sinh: "sinh", sympy.cosh: "cosh",
    sympy.tanh: "tanh", sympy.erf: "erf", cfunctions.log1p: "log1p", cfunctions.expm1: "expm1",
}  # fmt: skip

# written in functions that the language has
REWRITTEN: dict[Any, Callable[[Any], Any]] = {
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.erfc: lambda x: 1 - sympy.erf(x),
    sympy.asinh: lambda x: sympy.log(x + sympy.sqrt(x**2 + 1)),
    sympy.acosh: lambda x: sympy.log(x + sympy.sqrt(x - 1) * sympy.sqrt(x + 1)),
    sympy.atanh: lambda x: (sympy.log(1 + x) - sympy.log(1 - x)) / 2,
    sympy.conjugate: lambda x: x,
    sympy.re: lambda x: x,
}


def added(signed: Sequence[tuple[bool, Node]]) -> Node:
    """A sum of terms, a positive one first where there is one."""
    ordered = sorted(signed, key=lambda term: term[0]) if signed[0][0] else list(signed)
    negative, total = ordered[0]
    total = neg(total) if negative else total
    for negative, term in ordered[1:]:
        total = sub(total, term) if negative else add(total, term)
    return total


def quotient(above: Sequence[Node], below: Sequence[Node], negative: bool = False) -> Node:
    """A product over a product."""
    total = reduce(mul, above) if above else number(1)
    total = neg(total) if negative else total
    return div(total, reduce(mul, below)) if below else total


def _constant(value: Fraction) -> Node:
    top = number(abs(value.numerator))
    size = top if value.denominator == 1 else div(top, number(value.denominator))
    return neg(size) if value < 0 else size


def _number(reading: Reading, expr: Any) -> Plan:
    if expr.is_Rational:
        value = Fraction(int(expr.p), int(expr.q))
    elif expr.is_Float:
        value = Fraction(repr(float(expr)))
    else:
        raise refused(expr, "numbers are finite and real")
    return (), lambda nodes: _constant(value)


def _symbol(reading: Reading, expr: Any) -> Plan:
    return (), lambda nodes: reading.symbol(expr)


def _add(reading: Reading, expr: Any) -> Plan:
    terms = [(bool(arg.as_coeff_Mul()[0] < 0) if arg.as_coeff_Mul()[0].is_real else False, arg) for arg in expr.args]
    children = [-arg if negative else arg for negative, arg in terms]
    return children, lambda nodes: added([(n, node) for (n, _), node in zip(terms, nodes, strict=True)])


def factors_of(factors: Sequence[Any]) -> tuple[bool, list[Any], list[Any]]:
    """Whether a product is negative, and what stands above and below its line."""
    above: list[Any] = []
    below: list[Any] = []
    negative = False
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if factor.is_Rational:
            negative ^= bool(factor < 0)
            above += [sympy.Integer(abs(factor.p))] if abs(factor.p) != 1 else []
            below += [sympy.Integer(factor.q)] if factor.q != 1 else []
        elif exponent.is_Rational and exponent < 0 and base is not sympy.E:
            below.append(sympy.Pow(base, -exponent))
        else:
            above.append(factor)
    return negative, above, below


def _mul(reading: Reading, expr: Any) -> Plan:
    negative, above, below = factors_of(expr.args)
    return [*above, *below], lambda nodes: quotient(nodes[: len(above)], nodes[len(above) :], negative)


def _pow(reading: Reading, expr: Any) -> Plan:
    base, exponent = expr.args
    if base is sympy.E:
        return [exponent], lambda nodes: make("exp", nodes[0])
    if exponent == sympy.Rational(1, 2):
        return [base], lambda nodes: make("sqrt", nodes[0])
    if exponent.is_Rational and exponent < 0:
        return [base**-exponent], lambda nodes: div(number(1), nodes[0])
    return [base, exponent], lambda nodes: power(*nodes)


def _entrywise(expr: Any, nodes: Sequence[Node]) -> None:
    """SymPy lets ``exp(X)`` of a matrix stand as if it were a number."""
    for arg, node in zip(expr.args, nodes, strict=False):
        if getattr(arg, "is_Matrix", False) and node.shape != (1, 1):
            raise refused(expr, "entry by entry it is X.applyfunc(exp)")


def _function(reading: Reading, expr: Any) -> Plan:
    name = FUNCTIONS.get(type(expr))
    if name is None:
        raise refused(expr, f"known are {', '.join(sorted(f.__name__ for f in [*FUNCTIONS, *REWRITTEN]))}")

    def build(nodes: Sequence[Node]) -> Node:
        _entrywise(expr, nodes)
        return make(name, nodes[0])

    return expr.args[:1], build


def _rewritten(reading: Reading, expr: Any) -> Plan:
    return [REWRITTEN[type(expr)](expr.args[0])], lambda nodes: nodes[0]


def _step(reading: Reading, expr: Any) -> Plan:
    return expr.args[:1], lambda nodes: make("step", nodes[0])


def _log(reading: Reading, expr: Any) -> Plan:
    inner = expr.args[0]
    inner = inner.args[0] if isinstance(inner, sympy.Abs) else inner
    if isinstance(inner, sympy.Determinant) and inner.arg.shape != (1, 1):
        return [inner.arg], lambda nodes: make("logdet", nodes[0])

    def build(nodes: Sequence[Node]) -> Node:
        _entrywise(expr, nodes)
        return make("log", nodes[0])

    return expr.args[:1], build


def _extreme(name: str) -> Callable[[Reading, Any], Plan]:
    def rule(reading: Reading, expr: Any) -> Plan:
        return sorted(expr.args, key=sympy.default_sort_key), lambda nodes: reduce(lambda a, b: make(name, a, b), nodes)

    return rule


def _unknown(reading: Reading, expr: Any) -> Plan:
    if len(expr.args) != 1:
        raise refused(expr, "unknown functions take one argument")
    name = reading.function(expr.func)
    return expr.args, lambda nodes: apply(name, 0, nodes[0])


def _derivative(reading: Reading, expr: Any) -> Plan:
    """f'(x) of an unknown function, also where SymPy writes it as a derivative taken at a place."""
    place = None
    if isinstance(expr, sympy.Subs):
        inner, (bound,), (place,) = expr.args
        expr = inner
    else:
        bound = expr.args[1][0] if len(expr.args) == 2 else None
        place = bound
    function = expr.args[0] if isinstance(expr, sympy.Derivative) and len(expr.args) == 2 else None
    if not isinstance(function, AppliedUndef) or function.args != (bound,) or expr.args[1][0] != bound:
        raise refused(expr, "differentiate with matcalc.derive; f'(x) of an unknown function can be read")
    name, order = reading.function(function.func), int(expr.args[1][1])
    return [place], lambda nodes: apply(name, order, nodes[0])


def _element(reading: Reading, expr: Any) -> Plan:
    parent, i, j = expr.args
    shape = reading.shape(parent)
    items = [("all",) if length == 1 else ("at", reading.dim(k)) for k, length in zip((i, j), shape, strict=True)]
    return [parent], lambda nodes: nodes[0] if shape == (1, 1) else index(nodes[0], items[0], items[1])


def _sum(reading: Reading, expr: Any) -> Plan:
    """``(a.T*X*b)[0, 0]`` is a sum over indices in SymPy, which finds the matrix form again."""
    try:
        found = sympy.MatrixExpr.from_index_summation(expr) if _over_axes(expr) else expr
    except (ValueError, TypeError, NotImplementedError, AttributeError, KeyError, IndexError):
        found = expr
    if found.has(sympy.Sum) or (getattr(found, "is_Matrix", False) and found.shape != (1, 1)):
        raise refused(expr, "write it with matrices: Trace(a.T*X*b)")
    return [found], lambda nodes: nodes[0]


def _over_axes(expr: Any) -> bool:
    """Whether every index runs along whole axes of matrices, and stands nowhere else."""
    sizes = {i: high + 1 for i, low, high in expr.limits if low == 0}
    found: set[Any] = set()
    elements = expr.function.atoms(MatrixElement)
    for element in elements:
        for place, length in zip(element.indices, element.parent.shape, strict=True):
            if place in sizes and sympy.expand(sizes[place] - length) == 0:
                found.add(place)
            elif place.free_symbols & sizes.keys():
                return False
    rest = expr.function.xreplace({element: sympy.Dummy() for element in elements})
    return found == {limit[0] for limit in expr.limits} and not rest.free_symbols & found


def _refuse(hint: str) -> Callable[[Reading, Any], Plan]:
    def rule(reading: Reading, expr: Any) -> Plan:
        raise refused(expr, hint)

    return rule


def _pi(reading: Reading, expr: Any) -> Plan:
    reading.symbols.setdefault("pi", expr)  # a symbol of this name would be another thing
    if reading.symbols["pi"] != expr:
        raise refused(expr, "a symbol is called pi too; rename it")
    return (), lambda nodes: pi()


def _e(reading: Reading, expr: Any) -> Plan:
    return (), lambda nodes: make("exp", number(1))


SCALARS: dict[Any, Callable[[Reading, Any], Plan]] = {
    sympy.Number: _number, type(sympy.pi): _pi, type(sympy.E): _e, sympy.Symbol: _symbol, sympy.Add: _add,
    sympy.Mul: _mul, sympy.Pow: _pow, sympy.log: _log, sympy.Heaviside: _step, sympy.Max: _extreme("maximum"),
    sympy.Min: _extreme("minimum"), AppliedUndef: _unknown, sympy.Derivative: _derivative, sympy.Subs: _derivative,
    MatrixElement: _element, sympy.Sum: _sum, sympy.Function: _function, **dict.fromkeys(REWRITTEN, _rewritten),
    type(sympy.I): _refuse("everything is real"), sympy.Piecewise: _refuse("Max, Min, Abs and Heaviside can be read"),
}  # fmt: skip
