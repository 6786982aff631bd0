"""What is said about a program that is no program: a catalogue of mistakes with examples of each.

The parser stops at the first token that fits nowhere.  The first row that fits this token and the one
before it gives the message; the examples of a row are programs that must give just its message, which a
test holds.  A mistake that no row knows is told by what could have stood in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from matcalc.syntax.lexing import Lexeme
from matcalc.syntax.refusal import Refusal

__all__ = ["CATALOGUE", "WRONG", "Mistake", "explain", "find"]

# Signs of mathematical text, such as results are shown with.
_GLYPHS = {
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

# Spellings that are wrong in the default syntax but common elsewhere; tried before the grammar's terminals.
WRONG = (
    ("CARET_TRANSPOSE", r"\^[ \t]*(?:T(?!\w)|\{[ \t]*T[ \t]*\})"),
    ("CARET_INVERSE", r"\^[ \t]*(?:-[ \t]*1(?![\w.])|[({][ \t]*-[ \t]*1[ \t]*[)}])"),
    ("CARET", r"\^"),
    ("DOTTED", r"\.(?:\*|/|\^|')"),
    ("ATTRIBUTE", r"\.(?!T(?!\w))[^\W\d]\w*"),
    ("DOT", r"\.(?!\w)"),
    ("COMPARISON", r"==|!=|~=|<=|>=|<|>"),
    ("AUGMENTED", r"(?:\+|-|\*\*?|/|@|:)="),
    ("FLOOR", r"//|%"),
    ("STRING", r'"[^"\n]*"?'),
    ("HIDDEN", r"_\w*"),
    ("COMMAND", r"\\\w*"),
    ("GLYPH", f"[{''.join(_GLYPHS)}∂∇]"),
)

_ENDS = frozenset({"NAME", "NUMBER", "TRANSPOSE", "RPAR", "RSQB", "RBRACE"})
_BEGINS = frozenset({"NAME", "NUMBER", "LPAR", "LBRACE"})
_OPERATORS = frozenset({"SIGN", "TIMES", "POWER"})
_OPENERS = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSERS = frozenset({"RPAR", "RSQB", "RBRACE"})
_STOPS = frozenset({"START", "_NEWLINE", "SEMICOLON"})
_FINISH = frozenset({"$END", "_NEWLINE"})
_QUOTE = frozenset({"PRIMES"})


class Mistake(NamedTuple):
    """A row: the kinds of the two tokens it is about (None: any), what is said, and programs it befits.

    In the texts, {at} is the token that does not fit and {before} the one before it, {found} says where
    the text stopped being a program, {thing} what was expected, {operand} what stands left.
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


