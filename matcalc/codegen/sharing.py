"""Factorisations shared, and scalars applied where they cost least: the last changes before the
code is written.

A matrix that several things are solved with is factored for each of them by NumPy, which keeps no
factors.  So where its inverse is needed anyway, or more than `SOLVES` systems have the same matrix,
the inverse is computed once and multiplied with (as accurate as solving, for the error that matters
here: Druinsky & Toledo 2012). Eigenvalues and eigenvectors of one matrix come of one decomposition, singular values
and vectors likewise; for Cholesky factors see `matcalc.codegen.factorisations`.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.adjugates import of_singular
from matcalc.codegen.factorisations import decomposed, together
from matcalc.codegen.sums import ENTRY, Meetings, distributed, factored, mirrored
from matcalc.codegen.values import Graph, Value
from matcalc.codegen.walks import below

__all__ = ["improve"]

SOLVES = 2


def improve(graph: Graph, outputs: Sequence[Value], hints: dict[Value, str]) -> list[Value]:
    """The outputs after all changes; ``hints`` follow the values."""
    order = below(outputs)
    uses: dict[Value, int] = dict.fromkeys(order, 0)
    for value in outputs:
        uses[value] += 2  # what is asked for stays as it is
    for value in order:
        for argument in value.args:
            uses[argument] += 1
    for value in hints:
        if value in uses:
            uses[value] += 2
    reused = graph.options.factorisations
    inverted: frozenset[Value] = _inverted(graph, order) if reused else frozenset()
    shared: frozenset[tuple[str, Value]] = together(order) if reused else frozenset()
    meetings = Meetings(order, outputs, hints) if graph.options.sums else None
    new: dict[Value, Value] = {}
    there: set[Value] = set()
    for value in order:
        args = tuple([new[a] for a in value.args])
        found = decomposed(graph, value, args, shared)
        if found is None and meetings is not None:
            by_terms = distributed(graph, value, new, meetings, there) if value.op == "matmul" else None
            found = factored(graph, value, args, uses) if by_terms is None else by_terms
        new[value] = _changed(graph, value, args, inverted, uses) if found is None else found
        there.add(new[value])
    for value, name in list(hints.items()):
        if value in new and new[value] is not value:
            hints.setdefault(new[value], name)
            del hints[value]
    return [new[value] for value in outputs]



def _below_transpose(value: Value) -> tuple[Value, ...]:
    return value.args if value.op == "T" else ()


def _matrix(value: Value) -> Value:
    return value.args[0] if value.op == "T" else value


def _inverted(graph: Graph, order: Sequence[Value]) -> frozenset[Value]:
    """The matrices whose inverse is to be computed."""
    systems: dict[Value, int] = {}
    wanted = set()
    for value in order:
        if value.op == "solve":
            a = _matrix(value.args[0])
            systems[a] = systems.get(a, 0) + 1
        elif value.op == "inv":
            wanted.add(value.args[0])
    return frozenset(wanted | {a for a, count in systems.items() if count > SOLVES})


def _changed(
    graph: Graph, value: Value, args: tuple[Value, ...], inverted: frozenset[Value], uses: dict[Value, int]
) -> Value:
    if value.op == "solve" and _matrix(value.args[0]) in inverted:
        a, b = args
        inverse = graph.value("inv", (_matrix(a),), (), _matrix(a).axes)
        inverse = graph.transposed(inverse) if a.op == "T" else inverse
        return graph.matmul(inverse, b)
    moved = _moved(graph, value, args, uses) if graph.options.scalars else None
    if moved is not None:
        return moved
    if args == value.args:
        return value
    if value.op == "T":
        return graph.transposed(args[0])
    return graph.value(value.op, args, value.params, value.axes)


def _moved(graph: Graph, value: Value, args: tuple[Value, ...], uses: dict[Value, int]) -> Value | None:
    """A scalar times (or a sign before, or a scalar below) a product that nothing else uses: moved
    onto one factor."""
    if value.op == "mul" and not value.args[0].axes:
        inverse = args[1].args[0] if args[1].op == "T" else args[1]
        if inverse.op == "inv" and all(uses.get(v, 1) == 1 for v in (value.args[1], *_below_transpose(value.args[1]))):
            return of_singular(graph, args[0], args[1])
        scale: tuple[Value, ...] = args[:1]
    elif value.op in ("div", "guarded") and not value.args[1].axes:
        scale = args[1:]
    elif value.op == "neg":
        scale = ()
    else:
        return None
    old = value.args[1] if value.op == "mul" else value.args[0]
    core = args[1] if value.op == "mul" else args[0]
    if uses[old] != 1 or len(core.axes) != 2 or core.op not in ("outer", "matmul"):
        return None
    a, b = core.args
    if graph.options.syrk and core.op == "matmul" and mirrored(a, b) and graph.sizes.weight(a.axes[1]) >= ENTRY:
        return None  # half of the product costs more than to scale it
    sizes = [graph.sizes.size(v.axes) for v in (core, a, b)]
    if sizes[0] <= min(sizes[1:]):
        return None
    if sizes[1] <= sizes[2]:
        return graph.value(core.op, (_scaled(graph, value.op, scale, a), b), (), core.axes)
    return graph.value(core.op, (a, _scaled(graph, value.op, scale, b)), (), core.axes)


def _scaled(graph: Graph, op: str, scale: tuple[Value, ...], value: Value) -> Value:
    args = (*scale, value) if op == "mul" else (value, *scale)
    return graph.value(op, args, (), value.axes)
