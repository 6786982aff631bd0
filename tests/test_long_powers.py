"""Powers of matrices: products of many equal factors, and derivatives of vectors and matrices through them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from differences import close, slope
from plain_evaluator import Evaluator

import matcalc as mc
from matcalc.expressions.node import postorder
from matcalc.language.program import elaborate
from matcalc.operations.table import LONG

RNG = np.random.default_rng(11)
# of spectral radius about one, so that large powers are neither 0 nor infinite
INPUTS = {"A": RNG.standard_normal((3, 3)) / 2, "x": RNG.standard_normal((3, 1)), "B": RNG.standard_normal((3, 3))}
INPUTS["D"] = RNG.standard_normal((3, 3))


def product(factors: int, factor: str = "A") -> str:
    return "@".join([factor] * factors)


def written_out(source: str, at: dict[str, Any]) -> Any:
    """The value with NumPy alone: powers multiplied factor by factor."""
    names: dict[str, Any] = {**at, "tr": np.trace, "sum": np.sum, "tanh": np.tanh, "matrix_power": repeated}
    return np.squeeze(eval(source, {"__builtins__": {}}, names))


def repeated(matrix: Any, k: int) -> Any:
    found = np.eye(len(matrix))
    for _ in range(k):
        found = found @ matrix
    return found


PROGRAMS = [
    "matrix_power(A, 7)", "matrix_power(A, 9)@x", "tanh(matrix_power(A, 8)@x)", "matrix_power(A.T, 7)@B",
    "tr(matrix_power(A, 11))", "x.T@matrix_power(A, 13)@x", "matrix_power(A, 1)@x", "matrix_power(A, 0)@x + A@x",
    product(13), product(20) + "@x", "x.T@" + product(17), "tr(B@" + product(14) + ")",
    "x.T@" + product(15, "A.T") + "@x",
    f"tanh({product(16)}@x)", f"{product(14, '(A@B/3)')}@x", f"B@{product(13)}@B@{product(14)}@x",
]  # fmt: skip


@pytest.mark.parametrize("source", PROGRAMS)
def test_first_derivatives_are_those_of_the_product_written_out(source: str) -> None:
    at = {"A": INPUTS["A"]}
    expected = slope(lambda a: written_out(source, {**INPUTS, "A": a}), at["A"])
    program = f"A: matrix(n, n); B: matrix(n, n); x: vector(n); {source}"
    result = mc.derive(program, "A")["A"]
    found = Evaluator(INPUTS, {"n": 3}, {})(result.node)
    assert close(np.squeeze(found), expected)
    assert mc.check(program, "A").passed


TWICE = [
    "tr(matrix_power(A, 8))", "x.T@matrix_power(A, 7)@x", f"x.T@{product(13)}@x", "sum(tanh(matrix_power(A, 7)@x))",
]  # fmt: skip


@pytest.mark.parametrize("source", TWICE)
def test_second_derivatives_are_differences_of_values(source: str) -> None:
    fn = mc.compile(f"A: matrix(n, n); x: vector(n); {source}", ["A"], order=2)
    x, A = INPUTS["x"][:, 0], INPUTS["A"]
    given = {"A": A, "x": x} if "x" in source.replace("matrix", "") else {"A": A}
    found = fn(**given)[2]["A", "A"].reshape(3, 3, 3, 3)

    def gradient(a: Any) -> Any:
        return slope(lambda b: written_out(source, {**INPUTS, "A": b}), a)

    assert close(found, slope(gradient, A), 1e-5)


def test_the_gradient_of_a_power_sum_is_differentiated_along_a_direction() -> None:
    source, x, A = "x.T@matrix_power(A, 9)@x", INPUTS["x"][:, 0], INPUTS["A"]
    fn = mc.compile(f"A: matrix(n, n); {source}", ["A"], hvp="A")
    whole = mc.compile(f"A: matrix(n, n); {source}", ["A"], order=2)(A=A, x=x)[2]["A", "A"]
    found = fn(A=A, x=x, direction=INPUTS["B"])[2]
    assert close(found, np.tensordot(whole.reshape(3, 3, 3, 3), INPUTS["B"], 2), 1e-9)


def test_a_product_of_many_equal_factors_is_a_power() -> None:
    for count in (LONG, LONG + 1, 400):
        value = elaborate(f"A: matrix(n, n); {product(count)}").value
        power = count > LONG
        assert (value.op == "matrix_power") is power
        assert len(list(postorder(value))) == (3 if power else count)


def test_what_stands_before_the_factors_stays() -> None:
    value = elaborate(f"A: matrix(n, n); x.T@B@{product(300)}@B@{product(20)}@x").value
    powers = [node.args[1].params[0] for node in postorder(value) if node.op == "matrix_power"]
    assert sorted(powers) == [20, 300]
    few = elaborate("A: matrix(n, n); matrix_power(A, 3)@A@A").value
    assert few.op == "matmul", "a power that was written is left alone"


def test_the_derivative_of_a_product_grows_with_it_and_no_faster() -> None:
    def size(factors: int) -> int:
        return mc.derive(f"A: matrix(n, n); f({product(factors)}@x)", "A")["A"].node.size

    assert size(160) < 2.2 * size(80)


def test_an_exponent_that_is_a_name_is_refused_for_vectors() -> None:
    with pytest.raises(mc.UnsupportedError, match="through matrix_power"):
        mc.derive("A: matrix(n, n); matrix_power(A, k)@x", "A")


def test_vec_forms_have_powers_for_products_of_equal_factors() -> None:
    found = mc.derive("A: matrix(n, n); A@A@A@A", "A")["A"]
    assert found.vec("text") == "(A³)ᵀ ⊗ Iₙ + Iₙ ⊗ A³ + (Aᵀ Aᵀ) ⊗ A + Aᵀ ⊗ (A A)"
    assert found.vectorised is not None
    A = INPUTS["A"]
    columns = slope(lambda a: np.linalg.matrix_power(a, 4), A)
    assert close(Evaluator(INPUTS, {"n": 3}, {})(found.vectorised.node), columns.transpose(1, 0, 3, 2).reshape(9, 9))


def test_steps_state_how_a_power_sum_changes_with_the_matrix() -> None:
    program = "A, B, D: matrix(n, n); tr(power_sum(A, D, 2)@B)"
    steps = mc.derive(program, "A").steps
    laws = [law.text for step in steps for law in step.laws if law.text.startswith("d(power_sum")]
    assert laws
    assert all("dD @ X + X @ dD + dX @ D + D @ dX" in law for law in laws)
    expected = slope(lambda a: np.trace((INPUTS["D"] @ a + a @ INPUTS["D"]) @ INPUTS["B"]), INPUTS["A"])
    assert close(Evaluator(INPUTS, {"n": 3}, {})(mc.derive(program, "A")["A"].node), expected)


def test_a_second_derivative_that_is_too_long_says_up_to_where_there_is_one() -> None:
    with pytest.raises(mc.UnsupportedError, match=r"argument 1 is not supported.*k a number up to 31"):
        mc.derive("A: matrix(n, n); x.T@matrix_power(A, 40)@x", "A", order=2)


def test_the_first_negative_power_is_the_inverse() -> None:
    assert elaborate("A: matrix(n, n); matrix_power(A, -1)").value.op == "inv"
    assert mc.derive("A: matrix(n, n); tr(B@matrix_power(A, -1))", "B")["B"].source() == "inv(A).T"
    assert elaborate("A: matrix(n, n); matrix_power(A, -2)").value.op == "matrix_power"
