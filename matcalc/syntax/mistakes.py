"""From the token at which the parser stopped to what the user is told.

The first row of the catalogue that fits this token and the one before it gives the message.  A
mistake that no row knows is told by what could have stood in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from matcalc.syntax.catalogue import MODULES, NUMPY, STOPS, Catalogue, Mistake
from matcalc.syntax.lexing import Lexeme
from matcalc.syntax.refusal import Refusal

__all__ = ["explain", "find"]

_WORDS = {
    "NAME": "a name",
    "SIGN": "an operator",
    "TIMES": "an operator",
    "POWER": "an operator",
    "COLON": "':'",
    "EQUAL": "'='",
    "COMMA": "','",
    "SEMICOLON": "';'",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "RBRACE": "'}'",
    "_NEWLINE": "the end of the line",
}

_FREE = "line breaks are free only inside brackets"


def find(
    at: str, before: str, expected: AbstractSet[str], catalogue: Catalogue = NUMPY
) -> Mistake | None:
    """The first row of the catalogue that fits the kinds of two tokens."""
    for row in catalogue.rows:
        if (
            (row.at is None or at in row.at)
            and (row.before is None or before in row.before)
            and (not row.expected or row.expected in expected)
        ):
            return row
    return None


def explain(
    lexemes: Sequence[Lexeme],
    place: int,
    expected: AbstractSet[str],
    text: str,
    catalogue: Catalogue = NUMPY,
) -> Refusal:
    """The mistake at the token number ``place`` (their count: at the end of the text)."""
    at = lexemes[place] if place < len(lexemes) else Lexeme("$END", "", len(text))
    before = lexemes[place - 1] if place else Lexeme("START", "", 0)
    words = _words(lexemes, place, at, before, expected, catalogue)
    row = find(at.type, before.type, expected, catalogue)
    if row is None:
        return Refusal(f"expected {words['thing']}{words['found']}", _offset(at, before, text))
    offset = before.start_pos if row.points_before else _offset(at, before, text)
    return Refusal(row.message.format_map(words), offset, hint=row.hint.format_map(words))


def _offset(at: Lexeme, before: Lexeme, text: str) -> int:
    """Where a missing thing would have stood: at a line's end, before its comment."""
    if at.type not in STOPS or before.type == "START":
        return at.start_pos
    offset = before.start_pos + max(1, len(before.value))
    while offset < at.start_pos and text[offset] in " \t":
        offset += 1
    return offset


def _words(
    lexemes: Sequence[Lexeme],
    place: int,
    at: Lexeme,
    before: Lexeme,
    expected: AbstractSet[str],
    catalogue: Catalogue,
) -> dict[str, str]:
    left = before if before.type != "PRIMES" or place < 2 else lexemes[place - 2]
    broken = at.type == "_NEWLINE" and any(then.type != "_NEWLINE" for then in lexemes[place:])
    operand = left.value if left.type == "NAME" and len(left.value) < 30 else "X"
    return {
        "at": _short(at.value),
        "before": _short(before.value),
        "found": "" if at.type in STOPS else f", found '{_short(at.value)}'",
        "thing": _thing(before, expected, catalogue.transpose),
        "operand": operand,
        "attribute": _attribute(lexemes, place, operand, catalogue.transpose) if at.type == "ATTRIBUTE" else "",
        "operands": _FREE if broken else "an operand is a name, a number, a call or a bracket",
        "glyph": catalogue.glyphs.get(at.value, f"the operators are {catalogue.operators}"),
        "ungrouped": _short(at.value.replace("_", "")),
        "unzeroed": _short(at.value.lstrip("0")),
        "line_break": _FREE if broken else "",
        "line_start": _FREE if before.type == "_NEWLINE" else "",
    }


def _attribute(lexemes: Sequence[Lexeme], place: int, operand: str, transpose: str) -> str:
    """What to write for ``np.linalg.norm(x)``, for ``x.norm()``, and for what is not called."""
    last = place
    while last + 1 < len(lexemes) and lexemes[last + 1].type == "ATTRIBUTE":
        last += 1
    if last + 1 < len(lexemes) and lexemes[last + 1].type == "LPAR":
        function = _short(lexemes[last].value[1:])
        return f"a function is written by its name alone: {function}({'x' if operand in MODULES else operand})"
    return f"write {operand}{transpose} for the transpose, f(x) for a function"


def _thing(before: Lexeme, expected: AbstractSet[str], transpose: str) -> str:
    """What the parser could have gone on with, in the user's words."""
    if "NUMBER" in expected:
        return "an expression" if "SIGN" in expected else "a dimension"
    if expected == {"NAME"}:
        return "a type, such as vector(n)," if before.type == "COLON" else "a name"
    names = {**_WORDS, "TRANSPOSE": f"'{transpose}'" if transpose != "'" else "a quote"}
    words = list(dict.fromkeys(names[kind] for kind in sorted(expected) if kind in names))
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else "".join(words)


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "..."
