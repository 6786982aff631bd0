"""Common factors taken out of sums: scalars, left and right factors of products, entrywise factors.

The measure is `token_count`, the length as a reader counts it: a factor is taken out only where that shortens, the
best first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from fractions import Fraction
from math import ceil, gcd
from typing import TypeAlias

from matcalc.calculus.entrywise import one_minus_sigmoid
from matcalc.calculus.items import Item, diagonal_of, plain_body, powers_in, shape_of
from matcalc.calculus.polynomials import linear_factors
from matcalc.calculus.terms import Number
from matcalc.calculus.transposing import transposed_if_shorter
from matcalc.calculus.writing import addends, chain, product, sum_of
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["content_of", "grouped", "joined", "total_of"]

Pick: TypeAlias = tuple[Hashable, int, Item]  # a factor, the tokens saved without it, and the term without it


def _left(item: Item) -> list[Pick]:
    if len(item.chain) < 2:
        return []
    head, rest = item.chain[0], item.chain[1:]
    return [(head, token_count(head) + 1, Item(item.c, item.scalars, rest, {}, (head.shape[1], item.shape[1])))]


def _right(item: Item) -> list[Pick]:
    if len(item.chain) < 2:
        return []
    tail, rest = item.chain[-1], item.chain[:-1]
    return [(tail, token_count(tail) + 1, Item(item.c, item.scalars, rest, {}, (item.shape[0], tail.shape[0])))]


def _scalar(item: Item) -> list[Pick]:
    found: list[Pick] = []
    for node, p, left, saved in _powers(item.scalars):
        found.append(((node, p), saved, Item(item.c, left, item.chain, item.marks, item.shape)))
    return found


def _entry(item: Item) -> list[Pick]:
    marks = item.marks
    if not marks and len(item.chain) == 1:
        marks = {item.chain[0]: 1}
    found: list[Pick] = []
    for node, p, left, saved in _powers(marks):
        parts, kept = plain_body(left)
        shape = shape_of(parts, kept)
        if axes(node.shape) == axes(item.shape) or shape == item.shape:  # else what is left would lack an axis
            found.append(((node, p), saved, Item(item.c, item.scalars, parts, kept, shape)))
    return found


def _diagonal(item: Item) -> list[Pick]:
    """A diagonal matrix as its entries, which are all alike where it is an identity; the factor is the identity."""
    if item.marks or len(item.chain) != 1:
        return []
    node, = item.chain
    if node.op == "eye":
        alone = not item.scalars and abs(item.c) == 1  # leaves a 1, else a factor that is there
        rest = Item(item.c, item.scalars, (), {}, (1, 1))
        return [(node, token_count(node) + (-1 if alone else 1), rest)]
    if node.op == "diag" and kind(node.args[0].shape) == "vector":
        entries = node.args[0]
        parts, marks = plain_body(powers_in(entries))
        rest = Item(item.c, item.scalars, parts, marks, entries.shape)
        return [(table.eye(node.shape[0]), token_count(node) - token_count(entries), rest)]
    return []


def _powers(powers: dict[Node, Number]) -> Iterator[tuple[Node, Number, dict[Node, Number], int]]:
    """Every power, whole and parts of it: with what is left, and the tokens that are saved."""
    for node, p in powers.items():
        rest = {n: q for n, q in powers.items() if n is not node}
        yield node, p, rest, _weight(node, p)
        sign = 1 if p > 0 else -1
        for part in range(1, min(ceil(p * sign), HIGH)):
            left = p - sign * part
            yield node, sign * part, {**rest, node: left}, _weight(node, p) - _weight(node, left)


def _weight(node: Node, p: Number) -> int:
    """The tokens of a factor: its own, its operator, and its exponent."""
    return token_count(node) + 1 + (0 if p in (1, -1) else 2)


Picker: TypeAlias = Callable[[Item], Sequence[Pick]]
PICKS: tuple[tuple[str, Picker], ...] = (
    ("scalar", _scalar), ("left", _left), ("right", _right), ("entry", _entry),
    ("diagonal", _diagonal),
)  # fmt: skip
HIGH = 6  # parts of a power that are looked at
MANY = 64  # terms beyond which a sum is written as it stands


def grouped(items: list[Item]) -> list[Item]:
    """A polynomial by its roots, anything else with common factors taken out."""
    product = _split(items)
    found = _factored(items)
    if product is not None and token_count(product.node()) <= token_count(total_of(found)):
        return [product]
    return found


def _split(items: list[Item]) -> Item | None:
    """A polynomial in one factor as a product of linear ones: ``2*p**2 - 3*p + 1`` is ``(1 - p)*(1 - 2*p)``."""
    if not 3 <= len(items) <= HIGH:
        return None
    found: dict[int, Number] = {}
    unknowns: set[tuple[Node, bool]] = set()
    for item in items:
        entries = {chain(item.chain): 1, **item.marks} if item.chain else item.marks
        powers = [(n, True, p) for n, p in entries.items()] + [(n, False, p) for n, p in item.scalars.items()]
        if len(powers) > 1 or any(p < 1 or p != int(p) for _, _, p in powers):
            return None
        unknowns.update((node, entrywise) for node, entrywise, _ in powers)
        degree = int(powers[0][2]) if powers else 0
        found[degree] = found.get(degree, 0) + item.c
    if len(unknowns) != 1 or not all(found.values()):
        return None
    factored = linear_factors(found)
    if factored is None:
        return None
    (unknown, entrywise), = unknowns
    c, factors = factored
    parts: dict[Node, Number] = {_linear(a, b, unknown): p for (a, b), p in factors.items()}
    if entrywise:
        return Item(c, {}, (), parts, unknown.shape)
    return Item(c, parts, (), {}, (1, 1))


def _linear(a: int, b: int, unknown: Node) -> Node:
    if not a:
        return unknown
    constant = Item(a, {}, (), {}, (1, 1))
    if unknown.shape == (1, 1):
        return total_of([constant, Item(b, {unknown: 1}, (), {}, (1, 1))])
    return total_of([constant, Item(b, {}, (unknown,), {}, unknown.shape)])


def _factored(items: list[Item]) -> list[Item]:
    """Take out common factors, the one that saves most first, until none saves anything."""
    while 2 <= len(items) <= MANY:
        items = _gathered(items)
        best: tuple[int, str, Hashable, list[tuple[int, Item]]] | None = None
        for name, pick in PICKS:
            found: dict[Hashable, tuple[int, list[tuple[int, Item]]]] = {}
            for position, item in enumerate(items):
                for factor, tokens, rest in pick(item):
                    saved, members = found.get(factor, (0, []))
                    found[factor] = saved + tokens, [*members, (position, rest)]
            for factor, (saved, members) in found.items():
                saving = saved - _cost(name, factor, members)  # none of one term alone
                if saving > 0 and (best is None or saving > best[0]):
                    best = (saving, name, factor, members)
        if best is None:
            return items
        _, name, factor, members = best
        positions = {position for position, _ in members}
        merged = _taken_out(name, factor, [rest for _, rest in members], items[min(positions)].shape)
        items = [item for position, item in enumerate(items) if position not in positions]
        if merged.c:  # what is left beside the factor may cancel
            items.append(merged)
    return items


def _gathered(items: list[Item]) -> list[Item]:
    """A sum that is the factor of one term and stands written out beside it, as one term: of ``A + B - t*(A + B)``."""
    for item in items:
        whole = item.chain[0] if len(item.chain) == 1 and not item.marks else None
        if whole is None or whole.op not in ("add", "sub"):
            continue
        parts = addends(1, whole)
        groups: dict[Hashable, dict[Node, Item]] = {}
        for other in items:
            groups.setdefault(frozenset(other.scalars.items()), {})[other.body()] = other
        for group in groups.values():
            factors = {Fraction(group[node].c) / Fraction(sign) if node in group else None for sign, node in parts}
            if len(factors) == 1 and None not in factors:
                found = [group[node] for _, node in parts]
                c, = factors
                assert c is not None
                return [*[i for i in items if i not in found], Item(c, found[0].scalars, (whole,), {}, item.shape)]
    return items


def _cost(name: str, factor: Hashable, members: Sequence[tuple[int, Item]]) -> int:
    """The tokens that a factor takes beside the sum."""
    if name == "diagonal" and any(rest.shape != (1, 1) for _, rest in members):
        return 1  # the name of the function
    if isinstance(factor, Node):
        return token_count(factor) + 1
    assert isinstance(factor, tuple)
    return _weight(*factor)


def _taken_out(name: str, factor: Hashable, rests: list[Item], shape: Shape) -> Item:
    inner = joined(rests)
    if name == "diagonal":
        assert isinstance(factor, Node)
        whole = factor if inner.shape == (1, 1) else diagonal_of(inner.body())
        return Item(inner.c, inner.scalars, (whole,), {}, shape)
    if name in ("left", "right"):
        assert isinstance(factor, Node)
        # neither where all that is left are scalars: of ``x@u.T@v + x@a.T@b + t*x``
        body = inner.chain or ((product(1, (), (), list(inner.marks.items())),) if inner.marks else ())
        parts = (factor, *body) if name == "left" else (*body, factor)
        # what is left may be wider than any of the terms that the factor stands in: a row beside whole matrices
        wide = (shape[0], inner.shape[1]) if name == "left" else (inner.shape[0], shape[1])
        return Item(inner.c, inner.scalars, parts, {}, wide)
    assert isinstance(factor, tuple)
    node, p = factor
    if name == "scalar":
        scalars = dict(inner.scalars)
        scalars[node] = scalars.get(node, 0) + p  # the sum that is left may be the factor itself
        return Item(inner.c, scalars, inner.chain, inner.marks, inner.shape)
    marks = dict(inner.marks)
    for part in (chain(inner.chain),) if inner.chain else ():
        marks[part] = marks.get(part, 0) + 1
    marks[node] = marks.get(node, 0) + p
    return Item(inner.c, inner.scalars, (), marks, shape_of((), marks))


def _met(items: list[Item]) -> list[Item]:
    """Terms that have become equal, added."""
    found: dict[Hashable, Item] = {}
    for item in items:
        key = (item.chain, frozenset(item.marks.items()), frozenset(item.scalars.items()))
        first = found.get(key)
        c = item.c if first is None else first.c + item.c
        found[key] = Item(c, item.scalars, item.chain, item.marks, item.shape)
    return [item for item in found.values() if item.c]


def joined(items: list[Item]) -> Item:
    """A sum of terms as one term: its coefficient and common factors outside, the sum as a factor.

    Terms that cancel are a term with the coefficient zero.
    """
    items = grouped(_met(items))
    if not items:
        return Item(0, {}, (), {}, (1, 1))
    if len(items) == 1:
        return items[0]
    c = content_of(items)
    items = [item.divided(c) for item in items]
    node = transposed_if_shorter(total_of(items))
    if node.shape == (1, 1):
        return Item(c, {node: 1}, (), {}, (1, 1))
    return Item(c, {}, (node,), {}, node.shape)


def content_of(items: Sequence[Item]) -> Number:
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


def total_of(items: Sequence[Item]) -> Node:
    """The sum of terms as it is written."""
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


def _spread(items: Sequence[Item]) -> Sequence[Item]:
    """Rows beside columns, with their ones: they stand for matrices of equal rows, and could not be added else."""
    heights = [item.shape[0] for item in items if kind(item.shape) == "vector"]
    if not heights or not any(kind(item.shape) == "row" for item in items):
        return items
    ones = table.ones((heights[0], 1))
    spread: list[Item] = []
    for item in items:
        if kind(item.shape) == "row":
            item = Item(item.c, item.scalars, (ones, item.body()), {}, (heights[0], item.shape[1]))
        spread.append(item)
    return spread
