"""Derivatives of vectors and matrices by scalars through functions whose derivative has no index terms.

The derivative of ``expm(X)`` by X is no sum of products, but along a direction it is a matrix: ``expm_frechet(X, dX)``.
By a scalar t there is one direction.  It is found with the laws of scalars alone: the derivative of ``tr(G.T @ Y)`` by
t is linear in G, and what stands beside G there is the derivative of Y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.calculus.derivatives import derivative
from matcalc.calculus.sweep import Step, seed, sweep
from matcalc.calculus.terms import FIRST, Raw, Sum, free_of, normalise
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, axes, kind
from matcalc.operations import table

__all__ = ["adjoints"]

SCALAR = (1, 1)


def adjoints(value: Node, targets: Sequence[Node], names: Mapping[Node, Node], steps: list[Step]) -> dict[Node, Sum]:
    """The adjoint of every target, as `sweep` finds it, and by scalars along their directions where it does not.

    ``steps`` are those of the sweep.  Raises `UnsupportedError` where the derivative by another target has no form.
    """
    try:
        return sweep(value, targets, names, steps)
    except UnsupportedError:
        if value.shape == SCALAR or all(target.shape != SCALAR for target in targets):
            raise
    steps.clear()
    found = sweep(value, [target for target in targets if target.shape != SCALAR], names, steps)
    return {target: found[target] if target in found else _along(value, target, names) for target in targets}


def _along(value: Node, target: Node, names: Mapping[Node, Node]) -> Sum:
    weight = table.variable("(weight)", value.shape)
    product = table.matmul(table.transpose(weight), value) if kind(value.shape) != "row" else table.matmul(
        value, table.transpose(weight))  # fmt: skip
    scalar = table.make("tr", product) if product.shape != SCALAR else product
    slope = derivative(sweep(scalar, [target], names)[target], scalar, target, "projection")
    return _as_output(sweep(slope, [weight], names)[weight], value)


def _as_output(found: Sum, value: Node) -> Sum:
    """A value as the derivative by a scalar of what has its shape."""
    result = Sum(SCALAR, seed(value).extra)
    place = dict(zip(free_of(value.shape), result.free, strict=True))
    for (scalars, factors), c in found.terms.items():
        raw = Raw(c)
        raw.scalars = dict(scalars)
        raw.factors = [(node, p, tuple([place.get(k, k) for k in index])) for node, p, index in factors]
        raw.sizes.update(result.extra)
        for node, _, index in factors:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
        normalise(raw, result.free, result)
    return result
