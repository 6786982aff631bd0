"""What a generated function promises: its arguments, errors, conversions, memory, and names."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcalc.codegen.compiled import Compiled, refuse_foreign
from matcalc.codegen.numpy_module import Request, build, generate
from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations.table import ELEMENTWISE_NAMES, apply, let, make, mul, variable


def request(source: str, gradients: dict[str, str] | None = None, **options: Any) -> Request:
    program = elaborate(source)
    environment = beside(program)
    nodes = {name: expression(text, environment) for name, text in (gradients or {}).items()}
    inputs = list(program.inputs.values())
    return Request(program.value, inputs, nodes, value_name=program.value_name or "value", least=program.least, **options)


def compiled(source: str, gradients: dict[str, str] | None = None, **options: Any) -> Compiled:
    return Compiled(generate(request(source, gradients, **options)))


NETWORK = "z = W@x + b; s = u.T @ f(z)"
GRADIENTS = {"W": "outer(u*f'(z), x)", "b": "u*f'(z)", "u": "f(z)", "x": "W.T@(u*f'(z))"}


def point(n: int = 3, d: int = 4) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"W": (n, d), "x": (d,), "b": (n,), "u": (n,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


# arguments --------------------------------------------------------------------------------------------------


def test_arguments_by_position_and_by_name_and_unknown_functions() -> None:
    function = compiled(NETWORK, GRADIENTS)
    p = point()
    slope = lambda z: 1 - np.tanh(z) ** 2  # noqa: E731
    value, gradients = function(p["W"], p["x"], p["b"], p["u"], np.tanh, slope)
    again, _ = function(**p, f=np.tanh, df=slope)
    z = p["W"] @ p["x"] + p["b"]
    assert value == again == pytest.approx(p["u"] @ np.tanh(z))
    np.testing.assert_allclose(gradients["W"], np.outer(p["u"] * slope(z), p["x"]))
    assert {name: g.shape for name, g in gradients.items()} == {name: p[name].shape for name in gradients}


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(ELEMENTWISE_NAMES))
def test_a_bound_function_has_its_own_derivatives(name: str, order: int) -> None:
    """Held against differences of the order below: the derivative comes from the table's text, not from a formula here."""
    x = variable("x", ("n", 1))
    lower, node = (apply("f", k, x) for k in (max(order - 1, 0), order))
    at = np.array([0.3, 0.55, 0.71])
    step = 1e-5

    def run(node: Node, at: Any) -> Any:
        return Compiled(generate(Request(node, [x], functions={"f": name})))(x=at)[0]

    if order == 0:
        np.testing.assert_array_equal(run(node, at), Compiled(generate(Request(make(name, x), [x])))(x=at)[0])
    else:
        numeric = (run(lower, at + step) - run(lower, at - step)) / (2 * step)
        np.testing.assert_allclose(run(node, at), numeric, rtol=1e-6, atol=1e-6)


def test_a_function_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="tahn is not an elementwise function"):
        generate(request(NETWORK, functions={"f": "tahn"}))


def test_second_derivatives_of_unknown_functions_are_asked_for() -> None:
    x = variable("x", ("n", 1))
    module = build(Request(apply("f", 0, x), [x, variable("df", ())], {"x": apply("f", 2, x)}))
    assert module.functions == {("f", 0): "f", ("f", 2): "d2f"}


def test_a_taken_name_gets_an_underscore() -> None:
    module = build(request("s = df.T @ f(x)", {"x": "df*f'(x)"}))
    assert module.functions == {("f", 0): "f", ("f", 1): "df_"}
    value, gradients = Compiled(module.text)(df=[1.0, 2.0], x=[0.5, 1.5], f=np.sin, df_=np.cos)
    assert value == pytest.approx(np.sin(0.5) + 2 * np.sin(1.5))
    np.testing.assert_allclose(gradients["x"], [np.cos(0.5), 2 * np.cos(1.5)])


def test_only_inputs_that_are_used() -> None:
    assert build(request("c: matrix(p, q); s = x.T@x", {"x": "2*x"})).inputs == ("x",)


def test_an_input_that_only_a_dimension_is_known_from() -> None:
    module = build(request("y: vector(p); s = x.T@x", {"y": "zeros(p)"}))
    assert module.inputs == ("y", "x")
    value, gradients = Compiled(module.text)(x=[1, 2], y=[1, 2, 3])
    assert value == 5
    np.testing.assert_array_equal(gradients["y"], np.zeros(3))


