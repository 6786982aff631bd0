"""The optimisations together change no result beyond rounding: the corpus and random programs (a thousand of them with
``MATCALC_LARGE=1``, two hundred in every run), with each of
them switched off in turn and with none at all, against the code with all of them.

What rounding may change is measured, not guessed: the code itself at inputs that differ in their last digits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import special_terms
from terms import curve
from test_corpus import FUNCTIONS
from typed_programs import generate

import matcalc as mc
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import build
from matcalc.codegen.options import DEFAULT, MEANINGS, NAMES, PLAIN, Options, options_of, without
from matcalc.compiling import request_of

CORPUS = Path(__file__).parent / "corpus"
ARRAYS = np.load(CORPUS / "public.npz")
CASES = json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))["cases"]
SETTINGS = {**{name: Options(**{name: False}) for name in NAMES}, "all": PLAIN}
CHUNK = 25


def leaves(result: Any) -> list[np.ndarray]:
    """All arrays of a result, in order."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, tuple | list):
        return [array for part in result for array in leaves(part)]
    return [np.asarray(result, float)]


def moved(arguments: dict[str, Any], seed: int) -> dict[str, Any]:
    """The arguments with other last digits; symmetric ones stay symmetric."""
    factor = 1 + 4e-16 * (seed + 1)
    return {k: a * factor if isinstance(a, float | np.ndarray) else a for k, a in arguments.items()}


def agree(derivation: mc.Derivation, arguments: Callable[[Any], dict[str, Any]], name: str) -> int:
    """How many settings gave another text; `AssertionError` where one gives another result."""
    module = build(request_of(derivation))
    given = arguments(module)
    with np.errstate(all="ignore"):
        function = Compiled(module.text)
        expected = leaves(function(**given))
        near = [leaves(function(**moved(given, k))) for k in range(3)]
    if not all(np.all(np.isfinite(a)) for a in expected):
        return 0
    seen, others = {module.text}, 0
    for setting, options in SETTINGS.items():
        other = build(request_of(derivation, optimize=options))
        if other.text in seen:
            continue
        seen.add(other.text)
        others += 1
        with np.errstate(all="ignore"):
            found = leaves(Compiled(other.text)(**arguments(other)))
        for k, (a, b) in enumerate(zip(expected, found, strict=True)):
            assert a.shape == b.shape, (name, setting)
            scale = max(float(np.max(np.abs(e), initial=0)) for e in expected)
            shaken = max(float(np.max(np.abs(n[k] - a), initial=0)) for n in near)
            error = float(np.max(np.abs(a - b), initial=0))
            allowed = 1e-12 * scale + 100 * shaken
            texts = f"{module.text}\n{other.text}"
            assert error <= allowed, f"{name} without {setting}: {error:.3g} of {scale:.3g}\n{texts}"
    return others


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_corpus(case: dict[str, Any]) -> None:
    name = case["id"]
    derivation = mc.derive(
        case["program"], case["wrt"], of=case["of"], order=case["order"], syntax=case["syntax"],
        functions=case["functions"],
    )  # fmt: skip
    given: dict[str, Any] = {}
    for key in case["inputs"]:
        array = ARRAYS[f"{name}/in/{key}"]
        given[key] = float(array) if array.ndim == 0 else array
    for unknown, known in case["callables"].items():
        given |= dict(zip((unknown, f"d{unknown}", f"d2{unknown}"), FUNCTIONS[known], strict=False))

    def arguments(module: Any) -> dict[str, Any]:
        wanted = {*module.inputs, *module.functions.values()}
        second = {n: np.sin for n in wanted if n.startswith("d2")}  # any function: both codes call the same one
        sizes = {dim: case["dims"].get(dim, 3) for dim in module.loose}
        return {k: v for k, v in {**second, **given}.items() if k in wanted} | sizes

    agree(derivation, arguments, name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(20_000, 21_000 if os.environ.get("MATCALC_LARGE") else 20_200, CHUNK))
