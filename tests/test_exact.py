"""Proofs in symbols: what is evaluated agrees with numbers, right gradients are proved, wrong ones refuted."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy
from plain_evaluator import Evaluator

import matcalc as mc
from matcalc.operations.arithmetic import ARITHMETIC
from matcalc.operations.elementwise import ELEMENTWISE
from matcalc.operations.reductions import REDUCTIONS
from matcalc.operations.structure import STRUCTURE
from matcalc.verify.closed_forms import ENTRYWISE, SPECIAL
from matcalc.verify.exact import prove
from matcalc.verify.report import VariableReport
from matcalc.verify.symbols import Singular, Symbolic

PROGRAMS = [
    "sum(exp(x)*log(y) - sqrt(y)/x**3)", "sum(log1p(y) + expm1(x) + square(x) + reciprocal(y))",
    "sum(abs(x - y) + sign(x) + relu(x - y) + step(x)) + sum(maximum(x, y) + minimum(x, y))",
    "sum(sin(x) + cos(x) + tan(x) + sinh(x) + cosh(x) + tanh(x))", "sum(arctan(x) + arcsin(x/99) + arccos(y/99))",
    "sum(sigmoid(x) + softplus(x) + silu(x) + gelu(x) + erf(x))", "sum(f(x)*f'(y))",
    "mean(A, axis=0)@x + logsumexp(A@x)", "sum(softmax(A, axis=1)*A + log_softmax(A, axis=0))",
    "sum(softmax(x)*log_softmax(y))", "prod(x) + max(x) - min(y)", "norm(A) + norm1(x) + norm_inf(y)",
    "dot(x, y) + inner(A, A) + tr(S@S)", "det(S) + logdet(S)", "tr(inv(S)@outer(u, v)) + u.T@solve(S, v)",
    "sum(pinv(A)@u)", "sum(diag(S)) + sum(diag(x)@y)", "sum(kron(A, S)*kron(A, S))", "vec(A).T@vec(A)",
    "tr(matrix_power(S, 3))", "sum([x; y]*[y; x]) + x[1]*A[0, 2] + sum(A[:, 1:3])", "sum(ones(3)*x) + tr(eye(2)@S)",
    "z = A@x; u.T@tanh(z) + pi*sum(z)", "g(t) = t*exp(-t); sum(g(x))", "cross_entropy(x**2, y)", "sum(zeros(3)+x)",
    "(A.T@u)[1]", "(S@v - u)[0]", "sum(cumsum(x)*y) + var(A)*std(x)", "sum(cumsum(A, axis=1)*A + triu(S)@tril(S)@A)",
    "sum(where(x > y, x**2, y*x) + where(x >= 1.9, y, x))",
    "sum(cov(A)*cov(A))",
]  # fmt: skip
DECLARED = "; x, y: vector(3) positive; A: matrix(2, 3); S: matrix(2, 2); u, v: vector(2)"
WITHOUT = {"norm_nuc", "polar", "pair", "entries"}  # no closed form in symbols, or more than two indices


def proof(program: str, wrt: str, gradient: str | None = None, **options: str) -> VariableReport:
    """What is found of a program's gradient, or of another program's in its place."""
    right = mc.derive(program, wrt, **options)  # type: ignore[arg-type]
    other = right if gradient is None else mc.derive(gradient, wrt)
    return prove(
        right.program, [wrt], other.gradients, value=right.value.node, structure=options.get("structure", "projection")
    )[wrt]


def test_every_operation_of_the_main_tables_has_symbols_or_a_reason() -> None:
    entries = [*ARITHMETIC, *ELEMENTWISE, *REDUCTIONS, *STRUCTURE]
    missing = {entry.name for entry in entries if entry.name not in ENTRYWISE and entry.name not in SPECIAL}
    assert missing <= WITHOUT


@pytest.mark.parametrize("program", PROGRAMS)
def test_symbols_mean_what_numbers_say(program: str) -> None:
    elaborated = mc.derive(program + DECLARED, []).program
    rng = np.random.default_rng(7)
    known, point, inputs = {}, {}, {}
    for name, node in elaborated.inputs.items():
        rows, columns = node.shape
        array = sympy.Matrix(rows, columns, lambda i, j: sympy.Dummy(positive=True))
        for symbol in array:
            point[symbol] = sympy.Rational(int(rng.integers(20, 99)), 37)
        known[node] = array
        inputs[name] = np.array(array.xreplace(point).tolist(), dtype=float).reshape(
            -1 if columns == 1 else (rows, columns)
        )
    functions = {("f", order): lambda t, k=order: np.sin(t + k * np.pi / 2) for order in range(3)}
    expected = Evaluator(inputs, {}, functions)(elaborated.value)
    found = Symbolic(known, {}, point)(elaborated.value).xreplace(point)
    for order in range(3):
        found = found.applyfunc(
            lambda e, k=order: e.replace(
                lambda n: type(n).__name__ == f"f_{k}", lambda n: sympy.sin(n.args[0] + k * sympy.pi / 2)
            )
        )
    np.testing.assert_allclose(np.array(found.evalf(20).tolist(), dtype=float), expected, rtol=1e-10)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if "log_softmax(A" not in p])
def test_right_gradients_are_proved(program: str) -> None:
    text = program + DECLARED
    for wrt in mc.derive(text, "all"):
        if not re.search(rf"\b{wrt}\b", program):
            continue
        found = proof(text, wrt)
        assert found.passed, (wrt, found.message)


@pytest.mark.parametrize(
    ("program", "wrong", "wrt"),
    [
        ("x.T@A@x", "x.T@A@x + x.T@x/1000000000", "x"),
        ("x.T@A@x", "2*x.T@A@x", "x"),
        ("x.T@A@x", "-x.T@A@x", "x"),
        ("A, B: matrix(n, n); tr(A@B@A)", "A, B: matrix(n, n); tr(A.T@B@A)", "A"),
        ("sum(abs(x))", "sum(x)", "x"),
        ("sum(relu(A@x))", "sum(A@x)", "x"),
        ("sum(f(x))", "sum(f'(x))", "x"),
        ("S: symmetric(n); x.T@S@y", "S: matrix(n, n); x.T@S@y", "S"),
        ("logsumexp(x)", "sum(exp(x))", "x"),
    ],
)
def test_wrong_gradients_are_refuted(program: str, wrong: str, wrt: str) -> None:
    found = proof(program, wrt, wrong)
    assert not found.passed
    assert not found.inconclusive
    assert found.message.startswith("wrong: entry")


@pytest.mark.parametrize("kind", ["symmetric", "posdef", "skew", "diagonal"])
@pytest.mark.parametrize("structure", ["projection", "entries"])
def test_structured_matrices(kind: str, structure: str) -> None:
    found = proof(f"S: {kind}(n); a.T@S@b + tr(S@S@A)", "S", structure=structure)
    assert found.passed, found.message


@pytest.mark.parametrize(
    ("program", "wrt"),
    [
        ("Q: orthogonal(n); a.T@Q@inv(Q).T@b + tr(Q@A)", "A"), ("y: simplex(k); cross_entropy(y, softmax(z))", "z"),
        ("z = W@x; s = z.T@z*sum(x)", "z"), ("J = log(det(X.T@X))", "X"), ("y = A@tanh(x)", "x"),
        ("x[1]*t + x[7]", "x"),
    ],
)  # fmt: skip
def test_types_intermediate_variables_and_sizes_that_fit(program: str, wrt: str) -> None:
    found = proof(program, wrt)
    assert found.passed or "three or four" in found.message, found.message


def test_what_is_not_proved_is_not_passed() -> None:
    found = proof("norm_nuc(X)", "X")
    assert (found.passed, found.inconclusive) == (False, True)
    assert "norm_nuc" in found.message
    large = "; ".join(["h0 = W0@x", *[f"h{k} = tanh(W{k}@h{k - 1})" for k in range(1, 30)], "sum(h29)"])
    assert "too large" in proof(large, "x").message


def test_a_kink_is_told() -> None:
    x = sympy.Symbol("x", positive=True)
    node = mc.derive("alpha: scalar; abs(alpha - 1)", "alpha")
    with pytest.raises(Singular):
        Symbolic({node.program.inputs["alpha"]: sympy.Matrix([[x]])}, {}, {x: sympy.Integer(1)})(node.program.value)
