"""Every row of the catalogue is what its examples get, and every error shows its place."""

from __future__ import annotations

import re

import pytest

from matcalc.bounds import Limits
from matcalc.errors import LimitError, MatcalcError, ParseError
from matcalc.syntax import mistakes
from matcalc.syntax.catalogue import CATALOGUE, WRONG, Mistake
from matcalc.syntax.mistakes import find
from matcalc.syntax.parser import parse, parse_expression

EXAMPLES = [(row, example) for row in CATALOGUE for example in row.examples]


def mistake(text: str, **options: object) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(text, **options)  # type: ignore[arg-type]
    return caught.value


def as_pattern(template: str) -> str:
    return re.sub(r"\\\{\w+\\\}", ".*", re.escape(template))


@pytest.mark.parametrize(("row", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples_get_the_message_of_their_row(
    row: Mistake, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Mistake | None] = []

    def record(at: str, before: str, expected: set[str], *catalogue: object) -> Mistake | None:
        found.append(find(at, before, expected, *catalogue))
        return found[-1]

    monkeypatch.setattr(mistakes, "find", record)
    error = mistake(example)
    assert found == [row]
    assert re.fullmatch(as_pattern(row.message), error.message)
    assert re.fullmatch(as_pattern(row.hint), error.hint)
    assert error.line is not None
    assert error.column is not None
    assert "{" not in re.sub(r"'.*?'", "", error.message + error.hint)
    assert str(error).splitlines()[-1] == " " * (4 + error.column - 1) + "^"


def test_rows_tell_their_examples_apart() -> None:
    assert len(EXAMPLES) == len({example for _, example in EXAMPLES})
    assert all(row.examples for row in CATALOGUE)


def test_every_wrong_spelling_has_a_row() -> None:
    told = {kind for row in CATALOGUE for kind in row.at or ()}
    assert {kind for kind, _ in WRONG} <= told


PLACES = [
    # FAULTS 1 - 8, and where the caret stands
    ("", "the program is empty", "", 1, 1),
    (" \n\t\n", "the program is empty", "", 1, 1),
    ("# only this\n;;", "the program is empty", "", 1, 1),
    ("s = ", "expected an expression after '='", "", 1, 5),
    ("s =    # later", "expected an expression after '='", "", 1, 8),
    ("a = 1\nb = a +", "expected an operand after '+'", "an operand is a name", 2, 8),
    ("u.T @", "expected an operand after '@'", "a name, a number, a call or a bracket", 1, 6),
    ("a b", "expected an operator between 'a' and 'b'", "write * or @", 1, 3),
    ("(x", "'(' is never closed", "expected ')'", 1, 1),
    ("s = f(g(x)\nt = 2", "'(' is never closed", "expected ')'", 1, 6),
    ("x)", "')' closes a bracket that was not opened", "", 1, 2),
    ("[x)", "')' does not close the '['", "expected ']'", 1, 3),
    ("x'", "a quote does not transpose", 'write x.T (or pass syntax="matlab")', 1, 2),
    ("s = z'*z", "a quote does not transpose", "write z.T", 1, 6),
    ("X^T", "'^' does not transpose", "write X.T", 1, 2),
    ("A^-1 @ b", "'^' is not an operator", "write inv(A)", 1, 2),
    ("X^2", "'^' is not an operator", "matrix_power(X, 2)", 1, 2),
    # a statement that was meant to go on
    ("s = a\n    + b", "a line that begins with '+' does not continue", "brackets", 2, 5),
    ("  s = a\n\n    - b", "a line that begins with '-' does not continue", "brackets", 3, 5),
    # what the grammar leaves to the builder
    ("x: vektor(n)", "'vektor' is not a type", "did you mean vector?", 1, 4),
    ("x: foo", "'foo' is not a type", "the types are scalar, vector", 1, 4),
    ("x: vector", "vector has one dimension", "write vector(n)", 1, 4),
    ("x: matrix(n)", "matrix has two dimensions", "write matrix(m, n)", 1, 4),
    ("x: scalar(2)", "scalar has no dimension", "write scalar", 1, 4),
    ("x: vector(n) negative", "'negative' does not follow a type", "only 'positive'", 1, 14),
    ("x: vector(0)", "a dimension is at least 1", "", 1, 11),
    ("x: vector(2.5)", "a dimension is an integer", "", 1, 11),
    ("f(x, y) = x", "the definition of 'f' needs one name", "f(t) = t * sigmoid(t)", 1, 1),
    ("f(2) = 3", "the definition of 'f' needs one name", "", 1, 1),
    ("f'(t) = 3", "the definition of 'f' needs one name", "", 1, 1),
    ("sum(axis=0, X)", "an argument stands after an option", "", 1, 13),
    ("sum(X, axis=0, axis=1)", "the option 'axis' is given twice", "", 1, 16),
    ("X[1, 2, 3]", "an index has at most two items", "", 1, 9),
    ("{i, i: A[i, i]}", "the index 'i' stands twice", "", 1, 5),
    ("{i: sum(2: A[i])}", "an index is a name", "", 1, 9),
    ("{i: sum(k=2: A[i])}", "an index is a name", "", 1, 9),
    ("{i: mean(k: A[i, k])}", "'mean' has no indices", "", 1, 5),
    # what other languages would run
    ('__import__("os")', "'__import__' is not a name", "", 1, 1),
    ("x.__class__", "'.__class__' means nothing: only .T", "", 1, 2),
    # numbers that are none
    ("s = 1e400", "1e400 is larger than the largest float", "", 1, 5),
    ("1.8e308", "1.8e308 is larger than the largest float", "", 1, 1),
    ("1e999999999999", "is larger than the largest float", "", 1, 1),
    ("1e-400", "1e-400 is smaller than the smallest float", "", 1, 1),
    ("2e-324", "is smaller than the smallest float", "", 1, 1),
    ("1e-" + "9" * 90, "is smaller than the smallest float", "", 1, 1),
    ("1_000", "'1_000' is not a number", "write 1000", 1, 1),
    # characters
    ("x\u00a0+ y", "the text contains U+00A0 NO-BREAK SPACE", "", 1, 2),
    ("x\u200b", "the text contains U+200B ZERO WIDTH SPACE", "", 1, 2),
    ("a\n# \u202e", "the text contains U+202E RIGHT-TO-LEFT OVERRIDE", "", 2, 3),
    ("x\x00", "the text contains U+0000", "", 1, 2),
    ("x\x0c", "the text contains U+000C", "", 1, 2),
    ("x\ufeff", "the text contains U+FEFF", "", 1, 2),
    ("s = \udcff", "the text is not valid Unicode: U+DCFF", "UTF-8", 1, 5),
    ("s = К @ x", "the name 'К' contains U+041A CYRILLIC CAPITAL LETTER KA", "Latin", 1, 5),
    ("xК", "the name 'xК' contains U+041A", "", 1, 2),
    ("Α", "looks like the Latin letter A", "", 1, 1),
    ("x² + y", "'²' is raised", "write x**2", 1, 2),
    ("s = xᵀ", "'ᵀ' is raised", "write x.T", 1, 6),
    ("X⁻¹", "'⁻¹' is raised", "write inv(X)", 1, 2),
    ("x\u0302", "the mark U+0302 COMBINING CIRCUMFLEX ACCENT", "x_hat", 1, 2),
    ("①", "'①' is not a name", "", 1, 1),
    ("x½", "the name 'x½' contains U+", "", 1, 1),
    ("x٣", "the name 'x٣' contains U+0663 ARABIC-INDIC DIGIT THREE", "", 1, 2),
]


@pytest.mark.parametrize(
    ("text", "message", "hint", "line", "column"),
    PLACES,
    ids=[ascii(row[0])[:40] for row in PLACES],
)
def test_messages_and_places(text: str, message: str, hint: str, line: int, column: int) -> None:
    error = mistake(text)
    assert message in error.message
    assert hint in error.hint
    assert (error.line, error.column) == (line, column)
    str(error).encode()  # what is shown can be printed, whatever was given


LIMITS = [
    ("(" * 201 + "x" + ")" * 201, "nested deeper than 200"),
    ("-" * 100_000 + "x", "nested deeper than 200"),
    ("x" + ".T" * 100_000, "nested deeper than 200"),
    ("**".join("x" * 1000), "nested deeper than 200"),
    ("**-".join("x" * 102), "nested deeper than 200"),
    ("x" + "[0]" * 201, "nested deeper than 200"),
    ("(-" * 101 + "x" + ")" * 101, "nested deeper than 200"),
    ("(x" * 150 + ".T" * 60 + ")" * 150, "nested deeper than 200"),
    ("[" * 100_000, "nested deeper than 200"),
    ("f(" * 100_000, "nested deeper than 200"),
    ("x" * 201, "a name is longer than 200"),
    ("x = 1\n" + "é" * 201, "a name is longer than 200"),
    ("1" * 5000, "a number has more than 100 digits"),
    ("0." + "1" * 101, "a number has more than 100 digits"),
    ("1e" + "1" * 1_000_000, "a number has more than 100 digits"),
    ("#" * ((1 << 20) + 1), "the program is longer than 1048576"),
]


@pytest.mark.parametrize(("text", "message"), LIMITS, ids=[text[:12] for text, _ in LIMITS])
def test_limits_are_told(text: str, message: str) -> None:
    with pytest.raises(LimitError, match=message) as caught:
        parse(text)
    assert "moves the limit" in caught.value.hint
    assert caught.value.line is not None


def test_limits_are_not_met_below_them() -> None:
    parse("(" * 200 + "x" + ")" * 200)
    parse("+".join(["-" * 200 + "x"] * 50))  # an operator begins anew
    parse("x" + ".T" * 200 + " @ " + "x" + ".T" * 200)
    parse("f(" + ", ".join(["**".join("x" * 199)] * 5) + ")")
    parse("x" * 200)
    parse("1" * 100)
    parse("x" + " " * ((1 << 20) - 1))


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(nesting=3), "((((x))))"),
        (Limits(name_length=3), "abcd"),
        (Limits(number_digits=3), "1234"),
        (Limits(source_length=3), "a + b"),
    ],
)
def test_limits_can_be_moved(limits: Limits, text: str) -> None:
    parse(text)
    with pytest.raises(LimitError):
        parse(text, limits=limits)


def test_a_number_beyond_what_python_converts_is_a_limit() -> None:
    with pytest.raises(LimitError, match="4000 digits"):
        parse("0." + "0" * 5000 + "1", limits=Limits(number_digits=10**6))


def test_an_unknown_syntax_is_told() -> None:
    with pytest.raises(MatcalcError, match="there is no syntax 'fortran'"):
        parse("x", syntax="fortran")


@pytest.mark.parametrize("text", ["", "\n", "a = b", "a; b", "x: scalar", "a\nb", "a;"])
def test_an_expression_is_one_expression(text: str) -> None:
    with pytest.raises(ParseError):
        parse_expression(text)