def test_a_dimension_that_no_input_has_is_a_parameter() -> None:
    assert compiled("t: scalar; s = t*sum(ones(k))")(t=2.0, k=3)[0] == 6
    with pytest.raises(ValueError, match=r"k is 2.5, expected a positive whole number"):
        compiled("t: scalar; s = t*sum(ones(k))")(t=2.0, k=2.5)


def test_keywords_of_python_are_passed_by_name() -> None:
    function = compiled("J = norm(w)**2*lambda", {"lambda": "norm(w)**2", "w": "2*lambda*w"})
    value, gradients = function(w=[1.0, 2.0], **{"lambda": 0.5})
    assert value == 2.5
    assert gradients["lambda"] == 5
    with pytest.raises(TypeError, match="missing argument 'lambda'"):
        function(w=[1.0])
    with pytest.raises(TypeError, match="unexpected arguments: mu"):
        function(w=[1.0], **{"lambda": 1.0, "mu": 1.0})


NASTY = (
    "np", "_array", "_expect", "gradients", "t1", "t2", "dx", "value", "erf", "keywords", "float", "ValueError", "n", "m",
    "_softmax", "_", "__debug__", "None_", "class", "import", "match", "lambda", "self", "λ", "x_", "_t0", "grad_x", "array",
)  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_names_never_collide(name: str) -> None:
    """The name as an input, a matrix beside it, with everything emitted that could take its name."""
    x, a = variable(name, ("n", 1)), variable("A", ("m", "n"))
    y = make("matmul", a, x)
    value = make("sum", make("mul", make("softmax", y, params=(None,)), make("gelu", y)), params=(None,))
    text = generate(Request(value, [a, x], {name: x, "A": a}))
    rng = np.random.default_rng(1)
    arguments = {"A": rng.standard_normal((3, 2)), name: rng.standard_normal(2)}
    got, gradients = Compiled(text)(**arguments)
    np.testing.assert_array_equal(gradients[name], arguments[name])
    plain = Compiled(generate(Request(make("sum", make("mul", make("softmax", make("matmul", a, variable("x", ("n", 1))), params=(None,)),
        make("gelu", make("matmul", a, variable("x", ("n", 1))))), params=(None,)), [a, variable("x", ("n", 1))])))  # fmt: skip
    assert got == plain(A=arguments["A"], x=arguments[name])[0]


@pytest.mark.parametrize("name", NASTY)
def test_names_of_intermediate_variables_never_collide(name: str) -> None:
    x = variable("x", ("n", 1))
    z = let(name, make("softmax", x, params=(None,)))
    got, gradients = Compiled(generate(Request(make("matmul", make("T", z), z), [x], {name: z, "x": make("erf", z)})))(x=[1.0, 2.0])
    p = np.exp([1.0, 2.0]) / np.sum(np.exp([1.0, 2.0]))
    assert got == pytest.approx(p @ p)
    np.testing.assert_allclose(gradients[name], p)


# shapes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones(5)}, r"x has shape \(5,\), expected \(d,\) = \(4,\), d = 4 from W"),
        ({"u": np.ones(4)}, r"u has shape \(4,\), expected \(n,\) = \(3,\), n = 3 from W"),
        ({"x": np.ones((4, 1))}, r"x has shape \(4, 1\), expected a vector"),
        ({"W": np.ones(4)}, r"W has shape \(4,\), expected a matrix"),
        ({"b": 1.0}, r"b has shape \(\), expected a vector"),
        ({"W": np.ones((0, 4))}, r"W has shape \(0, 4\), expected no empty axis"),
        ({"x": np.ones(4) * 1j}, r"x has entries of type complex128, expected real numbers"),
        ({"x": ["a", "b", "c", "d"]}, r"x has entries of type <U1, expected real numbers"),
    ],
)
def test_wrong_shapes_name_the_argument_and_both_shapes(change: dict[str, Any], message: str) -> None:
    function = compiled(NETWORK, GRADIENTS, functions={"f": "tanh"})
    with pytest.raises(ValueError, match=message):
        function(**{**point(), **change})


