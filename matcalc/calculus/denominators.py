"""Terms over a common denominator: ``1/sqrt(u) - x**2/u**1.5`` with ``u = 1 + x**2`` is ``1/u**1.5``.

A sum that stands in the terms with powers that differ by whole numbers, the lowest of them below a fraction line, is
taken out with that power, and what is above it is multiplied out.

Fractions inside a sum that is a factor: ``x/(s**2*(x**2/s**2 + 1))`` is ``x/(x**2 + s**2)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from matcalc.calculus.lowering import lower
from matcalc.calculus.sums import atom
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, instantiate, normalise, powers_of
from matcalc.expressions.node import Node, axes

__all__ = ["cleared", "over_common"]

HIGH = 3  # by which the powers of a sum may differ
TERMS = 16  # that the result may have before they meet
SUMS = ("add", "sub")


def over_common(value: Sum) -> Iterator[Sum]:
    """The value over each common denominator that some but not all of its terms have in full."""
    if not 2 <= len(value.terms) <= TERMS:
        return
    found = {node: None for key in value.terms for node, p in powers_of(key) if p < 0 and node.op in SUMS}
    for node in sorted(found, key=lambda node: node.digest):
        index = _place(value, node)
        if index is None:
            continue
        powers = [_power(key, node) for key in value.terms]
        low = min(powers)
        apart = [p - low for p in powers]
        if any(d != int(d) or d > HIGH for d in apart) or not any(apart):
            continue
        over = _over(value, node, index, [int(d) for d in apart])
        if over is not None:
            yield over


def _place(value: Sum, node: Node) -> tuple[int, ...] | None:
    """The free indices at which a sum stands wherever it does; None where there is more than one place."""
    places = {index for _, factors in value.terms for other, _, index in factors if other is node}
    if node.shape == (1, 1):
        return ()
    index, = places if len(places) == 1 else ((FIRST,),)
    return index if all(k in value.free for k in index) else None


def _power(key: Key, node: Node) -> Number:
    return next((p for other, p in powers_of(key) if other is node), 0)


def _over(value: Sum, node: Node, index: tuple[int, ...], apart: list[int]) -> Sum | None:
    """The terms with the sum multiplied out as often as its power is above the lowest."""
    terms = list(lower(node).terms.items())
    if sum(len(terms) ** d for d in apart) > TERMS or len(terms) < 2:
        return None
    result = Sum(value.shape, value.extra)
    place = dict(zip(free_of(node.shape), index, strict=True))
    for (key, c), d in zip(value.terms.items(), apart, strict=True):
        raws = [_raw(key, c, node, index, d, value)]
        for _ in range(d):
            raws = [_times(raw, key, factor, place) for raw in raws for key, factor in terms]
        for raw in raws:
            normalise(raw, value.free, result)
    return result


def _raw(key: Key, c: Number, node: Node, index: tuple[int, ...], d: int, value: Sum) -> Raw:
    """A term with the power of the sum less by ``d``."""
    raw = Raw(c)
    raw.sizes.update(value.extra)
    raw.scalars, raw.factors = dict(key[0]), list(key[1])
    for other, _, at in key[1]:
        raw.sizes.update((k, dim) for k, dim in zip(at, axes(other.shape), strict=True) if k >= FIRST)
    if not index:
        raw.scale(node, -d)
    elif d:
        raw.factors.append((node, -d, index))
    return raw


def _times(raw: Raw, key: Key, c: Number, place: dict[int, int]) -> Raw:
    new = Raw(raw.coeff)
    new.scalars, new.factors, new.sizes = dict(raw.scalars), list(raw.factors), dict(raw.sizes)
    instantiate(new, key, c, place)
    return new


def cleared(value: Sum) -> Iterator[Sum]:
    """The value with the fractions in one of its sums over that sum's common denominator."""
    if len(value.terms) > TERMS or value.extra:
        return
    powers = [(node, p) for key in value.terms for node, p in powers_of(key) if node.op in SUMS]
    for node in sorted({node for node, _ in powers}, key=lambda node: node.digest):
        parts = lower(node)
        if len(parts.terms) > TERMS or any(p != int(p) for other, p in powers if other is node):
            continue
        below = _denominators(parts)
        above = _multiplied(parts, below) if below else None
        if above is not None:
            yield _with_fraction(value, node, above, below)


def _denominators(parts: Sum) -> dict[Node, int]:
    """The scalars and the entrywise factors below a fraction line in some of the terms, with their highest powers.

    Exponentials are none: ``exp(-t)`` is written by its sign, and ``exp(t)`` may be beyond all numbers.
    """
    found: dict[Node, int] = {}
    for key in parts.terms:
        entrywise = [(node, p) for node, p, index in key[1] if index == parts.free and node.shape == parts.shape]
        for node, p in [*key[0], *entrywise]:
            if p < 0 and p == int(p) and node.op != "exp":
                found[node] = max(found.get(node, 0), -int(p))
    return found


def _multiplied(parts: Sum, by: dict[Node, int]) -> tuple[Key, Number] | None:
    """A sum times powers of factors, as one term without sums over indices; None where it has some, or is 0."""
    result = Sum(parts.shape)
    place = {k: k for k in parts.free}
    for key, c in parts.terms.items():
        raw = Raw()
        instantiate(raw, key, c, place)
        for node, p in by.items():
            _scale(raw, node, p, parts.free)
        normalise(raw, parts.free, result)
    key, c = atom(result)
    return (key, c) if c and all(k in parts.free for _, _, index in key[1] for k in index) else None


def _with_fraction(value: Sum, node: Node, above: tuple[Key, Number], below: dict[Node, int]) -> Sum:
    """The value with a fraction in the place of a sum: a term above powers of factors."""
    (scalars, factors), number = above
    result = Sum(value.shape, value.extra)
    for key, c in value.terms.items():
        raw = Raw(c)
        raw.sizes.update(value.extra)
        places: list[tuple[int, tuple[int, ...]]] = [(int(p), ()) for other, p in key[0] if other is node]
        places += [(int(p), index) for other, p, index in key[1] if other is node]
        kept = tuple([part for part in key[0] if part[0] is not node])
        raw.scalars, raw.factors = dict(kept), [part for part in key[1] if part[0] is not node]
        for other, _, index in key[1]:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(other.shape), strict=True) if k >= FIRST)
        for p, index in places:
            raw.coeff *= Fraction(number) ** p
            at: dict[int, int] = dict(zip(free_of(node.shape), index, strict=True))
            for other, q in scalars:
                raw.scale(other, p * q)
            raw.factors += [(other, p * q, tuple([at[k] for k in where])) for other, q, where in factors]
            for other, q in below.items():
                _scale(raw, other, -p * q, index)
        normalise(raw, value.free, result)
    return result


def _scale(raw: Raw, node: Node, p: Number, index: tuple[int, ...]) -> None:
    if node.shape == (1, 1):
        raw.scale(node, p)
    else:
        raw.factors.append((node, p, index))
