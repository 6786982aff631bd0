"""A scalar by which all that is made of an array is multiplied or divided, on that array itself.

The gradients of a mean are all divided by the number of samples: one ``D /= n``, before anything is made of ``D``,
stands for a division of each of them. An array passes such a scalar on to its users through whatever is linear in it.
It is put where it saves the most walks over arrays, and not where these would be longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, TypeAlias, cast

from matcalc.codegen.values import VIEWS, Axes, Graph, Value
from matcalc.codegen.walks import below
from matcalc.expressions.dims import Dim, add, multiply, subtract

__all__ = ["scaled_early"]

Scale: TypeAlias = "tuple[str, Value]"  # mul or div, and by what
PRODUCTS = frozenset({"matmul", "dot", "inner", "outer", "mul"})  # linear in each of two arguments
MOVES = frozenset({"T", "expand", "lift", "sum", "neg", "reshape", "shaped", "diagonal", "diagflat", "index", "place"})
SUMS = frozenset({"add", "sub"})  # linear in both at once
FEW = 3  # walks over arrays that are saved where it is not known that they are no shorter
FAR = 200  # values between an array and what is made of it


class Place(NamedTuple):
    """An array to be scaled, by what, what lies between it and the scalings that are saved, and these."""

    value: Value
    scale: Scale
    between: set[Value]
    saved: list[Value]


def scaled_early(graph: Graph, outputs: Sequence[Value], hints: dict[Value, str]) -> list[Value]:
    """The outputs with such scalars in their places; the ``hints`` follow.

    >>> g = Graph()
    >>> D, X, c = (g.value("input", (), (name, ""), axes) for name, axes in (("D", "nk"), ("X", "nm"), ("c", "")))
    >>> E = g.value("mul", (D, D), (), ("n", "k"))
    >>> made = [g.value("sum", (E,), (axis,), (E.axes[1 - axis],)) for axis in (0, 1)]
    >>> made.append(g.matmul(E, g.value("sum", (X,), (0,), ("k",))))
    >>> [value.op for value in scaled_early(g, [g.value("div", (v, c), (), v.axes) for v in made], {})]
    ['div', 'div', 'div']
    >>> g.sizes.hints.update(n=1, k=1000)
    >>> [value.op for value in scaled_early(g, [g.value("div", (v, c), (), v.axes) for v in made], {})]
    ['sum', 'sum', 'matmul']
    """
    work = _Work(graph, outputs, hints)
    places = list(work.places())
    if not places:
        return list(outputs)
    for place in places:
        work.scaled[place.value] = place.scale
        work.saved.update(place.saved)
    found = [work.rebuilt(value) for value in outputs]
    for value, name in list(hints.items()):
        if value in work.new and work.new[value] is not value:
            del hints[value]
            hints.setdefault(work.new[value], name)
    return found


class _Work:
    """Who uses what, and the scalars that users agree on."""

    def __init__(self, graph: Graph, outputs: Sequence[Value], hints: Mapping[Value, str]) -> None:
        self.graph, self.order = graph, below(outputs)
        self.users: dict[Value, list[Value]] = {value: [] for value in self.order}
        for value in self.order:
            for argument in dict.fromkeys(value.args):
                self.users[argument].append(value)
        kept = {*outputs, *hints}
        self.agreed: dict[Value, Scale | None] = {}
        for value in reversed(self.order):
            asked = {self._asked(user, value) for user in self.users[value]} if value not in kept else {None}
            self.agreed[value] = asked.pop() if len(asked) == 1 else None
        self.scaled: dict[Value, Scale] = {}
        self.saved: set[Value] = set()
        self.new: dict[Value, Value] = {}

    def _asked(self, user: Value, value: Value) -> Scale | None:
        """By what a user scales a value, or what is made of it."""
        if value.axes and _scale_of(user, value) is not None:
            return _scale_of(user, value)
        linear = user.op in PRODUCTS or user.op in MOVES or user.op in SUMS
        return self.agreed[user] if linear or (user.op == "div" and user.args[0] is value) else None

    def places(self) -> Iterator[Place]:
        """Where to scale: what saves most comes first, and none saves what another one does."""
        found: list[Place] = []
        below_others: set[Value] = set()  # these save less than what they are made of
        for value in self.order:
            place = self._place(value) if value not in below_others else None
            if place is not None:
                found.append(place)
                below_others |= place.between
        taken: set[Value] = set()
        for place in sorted(found, key=lambda place: -len(place.saved)):
            touched = {place.value, *place.between, *place.saved}
            if not touched & taken:
                taken |= touched
                yield place

    def _place(self, value: Value) -> Place | None:
        """The value as one to be scaled, if that is right and worth it."""
        scale = self.agreed[value]
        if scale is None or value.op in VIEWS or value.op in ("input", "const", "eye", "part"):
            return None
        between: set[Value] = set()
        saved: dict[Value, None] = {}
        stack = [value]
        while stack:
            one = stack.pop()
            for user in self.users[one]:
                if one.axes and _scale_of(user, one) == scale:
                    saved[user] = None
                elif user not in between:
                    between.add(user)
                    stack.append(user)
            if len(between) > FAR:
                return None
        if len(saved) < 2 or any(not _is_linear(user, {value, *between}) for user in between):
            return None
        return Place(value, scale, between, list(saved)) if self._is_worth(value, scale, list(saved)) else None

    def _is_worth(self, value: Value, scale: Scale, saved: Sequence[Value]) -> bool:
        """Whether it is on no more entries than without, or saves walks; not where it is made of the value."""
        entries, total = _entries(value.axes), reduce(add, [_entries(one.axes) for one in saved])
        sizes = self.graph.sizes
        sign = sizes.sign(subtract(entries, total))
        worth = len(saved) >= FEW and sizes.weighed(entries) <= sizes.weighed(total) if sign is None else sign <= 0
        return worth and value not in below([scale[1]])

    def rebuilt(self, root: Value) -> Value:
        """A value with everything in its place."""
        for value in below([root], stop=self.new.__contains__):
            if value in self.new:
                continue
            if value in self.saved:
                self.new[value] = self.new[next(a for a in value.args if a.axes)]
                continue
            args = tuple([self.new[argument] for argument in value.args])
            new = value
            if args != value.args:
                new = self.graph.transposed(args[0]) if value.op == "T" else self.graph.value(
                    value.op, args, value.params, value.axes
                )  # fmt: skip
            if value in self.scaled:
                op, by = self.scaled[value]
                by = self.rebuilt(by)
                new = self.graph.value(op, (new, by) if op == "div" else (by, new), (), value.axes)
            self.new[value] = new
        return self.new[root]


def _entries(axes: Axes) -> Dim:
    return reduce(multiply, axes, cast("Dim", 1))


def _scale_of(user: Value, value: Value) -> Scale | None:
    """By what scalar a value is multiplied or divided."""
    if user.op == "div" and user.args[0] is value and not user.args[1].axes:
        return "div", user.args[1]
    if user.op == "mul" and user.args.count(value) == 1:
        other = user.args[1 - user.args.index(value)]
        return ("mul", other) if not other.axes else None
    return None


def _is_linear(user: Value, made: set[Value]) -> bool:
    """Whether a value is scaled as all those ``made`` are, as they are its arguments."""
    there = [argument in made for argument in user.args]
    if user.op in SUMS:
        return all(there)
    return sum(there) == 1 and (user.op != "div" or there[0])
