"""The check of a program's gradients and of claims about them.

The *generated* code is run at general points and held against numeric differentiation of the
generated value, entry by entry. Errors are relative to the gradient's largest entry; there is no
absolute floor.  A difference that is no larger than rounding (it changes when the last digits of
the point do) counts as none, and a point at which the numeric derivative itself is not known well
enough is drawn again; where none is found the finding is inconclusive, which is not passed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.functions import bind
from matcalc.codegen.numpy_module import Request
from matcalc.errors import UnknownNameError
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, postorder
from matcalc.language.domains import without_value
from matcalc.verify import claims as claiming
from matcalc.verify import sampling, wide
from matcalc.verify.differences import COMPLEX
from matcalc.verify.domain import is_analytic
from matcalc.verify.own_values import preparation
from matcalc.verify.points import Code, Point, Sampler, not_too_large
from matcalc.verify.report import Report, VariableReport
from matcalc.verify.targets import Codes, Numeric, Target

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["check_program"]

TOLERANCE = {True: 1e-8, False: 1e-6}  # of the complex step, of differences
SMALL = 0.1  # differences that may be rounding: whether they are is tried
JITTER = (1e-6, 1e-5, 1e-4, 1e-3)  # beyond the spacing of 1 - h**2 near h = 1, where the gradient is 1e-13 or more
LOST = 1e-13  # what a difference moves the value by, relative to it: rounding of 1 - h**2 does, near h = 1
REDRAWS = 12
SMALLER = 0.6  # inputs of the next point, where rounding or a kink spoilt the last: tanh(30*x.T@x) is 1 at usual ones
WORK = 2_000_000  # nodes evaluated, beyond which directions are tried instead of entries


class Finding:
    """The truth and the gradient at one point."""

    __slots__ = ("error", "got", "numeric", "point", "target", "where")

    def __init__(self, point: Point, numeric: Numeric, target: Target) -> None:
        self.point, self.numeric, self.target = point, numeric, target
        self.got: Any = None
        self.error = 0.0
        self.where: tuple[int, ...] = ()

    def of(self, got: Any, checker: Checker) -> Finding:
        """The same point with another array in the place of the gradient."""
        other = Finding(self.point, self.numeric, self.target)
        other.got = got
        other.error, other.where = checker.error(self, got)
        return other


def check_program(
    program: Program, wrt: Sequence[str], gradients: Mapping[str, Node], *, functions: Mapping[str, str] | None = None,
    claims: Mapping[str, str] | None = None, seed: int = 0, dims: Mapping[str, int] | None = None, points: int = 3,
    value: Node | None = None, structure: str = "projection", language: str = "en", turned: Collection[str] = (),
) -> Report:  # fmt: skip
    """Check gradients (nodes, by name, in the variables' shapes) and claims (texts, by name) about
    them.

    ``value`` is what is differentiated where it is not the program's value, ``structure`` what the
    derivative by a structured matrix means, ``dims`` sizes to use, ``language`` that of the
    diagnoses, ``turned`` the names whose claims have the variable's axes before the value's.
    Of a vector or matrix value, a gradient has shape value + variable.

    Raises `MatcalcError` where a claim cannot be read.
    """
    import numpy as np

    checker = Checker(program, functions, dims, value, structure, np.random.default_rng(seed))
    names = list(dict.fromkeys([*wrt, *(claims or {})]))
    said = claiming.read(program, claims or {}, checker.node, turned)
    checker.sampler.ask(claiming.least(said))
    found = checker.run(names, {n: g for n, g in gradients.items() if n in names}, points)
    if isinstance(found, Report):
        reports = found.gradients
        found = checker.entries(list(said), {n: g for n, g in gradients.items() if n in said}, points)
    else:
        reports = {name: checker.report(name, found[name]) for name in names if name in gradients}
    judged = {
        name: claiming.judge(claim, found[name], checker, gradients.get(name), language) for name, claim in said.items()
    }
    return Report(reports, judged, checker.dims)


class Checker:
    """What all variables of a check share."""

    def __init__(
        self, program: Program, functions: Mapping[str, str] | None, dims: Mapping[str, int] | None,
        value: Node | None, structure: str, rng: Any,
    ) -> None:  # fmt: skip
        self.program, self.structure, self.rng = program, structure, rng
        (self.value,) = without_definitions([program.value if value is None else value])
        self.nowhere = any(without_value(node) for node in postorder(self.value))  # it divides by what is zero
        self.bound = {**getattr(program, "functions_bound", {}), **(functions or {})}
        self.inputs = list(program.inputs.values())
        self.sampler = Sampler(
            self.value, self.inputs, program.dims, program.least, self.bound, dict(dims or {}), rng,
            preparation(self.value, self.bound, rng), program.names.values(),
        )  # fmt: skip
        self.codes = Codes(self.bound, is_analytic(bind([self.value], self.bound)[self.value]))
        self.dims: list[dict[str, int]] = []
        self.targets: dict[str, Target] = {}

    def node(self, name: str) -> Node:
        """The node of a variable."""
        try:
            return self.program.names[name] if name not in self.program.inputs else self.program.inputs[name]
        except KeyError:
            raise UnknownNameError(f"there is no {name} in the program") from None

    def target(self, name: str) -> Target:
        """The variable, ready to be differentiated by."""
        if name not in self.targets:
            self.targets[name] = Target(name, self.node(name), self.value, self.inputs, self.codes)
        return self.targets[name]

    def run(
        self, names: Sequence[str], gradients: Mapping[str, Node], points: int
    ) -> dict[str, list[Finding]] | Report:
        """The findings at some points, by name; a report at once where there is too much to do
        entry by entry."""
        point = self._point()
        if point is not None:
            width = sampling.entries_of(self.value.shape, point.sizes)
            for name in names:
                not_too_large(width * sampling.entries_of(self.node(name).shape, point.sizes))
        if point is not None and wide.too_much(self, names, point, points, WORK):
            known = [name for name in names if name in gradients]
            code = Code(Request(self.value, self.inputs, gradients, functions=self.bound))
            return wide.check(self, known, code, point, points)
        return self.entries(names, gradients, points, point)

    def entries(
        self, names: Sequence[str], gradients: Mapping[str, Node], points: int, first: Point | None = None
    ) -> dict[str, list[Finding]]:
        """The findings at some points, entry by entry."""
        code = Code(Request(self.value, self.inputs, gradients, functions=self.bound))
        found: dict[str, list[Finding]] = {name: [] for name in names}
        drawn = lost = 0
        while min(map(len, found.values()), default=points) < points and drawn < points + REDRAWS:
            point = first or self._point(SMALLER ** max(0, lost - 1))
            first = None
            drawn += 1
            if point is None:
                break
            self.dims.append(point.sizes)
            results = code(point)[1]
            spoilt = False
            for name in [name for name in names if len(found[name]) < points]:
                finding = self._compared(name, point, results.get(name))
                if finding is not None and not self.is_unsteady(finding, code):
                    found[name].append(finding)
                else:
                    spoilt = True
            lost += spoilt
        return found

    def _point(self, scale: float = 1.0) -> Point | None:
        """A point to judge at; none where the program has no finite value anywhere."""
        return None if self.nowhere else self.sampler.point(scale)

    def _compared(self, name: str, point: Point, got: Any) -> Finding | None:
        """The gradient and the truth at a point; nothing where the truth is not known well enough."""
        import numpy as np

        target = self.target(name)
        numeric = target.derivative(point, self.structure)
        if not np.all(np.isfinite(numeric.array)) or unknown(numeric):
            return None
        finding = Finding(point, numeric, target)
        if got is not None:
            finding.got = np.asarray(got, dtype=float)
            finding.error, finding.where = self.error(finding, finding.got)
            if finding.error > self.tolerance(numeric) and self._is_lost(finding):
                return None
        return finding

    def _is_lost(self, finding: Finding) -> bool:
        """Whether there is nothing to judge by: what the gradients differ by moves the value by little more than its
        last digits, as at ``tanh(40)``, or value and gradient are what rounding leaves of zero, as of
        ``sum(x - mean(x))``."""
        import numpy as np

        if finding.got.shape != finding.numeric.array.shape:
            return False
        value, size, both = self._sizes(finding.target, finding.point, finding.numeric, finding.got)
        gap = float(np.abs(finding.got - finding.numeric.array).max())
        return gap * size <= LOST * value or max(value / max(size, 1.0), both) <= 1e-13

    def _sizes(self, target: Target, point: Point, numeric: Numeric, got: Any) -> tuple[float, float, float]:
        """The largest entries of the value, of the variable, and of both derivatives."""
        import numpy as np

        value = np.abs(np.asarray(target.real(point, target.inputs(point))[0])).max()
        size = np.abs(np.asarray(target.inputs(point)[target.name])).max()
        return float(value), float(size), float(max(np.abs(numeric.array).max(), np.abs(got).max()))

    def is_unsteady(self, finding: Finding, code: Code) -> bool:
        """Whether a small difference is the gradient's own rounding, where that is large (``1 - tanh(9)**2``).

        What a wrong formula differs by stays the same nearby; what rounding does does not.
        """
        import numpy as np

        if not self.tolerance(finding.numeric) < finding.error < SMALL:
            return False
        target, gap = finding.target, relative(finding.got - finding.numeric.array, finding.numeric.array)
        for size in JITTER:
            near = target.jittered(finding.point, self.rng, size)
            there = target.derivative(near, self.structure).array
            moved = relative(code(near)[1][target.name] - there, there)
            if float(np.abs(moved - gap).max()) > 0.3 * float(np.abs(gap).max()):
                return True
        return False

    def error(self, finding: Finding, got: Any) -> tuple[float, tuple[int, ...]]:
        """How far an array is from the truth at a point, and where; nothing where both are zero but
        for rounding."""
        numeric = finding.numeric
        if got.shape != numeric.array.shape:
            return float("inf"), ()
        error, where = difference(got, numeric.array)
        if error > self.tolerance(numeric) and self._is_rounding(finding.target, finding.point, numeric, got):
            error = 0.0
        return error, where

    def tolerance(self, numeric: Numeric) -> float:
        """The largest relative difference that is none."""
        return TOLERANCE[numeric.method == COMPLEX]

    def _is_rounding(self, target: Target, point: Point, numeric: Numeric, got: Any) -> bool:
        """Whether both derivatives are zero but for rounding: the difference is not larger than
        what the last digits move."""
        import numpy as np

        value, size, both = self._sizes(target, point, numeric, got)
        if value > 1e-13 * size and both * size > 1e-9 * value:  # a value that is nothing but rounding is no measure
            return False
        moved = target.derivative(target.jittered(point, self.rng), self.structure)
        noise = max(float(np.abs(moved.array - numeric.array).max()), numeric.error)
        return bool(both <= 1e3 * noise)

    def report(self, name: str, found: list[Finding]) -> VariableReport:
        """The finding for one variable."""
        if not found:
            return inconclusive(name)
        worst = max(found, key=lambda f: f.error)
        method = worst.numeric.method
        passed = worst.error <= self.tolerance(worst.numeric)
        where = f"{len(found)} point{'s' if len(found) > 1 else ''}"
        if passed:
            message = f"agrees with numeric differences ({method}) to {worst.error:.1e} at {where}"
        elif worst.got.shape != worst.numeric.array.shape:
            message = f"wrong: its shape is {worst.got.shape}, expected {worst.numeric.array.shape}"
        else:
            message = f"wrong: differs from numeric differences ({method}) by {worst.error:.1e} of its largest entry"
            message += largest(worst.where, worst.got, worst.numeric.array)
        return VariableReport(
            name, passed=passed, max_error=worst.error, method=method, message=message, points=len(found)
        )


def relative(gap: Any, truth: Any) -> Any:
    """A difference by the largest entry of the truth."""
    import numpy as np

    return gap / max(float(np.abs(truth).max()), 1e-300)


def unknown(numeric: Numeric) -> bool:
    """Whether the differences do not agree among themselves well enough to judge by."""
    import numpy as np

    return bool(numeric.error > 1e-7 * max(float(np.abs(numeric.array).max()), 1e-300)) and numeric.error > 0


def difference(got: Any, truth: Any) -> tuple[float, tuple[int, ...]]:
    """The largest difference relative to the largest entry, and where it is."""
    import numpy as np

    if not got.size:
        return 0.0, ()
    gap = np.abs(got - truth)
    gap = np.where(np.isfinite(gap), gap, np.inf)
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    worst = float(gap.max())
    if worst in (0.0, float("inf")):
        return worst, where
    return worst / max(float(np.abs(truth).max()), float(np.abs(got).max())), where


def largest(where: tuple[int, ...], got: Any, truth: Any) -> str:
    """Where two arrays differ most, in words."""
    place = f"at [{', '.join(map(str, where))}] it is" if where else "it is"
    return f"; {place} {float(got[where]):.6g}, numerically {float(truth[where]):.6g}"


def inconclusive(name: str) -> VariableReport:
    """No point was good enough to judge at."""
    return VariableReport(
        name, passed=False, inconclusive=True, max_error=float("nan"), method="none", points=0,
        message="inconclusive: no point was found at which the program is smooth and well-conditioned",
    )  # fmt: skip


def size(value: Node) -> int:
    """Distinct nodes."""
    return sum(1 for _ in postorder(value))
