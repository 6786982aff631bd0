"""Code in blocks: the plain results whatever the blocks, each row read once, and why it does not hold elsewhere."""

from __future__ import annotations

import ast
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import refused, run
from programs import SIZES, Programs

import matcalc as mc
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import axes

CORPUS = Path(__file__).parent / "corpus"
ARRAYS = np.load(CORPUS / "public.npz")
CASES = [
    case
    for case in json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))["cases"]
    if case["syntax"] == "numpy" and not case["callables"] and case["order"] == 1
]
# name: program, variables, the axis, passes over the data
KINDS = {
    "least squares": ("r = X@w - y; J = r.T@r/(2*m); X: matrix(m, n)", "w", "m", 1),
    "ridge": ("J = norm(X@w - y)**2/m + lambda*norm(w)**2; X: matrix(m, n)", "w,lambda", "m", 1),
    "root of a sum": ("J = norm(X@w - y); X: matrix(m, n)", "w", "m", 1),
    "logistic regression": ("J = mean(log(1 + exp(-y*(X@w)))); X: matrix(m, n)", "w", "m", 1),
    "softmax classifier": (
        "Z = X@W + b.T; J = (sum(logsumexp(Z, axis=1)) - sum(Y*Z))/m; X: matrix(m, n)", "W,b", "m", 1),
    "multi-layer perceptron": (
        "H = tanh(X@W + b.T); r = H@v - y; J = mean(r**2); X: matrix(m, n); W: matrix(n, k)", "W,b,v", "m", 1),
    "tokens in columns": ("Z = W@X + b; J = sum(softplus(Z)); X: matrix(n, m); W: matrix(k, n)", "W,b", "m", 1),
    "matrix factorisation": ("E = M*(R - U@V.T); J = sum(E**2) + 0.1*sum(U**2); R: matrix(m, n)", "U,V", "m", 1),
    "Gaussian mixture": (
        "D = sum(X**2, axis=1) - 2*X@C.T + sum(C**2, axis=1).T; J = -sum(logsumexp(a.T - D/2, axis=1));"
        "X: matrix(m, n); C: matrix(k, n)", "C,a", "m", 1),
    "kernel sums": (
        "D = sum(X**2, axis=1) - 2*X@Z.T + sum(Z**2, axis=1).T; J = mean(exp(-D)); X: matrix(m, n); Z: matrix(k, n)",
        "X,Z", "m", 1),
    "Gram determinant": ("J = logdet(X.T@X + eye(n)); X: matrix(m, n)", "X", "m", 2),
    "covariance likelihood": ("S = X.T@X/m; J = m/2*logdet(S + P); X: matrix(m, n); P: posdef(n)", "P", "m", 1),
    "greatest entry": ("J = max(X@w)*2; X: matrix(m, n)", "", "m", 1),
    "largest deviation": ("J = norm_inf(X@w - y) + norm1(y); X: matrix(m, n)", "", "m", 1),
    "product": ("J = prod(1 + x/m); x: vector(m)", "", "m", 1),
    "softmax over samples": ("p = softmax(X@w); J = p.T@y; X: matrix(m, n)", "w", "m", 3),
    "log-sum-exp over samples": ("J = logsumexp(X@w); X: matrix(m, n)", "", "m", 1),
    "softmax over rows": ("P = softmax(X@W, axis=0); J = sum(P*Y); X: matrix(m, n)", "W", "m", 3),
    "centred": ("C = X - mean(X, axis=0); J = norm(C@w)**2; X: matrix(m, n)", "w", "m", 2),
    "batch normalisation": (
        "C = X - mean(X, axis=0); N = C/sqrt(mean(C**2, axis=0) + 0.1); J = sum(tanh(N*g.T)); X: matrix(m, n)",
        "g", "m", None),
    "spread": ("J = var(X@w) + std(y); X: matrix(m, n)", "w,y", "m", 2),
    "covariance": ("J = logdet(cov(X) + eye(n)); X: matrix(m, n)", "", "m", 2),
    "unknown function": ("J = sum(f(X@w)); X: matrix(m, n)", "w,X", "m", 1),
    "kinks": ("r = X@w; J = sum(where(r > 0, r**2, abs(r))); X: matrix(m, n)", "w", "m", 1),
    "Jacobian": ("z = tanh(X@w); X: matrix(m, n)", "w", "m", 1),
}  # fmt: skip
SHAPES = {"m": 11, "n": 3, "k": 4}


