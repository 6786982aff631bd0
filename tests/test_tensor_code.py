"""The code of tensors: random index terms against one einsum over everything, and what must not be in the text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.blocks import blocks
from matcalc.calculus.tensors import entries
from matcalc.calculus.terms import FIRST, Raw, Sum, normalise
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.expressions.node import Node, axes
from matcalc.operations import table
from matcalc.operations.table import make, variable

X, Y = variable("X", ("n", "m")), variable("Y", ("m", "n"))
S = variable("S", ("n", "n"))
U, V, W = variable("u", ("n", 1)), variable("v", ("n", 1)), variable("w", ("m", 1))
C = variable("c", (1, 1))
INPUTS = [X, Y, S, U, V, W, C]
FACTORS = [*INPUTS[:6], make("tanh", S), make("exp", U), table.transpose(Y)]


def term(rng: random.Random, dims: Sequence[str], raw: Raw) -> None:
    """A product of a few factors at free and summed indices, and deltas between free ones."""
    sizes: dict[int, Any] = dict(enumerate(dims)) | {FIRST: "n", FIRST + 1: "m"}
    raw.sizes.update(enumerate(dims))
    for _ in range(rng.randint(0, 2)):
        i, j = rng.sample(range(len(dims)), 2)
        if dims[i] == dims[j]:
            raw.factors.append((table.eye(dims[i]), 1, (i, j)))
    for _ in range(rng.randint(0, 4)):
        factor = rng.choice(FACTORS)
        index = []
        for dim in axes(factor.shape):
            index.append(rng.choice([k for k, size in sizes.items() if size == dim]))
        raw.factors.append((factor, rng.choice((1, 1, 1, 2)), tuple(index)))
        raw.sizes.update({k: sizes[k] for k in index})
    if rng.random() < 0.3:
        raw.scale(C, rng.choice((1, 2, -1)))


def tensor(seed: int) -> Node:
    rng = random.Random(seed)
    dims = [rng.choice(("n", "n", "m")) for _ in range(rng.choice((3, 4)))]
    value = Sum((1, 1), tuple(enumerate(dims)))
    for _ in range(rng.randint(1, 4)):
        raw = Raw(rng.choice((1, -1, 2, -3)))
        term(rng, dims, raw)
        normalise(raw, value.free, value)
    return entries(value, range(len(dims)))


def result(node: Node, sizes: dict[str, int]) -> np.ndarray:
    draw = np.random.default_rng(1)
    values = {v.params[0]: draw.uniform(0.5, 1.5, tuple(sizes[d] for d in axes(v.shape))) for v in INPUTS}
    module = generate(Request(table.number(0), INPUTS, {"t": node}))
    asked = {name: value for name, value in values.items() if f' = _array("{name}"' in module}
    asked |= {name: size for name, size in sizes.items() if f'_whole("{name}"' in module}
    found: np.ndarray = Compiled(module)(**asked)[1]["t"]
    return found


@pytest.mark.parametrize("seed", range(300))
def test_blocks_are_the_einsum(seed: int) -> None:
    node = tensor(seed)
    for sizes in ({"n": 3, "m": 2}, {"n": 1, "m": 4}, {"n": 2, "m": 1}, {"n": 1, "m": 1}):
        expected = result(node, sizes)
        found = result(blocks(node), sizes)
        assert found.shape == expected.shape == tuple(sizes[d] for d in node.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        assert found.flags.writeable


def diagonals(seed: int) -> Node:
    """Terms on a diagonal beside full ones, most with the same other factors."""
    rng = random.Random(seed)
    pair = rng.choice(((0, 1), (0, 2), (1, 3), (2, 3)))
    value = Sum((1, 1), tuple(enumerate(("n",) * 4)))
    for _ in range(rng.randint(2, 5)):
        raw = Raw(rng.choice((1, -1, 2, -3)))
        raw.sizes.update(value.extra)
        first, second = [k for k in range(4) if k not in pair]
        shared = [(U, 1, (first,)), (rng.choice((V, V, V, U)), 1, (second,))]
        if rng.random() < 0.5:
            raw.factors = [(table.eye("n"), 1, pair), (rng.choice((U, V)), 1, (rng.choice(pair),)), *shared]
        else:
            along = [(S, 1, pair), (make("tanh", S), 1, pair[::-1]), (U, 1, pair[:1]), (V, 1, pair[1:]), None]
            raw.factors = [*filter(None, [rng.choice(along)]), *shared]
        if rng.random() < 0.3:
            raw.scale(C, rng.choice((1, -1)))
        normalise(raw, value.free, value)
    return entries(value, range(4))


@pytest.mark.parametrize("seed", range(120))
def test_diagonals_beside_full_terms_are_the_einsum(seed: int) -> None:
    node = diagonals(seed)
    for sizes in ({"n": 3, "m": 2}, {"n": 1, "m": 1}):
        np.testing.assert_allclose(result(blocks(node), sizes), result(node, sizes), rtol=1e-12, atol=1e-12)


def test_what_is_on_a_diagonal_is_taken_into_what_stands_beside_it() -> None:
    joined = [node for node in map(diagonals, range(120)) if len(blocks(node).params) == 1 and len(node.params) > 1]
    assert len(joined) >= 5
    text = mc.compile("s = u.T@tanh(W@x + b)", ["W"], order=2).source
    deep = mc.compile("s = u.T@tanh(A@tanh(W@x + b))", ["W"], order=2).source
    assert 'np.einsum("abad->abd", d2W_W)' in text
    assert "einsum" not in deep
    assert ".flat[" in deep


TENSORS = {
    "norm(X - U@V.T)**2": (["U", "V"], 2),
    "x.T@A@x": (["x", "A"], 2),
    "logdet(X)": (["X"], 2),
    "sum(tanh(W@x + b))": (["W", "b", "x"], 2),
    "cross_entropy(y, softmax(W2@tanh(W1@x)))": (["W1", "W2"], 2),
    "A@X@B": (["X"], 1),
    "X.T@X": (["X"], 1),
    "X*A": (["X"], 1),
    "inv(X)": (["X"], 1),
    "tanh(W@x + b)": (["W"], 1),
}


@pytest.mark.parametrize("source", TENSORS)
def test_no_identity_is_built_and_nothing_contracted_by_einsum(source: str) -> None:
    wrt, order = TENSORS[source]
    lines = mc.compile(f"s = {source}", wrt, order=order).source.splitlines()
    assert not [line for line in lines if "np.eye(" in line]
    assert not [line for line in lines if "einsum(" in line and "[...]" not in line]


def test_the_hessian_of_a_factorisation_is_filled_in() -> None:
    text = mc.compile("s = norm(X - U@V.T)**2", "U", order=2).source
    assert "t2 = V.T.dot(V)" in text
    assert 'np.einsum("abad->abd", d2U_U)[...] = t2' in text


def test_two_deltas() -> None:
    value, _, hessians = mc.compile("s = norm(X)**2", "X", order=2)(X=np.ones((2, 3)))
    assert value == 6
    expected = 2 * np.eye(6).reshape(2, 3, 2, 3)
    np.testing.assert_array_equal(hessians["X", "X"], expected)


def test_results_share_no_memory() -> None:
    fn = mc.compile("s = x.T@A@x", ["x", "A"], order=2)
    arguments = {"x": np.array([1.0, 2]), "A": np.eye(2)}
    _, _, first = fn(**arguments)
    kept = {key: array.copy() for key, array in first.items()}
    for array in first.values():
        assert not any(np.shares_memory(array, given) for given in arguments.values())
        array += 1
    _, _, second = fn(**arguments)
    for key, array in second.items():
        np.testing.assert_array_equal(array, kept[key])


def test_a_turned_identity_is_not_written_over() -> None:
    W, shift = np.arange(6.0).reshape(2, 3) / 5, np.array([0.1, 0.2])
    found = mc.compile("vec(tanh(W + lambda))", "all")(**{"W": W, "lambda": shift})[1]["lambda"]
    slope = 1 - np.tanh(W + shift[:, None]) ** 2
    np.testing.assert_allclose(found, np.concatenate([np.diag(slope[:, j]) for j in range(3)]), rtol=1e-12)
