"""Terms: programs as the tests make them, written in either syntax and evaluated, without anything of the package.

A term knows its operation, its arguments, its parameters and its shape (rows, columns), in dimensions that are letters
or integers.  `Values` evaluates it with every value two-dimensional, in NumPy (complex numbers too, so that a complex
step differentiates it) or in jax.numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import special_terms

Dim = Any
Shape = tuple[Dim, Dim]


class Term:
    """An operation applied to terms; equal only to itself."""

    __slots__ = ("args", "op", "params", "shape")

    def __init__(self, op: str, args: tuple[Term, ...], shape: Shape, params: tuple[Any, ...] = ()) -> None:
        self.op, self.args, self.shape, self.params = op, args, shape, params

    @property
    def size(self) -> int:
        return 1 + sum(a.size for a in self.args)

    def below(self) -> Iterator[Term]:
        yield self
        for argument in self.args:
            yield from argument.below()


# ------------------------------------------------------------------------------------------------- writing
INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "matmul": ("@", 2), "pow": ("**", 4)}
MATLAB = {"mul": ".*", "div": "./", "pow": ".^", "matmul": "*"}
RENAMED = {"variance": "var"}


class Writer:
    """Text of terms, with as few brackets as the grammar needs, or with all of them."""

    def __init__(self, syntax: str = "numpy", brackets: bool = False, names: Mapping[str, str] | None = None) -> None:
        self.syntax, self.brackets, self.names = syntax, brackets or syntax == "matlab", names or {}

    def name(self, name: str) -> str:
        return self.names.get(name, name)

    def __call__(self, term: Term, least: int = 0) -> str:
        text, level = self.one(term)
        return f"({text})" if level < least or (self.brackets and level < 5 and least) else text

    def one(self, term: Term) -> tuple[str, int]:
        op, args, params = term.op, term.args, term.params
        if op in ("var", "let"):
            return self.name(params[0]), 6
        if op in ("num", "dim", "pi"):
            return str(params[0]), 6
        if op in INFIX:
            sign, level = INFIX[op]
            sign = MATLAB.get(op, sign) if self.syntax == "matlab" else sign
            left, right = (level + 1, 3) if op == "pow" else (level, level + 1)
            gap = " " if level == 1 else ""
            return f"{self(args[0], left)}{gap}{sign}{gap}{self(args[1], right)}", level
        if op == "neg":
            return f"-{self(args[0], 3)}", 3
        if op == "T":
            return f"{self(args[0], 5)}{chr(39) if self.syntax == 'matlab' else '.T'}", 5
        if op == "index":
            return f"{self(args[0], 5)}[{', '.join(map(self.item, params))}]", 5
        if op == "stack":
            blocks = iter(args)
            return f"[{'; '.join(', '.join(self(next(blocks)) for _ in range(n)) for n in params)}]", 6
        return self.call(term), 6

    def call(self, term: Term) -> str:
        op, params, given = term.op, term.params, [self(a) for a in term.args]
        if op == "entries":
            letters, body = params
            return f"{{{', '.join(letters)}: {special_terms.written(body, given, self.syntax)}}}"
        if op == "commutation":
            return f"commutation({params[0]}, {params[1]})"
        if op == "where":
            return f"where({given[0]} {params[0]} {given[1]}, {given[2]}, {given[3]})"
        if op in ("ones", "zeros", "eye"):
            return f"{op}({', '.join(str(d) for d in term.shape[: 1 if op == 'eye' or term.shape[1] == 1 else 2])})"
        if op == "apply":
            return f"{self.name(params[0])}{chr(39) * params[1]}({given[0]})"
        if op in ("defined", "own"):
            return f"{self.name(params[0])}({', '.join(given)})"
        if op in ("matrix_power", "roll"):
            given.append(str(params[0]))
        axis = params[-1] if op in AXIS and params else None
        return f"{RENAMED.get(op, op)}({', '.join(given)}{'' if axis is None else f', axis={axis}'})"

    @staticmethod
    def item(item: Any) -> str:
        if isinstance(item, tuple):
            return ":".join("" if bound is None else str(bound) for bound in item)
        return str(item)


# ---------------------------------------------------------------------------------------------- evaluating
AXIS = ("sum", "mean", "logsumexp", "softmax", "log_softmax", "variance", "std", "cumsum", "roll")
REAL = ("eigvalsh", "svdvals", "norm_nuc")  # which a complex step does not differentiate
KINKED = ("abs", "sign", "relu", "step", "maximum", "minimum", "max", "min", "norm1", "norm_inf", "where")
CURVES = ((1.3, 0.4, 0.2), (0.7, 0.9, 0.3), (1.1, 0.1, 0.1))  # what unknown functions are


BOUND: dict[str, Any] = {  # known functions that unknown ones may be bound to, with two derivatives
    "tanh": (lambda x, m: m.tanh(x), lambda x, m: 1 - m.tanh(x) ** 2, lambda x, m: -2 * m.tanh(x) / m.cosh(x) ** 2),
    "sin": (lambda x, m: m.sin(x), lambda x, m: m.cos(x), lambda x, m: -m.sin(x)),
    "square": (lambda x, m: x * x, lambda x, m: 2 * x, lambda x, m: 2 + 0 * x),
    "arctan": (lambda x, m: m.arctan(x), lambda x, m: 1 / (1 + x * x), lambda x, m: -2 * x / (1 + x * x) ** 2),
}


def curve(which: int | str, order: int, x: Any, m: Any = np) -> Any:
    """An unknown function: sin(ax + b) + cx², or the known one it is bound to, or a derivative of it."""
    if isinstance(which, str):
        return BOUND[which][order](x, m)
    a, b, c = CURVES[which]
    square = (c * x * x, 2 * c * x, 2 * c + 0 * x)[order] if order < 3 else 0 * x
    return a**order * m.sin(a * x + b + order * math.pi / 2) + square


def size_of(dim: Dim, sizes: Mapping[Dim, int]) -> int:
    """The size of a dimension: an integer, a letter, or sums of products of these."""
    if isinstance(dim, int):
        return dim
    return sum(math.prod(sizes[f] if f in sizes else int(f) for f in part.split("*")) for part in dim.split(" + "))


class Values:
    """Values of terms, in the arrays of a module."""

    def __init__(self, module: Any, inputs: Mapping[str, Any], sizes: Mapping[Dim, int], functions: Any,
                 lets: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        self.m, self.inputs, self.sizes, self.functions = module, inputs, sizes, functions
        self.lets: dict[str, Any] = dict(lets or {})
        self.known: dict[int, Any] = {}  # values of terms that need not be computed again, by identity
        self.seen: dict[int, Any] | None = None  # where values are kept, if at all
        self.shapes: dict[Shape, tuple[int, ...]] = {}

    def size(self, dim: Dim) -> int:
        return size_of(dim, self.sizes)

    def real(self, x: Any) -> Any:
        return self.m.real(x)

    def __call__(self, term: Term) -> Any:
        found = self.known.get(id(term))
        if found is None:
            found = self.one(term)
            if self.seen is not None:
                self.seen[id(term)] = found
        return found

    def one(self, term: Term) -> Any:
        args = [self(a) for a in term.args]
        m, op, params = self.m, term.op, term.params
        shape = self.shapes.get(term.shape)
        if shape is None:
            shape = self.shapes[term.shape] = tuple(self.size(d) for d in term.shape)
        if op == "var":
            return self.inputs[params[0]].reshape(shape)
        if op == "let":
            return self.lets[params[0]]
        if op == "num":
            return m.full((1, 1), float(params[0]))
        if op in ("dim", "pi"):
            return m.full((1, 1), math.pi if op == "pi" else float(self.size(params[0])))
        if op in ("ones", "zeros", "eye"):
            return m.eye(*shape) if op == "eye" else getattr(m, op)(shape)
        if op == "apply":
            return curve(self.functions[params[0]], params[1], args[0], m)
        if op == "defined":
            inner = Values(m, {"(argument)": args[0]}, {}, self.functions)
            return inner.elementwise(self.functions[params[0]], args[0])
        if op == "index":
            return args[0][self.places(params, args[0].shape)].reshape(shape)
        if op == "stack":
            blocks = iter(args)
            return m.vstack([m.hstack([next(blocks) for _ in range(n)]) for n in params])
        if op in AXIS:
            return self.along(op, args[0], params).reshape(shape)
        if op == "entries":
            arrays = [a.reshape([n for n, d in zip(a.shape, t.shape, strict=True) if d != 1])
                      for a, t in zip(args, term.args, strict=True)]  # fmt: skip
            return special_terms.evaluated(params[1], arrays, m).reshape(shape)
        if op == "own":
            return m.reshape(m.asarray(special_terms.OWN[params[0]].value(m, *args)), shape)
        if op == "commutation":
            rows, columns = (self.size(d) for d in params)
            units = m.eye(rows * columns).reshape(rows * columns, columns, rows)  # row k: the matrix of vec unit k
            return m.stack([u.reshape(-1) for u in m.swapaxes(units, 1, 2)], axis=1)
        if op == "matrix_power":
            total = m.eye(shape[0])
            for _ in range(params[0]):
                total = total @ args[0]
            return total
        if op == "where":
            gap = sign(self, args[0] - args[1])
            chosen = {"<": gap < 0, ">": gap > 0, "<=": gap <= 0, ">=": gap >= 0}[params[0]]
            return m.where(chosen, args[2] + 0 * args[3], args[3] + 0 * args[2]) + m.zeros(shape)
        return m.reshape(m.asarray(TABLE[op](self, *args)), shape)

    def elementwise(self, body: Term, argument: Any) -> Any:
        """A function's body at every entry: its parameter is the only name in it."""
        def at(term: Term) -> Any:
            if term.op == "var":
                return argument
            if term.op == "num":
                return float(term.params[0])
            return TABLE[term.op](self, *[at(a) for a in term.args])

        return at(body)

    def places(self, items: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
        """Slices along both axes; a column has items for its rows, a row for its columns."""
        found = []
        for item in items:
            if isinstance(item, tuple):
                found.append(slice(*[None if b is None else self.size(b) for b in item]))
            else:
                found.append(slice(item, item + 1 if item != -1 else None))
        if len(found) == 1:
            found = [found[0], slice(None)] if shape[1] == 1 else [slice(None), found[0]]
        return tuple(found)

    def along(self, op: str, x: Any, params: tuple[Any, ...]) -> Any:
        m, axis = self.m, params[-1]
        if op in ("cumsum", "roll"):
            axis = axis if axis is not None else 0 if x.shape[1] == 1 else 1
            return m.cumsum(x, axis=axis) if op == "cumsum" else m.roll(x, params[0], axis=axis)
        if op in ("sum", "mean"):
            return getattr(m, op)(x, axis=axis, keepdims=True)
        if op in ("variance", "std"):
            found = m.mean((x - m.mean(x, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=True)
            return found if op == "variance" else m.sqrt(found)
        top = m.max(self.real(x), axis=axis, keepdims=True)  # or all may be too small to have all digits
        total = top + m.log(m.sum(m.exp(x - top), axis=axis, keepdims=True))
        return {"logsumexp": total, "softmax": m.exp(x - total), "log_softmax": x - total}[op]


def plain(name: str) -> Callable[..., Any]:
    return lambda v, *args: getattr(v.m, name)(*args)


def erf(v: Values, x: Any) -> Any:
    if v.m is np:
        from scipy.special import erf as known
    else:
        from jax.scipy.special import erf as known
    return known(x)


def expm(v: Values, x: Any) -> Any:
    small, total = x / 64, v.m.eye(x.shape[0])
    term = total
    for k in range(1, 22):
        term = term @ small / k
        total = total + term
    for _ in range(6):
        total = total @ total
    return total


def cholesky(v: Values, x: Any) -> Any:
    """Cholesky's scheme entry by entry, of the symmetric part."""
    n, m, x = x.shape[0], v.m, (x + x.T) / 2
    out: list[list[Any]] = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = x[i, j] - sum(out[i][k] * out[j][k] for k in range(j))
            out[i][j] = m.sqrt(rest) if i == j else rest / out[j][j]
    return m.stack([m.stack([m.asarray(e + 0 * x[0, 0]) for e in row]) for row in out])


def extreme(v: Values, x: Any, sign: int) -> Any:
    return x.reshape(-1)[v.m.argmax(sign * v.real(x).reshape(-1))]


def chosen(v: Values, a: Any, b: Any, larger: bool) -> Any:
    """The larger or the smaller, the first where they are equal."""
    gap = sign(v, a - b)
    first = gap >= 0 if larger else gap <= 0
    return v.m.where(first, a + 0 * b, b + 0 * a)


def convolution(v: Values, x: Any, y: Any) -> Any:
    n, k = x.shape[0], y.shape[0]
    entries = [sum(x[j, 0] * y[i - j, 0] for j in range(n) if 0 <= i - j < k) for i in range(n + k - 1)]
    return v.m.stack(entries)


def cross(v: Values, x: Any, y: Any) -> Any:
    x, y = x[:, 0], y[:, 0]
    return v.m.stack([x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3] for i in range(3)])


def pinv(v: Values, x: Any) -> Any:
    inv = v.m.linalg.inv
    return inv(x.T @ x) @ x.T if x.shape[0] >= x.shape[1] else x.T @ inv(x @ x.T)


def norm(v: Values, x: Any) -> Any:
    total = v.m.sum(x * x)
    if v.m is not np:  # by convention the gradient at zero is zero
        return v.m.where(total > 0, v.m.sqrt(v.m.where(total > 0, total, 1.0)), 0.0)
    return np.sqrt(total)


def covariance(v: Values, x: Any) -> Any:
    moved = x - v.m.mean(x, axis=0, keepdims=True)
    return moved.T @ moved / x.shape[0]


class Kink(Exception):
    """A point so near a kink that rounding decides on the side."""


def singular_values(v: Values, x: Any) -> Any:
    if v.m is np and not np.all(np.isfinite(x)):
        raise Kink
    found = v.m.linalg.svd(x, full_matrices=False)[1]
    if v.m is np and found[-1] < 1e-9 * found[0]:
        raise Kink
    return found


def apart(v: Values, found: Any) -> Any:
    """Eigenvalues or singular values in order: where two are one, each of them has a kink."""
    if v.m is np and np.any(abs(np.diff(found)) < 1e-6 * np.max(abs(found), initial=0)):
        raise Kink
    return found


def sign(v: Values, x: Any) -> Any:
    real = v.real(x)
    if v.m is np and np.any((real != 0) & (abs(real) < 1e-9)):
        raise Kink
    return v.m.sign(real)


def sigmoid(v: Values, x: Any) -> Any:
    return 1 / (1 + v.m.exp(-x))


TABLE: dict[str, Callable[..., Any]] = {
    **{name: plain(name) for name in ("exp", "log", "log1p", "expm1", "sqrt", "square", "sin", "cos", "tan", "arcsin",
        "arccos", "arctan", "sinh", "cosh", "tanh", "reciprocal", "prod", "kron")},
    "abs": lambda v, x: x * sign(v, x), "sign": sign, "sigmoid": sigmoid,
    "relu": lambda v, x: v.m.where(sign(v, x) > 0, x, 0 * x), "step": lambda v, x: (sign(v, x) > 0) * 1.0,
    "softplus": lambda v, x: v.m.log(1 + v.m.exp(x)), "silu": lambda v, x: x * sigmoid(v, x),
    "gelu": lambda v, x: x * (1 + erf(v, x / math.sqrt(2))) / 2, "erf": erf,
    "neg": lambda v, x: -x, "T": lambda v, x: x.T, "add": lambda v, a, b: a + b, "sub": lambda v, a, b: a - b,
    "mul": lambda v, a, b: a * b, "div": lambda v, a, b: a / b, "pow": lambda v, a, b: a**b,
    "matmul": lambda v, a, b: a * b if 1 in (a.size, b.size) else a @ b,
    "maximum": lambda v, a, b: chosen(v, a, b, True), "minimum": lambda v, a, b: chosen(v, a, b, False),
    "max": lambda v, x: extreme(v, x.T, 1), "min": lambda v, x: extreme(v, x.T, -1),
    "norm": norm, "norm1": lambda v, x: v.m.sum(x * sign(v, x)),
    "norm_inf": lambda v, x: extreme(v, (x * sign(v, x)).T, 1),
    "norm_nuc": lambda v, x: v.m.sum(singular_values(v, x)),
    "dot": lambda v, a, b: v.m.sum(a.reshape(-1) * b.reshape(-1)), "inner": lambda v, a, b: v.m.sum(a * b),
    "tr": plain("trace"), "det": lambda v, x: v.m.linalg.det(x),
    "logdet": lambda v, x: v.m.log(v.m.linalg.det(x) * sign(v, v.m.linalg.det(x))),
    "outer": lambda v, a, b: a.reshape(-1, 1) * b.reshape(1, -1),
    "diag": lambda v, x: v.m.eye(x.size) * x.reshape(-1, 1) if 1 in x.shape else v.m.diagonal(x),
    "inv": lambda v, x: v.m.linalg.inv(x), "solve": lambda v, a, b: v.m.linalg.inv(a) @ b, "pinv": pinv,
    "vec": lambda v, x: x.T.reshape(-1, 1), "cross_entropy": lambda v, y, p: -v.m.sum(y * v.m.log(p)),
    "triu": plain("triu"), "tril": plain("tril"), "cov": covariance, "expm": expm, "cholesky": cholesky,
    "conv": convolution, "cross": cross,
    "eigvalsh": lambda v, x: apart(v, v.m.linalg.eigvalsh((x + x.T) / 2)),
    "svdvals": lambda v, x: apart(v, singular_values(v, x)),
}  # fmt: skip
