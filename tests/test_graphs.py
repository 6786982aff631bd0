"""Computation graphs: their numbers against differences, their drawings against overlaps."""

from __future__ import annotations

import os
import re
import shutil
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import differences
import numpy as np
import pytest
from commands import good, refused, run
from golden import EXAMPLES
from programs import Programs

import matcalc as mc
from matcalc.graphs import Graph, graph, read_point
from matcalc.graphs.picture import Drawing

LECTURE = "f = (x + y)*maximum(y, z); x, y, z: scalar"
AT = "x=1,y=2,z=0"
NET = "y: simplex(k)\nz = W1@x + b1\nh = relu(z)\np = softmax(W2@h + b2)\nJ = cross_entropy(y, p)"
RANDOM = range(60)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


def chain(count: int) -> str:
    """A program of some ``count`` gates in a row, each value used twice."""
    return "x: scalar\na0 = x\n" + "\n".join([f"a{i + 1} = a{i}*0.5 + sin(a{i})" for i in range(count // 3)])


def random_graph(seed: int) -> Graph:
    return graph(Programs(seed).program(3), seed=seed)


# ------------------------------------------------------------------------------------------------ numbers
def test_the_lecture_example() -> None:
    g = mc.graph(LECTURE, at={"x": 1, "y": 2, "z": 0})
    assert {n: float(v) for n, v in g.values.items()} == {"x": 1, "y": 2, "v1": 3, "z": 0, "v2": 2, "f": 6}
    assert {n: float(v) for n, v in g.gradients.items()} == {"x": 2, "y": 5, "v1": 2, "z": 0, "v2": 3, "f": 1}
    assert sorted(float(e.contribution) for e in g["y"].outputs) == [2, 3]
    assert {(e.source.name, e.target.name): e.local for e in g.edges}["y", "v2"] == 1


@pytest.mark.parametrize("seed", RANDOM)
def test_every_gradient_is_that_of_differences(seed: int) -> None:
    g = random_graph(seed)
    value = g.output.node
    inputs = {v.name: v.value for v in g.nodes if v.gate is None}
    for vertex in g.nodes:
        assert np.allclose(np.ravel(differences.evaluator(inputs, g.sizes)(vertex.node)), np.ravel(vertex.value))
        found = differences.derivative(value, vertex.node, inputs, g.sizes).reshape(np.shape(vertex.gradient))
        assert differences.close(vertex.gradient, found, 1e-6), (seed, vertex)


@pytest.mark.parametrize("seed", RANDOM)
def test_contributions_add_up_and_arguments_come_first(seed: int) -> None:
    g = random_graph(seed)
    for vertex in g.nodes[:-1]:
        total = sum(np.asarray(edge.contribution) for edge in vertex.outputs)
        assert np.allclose(total, vertex.gradient)
    for edge in g.edges:
        assert edge.source.index < edge.target.index
        if edge.local is not None:
            assert edge.local * edge.target.gradient == pytest.approx(edge.contribution)
    assert len({v.name for v in g.nodes}) == len(g)


@pytest.mark.parametrize("seed", range(25))
def test_formulas_have_the_values_of_the_numbers(seed: int) -> None:
    g = random_graph(seed)
    known = {v.name: v.value for v in g.nodes}
    known |= {f"delta_{v.name}": v.gradient for v in g.nodes}
    for vertex in g.nodes:
        if vertex.symbol is not None:
            formula = differences.evaluator(known, g.sizes)(vertex.symbol)
            assert np.allclose(formula.ravel(), np.ravel(vertex.gradient)), (seed, vertex)
    for edge in g.edges:
        if edge.symbol is not None:
            formula = differences.evaluator(known, g.sizes)(edge.symbol)
            assert np.allclose(formula.ravel(), np.ravel(edge.contribution)), (seed, edge)


def test_a_name_has_the_gradient_of_that_name_alone() -> None:
    g = graph("z = x*x; f = z + x*x; x: scalar", at="x=3")
    assert g["z"].op == "copy"
    assert (g["z"].gradient, g["x"].gradient) == (1.0, 12.0)
    plain = graph("z = x*x; f = z + z; x: scalar", at="x=3")
    assert [v.name for v in plain.nodes] == ["x", "z", "f"]


def test_transposes_belong_to_the_gate_that_uses_them() -> None:
    g = graph("b = A.T; s = sum(b@x) + x.T@A@x; A: matrix(n, n)", at={"A": [[1, 2], [3, 4]], "x": [1, -1]})
    assert [v.op for v in g.nodes if v.op == "T"] == ["T"]
    assert np.allclose(g["A"].gradient, [[2, 0], [-2, 0]])
    again = graph("b = A.T; s = sum(b@x) + sum(A.T@x)", at={"A": [[1, 2], [3, 4]], "x": [1, -1]})
    assert again["b"].gradient.tolist() == [[1, -1], [1, -1]]
    assert again["A"].gradient.tolist() == [[2, 2], [-2, -2]]


def test_a_structured_input_has_the_projected_gradient() -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    g = graph("S: symmetric(n); s = x.T@S@y", at={"S": a, "x": [1, 2], "y": [3, -1]})
    assert g["S"].gradient.tolist() == [[3, 2.5], [2.5, -2]]
    assert "projected on symmetric matrices" in g.table()


def test_wrt_marks_what_gradients_reach() -> None:
    g = graph(NET, wrt="W2", seed=3)
    assert "W1" not in g.gradients
    assert "z" not in g.gradients
    assert g["W2"].gradient.shape == g["W2"].value.shape


def test_unknown_functions_leave_formulas() -> None:
    g = graph("s = u.T @ f(W@x + b)")
    assert g.values == g.gradients == {}
    assert "there are no numbers" in g.notes[-1]
    assert "(u ⊙ f′(W x + b)) xᵀ" in g.table()
    assert "f′" not in graph("s = u.T @ f(W@x + b)", functions={"f": "tanh"}).table()


def test_defined_functions_are_opened() -> None:
    g = graph("f(t) = t*sigmoid(t); s = f(x); x: scalar", at="x=0")
    assert [v.op for v in g.nodes] == ["input", "sigmoid", "mul"]
    assert g["x"].gradient == 0.5


def test_a_value_that_is_no_scalar_has_no_gradients() -> None:
    g = graph("y = A@x", seed=1)
    assert g.gradients == {}
    assert any("no scalar" in note for note in g.notes)
    assert "formula gradient" not in g.svg()


def test_a_constant_program_is_a_graph_of_one() -> None:
    g = graph("f = 2 + 3")
    assert (len(g), g.values) == (1, {"f": 5.0})
    assert "5" in g.svg()


def test_same_seed_same_numbers() -> None:
    one, two, other = (graph(NET, seed=s) for s in (4, 4, 5))
    assert one.table() == two.table() != other.table()
    assert graph(NET, dims={"n": 6}).sizes["n"] == 6


# ------------------------------------------------------------------------------------------------- points
def test_points_are_read() -> None:
    assert read_point("x=[1, 2; 3, 4], t=-2e-1") == {"x": [[1.0, 2.0], [3.0, 4.0]], "t": -0.2}


def test_sizes_that_no_array_tells() -> None:
    program = "s = t*sum(x)/sum(ones(k)); t: scalar"
    with pytest.raises(mc.MatcalcError, match="does not tell the size of k"):
        graph(program, at="t=1,x=[1,2]")
    g = graph(program, at="t=1,x=[1,2]", dims={"k": 4})
    assert g.values["s"] == 0.75
    with pytest.raises(mc.ShapeError, match="which is 5 already"):
        graph("s = sum(x)*t; t: scalar; x: vector(n)", at="t=1,x=[1,2]", dims={"n": 5})


def test_points_from_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "at.npz", x=np.array([[1.0], [2.0]]), A=np.eye(2))
    g = graph("s = x.T@A@x", at=str(tmp_path / "at.npz"))
    assert g["x"].gradient.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("program", "at", "words"),
    [
        (LECTURE, "x=1,y=2", "the point says nothing of z"),
        (LECTURE, "x=1,y=2,z=0,w=3", "the program has no input w"),
        (LECTURE, "x=1,y=two,z=0", "that is no number"),
        (LECTURE, "x=1,x=2", "twice"),
        (LECTURE, "x", "takes name=number"),
        (LECTURE, "x=nan,y=1,z=2", "no finite number"),
        (LECTURE, "nowhere.npz", "cannot read nowhere.npz"),
        ("s = A@x; A: matrix(n, 2)", "A=[1,2;3,4;5,6],x=[1,2,3]", "x has 3 where the program says 2"),
        ("s = x.T@A@x", "A=[1,2;3,4],x=[1,2,3]", "which is"),
        ("s = x.T@y", "x=[1,2],y=[1;2;3]", "n"),
        ("s = logdet(A)", "A=[1,2,3]", "the point gives an array of shape (3,)"),
        ("s = sum(inv(A))", "A=[1,2;2,4]", "has no value at this point"),
    ],
)
def test_points_that_do_not_fit(program: str, at: str, words: str) -> None:
    with pytest.raises(mc.MatcalcError, match=re.escape(words)):
        graph(program, at=at)


# ----------------------------------------------------------------------------------------------- drawings
def drawings() -> list[tuple[str, Graph, str]]:
    """Programs of all kinds, each in one of the ways of showing it."""
    found = []
    for path in sorted(EXAMPLES.glob("*.mc")):
        found.append((path.name, graph(path.read_text(encoding="utf-8")), "formulas"))
    for seed in range(36):
        found.append((f"random {seed}", random_graph(seed), ("numbers", "both", "formulas")[seed % 3]))
    entries = "K = {i, j: exp(-sum(k: (X[i, k] - Y[j, k])**2))}; s = sum(K)"
    found.append(("entries", graph(entries, seed=1), "both"))
    found.append(("lecture", graph(LECTURE, at=AT), "numbers"))
    found.append(("fan-out", graph("f = x*a + sin(x) + x**2 + exp(x) - x/a; x, a: scalar", seed=1), "both"))
    found.append(("net", graph(NET, seed=1), "both"))
    return found


def drawn(g: Graph, show: str) -> tuple[Drawing, ET.Element]:
    drawing = Drawing(g, show)
    return drawing, ET.fromstring(drawing.svg("en"))


def test_nothing_stands_on_anything_else() -> None:
    shown = drawings()
    assert len(shown) >= 40
    for name, g, show in shown:
        drawing, root = drawn(g, show)
        wide, high = float(root.get("width", 0)), float(root.get("height", 0))
        for what, left, top, right, bottom in drawing.rectangles:
            assert left >= 0, (name, what)
            assert top >= 0, (name, what)
            assert right <= wide, (name, what)
            assert bottom <= high, (name, what)
        for (a, *one), (b, *other) in combinations(drawing.rectangles, 2):
            apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
            assert apart, (name, a, b)


def on_the_way(path: str) -> list[tuple[float, float]]:
    """Points of a wire."""
    points: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MLHC])([^MLHC]*)", path):
        given = [float(n) for n in numbers.split()]
        if command == "C":
            x, y = points[-1]
            ends = [(x, y), *zip(given[::2], given[1::2], strict=True)]
            for t in np.linspace(0, 1, 24):
                weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
                points.append(tuple(sum(w * e[k] for w, e in zip(weights, ends, strict=True)) for k in (0, 1)))
            continue
        to = (given[0], points[-1][1]) if command == "H" else (given[0], given[1])
        start = points[-1] if points else to
        points += [tuple(start[k] + t * (to[k] - start[k]) for k in (0, 1)) for t in np.linspace(0, 1, 12)]
    return points