def test_slices_ask_for_least_sizes() -> None:
    function = compiled("y = x[2:5]; s = sum(y)")
    assert function(x=np.arange(6.0))[0] == 9
    with pytest.raises(ValueError, match=r"x has .* = 4, expected at least 5"):
        function(x=np.arange(4.0))


def test_dimensions_solved_for_where_they_stand_in_formulas() -> None:
    program = "x, y: vector(d); w: vector(5*k); s = sum(x) + sum(w)*k"
    try:
        function = compiled(program)
    except Exception as error:  # noqa: BLE001  the language may not admit such declarations
        pytest.skip(str(error))
    assert function(x=[1.0, 2.0], w=np.ones(10))[0] == 3 + 20
    with pytest.raises(ValueError, match="the shape of w does not fit"):
        function(x=[1.0, 2.0], w=np.ones(11))


def test_stacked_dimensions_are_checked() -> None:
    function = compiled("x1, x2, x3: vector(d); x = [x1; x2; x3]; z = W@x")
    rng = np.random.default_rng(2)
    parts = {f"x{i}": rng.standard_normal(2) for i in (1, 2, 3)}
    big = rng.standard_normal((4, 6))
    np.testing.assert_allclose(function(W=big, **parts)[0], big @ np.concatenate(list(parts.values())))
    with pytest.raises(ValueError, match=r"W has shape \(4, 7\), expected \(.*, 3\*d\) = \(4, 6\), d = 2 from x1"):
        function(W=np.ones((4, 7)), **parts)


def test_a_dimension_that_cannot_be_told() -> None:
    from matcalc.expressions.dims import multiply

    w = variable("w", (multiply("j", "k"), 1))
    with pytest.raises(UnsupportedError, match="the size of j cannot be told"):
        generate(Request(w, [w]))


def test_a_dimension_may_be_one_at_run_time() -> None:
    function = compiled(NETWORK, GRADIENTS, functions={"f": "sigmoid"})
    value, gradients = function(**point(1, 1))
    assert np.shape(value) == ()
    assert gradients["W"].shape == (1, 1)
    assert gradients["x"].shape == (1,)


# numbers ----------------------------------------------------------------------------------------------------


def test_lists_integers_and_short_floats_are_converted() -> None:
    function = compiled("y = A@x / 2 + x**-1", {"x": "x"})
    wanted = [[1, 2], [3, 4]] @ np.array([1.0, 2.0]) / 2 + [1.0, 0.5]
    for a, x in (
        ([[1, 2], [3, 4]], [1, 2]), (np.array([[1, 2], [3, 4]]), (1, 2)), (np.array([[1, 2], [3, 4]], np.int8), np.array([1, 2], np.float32)),
        (np.array([[1, 2], [3, 4]], dtype=object), [np.float16(1), 2]), (np.asfortranarray([[1.0, 2], [3, 4]]), np.array([2.0, 1.0])[::-1]),
    ):  # fmt: skip
        value, gradients = function(A=a, x=x)
        assert value.dtype == gradients["x"].dtype == np.float64
        np.testing.assert_array_equal(value, wanted)


def test_none_is_not_a_number() -> None:
    with pytest.raises(TypeError):
        compiled("s = sum(x)")(x=[1.0, None])


def test_scalars_are_floats_that_follow_ieee() -> None:
    function = compiled("s = 1/t + 1/(n - 2) - pi; x: vector(n); t: scalar; r = s + sum(x)")
    with np.errstate(all="ignore"):
        assert function(t=0, x=[1.0, 2.0])[0] == np.inf
        assert isinstance(function(t=2, x=[1.0])[0], float)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_propagate(bad: float) -> None:
    names = sorted(ELEMENTWISE_NAMES - {"step", "sign", "tanh", "sigmoid", "erf", "arctan", "reciprocal"})
    x = variable("x", ("n", 1))
    nodes = {name: make(name, x) for name in names}
    nodes |= {name: make(name, x, params=(None,)) for name in ("sum", "mean", "logsumexp", "softmax", "log_softmax")}
    nodes |= {name: make(name, x) for name in ("norm", "norm1", "norm_inf", "prod", "max")}
    with np.errstate(all="ignore"):
        _, results = Compiled(generate(Request(x, [x], nodes)))(x=[0.5, bad])
    for name, result in results.items():
        assert not np.all(np.isfinite(result)), name


