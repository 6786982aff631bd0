"""A derivation in numbers, step by step: at every operation, upstream gradient in and downstream gradient out.

At a point everything is small, so each step is a matrix: what it does to the upstream gradient.  Then any step can be
taken wrongly, and what the whole derivation would give is a product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations.table import OPERATIONS, make
from matcalc.operations.table import variable as variable_node
from matcalc.verify.points import Code, Point

if TYPE_CHECKING:
    from matcalc.verify.check import Checker

__all__ = ["Backward", "Edge", "Numbers", "pullback"]

EDGES = 150  # steps beyond which a derivation is not retraced
ENTRIES = 150  # of one value
UPSTREAM, VALUE = "g", "y"


class Edge:
    """A step: from ``node`` to its argument number ``k``.

    ``formula`` is what it does to the upstream gradient ``g``, over placeholders ``a0``, ``a1`` of the arguments; None
    where it passes it on.
    """

    __slots__ = ("argument", "formula", "k", "node", "places")

    def __init__(self, node: Node, k: int) -> None:
        self.node, self.k, self.argument = node, k, node.args[k]
        self.places: tuple[Node, ...] = ()
        self.formula: Node | None = None


def placed(node: Node) -> tuple[Node, tuple[Node, ...]]:
    """An operation over placeholders, and these; numbers stay."""
    places = tuple([variable_node(f"a{i}", a.shape) if a.op != "num" else a for i, a in enumerate(node.args)])
    if node.op in OPERATIONS:
        return make(node.op, *places, params=node.params), places
    return intern(node.op, places, node.params, node.shape), places


def pullback(node: Node, k: int, *, by_value: bool = False) -> Node:
    """What a step does to the upstream gradient, as a formula; ``by_value``, with ``y`` for the operation's value.

    Raises `UnsupportedError` where the step has no formula in matrices.
    """
    from matcalc.calculus.simplify import shortest
    from matcalc.calculus.sweep import sweep

    operation, places = placed(node)
    upstream = variable_node(UPSTREAM, node.shape)
    product = make("mul", upstream, operation)
    total = product if node.shape == (1, 1) else make("sum", product, params=(None,))
    names = {operation: variable_node(VALUE, node.shape)} if by_value else {}
    return shortest(sweep(total, [places[k]], names)[places[k]])


class Backward:
    """The derivation of a value by one variable: its ``edges``, values first, and what uses a node."""

    def __init__(self, checker: Checker, name: str) -> None:
        self.checker, self.value = checker, checker.value
        (target,) = without_definitions([checker.node(name)])
        lets = [n for n in postorder(self.value) if n.op == "let" and n.params[0] == name]
        self.target = lets[0] if lets else target
        order = list(postorder(self.value, into=lambda n: n is not self.target))
        live: dict[Node, bool] = {}
        for node in order:
            live[node] = node is self.target or any(live.get(a, False) for a in node.args)
        self.nodes = [node for node in order if live[node]]
        self.edges: list[Edge] = []
        self.below: dict[Node, list[Edge]] = {node: [] for node in self.nodes}
        self.above: dict[Node, list[Edge]] = {node: [] for node in self.nodes}
        for node in reversed(self.nodes):
            for k, argument in enumerate(node.args if node is not self.target else ()):
                if live.get(argument):
                    self._add(Edge(node, k))
        self._values: Code | None = None
        self._codes: dict[Any, Code] = {}

    def _add(self, edge: Edge) -> None:
        self.edges.append(edge)
        self.below[edge.node].append(edge)
        self.above[edge.argument].append(edge)

    def prepare(self) -> None:
        """Find the formula of every step; raises `UnsupportedError` where one has none."""
        for edge in self.edges:
            if edge.node.op != "let":
                edge.formula = pullback(edge.node, edge.k)
                edge.places = placed(edge.node)[1]

    def too_large(self) -> bool:
        """Whether there are too many steps to retrace them."""
        return len(self.edges) > EDGES

    def at(self, point: Point) -> Numbers | None:
        """All numbers at a point; None where they are too many."""
        import numpy as np

        used = dict.fromkeys([*self.nodes, *[a for e in self.edges for a in e.node.args]])
        needed = [node for node in used if node.op != "num"]
        if self._values is None:
            nodes = {str(i): node for i, node in enumerate(needed)}
            self._values = Code(Request(self.value, self.checker.inputs, nodes, functions=self.checker.bound))
        results = self._values(point)[1]
        values = {node: np.asarray(results[str(i)], dtype=float) for i, node in enumerate(needed)}
        if any(values[node].size > ENTRIES for node in self.nodes):
            return None
        return Numbers(self, point, values)

    def results(self, edge: Edge, formulas: Sequence[Node], numbers: Numbers, upstream: Any) -> list[Any]:
        """What formulas over the placeholders of a step give for an upstream gradient."""
        import numpy as np

        key = (edge.formula, edge.places, edge.node.shape, tuple(formulas))
        if key not in self._codes:
            inputs = [p for p in edge.places if p.op == "var"]
            inputs += [variable_node(UPSTREAM, edge.node.shape), variable_node(VALUE, edge.node.shape)]
            nodes = {str(i): f for i, f in enumerate(formulas)}
            self._codes[key] = Code(Request(formulas[0], inputs, nodes, functions=self.checker.bound))
        places = zip(edge.places, edge.node.args, strict=True)
        given = {place.params[0]: numbers.values[a] for place, a in places if place.op == "var"}
        given |= {UPSTREAM: upstream, VALUE: numbers.values[edge.node]}
        given = {name: array if np.ndim(array) else float(array) for name, array in given.items()}
        found = self._codes[key](Point(numbers.point.sizes, given, numbers.point.functions))[1]
        return [np.asarray(found[str(i)], dtype=float) for i in range(len(formulas))]


class Numbers:
    """The numbers of a derivation at a point.

    ``upstream[y]`` is the derivative of the value by y, a row an entry of y; ``onward[y]`` takes it to that by the
    variable; ``local[edge]`` is what a step does.
    """

    def __init__(self, backward: Backward, point: Point, values: dict[Node, Any]) -> None:
        import numpy as np

        self.backward, self.point, self.values = backward, point, values
        self.local = {}
        for edge in backward.edges:
            size = values[edge.node].size
            self.local[edge] = np.eye(size) if edge.formula is None else self.matrices(edge, [edge.formula])[0]
        self.upstream = self.swept({})
        self.onward = {backward.target: np.eye(values[backward.target].size)}
        for node in backward.nodes:
            if node is not backward.target:
                parts = [self.onward[e.argument] @ self.local[e] for e in backward.below[node]]
                self.onward[node] = np.sum(parts, axis=0)

    def matrices(self, edge: Edge, formulas: Sequence[Node]) -> list[Any]:
        """What formulas do to an upstream gradient: a column for each of its entries."""
        import numpy as np

        shape = self.values[edge.node].shape
        columns: list[list[Any]] = [[] for _ in formulas]
        for place in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[place] = 1.0
            for found, column in zip(self.backward.results(edge, formulas, self, unit), columns, strict=True):
                column.append(found.reshape(-1))
        return [np.stack(column, axis=1) for column in columns]

    def swept(self, changed: dict[Edge, Any]) -> dict[Node, Any]:
        """All upstream gradients, some steps taken otherwise."""
        import numpy as np

        backward = self.backward
        size = self.values[backward.value].size
        found: dict[Node, Any] = {backward.value: np.eye(size)}
        for edge in backward.edges:
            if edge.node in found:
                local = changed.get(edge)
                passed = (self.local[edge] if local is None else local) @ found[edge.node]
                found[edge.argument] = found[edge.argument] + passed if edge.argument in found else passed
        return found

    def gradient(self, changed: dict[Edge, Any]) -> Any:
        """The gradient, some steps taken otherwise; of a vector value, a column for each of its entries."""
        backward = self.backward
        if len(changed) != 1:
            return self.swept(changed)[backward.target]
        ((edge, local),) = changed.items()
        gap = (local - self.local[edge]) @ self.upstream[edge.node]
        return self.upstream[backward.target] + self.onward[edge.argument] @ gap
