"""The words around a graph: its title, a description for readers who do not see it, its legend and notes on gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.graphs.model import Graph, Vertex
from matcalc.graphs.numerals import array_text
from matcalc.phrases import phrases
from matcalc.render.text import text

if TYPE_CHECKING:
    from matcalc.graphs.labels import Labels

__all__ = ["described", "explained", "legend", "remarks", "sizes_text"]

# what a kind of gate does with its upstream gradient, where a word says it
BEHAVIOUR = {
    "add": "graph_distributes", "maximum": "graph_routes", "minimum": "graph_routes_min", "mul": "graph_switches",
    "relu": "graph_lets_pass", "max": "graph_routes_entry",
}  # fmt: skip
TOLD = 30  # nodes that a description tells one by one


def described(graph: Graph) -> str:
    """The title: ``computation graph of f``."""
    return f"computation graph of {graph.name}"


def explained(graph: Graph) -> str:
    """The whole graph in words."""
    parts = [_sentence(vertex) for vertex in graph.nodes[:TOLD]]
    rest = len(graph) - TOLD
    return "; ".join([*parts, *([f"and {rest} more nodes"] if rest > 0 else [])]) + "."


def _sentence(vertex: Vertex) -> str:
    what = f"{vertex.name} is an input" if vertex.gate is None else f"{vertex.name} = {text(vertex.formula)}"
    value = f", value {array_text(vertex.value)}" if vertex.value is not None else ""
    gradient = f", gradient {array_text(vertex.gradient)}" if vertex.gradient is not None else ""
    return what + value + gradient


def sizes_text(graph: Graph) -> str:
    """``n = 3, d = 2``: the dimensions that stand in the graph."""
    return ", ".join([f"{name} = {size}" for name, size in graph.sizes.items()])


def remarks(graph: Graph, lang: str) -> list[str]:
    """What is to be said of the gates that are there, of branches, and of the point."""
    say = phrases(lang)
    found: list[str] = []
    live = [v for v in graph.nodes if v.gate is not None and v.live]
    kinds = {v.op for v in live if len(v.inputs) > 1 or v.op in ("relu", "max")}
    found += [say(phrase) for op, phrase in BEHAVIOUR.items() if op in kinds]
    if any(len(v.outputs) > 1 and v.live for v in graph.nodes):
        found.append(say("graph_adds"))
    for vertex in graph.nodes:
        if vertex.projected and vertex.live:
            space = {"posdef": "symmetric"}.get(vertex.projected, vertex.projected)
            found.append(say("graph_projected", name=text(vertex.label), space=say.term(space)))
    told = [sizes_text(graph)] if graph.sizes else []
    if graph.seed is not None and graph.values:
        told.append(say("graph_random", seed=graph.seed))
    return [*found, *([say("and_so_on").join(told)] if told else [])]


def legend(graph: Graph, labels: Labels, lang: str) -> Sequence[tuple[str, str, str]]:
    """The lines below a drawing: (class, words, a formula before them)."""
    say = phrases(lang)
    point = remarks(graph, lang)
    if not labels.numbers and (graph.sizes or graph.seed is not None):
        point = point[:-1] if graph.values else point
    lines = [("value", say("graph_value"), "")]
    if graph.output.live and graph.output.shape == (1, 1):
        lines.append(("gradient", say("graph_gradient", name=text(graph.output.label)), ""))
        if labels.deltas:
            lines.append(("", say("graph_delta", name=text(graph.output.label)), ""))
    return [*lines, *[("", line, "") for line in point]]