def test_conventions_at_kinks() -> None:
    x = variable("x", ("n", 1))
    nodes = {name: make(name, x) for name in ("sign", "step", "relu", "is_max", "is_min", "prod_others")}
    _, got = Compiled(generate(Request(x, [x], nodes)))(x=[0.0, 3.0, 3.0, -2.0, -2.0])
    assert got["sign"][0] == got["step"][0] == got["relu"][0] == 0
    np.testing.assert_array_equal(got["is_max"], [0, 1, 0, 0, 0])
    np.testing.assert_array_equal(got["is_min"], [0, 0, 0, 1, 0])
    np.testing.assert_array_equal(got["prod_others"], [36, 0, 0, 0, 0])
    a = variable("A", ("m", "n"))
    value = Compiled(generate(Request(make("is_max", a), [a])))(A=[[1.0, 5.0], [5.0, 5.0]])[0]
    np.testing.assert_array_equal(value, [[0, 0], [1, 0]])  # the first column by column


def test_the_gradient_of_a_norm_is_zero_at_zero() -> None:
    function = compiled("r = norm(x - a)", {"x": "(x - a)/norm(x - a)", "a": "(a - x)/norm(x - a)"})
    value, gradients = function(x=[1.0, 2.0], a=[1.0, 2.0])
    assert value == 0
    np.testing.assert_array_equal(gradients["x"], [0, 0])
    np.testing.assert_array_equal(gradients["a"], [0, 0])
    _, gradients = compiled("r = norm(A@x)", {"x": "A.T@(A@x)/norm(A@x)"})(A=[[1.0, 2.0]], x=[0.0, 0.0])
    np.testing.assert_array_equal(gradients["x"], [0, 0])


def test_a_unit_vector_of_zero_is_not_a_number() -> None:
    with np.errstate(all="ignore"):
        assert np.all(np.isnan(compiled("y = x/norm(x)")(x=[0.0, 0.0])[0]))


def test_powers_at_zero() -> None:
    function = compiled("s = sum(x**0) + sum(x**2) + sum(x**1)", {"x": "2*x**1*x**0"})
    value, gradients = function(x=[0.0, 0.0])
    assert value == 2
    np.testing.assert_array_equal(gradients["x"], [0, 0])


# memory -----------------------------------------------------------------------------------------------------


def test_results_share_no_memory() -> None:
    texts = {"x": "x", "A": "A", "b": "A.T@A", "c": "x[0:2]", "d": "A.T", "e": "vec(A)", "f": "diag(A)", "g": "tanh(x)", "h": "tanh(x)",
             "i": "tanh(A)", "j": "tanh(A).T", "k": "tanh(A)[0, :]", "l": "ones(n)", "m": "ones(n)", "p": "matrix_power(A, 1)"}  # fmt: skip
    function = compiled("A: matrix(n, n); x: vector(n); s = sum(A@x)", texts)
    arguments = {"A": np.arange(9.0).reshape(3, 3) / 9, "x": np.arange(3.0)}
    kept = {name: array.copy() for name, array in arguments.items()}
    results = [*function(**arguments)[1].values(), *function(**arguments)[1].values()]
    arrays = [*arguments.values(), *results]
    for i, a in enumerate(arrays):
        for b in arrays[i + 1 :]:
            assert not np.shares_memory(a, b)
    for result in results:
        result[...] = np.nan  # writeable, and nobody else's
    for name, array in kept.items():
        np.testing.assert_array_equal(arguments[name], array)


def test_functions_that_give_their_argument_back() -> None:
    function = compiled("y = f(x)", {"x": "f'(x)"})
    x = np.array([1.0, 2.0])
    value, gradients = function(x=x, f=lambda t: t, df=lambda t: np.ones_like(t))
    assert not np.shares_memory(value, x)
    with pytest.raises(ValueError, match=r"df gave shape \(\) for an argument of shape \(2,\)"):
        function(x=x, f=lambda t: t, df=lambda t: 1.0)
    np.testing.assert_array_equal(gradients["x"], [1, 1])


def test_calls_from_several_threads() -> None:
    function = compiled(NETWORK, GRADIENTS, functions={"f": "tanh"})
    wanted = function(**point())[0]
    wrong: list[float] = []

    def work() -> None:
        for _ in range(200):
            if function(**point())[0] != wanted:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# the module -------------------------------------------------------------------------------------------------


