"""The three writings of expressions: read back exactly, counted rightly, and accepted by TeX."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcalc as mc
from matcalc.expressions import dims
from matcalc.expressions.node import Node, Shape, postorder
from matcalc.language.reading import expression
from matcalc.operations.spectra import SPECTRA
from matcalc.operations.table import (
    ELEMENTWISE_NAMES,
    OPERATIONS,
    add,
    apply,
    dimension,
    div,
    eye,
    index,
    let,
    make,
    matmul,
    mul,
    neg,
    number,
    ones,
    pi,
    power,
    sub,
    transpose,
    variable,
    zeros,
)  # fmt: skip
from matcalc.render.latex import latex
from matcalc.render.measure import token_count
from matcalc.render.names import latex_name, text_name
from matcalc.render.numbers import decimal
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.render.source import source
from matcalc.render.text import text

SCALAR: Shape = (1, 1)
A, B = variable("A", ("m", "n")), variable("B", ("m", "n"))
X, S = variable("X", ("n", "n")), variable("S", ("n", "n"), "symmetric")
x, y, b, u = (variable(name, (size, 1)) for name, size in (("x", "n"), ("y", "n"), ("b", "m"), ("u", "m")))
r, d3 = variable("r", (1, "n")), variable("d", (3, 1))
c, t, lam = variable("c", SCALAR), variable("t", SCALAR), variable("lambda", SCALAR)
v = variable("v", (6, 1))
z = let("z", add(matmul(A, x), b))
NAMES = {node.params[0]: node for node in (A, B, X, S, x, y, b, u, r, c, t, lam, v, z)}
DIMS = {"m", "n", "k"}
TWO = number(2)
AT = {"all": ("all",), 0: ("at", 0), 2: ("at", 2), "k": ("at", "k")}


def read(written: str) -> Node:
    return expression(written, NAMES, functions={"f", "g"}, dims=DIMS)


# ----------------------------------------------------------------------------------------- random expressions


def tree(pick: random.Random, shape: Shape, depth: int) -> Node:
    """An expression as somebody could have written it."""
    if depth <= 0 or pick.random() < 0.1:
        return leaf_of(pick, shape)
    choices = [arithmetic, arithmetic, arithmetic, elementwise, product, product, transposed, reduced]
    found = pick.choice(choices)(pick, shape, depth - 1)
    return found if found is not None else tree(pick, shape, depth - 1)


def leaf_of(pick: random.Random, shape: Shape) -> Node:
    numbers = [number(text) for text in ("0", "2", "0.5", "1e20", "12.75", "1e-7", "3.14159")]
    fitting = [node for node in NAMES.values() if node.shape == shape]
    if shape == SCALAR:
        return pick.choice([*fitting, *numbers, dimension("n"), pi(), index(v, AT[2], AT["all"])])
    constants = [ones(shape), zeros(shape)] + ([eye(shape[0])] if shape[0] == shape[1] else [])
    return pick.choice(fitting * 3 + constants)


def arithmetic(pick: random.Random, shape: Shape, depth: int) -> Node:
    op = pick.choice(["add", "sub", "mul", "div", "pow", "neg"])
    if op == "neg":
        return neg(tree(pick, shape, depth))
    smaller = [shape, shape, SCALAR] + ([(shape[0], 1), (1, shape[1])] if 1 not in shape else [])
    operands = [tree(pick, shape, depth), tree(pick, pick.choice(smaller), depth)]
    pick.shuffle(operands)
    return make(op, *operands)


def elementwise(pick: random.Random, shape: Shape, depth: int) -> Node:
    argument = tree(pick, shape, depth)
    name = pick.choice([*sorted(ELEMENTWISE_NAMES), "f", "f'", "g''", "maximum"])
    if name == "maximum":
        return make(name, argument, tree(pick, shape, depth))
    function = name.rstrip("'")
    if function in ("f", "g"):
        return apply(function, len(name) - len(function), argument)
    return make(name, argument)


def product(pick: random.Random, shape: Shape, depth: int) -> Node | None:
    rows, columns = shape
    middle = pick.choice(["m", "n", 6]) if 1 in shape else pick.choice(["m", "n", 1])
    left, right = (rows, middle), (middle, columns)
    if SCALAR in (left, right):
        return None
    return matmul(tree(pick, left, depth), tree(pick, right, depth))


def transposed(pick: random.Random, shape: Shape, depth: int) -> Node:
    return transpose(tree(pick, (shape[1], shape[0]), depth))


def reduced(pick: random.Random, shape: Shape, depth: int) -> Node | None:
    def sub_tree(*of: dims.Dim) -> Node:
        return tree(pick, (of[0], of[1]), depth)

    if shape == SCALAR:
        op = pick.choice(["sum", "mean", "norm", "norm1", "norm_inf", "tr", "det", "logdet", "dot", "inner", "prod",
        "at"])
        if op in ("sum", "mean"):
            return make(op, sub_tree("m", "n"), params=(None,))
        if op in ("tr", "det", "logdet"):
            return make(op, sub_tree("n", "n"))
        if op in ("dot", "inner"):
            return make(op, sub_tree("n", 1), sub_tree("n", 1))
        if op == "at":
            return index(sub_tree(6, 1), AT[2], AT["all"])
        return make(op, sub_tree("m", 1))
    if shape == ("n", 1):
        choice = pick.choice(["sum", "diag", "solve", "softmax", "index"])
        if choice == "sum":
            return make("sum", sub_tree("n", "m"), params=(1,))
        if choice == "diag":
            return make("diag", sub_tree("n", "n"))
        if choice == "solve":
            return make("solve", sub_tree("n", "n"), sub_tree("n", 1))
        if choice == "softmax":
            return make("softmax", sub_tree("n", 1), params=(None,))
        return index(sub_tree("n", "m"), AT["all"], AT["k"])
    if shape == ("n", "n"):
        op = pick.choice(["inv", "diag", "outer", "matrix_power"])
        if op == "outer":
            return make(op, sub_tree("n", 1), sub_tree("n", 1))
        if op == "matrix_power":
            return make(op, sub_tree("n", "n"), pick.choice([number(3), c]))
        return make(op, sub_tree("n", 1) if op == "diag" else sub_tree("n", "n"))
    if shape == (6, 1):
        half = (3, 1)
        stacked = make("stack", tree(pick, half, depth), tree(pick, half, depth), params=(1, 1))
        return pick.choice([stacked, make("vec", tree(pick, (2, 3), depth))])
    return None


SHAPES: list[Shape] = [SCALAR, ("n", 1), (1, "n"), ("m", "n"), ("n", "n"), (6, 1), (2, 3)]
expressions = st.builds(
    lambda pick, shape, depth: tree(pick, shape, depth),
    st.randoms(use_true_random=False), st.sampled_from(SHAPES), st.integers(1, 6),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_source_is_read_back_as_the_identical_node(node: Node) -> None:
    written = source(node)
    assert read(written) is node, written


# --------------------------------------------------------------------------------------------- source

AS_WRITTEN = [
    "2*A.T@(A@x - b)", "(u*f'(A@x + b))@x.T", "2*(A.T@b)", "x - (y - x)", "x - y - x", "x + (y + x)", "(-x)**2",
    "-x**2",
    "2**-x", "c**t**2", "(c**t)**2", "c/t/2", "c/(t/2)", "-(x + y)", "-x + y", "x + -y", "--x", "(A@x).T", "(x + y)[2]",
    "x[2]", "x[1:n]", "r[2]", "X[k, :]", "X[:, 2:5]", "X[0, 1]", "x.T[2]", "sum(X, axis=0)", "sum(X)",
    "mean(X, axis=1)",
    "softmax(x)", "matrix_power(X, 3)", "matrix_power(X, c)", "unvec(v, 2, 3)", "kron(A, B)", "[x; y]", "[A, B]",
    "[A, B; A, B]", "[c, t; t, 0.5]", "f''(x)", "ones(n)", "ones(1, n)", "ones(m, n)", "zeros(m)", "eye(n)", "pi*n",
    "z", "z + z", "(2).T", "inv(X).T", "x.T@A.T@b", "x.T@(A.T@b)", "x.T@y*x", "x*(x.T@y)", "1e20*c", "1e-7*c", "0.5*c",
    "maximum(x, 0)", "cross_entropy(x, y)", "lambda*x", "f(g(x))", "(A*B)@x", "(A/c)@x", "A*B/c", "-(c*x)", "-c*x",
]  # fmt: skip


@pytest.mark.parametrize("written", AS_WRITTEN)
def test_source_writes_as_it_was_written(written: str) -> None:
    assert source(read(written)) == written


@pytest.mark.parametrize(
    ("written", "matlab"),
    [
        ("2*A.T@(A@x - b)", "2*A'*(A*x - b)"), ("(u*f'(A@x + b))@x.T", "(u.*f'(A*x + b))*x'"), ("x**2", "x.^2"),
        ("c**2", "c^2"), ("matrix_power(X, 3)", "X^3"), ("x/y", "x./y"), ("x/c", "x/c"), ("1/x", "1./x"),
        ("(c**t)**2", "(c^t)^2"), ("c**t**2", "c^(t^2)"), ("2**-c", "2^-c"), ("(2).T", "(2)'"),
    ],
)  # fmt: skip
def test_source_in_the_matlab_style(written: str, matlab: str) -> None:
    assert source(read(written), syntax="matlab") == matlab


@given(st.integers(0, 10**40), st.integers(-60, 60))
def test_decimals_are_exact(digits: int, exponent: int) -> None:
    value = Fraction(digits) * Fraction(10) ** exponent
    written = decimal(value)
    assert re.fullmatch(r"\d+(\.\d+)?(e-?\d+)?", written)
    assert Fraction(written) == value


def test_decimals_of_any_length() -> None:
    assert len(decimal(Fraction(10**6000 - 1))) > 6000


# -------------------------------------------------------------------------------------------- the measure

TOKEN = re.compile(
    r"\s+|(?P<number>\d+\.\d*(?:e[+-]?\d+)?|\d+(?:e[+-]?\d+)?)|(?P<name>[^\W\d]\w*'*)|(?P<other>\.T\b|\*\*|>=|.)", re.S
)
IMPLIED = {"outer": 2, "dot": 2, "inner": 3}


def counted(written: str) -> int:
    """The length of a text by its tokens."""
    tokens = [match.group() for match in TOKEN.finditer(written) if match.group().strip()]
    tokens = [token for token in tokens if token not in "(),]"]
    return sum(IMPLIED.get(token, 1) for token in tokens)


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_the_measure_counts_the_tokens_of_the_source(node: Node) -> None:
    assert token_count(node) == counted(source(node)), source(node)


@pytest.mark.parametrize("written", AS_WRITTEN)
def test_the_measure_of_what_is_written(written: str) -> None:
    assert token_count(read(written)) == counted(written)


@pytest.mark.parametrize(
    "node",
    [
        number(Fraction(1, 3)), number(-2), dimension(dims.multiply("m", "n")), dimension(dims.subtract("n", 1)),
        ones((dims.multiply(5, "n"), 1)), zeros((dims.subtract("m", "n"), "n")), index(v, ("slice", 0, 4), ("all",)),
        index(X, ("slice", "k", dims.multiply(2, "k")), ("at", dims.subtract("n", 2))),
    ],
)  # fmt: skip
def test_the_measure_of_dimensions_and_numbers(node: Node) -> None:
    assert token_count(node) == counted(source(node))


# ------------------------------------------------------------------------------------------------- people

WRITINGS = [
    ("(u*f'(A@x + b))@x.T", "(u ⊙ f′(A x + b)) xᵀ", r"\left( u \odot f'\left( A x + b \right) \right) x^\top"),
    ("2*A.T@(A@x - b)", "2 Aᵀ (A x − b)", r"2 A^\top \left( A x - b \right)"),
    ("2*(A.T@b)", "2 Aᵀ b", r"2 A^\top b"),
    ("x - (y - x)", "x − (y − x)", r"x - \left( y - x \right)"),
    ("inv(X).T", "X⁻ᵀ", r"X^{-\top}"),
    ("inv(X)@x", "X⁻¹ x", "X^{-1} x"),
    ("inv(X + S)", "(X + S)⁻¹", r"\left( X + S \right)^{-1}"),
    ("pinv(A).T", "(A⁺)ᵀ", r"\left( A^{+} \right)^\top"),
    ("norm(x)**2", "‖x‖²", r"\left\| x \right\|^{2}"),
    ("norm(A)**2", "‖A‖_F²", r"\left\| A \right\|_F^{2}"),
    ("x/norm(x)", "x/‖x‖", r"\frac{x}{\left\| x \right\|}"),
    ("x/y", "x ⊘ y", r"x \oslash y"),
    ("x*(y/x)", "x ⊙ (y ⊘ x)", r"x \odot \left( y \oslash x \right)"),
    ("x**2", "x^∘2", r"x^{\circ 2}"),
    ("1/(2*c)*x", "(1/(2 c)) x", r"\frac{1}{2 c} x"),
    ("-(X@x)", "−X x", "-X x"),
    ("-X@x@y.T", "−X x yᵀ", r"-X x y^\top"),
    ("y + -X@x", "y + (−X x)", r"y + \left( -X x \right)"),
    ("(x.T@y)*x", "(xᵀ y) x", r"\left( x^\top y \right) x"),
    ("x.T@y*c", "(xᵀ y) c", r"\left( x^\top y \right) c"),
    ("c*(x.T@y)", "c xᵀ y", r"c x^\top y"),
    ("c*(x.T@y)*x", "c (xᵀ y) x", r"c \left( x^\top y \right) x"),
    ("2*(x.T@y)*(y.T@x)*x", "2 (xᵀ y) (yᵀ x) x", r"2 \left( x^\top y \right) \left( y^\top x \right) x"),
    ("-x/c", "−x/c", r"-\frac{x}{c}"),
    ("-X@x/c", "−X x/c", r"-\frac{X x}{c}"),
    ("-c/t/2", "(−c/t)/2", r"-\frac{\frac{c}{t}}{2}"),
    ("(-x*y)@x.T", "(−x ⊙ y) xᵀ", r"\left( -x \odot y \right) x^\top"),
    ("(-(x*y))@x.T", "(−x ⊙ y) xᵀ", r"\left( -x \odot y \right) x^\top"),
    ("-(x*y)/c", "(−x ⊙ y)/c", r"-\frac{x \odot y}{c}"),
    ("-x/y*x", "(−x ⊘ y) ⊙ x", r"\left( -x \oslash y \right) \odot x"),
    ("-(X@y)*x", "−X y ⊙ x", r"-X y \odot x"),
    ("-(x + y)*c", "−(x + y) c", r"-\left( x + y \right) c"),
    ("-(x.T@y)*x", "(−xᵀ y) x", r"\left( -x^\top y \right) x"),
    ("-x.T@y*x/c", "(−xᵀ y) x/c", r"\frac{\left( -x^\top y \right) x}{c}"),
    ("-c*(x.T@y)*x/c", "−c (xᵀ y) x/c", r"-\frac{c \left( x^\top y \right) x}{c}"),
    ("--x*c", "−(−x) c", r"-\left( -x \right) c"),
    ("-c/-c", "−c/(−c)", r"-\frac{c}{-c}"),
    ("-1/x", "−1 ⊘ x", r"-1 \oslash x"),
    ("y - -1/x", "y − (−1 ⊘ x)", r"y - \left( -1 \oslash x \right)"),
    ("-r*A", "1 (−r) ⊙ A", r"\mathbf{1} \left( -r \right) \odot A"),
    ("-r*A/c", "(1 (−r) ⊙ A)/c", r"\frac{\mathbf{1} \left( -r \right) \odot A}{c}"),
    ("-b*A", "−b 1ᵀ ⊙ A", r"-b \mathbf{1}^\top \odot A"),
    ("-c + x", "−c 1 + x", r"-c \mathbf{1} + x"),
    ("A@(-X@x)", "A (−X x)", r"A \left( -X x \right)"),
    ("(-x)/c@y.T", "(−x/c) yᵀ", r"-\frac{x}{c} y^\top"),
    ("X[0, :].T@X[:, 2].T", "X[0, :]ᵀ X[:, 2]ᵀ", r"X[0, {:}]^\top X[{:}, 2]^\top"),
    ("dot(x, y)", "xᵀ y", r"x^\top y"),
    ("outer(u, x)", "u xᵀ", r"u x^\top"),
    ("inner(A, B)", "⟨A, B⟩", r"\left\langle A, B \right\rangle"),
    ("x*2", "x · 2", r"x \cdot 2"),
    ("2*ones(n)", "2 · 1ₙ", r"2 \mathbf{1}_{n}"),
    ("A@ones(n)", "A 1ₙ", r"A \mathbf{1}_{n}"),
    ("eye(n)", "Iₙ", "I_{n}"),
    ("diag(x)", "diag(x)", r"\operatorname{diag}\left( x \right)"),
    ("tr(X)*lambda", "tr(X) λ", r"\operatorname{tr}\left( X \right) \lambda"),
    ("A + r", "A + 1 r", r"A + \mathbf{1} r"),
    ("A + x.T", "A + 1 xᵀ", r"A + \mathbf{1} x^\top"),
    ("A + b", "A + b 1ᵀ", r"A + b \mathbf{1}^\top"),
    ("A - (b + u)", "A − (b + u) 1ᵀ", r"A - \left( b + u \right) \mathbf{1}^\top"),
    ("x + c", "x + c 1", r"x + c \mathbf{1}"),
    ("A + c", "A + c 1 1ᵀ", r"A + c \mathbf{1} \mathbf{1}^\top"),
    ("c - r", "c 1ᵀ − r", r"c \mathbf{1}^\top - r"),
    ("1 + exp(x)", "1 + exp(x)", r"1 + \exp\left( x \right)"),
    ("x - 1/n", "x − 1/n", r"x - \frac{1}{n}"),
    ("A*b", "A ⊙ b 1ᵀ", r"A \odot b \mathbf{1}^\top"),
    ("f''(x)", "f″(x)", r"f''\left( x \right)"),
    ("x[2]", "x[2]", "x[2]"),
    ("X[k, 1:n]", "X[k, 1:n]", "X[k, 1{:}n]"),
    ("[x; y]", "[x; y]", r"\begin{bmatrix} x \\ y \end{bmatrix}"),
    ("sqrt(c + t)", "√(c + t)", r"\sqrt{c + t}"),
    ("logdet(X)", "log |det X|", r"\log\left| \det X \right|"),
    ("matrix_power(X, 3)", "X³", "X^{3}"),
    ("c**-2", "c⁻²", "c^{-2}"),
    ("(-c)**2", "(−c)²", r"\left( -c \right)^{2}"),
    ("sigmoid(x)", "σ(x)", r"\sigma\left( x \right)"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown", "set_"), WRITINGS)
def test_what_people_read(written: str, shown: str, set_: str) -> None:
    assert text(read(written)) == shown
    assert latex(read(written)) == set_


def test_sigma_of_the_program_is_not_the_sigmoid() -> None:
    node = mul(variable("sigma", SCALAR), make("sigmoid", x))
    assert text(node) == "σ sigmoid(x)"
    assert latex(node) == r"\sigma \operatorname{sigmoid}\left( x \right)"


def test_names_that_would_look_the_same_are_shown_as_spelled() -> None:
    node = mul(variable("W1", ("n", 1)), variable("W_1", ("n", 1)))
    assert text(node) == "W1 ⊙ W_1"
    assert latex(node) == r"\mathrm{W1} \odot \mathrm{W\_1}"


def test_shapes() -> None:
    assert shape_text(("n", "d")) == "n×d"
    assert shape_latex(("n", dims.add("n", 1))) == r"\mathbb{R}^{n \times \left( n + 1 \right)}"


HOSTILE = [
    r"\input{/etc/passwd}", r"\write18{id}", r"a}$\foo", "%", "#", "_", "^", "~", "&", "x_", "__x", "a__b", "x\\",
    "\x1b[2J", "=cmd()", 'a"b', "<script>", "a\nb", "\u202eab", "é", "e\u0301", "Ж", "λ", "µ", "café", "x_é", "straße",
    "ß", "f_Ж", "Å", "ñ1", "x" * 300, "T", "I", "e", "mathrm", "x_hat", "lambda_hat", "ab_hat", "omicron", "Sigma_1",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_names_reach_tex_by_an_allowlist(name: str) -> None:
    for node in (variable(name, SCALAR), apply(name, 1, x), ones((name, 1))):
        shown = latex(node)
        assert shown.isascii()
        commands = set(re.findall(r"\\([A-Za-z]+|.)", shown, re.S))
        greek = {"lambda", "mu", "Sigma"}
        assert commands <= greek | {"_", "mathrm", "mathbf", "left", "right", "acute", "hat", "mathring", "tilde"}
        assert not set(re.sub(r"\\_|\\[A-Za-z]+", "", shown)) & set('\\#$%&~"<>@`\n\x1b')
        assert re.sub(r"\\_", "", shown).count("{") == shown.count("}")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_reach_the_terminal_without_control_characters(name: str) -> None:
    assert all(character.isprintable() for character in text(variable(name, SCALAR)))


def test_names() -> None:
    assert [text_name(name) for name in ("mu_x", "W_q", "b_ij", "x_1_2")] == ["μₓ", "W_q", "bᵢⱼ", "x₁_2"]
    assert latex_name("lambda_max") == r"\lambda_{\mathrm{max}}"
    assert latex_name("λ") == r"{\lambda}"


# --------------------------------------------------------------------------------------------- depth and size


def towers() -> list[Node]:
    """Expressions 10,000 deep, of different making."""
    found = []
    for step in (
        neg, transpose, lambda e: add(e, x), lambda e: sub(x, e), lambda e: mul(TWO, e), lambda e: matmul(X, e),
        lambda e: make("exp", e), lambda e: div(neg(e), c), lambda e: power(TWO, e), lambda e: apply("f", 1, e),
    ):  # fmt: skip
        node = x
        for _ in range(10_000):
            node = step(node)
        found.append(node)
    return found


@pytest.mark.parametrize("node", towers(), ids=lambda node: node.op)
def test_deep_expressions_are_written_without_recursion(node: Node) -> None:
    limit = 10**6
    assert token_count(node) == counted(source(node, limit=limit))
    assert text(node, limit=limit)
    assert latex(node, limit=limit)


def shared(levels: int) -> Node:
    node = x
    for _ in range(levels):
        node = add(node, make("exp", node))
    return node


def inlined(lines: str) -> Node:
    """The value of a result with auxiliary statements, each put in where its name stands."""
    *statements, value = lines.split("\n")
    names = dict(NAMES)
    for statement in statements:
        name, _, right = statement.partition(" = ")
        assert name not in names
        names[name] = expression(right, names, functions={"f", "g"}, dims=DIMS)
    return expression(value, names, functions={"f", "g"}, dims=DIMS)


def test_shared_parts_get_names_where_all_paths_would_be_too_long() -> None:
    node = shared(60)
    written = source(node, taken=["t2"])
    assert len(written) < 5000
    assert "t1 = " in written
    assert "t2 " not in written
    assert inlined(written) is node
    assert token_count(node) == 2 ** 61 + 2**60 - 2
    assert text(node).count("where") > 50
    assert r"\text{where}" in latex(node)


@settings(max_examples=100, deadline=None)
@given(expressions)
def test_auxiliary_statements_give_the_identical_node(node: Node) -> None:
    assert inlined(source(node, limit=20)) is node


def test_a_long_result_without_sharing_stays_one_expression() -> None:
    node = x
    for place in range(30_000):
        node = add(node, variable(f"x{place}", ("n", 1)))
    assert "\n" not in source(node)


# ----------------------------------------------------------------------------------------------------- TeX


def every_operation() -> list[Node]:
    """A node of each operation of the tables."""
    square = {"inv", "pinv", "tr", "det", "logdet", *(entry.name for entry in SPECTRA)}
    G, C, D = variable("G", (6, 20)), variable("C", (3, 5)), variable("D", (2, 4))
    found = [
        make("matrix_power", X, TWO), make("power_sum", X, S, TWO), make("kron", A, add(A, B)), make("solve", X, x),
        make("kron_left", G, C, params=(2, 4)), make("kron_right", G, D, params=(3, 5)),
        make("unvec", v, params=(2, 3)),
        make("stack", x, y, params=(1, 1)), index(x, AT[2], AT["all"]), make("outer", u, x), matmul(A, x),
        make("polar", A), make("norm_nuc", A), *[make(op, A) for op in ("cov", "triu", "tril")],
        make("cross", d3, d3), make("cross", make("cross", d3, d3), d3), make("cross_matrix", d3),
        make("T", make("cross", d3, d3)),
        make("where", make("greater", A, add(A, r)), add(A, r), b), make("where", make("at_least", r, TWO), r, TWO),
        make("roll", x, params=(None, -1)), make("roll", A, params=(1, 2)), make("conv", make("conv", x, u), v),
        make("conv_matrix", x, params=("m",)), make("corr_matrix", v, params=(2,)), make("correlate", v, d3),
        *[make("norm", node) for node in (x, A)],
    ]  # fmt: skip
    done = {node.op for node in found}
    for name, operation in OPERATIONS.items():
        if name not in done:
            args = [X if name in square else x] * len(operation.signature)
            found.append(make(name, *args, params=(None,) if operation.axis else ()))
            if operation.axis:
                found += [make(name, A, params=(axis,)) for axis in (0, 1)]
    assert {node.op for node in found} == set(OPERATIONS)
    return found


@pytest.mark.parametrize("node", every_operation(), ids=lambda node: node.op)
def test_every_operation_is_written_in_all_ways(node: Node) -> None:
    names = {leaf.params[0]: leaf for leaf in postorder(node) if leaf.op == "var"}
    written = source(node)
    assert expression(written, names, dims=DIMS) is node
    assert token_count(node) == counted(written)
    assert text(node)
    assert latex(node)


@settings(max_examples=200, deadline=None)
@given(expressions, st.sampled_from([10**6, 15]))
def test_brackets_of_what_people_read_are_balanced(node: Node, limit: int) -> None:
    for shown, opening, closing in ((text(node, limit=limit), "(", ")"),
        (latex(node, limit=limit), r"\left", r"\right")):
        assert shown.count(opening) == shown.count(closing)
        assert shown.replace("\n", "").isprintable()


def formulas() -> list[str]:
    pick = random.Random(20)
    nodes = [tree(pick, shape, depth) for shape in SHAPES for depth in range(1, 6) for _ in range(6)]
    nodes += [read(written) for written in AS_WRITTEN]
    nodes += [read(written) for written, _, _ in WRITINGS]
    nodes += [variable(name, SCALAR) for name in HOSTILE] + [apply(name, 2, power(x, TWO)) for name in HOSTILE]
    nodes += [number(Fraction("1.5e30")), number(Fraction(1, 3)), apply("f", 7, x)]
    nodes += every_operation()
    shapes = [shape_latex(shape) for shape in (*SHAPES, ("m", "n", dims.multiply("m", "n")))]
    return [*map(latex, nodes), latex(shared(4), limit=10), *shapes]


@pytest.mark.skipif(shutil.which("pdflatex") is None and "MATCALC_CI" not in os.environ, reason="no pdflatex here")
def test_pdflatex_accepts_every_formula(tmp_path: Path) -> None:
    body = "\n\n".join(f"${formula}$" for formula in formulas())
    document = (
        "\\documentclass{article}\\usepackage{amsmath,amssymb}\\begin{document}\\sloppy\n"
        + body
        + "\n\\end{document}\n"
    )
    (tmp_path / "formulas.tex").write_text(document, encoding="ascii")
    run = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "formulas.tex"],
        cwd=tmp_path, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout.decode("latin-1")[-2000:]


def test_math_core_accepts_every_formula() -> None:
    math_core = __import__("math_core") if "MATCALC_CI" in os.environ else pytest.importorskip("math_core")
    converter = math_core.LatexToMathML()
    for formula in formulas():
        assert "<math" in converter.convert_with_local_state(formula, displaystyle=True), formula


def test_results_show_themselves() -> None:
    """In a session, and in a notebook."""
    found = mc.derive("s = u.T@tanh(W@x + b)", ["W", "b"])
    assert repr(found).splitlines() == [
        "∂s/∂W = (u ⊙ (1 − tanh(W x + b)^∘2)) xᵀ   (n×d)", "∂s/∂b = u ⊙ (1 − tanh(W x + b)^∘2)        (n)",
        "where u: n, W: n×d, x: d, b: n, s: scalar",
    ]  # fmt: skip
    assert str(found) == repr(found)
    shown = found._repr_latex_()
    assert shown is not None
    assert shown.startswith("\\begin{align*}")
    assert found["W"].latex() in shown
    assert found["b"]._repr_latex_() == f"$\\displaystyle {found['b'].latex()}$"
    assert repr(found["b"]) == "<u ⊙ (1 − tanh(W x + b)^∘2)>"
    assert [repr(step) for step in found.steps[:2]] == ["<definition z: W x + b>", "<definition h: tanh(z)>"]
    assert repr(mc.derive("Y = A@X", "X").steps[-1]).startswith("<result X: entries(")
    report = mc.check("s = x.T@x", "x")
    assert repr(report) == report.text()


def test_what_is_too_long_to_be_written_shows_why(monkeypatch: pytest.MonkeyPatch) -> None:
    found = mc.derive("s = x.T@x", "x")

    def too_long(*_: object, **__: object) -> str:
        raise mc.LimitError("the formula is too long")

    monkeypatch.setattr("matcalc.render.text.text", too_long)
    monkeypatch.setattr("matcalc.render.latex.latex", too_long)
    assert repr(found) == "<derivatives by x: the formula is too long>"
    assert found._repr_latex_() is None
    assert found["x"]._repr_latex_() is None
