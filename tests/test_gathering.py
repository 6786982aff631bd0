"""Tensors gathered: second derivatives through many steps, held against differences, and how many terms they have."""

from __future__ import annotations

import random

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.gathering import gathered
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.calculus.terms import Raw, Sum, normalise
from matcalc.operations.table import eye, variable

SIZES = {"n": 3, "d": 2}


def gated(steps: int) -> str:
    """A cell with two gates, so many times."""
    lines = ["W, V: matrix(n, d); U, R: matrix(n, n); x, y: vector(d); h0: vector(n)"]
    for t in range(1, steps + 1):
        given = "x" if t % 2 else "y"
        lines += [
            f"f{t} = sigmoid(W@{given} + U@h{t - 1})",
            f"g{t} = tanh(V@{given} + R@(f{t}*h{t - 1}))",
            f"h{t} = f{t}*h{t - 1} + (1 - f{t})*g{t}",
        ]
    return "\n".join([*lines, f"s = u.T@h{steps}"])


def recurrent(steps: int) -> str:
    """Steps that share a matrix, with products of both kinds and a norm at the end."""
    lines = ["W: matrix(n, n); h0, c: vector(n)"]
    lines += [f"h{t} = tanh(W@h{t - 1} + W.T@(c*h{t - 1})) + h{t - 1}" for t in range(1, steps + 1)]
    return "\n".join([*lines, f"s = norm(h{steps})**2"])


def arguments_of(program: mc.Program, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        name: rng.normal(size=[SIZES[d] for d in node.shape if d != 1]) * 0.6 for name, node in program.inputs.items()
    }


@pytest.mark.parametrize(("source", "names"), [(gated(3), ["W", "U", "R", "x", "h0"]), (recurrent(4), ["W", "c"])])
def test_second_derivatives_are_right(source: str, names: list[str]) -> None:
    derivation = mc.derive(source, names, order=2)
    arguments = arguments_of(derivation.program, 1)
    gradient = mc.compile(source, names)
    _, _, hessians = mc.compile(source, names, order=2)(**arguments)
    step = 1e-5
    for y in names:
        for place in np.ndindex(*arguments[y].shape):
            moved = []
            for sign in (1, -1):
                there = {**arguments, y: arguments[y].copy()}
                there[y][place] += sign * step
                moved.append(gradient(**there)[1])
            for x in names:
                slope = (moved[0][x] - moved[1][x]) / (2 * step)
                np.testing.assert_allclose(hessians[x, y][(..., *place)], slope, rtol=0, atol=2e-8)


@pytest.mark.parametrize(("source", "most"), [(gated, 6), (recurrent, 8)])
def test_terms_do_not_multiply_with_the_steps(source: object, most: int) -> None:
    """There are exponentially many paths through the steps; a block has a few terms for each pair of steps."""
    derivation = mc.derive(source(most), "all", order=2)  # type: ignore[operator]
    counts = [len(indexed_sum(result.node).terms) for result in derivation.values() if is_entries(result.node)]
    assert 2 * most < max(counts) < 16 * most**2


def sum_of(*terms: list[tuple[object, int, tuple[int, ...]]], free: int = 3) -> Sum:
    value = Sum((1, 1), tuple([(k, "n") for k in range(free)]))
    for factors in terms:
        raw = Raw()
        raw.factors = [*factors]  # type: ignore[list-item]
        raw.sizes.update(dict.fromkeys([*range(free), *(k for _, _, index in factors for k in index)], "n"))
        normalise(raw, value.free, value)
    return value


def values(value: Sum, arrays: dict[str, np.ndarray], free: int = 3) -> np.ndarray:
    """A sum over explicit numbers, without its own arithmetic."""
    from plain_evaluator import Evaluator

    from matcalc.calculus.tensors import entries

    return np.asarray(Evaluator(arrays, {"n": 3}, {})(entries(value, range(free))))


