"""Code that saves walks, memory and exponentials computes the same: against plain NumPy, explicit numbers and
``einsum``; inputs stay as they are, results share no memory, a workspace is overwritten and nothing else."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import threading
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from terms import curve
from test_options import leaves
from typed_programs import generate

import matcalc as mc
from benchmarks.peers_at_work import disagreement, inputs_of, results
from benchmarks.problems import PROBLEMS, Problem
from matcalc.codegen.compiled import Compiled, namespace
from matcalc.codegen.contracting import contracted
from matcalc.codegen.numpy_module import build
from matcalc.codegen.squares import nonnegative
from matcalc.codegen.values import Graph, Value
from matcalc.compiling import request_of

SETTINGS: tuple[Any, ...] = (True, False, {"in_place": False}, {"multiples": False}, {"roots": False})


def body(source: str) -> str:
    """The lines of the function after its checks."""
    return source.split('"""')[4].split("\n\n\n")[0]


def separate(arrays: list[np.ndarray]) -> bool:
    return not any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])


# the problems of the benchmark ------------------------------------------------------------------------------


@pytest.mark.parametrize("workspace", [False, True])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.name)
def test_the_problems_of_the_benchmark(problem: Problem, workspace: bool) -> None:
    fn = mc.compile(problem.source, list(problem.wrt), order=problem.order, workspace=workspace)
    for size in (*problem.sizes[:2], problem.sizes[0]):
        inputs = inputs_of(problem, size)
        before = copy.deepcopy(inputs)
        found = results(fn(**inputs), problem, everything=True)
        expected = results(problem.straight(**inputs), problem, everything=True)
        assert disagreement(found, expected) < 1e-9
        assert all(np.array_equal(before[name], inputs[name]) for name in inputs)
        assert separate([*found, *inputs.values()])


@pytest.mark.parametrize("optimize", SETTINGS, ids=str)
def test_the_layout_of_inputs_does_not_matter(optimize: Any) -> None:
    rng = np.random.default_rng(3)
    fn = mc.compile("A: matrix(n, m); Y = tanh(A@B + C); s = sum(D * Y * Y)", "all", optimize=optimize)
    given = {"A": rng.standard_normal((3, 4)), "B": rng.standard_normal((4, 5)), "C": rng.standard_normal((3, 5)),
             "D": rng.standard_normal((3, 5))}  # fmt: skip
    expected = leaves(fn(**given))
    others = [
        {name: np.asfortranarray(array) for name, array in given.items()},
        {name: np.repeat(array, 2, axis=0)[::2] for name, array in given.items()},
        {name: array[::-1].copy()[::-1] for name, array in given.items()},
    ]
    for other in others:
        assert all(np.allclose(a, b, rtol=1e-13) for a, b in zip(leaves(fn(**other)), expected, strict=True))


# the workspace ----------------------------------------------------------------------------------------------


def test_a_workspace_is_overwritten() -> None:
    fn = mc.compile("s = sum((A@X)**2)", "X", workspace=True)
    one, two = np.eye(3), 2 * np.eye(3)
    first = fn(A=one, X=one)[1]["X"]
    kept = first.copy()
    second = fn(A=one, X=two)[1]["X"]
    assert np.shares_memory(first, second)
    assert np.array_equal(first, 2 * kept)
    other = mc.compile("s = sum((A@X)**2)", "X", workspace=True)(A=one, X=one)[1]["X"]
    assert not np.shares_memory(first, other)


def test_a_workspace_follows_the_sizes() -> None:
    fn = mc.compile("s = norm(X - U@V.T)**2", "U", order=2, workspace=True)
    plain = mc.compile("s = norm(X - U@V.T)**2", "U", order=2)
    rng = np.random.default_rng(0)
    for m, n, k in ((3, 4, 2), (5, 4, 2), (3, 4, 2), (3, 2, 3)):
        given = {"X": rng.standard_normal((m, n)), "U": rng.standard_normal((m, k)), "V": rng.standard_normal((n, k))}
        for a, b in zip(leaves(fn(**given)), leaves(plain(**given)), strict=True):
            assert np.allclose(a, b, rtol=1e-13)


