"""In which order a product is multiplied.

Sizes are symbolic.  Until hints or a run-time test say otherwise, every named dimension counts as
`LARGE` and a number as itself, so what is decided here is decided by degree: a vector meets a
matrix before two matrices meet, and a small known dimension is kept inside.  Of equal orders the
one from left to right is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from matcalc.expressions.dims import Dim, evaluate, names

__all__ = ["LARGE", "Tree", "best_order", "weight"]

LARGE = 1000
LIMIT = 24  # factors; longer chains of matrices go from left to right (the programme is cubic)

Tree: TypeAlias = "int | tuple[Tree, Tree]"


def weight(dim: Dim, hints: Mapping[str, int] | None = None) -> int:
    """What a dimension counts in costs."""
    if isinstance(dim, int):
        return dim
    sizes = dict.fromkeys(names(dim), LARGE)
    if hints:
        sizes.update({name: size for name, size in hints.items() if name in sizes})
    return max(1, evaluate(dim, sizes))


def best_order(dims: Sequence[Dim], hints: Mapping[str, int] | None = None) -> Tree:
    """How to bracket a product of matrices; ``dims`` are n+1 for n factors.

    >>> best_order([4, "n", "m", "p"])
    ((0, 1), 2)
    >>> best_order(["n", "m", "p", 2])
    (0, (1, 2))
    """
    n = len(dims) - 1
    sizes = [weight(dim, hints) for dim in dims]
    if n > LIMIT or len(set(sizes)) == 1:
        tree: Tree = 0
        for k in range(1, n):
            tree = (tree, k)
        return tree
    cost: dict[tuple[int, int], int] = {(i, i + 1): 0 for i in range(n)}
    trees: dict[tuple[int, int], Tree] = {(i, i + 1): i for i in range(n)}
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length
            # from the right, so that among equals the split furthest right, the left association, stands
            best, split = min((cost[i, k] + cost[k, j] + sizes[i] * sizes[k] * sizes[j], -k) for k in range(i + 1, j))
            cost[i, j], trees[i, j] = best, (trees[i, -split], trees[-split, j])
    return trees[0, n]
