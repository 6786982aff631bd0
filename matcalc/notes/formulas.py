"""Formulas as rows of equations: programs, derivatives, steps."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, kind
from matcalc.notes.mathematics import tightened
from matcalc.notes.model import Equations, Inlines, MathSpan, Paragraph, Row, Text
from matcalc.notes.words import Words
from matcalc.operations.table import variable
from matcalc.render.latex import latex as latex_as_it_is
from matcalc.render.names import latex_name
from matcalc.render.shapes import shape_latex
from matcalc.results import Derivation, Expression, Result
from matcalc.showing.vec import shown_vec, vec_left_latex

if TYPE_CHECKING:
    from matcalc.language.program import Program
    from matcalc.notes.model import Block
    from matcalc.steps.glyphs import LatexGlyphs
    from matcalc.steps.lines import Line

__all__ = [
    "latex", "left_of", "living", "program_rows", "result_rows", "shown_latex", "split_math", "steps_blocks", "wanted",
]  # fmt: skip

SHORT = 40  # characters of a value without a name that is written out in a derivative


def latex(node: Node) -> str:
    """A node of a program in LaTeX, as notes have it."""
    return tightened(latex_as_it_is(node))


def shown_latex(shown: Expression) -> str:
    """A result in LaTeX, as notes have it."""
    return tightened(shown.latex())


def living_in(shape: Sequence[Dim]) -> str:
    """The space of a shape, as it stands beside a formula."""
    return rf"\in {shape_latex(shape)}"


def value_latex(derivation: Derivation) -> str:
    """What is differentiated, as the numerator of a derivative has it."""
    if derivation.of:
        return latex_name(derivation.of)
    value = Expression(derivation.value.node, derivation.program)
    return rf"\left( {shown_latex(value)} \right)" if len(value.text()) <= SHORT else r"\text{value}"


def left_of(derivation: Derivation, result: Result) -> str:
    """What a result is, ``\\frac{\\partial s}{\\partial W}``."""
    of, names = value_latex(derivation), [latex_name(name) for name in result.wrt]
    if result.order == 1:
        return rf"\frac{{\partial {of}}}{{\partial {names[0]}}}"
    vectors = [kind(derivation.program.shapes[name]) for name in result.wrt] == ["vector", "vector"]
    last = names[1] + (r"^\top" if vectors else "")
    below = f"{names[0]}^2" if names[0] == last else rf"{names[0]} \partial {last}"
    return rf"\frac{{\partial^2 {of}}}{{\partial {below}}}"


def wanted(derivation: Derivation, *, second: bool = False) -> list[Result]:
    """The results that are shown: all, or the second derivatives alone."""
    return [result for result in derivation.values() if result.order == 2 or not second]


def result_rows(derivation: Derivation, *, second: bool = False) -> Equations:
    """The derivatives with their shapes."""
    rows = []
    for result in wanted(derivation, second=second):
        rows.append(Row(left_of(derivation, result), shown_latex(result), living_in(result.shape)))
        vec = shown_vec(result)
        if vec is not None:
            left = tightened(vec_left_latex(derivation, result, value_latex(derivation)))
            rows.append(Row(left, shown_latex(vec), living_in(vec.node.shape)))
    return Equations(tuple(rows), "result")


def program_rows(program: Program, before: Collection[str]) -> Equations | None:
    """The formulas of a program, but for the names that were there before."""
    from matcalc.steps.naming import replaced

    rows = []
    for defined in program.definitions.values():
        if defined.node is not None and defined.name not in before:
            parameter = variable(defined.parameter, (1, 1))
            body = replaced(defined.node[1], {defined.node[0]: parameter})
            left = f"{latex_name(defined.name)}({latex(parameter)})"
            rows.append(Row(left, latex(body)))
    for name, node in program.names.items():
        if node.op == "let" and name not in before:
            rows.append(Row(latex_name(name), latex(node.args[0]), living_in(node.shape)))
    if program.value_name is None:
        rows.append(Row("", latex(program.value), living_in(program.value.shape)))
    return Equations(tuple(rows), "program") if rows else None


def living(program: Program, before: Collection[str], words: Words) -> Paragraph | None:
    """A sentence that tells where every input lives, and what its declaration says of it."""
    parts: list[Text | MathSpan] = []
    for name, node in program.inputs.items():
        if name in before:
            continue
        parts.append(Text(words.comma if parts else f"{words.say('where')} "))
        parts.append(MathSpan(rf"{latex_name(name)} \in {shape_latex(node.shape)}"))
        facts = _facts(node, words)
        if facts:
            parts.append(Text(f" ({facts})" if words.language == "en" else f"（{facts}）"))
    return Paragraph((*parts, Text(words.stop)), "note") if parts else None


def _facts(node: Node, words: Words) -> str:
    _, type_, positive = node.params
    found = [str(type_)] if type_ in ("symmetric", "posdef", "skew", "diagonal", "orthogonal", "simplex") else []
    return words.comma.join([words[fact] for fact in [*found, *(["positive"] if positive else [])]])


def split_math(text: str) -> Inlines:
    """Words of LaTeX with mathematics between dollar signs.

    >>> split_math("as $x$ varies")
    (Text(text='as '), MathSpan(tex='x'), Text(text=' varies'))
    """
    parts = re.split(r"\$([^$]*)\$", text)
    found = [
        MathSpan(tightened(part)) if place % 2 else Text(re.sub(r"\\([&%#_$])", r"\1", part))
        for place, part in enumerate(parts)
    ]
    return tuple([item for item in found if item != Text("")])


def steps_blocks(
    derivation: Derivation, words: Words, level: str = "brief", policy: str = "shape", style: str = "chain"
) -> list[Block]:
    """The way to the results, law by law; level, policy and style as `matcalc.steps.explain` has them."""
    from matcalc.steps.explain import blocks_of
    from matcalc.steps.glyphs import LatexGlyphs
    from matcalc.steps.rendering import heading

    say, glyphs = words.say, LatexGlyphs(words.say)
    blocks: list[Block] = []
    for block in blocks_of(derivation, glyphs, level, policy, style):
        rows = [_step_row(line, glyphs) for line in block.lines if line.left is not None]
        title = heading(block, glyphs)
        shown: Inlines = (MathSpan(tightened(title)),) if block.definition else split_math(title)
        cited = [say.term(law.title) + say("brackets_after", words=say.term(law.source)) for law in block.laws]
        told = say("by_laws", laws=say.listed(cited)) if cited else ""
        blocks.append(Paragraph((*shown, Text(told + (say("colon").strip() if rows else say("stop")))), "step"))
        if rows:
            blocks.append(Equations(tuple(rows), "steps"))
        sentences = [split_math(line.words + say("stop") + " ") for line in block.lines if line.left is None]
        if sentences:
            blocks.append(Paragraph(tuple([part for sentence in sentences for part in sentence]), "note"))
    return blocks


def _step_row(line: Line, glyphs: LatexGlyphs) -> Row:
    """A line of the board; the shape of its products where they are checked, else its own."""
    from matcalc.steps.rendering import row

    left, right, _ = row(line, glyphs)
    beside = glyphs.shape(line.shape_of) if line.shape_of is not None else ""
    products = [glyphs.product_shapes(chain, chain[-1]) for chain in line.products] if line.checked else []
    if products:
        beside = r",\; ".join(dict.fromkeys(products))
    return Row(tightened(left), tightened(right), beside, split_math(line.remark))
