"""What is mutated in the tables: their rows, token by token; `benchmarks.code_mutations` has the code.

A `Mutant` is applied in memory, in a process of its own: a field of a row is set. Nothing is written to a file.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from matcalc.calculus.laws import POWERS, exponent_of
from matcalc.facts import engine
from matcalc.facts import names as closure
from matcalc.facts.names import BITS, FACTS
from matcalc.facts.table import ROWS
from matcalc.operations.registry import Law
from matcalc.operations.table import OPERATIONS

__all__ = ["Mutant", "of_closure", "of_facts", "of_operations", "tokens_changed"]

# what a function's name is taken for
OTHER = {
    "exp": "sinh", "log": "sqrt", "sqrt": "log", "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh",
    "sigmoid": "tanh", "tanh": "sigmoid", "step": "sign", "sign": "step", "abs": "square", "erf": "tanh",
    "inv": "triu", "pinv": "inv", "sum": "mean", "mean": "sum", "tr": "sum", "softmax": "exp", "tril": "triu",
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


GROUPS = {"law": "laws", "bound": "derivatives", "einsum": "index forms", "numpy": "NumPy", "spelling": "spelling",
          "sample": "domains"}


class Mutant:
    """A change: ``where`` it is, ``what`` it is, ``apply`` makes it, ``group`` says which tests concern it."""

    __slots__ = ("apply", "group", "line", "module", "place", "what", "where")

    def __init__(
        self, module: str, where: str, what: str, group: str, apply: Callable[[], None], *, line: int = 0,
        place: str = "",
    ) -> None:  # fmt: skip
        self.module, self.where, self.what, self.group, self.apply = module, where, what, group, apply
        self.line, self.place = line, place or where  # of code: the line, and the function that it is in

    def __repr__(self) -> str:
        return f"{self.where}: {self.what}"


def tokens_changed(text: str) -> Iterator[str]:
    """The text with one token changed: an operator, a number, a name, a sign or a transpose; operands swapped.

    >>> list(tokens_changed("2 * dX"))
    ['3 * dX', '1 * dX', '2 @ dX']
    """
    parts = TOKEN.findall(text)
    names = list(dict.fromkeys(p for p in parts if re.fullmatch(r"d?[A-Z]|[xy]", p)))
    seen = {text, _as_parsed(text)}
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


def _as_parsed(text: str) -> str:
    try:
        return ast.unparse(ast.parse(text, mode="eval"))
    except SyntaxError:
        return text


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
        def mutant(field: str, text: str, group: str, apply: Callable[[], None], op: str = op) -> Mutant:
            return Mutant(f"operations, {GROUPS[group]}", f"{op}.{field}", text, f"{group} {op}", apply)

        yield from _laws_changed(op, entry, cases, mutant)
        if entry.einsum:
            yield from _einsum_changed(entry, mutant)
        for changed in tokens_changed(entry.numpy.replace("{", "").replace("}", "")) if entry.numpy else ():
            places = "|".join([*entry.signature, "axis", "rows", "columns"])
            back = re.sub(rf"\b({places})\b(?!=)", r"{\1}", changed)
            yield mutant("numpy", back, "numpy", _set(entry, numpy=back))
        for field in ("latex", "text"):
            for changed in _spelling_changed(getattr(entry, field)):
                yield mutant(field, changed, "spelling", _set(entry, **{field: changed}))
        if entry.sample and entry.sample not in ("real",):
            yield mutant("sample", "(none)", "sample", _set(entry, sample="real"))


def _laws_changed(op: str, entry: Any, cases: Callable[[str], list[Any]], mutant: Any) -> Iterator[Mutant]:
    """The law in general, as chosen and as opened, the adjoints, and the derivative of an elementwise function."""
    for text in tokens_changed(entry.derivative) if entry.derivative else ():
        body = re.sub(r"\bx\b", "X", text)
        law = _law(entry, f"d({op}(X)) = ({body}) * dX")
        yield mutant("derivative", text, "law", _set(entry, derivative=text, law=law))
        yield mutant("derivative alone", text, "bound", _set(entry, derivative=text))
    if entry.law is not None and not entry.derivative:
        for text in _body_changed(entry.law.text):
            yield mutant("law", text, "law", _set(entry, law=_law(entry, text)))
    for field in ("choose", "opened"):
        if getattr(entry, field) is not None:
            yield from _chosen(op, entry, field, cases, mutant)
    for name, text in entry.adjoint.items():
        for changed in tokens_changed(text):
            wrong = {**entry.adjoint, name: changed}
            yield mutant(f"adjoint by {name}", changed, "law", _set(entry, adjoint=wrong))


def _einsum_changed(entry: Any, mutant: Any) -> Iterator[Mutant]:
    """An index form with one letter another one, for each axis where it depends on that."""
    original = entry.einsum
    if isinstance(original, str):
        for changed in _letters_changed(original):
            yield mutant("einsum", changed, "einsum", _set(entry, einsum=changed))
        return
    for axis in (None, 0, 1):
        for changed in _letters_changed(original((axis,))):
            def form(params: Any, axis: int | None = axis, changed: str = changed) -> str:
                return changed if params[0] == axis else str(original(params))

            yield mutant(f"einsum along {axis}", changed, "einsum", _set(entry, einsum=form))


def _spelling_changed(template: str) -> Iterator[str]:
    """A template with one of its tokens left out."""
    parts = re.findall(r"\{[A-Z](?::any)?\}|\\?[A-Za-z]+|\\.|\s+|.", template)
    for i, part in enumerate(parts):
        if part.strip():
            yield "".join([*parts[:i], *parts[i + 1 :]])


def _chosen(op: str, entry: Any, field: str, cases: Any, mutant: Any) -> Iterator[Mutant]:
    """Mutants of each of the laws that a function writes."""
    original = getattr(entry, field)
    texts: dict[str, None] = {}
    for node in cases(op):
        shapes, params = tuple(a.shape for a in node.args), node.params
        if op in POWERS:
            exponent = exponent_of(node)
            params = (int(exponent),) if exponent is not None and exponent <= 3 else ()
        if text := original(shapes, params):
            texts[text] = None
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
    """Rows that say too much or too little: a premise or a conclusion dropped, or another fact."""
    for op, rows in ROWS.items():
        for i, (facts, premises, reason) in enumerate(rows):
            if op in ("let", "defined"):  # everything, by no list
                continue
            for new_facts, new_premises in dict.fromkeys(_row_changed(facts, premises)):
                def apply(op: str = op, i: int = i, row: Any = (new_facts, new_premises, reason)) -> None:
                    ROWS[op][i] = row

                yield Mutant("facts, rows", f"{op}: {facts!r}, {premises!r}", f"{new_facts!r}, {new_premises!r}",
                             f"facts {op}", apply)


def _row_changed(facts: str, premises: str) -> Iterator[tuple[str, str]]:
    names = facts.split()
    for k, name in enumerate(names):
        yield " ".join(names[:k] + names[k + 1 :]), premises
        if "$" not in premises and premises != "= X":
            yield " ".join([*names[:k], _taken_for(name), *names[k + 1 :]]), premises
    if premises.startswith("= "):
        head, _, last = premises.removeprefix("= ").rpartition(" ")
        if head:
            yield facts, f"= {_taken_for(head)} {last}"
        yield facts, f"{head or '$'} {last}"  # no longer the other way round
        return
    parts = [part for part in premises.split(", ") if part]
    for k, part in enumerate(parts):
        yield facts, ", ".join(parts[:k] + parts[k + 1 :])
        head, _, last = part.rpartition(" ")
        if head in FACTS:
            yield facts, ", ".join([*parts[:k], f"{_taken_for(head)} {last}", *parts[k + 1 :]])


def of_closure() -> Iterator[Mutant]:
    """What follows from what: a premise or a consequence dropped, other shapes; what excludes what; constants."""
    def mutant(what: str, where: str, apply: Callable[[], None]) -> Mutant:
        return Mutant("facts, implications", where, what, "closure", apply)

    def words(mask: int) -> list[str]:
        return [name for name, bit in BITS.items() if mask & bit]

    for field, rows in (("IMPLICATIONS", closure.IMPLICATIONS), ("EXCLUSIONS", closure.EXCLUSIONS)):
        for i, row in enumerate(rows):
            given, follows, *where = row
            new: list[tuple[Any, ...]] = [(given, follows & ~BITS[name], *where) for name in words(follows)]
            if given.bit_count() > 1:
                new += [(given & ~BITS[name], follows, *where) for name in words(given)]
            if where and where != ["any"] and not given & closure.OF_SQUARES:  # else it follows for squares alone
                new.append((given, follows, "any"))
            for one in new:
                def apply(field: str = field, rows: Any = rows, i: int = i, one: Any = one) -> None:
                    setattr(closure, field, (*rows[:i], one, *rows[i + 1 :]))

                shown = [" ".join(words(part)) if isinstance(part, int) else part for part in one]
                yield mutant(" -> ".join(shown), f"{' '.join(words(given))} -> {' '.join(words(follows))}", apply)
    for title, table in (("TYPES", engine.TYPES), ("POSITIVE", engine.POSITIVE), ("LEAVES", engine.LEAVES)):
        for key, text in table.items():
            for name in text.split():
                def drop(table: Any = table, key: str = key, text: str = text, name: str = name) -> None:
                    table[key] = " ".join(part for part in text.split() if part != name)

                yield mutant(f"without {name}", f"{title}[{key!r}]", drop)


def _taken_for(fact: str) -> str:
    near = {"symmetric": "skew", "skew": "symmetric", "lower": "upper", "upper": "lower", "semidefinite": "symmetric",
            "definite": "semidefinite", "positive": "nonnegative", "nonnegative": "whole", "orthogonal": "invertible",
            "orthonormal": "independent", "invertible": "symmetric", "diagonal": "lower", "zero": "whole",
            "sums_to_one": "unit", "unit": "sums_to_one", "columns_sum_to_one": "rows_sum_to_one",
            "rows_sum_to_one": "columns_sum_to_one", "independent": "symmetric", "whole": "nonnegative",
            "positive_diagonal": "nonnegative"}  # fmt: skip
    return near.get(fact, "zero")
