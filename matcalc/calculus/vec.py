"""The vec form: a derivative of three or four axes as the matrix ``∂vec(Y)/∂vec(X)ᵀ``.

``vec`` stacks columns, so the rows of the matrix are the axes of the value, its columns slowest, and the columns of the
matrix the axes of the variable likewise. This is the arrangement of Magnus & Neudecker (2019, chapter 5), in which
the derivatives of vectors by vectors stay what they are and the chain rule is a matrix product. The layout is that of
the result: in the denominator layout, where the axes of the variable come first, the matrix is the transpose.

Every term is split into Kronecker factors (`matcalc.calculus.lifting`); the sum of them is written as any other sum
is, with commutation matrices taken out: ``(I + K) (I ⊗ Xᵀ)``.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matcalc.calculus.derivatives import transposes, vec_transposes
from matcalc.calculus.factoring import written
from matcalc.calculus.grouping import joined
from matcalc.calculus.items import Item, flat
from matcalc.calculus.lifting import lifted
from matcalc.calculus.reading import reduced
from matcalc.calculus.splitting import segments
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.calculus.terms import Key, Number
from matcalc.calculus.wiring import Axes, Chain, length, size_of, without_eyes
from matcalc.calculus.writing import t
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["vec_form"]


def vec_form(node: Node, value: Shape, variable: Shape, layout: str = "shape") -> Node | None:
    """The matrix ``∂vec(Y)/∂vec(X)ᵀ`` of a derivative of Y by X in a layout; None where it has no such form.

    ``value`` and ``variable`` are the shapes of Y and X. The rows of the matrix are for the entries of Y, in the
    denominator layout for those of X (`matcalc.calculus.derivatives`).

    >>> from matcalc.derivation import derive
    >>> from matcalc.render.source import source
    >>> Y = derive("A@X@B", "X")["X"]
    >>> source(vec_form(Y.node, ("m", "q"), ("n", "p")))
    'kron(B.T, A)'
    """
    turn = transposes(value, variable, layout)
    if is_entries(node):
        first = variable if turn or vec_transposes(layout) else value
        return _matrix(node, len(axes(first)))
    if turn and (1, 1) in (value, variable):
        node = t(node)
    if value == (1, 1):
        node = t(_column(node))
        turn = False
    elif variable == (1, 1):
        node = _column(node)
        turn = False
    return t(node) if vec_transposes(layout) and not turn else node


def _column(node: Node) -> Node:
    """The entries in one column."""
    if kind(node.shape) == "matrix":
        return table.make("vec", node)
    return t(node) if kind(node.shape) == "row" else node


def _matrix(node: Node, split: int) -> Node | None:
    value = indexed_sum(node)
    count = len(value.free)
    rows, columns = tuple(reversed(range(split))), tuple(reversed(range(split, count)))
    sizes = dict(zip(value.free, value.dims, strict=True))
    shape = (size_of(rows, sizes), size_of(columns, sizes))
    if not value.terms:
        return table.zeros(shape)
    found: list[tuple[Key, Number, list[Chain], list[Node]]] = []
    for key, c in value.terms.items():
        form = _term(key, rows, columns, sizes)
        if form is None:
            return None
        found.append((key, c, *form))
    return _shortest(found, shape)


def _term(key: Key, rows: Axes, columns: Axes, sizes: dict[int, Dim]) -> tuple[list[Chain], list[Node]] | None:
    """A term as products of matrices, the shortest first, and scalars that come out of it."""
    parts = segments(key[1], rows, columns, sizes)
    if parts is None:
        return None
    chains: list[Chain] = [()]
    scalars: list[Node] = []
    for part in parts:
        graph = reduced(part.factors, {*part.rows, *part.columns}, part.sizes)
        form = lifted(graph, part.rows, part.columns, part.sizes)
        if form is None:
            return None
        scalars += [*graph.scalars, *form[1]]
        chains = [without_eyes((*before, *after)) for before in chains[:2] for after in form[0]]
    return chains, scalars


def _shortest(found: Sequence[tuple[Key, Number, list[Chain], list[Node]]], shape: Shape) -> Node:
    """The sum, with the commutation matrices of all terms on the left, or on the right, or where each is shortest."""
    choices = [[chains[0] for _, _, chains, _ in found]]
    for wanted in (lambda c: _permutes(c[0]), lambda c: _permutes(c[-1]), lambda c: c[0].op == "kron" and len(c) == 1):
        other = [next(filter(wanted, chains), chains[0]) for _, _, chains, _ in found]
        if other not in choices:
            choices.append(other)
    forms: list[tuple[int, int, Node]] = []
    for choice in choices:
        items: list[Item] = []
        for (key, c, _, scalars), parts in zip(found, choice, strict=True):
            powers = dict(key[0])
            for node in scalars:
                powers[node] = powers.get(node, 0) + 1
            items.append(Item(c, powers, parts, {}, shape))
        items = _swapped(_gathered(_swapped(items)))
        node = written(items, shape)
        forms.append((token_count(node), len(items), node))
    return min(forms, key=lambda form: form[:2])[2]


def _permutes(node: Node) -> bool:
    """Whether a factor is a commutation matrix, beside identities perhaps."""
    while node.op == "kron":
        node = node.args[1] if node.args[0].op == "eye" else node.args[0]
    return node.op == "commutation"


class _Place(NamedTuple):
    """A place in a product where a sum may stand, an argument of ``kron`` or ``diag``, and what is around it."""

    op: str
    argument: int
    others: tuple[Node, ...]
    before: Chain
    after: Chain
    scalars: frozenset[tuple[Node, Number]]

    @property
    def saved(self) -> int:
        """The tokens that a term less takes."""
        return length((*self.others, *self.before, *self.after)) + 1

    def inside(self, item: Item) -> Item:
        """The term that a term has there."""
        node = item.chain[len(self.before)].args[self.argument]
        return Item(item.c, {}, flat(node), {}, node.shape)

    def around(self, node: Node) -> Chain:
        """The product with a node there."""
        args = (*self.others[: self.argument], node, *self.others[self.argument :])
        return (*self.before, table.make(self.op, *args), *self.after)


def _places(item: Item) -> Iterator[_Place]:
    scalars = frozenset(item.scalars.items())
    for at, node in enumerate(item.chain):
        if node.op == "kron" or (node.op == "diag" and kind(node.shape) == "matrix"):
            for k in range(len(node.args)):
                others = (*node.args[:k], *node.args[k + 1 :])
                yield _Place(node.op, k, others, item.chain[:at], item.chain[at + 1 :], scalars)


class _Waiting:
    """Terms by number, and their places by what gathering there saves."""

    def __init__(self) -> None:
        self.items: dict[int, Item] = {}
        self.count = 0
        self.places: dict[_Place, tuple[int, int]] = {}  # its number, and what a term less saves
        self.there: dict[_Place, dict[int, None]] = {}  # the terms that have a place
        self.heap: list[tuple[int, int, _Place]] = []  # by what is saved at most, minus, and the place's number

    def add(self, item: Item) -> None:
        """One more term."""
        number = self.count
        self.count += 1
        self.items[number] = item
        for place in _places(item):
            there = self.there.setdefault(place, {})
            there[number] = None
            order, saved = self.places.setdefault(place, (len(self.places), place.saved))
            if len(there) > 1:
                heapq.heappush(self.heap, (-(len(there) - 1) * saved, order, place))

    def best(self) -> _Place | None:
        """The place that saves most, the first of such; terms may have gone since what it saves was reckoned."""
        while self.heap:
            reckoned, order, place = self.heap[0]
            there = [number for number in self.there.get(place, ()) if number in self.items]
            if len(there) < 2:
                heapq.heappop(self.heap)
                continue
            now = -(len(there) - 1) * self.places[place][1]
            if now == reckoned:
                return place
            self.there[place] = dict.fromkeys(there)
            heapq.heapreplace(self.heap, (now, order, place))
        return None

    def taken(self, place: _Place) -> list[Item]:
        """The terms that have a place, which wait no longer."""
        return [self.items.pop(number) for number in self.there.pop(place) if number in self.items]


def _swapped(items: Sequence[Item]) -> list[Item]:
    """``M + K @ M`` as ``(I + K) @ M``, where that is shorter."""
    waiting = list(items)
    for side in (0, -1):
        for item in list(waiting):
            if len(item.chain) < 2 or not _permutes(item.chain[side]) or item not in waiting:
                continue
            rest = item.chain[1:] if side == 0 else item.chain[:-1]
            other = next((each for each in waiting if each.chain == rest and _alike(each, item)), None)
            if other is None:
                continue
            swap = item.chain[side]
            eye = table.eye(swap.shape[0])
            if token_count(eye) > length(rest):
                continue
            total = table.add(eye, swap) if item.c == other.c else table.sub(eye, swap)
            chain = (total, *rest) if side == 0 else (*rest, total)
            waiting[waiting.index(other)] = Item(other.c, item.scalars, chain, {}, item.shape)
            waiting.remove(item)
    return waiting


def _gathered(items: Sequence[Item]) -> list[Item]:
    """``kron(A, B) + kron(A, C)`` as ``kron(A, B + C)``, and ``diag`` likewise, what saves most first."""
    waiting = _Waiting()
    for item in items:
        waiting.add(item)
    while (best := waiting.best()) is not None:
        members = waiting.taken(best)
        inner = joined([best.inside(each) for each in members])
        if not inner.c:  # the members cancel
            continue
        whole = Item(1, inner.scalars, inner.chain, inner.marks, inner.shape).node()
        waiting.add(Item(inner.c, members[0].scalars, best.around(whole), {}, members[0].shape))
    return list(waiting.items.values())


def _alike(a: Item, b: Item) -> bool:
    return abs(a.c) == abs(b.c) and a.scalars == b.scalars
