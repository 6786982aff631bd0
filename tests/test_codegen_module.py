"""What a generated function promises: memory, threads, and the module that it stands in."""

from __future__ import annotations

import ast
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from generated import GRADIENTS, NETWORK, compiled, point, request

from matcalc.codegen.compiled import Compiled, refuse_foreign
from matcalc.codegen.numpy_module import Request, generate
from matcalc.operations.table import make, mul, variable

# memory -----------------------------------------------------------------------------------------------------


def test_results_share_no_memory() -> None:
    texts = {"x": "x", "A": "A", "b": "A.T@A", "c": "x[0:2]", "d": "A.T", "e": "vec(A)", "f": "diag(A)",
             "g": "tanh(x)", "h": "tanh(x)",
             "i": "tanh(A)", "j": "tanh(A).T", "k": "tanh(A)[0, :]", "l": "ones(n)", "m": "ones(n)",
             "p": "matrix_power(A, 1)"}  # fmt: skip
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
    script = "import sys, grads; v, g = grads.step(W=[[1, 2]], x=[1, 1], b=[0], u=[1])"
    script += "; print(float(v), 'matcalc' in sys.modules)"
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
    "line",
    [
        '"""; import os; """',
        "a\nb\\",
        'quote " and \\" and \\',
        "\x1b[2J\u202e\u2028",
        "'''",
        "{x} %s",
        "\\N{DIGIT ONE}",
        "\\",
        '"',
    ],
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
    "code",
    [
        "import os",
        "from os import path",
        "class A: pass",
        "x.__class__",
        "lambda: 1",
        "while True: pass",
        "global x",
        "exec('1')\nwith x: pass",
        "del x",
    ],
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
        "import hashlib\nfrom matcalc.language.program import elaborate\nfrom matcalc.codegen.numpy_module import *\n"
        f"p = elaborate({NETWORK!r})\n"
        "text = generate(Request(p.value, list(p.inputs.values()), {'u': p.names['z']}))\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        found.add(done.stdout)
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
