"""In which order a product is multiplied.

Dynamic programming over the ways to bracket a chain, with costs that are polynomials in the dimensions (Cormen,
Leiserson, Rivest & Stein, Introduction to Algorithms, 15.2, whose costs are numbers).  Of each part of the chain those
orders are kept that no other *dominates* (`matcalc.codegen.sizes`): mostly one.  Where several are left at the end,
none is the cheapest for all sizes; then the code tests the sizes at run time and has two orders, if they differ by the
product of three dimensions or more.  Of equal orders the one from left to right is taken.

A part that is the transpose of its neighbour costs no product of its own, and meeting it costs half a product
(``(A B)ᵀ (A B)``, BLAS syrk); a part that is there already costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import reduce
from math import gcd, log
from operator import and_
from typing import NamedTuple, TypeAlias, cast

from matcalc.codegen.sizes import Sizes, grid
from matcalc.codegen.values import Value
from matcalc.expressions.dims import Dim, add, multiply, subtract, terms
from matcalc.expressions.dims import quotient as divided

__all__ = ["Chain", "Decision", "Known", "Order", "Tree", "best_orders", "decided", "test_of"]

FEW = 6  # factors whose orders are compared as polynomials; of longer chains, for the sizes assumed
LIMIT = 24  # factors; longer chains of matrices go from left to right (the programme is cubic)
KEPT = 4  # orders of a part, none of which dominates another
MATTERS = log(1.5)  # by which an order has to be dearer somewhere for a test to be worth a branch

Tree: TypeAlias = "int | Known | tuple[Tree, Tree]"  # a factor, a part that is there already, or two parts


class Known:
    """The product of the factors from ``start`` to before ``end``, which is there already."""

    __slots__ = ("end", "start", "value")

    def __init__(self, value: Value, start: int, end: int) -> None:
        self.value, self.start, self.end = value, start, end


class Order(NamedTuple):
    """A way to bracket a chain, and what it costs: floating-point operations."""

    cost: Dim
    tree: Tree


class Chain(NamedTuple):
    """Factors to be multiplied: ``dims`` are n+1 for n factors, ``keys`` what each factor is, ``turned`` what its
    transpose would be; ``there`` gives the product of the factors from one to before another, if it is computed.
    """

    dims: Sequence[Dim]
    keys: Sequence[Hashable] = ()
    turned: Sequence[Hashable] = ()
    there: Callable[[int, int], Value | None] | None = None

    def mirrored(self, i: int, k: int, j: int) -> bool:
        """Whether the factors from k to j are those from i to k, transposed."""
        if not self.keys or j - k != k - i:
            return False
        return all(self.keys[k + s] == self.turned[k - 1 - s] for s in range(j - k))


class Decision(NamedTuple):
    """The orders that are written, one or two; the ``others`` that are cheaper for some sizes, and ``why`` not these:
    ``always``, there is none; ``test``, at run time; ``assumed``, for the sizes assumed; ``long``, the chain is.
    """

    orders: list[Order]
    others: list[Order]
    why: str


def best_orders(chain: Chain, sizes: Sizes, several: bool = True) -> list[Order]:
    """How to multiply a chain: one order, or the two between which a test at run time decides.

    >>> [order.tree for order in best_orders(Chain([4, "n", "m", 3]), Sizes())]
    [(0, (1, 2))]
    >>> [order.tree for order in best_orders(Chain(["n", "n", "n", "d"]), Sizes())]
    [((0, 1), 2), (0, (1, 2))]
    >>> [order.tree for order in best_orders(Chain(["n", "n", "n", "d"]), Sizes({"n": 1000, "d": 10}))]
    [(0, (1, 2))]
    """
    return decided(chain, sizes, several).orders


def decided(chain: Chain, sizes: Sizes, several: bool = True) -> Decision:
    """How to multiply a chain, and why so."""
    n = len(chain.dims) - 1
    dims = [sizes.known(dim) for dim in chain.dims]
    if n > FEW:
        dims = [sizes.weight(dim) for dim in dims]
    if n > LIMIT:
        tree: Tree = 0
        for k in range(1, n):
            tree = (tree, k)
        return Decision([Order(0, tree)], [], "long")
    orders: dict[tuple[int, int], list[Order]] = {(i, i + 1): [Order(0, i)] for i in range(n)}
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            found: list[Order] = []
            there = chain.there(i, i + length) if chain.there is not None else None
            if there is not None:
                orders[i, i + length] = [Order(0, Known(there, i, i + length))]
                continue
            for order in _of_part(chain, dims, orders, i, i + length):
                _keep(found, order, sizes)
            orders[i, i + length] = found
    chosen = _chosen(orders[0, n], sizes, several)
    others = [order for order in orders[0, n] if order not in chosen]
    why = "test" if len(chosen) > 1 else "assumed" if others else "always" if n <= FEW else "long"
    return Decision(chosen, others, why)


def _of_part(
    chain: Chain, dims: Sequence[Dim], orders: dict[tuple[int, int], list[Order]], i: int, j: int
) -> Iterator[Order]:
    """All orders of a part from the best of its own parts; from the right, so that among equals the split furthest
    right, the left association, stands."""
    for k in range(j - 1, i, -1):
        mirrored = chain.mirrored(i, k, j)
        product = multiply(dims[i], multiply(dims[k], dims[j]))
        for left in orders[i, k]:
            turned = _turned(left.tree, i, j) if mirrored else None
            for right in orders[k, j] if turned is None else [Order(0, turned)]:
                meeting = product if mirrored else multiply(2, product)
                yield Order(add(add(left.cost, right.cost), meeting), (left.tree, right.tree))


def _turned(tree: Tree, i: int, j: int) -> Tree | None:
    """The tree of the transposed part on the other side of the middle, as deep as chains are long; none where that is
    there already."""
    if isinstance(tree, int):
        return i + j - 1 - tree
    parts = (_turned(tree[1], i, j), _turned(tree[0], i, j)) if isinstance(tree, tuple) else (None, None)
    return None if parts[0] is None or parts[1] is None else (parts[0], parts[1])


def _keep(found: list[Order], order: Order, sizes: Sizes) -> None:
    """Add an order, unless another dominates it; those that it dominates go."""
    for other in list(found):
        sign = sizes.sign(subtract(order.cost, other.cost))
        if sign is not None and sign >= 0:
            return
        if sign == -1:
            found.remove(other)
    found.append(order)
    if len(found) > KEPT:
        found.remove(max(found, key=lambda o: sizes.weighed(o.cost)))


def _chosen(orders: list[Order], sizes: Sizes, several: bool) -> list[Order]:
    """The one order to take where sizes are assumed, or the two that together come nearest to the best everywhere."""
    if len(orders) == 1:
        return orders
    rows = grid([order.cost for order in orders])
    rest = [[cost - min(row) for cost in row] for row in rows]  # by how much each is dearer than the best
    numbered = range(len(orders))
    one = min(numbered, key=lambda k: (sizes.weighed(orders[k].cost), sum(row[k] for row in rest), k))
    if not several or max(row[one] for row in rest) <= MATTERS:
        return [orders[one]]
    pairs = [(a, b) for b in numbered for a in range(b)]
    missed = {(a, b): round(sum(min(row[a], row[b]) for row in rest), 9) for a, b in pairs}
    a, b = min(pairs, key=lambda pair: (missed[pair], one not in pair))
    degree = max(len(monomial) for monomial in terms(subtract(orders[a].cost, orders[b].cost)))
    return [orders[a], orders[b]] if degree >= 3 else [orders[one]]


def test_of(cost: Dim, other: Dim) -> tuple[Dim, Dim]:
    """Two sides, of which the first is at most the second where the cost is at most the other, as short as can be.

    >>> from matcalc.expressions.dims import text
    >>> n3, n2d = multiply("n", multiply("n", "n")), multiply("n", multiply("n", "d"))
    >>> [text(side) for side in test_of(add(n3, n2d), multiply(2, n2d))]
    ['n', 'd']
    """
    difference = terms(subtract(cost, other))
    shared = reduce(and_, [Counter(monomial) for monomial in difference])
    below = _term(sorted(shared.elements()), reduce(gcd, difference.values(), 0))
    sides: list[Dim] = [0, 0]
    for monomial, c in difference.items():
        side = 0 if c > 0 else 1
        quotient = divided(_term(monomial, abs(c)), below)
        assert quotient is not None
        sides[side] = add(sides[side], quotient)
    return sides[0], sides[1]


def _term(monomial: Sequence[str], number: int) -> Dim:
    return reduce(multiply, monomial, cast("Dim", number))
