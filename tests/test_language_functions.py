"""Functions: defined ones, unknown ones and their bindings, and what notes say."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import matcalc as mc
from matcalc.errors import MatcalcError, ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node, postorder
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations.table import (
    add,
    make,
    mul,
    number,
    ones,
    power,
)


def test_a_definition_is_inlined_entry_by_entry() -> None:
    program = elaborate("f(t) = t*sigmoid(t); y = f(A@x)")
    z = program.value.args[0].args[0]
    assert program.value.args[0].op == "defined"
    assert program.value.args[0].args[1] is mul(z, make("sigmoid", z))
    assert program.functions == ()
    assert program.definitions["f"].parameter == "t"


def test_a_constant_definition_has_the_shape_of_its_argument() -> None:
    program = elaborate("f(t) = 3; y = f(x); s = f(2)")
    y, s = program.names["y"].args[0].args[1], program.names["s"].args[0].args[1]
    assert y is mul(number(3), ones(("n", 1)))
    assert s is number(3)


def test_definitions_use_scalars_other_functions_and_each_other() -> None:
    program = elaborate("g(t) = sin(a*t) + pi; f(t) = g(t)*h(t); y = f(x)")
    assert program.shapes == {"a": (1, 1), "x": ("n", 1), "y": ("n", 1)}
    assert program.functions == ("h",)


def test_definitions_may_stand_after_their_use() -> None:
    assert elaborate("y = f(x); f(t) = 2*t").value is elaborate("f(t) = 2*t; y = f(x)").value


def test_the_parameter_hides_a_name_of_the_program() -> None:
    program = elaborate("t = 5; f(t) = 2*t; y = f(x) + t")
    assert program.value.args[0].args[0].args[1] is mul(number(2), program.inputs["x"])


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("f(t) = t*f(t); y = f(x)", ParseError, "defined by itself"),
        ("f(t) = g(t); g(t) = f(t); y = f(x)", ParseError, "defined by itself"),
        ("f(t) = t; f(t) = 2*t; y = f(x)", ParseError, "defined twice"),
        ("f(t) = t@t; y = f(x)", UnsupportedError, "entry by entry"),
        ("f(t) = t.T; y = f(x)", UnsupportedError, "entry by entry"),
        ("f(t) = norm(t); y = f(x)", UnsupportedError, "entry by entry"),
        ("f(t) = t[0]; y = f(x)", UnsupportedError, "entry by entry"),
        ("f(t) = [t; t]; y = f(x)", UnsupportedError, "entry by entry"),
        ("f(t) = A*t; y = f(x)", ShapeError, "must be a scalar"),
        ("v: vector(n); f(t) = v*t; y = f(x)", ShapeError, "must be a scalar"),
        ("f(t) = norm(t); y = x", UnsupportedError, "entry by entry"),
        ("f(t) = 2*t; f = 3; y = x", ParseError, "a function and a variable"),
        ("sin(t) = 2*t; y = sin(x)", ParseError, "its name is taken"),
        ("f(sin) = 2*sin; y = f(x)", ParseError, "sin is a function"),
        ("f(t) = 2*t; y = f(x, x)", ParseError, "takes 1 argument"),
        ("f(t) = sin(t, t); y = x", ParseError, "takes 1 argument"),
    ],
)
def test_definitions_that_are_refused(text: str, error: type[MatcalcError], match: str) -> None:
    with pytest.raises(error, match=match):
        elaborate(text)


def test_the_derivative_of_a_definition_is_its_scalar_derivative_at_the_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Node, Node, int]] = []

    def derivative_of(body: Node, parameter: Node, order: int) -> Node:
        asked.append((body, parameter, order))
        return mul(number(2), parameter) if order == 1 else number(2)  # of t**2

    scalar = ModuleType("matcalc.calculus.scalar")
    scalar.derivative_of = derivative_of  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "matcalc.calculus.scalar", scalar)
    program = elaborate("f(t) = t**2; y = f'(A@x) + f''(A@x)*square'(b)")
    z = make("matmul", program.inputs["A"], program.inputs["x"])
    first = mul(number(2), z)
    second = mul(mul(number(2), ones(z.shape)), mul(number(2), program.inputs["b"]))
    assert program.value.args[0] is add(first, second)
    body, parameter, order = asked[0]
    assert body is power(parameter, number(2))
    assert parameter.params[0] not in program.names
    assert order == 1
    assert expression("f'(x)", beside(program)) is mul(number(2), program.inputs["x"])


def test_unknown_functions_are_bound_by_name_and_stay_in_the_nodes() -> None:
    program = elaborate("s = sum(f(x) + g'(x))", functions={"f": "tanh"})
    assert program.functions == ("f", "g")
    assert program.functions_bound == {"f": "tanh"}
    assert [node.params for node in postorder(program.value) if node.op == "apply"] == [("f", 0), ("g", 1)]


@pytest.mark.parametrize(
    ("functions", "match"),
    [
        ({"h": "tanh"}, "calls no unknown function h"),
        ({"f": "tahn"}, "did you mean tanh"),
        ({"f": "maximum"}, "no elementwise function of one argument"),
        ({"f": "norm"}, "no elementwise function of one argument"),
        ({"sin": "tanh"}, "calls no unknown function sin"),
    ],
)
def test_bindings_that_are_refused(functions: dict[str, str], match: str) -> None:
    with pytest.raises(UnknownNameError, match=match):
        elaborate("s = sum(f(x) + sin(x))", functions=functions)


# ---- notes ----


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("y = relux(x)", "relux is taken as an unknown elementwise function; did you mean relu?"),
        ("y = tahn(x)", "tahn is taken as an unknown elementwise function; did you mean tanh?"),
        ("Y = X**2", "X**2 is elementwise; matrix_power(X, 2) is the matrix product"),
        ("Y = X**-1", "X**-1 is elementwise; inv(X) is the inverse"),
        ("Y = A/B", "A / B is elementwise; solve(B, A) is inv(B) @ A"),
        ("c*x.T@A@x + d", "c is read as a scalar, nothing else fits (lower-case names are columns otherwise)"),
    ],
)
def test_notes(text: str, note: str) -> None:
    assert note in elaborate(text).notes


@pytest.mark.parametrize(
    "text", ["y = f(x)", "y = x**2", "y = X/c; c: scalar", "relux: elementwise; y = relux(x)", "y = phi(x)"]
)
def test_programs_without_notes(text: str) -> None:
    assert elaborate(text).notes == []


def test_a_power_with_a_negative_number_is_one_of_the_inverse() -> None:
    program = elaborate("Y = matrix_power(A@B, -2)")
    assert program.value.args[0].op == "matrix_power"
    assert program.value.args[0].args == (make("inv", program.value.args[0].args[0].args[0]), number(2))
    fn = mc.compile("Y = matrix_power(X, -2)", [])
    assert fn(X=[[2, 1], [0, 1]])[0].tolist() == [[0.25, -0.75], [0, 1]]
    assert mc.check("y = matrix_power(X, -2)@x").passed
