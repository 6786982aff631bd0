"""``matcalc note``: a document with programs and requests, run and written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcalc.cli import completion
from matcalc.cli.arguments import limits_options, output_options
from matcalc.cli.sources import program_text
from matcalc.cli.streams import deliver, tell
from matcalc.errors import MatcalcError

if TYPE_CHECKING:
    from matcalc.notes.running import Run

__all__ = ["FORMATS", "note"]

FORMATS = ("html", "tex", "md", "ipynb", "pdf")


@click.command(
    epilog="""\b
Examples:
  matcalc note examples/notes/gradients.mc.md -o gradients.html
  matcalc note examples/notes/gradients.mc.md -o gradients.pdf
  matcalc note examples/notes/gradients.mc.md --to md > gradients.md

\b
NOTE is a Markdown file, or - for standard input; docs/notes.md tells what it may hold.
A second run takes what has not changed from $MATCALC_CACHE, or the user's cache folder.
The exit code is 1 where a check of the note failed; nothing is written then.""",
)
@click.argument("note", metavar="NOTE", shell_complete=completion.files)
@click.option("--to", "form", type=click.Choice(FORMATS), help="The format, if the output's name does not tell it.")
@click.option("--lang", help="The language of matcalc's own words: en or zh; else what the note's head says.")
@click.option("--no-cache", is_flag=True, help="Run everything anew, and keep nothing.")
@click.option("--no-check", is_flag=True, help="Do not check the derivatives that are shown; claims are checked.")
@limits_options
@output_options
def note(
    note: str, form: str | None, lang: str | None, no_cache: bool, no_check: bool, output: str | None, force: bool
) -> int:  # fmt: skip
    """Run a note: a Markdown document with programs and requests, answered in place."""
    from matcalc.notes.writing import own_product, written

    form = form_of(form, output)
    refuse_own_source(note, output)
    done = answered(note, lang, no_cache=no_cache, check=not no_check)
    for place, words in done.notes:
        tell(f"note: line {place.line}: {words}")
    for failure in done.failures:
        where = f"{done.document.path}:" if done.document.path else "line "
        tell(f"CHECK FAILED: {where}{failure.place.line}: {failure.message}")
    if done.failures:
        tell("error: nothing was written; a claim that is meant to be wrong says expect=fail")
        return 1
    files = written(done, form, None if output in (None, "-") else Path(output or ""))
    for path, data in files.items():
        deliver(data, path, force=force or (path is not None and own_product(path, form)))
    return 0


def form_of(form: str | None, output: str | None) -> str:
    """The format: as asked, or as the output's name ends.

    >>> form_of(None, "lecture.html"), form_of("md", None)
    ('html', 'md')
    """
    if form is None:
        suffix = Path(output or "").suffix.lower().removeprefix(".")
        form = {"htm": "html", "markdown": "md"}.get(suffix, suffix)
        if form not in FORMATS:
            raise click.UsageError(f"the format is told by -o FILE.{'|'.join(FORMATS)}, or by --to")
    if form == "pdf" and output in (None, "-"):
        raise click.UsageError("a PDF goes to a file: -o FILE.pdf")
    return form


def refuse_own_source(source: str, output: str | None) -> None:
    """Raise where the note itself would be overwritten."""
    try:
        same = output not in (None, "-") and source != "-" and Path(output or "").samefile(source.removeprefix("@"))
    except (OSError, ValueError):
        return
    if same:
        raise click.UsageError("the output is the note itself; give it another name")


def answered(source: str, language: str | None, *, no_cache: bool, check: bool) -> Run:
    """The note, read and run, with a bar for who waits at a terminal."""
    from matcalc.notes.cache import Cache, folder
    from matcalc.notes.markdown import read
    from matcalc.notes.running import run

    path = "" if source == "-" else source.removeprefix("@")
    try:
        document = read(program_text(f"@{path}" if path else "-"), path)
    except MatcalcError as wrong:
        wrong.file = path
        raise
    with bar() as progress:
        return run(
            document, language=language, cache=Cache(None if no_cache else folder()), check=check, progress=progress
        )


@contextmanager
def bar() -> Iterator[Callable[[int, int], Any]]:
    """A progress bar on standard error, if that is a terminal and there is something to wait for."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("running"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("running", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
