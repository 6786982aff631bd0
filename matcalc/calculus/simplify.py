"""Simplification: the shortest writing found, by a stated measure.

The measure is the number of tokens (`matcalc.render.measure.token_count`); nothing is accepted that does not make
it smaller, so simplification ends, and doing it twice is doing it once. `lower` and `write` find canonical terms
and take out common factors; here sums among the factors are multiplied out where something then cancels or meets:
``p*(1 - y) - y*(1 - p)`` is ``p - y``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from weakref import WeakKeyDictionary

from matcalc.calculus.denominators import cleared, over_common
from matcalc.calculus.entrywise import opposite, signed
from matcalc.calculus.factoring import write
from matcalc.calculus.lowering import lower
from matcalc.calculus.tensors import is_entries
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, instantiate, normalise, powers_of
from matcalc.expressions.node import NAMED, Node, Shape, axes, intern, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["promising", "settle", "shorter", "shortest", "simplify"]

_simple: WeakKeyDictionary[Node, Node] = WeakKeyDictionary()
TERMS = 32  # a sum is not multiplied out to more terms than these
ATOMS = 6  # nor are more different sums tried
READINGS = 6  # of a writing, each of which may show more
SMALL = 200  # nodes of what is looked at for plainness


def simplify(node: Node, *, diag: bool = False) -> Node:
    """The shortest form found of a node, as the language writes it; itself where none is shorter.

    ``diag`` lets a Jacobian be written with diagonal matrices.

    >>> from matcalc.operations import table
    >>> A = table.variable("A", ("n", "n")); x = table.variable("x", ("n", 1))
    >>> y = simplify(table.add(table.matmul(A, x), table.matmul(table.transpose(A), x)))
    >>> y.op, y.args[0].op
    ('matmul', 'add')
    """
    found = None if diag else _simple.get(node)
    if diag:
        found = shortest(lower(node), diag=True)
        return node if _length(found) > _length(node) else found
    if found is None:
        found = _settled(node)
        found = node if _length(found) > _length(node) else found
        _simple[node] = found
        _simple.setdefault(found, found)
    return found


def _settled(node: Node) -> Node:
    """The writing that is written as it stands when it is read again; one of a few that become each other."""
    readings = [shortest(lower(node))]
    while readings[-1].size <= SMALL and len(readings) < READINGS:
        again = shortest(lower(readings[-1]))
        if _length(again) > _length(readings[-1]):
            break
        if again in readings:
            return min(readings[readings.index(again) :], key=lambda one: one.digest)
        readings.append(again)
    return readings[-1]


def shortest(value: Sum, *, diag: bool = False) -> Node:
    """The shortest writing found of a sum.

    A sum that was closed into a factor may have its like beside it; they meet where the writing is read once more, and
    one sum less is left.
    """
    node = write(settle(value, diag=diag), diag=diag)
    while node.size <= SMALL and _sums(node) > 1:
        other = write(settle(lower(node), diag=diag), diag=diag)
        if _length(other) >= _length(node) or _sums(other) >= _sums(node):
            break
        node = other
    return node


def _sums(node: Node) -> int:
    """How many signs of addition and subtraction a formula is written with."""
    found: dict[Node, int] = {}
    for part in postorder(node):
        found[part] = (part.op in ("add", "sub")) + sum(found[argument] for argument in part.args)
    return found[node]


def settle(value: Sum, *, diag: bool = False) -> Sum:
    """The sum, multiplied out or over a common denominator where that makes its writing shorter."""
    value = _multiplied_out(_bare(value, diag), diag)
    for over in map(partial(_multiplied_out, diag=diag), chain(over_common(value), cleared(value))):
        if _less(_size(over, diag), _size(value, diag)):
            value = over
            break
    other = _without_opposites(value)
    if other is not None:
        other = _multiplied_out(other, diag)
        if _less(_size(other, diag), _size(value, diag)):
            return other
    return value


def _without_opposites(value: Sum) -> Sum | None:
    """``sigmoid(-t)`` as ``1 - sigmoid(t)`` where ``sigmoid(t)`` stands in the sum as well."""
    nodes = {node for key in value.terms for node, _ in powers_of(key) if node.op == "sigmoid"}
    new: dict[Node, Node] = {}
    for node in sorted(nodes, key=lambda n: (signed(n.args[0])[0], n.digest)):
        mirrored = intern("sigmoid", (opposite(node.args[0]),), (), node.shape)
        if mirrored in nodes and mirrored not in new:
            new[node] = table.sub(table.number(1), mirrored)
    if not new:
        return None
    result = Sum(value.shape, value.extra)
    for (scalars, factors), c in value.terms.items():
        raw = Raw(c)
        raw.sizes.update(value.extra)
        for node, p in scalars:
            raw.scale(new.get(node, node), p)
        raw.factors = [(new.get(node, node), p, index) for node, p, index in factors]
        for node, _, index in factors:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
        normalise(raw, result.free, result)
    return result


def _multiplied_out(value: Sum, diag: bool) -> Sum:
    while promising(value):
        best, best_size = value, _size(value, diag)
        for only in [*_sums_in(value)[:ATOMS], None]:
            other = multiply_out(value, only)
            if other is not None:
                size = _size(other, diag)
                if _less(size, best_size):
                    best, best_size = other, size
        if best is value:
            break
        value = best
    return value


def _bare(value: Sum, diag: bool) -> Sum:
    """A number times a sum and nothing else, as the terms of that sum where this is shorter."""
    if len(value.terms) == 1:
        ((scalars, factors), c), = value.terms.items()
        if c != 1 and len(scalars) + len(factors) == 1 and _is_sum(*powers_of((scalars, factors))[0]):
            opened = multiply_out(value)
            if opened is not None and _less(_size(opened, diag), _size(value, diag)):
                return opened
    return value


def _size(value: Sum, diag: bool) -> tuple[int, Node | None]:
    """The length of a sum, and its writing where it has one."""
    if len(value.free) > 2 or value.extra:
        return sum([token_count(node) for key in value.terms for node, _ in powers_of(key)]) + len(value.terms), None
    node = write(value, diag=diag)
    return _length(node), node


def _length(node: Node) -> int:
    """The measure; index terms are longer than any matrix form."""
    return 10**9 if is_entries(node) else token_count(node)


def shorter(a: Node, b: Node) -> bool:
    """Whether one writing is better than another: shorter, or as long and plainer.

    Plainer is what has no identity in a sum that varies along one axis alone (``eye(n) - p``, a column from every
    column).
    """
    return _less((_length(a), a), (_length(b), b))


def _less(a: tuple[int, Node | None], b: tuple[int, Node | None]) -> bool:
    if a[0] != b[0] or a[1] is None or b[1] is None or b[1].size > SMALL:
        return a[0] < b[0]
    return _uneven(a[1]) < _uneven(b[1])


def _uneven(node: Node) -> int:
    """The sums of an identity with a column or a row."""
    return sum(
        any(a.op == "eye" for a in part.args) and any(1 in a.shape and a.shape != (1, 1) for a in part.args)
        for part in postorder(node, into=lambda n: n.op not in NAMED)
        if part.op in ("add", "sub")
    )


def _is_sum(node: Node, p: Number) -> bool:
    if node.shape == (1, 1) and p == 1 and _is_linear_in_sum(node):
        return True
    return node.op in ("add", "sub") and p in (1, 2) and node.size < 400


def _is_linear_in_sum(node: Node) -> bool:
    """Whether a scalar is a sum, trace or product of a sum: ``p.T@(log(p) + 1)``."""
    if node.size > 400:
        return False
    if node.op in ("sum", "tr"):
        return node.args[0].op in ("add", "sub")
    return node.op == "matmul" and any(_bare_sum(part) for part in node.args)


def _bare_sum(node: Node) -> bool:
    return node.op in ("add", "sub") or (node.op == "T" and node.args[0].op in ("add", "sub"))


def _terms(node: Node) -> Sum:
    """The terms of a sum, or of a scalar that is linear in one."""
    if node.op != "matmul" or node.shape != (1, 1):
        return lower(node)
    value = Sum((1, 1))
    left, right = [[*_addends(part)] if _bare_sum(part) else [(1, part)] for part in node.args]
    for sign, a in left:
        for other, b in right:
            value.include(lower(table.matmul(a, b)), sign * other)
    return value


def _addends(node: Node) -> Iterator[tuple[int, Node]]:
    """The signed terms of a sum, transposed where it is."""
    turned, shape = node.op == "T", node.shape
    node = node.args[0] if turned else node
    while node.op in ("add", "sub"):
        yield (-1 if node.op == "sub" else 1), _addend(node.args[1], turned, shape)
        node = node.args[0]
    yield 1, _addend(node, turned, shape)


def _addend(node: Node, turned: bool, shape: Shape) -> Node:
    """A term of a sum in the shape of the whole."""
    if node.shape == (1, 1):
        return table.mul(node, table.ones(shape))
    return table.transpose(node) if turned else node


def _is_identity(node: Node) -> bool:
    """Whether a term is a multiple of an identity or of some of its columns and rows, as ``eye(n)[:, 2]/p[2]`` is."""
    while node.op in ("neg", "mul", "div"):
        node = node.args[1] if node.op == "mul" and node.args[0].shape == (1, 1) else node.args[0]
    return (node.args[0] if node.op in ("index", "T") else node).op == "eye"


def _sums_in(value: Sum) -> list[Node]:
    found: dict[Node, None] = {}
    for key in value.terms:
        for node, p in powers_of(key):
            if _is_sum(node, p):
                found[node] = None
    return sorted(found, key=lambda node: node.digest)


Powers = dict[Node, Number]


def promising(value: Sum) -> bool:
    """Whether multiplying out could make factors cancel or terms meet, judged without indices."""
    sums_found = [node for key in value.terms for node, p in powers_of(key) if _is_sum(node, p)]
    if not sums_found:
        return False
    if any(_is_identity(part) for node in sums_found for _, part in _addends(node)):
        return True  # it may meet what stands beside the sum
    seen: dict[frozenset[tuple[Node, Number]], int] = {}
    for origin, key in enumerate(value.terms):
        parts = powers_of(key)
        sums = [i for i, (node, p) in enumerate(parts) if _is_sum(node, p)]
        if len(sums) > ATOMS:
            continue
        for chosen in ([i] for i in sums):
            if any(cancelled for _, cancelled in _expanded(parts, chosen)):
                return True
        for powers, cancelled in _expanded(parts, sums):
            if cancelled:
                return True
            signature = frozenset(powers.items())
            if seen.setdefault(signature, origin) != origin:
                return True
    return False


def _expanded(parts: list[tuple[Node, Number]], chosen: list[int]) -> Iterator[tuple[Powers, bool]]:
    """The factors of each term that multiplying out the chosen sums gives, and whether any cancelled."""
    results: list[tuple[Powers, bool]] = [({}, False)]
    for i, (node, p) in enumerate(parts):
        if i in chosen:
            options = [powers_of(key) for key in _terms(node).terms] * int(p)
            if not options:
                yield {}, True
        else:
            options = [[(node, p)]]
        if len(results) * len(options) > TERMS:
            return
        results = [_times(powers, option, done) for powers, done in results for option in options]
    yield from results


def _times(powers: Powers, option: list[tuple[Node, Number]], cancelled: bool) -> tuple[Powers, bool]:
    new = dict(powers)
    for node, p in option:
        old = new.get(node, 0)
        if old and (old < 0) != (p < 0):
            cancelled = True
        new[node] = old + p
        if not new[node]:
            del new[node]
    return new, cancelled


def multiply_out(value: Sum, only: Node | None = None) -> Sum | None:
    """The sum with one of the sums among its factors (or all of them) multiplied out; None where it grows too long."""
    result = Sum(value.shape, value.extra)
    for key, c in value.terms.items():
        parts = _multiplied(key, c, only, value)
        if parts is None or len(parts) + len(result.terms) > TERMS:
            return None
        for raw in parts:
            normalise(raw, value.free, result)
    return result


def _multiplied(key: Key, c: Number, only: Node | None, value: Sum) -> list[Raw] | None:
    start = Raw(c)
    start.sizes.update(value.extra)
    for node, _, index in key[1]:
        start.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
    raws = [start]
    for node, p, index in [*((n, p, ()) for n, p in key[0]), *key[1]]:
        if not _is_sum(node, p) or only not in (None, node):
            for raw in raws:
                if index:
                    raw.factors.append((node, p, index))
                else:
                    raw.scale(node, p)
            continue
        place = dict(zip(free_of(node.shape), index, strict=True))
        terms = list(_terms(node).terms.items())
        for _ in range(int(p)):
            raws = [_product(raw, k, factor, place) for raw in raws for k, factor in terms]
            if len(raws) > TERMS:
                return None
    return raws


def _product(raw: Raw, key: Key, c: Number, place: dict[int, int]) -> Raw:
    new = Raw(raw.coeff)
    new.scalars, new.factors, new.sizes = dict(raw.scalars), list(raw.factors), dict(raw.sizes)
    instantiate(new, key, c, place)
    return new
