"""The MATLAB-style syntax: what its programs mean, how results are written in it, and the corpus cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from plain_evaluator import Evaluator
from test_language_corpus import sizes
from test_render import AS_WRITTEN, DIMS, NAMES, expressions, read

import matcalc as mc
from matcalc.errors import MatcalcError, ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, axes, kind
from matcalc.language.program import Program, beside, elaborate, expression
from matcalc.language.scope import Environment
from matcalc.render.source import source

HERE = Path(__file__).parent / "corpus"
CASES = [case for case in json.loads((HERE / "public.json").read_text())["cases"] if case["syntax"] == "matlab"]
ARRAYS = np.load(HERE / "public.npz")
ENVIRONMENT = Environment(NAMES, {"f", "g"}, {}, DIMS, "matlab")


def matlab(text: str) -> Program:
    return elaborate(text, syntax="matlab")


def test_there_are_all_cases() -> None:
    assert len(CASES) == 18


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_kinds_and_values_are_those_of_the_corpus(case: dict[str, Any]) -> None:
    program = matlab(case["program"])
    assert {name: kind(node.shape) for name, node in program.inputs.items()} == {
        name: given["kind"] for name, given in case["inputs"].items()
    }
    assert not program.notes
    dims = sizes(program, case)
    inputs = {name: ARRAYS[f"{case['id']}/in/{name}"] for name in program.inputs}
    reference = ARRAYS[f"{case['id']}/value"]
    assert tuple(evaluate(dim, dims) for dim in axes(program.value.shape)) == reference.shape
    value = Evaluator(inputs, dims)(program.value)
    np.testing.assert_allclose(value.reshape(reference.shape), reference, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_derivatives_are_those_of_the_corpus(case: dict[str, Any]) -> None:
    fn = mc.compile(case["program"], case["wrt"], order=case["order"], syntax="matlab")
    found = fn(**{name: ARRAYS[f"{case['id']}/in/{name}"] for name in case["inputs"]})
    for wrt in case["wrt"]:
        np.testing.assert_allclose(found[1][wrt], ARRAYS[f"{case['id']}/d/{wrt}"], rtol=1e-6, atol=1e-9)
        if case["order"] == 2:
            np.testing.assert_allclose(found[2][wrt, wrt], ARRAYS[f"{case['id']}/d2/{wrt},{wrt}"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_results_are_in_the_syntax_of_the_program_and_read_back(case: dict[str, Any]) -> None:
    derivation = mc.derive(case["program"], case["wrt"], order=case["order"], syntax="matlab")
    for result in [derivation.value, *derivation.values()]:
        text = result.source()
        assert "@" not in text
        assert ".T" not in text
        assert "**" not in text
        if not text.startswith("{"):
            assert expression(text, beside(derivation.program)) is result.node


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_closed_forms_of_the_corpus_are_right_as_claims(case: dict[str, Any]) -> None:
    """They are written in the default syntax."""
    program = matlab(case["program"])
    dims = sizes(program, case)
    inputs = {name: ARRAYS[f"{case['id']}/in/{name}"] for name in program.inputs}
    for wrt, text in case["expected"].items():
        reference = ARRAYS[f"{case['id']}/{'d2' if ',' in wrt else 'd'}/{wrt}"]
        value = Evaluator(inputs, dims)(expression(text, beside(program), syntax="numpy"))
        np.testing.assert_allclose(value.reshape(reference.shape), reference, rtol=1e-6, atol=1e-9)


# ---- one meaning in two spellings

TWINS = [
    ("0.5*x'*A*x", "0.5*x.T@A@x"),
    ("A*exp(x)", "A@exp(x)"),
    ("(y.*v)'*x; v: vector(n)", "(y*v).T@x"),
    ("norm1(A*x-y)", "norm1(A@x - y)"),
    ("norm2(T - U*V')^2", "norm(T - U@V.T)**2"),
    ("logdet(S) + tr(inv(S)*X'*X)", "logdet(S) + tr(inv(S)@X.T@X)"),
    ("x'*(A.^2)*x - sum(x.^3)./3", "x.T@(A**2)@x - sum(x**3)/3"),
    ("u'*X^2*v", "u.T@matrix_power(X, 2)@v"),
    ("tr(X^0)", "tr(matrix_power(X, 0))"),
    ("X^-1*y", "inv(X)@y"),
    ("X^-3", "matrix_power(inv(X), 3)"),
    ("2^-1*x", "2**-1*x"),
    ("x.^-2", "x**-2"),
    ("1./x", "1/x"),
    ("x/2", "x/2"),
    ("diag(x)*A'", "diag(x)@A.T"),
    ("(x'*y)*w", "(x.T@y)*w"),
    ("x'*y*w'", "(x.T@y)*w.T"),
    ("x*y'", "x@y.T"),
    ("x.*(y'*x)", "x*(y.T@x)"),
    ("sum(X.*Y)", "sum(X*Y)"),
    ("X + x'", "X + x.T"),
    ("x'[0]*X[0, :]", "x.T[0]*X[0, :]"),
    ("[x; y]'*z", "[x; y].T@z"),
    ("h(t) = t*t/2 - 2^t; sum(h(x))", "h(t) = t*t/2 - 2**t; sum(h(x))"),
    ("f'(x)'*f(x)", "f'(x).T@f(x)"),
    ("W: matrix(n, 2*d); z = W*x; z'*z", "W: matrix(n, 2*d); z = W@x; z.T@z"),
    ("ones(n)'*x/n", "ones(n).T@x/n"),
    ("norm2(x)", "norm(x)"),
    ("norm(x)", "norm(x)"),
]


@pytest.mark.parametrize(("written", "numpy"), TWINS, ids=[written for written, _ in TWINS])
def test_the_nodes_are_those_of_the_default_syntax(written: str, numpy: str) -> None:
    program = matlab(written)
    shapes = {name: node.shape for name, node in program.inputs.items()}
    words = {(False, False): "matrix({}, {})", (False, True): "vector({})", (True, True): "scalar"}
    declared = [
        f"{name}: {words[shape[0] == 1, shape[1] == 1].format(*shape)}"
        for name, shape in shapes.items()
        if f"{name}:" not in numpy
    ]
    if "(t)" in numpy:  # the body of a definition is part of the node
        assert source(program.value) == source(elaborate(numpy).value)
    else:
        assert program.value is elaborate("; ".join([*declared, numpy])).value
    assert expression(source(program.value, syntax="matlab"), beside(program)) is program.value


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_source_is_read_back_as_the_identical_node(node: Node) -> None:
    written = source(node, syntax="matlab")
    assert expression(written, ENVIRONMENT) is node, written


@pytest.mark.parametrize("written", AS_WRITTEN)
def test_what_is_written_in_the_default_syntax_is_read_back(written: str) -> None:
    node = read(written)
    assert expression(source(node, syntax="matlab"), ENVIRONMENT) is node


WRITTEN = [
    ("X'^3", "X'^3"), ("(X^3)'", "(X^3)'"), ("X^3'", "(X^3)'"), ("c^(x'[0])", "c^(x'[0])"), ("c^x[0]", "c^(x[0])"),
    ("c^-x[0]", "c^-(x[0])"), ("(c^2)^3", "(c^2)^3"), ("c^2^3", "(c^2)^3"), ("x''", "x''"), ("f'(x)'", "f'(x)'"),
    ("-x'*y", "-x'*y"), ("x.*(y*c)", "x.*(y*c)"), ("(x.*y)*r", "(x.*y)*r"), ("2.*x", "2*x"), ("1./x", "1./x"),
    ("x./c", "x/c"), ("X.^2", "X.^2"), ("X.^-c", "X.^-c"), ("norm(x)", "norm2(x)"),
    ("sum(X, axis=0)", "sum(X, axis=0)"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), WRITTEN, ids=[given for given, _ in WRITTEN])
def test_how_results_are_written(given: str, wanted: str) -> None:
    assert source(expression(given, ENVIRONMENT), syntax="matlab") == wanted


def test_long_results_are_read_back() -> None:
    lines = ["h0 = tanh(W0*x)", *[f"h{k + 1} = tanh(W{k + 1}*h{k}).*sigmoid(h{k})" for k in range(4)], "s = y'*h4"]
    d = mc.derive("\n".join(lines), "x", syntax="matlab", expand=True)
    text = source(d["x"].node, syntax="matlab", limit=60)
    assert "\n" in text
    assert expression(text, beside(d.program)) is d["x"].node


# ---- constants that take their size from where they stand


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("exp(x) + vector(1)", "exp(x) + ones(n)"),
        ("vector(1)'*(X*w)", "ones(n)'*(X*w)"),
        ("vector(2) - x", "2*ones(n) - x"),
        ("x + vector(0)", "x + zeros(n)"),
        ("vector(c).*x", "c*ones(n).*x"),
        ("matrix(1)./X", "ones(n, m)./X"),
        ("X*vector(1) + A*vector(1)", "X*ones(m) + A*ones(p)"),
        ("sum(X + vector(1)) + sum(X + vector(1)')", "sum(X + ones(n)) + sum(X + ones(m)')"),
        ("diag(vector(1)) - inv(X)", "diag(ones(n)) - inv(X)"),
        ("z = exp(x); (vector(-1) + z)'*z", "(-1*ones(n) + z)'*z"),
        ("x: vector(3); x'*vector(1)", "x'*ones(3)"),
        ("matrix(1)*x + A*x", "ones(m, n)*x + A*x"),
    ],
)
def test_constants_without_a_size(written: str, wanted: str) -> None:
    program = matlab(written)
    assert source(program.value, syntax="matlab") == wanted
    assert expression(wanted, beside(program)) is program.value


def test_constants_without_a_size_in_claims() -> None:
    program = matlab("sum(log(exp(X*w) + vector(1)))")
    found = expression("X'*(vector(1) - sigmoid(-X*w))", beside(program))
    assert source(found, syntax="matlab") == "X'*(ones(n) - sigmoid(-X*w))"
    for text, message in (
        ("vector(1)*vector(1)", "column"),
        ("sum(vector(1))", "nothing tells the size"),
        ("X*vector(1) + w + X'*vector(1)", "dimensions"),
    ):
        with pytest.raises(ShapeError, match=message):
            expression(text, beside(program))
    report = mc.check(program, "w", claims={"w": "X'*(vector(1) - sigmoid(-X*w))"})
    assert report.passed


# ---- kinds


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a*x'*X*y", {"a": "scalar", "x": "vector", "X": "matrix", "y": "vector"}),
        ("g*h", {"g": "scalar", "h": "vector"}),
        ("beta*alpha_1*eta2", {"beta": "scalar", "alpha_1": "scalar", "eta2": "scalar"}),
        ("σ*x", {"σ": "scalar", "x": "vector"}),
        ("exp(t)", {"t": "vector"}),
        ("sin(c)", {"c": "scalar"}),
        ("c: vector(n); x: scalar; x*c", {"c": "vector", "x": "scalar"}),
        # departures, told in a note
        ("b'*x", {"b": "vector", "x": "vector"}),
        ("norm2(A*x - b)^2", {"A": "matrix", "x": "vector", "b": "vector"}),
        ("lambda*A*x", {"lambda": "scalar", "A": "matrix", "x": "vector"}),
        ("(x - mu)'*inv(Sigma)*(x - mu)", {"x": "vector", "mu": "vector", "Sigma": "matrix"}),
        ("tr(X^k)", {"X": "matrix", "k": "scalar"}),
        ("tr(X^(k + 1))", {"X": "matrix", "k": "scalar"}),
        ("logdet(k)", {"k": "matrix"}),
        ("c*x'*A*x + d", {"c": "scalar", "x": "vector", "A": "matrix", "d": "scalar"}),
    ],
)
def test_kinds_of_names(text: str, wanted: dict[str, str]) -> None:
    program = matlab(text)
    assert {name: kind(node.shape) for name, node in program.inputs.items()} == wanted


def test_departures_are_told() -> None:
    assert matlab("norm2(A*x - b)^2").notes == [
        "b is read as a vector, nothing else fits (names from a to g are scalars otherwise)"
    ]


# ---- what does not fit

FAULTS = [
    ("w*x", ShapeError, 2, "did you mean w' * x"),
    ("x*A*x", ShapeError, 2, "did you mean x' * A?"),
    ("x^2", ShapeError, 2, "write x.^2"),
    ("sum(x^2)", ShapeError, 6, "write x.^2"),
    ("A: matrix(n, m); A^2", ShapeError, 19, "write A.^2"),
    ("c^x*(x'*x)", ShapeError, 2, "the exponent of ^ is a scalar"),
    ("X^T", ShapeError, 2, "X' for the transpose"),
    ("X^0.5", UnsupportedError, 2, "write X.^"),
    ("X^(2*c)", UnsupportedError, 2, "assign it to a name first"),
    ("x/y", ShapeError, 2, "write x ./ y"),
    ("A/B", ShapeError, 2, "A * inv(B)"),
    ("x + y'", ShapeError, 3, "transpose one of them"),
    ("vector(1)", ShapeError, 1, "write ones(n)"),
    ("sum(matrix(1))", ShapeError, 5, "write ones(m, n)"),
    ("x + vector(1, 2)", ParseError, 5, "ones(n) and ones(m, n)"),
    ("x + vector(x)", ShapeError, 5, "the number c for all entries"),
    ("vector = x", ParseError, 1, "its name is taken"),
    ("norm2(t) = t", ParseError, 1, "its name is taken"),
    ("norm2 + x", ParseError, 1, "norm2 is a function"),
    ("adj(X)", UnsupportedError, 1, "det(X) times inv(X)"),
    ("hadamard(X, Y)", UnknownNameError, 1, "write A .* B"),
    ("transpose(X)", UnknownNameError, 1, "write X'"),
    ("x = 3; x(2)", ParseError, 8, "write * for a product"),
    ("f(t) = t'; f(x)", UnsupportedError, 8, "a transpose cannot stand in the definition of f"),
    ("A*x + B*y; A: matrix(m, n); B: matrix(n, m)", ShapeError, 5, "dimensions m and n differ"),
]


@pytest.mark.parametrize(("text", "error", "column", "words"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_faults(text: str, error: type[MatcalcError], column: int, words: str) -> None:
    with pytest.raises(error) as caught:
        matlab(text)
    assert words in str(caught.value)
    assert caught.value.column == column
    assert "@" not in caught.value.message + caught.value.hint
    assert "?1" not in str(caught.value)


def test_an_unknown_syntax_is_told() -> None:
    with pytest.raises(UnsupportedError, match="numpy and matlab"):
        elaborate("x", syntax="octave")


def test_the_default_syntax_has_none_of_it() -> None:
    with pytest.raises(UnknownNameError, match=r"norm\(x\)"):
        elaborate("norm2(x)")
    assert elaborate("vector(x)").functions == ("vector",)