def test_no_wire_runs_through_what_is_written() -> None:
    for name, g, show in drawings():
        drawing, root = drawn(g, show)
        wires = [e.get("d", "") for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("class") == "wire"]
        assert len(wires) == len(g.edges) + len(g.nodes)
        for wire in wires:
            for x, y in on_the_way(wire):
                for what, left, top, right, bottom in drawing.rectangles:
                    inside = left + 1 < x < right - 1 and top + 1 < y < bottom - 1
                    assert not inside, (name, what, wire)


def test_a_drawing_is_a_file_for_itself() -> None:
    text = graph('s = sum(W@x) + a*b; a, b: scalar', seed=1).svg()
    root = ET.fromstring(text)
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names[:2] == ["title", "desc"]
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"<script|href|url\(|@import|font-face", text)
    assert graph(LECTURE, at=AT)._repr_svg_() == graph(LECTURE, at=AT).svg()


def test_the_picture_of_the_documents_is_what_is_drawn() -> None:
    """`matcalc graph examples/two_layer.mc -o docs/two_layer.svg --force` draws it anew."""
    drawn_now = graph((EXAMPLES / "two_layer.mc").read_text(encoding="utf-8")).svg()
    assert (EXAMPLES.parent / "docs" / "two_layer.svg").read_text(encoding="utf-8") == drawn_now


