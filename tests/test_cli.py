"""The commands: what they print, where, and how they end."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import WINDOW, good, refused, run

import matcalc as mc
from matcalc.cli.group import COMMANDS


def test_derivatives_for_people_with_all_shapes() -> None:
    result = run("derive", WINDOW)
    assert result.exit_code == 0
    assert result.stdout == (
        "∂s/∂u = f(W x + b)             (n)\n"
        "∂s/∂W = (u ⊙ f′(W x + b)) xᵀ   (n×d)\n"
        "∂s/∂x = Wᵀ (u ⊙ f′(W x + b))   (d)\n"
        "∂s/∂b = u ⊙ f′(W x + b)        (n)\n"
        "where u: n, W: n×d, x: d, b: n, s: scalar\n"
    )
    assert re.fullmatch(r"checked: 4 derivatives at 3 points, max error \de-1\d \(complex step\)\n", result.stderr)


def test_no_check_says_nothing() -> None:
    result = run("derive", WINDOW, "--no-check")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "wrt", [["--wrt", "u", "--wrt", "W"], ["--wrt", "u,W"], ["--wrt=u, W"], ["--wrt", "W,u", "--wrt", "u"]]
)
def test_variables_repeated_or_with_commas(wrt: list[str]) -> None:
    lines = good("derive", WINDOW, *wrt, "--no-check").splitlines()
    assert {line[:5] for line in lines} == {"∂s/∂u", "∂s/∂W", "where"}


def test_a_single_formula_stands_alone_and_several_have_names() -> None:
    assert good("derive", WINDOW, "--wrt", "W", "--format", "source") == "(u*f'(W@x + b))@x.T\n"
    assert good("derive", WINDOW, "--wrt", "W,u", "--format", "source") == "W = (u*f'(W@x + b))@x.T\nu = f(W@x + b)\n"
    assert good("derive", "x.T@A@x", "--wrt", "x", "--order", "2", "--format", "source") == (
        "x = (A + A.T)@x\nx,x = A + A.T\n"
    )


@pytest.mark.parametrize("form", ["source", "latex", "indices"])
def test_formats_are_the_writings_of_results(form: str) -> None:
    expected = getattr(mc.derive(WINDOW, "W")["W"], form)()
    assert good("derive", WINDOW, "--wrt", "W", "--format", form) == f"{expected}\n"


def test_json_has_the_schema() -> None:
    data = json.loads(good("derive", WINDOW, "--wrt", "W,b", "--format", "json"))
    assert list(data) == ["value", "shapes", "derivatives", "steps"]
    assert data["value"]["source"] == "u.T@f(W@x + b)"
    assert data["shapes"] == {"u": ["n"], "W": ["n", "d"], "x": ["d"], "b": ["n"], "s": []}
    assert [one["wrt"] for one in data["derivatives"]] == ["W", "b"]
    first = data["derivatives"][0]
    assert set(first) >= {"wrt", "of", "order", "layout", "structure", "shape", "text", "source", "latex", "indices"}
    assert (first["of"], first["order"], first["layout"], first["shape"]) == ("s", 1, "shape", ["n", "d"])
    assert first["text"] == "(u ⊙ f′(W x + b)) xᵀ"
    assert isinstance(data["steps"], list)
    assert data["steps"]


def test_json_of_second_derivatives_names_pairs() -> None:
    data = json.loads(good("derive", "x.T@A@x", "--wrt", "x", "--order", "2", "--format", "json"))
    assert [(one["wrt"], one["order"]) for one in data["derivatives"]] == [("x", 1), (["x", "x"], 2)]


def test_python_is_the_module_that_code_prints() -> None:
    module = good("derive", WINDOW, "--let", "f=tanh", "--format", "python")
    assert module == good("code", WINDOW, "--let", "f=tanh")
    assert module.endswith("\n")
    assert not module.endswith("\n\n")


def test_layouts_say_what_they_transpose() -> None:
    def last(source: str, *options: str) -> str:
        return good("derive", source, *options, "--no-check").rstrip().rpartition("\n")[2]

    assert last("s = x.T@x", "--layout", "numerator").startswith("in numerator layout: the derivative of a scalar is a")
    assert last("s = x.T@x", "--layout", "denominator") == "in denominator layout, which transposes nothing here"
    assert "rows are for the variable" in last("y = A@x", "--wrt", "x", "--layout", "denominator")
    assert "layout" not in last("s = x.T@x")
    mixed = last("y = x*t; t: scalar", "--wrt", "x,t", "--layout", "denominator")
    assert mixed.startswith("in denominator layout: rows")
    symmetric = last("A: symmetric(n); s = x.T@A@x", "--wrt", "A")
    assert symmetric == "by A (symmetric): the gradient in the space of symmetric matrices"
    assert "free entries" in last("A: symmetric(n); s = x.T@A@x", "--wrt", "A", "--structure", "entries")


def test_an_earlier_value_and_an_intermediate_variable() -> None:
    program = "z = W@x; s = z.T@z; t = 2*s"
    assert good("derive", program, "--of", "s", "--wrt", "z", "--format", "source") == "2*z\n"


def test_structure_chooses_what_a_symmetric_derivative_means() -> None:
    program = "S: symmetric(n); S[0, 1]"
    formulas = {
        kind: good("derive", program, "--wrt", "S", "--format", "source", "--structure", kind)
        for kind in ("projection", "entries")
    }
    assert formulas["projection"] != formulas["entries"]


def test_expand_writes_in_inputs_alone() -> None:
    program = "z = W@x; s = z.T@z"
    assert good("derive", program, "--wrt", "x", "--format", "source") == "2*W.T@z\n"
    assert "z" not in good("derive", program, "--wrt", "x", "--format", "source", "--expand")


def test_steps_end_with_the_results() -> None:
    shown = good("derive", WINDOW, "--wrt", "W", "--steps")
    before, _, after = shown.rpartition("\n\n")
    assert "elementwise function: d(f(X)) = f'(X) * dX" in before
    assert after.splitlines()[1:] == [
        "  ∂s/∂W = δ xᵀ = (u ⊙ f′(W x + b)) xᵀ   n×d",
        "where u: n, W: n×d, x: d, b: n, s: scalar",
    ]
    assert "\\begin{align*}" in good("derive", WINDOW, "--wrt", "W", "--steps", "--format", "latex")
    assert "steps are shown in" in refused("derive", WINDOW, "--steps", "--format", "source")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["-x.T@x", "--wrt", "x"], "-2*x"),
        (["--wrt", "x", "-x.T@x"], "-2*x"),
        (["--wrt", "alpha", "-alpha"], "-1"),
        (["--wrt", "x", "--format", "source", "--", "-x.T@x"], "-2*x"),
        (["--wrt", "x", "--x.T@x"], "2*x"),
        (["-o@x", "--wrt", "x"], None),
    ],
)
def test_formulas_may_begin_with_a_minus(args: list[str], expected: str | None) -> None:
    if expected is None:
        assert "o @ x" in refused("derive", *args) or "-o @ x" in refused("derive", *args)
        return
    assert good("derive", "--no-check", "--format", "source", *args) == f"{expected}\n"


def test_notes_go_to_standard_error() -> None:
    result = run("derive", "relux(x).T@x", "--wrt", "x")
    assert result.exit_code == 0
    assert "note: relux is taken as an unknown elementwise function" in result.stderr
    assert "note" not in result.stdout


def test_a_variable_that_does_not_occur() -> None:
    result = run("derive", "y: vector(n); x.T@x", "--wrt", "y")
    assert "does not depend on y" in result.stderr
    assert "(n)" in result.stdout


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["derive"], "missing argument 'SOURCE'"),
        (["derive", "x.T@x", "--lyout", "shape"], "there is no option --lyout; did you mean --layout?"),
        (["derive", "x.T@x", "--zzz"], "there is no option --zzz"),
        (["derive", "x.T@x", "-w", "x"], "there is no option -w"),
        (["derive", "x.T@x", "y.T@y"], "one argument is expected"),
        (["derive", "x.T@x", "--wrt"], "option --wrt needs a value"),
        (["derive", "x.T@x", "--layout", "shpe"], "shpe"),
        (["derive", "x.T@x", "--order", "3"], "3"),
        (["derive", "x.T@x", "--format", "xml"], "xml"),
        (["derive", "x.T@x", "--syntax", "maple"], "maple"),
        (["derive", "x.T@x", "--wrt", "q"], "no name q"),
        (["derive", "x.T@x", "--wrt", "x+y"], "one differentiates by a name"),
        (["derive", "x.T@x", "--of", "q"], "q"),
        (["derive", WINDOW, "--let", "f=tahn"], "did you mean tanh?"),
        (["derive", WINDOW, "--let", "g=tanh"], "unknown function g"),
        (["derive", WINDOW, "--let", "tanh"], "--let takes name=value"),
        (["derive", WINDOW, "--let", "f=tanh", "--let", "f=exp"], "twice"),
        (["derive", ""], "empty"),
        (["derive", "u.T @"], "line 1, column 6"),
        (["derive", "x@x"], "did you mean x.T @ x"),
        (["dervie", "x.T@x"], "did you mean derive?"),
        (["x.T@x"], "there is no command"),
        (["check", "x.T@x", "--dims", "n=0"], "a dimension is a number from 1"),
        (["check", "x.T@x", "--dims", "n=1000000000"], "a dimension is a number from 1"),
        (["check", "x.T@x", "--dims", "n=x"], "a dimension is a number from 1"),
        (["check", "x.T@x", "--dims", "m=3"], "no dimension m; there is n"),
        (["check", "x.T@x", "--seed", "-1"], "-1"),
        (["check", "x.T@x", "--claim", "2*x"], "NAME = FORMULA"),
        (["check", "x.T@x", "--claim", "q = 2*x"], "no name q"),
        (["check", "x.T@x", "--claim", "x = 2*x", "--claim", "x = x"], "two claims about x"),
        (["check", "x.T@x", "--claim", "x = 2*"], "expected"), (["check", "x.T@x", "--claim", ";"], "NAME = FORMULA"),
        (["check", "x.T@x", "--claim", "x = 2*x;; x = x"], "two claims about x"),
        (["code", "x.T@x", "--target", "fortran"], "fortran"),
        (["rules", "no_such_law"], "no_such_law"),
    ],
)
def test_wrong_input_is_told(args: list[str], part: str) -> None:
    assert part in refused(*args)


def test_a_caret_stands_under_the_place() -> None:
    lines = refused("derive", "s = u.T @ f(W@x + b").splitlines()
    assert lines[-1].index("^") - 4 <= len("s = u.T @ f(W@x + b")
    assert lines[-2] == "    s = u.T @ f(W@x + b"


def test_what_a_terminal_would_obey_is_shown_not_sent() -> None:
    told = refused("derive", "x.T@x", "--wrt", "\x1b[2J\u202e")
    assert "\x1b" not in told
    assert "\u202e" not in told


def planted(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """A derivation whose gradient is another one's."""
    from matcalc.cli import derive as command
    from matcalc.derivation import Derivation

    original = command.derivation_of

    def derivation_of(source: str, *args: Any, **options: Any) -> Derivation:
        found, other = original(source, *args, **options), original(wrong, *args, **options)
        found.gradients.update(other.gradients)
        return found

    monkeypatch.setattr(command, "derivation_of", derivation_of)


