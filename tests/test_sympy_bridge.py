"""SymPy both ways: every expression is evaluated by SymPy, on explicit matrices, and by matcalc's generated code."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np
import pytest
import sympy
from differences import FUNCTIONS, SIZES, close, derivative, evaluator, point
from sympy.matrices.expressions import (
    BlockDiagMatrix,
    BlockMatrix,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DotProduct,
    HadamardPower,
    MatrixSlice,
    OneMatrix,
)
from sympy.matrices.expressions.matexpr import MatrixElement

import matcalc as mc
from matcalc.language.program import Program, elaborate
from matcalc.sympy_bridge.writing import to_sympy

m, n, p = sympy.symbols("m n p")
a, b, t = sympy.symbols("a b t")
A, B = sympy.MatrixSymbol("A", m, n), sympy.MatrixSymbol("B", m, n)
X, Y = sympy.MatrixSymbol("X", n, n), sympy.MatrixSymbol("Y", n, n)
x, y = sympy.MatrixSymbol("x", n, 1), sympy.MatrixSymbol("y", n, 1)
z, r = sympy.MatrixSymbol("z", m, 1), sympy.MatrixSymbol("r", 1, n)
S = sympy.MatrixSymbol("S", 1, 1)
f = sympy.Function("f")


def stand_in(name: str) -> Any:
    rate = {"f": 1.3, "g": 0.7, "h": 1.9}[name]
    return sympy.Lambda(t, sympy.sin(sympy.Float(rate) * t + sympy.Float(0.4)))


def by_sympy(expr: Any, inputs: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The value of a SymPy expression on explicit matrices, by SymPy."""
    sizes = {sympy.Symbol(name): sympy.Integer(size) for name, size in SIZES.items()}
    expr = expr.replace(sympy.Function("f"), stand_in("f"))
    expr = expr.xreplace({s: k for s, k in sizes.items() if s.name not in inputs})
    given: dict[Any, Any] = {}
    for s in expr.atoms(sympy.MatrixSymbol):
        given[s] = sympy.ImmutableMatrix(np.asarray(inputs[s.name], float).reshape(tuple(map(int, s.shape))))
    for s in expr.atoms(sympy.Symbol):
        if s.name in inputs and not isinstance(s, sympy.Dummy):
            given[s] = sympy.Float(np.asarray(inputs[s.name], float).item())
    found = expr.xreplace(given)
    for class_ in (OneMatrix, sympy.ZeroMatrix, sympy.Identity):
        found = found.replace(class_, lambda *args, made=class_: made(*args).as_explicit())
    found = found.replace(sympy.Trace, lambda x: entries(x).trace())
    found = found.replace(DiagonalOf, lambda x: sympy.ImmutableMatrix(entries(x).diagonal().T))
    found = found.replace(DiagonalMatrix, lambda x: sympy.ImmutableMatrix(sympy.diag(*entries(x).diagonal())))
    return np.array(entries(found).tolist(), dtype=float)


def entries(expr: Any) -> Any:
    """The explicit matrix that SymPy makes of an expression without symbols."""
    found = expr.doit()
    found = found.as_explicit() if hasattr(found, "as_explicit") else found
    return found if getattr(found, "is_Matrix", False) else sympy.Matrix([[found]])


def by_code(program: Program, inputs: dict[str, Any]) -> Any:
    """The value of a program by the code generated of it."""
    compiled = mc.compile(program, wrt=[])
    calls = {name: inputs[name] for name in program.inputs if name in inputs}
    functions = {name: FUNCTIONS[name, 0] for name in program.functions}
    arrays = {k: np.asarray(v).reshape([d for d in np.shape(v) if d != 1] or []) for k, v in calls.items()}
    return np.asarray(compiled(**arrays, **functions)[0], float)


def same(found: Any, expected: Any) -> bool:
    """Equal in value, whatever the convention for a single column."""
    return close(np.asarray(found).ravel(), np.asarray(expected).ravel(), 1e-10)


DECLARED = """A: matrix(m, n); B: matrix(m, n); X: matrix(n, n); Y: matrix(n, n)
x: vector(n); y: vector(n); z: vector(m); r: row(n); a: scalar; b: scalar; C: matrix(p, m); P: posdef(n)
"""

