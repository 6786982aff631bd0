"""A component of a term with three axes and more, as a matrix between its compound rows and its compound columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, pairwise, permutations, product
from typing import NamedTuple, TypeAlias

from matcalc.calculus.items import body_of
from matcalc.calculus.reading import Edge, Factor, Graph, Marks, Reading, entrywise, read
from matcalc.calculus.wiring import Axes, Chain, Part, Sizes, wire
from matcalc.calculus.writing import chain, t
from matcalc.calculus.writing import product as written
from matcalc.expressions.node import Node, intern
from matcalc.operations import table

__all__ = ["Component", "Form", "Half", "between", "vec_of"]

Form: TypeAlias = tuple[Chain, list[Node]]  # a product of matrices, and the scalars in front of it
ROWS, COLUMNS = 0, 1  # the two ends
SUMMED = 8  # the vertices that are summed, renumbered
TREES = 4  # classes of equal indices up to this size have every spanning tree tried
MATCHED = 256  # choices of ends tried
MIDDLE = 3  # vertices in the middle of a component that is cut in two, at most


class Half(NamedTuple):
    """A term between rows and columns."""

    factors: list[Factor]
    rows: Axes
    columns: Axes
    sizes: Sizes


def vec_of(node: Node) -> Node:
    """The columns of a matrix, stacked."""
    return intern("vec", (node,), (), (table.make("vec", node).shape))


def between(marks: dict[int, Marks], edge: Edge, u: int, v: int, *, diag: bool) -> Chain:
    """An edge with the marks at its ends, as a product of matrices with its rows at ``u``."""
    seen = edge.seen_from(u)
    ends = Edge(ROWS, COLUMNS, seen.powers)
    return _chain_of(Reading([], {ROWS: marks.get(u, []), COLUMNS: marks.get(v, [])}, ends), diag=diag)


def _chain_of(reading: Reading, *, diag: bool = True) -> Chain:
    edge = reading.edge
    if diag and edge is not None and len(edge.powers) > 1 and not any(node.op == "eye" for node, _ in edge.powers):
        weighted = Reading([], reading.marks, Edge(ROWS, COLUMNS, [(entrywise(edge.powers), 1)]))
        return body_of(weighted, (ROWS, COLUMNS), diag)[0]
    parts, powers = body_of(reading, (ROWS, COLUMNS), diag)
    return parts or (written(1, (), (), list(powers.items())),)


class Component:
    """A component of three axes and more, or with summed vertices that are left."""

    def __init__(self, graph: Graph, component: set[int], rows: Axes, columns: Axes, sizes: Sizes) -> None:
        self.rows, self.columns, self.sizes = rows, columns, sizes
        self.axes = (*rows, *columns)
        self.summed = {v: SUMMED + i for i, v in enumerate(sorted(component - set(self.axes)))}
        self.marks = {v: list(graph.marks.get(v, [])) for v in component}
        edges = {id(edge): edge for v in sorted(component) for edge in graph.edges.get(v, ())}
        self.edges: list[Edge] = []
        self.deltas: list[tuple[int, int]] = []
        for edge in edges.values():
            identity = any(node.op == "eye" for node, _ in edge.powers)
            if not identity or not {edge.u, edge.v} <= set(self.axes):
                self.edges.append(edge)
                continue
            self.deltas.append((edge.u, edge.v))
            for node, p in edge.powers:
                if node.op != "eye":
                    self.marks[edge.u].append((_diagonal(node), p))
        self.classes = self._classes()

    def _classes(self) -> dict[int, tuple[int, ...]]:
        """The axes that deltas make equal, for each of them."""
        owner = {a: {a} for a in self.axes}
        for u, v in self.deltas:
            joined = owner[u] | owner[v]
            for a in joined:
                owner[a] = joined
        return {a: tuple([b for b in self.axes if b in owner[a]]) for a in self.axes}

    def forms(self) -> Iterator[Form]:
        """The component read as a whole, for every way to write equal indices."""
        edges, marks = self._attached()
        for tree in self._trees():
            form = self._read(edges, list(tree), marks)
            if form is not None:
                yield form

    def _trees(self) -> Iterator[tuple[tuple[int, int], ...]]:
        """Deltas that make the same indices equal."""
        choices = [list(_spanning(group)) for group in dict.fromkeys(self.classes.values()) if len(group) > 1]
        for choice in product(*choices):
            yield tuple([pair for tree in choice for pair in tree])

    def _attached(self) -> tuple[list[Edge], dict[int, Marks]]:
        """The edges beside deltas, between rows or between columns where equal indices leave the choice."""
        edges: dict[tuple[int, int], Edge] = {}
        marks: dict[int, Marks] = {v: [] for v in self.marks}
        across: list[tuple[Edge, list[tuple[int, int]]]] = []
        for v, here in self.marks.items():
            marks[self.classes[v][0] if v in self.classes else v] += here
        for edge in self.edges:
            u, v = edge.u, edge.v
            us, vs = self.classes.get(u, (u,)), self.classes.get(v, (v,))
            if us == vs:
                marks[us[0]] += [(_diagonal(node), p) for node, p in edge.powers]
                continue
            ends = sorted(product(us, vs), key=lambda ends: (self._rank(*ends), ends))
            if self._rank(*ends[0]) < 2 or {u, v} & set(self.summed):
                _attach(edges, edge, ends[0])
            else:
                across.append((edge, ends))
        for (edge, _), place in zip(across, self._matched([ends for _, ends in across]), strict=True):
            _attach(edges, edge, place)
        return list(edges.values()), marks

    def _matched(self, choices: Sequence[Sequence[tuple[int, int]]]) -> Sequence[tuple[int, int]]:
        """Ends for edges between rows and columns, such that as few as can be share an axis."""

        def crowded(ends: Sequence[tuple[int, int]]) -> tuple[int, Sequence[tuple[int, int]]]:
            used = [a for pair in ends for a in pair]
            return (len(used) - len(set(used)), ends)

        return min(islice(product(*choices), MATCHED), key=crowded)

    def _rank(self, u: int, v: int) -> int:
        for rank, side in enumerate((self.rows, self.columns)):
            if u in side and v in side:
                return rank
        return 2

    def _read(
        self, edges: Sequence[Edge], tree: Sequence[tuple[int, int]], marks: dict[int, Marks]
    ) -> Form | None:
        """The term with these deltas, read between its compound rows and its compound columns."""
        every = [*edges, *[Edge(u, v, [(table.eye(self.sizes[u]), 1)]) for u, v in tree]]
        every = self._with_marks(every, marks)
        factors: list[Factor] = [
            (node, p, (self.summed[v],)) for v, here in marks.items() if v in self.summed for node, p in here
        ]
        across: list[Edge] = []
        for edge in every:
            u, v = edge.u, edge.v
            sides = [self._side(u), self._side(v)]
            if sides == [None, None]:
                factors += [(node, p, (self.summed[u], self.summed[v])) for node, p in edge.powers]
            elif None in sides:
                axis, s = (u, v) if sides[1] is None else (v, u)
                side = self.rows if axis in self.rows else self.columns
                node = chain(self._wired([edge], side, (s,)))
                factors.append((node, 1, (ROWS if side is self.rows else COLUMNS, self.summed[s])))
            elif sides[0] == sides[1]:
                side = self.rows if sides[0] == ROWS else self.columns
                factors.append((chain(self._wired([edge], side, ())), 1, (sides[0] or ROWS,)))
            else:
                across.append(edge)
        factors += [(chain(self._wired(layer, self.rows, self.columns)), 1, (ROWS, COLUMNS))
                    for layer in self._layers(across)]  # fmt: skip
        reading = read(factors, (ROWS, COLUMNS) if self.columns else (ROWS,), {})
        if reading is None:
            return None
        if not self.columns:
            return (entrywise(reading.marks[ROWS]),), reading.scalars
        return _chain_of(reading), reading.scalars

    def cuts(self) -> Iterator[list[Half]]:
        """The component cut in two: rows to middle, and middle to columns, with what lies in the middle as weights.

        The middle are the summed vertices and some indices that go through: ``(X ⊗ I) diag(vec(F)) (I ⊗ A)``.
        """
        groups = list(dict.fromkeys(self.classes.values()))
        through = [group for group in groups if set(group) & set(self.rows) and set(group) & set(self.columns)]
        others = [group for group in groups if group not in through]
        for count in range(len(others) + 1):
            for more in combinations(others, count):
                if 0 < len(self.summed) + len(through) + count <= MIDDLE:
                    yield from self._cut([*through, *more])

    def _cut(self, threads: Sequence[Axes]) -> Iterator[list[Half]]:
        """The two halves with these classes of equal indices in the middle, in every order of the middle."""
        fresh = max([*self.marks, *self.sizes]) + 1
        middle = {v: fresh + i for i, group in enumerate(threads) for v in group}
        sizes = {**self.sizes, **{middle[v]: self.sizes[v] for v in middle}}
        place = {v: middle.get(v, self.classes[v][0] if v in self.classes else v) for v in self.marks}
        inner = {*middle.values(), *self.summed}
        left: list[Factor] = []
        right: list[Factor] = []
        for v in self.axes:
            if place[v] != v:
                (left if v in self.rows else right).append((table.eye(self.sizes[v]), 1, (v, place[v])))
        for v, here in self.marks.items():
            (right if place[v] in self.columns else left).extend([(node, p, (place[v],)) for node, p in here])
        for edge in self.edges:
            u, v = place[edge.u], place[edge.v]
            if not {u, v} & inner and (u in self.rows) != (v in self.rows):
                return
            half = right if u in self.columns or v in self.columns else left
            half += [(node, p, (u, v)) for node, p in edge.powers]
        for order in permutations(sorted(inner)):
            yield [Half(left, self.rows, order, sizes), Half(right, order, self.columns, sizes)]
            if len(inner) == MIDDLE:
                return

    def _side(self, v: int) -> int | None:
        return ROWS if v in self.rows else COLUMNS if v in self.columns else None

    def _with_marks(self, edges: Sequence[Edge], marks: dict[int, Marks]) -> list[Edge]:
        """The marks of an axis on one of its edges, on one that is a weight already if there is one."""
        found = list(edges)
        for v in self.axes:
            here = [(node, p) for node, p in marks[v]]
            if not here:
                continue
            members = self.classes[v]
            ranked = sorted(range(len(found)), key=lambda i: self._rank(found[i].u, found[i].v))
            at = next(i for i in ranked if found[i].u in members or found[i].v in members)
            edge = found[at]
            first = edge.u in members
            one = {edge.u if first else edge.v: here}
            node = chain(between(one, edge, edge.u, edge.v, diag=False))
            found[at] = Edge(edge.u, edge.v, [(node, 1)])
        return found

    def _wired(self, edges: Sequence[Edge], rows: Axes, columns: Axes) -> Chain:
        """Edges that share no axis, with ones for the axes beside them."""
        parts: list[Part] = []
        for edge in edges:
            here = tuple([a for a in rows if a in (edge.u, edge.v)])
            there = tuple([a for a in columns if a in (edge.u, edge.v)])
            if there:
                parts.append(Part(here, there, between({}, edge, here[0], there[0], diag=True)))
            else:
                slow, fast = here
                parts.append(Part(here, (), (vec_of(chain(between({}, edge, fast, slow, diag=False))),)))
        ones = {a: table.ones((self.sizes[a], 1)) for a in (*rows, *columns) if a in self.sizes}
        used = {a for edge in edges for a in (edge.u, edge.v)}
        parts += [Part((a,), (), (ones[a],)) for a in rows if a not in used]
        parts += [Part((), (a,), (t(ones[a]),)) for a in columns if a not in used]
        return wire(parts, rows, columns, self.sizes)[0]

    def _layers(self, edges: Iterable[Edge]) -> list[list[Edge]]:
        """Edges between rows and columns in sets that share no axis, those in the order of the axes first."""
        place = {a: i for side in (self.rows, self.columns) for i, a in enumerate(reversed(side))}
        layers: list[list[Edge]] = []
        for edge in sorted(edges, key=lambda e: (abs(place[e.u] - place[e.v]), e.u, e.v)):
            for layer in layers:
                if not {edge.u, edge.v} & {a for other in layer for a in (other.u, other.v)}:
                    layer.append(edge)
                    break
            else:
                layers.append([edge])
        return layers


def _attach(edges: dict[tuple[int, int], Edge], edge: Edge, ends: tuple[int, int]) -> None:
    u, v = ends
    low, high, powers = (u, v, edge.powers) if u < v else (v, u, edge.seen_from(edge.v).powers)
    old = edges.get((low, high))
    edges[low, high] = Edge(low, high, [*(old.powers if old else []), *powers])


def _diagonal(node: Node) -> Node:
    return intern("diag", (node,), (), (node.shape[0], 1))


def _spanning(group: Axes) -> Iterator[tuple[tuple[int, int], ...]]:
    """The spanning trees of some axes; one of them where there are many."""
    if len(group) > TREES:
        yield tuple(pairwise(group))
        return
    for edges in combinations(list(combinations(group, 2)), len(group) - 1):
        reached = {group[0]}
        for _ in group:
            reached |= {a for edge in edges if reached & set(edge) for a in edge}
        if len(reached) == len(group):
            yield edges
