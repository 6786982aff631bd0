"""What commutation matrices come down to in index terms (Magnus & Neudecker 2019, section 3.7).

``K @ vec(X)`` is ``vec(X.T)``, ``K @ kron(u, v)`` is ``kron(v, u)`` and ``K @ kron(A, B) @ K`` is ``kron(B, A)``; two
of them that undo each other are the identity, and ``commutation(m, n).T`` is ``commutation(n, m)``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from matcalc.calculus.writing import t
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, axes
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.reading import Factor
    from matcalc.calculus.terms import Raw

__all__ = ["commuted", "upright"]


def upright(raw: Raw) -> None:
    """Commutation matrices with their indices in order."""
    for position, (node, p, index) in enumerate(raw.factors):
        if node.op == "commutation" and index[0] > index[1]:
            raw.factors[position] = (t(node), p, index[::-1])


def commuted(raw: Raw, free: Collection[int]) -> bool:
    """One commutation matrix that meets what it commutes; whether there was one."""
    at: dict[int, list[int]] = {}
    for position, (_, _, index) in enumerate(raw.factors):
        for k in index:
            at.setdefault(k, []).append(position)
    for position, (node, p, index) in enumerate(raw.factors):
        if node.op != "commutation" or p != 1 or index[0] == index[1]:
            continue
        for side in (1, 0):
            summed, left = index[side], index[1 - side]
            if summed in free or len(at[summed]) != 2:
                continue
            dims = node.params if side == 1 else node.params[::-1]
            other = next(q for q in at[summed] if q != position)
            found = _vector(raw, other, dims, left) or _matrix(raw, at, free, position, other, dims, summed, left)
            if found is not None:
                factor, gone, ended = found
                raw.factors = [f for q, f in enumerate(raw.factors) if q not in gone and q != position] + [factor]
                for k in ended | {summed}:
                    raw.sizes.pop(k, None)
                return True
    return False


def _vector(raw: Raw, other: int, dims: tuple[Dim, Dim], left: int) -> tuple[Factor, set[int], set[int]] | None:
    """``commutation(m, n)`` times ``vec`` of an m×n matrix, or a Kronecker product of columns of n and m entries."""
    node, p, index = raw.factors[other]
    if p != 1 or len(index) != 1:
        return None
    inner = node.args[0] if node.op == "T" else node
    found: Node | None = None
    if inner.op == "vec" and inner.args[0].shape == dims:
        found = table.make("vec", t(inner.args[0]))
    elif inner.op == "kron" and [axes(a.shape) for a in inner.args] == [dims[1:], dims[:1]]:
        found = table.make("kron", inner.args[1], inner.args[0])
    return None if found is None else ((found, 1, (left,)), {other}, set())


def _matrix(
    raw: Raw, at: dict[int, list[int]], free: Collection[int], position: int, other: int, dims: tuple[Dim, Dim],
    summed: int, left: int,
) -> tuple[Factor, set[int], set[int]] | None:  # fmt: skip
    """Another commutation matrix that undoes it, or a Kronecker product of matrices with one on its other end."""
    node, p, index = raw.factors[other]
    if p != 1 or len(index) != 2:
        return None
    end = index.index(summed)
    far = index[1 - end]
    if node.op == "commutation":
        beside = node.params if end == 0 else node.params[::-1]
        return ((table.eye(node.shape[0]), 1, (left, far)), {other}, set()) if beside == dims[::-1] else None
    if node.op != "kron" or far in free or len(at[far]) != 2:
        return None
    third = next(q for q in at[far] if q != other)
    swap, power, place = raw.factors[third]
    if swap.op != "commutation" or power != 1 or third == position:
        return None
    a, b = node.args
    beyond = swap.params if place[1] == far else swap.params[::-1]
    if dims != (b.shape[end], a.shape[end]) or beyond != (b.shape[1 - end], a.shape[1 - end]):
        return None
    right = place[0] if place[1] == far else place[1]
    turned = table.make("kron", b, a)
    return (turned, 1, (left, right) if end == 0 else (right, left)), {other, third}, {far}
