"""What is written for each step, for text and LaTeX alike: blocks of rows under headings.

Of a long derivation the middle is left out, and what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from matcalc.operations.registry import Law
from matcalc.steps.glyphs import Glyphs
from matcalc.steps.step import DerivationStep

__all__ = ["Block", "Board", "Row"]

LIMIT = 60  # steps written; of more, the first and the last

Row: TypeAlias = tuple[str, str, str]  # left side, right side, remark


class Block:
    """Rows under a heading, which is a formula or words; and the laws used there for the first time."""

    def __init__(self, words: str, formula: str = "", laws: Sequence[Law] = (), titles: Sequence[str] = ()) -> None:
        self.words, self.formula, self.laws, self.titles = words, formula, laws, titles
        self.rows: list[Row] = []


class Board:
    """What is written for each step, block by block."""

    def __init__(self, steps: Sequence[DerivationStep], glyphs: Glyphs) -> None:
        self.glyphs, self.steps = glyphs, list(steps)
        self.blocks: list[Block] = []
        self.piece = ""
        self.defined = {step.name: step for step in steps if step.kind == "definition"}
        self.chains: dict[str, list[DerivationStep]] = {}
        self.uses: dict[str, int] = {}
        for step in steps:
            if step.kind == "chain":
                self.chains.setdefault(step.of, []).append(step)
                self.uses[step.by] = self.uses.get(step.by, 0) + 1
        self.told: set[str] = set()
        omitted = max(0, len(self.steps) - LIMIT)
        for place, step in enumerate(self.steps):
            if not omitted or not LIMIT // 2 <= place < len(self.steps) - LIMIT // 2:
                getattr(self, step.kind)(step)
            elif place == LIMIT // 2:
                self.open("", f"({omitted} more steps)")

    def open(self, piece: str, words: str, formula: str = "", chains: Sequence[DerivationStep] = ()) -> None:
        """Begin a block, unless it is the one that is open."""
        if piece and self.piece == piece:
            return
        self.piece = piece
        laws = {law.title: law for step in chains for law in step.laws}
        new = [law for title, law in laws.items() if title not in self.told]
        self.told.update(laws)
        self.blocks.append(Block(words, formula, new, list(laws)))

    def row(self, left: str, right: str, remark: str = "") -> None:
        """A formula of the open block."""
        self.blocks[-1].rows.append((left, right, remark))

    def open_piece(self, name: str, example: DerivationStep) -> None:
        """The block of a piece, with its upstream gradient."""
        if self.piece == f"of {name}":
            return
        glyphs, step = self.glyphs, self.defined[name]
        formula = f"{glyphs.name(name)} = {glyphs.formula(step.formula, step)}"
        self.open(f"of {name}", "", formula, self.chains.get(name, ()))
        if example.kind == "chain" and example.upstream is not None and name != example.value:
            self.row(glyphs.partial(example.value, name), glyphs.formula(example.upstream, step), "upstream")

    # ------------------------------------------------------------------------------- one method a kind of step
    def definition(self, step: DerivationStep) -> None:
        """A piece, in the list of all."""
        self.open("definition", "The formula in pieces")
        self.row(self.glyphs.name(step.name), self.glyphs.formula(step.formula, step), self.glyphs.shape(step.formula))

    def abbreviation(self, step: DerivationStep) -> None:
        """The upstream gradient of a piece, named."""
        glyphs = self.glyphs
        self.open_piece(step.by, step)
        partial = f"{glyphs.partial(step.value, step.by)} = {glyphs.formula(step.formula, step)}"
        self.row(glyphs.name(step.name), partial, "upstream, the error signal")

    def chain(self, step: DerivationStep) -> None:
        """What a piece passes on to one of its variables."""
        glyphs = self.glyphs
        self.open_piece(step.of, step)
        if step.local is not None and step.of != step.value:
            remark = f"{glyphs.shape(step.local)}, local"
            self.row(glyphs.partial(step.of, step.by), glyphs.formula(step.local, step), remark)
        elif step.local is None and step.differential is not None:
            left = glyphs.differential + glyphs.name(step.of)
            self.row(left, glyphs.formula(step.differential, step), f"as {glyphs.name_in_words(step.by)} varies")
        remark = glyphs.shape(step.formula)
        if self.uses[step.by] > 1:
            remark += f", one of its {self.uses[step.by]} uses"
        self.row(glyphs.partial(step.value, step.by), glyphs.formula(step.formula, step), remark)

    def sum(self, step: DerivationStep) -> None:
        """The contributions of several uses."""
        glyphs = self.glyphs
        name = glyphs.name_in_words(step.by)
        self.open(f"sum {step.by}", f"{name} is used {len(step.parts)} times; the contributions add up")
        left = glyphs.partial(step.value, step.by)
        self.row(left, glyphs.formula(step.formula, step), glyphs.shape(step.formula))

    def result(self, step: DerivationStep) -> None:
        """A derivative that was asked for."""
        glyphs = self.glyphs
        self.open("result", "The result")
        final = step.formula if step.final is None else step.final
        shown, written = glyphs.formula(step.formula, step), glyphs.formula(final, step)
        if shown != written and not step.note and len(shown) + len(written) < glyphs.width:
            written = f"{shown} = {written}"
        remark = f"{glyphs.shape(final)}, {step.note}" if step.note else glyphs.shape(final)
        self.row(glyphs.partial(step.value, step.by, step.order), written, remark)
