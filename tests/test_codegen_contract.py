"""What a generated function promises: its arguments, its errors, conversions, and names."""

from __future__ import annotations

import inspect
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from generated import GRADIENTS, NETWORK, compiled, point, request

import matcalc as mc
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, build, generate
from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node
from matcalc.operations.table import ELEMENTWISE_NAMES, apply, let, make, variable

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
    """Held against differences of the order below: the derivative is the table's text."""
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
    "np", "_array", "_expect", "gradients", "t1", "t2", "dx", "value", "erf", "keywords", "float", "ValueError", "n",
    "m",
    "_softmax", "_", "__debug__", "None_", "class", "import", "match", "lambda", "self", "λ", "x_", "_t0", "grad_x",
    "array",
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
    y = make("matmul", a, other := variable("x", ("n", 1)))
    value = make("sum", make("mul", make("softmax", y, params=(None,)), make("gelu", y)), params=(None,))
    plain = Compiled(generate(Request(value, [a, other])))
    assert got == plain(A=arguments["A"], x=arguments[name])[0]


@pytest.mark.parametrize("name", NASTY)
def test_names_of_intermediate_variables_never_collide(name: str) -> None:
    x = variable("x", ("n", 1))
    z = let(name, make("softmax", x, params=(None,)))
    got, gradients = Compiled(generate(Request(make("matmul", make("T", z), z), [x], {name: z, "x": make("erf", z)})))(
        x=[1.0, 2.0]
    )
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
    except Exception as error:
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
        ([[1, 2], [3, 4]], [1, 2]), (np.array([[1, 2], [3, 4]]), (1, 2)),
        (np.array([[1, 2], [3, 4]], np.int8), np.array([1, 2], np.float32)),
        (np.array([[1, 2], [3, 4]], dtype=object), [np.float16(1), 2]),
        (np.asfortranarray([[1.0, 2], [3, 4]]), np.array([2.0, 1.0])[::-1]),
    ):  # fmt: skip
        value, gradients = function(A=a, x=x)
        assert value.dtype == gradients["x"].dtype == np.float64
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize(("x", "error"), [
    ([1.0, None], TypeError), (None, TypeError), ({1.0, 2.0}, TypeError), ([[1.0], [1.0, 2.0]], ValueError),
    ([1, 10**400], ValueError), (np.array([1, "a"], dtype=object), ValueError), ([1.0, 1j], ValueError),
    (np.array([1, 1j], dtype=object), TypeError), (np.ma.array([1.0, 2.0], mask=[0, 1]), ValueError),
    ("12", ValueError), (np.array(["2020"], "M8[Y]"), ValueError),
])  # fmt: skip
def test_what_is_no_number_is_told_by_name(x: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^x (is|has) "):
        compiled("s = sum(x)")(x=x)


@pytest.mark.parametrize("t", [Decimal("0.5"), Fraction(1, 2), np.float32(0.5), np.array(0.5), np.array(0.5, object)])
def test_scalars_of_other_types_are_converted(t: Any) -> None:
    value, gradients = compiled("s = t**3; t: scalar", {"t": "3*t**2"})(t=t)
    assert (value, gradients["t"]) == (0.125, 0.75)
    assert isinstance(value, float)


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


@pytest.mark.parametrize("source", [
    "x.T@x + norm(x)", "x.T@x/(1 + norm(x))", "y.T@x/(1 + norm(x))", "log(1 + norm(x))", "norm(x)**1.5 + norm(x)**3",
    "norm(A@x) + x.T@A.T@A@x", "norm(x*y) + sum((x*y)**2)", "norm(outer(x, x))", "norm(diag(x)) + x.T@x",
    "norm(x)/(1 + norm(x))*x.T@x", "r = A@x; 2*norm(r) + r.T@r + norm(x)", "norm(x)/norm(y)", "norm(x)*norm(x - y)",
    "sqrt(x.T@x) + x.T@A@x", "sum(norm(x)*x + x/norm(y))",
])  # fmt: skip
def test_multiples_of_the_gradient_of_a_norm_are_zero_at_zero(source: str) -> None:
    """Against central differences: of what is even around a kink, they are 0."""
    given = {"x": np.zeros(3), "y": np.array([1.0, 2.0, -1.0]), "A": np.arange(9.0).reshape(3, 3)}
    function = mc.compile(source, ["x"])
    given = {name: value for name, value in given.items() if name in inspect.signature(function).parameters}
    steps = 1e-7 * np.eye(3)
    numeric = [(function(**given | {"x": s})[0] - function(**given | {"x": -s})[0]) / 2e-7 for s in steps]
    np.testing.assert_allclose(function(**given)[1]["x"], numeric, atol=1e-6)


@pytest.mark.parametrize(("source", "wrt"), [("t/norm(x)", "t"), ("log(t*norm(x))", "x"), ("t/(2*norm(x))", "t")])
def test_what_is_infinite_where_a_norm_is_zero_stays_so(source: str, wrt: str) -> None:
    with np.errstate(all="ignore"):
        _, gradients = mc.compile(f"t: scalar; {source}", [wrt])(x=np.zeros(2), t=3.0)
    assert not np.any(np.isfinite(gradients[wrt]))


SINGULAR = (
    np.zeros((1, 1)), np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 4.0]]), np.diag([1.0, 0.0, 2.0]), np.ones((3, 3)),
    np.array([[2.0, 4.0, 6.0], [1.0, 2.0, 3.0], [1.0, 0.0, 1.0]]),
    np.array([[0.0, 1.0, 0.0], [0, 0, 2.0], [0, 0, 3.0]]),
)  # fmt: skip


