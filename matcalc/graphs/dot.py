"""A graph in the language of Graphviz: https://graphviz.org/doc/info/lang.html."""

from __future__ import annotations

from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.graphs.numerals import array_text
from matcalc.graphs.table import written
from matcalc.render.shapes import shape_text
from matcalc.render.text import text

__all__ = ["dot", "edge_lines", "node_lines"]


def dot(graph: Graph) -> str:
    """The graph as a ``digraph``; every label is a quoted string.

    >>> from matcalc.graphs import graph
    >>> print(graph("f = x*x; x: scalar", at="x=3").dot().splitlines()[4])
      n0 [label="x\\n3\\ngradient 6", shape=plaintext];
    """
    lines = [f"digraph {quoted(graph.name)} {{", "  rankdir=LR;", '  node [shape=box, style=rounded, fontsize=12];']
    lines.append("  edge [fontsize=10];")
    for vertex in graph.nodes:
        shape = ", shape=plaintext" if vertex.gate is None else ""
        lines.append(f"  n{vertex.index} [label={quoted(*node_lines(vertex))}{shape}];")
    for edge in graph.edges:
        label = f" [label={quoted(*edge_lines(edge))}]" if edge_lines(edge) else ""
        lines.append(f"  n{edge.source.index} -> n{edge.target.index}{label};")
    return "\n".join([*lines, "}", ""])


def node_lines(vertex: Vertex) -> list[str]:
    """What stands at a node: its formula, its value or shape, and its gradient."""
    name = text(vertex.label)
    lines = [name if vertex.gate is None else f"{name} = {written(vertex.formula)}"]
    lines.append(array_text(vertex.value) if vertex.value is not None else shape_text(vertex.shape))
    if vertex.gradient is not None:
        lines.append(f"gradient {array_text(vertex.gradient)}")
    elif vertex.live and vertex.symbol is not None:
        lines.append(f"gradient {written(vertex.symbol)}")
    return lines


def edge_lines(edge: Edge) -> list[str]:
    """What stands at an edge: the contribution of one of several uses."""
    if len(edge.source.outputs) < 2 or not edge.source.live:
        return []
    if edge.contribution is not None:
        return [array_text(edge.contribution)]
    return [written(edge.symbol)] if edge.symbol is not None else []


def quoted(*lines: str) -> str:
    """Lines as one quoted string of the language."""
    return '"' + "\\n".join([line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]) + '"'
