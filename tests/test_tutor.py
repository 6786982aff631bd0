"""The tutor: wrong claims are told for what they are, right ones are not accused, and what is said is true."""

from __future__ import annotations

import functools
import re
from string import Formatter
from typing import Any

import pytest
from click.testing import CliRunner
from programs import Programs

import matcalc as mc
from matcalc.cli.group import matcalc
from matcalc.errors import MatcalcError
from matcalc.phrases.tutor import TABLES

# (program, syntax, variable, its gradient, wrong claims with the kinds by which they may be called)
T, S = "transposed", "sign"
PATH = ("forgotten path", "missing term")
DERIVATIVE = ("missing derivative", "missing factor")
TURNED = ("missing transpose", "extra transpose", "assumption")
CASES: dict[str, tuple[str, str, str, str, list[tuple[str, Any]]]] = {
    "window": ("z = W@x + b; h = f(z); s = u.T@h", "numpy", "W", "outer(u*f'(z), x)", [
        ("outer(u, x)", DERIVATIVE), ("outer(u*f(z), x)", "derivative order"),
        ("outer(u*f''(z), x)", "derivative order"),
        ("outer(u*f'(h), x)", "other argument"), ("outer(f'(z), x)", "missing factor"),
        ("outer(x, u*f'(z))", T), ("outer(u*f'(W@x), x)", "missing term"), ("outer(u*f'(z), x) + W", "extra term"),
        ("outer(u*u*f'(z), x)", "extra factor"), ("outer(x, u)", T), ("u*f'(z)", "missing factor"),
    ]),
    "window by x": ("z = W@x + b; h = tanh(z); s = u.T@h", "numpy", "x", "W.T@(u*(1 - h**2))", [
        ("W.T@u", DERIVATIVE), ("W.T@(u*h)", "derivative order"), ("W.T@(u*(1 - z**2))", "other argument"),
        ("W.T@(u*(1 - h))", "missing power"), ("u*(1 - h**2)", "missing factor"), ("W.T@(1 - h**2)", "missing factor"),
        ("W.T@(u*(1 + h**2))", S), ("W.T@(u*(1 - tanh(h)**2))", "other argument"), ("-2*W.T@u", DERIVATIVE),
    ]),
    "square layer": ("W: matrix(n, n); z = W@x; h = sigmoid(z); s = u.T@h", "numpy", "x", "W.T@(u*h*(1 - h))", [
        ("W@(u*h*(1 - h))", TURNED), ("W.T@u", DERIVATIVE), ("W.T@(u*h)", ("derivative order", "missing factor")),
        ("W.T@(u*z*(1 - z))", "other argument"), ("W.T*(u*h*(1 - h))", "product"), ("W*(u*h*(1 - h))", "product"),
        ("W.T@(u*h*(1 + h))", S),
    ]),
    "two layers": ("z1 = A@x; h1 = tanh(z1); z2 = B@h1; h2 = tanh(z2); J = u.T@h2", "numpy", "x",
                   "A.T@(B.T@(u*(1 - h2**2))*(1 - h1**2))", [
        ("A.T@(B.T@u*(1 - h1**2))", DERIVATIVE), ("A.T@B.T@(u*(1 - h2**2))", DERIVATIVE), ("A.T@B.T@u", DERIVATIVE),
        ("A.T@(B.T@(u*(1 - z2**2))*(1 - h1**2))", "other argument"),
        ("A.T@(B.T@(u*h2)*(1 - h1**2))", "derivative order"),
    ]),
    "quadratic": ("A: matrix(n, n); J = x.T@A@x + b.T@x", "numpy", "x", "A@x + A.T@x + b", [
        ("A@x + b", PATH), ("A.T@x + b", PATH), ("2*A@x + b", TURNED), ("2*A.T@x + b", TURNED), ("A@x + A.T@x", PATH),
        ("A@x + A.T@x - b", S), ("A@x - A.T@x + b", S), ("2*A@x", TURNED),
    ]),
    "fan-out": ("z = W@x; J = sum(z*z + exp(z))", "numpy", "z", "2*z + exp(z)", [
        ("z + exp(z)", (*PATH, "missing factor")), ("2*z", PATH), ("exp(z)", (*PATH, "missing term")),
        ("2*z - exp(z)", S),
        ("2*z + z", ("missing function", "other argument")), ("2*z + 1", DERIVATIVE),
    ]),
    "product": ("J = (a.T@x)*(b.T@x)", "numpy", "x", "a*(b.T@x) + b*(a.T@x)", [
        ("a*(b.T@x)", PATH), ("b*(a.T@x)", PATH), ("a*(b.T@x) - b*(a.T@x)", S), ("a + b*(a.T@x)", "missing factor"),
    ]),
    "ridge": ("c: scalar; J = norm(A@x - b)**2 + c*norm(x)**2", "numpy", "x", "2*A.T@(A@x - b) + 2*c*x", [
        ("2*A.T@(A@x - b)", PATH), ("2*A.T@(A@x - b) + c*x", "missing factor"), ("2*A.T@(A@x - b) - 2*c*x", S),
        ("2*A.T@A@x + 2*c*x", "missing term"), ("A.T@(A@x - b) + 2*c*x", "missing factor"),
        ("2*A.T@(A@x + b) + 2*c*x", S),
        ("2*c*x", PATH), ("2*A.T@(A@x - b) + 2*x", "missing factor"),
    ]),
    "mean": ("X: matrix(N, d); y: vector(N); e = X@w - y; J = e.T@e/N", "numpy", "w", "2*X.T@e/N", [
        ("2*X.T@e", "factor"), ("X.T@e", "factor"), ("X.T@e/N", "factor"), ("2*X.T@(X@w)/N", "missing term"),
        ("2*X.T@(X@w + y)/N", S), ("2*e.T@X/N", T), ("2*X.T@e/d", "factor"), ("2*e/N", "missing factor"),
    ]),
    "batch": ("X: matrix(N, d); Z = X@W + b.T; H = tanh(Z); J = sum((H - Y)**2)", "numpy", "b",
              "sum(2*(H - Y)*(1 - H**2), axis=0).T", [
        ("2*(H - Y)*(1 - H**2)", "missing sum"), ("sum(2*(H - Y)*(1 - H**2), axis=1)", "missing sum"),
        ("sum(2*(H - Y), axis=0).T", DERIVATIVE), ("sum((H - Y)*(1 - H**2), axis=0).T", "factor"),
        ("sum(2*(H - Y)*(1 - H**2), axis=0)", T), ("sum(2*(H - Y)*H, axis=0).T", "derivative order"),
        ("sum(2*H*(1 - H**2), axis=0).T", "missing term"), ("mean(2*(H - Y)*(1 - H**2), axis=0).T", "factor"),
        ("sum(2*(H - Y)*(1 - Z**2), axis=0).T", "other argument"),
    ]),
    "softmax": ("y: simplex(n); p = softmax(W@x); J = cross_entropy(y, p)", "numpy", "W", "(p - y)@x.T", [
        ("p@x.T", PATH), ("(y - p)@x.T", S), ("(p + y)@x.T", S), ("x@(p - y).T", T), ("-y@x.T", PATH),
        ("p - y", "missing factor"),
    ]),
    "softmax, no simplex": ("p = softmax(W@x); J = cross_entropy(y, p)", "numpy", "W", "(sum(y)*p - y)@x.T", [
        ("(p - y)@x.T", ("missing factor", "assumption")), ("(y - p)@x.T", ("missing factor", "assumption")),
    ]),
    "inverse": ("J = a.T@inv(X)@b", "numpy", "X", "-inv(X).T@a@b.T@inv(X).T", [
        ("inv(X).T@a@b.T@inv(X).T", S), ("-inv(X)@a@b.T@inv(X)", TURNED),
        ("-inv(X).T@b@a.T@inv(X).T", ("swapped", "extra transpose")),
        ("-X.T@a@b.T@inv(X).T", "missing inverse"), ("-a@b.T@inv(X).T", "missing factor"),
        ("-inv(X).T@a@b.T", "missing factor"), ("-inv(X)@a@b.T@inv(X).T", TURNED), ("-inv(X)@b@a.T@inv(X)", T),
    ]),
    "logdet": ("J = logdet(X)", "numpy", "X", "inv(X).T", [
        ("inv(X)", T), ("X.T", "missing inverse"), ("-inv(X).T", S), ("det(X)*inv(X).T", "extra factor"),
    ]),
    "trace": ("A, B, X: matrix(n, n); J = tr(A@X@B)", "numpy", "X", "A.T@B.T", [
        ("B.T@A.T", "swapped"), ("A@B", TURNED), ("B@A", T), ("A.T", "missing factor"), ("A@B.T", TURNED),
        ("A.T@B.T/2", "factor"),
    ]),
    "least squares, matlab": ("J = norm2(A*x - b)^2", "matlab", "x", "2*A'*(A*x - b)", [
        ("A'*(A*x - b)", "factor"), ("2*A'*A*x", "missing term"), ("2*A'*(A*x + b)", S), ("2*(A*x - b)'*A", T),
        ("2*(A*x - b)", "missing factor"), ("2*A'*(A*x - b) + x", "extra term"),
    ]),
    "quadratic, matlab": ("0.5*x'*A*x + c*(x'*x)", "matlab", "x", "0.5*(A*x + A'*x) + 2*c*x", [
        ("A*x + 2*c*x", TURNED), ("0.5*A*x + 2*c*x", PATH), ("0.5*(A*x + A'*x)", PATH),
        ("0.5*(A*x + A'*x) + c*x", ("missing factor", *PATH)), ("0.5*(A*x + A'*x) - 2*c*x", S),
    ]),
    "logistic, matlab": ("sum(log(exp(-y.*(X*w)) + vector(1)))", "matlab", "w",
                         "-X'*(y./(exp(y.*(X*w)) + vector(1)))", [
        ("X'*(y./(exp(y.*(X*w)) + vector(1)))", S), ("-X'*(vector(1)./(exp(y.*(X*w)) + vector(1)))", "missing factor"),
        ("-y./(exp(y.*(X*w)) + vector(1))", "missing factor"), ("-X'*(y./(exp(X*w) + vector(1)))", "missing factor"),
        ("-X'*(y./exp(y.*(X*w)))", DERIVATIVE),
    ]),
}  # fmt: skip
COMMON: list[tuple[str, str]] = [
    ("-({g})", "sign"), ("3*({g})", "factor"), ("({g})/2", "factor"), ("-({g})/5", "factor"), ("0*({g})", "zero"),
]  # fmt: skip
TURNABLE = ("window", "window by x", "inverse", "logdet", "mean", "least squares, matlab")


