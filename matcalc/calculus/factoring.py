"""Sums of terms written short.

The measure is `token_count`, the length as a reader counts it. Common factors are taken out
(`matcalc.calculus.grouping`), scalars are opened where that shows a common factor, and a whole result is
transposed, each only where the writing becomes shorter.
"""

from __future__ import annotations

from matcalc.calculus.grouping import content_of, grouped, joined, total_of
from matcalc.calculus.items import Item, flat, items_of
from matcalc.calculus.tensors import entries
from matcalc.calculus.terms import Sum
from matcalc.calculus.transposing import prefixed, transposed_if_shorter
from matcalc.calculus.writing import chain, negated, scaled, t
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["write", "written"]


def write(value: Sum, *, diag: bool = False) -> Node:
    """The shortest writing found of a sum; index terms where one of them has no matrix form.

    ``diag`` writes ``diag(u)@A`` for what is also ``u*A``, as Jacobians are printed.
    """
    if not value.terms:
        return table.zeros(value.shape)
    items = items_of(value, diag=diag)
    if items is None:
        return entries(value, value.free)
    if value.shape == (1, 1) and len(items) > 1:
        items = [_as_product(item) for item in items]
    node = written(items, value.shape)
    if len(items) > 1 and value.shape != (1, 1):
        other = _opened(items)
        if other is not None:
            alternative = written(other, value.shape)
            node = min(node, alternative, key=token_count)
    return transposed_if_shorter(node)


def _as_product(item: Item) -> Item:
    """A scalar term with one product ``x.T@A@y`` or sum in it as that product, so that its ends can be taken out."""
    chains = [node for node, p in item.scalars.items() if p == 1 and _is_product(node)]
    if not chains:
        return item
    node = max(chains, key=lambda n: (token_count(n), n.digest))
    rest = {n: q for n, q in item.scalars.items() if n is not node}
    if node.op == "sum":
        parts: tuple[Node, ...] = (table.ones((1, node.args[0].shape[0])), *flat(node.args[0]))
    else:
        parts = flat_scalar(node)
    return Item(item.c, rest, parts, {}, (1, 1))


def _is_product(node: Node) -> bool:
    return node.op == "matmul" or (node.op == "sum" and kind(node.args[0].shape) == "vector")


def written(items: list[Item], shape: Shape) -> Node:
    """Terms as a sum, common factors taken out; of this shape."""
    items = grouped(items)
    if not items:  # factors taken out show what cancels
        return table.zeros(shape)
    if len(items) == 1:
        item = items[0]
        if item.sign() < 0:
            item = item.turned(numbers=True) or item
        node = negated(item.node()) if item.sign() < 0 else item.node()
    else:
        content = content_of(items)
        if abs(content) != 1 and len(items) > 1:
            whole = joined(items)
            inner = negated(whole.node()) if whole.sign() < 0 else whole.node()
            plain = total_of(items)
            node = inner if token_count(inner) <= token_count(plain) else plain
        else:
            node = total_of(items)
    return _full(node, shape)


def _full(node: Node, shape: Shape) -> Node:
    """A value that does not vary along an axis gets its ones."""
    if node.shape == shape:
        return node
    rows, columns = shape
    if kind(node.shape) == "vector":
        prefix, core = prefixed(node)
        return scaled(prefix, chain([core, t(table.ones((columns, 1)))]))
    if kind(node.shape) == "row":
        prefix, core = prefixed(node)
        return scaled(prefix, chain([table.ones((rows, 1)), core]))
    ones = table.ones(shape)
    if node.op == "num" and node.params[0] == 1:
        return ones
    if node.op == "neg" and node.args[0] is table.number(1):
        return table.neg(ones)
    if node.op == "div" and node.args[0].op == "num" and node.args[0].params[0] == 1:
        return table.div(ones, node.args[1])
    return table.mul(node, ones)


def _opened(items: list[Item]) -> list[Item] | None:
    """Scalars ``b.T@x`` opened into the products beside them, where a common factor ``x`` then shows."""
    if any(len(axes(item.shape)) != 1 or item.marks or not item.chain for item in items):
        return None
    ends: list[dict[Node, Item]] = []
    for item in items:
        mine: dict[Node, Item] = {item.chain[-1]: item} if len(item.chain) > 1 else {}
        for node, p in item.scalars.items():
            if p == 1 and node.op == "matmul":
                rest = {n: q for n, q in item.scalars.items() if n is not node}
                for turned in (node, t(node)):
                    parts = flat_scalar(turned)
                    if kind(item.shape) == "vector":
                        mine[parts[-1]] = Item(item.c, rest, (*item.chain, *parts), {}, item.shape)
        ends.append(mine)
    common = set(ends[0]).intersection(*ends[1:])
    if not common:
        return None
    end = min(common, key=lambda node: node.digest)
    return [mine[end] for mine in ends]


def flat_scalar(node: Node) -> tuple[Node, ...]:
    parts: list[Node] = []
    while node.op == "matmul":
        parts.append(node.args[1])
        node = node.args[0]
    return (node, *reversed(parts))