def arguments(source: str, sizes: dict[str, int] = SHAPES, seed: int = 0) -> dict[str, Any]:
    program = mc.derive(source, []).program
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name, node in program.inputs.items():
        shape = tuple(sizes.get(str(d), 2) if isinstance(d, str) else evaluate(d, sizes) for d in axes(node.shape))
        found[name] = rng.uniform(0.2, 1.5, shape) * np.sign(rng.standard_normal(shape) + 0.5)
        if node.params[1] == "posdef":
            found[name] = found[name] @ found[name].T + np.eye(*shape)
    if "f(" in source:
        found |= {"f": np.sin, "df": np.cos}
    return found


def assert_equal_results(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-10, atol=1e-12)
    assert list(found[1]) == list(expected[1])
    for name, gradient in expected[1].items():
        assert np.shape(found[1][name]) == np.shape(gradient), name
        scale = np.max(np.abs(gradient), initial=1e-3)
        np.testing.assert_allclose(found[1][name], gradient, rtol=1e-9, atol=1e-10 * scale, err_msg=name)


def kind(name: str) -> tuple[str, list[str], dict[str, Any]]:
    source, wrt, *_ = KINDS[name]
    names = wrt.split(",") if wrt else []
    given = arguments(source)
    if name == "unknown function":
        return source, names, given
    return source, names, {n: v for n, v in given.items() if not callable(v)}


