"""Boards read as on a lecturer's board, in both languages, in text and LaTeX, from Python and the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from commands import good, refused
from test_steps import PROGRAMS

import matcalc as mc
from matcalc.steps.step import LEVELS, POLICIES, STYLES

WINDOW = "s = u.T @ f(W@x + b)"
WAYS = list(product(LEVELS, POLICIES, STYLES))


def block(text: str, heading: str) -> list[str]:
    """The lines below a heading, without the blanks that align them."""
    (found,) = [part for part in text.split("\n\n") if part.startswith(heading)]
    return [" ".join(line.split()) for line in found.splitlines()[1:]]


def test_full_steps_tell_why_there_is_an_outer_product() -> None:
    shown = mc.derive(WINDOW, ["W", "b"]).explain(level="full")
    assert block(shown, "z = W x + b")[1:6] == [
        "δ = ∂s/∂z = u ⊙ f′(z) n, the error signal",
        "dz = dW x as W varies",
        "∂z_i/∂W_ij = x_j ∂z_k/∂W_ij = 0 unless k = i",
        "∂s/∂W_ij = Σ_k (∂s/∂z_k)(∂z_k/∂W_ij) = δ_i x_j chain rule, summed over k",
        "∂s/∂W = δ xᵀ (n×1)(1×d) = n×d",
    ]


def test_jacobians_are_rows_until_the_end() -> None:
    shown = mc.derive(WINDOW, ["W", "b"]).explain(policy="jacobian")
    assert "∂s/∂z = uᵀ diag(f′(z)) = (u ⊙ f′(z))ᵀ 1×n" in block(shown, "h = f(z)")
    assert "∂s/∂b = δ Iₙ = δ 1×n, δ already computed" in block(shown, "z = W x + b")
    assert block(shown, "The result, reshaped")[0] == "∂s/∂W = (x δ)ᵀ = δᵀ xᵀ = (u ⊙ f′(W x + b)) xᵀ n×d"
    kept = mc.derive(WINDOW, "b", layout="numerator").explain(policy="jacobian")
    assert block(kept, "The result") == ["∂s/∂b = δ = (u ⊙ f′(W x + b))ᵀ 1×n, in numerator layout"]


def test_differentials_end_where_the_gradient_is_read_off() -> None:
    shown = mc.derive(WINDOW, ["W", "b"]).explain(style="differential")
    assert block(shown, "∂s/∂W: only W varies")[3:] == [
        "ds = uᵀ dh product rule",
        "= uᵀ (f′(z) ⊙ dz) elementwise function",
        "= (u ⊙ f′(z))ᵀ dz collected",
        "δ = ∂s/∂z = u ⊙ f′(z) n, the error signal",
        "ds = δᵀ dW x sum, product rule",
        "= tr(x δᵀ dW) = tr((δ xᵀ)ᵀ dW) a scalar is its own trace; the trace is cyclic",
        "∂s/∂W = δ xᵀ n×d, read off ds = tr(Gᵀ dW)",
    ]
    assert block(shown, "∂s/∂b: only b varies")[0] == "ds = δᵀ dz as before"


def test_what_was_derived_for_a_piece_is_not_derived_again_for_its_variables() -> None:
    shown = mc.derive("z = W@x; s = u.T@f(z)", ["z", "W"]).explain(style="differential")
    assert block(shown, "∂s/∂W: only W varies")[:3] == [
        "δ = ∂s/∂z = u ⊙ f′(z) n, the error signal",
        "ds = δᵀ dz as before",
        "= δᵀ dW x product rule",
    ]


def test_named_pieces_read_as_those_without_names() -> None:
    named = mc.derive("z = W@x + b; h = f(z); s = u.T@h", ["W", "b"]).explain()
    plain = mc.derive(WINDOW, ["W", "b"]).explain()
    assert named.split("\n\n")[:-1] == plain.split("\n\n")[:-1]


def test_side_conditions_are_told_where_they_are_used() -> None:
    softmax = "y: simplex(n); p = softmax(W@x); J = -y.T@log(p)"
    assert "the entries of y sum to one, which is used here" in mc.derive(softmax, "W").explain(level="full")
    assert "sum to one" not in mc.derive(softmax.replace("simplex", "vector"), "W").explain(level="full")
    assert "condition (log-determinant): Z invertible" in mc.derive("logdet(A@X)", "X").explain(level="full")
    assert "condition (derivative of log): z > 0" in mc.derive("sum(log(A@x))", "x").explain(level="full")
    assert "此处用到 y 的元素之和为 1" in mc.derive(softmax, "W").explain(level="full", lang="zh")
    assert "条件（对数行列式）：Z 可逆" in mc.derive("logdet(A@X)", "X").explain(level="full", lang="zh")


@pytest.mark.parametrize(("level", "policy", "style"), WAYS)
def test_no_english_is_left_in_chinese_steps(level: str, policy: str, style: str) -> None:
    sources = ("Matrix", "Cookbook", "Magnus", "Neudecker", "Abramowitz", "Stegun", "Boyd", "Bridle", "Vandenberghe")
    for source, wrt in PROGRAMS:
        d = mc.derive(source, wrt)
        texts = [d.explain(level=level, policy=policy, style=style, lang=lang) for lang in ("en", "zh")]
        for line in texts[1].splitlines():
            words = line.split("]")[-1].split("  ")[-1] if line.startswith("  ") else ""
            assert "already" not in words
            assert "used" not in words
        english, chinese = (
            [part for line in text.splitlines() for part in line.split() if part.isalpha() and len(part) > 3]
            for text in texts
        )
        left = {word for word in chinese if word.isascii()} & set(english)
        known = {*sources, "tanh", "softmax", "logistic", "sigmoid"}
        assert not {word for word in left if word not in known and word.islower() and word not in source}, left


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_of_all_ways_compiles(tmp_path: Path) -> None:
    bodies = [
        mc.derive(source, wrt).explain(level=level, policy=policy, style=style, format="latex")
        for level, policy, style in WAYS
        for source, wrt in PROGRAMS
    ]
    bodies.append(mc.derive("norm(A@x - b)**2", "x", order=2).explain(style="differential", format="latex"))
    head = [r"\documentclass{article}", r"\usepackage{amsmath,amssymb}", r"\allowdisplaybreaks", r"\begin{document}"]
    (tmp_path / "steps.tex").write_text("\n".join([*head, *bodies, r"\end{document}"]), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "steps.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_math_core_reads_every_formula(lang: str) -> None:
    converter = pytest.importorskip("math_core").LatexToMathML()
    for level, policy, style in WAYS:
        for source, wrt in PROGRAMS[:12]:
            shown = mc.derive(source, wrt).explain(level=level, policy=policy, style=style, lang=lang, format="latex")
            for part in shown.split(r"\begin{align*}")[1:]:
                body = part.split(r"\end{align*}")[0]
                assert converter.convert_with_local_state(rf"\begin{{align*}}{body}\end{{align*}}", displaystyle=True)


def test_unknown_ways_are_refused() -> None:
    d = mc.derive(WINDOW, "W")
    for wrong in ({"level": "long"}, {"policy": "row"}, {"style": "index"}, {"lang": "fr"}, {"format": "html"}):
        with pytest.raises(mc.UnsupportedError, match=r"there (is|are) no"):
            d.explain(**wrong)


def test_json_has_the_lines_of_the_board() -> None:
    (first, *_) = json.loads(mc.derive(WINDOW, "W").explain(format="json", lang="zh"))
    assert first["heading"] == "把公式拆成简单的几步"
    assert first["lines"][0]["left"] == "z"
    assert first["lines"][0]["right"] == ["W x + b"]
    data = json.loads(good("derive", WINDOW, "--wrt", "W", "--steps", "full", "--format", "json", "--lang", "zh"))
    assert data["board"][1]["lines"]
    assert "乘积法则" in {law["name"] for step in data["steps"] for law in step["laws"]}


def test_steps_stands_alone_or_with_a_level_wherever_the_program_is() -> None:
    brief = good("derive", WINDOW, "--wrt", "W", "--steps")
    assert brief == good("derive", WINDOW, "--steps", "--wrt", "W")
    assert brief == good("derive", "--steps", WINDOW, "--wrt", "W")
    assert brief == good("derive", "--steps", "brief", WINDOW, "--wrt", "W")
    assert brief == good("derive", "--steps=brief", "--wrt", "W", "--", WINDOW)
    full = good("derive", WINDOW, "--wrt", "W", "--steps", "full")
    assert full != brief
    assert full == good("derive", "--steps", "full", WINDOW, "--wrt", "W")
    assert full == good("derive", "--steps=full", WINDOW, "--wrt", "W")
    assert refused("derive", WINDOW, "--steps=long")
    assert "--steps takes brief or full, not long" in refused("derive", WINDOW, "--steps", "long")


def test_a_style_or_a_policy_asks_for_steps() -> None:
    asked = good("derive", WINDOW, "--wrt", "W", "--style", "differential")
    assert asked == good("derive", WINDOW, "--wrt", "W", "--steps", "--style", "differential")
    assert "reshaped at the end" in good("derive", WINDOW, "--wrt", "W", "--policy", "jacobian")
    assert r"\operatorname{tr}" in good("latex", WINDOW, "--wrt", "W", "--style", "differential")


def test_the_language_is_an_option_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = good("derive", WINDOW, "--wrt", "W", "--steps", "--lang", "zh")
    assert "乘积法则" in asked
    assert "其中 u: n" in asked
    assert r"\text{（误差信号）}" in good("latex", WINDOW, "--wrt", "W", "--steps", "--lang", "zh")
    monkeypatch.setenv("MATCALC_LANG", "zh")
    assert asked == good("derive", WINDOW, "--wrt", "W", "--steps")
    assert "The result" in good("derive", WINDOW, "--wrt", "W", "--steps", "--lang", "en")
    monkeypatch.setenv("MATCALC_LANG", "fr")
    assert refused("derive", WINDOW)


def test_a_chinese_document_has_a_class_that_sets_it() -> None:
    shown = good("latex", WINDOW, "--wrt", "W", "--steps", "--standalone", "--lang", "zh")
    assert shown.startswith(r"\documentclass{ctexart}")
    assert good("latex", WINDOW, "--wrt", "W", "--standalone").startswith(r"\documentclass{article}")


def test_steps_of_the_other_syntax_are_the_same() -> None:
    matlab = good("derive", "norm2(A*x - y)^2", "--syntax", "matlab", "--wrt", "x", "--steps", "full")
    numpy = good("derive", "norm(A@x - y)**2", "--wrt", "x", "--steps", "full")
    assert matlab == numpy


def test_chinese_columns_are_aligned_as_a_terminal_shows_them() -> None:
    shown = mc.derive(WINDOW, ["W", "b"]).explain(lang="zh")
    lines = [line for line in block(shown, "z = W x + b") if "误差信号" in line]
    assert lines == ["δ = ∂s/∂z = u ⊙ f′(z) n，误差信号"]
