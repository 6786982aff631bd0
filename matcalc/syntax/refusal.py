"""What the stages of the parser raise: an error that knows its offset, not yet the text."""

from __future__ import annotations

from matcalc.errors import MatcalcError, ParseError

__all__ = ["Refusal"]


class Refusal(Exception):
    """A mistake found at an offset; the parser turns it into the error that the user sees."""

    def __init__(
        self, message: str, offset: int, *, hint: str = "", kind: type[MatcalcError] = ParseError
    ) -> None:
        super().__init__(message)
        self.message, self.offset, self.hint, self.kind = message, offset, hint, kind

    def error(self, source: str) -> MatcalcError:
        """The error of the contract, with line, column and caret."""
        return self.kind(self.message, hint=self.hint).at(source, self.offset)
