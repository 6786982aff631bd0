"""Steps as data, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matcalc.calculus.indices import indices, latex_indices
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.expressions.node import Node
from matcalc.phrases import Phrases, phrases
from matcalc.render.latex import latex
from matcalc.render.source import source
from matcalc.render.text import text
from matcalc.steps.chain import steps_of
from matcalc.steps.glyphs import Glyphs, LatexGlyphs, shown_shape
from matcalc.steps.lines import Block, Line
from matcalc.steps.rendering import heading, parts, row
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["as_json", "board_as_json"]


def as_json(derivation: Derivation, *, policy: str = "shape", lang: str = "en") -> list[dict[str, Any]]:
    """The steps as data: kind, names, laws, and each formula as text, source and LaTeX; words in a language.

    >>> from matcalc.derivation import derive
    >>> step = as_json(derive("s = u.T @ f(W@x + b)", "W"))[3]
    >>> step["kind"], step["of"], step["by"], step["law"], step["downstream"]["text"]
    ('chain', 's', 'h', 'd(A @ B) = dA @ B + A @ dB', 'u')
    """
    say, syntax = phrases(lang), derivation.program.syntax
    return [_data(step, say, syntax) for step in steps_of(derivation, policy)]


def _data(step: DerivationStep, say: Phrases, syntax: str) -> dict[str, Any]:
    laws = [{"name": say.term(law.title), "law": law.text, "source": say.term(law.source)} for law in step.laws]
    local = step.differential if step.local is None else step.local
    return {
        "kind": step.kind,
        "name": step.name or "; ".join([law["name"] for law in laws]) or None,
        "of": step.of or None,
        "by": step.by or None,
        "law": "; ".join([law.text for law in step.laws]) or None,
        "law_source": "; ".join([law["source"] for law in laws]) or None,
        "laws": laws,
        "upstream": _written(step.upstream, syntax),
        "local": _written(local, syntax),
        "local_kind": None if local is None else "jacobian" if local is step.local else "differential",
        "downstream": _written(step.formula, syntax),
        "final": _written(step.final, syntax),
        "shape": [dim if isinstance(dim, int) else str(dim) for dim in shown_shape(step.formula)],
        "note": step.told(say) or None,
    }


def board_as_json(blocks: Sequence[Block], say: Phrases) -> list[dict[str, Any]]:
    """The board as data: headings, laws, and the lines with what they equal, in text and LaTeX."""
    return [_block(block, Glyphs(say), LatexGlyphs(say)) for block in blocks]


def _block(block: Block, glyphs: Glyphs, latex_glyphs: LatexGlyphs) -> dict[str, Any]:
    say = glyphs.say
    return {
        "heading": heading(block, glyphs),
        "laws": [{"name": say.term(law.title), "law": law.text, "source": say.term(law.source)} for law in block.laws],
        "lines": [_line(line, glyphs, latex_glyphs) for line in block.lines],
    }


def _line(line: Line, glyphs: Glyphs, latex_glyphs: LatexGlyphs) -> dict[str, Any]:
    if line.left is None:
        return {"left": None, "right": [], "latex": None, "remark": line.words}
    left, right, remark = parts(line, glyphs)
    latex_left, latex_right, _ = row(line, latex_glyphs)
    return {"left": left, "right": right, "latex": f"{latex_left} = {latex_right}", "remark": remark}


def _written(node: Node | None, syntax: str) -> dict[str, str] | None:
    if node is None:
        return None
    if is_entries(node):
        value = indexed_sum(node)
        return {"text": indices(value), "source": indices(value), "latex": latex_indices(value)}
    return {"text": text(node), "source": source(node, syntax=syntax), "latex": latex(node)}
