"""Names for parts of a term: of ``e * e' / sum(e)**2`` with ``p = e/sum(e)``, the outer product ``p @ p.T``.

A named product or quotient is looked for in the index terms of a result, where its factors stand side by side
whatever was between them in the writing: at any indices, above the line or below it, as often as they are there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from matcalc.calculus.lowering import lower
from matcalc.calculus.reading import Factor
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, normalise
from matcalc.expressions.node import Node, axes

__all__ = ["Patterns", "with_names"]

FACTORS = 6  # of a product that is looked for
NAMES = ("var", "let", "defined")
SIZE = 200  # nodes of a formula that is looked for
TERMS = 64  # of a result in which names are looked for


class Pattern:
    """A named product: its scalars and its factors with powers, at the free indices of the name."""

    __slots__ = ("coeff", "factors", "name", "scalars")

    def __init__(self, name: Node, key: Key, coeff: Number) -> None:
        self.name, self.coeff = name, coeff
        self.scalars, self.factors = dict(key[0]), list(key[1])


class Patterns:
    """The intermediate variables that are products, by each product's first factor, the last of the program first."""

    def __init__(self, lets: Collection[Node]) -> None:
        self.by_factor: dict[Node, list[Pattern]] = {}  # and those of scalars alone by the first of these
        for let in reversed([*lets]):
            single = lower(let.args[0]).single if len(let.shape) == 2 and let.args[0].size < SIZE else None
            if single is None:
                continue
            (scalars, factors), coeff = single
            if not 0 < len(scalars) + len(factors) <= FACTORS or not _free_only(factors, free_of(let.shape)):
                continue
            if not factors and (coeff != 1 or all(p == 1 for _, p in scalars)):
                continue  # a multiple or a product of scalars is found in the writing
            if scalars or len(factors) > 1 or factors[0][0].op not in NAMES:
                first = factors[0][0] if factors else scalars[0][0]
                self.by_factor.setdefault(first, []).append(Pattern(let, single[0], coeff))

    def of(self, key: Key, but: Node) -> list[Pattern]:
        """Those that may be found in this term; the name ``but`` is not used."""
        if not self.by_factor:
            return []
        nodes = dict.fromkeys([*[node for node, _, _ in key[1]], *[node for node, _ in key[0]]])
        return [pattern for node in nodes for pattern in self.by_factor.get(node, ()) if pattern.name is not but]


def _free_only(factors: Sequence[Factor], free: tuple[int, ...]) -> bool:
    """Whether a product sums over nothing and has all free indices."""
    used = {k for _, _, index in factors for k in index}
    return used == set(free)


def with_names(value: Sum, names: Patterns, but: Node) -> Sum | None:
    """The value with every occurrence of these products under its name; None where there is none."""
    if not any(names.of(key, but) for key in value.terms) or len(value.terms) > TERMS:
        return None
    result, changed = Sum(value.shape, value.extra), False
    for key, coeff in value.terms.items():
        raw = Raw(coeff)
        raw.scalars, raw.factors = dict(key[0]), list(key[1])
        raw.sizes.update(value.extra)
        for node, _, index in key[1]:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
        for pattern in names.of(key, but):
            while _replaced(raw, pattern, 1) or _replaced(raw, pattern, -1):
                changed = True
        normalise(raw, value.free, result)
    return result if changed else None


def _replaced(raw: Raw, pattern: Pattern, sign: int) -> bool:
    """Take the product (its reciprocal for the sign -1) out of a term once and put the name there."""
    if not all(_holds(raw.scalars.get(node, 0), sign * p) for node, p in pattern.scalars.items()):
        return False
    if not pattern.factors:
        _take_scalars(raw, pattern, sign)
        raw.scale(pattern.name, sign)
        return True
    free = free_of(pattern.name.shape)
    for place in _places(raw, pattern, sign):
        taken = [(node, sign * p, tuple([place[k] for k in index])) for node, p, index in pattern.factors]
        if len(set(place.values())) == len(place) and all(_found(raw, factor) is not None for factor in taken):
            for factor in taken:
                _take(raw, factor)
            _take_scalars(raw, pattern, sign)
            raw.factors.append((pattern.name, sign, tuple([place[k] for k in free])))
            return True
    return False


def _take_scalars(raw: Raw, pattern: Pattern, sign: int) -> None:
    for node, p in pattern.scalars.items():
        raw.scale(node, -sign * p)
    raw.coeff = raw.coeff * (Fraction(1) / pattern.coeff if sign > 0 else pattern.coeff)


def _places(raw: Raw, pattern: Pattern, sign: int) -> list[dict[int, int]]:
    """Where the free indices of the product may stand in a term: by each factor in turn, until all are placed."""
    places: list[dict[int, int]] = [{}]
    for node, p, index in pattern.factors:
        if all(k in place for place in places for k in index):
            continue
        places = [
            {**place, **dict(zip(index, there, strict=True))}
            for place in places
            for other, q, there in raw.factors
            if other is node and _holds(q, sign * p)
            if all(place.get(k, v) == v for k, v in zip(index, there, strict=True))
        ]
    return places


def _holds(there: Number, wanted: Number) -> bool:
    """Whether a power contains another one."""
    return there >= wanted if wanted > 0 else there <= wanted


def _found(raw: Raw, wanted: Factor) -> int | None:
    node, p, index = wanted
    for place, (other, q, there) in enumerate(raw.factors):
        if other is node and there == index and _holds(q, p):
            return place
    return None


def _take(raw: Raw, wanted: Factor) -> None:
    place = _found(raw, wanted)
    assert place is not None
    node, q, index = raw.factors[place]
    left = q - wanted[1]
    raw.factors[place : place + 1] = [(node, left, index)] if left else []
