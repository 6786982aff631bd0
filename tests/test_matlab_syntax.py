"""The MATLAB-style spelling: trees, precedence, quotes and points, and what is said about mistakes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_syntax import dump

from matcalc.errors import ParseError
from matcalc.syntax import matlab_catalogue, matlab_tables, mistakes, parser
from matcalc.syntax.catalogue import Mistake
from matcalc.syntax.mistakes import find
from matcalc.syntax.parser import parse, parse_expression

MATLAB = matlab_catalogue.MATLAB

GOLDEN = [
    ("0.5*x'*A*x", "(mtimes (mtimes (mtimes 1/2 (T x)) A) x)"),
    ("A*exp(x)", "(mtimes A (exp() x))"),
    ("(y.*v)'*x", "(mtimes (T (* y v)) x)"),
    ("norm2(A*x-y)^2", "(mpower (norm2() (- (mtimes A x) y)) 2)"),
    ("norm2(T - U*V')^2", "(mpower (norm2() (- T (mtimes U (T V)))) 2)"),
    ("vector(1)'*(X*w)", "(mtimes (T (vector() 1)) (mtimes X w))"),
    ("sum(log(exp(-y.*(X*w)) + vector(1)))", "(sum() (log() (+ (exp() (* (- y) (mtimes X w))) (vector() 1))))"),
    ("sum((matrix(1) + exp(X)).^(-1))", "(sum() (** (+ (matrix() 1) (exp() X)) (- 1)))"),
    ("h'*abs(z) - 2^(-1)*h'*h", "(- (mtimes (T h) (abs() z)) (mtimes (mtimes (mpower 2 (- 1)) (T h)) h))"),
    ("u'*X^2*v", "(mtimes (mtimes (T u) (mpower X 2)) v)"),
    ("sum(x.^3)./3", "(/ (sum() (** x 3)) 3)"),
    # precedence: transposes and powers from the left, then signs, then products, then sums
    ("-x^2", "(- (mpower x 2))"),
    ("-x'*y", "(mtimes (- (T x)) y)"),
    ("2^-1", "(mpower 2 (- 1))"),
    ("2^-x^3", "(mpower (mpower 2 (- x)) 3)"),
    ("2^-+-x", "(mpower 2 (- (+ (- x))))"),
    ("x.^-2", "(** x (- 2))"),
    ("a^b^c", "(mpower (mpower a b) c)"),
    ("a.^b^c", "(mpower (** a b) c)"),
    ("X'^2", "(mpower (T X) 2)"),
    ("X^2'", "(T (mpower X 2))"),
    ("a^b'", "(T (mpower a b))"),
    ("x''", "(T (T x))"),
    ("x.'", "(T x)"),
    ("a*b/c.*d./e", "(/ (* (mrdivide (mtimes a b) c) d) e)"),
    ("a*-b", "(mtimes a (- b))"),
    ("a - b + c", "(+ (- a b) c)"),
    ("a + b*c", "(+ a (mtimes b c))"),
    # indices bind most tightly, and count from 0
    ("x[0]^2", "(mpower (at x 0) 2)"),
    ("c^x[0]", "(mpower c (at x 0))"),
    ("x'[0]", "(at (T x) 0)"),
    ("X'[0, :]'[1]", "(at (T (at (T X) 0 :)) 1)"),
    ("X[1:3, j]", "(at X 1:3 j)"),
    # a quote after a name and before a bracket is a derivative, any other a transpose
    ("f'(z)", "(f'() z)"),
    ("f''(z)'", "(T (f''() z))"),
    ("f' (z)", "(f'() z)"),
    ("x'*(z)", "(mtimes (T x) z)"),
    ("(x)'", "(T x)"),
    ("[a; b]'", "(T [a; b])"),
    ("f(x)'*y", "(mtimes (T (f() x)) y)"),
    # a point before an operator is the operator's
    ("2.*x", "(* 2 x)"),
    ("1./x", "(/ 1 x)"),
    ("2.^x", "(** 2 x)"),
    ("0.5.*x", "(* 1/2 x)"),
    ("1e-1./x", "(/ 1/10 x)"),
    ("2. * x", "(mtimes 2 x)"),
    ("x.^.5", "(** x 1/2)"),
    ("2.'", "(T 2)"),
    ("[a, b; c, d]", "[a b; c d]"),
    ("{i, j: A[j, i]*2}", "{i j: (mtimes (at A j i) 2)}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), GOLDEN, ids=[text for text, _ in GOLDEN])
def test_golden(text: str, wanted: str) -> None:
    assert dump(parse_expression(text, "matlab")) == wanted


def test_statements() -> None:
    text = "W: matrix(n, 2*d) % weights\nx, y: vector(n); f(t) = t*t  # twice\n\nz = (W*x\n+ y); z'*z"
    assert " ".join(map(dump, parse(text, "matlab"))) == (
        "<W: matrix n (mtimes 2 d)> <x y: vector n> <f(t) = (mtimes t t)> <z = (+ (mtimes W x) y)> <(mtimes (T z) z)>"
    )


def larger(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """Both spellings of a larger expression; only powers need brackets to be the same in both."""
    operators = [("+", "+"), ("-", "-"), ("@", "*"), ("*", ".*"), ("/", "./")]

    def binary(a: tuple[str, str], operator: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
        return (a[0] + operator[0] + b[0], a[1] + operator[1] + b[1])

    def around(numpy: str, matlab: str) -> st.SearchStrategy[tuple[str, str]]:
        return inner.map(lambda both: (numpy.format(both[0]), matlab.format(both[1])))

    return st.one_of(
        st.builds(binary, inner, st.sampled_from(operators), inner), around("-{}", "-{}"), around("({})", "({})"),
        around("({}).T", "({})'"), around("f({}, z)", "f({}, z)"), around("x[{}]", "x[{}]"),
        around("(x**({}))", "(x.^({}))"), around("f'({})", "f'({})"), around("[{}; x.T]", "[{}; x']"),
    )  # fmt: skip


ATOMS = st.sampled_from(["a", "b", "X", "2 ", "0.5", "c1"]).map(lambda text: (text, text))


@given(st.recursive(ATOMS, larger, max_leaves=25))
def test_all_but_the_spelling_is_that_of_the_default_syntax(both: tuple[str, str]) -> None:
    numpy, matlab = both
    assert dump(parse_expression(matlab, "matlab")).replace("mtimes", "@") == dump(parse_expression(numpy))


def test_places_are_those_of_the_text() -> None:
    tree = parse_expression("x'.*  (y^2)", "matlab")
    assert tree.start == 2
    assert [child.start for child in tree.children] == [0, 8]


def test_the_tables_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "_build", lambda syntax: pytest.fail("the grammar was read"))
    parser._load("matlab")


def test_other_versions_of_lark_read_the_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matlab_tables, "LARK", "0.0")
    monkeypatch.setattr(parser, "_reader", parser._Reader)
    assert dump(parse("s = (a + b)*c'", "matlab")[0]) == "<s = (mtimes (+ a b) (T c))>"


def test_long_programs_are_read() -> None:
    parse("+".join(["x'*y"] * 5000), "matlab")
    parse("\n".join(f"h{n + 1} = tanh(W{n}*h{n})" for n in range(1000)), "matlab")


# ---- mistakes

EXAMPLES = [(row, example) for row in MATLAB.rows for example in row.examples]


@pytest.mark.parametrize(("row", "example"), EXAMPLES, ids=[ascii(example) for _, example in EXAMPLES])
def test_examples_get_the_message_of_their_row(row: Mistake, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Mistake | None] = []

    def record(*about: object) -> Mistake | None:
        found.append(find(*about))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(mistakes, "find", record)
    with pytest.raises(ParseError) as caught:
        parse(example, "matlab")
    assert found == [row]
    assert caught.value.line is not None
    said = caught.value.message + caught.value.hint
    assert "{" not in re.sub(r"'.*?'", "", said)
    assert ".T" not in caught.value.hint
    assert "**" not in caught.value.hint


def test_rows_tell_their_examples_apart() -> None:
    assert len(EXAMPLES) == len({example for _, example in EXAMPLES})
    assert all(row.examples for row in MATLAB.rows)


def test_every_wrong_spelling_has_a_row() -> None:
    assert {kind for kind, _ in MATLAB.wrong} <= {kind for row in MATLAB.rows for kind in row.at or ()}


PLACES = [
    ("x.T*y", "'.T' means nothing here", "write x'", 2),
    ("s = x**2", "'**' is not an operator", "x.^2 entry by entry", 6),
    ("A @ x", "'@' is not an operator", "write * for the matrix product", 3),
    ("A\\b", "'\\' is not an operator", "solve(A, B)", 2),
    ("x' y", "expected an operator between ''' and 'y'", "write * or .*", 4),
    ("(x + y)'(z)", "expected an operator between ''' and '('", "write * or .*", 9),
    ("[a b]", "expected an operator between 'a' and 'b'", "a comma, [a, b]", 4),
    ("2x", "'2x' is not a number", "write * between", 1),
    ("xᵀ*y", "'ᵀ' is raised", "write x'", 2),
    ("x²", "'²' is raised", "write x^2", 2),
    ("a ⊙ b", "'⊙' is not an operator of this syntax", "write .*", 3),
    ("x, y", "expected ':' or ',' after 'y'", "", 5),
    ("(x y'", "'(' is never closed", "", 1),
    ("a.*", "expected an operand after '.*'", "", 4),
]


@pytest.mark.parametrize(("text", "message", "hint", "column"), PLACES, ids=[ascii(row[0]) for row in PLACES])
def test_messages_and_places(text: str, message: str, hint: str, column: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, "matlab")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.column == column


TOKENS = st.sampled_from([*"abf'()[]{},;:=+-*/^1%\n", "''", ".^", ".*", "./", ".'", "2.", "sum", "scalar"])


def refusal(text: str) -> ParseError | None:
    try:
        parse(text, "matlab")
    except ParseError as error:
        return error
    return None


@given(st.lists(TOKENS, max_size=14).map("".join))
def test_any_tokens_parse_or_are_refused_with_a_place(text: str) -> None:
    if (error := refusal(text)) is not None:
        assert error.line is not None
