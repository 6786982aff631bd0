"""The gradient check as it is taught: central differences at one step, entry by entry, and why at that step.

The numeric derivative by an entry θ is ``(J(θ + h) - J(θ - h)) / 2h``.  Its error has two sources: what the Taylor
series leaves, ``h²|J‴|/6``, and what rounding leaves of the difference of two nearly equal numbers, ``ε|J|/h`` (Press
et al., Numerical Recipes, 5.7).  They are equal near ``h = (6ε|J|/|J‴|)^(1/3)``; below it a smaller step makes things
worse.

The strict check (`matcalc.verify.check`) decides whether a gradient is right; this one shows what a course's own check
sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.errors import MatcalcError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node
from matcalc.verify import sampling
from matcalc.verify.check import Checker
from matcalc.verify.points import Code, Point
from matcalc.verify.targets import Target

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["STEP", "Entry", "Lecture", "Study", "lecture"]

STEP = 1e-4
FEW = 3  # entries of each variable, where none are chosen
STEPS = tuple(float(f"1e-{k}") for k in range(1, 13))
EPSILON = 2.0**-52


class Entry:
    """An entry of a variable: its ``name``, ``W[0, 1]``, the ``analytic`` and ``numeric`` derivative by it, and the
    relative ``error``: their difference by the larger of the two."""

    __slots__ = ("analytic", "error", "index", "name", "numeric", "variable")

    def __init__(self, variable: str, index: tuple[int, ...], analytic: float, numeric: float) -> None:
        self.variable, self.index = variable, index
        self.name = f"{variable}[{', '.join(map(str, index))}]" if index else variable
        self.analytic, self.numeric, self.error = analytic, numeric, relative(analytic, numeric)


class Study:
    """The error of one entry against the step: ``rows`` are (step, numeric derivative, absolute error).

    ``value`` is |J|, ``third`` |J‴|; ``best`` the step at which truncation and rounding are equal, None where J‴ is 0.
    """

    __slots__ = ("best", "entry", "rows", "third", "value")

    def __init__(self, entry: Entry, rows: list[tuple[float, float, float]], value: float, third: float) -> None:
        self.entry, self.rows, self.value, self.third = entry, rows, value, third
        self.best = (6 * EPSILON * value / third) ** (1 / 3) if third and value else None

    def truncation(self, h: float) -> float:
        """What the Taylor series leaves at a step, ``h²|J‴|/6``."""
        return h * h * self.third / 6

    def rounding(self, h: float) -> float:
        """What rounding leaves at a step, ``ε|J|/h``."""
        return EPSILON * self.value / h


class Lecture:
    """The check at one point: its sizes, the ``entries``, and a ``study`` of the entry that is least flat."""

    __slots__ = ("dims", "entries", "step", "study", "value")

    def __init__(
        self, dims: Mapping[str, int], value: float, entries: list[Entry], step: float, study: Study | None
    ) -> None:
        self.dims, self.value, self.entries, self.step, self.study = dict(dims), value, entries, step, study


def relative(a: float, b: float) -> float:
    """The difference by the larger of the two, 0 where both are zero.

    >>> relative(2.0, 1.0), relative(0.0, 0.0)
    (0.5, 0.0)
    """
    larger = max(abs(a), abs(b))
    return abs(a - b) / larger if larger else 0.0


def lecture(
    program: Program, gradients: Mapping[str, Node], *, value: Node | None = None, entries: str = "",
    step: float = STEP, functions: Mapping[str, str] | None = None, seed: int = 0,
    dims: Mapping[str, int] | None = None, structure: str = "projection",
) -> Lecture:  # fmt: skip
    """Compare gradients (nodes, by name) with central differences at one general point.

    ``entries`` are those to be shown, ``"W[0, 1], b[2]"``; where it is empty, a few of each variable. ``step`` is h.

    Raises `UnsupportedError` for a value that is no scalar and for a step that is none, `UnknownNameError` and
    `ShapeError` for entries that are not there, `MatcalcError` where no point is found at which the program is defined.
    """
    import numpy as np

    checker = Checker(program, functions, dims, value, structure, np.random.default_rng(seed))
    if checker.value.shape != (1, 1):
        hint = "give one entry a name and ask for it: s = y[0]"
        raise UnsupportedError("the check of the lecture is for a scalar", hint=hint)
    if not 1e-14 < step <= 1:
        raise UnsupportedError(f"a step of {step:g} is none to difference with", hint="1e-4 is usual")
    point = checker.sampler.point()
    if point is None:
        raise MatcalcError("no point was found at which the program is defined and smooth")
    known = Code(Request(checker.value, checker.inputs, gradients, functions=checker.bound))(point)[1]
    asked = chosen(entries, {name: np.shape(known[name]) for name in gradients}, checker.rng)
    rows = []
    for name, index in asked:
        moved = _Moved(checker.target(name), point, index, structure)
        rows.append(Entry(name, index, float(np.asarray(known[name])[index]), moved.central(step)))
    value_there = float(checker.sampler.code(point)[0])
    return Lecture(point.sizes, value_there, rows, step, _study(checker, point, rows, structure))


class _Moved:
    """The value as one entry of a variable moves; a symmetric matrix moves in two at once, a diagonal one in none but
    its diagonal."""

    def __init__(self, target: Target, point: Point, index: tuple[int, ...], structure: str) -> None:
        import numpy as np

        self.target, self.point, self.given = target, point, target.inputs(point)
        self.direction, self.factor = np.zeros(sampling.shape_of(target.node, point.sizes)), 0.0
        type_ = target.node.params[1]
        for direction, entry, factor in sampling.basis(target.node, point.sizes, structure):
            if entry == index or (entry == index[::-1] and type_ in ("symmetric", "posdef", "skew")):
                self.direction, self.factor = direction, factor
                if type_ == "skew" and entry != index:
                    self.factor = -factor

    def at(self, shift: float) -> float:
        """The value, the entry moved."""
        target = self.target
        if target.name not in target.real.module.inputs:
            return float(target.real(self.point, self.given)[0])
        moved = {**self.given, target.name: self.given[target.name] + shift * self.direction}
        return float(target.real(self.point, moved)[0])

    def central(self, h: float) -> float:
        """(J(θ + h) - J(θ - h)) / 2h."""
        return self.factor * (self.at(h) - self.at(-h)) / (2 * h)

    def third(self) -> float:
        """|J‴|, by the central difference of five points, extrapolated once."""

        def rough(h: float) -> float:
            return (self.at(2 * h) - 2 * self.at(h) + 2 * self.at(-h) - self.at(-2 * h)) / (2 * h**3)

        wide, narrow = rough(2e-2), rough(1e-2)
        noise = 20 * EPSILON * abs(self.at(0.0)) / 1e-6
        found = abs((4 * narrow - wide) / 3)
        return self.factor * found if found > noise else 0.0


def _study(checker: Checker, point: Point, rows: Sequence[Entry], structure: str) -> Study | None:
    """The error against the step, of the entry with the largest third derivative."""
    best: tuple[float, Entry, _Moved] | None = None
    for row in rows:
        moved = _Moved(checker.target(row.variable), point, row.index, structure)
        third = abs(moved.third())
        if row.analytic and (best is None or third > best[0]):
            best = third, row, moved
    if best is None:
        return None
    third, row, moved = best
    found = [(h, moved.central(h)) for h in STEPS]
    return Study(row, [(h, n, abs(n - row.analytic)) for h, n in found], abs(moved.at(0.0) * moved.factor), third)


# which entries ----------------------------------------------------------------------------------------------

_ENTRY = re.compile(r"\s*(\w+)\s*(?:\[([^\[\]]*)\])?\s*")


def chosen(text: str, shapes: Mapping[str, tuple[int, ...]], rng: Any) -> list[tuple[str, tuple[int, ...]]]:
    """The entries that are asked for, or a few of every variable.

    >>> chosen("W[0, -1], t", {"W": (2, 3), "t": ()}, None)
    [('W', (0, 2)), ('t', ())]
    """
    if not text.strip():
        return [(name, index) for name, shape in shapes.items() for index in _few(shape, rng)]
    found = []
    for word in re.split(r",(?![^\[]*\])", text):
        match = _ENTRY.fullmatch(word)
        if match is None:
            raise UnknownNameError(f"an entry is written W[0, 1], not {word.strip()[:40]!r}")
        name, inside = match[1], match[2]
        if name not in shapes:
            raise UnknownNameError(f"there is no gradient by {name}", hint=f"there is {', '.join(shapes)}")
        found.append((name, _index(name, inside, shapes[name])))
    return list(dict.fromkeys(found))


def _index(name: str, inside: str | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    sizes = "×".join(map(str, shape)) or "a scalar"
    numbers = [part.strip() for part in (inside or "").split(",")] if inside is not None else []
    if not all(re.fullmatch(r"-?\d{1,9}", number) for number in numbers):
        raise ShapeError(f"an entry has numbers in brackets, {name}[{'0, 1' if len(shape) == 2 else '0'}]")
    if len(numbers) != len(shape):
        raise ShapeError(f"{name} is {sizes} here and needs {len(shape)} numbers in brackets, not {len(numbers)}")
    index = tuple(int(k) + (size if int(k) < 0 else 0) for k, size in zip(numbers, shape, strict=True))
    if not all(0 <= k < size for k, size in zip(index, shape, strict=True)):
        raise ShapeError(f"{name} is {sizes} here and has no entry [{inside}]", hint="--dims gives sizes")
    return index


def _few(shape: tuple[int, ...], rng: Any) -> list[tuple[int, ...]]:
    """Some entries, drawn without repetition, in their order."""
    import numpy as np

    count = int(np.prod(shape))
    drawn = sorted(rng.choice(count, min(count, FEW), replace=False)) if shape else [0]
    return [tuple(int(k) for k in np.unravel_index(at, shape)) if shape else () for at in drawn]
