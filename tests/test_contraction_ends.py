"""Contraction comes to its end and keeps the value: random terms, their values summed over the indices in numbers.

Written where mutants of the code survived: a step that is said not to have been taken leaves later ones undone.
"""

from __future__ import annotations

import string

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.contraction import STEPS, contract
from matcalc.calculus.terms import FIRST, Raw
from matcalc.expressions.node import Node
from matcalc.operations import table
from matcalc.operations.table import make, variable
from tests.differences import SIZES, close, evaluator, point
from tests.plain_evaluator import Array

A, B = (variable(name, ("n", "n")) for name in "AB")
Q, D = variable("Q", ("n", "n"), "orthogonal"), variable("D", ("n", "n"), "diagonal")
EYE = table.eye("n")
POOL = [A, B, Q, D, EYE, EYE, make("inv", A), make("inv", A)]


def value_of(raw: Raw, at: dict[str, Array]) -> Array:
    """The term at a point, summed over all indices but 0 and 1; one without factors counts its size."""
    letters = dict(zip(sorted(raw.sizes), string.ascii_letters, strict=False))
    value = evaluator(at)
    factors = [np.asarray(value(node)).reshape([SIZES["n"]] * len(index)) ** float(p) for node, p, index in raw.factors]
    terms = ["".join(letters[k] for k in index) for _, _, index in raw.factors]
    spread = [np.ones(SIZES["n"]) for _ in letters]
    total = np.einsum(",".join([*terms, *letters.values()]) + "->" + letters[0] + letters[1], *factors, *spread)
    scalars = [float(np.asarray(value(node)).item()) ** float(p) for node, p in raw.scalars.items()]
    return np.asarray(float(raw.coeff) * np.prod(scalars) * total)


def chain(parts: list[Node], turned: list[bool]) -> Raw:
    """The product of matrices, some of them turned, in indices."""
    raw, places = Raw(), [0, *range(FIRST, FIRST + len(parts) - 1), 1]
    raw.sizes = dict.fromkeys(places, A.shape[0])
    for node, back, i, j in zip(parts, turned, places, places[1:], strict=False):
        raw.factors.append((node, 1, (j, i) if back else (i, j)))
    return raw


def reduced(parts: list[Node], turned: list[bool]) -> list[tuple[Node, bool]]:
    """The product as a word without an identity and without a matrix beside its inverse; it has one such form."""
    word: list[tuple[Node, bool]] = []
    for node, back in zip(parts, turned, strict=True):
        last, way = word[-1] if word else (EYE, False)
        if ({last, node} == {A, make("inv", A)} and way == back) or (last is node is Q and way != back):
            word.pop()
        elif node is not EYE:
            word.append((node, back))
    return word


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_left_to_contract(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 9))
    parts = [POOL[int(k)] for k in rng.integers(len(POOL), size=count)]
    turned = [bool(back) for back in rng.integers(2, size=count)]
    raw, at = chain(parts, turned), point(*POOL, seed=str(seed))
    before = value_of(raw, at)
    assert contract(raw, (0, 1))
    assert close(value_of(raw, at), before, 1e-9)
    assert sum(node is not EYE for node, *_ in raw.factors) == len(reduced(parts, turned))
    left = list(raw.factors)
    for step, _ in STEPS:
        assert not step(raw, (0, 1))
        assert raw.factors == left


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("text", ["tr(matrix_power(X, k))", "tr(inv(matrix_power(X, k)))"])
def test_a_power_of_a_matrix_with_a_named_exponent(text: str, k: int) -> None:
    """The exponent is known when numbers are: differences of the numbers are the truth."""
    found = mc.derive(f"J = {text}", "X", order=1)["X"].node
    X = np.random.default_rng(k).normal(size=(3, 3)) + 2 * np.eye(3)
    power = np.linalg.matrix_power
    values = (lambda Z: np.trace(power(Z, k))) if "inv" not in text else (lambda Z: np.trace(power(Z, -k)))
    expected = np.zeros((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = 1e-5
        expected[place] = (values(X + step) - values(X - step)) / 2e-5
    assert close(evaluator({"X": X, "k": np.array([[float(k)]])})(found), expected, 1e-6)
