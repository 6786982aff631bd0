"""What stands at the nodes and wires of a drawn graph, as boxes of set formulas."""

from __future__ import annotations

from matcalc.calculus.tensors import is_entries
from matcalc.drawing.boxes import Box, beside, glyphs, space
from matcalc.drawing.formula import formula, typeset
from matcalc.expressions.node import Node
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.graphs.numerals import array_text
from matcalc.operations.table import OPERATIONS
from matcalc.render.latex import latex
from matcalc.render.mathematical import RULES
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.render.style import holes

__all__ = ["Labels", "is_glyph"]

SIZE, SMALL, SIGN = 15.0, 13.0, 19.0
WIDE = 150.0  # of a gradient's formula, beyond which it is written with the upstream gradient
WIDEST = 230.0  # beyond which only its shape is told
OPEN = frozenset({"add", "mul", "maximum", "minimum", "inner", "dot"})  # the order of arguments says nothing


def is_glyph(vertex: Vertex) -> bool:
    """Whether the gate is one of the signs ``+`` and ``×`` between two values, drawn in a circle."""
    return vertex.op in ("add", "mul") and len(vertex.inputs) == 2


class Labels:
    """The labels of a graph; ``show`` is ``numbers``, ``formulas`` or ``both``."""

    def __init__(self, graph: Graph, show: str) -> None:
        self.graph = graph
        self.numbers = show != "formulas" and bool(graph.values)
        self.formulas = show != "numbers"
        self.deltas = False  # whether some gradient was written with an upstream one
        # values without a name of their own are called by one only where a gate's formula mentions it
        self.called = {edge.source for v in graph.nodes if _mentions(v) for edge in v.inputs}

    def gate(self, vertex: Vertex) -> Box:
        """What stands in the shape of a node."""
        if vertex.gate is None:
            return typeset(latex(vertex.label), SIZE + 2)
        if is_glyph(vertex):
            scalar = (1, 1) in (vertex.inputs[0].source.shape, vertex.inputs[1].source.shape)
            return glyphs("+" if vertex.op == "add" else "×" if scalar else "⊙", SIGN, "r")
        if vertex.op == "copy":
            return glyphs("=", SIGN, "r")
        if not _mentions(vertex):
            return _function(vertex)
        return formula(vertex.formula, SIZE) or glyphs(vertex.op, SIZE, "r")

    def above(self, vertex: Vertex) -> list[Box]:
        """The value: its name with its number, or with the space that it lives in."""
        name = latex(vertex.label)
        called = vertex.gate is not None and (vertex.named or vertex in self.called)
        lines = []
        if self.formulas and not (self.numbers and vertex.shape == (1, 1)):
            space_ = shape_latex(vertex.shape)
            lines.append(typeset(rf"{name} \in {space_}" if called else space_, SMALL))
            called = False
        if self.numbers:
            number = glyphs(array_text(vertex.value), SMALL, "r")
            head = [typeset(f"{name} = ", SMALL), space(0.3 * SMALL)] if called else []
            lines.append(beside([*head, number]))
        return lines

    def below(self, vertex: Vertex) -> list[Box]:
        """The gradient: its formula and its number."""
        lines: list[Box] = []
        if not vertex.live:
            return lines
        last = vertex is self.graph.output
        if self.formulas and (vertex.symbol is not None or vertex.outputs) and not (last and self.numbers):
            lines += self._gradient(vertex)
        if self.numbers and vertex.gradient is not None:
            number = array_text(vertex.gradient)
            if not (lines and vertex.symbol is not None and vertex.symbol.op == "num"):  # 1, and its number 1
                lines.append(glyphs(number, SMALL, "r"))
        return lines

    def branch(self, edge: Edge) -> list[Box]:
        """What one of several uses contributes; nothing where there is one use."""
        if len(edge.source.outputs) < 2 or not edge.source.live:
            return []
        lines = []
        if self.formulas and edge.symbol is not None and not self._plain(edge):
            box = self._set(edge.symbol, WIDEST)
            if box is not None:
                self._uses_delta(edge)
                lines.append(box)
        if self.numbers and edge.contribution is not None:
            lines.append(glyphs(array_text(edge.contribution), SMALL, "r"))
        return lines

    def _uses_delta(self, edge: Edge) -> None:
        if edge.target.outputs:
            self.deltas = True
            self.called.add(edge.target)

    def _plain(self, edge: Edge) -> bool:
        return self.numbers and self.graph.scalar

    def _gradient(self, vertex: Vertex) -> list[Box]:
        """The gradient's formula; where it is long, in the upstream gradient, or none where the branches tell it."""
        box = self._set(vertex.symbol, WIDE)
        if box is not None:
            return [box]
        used = [edge for edge in vertex.outputs if edge.symbol is not None]
        if len(used) == len(vertex.outputs) == 1 and not vertex.projected:
            box = self._set(used[0].symbol, WIDEST)
            if box is not None:
                self._uses_delta(used[0])
                return [box]
        box = self._set(vertex.symbol, WIDEST)
        if box is not None:
            return [box]
        return [] if self.numbers or len(vertex.outputs) > 1 else [glyphs(shape_text(vertex.shape), SMALL, "r")]

    def _set(self, node: Node | None, widest: float) -> Box | None:
        if node is None or is_entries(node) or node.op == "blocks":
            return None
        box = formula(node, SMALL)
        return box if box is not None and box.width <= widest else None


def _mentions(vertex: Vertex) -> bool:
    """Whether the gate's label writes its arguments by name."""
    if vertex.gate is None or vertex.op == "copy" or is_glyph(vertex):
        return False
    body = vertex.gate.body
    if vertex.op == "apply":
        return bool(body.params[1] > 0)
    if vertex.op == "own":
        return tuple(vertex.gate.slots) != body.args
    entry = OPERATIONS.get(vertex.op)
    if entry is None or (vertex.op in RULES and vertex.op != "sigmoid") or holes(vertex.op, entry.latex):
        return True
    alone = tuple(vertex.gate.slots) == body.args and (len(body.args) == 1 or vertex.op in OPEN)
    return not alone or any(p is not None for p in body.params)


def _function(vertex: Vertex) -> Box:
    """The name of a function alone."""
    assert vertex.gate is not None
    if vertex.op in ("apply", "own"):
        return typeset(vertex.gate.body.params[0], SIZE)
    look = OPERATIONS[vertex.op].latex
    return typeset(look if look else rf"\operatorname{{{vertex.op}}}", SIZE)
