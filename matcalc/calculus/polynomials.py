"""Polynomials in one unknown, by their rational roots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import gcd, lcm

from matcalc.calculus.terms import Number

__all__ = ["linear_factors"]

LARGE = 10_000  # a first or last coefficient beyond which roots are not looked for


def linear_factors(coefficients: Mapping[int, Number]) -> tuple[Number, dict[tuple[int, int], int]] | None:
    """A polynomial as ``c * (a + b*x)**k * ...``: c, and k for each ``a, b``; `None` if it does not split or is linear.

    ``a`` is positive, or 0 with ``b`` 1. Roots are found by the rational root theorem.

    >>> linear_factors({3: 2, 2: -3, 1: 1})  # x (1 - x) (1 - 2 x)
    (1, {(0, 1): 1, (1, -1): 1, (1, -2): 1})
    >>> linear_factors({2: 1, 0: 1}) is None
    True
    """
    low, high = min(coefficients), max(coefficients)
    if high < 2:
        return None
    scale = lcm(*[Fraction(c).denominator for c in coefficients.values()])
    left = [int(coefficients.get(k, 0) * scale) for k in range(low, high + 1)]
    content = gcd(*left)
    left = [c // content for c in left]
    factors: dict[tuple[int, int], int] = {(0, 1): low} if low else {}
    while len(left) > 1:
        found = next(_roots(left), None)
        if found is None:
            return None
        a, b = found
        left = _divided(left, a, b)
        factors[found] = factors.get(found, 0) + 1
    c = Fraction(content * left[0], scale)
    return int(c) if c.denominator == 1 else c, factors


def _roots(coefficients: list[int]) -> Iterator[tuple[int, int]]:
    """The linear factors ``a + b*x`` of a polynomial whose constant is not 0: ``a`` divides it, ``b`` what leads."""
    last, first = abs(coefficients[0]), abs(coefficients[-1])
    if max(last, first) > LARGE:
        return
    for b in (k for k in range(1, first + 1) if first % k == 0):
        for a in (k for k in range(1, last + 1) if last % k == 0 and gcd(k, b) == 1):
            for sign in (-1, 1):
                root = Fraction(-sign * a, b)
                if sum(c * root**k for k, c in enumerate(coefficients)) == 0:
                    yield a, sign * b


def _divided(coefficients: list[int], a: int, b: int) -> list[int]:
    """The quotient of a polynomial and one of its factors ``a + b*x``."""
    quotient, rest = [], 0
    for c in coefficients[:-1]:
        rest = (c - b * rest) // a
        quotient.append(rest)
    return quotient
