"""Computation graphs in a note: drawn, and as a table for outputs that cannot hold a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.expressions.node import Node
from matcalc.notes import cells, formulas
from matcalc.notes.claims import dims_of, number_of
from matcalc.notes.mathematics import tightened
from matcalc.notes.model import Figure, Inlines, MathSpan, Table, Text
from matcalc.notes.questions import Answer, Question
from matcalc.results import Expression

if TYPE_CHECKING:
    from matcalc.graphs import Graph

__all__ = ["graph"]


def graph(q: Question) -> Answer:
    """The computation graph of a program, with numbers where the request or the program has them."""
    from matcalc.graphs import graph as graph_of

    options = q.asked.options
    dims, seed = dims_of(q, options.get("dims", "")), number_of(options["seed"], "seed") if "seed" in options else None
    wrt = q.wrt if "wrt" in options else "all"
    found = graph_of(q.program, options.get("at"), wrt=wrt, of=options.get("of"), dims=dims or None, seed=seed)
    show = options.get("show", "auto")
    svg = found.svg(show=show, lang=q.words.language)
    caption = (Text(options.get("caption", q.words["graph"])),)
    more = {"at": options.get("at"), "dims": dims, "seed": seed}
    drawing = {"show": show} if show != "auto" else {}
    drawing |= {"lang": q.words.language} if q.words.language != "en" else {}
    how = ", ".join([f"{key}={value!r}" for key, value in drawing.items()])
    call = f"mc.graph({cells.arguments(q.piece, q.asked, wrt, **more)}).svg({how})"
    with_numbers = bool(found.values) and show != "formulas" and (show != "auto" or found.scalar or found.given)
    figure = Figure(svg, caption, (_table(q, found, with_numbers),), "graph")
    told = [note for note in found.notes if note not in q.program.notes] if "at" in options else []
    return Answer((figure,), q.cell(cells.drawn(call, svg)), tuple(told))


def _table(q: Question, found: Graph, numbers: bool) -> Table:
    """The vertices in the order of computation: what each is, and its gradient."""
    from matcalc.graphs.numerals import array_text

    heads = ["graph_node", "graph_gate", *(["graph_number"] if numbers else []), "graph_total"]
    rows: list[tuple[Inlines, ...]] = []
    for vertex in found.nodes:
        row: list[Inlines] = [
            (MathSpan(formulas.latex(vertex.label)),),
            () if vertex.gate is None else (MathSpan(formulas.latex(vertex.formula)),),
        ]
        if numbers:
            gradient = "" if vertex.gradient is None else array_text(vertex.gradient)
            row += [(Text(array_text(vertex.value)),), (Text(gradient),)]
        else:
            row.append(() if vertex.symbol is None else (MathSpan(_written(q, vertex.symbol)),))
        rows.append(tuple(row))
    return Table(tuple([(Text(q.words.say(head)),) for head in heads]), tuple(rows), ("left",) * len(heads))


def _written(q: Question, node: Node) -> str:
    return tightened(Expression(node, q.program).latex())
