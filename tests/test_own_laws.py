"""Laws that a program states: held against differences of functions that NumPy computes, wrong ones caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from commands import good, run
from differences import slope

import matcalc as mc
from matcalc.calculus.tensors import is_entries
from matcalc.errors import LimitError, MatcalcError, ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.language.program import beside, elaborate, expression

Functions = Mapping[str, Callable[..., Any]]
SIZES = {"m": 4, "n": 3, "p": 5, "q": 6, "k": 3, "d": 5}


def logdet(X: Any) -> Any:
    return np.linalg.slogdet(X)[1]


def unit(x: Any) -> Any:
    return x / np.sqrt((x**2).sum())


def fibres(X: Any) -> Any:
    return X / np.sqrt((X**2).sum(axis=0))


LOGDET = "d(g(X)) = tr(inv(X) @ dX); "
INVERSE = "d(iv(X)) = -iv(X) @ dX @ iv(X); "
UNIT = "d(u(x)) = dx/norm(x) - x*(x.T@dx)/norm(x)**3; "
PROGRAMS: list[tuple[str, Functions]] = [
    (LOGDET + "g(X)", {"g": logdet}),
    (LOGDET + "s = g(A@X@B)", {"g": logdet}),
    (LOGDET + "s = g(X)**2 + sin(g(X.T@X))", {"g": logdet}),  # two uses
    (LOGDET + "z = X@X.T; s = g(z)*x.T@z@x", {"g": logdet}),
    (LOGDET + "S: symmetric(n); s = g(S)*tr(S@S)", {"g": logdet}),
    (INVERSE + "s = a.T@iv(A@B)@b", {"iv": np.linalg.inv}),
    (INVERSE + "iv(X)", {"iv": np.linalg.inv}),
    ("d(pv(X)) = -pv(X)@dX@pv(X); s = tr(pv(X)@X)**2; X: matrix(k, k)", {"pv": np.linalg.inv}),
    (UNIT + "u(A@w)", {"u": unit}),
    (UNIT + "s = c.T@u(A@w) + u(w).T@w", {"u": unit}),
    ("d(u(x)) = (dx - u(x)*(u(x).T@dx))/norm(x); s = c.T@u(A@w)", {"u": unit}),
    ("d(e(t)) = e(t)*dt; s = sum(e(A@x)) + e(x.T@x/9)", {"e": np.exp}),  # of any shape
    ("d(e(t)) = e(t)*dt; a.T@e(X)", {"e": np.exp}),
    ("d(sn(t)) = cs(t)*dt; d(cs(t)) = -sn(t)*dt; s = sn(x).T@cs(x)", {"sn": np.sin, "cs": np.cos}),
    ("d(q(A, x)) = x.T@dA@x + x.T@(A + A.T)@dx; s = q(B@B, z)*q(B, z)", {"q": lambda A, x: x @ A @ x}),
    ("d(q(A, x)) = x.T@(A + A.T)@dx; z = 2*y; s = q(eye(n), z); y: vector(n)", {"q": lambda A, x: x @ A @ x}),
    ("d(sv(A, b)) = solve(A, db - dA@sv(A, b)); s = sum(sv(A, x)**2)", {"sv": np.linalg.solve}),
    ("d(lse(x)) = softmax(x).T@dx; s = lse(W@x + b)", {"lse": lambda x: np.log(np.exp(x).sum())}),
    ("d(k(X)) = kron(dX, X) + kron(X, dX); sum(k(X)*C); X: matrix(2, 3)", {"k": lambda X: np.kron(X, X)}),
    ("d(k(X)) = kron(dX, X) + kron(X, dX); k(X); X: matrix(2, 3)", {"k": lambda X: np.kron(X, X)}),
    ("d(st(x)) = [dx; 2*x*dx]; s = c.T@st(x)", {"st": lambda x: np.concatenate([x, x**2])}),
    ("d(g(X)) = {i: sum(k: 2*dX[i, k]*X[i, k])}; s = c.T@g(Z)", {"g": lambda X: (X**2).sum(axis=1)}),
    ("d(g(X)) = diag(dX); s = g(A@B).T@b", {"g": np.diagonal}),
    ("d(h(x)) = where(x > 0, dx, 0.1*dx); s = sum(h(x)**2)", {"h": lambda x: np.where(x > 0, x, 0.1 * x)}),
    ("d(m(x)) = cumsum(x*dx)[0:2]; s = sum(m(w)**2)", {"m": lambda x: np.cumsum(x**2 / 2)[:2]}),
    ("d(tw(x)) = 2*dx; s = sum(tw(tw(x))*tw(x))", {"tw": lambda x: 2 * x}),
    ("d(d(x)) = 2*dx; s = d(d(y)).T@y + f(y).T@y", {"d": lambda x: 2 * x, "f": np.sin, "df": np.cos}),
    ("f(t) = t*exp(-t**2); d(G(x)) = f(x).T@dx; s = G(A@b)", {"G": lambda x: -np.exp(-(x**2)).sum() / 2}),
    ("d(G(x)) = f(x).T@dx; s = G(A@b)", {"G": lambda x: -np.cos(x).sum(), "f": np.sin, "df": np.cos}),
    ("d(fr(X)) = sum(X*dX)/fr(X); s = fr(A@X)*fr(X)", {"fr": np.linalg.norm}),
    ("d(av(x)) = sum(dx)/n; x: vector(n); s = av(x)*norm(x)**2", {"av": np.mean}),
]  # fmt: skip
DEFINED = [
    "g(X) = logdet(X); " + LOGDET + "s = g(A@X@B)**2",
    "iv(X) = solve(X, eye(n)); X: matrix(n, n); " + INVERSE + "s = a.T@iv(X)@b",
    "u(x) = x/norm(x); d(u(x)) = (dx - u(x)*(u(x).T@dx))/norm(x); u(A@w)",
    "q(M, v) = v.T@M@v; d(q(A, x)) = x.T@dA@x + x.T@(A + A.T)@dx; s = q(B@B, z)",
    "half(X) = tr(X@X)/2; d(half(X)) = tr(X@dX); g(X) = half(X)**2; d(g(X)) = 2*half(X)*tr(X@dX); s = g(X.T)",
    "E(X) = expm(X); d(E(X)) = expm_frechet(X, dX); s = sum(E(A@B))",
    "f(t) = t*tanh(t); d(f(t)) = (tanh(t) + t*(1 - tanh(t)**2))*dt; s = sum(f(A@x))",
]


def arguments(program: str, functions: Functions, syntax: str = "numpy") -> dict[str, Any]:
    """Values of all inputs: rectangular, square ones far from singular."""
    rng = np.random.default_rng(7)
    given: dict[str, Any] = dict(functions)
    for name, node in elaborate(program, syntax=syntax).inputs.items():
        shape = tuple([evaluate(dim, SIZES) for dim in node.shape if dim != 1])
        value = rng.uniform(0.3, 0.9, shape) * rng.choice([-1.0, 1.0], shape)
        if len(shape) == 2 and shape[0] == shape[1]:
            value = value + 1.5 * np.eye(shape[0])
            value = (value + value.T) / 2 if node.params[1] == "symmetric" else value
        given[name] = value
    return given


def asked(fn: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that a compiled function asks for."""
    head = fn.source.split("):", 1)[0].split("(", 1)[1].replace("\n", " ")
    names = [name.strip() for name in head.split(",") if name.strip()]
    return {name: given[name] for name in names}


