"""How entries, sums over indices and products of them are written: in the language, and in LaTeX.

A `Written` is a string with how tightly it binds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import TypeAlias

from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS
from matcalc.render.numbers import decimal
from matcalc.render.source import abbreviated, source

__all__ = ["ADD", "ATOM", "MUL", "RUNNING", "UNARY", "Form", "LatexForm", "Place", "Written"]

ADD, RUNNING, MUL, UNARY, POWER, ATOM = range(1, 7)  # RUNNING: a sum sign, which takes all that follows

Number: TypeAlias = Fraction | int
Written: TypeAlias = tuple[int, str]
Place: TypeAlias = tuple[str, ...]

LARGE = 10**300  # denominators beyond it stand in a decimal


class Form:
    """The language itself."""

    times, open, close = "*", "(", ")"
    bounded = True  # what does not vary with an index still tells how far it runs

    def __init__(self, syntax: str = "numpy") -> None:
        self.syntax, self.raised = syntax, "^" if syntax == "matlab" else "**"

    def node(self, node: Node, taken: Collection[str]) -> str:
        """A factor in matrix notation; lines before the last are abbreviations."""
        return source(node, syntax=self.syntax, taken=taken)

    def abbreviated(self, nodes: Sequence[Node], taken: Collection[str]) -> tuple[list[str], dict[Node, str]]:
        """Factors in matrix notation, with statements before them for what they share."""
        return abbreviated(nodes, syntax=self.syntax, taken=taken)

    def entry(self, node: Node, text: str, place: Place) -> Written:
        """A factor with indices behind it."""
        called = text.isidentifier() or node.op in ("var", "let", "apply", "own", "index", "stack", "eye") or (
            node.op in OPERATIONS and text.endswith(")") and node.op not in INFIX
        )
        if not place:
            return (ATOM if called or node.op in ("num", "dim", "pi") else ADD), text
        return ATOM, f"{text}[{', '.join(place)}]" if called else f"({text})[{', '.join(place)}]"

    def pair(self, node: Node, place: Place) -> Written:
        """One where an index of the whole is this pair of indices, else zero."""
        whole, first, second = place
        size = dim_text(node.params[1])
        size = f"({size})" if " " in size or "*" in size else size
        return ATOM, f"eye({dim_text(node.shape[0])})[{whole}, {first}*{size} + {second}]"

    def total(self, letters: Sequence[str], body: Written) -> Written:
        """A sum over indices."""
        return ATOM, f"sum({', '.join(letters)}: {body[1]})"

    def array(self, letters: Sequence[str], body: Written) -> str:
        """All entries."""
        return f"{{{', '.join(letters)}: {body[1]}}}" if letters else body[1]

    def number(self, value: Number) -> Written:
        """A number."""
        value = Fraction(value)
        text = decimal(abs(value))
        if value < 0:
            return UNARY, f"-{text}"
        return (MUL if "/" in text else ATOM), text

    def fit(self, written: Written, level: int) -> str:
        """In parentheses, unless it binds as tightly as this."""
        return written[1] if written[0] >= level else f"{self.open}{written[1]}{self.close}"

    def negative(self, written: Written) -> Written:
        """Minus."""
        return UNARY, f"-{self.fit(written, RUNNING)}"

    def sum(self, parts: Sequence[tuple[int, Written]]) -> Written:
        """Signed terms; one that is positive comes first where there is one."""
        if len(parts) == 1 and parts[0][0] > 0:
            return parts[0][1]
        pieces: list[str] = []  # joined at last: thousands of terms, one after another, would be copied each time
        for sign, written in sorted(parts, key=lambda part: part[0] < 0) if parts[0][0] < 0 else parts:
            shown = self.fit(written, RUNNING) if sign < 0 or pieces else written[1]
            if pieces:
                pieces.append(f" {'+' if sign > 0 else '-'} ")
            pieces.append(shown if sign > 0 or len(pieces) > 0 else f"-{shown}")
        return ADD, "".join(pieces)

    def product(self, c: Number, parts: Sequence[tuple[Written, Number]]) -> Written:
        """A coefficient times powers."""
        c = Fraction(c)
        whole = c.denominator > LARGE  # 1e-320 is a number that is read, 1e320 is none
        above = [self.number(c if whole else Fraction(c.numerator))] if c.numerator != 1 or whole else []
        below = [self.number(Fraction(c.denominator))] if c.denominator != 1 and not whole else []
        for written, p in parts:
            (above if p > 0 else below).append(self.power(written, p if p > 0 else -p))
        if not above:
            above = [(ATOM, "1")]
        if len(above) == 1 and not below:
            return above[0]
        return self.quotient(above, below)

    def quotient(self, above: Sequence[Written], below: Sequence[Written]) -> Written:
        """A product over a product."""
        text = self.times.join([self.fit(part, UNARY if place else MUL) for place, part in enumerate(above)])
        return MUL, "".join([text, *[f"/{self.fit(part, POWER)}" for part in below]])

    def power(self, written: Written, p: Number) -> Written:
        """A power."""
        if p == 1:
            return written
        level, exponent = self.number(p)
        return POWER, f"{self.fit(written, ATOM)}{self.raised}{exponent if level > MUL else f'({exponent})'}"


INFIX = ("T", "neg", "matmul", "mul", "div", "add", "sub", "pow")


class LatexForm(Form):
    """LaTeX: subscripts, sum signs, Kronecker deltas."""

    times, open, close = r" \, ", r"\left( ", r" \right)"

    def node(self, node: Node, taken: Collection[str]) -> str:
        """A factor in matrix notation."""
        from matcalc.render.latex import latex

        return latex(node, taken=taken)

    def abbreviated(self, nodes: Sequence[Node], taken: Collection[str]) -> tuple[list[str], dict[Node, str]]:
        """Nothing: a formula has no statements before it."""
        return [], {}

    def entry(self, node: Node, text: str, place: Place) -> Written:
        """A factor with its indices below; an identity is a delta."""
        if node.op == "eye" and place:
            return ATOM, rf"\delta_{{{_below(place)}}}"
        if not place:
            return (ATOM if node.op in ("var", "let", "num", "dim", "pi", "apply", "own") else ADD), text
        if node.op in ("var", "let") and "_" not in text:
            return ATOM, f"{text}_{{{_below(place)}}}"
        return ATOM, rf"\left[ {text} \right]_{{{_below(place)}}}"

    def pair(self, node: Node, place: Place) -> Written:
        """A delta at a pair of indices."""
        whole, first, second = _shown(place)
        size: Dim = node.params[1]
        from matcalc.render.shapes import dim_latex

        shown = dim_latex(size)
        shown = rf"({shown})" if " " in shown else shown
        return ATOM, rf"\delta_{{{whole},\, {first} {shown} + {second}}}"

    def total(self, letters: Sequence[str], body: Written) -> Written:
        """A sum sign."""
        return RUNNING, rf"\sum_{{{_below(letters)}}} {self.fit(body, RUNNING)}"

    def array(self, letters: Sequence[str], body: Written) -> str:
        """All entries: what stands at these indices."""
        return rf"\left[ {body[1]} \right]_{{{_below(letters)}}}" if letters else body[1]

    def quotient(self, above: Sequence[Written], below: Sequence[Written]) -> Written:
        """A fraction."""
        last = len(above) - 1
        levels = [RUNNING if place == last else MUL for place in range(len(above))]
        shown = [self.fit(part, level) for part, level in zip(above, levels, strict=True)]
        if not below:
            return (RUNNING if above[-1][0] == RUNNING else MUL), self.times.join(shown)
        under = self.times.join([self.fit(part, MUL) for part in below])
        return POWER, rf"\frac{{{self.times.join(shown)}}}{{{under}}}"

    def power(self, written: Written, p: Number) -> Written:
        """A power."""
        return written if p == 1 else (POWER, f"{self.fit(written, ATOM)}^{{{self.number(p)[1]}}}")


def _shown(place: Sequence[str]) -> list[str]:
    return [f"{letter[0]}_{{{letter[1:]}}}" if len(letter) > 1 else letter for letter in place]


def _below(place: Sequence[str]) -> str:
    return ",".join(_shown(place)) if any(len(letter) > 1 for letter in place) else " ".join(place)