def test_the_module_stands_alone(tmp_path: Path) -> None:
    text = generate(request(NETWORK, GRADIENTS, functions={"f": "gelu"}, name="step"))
    (tmp_path / "grads.py").write_text(text, encoding="utf-8")
    script = "import sys, numpy, grads; v, g = grads.step(W=[[1, 2]], x=[1, 1], b=[0], u=[1]); print(float(v), 'matcalc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    value, loaded = done.stdout.split()
    assert float(value) == pytest.approx(2.9959502)
    assert loaded == "False"


def test_scipy_only_where_numpy_lacks_the_function() -> None:
    plain = generate(request("s = sum(tanh(x) + sigmoid(x) + softplus(x) + silu(x))"))
    assert "scipy" not in plain.lower()
    text = generate(request("s = sum(gelu(x) + erf(x))"))
    assert "from scipy.special import erf, erfc" in text
    assert "Needs SciPy" in text


def test_the_module_defines_functions_only() -> None:
    tree = ast.parse(generate(request(NETWORK, GRADIENTS)))
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds[:3] == ["Expr", "Import", "Assign"]
    assert set(kinds[3:]) == {"FunctionDef"}


@pytest.mark.parametrize(
    "line", ['"""; import os; """', "a\nb\\", 'quote " and \\" and \\', "\x1b[2J\u202e\u2028", "'''", "{x} %s", "\\N{DIGIT ONE}", "\\", '"']
)
def test_formulas_stand_in_the_docstring_as_characters(line: str) -> None:
    text = generate(request("s = x.T@x", {"x": "2*x"}, formulas=[line]))
    tree = ast.parse(text)
    assert [type(node).__name__ for node in tree.body] == ["Expr", "Import", "Assign", "FunctionDef", "FunctionDef"]
    function = Compiled(text)
    assert function(x=[1.0, 2.0])[0] == 5
    assert function.__doc__ is not None
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "code", ["import os", "from os import path", "class A: pass", "x.__class__", "lambda: 1", "while True: pass", "global x", "exec('1')\nwith x: pass", "del x"]
)
def test_foreign_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="bug in matcalc"):
        refuse_foreign(ast.parse(code))


def test_nothing_but_a_few_builtins_is_at_hand() -> None:
    with pytest.raises(NameError):
        Compiled("import numpy as np\ndef gradients(x):\n    return open(x)\n")(x="/etc/hostname")


def test_compiled_functions_are_pickled_and_documented() -> None:
    function = compiled(NETWORK, GRADIENTS, functions={"f": "tanh"}, formulas=["∂s/∂W = (u ⊙ f′(z)) xᵀ"])
    again = pickle.loads(pickle.dumps(function))
    assert again(**point())[0] == function(**point())[0]
    assert "∂s/∂W = (u ⊙ f′(z)) xᵀ" in (function.__doc__ or "")
    assert "W: matrix (n, d)" in (function.__doc__ or "")


def test_the_text_is_the_same_in_every_process() -> None:
    script = (
        "from matcalc.language.program import elaborate\nfrom matcalc.codegen.numpy_module import *\n"
        f"p = elaborate({NETWORK!r})\nprint(hash(generate(Request(p.value, list(p.inputs.values())))[:0]), end='')\n"
        "import hashlib; print(hashlib.sha256(generate(Request(p.value, list(p.inputs.values()), {'u': p.names['z']})).encode()).hexdigest())"
    )
    found = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1


def test_a_thousand_layers() -> None:
    """Linear in the number of distinct nodes; run, and held against the chain rule by hand."""
    n, layers = 2, 1000
    x = h = variable("x", ("n", 1))
    a = variable("A", ("n", "n"))
    for _ in range(layers):
        h = make("tanh", make("add", make("matmul", a, h), x))
    text = generate(Request(make("sum", mul(h, h), params=(None,)), [x, a], {"x": h}))
    matrix, start = np.array([[0.5, -0.3], [0.2, 0.4]]), np.array([0.3, -0.1])
    state = start
    for _ in range(layers):
        state = np.tanh(matrix @ state + start)
    value, gradients = Compiled(text)(x=start, A=matrix)
    assert value == pytest.approx(state @ state)
    np.testing.assert_allclose(gradients["x"], state)
    assert n == len(start)
