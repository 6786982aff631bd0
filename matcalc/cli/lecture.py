"""``matcalc check --method lecture``: the table of a course's gradient check, why at that step, and a figure of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.cli.streams import out
from matcalc.cli.tables import table

if TYPE_CHECKING:
    from matcalc.verify.lecture import Lecture, Study

__all__ = ["figure", "show"]


def short(step: float) -> str:
    """A step as it is spoken of.

    >>> short(1e-4), short(0.00025)
    ('1e-4', '2.5e-4')
    """
    digits, _, exponent = f"{step:e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"


def show(found: Lecture) -> None:
    """The table, and the study of the step."""
    sizes = ", ".join(f"{name} = {size}" for name, size in found.dims.items())
    where = f"at a random point{f' with {sizes}' if sizes else ''}"
    out(f"(J(θ + h) - J(θ - h)) / 2h with h = {short(found.step)}, {where}")
    rows = [(e.name, f"{e.analytic:.10g}", f"{e.numeric:.10g}", f"{e.error:.1e}") for e in found.entries]
    table(("entry θ", "analytic", "numeric", "relative error"), rows)
    if found.study is None:
        return
    out("")
    out("\n".join(explained(found.study, found.step)))
    study = [
        (short(h), f"{numeric:.10g}", f"{error:.1e}", f"{found.study.truncation(h):.1e}",
         f"{found.study.rounding(h):.1e}")
        for h, numeric, error in found.study.rows
    ]  # fmt: skip
    table(("h", "numeric", "error", "h²|J‴|/6", "ε|J|/h"), study)


def explained(study: Study, step: float) -> list[str]:
    """Why the step is neither larger nor smaller, with the numbers of this program."""
    name = study.entry.name
    lines = [
        f"Why h = {short(step)} and not larger or smaller, for {name}: the error of the numeric derivative is",
        f"  truncation  h²|J‴|/6, what the Taylor series leaves: smaller with h (here |J‴| = {study.third:.2g})",
        f"  rounding    ε|J|/h, what is left of subtracting nearly equal numbers: larger as h shrinks (|J| = "
        f"{study.value:.2g})",
    ]
    if study.best is None:
        return [*lines, "Here the third derivative is zero: no step has a truncation error, only rounding counts."]
    lines.append(
        f"They are equal at h = (6ε|J|/|J‴|)^(1/3) = {study.best:.1e}; at h = {short(step)} the larger of the two is "
        f"{'truncation' if study.truncation(step) > study.rounding(step) else 'rounding'}, "
        f"{max(study.truncation(step), study.rounding(step)):.1e}."
    )
    return lines


def figure(found: Lecture) -> str:
    """The error against the step, with both asymptotes and the chosen step, as SVG."""
    from matcalc.drawing.chart import Series, chart
    from matcalc.errors import UnsupportedError

    study = found.study
    if study is None:
        raise UnsupportedError("there is nothing to draw: every derivative is zero")
    steps = [h for h, _, _ in study.rows]
    errors = [e for _, _, e in study.rows if e > 0]
    floor = min(errors, default=1e-16) / 30
    lines = [Series("measured error", [(h, e) for h, _, e in study.rows], "dots")]
    for name, size in (("truncation h²|J‴|/6", study.truncation), ("rounding ε|J|/h", study.rounding)):
        points = _above([(h, size(h)) for h in steps], floor)
        lines += [Series(name, points, "dotted" if "ε" in name else "dashed")] if points else []
    name = study.entry.name
    return chart(
        lines, f"Numeric derivative by {name}: its error against the step", "step h",
        "|numeric − analytic|", log_x=True, log_y=True, mark=(found.step, f"h = {short(found.step)}"),
        description=f"The error of the central difference by {name} falls as h², and rises as 1/h below its least",
    )  # fmt: skip


def _above(points: list[tuple[float, float]], floor: float) -> list[tuple[float, float]]:
    """A straight line of the logarithms, cut off where it leaves the figure."""
    found: list[tuple[float, float]] = []
    for (h, e), (h2, e2) in zip(points, [*points[1:], (0.0, 0.0)], strict=True):
        if e >= floor:
            found.append((h, e))
        if h2 and e > 0 and e2 > 0 and (e >= floor) != (e2 >= floor):
            found.append((float(h * (floor / e) ** _slope(h, e, h2, e2)), floor))
    return found


def _slope(h: float, e: float, h2: float, e2: float) -> float:
    from math import log

    return log(h2 / h) / log(e2 / e)