def cases() -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    for name, (_, syntax, _, gradient, claims) in CASES.items():
        found += [(name, claim, kinds) for claim, kinds in claims]
        found += [(name, form.format(g=gradient), kind) for form, kind in COMMON]
        if name in TURNABLE:
            mark = "'" if syntax == "matlab" else ".T"
            found += [(name, f"({gradient}){mark}", T), (name, f"2*({gradient}){mark}", T)]
    return found


@functools.cache
def found(name: str, claim: str, language: str = "en") -> Any:
    program, syntax, variable, _, _ = CASES[name]
    return mc.check(program, wrt=variable, claims={variable: claim}, syntax=syntax, language=language)[variable]


def is_right(name: str, claim: str) -> bool:
    program, syntax, variable, _, _ = CASES[name]
    return bool(mc.check(program, wrt=variable, claims={variable: claim}, syntax=syntax, seed=11)[variable].passed)


def named(kinds: Any, got: Any) -> bool:
    wanted = (kinds,) if isinstance(kinds, str) else kinds
    return any(kind in got.diagnosis.kinds for kind in wanted)


@pytest.mark.parametrize("name", CASES)
def test_the_right_gradient_passes(name: str) -> None:
    assert found(name, CASES[name][3]).passed
    assert found(name, CASES[name][3]).diagnosis is None