def held(program: str, functions: Functions, order: int = 1, syntax: str = "numpy") -> None:
    """Hold the compiled derivatives by all inputs against differences of the compiled value."""
    names = list(elaborate(program, syntax=syntax).inputs)
    given = arguments(program, functions, syntax)
    fn = mc.compile(program, wrt=names, order=order, syntax=syntax)
    values = asked(fn, given)
    results = fn(**values)
    for name in [name for name in names if name in values]:
        symmetric = elaborate(program, syntax=syntax).inputs[name].params[1] == "symmetric"

        def along(x: Any, name: str = name, k: int = 0, of: str = "") -> Any:
            found = fn(**{**values, name: x if np.ndim(x) else float(x)})[k]
            return np.asarray(found[of] if of else found)

        truth = slope(along, np.asarray(values[name], dtype=float))
        truth = (truth + truth.T) / 2 if symmetric else truth
        assert np.allclose(results[1][name], truth, rtol=1e-6, atol=1e-7), (program, name)
        if order == 2:
            for of in [of for of in names if of in values]:
                second = slope(lambda x, of=of: along(x, k=1, of=of), np.asarray(values[name], dtype=float))
                assert np.allclose(results[2][of, name], second, rtol=1e-6, atol=1e-6), (program, of, name)


@pytest.mark.parametrize(("program", "functions"), PROGRAMS)
def test_gradients_by_a_law_are_those_of_the_function(program: str, functions: Functions) -> None:
    held(program, functions)