def test_what_differs_in_one_component_becomes_one_term() -> None:
    A, B, C = (variable(name, ("n", "n")) for name in "ABC")
    x, y = (variable(name, ("n", 1)) for name in "xy")
    value = sum_of(
        [(A, 1, (0, 1)), (x, 1, (2,))],
        [(B, 1, (0, 8)), (C, 1, (1, 8)), (x, 1, (2,))],  # a product of matrices
        [(A, 1, (0, 2)), (x, 1, (1,))],  # other axes
        [(A, 1, (0, 1)), (A, 1, (1, 2))],  # both at one axis: two components
        [(eye("n"), 1, (0, 1)), (x, 1, (0,)), (y, 1, (2,))],  # a delta stays one
        [(eye("n"), 1, (0, 1)), (y, 1, (0,)), (y, 1, (2,))],
    )
    found = gathered(value)
    assert len(value.terms) == 6
    assert len(found.terms) == 4
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=(3, 3)) for name in "ABC"} | {name: rng.normal(size=3) for name in "xy"}
    np.testing.assert_allclose(values(found, arrays), values(value, arrays), atol=1e-12)
    n, (A, B, C), (x, y) = np.eye(3), (arrays[k] for k in "ABC"), (arrays[k] for k in "xy")
    expected = (
        np.einsum("ij,k->ijk", A + B @ C.T, x) + np.einsum("ik,j->ijk", A, x) + np.einsum("ij,jk->ijk", A, A)
        + np.einsum("ij,i,k->ijk", n, x + y, y)
    )  # fmt: skip
    np.testing.assert_allclose(values(found, arrays), expected, atol=1e-12)


def test_what_cannot_be_a_matrix_stays() -> None:
    A, B, C = (variable(name, ("n", "n")) for name in "ABC")
    star = [(A, 1, (0, 8)), (B, 1, (1, 8)), (C, 1, (2, 8))]
    value = sum_of(star, [(A, 1, (0, 8)), (A, 1, (1, 8)), (C, 1, (2, 8))])
    assert gathered(value).terms == value.terms


def random_term(rng: random.Random, free: int) -> list[tuple[object, int, tuple[int, ...]]]:
    """A connected or loose product at all free indices, often with a delta between two of them."""
    matrices = [variable("A", ("n", "n")), variable("B", ("n", "n")), variable("S", ("n", "n"), "symmetric")]
    vectors = [variable("x", ("n", 1)), variable("y", ("n", 1))]
    indices = [*range(free), *range(8, 8 + rng.randint(0, 3))]
    factors: list[tuple[object, int, tuple[int, ...]]] = []
    for _ in range(rng.randint(0, 2)):
        i, j = rng.sample(range(free), 2)
        factors.append((eye("n"), 1, (min(i, j), max(i, j))))
    for _ in range(rng.randint(2, 4)):
        if rng.random() < 0.6:
            factors.append((rng.choice(matrices), rng.choice([1, 1, 1, 2]), tuple(rng.sample(indices, 2))))
        else:
            factors.append((rng.choice(vectors), rng.choice([1, 1, 2]), (rng.choice(indices),)))
    met = {k for _, _, index in factors for k in index}
    factors += [(rng.choice(vectors), 1, (k,)) for k in range(free) if k not in met]
    return factors


@pytest.mark.parametrize("seed", range(60))
def test_random_sums_keep_their_value(seed: int) -> None:
    rng = random.Random(seed)
    free = rng.choice([3, 4])
    kept = [random_term(rng, free) for _ in range(rng.randint(2, 5))]
    terms = [rng.choice(kept)[:-1] + random_term(rng, free)[-2:] if rng.random() < 0.5 else random_term(rng, free)
             for _ in range(rng.randint(2, 14))]  # fmt: skip
    terms = [t + [(variable("x", ("n", 1)), 1, (k,)) for k in range(free) if not any(k in i for *_, i in t)]
             for t in kept + terms]  # fmt: skip
    value = sum_of(*terms, free=free)
    numbers = np.random.default_rng(seed)
    arrays = {name: numbers.normal(size=(3, 3)) for name in "ABS"} | {name: numbers.normal(size=3) for name in "xy"}
    arrays["S"] = arrays["S"] + arrays["S"].T
    found = values(gathered(value), arrays, free)
    np.testing.assert_allclose(found, values(value, arrays, free), rtol=1e-9, atol=1e-9)
