"""The operators of the MATLAB-style syntax whose meaning depends on shapes: rules for their shapes, and their nodes.

``*`` is the matrix product, and scaling where a factor is a scalar; ``/`` divides by a scalar; ``^`` is the power of a
scalar, and of a square matrix the repeated product (of its inverse for a negative exponent).  ``vector(c)`` and
``matrix(c)`` are constants whose dimensions are unknowns, so that unification finds them.
"""

from __future__ import annotations

from typing import Any

from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, Shape, kind
from matcalc.operations import shapes as rules
from matcalc.operations.registry import STRICT, Checker, describe
from matcalc.operations.table import make, matmul, ones, zeros

__all__ = ["NODES", "RULES", "sizeless"]

SCALAR = (1, 1)
Params = tuple[Any, ...]


def _times(check: Checker, shapes: list[Shape], params: Params) -> Shape:
    a, b = shapes
    if a == SCALAR or b == SCALAR:
        return b if a == SCALAR else a
    return rules.product(check, shapes, ())


def _over(check: Checker, shapes: list[Shape], params: Params) -> Shape:
    if shapes[1] != SCALAR:
        hint = "write {a} / {b} to divide entry by entry"
        if kind(shapes[1]) == "matrix":
            hint += ", {a} @ inv({b}) for the inverse"
        raise check.misfit(f"/ divides by a scalar, this is a {describe(shapes[1])}", hint)
    return shapes[0]


def _power(check: Checker, shapes: list[Shape], params: Params) -> Shape:
    base, exponent = shapes
    if exponent != SCALAR:
        message = f"the exponent of ^ is a scalar, this is a {describe(exponent)}"
        raise check.misfit(message, "write {a}**{b} for powers entry by entry, {a}.T for the transpose")
    if base == SCALAR:
        return SCALAR
    if kind(base) != "matrix":
        message = f"^ is the power of a scalar or of a square matrix, this is a {describe(base)}"
        raise check.misfit(message, "write {a}**{b} for the power entry by entry")
    return rules.square(check, [base], ())


def _sizeless(check: Checker, shapes: list[Shape], params: Params) -> Shape:
    name, rows, columns = params
    if shapes[0] != SCALAR:
        raise check.misfit(f"{name}(c) has the number c for all entries, this is a {describe(shapes[0])}")
    return (rows, columns)


RULES = {"mtimes": _times, "mrdivide": _over, "mpower": _power, "sizeless": _sizeless}


def _product(left: Node, right: Node) -> Node:
    return make("mul", left, right) if SCALAR in (left.shape, right.shape) else matmul(left, right)


def _quotient(left: Node, right: Node) -> Node:
    _over(STRICT, [left.shape, right.shape], ())
    return make("div", left, right)


def _powered(base: Node, exponent: Node) -> Node:
    """``X^-1`` is the inverse, ``X^-k`` a power of the inverse."""
    _power(STRICT, [base.shape, exponent.shape], ())
    if base.shape == SCALAR:
        return make("pow", base, exponent)
    if exponent.op == "neg":
        base, exponent = make("inv", base), exponent.args[0]
        if exponent.op == "num" and exponent.params[0] == 1:
            return base
    stack = [exponent]
    while stack:
        part = stack.pop()
        if part.op == "num" and part.params[0].denominator != 1:
            hint = "write {a}**{b} for the power entry by entry"
            raise UnsupportedError("the exponent of a matrix must be a whole number", hint=hint)
        if part.op in ("add", "sub", "neg"):
            stack.extend(part.args)
        elif part.op not in ("num", "var", "let", "dim"):
            message = "the exponent of a matrix is made of whole numbers and scalar names"
            raise UnsupportedError(message, hint="assign it to a name first")
    return make("matrix_power", base, exponent)


def sizeless(value: Node, shape: Shape) -> Node:
    """The constant, once its shape is known."""
    if value.op == "num" and value.params[0] in (0, 1):
        return ones(shape) if value.params[0] else zeros(shape)
    return make("mul", value, ones(shape))


NODES = {"mtimes": _product, "mrdivide": _quotient, "mpower": _powered}
