"""How wide letters are: the widths of Times, in thousandths of its size, for placing formulas without a font at hand.

From Adobe's font metrics (Times-Roman, Times-Italic, Symbol).  What is drawn is told its width as well, so a reader's
font that differs is fitted to the same place and nothing can overlap.
"""

from __future__ import annotations

import unicodedata

__all__ = ["width"]

_UPRIGHT = dict(zip(
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    (
        250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500, 500,
        500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722,
        611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500, 333, 444,
        500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722,
        500, 500, 444, 480, 200, 480, 541,
    ),
    strict=True,
))  # fmt: skip
_ITALIC = dict(zip(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    (
        611, 611, 667, 722, 611, 611, 722, 722, 333, 444, 667, 556, 833, 667, 722, 611, 722, 611, 500, 556, 722, 611,
        833, 611, 556, 556, 500, 500, 444, 500, 444, 278, 500, 500, 278, 278, 444, 278, 722, 500, 500, 500, 500, 389,
        389, 278, 500, 444, 667, 444, 444, 389,
    ),
    strict=True,
))  # fmt: skip
_SYMBOL = dict(zip(
    "αβγδεζηθικλμνξοπρσςτυφχψωΓΔΘΛΞΠΣΥΦΨΩ×÷−±·∂∇∞⊙⊘⊗⊕‖√∑′ℝ≤≥≠∗∘→∈⊤…",
    (
        631, 549, 411, 494, 439, 494, 603, 521, 329, 549, 549, 576, 521, 493, 549, 549, 549, 603, 439, 439, 576, 603,
        549, 686, 686, 603, 612, 741, 686, 645, 768, 592, 690, 763, 795, 768, 564, 564, 564, 564, 250, 494, 713, 713,
        768, 768, 768, 768, 500, 549, 713, 247, 722, 549, 549, 549, 500, 400, 987, 713, 611, 1000,
    ),
    strict=True,
))  # fmt: skip
OTHER, WIDE = 667, 1000


def width(text: str, size: float, *, italic: bool = False) -> float:
    """The width of a line of text at a size.

    >>> width("Wx", 10, italic=True), width("x₁", 10)
    (12.77, 8.25)
    """
    return round(sum([_one(character, italic) for character in text]) * size / 1000, 2)


def _one(character: str, italic: bool) -> int:
    found = (_ITALIC.get(character) if italic else None) or _UPRIGHT.get(character) or _SYMBOL.get(character)
    if found is not None:
        return found
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE
    base = unicodedata.normalize("NFKD", character)[:1]
    if base != character and (base in _UPRIGHT or base in _SYMBOL):
        plain = _UPRIGHT.get(base) or _SYMBOL[base]
        script = "<" in unicodedata.decomposition(character)  # a letter set above or below the line
        return int(plain * 0.65) if script else plain
    return OTHER
