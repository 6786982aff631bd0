"""What is mutated, and how: the rows of the tables token by token, the code of a module statement by statement.

A `Mutant` is applied in memory, in a process of its own: a field of a row is set, or the code of a function is
replaced. Nothing is written to a file.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import random
import re
import types
from collections.abc import Callable, Iterator
from typing import Any

from matcalc.facts.names import FACTS
from matcalc.facts.table import ROWS
from matcalc.operations.registry import Law
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS

__all__ = ["Mutant", "of_code", "of_facts", "of_operations", "tokens_changed"]

# what a function's name is taken for
OTHER = {
    "exp": "sinh", "log": "sqrt", "sqrt": "log", "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh",
    "sigmoid": "tanh", "tanh": "sigmoid", "step": "sign", "sign": "step", "abs": "square", "erf": "tanh",
    "inv": "pinv", "pinv": "inv", "sum": "mean", "mean": "sum", "tr": "sum", "softmax": "exp", "tril": "triu",
    "triu": "tril", "is_max": "is_min", "is_min": "is_max", "ones": "zeros", "eye": "ones", "conv": "correlate",
    "correlate": "conv", "cumsum": "cumsum_back", "cumsum_back": "cumsum", "kron_left": "kron_right",
    "kron_right": "kron_left", "vec": "sum", "svd_left": "svd_right", "svd_right": "svd_left", "svdvals": "sum",
    "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum", "prod": "sum", "dot": "inner",
    "arcsin": "arccos", "arccos": "arcsin", "arctan": "tanh", "tan": "tanh", "log1p": "log", "expm1": "exp",
    "square": "abs", "reciprocal": "square", "solve": "matmul", "det": "trace", "cross": "kron",
    "power_sum": "expm_frechet", "expm_frechet": "power_sum", "_softmax": "_log_softmax", "conv_matrix": "corr_matrix",
    "corr_matrix": "conv_matrix", "eigvecsh": "inv", "diag": "sum", "logsumexp": "sum", "prod_others": "is_max",
}  # fmt: skip
OPERATOR = {"+": "-", "-": "+", "*": "@", "@": "*", "/": "*", "**": "*"}
TOKEN = re.compile(r"\.T\b|\*\*|\d+\.\d+|\d+|[A-Za-z_]\w*|[-+*/@,()\[\];:=.]|\s+|.")


class Mutant:
    """A change: ``where`` it is, ``what`` it is, ``apply`` makes it, ``group`` says which tests concern it."""

    __slots__ = ("apply", "group", "module", "what", "where")

    def __init__(self, module: str, where: str, what: str, group: str, apply: Callable[[], None]) -> None:
        self.module, self.where, self.what, self.group, self.apply = module, where, what, group, apply

    def __repr__(self) -> str:
        return f"{self.where}: {self.what}"


def tokens_changed(text: str) -> Iterator[str]:
    """The text with one token changed: an operator, a number, a name, a sign or a transpose; operands swapped.

    >>> list(tokens_changed("2 * dX"))
    ['3 * dX', '1 * dX', '2 @ dX']
    """
    parts = TOKEN.findall(text)
    names = list(dict.fromkeys(p for p in parts if re.fullmatch(r"d?[A-Z]|[xy]", p)))
    seen = {text}
    for i, part in enumerate(parts):
        new: list[str] = []
        if part == ".T":
            new = [""]
        elif part.isdigit():
            new = [str(int(part) + 1), *([str(int(part) - 1)] if int(part) else [])]
        elif part in OPERATOR:
            is_sign = part == "-" and not any(p.strip() for p in parts[:i][-1:]) and (i == 0 or parts[i - 1] in "(,[")
            new = [""] if part == "-" and (is_sign or i == 0 or parts[i - 1] in "([,") else [OPERATOR[part]]
        elif part in OTHER and i + 1 < len(parts) and parts[i + 1] == "(":
            new = [OTHER[part]]
        elif part in names:
            kind = part.startswith("d")
            new = [name for name in names if name != part and name.startswith("d") == kind]
        for one in new:
            changed = "".join([*parts[:i], one, *parts[i + 1 :]])
            if changed not in seen:
                seen.add(changed)
                yield changed
    for changed in _operands_swapped(text):
        if changed not in seen:
            seen.add(changed)
            yield changed


def _operands_swapped(text: str) -> Iterator[str]:
    """The operands of a difference, a quotient, a power or a matrix product, and arguments, the other way round."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return
    for position, node in enumerate(ast.walk(tree)):
        swaps = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult)
        if swaps or (isinstance(node, ast.Call) and len(node.args) == 2):
            new = copy.deepcopy(tree)
            other: Any = list(ast.walk(new))[position]
            if isinstance(other, ast.BinOp):
                other.left, other.right = other.right, other.left
            else:
                other.args.reverse()
            yield ast.unparse(new)


