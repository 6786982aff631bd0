"""Products: taken apart into numbers, scalars and a chain of matrix factors, and multiplied in the
cheapest order.

Vectors come first: where a column meets a row inside the chain it falls into parts, each part is
folded from its vector, and what remains is at most one outer product.  Only a part without vectors
needs `plan.decided`.  Scalars are gathered and applied to what is left; numbers meet before
that.
"""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction

from matcalc.codegen.factors import Factor, combine, dense
from matcalc.codegen.options import DEFAULT, Options
from matcalc.codegen.plan import Chain, Known, Order, Tree, decided, test_of
from matcalc.codegen.sizes import Sizes
from matcalc.codegen.uses import Uses, is_scaling
from matcalc.codegen.values import Graph, Value, axes_of
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape

__all__ = ["Flat", "flatten", "is_product", "multiply", "oriented", "quotient"]

SCALAR = (1, 1)
TESTS = 4  # different ones in a function, so that it can be read


class Flat:
    """A product taken apart: ``number * up / over`` times the ``chain`` of (node, whether
    transposed)."""

    __slots__ = ("chain", "number", "options", "over", "shape", "up", "zero_over")

    def __init__(self, shape: Shape, options: Options = DEFAULT) -> None:
        self.options = options
        self.number = Fraction(1)
        self.up: list[Node] = []
        self.over: list[Node] = []
        self.chain: list[tuple[Node, bool]] = []
        self.shape = shape
        self.zero_over = False

    def needs(self) -> list[Node]:
        """The nodes that have to be computed first; of a structured factor, what it is made of."""
        factors = [n for node, _ in self.chain for n in inner_nodes(node, self.options)]
        return [*self.up, *self.over, *factors]


def inner_nodes(node: Node, options: Options = DEFAULT) -> tuple[Node, ...]:
    """What a factor needs: an inverse its matrix, a diagonal matrix its vector, the identity
    nothing; where that is switched off, itself."""
    if not (options.factorisations if node.op == "inv" else options.structure):
        return (node,)
    if node.op == "inv" or (node.op == "diag" and 1 in node.args[0].shape):
        return node.args
    if node.op in ("eye", "ones", "zeros", "commutation") or (node.op == "index" and node.args[0].op == "eye"):
        return ()
    return (node,)


def oriented(node: Node, transposed: bool) -> Shape:
    """The shape of a factor as it stands in the chain."""
    rows, columns = node.shape
    return (columns, rows) if transposed else (rows, columns)


def is_product(node: Node) -> bool:
    """Whether `flatten` takes the node apart."""
    return node.op in ("matmul", "outer", "dot", "neg", "T") or is_scaling(node)


def flatten(root: Node, uses: Uses) -> Flat:
    """A product taken apart as far as its parts are not shared."""
    flat = Flat(root.shape, uses.options)
    stack = [(root, False, False, False)]  # node, transposed, below a division bar, inside a matrix product
    while stack:
        node, t, inverted, inside = stack.pop()
        if node.op == "num":
            _number(flat, node, inverted)
        elif node is not root and not (_opens(node) and uses.apart(node, inside)):
            _factor(flat, node, t, inverted)
        elif node.op in ("neg", "T", "let"):
            flat.number *= -1 if node.op == "neg" else 1
            stack.append((node.args[0], t != (node.op == "T"), inverted, inside))
        elif node.op in ("mul", "div") and is_scaling(node):
            stack.append((node.args[1], t, inverted != (node.op == "div"), inside))
            stack.append((node.args[0], t, inverted, inside))
        elif node is not root and node.shape == SCALAR:
            _factor(flat, node, t, inverted)
        else:
            pair = list(zip(node.args, _turned(node), strict=True))
            for part, turn in pair if t else reversed(pair):
                stack.append((part, t != turn, inverted, True))
    return flat


def _opens(node: Node) -> bool:
    return is_product(node) or node.op == "let"


def _turned(node: Node) -> tuple[bool, bool]:
    """Whether the two sides of a product have to be transposed to stand in the chain."""
    if node.op == "matmul":
        return False, False
    a, b = node.args
    if node.op == "outer":
        return a.shape[1] != 1, b.shape[0] != 1
    return a.shape[0] != 1, b.shape[1] != 1


def _number(flat: Flat, node: Node, inverted: bool) -> None:
    value = node.params[0]
    if not inverted:
        flat.number *= value
    elif value:
        flat.number /= value
    else:
        flat.zero_over = True


