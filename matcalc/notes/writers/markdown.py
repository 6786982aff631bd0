"""Plain Markdown with TeX mathematics between dollar signs, as GitHub and most tools read it.

Decisions.  It is written anew from the document model, not cut and pasted: what the author's words could start by
accident, a heading or a tag, is escaped.  Drawings are files beside it, named after it; without a place for files,
what they say in words stands instead.
"""

from __future__ import annotations

import re

from matcalc import __version__
from matcalc.notes import model
from matcalc.notes.running import Run
from matcalc.notes.writers.writer import Writer

__all__ = ["MARK", "Markdown"]

MARK = "<!-- made by matcalc note"
_ESCAPED = re.compile(r"[\\`*_\[\]<>$|~]|&(?=#?\w+;)|(?<=\S)#(?=\s*$)")
_STARTS = re.compile(r"^(\s*)([#+=-]|>|\d+(?=[.)]))", re.MULTILINE)


class Markdown(Writer):
    """A note as Markdown; ``stem`` names the files of its drawings, which `drawings` holds afterwards."""

    def __init__(self, run: Run, stem: str | None = None) -> None:
        super().__init__(run)
        self.stem = stem
        self.drawings: dict[str, str] = {}

    def write(self) -> str:
        """The whole document."""
        head = self.document.head
        lines = [f"{MARK} {__version__} -->"]
        if head.get("title"):
            lines.append(f"# {escaped(head['title'])}")
        byline = [escaped(head[key]) for key in ("author", "date") if head.get(key)]
        if byline:
            lines.append("*" + " · ".join(byline) + "*")
        return "\n\n".join([*lines, self.blocks(self.body)]) + "\n"

    # ---------------------------------------------------------------------------------------------------- blocks
    def heading(self, block: model.Heading) -> str:
        """A heading."""
        return f"{'#' * self.level(block)} {self.inlines(block.content)}"

    def paragraph(self, block: model.Paragraph) -> str:
        """A paragraph; what could begin something else at a line's start is escaped."""
        words = _STARTS.sub(_guarded, self.inlines(block.content))
        return f"*✓ {words}*" if block.role == "checked" else words

    def items(self, block: model.Items) -> str:
        """A list."""
        items = []
        for place, item in enumerate(block.items):
            sign = "-" if block.start is None else f"{block.start + place}."
            text = ("\n" if block.tight and _simple(item) else "\n\n").join(
                [self.block(one) for one in self.answered(item)]
            )
            items.append(f"{sign} " + text.replace("\n", "\n" + " " * (len(sign) + 1)))
        return re.sub(r"(?m)^ +$", "", ("\n" if block.tight else "\n\n").join(items))

    def quote(self, block: model.Quote) -> str:
        """A quotation."""
        return _quoted_lines(self.blocks(block.content))

    def code(self, block: model.Code) -> str:
        """A listing, in a fence longer than any in it."""
        fence = "`" * max(3, 1 + max([len(run) for run in re.findall("`+", block.text)], default=0))
        language = re.sub(r"[^\w+#.-]", "", block.language)
        return f"{fence}{language}\n{block.text.rstrip(chr(10))}\n{fence}"

    def rule(self, block: model.Rule) -> str:
        """A line."""
        return "---"

    def table(self, block: model.Table) -> str:
        """A table."""
        marks = {"left": ":--", "center": ":-:", "right": "--:"}
        rows = [[self.inlines(cell).replace("\n", " ") for cell in row] for row in (block.head, *block.rows)]
        rows.insert(1, [marks.get(one, "---") for one in block.alignment])
        return "\n".join([f"| {' | '.join(row)} |" for row in rows])

    def math(self, block: model.Math) -> str:
        """A formula of the author's on its own lines."""
        return f"$$\n{_lines(block.tex)}\n$$"

    def equations(self, block: model.Equations) -> str:
        """Equations, aligned."""
        rows = " \\\\\n".join([self.row(row) for row in block.rows])
        return f"$$\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n$$"

    def row(self, row: model.Row) -> str:
        """An equation."""
        beside = row.beside
        words = "".join([
            one.text if isinstance(one, model.Text) else f"${one.tex}$"  # type: ignore[union-attr]
            for one in row.words
        ])  # fmt: skip
        if words:
            beside += (r" \quad " if beside else "") + rf"\text{{{words}}}"
        sign = "= " if row.left else ""
        return f"{row.left} &{sign}{row.right}" + (f" && {beside}" if beside else "")

    def figure(self, block: model.Figure) -> str:
        """A drawing as a file beside the document."""
        if self.stem is None:
            return f"{self.blocks(block.instead)}\n\n*{self.inlines(block.caption)}*"
        safe = re.sub(r"[^\w-]+", "-", self.stem)
        name = f"{safe}-{block.name}-{len(self.drawings) + 1}.svg"
        self.drawings[name] = block.svg
        return f"![{self.inlines(block.caption)}]({name})"

    def verdict(self, block: model.Verdict) -> str:
        """The finding about a claim, as a quotation."""
        mark = {"right": "✓", "wrong": "✗"}.get(block.finding, "?")
        found = model.Strong((model.Text(f"{mark} {self.words[block.finding]}"),))
        return _quoted_lines(self.blocks((model.Paragraph((found,)), *block.content)))

    # --------------------------------------------------------------------------------------------------- inlines
    def text(self, item: model.Text) -> str:
        """Words."""
        return escaped(item.text)

    def mathspan(self, item: model.MathSpan) -> str:
        """A formula in a line."""
        return f"${_lines(item.tex)}$"

    def codespan(self, item: model.CodeSpan) -> str:
        """Code in a line, between as many ticks as it takes."""
        ticks = "`" * (1 + max([len(run) for run in re.findall("`+", item.text)], default=0))
        space = " " if item.text.startswith("`") or item.text.endswith("`") else ""
        return f"{ticks}{space}{item.text}{space}{ticks}"

    def emphasis(self, item: model.Emphasis) -> str:
        """Emphasised."""
        return f"*{self.inlines(item.content)}*"

    def strong(self, item: model.Strong) -> str:
        """Strongly emphasised."""
        return f"**{self.inlines(item.content)}**"

    def strike(self, item: model.Strike) -> str:
        """Struck out."""
        return f"~~{self.inlines(item.content)}~~"

    def link(self, item: model.Link) -> str:
        """A link."""
        title = f' "{_quoted(item.title)}"' if item.title else ""
        return f"[{self.inlines(item.content)}]({_address(item.address)}{title})"

    def image(self, item: model.Image) -> str:
        """A picture."""
        title = f' "{_quoted(item.title)}"' if item.title else ""
        return f"![{escaped(item.words)}]({_address(item.address)}{title})"

    def break_(self, item: model.Break) -> str:
        """The end of a line."""
        return "\\\n" if item.hard else "\n"


def escaped(text: str) -> str:
    """Words that Markdown takes as words.

    >>> print(escaped("<b>2*3</b>"))
    &lt;b\\>2\\*3&lt;/b\\>
    """
    return _ESCAPED.sub(lambda match: "&lt;" if match[0] == "<" else "\\" + match[0], text.replace("\n", " "))


def _guarded(match: re.Match[str]) -> str:
    if match[2][0].isdigit():
        return f"{match[1]}{match[2]}\\"
    return f"{match[1]}\\{match[2]}"


def _lines(tex: str) -> str:
    """A formula without empty lines, which would end it."""
    return re.sub(r"\n\s*\n", "\n", tex.strip())


def _quoted_lines(text: str) -> str:
    return "\n".join([f"> {line}".rstrip() for line in text.split("\n")])


def _address(address: str) -> str:
    return "<" + re.sub(r"[<>\n\\]", lambda m: f"%{ord(m[0]):02X}", address) + ">"


def _quoted(title: str) -> str:
    return re.sub(r'["\\<>&]', lambda m: f"&#{ord(m[0])};", title.replace("\n", " "))


def _simple(item: tuple[model.Block, ...]) -> bool:
    return len(item) == 1 or not any(isinstance(block, model.Request) for block in item)
