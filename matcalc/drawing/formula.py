r"""Formulas as real mathematics in SVG: italic variables, upright functions, scripts, fractions, brackets that grow.

What is set is the LaTeX that `matcalc.render.latex` writes, a small and fixed part of the language: an operation that
has a LaTeX form can be drawn.  Sizes and spaces follow TeX (appendix G of the TeXbook) as far as a label needs.
"""

from __future__ import annotations

from typing import TypeAlias

from matcalc.drawing.boxes import Box, beside, bracketed, fraction, glyphs, matrix, rooted, scripted, space
from matcalc.drawing.tokens import ACCENTS, BINARY, LETTERS, RELATIONS, SPACES, Tokens
from matcalc.expressions.node import Node
from matcalc.render.latex import latex
from matcalc.render.measure import token_count

__all__ = ["LONGEST", "formula", "typeset"]

LONGEST = 60  # tokens of an expression that is set; nesting is bounded by it too
SMALL = 0.72  # size of scripts
FRACTION = 0.85


def formula(node: Node, size: float) -> Box | None:
    """The box of an expression at a font size, or None where it is too long for a drawing."""
    return typeset(latex(node), size) if token_count(node) <= LONGEST else None


def typeset(tex: str, size: float) -> Box:
    r"""The box of a formula in LaTeX at a font size.

    >>> box = typeset(r"\frac{a}{b} W^\top x", 16)
    >>> box.width > 20, box.height > 16
    (True, True)
    """
    return _row(Tokens(tex), size, ())


# what it is to its neighbours (ord, bin, rel, open, close, op, punct, fence), its box, and whether a blank is before it
Atom: TypeAlias = tuple[str, Box, bool]


def _row(tokens: Tokens, size: float, until: tuple[str, ...]) -> Box:
    """Everything up to one of the closing tokens, which is left standing."""
    atoms: list[Atom] = []
    while tokens.next is not None and tokens.next not in until:
        apart = tokens.apart
        token = tokens.take()
        if token in ("^", "_", "'"):
            kind, base, apart = atoms.pop() if atoms else ("ord", space(0), False)
            prime = token == "'"
            box = beside([base, glyphs("′", size, "r")]) if prime else _scripts(tokens, token, base, size)
            atoms.append((kind, box, apart))
        else:
            atoms.append((*_atom(tokens, token, size), apart))
    return beside(_spaced(atoms, size))


def _spaced(atoms: list[Atom], size: float) -> list[Box]:
    """The boxes with the spaces between them: TeX's rule, and a hair between factors that stand side by side."""
    out: list[Box] = []
    before = "none"
    for place, (kind, box, apart) in enumerate(atoms):
        last = place == len(atoms) - 1
        if kind == "bin" and (before in ("none", "bin", "rel", "open", "punct") or last):
            kind = "ord" if not last else "close"
        gap = 0.0
        if "rel" in (kind, before) and "none" not in (kind, before):
            gap = 0.28
        elif kind == "bin" or before == "bin":
            gap = 0.22
        elif before == "punct":
            gap = 0.2
        elif (before == "op" and kind in ("ord", "op")) or (kind == "op" and before in ("ord", "close", "fence")):
            gap = 0.16
        elif apart and kind in ("ord", "fence") and before in ("ord", "fence", "close"):
            gap = 0.11
        out += [space(gap * size), box] if gap else [box]
        before = kind
    return out


def _scripts(tokens: Tokens, token: str, base: Box, size: float) -> Box:
    scripts = {token: _argument(tokens, size * SMALL)}
    if tokens.next in ("^", "_") and tokens.next != token:
        other = tokens.take()
        scripts[other] = _argument(tokens, size * SMALL)
    return scripted(base, scripts.get("^"), scripts.get("_"), size)


def _argument(tokens: Tokens, size: float) -> Box:
    """A group, or the one token that stands for it."""
    if tokens.next == "{":
        tokens.take()
        box = _row(tokens, size, ("}",))
        tokens.skip("}")
        return box
    token = tokens.take()
    return _atom(tokens, token, size)[1]


def _atom(tokens: Tokens, token: str, size: float) -> tuple[str, Box]:
    if token == "{":
        box = _row(tokens, size, ("}",))
        tokens.skip("}")
        return "ord", box
    if token in SPACES:
        return "none", space(SPACES[token] * size)
    if token in ("\\mathrm", "\\operatorname", "\\text", "\\mathbf", "\\mathbb"):
        word = tokens.word()
        if token == "\\mathbb":
            word = {"R": "ℝ"}.get(word, word)
        return ("op" if token == "\\operatorname" else "ord"), glyphs(word, size, "b" if token == "\\mathbf" else "r")
    if token == "\\frac":
        above, below = _argument(tokens, size * FRACTION), _argument(tokens, size * FRACTION)
        return "ord", fraction(above, below, size)
    if token == "\\sqrt":
        return "ord", rooted(_argument(tokens, size), size)
    if token == "\\left":
        return "fence", _fenced(tokens, size)
    if token == "\\begin":
        return "ord", _matrix(tokens, size)
    if token in ACCENTS:
        box = _argument(tokens, size)
        return "ord", box.accented(ACCENTS[token])
    return _character(token, size)


def _character(token: str, size: float) -> tuple[str, Box]:
    shown = LETTERS.get(token, token.lstrip("\\") if len(token) > 1 else token)
    if token.startswith("\\") and token not in LETTERS:  # \log, \tanh and the like
        return "op", glyphs(shown, size, "r")
    if shown in BINARY:
        return "bin", glyphs({"-": "−", "*": "∗"}.get(shown, shown), size, "r")
    if shown in RELATIONS:
        return "rel", glyphs(shown, size, "r")
    if shown in "([":
        return "open", glyphs(shown, size, "r")
    if shown in ")]":
        return "close", glyphs(shown, size, "r")
    if shown == ",":
        return "punct", glyphs(shown, size, "r")
    italic = shown.isalpha() and not ("Α" <= shown <= "Ω") and shown != "ℝ"
    return "ord", glyphs(shown, size, "i" if italic else "r")


def _fenced(tokens: Tokens, size: float) -> Box:
    left = tokens.take()
    inside = _row(tokens, size, ("\\right",))
    tokens.skip("\\right")
    right = tokens.take()
    return bracketed(inside, LETTERS.get(left, left), LETTERS.get(right, right), size)


def _matrix(tokens: Tokens, size: float) -> Box:
    tokens.word()
    rows: list[list[Box]] = [[]]
    while True:
        rows[-1].append(_row(tokens, size, ("&", "\\\\", "\\end")))
        token = tokens.take()
        if token == "\\\\":
            rows.append([])
        elif token != "&":
            break
    tokens.word()
    return bracketed(matrix(rows, size), "[", "]", size)
