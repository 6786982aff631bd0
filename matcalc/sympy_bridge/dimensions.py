"""Dimensions both ways: polynomials with whole coefficients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import Dim, add, multiply, terms

__all__ = ["dim_of", "expression_of"]


def dim_of(expression: Any, name_of: Callable[[Any], str]) -> Dim:
    """The dimension that a SymPy expression is; ``name_of`` gives the name of a symbol.

    >>> n = sympy.Symbol("n")
    >>> dim_of(2*n*(n + 1) - n, str) == dim_of(2*n**2 + n, str)
    True
    """
    total: Dim = 0
    for term in sympy.Add.make_args(sympy.expand(expression)):
        product: Dim = 1
        for factor in sympy.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if factor.is_Integer:
                product = multiply(product, int(factor))
            elif base.is_Symbol and exponent.is_Integer and exponent > 0:
                for _ in range(int(exponent)):
                    product = multiply(product, name_of(base))
            else:
                raise UnsupportedError(f"{expression} is no dimension", hint="dimensions are sums of products of names")
        total = add(total, product)
    return total


def expression_of(dim: Dim, symbol_of: Callable[[str], Any]) -> Any:
    """The SymPy expression of a dimension."""
    total = sympy.Integer(0)
    for names, coefficient in terms(dim).items():
        total += coefficient * sympy.Mul(*[symbol_of(name) for name in names])
    return total
