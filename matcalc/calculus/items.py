"""Terms ready to be written: a coefficient, scalars, and a product of matrices or entrywise powers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc import facts
from matcalc.calculus.reading import Reading, entrywise, read
from matcalc.calculus.terms import Key, Number, Sum, free_of
from matcalc.calculus.writing import product, t, turned_round
from matcalc.expressions.node import Node, Shape, intern

__all__ = ["Item", "body_of", "diagonal_of", "flat", "items_of", "plain_body", "powers_in", "shape_of"]


class Item:
    """A term ready to be written: coefficient, scalars, and a product of matrices or entrywise powers."""

    __slots__ = ("c", "chain", "marks", "scalars", "shape")

    def __init__(
        self, c: Number, scalars: dict[Node, Number], parts: Sequence[Node], marks: dict[Node, Number], shape: Shape
    ) -> None:
        self.c, self.scalars, self.shape = c, scalars, shape
        self.chain, self.marks = tuple(parts), marks

    def node(self) -> Node:
        """The term without its sign."""
        c, found = self.c if self.c > 0 else -self.c, self
        if self.c < 0:
            found = self.turned() or self
        return product(c, list(found.scalars.items()), found.chain, list(found.marks.items()))

    def body(self) -> Node:
        """The product without coefficient and scalars."""
        return product(1, (), self.chain, list(self.marks.items()))

    def divided(self, c: Number) -> Item:
        """The term over a number."""
        return self if c == 1 else Item(self.c / Fraction(c), self.scalars, self.chain, self.marks, self.shape)

    def sign(self) -> int:
        """The sign with which the term is written: none where a difference in it can be turned round."""
        return 1 if self.c > 0 or self.turned() is not None else -1

    def turned(self, numbers: bool = False) -> Item | None:
        """The term with one difference among its factors turned round; ``1 - y`` only where ``numbers`` may.

        Not one that stands there twice: ``-(x - m)@(x - m).T`` shows what it is.
        """
        for i, part in enumerate(self.chain):
            turned = turned_round(part, numbers) if self.chain.count(part) == 1 and t(part) not in self.chain else None
            if turned is not None:
                return Item(-self.c, self.scalars, (*self.chain[:i], turned, *self.chain[i + 1 :]), {}, self.shape)
        for name in ("marks", "scalars"):
            powers: dict[Node, Number] = getattr(self, name)
            for node, p in powers.items():
                turned = turned_round(node, numbers) if p == int(p) and p % 2 else None
                if turned is not None:
                    new = {(turned if n is node else n): q for n, q in powers.items()}
                    marks, scalars = (new, self.scalars) if name == "marks" else (self.marks, new)
                    return Item(-self.c, scalars, self.chain, marks, self.shape)
        return None


def items_of(value: Sum, *, diag: bool = False) -> list[Item] | None:
    """The terms of a sum, read back; None where one has no matrix form."""
    free = free_of(value.shape)
    items: list[Item] = []
    for key, c in value.terms.items():
        item = _item(key, c, free, value.shape, diag)
        if item is None:
            return None
        items.append(item)
    return items


def _item(key: Key, c: Number, free: tuple[int, ...], shape: Shape, diag: bool) -> Item | None:
    scalars = dict(key[0])
    if not free or not key[1]:
        return Item(c, scalars, (), {}, (1, 1)) if not key[1] else None
    reading = read(key[1], free, {})
    if reading is None:
        return None
    for node in reading.scalars:
        scalars[node] = scalars.get(node, 0) + 1
    parts, marks = body_of(reading, free, diag)
    return Item(c, scalars, parts, marks, shape_of(parts, marks))


def shape_of(parts: Sequence[Node], marks: dict[Node, Number]) -> Shape:
    """The shape of a product or of entrywise powers."""
    if parts:
        return (parts[0].shape[0], parts[-1].shape[1])
    shapes = [node.shape for node in marks]
    return (next((s[0] for s in shapes if s[0] != 1), 1), next((s[1] for s in shapes if s[1] != 1), 1))


def body_of(reading: Reading, free: tuple[int, ...], diag: bool) -> tuple[tuple[Node, ...], dict[Node, Number]]:
    """What was read as a product of matrices, or as entrywise powers; ``free`` are 0, its rows, and 1, its columns."""
    if len(free) == 1:
        marks = _collected([(node if free[0] == 0 else t(node), p) for node, p in reading.marks[free[0]]])
        return plain_body(marks)
    left, right = reading.marks[0], reading.marks[1]
    edge = reading.edge
    if edge is None:
        if left and right:
            return (*flat(entrywise(left)), *flat(t(entrywise(right)))), {}
        return plain_body(_collected(left or [(t(node), p) for node, p in right]))
    if len(edge.powers) == 1 and edge.powers[0][0].op == "eye":
        return _diagonal(_collected([*left, *right]), edge.powers[0][0]), {}
    if any(node.op == "eye" for node, _ in edge.powers):
        left, right = [*left, *right], []
    if len(edge.powers) == 1 and edge.powers[0][1] == 1 and (diag or not (left or right)):
        parts = flat(edge.node)
        head = [diagonal_of(entrywise(left))] if left else []
        tail = [diagonal_of(entrywise(right))] if right else []
        return (*head, *parts, *tail), {}
    return plain_body(_collected([*left, *edge.powers, *[(t(node), p) for node, p in right]]))


def _diagonal(marks: dict[Node, Number], eye: Node) -> tuple[Node, ...]:
    if not marks:
        return (eye,)
    if len(marks) == 1:
        ((node, p),) = marks.items()
        if node.op == "diag" and facts.diagonal(node.args[0]) and p in (1, -1):
            matrix = node.args[0]
            return (matrix if p == 1 else intern("inv", (matrix,), (), matrix.shape),)
    return (diagonal_of(entrywise(list(marks.items()))),)


def diagonal_of(v: Node) -> Node:
    """The diagonal matrix with these entries."""
    return intern("diag", (v,), (), (v.shape[0], v.shape[0]))


def _collected(powers: Sequence[tuple[Node, Number]]) -> dict[Node, Number]:
    found: dict[Node, Number] = {}
    for node, p in powers:
        found[node] = found.get(node, 0) + p
    return found


def powers_in(node: Node) -> dict[Node, Number]:
    """The powers of an entrywise product that is written out."""
    if node.op in ("mul", "div") and node.args[0].shape == node.args[1].shape:
        above, below = map(powers_in, node.args)
        sign = 1 if node.op == "mul" else -1
        return _collected([*above.items(), *[(part, sign * p) for part, p in below.items()]])
    if node.op == "pow" and node.args[1].op == "num":
        return {node.args[0]: node.args[1].params[0]}
    return {node: 1}


def plain_body(marks: dict[Node, Number]) -> tuple[tuple[Node, ...], dict[Node, Number]]:
    """One factor alone as a product, several as entrywise powers."""
    if len(marks) == 1:
        ((node, p),) = marks.items()
        if p == 1:
            return flat(node), {}
    return (), marks


def flat(node: Node) -> tuple[Node, ...]:
    """The factors of a product of matrices."""
    parts: list[Node] = []
    while node.op == "matmul" and node.shape != (1, 1):
        parts.append(node.args[1])
        node = node.args[0]
    return (node, *reversed(parts))
