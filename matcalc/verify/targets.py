"""The variables of a check: what varies, and the true derivative by it at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.expressions.node import Node, intern, rebuild
from matcalc.operations.table import variable
from matcalc.verify import differences, sampling
from matcalc.verify.points import Code, Point

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Codes", "Numeric", "Target", "freed"]


class Numeric:
    """A numeric derivative: its ``array``, an estimate of its ``error``, and the ``method``."""

    __slots__ = ("array", "error", "method")

    def __init__(self, array: Any, error: float, method: str) -> None:
        self.array, self.error, self.method = array, error, method


def freed(value: Node, name: str, shape: Any) -> Node:
    """The value with an intermediate variable made an input: what the program writes as that name
    varies."""

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if node.op == "let" and node.params[0] == name:
            return variable(name, shape)
        return node if args == node.args else intern(node.op, args, node.params, node.shape)

    return rebuild([value], replace, into=lambda n: n.op != "let" or n.params[0] != name)[value]


class Codes:
    """The code of values, real and complex, compiled once for all variables that are inputs of
    one."""

    def __init__(self, bound: Mapping[str, str], analytic: bool) -> None:
        self.bound, self.analytic = bound, analytic
        self._known: dict[tuple[Node, bool], Code] = {}

    def real(self, value: Node, inputs: Sequence[Node]) -> Code:
        """The value."""
        return self._of(value, inputs, complex_=False)

    def step(self, value: Node, inputs: Sequence[Node]) -> Code | None:
        """The value of complex numbers, where it is analytic."""
        return self._of(value, inputs, complex_=True) if self.analytic else None

    def _of(self, value: Node, inputs: Sequence[Node], *, complex_: bool) -> Code:
        if (value, complex_) not in self._known:
            self._known[value, complex_] = Code(Request(value, inputs, functions=self.bound, complex_=complex_))
        return self._known[value, complex_]


class Target:
    """A variable by which a value is differentiated: an input, or an intermediate variable
    freed."""

    def __init__(self, name: str, node: Node, value: Node, inputs: Sequence[Node], codes: Codes) -> None:
        self.name = name
        self.own: Code | None = None
        if node.op == "var":
            self.node = node
        else:
            self.own = codes.real(node, inputs)
            self.node = variable(name, node.shape)
            value, inputs = freed(value, name, node.shape), [*inputs, self.node]
        self.real, self.complex = codes.real(value, inputs), codes.step(value, inputs)

    def inputs(self, point: Point) -> dict[str, Any]:
        """The inputs at a point, the variable among them."""
        if self.own is None:
            return point.inputs
        return {**point.inputs, self.name: self.own(point)[0]}

    def derivative(self, point: Point, structure: str, inputs: Mapping[str, Any] | None = None) -> Numeric:
        """The derivative at every entry, of shape value.shape + variable.shape."""
        import numpy as np

        given = self.inputs(point) if inputs is None else inputs
        value = np.asarray(self.real(point, given)[0])
        total = np.zeros(value.shape + sampling.shape_of(self.node, point.sizes))
        if self.name not in self.real.module.inputs:
            return Numeric(total, 0.0, differences.COMPLEX)
        worst, method = 0.0, differences.COMPLEX
        for direction, entry, factor in sampling.basis(self.node, point.sizes, structure):
            slope, error, method = self.along(point, given, {self.name: direction})
            place: Any = (..., *entry)
            total[place] = factor * slope
            worst = max(worst, error)
        sampling.filled(self.node, total)
        return Numeric(total, worst, method)

    def along(self, point: Point, given: Mapping[str, Any], directions: Mapping[str, Any]) -> tuple[Any, float, str]:
        """The derivative along a direction, by the complex step where that works."""
        import numpy as np

        if self.complex is not None:
            code = self.complex
            slope, error = differences.complex_step(lambda p: code(point, p)[0], given, directions)
            if np.all(np.isfinite(slope)):
                return slope, error, differences.COMPLEX
        slope, error = differences.richardson(lambda p: self.real(point, p)[0], given, directions)
        return slope, error, differences.RICHARDSON

    def jittered(self, point: Point, rng: np.random.Generator, size: float = 1e-13) -> Point:
        """A point that differs in the last digits: what changes there is rounding.  Matrices keep their structure."""
        import numpy as np

        moved = {
            name: np.asarray(array) * (1 + size * rng.standard_normal(() if np.ndim(array) == 2 else np.shape(array)))
            for name, array in point.inputs.items()
        }
        return Point(point.sizes, {n: a if np.ndim(a) else float(a) for n, a in moved.items()}, point.functions)
