"""Nodes evaluated in symbols: every entry of every value an expression of SymPy.

Where an operation has a kink, the branch is the one at a given point, so that what comes out is analytic and holds in the whole
region around that point.  No operation shares anything with the laws or with generated code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, postorder

__all__ = ["Singular", "Symbolic"]

Matrix = Any  # sympy.Matrix


class Singular(UnsupportedError):
    """The program is not defined or not smooth at the point: another one, or other sizes, may do."""


class Symbolic:
    """Values of nodes as matrices of expressions.

    ``known`` has the matrices of inputs and of intermediate variables that are taken as such, ``sizes`` the dimensions,
    ``point`` a number for every symbol, which decides the branches.
    """

    def __init__(self, known: Mapping[Node, Matrix], sizes: Mapping[str, int], point: Mapping[Any, Any]) -> None:
        import sympy

        self.sympy, self.sizes, self.point = sympy, dict(sizes), point
        self.done: dict[Node, Matrix] = dict(known)

    def __call__(self, root: Node) -> Matrix:
        """The matrix of a node; raises `UnsupportedError` where an operation has no closed form."""
        for node in postorder(root, into=lambda n: n not in self.done):
            if node not in self.done:
                self.done[node] = self._one(node, [self.done[a] for a in node.args])
        return self.done[root]

    def shape(self, node: Node) -> tuple[int, int]:
        """The numbers of rows and columns."""
        rows, columns = (evaluate(dim, self.sizes) for dim in node.shape)
        return rows, columns

    def _one(self, node: Node, args: list[Matrix]) -> Matrix:
        op, entry = node.op, ENTRYWISE.get(node.op)
        if entry is not None:
            return self._entrywise(node, lambda *x: entry(self, *x), args)
        special = SPECIAL.get(op)
        if special is None:
            what = "a derivative with three or four indices" if op == "entries" else op
            raise UnsupportedError(f"there is no exact proof of {what}", hint="the numeric check stands")
        return special(self, node, args)

    def _entrywise(self, node: Node, function: Callable[..., Any], args: list[Matrix]) -> Matrix:
        rows, columns = self.shape(node)

        def at(i: int, j: int) -> Any:
            return function(*[a[i if a.rows > 1 else 0, j if a.cols > 1 else 0] for a in args])

        return self.sympy.Matrix(rows, columns, at)

    def is_positive(self, expression: Any) -> bool:
        """The sign at the point."""
        number = self.sympy.sympify(expression).evalf(30, subs=self.point)
        if not number.is_real or abs(number) < 1e-12:
            raise Singular("the point stands on a kink")
        return bool(number > 0)

    def nonzero(self, expression: Any) -> Any:
        """The expression, if it is not zero at the point."""
        number = self.sympy.sympify(expression).xreplace(self.point)
        if number == 0 or abs(self.sympy.N(number, 15, maxn=60)) < 1e-12:
            raise Singular("something is zero there that must not be")
        return expression

    def places(self, matrix: Matrix) -> list[tuple[int, int]]:
        """All entries, in the order of memory."""
        return [(i, j) for i in range(matrix.rows) for j in range(matrix.cols)]

    def extreme(self, matrix: Matrix, *, largest: bool, size: bool = False) -> tuple[int, int]:
        """Where the largest or smallest entry stands (by absolute value, for ``size``)."""
        best = (0, 0)
        for place in self.places(matrix)[1:]:
            one, other = (self.absolute(matrix[p]) if size else matrix[p] for p in (place, best))
            if self.is_positive(one - other) == largest:
                best = place
        return best

    def absolute(self, x: Any) -> Any:
        """The absolute value on this side of zero."""
        return x if self.is_positive(x) else -x

    def power(self, matrix: Matrix, exponent: Matrix) -> Matrix:
        """A matrix to a whole number."""
        return matrix ** int(exponent[0, 0])


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
    "add": lambda s, a, b: a + b, "sub": lambda s, a, b: a - b, "mul": lambda s, a, b: a * b, "div": lambda s, a, b: a / b,
    "pow": lambda s, a, b: a**b, "neg": lambda s, x: -x, "square": lambda s, x: x**2, "reciprocal": lambda s, x: 1 / x,
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
    "maximum": lambda s, a, b: a if s.is_positive(a - b) else b, "minimum": lambda s, a, b: b if s.is_positive(a - b) else a,
}  # fmt: skip


def _scalar(s: Symbolic, value: Any) -> Matrix:
    return s.sympy.Matrix([[value]])


def _along(s: Symbolic, matrix: Matrix, axis: int | None, function: Callable[[list[Any]], list[Any] | Any]) -> Matrix:
    """A function of the entries of each line; it gives an entry, or as many as the line has."""
    if axis is None:
        entries = function([matrix[p] for p in s.places(matrix)])
        return s.sympy.Matrix(matrix.rows, matrix.cols, entries) if isinstance(entries, list) else _scalar(s, entries)
    lines = [list(matrix[i, :]) for i in range(matrix.rows)] if axis == 1 else [list(matrix[:, j]) for j in range(matrix.cols)]
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


def _prod_others(s: Symbolic, node: Node, args: list[Matrix]) -> Matrix:
    x = args[0]
    return s.sympy.Matrix(
        x.rows, x.cols, lambda i, j: s.sympy.Mul(*[x[p] for p in s.places(x) if p != (i, j)])
    )


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
    "eye": lambda s, n, a: s.sympy.eye(s.shape(n)[0]), "let": lambda s, n, a: a[0], "defined": lambda s, n, a: a[1],
    "apply": lambda s, n, a: a[0].applyfunc(unknown(*n.params)), "T": lambda s, n, a: a[0].T,
    "matmul": lambda s, n, a: a[0] * a[1], "sum": _sum, "mean": _mean, "logsumexp": _logsumexp, "softmax": _softmax,
    "log_softmax": _log_softmax, "inv": lambda s, n, a: _inverse(s, a[0]), "pinv": _pinv, "diag": _diag, "index": _index,
    "solve": lambda s, n, a: _inverse(s, a[0]) * a[1], "stack": _stack, "kron": lambda s, n, a: _kron(s, a[0], a[1]),
    "kron_left": _kron_adjoint, "kron_right": _kron_adjoint, "vec": lambda s, n, a: a[0].vec(),
    "unvec": lambda s, n, a: s.sympy.Matrix(s.shape(n)[1], s.shape(n)[0], list(a[0])).T,
    "matrix_power": lambda s, n, a: s.power(a[0], a[1]), "power_sum": _power_sum, "prod_others": _prod_others,
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
    "cross_entropy": lambda s, n, a: _scalar(s, -_pairwise(s, [a[0], a[1].applyfunc(s.sympy.log)])),
}  # fmt: skip
