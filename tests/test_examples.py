"""The examples: what they print is what stands beside them, and it is true."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from differences import SIZES, close, derivative, evaluator, point
from golden import EXAMPLES, commands, output, programs

from matcalc.derivation import Derivation, derive
from matcalc.expressions.node import Node

PROGRAMS = programs()
NAMES = [program.stem for program in PROGRAMS]
FAMILIES = {
    "window_classifier", "softmax_classifier", "two_layer_batch", "logistic_regression", "least_squares", "ridge",
    "gaussian_likelihood", "matrix_factorisation", "attention", "lstm_cell", "word2vec", "rayleigh", "log_barrier",
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
def test_output_is_what_stands_beside_it(program: Path) -> None:
    expected = program.with_suffix(".out").read_text(encoding="utf-8")
    assert output(program) == expected, "judge the difference; python -m tests.golden writes it"


def test_the_families_are_there() -> None:
    assert set(NAMES) >= FAMILIES
    assert {path.stem for path in EXAMPLES.glob("*.out")} == set(NAMES)


def asked(program: Path) -> Derivation:
    """The derivation that the first command asks for."""
    arguments = commands(program)[0]
    options = dict(pairwise(arguments))
    wrt = [b for a, b in pairwise(arguments) if a == "--wrt"]
    return derive(program.read_text(encoding="utf-8"), wrt or "all", order=int(options.get("--order", 1)))


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
def test_every_derivative_is_true(program: Path) -> None:
    d = asked(program)
    sizes = {name: SIZES.get(name, 2 + i) for i, name in enumerate(d.program.dims)}
    value = d.value.node
    at = point(value, *d.program.inputs.values(), seed=program.stem, sizes=sizes)
    if program.stem == "log_barrier":
        at["b"] = at["b"] + 10  # inside the domain
    evaluate = evaluator(at, sizes)
    for key, result in d.items():
        first = key if isinstance(key, str) else key[0]
        target = d.program.names[key if isinstance(key, str) else key[1]]
        of = value if isinstance(key, str) else d[first].node
        expected = derivative(of, target, at, sizes)
        scalar = isinstance(key, str) and value.shape == (1, 1)
        expected = expected[0, 0] if scalar else expected.reshape(evaluate(result.node).shape)
        assert close(evaluate(result.node), projected(expected, target), 1e-6), f"{key}: {result.text()}"


def projected(gradient: object, target: Node) -> object:
    """The gradient in the space of the variable, where that is one of structured matrices."""
    if target.op == "var" and target.params[1] in ("symmetric", "posdef"):
        return (gradient + gradient.T) / 2  # type: ignore[attr-defined]
    return gradient


def test_regenerating_writes_what_is_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import golden

    for program in PROGRAMS[:2]:
        (tmp_path / program.name).write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(golden, "EXAMPLES", tmp_path)
    golden.regenerate()
    for program in PROGRAMS[:2]:
        expected = program.with_suffix(".out").read_text(encoding="utf-8")
        assert (tmp_path / f"{program.stem}.out").read_text(encoding="utf-8") == expected