def _set(entry: Any, **fields: Any) -> Callable[[], None]:
    def apply() -> None:
        for name, value in fields.items():
            setattr(entry, name, value)

    return apply


def _law(entry: Any, text: str) -> Law:
    return Law(text, entry.law.title, entry.law.source)


def _body_changed(text: str) -> Iterator[str]:
    head, body = text.split(") = ", 1)
    for changed in tokens_changed(body):
        yield f"{head}) = {changed}"


def of_operations(cases: Callable[[str], list[Any]]) -> Iterator[Mutant]:
    """Mutants of every field of every row that says what is computed; ``cases`` are applications of an operation."""
    for op, entry in OPERATIONS.items():
        module = f"operations/{entry.shape.__module__.rpartition('.')[2]}"
        module = "operations (tables)"

        def mutant(field: str, text: str, group: str, apply: Callable[[], None],
                   op: str = op, module: str = module) -> Mutant:
            return Mutant(module, f"{op}.{field}", text, f"{group} {op}", apply)

        if entry.derivative:
            for text in tokens_changed(entry.derivative):
                body = re.sub(r"\bx\b", "X", text)
                law = _law(entry, f"d({op}(X)) = ({body}) * dX")
                yield mutant("derivative", text, "law", _set(entry, derivative=text, law=law))
                yield mutant("derivative alone", text, "bound", _set(entry, derivative=text))
        elif entry.law is not None and not (entry.choose or entry.adjoint) and op not in ("stack", "index"):
            for text in _body_changed(entry.law.text):
                yield mutant("law", text, "law", _set(entry, law=_law(entry, text)))
        for field in ("choose", "opened"):
            if getattr(entry, field) is not None and (field == "opened" or not entry.adjoint or op == "matrix_power"):
                yield from _chosen(op, entry, field, cases, mutant)
        for name, text in entry.adjoint.items():
            for changed in tokens_changed(text):
                wrong = {**entry.adjoint, name: changed}
                yield mutant(f"adjoint by {name}", changed, "law", _set(entry, adjoint=wrong))
        if isinstance(entry.einsum, str) and entry.einsum:
            for changed in _letters_changed(entry.einsum):
                yield mutant("einsum", changed, "einsum", _set(entry, einsum=changed))
        for changed in tokens_changed(entry.numpy.replace("{", "").replace("}", "")) if entry.numpy else ():
            places = "|".join([*entry.signature, "axis", "rows", "columns"])
            back = re.sub(rf"\b({places})\b(?!=)", r"{\1}", changed)
            yield mutant("numpy", back, "numpy", _set(entry, numpy=back))
        if entry.sample and entry.sample not in ("real",):
            yield mutant("sample", "(none)", "sample", _set(entry, sample="real"))


def _chosen(op: str, entry: Any, field: str, cases: Any, mutant: Any) -> Iterator[Mutant]:
    """Mutants of each of the laws that a function writes."""
    original = getattr(entry, field)
    texts: dict[str, None] = {}
    for node in cases(op):
        shapes, params = tuple(a.shape for a in node.args), node.params
        if op == "matrix_power":
            number = node.args[1]
            params = (int(number.params[0]),) if number.op == "num" and number.params[0] <= 3 else ()
        texts[original(shapes, params)] = None
    for text in texts:
        for changed in _body_changed(text):
            def choose(shapes: Any, params: Any, text: str = text, changed: str = changed) -> str:
                found = original(shapes, params)
                return changed if found == text else found

            yield mutant(field, changed, "law", _set(entry, **{field: choose}))