@pytest.mark.parametrize(("name", "claim", "kinds"), cases())
def test_wrong_claims_never_pass_and_what_is_said_is_true(name: str, claim: str, kinds: Any) -> None:
    got = found(name, claim)
    assert not got.passed
    assert got.diagnosis.message == got.message
    mended = mends(name, claim, got)
    assert all(is_right(name, better) for better in mended), (got.message, mended)


def mends(name: str, claim: str, got: Any) -> list[str]:
    """The claim as the message says that it should be, where a text can be made of it: checked at other points."""
    syntax = CASES[name][1]
    kinds, message = got.diagnosis.kinds, got.message
    if kinds in (("sign",), ("factor",)) and "it has the wrong sign" in message:
        return [f"-({claim})"]
    if kinds == ("factor",) and (match := re.search(r"it is (\S+) times", message)):
        number = match[1].replace("·", "*")
        return [f"({claim})/({number})"]
    if kinds in (("transposed",), ("shape", "transposed")):
        return [f"({claim})" + ("'" if syntax == "matlab" else ".T")]
    if kinds == ("forgotten path",) and (match := re.search(r"the term (.+?) is missing: ", message)):
        return [f"{claim} + ({match[1]})"]
    return []


def test_nearly_all_are_called_by_their_names() -> None:
    expected = [(name, claim, kinds) for name, claim, kinds in cases() if kinds is not None]
    told = [(name, claim, kinds, found(name, claim)) for name, claim, kinds in expected]
    missed = [(name, claim, got) for name, claim, kinds, got in told if not named(kinds, got)]
    assert len(missed) <= 0.1 * len(expected), missed
    assert len(expected) >= 140
    seen = {kind for name, claim, _ in expected for kind in found(name, claim).diagnosis.kinds} - {"unknown", "shape"}
    assert len(seen) >= 14, seen


