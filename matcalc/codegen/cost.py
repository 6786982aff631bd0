"""What the generated code costs, counted on the very operations that are written.

Decisions.  An addition, a multiplication and a function of one entry count one each; a product of an m×k and a k×n
matrix counts 2mkn, as the field counts it; views, copies and zeros count nothing.  Factorisations count as in Golub &
Van Loan, Matrix Computations, 4th edition (2/3 n³ for LU, n³/3 for Cholesky, 9 n³ for all eigenvectors); of these the
leading term alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from matcalc.codegen.values import Axes, Value
from matcalc.codegen.work import Work
from matcalc.expressions.dims import Dim

__all__ = ["own_work", "work_of"]

NOTHING = frozenset({
    "input", "const", "size", "eye", "T", "expand", "lift", "spread", "index", "place", "stack", "reshape", "diagonal",
    "diagflat", "pair", "part", "swap", "take", "choice", "rows", "shaped",
})  # fmt: skip


def work_of(values: Sequence[Value]) -> Work:
    """The work of computing the values, what they share once.

    >>> from matcalc.codegen.values import Graph
    >>> g = Graph(); x = g.value("input", (), ("x", ""), ("n",)); A = g.value("input", (), ("A", ""), ("m", "n"))
    >>> print(work_of([g.matmul(A, x), g.dot(x, x)]))
    2 m n + 2 n
    """
    total = Work()
    seen: set[Value] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if value not in seen:
            seen.add(value)
            stack += value.args
            total = total + own_work(value)
    return total


def own_work(value: Value) -> Work:
    """The work of one operation, its arguments given."""
    if value.op in NOTHING:
        return Work()
    rule = _RULES.get(value.op)
    if rule is None and value.op == "call":
        rule = _CALLS.get(value.params[0])
    if rule is not None:
        return rule(value)
    if value.op == "call":  # a function of all entries of its arguments, whose exact work is NumPy's affair
        return _entries([value, *value.args])
    return _size(value.axes)  # entry by entry


def _size(axes: Iterable[Dim]) -> Work:
    return Work.of(*axes)


def _entries(values: Iterable[Value]) -> Work:
    """The entries of the largest of these arrays."""
    axes: Axes = max([v.axes for v in values], key=len)
    return _size(axes)


def _matmul(value: Value) -> Work:
    a, b = value.args
    return _size(a.axes) * _size(b.axes[1:]) * 2


def _argument(times: int) -> Callable[[Value], Work]:
    return lambda value: _size(value.args[0].axes) * times


def _cubic(coefficient: str) -> Callable[[Value], Work]:
    """A coefficient times the cube of the size of a square matrix."""
    return lambda value: Work.of(Fraction(coefficient), *[value.args[0].axes[0]] * 3)


def _inverse(value: Value) -> Work:
    """By LU, or by the Cholesky factor: its inverse by products of blocks, and half of a product of that."""
    return _cubic("2" if len(value.args) == 1 else "5/3")(value)


def _solve(value: Value) -> Work:
    n = value.args[0].axes[0]
    return Work.of(Fraction(2, 3), n, n, n) + Work.of(Fraction(2), n) * _size(value.args[1].axes)


def _svd(value: Value) -> Work:
    m, n = value.args[0].axes[:2]
    return Work.of(Fraction(4), m, m, n) + Work.of(Fraction(8), m, n, n) + Work.of(Fraction(9), n, n, n)


def _power(value: Value) -> Work:
    """Repeated squaring; a power that is not known counts as one product."""
    n = value.args[0].axes[0]
    exponent = value.args[1].params[0] if value.args[1].op == "const" else 2
    k = abs(int(exponent)) if isinstance(exponent, Fraction) else 2
    products = max(0, k.bit_length() - 1 + k.bit_count() - 1)
    return Work.of(Fraction(2 * products), n, n, n)


def _einsum(value: Value) -> Work:
    """Of each term all products of entries, multiplied and added."""
    total = Work()
    operands = list(value.args)
    for _, form, count in value.params:
        mine, operands = operands[:count], operands[count:]
        inputs, _, output = form.partition("->")
        sizes: dict[str, Dim] = {}
        for letters, operand in zip(inputs.split(","), mine, strict=True):
            sizes.update(zip(letters, operand.axes, strict=True))
        each = _size(sizes.values())
        total = total + each * (count - 1) + (each if len(sizes) > len(set(output)) else Work())
    return total


def _fill(value: Value) -> Work:
    """What is added up in an array that is there already."""
    based = len(value.args) > len(value.params)
    parts = value.args[1:]
    total = Work()
    for part in parts if based or len(parts) else ():
        total = total + _size(part.axes)
    return total


_RULES: dict[str, Callable[[Value], Work]] = {
    "matmul": _matmul, "dot": _argument(2), "inner": _argument(2), "sum": _argument(1),
    "solve": _solve, "inv": _inverse,
    "logdet": lambda v: _cubic("1/3" if "cholesky" in v.params else "2/3")(v), "power": _power,
    "einsum": _einsum, "fill": _fill, "factor": _cubic("1/3"),
    "decomposition": lambda v: (_cubic("9") if v.params[0] == "eigh" else _svd)(v),
}  # fmt: skip
_CALLS: dict[str, Callable[[Value], Work]] = {
    "softmax": _argument(5), "log_softmax": _argument(5), "logsumexp": lambda v: _argument(4)(v) + _size(v.axes) * 2,
    "top": _argument(1), "largest": _argument(1), "norm": _argument(2), "variance": _argument(5), "std": _argument(5),
    "tr": lambda v: Work.of(v.args[0].axes[0]), "det": _cubic("2/3"), "adjugate": _cubic("2"),
    "cholesky": _cubic("1/3"),
    "eigvalsh": _cubic("4/3"), "eigvecsh": _cubic("9"), "expm": _cubic("20"), "expm_frechet": _cubic("48"),
    "pinv": _svd, "polar": _svd, "svdvals": _svd, "svd_right": _svd, "svd_left": _svd, "norm_nuc": _svd,
}  # fmt: skip
