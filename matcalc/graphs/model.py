"""A computation graph as data: what is computed from what, every value, and every gradient with its contributions.

Nothing here knows how a graph is drawn.  Vertices stand in an order of computation, arguments before what uses them;
an edge leads from an argument to the gate that uses it, and its contribution flows the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcalc.errors import LimitError
from matcalc.expressions.node import Node, Shape

if TYPE_CHECKING:
    from matcalc.graphs.gates import Gate
    from matcalc.language.program import Program

__all__ = ["Edge", "Graph", "Vertex"]


class Vertex:
    """An input or the value of a gate.

    ``name``      an input's or an intermediate variable's; else ``v1``, ``v2``, ... (``named`` tells which)
    ``label``     the node that writes the name
    ``formula``   the operation on its arguments, these by their names; an input is its own formula
    ``gate``      the operation over placeholders; None of an input
    ``value``     at the point (None without numbers)
    ``gradient``  of the graph's value by this one, at the point: the sum of what its uses contribute
    ``symbol``    the gradient as a formula, in the program's names
    ``live``      whether a gradient is asked for here or below
    """

    __slots__ = (
        "formula", "gate", "gradient", "index", "inputs", "label", "live", "name", "named", "node", "outputs",
        "projected", "symbol", "value",
    )  # fmt: skip

    def __init__(self, index: int, node: Node, name: str, named: bool, gate: Gate | None) -> None:
        self.index, self.node, self.name, self.named, self.gate = index, node, name, named, gate
        self.inputs: list[Edge] = []
        self.outputs: list[Edge] = []
        self.label: Node = node
        self.formula: Node = node
        self.symbol: Node | None = None
        self.value: Any = None
        self.gradient: Any = None
        self.live = True
        self.projected = ""

    @property
    def shape(self) -> Shape:
        """Rows and columns of the value."""
        return self.node.shape

    @property
    def op(self) -> str:
        """The operation: ``input``, ``copy`` of what only gives a name, or one of matcalc's."""
        return "input" if self.gate is None else self.gate.op

    def __repr__(self) -> str:
        return f"<vertex {self.name}: {self.op}>"


class Edge:
    """One use of a value: by the argument ``slot`` of the gate at ``target``.

    ``contribution``  what flows back along it, at the point
    ``local``         of scalars: the local derivative, so that upstream times local is the contribution
    ``symbol``        the contribution as a formula, the upstream gradient written as δ with the target's name
    """

    __slots__ = ("contribution", "local", "slot", "source", "symbol", "target")

    def __init__(self, source: Vertex, target: Vertex, slot: int) -> None:
        self.source, self.target, self.slot = source, target, slot
        self.contribution: Any = None
        self.local: float | None = None
        self.symbol: Node | None = None

    def __repr__(self) -> str:
        return f"<edge {self.source.name} -> {self.target.name}>"


class Graph:
    """The computation graph of a program's value at a point.

    ``nodes`` in an order of computation, ``edges`` by their targets; ``values`` and ``gradients`` by name; ``sizes``
    of the dimensions at the point.  ``svg()``, ``dot()``, ``mermaid()`` and ``table()`` write it down.
    """

    def __init__(self, program: Program, name: str) -> None:
        self.program, self.name = program, name
        self.nodes: list[Vertex] = []
        self.edges: list[Edge] = []
        self.sizes: dict[str, int] = {}
        self.notes: list[str] = []
        self.given = False  # whether somebody asked for these very numbers
        self.seed: int | None = None

    @property
    def output(self) -> Vertex:
        """The vertex of the program's value."""
        return self.nodes[-1]

    @property
    def values(self) -> dict[str, Any]:
        """Every value by name; empty where there are no numbers."""
        return {v.name: v.value for v in self.nodes if v.value is not None}

    @property
    def gradients(self) -> dict[str, Any]:
        """The gradient by every value, by name; empty where there are none."""
        return {v.name: v.gradient for v in self.nodes if v.gradient is not None}

    @property
    def scalar(self) -> bool:
        """Whether all values are numbers."""
        return all(v.shape == (1, 1) for v in self.nodes)

    def __getitem__(self, name: str) -> Vertex:
        for vertex in self.nodes:
            if vertex.name == name:
                return vertex
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.nodes)

    def table(self, *, lang: str = "en") -> str:
        """Two tables for people: the nodes, and what flows back along the edges."""
        from matcalc.graphs.table import table

        return table(self, lang=lang)

    def dot(self) -> str:
        """The graph in the language of Graphviz."""
        from matcalc.graphs.dot import dot

        return dot(self)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart."""
        from matcalc.graphs.mermaid import mermaid

        return mermaid(self)

    def svg(self, *, show: str = "auto", lang: str = "en", limit: int = 150) -> str:
        """A drawing, by matcalc alone: values in green, gradients in red, light and dark as the reader has it.

        ``show`` is ``numbers``, ``formulas`` or ``both``; ``auto`` shows numbers where all values are scalars or a
        point was given.  A graph of more than ``limit`` nodes raises `LimitError`.
        """
        from matcalc.graphs.picture import picture

        return picture(self, show=show, lang=lang, limit=limit)

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except LimitError:  # a notebook then shows the line below
            return None

    def __repr__(self) -> str:
        return f"<graph of {self.name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"
