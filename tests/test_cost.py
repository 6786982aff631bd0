"""The work that is counted is the work that the code does: recounted on the text that was generated."""

from __future__ import annotations

import ast
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from commands import good, refused
from programs import SIZES, Programs

import matcalc as mc
from matcalc.codegen.cost import _CALLS, _RULES, NOTHING
from matcalc.codegen.work import Work
from matcalc.cost import cost
from matcalc.expressions.node import axes
from matcalc.operations.table import ELEMENTWISE_NAMES

METHODS = {"dot", "sum", "max", "diagonal"}


class Recount:
    """Runs a generated function line by line, and counts by the shapes of the arrays that are really there."""

    def __init__(self, source: str, inputs: dict[str, Any]) -> None:
        self.module: dict[str, Any] = {}
        exec(source, self.module)
        tree = ast.parse(source)
        (function,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "gradients"]
        self.names = dict(inputs)
        self.count = 0
        for statement in function.body:
            if isinstance(statement, ast.Assign) and not self.converts(statement):
                value = self.of(statement.value)
                line = compile(ast.Module([assigned(statement)], []), "", "exec")
                exec(line, self.module, {**self.names, "_": value})
                self.bind(statement.targets[0], value)
            elif isinstance(statement, ast.Expr) and "out=" in ast.unparse(statement):  # into an array
                self.of(statement.value)
            elif isinstance(statement, ast.AugAssign):  # in place, or on a diagonal
                value = self.of(statement.value)
                whole = isinstance(statement.target, ast.Name)
                self.count += np.size(self.of(statement.target)) if whole else np.size(value)
                line = ast.AugAssign(statement.target, statement.op, ast.Name("_", ast.Load()))
                line = ast.fix_missing_locations(ast.copy_location(line, statement))
                exec(compile(ast.Module([line], []), "", "exec"), self.module, {**self.names, "_": value})
            elif isinstance(statement, ast.Return):
                self.result = self.of(statement.value)

    def converts(self, statement: ast.Assign) -> bool:
        """The lines that make arrays of the arguments."""
        text = ast.unparse(statement)
        return "_array" in text or "_scalar" in text or "asarray" in text or "_convert" in text or "_float" in text

    def bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple):
            for one, part in zip(target.elts, value, strict=True):
                self.bind(one, part)

    def of(self, node: ast.expr | None) -> Any:
        """The value of an expression, its work counted."""
        assert node is not None
        if isinstance(node, ast.BinOp) and not self.is_size(node):
            left, right = self.of(node.left), self.of(node.right)
            result = self.run("a " + OPERATORS[type(node.op)] + " b", a=left, b=right)
            if isinstance(node.op, ast.MatMult):
                self.count += 2 * np.size(left) * (np.shape(right)[1] if np.ndim(right) == 2 else 1)
            else:
                self.count += np.size(result)
            return result
        if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
            value = self.of(node.operand)
            self.count += np.size(value)
            return -value
        if isinstance(node, ast.Call):
            return self.called(node)
        if isinstance(node, ast.Attribute | ast.Subscript) and not self.is_size(node):
            base = self.of(node.value)
            return self.run(ast.unparse(node).replace(ast.unparse(node.value), "(base)", 1), base=base)
        if isinstance(node, ast.Tuple):
            return tuple([self.of(e) for e in node.elts])
        if isinstance(node, ast.List):
            return [self.of(e) for e in node.elts]
        if isinstance(node, ast.Dict):
            return {ast.literal_eval(k): self.of(v) for k, v in zip(node.keys, node.values, strict=True) if k}
        return self.run(ast.unparse(node))

    def is_size(self, node: ast.expr) -> bool:
        """Whether it reckons with dimensions only."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return bool(names) and all(isinstance(self.names.get(n), int) for n in names)

    def called(self, node: ast.Call) -> Any:
        name = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "copy"):
            base = self.of(node.func.value)
            return self.run(ast.unparse(node).replace(ast.unparse(node.func.value), "(base)", 1), base=base)
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return self.method(node, node.func)
        given = [self.of(a) for a in node.args]
        keywords = {k.arg: self.of(k.value) for k in node.keywords if k.arg}
        result = self.run(f"{name}(*given, **keywords)", given=given, keywords=keywords)
        self.count += counted(name, given, result)
        return result

    def method(self, node: ast.Call, function: ast.Attribute) -> Any:
        """``A.dot(B)``, ``A.sum(axis=0)``, ``A.diagonal()``."""
        base, given = self.of(function.value), [self.of(a) for a in node.args]
        if function.attr == "dot":
            products = np.size(base) * (np.shape(given[0])[1] if np.ndim(given[0]) == 2 else 1)
            outer = ast.unparse(node.args[0]).endswith("[None]")  # of a column and a row nothing is added up
            self.count += products if outer else 2 * products
        elif function.attr in ("sum", "max"):
            self.count += np.size(base)
        keywords = {k.arg: self.of(k.value) for k in node.keywords if k.arg}
        return getattr(base, function.attr)(*given, **keywords)

    def run(self, text: str, **more: Any) -> Any:
        return eval(text, self.module, {**self.names, **more})


OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"}
MAKES = {"zeros", "ones", "full", "eye", "diag", "diagonal", "concatenate", "array", "column_stack", "stack", "block",
         "broadcast_to", "float64", "reshape"}  # fmt: skip


def assigned(statement: ast.Assign) -> ast.stmt:
    """``x[...] = _`` for what is written into an array; nothing for a name."""
    target = statement.targets[0]
    if not isinstance(target, ast.Subscript):
        return ast.copy_location(ast.Pass(), statement)
    new = ast.Assign([target], ast.Name("_", ast.Load()))
    return ast.fix_missing_locations(ast.copy_location(new, statement))


def counted(name: str, given: list[Any], result: Any) -> int:
    """The work of a function of NumPy or of the generated module: what its definition says."""
    last = name.rpartition(".")[2].lstrip("_")
    if last in MAKES:
        return 0
    size, out = int(np.size(given[0])), int(np.size(result))
    n = np.shape(given[0])[0] if np.ndim(given[0]) else 1
    known = {
        "sum": size, "mean": size + out, "vdot": 2 * size, "outer": out, "trace": n, "norm": 2 * size,
        "top": size, "softmax": 5 * size, "log_softmax": 5 * size, "logsumexp": 4 * size + 2 * out, "prod": size,
        "inv": 2 * n**3, "definite_inverse": Fraction(5, 3) * n**3,
        "factor": Fraction(1, 3) * n**3, "det": Fraction(2, 3) * n**3, "logdet": Fraction(2, 3) * n**3,
    }  # fmt: skip
    if last == "solve":
        return Fraction(2, 3) * n**3 + 2 * n * int(np.size(given[1]))
    return known.get(last, out)


def point(d: mc.Derivation, rng: np.random.Generator) -> dict[str, Any]:
    found = {}
    for name, node in d.program.inputs.items():
        shape = tuple(SIZES[str(dim)] for dim in axes(node.shape))
        found[name] = rng.standard_normal(shape) if shape else float(rng.standard_normal())
    return found


def recount(d: mc.Derivation, names: list[str]) -> Any:
    fn = mc.compile(d.program, wrt=names)
    rng = np.random.default_rng(1)
    given = point(d, rng)
    run = Recount(fn.source, {k: np.asarray(v) if np.ndim(v) else v for k, v in given.items()})
    asked = {k: v for k, v in given.items() if k in fn.source.split('"""')[2].split("__all__")[1].split('"""')[0]}
    expected = fn(**asked)[0]
    assert np.allclose(run.result[0], expected)
    return run.count


@pytest.mark.parametrize("seed", range(60))
def test_the_count_is_that_of_the_text(seed: int) -> None:
    d = mc.derive(Programs(seed).program(3), "all")
    found = cost(d)
    assert found.value.number(SIZES) == recount(d, [])
    assert found.together.number(SIZES) == recount(d, list(d))
    for name in list(d)[:2]:
        assert found.alone[name].number(SIZES) == recount(d, [name])


def test_the_window_classifier_by_hand() -> None:
    found = cost(mc.derive("z = W@x + b; h = tanh(z); s = u.T@h", "all"))
    # 2nd for W@x, n for + b, n for tanh, 2n for u.T@h
    assert str(found.value) == "2 d n + 4 n"
    # δ = u*(1 - h**2): 3n; ∂W = δ xᵀ: nd; ∂x = Wᵀ δ: 2nd; ∂b = δ and ∂u = h cost nothing
    assert str(found.backward) == "3 d n + 3 n"
    assert found.separately.number({"n": 10, "d": 10}) > found.together.number({"n": 10, "d": 10})
    assert found.entries == Work.of("n") * Work.of("d") + Work.of("n") * 2 + Work.of("d")
    assert found.differences == found.forward * 2


def test_one_pass_does_not_grow_with_the_variables() -> None:
    """The cheap gradient principle: all gradients of a scalar cost a few values, whatever their number."""
    layers = 12
    text = "\n".join([f"W{i}: matrix(n, n)\nh{i + 1} = tanh(W{i}@h{i})" for i in range(layers)])
    found = cost(mc.derive(f"h0: vector(n)\n{text}\ns = sum(h{layers})", "all"))
    size = {"n": 50}
    assert found.together.number(size) < 4 * found.value.number(size)
    assert found.separately.number(size) > 10 * found.value.number(size)
    assert found.forward.number(size) > 1000 * found.together.number(size)


def test_products_are_counted_as_they_are_bracketed() -> None:
    found = cost(mc.derive("y = A@B@x", []))
    assert str(found.value) == "2 m n + 2 n p" or found.value.number({"m": 2, "n": 3, "p": 5}) <= 2 * (6 + 15)
    assert len(str(found.value).split(" + ")) == 2


def test_polynomials() -> None:
    n, d = Work.of("n"), Work.of("d")
    assert str((n + d) * (n - d)) == "−d² + n²"
    assert str(Work()) == "0"
    assert str(Work.of(Fraction(2, 3), "n", "n", "n")) == "2/3 n³"
    assert (n * d * 2).number({"n": 3, "d": 4}) == 24


def test_every_operation_of_the_code_has_a_count() -> None:
    """What is counted entry by entry is so: nothing larger falls through to it."""
    import re
    from pathlib import Path

    import matcalc.codegen as package

    texts = "\n".join([p.read_text(encoding="utf-8") for p in Path(package.__file__).parent.glob("*.py")])
    written = set(re.findall(r'\.value\(\s*"(\w+)"', texts))
    entrywise = {"add", "sub", "mul", "div", "neg", "pow", "map", "guarded", "outer", "where", "own", "call"}
    assert written <= NOTHING | set(_RULES) | entrywise, written - NOTHING - set(_RULES) - entrywise
    assert not set(_CALLS) & ELEMENTWISE_NAMES


def test_on_the_command_line() -> None:
    shown = good("derive", "s = u.T@(W@x)", "--cost", "--dims", "n=1000,d=2000000", "--no-check")
    assert "2 d n + 2 n" in shown
    assert "4,000,002,000" in shown
    assert "运算量" in good("derive", "s = x.T@x", "--cost", "--lang", "zh", "--no-check")
    data = json.loads(good("derive", "s = x.T@x", "--cost", "--format", "json", "--no-check"))
    assert data["cost"][0] == {"what": "the value", "work": "2 n"}
    assert "--dims says nothing of d" in refused("derive", "s = u.T@(W@x)", "--cost", "--dims", "n=3")
    assert "text and json" in refused("derive", "s = x.T@x", "--cost", "--format", "source")