@pytest.mark.parametrize("program", DEFINED)
def test_a_definition_beside_a_law_is_what_code_computes(program: str) -> None:
    held(program, {})
    fn = mc.compile(program, wrt="all")
    assert "_value_of" not in fn.source


@pytest.mark.parametrize(
    ("program", "functions"),
    [
        (LOGDET + "s = g(X)", {"g": logdet}),
        (LOGDET + "s = g(A@X@B)**2", {"g": logdet}),
        (INVERSE + "s = a.T@iv(X)@b", {"iv": np.linalg.inv}),
        (UNIT + "s = c.T@u(A@w)", {"u": unit}),
        ("d(sn(t)) = cs(t)*dt; d(cs(t)) = -sn(t)*dt; s = sn(x).T@cs(x)", {"sn": np.sin, "cs": np.cos}),
        ("d(q(A, x)) = x.T@dA@x + x.T@(A + A.T)@dx; s = q(B, z)**2", {"q": lambda A, x: x @ A @ x}),
    ],
)
def test_hessians_differentiate_the_law(program: str, functions: Functions) -> None:
    held(program, functions, order=2)


def test_in_the_matlab_syntax() -> None:
    held("d(g(X)) = tr(inv(X)*dX)  % Jacobi\ns = g(A*X*B)^2", {"g": logdet}, syntax="matlab")
    held("d(h(x)) = vector(1)'*(x.*dx); s = h(A*x)", {"h": lambda x: (x**2).sum() / 2}, syntax="matlab")
    d = mc.derive("d(h(x)) = x'*dx; s = h(A*x)", "x", syntax="matlab")
    assert d["x"].source() == "A'*A*x"


@pytest.mark.parametrize("program", [program for program, _ in PROGRAMS] + DEFINED)
def test_results_read_back_are_the_same_expression(program: str) -> None:
    d = mc.derive(program, "all")
    for result in d.values():
        again = expression(result.source(), beside(d.program))
        assert is_entries(result.node) or again is result.node
        assert result.text()
        assert result.latex()


def test_results_hold_calls() -> None:
    d = mc.derive(LOGDET + "s = g(A@X@B)**2", "X")["X"]
    assert d.source() == "2*g(A@X@B)*(B@inv(A@X@B)@A).T"
    assert d.text() == "2 g(A X B) (B (A X B)⁻¹ A)ᵀ"
    d = mc.derive("d(q(A, x)) = x.T@dA@x*q(A, x); 2*q(B@B, z)", "B")["B"]
    assert "q(B@B, z)" in d.source()


def test_steps_name_the_law() -> None:
    shown = good("derive", LOGDET + "s = g(A@X@B)", "--wrt", "X", "--steps", "--no-check")
    assert "law of the program for g: d(g(X)) = tr(inv(X) @ dX)  [line 1]" in shown
    assert "tr" in good("latex", LOGDET + "s = g(A@X@B)", "--wrt", "X", "--steps", "--no-check")


