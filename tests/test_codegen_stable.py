"""Stable forms: every rewrite changes how a value is computed and nothing else, out to ±1000."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from matcalc.codegen import stable
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.language.program import elaborate

POINTS = (-1000.0, -745.0, -40.0, -1.5, -1e-9, 0.0, 1e-9, 0.7, 40.0, 710.0, 1000.0)
mp = mpmath.mp.clone()
mp.dps = 1000


def compiled(source: str) -> Compiled:
    program = elaborate(source)
    return Compiled(generate(Request(program.value, list(program.inputs.values()))))


# formulas of a vector x, and the same entry by entry in a thousand digits
ENTRYWISE: dict[str, Callable[[Any], Any]] = {
    "log(1 + exp(x))": lambda t: mp.log(1 + mp.exp(t)), "log(exp(x) + 1)": lambda t: mp.log(1 + mp.exp(t)),
    "log(exp(x) + ones(n))": lambda t: mp.log(1 + mp.exp(t)), "log1p(exp(x))": lambda t: mp.log(1 + mp.exp(t)),
    "log(1 + exp(-x))": lambda t: mp.log(1 + mp.exp(-t)), "softplus(x)": lambda t: mp.log(1 + mp.exp(t)),
    "log(sigmoid(x))": lambda t: -mp.log(1 + mp.exp(-t)), "log(1 - sigmoid(x))": lambda t: -mp.log(1 + mp.exp(t)),
    "p = sigmoid(x); log(p)": lambda t: -mp.log(1 + mp.exp(-t)),
    "p = sigmoid(x); log(1 - p)": lambda t: -mp.log(1 + mp.exp(t)),
    "1/(1 + exp(-x))": lambda t: 1 / (1 + mp.exp(-t)), "1/(1 + exp(x))": lambda t: 1 / (1 + mp.exp(t)),
    "(1 + exp(-x))**-1": lambda t: 1 / (1 + mp.exp(-t)), "reciprocal(exp(-x) + 1)": lambda t: 1 / (1 + mp.exp(-t)),
    "exp(x)/(1 + exp(x))": lambda t: 1 / (1 + mp.exp(-t)), "3*exp(x)/(1 + exp(x))": lambda t: 3 / (1 + mp.exp(-t)),
    "-exp(x)/(1 + exp(x))": lambda t: -1 / (1 + mp.exp(-t)), "x/(1 + exp(x))": lambda t: t / (1 + mp.exp(t)),
    "sigmoid(x)": lambda t: 1 / (1 + mp.exp(-t)), "silu(x)": lambda t: t / (1 + mp.exp(-t)),
    "log(cosh(x))": lambda t: mp.log(mp.cosh(t)), "sinh(x)/cosh(x)": lambda t: mp.tanh(t), "log(exp(x))": lambda t: t,
    "tanh(x)": mp.tanh, "gelu(x)": lambda t: t * mp.erfc(-t / mp.sqrt(2)) / 2,
}  # fmt: skip


@pytest.mark.parametrize("formula", ENTRYWISE)
def test_functions_of_one_entry(formula: str) -> None:
    *names, last = formula.split("; ")
    got = compiled("; ".join(["x: vector(n)", *names, f"y = {last}"]))(x=np.array(POINTS))[0]
    for t, value in zip(POINTS, got, strict=True):
        wanted = ENTRYWISE[formula](mp.mpf(t))
        # to a part in 1e-9, and where the value comes from a difference of numbers near one, to their rounding
        assert abs(value - wanted) <= 1e-9 * abs(wanted) + (3e-16 if "cosh" in formula else 1e-300), (t, value)


def test_near_zero_where_a_sum_with_one_would_round() -> None:
    for formula, truth in {"log(1 + x)": mp.log1p, "exp(x) - 1": mp.expm1}.items():
        got = compiled(f"x: vector(n); y = {formula}")(x=np.array([1e-18, -1e-12, 1e-7]))[0]
        for t, value in zip([1e-18, -1e-12, 1e-7], got, strict=True):
            assert value == pytest.approx(float(truth(mp.mpf(t))), rel=1e-14, abs=0)


def log_sum_exp(x: Any) -> Any:
    return mp.log(mp.fsum(mp.exp(mp.mpf(t)) for t in x))


TOTALS: dict[str, Callable[[Any], Any]] = {
    "log(sum(exp(x)))": lambda x: [log_sum_exp(x)], "logsumexp(x)": lambda x: [log_sum_exp(x)],
    "log(softmax(x))": lambda x: [mp.mpf(t) - log_sum_exp(x) for t in x],
    "p = softmax(x); log(p)": lambda x: [mp.mpf(t) - log_sum_exp(x) for t in x],
    "p = softmax(x); log(p[1])": lambda x: [mp.mpf(x[1]) - log_sum_exp(x)],
    "log(p.T); p = softmax(x)": lambda x: [mp.mpf(t) - log_sum_exp(x) for t in x],
    "cross_entropy(y, softmax(x))": lambda x: [mp.fsum(-(mp.mpf(t) - log_sum_exp(x)) for t in x)],
    "cross_entropy(y, sigmoid(x))": lambda x: [mp.fsum(mp.log(1 + mp.exp(-mp.mpf(t))) for t in x)],
    "exp(x)/sum(exp(x))": lambda x: [mp.exp(mp.mpf(t) - log_sum_exp(x)) for t in x],
    "exp(x - logsumexp(x))": lambda x: [mp.exp(mp.mpf(t) - log_sum_exp(x)) for t in x],
    "exp(log_softmax(x))": lambda x: [mp.exp(mp.mpf(t) - log_sum_exp(x)) for t in x],
    "softmax(x)": lambda x: [mp.exp(mp.mpf(t) - log_sum_exp(x)) for t in x],
}  # fmt: skip


@pytest.mark.parametrize("formula", TOTALS)
@pytest.mark.parametrize(
    "x", [(1000.0, 999.0, -1000.0), (-1000.0, -1001.0, -1002.0), (0.1, -0.2, 0.3), (710.0, 0.0, -745.0)]
)
def test_functions_of_all_entries(formula: str, x: tuple[float, ...]) -> None:
    parts = sorted(formula.split("; "), key=lambda part: "=" not in part)
    source = "; ".join(["x, y: vector(n)", *parts[:-1], f"r = {parts[-1]}"])
    program = elaborate(source)
    module = generate(Request(program.value, list(program.inputs.values())))
    arguments = {
        "x": np.array(x),
        **({"y": np.ones(3)} if "y" in formula.replace("entropy", "").split("(")[1] or "entropy" in formula else {}),
    }
    got = Compiled(module)(**{name: a for name, a in arguments.items() if f"{name} = _array" in module})[0]
    for value, wanted in zip(np.atleast_1d(got), TOTALS[formula](x), strict=True):
        assert abs(value - wanted) <= 1e-9 * abs(wanted) + 1e-300


def test_along_axes() -> None:
    for formula, axis in (("log(sum(exp(X), axis=0))", 0), ("log(sum(exp(X), axis=1))", 1)):
        x = np.array([[1000.0, 2.0, 3.0], [998.0, -1000.0, 4.0]])
        got = compiled(f"y = {formula}")(X=x)[0]
        rows = x.T if axis == 0 else x
        np.testing.assert_allclose(got, [float(log_sum_exp(row)) for row in rows], rtol=1e-14)
    x = np.array([[1000.0, 2.0], [998.0, -1000.0]])
    for formula in (
        "exp(X)/sum(exp(X), axis=1)",
        "exp(X - logsumexp(X, axis=1))",
        "exp(log_softmax(X, axis=1))",
        "exp(log(softmax(X, axis=1)))",
    ):
        got = compiled(f"Y = {formula}")(X=x)[0]
        np.testing.assert_allclose(got, [[1.0, 0.0], [1.0, 0.0]], atol=1e-300)


def test_norms() -> None:
    for formula in ("sqrt(x.T@x)", "sqrt(dot(x, x))", "sqrt(sum(x**2))", "sqrt(sum(square(x)))", "sqrt(inner(x, x))"):
        program = elaborate(f"x: vector(n); s = {formula}")
        text = generate(Request(program.value, list(program.inputs.values())))
        assert "_norm(x)" in text, formula
        assert Compiled(text)(x=[3.0, 4.0])[0] == 5


def test_traces_go_inward() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 3, 3))
    source = "A, B: matrix(n, n); s = tr(2*A.T - (A@B).T*3 + B@A.T + tr(A)*B)"
    wanted = np.trace(2 * a.T - (a @ b).T * 3 + b @ a.T + np.trace(a) * b)
    program = elaborate(source)
    text = generate(Request(program.value, list(program.inputs.values())))
    assert Compiled(text)(A=a, B=b)[0] == pytest.approx(wanted)
    assert ".dot(" not in text


def test_a_trace_of_ten_thousand_terms() -> None:
    from matcalc.operations.table import add, make, variable

    x = variable("X", ("n", "n"))
    total = x
    for _ in range(10_000):
        total = add(total, make("T", x))
    assert Compiled(generate(Request(make("tr", total), [x])))(X=[[1.0, 2.0], [3.0, 4.0]])[0] == 10_001 * 5


STRUCTURES = {
    "log_of_one_plus_exp_to_softplus": "log(1 + exp(x))", "log_of_sum_of_exp_to_logsumexp": "log(sum(exp(x)))",
    "log_of_sigmoid_to_softplus": "log(sigmoid(x))", "log_of_softmax_to_log_softmax": "log(softmax(x))",
    "log_of_exp": "log(exp(x))", "log_of_cosh": "log(cosh(x))", "log_of_one_plus_to_log1p": "log(1 + x)",
    "cross_entropy_of_softmax": "cross_entropy(x, softmax(x))", "inverse_of_one_plus_exp_to_sigmoid": "1/(1 + exp(x))",
    "exp_over_its_sum_to_softmax": "exp(x)/sum(exp(x))", "exp_minus_one_to_expm1": "exp(x) - 1",
    "sinh_over_cosh_to_tanh": "sinh(x)/cosh(x)", "exp_of_log_softmax": "exp(log_softmax(x))",
    "root_of_squares_to_norm": "sqrt(x.T@x)", "trace_inward": "tr((A + A.T)@A + A)",
    "indicator_times_to_where": "greater(x, 0)*log(x)",
}  # fmt: skip


def test_every_rewrite_has_an_example_that_it_changes() -> None:
    assert set(STRUCTURES) == {rule.__name__ for rule in stable.RULES}
    for rule in stable.RULES:
        value = elaborate(f"x: vector(n); A: matrix(n, n); r = {STRUCTURES[rule.__name__]}").value.args[0]
        changed = rule(value)
        assert changed is not None, rule.__name__
        assert changed.shape == value.shape
        assert stable.stabilise([value])[value] is not value


def test_what_is_shaped_alike_but_not_equal_is_left_alone() -> None:
    for formula in ("log(2 + exp(x))", "1/(1 + exp(x)*y)", "exp(x)/(1 + exp(y))", "exp(x)/sum(exp(y))",
                    "log(sum(exp(x)) + 1)",
                    "sinh(x)/cosh(y)", "exp(x - logsumexp(y))", "sqrt(x.T@y)", "log(1 - tanh(x))",
                    "1/(2 + exp(x))"):  # fmt: skip
        x, y = np.array([0.3, -0.4]), np.array([0.9, 0.2])
        got = compiled(f"x, y: vector(n); r = {formula}")
        wanted = {
            "log(2 + exp(x))": np.log(2 + np.exp(x)), "1/(1 + exp(x)*y)": 1 / (1 + np.exp(x) * y),
            "exp(x)/(1 + exp(y))": np.exp(x) / (1 + np.exp(y)), "exp(x)/sum(exp(y))": np.exp(x) / np.exp(y).sum(),
            "log(sum(exp(x)) + 1)": np.log(np.exp(x).sum() + 1), "sinh(x)/cosh(y)": np.sinh(x) / np.cosh(y),
            "exp(x - logsumexp(y))": np.exp(x) / np.exp(y).sum(), "sqrt(x.T@y)": np.sqrt(x @ y),
            "log(1 - tanh(x))": np.log(1 - np.tanh(x)), "1/(2 + exp(x))": 1 / (2 + np.exp(x)),
        }[formula]  # fmt: skip
        names = [name for name in "xy" if f"{name} = _array" in got.source]
        np.testing.assert_allclose(got(**{name: {"x": x, "y": y}[name] for name in names})[0], wanted, rtol=1e-12)


HELPERS_ANALYTIC = (
    "sigmoid",
    "softplus",
    "silu",
    "gelu",
    "erf",
    "tanh",
    "expm1",
    "log1p",
    "arctan",
    "sqrt",
    "log",
    "arcsin",
    "tan",
)


@pytest.mark.parametrize("name", HELPERS_ANALYTIC)
def test_the_complex_variant_is_analytic(name: str) -> None:
    """Its complex step agrees with central differences of the real variant."""
    from matcalc.operations.table import make, variable

    x = variable("x", ("n", 1))
    at = np.array([0.21, 0.68, 0.9])
    real, step = (Compiled(generate(Request(make(name, x), [x], complex_=c))) for c in (False, True))
    slope = np.imag(step(x=at + 1e-20j)[0]) / 1e-20
    h = 1e-5
    np.testing.assert_allclose(slope, (real(x=at + h)[0] - real(x=at - h)[0]) / (2 * h), rtol=1e-7)
    if name in ("sigmoid", "softplus", "silu"):
        far = np.imag(step(x=np.array([-1000.0, 1000.0]) + 1e-20j)[0]) / 1e-20
        np.testing.assert_allclose(far, [0.0, 0.0 if name == "sigmoid" else 1.0], atol=1e-300)
