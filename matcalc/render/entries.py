"""Index terms inside an expression: ``{i, j: sum(k: A[i, k]*B[k, j])}``, in the language and in
LaTeX.

Results that are index terms as a whole are written by `matcalc.calculus.indices`, which opens their factors; this
writes them where they stand inside something larger, with their factors in matrix notation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node
from matcalc.render.numbers import decimal
from matcalc.render.printer import Piece, used_names

__all__ = ["PLAIN", "POINTED", "TEX", "Spelling", "entries_pieces"]

LETTERS = "ijklmnpqrstuvwabcdegh"
FIRST = 8  # the smallest summed index


class Spelling:
    """How the parts of an index expression look."""

    __slots__ = ("at", "close", "dim", "open", "power", "sum_close", "sum_open", "times")

    def __init__(
        self,
        open_: Callable[[Sequence[str]], str],
        close: str,
        at: Callable[[Sequence[str]], str],
        sum_open: Callable[[Sequence[str]], str],
        sum_close: str,
        times: str,
        power: Callable[[str], str],
        dim: Callable[[Dim], str] = dim_text,
    ) -> None:
        self.open, self.close, self.at = open_, close, at
        self.sum_open, self.sum_close = sum_open, sum_close
        self.times, self.power, self.dim = times, power, dim


def _plain(raised: str) -> Spelling:
    return Spelling(
        lambda letters: f"{{{', '.join(letters)}: ", "}", lambda letters: f"[{', '.join(letters)}]",
        lambda letters: f"sum({', '.join(letters)}: ", ")", "*", lambda p: f"{raised}{p if p.isdigit() else f'({p})'}",
    )  # fmt: skip


PLAIN, POINTED = _plain("**"), _plain("^")  # the latter in the MATLAB-style syntax
TEX = Spelling(
    lambda letters: rf"\left\{{ {', '.join(letters)} : ", r" \right\}", lambda letters: f"_{{{', '.join(letters)}}}",
    lambda letters: rf"\sum_{{{', '.join(letters)}}} ", "", r" \, ", lambda p: f"^{{{p}}}",
)  # fmt: skip


def _letters(node: Node) -> Iterator[str]:
    used = used_names(node)
    yield from [letter for letter in LETTERS if letter not in used]
    count = 0
    while True:
        count += 1
        if f"i{count}" not in used:
            yield f"i{count}"


def entries_pieces(node: Node, spelling: Spelling, atom: int) -> list[Piece]:
    """The pieces of an index expression; ``atom`` is how tightly a factor must bind to have indices behind it."""
    supply = _letters(node)
    free = sorted({k for _, factors in node.params for _, _, index in factors for k in index if k < FIRST})
    count = max([*(k + 1 for k in free), sum(dim != 1 for dim in node.shape)], default=0)
    names = {k: next(supply) for k in range(count)}
    spare: list[str] = []
    pieces: list[Piece] = [spelling.open(list(names.values()))] if names else []
    for number, (c, factors) in enumerate(node.params):
        sign = ("-" if c < 0 else "") if not number else (" - " if c < 0 else " + ")
        pieces.append(sign)
        summed = sorted({k for _, _, index in factors for k in index if k >= FIRST})
        while len(spare) < len(summed):
            spare.append(next(supply))
        place = {**names, **dict(zip(summed, spare, strict=False))}
        pieces += _term(node, abs(c), factors, place, [place[k] for k in summed], spelling, atom)
        if not number:
            pieces += _repeated(node, names, spelling)
    if not node.params:
        pieces.append("0")
    return [*pieces, spelling.close] if names else pieces


def _repeated(node: Node, names: dict[int, str], spelling: Spelling) -> list[Piece]:
    """Ones along the axes that no term has an index for, which tell how far these run where they are read again."""
    there = {k for _, factors in node.params for _, _, index in factors for k in index}
    alone = [k for k in names if k not in there and k < len(node.shape) and node.shape[k] != 1]
    form = {PLAIN: "*ones({})", POINTED: "*ones({}, 1)"}.get(spelling)
    if form is None:
        return []
    return [form.format(spelling.dim(node.shape[k])) + spelling.at([names[k]]) for k in alone]


Factors = Sequence[tuple[int, Fraction, tuple[int, ...]]]


def _term(
    node: Node, c: Fraction, factors: Factors, place: dict[int, str], summed: list[str], spelling: Spelling, atom: int
) -> list[Piece]:
    pieces: list[Piece] = []
    if c != 1 or not factors:
        pieces += [decimal(c) if "/" not in decimal(c) else f"({decimal(c)})", *([spelling.times] if factors else [])]
    if summed:
        pieces.append(spelling.sum_open(summed))
    for number, (position, p, index) in enumerate(factors):
        factor, letters = node.args[position], [place[k] for k in index]
        if number:
            pieces.append(spelling.times)
        if factor.op == "pair":
            size = spelling.dim(factor.params[1])
            size = f"({size})" if " " in size or "*" in size else size
            whole = spelling.dim(factor.shape[0])
            pieces += [f"eye({whole})", spelling.at([letters[0], f"{letters[1]}*{size} + {letters[2]}"])]
        else:
            pieces += [(factor, atom), *([spelling.at(letters)] if letters else [])]
        if p != 1:
            shown = decimal(p if p > 0 else -p)
            pieces.append(spelling.power(shown if p > 0 else f"-{shown}"))
    if summed:
        pieces.append(spelling.sum_close)
    return pieces
