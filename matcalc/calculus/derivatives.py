"""From adjoints to derivatives: in matrix notation where there is one, by index terms else, and in a layout.

The layout decides the shape of every result, here and nowhere else. ``shape``: the derivative of a scalar has the
shape of its variable, that of a vector by a vector is the Jacobian, rows for the value. ``numerator``: the
derivative of a scalar is transposed. ``denominator``: that of a vector is transposed, and the variable's axes come
first. The vec form (`matcalc.calculus.vec`) is the Jacobian ``∂vec(Y)/∂vec(X)ᵀ``, rows for the value, in every layout
but ``denominator``, which transposes it.
"""

from __future__ import annotations

from matcalc.calculus.simplify import settle, shortest, simplify
from matcalc.calculus.structure import STRUCTURED, project, project_terms
from matcalc.calculus.sweep import OUTPUT, moved
from matcalc.calculus.tensors import entries, indexed_sum, is_entries
from matcalc.calculus.terms import Sum, free_of
from matcalc.calculus.writing import t
from matcalc.expressions.node import Node, Shape, axes, kind

__all__ = ["LAYOUTS", "derivative", "laid_out", "structured", "transposes", "vec_transposes"]

LAYOUTS = ("shape", "numerator", "denominator")


def derivative(found: Sum, value: Node, variable: Node, structure: str) -> Node:
    """The derivative of a value by a variable, from its adjoint, in the default layout.

    ``structure`` is what the derivative by a symmetric, skew or diagonal matrix means (`matcalc.calculus.structure`).
    """
    if value.shape == (1, 1):
        node = shortest(found)
        return project(node, variable, structure) if structured(variable) else node
    if structured(variable):
        found = project_terms(found, variable, structure)
    order = (*[k for k, _ in found.extra], *[k for k in found.free if k < OUTPUT[0]])
    if len(found.free) > 2:
        return entries(settle(found), order)
    if variable.shape == (1, 1):
        plain = moved(found, dict(zip([k for k, _ in found.extra], free_of(value.shape), strict=True)))
        return shortest(plain)
    plain = moved(found, {k: i for i, k in enumerate(order)})
    return shortest(plain, diag=True)


def structured(variable: Node) -> bool:
    """Whether a variable is of a type whose matrices form a space of their own: symmetric, skew, diagonal."""
    return variable.op == "var" and variable.params[1] in STRUCTURED


def laid_out(node: Node, value: Node, variable: Node, layout: str) -> Node:
    """A derivative in the default layout, brought to another one."""
    if not transposes(value.shape, variable.shape, layout):
        return node
    if not is_entries(node):
        return simplify(t(node))
    if value.shape == (1, 1):
        return t(node)
    count, total = len(axes(value.shape)), len(axes(node.shape))
    return entries(indexed_sum(node), [*range(count, total), *range(count)])


def transposes(value: Shape, variable: Shape, layout: str) -> bool:
    """Whether a layout puts the axes of a derivative the other way round than the default one does.

    The numerator layout does so with the derivative of a scalar, the denominator layout with that of anything else
    by anything but a scalar, and with that of a vector by a scalar, which becomes a row.

    >>> transposes((1, 1), ("n", 1), "numerator"), transposes(("m", 1), ("n", 1), "numerator")
    (True, False)
    """
    if value == (1, 1):
        return layout == "numerator" and variable != (1, 1)
    return layout == "denominator" and (variable != (1, 1) or kind(value) != "matrix")


def vec_transposes(layout: str) -> bool:
    """Whether the rows of a vec form are for the entries of the variable, not of the value."""
    return layout == "denominator"
