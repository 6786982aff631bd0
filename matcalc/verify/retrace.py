"""Which step of a derivation a claim takes otherwise: every step taken wrongly, and held against the claim.

A wrong derivation is found by its numbers at several general points; nothing is said that does not hold at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node
from matcalc.verify.backward import Backward, Edge, Numbers
from matcalc.verify.edits import Mistake
from matcalc.verify.mistakes import changes

if TYPE_CHECKING:
    from matcalc.verify.check import Checker, Finding

__all__ = ["Retraced", "Wrong", "retraced"]

CLOSE = 1e-7  # of the largest entry
PAIRED = 60  # single mistakes that are tried two at a time
USUAL = {
    "missing derivative", "forgotten path", "missing transpose", "missing sum", "missing factor", "sign",
    "derivative order", "missing term",
}  # fmt: skip


class Wrong:
    """A step taken wrongly; ``formula`` None where the step is left out, and ``which`` numbers the formula."""

    __slots__ = ("edge", "formula", "mistake", "which")

    def __init__(self, edge: Edge, formula: Node | None, mistake: Mistake, which: int) -> None:
        self.edge, self.formula, self.mistake, self.which = edge, formula, mistake, which


class Retraced:
    """The derivation at all points of a check, and all single mistakes in it."""

    def __init__(self, backward: Backward, numbers: list[Numbers], project: Callable[[Any], Any]) -> None:
        self.backward, self.numbers, self.project = backward, numbers, project
        self.changes = {edge: changes(edge) for edge in backward.edges}
        self._matrices: dict[tuple[int, Edge], list[Any]] = {}

    def wrongs(self) -> list[Wrong]:
        """Every mistake, in the order in which they are to be believed: forgotten paths after mistakes in a step."""
        found = [
            Wrong(edge, formula, mistake, i)
            for edge, formulas in self.changes.items()
            for i, (formula, mistake) in enumerate(formulas)
        ]
        for edge in sorted(self.backward.edges, key=lambda e: len(self.backward.above[e.argument]) < 2):
            if len(self.backward.above[edge.argument]) > 1 or len(self.backward.below[edge.node]) > 1:
                found.append(Wrong(edge, None, Mistake("forgotten path", "path"), -1))
        return found

    def local(self, wrong: Wrong, p: int) -> Any | None:
        """What the wrong step does at a point; None where it has another shape than the right one."""
        import numpy as np

        right = self.numbers[p].local[wrong.edge]
        if wrong.formula is None:
            return np.zeros_like(right)
        if wrong.formula.shape != wrong.edge.argument.shape:
            return None
        key = p, wrong.edge
        if key not in self._matrices:
            same = [f for f, _ in self.changes[wrong.edge] if f.shape == wrong.edge.argument.shape]
            found = self.numbers[p].matrices(wrong.edge, same)
            self._matrices[key] = [found[same.index(f)] if f in same else None for f, _ in self.changes[wrong.edge]]
        return self._matrices[key][wrong.which]

    def gradient(self, wrongs: Sequence[Wrong], p: int) -> Any | None:
        """The gradient at a point that these mistakes lead to, in the shape of the claim."""
        import numpy as np

        changed = {}
        for wrong in wrongs:
            local = self.local(wrong, p)
            if local is None or not np.all(np.isfinite(local)):
                return None
            changed[wrong.edge] = local
        found = self.numbers[p].gradient(changed)
        return self.shaped(found, p)

    def shaped(self, found: Any, p: int) -> Any:
        """A gradient as the check has it: the value's axes first, projected where the variable is structured."""
        values = self.numbers[p].values
        shape = values[self.backward.value].shape + values[self.backward.target].shape
        return self.project(found.T.reshape(shape))

    def last(self, wrong: Wrong, p: int) -> Any | None:
        """What a wrong last step gives, in whatever shape it has; of a scalar value alone."""
        numbers = self.numbers[p]
        edge = wrong.edge
        if numbers.values[self.backward.value].size != 1 or wrong.formula is None:
            return None
        while edge.argument is not self.backward.target:  # transposing, and naming, are no steps
            below = self.backward.below[edge.argument]
            if len(below) != 1 or below[0].node.op not in ("T", "let") or len(self.backward.above[edge.argument]) > 1:
                return None
            edge = below[0]
        if len(self.backward.above[self.backward.target]) > 1:
            return None
        upstream = numbers.upstream[wrong.edge.node].reshape(numbers.values[wrong.edge.node].shape)
        return self.backward.results(wrong.edge, [wrong.formula], numbers, upstream)[0]


def retraced(checker: Checker, name: str, found: Sequence[Finding], project: Callable[[Any], Any]) -> Retraced | None:
    """The derivation of a gradient, ready to be taken wrongly; None where it cannot be retraced."""
    import numpy as np

    try:
        backward = Backward(checker, name)
        if backward.too_large():
            return None
        backward.prepare()
        numbers = [backward.at(finding.point) for finding in found]
        known = [n for n in numbers if n is not None]
        if len(known) < len(numbers):
            return None
        again = Retraced(backward, known, project)
        for p, finding in enumerate(found):
            truth = finding.numeric.array
            gap = np.abs(again.shaped(known[p].upstream[backward.target], p) - truth).max()
            if not gap <= 1e-6 * np.abs(truth).max():
                return None
    except (MatcalcError, ArithmeticError, ValueError, KeyError):  # no formula in matrices, a singular matrix
        return None
    return again


def close(a: Any, b: Any) -> bool:
    """Whether two arrays are one but for rounding."""
    import numpy as np

    if a.shape != b.shape:
        return False
    size = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return bool(np.abs(a - b).max() <= CLOSE * size)


def singles(again: Retraced, said: Sequence[Any]) -> Iterator[Wrong]:
    """The single mistakes that lead to the claim."""
    for wrong in again.wrongs():
        if all(_leads(again, [wrong], p, array) for p, array in enumerate(said)):
            yield wrong


def _leads(again: Retraced, wrongs: Sequence[Wrong], p: int, array: Any) -> bool:
    found = again.gradient(wrongs, p)
    return found is not None and close(found, array)


def lasts(again: Retraced, said: Sequence[Any]) -> Iterator[Wrong]:
    """The wrong last steps that lead to a claim of another shape."""
    for wrong in again.wrongs():
        for turned in (False, True):
            values = (again.last(wrong, p) for p in range(len(said)))
            if all(v is not None and close(v.T if turned else v, a) for v, a in zip(values, said, strict=True)):
                yield wrong
                break


def scaled(again: Retraced, said: Sequence[Any], factor: Callable[[list[Any]], str]) -> Iterator[tuple[Wrong, str]]:
    """The single mistakes that lead to a multiple of the claim, and by what, in words."""
    for wrong in again.wrongs():
        found = [again.gradient([wrong], p) for p in range(len(said))]
        if all(v is not None and v.any() for v in found):
            words = factor([v for v in found if v is not None])
            if words:
                yield wrong, words


def pairs(again: Retraced, said: Sequence[Any]) -> Iterator[tuple[Wrong, Wrong]]:
    """The mistakes in two steps that lead to the claim."""
    usual = [w for w in again.wrongs() if w.mistake.kind in USUAL and again.local(w, 0) is not None][:PAIRED]
    for first, second in combinations(usual, 2):
        if first.edge is not second.edge and all(
            _leads(again, [first, second], p, array) for p, array in enumerate(said)
        ):
            yield first, second