def fitting(fn: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments that the function takes."""
    tree = next(n for n in ast.parse(fn.source).body if isinstance(n, ast.FunctionDef) and n.name == "gradients")
    names = {argument.arg for argument in tree.args.args}
    return {n: v for n, v in given.items() if n in names or n == "lambda"}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("rows", [1, 2, 4, 5, 11, 100])
def test_blocks_of_any_size_give_the_plain_results(name: str, rows: int) -> None:
    source, names, given = kind(name)
    plain = mc.compile(source, names)
    fn = mc.compile(source, names, blocks=True)
    given = fitting(fn, given)
    before = {n: np.copy(v) for n, v in given.items() if not callable(v)}
    assert_equal_results(fn(**given, rows=rows, threads=2), plain(**fitting(plain, given)))
    for n, v in before.items():
        np.testing.assert_array_equal(given[n], v)


@pytest.mark.parametrize("name", KINDS)
def test_the_axis_and_the_passes_are_found(name: str) -> None:
    source, names, _ = kind(name)
    _, _, axis, passes = KINDS[name]
    fn = mc.compile(source, names, blocks=True)
    first = fn.explain().splitlines()[0]
    assert first.startswith(f"blocks: along {axis} (")
    if passes:
        assert first.endswith(f"{'one pass' if passes == 1 else f'{passes} passes'} over the data")
    assert (mc.compile(source, names, blocks="auto").split) == first.endswith("one pass over the data")


@pytest.mark.parametrize("name", ["least squares", "softmax classifier", "spread", "Gram determinant"])
def test_one_row_is_a_block(name: str) -> None:
    source, names, _ = kind(name)
    given = arguments(source, SHAPES | {"m": 1})
    fn, plain = mc.compile(source, names, blocks=True), mc.compile(source, names)
    if name != "spread":  # whose gradient divides by a spread of zero
        assert_equal_results(fn(**fitting(fn, given)), plain(**fitting(plain, given)))
    with pytest.raises(ValueError, match=r"X has shape \(0, 3\), expected no empty axis"):
        fn(**fitting(fn, given | {"X": np.zeros((0, 3))}))


def test_least_squares_against_numpy() -> None:
    rng = np.random.default_rng(1)
    X, y, w = rng.standard_normal((1003, 5)), rng.standard_normal(1003), rng.standard_normal(5)
    fn = mc.compile("J = norm(X@w - y)**2/m; X: matrix(m, n)", ["w", "X"], blocks=64)
    assert "64 if rows is None" in fn.source
    value, gradients = fn(X=X, y=y, w=w)
    r = X @ w - y
    np.testing.assert_allclose(value, r @ r / 1003)
    np.testing.assert_allclose(gradients["w"], 2 * X.T @ r / 1003)
    np.testing.assert_allclose(gradients["X"], 2 * np.outer(r, w) / 1003)


@pytest.mark.parametrize("case", CASES if os.environ.get("MATCALC_LARGE") else CASES[::2], ids=lambda case: case["id"])
def test_the_corpus_in_blocks_has_the_reference_values(case: dict[str, Any]) -> None:
    options = {"of": case["of"], "functions": case["functions"]}
    name = case["id"]
    if mc.compile(case["program"], case["wrt"], blocks="auto", **options).explain().startswith("blocks: none"):
        with pytest.raises(mc.UnsupportedError, match="cannot be split"):
            mc.compile(case["program"], case["wrt"], blocks=True, **options)
        return
    fn = mc.compile(case["program"], case["wrt"], blocks=True, **options)
    given = fitting(fn, {key: ARRAYS[f"{name}/in/{key}"][()] for key in case["inputs"]})
    value, gradients = fn(**given, rows=2, threads=2)
    np.testing.assert_allclose(value, ARRAYS[f"{name}/value"], rtol=1e-6, atol=1e-8)
    for wrt in case["wrt"]:
        expected = ARRAYS[f"{name}/d/{wrt}"]
        assert np.shape(gradients[wrt]) == expected.shape
        np.testing.assert_allclose(gradients[wrt], expected, rtol=1e-6, atol=1e-8, err_msg=wrt)


def test_most_of_the_corpus_with_an_axis_of_its_own_splits() -> None:
    split = 0
    for case in CASES:
        explained = mc.compile(case["program"], case["wrt"], of=case["of"], functions=case["functions"], blocks="auto")
        split += not explained.explain().startswith("blocks: none")
    assert split > 100


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_in_blocks(seed: int) -> None:
    source = Programs(7000 + seed).program(2 + seed % 3)
    try:
        fn = mc.compile(source, "all", blocks=True)
    except mc.UnsupportedError:
        return
    plain = mc.compile(source, "all")
    sizes = {name: size + 2 for name, size in SIZES.items()}
    given = arguments(source, sizes, seed)
    with np.errstate(all="ignore"):
        expected = plain(**fitting(plain, given))
        for rows in (1, 2, 3):
            found = fn(**fitting(fn, given), rows=rows, threads=2)
            if np.all(np.isfinite(expected[0])):
                assert_equal_results(found, expected)


# what is kept for the next call ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_a_workspace_changes_no_digit(name: str) -> None:
    source, names, _ = kind(name)
    plain, kept = (mc.compile(source, names, blocks=True, workspace=on) for on in (False, True))
    for size in (11, 40, 40, 11):
        given = fitting(plain, arguments(source, SHAPES | {"m": size}, seed=size))
        for rows in (3, 100):
            expected, found = plain(**given, rows=rows), kept(**given, rows=rows)
            assert np.array_equal(found[0], expected[0])
            assert all(np.array_equal(found[1][wrt], expected[1][wrt]) for wrt in expected[1])


def test_results_with_a_row_for_each_of_the_data_are_computed_where_they_are_kept() -> None:
    source = mc.compile("s = u.T@tanh(W@x + b)", ["W", "u"], blocks=True).source
    assert "np.dot(" in source
    assert ", out=into" in source
    assert "out=into" not in mc.compile("s = u.T@tanh(W@x + b)", ["W", "u"], blocks=True, optimize=False).source
    columns = mc.compile("s = sum(tanh(W@X)*Y); W: matrix(k, n); X: matrix(n, m); Y: matrix(k, m)", "X", blocks="m")
    assert "out=into" not in columns.source
    rng = np.random.default_rng(1)
    W, X, Y = rng.standard_normal((2, 3)), rng.standard_normal((3, 9)), rng.standard_normal((2, 9))
    expected = W.T @ ((1 - np.tanh(W @ X) ** 2) * Y)
    np.testing.assert_allclose(columns(W=W, X=X, Y=Y, rows=4)[1]["X"], expected, rtol=1e-12)


def test_a_workspace_is_overwritten() -> None:
    fn = mc.compile("s = u.T@tanh(W@x + b)", "W", blocks=True, workspace=True)
    rng = np.random.default_rng(0)
    given = {"u": rng.standard_normal(9), "W": rng.standard_normal((9, 4)), "x": np.ones(4), "b": np.zeros(9)}
    first = fn(**given, rows=2)[1]["W"]
    copied = first.copy()
    second = fn(**given | {"u": 2 * given["u"]}, rows=2)[1]["W"]
    assert np.shares_memory(first, second)
    np.testing.assert_allclose(second, 2 * copied, rtol=1e-13)
    other = pickle.loads(pickle.dumps(fn))
    assert np.array_equal(other(**given, rows=2)[1]["W"], copied)
    assert not np.shares_memory(other(**given)[1]["W"], second)
    assert "overwrites the results" in (fn.__doc__ or "")
    plain = mc.compile("s = tr(X@X@X)", "X", blocks="auto", workspace=True)  # not split: as code that is not in blocks
    assert not plain.split
    X = rng.standard_normal((2, 2))
    assert np.shares_memory(plain(X=X)[1]["X"], plain(X=X)[1]["X"])


def test_a_saved_module_takes_the_workspace_that_it_is_given() -> None:
    source = mc.compile("s = u.T@tanh(W@x + b)", "W", blocks=True, workspace=True).source
    space: dict[str, Any] = {}
    exec(compile(source, "<saved>", "exec"), space)
    given = {"u": np.ones(3), "W": np.ones((3, 2)), "x": np.ones(2), "b": np.ones(3)}
    mine: dict[int, Any] = {}
    one, other = (space["gradients"](**given, workspace=mine)[1]["W"] for _ in range(2))
    assert np.shares_memory(one, other)
    assert not np.shares_memory(one, space["gradients"](**given)[1]["W"])


# order, memory, threads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["least squares", "Gaussian mixture", "batch normalisation", "multi-layer perceptron"])
def test_threads_and_runs_change_no_bit(name: str) -> None:
    source, names, _ = kind(name)
    fn = mc.compile(source, names, blocks=True)
    given = fitting(fn, arguments(source, SHAPES | {"m": 1009}))
    first = fn(**given, rows=7, threads=1)
    for threads in (1, 2, 3, 8, 8):
        value, gradients = fn(**given, rows=7, threads=threads)
        assert np.array_equal(value, first[0])
        for wrt, gradient in gradients.items():
            assert np.array_equal(gradient, first[1][wrt]), (wrt, threads)


class Counting(np.ndarray[Any, Any]):
    """An array that counts how often each row is taken out of it."""

    reads: np.ndarray[Any, Any]

    def __getitem__(self, item: Any) -> Any:
        self.reads[item] += 1
        return np.asarray(self)[item]


@pytest.mark.parametrize("name", KINDS)
def test_each_row_is_read_once_in_a_pass(name: str) -> None:
    source, names, given = kind(name)
    fn = mc.compile(source, names, blocks=True)
    given = fitting(fn, given)
    declared = mc.derive(source, []).program.inputs
    cut = [n for n, v in given.items() if n in declared and "m" in declared[n].shape]
    counters = {}
    for n in cut:
        counters[n] = np.asarray(given[n]).view(Counting)
        counters[n].reads = np.zeros(np.shape(given[n]), dtype=int)
    fn(**(given | counters), rows=3, threads=2)
    passes = fn.source.count("found") and fn.source.count("_over_blocks(\n")
    assert counters
    for n, counter in counters.items():
        assert counter.reads.min() == counter.reads.max(), n
        assert 1 <= counter.reads.max() <= passes, n
    assert max(counter.reads.max() for counter in counters.values()) == passes


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool"])
def test_a_file_is_streamed(tmp_path: Path, dtype: str) -> None:
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((2000, 6)) * 3).astype(dtype)
    y = rng.standard_normal(2000)
    stored = np.memmap(tmp_path / "X", dtype=dtype, mode="w+", shape=X.shape)
    stored[:] = X
    stored.flush()
    source = "J = norm(X@w - y)**2; X: matrix(m, n)"
    given = {"y": y, "w": rng.standard_normal(6)}
    seen: list[tuple[int, int]] = []
    fn = mc.compile(source, ["w"], blocks=True)
    mapped = np.memmap(tmp_path / "X", dtype=dtype, mode="r", shape=X.shape)
    found = fn(X=mapped, **given, rows=100, progress=lambda done, total: seen.append((done, total)))
    assert_equal_results(found, mc.compile(source, ["w"])(X=X.astype(float), **given))
    assert seen == [(100 * (20 * k // 8), 2000) for k in range(1, 9)]  # twenty blocks in eight spans


def test_progress_of_several_passes_and_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    source = "J = var(x); x: vector(m)"
    fn = mc.compile(source, ["x"], blocks=True)
    seen: list[tuple[int, int]] = []
    x = np.arange(10.0)
    fn(x=x, rows=5, threads=1, progress=lambda *rows: seen.append(rows))
    assert seen == [(5, 20), (10, 20), (15, 20), (20, 20)]
    value, _ = fn(x=x, rows=5, progress=True)
    np.testing.assert_allclose(value, 8.25)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "20/20" in captured.err


def test_failures_come_out_of_the_threads() -> None:
    fn = mc.compile("J = sum(f(x)); x: vector(m)", [], blocks=True)

    def f(x: Any) -> Any:
        raise ArithmeticError("no value")

    with pytest.raises(ArithmeticError, match="no value"):
        fn(x=np.ones(100), f=f, rows=3, threads=2)
    log = mc.compile("J = sum(log(x)); x: vector(m)", [], blocks=True)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        log(x=np.zeros(100), rows=3, threads=2)


# the interface ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "wrt", "reason"), [
    ("J = sum(exp(X@X.T)*K); X: matrix(m, 3); K: matrix(m, m)", "X", "twice: every entry along m meets every other"),
    ("J = sum(cumsum(x)**2); x: vector(m)", "x", "cumsum of x needs all of m at once"),
    ("J = x[0]*sum(x); x: vector(m)", "x", "index of x"),
    ("J = max(x)**2; x: vector(m)", "x", "needs all of m at once"),
    ("J = sum([x; x]**2); x: vector(m)", "x", "m"),
    ("J = x.T@K@x; K: symmetric(m)", "x", "K has the axis m twice"),
    ("J = norm(X)**2; X: matrix(3, 4)", "X", "no input has an axis with a named dimension"),
])  # fmt: skip
def test_what_cannot_be_split_says_why(source: str, wrt: str, reason: str) -> None:
    with pytest.raises(mc.UnsupportedError) as error:
        mc.compile(source, wrt, blocks=True)
    assert "cannot be split" in str(error.value)
    assert reason in f"{error.value} {error.value.hint}"
    fn = mc.compile(source, wrt, blocks="auto")
    assert fn.source == mc.compile(source, wrt).source
    assert fn.explain().startswith("blocks: none\n")
    assert reason in fn.explain()


@pytest.mark.parametrize(
    ("blocks", "message"), [(0, "blocks of 0 rows"), (-2, "blocks of -2"), ("q", "no input has the axis q")]
)
def test_other_blocks_are_refused(blocks: Any, message: str) -> None:
    with pytest.raises(mc.UnsupportedError, match=message):
        mc.compile("J = sum(x); x: vector(m)", [], blocks=blocks)


def test_an_axis_may_be_asked_for() -> None:
    source = "Z = W@X + b; J = sum(softplus(Z)); X: matrix(n, m); W: matrix(k, n)"
    given = arguments(source)
    expected = mc.compile(source, ["W", "b"])(**given)
    for axis in "kmn":
        fn = mc.compile(source, ["W", "b"], blocks=axis)
        assert fn.explain().startswith(f"blocks: along {axis} (")
        assert_equal_results(fn(**given, rows=2), expected)


def test_options_of_the_function() -> None:
    fn = mc.compile("J = sum(x*rows); x: vector(m); rows: scalar", ["rows"], blocks=True)
    x = np.arange(7.0)
    assert fn(x=x, rows=2.0, rows_=3)[1]["rows"] == 21
    with pytest.raises(ValueError, match="expected at least one of each"):
        fn(x=x, rows=2.0, rows_=-1)
    with pytest.raises(ValueError, match="expected at least one of each"):
        fn(x=x, rows=2.0, threads=-1)
    again = pickle.loads(pickle.dumps(fn))
    assert again(x=x, rows=2.0)[0] == 42
    assert again.explain() == fn.explain()


def test_a_saved_module_needs_numpy_alone() -> None:
    fn = mc.compile("r = X@w - y; J = r.T@r; X: matrix(m, n)", ["w"], blocks=True)
    space: dict[str, Any] = {}
    exec(compile(fn.source, "saved", "exec"), space)
    value, gradients = space["gradients"](X=[[1, 2], [3, 4], [5, 6]], w=[1, 1], y=[0, 0, 1], rows=2)
    assert (value, gradients["w"].tolist()) == (9 + 49 + 100, [148, 188])
    assert "matcalc" not in "".join(line for line in fn.source.splitlines() if "import" in line)


def test_the_command() -> None:
    done = run("code", "X: matrix(m, n); r = X@w - y; J = r.T@r", "--wrt", "w", "--blocks")
    assert done.exit_code == 0
    assert "def _block(X, y, w):" in done.stdout
    assert "blocks: along m (X, y), one pass over the data" in done.stderr
    assert "needs all of n at once" in refused("code", "J = sum(cumsum(x))", "--wrt", "x", "--blocks")


def test_a_hessian_and_its_product_in_blocks() -> None:
    source = "J = sum(softplus(X@w)); X: matrix(m, n)"
    given = fitting(mc.compile(source, ["w"]), arguments(source))
    found = mc.compile(source, ["w"], order=2, blocks=True)(**given, rows=2)
    expected = mc.compile(source, ["w"], order=2)(**given)
    np.testing.assert_allclose(found[2]["w", "w"], expected[2]["w", "w"])
    direction = np.arange(3.0)
    product = mc.compile(source, hvp="w", blocks=True)(**given, direction=direction, rows=4)[2]
    np.testing.assert_allclose(product, expected[2]["w", "w"] @ direction)


def test_the_example_streams_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "examples")
    import large_data

    X, y, direction = large_data.written(tmp_path, 12_345, 20)
    assert isinstance(X, np.memmap)
    w, losses = large_data.descend(X, y, 12)
    assert losses[0] == pytest.approx(np.log(2))
    assert losses[-1] < 0.6 * losses[0]
    assert w @ direction / np.linalg.norm(w) / np.linalg.norm(direction) > 0.95
    slope = np.mean((-y / 2)[:, None] * X, axis=0)
    first, _ = large_data.descend(X, y, 1)
    np.testing.assert_allclose(first, -4 * slope, rtol=1e-5, atol=1e-7)


def test_blas_keeps_to_one_thread_meanwhile() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl", reason="pip install 'matcalculus[blocks]'")

    def threads() -> set[int]:
        """Of the library that NumPy brings; SciPy may have loaded another."""
        found = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
        return {pool["num_threads"] for pool in found if "numpy" in pool["filepath"]}

    seen: list[set[int]] = []
    before = threads()
    if not before:
        pytest.skip("NumPy brings no BLAS of its own here")
    fn = mc.compile("J = norm(X@w)**2; X: matrix(m, n)", ["w"], blocks=True)
    fn(X=np.ones((20, 3)), w=np.ones(3), rows=5, progress=lambda done, total: seen.append(threads()))
    assert seen
    assert all(found <= {1} for found in seen)
    assert threads() == before


@pytest.mark.parametrize("options", [{"rows": 0}, {"threads": 0}, {"rows": -1}])
def test_no_rows_and_no_threads_are_refused(options: dict[str, int]) -> None:
    function = mc.compile("X: matrix(m, n); J = norm(X@w)**2", ["w"], blocks=True)
    with pytest.raises(ValueError, match="expected at least one of each"):
        function(X=np.ones((5, 2)), w=np.ones(2), **options)


def test_a_masked_array_is_no_data() -> None:
    function = mc.compile("X: matrix(m, n); J = norm(X@w)**2", ["w"], blocks=True)
    with pytest.raises(ValueError, match="X is a masked array"):
        function(X=np.ma.array(np.ones((5, 2)), mask=np.eye(5, 2)), w=np.ones(2))


def test_half_a_row_is_no_block() -> None:
    with pytest.raises(UnsupportedError, match=r"blocks of 2\.5 rows"):
        mc.compile("X: matrix(m, n); J = norm(X@w)**2", ["w"], blocks=2.5)


def block_of(source: str, wrt: str, **options: Any) -> str:
    """The body of the function that computes a block."""
    made = mc.compile(source, wrt.split(","), blocks=True, **options).source
    return made.split("def _block(")[1].split("\n\n\n")[0]


def test_a_block_is_computed_with_the_passes_of_plain_code() -> None:
    classifier = KINDS["softmax classifier"][:2]
    body = block_of(*classifier)
    assert body.count("np.exp(") == 1
    assert "out=" in body
    assert "/=" in body
    without = block_of(*classifier, optimize=False)
    assert not any(sign in without for sign in ("out=", "/="))
    assert "_softmax(" in without


@pytest.mark.parametrize("name", ["softmax classifier", "multi-layer perceptron", "matrix factorisation"])
def test_blocks_in_place_leave_the_arguments_and_give_the_same_as_without(name: str) -> None:
    source, wrt = KINDS[name][:2]
    fast = mc.compile(source, wrt.split(","), blocks=True)
    slow = mc.compile(source, wrt.split(","), blocks=True, optimize=False)
    rng = np.random.default_rng(3)
    shapes = {
        "X": (40, 4), "W": (4, 3), "Y": (40, 3), "b": (3,), "v": (3,), "y": (40,), "M": (40, 6), "R": (40, 6),
        "U": (40, 2), "V": (6, 2),
    }  # fmt: skip
    given = {key: rng.standard_normal(shapes[key]) for key in shapes if f'_("{key}"' in _calls(fast.source)}
    before = {key: array.copy() for key, array in given.items()}
    value, grads = fast(**given, rows=7)
    other, others = slow(**given, rows=7)
    assert all((given[key] == before[key]).all() for key in given)
    assert np.allclose(value, other, rtol=1e-12)
    assert all(np.allclose(grads[key], others[key], rtol=1e-10, atol=1e-12) for key in grads)


def _calls(source: str) -> str:
    return source.replace("_rows(", "_(").replace("_array(", "_(")


def test_the_options_of_blocks_are_told_in_the_docstring() -> None:
    made = mc.compile(KINDS["least squares"][0], ["w"], blocks=True)
    told = made.__doc__ or ""
    assert all(f"{name}: whole number" in told for name in ("rows", "threads"))
    assert not any(words in told for words in ("keeps arrays", "overwrites"))


def test_a_block_is_smaller_where_much_is_made_of_a_row() -> None:
    """Attention makes rows as long as there are keys of short queries: all must fit in cache."""
    source = "Q: matrix(n, d); K: matrix(p, d); s = sum(G*(softmax(Q@K.T, axis=1)@V))"
    rng = np.random.default_rng(0)
    shapes = {"Q": (2000, 2), "K": (5000, 2), "V": (5000, 2), "G": (2000, 2)}
    given = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    seen: list[tuple[int, int]] = []
    fn = mc.compile(source, ["Q", "K"], blocks="n")
    found = fn(**given, progress=lambda done, total: seen.append((done, total)))
    assert 8 <= len(seen) <= 64
    assert_equal_results(found, mc.compile(source, ["Q", "K"])(**given))
    seen.clear()
    narrow = mc.compile("X: matrix(m, n); J = norm(X@w)**2", ["w"], blocks="m")
    narrow(X=given["Q"], w=np.ones(2), progress=lambda done, total: seen.append((done, total)))
    assert not seen  # all of it is one block
