"""Sums of terms written short: common coefficients, scalars, left, right and entrywise factors are taken out.

The measure is `token_count`, the length as a reader counts it: a factoring is made only where it shortens, the best
first.  So ``A@x + A.T@x`` becomes ``(A + A.T)@x`` and ``C@z@z.T@D + z@z.T@D`` stays as short as it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from math import gcd

from matcalc.calculus import facts
from matcalc.calculus.entrywise import one_minus_sigmoid, signed
from matcalc.calculus.reading import Reading, entrywise, read
from matcalc.calculus.terms import Key, Number, Sum, free_of
from matcalc.calculus.writing import chain, negated, product, scaled, sum_of, t
from matcalc.expressions.node import Node, Shape, axes, intern, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Item", "items_of", "write"]


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
        c, found = abs(self.c), self
        if self.c < 0:
            found = self.turned() or self
        return product(c, list(found.scalars.items()), found.chain, list(found.marks.items()))

    def sign(self) -> int:
        """The sign with which the term is written: none where a difference in it can be turned round."""
        return 1 if self.c > 0 or self.turned() is not None else -1

    def turned(self, numbers: bool = False) -> Item | None:
        """The term with one difference among its factors turned round; ``1 - y`` only where ``numbers`` may."""
        for i, part in enumerate(self.chain):
            turned = _turned(part, numbers)
            if turned is not None:
                return Item(-self.c, self.scalars, (*self.chain[:i], turned, *self.chain[i + 1 :]), {}, self.shape)
        for name in ("marks", "scalars"):
            powers: dict[Node, Number] = getattr(self, name)
            for node, p in powers.items():
                turned = _turned(node, numbers) if p == int(p) and p % 2 else None
                if turned is not None:
                    new = {(turned if n is node else n): q for n, q in powers.items()}
                    marks, scalars = (new, self.scalars) if name == "marks" else (self.marks, new)
                    return Item(-self.c, scalars, self.chain, marks, self.shape)
        return None


def _turned(node: Node, numbers: bool) -> Node | None:
    """``b - a`` of ``a - b``: minus a sum with terms of both signs, at no cost in length; inside a product too."""
    if node.size > 400:
        return None
    if node.op == "T":
        inner = _turned(node.args[0], numbers)
        return None if inner is None else table.transpose(inner)
    if node.op in ("mul", "matmul", "div"):
        for k in (1, 0) if node.op != "div" else (0, 1):
            inner = _turned(node.args[k], numbers)
            if inner is not None:
                return table.make(node.op, *[inner if i == k else a for i, a in enumerate(node.args)])
        return None
    terms: list[tuple[Number, Node]] = []
    while node.op in ("add", "sub"):
        terms.append((-1 if node.op == "add" else 1, node.args[1]))
        node = node.args[0]
    if not terms or not any(sign > 0 for sign, _ in terms) or node.op == "neg":
        return None
    terms.append((-1, node))
    if not numbers and any(part.op == "num" for _, part in terms):
        return None
    return sum_of(terms)


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
    parts, marks = _body(reading, free, diag)
    return Item(c, scalars, parts, marks, _shape_of(parts, marks))


def _shape_of(parts: Sequence[Node], marks: dict[Node, Number]) -> Shape:
    """The shape of a product or of entrywise powers."""
    if parts:
        return (parts[0].shape[0], parts[-1].shape[1])
    shapes = [node.shape for node in marks]
    return (next((s[0] for s in shapes if s[0] != 1), 1), next((s[1] for s in shapes if s[1] != 1), 1))


def _body(reading: Reading, free: tuple[int, ...], diag: bool) -> tuple[tuple[Node, ...], dict[Node, Number]]:
    if len(free) == 1:
        marks = _collected([(node if free[0] == 0 else t(node), p) for node, p in reading.marks[free[0]]])
        return _plain(marks)
    left, right = reading.marks[0], reading.marks[1]
    edge = reading.edge
    if edge is None:
        if left and right:
            return (*_flat(entrywise(left)), *_flat(t(entrywise(right)))), {}
        return _plain(_collected(left or [(t(node), p) for node, p in right]))
    if len(edge.powers) == 1 and edge.powers[0][0].op == "eye":
        return _diagonal(_collected([*left, *right]), edge.powers[0][0]), {}
    if any(node.op == "eye" for node, _ in edge.powers):
        left, right = [*left, *right], []
    if len(edge.powers) == 1 and edge.powers[0][1] == 1 and (diag or not (left or right)):
        parts = _flat(edge.node)
        head = [_diag(entrywise(left))] if left else []
        tail = [_diag(entrywise(right))] if right else []
        return (*head, *parts, *tail), {}
    return _plain(_collected([*left, *edge.powers, *[(t(node), p) for node, p in right]]))


def _diagonal(marks: dict[Node, Number], eye: Node) -> tuple[Node, ...]:
    if not marks:
        return (eye,)
    if len(marks) == 1:
        ((node, p),) = marks.items()
        if node.op == "diag" and facts.diagonal(node.args[0]) and p in (1, -1):
            matrix = node.args[0]
            return (matrix if p == 1 else intern("inv", (matrix,), (), matrix.shape),)
    return (_diag(entrywise(list(marks.items()))),)


def _diag(v: Node) -> Node:
    return intern("diag", (v,), (), (v.shape[0], v.shape[0]))


def _collected(powers: Sequence[tuple[Node, Number]]) -> dict[Node, Number]:
    found: dict[Node, Number] = {}
    for node, p in powers:
        found[node] = found.get(node, 0) + p
    return found


def _plain(marks: dict[Node, Number]) -> tuple[tuple[Node, ...], dict[Node, Number]]:
    if len(marks) == 1:
        ((node, p),) = marks.items()
        if p == 1:
            return _flat(node), {}
    return (), marks


def _flat(node: Node) -> tuple[Node, ...]:
    parts: list[Node] = []
    while node.op == "matmul" and node.shape != (1, 1):
        parts.append(node.args[1])
        node = node.args[0]
    return (node, *reversed(parts))


# ------------------------------------------------------------------------------------------ sums of items
Pick = Callable[[Item], Sequence[tuple[Hashable, int, Item]]]


def _left(item: Item) -> list[tuple[Hashable, int, Item]]:
    if len(item.chain) < 2:
        return []
    head, rest = item.chain[0], item.chain[1:]
    return [(head, token_count(head) + 1, Item(item.c, item.scalars, rest, {}, (head.shape[1], item.shape[1])))]


def _right(item: Item) -> list[tuple[Hashable, int, Item]]:
    if len(item.chain) < 2:
        return []
    tail, rest = item.chain[-1], item.chain[:-1]
    return [(tail, token_count(tail) + 1, Item(item.c, item.scalars, rest, {}, (item.shape[0], tail.shape[0])))]


def _scalar(item: Item) -> list[tuple[Hashable, int, Item]]:
    found: list[tuple[Hashable, int, Item]] = []
    for node, p in item.scalars.items():
        rest = {n: q for n, q in item.scalars.items() if n is not node}
        weight = token_count(node) + 1 + (0 if abs(p) == 1 else 2)
        found.append(((node, p), weight, Item(item.c, rest, item.chain, item.marks, item.shape)))
    return found


def _entry(item: Item) -> list[tuple[Hashable, int, Item]]:
    marks = item.marks
    if not marks and len(item.chain) == 1:
        marks = {item.chain[0]: 1}
    found: list[tuple[Hashable, int, Item]] = []
    for node, p in marks.items():
        rest = {n: q for n, q in marks.items() if n is not node}
        if axes(node.shape) != axes(item.shape):
            continue
        weight = token_count(node) + 1 + (0 if abs(p) == 1 else 2)
        parts, kept = _plain(rest)
        shape = _shape_of(parts, kept)
        found.append(((node, p), weight, Item(item.c, item.scalars, parts, kept, shape)))
    return found


PICKS: tuple[tuple[str, Pick], ...] = (("scalar", _scalar), ("left", _left), ("right", _right), ("entry", _entry))
MANY = 64  # terms beyond which a sum is written as it stands


def _grouped(items: list[Item]) -> list[Item]:
    """Take out common factors, the one that saves most first, until none saves anything."""
    while 2 <= len(items) <= MANY:
        best: tuple[int, str, Hashable, list[tuple[int, Item]]] | None = None
        for name, pick in PICKS:
            found: dict[Hashable, tuple[int, list[tuple[int, Item]]]] = {}
            for position, item in enumerate(items):
                for factor, weight, rest in pick(item):
                    found.setdefault(factor, (weight, []))[1].append((position, rest))
            for factor, (weight, members) in found.items():
                saving = (len(members) - 1) * weight - (1 if name == "entry" else 0)
                if len(members) > 1 and saving > 0 and (best is None or saving > best[0]):
                    best = (saving, name, factor, members)
        if best is None:
            return items
        _, name, factor, members = best
        positions = {position for position, _ in members}
        merged = _taken_out(name, factor, [rest for _, rest in members], items[min(positions)].shape)
        items = [item for position, item in enumerate(items) if position not in positions]
        items.append(merged)
    return items


def _taken_out(name: str, factor: Hashable, rests: list[Item], shape: Shape) -> Item:
    inner = _joined(rests)
    if name in ("left", "right"):
        assert isinstance(factor, Node)
        body = inner.chain or (product(1, (), (), list(inner.marks.items())),)
        parts = (factor, *body) if name == "left" else (*body, factor)
        return Item(inner.c, inner.scalars, parts, {}, shape)
    assert isinstance(factor, tuple)
    node, p = factor
    if name == "scalar":
        return Item(inner.c, {**inner.scalars, node: p}, inner.chain, inner.marks, inner.shape)
    marks = dict(inner.marks)
    for part in (chain(inner.chain),) if inner.chain else ():
        marks[part] = marks.get(part, 0) + 1
    scalars = dict(inner.scalars)
    marks[node] = marks.get(node, 0) + p
    return Item(inner.c, scalars, (), marks, shape)


def _met(items: list[Item]) -> list[Item]:
    """Terms that have become equal, added."""
    found: dict[Hashable, Item] = {}
    for item in items:
        key = (item.chain, frozenset(item.marks.items()), frozenset(item.scalars.items()))
        first = found.get(key)
        c = item.c if first is None else first.c + item.c
        found[key] = Item(c, item.scalars, item.chain, item.marks, item.shape)
    return [item for item in found.values() if item.c]


def _joined(items: list[Item]) -> Item:
    """A sum of terms as one term: its coefficient and common factors outside, the sum as a factor."""
    items = _grouped(_met(items))
    if len(items) == 1:
        return items[0]
    c = _content(items)
    items = [Item(item.c / Fraction(c) if c != 1 else item.c, item.scalars, item.chain, item.marks, item.shape) for item in items]
    node = _transposed_if_shorter(_total(items), items[0].shape)
    if node.shape == (1, 1):
        return Item(c, {node: 1}, (), {}, (1, 1))
    return Item(c, {}, (node,), {}, node.shape)


def _content(items: Sequence[Item]) -> Number:
    """The factor common to all coefficients, where taking it out does not lengthen."""
    numbers = [Fraction(item.c) for item in items]
    top = gcd(*(abs(n.numerator) for n in numbers))
    bottom = 1
    if len({n.denominator for n in numbers}) == 1:
        bottom = numbers[0].denominator
    content = Fraction(top, bottom)
    if all(n < 0 for n in numbers) and len(numbers) > 0:
        content = -content
    if content in (1, -1):
        return content if content == -1 else 1
    return content


def _total(items: Sequence[Item]) -> Node:
    items = list(_spread(items))
    if all(item.sign() < 0 for item in items):
        # a leading minus is a token: turn even 1 - y round
        for i, item in enumerate(items):
            turned = item.turned(numbers=True)
            if turned is not None:
                items[i] = turned
                break
    node = sum_of([(item.sign(), item.node()) for item in items])
    return one_minus_sigmoid(node) or node


def write(value: Sum, *, diag: bool = False) -> Node | None:
    """The shortest writing found of a sum; None where a term has no matrix form.

    ``diag`` writes ``diag(u)@A`` for what is also ``u*A``, as Jacobians are printed.
    """
    if not value.terms:
        return table.zeros(value.shape)
    items = items_of(value, diag=diag)
    if items is None:
        return None
    if value.shape == (1, 1) and len(items) > 1:
        items = [_as_product(item) for item in items]
    node = _written(items, value.shape)
    if len(items) > 1 and value.shape != (1, 1):
        other = _opened(items)
        if other is not None:
            alternative = _written(other, value.shape)
            node = min(node, alternative, key=token_count)
    return _transposed_if_shorter(node, value.shape)


def _spread(items: Sequence[Item]) -> Sequence[Item]:
    """Rows beside columns, with their ones: they stand for matrices of equal rows, and could not be added else."""
    heights = [item.shape[0] for item in items if kind(item.shape) == "vector"]
    if not heights or not any(kind(item.shape) == "row" for item in items):
        return items
    ones = table.ones((heights[0], 1))
    return [
        Item(item.c, item.scalars, (ones, product(1, (), item.chain, list(item.marks.items()))), {}, (heights[0], item.shape[1]))
        if kind(item.shape) == "row"
        else item
        for item in items
    ]


def _as_product(item: Item) -> Item:
    """A scalar term with one product ``x.T@A@y`` or sum in it as that product, so that its ends can be taken out."""
    chains = [node for node, p in item.scalars.items() if p == 1 and _is_product(node)]
    if not chains:
        return item
    node = max(chains, key=lambda n: (token_count(n), n.digest))
    rest = {n: q for n, q in item.scalars.items() if n is not node}
    if node.op == "sum":
        parts: tuple[Node, ...] = (table.ones((1, node.args[0].shape[0])), *_flat(node.args[0]))
    else:
        parts = _flat_scalar(node)
    return Item(item.c, rest, parts, {}, (1, 1))


def _is_product(node: Node) -> bool:
    return node.op == "matmul" or (node.op == "sum" and kind(node.args[0].shape) == "vector")


def _written(items: list[Item], shape: Shape) -> Node:
    items = _grouped(items)
    if len(items) == 1:
        item = items[0]
        if item.sign() < 0:
            item = item.turned(numbers=True) or item
        node = negated(item.node()) if item.sign() < 0 else item.node()
    else:
        content = _content(items)
        if abs(content) != 1 and len(items) > 1:
            joined = _joined(items)
            inner = negated(joined.node()) if joined.sign() < 0 else joined.node()
            plain = _total(items)
            node = inner if token_count(inner) <= token_count(plain) else plain
        else:
            node = _total(items)
    return _full(node, shape)


def _full(node: Node, shape: Shape) -> Node:
    """A value that does not vary along an axis gets its ones."""
    if node.shape == shape:
        return node
    rows, columns = shape
    if kind(node.shape) == "vector":
        prefix, core = _prefixed(node)
        return scaled(prefix, chain([core, t(table.ones((columns, 1)))]))
    if kind(node.shape) == "row":
        prefix, core = _prefixed(node)
        return scaled(prefix, chain([table.ones((rows, 1)), core]))
    ones = table.ones(shape)
    if node.op == "num" and node.params[0] == 1:
        return ones
    if node.op == "div" and node.args[0].op == "num" and node.args[0].params[0] == 1:
        return table.div(ones, node.args[1])
    return table.mul(node, ones)


def _opened(items: list[Item]) -> list[Item] | None:
    """Scalars ``b.T@x`` opened into the products beside them, where a common factor ``x`` then shows."""
    if any(len(axes(item.shape)) != 1 or item.marks or not item.chain for item in items):
        return None
    ends: list[dict[Node, Item]] = []
    for item in items:
        mine: dict[Node, Item] = {item.chain[-1]: item} if len(item.chain) > 1 else {}
        for node, p in item.scalars.items():
            if p == 1 and node.op == "matmul":
                rest = {n: q for n, q in item.scalars.items() if n is not node}
                for turned in (node, t(node)):
                    parts = _flat_scalar(turned)
                    if kind(item.shape) == "vector":
                        mine[parts[-1]] = Item(item.c, rest, (*item.chain, *parts), {}, item.shape)
        ends.append(mine)
    common = set(ends[0]).intersection(*ends[1:])
    if not common:
        return None
    end = min(common, key=lambda node: node.digest)
    return [mine[end] for mine in ends]


def _flat_scalar(node: Node) -> tuple[Node, ...]:
    parts: list[Node] = []
    while node.op == "matmul":
        parts.append(node.args[1])
        node = node.args[0]
    return (node, *reversed(parts))


def _transposed_if_shorter(node: Node, shape: Shape) -> Node:
    """``(X@B + B@X).T`` for a matrix whose transpose is shorter by more than the sign of transposition."""
    if kind(shape) != "matrix" or node.size > 400:
        return node
    turned = _turned_over(node)
    if turned is None or token_count(turned) + 1 >= token_count(node):
        return node
    prefix, core = _prefixed(turned)
    if prefix is not None:
        return scaled(prefix, table.transpose(core))
    sign, core = signed(turned)
    result = table.transpose(core)
    return negated(result) if sign < 0 else result


def _prefixed(node: Node) -> tuple[Node | None, Node]:
    """The scalar in front of a product, and the product without it."""
    if node.op == "matmul":
        prefix, core = _prefixed(node.args[0])
        return prefix, node if prefix is None else table.matmul(core, node.args[1])
    if node.op == "mul" and node.args[0].shape == (1, 1) and node.args[1].shape == node.shape:
        return node.args[0], node.args[1]
    return None, node


def _turned_over(node: Node) -> Node | None:
    """The transpose of a sum or product of matrices; None where vectors stand in it."""
    if node.op in ("add", "sub"):
        parts = [_turned_over(a) for a in node.args]
        if parts[0] is None or parts[1] is None:
            return None
        return table.make(node.op, parts[0], parts[1])
    if node.op == "neg":
        inner = _turned_over(node.args[0])
        return None if inner is None else negated(inner)
    if node.op == "div" and node.args[1].shape == (1, 1):
        inner = _turned_over(node.args[0])
        return None if inner is None else table.div(inner, node.args[1])
    prefix, core = _prefixed(node)
    if prefix is not None:
        inner = _turned_over(core)
        return None if inner is None else scaled(prefix, inner)
    if node.op != "matmul":
        return t(node) if kind(node.shape) == "matrix" and node.op in ("T", "var", "let", "inv") else None
    parts2 = facts.factors(node)
    if any(kind(part.shape) != "matrix" or part.op in ("mul", "div") for part in parts2):
        return None
    return chain([t(part) for part in reversed(parts2)])
