"""Fields of the tables' rows that the tests of the laws do not reach, against numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcalc.codegen.functions import derivative
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS, make, variable
from matcalc.render.latex import latex
from matcalc.render.text import text
from matcalc.verify.domain import conditions
from tests.differences import close, evaluator, slope
from tests.plain_evaluator import Evaluator
from tests.test_codegen_values import EXAMPLES


@pytest.mark.parametrize("name", sorted(ELEMENTWISE_NAMES))
def test_derivative_of_a_function_that_is_bound(name: str) -> None:
    """What ``f'`` is where f is said to be this function, at both signs where it has both."""
    x = variable("x", ("n", 1))
    found, value = derivative(name, 1, x), make(name, x)
    both = OPERATIONS[name].sample not in ("positive", "above -1")
    for at in ([0.31, 0.52, 0.77], [-0.35, -0.66, -0.81] if both else [0.2, 0.4, 0.9]):
        point = np.array(at).reshape(-1, 1)
        truth = np.diag(slope(lambda v: evaluator({"x": v})(value)[:, 0], point)[:, :, 0])
        assert close(np.ravel(evaluator({"x": point})(found)), truth)


BAD: list[Any] = [
    np.array([0.0, 0.5, 0.7]), np.array([-1.0, 0.5, 2.0]), np.array([1.0, 0.5, 0.7]), np.array([2.0, 0.5, 0.7]),
    np.array([0.5, 0.5, 0.5]), np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 1.0, 2.0]), np.diag([1.0, -1.0, 2.0]),
    np.diag([0.0, 1.0, 2.0]), np.array([np.pi / 2, 0.5, 0.7]),
]  # fmt: skip

SPELLINGS = dict(line.split(" | ", 1) for line in
                 (Path(__file__).parent / "spellings.txt").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_how_an_operation_is_written(op: str) -> None:
    """As text and in LaTeX, as a reader found it right once."""
    node = EXAMPLES[op][0] if op in EXAMPLES else make(op, variable("x", ("n", 1)))
    written = f"{text(node)} | {latex(node)}"
    assert op in SPELLINGS, f"if that is right, add it to tests/spellings.txt: {op} | {written}"
    assert written == SPELLINGS[op]


# smooth everywhere, but what the law divides by is zero there
BY_LAW = {"det": BAD[5], "prod_others": BAD[0], "prod_pairs": BAD[0], "variance": BAD[4]}


def arguments(op: str, bad: Any) -> list[tuple[Node, ...]]:
    """Arguments of an operation, one of them at a bad place."""
    entry = OPERATIONS[op]
    shape: Any = (3, 1) if bad.ndim == 1 else (3, 3)
    return [tuple(variable("bad" if k == i else "good", shape) for k in range(len(entry.signature)))
            for i in range(len(entry.signature))]


def is_smooth(value: Node, arrays: dict[str, Any]) -> bool:
    """Whether values around a point are finite and differences from the left and the right agree."""
    rng = np.random.default_rng(0)
    bad = arrays["bad"]
    directions = [*(rng.standard_normal(bad.shape) for _ in range(2)), np.ones(bad.shape)]

    def at(shift: Any) -> Any:
        return Evaluator({**arrays, "bad": bad + shift}, {})(value)

    with np.errstate(all="ignore"):
        try:
            here = at(0 * bad)
            for d in directions:
                left, right = (here - at(-1e-6 * d)) / 1e-6, (at(1e-6 * d) - here) / 1e-6
                size = np.abs([left, right]).max()
                if not size < 1e4 or np.abs(left - right).max() > 1e-2 * (1 + size):  # not a number either
                    return False
        except (np.linalg.LinAlgError, ValueError, ArithmeticError):
            return False
    return True


EDGED = {op for op, entry in OPERATIONS.items() if entry.sample not in ("", "real")} | {"pow", "tan"}


@pytest.mark.parametrize("op", sorted(EDGED))
def test_the_check_keeps_away_from_where_an_operation_is_not_smooth(op: str) -> None:
    rng = np.random.default_rng(1)
    seen = 0
    for bad in BAD:
        for args in arguments(op, bad):
            try:
                value = make(op, *args, params=(None,) if OPERATIONS[op].axis else ())
            except MatcalcError:
                continue
            arrays = {"bad": bad, "good": rng.uniform(0.5, 0.9, bad.shape) + (0 if bad.ndim == 1 else np.eye(3))}
            if op not in BY_LAW and is_smooth(value, arrays):
                continue
            if op in BY_LAW and not np.array_equal(bad, BY_LAW[op]):
                continue
            seen += 1
            guards = conditions(value)
            held = [guard.holds(np.squeeze(Evaluator(arrays, {})(guard.node))) for guard in guards]
            assert not all(held), f"{op} at {arrays}"
    assert seen, f"no place is found where {op} is not smooth"
