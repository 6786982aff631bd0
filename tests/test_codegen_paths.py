"""Programs for paths of the generated code that others miss, by value: against differences, and against numbers.

Each was written where a mutant of the code survived.
"""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.language.program import elaborate
from tests.differences import close, derivative, evaluator, point, variables

PROGRAMS = """
det(X)**3*tr(inv(X)@B); det(X)**2*sum(inv(X)); sum(det(X)**4*inv(X)*B); det(X)**3*tr(inv(X).T@B)*t
sum(A@C@D, axis=1).T@y; sum((A@C@D).T, axis=1).T@x; sum(A@C@D, axis=0)@x; sum(sum((A@C)@D, axis=1)**2)
mean(A@C@D); sum(sum(D.T@C.T@A.T, axis=0)**2); sum(D.T@C.T@A.T)*t
x.T@E.T@E@x; tr(E.T@diag(u)@E); tr(E@diag(v)@E.T); sum((u*E)*E); sum((E.T*u.T)@E); tr((E.T*u.T)@E)
t**0.5*s; t**-1*s; t**2.5*s; (t*s)**3; t**s; (2*t)**s; 2**t; (3*t)**2.5; t**20*s; t**-7
sum(x**20); sum(x**-7); sum(x**2.5); sum(x**t); sum((2*x)**t); sum(2**x); sum(x/(1 + x)**2.5)
sum(x/(1 + exp(-x))); sum(exp(-x)*sigmoid(x)); sum(tanh(x)*sigmoid(-x)); 1/(1 + exp(-t))/s
norm(x)**3; norm(x)*x.T@x; x.T@x/norm(x); norm(D@x)**-1*sum(x); norm(t*x)*norm(x)
tr(matrix_power(X, 5)); tr(matrix_power(X, 2)@B); sum(matrix_power(X, 3)@B); sum(2*x - 3*x*t - x**2); -sum(x) - sum(y)
sum((A - A@C@C.T)@C); sum(-(A@C) - A@C*t); sum(u*E - v.T); tr(X@B@X.T@B.T); tr(X@B@B.T@X.T); x.T@X@X.T@x*t
"""
DECLARED = (
    "; x, v: vector(n) positive; y, u: vector(m) positive; s, t: scalar positive; X, B: matrix(n, n)"
    "; A: matrix(m, p); C: matrix(p, q); D: matrix(q, n); E: matrix(m, n)"
)
LIST = [text.strip() for line in PROGRAMS.strip().splitlines() for text in line.split(";")]


@pytest.mark.parametrize("text", LIST)
def test_values_and_gradients(text: str) -> None:
    source = f"J = {text}{DECLARED}"
    value = elaborate(source).value
    at = point(value, seed=text)
    inputs = variables(value)
    given = {v.params[0]: np.squeeze(at[v.params[0]]) for v in inputs}
    found, gradients = mc.compile(source, wrt=list(given))(**given)
    assert close(np.reshape(found, (1, 1)), evaluator(at)(value), 1e-9)
    for target in inputs:
        truth = derivative(value, target, at)[0, 0]
        assert close(np.reshape(gradients[target.params[0]], truth.shape), truth, 1e-6), target


@pytest.mark.parametrize(
    ("text", "value", "gradient"),
    [  # where the condition fails, nothing of what stands there is computed, and nothing is added
        ("sum(where(x > 0, log(x), 0))", np.log(6), [0, 1 / 2, 0, 1 / 3]),
        ("sum(where(x > 0, 0, log(-x)))", np.log(0.75), [-2 / 3, 0, -2, 0]),
        ("sum(where(x > 0, 0, 1)*log(-x))", np.log(0.75), [-2 / 3, 0, -2, 0]),
        ("sum(where(x > 0, 1, 0)*log(x))", np.log(6), [0, 1 / 2, 0, 1 / 3]),
        ("sum(where(x > 0, 2, 0)*sqrt(x))", 2 * (2**0.5 + 3**0.5), [0, 2**-0.5, 0, 3**-0.5]),
    ],
)
def test_what_a_condition_leaves_out(text: str, value: float, gradient: list[float]) -> None:
    found, gradients = mc.compile(f"s = {text}; x: vector(n)", wrt=["x"])(x=np.array([-1.5, 2.0, -0.5, 3.0]))
    assert found == pytest.approx(value, rel=1e-12)
    assert gradients["x"] == pytest.approx(np.array(gradient), rel=1e-12)
