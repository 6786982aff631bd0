"""Matrix expressions of SymPy as nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import sympy
from sympy.matrices.expressions import (
    BlockMatrix,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DotProduct,
    HadamardPower,
    MatrixSlice,
    OneMatrix,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.matrixbase import MatrixBase

from matcalc.expressions.dims import add as add_dims
from matcalc.expressions.dims import subtract
from matcalc.expressions.node import Node, Shape
from matcalc.operations.table import div, eye, index, make, matmul, mul, number, ones, power, transpose, zeros
from matcalc.sympy_bridge.reading import Plan, Reading, refused
from matcalc.sympy_bridge.scalars import added, factors_of, quotient

__all__ = ["MATRICES"]

SCALAR: Shape = (1, 1)


def _symbol(reading: Reading, expr: Any) -> Plan:
    return (), lambda nodes: reading.variable(expr, reading.shape(expr))


def _add(reading: Reading, expr: Any) -> Plan:
    signs, children = [], []
    for term in expr.args:
        coefficient, rest = term.as_coeff_mmul()
        negative = coefficient.is_real is not False and bool(coefficient.as_coeff_Mul()[0] < 0)
        signs.append(negative)
        children.append(_scaled(-coefficient, rest) if negative else term)
    return children, lambda nodes: added(list(zip(signs, nodes, strict=True)))


def _scaled(coefficient: Any, rest: Any) -> Any:
    """A multiple, as it is: products must not be evaluated in passing."""
    if coefficient == 1:
        return rest
    return sympy.MatMul(coefficient, *sympy.MatMul.make_args(rest), evaluate=False)


def _product(a: Node, b: Node) -> Node:
    return mul(a, b) if SCALAR in (a.shape, b.shape) else matmul(a, b)


def _mul(reading: Reading, expr: Any) -> Plan:
    scalars, factors, below = [], [], []
    for factor in expr.args:
        if not getattr(factor, "is_Matrix", False) and not isinstance(factor, sympy.MatrixExpr):
            scalars.append(factor)
        elif isinstance(factor, sympy.MatPow) and factor.exp == -1 and factor.shape == SCALAR:
            below.append(factor.base)  # Inverse is a MatPow
        else:
            factors.append(factor)
    negative, above, bottom = factors_of(sympy.Mul.make_args(sympy.Mul(*scalars)))
    above, below = [x for x in above if x != 1], below + bottom
    k, j = len(above), len(above) + len(factors)

    def build(nodes: Sequence[Node]) -> Node:
        chain = [reduce(_product, nodes[k:j])] if factors else []
        return quotient([*nodes[:k], *chain], nodes[j:], negative)

    return [*above, *factors, *below], build


def _pow(reading: Reading, expr: Any) -> Plan:
    base, exponent = expr.base, expr.exp
    if base.shape == SCALAR:
        if exponent == -1:
            return [base], lambda nodes: div(number(1), nodes[0])
        if exponent == sympy.Rational(1, 2):
            return [base], lambda nodes: make("sqrt", nodes[0])
        return [base, exponent], lambda nodes: power(*nodes)
    if exponent.is_Symbol:
        return [base, exponent], lambda nodes: make("matrix_power", *nodes)
    if not exponent.is_Integer:
        raise refused(expr, "powers of matrices are whole numbers or scalar names")
    k = int(exponent)

    def build(nodes: Sequence[Node]) -> Node:
        x = nodes[0]
        if k == 0:
            return eye(x.shape[0])
        size = abs(k)
        raised = x if size == 1 else matmul(x, x) if size == 2 else make("matrix_power", x, number(size))
        return make("inv", raised) if k < 0 else raised

    return [base], build


def _unary(op: str) -> Callable[[Reading, Any], Plan]:
    """An operation on a matrix that is nothing on a scalar."""

    def rule(reading: Reading, expr: Any) -> Plan:
        return expr.args[:1], lambda nodes: nodes[0] if nodes[0].shape == SCALAR else make(op, nodes[0])

    return rule


def _transpose(reading: Reading, expr: Any) -> Plan:
    return expr.args[:1], lambda nodes: nodes[0] if nodes[0].shape == SCALAR else transpose(nodes[0])


def _hadamard(reading: Reading, expr: Any) -> Plan:
    return expr.args, lambda nodes: reduce(mul, nodes)


def _hadamard_power(reading: Reading, expr: Any) -> Plan:
    base, exponent = expr.base, expr.exp
    if exponent == -1:
        return [base], lambda nodes: div(number(1), nodes[0])
    if exponent == sympy.Rational(1, 2):
        return [base], lambda nodes: make("sqrt", nodes[0])
    return [base, exponent], lambda nodes: power(*nodes)


def _apply(reading: Reading, expr: Any) -> Plan:
    function, argument = expr.function, expr.expr
    if len(function.variables) != 1:
        raise refused(expr, "functions take one argument")
    place = sympy.Dummy("entry", real=True)
    reading.places[place] = argument
    body = function.expr.xreplace({function.variables[0]: place})
    return [
        argument,
        body,
    ], lambda nodes: nodes[1] if nodes[1].shape == nodes[0].shape else mul(nodes[1], ones(nodes[0].shape))


def _constant(make_: Callable[[Shape], Node]) -> Callable[[Reading, Any], Plan]:
    def rule(reading: Reading, expr: Any) -> Plan:
        return (), lambda nodes: make_(reading.shape(expr))

    return rule


def _explicit(reading: Reading, expr: Any) -> Plan:
    """Entries or blocks, row by row."""
    rows, columns = expr.rows, expr.cols
    children = [expr[i, j] for i in range(rows) for j in range(columns)]
    if not children:
        raise refused(expr, "it has no entries")
    return children, lambda nodes: nodes[0] if len(nodes) == 1 else make("stack", *nodes, params=(columns,) * rows)


def _blocks(reading: Reading, expr: Any) -> Plan:
    return _explicit(reading, expr.blocks)


def _slice(reading: Reading, expr: Any) -> Plan:
    whole = reading.shape(expr.parent)
    items: list[tuple[Any, ...]] = []
    for (start, stop, step), length in zip((expr.rowslice, expr.colslice), whole, strict=True):
        if step != 1:
            raise refused(expr, "slices have step 1")
        low, high = reading.dim(start), reading.dim(stop)
        if length == 1 or (low == 0 and high == length):
            items.append(("all",))
        elif high == add_dims(low, 1):
            items.append(("at", low))
        else:
            # as the language says it: a negative bound counts from the end
            items.append(("slice", low, high if subtract(high, length) != 0 else length))
    return [expr.parent], lambda nodes: index(nodes[0], items[0], items[1])


def _diagonal(reading: Reading, expr: Any) -> Plan:
    return expr.args[:1], lambda nodes: nodes[0] if nodes[0].shape == SCALAR else make("diag", nodes[0])


def _only_diagonal(reading: Reading, expr: Any) -> Plan:
    if expr.arg.shape[0] != expr.arg.shape[1]:
        raise refused(expr, "diagonals are those of square matrices")
    return expr.args[:1], lambda nodes: make("diag", make("diag", nodes[0]))


def _kronecker(reading: Reading, expr: Any) -> Plan:
    def product(a: Node, b: Node) -> Node:
        return mul(a, b) if SCALAR in (a.shape, b.shape) else make("kron", a, b)

    return expr.args, lambda nodes: reduce(product, nodes)


def _dot(reading: Reading, expr: Any) -> Plan:
    def build(nodes: Sequence[Node]) -> Node:
        a, b = [transpose(node) if node.shape[0] == 1 else node for node in nodes]
        return mul(a, b) if a.shape == SCALAR else matmul(transpose(a), b)

    return expr.args, build


MATRICES: dict[Any, Callable[[Reading, Any], Plan]] = {
    sympy.MatrixSymbol: _symbol, sympy.MatAdd: _add, sympy.MatMul: _mul, sympy.MatPow: _pow, sympy.Inverse: _pow,
    sympy.Transpose: _transpose, sympy.Adjoint: _transpose, sympy.adjoint: _transpose, sympy.transpose: _transpose,
    sympy.Trace: _unary("tr"), sympy.Determinant: _unary("det"), sympy.HadamardProduct: _hadamard,
    HadamardPower: _hadamard_power, ElementwiseApplyFunction: _apply,
    sympy.Identity: _constant(lambda shape: eye(shape[0])), sympy.ZeroMatrix: _constant(zeros),
    OneMatrix: _constant(ones), MatrixBase: _explicit, BlockMatrix: _blocks, MatrixSlice: _slice, DiagMatrix: _diagonal,
    DiagonalOf: _diagonal, DiagonalMatrix: _only_diagonal, sympy.KroneckerProduct: _kronecker, DotProduct: _dot,
}  # fmt: skip
