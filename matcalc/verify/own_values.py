"""Functions that a program knows by their laws alone, as numbers.

Near a point at which a function is asked for its value may be anything; from there on the law tells it: along the line
to another argument, ``y' = L(X(s), y)[X' ]`` is integrated (Runge and Kutta's method of order four).  Where the law is
not the differential of a function, what is found that way has another derivative, and a check against differences
fails.  Functions whose laws hold each other's values at the same argument, as sine and cosine do, are integrated
together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.functions import bind
from matcalc.codegen.numpy_module import Request
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, axes, intern, postorder, rebuild
from matcalc.language.own_laws import OwnLaw, put_in
from matcalc.operations.table import variable
from matcalc.verify.own_calls import own_calls
from matcalc.verify.points import Code, Point

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Group", "OwnValues", "groups_of", "preparation"]

NEAR = 0.1  # of an argument's largest entry: farther away another value may stand
STEP = 1e-4  # of the integration, likewise
STEPS = 40

Arrays = tuple[Any, ...]


class Group:
    """A law and those whose values it needs at its own argument: the code of their right-hand sides.

    ``states`` are the values that are integrated together, by the law; empty where the law has a definition.
    """

    def __init__(self, law: OwnLaw, shapes: tuple[Any, ...], bound: Mapping[str, str]) -> None:
        self.law, self.shapes, self.bound = law, shapes, bound
        self.places, self.changes = law.arguments(shapes)
        self.states: dict[OwnLaw, Node] = {}
        taken = {node.params[0] for node in (*self.places, *self.changes)}
        waiting = [] if law.has_value else [law]
        while waiting:
            top = waiting.pop()
            if top in self.states or len(top.parameters) != len(law.parameters):
                continue
            name = f"value_{top.name}"
            while name in taken:
                name += "_"
            taken.add(name)
            self.states[top] = variable(name, top.value_shape(shapes))
            waiting += [node.params[1] for node in postorder(self._right(top)) if self._here(node)]
        self.rights = {other: self._plain(self._right(other)) for other in [*self.states] or [law]}
        self._codes: dict[tuple[OwnLaw, bool], Code] = {}

    def _right(self, law: OwnLaw) -> Node:
        """The right-hand side of a law of the group over this law's arguments."""
        places, changes = law.arguments(self.shapes)
        both = dict(zip((*places, *changes), (*self.places, *self.changes), strict=True))
        return put_in(law.differential(self.shapes), both)

    def _here(self, node: Node) -> bool:
        return node.op == "own" and list(node.args) == self.places and not node.params[1].has_value

    def _plain(self, right: Node) -> Node:
        """With the values at the argument as variables."""

        def replace(node: Node, args: tuple[Node, ...]) -> Node:
            if self._here(node):
                return self.states.get(node.params[1], node)
            return node if args == node.args else intern(node.op, args, node.params, node.shape)

        found = rebuild([right], replace)[right]
        return bind([found], self.bound)[found]

    def code(self, law: OwnLaw, *, complex_: bool) -> Code:
        """The code of a right-hand side."""
        if (law, complex_) not in self._codes:
            inputs = [*self.places, *self.changes, *self.states.values()]
            self._codes[law, complex_] = Code(Request(self.rights[law], inputs, complex_=complex_))
        return self._codes[law, complex_]

    def slopes(
        self, values: OwnValues, args: Arrays, directions: Arrays, states: Mapping[OwnLaw, Any], *,
        complex_: bool = False,
    ) -> dict[OwnLaw, Any]:
        """The right-hand sides at numbers."""
        given = dict(zip([node.params[0] for node in self.places], args, strict=True))
        given.update(zip([node.params[0] for node in self.changes], directions, strict=True))
        given.update({node.params[0]: states[law] for law, node in self.states.items()})
        return {law: self.code(law, complex_=complex_)(values.point(), given)[0] for law in self.rights}


