"""Contraction: what two factors that share a summed index become.

Kronecker deltas rename an index, unit vectors fix it, selectors (rows of an identity) restrict it; an inverse meets
its matrix; declared structure is used (`matcalc.calculus.facts`). Nothing here looks at more than one index at a
time.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from matcalc import facts
from matcalc.calculus.commuting import commuted, upright
from matcalc.calculus.magnitudes import power_of
from matcalc.calculus.reading import Factor
from matcalc.calculus.summed import alternates, known_sums, units
from matcalc.calculus.writing import chain, dim_node, t
from matcalc.expressions.dims import Dim, constant, subtract
from matcalc.expressions.node import Node, intern
from matcalc.facts.names import bits
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.terms import Raw

__all__ = ["HOLE", "TELLING", "contract", "indexed", "is_hole", "scale", "selector", "unit"]

HOLE = "hole"  # the type of a variable that stands for a differential
ALL = ("all",)
SPECIAL = frozenset({"eye", "pair", "index", "inv", "var", "let", "T", "commutation"})
SUMS = bits("sums_to_one columns_sum_to_one rows_sum_to_one sums_to_zero columns_sum_to_zero rows_sum_to_zero")
SKEW, UNIT, ORTHONORMAL = bits("skew"), bits("unit"), bits("orthonormal")
TELLING = SKEW | ORTHONORMAL | UNIT | SUMS


def is_hole(node: Node) -> bool:
    """Whether the node is a differential ``dX`` whose place in the term must stay visible."""
    return node.op == "var" and node.params[1] == HOLE


def unit(n: Dim, at: Dim) -> Node:
    """The unit vector ``eye(n)[:, at]``."""
    return table.index(table.eye(n), ALL, ("at", at))


def selector(n: Dim, low: Dim, high: Dim) -> Node:
    """The rows ``low`` to ``high`` of the identity: ``eye(n)[low:high, :]``."""
    return table.index(table.eye(n), ("slice", low, high), ALL)


def scale(raw: Raw, node: Node, p: int | Fraction = 1) -> None:
    """Multiply a term by a scalar, seen through where it is a number: entries that sum to one, ``tr(eye(n))``."""
    if node.op == "num":
        found = power_of(node.params[0], p) if isinstance(p, int) else None
        if found is None:
            raw.scale(node, p)
        else:
            raw.coeff *= found
    elif node.op == "sum" and facts.sums_to_one(node.args[0]):
        return
    elif node.args and p > 0 and facts.zero(node):
        raw.coeff = 0
    elif node.op == "tr" and node.args[0].op == "eye":
        scale(raw, dim_node(node.args[0].params[0]), p)
    elif node.op == "mul" and node.size < 200 and isinstance(p, int):
        for factor in node.args:
            scale(raw, factor, p)
    elif node.op == "div" and node.size < 200 and isinstance(p, int):
        scale(raw, node.args[0], p)
        scale(raw, node.args[1], -p)
    elif node.op == "neg" and isinstance(p, int):
        raw.coeff *= (-1) ** p
        scale(raw, node.args[0], p)
    else:
        raw.scale(node, p)


def contract(raw: Raw, free: Collection[int]) -> bool:
    """Apply every contraction there is; False where the term is zero."""
    if not any(node.op in SPECIAL or facts.known(node)[0] & TELLING for node, _, _ in raw.factors):
        _ordered(raw)
        return True
    _declared(raw)
    while True:
        if not raw.coeff:
            return False
        ops = {node.op for node, _, _ in raw.factors}
        if not any(step(raw, free) for step, op in STEPS if op in ops or not op):
            break
    _ordered(raw)
    holds = _holds(raw)
    if holds & SUMS:
        known_sums(raw, free)
    if holds & UNIT:
        units(raw, free)
    return bool(raw.coeff) and not (holds & SKEW and alternates(raw, free))


def _holds(raw: Raw) -> int:
    """The facts that hold of some factor."""
    holds = 0
    for node, _, _ in raw.factors:
        holds |= facts.known(node)[0]
    return holds


def _declared(raw: Raw) -> None:
    """A diagonal matrix is a delta with the diagonal as a mark."""
    for position, (node, p, index) in enumerate(raw.factors):
        if len(index) == 2 and node.op == "var" and facts.diagonal(node):
            n = node.shape[0]
            raw.factors[position] = (table.eye(n), 1, index)
            raw.factors.append((intern("diag", (node,), (), (n, 1)), p, index[:1]))


def _ordered(raw: Raw) -> None:
    """A symmetric matrix has its indices in order, a skew one up to its sign; a commutation matrix has a transpose."""
    upright(raw)
    on_diagonal = {index for node, _, index in raw.factors if node.op == "eye"}
    for position, (node, p, index) in enumerate(raw.factors):
        if len(index) == 2 and index[0] > index[1]:
            if index[::-1] in on_diagonal or facts.symmetric(node):
                raw.factors[position] = (node, p, index[::-1])
            elif facts.skew(node):
                raw.factors[position] = (node, p, index[::-1])
                raw.coeff *= (-1) ** int(p) if p == int(p) else 1


def _substitute(raw: Raw, old: int, new: int) -> None:
    raw.factors = [
        (node, p, tuple([new if k == old else k for k in index]) if old in index else index)
        for node, p, index in raw.factors
    ]
    raw.sizes.pop(old, None)


def _deltas(raw: Raw, free: Collection[int]) -> bool:
    for position, (node, p, index) in enumerate(raw.factors):
        if node.op != "eye":
            continue
        i, j = index
        if i == j:
            del raw.factors[position]
            return True
        if i not in free or j not in free:
            del raw.factors[position]
            if i in free:
                i, j = j, i
            raw.sizes.setdefault(j, node.shape[0])
            _substitute(raw, i, j)
            return True
        if p != 1 or i > j:
            raw.factors[position] = (node, 1, (min(i, j), max(i, j)))
    return False


def _picked(raw: Raw, free: Collection[int]) -> bool:
    """Unit vectors and selectors on a summed index restrict the other factors there; ``p*e`` is ``p[2]*e``."""
    for position, (node, p, index) in enumerate(raw.factors):
        if node.op != "index" or node.args[0].op != "eye" or p != 1:
            continue
        items = [item for item in node.params if item[0] != "all"]
        if len(items) != 1:
            continue
        item = items[0]
        if item[0] == "at":
            k, new = index[0], None
        else:
            k = index[1] if node.params[0] == item else index[0]
            new = index[0] if k == index[1] else index[1]
        if k in free and new is not None:
            continue
        others = [(q, f) for q, f in enumerate(raw.factors) if q != position and k in f[2]]
        if not others or any(is_hole(f[0]) or f[0].op == "pair" for _, f in others):
            continue
        for q, (other, power, places) in others:
            raw.factors[q] = _pick(raw, other, power, places, k, item, new)
        if k not in free:
            del raw.factors[position]
            raw.sizes.pop(k, None)
        raw.factors = [f for f in raw.factors if f[0].shape != (1, 1)]
        return True
    return False


def _pick(
    raw: Raw, node: Node, p: int | Fraction, places: tuple[int, ...], k: int, item: tuple[Any, ...], new: int | None
) -> Factor:
    """The factor with index ``k`` fixed (``new`` None) or restricted to a slice that ``new`` runs over."""
    rows, columns = node.shape
    found_at = iter(places)
    positions = [next(found_at) if dim != 1 else None for dim in (rows, columns)]
    wanted = [item if where == k else ALL for where in positions]
    found = indexed(node, wanted[0], wanted[1])
    rest = tuple([new if where == k else where for where in places if where != k or new is not None])
    if found.shape == (1, 1):
        scale(raw, found, p)
        return (found, 1, ())
    if found.op == "zeros":
        raw.coeff = 0
    return (found, p, tuple(k for k in rest if k is not None))


def indexed(node: Node, row: tuple[Any, ...], column: tuple[Any, ...]) -> Node:
    """``node[row, column]``, seen through transposes, identities and constants."""
    if row == ALL and column == ALL:
        return node
    if node.op == "T":
        return t(indexed(node.args[0], column, row))
    if node.op == "index":
        outer = _compose(node.params[0], row), _compose(node.params[1], column)
        return indexed(node.args[0], *outer)
    if node.op in ("ones", "zeros"):
        plain = table.index(node, row, column)
        return (table.ones if node.op == "ones" else table.zeros)(plain.shape)
    if node.op == "eye":
        return _identity_entries(node, row, column)
    return table.index(node, row, column)


def _compose(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    from matcalc.expressions.dims import add

    if first == ALL or second == ALL:
        return second if first == ALL else first
    if first[0] == "at":
        return first
    if second[0] == "at":
        return ("at", add(first[1], second[1]))
    return ("slice", add(first[1], second[1]), add(first[1], second[2]))


def _identity_entries(node: Node, row: tuple[Any, ...], column: tuple[Any, ...]) -> Node:
    if row == ALL or column == ALL:
        if row[0] == "at":
            return t(table.index(node, ALL, row))
        if row == ALL and column[0] == "slice":
            return t(table.index(node, column, ALL))
        return table.index(node, row, column)
    low, high = (item[1] for item in (row, column))
    if row == column:
        return table.number(1) if row[0] == "at" else table.eye(subtract(row[2], row[1]))
    plain = table.index(node, row, column)
    bounds = [(low, item[2] if item[0] == "slice" else None) for item, low in ((row, low), (column, high))]
    numbers = [(constant(a), constant(b) if b is not None else None) for a, b in bounds]
    (a, b), (c, d) = numbers
    if a is not None and c is not None:
        b, d = a + 1 if bounds[0][1] is None else b, c + 1 if bounds[1][1] is None else d
        if b is not None and d is not None and (b <= c or d <= a):
            return table.zeros(plain.shape)
    return plain


def _pairs(raw: Raw, free: Collection[int]) -> bool:
    """Two matrices that share a summed index and nothing else stands at it."""
    if not any(node.op == "inv" or facts.known(node)[0] & ORTHONORMAL for node, _, _ in raw.factors):
        return False
    at: dict[int, list[int]] = {}
    for position, (_, _, index) in enumerate(raw.factors):
        for k in index:
            at.setdefault(k, []).append(position)
    for k, positions in at.items():
        if k in free or len(positions) != 2 or positions[0] == positions[1]:
            continue
        first, second = (raw.factors[q] for q in positions)
        if first[1] != 1 or second[1] != 1 or len(first[2]) != 2 or len(second[2]) != 2:
            continue
        found = _meet(first, second, k) or _meet(second, first, k)
        if found is not None:
            raw.factors = [f for q, f in enumerate(raw.factors) if q not in positions]
            raw.factors.append(found)
            raw.sizes.pop(k, None)
            return True
    return False


def _paired(raw: Raw, free: Collection[int]) -> bool:
    """Two pairings of indices that share the pair, or both of its parts, come down to deltas."""
    pairs = [(position, f) for position, f in enumerate(raw.factors) if f[0].op == "pair"]
    for n, (first, (node, _, (r, i, k))) in enumerate(pairs):
        for second, (other, _, (s, j, m)) in pairs[n + 1 :]:
            if other is not node:
                continue
            seen = [q for p, f in enumerate(raw.factors) if p not in (first, second) for q in f[2]]
            if r == s and r not in free and r not in seen:
                deltas = [(1, (i, j)), (2, (k, m))]
            elif (i, k) == (j, m) and i not in free and k not in free and i not in seen and k not in seen:
                deltas = [(0, (r, s))]
            else:
                continue
            raw.factors = [f for p, f in enumerate(raw.factors) if p not in (first, second)]
            raw.factors += [(table.eye(node.shape[axis]), 1, index) for axis, index in deltas]
            for q in (r,) if r == s else (i, k):
                raw.sizes.pop(q, None)
            return True
    return False


def _folded(raw: Raw, free: Collection[int]) -> bool:
    """Pairs of indices whose parts each stand at one factor: ``kron(A, B)`` and ``vec(X)``."""
    at: dict[int, list[int]] = {}
    for position, (_, _, index) in enumerate(raw.factors):
        for k in index:
            at.setdefault(k, []).append(position)
    pairs = [(position, f[2]) for position, f in enumerate(raw.factors) if f[0].op == "pair"]
    for position, (r, i, k) in pairs:
        if i in free or k in free or len(at[i]) != 2 or len(at[k]) != 2 or at[r].count(position) != 1:
            continue
        first, second = (next(p for p in at[q] if p != position) for q in (i, k))
        a, b = raw.factors[first], raw.factors[second]
        if any(f[1] != 1 or f[0].op == "pair" or is_hole(f[0]) for f in (a, b)):
            continue
        if first == second:
            node = a[0] if a[2] == (k, i) else t(a[0])
            _replace(raw, {position, first}, (_call("vec", node), 1, (r,)), (i, k))
            return True
        if len(a[2]) == 1 and len(b[2]) == 1:
            columns = [n if n.shape[1] == 1 else t(n) for n in (a[0], b[0])]
            _replace(raw, {position, first, second}, (_call("kron", *columns), 1, (r,)), (i, k))
            return True
        if len(a[2]) != 2 or len(b[2]) != 2:
            continue
        j, m = (f[2][1 - f[2].index(q)] for f, q in ((a, i), (b, k)))
        for other, (c, x, y) in pairs:
            closed = j not in free and m not in free and len(at[j]) == len(at[m]) == 2
            if other != position and (x, y) == (j, m) and closed:
                parts = [f[0] if f[2] == (q, z) else t(f[0]) for f, q, z in ((a, i, j), (b, k, m))]
                _replace(raw, {position, other, first, second}, (_call("kron", *parts), 1, (r, c)), (i, k, j, m))
                return True
    return False


def _call(op: str, *args: Node) -> Node:
    return table.make(op, *args)


def _replace(raw: Raw, gone: Collection[int], new: Factor, summed: Collection[int]) -> None:
    raw.factors = [f for position, f in enumerate(raw.factors) if position not in gone] + [new]
    for k in summed:
        raw.sizes.pop(k, None)


def _meet(a: Factor, b: Factor, k: int) -> Factor | None:
    """``A @ inv(A)`` and its like: what factor ``a`` and the inverse or orthogonal ``b`` make."""
    (node, _, i), (other, _, j) = a, b
    side, end = i.index(k), j.index(k)
    outer = (i[1 - side], j[1 - end])
    if node is other and side == end and (facts.orthonormal(node) if side == 0 else facts.orthogonal(node)):
        return (table.eye(node.shape[1 - side]), 1, outer)
    if other.op != "inv":
        return None
    inner = other.args[0]
    if inner is node and (side != end or facts.symmetric(node)):
        return (table.eye(node.shape[0]), 1, outer)
    if not facts.square(node) or inner.op != "matmul":
        return None
    parts = facts.factors(inner)
    # inv(C1 @ ... @ Cn) = inv(Cn) @ ... @ inv(C1): its rows meet Cn, its columns C1
    edge = parts[-1] if end == 0 else parts[0]
    seen = node if side != end else t(node)
    if edge is not seen or not all(facts.square(part) for part in parts):
        return None
    rest = chain(parts[:-1] if end == 0 else parts[1:])
    place = (outer[0], outer[1]) if end == 0 else (outer[1], outer[0])
    if rest.op == "T":
        rest, place = rest.args[0], place[::-1]
    return (intern("inv", (rest,), (), rest.shape), 1, place)


STEPS = (  # each with the operation of a factor without which it does nothing
    (_deltas, "eye"), (_picked, "index"), (_pairs, ""), (_paired, "pair"), (_folded, "pair"),
    (commuted, "commutation"),
)  # fmt: skip
