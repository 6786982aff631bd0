"""A computation cut into passes over blocks of rows.

What a reduction over the split axis gives is known after the pass that adds it up, and may be used by anything later:
a value's *stage* is the number of passes that have to be done before it can be computed.  A mean that is taken away
from every row, or the normaliser of a softmax over all samples, so makes a second pass; most gradients need one.
A scalar of a later stage that multiplies what a reduction sums is taken outside (``X.T @ (r / norm(r))`` is
``(X.T @ r) / norm(r)``), so that it costs no pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TypeAlias

from matcalc.codegen.blocked.axes import axis_of, carries, crowded, reduction, rowwise
from matcalc.codegen.values import ONE, Axes, Graph, Value
from matcalc.codegen.walks import below
from matcalc.expressions.dims import multiply

__all__ = ["Mixed", "Pass", "Splitting", "rebuilt"]

LINEAR = frozenset({"T", "neg", "expand", "lift", "sum", "matmul", "dot", "inner", "outer", "mul", "index", "reshape"})
OVER = ("div", "guarded")  # linear in the first argument
Scale: TypeAlias = tuple[str, Value]  # "mul", "div" or "guarded", and a scalar
Scales: TypeAlias = tuple[Scale, ...]


class Mixed(Exception):
    """The computation cannot be split along the axis: the value that is not, and why."""

    def __init__(self, value: Value, reason: str) -> None:
        super().__init__(reason)
        self.value, self.reason = value, reason


class Pass:
    """One pass over the data: the sums that it adds up, each with the function that does, and what it gives row by
    row."""

    __slots__ = ("rows", "sums")

    def __init__(self) -> None:
        self.sums: dict[Value, str] = {}
        self.rows: dict[Value, None] = {}

    def roots(self) -> list[Value]:
        """All that a block computes."""
        return [*self.sums, *self.rows]


class Splitting:
    """The outputs along the axis ``dim``: ``passes`` over the data, ``outputs`` and ``hints`` in new values.

    Raises `Mixed` where there are no such passes.
    """

    def __init__(self, graph: Graph, outputs: Sequence[Value], hints: Mapping[Value, str], dim: str) -> None:
        self.graph, self.dim = graph, dim
        self.stage: dict[Value, int] = {graph.one: 0}
        self.sums: dict[Value, str] = {}
        self.scaled: dict[Value, tuple[Value, Scales]] = {}
        new: dict[Value, Value] = {}
        self.origin: dict[Value, Value] = {}
        for value in below(outputs):
            args = tuple([new[a] for a in value.args])
            try:
                new[value] = self._rewritten(value, args)
            except Mixed as found:
                raise Mixed(value, found.reason) from None
        self.outputs = [new[value] for value in outputs]
        self.hints = {new[value]: name for value, name in hints.items() if value in new}
        self.passes = self._passes()

    def _passes(self) -> list[Pass]:
        found: dict[int, Pass] = {}
        for value in below(self.outputs):
            if value in self.sums:
                found.setdefault(self.stage[value] - 1, Pass()).sums[value] = self.sums[value]
        for value in self.outputs:
            if carries(value, self.dim):
                found.setdefault(self.stage[value], Pass()).rows[value] = None
        return [found[k] for k in sorted(found)]

    # values ------------------------------------------------------------------------------------------------

    def _rewritten(self, value: Value, args: tuple[Value, ...]) -> Value:
        """The value in new arguments, in a form that sums over rows where it reduces them."""
        if any(carries(a, self.dim) for a in args):
            rule = FORMS.get(value.params[0] if value.op == "call" else value.op)
            found = rule(self, value, args) if rule is not None else None
            if found is not None:
                return found
        return self.make(value.op, args, value.params, value.axes)

    def make(self, op: str, args: tuple[Value, ...], params: tuple[object, ...] = (), axes: Axes = ()) -> Value:
        """A value, judged; a reduction with the scalars of later stages taken outside."""
        value = self.graph.value(op, args, params, axes)
        if value in self.stage:
            return value
        inner = self._unscaled(value)
        if inner is not None:
            core, scales = inner
            if not carries(value, self.dim):
                for how, scalar in scales:
                    core = self.make(how, (scalar, core) if how == "mul" else (core, scalar), (), core.axes)
                return core
            self.scaled[value] = inner
        self._judge(value)
        return value

    def _judge(self, value: Value) -> None:
        dim = self.dim
        rows = [a for a in value.args if carries(a, dim)]
        stage = max([self.stage[a] for a in value.args], default=0)
        if not rows:
            reason = crowded(value, dim)
            if carries(value, dim) and value.op not in ("input", "spread"):
                reason = reason or f"needs all of {dim} at once"
        elif carries(value, dim):
            reason = rowwise(value, dim)
        else:
            how = reduction(value, dim)
            reason = crowded(value, dim) if how else f"needs all of {dim} at once"
            self.sums[value] = how
            stage += 1
        if reason:
            raise Mixed(value, reason)
        self.stage[value] = stage

    # scalars of later stages -------------------------------------------------------------------------------

    def _unscaled(self, value: Value) -> tuple[Value, Scales] | None:
        """What a row-wise value, or a reduction of such, is a multiple of at an earlier stage."""
        if not any(carries(v, self.dim) for v in (value, *value.args)):
            return None
        if value.op == "spread" and value.params[0] == "scalar" and self.stage[value.args[0]]:
            return self.make("spread", (self.graph.one,), value.params, value.axes), (("mul", value.args[0]),)
        own = self._by_scalar(value)
        if own is not None:
            return own
        if value.op in LINEAR or value.op in OVER:
            return self._pulled(value, value.args[:1] if value.op in OVER else value.args)
        return None

    def _by_scalar(self, value: Value) -> tuple[Value, Scales] | None:
        """A row-wise value times or over a scalar that is known later than it."""
        if value.op not in ("mul", *OVER):
            return None
        core, scalar = value.args
        if value.op == "mul" and not core.axes:
            core, scalar = scalar, core
        if scalar.axes or not core.axes or not carries(core, self.dim):
            return None
        base, scales = self.scaled.get(core, (core, ()))
        if self.stage[scalar] <= self.stage[base]:
            return None
        return base, (*scales, (value.op, scalar))

    def _pulled(self, value: Value, linear: tuple[Value, ...]) -> tuple[Value, Scales] | None:
        scales: Scales = ()
        args = []
        for argument in value.args:
            base, own = self.scaled.get(argument, (argument, ())) if argument in linear else (argument, ())
            args.append(base)
            scales += own
        if not scales:
            return None
        return self.make(value.op, tuple(args), value.params, value.axes), scales

    # forms -------------------------------------------------------------------------------------------------

    def mean(self, value: Value, args: tuple[Value, ...]) -> Value | None:
        """A mean over the axis: the sum over the number of entries."""
        (body,), (axis,) = args, value.params
        if not self.reduces(body, axis):
            return None
        return self.averaged(body, axis, value.axes)

    def averaged(self, body: Value, axis: int | None, axes: Axes) -> Value:
        """The sum along an axis over the number of entries there."""
        size = body.axes[axis] if axis is not None else reduce(multiply, body.axes)
        total = self.make("sum", (body,), (axis,), axes)
        return self.make("div", (total, self.make("size", (), (size,))), (), axes)

    def reduces(self, body: Value, axis: int | None) -> bool:
        """Whether a reduction along ``axis`` takes the split axis away."""
        return carries(body, self.dim) and axis in (None, axis_of(body, self.dim))

    def norm(self, value: Value, args: tuple[Value, ...]) -> Value:
        """The Euclidean norm: the root of a sum."""
        op = "dot" if len(args[0].axes) == 1 else "inner"
        return self.make("map", (self.make(op, (args[0], args[0])),), ("sqrt",))

    def soft(self, value: Value, args: tuple[Value, ...]) -> Value | None:
        """``softmax`` and ``log_softmax`` over the axis, by the normaliser of a pass before."""
        name, axis = value.params
        (body,) = args
        if not self.reduces(body, axis):
            return None
        axes = () if axis is None else (body.axes[1 - axis],)
        normaliser = self.make("call", (body,), ("logsumexp", axis), axes)
        logged = self.make("sub", (body, self._beside(normaliser, axis)), (), value.axes)
        return logged if name == "log_softmax" else self.make("map", (logged,), ("exp",), value.axes)

    def spread(self, value: Value, args: tuple[Value, ...]) -> Value | None:
        """``variance`` and ``std`` over the axis, from the mean of a pass before."""
        name, axis = value.params
        (body,) = args
        if not self.reduces(body, axis):
            return None
        axes = () if axis is None else (body.axes[1 - axis],)
        centred = self.make("sub", (body, self._beside(self.averaged(body, axis, axes), axis)), (), body.axes)
        squared = self.make("pow", (centred, self.make("const", (), (2 * ONE,))), (), body.axes)
        found = self.averaged(squared, axis, axes)
        return found if name == "variance" else self.make("map", (found,), ("sqrt",), axes)

    def covariance(self, value: Value, args: tuple[Value, ...]) -> Value | None:
        """``cov`` of rows that are split, from the mean of a pass before."""
        (body,) = args
        if axis_of(body, self.dim) != 0:
            return None
        centred = self.make("sub", (body, self.averaged(body, 0, body.axes[1:])), (), body.axes)
        turned = self.make("T", (centred,), (), body.axes[::-1])
        size = self.make("size", (), (self.dim,))
        return self.make("div", (self.make("matmul", (turned, centred), (), value.axes), size), (), value.axes)

    def _beside(self, value: Value, axis: int | None) -> Value:
        return self.make("expand", (value,), (), (*value.axes, 1)) if axis == 1 else value


FORMS: dict[str, Callable[[Splitting, Value, tuple[Value, ...]], Value | None]] = {
    "mean": Splitting.mean, "norm": Splitting.norm, "softmax": Splitting.soft, "log_softmax": Splitting.soft,
    "variance": Splitting.spread, "std": Splitting.spread, "cov": Splitting.covariance,
}  # fmt: skip



def rebuilt(graph: Graph, roots: Sequence[Value], new: dict[Value, Value]) -> list[Value]:
    """The roots with some values replaced; ``new`` is filled with what becomes of the others."""
    for value in below(roots, stop=new.__contains__):
        if value not in new:
            args = tuple([new[a] for a in value.args])
            new[value] = value if args == value.args else graph.value(value.op, args, value.params, value.axes)
    return [new[value] for value in roots]
