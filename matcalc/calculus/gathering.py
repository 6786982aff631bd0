"""Tensors gathered: a sum of many index terms as few, so that what is passed on does not grow with the program.

A term falls apart into components that share no summed index.  Where terms differ in one component alone, at one or
two free indices, their sum is the sum of these times the rest: ``A[i, j]*x[k] + B[i, j]*x[k]`` becomes
``(A + B)[i, j]*x[k]``.  What is summed is written as one matrix, and stays one factor.  The adjoint of a tensor has a
term for every path through the program, and there are exponentially many of them; gathered, it has one for every
different rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from matcalc.calculus.factoring import write
from matcalc.calculus.reading import Factor
from matcalc.calculus.simplify import settle
from matcalc.calculus.sums import factor_of
from matcalc.calculus.tensors import is_entries
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, normalise, powers_of
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, axes
from matcalc.render.measure import token_count

__all__ = ["gathered"]

LONG = 12  # factors beyond which a term is closed component by component
SHORT = 60  # tokens up to which what is summed is simplified further

Cover: TypeAlias = tuple[int, ...]
Part: TypeAlias = "tuple[Cover, tuple[Factor, ...]]"
Rest: TypeAlias = "tuple[Cover, frozenset[Part], tuple[Factor, ...]]"  # where something is summed, and beside what


class _Term:
    """A term by its components."""

    __slots__ = ("c", "deltas", "key", "parts")

    def __init__(self, key: Key, c: Number, parts: list[Part], deltas: tuple[Factor, ...]) -> None:
        self.key, self.c, self.parts, self.deltas = key, c, parts, deltas

    def rest(self, part: Part) -> Rest:
        """What stands beside a component, its summed indices numbered as they come."""
        beside = [(cover, _numbered(factors)) for cover, factors in self.parts if factors is not part[1]]
        return part[0], frozenset(beside), self.deltas


def _numbered(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    number: dict[int, int] = {}
    return tuple([
        (node, p, tuple([k if k < FIRST else number.setdefault(k, FIRST + len(number)) for k in index]))
        for node, p, index in factors
    ])


def gathered(value: Sum) -> Sum:
    """The sum with the terms that differ in one component gathered, and long terms shortened.

    >>> from matcalc.calculus.terms import normalise
    >>> from matcalc.operations.table import variable
    >>> A, B, x = variable("A", ("n", "n")), variable("B", ("n", "n")), variable("x", ("n", 1))
    >>> value = Sum((1, 1), ((0, "n"), (1, "n"), (2, "n")))
    >>> for matrix in (A, B):
    ...     raw = Raw()
    ...     raw.factors = [(matrix, 1, (0, 1)), (x, 1, (2,))]
    ...     normalise(raw, value.free, value)
    >>> len(value.terms), len(gathered(value).terms)
    (2, 1)
    """
    result = Sum(value.shape, value.extra)
    split: list[_Term] = []
    for key, c in value.terms.items():
        term = _split(key, c, value.free)
        if term is None:
            result.add(key, c)
        else:
            split.append(term)
    sizes = dict(zip(value.free, value.dims, strict=True))
    for members in _groups(split):
        for key, c in _closed(members, sizes, value):
            result.add(key, c)
    return result


def _split(key: Key, c: Number, free: Collection[int]) -> _Term | None:
    """A term by its components, each at one or two free indices; None where it does not fall apart so.

    Free indices that a delta makes equal are one in all other factors.
    """
    deltas = tuple([f for f in key[1] if f[0].op == "eye" and f[2][0] in free and f[2][1] in free])
    equal = {max(index): min(index) for _, _, index in deltas}
    loose = [(n, p, tuple([equal.get(k, k) for k in index])) for n, p, index in key[1] if (n, p, index) not in deltas]
    parts: list[Part] = []
    covered = [(_cover(factors, free), factors) for factors in _connected(loose)]
    for cover, factors in sorted(covered, key=_wide_first):
        if not 1 <= len(cover) <= 2:
            return None
        hosts = [n for n, (wide, _) in enumerate(parts) if set(cover) <= set(wide)]
        if hosts:
            wide, before = parts[hosts[-1]]
            parts[hosts[-1]] = (wide, (*before, *factors))
        else:
            parts.append((cover, tuple(factors)))
    return _Term(key, c, parts, deltas) if parts else None


def _connected(factors: Sequence[Factor]) -> list[list[Factor]]:
    """Factors that share summed indices together, each group and the groups in the order of the factors."""
    groups: dict[int, list[int]] = {}
    owner: dict[int, int] = {}
    for number, (_, _, index) in enumerate(factors):
        summed = [k for k in index if k >= FIRST]
        touched = sorted({owner[k] for k in summed if k in owner}, key=lambda one: len(groups[one]))
        home = touched.pop() if touched else number
        mine = groups.setdefault(home, [])
        for other in touched:  # the smaller ones move
            moved = groups.pop(other)
            mine += moved
            owner.update({k: home for place in moved for k in factors[place][2] if k >= FIRST})
        mine.append(number)
        owner.update(dict.fromkeys(summed, home))
    return [[factors[place] for place in group] for group in sorted([sorted(group) for group in groups.values()])]


def _cover(factors: list[Factor], free: Collection[int]) -> Cover:
    """The free indices of factors."""
    return tuple(sorted({k for _, _, index in factors for k in index if k in free}))


def _wide_first(group: tuple[Cover, list[Factor]]) -> int:
    return -len(group[0])


def _groups(terms: list[_Term]) -> list[list[tuple[_Term, Part]]]:
    """The terms with the same rest together, the largest groups first, each with what differs."""
    found: dict[Rest, list[tuple[_Term, Part]]] = {}
    for term in terms:
        for part in term.parts:
            found.setdefault(term.rest(part), []).append((term, part))
    done: set[int] = set()
    chosen = []
    for members in sorted(found.values(), key=len, reverse=True):
        left = [(term, part) for term, part in members if id(term) not in done]
        if left:
            done.update([id(term) for term, _ in left])
            chosen.append(left)
    return chosen


def _closed(members: list[tuple[_Term, Part]], sizes: Mapping[int, Dim], value: Sum) -> list[tuple[Key, Number]]:
    """Terms that differ in one component as one; a single long one with its components closed; else as they are."""
    same = [(term.key, term.c) for term, _ in members]
    first, part = members[0]
    raw = Raw()
    raw.sizes.update(sizes)
    if len(members) > 1:
        _fill(raw, first.deltas)
        for other in first.parts:
            if other is not part:
                _fill(raw, other[1])
        if not _multiply(raw, [(term.c, term.key[0], p[1]) for term, p in members], part[0], sizes):
            return same
    elif len(first.key[1]) > LONG:
        raw.coeff = first.c
        raw.scalars = dict(first.key[0])
        _fill(raw, first.deltas)
        for cover, factors in first.parts:
            if len(factors) == 1 or not _multiply(raw, [(1, (), factors)], cover, sizes):
                _fill(raw, factors)
    else:
        return same
    found = Sum(value.shape, value.extra)
    normalise(raw, value.free, found)
    return list(found.terms.items())


def _fill(raw: Raw, factors: Sequence[Factor]) -> None:
    raw.factors += factors
    for node, _, index in factors:
        raw.sizes.update(zip(index, axes(node.shape), strict=True))


def _multiply(
    raw: Raw,
    terms: Sequence[tuple[Number, Sequence[tuple[Node, Number]], Sequence[Factor]]],
    cover: Cover,
    sizes: Mapping[int, Dim],
) -> bool:
    """Multiply a term by a sum of components, in matrix notation; whether it has one."""
    shape: list[Dim] = [1, 1]
    for axis, k in enumerate(cover):
        shape[axis] = sizes[k]
    place = {k: axis for axis, k in enumerate(cover)}
    total = Sum((shape[0], shape[1]))
    for c, scalars, factors in terms:
        one = Raw(c)
        one.scalars = dict(scalars)
        _fill(one, [(n, p, tuple([place.get(k, k) for k in index])) for n, p, index in factors])
        normalise(one, free_of(total.shape), total)
    if sum([token_count(node) for key in total.terms for node, _ in powers_of(key)]) <= SHORT:
        total = settle(total, diag=True)
    node = write(total, diag=True)
    if is_entries(node):
        return False
    (scalars, factors), c = factor_of(node, free_of(node.shape))
    raw.coeff *= c
    for scalar, p in scalars:
        raw.scale(scalar, p)
    raw.factors += [(n, p, tuple([cover[axis] for axis in index])) for n, p, index in factors]
    return True
