"""The check: right gradients pass, wrong ones do not, at any scale, near kinks, in every structured space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.errors import MatcalcError, UnknownNameError
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations.table import OPERATIONS
from matcalc.verify import domain, sampling
from matcalc.verify.check import check_program
from matcalc.verify.domain import conditions
from matcalc.verify.report import Report


def check(source: str, gradients: dict[str, str], **options: Any) -> Report:
    functions = options.get("functions") or {}
    program = elaborate(source, functions=functions)
    environment = beside(program)
    nodes = {name: expression(text, environment) for name, text in gradients.items()}
    return check_program(program, list(gradients), nodes, **options)


NETWORK = "z = W@x + b; h = f(z); s = u.T @ h"
RIGHT = {
    "W": "outer(u*f'(z), x)", "b": "u*f'(z)", "u": "h", "x": "W.T@(u*f'(z))", "z": "u*f'(z)", "h": "u",
}  # fmt: skip
WRONG = {
    "W": ["outer(x, u*f'(z))", "outer(u*f(z), x)", "outer(u, x)",
        "-outer(u*f'(z), x)", "1.00001*outer(u*f'(z), x)", "0*W"],
    "b": ["u*f(z)", "f'(z)", "u", "2*u*f'(z)", "0*u", "u*f'(W@x)", "u*f''(z)"],
    "x": ["W.T@u", "W.T@(u*f(z))", "W.T@f'(z)", "0*x"],
    "u": ["z", "f(W@x)", "f(z) + f'(z)*0.0001"],
    "z": ["u", "f'(z)"],
}  # fmt: skip


def test_right_gradients_pass() -> None:
    report = check(NETWORK, RIGHT)
    assert report.passed
    assert set(report) == set(RIGHT)
    for one in report.values():
        assert one.passed
        assert one.points == 3
        assert one.max_error < 1e-12
        assert one.method == "complex step"
        assert "agrees" in one.message


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_wrong_gradients_do_not(name: str, text: str) -> None:
    report = check(NETWORK, {**RIGHT, name: text})
    assert not report.passed
    assert not report[name].passed
    assert "wrong" in report[name].message
    assert all(one.passed for other, one in report.items() if other != name)


def test_points_are_general_and_repeatable() -> None:
    first, second = (check(NETWORK, RIGHT, seed=5) for _ in range(2))
    assert first.dims == second.dims
    assert len(first.dims) == 3
    assert len({tuple(sorted(sizes.items())) for sizes in first.dims}) > 1
    for sizes in first.dims:
        assert len(set(sizes.values())) == len(sizes)
        assert min(sizes.values()) >= 2
    assert check(NETWORK, RIGHT, seed=6).dims != first.dims
    assert check(NETWORK, RIGHT, dims={"n": 3, "d": 6}).dims == [{"n": 3, "d": 6}] * 3


@pytest.mark.parametrize("scale", ["1e-9", "1e-200", "1", "1e9", "1e200"])
@pytest.mark.parametrize("shift", ["0", "1", "1e9"])
def test_errors_are_relative_at_every_scale(scale: str, shift: str) -> None:
    source = f"J = {shift} + {scale}*sum(x**3)"
    assert check(source, {"x": f"{scale}*3*x**2"}).passed
    for wrong in (f"{scale}*2*x**2", f"{scale}*3.00001*x**2", "0*x", f"{scale}*x**3"):
        assert not check(source, {"x": wrong}).passed, wrong


@pytest.mark.parametrize("scale", ["1e-9", "1", "1e9"])
def test_errors_are_relative_where_only_differences_serve(scale: str) -> None:
    source = f"J = {scale}*sum(abs(x)**3)"
    report = check(source, {"x": f"{scale}*3*x**2*sign(x)"})
    assert report.passed
    assert report["x"].method == "Richardson extrapolation"
    assert not check(source, {"x": f"{scale}*3.0001*x**2*sign(x)"}).passed
    assert not check(source, {"x": "0*x"}).passed


def test_one_wrong_entry_among_many() -> None:
    source = "x: vector(7); J = sum(exp(x))"
    assert check(source, {"x": "exp(x)"}).passed
    assert not check(source, {"x": "exp(x) + 1e-6*[0; 0; 0; 0; 0; 1; 0]"}).passed


def test_zero_gradients() -> None:
    assert check("J = sum(softmax(x))", {"x": "0*x"}).passed
    assert check("J = sum(softmax(x))", {"x": "softmax(x)*sum(softmax(x)) - softmax(x)"}).passed
    assert not check("J = sum(softmax(x))", {"x": "softmax(x)"}).passed
    assert not check("J = sum(softmax(x))", {"x": "1e-9*x"}).passed
    assert check("y: vector(k); J = x.T@x", {"y": "zeros(k)"}).passed
    assert not check("y: vector(k); J = x.T@x", {"y": "1e-9*ones(k)"}).passed
    assert not check("J = 1e-9*x.T@x", {"x": "0*x"}).passed


KINKS = {
    "sum(abs(x))": "sign(x)", "sum(relu(x)*y)": "step(x)*y", "norm1(x)": "sign(x)", "max(x)": "is_max(x)",
    "min(x)": "is_min(x)",
    "sum(maximum(x, y))": "step(x - y)", "norm_inf(x)": "is_max(abs(x))*sign(x)", "sum(sign(x)*x)": "sign(x)",
    "sum(minimum(x, y)*y)": "step(y - x)*y", "sum(step(x)*x**2)": "2*relu(x)",
}  # fmt: skip


@pytest.mark.parametrize("formula", KINKS)
def test_kinks_are_avoided(formula: str) -> None:
    for seed in range(5):
        assert check(f"x, y: vector(n); J = {formula}", {"x": KINKS[formula]}, seed=seed).passed
    assert not check(f"x, y: vector(n); J = {formula}", {"x": f"1.001*({KINKS[formula]})"}).passed


DOMAINS = {
    "J = sum(log(x))": {"x": "1/x"}, "J = sum(sqrt(x)*y)": {"x": "y/(2*sqrt(x))", "y": "sqrt(x)"},
    "J = -sum(log(b - A@x))": {"x": "A.T@(1/(b - A@x))"}, "J = sum(arcsin(x))": {"x": "1/sqrt(1 - x**2)"},
    "J = sum(arccos(A@x))": {"x": "-A.T@(1/sqrt(1 - (A@x)**2))"}, "J = sum(log1p(x))": {"x": "1/(1 + x)"},
    "J = sum(x**y)": {"x": "y*x**(y - 1)", "y": "log(x)*x**y"}, "J = sum(tan(x))": {"x": "1 + tan(x)**2"},
    "X: matrix(m, n); J = logdet(X.T@X)": {"X": "2*X@inv(X.T@X)"},
    "J = log(log(x.T@x))": {"x": "2*x/(x.T@x)/log(x.T@x)"},
    "J = log(det(X))": {"X": "inv(X).T"}, "X: matrix(m, n); J = norm_nuc(X)": {"X": "polar(X)"},
    "J = sum(log(f(x)))": {"x": "f'(x)/f(x)"}, "J = a.T@inv(X)@b": {"X": "-inv(X).T@a@b.T@inv(X).T"},
    "J = cross_entropy(y, p)": {"p": "-y/p", "y": "-log(p)"},
    "J = sum(x[2:5]*log(x[0:3]))": {"x": "[0*x[0:2]; log(x[0:3]); 0*x[5:n]] + [x[2:5]/x[0:3]; 0*x[3:n]]"},
    "x: vector(6); J = sum(x[2:5])": {"x": "[0; 0; 1; 1; 1; 0]"}, "J = sum(log(-x))": {"x": "1/x"},
    "J = norm(x)": {"x": "x/norm(x)"},
    "k: scalar; J = tr(matrix_power(X, k)@A)": {"A": "matrix_power(X, k).T"}, "J = sum(pinv(X))": {"X": "0*X"},
}  # fmt: skip


@pytest.mark.parametrize("source", DOMAINS)
def test_points_lie_inside_the_domain(source: str) -> None:
    try:
        report = check(source, DOMAINS[source])
    except MatcalcError as error:
        if "[0*x[0:2]" not in DOMAINS[source].get("x", ""):
            raise
        pytest.skip(str(error))
    if "pinv" in source:  # a wrong gradient: what counts is that it could be judged
        assert not report["X"].inconclusive
        assert not report.passed
    else:
        assert report.passed, report.text()


def test_no_point_is_inconclusive_and_not_passed() -> None:
    for source in ("J = logdet(X@Y - X@Y)", "J = sum(log(-x**2))", "J = sum(arcsin(2 + x**2))"):
        program = elaborate(source)
        name = next(iter(program.inputs))
        report = check(source, {name: name})
        assert report[name].inconclusive
        assert not report.passed
        assert "inconclusive" in report[name].message


@pytest.mark.parametrize(
    "program",
    ["Q: orthogonal(n); x/logdet(Q)", "x/(sum(y) - sum(y))", "log(sum(x - x))*y.T@x", "x/0", "sum(x)**(-2)*(1/0)"]
)
def test_what_has_no_finite_value_is_inconclusive(program: str) -> None:
    """A log-determinant of 1e-16 is no measure of a division by zero."""
    report = mc.check(program, wrt="x", claims={"x": "x"} if program == "x/0" else None)
    assert not report.passed
    assert report["x"].inconclusive


def test_a_derivative_of_what_divides_by_zero_is_written() -> None:
    """The number under a sum is no factor of it where it is zero."""
    found = mc.derive("S: symmetric(n); Q: orthogonal(n); logsumexp(S@x)/logdet(Q)", ["S", "x"])
    assert found["x"].source() == "S@softmax(S@x)/0"
    assert "0" in found["S"].source()


def test_an_ill_conditioned_program_is_inconclusive() -> None:
    source = "A: matrix(2, 2); J = tr(inv([1, 1; 1, 1 + 1e-12] + 1e-14*A))"
    assert check(source, {"A": "0*A"})["A"].inconclusive


STRUCTURED = {
    "symmetric": "(a@b.T + b@a.T)/2", "posdef": "(a@b.T + b@a.T)/2", "skew": "(a@b.T - b@a.T)/2",
    "diagonal": "diag(a*b)",
    "orthogonal": "a@b.T",
}  # fmt: skip


@pytest.mark.parametrize("type_", STRUCTURED)
def test_structured_matrices_vary_in_their_space(type_: str) -> None:
    source = f"X: {type_}(n); J = a.T@X@b"
    assert check(source, {"X": STRUCTURED[type_]}).passed
    for other, text in STRUCTURED.items():
        if text != STRUCTURED[type_]:
            assert not check(source, {"X": text}).passed, other
    if type_ in ("symmetric", "posdef"):
        entries = {"X": "a@b.T + b@a.T - diag(a*b)"}
        assert check(source, entries, structure="entries").passed
        assert not check(source, entries).passed


def test_inputs_are_drawn_in_their_types() -> None:
    rng = np.random.default_rng(0)
    program = elaborate(
        "S: symmetric(n); P: posdef(n); K: skew(n); D: diagonal(n); Q: orthogonal(n); p: simplex(n); "
        "v: vector(n) positive; "
        "s: scalar; r: row(m); J = tr(S@P@K@D@Q) + sum(p) + sum(v) + s + sum(r)"
    )
    drawn = {name: sampling.draw(node, {"n": 4, "m": 3}, rng) for name, node in program.inputs.items()}
    np.testing.assert_array_equal(drawn["S"], drawn["S"].T)
    assert np.linalg.eigvalsh(drawn["P"]).min() > 0.1
    np.testing.assert_array_equal(drawn["K"], -drawn["K"].T)
    np.testing.assert_array_equal(drawn["D"], np.diag(np.diag(drawn["D"])))
    np.testing.assert_allclose(drawn["Q"] @ drawn["Q"].T, np.eye(4), atol=1e-12)
    assert drawn["p"].sum() == pytest.approx(1)
    assert drawn["p"].min() > 0
    assert drawn["v"].min() > 0
    assert isinstance(drawn["s"], float)
    assert drawn["r"].shape == (3,)


def test_intermediate_variables_are_meant_by_name() -> None:
    """What the program writes as z varies; the same formula written out elsewhere does not."""
    source = "z = W@x; s = z.T@(W@x)"
    assert check(source, {"z": "W@x", "x": "2*W.T@(W@x)"}).passed
    assert not check(source, {"z": "2*z"}).passed
    assert check("z = x**2; y = z; s = sum(y)", {"z": "ones(n)", "y": "ones(n)"}).passed


def test_the_value_may_be_an_earlier_one_and_not_a_scalar() -> None:
    program = elaborate("y = A@x; s = sum(y)")
    jacobian = {"x": expression("A", beside(program))}
    report = check_program(program, ["x"], jacobian, value=program.names["y"])
    assert report.passed
    wrong = {"x": expression("2*A", beside(program))}
    assert not check_program(program, ["x"], wrong, value=program.names["y"]).passed


def test_a_gradient_of_another_shape_is_wrong_and_says_so() -> None:
    report = check("s = a.T@X@b", {"X": "b@a.T"})
    assert not report.passed
    assert "its shape is" in report["X"].message


def test_bound_functions() -> None:
    assert check(NETWORK, RIGHT, functions={"f": "tanh"}).passed
    assert check(NETWORK, RIGHT, functions={"f": "relu"})["W"].method == "Richardson extrapolation"
    assert not check(NETWORK, {"W": "outer(u*(1 - tanh(z)), x)"}, functions={"f": "tanh"}).passed


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="there is no q"):
        check_program(elaborate("s = x.T@x"), ["q"], {})


def test_every_operation_tells_where_it_is_smooth() -> None:
    """The words of the tables are words that the check knows."""
    known = {"", "real", *domain._PREDICATES}
    for entry in OPERATIONS.values():
        words = entry.sample.split()
        if words and words[-1] in entry.signature:
            words = words[:-1]
        assert " ".join(words) in known, entry.name
        if not entry.analytic:
            assert entry.sample or entry.name in domain.MORE or entry.name in ("is_max", "is_min", "polar"), entry.name


def test_conditions_are_found_below_names() -> None:
    program = elaborate("z = log(A@x); s = sum(z / y)")
    assert sorted(condition.word for condition in conditions(program.value)) == ["nonzero", "positive"]


def deep(layers: int) -> str:
    lines = [f"z{i} = W{i}@h{i - 1} + b{i}; h{i} = tanh(z{i})" for i in range(1, layers + 1)]
    return "; ".join(["h0: vector(n)", *lines, f"s = sum(h{layers})"])


def test_large_programs_are_checked_along_random_directions() -> None:
    layers = 120
    program = elaborate(deep(layers))
    environment = beside(program)
    upstream = expression(f"ones({program.shapes[f'h{layers}'][0]})", environment)
    from matcalc.operations.table import make, matmul, mul, number, power, sub, transpose

    gradients = {}
    for i in range(layers, 0, -1):
        h, w = program.names[f"h{i}"], program.names[f"W{i}"]
        delta = mul(upstream, sub(number(1), power(h, number(2))))
        gradients[f"b{i}"] = delta
        gradients[f"W{i}"] = make("outer", delta, program.names[f"h{i - 1}"])
        upstream = matmul(transpose(w), delta)
    report = check_program(program, list(gradients), gradients)
    assert report.passed, report.text()
    assert "random directions" in report["W1"].method
    gradients["b7"] = mul(number("1.0001"), gradients["b7"])
    report = check_program(program, list(gradients), gradients)
    assert [name for name, one in report.items() if not one.passed] == ["b7"]


SATURATED = "x: vector(n); h = tanh(9 + x**2); s = sum(h)"


def test_rounding_of_a_right_gradient_is_no_error() -> None:
    """``1 - h**2`` near saturation has few digits left: no reason to call it wrong, nor to let a wrong one pass."""
    for seed in range(10):
        assert check(SATURATED, {"x": "2*x*(1 - h**2)"}, seed=seed)["x"].message.startswith(("agrees", "inconclusive"))
        assert not check(SATURATED, {"x": "2*x*(1 - h**2)*1.01"}, seed=seed).passed
    assert not check("s = sum(tanh(x))", {"x": "(1 - tanh(x)**2)*1.00001"}).passed


def test_gradients_that_are_no_numbers_are_wrong() -> None:
    for text in ("x/(x - x)", "0*x/(x - x)", "1/(0*x)"):
        report = check("s = x.T@x", {"x": text})
        assert not report.passed
        assert "wrong" in report["x"].message


RIGHT_ONES = {
    "z = X@w; J = sum(softplus(-y*z)) + alpha*w.T@w": {"w": "2*alpha*w - X.T@(y*sigmoid(-y*z))", "alpha": "w.T@w"},
    "y: simplex(k); z = W@x + b; p = softmax(z); J = cross_entropy(y, p)": {
        "W": "(p - y)@x.T", "b": "p - y", "x": "W.T@(p - y)"},
    "S: posdef(n); J = x.T@inv(S)@x + logdet(S)": {"S": "inv(S) - inv(S)@x@x.T@inv(S)", "x": "2*inv(S)@x"},
    "r = x.T@A@x/(x.T@x); A: symmetric(n)": {"x": "2*(A@x - r*x)/(x.T@x)", "A": "x@x.T/(x.T@x)"},
    "J = norm(x - y)": {"x": "(x - y)/J", "y": "(y - x)/J"}, "J = det(X)": {"X": "det(X)*inv(X).T"},
    "J = prod(x) + max(x)": {"x": "prod_others(x) + is_max(x)"}, "J = sum(abs(A@x - b))": {"x": "A.T@sign(A@x - b)"},
    "J = sum(relu(W@x)**2)": {"W": "2*relu(W@x)@x.T", "x": "2*W.T@relu(W@x)"},
}  # fmt: skip


@pytest.mark.parametrize("source", RIGHT_ONES)
def test_no_false_alarms(source: str) -> None:
    for seed in range(25):
        report = check(source, RIGHT_ONES[source], seed=seed)
        assert report.passed, report.text()
        assert all(one.points == 3 for one in report.values())


def test_second_derivatives_and_layouts_are_checked_too():
    report = mc.check("J = norm(X - U@V)**2", ["U", "V"], order=2)
    assert report.passed
    assert report["U", "V"].points >= 3
    right, wrong = "x@(u*f'(W@x + b)).T", "(u*f'(W@x + b))@x.T"
    assert mc.check("s = u.T@f(W@x + b)", "W", layout="numerator", claims={"W": right}).passed
    assert not mc.check("s = u.T@f(W@x + b)", "W", layout="numerator", claims={"W": wrong}).passed


@pytest.mark.parametrize("program", ["s = sum(x - mean(x))", "s = logsumexp(log_softmax(x))", "s = tanh(40 + x.T@x)"])
def test_what_rounding_leaves_of_zero_is_no_error(program: str) -> None:
    report = mc.check(program, "x")
    assert "wrong" not in report["x"].message
    assert report["x"].passed or report["x"].inconclusive


def test_a_wrong_gradient_of_a_small_function_is_still_wrong() -> None:
    assert not mc.check("s = 1e-9*x.T@A@x", "x", claims={"x": "2e-9*A@x"}).passed
    assert mc.check("s = 1e-9*x.T@A@x", "x", claims={"x": "1e-9*(A + A.T)@x"}).passed


SATURATED_VALUES = {
    "J = 1 - tanh(30*x.T@x)**2": "-120*tanh(30*x.T@x)*(1 - tanh(30*x.T@x)**2)*x",
    "h = tanh(20*A@x); J = sum(1 - h**2)": "-40*A.T@(h*(1 - h**2))",
}


@pytest.mark.parametrize("source", SATURATED_VALUES)
def test_saturated_values_are_judged_at_smaller_inputs(source: str) -> None:
    """At inputs of the usual size almost every gradient is what rounding leaves of zero."""
    for seed in range(10):
        right = check(source, {"x": SATURATED_VALUES[source]}, seed=seed)["x"]
        assert right.passed, right.message
        assert right.points == 3
        assert not check(source, {"x": f"1.0001*({SATURATED_VALUES[source]})"}, seed=seed).passed


@pytest.mark.parametrize("exponent", ["k", "k + 1", "k - 2", "-k", "j"])
def test_exponents_of_matrices_are_whole_numbers(exponent: str) -> None:
    program = f"k: scalar; j = k + 1; J = tr(matrix_power(X, {exponent})) + 0*j"
    report = check(program, {"X": f"({exponent})*matrix_power(X, {exponent} - 1).T"})
    assert report["X"].passed, report["X"].message
