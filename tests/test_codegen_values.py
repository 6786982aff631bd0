"""The generated code of values, held against the plainest evaluation of the same nodes."""

from __future__ import annotations

import inspect
import zlib
from typing import Any

import numpy as np
import pytest
from plain_evaluator import Evaluator

from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, postorder
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations import table
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS, make, number, variable

SIZES = {"n": 4, "m": 5, "p": 3, "q": 2, "d": 3, "k": 6}


def inputs_of(*roots: Node) -> list[Node]:
    return [node for node in postorder(*roots) if node.op == "var"]


def point(inputs: list[Node], sizes: dict[str, int], seed: str) -> dict[str, Any]:
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    found = {}
    for node in inputs:
        shape = tuple(size_of(dim, sizes) for dim in node.shape if dim != 1)
        name, type_, positive = node.params
        array = rng.uniform(0.2, 0.9, shape) if positive else rng.standard_normal(shape)
        if type_ == "posdef":
            array = array @ array.T + np.eye(shape[0])
        elif type_ == "symmetric":
            array = array + array.T
        found[name] = array
    return found


def run(outputs: list[Node], inputs: list[Node], arguments: dict[str, Any], **options: Any) -> list[Any]:
    named = {f"o{i}": node for i, node in enumerate(outputs[1:])}
    text = generate(Request(outputs[0], inputs, named, **options))
    compiled = Compiled(text)
    wanted = inspect.signature(compiled._function).parameters
    value, rest = compiled(**{name: array for name, array in arguments.items() if name in wanted})
    return [value, *rest.values()]


def agrees(
    *outputs: Node, sizes: dict[str, int] | None = None, seed: str = "", inputs: list[Node] | None = None
) -> None:
    sizes = {**SIZES, **(sizes or {})}
    inputs = inputs or inputs_of(*outputs)
    arguments = point(inputs, sizes, seed)
    kept = {name: np.array(array) for name, array in arguments.items()}
    results = run(list(outputs), inputs, arguments)
    evaluator = Evaluator(arguments, sizes)
    for node, got in zip(outputs, results, strict=True):
        wanted = evaluator(node)
        axes = tuple(n for n, dim in zip(wanted.shape, node.shape, strict=True) if dim != 1)
        assert np.shape(got) == axes
        np.testing.assert_allclose(np.asarray(got).reshape(wanted.shape), wanted, rtol=1e-9, atol=1e-11)
        if axes:
            assert isinstance(got, np.ndarray)
            assert not any(np.shares_memory(got, array) for array in arguments.values())
    for name, array in kept.items():
        np.testing.assert_array_equal(array, arguments[name])


s, t = variable("s", (1, 1), "", True), variable("t", (1, 1), "", True)
x, y, z = (variable(name, ("n", 1), "", True) for name in "xyz")
r = variable("r", (1, "m"), "", True)
A = variable("A", ("n", "m"), "", True)
B = variable("B", ("m", "p"))
X, Y = variable("X", ("n", "n")), variable("Y", ("n", "n"))
S = variable("S", ("n", "n"), "posdef")
V, W = variable("V", (3, 1)), variable("W", (3, 1))
KINDS = {"scalar": s, "vector": x, "row": r, "matrix": A}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(ELEMENTWISE_NAMES))
def test_elementwise_functions_of_every_kind(name: str, kind: str) -> None:
    agrees(make(name, KINDS[kind]))


