"""Scalars on what several results are made of, and the order in which arrays are written: nothing but walks and memory
changes by them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.codegen.helpers import HELPERS
from matcalc.codegen.in_place import is_in_place, readers_first
from matcalc.codegen.scaling import scaled_early
from matcalc.codegen.values import VIEWS, Graph, Value
from matcalc.codegen.walks import below

SIZES = {"n": 4, "m": 3}
MLP = """H = tanh(X@W1 + ones(n)@b1.T); S = H@W2 + ones(n)@b2.T
J = -sum(Y * log_softmax(S, axis=1)) / n"""


def evaluated(value: Value, inputs: dict[str, Any]) -> Any:
    """What a value is, by plain NumPy."""
    known: dict[Value, Any] = {}
    operators = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "matmul": np.matmul}
    for one in below([value]):
        args = [known[a] for a in one.args]
        if one.op == "input":
            known[one] = inputs[one.params[0]]
        elif one.op == "T":
            known[one] = args[0].T
        elif one.op == "sum":
            known[one] = args[0].sum(axis=one.params[0])
        elif one.op == "map":
            known[one] = np.tanh(args[0])
        else:
            known[one] = operators[one.op](*args)
    return known[value]


def square(graph: Graph, rng: random.Random) -> list[Value]:
    """Some results made of n×n matrices and scalars."""
    axes = ("n", "n")
    matrices = [graph.value("input", (), (name, ""), axes) for name in "AB"]
    scalars = [graph.value("input", (), (name, ""), ()) for name in "st"]
    for _ in range(rng.randrange(3, 12)):
        a, b, c = rng.choice(matrices), rng.choice(matrices), rng.choice(scalars)
        kind = rng.choice(["add", "sub", "mul", "matmul", "T", "map", "scale", "scale", "scale", "scalar"])
        if kind == "T":
            matrices.append(graph.transposed(a))
        elif kind == "map":
            matrices.append(graph.value("map", (a,), ("tanh",), axes))
        elif kind == "scale":
            pair = rng.choice([("div", (a, c)), ("mul", (a, c)), ("mul", (c, a))])
            matrices.append(graph.value(*pair, (), axes))
        elif kind == "scalar":
            scalars.append(graph.value("sum", (a,), (None,), ()))
        else:
            matrices.append(graph.value(kind, (a, b), (), axes))
    made = [value for value in matrices if value.op != "input"]
    if rng.random() < 0.7:  # all results divided by one scalar
        c = rng.choice(scalars)
        return [graph.value("div", (value, c), (), axes) for value in made[-4:]]
    return made[-4:]


@pytest.mark.parametrize("seed", range(400))
def test_scalars_move_and_nothing_else_does(seed: int) -> None:
    rng, points = random.Random(seed), np.random.default_rng(seed)
    graph = Graph()
    outputs = square(graph, rng)
    graph.sizes.hints.update(n=rng.choice([1, 50]))
    found = scaled_early(graph, outputs, {})
    inputs = {name: points.standard_normal((3, 3)) / 3 for name in "AB"} | {"s": 1.5, "t": -0.7}
    for before, after in zip(outputs, found, strict=True):
        with np.errstate(all="ignore"):  # a scalar may be a sum that is zero
            one, other = evaluated(before, inputs), evaluated(after, inputs)
        if np.isfinite(one).all():
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)
    walks = sum(value.op in ("div", "mul") for value in below(outputs)) - sum(
        value.op in ("div", "mul") for value in below(found))
    assert walks >= 0


def test_there_are_such_scalars_among_them() -> None:
    moved = 0
    for seed in range(400):
        graph = Graph()
        outputs = square(graph, random.Random(seed))
        moved += scaled_early(graph, outputs, {}) != outputs
    assert moved > 40


def test_the_gradients_of_a_mean_are_divided_once() -> None:
    source = mc.compile(MLP, ["W1", "b1", "W2", "b2"]).source
    assert source.count("/= n") == 1
    assert " / n" not in source.replace("np.vdot(Y, t2) / n", "")
    assert mc.compile(MLP, ["W1", "b1", "W2", "b2"], optimize={"scalars": False}).source.count("/= n") == 2


def test_a_name_of_the_program_keeps_its_value() -> None:
    program = "R = X@W - Y; D = R*R; s = sum(D)/n; X: matrix(n, m)"
    rng = np.random.default_rng(1)
    inputs = {"X": rng.standard_normal((4, 3)), "W": rng.standard_normal((3, 2)), "Y": rng.standard_normal((4, 2))}
    one, other = (mc.compile(program, ["W", "Y"], optimize=how)(**inputs) for how in (True, False))
    assert one[0] == pytest.approx(other[0], rel=1e-13)
    for name in ("W", "Y"):
        np.testing.assert_allclose(one[1][name], other[1][name], rtol=1e-12)


def test_what_is_squared_is_not_scaled() -> None:
    graph = Graph()
    A, c = graph.value("input", (), ("A", ""), ("n", "n")), graph.value("input", (), ("c", ""), ())
    Z = graph.value("map", (A,), ("tanh",), A.axes)
    outputs = [graph.value("div", (graph.matmul(other, Z), c), (), A.axes) for other in (graph.transposed(Z), Z)]
    assert scaled_early(graph, outputs, {}) == outputs


def test_a_scalar_that_is_made_of_the_array_stays() -> None:
    graph = Graph()
    A = graph.value("input", (), ("A", ""), ("n", "n"))
    Z = graph.value("map", (A,), ("tanh",), A.axes)
    total = graph.value("sum", (Z,), (None,), ())
    products = [graph.value("matmul", pair, (), A.axes) for pair in ((Z, A), (A, Z))]
    outputs = [graph.value("div", (product, total), (), A.axes) for product in products]
    assert scaled_early(graph, outputs, {}) == outputs


# the order of writing ----------------------------------------------------------------------------------------


def test_what_reads_an_array_comes_before_it_is_overwritten() -> None:
    source = mc.compile(MLP, ["W1", "b1", "W2", "b2"]).source
    assert source.index("dW2 = H.T.dot(") < source.index("np.multiply(H, H, out=H)")


@pytest.mark.parametrize("seed", range(100))
def test_arguments_come_first_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    outputs = square(Graph(), rng)
    order = below(outputs)
    placed = set(rng.sample(order, len(order) // 4))
    found = readers_first(order, outputs, placed)
    place = {value: k for k, value in enumerate(found)}
    assert sorted(place.values()) == list(range(len(order)))
    assert set(found) == set(order)
    assert all(place[argument] < place[value] for value in order for argument in value.args)


def test_arrays_that_are_overwritten_have_no_readers_left() -> None:
    """Of those that could be moved: at the least some arrays are overwritten that would not be."""
    more = 0
    for seed in range(100):
        outputs = square(Graph(), random.Random(seed))
        order = below(outputs)
        more += _overwritten(readers_first(order, outputs, ()), outputs) - _overwritten(order, outputs)
    assert more > 5


def _overwritten(order: list[Value], outputs: list[Value]) -> int:
    last = {}
    for k, value in enumerate(order):
        for argument in value.args:
            for one in (argument, *(argument.args if argument.op in VIEWS else ())):
                last[one] = k
    own = {value for value in order if value.op not in ("input", *VIEWS) and value not in outputs}
    return sum(
        any(last[a] == k and a in own and a.axes == value.axes for a in value.args)
        for k, value in enumerate(order) if is_in_place(value)
    )  # fmt: skip


# the functions that a module brings along ------------------------------------------------------------------------


def made(text: str) -> Any:
    from scipy.special import erf, erfc

    space: dict[str, Any] = {"np": np, "erf": erf, "erfc": erfc}
    exec(compile("\n\n".join([HELPERS["_sigmoid"].real, text]), "<helper>", "exec"), space)
    return space[text.split("(")[0].removeprefix("def ")]


@pytest.mark.parametrize("name", [name for name, helper in HELPERS.items() if helper.into])
def test_functions_of_matrices_are_those_of_vectors(name: str) -> None:
    helper = HELPERS[name]
    plain, into = made(helper.real), made(helper.into)
    X = np.random.default_rng(3).standard_normal((4, 5)) * 3
    X[0, :3] = 800.0, -800.0, 0.0
    for axis in ({"axis": 0}, {"axis": 1}, {}) if "axis" in helper.real else ({},):
        before = X.copy()
        with np.errstate(over="ignore"):
            expected = plain(X, **axis)
            np.testing.assert_allclose(into(X, **axis), expected, rtol=1e-14, atol=1e-300)
            Y, Z = X.copy(), np.empty_like(X)
            assert into(Y, **axis, out=Y) is Y
            assert into(X, **axis, out=Z) is Z
            for found in (Y, Z):
                np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-300)
            assert np.array_equal(X, before)
            if not axis:
                np.testing.assert_allclose(into(X[1], **axis), plain(X[1], **axis), rtol=1e-14, atol=1e-300)
    if "axis" not in helper.real:
        assert into(np.float64(0.4)) == pytest.approx(plain(np.float64(0.4)), rel=1e-14)


@pytest.mark.parametrize("function", ["softmax", "log_softmax", "sigmoid", "softplus", "silu", "gelu"])
@pytest.mark.parametrize("workspace", [False, True])
def test_they_compute_in_the_memory_of_their_argument(function: str, workspace: bool) -> None:
    axis = ", axis=1" if "max" in function else ""
    program = f"X: matrix(n, m); s = sum(Y*{function}(X@W{axis}))"
    source = mc.compile(program, [], workspace=workspace).source
    assert f"_{function}(" in source
    assert "out=" in source[source.index(f"_{function}("):].splitlines()[0]
    rng = np.random.default_rng(2)
    X, W, Y = rng.standard_normal((4, 3)), rng.standard_normal((3, 5)), rng.standard_normal((4, 5))
    before = [one.copy() for one in (X, W, Y)]
    fn, other = (mc.compile(program, ["X", "W"], optimize=how) for how in (True, {"in_place": False}))
    one, two = fn(X=X, W=W, Y=Y), other(X=X, W=W, Y=Y)
    assert one[0] == pytest.approx(two[0], rel=1e-13)
    np.testing.assert_allclose(one[1]["W"], two[1]["W"], rtol=1e-10)
    assert all(np.array_equal(a, b) for a, b in zip((X, W, Y), before, strict=True))


def test_one_text_serves_scalars_and_matrices() -> None:
    program = "X: matrix(n, m); t: scalar; s = sigmoid(t)*sum(sigmoid(X@W))"
    fn = mc.compile(program, ["t", "W"])
    rng = np.random.default_rng(2)
    X, W = rng.standard_normal((4, 3)), rng.standard_normal((3, 5))
    value, grads = fn(X=X, W=W, t=0.3)
    S = 1 / (1 + np.exp(-X @ W))
    sigma = 1 / (1 + np.exp(-0.3))
    assert value == pytest.approx(sigma * S.sum(), rel=1e-13)
    assert grads["t"] == pytest.approx(sigma * (1 - sigma) * S.sum(), rel=1e-12)
    np.testing.assert_allclose(grads["W"], sigma * X.T @ (S * (1 - S)), rtol=1e-12)
