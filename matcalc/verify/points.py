"""The functions of a check, compiled, and the points at which they are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from matcalc import bounds
from matcalc.codegen.compiled import load
from matcalc.codegen.numpy_module import Module, Request, build
from matcalc.codegen.sizes import not_too_small
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, postorder
from matcalc.verify import sampling
from matcalc.verify.domain import Condition, conditions, wishes
from matcalc.verify.own_calls import formulas

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Code", "Point", "Sampler"]

ATTEMPTS = 300
Prepare: TypeAlias = Callable[[dict[str, int], dict[str, list[Any]]], None]


class Point:
    """A point: ``sizes`` of dimensions, ``inputs`` by name, and the unknown ``functions`` with
    their derivatives."""

    __slots__ = ("functions", "inputs", "sizes")

    def __init__(self, sizes: dict[str, int], inputs: dict[str, Any], functions: dict[str, list[Any]]) -> None:
        self.sizes, self.inputs, self.functions = sizes, inputs, functions


class Code:
    """Generated code, called with all inputs of a point: it picks what it asks for."""

    def __init__(self, request: Request) -> None:
        self.module: Module = build(request)
        self._function = load(self.module.text, self.module.name)

    def __call__(self, point: Point, inputs: Mapping[str, Any] | None = None) -> Any:
        """(value, gradients) at a point, or with other inputs in its place."""
        import numpy as np

        given = point.inputs if inputs is None else inputs
        arguments = {name: given[name] for name in self.module.inputs}
        arguments.update({name: point.sizes[name] for name in self.module.loose})
        for (function, order), name in self.module.functions.items():
            arguments[name] = point.functions[function][order]
        with np.errstate(all="ignore"):
            return self._function(**arguments)


def not_too_large(entries: int) -> None:
    """Raise `LimitError` for an array of more entries than a check may compute."""
    if entries > bounds.current().entries:
        message = f"the check would compute an array of {entries:,} entries"
        raise bounds.exceeded("entries", message, "a dimension that is a name is tried at small sizes")


class Sampler:
    """Draws points at which a program is defined and smooth.

    ``inputs`` all inputs, ``bound`` the functions that are known ones, ``fixed`` sizes asked for, ``prepare``
    what is done with the functions of each point, ``further`` nodes that are computed there beside the value.
    """

    def __init__(
        self, value: Node, inputs: Sequence[Node], dims: Sequence[str], least: Mapping[Any, int],
        bound: Mapping[str, str],
        fixed: Mapping[str, int], rng: np.random.Generator, prepare: Prepare | None = None,
        further: Iterable[Node] = (),
    ) -> None:  # fmt: skip
        from matcalc.codegen.functions import bind

        self.inputs, self.dims, self.fixed, self.rng = inputs, dims, fixed, rng
        self.least: dict[Any, int] = {}
        self.ask(least)
        plain = bind([value], bound)[value]
        self.shapes = [node.shape for node in inputs]
        self.all_shapes = {node.shape for node in postorder(value, *inputs)}
        laws = list(formulas(value))
        found = bind(laws, bound)
        self.conditions: list[Condition] = conditions(plain, [found[law] for law in laws])
        self.wishes = wishes(self.conditions)
        self.wishes.update(dict.fromkeys(exponents(plain), "whole"))
        self.prepare, parts = prepare, postorder(value, *laws, *further)
        self.unknown = sorted({n.params[0] for n in parts if n.op == "apply" and n.params[0] not in bound})
        guards = {str(i): condition.node for i, condition in enumerate(self.conditions)}
        self.code = Code(Request(plain, inputs, guards))

    def ask(self, least: Mapping[Any, int]) -> None:
        """Ask for dimensions of these sizes at least.  Raises `UnsupportedError` where a smaller one is fixed."""
        not_too_small(self.fixed, least)
        self.least.update({dim: max(size, self.least.get(dim, size)) for dim, size in least.items()})

    def point(self, scale: float = 1.0) -> Point | None:
        """The next point, or None where none was found; inputs are ``scale`` times as large as usual."""
        for attempt in range(ATTEMPTS):
            point = self._drawn(attempt, scale)
            if point is None:
                continue
            try:
                value, guards = self.code(point)
            except (ArithmeticError, ValueError):  # a singular matrix; anything else is a bug and shows
                continue
            if self._fits(value, guards):
                return point
        return None

    def _fits(self, value: Any, guards: Mapping[str, Any]) -> bool:
        import numpy as np

        if not np.all(np.isfinite(value)):
            return False
        return all(condition.holds(guards[str(i)]) for i, condition in enumerate(self.conditions))

    def _drawn(self, attempt: int, usual: float) -> Point | None:
        rng = self.rng
        sizes = sampling.sizes_of(self.dims, self.least, self.fixed, self.shapes, rng)
        if any(evaluate(dim, sizes) < 1 for shape in self.shapes for dim in shape):
            return None  # n - m + 1 entries, and n is less than m
        not_too_large(max(sampling.entries_of(shape, sizes) for shape in self.all_shapes))
        inputs = {}
        for node in self.inputs:
            name = node.params[0]
            wish, scale = self.wishes.get(name, ""), usual
            if attempt >= 10:  # the guesses were not enough: vary the sizes, then the signs
                scale = usual * float(rng.choice([0.1, 0.3, 1.0, 2.0]))
            if attempt >= 60 and wish != "whole" and rng.random() < 0.5:
                wish = str(rng.choice(["", "positive", "small", "negative"]))
            inputs[name] = sampling.draw(node, sizes, rng, wish, scale)
        functions = {name: sampling.random_function(rng, attempt % 2 == 1) for name in self.unknown}
        if self.prepare is not None:
            self.prepare(sizes, functions)
        return Point(sizes, inputs, functions)


def exponents(value: Node) -> list[str]:
    """The inputs in exponents of matrices: whole numbers, so that ``k``, ``k + 1`` and ``2*k`` are."""
    powers = [node.args[-1] for node in postorder(value) if node.op in ("matrix_power", "power_sum")]
    return list(dict.fromkeys([n.params[0] for n in postorder(*powers) if n.op == "var" and n.shape == (1, 1)]))
