"""Layered layout, from left to right (Sugiyama, Tagawa & Toda 1981), by matcalc alone.

Layers by longest paths; inputs stand just before their first use.  Between two layers of items lies one for the labels
of edges, and a long edge holds a place in every layer that it passes, so that nothing is drawn over anything else.  The
order in a layer is improved by medians and by exchanging neighbours (Gansner et al. 1993); of all orders seen the one
with the fewest crossings stands.  Heights are found by turns: every layer as near as it can be to its neighbours in the
least squares sense, under its order and distances, which is isotonic regression and is solved exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

__all__ = ["Item", "Layout", "Link", "layout"]

SWEEPS = 16
GAP = 14.0  # between neighbours in a layer
NARROW, STEEP, WIDEST = 26.0, 0.3, 110.0  # between layers: at least, for each unit of height climbed, at most


class Item:
    """Something to be placed: an item of the graph, a label, or the place of an edge that passes.

    ``up`` and ``down`` are how far it reaches above and below its wire; ``box`` is the width of its shape, ``tail``
    that of the wire and the label behind it.  After `layout`, ``x`` and ``y`` are the left end and the height of the
    wire.
    """

    __slots__ = ("after", "before", "box", "down", "dummy", "rank", "tail", "up", "x", "y")

    def __init__(self, box: float, tail: float, up: float, down: float, dummy: bool = False) -> None:
        self.box, self.tail, self.up, self.down, self.dummy = box, tail, up, down, dummy
        self.rank = 0
        self.x = self.y = 0.0
        self.before: list[Item] = []
        self.after: list[Item] = []


class Link:
    """An edge: from an item to an item, with the size of its label; after `layout`, the items on its way."""

    __slots__ = ("down", "label", "source", "target", "up", "way", "wide")

    def __init__(self, source: Item, target: Item, wide: float = 0.0, up: float = 0.0, down: float = 0.0) -> None:
        self.source, self.target, self.wide, self.up, self.down = source, target, wide, up, down
        self.way: list[Item] = []
        self.label: Item | None = None


class Layout:
    """What was found: the layers, each layer's left end and the width of its shapes, and the whole size."""

    __slots__ = ("boxes", "height", "layers", "lefts", "width", "widths")

    def __init__(self, layers: list[list[Item]]) -> None:
        self.layers = layers
        self.lefts: list[float] = []
        self.boxes: list[float] = []
        self.widths: list[float] = []
        self.width = self.height = 0.0


def layout(items: Sequence[Item], links: Sequence[Link]) -> Layout:
    """Place items, which stand in an order of computation, and lay out the links between them."""
    _rank(items, links)
    layers = _layers(items, links)
    _order(layers)
    found = Layout(layers)
    _heights(found)
    _straighten(found, links)
    _to_the_top(found)
    _columns(found)
    return found


# ------------------------------------------------------------------------------------------------ layers
def _rank(items: Sequence[Item], links: Sequence[Link]) -> None:
    incoming: dict[Item, list[Item]] = {item: [] for item in items}
    outgoing: dict[Item, list[Item]] = {item: [] for item in items}
    for link in links:
        incoming[link.target].append(link.source)
        outgoing[link.source].append(link.target)
    for item in items:
        item.rank = max([source.rank + 2 for source in incoming[item]], default=0)
    for item in items:
        if not incoming[item] and outgoing[item]:
            item.rank = min([target.rank for target in outgoing[item]]) - 2


def _layers(items: Sequence[Item], links: Sequence[Link]) -> list[list[Item]]:
    """The items by rank, and places for the edges in between."""
    layers: list[list[Item]] = [[] for _ in range(max([item.rank for item in items], default=0) + 1)]
    for item in items:
        layers[item.rank].append(item)
    for link in links:
        last = link.source
        for rank in range(link.source.rank + 1, link.target.rank):
            first = rank == link.source.rank + 1
            place = Item(0, link.wide, link.up, link.down, True) if first else Item(0, 0, 3, 3, True)
            place.rank = rank
            if first and link.wide:
                link.label = place
            layers[rank].append(place)
            link.way.append(place)
            last.after.append(place)
            place.before.append(last)
            last = place
        last.after.append(link.target)
        link.target.before.append(last)
    return layers


# ------------------------------------------------------------------------------------------------- order
def _order(layers: list[list[Item]]) -> None:
    place = {item: float(k) for layer in layers for k, item in enumerate(layer)}
    best, fewest = [list(layer) for layer in layers], _crossings(layers, place)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            keys = {item: _median(item, item.before if forward else item.after, place) for item in layer}
            layer.sort(key=lambda item: keys[item])
            place.update({item: float(k) for k, item in enumerate(layer)})
        _exchange(layers, place)
        count = _crossings(layers, place)
        if count < fewest:
            best, fewest = [list(layer) for layer in layers], count
        if not fewest:
            break
    layers[:] = best


def _median(item: Item, neighbours: list[Item], place: dict[Item, float]) -> float:
    """The weighted median of the places of the neighbours; where there are none, the item stays."""
    at = sorted([place[n] for n in neighbours])
    if not at:
        return place[item]
    middle = len(at) // 2
    if len(at) % 2:
        return at[middle]
    if len(at) == 2:
        return (at[0] + at[1]) / 2
    left, right = at[middle - 1] - at[0], at[-1] - at[middle]
    if left + right == 0:
        return (at[middle - 1] + at[middle]) / 2
    return (at[middle - 1] * right + at[middle] * left) / (left + right)


