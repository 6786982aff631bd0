"""What each target promises beyond its numbers: arguments, devices, tracing, no graph, kinks, errors, saved modules."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_targets import TARGETS, agree, arrays, leaves, library

import matcalc as mc
from matcalc.codegen.helpers import HELPERS
from matcalc.codegen.targets import spelled_for, table_of
from matcalc.operations.table import OPERATIONS

pytestmark = pytest.mark.filterwarnings("ignore")

LAYER = "s = u.T @ f(W@x + b)"
GIVEN = {
    "u": [1.0, -2.0], "W": [[1.0, 2.0, 3.0], [0.5, -1.0, 0.25]], "x": [0.1, -0.2, 0.3], "b": [0.0, 1.0],
}  # fmt: skip
BY_NAME = [  # programs in which the forms of NumPy's text that targets spell differently occur
    "J = sum(X[1, :]*2) + X[0, 0]**2", "J = norm(x)", "J = sum(x)/norm(x)", "y = [x; 2*x; 1]", "J = vec(X).T@vec(X**3)",
    "J = max(x) + min(x)",
    "J = prod(x)*x[0]", "J = norm_nuc(X)", "J = sum(cumsum(x)**2)",
    "J = erf(x[0]) + sum(gelu(x))",
    "J = sum(expm(A)); A: matrix(n, n)", "J = sum(conv(x, y)**2)", "Y = diag(x)@X", "J = sum(kron(X, X))",
    "J = norm1(X) + norm_inf(X) + sum(abs(x))", "J = sum(relu(x)) + sum(step(x))", "J = det(A) + tr(A)",
    "J = sum(where(x > y, x**2, x))", "z = cross(x, y)", "J = sum(svdvals(X)**3)", "J = sum(roll(x, 1)*y)",
    "J = sum(eigvalsh(S)**3); S: symmetric(n)", "A: matrix(n, n); Y = matrix_power(A, 3)", "J = sum(maximum(x, y))",
    "J = sum(std(X, axis=0)) + sum(cov(X))", "J = logdet(P); P: posdef(n)", "J = sum(triu(A)@A); A: matrix(n, n)",
    "J = cross_entropy(p, softmax(x))", "J = sum(logsumexp(X, axis=1))", "Y = outer(x, x)",
    "J = 3*sum(ones(n)) + x.T@x; x: vector(n)",
]  # fmt: skip


def point(source: str) -> dict[str, Any]:
    """Inputs of different sizes; P and S are positive definite."""
    rng = np.random.default_rng(5)
    program = mc.derive(source, []).program
    sizes: dict[Any, int] = {}
    found = {}
    for name, node in program.inputs.items():
        shape = [dim if isinstance(dim, int) else sizes.setdefault(dim, 5 - len(sizes)) for dim in node.shape]
        array = rng.standard_normal([size for size in shape if size != 1])
        found[name] = array @ array.T + 3 * np.eye(len(array)) if name in "PS" else array
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", BY_NAME)
def test_every_form_of_numpys_text(source: str, target: str) -> None:
    make = arrays(target)
    plain = mc.compile(source, "all")
    given = point(source)
    found = mc.compile(source, "all", target=target)(**{name: make(array) for name, array in given.items()})
    agree(plain(**given), found, 1e-9)


@pytest.mark.parametrize("target", TARGETS)
def test_lists_numbers_and_whole_numbers_are_taken(target: str) -> None:
    make = arrays(target)
    fn = mc.compile("J = a*(x.T@A@x) + sum(b)", "all", target=target)
    value, gradients = fn(a=2, x=[1, 2], A=make([[1, 0], [4, 1]]), b=[True, False])
    assert float(value) == 2 * 13 + 1
    assert np.asarray(gradients["x"]).tolist() == [20, 16]
    assert float(gradients["a"]) == 13


@pytest.mark.parametrize("target", TARGETS)
def test_arguments_stay_as_they_are_and_results_are_their_own(target: str) -> None:
    make = arrays(target)
    x = make([1.0, 2.0, 3.0])
    fn = mc.compile("J = sum(x) + y.T@x; y: vector(n)", "all", target=target)
    first = fn(x=x, y=x)
    assert np.asarray(first[1]["y"]).tolist() == [1, 2, 3]
    if target != "jax":  # whose arrays never change
        assert first[1]["y"] is not x
        first[1]["y"][0] = 100.0
        assert np.asarray(x).tolist() == [1, 2, 3]


@pytest.mark.parametrize("target", TARGETS)
def test_wrong_arguments_are_told(target: str) -> None:
    make = arrays(target)
    fn = mc.compile(LAYER, ["W"], functions={"f": "tanh"}, target=target)
    given = {name: make(value) for name, value in GIVEN.items()}
    with pytest.raises(ValueError, match=r"x has shape \(2,\), expected \(d,\) = \(3,\), d = 3 from W"):
        fn(**given | {"x": make([1.0, 2.0])})
    with pytest.raises(ValueError, match=r"W has shape \(2,\), expected a matrix"):
        fn(**given | {"W": make([1.0, 2.0])})
    with pytest.raises(TypeError, match="missing"):
        fn(u=given["u"])
    with pytest.raises(ValueError, match="no empty axis"):
        fn(**given | {"b": make([])})


@pytest.mark.parametrize("target", TARGETS)
def test_unknown_functions_are_called_with_its_arrays(target: str) -> None:
    make, made = arrays(target), library(target)
    fn = mc.compile(LAYER, ["W", "x"], target=target)
    given = {name: make(value) for name, value in GIVEN.items()}
    found = fn(**given, f=made.tanh, df=lambda z: 1 - made.tanh(z) ** 2)
    agree(mc.compile(LAYER, ["W", "x"], functions={"f": "tanh"})(**GIVEN), found)
    with pytest.raises(ValueError, match=r"f gave shape \(\)"):
        fn(**given, f=made.sum, df=made.cos)


@pytest.mark.parametrize("target", TARGETS)
def test_hessians_products_and_kinks(target: str) -> None:
    make = arrays(target)
    x = [0.5, -1.0, 2.0]
    _, _, hessians = mc.compile("J = sum(exp(x)*x)", "x", order=2, target=target)(x=make(x))
    np.testing.assert_allclose(np.asarray(hessians["x", "x"]), np.diag((np.array(x) + 2) * np.exp(x)))
    _, _, hessians = mc.compile("J = prod(x)", "x", order=2, target=target)(x=make([0.0, 2.0, 3.0]))
    assert np.asarray(hessians["x", "x"]).tolist() == [[0, 3, 2], [3, 0, 0], [2, 0, 0]]
    _, _, product = mc.compile("J = sum(x**4)", hvp="x", target=target)(x=make(x), direction=make([1.0, 0.0, 1.0]))
    np.testing.assert_allclose(np.asarray(product), [3.0, 0.0, 48.0])
    for source, expected in (("sum(relu(x))", 0), ("sum(abs(x))", 0), ("norm(x)", 0), ("sum(step(x))", 0)):
        _, gradients = mc.compile(source, "x", target=target)(x=make([0.0, 0.0]))
        assert np.asarray(gradients["x"]).tolist() == [expected, expected], source
    _, gradients = mc.compile("max(x)", "x", target=target)(x=make([1.0, 3.0, 3.0]))
    assert np.asarray(gradients["x"]).tolist() == [0, 1, 0]  # the first of equal entries


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_pickled_and_saved(target: str, tmp_path: Path) -> None:
    make = arrays(target)
    fn = pickle.loads(pickle.dumps(mc.compile("J = sum(x**2)", "x", target=target)))
    assert fn.target == target
    assert np.asarray(fn(x=make([3.0]))[1]["x"]).tolist() == [6]
    (tmp_path / "saved.py").write_text(fn.source, encoding="utf-8")
    asked = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import saved; sys.exit('matcalc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


@pytest.mark.parametrize("target", TARGETS)
def test_the_module_names_its_library_alone(target: str) -> None:
    library(target)
    text = mc.compile("J = sum(softmax(W@x)) + logdet(W)", "all", target=target).source
    assert not re.search(r"\bnp\.|^import numpy", text)
    table = table_of(target)
    assert text.splitlines()[0] == f'"""Generated by matcalc: gradients, in {table.title}."""'


@pytest.mark.parametrize("target", TARGETS)
def test_every_operation_and_helper_has_a_spelling(target: str) -> None:
    table = table_of(target)
    for name, entry in OPERATIONS.items():
        for called in re.findall(r"\bnp\.([\w.]+)(?=\()", entry.numpy or ""):
            assert called in table.functions or table.other, f"{name}: an entry for np.{called} in {target}.py"
    numpys = {name for name, helper in HELPERS.items() if "workspace" in helper.real.split(":")[0]}
    for name, helper in HELPERS.items():
        if name in numpys:
            continue  # workspaces are NumPy's memory
        calls = ", ".join(re.search(r"\((.*?)\):", helper.real)[1].split("=")[0].split(", ")).replace("*known", "1")
        module = f"def gradients(x):\n    x = _array('x', x, 1)\n    return {name}({calls or 'x'})\n\n\n{helper.real}"
        assert f"def {name}(" in spelled_for(module, target), f"{name} in {target}.py"


# PyTorch ------------------------------------------------------------------------------------------------------


def test_torch_builds_no_graph() -> None:
    torch = library("torch")
    W = torch.tensor(GIVEN["W"], dtype=torch.float64, requires_grad=True)
    fn = mc.compile(LAYER, "all", functions={"f": "tanh"}, target="torch")
    found = fn(**GIVEN | {"W": W})
    assert not any(array.requires_grad or array.grad_fn for array in leaves(found).values())
    assert W.grad is None
    torch.tanh(W @ torch.tensor(GIVEN["x"], dtype=torch.float64) + torch.tensor(GIVEN["b"], dtype=torch.float64)).dot(
        torch.tensor(GIVEN["u"], dtype=torch.float64)
    ).backward()
    np.testing.assert_allclose(found[1]["W"].numpy(), W.grad.numpy())  # what autograd finds


@pytest.mark.parametrize("source", [
    "J = sum(X@x) + sum(X[1, :]) + tr(X@X.T)", "y = [x; 2*x; 1]", "J = sum(softmax(X@x))", "Y = X*(X@x)",
    "J = sum(maximum(x, 1)) + logdet(X.T@X)", "Y = [x.T@x, 1; 2, sum(x)]",
])  # fmt: skip
def test_torch_stays_on_the_device_of_its_arguments(source: str) -> None:
    torch = library("torch")
    fn = mc.compile(source, "all", target="torch")
    given = {name: torch.as_tensor(array, device="meta") for name, array in point(source).items()}
    for array in leaves(fn(**given)).values():
        assert array.device.type == "meta"
        assert array.dtype == torch.float64


# JAX ----------------------------------------------------------------------------------------------------------

TRACED = ["s = u.T @ tanh(W@x + b)", "J = norm(X@w - y)**2", "J = logdet(P); P: posdef(n)", "J = sum(X[1, :])**2",
          "J = sum(matrix_power(A, k)); A: matrix(n, n)", "Y = diag(x)@X",
          "J = norm(x) + max(x) + sum(where(x > y, x, 2*x))", "y = [x; x]", "J = sum(svdvals(X))"]  # fmt: skip


@pytest.mark.parametrize("source", TRACED)
def test_jax_traces_it(source: str) -> None:
    made = library("jax")
    import jax

    plain = mc.compile(source, "all" if "k" not in source else "A")
    given = point(source) | ({"k": 3.0} if "matrix_power" in source else {})
    traced = jax.jit(mc.compile(source, plain.wrt, target="jax"))
    agree(plain(**given), traced(**{name: made.asarray(array) for name, array in given.items()}), 1e-9)


def test_jax_differentiates_it_and_maps_it() -> None:
    made = library("jax")
    import jax

    fn = mc.compile("J = sum(log(1 + exp(X@w)))", "w", target="jax")
    X, w = made.asarray(np.random.default_rng(0).standard_normal((5, 3))), made.asarray([0.1, -0.3, 0.2])
    np.testing.assert_allclose(jax.grad(lambda w: fn(X=X, w=w)[0])(w), fn(X=X, w=w)[1]["w"])
    many = jax.vmap(lambda w: fn(X=X, w=w)[0])(made.stack([w, 2 * w]))
    np.testing.assert_allclose(many[1], fn(X=X, w=2 * w)[0])


def test_jax_keeps_the_switch_of_its_user() -> None:
    library("jax")
    asked = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import matcalc as mc; fn = mc.compile('J = x.T@x', 'x', target='jax')\n"
        "import jax; value, _ = fn(x=[1.0, 2.0]); assert value.dtype == 'float32', value.dtype\n"
        "assert not jax.config.jax_enable_x64"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)


# the array API ------------------------------------------------------------------------------------------------


def test_any_library_of_the_standard_will_do() -> None:
    library("array_api")
    fn = mc.compile("J = sum(X[0, :]**2) + sum(softmax(X@w)*y)", "all", target="array_api")
    plain = mc.compile("J = sum(X[0, :]**2) + sum(softmax(X@w)*y)", "all")
    given = {"X": np.arange(12.0).reshape(4, 3) / 12, "w": np.ones(3) / 3, "y": np.arange(4.0)}
    expected = plain(**given)
    agree(expected, fn(**given))  # NumPy's own arrays
    for target in ("torch", "jax"):
        try:
            make = arrays(target)
        except pytest.skip.Exception:
            continue
        agree(expected, fn(**{name: make(array) for name, array in given.items()}))


def test_without_an_array_there_is_no_library() -> None:
    library("array_api")
    fn = mc.compile("J = x.T@x", "x", target="array_api")
    with pytest.raises(TypeError, match="at least one array"):
        fn(x=[1.0, 2.0])
    with pytest.raises(mc.UnsupportedError, match="needs an input that is an array"):
        mc.compile("J = 1 + 1", target="array_api")


def test_error_functions_to_the_last_digits() -> None:
    library("array_api")
    from scipy import special

    x = np.concatenate([np.linspace(-6, 6, 301), [1e-12, -1e-300, 0.0, 0.5, -0.5, 30.0, -30.0]])
    fn = mc.compile("y = erf(x)", [], target="array_api")
    np.testing.assert_allclose(fn(x=x)[0], special.erf(x), rtol=1e-15, atol=0)
    x = np.linspace(-20, 6, 301)
    fn = mc.compile("y = gelu(x)", [], target="array_api")
    np.testing.assert_allclose(fn(x=x)[0], x * special.erfc(-x / np.sqrt(2)) / 2, rtol=1e-12)


# refusals -----------------------------------------------------------------------------------------------------


def test_other_targets_are_refused() -> None:
    with pytest.raises(mc.UnsupportedError, match=r"there is no target 'cupy'.*numpy, torch, jax, array_api"):
        mc.compile("x.T@x", target="cupy")
    with pytest.raises(mc.UnsupportedError, match="torch does not go over the data in blocks"):
        mc.compile("J = x.T@x", "x", target="torch", blocks=True)


def test_a_name_of_the_library_is_refused() -> None:
    with pytest.raises(mc.UnsupportedError, match="has a name torch of its own; rename torch"):
        mc.compile("J = torch.T@torch", "torch", target="torch")


def test_what_a_table_does_not_list_is_named() -> None:
    text = mc.compile("J = x.T@x").source.replace("np.vdot(", "np.quantile(").replace("x.dot(x)", "np.quantile(x, x)")
    with pytest.raises(mc.UnsupportedError, match="PyTorch has no quantile; use target numpy"):
        spelled_for(text, "torch")


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    said = r"needs torch, which is not installed; pip install 'matcalculus\[torch\]'"
    with pytest.raises(mc.UnsupportedError, match=said):
        mc.compile("J = x.T@x", "x", target="torch")
