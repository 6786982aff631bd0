"""Programs too large for differences entry by entry: random directions in all variables at once.

A gradient that is wrong in any entry is wrong along a random direction, so a few of them judge all
variables together; each variable moves in proportion to its own gradient's size, so that none hides
behind another.  Only where they disagree are the variables tried one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matcalc.expressions.node import postorder
from matcalc.verify import sampling
from matcalc.verify.report import Report, VariableReport

if TYPE_CHECKING:
    from matcalc.verify.check import Checker
    from matcalc.verify.points import Code, Point

__all__ = ["check", "too_much"]

DIRECTIONS = 2
TOLERANCE = 1e-6
TOGETHER = 5_000_000  # entries of all steps at once, which the complex step takes in one call


def too_much(checker: Checker, names: Sequence[str], point: Point, points: int, limit: int) -> bool:
    """Whether differences entry by entry would evaluate more nodes than the limit."""
    import math

    from matcalc.verify.check import size

    entries = sum(math.prod(sampling.shape_of(checker.node(name), point.sizes)) for name in names)
    largest = max(sampling.entries_of(node.shape, point.sizes) for node in postorder(checker.value))
    return entries * points * size(checker.value) > limit or entries * largest > TOGETHER


class Findings:
    """The largest differences and the methods by name, and the names whose differences could not be
    told from rounding."""

    def __init__(self, names: Sequence[str]) -> None:
        self.worst = dict.fromkeys(names, 0.0)
        self.method = dict.fromkeys(names, "")
        self.judged = dict.fromkeys(names, 0)


def check(checker: Checker, names: Sequence[str], code: Code, first: Point, points: int) -> Report:
    """The report, all variables judged along random directions."""
    inputs = [name for name in names if name in checker.program.inputs]
    others = [name for name in names if name not in inputs]
    groups = ([inputs] if inputs else []) + [[name] for name in others]
    found = Findings(names)
    seen = 0
    point: Point | None = first
    while point is not None and seen < points:
        seen += 1
        checker.dims.append(point.sizes)
        gradients = code(point)[1]
        for group in groups:
            for _ in range(DIRECTIONS):
                _judge(checker, group, point, gradients, found)
        point = checker.sampler.point()
    return Report({name: _report(name, found) for name in names}, {}, checker.dims)


def _judge(checker: Checker, group: Sequence[str], point: Point, gradients: Any, found: Findings) -> None:
    """Judge a group of variables together, and its halves where they disagree."""
    stack = [list(group)]
    while stack:
        group = stack.pop()
        gap, error, method = _along(checker, group, point, gradients)
        gap = gap if gap == gap else float("inf")  # not a number
        known = error <= TOLERANCE / 10
        if len(group) > 1 and not (known and gap <= TOLERANCE):
            half = len(group) // 2
            stack += [group[half:], group[:half]]
            continue
        for name in group:
            found.method[name] = method
            if known:
                found.judged[name] += 1
                found.worst[name] = max(found.worst[name], gap)


def _along(checker: Checker, group: Sequence[str], point: Point, gradients: Any) -> tuple[float, float, str]:
    """The difference along a random direction, its own error, and the method."""
    import numpy as np

    target = checker.target(group[0])
    given = target.inputs(point)
    directions: dict[str, Any] = {}
    said: Any = 0.0
    size = max(float(np.abs(np.asarray(target.real(point, given)[0])).max()), 1e-300)
    for name in group:
        node = checker.target(name).node if len(group) == 1 else checker.node(name)
        gradient = np.asarray(gradients[name])
        if (
            gradient.ndim < len(shape := sampling.shape_of(node, point.sizes))
            or gradient.shape[gradient.ndim - len(shape) :] != shape
        ):
            return float("inf"), 0.0, "shapes"
        biggest = float(np.abs(gradient).max())
        entries = np.abs(np.asarray(given[name])).max()
        direction = sampling.random_direction(node, point.sizes, checker.rng) / (biggest or size / max(entries, 1e-300))
        directions[name] = direction if direction.ndim else float(direction)
        if checker.structure == "entries" and node.op == "var" and node.params[1] in ("symmetric", "posdef", "skew"):
            gradient = np.triu(gradient)
        said = said + np.sum(gradient * direction, axis=tuple(range(gradient.ndim - direction.ndim, gradient.ndim)))
    used = {name: d for name, d in directions.items() if name in target.real.module.inputs}
    if not used:
        return float(np.abs(said).max()), 0.0, "complex step"
    truth, error, method = target.along(point, given, used)
    return float(np.abs(said - truth).max()), error, f"{method}, along random directions"


def _report(name: str, found: Findings) -> VariableReport:
    from matcalc.verify.check import inconclusive

    error, method, points = found.worst[name], found.method[name], found.judged[name] // DIRECTIONS
    if not points:
        return inconclusive(name)
    passed = error <= TOLERANCE
    word = "agrees with" if passed else "wrong: differs from"
    message = f"{word} numeric differences ({method}) {'to' if passed else 'by'} {error:.1e} at {points} points"
    return VariableReport(name, passed=passed, max_error=error, method=method, message=message, points=points)
