"""The drawing of a graph: gates in circles and boxes, values above the wires in green, gradients below them in red.

Where a value branches, the wire behind the gate carries the value and the whole gradient, and every branch what it
contributes: the contributions add up.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.drawing.boxes import Box
from matcalc.drawing.formula import typeset
from matcalc.drawing.metrics import width
from matcalc.drawing.svg import Element, document, number
from matcalc.errors import LimitError, UnsupportedError
from matcalc.graphs.labels import SMALL, Labels, is_glyph
from matcalc.graphs.layout import Item, Layout, Link, layout
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.graphs.words import described, explained
from matcalc.render.latex import latex
from matcalc.render.text import text

__all__ = ["SHOWS", "Drawing", "picture"]

SHOWS = ("auto", "numbers", "formulas", "both")
MARGIN, LEGEND, LEADING = 22.0, 20.0, 2.5  # round the drawing, a line of the legend, between lines at a wire
PAD, ROUND = 9.0, 16.0  # around what stands in a shape; radius of a circle
STYLE = (
    ".matcalc .i{font-style:italic}.matcalc .b{font-weight:bold}.matcalc .rule{stroke:var(--ink);fill:none}"
    ".matcalc .gate{fill:var(--fill);stroke:var(--ink);stroke-width:1.2}"
    ".matcalc .wire{fill:none;stroke:var(--line);stroke-width:1.3}.matcalc .tip{fill:var(--line)}"
    ".matcalc .value text{fill:var(--value)}.matcalc .value .rule{stroke:var(--value)}"
    ".matcalc .gradient text{fill:var(--gradient)}.matcalc .gradient .rule{stroke:var(--gradient)}"
    ".matcalc .note{fill:var(--soft)}"
)


def picture(graph: Graph, *, show: str = "auto", lang: str = "en", limit: int = 150) -> str:
    """The SVG of a graph; see `Graph.svg`."""
    if show not in SHOWS:
        raise UnsupportedError(f"a graph does not show {show!r}", hint=f"there is {', '.join(SHOWS)}")
    if len(graph) > limit:
        message = f"the graph has {len(graph)} nodes, more than the {limit} that are drawn"
        raise LimitError(message, hint="--limit moves this; table, dot and mermaid have no limit; --of draws a part")
    if show == "auto":
        plain = graph.scalar and bool(graph.values)
        show = "numbers" if plain else "both" if graph.given and graph.values else "formulas"
    drawing = Drawing(graph, show)
    return drawing.svg(lang)


class Drawing:
    """A graph with its labels and places; `rectangles` tells what stands where, for those who check it."""

    def __init__(self, graph: Graph, show: str) -> None:
        self.graph = graph
        self.labels = Labels(graph, show)
        self.gates = {vertex: self.labels.gate(vertex) for vertex in graph.nodes}
        self.below = {vertex: self.labels.below(vertex) for vertex in graph.nodes}
        self.branches = {edge: self.labels.branch(edge) for edge in graph.edges}
        self.above = {vertex: self.labels.above(vertex) for vertex in graph.nodes}
        self.items = {vertex: self._item(vertex) for vertex in graph.nodes}
        self.links = {edge: self._link(edge) for edge in graph.edges}
        self.placed: Layout = layout(list(self.items.values()), list(self.links.values()))
        self.rectangles: list[tuple[str, float, float, float, float]] = []  # what, left, top, right, bottom

    # ------------------------------------------------------------------------------------------ sizes
    def _item(self, vertex: Vertex) -> Item:
        wide, high = self._shape(vertex)
        tail = max([box.width for box in (*self.above[vertex], *self.below[vertex])], default=0.0) + 16
        up, down = _stacked(self.above[vertex]), _stacked(self.below[vertex])
        return Item(wide, tail, max(high / 2, up), max(high / 2, down))

    def _shape(self, vertex: Vertex) -> tuple[float, float]:
        """The width and height of a node's shape; of an input, of its name."""
        box = self.gates[vertex]
        if vertex.gate is None:
            return box.width + 6, box.height
        if is_glyph(vertex) or vertex.op == "copy":
            return 2 * ROUND, 2 * ROUND
        ports = 9.0 * max(0, len(vertex.inputs) - 1)
        return max(box.width + 2 * PAD, 2 * ROUND), max(box.height + PAD, 28.0, ports + 14)

    def _link(self, edge: Edge) -> Link:
        boxes = self.branches[edge]
        source, target = self.items[edge.source], self.items[edge.target]
        if not boxes:
            return Link(source, target)
        return Link(source, target, max([box.width for box in boxes]) + 12, 4, _stacked(boxes))

    # ---------------------------------------------------------------------------------------- drawing
    def svg(self, lang: str) -> str:
        """The file."""
        wires = [part for edge in self.graph.edges for part in self._wire(edge)]
        nodes = [part for vertex in self.graph.nodes for part in self._node(vertex)]
        wires += self._last_wire()
        bottom = self.placed.height + 2 * MARGIN
        legend, right = self._legend(lang, bottom)
        wide = max(self.placed.width + 2 * MARGIN + 8, right + MARGIN)
        high = bottom + LEGEND * len(legend) + (MARGIN / 2 if legend else 0)
        return document(
            wide, high, [*wires, *nodes, *[part for line in legend for part in line]],
            title=described(self.graph), description=explained(self.graph), style=STYLE,
        )  # fmt: skip

    def _centre(self, vertex: Vertex) -> tuple[float, float]:
        item = self.items[vertex]
        boxes = self.placed.boxes[item.rank]
        at = item.box / 2 if vertex.gate is None else boxes / 2
        left = item.x + (boxes - item.box if vertex.gate is None else 0)
        return MARGIN + left + at, MARGIN + item.y

    def _end(self, item: Item) -> float:
        """Where the wire behind an item leaves its layer."""
        return MARGIN + item.x + self.placed.widths[item.rank]

    def _node(self, vertex: Vertex) -> list[Element]:
        x, y = self._centre(vertex)
        wide, high = self._shape(vertex)
        box = self.gates[vertex]
        self._note(f"node {vertex.name}", x - wide / 2, y - high / 2, wide, high)
        parts: list[Element] = []
        if is_glyph(vertex) or vertex.op == "copy":
            parts.append(Element("circle", cx=x, cy=y, r=ROUND, class_="gate"))
        elif vertex.gate is not None:
            parts.append(
                Element("rect", x=x - wide / 2, y=y - high / 2, width=wide, height=high, rx=7, class_="gate")
            )
        base = y + (box.ascent - box.descent) / 2 - (0.5 if vertex.gate is None else 0)
        parts.append(box.draw(x - box.width / 2, base))
        start, end = x + wide / 2 + (2 if vertex.gate is None else 0), self._end(self.items[vertex])
        parts.append(Element("path", d=f"M{number(start)} {number(y)}H{number(end)}", class_="wire"))
        left = MARGIN + self.items[vertex].x + self.placed.boxes[self.items[vertex].rank] + 8
        parts += self._column(self.above[vertex], left, y, "value", vertex.name, above=True)
        parts += self._column(self.below[vertex], left, y, "gradient", vertex.name)
        return parts

    def _column(
        self, boxes: Sequence[Box], left: float, y: float, class_: str, name: str, *, above: bool = False
    ) -> list[Element]:
        """Lines above or below a wire."""
        parts = []
        at = y - _stacked(boxes) if above else y + 4
        for box in boxes:
            self._note(f"{class_} {name}", left, at, box.width, box.height)
            parts.append(box.draw(left, at + box.ascent, class_))
            at += box.height + LEADING
        return parts

    def _wire(self, edge: Edge) -> list[Element]:
        """From the end of the source's wire through the places held for it to the gate."""
        link = self.links[edge]
        x, y = self._end(link.source), MARGIN + link.source.y
        path = [f"M{number(x)} {number(y)}"]
        parts: list[Element] = []
        for place in link.way:
            if not self.placed.widths[place.rank]:
                continue  # nothing stands in this layer, the wire need not bend there
            to = (MARGIN + place.x, MARGIN + place.y)
            path.append(_curve(x, y, *to))
            x, y = self._end(place), to[1]
            path.append(f"H{number(x)}")
            if place is link.label:
                name = f"{edge.source.name} {edge.target.name} {edge.slot}"
                parts += self._column(self.branches[edge], to[0] + 6, y, "gradient", name)
        to = self._port(edge)
        path.append(_curve(x, y, to[0] - 5, to[1]))
        parts.insert(0, Element("path", d="".join(path), class_="wire"))
        return [*parts, _tip(*to)]

    def _port(self, edge: Edge) -> tuple[float, float]:
        """Where a wire meets the gate: the wires of one gate one below the other, in the order they come in."""
        target = edge.target
        x, y = self._centre(target)
        wide, high = self._shape(target)
        coming = sorted(target.inputs, key=lambda e: (_last(self.links[e]).y, e.slot))
        count = len(coming)
        room = min(13.0, (high - 10) / count)
        at = (coming.index(edge) - (count - 1) / 2) * room
        if is_glyph(target):
            return x - (ROUND**2 - at**2) ** 0.5 - 1, y + at
        return x - wide / 2 - 1, y + at

    def _last_wire(self) -> list[Element]:
        item = self.items[self.graph.output]
        return [_tip(self._end(item) + 5, MARGIN + item.y)]

    # ----------------------------------------------------------------------------------------- legend
    def _legend(self, lang: str, top: float) -> tuple[list[list[Element]], float]:
        """Lines below the graph, and how far they reach to the right."""
        from matcalc.graphs.words import legend

        lines: list[list[Element]] = []
        right = 0.0
        y = top + 4
        output = latex(self.graph.output.label)
        for class_, words, tex in legend(self.graph, self.labels, lang):
            x = MARGIN
            line: list[Element] = []
            if tex:
                box = typeset(tex.replace("OUTPUT", output), SMALL)
                line.append(box.draw(x, y, class_))
                x += box.width + 8
            length = width(words, SMALL)
            plain = Element("text", words, x=x, y=y, class_="note" if not class_ else "", font_size=SMALL)
            plain.attributes.update({"textLength": length, "lengthAdjust": "spacingAndGlyphs"})
            line.append(Element("g", class_=class_).add(plain) if class_ else plain)
            self._note("legend", MARGIN, y - SMALL * 0.8, x + length - MARGIN, SMALL)
            right = max(right, x + length)
            lines.append(line)
            y += LEGEND
        return lines, right

    def _note(self, what: str, left: float, top: float, wide: float, high: float) -> None:
        self.rectangles.append((what, left, top, left + wide, top + high))


def _stacked(boxes: Sequence[Box]) -> float:
    """How far lines reach from the wire."""
    return sum([box.height + LEADING for box in boxes]) + 4 if boxes else 0.0


def _last(link: Link) -> Item:
    return link.way[-1] if link.way else link.source


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """A curve that leaves and comes in level."""
    if abs(y - to_y) < 0.5:
        return f"L{number(to_x)} {number(to_y)}"
    middle = (x + to_x) / 2
    return f"C{number(middle)} {number(y)} {number(middle)} {number(to_y)} {number(to_x)} {number(to_y)}"


def _tip(x: float, y: float) -> Element:
    """An arrow's head that ends at a point."""
    return Element("path", d=f"M{number(x)} {number(y)}l-7 -3.6v7.2z", class_="tip")


def label_text(vertex: Vertex) -> str:
    """A gate in a line of text, over the names of its arguments."""
    return text(vertex.formula) if vertex.gate is not None else text(vertex.label)


