"""Blocks of lines written down: for people, and in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from matcalc.phrases import Phrases
from matcalc.steps.glyphs import WIDTH, Glyphs, LatexGlyphs, escaped
from matcalc.steps.lines import Block, Line

__all__ = ["heading", "latex_blocks", "parts", "row", "text_blocks"]

Row: TypeAlias = tuple[str, str, str]  # left side, right side, remark


def text_blocks(blocks: Sequence[Block], say: Phrases) -> str:
    """Blocks for people: a heading, its laws, and lines with their equal signs and remarks below each other."""
    glyphs = Glyphs(say)
    shown = []
    for block in blocks:
        new = {law.title for law in block.laws}
        known = [say.term(title) for title in block.titles if title not in new]
        title = heading(block, glyphs)
        if known:
            title += "   " + (say("brackets", words=say.listed(known)))
        laws = [f"  {say.term(law.title)}{say('colon')}{law.text}  [{say.term(law.source)}]" for law in block.laws]
        shown.append("\n".join([title, *laws, *_columns(block.lines, glyphs)]))
    return "\n\n".join(shown)


def heading(block: Block, glyphs: Glyphs) -> str:
    """The definition of a piece, or words."""
    if block.definition is None:
        return block.words
    name, formula = block.definition
    return f"{glyphs.name(name)} = {glyphs.formula(formula)}"


def parts(line: Line, glyphs: Glyphs) -> tuple[str, list[str], str]:
    """A line in parts: what stands left, all that it equals, and remarks."""
    sides = list(dict.fromkeys([glyphs.side(side, line) for side in line.sides]))
    left = glyphs.left(line)
    if line.named:
        left, sides = glyphs.name(line.named), [left, *sides]
    while len(sides) > 1 and sum(map(len, sides)) > 2 * glyphs.width:
        sides.pop(0)
    return left, sides, glyphs.remark(line)


def row(line: Line, glyphs: Glyphs) -> Row:
    """A line as it is written: what stands left, all that it equals, and remarks."""
    left, sides, remark = parts(line, glyphs)
    return left, " = ".join(sides), remark


def _columns(lines: Sequence[Line], glyphs: Glyphs) -> list[str]:
    """Rows with their equal signs and remarks below each other; words stand alone."""
    rows = [None if line.left is None else row(line, glyphs) for line in lines]
    given = [r for r in rows if r is not None]
    left = max([_width(r[0]) for r in given], default=0)
    right = max([_width(r[1]) for r in given if _width(r[1]) < WIDTH and "\n" not in r[1]], default=0)
    shown: list[str] = []
    previous = ""
    for line, r in zip(lines, rows, strict=True):
        if r is None:
            shown.append(f"  {line.words}")
            continue
        first, *rest = r[1].split("\n")
        r, previous = ("" if r[0] == previous else r[0], *r[1:]), r[0]
        shown.append(f"  {_filled(r[0], left)} = {_filled(first, right)}   {r[2]}".rstrip())
        shown += [f"  {'':<{left}}   {more.strip()}" for more in rest]
    return shown


def _width(words: str) -> int:
    """Columns that a terminal gives to words: two for each Chinese character, none for what is put above a letter."""
    from unicodedata import combining, east_asian_width

    return sum([0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in words])


def _filled(words: str, width: int) -> str:
    return words + " " * (width - _width(words))


def latex_blocks(blocks: Sequence[Block], say: Phrases) -> str:
    """Blocks in LaTeX: words, then an align* for each; amsmath and amssymb."""
    glyphs = LatexGlyphs(say)
    shown = []
    for block in blocks:
        cited = [say.term(law.title) + say("brackets_after", words=say.term(law.source)) for law in block.laws]
        laws = say.listed([escaped(words).replace("$", r"\$") for words in cited])
        title = f"${heading(block, glyphs)}$" if block.definition else block.words
        told = say("by_laws", laws=laws) if laws else ""
        rows = [row(line, glyphs) for line in block.lines if line.left is not None]
        lines = [rf"\noindent {title}{told}{say('colon').strip() if rows else say('stop')}"]
        if rows:
            lefts = ["" if k and r[0] == rows[k - 1][0] else f"{r[0]} " for k, r in enumerate(rows)]
            equations = [rf"{a}&= {r[1]} && {r[2]}".rstrip(" &") for a, r in zip(lefts, rows, strict=True)]
            lines += [r"\begin{align*}", " \\\\\n".join(equations), r"\end{align*}"]
        words = [line.words for line in block.lines if line.left is None]
        if words:
            lines.append(r"\noindent " + "".join([w + say("stop") + " " for w in words]).strip())
        shown.append("\n".join(lines))
    return "\n\n".join(shown)
