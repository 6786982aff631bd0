"""What a request asks for: its kind, and its options, read from the words behind ``matcalc`` or ``mc:``.

Kinds and options are one table; what is not in it is refused, with the place and the near names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from matcalc.errors import MatcalcError, ParseError
from matcalc.notes.model import Request

__all__ = ["KINDS", "SPANS", "Asked", "asked", "is_block", "names"]

PROGRAM = ("name", "continues", "syntax", "let", "show")
DERIVED = ("in", "wrt", "of", "layout", "structure", "expand", "let", "syntax", "check")
STEPS = ("level", "style", "policy")

# kind: its options; what it does with a body stands in docs/notes.md
KINDS: Mapping[str, tuple[str, ...]] = {
    "program": PROGRAM,
    "shapes": ("in", "let", "syntax"),
    "derive": (*DERIVED, "order", "steps", *STEPS),
    "steps": (*DERIVED, *STEPS),
    "hessian": DERIVED,
    "check": (*DERIVED, "dims", "seed", "expect"),
    "claim": (*DERIVED, "dims", "seed", "expect"),
    "code": (*DERIVED, "order", "target", "style"),
    "graph": ("in", "at", "wrt", "of", "show", "dims", "seed", "caption", "let", "syntax"),
}
SPANS: Mapping[str, tuple[str, ...]] = {
    "d": ("in", "of", "layout", "structure", "expand", "form", "check"),
    "formula": ("in", "form"),
    "shape": ("in", "form"),
    "value": ("in", "form"),
}
FLAGS = ("expand", "continues", "check", "steps")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "show": ("formula", "source", "both", "nothing"),
    "graph show": ("auto", "numbers", "formulas", "both"),
    "form": ("latex", "equation", "source", "text", "indices"),
    "expect": ("pass", "fail"),
    "layout": ("shape", "numerator", "denominator"),
    "structure": ("projection", "entries"),
    "syntax": ("numpy", "matlab"),
    "order": ("1", "2"),
    "expand": ("yes", "no"),
    "check": ("yes", "no"),
    "steps": ("yes", "no", "brief", "full"),
    "level": ("brief", "full"),
    "policy": ("shape", "jacobian"),
    "style": ("chain", "differential"),
    "code style": ("compiled", "gates"),
}
_WORD = re.compile(
    r"""\s*(?:(?P<key>[A-Za-z]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<value>\S+))|(?P<bare>\S+))"""
)


@dataclass(frozen=True)
class Asked:
    """A request that has been read: ``subject`` are the bare words of one within a sentence."""

    kind: str
    options: Mapping[str, str]
    subject: str
    request: Request

    def on(self, option: str) -> bool:
        """Whether a flag is given, and not as ``no``."""
        return self.options.get(option, "no") != "no"


def is_block(words: str) -> bool:
    """Whether the words ask for a block.

    >>> is_block("derive wrt=W"), is_block("d W")
    (True, False)
    """
    return words.split(" ", 1)[0] in KINDS


def names(words: str) -> list[str]:
    """Names with commas or spaces between.

    >>> names("W, b")
    ['W', 'b']
    """
    return [name for name in re.split(r"[,\s]+", words) if name]


def asked(request: Request, source: str, defaults: Mapping[str, str] | None = None) -> Asked:
    """The kind and the options of a request; ``defaults`` are those of the note's head.

    Raises `ParseError` at the word that is wrong.
    """
    words, kinds = request.words, SPANS if request.inline else KINDS
    start = _offset(source, request)
    first = re.match(r"[^\s=]+(?!\s*=)(?=\s|\Z)", words)
    if request.inline and first is None:
        hint = f"one within a sentence is {_listed(SPANS)}, such as {{mc: d W}}"
        raise _refusal("an empty request", hint).at(source, start)
    kind = first[0] if first else "program"
    if kind not in kinds and kind in FLAGS and not request.inline:
        kind, first = "program", None
    if kind not in kinds:
        raise _unknown("request", kind, kinds).at(source, _within(source, start, kind))
    rest = words[first.end() :] if first else words
    options, subject = _options(rest, kind, kinds[kind], request, source, start)
    own = [key for key in kinds[kind] if f"{kind} {key}" not in CHOICES]  # what means the same in every request
    usable = {key: value for key, value in (defaults or {}).items() if key in own}
    for key, value in usable.items():
        if value not in CHOICES[key]:
            raise _unknown(key, value, CHOICES[key]).at(source, _within(source, 0, key))
    return Asked(kind, {**usable, **options}, subject, request)


def _options(
    words: str, kind: str, known: tuple[str, ...], request: Request, source: str, start: int
) -> tuple[dict[str, str], str]:
    if kind == "formula":  # the rest is a formula, which may hold anything
        return {}, words.strip()
    found: dict[str, str] = {}
    subject = []
    for match in _WORD.finditer(words):
        key, bare = match["key"], match["bare"]
        place = _within(source, start, match[0].strip())
        if bare and not request.inline and bare in FLAGS:
            key, value = bare, "yes"
        elif bare and not request.inline:
            hint = f"options are written {known[0]}=..., of {kind} there is {', '.join(known)}"
            raise _refusal(f"{bare[:40]!r} is no option", hint).at(source, place)
        elif bare:
            subject.append(bare)
            continue
        else:
            value = next(v for v in (match["quoted"], match["single"], match["value"]) if v is not None)
        if key not in known:
            raise _unknown(f"option of {kind}", key, known).at(source, place)
        if key in found:
            raise _refusal(f"{key} is given twice", "").at(source, place)
        choices = CHOICES.get(f"{kind} {key}", CHOICES.get(key, ()))
        if choices and value not in choices:
            raise _unknown(key, value, choices).at(source, place)
        found[key] = value
    return found, " ".join(subject)


def _refusal(message: str, hint: str) -> MatcalcError:
    return ParseError(message, hint=hint)


def _unknown(what: str, word: str, known: Mapping[str, object] | tuple[str, ...]) -> MatcalcError:
    near = get_close_matches(word, list(known), 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {_listed(known)}"
    return _refusal(f"there is no {what} {word[:40]!r}", hint)


def _listed(known: Mapping[str, object] | tuple[str, ...]) -> str:
    return ", ".join(known)


def _offset(source: str, request: Request) -> int:
    """Where a request begins in the source."""
    start = 0
    for _ in range(request.place.line - 1):
        start = source.find("\n", start) + 1
    return start + request.place.column - 1


def _within(source: str, start: int, word: str) -> int:
    """Where a word of a request stands."""
    found = source.find(word, start)
    return start if found < 0 else found
