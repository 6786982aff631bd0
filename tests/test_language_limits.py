"""Large and deep programs: no recursion, and no path taken twice."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from matcalc.errors import LimitError, ShapeError
from matcalc.expressions.node import postorder
from matcalc.language.conventions import NUMPY
from matcalc.language.program import Program, beside, elaborate, expression, understand
from matcalc.syntax.parser import parse
from matcalc.syntax.tree import Binary, Call, Expression, Name, Stack, Syntax, Transpose, Unary


def program_of(tree: Syntax) -> Program:
    return understand((Expression(0, tree),), "", NUMPY)


DEEP: dict[str, Callable[[Syntax], Syntax]] = {
    "minus": lambda tree: Unary(0, "-", tree),
    "transpose": lambda tree: Transpose(0, tree),
    "call": lambda tree: Call(0, "tanh", 0, (tree,)),
    "unknown": lambda tree: Call(0, "f", 1, (tree,)),
    "left": lambda tree: Binary(0, "+", tree, Name(0, "y")),
    "right": lambda tree: Binary(0, "*", Name(0, "y"), tree),
    "shared": lambda tree: Binary(0, "+", tree, tree) if isinstance(tree, Name) else Binary(0, "*", tree, Name(0, "x")),
    "stack": lambda tree: Stack(0, ((tree,),)),
}


@pytest.mark.parametrize("shape", list(DEEP))
def test_deep_expressions(shape: str) -> None:
    assert sys.getrecursionlimit() < 10_000
    tree: Syntax = Name(0, "X" if shape in ("transpose", "stack") else "x")
    for _ in range(20_000):
        tree = DEEP[shape](tree)
    program = program_of(tree)
    assert program.value.size >= 20_000


def test_sum_of_ten_thousand_terms() -> None:
    text = " + ".join(f"x{i}" for i in range(5000)) + " + " + " + ".join(["x0"] * 5000)
    program = elaborate(text)
    assert set(program.shapes.values()) == {("n", 1)}


def test_layers() -> None:
    text = "\n".join(f"h{i} = tanh(W{i}@h{i - 1} + b{i})" for i in range(1, 1001))
    statements = parse(text)
    program = understand(statements, text, NUMPY)
    assert len(program.names) == 3001
    assert program.shapes["W1000"][1] == program.shapes["h999"][0]


def test_layers_with_a_departure_and_with_an_error_at_the_end() -> None:
    text = "\n".join(f"h{i} = tanh(W{i}@h{i - 1} + b{i})" for i in range(1, 1001))
    program = elaborate(f"{text}\ns = u.T@h1000 + b1.T@b1 + d")
    assert program.shapes["d"] == (1, 1)
    assert program.shapes["b1"] != (1, 1)
    with pytest.raises(ShapeError, match=r"did you mean u.T @ h1000"):
        elaborate(f"{text}\ns = u@h1000")
    with pytest.raises(ShapeError, match=r"r because W1 is declared matrix"):
        elaborate(f"W1: matrix(r, c)\n{text}\nA: matrix(k, k)\ny = A@h1 + A@x")


def test_an_error_below_many_names_is_told_in_time() -> None:
    for count in (15, 200):
        with pytest.raises(ShapeError):
            elaborate("(" + "+".join(f"x{i}" for i in range(count)) + ") @ v")
        with pytest.raises(ShapeError):
            elaborate("z: vector(n)\nw: vector(m)\ny = z*w + " + "*".join(f"x{i}" for i in range(count)))


def test_paths_are_shared_though_there_are_two_to_the_forty() -> None:
    lines = ["y0 = x", *[f"y{i} = y{i - 1} * y{i - 1}" for i in range(1, 41)]]
    program = elaborate("\n".join(lines))
    assert len(list(postorder(program.value))) < 100
    functions = ["f0(t) = t", *[f"f{i}(t) = f{i - 1}(t) * f{i - 1}(t)" for i in range(1, 41)]]
    program = elaborate("\n".join([*functions, "y = f40(x)"]))
    assert len(list(postorder(program.value))) < 100


def test_definitions_that_multiply_meet_a_limit() -> None:
    functions = ["f0(t) = t", *[f"f{i}(t) = f{i - 1}(t + 1) * f{i - 1}(2*t)" for i in range(1, 41)]]
    with pytest.raises(LimitError, match="200,000 operations"):
        elaborate("\n".join([*functions, "y = f40(x)"]))


def test_definitions_that_call_each_other_deeply_meet_a_limit() -> None:
    lines = ["f0(t) = t", *[f"f{i}(t) = 2*f{i - 1}(t)" for i in range(1, 1500)]]
    assert elaborate("\n".join([*lines[:900], "y = f899(x)"])).value.args[0].args[1].op == "mul"
    with pytest.raises(LimitError, match="1000 deep"):
        elaborate("\n".join([*lines, "y = f1499(x)"]))
    with pytest.raises(LimitError, match="1000 deep"):
        elaborate("\n".join([*lines, "y = x"]))


def test_ten_thousand_variables() -> None:
    text = "\n".join(f"y{i} = x{i} + z{i}" for i in range(3500))
    assert len(elaborate(text).names) == 10_500


def test_long_chains_of_dimensions() -> None:
    lines = ["z0: vector(n)", *[f"z{i} = [x{i}; y{i}] + z{i - 1}" for i in range(1, 400)]]
    program = elaborate("\n".join(lines))
    assert program.shapes["z399"] == ("n", 1)
    stacks = ["a0 = x", *[f"a{i} = [a{i - 1}; v{i}] - w{i}" for i in range(1, 300)]]
    assert len(elaborate("\n".join(stacks)).dims) == 300


def test_results_are_read_back_however_large() -> None:
    program = elaborate("y = x + b")
    tree: Syntax = Name(0, "x")
    for _ in range(20_000):
        tree = Binary(0, "*", tree, Name(0, "b"))
    assert expression(tree, beside(program)).size == 40_001