def test_a_wrong_derivative_is_told_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, "x.T@A@x + 1e-3*x.T@x")
    result = run("derive", "x.T@A@x", "--wrt", "x")
    assert result.exit_code == 1
    assert "CHECK FAILED: x: wrong" in result.stderr
    assert "is WRONG" in result.stderr
    assert "checked:" not in result.stderr


def test_a_wrong_second_derivative_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc.cli import derive as command

    original = command.derivation_of

    def derivation_of(source: str, *args: Any, **options: Any) -> mc.Derivation:
        found = original(source, *args, **options)
        found.gradients["x", "x"] = mc.derive("x.T@A@x", "x")["x"].program.names["A"]
        return found

    monkeypatch.setattr(command, "derivation_of", derivation_of)
    assert run("derive", "x.T@A@x", "--wrt", "x", "--order", "2").exit_code == 1


def test_second_derivatives_are_checked_and_counted() -> None:
    assert "checked: 2 derivatives" in run("derive", "sum(exp(x)*y)", "--wrt", "x", "--order", "2").stderr


def test_check_tells_each_gradient() -> None:
    shown = good("check", WINDOW, "--wrt", "W,b", "--dims", "n=4,d=3", "--seed", "5").splitlines()
    assert shown[0].split() == ["variable", "gradient", "max", "error", "points", "method"]
    assert [line.split()[:2] for line in shown[1:]] == [["W", "right"], ["b", "right"]]


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("W = outer(u*f'(z), x)", "right"),
        ("W = -outer(u*f'(z), x)", "sign"),
        ("W = 2*outer(u*f'(z), x)", "factor"),
        ("W = outer(x, u*f'(z))", "transpose"),
        ("W = u*f'(z)", "shape"),
    ],
)
def test_claims_are_judged(claim: str, word: str) -> None:
    result = run("check", "z = W@x + b; s = u.T@f(z)", "--claim", claim)
    assert result.exit_code == (0 if word == "right" else 1)
    last = result.stdout.splitlines()[-1]
    assert last.startswith("W: ")
    assert word in last