SOURCES = """
A@x - z
x.T@X@y
x@z.T
r@x + a
A*B
A/(2 + B**2)
A*z + B*r
A - z
A + r
a*X - b
a/(1 + X**2)
2**X
X**2 + X@X
(1 + X**2)**Y
inv(X)
solve(X, y)
X@inv(Y).T@x
matrix_power(X, 3)
det(X)
logdet(P)
logdet(X@X.T)
tr(X@Y)
tr(A.T@B)
inner(A, B)
dot(x, y)
outer(x, z)
kron(A, X)
kron(x, z)
diag(x)@X
diag(X)
diag(r)
sum(A)
sum(A, axis=0)
sum(A, axis=1)
mean(A)
mean(A, axis=0)
mean(A, axis=1)
mean(x)
norm(A)
norm(x - y)
norm1(A)
exp(A)
log(1 + x**2)
sqrt(1 + A**2)
abs(A)
sin(x) + cos(y)*tan(x)
arctan(A)
tanh(A@x)
sigmoid(A)
softplus(x)
silu(x)
gelu(x)
relu(A)
step(A)
sign(x)
reciprocal(A)
square(A)
expm1(x)
log1p(x**2)
erf(A)
maximum(A, 0.1)
minimum(0.2, x)
logsumexp(x)
logsumexp(A, axis=0)
logsumexp(A, axis=1)
softmax(x)
softmax(r)
softmax(A, axis=0)
softmax(A, axis=1)
log_softmax(x)
log_softmax(A, axis=1)
cross_entropy(x**2, exp(y))
x[1]*X[0, 2]
X[1, :]@y
A[:, 2] - z
A[1:3, :]@x
x[1:]
(X@Y)[0, 1]
[X, x; r, a]
[a, 1; 2, b]
[x; y]
[1; a]
ones(m, n) + zeros(m, n) + A
X - eye(n)
x.T@y/n + pi
f(A)@x
f(a)*x
f'(X)
f'(2*a)
u = A@x; u*u + z
exp(tr(X))*X.T/3
sinh(a) + cosh(b) + arcsin(x/2) + arccos(y/2)
-2*X.T@(X@x - y)
(a*b)*X - 0.5*x@r
C@(A + z@r)
""".strip().splitlines()


@pytest.mark.parametrize("source", SOURCES)
def test_sympy_and_back(source: str) -> None:
    program = elaborate(DECLARED + source)
    inputs = point(program.value, *program.inputs.values(), seed=source)
    expected = evaluator(inputs)(program.value)
    written = to_sympy(program.value)
    if "f'" not in source:
        assert same(by_sympy(written, inputs), expected)
    back = mc.from_sympy(written)
    if back.functions:
        assert same(evaluator(inputs)(back.value), expected)
    else:
        assert same(by_code(back, inputs), expected)


def explicit(shape: tuple[int, int]) -> Any:
    return sympy.Matrix(*shape, lambda i, j: sympy.Rational(i + 2 * j + 1, 7))


