r"""LaTeX of amsmath and amssymb, without delimiters around it.

Names are italic letters, or upright words; quotients by a scalar are fractions; ``\oslash`` divides entry by entry and
``x^{\circ 2}`` is the power entry by entry (Hadamard power).  Indices count from 0 and stand in brackets, as in the
language, since ``x_{2}`` would be read as the second entry.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS
from matcalc.render.entries import TEX
from matcalc.render.mathematical import compose, in_parts
from matcalc.render.measure import is_decimal, token_count
from matcalc.render.names import latex_name
from matcalc.render.numbers import decimal
from matcalc.render.printer import LIMIT, Piece, long_parts, shared_parts, written_parts
from matcalc.render.shapes import dim_latex, pair_latex, size_latex
from matcalc.render.style import ATOM, POW, PROD, Digits, Laid, Style

__all__ = ["latex", "latex_in_parts"]


def latex(node: Node, *, taken: Collection[str] = (), limit: int = LIMIT) -> str:
    r"""The expression in LaTeX; parts of one that is longer than ``limit`` tokens are named after it.

    >>> from matcalc.operations.table import matmul, sub, transpose, variable
    >>> A, x, b = variable("A", ("m", "n")), variable("x", ("n", 1)), variable("b", ("m", 1))
    >>> print(latex(matmul(transpose(A), sub(matmul(A, x), b))))
    A^\top \left( A x - b \right)
    """
    return compose(node, LATEX, taken, limit)


def latex_in_parts(
    node: Node, *, taken: Collection[str] = (), longest: int = 60
) -> tuple[str, list[tuple[str, str]]]:
    r"""The expression for the lines of a document: what is long by names, and the names with what they stand for.

    >>> from matcalc.operations.table import add, variable
    >>> x, total = variable("x", ("n", 1)), variable("y", ("n", 1))
    >>> for _ in range(4):
    ...     total = add(x, total)
    >>> latex_in_parts(total, longest=6)
    ('x + \\left( x + t_{1} \\right)', [('t_{1}', 'x + \\left( x + y \\right)')])
    """
    if token_count(node) <= longest:
        return latex(node, taken=taken), []
    parts = dict.fromkeys([*shared_parts(node), *long_parts(node, longest // 2)])
    ordered = [part for part in written_parts(node) if part in parts]
    return in_parts(node, LATEX, taken, ordered)


class _Latex(Style):
    brackets = (r"\left( ", r" \right)")
    minus, plus, negative = " - ", " + ", "-"
    times, over, kronecker = r" \odot ", r" \oslash ", r" \otimes "
    cross, convolved = r" \times ", " * "
    entries = TEX
    transposed, inverse, inverse_transposed = r"^\top", "^{-1}", r"^{-\top}"
    pi, one, colon = r"\pi", r"\mathbf{1}", "{:}"
    fractions = True

    def name(self, name: str) -> str:
        return latex_name(name)

    def function(self, op: str) -> str:
        return OPERATIONS[op].latex or self.called(op)

    def look(self, op: str) -> str:
        return OPERATIONS[op].latex

    def spelled(self, name: str) -> str:
        return latex_name(name, plain=True)

    def called(self, op: str) -> str:
        return rf"\operatorname{{{op.replace('_', chr(92) + '_')}}}"

    def primes(self, order: int) -> str:
        return "'" * order if order < 5 else f"^{{({order})}}"

    def axis(self, axis: int) -> tuple[str, str]:
        return rf"_{{\mathrm{{axis}}={axis}}}", ""

    def parameters(self, params: Sequence[Dim]) -> tuple[str, str]:
        return size_latex(*params), ""

    def number(self, value: Fraction) -> Laid:
        written = decimal(value)
        if not is_decimal(value):
            above, below = written.split("/")
            return POW, (rf"\frac{{{above}}}{{{below}}}",)
        digits, _, exponent = written.partition("e")
        if not exponent:
            return ATOM, (Digits(digits),)
        if digits == "1":
            return POW, (Digits(f"10^{{{exponent}}}"),)
        return PROD, (Digits(rf"{digits} \cdot 10^{{{exponent}}}"),)

    def dimension(self, dim: Dim) -> str:
        return dim_latex(dim)

    def size(self, *dims: Dim) -> str:
        return size_latex(*dims)

    def pair(self, *dims: Dim) -> str:
        return pair_latex(*dims)

    def quotient(self, above: Node, below: Node) -> Laid:
        return POW, (r"\frac{", (above, 0), "}{", (below, 0), "}")

    def power(self, base: Node, exponent: Node, *, entrywise: bool) -> Laid:
        if entrywise:
            return POW, ((base, ATOM), r"^{\circ ", (exponent, PROD), "}")
        return POW, ((base, ATOM), "^{", (exponent, 0), "}")

    def raised(self, base: Node, exponent: int, *, entrywise: bool) -> Laid:
        return POW, ((base, ATOM), rf"^{{\circ {exponent}}}" if entrywise else f"^{{{exponent}}}")

    def stack(self, rows: Sequence[Sequence[Node]]) -> Laid:
        pieces: list[Piece] = [r"\begin{bmatrix} "]
        for number, row in enumerate(rows):
            for place, block in enumerate(row):
                pieces += [" & " if place else r" \\ " if number else "", (block, 0)]
        return ATOM, [*pieces, r" \end{bmatrix}"]

    def between(self, before: str, after: str) -> str:
        words = before.startswith(r"\mathrm") or after.startswith(r"\mathrm")
        return r" \cdot " if isinstance(after, Digits) else r"\, " if words else " "

    def conditions(self, value: str, parts: Sequence[tuple[str, str]]) -> str:
        defined = r", \quad ".join([f"{name} = {part}" for name, part in parts])
        return rf"{value} \quad \text{{where}} \quad {defined}"


LATEX = _Latex()
