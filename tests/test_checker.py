"""The checker checked, a sample of it: ``python -m benchmarks.checker`` has the full figures.

Wrong gradients are caught, right ones are not called wrong, kinks are avoided, and what is ill-conditioned is
inconclusive.  What is wrong is decided by the plain evaluator, never by the check.
"""

import os
import random

import pytest

import matcalc as mc
from benchmarks import checker
from matcalc.operations.table import make, mul, number, power, transpose, variable
from tests import wrong_gradients

SEED = int(os.environ.get("MATCALC_SEED", random.SystemRandom().randrange(10_000)))


@pytest.fixture(autouse=True)
def _shown() -> None:
    print(f"MATCALC_SEED={SEED} gives these programs again")


def test_wrong_gradients_are_caught() -> None:
    found = checker.measure(12, 0, seed=SEED)
    assert found["missed"] == []
    assert found["alarms"] == []
    assert found["wrong"] > 100
    assert found["kink_alarms"] == []
    assert found["kinks_inconclusive"] == []
    assert found["ill_passed"] == []


def test_right_gradients_are_not_called_wrong() -> None:
    found = checker.false_alarms(200, SEED, 60, [])
    assert found["alarms"] == []
    assert found["inconclusive"] <= 2


X, A = variable("x", ("n", 1)), variable("A", ("n", "n"))
GRADIENT = make(
    "sub", make("matmul", make("add", A, transpose(A)), mul(number(3), X)), make("tanh", power(X, number(2)))
)
APPLY_TO_SQUARES = {"transposed"}


@pytest.mark.parametrize("kind", wrong_gradients.KINDS)
def test_every_kind_makes_wrong_gradients(kind: str) -> None:
    right = mul(number(2), make("matmul", A, A)) if kind in APPLY_TO_SQUARES else GRADIENT
    variable_ = A if kind in APPLY_TO_SQUARES else X
    made = [wrong_gradients.made(kind, right, variable_, str(seed)) for seed in range(10)]
    assert all(one is None or one.shape == right.shape for one in made)
    assert any(one is not None and one is not right for one in made)


def test_the_truth_about_a_wrong_gradient_is_not_the_checks() -> None:
    """A gradient written otherwise is at distance zero; a transposed one is not."""
    derivation = mc.derive("J = x.T@A@x", "all")
    one = checker.Tried(derivation, 0)
    right = one.right["x"]
    same = make("add", make("matmul", transpose(A), X), make("matmul", A, X))
    assert max(wrong_gradients.distances(right, same, one.points)) < 1e-12
    assert min(wrong_gradients.distances(right, mul(number(2), make("matmul", A, X)), one.points)) > 1e-3


def test_a_missed_gradient_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement can fail: a check that passes everything is found out."""
    monkeypatch.setattr(checker.Tried, "injected", lambda self, name, gradient, scale: (False, ["x"]))
    found = checker.measure(2, 0, seed=1, claims=False)
    assert len(found["missed"]) == found["wrong"] == len(found["alarms"])


SATURATED = {
    128: "x5: vector(p)\nA2: matrix(m, m)\nJ = logdet(6*eye(m) + tanh((prod(2 + tanh(x5)))**3*tanh(A2).T))",
    2126: "A0: matrix(n, n)\nA3: matrix(p, p)\nr4: row(n)\n"
    "J = sigmoid(prod(2 + tanh(diag([tr(A3), 2; (r4.T)[1], tr(A3)])[0]*diag(A0))))",
}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("program", SATURATED.values())
def test_what_moves_the_value_by_its_last_digits_is_not_called_wrong(program: str, seed: int) -> None:
    """Of these, 1 - h**2 has two digits left at some points."""
    for one in mc.check(program, "all", seed=seed).values():
        assert one.passed or one.inconclusive, one.message


def test_a_wrong_part_that_moves_the_value_little_is_not_passed() -> None:
    for factor in ("1e-6", "1e-9", "1e-12", "1e-15"):
        assert not mc.check(f"J = 1 + {factor}*x.T@x", "x", claims={"x": f"3*{factor}*x"}).passed