EXPRESSIONS = [
    x.T * X * y,
    (x.T * X * y)[0, 0],
    sympy.Trace(x.T * X * y),
    (A * x)[1, 0],
    (X * Y)[0, 1],
    MatrixElement(X * Y, 0, 1),
    (x.T * X * x) / (x.T * x),
    sympy.exp(x.T * y),
    sympy.sqrt(sympy.Trace(x.T * x)),
    S * 2,
    S.inverse(),
    sympy.Trace(x.T * y) * X,
    sympy.log(sympy.Determinant(X * X.T)),
    sympy.log(abs(sympy.Determinant(X))),
    X**-2,
    X**3,
    X.I.T,
    sympy.Adjoint(A) * z,
    HadamardPower(X, 3),
    HadamardPower(X, -2),
    HadamardPower(2 * OneMatrix(n, n), X),
    DotProduct(x, y),
    DotProduct(r, x),
    sympy.hadamard_product(A, B, A),
    A.applyfunc(sympy.sin),
    A.applyfunc(sympy.Lambda(t, t**2 / (1 + sympy.exp(-t)))),
    A.applyfunc(sympy.Lambda(t, sympy.Max(t, b) * a)),
    A + A.applyfunc(sympy.Lambda(t, 3)),
    A.applyfunc(f),
    X.applyfunc(sympy.Lambda(t, t * sympy.Trace(X))).applyfunc(sympy.cos),
    sympy.Trace(X.applyfunc(sympy.exp)),
    a * sympy.Identity(n) + X,
    sympy.ZeroMatrix(n, n) + X,
    OneMatrix(1, m) * A * OneMatrix(n, 1),
    BlockMatrix([[X, x], [r, sympy.Matrix([[a]])]]),
    BlockDiagMatrix(X, Y),
    MatrixSlice(A, (1, 3), (0, n)),
    A[:, 1],
    A[0, :],
    x[1:3, :],
    DiagMatrix(x),
    DiagonalOf(X),
    DiagonalMatrix(X),
    sympy.KroneckerProduct(A, X, x),
    explicit((2, 4)) * sympy.MatrixSymbol("V", 4, n),
    sympy.Matrix([[a, 1], [b, a * b]]),
    x[1, 0] * r[0, 2] - A[1, 1],
    sympy.asinh(a) + sympy.atanh(b) + sympy.sec(a),
    sympy.Float(0.25) * a - sympy.Rational(2, 3) * b**-2,
    sympy.pi * sympy.E + sympy.sqrt(abs(a)),
    a / n + m,
    -X - 2 * a * Y.T,
    (-X - Y) / 3,
    (a - b) * X / (3 * b**2),
    sympy.erfc(a) * sympy.Heaviside(b) + sympy.Min(a, b, 1),
    sympy.Trace(X) ** 2 * sympy.Determinant(X),
    sympy.Trace(X + Y.T) + sympy.Trace(3 * X * Y),
]


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=lambda k: str(EXPRESSIONS[k]))
def test_from_sympy(number: int) -> None:
    expr = EXPRESSIONS[number]
    program = mc.from_sympy(expr)
    inputs = point(program.value, *program.inputs.values(), seed=program.source)
    found = evaluator(inputs)(program.value) if program.functions else by_code(program, inputs)
    assert same(found, by_sympy(expr, inputs))
    again = mc.from_sympy(to_sympy(program.value, program.symbols))
    assert same(evaluator(inputs)(again.value), evaluator(inputs)(program.value))


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=lambda k: str(EXPRESSIONS[k]))
def test_gradients_of_what_comes_from_sympy(number: int) -> None:
    program = mc.from_sympy(EXPRESSIONS[number])
    inputs = point(program.value, *program.inputs.values(), seed=program.source)
    for name, variable in program.inputs.items():
        found = mc.derive(program, name)
        if len(found[name].node.shape) > 2 or len(found[name].shape) > 2:
            continue  # a tensor
        value = evaluator(inputs)(found.gradients[name])
        truth = derivative(program.value, variable, inputs)
        assert same(value, truth)


SCALARS = [
    (sympy.log(sympy.Determinant(X)), X),
    (sympy.exp(sympy.Trace(X * Y)), X),
    (x.T * X * x / (x.T * x), x),
    (sympy.Trace(X.applyfunc(sympy.exp)), X),
    (sympy.Trace(sympy.HadamardProduct(X, Y)), X),
    (sympy.Trace(X * Y) + sympy.Trace(X.T * Y * X), X),
    (sympy.Trace(X) / sympy.Determinant(X), X),
    (sympy.Trace(X * Y) ** 3, X),
    (sympy.Determinant(X * Y * X.T), X),
    (sympy.Trace(sympy.KroneckerProduct(X, Y)), X),
    (sympy.Trace((X + a * Y).I), a),
    (sympy.Determinant(X + a * Y), a),
    (sympy.log(sympy.Determinant(X + a * Y)), a),
]


@pytest.mark.parametrize("number", range(len(SCALARS)), ids=lambda k: str(SCALARS[k][0]))
def test_derivatives_through_sympy(number: int) -> None:
    """From SymPy, derived, back to SymPy, and evaluated by SymPy: against differences."""
    expr, by = SCALARS[number]
    program = mc.from_sympy(expr)
    inputs = point(program.value, *program.inputs.values(), seed=str(expr))
    result = mc.derive(program, by.name)[by.name]
    truth = derivative(program.value, program.inputs[by.name], inputs)
    assert close(by_sympy(result.to_sympy(), inputs).ravel(), truth.ravel())
    assert mc.check(program, wrt=by.name).passed


def test_the_symbols_come_back() -> None:
    k = sympy.Symbol("k", integer=True, positive=True)
    c = sympy.Symbol("c", positive=True)
    M = sympy.MatrixSymbol("M", k, k)
    program = mc.from_sympy(c * sympy.Trace(M.T * M))
    assert mc.derive(program, "M")["M"].to_sympy() == 2 * c * M
    assert program.inputs["c"].params == ("c", "", True)


def test_symbols_without_a_program_in_sympy_are_plain() -> None:
    found = mc.derive("A: matrix(m, n); s = tr(A.T@A)", "A")["A"].to_sympy()
    assert found == 2 * A