# ---------------------------------------------------------------------------------------------- what is checked

RIGHT = [program for program, functions in PROGRAMS if "u(x)*(u(x)" not in program]


@pytest.mark.parametrize("program", RIGHT)
def test_right_laws_are_closed(program: str) -> None:
    report = mc.check(program)
    assert report.passed, str(report)
    assert report.laws
    for one in report.laws.values():
        assert "consistent (closed" in one.message
        assert "no value of" in one.message


@pytest.mark.parametrize("program", DEFINED)
def test_right_laws_agree_with_their_definitions(program: str) -> None:
    report = mc.check(program)
    assert report.passed, str(report)
    assert all("agrees with differences of" in one.message for one in report.laws.values())


WRONG = [
    "d(g(X)) = tr(inv(X).T @ dX); s = g(X)",
    "d(g(X)) = tr(inv(X).T @ dX); s = g(A@X@B)",
    "d(iv(X)) = -iv(X).T @ dX @ iv(X); s = tr(iv(X))",
    "d(iv(X)) = iv(X) @ dX; s = tr(iv(X))",
    "d(u(x)) = dx/norm(x) - x*(x.T@dx)/norm(x)**2; s = sum(u(x))",
    "d(q(A, x)) = x.T@dA@x + 2*x.T@A@dx; s = q(B, z)",
    "d(sn(t)) = cs(t)*dt; d(cs(t)) = sn(t)*(t.T@dt); s = sum(sn(x)); x: vector(n)",
    "d(h(x)) = where(x > 0, dx, 0.1*dx)*sum(x); s = sum(h(x))",
]


@pytest.mark.parametrize("program", WRONG)
def test_what_is_the_differential_of_no_function_is_found(program: str) -> None:
    report = mc.check(program)
    assert not report.passed
    wrong = [one for one in report.laws.values() if not one.passed]
    assert wrong
    assert all("is wrong: it is the differential of no function" in one.message for one in wrong)
    assert program.split(";")[0] in str(report)


@pytest.mark.parametrize(
    ("program", "law"),
    [
        ("g(X) = logdet(X); d(g(X)) = tr(inv(X).T @ dX); s = g(A@X@B)", "d(g(X)) = tr(inv(X).T @ dX)"),
        ("g(X) = logdet(X); d(g(X)) = -tr(inv(X) @ dX); s = g(X)", "d(g(X)) = -tr(inv(X) @ dX)"),
        ("u(x) = x/norm(x); d(u(x)) = dx/norm(x); s = sum(u(w))", "d(u(x)) = dx/norm(x)"),
        ("q(x) = x.T@x; d(q(x)) = x.T@dx; s = q(A@x)", "d(q(x)) = x.T@dx"),
        ("f(t) = t**3; d(f(t)) = 2*t**2*dt; s = sum(f(x))", "d(f(t)) = 2*t**2*dt"),
    ],
)
def test_a_law_that_is_not_its_definitions_is_found(program: str, law: str) -> None:
    report = mc.check(program)
    assert not report.passed
    (one,) = report.laws.values()
    assert not one.passed
    assert one.kind == "law"
    assert f"the law {law} is wrong" in one.message
    assert "differences of" in one.message


def test_a_law_is_checked_in_the_directions_that_there_are() -> None:
    """Of symmetric matrices alone the law is right, and only those are given to it."""
    law = "q(S) = tr(S@S); d(q(S)) = 2*sum(S*dS); "
    assert mc.check(law + "S: symmetric(n); s = q(S)").passed
    assert not mc.check(law + "s = q(X)").passed


def test_a_law_for_one_value_alone_needs_the_value() -> None:
    report = mc.check("d(u(x)) = (dx - u(x)*(u(x).T@dx))/norm(x); s = c.T@u(A@w)")
    assert not report.passed
    assert "if it holds for one value of u alone, define that" in report.laws["u"].message


