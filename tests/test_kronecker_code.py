"""Kronecker products in generated code: what they multiply is computed without them."""

from __future__ import annotations

import numpy as np
import pytest
from differences import close, derivative

import matcalc as mc
from matcalc.expressions.dims import evaluate

SIZES = {"m": 2, "n": 3, "p": 4, "q": 5}
PROGRAMS = [  # with the calls of np.kron that are left
    ("A: matrix(m, n); B: matrix(p, q); X: matrix(q, n); r = kron(A, B)@vec(X) - y; J = r.T@r", "A,B,X", 0),
    ("A: matrix(m, n); B: matrix(p, q); J = sum(tanh(kron(A, B)@x - y))", "A,B,x,y", 0),
    ("A: matrix(m, n); B: matrix(p, q); J = y.T@kron(A, B)@x", "A,B,x", 0),
    ("A: matrix(m, m); B: matrix(p, p); J = y.T@solve(kron(A, B), y)", "A,B,y", 0),
    ("A: matrix(m, m); B: matrix(p, p); J = x.T@inv(kron(A, B)).T@y", "A,B,x", 0),
    ("A: matrix(m, m); B: matrix(p, p); X: matrix(p, m); J = sum(solve(kron(A, B).T, vec(X))**3)", "A,X", 0),
    ("A: matrix(m, n); B: matrix(p, q); C: matrix(n, m); D: matrix(q, p); Y = kron(A, B)@kron(C, D); J = norm(Y)**2",
     "A,B", 1),
    ("A: matrix(m, n); C: matrix(n, m); D: matrix(q, p); J = norm(kron(kron(A, D), C)@x)**2", "A,C,x", 1),
    ("a: vector(m); b: vector(p); J = sum(tanh(kron(a, b))) + z.T@kron(a, b.T)@b", "a,b", 1),
    ("A: matrix(m, m); B: matrix(p, p); J = tr(inv(kron(A, B)))", "A,B", 1),
]  # fmt: skip


@pytest.mark.parametrize(("source", "names", "left"), PROGRAMS, ids=[source for source, *_ in PROGRAMS])
def test_derivatives_are_right_and_the_products_are_not_formed(source: str, names: str, left: int) -> None:
    d = mc.derive(source, names.split(","))
    rng = np.random.default_rng(0)
    inputs = {}
    for name, node in d.program.inputs.items():
        shape = [evaluate(dim, SIZES) for dim in node.shape]
        inputs[name] = rng.normal(size=[n for n in shape if n != 1])
        if shape[0] == shape[1]:
            inputs[name] += 3 * np.eye(shape[0])
    fn, plain = mc.compile(source, names.split(",")), mc.compile(source, names.split(","), optimize=False)
    assert fn.source.count("np.kron(") == left
    assert plain.source.count("np.kron(") > 0
    value, gradients = fn(**inputs)
    np.testing.assert_allclose(value, plain(**inputs)[0], rtol=1e-11)
    for name in names.split(","):
        truth = derivative(d.value.node, d.program.names[name], inputs, SIZES)
        assert close(gradients[name].ravel(), truth.ravel(), 1e-6)


def test_sizes_at_which_the_product_would_fill_the_memory() -> None:
    """The Kronecker product of two matrices of 200 rows and columns takes twelve gigabytes."""
    fn = mc.compile("A, B: matrix(n, n); J = norm(kron(A, B)@x - y)**2/2", ["A", "B", "x"])
    rng, n = np.random.default_rng(0), 200
    A, B, X, Y = (rng.normal(size=(n, n)) for _ in range(4))
    value, gradients = fn(A=A, B=B, x=X.reshape(-1, order="F"), y=Y.reshape(-1, order="F"))
    R = B @ X @ A.T - Y
    np.testing.assert_allclose(value, np.sum(R**2) / 2)
    np.testing.assert_allclose(gradients["A"], R.T @ B @ X, rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(gradients["B"], R @ A @ X.T, rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(gradients["x"], (B.T @ R @ A).reshape(-1, order="F"), rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("target", ["torch", "array_api", "jax"])
def test_other_targets_leave_them_out_too(target: str) -> None:
    module = pytest.importorskip({"torch": "torch", "array_api": "array_api_compat", "jax": "jax"}[target])
    if target == "jax":
        module.config.update("jax_enable_x64", True)
    source = PROGRAMS[0][0]
    rng = np.random.default_rng(0)
    arrays = {"A": (2, 3), "B": (4, 5), "X": (5, 3), "y": (8,)}
    given = {name: rng.normal(size=shape) for name, shape in arrays.items()}
    _, expected = mc.compile(source, ["A", "B", "X"], optimize=False)(**given)
    fn = mc.compile(source, ["A", "B", "X"], target=target)
    assert "kron" not in fn.source.split("Raises ValueError")[1]
    _, found = fn(**{k: module.from_numpy(v) if target == "torch" else v for k, v in given.items()})
    for name, array in expected.items():
        np.testing.assert_allclose(np.asarray(found[name]), array, rtol=1e-10)