def test_declarations_give_types() -> None:
    program = mc.from_sympy(x.T * X * x, declarations={"X": "symmetric(n)"})
    assert mc.derive(program, "x")["x"].to_sympy() == 2 * X * x
    with pytest.raises(mc.ShapeError, match="in SymPy it is a column"):
        mc.from_sympy(x.T * X * x, declarations={"X": "symmetric(m)", "x": "vector(m)"})
    with pytest.raises(mc.UnsupportedError, match="no symbol Q"):
        mc.from_sympy(x.T * X * x, declarations={"Q": "symmetric(n)"})


def test_one_by_one_is_a_scalar() -> None:
    program = mc.from_sympy(S * x.T * y)
    assert program.shapes["S"] == (1, 1)
    assert program.value.shape == (1, 1)
    assert mc.derive(program, "S")["S"].to_sympy() == sympy.Trace(x.T * y)


def test_one_by_one_products_are_factors() -> None:
    assert mc.from_sympy((x.T * y) * X).value is mc.from_sympy(sympy.Trace(x.T * y) * X).value


REFUSED = [
    (sympy.I * a, "real"),
    (sympy.exp(X), "applyfunc"),
    (sympy.gamma(a), "gamma"),
    (X ** sympy.Rational(1, 2), "powers of"),
    (sympy.Symbol("x'") * X, "no name"),
    (sympy.Symbol("X") * X, "two different"),
    (a * sympy.Trace(sympy.Identity(n)), "size of no symbol"),
    (sympy.Sum(a, (a, 1, 3)), "Sum"),
    (sympy.Sum(X[t, t], (t, 0, 1)), "Sum"),
    (sympy.Sum(t * X[t, t], (t, 0, n - 1)), "Sum"),
    (sympy.Function("f")(a, b), "one argument"),
    (sympy.oo * a, "finite"),
    (sympy.Permanent(X), "Permanent"),
    (sympy.Derivative(sympy.Trace(X * Y), X), "derive"),
    (A[::2, :], "step 1"),
    ("x + y", "SymPy"),
    (object(), "SymPy"),
    (sympy.Piecewise((a, a > 0), (b, True)), "Max"),
    (MatrixElement(x, p, 0), "size of no symbol"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=lambda k: f"{k} {type(REFUSED[k][0]).__name__}")
def test_what_cannot_be_read_is_refused(number: int) -> None:
    expr, why = REFUSED[number]
    with pytest.raises(mc.UnsupportedError, match=why):
        mc.from_sympy(expr)


@pytest.mark.parametrize("source", ["vec(X)", "pinv(A)", "prod(x)", "max(x)", "maximum(A, B)", "norm_nuc(A)"])
def test_what_sympy_cannot_say_is_refused(source: str) -> None:
    with pytest.raises(mc.UnsupportedError, match="SymPy has no"):
        to_sympy(elaborate(DECLARED + source).value)


def test_tensors_are_refused() -> None:
    with pytest.raises(mc.UnsupportedError, match="tensor"):
        mc.derive("X@Y", "X")["X"].to_sympy()


def test_depth_is_no_limit() -> None:
    program = elaborate("c: scalar; X: matrix(n, n); s = " + " + ".join(["c*X"] * 300))
    assert to_sympy(program.value) == 300 * sympy.Symbol("c") * X


def test_what_is_too_deep_for_sympy_is_told() -> None:
    lines = ["z0 = tanh(x)", *[f"z{k} = tanh(z{k - 1} + x)" for k in range(1, 60)]]
    program = elaborate("\n".join(lines))
    written = to_sympy(program.value)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 90)
    try:
        with pytest.raises(mc.LimitError, match="too deep"):
            to_sympy(program.value)
    finally:
        sys.setrecursionlimit(limit)
    assert written.shape == (n, 1)


def test_pi_is_one_thing() -> None:
    assert mc.from_sympy(sympy.pi * a).inputs.keys() == {"a"}
    assert mc.from_sympy(sympy.Symbol("pi") * a).inputs.keys() == {"pi", "a"}
    with pytest.raises(mc.UnsupportedError, match="pi"):
        mc.from_sympy(sympy.Symbol("pi") * a + sympy.pi)


def test_shared_parts_are_read_once() -> None:
    shared = X
    for _ in range(60):
        shared = (shared * shared.T).applyfunc(sympy.cos)
    program = mc.from_sympy(shared)
    assert program.value.shape == ("n", "n")
