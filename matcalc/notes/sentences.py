"""Answers within a sentence: a derivative, a formula, a shape."""

from __future__ import annotations

from typing import Any

from matcalc.derivation import chosen_variables
from matcalc.errors import ParseError
from matcalc.notes import formulas
from matcalc.notes.asking import names
from matcalc.notes.model import CodeSpan, Inline, MathSpan, Text
from matcalc.notes.pieces import placed
from matcalc.notes.questions import Answer, Question
from matcalc.render.names import latex_name
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.results import Expression

__all__ = ["derivative", "formula", "shape", "value"]


def derivative(q: Question) -> Answer:
    """A derivative: ``d W``, or ``d x y`` of second order."""
    wrt = names(q.asked.subject)
    if not 1 <= len(wrt) <= 2:
        raise ParseError("a derivative in a sentence is by a name or two", hint="such as {mc: d W}, {mc: d x x}")
    derivation = q.derivation(list(dict.fromkeys(wrt)), order=len(wrt))
    result = derivation[wrt[0] if len(wrt) == 1 else (wrt[0], wrt[1])]
    failed, notes = q.failures(derivation)
    return Answer((_written(q, result, formulas.left_of(derivation, result)),), (), notes, failed)


def value(q: Question) -> Answer:
    """The formula of the value, or of a name."""
    name = q.asked.subject or q.program.value_name or ""
    node = _named(q, name) if name else q.program.value
    shown = Expression(node.args[0] if node.op == "let" else node, q.program)
    return Answer((_written(q, shown, latex_name(name) if name else ""),))


def shape(q: Question) -> Answer:
    """Where a name lives."""
    name = q.asked.subject
    found = _named(q, name).shape
    form = q.asked.options.get("form", "latex")
    if form in ("text", "source", "indices"):
        return Answer((Text(shape_text(found)),))
    space = shape_latex(found)
    return Answer((MathSpan(rf"{latex_name(name)} \in {space}" if form == "equation" else space),))


def formula(q: Question) -> Answer:
    """An expression of the language, beside the program."""
    from matcalc.language.program import beside
    from matcalc.language.reading import expression

    if not q.asked.subject:
        raise ParseError("a formula is missing", hint="such as {mc: formula W@x + b}")
    place = q.asked.request.place
    column = place.column + len("{mc:") + q.asked.request.words.rfind(q.asked.subject) + 1
    text = placed([(place.line, column, q.asked.subject)])
    return Answer((MathSpan(formulas.latex(expression(text, beside(q.program)))),))


def _named(q: Question, name: str) -> Any:
    chosen_variables(q.program, [name])  # refuses what is no name, with the near ones
    return q.program.names[name]


def _written(q: Question, shown: Expression, left: str) -> Inline:
    form = q.asked.options.get("form", "latex")
    if form == "text":
        return Text(shown.text())
    if form in ("source", "indices"):
        return CodeSpan(shown.source() if form == "source" else shown.indices())
    tex = formulas.shown_latex(shown)
    return MathSpan(f"{left} = {tex}" if form == "equation" and left else tex)
