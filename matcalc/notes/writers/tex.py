r"""LaTeX: a whole document of amsmath and amssymb alone.

Decisions.  pdfLaTeX sets it, unless the note is Chinese or holds letters that pdfLaTeX has no fonts for: then it is a
document for XeLaTeX or LuaLaTeX, with ctex where it is Chinese.  Formulas that are too long are broken before their
operators.  Links become footnotes, so that they are not lost on paper.  A drawing stands as what it says in words.
"""

from __future__ import annotations

import unicodedata

from matcalc import __version__
from matcalc.notes import model
from matcalc.notes.mathematics import ENVIRONMENT, pieces, width
from matcalc.notes.model import plain
from matcalc.notes.running import Run
from matcalc.notes.tex_text import is_cjk, tex_mathematics, tex_text
from matcalc.notes.writers.writer import Writer

__all__ = ["MARK", "Tex"]

MARK = "% made by matcalc note"
LINE = 62  # characters of a formula with what stands beside it
COLUMNS = 70  # characters of a table that needs no wrapping
LEVELS = ("section", "subsection", "subsubsection", "paragraph", "subparagraph", "subparagraph")
SHAPE = r"""\setlength{\textwidth}{150mm}\setlength{\oddsidemargin}{4.6mm}\setlength{\evensidemargin}{4.6mm}
\setlength{\topmargin}{-8mm}\setlength{\textheight}{235mm}
\renewcommand{\arraystretch}{1.15}\setlength{\parindent}{0pt}\setlength{\parskip}{.6\baselineskip plus .1\baselineskip}
\setcounter{secnumdepth}{0}\allowdisplaybreaks\sloppy\raggedbottom"""


