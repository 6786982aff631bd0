"""What is mutated in code: the syntax of a module's functions, piece by piece.

The code object of the function is replaced in memory, in a process of its own.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import random
import types
from collections.abc import Callable
from typing import Any

from benchmarks.mutations import Mutant

__all__ = ["of_code"]

FLIPS: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
}  # fmt: skip


def _changes(node: ast.AST) -> list[tuple[str, Callable[[Any], Any]]]:
    """The mutations of a piece of syntax: a name, and what makes the new one of it."""
    found: list[tuple[str, Callable[[Any], Any]]] = []

    def field(name: str, value: Any) -> Callable[[Any], Any]:
        def change(n: Any) -> Any:
            setattr(n, name, value)
            return n

        return change

    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in FLIPS:
        found.append(("comparison", field("ops", [FLIPS[type(node.ops[0])]()])))
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in FLIPS:
        found.append(("operator", field("op", FLIPS[type(node.op)]())))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        found.append(("constant", field("value", node.value + 1)))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        found.append(("constant", field("value", not node.value)))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        found.append(("sign or not removed", lambda n: n.operand))
    elif isinstance(node, ast.Call) and len(node.args) == 2 and not (
        any(isinstance(a, ast.Starred) for a in node.args) or ast.unparse(node.func) in ("max", "min")
        or ast.unparse(node.args[0]) == ast.unparse(node.args[1])
    ):
        found.append(("arguments swapped", field("args", node.args[::-1])))
    elif isinstance(node, ast.If | ast.IfExp):
        found.append(("condition negated", field("test", ast.UnaryOp(ast.Not(), node.test))))
    elif isinstance(node, ast.Return) and node.value is not None and not is_nothing(node.value):
        found.append(("returns None", field("value", ast.Constant(None))))
    elif isinstance(node, ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        found.append(("statement removed", lambda n: ast.Pass()))
    return found


def is_nothing(node: ast.AST) -> bool:
    """Whether a piece of syntax is ``None``, or ``False``, which is as good where a truth is asked for."""
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)


class _At(ast.NodeTransformer):
    """Changes the node at a position of the walk."""

    def __init__(self, target: ast.AST, change: Callable[[Any], Any]) -> None:
        self.target, self.change = target, change

    def visit(self, node: ast.AST) -> Any:
        return self.change(node) if node is self.target else self.generic_visit(node)


def of_code(module_name: str, count: int, seed: int) -> list[Mutant]:
    """A sample of the syntax-tree mutations of the functions of a module."""
    module = importlib.import_module(module_name)
    text = inspect.getsource(module)
    tree = ast.parse(text)
    places: list[tuple[int, str, int]] = []
    walked = list(ast.walk(tree))
    bodies = {id(n) for f in walked if isinstance(f, ast.FunctionDef) for s in f.body for n in ast.walk(s)}
    hidden = {id(n) for s in walked for a in ("annotation", "returns") if getattr(s, a, None) is not None
              for n in ast.walk(getattr(s, a))}
    hidden |= {id(n) for s in walked if isinstance(s, ast.Raise | ast.Assert) for n in ast.walk(s)}
    hidden |= {id(s.value) for s in walked if isinstance(s, ast.keyword) and s.arg == "strict"}  # of zip: an assertion
    for i, node in enumerate(walked):
        if id(node) in bodies and id(node) not in hidden:
            places += [(i, what, k) for k, (what, _) in enumerate(_changes(node))]
    random.Random(f"{seed} {module_name}").shuffle(places)
    inside = {id(n): f"{owner}{f.name}" for owner, f in _defined(tree) for n in ast.walk(f)}
    found = []
    for i, what, k in places[:count]:
        node: Any = walked[i]
        new = _changes(copy.deepcopy(node))[k][1]
        found.append(Mutant(
            module_name.removeprefix("matcalc."), f"{module_name}:{node.lineno}",
            f"{what}: {_short(node)} -> {_short(new(copy.deepcopy(node)))}", f"code {module_name}",
            lambda i=i, k=k: _put_in(module, text, i, k), line=node.lineno,
            place=f"{module_name}.{inside.get(id(node), '')}",
        ))  # fmt: skip
    return found


def _defined(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """The functions of a module and the methods of its classes, with the name of the class."""
    found = [("", one) for one in tree.body if isinstance(one, ast.FunctionDef)]
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            found += [(f"{owner.name}.", one) for one in owner.body if isinstance(one, ast.FunctionDef)]
    return found


def _short(node: Any) -> str:
    """A piece of syntax in one line, the conditions of statements alone."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())[:90]


def _put_in(module: types.ModuleType, text: str, position: int, which: int) -> None:
    """Replace the code of the function that a mutation is in, wherever the function is known."""
    tree = ast.parse(text)
    node = list(ast.walk(tree))[position]
    changed = ast.fix_missing_locations(_At(node, _changes(node)[which][1]).visit(tree))
    known = _codes(compile(text, module.__file__ or "", "exec", dont_inherit=True))
    new = _codes(compile(changed, module.__file__ or "", "exec", dont_inherit=True))
    functions = _functions(module)
    for name, code in new.items():
        if name in functions and _differs(code, known[name]):
            functions[name].__code__ = code


def _differs(a: types.CodeType, b: types.CodeType) -> bool:
    return a != b


def _codes(code: types.CodeType) -> dict[str, types.CodeType]:
    """Codes of the functions of a module and of the methods of its classes, by qualified name."""
    found = {}
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            found[one.co_qualname] = one
            if ("." not in one.co_qualname and one.co_name[:1].isupper()) or one.co_name.lstrip("_")[:1].isupper():
                found.update(_codes(one))
    return found


def _functions(module: types.ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    classes = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
    for owner in [module, *classes]:
        for value in vars(owner).values():
            value = getattr(value, "__wrapped__", value)
            value = getattr(value, "__func__", value)
            value = getattr(value, "fget", value) or value
            if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
                found[value.__qualname__] = value
    return found