def _factor(flat: Flat, node: Node, t: bool, inverted: bool) -> None:
    if node.shape == SCALAR:
        (flat.over if inverted else flat.up).append(node)
    else:
        flat.chain.append((node, t))


def multiply(
    graph: Graph, flat: Flat, factors: list[Factor], up: list[Value], over: list[Value], safe: list[Value]
) -> Value:
    """The product of what was taken apart, but for its number."""
    eyes = [f for f in factors if f.kind == "eye"]
    rest = [f for f in factors if f.kind != "eye"]
    if eyes and not rest:
        rest = [Factor("matrix", flat.shape, graph.value("eye", (), (flat.shape[0],), axes_of(flat.shape)))]
    parts = [_fold(graph, part) for part in _parts(rest)]
    up = up + [part for part in parts if isinstance(part, Value)]
    vectors = [part for part in parts if isinstance(part, Factor)]
    up = [value for value in up if value is not graph.one]
    if len(vectors) == 2:
        product = combine(graph, *vectors)
        assert isinstance(product, Factor)
        core: Value | None = dense(graph, product)
    else:
        core = dense(graph, vectors[0]) if vectors else None
    scalar = quotient(graph, up, over, safe, flat.zero_over)
    return scalar if core is None else _scaled(graph, scalar, core)


def _scaled(graph: Graph, scalar: Value, core: Value) -> Value:
    if scalar is graph.one:
        return core
    if core.op == "spread":
        return graph.spread(_scaled(graph, scalar, core.args[0]), core.axes, core.params[0])
    if core is graph.one:
        return scalar
    if scalar.op in ("div", "guarded") and scalar.args[0] is graph.one:
        return graph.value(scalar.op, (core, scalar.args[1]), (), core.axes)
    if core.op == "place":
        inner = _scaled(graph, scalar, core.args[0])
        return graph.value("place", (inner,), core.params, core.axes)
    return graph.value("mul", (scalar, core), (), core.axes)


def quotient(graph: Graph, up: list[Value], over: list[Value], safe: list[Value], zero: bool) -> Value:
    """Scalars multiplied and divided; by those that are ``safe``, where they are not 0."""
    top = _product(graph, up)
    if zero:
        over = [*over, graph.const(Fraction(0))]
    over = [value for value in over if value is not graph.one]
    if over:
        top = graph.value("div", (top, _product(graph, over)))
    for norm in safe:
        top = graph.value("guarded", (top, norm))
    return top


def _product(graph: Graph, scalars: list[Value]) -> Value:
    total = graph.one
    for scalar in scalars:
        if total is graph.one:
            total = scalar
        elif scalar is not graph.one:
            total = graph.value("mul", (total, scalar))
    return total


def _parts(factors: list[Factor]) -> list[list[Factor]]:
    """The chain, cut wherever a column meets a row."""
    parts: list[list[Factor]] = []
    for i, factor in enumerate(factors):
        if i == 0 or (factors[i - 1].is_column and factor.is_row):
            parts.append([])
        parts[-1].append(factor)
    return parts


def _fold(graph: Graph, part: list[Factor]) -> Factor | Value:
    """One part: from its vector, from the right where it has two, by cost where it has none.

    What picks entries out at either end does so first.
    """
    while len(part) > 2 and part[0].kind in ("unit", "rows") and part[1].kind == "matrix":
        part = [_met(graph, part[0], part[1]), *part[2:]]
    while len(part) > 2 and part[-1].kind in ("unit", "columns") and part[-2].kind == "matrix":
        part = [*part[:-2], _met(graph, part[-2], part[-1])]
    if part[-1].is_column:
        return _fold_left_over(graph, part, from_right=True)
    if part[0].is_row:
        return _fold_left_over(graph, part, from_right=False)
    part = _absorbed(graph, part)
    if len(part) == 1:
        return part[0]
    chain = _chain(graph, part)
    decision = decided(chain, graph.sizes, graph.options.run_time_order)
    if len(decision.orders) > 1:
        test, _ = _test(decision.orders)
        if test not in graph.tests and len(graph.tests) == TESTS:
            decision = decided(chain, graph.sizes, several=False)
        else:
            graph.tests.add(test)
    orders = decision.orders
    if len(part) > 2:
        graph.decisions.append((tuple([f.value for f in part]), decision))
    if len(orders) == 1:
        return _evaluate(graph, part, orders[0].tree, chain)
    one, other = [_evaluate(graph, part, order.tree) for order in orders]
    found = _either(graph, orders, one, other)
    graph.chains.setdefault(tuple(chain.keys), found.value)
    return found


