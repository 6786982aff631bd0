"""The truth about a program: its value and derivatives at a point, of `terms.Values` alone.

A complex step, or differences where a complex step does not differentiate.  It shares nothing with the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from terms import REAL, Term, Values
from typed_programs import Program

TINY = 1e-25


class Unjudged(Exception):
    """The truth is not to be had at this point."""


class Truth:
    """The value and its derivatives at a point."""

    base: dict[int, Any] | None = None

    def __init__(self, program: Program, seed: int, module: Any = np) -> None:
        self.program, self.module = program, module
        self.all = program.arguments(seed)
        self.inputs = {n: np.asarray(a) for n, a in self.all.items() if n in program.used()}
        self.seen: dict[int, Any] | None = {}
        self.still: dict[frozenset[str], dict[int, Any]] = {}
        self.shapes: dict[Any, Any] = {}
        self.value = self.at({})
        self.base, self.seen = self.seen, None
        if not all(np.all(np.isfinite(array)) for array in self.base.values()):
            raise Unjudged("too large")
        self.depends = dependencies(program)

    def unmoved(self, names: frozenset[str]) -> dict[int, Any]:
        """The values of terms in which none of the names occurs."""
        if self.base is None:
            return {}
        if names not in self.still:
            self.still[names] = {k: a for k, a in self.base.items() if not self.depends[k] & names}
        return self.still[names]

    def at(self, moved: Mapping[str, Any]) -> Any:
        """The value with something added to inputs and intermediate variables."""
        inputs = {n: a + moved[n] if n in moved else a for n, a in self.inputs.items()}
        values = Values(self.module, inputs, self.program.sizes, self.program.functions)
        values.shapes = self.shapes
        if moved:
            values.known = self.unmoved(frozenset(moved))
        values.seen = self.seen
        for name, term in self.program.lets.items():
            found = values(term)
            values.lets[name] = found + moved[name].reshape(found.shape) if name in moved else found
        return squeezed(self.program.value, values(self.program.value))

    def let(self, name: str) -> Any:
        values = Values(np, self.inputs, self.program.sizes, self.program.functions)
        for other, term in self.program.lets.items():
            values.lets[other] = values(term)
        return squeezed(self.program.lets[name], values.lets[name])

    def jacobian(self, name: str, moved: Mapping[str, Any] | None = None) -> Any:
        """By an input or an intermediate variable: axes of the value, then of the variable."""
        at = self.inputs[name] if name in self.inputs else self.let(name)
        columns = []
        smooth = not self.program.operations() & set(REAL)
        for place in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[place] = 1
            base = moved.get(name, 0) if moved else 0
            if smooth:
                step = {**(moved or {}), name: base + 1j * TINY * unit}
                columns.append(np.imag(self.at(step)) / TINY)
            else:
                columns.append(differences(lambda h, u=unit, b=base: self.at({**(moved or {}), name: b + h * u})))
        return np.stack(columns, axis=-1).reshape((*self.value.shape, *at.shape))

    def hessian(self, first: str, second: str) -> Any:
        """Differences of the complex step."""
        at = self.inputs[second]
        columns = []
        for place in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[place] = 1
            columns.append(differences(lambda h, u=unit: self.jacobian(first, {second: h * u})))
        return np.stack(columns, axis=-1).reshape((*self.inputs[first].shape, *at.shape))

    def along(self, name: str, direction: Any) -> Any:
        """The Hessian of a scalar by an input, times a direction."""
        return differences(lambda h: self.jacobian(name, {name: h * direction})).reshape(direction.shape)


def dependencies(program: Program) -> dict[int, frozenset[str]]:
    """The inputs and intermediate variables that each term varies with, by the term's identity."""
    found: dict[int, frozenset[str]] = {}
    lets: dict[str, frozenset[str]] = {}

    def visit(term: Term) -> frozenset[str]:
        names: frozenset[str] = frozenset().union(*[visit(a) for a in term.args])
        if term.op == "var":
            names = frozenset([term.params[0]])
        elif term.op == "let":
            names = lets[term.params[0]] | {term.params[0]}
        found[id(term)] = names
        return names

    for name, term in program.lets.items():
        lets[name] = visit(term)
    visit(program.value)
    return found


def squeezed(term: Term, array: Any) -> Any:
    return array.reshape([n for n, d in zip(array.shape, term.shape, strict=True) if d != 1])


def differences(value: Callable[[float], Any]) -> Any:
    """Central differences extrapolated twice; where they do not settle, or sides differ, there is no derivative."""
    steps = (4e-3, 2e-3, 1e-3)
    high, low, middle = [value(h) for h in steps], [value(-h) for h in steps], value(0.0)
    d = [(a - b) / (2 * h) for a, b, h in zip(high, low, steps, strict=True)]
    first = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
    found = (16 * first[1] - first[0]) / 15
    bend = [np.max(np.abs(a + b - 2 * middle)) / h for a, b, h in zip(high, low, steps, strict=True)]
    scale = 1 + np.max(np.abs(found))
    if not np.max(np.abs(first[1] - first[0])) < 1e-5 * scale or (bend[2] > 1e-4 * scale and bend[2] > 0.7 * bend[0]):
        raise Unjudged("differences do not settle")
    return found


def projected(array: Any, node: Term | None, structure: str, axis: int) -> Any:
    """The derivative by a structured matrix, whose rows and columns are two axes of the array."""
    type_ = node.params[1] if node is not None else ""
    if type_ not in ("symmetric", "posdef", "diagonal", "skew"):
        return array
    turned, n = np.swapaxes(array, axis, axis + 1), array.shape[axis]
    mask = np.eye(n).reshape([n if k in (axis, axis + 1) else 1 for k in range(array.ndim)])
    if type_ == "diagonal":
        return array * mask
    if type_ in ("symmetric", "posdef"):
        return (array + turned) / 2 if structure == "projection" else array + turned - array * mask
    return (array - turned) / (2 if structure == "projection" else 1)
