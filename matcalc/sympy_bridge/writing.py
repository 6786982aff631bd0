"""Nodes written as SymPy expressions: every operation has a row in `WRITTEN`, or is refused with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sympy
from sympy.matrices.expressions import DiagMatrix, DiagonalOf, HadamardPower, MatrixSlice, OneMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from matcalc.errors import LimitError, UnsupportedError
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, kind, postorder
from matcalc.sympy_bridge.functions import FUNCTIONS
from matcalc.sympy_bridge.reductions import REDUCTIONS
from matcalc.sympy_bridge.writer import SCALAR, Rule, Writing, columns, entrywise

__all__ = ["to_sympy"]


def to_sympy(node: Node, symbols: dict[str, Any] | None = None) -> Any:
    """The SymPy expression of a node; ``symbols`` are the SymPy objects of names, where there are some already.

    Raises `UnsupportedError` where SymPy has no words for it, `LimitError` where it is too deep for SymPy.
    """
    (node,) = without_definitions([node])
    writing = Writing(symbols or {})
    done: dict[Node, Any] = {}
    for part in postorder(node):
        try:
            done[part] = _written(writing, part, [done[a] for a in part.args])
        except RecursionError:
            raise LimitError(
                "the expression is too deep for SymPy", hint="sys.setrecursionlimit moves the limit"
            ) from None
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            raise UnsupportedError(f"SymPy cannot build {part.op}: {error}") from error
    return done[node]


def _written(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    rule = WRITTEN.get(node.op)
    if rule is not None:
        return rule(writing, node, args)
    function = FUNCTIONS.get(node.op)
    if function is not None:
        return entrywise(function, node.args[0].shape, args[0])
    raise UnsupportedError(f"SymPy has no matrix expression for {node.op}", hint=REASONS.get(node.op, ""))


def _leaf(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    name, _, positive = node.params
    given = writing.symbols.get(name)
    if given is not None:
        return given[0, 0] if isinstance(given, sympy.MatrixSymbol) and node.shape == SCALAR else given
    if node.shape == SCALAR:
        return sympy.Symbol(name, positive=True) if positive else sympy.Symbol(name)
    return sympy.MatrixSymbol(name, *writing.shape(node))


def _added(sign: int) -> Rule:
    def rule(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
        a, b = [writing.spread(value, arg, node) for value, arg in zip(args, node.args, strict=True)]
        return a + sign * b

    return rule


def _mul(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    if any(arg.shape == SCALAR for arg in node.args):
        return args[0] * args[1]
    return sympy.HadamardProduct(*_spread_all(writing, node, args))


def _spread_all(writing: Writing, node: Node, args: Sequence[Any]) -> list[Any]:
    return [writing.spread(value, arg, node) for value, arg in zip(args, node.args, strict=True)]


def _div(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    a, b = node.args
    if b.shape == SCALAR:
        return args[0] * (1 / args[1])
    below = HadamardPower(writing.spread(args[1], b, node), sympy.Integer(-1))
    if a.shape == SCALAR:
        return args[0] * below
    return sympy.HadamardProduct(writing.spread(args[0], a, node), below)


def _pow(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    a, b = node.args
    if node.shape == SCALAR:
        return sympy.Pow(*args)
    if b.shape == SCALAR:
        return HadamardPower(*args)
    if a.shape == SCALAR:
        return entrywise(lambda entry: sympy.Pow(args[0], entry), b.shape, args[1])
    return HadamardPower(*_spread_all(writing, node, args))


def _product(a: Node, b: Node, x: Any, y: Any) -> Any:
    """A product of two: in SymPy, a 1×1 one is a number as its trace."""
    found = x * y
    return sympy.Trace(found) if a.shape[0] == 1 and b.shape[1] == 1 else found


def _matmul(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return _product(*node.args, *args)


def _dot(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    if node.args[0].shape == SCALAR:
        return args[0] * args[1]
    a, b = columns(node, args)
    return sympy.Trace(a.T * b)


def _outer(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    a, b = columns(node, args)
    return a * (b if node.args[1].shape == SCALAR else b.T)


def _inner(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    if node.args[0].shape == SCALAR:
        return args[0] * args[1]
    a, b = columns(node, args)
    return sympy.Trace(a.T * b)


def _extreme(function: Any) -> Rule:
    """Entry by entry there is a function of one array and a number alone."""

    def rule(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
        a, b = node.args
        if b.shape == SCALAR:
            return entrywise(lambda entry: function(entry, args[1]), a.shape, args[0])
        if a.shape == SCALAR:
            return entrywise(lambda entry: function(args[0], entry), b.shape, args[1])
        raise UnsupportedError(f"SymPy has no entrywise {node.op} of two arrays")

    return rule


def _logdet(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    inner = node.args[0]
    positive = inner.op == "var" and inner.params[1] == "posdef"
    determinant = sympy.Determinant(args[0])
    return sympy.log(determinant if positive else sympy.Abs(determinant))


def _solve(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return args[0].inv() * args[1]


def _diag(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    shape = node.args[0].shape
    if shape == SCALAR:
        return args[0]
    return DiagonalOf(args[0]) if kind(shape) == "matrix" else DiagMatrix(columns(node, args)[0])


def _kron(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    if any(arg.shape == SCALAR for arg in node.args):
        return args[0] * args[1]
    found = sympy.KroneckerProduct(*args)
    return sympy.Trace(found) if node.shape == SCALAR else found


def _matrix_power(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return sympy.MatPow(*args)


def _power_sum(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    x, d, k = args
    if not k.is_Integer or k < 1 or k > 50:
        raise UnsupportedError("SymPy has no sum of products whose number is not known")
    return reduce(lambda total, term: total + term, [x**i * d * x ** (k - 1 - i) for i in range(int(k))])


def _stack(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    blocks = iter([
        sympy.ImmutableMatrix([[x]]) if arg.shape == SCALAR else x for x, arg in zip(args, node.args, strict=True)
    ])  # fmt: skip
    rows = [[next(blocks) for _ in range(count)] for count in node.params]
    if all(arg.shape == SCALAR for arg in node.args):
        return sympy.ImmutableMatrix([[block[0, 0] for block in row] for row in rows])
    return sympy.BlockMatrix(rows)


def _index(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    places = []
    for item, length in zip(node.params, node.args[0].shape, strict=True):
        size = writing.dim(length)
        low, high = sympy.Integer(0), size
        if item[0] != "all":
            low = writing.dim(item[1])
            high = low + 1 if item[0] == "at" else writing.dim(item[2])
        if low.is_Integer and low < 0:
            low, high = low + size, high + size if item[0] == "at" else high
        if item[0] == "slice" and high.is_Integer and high < 0:
            high += size
        places.append((low, high))
    if node.shape == SCALAR:
        return MatrixElement(args[0], *[low for low, _ in places])
    return MatrixSlice(args[0], *places)


def _own(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    """A function whose law the program states: an unknown one of SymPy's, where its value is a scalar."""
    name = node.params[0]
    if node.shape != (1, 1):
        message = f"SymPy has no unknown function with a matrix as its value, as {name} is"
        raise UnsupportedError(message, hint=f"define it, {name}(...) = ...")
    return writing.symbols.get(name, sympy.Function(name, commutative=True))(*args)


