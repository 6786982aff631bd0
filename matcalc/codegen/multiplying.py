"""Products entry by entry, with as few walks over an array as there can be.

``y[:, None] * E / s[:, None]`` walks over E twice, ``(y / s)[:, None] * E`` once: factors that broadcast meet each
other first, and scalars the smallest factor. A product of some of the factors that is computed anyway is taken as it
is: ``M**2 * R`` is ``M * T`` beside ``T = M * R``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matcalc.codegen.values import Axes, Graph, Value

__all__ = ["is_product", "rewritten_product"]

FACTORS = 12  # of a product that is looked at


def is_product(value: Value) -> bool:
    """Whether an array is a product or a quotient entry by entry."""
    return bool(value.axes) and value.op in ("mul", "div")


class Product:
    """A product taken apart into factors above and below the bar; ``walks`` are those of what is written now."""

    def __init__(self, root: Value, single: Mapping[Value, bool], new: Mapping[Value, Value]) -> None:
        self.axes, self.walks = root.axes, 0
        self.up: list[Value] = []
        self.over: list[Value] = []
        stack = [root]
        while stack and len(self.up) + len(self.over) <= FACTORS:
            value = stack.pop()
            if value is root or (single.get(value, False) and value.axes == root.axes and value.op in ("mul", "div")):
                self.walks += 1
                if value.op == "mul":
                    stack += reversed(value.args)
                else:
                    stack.append(value.args[0])
                    self.over.append(new[value.args[1]])
            elif value.op == "pow" and _squared(value) and single.get(value, False) and value.axes == root.axes:
                self.walks += 1
                self.up += [new[value.args[0]]] * 2
            else:
                self.up.append(new[value])

    def left(self) -> int:
        """The walks that are left."""
        return max(0, len(self.up) - 1) + len(self.over)


def _squared(value: Value) -> bool:
    return value.args[1].op == "const" and value.args[1].params[0] == 2


def rewritten_product(
    graph: Graph, root: Value, single: Mapping[Value, bool], new: Mapping[Value, Value],
    there: Callable[[Value], bool],
) -> Value | None:  # fmt: skip
    """The product with fewer walks; ``None`` where there are not fewer.  ``there`` tells what is computed anyway."""
    found = Product(root, single, new)
    if len(found.up) + len(found.over) > FACTORS or found.walks < 2:
        return None
    _taken(graph, found, there)
    _met(graph, found)
    if found.left() >= found.walks:
        return None
    whole = [v for v in found.up if v.axes == found.axes]
    up = whole + [v for v in found.up if v.axes != found.axes]
    if not whole and len(up) < 2:
        return None
    total = up[0]
    for factor in up[1:]:
        total = graph.value("mul", (total, factor), (), _broadcast(total.axes, factor.axes))
    for factor in found.over:
        total = graph.value("div", (total, factor), (), _broadcast(total.axes, factor.axes))
    return total


def _broadcast(a: Axes, b: Axes) -> Axes:
    """The axes of two arrays multiplied, as NumPy has them: of factors that are lifted, perhaps not yet all of them."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    more = len(longer) - len(shorter)
    return (*longer[:more], *[y if x == 1 else x for x, y in zip(longer[more:], shorter, strict=True)])


def _taken(graph: Graph, found: Product, there: Callable[[Value], bool]) -> None:
    """Two factors whose product is computed anyway are that product."""
    whole = [v for v in found.up if v.axes == found.axes]
    for i, a in enumerate(whole):
        for b in whole[i + 1 :]:
            for pair in ((a, b), (b, a)):
                made = graph.find("mul", pair, (), found.axes)
                if made is not None and there(made):
                    found.up.remove(a)
                    found.up.remove(b)
                    found.up.append(made)
                    return


def _met(graph: Graph, found: Product) -> None:
    """Factors that broadcast alike are one; scalars meet the smallest of them."""
    groups: dict[Axes, tuple[list[Value], list[Value]]] = {}
    for place, factors in enumerate((found.up, found.over)):
        for value in factors:
            if value.axes != found.axes and value.op != "lift":
                groups.setdefault(value.axes, ([], []))[place].append(value)
    scalars = groups.pop((), ([], []))
    home = next(((up, over) for axes, (up, over) in groups.items() if up), None)
    if home is not None and (scalars[0] or scalars[1]):
        home[0][:] = [*scalars[0], *home[0]]
        home[1][:] = [*home[1], *scalars[1]]
        _drop(found, scalars)
    for axes, (up, over) in groups.items():
        if up and len(up) + len(over) > 1:
            _drop(found, (up, over))
            found.up.append(_columns(graph, up, over, axes))


def _drop(found: Product, parts: tuple[Sequence[Value], Sequence[Value]]) -> None:
    for value in parts[0]:
        if value in found.up:
            found.up.remove(value)
    for value in parts[1]:
        if value in found.over:
            found.over.remove(value)


def _columns(graph: Graph, up: Sequence[Value], over: Sequence[Value], axes: Axes) -> Value:
    """The product of factors that broadcast alike: of columns before they get their second axis."""
    column = all(value.op == "expand" or not value.axes for value in (*up, *over))
    inner = [value.args[0] if column and value.axes else value for value in up]
    below = [value.args[0] if column and value.axes else value for value in over]
    total = inner[0]
    for factor in inner[1:]:
        total = graph.value("mul", (total, factor), (), total.axes or factor.axes)
    for factor in below:
        total = graph.value("div", (total, factor), (), total.axes or factor.axes)
    return graph.value("expand", (total,), (), axes) if column else total
