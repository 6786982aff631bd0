"""How each operation on arrays is written in NumPy.

A text comes with the level at which it binds, so that parentheses stand where they are needed and
nowhere else.  The functions of the operations' tables are written as their ``numpy`` field says.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from math import gcd
from operator import and_
from typing import Any, TypeAlias, cast

from matcalc.codegen.powers import LOG
from matcalc.codegen.tensors import einsum_text
from matcalc.codegen.values import Value
from matcalc.expressions.dims import Dim, multiply, quotient, terms
from matcalc.operations.table import OPERATIONS

__all__ = ["ATOM", "MATMUL", "NEG", "POWER", "PRODUCT", "SUM", "Text", "Writer", "real_text"]

SUM, PRODUCT, MATMUL, NEG, POWER, ATOM = 1, 2, 3, 4, 5, 6
Text: TypeAlias = tuple[str, int]


class Writer:
    """Writes one value, given the texts of its arguments."""

    def __init__(
        self, dims: dict[str, str], inputs: dict[str, str], functions: dict[tuple[str, int], str], complex_: bool
    ) -> None:
        self.dims, self.inputs, self.functions, self.complex = dims, inputs, functions, complex_
        self.helpers: set[str] = set()
        self.into: set[str] = set()  # those that are given memory to compute in
        self.plain: set[Value] = set()  # computed with Python's own numbers, whose division by zero is an error

    def write(self, value: Value, args: list[Text]) -> Text:
        """The expression that computes a value."""
        writer = _WRITERS.get(value.op)
        if writer is None:
            raise AssertionError(f"no text for {value.op}")
        if value.op in ("const", "size") or (value.op in ("add", "sub", "neg") and self.plain.issuperset(value.args)):
            self.plain.add(value)
        return writer(self, value, args)

    def helper(self, name: str, into: bool = False) -> str:
        """The name of a helper, which the module will have; ``into`` memory that it is given, or not."""
        self.helpers.add(name)
        if into:
            self.into.add(name)
        return name

    def template(self, text: str) -> str:
        """A text of the tables, its helpers asked for."""
        for name in re.findall(r"\b_[a-z_0-9]+(?=\()", text):
            self.helper(name)
        return text

    def dim(self, dim: Dim) -> str:
        """A dimension in the local names of the function."""
        return dim_text(dim, self.dims)

    def shape(self, axes: tuple[Dim, ...]) -> str:
        """A shape as a tuple, a number for one axis."""
        if len(axes) == 1:
            return self.dim(axes[0])
        return f"({', '.join(map(self.dim, axes))})"

    def filled(self, name: str, axes: tuple[Dim, ...]) -> str:
        """``np.zeros`` or ``np.ones``, in the type of the module."""
        return f"np.{name}({self.shape(axes)}{', dtype=complex' if self.complex else ''})"


def dim_text(dim: Dim, local: dict[str, str]) -> str:
    """A dimension as Python writes it.

    >>> dim_text((((("m", "n"), 1), ((), -1))), {"m": "m", "n": "n"})
    'm * n - 1'
    """
    if isinstance(dim, str):
        return local[dim]
    if isinstance(dim, int):
        return str(dim)
    parts = []
    for monomial, c in terms(dim).items():
        factors = ([] if abs(c) == 1 and monomial else [str(abs(c))]) + [local[name] for name in monomial]
        parts += ["-" if c < 0 else "+", " * ".join(factors)]
    head = parts[1] if parts[0] == "+" else f"-{parts[1]}"
    return " ".join([head, *parts[2:]])


def cost_text(dim: Dim, local: dict[str, str]) -> str:
    """A sum of products of dimensions, the common factors before a bracket.

    >>> from matcalc.expressions.dims import add, multiply
    >>> cost_text(add(multiply("m", multiply("m", "n")), multiply("m", "k")), {"m": "m", "n": "n", "k": "k"})
    'm * (m * n + k)'
    """
    found = terms(dim)
    if len(found) < 2:
        return dim_text(dim, local)
    number = reduce(gcd, found.values())
    names = list(reduce(and_, [Counter(monomial) for monomial in found]).elements())
    inner = quotient(dim, reduce(multiply, names, cast("Dim", number)))
    assert inner is not None
    before = [*([str(number)] if number > 1 else []), *[local[name] for name in names]]
    return " * ".join([*before, f"({dim_text(inner, local)})" if before else dim_text(inner, local)])


def wrap(text: Text, level: int) -> str:
    """A text in parentheses unless it binds at least as tightly."""
    return text[0] if text[1] >= level else f"({text[0]})"


def number_text(number: Fraction | str) -> Text:
    """A number: whole, a short decimal, or a quotient."""
    if number == "pi":
        return "np.pi", ATOM
    assert isinstance(number, Fraction)
    p, q = number.numerator, number.denominator
    level = ATOM if number >= 0 else NEG
    if q == 1 and abs(p) < 10**15:
        return str(p), level
    try:
        short = repr(float(number))
    except OverflowError:
        return ("np.inf", ATOM) if p > 0 else ("-np.inf", NEG)
    if Fraction(short) == number or max(abs(p), q) > 10**15:
        return short, level
    return f"{p} / {q}", PRODUCT


def _float(w: Writer, value: Value, text: Text) -> Text:
    """A number of Python's as one of NumPy's, whose division by zero is infinite."""
    return (f"np.float64({text[0]})", ATOM) if value in w.plain else text


def real_text(text: Text) -> Text:
    """A whole number as NumPy meets it: with a float it computes at once, an integer it would convert."""
    return (f"{text[0]}.0", text[1]) if re.fullmatch(r"-?\d+", text[0]) else text


def _sum(w: Writer, v: Value, args: list[Text]) -> Text:
    args = [real_text(text) for text in args]
    sign = "+" if v.op == "add" else "-"
    return f"{wrap(args[0], SUM)} {sign} {wrap(args[1], PRODUCT)}", SUM


def _mul(w: Writer, v: Value, args: list[Text]) -> Text:
    args = [real_text(text) for text in args]
    left = args[0]
    if w.plain.issuperset(v.args):
        left = _float(w, v.args[0], left)
    return f"{wrap(left, PRODUCT)} * {wrap(args[1], NEG)}", PRODUCT


def _div(w: Writer, v: Value, args: list[Text]) -> Text:
    args = [real_text(text) for text in args]
    left = _float(w, v.args[0], args[0]) if v.args[1] in w.plain else args[0]
    return f"{wrap(left, PRODUCT)} / {wrap(args[1], NEG)}", PRODUCT


def _pow(w: Writer, v: Value, args: list[Text]) -> Text:
    """A power; the square of what has a name as a product, which takes half the time on ten entries."""
    if v.args[1].op == "const" and v.args[1].params[0] == 2 and v.args[0].op != "size" and args[0][0].isidentifier():
        return f"{args[0][0]} * {args[0][0]}", PRODUCT
    left = _float(w, v.args[0], args[0]) if v.args[1] in w.plain else args[0]
    return f"{wrap(left, ATOM)}**{wrap(args[1], ATOM)}", POWER


def _neg(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"-{wrap(args[0], NEG)}", NEG


def _matmul(w: Writer, v: Value, args: list[Text]) -> Text:
    """The method: half a microsecond less than ``@``, which is most of a product of ten entries; the same BLAS."""
    return f"{wrap(args[0], ATOM)}.dot({args[1][0]})", ATOM


def _outer(w: Writer, v: Value, args: list[Text]) -> Text:
    """By BLAS, on all threads: half the time of broadcasting, at ten entries as at a million."""
    return f"{wrap(args[0], ATOM)}[:, None].dot({wrap(args[1], ATOM)}[None])", ATOM


def _inner(w: Writer, v: Value, args: list[Text]) -> Text:
    a, b = args
    if w.complex:
        return f"({wrap(a, PRODUCT)} * {wrap(b, NEG)}).sum()", ATOM
    if "T" in (v.args[0].op, v.args[1].op):
        return f"({wrap(a, PRODUCT)} * {wrap(b, NEG)}).sum()", ATOM
    return f"np.vdot({a[0]}, {b[0]})", ATOM


def _call(w: Writer, v: Value, args: list[Text]) -> Text:
    name = v.params[0]
    special = _CALLS.get(name)
    if special is not None:
        return special(w, v, args), ATOM
    entry = OPERATIONS[name]
    text = w.template(entry.numpy)
    values = {
        key: a[0] if text.find(f"{{{key}}}.") < 0 else wrap(a, ATOM)
        for key, a in zip(entry.signature, args, strict=False)
    }
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], text), _level(text)


def _level(text: str) -> int:
    return NEG if text.startswith("-") else ATOM


HELPED = ("logcosh", LOG)  # functions of one entry that no table has


def _map(w: Writer, v: Value, args: list[Text]) -> Text:
    if v.params[0] == "reciprocal":
        return f"1.0 / {wrap(args[0], NEG)}", PRODUCT
    if v.params[0] in HELPED:
        return f"{w.helper(f'_{v.params[0]}')}({args[0][0]})", ATOM
    if w.plain.issuperset(v.args):
        args = [_float(w, v.args[0], args[0])]
    return _call(w, v, args)


def _axis(w: Writer, v: Value, args: list[Text]) -> str:
    name, axis = w.helper(f"_{v.params[0]}"), v.params[1]
    return f"{name}({args[0][0]})" if axis is None else f"{name}({args[0][0]}, axis={axis})"


def _running(w: Writer, v: Value, args: list[Text]) -> str:
    axis = "" if v.params[1] is None else f", axis={v.params[1]}"
    return f"np.cumsum({args[0][0]}{axis})"


def _rolled(w: Writer, v: Value, args: list[Text]) -> str:
    axis = "" if v.params[1] is None else f", axis={v.params[1]}"
    return f"np.roll({args[0][0]}, {v.params[2]}{axis})"


def _largest(w: Writer, v: Value, args: list[Text]) -> str:
    real = ".real" if w.complex else ""
    return f"{wrap(args[0], ATOM)}{real}.max({'' if v.params[1] is None else f'axis={v.params[1]}'})"


def _sized(w: Writer, v: Value, args: list[Text]) -> str:
    return f"{w.helper(f'_{v.params[0]}')}({args[0][0]}, {w.dim(v.params[1])})"


def _power(w: Writer, v: Value, args: list[Text]) -> Text:
    name = "np.linalg.matrix_power" if v.params[0] == "fixed" else w.helper("_matrix_power")
    return f"{name}({args[0][0]}, {args[1][0]})", ATOM


_CALLS: dict[str, Callable[[Writer, Value, list[Text]], str]] = {
    "logsumexp": _axis, "softmax": _axis, "log_softmax": _axis, "variance": _axis, "std": _axis,
    "cumsum_back": _axis, "cumsum": _running,
    "roll": _rolled, "top": _axis, "largest": _largest, "conv_matrix": _sized, "corr_matrix": _sized,
    "tr": lambda w, v, a: f"np.trace({a[0][0]})",
    "norm": lambda w, v, a: f"{w.helper('_norm')}({a[0][0]})",
    "log_abs": lambda w, v, a: f"{w.helper('_log_abs')}({a[0][0]})",
    "odds": lambda w, v, a: f"{w.helper('_odds')}({a[0][0]})",
    "gaps": lambda w, v, a: f"{w.helper('_gaps')}({a[0][0]})",
    "adjugate": lambda w, v, a: f"{w.helper('_adjugate')}({a[0][0]}, {a[1][0]})",
    "pinv": lambda w, v, a: f"{w.helper('_pinv')}({a[0][0]})",
}  # fmt: skip


def _total(w: Writer, v: Value, args: list[Text]) -> Text:
    (axis,) = v.params
    return f"{wrap(args[0], ATOM)}.sum({'' if axis is None else f'axis={axis}'})", ATOM


def _spread(w: Writer, v: Value, args: list[Text]) -> Text:
    inner = v.args[0]
    if inner.op == "const" and inner.params[0] in (0, 1):
        return w.filled("ones" if inner.params[0] == 1 else "zeros", v.axes), ATOM
    if v.params[0] == "scalar":
        return f"np.full({w.shape(v.axes)}, {args[0][0]}{', dtype=complex' if w.complex else ', dtype=float'})", ATOM
    text = f"{wrap(args[0], ATOM)}[:, None]" if v.params[0] == "column" else args[0][0]
    return f"np.broadcast_to({text}, {w.shape(v.axes)})", ATOM


def items_text(w: Writer, items: tuple[Any, ...]) -> str:
    """What stands between the brackets of an index."""
    texts = []
    for item in items:
        if item[0] == "all":
            texts.append(":")
        elif item[0] == "at":
            texts.append(w.dim(item[1]))
        else:
            texts.append(f"{w.dim(item[1])}:{w.dim(item[2])}")
    while len(texts) > 1 and texts[-1] == ":":
        texts.pop()
    return ", ".join(texts)


def _index(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"{wrap(args[0], ATOM)}[{items_text(w, v.params)}]", ATOM


def _lift(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"{wrap(args[0], ATOM)}[{', '.join(':' if there else 'None' for there in v.params)}]", ATOM


def _reshape(w: Writer, v: Value, args: list[Text]) -> Text:
    body = wrap(args[0], ATOM)
    if len(v.axes) == 1:
        return f'{body}.reshape(-1, order="F")', ATOM
    return f'np.reshape({args[0][0]}, {w.shape(v.params)}, order="F")', ATOM


def _stack(w: Writer, v: Value, args: list[Text]) -> Text:
    counts, shapes = v.params
    scalars = all(shape == (1, 1) for shape in shapes)
    if scalars:
        flat = iter(args)
        rows = [", ".join(next(flat)[0] for _ in range(count)) for count in counts]
        if len(v.axes) == 2:
            return f"np.array([{', '.join(f'[{row}]' for row in rows)}])", ATOM
        return f"np.array([{', '.join(rows)}])", ATOM
    if len(v.axes) == 1:
        parts = [f"[{a[0]}]" if shape == (1, 1) else a[0] for a, shape in zip(args, shapes, strict=True)]
        return f"np.concatenate([{', '.join(parts)}])", ATOM
    joined = ", ".join(a[0] for a in args)
    if set(counts) == {1} and all(s[0] == 1 for s in shapes):
        return f"np.stack([{joined}])", ATOM
    if len(counts) == 1 and all(s[1] == 1 for s in shapes):
        return f"np.column_stack([{joined}])", ATOM
    parts = [_block(a, shape) for a, shape in zip(args, shapes, strict=True)]
    if set(counts) == {1}:
        return f"np.concatenate([{', '.join(parts)}])", ATOM
    if len(counts) == 1:
        return f"np.concatenate([{', '.join(parts)}], axis=1)", ATOM
    blocks = iter(parts)
    lines = [f"[{', '.join(next(blocks) for _ in range(count))}]" for count in counts]
    return f"np.block([{', '.join(lines)}])", ATOM


def _block(text: Text, shape: tuple[Dim, Dim]) -> str:
    if shape == (1, 1):
        return f"np.reshape({text[0]}, (1, 1))"
    if shape[1] == 1:
        return f"{wrap(text, ATOM)}[:, None]"
    return f"{wrap(text, ATOM)}[None, :]" if shape[0] == 1 else text[0]


def _rows(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"np.array(({', '.join([a[0] for a in args])}))", ATOM


def _swap(w: Writer, v: Value, args: list[Text]) -> Text:
    """The order in which the columns of an m×n matrix, stacked, become its rows."""
    m, n = map(w.dim, v.params)
    return f"np.arange({w.dim(v.axes[0])}).reshape({n}, {m}).T.ravel()", ATOM


def _take(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"{wrap(args[0], ATOM)}[{':, ' if v.params[0] else ''}{args[1][0]}]", ATOM


def _apply(w: Writer, v: Value, args: list[Text]) -> Text:
    name = w.functions[v.params]
    return f'{w.helper("_apply")}("{name}", {name}, {args[0][0]})', ATOM


def _own(w: Writer, v: Value, args: list[Text]) -> Text:
    name = w.functions[v.params[0], 0]
    shape = "".join([f"{w.dim(dim)}, " for dim in v.axes])
    shape = shape[:-2] if len(v.axes) == 2 else shape.rstrip()
    return f'{w.helper("_value_of")}("{name}", {name}, ({shape}), {", ".join([a[0] for a in args])})', ATOM


def _factor(w: Writer, v: Value, args: list[Text]) -> Text:
    return f"{w.helper('_factor')}({args[0][0]}, {json.dumps(v.params[0], ensure_ascii=False)})", ATOM


def _function(name: str) -> Callable[[Writer, Value, list[Text]], Text]:
    return lambda w, v, args: (f"{name}({', '.join(a[0] for a in args)})", ATOM)


def _inverse(w: Writer, v: Value, args: list[Text]) -> Text:
    """By the Cholesky factor, where there is one."""
    name = "np.linalg.inv" if len(args) == 1 else w.helper("_definite_inverse")
    return f"{name}({', '.join(a[0] for a in args)})", ATOM


_WRITERS: dict[str, Callable[[Writer, Value, list[Text]], Text]] = {
    "input": lambda w, v, a: (w.inputs[v.params[0]], ATOM),
    "const": lambda w, v, a: number_text(v.params[0]),
    "size": lambda w, v, a: (w.dim(v.params[0]), ATOM if isinstance(v.params[0], int | str) else SUM),
    "eye": lambda w, v, a: (f"np.eye({w.dim(v.params[0])})", ATOM),
    "swap": _swap, "take": _take, "rows": _rows,
    "shaped": lambda w, v, a: (f"{wrap(a[0], ATOM)}.reshape({', '.join(map(w.dim, v.axes))})", ATOM),
    "add": _sum, "sub": _sum, "mul": _mul, "div": _div, "pow": _pow, "neg": _neg,
    "guarded": lambda w, v, a: (f"{w.helper('_over')}({a[0][0]}, {a[1][0]})", ATOM),
    "map": _map, "map2": _call, "apply": _apply, "own": _own, "call": _call,
    "T": lambda w, v, a: (f"{wrap(a[0], ATOM)}.T", ATOM),
    "expand": lambda w, v, a: (f"{wrap(a[0], ATOM)}[:, None]", ATOM),
    "spread": _spread, "matmul": _matmul, "dot": _matmul, "inner": _inner, "outer": _outer,
    "sum": _total, "solve": _function("np.linalg.solve"), "inv": _inverse,
    "logdet": lambda w, v, a: (f"{w.helper('_logdet')}({a[0][0]})", ATOM),
    "factor": _factor, "decomposition": lambda w, v, a: (f"{w.helper(f'_{v.params[0]}')}({a[0][0]})", ATOM),
    "part": lambda w, v, a: (f"{a[0][0]}[{v.params[0]}]", ATOM),
    "diagonal": lambda w, v, a: (f"{wrap(a[0], ATOM)}.diagonal()", ATOM), "diagflat": _function("np.diag"),
    "choice": lambda w, v, a: (f"{cost_text(v.params[0], w.dims)} <= {cost_text(v.params[1], w.dims)}", SUM),
    "where": lambda w, v, a: (f"np.where({wrap(a[0], SUM)} > 0, {a[1][0]}, {a[2][0]})[()]", ATOM),
    "pair": lambda w, v, a: (f"np.eye({w.dim(v.axes[0])}).reshape({', '.join(map(w.dim, v.axes))})", ATOM),
    "einsum": lambda w, v, a: (einsum_text(v, [text for text, _ in a], lambda c: number_text(c)[0]), SUM),
    "index": _index, "power": _power, "lift": _lift, "reshape": _reshape, "stack": _stack,
}  # fmt: skip
