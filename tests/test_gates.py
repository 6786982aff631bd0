"""Gate code: it runs by itself, agrees with the compiled code, and is written for reading."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import differences
import numpy as np
import pytest
from commands import good, refused, run
from golden import EXAMPLES
from programs import SIZES, Programs

import matcalc as mc
from matcalc.graphs.code import gate_module
from matcalc.graphs.running import disagreement, loaded
from matcalc.operations.table import OPERATIONS

NET = "y: simplex(k)\nz = W1@x + b1\nh = relu(z)\np = softmax(W2@h + b2)\nJ = cross_entropy(y, p)"


def both(d: mc.Derivation, seed: int) -> tuple[Any, Any]:
    """What gates and compiled code give at a point."""
    gates, fn = loaded(gate_module(d)), mc.compile(d.program, wrt=list(d))
    value = d.value.node
    at = differences.point(value, *d.program.inputs.values(), seed=str(seed), sizes=SIZES)
    at = {k: v.reshape([n for n, dim in zip(v.shape, d.program.inputs[k].shape, strict=True) if dim != 1])
          for k, v in at.items()}  # fmt: skip
    known = {**SIZES, **at}
    wanted = [n for n in inspect.signature(load_function(fn.source)).parameters if n in known]
    return gates(**{n: known[n] for n in inspect.signature(gates).parameters}), fn(**{n: known[n] for n in wanted})


def load_function(source: str) -> Any:
    space: dict[str, Any] = {}
    exec(source, space)
    return space["gradients"]


@pytest.mark.parametrize("seed", range(110))
def test_gates_agree_with_compiled_code(seed: int) -> None:
    d = mc.derive(Programs(1000 + seed).program(3), "all")
    (value, found), (expected, gradients) = both(d, seed)
    assert differences.close(value, expected, 1e-9)
    assert found.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert differences.close(found[name], gradient, 1e-8), (seed, name)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.mc")), ids=lambda p: p.stem)
def test_examples_as_gates(path: Path) -> None:
    program = path.read_text(encoding="utf-8")
    d = mc.derive(program, "all")
    if path.stem == "own_law":
        return  # what a function of the user computes is not known
    if d.value.node.shape != (1, 1) or d.program.functions:
        functions = dict.fromkeys(d.program.functions, "tanh")
        d = mc.derive(program, "all", functions=functions)
        if d.value.node.shape != (1, 1):
            with pytest.raises(mc.UnsupportedError, match="scalar"):
                gate_module(d)
            return
    assert disagreement(d, gate_module(d)) == ""


def test_a_wrong_gate_is_found() -> None:
    d = mc.derive(NET, ["W1", "b1"])
    text = gate_module(d)
    assert disagreement(d, text) == ""
    wrong = text.replace("dX = dy * _step(X)", "dX = dy * X")
    assert wrong != text
    assert "another gradient by W1" in disagreement(d, wrong)
    assert "another value" in disagreement(d, text.replace("return A + B", "return A - B"))


def test_only_the_classes_that_are_needed() -> None:
    tree = ast.parse(gate_module(mc.derive(NET, ["W1", "b1", "W2", "b2"])))
    names = [n.name for n in tree.body if isinstance(n, ast.ClassDef)]
    assert names == ["MatMul", "Add", "ReLU", "Softmax", "CrossEntropy", "Graph"]
    for one in tree.body:
        if isinstance(one, ast.ClassDef):
            assert ast.get_docstring(one)
            methods = [m.name for m in one.body if isinstance(m, ast.FunctionDef)]
            assert methods[-2:] == ["forward", "backward"]


def test_every_gate_says_its_law() -> None:
    text = gate_module(mc.derive(NET, "all"))
    for law in ("d(A @ B) = dA @ B + A @ dB", "d(A + B) = dA + dB", "d(relu(X)) = step(X) * dX"):
        assert f"# {law}" in text


def test_branches_add_up_and_what_is_not_asked_for_is_left() -> None:
    d = mc.derive("x, c: scalar; f = x*x + sin(x)*c + exp(c)", "x")
    gates = loaded(gate_module(d))
    value, found = gates(x=0.5, c=2.0)
    assert value == pytest.approx(0.25 + 2 * np.sin(0.5) + np.exp(2))
    assert found == {"x": pytest.approx(1.0 + 2 * np.cos(0.5))}
    d = mc.derive("a = exp(B@x); s = sum(a*y)", "y")
    text = gate_module(d)
    assert disagreement(d, text) == ""
    assert "backward" not in text.split("class Exp")[1].split("class ")[0]


def test_intermediate_and_structured_variables() -> None:
    d = mc.derive("S: symmetric(n); z = S@x; s = x.T@z", ["S", "z", "x"])
    text = gate_module(d)
    assert disagreement(d, text) == ""
    _, found = loaded(text)(S=np.array([[1.0, 2.0], [2.0, 3.0]]), x=np.array([1.0, -1.0]))
    assert found["S"].tolist() == [[1, -1], [-1, 1]]
    assert found["z"].tolist() == [1, -1]


TAKEN = [
    "graph", "value", "found", "self", "values", "name", "float", "gate", "zip", "dy", "A", "y", "lambda", "np",
    "Graph",
]  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_names_of_the_program_do_not_meet_those_of_the_code(name: str) -> None:
    d = mc.derive(f"{name}: vector(n); s = sum({name}*{name}) + sum(exp({name}))", "all")
    assert disagreement(d, gate_module(d)) == ""


KINDS = ("vector(n)", "matrix(n, n)", "scalar", "vector(n) positive", "matrix(n, m)", "posdef(n)", "vector(3)")
UNCALLED = {  # operators, what has a syntax of its own, and what derivatives alone are made of
    "add", "sub", "neg", "mul", "div", "pow", "matmul", "T", "where", "stack", "index", "variance", "matrix_power",
    "kron_left", "kron_right", "unvec", "power_sum", "conv_matrix", "corr_matrix", "expm_frechet", "eig_gaps",
    "svd_gaps", "polar",
}  # fmt: skip


def with_arguments(op: str) -> mc.Derivation:
    """A sum of the operation's entries, of arguments of the first kinds that it admits."""
    names = [f"a{i}" for i in range(len(OPERATIONS[op].signature))]
    for kinds in product(KINDS, repeat=min(len(names), 2)):
        declared = [f"{name}: {kind}" for name, kind in zip(names, (*kinds, kinds[0]), strict=False)]
        for more in ("", ", 2"):
            try:
                return mc.derive("\n".join([*declared, f"s = sum({op}({', '.join(names)}{more}))"]), "all")
            except mc.MatcalcError:
                continue
    raise AssertionError(f"{op} admits nothing")


