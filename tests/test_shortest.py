"""What is written of several that are equal is the shortest of all, found here by trying each.

Written where mutants of the code survived: equal values tell nothing of them.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from matcalc.calculus.writing import t, token_count
from matcalc.derivation import derive
from matcalc.expressions.node import Node
from matcalc.language.program import elaborate
from matcalc.operations import table
from matcalc.operations.table import make, variable
from tests.differences import close, derivative, evaluator, point, variables

A, B, C = (variable(name, ("n", "n")) for name in "ABC")
S, x = variable("S", ("n", "n"), "symmetric"), variable("x", ("n", 1))
POOL = [A, B, C, S, make("inv", A), make("diag", x), make("exp", B), *(make("T", one) for one in (A, B, C))]


def product(parts: list[Node]) -> Node:
    """A product, from the left."""
    found = parts[0]
    for part in parts[1:]:
        found = table.matmul(found, part)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_trace_is_turned_to_its_shortest_writing(seed: int) -> None:
    """A trace is the same for each cyclic order of the factors, and for the transpose of each."""
    from matcalc.calculus.reading import _trace

    rng = np.random.default_rng(seed)
    parts = [POOL[int(k)] for k in rng.integers(len(POOL), size=rng.integers(2, 5))]
    orders = [parts[k:] + parts[:k] for k in range(len(parts))]
    turned = [[t(part) for part in reversed(order)] for order in orders]
    shortest = min(token_count(product(order)) for order in orders + turned)
    node = table.matmul(parts[0], parts[1]) if len(parts) == 2 else product(parts)
    found = _trace(node)
    assert token_count(found.args[0]) <= shortest
    at = point(make("tr", node), seed=str(seed))
    assert close(evaluator(at)(found), evaluator(at)(make("tr", node)), 1e-9)
    for order in orders:
        assert _trace(product(order)) == found  # whichever it is written as


@pytest.mark.parametrize("c", [3, -3, Fraction(3, 2), Fraction(-1, 7), Fraction(5), Fraction(2**40, 3**20)])
@pytest.mark.parametrize("p", [2, -3, 10**9, 10**9 + 1, -(10**9)])
def test_powers_of_numbers_keep_their_size_and_sign(c: Fraction | int, p: int) -> None:
    """As powers of whole numbers where they are too long: the truth is the logarithm."""
    from matcalc.calculus.powers import _coefficient

    raw = _coefficient(c, p)
    logarithm = math.log(abs(raw.coeff)) + sum(float(q) * math.log(n.params[0]) for n, q in raw.scalars.items())
    assert math.isclose(logarithm, p * math.log(abs(c)), rel_tol=1e-12)
    assert (raw.coeff > 0) == (c > 0 or p % 2 == 0)


@pytest.mark.parametrize("text", [
    "sum(x)*tr(matrix_power(t*A, 8)@B)", "tr(matrix_power(exp(t)*eye(n), 9)@B)", "tr(matrix_power(t*B + 2*A, 8)@C)",
    "tr(matrix_power(t*eye(n) + A, 9))", "x.T@matrix_power(t*(A + B)/2, 7)@x"
])  # fmt: skip
def test_long_powers_of_matrices(text: str) -> None:
    """More factors than are written out one by one."""
    program = elaborate(f"s = {text}; t: scalar; A, B, C: matrix(n, n); x: vector(n)")
    at = point(program.value, seed=text)
    derived = derive(f"s = {text}; t: scalar; A, B, C: matrix(n, n); x: vector(n)", "all")
    for target in variables(program.value):
        truth = derivative(program.value, target, at)[0, 0]
        assert close(evaluator(at)(derived[target.params[0]].node), truth, 1e-5), target
