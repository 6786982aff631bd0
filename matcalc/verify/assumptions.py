"""What a claim takes for granted: that a matrix is symmetric, or that a vector's entries sum to one.

The claim and the truth are computed anew where the assumption holds; a claim that is right there, and only there, needs
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.expressions.node import Node, kind
from matcalc.verify.claims import same
from matcalc.verify.points import Code, Point

if TYPE_CHECKING:
    from matcalc.verify.check import Checker, Finding

__all__ = ["assumed"]


def _symmetric(array: Any) -> Any:
    return (array + array.T) / 2


def _simplex(array: Any) -> Any:
    import numpy as np

    positive = np.abs(array) + 0.1
    return positive / positive.sum()


def _ways(node: Node) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """The assumptions that can be made about an input of no type."""
    if node.params[1]:
        return
    if kind(node.shape) == "matrix" and node.shape[0] == node.shape[1]:
        yield "symmetric", _symmetric
    elif kind(node.shape) == "vector":
        yield "simplex", _simplex


def assumed(
    claim: Node, name: str, checker: Checker, found: Sequence[Finding], tolerance: float
) -> Iterator[tuple[str, str]]:
    """The assumptions under which a claim about the gradient by ``name`` is right: (input, type)."""
    import numpy as np

    code: Code | None = None
    for node in checker.inputs:
        other = node.params[0]
        for type_, project in _ways(node) if other != name else ():
            code = code or Code(Request(checker.value, checker.inputs, {"claim": claim}, functions=checker.bound))
            points = [
                Point(f.point.sizes, {**f.point.inputs, other: project(f.point.inputs[other])}, f.point.functions)
                for f in found
            ]
            try:
                said = [np.asarray(code(point)[1]["claim"], dtype=float) for point in points]
                target = checker.target(name)
                truth = [target.derivative(point, checker.structure).array for point in points]
            except (ArithmeticError, ValueError):  # singular there
                continue
            known = all(np.all(np.isfinite(a)) and np.any(np.abs(a) > 1e-12) for a in truth)
            if known and same(said, truth, tolerance):
                yield other, type_
