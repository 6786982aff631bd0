"""The example of the course: a window classifier learns with the gradients that are generated for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(EXAMPLES)
    import ner_window

    yield ner_window
    for name in [name for name in sys.modules if name == "ner_window" or name.split(".")[0] == "ner"]:
        del sys.modules[name]


@pytest.mark.parametrize("model", ["binary", "softmax"])
def test_it_learns_what_looking_words_up_does_not(example: ModuleType, model: str) -> None:
    found = example.run(model, epochs=12, seed=0, steps=1)
    f1 = {name: row.f1 for name, row in found.scores.items()}
    assert f1["location: majority"] == 0
    assert f1["location: window classifier"] > 0.65 > f1["location: word looked up"] + 0.2
    if model == "softmax":
        assert f1["person: window classifier"] > f1["person: word looked up"] + 0.05
    plain = found.scores["location: majority"].accuracy
    assert found.scores["location: window classifier"].accuracy > plain + 0.04
    assert found.losses[-1] < found.losses[0] / 2


@pytest.mark.parametrize("model", ["binary", "softmax"])
def test_descent_by_differences_comes_to_the_same_place(example: ModuleType, model: str) -> None:
    compared = example.run(model, epochs=1, seed=1, steps=2).comparison
    assert compared.error < 1e-7
    assert compared.parameters > 1000


@pytest.fixture
def small(example: ModuleType) -> tuple[object, np.ndarray, np.ndarray]:
    """A small model with two windows, one of which holds a word twice."""
    model = example.start("softmax", 7, np.random.default_rng(3), width=3, hidden=4)
    return model, np.array([[0, 3, 4, 3, 5], [3, 4, 6, 1, 0]]), np.array([1, 0])


def test_every_gradient_is_that_of_differences(small: tuple) -> None:
    model, windows, classes = small
    loss, gradients = model.gradients(windows, classes)
    same, differences = model.differences(windows, classes)
    assert loss == pytest.approx(same, rel=1e-14)
    assert set(gradients) == {"words", "W", "b", "U", "c"}
    for name, expected in differences.items():
        assert np.max(np.abs(gradients[name] - expected)) < 1e-7, name
    assert not gradients["words"][2].any(), "a word that is not met has no gradient"


def test_a_word_met_twice_once_forgotten_would_be_found(small: tuple) -> None:
    model, windows, classes = small
    _, differences = model.differences(windows, classes)
    by_window = model.gradient_code(**model.inputs(windows, classes))[1]["X"].reshape(2, 5, 3)
    wrong = np.zeros_like(model.words)
    wrong[windows] += by_window  # keeps one of several
    assert np.max(np.abs(wrong - differences["words"])) > 1e-3


def test_the_corpus_is_what_it_says(example: ModuleType) -> None:
    corpus, held_out = (example.sentences(EXAMPLES / "ner" / f"{name}.txt") for name in ("train", "heldout"))
    assert 150 <= len(corpus) <= 250
    known = {word.lower() for sentence in corpus for word, _ in sentence}
    names = [word.lower() for sentence in held_out for word, label in sentence if label]
    new = [name for name in names if name not in known]
    assert len(names) / 3 < len(new) < len(names), "some names are new, some are not"
    texts = [" ".join(word for word, _ in sentence) for sentence in corpus + held_out]
    assert len(texts) == len(set(texts)), "no sentence stands twice"
    classes: dict[str, set[int]] = {}
    for word, label in (pair for sentence in corpus for pair in sentence):
        classes.setdefault(word.lower(), set()).add(label)
    assert sum(len(found) > 1 for found in classes.values()) >= 15, "many names are ambiguous"


def test_the_command_runs_and_repeats_itself(tmp_path: Path) -> None:
    def told(*options: str) -> str:
        command = [sys.executable, str(EXAMPLES / "ner_window.py"), "--epochs", "2", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=True)
        return done.stdout

    def without_times(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if " s against " not in line)

    first = told("--model", "softmax", "--seed", "4")
    assert "parameters agree to" in first
    assert without_times(first) == without_times(told("--model", "softmax", "--seed", "4"))
    assert without_times(first) != without_times(told("--model", "softmax", "--seed", "5"))


def test_the_loss_is_drawn_once(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "ner_window.py"), "--epochs", "3", "--plot", "loss.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("wrote loss.svg\n")
    assert ElementTree.parse(tmp_path / "loss.svg").getroot().tag.endswith("svg")
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "exists" in again.stderr


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    for options in (["--epochs", "0"], ["--model", "tree"], ["--seed", "-1"]):
        command = [sys.executable, str(EXAMPLES / "ner_window.py"), *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2, options
        assert options[0] in done.stderr


def test_the_examples_in_docstrings_run(example: ModuleType) -> None:
    import doctest
    import importlib

    for name in ("ner_window", "ner.corpus"):
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0
    assert result.attempted >= 4
