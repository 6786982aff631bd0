"""An evaluator of nodes for the tests: every value a two-dimensional array, every operation the plainest NumPy.

It shares nothing with the code generator: no products are reordered, inverses are inverses, logarithms of sums of
exponentials are just that (in extended precision where the tests need it).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, postorder

Array = np.ndarray[Any, Any]
erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt, "square": lambda x: x * x,
    "abs": np.abs, "sign": np.sign, "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin,
    "arccos": np.arccos, "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "sigmoid": sigmoid,
    "relu": lambda x: np.where(x > 0, x, 0), "softplus": lambda x: np.log(1 + np.exp(x)),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, "erf": erf, "step": lambda x: (x > 0) * 1.0,
    "reciprocal": lambda x: 1 / x, "neg": lambda x: -x, "T": lambda x: x.T,
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "matmul": np.matmul,
    "maximum": np.maximum, "minimum": np.minimum, "kron": np.kron, "inv": np.linalg.inv, "pinv": np.linalg.pinv,
    "solve": lambda a, b: np.linalg.inv(a) @ b, "det": np.linalg.det, "logdet": lambda x: np.log(abs(np.linalg.det(x))),
    "tr": np.trace, "inner": lambda a, b: np.sum(a * b), "dot": lambda a, b: np.sum(a.ravel() * b.ravel()),
    "outer": lambda a, b: a.reshape(-1, 1) * b.reshape(1, -1), "prod": np.prod, "max": np.max, "min": np.min,
    "norm": lambda x: math.sqrt(np.sum(x**2)), "norm1": lambda x: np.sum(np.abs(x)),
    "norm_inf": lambda x: np.max(np.abs(x)),
    "norm_nuc": lambda x: np.sum(np.linalg.svd(x)[1]), "vec": lambda x: x.T.reshape(-1, 1),
    "triu": lambda x: np.array([[e if j >= i else 0 for j, e in enumerate(row)] for i, row in enumerate(x)]),
    "tril": lambda x: np.array([[e if j <= i else 0 for j, e in enumerate(row)] for i, row in enumerate(x)]),
    "expm": lambda x: exponential(x),
    "expm_frechet": lambda x, d: exponential(np.block([[x, d], [0 * x, x]]))[: len(x), len(x) :],
    "cholesky": lambda x: factor((x + x.T) / 2), "eigvalsh": lambda x: eigen(x)[0], "eigvecsh": lambda x: eigen(x)[1],
    "eig_gaps": lambda x: gaps(eigen(x)[0]), "svdvals": lambda x: np.sqrt(eigen(x.T @ x)[0][::-1]),
    "svd_right": lambda x: eigen(x.T @ x)[1][:, ::-1], "svd_gaps": lambda x: gaps(eigen(x.T @ x)[0][::-1]),
    "svd_left": lambda x: x @ eigen(x.T @ x)[1][:, ::-1] / np.sqrt(eigen(x.T @ x)[0][::-1]),
    "greater": lambda a, b: (a > b) * 1.0, "at_least": lambda a, b: (a >= b) * 1.0,
    "where": lambda c, a, b: c * a + (1 - c) * b,
    "cross": lambda x, y: np.cross(x.ravel(), y.ravel()), "conv": lambda x, y: convolution(x.ravel(), y.ravel()),
    "cross_matrix": lambda x: np.array([np.cross(x.ravel(), e) for e in np.eye(3)]).T,
    "correlate": lambda x, y: [sum(x[i + j, 0] * y[j, 0] for j in range(len(y))) for i in range(len(x) - len(y) + 1)],
    "cov": lambda x: np.cov(x, rowvar=False, bias=True),
    "cross_entropy": lambda y, p: -np.sum(y * np.log(p)),
    "diag": lambda x: np.diag(x.ravel()) if 1 in x.shape else np.diag(x),
    "prod_pairs": lambda x: prod_pairs(x),
    "polar": lambda x: np.linalg.svd(x, full_matrices=False)[0] @ np.linalg.svd(x, full_matrices=False)[2],
}  # fmt: skip


AXIS = ("sum", "mean", "logsumexp", "softmax", "log_softmax", "variance", "std", "cumsum", "cumsum_back")


def exponential(x: Array) -> Array:
    """The power series, of a part of the matrix, squared."""
    small, total = x / 64, np.eye(len(x))
    term = total
    for k in range(1, 25):
        term = term @ small / k
        total = total + term
    return np.linalg.matrix_power(total, 64)


def factor(x: Array) -> Array:
    """Cholesky's scheme, row by row."""
    out = np.zeros(x.shape)
    for i in range(len(x)):
        for j in range(i + 1):
            rest = x[i, j] - out[i, :j] @ out[j, :j]
            out[i, j] = math.sqrt(rest) if i == j else rest / out[j, j]
    return out