def _applied(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    name, order = node.params
    function = writing.symbols.get(name, sympy.Function(name))

    def at(entry: Any) -> Any:
        if order == 0:
            return function(entry)
        bound = entry if entry.is_Symbol else sympy.Dummy("xi")
        found = sympy.Derivative(function(bound), (bound, order))
        return found if bound is entry else sympy.Subs(found, bound, entry)

    return entrywise(at, node.args[0].shape, args[0])


def _number(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    value = node.params[0]
    return sympy.Rational(value.numerator, value.denominator)


def _transpose(writing: Writing, node: Node, args: Sequence[Any]) -> Any:
    return args[0] if node.shape == SCALAR else args[0].T


WRITTEN: dict[str, Rule] = {
    "var": _leaf, "num": _number, "pi": lambda w, n, a: sympy.pi, "dim": lambda w, n, a: w.dim(n.params[0]),
    "eye": lambda w, n, a: sympy.Identity(w.dim(n.params[0])), "ones": lambda w, n, a: OneMatrix(*w.shape(n)),
    "zeros": lambda w, n, a: sympy.ZeroMatrix(*w.shape(n)), "let": lambda w, n, a: a[0],
    "defined": lambda w, n, a: a[1],
    "add": _added(1), "sub": _added(-1), "neg": lambda w, n, a: -a[0], "mul": _mul, "div": _div, "pow": _pow,
    "matmul": _matmul, "T": _transpose, "dot": _dot, "outer": _outer, "inner": _inner,
    **REDUCTIONS, "maximum": _extreme(sympy.Max), "minimum": _extreme(sympy.Min),
    "tr": lambda w, n, a: sympy.Trace(a[0]), "det": lambda w, n, a: sympy.Determinant(a[0]), "logdet": _logdet,
    "inv": lambda w, n, a: a[0].inv(), "solve": _solve, "diag": _diag, "kron": _kron, "matrix_power": _matrix_power,
    "power_sum": _power_sum, "stack": _stack, "index": _index, "apply": _applied, "own": _own,
}  # fmt: skip

REASONS = {
    "vec": "it has no stacking of columns; kron and products can be written",
    "unvec": "it has no stacking of columns",
    "commutation": "it has no commutation matrix of symbolic size",
    "pinv": "it has no pseudo-inverse of a symbol; at full column rank, write inv(X.T@X)@X.T",
}
