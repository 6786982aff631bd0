"""Linear factors of polynomials, held against products of linear factors that are multiplied out."""

from __future__ import annotations

import random
from fractions import Fraction
from math import gcd

import pytest

from matcalc.calculus.polynomials import LARGE, linear_factors


def times(coefficients: dict[int, Fraction], a: int, b: int) -> dict[int, Fraction]:
    """The polynomial times ``a + b*x``."""
    found: dict[int, Fraction] = {}
    for k, c in coefficients.items():
        found[k] = found.get(k, Fraction(0)) + a * c
        found[k + 1] = found.get(k + 1, Fraction(0)) + b * c
    return found


def multiplied_out(c: Fraction, factors: dict[tuple[int, int], int]) -> dict[int, Fraction]:
    found = {0: Fraction(c)}
    for (a, b), power in factors.items():
        for _ in range(power):
            found = times(found, a, b)
    return {k: c for k, c in found.items() if c}


@pytest.mark.parametrize("seed", range(200))
def test_products_of_linear_factors_are_found_again(seed: int) -> None:
    rng = random.Random(seed)
    factors: dict[tuple[int, int], int] = {}
    for _ in range(rng.randrange(1, 4)):
        a, b = rng.randrange(0, 6), rng.choice([-3, -2, -1, 1, 2, 3])
        factors[(a // gcd(a, b), b // gcd(a, b)) if a else (0, 1)] = rng.randrange(1, 3)
    c = Fraction(rng.choice([-6, -2, 1, 3]), rng.choice([1, 1, 2, 5]))
    if sum(factors.values()) < 2:
        factors[1, 1] = factors.get((1, 1), 0) + 1
    found = linear_factors(multiplied_out(c, factors))
    assert found is not None
    assert found == (c, factors)
    assert type(found[0]) is (int if c.denominator == 1 else Fraction)


@pytest.mark.parametrize(
    "coefficients", [{0: 1, 1: 2}, {2: 1, 0: 1}, {2: 1, 0: -2}, {4: 1, 2: 2, 0: 1}, {3: 1, 2: 1, 1: 1}, {3: 1, 0: -8}]
)
def test_what_does_not_split_has_no_factors(coefficients: dict[int, int]) -> None:
    assert linear_factors(coefficients) is None


def test_roots_are_looked_for_among_small_numbers() -> None:
    assert linear_factors({2: 1, 1: -1 - LARGE, 0: LARGE}) == (1, {(1, -1): 1, (LARGE, -1): 1})
    assert linear_factors({2: 1, 1: -2 - LARGE, 0: LARGE + 1}) is None
    assert linear_factors({2: LARGE, 1: -1 - LARGE, 0: 1}) == (1, {(1, -1): 1, (1, -LARGE): 1})
