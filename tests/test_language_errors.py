"""What is told of programs that mean nothing: the class, the place, both shapes, where they come from, the mend."""

from __future__ import annotations

import re

import pytest

from matcalc.errors import MatcalcError, ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.language.calls import REFUSED, SPELLINGS, near
from matcalc.language.program import beside, elaborate, expression


def error_of(text: str) -> MatcalcError:
    with pytest.raises(MatcalcError) as caught:
        elaborate(text)
    return caught.value


# ---- the whole message, once for each way in which shapes do not fit ----

MESSAGES = [
    (
        "y = w @ x",
        "w @ x: a column (n×1) times a column (m×1) does not fit; w is a column (n×1), not declared "
        "(lower-case names are columns); x is a column (m×1), not declared (lower-case names are columns); did "
        "you mean w.T @ x, or outer(w, x)?\n  line 1, column 7\n    y = w @ x\n          ^",
    ),
    (
        "x: vector(n)\ny: vector(m)\ns = x + y",
        "x + y: dimensions n and m differ, they are declared as two; x is a column (n×1), declared vector(n) "
        "in line 1; y is a column (m×1), declared vector(m) in line 2; where they are equal, give them one "
        "name\n  line 3, column 7\n    s = x + y\n          ^",
    ),
    (
        "A: matrix(3, 4)\nx: vector(5)\ny = 2*A@x",
        "2 * A @ x: dimensions 4 and 5 differ; 2 * A is a matrix (3×4); x is a column (5×1), declared "
        "vector(5) in line 2; 4 because A is declared matrix(3, 4) in line 1\n  line 3, column 8",
    ),
    (
        "X: matrix(m, n)\nr = X@w\nw: vector(n)\nq = r.T@w",
        "r.T @ w: dimensions m and n differ, they are declared as two; r.T is a row (1×m); w is a column "
        "(n×1), declared vector(n) in line 3; m because X is declared matrix(m, n) in line 1; where they are "
        "equal, give them one name",
    ),
    (
        "y = A@x\nz = B@x\nB: matrix(3, 5)\nA: matrix(3, 4)",
        "B @ x: dimensions 5 and 4 differ; B is a matrix (3×5), declared matrix(3, 5) in line 3; x is a column "
        "(4×1), not declared (lower-case names are columns); 4 because A is declared matrix(3, 4) in line 4",
    ),
    (
        "x: vector(n)\ny = x + ones(3)",
        "x + ones(3): dimensions n and 3 differ, a declared name is no other number; x is a column (n×1), "
        "declared vector(n) in line 1; ones(3) is a column (3×1); where they are equal, declare the number or "
        "one name",
    ),
    (
        "s = det(X)\nX: matrix(3, 4)",
        "det(X): dimensions 3 and 4 differ; X is a matrix (3×4), declared matrix(3, 4) in line 2; det needs a "
        "square matrix\n  line 1, column 5",
    ),
    (
        "A: matrix(m, n)\nB: matrix(n, m)\nC = A * B",
        "A * B: dimensions m and n differ, they are declared as two; A is a matrix (m×n), declared matrix(m, "
        "n) in line 1; B is a matrix (n×m), declared matrix(n, m) in line 2; did you mean A * B.T?",
    ),
    (
        "A: matrix(3, 4)\nB: matrix(3, 5)\nC = A@B",
        "A @ B: dimensions 4 and 3 differ; A is a matrix (3×4), declared matrix(3, 4) in line 1; B is a matrix "
        "(3×5), declared matrix(3, 5) in line 2; did you mean A.T @ B?",
    ),
    (
        "y = inv(A@x)",
        "inv(A @ x): it needs a square matrix, this is a column (n×1); A @ x is a column (n×1); A is not "
        "declared (capital names are matrices); x is not declared (lower-case names are columns)",
    ),
    (
        "y = sum(x)@x",
        "sum(x) @ x: @ multiplies matrices and vectors, one of these is a scalar; sum(x) is a scalar; x is a "
        "column (n×1), not declared (lower-case names are columns); write * for it",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MESSAGES[:2])
def test_messages_word_by_word(text: str, message: str) -> None:
    assert str(error_of(text)) == message


@pytest.mark.parametrize(("text", "message"), MESSAGES)
def test_messages_begin(text: str, message: str) -> None:
    error = error_of(text)
    assert isinstance(error, ShapeError)
    assert str(error).startswith(message)


# ---- class, place and what is said, for all the rest ----

FAULTS = [
    # Shapes (27 to 32, 39 to 44 of the fault corpus).
    ("y = x + x.T", ShapeError, 1, 7, "a column (n×1) and a row (1×n) do not go together"),
    ("\ny = x @ x", ShapeError, 2, 7, "did you mean x.T @ x, or outer(x, x)?"),
    ("r: row(n); y = r @ r", ShapeError, 1, 18, "did you mean r @ r.T?"),
    ("y = x @ A", ShapeError, 1, 7, "did you mean x.T @ A?"),
    ("y = A @ x.T", ShapeError, 1, 7, "did you mean A @ x?"),
    ("r: row(n); y = A @ r", ShapeError, 1, 18, "did you mean A @ r.T?"),
    ("X: matrix(m, n); y = logdet(X)", ShapeError, 1, 22, "logdet needs a square matrix"),
    ("X: matrix(m, n); y = X + X.T", ShapeError, 1, 24, "did you mean"),
    ("x: vector(3); y: vector(4); s = x*y", ShapeError, 1, 34, "dimensions 3 and 4 differ"),
    ("y = [x1; x2] + z; x1: vector(4); z: vector(4)", ShapeError, 1, 14, "n + 4 and 4 are never equal"),
    ("y = [X1; X2] + Z; X1: matrix(4, 2); Z: matrix(5, 2)", ShapeError, 1, 14, "n + 4 is 5 only where n is 1; "),
    ("y = [x; x] + z; z: vector(5)", ShapeError, 1, 12, "2*n and 5 are never equal"),
    ("y = kron(A, B) + C; C: matrix(n, n)", ShapeError, 1, 16, "it cannot be told how m*q and n are equal"),
    ("y = softmax(X)", ShapeError, 1, 5, "add axis=0 (each column) or axis=1 (each row)"),
    ("y = X[0]", ShapeError, 1, 5, "write X[i, j], X[i, :] or X[:, j]"),
    ("y = 3[0]", ShapeError, 1, 5, "a scalar has no entries"),
    ("x: vector(4); y = x[4]", ShapeError, 1, 19, "index 4 is out of range for 4 entries"),
    ("x: vector(4); y = x[-5]", ShapeError, 1, 19, "out of range"),
    ("x: vector(4); y = x[2:6]", ShapeError, 1, 19, "out of range"),
    ("x: vector(4); y = x[2:2]", ShapeError, 1, 19, "is empty"),
    ("y = x[7] + z[0]; z: vector(5); q = x*z", ShapeError, 1, 5, "out of range"),
    ("y = outer(A, x)", ShapeError, 1, 5, "it needs vectors, this is a matrix"),
    ("y = dot(x, 3)", ShapeError, 1, 5, "it needs vectors"),
    ("y = solve(A, c.T)", ShapeError, 1, 5, "it needs n rows"),
    ("n: scalar; x: vector(n); s = x.T@x", ShapeError, 1, 22, "n is a dimension and declared as a variable"),
    ("x: vector(n); x: vector(m); s = x.T@x", ShapeError, 1, 15, "declared vector(m) here and vector(n) in line 1"),
    ("x: vector(n) positive; x: vector(n); s = x.T@x", ShapeError, 1, 24, "declared vector(n) here"),
    ("y = ones(0)", ShapeError, 1, 5, "at least 1"),
    ("y = eye(2 - 3)", ShapeError, 1, 5, "at least 1"),
    ("r = mean(X, axis=1); r: row(m)", ShapeError, 1, 5, "r is declared a row"),
    # Names (17 to 26).
    ("sin = x; y = sin(x)", ParseError, 1, 1, "sin is a function"),
    ("y = sin + 1", ParseError, 1, 5, "call it, sin(x)"),
    ("y = eye", ParseError, 1, 5, "call it, eye(n)"),
    ("inv: matrix(n, n); y = inv", ParseError, 1, 1, "inv is a function"),
    ("y = f(x) + f", ParseError, 1, 12, "f is a function, not a variable"),
    ("y = f + f(x)", ParseError, 1, 9, "f is a variable, it cannot be called; write * for a product"),
    ("y = x(3)*x", ParseError, 1, 10, "x is a function, not a variable"),
    ("z = x; y = z(3)", ParseError, 1, 12, "z is a variable, it cannot be called"),
    ("f: elementwise; y = f + x", ParseError, 1, 21, "f is a function"),
    ("f: elementwise; f: vector(n); y = x", ParseError, 1, 17, "a function and a variable"),
    ("f: elementwise positive; y = f(x)", ParseError, 1, 1, "cannot be declared positive"),
    ("x = 1\nx = 2", ParseError, 2, 1, "x is assigned twice, first in line 1"),
    ("y = z + 1\nz = 2*x", UnknownNameError, 1, 5, "z is used before it is assigned, in line 2"),
    ("x = x + 1", UnknownNameError, 1, 5, "x is used before it is assigned"),
    ("y = x[i]", UnknownNameError, 1, 7, "there is no dimension i"),
    ("i: scalar; y = x[i]", UnsupportedError, 1, 18, "i is a variable, not a dimension"),
    ("y = x[0.5]", UnsupportedError, 1, 7, "cannot be computed like this"),
    ("x: vector(3); y = ones(x)", UnsupportedError, 1, 24, "x is a variable"),
    # Calls (25, 26).
    ("y = relu(x, w)", ParseError, 1, 5, "relu(X) takes 1 argument, 2 are given"),
    ("y = outer(x)", ParseError, 1, 5, "outer(A, B) takes 2 arguments, 1 is given"),
    ("y = sum(X, 0)", ParseError, 1, 5, "write axis=0 or axis=1"),
    ("y = sum(X, axis=2)", ParseError, 1, 17, "axis is 0 or 1"),
    ("y = sum(X, axis=-1)", ParseError, 1, 17, "axes count from the front here"),
    ("y = sum(X, axis=0, axis=1)", ParseError, 1, 20, "given twice"),
    ("y = sum(X, dim=0)", ParseError, 1, 12, "sum has no keyword dim"),
    ("y = norm(X, axis=0)", ParseError, 1, 5, "norm has no keyword axis"),
    ("y = norm(x, 1)", ParseError, 1, 5, "2 are given; norm(x) is the Euclidean and the Frobenius norm; norm1"),
    ("y = norm(x, ord=1)", ParseError, 1, 5, "norm has no keyword ord; norm(x) is the Euclidean"),
    ("y = relu(x, axis=0)", ParseError, 1, 5, "relu has no keyword axis"),
    ("y = f(x, axis=0)", UnknownNameError, 1, 5, "f is not known"),
    ("y = foo(x, w)", UnknownNameError, 1, 5, "an unknown function is elementwise and takes one argument"),
    ("y = outter(x, w)", UnknownNameError, 1, 5, "did you mean outer?"),
    ("y = eye(n, m)", ParseError, 1, 5, "it is written eye(n)"),
    ("y = ones(2, 3, 4)", ParseError, 1, 5, "it is written ones(n) or ones(m, n)"),
    ("y = unvec(x, 2)", ParseError, 1, 5, "unvec(X, m, n) takes 3 arguments"),
    ("y = f'''(x)", UnsupportedError, 1, 5, "derivative 3 of f is not supported"),
    ("y = norm'(x)", UnsupportedError, 1, 5, "only elementwise functions"),
    ("y = matrix_power(X, -2.5)", UnsupportedError, 1, 22, "whole number"),
    ("y = matrix_power(X, 0.5)", UnsupportedError, 1, 21, "whole number"),
    ("y = matrix_power(X, 2*k)", UnsupportedError, 1, 22, "whole numbers and scalar names"),
    ("y = logm(X)", UnsupportedError, 1, 5, "log(X) is elementwise"),
    ("y = 2*einsum(A, B)", UnsupportedError, 1, 7, "index expression"),
    ("y = trace(X)", UnknownNameError, 1, 5, "write tr(X)"),
    ("y = transpose(X)", UnknownNameError, 1, 5, "write X.T"),
    ("y = ln(x)", UnknownNameError, 1, 5, "write log(x)"),
    ("y = norm2(x)", UnknownNameError, 1, 5, "write norm(x)"),
    ("y = matmul(A, B)", UnknownNameError, 1, 5, "write A @ B"),
    ("x: vector(n)", ParseError, 1, 13, "the program has no formula"),
    ("f(t) = t", ParseError, 1, 9, "the program has no formula"),
    ("y = sum(k: x[k])", UnsupportedError, 1, 5, "a sum over indices stands in braces"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cls", "line", "column", "said"), FAULTS)
def test_faults(text: str, cls: type[MatcalcError], line: int, column: int, said: str) -> None:
    error = error_of(text)
    assert type(error) is cls
    assert (error.line, error.column) == (line, column)
    assert said in str(error)
    assert "?0" not in str(error)
    assert not re.search(r"\?\d", str(error))
    assert "{" not in error.hint or "{i" in error.hint


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_functions_of_other_libraries_are_refused_with_a_reason(name: str) -> None:
    error = error_of(f"y = {name}(X)")
    assert type(error) is UnsupportedError
    assert error.hint


@pytest.mark.parametrize("name", sorted(SPELLINGS))
def test_other_spellings_are_told(name: str) -> None:
    error = error_of(f"y = {name}(X)")
    assert type(error) is UnknownNameError
    spelled = error.hint.removeprefix("write ")
    names = elaborate("A, B, X: matrix(n, n); x, y, a, b: vector(n); p: vector(n) positive; k: scalar; s = tr(X)")
    assert expression(spelled, beside(names))


def test_a_program_may_define_a_name_that_other_libraries_have() -> None:
    assert elaborate("round(t) = 2*t; y = round(x)").names["y"].args[0].args[1].op == "mul"
    assert elaborate("ln: elementwise; y = ln(x)").functions == ("ln",)


def test_errors_beside_a_program_have_places_too() -> None:
    environment = beside(elaborate("z = W@x + b"))
    for text, column, said in [
        ("W@b", 2, "W @ b: dimensions d and n differ; W is a matrix (n×d); b is a column (n×1)"),
        ("W + x.T@u", 9, "u is not known"),
        ("W + [x, x]", 3, "dimensions n and d differ"),
        ("wz.T@b", 1, "wz is not known; did you mean"),
        ("g(x)", 1, "the function g is not known"),
    ]:
        with pytest.raises(MatcalcError, match=re.escape(said)) as caught:
            expression(text, environment)
        assert caught.value.column == column


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tahn", "did you mean tanh?"),
        ("relux", "did you mean relu?"),
        ("sigmod", "did you mean sigmoid?"),
        ("f", ""),
        ("quux", ""),
    ],
)
def test_near_names(name: str, hint: str) -> None:
    assert near(name, ["tan", "tanh", "relu", "sigmoid", "exp", "log", "tr", "abs"]) == hint
