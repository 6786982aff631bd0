"""How names are shown to people: Greek names as letters, what follows the first digit or underscore as a subscript.

``lambda`` is λ, ``sigma2`` σ₂, ``W_h`` Wₕ, ``y_hat`` ŷ.  LaTeX is built by an allowlist, character by character: ASCII
letters and digits stand for themselves, Greek letters and accents become commands, and any other character is
written as its code point, so that no name can reach TeX as anything but a name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["GREEK", "latex_name", "text_name", "text_subscript"]

_LOWER = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", ".", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
GREEK = {name: chr(0x3B1 + place) for place, name in enumerate(_LOWER) if name != "."}
GREEK |= {
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_LETTERS = {letter: name for name, letter in GREEK.items() if name != "omicron"}  # those that TeX has a command for
_SUBSCRIPTS = dict(zip("0123456789aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
_COMMANDS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0306": "breve",
    "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
}  # fmt: skip
_PARTS = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")


def _split(name: str) -> tuple[str, str, list[str]]:
    """The letters of a name, its accent, and its subscripts; a name of another make is all letters."""
    match = _PARTS.fullmatch(name)
    if match is None:
        return name, "", []
    base, digits, rest = match.groups()
    subscripts = [part for part in (digits, *rest.split("_")) if part]
    accent = ""
    if not digits and subscripts and subscripts[0] in _ACCENTS and (len(base) == 1 or base in GREEK):
        accent = subscripts.pop(0)
    return base, accent, subscripts


def text_subscript(text: str) -> str | None:
    """The text in Unicode's subscripts, or None where one of its characters has none.

    >>> text_subscript("max"), text_subscript("d")
    ('ₘₐₓ', None)
    """
    found = [_SUBSCRIPTS.get(character, "") for character in text]
    return "".join(found) if all(found) else None


@lru_cache(maxsize=1024)
def text_name(name: str, *, plain: bool = False) -> str:
    """A name in Unicode; ``plain``: as it is spelled.

    >>> [text_name(name) for name in ("lambda", "sigma2", "mu_x", "W1", "W_q", "y_hat", "loss")]
    ['λ', 'σ₂', 'μₓ', 'W₁', 'W_q', 'ŷ', 'loss']
    """
    base, accent, subscripts = (name, "", []) if plain else _split(name)
    shown = base if plain else GREEK.get(base, base)
    if accent:
        shown = unicodedata.normalize("NFC", shown + _ACCENTS[accent])
    for place, part in enumerate(subscripts):
        part = GREEK.get(part, part)
        lowered = text_subscript(part) if place == 0 else None
        shown += lowered or f"_{part}"
    return "".join([c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in shown])


@lru_cache(maxsize=1024)
def latex_name(name: str, *, plain: bool = False) -> str:
    r"""A name in LaTeX; ``plain``: as it is spelled.

    >>> print(*[latex_name(name) for name in ("lambda_max", "sigma2", "W1", "y_hat", "rho1", "loss", "x_1_k")])
    \lambda_{\mathrm{max}} \sigma_{2} W_{1} \hat{y} \rho_{1} \mathrm{loss} x_{1,k}
    """
    base, accent, subscripts = (name, "", []) if plain else _split(name)
    shown = _upright(base) if plain else _latex_word(base)
    if accent:
        shown = rf"\{accent}{{{shown}}}"
    return f"{shown}_{{{','.join(map(_latex_word, subscripts))}}}" if subscripts else shown


def _latex_word(word: str) -> str:
    """A letter in italics, digits and Greek letters plain, longer words upright."""
    if word in GREEK and word != "omicron":
        return f"\\{word}"
    if word.isascii() and word.isdigit():
        return word
    shown = _latex_character(word) if len(word) == 1 else ""
    return _upright(word) if not shown or shown[0] == "u" != word else shown


def _upright(word: str) -> str:
    return rf"\mathrm{{{''.join(map(_latex_character, unicodedata.normalize('NFC', word)))}}}"


def _latex_character(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else r"\_" if character == "_" else f"u{ord(character):04X}"
    character = unicodedata.normalize("NFKC", character)
    if character in _LETTERS:
        return f"{{\\{_LETTERS[character]}}}"
    decomposed = unicodedata.normalize("NFD", character)
    letter, commands = decomposed[:1], [_COMMANDS.get(mark) for mark in decomposed[1:]]
    if letter.isascii() and letter.isalnum() and all(commands):
        for command in commands:
            letter = f"\\{command}{{{letter}}}"
        return letter
    return "".join([f"u{ord(c):04X}" for c in character])