def test_without_a_dict_the_module_keeps_nothing() -> None:
    fn = mc.compile("s = sum((A@X)**2)", "X", workspace=True)
    function = namespace(fn.source, "gradients")["gradients"]
    assert list(inspect.signature(function).parameters) == ["A", "X", "workspace"]
    A = np.eye(2)
    assert separate([function(A=A, X=A)[1]["X"], function(A=A, X=A)[1]["X"]])
    mine: dict[str, Any] = {}
    assert np.shares_memory(function(A=A, X=A, workspace=mine)[1]["X"], function(A=A, X=A, workspace=mine)[1]["X"])


def test_a_name_that_is_taken() -> None:
    fn = mc.compile("workspace: matrix(n, n); s = sum((workspace@X)**2)", "X", workspace=True)
    assert np.array_equal(fn(workspace=np.eye(2), X=np.eye(2))[1]["X"], 2 * np.eye(2))


@pytest.mark.parametrize("given", [{"target": "torch"}, {"target": "dask"}])
def test_where_there_is_no_workspace(given: dict[str, Any]) -> None:
    with pytest.raises(mc.MatcalcError, match="keeps no workspace"):
        mc.compile("X: matrix(n, d); s = norm(X@w)**2", "w", workspace=True, **given)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(60_000, 60_200, 25))
def test_random_programs_in_a_workspace(block: int) -> None:
    compared = 0
    for seed in range(block, block + 25):
        program = generate(seed)
        try:
            derivation = mc.derive(program.text(), list(program.used()))
            plain, kept = (build(request_of(derivation, workspace=on)) for on in (False, True))
        except mc.MatcalcError:
            continue
        if any(program.functions.get(name) not in (0, 1, 2) for name, _ in plain.functions):
            continue
        functions = Compiled(plain.text), Compiled(kept.text, workspace=True)
        unknown = {
            given: (lambda x, w=program.functions[name], k=k: curve(w, k, np.asarray(x)))
            for (name, k), given in plain.functions.items()
        }
        for at in (seed, seed + 1):
            drawn = program.arguments(at)
            given = {name: drawn.get(name, np.zeros(program.sizes.get(name[5:], 1))) for name in plain.inputs}
            given |= unknown | {dim: program.sizes[dim] for dim in plain.loose}
            before = {name: copy.deepcopy(given[name]) for name in plain.inputs}
            with np.errstate(all="ignore"):
                expected, found = (leaves(function(**given)) for function in functions)
            assert all(np.array_equal(before[name], given[name]) for name in plain.inputs)
            assert separate(found)
            for a, b in zip(expected, found, strict=True):
                assert np.allclose(a, b, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(a), initial=0)), equal_nan=True)
            compared += 1
    assert compared > 10


# calls ------------------------------------------------------------------------------------------------------


def test_a_compiled_function_is_still_an_object() -> None:
    fn = mc.compile("s = u.T@tanh(W@x + b)", "all")
    assert isinstance(fn, Compiled)
    assert repr(fn) == "<compiled gradients, wrt u, W, x, b>"
    assert list(inspect.signature(fn).parameters) == ["u", "W", "x", "b"]
    given = {"u": [1.0], "W": [[2.0]], "x": [0.0], "b": [0.0]}
    for other in (pickle.loads(pickle.dumps(fn)), copy.copy(fn), copy.deepcopy(fn)):
        assert other(**given)[1]["b"].tolist() == [1.0]
        assert isinstance(other, Compiled)
    kept = pickle.loads(pickle.dumps(mc.compile("s = sum((A@X)**2)", "X", workspace=True)))
    A = np.eye(2)
    assert np.shares_memory(kept(A=A, X=A)[1]["X"], kept(A=A, X=A)[1]["X"])
    with pytest.raises(TypeError):
        fn(u=[1.0])


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_subclasses_of_arrays_do_not_slip_through() -> None:
    fn = mc.compile("A: matrix(n, n); s = sum(A * A)", "A")
    value, gradients = fn(A=np.asmatrix([[1.0, 2.0], [3.0, 4.0]]))
    assert value == 30
    assert type(gradients["A"]) is np.ndarray
    with pytest.raises(ValueError, match="masked"):
        fn(A=np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]]))


