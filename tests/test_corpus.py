"""The acceptance corpus: reference values from automatic differentiation, closed forms from the literature."""

import json
from pathlib import Path

import numpy as np
import pytest

import matcalc as mc
from matcalc.language.program import beside, expression
from matcalc.render.measure import token_count

CORPUS = Path(__file__).parent / "corpus"
ARRAYS = np.load(CORPUS / "public.npz")
CASES = [
    case
    for case in json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))["cases"]
    if case["order"] == 1 and case["syntax"] == "numpy" and ARRAYS[f"{case['id']}/value"].ndim == 0
]
FUNCTIONS = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "softplus": (lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x))),
    "silu": (
        lambda x: x / (1 + np.exp(-x)),
        lambda x: 1 / (1 + np.exp(-x)) + x * np.exp(-x) / (1 + np.exp(-x)) ** 2,
    ),
}
# closed forms of the corpus that are shorter than ours, with the reason; a mended one must leave this list
LONGER = {("ml-markov", "P"): "(P@q).T stands inside a product of transposes"}


def test_there_are_all_cases():
    assert len(CASES) == 182


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_numbers(case):
    name = case["id"]
    fn = mc.compile(case["program"], case["wrt"], of=case["of"], functions=case["functions"])
    arguments = {key: ARRAYS[f"{name}/in/{key}"] for key in case["inputs"]}
    arguments = {key: float(a) if a.ndim == 0 else a for key, a in arguments.items()}
    for unknown, known in case["callables"].items():
        arguments[unknown], arguments[f"d{unknown}"] = FUNCTIONS[known]
    before = {key: np.array(a) for key, a in arguments.items() if not callable(a)}
    value, gradients = fn(**arguments)
    np.testing.assert_allclose(value, ARRAYS[f"{name}/value"], rtol=1e-6, atol=1e-8)
    for wrt in case["wrt"]:
        expected = ARRAYS[f"{name}/d/{wrt}"]
        assert np.shape(gradients[wrt]) == expected.shape
        np.testing.assert_allclose(gradients[wrt], expected, rtol=1e-6, atol=1e-8, err_msg=wrt)
    for key, array in before.items():
        np.testing.assert_array_equal(arguments[key], array)


FORMS = [(case, wrt) for case in CASES for wrt in case["expected"]]


@pytest.mark.parametrize(("case", "wrt"), FORMS, ids=lambda part: part["id"] if isinstance(part, dict) else part)
def test_closed_form_is_no_longer_than_the_textbook(case, wrt):
    derivation = mc.derive(case["program"], case["wrt"], of=case["of"])
    result = derivation[wrt]
    environment = beside(derivation.program)
    textbook = expression(case["expected"][wrt], environment)
    ours, theirs = token_count(result.node), token_count(textbook)
    assert (ours > theirs) == ((case["id"], wrt) in LONGER), f"{ours} > {theirs}: {result.source()}"
    assert expression(result.source(), environment) is result.node
