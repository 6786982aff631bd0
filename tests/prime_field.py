"""Exact values: nodes evaluated modulo a prime, in jets that carry derivatives along two directions.

A jet is a + b·e1 + c·e2 + d·e1·e2 with e1² = e2² = 0 over the integers modulo P; sums, products and quotients of
jets are all that is known here, inverses and determinants are by elimination, and an unknown function is a random one
given with its derivatives.  So b is the derivative along the first direction without any law of differentiation
but the product of jets, and two rational expressions agree at a random point by chance with probability about 1/P
(Schwartz-Zippel).  Nothing here is the package's own; it reads nodes alone.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np

from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, postorder

P = 2**61 - 1


class Jet:
    """Four integers modulo P."""

    __slots__ = ("parts",)

    def __init__(self, a: int, b: int = 0, c: int = 0, d: int = 0) -> None:
        self.parts = (a % P, b % P, c % P, d % P)

    def __add__(self, other: Jet) -> Jet:
        return Jet(*[x + y for x, y in zip(self.parts, other.parts, strict=True)])

    def __sub__(self, other: Jet) -> Jet:
        return Jet(*[x - y for x, y in zip(self.parts, other.parts, strict=True)])

    def __mul__(self, other: Jet) -> Jet:
        (a, b, c, d), (e, f, g, h) = self.parts, other.parts
        return Jet(a * e, a * f + b * e, a * g + c * e, a * h + b * g + c * f + d * e)

    def __truediv__(self, other: Jet) -> Jet:
        a, b, c, d = other.parts
        if not a:
            raise ZeroDivisionError("a zero of the prime field")
        i = pow(a, -1, P)  # 1/(a + n) = (1 - n/a + n²/a²)/a for a nilpotent n
        return self * Jet(i, -b * i * i, -c * i * i, -d * i * i + 2 * b * c * i**3)

    def __neg__(self) -> Jet:
        return Jet(0) - self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Jet) and self.parts == other.parts

    __hash__ = None  # type: ignore[assignment]


ZERO, ONE = Jet(0), Jet(1)
Array = Any  # of jets


def array(values: Any, shape: tuple[int, ...]) -> Array:
    out = np.empty(shape, dtype=object)
    flat = list(np.asarray(values, dtype=object).ravel())
    for place, value in zip(np.ndindex(*shape), flat, strict=True):
        out[place] = value if isinstance(value, Jet) else Jet(int(value))
    return out


def eye(n: int) -> Array:
    return array(np.eye(n, dtype=int), (n, n))


def rational(value: Fraction) -> Jet:
    return Jet(value.numerator) / Jet(value.denominator)


def powered(x: Jet, p: Fraction) -> Jet:
    if p.denominator != 1:
        raise NotImplementedError("roots")
    total = ONE
    for _ in range(abs(int(p))):
        total = total * x
    return total if p >= 0 else ONE / total


def eliminated(a: Array, b: Array) -> tuple[Array, Jet]:
    """The solution of a x = b, and the determinant of a, by Gauss-Jordan elimination."""
    a, b, n, determinant = a.copy(), b.copy(), len(a), ONE
    for k in range(n):
        pivot = next((i for i in range(k, n) if a[i, k].parts[0]), None)
        if pivot is None:
            raise ZeroDivisionError("singular")
        if pivot != k:
            a[[k, pivot]], b[[k, pivot]] = a[[pivot, k]], b[[pivot, k]]
            determinant = -determinant
        determinant = determinant * a[k, k]
        inverse = ONE / a[k, k]
        a[k], b[k] = a[k] * inverse, b[k] * inverse
        for i in range(n):
            if i != k:
                factor = a[i, k]
                a[i], b[i] = a[i] - a[k] * factor, b[i] - b[k] * factor
    return b, determinant


def random_function(name: str, order: int, x: Jet) -> Jet:
    """A function that nothing is known of: its value and derivatives at a point are hashes of it."""
    def at(k: int) -> int:
        text = f"{name}|{k}|{x.parts[0]}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")

    _, b, c, d = x.parts
    f, g, h = at(order), at(order + 1), at(order + 2)
    return Jet(f, g * b, g * c, g * d + h * b * c)


def total(x: Array, axis: int | None) -> Array:
    return np.array(x.sum(axis=axis, keepdims=True), dtype=object)


def mean(x: Array, axis: int | None) -> Array:
    found = total(x, axis)
    return found * (ONE / Jet(x.size // found.size))


def kron(a: Array, b: Array) -> Array:
    return np.vstack([np.hstack([b * e for e in row]) for row in a])


def kron_adjoint(g: Array, other: Array, shape: tuple[int, ...], left: bool) -> Array:
    """The derivative of sum(g * kron(a, b)), one entry of a or b after the other."""
    found = []
    for at in range(shape[0] * shape[1]):
        unit = array([ONE if k == at else ZERO for k in range(shape[0] * shape[1])], shape)
        found.append((g * (kron(unit, other) if left else kron(other, unit))).sum())
    return array(found, shape)


def running(x: Array, axis: int | None, back: bool) -> Array:
    axis = axis if axis is not None else 0 if x.shape[1] == 1 else 1
    turned = np.flip(x, axis) if back else x
    found = np.add.accumulate(turned, axis)
    return np.flip(found, axis) if back else found


def entrywise(f: Any) -> Any:
    return lambda x: array([f(e) for e in x.ravel()], x.shape)


def folded(x: Array, y: Array) -> Array:
    out = [ZERO] * (len(x) + len(y) - 1)
    for i, a in enumerate(x.ravel()):
        for j, b in enumerate(y.ravel()):
            out[i + j] = out[i + j] + a * b
    return np.array(out, dtype=object)


def crossed(x: Array, y: Array) -> Array:
    x, y = x.ravel(), y.ravel()
    return np.array([x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3] for i in range(3)], dtype=object)


def triangle(x: Array, upper: bool) -> Array:
    return array([e if (j >= i if upper else j <= i) else ZERO for (i, j), e in np.ndenumerate(x)], x.shape)


def covariance(x: Array) -> Array:
    moved = x - mean(x, 0)
    return moved.T @ moved * (ONE / Jet(len(x)))


def others(x: Array) -> Array:
    flat = list(x.ravel())
    return array([np.prod([*flat[:i], *flat[i + 1 :], ONE]) for i in range(len(flat))], x.shape)


def pairs(flat: list[Any]) -> Array:
    n = len(flat)
    found = [ZERO if i == j else np.prod([ONE, *[e for k, e in enumerate(flat) if k not in (i, j)]])
             for i in range(n) for j in range(n)]  # fmt: skip
    return array(found, (n, n))


def diagonal(x: Array) -> Array:
    return eye(x.size) * x.reshape(-1, 1) if 1 in x.shape else np.diag(x)


RULES: dict[str, Any] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "neg": lambda a: -a,
    "div": lambda a, b: a / b, "matmul": lambda a, b: a * b if 1 in (a.size, b.size) else a @ b, "T": lambda a: a.T,
    "square": lambda a: a * a, "reciprocal": entrywise(lambda e: ONE / e), "tr": lambda a: np.trace(a),
    "inv": lambda a: eliminated(a, eye(len(a)))[0], "solve": lambda a, b: eliminated(a, b)[0],
    "det": lambda a: eliminated(a, eye(len(a)))[1], "inner": lambda a, b: (a * b).sum(),
    "dot": lambda a, b: (a.ravel() * b.ravel()).sum(), "outer": lambda a, b: a.reshape(-1, 1) * b.reshape(1, -1),
    "prod": lambda a: np.prod(a.ravel()), "kron": kron, "vec": lambda a: a.T.reshape(-1, 1), "diag": diagonal,
    "triu": lambda a: triangle(a, True), "tril": lambda a: triangle(a, False), "cov": covariance, "conv": folded,
    "correlate": lambda x, y: np.array([(x[i : i + len(y)].ravel() * y.ravel()).sum()
                                        for i in range(len(x) - len(y) + 1)], dtype=object),
    "cross": crossed, "cross_matrix": lambda x: np.stack([crossed(x, e) for e in eye(3)], axis=1),
    "prod_others": others,
    "prod_pairs": lambda x: pairs(list(x.ravel())),
}  # fmt: skip


class Exact:
    """Values of nodes, as two-dimensional arrays of jets; tensors have their own axes."""

    def __init__(self, inputs: dict[str, Array], sizes: dict[Any, int]) -> None:
        self.inputs, self.sizes = inputs, sizes

    def __call__(self, root: Node) -> Array:
        done: dict[Node, Array] = {}
        for node in postorder(root):
            shape = tuple(size_of(dim, self.sizes) for dim in node.shape)
            found = np.asarray(self.one(node, [done[a] for a in node.args], shape), dtype=object)
            done[node] = found.reshape(shape)
        return done[root]

    def one(self, node: Node, args: list[Array], shape: tuple[int, ...]) -> Any:
        op, params = node.op, node.params
        if op == "var":
            return self.inputs[params[0]]
        if op in ("num", "dim"):
            value = params[0] if op == "num" else Fraction(size_of(params[0], self.sizes))
            return np.array([[rational(value)]], dtype=object)
        if op in ("ones", "zeros", "eye", "pair"):
            return eye(shape[0]).reshape(shape) if op in ("eye", "pair") else array(
                np.full(shape, 1 if op == "ones" else 0), shape)
        if op in ("let", "defined"):
            return args[-1] if op == "defined" else args[0]
        if op == "apply":
            return entrywise(lambda e: random_function(params[0], params[1], e))(args[0])
        if op == "pow":
            if node.args[1].op == "neg":
                p = -node.args[1].args[0].params[0]
            elif node.args[1].op == "num":
                p = node.args[1].params[0]
            else:
                raise NotImplementedError("a power that varies")
            return entrywise(lambda e: powered(e, p))(args[0])
        if op in ("sum", "mean"):
            return (total if op == "sum" else mean)(args[0], params[0])
        if op == "variance":
            moved = args[0] - mean(args[0], params[0])
            return mean(moved * moved, params[0])
        if op in ("cumsum", "cumsum_back"):
            return running(args[0], params[0], op == "cumsum_back")
        if op == "roll":
            axis = params[0]
            axis = axis if axis is not None else 0 if shape[1] == 1 else 1
            return np.roll(args[0], params[1], axis=axis)
        if op == "matrix_power":
            whole = eye(shape[0])
            for _ in range(args[1].item().parts[0]):
                whole = whole @ args[0]
            return whole
        if op == "index":
            return args[0][tuple(self.place(i) for i in params)]
        if op == "stack":
            blocks = iter(args)
            return np.vstack([np.hstack([next(blocks) for _ in range(n)]) for n in params])
        if op == "commutation":
            m, n = (size_of(dim, self.sizes) for dim in params)
            return array([[1 if (i % n, i // n) == (j // m, j % m) else 0 for j in range(m * n)] for i in range(m * n)],
                         shape)
        if op == "entries":
            return self.entries(node, args, shape)
        if op == "conv_matrix":
            return np.stack([folded(args[0], e) for e in eye(shape[1])], axis=1)
        if op == "corr_matrix":
            return np.array([[args[0][i + j, 0] for j in range(shape[1])] for i in range(shape[0])], dtype=object)
        if op == "unvec":
            return args[0].reshape(shape[::-1]).T
        if op in ("kron_left", "kron_right"):
            return kron_adjoint(args[0], args[1], shape, op == "kron_left")
        if op not in RULES:
            raise NotImplementedError(op)
        return RULES[op](*args)

    def place(self, item: tuple[Any, ...]) -> slice:
        if item[0] == "all":
            return slice(None)
        low = size_of(item[1], self.sizes)
        return slice(low, low + 1 if item[0] == "at" else size_of(item[2], self.sizes))

    def entries(self, node: Node, args: list[Array], shape: tuple[int, ...]) -> Array:
        """A sum of products of entries, from the definition."""
        free = [k for k, dim in enumerate(node.shape) if dim != 1 or len(node.shape) > 2]
        out = array(np.zeros([shape[k] for k in free], int), tuple(shape[k] for k in free))
        for c, factors in node.params:
            runs: dict[int, int] = dict(enumerate(out.shape))
            parts = []
            for position, p, index in factors:
                dims = [n for n, d in zip(args[position].shape, node.args[position].shape, strict=True) if d != 1]
                parts.append((entrywise(lambda e, p=p: powered(e, p))(args[position]).reshape(dims), index))
                runs.update(zip(index, dims, strict=True))
            letters = sorted(runs)
            for place in np.ndindex(*[runs[k] for k in letters]):
                at, value = dict(zip(letters, place, strict=True)), rational(c)
                for part, index in parts:
                    value = value * (part[tuple(at[k] for k in index)] if index else part[()])
                out[tuple(at[k] for k in range(len(free)))] += value
        return out
