"""The group of all commands, and the one place where what goes wrong becomes a message and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

import click

from matcalc import __version__
from matcalc.cli.streams import tell
from matcalc.errors import MatcalcError, ParseError

__all__ = ["COMMANDS", "Commands", "matcalc"]

# A command: its module, and its sentence in the list, so that the list need not load them.
COMMANDS = {
    "derive": "Derive a program's value by its variables, and check what is printed.",
    "check": "Check gradients, and claims about them, against numeric differences.",
    "code": "Write a Python module that computes the value and all gradients.",
    "latex": "Write the derivatives in LaTeX.",
    "note": "Run the programs and requests of a Markdown document, and write it as HTML, LaTeX, PDF or a notebook.",
    "graph": "Draw the computation graph, with values and gradients.",
    "rules": "List the differential laws, or show those of a name.",
}
BUG = 70  # EX_SOFTWARE: neither the input nor the result is to blame


class Commands(click.Group):
    """The commands, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"matcalc.cli.{cmd_name}"), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names."""
        word = args[0]
        if word not in COMMANDS and not ctx.resilient_parsing and word not in ("-h", "--help", "--version"):
            from difflib import get_close_matches

            near = get_close_matches(word, COMMANDS, 1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else f"there are {', '.join(COMMANDS)}: matcalc derive {_quoted(word)}"
            )
            raise click.UsageError(f"there is no command {word[:40]!r}; {hint}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, complete_var: str | None = None,
        standalone_mode: bool = True, **extra: Any,
    ) -> Any:  # fmt: skip
        """Run, say what is wrong, and leave with the exit code."""
        given = (sys.argv[1:] if args is None else list(args)) or ["--help"]
        try:
            _refuse_broken_text(given)
            with _limits_of_environment():
                code = super().main(given, prog_name, complete_var, standalone_mode=False, **extra)
            if sys.stdout is not None:
                sys.stdout.flush()
        except SystemExit as done:  # completion leaves so
            code = done.code
        except BaseException as wrong:
            code = _said(wrong)
        if not standalone_mode:
            return code
        return sys.exit(code if isinstance(code, int) else 0)


def _limits_of_environment() -> AbstractContextManager[Any]:
    from matcalc.bounds import limits, read

    return limits(**read(os.environ.get("MATCALC_LIMITS", "")))


def _quoted(word: str) -> str:
    return "'" + word[:40].replace("'", "'\\''") + "'"


def _refuse_broken_text(args: Sequence[str]) -> None:
    """Arguments that were no UTF-8 carry lone surrogates."""
    for number, arg in enumerate(args, 1):
        try:
            arg.encode()
        except UnicodeEncodeError as wrong:
            raise ParseError(f"argument {number} is not text in UTF-8 (at its character {wrong.start + 1})") from None


def _said(wrong: BaseException) -> int:
    """Tell what went wrong; the exit code for it."""
    if isinstance(wrong, MatcalcError):
        tell(f"error: {wrong}")
    elif isinstance(wrong, click.UsageError):
        tell(f"error: {_sentence(wrong.format_message())}")
        if wrong.ctx is not None:
            tell(f"see {wrong.ctx.command_path} --help")
    elif isinstance(wrong, click.ClickException):
        tell(f"error: {wrong.format_message()}")
    elif isinstance(wrong, click.Abort | KeyboardInterrupt):
        tell("interrupted")
        return 130
    elif isinstance(wrong, MemoryError):
        tell("error: the memory does not suffice for this program")
    elif isinstance(wrong, OSError):
        tell(f"error: {wrong.strerror or wrong}" + (f": {wrong.filename}" if wrong.filename else ""))
    else:
        return _bug(wrong)
    return 2


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".") if text[:2] != text[:2].upper() else text


def _bug(wrong: BaseException) -> int:
    if os.environ.get("MATCALC_DEBUG"):
        raise wrong
    first = str(wrong).split("\n", 1)[0][:200]
    tell(f"error: matcalc failed ({type(wrong).__name__}: {first}); this is a bug, please report it with the program")
    tell("MATCALC_DEBUG=1 shows where")
    return BUG


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  matcalc derive "s = u.T @ f(W@x + b)" --wrt W
  matcalc derive examples/two_layer.mc --wrt all --steps
  matcalc check "x.T@A@x" --wrt x --claim "x = (A + A.T)@x"
  matcalc code "logdet(A@A.T)" --wrt A -o gradients.py

\b
Exit codes: 0 done, 1 a check failed, 2 the input is wrong, 130 interrupted.
Completion: eval "$(_MATCALC_COMPLETE=bash_source matcalc)", the same with zsh_source and fish_source.""",
)
@click.version_option(__version__, prog_name="matcalc", message="%(prog)s %(version)s")
def matcalc() -> None:
    """Matrix calculus by machine: vectorised gradients with their steps, as text, LaTeX and checked NumPy code."""
