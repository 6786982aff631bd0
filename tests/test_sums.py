"""Sums factored or distributed: which of the two is written, and that it is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc

SIZES = {"n": 5, "m": 7, "d": 4, "k": 3}
FORMS = {  # what the line of the value says
    "A: matrix(n, n); y = (A + A.T)@x": "A.dot(x) + A.T.dot(x)",
    "A: matrix(n, n); y = A@x + A.T@x": "A.dot(x) + A.T.dot(x)",
    "A: matrix(n, n); X: matrix(n, d); Y = A@X + A.T@X": "(A + A.T).dot(X)",
    "A: matrix(n, n); X: matrix(n, d); Y = X.T@A - X.T@A.T": "X.T.dot(A - A.T)",
    "A: matrix(n, n); X: matrix(n, 3); Y = A@X + A.T@X": "A.dot(X) + A.T.dot(X)",
    "A: matrix(n, n); X: matrix(n, 300); Y = A@X + A.T@X": "(A + A.T).dot(X)",
    "a: scalar; X: matrix(m, n); y = (X.T@X + a*eye(n))@w": "X.T.dot(X.dot(w)) + a * w",
    "v: vector(n); X: matrix(m, n); y = (X.T@X - diag(v))@w": "X.T.dot(X.dot(w)) - v * w",
    "A: matrix(n, n); y = (A - outer(u, v))@x": "A.dot(x) - v.dot(x) * u",
    "A: matrix(n, n); y = x.T@(A - outer(u, v)/3)": "A.T.dot(x) - ",
    "A: matrix(n, n); X: matrix(n, d); Y = X.T@X + X.T@A@X": "X.T.dot(X) + ",  # syrk is cheaper than to factor
    "A: matrix(n, n); M = A + A.T; y = M@x + sum(M)": "M.dot(x) + ",  # there already
}


def inputs(source: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found = {}
    for name, node in mc.derive(source, []).program.inputs.items():
        array = rng.standard_normal([SIZES.get(d, d) for d in node.shape if d != 1])
        found[name] = array if array.ndim else float(array)
    return found


def compiled(source: str, wrt: Any = (), **options: Any) -> Any:
    """As it stands before arrays are computed in place of others."""
    return mc.compile(source, wrt, optimize={"in_place": False}, **options)


def body(function: Any) -> str:
    """The statements, without the docstring that tells the formulas."""
    return str(function.source.split('"""')[4])


@pytest.mark.parametrize("source", FORMS)
def test_what_costs_less_is_written(source: str) -> None:
    function = compiled(source)
    assert f"= {FORMS[source]}" in body(function)
    given = inputs(source)
    plain, _ = mc.compile(source, optimize=False)(**given)
    np.testing.assert_allclose(function(**given)[0], plain, rtol=1e-11, atol=1e-12)


def test_hints_decide() -> None:
    source = "A: matrix(n, n); X: matrix(n, d); Y = A@X + A.T@X"
    assert "A.dot(X) + A.T.dot(X)" in compiled(source, dims={"d": 4}).source
    assert "(A + A.T).dot(X)" in mc.compile(source, dims={"d": 400}).source
    tall = "a: scalar; X: matrix(m, n); y = (X.T@X + a*eye(n))@w"
    assert "X.T.dot(X)" in mc.compile(tall, dims={"n": 2, "m": 10**6}).source


def test_a_product_that_is_there_is_not_factored_away() -> None:
    """The value has A x already: the gradient takes one product more, and no sum of matrices."""
    text = body(mc.compile("A: matrix(n, n); s = x.T@A@x", "x"))
    assert text.count(".dot(") == 3
    assert "A + A.T" not in text


def test_a_sum_that_many_vectors_meet_is_formed_once() -> None:
    vectors = " + ".join([f"(A + B)@x{k}" for k in range(9)])
    text = body(mc.compile(f"A: matrix(n, n); B: matrix(n, n); y = {vectors}"))
    assert "A + B" in text
    assert text.count(".dot(") == 9
    assert "A + B" not in body(mc.compile("A: matrix(n, n); B: matrix(n, n); y = (A + B)@x + 2*((A + B)@z)"))


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_regularised_least_squares(order: int) -> None:
    source = "a: scalar; X: matrix(m, n); s = w.T@(X.T@X + a*eye(n))@w/2 - y.T@X@w"
    rng = np.random.default_rng(1)
    X, w, y = rng.standard_normal((6, 3)), rng.standard_normal(3), rng.standard_normal(6)
    _, gradients, *rest = mc.compile(source, "w", order=order)(X=X, w=w, y=y, a=0.7)
    M = X.T @ X + 0.7 * np.eye(3)
    np.testing.assert_allclose(gradients["w"], M @ w - X.T @ y, rtol=1e-12)
    if rest:
        np.testing.assert_allclose(rest[0]["w", "w"], M, rtol=1e-12)


def test_long_sums_and_deep_ones() -> None:
    terms = " + ".join([f"outer(u{k}, v{k})" for k in range(40)])
    source = f"A: matrix(n, n); y = (A + {terms})@x"
    given = inputs(source)
    value, _ = mc.compile(source)(**given)
    np.testing.assert_allclose(value, mc.compile(source, optimize=False)(**given)[0], rtol=1e-10)
    deep = "A: matrix(n, n); y = (" + "(" * 150 + "A" + " + A.T)" * 150 + ")@x"
    assert mc.compile(deep)(**inputs(deep))[0].shape == (5,)


@pytest.mark.parametrize(
    ("rows", "line"),
    [("m", "2.0 * X.T.dot(X)"), ("100", "2.0 * X.T.dot(X)"), ("3", "(2.0 * X.T).dot(X)")],
)  # fmt: skip
def test_squares_of_which_blas_computes_half(rows: str, line: str) -> None:
    """Both factors are one array, unless they are so few rows that to scale the result costs more than the half."""
    source = f"X: matrix({rows}, n); Y = 2*X.T@X"
    function = compiled(source)
    assert f"Y = {line}" in body(function)
    X = np.random.default_rng(0).standard_normal((7 if rows == "m" else int(rows), 5))
    np.testing.assert_allclose(function(X=X)[0], 2 * X.T @ X, rtol=1e-12)
