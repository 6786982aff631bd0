"""The command line run in this process, for tests."""

from __future__ import annotations

from inspect import signature

from click.testing import CliRunner, Result

from matcalc.cli.group import matcalc

WINDOW = "s = u.T @ f(W@x + b)"


def run(*args: str, stdin: str | bytes = "") -> Result:
    apart = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}  # Click before 8.2
    return CliRunner(**apart).invoke(matcalc, list(args), input=stdin)


def good(*args: str, stdin: str | bytes = "") -> str:
    result = run(*args, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*args: str, stdin: str | bytes = "") -> str:
    result = run(*args, stdin=stdin)
    assert result.exit_code == 2, (result.stdout, result.stderr)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    return result.stderr