EXAMPLES: dict[str, list[Node]] = {
    "sum": [make("sum", KINDS[k], params=(axis,)) for k in KINDS for axis in (None, 0, 1)],
    "mean": [make("mean", KINDS[k], params=(axis,)) for k in KINDS for axis in (None, 0, 1)],
    "logsumexp": [make("logsumexp", KINDS[k], params=(axis,)) for k in KINDS for axis in (None, 0, 1)],
    "softmax": [make("softmax", KINDS[k], params=(axis,)) for k in KINDS for axis in (0, 1)]
    + [make("softmax", x, params=(None,))],
    "log_softmax": [make("log_softmax", KINDS[k], params=(axis,)) for k in KINDS for axis in (0, 1)]
    + [make("log_softmax", r, params=(None,))],
    **{op: [make(op, KINDS[k], params=(axis,)) for k in KINDS for axis in (None, 0, 1)] for op in ("variance", "std")},
    **{op: [make(op, a, params=(axis,)) for a, axis in ((x, None), (r, None), (x, 0), (x, 1), (r, 0), (A, 0), (A, 1))]
       for op in ("cumsum", "cumsum_back")},
    **{op: [make(op, A), make(op, table.transpose(A)), make(op, table.mul(number(2), X))] for op in ("triu", "tril",
    "cov")},
    **{op: [make(op, a, b) for a, b in ((A, x), (r, A), (s, x), (x, y), (s, t), (r, r))] for op in ("greater",
    "at_least")},
    "where": [make("where", make("greater", a, number("0.5")), b, c) for a, b, c in (
        (A, x, s), (A, r, A), (x, s, y), (s, A, x), (x, A, table.neg(A)), (r, number(2), number(0)),
        (s, t, number(1)), (x, s, t))],
    **{op: [make(op, X), make(op, table.matmul(X, Y))] for op in ("expm", "eigvalsh", "eigvecsh", "eig_gaps")},
    "expm_frechet": [make("expm_frechet", X, Y)], "cholesky": [make("cholesky", S), make("cholesky", table.add(S, S)),
                 make("cholesky", table.add(table.mul(number("0.1"), X), table.mul(number(4), table.eye("n"))))],
    **{op: [make(op, table.transpose(A)), make(op, X)] for op in ("svdvals", "svd_left", "svd_right", "svd_gaps")},
    "prod_pairs": [make("prod_pairs", a) for a in (x, table.mul(s, x))],
    "cross": [make("cross", V, W)], "cross_matrix": [make("cross_matrix", table.mul(V, s))],
    "roll": [make("roll", a, params=(axis, k)) for a,
    axis in ((x, None), (r, None), (r, 0), (A, 0), (A, 1)) for k in (-7, 0, 1)],
    "conv": [make("conv", x, y), make("conv", x, V), make("conv", V, table.mul(s, x))],
    "correlate": [make("correlate", x, V), make("correlate", make("conv", x, y), x)],
    "conv_matrix": [make("conv_matrix", x, params=(size,)) for size in (2, "n")],
    "corr_matrix": [make("corr_matrix", x, params=(size,)) for size in (2, 3)],
    "cross_entropy": [make("cross_entropy", y, x), make("cross_entropy", A, make("exp", A))],
    "diag": [make("diag", x), make("diag", r), make("diag", X), make("diag", table.matmul(X, Y))],
    "outer": [make("outer", x, r), make("outer", r, x), make("outer", x, y)],
    "dot": [make("dot", x, y), make("dot", table.transpose(x), y)],
    "inner": [make("inner", A, A), make("inner", x, y), make("inner", X, table.transpose(Y)), make("inner", s, t)],
    "kron": [make("kron", a, b) for a in (x, r, A, X, s) for b in (y, r, B, s)],
    "vec": [make("vec", a) for a in (A, x, r, s)],
    "unvec": [make("unvec", make("vec", A), params=("n", "m")), make("unvec", x, params=("n", 1))],
    "matrix_power": [make("matrix_power", X, number(k)) for k in (0, 1, 3)],
    "power_sum": [make("power_sum", X, Y, number(k)) for k in (1, 2, 9)],
    "stack": [
        make("stack", x, y, params=(1, 1)), make("stack", x, s, y, params=(1, 1, 1)), make("stack", x, y, params=(2,)),
        make("stack", r, s, params=(2,)), make("stack", r, r, params=(1, 1)), make("stack", s, t, t, s, params=(2, 2)),
        make("stack", X, x, table.transpose(y), s, params=(2, 2)), make("stack", X, A, params=(2,)),
        make("stack", X, Y, params=(1, 1)), make("stack", s, t, params=(2,)), make("stack", s, t, params=(1, 1)),
    ],
    "index": [
        table.index(x, ("at", 2), ("all",)), table.index(x, ("slice", 1, 3), ("all",)),
        table.index(r, ("all",), ("at", 1)),
        table.index(A, ("at", 1), ("at", 2)), table.index(A, ("all",), ("at", 0)),
        table.index(A, ("slice", 1, 3), ("all",)),
        table.index(A, ("at", 1), ("slice", 2, "m")), table.index(table.transpose(A), ("slice", 0, 2), ("at", 1)),
    ],
    "inv": [make("inv", X), make("inv", table.transpose(X)), make("inv", table.mul(number(2), S))],
    "solve": [make("solve", X, x), make("solve", X, A), make("solve", S, Y)],
    "pinv": [make("pinv", A), make("pinv", table.transpose(A))],
    "logdet": [make("logdet", X), make("logdet", S), make("logdet", table.add(S, table.matmul(A, table.transpose(A))))],
    "kron_left": [make("kron_left", make("kron", A, B), B, params=("n", "m")),
        make("kron_left", make("kron", x, B), B, params=("n", 1)),
        make("kron_left", make("tanh", make("kron", A, B)), B, params=("n", "m"))],
    "kron_right": [make("kron_right", make("kron", A, B), A, params=("m", "p")),
        make("kron_right", make("kron", x, B), x, params=("m", "p")),
        make("kron_right", make("tanh", make("kron", A, B)), A, params=("m", "p"))],
    "maximum": [make("maximum", A, x), make("maximum", r, A), make("maximum", s, x)],
    "minimum": [make("minimum", A, x), make("minimum", x, y), make("minimum", s, t)],
    "neg": [table.neg(a) for a in KINDS.values()], "T": [table.transpose(a) for a in KINDS.values()],
    "matmul": [table.matmul(A, B), table.matmul(table.transpose(x), A), table.matmul(x, r),
        table.matmul(A, table.transpose(r))],
    **{op: [make(op, a, b) for a, b in ((A, A), (A, x), (A, r), (r, A), (s, A), (x, s), (x, y), (s, t), (r, s))]
       for op in ("add", "sub", "mul", "div", "pow")},
    **{op: [make(op, a) for a in (x, r, A)]
       for op in ("prod", "prod_others", "max", "min", "is_max", "is_min", "norm", "norm1", "norm_inf")},
    **{op: [make(op, X)] for op in ("tr", "det")},
    **{op: [make(op, A), make(op, table.transpose(A))] for op in ("norm_nuc", "polar")},
}  # fmt: skip


