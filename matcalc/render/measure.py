"""The length of an expression as a reader counts it, found without writing it out.

Names, numbers, operators, ``.T`` and calls count one each; parentheses, commas and closing brackets count nothing.
``outer``, ``dot`` and ``inner`` count as much as the products that they stand for (``a @ b.T``, ``a.T @ b``,
``tr(A.T @ B)``), so that no result becomes short by a change of name alone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any
from weakref import ref

from matcalc.expressions.dims import Dim
from matcalc.expressions.names import shown
from matcalc.expressions.node import NAMED, Node

__all__ = ["is_decimal", "token_count"]

IMPLIED = {"outer": 2, "dot": 2, "inner": 3}

# Keyed by weak references, so that a measured node is not kept alive; a plain dictionary of them is three times
# as quick as `WeakKeyDictionary`, and simplification asks for this number all the time.
_counts: dict[ref[Node], int] = {}


def _forget(key: ref[Node], counts: dict[ref[Node], int] = _counts) -> None:
    counts.pop(key, None)  # a global name may be gone when an interpreter ends, which is when the last nodes go


def token_count(node: Node) -> int:
    """The number of tokens of the expression in the language; constant time for a node whose arguments are known.

    >>> from matcalc.operations.table import matmul, variable
    >>> A, x = variable("A", ("m", "n")), variable("x", ("n", 1))
    >>> token_count(matmul(A, x))  # A, @, x
    3
    """
    get = _counts.get
    found = get(ref(node))
    if found is not None:
        return found
    stack = [node]
    while stack:
        top = stack[-1]
        total = 0
        written = top.args if top.op not in NAMED else shown(top)
        if written:
            waiting = len(stack)
            for argument in written:
                count = get(ref(argument))
                if count is None:
                    stack.append(argument)
                else:
                    total += count
            if len(stack) > waiting:
                continue
        _counts[ref(top, _forget)] = found = total + _own(top)
        stack.pop()
    assert found is not None
    return found


def is_decimal(value: Fraction) -> bool:
    """Whether a number has a finite decimal expansion.

    >>> is_decimal(Fraction(1, 8)), is_decimal(Fraction(1, 3))
    (True, False)
    """
    rest = value.denominator
    rest >>= (rest & -rest).bit_length() - 1
    while rest % 5 == 0:
        rest //= 5
    return rest == 1


def _own(node: Node) -> int:
    """The tokens of a node that do not belong to its arguments."""
    op, params = node.op, node.params
    if not params:
        return IMPLIED.get(op, 1)
    count = _OWN.get(op)
    return count(node, params) if count else 1


def _number(node: Node, params: tuple[Any, ...]) -> int:
    value: Fraction = params[0]
    return (1 if value.denominator == 1 or is_decimal(value) else 3) + (value < 0)


def _dims(*dims: Dim) -> int:
    """The tokens of dimensions, written out."""
    total = 0
    for dim in dims:
        if isinstance(dim, tuple):
            total += len(dim) - 1 + (dim[0][1] < 0)
            for monomial, c in dim:
                factors = len(monomial) + (abs(c) != 1 or not monomial)
                total += 2 * factors - 1
        else:
            total += 2 if isinstance(dim, int) and dim < 0 else 1
    return total


def _filled(node: Node, params: tuple[Any, ...]) -> int:
    """``ones(n)``, ``zeros(m, n)``."""
    return 1 + (_dims(params[0]) if params[1] == 1 else _dims(*params))


def _index(node: Node, params: tuple[Any, ...]) -> int:
    """``X[i, a:b]``: the bracket, the bounds, and each colon."""
    total = 1
    for item in index_items(node):
        total += _dims(*item[1:]) + (item[0] != "at")
    return total


def index_items(node: Node) -> tuple[Any, ...]:
    """The items of an index as they are written: one for a vector or a row, two for a matrix."""
    rows, columns = node.params
    shape = node.args[0].shape
    if shape[1] == 1 and columns == ("all",):
        return (rows,)
    if shape[0] == 1 and rows == ("all",):
        return (columns,)
    return (rows, columns)


def _axis(node: Node, params: tuple[Any, ...]) -> int:
    return 1 if params[0] is None else 4


AXIS = ("sum", "mean", "logsumexp", "softmax", "log_softmax", "variance", "std", "cumsum", "cumsum_back")
_OWN: dict[str, Callable[[Node, tuple[Any, ...]], int]] = {
    "num": _number,
    "dim": lambda node, params: _dims(params[0]),
    "ones": _filled,
    "zeros": _filled,
    "eye": lambda node, params: 1 + _dims(params[0]),
    "commutation": lambda node, params: 1 + _dims(*params),
    "index": _index,
    "stack": lambda node, params: len(params),
    "unvec": lambda node, params: 1 + _dims(*params),
    "kron_left": lambda node, params: 1 + _dims(*params),
    "kron_right": lambda node, params: 1 + _dims(*params),
    "conv_matrix": lambda node, params: 1 + _dims(*params),
    "corr_matrix": lambda node, params: 1 + _dims(*params),
    "roll": lambda node, params: _axis(node, params) + _dims(params[1]),
    **dict.fromkeys(AXIS, _axis),
}
