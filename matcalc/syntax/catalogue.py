"""The mistakes that people make in programs, what is said about each, and examples of each.

Rows are tried from the top: habits of other languages first, then numbers, then what is missing at
an operand's place, then what stands between operands.  The examples of a row are programs that must
give just its message, which a test holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

__all__ = [
    "BARS", "CATALOGUE", "GLYPHS", "MODULES", "NO_BARS", "NO_TEXT", "NUMPY", "STOPS", "TEXT", "WRONG", "Catalogue",
    "Mistake",
]  # fmt: skip

# Signs of mathematical text, such as results are shown with.
GLYPHS = {
    **dict.fromkeys("⊙∘∗", "write * for the elementwise product"),
    **dict.fromkeys("⋅·×", "write @ for the matrix product, * for the elementwise one"),
    **dict.fromkeys("−–—", "write - for minus"),
    "′": "write f'(z) for a derivative",
    "″": "write f''(z) for a second derivative",
    "⊗": "write kron(A, B)",
    "÷": "write /",
    "√": "write sqrt(x)",
    "∑": "write sum(x)",
}

MODULES = frozenset({"jnp", "math", "np", "numpy", "scipy", "sp", "tf", "torch"})  # whose functions people write

_AHEAD = r"[(,=;\[{+*/-]"  # of an operand: a quote there transposes nothing
TEXT = rf"\"[^\"\n]*\"?|(?:(?<={_AHEAD})|(?<={_AHEAD} ))'[^'\n]*'"
BARS = r"[|‖∥]+"

# Spellings wrong in the default syntax but common elsewhere; tried before the grammar's terminals.
WRONG = (
    ("CARET_TRANSPOSE", r"\^[ \t]*(?:T(?!\w)|\{[ \t]*T[ \t]*\})"),
    ("CARET_INVERSE", r"\^[ \t]*(?:-[ \t]*1(?![\w.])|[({][ \t]*-[ \t]*1[ \t]*[)}])"),
    ("CARET", r"\^"),
    ("DOTTED", r"\.(?:\*|/|\^|')"),
    ("ATTRIBUTE", r"\.(?!T(?!\w))[^\W\d]\w*"),
    ("DOT", r"\.(?!\w)"),
    ("COMPARISON", r"==|!=|~="),
    ("AUGMENTED", r"(?:\+|-|\*\*?|/|@|:)="),
    ("FLOOR", r"//|%"),
    ("STRING", TEXT),
    ("BARS", BARS),
    ("HIDDEN", r"_\w*"),
    ("COMMAND", r"\\\w*"),
    ("RAISED", "[⁺⁻][⁰¹²³⁴⁵⁶⁷⁸⁹]*"),
    ("GLYPH", f"[{''.join(GLYPHS)}∂∇]"),
)

ENDS = frozenset({"NAME", "NUMBER", "TRANSPOSE", "RPAR", "RSQB", "RBRACE"})  # of operands
BEGINS = frozenset({"NAME", "NUMBER", "LPAR", "LBRACE"})
OPERATORS = frozenset({"SIGN", "TIMES", "POWER", "COMPARE"})
OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
BREAKS = frozenset({"START", "_NEWLINE", "SEMICOLON"})
STOPS = frozenset({"$END", "_NEWLINE"})
QUOTE = frozenset({"PRIMES"})


class Mistake(NamedTuple):
    """A row: the kinds of the two tokens it is about (None: any), what is said, and examples.

    In the texts, {at} is the token that does not fit and {before} the one before it, {found} says
    where the text stopped being a program, {thing} what was expected, {operand} what stands left.
    """

    at: AbstractSet[str] | None
    before: AbstractSet[str] | None
    message: str
    hint: str
    examples: tuple[str, ...]
    expected: str = ""  # a kind of token that would have been right
    points_before: bool = False


def _wrong(kind: str, message: str, hint: str, *examples: str) -> Mistake:
    return Mistake(frozenset({kind}), None, message, hint, examples)


def _missing(
    at: AbstractSet[str] | None, before: AbstractSet[str], message: str, hint: str, *examples: str
) -> Mistake:
    return Mistake(at, before, message, hint, examples)


def _stray(kind: str, hint: str, *examples: str) -> Mistake:
    return Mistake(frozenset({kind}), ENDS, "'{at}' does not belong here", hint, examples)


NO_TEXT = _wrong(
    "STRING", "text in quotes means nothing in a program",
    "names are written without quotes, and no function has options in words",
    's = "x"', '"x"', 'f(x, "a")', "norm(X, 'fro')", "f('a', x)", "s = 'x'",
)  # fmt: skip
NO_BARS = _wrong(
    "BARS", "'{at}' does not enclose a value", "write norm(x) for a norm, abs(x) for absolute values, det(X)",
    "|x|", "s = ||x||", "a | b", "‖x‖", "s = ∥x∥",
)  # fmt: skip
_NO_QUOTE = ("a quote does not transpose here", 'write {operand}.T (or pass syntax="matlab")')

_HABITS = (
    Mistake(QUOTE, None, *_NO_QUOTE, ("x.T'", "(x + y)'", "s = [a; b]'", "x[0]' @ y")),
    Mistake(None, QUOTE, *_NO_QUOTE,
            ("x'", "s = x' @ y", "x'*A*x", "(x')", "X'[0]"), points_before=True),
    _wrong("CARET_TRANSPOSE", "'^' does not transpose", "write {operand}.T",
           "X^T", "X^T @ y", "X^{T}"),
    _wrong("CARET_INVERSE", "'^' is not an operator of this syntax",
           "write inv({operand}) for the inverse of a matrix, {operand}**-1 entry by entry",
           "X^-1", "X^(-1) @ y", "X^{-1}"),
    _wrong("RAISED", "'{at}' is raised, which means nothing here",
           "write inv({operand}) for the inverse of a matrix, {operand}**-1 entry by entry",
           "X⁻¹", "(A + B)⁻¹ @ x", "x⁻²"),
    _wrong("CARET", "'^' is not an operator of this syntax",
           "write {operand}**2 entry by entry, matrix_power({operand}, 2) for a repeated product, "
           'or pass syntax="matlab"', "X^2", "x^n", "(a + b)^2", "X^"),
    _wrong("DOTTED", "'{at}' is not an operator of this syntax",
           'write it without the point (and ** for ^), or pass syntax="matlab"',
           "x .* y", "x ./ y", "x .^ 2"),
    Mistake(frozenset({"ATTRIBUTE"}), ENDS, "'{at}' means nothing: only .T may follow a point",
            "{attribute}", ("x.t", "x.real", "x.e5", "X.T.I", "X.T5", "np.exp(x)", "np.linalg.norm(x)", "x.sum()")),
    _wrong("DOT", "a point by itself means nothing: only .T may follow a point",
           "write {operand}.T for the transpose", "x..T", "x.T.", "x.", "."),
    Mistake(frozenset({"COMPARISON"}), None, "'{at}' is a comparison, and > < >= <= are all there are",
            "a value is named with a single =; where(a > b, x, y) chooses",
            ("a == b", "a != b", "f(x, axis==0)")),
    Mistake(frozenset({"COMPARE"}), None, "'{at}' is a comparison, and stands in where alone",
            "write where(a > b, x, y)", ("a < b", "x >= 0", "where(a < b < c, x, y)", "(a > b)", "where(> 0, x, y)")),
    _wrong("AUGMENTED", "'{at}' does not assign: a name is assigned once, with =",
           "write a new name, as in b = a + 1", "a += 1", "a := 1", "x @= y", "x **= 2"),
    _wrong("FLOOR", "'{at}' is not an operator", "comments begin with #; / divides",
           "a // b", "a % b", "% comment"),
    NO_TEXT,
    NO_BARS,
    _wrong("HIDDEN", "'{at}' is not a name", "a name begins with a letter",
           "_x", "__class__", "x + _", "f(__import__)", "_ = 2"),
    _wrong("COMMAND", "'{at}' is LaTeX",
           r"write names without the backslash, and solve(A, B) for A\B", r"\alpha + 1", r"A \ b"),
    _wrong("GLYPH", "'{at}' is not an operator of this syntax", "{glyph}",
           "a ⊙ b", "a · b", "a − b", "∂x"),
    _wrong("OTHER", "the character '{at}' means nothing here", "",
           "a ? b", "s = $x", "a & b", "x!", "🙂"),
)  # fmt: skip

_NUMBERS = (
    _wrong("GROUPED", "'{at}' is not a number: its digits are not grouped", "write {ungrouped}",
           "1_000", "x + 1_0.5"),
    _wrong("ZERO_LED", "'{at}' is not a number: an integer has no leading zero", "write {unzeroed}",
           "0123", "x[007]"),
    _wrong("COEFFICIENT", "'{at}' is not a number: there is no implicit product",
           "write * between the number and the name", "2x", "s = 2x + 1", "3.5alpha", "2pi"),
    _wrong("NO_NUMBER", "'{at}' is not a number", "a number is a decimal such as 1, 0.5 or 1e-3",
           "1.2.3", "1e", "0x1g", "1j", "2e+", "1..2", "x + 5.t"),
)  # fmt: skip

_OPERANDS = (
    _missing(None, OPERATORS, "expected an operand after '{before}'{found}", "{operands}",
             "u.T @", "a +", "s = a * (b -)", "a @ * b", "a **", "2 ** / 3", "a +\nb", "-",
             "a @ .e5", "a @ # the rest", "where(a > , x, y)"),
    _missing(None, frozenset({"EQUAL"}), "expected an expression after '='{found}", "{line_break}",
             "s = ", "s =\nx", "s = = 2", "f(x, axis=)", "f(t) ="),
    _missing(CLOSERS, frozenset({"COMMA"}), "expected {thing} after ','{found}", "remove the comma",
             "f(x, )", "[a, ]", "x[0, ]", "W: matrix(n, )"),
    _missing(None, frozenset({"COMMA"}), "expected {thing} after ','{found}", "",
             "x, : scalar", "x,", "f(a,, b)", "{i, : A[i]}", "[a, ; b]"),
    _missing(frozenset({"RPAR"}), frozenset({"LPAR"}), "expected {thing} between the brackets", "",
             "()", "f()", "x: vector()", "f'()"),
    _missing(None, OPENERS, "expected {thing} after '{before}'{found}", "",
             "[]", "x[]", "{}", "(* a)", "[, a]", "f(, a)", "(;)", "x[@]", "{2: x}"),
    _missing(None, frozenset({"COLON"}), "expected {thing} after ':'{found}", "",
             "x:", "x: 3", "{i: }", "sum(k: )", "x[1:*]", "W: (n, d)"),
    _missing(CLOSERS, frozenset({"SEMICOLON"}), "expected an expression after ';'{found}",
             "remove the semicolon", "[a; ]", "[a, b; c, d;]"),
    _missing(frozenset({"SEMICOLON"}), frozenset({"SEMICOLON"}),
             "expected an expression between ';' and ';'", "", "[a;; b]"),
    _missing(OPERATORS | {"TRANSPOSE", "ATTRIBUTE"}, BREAKS, "expected an operand before '{at}'",
             "{line_start}", "@ x", "* a", "a\n@ b", "a; ** 2", ".T", ".e5", "a\n.T"),
    _missing(None, BREAKS, "expected a statement{found}", "",
             "= 3", ": scalar", ", x", "a; = 2", "x = 1\n= 2"),
)  # fmt: skip

_BETWEEN = (
    Mistake(BEGINS, ENDS, "expected an operator between '{before}' and '{at}'",
            "there is no implicit product: write * or @",
            ("a b", "2 (x)", "(a)(b)", "x.T y", "f(x)(y)", "A[0] b", "s = u.T f(x)", "x y: scalar",
             "lambda x: x", "x 2", "x.5", "(x)2"), expected="SIGN"),
    _stray("EQUAL", "left of it stands a name, or a function of one name: f(t) = ...",
           "a + b = c", "a = b = c", "x.T = y", "x[0] = 1", "(a = b)", "2 = a", "[a = b]"),
    _stray("COLON", "left of it stand names, in a declaration, or indices",
           "a + b: scalar", "(a: b)", "[a: b]", "s = a: b", "f(x): scalar"),
    _stray("COMMA", "a statement has one value, and so has an expression in brackets",
           "a + b, c", "(a, b)", "s = a, b", "x: scalar, y: scalar"),
    _stray("SEMICOLON", "it ends a statement, or a row of a stack: [a; b]",
           "(a; b)", "f(a; b)", "x[1; 2]", "{i: a; b}"),
    Mistake(STOPS, ENDS, "expected {thing} after '{before}'", "", ("x, y", "x, y\nz = 2")),
)  # fmt: skip

SHARED = _NUMBERS + _OPERANDS + _BETWEEN
CATALOGUE = _HABITS + SHARED


class Catalogue(NamedTuple):
    """What is known of the mistakes in one syntax, and how messages spell what they advise."""

    rows: tuple[Mistake, ...]
    wrong: tuple[tuple[str, str], ...]  # spellings that the grammar does not know
    glyphs: Mapping[str, str]
    operators: str
    transpose: str  # what follows a name that is transposed
    power: str  # what stands between a name and a digit that was raised
    own_point: str  # what makes a point after a number no part of it


NUMPY = Catalogue(CATALOGUE, WRONG, GLYPHS, "+ - * / @ **", ".T", "**", r"T(?!\w)")
