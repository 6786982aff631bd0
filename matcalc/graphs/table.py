"""A graph as two tables: the nodes with values and gradients, and what flows back along the edges."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from matcalc.calculus.indices import indices
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.expressions.node import Node
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.graphs.numerals import array_text, number_text
from matcalc.graphs.words import remarks
from matcalc.phrases import Phrases, phrases
from matcalc.render.shapes import shape_text
from matcalc.render.text import text

__all__ = ["columns", "table"]

PARTS = 6  # contributions that are written out as a sum


def table(graph: Graph, *, lang: str = "en") -> str:
    """The nodes, the edges, and the notes, in columns of plain text.

    >>> from matcalc.graphs import graph
    >>> print(graph("f = x*y; x: scalar; y: scalar", at="x=2,y=3").table())  # doctest: +NORMALIZE_WHITESPACE
    node  gate   value  gradient
    x     input  2      3
    y     input  3      2
    f     x y    6      1
    <BLANKLINE>
    edge   upstream  local  contribution
    y → f  1         2      2
    x → f  1         3      3
    <BLANKLINE>
    × switches: each argument gets the upstream gradient times the other argument
    """
    say = phrases(lang)
    blocks = [columns(_nodes(graph, say))]
    edges = [edge for edge in reversed(graph.edges) if edge.source.live and edge.target.live]
    if edges:
        blocks.append(columns(_edges(graph, edges, say)))
    notes = remarks(graph, lang)
    if any("δ" in cell for row in blocks[1:] for cell in row):
        notes.insert(0, say("graph_delta", name=text(graph.output.label)))
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])])


def _nodes(graph: Graph, say: Phrases) -> list[list[str]]:
    scalar, numbers = graph.scalar, bool(graph.values)
    gradients = any(v.live for v in graph.nodes) and graph.output.shape == (1, 1)
    formulas = gradients and not (scalar and numbers) and any(v.symbol is not None for v in graph.nodes)
    head = [say("graph_node"), say("graph_gate")]
    head += [] if scalar else [say("graph_shape")]
    head += [say("graph_number")] if numbers else []
    head += [say("graph_total")] if gradients and numbers else []
    head += [f"∂{text(graph.output.label)}/∂·"] if formulas else []
    rows = [head]
    for vertex in graph.nodes:
        row = [text(vertex.label), say("graph_input") if vertex.gate is None else written(vertex.formula)]
        row += [] if scalar else [shape_text(vertex.shape)]
        row += [array_text(vertex.value)] if numbers else []
        row += [_gradient(vertex)] if gradients and numbers else []
        row += [written(vertex.symbol) if vertex.live and vertex.symbol is not None else ""] if formulas else []
        rows.append(row)
    return rows


def _gradient(vertex: Vertex) -> str:
    """The gradient, and of a number used more than once the sum that it is."""
    if vertex.gradient is None:
        return ""
    total = array_text(vertex.gradient)
    parts = [edge.contribution for edge in vertex.outputs if edge.contribution is not None]
    if not 1 < len(parts) <= PARTS or vertex.shape != (1, 1):
        return total
    shown = number_text(float(parts[0]))
    for part in parts[1:]:
        shown += f" − {number_text(-float(part))}" if part < 0 else f" + {number_text(float(part))}"
    return f"{total} = {shown}"


def _edges(graph: Graph, edges: Sequence[Edge], say: Phrases) -> list[list[str]]:
    """Of numbers: upstream times local; of arrays: the formula of what is passed on, and its number."""
    numbers = bool(graph.values)
    head = [say("graph_edge")]
    if graph.scalar and numbers:
        rows = [[*head, say("graph_up"), say("graph_local"), say("graph_contribution")]]
        for edge in edges:
            local = "" if edge.local is None else number_text(edge.local)
            rows.append([_name(edge), array_text(edge.target.gradient), local, array_text(edge.contribution)])
        return rows
    rows = [[*head, say("graph_contribution"), *([say("graph_number")] if numbers else [])]]
    for edge in edges:
        formula = written(edge.symbol) if edge.symbol is not None else ""
        rows.append([_name(edge), formula, *([array_text(edge.contribution)] if numbers else [])])
    return rows


def _name(edge: Edge) -> str:
    return f"{text(edge.source.label)} → {text(edge.target.label)}"


def written(node: Node) -> str:
    """A formula in a line."""
    return indices(indexed_sum(node)) if is_entries(node) else text(node)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart, where an ideograph is as wide as two letters.

    >>> print(columns([("节点", "a"), ("x", "b")]))
    节点  a
    x     b
    """
    widths = [max([_wide(row[k]) for row in rows]) for k in range(len(rows[0]))]
    return "\n".join(
        ["  ".join([c + " " * (w - _wide(c)) for c, w in zip(row, widths, strict=True)]).rstrip() for row in rows]
    )


def _wide(cell: str) -> int:
    return sum([0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell])