def _exchange(layers: list[list[Item]], place: dict[Item, float]) -> None:
    """Exchange neighbours wherever that lessens the crossings."""
    for _ in range(4):
        changed = False
        for layer in layers:
            for k in range(len(layer) - 1):
                a, b = layer[k], layer[k + 1]
                if _between(b, a, place) < _between(a, b, place):
                    layer[k], layer[k + 1] = b, a
                    place[a], place[b] = place[b], place[a]
                    changed = True
        if not changed:
            return


def _between(a: Item, b: Item, place: dict[Item, float]) -> int:
    """Crossings of the edges of two items when the first stands above the second."""
    count = 0
    for one, other in ((a.before, b.before), (a.after, b.after)):
        count += sum([place[n] > place[m] for n in one for m in other])
    return count


def _crossings(layers: list[list[Item]], place: dict[Item, float]) -> int:
    """How often edges cross, counted by insertion (each edge against those above it)."""
    from bisect import bisect_right, insort

    total = 0
    for layer in layers:
        seen: list[float] = []
        for item in layer:
            ends = [place[n] for n in item.after]
            total += sum([len(seen) - bisect_right(seen, end) for end in ends])
            for end in ends:
                insort(seen, end)
    return total


# ----------------------------------------------------------------------------------------------- heights
def _heights(found: Layout) -> None:
    for layer in found.layers:
        y = 0.0
        for k, item in enumerate(layer):
            y += _apart(layer[k - 1], item) if k else 0.0
            item.y = y
        for item in layer:
            item.y -= y / 2
    for sweep in range(2 * SWEEPS):
        layers = found.layers if sweep % 2 == 0 else found.layers[::-1]
        both = sweep >= SWEEPS
        for layer in layers:
            _settle(layer, forward=sweep % 2 == 0, both=both)


def _straighten(found: Layout, links: Sequence[Link]) -> None:
    """Long edges level, at the height of one of their ends where there is room in all the layers that they pass."""
    thin = {k for k, layer in enumerate(found.layers) if not any(item.box + item.tail for item in layer)}
    for _ in range(3):
        for link in links:
            bends = [place for place in link.way if place.rank not in thin]
            if not bends:
                continue
            low, high = -1e9, 1e9
            for place in bends:
                above, below = _room(found.layers[place.rank], place)
                low, high = max(low, above), min(high, below)
            if low > high:
                continue
            middle = sum([place.y for place in bends]) / len(bends)
            ends = [y for y in (link.target.y, link.source.y) if low <= y <= high]
            for place in bends:
                place.y = ends[0] if ends else min(max(middle, low), high)


def _room(layer: list[Item], item: Item) -> tuple[float, float]:
    """Between which heights an item can move while its neighbours stay."""
    k = layer.index(item)
    low = layer[k - 1].y + _apart(layer[k - 1], item) if k else -1e9
    high = layer[k + 1].y - _apart(item, layer[k + 1]) if k + 1 < len(layer) else 1e9
    return low, high


def _to_the_top(found: Layout) -> None:
    """The uppermost reach of all becomes height 0."""
    top = min([item.y - item.up for layer in found.layers for item in layer], default=0.0)
    for layer in found.layers:
        for item in layer:
            item.y -= top
    found.height = max([item.y + item.down for layer in found.layers for item in layer], default=0.0)


def _apart(above: Item, below: Item) -> float:
    gap = GAP * (0.6 if above.dummy and below.dummy else 1.0)
    return above.down + below.up + gap


def _settle(layer: list[Item], *, forward: bool, both: bool) -> None:
    """Least squares: every item at the mean of its neighbours, in the layer's order and distances."""
    wishes, weights = [], []
    for item in layer:
        near = [*item.before, *item.after] if both else item.before if forward else item.after
        near = near or [*item.before, *item.after]
        strengths = [16.0 if item.dummy and n.dummy else 2.0 if item.dummy or n.dummy else 1.0 for n in near]
        wishes.append(sum([s * n.y for s, n in zip(strengths, near, strict=True)]) / sum(strengths) if near else item.y)
        weights.append(sum(strengths) if near else 0.1)
    shift, total = [0.0], 0.0
    for above, below in pairwise(layer):
        total += _apart(above, below)
        shift.append(total)
    fitted = _increasing([w - s for w, s in zip(wishes, shift, strict=False)], weights)
    for item, y, s in zip(layer, fitted, shift, strict=False):
        item.y = y + s


def _increasing(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nondecreasing numbers that are nearest in weighted least squares: pools of neighbours at their mean.

    >>> _increasing([1, 3, 2, 4], [1, 1, 1, 1])
    [1.0, 2.5, 2.5, 4.0]
    """
    pools: list[tuple[float, float, int]] = []  # weighted mean, weight, count
    for wish, weight in zip(wishes, weights, strict=True):
        mean, heavy, count = float(wish), weight, 1
        while pools and pools[-1][0] >= mean:
            other, more, size = pools.pop()
            mean, heavy, count = (mean * heavy + other * more) / (heavy + more), heavy + more, count + size
        pools.append((mean, heavy, count))
    return [mean for mean, _, count in pools for _ in range(count)]


# ----------------------------------------------------------------------------------------------- columns
def _columns(found: Layout) -> None:
    x = 0.0
    for k, layer in enumerate(found.layers):
        if k:
            climb = max([abs(n.y - item.y) for item in layer for n in item.before], default=0.0)
            room = min(WIDEST, NARROW + STEEP * climb)
            # a layer of places without labels is no column of its own
            thin = not any(item.box + item.tail for item in layer) or not found.widths[-1]
            x += room * (0.5 if thin else 1.0)
        boxes = max([item.box for item in layer], default=0.0)
        tails = max([item.tail for item in layer], default=0.0)
        found.lefts.append(x)
        found.boxes.append(boxes)
        found.widths.append(boxes + tails)
        for item in layer:
            item.x = x
        x += boxes + tails
    found.width = x