def test_large_graphs_are_data_and_no_drawing() -> None:
    g = graph(chain(2000), at="x=0.3")
    assert len(g) >= 1990
    assert len(g.edges) <= 2 * len(g)
    with pytest.raises(mc.LimitError, match=r"150 that are drawn.*--limit"):
        g.svg()
    assert g._repr_svg_() is None
    assert g.table().count("\n") > 2000
    by_hand, slope = 0.3, 1.0
    for _ in range(2000 // 3):
        by_hand, slope = by_hand * 0.5 + np.sin(by_hand), slope * (0.5 + np.cos(by_hand))
    assert g["x"].gradient == pytest.approx(slope)
    assert len(graph(chain(90), at="x=0.3").svg(limit=100)) > 1000


def test_other_languages_of_graphs() -> None:
    g = graph(LECTURE, at=AT)
    dot, mermaid = g.dot(), g.mermaid()
    assert 'n1 -> n2 [label="2"];' in dot
    assert dot.count("->") == mermaid.count("-->") == len(g.edges)
    assert all(line.count('"') % 2 == 0 for line in dot.splitlines())
    assert "× 交换" in g.table(lang="zh")
    with pytest.raises(mc.UnsupportedError, match="language"):
        g.table(lang="tlh")
    with pytest.raises(mc.UnsupportedError, match="does not show"):
        g.svg(show="everything")


# ------------------------------------------------------------------------------------------- command line
def test_the_command_writes_by_the_name_of_the_file(tmp_path: Path) -> None:
    for ending, words in (("svg", "<svg"), ("dot", "digraph"), ("mmd", "flowchart"), ("txt", "node")):
        path = tmp_path / f"g.{ending}"
        assert run("graph", LECTURE, "--at", AT, "-o", str(path)).exit_code == 0
        assert path.read_text(encoding="utf-8").startswith(words)
        assert "it exists" in refused("graph", LECTURE, "--at", AT, "-o", str(path))
        assert run("graph", LECTURE, "--at", AT, "-o", str(path), "--force").exit_code == 0
    assert "no graph is written as .png" in refused("graph", LECTURE, "--at", AT, "-o", "g.png")
    assert "5 = 2 + 3" in good("graph", LECTURE, "--at", AT)
    assert "--limit" in refused("graph", chain(600), "--format", "svg", "--at", "x=1")


# ---------------------------------------------------------------------------------------------- a browser
def browser_missing() -> str:
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is not installed"
    return "" if CHROMIUM else "there is no Chromium"


def test_a_browser_draws_what_was_measured(tmp_path: Path) -> None:
    """Every label fills the width that was reserved for it, with the fonts that the browser finds, light and dark."""
    missing = browser_missing()
    if missing and not os.environ.get("MATCALC_CI"):
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    path = tmp_path / "net.svg"
    path.write_text(graph(NET, seed=1).svg(show="both"), encoding="utf-8")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        colours = set()
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)
            page.goto(path.as_uri())
            colours.add(page.evaluate("getComputedStyle(document.querySelector('.paper')).fill"))
            sizes = page.evaluate(
                "[...document.querySelectorAll('text')]"
                ".map(t => [t.getComputedTextLength(), t.textLength.baseVal.value, t.textContent])"
            )
            page.close()
        browser.close()
    assert len(colours) == 2
    assert len(sizes) > 50
    assert all(abs(drawn - told) < 0.5 for drawn, told, _ in sizes), sizes
