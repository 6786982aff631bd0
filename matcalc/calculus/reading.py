"""Reading back: from factors with indices to products, Hadamard products and diagonals.

A term is a graph: an index is a vertex, a matrix factor an edge, a vector factor a mark on a vertex. Summed
vertices are removed one by one:

========  =====================================================  ======================================
step      what                                                   gives
========  =====================================================  ======================================
loop      an edge from a vertex to itself                        mark ``diag(A)``; alone, ``tr(A)``
parallel  two edges between the same vertices                    an edge ``A * B``
isolated  a summed vertex with only marks                        a scalar ``u.T @ v``, ``sum(v)``
pendant   a summed vertex with one edge and marks v              mark ``A @ v`` on its neighbour
series    a summed vertex with two edges and marks v             an edge ``A @ diag(v) @ B``; ``A @ (v*B)`` if B is
                                                                 an entrywise expression itself
========  =====================================================  ======================================

A graph of treewidth at most 2 always reduces fully (Duffin 1965: these are the series-parallel graphs); of any
other, no form in these operations exists, and `read` gives None.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from heapq import heappop, heappush
from typing import TypeAlias

from matcalc.calculus.edges import Edge, Marks, entrywise
from matcalc.calculus.writing import chain, rank, t
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.operations.table import ELEMENTWISE_NAMES
from matcalc.render.measure import token_count

__all__ = ["Edge", "Factor", "Graph", "Marks", "Reading", "entrywise", "read", "reduced", "scalar_product"]

SHORT = 200  # nodes of a product whose trace is turned round
Factor: TypeAlias = tuple[Node, Fraction | int, tuple[int, ...]]


class Reading:
    """What a term reads as: scalars, marks on each free vertex (as columns), and the matrix between two of them."""

    __slots__ = ("edge", "marks", "scalars")

    def __init__(self, scalars: list[Node], marks: dict[int, Marks], edge: Edge | None) -> None:
        self.scalars, self.marks, self.edge = scalars, marks, edge


def scalar_product(marks: Marks) -> Node:
    """The sum over the entries of an entrywise product: ``u.T@v`` of two, ``sum(...)`` else."""
    if len(marks) == 1 and marks[0][1] == 2:
        return _dot(marks[0][0], marks[0][0])
    if len(marks) == 2 and marks[0][1] == 1 and marks[1][1] == 1:
        return _dot(marks[0][0], marks[1][0])
    return intern("sum", (entrywise(marks),), (None,), (1, 1))


def _dot(a: Node, b: Node) -> Node:
    for x, y in ((a, b), (b, a)):
        if x.op == "ones":
            return intern("sum", (y,), (None,), (1, 1))
    return min((chain([t(a), b]), chain([t(b), a])), key=lambda n: (token_count(n), rank(t(n.args[0])), n.digest))


class Graph:
    """A term: at every vertex its marks and its edges, and the scalars that have come out of it."""

    def __init__(self, factors: Iterable[Factor], free: Collection[int], sizes: dict[int, Dim]) -> None:
        self.free, self.sizes = free, sizes
        self.marks: dict[int, Marks] = {}
        self.edges: dict[int, list[Edge]] = {}
        self.scalars: list[Node] = []
        for node, p, index in factors:
            for v in index:
                self.marks.setdefault(v, [])
                self.edges.setdefault(v, [])
            if len(index) == 1:
                self.mark(index[0], node if node.shape[1] == 1 else t(node), p)
            else:
                self.connect(Edge(index[0], index[1], [(node, p)]))

    def mark(self, v: int, node: Node, p: Fraction | int = 1) -> None:
        """Multiply a vertex by a power of a column."""
        self.marks[v].append((node, p))

    def connect(self, edge: Edge) -> None:
        """Add an edge."""
        self.edges[edge.u].append(edge)
        if edge.v != edge.u:
            self.edges[edge.v].append(edge)

    def cut(self, edge: Edge) -> None:
        """Take an edge out."""
        self.edges[edge.u].remove(edge)
        if edge.v != edge.u:
            self.edges[edge.v].remove(edge)

    def neighbours(self, v: int) -> list[int]:
        """The vertices that an edge connects with one."""
        return [edge.u if edge.v == v else edge.v for edge in self.edges.get(v, ())]

    def drop(self, v: int) -> None:
        """Take a vertex out, which has no edges left."""
        del self.marks[v], self.edges[v]

    def column(self, v: int) -> Node | None:
        """The marks of a vertex as one column."""
        return entrywise(self.marks[v]) if self.marks[v] else None

    def loop(self, v: int) -> bool:
        """An edge from a vertex to itself."""
        for edge in self.edges[v]:
            if edge.u == edge.v:
                self.cut(edge)
                if v not in self.free and not self.edges[v] and not self.marks[v]:
                    self.scalars.append(_trace(edge.node))
                    self.drop(v)
                else:
                    self.mark(v, intern("diag", (edge.node,), (), (edge.node.shape[0], 1)))
                return True
        return False

    def parallel(self, v: int) -> bool:
        """Two edges between the same vertices; a bare cycle of two is left to become a trace."""
        seen: dict[int, Edge] = {}
        for edge in self.edges[v]:
            w = edge.other(v)
            first = seen.setdefault(w, edge)
            if first is edge or self._bare_cycle(v, w, first, edge):
                continue
            merged = first.powers + edge.seen_from(first.u).powers
            self.cut(first)
            self.cut(edge)
            self.connect(Edge(first.u, first.v, merged))
            return True
        return False

    def _bare_cycle(self, v: int, w: int, first: Edge, second: Edge) -> bool:
        ends = [k for k in (v, w) if k not in self.free and not self.marks[k] and len(self.edges[k]) == 2]
        if len(ends) == 1 and not _is_plain_product(first.node, second.node):
            return False  # sum(A*B, axis=1) is read more easily than diag(A@B.T)
        if not ends or (len(ends) == 1 and ends[0] == v and w not in self.free and len(self.edges[w]) > 2):
            return False
        if any(len(e.powers) > 1 or e.powers[0][1] != 1 for e in (first, second)):
            return False
        a, b = first.seen_from(v).node, second.seen_from(w).node
        # tr(A@B) against sum(A*B.T), diag(A@B) against sum(A*B.T, axis=1)
        entrywise_length = token_count(a) + 1 + token_count(t(b)) + (3 if len(ends) == 1 else 0)
        return token_count(chain([a, b])) < entrywise_length

    def isolated(self, v: int) -> bool:
        """A summed vertex with only marks."""
        if self.edges[v]:
            return False
        if self.marks[v]:
            self.scalars.append(scalar_product(self.marks[v]))
        self.drop(v)
        return True

    def pendant(self, v: int) -> bool:
        """A summed vertex with one edge."""
        if len(self.edges[v]) != 1:
            return False
        edge = self.edges[v][0]
        u = edge.other(v)
        matrix = edge.seen_from(u).node
        column = self.column(v)
        self.cut(edge)
        self.drop(v)
        if column is None and u not in self.free and not self.marks[u] and not self.edges[u]:
            self.scalars.append(_total(edge.seen_from(u)))
            self.drop(u)
        else:
            self.mark(u, _row_sums(matrix) if column is None else chain([matrix, column]))
        return True

    def series(self, v: int) -> bool:
        """A summed vertex with two edges."""
        if len(self.edges[v]) != 2:
            return False
        first, second = self.edges[v]
        left, right = first.seen_from(first.other(v)), second.seen_from(v)
        column = self.column(v)
        if column is not None:
            left, right = _weighted(left, right, column)
        self.cut(first)
        self.cut(second)
        self.drop(v)
        self.connect(left.then(right))
        return True


def _weighted(left: Edge, right: Edge, column: Node) -> tuple[Edge, Edge]:
    """The edges on both sides of a vertex with a mark, which goes into one of them or stands between."""
    if _is_entrywise(right.node):
        return left, Edge(right.u, right.v, [(entrywise([(column, 1), (right.node, 1)]), 1)])
    if _is_entrywise(left.node):
        return Edge(left.u, left.v, [(t(entrywise([(column, 1), (t(left.node), 1)])), 1)]), right
    middle = intern("diag", (column,), (), (column.shape[0], column.shape[0]))
    return left.then(Edge(right.u, right.u, [(middle, 1)])), right


def _is_entrywise(node: Node) -> bool:
    """Whether a matrix is computed entry by entry, so that a factor for each row fits in: ``1 - H**2``."""
    node = node.args[0] if node.op == "T" else node
    return node.op in ELEMENTWISE_NAMES or node.op in ("mul", "div", "pow", "add", "sub", "apply")


def _total(edge: Edge) -> Node:
    """The sum of all entries: ``sum(A*B)``, or ``tr(A@B)`` of ``sum(A*B.T)``."""
    options = []
    for one in (edge, Edge(edge.v, edge.u, [(t(node), p) for node, p in edge.powers])):
        options.append(intern("sum", (one.node,), (None,), (1, 1)))
        plain = [(node, p) for node, p in one.powers if node.op != "T"]
        turned = [(t(node), p) for node, p in one.powers if node.op == "T"]
        if plain and turned:
            options.append(intern("tr", (chain([entrywise(plain), entrywise(turned)]),), (), (1, 1)))
    return min(options, key=lambda node: (token_count(node), node.digest))


def _is_plain_product(a: Node, b: Node) -> bool:
    """Whether two matrices are variables, and one a product of them, nowhere entry by entry."""
    parts = {part.op for part in postorder(a, b, into=_below)}
    return "matmul" in (a.op, b.op) and not parts & (ELEMENTWISE_NAMES | {"mul", "div", "pow", "apply"})


def _below(node: Node) -> bool:
    return node.op not in NAMED


def _row_sums(matrix: Node) -> Node:
    """The sum along the rows: a product with ones for a plain matrix or a product, which composes, ``sum`` else."""
    inner = matrix.args[0] if matrix.op == "T" else matrix
    if inner.op in ("var", "let", "matmul", "inv", "pinv", "index", "eye"):
        return chain([matrix, table.ones((matrix.shape[1], 1))])
    if matrix.op == "T":
        return t(intern("sum", (inner,), (0,), (1, inner.shape[1])))
    return intern("sum", (matrix,), (1,), (matrix.shape[0], 1))


def _trace(node: Node) -> Node:
    """``tr(A@B@C)``, turned and transposed to the shortest writing."""
    best = [node, t(node)]
    if node.size < SHORT:
        for start in (node, t(node)):
            parts: list[Node] = []
            while start.op == "matmul":
                parts.insert(0, start.args[1])
                start = start.args[0]
            parts.insert(0, start)
            best += [chain(parts[i:] + parts[:i]) for i in range(1, len(parts))]
    inner = min(best, key=lambda n: (token_count(n), n.digest))
    return intern("tr", (inner,), (), (1, 1))


def reduced(factors: Iterable[Factor], free: Collection[int], sizes: dict[int, Dim]) -> Graph:
    """The graph of a term with every summed vertex taken out that one of the steps can take out.

    ``free`` are the vertices that stay; ``sizes`` gives every vertex its dimension.
    """
    graph = Graph(factors, free, sizes)
    waiting = sorted(graph.marks)
    agenda = [(step, v) for step in range(len(STEPS)) for v in waiting if v not in free or step in EVERYWHERE]
    asked = set(agenda)  # a step that could not be done is tried again only where something has changed
    while agenda:
        step, v = heappop(agenda)
        asked.discard((step, v))
        if v not in graph.marks:
            continue
        near = {v, *graph.neighbours(v)}
        if not STEPS[step](graph, v):
            continue
        near.update(graph.neighbours(v))
        further = {one for w in near for one in graph.neighbours(w)} - near  # they look at their neighbours' edges
        for one, steps in [*((one, range(len(STEPS))) for one in near), *((one, (PARALLEL,)) for one in further)]:
            for step in steps:
                if (step, one) not in asked and (one not in free or step in EVERYWHERE):
                    asked.add((step, one))
                    heappush(agenda, (step, one))
    return graph


STEPS = (Graph.loop, Graph.parallel, Graph.isolated, Graph.pendant, Graph.series)  # the first that can be done is
EVERYWHERE, PARALLEL = (0, 1), 1  # steps for vertices that stay as well


def read(factors: Collection[Factor], free: Collection[int], sizes: dict[int, Dim]) -> Reading | None:
    """The matrix form of a term, or None where its graph does not reduce.

    ``free`` are the vertices that stay (at most two of them); ``sizes`` gives every vertex its dimension.
    """
    if any(len(index) > 2 for _, _, index in factors):
        return None
    graph = reduced(factors, free, sizes)
    if any(v not in free for v in graph.marks):
        return None
    edges = [e for v in graph.edges for e in graph.edges[v]]
    if any(e.u == e.v for e in edges):
        return None
    ends = sorted(free)
    edge = edges[0].seen_from(ends[0]) if edges else None
    return Reading(graph.scalars, {v: graph.marks.get(v, []) for v in free}, edge)
