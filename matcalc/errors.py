"""The errors that a user's input can cause: one family, each telling what is wrong, where, and what to do.

Positions count from 1, in characters of the program as it was given.  The text of an error that has a
position ends with the line it stands in and a caret under the place.
"""

from __future__ import annotations

__all__ = ["LimitError", "MatcalcError", "ParseError", "ShapeError", "UnknownNameError", "UnsupportedError"]

WIDTH = 96  # of the excerpt shown above the caret


class MatcalcError(Exception):
    """Base of every error that a program, an option or an argument can cause.

    >>> str(MatcalcError("no such thing", hint="try another").at("s = q", 4))
    'no such thing; try another\\n  line 1, column 5\\n    s = q\\n        ^'
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line: int | None = None
        self.column: int | None = None
        self.excerpt = ""
        self.file = ""  # where the line stands in one of several files

    def at(self, source: str, offset: int | None) -> MatcalcError:
        """The same error, pointing at a character of ``source``; a position once given is kept."""
        if offset is None or self.line is not None:
            return self
        offset = max(0, min(offset, len(source)))
        start = source.rfind("\n", 0, offset) + 1
        end = source.find("\n", offset)
        line = source[start : end if end >= 0 else len(source)]
        self.line = source.count("\n", 0, offset) + 1
        self.column = offset - start + 1
        self.excerpt = _excerpt(line, offset - start)
        return self

    def __str__(self) -> str:
        text = f"{self.message}; {self.hint}" if self.hint else self.message
        if self.line is None:
            return text
        file = f"{self.file}, " if self.file else ""
        return f"{text}\n  {file}line {self.line}, column {self.column}\n{self.excerpt}"


class ParseError(MatcalcError):
    """The text is not a program: the place, and what was expected there."""


class ShapeError(MatcalcError, ValueError):
    """Shapes do not fit: names the operation, both shapes, where each came from, and a likely mend."""


class UnknownNameError(MatcalcError):
    """A name that nothing in the program means; near names are suggested."""


class UnsupportedError(MatcalcError):
    """Something matcalc does not do: says what, and what to do instead."""


class LimitError(MatcalcError):
    """A documented limit was met: names the limit and the option that moves it."""


def _excerpt(line: str, column: int) -> str:
    first = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
    shown = "".join(c if c.isprintable() else " " for c in line[first : first + WIDTH])
    return f"    {shown}\n    {' ' * (column - first)}^"
