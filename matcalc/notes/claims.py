"""Claims and checks in a note: what was found, and whether it was meant to be found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matcalc.errors import MatcalcError, ParseError, UnknownNameError
from matcalc.expressions.node import Node
from matcalc.notes import cells, formulas
from matcalc.notes.asking import names
from matcalc.notes.model import Block, Equations, Inlines, MathSpan, Paragraph, Row, Table, Text, Verdict
from matcalc.notes.pieces import placed
from matcalc.notes.questions import Answer, Question
from matcalc.render.names import latex_name

if TYPE_CHECKING:
    from matcalc.results import Derivation
    from matcalc.verify.report import Report, VariableReport

__all__ = ["checked", "claims_of", "dims_of", "number_of"]

DIM_LIMIT = 1000


def claims_of(q: Question) -> tuple[dict[str, str], dict[str, Node]]:
    """The claims of a body, by name: as text, and understood.

    Raises a `MatcalcError` that points into the note.
    """
    from matcalc.language.program import beside
    from matcalc.language.reading import expression

    texts: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    request = q.asked.request
    for number, line in enumerate(request.body.rstrip("\n").split("\n"), request.body_line):
        bare = line.partition("#")[0].rstrip()
        if not bare.strip():
            continue
        match = re.fullmatch(r"\s*(\w+)\s*=(.*\S.*)", bare)
        here = placed([(number, 1, line)])
        if match is None:
            wrong = ParseError("a claim is written NAME = FORMULA", hint="such as W = outer(u*f'(W@x + b), x)")
            raise wrong.at(here, len(here))
        name, formula = match[1], match[2]
        if name in texts:
            raise ParseError(f"there are two claims about {name}").at(here, here.rfind(line))
        texts[name] = formula.strip()
        nodes[name] = expression(placed([(number, match.start(2) + 1, formula)]), beside(q.program))
    return texts, nodes


def checked(q: Question) -> Answer:
    """The gradients and the claims about them, compared with numeric differences."""
    from matcalc.checking import check_derivation

    options = q.asked.options
    texts, nodes = claims_of(q)
    if q.asked.kind == "claim" and not texts:
        raise ParseError("a claim block is empty", hint="write a line such as W = outer(u*f'(W@x + b), x)")
    wrt = list(dict.fromkeys([*names(options.get("wrt", "")), *texts])) or q.wrt
    derivation = q.derivation(wrt)
    seed, dims = number_of(options.get("seed", "0"), "seed"), dims_of(q, options.get("dims", ""))
    report = check_derivation(derivation, claims=texts, seed=seed, dims=dims, language=q.words.language)
    blocks: list[Block] = [] if q.asked.kind == "claim" else [_table(q, report)]
    for name, node in nodes.items():
        blocks.append(_verdict(q, derivation, name, node, report.claims[name]))
    failed = _failures(report, expected=options.get("expect", "pass") == "fail")
    more = {"claims": texts, "seed": seed, "dims": dims}
    more |= {"language": q.words.language} if q.words.language != "en" else {}
    cell = cells.printed(
        f"print(mc.check({cells.arguments(q.piece, q.asked, wrt, **more)}).text())", report.text()
    )
    return Answer(tuple(blocks), q.cell(cell), (), tuple(failed))


def _failures(report: Report, *, expected: bool) -> list[str]:
    """What failed, or did not although that is ``expected`` of every claim (of the gradients, where none is made)."""
    derived = {**report.gradients, **report.laws}
    own = [f"{name}: {one.message}" for name, one in derived.items() if not one.passed]
    if not expected:
        return own + [f"{name}: {one.message}" for name, one in report.claims.items() if not one.passed]
    if not report.claims:
        return [] if own else ["the gradients are right, although the block says expect=fail"]
    right = [name for name, one in report.claims.items() if one.passed]
    return own + [f"{name}: the claim is right, although the block says expect=fail" for name in right]


def _table(q: Question, report: Report) -> Table:
    words = q.words
    head = tuple([(Text(words[word]),) for word in ("variable", "gradient", "method", "points")])
    rows: list[tuple[Inlines, ...]] = []
    for name, one in report.gradients.items():
        verdict = words["open" if one.inconclusive else "right" if one.passed else "wrong"]
        rows.append(((MathSpan(latex_name(name)),), (Text(verdict),), (Text(one.method),), (Text(str(one.points)),)))
    return Table(head, tuple(rows), ("left", "left", "left", "right"))


def _verdict(q: Question, derivation: Derivation, name: str, node: Node, found: VariableReport) -> Verdict:
    """A claim as a formula, and what was found about it."""
    left = formulas.left_of(derivation, derivation[name])
    message = q.words["claim right"] if found.passed else found.message
    finding = "right" if found.passed else "open" if found.inconclusive else "wrong"
    equation = Equations((Row(left, formulas.latex(node)),), "claim")
    return Verdict(finding, (equation, Paragraph((Text(message[:1].upper() + message[1:]),), "note")))


def number_of(text: str, option: str) -> int:
    """The number that an option is; raises `ParseError` where it is none."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ParseError(f"{option}={text[:40]}: that is no number")
    return int(text)


def dims_of(q: Question, text: str) -> dict[str, int]:
    """The sizes of ``dims=n=4,d=3``; raises a `MatcalcError` for what is no dimension of the program."""
    found: dict[str, int] = {}
    for part in [part for part in text.split(",") if part.strip()]:
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in q.program.dims:
            hint = f"there is {', '.join(q.program.dims)}" if q.program.dims else ""
            raise UnknownNameError(f"the program has no dimension {name[:40]}", hint=hint)
        size = number_of(value, f"dims {name}")
        if not 1 <= size <= DIM_LIMIT:
            raise MatcalcError(f"dims: {name}={size}: a dimension is a number from 1 to {DIM_LIMIT}")
        found[name] = size
    return found
