"""Markdown read into the document model: CommonMark with tables, strikethrough and TeX mathematics.

Decisions.  The text is read by markdown-it.  HTML is not part of a note: it is text, as it stands.  A link leads to an
http, https or mail address, or within or beside the note; any other is text.  A fenced block whose first word is
``matcalc`` is a request, and so is code in a line that begins with ``{mc:``; alone in its paragraph it is a block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from matcalc.errors import LimitError, UnsupportedError
from matcalc.notes.head import head_of
from matcalc.notes.model import (
    Block,
    Break,
    Code,
    CodeSpan,
    Document,
    Emphasis,
    Heading,
    Image,
    Inline,
    Inlines,
    Items,
    Link,
    Math,
    MathSpan,
    Paragraph,
    Place,
    Quote,
    Request,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)  # fmt: skip

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["INLINE", "read"]

NESTED = 50  # levels within a paragraph
INLINE = re.compile(r"\{mc:(.*)\}\Z", re.DOTALL)
SAFE = re.compile(r"(?:https?://|mailto:)|(?![A-Za-z][A-Za-z0-9+.-]*:)(?!//)", re.IGNORECASE)

# What a terminal obeys, and HTML does not allow; breaks of a page are spaces.
CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"} | {11: " ", 12: " "}


def read(source: str, path: str = "") -> Document:
    """The document of a note's text; requests stand in it as they were written.

    Raises a `MatcalcError` where the head is wrong, or markdown-it is not installed.

    >>> read("# The chain rule").blocks
    (Heading(level=1, content=(Text(text='The chain rule'),)),)
    """
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").translate(CONTROLS)
    tokens = _parser().parse(source)
    head: dict[str, str] = {}
    if tokens and tokens[0].type == "front_matter":
        head = head_of(tokens[0].content, source, source.index("\n") + 1)
        tokens = tokens[1:]
    reader = _Reader(tokens, source)
    return Document(head, reader.blocks(), source, path)


@cache
def _parser() -> MarkdownIt:
    try:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin
        from mdit_py_plugins.front_matter import front_matter_plugin
    except ImportError as missing:
        hint = "pip install 'matcalculus[notes]'"
        package = str(missing.name).partition(".")[0].replace("_", "-")
        raise UnsupportedError(f"notes need the package {package}", hint=hint) from None
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True, "maxNesting": 40})
    parser.enable(["table", "strikethrough", "smartquotes"])
    parser.use(front_matter_plugin).use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    parser.validateLink = lambda url: SAFE.match(url) is not None  # type: ignore[method-assign]
    return parser


class _Reader:
    """A walk over markdown-it's flat list of tokens."""

    def __init__(self, tokens: Sequence[Token], source: str) -> None:
        self.tokens, self.place, self.source = tokens, 0, source
        self.starts = [0, *[match.end() for match in re.finditer("\n", source)], len(source)]
        self.searched: dict[int, int] = {}

    def blocks(self, until: str = "") -> tuple[Block, ...]:
        """All blocks up to the token that closes."""
        found: list[Block] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if token.type == until:
                break
            found += self.block(token)
        return tuple(found)

    def block(self, token: Token) -> Iterator[Block]:
        """The blocks that a token opens."""
        kind = token.type.removesuffix("_open")
        if kind == "heading":
            yield Heading(int(token.tag[1]), self.inlines())
        elif kind == "paragraph":
            yield _alone(self.inlines())
        elif kind == "blockquote":
            yield Quote(self.blocks("blockquote_close"))
        elif kind in ("bullet_list", "ordered_list"):
            yield self.items(token)
        elif kind in ("fence", "code_block"):
            yield self.listing(token)
        elif kind == "math_block":
            yield Math(token.content.strip())
        elif kind == "hr":
            yield Rule()
        elif kind == "table":
            yield self.table()

    def listing(self, token: Token) -> Block:
        """A listing, or what a request asks for."""
        word, _, words = token.info.strip().partition(" ")
        if word != "matcalc":
            return Code(token.content, word)
        assert token.map is not None
        line = token.map[0] + 1
        column = self.raw(line).find("matcalc") + 1
        return Request(words.strip(), token.content, Place(line, column), line + 1)

    def raw(self, line: int) -> str:
        """A line of the source."""
        return self.source[self.starts[line - 1] : self.starts[line]]

    def items(self, token: Token) -> Items:
        """A list."""
        start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
        found, tight = [], True
        closing = token.type.replace("open", "close")
        while self.tokens[self.place].type != closing:
            self.place += 1  # list_item_open
            following = self.tokens[self.place]
            tight = tight and (following.type != "paragraph_open" or following.hidden)
            found.append(self.blocks("list_item_close"))
        self.place += 1
        return Items(tuple(found), start, tight)

    def table(self) -> Table:
        """A table, row by row."""
        rows: list[list[Inlines]] = []
        alignment: list[str] = []
        while (token := self.tokens[self.place]).type != "table_close":
            self.place += 1
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                if token.type == "th_open":
                    alignment.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
                rows[-1].append(self.inlines())
        self.place += 1
        return Table(tuple(rows[0]), tuple([tuple(row) for row in rows[1:]]), tuple(alignment))

    def inlines(self) -> Inlines:
        """The inlines between an opening token and its closing one."""
        token = self.tokens[self.place]
        self.place += 2
        lines = token.map or [0, 1]
        if max([child.level for child in token.children or []], default=0) > NESTED:
            message = f"emphasis and links are nested deeper than {NESTED} levels"
            raise LimitError(message, hint="this limit is fixed").at(self.source, self.starts[lines[0]])
        children = iter(token.children or [])
        return self.run(children, "", lambda words: self.located(words, lines[0], lines[1]))

    def located(self, words: str, first: int, last: int) -> Place:
        """Where a request within a paragraph stands; those before it have been found already."""
        start = max(self.starts[first], self.searched.get(first, 0))
        offset = self.source.find("{mc:", start, self.starts[min(last, len(self.starts) - 1)])
        if offset < 0:
            return Place(first + 1)
        self.searched[first] = offset + 1
        line = self.source.count("\n", 0, offset)
        return Place(line + 1, offset - self.starts[line] + 1)

    def run(self, tokens: Iterator[Token], until: str, locate: Callable[[str], Place]) -> Inlines:
        """Inlines up to the one that closes."""
        found: list[Inline] = []
        for token in tokens:
            if token.type == until:
                break
            if token.type.endswith("_open"):
                inner = self.run(tokens, token.type.replace("open", "close"), locate)
                found.append(_wrapped(token, inner))
            elif token.type == "code_inline" and (match := INLINE.match(token.content.strip())):
                found.append(Request(match[1].strip(), "", locate(match[1]), inline=True))
            elif token.type == "image":
                words = "".join([child.content for child in token.children or []])
                found.append(Image(_text(token.attrs.get("src")), _text(token.attrs.get("title")), words))
            elif token.type in LEAVES:
                found.append(LEAVES[token.type](token.content))
        return tuple([item for item in found if item != Text("")])


LEAVES: dict[str, Callable[[str], Inline]] = {
    "text": Text,
    "text_special": Text,
    "code_inline": CodeSpan,
    "math_inline": MathSpan,
    "math_inline_double": MathSpan,
    "softbreak": lambda _: Break(),
    "hardbreak": lambda _: Break(True),
}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _wrapped(token: Token, inner: Inlines) -> Inline:
    if token.type == "link_open":
        return Link(_text(token.attrs.get("href")), _text(token.attrs.get("title")), inner)
    if token.type == "em_open":
        return Emphasis(inner)
    return Strong(inner) if token.type == "strong_open" else Strike(inner)


def _alone(content: Inlines) -> Block:
    """A paragraph, or the request that is all it holds and asks for a block."""
    from matcalc.notes.asking import is_block

    if len(content) == 1 and isinstance(content[0], Request) and is_block(content[0].words):
        one = content[0]
        return Request(one.words, "", one.place)
    return Paragraph(content)