def test_several_claims_are_separated_by_semicolons() -> None:
    shown = good("check", "x.T@y", "--claim", "x = y; y = x;").splitlines()
    assert [line.split(": ")[0] for line in shown[-2:]] == ["x", "y"]
    shown = good("check", "s = sum([x; y])", "--claim", "x = ones(n); y = [ones(1); ones(m)][1:m+1]").splitlines()
    assert all("is right" in line for line in shown[-2:])


def test_a_wrong_gradient_makes_check_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc.cli import check as command

    original = command.derivation_of

    def derivation_of(source: str, *args: Any, **options: Any) -> mc.Derivation:
        found = original(source, *args, **options)
        found.gradients["x"] = found.program.names["x"]
        return found

    monkeypatch.setattr(command, "derivation_of", derivation_of)
    result = run("check", "x.T@x")
    assert result.exit_code == 1
    assert "WRONG" in result.stdout


def test_a_proof_on_matrices_of_symbols() -> None:
    shown = good("check", "x.T@A@x", "--exact")
    assert re.search(r"^x: .*proved", shown, re.MULTILINE)
    assert re.search(r"^A: .*proved", shown, re.MULTILINE)


def test_latex_is_an_alignment_or_a_document() -> None:
    fragment = good("latex", WINDOW, "--wrt", "W")
    assert fragment.startswith("\\begin{align*}\ns &= u^\\top")
    assert r"\frac{\partial s}{\partial W} &= " in fragment
    document = good("latex", WINDOW, "--wrt", "W", "--standalone")
    assert document.startswith("\\documentclass")
    assert fragment in document


