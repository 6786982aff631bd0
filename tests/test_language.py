"""What programs mean: nodes as written, shapes, dimensions, definitions, functions, notes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from matcalc.errors import ParseError, ShapeError, UnknownNameError
from matcalc.expressions.dims import add as dim_add
from matcalc.expressions.dims import multiply, subtract
from matcalc.expressions.node import kind
from matcalc.language.conventions import NUMPY
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations.table import (
    add,
    apply,
    dimension,
    index,
    let,
    make,
    matmul,
    mul,
    neg,
    number,
    ones,
    power,
    sub,
    transpose,
    variable,
)

A = variable("A", ("m", "n"))
x = variable("x", ("n", 1))
b = variable("b", ("m", 1))
c = variable("c", (1, 1))
NAMES = {"A": A, "x": x, "b": b, "c": c}


def shapes(text: str) -> dict[str, tuple[object, object]]:
    return dict(elaborate(text).shapes)


# ---- one expression in a known environment ----


def test_an_expression_is_kept_as_written() -> None:
    found = expression("2*A.T@(A@x - b)", NAMES)
    assert found is matmul(mul(number(2), transpose(A)), sub(matmul(A, x), b))


def test_precedence_is_pythons() -> None:
    assert expression("-x**2", NAMES) is neg(power(x, number(2)))
    assert expression("2**-c", NAMES) is power(number(2), neg(c))
    assert expression("c - c - c", NAMES) is sub(sub(c, c), c)
    assert expression("2**3**c", NAMES) is power(number(2), power(number(3), c))


def test_numbers_are_exact() -> None:
    assert expression("0.1", {}).params == (Fraction(1, 10),)
    assert expression("1e-1", {}) is number(Fraction(1, 10))


def test_plus_sign_means_nothing() -> None:
    assert expression("+x", NAMES) is x


def test_products_that_are_scalars_become_elementwise_in_a_chain() -> None:
    s = matmul(transpose(x), x)
    assert expression("x.T@x@x.T", NAMES) is mul(s, transpose(x))
    assert expression("-(x.T@x)@x.T", NAMES) is mul(neg(s), transpose(x))
    assert expression("x@(x.T@x)", NAMES) is mul(x, s)
    assert expression("dot(x, x)@x.T", NAMES) is mul(make("dot", x, x), transpose(x))
    assert expression("(x.T@x).T@x.T", NAMES) is mul(transpose(s), transpose(x))
    assert elaborate("s = u.T@v; y = s@w").value.args[0].op == "mul"


@pytest.mark.parametrize("text", ["c@x.T", "2@x.T", "sum(x)@x.T", "x@c"])
def test_other_scalars_do_not_stand_in_a_matrix_product(text: str) -> None:
    with pytest.raises(ShapeError, match=r"write \* for it"):
        expression(text, NAMES)


def test_dimensions_stand_for_their_numbers() -> None:
    assert expression("x / n", NAMES, dims=["n"]) is make("div", x, dimension("n"))
    assert expression("ones(n).T@x", NAMES, dims=["n"]) is matmul(transpose(ones(("n", 1))), x)
    assert expression("ones(2*n - 1)", {}, dims=["n"]).shape == (subtract(multiply(2, "n"), 1), 1)
    with pytest.raises(UnknownNameError, match="no dimension k"):
        expression("ones(k)", NAMES, dims=["n"])


def test_ones_of_one_entry_is_the_number() -> None:
    assert expression("ones(1)", {}) is number(1)
    assert expression("zeros(1, 1)", {}) is number(0)
    assert expression("eye(1)", {}) is number(1)
    assert kind(expression("ones(1, 3)", {}).shape) == "row"


def test_unknown_functions_are_those_of_the_environment() -> None:
    assert expression("f''(x)", NAMES, functions={"f"}) is apply("f", 2, x)
    with pytest.raises(UnknownNameError, match="did you mean tanh"):
        expression("tahn(x)", NAMES)


def test_names_that_are_not_known_are_refused_with_near_ones() -> None:
    names = {"weights": A, "x": x}
    with pytest.raises(UnknownNameError, match="weihgts is not known; did you mean weights") as caught:
        expression("weihgts@x", names)
    assert (caught.value.line, caught.value.column) == (1, 1)


def test_pi_is_the_constant_unless_it_has_a_meaning() -> None:
    assert expression("pi", {}).op == "pi"
    assert expression("pi", {"pi": c}) is c
    assert elaborate("y = 2*π*x").value is elaborate("y = 2*pi*x").value
    assert elaborate("pi = 3; y = pi*x").names["pi"].op == "let"
    assert elaborate("pi: row(n); s = pi@x").shapes["pi"] == (1, "n")


def test_abbreviations_before_an_expression_stand_for_what_they_abbreviate() -> None:
    found = expression("t1 = A@x\nt2 = t1 - b\nt1.T@t2", NAMES)
    assert found is matmul(transpose(matmul(A, x)), sub(matmul(A, x), b))
    for text in ("x = A@x\nx", "t1 = A@x\nt2 = b", "A@x\nx"):
        with pytest.raises(ParseError):
            expression(text, NAMES)


# ---- indices ----


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("A[1, 2]", ("at", 1), ("at", 2)),
        ("A[-1, :]", ("at", subtract("m", 1)), ("all",)),
        ("A[:, 0]", ("all",), ("at", 0)),
        ("A[1:, :-1]", ("slice", 1, "m"), ("slice", 0, subtract("n", 1))),
        ("A[:3, -4:-2]", ("slice", 0, 3), ("slice", subtract("n", 4), subtract("n", 2))),
        ("A[k, n - 1]", ("at", "k"), ("at", subtract("n", 1))),
        ("A[-k, 0]", ("at", subtract("m", "k")), ("at", 0)),
        ("A[:, :]", ("all",), ("all",)),
    ],
)
def test_index_items_of_a_matrix(text: str, rows: tuple[object, ...], columns: tuple[object, ...]) -> None:
    assert expression(text, NAMES, dims=["k", "m", "n"]) is index(A, rows, columns)


def test_index_items_of_a_column_and_a_row() -> None:
    assert expression("x[2]", NAMES) is index(x, ("at", 2), ("all",))
    assert expression("x.T[2]", NAMES) is index(transpose(x), ("all",), ("at", 2))
    assert expression("x[2:5]", NAMES).shape == (3, 1)
    assert expression("x[2:3]", NAMES).shape == (1, 1)
    assert expression("A[1, :]", NAMES).shape == (1, "n")
    assert expression("softmax(x)[2]", NAMES).shape == (1, 1)


# ---- shapes of whole programs ----


def test_the_window_classifier() -> None:
    program = elaborate("s = u.T @ f(W@x + b)")
    assert program.shapes == {"u": ("n", 1), "W": ("n", "d"), "x": ("d", 1), "b": ("n", 1), "s": (1, 1)}
    assert program.dims == ("n", "d")
    assert program.functions == ("f",)
    assert program.value_name == "s"
    assert program.value is program.names["s"]
    u, w, v, bias = (program.inputs[name] for name in "uWxb")
    assert program.value is let("s", matmul(transpose(u), apply("f", 0, add(matmul(w, v), bias))))


def test_the_value_is_the_last_assignment_or_expression() -> None:
    program = elaborate("z = W@x\nz.T@z\nb: vector(3)")
    assert program.value_name is None
    assert program.value is expression("z.T@z", beside(program))
    assert program.shapes["b"] == (3, 1)


def test_names_are_in_the_order_in_which_formulas_meet_them() -> None:
    assert list(elaborate("q: vector(n); z = W@x + b; s = sum(z*q)").names) == ["q", "W", "x", "b", "z", "s"]


def test_declarations_stand_anywhere_and_assigned_names_may_be_declared() -> None:
    assert shapes("y = W@x; W: matrix(3, 4)") == {"W": (3, 4), "x": (4, 1), "y": (3, 1)}
    assert shapes("r = mean(X, axis=1); r: vector(k)") == {"X": ("k", "n"), "r": ("k", 1)}
    with pytest.raises(ShapeError, match="r is declared a row"):
        elaborate("r = mean(X, axis=1); r: row(k)")


def test_every_type() -> None:
    text = """
    a: scalar; v: vector(n); r: row(n); M: matrix(m, n); S: symmetric(n); P: posdef(n); K: skew(n)
    D: diagonal(n); Q: orthogonal(n); p: simplex(n); f: elementwise; w: vector(n) positive
    s = a*f(v.T)@S@P@K@D@Q@p + r@w + sum(M)
    """
    program = elaborate(text)
    types = {name: node.params[1] for name, node in program.inputs.items()}
    assert types == {
        "a": "", "v": "", "r": "", "M": "", "S": "symmetric", "P": "posdef", "K": "skew", "D": "diagonal",
        "Q": "orthogonal", "p": "simplex", "w": "",
    }  # fmt: skip
    assert [name for name, node in program.inputs.items() if node.params[2]] == ["w"]
    assert program.shapes["r"] == (1, "n")
    assert program.shapes["K"] == ("n", "n")
    assert program.functions == ("f",)


def test_an_axis_of_length_one_is_none_and_a_note_says_so() -> None:
    program = elaborate("x: vector(1); X: matrix(1, n); Y: matrix(n, 1); s = x*X@Y")
    assert program.shapes == {"x": (1, 1), "X": (1, "n"), "Y": ("n", 1), "s": (1, 1)}
    assert len([note for note in program.notes if "axis of length 1" in note]) == 3


def test_dimensions_that_nothing_names_get_free_letters() -> None:
    assert shapes("y = A@x") == {"A": ("n", "m"), "x": ("m", 1), "y": ("n", 1)}
    assert shapes("y = A@n + m")["A"] == ("p", "q")
    assert shapes("f(m) = m**2; y = A@f(x)")["A"] == ("n", "p")
    assert shapes("y = n(A@x)")["A"] == ("m", "p")
    assert shapes("x: vector(n); y = A@x")["A"] == ("m", "n")


def test_the_columns_of_weights_are_d() -> None:
    assert shapes("z1 = W1@x; z2 = W2@z1") == {
        "W1": ("n", "d"), "x": ("d", 1), "z1": ("n", 1), "W2": ("m", "n"), "z2": ("m", 1),
    }  # fmt: skip
    assert shapes("z = W@d")["W"] == ("n", "m")
    assert shapes("x: vector(k); z = W@x")["W"] == ("n", "k")
    assert shapes("d: scalar; z = W@x*d")["W"] == ("n", "m")


def test_many_dimensions_have_names_too() -> None:
    program = elaborate("; ".join(f"y{i} = sum(x{i})" for i in range(60)))
    assert len(set(program.dims)) == 60
    assert program.dims[:3] == ("n", "m", "p")
    assert not set(program.dims) & set(program.names)


def test_stacked_blocks_add_up() -> None:
    text = "x1, x2, x3: vector(d); x = [x1; x2; x3]; z = W@x"
    assert shapes(text)["W"] == ("n", multiply(3, "d"))
    assert shapes("y = [x; 1]")["y"] == (dim_add("n", 1), 1)
    assert shapes("t: scalar; R = [cos(t), -sin(t); sin(t), cos(t)]; y = R@x") == {
        "t": (1, 1), "R": (2, 2), "x": (2, 1), "y": (2, 1),
    }  # fmt: skip
    assert shapes("M = [A, B; C, D]; A: matrix(2, 3); D: matrix(4, 5); B: matrix(2, 5)")["M"] == (6, 8)


def test_dimensions_are_solved_for() -> None:
    assert shapes("y = [x; x] + z; z: vector(6)")["x"] == (3, 1)
    assert shapes("y = [x; w] + z; w: vector(3); z: vector(5)")["x"] == (2, 1)
    assert shapes("y = kron(A, B) + C; C: matrix(6, 10); B: matrix(3, 2)")["A"] == (2, 5)
    assert shapes("y = vec(A) + x")["x"] == (multiply("n", "m"), 1)
    assert shapes("y = unvec(x, 2, 3)@z") == {"x": (6, 1), "z": (3, 1), "y": (2, 1)}


def test_equal_products_of_unknown_dimensions_are_taken_factor_by_factor_and_a_note_says_so() -> None:
    program = elaborate("s = vec(A).T@vec(X)")
    assert program.shapes["A"] == program.shapes["X"]
    assert [note for note in program.notes if "taken to be the same" in note]
    other = elaborate("A: matrix(m, n); s = vec(A).T@vec(X)")
    assert other.shapes["X"] == ("m", "n")
    assert elaborate("A: matrix(n, m); s = norm(vec(A) - vec(X))").shapes["X"] == ("n", "m")


def test_an_equation_waits_until_it_can_be_solved() -> None:
    assert shapes("s = vec(A).T@vec(X); t = A@y; y: vector(3); A@X.T; X@y")["X"][1] == 3


def test_indices_tell_the_least_sizes() -> None:
    program = elaborate("p = softmax(W@x); J = -log(p[2]) + x[-2] + z[1:5][0]")
    assert program.least == {"n": 3, "d": 2, "m": 5}
    assert elaborate("y = [x; x]; s = y[4]").least == {"n": 3}
    assert elaborate("x: vector(5); y = x[2:4]").least == {}
    assert elaborate("x: vector(n); y = x[2:-1]").least == {"n": 4}
    needs = elaborate("y = [x1; x2] + z; z: vector(4)").needs
    assert needs == (subtract(3, "n"),)


def test_a_dimension_that_is_a_variable_too_has_another_name_in_results() -> None:
    program = elaborate("b: row(h); h = relu(x.T@W + b); s = h@ones(h)")
    assert program.shapes["h"] == (1, "h_")
    assert "h_" in program.dims
    assert [note for note in program.notes if "h_" in note]
    assert expression("ones(h_)", beside(program)).shape == ("h_", 1)


def test_a_dimension_needs_no_declaration_where_it_is_a_size() -> None:
    assert shapes("s = ones(n).T@x / n") == {"x": ("n", 1), "s": (1, 1)}
    assert elaborate("s = x.T@x / n").shapes["n"] == ("p", 1)  # here it is a vector like any other
    assert elaborate("x: vector(n); s = x.T@x / n").shapes == {"x": ("n", 1), "s": (1, 1)}


@pytest.mark.parametrize(
    "name", ["lambda", "import", "None", "class", "match", "e", "I", "np", "numpy", "x_0", "grad_x"]
)
def test_names_that_mean_something_elsewhere_are_ordinary_here(name: str) -> None:
    program = elaborate(f"y = 2*{name}")
    assert kind(program.shapes[name]) == NUMPY.default(name)
