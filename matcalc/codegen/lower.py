"""From nodes to values: the expression graph as operations on arrays.

Every node becomes a number times a value (`Scaled`), so that numbers meet across products and sums.
The walk keeps its own stack: a node tells what it needs, which is not always its arguments
(`products.Flat.needs`), and is lowered once that is there.  The tables `REDUCTIONS` and
`STRUCTURES` hold what is not elementwise and not a product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeAlias

from matcalc.codegen import factorisations, norms, products, reduce, structure, tensors
from matcalc.codegen.factors import Factor, dense
from matcalc.codegen.options import DEFAULT, Options
from matcalc.codegen.powers import LOG
from matcalc.codegen.products import Flat
from matcalc.codegen.sizes import Sizes
from matcalc.codegen.uses import Uses
from matcalc.codegen.values import Graph, Scaled, Value, axes_of
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS

__all__ = ["Lowering"]

ONE = Fraction(1)
Rule: TypeAlias = "Callable[[Lowering, Node], Scaled]"


def named(node: Node) -> str:
    """What a matrix is called where no better text is at hand."""
    return str(node.params[0]) if node.op in ("var", "let") else f"the argument, a result of {node.op},"


class Lowering:
    """The values of some outputs.

    ``in_value``: nodes whose quotients by a norm are not those of a derivative, which are 0 where the norm is.
    ``written``: how a matrix is called in an error at run time.
    """

    def __init__(
        self, outputs: Iterable[Node], in_value: frozenset[Node] = frozenset(),
        written: Callable[[Node], str] = named, options: Options = DEFAULT, sizes: Sizes | None = None,
    ) -> None:  # fmt: skip
        outputs = list(outputs)
        self.options = options
        self.graph = Graph(options, sizes)
        self.uses = Uses(outputs, options)
        self.in_value, self.written = in_value, written
        self.singular = norms.singular_norms(in_value)
        self.hints: dict[Value, str] = {}
        self.flats: dict[Node, Flat | None] = {}
        self.done: dict[Node, Scaled] = {}
        for output in outputs:
            self._lower(output)

    def _lower(self, root: Node) -> None:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.done:
                stack.pop()
                continue
            missing = [n for n in self._needs(node) if n not in self.done]
            if missing:
                stack.extend(reversed(missing))
            else:
                self.done[node] = found = self._finish(node)
                self.graph.note(*found, node)
                stack.pop()

    def flat(self, node: Node) -> Flat | None:
        """The node taken apart, if it is a product or a reduction of one."""
        if node not in self.flats:
            if products.is_product(node):
                self.flats[node] = products.flatten(node, self.uses)
            else:
                self.flats[node] = reduce.flatten(node, self.uses)
        return self.flats[node]

    def _needs(self, node: Node) -> Iterable[Node]:
        flat = self.flat(node)
        if flat is not None:
            return flat.needs()
        if node.op in ("det", "logdet"):
            return factorisations.needs(node)
        return reduce.needs(node, self.uses)

    def _finish(self, node: Node) -> Scaled:
        flat = self.flat(node)
        if flat is not None:
            number, value = self.product(node, flat)
        elif node.op in RULES:
            number, value = RULES[node.op](self, node)
        elif node.op in ELEMENTWISE_NAMES:
            number, value = ONE, self.graph.map("map", (self.array(node.args[0]),), (node.op,))
        else:
            raise UnsupportedError(f"no NumPy code for {node.op}")
        if not self.options.scalars:
            number, value = ONE, self.graph.scale(number, value)
        if node.op == "let" and value.op not in ("const", "input", "spread"):
            number, value = ONE, self.graph.scale(number, value)
            self.hints.setdefault(value, node.params[0])
        return number, value

    # what the rules use ------------------------------------------------------------------------------------

    def array(self, node: Node) -> Value:
        """The value of a node that has been lowered, its number applied."""
        return self.graph.scale(*self.done[node])

    def factor(self, node: Node, transposed: bool) -> tuple[Fraction, Factor]:
        """A node as a factor of a chain."""
        graph, shape = self.graph, products.oriented(node, transposed)
        number = ONE
        if products.inner_nodes(node, self.options) == (node,):
            number, value = self.done[node]
            value = graph.transposed(value) if transposed else value
            return number, Factor("vector" if 1 in shape else "matrix", shape, value)
        if node.op in ("eye", "ones"):
            factor = Factor("eye" if node.op == "eye" else ("ones" if 1 in shape else "matrix"), shape)
            if factor.kind == "matrix":
                factor = Factor("matrix", shape, graph.full(ONE, axes_of(shape)))
        elif node.op == "commutation":
            factor = Factor("swap", shape, None, node.params[::-1] if transposed else node.params)
        elif node.op == "zeros":
            number, factor = Fraction(0), Factor("vector" if 1 in shape else "matrix", shape, self._zeros(shape))
        elif node.op == "inv":
            number, value = self.done[node.args[0]]
            number = 1 / number if number else number
            value = value if number else self.array(node.args[0])
            number = number or ONE
            if value.op == "diagflat" and self.options.structure:
                factor = Factor("diagonal", shape, graph.value("div", (graph.one, value.args[0]), (), value.axes[:1]))
            else:
                factor = Factor("inverse", shape, graph.transposed(value) if transposed else value)
        elif node.op == "diag" and 1 in node.args[0].shape:
            number, value = self.done[node.args[0]]
            factor = Factor("diagonal", shape, value)
        else:
            factor = structure.selector(graph, node, transposed)  # a slice of the identity
        return number, factor

    def _zeros(self, shape: tuple[object, object]) -> Value:
        return self.graph.full(Fraction(0), axes_of(shape))  # type: ignore[arg-type]

    def product(self, node: Node, flat: Flat) -> Scaled:
        """A product that was taken apart, multiplied."""
        factors = []
        number = flat.number
        for part, transposed in flat.chain:
            n, factor = self.factor(part, transposed)
            number *= n
            factors.append(factor)
        up: list[Value] = []
        over: list[Value] = []
        safe: list[Value] = []
        for part in flat.up:
            n, value = self.done[part]
            number *= n
            up.append(value)
        for part in flat.over:
            n, value = self.done[part]
            number, value = (number / n, value) if n else (number, self.array(part))
            (safe if node not in self.in_value and self._is_safe(part, flat, factors, up) else over).append(value)
        if number == 0 and not any(v.op == "const" for v in over) and not flat.zero_over:
            axes = axes_of(flat.shape)
            return ONE, self.graph.full(Fraction(0), axes) if axes else self.graph.const(Fraction(0))
        return number, products.multiply(self.graph, flat, factors, up, over, safe)

    def _is_safe(self, divisor: Node, flat: Flat, factors: list[Factor], up: list[Value]) -> bool:
        """Whether a product in a derivative is 0 where its divisor, a norm, is."""
        norm = norms.norm_below(divisor)
        if norm is None or [norms.norm_below(part) for part in flat.over].count(norm) != 1:
            return False
        values = [dense(self.graph, f) for f in factors if f.kind in ("matrix", "vector", "diagonal")]
        return norm not in self.singular or norms.is_multiple(self.done[norm][1], [*values, *up])


# rules ------------------------------------------------------------------------------------------------------


def _leaf(lowering: Lowering, node: Node) -> Scaled:
    graph = lowering.graph
    if node.op == "num":
        return node.params[0], graph.one
    if node.op == "pi":
        return ONE, graph.const("pi")
    if node.op == "dim":
        return ONE, graph.value("size", (), node.params)
    axes = axes_of(node.shape)
    if node.op == "var":
        return ONE, graph.value("input", (), (node.params[0], node.params[1]), axes)
    if node.op == "commutation":
        return ONE, dense(graph, Factor("swap", node.shape, None, node.params))
    if node.op == "eye":
        return ONE, graph.value("eye", (), node.params, axes)
    return ONE, graph.full(Fraction(node.op == "ones"), axes)


def _let(lowering: Lowering, node: Node) -> Scaled:
    return lowering.done[node.args[0]]


def _sum_of_two(lowering: Lowering, node: Node) -> Scaled:
    graph, (a, b) = lowering.graph, node.args
    (na, va), (nb, vb) = lowering.done[a], lowering.done[b]
    if node.op == "sub":
        nb = -nb
    if va is vb and a.shape == b.shape:
        return na + nb, va
    axes = axes_of(node.shape)
    if _is_zero(na, va) and vb.axes == axes:
        return nb, vb
    if _is_zero(nb, vb) and va.axes == axes:
        return na, va
    shapes = (a.shape, b.shape)
    common = ONE
    if abs(na) == abs(nb) and graph.one not in (va, vb):
        common, na, nb = abs(na), na / abs(na), nb / abs(nb)
    if na < 0 and nb < 0:
        common, na, nb = -common, -na, -nb
    if na < 0 < nb:
        return common, graph.entrywise("sub", graph.scale(nb, vb), graph.scale(-na, va), shapes[::-1])
    if nb < 0:
        left, right = graph.scale(na, va), graph.scale(-nb, vb)
        if graph.find("sub", (right, left), (), axes) is not None:
            return -common, graph.entrywise("sub", right, left, shapes[::-1])
        return common, graph.entrywise("sub", left, right, shapes)
    return common, graph.entrywise("add", graph.scale(na, va), graph.scale(nb, vb), shapes)


def _is_zero(number: Fraction, value: Value) -> bool:
    constant = value.args[0] if value.op == "spread" else value
    return number == 0 or (constant.op == "const" and constant.params[0] == 0)


def _times(lowering: Lowering, node: Node) -> Scaled:
    """Entry by entry, neither side a scalar."""
    graph, (a, b) = lowering.graph, node.args
    (na, va), (nb, vb) = lowering.done[a], lowering.done[b]
    axes = axes_of(node.shape)
    if "eye" in (va.op, vb.op) and va.axes == vb.axes and lowering.options.structure:
        other = vb if va.op == "eye" else va
        diagonal = graph.value("diagonal", (other,), (), axes[:1])
        return na * nb, graph.value("diagflat", (diagonal,), (), axes)
    for value, other in ((va, vb), (vb, va)):
        if value.op == "spread" and value.args[0] is graph.one and other.axes == axes:
            return na * nb, other
    if va is vb:
        return na * nb, structure.integer_power(graph, va, 2)
    return na * nb, graph.entrywise("mul", va, vb, (a.shape, b.shape))


def _over(lowering: Lowering, node: Node) -> Scaled:
    """Entry by entry, the divisor not a scalar."""
    graph, (a, b) = lowering.graph, node.args
    (na, va), (nb, vb) = lowering.done[a], lowering.done[b]
    if not nb:
        nb, vb = ONE, lowering.array(b)
    if va is graph.one:
        return ONE, graph.entrywise("div", graph.const(na / nb), vb, ((1, 1), b.shape))
    return na / nb, graph.entrywise("div", va, vb, (a.shape, b.shape))


def _extreme(lowering: Lowering, node: Node) -> Scaled:
    a, b = node.args
    values = lowering.array(a), lowering.array(b)
    return ONE, lowering.graph.entrywise("map2", *values, (a.shape, b.shape), (node.op,))


def _where(lowering: Lowering, node: Node) -> Scaled:
    """A choice entry by entry; columns get a second axis where the result has two."""
    graph, axes = lowering.graph, axes_of(node.shape)
    values = []
    for argument in node.args:
        value = lowering.array(argument)
        if len(axes) == 2 and len(value.axes) == 1 and argument.shape[1] == 1:
            value = graph.value("expand", (value,), (), (*value.axes, 1))
        values.append(value)
    return ONE, graph.value("where", tuple(values), (), axes)


def _apply(lowering: Lowering, node: Node) -> Scaled:
    return ONE, lowering.graph.map("apply", (lowering.array(node.args[0]),), node.params)


def _own(lowering: Lowering, node: Node) -> Scaled:
    """A function of whole arrays that is passed in."""
    name, law = node.params
    values = tuple(map(lowering.array, node.args))
    return ONE, lowering.graph.value("own", values, (name, law.text), axes_of(node.shape))


def _helped(lowering: Lowering, node: Node) -> Scaled:
    """A function of one entry that no table has."""
    return ONE, lowering.graph.map("map", (lowering.array(node.args[0]),), (node.op,))


RULES: dict[str, Rule] = {
    "num": _leaf, "pi": _leaf, "dim": _leaf, "var": _leaf, "eye": _leaf, "commutation": _leaf,
    "ones": _leaf, "zeros": _leaf, "let": _let,
    "add": _sum_of_two, "sub": _sum_of_two, "mul": _times, "div": _over, "maximum": _extreme, "minimum": _extreme,
    "greater": _extreme, "at_least": _extreme, "where": _where,
    "apply": _apply, "own": _own, "logcosh": _helped, LOG: _helped, **reduce.RULES, **structure.RULES, **tensors.RULES,
}  # fmt: skip


def codes() -> frozenset[str]:
    """The operations that have code."""
    return frozenset(RULES) | ELEMENTWISE_NAMES | (frozenset(OPERATIONS) & {"neg", "T", "matmul", "outer", "dot"})