def test_commands_tell_wrong_laws() -> None:
    wrong = "d(g(X)) = tr(inv(X).T @ dX); s = g(X)"
    result = run("check", wrong)
    assert result.exit_code == 1
    assert "the law d(g(X)) = tr(inv(X).T @ dX) is wrong" in result.stdout
    for command in ("derive", "code"):
        result = run(command, wrong)
        assert result.exit_code == 1
        assert "CHECK FAILED: the law d(g(X)) = tr(inv(X).T @ dX) is wrong" in result.stderr
        assert "follows from a law that is WRONG" in result.stderr
    result = run("derive", LOGDET + "s = g(X)")
    assert result.exit_code == 0
    assert "is consistent (closed" in result.stderr
    assert "no value of g was given" in result.stderr


def test_second_derivatives_are_checked_with_the_law() -> None:
    report = mc.check(LOGDET + "s = g(X)**2", order=2)
    assert report.passed
    assert report["X", "X"].passed


# -------------------------------------------------------------------------------------------------- what is refused

REFUSED: list[tuple[str, type[MatcalcError], str, int, int]] = [
    ("d(g(X)) = tr(dX@dX); g(X)", ParseError, "dX @ dX is of second degree in dX", 1, 16),
    ("d(g(X)) = tr(X); g(X)", ParseError, "dX does not stand in the law", 1, 11),
    ("d(g(X)) = tr(X) + tr(dX); g(X)", ParseError, "the term tr(X) holds no differential", 1, 11),
    ("d(g(X)) = norm(dX); g(X)", ParseError, "norm(dX) is not linear in dX", 1, 11),
    ("s = g(X)\nd(g(X)) = tr(exp(dX))", ParseError, "exp(dX) is not linear in dX", 2, 14),
    ("d(g(X)) = X/dX; g(X)", ParseError, "X / dX is not linear in dX", 1, 12),
    ("d(g(X)) = dX**2; g(X)", ParseError, "dX**2 is not linear in dX", 1, 13),
    ("d(g(X)) = solve(dX, X); g(X)", ParseError, "solve(dX, X) is not linear in dX", 1, 11),
    ("d(g(x)) = f(dx); g(x)", ParseError, "f(dx) is not linear in dx", 1, 11),
    ("d(g(x)) = g(dx); g(x)", ParseError, "g(dx) is not linear in dx", 1, 11),
    ("d(g(x)) = where(x > 0, dx, 1); g(x)", ParseError, "the term 1 holds no differential", 1, 28),
    ("d(g(x)) = where(dx > 0, x, 0*x); g(x)", ParseError, "is not linear in dx", 1, 20),
    ("d(g(x)) = [dx; x]; g(x)", ParseError, "the term x holds no differential", 1, 16),
    ("d(g(x)) = {i: dx[i]**2}; g(x)", ParseError, "is not linear in dx", 1, 11),
    ("d(g(X)) = matrix_power(dX, 2); g(X)", ParseError, "is not linear in dX", 1, 11),
    ("f(t) = t**2; d(g(x)) = f(dx); g(x)", ParseError, "is not linear in dx", 1, 9),
    ("d(g(x, y)) = dx*dy; g(a, b)", ParseError, "of second degree in dx, dy", 1, 16),
    ("d(g(X)) = tr(A@dX); g(X)", UnknownNameError, "A is no argument of g", 1, 14),
    ("d(g(X)) = tr(dX); g(X) = c*tr(X); g(Y)", UnknownNameError, "c is no argument of g", 1, 26),
    ("d(inv(X)) = dX; x", ParseError, "inv is a function of the language", 1, 1),
    ("d(g(X)) = dX\nd(g(X)) = 2*dX\ng(x)", ParseError, "the law of g is stated twice", 2, 1),
    ("d(g(X, X)) = dX; g(x, x)", ParseError, "the name 'X' stands twice", 1, 8),
    ("d(g(x, dx)) = dx; g(x, y)", ParseError, "dx is an argument and a differential", 1, 1),
    ("d(g(exp)) = dexp; g(x)", ParseError, "exp is a function", 1, 5),
    ("d(g(X.T)) = dX; x", ParseError, "the law of 'g' needs a function of names", 1, 3),
    ("d(g'(X)) = dX; x", ParseError, "the law of 'g' needs a function of names", 1, 3),
    ("d(g(2)) = 3; x", ParseError, "the law of 'g' needs a function of names", 1, 3),
    ("d(A@B) = dA@B + A@dB; x", ParseError, "a law needs a function of names", 1, 4),
    ("g(X) = logdet(X); d(g(X)) = inv(X).T*dX; g(X)", ShapeError, "gives a matrix (n×n), its value is a scalar", 1, 42),
    (LOGDET + "W: matrix(m, n); g(W)", ShapeError, "dimensions m and n differ", 1, 45),
    (LOGDET + "x: vector(n); g(x)", ShapeError, "it needs a square matrix", 1, 42),
    ("d(g(x)) = sum(x.T@ones(3)*(ones(2).T@dx)); y + 1", ShapeError, "the law of g fits no argument", 1, 11),
    ("d(g(x)) = g(x)@g(x)*dx; g(x)", ShapeError, "no shape of g fits its law", 1, 25),
    (LOGDET + "g(W, X)", ParseError, "g(X) takes 1 argument, as in its law, 2 are given", 1, 28),
    (LOGDET + "g'(W)", UnsupportedError, "g' is not supported, g has a law", 1, 28),
    (LOGDET + "g + 2", ParseError, "g is a function, not a variable", 1, 28),
    (LOGDET + "g = 2", ParseError, "g is a function and a variable", 1, 1),
    (LOGDET + "g: elementwise; g(X)", ParseError, "g has a law", 1, 28),
    (LOGDET + "g: scalar; g*2", ParseError, "g is a function and a variable", 1, 28),
    ("g(X) = g(X) + 1; d(g(X)) = tr(dX); g(X)", ParseError, "g is defined by itself", 1, 1),
    ("g(X, y) = X; d(g(X)) = dX; g(X)", ParseError, "g has 2 arguments in its definition and 1 in its law", 1, 14),
    ("f(x, y) = x; f(a, b)", ParseError, "the definition of 'f' needs one name", 1, 1),
    ("f(t) = g(t); d(g(t)) = cos(t)*dt; f(x)", UnsupportedError, "g cannot stand in the definition of f", 1, 8),
    ("d(g(x)) = g([x; x])[0:1]*dx; g(x)", LimitError, "laws call each other", 1, 1),
    ("dg(X) = tr(inv(X)@dX); dg(X)", UnsupportedError, "it works entry by entry", 1, 9),
]  # fmt: skip


