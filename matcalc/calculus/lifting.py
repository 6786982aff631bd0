"""Index terms as matrices between a compound row and a compound column: a Kronecker factor for each component.

What is left of a term's graph when every summed vertex that can be is taken out (`matcalc.calculus.reading`) falls
apart into components, and these are the Kronecker factors (`matcalc.calculus.wiring`). A component

- with one axis is a column or a row;
- with a row and a column axis is a matrix, with two rows ``vec(M)``, with two columns ``vec(N).T``;
- with more axes is read once more, with its compound rows and columns as the two ends. An edge between two rows is
  a weight of them, ``diag(vec(M))``; edges between rows and columns that share no axis are a Kronecker product with
  ones for the rest, and several such are multiplied entry by entry; an edge to a summed vertex is one with ones
  likewise (``kron(B, 1) * kron(1, A)`` is the columnwise Kronecker product of Khatri and Rao 1968).

So every term has a form that is series-parallel between its rows and its columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.calculus.components import Component, Form, between, vec_of
from matcalc.calculus.reading import Graph, entrywise, reduced
from matcalc.calculus.wiring import Axes, Chain, Part, Sizes, length, turned, wire, without_eyes
from matcalc.calculus.writing import chain, t
from matcalc.expressions.node import Node, postorder
from matcalc.operations import table

__all__ = ["lifted"]

HARDER = 2  # tokens that Kronecker products multiplied entry by entry count more


def lifted(
    graph: Graph, rows: Axes, columns: Axes, sizes: Sizes, *, bridges: bool = True
) -> tuple[list[Chain], list[Node]] | None:
    """A reduced term as products of matrices between its rows and its columns, and the scalars in front; or None.

    ``bridges``: whether components may be cut in two in the middle.
    """
    parts: list[Part] = []
    scalars: list[Node] = []
    components = _components(graph, (*rows, *columns))
    if set(graph.marks) - set().union(*components):  # a scalar that no step reduces
        return None
    for component in components:
        here = tuple([a for a in rows if a in component])
        there = tuple([a for a in columns if a in component])
        found = _part(graph, component, here, there, sizes, bridges)
        if found is None:
            return None
        scalars += found[1]
        parts.append(Part(here, there, found[0]))
    return wire(parts, rows, columns, sizes), scalars


def _components(graph: Graph, axes: Axes) -> list[set[int]]:
    """The vertices that edges connect; an axis without factors is one by itself."""
    found: list[set[int]] = []
    seen: set[int] = set()
    for axis in axes:
        if axis in seen:
            continue
        component, stack = {axis}, [axis]
        while stack:
            for edge in graph.edges.get(stack.pop(), ()):
                for v in (edge.u, edge.v):
                    if v not in component:
                        component.add(v)
                        stack.append(v)
        found.append(component)
        seen |= component
    return found


def _part(
    graph: Graph, component: set[int], rows: Axes, columns: Axes, sizes: Sizes, bridges: bool
) -> Form | None:
    if len(component) > len(rows) + len(columns) or len(component) > 2:
        turn = not rows
        whole = Component(graph, component, columns if turn else rows, rows if turn else columns, sizes)
        forms = [*(_bridged(whole) if bridges and whole.columns else ()), *whole.forms()]
        found = min(forms, key=_effort, default=None)
        return (turned(found[0]), found[1]) if found is not None and turn else found
    marks = {v: graph.marks.get(v, []) for v in component}
    if len(component) == 1:
        (v,) = component
        column = entrywise(marks[v]) if marks[v] else table.ones((sizes[v], 1))
        return (column if rows else t(column),), []
    if rows and columns:
        return between(marks, graph.edges[rows[0]][0], rows[0], columns[0], diag=True), []
    slow, fast = rows or columns
    column = vec_of(chain(between(marks, graph.edges[fast][0], fast, slow, diag=False)))
    return (column if rows else t(column),), []


def _bridged(component: Component) -> Iterator[Form]:
    """The component as a product of its two halves, for every way to cut it."""
    for halves in component.cuts():
        parts: list[Node] = []
        scalars: list[Node] = []
        for half in halves:
            graph = reduced(half.factors, {*half.rows, *half.columns}, {})
            form = lifted(graph, half.rows, half.columns, half.sizes, bridges=False)
            if form is None:
                break
            parts += form[0][0]
            scalars += [*graph.scalars, *form[1]]
        else:
            yield without_eyes(tuple(parts)), scalars


def _effort(form: Form) -> int:
    """The length of a form; Kronecker products multiplied entry by entry are harder to read than their length says."""
    parts = postorder(*form[0], into=lambda n: n.op in ("mul", "kron", "T"))
    met = [part for part in parts if part.op == "mul" and all(a.op == "kron" for a in part.args)]
    return length(form[0]) + HARDER * len(met)
