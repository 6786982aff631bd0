"""Lowering of inverses, linear systems and powers of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc import facts
from matcalc.calculus.reading import Factor
from matcalc.calculus.sums import factor_of, normal, peeled, write_term
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, normalise
from matcalc.calculus.writing import chain
from matcalc.expressions.node import Node, axes, intern
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.lowering import Lowering

__all__ = ["frechet", "inverse", "matrix_power", "power_sum", "solution"]


def inverse(low: Lowering, node: Node) -> Sum:
    """``inv(c*X)`` is ``inv(X)/c``, ``inv(X.T)`` is ``inv(X).T``, ``inv(Q)`` is ``Q.T``; what else is in it stays."""
    argument = node.args[0]
    if argument.op == "matmul" and facts.orthogonal(argument):
        return low.lower(table.transpose(argument))
    single = low.lower(argument).single
    tidy = low.tidy(argument)
    if single is None:
        closed = factor_of(tidy, free_of(node.shape))
        single = closed if closed[1] and any(f[0].op == "eye" for f in closed[0][1]) else None
    if single is not None:
        found = _inverse_of_term(single, node)
        if found is not None:
            return found
    c, inner = peeled(tidy)
    c = Fraction(1) / c if c not in (1, -1) else c
    if inner.op == "T":
        value, swap = intern("inv", (inner.args[0],), (), node.shape), True
    else:
        value, swap = intern("inv", (inner,), (), node.shape), False
    raw = Raw(c)
    raw.factors.append((value, 1, (1, 0) if swap else (0, 1)))
    return normal(raw, node.shape)


def _inverse_of_term(term: tuple[Key, Number], node: Node) -> Sum | None:
    """The inverse of a scaled single matrix, and of a diagonal, orthogonal or inverse one."""
    (scalars, factors), c = term
    raw = Raw(Fraction(1) / c)
    for scalar, p in scalars:
        raw.scale(scalar, -p)
    eye = [f for f in factors if f[0].op == "eye"]
    if eye and all(f[0].op == "eye" or len(f[2]) == 1 for f in factors):
        raw.factors = [(f[0], 1 if f[0].op == "eye" else -f[1], f[2]) for f in factors]
        return normal(raw, node.shape)
    if len(factors) != 1 or factors[0][1] != 1 or set(factors[0][2]) != set(free_of(node.shape)):
        if c == 1 and not scalars:
            return None
        body = write_term(((), factors), 1, node.shape)
        raw.factors = [(intern("inv", (body,), (), node.shape), 1, (0, 1))]
        return normal(raw, node.shape)
    matrix, _, index = factors[0]
    if matrix.op == "inv":
        raw.factors = [(matrix.args[0], 1, index)]
    elif facts.orthogonal(matrix):
        raw.factors = [(matrix, 1, index[::-1])]
    else:
        raw.factors = [(intern("inv", (matrix,), (), node.shape), 1, index)]
    return normal(raw, node.shape)


def solution(low: Lowering, node: Node) -> Sum:
    """``solve(A, b)`` is ``inv(A) @ b``."""
    a, b = node.args
    return low.lower(table.matmul(table.make("inv", a), b))


def matrix_power(low: Lowering, node: Node) -> Sum:
    """A small power is a product; one of large or unknown exponent stays whole."""
    base, exponent = node.args
    k = exponent.params[0] if exponent.op == "num" else None
    if k is None or k > 6:
        return low.function(node)
    if k == 0:
        return low.lower(table.eye(node.shape[0]))
    return low.lower(chain([base] * int(k)))


def power_sum(low: Lowering, node: Node) -> Sum:
    """Linear in its second argument; of the identity, ``k * X^(k-1)``."""
    base, exponent = low.tidy(node.args[0]), node.args[2]
    value = Sum(node.shape)
    for (scalars, factors), c in low.lower(node.args[1]).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if _is_identity(factors):
            raw.scale(exponent)
            less = table.sub(exponent, table.number(1))
            less = table.number(exponent.params[0] - 1) if exponent.op == "num" else less
            raw.factors.append(_of_upright("matrix_power", base, less))
        else:
            body = write_term(((), factors), 1, node.shape)
            raw.factors.append((intern("power_sum", (base, body, exponent), (), node.shape), 1, (0, 1)))
        normalise(raw, free_of(node.shape), value)
    return value


def frechet(low: Lowering, node: Node) -> Sum:
    """``expm_frechet(X, D)`` is ``expm(X) @ D`` where D commutes with X: of the identity, and of a multiple of X."""
    single, base = low.lower(node.args[1]).single, low.lower(node.args[0]).single
    if single is None:
        return low.function(node)
    raw = Raw(single[1])
    for scalar, p in single[0][0]:
        raw.scale(scalar, p)
    if _is_identity(single[0][1]):
        raw.factors.append(_of_upright("expm", low.tidy(node.args[0])))
        return normal(raw, node.shape)
    if base is None or base[0][1] != single[0][1]:
        return low.function(node)
    function = table.make("expm", low.tidy(node.args[0]))
    between = max([FIRST, *(k + 1 for _, _, index in single[0][1] for k in index)])
    raw.factors += [(n, p, tuple([between if k == 1 else k for k in index])) for n, p, index in single[0][1]]
    raw.factors.append((function, 1, (between, 1)))
    raw.sizes[between] = node.shape[0]
    for n, _, index in single[0][1]:
        raw.sizes.update((k, dim) for k, dim in zip(index, axes(n.shape), strict=True) if k >= FIRST)
    return normal(raw, node.shape)


def _is_identity(factors: Sequence[Factor]) -> bool:
    return len(factors) == 1 and factors[0][0].op == "eye"


def _of_upright(op: str, base: Node, *more: Node) -> Factor:
    """A function of a matrix that commutes with transposition, of ``X`` where the matrix is ``X.T``."""
    turned = base.op == "T"
    return table.make(op, base.args[0] if turned else base, *more), 1, (1, 0) if turned else (0, 1)
