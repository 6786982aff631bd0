"""The answers to requests: what each kind of request puts into the note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from matcalc.derivation import chosen_variables, derive
from matcalc.errors import MatcalcError, ParseError
from matcalc.language.program import Program
from matcalc.notes import cells, formulas
from matcalc.notes.asking import Asked, names
from matcalc.notes.model import (
    Block,
    Cell,
    Code,
    CodeSpan,
    Inline,
    MathSpan,
    Paragraph,
    Table,
    Text,
    decoded,
    encoded,
)  # fmt: skip
from matcalc.notes.pieces import Piece, placed
from matcalc.notes.words import Words
from matcalc.render.names import latex_name
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.results import Derivation, Expression, Result

__all__ = ["ANSWERS", "Answer", "Question"]


@dataclass(frozen=True)
class Answer:
    """What a request puts into the note.

    ``content`` are blocks, or inlines of a request within a sentence; ``cells`` the same in Python; ``notes`` are for
    the author's eyes, and ``failed`` are the checks that failed.
    """

    content: tuple[Any, ...]
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {
            "content": encoded(self.content), "cells": encoded(self.cells), "notes": list(self.notes),
            "failed": list(self.failed),
        }  # fmt: skip

    @staticmethod
    def of(data: Any) -> Answer:
        """What `data` wrote; raises ValueError, KeyError or TypeError for anything else."""
        found = Answer(*[decoded(data[key]) for key in ("content", "cells", "notes", "failed")])
        if not all(isinstance(text, str) for text in (*found.notes, *found.failed)):
            raise ValueError("not an answer")
        return found


class Question:
    """A request beside its program."""

    def __init__(
        self, asked: Asked, piece: Piece, words: Words, elaborated: Callable[[Piece], Program], *, check: bool = True
    ) -> None:
        self.asked, self.piece, self.words, self._elaborated = asked, piece, words, elaborated
        self.check = check and asked.options.get("check", "yes") != "no"

    @cached_property
    def program(self) -> Program:
        """The program, understood."""
        return self._elaborated(self.piece)

    @property
    def wrt(self) -> list[str]:
        """The variables that are named, or all inputs."""
        return chosen_variables(self.program, names(self.asked.options.get("wrt", "")) or "all")

    @property
    def how(self) -> dict[str, str]:
        """How steps are shown, as far as the request tells."""
        return {key: self.asked.options[key] for key in ("level", "policy", "style") if key in self.asked.options}

    def derivation(self, wrt: list[str], *, order: int = 1) -> Derivation:
        """The derivatives by variables, with the options of the request."""
        options = self.asked.options
        return derive(
            self.program, wrt, of=options.get("of"), layout=options.get("layout", "shape"), order=order,
            structure=options.get("structure", "projection"), expand=self.asked.on("expand"),
        )  # fmt: skip

    def failures(self, derivation: Derivation) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Derivatives that a check finds wrong, and those that it cannot judge."""
        if not self.check or not derivation.results:
            return (), ()
        from matcalc.checking import check_derivation

        try:
            report = check_derivation(derivation)
        except MatcalcError as wrong:
            return (), (f"not checked: {wrong}",)
        found = [*report.gradients.values(), *report.laws.values()]
        bad = [f"{one.name}: {one.message}" for one in found if not one.passed and not one.inconclusive]
        unsure = [f"not checked: {one.name}: {one.message}" for one in found if one.inconclusive]
        return tuple(bad), tuple(unsure)

    def cell(self, cell: Cell) -> tuple[Cell, ...]:
        """The cell, with the program where the request has its own."""
        return (cells.with_own_program(self.piece, self.asked, cell),)