def test_most_mistakes_are_placed_in_the_derivation() -> None:
    steps = {claim: found("two layers", claim).diagnosis.step for claim, _ in CASES["two layers"][4]}
    assert steps["A.T@(B.T@u*(1 - h1**2))"] == "∂J/∂z2"
    assert steps["A.T@B.T@(u*(1 - h2**2))"] == "∂J/∂z1"
    message = found("window", "outer(u, x)").message
    assert message == (
        "the claim is wrong: the factor f'(z) is missing, the derivative of f (the claim follows the derivation up to "
        "∂s/∂h; the step to ∂s/∂z differs, right is u*f'(z))"
    )
    both = found("two layers", "A.T@B.T@u").message
    assert both.count("is missing") == 2


def test_fan_out_is_told_by_the_use_that_was_forgotten() -> None:
    told = mc.check("x.T@A@x", wrt="x", claims={"x": "A@x"})["x"].message
    assert "the term A.T@x is missing" in told
    assert "x is used 2 times" in told
    assert "x₀ in x.T@A@x₀" in told
    assert "x₀ in x₀.T@A@x" in mc.check("x.T@A@x", wrt="x", claims={"x": "A.T@x"})["x"].message
    told = mc.check("x'*A*x", wrt="x", claims={"x": "A*x"}, syntax="matlab")["x"].message
    assert "A'*x" in told
    assert not re.search(r"\.T|@", told)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[1] == "matlab"])
def test_messages_are_in_the_syntax_of_the_program(name: str) -> None:
    for claim, _ in CASES[name][4]:
        assert "@" not in found(name, claim).message
        assert not re.search(r"\.T\b", found(name, claim).message)


# ---- no false alarms, no false certainty ------------------------------------------------------------------

BLOCKS, PROGRAMS = 15, 21  # over 300


