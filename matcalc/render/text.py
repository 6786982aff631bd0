"""Unicode for people: ``(u ⊙ f′(W x + b)) xᵀ``.

A matrix product and a product by a scalar stand side by side; ``⊙`` and ``⊘`` are entry by entry, and ``x^∘2`` is
the power entry by entry (Hadamard power), so that ``x²`` is always the power of a scalar or of a square matrix.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS
from matcalc.render.mathematical import compose
from matcalc.render.measure import is_decimal
from matcalc.render.names import text_name
from matcalc.render.numbers import decimal
from matcalc.render.printer import LIMIT, Piece
from matcalc.render.shapes import dim_text, pair_text, size_text
from matcalc.render.style import ATOM, DIV, POW, PROD, Digits, Laid, Style

__all__ = ["text"]

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def text(node: Node, *, taken: Collection[str] = (), limit: int = LIMIT) -> str:
    """The expression in Unicode; parts of one that is longer than ``limit`` tokens are named below it.

    >>> from matcalc.operations.table import matmul, mul, sub, number, transpose, variable
    >>> A, x, b = variable("A", ("m", "n")), variable("x", ("n", 1)), variable("b", ("m", 1))
    >>> text(matmul(mul(number(2), transpose(A)), sub(matmul(A, x), b)))
    '2 Aᵀ (A x − b)'
    """
    return compose(node, TEXT, taken, limit)


class _Text(Style):
    def name(self, name: str) -> str:
        return text_name(name)

    def function(self, op: str) -> str:
        return OPERATIONS[op].text or op

    def look(self, op: str) -> str:
        return OPERATIONS[op].text

    def spelled(self, name: str) -> str:
        return text_name(name, plain=True)

    def called(self, op: str) -> str:
        return op

    def primes(self, order: int) -> str:
        return ("", "′", "″", "‴", "⁗")[order] if order < 5 else f"^({order})"

    def axis(self, axis: int) -> tuple[str, str]:
        return "", f", axis={axis}"

    def parameters(self, params: Sequence[Dim]) -> tuple[str, str]:
        return "", "".join([f", {dim_text(dim)}" for dim in params])

    def number(self, value: Fraction) -> Laid:
        return (ATOM if is_decimal(value) else DIV), (Digits(decimal(value)),)

    def dimension(self, dim: Dim) -> str:
        return dim_text(dim)

    def size(self, *dims: Dim) -> str:
        return size_text(*dims)

    def pair(self, *dims: Dim) -> str:
        return pair_text(*dims)

    def quotient(self, above: Node, below: Node) -> Laid:
        return DIV, ((above, PROD), "/", (below, POW))

    def power(self, base: Node, exponent: Node, *, entrywise: bool) -> Laid:
        if entrywise:
            return POW, ((base, ATOM), "^∘", (exponent, ATOM))
        whole = exponent.args[0] if exponent.op == "neg" else exponent
        if whole.op == "num" and whole.params[0].denominator == 1 and whole.params[0].numerator < 10**6:
            value = int(whole.params[0])
            return self.raised(base, value if whole is exponent else -value, entrywise=False)
        return POW, ((base, ATOM), "^", (exponent, ATOM))

    def raised(self, base: Node, exponent: int, *, entrywise: bool) -> Laid:
        if entrywise:
            return POW, ((base, ATOM), f"^∘{exponent}" if exponent >= 0 else f"^∘(−{-exponent})")
        return POW, ((base, ATOM), str(exponent).translate(_RAISED))

    def stack(self, rows: Sequence[Sequence[Node]]) -> Laid:
        pieces: list[Piece] = []
        for row in rows:
            for place, block in enumerate(row):
                pieces += [", " if place else "; " if pieces else "[", (block, 0)]
        return ATOM, [*pieces, "]"]

    def between(self, before: str, after: str) -> str:
        meet = before[-1] in "0123456789" and after[0] in "0123456789"
        return " · " if meet or isinstance(after, Digits) else " "

    def conditions(self, value: str, parts: Sequence[tuple[str, str]]) -> str:
        return "\n".join([value, *[f"  where {name} = {part}" for name, part in parts]])


TEXT = _Text()
