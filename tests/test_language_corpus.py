"""The acceptance corpus: kinds, shapes and values of every program in the default syntax.

The reference values come with the corpus; nodes are evaluated by `plain_evaluator`, which shares nothing with
elaboration.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_evaluator import FUNCTIONS, Evaluator

from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import axes, kind
from matcalc.language.program import Program, beside, elaborate, expression
from matcalc.render.source import source

HERE = Path(__file__).parent / "corpus"
CASES = [case for case in json.loads((HERE / "public.json").read_text())["cases"] if case["syntax"] == "numpy"]
ARRAYS = np.load(HERE / "public.npz")


def sizes(program: Program, case: dict[str, Any]) -> dict[str, int]:
    """The sizes of the dimensions in a case, each the same wherever it stands."""
    found: dict[str, int] = {}
    waiting: list[tuple[Any, int]] = []
    for name, node in program.inputs.items():
        for dim, size in zip(axes(node.shape), case["inputs"][name]["shape"], strict=True):
            if isinstance(dim, str):
                assert found.setdefault(dim, size) == size, f"{name}: {dim} is {found[dim]} and {size}"
            else:
                waiting.append((dim, size))
    for dim, size in waiting:
        assert evaluate(dim, found) == size
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_kinds_are_those_of_the_corpus(case: dict[str, Any]) -> None:
    program = elaborate(case["program"])
    found = {name: kind(node.shape) for name, node in program.inputs.items()}
    assert found == {name: given["kind"] for name, given in case["inputs"].items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_values_are_those_of_the_corpus(case: dict[str, Any]) -> None:
    program = elaborate(case["program"], functions=case["functions"])
    dims = sizes(program, case)
    for name, least in program.least.items():
        assert dims[name] >= least
    inputs = {name: ARRAYS[f"{case['id']}/in/{name}"] for name in program.inputs}
    known = {**case["functions"], **case["callables"]}
    functions = {(name, 0): FUNCTIONS[function] for name, function in known.items()}
    node = program.value if case["of"] is None else program.names[case["of"]]
    value = Evaluator(inputs, dims, functions)(node)
    reference = ARRAYS[f"{case['id']}/value"]
    assert tuple(evaluate(dim, dims) for dim in axes(node.shape)) == reference.shape
    np.testing.assert_allclose(value.reshape(reference.shape), reference, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_formula_is_read_back_as_the_identical_node(case: dict[str, Any]) -> None:
    program = elaborate(case["program"])
    environment = beside(program)
    for node in [*program.names.values(), program.value]:
        inner = node.args[0] if node.op == "let" else node
        assert expression(source(inner), environment) is inner
        assert expression(source(node), environment) is node


# The values of f' are not in the corpus.
EXPECTED = [case for case in CASES if case["expected"] and not case["functions"] and not case["callables"]]


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["id"])
def test_closed_forms_are_read_beside_the_program_and_have_the_right_value(case: dict[str, Any]) -> None:
    program = elaborate(case["program"])
    dims = sizes(program, case)
    inputs = {name: ARRAYS[f"{case['id']}/in/{name}"] for name in program.inputs}
    for wrt, text in case["expected"].items():
        node = expression(text, beside(program))
        reference = ARRAYS[f"{case['id']}/{'d2' if ',' in wrt else 'd'}/{wrt}"]
        value = Evaluator(inputs, dims)(node)
        assert math.prod(value.shape) == math.prod(reference.shape)
        np.testing.assert_allclose(value.reshape(reference.shape), reference, rtol=1e-6, atol=1e-9)