def test_every_operation_has_an_example() -> None:
    assert set(EXAMPLES) | ELEMENTWISE_NAMES == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_operation(name: str) -> None:
    for i, node in enumerate(EXAMPLES[name]):
        assert node.op == name
        agrees(node, seed=f"{name}{i}")


PRODUCTS = """
A@B@C; A@A.T@x; x.T@A@w; (x@y.T)@z; x@y.T@X; diag(x)@A; A@diag(w); diag(x)@A@diag(w); diag(x)@diag(y)@A
diag(x)@y; inv(X)@y; x.T@inv(X); x.T@inv(X)@y; inv(X)@A; A.T@inv(X); inv(X)@inv(Y); inv(X).T@y + inv(X)@x
inv(inv(X))@x; eye(n)@A; eye(n)*X; X + 3*eye(n); eye(4)[1:3, :]@X; eye(4)[1:3, :].T@X[1:3, :]
eye(4)[:, 2]@x.T; X@eye(4)[:, 1]; x[1:3]*y[0:2]; ones(n).T@A; A@ones(m); ones(n).T@A@ones(m); ones(n)@w.T
A + ones(n)@w.T; A*(x@ones(m).T); ones(n)@ones(m).T + A; ones(n) + x; tr(X@Y); tr(X@Y@X.T); tr(x@y.T@X)
tr(2*X - Y.T + X@Y); diag(X@Y); sum(A@B); sum(A@B, axis=0); sum(A@B, axis=1); sum(A*A); sum((A@B)**2)
norm(x - y)**2; 2*x + 2*y; x - 2*y; -x - y; -(x - y) + (y - x); 3*(2*x)/4; x/3; (x.T@y)*x; x*(x.T@y)/(y.T@y)
1/(1/s); s**-2; x**3; x**0.5; x**-1.5; (A@B)[1, 2]; (A@B)[:, 1]; (A@B)[1, :]; (X@Y@x)[2]; (-A.T)[1, :]
vec(A).T@vec(A); (A.T).T; ((A@B).T).T; -(-A); (A@B).T@x; x.T@X@Y@x; X@Y@x + X@Y@y; sum(X@Y@(x@w.T))
A@w@w.T@A.T@x; mean(A@B); mean(A*A); mean(x*x); sum(ones(n, m)); sum(s*ones(n)); n*x + m*sum(y)
diag(diag(x))*2; diag(x)*X; inv(diag(x))@y; inv(S)@x; logdet(S) + x.T@inv(S)@x; inv(S)*X + inv(S)@X
solve(S, x) + solve(S, y) + solve(S, z)
(diag(x) - s*eye(n))@A; A.T@(eye(n)/3 + 2*diag(x) + diag(y)*s)@A; tr((diag(x) - diag(y))@X); -diag(x) - eye(n)
inv(diag(x) + eye(n))@y; inv(2*diag(x))@A; solve(diag(x) + s*eye(n), y); solve(diag(x), A); A.T@inv(diag(x) + diag(y))
logdet(diag(x) + s*eye(n)); det(diag(x)/s + eye(n)*2); diag(x) + X - eye(n); y.T@inv(diag(x)/2)@y; diag(x) + diag(X)
X*(diag(x) + eye(n)); (diag(x) + eye(n)).T@A; inv(diag(x) + X)@y; (diag(x) + eye(n))[1, :]; -(s*eye(n) - diag(x))/s
"""


