"""Kronecker products whose factors act on some of the axes of a compound row and a compound column.

The compound rows of a matrix are a list of axes, the slowest first: the rows of ``∂vec(Y)`` are the pairs (column of
Y, row of Y), since ``vec`` stacks columns. Factors that stand in the order of the axes are a Kronecker product; any
other order is made of it by commutation matrices (Magnus & Neudecker 2019, theorem 3.9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import TypeAlias

from matcalc.calculus.writing import chain, t
from matcalc.expressions.dims import Dim, multiply
from matcalc.expressions.node import Node, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Axes", "Chain", "Part", "Sizes", "kron", "length", "size_of", "turned", "wire", "without_eyes"]

Axes: TypeAlias = tuple[int, ...]
Chain: TypeAlias = tuple[Node, ...]  # a product of matrices
Sizes: TypeAlias = Mapping[int, Dim]

TRIED = 4  # factors up to this number are tried in every order


class Part:
    """A matrix between some of the row axes and some of the column axes; without columns a column, without rows a
    row.
    """

    __slots__ = ("chain", "columns", "rows")

    def __init__(self, rows: Axes, columns: Axes, parts: Chain) -> None:
        self.rows, self.columns, self.chain = rows, columns, parts


def size_of(order: Sequence[int], sizes: Sizes) -> Dim:
    """The dimension of a compound axis."""
    total: Dim = 1
    for axis in order:
        total = multiply(total, sizes[axis])
    return total


def length(parts: Chain) -> int:
    """How long a product reads."""
    return sum([token_count(part) + 1 for part in parts])


def turned(parts: Chain) -> Chain:
    """The transpose of a product."""
    return tuple([t(part) for part in reversed(parts)])


def without_eyes(parts: Chain) -> Chain:
    """A product without its identities; one where it is nothing else."""
    return tuple([part for part in parts if part.op != "eye"]) or parts[:1]


def kron(a: Node, b: Node) -> Node:
    """``kron(a, b)``; of two identities the identity, of a column and a row their outer product.

    >>> kron(table.eye("m"), table.eye(2)) is table.eye(multiply("m", 2))
    True
    """
    kinds = {kind(a.shape), kind(b.shape)}
    if a.op == b.op == "eye":
        return table.eye(multiply(a.shape[0], b.shape[0]))
    if kinds == {"vector", "row"}:
        column, row = (a, b) if kind(a.shape) == "vector" else (b, a)
        if _is_ones(column) and _is_ones(row):
            return table.ones((column.shape[0], row.shape[1]))
        return chain([column, row])
    if a.op == b.op == "ones" and kinds == {"vector"}:
        return table.ones((multiply(a.shape[0], b.shape[0]), 1))
    return table.make("kron", a, b)


def _is_ones(node: Node) -> bool:
    return node.op == "ones" or (node.op == "T" and node.args[0].op == "ones")


def wire(parts: Sequence[Part], rows: Axes, columns: Axes, sizes: Sizes) -> list[Chain]:
    """The product of parts that share no axis, as matrices between the compound rows and the compound columns.

    The shortest writing comes first; where commutation matrices stand in it, then the shortest with all of them on the
    left and with all on the right: which of them meets other terms is for the sum to find.
    """
    found: dict[tuple[bool, bool], Chain] = {}
    for order in _orders(parts, rows, columns):
        left = _permutation(rows, [a for part in order for a in part.rows], sizes)
        right = _permutation([a for part in order for a in part.columns], columns, sizes)
        whole = without_eyes((*left, *_folded(order), *right))
        sides = (bool(left), bool(right))
        if sides not in found or length(whole) < length(found[sides]):
            found[sides] = whole
    best = min(found, key=lambda sides: (all(sides), length(found[sides]), sides))
    others = [whole for sides, whole in found.items() if any(best) and sides != best and not all(sides)]
    return [found[best], *others, *_paired(parts, rows, columns)]


def _paired(parts: Sequence[Part], rows: Axes, columns: Axes) -> list[Chain]:
    """Columns and rows of one axis each, as a Kronecker product of outer products: ``w wᵀ ⊗ p pᵀ``."""
    at = {axis: chain(part.chain) for part in parts for axis in (*part.rows, *part.columns)}
    if len(rows) != len(columns) or len(at) != len(parts) or any(part.rows and part.columns for part in parts):
        return []
    return [(_product([kron(at[a], at[b]) for a, b in zip(rows, columns, strict=True)]),)]


def _orders(parts: Sequence[Part], rows: Axes, columns: Axes) -> list[Sequence[Part]]:
    """The orders to try, that of the axes first."""
    place = {axis: i for order in (rows, columns) for i, axis in enumerate(order)}

    def by_rows(part: Part) -> tuple[int, int]:
        return (min([place[a] for a in part.rows], default=-1), min([place[a] for a in part.columns], default=-1))

    ordered = sorted(parts, key=by_rows)
    if len(parts) <= TRIED:
        return list(permutations(ordered))
    return [ordered, sorted(parts, key=lambda part: by_rows(part)[::-1])]


def _folded(order: Sequence[Part]) -> Chain:
    """The Kronecker product of the parts; columns beside rows alone are an outer product."""
    if len(order) == 1:
        return order[0].chain
    if all(not part.rows or not part.columns for part in order):
        columns = [chain(part.chain) for part in order if part.rows]
        rows = [chain(turned(part.chain)) for part in order if part.columns]
        return (*([_product(columns)] if columns else ()), *([t(_product(rows))] if rows else ()))
    nodes = [chain(part.chain) for part in order]
    i = 0
    while i < len(nodes) - 1:  # identities and outer products first, which read as one factor
        pair = kron(nodes[i], nodes[i + 1])
        if pair.op != "kron":
            nodes[i : i + 2] = [pair]
        else:
            i += 1
    return (_product(nodes),)


def _product(nodes: Sequence[Node]) -> Node:
    whole = nodes[0]
    for node in nodes[1:]:
        whole = kron(whole, node)
    return whole


def _permutation(target: Sequence[int], source: Sequence[int], sizes: Sizes) -> Chain:
    """The matrix that brings a compound axis from one order to another: neighbouring blocks swapped, one by one."""
    current = list(source)
    steps: list[Node] = []
    for place, axis in enumerate(target):
        at = current.index(axis)
        if at == place:
            continue
        end = at + 1
        while end < len(current) and current[end] == target[place + end - at]:
            end += 1
        slow, fast = current[place:at], current[at:end]
        # entry (slow, fast) goes to (fast, slow): vec of a matrix with the fast block as its rows, transposed
        swap = table.commutation(size_of(fast, sizes), size_of(slow, sizes))
        before, after = size_of(current[:place], sizes), size_of(current[end:], sizes)
        if before != 1:
            swap = table.make("kron", table.eye(before), swap)
        if after != 1:
            swap = table.make("kron", swap, table.eye(after))
        steps.insert(0, swap)
        current = [*current[:place], *fast, *slow, *current[end:]]
    return tuple(steps)
