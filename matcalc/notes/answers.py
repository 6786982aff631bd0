"""The answers to requests: what each kind of request puts into the note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matcalc.notes import cells, claims, drawn, formulas, sentences
from matcalc.notes.model import Block, Code, CodeSpan, MathSpan, Paragraph, Table, Text
from matcalc.notes.pieces import Piece
from matcalc.notes.questions import Answer, Question
from matcalc.render.names import latex_name
from matcalc.render.shapes import shape_latex
from matcalc.results import Derivation, Result

__all__ = ["ANSWERS"]


def program(q: Question) -> Answer:
    """The formulas of a program, and where its variables live."""
    show = q.asked.options.get("show", "formula")
    earlier: set[str] = set()
    if q.piece.before:
        base = Piece(q.piece.name, q.piece.lines[: q.piece.before], q.piece.syntax, ())
        earlier = _names_in(base, q)
    blocks: list[Block | None] = []
    if show in ("source", "both"):
        own = q.piece.lines[q.piece.before :]
        blocks.append(Code("\n".join([text for _, _, text in own]) + "\n", "matcalc"))
    if show in ("formula", "both"):
        blocks.append(formulas.program_rows(q.program, earlier))
        laws = [law.text.strip() for name, law in q.program.laws.items() if name not in earlier]
        blocks += [Paragraph((CodeSpan(law),), "note") for law in laws]
        blocks.append(formulas.living(q.program, earlier, q.words))
    found = tuple([block for block in blocks if block is not None])
    return Answer(found, (cells.program_cell(q.piece),), tuple(q.program.notes))


def _names_in(base: Piece, q: Question) -> set[str]:
    """The names of the program that is continued."""
    known = q.elaborated(base)
    return {*known.names, *known.definitions, *known.laws}


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


ANSWERS: Mapping[str, Callable[[Question], Answer]] = {
    "program": program, "shapes": shapes, "derive": derivatives, "steps": steps, "hessian": hessian, "code": code,
    "check": claims.checked, "claim": claims.checked, "graph": drawn.graph,
    "d": sentences.derivative, "value": sentences.value, "shape": sentences.shape, "formula": sentences.formula,
}  # fmt: skip
