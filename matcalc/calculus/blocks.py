"""What a tensor of index terms consists of: for every pattern of Kronecker deltas, products of matrices and vectors.

A delta between two axes says that the tensor is zero but where their indices agree: what stands there has fewer axes,
and the code fills it in. What remains falls apart into components that share no summed index; a component with at most
two axes is written in matrix notation, so that it is computed by matrix products in the cheapest order, and shared.

A ``blocks`` node has the components as arguments; its parameters are the blocks, each a pattern, for every axis the
first axis that it agrees with, and terms, each for every component its position among the arguments and its axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

from matcalc.calculus.reading import Factor
from matcalc.calculus.simplify import shortest
from matcalc.calculus.telling import factor_key
from matcalc.calculus.tensors import entries, indexed_sum, is_entries
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, normalise
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, axes, intern
from matcalc.operations import table

__all__ = ["blocks", "computed"]

Factors: TypeAlias = "list[Factor]"
Part: TypeAlias = tuple[Node, tuple[int, ...]]  # a component and its axes
Known: TypeAlias = "dict[tuple[Shape, frozenset[tuple[Key, Number]]], Node | None]"  # as what sums are written
Pattern: TypeAlias = tuple[int, ...]
Place: TypeAlias = "tuple[Pattern, tuple[int, ...]]"
Gathered: TypeAlias = "dict[Place, list[Term]]"
Beside: TypeAlias = "tuple[Pattern, tuple[int, int], tuple[Factor, ...]]"
Candidate: TypeAlias = "tuple[Place, Term, Factors]"  # where it stands, and its factors along a pair of axes


class Term:
    """A coefficient times factors, whose indices are axes, or `FIRST` and more where they are summed."""

    __slots__ = ("c", "factors")

    def __init__(self, c: Number, factors: Factors) -> None:
        self.c, self.factors = c, factors

    @property
    def cover(self) -> tuple[int, ...]:
        """The axes along which the term varies."""
        return tuple(sorted({k for _, _, index in self.factors for k in index if k < FIRST}))


def computed(node: Node) -> Node:
    """A derivative as the code computes it: an ``entries`` node in blocks, any other as it is."""
    return blocks(node) if is_entries(node) else node


def blocks(node: Node) -> Node:
    """An ``entries`` node as a ``blocks`` node of the same value."""
    value = indexed_sum(node)
    gathered: Gathered = {}
    for (scalars, factors), c in value.terms.items():
        pattern, rest = _without_deltas(factors, len(value.free))
        term = Term(c, [*((n, p, ()) for n, p in scalars), *rest])
        gathered.setdefault((pattern, term.cover), []).append(term)
    known: Known = {}
    dims = tuple(axes(node.shape))
    found = _with_diagonals(gathered, dims, known)
    for (pattern, cover), terms in gathered.items():
        if not terms:
            continue
        written = found.setdefault(pattern, [])
        whole = _written(terms, cover, dims, known) if len(cover) <= 2 else None
        written += [[(whole, cover)]] if whole is not None else [_components(term, dims, known) for term in terms]
    args: dict[Node, int] = {}
    params = []
    for pattern, products in found.items():
        placed = [tuple([(args.setdefault(n, len(args)), index) for n, index in parts]) for parts in products]
        params.append((pattern, tuple(placed)))
    return intern("blocks", tuple(args), tuple(params), node.shape)


def _without_deltas(factors: Sequence[tuple[Node, Number, tuple[int, ...]]], count: int) -> tuple[Pattern, Factors]:
    """The axes made equal by Kronecker deltas, and the other factors at the first of equal axes."""
    place = list(range(count))
    rest: Factors = []
    for node, p, index in factors:
        if node.op == "eye" and max(index) < count:
            low, high = sorted([place[k] for k in index])
            place = [low if k == high else k for k in place]
        else:
            rest.append((node, p, index))
    return tuple(place), [(n, p, tuple([place[k] if k < count else k for k in index])) for n, p, index in rest]


def _with_diagonals(gathered: Gathered, dims: Sequence[Dim], known: Known) -> dict[Pattern, list[list[Part]]]:
    """Terms on a diagonal taken into terms beside it: ``A[i, k]*u[j] + eye[i, k]*v[i]*u[j]`` is one product.

    The sum ``A + diag(v)`` is a matrix, and what both have in common is multiplied once; the terms are taken out.
    """
    groups: dict[Beside, tuple[list[Candidate], list[Candidate]]] = {}  # full terms, and those on the diagonal
    for place, terms in gathered.items():
        for pair, equal in _pairs(place[0], dims):
            base = tuple([k if k == pair[1] else first for k, first in enumerate(place[0])])
            for term in terms:
                inside, beside = _parted(term, pair)
                if beside:
                    groups.setdefault((base, pair, beside), ([], []))[equal].append((place, term, inside))
    found: dict[Pattern, list[list[Part]]] = {}
    taken: set[Term] = set()
    for (base, pair, beside), (full, diagonal) in groups.items():
        if not full or not diagonal or any(term in taken for _, term, _ in (*full, *diagonal)):
            continue
        delta = (table.eye(dims[pair[0]]), 1, pair)
        number = full[0][1].c
        parts = [Term(_over(term.c, number), rest) for _, term, rest in full]
        parts += [Term(_over(term.c, number), [*rest, delta]) for _, term, rest in diagonal]
        matrix = _written(parts, pair, dims, known)
        if matrix is None:
            continue
        found.setdefault(base, []).append([(matrix, pair), *_components(Term(number, list(beside)), dims, known)])
        for place, term, _ in (*full, *diagonal):
            taken.add(term)
            gathered[place].remove(term)
    return found


def _pairs(pattern: Pattern, dims: Sequence[Dim]) -> Iterator[tuple[tuple[int, int], bool]]:
    """Two axes of one size that no third one agrees with, and whether they agree with each other."""
    for k, first in enumerate(pattern):
        if first != k:
            if pattern.count(first) == 2:
                yield (first, k), True
        elif pattern.count(k) == 1:
            for low in range(k):
                if pattern[low] == low and pattern.count(low) == 1 and dims[low] == dims[k]:
                    yield (low, k), False


def _over(c: Number, number: Number) -> Number:
    ratio = Fraction(c) / Fraction(number)
    return ratio.numerator if ratio.denominator == 1 else ratio


def _parted(term: Term, pair: tuple[int, int]) -> tuple[Factors, tuple[Factor, ...]]:
    """The factors along two axes, with the scalars, and the others; none of these where a third axis is joined."""
    inside = [factor for factor in term.factors if not factor[2] or set(factor[2]).intersection(pair)]
    beside = [factor for factor in term.factors if factor not in inside]
    summed = {k for _, _, index in beside for k in index if k >= FIRST}
    inside += [factor for factor in beside if summed.intersection(factor[2])]
    beside = [factor for factor in beside if not summed.intersection(factor[2])]
    if any(k < FIRST and k not in pair for _, _, index in inside for k in index):
        return inside, ()
    return inside, tuple(sorted(beside, key=factor_key))


def _components(term: Term, dims: Sequence[Dim], known: Known) -> list[Part]:
    """The term as a product of what shares no summed index; the number is left to the smallest."""
    groups: list[Factors] = []
    scalars = [factor for factor in term.factors if not factor[2]]
    for factor in term.factors:
        if not factor[2]:
            continue
        summed = {k for k in factor[2] if k >= FIRST}
        touched = [g for g in groups if any(summed.intersection(index) for _, _, index in g)]
        groups = [g for g in groups if g not in touched]
        groups.append([*(f for g in touched for f in g), factor])
    pieces = _absorbed([Term(1, group) for group in groups])
    pieces.sort(key=lambda piece: len(piece.cover))
    pieces[0] = Term(term.c, [*scalars, *pieces[0].factors])
    found = []
    for piece in pieces:
        cover = piece.cover
        node = _written([piece], cover, dims, known) if len(cover) <= 2 else None
        found.append((_summed([piece], cover, dims) if node is None else node, cover))
    return found


def _absorbed(pieces: list[Term]) -> list[Term]:
    """What varies along the axes of another piece alone is multiplied into that first: it is smaller than the whole."""
    pieces = sorted(pieces, key=lambda piece: len(piece.cover), reverse=True)
    done: list[Term] = []
    for piece in pieces:
        hosts = [h for h in done if len(h.cover) <= 2 and set(piece.cover) <= set(h.cover)]
        if hosts:
            hosts[-1].factors += piece.factors
        else:
            done.append(piece)
    return done


def _written(terms: Sequence[Term], cover: tuple[int, ...], dims: Sequence[Dim], known: Known) -> Node | None:
    """Terms with at most two axes in matrix notation, if they have one; what was written before is ``known``."""
    value = _plain(terms, cover, dims)
    key = value.shape, frozenset(value.terms.items())
    if key not in known:
        node = shortest(value)
        known[key] = shortest(value, diag=True) if node is None else node
    return known[key]


def _plain(terms: Sequence[Term], cover: tuple[int, ...], dims: Sequence[Dim]) -> Sum:
    shape: list[Dim] = [1, 1]
    for i, k in enumerate(cover):
        shape[i] = dims[k]
    value = Sum((shape[0], shape[1]))
    place = {k: i for i, k in enumerate(cover)}
    for term in terms:
        raw = Raw(term.c)
        _fill(raw, term, place)
        normalise(raw, free_of(value.shape), value)
    return value


def _summed(terms: Sequence[Term], cover: tuple[int, ...], dims: Sequence[Dim]) -> Node:
    """Terms that have no matrix notation, as an array with their axes."""
    value = Sum((1, 1), tuple([(i, dims[k]) for i, k in enumerate(cover)]))
    place = {k: i for i, k in enumerate(cover)}
    for term in terms:
        raw = Raw(term.c)
        raw.sizes.update(value.extra)
        _fill(raw, term, place)
        normalise(raw, value.free, value)
    return entries(value, range(len(cover)))


def _fill(raw: Raw, term: Term, place: dict[int, int]) -> None:
    for node, p, index in term.factors:
        if not index:
            raw.scale(node, p)
            continue
        at = tuple([place.get(k, k) for k in index])
        raw.factors.append((node, p, at))
        raw.sizes.update(zip(at, axes(node.shape), strict=True))
