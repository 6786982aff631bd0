"""A notebook (nbformat 4): words as Markdown, programs and requests as cells of Python, with their outputs."""

from __future__ import annotations

import json
from typing import Any

from matcalc import __version__
from matcalc.notes.model import Block, Request
from matcalc.notes.running import Run
from matcalc.notes.writers.markdown import Markdown, escaped

__all__ = ["PREAMBLE", "notebook"]

PREAMBLE = "import matcalc as mc\nfrom IPython.display import SVG, Math, display"


class _Cells(Markdown):
    """Markdown cells between cells of code; requests deeper in lists and quotations stand as their answers."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.cells: list[dict[str, Any]] = []
        self.words_so_far: list[str] = []
        self.count = 0

    def markdown(self) -> None:
        """The words so far become a cell."""
        if self.words_so_far:
            source = "\n\n".join(self.words_so_far)
            self.cells.append({"cell_type": "markdown", "id": self.name(), "metadata": {}, "source": source})
            self.words_so_far = []

    def python(self, source: str, outputs: tuple[dict[str, Any], ...] = ()) -> None:
        """A cell of code."""
        self.markdown()
        self.count += 1
        self.cells.append(
            {
                "cell_type": "code", "execution_count": self.count, "id": self.name(), "metadata": {},
                "outputs": list(outputs), "source": source,
            }
        )  # fmt: skip

    def name(self) -> str:
        """An id that is the same in every run."""
        return f"cell-{len(self.cells) + 1}"

    def say(self, block: Block) -> None:
        """A block of the note."""
        answer = self.document.answers[block] if isinstance(block, Request) else None
        if answer is None:
            self.words_so_far.append(self.block(block))
            return
        if not answer.cells:
            self.words_so_far.append(self.blocks(answer.content))
            return
        for cell in answer.cells:
            self.python(cell.source, cell.outputs)
        if not any(cell.outputs for cell in answer.cells):  # a program: its formulas are for the reader
            self.words_so_far.append(self.blocks(answer.content))


def notebook(run: Run) -> str:
    """The notebook's JSON."""
    cells = _Cells(run)
    head = run.document.head
    if head.get("title"):
        cells.words_so_far.append(f"# {escaped(head['title'])}")
    byline = [escaped(head[key]) for key in ("author", "date") if head.get(key)]
    if byline:
        cells.words_so_far.append("*" + " · ".join(byline) + "*")
    cells.python(PREAMBLE)
    for block in cells.body:
        cells.say(block)
    cells.markdown()
    data = {
        "cells": cells.cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "made_by": f"matcalc note {__version__}",
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
