"""Limits: each has a default, an error that tells its name, and options that move it."""

from __future__ import annotations

import re
import signal
import sys
import weakref
from pathlib import Path

import pytest

import matcalc as mc
from matcalc.bounds import Limits, current
from tests.commands import good, refused

DEFINED = "; ".join(["f0(t) = t", *[f"f{i}(t) = f{i - 1}(t + 1)*f{i - 1}(2*t)" for i in range(1, 8)], "s = f7(a)"])
MET = {
    "source_length": "x + y", "name_length": "abc", "number_digits": "12.5*x", "nesting": "((x))",
    "operations": DEFINED,
    "depth": DEFINED, "nodes": "u.T@f(W@x + b) + " + " + ".join(f"tanh(a.T@v{i})" for i in range(400)),
    "entries": "x.T@x", "terms": "A@B@A + A@A@B", "seconds": "@".join(["A", "B"] * 50),
}  # fmt: skip


def test_every_limit_is_met_and_named() -> None:
    assert set(MET) == set(Limits._fields)


@pytest.mark.parametrize("name", list(MET))
def test_a_limit_tells_how_it_is_moved(name: str) -> None:
    moved = {name: 0.05 if name == "seconds" else 1}
    with pytest.raises(mc.LimitError, match=rf"--limits {name}=\S+ moves the limit"), mc.limits(**moved):
        (mc.check if name == "entries" else mc.derive)(MET[name], "all")
    assert current() == Limits()


@pytest.mark.parametrize(("file", "function"), [(weakref.__file__, "remove"), ("node.py", "_forget"), ("node.py", "f")])
def test_the_time_is_not_up_while_an_object_is_forgotten(file: str, function: str) -> None:
    """What is raised there would be printed by the interpreter, and go no further; a tenth of a second later it is."""
    space = {"frame": sys._getframe}
    exec(compile(f"def {function}(handler):\n    handler(14, frame())", file, "exec"), space)
    with mc.limits(seconds=100):
        handler = signal.getsignal(signal.SIGALRM)
        if function != "f":
            assert space[function](handler) is None
        else:
            with pytest.raises(mc.LimitError, match="more than 100 seconds"):
                space[function](handler)


def test_limits_are_nested_and_come_back() -> None:
    with mc.limits(nesting=300):
        with mc.limits(name_length=3):
            assert (current().nesting, current().name_length) == (300, 3)
        assert current().name_length == 200
        assert mc.derive("(" * 250 + "x.T@x" + ")" * 250, "x")["x"].source() == "2*x"


def test_the_clock_is_looked_at_without_a_timer() -> None:
    import threading

    caught: list[BaseException] = []

    def work() -> None:
        try:
            with mc.limits(seconds=0.2):
                mc.derive(MET["seconds"], "all")
        except mc.MatcalcError as wrong:
            caught.append(wrong)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert isinstance(caught[0], mc.LimitError)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--limits", "nestin=3"], "did you mean nesting?"), (["--limits", "nesting"], "NAME=NUMBER"),
        (["--limits", "nesting=0"], "a whole number, 1 or more"), (["--limits", "nesting=x"], "it is a number"),
        (["--timeout", "-1"], "0 for none"), (["--timeout", "nan"], "0 for none"),
        (["--timeout", "x"], "it is a number"),
    ],
)  # fmt: skip
def test_limits_that_are_none(words: list[str], message: str) -> None:
    assert message in refused("derive", "x.T@x", *words)


def test_limits_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "exp(exp(exp(a)))"
    assert "--limits nesting=4" in refused("derive", deep, "--limits", "nesting=2")
    monkeypatch.setenv("MATCALC_LIMITS", "nesting=2")
    assert "--limits nesting=4" in refused("derive", deep)
    assert good("derive", deep, "--limits", "nesting=4", "--timeout", "60", "--format", "source")
    assert current() == Limits()


def test_the_table_of_the_documents_is_the_truth() -> None:
    text = (Path(__file__).parent.parent / "docs" / "limits.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `(\w+)` \| ([\d ]+) \|", text, re.MULTILINE)
    rows = {name: value.replace(" ", "") for name, value in found}
    assert rows == {name: str(int(value)) for name, value in Limits()._asdict().items()}
