"""Derivatives by structured matrices: the gradient in the space of such matrices, or by their free entries.

``projection`` is the orthogonal projection of the unstructured gradient G: (G + Gᵀ)/2 for a symmetric matrix, (G -
Gᵀ)/2 for a skew one, the diagonal for a diagonal one. ``entries`` is the derivative by the free entries: G + Gᵀ -
diag(G) for a symmetric matrix (Matrix Cookbook 138), as the Cookbook prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from matcalc.calculus.reading import Factor
from matcalc.calculus.simplify import simplify
from matcalc.calculus.terms import Key, Number, Raw, Sum, normalise
from matcalc.expressions.node import Node, axes
from matcalc.facts import symmetric
from matcalc.operations import table

__all__ = ["STRUCTURED", "STRUCTURES", "project", "project_terms"]

STRUCTURED = ("symmetric", "posdef", "skew", "diagonal")
STRUCTURES = ("projection", "entries")


def project_terms(found: Sum, variable: Node, structure: str) -> Sum:
    """The derivative of a vector or matrix, projected on the variable's axes (0 and 1)."""
    type_, result = variable.params[1], Sum(found.shape, found.extra)
    eye = (table.eye(variable.shape[0]), 1, (0, 1))
    half = Fraction(1, 2) if structure == "projection" else Fraction(1)
    for key, c in found.terms.items():
        if type_ == "diagonal":
            _add(result, key, c, {}, eye)
            continue
        _add(result, key, c * half, {})
        _add(result, key, c * half * (-1 if type_ == "skew" else 1), {0: 1, 1: 0})
        if structure == "entries" and type_ != "skew":
            _add(result, key, -c, {}, eye)
    return result


def _add(result: Sum, key: Key, c: Number, turned: Mapping[int, int], *more: Factor) -> None:
    raw = Raw(c if c != int(c) else int(c))
    raw.scalars = dict(key[0])
    raw.factors = [(n, p, tuple([turned.get(k, k) for k in index])) for n, p, index in key[1]] + list(more)
    for node, _, index in raw.factors:
        raw.sizes.update(zip(index, axes(node.shape), strict=True))
    normalise(raw, result.free, result)


def project(gradient: Node, variable: Node, structure: str) -> Node:
    """The derivative of a scalar by a structured matrix, from the unstructured one."""
    type_ = variable.params[1]
    eye = table.eye(variable.shape[0])
    if type_ == "diagonal":
        return simplify(table.mul(eye, gradient))
    if type_ != "skew" and structure == "projection" and symmetric(gradient):
        return gradient
    turned = table.transpose(gradient)
    if type_ == "skew":
        total = table.sub(gradient, turned)
    else:
        total = table.add(gradient, turned)
        if structure == "entries":
            return simplify(table.sub(total, table.mul(eye, gradient)))
    if structure == "entries":
        return simplify(total)
    return simplify(table.div(total, table.number(2)))