def eigen(x: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors by Jacobi's rotations, ascending, the largest entry of each vector positive."""
    a, v = (x + x.T) / 2, np.eye(len(x))
    for _ in range(30):
        for i in range(len(a)):
            for j in range(i):
                angle = math.atan2(2 * a[i, j], a[j, j] - a[i, i]) / 2
                turn = np.eye(len(a))
                turn[i, i] = turn[j, j] = math.cos(angle)
                turn[i, j], turn[j, i] = math.sin(angle), -math.sin(angle)
                a, v = turn.T @ a @ turn, v @ turn
    order = np.argsort(np.diag(a))
    v = v[:, order]
    for j in range(len(a)):
        v[:, j] *= 1 if v[np.argmax(abs(v[:, j])), j] > 0 else -1
    return np.diag(a)[order], v


def gaps(values: Array) -> Array:
    return np.array([[0 if i == j else 1 / (b - a) for j, b in enumerate(values)] for i, a in enumerate(values)])


def convolution(x: Array, y: Array) -> Array:
    out = np.zeros(len(x) + len(y) - 1)
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            out[i + j] += a * b
    return out


def prod_others(x: Array) -> Array:
    out = np.ones(x.shape)
    for i in np.ndindex(*x.shape):
        for j in np.ndindex(*x.shape):
            if i != j:
                out[i] *= x[j]
    return out


def prod_pairs(x: Array) -> Array:
    flat, n = x.ravel(), x.size
    return np.array([[0 if i == j else math.prod(np.delete(flat, [i, j])) for j in range(n)] for i in range(n)])


def is_extreme(x: Array, best: float) -> Array:
    out = np.zeros(x.shape)
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            if x[i, j] == best and not out.any():
                out[i, j] = 1
    return out


def running(x: Array, axis: int | None, back: bool) -> Array:
    """Entry by entry from the definition, along the axis or the one axis that a vector has."""
    along = axis if axis is not None else 0 if x.shape[1] == 1 else 1
    out = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        for j in np.ndindex(*x.shape):
            line = i[1 - along] == j[1 - along]
            if line and (j[along] >= i[along] if back else j[along] <= i[along]):
                out[i] += x[j]
    return out


def with_axis(op: str, x: Array, axis: int | None) -> Array:
    if op in ("sum", "mean"):
        return np.asarray(getattr(np, op)(x, axis=axis, keepdims=True))
    if op in ("variance", "std"):
        return np.asarray(getattr(np, {"variance": "var"}.get(op, op))(x, axis=axis, keepdims=True))
    if op in ("cumsum", "cumsum_back"):
        return running(x, axis, back=op == "cumsum_back")
    top = np.max(np.real(x), axis=axis, keepdims=True)  # or all may be too small to have all digits
    total = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return {"logsumexp": total, "softmax": np.exp(x - total), "log_softmax": x - total}[op]


def kron_adjoint(g: Array, other: Array, shape: tuple[int, int], left: bool) -> Array:
    """From the definition: the derivative of sum(g * kron(a, b)) by one entry after the other."""
    out = np.zeros(shape)
    for i in np.ndindex(*shape):
        unit = np.zeros(shape)
        unit[i] = 1
        out[i] = np.sum(g * (np.kron(unit, other) if left else np.kron(other, unit)))
    return out


def power_sum(x: Array, d: Array, k: int) -> Array:
    power = np.linalg.matrix_power
    return np.sum([power(x, i) @ d @ power(x, k - 1 - i) for i in range(k)], axis=0)


def index_terms(node: Node, args: list[Array], shape: tuple[int, ...]) -> Array:
    """A sum of index terms: every factor at its indices, summed over those that are no axes of the value."""
    free = [k for k, dim in enumerate(node.shape) if dim != 1 or len(node.shape) > 2]
    axes = range(len(free))
    out = np.zeros([shape[k] for k in free])
    for c, factors in node.params:
        parts: list[Any] = [float(c)]
        indices = [""]
        for position, p, index in factors:
            dims = [n for n, dim in zip(args[position].shape, node.args[position].shape, strict=True) if dim != 1]
            parts.append((args[position] ** float(p)).reshape(dims))
            indices.append("".join([chr(97 + k) for k in index]))
        for k in axes:  # an axis along which a term does not vary
            parts.append(np.ones(out.shape[k]))
            indices.append(chr(97 + k))
        text = f"{','.join(indices)}->{''.join([chr(97 + k) for k in axes])}"
        out += np.einsum(text, *parts, optimize=len(set(text)) > 8)  # long ones in pairs, else they take minutes
    return out


class Evaluator:
    """Values of nodes, given arrays (of the 1-D convention) for inputs, sizes for dimensions, and functions."""

    def __init__(
        self, inputs: dict[str, Any], sizes: dict[str, int], functions: dict[tuple[str, int], Any] | None = None
    ) -> None:
        self.inputs, self.sizes, self.functions = inputs, sizes, functions or {}

    def __call__(self, root: Node) -> Array:
        """The value of a node, two-dimensional."""
        done: dict[Node, Array] = {}
        for node in postorder(root):
            shape = tuple(size_of(dim, self.sizes) for dim in node.shape)
            done[node] = np.asarray(self.one(node, [done[a] for a in node.args], shape)).reshape(shape)
        return done[root]

    def one(self, node: Node, args: list[Array], shape: tuple[int, ...]) -> Any:
        op, params = node.op, node.params
        if op == "var":
            return np.asarray(self.inputs[params[0]], dtype=float)
        if op in ("num", "pi"):
            return math.pi if op == "pi" else float(params[0])
        if op == "dim":
            return float(size_of(params[0], self.sizes))
        if op in ("ones", "zeros", "eye"):
            return np.eye(*shape) if op == "eye" else getattr(np, op)(shape)
        if op == "commutation":
            m, n = (size_of(dim, self.sizes) for dim in params)
            columns = [np.reshape(unit, (n, m)).T for unit in np.eye(m * n)]  # the m×n matrices whose vec are units
            return np.stack([matrix.reshape(-1) for matrix in columns], axis=1)
        if op == "pair":
            return np.eye(shape[0])
        if op == "entries":
            return index_terms(node, args, shape)
        if op == "defined":
            return args[1]
        if op == "let":
            return args[0]
        if op == "apply":
            return self.functions[params](args[0])
        if op == "own":
            return self.functions[params[0], 0](*args)
        if op in AXIS:
            return with_axis(op, args[0], params[0])
        if op == "index":
            return args[0][tuple(self.item(i, n) for i, n in zip(params, args[0].shape, strict=True))]
        if op == "stack":
            blocks = iter(args)
            return np.vstack([np.hstack([next(blocks) for _ in range(count)]) for count in params])
        if op == "roll":
            along = params[0] if params[0] is not None else 0 if shape[1] == 1 else 1
            places = [(i - params[1]) % shape[along] for i in range(shape[along])]
            return args[0][places, :] if along == 0 else args[0][:, places]
        if op == "conv_matrix":
            return np.stack([convolution(args[0].ravel(), e) for e in np.eye(shape[1])], axis=1)
        if op == "corr_matrix":
            return [[args[0][i + j, 0] for j in range(shape[1])] for i in range(shape[0])]
        if op == "unvec":
            return args[0].reshape(shape[::-1]).T
        if op in ("kron_left", "kron_right"):
            return kron_adjoint(args[0], args[1], (shape[0], shape[1]), op == "kron_left")
        if op == "matrix_power":
            return np.linalg.matrix_power(args[0], int(args[1].item()))
        if op == "power_sum":
            return power_sum(args[0], args[1], int(args[2].item()))
        if op in ("prod_others", "is_max", "is_min"):
            return (
                prod_others(args[0])
                if op == "prod_others"
                else is_extreme(args[0], {"is_max": np.max, "is_min": np.min}[op](args[0]))
            )
        return FUNCTIONS[op](*args)

    def item(self, item: tuple[Any, ...], length: int) -> slice:
        if item[0] == "all":
            return slice(0, length)
        low = size_of(item[1], self.sizes)
        return slice(low, low + 1 if item[0] == "at" else size_of(item[2], self.sizes))
