"""The check as it is taught: its numbers against differences computed here, and its figure as a reader meets it."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from matcalc.checking import lecture
from matcalc.cli.group import matcalc
from matcalc.derivation import derive
from matcalc.drawing.chart import Series, chart
from matcalc.errors import MatcalcError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.verify.lecture import lecture as taught

SVG = "{http://www.w3.org/2000/svg}"
NETWORK = "s = u.T@tanh(W@x + b)"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(matcalc, ["check", *arguments])
    return result.exit_code, result.stdout, result.stderr


# the table --------------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_central_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc.verify import points

    drawn = []
    original = points.Sampler.point
    monkeypatch.setattr(points.Sampler, "point", lambda self: drawn.append(original(self)) or drawn[-1])
    found = lecture(derive(NETWORK, "all"), entries="W[0, 1], b[2], x[-1], u[0]", step=1e-4, dims={"n": 4, "d": 3})
    at = {name: np.array(array) for name, array in drawn[0].inputs.items()}

    def value(**moved: np.ndarray) -> float:
        p = {**at, **moved}
        return float(p["u"] @ np.tanh(p["W"] @ p["x"] + p["b"]))

    assert found.value == pytest.approx(value())
    assert [e.name for e in found.entries] == ["W[0, 1]", "b[2]", "x[2]", "u[0]"]
    slope = at["u"] * (1 - np.tanh(at["W"] @ at["x"] + at["b"]) ** 2)
    analytic = {"W": np.outer(slope, at["x"]), "b": slope, "x": at["W"].T @ slope,
                "u": np.tanh(at["W"] @ at["x"] + at["b"])}  # fmt: skip
    for e in found.entries:
        unit = np.zeros_like(at[e.variable])
        unit[e.index] = 1e-4
        ahead, behind = (value(**{e.variable: at[e.variable] + s * unit}) for s in (1, -1))
        assert e.numeric == pytest.approx((ahead - behind) / 2e-4, rel=1e-9)
        assert e.analytic == pytest.approx(analytic[e.variable][e.index], rel=1e-12)
        assert e.error == pytest.approx(
            abs(e.analytic - e.numeric) / max(abs(e.analytic), abs(e.numeric)), rel=1e-12
        )
        assert e.error < 1e-6


def test_the_asymptotes_are_the_measured_error() -> None:
    study = lecture(derive("J = sum(exp(x))", "x"), entries="x[0]").study
    assert study is not None
    (theta,) = {round(math.log(study.entry.analytic), 12)}
    assert study.third == pytest.approx(math.exp(theta), rel=1e-4)  # J''' = e^θ
    for h, _, error in study.rows[:3]:
        assert error == pytest.approx(study.truncation(h), rel=0.05)
    small = [(error, study.rounding(h)) for h, _, error in study.rows[6:]]
    assert all(error <= 4 * bound for error, bound in small)
    assert study.best == pytest.approx((6 * 2**-52 * study.value / study.third) ** (1 / 3))
    assert study.truncation(study.best) == pytest.approx(study.rounding(study.best))


def test_a_wrong_gradient_is_seen() -> None:
    d = derive("J = x.T@A@x", "x")
    half = derive("J = x.T@A@x/2", "x")
    found = taught(d.program, {"x": half.gradients["x"]}, value=d.value.node)
    assert all(e.error == pytest.approx(0.5, abs=1e-6) for e in found.entries)


@pytest.mark.parametrize("type_", ["symmetric", "posdef", "skew", "diagonal"])
@pytest.mark.parametrize("structure", ["projection", "entries"])
def test_structured_matrices_move_as_they_may(type_: str, structure: str) -> None:
    d = derive(f"X: {type_}(n); a.T@X@X@X@b", "X", structure=structure)
    entries = "X[0, 1], X[1, 0], X[2, 2], X[2, 0]"
    found = lecture(d, entries=entries, dims={"n": 3}, seed=3)
    assert all(e.error < 1e-5 or max(abs(e.analytic), abs(e.numeric)) < 1e-9 for e in found.entries)


def test_intermediate_variables_and_what_does_not_occur() -> None:
    found = lecture(derive("z = W@x; y: vector(n); J = sum(tanh(z))", ["z", "W", "y"]))
    assert {e.variable for e in found.entries} == {"z", "W", "y"}
    assert all(e.error < 1e-6 for e in found.entries)
    flat = lecture(derive("y: vector(n); J = sum(x)", ["y"]))
    assert flat.study is None
    assert all(e.error == 0 for e in flat.entries)


def test_a_value_without_a_third_derivative() -> None:
    code, text, _ = run("J = x.T@A@x", "--wrt", "x", "--method", "lecture")
    assert code == 0
    assert "third derivative is zero" in text


def test_what_cannot_be_shown() -> None:
    d = derive(NETWORK, "all")
    for entries in ("W[9, 9]", "W[0]", "W", "b[0, 0]", "b[x]"):
        with pytest.raises(ShapeError):
            lecture(d, entries=entries)
    for entries in ("q[0]", "W[0,1] + 1", ",", "W[[0]]"):
        with pytest.raises(UnknownNameError):
            lecture(d, entries=entries)
    with pytest.raises(UnsupportedError, match="scalar"):
        lecture(derive("W@x", "x"))
    for step in (0.0, -1.0, float("nan"), 2.0):
        with pytest.raises(UnsupportedError, match="step"):
            lecture(d, step=step)
    with pytest.raises(MatcalcError):
        lecture(derive("sum(log(-x**2))", "x"))


# the command ------------------------------------------------------------------------------------------------


def test_the_command_shows_both_checks(tmp_path: Path) -> None:
    path = tmp_path / "error.svg"
    arguments = (NETWORK, "--wrt", "W,b", "--method", "lecture", "--entries", "W[0,1],b[2]", "--dims", "n=4,d=3")
    code, text, told = run(*arguments, "--plot", str(path), "--step", "1e-5")
    assert code == 0
    assert "complex step" in text
    assert re.search(r"^W\[0, 1\] +-?\d", text, re.MULTILINE)
    assert "h = 1e-5" in text
    assert [line.split()[0] for line in text.splitlines() if re.match(r"1e-\d", line)] == [
        f"1e-{k}" for k in range(1, 13)
    ]
    assert "wrote" in told
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    assert root.tag == f"{SVG}svg"
    assert "h = 1e-5" in [e.text for e in root.iter(f"{SVG}text")]
    code, _, told = run(*arguments, "--plot", str(path))
    assert code == 2
    assert "--force" in told


def test_the_command_matlab_syntax_and_equal_seeds() -> None:
    arguments = ("sum(log(exp(-y.*(X*w)) + vector(1)))", "--syntax", "matlab", "--wrt", "w", "--method", "lecture")
    code, text, _ = run(*arguments, "--seed", "4")
    assert code == 0
    assert text == run(*arguments, "--seed", "4")[1]
    assert text != run(*arguments, "--seed", "5")[1]


def test_options_without_the_method() -> None:
    for extra in (["--entries", "x[0]"], ["--step", "1e-3"], ["--plot", "e.svg"]):
        code, _, told = run("x.T@x", *extra)
        assert code == 2
        assert "--method lecture" in told


# the figure -------------------------------------------------------------------------------------------------


def boxes(picture: str) -> list[tuple[str, float, float, float, float]]:
    """Where each level text stands: its words, left, top, right, bottom."""
    found = []
    for e in ET.fromstring(picture).iter(f"{SVG}text"):
        if e.get("transform"):
            continue
        size, x, y = (float(e.get(name, 0)) for name in ("font-size", "x", "y"))
        width = float(e.get("textLength", size * 0.6))
        left = x - {"middle": width / 2, "end": width}.get(e.get("text-anchor", ""), 0.0)
        found.append((e.text or "", left, y - 0.72 * size, left + width, y + 0.22 * size))
    return found


CHARTS = {
    "errors": chart(
        [Series("measured", [(10.0**-k, 10.0 ** (k - 16) + 10.0 ** (-2 * k)) for k in range(1, 13)], "dots"),
         Series("truncation", [(10.0**-k, 10.0 ** (-2 * k)) for k in range(1, 13)], "dashed")],
        "A title that is rather long, so long that it does not fit into a single line of the picture, and on it goes",
        "h", "error", log_x=True, log_y=True, mark=(1e-12, "the step at the very edge of the picture"),
    ),
    "losses": chart([Series(f"run {k} of several", [(i, 3 / (i + 1) + k) for i in range(50)]) for k in range(9)],
                    "Loss", "epoch", "J"),
    "large": chart([Series("big", [(0, -1.2e9), (7e12, 3.4e9)])], "T" * 300, "x" * 300, "y" * 300),
    "tiny": chart([Series("tiny", [(0, 1e-9), (1e-12, 2e-9)])], "Tiny", "x", "y"),
    "constant": chart([Series("c", [(1, 2.0), (2, 2.0)])], "Constant", "x", "y"),
    "one point": chart([Series("p", [(3.0, 0.0)], "dots")], "One point", "x", "y"),
    "nothing": chart([], "Nothing", "x", "y", log_x=True, log_y=True),
    "not finite": chart([Series("n", [(1, math.nan), (2, math.inf), (3, 0.0), (4, 1.0)])], "N", "x", "y", log_y=True),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_labels_do_not_overlap_and_stay_inside(name: str) -> None:
    placed = boxes(CHARTS[name])
    root = ET.fromstring(CHARTS[name])
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for i, (words, left, top, right, bottom) in enumerate(placed):
        assert -0.5 <= left <= right <= width + 0.5, words
        assert 0 <= top <= bottom <= height, words
        for other, left2, top2, right2, bottom2 in placed[:i]:
            apart = left >= right2 or left2 >= right or top >= bottom2 or top2 >= bottom
            assert apart, f"{words!r} and {other!r} overlap"


@pytest.mark.parametrize("name", CHARTS)
def test_curves_stay_inside_the_axes(name: str) -> None:
    root = ET.fromstring(CHARTS[name])
    grid = [e for e in root.iter(f"{SVG}line") if e.get("class") == "grid"]
    left, right = (f(float(e.get(k, 0)) for e in grid) for f, k in ((min, "x1"), (max, "x2")))
    top, bottom = (f(float(e.get(k, 0)) for e in grid) for f, k in ((min, "y1"), (max, "y2")))
    for group in root.iter(f"{SVG}g"):
        for path in group.iter(f"{SVG}path"):
            assert "nan" not in path.get("d", "")
            assert "inf" not in path.get("d", "")
            numbers = [float(t) for t in re.findall(r"-?\d+\.?\d*", path.get("d", ""))]
            assert all(left - 0.5 <= x <= right + 0.5 for x in numbers[::2])
            assert all(top - 0.5 <= y <= bottom + 0.5 for y in numbers[1::2])


def test_points_stand_where_their_values_are() -> None:
    root = ET.fromstring(chart([Series("s", [(1e-3, 1.0), (1e-2, 1e2), (1e-1, 1e4)], "dots")], "S", "x", "y",
                               log_x=True, log_y=True))  # fmt: skip
    circles = [circle for group in root.iter(f"{SVG}g") for circle in group.iter(f"{SVG}circle")]
    dots = [(float(circle.get("cx", 0)), float(circle.get("cy", 0))) for circle in circles]
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.02)
    ticks = {e.text: float(e.get("x", 0)) for e in root.iter(f"{SVG}text")
             if e.get("class") == "tick" and e.get("text-anchor") == "middle"}  # fmt: skip
    assert ticks["10⁻²"] == pytest.approx(x1, abs=0.02)


def test_hostile_names_are_text() -> None:
    hostile = "</svg><script>alert(1)</script>&\"'\x00\ud800]]>"
    picture = chart([Series(hostile, [(1, 1), (2, 2)])], hostile, hostile, hostile, mark=(1, hostile),
                    description=hostile)  # fmt: skip
    root = ET.fromstring(picture)
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in picture
    assert root.find(f"{SVG}title") is not None
    assert root.find(f"{SVG}desc") is not None
    assert "prefers-color-scheme" in picture


def test_a_style_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="dashed"):
        Series("s", [], "wavy")
