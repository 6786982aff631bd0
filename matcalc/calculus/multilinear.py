"""Lowering of sums and of multilinear operations, by the index form that the tables give (``einsum``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus import contraction
from matcalc.calculus.sums import atom, leaf
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, instantiate, normalise
from matcalc.calculus.writing import dim_node
from matcalc.expressions.dims import Dim, add
from matcalc.expressions.node import Node, Shape, kind
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS

if TYPE_CHECKING:
    from matcalc.calculus.lowering import Lowering

__all__ = ["addition", "blocks_of", "diagonal", "einsum_of", "indexed", "multilinear", "negative", "places_of"]

LINEAR = frozenset({"T", "sum", "mean", "tr", "diag"})


def addition(low: Lowering, node: Node) -> Sum:
    """All terms of both; what broadcasts has fewer indices."""
    value = Sum(node.shape)
    signs = (1, -1) if node.op == "sub" else (1, 1)
    for sign, argument in zip(signs, node.args, strict=True):
        value.include(low.lower(argument), sign)
    return value


def negative(low: Lowering, node: Node) -> Sum:
    """All terms, with the other sign."""
    value = Sum(node.shape)
    value.include(low.lower(node.args[0]), -1)
    return value


def einsum_of(node: Node) -> str:
    """The index form of a multilinear node."""
    form = OPERATIONS[node.op].einsum
    return form(node.params) if callable(form) else form


def multilinear(low: Lowering, node: Node) -> Sum:
    """A product of one term for each argument; of one argument, every term."""
    values = [low.lower(a) for a in node.args]
    value = Sum(node.shape)
    if any(not v.terms for v in values):
        return value
    if node.op in LINEAR:
        for key, c in values[0].terms.items():
            _multiply(node, [(key, c)], value)
    else:
        _multiply(node, [atom(v) for v in values], value)
    return value


def places_of(form: str, shapes: Sequence[Shape], shape: Shape) -> tuple[list[dict[int, int]], dict[int, Dim]]:
    """For each argument, where its axes stand in the product, and the dimensions of the summed indices."""
    inputs, output = form.split("->")
    number: dict[str, int] = {}
    for axis, letter in enumerate(output):
        if shape[axis] != 1 and letter != ".":
            number.setdefault(letter, axis)
    places: list[dict[int, int]] = []
    sizes: dict[int, Dim] = {}
    for letters, dims in zip(inputs.split(","), shapes, strict=True):
        if len(letters) == 1:
            letters = letters + "." if dims[1] == 1 else "." + letters
        place: dict[int, int] = {}
        for axis, letter in enumerate(letters):
            if dims[axis] == 1 or letter == ".":
                continue
            if letter not in number:
                number[letter] = FIRST + len(number)
            place[axis] = number[letter]
            if number[letter] >= FIRST:
                sizes[number[letter]] = dims[axis]
        places.append(place)
    return places, sizes


def _multiply(node: Node, parts: Sequence[tuple[Key, Number]], value: Sum) -> None:
    places, sizes = places_of(einsum_of(node), [a.shape for a in node.args], node.shape)
    raw = Raw()
    raw.sizes.update(sizes)
    for (key, c), place in zip(parts, places, strict=True):
        instantiate(raw, key, c, place)
    if node.op == "mean":
        _divide_by_count(raw, node)
    normalise(raw, free_of(node.shape), value)


def _divide_by_count(raw: Raw, node: Node) -> None:
    for before, after in zip(node.args[0].shape, node.shape, strict=True):
        if after == 1 and before != 1:
            contraction.scale(raw, dim_node(before), -1)


def diagonal(low: Lowering, node: Node) -> Sum:
    """``diag``: a vector with a delta, or a matrix with both indices the same."""
    argument = low.lower(node.args[0])
    value = Sum(node.shape)
    for key, c in argument.terms.items():
        raw = Raw()
        instantiate(raw, key, c, {0: 0, 1: 0})
        if kind(node.shape) == "matrix":
            raw.factors.append((table.eye(argument.dims[0]), 1, (0, 1)))
        normalise(raw, free_of(node.shape), value)
    return value


def indexed(low: Lowering, node: Node) -> Sum:
    """Entries and slices: every term with unit vectors and selectors."""
    argument, params = node.args[0], node.params
    if argument.op == "eye":
        found = contraction.indexed(argument, *params)
        return leaf(found) if found is node else low.lower(found)
    value = Sum(node.shape)
    for key, c in low.lower(argument).terms.items():
        raw = Raw()
        place: dict[int, int] = {}
        nxt = FIRST
        for axis, item in enumerate(params):
            n = argument.shape[axis]
            if n == 1:
                continue
            if item[0] == "all":
                place[axis] = axis
                continue
            place[axis] = nxt
            raw.sizes[nxt] = n
            if item[0] == "at" or node.shape[axis] == 1:
                raw.factors.append((contraction.unit(n, item[1]), 1, (nxt,)))
            else:
                raw.factors.append((contraction.selector(n, item[1], item[2]), 1, (axis, nxt)))
            nxt += 1
        instantiate(raw, key, c, place)
        if len(key[1]) == 0:
            raw.factors = []
            raw.sizes = {}
        normalise(raw, free_of(node.shape), value)
    return value


def blocks_of(node: Node) -> list[tuple[Node, Dim, Dim]]:
    """The blocks of a stack, each with the row and the column where it begins."""
    found: list[tuple[Node, Dim, Dim]] = []
    blocks = iter(node.args)
    row: Dim = 0
    for count in node.params:
        column: Dim = 0
        height: Dim = 1
        for _ in range(count):
            block = next(blocks)
            found.append((block, row, column))
            column = add(column, block.shape[1])
            height = block.shape[0]
        row = add(row, height)
    return found
