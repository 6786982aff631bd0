"""Operations beyond the contract's table: values by explicit numbers, derivatives held against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc


def value(program: str, **inputs: Any) -> Any:
    return mc.compile(program, wrt=[])(**inputs)[0]


def hessian_by_differences(program: str, by: str, **inputs: Any) -> Any:
    """Differences of the compiled gradient, which `mc.check` has held against differences of the value."""
    fn = mc.compile(program, wrt=[by])
    at = np.asarray(inputs[by], float)
    columns = []
    for i in np.ndindex(*at.shape):
        unit = np.zeros(at.shape)
        unit[i] = 1e-6
        ahead, behind = (fn(**{**inputs, by: at + sign * unit})[1][by] for sign in (1, -1))
        columns.append((ahead - behind) / 2e-6)
    return np.stack(columns, axis=-1).reshape(*at.shape, *at.shape)


GRADIENTS = """
var(x)
std(x)*sum(x)
w.T@var(X, axis=0).T
w.T@std(X, axis=1)
var(A@x) + std(x.T)
y = var(X, axis=1)
tr(A@cov(X))
logdet(cov(X))
sum(B*tril(X@Y))
u.T@triu(X)@v
y = tril(X)@a
u.T@cumsum(tanh(x))
y = cumsum(x)
y = cumsum(x.T)
tr(A@cumsum(X, axis=0)) + tr(A@cumsum(X**2, axis=1))
norm(cross(x, y))
y = cross(x, z)
y = cross_matrix(x)@z
u.T@roll(tanh(x), 2)
y = roll(x.T, -1)
tr(A@roll(X, 1, axis=0)) + tr(A@roll(X, -2, axis=1))
u.T@conv(sin(x), k)
y = conv(conv(x, k), h)
u.T@correlate(x, k)
y = correlate(x, k)
sum(where(x > 0, x**2, -3*x))
u.T@where(x < y, sin(x), cos(y))
sum(where(X >= a, X, 2*b)*B)
f(t) = where(t > 0, t, 0.1*t); s = u.T@f(W@x)
z = where(c <= 0, tanh(x), y)
s: scalar; tr(A@expm(s*X))
s = u.T@expm(X@X)@v
A: posdef(n); sum(B*cholesky(A))
sum(B*cholesky(A@A.T + eye(n)))
sum(B*cholesky(A))
y = cholesky(A)@x
A: symmetric(n); w.T@eigvalsh(A)
w.T@exp(eigvalsh(A@A.T))
y = eigvalsh(A)
w.T@svdvals(X)**2
sum(svdvals(X@Y))
z = svdvals(x@y.T + X)
"""


@pytest.mark.parametrize("program", GRADIENTS.strip().splitlines())
def test_gradients(program: str) -> None:
    assert mc.check(program, "all").passed


HESSIANS = [
    "var(x)", "std(x)", "sum(cumsum(tanh(x))**2)", "sum(exp(tril(x@x.T)))", "sum(cov(x@x.T))",
    "sum(where(x > 0, x**3, sin(x)))", "sum(conv(x, x)**2)", "sum(conv(tanh(x), x[0:2])**3)",
    "sum(roll(x, 1)*x**2)", "sum(cross(x[0:3], x[1:4]**2)**2)",
]  # fmt: skip


@pytest.mark.parametrize("program", HESSIANS)
def test_hessians(program: str) -> None:
    x = np.array([0.3, -0.8, 1.1, 0.2])
    rest: dict[str, Any] = {"w": [1.0, -2.0, 0.5, 3.0]} if "w" in program and "where" not in program else {}
    if "A" in program:
        rest["A"] = [[4, 1, 0, 2], [0, 1, 1, 0], [1, 0, -3, 1], [0, 2, 1, 7]]
    _, _, hessians = mc.compile(program, wrt=["x"], order=2)(x=x, **rest)
    np.testing.assert_allclose(hessians["x", "x"], hessian_by_differences(program, "x", x=x, **rest), rtol=1e-5,
    atol=1e-7)


def test_variance_is_the_populations() -> None:
    assert value("var(x)", x=[1, 2, 3, 6]) == 3.5
    assert value("std(x)", x=[1, 2, 3, 6]) == pytest.approx(3.5**0.5)
    X = [[1, 2, 4], [3, 2, 0]]
    np.testing.assert_allclose(value("var(X, axis=0)", X=X), [1, 0, 4])
    np.testing.assert_allclose(value("std(X, axis=1)", X=X), np.sqrt([14 / 9, 14 / 9]))
    np.testing.assert_allclose(value("cov(X)", X=X), [[1, 0, -2], [0, 0, 0], [-2, 0, 4]])


def test_triangles_and_running_sums() -> None:
    X = [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(value("tril(X)", X=X), [[1, 0, 0], [4, 5, 0]])
    np.testing.assert_array_equal(value("triu(X)", X=X), [[1, 2, 3], [0, 5, 6]])
    np.testing.assert_array_equal(value("cumsum(x)", x=[1, 2, 4]), [1, 3, 7])
    np.testing.assert_array_equal(value("cumsum(X, axis=1)", X=X), [[1, 3, 6], [4, 9, 15]])
    np.testing.assert_array_equal(mc.compile("cumsum(x).T@u", wrt=["x"])(x=[0, 0, 0], u=[1, 2, 4])[1]["x"], [7, 6, 4])


def test_products_and_shifts() -> None:
    np.testing.assert_array_equal(value("cross(x, y)", x=[1, 0, 0], y=[0, 1, 0]), [0, 0, 1])
    np.testing.assert_array_equal(value("cross(x, y)", x=[1, 2, 3], y=[4, 5, 6]), [-3, 6, -3])
    np.testing.assert_array_equal(value("cross_matrix(x)", x=[1, 2, 3]), [[0, -3, 2], [3, 0, -1], [-2, 1, 0]])
    np.testing.assert_array_equal(value("roll(x, 1)", x=[1, 2, 3]), [3, 1, 2])
    np.testing.assert_array_equal(value("roll(X, -1, axis=1)", X=[[1, 2, 3], [4, 5, 6]]), [[2, 3, 1], [5, 6, 4]])
    np.testing.assert_array_equal(value("conv(x, k)", x=[1, 2, 3], k=[1, 10]), [1, 12, 23, 30])
    np.testing.assert_array_equal(value("correlate(x, k)", x=[1, 2, 3], k=[1, 10]), [21, 32])
    np.testing.assert_array_equal(value("conv_matrix(k, 2)", k=[1, 10]), [[1, 0], [10, 1], [0, 10]])
    np.testing.assert_array_equal(value("corr_matrix(a, 2)", a=[1, 2, 3]), [[1, 2], [2, 3]])
    with pytest.raises(ValueError, match="3 entries do not fit into 2"):
        value("correlate(x, k)", x=[1, 2], k=[1, 2, 3])


def test_choices() -> None:
    x = [-1, 0, 2]
    np.testing.assert_array_equal(value("where(x > 0, 1, 5*x)", x=x), [-5, 0, 1])
    np.testing.assert_array_equal(value("where(x >= 0, 1, 5*x)", x=x), [-5, 1, 1])
    np.testing.assert_array_equal(value("where(x < y, x, y)", x=x, y=[0, 0, 0]), [-1, 0, 0])
    np.testing.assert_array_equal(value("where(x <= 0, 2, 3)", x=x), [2, 2, 3])
    np.testing.assert_array_equal(value("where(X > a, X, -1)", X=[[1, 2], [3, 4]], a=[1, 3]), [[-1, 2], [-1, 4]])
    np.testing.assert_array_equal(value("y = greater(x, 0) + at_least(x, 0)", x=x), [0, 1, 2])
    assert mc.derive("where(x < 2, x, -x)", "x").value.source() == "where(2 > x, x, -x)"
    assert mc.derive("s = sum(where(x > 0, x.^2, x))", "x", syntax="matlab")["x"].text()
    for wrong in ("x > 0", "f(x > 0)", "where(x, a, b)", "where(a > 0, b > 0, c)", "where(a == b, x, y)", "sum(x < 2)"):
        with pytest.raises(mc.MatcalcError, match="comparison"):
            mc.derive(wrong, "all")


def test_functions_of_a_matrix() -> None:
    np.testing.assert_allclose(value("expm(X)", X=[[0, 1], [-1, 0]]), [[np.cos(1), np.sin(1)], [-np.sin(1), np.cos(1)]])
    np.testing.assert_allclose(value("cholesky(A)", A=[[4, 2], [2, 5]]), [[2, 0], [1, 2]])
    np.testing.assert_allclose(value("eigvalsh(A)", A=[[2, 1], [1, 2]]), [1, 3])
    np.testing.assert_allclose(value("svdvals(X)", X=[[3, 0], [0, -4], [0, 0]]), [4, 3])
    fn = mc.compile("tr(A@expm(X))", wrt=["X"])
    assert "from scipy.linalg import expm, expm_frechet" in fn.source
    with pytest.raises(ValueError, match="at least as many rows as columns"):
        value("svdvals(X)", X=[[1, 2, 3], [4, 5, 6]])


def test_second_derivatives_that_are_not_there_are_refused() -> None:
    with pytest.raises(mc.UnsupportedError, match="expm"):
        mc.derive("u.T@expm(X)@v", "X", order=2)
    with pytest.raises(mc.UnsupportedError, match="expm"):
        mc.derive("Y = expm(X)", "X")


def test_written_as_textbooks_do() -> None:
    for program, by, text in (
        ("var(x)", "x", "2 (x − mean(x) 1)/n"), ("u.T@cumsum(x)", "x", "cumsum_back(u)"),
        ("u.T@conv(x, k)", "x", "correlate(u, k)"), ("y = conv(x, k)", "x", "conv_matrix(k, n)"),
        ("a.T@cross(x, y)", "x", "y × a"), ("u.T@roll(x, 2)", "x", "roll(u, −2)"), ("y = cross(x, z)", "z", "[x]_×"),
        ("tr(expm(X))", "X", "expm(X)ᵀ"), ("w.T@svdvals(X)", "X", "svd_left(X) diag(w) svd_right(X)ᵀ"),
        ("w.T@eigvalsh(A)", "A", "eigvecsh(A) diag(w) eigvecsh(A)ᵀ"),
        ("sum(B*tril(X))", "X", "tril(B)"), ("y = cumsum(x)", "x", "tril(1ₙₓₙ)"),
    ):  # fmt: skip
        assert mc.derive(program, by)[by].text() == text


def test_names_stay_free_for_variables() -> None:
    assert mc.derive("var = 2*x; var.T@cov", "x")["x"].text() == "2 cov"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("cumsum(X)", "needs an axis"), ("x: vector(n); cov(x)", "needs a matrix"),
        ("X: matrix(m, n); conv(X, y)", "columns"),
        ("X: matrix(2, 3); svdvals(X)", "rows as columns"), ("x: vector(n); expm(x)", "square"),
        ("y = eigh(A)", "eigvalsh"),
        ("roll(x, n)", "whole number"), ("roll(X, 1)", "needs an axis"), ("x: vector(4); cross(x, y)", "3"),
        ("tr(A@conv_matrix(x, 3))", "derivative of conv_matrix is not supported"),
    ],
)
def test_refused(program: str, message: str) -> None:
    with pytest.raises(mc.MatcalcError, match=message):
        mc.derive(program, "all")


def test_branches_that_are_not_taken_leave_no_nan() -> None:
    """Neither the value nor a derivative sees log(0), the root of a negative number or an overflow; nor does a warning
    (all are errors here)."""
    x = np.array([-1.0, 0.0, 4.0, 1000.0])
    cases = {
        "sum(where(x > 0, log(x), 0))": [0, 0, 0.25, 0.001],
        "sum(where(x > 0, sqrt(x), 0*x))": [0, 0, 0.25, 0.5 / np.sqrt(1000)],
        "sum(where(x > 100, 1, exp(x)))": [np.exp(-1), 1, np.exp(4), 0],
        "sum(where(x > 0, x*log(x), -x))": [-1, -1, np.log(4) + 1, np.log(1000) + 1],
    }
    for program, expected in cases.items():
        value, gradients, hessians = mc.compile(program, wrt=["x"], order=2)(x=x)
        assert np.isfinite(value)
        np.testing.assert_allclose(gradients["x"], expected, rtol=1e-14)
        assert np.isfinite(hessians["x", "x"]).all()


def test_an_exponent_is_not_among_all_variables() -> None:
    """It is a whole number; asked for by name, the derivative is refused."""
    assert list(mc.derive("s = tr(A@matrix_power(X, k))", "all")) == ["A", "X"]
    with pytest.raises(mc.UnsupportedError, match="matrix_power"):
        mc.derive("s = tr(A@matrix_power(X, k))", "k")


@pytest.mark.parametrize(
    ("program", "form"),
    [
        ("Y = expm(t*A)", "A@Y"), ("y = expm(t*A)@x", "A@y"), ("y = x.T@expm(-t*A)", "-x.T@A@expm(-t*A)"),
        ("E = expm(t*A); Y = E@B@E.T", "A@Y + Y@A.T"), ("Y = expm(A + t*B)", "expm_frechet(A + t*B, B)"),
        ("Y = inv(expm(t*A) + B)", "-Y@A@expm(t*A)@Y"), ("K: skew(n); y = expm(t*K)@x", "K@y"),
    ],
)  # fmt: skip
def test_by_a_scalar_the_exponential_of_a_matrix_has_one_direction(program: str, form: str) -> None:
    program = f"t: scalar; {program}"
    derivation = mc.derive(program, "t")
    assert derivation["t"].source() == form
    inputs = {n: np.random.default_rng(5).normal(size=[3 for d in derivation.program.shapes[n] if d != 1]) / 2
              for n in derivation.program.inputs if n not in "tK"}  # fmt: skip
    inputs |= {"K": np.array([[0.0, 1, -2], [-1, 0, 0.5], [2, -0.5, 0]])} if "K" in derivation.program.inputs else {}
    fn = mc.compile(program, "t")
    _, gradients = fn(t=0.7, **inputs)
    ahead, behind = fn(t=0.7 + 1e-5, **inputs)[0], fn(t=0.7 - 1e-5, **inputs)[0]
    np.testing.assert_allclose(gradients["t"], (ahead - behind) / 2e-5, rtol=1e-6, atol=1e-8)


def test_by_scalars_and_others_at_once() -> None:
    derivation = mc.derive("t: scalar; E = expm(t*A); y = E@x", ["t", "x"])
    assert {name: result.source() for name, result in derivation.items()} == {"t": "A@y", "x": "E"}
    with pytest.raises(mc.UnsupportedError, match="expm"):
        mc.derive("t: scalar; y = expm(t*A)@x", ["t", "A"])
