"""Steps written down: for people, in LaTeX, and as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matcalc.calculus.indices import indices, latex_indices
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.expressions.node import Node
from matcalc.render.latex import latex
from matcalc.render.source import source
from matcalc.render.text import text
from matcalc.steps.board import Board, Row
from matcalc.steps.chain import steps_of
from matcalc.steps.glyphs import WIDTH, Glyphs, LatexGlyphs, shown_shape
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["as_json", "render_latex", "render_text"]


def render_text(derivation: Derivation) -> str:
    """The steps for people.

    >>> from matcalc.derivation import derive
    >>> print(render_text(derive("s = u.T @ tanh(z)", "z")))
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
    blocks = []
    for block in Board(steps_of(derivation), Glyphs()).blocks:
        new = {law.title for law in block.laws}
        known = [title for title in block.titles if title not in new]
        lines = [(block.words or block.formula) + (f"   ({', '.join(known)})" if known else "")]
        lines += [f"  {law.title}: {law.text}  [{law.source}]" for law in block.laws]
        blocks.append("\n".join([*lines, *_columns(block.rows)]))
    return "\n\n".join(blocks)


def _columns(rows: Sequence[Row]) -> list[str]:
    """Rows with their equal signs and remarks below each other."""
    left = max([len(row[0]) for row in rows], default=0)
    right = max([len(row[1]) for row in rows if len(row[1]) < WIDTH and "\n" not in row[1]], default=0)
    lines: list[str] = []
    for name, formula, remark in rows:
        first, *rest = formula.split("\n")
        lines.append(f"  {name:<{left}} = {first:<{right}}   {remark}")
        lines += [f"  {'':<{left}}   {line.strip()}" for line in rest]
    return lines


def render_latex(derivation: Derivation) -> str:
    r"""The steps in LaTeX: words, then an align* for each piece; amsmath and amssymb.

    >>> from matcalc.derivation import derive
    >>> render_latex(derive("s = u.T @ tanh(z)", "z")).splitlines()[:4]
    ['\\noindent The formula in pieces:', '\\begin{align*}', ...]
    """
    blocks = []
    for block in Board(steps_of(derivation), LatexGlyphs()).blocks:
        laws = ", ".join([_escaped(f"{law.title} ({law.source})") for law in block.laws])
        heading = f"${block.formula}$" if block.formula else block.words
        told = f", by {laws}" if laws else ""
        lines = [rf"\noindent {heading}{told}{':' if block.rows else '.'}"]
        if block.rows:
            rows = [rf"{left} &= {right} && {_remark(remark)}" for left, right, remark in block.rows]
            lines += [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _remark(remark: str) -> str:
    """A shape, and words after a comma; or words alone."""
    shape, comma, words = remark.partition(", ")
    if shape.startswith("\\mathbb"):
        return rf"\in {shape}" + (rf" \quad \text{{({words})}}" if comma else "")
    return rf"\text{{({remark})}}"


def _escaped(words: str) -> str:
    return re.sub(r"([&%#_$])", r"\\\1", words)


def as_json(derivation: Derivation) -> list[dict[str, Any]]:
    """The steps as data: kind, names, laws, and each formula as text, source and LaTeX.

    >>> from matcalc.derivation import derive
    >>> step = as_json(derive("s = u.T @ f(W@x + b)", "W"))[3]
    >>> step["kind"], step["of"], step["by"], step["law"], step["downstream"]["text"]
    ('chain', 's', 'h', 'd(A @ B) = dA @ B + A @ dB', 'u')
    """
    return [_data(step) for step in steps_of(derivation)]


def _data(step: DerivationStep) -> dict[str, Any]:
    laws = [{"name": law.title, "law": law.text, "source": law.source} for law in step.laws]
    local = step.differential if step.local is None else step.local
    return {
        "kind": step.kind,
        "name": step.name or "; ".join([law.title for law in step.laws]) or None,
        "of": step.of or None,
        "by": step.by or None,
        "law": "; ".join([law.text for law in step.laws]) or None,
        "law_source": "; ".join([law.source for law in step.laws]) or None,
        "laws": laws,
        "upstream": _written(step.upstream),
        "local": _written(local),
        "local_kind": None if local is None else "jacobian" if local is step.local else "differential",
        "downstream": _written(step.formula),
        "final": _written(step.final),
        "shape": [dim if isinstance(dim, int) else str(dim) for dim in shown_shape(step.formula)],
        "note": step.note or None,
    }


def _written(node: Node | None) -> dict[str, str] | None:
    if node is None:
        return None
    if is_entries(node):
        value = indexed_sum(node)
        return {"text": indices(value), "source": indices(value), "latex": latex_indices(value)}
    return {"text": text(node), "source": source(node), "latex": latex(node)}
