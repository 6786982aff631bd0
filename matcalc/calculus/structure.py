"""Derivatives by structured matrices: the gradient in the space of such matrices, or by their free entries.

``projection`` is the orthogonal projection of the unstructured gradient G: (G + Gᵀ)/2 for a symmetric matrix, (G - Gᵀ)/2 for a
skew one, the diagonal for a diagonal one.  ``entries`` is the derivative by the free entries: G + Gᵀ - diag(G) for a
symmetric matrix (Matrix Cookbook 138), as the Cookbook prints it.
"""

from __future__ import annotations

from matcalc.calculus.simplify import simplify
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node
from matcalc.operations import table

__all__ = ["STRUCTURES", "project"]

STRUCTURES = ("projection", "entries")


def project(gradient: Node, variable: Node, value: Node, structure: str) -> Node:
    """The derivative of a scalar by a structured matrix, from the unstructured one."""
    if structure not in STRUCTURES:
        raise UnsupportedError(f"there is no structure {structure!r}", hint=f"there are {', '.join(STRUCTURES)}")
    type_ = variable.params[1]
    if value.shape != (1, 1):
        raise UnsupportedError("the derivative of a vector or matrix by a structured matrix is not supported")
    eye = table.eye(variable.shape[0])
    if type_ == "diagonal":
        return simplify(table.mul(eye, gradient))
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