@pytest.mark.parametrize(("program", "error", "message", "line", "column"), REFUSED)
def test_refused_with_the_place(program: str, error: type[MatcalcError], message: str, line: int, column: int) -> None:
    with pytest.raises(error) as raised:
        mc.derive(program, "all")
    assert message in raised.value.message
    assert (raised.value.line, raised.value.column) == (line, column)


def test_a_law_that_says_nothing_of_an_argument() -> None:
    law = "d(q(A, x)) = x.T@(A + A.T)@dx; s = q(B, z)"
    assert mc.derive(law, "z")["z"].source() == "(B + B.T)@z"
    with pytest.raises(UnsupportedError, match=r"does not say how it changes with A.*add a term in dA"):
        mc.derive(law, "B")


def test_a_law_written_without_brackets_is_told() -> None:
    with pytest.raises(UnsupportedError, match=r"a law is written d\(g\(X\)\)"):
        mc.derive("dg(X) = tr(inv(X)@dX); dg(X)", "X")


def test_the_name_d_keeps_working() -> None:
    assert mc.derive("d(z) + x", "z")["z"].source() == "diag(d'(z))"
    assert mc.derive("d(x) = x**2; s = sum(d(z))", "z")["z"].source() == "2*z"
    assert mc.derive("d = x + 1; s = d.T@d", "x")["x"].source() == "2*d"
    assert mc.derive("d(g(x)) = 3*dx; s = d(x).T@g(x)", "x", functions={"d": "exp"})["x"].source() != ""


