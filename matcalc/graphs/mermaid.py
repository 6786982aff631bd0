"""A graph as a Mermaid flowchart, which Markdown viewers draw: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from matcalc.graphs.dot import edge_lines, node_lines
from matcalc.graphs.model import Graph

__all__ = ["mermaid"]

ENTITIES = str.maketrans({"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;"})


def mermaid(graph: Graph) -> str:
    """The flowchart; labels are quoted, and what the language would read in them is written as entities.

    >>> from matcalc.graphs import graph
    >>> print(graph("f = x*x; x: scalar", at="x=3").mermaid())
    flowchart LR
      n0(["x<br/>3<br/>gradient 6"])
      n1["f = x x<br/>9<br/>gradient 1"]
      n0 -->|"3"| n1
      n0 -->|"3"| n1
    <BLANKLINE>
    """
    lines = ["flowchart LR"]
    for vertex in graph.nodes:
        label = quoted(*node_lines(vertex))
        lines.append(f"  n{vertex.index}([{label}])" if vertex.gate is None else f"  n{vertex.index}[{label}]")
    for edge in graph.edges:
        words = edge_lines(edge)
        label = f"|{quoted(*words)}|" if words else ""
        lines.append(f"  n{edge.source.index} -->{label} n{edge.target.index}")
    return "\n".join([*lines, ""])


def quoted(*lines: str) -> str:
    """Lines as one quoted label."""
    return '"' + "<br/>".join([line.translate(ENTITIES) for line in lines]) + '"'
