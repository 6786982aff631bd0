"""Examples beside what they print: `examples/name.mc` holds the command in its head, `name.out` its exact output.

``python -m tests.golden`` writes every ``.out`` anew; a difference in them is then for the reader to judge.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def programs() -> list[Path]:
    return sorted(EXAMPLES.glob("*.mc"))


def commands(program: Path) -> list[list[str]]:
    """The arguments of the commands in the head of a program; by all inputs where it names none."""
    text = program.read_text(encoding="utf-8")
    found = [shlex.split(line)[1:] for line in re.findall(r"^# (matcalc .*)$", text, re.MULTILINE)]
    return found or [["derive", program.name, "--no-check"]]


def output(program: Path) -> str:
    """What the commands print, run in the folder of the examples."""
    from click.testing import CliRunner

    from matcalc.cli.group import matcalc

    written = []
    with contextlib.chdir(EXAMPLES):
        for arguments in commands(program):
            result = CliRunner().invoke(matcalc, arguments)
            assert result.exit_code == 0, f"{program.name}: {result.stderr}"
            written.append(result.stdout)
    return "\n".join(written)


def regenerate() -> None:
    for program in programs():
        program.with_suffix(".out").write_text(output(program), encoding="utf-8")


if __name__ == "__main__":
    regenerate()
