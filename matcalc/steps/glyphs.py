"""How the parts of a line are written: in text, and in LaTeX, with the words of a language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from matcalc.calculus.indices import entry_at, indices, latex_indices
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.expressions.node import Node, axes, kind
from matcalc.phrases import Phrases
from matcalc.render.latex import latex
from matcalc.render.names import latex_name, text_name
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.render.text import text
from matcalc.steps.entrywise import BoardForm, LatexBoardForm, below_latex, below_text, without_deltas
from matcalc.steps.lines import Chained, Entry, Line, Marked, Side
from matcalc.steps.step import Condition

__all__ = ["WIDTH", "Glyphs", "LatexGlyphs", "Letters", "escaped", "shown_shape"]

WIDTH = 72  # of a formula in text
Letters = tuple[Sequence[str], Sequence[str]]


class Glyphs:
    """How the parts of a line are written in text."""

    width = WIDTH
    times = "×"

    def __init__(self, say: Phrases) -> None:
        self.say = say

    # ------------------------------------------------------------------------------------ formulas
    def formula(self, node: Node) -> str:
        """A node."""
        return indices(indexed_sum(node)) if is_entries(node) else text(node)

    def name(self, name: str) -> str:
        """A variable."""
        return text_name(name)

    def in_words(self, formula: str) -> str:
        """A formula inside a sentence."""
        return formula

    def placeholder(self, name: str) -> str:
        """How a variable that stands for a differential comes out, to be replaced."""
        return text_name(name)

    def differential(self, inside: str, order: int = 1) -> str:
        """The differential of a variable, or of a formula in parentheses."""
        return f"d²{inside}" if order == 2 else f"d{inside}"

    def closed(self, formula: str) -> str:
        """In parentheses."""
        return f"({formula})"

    def marked(self, side: Marked) -> str:
        """A formula with differentials in it."""
        shown = self.formula(side.node)
        for name, node in side.marks.items():
            inside = self.formula(node)
            named = self.name(node.params[0]) if node.op in ("var", "let") else self.closed(inside)
            shown = shown.replace(self.placeholder(name), self.differential(named))
        return shown

    def entry(self, side: Entry) -> str:
        """One entry of a derivative."""
        return entry_at(without_deltas(side), side.letters, BoardForm())

    def indexed(self, name: str, place: Sequence[str]) -> str:
        """A variable with indices below it."""
        return below_text(text_name(name), place)

    def ratio(self, above: str, below: str) -> str:
        """A derivative."""
        return f"∂{above}/∂{below}"

    def over(self, letters: Sequence[str], body: str) -> str:
        """A sum over indices."""
        return f"Σ_{''.join(letters)} {body}"

    def partial(self, of: str, by: str, below: Letters = ((), ())) -> str:
        """A derivative; of second order where there are two variables."""
        names = [self.indexed(name, below[1]) for name in by.split(",")]
        if len(names) == 1:
            return self.ratio(self.indexed(of, below[0]), names[0])
        return f"∂²{text_name(of)}/∂{'∂'.join(names)}"

    def left(self, line: Line) -> str:
        """What stands left."""
        left = line.left
        assert left is not None
        if left.kind == "name":
            return self.name(left.of)
        if left.kind in ("differential", "moved"):
            return self.differential(self.name(left.of), left.order)
        if left.kind == "change":
            return self.differential(self.closed(self.partial(left.of, left.by)))
        return self.partial(left.of, left.by, line.below or ((), ()))

    def side(self, side: Side, line: Line) -> str:
        """One of the things that are equal."""
        if isinstance(side, Marked):
            return self.marked(side)
        if isinstance(side, Entry):
            return self.entry(side)
        if isinstance(side, Chained):
            left, below = line.left, line.below
            assert left is not None
            assert below is not None
            first = self.partial(left.of, left.through, (below[0], side.through))
            second = self.partial(left.through, left.by, (side.through, below[1]))
            product = f"{self.closed(first)}{self.closed(second)}"
            return self.over(side.through, product) if side.through else product
        return self.formula(side)

    # --------------------------------------------------------------------------------------- shapes
    def shape(self, node: Node) -> str:
        """The shape of a formula."""
        return self.say("scalar") if node.shape == (1, 1) else shape_text(shown_shape(node))

    def product_shapes(self, chain: Sequence[Node], product: Node) -> str:
        """``(n×1)(1×d) = n×d``."""
        inner = [(1, 1) if len(factor.shape) > 2 else factor.shape for factor in chain]
        shapes = "".join([f"({self.times.join([self.dim(d) for d in shape])})" for shape in inner])
        whole = (inner[0][0], inner[-1][1])
        return f"{shapes} = {self.times.join([self.dim(d) for d in whole])}"

    def dim(self, dim: Any) -> str:
        """A dimension."""
        return shape_text((dim, dim)).split("×")[0] if dim != 1 else "1"

    def remark(self, line: Line) -> str:
        """Shapes and words beside a formula."""
        parts = [self.shape(line.shape_of)] if line.shape_of is not None else []
        if line.checked:
            checks = [self.product_shapes(chain, chain[-1]) for chain in line.products]
            if checks:
                parts = ["; ".join(dict.fromkeys(checks))]
        return self.say("comma").join(parts + ([line.remark] if line.remark else []))

    def condition(self, condition: Condition) -> str:
        """A side condition as a sentence."""
        key, words, names = condition
        if key != "holds_where":
            return self.say(key, name=self.in_words(self.name(names[0][0])))
        title, _, domain = words.partition("|")
        shown = {name: self.in_words(self.formula(node)) for name, node in names}
        domain = re.sub(
            r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", lambda m: shown.get(m[0], m[0]), self.plain(self.say.term(domain))
        )
        return self.say(key, law=self.say.term(title), domain=domain)

    def plain(self, words: str) -> str:
        """Words, fit to be written."""
        return words


class LatexGlyphs(Glyphs):
    """How the parts of a line are written in LaTeX."""

    width = 2 * WIDTH
    times = r" \times "

    def formula(self, node: Node) -> str:
        """A node."""
        return latex_indices(indexed_sum(node)) if is_entries(node) else latex(node)

    def name(self, name: str) -> str:
        """A variable."""
        return latex_name(name)

    def in_words(self, formula: str) -> str:
        """A formula inside a sentence."""
        return f"${formula}$"

    def placeholder(self, name: str) -> str:
        """How a variable that stands for a differential comes out, to be replaced."""
        return latex_name(name)

    def differential(self, inside: str, order: int = 1) -> str:
        """The differential of a variable, or of a formula in parentheses."""
        return rf"\mathrm{{d}}^2 {inside}" if order == 2 else rf"\mathrm{{d}}{inside}"

    def closed(self, formula: str) -> str:
        """In parentheses."""
        return rf"\left( {formula} \right)"

    def entry(self, side: Entry) -> str:
        """One entry of a derivative."""
        return entry_at(without_deltas(side), side.letters, LatexBoardForm())

    def indexed(self, name: str, place: Sequence[str]) -> str:
        """A variable with indices below it."""
        return below_latex(latex_name(name), place)

    def ratio(self, above: str, below: str) -> str:
        """A derivative, as a fraction."""
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def over(self, letters: Sequence[str], body: str) -> str:
        """A sum over indices."""
        return rf"\sum_{{{' '.join(letters)}}} {body}"

    def partial(self, of: str, by: str, below: Letters = ((), ())) -> str:
        """A derivative, as a fraction."""
        if "," not in by:
            return super().partial(of, by, below)
        names = r" \, \partial ".join([latex_name(name) for name in by.split(",")])
        return rf"\frac{{\partial^2 {latex_name(of)}}}{{\partial {names}}}"

    def shape(self, node: Node) -> str:
        """The space that the formula is in."""
        return rf"\in {shape_latex(shown_shape(node))}"

    def dim(self, dim: Any) -> str:
        """A dimension."""
        shown = shape_latex((dim, dim))
        return "1" if dim == 1 else shown[len(r"\mathbb{R}^{") : -1].split(r" \times ")[0]

    def remark(self, line: Line) -> str:
        """Shapes and words beside a formula."""
        parts = [self.shape(line.shape_of)] if line.shape_of is not None else []
        if line.checked:
            checks = [self.product_shapes(chain, chain[-1]) for chain in line.products]
            if checks:
                parts = [r",\; ".join(dict.fromkeys(checks))]
        if line.remark:
            parts.append(self.worded(self.say("brackets", words=line.remark)))
        return r" \quad ".join(parts)

    def worded(self, words: str) -> str:
        """Words inside of mathematics; formulas in them stand outside of the text, which not all that read TeX nest."""
        parts = [part if k % 2 else rf"\text{{{part}}}" for k, part in enumerate(words.split("$")) if part]
        return "".join(parts)

    def plain(self, words: str) -> str:
        """Words, fit to be written."""
        return re.sub(r"([<>])", r"$\1$", escaped(words))


def escaped(words: str) -> str:
    """Words as LaTeX takes them; dollars stay."""
    return re.sub(r"([&%#_])", r"\\\1", words)


def shown_shape(node: Node) -> Any:
    """The shape of a node as results tell it."""
    if len(node.shape) > 2:
        return tuple(node.shape)
    return node.shape if kind(node.shape) == "row" else axes(node.shape)

