"""The mistakes that people make in programs of the MATLAB-style syntax.

Habits of the default syntax and of MATLAB itself come first; the rest are the rows of the default syntax, in this
spelling.
"""

from __future__ import annotations

import re

from matcalc.syntax.catalogue import BARS, BEGINS, ENDS, GLYPHS, NO_BARS, NO_TEXT, SHARED, TEXT, Catalogue, Mistake

__all__ = ["MATLAB"]

WRONG = (
    ("STARS", r"\*\*"),
    ("ATTRIBUTE", r"\.[^\W\d]\w*"),
    ("CONTINUED", r"\.\.\."),
    ("LEFT", r"\.?\\"),
    ("DOT", r"\.(?![\w*/^'])"),
    ("COMPARISON", r"==|!=|~="),
    ("AUGMENTED", r"(?:\+|-|\.?[*/^]|:)="),
    ("FLOOR", r"//"),
    ("AT", r"@"),
    ("STRING", TEXT),
    ("BARS", BARS),
    ("HIDDEN", r"_\w*"),
    ("RAISED", "[⁺⁻][⁰¹²³⁴⁵⁶⁷⁸⁹]*"),
    ("GLYPH", f"[{''.join(GLYPHS)}∂∇]"),
)

_GLYPHS = {
    **GLYPHS,
    **dict.fromkeys("⊙∘∗", "write .* for the elementwise product"),
    **dict.fromkeys("⋅·×", "write * for the matrix product, .* for the elementwise one"),
}


def _wrong(kind: str, message: str, hint: str, *examples: str) -> Mistake:
    return Mistake(frozenset({kind}), None, message, hint, examples)


_HABITS = (
    Mistake(frozenset({"PRIMES"}), None, "a quote before '(' is a derivative, f'(z), and needs a function's name",
            "write * between a transpose and a bracket", ("2'(x)", "s = 2'*3'(x)")),
    _wrong("STARS", "'**' is not an operator of this syntax",
           "write {operand}.^2 entry by entry, {operand}^2 for the power of a scalar or a square matrix",
           "x**2", "s = sum(x**2)", "X ** 2"),
    _wrong("AT", "'@' is not an operator of this syntax", "write * for the matrix product",
           "A @ x", "s = x'@A", "@x"),
    Mistake(frozenset({"ATTRIBUTE"}), ENDS, "'{at}' means nothing here",
            "{attribute}",
            ("x.T", "x.T*y", "x.t", "(x).T", "X[0].T", "x'.T", "X.T.I", "np.exp(x)")),
    _wrong("CONTINUED", "'...' is not needed: line breaks are free inside brackets",
           "put brackets around an expression of several lines", "a + ...\nb", "s = ..."),
    _wrong("DOT", "a point by itself means nothing", "write {operand}' for the transpose", "x..T", "x.", ".", "x'."),
    _wrong("COMPARISON", "'{at}' is a comparison, and > < >= <= are all there are",
           "a value is named with a single =; where(a > b, x, y) chooses",
           "a == b", "a ~= b", "f(x, axis==0)"),
    _wrong("COMPARE", "'{at}' is a comparison, and stands in where alone",
           "write where(a > b, x, y)", "a < b", "x >= 0", "(a > b)", "where(a < b < c, x, y)"),
    _wrong("AUGMENTED", "'{at}' does not assign: a name is assigned once, with =",
           "write a new name, as in b = a + 1", "a += 1", "a := 1", "x *= y", "x ^= 2", "x .*= y"),
    _wrong("FLOOR", "'{at}' is not an operator", "comments begin with % or #; / divides", "a // b", "// comment"),
    NO_TEXT,
    NO_BARS,
    _wrong("HIDDEN", "'{at}' is not a name", "a name begins with a letter", "_x", "__class__", "x + _"),
    _wrong("LEFT", "'{at}' is not an operator", "write solve(A, B) or inv(A)*B for the solution of A*X = B",
           r"A\b", r"x = A \ b", r"\alpha", r"A .\ B"),
    _wrong("RAISED", "'{at}' is raised, which means nothing here",
           "write inv({operand}) for the inverse of a matrix, {operand}.^-1 entry by entry",
           "X⁻¹", "(A + B)⁻¹*x", "x⁻²"),
    _wrong("GLYPH", "'{at}' is not an operator of this syntax", "{glyph}", "a ⊙ b", "a · b", "a − b", "∂x"),
    _wrong("OTHER", "the character '{at}' means nothing here", "",
           "a ? b", "s = $x", "a & b", "x!", "🙂"),
)  # fmt: skip

_BESIDE = Mistake(
    BEGINS, ENDS, "expected an operator between '{before}' and '{at}'",
    "there is no implicit product: write * or .*; blocks beside each other have a comma, [a, b]",
    ("a b", "2 (x)", "(a)(b)", "x' y", "f(x)(y)", "A[0] b", "s = u' f(x)", "x y: scalar", "(x + y)'(z)", "[a b]",
     "x 2", "x.5", "(x)2"), expected="SIGN",
)  # fmt: skip


def _spelled(row: Mistake) -> Mistake:
    """A row of the default syntax with its examples in this one."""
    if row.at == BEGINS and row.before == ENDS:
        return _BESIDE
    examples = [re.sub(r"(?<=[\w)\]])\.T|^\.T", "'", text) for text in row.examples]
    examples = [text.replace("\n.T", "\n'").replace("@", "*").replace("**", "^") for text in examples]
    return row._replace(examples=tuple(dict.fromkeys(examples)))


ROWS = _HABITS + tuple(_spelled(row) for row in SHARED)
MATLAB = Catalogue(ROWS, WRONG, _GLYPHS, "+ - * / .* ./ ^ .^", "'", "^", r"T(?!\w)|[*/^']")