@pytest.mark.parametrize("formula", [f.strip() for line in PRODUCTS.strip().splitlines() for f in line.split(";")])
def test_products(formula: str) -> None:
    declared = "x, y, z: vector(n) positive; w: vector(m); X, Y: matrix(n, n); A: matrix(n, m); B: matrix(m, p)"
    declared += "; s: scalar positive"
    sizes = {**SIZES, "n": 4}
    if "4" in formula and "eye(4)" in formula:
        declared = (
            declared.replace("(n, n)", "(4, 4)")
            .replace("vector(n)", "vector(4)")
            .replace("A: matrix(n, m)", "A: matrix(4, m)")
        )
    program = elaborate(f"{declared}; S: posdef(n); C: matrix(p, q); value = {formula}")
    agrees(program.value, sizes=sizes, seed=formula, inputs=list(program.inputs.values()))


def test_structured_products_are_never_expanded() -> None:
    forbidden = {
        "diag(x)@A": "np.diag", "A.T@(diag(x) - s*eye(n))@A": "np.diag", "inv(diag(x) + diag(y))@A": "solve",
        "solve(diag(x) + eye(n), y)": "solve", "logdet(diag(x) + eye(n))": "slogdet",
        "A.T@diag(x)": "np.diag", "inv(X)@y": "inv", "x.T@inv(X)": "inv",
        "ones(n).T@A": "np.ones((",
        "A + ones(n)@w.T": "np.ones", "tr(X@Y)": "dot", "eye(n)@A": "eye", "diag(X@Y)": "X.dot(Y)",
        "norm(x)**2": "sqrt",
        "sum(X@Y)": "X.dot(Y)", "(X@Y)[0, 1]": "X.dot(Y)", "x@y.T@X": "* y).dot", "vec(A).T@vec(A)": "reshape",
    }  # fmt: skip
    declared = "x, y: vector(n); w: vector(m); X, Y: matrix(n, n); A: matrix(n, m)"
    for formula, text in forbidden.items():
        program = elaborate(f"{declared}; value = {formula}")
        module = generate(Request(program.value, list(program.inputs.values())))
        body = module.split('"""\n    ')[1].split("return")[0]
        assert text not in body, f"{formula}: {body}"