@pytest.mark.parametrize("source", [
    "det(X)", "-det(X)/3", "det(X)**2", "c*det(X)**3", "log(1 + det(X))", "det(X)*det(X.T)", "det(X.T)*c",
    "X: symmetric(n); det(X)*c",
])  # fmt: skip
@pytest.mark.parametrize("x", SINGULAR, ids=str)
def test_the_derivative_of_a_determinant_where_there_is_no_inverse(source: str, x: Any) -> None:
    if "symmetric" in source and not np.array_equal(x, x.T):
        x = x + x.T
    function = mc.compile(f"c: scalar; {source}", ["X"])
    given = {"c": 2.0} if "c" in inspect.signature(function).parameters else {}
    numeric = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-4
        step = (step + step.T) / 2 if "symmetric" in source else step
        numeric[at] = (function(X=x + step, **given)[0] - function(X=x - step, **given)[0]) / 2e-4
    np.testing.assert_allclose(function(X=x, **given)[1]["X"], numeric, atol=1e-5)


def test_a_unit_vector_of_zero_is_not_a_number() -> None:
    with np.errstate(all="ignore"):
        assert np.all(np.isnan(compiled("y = x/norm(x)")(x=[0.0, 0.0])[0]))


def test_powers_at_zero() -> None:
    function = compiled("s = sum(x**0) + sum(x**2) + sum(x**1)", {"x": "2*x**1*x**0"})
    value, gradients = function(x=[0.0, 0.0])
    assert value == 2
    np.testing.assert_array_equal(gradients["x"], [0, 0])


@pytest.mark.parametrize(("x", "found", "expected"), [
    (np.ones((3, 1)), r"\(3, 1\)", r"\(n,\)"),
    (1.0, r"\(\)", r"\(n,\)"), (np.ones((1, 2, 2)), r"\(1, 2, 2\)", r"\(n,\)"),
])  # fmt: skip
def test_another_number_of_axes_is_told_with_both_shapes(x: Any, found: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"x has shape {found}, expected a vector, shape {expected}"):
        mc.compile("x.T@x", ["x"])(x=x)


@pytest.mark.parametrize("wrt", [None, 3])
def test_what_names_no_variables(wrt: Any) -> None:
    with pytest.raises(UnsupportedError, match=f"wrt is {wrt}"):
        mc.compile("x.T@x", wrt)
