"""Sums of multiples, with as few walks over an array as there can be.

``2 * ((t - s * (x / q)) / q)`` walks over its vectors five times, ``(2 / q) * (t - (s / q) * x)`` three times: the
scalars of a sum meet first. Such a sum is taken apart into its terms, each a coefficient times an array, and written
anew where that saves walks:

- a coefficient that the terms have in common stands before the sum, every other one meets its own array, on the
  smaller factor of an outer product; nothing is divided by a scalar that it was not divided by before;
- outer products with a common factor are one, and several are a product of two narrow matrices, ``k`` columns times
  ``k`` rows, which goes over the result once;
- multiples of the identity, and diagonal matrices, are added to the diagonal of the rest.

What saves nothing stays as it was written. Scalars are what a sum of `n` entries is beside n², so they count nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from matcalc.codegen.values import ONE, Graph, Value

__all__ = ["Sum", "is_linear", "rewritten_sum"]

TERMS = 24  # of a sum that is looked at
DIAGONAL = "aa->a"


class Coefficient:
    """A number times scalars over scalars."""

    __slots__ = ("number", "over", "up")

    def __init__(self, number: Fraction = ONE, up: tuple[Value, ...] = (), over: tuple[Value, ...] = ()) -> None:
        self.number = number
        common = _common(up, over)
        self.up, self.over = _less(up, common), _less(over, common)

    def __mul__(self, other: Coefficient) -> Coefficient:
        return Coefficient(self.number * other.number, self.up + other.up, self.over + other.over)

    def __truediv__(self, other: Coefficient) -> Coefficient:
        return Coefficient(self.number / other.number, self.up + other.over, self.over + other.up)

    @property
    def size(self) -> Coefficient:
        """Without its sign."""
        return Coefficient(abs(self.number), self.up, self.over)

    @property
    def is_sign(self) -> bool:
        """Whether it is 1 or -1."""
        return abs(self.number) == 1 and not self.up and not self.over

    @property
    def key(self) -> tuple[Fraction, frozenset[Value], frozenset[Value], int]:
        """The same for equal ones, but for their signs."""
        return abs(self.number), frozenset(self.up), frozenset(self.over), len(self.up) + len(self.over)

    def scalar(self, graph: Graph) -> Value:
        """Its value; a quotient that is there already is taken as it is."""
        top = _product(graph, self.up)
        if not self.over:
            return graph.scale(self.number, top)
        if top is graph.one:
            return graph.value("div", (graph.const(self.number), _product(graph, self.over)))
        return graph.scale(self.number, graph.value("div", (top, _product(graph, self.over))))

    def times(self, graph: Graph, value: Value) -> Value:
        """It times an array."""
        if not self.up and not self.over:
            return graph.scale(self.number, value)
        if not self.up and self.number == 1:
            return graph.value("div", (value, _product(graph, self.over)), (), value.axes)
        if self.number == -1:
            return graph.scale(self.number, self.size.times(graph, value))
        return graph.value("mul", (self.scalar(graph), value), (), value.axes)


def _common(up: Sequence[Value], over: Sequence[Value]) -> list[Value]:
    rest, found = list(over), []
    for value in up:
        if value in rest:
            rest.remove(value)
            found.append(value)
    return found


def _less(values: Sequence[Value], taken: Sequence[Value]) -> tuple[Value, ...]:
    rest = list(values)
    for value in taken:
        rest.remove(value)
    return tuple(rest)


def _product(graph: Graph, scalars: Sequence[Value]) -> Value:
    counts: dict[Value, int] = {}
    for scalar in scalars:
        counts[scalar] = counts.get(scalar, 0) + 1
    total = graph.one
    for scalar, k in counts.items():
        factor = scalar if k == 1 else graph.value("pow", (scalar, graph.const(Fraction(k))))
        total = factor if total is graph.one else graph.value("mul", (total, factor))
    return total


def coefficient_of(scalar: Value) -> Coefficient:
    """A scalar as a coefficient: quotients, whole powers and numbers in it are seen."""
    number = ONE
    up: list[Value] = []
    over: list[Value] = []
    stack = [(scalar, True)]
    while stack:
        value, above = stack.pop()
        args = value.args
        if value.op == "const" and isinstance(value.params[0], Fraction) and value.params[0]:
            number = number * value.params[0] if above else number / value.params[0]
        elif value.op == "neg":
            number = -number
            stack.append((args[0], above))
        elif value.op == "div":
            stack += [(args[1], not above), (args[0], above)]
        elif value.op == "mul" and args[0].op == "const":
            stack += [(args[1], above), (args[0], above)]
        elif value.op == "pow" and args[1].op == "const" and args[1].params[0] in (2, 3):
            stack += [(args[0], above)] * int(args[1].params[0])
        else:
            (up if above else over).append(value)
    return Coefficient(number, tuple(up), tuple(over))


def is_linear(value: Value) -> bool:
    """Whether an array is a sum, or a multiple by a scalar."""
    if not value.axes:
        return False
    if value.op in ("add", "sub", "neg"):
        return True
    if value.op == "mul":
        return not value.args[0].axes or not value.args[1].axes
    return value.op == "div" and not value.args[1].axes and bool(value.args[0].axes)


def _opened(value: Value) -> list[tuple[Coefficient, Value]]:
    """What a sum or a multiple consists of."""
    a, *rest = value.args
    if value.op == "neg":
        return [(Coefficient(-ONE), a)]
    (b,) = rest
    if value.op in ("add", "sub"):
        return [(Coefficient(), a), (Coefficient(ONE if value.op == "add" else -ONE), b)]
    if value.op == "div":
        return [(Coefficient() / coefficient_of(b), a)]
    scalar, array = (a, b) if not a.axes else (b, a)
    return [(coefficient_of(scalar), array)]


class Sum:
    """A sum taken apart: terms of a coefficient and an array.  ``single`` are the values that one other uses alone, and
    ``new`` what the arrays have become."""

    def __init__(self, graph: Graph, root: Value, single: Mapping[Value, bool], new: Mapping[Value, Value]) -> None:
        self.graph, self.axes = graph, root.axes
        self.walk = graph.sizes.size(root.axes)
        self.cost = 0  # of what is written now
        self.dense: list[tuple[Coefficient, Value]] = []
        self.outer: list[tuple[Coefficient, Value, Value]] = []
        self.diagonal: list[tuple[Coefficient, Value]] = []
        self.count = 0
        self.zero = False
        stack = [(Coefficient(), root)]
        while stack and self.count <= TERMS:
            coefficient, value = stack.pop()
            if value is root or (is_linear(value) and value.axes == root.axes and single.get(value, False)):
                self.cost += self.walk
                parts = [(coefficient * new_coefficient(c, new), part) for c, part in _opened(value)]
                stack += reversed(parts)
            else:
                self._leaf(coefficient, new[value], value.op != "input" and single.get(value, False))

    def _leaf(self, coefficient: Coefficient, value: Value, alone: bool) -> None:
        self.count += 1
        self.zero |= not coefficient.number
        if value.op == "outer" and alone:
            self.cost += self.walk
            (c, u), (d, v) = map(_bare, value.args)
            self.outer.append((coefficient * c * d, u, v))
        elif value.op in ("eye", "diagflat") and (alone or value.op == "eye") and value.axes == self.axes:
            self.cost += self.walk
            self.diagonal.append((coefficient, self.graph.one if value.op == "eye" else value.args[0]))
        else:
            self.dense.append((coefficient, value))

    def merged(self) -> None:
        """Terms with the same array are one, where their coefficients differ by a number."""
        for terms in (self.dense, self.diagonal):
            found: dict[tuple[Value, object], Coefficient] = {}
            for c, value in terms:
                key = value, (frozenset(c.up), frozenset(c.over), len(c.up), len(c.over))
                before = found.get(key)
                found[key] = c if before is None else Coefficient(before.number + c.number, c.up, c.over)
            terms[:] = [(c, value) for (value, _), c in found.items() if c.number]

    def common(self) -> Coefficient:
        """The coefficient that most of the arrays have, as far as no term is divided by what may be zero."""
        counts: dict[object, int] = {}
        best = Coefficient()
        for c, value in self.dense:
            if value.axes == self.axes:
                counts[c.key] = counts.get(c.key, 0) + 1
                if counts[c.key] > counts.get(best.key, 0) or (best.is_sign and counts[c.key] == counts[best.key]):
                    best = c.size
        up = list(best.up)
        every = [c for c, _ in (*self.dense, *self.diagonal)] + [c for c, _, _ in self.outer]
        for c in every:
            up = _common(up, c.up)
        return Coefficient(best.number, tuple(up), best.over)

    def divided(self, by: Coefficient) -> None:
        """All coefficients divided by one that stands before the sum."""
        self.dense = [(c / by, value) for c, value in self.dense]
        self.outer = [(c / by, u, v) for c, u, v in self.outer]
        self.diagonal = [(c / by, value) for c, value in self.diagonal]

    def price(self) -> int:
        """The walks that it takes as it stands."""
        small = sum([self.graph.sizes.size(value.axes) for c, value in self.dense if not c.is_sign])
        parts = len(self.dense) + bool(self.outer)
        total = small + self.walk * max(0, parts - 1) + self.walk * bool(self.outer)
        if self.diagonal and not self.outer and (len(self.dense) == 1 and self.dense[0][0].is_sign):
            total += self.walk  # a copy
        return total


def new_coefficient(c: Coefficient, new: Mapping[Value, Value]) -> Coefficient:
    """The coefficient of what its scalars have become."""
    return Coefficient(c.number, tuple([new.get(v, v) for v in c.up]), tuple([new.get(v, v) for v in c.over]))


def _bare(vector: Value) -> tuple[Coefficient, Value]:
    """A vector without the scalars before it."""
    total = Coefficient()
    while is_linear(vector) and vector.op not in ("add", "sub"):
        ((c, vector),) = _opened(vector)
        total = total * c
    return total, vector


def rewritten_sum(graph: Graph, root: Value, single: Mapping[Value, bool], new: Mapping[Value, Value]) -> Value | None:
    """The sum with fewer walks; ``None`` where there are not fewer."""
    found = Sum(graph, root, single, new)
    if found.count > TERMS or found.zero:
        return None
    found.merged()
    if not found.dense and not found.outer:
        return None
    if any(len(value.axes) > len(found.axes) for _, value in found.dense):
        return None
    apart = found.price()
    before = found.common()
    if not before.is_sign:
        found.divided(before)
        if found.walk + found.price() > apart or not found.dense:
            found.divided(Coefficient() / before)  # takes back what cancelled
            before = Coefficient()
    price = found.price() + (0 if before.is_sign else found.walk)
    if price >= found.cost:
        return None
    total = _written(graph, found)
    return None if total is None or total.axes != found.axes else before.times(graph, total)


def _written(graph: Graph, found: Sum) -> Value | None:
    """The terms added up: what has a positive sign first."""
    terms: list[tuple[int, Value]] = []
    if found.outer:
        terms.append((1, _low_rank(graph, found.outer)))
    for c, value in found.dense:
        terms.append((-1 if c.number < 0 else 1, c.size.times(graph, value)))
    whole = [term for term in terms if term[1].axes == found.axes]
    first = next((term for term in whole if term[0] > 0), whole[0] if whole else None)
    if first is None:
        return None
    total = first[1] if first[0] > 0 else graph.scale(-ONE, first[1])
    for term in terms:
        if term is not first:
            total = graph.value("add" if term[0] > 0 else "sub", (total, term[1]), (), found.axes)
    if found.diagonal:
        parts = [c.size.times(graph, value) if value.axes else c.size.scalar(graph) for c, value in found.diagonal]
        forms = tuple([(DIAGONAL, -1 if c.number < 0 else 1) for c, _ in found.diagonal])
        total = graph.value("fill", (total, *parts), forms, found.axes)
    return total


def _low_rank(graph: Graph, terms: list[tuple[Coefficient, Value, Value]]) -> Value:
    """Outer products added up: a common factor first, then as one product."""
    right: dict[Value, Value] = {}
    for c, u, v in terms:
        column = c.times(graph, u)
        right[v] = graph.value("add", (right[v], column), (), u.axes) if v in right else column
    pairs = [(u, v) for v, u in right.items()]
    if len(pairs) == 1:
        return graph.value("outer", pairs[0], (), (*pairs[0][0].axes, *pairs[0][1].axes))
    k = len(pairs)
    left, below = (graph.value("rows", tuple(part), (), (k, *part[0].axes)) for part in zip(*pairs, strict=True))
    return graph.value("matmul", (graph.transposed(left), below), (), (left.axes[1], below.axes[1]))
