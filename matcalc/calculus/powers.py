"""Lowering of powers, quotients, roots and exponentials: factors with powers, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from matcalc import facts
from matcalc.calculus.entrywise import inverse_of_one_plus_exp, signed
from matcalc.calculus.magnitudes import power_of
from matcalc.calculus.sums import atom, factor, normal, peeled, write_term
from matcalc.calculus.terms import FIRST, Number, Raw, Sum, free_of, instantiate, normalise
from matcalc.calculus.writing import negated
from matcalc.expressions.node import Node, intern
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.lowering import Lowering

__all__ = ["exponential", "of_sign", "power", "quotient", "raised_sum", "reciprocal", "root", "square"]


def raised_sum(low: Lowering, value: Sum, p: Number, node: Node) -> Sum:
    """A power of a value, entry by entry, with a constant exponent."""
    key, c = atom(value)
    if not c:
        return _leaf_power(low.tidy(node), p)
    scalars, factors = key
    whole = p == int(p)
    if whole and (scalars or factors) and power_of(c, int(p)) is None:
        return _leaf_power(low.tidy(node), p)  # (2*x)**(10**9): such a power of 2 is not computed
    direct = all(k < FIRST for _, _, index in factors for k in index) and len({i for _, _, i in factors}) <= 1
    direct = direct or not any(k >= FIRST for _, _, index in factors for k in index)
    simple = whole or (c == 1 and len(scalars) + len(factors) == 1 and all(q == 1 for *_, q in scalars) and (
        not factors or factors[0][1] == 1))
    simple = simple or _root_of_power(scalars, factors, c)
    if not direct or not simple:
        if whole:
            inner = write_term(key, 1, node.shape)
            return _leaf_power(inner, p, c)
        return _leaf_power(low.tidy(node), p)
    raw = _coefficient(c, int(p)) if whole else Raw()
    for scalar, q in scalars:
        _scale_power(raw, scalar, q * p)
    for base, q, index in factors:
        turned = inverse_of_one_plus_exp(base) if q * p < 0 else None
        raw.factors.append((base, q * p, index) if turned is None else (turned, -q * p, index))
    return normal(raw, node.shape)


def _root_of_power(scalars: Sequence[Any], factors: Sequence[Any], c: Number) -> bool:
    """``sqrt(x**2)`` is x where x is known not to be negative."""
    bases = [base for base, *_ in (*scalars, *factors)]
    return c == 1 and len(bases) == 1 and bool(facts.nonnegative(bases[0]))


def _scale_power(raw: Raw, node: Node, p: Number) -> None:
    turned = inverse_of_one_plus_exp(node) if p < 0 else None
    if turned is not None:
        raw.scale(turned, -p)
        return
    raw.scale(node, p)


def _coefficient(c: Number, p: int) -> Raw:
    """A term that is a power of a number: a coefficient, or a power where that would be too long."""
    found = power_of(c, p)
    if found is not None:
        return Raw(found)
    raw = Raw(-1 if c < 0 and p % 2 else 1)
    size = abs(Fraction(c))
    for number, q in ((size.numerator, p), (size.denominator, -p)):
        if number != 1:
            raw.scale(table.number(number), q)
    return raw


def _leaf_power(node: Node, p: Number, c: Number = 1) -> Sum:
    raw = _coefficient(c, int(p)) if c != 1 else Raw()
    if node.shape == (1, 1):
        raw.scale(node, p)
    else:
        raw.factors.append((node, p, free_of(node.shape)))
    return normal(raw, node.shape)


def power(low: Lowering, node: Node) -> Sum:
    """A power with a constant exponent; any other is a function of both."""
    base, exponent = node.args
    p = _constant(low, exponent)
    if p is None or base.shape != node.shape:
        return low.function(node)
    if p == 0:
        return low.lower(table.ones(node.shape))
    if base.op == "num" and p == int(p):
        value, found = Sum(node.shape), power_of(base.params[0], int(p))
        if found is None:
            return _leaf_power(base, int(p))
        value.add(((), ()), found)
        return value
    return raised_sum(low, low.lower(base), int(p) if p == int(p) else p, base)


def _constant(low: Lowering, node: Node) -> Fraction | None:
    """The number that an exponent is, if it is one."""
    if node.op == "num":
        return Fraction(node.params[0])
    if node.op == "neg":
        inner = _constant(low, node.args[0])
        return None if inner is None else -inner
    if node.op == "div":
        a, b = _constant(low, node.args[0]), _constant(low, node.args[1])
        return a / b if a is not None and b else None
    value = low.lower(node).single if node.op in ("sub", "add", "mul") and node.size < 20 else None
    return Fraction(value[1]) if value is not None and value[0] == ((), ()) else None


def quotient(low: Lowering, node: Node) -> Sum:
    """A quotient is a product with a power -1."""
    a, b = node.args
    inverse = raised_sum(low, low.lower(b), -1, b)
    result = Sum(node.shape)
    top = low.lower(a)
    if not top.terms:
        return result
    raw = Raw()
    for value in (top, inverse):
        key, c = atom(value)
        instantiate(raw, key, c, {0: 0, 1: 1})
    normalise(raw, free_of(node.shape), result)
    return result


def root(low: Lowering, node: Node) -> Sum:
    """A square root is a power 1/2."""
    return raised_sum(low, low.lower(node.args[0]), Fraction(1, 2), node.args[0])


def square(low: Lowering, node: Node) -> Sum:
    """A square is a power 2."""
    return raised_sum(low, low.lower(node.args[0]), 2, node.args[0])


def reciprocal(low: Lowering, node: Node) -> Sum:
    """A reciprocal is a power -1."""
    return raised_sum(low, low.lower(node.args[0]), -1, node.args[0])


def exponential(low: Lowering, node: Node) -> Sum:
    """``exp(-t)`` is the power -1 of ``exp(t)``; ``exp(x - logsumexp(x))`` is ``softmax(x)``."""
    sign, inner = signed(low.tidy(node.args[0]))
    if facts.zero(inner):
        return low.lower(table.ones(node.shape))
    if inner.op == "sub" and inner.args[1].op == "logsumexp" and inner.args[1].args[0] is inner.args[0]:
        argument, total = inner.args[0], inner.args[1]
        if sign > 0 and (total.params[0] is not None or 1 in argument.shape):
            return factor(intern("softmax", (argument,), total.params, argument.shape))
    return factor(intern("exp", (inner,), (), node.shape), sign)


def of_sign(low: Lowering, node: Node) -> Sum:
    """``sign(-2*t)`` is ``-sign(t)``, ``step(2*t)`` is ``step(t)``."""
    c, inner = peeled(low.tidy(node.args[0]))
    single = low.lower(inner).single
    if single is not None:
        inner = write_term(single[0], 1 if single[1] > 0 else -1, inner.shape)
        sign, inner = signed(inner)
        c *= sign
    if node.op == "sign":
        return _factor_times(intern("sign", (inner,), (), node.shape), -1 if c < 0 else 1)
    return factor(intern("step", (negated(inner) if c < 0 else inner,), (), node.shape))


def _factor_times(node: Node, c: Number) -> Sum:
    value = Sum(node.shape)
    value.include(factor(node), c)
    return value
