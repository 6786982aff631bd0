"""Code for other targets agrees with NumPy's: on the whole corpus, on random programs, with every kind of argument.

A library that is not installed is skipped with the reason; array-api-strict, which refuses whatever the standard does
not promise, is among what the tests need; PyTorch and JAX (gigabytes) are not: ``pip install 'matcalculus[torch]'``.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from terms import curve
from typed_programs import generate

import matcalc as mc
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import build
from matcalc.codegen.options import DEFAULT, portable
from matcalc.codegen.targets import spelled_for
from matcalc.compiling import request_of

CORPUS = Path(__file__).parent / "corpus"
ARRAYS = np.load(CORPUS / "public.npz")
CASES = json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))["cases"]
NEEDED = {"torch": "torch", "jax": "jax", "array_api": "array_api_strict"}
TARGETS = list(NEEDED)
CHUNK = 10
BLOCKS = [(target, block) for target, count in (("torch", 15), ("jax", 1), ("array_api", 15))  # JAX compiles each shape
          for block in range(30_000, 30_000 + count * CHUNK, CHUNK)]  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore")  # of infinities that a where does not take


def library(target: str) -> Any:
    """The library, ready for float64; the test is skipped where it is not installed."""
    if importlib.util.find_spec(NEEDED[target]) is None:
        pytest.skip(f"{NEEDED[target]} is not installed: pip install 'matcalculus[{target.replace('_', '-')}]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module(NEEDED[target])
        if target == "jax":
            found.config.update("jax_enable_x64", True)
            return found.numpy
    return found


def arrays(target: str) -> Callable[[Any], Any]:
    """What makes an array of the target's library from one of NumPy."""
    made = library(target)
    return lambda value: (made.as_tensor if target == "torch" else made.asarray)(np.asarray(value, dtype=float))


def leaves(result: Any) -> dict[Any, Any]:
    """All arrays of a result, with the names of theirs."""
    found = {"value": result[0]}
    for part in result[1:]:
        found.update(part if isinstance(part, dict) else {"hvp": part})
    return found


def agree(expected: Any, found: Any, tolerance: float = 1e-10) -> None:
    wanted, got = leaves(expected), leaves(found)
    assert wanted.keys() == got.keys()
    for key, value in wanted.items():
        array = np.asarray(got[key])
        assert array.shape == np.shape(value), key
        assert array.dtype == np.float64, key
        np.testing.assert_allclose(array, value, rtol=tolerance, atol=tolerance, err_msg=str(key))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_corpus(case: dict[str, Any], target: str) -> None:
    make = arrays(target)
    asked = {
        "wrt": case["wrt"], "of": case["of"], "order": case["order"], "syntax": case["syntax"],
        "functions": {**case["functions"], **case["callables"]},
    }  # fmt: skip
    given = {key: ARRAYS[f"{case['id']}/in/{key}"] for key in case["inputs"]}
    function = mc.compile(case["program"], target=target, **asked)
    found = function(**{key: make(array) for key, array in given.items()})
    kind = type(make(0.0))
    assert all(isinstance(array, kind) for array in leaves(found).values())
    agree(mc.compile(case["program"], **asked)(**given), found)


@pytest.mark.parametrize(("target", "block"), BLOCKS)
def test_random_programs(target: str, block: int) -> None:
    make = arrays(target)
    compared = 0
    for seed in range(block, block + CHUNK):
        program = generate(seed)
        try:
            derivation = mc.derive(program.text(), list(program.used()))
            module = build(request_of(derivation))
            text = spelled_for(build(request_of(derivation, optimize=portable(DEFAULT))).text, target)
        except mc.MatcalcError:
            continue
        if any(name not in program.functions for name, _ in module.functions):
            continue  # functions with laws of their own, whose values are written in NumPy
        drawn = program.arguments(seed)
        given = {n: drawn.get(n, np.zeros(program.sizes.get(n[5:], 1))) for n in module.inputs}
        sizes = {dim: program.sizes[dim] for dim in module.loose}
        functions = {own: (program.functions[name], k) for (name, k), own in module.functions.items()}
        numbers = {own: (lambda x, w=w, k=k: curve(w, k, np.asarray(x))) for own, (w, k) in functions.items()}
        others = {own: (lambda x, f=f: make(f(x))) for own, f in numbers.items()}
        with np.errstate(all="ignore"):
            try:
                expected = Compiled(module.text)(**given, **sizes, **numbers)
            except (np.linalg.LinAlgError, ValueError):
                continue
            if not all(np.all(np.isfinite(array)) for array in leaves(expected).values()):
                continue
            near = Compiled(module.text)(**{k: a * (1 + 1e-15) for k, a in given.items()}, **sizes, **numbers)
            found = Compiled(text, target=target)(**{k: make(a) for k, a in given.items()}, **sizes, **others)
        compared += 1
        _near(leaves(expected), leaves(near), leaves(found), f"seed {seed}\n{program.text()}\n{text}")
    assert compared > 0.4 * CHUNK  # a run that compares nothing proves nothing


def _near(expected: Any, near: Any, found: Any, told: str) -> None:
    """Equal up to what rounding of the inputs alone changes."""
    scale = max(float(np.max(np.abs(array), initial=0)) for array in expected.values())
    for key, array in expected.items():
        error = np.max(np.abs(np.asarray(found[key]) - array), initial=0)
        shaken = np.max(np.abs(near[key] - array), initial=0)
        assert np.shape(found[key]) == np.shape(array), told
        assert error <= 1e-11 * scale + 100 * shaken, f"{key}: {error:.3g} of {scale:.3g}, {told}"
