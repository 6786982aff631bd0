"""Formulas as rows of equations: programs, derivatives, steps."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from matcalc.expressions.node import Node, kind
from matcalc.notes.model import Equations, Inlines, MathSpan, Paragraph, Row, Text
from matcalc.notes.words import Words
from matcalc.render.latex import latex
from matcalc.render.names import latex_name
from matcalc.render.shapes import shape_latex
from matcalc.results import Derivation, Expression, Result

if TYPE_CHECKING:
    from matcalc.language.program import Program
    from matcalc.notes.model import Block

__all__ = ["left_of", "living", "program_rows", "result_rows", "split_math", "steps_blocks", "wanted"]

SHORT = 40  # characters of a value without a name that is written out in a derivative


def value_latex(derivation: Derivation) -> str:
    """What is differentiated, as the numerator of a derivative has it."""
    if derivation.of:
        return latex_name(derivation.of)
    value = Expression(derivation.value.node, derivation.program)
    return rf"\left( {value.latex()} \right)" if len(value.text()) <= SHORT else r"\text{value}"


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


def result_rows(derivation: Derivation, *, second: bool = False, form: str = "latex") -> Equations:
    """The derivatives with their shapes."""
    rows = []
    for result in wanted(derivation, second=second):
        rows.append(Row(left_of(derivation, result), result.latex(), shape_latex(result.shape)))
    return Equations(tuple(rows), "result")


def program_rows(program: Program, before: Collection[str]) -> Equations | None:
    """The formulas of a program, but for the names that were there before."""
    rows = []
    for defined in program.definitions.values():
        if defined.node is not None and defined.name not in before:
            parameter, body = defined.node
            left = rf"{latex_name(defined.name)}\left( {latex(parameter)} \right)"
            rows.append(Row(left, latex(body)))
    for name, node in program.names.items():
        if node.op == "let" and name not in before:
            rows.append(Row(latex_name(name), latex(node.args[0]), shape_latex(node.shape)))
    if program.value_name is None:
        rows.append(Row("", latex(program.value), shape_latex(program.value.shape)))
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
    """Words with mathematics between dollar signs.

    >>> split_math("as $x$ varies")
    (Text(text='as '), MathSpan(tex='x'), Text(text=' varies'))
    """
    parts = re.split(r"\$([^$]*)\$", text)
    found = [MathSpan(part) if place % 2 else Text(part) for place, part in enumerate(parts)]
    return tuple([item for item in found if item != Text("")])


def steps_blocks(derivation: Derivation, words: Words) -> list[Block]:
    """The way to the results, law by law."""
    from matcalc.steps.board import Board
    from matcalc.steps.chain import steps_of
    from matcalc.steps.glyphs import LatexGlyphs

    blocks: list[Block] = []
    for block in Board(steps_of(derivation), LatexGlyphs()).blocks:
        heading: Inlines = (MathSpan(block.formula),) if block.formula else split_math(block.words)
        laws = words.comma.join([f"{law.title} ({law.source})" for law in block.laws])
        told = f"{words.comma}{words['by']} {laws}" if laws else ""
        blocks.append(Paragraph((*heading, Text(told + (words.colon.rstrip() if block.rows else words.stop))), "step"))
        if block.rows:
            blocks.append(Equations(tuple([_step_row(*row) for row in block.rows]), "steps"))
    return blocks


def _step_row(left: str, right: str, remark: str) -> Row:
    shape, _, words = remark.partition(", ")
    if not shape.startswith("\\mathbb"):
        shape, words = "", remark
    return Row(left, right, shape, split_math(words))
