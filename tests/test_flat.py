"""Compiled functions of one vector: gradients, Hessians and products by finite differences, structures, errors."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import matcalc as mc

optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed: pip install 'matcalculus[scipy]'")
RNG = np.random.default_rng(7)
# SciPy multiplies work arrays by zero there that it never wrote: a warning, now and then, whatever is minimised.
LANCZOS = pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
SQUARE = RNG.standard_normal((3, 3))
POINTS = {
    "vector": SQUARE[0], "scalar": 0.7, "matrix": RNG.standard_normal((2, 3)), "symmetric": SQUARE + SQUARE.T,
    "posdef": SQUARE @ SQUARE.T + np.eye(3), "skew": SQUARE - SQUARE.T, "diagonal": np.diag(SQUARE[1]),
}  # fmt: skip
SIZES = {"vector": 3, "scalar": 1, "matrix": 6, "symmetric": 6, "posdef": 6, "skew": 3, "diagonal": 3}
PROGRAMS = {
    "vector": "z: vector(n); J = sum(exp(z)*z) + (a.T@z)**2", "scalar": "z: scalar; J = sum(exp(z*a)) + z**4",
    "matrix": "z: matrix(k, n); J = sum(exp(z@a)) + tr(z@z.T)**2",
    **{kind: f"z: {kind}(n); B: matrix(n, n); J = sum(sin(z@a)) + tr(B@z@z) + (a.T@z@b)**2" for kind in
       ("symmetric", "posdef", "skew", "diagonal")},
}  # fmt: skip
DATA = {"a": np.array([0.3, -0.5, 0.2]), "b": np.array([1.0, 0.4, -0.6]), "B": RNG.standard_normal((3, 3))}


def data_of(fn: Any) -> dict[str, Any]:
    return {name: array for name, array in DATA.items() if f'_array("{name}"' in fn.source}


def slope(function: Any, x: Any, p: Any, h: float = 1e-5) -> Any:
    """The derivative along a direction by central differences, to the fourth order."""
    def at(t: float) -> Any:
        return np.asarray(function(x + t * p))

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


@pytest.mark.parametrize("structure", ["projection", "entries"])
@pytest.mark.parametrize("kind", PROGRAMS)
def test_gradients_and_hessians_are_those_of_the_packed_function(kind: str, structure: str) -> None:
    fn = mc.compile(PROGRAMS[kind], ["z"], order=2, structure=structure)
    flat = fn.flat(POINTS[kind], **data_of(fn))
    assert flat.x0.shape == (SIZES[kind],)
    np.testing.assert_allclose(flat.unpack(flat.x0)["z"], POINTS[kind], rtol=1e-15)
    x = flat.x0 + 0.01 * RNG.standard_normal(flat.size)
    np.testing.assert_allclose(flat.pack(flat.unpack(x)), x, rtol=1e-14)
    hessian = flat.hess(x)
    for p in np.eye(flat.size):
        np.testing.assert_allclose(flat(x)[1] @ p, slope(lambda t: flat(t)[0], x, p), rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(hessian @ p, slope(lambda t: flat(t)[1], x, p), rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(flat.hessp(x, p), hessian @ p)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_products_with_the_hessian(kind: str) -> None:
    fn = mc.compile(PROGRAMS[kind], ["z"], hvp="z")
    flat = fn.flat(POINTS[kind], **data_of(fn))
    p = RNG.standard_normal(flat.size)
    expected = slope(lambda t: flat(t)[1], flat.x0, p)
    np.testing.assert_allclose(flat.hessp(flat.x0, p), expected, rtol=1e-6, atol=1e-6)


def test_structured_packing_keeps_lengths() -> None:
    for kind in ("symmetric", "skew", "diagonal", "posdef"):
        fn = mc.compile(f"z: {kind}(n); J = tr(z.T@z)", "z")
        flat = fn.flat(POINTS[kind])
        np.testing.assert_allclose(flat(flat.x0)[0], flat.x0 @ flat.x0)
        np.testing.assert_allclose(flat(flat.x0)[1], 2 * flat.x0)


def test_several_variables_in_their_order() -> None:
    source = "r = X@w + b - y; J = r.T@r + tr(S@S); X: matrix(m, n); b: scalar; S: symmetric(n)"
    given = {"X": RNG.standard_normal((5, 3)), "y": RNG.standard_normal(5)}
    start = {"w": np.ones(3), "b": 2.0, "S": np.eye(3)}
    for options in ({"order": 2}, {"hvp": ["S", "w", "b"]}):
        fn = mc.compile(source, ["b", "w", "S"], **options)
        flat = fn.flat(start, **given)
        assert flat.names == ("b", "w", "S")
        assert flat.x0[:4].tolist() == [2, 1, 1, 1]
        x = flat.x0 + 0.1
        for p in np.eye(flat.size):
            np.testing.assert_allclose(flat(x)[1] @ p, slope(lambda t, f=flat: f(t)[0], x, p), rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(flat.hessp(x, p), slope(lambda t, f=flat: f(t)[1], x, p), rtol=1e-6, atol=1e-6)
    assert repr(flat) == "<10 numbers: b scalar, w (3,), S (3, 3) by its lower triangle>"


@pytest.mark.parametrize(
    ("method", "options", "second"),
    [("BFGS", {}, ""), ("L-BFGS-B", {}, ""), ("CG", {}, ""), ("Newton-CG", {"order": 2}, "hess"),
     ("trust-exact", {"order": 2}, "hess"),
     ("trust-ncg", {"hvp": "w"}, "hessp"),
     pytest.param("trust-krylov", {"hvp": "w"}, "hessp", marks=LANCZOS)],
)  # fmt: skip
def test_scipys_methods_find_the_minimum(method: str, options: Any, second: str) -> None:
    X, y = RNG.standard_normal((20, 4)), RNG.standard_normal(20)
    flat = mc.compile("r = X@w - y; J = r.T@r; X: matrix(m, n)", ["w"], **options).flat(np.zeros(4), X=X, y=y)
    more = {second: getattr(flat, second)} if second else {}
    found = optimize.minimize(flat, flat.x0, jac=True, method=method, **more)
    np.testing.assert_allclose(flat.unpack(found.x)["w"], np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-4)


def test_a_point_is_computed_once() -> None:
    calls = []
    fn = mc.compile("J = sum(f(x))", "x", order=2)
    flat = fn.flat([1.0, 2.0], f=lambda x: calls.append(1) or x**2, df=lambda x: 2 * x, d2f=lambda x: 2 + 0 * x)
    flat(flat.x0)
    flat.hess(flat.x0)
    assert len(calls) == 1
    flat(flat.x0 + 1)
    assert len(calls) == 2


def test_what_it_returns_is_the_callers() -> None:
    flat = mc.compile("J = x.T@x", "x").flat([1.0, 2.0])
    flat(flat.x0)[1][:] = 7
    flat.x0[:] = 3
    assert flat([1.0, 2.0])[1].tolist() == [2, 4]


def test_blocks_pickles_and_other_targets() -> None:
    X, y = RNG.standard_normal((50, 3)), RNG.standard_normal(50)
    source = "r = X@w - y; J = r.T@r; X: matrix(m, n)"
    expected = mc.compile(source, "w").flat(np.ones(3), X=X, y=y)
    for fn in (mc.compile(source, "w", blocks=True), pickle.loads(pickle.dumps(mc.compile(source, "w"))),
               pickle.loads(pickle.dumps(mc.compile(source, "w", blocks=7)))):  # fmt: skip
        flat = fn.flat(np.ones(3), X=X, y=y)
        np.testing.assert_allclose(flat(flat.x0)[1], expected(flat.x0)[1])
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    flat = mc.compile(source, "w", target="torch").flat(np.ones(3), X=torch.as_tensor(X), y=torch.as_tensor(y))
    np.testing.assert_allclose(flat(flat.x0)[1], expected(flat.x0)[1])


def test_outside_the_cone_the_value_is_infinite() -> None:
    source = "P: posdef(n); J = tr(P@B) - logdet(P); B: posdef(n)"
    flat = mc.compile(source, "P", order=2).flat(np.eye(2), B=np.diag([1.0, 4.0]))
    value, gradient = flat([1.0, 0.0, -1.0])
    assert value == np.inf
    assert np.isnan(gradient).all()
    assert flat.hess([1.0, 0.0, -1.0]).tolist() == np.eye(3).tolist()
    found = optimize.minimize(flat, [30.0, 1.0, 20.0], jac=True, hess=flat.hess, method="trust-exact")
    np.testing.assert_allclose(flat.unpack(found.x)["P"], np.diag([1, 0.25]), atol=1e-4)
    with pytest.raises(np.linalg.LinAlgError, match="P is not positive definite"):
        mc.compile(source, "P").flat(-np.eye(2), B=np.eye(2))  # no start
    with pytest.raises(np.linalg.LinAlgError):  # not the variable's doing
        mc.compile("x: vector(n); A: matrix(n, n); J = x.T@inv(A)@x", "x").flat(np.ones(2), A=np.ones((2, 2)))


# errors -----------------------------------------------------------------------------------------------------

LINE = "r = X@w + b - y; J = r.T@r; X: matrix(m, n); b: scalar"
FULL = {"X": np.eye(3), "y": np.ones(3)}


@pytest.mark.parametrize(
    ("start", "data", "error", "said"),
    [
        ({"w": np.ones(3)}, FULL, mc.ShapeError, "x0 has no b; the variables are w, b"),
        ({"w": np.ones(3), "b": 0.0, "c": 1.0}, FULL, mc.ShapeError, "x0 has c, which is no variable; there is w, b"),
        (np.ones(3), FULL, mc.ShapeError, "one array for several variables; a dict of w, b by name"),
        ({"w": np.ones(3), "b": 0.0}, {**FULL, "w": 1}, mc.ShapeError, "w is a variable, not data; give it in x0"),
        ({"w": np.ones(2), "b": 0.0}, FULL, ValueError, r"w has shape \(2,\), expected \(n,\) = \(3,\)"),
        ({"w": np.ones(3), "b": 0.0}, {"X": np.eye(3)}, TypeError, "missing 1 required .*'y'"),
        ({"w": np.ones(3), "b": 0.0}, {**FULL, "q": 1}, TypeError, "unexpected keyword argument 'q'"),
        ({"w": ["a"], "b": 0.0}, FULL, mc.ShapeError, "w has entries of type <U1"),
    ],
)  # fmt: skip
def test_what_is_missing_or_does_not_fit(start: Any, data: Any, error: type[Exception], said: str) -> None:
    fn = mc.compile(LINE, ["w", "b"])
    with pytest.raises(error, match=said):
        fn.flat(start, **data)


def test_vectors_of_other_sizes() -> None:
    flat = mc.compile(LINE, ["w", "b"]).flat({"w": np.ones(3), "b": 0.0}, **FULL)
    for wrong in (np.ones(5), np.ones((2, 2)), 1.0):
        with pytest.raises(mc.ShapeError, match=r"expected \(4,\): w \(3,\), b scalar"):
            flat(wrong)
    with pytest.raises(mc.ShapeError, match=r"w has shape \(4,\), expected \(3,\)"):
        flat.pack({"w": np.ones(4), "b": 0})
    with pytest.raises(mc.UnsupportedError, match="without second derivatives; compile with order=2"):
        flat.hess(flat.x0)
    with pytest.raises(mc.UnsupportedError, match="without second derivatives"):
        flat.hessp(flat.x0, flat.x0)


@pytest.mark.parametrize(
    ("source", "wrt", "start", "options", "said"),
    [
        ("y = A@x; A: matrix(m, n)", "x", [1.0], {}, r"the value has shape \(1,\), an optimiser needs a scalar"),
        ("J = x.T@x", [], [1.0], {}, "no gradients; compile with wrt="),
        ("z = A@x; J = z.T@z", "z", [1.0], {}, "z is no input that can be varied"),
        ("p: simplex(n); J = p.T@p", "p", [1.0], {}, "p is simplex.*softmax of a free vector"),
        ("Q: orthogonal(n); J = tr(Q@B)", "Q", np.eye(2), {}, "Q is orthogonal"),
        ("J = x.T@x + y.T@y", ["x", "y"], {"x": [1.0], "y": [1.0]}, {"hvp": "x"}, "hvp is by x, the gradients by x, y"),
        ("S: symmetric(n); J = tr(S@S)", "S", [[1.0, 2.0], [0.0, 1.0]], {}, r"declared symmetric, but x0 is.*\(S \+ S"),
        ("S: skew(n); J = tr(S@S)", "S", np.eye(2), {}, "declared skew, but x0 is not"),
        ("S: diagonal(n); J = tr(S@S)", "S", np.ones((2, 2)), {}, r"declared diagonal, but x0 is not; np.diag\(np"),
        ("S: posdef(n); J = tr(S@S)", "S", np.ones((2, 3)), {}, "expected a square matrix"),
    ],
)  # fmt: skip
def test_what_cannot_be_packed(source: str, wrt: Any, start: Any, options: Any, said: str) -> None:
    fn = mc.compile(source, wrt, **options)
    with pytest.raises(mc.MatcalcError, match=said):
        fn.flat(start, **({"A": np.ones((1, 1))} if "A@x" in source else {}))
