"""Which characters a program may contain, and which spellings of a name are the same name.

A program that a person reads and the program that the machine reads must be the same one.  So
invisible and bidirectional characters are refused wherever they stand, names are normalised (NFKC)
once, here, and their letters are Latin or Greek, but no Greek letters that look like Latin ones.
Nothing here changes the length of the text, so offsets stay those of the text given.
"""

from __future__ import annotations

import re
import unicodedata

from matcalc.syntax.refusal import Refusal

__all__ = ["clean", "normal_name"]

_UNUSUAL = re.compile(r"[^\t\n\x20-\x7e]")
_BREAK = re.compile(r"\r(\n?)")

# Categories of characters that do not show, or not as what they are.
_INVISIBLE = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Cn": "not a character",
    "Co": "a private character",
    "Zl": "an invisible line break",
    "Zp": "an invisible line break",
    "Zs": "a space that is not the ordinary one",
}

# Greek letters drawn as Latin ones are.
_TWINS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϳ", "ABEZHIKMNOPTYXoj", strict=True))

_NAME = re.compile(r"[^\W\d_]\w*")

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")


def clean(text: str) -> str:
    r"""The text, byte order mark and carriage returns blanked; other such characters are refused.

    >>> clean("s = a\r\nt = b")
    's = a \nt = b'
    """
    if _UNUSUAL.search(text) is None:
        return text
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    if "\r" in text:
        text = _BREAK.sub(lambda found: " \n" if found[1] else "\n", text)
    if not text.isascii() or _UNUSUAL.search(text):
        _refuse_invisible(text)
    return text


def _refuse_invisible(text: str) -> None:
    fine: set[str] = set()
    for found in _UNUSUAL.finditer(text):
        character = found[0]
        if character in fine:
            continue
        category = unicodedata.category(character)
        if category == "Cs":
            raise Refusal(
                f"the text is not valid Unicode: {_code(character)} is half of a character",
                found.start(),
                hint="the encoding of the input should be UTF-8",
            )
        if category in _INVISIBLE:
            raise Refusal(
                f"the text contains {_code(character)}, {_INVISIBLE[category]}",
                found.start(),
                hint="remove it, or replace it by a space",
            )
        fine.add(character)


def normal_name(written: str, start: int, transpose: str = ".T", power: str = "**") -> str:
    """The name that a spelling means: one for all spellings that NFKC makes equal.

    ``transpose`` and ``power`` are how the syntax writes them, for what is advised.

    >>> normal_name("𝗹𝗮𝗺𝗯𝗱𝗮", 0)
    'lambda'
    """
    for place, character in enumerate(written, start):
        if character > "\x7f":
            _refuse_raised(written, character, place, transpose, power)
    name = unicodedata.normalize("NFKC", written)
    for character in name:
        if character > "\x7f":
            place = written.find(character)
            _check_letter(written, character, start + max(place, 0))
    if not _NAME.fullmatch(name):
        raise Refusal(
            f"'{written[:40]}' is not a name (it reads '{name[:40]}')",
            start,
            hint="a name begins with a letter and goes on with letters, digits and underscores",
        )
    return name


def _refuse_raised(
    written: str, character: str, place: int, transpose: str, power: str
) -> None:
    """Superscripts would silently become part of the name: x² is not the variable x2."""
    if not unicodedata.decomposition(character).startswith("<super>"):
        return
    operand = written[: written.index(character)] or "X"
    digits = character.translate(_RAISED)
    if character == "ᵀ":
        hint = f"write {operand}{transpose}"
    elif digits != character:
        hint = f"write {operand}{power}{digits}"
    else:
        hint = "names are written on the line"
    raise Refusal(f"'{character}' is raised, which means nothing in a name", place, hint=hint)


def _check_letter(written: str, character: str, place: int) -> None:
    if character in _TWINS:
        raise Refusal(
            f"'{character}' ({_code(character)}) looks like the Latin letter {_TWINS[character]}",
            place,
            hint="write the Latin letter",
        )
    described = unicodedata.name(character, "")
    if unicodedata.category(character).startswith("M"):
        raise Refusal(
            f"the mark {_code(character)} makes no letter with the one before it",
            place,
            hint="write the mark out, as in x_hat",
        )
    if not character.isalpha() or not described.startswith(("LATIN ", "GREEK ")):
        raise Refusal(
            f"the name '{written[:40]}' contains {_code(character)}",
            place,
            hint="names are written in Latin and Greek letters, digits and underscores",
        )


def _code(character: str) -> str:
    described = unicodedata.name(character, "")
    return f"U+{ord(character):04X}{' ' + described if described else ''}"