class Tex(Writer):
    """A note as a LaTeX document."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.beyond: set[str] = set()

    @property
    def why_unicode(self) -> str:
        """Why pdfLaTeX cannot set the document, or nothing."""
        if self.words.language == "zh":
            return "the note is Chinese"
        first = min(self.beyond, default="")
        return f"the note holds {first!r} ({unicodedata.name(first, 'unnamed')})" if first else ""

    def write(self) -> str:
        """The whole document."""
        title, body = self.title(), self.blocks(self.body)
        chinese = self.words.language == "zh"
        cjk = chinese or any(is_cjk(c) for c in self.beyond)
        lines = [f"{MARK} {__version__}"]
        if self.why_unicode:
            lines.append("% !TeX program = xelatex")
        lines.append(rf"\documentclass[11pt,a4paper]{{{'ctexart' if chinese else 'article'}}}")
        if cjk and not chinese:
            lines.append(r"\usepackage[scheme=plain]{ctex}")
        elif self.why_unicode and not cjk:
            lines.append(r"\usepackage{fontspec}")
        lines += [r"\usepackage{amsmath,amssymb}", SHAPE, r"\begin{document}", *title, body, r"\end{document}"]
        return "\n".join(lines) + "\n"

    def title(self) -> list[str]:
        """Title, author and date, where the head has them."""
        head = self.document.head
        lines = []
        if head.get("title"):
            lines.append(rf"{{\LARGE\bfseries {self.said(head['title'])}\par}}")
        byline = [self.said(head[key]) for key in ("author", "date") if head.get(key)]
        if byline:
            joined = r" \textperiodcentered{} ".join(byline)
            lines.append(rf"{{\large {joined}\par}}")
        return [*lines, r"\medskip\hrule\bigskip"] if lines else []

    def said(self, text: str) -> str:
        """Words, escaped; two hyphens are two hyphens."""
        return tex_text(text, self.beyond)

    def formula(self, tex: str) -> str:
        """A formula's characters."""
        return tex_mathematics(tex, self.beyond)

    # ---------------------------------------------------------------------------------------------------- blocks
    def blocks(self, blocks: tuple[model.Block, ...]) -> str:
        """Blocks below each other; what is displayed belongs to the paragraph before it."""
        text = ""
        before: model.Block | None = None
        for block in self.answered(blocks):
            written = self.block(block)
            display = isinstance(block, model.Equations | model.Math)
            open_ended = isinstance(before, model.Paragraph) and before.role in ("", "step")
            if display and not open_ended and before is not None:
                written = "\\vspace{-\\baselineskip}\n" + written  # of the empty line that a display begins with
            text += ("" if not text else "\n" if display and open_ended else "\n\n") + written
            before = block
        return text

    def heading(self, block: model.Heading) -> str:
        """A heading; its footnotes would break it, so that links are their words alone."""
        return rf"\{LEVELS[block.level - self.least]}{{{self.inlines(block.content)}}}"

    def paragraph(self, block: model.Paragraph) -> str:
        """A paragraph."""
        words = self.inlines(block.content)
        if block.role == "checked":
            return rf"{{\raggedleft\footnotesize $\checkmark$ {words}\par}}"
        if block.role == "note":
            return rf"{{\small {words}\par}}"
        return words + (r"\nopagebreak" if block.role == "step" else "")

    def items(self, block: model.Items) -> str:
        """A list."""
        tag = "itemize" if block.start is None else "enumerate"
        begin = rf"\begin{{{tag}}}"
        if block.start not in (None, 1):
            begin += rf"\setcounter{{\csname @listctr\endcsname}}{{{int(block.start or 1) - 1}}}"
        spacing = r"\setlength{\itemsep}{0pt}\setlength{\parskip}{0pt}" if block.tight else ""
        items = "\n".join([rf"\item {{}}{self.blocks(item)}" for item in block.items])
        return f"{begin}{spacing}\n{items}\n\\end{{{tag}}}"

    def quote(self, block: model.Quote) -> str:
        """A quotation."""
        return f"\\begin{{quote}}\n{self.blocks(block.content)}\n\\end{{quote}}"

    def code(self, block: model.Code) -> str:
        """A listing, line by line; long lines wrap at their spaces."""
        lines = []
        for line in block.text.rstrip("\n").expandtabs(4).split("\n"):
            bare = line.lstrip(" ")
            indent = "~" * (len(line) - len(bare))
            lines.append(rf"\mbox{{{indent}}}{self.typewriter(bare)}")
        body = "\\\\\n".join(lines)
        return r"{\ttfamily\footnotesize\raggedright\setlength{\leftskip}{1em}" + f"\n{body}\\par}}"

    def typewriter(self, text: str) -> str:
        """Words whose spaces and hyphens all stand."""
        said = self.said(text).replace(" ", r"\ ")
        return said.replace("``", r"\char34{}").replace("''", "'{}'")

    def rule(self, block: model.Rule) -> str:
        """A line."""
        return r"\begin{center}\rule{.4\textwidth}{.4pt}\end{center}"

    def table(self, block: model.Table) -> str:
        """A table; wide columns share the line."""
        rows = [block.head, *block.rows]
        longest = [max(len(plain(row[place])) for row in rows) for place in range(len(block.head))]
        letters = [(one or "left")[0] for one in block.alignment]
        if sum(longest) > COLUMNS:
            total = sum(longest)
            letters = [rf"p{{{0.9 * length / total:.3f}\textwidth}}" for length in longest]
        lines = [" & ".join([self.inlines(cell) for cell in row]) + r" \\" for row in rows]
        body = "\n".join([r"\hline", lines[0], r"\hline", *lines[1:], r"\hline"])
        begin = rf"\begin{{center}}\begin{{tabular}}{{{''.join(letters)}}}"
        return f"{begin}\n{body}\n\\end{{tabular}}\\end{{center}}"

    def math(self, block: model.Math) -> str:
        """A formula of the author's on its own lines."""
        tex = self.formula(block.tex)
        return tex.strip() if ENVIRONMENT.match(tex) else f"\\[\n{tex}\n\\]"

    def equations(self, block: model.Equations) -> str:
        """Equations with their equal signs below each other."""
        lines = [line for row in block.rows for line in self.row(row)]
        return "\\begin{align*}\n" + " \\\\[2pt]\n".join(lines) + "\n\\end{align*}"

    def row(self, row: model.Row) -> list[str]:
        """The lines of an equation."""
        left, words = self.formula(row.left), self.inlines(row.words)
        beside = self.formula(row.beside)
        if words:
            beside += rf" \quad \text{{({words})}}" if beside else rf"\text{{{words}}}"
        said = sum([width(one.tex) if isinstance(one, model.MathSpan) else len(plain((one,))) for one in row.words])
        room = LINE - width(row.left) - width(row.beside) - said
        parts = self.lines(row.right, room)
        sign = "={} " if row.left else ""
        lines = [f"{left} &{sign}{parts[0]}", *[rf"&\quad {part}" for part in parts[1:]]]
        if beside and width(parts[-1]) <= room:
            lines[-1] += f" && {beside}"
        elif beside:
            lines.append(rf"& && {beside}")
        return lines

    def lines(self, tex: str, room: int) -> list[str]:
        """A formula broken into lines of about that many characters, where it can be."""
        found = [""]
        for piece in pieces(self.formula(tex), max(room, 20)):
            if found[-1] and width(found[-1]) + width(piece) > max(room, 20):
                found.append("{}" + piece if piece[0] in "+-=" else piece)
            else:
                found[-1] = f"{found[-1]} {piece}".strip()
        return found

    def figure(self, block: model.Figure) -> str:
        """A drawing, in words."""
        return rf"{self.blocks(block.instead)}" + f"\n\n{{\\centering\\small {self.inlines(block.caption)}\\par}}"

    def verdict(self, block: model.Verdict) -> str:
        """The finding about a claim, beside a line."""
        mark = {"right": r"$\checkmark$", "wrong": r"$\times$"}.get(block.finding, "?")
        parts = [self.claim(one) if isinstance(one, model.Equations) else self.block(one) for one in block.content]
        rows = "\n\n".join(parts)
        return rf"\begin{{list}}{{{mark}}}{{\setlength{{\leftmargin}}{{2em}}}}\item {rows}" + "\n\\end{list}"

    def claim(self, block: model.Equations) -> str:
        """The formula of a claim, beside its mark."""
        return r" \\ ".join([rf"$\displaystyle {self.formula(f'{row.left} = {row.right}')}$" for row in block.rows])

    # --------------------------------------------------------------------------------------------------- inlines
    def text(self, item: model.Text) -> str:
        """Words."""
        return self.said(item.text)

    def mathspan(self, item: model.MathSpan) -> str:
        """A formula in a line."""
        return f"${self.formula(item.tex)}$"

    def codespan(self, item: model.CodeSpan) -> str:
        """Code in a line."""
        return rf"\texttt{{{self.typewriter(item.text)}}}"

    def emphasis(self, item: model.Emphasis) -> str:
        """Emphasised."""
        return rf"\emph{{{self.inlines(item.content)}}}"

    def strong(self, item: model.Strong) -> str:
        """Strongly emphasised."""
        return rf"\textbf{{{self.inlines(item.content)}}}"

    def strike(self, item: model.Strike) -> str:
        """Struck out: amsmath has no such line, brackets say it."""
        return rf"[{self.inlines(item.content)}]"

    def link(self, item: model.Link) -> str:
        """A link: its words, and the address where paper can show it."""
        words = self.inlines(item.content)
        if item.address.startswith("#") or plain(item.content) == item.address:
            return words
        return rf"{words} (\texttt{{{self.address(item.address)}}})"

    def address(self, address: str) -> str:
        """An address that may be broken after its slashes."""
        return self.typewriter(address).replace("/", r"/\allowbreak{}")

    def image(self, item: model.Image) -> str:
        """A picture: its words, and where it is."""
        return rf"{self.said(item.words)} (\texttt{{{self.address(item.address)}}})"

    def break_(self, item: model.Break) -> str:
        """The end of a line."""
        return "\\newline\n" if item.hard else "\n"
