"""What is wrong with a claim about a gradient.

The neighbourhood of the right gradient is generated and held against the claim, in numbers, at every point of the
check: the whole turned, negated or multiplied; every step of the derivation taken wrongly (`matcalc.verify.retrace`);
the gradient's formula, and that of the claim, edited in one place (`matcalc.verify.edits`); what the claim may take for
granted; a wrong step and a wrong factor, two wrong steps.  The first explanation that holds at all points is told, the
simplest before others; where there is none, the message says where the claim is furthest from the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.names import without_names
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.phrases import Phrases
from matcalc.verify import retrace
from matcalc.verify.assumptions import assumed
from matcalc.verify.claims import same
from matcalc.verify.edits import Edit, edits
from matcalc.verify.multiples import constant, ratios
from matcalc.verify.points import Code
from matcalc.verify.projections import PROJECTIONS, as_it_is
from matcalc.verify.report import Diagnosis
from matcalc.verify.telling import Steps, Telling

if TYPE_CHECKING:
    from matcalc.verify.check import Checker, Finding
    from matcalc.verify.claims import Claim

__all__ = ["Tutor"]

EDITS = 150  # tried at most of one formula
FEW = 24  # tried at most where two are made
OF_STEPS = {"no_derivative", "value_for_derivative", "other_argument", "path"}  # what only steps can tell
Arrays = Sequence[Any]
Told = tuple[tuple[str, ...], str, str]  # the kinds, the sentence, the step


class Tutor:
    """Diagnoses one claim."""

    def __init__(
        self, claim: Claim, checker: Checker, found: Sequence[Finding], gradient: Node | None, say: Phrases,
        tolerance: float,
    ) -> None:  # fmt: skip
        self.claim, self.checker, self.found, self.gradient = claim, checker, found, gradient
        self.say, self.tolerance = say, tolerance
        self.truth = [finding.numeric.array for finding in found]
        self.points = [finding.point for finding in found]
        self.telling = Telling(say, checker.program)
        node = checker.node(claim.name)
        self.type = node.params[1] if node.op == "var" else ""
        self._again: retrace.Retraced | None = None
        self._steps: Steps | None = None
        self._edited: dict[Node, list[tuple[Edit, list[Any]]]] = {}

    def diagnosis(self, said: Arrays) -> Diagnosis:
        """What is wrong with the claim, whose values at the points are given."""
        told = self._of_shape(said) or self._of_values(said) or self._unknown(said)
        kinds, words, step = told
        return Diagnosis(kinds, words if kinds[0] == "shape" else self.say("wrong", what=words), step)

    # shapes -------------------------------------------------------------------------------------------------

    def _of_shape(self, said: Arrays) -> Told | None:
        """A claim of another shape; nothing where its shape is right."""
        scalar = self.checker.value.shape == (1, 1)
        fits = all(a.shape == b.shape for a, b in zip(said, self.truth, strict=True))
        if fits and (not scalar or kind(self.claim.node.shape) == kind(self.claim.shape)):
            return None
        right = self.claim.shape if scalar else (*axes(self.checker.value.shape), *axes(self.claim.shape))
        shapes = {"claimed": self._written(self.claim.node.shape), "shape": self._written(right)}
        turned = [a.T for a in said]
        if all(a.shape == b.shape for a, b in zip(turned, self.truth, strict=True)):
            if same(turned, self.truth, self.tolerance):
                return ("shape", "transposed"), self.say("transposed_shape", **shapes), ""
            told = self._of_values(turned)
            if told is not None:
                words = self.say("shape_because", wrong=self.say("transposed_shape", **shapes), what=told[1])
                return ("shape", "transposed", *told[0]), words, told[2]
            return ("shape",), self.say("shape_not_enough", **shapes), ""
        words = self.say("shape", **shapes)
        for told in self._of_other_shape(said):
            return ("shape", *told[0]), self.say("shape_because", wrong=words, what=told[1]), told[2]
        return ("shape",), words, ""

    def _written(self, shape: tuple[Dim, ...]) -> str:
        """A shape in the layout of the claim."""
        if self.claim.turned:
            first = len(axes(self.claim.shape))
            shape = shape[::-1] if len(shape) == 2 else (*shape[-first:], *shape[:-first])
        return self._shape(shape)

    def _shape(self, shape: tuple[Dim, ...]) -> str:
        if shape == (1, 1):
            return self.say("scalar_shape")
        return "×".join([dim_text(dim) for dim in shape])

    def _of_other_shape(self, said: Arrays) -> Iterator[Told]:
        again = self.again
        if again is not None:
            for wrong in retrace.lasts(again, said):
                yield self._told(wrong)
        yield from self._formulas(said, self.claim.node.shape)

    # values -------------------------------------------------------------------------------------------------

    def _of_values(self, said: Arrays) -> Told | None:
        """The simplest explanation that holds at all points."""
        searches: tuple[Callable[[Arrays], Iterator[Told]], ...] = (
            self._whole, self._one_place, self._assumed, self._both, self._pairs, self._varying,
        )  # fmt: skip
        for search in searches:
            for told in search(said):
                return told
        return None

    def _whole(self, said: Arrays) -> Iterator[Told]:
        """The whole is zero, turned, negated, a multiple, or not projected."""
        import numpy as np

        if all(not np.any(a) for a in said):
            yield ("zero",), self.say("zero"), ""
        elif not all(np.all(np.isfinite(a)) for a in said):
            yield ("not finite",), self.say("not_finite"), ""
        elif all(np.abs(b).max() <= 1e-13 * np.abs(a).max() for a, b in zip(said, self.truth, strict=True)):
            yield ("zero",), self.say("gradient_zero"), ""
        square = all(a.ndim == 2 and a.shape == a.T.shape for a in said)
        if square and same([a.T for a in said], self.truth, self.tolerance):
            yield ("transposed",), self.say("transposed"), ""
        yield from self._multiple(said)
        if square:
            for kinds, words, step in self._multiple([a.T for a in said]):
                yield ("transposed", *kinds), self.say("and", first=self.say("transposed"), second=words), step
        if self.type:
            yield from self._projected(said)

    def _multiple(self, said: Arrays) -> Iterator[Told]:
        found = ratios(said, self.truth, self.tolerance)
        number, what = constant(found, self.points) if found else ("", "")
        if not number:
            return
        if (number, what) == ("-1", ""):
            kinds: tuple[str, ...] = ("sign",)
            words = self.say("sign")
        else:
            kinds, words = ("factor",), self._multiple_words(number, what)
        again = self.again
        for wrong in retrace.singles(again, said) if again is not None else ():
            if wrong.formula is not None:  # the step where it happens
                _, more, step = self._told(wrong)
                yield kinds, self.say("shape_because", wrong=words, what=more), step
                return
        yield kinds, words, ""

    def _multiple_words(self, number: str, what: str) -> str:
        if not what:
            return self.say("factor", number=number)
        return self.say("factor_dim", number=what if number == "1" else f"{number}·{what}")

    def _varying(self, said: Arrays) -> Iterator[Told]:
        found = ratios(said, self.truth, self.tolerance) if all(a.ndim for a in said) else None
        if found:
            numbers = ", ".join(f"{ratio:.4g}" for ratio in found)
            yield ("factor",), self.say("factor_varies", numbers=numbers), ""

    def _projected(self, said: Arrays) -> Iterator[Told]:
        """Only the projection on the space of a structured matrix is missing."""
        import numpy as np

        if self.type not in PROJECTIONS or self.checker.structure != "projection":
            return
        onto, formula = PROJECTIONS[self.type]
        if same([onto(a) for a in said], self.truth, self.tolerance):
            yield ("projection",), self.say("projection", name=self.claim.name, type=self.type, formula=formula), ""
        entries = [a * (2 - np.eye(a.shape[-1])) for a in self.truth]  # of a Jacobian, on the variable's axes
        if self.type in ("symmetric", "posdef") and same(said, entries, self.tolerance):
            yield ("projection",), self.say("by_entries", type=self.type, name=self.claim.name), ""

    # steps --------------------------------------------------------------------------------------------------

    @property
    def again(self) -> retrace.Retraced | None:
        """The derivation retraced, where that is possible."""
        if self._steps is None:
            project = PROJECTIONS[self.type][0] if self.type in PROJECTIONS else as_it_is
            if self.checker.structure == "projection" or project is as_it_is:
                self._again = retrace.retraced(self.checker, self.claim.name, self.found, project)
            if self._again is not None:
                name = self.checker.program.value_name or ""
                self._steps = Steps(self.say, self.checker.program, self._again.backward, name)
        return self._again

    def _told(self, wrong: retrace.Wrong) -> Told:
        assert self._steps is not None
        return (wrong.mistake.kind,), self._steps.wrong(wrong), self._steps.partial(wrong.edge.argument)

    def _one_place(self, said: Arrays) -> Iterator[Told]:
        """One step taken wrongly, or one place of a formula.

        Where both explain the claim, the formula's words are nearer to what was written, and the step tells where.
        """
        again = self.again
        wrongs = list(retrace.singles(again, said)) if again is not None else []
        first = min(wrongs, key=lambda w: w.mistake.key not in OF_STEPS, default=None)
        if first is not None and first.mistake.key in OF_STEPS:
            yield self._told(first)
        for told in self._formulas(said, self.claim.shape):
            if first is None or self._steps is None:
                yield told[0], told[1] + self._but(told[0], said), told[2]
            else:
                words = told[1] + self._but(told[0], said)
                yield told[0], self._steps.placed(words, first.edge), self._steps.partial(first.edge.argument)
        if first is not None:
            yield self._told(first)

    def _assumed(self, said: Arrays) -> Iterator[Told]:
        """The claim is right where a matrix is symmetric, or where entries sum to one."""
        for name, type_ in assumed(self.claim.node, self.claim.name, self.checker, self.found, self.tolerance):
            yield ("assumption",), self.say(f"right_if_{type_}", name=name), ""

    def _but(self, kinds: tuple[str, ...], said: Arrays) -> str:
        """Where the claim would be right, of a transpose alone."""
        if not {"missing transpose", "extra transpose"} & set(kinds):
            return ""
        return "".join([self.say("hint", what=words) for _, words, _ in self._assumed(said)])

    def _both(self, said: Arrays) -> Iterator[Told]:
        """A wrong step, or an edit, and a wrong factor."""

        def factor(found: list[Any]) -> str:
            by = ratios(said, found, self.tolerance)
            number, what = constant(by, self.points, simple=True) if by else ("", "")
            if (number, what) == ("-1", ""):
                return self.say("sign")
            return self._multiple_words(number, what) if number else ""

        again = self.again
        if again is not None:
            for wrong, words in retrace.scaled(again, said, factor):
                kinds, first, step = self._told(wrong)
                yield (*kinds, "factor"), self.say("and", first=first, second=words), step
        for edit, values in [tried for formula in self._gradients() for tried in self._tried(formula)]:
            if edit.node.shape == self.claim.shape and all(v.any() for v in values) and (words := factor(values)):
                first = self.telling.mistake(edit.missing)
                yield (edit.missing.kind, "factor"), self.say("and", first=first, second=words), ""

    def _pairs(self, said: Arrays) -> Iterator[Told]:
        again = self.again
        for pair in retrace.pairs(again, said) if again is not None else ():
            (a, first, step), (b, second, _) = (self._told(wrong) for wrong in pair)
            yield (*a, *b), self.say("and", first=first, second=second), step
        yield from self._two_places(said)

    def _two_places(self, said: Arrays) -> Iterator[Told]:
        """Two edits of the gradient's formula."""
        for formula in self._gradients():
            if len(formula.shape) > 2:
                return
            first = [e for _, e in zip(range(FEW), edits(formula), strict=False) if e.missing.kind in retrace.USUAL]
            for one in first:
                found = [e for _, e in zip(range(FEW), edits(one.node), strict=False)]
                fitting = [e for e in found if e.node.shape == self.claim.shape and e.missing.kind in retrace.USUAL]
                for other, values in self._evaluated(fitting):
                    if same(values, said, retrace.CLOSE):
                        words = [self.telling.mistake(e.missing) for e in (one, other)]
                        kinds = one.missing.kind, other.missing.kind
                        yield kinds, self.say("and", first=words[0], second=words[1]), ""

    # formulas -----------------------------------------------------------------------------------------------

    def _formulas(self, said: Arrays, shape: Shape) -> Iterator[Told]:
        """The edit that makes the gradient's formula the claim, or the claim's formula the gradient."""
        for formula in self._gradients():
            for edit, values in self._tried(formula):
                if edit.node.shape == shape and same(values, said, retrace.CLOSE):
                    yield (edit.missing.kind,), self.telling.mistake(edit.missing), ""
        for formula in dict.fromkeys([self.claim.node, *without_names([self.claim.node])]):
            for edit, values in self._tried(formula):
                if edit.node.shape == self.claim.shape and same(values, self.truth, self.tolerance):
                    yield (edit.extra.kind,), self.telling.mistake(edit.extra), ""

    def _gradients(self) -> list[Node]:
        """The gradient's formula, with the program's names and without."""
        return [] if self.gradient is None else list(dict.fromkeys([self.gradient, *without_names([self.gradient])]))

    def _tried(self, formula: Node | None) -> list[tuple[Edit, list[Any]]]:
        """The edited formulas and their values, all in one module."""
        if formula is None or len(formula.shape) > 2:
            return []
        if formula not in self._edited:
            self._edited[formula] = self._evaluated([e for _, e in zip(range(EDITS), edits(formula), strict=False)])
        return self._edited[formula]

    def _evaluated(self, tried: list[Edit]) -> list[tuple[Edit, list[Any]]]:
        import numpy as np

        if not tried:
            return []
        nodes = {str(i): edit.node for i, edit in enumerate(tried)}
        code = Code(Request(self.checker.value, self.checker.inputs, nodes, functions=self.checker.bound))
        try:
            results = [code(point)[1] for point in self.points]
        except (ArithmeticError, ValueError, IndexError):  # singular, no such entry: half at a time
            half = len(tried) // 2
            return [*self._evaluated(tried[:half]), *self._evaluated(tried[half:])] if half else []
        return [
            (edit, [np.asarray(result[str(i)], dtype=float) for result in results]) for i, edit in enumerate(tried)
        ]

    # ---------------------------------------------------------------------------------------------------------

    def _unknown(self, said: Arrays) -> Told:
        """How far the claim is from the gradient, and where."""
        from matcalc.verify.check import difference

        pairs = [(*difference(a, b), a, b) for a, b in zip(said, self.truth, strict=True)]
        error, where, a, b = max(pairs, key=lambda pair: pair[0])
        place = self.say("at", place=", ".join(map(str, where))) if where else ""
        words = self.say(
            "unknown", error=f"{error:.1e}", place=place, claimed=f"{float(a[where]):.6g}",
            number=f"{float(b[where]):.6g}",
        )  # fmt: skip
        return ("unknown",), words, ""
