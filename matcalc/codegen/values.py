"""What the generated code computes: arrays as NumPy has them.

A `Value` is an operation on arrays with any number of axes.  Unlike a node's shape, its axes hold
no ones: columns and rows are both one axis, a scalar none.  Values are interned within one `Graph`,
so equal is identical here too, and what two outputs share is computed once.  Constructors apply the
rules that hold for arrays whatever the sizes.

Operations, with their parameters:

``input`` (name, type); ``const`` (a Fraction or "pi"); ``size`` (a dimension, as a number); ``eye``
(n); ``add sub mul div pow neg`` entry by entry, by NumPy's broadcasting; ``guarded``, a quotient
that is 0 where its divisor is; ``map`` (table entry), ``apply`` (function, order); ``own``, a function of
whole arrays that is passed in (name, its law); ``T``;
``expand``, ``v[:, None]``; ``spread``, one operand of broadcasting that stands for a full array;
``matmul``, ``dot``, ``inner``, ``outer``; ``sum`` (axis); ``call`` (table entry,
axis), all other table functions; ``power``, of a matrix; ``solve``, ``inv``, ``logdet``; ``factor`` (how the matrix
is called), of Cholesky; ``decomposition`` (which), several arrays, and ``part`` (which one) of it;
``choice`` (two costs), the first where the first is at most the second, else the second, of which one is computed;
``diagonal`` of a matrix, ``diagflat`` of a vector; ``index`` (items); ``place`` (items), zeros but
for those items; ``stack`` (counts, shapes); ``rows``, vectors as the rows of a matrix; ``reshape``, in the
order of columns, ``shaped``, in that of rows; ``lift`` (which axes are there), new axes for broadcasting; ``fill``
(diagonals, signs), arrays added up on diagonals of one of zeros, or of the first argument where there is one more.
"""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from typing import Any, TypeAlias

from matcalc import facts
from matcalc.codegen.options import DEFAULT, Options
from matcalc.codegen.sizes import Sizes
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape

__all__ = ["Axes", "Graph", "Scaled", "Value", "axes_of"]

Axes: TypeAlias = tuple[Dim, ...]


class Value:
    """An array that the code computes."""

    __slots__ = ("args", "axes", "op", "params")

    def __init__(self, op: str, args: tuple[Value, ...], params: tuple[Any, ...], axes: Axes) -> None:
        self.op, self.args, self.params, self.axes = op, args, params, axes

    def __repr__(self) -> str:
        return f"{self.op}{self.params or ''}{[a.op for a in self.args]}"


Scaled: TypeAlias = tuple[Fraction, Value]  # a number times a value: numbers are kept apart and meet each other
VIEWS = frozenset({"T", "expand", "lift", "spread", "index", "reshape", "diagonal", "power", "shaped"})
ONE, ZERO = Fraction(1), Fraction(0)


def axes_of(shape: Shape) -> Axes:
    """The axes of the array that holds a node of this shape."""
    return tuple([dim for dim in shape if dim != 1])


