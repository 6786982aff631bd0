"""The plan that is told is the code that is written: recounted on the text, and memory as it is measured."""

from __future__ import annotations

import ast
import json
import pickle
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from commands import good, refused
from test_cost import Recount

import matcalc as mc
from matcalc.codegen.ledger import Line
from matcalc.compiling import explained, module_of

SIZES = {"n": 7, "d": 5, "m": 4, "p": 3, "k": 2, "h": 6, "q": 8}
PROGRAMS = {
    "least squares": "X: matrix(n, d); s = sum((X@w - y)**2)/2",
    "quadratic form": "A: matrix(n, n); s = x.T@A@x",
    "chain": "A: matrix(n, m); B: matrix(m, p); C: matrix(p, q); s = sum(sin(A@B@C))",
    "layers": "Z: matrix(n, d); W: matrix(d, h); V: matrix(h, k); G: matrix(n, k); s = tr(G.T@(Z@W@V))",
    "network": "X: matrix(n, d); W: matrix(d, h); V: matrix(h, k); Y: matrix(n, k); s = sum((tanh(X@W)@V - Y)**2)",
    "attention": "Q: matrix(n, d); K: matrix(m, d); V: matrix(m, p); s = sum((softmax(Q@K.T, axis=1)@V)**2)",
    "likelihood": "S: posdef(n); s = (x - u).T@inv(S)@(x - u)/2 + logdet(S)/2",
    "ridge": "a: scalar; X: matrix(n, d); s = w.T@(X.T@X + a*eye(d))@w",
    "logistic": "X: matrix(n, d); s = sum(log(1 + exp(X@w))) - y.T@(X@w)",
}


