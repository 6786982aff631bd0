"""Notes run: every request of a document answered, from the cache where nothing that it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from matcalc.errors import MatcalcError
from matcalc.language.program import Program, elaborate
from matcalc.notes.answers import ANSWERS
from matcalc.notes.asking import Asked, asked
from matcalc.notes.cache import Cache
from matcalc.notes.head import DEFAULTS
from matcalc.notes.mathematics import refusal
from matcalc.notes.model import (
    Block,
    Document,
    Emphasis,
    Heading,
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
    Strike,
    Strong,
    Table,
)  # fmt: skip
from matcalc.notes.pieces import Piece, Pieces
from matcalc.notes.questions import Answer, Question
from matcalc.notes.words import Words

__all__ = ["Failure", "Run", "everything", "requests_of", "run"]


@dataclass(frozen=True)
class Failure:
    """A check of a note that failed."""

    place: Place
    message: str


@dataclass
class Run:
    """A note that has been run: its language, the answers in the document, and what the author should know."""

    document: Document
    words: Words
    notes: list[tuple[Place, str]]
    failures: list[Failure]


def run(
    document: Document, *, language: str | None = None, cache: Cache | None = None, check: bool = True,
    progress: Callable[[int, int], Any] = lambda done, of: None,
) -> Run:  # fmt: skip
    """Answer every request, in the order of the note; `document.answers` holds what they give.

    ``progress`` is told how many of how many are done.  Raises a `MatcalcError` that points into the note.
    """
    words = Words(language or document.head.get("lang", "en"))
    refuse_mathematics(document)
    runner = _Runner(document, words, cache or Cache(None), check)
    requests = list(requests_of(document.blocks))
    for count, request in enumerate(requests):
        progress(count, len(requests))
        document.answers[request] = runner.answer(request)
    progress(len(requests), len(requests))
    runner.cache.tidy()
    return Run(document, words, runner.notes, runner.failures)


def requests_of(blocks: tuple[Block, ...]) -> Iterator[Request]:
    """The requests of blocks, in the order of the note.

    >>> from matcalc.notes.markdown import read
    >>> [one.words for one in requests_of(read("> The gradient `{mc: d W}` of\\n>\\n> - `{mc: shape x}`").blocks)]
    ['d W', 'shape x']
    """
    return (one for one in everything(blocks) if isinstance(one, Request))


def everything(blocks: tuple[Block, ...]) -> Iterator[Block | Inline]:
    """Every block and inline, outer ones first, in the order of the note."""
    for block in blocks:
        yield block
        if isinstance(block, Heading | Paragraph):
            yield from _within(block.content)
        elif isinstance(block, Quote):
            yield from everything(block.content)
        elif isinstance(block, Items):
            for item in block.items:
                yield from everything(item)
        elif isinstance(block, Table):
            for row in (block.head, *block.rows):
                for content in row:
                    yield from _within(content)


def _within(content: Inlines) -> Iterator[Inline]:
    for item in content:
        yield item
        if isinstance(item, Emphasis | Strong | Strike | Link):
            yield from _within(item.content)


def refuse_mathematics(document: Document) -> None:
    """Raise where the author's mathematics cannot be passed on, pointing at it."""
    for one in everything(document.blocks):
        if isinstance(one, Math | MathSpan):
            wrong = refusal(one.tex)
            if wrong is not None:
                wrong.at(document.source, max(0, document.source.find(one.tex)))
                wrong.file = document.path
                raise wrong


class _Runner:
    """The state of a run: the programs so far, and what was found."""

    def __init__(self, document: Document, words: Words, cache: Cache, check: bool) -> None:
        self.document, self.words, self.cache, self.check = document, words, cache, check
        self.pieces = Pieces(document.source)
        self.programs: dict[Piece, Program] = {}
        self.notes: list[tuple[Place, str]] = []
        self.failures: list[Failure] = []

    def answer(self, request: Request) -> Answer:
        """The answer to a request; errors point into the note."""
        try:
            return self.answered(request)
        except MatcalcError as wrong:
            if wrong.line is None:
                start = sum([len(line) + 1 for line in self.pieces.lines[: request.place.line - 1]])
                wrong.at(self.document.source, start + request.place.column - 1)
            wrong.file = self.document.path
            raise

    def answered(self, request: Request) -> Answer:
        source = self.document.source
        defaults = {key: value for key, value in self.document.head.items() if key in DEFAULTS}
        question = asked(request, source, defaults)
        piece = self.pieces.add(question) if question.kind == "program" else self.pieces.meant(question)
        key = self.cache.key(self.depends(question, piece))
        found = self.kept(key)
        if found is None:
            found = ANSWERS[question.kind](Question(question, piece, self.words, self.elaborated, check=self.check))
            self.cache.put(key, found.data())
        self.notes += [(request.place, note) for note in found.notes]
        self.failures += [Failure(request.place, message) for message in found.failed]
        return found

    def depends(self, question: Asked, piece: Piece) -> dict[str, Any]:
        """All that an answer depends on."""
        return {
            "kind": question.kind, "subject": question.subject, "options": dict(question.options),
            "body": question.request.body, "source": piece.source, "before": piece.before, "name": piece.name,
            "syntax": piece.syntax, "functions": piece.functions, "language": self.words.language, "check": self.check,
        }  # fmt: skip

    def kept(self, key: str) -> Answer | None:
        """The answer of an earlier run, if there is one that can be read."""
        data = self.cache.get(key)
        try:
            return None if data is None else Answer.of(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def elaborated(self, piece: Piece) -> Program:
        """The program of a piece, understood once."""
        if piece not in self.programs:
            self.programs[piece] = elaborate(piece.in_place, syntax=piece.syntax, functions=dict(piece.functions))
        return self.programs[piece]
