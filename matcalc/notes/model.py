"""The document model: what a note consists of, between its Markdown and every output.

Blocks hold blocks or inlines, inlines hold inlines; a request of the Markdown stands as `Request` until it has been
run, and then as the blocks or inlines of its answer.  All are plain data: `encoded` and `decoded` write them as JSON
and read them back, for the cache, where anything malformed is an error and never a half-read document.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

__all__ = [
    "Block", "Break", "Cell", "Code", "CodeSpan", "Document", "Emphasis", "Equations", "Figure", "Heading", "Image",
    "Inline", "Inlines", "Items", "Link", "Math", "MathSpan", "Paragraph", "Place", "Quote", "Request", "Row", "Rule",
    "Strike", "Strong", "Table", "Text", "Verdict", "decoded", "encoded", "plain",
]  # fmt: skip


# ------------------------------------------------------------------------------------------------------ inlines
@dataclass(frozen=True)
class Text:
    """Words, as they are."""

    text: str


@dataclass(frozen=True)
class MathSpan:
    """TeX mathematics within a line."""

    tex: str


@dataclass(frozen=True)
class CodeSpan:
    """Words in a typewriter face."""

    text: str


@dataclass(frozen=True)
class Break:
    """The end of a line: a space, or where it is ``hard`` a new line."""

    hard: bool = False


@dataclass(frozen=True)
class Emphasis:
    """Emphasised."""

    content: Inlines


@dataclass(frozen=True)
class Strong:
    """Strongly emphasised."""

    content: Inlines


@dataclass(frozen=True)
class Strike:
    """Struck out."""

    content: Inlines


@dataclass(frozen=True)
class Link:
    """A link to an address that has been found harmless."""

    address: str
    title: str
    content: Inlines


@dataclass(frozen=True)
class Image:
    """A picture file beside the note, with the words for who cannot see it."""

    address: str
    title: str
    words: str


@dataclass(frozen=True)
class Place:
    """Where something stands in the note: line and column from 1."""

    line: int
    column: int = 1


@dataclass(frozen=True)
class Request:
    """A question to matcalc, as it was written: its words, its body, and where each stands.

    As a block, its answer is blocks; within a sentence (``inline``), inlines.
    """

    words: str
    body: str
    place: Place
    body_line: int = 0  # the first line of the body in the note
    inline: bool = False


Inline: TypeAlias = Text | MathSpan | CodeSpan | Break | Emphasis | Strong | Strike | Link | Image | Request
Inlines: TypeAlias = tuple[Inline, ...]


# ------------------------------------------------------------------------------------------------------- blocks
@dataclass(frozen=True)
class Heading:
    """A heading, level 1 to 6."""

    level: int
    content: Inlines


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``role`` is empty, ``note`` for a remark, ``step`` for the heading of a step, or ``checked``."""

    content: Inlines
    role: str = ""


@dataclass(frozen=True)
class Items:
    """A list; ``start`` is the first number of an ordered one, None of the others."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None
    tight: bool = True


@dataclass(frozen=True)
class Quote:
    """A quotation."""

    content: tuple[Block, ...]


@dataclass(frozen=True)
class Code:
    """A listing."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Rule:
    """A line across the page."""


@dataclass(frozen=True)
class Table:
    """A table: its head, its rows, and how each column is aligned (``left``, ``center``, ``right`` or empty)."""

    head: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]
    alignment: tuple[str, ...] = ()


@dataclass(frozen=True)
class Math:
    """TeX mathematics on lines of its own."""

    tex: str


@dataclass(frozen=True)
class Row:
    """An equation ``left = right`` in TeX, and beside it the space where it lives, also in TeX, and words."""

    left: str
    right: str
    beside: str = ""
    words: Inlines = ()


@dataclass(frozen=True)
class Equations:
    """Equations below each other; ``role`` tells what they are: ``program``, ``result`` or ``steps``."""

    rows: tuple[Row, ...]
    role: str = "result"


@dataclass(frozen=True)
class Figure:
    """A drawing (SVG), its caption, and the same in words for outputs that cannot hold it."""

    svg: str
    caption: Inlines
    instead: tuple[Block, ...]
    name: str = "figure"


@dataclass(frozen=True)
class Verdict:
    """The finding of a check, ``right``, ``wrong`` or ``open``, and what was found."""

    finding: str
    content: tuple[Block, ...]


@dataclass(frozen=True)
class Cell:
    """What a request is in Python, with the outputs that running it gives (nbformat's output objects)."""

    source: str
    outputs: tuple[dict[str, Any], ...] = ()


Block: TypeAlias = (
    Heading | Paragraph | Items | Quote | Code | Rule | Table | Math | Equations | Figure | Verdict | Request
)


@dataclass
class Document:
    """A note: what its head says, its blocks, and for each request its answer."""

    head: dict[str, str]
    blocks: tuple[Block, ...]
    source: str
    path: str = ""
    answers: dict[Request, Any] = field(default_factory=dict)


def plain(content: Inlines) -> str:
    """The words of inlines alone.

    >>> plain((Text("the "), Emphasis((Text("gradient"),)), MathSpan("x")))
    'the gradientx'
    """
    words: list[str] = []
    for item in content:
        if isinstance(item, Text | CodeSpan):
            words.append(item.text)
        elif isinstance(item, MathSpan):
            words.append(item.tex)
        elif isinstance(item, Break):
            words.append(" ")
        elif isinstance(item, Image):
            words.append(item.words)
        elif not isinstance(item, Request):
            words.append(plain(item.content))
    return "".join(words)


# --------------------------------------------------------------------------------------------------------- JSON
KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Text, MathSpan, CodeSpan, Break, Emphasis, Strong, Strike, Link, Image, Heading, Paragraph, Items, Quote, Code,
        Rule, Table, Math, Row, Equations, Figure, Verdict, Cell,
    )
}  # fmt: skip


def encoded(value: Any) -> Any:
    """Data for JSON: a tuple is a list, a node of the model ``{"Text": [fields]}``.

    >>> encoded((Text("a"), Break()))
    [{'Text': ['a']}, {'Break': [False]}]
    """
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if type(value).__name__ in KINDS:
        return {type(value).__name__: [encoded(getattr(value, one.name)) for one in fields(value)]}
    return value


def decoded(data: Any) -> Any:
    """What `encoded` wrote; raises ValueError where it did not write that.

    >>> decoded([{"Text": ["a"]}])
    (Text(text='a'),)
    """
    if isinstance(data, list):
        return tuple([decoded(item) for item in data])
    if isinstance(data, dict):
        name, values = next(iter(data.items()), ("", None))
        kind = KINDS.get(name)
        if kind is Cell and isinstance(values, list) and len(values) == 2 and isinstance(values[1], list):
            return Cell(str(values[0]), tuple(values[1]))  # outputs are data themselves
        if kind is None or len(data) != 1 or not isinstance(values, list) or len(values) != len(fields(kind)):
            raise ValueError("not a document")
        return kind(*[_fitting(decoded(item), one.type) for item, one in zip(values, fields(kind), strict=True)])
    return data


def _fitting(value: Any, annotation: Any) -> Any:
    """The value, if it is of the kind that a field is declared to hold."""
    expected: dict[str, Any] = {"str": str, "bool": bool, "int": int, "int | None": int | None}
    if not isinstance(value, expected.get(str(annotation), tuple)):
        raise ValueError("not a document")
    return value