class OwnValues:
    """The values of functions at one point of a check, drawn where they are first asked for.

    ``sizes`` are those of dimensions, ``functions`` the unknown elementwise ones.
    """

    def __init__(
        self, groups: Sequence[Group], sizes: Mapping[str, int], functions: dict[str, list[Any]],
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.groups, self.sizes, self.rng = groups, dict(sizes), rng
        self.bases: dict[int, list[tuple[Arrays, dict[OwnLaw, Any]]]] = {}
        self.functions = functions
        for group in groups:
            for law in group.states:
                self.functions.setdefault(law.name, [self.function(law)])

    def point(self) -> Point:
        """What generated code is called with beside inputs."""
        return Point(self.sizes, {}, self.functions)

    def function(self, law: OwnLaw) -> Callable[..., Any]:
        """A function that the law belongs to."""

        def value(*args: Any) -> Any:
            found = self.states(self.group(law, args), args)[law]
            return found if any(map(_is_complex, args)) else _real(found)

        return value

    def group(self, law: OwnLaw, args: Arrays) -> Group:
        """The group of a law for arguments of these sizes."""
        import numpy as np

        found = [group for group in self.groups if law in group.states]
        given = [np.shape(a) for a in args]
        return next((group for group in found if [self.sized(s) for s in group.shapes] == given), found[0])

    def sized(self, shape: Any) -> tuple[int, ...]:
        """The sizes of the axes of a shape."""
        return tuple([evaluate(dim, self.sizes) for dim in axes(shape)])

    def states(self, group: Group, args: Arrays) -> dict[OwnLaw, Any]:
        """The values of a group of functions at an argument."""
        import numpy as np

        known = self.bases.setdefault(self.groups.index(group), [])
        for base, states in known:
            far = max([_distance(a, b) for a, b in zip(args, base, strict=True)], default=0.0)
            if far <= NEAR:
                return _integrated(self, group, base, args, states, far)
        states = {}
        for law, node in group.states.items():
            shape = self.sized(node.shape)
            states[law] = self.rng.standard_normal(shape) if shape else float(self.rng.standard_normal())
        known.append((tuple([np.array(a).real if np.ndim(a) else complex(a).real for a in args]), states))
        return states


def _integrated(
    values: OwnValues, group: Group, base: Arrays, args: Arrays, states: dict[OwnLaw, Any], far: float
) -> dict[OwnLaw, Any]:
    import numpy as np

    complex_ = any(map(_is_complex, args))
    change = tuple([np.asarray(a) - b for a, b in zip(args, base, strict=True)])
    if not any(np.any(c) for c in change):
        return states
    count = min(STEPS, max(2, math.ceil(far / STEP)))

    def slopes(place: float, y: Mapping[OwnLaw, Any]) -> dict[OwnLaw, Any]:
        here = tuple([b + place * c for b, c in zip(base, change, strict=True)])
        return group.slopes(values, here, change, y, complex_=complex_)

    def moved(y: Mapping[OwnLaw, Any], k: Mapping[OwnLaw, Any], h: float) -> dict[OwnLaw, Any]:
        return {law: y[law] + h * k[law] for law in y}

    h = 1 / count
    for step in range(count):
        k1 = slopes(step * h, states)
        k2 = slopes((step + 0.5) * h, moved(states, k1, h / 2))
        k3 = slopes((step + 0.5) * h, moved(states, k2, h / 2))
        k4 = slopes((step + 1) * h, moved(states, k3, h))
        states = {law: y + h / 6 * (k1[law] + 2 * k2[law] + 2 * k3[law] + k4[law]) for law, y in states.items()}
    return states


def _distance(a: Any, b: Any) -> float:
    import numpy as np

    if np.shape(a) != np.shape(b):
        return math.inf
    size = float(np.abs(b).max())
    gap = float(np.abs(np.asarray(a) - b).max())
    return gap / size if size else gap


def _is_complex(a: Any) -> bool:
    import numpy as np

    return bool(np.iscomplexobj(a))


def _real(a: Any) -> Any:
    import numpy as np

    return np.asarray(a).real[()]


def groups_of(calls: Sequence[Node], bound: Mapping[str, str]) -> list[Group]:
    """The groups of the functions that are called and have no definition, one for each shape."""
    found: dict[tuple[OwnLaw, Any], Group] = {}
    for call in calls:
        law, shapes = call.params[1], tuple([a.shape for a in call.args])
        if not law.has_value and (law, shapes) not in found:
            group = Group(law, shapes, bound)
            found.update({(other, shapes): group for other in group.states})
    return list(dict.fromkeys(found.values()))


def preparation(
    value: Node, bound: Mapping[str, str], rng: np.random.Generator
) -> Callable[[dict[str, int], dict[str, list[Any]]], None] | None:
    """What gives each point of a check, its sizes and functions, the functions known by laws alone; where there are
    any.
    """
    groups = groups_of(own_calls(value), bound)
    if not groups:
        return None

    def prepare(sizes: dict[str, int], functions: dict[str, list[Any]]) -> None:
        OwnValues(groups, sizes, functions, rng)

    return prepare