def test_rules_are_listed_and_found() -> None:
    every = good("rules")
    assert "d(inv(X)) = -y @ dX @ y" in every
    one = good("rules", "inv")
    assert "d(inv(X)) = -y @ dX @ y" in one
    assert "softmax" not in one


@pytest.mark.parametrize("command", list(COMMANDS))
def test_help_of_every_command_has_examples_that_run(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = good(command, "--help")
    examples = re.findall(rf"^ *matcalc ({command} .*|{command})$", shown, re.MULTILINE)
    assert examples
    (tmp_path / "examples").symlink_to(Path(__file__).parent.parent / "examples")
    monkeypatch.chdir(tmp_path)
    for example in examples:
        words = shlex.split(example.split(" && ")[0].split(" > ")[0])
        if words[-1].endswith(".pdf") and shutil.which("pdflatex") is None and "MATCALC_CI" not in os.environ:
            continue  # the other examples of the command run
        assert run(*words).exit_code == 0, example


def test_without_a_word_the_help_is_shown() -> None:
    assert good() == good("--help") == good("-h")
    for command, sentence in COMMANDS.items():
        assert command in good()
        assert sentence.split()[0] in good()


def test_version() -> None:
    assert good("--version") == f"matcalc {mc.__version__}\n"


def test_a_bug_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from matcalc.cli import derive as command

    def fails(*args: object, **options: object) -> None:
        raise ZeroDivisionError("not this")

    monkeypatch.setattr(command, "derivation_of", fails)
    result = run("derive", "x.T@x")
    assert result.exit_code == 70
    assert "this is a bug" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("check", "s = 3"), "nothing to check"),
        (("check", "s = x[7]", "--dims", "n=3"), "n = 3 is too small"),
        (("graph", "s = x[7]", "--dims", "n=3"), "n >= 8"),
        (("graph", "s = x[7]", "--at", "x=[1;2]"), "n >= 8"),
    ],
)
def test_what_cannot_be_checked_or_drawn(args: tuple[str, ...], words: str) -> None:
    assert words in refused(*args)


def test_a_stack_of_one_block_is_that_block() -> None:
    value, gradients = mc.compile("y = [2*t]; t: scalar", "t")(t=3.0)
    assert (np.shape(value), np.shape(gradients["t"]), float(value), float(gradients["t"])) == ((), (), 6, 2)
    assert mc.derive("y = [2*t]*x; t: scalar", "x")["x"].source() == "2*t*eye(n)"
    assert mc.check("x: vector(1); y = 2*x", claims={"x": "[2]"}).passed
