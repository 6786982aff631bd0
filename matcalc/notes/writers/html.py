"""HTML: one file that needs nothing else, for the screen and for paper, without scripts.

Decisions.  Formulas are MathML.  Each row of equations is a row of a grid: left side, right side, and where it lives;
on a narrow screen the last moves below, and what is still too wide is scrolled by itself, so that the page never is.
The page forbids scripts and everything foreign by its own policy.  Text is escaped, also what looks like HTML in the
note; pictures beside the note are put into the page.
"""

from __future__ import annotations

import base64
import re
from html import escape
from importlib.resources import files
from pathlib import Path

from matcalc import __version__
from matcalc.notes import model
from matcalc.notes.mathematics import mathml as plain_mathml
from matcalc.notes.mathematics import pieces
from matcalc.notes.model import plain
from matcalc.notes.running import Run
from matcalc.notes.writers.writer import Writer

__all__ = ["MARK", "Html", "picture"]

MARK = '<meta name="generator" content="matcalc note'
LONGEST = 46  # characters of a formula that is not broken
PICTURES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".svg": "image/svg+xml",
}  # fmt: skip
PICTURE_LIMIT = 5 * 2**20  # bytes
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PRIMED = re.compile("<msup><mi>([^<]*)</mi><mo>(′|″|‴|⁗)</mo></msup>")
_UNWRITABLE = re.compile("[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Html(Writer):
    """A note as a page."""

    between = "\n"

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.taken: set[str] = set()

    def write(self) -> str:
        """The whole page."""
        head, body = self.document.head, self.blocks(self.body)
        title = head.get("title") or self.first_heading() or "matcalc"
        style = files("matcalc.notes").joinpath("page.css").read_text(encoding="utf-8")
        return "\n".join(
            [
                "<!DOCTYPE html>",
                f'<html lang="{self.words.language}">',
                "<head>",
                '<meta charset="utf-8">',
                f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                '<meta name="color-scheme" content="light dark">',
                f'{MARK} {__version__}">',
                *([f'<meta name="author" content="{said(head["author"])}">'] if head.get("author") else []),
                f"<title>{said(title)}</title>",
                f"<style>\n{style}</style>",
                "</head>",
                "<body>",
                "<main>",
                *self.title(),
                body,
                "</main>",
                "</body>",
                "</html>",
            ]
        ) + "\n"  # fmt: skip

    def first_heading(self) -> str:
        """The words of the first heading."""
        return next((plain(block.content) for block in self.document.blocks if isinstance(block, model.Heading)), "")

    def title(self) -> list[str]:
        """Title, author and date, where the head has them."""
        head = self.document.head
        lines = [f'<h1 class="title">{said(head["title"])}</h1>'] if head.get("title") else []
        byline = [said(head[key]) for key in ("author", "date") if head.get(key)]
        if byline:
            lines.append(f'<p class="byline">{" · ".join(byline)}</p>')
        return ["<header>", *lines, "</header>"] if lines else []

    # ---------------------------------------------------------------------------------------------------- blocks
    def heading(self, block: model.Heading) -> str:
        """A heading that can be linked to."""
        level = self.level(block)
        return f'<h{level} id="{self.anchor(block.content)}">{self.inlines(block.content)}</h{level}>'

    def anchor(self, content: model.Inlines) -> str:
        """An id made of the words."""
        base = "-".join(re.findall(r"\w+", plain(content).lower())) or "section"
        name, count = base, 1
        while name in self.taken:
            count += 1
            name = f"{base}-{count}"
        self.taken.add(name)
        return said(name)

    def paragraph(self, block: model.Paragraph) -> str:
        """A paragraph."""
        role = f' class="{block.role}"' if block.role else ""
        return f"<p{role}>{self.inlines(block.content)}</p>"

    def items(self, block: model.Items) -> str:
        """A list."""
        tag = "ul" if block.start is None else "ol"
        start = f' start="{block.start}"' if block.start not in (None, 1) else ""
        return f"<{tag}{start}>\n" + "\n".join([self.item(item, block.tight) for item in block.items]) + f"\n</{tag}>"

    def item(self, blocks: tuple[model.Block, ...], tight: bool) -> str:
        """An item; of a tight list, without paragraphs."""
        parts = []
        for block in self.answered(blocks):
            if tight and isinstance(block, model.Paragraph) and not block.role:
                parts.append(self.inlines(block.content))
            else:
                parts.append(self.block(block))
        return f"<li>{self.between.join(parts)}</li>"

    def quote(self, block: model.Quote) -> str:
        """A quotation."""
        return f"<blockquote>\n{self.blocks(block.content)}\n</blockquote>"

    def code(self, block: model.Code) -> str:
        """A listing."""
        language = f' class="language-{said(block.language)}"' if block.language else ""
        return f"<pre{_focus}><code{language}>{said(block.text)}</code></pre>"

    def rule(self, block: model.Rule) -> str:
        """A line."""
        return "<hr>"

    def table(self, block: model.Table) -> str:
        """A table, which scrolls by itself where it is too wide."""
        align = [f' style="text-align:{one}"' if one else "" for one in block.alignment]
        head = "".join([f'<th scope="col"{a}>{self.inlines(c)}</th>' for a, c in zip(align, block.head, strict=True)])
        rows = [
            "<tr>" + "".join([f"<td{a}>{self.inlines(c)}</td>" for a, c in zip(align, row, strict=True)]) + "</tr>"
            for row in block.rows
        ]
        body = "\n".join([f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody>"])
        return f'<div class="wide"{_focus}><table>\n{body}\n</table></div>'

    def math(self, block: model.Math) -> str:
        """A formula of the author's on its own lines."""
        return f'<div class="display"{_focus}>{mathml(block.tex, display=True)}</div>'

    def equations(self, block: model.Equations) -> str:
        """Equations in a grid."""
        rows = "\n".join([self.row(row) for row in block.rows])
        return f'<div class="equations {said(block.role)}">\n{rows}\n</div>'

    def row(self, row: model.Row) -> str:
        """An equation; a long one in pieces, so that its lines can break."""
        parts = pieces(("{} = " if row.left else "") + row.right, LONGEST)
        if parts[0] == "{}":
            parts = parts[1:]
        shown = "<wbr>".join([display(part) for part in parts])
        left = display(row.left) if row.left else ""
        beside = mathml("{} " + row.beside) if row.beside else ""
        space = f'<span class="space">{beside}</span>' if beside else ""
        words = f'<span class="words">{self.inlines(row.words)}</span>' if row.words else ""
        return (
            f'<div class="row"><div class="left">{left}</div><div class="right">{shown}</div>'
            f'<div class="remark">{space}{words}</div></div>'
        )

    def figure(self, block: model.Figure) -> str:
        """A drawing."""
        caption = f"<figcaption>{self.inlines(block.caption)}</figcaption>"
        return f'<figure>\n<div class="drawing"{_focus}>\n{block.svg.strip()}\n</div>\n{caption}\n</figure>'

    def verdict(self, block: model.Verdict) -> str:
        """The finding about a claim."""
        mark = {"right": "✓", "wrong": "✗"}.get(block.finding, "?")
        words = self.words[block.finding]
        return (
            f'<div class="verdict {said(block.finding)}"><span class="mark" role="img" aria-label="{said(words)}">'
            f'{mark}</span><div class="finding">\n{self.blocks(block.content)}\n</div></div>'
        )

    # --------------------------------------------------------------------------------------------------- inlines
    def text(self, item: model.Text) -> str:
        """Words."""
        return said(item.text)

    def mathspan(self, item: model.MathSpan) -> str:
        """A formula in a line."""
        return mathml(item.tex)

    def codespan(self, item: model.CodeSpan) -> str:
        """Code in a line."""
        return f"<code>{said(item.text)}</code>"

    def emphasis(self, item: model.Emphasis) -> str:
        """Emphasised."""
        return f"<em>{self.inlines(item.content)}</em>"

    def strong(self, item: model.Strong) -> str:
        """Strongly emphasised."""
        return f"<strong>{self.inlines(item.content)}</strong>"

    def strike(self, item: model.Strike) -> str:
        """Struck out."""
        return f"<s>{self.inlines(item.content)}</s>"

    def link(self, item: model.Link) -> str:
        """A link."""
        title = f' title="{said(item.title)}"' if item.title else ""
        return f'<a href="{said(item.address)}"{title}>{self.inlines(item.content)}</a>'

    def image(self, item: model.Image) -> str:
        """A picture, put into the page; its words and a link where it is not at hand."""
        data = picture(item.address, self.document.path)
        if data is None:
            return f'<a href="{said(item.address)}">{said(item.words or item.address)}</a>'
        title = f' title="{said(item.title)}"' if item.title else ""
        return f'<img src="{data}" alt="{said(item.words)}"{title}>'

    def break_(self, item: model.Break) -> str:
        """The end of a line."""
        return "<br>\n" if item.hard else "\n"


_focus = ' tabindex="0"'


def said(text: str) -> str:
    """Text as HTML holds it.

    >>> said('<b> & "')
    '&lt;b&gt; &amp; &quot;'
    """
    return escape(_UNWRITABLE.sub("\ufffd", text))


def mathml(tex: str, *, display: bool = False) -> str:
    """A formula; a prime stands beside its letter, since in mathematical fonts it is raised and small already."""
    found = plain_mathml(tex, display=display)
    return _PRIMED.sub(r'<mrow><mi>\1</mi><mo lspace="0" rspace="0">\2</mo></mrow>', found)


def display(tex: str) -> str:
    """A formula that stands in a line of its own, as one that lies in a line."""
    return mathml(rf"\displaystyle {tex}")


def picture(address: str, note: str) -> str | None:
    """A picture beside the note or below its folder as a data address; None where it is none."""
    from urllib.parse import unquote

    if not note or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/|\\", address):
        return None
    folder = Path(note).resolve().parent
    try:
        path = (folder / unquote(address)).resolve()
        kind = PICTURES.get(path.suffix.lower())
        if kind is None or not path.is_relative_to(folder) or not path.is_file():
            return None
        if path.stat().st_size > PICTURE_LIMIT:
            return None
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except (OSError, ValueError):
        return None
