"""The head of a note: ``key: value`` lines between two lines of three dashes."""

from __future__ import annotations

from difflib import get_close_matches

from matcalc.errors import ParseError

__all__ = ["DEFAULTS", "KEYS", "head_of"]

DEFAULTS = ("layout", "level", "policy", "style", "structure", "syntax")  # of every request of the note
KEYS = ("title", "author", "date", "lang", *DEFAULTS)


def head_of(text: str, source: str, start: int) -> dict[str, str]:
    """The entries of a head; ``start`` is where its text stands in the source.

    Raises `ParseError` at a line that is no entry.

    >>> head_of('title: "Gradients"\\nlang: en', "", 0)
    {'title': 'Gradients', 'lang': 'en'}
    """
    found: dict[str, str] = {}
    for line in text.split("\n"):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            key, colon, value = (part.strip() for part in bare.partition(":"))
            if not colon or line[0].isspace():
                raise ParseError("the head of a note has lines such as title: Gradients").at(source, start)
            if key not in KEYS:
                near = get_close_matches(key, KEYS, 1)
                hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(KEYS)}"
                raise ParseError(f"the head of a note has no {key[:40]!r}", hint=hint).at(source, start)
            if key in found:
                raise ParseError(f"{key} is given twice").at(source, start)
            found[key] = _unquoted(value)
        start += len(line) + 1
    return found


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
