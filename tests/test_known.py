"""What simplification and code make of facts: values stay, nothing gets longer, nothing happens where it is unknown."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from matcalc.calculus.simplify import simplify
from matcalc.expressions.node import Node, postorder
from matcalc.language.program import beside, elaborate, expression
from matcalc.render.measure import token_count
from matcalc.verify.sampling import draw
from tests.plain_evaluator import Evaluator
from tests.test_facts import TYPED, grown, ill

SIZES = {"n": 4, "m": 5}
DECLARED = (
    "S: symmetric(n); T: symmetric(n); P: posdef(n); K: skew(n); D: diagonal(n); Q: orthogonal(n); R: orthogonal(n);"
    "p: simplex(n); A: matrix(n, n); B: matrix(m, n); x: vector(n); u: vector(n) positive; c: scalar positive;"
    "d: scalar; "
)
SHORTER = [
    ("(A.T@S@A).T", "A.T@S@A"), ("(A + A.T).T", "A + A.T"), ("inv(A + A.T).T", "inv(A + A.T)"),
    ("expm(S).T", "expm(S)"), ("kron(S, T).T", "kron(S, T)"), ("cov(B).T", "cov(B)"), ("(S*T).T", "S*T"),
    ("(B.T@B + c*eye(n)).T", "B.T@B + c*eye(n)"), ("pinv(S).T", "pinv(S)"), ("K.T", "-K"), ("tr(K)", "0"),
    ("x.T@K@x", "0"), ("x.T@A@K@A.T@x", "0"), ("tr(K@S)", "0"), ("tr(K@(A + A.T))", "0"), ("Q.T@Q", "eye(n)"),
    ("Q@R@R.T@Q.T", "eye(n)"), ("expm(K).T@expm(K)", "eye(n)"), ("inv(Q@R)", "R.T@Q.T"),
    ("inv(expm(K))@expm(K)", "eye(n)"),
    ("eigvecsh(S).T@eigvecsh(S)", "eye(n)"), ("sum(p)", "1"), ("sum(softmax(x))", "1"),
    ("sum(exp(x)/sum(exp(x)))", "1"),
    ("sum(softmax(B, axis=1), axis=1)", "ones(m)"), ("sum(softmax(B, axis=0), axis=0)", "ones(n).T"),
    ("sum(softmax(B, axis=1)[2, :])", "1"), ("sum(diag(p))", "1"), ("mean(softmax(B, axis=1))", "1/n"),
    ("sum(is_max(x))", "1"), ("abs(exp(d))", "exp(d)"), ("abs(u)", "u"), ("abs(-x)", "abs(x)"), ("abs(x**2)", "x**2"),
    ("relu(u)", "u"), ("relu(abs(x))", "abs(x)"), ("sign(u)", "ones(n)"), ("step(exp(x))", "ones(n)"),
    ("step(-exp(x))", "zeros(n)"), ("step(-2*abs(x))", "zeros(n)"), ("sign(-3*u)", "-ones(n)"),
    ("norm(x/norm(x))", "1"), ("norm(Q@x)", "norm(x)"), ("norm(Q@A@R.T)", "norm(A)"), ("norm1(u)", "sum(u)"),
    ("norm1(softmax(x))", "1"), ("maximum(u, 0)", "u"), ("minimum(u, 0)", "0*u"), ("det(Q)**2", "1"),
    ("det(Q)*det(Q)*d", "d"), ("logdet(Q)", "0"), ("logdet(eye(n))", "0"), ("det(eye(n))", "1"),
    ("det(A.T@A)", "det(A)**2"), ("det(Q.T@A@Q)", "det(A)"), ("logdet(A.T@A)", "2*logdet(A)"),
    ("logdet(Q@A)", "logdet(A)"), ("logdet(inv(A))", "-logdet(A)"), ("logdet(expm(A))", "tr(A)"),
    ("logdet(tril(A)@tril(A).T)", "2*logdet(tril(A))"), ("tril(tril(A))", "tril(A)"),
    ("tril(cholesky(P))", "cholesky(P)"),
    ("sqrt(u**2)", "u"), ("(x/norm(x)).T@(x/norm(x))", "1"), ("cross(x[0:3], x[0:3])", "zeros(3)"),
]  # fmt: skip
KEPT = [  # where the fact is unknown, or false
    "(S@T).T", "(A@S).T", "x.T@A@x", "tr(A)", "sum(u)", "sum(softmax(B, axis=1), axis=0)",
    "sum(softmax(B, axis=0)[2, :])", "sign(-abs(x))", "step(-x)",
    "abs(x)", "abs(exp(d) - 1)", "relu(x)", "sign(x)", "sign(abs(x))", "step(relu(x))", "norm(x/norm(u))", "norm(A@x)",
    "norm1(x)", "norm1(p)", "maximum(x, 0)", "minimum(x, 0)", "det(Q)", "det(A)**2", "logdet(A)", "tril(A)",
    "triu(tril(A))",
    "logdet(S)", "abs(K)", "abs(tr(S))", "sqrt(c + d**2)", "relu(P)", "abs(P)", "logdet(P + S)", "sqrt(x**2)",
]  # fmt: skip


def value_of(node: Node, arrays: dict[str, Any]) -> Any:
    return Evaluator(arrays, SIZES)(node)


def point(program: Any, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: draw(node, SIZES, rng) for name, node in program.inputs.items()}


@pytest.mark.parametrize(("written", "shorter"), SHORTER)
def test_what_is_known_is_used(written: str, shorter: str) -> None:
    program = elaborate(DECLARED + written)
    found = simplify(program.value)
    environment = beside(program)
    wanted = simplify(expression(shorter, environment))
    assert found is wanted
    assert token_count(found) <= token_count(program.value)
    for seed in range(3):
        arrays = point(program, seed)
        np.testing.assert_allclose(value_of(found, arrays), value_of(program.value, arrays), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("written", KEPT)
def test_what_is_unknown_is_kept(written: str) -> None:
    program = elaborate(DECLARED + written)
    found = simplify(program.value)
    called = re.match(r"(\w+)\(", written)
    assert called is None or called[1] in {node.op for node in postorder(found)}
    assert found.args, "not a constant"
    for seed in range(3):
        arrays = point(program, seed)
        np.testing.assert_allclose(value_of(found, arrays), value_of(program.value, arrays), rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_random_typed_expressions_keep_their_values() -> None:
    judged = 0
    for seed in range(250):
        rng = np.random.default_rng(10_000 + seed)
        arrays = {v.params[0]: draw(v, SIZES, rng) for v in TYPED if v.op == "var"}
        evaluator = Evaluator(arrays, SIZES)
        for node in grown(rng, 8):
            found = simplify(node)
            assert token_count(found) <= token_count(node)
            try:
                before, after = evaluator(node), evaluator(found)
            except (np.linalg.LinAlgError, ValueError, ZeroDivisionError, AssertionError):
                continue
            if not np.all(np.isfinite(before)) or np.max(np.abs(before)) > 1e4 or ill(node, evaluator):
                continue
            judged += 1
            np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-7, err_msg=f"seed {seed}: {node}")
    assert judged > 800