# ------------------------------------------------------------------------------------------------------- blocks
def program(q: Question) -> Answer:
    """The formulas of a program, and where its variables live."""
    show = q.asked.options.get("show", "formula")
    earlier: set[str] = set()
    if q.piece.before:
        base = Piece(q.piece.name, q.piece.lines[: q.piece.before], q.piece.syntax, ())
        earlier = {*q.program.names} & {*_names_in(base, q)}
    blocks: list[Block | None] = []
    if show in ("source", "both"):
        own = q.piece.lines[q.piece.before :]
        blocks.append(Code("\n".join([text for _, _, text in own]) + "\n", "matcalc"))
    if show in ("formula", "both"):
        blocks.append(formulas.program_rows(q.program, earlier))
        blocks.append(formulas.living(q.program, earlier, q.words))
    found = tuple([block for block in blocks if block is not None])
    return Answer(found, (cells.program_cell(q.piece),), tuple(q.program.notes))


def _names_in(base: Piece, q: Question) -> set[str]:
    """The names of the program that is continued."""
    known = q._elaborated(base)
    return {*known.names, *known.definitions}


def derivatives(q: Question) -> Answer:
    """The derivatives, after the steps that lead to them where these are asked for."""
    order = int(q.asked.options.get("order", "1"))
    derivation = q.derivation(q.wrt, order=order)
    blocks: list[Block] = []
    if q.asked.on("steps"):
        level = q.asked.options["steps"]
        how = q.how if level == "yes" else {**q.how, "level": level}
        blocks += formulas.steps_blocks(derivation, q.words, **how)
    if not blocks:  # the steps end with the results
        blocks.append(formulas.result_rows(derivation))
    return _derived(q, derivation, blocks, {"order": 2} if order == 2 else {})


def steps(q: Question) -> Answer:
    """The steps, which end with the results."""
    from matcalc.steps import explain

    derivation = q.derivation(q.wrt)
    failed, notes = q.failures(derivation)
    told = [f", {key}={value!r}" for key, value in q.how.items()]
    told += [f", lang={q.words.language!r}"] if q.words.language != "en" else []
    call = f"explain(mc.derive({cells.arguments(q.piece, q.asked, q.wrt)}){''.join(told)})"
    cell = cells.printed(
        f"from matcalc.steps import explain\n\nprint({call})", explain(derivation, lang=q.words.language, **q.how)
    )
    return Answer(tuple(formulas.steps_blocks(derivation, q.words, **q.how)), q.cell(cell), notes, failed)


def hessian(q: Question) -> Answer:
    """The second derivatives of a scalar."""
    derivation = q.derivation(q.wrt, order=2)
    return _derived(q, derivation, [formulas.result_rows(derivation, second=True)], {"order": 2}, second=True)


def _derived(
    q: Question, derivation: Derivation, blocks: list[Block], more: Mapping[str, Any], *, second: bool = False
) -> Answer:
    failed, notes = q.failures(derivation)
    layout = q.asked.options.get("layout", "shape")
    remarks = [q.words["checked"]] if q.check and not notes and not failed else []
    if layout != "shape":
        remarks.append(q.words[f"layout {layout}"])
    if remarks:
        role = "checked" if q.check and not notes else "note"
        blocks.append(Paragraph((Text(q.words.comma.join(remarks)),), role))
    shown = {
        f"d[{_key(result)}]": (formulas.left_of(derivation, result), result.latex())
        for result in formulas.wanted(derivation, second=second)
    }
    call = f"d = mc.derive({cells.arguments(q.piece, q.asked, q.wrt, **more)})"
    told = [note for note in derivation.notes if note not in derivation.program.notes]
    return Answer(tuple(blocks), q.cell(cells.displayed(call, shown)), (*told, *notes), failed)


def _key(result: Result) -> str:
    return ", ".join([f'"{name}"' for name in result.wrt])