CATALOGUE = (
    # ---- habits of other languages
    Mistake(_QUOTE, None, "a quote does not transpose here", 'write {operand}.T (or pass syntax="matlab")',
            ("x.T'", "(x + y)'", "s = [a; b]'", "x[0]' @ y")),
    Mistake(None, _QUOTE, "a quote does not transpose here", 'write {operand}.T (or pass syntax="matlab")',
            ("x'", "s = x' @ y", "x'*A*x", "(x')", "X'[0]"), points_before=True),
    _wrong("CARET_TRANSPOSE", "'^' does not transpose", "write {operand}.T", "X^T", "X^T @ y", "X^{T}"),
    _wrong("CARET_INVERSE", "'^' is not an operator of this syntax",
           "write inv({operand}) for the inverse of a matrix, {operand}**-1 entry by entry",
           "X^-1", "X^(-1) @ y", "X^{-1}"),
    _wrong("CARET", "'^' is not an operator of this syntax",
           "write {operand}**2 entry by entry, matrix_power({operand}, 2) for a repeated product, "
           'or pass syntax="matlab"', "X^2", "x^n", "(a + b)^2"),
    _wrong("DOTTED", "'{at}' is not an operator of this syntax",
           'write it without the point (^ as **), or pass syntax="matlab"', "x .* y", "x ./ y", "x .^ 2"),
    Mistake(frozenset({"ATTRIBUTE"}), _ENDS, "'{at}' means nothing: only .T may follow a point",
            "write {operand}.T for the transpose, f(x) for a function", ("x.t", "x.real", "x.e5", "X.T.I")),
    _wrong("DOT", "a point by itself means nothing: only .T may follow a point",
           "write {operand}.T for the transpose", "x..T", "x.T.", "x."),
    _wrong("COMPARISON", "'{at}' is a comparison, and there are none",
           "a value is named with a single =; maximum, step and sign express conditions",
           "a == b", "a < b", "x >= 0", "a != b"),
    _wrong("AUGMENTED", "'{at}' does not assign: a name is assigned once, with =",
           "write a new name, as in b = a + 1", "a += 1", "a := 1", "x @= y"),
    _wrong("FLOOR", "'{at}' is not an operator", "comments begin with #; / divides", "a // b", "a % b"),
    _wrong("STRING", "there are no texts in a program", "names are written without quotes",
           's = "x"', '"x"'),
    _wrong("HIDDEN", "'{at}' is not a name", "a name begins with a letter",
           "_x", "__class__", "x + _", "f(__import__)"),
    _wrong("COMMAND", "'{at}' is LaTeX", "write the name without the backslash; solve(A, B) for A\\B",
           r"\alpha + 1", r"A \ b"),
    _wrong("GLYPH", "'{at}' is not an operator of this syntax", "{glyph}", "a ⊙ b", "a · b", "a − b"),
    _wrong("OTHER", "the character '{at}' means nothing here", "", "a ? b", "s = $x", "a & b", "x!"),
    # ---- numbers
    _wrong("GROUPED", "'{at}' is not a number: its digits are not grouped", "write {ungrouped}",
           "1_000", "x + 1_0.5"),
    _wrong("ZERO_LED", "'{at}' is not a number: an integer has no leading zero", "write {unzeroed}",
           "0123", "x[007]"),
    _wrong("COEFFICIENT", "'{at}' is not a number: there is no implicit product",
           "write * between the number and the name", "2x", "s = 2x + 1", "3.5alpha"),
    _wrong("NO_NUMBER", "'{at}' is not a number", "a number is a decimal such as 1, 0.5 or 1e-3",
           "1.2.3", "1e", "0x1g", "1j", "2e+", "1..2"),
    # ---- operands
    Mistake(None, _OPERATORS, "expected an operand after '{before}'{found}", "{line_break}",
            ("u.T @", "a +", "s = a * (b -)", "a @ * b", "a **", "2 ** / 3", "a +\nb", "-", "a @ .e5")),
    Mistake(None, frozenset({"EQUAL"}), "expected an expression after '='{found}", "{line_break}",
            ("s = ", "s =\nx", "s = = 2", "f(x, axis=)", "f(t) =")),
    Mistake(_CLOSERS, frozenset({"COMMA"}), "expected {thing} after ','{found}", "remove the comma",
            ("f(x, )", "[a, ]", "x[0, ]", "W: matrix(n, )")),
    Mistake(None, frozenset({"COMMA"}), "expected {thing} after ','{found}", "",
            ("x, : scalar", "x,", "f(a,, b)", "{i, : A[i]}", "[a, ; b]")),
    Mistake(frozenset({"RPAR"}), frozenset({"LPAR"}), "expected {thing} between the brackets", "",
            ("()", "f()", "x: vector()", "f'()")),
    Mistake(None, _OPENERS, "expected {thing} after '{before}'{found}", "",
            ("[]", "x[]", "{}", "(* a)", "[, a]", "f(, a)", "(;)", "x[@]", "{2: x}")),
    Mistake(None, frozenset({"COLON"}), "expected {thing} after ':'{found}", "",
            ("x:", "x: 3", "{i: }", "sum(k: )", "x[1:*]", "W: (n, d)")),
    Mistake(_CLOSERS, frozenset({"SEMICOLON"}), "expected an expression after ';'{found}",
            "remove the semicolon", ("[a; ]", "[a, b; c, d;]")),
    Mistake(frozenset({"SEMICOLON"}), frozenset({"SEMICOLON"}), "expected an expression between ';' and ';'",
            "", ("[a;; b]",)),
    Mistake(_OPERATORS | {"TRANSPOSE", "ATTRIBUTE"}, _STOPS, "expected an operand before '{at}'",
            "{line_start}", ("@ x", "* a", "a\n@ b", "a; ** 2", ".T", ".e5", "a\n.T")),
    Mistake(None, _STOPS, "expected a statement{found}", "",
            ("= 3", ": scalar", ", x", "a; = 2", "x = 1\n= 2")),
    # ---- between operands
    Mistake(_BEGINS, _ENDS, "expected an operator between '{before}' and '{at}'",
            "there is no implicit product: write * or @",
            ("a b", "2 (x)", "(a)(b)", "x.T y", "f(x)(y)", "A[0] b", "s = u.T f(x)", "x y: scalar",
             "lambda x: x", "x 2", "x.5", "(x)2"), expected="SIGN"),
    Mistake(frozenset({"EQUAL"}), _ENDS, "'=' does not belong here",
            "left of it stands a name, or a function of one name: f(t) = ...",
            ("a + b = c", "a = b = c", "x.T = y", "x[0] = 1", "(a = b)", "2 = a", "[a = b]")),
    Mistake(frozenset({"COLON"}), _ENDS, "':' does not belong here",
            "left of it stand names, in a declaration, or indices", ("a + b: scalar", "(a: b)", "[a: b]",
             "s = a: b", "f(x): scalar")),
    Mistake(frozenset({"COMMA"}), _ENDS, "',' does not belong here",
            "a statement has one value, and brackets hold one", ("a + b, c", "(a, b)", "s = a, b",
             "x: scalar, y: scalar")),
    Mistake(frozenset({"SEMICOLON"}), _ENDS, "';' does not belong inside these brackets",
            "it ends a statement, or a row of a stack [a; b]", ("(a; b)", "f(a; b)", "x[1; 2]", "{i: a; b}")),
    Mistake(_FINISH, _ENDS, "expected {thing} after '{before}'{found}", "",
            ("x, y", "x, y\nz = 2")),
)  # fmt: skip

