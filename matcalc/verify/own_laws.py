"""The check of the laws that a program states.

Beside a definition of the function, a law is held against differences of that.  Without one nothing but the law is
known, and what can be told is whether it is the differential of a function at all: whether its own differential is
symmetric, ``D_U L(X)[V] = D_V L(X)[U]`` (it is closed: Frobenius 1877; where the law holds the value, that moves
along).  Laws are checked where the program uses them, in directions that its variables admit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc import facts
from matcalc.codegen.functions import bind
from matcalc.codegen.numpy_module import Request
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, kind
from matcalc.language.own_laws import OwnLaw
from matcalc.verify import differences
from matcalc.verify.domain import is_analytic
from matcalc.verify.own_calls import own_calls
from matcalc.verify.own_values import Group, OwnValues, groups_of
from matcalc.verify.points import Code, Point, Sampler
from matcalc.verify.report import VariableReport

if TYPE_CHECKING:
    import numpy as np

    from matcalc.language.program import Program

__all__ = ["check_laws"]

TOLERANCE = {True: 1e-8, False: 1e-6}  # of the complex step, of differences
CALLS = 3  # of one function at which its law is checked
REDRAWS = 12
Arrays = tuple[Any, ...]


def check_laws(
    program: Program, values: Sequence[Node], *, seed: int = 0, dims: Mapping[str, int] | None = None, points: int = 3
) -> dict[str, VariableReport]:
    """The findings for the laws that some expressions use, by the function's name."""
    import numpy as np

    calls: dict[str, list[Node]] = {}
    for call in own_calls(*values):
        calls.setdefault(call.params[0], []).append(call)
    return {
        name: _Check(program, found[:CALLS], np.random.default_rng(seed), dict(dims or {})).report(points)
        for name, found in calls.items()
    }


class _Place:
    """A call of a function: the code of its arguments, of its law and of its definition."""

    def __init__(self, program: Program, call: Node) -> None:
        bound = program.functions_bound
        self.call, self.law = call, call.params[1]
        shapes = tuple([a.shape for a in call.args])
        self.group = Group(self.law, shapes, bound)
        args = without_definitions(call.args)
        inputs = list(program.inputs.values())
        self.args = [Code(Request(node, inputs, functions=bound)) for node in args]
        self.analytic = is_analytic(call)
        self.definition: dict[bool, Code] = {}
        if self.law.has_value:
            places, form = self.law.form(shapes)
            form = bind([form], bound)[form]
            self.analytic = is_analytic(form)
            for complex_ in (False, True) if self.analytic else (False,):
                self.definition[complex_] = Code(Request(form, places, complex_=complex_))

    def arguments(self, point: Point) -> Arrays:
        """The arguments of the call at a point."""
        return tuple([code(point)[0] for code in self.args])

    def directions(self, args: Arrays, rng: np.random.Generator) -> Arrays:
        """A direction for each argument that the law speaks of, in the space that it is known to be in."""
        import numpy as np

        found: list[Any] = []
        for name, node, array in zip(self.law.parameters, self.call.args, args, strict=True):
            direction = rng.standard_normal(np.shape(array)) * max(float(np.abs(array).max()), 1e-3)
            if name not in self.law.differentials:
                direction = np.zeros(np.shape(array))
            elif kind(node.shape) == "matrix" and facts.square(node):
                direction = _structured(node, direction)
            found.append(direction if direction.ndim else float(direction))
        return tuple(found)


def _structured(node: Node, direction: Any) -> Any:
    import numpy as np

    if facts.diagonal(node):
        return np.diag(np.diag(direction))
    if facts.symmetric(node):
        return (direction + direction.T) / 2
    skew = node.op == "var" and node.params[1] == "skew"
    return (direction - direction.T) / 2 if skew else direction