def shapes(q: Question) -> Answer:
    """A table of all names and where they live."""
    head = tuple([(Text(q.words[word]),) for word in ("name", "shape")])
    rows = [
        ((MathSpan(latex_name(name)),), (MathSpan(rf"{shape_latex(shape)}"),))
        for name, shape in q.program.shapes.items()
    ]
    found = Derivation(q.program, q.program.value, "", ()).shapes
    lines = [f"{name} {shape}" for name, shape in found.items()]
    call = f"mc.derive({cells.arguments(q.piece, q.asked, [])})"
    loop = f"for name, shape in {call}.shapes.items():\n    print(name, shape)"
    return Answer((Table(head, tuple(rows), ("left", "left")),), q.cell(cells.printed(loop, "\n".join(lines))))


def gates(q: Question) -> Answer:
    """The module that is for reading: a class for each kind of gate."""
    from matcalc.graphs.code import gate_module

    derivation = q.derivation(q.wrt)
    failed, notes = q.failures(derivation)
    module = gate_module(derivation)
    call = f"mc.derive({cells.arguments(q.piece, q.asked, q.wrt)})"
    cell = cells.printed(f"from matcalc.graphs.code import gate_module\n\nprint(gate_module({call}))", module)
    return Answer((Code(module, "python"),), q.cell(cell), notes, failed)


def code(q: Question) -> Answer:
    """The module that computes the value and the gradients."""
    from matcalc.compiling import compile

    options = q.asked.options
    if options.get("style") == "gates":
        return gates(q)
    order = int(options.get("order", "1"))
    target = options.get("target", "numpy")
    found = compile(
        q.program, q.wrt, of=options.get("of"), structure=options.get("structure", "projection"), target=target,
        order=order,
    )
    failed, notes = q.failures(q.derivation(q.wrt))
    more = {"order": order if order > 1 else 0, "target": "" if target == "numpy" else target}
    given = cells.arguments(q.piece, q.asked, q.wrt, **more)
    cell = cells.printed(f"print(mc.compile({given}).source)", found.source)
    return Answer((Code(found.source, "python"),), q.cell(cell), notes, failed)


# ---------------------------------------------------------------------------------------------------- sentences
def derivative_in_line(q: Question) -> Answer:
    """A derivative: ``d W``, or ``d x y`` of second order."""
    wrt = names(q.asked.subject)
    if not 1 <= len(wrt) <= 2:
        raise ParseError("a derivative in a sentence is by a name or two", hint="such as {mc: d W}, {mc: d x x}")
    derivation = q.derivation(list(dict.fromkeys(wrt)), order=len(wrt))
    result = derivation[wrt[0] if len(wrt) == 1 else (wrt[0], wrt[1])]
    failed, notes = q.failures(derivation)
    return Answer((_written(q, result, formulas.left_of(derivation, result)),), (), notes, failed)


def value_in_line(q: Question) -> Answer:
    """The formula of the value, or of a name."""
    name = q.asked.subject or q.program.value_name or ""
    node = _named(q, name) if name else q.program.value
    shown = Expression(node.args[0] if node.op == "let" else node, q.program)
    return Answer((_written(q, shown, latex_name(name) if name else ""),))


def shape_in_line(q: Question) -> Answer:
    """Where a name lives."""
    name = q.asked.subject
    shape = _named(q, name).shape
    form = q.asked.options.get("form", "latex")
    if form in ("text", "source", "indices"):
        return Answer((Text(shape_text(shape)),))
    space = shape_latex(shape)
    return Answer((MathSpan(rf"{latex_name(name)} \in {space}" if form == "equation" else space),))


def formula_in_line(q: Question) -> Answer:
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


def _checks(q: Question) -> Answer:
    from matcalc.notes.claims import checked

    return checked(q)


def _graph(q: Question) -> Answer:
    from matcalc.notes.drawn import graph

    return graph(q)


ANSWERS: Mapping[str, Callable[[Question], Answer]] = {
    "program": program, "shapes": shapes, "derive": derivatives, "steps": steps, "hessian": hessian, "code": code,
    "check": _checks, "claim": _checks, "graph": _graph,
    "d": derivative_in_line, "value": value_in_line, "shape": shape_in_line, "formula": formula_in_line,
}  # fmt: skip