_WORDS = {
    "NAME": "a name", "NUMBER": "a number", "SIGN": "an operator", "TIMES": "an operator",
    "POWER": "an operator", "TRANSPOSE": ".T", "PRIMES": "", "COLON": "':'", "EQUAL": "'='",
    "COMMA": "','", "SEMICOLON": "';'", "LPAR": "'('", "RPAR": "')'", "LSQB": "'['", "RSQB": "']'",
    "LBRACE": "'{'", "RBRACE": "'}'", "_NEWLINE": "the end of the line", "$END": "",
}  # fmt: skip


def find(at: str, before: str, expected: AbstractSet[str]) -> Mistake | None:
    """The first row of the catalogue that fits."""
    for row in CATALOGUE:
        if (
            (row.at is None or at in row.at)
            and (row.before is None or before in row.before)
            and (not row.expected or row.expected in expected)
        ):
            return row
    return None


def explain(lexemes: Sequence[Lexeme], place: int, expected: AbstractSet[str], text: str) -> Refusal:
    """The mistake at the token with the number ``place`` (their count: at the end of the text)."""
    at = lexemes[place] if place < len(lexemes) else Lexeme("$END", "", len(text))
    before = lexemes[place - 1] if place else Lexeme("START", "", 0)
    words = _words(lexemes, place, at, before, expected)
    row = find(at.type, before.type, expected)
    if row is None:
        return Refusal(f"expected {words['thing']}{words['found']}", _offset(at, before, text))
    pointed = before.start_pos if row.points_before else _offset(at, before, text)
    return Refusal(row.message.format_map(words), pointed, hint=row.hint.format_map(words))


def _offset(at: Lexeme, before: Lexeme, text: str) -> int:
    """Where a missing thing would have stood: of a line's end, before its comment."""
    if at.type not in _FINISH or before.type == "START":
        return at.start_pos
    offset = before.start_pos + max(1, len(before.value))
    while offset < at.start_pos and text[offset] in " \t":
        offset += 1
    return offset


def _words(
    lexemes: Sequence[Lexeme], place: int, at: Lexeme, before: Lexeme, expected: AbstractSet[str]
) -> dict[str, str]:
    ends = at.type in _FINISH
    left = before if before.type != "PRIMES" or place < 2 else lexemes[place - 2]
    broken = at.type == "_NEWLINE" and any(found.type != "_NEWLINE" for found in lexemes[place:])
    return {
        "at": _short(at.value),
        "before": _short(before.value),
        "found": "" if ends else f", found '{_short(at.value)}'",
        "thing": _thing(before, expected),
        "operand": left.value if left.type == "NAME" and len(left.value) < 30 else "X",
        "glyph": _GLYPHS.get(at.value, "operators are + - * / @ **"),
        "ungrouped": _short(at.value.replace("_", "")),
        "unzeroed": _short(at.value.lstrip("0")),
        "line_break": "line breaks are free only inside brackets" if broken else "",
        "line_start": "line breaks are free only inside brackets" if before.type == "_NEWLINE" else "",
    }


def _thing(before: Lexeme, expected: AbstractSet[str]) -> str:
    if "NUMBER" in expected:
        return "a dimension" if "SIGN" not in expected else "an expression"
    if expected == {"NAME"}:
        return "a type, such as vector(n)," if before.type == "COLON" else "a name"
    words = list(dict.fromkeys(_WORDS.get(kind, kind) for kind in sorted(expected)))
    words = [word for word in words if word]
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else "".join(words)


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "..."
