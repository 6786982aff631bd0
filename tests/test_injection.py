"""Nothing that a user writes is executed: the package's own syntax trees are held against a list of what may run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import matcalc

ROOT = Path(matcalc.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

BUILTINS = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
MODULES = {
    "pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "runpy", "code",
    "codeop", "ctypes", "cffi", "pty", "imp", "subprocess", "multiprocessing", "concurrent", "socket", "http", "urllib",
    "requests", "asyncio", "webbrowser", "tempfile", "antigravity",
}  # fmt: skip
CALLS = {
    "os": {"system", "popen", "startfile", "fork", "forkpty", "posix_spawn", "posix_spawnp", "putenv"},
    "builtins": {"eval", "exec", "compile", "__import__"},
    "sys": {"settrace", "setprofile", "addaudithook"},
}
STARTING = ("exec", "spawn")  # os.execv, os.spawnlp, ...
TEXT_TO_CODE = {
    "sympify", "parse_expr", "lambdify", "parse_latex", "import_module", "reload", "fromstring", "load_module", "load",
    "literal_eval", "frompyfunc", "unpack_archive", "fromfile", "__reduce__",
}  # fmt: skip
ASKED = {"shell", "allow_pickle"}
INSIDE = {"eval", "__globals__", "__subclasses__", "__builtins__", "__code__"}

# Where such a thing stands, and why it may.
ALLOWED = {
    ("codegen/compiled.py", "exec"): "a generated module, its tree held against a list, with the built-ins it uses",
    ("codegen/compiled.py", "compile"): "the same",
    ("codegen/compiled.py", "builtins.__import__"): "what the tree imports was checked; NumPy's C code imports too",
    ("graphs/running.py", "exec"): "generated gates, the same way",
    ("graphs/running.py", "compile"): "the same",
    ("graphs/running.py", "builtins.__import__"): "the same",
    ("codegen/compiled.py", "__reduce__"): "a pickled function is loaded through `load`, which checks it again",
    ("codegen/blocked/compiled.py", "__reduce__"): "the same",
    ("notes/pdf.py", "subprocess"): "TeX, found on the path, without a shell and with -no-shell-escape",
    ("notes/pdf.py", "tempfile"): "where TeX runs",
    ("verify/zero.py", "lambdify"): "numbers of an expression that matcalc built; its symbols are dummies",
    ("graphs/points.py", "load"): "NumPy's arrays, allow_pickle=False",
    ("verify/exact.py", "sympify"): "strict: no text",
    ("verify/symbols.py", "sympify"): "strict: no text",
    ("sympy_bridge/program.py", "sympify"): "strict: no text",
    ("syntax/parser.py", "load"): "Lark's tables, which are part of the package",
    ("notes/writers/html.py", "urllib"): "percent signs in the address of a picture; nothing is fetched",
    ("__init__.py", "import_module"): "a name of the public interface, from a table",
    ("cli/group.py", "import_module"): "a command, from a table",
    ("phrases/__init__.py", "import_module"): "a language, from a table",
    ("syntax/parser.py", "import_module"): "a syntax, from a table",
}  # fmt: skip


def dangers(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """What in a module may turn text into action, and where."""
    bound = {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
             for alias in node.names if (node.module or "").startswith("matcalc")}  # fmt: skip
    bound |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            names = [module] if module else [alias.name for alias in node.names]
            yield from ((name.partition(".")[0], node) for name in names if name.partition(".")[0] in MODULES)
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.name in CALLS.get(module, ()) or alias.name in TEXT_TO_CODE - {"import_module", "load"}:
                        yield f"{module}.{alias.name}", node
        elif isinstance(node, ast.Name) and node.id in BUILTINS | {"__builtins__"} and node.id not in bound:
            yield node.id, node
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr in CALLS.get(owner, ()) or (owner == "os" and node.attr.startswith(STARTING)):
                yield f"{owner}.{node.attr}", node
            elif node.attr in TEXT_TO_CODE | INSIDE:
                yield node.attr, node
        elif isinstance(node, ast.FunctionDef) and node.name in {"__reduce__", "__reduce_ex__", "__setstate__"}:
            yield node.name, node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TEXT_TO_CODE - bound:
            yield node.func.id, node
        elif isinstance(node, ast.keyword) and node.arg in ASKED and ast.unparse(node.value) != "False":
            yield f"{node.arg}=", node


def calls(path: str, name: str) -> list[ast.Call]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [one for one in found if getattr(one.func, "attr", getattr(one.func, "id", "")) == name]


def keyword(call: ast.Call, name: str) -> object:
    return {one.arg: one.value.value for one in call.keywords if isinstance(one.value, ast.Constant)}.get(name)


def test_nothing_in_the_package_turns_text_into_action_but_what_is_listed() -> None:
    found = {}
    for path in FILES:
        place = path.relative_to(ROOT).as_posix()
        for what, node in dangers(ast.parse(path.read_text(encoding="utf-8"))):
            found[place, what] = f"{place}:{node.lineno}: {what}"  # type: ignore[attr-defined]
    assert len(FILES) > 200
    assert not [told for key, told in found.items() if key not in ALLOWED]
    assert not [key for key in ALLOWED if key not in found], "no longer there: strike it out"


@pytest.mark.parametrize("text", [
    "eval(x)", "exec(x)", "f = eval", "builtins.exec(x)", "__import__(x)", "import pickle", "from pickle import loads",
    "import os\nos.system(x)", "os.execv(a, b)", "os.spawnl(a)", "from os import system", "import subprocess",
    "from subprocess import run", "run(x, shell=True)", "run(x, shell=flag)", "np.load(f, allow_pickle=True)",
    "sympy.sympify(x)", "from sympy import sympify", "from sympy.parsing.sympy_parser import parse_expr",
    "sympy.lambdify(a, b)", "import yaml", "importlib.import_module(x)", "frame.eval(x)", "f.__globals__",
    "import multiprocessing.pool", "class A:\n    def __reduce__(self): pass", "ast.literal_eval(x)",
])  # fmt: skip
def test_the_lint_finds_what_it_is_for(text: str) -> None:
    assert list(dangers(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["re.compile(x)", "mc.compile(x)", "from matcalc.compiling import compile\ncompile(x)"]
)
def test_the_lint_lets_pass_what_is_harmless(text: str) -> None:
    assert not list(dangers(ast.parse(text)))


@pytest.mark.parametrize("path", ["codegen/compiled.py", "graphs/running.py"])
def test_what_is_executed_was_held_against_a_list_and_has_few_builtins(path: str) -> None:
    from matcalc.codegen.compiled import BUILTINS as few
    from matcalc.graphs.running import CALLED

    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    (function,) = [f for f in tree.body if isinstance(f, ast.FunctionDef) and "exec(" in ast.unparse(f)]
    lines = ast.unparse(function)
    assert lines.index("refuse_foreign(tree") < lines.index("exec(")
    assert "'__builtins__': allowed" in lines
    reach = {"eval", "exec", "compile", "open", "getattr", "setattr", "globals", "vars", "__import__", "input"}
    assert not reach & {*few, *CALLED}


@pytest.mark.parametrize("text", [
    "import os", "from os import system", "import numpy.ctypeslib", "x = ().__class__", "import numpy as np\nnp._core",
    "with open('a') as f: pass", "lambda: 0", "global x", "async def f(): pass", "del x", "class A: pass", "assert x",
    "from os import cpu_count, system", "from concurrent.futures import ProcessPoolExecutor", "import concurrent.x",
    "type('A', (), {})", "make = type", "found = type(1)", "[type]", "type(1)(2) == 2",
    "from scipy import io", "(x := 1)", "match x:\n    case 1: pass", "from . import x", "from os import *",
])  # fmt: skip
def test_what_no_generated_code_consists_of_is_not_executed(text: str) -> None:
    from matcalc.codegen.compiled import load

    with pytest.raises(ValueError, match="generated code"):
        load(text, "f")


@pytest.mark.parametrize("name", ["open", "eval", "exec", "getattr", "globals", "compile", "input", "vars"])
def test_generated_code_has_no_other_builtins(name: str) -> None:
    from matcalc.codegen.compiled import load

    with pytest.raises(NameError):
        load(f"def f():\n    return {name}('x')\n", "f")()


def test_tex_is_started_without_a_shell_and_cannot_start_one() -> None:
    (run,) = calls("notes/pdf.py", "run")
    source = (ROOT / "notes/pdf.py").read_text(encoding="utf-8")
    assert not [one for one in run.keywords if one.arg in {"shell", "executable", "preexec_fn"}]
    assert isinstance(run.args[0], ast.Name)  # the list below, no line of text
    assert '[engine, "-no-shell-escape", "-halt-on-error"' in source
    assert '"openin_any": "p", "openout_any": "p"' in source


def test_sympy_is_given_no_text() -> None:
    for path, name in ALLOWED:
        if name == "sympify":
            assert all(keyword(call, "strict") is True for call in calls(path, name)), path
    (call,) = calls("verify/zero.py", "lambdify")
    assert keyword(call, "dummify") is True
    assert all(keyword(call, "allow_pickle") is False for call in calls("graphs/points.py", "load"))


def test_sympy_s_code_holds_no_name_of_the_user_s() -> None:
    import inspect

    import sympy

    from matcalc.verify.zero import numbers

    x = sympy.Symbol("__import__('os')")
    at = numbers([x], [x**2])
    assert at([sympy.Rational(1, 2)])[0] == sympy.Rational(1, 4)
    function = inspect.getclosurevars(at).nonlocals["compiled"]
    assert "__import__" not in (function.__doc__ or "").partition("Source code:")[2].partition("Imported modules")[0]


def test_no_array_is_unpickled(tmp_path: Path) -> None:
    import numpy as np
    from commands import refused

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return Path.write_text, (tmp_path / "PWNED", "x")  # type: ignore[return-value]

    path = tmp_path / "point.npz"
    np.savez(path, x=np.array([Evil()], dtype=object))
    assert "npz" in refused("graph", "x.T@x", "--at", str(path))
    assert not (tmp_path / "PWNED").exists()