def test_vectors_come_first() -> None:
    program = elaborate("A, B, C: matrix(n, n); value = A@B@C@x")
    assert "A.dot(B.dot(C.dot(x)))" in generate(Request(program.value, list(program.inputs.values())))


def test_small_dimensions_come_first() -> None:
    program = elaborate("A: matrix(n, n); B: matrix(n, n); C: matrix(n, 2); value = A@B@C")
    assert "A.dot(B.dot(C))" in generate(Request(program.value, list(program.inputs.values())))


def test_shared_terms_are_computed_once() -> None:
    program = elaborate("z = W@x + b; s = sum(tanh(z)) + z.T@tanh(z)")
    text = generate(Request(program.value, list(program.inputs.values())))
    assert text.count("np.tanh") == 1
    assert text.count("W.dot(x)") == 1
    assert "    z = W.dot(x) + b\n" in text


def test_expressions_that_were_shared_exponentially_often() -> None:
    node = variable("x", ("n", 1))
    for _ in range(200):
        node = table.add(node, table.mul(number("0.5"), make("sin", node)))
    text = generate(Request(node, inputs_of(node)))
    assert text.count("np.sin") == 200


def test_deep_expressions() -> None:
    """Ten thousand terms, functions and factors: no recursion, and lines that Python's own parser takes."""
    a = b = c = variable("x", ("n", 1))
    d = variable("X", ("n", "n"))
    matrix = d
    for i in range(10_000):
        a = table.add(a, make("sin", table.mul(number(i), variable("x", ("n", 1)))))
        b = make("tanh", b)
        c = table.neg(table.transpose(c))
        if i % 20 == 0:
            matrix = table.matmul(matrix, d)
    arguments = {"x": np.array([0.1, 0.2]), "X": np.array([[0.5, 0.1], [0.2, 0.3]])}
    for node in (a, b, c, matrix):
        run([node], inputs_of(node), {v.params[0]: arguments[v.params[0]] for v in inputs_of(node)})


def test_order_two_shapes_pass_through() -> None:
    program = elaborate("s = x.T@A@x")
    hessian = expression("A + A.T", beside(program))
    gradient = expression("(A + A.T)@x", beside(program))
    request = Request(
        program.value, list(program.inputs.values()), {"x": gradient}, hessians={("x", "x"): hessian}, value_name="s"
    )
    rng = np.random.default_rng(1)
    arguments = {"A": rng.standard_normal((3, 3)), "x": rng.standard_normal(3)}
    value, gradients, hessians = Compiled(generate(request))(**arguments)
    total = arguments["A"] + arguments["A"].T
    assert value == pytest.approx(arguments["x"] @ arguments["A"] @ arguments["x"])
    np.testing.assert_allclose(gradients["x"], total @ arguments["x"])
    np.testing.assert_allclose(hessians["x", "x"], total)


def test_dimensions_stand_for_their_numbers() -> None:
    program = elaborate("A: matrix(n, m); value = sum(A) / (m*n) + n")
    got = run([program.value], list(program.inputs.values()), {"A": np.ones((4, 5))})
    assert got[0] == 5


def test_a_vector_passes_through_a_sum_with_an_outer_product() -> None:
    rng = np.random.default_rng(4)
    a, u, v, x = rng.standard_normal((4, 4)), *rng.standard_normal((3, 4))
    program = elaborate("A: matrix(n, n); M = 3*A - u@v.T/2; value = (M + v@u.T).T@x + (A - u@v.T/2)@x")
    got = Compiled(generate(Request(program.value, list(program.inputs.values()))))(A=a, u=u, v=v, x=x)[0]
    m = 3 * a - np.outer(u, v) / 2
    np.testing.assert_allclose(got, (m + np.outer(v, u)).T @ x + (a - np.outer(u, v) / 2) @ x)
