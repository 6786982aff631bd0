"""What programs mean to the parser: trees, precedence, names, numbers, tables."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcalc.errors import ParseError
from matcalc.syntax import numpy_tables, parser, tree
from matcalc.syntax.build import TYPES, Builder
from matcalc.syntax.parser import STARTS, grammar, parse, parse_expression
from matcalc.syntax.tables import SYNTAXES, tables


def dump(node: object) -> str:
    """A tree as an s-expression; only for trees of small depth."""
    match node:
        case tree.Number():
            return str(node.value)
        case tree.Name():
            return node.name
        case tree.Unary():
            return f"({node.operator} {dump(node.operand)})"
        case tree.Binary():
            return f"({node.operator} {dump(node.left)} {dump(node.right)})"
        case tree.Transpose():
            return f"(T {dump(node.operand)})"
        case tree.Call():
            options = "".join(f" {name}={dump(value)}" for name, value, _ in node.keywords)
            arguments = "".join(f" {dump(value)}" for value in node.arguments)
            return f"({node.function}{chr(39) * node.primes}(){arguments}{options})"
        case tree.Slice():
            lower, upper = node.lower, node.upper
            return f"{dump(lower) if lower else ''}:{dump(upper) if upper else ''}"
        case tree.Index():
            return f"(at {dump(node.operand)} {' '.join(map(dump, node.items))})"
        case tree.Stack():
            return f"[{'; '.join(' '.join(map(dump, row)) for row in node.rows)}]"
        case tree.Entries():
            return f"{{{' '.join(node.indices)}: {dump(node.body)}}}"
        case tree.IndexSum():
            return f"(sum {' '.join(node.indices)}: {dump(node.body)})"
        case tree.Declaration():
            names = " ".join(name for name, _ in node.names)
            mark = " positive" if node.positive else ""
            return f"<{names}: {' '.join([node.type, *map(dump, node.dims)])}{mark}>"
        case tree.Definition():
            return f"<{node.name}({node.parameter}) = {dump(node.body)}>"
        case tree.Assignment():
            return f"<{node.name} = {dump(node.value)}>"
        case tree.Expression():
            return f"<{dump(node.value)}>"
    raise AssertionError(node)


GOLDEN = [
    # statements
    ("a", "<a>"),
    ("a; b\nc", "<a> <b> <c>"),
    (";;a;;\n\n;b\n;", "<a> <b>"),
    ("a # and\n# more\n\nb#", "<a> <b>"),
    ("s = u.T @ f(W@x + b)", "<s = (@ (T u) (f() (+ (@ W x) b)))>"),
    ("f(t) = t * sigmoid(t)", "<f(t) = (* t (sigmoid() t))>"),
    ("f (t)=t", "<f(t) = t>"),
    ("f(t)", "<(f() t)>"),
    ("x: vector(n)", "<x: vector n>"),
    ("x, y : vector(n) positive", "<x y: vector n positive>"),
    ("W: matrix(n, 5*d)", "<W: matrix n (* 5 d)>"),
    ("W: matrix(n + m + 1, 2*(n - 1))", "<W: matrix (+ (+ n m) 1) (* 2 (- n 1))>"),
    ("f: elementwise; c: scalar positive", "<f: elementwise> <c: scalar positive>"),
    ("x:\tscalar", "<x: scalar>"),
    ("positive: scalar; vector = row", "<positive: scalar> <vector = row>"),
    ("lambda = import + None*class", "<lambda = (+ import (* None class))>"),
    ("s = f(a,\n  b)\nt = (a\n+ b # why\n\n)", "<s = (f() a b)> <t = (+ a b)>"),
    ("[a,\n b;\n c, d]", "<[a b; c d]>"),
    ("a = 1\r\nb = 2\rc = 3", "<a = 1> <b = 2> <c = 3>"),
    ("\ufeffa", "<a>"),
    ("a\n-b", "<a> <(- b)>"),
    ("  a\n  -b", "<a> <(- b)>"),
    # operators, from the loosest
    ("a - b + c", "<(+ (- a b) c)>"),
    ("a + b * c", "<(+ a (* b c))>"),
    ("a * b / c @ d", "<(@ (/ (* a b) c) d)>"),
    ("a@b*c", "<(* (@ a b) c)>"),
    ("-X**2", "<(- (** X 2))>"),
    ("2**3**2", "<(** 2 (** 3 2))>"),
    ("2**-x", "<(** 2 (- x))>"),
    ("2**-x**-y", "<(** 2 (- (** x (- y))))>"),
    ("-x.T@y", "<(@ (- (T x)) y)>"),
    ("a * -b", "<(* a (- b))>"),
    ("- -+a", "<(- (- (+ a)))>"),
    ("x.T**2", "<(** (T x) 2)>"),
    ("x.T.T", "<(T (T x))>"),
    ("(a + b).T", "<(T (+ a b))>"),
    ("x .T", "<(T x)>"),
    ("2.*x", "<(* 2 x)>"),
    ("1.@x", "<(@ 1 x)>"),
    # calls
    ("sum(X, axis=0)", "<(sum() X axis=0)>"),
    ("f'(z) * f''(z)", "<(* (f'() z) (f''() z))>"),
    ("f'(z).T[0]", "<(at (T (f'() z)) 0)>"),
    ("f(-x, [a], y=1, z=b+c)", "<(f() (- x) [a] y=1 z=(+ b c))>"),
    # indices
    ("x[0]", "<(at x 0)>"),
    ("X[i, :]", "<(at X i :)>"),
    ("X[1:3, :j]", "<(at X 1:3 :j)>"),
    ("X[-1:, 2*i:n-1]", "<(at X (- 1): (* 2 i):(- n 1))>"),
    ("softmax(z)[2]", "<(at (softmax() z) 2)>"),
    ("[a; b][0][1]", "<(at (at [a; b] 0) 1)>"),
    # stacks, entries, sums over indices
    ("[a]", "<[a]>"),
    ("[a; b]", "<[a; b]>"),
    ("[A, B]", "<[A B]>"),
    ("[cos(t), -sin(t); sin(t), cos(t)]", "<[(cos() t) (- (sin() t)); (sin() t) (cos() t)]>"),
    ("{i: 2}", "<{i: 2}>"),
    ("{i, j: A[j, i]}", "<{i j: (at A j i)}>"),
    ("{i: sum(k, l: A[i, k]*b[l])}", "<{i: (sum k l: (* (at A i k) (at b l)))}>"),
    ("{i: -sum(k: {j: x[k]}[i])}", "<{i: (- (sum k: (at {j: (at x k)} i)))}>"),
]


@pytest.mark.parametrize(("text", "wanted"), GOLDEN, ids=[ascii(text) for text, _ in GOLDEN])
def test_golden(text: str, wanted: str) -> None:
    assert " ".join(map(dump, parse(text))) == wanted


def test_every_type_can_be_declared() -> None:
    for name, dims in TYPES.items():
        text = f"x: {name}({', '.join(dims)})" if dims else f"x: {name}"
        assert dump(parse(text)[0]) == f"<x: {' '.join([name, *dims])}>"


def test_an_expression_by_itself() -> None:
    assert dump(parse_expression("outer(u * f'(z), x)")) == "(outer() (* u (f'() z)) x)"
    assert dump(parse_expression("\n  a\n")) == "a"


# ---- precedence is Python's


def of_python(node: ast.expr) -> str:
    """Python's own reading, dumped in the same way."""
    operators = {
        ast.Add: "+",
        ast.Sub: "-",
        ast.Mult: "*",
        ast.Div: "/",
        ast.MatMult: "@",
        ast.Pow: "**",
    }
    match node:
        case ast.BinOp():
            return f"({operators[type(node.op)]} {of_python(node.left)} {of_python(node.right)})"
        case ast.UnaryOp():
            return f"({'-' if isinstance(node.op, ast.USub) else '+'} {of_python(node.operand)})"
        case ast.Attribute():
            return f"(T {of_python(node.value)})"
        case ast.Subscript():
            return f"(at {of_python(node.value)} {of_python(node.slice)})"
        case ast.Call():
            return f"({of_python(node.func)}() {' '.join(map(of_python, node.args))})"
        case ast.Name():
            return node.id
        case ast.Constant():
            return str(Fraction(str(node.value)))
    raise AssertionError(node)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Text is put together without brackets, so that precedence decides what it means."""
    operators = st.sampled_from(["+", "-", "*", "/", "@", "**", " + ", " @ "])
    return st.one_of(
        st.tuples(inner, operators, inner).map("".join),
        st.tuples(st.sampled_from("+-"), inner).map("".join),
        inner.map("{}.T".format),
        inner.map("({})".format),
        inner.map("f({}, z)".format),
        inner.map("x[{}]".format),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "X", "2 ", "0.5", "c1"]), larger, max_leaves=25
)


@given(EXPRESSIONS)
def test_precedence_is_that_of_python(text: str) -> None:
    assert dump(parse_expression(text)) == of_python(ast.parse(text.strip(), mode="eval").body)


# ---- names and numbers


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("𝗹𝗮𝗺𝗯𝗱𝗮", "lambda"),
        ("ﬁ", "fi"),
        ("\u00b5", "\u03bc"),  # micro sign, Greek mu
        ("ſ", "s"),
        ("\u212a", "K"),  # Kelvin sign
        ("x₁", "x1"),
        ("e\u0301", "\u00e9"),
        ("\u00e9", "\u00e9"),
        ("Δx", "Δx"),
        ("σ2", "σ2"),
        ("Σ", "Σ"),
        ("x_1a", "x_1a"),
    ],
)
def test_spellings_of_a_name(written: str, name: str) -> None:
    statement = parse(f"{written} = 1 + {written}")[0]
    assert dump(statement) == f"<{name} = (+ 1 {name})>"
    assert isinstance(statement, tree.Assignment)
    assert statement.value.start == len(written) + 5  # offsets are those of the text as given


@pytest.mark.parametrize(
    "numeral",
    [
        "0",
        "00",
        "1",
        "10",
        "2.",
        ".5",
        "0.5",
        "00.5",
        "012.5",
        "1e-1",
        "1E+3",
        "2.5e3",
        ".5e1",
        "0e999",
        "01e2",
    ],
)
def test_numbers_are_those_of_python(numeral: str) -> None:
    number = parse_expression(numeral)
    assert isinstance(number, tree.Number)
    assert float(number.value) == ast.literal_eval(numeral)


@given(st.floats(min_value=5e-324, allow_infinity=False).map(repr))
def test_every_float_is_read_exactly(numeral: str) -> None:
    number = parse_expression(numeral)
    assert isinstance(number, tree.Number)
    assert number.value == Fraction(numeral)
    assert float(number.value) == float(numeral)


def refusal(text: str) -> ParseError | None:
    try:
        parse(text)
    except ParseError as error:
        return error
    return None


@given(st.text(alphabet="01 .eE_+-xTj'\n", max_size=12))
def test_any_text_parses_or_is_refused_with_a_place(text: str) -> None:
    if (error := refusal(text)) is not None:
        assert error.line is not None


TOKENS = st.sampled_from([*"abf'()[]{},;:=+-*/@1#\n", "''", "**", ".T", "2.5", "sum", "scalar"])


@given(st.lists(TOKENS, max_size=14).map(" ".join))
def test_any_tokens_parse_or_are_refused_with_a_place(text: str) -> None:
    if (error := refusal(text)) is not None:
        assert error.line is not None
        assert "{" not in error.message.replace("'{'", "")


# ---- places


def nodes(statement: tree.Statement) -> Iterator[tree.Syntax]:
    pending = [getattr(statement, "value", None) or statement.body]  # type: ignore[attr-defined]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.children)


def test_places_are_offsets_of_the_text_given() -> None:
    text = "\ufeffa = 1\r\ns = (x +\r\n  é.T) @ [f'(y)]\r\n"
    statements = parse(text)
    assert [statement.start for statement in statements] == [1, text.index("s")]
    for node in nodes(statements[1]):
        match node:
            case tree.Binary():
                assert text[node.start] == node.operator
            case tree.Call():
                assert text[node.start] == node.function
            case tree.Name():
                assert text[node.start] == node.name
            case tree.Stack():
                assert text[node.start] == "["
            case tree.Transpose():
                assert text[node.start] == "é"


def test_a_statement_starts_with_its_first_character() -> None:
    text = "a@b; (a\n+ b) @ c;\n -[a; b]\nW: matrix(n, 2)\n\n f(t) = t; {i: [x; x][i]}.T"
    firsts = ["a@b", "(a", "-[a", "W", "f(t)", "{i"]
    assert [statement.start for statement in parse(text)] == [text.index(part) for part in firsts]


def test_places_of_declared_names_and_options() -> None:
    text = "x, yy: vector(n); sum(X, axis=0)"
    declaration, value = parse(text)
    assert isinstance(declaration, tree.Declaration)
    assert declaration.names == (("x", 0), ("yy", 3))
    assert declaration.dims[0].start == text.index("n")
    assert isinstance(value, tree.Expression)
    assert isinstance(value.value, tree.Call)
    assert value.value.keywords[0][2] == text.index("axis")


# ---- size and depth


def test_a_long_sum_is_a_left_chain() -> None:
    statement = parse("+".join(["x"] * 10_000))[0]
    assert sum(1 for _ in nodes(statement)) == 19_999


def test_a_long_program() -> None:
    text = "\n".join(f"h{n + 1} = tanh(W{n}@h{n} + b{n})" for n in range(1000))
    statements = parse(text)
    assert len(statements) == 1000
    assert dump(statements[999]) == "<h1000 = (tanh() (+ (@ W999 h999) b999))>"


# ---- the grammar and its tables


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_grammar_has_no_conflicts(syntax: str) -> None:
    lark.Lark(grammar(syntax), parser="lalr", strict=True, start=list(STARTS))


def test_strict_finds_conflicts() -> None:
    with pytest.raises(lark.exceptions.GrammarError):
        lark.Lark('start: start "+" start | "x"', parser="lalr", strict=True)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_builder_knows_every_node(syntax: str) -> None:
    rules = lark.Lark(grammar(syntax), parser="lalr", start=list(STARTS)).rules
    built = {
        rule.alias or rule.origin.name for rule in rules if rule.alias or not rule.options.expand1
    }
    assert {name for name in built if not name.startswith(("_", "$"))} <= set(vars(Builder))


@pytest.mark.parametrize("seed", ["0", "1"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_tables_are_those_of_the_grammar(syntax: str, seed: str) -> None:
    """A failure means: run ``python -m matcalc.syntax.tables`` after the grammar was changed."""
    made_with = importlib.import_module(f"matcalc.syntax.{syntax}_tables").LARK
    if made_with != lark.__version__:
        pytest.skip(f"the tables are those of Lark {made_with}; with {lark.__version__} the grammar itself is read")
    program = f"from matcalc.syntax.tables import tables; print(tables({syntax!r}), end='')"
    written = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    module = importlib.import_module(f"matcalc.syntax.{syntax}_tables")
    assert module.__spec__ is not None
    assert module.__spec__.origin is not None
    with open(module.__spec__.origin, encoding="utf-8") as stored:
        assert stored.read() == written
    assert written == tables(syntax)


def test_the_tables_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    if lark.__version__ != numpy_tables.LARK:
        pytest.skip(f"the tables are those of Lark {numpy_tables.LARK}")
    monkeypatch.setattr(parser, "_build", lambda syntax: pytest.fail("the grammar was read"))
    parser._load("numpy")


@pytest.mark.parametrize("change", [("LARK", "0.0"), ("MEMO", {}), ("DATA", {"parser": {}})])
def test_other_versions_of_lark_read_the_grammar(
    change: tuple[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numpy_tables, *change)
    monkeypatch.setattr(parser, "_reader", parser._Reader)
    assert dump(parse("s = (a + b)*c.T")[0]) == "<s = (* (+ a b) (T c))>"
    with pytest.raises(ParseError, match="expected an operand after"):
        parse("a @")