def test_calls_in_threads() -> None:
    fn = mc.compile("A: matrix(n, n); s = sum(exp(A@A / n))", "A")
    inputs = [np.random.default_rng(k).standard_normal((20, 20)) for k in range(8)]
    expected = [fn(A=A)[1]["A"].copy() for A in inputs]
    found: dict[int, np.ndarray] = {}

    def work(k: int) -> None:
        for _ in range(50):
            found[k] = fn(A=inputs[k])[1]["A"]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[k], expected[k]) for k in range(8))


def test_functions_are_loaded_in_threads() -> None:
    """As the workers of a scheduler load them."""
    packed = pickle.dumps(mc.compile("A: matrix(n, n); s = sum(exp(A@A / n))", "A"))
    A = np.random.default_rng(1).standard_normal((3, 3))
    expected = pickle.loads(packed)(A=A)[1]["A"]
    found: list[bool] = []

    def work() -> None:
        found.extend(np.array_equal(pickle.loads(packed)(A=A)[1]["A"], expected) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


# sums and products ------------------------------------------------------------------------------------------


def test_nothing_is_divided_by_what_may_be_zero() -> None:
    """``t`` stands before one term alone: taken out of the sum, it would divide the other."""
    fn = mc.compile("A: matrix(n, n); t: scalar; s = x.T@(t*(t*A + 2*(t*A.T)) + A)@x", "all", order=2)
    with np.errstate(all="raise"):
        value, gradients, hessians = fn(A=np.array([[1.0, 2.0], [3.0, 4.0]]), t=0.0, x=np.array([1.0, 1.0]))
    assert value == 10
    assert gradients["t"] == 0
    assert np.all(np.isfinite(hessians["x", "x"]))


def test_outer_products_are_one_product_and_identities_go_on_the_diagonal() -> None:
    fn = mc.compile("a: scalar; Y = 3*(outer(x, y) + 2*outer(u, v)) - a*eye(n)")
    text = body(fn.source)
    assert "np.eye" not in text
    assert text.count(".dot(") == 1
    rng = np.random.default_rng(0)
    x, y, u, v = rng.standard_normal((4, 5))
    expected = 3 * (np.outer(x, y) + 2 * np.outer(u, v)) - 0.5 * np.eye(5)
    assert np.allclose(fn(x=x, y=y, u=u, v=v, a=0.5)[0], expected, rtol=1e-13)


def test_diagonal_matrices_are_added_to_the_diagonal_alone() -> None:
    fn = mc.compile("A: matrix(n, n); Y = A@A + diag(x) - diag(x * x)", "A")
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(fn(A=A, x=np.array([3.0, 5.0]))[0], A @ A + np.diag([-6.0, -20.0]))
    assert "np.diag" not in body(fn.source).split("return")[0].split("dA")[0]


def test_what_a_diagonal_is_made_of_is_read_before_it_changes() -> None:
    fn = mc.compile("A: matrix(n, n); B = A@A; Y = B + diag(diag(B)) - diag(sum(B, axis=1))")
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    B = A @ A
    expected = B + np.diag(np.diag(B)) - np.diag(B.sum(axis=1))
    assert np.array_equal(fn(A=A)[0], expected)


def test_factors_that_broadcast_meet_first() -> None:
    fn = mc.compile("W: matrix(m, n); Y = diag(x)@(W * W * W)@diag(y) / 2")
    rng = np.random.default_rng(0)
    W, x, y = rng.standard_normal((3, 4)), rng.standard_normal(3), rng.standard_normal(4)
    assert np.allclose(fn(W=W, x=x, y=y)[0], np.diag(x) @ W**3 @ np.diag(y) / 2, rtol=1e-13)


def test_overwritten_arrays_and_their_views() -> None:
    """A matrix that meets its own transpose, twice, while views of it wait to be read."""
    source = "A: matrix(n, n); B = A@A; C = B - B.T; D = C * B; Y = D.T + B[0, :] + D * C"
    rng = np.random.default_rng(1)
    A = rng.standard_normal((4, 4))
    B = A @ A
    C = B - B.T
    D = C * B
    expected = D.T + B[0, :] + D * C
    for optimize in SETTINGS:
        assert np.allclose(mc.compile(source, optimize=optimize)(A=A)[0], expected, rtol=1e-12)
    assert np.allclose(mc.compile(source, workspace=True)(A=A)[0], expected, rtol=1e-12)


# exponentials -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
def test_one_exponential_for_softmax_and_its_kin(axis: int) -> None:
    source = f"P = softmax(X, axis={axis}); L = log_softmax(X, axis={axis}); s = sum(P * A) + sum(L * B)"
    fn = mc.compile(source, "X")
    assert body(fn.source).count("np.exp(") == 1
    rng = np.random.default_rng(0)
    X, A, B = rng.standard_normal((3, 3, 4)) * 300
    P = np.exp(X - X.max(axis=axis, keepdims=True))
    P /= P.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):
        L = X - X.max(axis=axis, keepdims=True)
        L = L - np.log(np.exp(L).sum(axis=axis, keepdims=True))
    with np.errstate(all="raise", under="ignore"):
        value, gradients = fn(X=X, A=A, B=B)
    assert math.isclose(value, (P * A).sum() + (L * B).sum(), rel_tol=1e-12)
    expected = P * (A - (P * A).sum(axis=axis, keepdims=True)) + B - P * B.sum(axis=axis, keepdims=True)
    assert np.allclose(gradients["X"], expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def test_a_sigmoid_and_its_mirror() -> None:
    fn = mc.compile("s = a.T@sigmoid(x) + b.T@sigmoid(-x)", "x", order=2)
    assert body(fn.source).count("_sigmoid(") == 0
    points = np.array([-800.0, -40.0, -1.0, 0.0, 2.0, 40.0, 800.0])
    for k, x in enumerate(points):
        a, b = np.eye(7)[k], 2 * np.eye(7)[k]
        with np.errstate(all="raise", under="ignore"):
            value, gradients, _ = fn(x=points, a=a, b=b)
        e = math.exp(-abs(x))
        p, q = (1 / (1 + e), e / (1 + e)) if x >= 0 else (e / (1 + e), 1 / (1 + e))
        assert math.isclose(value, p + 2 * q, rel_tol=1e-14)
        assert math.isclose(gradients["x"][k], -p * q, rel_tol=1e-13, abs_tol=1e-300)


def test_log_sum_exp_and_softmax_at_infinity() -> None:
    fn = mc.compile("s = logsumexp(x) + y.T@softmax(x)", "y")
    assert fn(x=np.array([0.0, -np.inf]), y=np.array([1.0, 2.0]))[0] == 1
    value, gradients = mc.compile("s = logsumexp(x)", "x")(x=np.array([-np.inf, 0.0, 1000.0]))
    assert value == 1000
    assert gradients["x"].tolist() == [0, 0, 1]
    for x in ([-np.inf, -np.inf], [np.inf, 0.0]):
        with np.errstate(all="ignore"):
            assert mc.compile("s = logsumexp(x)", "x")(x=np.array(x))[0] == max(x)


# index terms ------------------------------------------------------------------------------------------------

FORMS = ("ad,db,dc->abc", "ab,bc,cd->ad", "ab,cb,c->a", "abc,c,b->a", "a,b,c->abc", "ab,ac,ad->bcd", "ab,b,bc->ac",
         "a,ab,b,c->c", "abc,cd,d->ab", "ab,cd,bc->ad")  # fmt: skip
LEFT = ("ab,ac,ad->bcd", "abc,c,b->a")  # a pair would have to move its axes, or keep one that it sums beside


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", [Fraction(1), Fraction(-3, 2)])
def test_index_terms_by_pairs(form: str, number: Fraction) -> None:
    graph = Graph()
    inputs, _, output = form.partition("->")
    sizes = {"a": 2, "b": 3, "c": 4, "d": 5}
    args, given = [], {}
    rng = np.random.default_rng(0)
    for k, letters in enumerate(inputs.split(",")):
        args.append(graph.value("input", (), (f"x{k}", ""), tuple(letters)))
        given[f"x{k}"] = rng.standard_normal([sizes[letter] for letter in letters])
    value = graph.value("einsum", tuple(args), ((number, form, len(args)),), tuple(output))
    found = contracted(graph, value, args)
    assert found is not None or form in LEFT
    if found is not None:
        expected = float(number) * np.einsum(form, *given.values())
        assert np.allclose(run(found, given, sizes), expected, rtol=1e-12)


def run(value: Value, given: dict[str, np.ndarray], sizes: dict[str, int]) -> Any:
    """A value computed as its definition says, operation by operation."""
    args = [run(argument, given, sizes) for argument in value.args]
    if value.op == "input":
        return given[value.params[0]]
    if value.op == "const":
        return float(value.params[0])
    if value.op == "T":
        return args[0].T
    if value.op == "lift":
        return args[0][tuple([slice(None) if there else None for there in value.params])]
    if value.op == "shaped":
        shape = [math.prod([sizes[n] for n in str(dim).split("*")]) if isinstance(dim, str) else _size(dim, sizes)
                 for dim in value.axes]  # fmt: skip
        return args[0].reshape(shape)
    if value.op == "neg":
        return -args[0]
    return {"mul": np.multiply, "matmul": np.matmul, "add": np.add, "outer": np.multiply.outer}[value.op](*args)


def _size(dim: Any, sizes: dict[str, int]) -> int:
    from matcalc.expressions.dims import evaluate

    return int(evaluate(dim, sizes))


# squares ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "squared"),
    [
        ("Y = X.T@diag(w**2)@X", True), ("Y = X.T@diag(exp(w))@X", True), ("Y = X@diag(sigmoid(w))@X.T", True),
        ("w: vector(n) positive; X: matrix(n, d); Y = X.T@diag(w)@X", True), ("Y = X.T@diag(w)@X", False),
        ("Y = X.T@diag(-exp(w))@X", True), ("Y = X.T@diag(tanh(w))@X", False), ("Y = X.T@diag(exp(w))@Z", False),
    ],
)  # fmt: skip
def test_squares_where_the_weights_are_not_negative(source: str, squared: bool) -> None:
    fn = mc.compile(source)
    assert ("np.sqrt" in body(fn.source)) is squared
    rng = np.random.default_rng(0)
    X, Z = rng.standard_normal((2, 5, 3))
    w = np.abs(rng.standard_normal(3 if "@X.T" in source else 5))
    names = {"X": X, "Z": Z, "w": w}
    given = {name: names[name] for name in inspect.signature(fn).parameters}
    weights = {"w**2": w**2, "exp(w)": np.exp(w), "sigmoid(w)": 1 / (1 + np.exp(-w)), "w": w, "-exp(w)": -np.exp(w),
               "tanh(w)": np.tanh(w)}[source.split("diag(")[1].split(")@")[0]]  # fmt: skip
    left, right = (X, X.T) if "@X.T" in source else (X.T, Z if "Z" in source else X)
    assert np.allclose(fn(**given)[0], left @ np.diag(weights) @ right, rtol=1e-12)


