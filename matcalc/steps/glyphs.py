"""How the parts of a step are written: in text, and in LaTeX."""

from __future__ import annotations

import re
from typing import Any

from matcalc.calculus.indices import indices, latex_indices
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.expressions.node import Node, axes, kind
from matcalc.render.latex import latex
from matcalc.render.names import latex_name, text_name
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.render.text import text
from matcalc.steps.step import DerivationStep

__all__ = ["WIDTH", "Glyphs", "LatexGlyphs", "shown_shape"]

WIDTH = 72  # of a formula in text


class Glyphs:
    """How the parts of a step are written in text."""

    differential = "d"
    width = WIDTH

    def formula(self, node: Node, step: DerivationStep) -> str:
        """A node, with the change ``dW`` of a variable as that."""
        shown = indices(indexed_sum(node)) if is_entries(node) else text(node)
        if step.change is not None:
            name = text_name(step.change.params[0])
            shown = re.sub(rf"\b{re.escape(name)}(?!\w)", "d" + text_name(step.by), shown)
        return shown

    def name(self, name: str) -> str:
        """A variable."""
        return text_name(name)

    def name_in_words(self, name: str) -> str:
        """A variable inside a sentence."""
        return self.name(name)

    def partial(self, of: str, by: str, order: int = 1) -> str:
        """A derivative."""
        names = [text_name(name) for name in by.split(",")]
        return f"∂{text_name(of)}/∂{names[0]}" if order == 1 else f"∂²{text_name(of)}/∂{'∂'.join(names)}"

    def shape(self, node: Node) -> str:
        """The shape of a formula."""
        return shape_text(shown_shape(node))


class LatexGlyphs(Glyphs):
    """How the parts of a step are written in LaTeX."""

    differential = r"\mathrm{d}"
    width = 2 * WIDTH

    def formula(self, node: Node, step: DerivationStep) -> str:
        """A node, with the change of a variable as that."""
        shown = latex_indices(indexed_sum(node)) if is_entries(node) else latex(node)
        if step.change is not None:
            shown = shown.replace(latex_name(step.change.params[0]), r"\mathrm{d}" + latex_name(step.by))
        return shown

    def name(self, name: str) -> str:
        """A variable."""
        return latex_name(name)

    def name_in_words(self, name: str) -> str:
        """A variable inside a sentence."""
        return f"${latex_name(name)}$"

    def partial(self, of: str, by: str, order: int = 1) -> str:
        """A derivative, as a fraction."""
        names = [latex_name(name) for name in by.split(",")]
        if order == 1:
            return rf"\frac{{\partial {latex_name(of)}}}{{\partial {names[0]}}}"
        below = r" \, \partial ".join(names)
        return rf"\frac{{\partial^2 {latex_name(of)}}}{{\partial {below}}}"

    def shape(self, node: Node) -> str:
        """The space that the formula is in."""
        return shape_latex(shown_shape(node))


def shown_shape(node: Node) -> Any:
    """The shape of a node as results tell it."""
    if len(node.shape) > 2:
        return tuple(node.shape)
    return node.shape if kind(node.shape) == "row" else axes(node.shape)