def test_random_programs(block: int) -> None:
    compared = 0
    for seed in range(block, block + CHUNK):
        program = generate(seed)
        try:
            derivation = mc.derive(program.text(), list(program.used()), order=1)
            build(request_of(derivation))
        except mc.MatcalcError:
            continue
        inputs = program.arguments(seed)
        curves = {(name, k): (lambda x, w=w, k=k: curve(w, k, np.asarray(x)))
                  for name, w in program.functions.items() if isinstance(w, int | str) for k in range(5)}
        curves |= special_terms.NUMPY

        def arguments(module: Any, p: Any = program, at: Any = inputs, curves: Any = curves) -> dict[str, Any]:
            found = {n: at.get(n, np.zeros(p.sizes.get(n[5:], 1))) for n in module.inputs}
            found |= {given: curves[key] for key, given in module.functions.items()}
            return found | {dim: p.sizes[dim] for dim in module.loose}

        compared += agree(derivation, arguments, f"seed {seed}\n{program.text()}\n") > 0
    assert compared > 0.4 * CHUNK  # a run that compares nothing proves nothing


# what each of them does -------------------------------------------------------------------------------------

SHOWS = {  # a program whose code is another without it
    "product_order": "A: matrix(n, n); s = x.T@A@A@y",
    "run_time_order": "A: matrix(n, n); B: matrix(n, n); C: matrix(n, d); Y = A@B@C",
    "transposes": "A: matrix(n, m); B: matrix(m, p); C = A@B; D = B.T@A.T; s = sum(C**3) + sum(D**2)",
    "reductions": "A: matrix(n, m); B: matrix(m, n); s = tr(A@B)",
    "sums": "A: matrix(n, n); X: matrix(n, d); Y = A@X + A.T@X",
    "factorisations": "A: matrix(n, n); s = x.T@inv(A)@y",
    "structure": "A: matrix(n, n); s = sum(diag(x)@A@A@A)",
    "scalars": "a: scalar; A: matrix(n, n); s = x.T@(a*A)@y",
    "syrk": "c: scalar; X: matrix(100, n); Y = c*(X.T@X)",
    "multiples": "q: scalar; c: scalar; y = 2*((x - c*(z/q))/q)",
    "factors": "M: matrix(n, m); R: matrix(n, m); T = M*R; s = sum(T**3) + sum(M*M*R*x)",
    "exponentials": "s = y.T@log_softmax(z) + u.T@softmax(z)",
    "contractions": "s = norm(M * (X - U@V.T))**2",
    "roots": "X: matrix(n, d); Y = X.T@diag(exp(w))@X",
    "totals": "X: matrix(n, m); s = sum(sum(tanh(X), axis=1)**2)",
    "in_place": "Y = tanh(A@B + C)",
    "stable": "s = log(sum(exp(x)))",
}


@pytest.mark.parametrize("name", SHOWS)
def test_each_is_seen_in_some_code(name: str) -> None:
    more: dict[str, Any] = {"wrt": "U", "order": 2} if name == "contractions" else {}  # of three factors: a Hessian's
    assert mc.compile(SHOWS[name], **more).source != mc.compile(SHOWS[name], optimize={name: False}, **more).source


def test_what_is_asked_for() -> None:
    assert options_of(True) is DEFAULT
    assert not any(getattr(options_of(False), name) for name in NAMES)
    assert options_of({"structure": False}).off() == ("structure",)
    assert without(["structure", "sums"]).off() == ("sums", "structure")
    assert without(["all"]) == PLAIN
    assert without([]) == DEFAULT
    assert set(MEANINGS) == set(NAMES)


def test_every_optimisation_stands_in_the_document() -> None:
    text = (CORPUS.parent.parent / "docs" / "generated-code.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"structur": False}, "did you mean structure?"), ({"x": True}, "there is product_order"),
     ({"sums": 0}, "it is True or False"), (3, "it is True, False, or"), ("sums", "it is True, False, or")],
)  # fmt: skip
def test_what_no_optimisation_is(asked: Any, said: str) -> None:
    with pytest.raises(mc.MatcalcError, match=said.replace("?", r"\?")):
        mc.compile("s = x.T@x", optimize=asked)


def test_derivatives_in_all_settings_by_hand() -> None:
    x = np.array([1.0, 2.0])
    for options in (True, False, *SETTINGS.values()):
        value, gradients = mc.compile("s = 3*x.T@x", "x", optimize=options)(x=x)
        assert value == 15
        assert gradients["x"].tolist() == [6, 12]