def _chain(graph: Graph, part: list[Factor]) -> Chain:
    """What the planner is told of a chain."""
    keys: list[Hashable] = []
    turned: list[Hashable] = []
    for f in part:
        bare, t = (f.value.args[0], True) if f.kind == "matrix" and f.value.op == "T" else (f.value, False)
        symmetric = f.kind == "matrix" and graph.symmetric(f.value)
        keys.append((f.kind, bare, t, f.item))
        turned.append((f.kind, bare, t if symmetric else not t, f.item))

    def there(i: int, j: int) -> Value | None:
        found = graph.chains.get(tuple(keys[i:j]))
        if found is None and graph.options.transposes:
            found = graph.chains.get(tuple(turned[i:j][::-1]))
            found = graph.transposed(found) if found is not None else None
        return found

    return Chain([part[0].shape[0], *[f.shape[1] for f in part]], keys, turned, there)


def _either(graph: Graph, orders: list[Order], one: Factor, other: Factor) -> Factor:
    """Two orders, and a test of the sizes between them."""
    if one.value is other.value:
        return one
    sides, turned = _test(orders)
    values = (other.value, one.value) if turned else (one.value, other.value)
    return Factor("matrix", one.shape, graph.value("choice", values, sides, axes_of(one.shape)))


def _met(graph: Graph, left: Factor, right: Factor) -> Factor:
    met = combine(graph, left, right)
    assert isinstance(met, Factor)
    return met


def _fold_left_over(graph: Graph, part: list[Factor], from_right: bool) -> Factor | Value:
    order = part[::-1] if from_right else part
    total: Factor | Value = order[0]
    for factor in order[1:]:
        assert isinstance(total, Factor)
        total = combine(graph, factor, total) if from_right else combine(graph, total, factor)
    return total


def _test(orders: list[Order]) -> tuple[tuple[Dim, Dim], bool]:
    """The two sides of a test between two orders, and whether it holds for the second: at equal costs either will do,
    so one test serves all that have these sides."""
    sides = test_of(orders[0].cost, orders[1].cost)
    return (sides[::-1], True) if str(sides[1]) < str(sides[0]) else (sides, False)


CHEAP = ("diagonal", "rows", "columns")


def _absorbed(graph: Graph, part: list[Factor]) -> list[Factor]:
    """Diagonals and slices met with a neighbour first, the smaller one: that costs no product of
    matrices."""
    done: list[Factor] = []
    waiting = list(part)
    while waiting:
        factor = waiting.pop(0)
        prefers_right = done and _prefers_right(graph.sizes, done[-1], waiting)
        if done and (done[-1].kind in CHEAP or (factor.kind in CHEAP and not prefers_right)):
            waiting.insert(0, _met(graph, done.pop(), factor))
        else:
            done.append(factor)
    return done


def _prefers_right(sizes: Sizes, left: Factor, waiting: list[Factor]) -> bool:
    return bool(waiting) and sizes.weight(waiting[0].shape[1]) < sizes.weight(left.shape[0])


def _evaluate(graph: Graph, part: list[Factor], tree: Tree, chain: Chain | None = None) -> Factor:
    """The factors of a tree multiplied; what is computed in any case is remembered by the factors of the ``chain``."""
    results: list[tuple[int, int, Factor]] = []  # the first factor of a product, the one after its last, the product
    stack: list[tuple[Tree, bool]] = [(tree, False)]
    while stack:
        node, ready = stack.pop()
        if isinstance(node, int):
            results.append((node, node + 1, part[node]))
        elif isinstance(node, Known):
            shape = (part[node.start].shape[0], part[node.end - 1].shape[1])
            results.append((node.start, node.end, Factor("matrix", shape, node.value)))
        elif ready:
            (_, end, right), (start, _, left) = results.pop(), results.pop()
            met = _met(graph, left, right)
            if chain is not None and met.kind == "matrix":
                graph.chains.setdefault(tuple(chain.keys[start:end]), met.value)
            results.append((start, end, met))
        else:
            stack += [(node, True), (node[1], False), (node[0], False)]
    return results[0][2]
