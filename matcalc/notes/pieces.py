"""The programs of a note: each with its place in it, so that errors point into the note itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from matcalc.errors import ParseError, UnknownNameError
from matcalc.notes.asking import Asked
from matcalc.notes.model import Request

__all__ = ["Piece", "Pieces", "placed"]


@dataclass(frozen=True)
class Piece:
    """A program: its ``lines`` in the note, (number, column, text), and how they are read."""

    name: str
    lines: tuple[tuple[int, int, str], ...]
    syntax: str
    functions: tuple[tuple[str, str], ...]
    before: int = 0  # how many of the lines are of the program that this one continues

    @property
    def source(self) -> str:
        """The text of the program itself."""
        return "\n".join([text for _, _, text in self.lines])

    @property
    def in_place(self) -> str:
        """The text with every character in the line and column where the note has it."""
        return placed(self.lines)


def placed(lines: Sequence[tuple[int, int, str]]) -> str:
    """Lines where they stand, blank lines and columns before them.

    >>> placed([(3, 2, "s = x"), (4, 1, "t = y")])
    '\\n\\n s = x\\nt = y'
    """
    written: list[str] = []
    for number, column, text in lines:
        written += [""] * (number - 1 - len(written))
        written.append(" " * (column - 1) + text)
    return "\n".join(written)


def body_lines(request: Request, source: Sequence[str]) -> list[tuple[int, int, str]]:
    """The lines of a request's body, with their places in the note."""
    found = []
    for number, text in enumerate(request.body.rstrip("\n").split("\n"), request.body_line):
        raw = source[number - 1] if number <= len(source) else text
        found.append((number, max(raw.find(text), 0) + 1, text))
    return found


def functions_of(asked: Asked, source: str) -> tuple[tuple[str, str], ...]:
    """The unknown functions that ``let=f=tanh,g=exp`` tells."""
    pairs = []
    for part in asked.options.get("let", "").split(","):
        name, equals, known = (piece.strip() for piece in part.partition("="))
        if part.strip() and not (name and equals and known):
            raise refused(f"let is written let=f=tanh, not {part[:40]!r}", asked, source, part)
        if part.strip():
            pairs.append((name, known))
    return tuple(pairs)


def refused(message: str, asked: Asked, source: str, word: str = "", hint: str = "") -> ParseError:
    """An error at a word of a request, or at the request."""
    place = asked.request.place
    start = sum([len(line) + 1 for line in source.split("\n")[: place.line - 1]]) + place.column - 1
    found = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)").search(source, start) if word else None
    error = ParseError(message, hint=hint)
    error.at(source, found.start() if found else start)
    return error


class Pieces:
    """The programs that a note has had so far, by name; the last one is meant where none is named."""

    def __init__(self, source: str) -> None:
        self.source, self.lines = source, source.split("\n")
        self.named: dict[str, Piece] = {}
        self.last: Piece | None = None

    def add(self, asked: Asked) -> Piece:
        """The program of a block; raises a `MatcalcError` where it has none, or its name is taken."""
        if not asked.request.body.strip():
            hint = "write a program, such as s = u.T @ f(W@x)"
            raise refused("a program block is empty", asked, self.source, hint=hint)
        base = self.continued(asked)
        name = asked.options.get("name", base.name if base else "")
        if name and not (name.isidentifier() and name.isascii()):
            raise refused(f"{name[:40]!r} is no name", asked, self.source, name, "a name has letters, digits and _")
        if name in self.named and (base is None or base.name != name):
            hint = f"continues={name} goes on with it"
            raise refused(f"there are two programs {name}", asked, self.source, name, hint)
        own = body_lines(asked.request, self.lines)
        before = base.lines if base else ()
        functions = functions_of(asked, self.source) or (base.functions if base else ())
        syntax = asked.options.get("syntax", base.syntax if base else "numpy")
        piece = Piece(name, (*before, *own), syntax, functions, len(before))
        self.last = piece
        if name:
            self.named[name] = piece
        return piece

    def continued(self, asked: Asked) -> Piece | None:
        """The program that a block continues."""
        base = asked.options.get("continues")
        if base is None or base == "no":
            return None
        return self.of(base if base != "yes" else "", asked)

    def of(self, name: str, asked: Asked) -> Piece:
        """The program of that name, or the last one."""
        if name and name not in self.named:
            there = f"there is {', '.join(self.named)}" if self.named else "name one: ```matcalc name=..."
            error = UnknownNameError(f"there is no program {name[:40]} before this", hint=there)
            place = refused("", asked, self.source, name)
            error.line, error.column, error.excerpt = place.line, place.column, place.excerpt
            raise error
        piece = self.named[name] if name else self.last
        if piece is None:
            raise refused("there is no program before this", asked, self.source, hint="write it in a block ```matcalc")
        return piece

    def meant(self, asked: Asked) -> Piece:
        """The program that a request is about: its own body, one that is named, or the last one."""
        own = asked.kind not in ("check", "claim") and not asked.request.inline and asked.request.body.strip()
        if own and "in" in asked.options:
            raise refused("a request has a program of its own, or in=NAME", asked, self.source, "in")
        functions = functions_of(asked, self.source)
        if own:
            lines = tuple(body_lines(asked.request, self.lines))
            return Piece("", lines, asked.options.get("syntax", "numpy"), functions)
        piece = self.of(asked.options.get("in", ""), asked)
        return Piece(piece.name, piece.lines, piece.syntax, functions or piece.functions, piece.before)


