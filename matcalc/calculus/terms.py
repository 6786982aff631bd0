"""Index terms and their canonical form.

A `Raw` term is a coefficient times scalars times factors with indices; `normalise` brings it to the canonical form
in which equal terms are equal keys, and a `Sum` collects them. The free indices of a value are 0 (its rows) and 1
(its columns), where it has them; every other index is summed. The canonical form:

- Kronecker deltas are resolved, declared structure is used (`matcalc.calculus.contraction`); - what hangs on a
vertex beside other factors is closed into one mark (``u * (A @ x)``), and what hangs on nothing into a scalar
(``x.T @ A @ x``): so powers of equal things meet; - summed indices are numbered by the structure of the graph, not
by the order in which they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import islice, permutations, product
from typing import TypeAlias

from matcalc import bounds, facts
from matcalc.calculus import contraction
from matcalc.calculus.edges import entrywise
from matcalc.calculus.entrywise import combine
from matcalc.calculus.magnitudes import checked, power_of
from matcalc.calculus.reading import Factor, read
from matcalc.calculus.telling import factor_key, told_apart
from matcalc.calculus.writing import dim_node
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, axes

__all__ = ["FIRST", "Key", "Number", "Raw", "Sum", "free_of", "instantiate", "normalise", "powers_of"]

Number: TypeAlias = Fraction | int
Key: TypeAlias = tuple[tuple[tuple[Node, Number], ...], tuple[Factor, ...]]
FIRST = 8  # the smallest summed index
HALF = Fraction(1, 2)
TIES = 120  # relabellings tried where the structure does not tell indices apart


class Raw:
    """A term on its way to the canonical form."""

    __slots__ = ("coeff", "factors", "scalars", "sizes")

    def __init__(self, coeff: Number = 1) -> None:
        self.coeff: Number = coeff
        self.scalars: dict[Node, Number] = {}
        self.factors: list[Factor] = []
        self.sizes: dict[int, Dim] = {}  # of every index, also of one without factors

    def scale(self, node: Node, p: Number = 1) -> None:
        """Multiply by a power of a scalar."""
        total = self.scalars.get(node, 0) + p
        if total:
            self.scalars[node] = total
        else:
            self.scalars.pop(node, None)

    def fresh(self) -> int:
        """An index that is not in use."""
        return max(self.sizes) + 1 if self.sizes else FIRST


class Sum:
    """A value as a sum of canonical terms; ``extra`` are free indices beside its rows and columns."""

    __slots__ = ("dims", "extra", "free", "shape", "terms")

    def __init__(self, shape: Shape, extra: tuple[tuple[int, Dim], ...] = ()) -> None:
        self.shape, self.extra = shape, extra
        self.free = (*free_of(shape), *(k for k, _ in extra))
        self.dims = (*axes(shape), *(dim for _, dim in extra))
        self.terms: dict[Key, Number] = {}

    def add(self, key: Key, coeff: Number) -> None:
        """Add a term; equal ones meet, and cancel."""
        total = self.terms.get(key, 0) + coeff
        if total:
            self.terms[key] = total
        else:
            self.terms.pop(key, None)

    def include(self, other: Sum, factor: Number = 1) -> None:
        """Add a sum of the same shape."""
        for key, coeff in other.terms.items():
            self.add(key, coeff * factor)

    @property
    def single(self) -> tuple[Key, Number] | None:
        """The one term, where there is just one."""
        if len(self.terms) != 1:
            return None
        return next(iter(self.terms.items()))


def free_of(shape: Shape) -> tuple[int, ...]:
    """The free indices of a value of this shape."""
    rows, columns = shape
    if rows == 1:
        return () if columns == 1 else (1,)
    return (0,) if columns == 1 else (0, 1)


def powers_of(key: Key) -> list[tuple[Node, Number]]:
    """The scalars and factors of a term with their powers, whatever their indices."""
    scalars, factors = key
    return [*scalars, *((node, p) for node, p, _ in factors)]


def instantiate(raw: Raw, key: Key, coeff: Number, place: Mapping[int, int]) -> None:
    """Multiply ``raw`` by a term whose free indices stand at ``place``; its summed ones get new names."""
    raw.coeff *= coeff
    scalars, factors = key
    for node, p in scalars:
        raw.scale(node, p)
    if not factors:
        return
    new = dict(place)
    nxt = max(max(raw.sizes, default=0), FIRST - 1) + 1
    sizes = raw.sizes
    for node, p, index in factors:
        for k, dim in zip(index, axes(node.shape), strict=True):
            if k not in new:
                new[k] = nxt
                sizes[nxt] = dim
                nxt += 1
        raw.factors.append((node, p, tuple([new[k] for k in index])))


def normalise(raw: Raw, free: Collection[int], into: Sum) -> None:
    """Bring a term to its canonical form and add it to a sum."""
    if not raw.coeff or not contraction.contract(raw, free):
        return
    merged = _merge(raw)
    if merged:
        merged = _close(raw, merged, free)
    combine(raw, merged)
    _sizes_of_empty(raw, merged, free)
    factors = _label([(node, p, index) for (node, index), p in merged.items()], free)
    _open_powers(raw)
    scalars = tuple(sorted(raw.scalars.items(), key=_by_digest)) if len(raw.scalars) > 1 else tuple(raw.scalars.items())
    for p in [p for _, p in scalars if type(p) is not int] + [p for _, p, _ in factors if type(p) is not int]:
        checked(p)  # an exponent is written too
    into.add((scalars, factors), checked(raw.coeff))
    bounds.look()
    if len(into.terms) > bounds.current().terms:
        message = f"a derivative has more than {bounds.current().terms:,} index terms"
        raise bounds.exceeded("terms", message, "derive a scalar, or a part of the program")


def _open_powers(raw: Raw) -> None:
    """The whole part of a power of a product falls apart: ``(p*q)**-1.5`` is ``(p*q)**-0.5/(p*q)``."""
    for node, p in list(raw.scalars.items()):
        whole = int(p)
        if whole and node.op in ("mul", "div"):
            if any(part.op == "num" and power_of(part.params[0], whole) is None for part in node.args):
                continue  # (2*t)**(10**9): such a power of 2 is not computed
            raw.scale(node, -whole)
            for factor, sign in zip(node.args, (1, -1 if node.op == "div" else 1), strict=True):
                contraction.scale(raw, factor, sign * whole)


def _by_digest(item: tuple[Node, Number]) -> str:
    return item[0].digest


Place: TypeAlias = tuple[Node, tuple[int, ...]]
Merged: TypeAlias = dict[Place, Number]


def _merge(raw: Raw) -> Merged:
    """Equal factors at equal indices become powers."""
    merged: Merged = {}
    for node, p, index in raw.factors:
        place = (node, index)
        total = merged.get(place, 0) + p
        if node.op == "pair":
            total = 1  # its entries are 0 and 1
        if total:
            merged[place] = total
        else:
            del merged[place]
    return merged


def _sizes_of_empty(raw: Raw, merged: Merged, free: Collection[int]) -> None:
    """A summed index without factors is its dimension."""
    used = {k for _, index in merged for k in index}
    for k, dim in raw.sizes.items():
        if k not in used and k not in free:
            if isinstance(dim, int):
                raw.coeff *= dim
            else:
                raw.scale(dim_node(dim))


def _close(raw: Raw, merged: Merged, free: Collection[int]) -> Merged:
    """Close what hangs on no free index into scalars, and branches beside other factors into marks."""
    touching: dict[int, list[tuple[Node, tuple[int, ...]]]] = {}
    for place in merged:
        for k in place[1]:
            touching.setdefault(k, []).append(place)
    summed = [k for k in touching if k not in free]
    if not summed:
        return merged
    merged = _close_scalars(raw, merged, touching, free)
    busy = [k for k, places in touching.items() if len(places) > (1 if k in free else 2)]
    for k in sorted(busy):
        merged = _close_branches(raw, merged, k, free)
    return merged


def _components(places: Iterable[Place], without: int | None) -> list[list[Place]]:
    """The connected parts of a graph once a vertex is taken out."""
    owner: dict[int, int] = {}
    groups: list[list[Place] | None] = []
    into: list[int] = []  # the group that a group has been joined to, at last itself
    for place in places:
        mine = len(groups)
        group = [place]
        groups.append(group)
        into.append(mine)
        for k in place[1]:
            if k == without:
                continue
            other = owner.get(k)
            if other is not None:
                while into[other] != other:
                    into[other] = other = into[into[other]]
                if other != mine:
                    joined = groups[other]
                    assert joined is not None
                    joined.extend(group)
                    groups[mine], group, into[mine], mine = None, joined, other, other
            owner[k] = mine
    return [group for group in groups if group is not None]


def _close_scalars(
    raw: Raw, merged: Merged, touching: dict[int, list[tuple[Node, tuple[int, ...]]]], free: Collection[int]
) -> Merged:
    parts = _components(merged, None)
    if len(parts) == 1 and any(k in free for place in parts[0] for k in place[1]):
        return merged
    kept: Merged = {}
    for part in parts:
        if any(k in free for _, index in part for k in index):
            kept.update({place: merged[place] for place in part})
            continue
        reading = read([(node, merged[node, index], index) for node, index in part], (), raw.sizes)
        if reading is None:
            kept.update({place: merged[place] for place in part})
            continue
        for scalar in reading.scalars:
            contraction.scale(raw, scalar)
        for _, index in part:
            for k in index:
                raw.sizes.pop(k, None)
                touching.pop(k, None)
    return kept


def _close_branches(raw: Raw, merged: Merged, v: int, free: Collection[int]) -> Merged:
    """At a vertex where several things meet, each branch without a free index becomes one mark."""
    parts = _components(merged, v)
    here = [part for part in parts if any(v in index for _, index in part)]
    if len(here) < (2 if v in free else 3):
        return merged
    for part in here:
        inside = {k for _, index in part for k in index if k != v}
        if not inside or any(k in free for k in inside):
            continue
        reading = read([(node, merged[node, index], index) for node, index in part], (v,), raw.sizes)
        if reading is None:
            continue
        for place in part:
            del merged[place]
        for k in inside:
            raw.sizes.pop(k, None)
        for scalar in reading.scalars:
            contraction.scale(raw, scalar)
        place = (entrywise(reading.marks[v]), (v,))
        merged[place] = merged.get(place, 0) + 1
        if not merged[place]:
            del merged[place]
    return merged


def _label(factors: list[Factor], free: Collection[int]) -> tuple[Factor, ...]:
    """Number the summed indices by the structure of the term, and sort the factors."""
    summed = {k for _, _, index in factors for k in index if k not in free}
    if not summed:
        return tuple(sorted(factors, key=factor_key)) if len(factors) > 1 else tuple(factors)
    if len(summed) == 1:
        return _renamed(factors, {summed.pop(): FIRST})
    ordered = told_apart(factors, summed)
    best: tuple[Factor, ...] | None = None
    best_key: list[tuple[str, tuple[int, ...], str]] = []
    # `product` writes out what it is given: of many equal factors, all orders would be too many
    for count, choice in enumerate(product(*(islice(permutations(sorted(group)), TIES) for group in ordered))):
        numbering = {k: FIRST + i for i, k in enumerate(k for group in choice for k in group)}
        found = _renamed(factors, numbering)
        key = [factor_key(f) for f in found]
        if best is None or key < best_key:
            best, best_key = found, key
        if count >= TIES:
            break
    assert best is not None
    return best


def _renamed(factors: Sequence[Factor], numbering: dict[int, int]) -> tuple[Factor, ...]:
    get = numbering.get
    found = [(n, p, tuple([get(k, k) for k in i])) for n, p, i in factors]
    turned = [(n, p, i[::-1] if len(i) == 2 and i[0] > i[1] and facts.symmetric(n) else i) for n, p, i in found]
    return tuple(sorted(turned, key=factor_key))
