"""Code by what is known of matrices: Cholesky factors and decompositions, once for all that need them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.expressions.node import Node
from matcalc.language.program import elaborate
from matcalc.verify.sampling import draw
from tests.plain_evaluator import Evaluator

SIZES = {"n": 4, "m": 6}
PROGRAMS = [  # with how often the code factors
    ("P: posdef(n); logdet(P)", 1), ("P: posdef(n); det(P)", 1), ("P: posdef(n); logdet(P) + det(P)", 1),
    ("P: posdef(n); logdet(P) + sum(cholesky(P))", 1), ("P: posdef(n); logdet(2*P + 3*P)", 1),
    ("B: matrix(m, n); c: scalar positive; logdet(B.T@B + c*eye(n))", 1),
    ("B: matrix(m, n); c: scalar positive; C = B.T@B/m + c*eye(n); logdet(C) + x.T@solve(C, x)", 1),
    ("P: posdef(n); logdet(inv(P)) + det(inv(P)) + logdet(P*P)", 2), ("X: matrix(m, n); logdet(cov(X) + eye(n))", 1),
    ("P: posdef(n); R: posdef(n); logdet(kron(P, R))", 1), ("S: symmetric(n); logdet(S@S + eye(n))", 1),
    ("S: symmetric(n); det(expm(S))", 1), ("u: vector(n) positive; P: posdef(n); logdet(P + diag(u))", 1),
    ("A: matrix(n, n); logdet(A)", 0), ("B: matrix(m, n); logdet(B.T@B)", 0), ("S: symmetric(n); logdet(S)", 0),
    ("S: symmetric(n); c: scalar positive; det(S + c*eye(n))", 0), ("P: posdef(n); S: symmetric(n); det(P@S)", 0),
    ("A: matrix(n, n); det(tril(A))", 0), ("A: matrix(n, n); logdet(triu(A))", 0), ("D: diagonal(n); logdet(D)", 0),
    ("D: diagonal(n) positive; det(D) + logdet(D)", 0), ("P: posdef(n); logdet(cholesky(P))", 1),
    ("A: matrix(n, n); logdet(tril(A).T) + det(triu(A).T)", 0), ("A: matrix(n, n); logdet(inv(A).T) + det(inv(A))", 0),
    ("A: matrix(n, m); B: matrix(m, n); det((A@B).T) + logdet(inv(A@B).T)", 0),
]  # fmt: skip


def function(source: str) -> tuple[mc.compiling.Compiled, dict[str, Any], Node]:
    program = elaborate(source)
    rng = np.random.default_rng(3)
    arrays = {name: draw(node, SIZES, rng) for name, node in program.inputs.items()}
    return mc.compile(source, "all"), arrays, program.value


@pytest.mark.parametrize(("source", "count"), PROGRAMS)
def test_the_value_is_right_and_factored_as_often_as_needed(source: str, count: int) -> None:
    fn, arrays, value = function(source)
    sizes = {**SIZES}
    np.testing.assert_allclose(fn(**arrays)[0], Evaluator(arrays, sizes)(value).item(), rtol=1e-9)
    body = fn.source[: fn.source.index("\ndef _", fn.source.index("def gradients"))]
    assert body.count("_factor(") == count, body
    assert "import scipy" not in body
    assert "slogdet" not in fn.source or not count


@pytest.mark.parametrize("source", [source for source, _ in PROGRAMS if "expm" not in source])
def test_the_code_passes_its_check(source: str) -> None:
    report = mc.check(source, "all")
    assert report.passed, [report[name].message for name in report]


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("P: posdef(n); logdet(P)", "P"),
        ("P: posdef(n); C = P + P; det(C)", "C"),
        ("P: posdef(n); B: matrix(n, n); logdet(P + B@B.T)", "P + B@B.T"),
        ("S: symmetric(n); P: posdef(n); B: matrix(n, n); s = sum(cholesky(S))", "S"),
    ],
)
def test_what_is_not_positive_definite_is_named(source: str, called: str) -> None:
    fn = mc.compile(source, [])
    wrong = {"P": -np.eye(3), "S": np.diag([1.0, -2.0, 3.0]), "B": np.zeros((3, 3))}
    used = {name: array for name, array in wrong.items() if re.search(rf"\b{name}\b", fn.source.split("):")[0])}
    with pytest.raises(np.linalg.LinAlgError, match=rf"^{re.escape(called)} is not positive definite$"):
        fn(**used)


def test_a_long_matrix_is_named_by_what_it_is_the_result_of() -> None:
    terms = " + ".join(["P"] * 40)
    with pytest.raises(np.linalg.LinAlgError, match=r"^the argument, a result of add, is not positive definite$"):
        mc.compile(f"P: posdef(n); logdet({terms})", [])(P=-np.eye(2))


def test_a_workable_matrix_that_is_not_symmetric_is_not_factored() -> None:
    value, _ = mc.compile("A: matrix(n, n); logdet(A)", [])(A=[[0.0, 2.0], [3.0, 0.0]])
    assert value == pytest.approx(np.log(6))


@pytest.mark.parametrize(
    ("source", "decomposition", "unshared"),
    [
        ("S: symmetric(n); sum(A*eigvecsh(S)) + sum(eigvalsh(S)**2)", "_eigh(S)", "_eigvalsh("),
        ("sum(A*eigvecsh(A))", "_eigh(A)", "_eigvecsh("),
        ("X: matrix(m, n); s = x.T@svdvals(X)", "_svd(X)", "_svdvals("),
        ("X: matrix(6, 4); Y: matrix(6, 4); s = sum(Y*svd_left(X)) + sum(svdvals(X))", "_svd(X)", "_svd_gaps("),
    ],
)
def test_one_decomposition_serves_all_of_its_parts(source: str, decomposition: str, unshared: str) -> None:
    fn = mc.compile(source, ["X" if "X" in source else "S" if "S:" in source else "A"])
    body = fn.source[: fn.source.index("\ndef _", fn.source.index("def gradients"))]
    assert body.count(decomposition) == 1
    assert unshared not in body
    assert mc.check(source, "all").passed


def test_one_part_alone_is_computed_alone() -> None:
    assert "eigvalsh(" in mc.compile("S: symmetric(n); sum(eigvalsh(S)**2)", []).source
    assert "eigh(" not in mc.compile("S: symmetric(n); sum(eigvalsh(S)**2)", []).source


def test_what_a_type_assumes_does_not_change_the_value() -> None:
    fn = mc.compile("Q: orthogonal(n); p: simplex(n); x.T@Q.T@Q@x + sum(p)", [])
    value, _ = fn(Q=2 * np.eye(3), p=np.ones(3), x=np.ones(3))
    assert value == pytest.approx(15.0)


def test_sums_in_either_order_are_one() -> None:
    source = "B: matrix(m, n); c: scalar positive; logdet(B.T@B + c*eye(n)) + logdet(c*eye(n) + B.T@B)"
    text = mc.compile(source, []).source
    assert text.count("B.T.dot(B)") == 1
    assert text.count("_factor(") == 2, "the call and the helper"


@pytest.mark.parametrize("n", [7, 299, 300, 333, 400, 700])
def test_an_inverse_beside_its_factor_is_computed_by_it(n: int) -> None:
    """By LU below 300 rows, by blocks of the factor above, of all remainders of the blocks' size."""
    source = "S: posdef(n); J = logdet(S) + x.T@inv(S)@x"
    fn = mc.compile(source, ["S", "x"])
    assert "np.linalg.inv(" not in fn.source.split("\ndef ")[1]
    rng = np.random.default_rng(n)
    A = rng.normal(size=(n, n))
    S, x = A @ A.T / n + np.eye(n), rng.normal(size=n)
    value, gradients = fn(S=S, x=x)
    inverse = np.linalg.inv(S)
    v = np.linalg.solve(S, x)
    np.testing.assert_allclose(value, np.linalg.slogdet(S)[1] + x @ v, rtol=1e-11)
    np.testing.assert_allclose(gradients["S"], inverse - np.outer(v, v), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(gradients["x"], 2 * v, rtol=1e-9, atol=1e-10)
    with pytest.raises(np.linalg.LinAlgError, match="S is not positive definite"):
        fn(S=S - 10 * np.eye(n), x=x)
    plain = mc.compile(source, ["S", "x"], optimize={"factorisations": False})
    assert "_definite_inverse" not in plain.source
    np.testing.assert_allclose(plain(S=S, x=x)[1]["S"], gradients["S"], rtol=1e-9, atol=1e-10)
