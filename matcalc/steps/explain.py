"""Derivations explained: which board, in which writing and language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.errors import UnsupportedError
from matcalc.phrases import Phrases, phrases
from matcalc.steps.board import Board
from matcalc.steps.chain import steps_of
from matcalc.steps.glyphs import Glyphs, LatexGlyphs
from matcalc.steps.lines import Block
from matcalc.steps.rendering import latex_blocks, text_blocks
from matcalc.steps.step import LEVELS, POLICIES, STYLES

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["FORMATS", "blocks_of", "explain", "render_latex", "render_text"]

FORMATS = ("text", "latex", "json")


def explain(
    derivation: Derivation, *, level: str = "brief", policy: str = "shape", style: str = "chain", lang: str = "en",
    format: str = "text",
) -> str:  # fmt: skip
    """The way from the value to its derivatives, as on a board.

    ``level``   ``brief``, or ``full``: entry by entry, with the shapes of products and the conditions of laws
    ``policy``  ``shape``: the gradient has its variable's shape at every step; ``jacobian``: Jacobians throughout, rows
                for columns, reshaped at the end
    ``style``   ``chain``: local Jacobians multiplied; ``differential``: ``ds = tr(Gᵀ dX)``, so ``∂s/∂X = G``
    ``lang``    ``en`` or ``zh``
    ``format``  ``text``, ``latex`` (amsmath, amssymb), or ``json``

    Raises `UnsupportedError` for another value of these.

    >>> from matcalc.derivation import derive
    >>> print(explain(derive("s = u.T @ tanh(z)", "z")))
    The formula in pieces
      s = uᵀ tanh(z)   scalar
    <BLANKLINE>
    s = uᵀ tanh(z)
      product rule: d(A @ B) = dA @ B + A @ dB  [Matrix Cookbook 37; Magnus & Neudecker 2019, 8.2]
      derivative of tanh: d(tanh(X)) = (1 - y**2) * dX  [Abramowitz & Stegun, ch. 4]
      ∂s/∂z = u ⊙ (1 − tanh(z)^∘2)   n
    <BLANKLINE>
    The result
      ∂s/∂z = u ⊙ (1 − tanh(z)^∘2)   n
    """
    given = (("level", level, LEVELS), ("policy", policy, POLICIES), ("style", style, STYLES),
             ("format of steps", format, FORMATS))  # fmt: skip
    for what, value, known in given:
        if value not in known:
            raise UnsupportedError(f"there is no {what} {value!r}", hint=f"there are {', '.join(known)}")
    say = phrases(lang)
    blocks = blocks_of(derivation, LatexGlyphs(say) if format == "latex" else Glyphs(say), level, policy, style)
    if format == "json":
        import json

        from matcalc.steps.data import board_as_json

        return json.dumps(board_as_json(blocks, say), ensure_ascii=False, indent=2)
    return written(blocks, say, format)


def written(blocks: Sequence[Block], say: Phrases, format: str) -> str:
    """Blocks as text or LaTeX."""
    return latex_blocks(blocks, say) if format == "latex" else text_blocks(blocks, say)


def blocks_of(
    derivation: Derivation, glyphs: Glyphs, level: str = "brief", policy: str = "shape", style: str = "chain"
) -> list[Block]:
    """The board as data."""
    full = level == "full"
    if style == "differential":
        from matcalc.steps.differential import Differentials

        return Differentials(derivation, glyphs, full=full, policy=policy).blocks
    program = derivation.program
    taken = {*program.names, *program.functions, *program.dims, *program.definitions}
    return Board(steps_of(derivation, policy, level), glyphs, policy=policy, full=full, taken=taken).blocks


def render_text(derivation: Derivation) -> str:
    """The brief steps for people."""
    return explain(derivation)


def render_latex(derivation: Derivation) -> str:
    """The brief steps in LaTeX."""
    return explain(derivation, format="latex")