def _letters_changed(form: str) -> Iterator[str]:
    """An index form with one letter another one."""
    letters = sorted(set(re.findall("[a-z]", form)))
    for i, letter in enumerate(form):
        for other in letters:
            if letter in letters and other != letter:
                yield form[:i] + other + form[i + 1 :]


def of_facts() -> Iterator[Mutant]:
    """Rows that say too much: a premise dropped, a premise or a conclusion another fact."""
    for op, rows in ROWS.items():
        for i, (facts, premises, reason) in enumerate(rows):
            parts = [part for part in premises.split(", ") if part]
            changed = [(facts, ", ".join(parts[:k] + parts[k + 1 :])) for k in range(len(parts))
                       if not premises.startswith("= ")]
            for k, part in enumerate(parts):
                head, _, last = part.rpartition(" ")
                if head in FACTS:
                    other = _taken_for(head)
                    changed.append((facts, ", ".join([*parts[:k], f"{other} {last}", *parts[k + 1 :]])))
            names = facts.split()
            if "$" not in premises and not premises.startswith("="):
                changed += [(" ".join([*names[:k], _taken_for(name), *names[k + 1 :]]), premises)
                            for k, name in enumerate(names)]
            for new_facts, new_premises in changed:
                def apply(op: str = op, i: int = i, row: Any = (new_facts, new_premises, reason)) -> None:
                    ROWS[op][i] = row

                yield Mutant("facts/table", f"{op}: {facts!r}, {premises!r}", f"{new_facts!r}, {new_premises!r}",
                             f"facts {op}", apply)


def _taken_for(fact: str) -> str:
    near = {"symmetric": "skew", "skew": "symmetric", "lower": "upper", "upper": "lower", "semidefinite": "symmetric",
            "definite": "semidefinite", "positive": "nonnegative", "nonnegative": "whole", "orthogonal": "invertible",
            "orthonormal": "independent", "invertible": "symmetric", "diagonal": "lower", "zero": "whole",
            "sums_to_one": "unit", "unit": "sums_to_one", "columns_sum_to_one": "rows_sum_to_one",
            "rows_sum_to_one": "columns_sum_to_one", "independent": "symmetric", "whole": "nonnegative",
            "positive_diagonal": "nonnegative"}  # fmt: skip
    return near.get(fact, "zero")


# ---------------------------------------------------------------------------------------------------- code
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
    elif isinstance(node, ast.Call) and len(node.args) == 2 and not any(isinstance(a, ast.Starred) for a in node.args):
        found.append(("arguments swapped", field("args", node.args[::-1])))
    elif isinstance(node, ast.If | ast.IfExp):
        found.append(("condition negated", field("test", ast.UnaryOp(ast.Not(), node.test))))
    elif isinstance(node, ast.Return) and node.value is not None:
        found.append(("returns None", field("value", ast.Constant(None))))
    elif isinstance(node, ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        found.append(("statement removed", lambda n: ast.Pass()))
    return found


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
    for i, node in enumerate(walked):
        if id(node) in bodies and id(node) not in hidden:
            places += [(i, what, k) for k, (what, _) in enumerate(_changes(node))]
    random.Random(f"{seed} {module_name}").shuffle(places)
    lines = text.splitlines()
    found = []
    for i, what, k in places[:count]:
        node: Any = walked[i]
        found.append(Mutant(
            module_name.removeprefix("matcalc.").replace(".", "/"), f"{module_name}:{node.lineno}",
            f"{what}: {lines[node.lineno - 1].strip()}"[:110], f"code {module_name}",
            lambda i=i, k=k: _put_in(module, text, i, k),
        ))  # fmt: skip
    return found


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


ELEMENTWISE = ELEMENTWISE_NAMES