class _Check:
    """The check of one law at the calls of its function."""

    def __init__(self, program: Program, calls: Sequence[Node], rng: np.random.Generator, dims: dict[str, int]) -> None:
        self.law: OwnLaw = calls[0].params[1]
        self.places = [_Place(program, call) for call in calls]
        self.rng, bound, inputs = rng, program.functions_bound, list(program.inputs.values())
        self.groups = groups_of(own_calls(*calls), bound)
        self.samplers = [
            Sampler(call, inputs, program.dims, program.least, bound, dims, rng, self._prepare) for call in calls
        ]

    def _prepare(self, sizes: dict[str, int], functions: dict[str, list[Any]]) -> None:
        self.values = OwnValues(self.groups, sizes, functions, self.rng)

    def report(self, points: int) -> VariableReport:
        """The finding."""
        compare = self._defined if self.law.has_value else self._closed
        errors: list[tuple[float, bool]] = []
        for place, sampler in zip(self.places, self.samplers, strict=True):
            done = 0
            for _ in range(points + REDRAWS):
                if done == points or (point := sampler.point()) is None:
                    break
                found = compare(place, point)
                if found is not None:
                    errors.append((found, place.analytic))
                    done += 1
        return self._told(errors, points)

    def _told(self, errors: list[tuple[float, bool]], points: int) -> VariableReport:
        law = self.law
        if not errors:
            message = f"the law {law.text}: inconclusive, no point was found at which it is smooth and well-conditioned"
            return VariableReport(
                law.name, passed=False, inconclusive=True, max_error=float("nan"), method="none", points=0,
                message=message, kind="law",
            )  # fmt: skip
        worst, analytic = max(errors, key=lambda one: one[0] / TOLERANCE[one[1]])
        passed = worst <= TOLERANCE[analytic]
        method = differences.COMPLEX if analytic else differences.RICHARDSON
        where = f"at {len(errors)} point{'s' if len(errors) > 1 else ''}"
        if law.has_value:
            told = f"differences of {law.definition} ({method})"
            message = f"agrees with {told} to {worst:.1e}" if passed else f"is wrong: {told} differ by {worst:.1e}"
            message += f" {where}"
        elif passed:
            message = f"is consistent (closed, to {worst:.1e} {where}), no value of {law.name} was given"
        else:
            message = "is wrong: it is the differential of no function, its mixed second differences "
            message += f"differ by {worst:.1e}"
            if law.cyclic:
                message += f"; if it holds for one value of {law.name} alone, define that"
        return VariableReport(
            law.name, passed=passed, max_error=worst, method=method, message=f"the law {law.text} {message}",
            points=len(errors), kind="law",
        )  # fmt: skip

    # ---- against the definition ----

    def _defined(self, place: _Place, point: Point) -> float | None:
        """The difference from the derivative of the definition along a direction; nothing where that is not known."""
        import numpy as np

        args = place.arguments(point)
        change = place.directions(args, self.rng)
        said = place.group.slopes(self.values, args, change, {})[self.law]
        names = [node.params[0] for node in place.group.places]
        given, directions = dict(zip(names, args, strict=True)), dict(zip(names, change, strict=True))

        def value(complex_: bool) -> Callable[[Mapping[str, Any]], Any]:
            return lambda p: place.definition[complex_](point, p)[0]

        truth, error = _along(value, given, directions, place.analytic)
        return _relative(np.asarray(said), np.asarray(truth), error)

    # ---- closed ----

    def _closed(self, place: _Place, point: Point) -> float | None:
        """The difference of the mixed second derivatives in two directions."""
        import numpy as np

        args = place.arguments(point)
        group, values = place.group, self.values
        states = values.states(values.group(self.law, args), args)
        y = {law: states[law] for law in group.states}
        u, v = place.directions(args, self.rng), place.directions(args, self.rng)
        one, error = self._mixed(place, args, y, u, v)
        other, also = self._mixed(place, args, y, v, u)
        size = max(float(np.abs(np.asarray(group.slopes(values, args, w, y)[self.law])).max()) for w in (u, v))
        return _relative(np.asarray(one), np.asarray(other), max(error, also), floor=1e-6 * size)

    def _mixed(self, place: _Place, args: Arrays, y: Mapping[OwnLaw, Any], u: Arrays, v: Arrays) -> tuple[Any, float]:
        """The derivative along ``u`` of what the law says of ``v``, values moving as their laws say."""
        group, values = place.group, self.values
        moved = group.slopes(values, args, u, y)
        names = [f"{k}" for k in range(len(args))]
        given = {**dict(zip(names, args, strict=True)), **{law.name: y[law] for law in y}}
        directions = {**dict(zip(names, u, strict=True)), **{law.name: moved[law] for law in y}}

        def law(complex_: bool) -> Callable[[Mapping[str, Any]], Any]:
            def said(p: Mapping[str, Any]) -> Any:
                here, states = tuple([p[name] for name in names]), {other: p[other.name] for other in y}
                return group.slopes(values, here, v, states, complex_=complex_)[self.law]

            return said

        return _along(law, given, directions, place.analytic)


def _along(
    function: Callable[[bool], Callable[[Mapping[str, Any]], Any]], given: Mapping[str, Any],
    directions: Mapping[str, Any], analytic: bool,
) -> tuple[Any, float]:  # fmt: skip
    import numpy as np

    with np.errstate(all="ignore"):
        if analytic:
            return differences.complex_step(function(True), given, directions)
        return differences.richardson(function(False), given, directions)


def _relative(got: Any, truth: Any, error: float, floor: float = 0.0) -> float | None:
    """The largest difference relative to the largest entry; nothing where the truth is not known well enough."""
    import numpy as np

    if got.shape != truth.shape:
        return float("inf")
    if not (np.all(np.isfinite(got)) and np.all(np.isfinite(truth))):
        return None
    size = max(float(np.abs(truth).max()), float(np.abs(got).max()), floor)
    if error > 1e-7 * size:
        return None
    gap = float(np.abs(got - truth).max())
    return gap / size if size else 0.0