def test_what_is_known_not_to_be_negative() -> None:
    graph = Graph()
    x = graph.value("input", (), ("x", ""), ("n",))
    e = graph.map("map", (x,), ("exp",))
    both = graph.value("mul", (e, e), (), ("n",))
    assert nonnegative(graph, both)
    assert not nonnegative(graph, x)
    assert not nonnegative(graph, graph.value("mul", (e, x), (), ("n",)))
    assert not nonnegative(graph, graph.value("sub", (e, both), (), ("n",)))
    assert not nonnegative(graph, graph.const(Fraction(-1)))


def test_deep_sums_and_products_cost_what_their_size_costs() -> None:
    """Thousands of terms: looked at once, never over and over."""
    terms = " + ".join([f"{k}*A*B" if k % 2 else f"t*A.T*{k}" for k in range(1, 1500)])
    fn = mc.compile(f"A: matrix(n, n); B: matrix(n, n); t: scalar; s = sum({terms})")
    A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.eye(2)
    odd, even = sum(range(1, 1500, 2)), sum(range(2, 1500, 2))
    assert math.isclose(fn(A=A, B=B, t=0.5)[0], odd * 5 + 0.5 * even * 10, rel_tol=1e-12)


def test_orders_of_a_product_agree() -> None:
    names = ["diag(x)", "W", "diag(y)"]
    rng = np.random.default_rng(0)
    W, x, y = rng.standard_normal((3, 3)), *rng.standard_normal((2, 3))
    arrays = {"diag(x)": np.diag(x), "W": W, "diag(y)": np.diag(y)}
    for order in permutations(names):
        fn = mc.compile(f"W: matrix(n, n); x: vector(n); y: vector(n); Y = {'@'.join(order)}")
        expected = np.linalg.multi_dot([arrays[name] for name in order])
        assert np.allclose(fn(W=W, x=x, y=y)[0], expected, rtol=1e-12)