def inputs(source: str, sizes: dict[str, int]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {}
    for name, node in mc.derive(source, []).program.inputs.items():
        array = rng.standard_normal([sizes[d] if isinstance(d, str) else d for d in node.shape if d != 1])
        if node.params[1] == "posdef":
            array = array @ array.T + np.eye(len(array))
        found[name] = array if array.ndim else float(array)
    return found


def taken(source: str, sizes: dict[str, int]) -> str:
    """The module with the branches that these sizes take, as plain lines."""
    tree = ast.parse(source)
    for function in [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name == "gradients"]:
        found: list[ast.stmt] = []
        for statement in function.body:
            if isinstance(statement, ast.If) and statement.orelse:
                holds = eval(ast.unparse(statement.test), {}, sizes)
                found += statement.body if holds else statement.orelse
            else:
                found.append(statement)
        function.body = found
    return ast.unparse(ast.fix_missing_locations(tree))


def assigned(source: str) -> list[str]:
    """The names that the function's lines assign, once each, without what is read from the arguments."""
    tree = ast.parse(source)
    (function,) = [part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name == "gradients"]
    found = []
    for statement in function.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            text = ast.unparse(statement.value)
            if "_array(" not in text and ".shape" not in text:
                found.append(statement.targets[0].id)
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("sizes", [SIZES, {**SIZES, "n": 3, "m": 9, "p": 8, "q": 2, "d": 9}], ids=["a", "b"])
def test_operations_are_those_of_the_text(name: str, sizes: dict[str, int]) -> None:
    derivation = mc.derive(PROGRAMS[name], "all")
    plan, text = explained(derivation), taken(module_of(derivation), sizes)
    names = [line.name for line in plan.ledger.lines if line.taken(sizes)]
    assert list(dict.fromkeys(names)) == assigned(text)
    count = Recount(text, inputs(PROGRAMS[name], sizes)).count
    assert plan.operations(sizes).number(sizes) == Fraction(count)


@pytest.mark.parametrize("name", PROGRAMS)
def test_memory_is_what_is_measured(name: str) -> None:
    sizes = {"n": 611, "d": 427, "m": 451, "p": 397, "k": 389, "h": 473, "q": 401}
    plan = explained(mc.derive(PROGRAMS[name], "all"))
    function, given = mc.compile(PROGRAMS[name], "all"), inputs(PROGRAMS[name], sizes)
    function(**given)
    tracemalloc.start()
    try:
        function(**given)
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    told = float(plan.memory(sizes).number(sizes))
    small = 200_000  # NumPy's buffers and Python's own objects
    assert measured <= 1.02 * told + small
    assert measured >= 0.5 * told - small  # NumPy computes in the memory of a temporary array where it can


def test_bytes_by_hand() -> None:
    """A product of a matrix and a vector reads both and writes a vector, a difference reads two and writes one."""
    plan = explained(mc.derive("X: matrix(n, d); r = X@w - y", []))
    (line,) = plan.ledger.lines
    assert str(line.moved) == "8 d n + 8 d + 32 n"
    assert str(line.temporaries) == str(line.kept) == "8 n"
    assert str(line.work) == "2 d n + n"
    assert str(plan.memory()) == "16 n"


def test_views_and_arguments_cost_nothing() -> None:
    plan = explained(mc.derive("X: matrix(n, d); Y = X.T", []))
    assert str(plan.operations()) == "0"
    assert str(plan.memory()) == "8 d n"  # the copy that is returned


def test_a_plan_in_text() -> None:
    told = mc.compile("X: matrix(n, d); s = sum((X@w - y)**2)/2", "w").explain({"n": 1000, "d": 3})
    lines = told.splitlines()
    assert lines[0].split() == ["name", "formula", "shape", "operations", "bytes", "moved", "temporaries", "uses"]
    assert lines[1].startswith("t1      X.dot(w) - y")
    assert "2 d n + n = 7,000" in lines[1]
    assert "in all" in told
    assert "4 d n + 3 n + 1 = 15,001" in told
    assert "memory at most: 16 n = 16,000 bytes" in told
    assert "blocks: along n (X, y), one pass over the data" in told


def test_why_an_order() -> None:
    chain = "A: matrix(n, n); B: matrix(n, n); C: matrix(n, d); Y = A@B@C"
    told = mc.compile(chain).explain()
    assert "if d <= n:\n" in told
    assert "if d > n:\n" in told
    assert "order of A B C: (A B) C (2 d n² + 2 n³) or A (B C) (4 d n²): which of the two" in told
    assert "of branches, those for d = 1000, n = 1000 are counted" in told
    hinted = mc.compile(chain, dims={"n": 1000, "d": 3}).explain()
    assert "A (B C) (12,000,000): no other costs less with n = 1000, d = 3" in hinted
    assert "planned for n = 1000, d = 3" in hinted
    assumed = mc.compile(chain, optimize={"run_time_order": False}).explain()
    assert "rather than (A B) C" in assumed
    assert "switched off: run_time_order" in assumed


def test_why_no_blocks() -> None:
    told = mc.compile("A: matrix(n, n); s = logdet(A)", "A").explain()
    assert "blocks: none\n  along n: A has the axis n twice" in told


@pytest.mark.parametrize("dims", [{"z": 3}, {"n": 0}])
def test_sizes_that_are_none(dims: dict[str, int]) -> None:
    with pytest.raises(mc.MatcalcError):
        mc.compile("X: matrix(n, d); s = sum(X)").explain(dims)


def test_a_loaded_function_has_no_plan() -> None:
    function = pickle.loads(pickle.dumps(mc.compile("s = x.T@x")))
    assert function(x=[1.0, 2.0])[0] == 5
    with pytest.raises(mc.MatcalcError, match="compile the program again"):
        function.explain()


def test_a_line_without_a_test_is_always_taken() -> None:
    assert Line("t", "1", (), None, 0, 1).taken({})
    assert Line("t", "1", (), ("n", "d"), 0, 1).taken({"n": 1, "d": 1})
    assert not Line("t", "1", (), ("n", "d"), 1, 1).taken({"n": 1, "d": 1})


# the command line -------------------------------------------------------------------------------------------

SOURCE = "X: matrix(n, d); s = sum((X@w - y)**2)"


def test_explain() -> None:
    told = good("code", SOURCE, "--wrt", "w", "--explain", "--dims", "n=1000,d=20")
    assert "4 d n + d + 3 n = 83,020" in told
    assert "planned for n = 1000, d = 20" in told
    assert "import numpy" not in told


def test_explain_as_data() -> None:
    data = json.loads(good("code", SOURCE, "--wrt", "w", "--explain", "--format", "json", "--dims", "n=1000,d=20"))
    assert data["operations"] == {"formula": "4 d n + d + 3 n", "number": 83_020}
    assert [line["name"] for line in data["lines"]] == ["t1", "s", "dw"]
    assert data["lines"][0]["shape"] == ["n"]
    assert data["hints"] == {"n": 1000, "d": 20}
    assert data["blocks"][0].startswith("blocks: along n")


def test_hints_and_switches_of_the_command() -> None:
    chain = "A: matrix(n, n); B: matrix(n, n); C: matrix(n, d); s = sum(sin(A@B@C))"
    asked = ("code", chain, "--wrt", "C", "--no-check")
    assert "if d <= n:" in good(*asked)
    assert "if d <= n:" not in good(*asked, "--dims", "n=1000,d=5")
    assert "if d <= n:" not in good(*asked, "--without", "run_time_order")
    assert "switched off: product_order" in good(*asked, "--without", "all", "--explain")
    assert "along d" in good(*asked, "--explain", "--dims", "d=5")


@pytest.mark.parametrize(
    ("more", "said"),
    [(("--dims", "x=3"), "there is n, d"), (("--dims", "n=0"), "from 1"), (("--without", "sum"), "did you mean sums?"),
     (("--format", "json"), "add --explain"), (("--explain", "--blocks"), "leave --blocks"),
     (("--explain", "--style", "gates"), "without a plan"), (("--dims", "n=3", "--style", "gates"), "without a plan")],
)  # fmt: skip
def test_what_does_not_go_together(more: tuple[str, ...], said: str) -> None:
    assert said in refused("code", SOURCE, "--wrt", "w", *more)
