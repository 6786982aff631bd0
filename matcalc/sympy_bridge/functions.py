"""Elementwise functions of the language in SymPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

__all__ = ["FUNCTIONS"]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + sympy.exp(-x))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt, "abs": sympy.Abs, "sign": sympy.sign, "sin": sympy.sin,
    "cos": sympy.cos, "tan": sympy.tan, "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh, "erf": sympy.erf,
    "log1p": lambda x: sympy.log(1 + x), "expm1": lambda x: sympy.exp(x) - 1, "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x, "sigmoid": _sigmoid, "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "silu": lambda x: x * _sigmoid(x), "gelu": lambda x: x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2,
    "relu": lambda x: sympy.Max(x, 0), "step": lambda x: sympy.Heaviside(x, 0),
}  # fmt: skip
