"""Claims: a gradient that somebody says is right, and if it is not, what is wrong with it.

A claim is read in the language beside the program and evaluated by generated code at the points of
the check.  A wrong one is diagnosed (`matcalc.verify.tutor`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.calculus.tensors import entries, indexed_sum
from matcalc.codegen.numpy_module import Request
from matcalc.expressions.dims import Dim, add, subtract
from matcalc.expressions.node import Node, Shape, axes, kind, postorder
from matcalc.language.dimensions import least_sizes
from matcalc.operations.table import make
from matcalc.verify.points import Code
from matcalc.verify.report import Diagnosis, VariableReport

if TYPE_CHECKING:
    from matcalc.language.program import Program
    from matcalc.verify.check import Checker, Finding

__all__ = ["Claim", "judge", "least", "read", "same"]

ROUGH = 1e-6  # a claim may be written so that it rounds more than the gradient
Arrays = Sequence[Any]


class Claim:
    """A claim about the gradient by ``name``: its text and its node, the shape of the variable, and whether the claim
    was written in a layout with the axes the other way round."""

    __slots__ = ("name", "node", "shape", "text", "turned")

    def __init__(self, name: str, text: str, node: Node, shape: Shape, turned: bool = False) -> None:
        self.name, self.text, self.node, self.shape, self.turned = name, text, node, shape, turned


def read(
    program: Program, claims: Mapping[str, str], node: Callable[[str], Node], turned: Collection[str] = ()
) -> dict[str, Claim]:
    """The claims, read beside the program; those of ``turned`` names are brought to the default layout.  Raises
    `MatcalcError` for one that cannot be read."""
    from matcalc.language.program import beside
    from matcalc.language.reading import expression

    environment = beside(program)
    found = {}
    for name, text in claims.items():
        said, shape = expression(text, environment), node(name).shape
        other = name in turned
        found[name] = Claim(name, text, _in_default_layout(said, shape) if other else said, shape, other)
    return found


def _in_default_layout(claim: Node, variable: Shape) -> Node:
    """A claim in a layout that puts the variable's axes first, with the value's first."""
    count = len(axes(claim.shape))
    if count <= 2:
        return make("T", claim)
    first = len(axes(variable))
    return entries(indexed_sum(claim), [*range(first, count), *range(first)])


def least(said: Mapping[str, Claim]) -> dict[str, int]:
    """The least sizes of dimensions that the claims' indices ask for: of ``x[7]``, 8."""
    needs: list[Dim] = []
    for node in postorder(*[claim.node for claim in said.values()]):
        for item, length in zip(node.params, node.args[0].shape, strict=True) if node.op == "index" else ():
            if item[0] == "at":
                needs += [item[1], subtract(length, add(item[1], 1))]
            elif item[0] == "slice":
                needs += [item[1], subtract(length, item[2])]
    return least_sizes(needs)


def judge(
    claim: Claim, found: Sequence[Finding], checker: Checker, gradient: Node | None, language: str = "en"
) -> VariableReport:
    """The finding about a claim, in a language."""
    from matcalc.phrases.tutor import tutor_phrases
    from matcalc.verify.check import inconclusive
    from matcalc.verify.tutor import Tutor

    say = tutor_phrases(language)
    found, said = _steady(claim, found, checker)
    if not found:
        report = inconclusive(claim.name)
        report.kind = "claim"
        return report
    truth = [finding.numeric.array for finding in found]
    tolerance = max(ROUGH, *[checker.tolerance(finding.numeric) for finding in found])
    error = float("inf")
    fits = all(a.shape == b.shape for a, b in zip(said, truth, strict=True))
    if _is_block(checker, said, truth) or (fits and kind(claim.node.shape) == kind(claim.shape)):
        error = max(checker.error(finding, a)[0] for finding, a in zip(found, said, strict=True))
    method = found[0].numeric.method
    diagnosis: Diagnosis | None = None
    if error > tolerance:
        diagnosis = Tutor(claim, checker, found, gradient, say, tolerance).diagnosis(said)
    message = (
        diagnosis.message
        if diagnosis is not None
        else say("right", method=method, error=f"{error:.1e}", count=len(found))
    )
    return VariableReport(
        claim.name, passed=diagnosis is None, max_error=error, method=method, message=message, points=len(found),
        kind="claim", diagnosis=diagnosis,
    )  # fmt: skip


def _is_block(checker: Checker, said: Arrays, truth: Arrays) -> bool:
    """Whether the claim is a derivative of a value that is no scalar, whose shape is not the variable's."""
    return checker.value.shape != (1, 1) and all(a.shape == b.shape for a, b in zip(said, truth, strict=True))


def _steady(claim: Claim, found: Sequence[Finding], checker: Checker) -> tuple[list[Finding], list[Any]]:
    """The points at which the claim's own rounding is not what it differs by, and its values there."""
    import numpy as np

    code = Code(Request(checker.value, checker.inputs, {claim.name: claim.node}, functions=checker.bound))
    kept: list[Finding] = []
    said: list[Any] = []
    for finding in found:
        array = np.asarray(code(finding.point)[1][claim.name], dtype=float)
        if array.shape != finding.numeric.array.shape or not checker.is_unsteady(finding.of(array, checker), code):
            kept.append(finding)
            said.append(array)
    return kept, said


def same(said: Arrays, truth: Arrays, tolerance: float) -> bool:
    """Whether arrays are equal at every point, to a tolerance."""
    from matcalc.verify.check import difference

    return all(a.shape == b.shape and difference(a, b)[0] <= tolerance for a, b in zip(said, truth, strict=True))