class Graph:
    """The values of one module, interned; its methods build them."""

    def __init__(self, options: Options = DEFAULT, sizes: Sizes | None = None) -> None:
        self.options, self.sizes = options, sizes or Sizes()
        self.table: dict[tuple[Any, ...], Value] = {}
        self._symmetric: dict[Value, bool] = {}
        self.nodes: dict[Value, Node] = {}  # what a value is the value of
        self.factors: dict[Value, Value] = {}  # of a matrix, its Cholesky factor
        self.chains: dict[tuple[Hashable, ...], Value] = {}  # products of matrices by their factors
        self.tests: set[tuple[Any, ...]] = set()  # of sizes at run time
        self.decisions: list[tuple[tuple[Value, ...], Any]] = []  # the factors of chains and in which order they go
        self.one = self.const(ONE)

    def value(self, op: str, args: tuple[Value, ...] = (), params: tuple[Any, ...] = (), axes: Axes = ()) -> Value:
        """The one value with these parts."""
        key = (op, args, params, axes)
        found = self.table.get(key)
        if found is None:
            found = self.table[key] = Value(op, args, params, axes)
        return found

    def find(self, op: str, args: tuple[Value, ...], params: tuple[Any, ...], axes: Axes) -> Value | None:
        """The value with these parts, if something has asked for it already."""
        return self.table.get((op, args, params, axes))

    # leaves ------------------------------------------------------------------------------------------------

    def const(self, number: Fraction | str) -> Value:
        """A number."""
        return self.value("const", (), (number,))

    def full(self, number: Fraction, axes: Axes) -> Value:
        """All entries the same number."""
        return self.spread(self.const(number), axes, "scalar")

    # entry by entry ----------------------------------------------------------------------------------------

    def spread(self, value: Value, axes: Axes, form: str) -> Value:
        """An array of ``axes`` that repeats a scalar, a ``row`` (down) or a ``column`` (to the
        right)."""
        return value if value.axes == axes else self.value("spread", (value,), (form,), axes)

    def scale(self, number: Fraction, value: Value) -> Value:
        """A number times a value."""
        if number == 1:
            return value
        if value.op == "const" and isinstance(value.params[0], Fraction):
            return self.const(number * value.params[0])
        if value.op == "spread":
            return self.spread(self.scale(number, value.args[0]), value.axes, value.params[0])
        if number == 0:
            return self.full(ZERO, value.axes) if value.axes else self.const(ZERO)
        if number == -1:
            return self.value("neg", (value,), (), value.axes)
        if value.op == "div" and value.args[0] is self.one:
            return self.value("div", (self.const(number), value.args[1]), (), value.axes)
        return self.value("mul", (self.const(number), value), (), value.axes)

    def entrywise(
        self, op: str, a: Value, b: Value, shapes: tuple[Shape, Shape], params: tuple[Any, ...] = ()
    ) -> Value:
        """A binary operation entry by entry; ``shapes`` are those of the nodes, which tell a column
        from a row."""
        rows = shapes[1][0] if shapes[0][0] == 1 else shapes[0][0]
        columns = shapes[1][1] if shapes[0][1] == 1 else shapes[0][1]
        axes = axes_of((rows, columns))
        (form_a, a), (form_b, b) = (self._form(v, s, axes) for v, s in ((a, shapes[0]), (b, shapes[1])))
        if "full" in (form_a, form_b) or {form_a, form_b} == {"row", "column"} or not axes:
            if form_a == "column" and len(axes) == 2:
                a = self.value("expand", (a,), (), (*a.axes, 1))
            if form_b == "column" and len(axes) == 2:
                b = self.value("expand", (b,), (), (*b.axes, 1))
            turned = self._turned(op, a, b, params, axes)
            if turned is not None:
                return turned
            if op in ("add", "mul") and self.find(op, (b, a), params, axes) is not None:
                a, b = b, a
            return self.value(op, (a, b), params, axes)
        form = form_a if form_a != "scalar" else form_b
        small = self.value(op, (a, b), params, a.axes or b.axes)
        return self.spread(small, axes, form)

    def _turned(self, op: str, a: Value, b: Value, params: tuple[Any, ...], axes: Axes) -> Value | None:
        """An operation on two transposed matrices, where that on the matrices is there already."""
        if not (self.options.transposes and a.op == b.op == "T"):
            return None
        pairs = [(a.args[0], b.args[0]), (b.args[0], a.args[0])] if op in ("add", "mul") else [(a.args[0], b.args[0])]
        found = [self.find(op, pair, params, axes[::-1]) for pair in pairs]
        return next((self.transposed(value) for value in found if value is not None), None)

    def _form(self, value: Value, shape: Shape, axes: Axes) -> tuple[str, Value]:
        if value.op == "spread":
            return value.params[0], value.args[0]
        if value.axes == axes and len(axes) != 1:
            return "full", value
        if not value.axes:
            return "scalar", value
        if len(axes) == 1:
            return "full", value
        return ("column" if shape[1] == 1 else "row"), value

    def map(self, op: str, args: tuple[Value, ...], params: tuple[Any, ...] = ()) -> Value:
        """A function of one array, entry by entry."""
        (value,) = args
        if value.op == "spread":
            inner = self.value(op, value.args, params, value.args[0].axes)
            return self.spread(inner, value.axes, value.params[0])
        return self.value(op, args, params, value.axes)

    # matrices ----------------------------------------------------------------------------------------------

    def transposed(self, value: Value) -> Value:
        """A matrix transposed; anything else as it is."""
        if len(value.axes) < 2 or self.symmetric(value):
            return value
        if value.op == "T":
            return value.args[0]
        axes = (value.axes[1], value.axes[0])
        if value.op == "spread":
            form = {"row": "column", "column": "row"}.get(value.params[0], "scalar")
            return self.spread(value.args[0], axes, form)
        return self.value("T", (value,), (), axes)

    def matmul(self, a: Value, b: Value) -> Value:
        """A matrix times a matrix or a vector."""
        if len(b.axes) == 1:
            return self.value("matmul", (a, b), (), (a.axes[0],))
        if not self.options.transposes:
            return self.value("matmul", (a, b), (), (a.axes[0], b.axes[1]))
        found = self.product(a, b)
        if found is not None:
            return found
        ta, tb = self.transposed(a), self.transposed(b)
        if a.op == b.op == "T" and ta is not a:
            return self.transposed(self.value("matmul", (tb, ta), (), (b.axes[1], a.axes[0])))
        return self.value("matmul", (a, b), (), (a.axes[0], b.axes[1]))

    def product(self, a: Value, b: Value) -> Value | None:
        """The product of two matrices, where it or its transpose is there already."""
        if not self.options.transposes:
            return self.find("matmul", (a, b), (), (a.axes[0], b.axes[1]))
        other = self.find("matmul", (self.transposed(b), self.transposed(a)), (), (b.axes[1], a.axes[0]))
        return self.find("matmul", (a, b), (), (a.axes[0], b.axes[1])) if other is None else self.transposed(other)

    def outer(self, u: Value, v: Value) -> Value:
        """The matrix of all products of two vectors."""
        axes = (u.axes[0], v.axes[0])
        other = self.find("outer", (v, u), (), (axes[1], axes[0])) if u is not v and self.options.transposes else None
        return self.transposed(other) if other is not None else self.value("outer", (u, v), (), axes)

    def dot(self, u: Value, v: Value) -> Value:
        """The scalar product of two vectors; of two matrices whose columns were stacked, without
        stacking them."""
        if u.op == v.op == "reshape" and u.args[0].axes == v.args[0].axes:
            return self.value("inner", (u.args[0], v.args[0]), (), ())
        if self.find("dot", (v, u), (), ()) is not None:
            u, v = v, u
        return self.value("dot", (u, v), (), ())

    def index(self, value: Value, items: tuple[Any, ...], axes: Axes) -> Value:
        """Entries and slices; an item for each axis of the value."""
        if all(item[0] == "all" for item in items):
            return value
        if value.op == "spread" and value.params[0] == "scalar":
            return self.spread(value.args[0], axes, "scalar")
        return self.value("index", (value,), items, axes)

    # facts -------------------------------------------------------------------------------------------------

    def note(self, number: Fraction, value: Value, node: Node) -> None:
        """What is known of a node is known of the value that it became (``node = number * value``)."""
        if number == 1:
            self.nodes.setdefault(value, node)
        if number and len(value.axes) == 2 and value.axes == axes_of(node.shape) and facts.symmetric(node):
            self._symmetric[value] = True

    def symmetric(self, value: Value) -> bool:
        """Whether a matrix is known to be its own transpose."""
        known = self._symmetric.get(value)
        if known is None:
            known = self._symmetric[value] = self._is_symmetric(value)
        return known

    def _is_symmetric(self, value: Value) -> bool:
        op, args = value.op, value.args
        if op == "input":
            return value.params[1] in ("symmetric", "posdef", "diagonal")
        if op in ("eye", "diagflat"):
            return True
        if op == "matmul" and len(args[1].axes) == 2:
            return self._mirrored(args[0], args[1])
        if op == "outer":
            return args[0] is args[1]
        if op in ("add", "sub", "mul", "div"):
            return all(not a.axes or (len(a.axes) == 2 and 1 not in a.axes and self.known_symmetric(a)) for a in args)
        if op in ("inv", "neg", "choice"):
            return all(self.known_symmetric(a) for a in args)
        return False

    def known_symmetric(self, value: Value) -> bool:
        """The fact as far as it was asked for: values are asked as they are built, arguments
        first."""
        return len(value.axes) == 2 and self._symmetric.get(
            value, value.op in ("input", "eye") and self.symmetric(value)
        )

    def _mirrored(self, a: Value, b: Value) -> bool:
        """``Aᵀ A``, ``A Aᵀ``, and ``A S Aᵀ`` with S symmetric."""
        if (a.op == "T" and a.args[0] is b) or (b.op == "T" and b.args[0] is a):
            return True
        if a.op == "matmul" and len(a.args[1].axes) == 2:
            left, middle = a.args
            return self.known_symmetric(middle) and (
                (left.op == "T" and left.args[0] is b) or (b.op == "T" and b.args[0] is left)
            )
        return False