def test_generated_code_refuses_values_of_another_shape() -> None:
    fn = mc.compile(LOGDET + "s = g(X)", wrt="X")
    with pytest.raises(ValueError, match=r"g gave shape \(2,\), expected \(\)"):
        fn(X=np.eye(2), g=lambda X: X[0])
    value, gradients = fn(X=2 * np.eye(2), g=logdet)
    assert value == pytest.approx(2 * np.log(2))
    assert gradients["X"].tolist() == [[0.5, 0], [0, 0.5]]


def test_many_calls_and_shared_ones() -> None:
    """2^40 paths, and a chain of a thousand calls."""
    shared = "\n".join([f"y{i + 1} = g(y{i})*y{i} + y{i}" for i in range(40)])
    assert len(mc.derive(f"d(g(x)) = cos(x)*dx\ny0 = x\n{shared}\ns = sum(y40)", "x")["x"].source()) < 5000
    chain = "\n".join([f"z{i + 1} = g(z{i})" for i in range(1000)])
    program = f"d(g(x)) = cos(x)*dx\ng(x) = sin(x)\nz0 = x\n{chain}\ns = sum(z1000)"
    value, gradients = mc.compile(program, wrt="x")(x=[0.5])
    y, product = 0.5, 1.0
    for _ in range(1000):
        product, y = product * np.cos(y), np.sin(y)
    assert value == pytest.approx(y)
    assert gradients["x"][0] == pytest.approx(product)


def test_two_programs_with_other_laws_do_not_meet() -> None:
    one = mc.derive("d(g(x)) = 2*x.T@dx; s = g(y)", "y")
    other = mc.derive("d(g(x)) = 3*x.T@dx; s = g(y)", "y")
    assert one["y"].source() == "2*y"
    assert other["y"].source() == "3*y"


def test_the_law_is_shown_as_it_is_written() -> None:
    program = elaborate("# mine\nd(g(X)) = tr(  # the trace\n  inv(X) @ dX)   # done\ns = g(A)")
    assert program.laws["g"].text == "d(g(X)) = tr(inv(X) @ dX)"
    assert program.laws["g"].stated == "line 2"


def test_kinds_are_inferred_from_the_law() -> None:
    """Where the law admits a matrix alone, a lower-case name is one, as in ``logdet(k)``."""
    d = mc.derive(LOGDET + "s = x.T@x * g(k)", "k")
    assert d["k"].shape == ("m", "m")
    assert d["k"].source() == "x.T@x*inv(k).T"
    d = mc.derive("d(e(t)) = e(t)*dt; s = e(alpha)*tr(e(X))", "all")
    assert d["alpha"].shape == ()
    assert d["X"].shape == ("n", "n")


@pytest.mark.parametrize(
    ("law", "want"),
    [("d(h(x, y)) = dx*y + x*dy", "diag(v)@A"), ("d(h(y, x)) = dx*y + x*dy", "diag(v)@A")],
)  # fmt: skip
def test_an_argument_may_be_called_y(law: str, want: str) -> None:
    """The built-in laws call the value so; in a program's law it is a name as any other."""
    source = f"{law[2:9]} = x*y; {law}; z = h(A@u, v)"
    d = mc.derive(source, ["u", "v"])
    assert (d["u"].source(), d["v"].source()) == (want, "diag(A@u)")
    assert mc.check(source, ["u", "v", "A"]).passed
    assert "diag(v)" in d.explain()
