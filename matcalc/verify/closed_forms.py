"""What every operation is, entry by entry, in SymPy: the plainest definitions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node

if TYPE_CHECKING:
    from matcalc.verify.symbols import Symbolic

__all__ = ["ENTRYWISE", "SPECIAL"]

Matrix = Any  # sympy.Matrix


@lru_cache(maxsize=256)
def unknown(name: str, order: int) -> Any:
    """An unknown function whose derivative is the next one."""
    import sympy

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return unknown(name, order + 1)(self.args[0])

    return type(f"{name}_{order}", (sympy.Function,), {"fdiff": fdiff, "nargs": (1,)})


def _sigmoid(s: Symbolic, x: Any) -> Any:
    return 1 / (1 + s.sympy.exp(-x))


def _exp_pair(s: Symbolic, x: Any) -> tuple[Any, Any]:
    return s.sympy.exp(x), s.sympy.exp(-x)


def _tanh(s: Symbolic, x: Any) -> Any:
    up, down = _exp_pair(s, x)
    return (up - down) / (up + down)


def _plain(name: str) -> Callable[..., Any]:
    return lambda s, x: getattr(s.sympy, name)(x)


ENTRYWISE: dict[str, Callable[..., Any]] = {
    "add": lambda s, a, b: a + b, "sub": lambda s, a, b: a - b, "mul": lambda s, a, b: a * b,
    "div": lambda s, a, b: a / b, "pow": lambda s, a, b: a**b, "neg": lambda s, x: -x, "square": lambda s, x: x**2,
    "reciprocal": lambda s, x: 1 / x,
    **{name: _plain(name) for name in ("exp", "sin", "cos", "tan", "erf")},
    "log": lambda s, x: s.sympy.log(s.nonzero(x)), "sqrt": lambda s, x: s.sympy.sqrt(s.nonzero(x)), "tanh": _tanh,
    # all in the exponential, so that what is equal is equal as a quotient of polynomials in it
    "sinh": lambda s, x: (_exp_pair(s, x)[0] - _exp_pair(s, x)[1]) / 2,
    "cosh": lambda s, x: (_exp_pair(s, x)[0] + _exp_pair(s, x)[1]) / 2,
    "arcsin": _plain("asin"), "arccos": _plain("acos"), "arctan": _plain("atan"),
    "log1p": lambda s, x: s.sympy.log(1 + x), "expm1": lambda s, x: s.sympy.exp(x) - 1, "sigmoid": _sigmoid,
    "softplus": lambda s, x: s.sympy.log(1 + s.sympy.exp(x)), "silu": lambda s, x: x * _sigmoid(s, x),
    "gelu": lambda s, x: x * (1 + s.sympy.erf(x / s.sympy.sqrt(2))) / 2,
    "abs": lambda s, x: s.absolute(x), "sign": lambda s, x: 1 if s.is_positive(x) else -1,
    "relu": lambda s, x: x if s.is_positive(x) else 0, "step": lambda s, x: 1 if s.is_positive(x) else 0,
    "maximum": lambda s, a, b: a if s.is_positive(a - b) else b,
    "minimum": lambda s, a, b: b if s.is_positive(a - b) else a,
    "greater": lambda s, a, b: 1 if s.is_positive(a - b) else 0, "where": lambda s, c, a, b: c * a + (1 - c) * b,
    "at_least": lambda s, a, b: 1 if s.is_positive(a - b) else 0,
}  # fmt: skip


def _scalar(s: Symbolic, value: Any) -> Matrix:
    return s.sympy.Matrix([[value]])


def _along(s: Symbolic, matrix: Matrix, axis: int | None, function: Callable[[list[Any]], list[Any] | Any]) -> Matrix:
    """A function of the entries of each line; it gives an entry, or as many as the line has."""
    if axis is None:
        entries = function([matrix[p] for p in s.places(matrix)])
        return s.sympy.Matrix(matrix.rows, matrix.cols, entries) if isinstance(entries, list) else _scalar(s, entries)
    lines = (
        [list(matrix[i, :]) for i in range(matrix.rows)]
        if axis == 1
        else [list(matrix[:, j]) for j in range(matrix.cols)]
    )
    found = s.sympy.Matrix([line if isinstance(line, list) else [line] for line in map(function, lines)])
    return found if axis == 1 else found.T


def _sum(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    return _along(s, args[0], node.params[0], lambda x: s.sympy.Add(*x))


def _mean(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    return _along(s, args[0], node.params[0], lambda x: s.sympy.Add(*x) / len(x))


def _total(s: Symbolic, entries: list[Any]) -> Any:
    return s.sympy.Add(*[s.sympy.exp(x) for x in entries])


def _logsumexp(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    return _along(s, args[0], node.params[0], lambda x: s.sympy.log(_total(s, x)))


def _softmax(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    return _along(s, args[0], node.params[0], lambda x: [s.sympy.exp(e) / _total(s, x) for e in x])


def _log_softmax(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    return _along(s, args[0], node.params[0], lambda x: [e - s.sympy.log(_total(s, x)) for e in x])


def _inverse(s: Symbolic, x: Matrix) -> Matrix:
    return x.adjugate() / s.nonzero(x.det(method="berkowitz"))


def _pinv(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = args[0]
    return _inverse(s, x.T * x) * x.T if x.rows >= x.cols else x.T * _inverse(s, x * x.T)


def _diag(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = args[0]
    return x.diagonal().T if 1 not in (node.args[0].shape) else s.sympy.diag(*[x[p] for p in s.places(x)])


def _sequence(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    """Running sums, from either end."""
    order = -1 if node.op == "cumsum_back" else 1

    def running(line: list[Any]) -> list[Any]:
        return [s.sympy.Add(*line[::order][: k + 1]) for k in range(len(line))][::order]

    return _along(s, args[0], node.params[0], running)


def _variance(s: Symbolic, line: list[Any]) -> Any:
    mean = s.sympy.Add(*line) / len(line)
    return s.sympy.Add(*[(x - mean) ** 2 for x in line]) / len(line)


def _deviation(s: Symbolic, line: list[Any]) -> Any:
    return s.sympy.sqrt(s.nonzero(_variance(s, line)))


def _covariance(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = args[0]
    means = [s.sympy.Add(*x[:, j]) / x.rows for j in range(x.cols)]
    centred = s.sympy.Matrix(x.rows, x.cols, lambda i, j: x[i, j] - means[j])
    return centred.T * centred / x.rows


def _triangle(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    sign = 1 if node.op == "triu" else -1
    return s.sympy.Matrix(args[0].rows, args[0].cols, lambda i, j: args[0][i, j] if sign * (j - i) >= 0 else 0)


def _index(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    def lines(item: tuple[Any, ...], length: int) -> list[int]:
        if item[0] == "all":
            return list(range(length))
        low = evaluate(item[1], s.sizes)
        return list(range(low, low + 1 if item[0] == "at" else evaluate(item[2], s.sizes)))

    return args[0].extract(lines(node.params[0], args[0].rows), lines(node.params[1], args[0].cols))


def _stack(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    blocks = iter(args)
    rows = [s.sympy.Matrix.hstack(*[next(blocks) for _ in range(count)]) for count in node.params]
    return s.sympy.Matrix.vstack(*rows)


def _kron(s: Symbolic, a: Matrix, b: Matrix) -> Matrix:
    rows, columns = b.rows, b.cols
    return s.sympy.Matrix(
        a.rows * rows, a.cols * columns, lambda i, j: a[i // rows, j // columns] * b[i % rows, j % columns]
    )


def _kron_adjoint(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    """By definition: the derivative of the sum of G * kron(A, B) by each entry of one factor."""
    g, other = args
    rows, columns = s.shape(node)

    def at(i: int, j: int) -> Any:
        unit = s.sympy.zeros(rows, columns)
        unit[i, j] = 1
        product = _kron(s, unit, other) if node.op == "kron_left" else _kron(s, other, unit)
        return s.sympy.Add(*[g[p] * product[p] for p in s.places(g)])

    return s.sympy.Matrix(rows, columns, at)


def _power_sum(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x, d, k = args[0], args[1], int(args[2][0, 0])
    found = s.sympy.zeros(x.rows, x.cols)
    for i in range(k):
        found += x**i * d * x ** (k - 1 - i)
    return found


def _commutation(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    """Row i*n + j is the unit vector of j*m + i."""
    m, n = (evaluate(dim, s.sizes) for dim in node.params)
    return s.sympy.Matrix(m * n, m * n, lambda r, c: int(c == r % n * m + r // n))


def _prod_others(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = args[0]
    return s.sympy.Matrix(x.rows, x.cols, lambda i, j: s.sympy.Mul(*[x[p] for p in s.places(x) if p != (i, j)]))


def _prod_pairs(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = list(args[0])

    def entry(i: int, j: int) -> Any:
        return s.sympy.Mul(*[e for k, e in enumerate(x) if k not in (i, j)]) if i != j else 0

    return s.sympy.Matrix(len(x), len(x), entry)


def _indicator(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    best = s.extreme(args[0], largest=node.op == "is_max")
    return s.sympy.Matrix(args[0].rows, args[0].cols, lambda i, j: int((i, j) == best))


def _pairwise(s: Symbolic, args: list[Matrix]) -> Any:
    a, b = ([x[p] for p in s.places(x)] for x in args)
    return s.sympy.Add(*[x * y for x, y in zip(a, b, strict=True)])


def _entries(s: Symbolic, args: list[Matrix]) -> list[Any]:
    return [args[0][p] for p in s.places(args[0])]


SPECIAL: dict[str, Callable[[Symbolic, Node, list[Matrix]], Matrix]] = {
    "num": lambda s, n, a: _scalar(s, s.sympy.Rational(n.params[0].numerator, n.params[0].denominator)),
    "pi": lambda s, n, a: _scalar(s, s.sympy.pi), "dim": lambda s, n, a: _scalar(s, evaluate(n.params[0], s.sizes)),
    "ones": lambda s, n, a: s.sympy.ones(*s.shape(n)), "zeros": lambda s, n, a: s.sympy.zeros(*s.shape(n)),
    "eye": lambda s, n, a: s.sympy.eye(s.shape(n)[0]), "commutation": _commutation,
    "let": lambda s, n, a: a[0], "defined": lambda s, n, a: a[1],
    "apply": lambda s, n, a: a[0].applyfunc(unknown(*n.params)), "T": lambda s, n, a: a[0].T,
    "matmul": lambda s, n, a: a[0] * a[1], "sum": _sum, "mean": _mean, "logsumexp": _logsumexp, "softmax": _softmax,
    "log_softmax": _log_softmax, "inv": lambda s, n, a: _inverse(s, a[0]), "pinv": _pinv, "diag": _diag,
    "index": _index,
    "solve": lambda s, n, a: _inverse(s, a[0]) * a[1], "stack": _stack, "kron": lambda s, n, a: _kron(s, a[0], a[1]),
    "kron_left": _kron_adjoint, "kron_right": _kron_adjoint, "vec": lambda s, n, a: a[0].vec(),
    "unvec": lambda s, n, a: s.sympy.Matrix(s.shape(n)[1], s.shape(n)[0], list(a[0])).T,
    "matrix_power": lambda s, n, a: s.power(a[0], a[1]), "power_sum": _power_sum, "prod_others": _prod_others,
    "prod_pairs": _prod_pairs,
    "is_max": _indicator, "is_min": _indicator, "tr": lambda s, n, a: _scalar(s, a[0].trace()),
    "det": lambda s, n, a: _scalar(s, a[0].det(method="berkowitz")),
    "logdet": lambda s, n, a: _scalar(s, s.sympy.log(s.absolute(a[0].det(method="berkowitz")))),
    "inner": lambda s, n, a: _scalar(s, _pairwise(s, a)), "dot": lambda s, n, a: _scalar(s, _pairwise(s, a)),
    "outer": lambda s, n, a: s.sympy.Matrix(_entries(s, a)) * s.sympy.Matrix(_entries(s, a[1:])).T,
    "prod": lambda s, n, a: _scalar(s, s.sympy.Mul(*_entries(s, a))),
    "max": lambda s, n, a: _scalar(s, a[0][s.extreme(a[0], largest=True)]),
    "min": lambda s, n, a: _scalar(s, a[0][s.extreme(a[0], largest=False)]),
    "norm": lambda s, n, a: _scalar(s, s.sympy.sqrt(s.nonzero(s.sympy.Add(*[x**2 for x in _entries(s, a)])))),
    "norm1": lambda s, n, a: _scalar(s, s.sympy.Add(*[s.absolute(x) for x in _entries(s, a)])),
    "norm_inf": lambda s, n, a: _scalar(s, s.absolute(a[0][s.extreme(a[0], largest=True, size=True)])),
    "variance": lambda s, n, a: _along(s, a[0], n.params[0], lambda x: _variance(s, x)), "cov": _covariance,
    "std": lambda s, n, a: _along(s, a[0], n.params[0], lambda x: _deviation(s, x)), "triu": _triangle,
    "tril": _triangle, "cumsum": _sequence, "cumsum_back": _sequence,
    "cross": lambda s, n, a: s.sympy.Matrix(a[0].cross(a[1])),
    "cross_entropy": lambda s, n, a: _scalar(s, -_pairwise(s, [a[0], a[1].applyfunc(s.sympy.log)])),
}  # fmt: skip
