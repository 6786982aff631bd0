"""What the shell offers while a command line is typed: the names of the program that stands in it already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from click import Context, Parameter

from matcalc.cli.sources import program_text
from matcalc.errors import MatcalcError
from matcalc.language.program import Program, elaborate
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["assigned", "dimensions", "files", "functions", "laws", "sources", "variables"]


def files(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """Paths, as the shell completes them."""
    return _items([incomplete], kind="file")


def sources(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """Paths: formulas are written by hand."""
    return _items([incomplete], kind="file")


def variables(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The program's names, and ``all``; what stands before a comma is kept."""
    program = _program(ctx)
    before, comma, last = incomplete.rpartition(",")
    kept = before + comma
    names = [*program.names, "all"] if program else ["all"]
    return _items([kept + name for name in names if name.startswith(last) and name not in before.split(",")])


def assigned(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The names that the program assigns."""
    program = _program(ctx)
    names = [name for name, node in program.names.items() if node.op == "let"] if program else []
    return _items([name for name in names if name.startswith(incomplete)])


def functions(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The program's unknown functions, and after ``=`` the known ones."""
    name, equals, start = incomplete.partition("=")
    if equals:
        return _items([f"{name}={known}" for known in sorted(ELEMENTWISE_NAMES) if known.startswith(start)])
    program = _program(ctx)
    return _items([f"{f}=" for f in (program.functions if program else ()) if f.startswith(name)])


def dimensions(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The program's dimensions; what stands before a comma is kept."""
    program = _program(ctx)
    before, comma, last = incomplete.rpartition(",")
    return _items([f"{before}{comma}{dim}=" for dim in (program.dims if program else ()) if dim.startswith(last)])


def optimisations(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The optimisations of generated code, and ``all``."""
    from matcalc.codegen.options import NAMES

    return _items([name for name in ("all", *NAMES) if name.startswith(incomplete)])


def laws(ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
    """The operations that have laws."""
    return _items([name for name in OPERATIONS if name.startswith(incomplete)])


def _items(words: Iterable[str], kind: str = "plain") -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(word, type=kind) for word in words]


def _program(ctx: Context) -> Program | None:
    """The program typed so far, if it is one already."""
    source = ctx.params.get("source")
    if not source or source == "-":
        return None
    try:
        return elaborate(program_text(source), syntax=ctx.params.get("syntax") or "numpy")
    except MatcalcError:
        return None
