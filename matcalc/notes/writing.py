"""A note that has been run, as files."""

from __future__ import annotations

import os
from pathlib import Path

from matcalc.notes.running import Run

__all__ = ["own_product", "written"]

MARKS = {  # what the head or the tail of a file that matcalc wrote holds
    "html": b'<meta name="generator" content="matcalc note', "tex": b"% made by matcalc note",
    "md": b"<!-- made by matcalc note", "ipynb": b'"made_by": "matcalc note', "pdf": b"% matcalc note",
    "svg": b'class="matcalc"',
}  # fmt: skip
LOOKED_AT = 4096  # bytes at either end


def written(run: Run, form: str, output: Path | None) -> dict[str | None, str | bytes]:
    """The files of a note in a format, by path; what goes to standard output by None.

    Raises a `MatcalcError` where the format needs what is not installed.
    """
    path = None if output is None else str(output)
    if form == "html":
        from matcalc.notes.writers.html import Html

        return {path: Html(run).write()}
    if form == "tex":
        from matcalc.notes.writers.tex import Tex

        return {path: Tex(run).write()}
    if form == "pdf":
        from matcalc.notes.pdf import pdf_of
        from matcalc.notes.writers.tex import Tex

        writer = Tex(run)
        text = writer.write()
        return {path: pdf_of(text, writer.why_unicode)}
    if form == "ipynb":
        from matcalc.notes.writers.notebook import notebook

        return {path: notebook(run)}
    from matcalc.notes.writers.markdown import Markdown

    writer_of_markdown = Markdown(run, None if output is None else output.stem)
    files: dict[str | None, str | bytes] = {path: writer_of_markdown.write()}
    for name, svg in writer_of_markdown.drawings.items():
        assert output is not None
        files[str(output.parent / name)] = svg
    return files


def own_product(path: str, form: str) -> bool:
    """Whether a file was written by an earlier run of a note, so that it may be replaced."""
    mark = MARKS["svg" if path.endswith(".svg") else form]
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            head = file.read(LOOKED_AT)
            size = os.fstat(handle).st_size
            file.seek(max(0, size - LOOKED_AT))
            return mark in head or mark in file.read()
    except (OSError, ValueError):
        return False
