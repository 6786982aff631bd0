"""What has to be known is known: the lines of `fact_witnesses.txt`, each against numbers too.

`test_fact_rules` notices a row that says too much.  These notice one that says too little, and a row that says
nothing which the others do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matcalc import facts
from matcalc.expressions.node import postorder
from matcalc.facts.names import BITS, FACTS
from matcalc.facts.table import ROWS
from matcalc.language.program import elaborate
from matcalc.operations import table
from tests import fact_witnesses
from tests.fact_instances import TRUTH, having
from tests.fact_witnesses import Witness, witnesses
from tests.plain_evaluator import Evaluator
from tests.test_fact_rules import also, domain


def holds_in_numbers(case: Witness, op: str, seed: int) -> bool:
    """Whether the claim of a line is true of random matrices that have what it gives."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Any] = {}
    variables = case.variables()
    for k, (name, (shape, yes, no)) in enumerate(case.given.items()):
        array = having({*yes, *also(op, k, shape).split()}, shape, rng)
        if not all(TRUTH[one](array, 1e-8) for one in yes):  # facts that only together have an instance of their own
            array = having({one for one, bit in BITS.items() if variables[name]._facts[0] & bit}, shape, rng)
        assert all(TRUTH[one](array, 1e-8) for one in yes), case.line
        if {"independent", "invertible"} & {*no}:
            array[:, -1] = 0
        array = -array if any(TRUTH[one](array, 1e-8) for one in no) else array
        assert not any(TRUTH[one](array, 1e-8) for one in no), case.line
        arrays[variables[name].params[0]] = array
    node = case.node(variables)
    domain(node, arrays)
    value = Evaluator(arrays, {}, {("f", 0): lambda t: np.sin(t) + t * t + 1})(node)
    return bool(TRUTH[case.fact](value, 1e-8)) is bool(case.holds)


@pytest.mark.parametrize("op", sorted({*ROWS, "closure"} - {"let", "defined"}))
def test_what_has_to_be_known(op: str) -> None:
    cases = witnesses(op)
    assert cases, f"no line for {op}: python -m tests.fact_witnesses"
    for case in cases:
        assert facts.fact(case.node(case.variables()), case.fact) is case.holds, case.line


@pytest.mark.parametrize("op", sorted({*ROWS, "closure"} - {"let", "defined"}))
def test_the_lines_are_true(op: str) -> None:
    for case in witnesses(op):
        if case.holds is None:  # wrong of some of them
            generic = case.fact in ("independent", "invertible")  # of nearly all matrices, but not of ones
            assert generic or any(holds_in_numbers(case, op, seed) for seed in range(6)), case.line
        else:
            assert all(holds_in_numbers(case, op, seed) for seed in range(2)), case.line


def test_a_name_has_every_fact_of_its_value() -> None:
    for name in FACTS:
        for held in (True, False):
            case = Witness(f"{name}: A for A 4×4 {'' if held else 'not '}{name}")
            (argument,) = case.variables().values()
            assert facts.known(table.let("t", argument)) == facts.known(argument)


def test_every_row_is_needed() -> None:
    """A row is needed by one of the lines; those of long sums by `test_long_sums`."""
    long = {("add", "skew"), ("add", "symmetric"), ("sub", "skew"), ("sub", "symmetric")}
    left = [(op, line) for op, line in fact_witnesses.missing() if (op, line.split()[1].rstrip(":")) not in long]
    assert left == []


@pytest.mark.parametrize("kind", ["symmetric", "skew"])
@pytest.mark.parametrize("op", ["add", "sub"])
def test_long_sums(op: str, kind: str) -> None:
    """What is longer than what is looked at term by term: a sum of such matrices is one."""
    node = table.variable("S", ("n", "n"), kind)
    for i in range(400):
        node = table.make(op, node, table.variable(f"S{i}", ("n", "n"), kind))
    assert facts.fact(node, kind) is True
    if kind == "symmetric":
        assert facts.fact(table.make(op, node, table.variable("c", (1, 1))), kind) is True


# what the language's types say, and its constants: by their definitions
DECLARED = {
    "symmetric(n)": "symmetric", "posdef(n)": "definite", "skew(n)": "skew", "diagonal(n)": "diagonal",
    "orthogonal(n)": "orthogonal", "simplex(n)": "sums_to_one", "vector(n) positive": "positive",
    "scalar positive": "positive", "symmetric(n) positive": "symmetric positive",
    "posdef(n) positive": "definite positive", "simplex(n) positive": "sums_to_one positive",
    "diagonal(n) positive": "diagonal definite nonnegative", "matrix(m, n) positive": "positive",
}  # fmt: skip
CONSTANTS = {
    "eye(4)": "diagonal orthogonal definite nonnegative whole rows_sum_to_one columns_sum_to_one",
    "zeros(4, 3)": "zero", "ones(4, 3)": "positive whole", "ones(4, 4)": "positive whole semidefinite",
    "pi": "positive", "7": "positive whole", "1": "unit sums_to_one", "0": "zero whole nonnegative",
    "0.5": "positive",
}  # fmt: skip


@pytest.mark.parametrize("declared", DECLARED)
def test_declared_types(declared: str) -> None:
    found = elaborate(f"X: {declared}; X").value
    assert all(facts.fact(found, name) is True for name in DECLARED[declared].split())


@pytest.mark.parametrize("text", CONSTANTS)
def test_constants(text: str) -> None:
    node = elaborate(f"s = {text}").value
    value = Evaluator({}, {})(node)
    for name in CONSTANTS[text].split():
        assert facts.fact(node, name) is True
    for name, holds in TRUTH.items():
        known = facts.fact(node, name)
        assert known is None or bool(holds(value, 1e-12)) is known or node.shape == (1, 1), name


def test_dimensions_and_permutations() -> None:
    """What no program writes down, but derivatives do."""
    size, swap, pair = table.dimension("n"), table.commutation(2, 3), table.pair(2, 3)
    assert all(facts.fact(size, name) is True for name in ("positive", "whole"))
    for name in ("orthogonal", "nonnegative", "whole", "rows_sum_to_one", "columns_sum_to_one"):
        assert facts.fact(swap, name) is True
        assert TRUTH[name](Evaluator({}, {})(swap), 0.0)
    assert all(facts.fact(pair, name) is True for name in ("nonnegative", "whole"))
    assert [n.op for n in postorder(swap)] == ["commutation"]
