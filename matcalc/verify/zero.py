"""Whether an expression of SymPy is zero: by numbers in many digits, and for certain.

For certain means as a quotient of polynomials, in the symbols and in the transcendental expressions
that occur.  That is tried only where the polynomials cannot be too long: SymPy cannot be stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["DIGITS", "is_zero", "numbers"]

DIGITS = 50
LONG = 50_000  # terms of a numerator, multiplied out, beyond which nothing is tried
SIMPLE = 150  # operations up to which SymPy may try whatever it knows


def numbers(symbols: Sequence[Any], expressions: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
    """The values of expressions at rational points; unknown functions become some that have numbers."""
    import mpmath
    import sympy

    rate = sympy.Rational(7, 9)

    def stand_in(order: int) -> Any:
        return lambda t: rate**order * sympy.sin(rate * t + sympy.Rational(1, 3) + order * sympy.pi / 2)

    shown = []
    for expression in expressions:
        for function in expression.atoms(sympy.Function):
            name, _, order = type(function).__name__.rpartition("_")
            if name and order.isdigit():
                expression = expression.replace(type(function), stand_in(int(order)))
        shown.append(expression)
    # dummify: no name that a user wrote gets into what SymPy executes
    compiled = sympy.lambdify(symbols, shown, "mpmath", cse=True, dummify=True)

    def at(point: Sequence[Any]) -> Any:
        with mpmath.workdps(DIGITS):
            return compiled(*[mpmath.mpf(int(q.p)) / int(q.q) for q in point])

    return at


def is_zero(difference: Any) -> bool:
    """Whether SymPy shows an expression to be zero."""
    import sympy

    if _terms(difference, {})[0] > LONG:
        return False
    for written in (difference, sympy.expand_log(sympy.expand_power_exp(difference), force=True)):
        above, _ = sympy.fraction(sympy.together(written))
        if sympy.expand(above) == 0 or sympy.expand(sympy.expand_power_exp(above)) == 0:
            return True
    return bool(sympy.count_ops(difference) < SIMPLE and sympy.simplify(difference) == 0)


Extent = tuple[int, dict[Any, int]]  # terms of the numerator at most; factors of the denominator and their powers


def _terms(expression: Any, known: dict[Any, Extent]) -> Extent:
    """How long a quotient of polynomials may get when it is multiplied out."""
    import sympy

    for part in sympy.postorder_traversal(expression):
        if part not in known:
            known[part] = _extent(part, known)
    return known[expression]


def _extent(part: Any, known: dict[Any, Extent]) -> Extent:
    below = [known[a] for a in part.args]
    if part.is_Add:
        common: dict[Any, int] = {}
        for _, factors in below:
            common.update({base: max(power, common.get(base, 0)) for base, power in factors.items()})
        return sum(_times(n, common, f, known) for n, f in below), common
    if part.is_Mul:
        count, factors = 1, {}
        for n, more in below:
            count = min(count * n, LONG + 1)
            factors.update({base: power + factors.get(base, 0) for base, power in more.items()})
        return count, factors
    if part.is_Pow and part.exp.is_Integer:
        count, factors = below[0]
        power = abs(int(part.exp))
        if part.exp > 0:
            return min(count**power, LONG + 1), {base: power * k for base, k in factors.items()}
        above = _times(1, {base: power * k for base, k in factors.items()}, {}, known)
        return above, {part.base: power}
    return 1, {}


def _times(count: int, common: dict[Any, int], own: dict[Any, int], known: dict[Any, Extent]) -> int:
    """The terms of a numerator brought to a common denominator."""
    for base, power in common.items():
        for _ in range(power - own.get(base, 0)):
            count *= known[base][0]
            if count > LONG:
                return LONG + 1
    return count
