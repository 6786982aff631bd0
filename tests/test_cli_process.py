"""The command line as a process: streams, signals, completion, and what a start may load."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MATCALC = [sys.executable, "-m", "matcalc"]
WINDOW = "s = u.T @ f(W@x + b)"


def run(*args: str | bytes, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MATCALC, *args], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False, **options
    )  # type: ignore[call-overload,no-any-return]


def test_the_installed_command_is_the_module() -> None:
    script = shutil.which("matcalc", path=os.path.dirname(sys.executable))
    assert script, "the package is not installed"
    result = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == run("--version").stdout


def test_exit_codes_and_streams() -> None:
    done = run("derive", WINDOW, "--wrt", "W")
    assert done.returncode == 0
    assert done.stdout.startswith("∂s/∂W = (u ⊙ f′(W x + b)) xᵀ")
    assert done.stderr.startswith("checked: 1 derivative")
    wrong = run("check", "x.T@x", "--claim", "x = x")
    assert wrong.returncode == 1
    assert wrong.stderr == ""
    refused = run("derive", "x.T@", "--wrt", "x")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("^\n")


def test_arguments_that_are_no_text() -> None:
    result = run("derive", b"s = \xff.T@x")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: argument 2 is not text in UTF-8 (at its character 5)\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*MATCALC, "derive", "--no-check", WINDOW], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 2
    assert result.stderr == "error: No space left on device\n"


def test_a_closed_output_is_told() -> None:
    command = " ".join([*MATCALC, "derive", "--no-check", "x.T@x", ">&-"])
    result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (2, "error: standard output is closed\n")


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    lines = "; ".join([f"h{k} = tanh(W{k}@h{k - 1} + b{k})" for k in range(1, 400)])
    process = subprocess.Popen(
        [*MATCALC, "derive", "--no-check", f"{lines}; s = v.T@h399"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == -signal.SIGPIPE


@pytest.mark.parametrize("place", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it(place: signal.Signals) -> None:
    code = "import time, matcalc.cli.derive as d; from matcalc.cli import main; "
    code += "d.derivation_of = lambda **asked: (print('on', flush=True), time.sleep(60)); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "derive", "x.T@x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    process.send_signal(place)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (130 if place == signal.SIGINT else -signal.SIGTERM)
    assert "Traceback" not in told


def test_output_in_an_encoding_without_the_letters() -> None:
    result = run("derive", "--no-check", "s = x.T@x", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.startswith(r"\u2202s/\u2202x = 2 x")


LIGHT = """
import sys
import click, lark
before = set(sys.modules)
from matcalc.cli.group import matcalc
code = matcalc.main(["derive", "--no-check", %r, "--wrt", "all"], standalone_mode=False)
import json
print(json.dumps([code, sorted(set(sys.modules) - before - {"json"})]))
"""
# of the standard library, what lark and click have not loaded already; what it costs is known
ALLOWED = {
    "heapq",
    "_heapq",
    "locale",
    "_locale",
    "fractions",
    "numbers",
    "decimal",
    "_decimal",
    "_pydecimal",
    "math",
    "gc",
    "signal",
    "hashlib",
    "_hashlib",
    "_blake2",
}


def test_a_start_loads_no_more_than_it_needs() -> None:
    result = subprocess.run([sys.executable, "-c", LIGHT % WINDOW], capture_output=True, text=True, check=True)
    code, loaded = json.loads(result.stdout.splitlines()[-1])
    assert code == 0
    tops = {name.split(".")[0] for name in loaded}
    assert tops - {"matcalc"} - {name for name in tops if name.startswith(("json", "_json"))} <= ALLOWED
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("matcalc.")}
    assert not ours & {"matcalc.codegen", "matcalc.verify", "matcalc.compiling", "matcalc.checking", "matcalc.rules"}


def completed(line: str, shell: str = "bash") -> list[str]:
    """What the shell offers at the end of a line."""
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    environment = {
        **os.environ, "_MATCALC_COMPLETE": f"{shell}_complete", "COMP_WORDS": shlex.join(words),
        "COMP_CWORD": str(len(words) - 1),
    }  # fmt: skip
    if line.endswith(" "):
        environment["COMP_WORDS"] = shlex.join(words[:-1]) + " "
    result = run(env=environment)
    assert result.stderr == ""
    return [item.split(",", 1)[1] for item in result.stdout.splitlines()]


def test_completion_knows_the_program() -> None:
    source = f'"{WINDOW}; t = 2*s"'
    assert completed("matcalc de") == ["derive"]
    assert completed(f"matcalc derive {source} --wrt ") == ["u", "W", "x", "b", "s", "t", "all"]
    assert completed(f"matcalc derive {source} --wrt u,") == ["u,W", "u,x", "u,b", "u,s", "u,t", "u,all"]
    assert completed(f"matcalc derive {source} --of ") == ["s", "t"]
    assert completed(f"matcalc derive {source} --let ") == ["f="]
    assert "f=tanh" in completed(f"matcalc derive {source} --let f=ta")
    assert completed(f"matcalc derive {source} --layout ") == ["shape", "numerator", "denominator"]
    assert completed(f"matcalc check {source} --dims ") == ["n=", "d="] or completed(f"matcalc check {source} --dims ")
    assert "--layout" in completed(f"matcalc derive {source} --la")
    assert "inv" in completed("matcalc rules in")
    assert completed('matcalc derive "x@@" --wrt ') == ["all"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    result = run(env={**os.environ, "_MATCALC_COMPLETE": f"{shell}_source"})
    assert result.returncode == 0
    assert "_MATCALC_COMPLETE" in result.stdout


pdflatex = pytest.mark.skipif(
    shutil.which("pdflatex") is None and "MATCALC_CI" not in os.environ, reason="pdflatex is not installed"
)


@pdflatex
@pytest.mark.parametrize("more", [[], ["--steps"]])
def test_pdflatex_sets_the_document(tmp_path: Path, more: list[str]) -> None:
    example = Path(__file__).parent.parent / "examples" / "two_layer.mc"
    assert run("latex", str(example), "--standalone", "-o", str(tmp_path / "note.tex"), *more).returncode == 0
    result = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "note.tex"],
        cwd=tmp_path, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout.decode("latin-1")[-2000:]
    assert b"Overfull" not in result.stdout
