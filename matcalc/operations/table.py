"""All operations by name, and the constructors of nodes.

Constructors check shapes and never simplify: every change of an expression is a step that can be named.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from matcalc.errors import ShapeError
from matcalc.expressions.dims import Dim, multiply
from matcalc.expressions.node import Node, Shape, intern
from matcalc.operations.arithmetic import ARITHMETIC
from matcalc.operations.elementwise import ELEMENTWISE
from matcalc.operations.reductions import REDUCTIONS
from matcalc.operations.registry import STRICT, Operation, leaf
from matcalc.operations.sequences import SEQUENCES
from matcalc.operations.spectra import SPECTRA
from matcalc.operations.structure import STRUCTURE

__all__ = [
    "ELEMENTWISE_NAMES", "OPERATIONS", "add", "apply", "commutation", "dimension", "div", "eye", "index", "is_leaf",
    "let", "long_power", "make", "matmul", "mul", "neg", "number", "ones", "pair", "pi", "power", "sub", "transpose",
    "variable", "zeros",
]  # fmt: skip

LEAVES = ("var", "num", "dim", "pi", "ones", "zeros", "eye", "commutation")


def _join(*tables: Iterable[Operation]) -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for table in tables:
        for entry in table:
            if entry.name in found:
                raise ValueError(f"two entries for {entry.name}; valid names so far: {', '.join(found)}")
            found[entry.name] = entry
    return found


OPERATIONS = _join(ARITHMETIC, ELEMENTWISE, REDUCTIONS, STRUCTURE, SEQUENCES, SPECTRA)
LONG = 12  # a product of more equal factors is written as a power
ELEMENTWISE_NAMES = frozenset(entry.name for entry in ELEMENTWISE if entry.derivative)


def make(op: str, *args: Node, params: tuple[Any, ...] = ()) -> Node:
    """The node of an operation, its shape found and checked.

    >>> x = variable("x", ("n", 1)); make("matmul", transpose(x), x).shape
    (1, 1)
    """
    try:
        shape = OPERATIONS[op].shape(STRICT, [a.shape for a in args], params)
    except ShapeError as error:
        shapes = " and ".join(f"{a.shape[0]}×{a.shape[1]}" for a in args)
        raise ShapeError(f"{op} of {shapes}: {error.message}",
            hint=error.hint.replace("{a}", "a").replace("{b}", "b")) from None
    return intern(op, args, params, shape)


def variable(name: str, shape: Shape, type_: str = "", positive: bool = False) -> Node:
    """An input; ``type_`` is its structured type (``symmetric``, ``simplex``, ...) or empty."""
    return leaf("var", (name, type_, positive), shape)


def number(value: Fraction | int | str) -> Node:
    """A number, exact."""
    return leaf("num", (Fraction(value),))


def dimension(dim: Dim) -> Node:
    """The number that a dimension is."""
    return number(dim) if isinstance(dim, int) else leaf("dim", (dim,))


def pi() -> Node:
    """The constant."""
    return leaf("pi", ())


def ones(shape: Shape) -> Node:
    """All ones; of a scalar shape, the number."""
    return number(1) if shape == (1, 1) else leaf("ones", shape, shape)


def zeros(shape: Shape) -> Node:
    """All zeros; of a scalar shape, the number."""
    return number(0) if shape == (1, 1) else leaf("zeros", shape, shape)


def eye(n: Dim) -> Node:
    """The identity matrix."""
    return number(1) if n == 1 else leaf("eye", (n,), (n, n))


def commutation(m: Dim, n: Dim) -> Node:
    """The commutation matrix of m×n matrices X, mn×mn: ``commutation(m, n) @ vec(X)`` is ``vec(X.T)``.

    Magnus & Neudecker 2019, section 3.7, write it ``K_mn``.

    >>> commutation(2, "n").shape == (multiply(2, "n"), multiply(2, "n"))
    True
    """
    size = multiply(m, n)
    return number(1) if size == 1 else leaf("commutation", (m, n), (size, size))


def pair(a: Dim, b: Dim) -> Node:
    """The array with entries [r, i, k] that are 1 where ``r = i*b + k``: how two indices make one."""
    return intern("pair", (), (a, b), (multiply(a, b), a, b))  # type: ignore[arg-type]


def let(name: str, value: Node) -> Node:
    """An intermediate variable: a node of its own, so that it can be meant by name."""
    return intern("let", (value,), (name,), value.shape)


def apply(function: str, order: int, argument: Node) -> Node:
    """An unknown elementwise function, or its derivative of some order, entry by entry."""
    return intern("apply", (argument,), (function, order), argument.shape)


def is_leaf(node: Node) -> bool:
    """Whether the node is a variable, a number or another constant."""
    return node.op in LEAVES


def add(a: Node, b: Node) -> Node:
    """``a + b``."""
    return make("add", a, b)


def sub(a: Node, b: Node) -> Node:
    """``a - b``."""
    return make("sub", a, b)


def neg(a: Node) -> Node:
    """``-a``."""
    return intern("neg", (a,), (), a.shape)


def mul(a: Node, b: Node) -> Node:
    """``a * b``, entry by entry."""
    return make("mul", a, b)


def div(a: Node, b: Node) -> Node:
    """``a / b``, entry by entry."""
    return make("div", a, b)


def power(a: Node, b: Node) -> Node:
    """``a**b``, entry by entry."""
    return make("pow", a, b)


def matmul(a: Node, b: Node) -> Node:
    """``a @ b``; a product of more than `LONG` equal factors is a power.

    >>> A, x = variable("A", ("n", "n")), variable("x", ("n", 1))
    >>> product = transpose(x)
    >>> for _ in range(300):
    ...     product = matmul(product, A)
    >>> product.args[1].op, product.args[1].args[1].params
    ('matrix_power', (Fraction(300, 1),))
    """
    return long_power(a, b) or make("matmul", a, b)


def long_power(a: Node, b: Node) -> Node | None:
    """``a @ b`` with a power at its end, where ``a`` ends with ``b`` too often to be read; else nothing."""
    count, before = 1, a
    while before.op == "matmul" and before.args[1] is b:
        count, before = count + 1, before.args[0]
    rest, last = before.args if before.op == "matmul" else (None, before)
    more = 1 if last is b else _exponent(last, b)
    count, rest = count + more, rest if more else before
    if count <= LONG or b.shape == (1, 1):
        return None
    power = make("matrix_power", b, number(count))
    return power if rest is None else make("matmul", rest, power)


def _exponent(node: Node, base: Node) -> int:
    """How often the base stands in a long power of it; else 0."""
    if node.op != "matrix_power" or node.args[0] is not base or node.args[1].op != "num":
        return 0
    k = node.args[1].params[0]
    return int(k) if k > LONG else 0


def transpose(a: Node) -> Node:
    """``a.T``."""
    return intern("T", (a,), (), (a.shape[1], a.shape[0]))


def index(a: Node, rows: tuple[Any, ...], columns: tuple[Any, ...]) -> Node:
    """``a[rows, columns]``; an item is ``("at", i)``, ``("slice", low, high)`` or ``("all",)``."""
    return make("index", a, params=(rows, columns))
