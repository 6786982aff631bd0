"""From text to tokens, with everything that the grammar does not say.

The terminals come from the grammar.  Added here: line breaks inside brackets disappear, brackets
are matched (so that the message points at the one that is not), names are normalised, and the
limits are kept, all in one pass, linear in the text.  What no terminal matches becomes a token of a
kind that the grammar does not know, so that the parser stops there and `mistakes` says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from matcalc.bounds import Limits, exceeded
from matcalc.errors import LimitError
from matcalc.syntax.catalogue import NUMPY, Catalogue
from matcalc.syntax.characters import clean, normal_name
from matcalc.syntax.refusal import Refusal

__all__ = ["Lexeme", "Tokenizer"]

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_MOST_DIGITS = 4000  # Python converts no more than 4300
_NUMERAL = r"\.?[0-9](?:[eE][+-](?=[0-9])|\w|\.(?!%s))*"  # begins as a number, right or wrong


class Lexeme:
    """A token: its kind, its text (of a name: normalised) and its offset."""

    __slots__ = ("start_pos", "type", "value")

    # The parser engine copies these from the last token to the end marker.
    line = column = end_line = end_column = end_pos = None

    def __init__(self, type_: str, value: str, start_pos: int) -> None:
        self.type, self.value, self.start_pos = type_, value, start_pos

    def __repr__(self) -> str:
        return f"Lexeme({self.type!r}, {self.value!r}, {self.start_pos})"


class _Nesting:
    """Open brackets, and the depth of the expression: brackets, signs, powers and postfixes."""

    __slots__ = ("deepest", "depth", "level", "limit", "opened")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.depth = self.level = 0  # the depth now, and where it falls back to after an operator
        self.opened: list[tuple[str, int, int, int]] = []

    def open(self, bracket: str, offset: int) -> None:
        self.opened.append((bracket, offset, self.depth, self.level))
        self.deepen(offset)
        self.level = self.depth

    def close(self, bracket: str, offset: int) -> None:
        if not self.opened:
            raise Refusal(f"'{bracket}' closes a bracket that was not opened", offset)
        opener, _, depth, level = self.opened.pop()
        if opener != _CLOSERS[bracket]:
            raise Refusal(
                f"'{bracket}' does not close the '{opener}' opened before it",
                offset,
                hint=f"expected '{_OPENERS[opener]}'",
            )
        self.depth, self.level = depth, level

    def deepen(self, offset: int) -> None:
        self.depth += 1
        if self.depth > self.limit:
            raise Refusal(
                f"the expression is nested deeper than {self.limit} levels",
                offset,
                hint=exceeded("nesting", "", "name a part of it").hint,
                kind=LimitError,
            )

    def finish(self) -> None:
        if self.opened:
            bracket, offset, _, _ = self.opened[-1]
            raise Refusal(
                f"'{bracket}' is never closed",
                offset,
                hint=f"expected '{_OPENERS[bracket]}' after it",
            )


class Tokenizer:
    """Splits programs by the terminals of a grammar, longest first, and the wrong spellings."""

    def __init__(
        self,
        terminals: Iterable[tuple[str, str]],
        ignored: Iterable[str],
        catalogue: Catalogue = NUMPY,
    ) -> None:
        patterns = dict(terminals)
        self._number = re.compile(patterns.pop("NUMBER"))
        first = [("NAME", patterns.pop("NAME")), ("SPACE", patterns.pop("SPACE"))]
        numeral = ("NUMBER", _NUMERAL % catalogue.own_point)
        table = [*first, *catalogue.wrong, numeral, *patterns.items(), ("OTHER", r"\S")]
        self._catalogue = catalogue
        self._scan = re.compile(
            "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in table)
        ).finditer
        self._ignored = frozenset(ignored)

    def tokens(self, text: str, limits: Limits) -> list[Lexeme]:
        """The tokens of a program.  Raises `Refusal`."""
        if len(text) > limits.source_length:
            raise Refusal(
                f"the program is longer than {limits.source_length} characters",
                0,
                hint=exceeded("source_length", "", "split it").hint,
                kind=LimitError,
            )
        text = clean(text)
        nesting = _Nesting(limits.nesting)
        lexemes: list[Lexeme] = []
        ignored, before = self._ignored, "_NEWLINE"
        for found in self._scan(text):
            kind = found.lastgroup
            if kind is None or kind in ignored:
                continue
            if kind == "_NEWLINE" and (nesting.opened or before == "_NEWLINE"):
                continue
            value, start = found[0], found.start()
            if kind == "NAME":
                value = self._name(value, start, limits)
            elif kind == "NUMBER":
                kind = self._numeral(value, start, limits)
            else:
                _descend(nesting, kind, value, start, before)
                if kind == "SIGN" and before == "_NEWLINE" and lexemes:
                    _refuse_continuation(text, lexemes, value, start)
            lexemes.append(Lexeme(kind, value, start))
            before = kind
        nesting.finish()
        return lexemes

    def _numeral(self, value: str, start: int, limits: Limits) -> str:
        most = min(limits.number_digits, _MOST_DIGITS)
        if len(value) > most and sum(map(str.isdigit, value)) > most:
            raise Refusal(
                f"a number has more than {most} digits",
                start,
                hint=exceeded("number_digits", "", "round it").hint,
                kind=LimitError,
            )
        if self._number.fullmatch(value):
            return "NUMBER"
        if self._number.fullmatch(value.replace("_", "")):
            return "GROUPED"
        if re.fullmatch(r"0[0-9]+", value):
            return "ZERO_LED"
        if re.fullmatch(r"(?!0[xXbBoO])[0-9]*\.?[0-9]+(?![eEjJ](?:[0-9]|$))[^\W\d_]\w*", value):
            return "COEFFICIENT"
        return "NO_NUMBER"

    def _name(self, value: str, start: int, limits: Limits) -> str:
        if len(value) > limits.name_length:
            raise Refusal(
                f"a name is longer than {limits.name_length} characters",
                start,
                hint=exceeded("name_length", "", "shorten it").hint,
                kind=LimitError,
            )
        if value.isascii():
            return value
        return normal_name(value, start, self._catalogue.transpose, self._catalogue.power)


_ENDS = frozenset({"NAME", "NUMBER", "TRANSPOSE", "RPAR", "RSQB", "RBRACE"})  # of operands


def _descend(nesting: _Nesting, kind: str, value: str, start: int, before: str) -> None:
    """Follow one token: what makes the tree deeper counts, an operator or separator starts anew."""
    if value in _OPENERS:
        nesting.open(value, start)
    elif value in _CLOSERS:
        nesting.close(value, start)
        if value == "]":
            nesting.deepen(start)
    elif kind in ("TRANSPOSE", "POWER") or (kind == "SIGN" and before not in _ENDS):
        nesting.deepen(start)
    else:
        nesting.depth = nesting.level


def _refuse_continuation(text: str, lexemes: Sequence[Lexeme], sign: str, start: int) -> None:
    """An indented line that begins with a sign was meant to go on, and would be a statement."""
    line = text.rfind("\n", 0, start) + 1
    lexeme = next((found for found in reversed(lexemes) if found.type != "_NEWLINE"), None)
    if lexeme is None or lexeme.type == "SEMICOLON":
        return
    last = text.rfind("\n", 0, lexeme.start_pos) + 1
    indent = len(text[last : lexeme.start_pos]) - len(text[last : lexeme.start_pos].lstrip())
    if start - line > indent:
        raise Refusal(
            f"a line that begins with '{sign}' does not continue the line before",
            start,
            hint="put brackets around an expression of several lines",
        )