@pytest.mark.parametrize("block", range(BLOCKS))
def test_right_claims_in_any_writing_pass(block: int) -> None:
    """Random programs: the gradient as it is printed, written out, or rewritten."""
    for seed in range(1000 * block, 1000 * block + PROGRAMS):
        source = Programs(seed).program(3)
        printed = {name: result.source() for name, result in mc.derive(source, "all", expand=seed % 3 == 1).items()}
        forms = ("{g}", "(2*({g}) - ({g})).T.T", "-(-3*({g}) + ({g}))/2")
        claims = {name: forms[seed % 3].format(g=text) for name, text in printed.items() if "\n" not in text}
        for name, claim in mc.check(source, wrt="all", claims=claims, seed=seed).claims.items():
            assert claim.passed or claim.inconclusive, f"{source}\n{name} = {claims[name]}\n{claim.message}"


def test_what_nothing_explains_is_called_so() -> None:
    for name, claim in (("window", "cos(W)"), ("ridge", "exp(x)*3"), ("two layers", "x*x"), ("inverse", "X*X")):
        got = found(name, claim)
        assert got.diagnosis.kinds == ("unknown",), got.message
        assert "it differs by" in got.message
        assert " at [" in got.message


def test_inconclusive_points_never_pass_a_claim() -> None:
    source = "J = sum(log(-x**2))"
    got = mc.check(source, wrt="x", claims={"x": "2/x"})["x"]
    assert got.inconclusive
    assert not got.passed


# ---- languages, the command --------------------------------------------------------------------------------


def test_every_language_has_the_same_phrases() -> None:
    def places(phrase: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(phrase) if name}

    english = TABLES["en"]
    for table in TABLES.values():
        assert list(table) == list(english)
        assert all(places(table[key]) == places(phrase) for key, phrase in english.items())


def test_every_mistake_is_told_in_chinese() -> None:
    for name, claim, _ in cases():
        told = found(name, claim, "zh").message
        assert re.match("该式", told), told
        assert not re.search(r"\b(the|is|missing|wrong|times)\b", told), told


def test_the_command_tells_several_claims_and_leaves_with_1() -> None:
    program = "z = W@x + b; h = tanh(z); s = u.T@h"
    arguments = ["check", program, "--claim", "W = outer(u, x)", "--claim", "b = u*(1 - h**2)"]
    result = CliRunner().invoke(matcalc, arguments)
    assert result.exit_code == 1
    assert "W: the claim is wrong: the factor 1 - h**2 is missing" in result.stdout
    assert "b: the claim is right" in result.stdout
    assert "缺少因子 1 - h**2" in CliRunner().invoke(matcalc, [*arguments, "--lang", "zh"]).stdout


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(MatcalcError, match="language"):
        mc.check("x.T@x", claims={"x": "x"}, language="tlh")


def test_vector_values_structured_matrices_and_layouts() -> None:
    def told(source: str, name: str, claim: str, **options: Any) -> str:
        return str(mc.check(source, wrt=name, claims={name: claim}, **options)[name].message)

    assert "the factor f'(x) is missing" in told("A@f(x)", "x", "A")
    assert "it has shape m×n, the gradient n×m" in told("A@f(x)", "x", "diag(f'(x))@A.T")
    assert "x₀ in A@f(x)*(c.T@x₀)" in told("A@f(x)*(c.T@x)", "x", "A@diag(f'(x))*(c.T@x)")
    assert "right" in told("X: symmetric(n); a.T@X@b", "X", "(a@b.T + b@a.T)/2")
    assert "(G + G.T)/2 of this claim" in told("X: symmetric(n); a.T@X@b", "X", "a@b.T")
    assert "the claim is right" in told("x'*A*x", "x", "x'*(A + A')", layout="numerator", syntax="matlab")
    assert "x is used 2 times" in told("x.T@A@x", "x", "(A@x).T", layout="numerator")


def test_large_programs_are_judged_without_being_retraced() -> None:
    lines = ["h0 = x", *[f"h{k + 1} = tanh(h{k} + h{k}*h{k})" for k in range(120)], "J = sum(h120)"]
    got = mc.check("\n".join(lines), wrt="x", claims={"x": "x"})["x"]
    assert not got.passed