@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - UNCALLED))
def test_every_operation_can_be_a_gate(op: str) -> None:
    """One gate for every operation that the language can call: its value and gradients are the compiled ones."""
    d = with_arguments(op)
    if d.program.functions:
        pytest.skip(f"the language calls {op} by another name")
    assert disagreement(d, gate_module(d)) == ""


@pytest.mark.parametrize(
    "program",
    [
        "s = sum(where(x > y, x*y, exp(y)))", "s = sum([x; y]*[y; x])", "s = x[1]*x[-1] + sum(A[1:3, :])",
        "s = sum(var(A, axis=0)*b.T) + var(x)", "s = tr(matrix_power(A, 5))", "s = sum(A**3/(2 + B*B) - A.T.T)",
        "s = -x.T@A.T@(y/n)*pi", "s = sum(kron(A, B)) + sum(vec(A)*c)", "s = sum(ones(n)*x) + n*t; t: scalar",
        "s = sum([x; t; y][1:1 + n]); x: vector(n); y: vector(m); t: scalar",
        "s = sum(A + b) + sum(A*c.T)", "f(t) = t*tanh(t); s = f(norm(x)) + f(sum(y))",
        "s = x.T@x*t - t/(x.T@x); t: scalar",
    ],
)  # fmt: skip
def test_programs_as_gates(program: str) -> None:
    d = mc.derive(program, "all")
    assert disagreement(d, gate_module(d)) == ""


def test_the_gradient_of_a_norm_at_zero_is_zero() -> None:
    d = mc.derive("s = norm(x)", "x")
    assert loaded(gate_module(d))(x=np.zeros(3))[1]["x"].tolist() == [0, 0, 0]
    assert mc.graph("s = norm(x)", at="x=[0;0]").gradients["x"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("program", "options", "words"),
    [
        ("y = A@x", {}, "gradient of a scalar"),
        ("s = u.T@f(x)", {}, "--let f=tanh"),
        ("s = x.T@x", {"order": 2}, "first derivatives"),
        ("S: symmetric(n); s = x.T@S@x", {"structure": "entries"}, "projected"),
        ("s = 2 + 3", {}, "constant"),
    ],
)
def test_what_gates_do_not_do(program: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(mc.UnsupportedError, match=words):
        gate_module(mc.derive(program, "all", **options))


def test_the_module_stands_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "gates.py"
    assert run("code", NET, "--wrt", "W2", "--style", "gates", "-o", str(path)).exit_code == 0
    script = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); import gates;"
        "e, o, z = np.eye(2), np.ones, np.zeros(2);"
        "v, g = gates.gradients(e[0], o((2, 3)), o(3), z, e, z);"
        "print(v, g['W2'].tolist(), 'matcalc' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{np.log(2)} [[-1.5, -1.5], [1.5, 1.5]] False\n"
    assert "--hvp" in refused("code", "s = x.T@x", "--style", "gates", "--hvp", "x")
    assert "class MatMul" in good("code", "s = x.T@x", "--style", "gates", "--no-check")
