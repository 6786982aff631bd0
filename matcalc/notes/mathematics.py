r"""TeX mathematics: read by math-core before it goes anywhere, and broken where lines may break.

Decisions.  What an author writes between dollar signs is passed on as it is, once math-core has read it: its commands
are an allowlist (no ``\input``, no ``\write``), its braces match, and it cannot leave mathematics.  Comments and
definitions, which math-core reads, but whose effect would not end with the formula, are refused.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from matcalc.errors import LimitError, MatcalcError, ParseError, UnsupportedError

if TYPE_CHECKING:
    from math_core import LatexToMathML

__all__ = ["DEEP", "ENVIRONMENT", "depth", "mathml", "pieces", "refusal", "tightened", "width"]

DEEP = 200  # levels of a formula: TeX has 255, and math-core as many as its stack
ENVIRONMENT = re.compile(r"\s*\\begin\{(align|gather|equation|multline|alignat|flalign)\*?\}")
_ENTERED = re.compile(
    r"(?<!\\)(?:\\\\)*(?P<comment>%)|\\(?P<command>def|gdef|edef|xdef|let|(?:re)?newcommand|providecommand|"
    r"DeclareMathOperator|global|label|tag)(?![A-Za-z])|(?P<code>\^\^)"
)
_BRACKETS = re.compile(r"\\left(?![a-z])|\\right(?![a-z])|\\begin\b|\\end\b|\\[{}]|[{}]| (=|\+|-|\\cdot|\\odot) ")
_PAIR = re.compile(r"\\left\( |\\left\\\{|\\left(?![A-Za-z])|\\right\)|\\right(?![A-Za-z])")
_FACTOR = re.compile(r" (?=[A-Za-z]|\\(?!odot|oslash|otimes|cdot|times|quad|right|end)[A-Za-z])")
_TALL = re.compile(r"\\(?:frac|begin|sum|prod|int|sqrt|binom|underbrace|overbrace)(?![A-Za-z])")


@cache
def _converter() -> LatexToMathML:
    try:
        from math_core import LatexToMathML
    except ImportError:
        raise UnsupportedError("notes need the package math-core", hint="pip install 'matcalculus[notes]'") from None
    return LatexToMathML(fancy_error=False)


def mathml(tex: str, *, display: bool = False) -> str:
    """The formula in MathML; raises `ParseError` where it is no formula.

    >>> mathml("x^2")
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    converter = _converter()
    from math_core import LatexError

    try:
        return converter.convert_with_local_state(tex, displaystyle=display)
    except LatexError as wrong:
        first = re.sub(r"\x1b\[[0-9;]*m", "", str(wrong)).strip().split("\n")[0]
        raise ParseError(f"this is no TeX mathematics: {first.removeprefix('Error: ')[:200]}") from None


def refusal(tex: str) -> MatcalcError | None:
    r"""Why a formula of the author's is not passed on, or None.

    >>> print(refusal(r"\input{x}") is None, refusal(r"x^\top A x"))
    False None
    """
    match = _ENTERED.search(tex)
    if depth(tex) > DEEP:
        return LimitError(f"a formula is nested deeper than {DEEP} levels", hint="this limit is fixed")
    if match is not None:
        what = (match["command"] and f"\\{match['command']}") or ("a comment" if match["comment"] else "^^")
        return ParseError(f"{what} has no place in the mathematics of a note")
    try:
        mathml(tex)
    except ParseError as wrong:
        return wrong
    return None


def pieces(tex: str, longest: int) -> list[str]:
    r"""The formula in pieces between which a line may break: before operators that no bracket encloses.

    >>> pieces("a = b + c", 3)
    ['a', '= b', '+ c']
    >>> pieces(r"\left( a + b \right) c", 3)
    ['\\left( a + b \\right) c']
    """
    if width(tex) <= longest:
        return [tex]
    cuts, depth = [0], 0
    for match in _BRACKETS.finditer(tex):
        sign = match[0]
        if match[1] is not None:
            if depth == 0 and match.start() > cuts[-1]:
                cuts.append(match.start())
        elif sign in ("{", "\\left", "\\begin"):
            depth += 1
        elif sign in ("}", "\\right", "\\end"):
            depth -= 1
    return [tex[start:end].strip() for start, end in zip(cuts, [*cuts[1:], len(tex)], strict=True)]


def depth(tex: str) -> int:
    r"""How deep brackets and groups are nested, those of size counted with what they enclose.

    >>> depth(r"x^{(a + b)}"), depth("x")
    (2, 0)
    """
    deepest = level = 0
    for match in re.finditer(r"\\left(?![a-z])|\\begin\b|(\\right(?![a-z])|\\end\b)|(?<!\\)[{(]|(?<!\\)([})])", tex):
        level += -1 if match[1] or match[2] else 1
        deepest = max(deepest, level)
    return deepest


def width(tex: str) -> int:
    r"""About how many characters wide the formula is set.

    >>> width(r"\left( A x + \operatorname{diag}\left( b \right) \right)^\top")
    15
    """
    fractions = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), tex)
    plain = re.sub(r"\\(?:left|right|operatorname|math[a-z]+|text|begin|end|[,;! ])", "", fractions)
    plain = re.sub(r"\\[A-Za-z]+", "m", plain)
    operators = len(re.findall(r" (?:=|\+|-|m) ", plain))
    return len(re.sub(r"[\s{}^_]", "", plain)) + 2 * operators


def tightened(tex: str) -> str:
    r"""The formula with brackets of fixed size around what is not tall, which sets closer and more evenly.

    >>> print(tightened(r"f\left( z \right) + \left( \frac{a}{b} \right)"))
    f(z) + \left( \frac{a}{b} \right)
    """
    if depth(tex) > DEEP:
        hint = "give names to its parts, or show=source"
        raise LimitError(f"a formula of the program is nested deeper than {DEEP} levels", hint=hint)
    opened: list[tuple[int, bool]] = []  # where each bracket is in `parts`, and whether it is a round one
    tall = [False]  # whether something tall has come, at each depth
    parts: list[str] = []
    last = 0
    for match in _PAIR.finditer(tex):
        between = tex[last : match.start()]
        tall[-1] = tall[-1] or _TALL.search(between) is not None
        parts.append(between)
        last = match.end()
        if match[0].startswith("\\left"):
            opened.append((len(parts), match[0] == "\\left( "))
            tall.append(False)
        elif not opened:  # no formula of matcalc's
            return tex
        else:
            place, is_round = opened.pop()
            if is_round and match[0] == "\\right)" and not tall.pop():
                parts[place], parts[-1] = "(", parts[-1].rstrip()
                parts.append(r")\," if _FACTOR.match(tex, last) else ")")
                continue
            tall[len(opened) :] = [True]
        parts.append(match[0])
    return "".join([*parts, tex[last:]])
