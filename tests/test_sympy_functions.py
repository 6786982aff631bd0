"""Unknown functions said to be SymPy expressions: they work like definitions written in the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from differences import slope

import matcalc as mc
from matcalc.errors import MatcalcError, ParseError, UnknownNameError, UnsupportedError
from matcalc.language.program import beside, expression

t, a = sympy.symbols("t a")
WINDOW = "s = u.T @ f(W@x + b)"

GIVEN: list[tuple[Any, str, Callable[[Any], Any]]] = [
    (sympy.Lambda(t, t * sympy.exp(-(t**2))), "t*exp(-t**2)", lambda x: x * np.exp(-(x**2))),
    (t * sympy.exp(-(t**2)), "t*exp(-t**2)", lambda x: x * np.exp(-(x**2))),
    (sympy.log(sympy.cosh(a)), "log(cosh(a))", lambda x: np.log(np.cosh(x))),
    (sympy.tanh, "tanh(t)", np.tanh),
    (sympy.sech, "1/cosh(t)", lambda x: 1 / np.cosh(x)),
    (sympy.Lambda(a, sympy.Max(a, 0)), "maximum(0, a)", lambda x: np.maximum(x, 0)),
    (sympy.sqrt(1 + t**2), "sqrt(1 + t**2)", lambda x: np.sqrt(1 + x**2)),
    (sympy.asinh, "log(t + sqrt(1 + t**2))", np.arcsinh),
    (sympy.tanh(t) / sympy.pi, "tanh(t)/pi", lambda x: np.tanh(x) / np.pi),
    (sympy.Rational(1, 3) * t**3, "t**3/3", lambda x: x**3 / 3),
]


@pytest.mark.parametrize(("given", "body", "truth"), GIVEN)
def test_a_sympy_function_is_a_definition(given: Any, body: str, truth: Callable[[Any], Any]) -> None:
    d = mc.derive(WINDOW, "all", functions={"f": given})
    line = d.program.source.splitlines()[1]
    assert line.split(" = ")[1] == body
    same = mc.derive(f"{WINDOW}\n{line}", "all")
    for name in d:
        assert d[name].source() == same[name].source()
        assert expression(d[name].source(), beside(d.program)) is d[name].node
    fn = mc.compile(WINDOW, wrt="all", functions={"f": given})
    rng = np.random.default_rng(3)
    values = {"u": rng.standard_normal(3), "W": rng.standard_normal((3, 4)), "x": rng.standard_normal(4)}
    values["b"] = rng.standard_normal(3)
    value, gradients = fn(**values)
    assert value == pytest.approx(values["u"] @ truth(values["W"] @ values["x"] + values["b"]))
    for name in values:
        numeric = slope(lambda v, name=name: np.asarray(fn(**{**values, name: v})[0]), values[name])
        assert np.allclose(gradients[name], numeric, rtol=1e-6, atol=1e-7)
    assert mc.check(WINDOW, functions={"f": given}).passed


def test_derivatives_are_simplified() -> None:
    assert mc.derive(WINDOW, "W", functions={"f": sympy.log(sympy.cosh(t))})["W"].source() == "(u*tanh(W@x + b))@x.T"
    assert mc.derive("s = f'(c)", "c", functions={"f": t**3})["c"].source() != ""


def test_beside_names_and_in_the_matlab_syntax() -> None:
    d = mc.derive("s = sum(f(x) + g(x))", "x", functions={"f": t**3, "g": "tanh"})
    assert d["x"].source() == "3*x**2 + g'(x)"
    assert mc.derive("s = sum(f(x))", "x", syntax="matlab", functions={"f": t**3})["x"].source() == "3*x.^2"
    program = mc.derive("s = sum(f(x))", "x").program
    assert mc.derive(program, "x", functions={"f": t**3})["x"].source() == "3*x**2"


REFUSED: list[tuple[Any, type[MatcalcError], str]] = [
    (sympy.gamma, UnsupportedError, "gamma cannot be read"),
    (sympy.besselj(1, t), UnsupportedError, "besselj cannot be read"),
    (sympy.I * t, UnsupportedError, "ImaginaryUnit cannot be read"),
    (sympy.Piecewise((t, t > 0), (0, True)), UnsupportedError, "Piecewise cannot be read"),
    (sympy.Function("h"), UnsupportedError, "SymPy's unknown h"),
    (sympy.Lambda((t, a), t * a), UnsupportedError, "a Lambda of 2 symbols"),
    (sympy.Lambda(t, a * t), UnsupportedError, "the symbols a beside its argument"),
    (a * t, UnsupportedError, "an expression with the symbols a, t"),
    (sympy.Integer(3), UnsupportedError, "an expression with no symbol"),
    (sympy.MatrixSymbol("X", 2, 2), UnsupportedError, "given by matrices"),
    (np.tanh, UnsupportedError, "given by ufunc"),
    (3.0, UnsupportedError, "given by float"),
]


@pytest.mark.parametrize(("given", "error", "message"), REFUSED)
def test_refused(given: Any, error: type[MatcalcError], message: str) -> None:
    with pytest.raises(error) as raised:
        mc.derive(WINDOW, "W", functions={"f": given})
    assert message in raised.value.message


def test_functions_that_the_program_has_or_does_not_call() -> None:
    with pytest.raises(ParseError, match="defined in the program and given"):
        mc.derive("f(t) = t; s = sum(f(x))", "x", functions={"f": t**2})
    with pytest.raises(UnknownNameError, match="calls no function f"):
        mc.derive("s = sum(g(x))", "x", functions={"f": t**2})
    with pytest.raises(ParseError) as raised:
        mc.derive("s = sum(f(x)", "x", functions={"f": t**2})
    assert (raised.value.line, raised.value.column) == (1, 8)
