"""Dimensions: positive integers, names, and polynomials in names (``5*d``, ``n + m``, ``m*n``).

A dimension is an `int`, a `str`, or a `Poly` where it is neither; the functions here keep that form, so
equal dimensions are equal values and ``1`` always means "no such axis".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["Dim", "Poly", "add", "constant", "evaluate", "multiply", "names", "negate", "quotient", "subtract", "text"]


class Poly(tuple):  # type: ignore[type-arg]
    """A polynomial with integer coefficients: sorted pairs of (names of a monomial, coefficient)."""

    __slots__ = ()

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return repr(text(self))  # among names and numbers, as in a tuple that is a shape


Dim: TypeAlias = int | str | Poly
Terms: TypeAlias = dict[tuple[str, ...], int]


def terms(dim: Dim) -> Terms:
    """The monomials of a dimension and their coefficients; the empty monomial is the constant."""
    if isinstance(dim, int):
        return {(): dim} if dim else {}
    if isinstance(dim, str):
        return {(dim,): 1}
    return dict(dim)


def _normal(found: Terms) -> Dim:
    found = {monomial: c for monomial, c in found.items() if c}
    if not found:
        return 0
    if len(found) == 1:
        ((monomial, c),) = found.items()
        if not monomial:
            return c
        if c == 1 and len(monomial) == 1:
            return monomial[0]
    return Poly(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))


def add(a: Dim, b: Dim) -> Dim:
    """The sum of two dimensions.

    >>> text(add("n", add("n", 2)))
    '2*n + 2'
    """
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    total = terms(a)
    for monomial, c in terms(b).items():
        total[monomial] = total.get(monomial, 0) + c
    return _normal(total)


def negate(a: Dim) -> Dim:
    """Minus a dimension (a bound counted from the end)."""
    return multiply(-1, a)


def subtract(a: Dim, b: Dim) -> Dim:
    """The difference of two dimensions."""
    return add(a, negate(b))


def multiply(a: Dim, b: Dim) -> Dim:
    """The product of two dimensions.

    >>> text(multiply("n", add("m", 1)))
    'm*n + n'
    """
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if a == 1:
        return b
    if b == 1:
        return a
    total: Terms = {}
    for ma, ca in terms(a).items():
        for mb, cb in terms(b).items():
            monomial = tuple(sorted(ma + mb))
            total[monomial] = total.get(monomial, 0) + ca * cb
    return _normal(total)


def quotient(a: Dim, b: Dim) -> Dim | None:
    """``a/b`` where ``b`` is one monomial that divides every one of ``a``, else None.

    >>> text(quotient(multiply("m", multiply(2, "n")), "n")), quotient("m", "n")
    ('2*m', None)
    """
    if len(terms(b)) != 1:
        return None
    ((below, divisor),) = terms(b).items()
    found: Terms = {}
    for monomial, c in terms(a).items():
        rest = list(monomial)
        for name in below:
            if name not in rest:
                return None
            rest.remove(name)
        if c % divisor:
            return None
        found[tuple(rest)] = c // divisor
    return _normal(found)


def constant(dim: Dim) -> int | None:
    """The number a dimension is, or None where names stand in it."""
    return dim if isinstance(dim, int) else None


def names(dim: Dim) -> tuple[str, ...]:
    """The names that stand in a dimension, sorted."""
    if isinstance(dim, int):
        return ()
    if isinstance(dim, str):
        return (dim,)
    return tuple(sorted({name for monomial, _ in dim for name in monomial}))


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number a dimension is once every name in it has a size."""
    if isinstance(dim, int):
        return dim
    if isinstance(dim, str):
        return sizes[dim]
    total = 0
    for monomial, c in dim:
        product: int = c
        for name in monomial:
            product *= sizes[name]
        total += product
    return total


def rename(dim: Dim, new: Mapping[str, Dim]) -> Dim:
    """The dimension with names replaced."""
    if isinstance(dim, int):
        return dim
    if isinstance(dim, str):
        return new.get(dim, dim)
    total: Terms = {}
    for monomial, c in dim:
        product: Dim = c
        for name in monomial:
            product = multiply(product, new.get(name, name))
        for part, factor in terms(product).items():
            total[part] = total.get(part, 0) + factor
    return _normal(total)


def text(dim: Dim) -> str:
    """The dimension as the language writes it.

    >>> text(subtract(multiply(5, "d"), 1))
    '5*d - 1'
    """
    if not isinstance(dim, tuple):
        return str(dim)
    parts: list[str] = []
    for monomial, c in dim:
        sign = "-" if c < 0 else "+"
        size = abs(c)
        factors = [] if size == 1 and monomial else [str(size)]
        parts += [sign, "*".join([*factors, *monomial])]
    head = parts[1] if parts[0] == "+" else f"-{parts[1]}"
    return " ".join([head, *parts[2:]])
