"""Hessians times a direction, without the Hessian: the gradient, along the direction, is a scalar again.

The derivative of the inner product of the gradient with a direction v, which is held fixed, is H v (Pearlmutter 1994).
It is found by one more sweep, so it costs about what a few gradients cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.calculus.derivatives import derivative
from matcalc.calculus.free_variation import FreeVariation
from matcalc.calculus.sweep import sweep
from matcalc.calculus.tensors import is_entries
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node
from matcalc.operations import table

__all__ = ["hessian_products"]


def hessian_products(
    value: Node, variables: Sequence[Node], directions: Sequence[Node], names: Mapping[Node, Node], structure: str
) -> list[Node]:
    """The Hessian of a scalar by some variables together, times a direction for each: one part for each variable.

    ``names`` gives named values the node by which they are written, ``structure`` is what the derivative by a
    structured matrix means. Raises `UnsupportedError` where the value is not a scalar, or a gradient has no
    matrix notation.
    """
    if value.shape != (1, 1):
        raise UnsupportedError("second derivatives are of scalars", hint="differentiate an entry of the value")
    free = FreeVariation(value, variables, names)
    found = sweep(free.value, free.targets, free.names)
    along: Node | None = None
    for variable, direction in zip(free.targets, directions, strict=True):
        gradient = derivative(found[variable], free.value, variable, structure)
        if is_entries(gradient):
            raise UnsupportedError("the Hessian times a direction needs a gradient in matrix notation", hint="order=2")
        part = table.make("inner", gradient, direction)
        along = part if along is None else table.add(along, part)
    if along is None:
        return []
    adjoints = sweep(along, free.targets, free.names)
    parts = zip(variables, free.targets, strict=True)
    return [derivative(free.restored(adjoints[own]), along, variable, structure) for variable, own in parts]
