"""Claims: a gradient that somebody says is right, and if it is not, what is wrong with it.

A claim is read in the language beside the program and evaluated by generated code at the points of
the check.  A wrong one is compared with what usually goes wrong: the transpose, the sign, a
constant factor.  Then the formula of the true gradient, and that of the claim, are edited in one
place (a term left out, a factor, a transpose, a sign): where an edit makes them equal, it is the
finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from matcalc.codegen.numpy_module import Request
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node, Shape, kind
from matcalc.verify.edits import Edit, edits
from matcalc.verify.points import Code
from matcalc.verify.report import VariableReport

if TYPE_CHECKING:
    from matcalc.language.program import Program
    from matcalc.verify.check import Checker, Finding

__all__ = ["Claim", "judge", "read"]

EDITS = 120  # tried at most
ROUGH = 1e-6  # a claim may be written so that it rounds more than the gradient
Arrays = Sequence[Any]


class Claim:
    """A claim about the gradient by ``name``: its text and its node, and the shape of the
    variable."""

    __slots__ = ("name", "node", "shape", "text")

    def __init__(self, name: str, text: str, node: Node, shape: Shape) -> None:
        self.name, self.text, self.node, self.shape = name, text, node, shape


def read(program: Program, claims: Mapping[str, str], node: Callable[[str], Node]) -> dict[str, Claim]:
    """The claims, read beside the program.  Raises `MatcalcError` for one that cannot be read."""
    from matcalc.language.program import beside
    from matcalc.language.reading import expression

    environment = beside(program)
    return {name: Claim(name, text, expression(text, environment), node(name).shape) for name, text in claims.items()}


def judge(claim: Claim, found: Sequence[Finding], checker: Checker, gradient: Node | None) -> VariableReport:
    """The finding about a claim."""
    from matcalc.verify.check import inconclusive

    if not found:
        report = inconclusive(claim.name)
        report.kind = "claim"
        return report
    said = _values(claim.node, found, checker)
    truth = [finding.numeric.array for finding in found]
    tolerance = max(ROUGH, *[checker.tolerance(finding.numeric) for finding in found])
    error = float("inf")
    message = _shape_message(claim, said, truth, tolerance)
    if not message:
        error = max(checker.error(finding, a)[0] for finding, a in zip(found, said, strict=True))
        if error > tolerance:
            message = _diagnosis(claim, said, truth, checker, found, gradient, tolerance)
    passed = not message
    method = found[0].numeric.method
    if passed:
        message = (
            f"the claim is right: it agrees with numeric differences ({method}) to {error:.1e} at {len(found)} points"
        )
    return VariableReport(
        claim.name, passed=passed, max_error=error, method=method, message=message, points=len(found), kind="claim"
    )


def _values(node: Node, found: Sequence[Finding], checker: Checker) -> list[Any]:
    import numpy as np

    code = Code(Request(checker.value, checker.inputs, {"claim": node}, functions=checker.bound))
    return [np.asarray(code(finding.point)[1]["claim"], dtype=float) for finding in found]


def _same(said: Arrays, truth: Arrays, tolerance: float) -> bool:
    from matcalc.verify.check import difference

    return all(a.shape == b.shape and difference(a, b)[0] <= tolerance for a, b in zip(said, truth, strict=True))


# what is wrong with it --------------------------------------------------------------------------------------


def _shape_message(claim: Claim, said: Arrays, truth: Arrays, tolerance: float) -> str:
    """What is wrong with a claim of another shape; nothing where its shape is right."""
    if all(a.shape == b.shape for a, b in zip(said, truth, strict=True)) and kind(claim.node.shape) == kind(
        claim.shape
    ):
        return ""
    shapes = f"it has shape {_shown(claim.node.shape)}, the gradient {_shown(claim.shape)}"
    turned = [a.T for a in said]
    if all(a.shape == b.shape for a, b in zip(turned, truth, strict=True)):
        if _same(turned, truth, tolerance):
            return f"the claim is transposed: {shapes}"
        return f"the claim has the wrong shape, and transposing it is not enough: {shapes}"
    if all(a.shape == b.shape for a, b in zip(said, truth, strict=True)):
        return ""
    return f"the claim has the wrong shape: {shapes}"


def _shown(shape: Shape) -> str:
    if shape == (1, 1):
        return "1×1 (a scalar)"
    return f"{dim_text(shape[0])}×{dim_text(shape[1])}"


def _diagnosis(
    claim: Claim, said: Arrays, truth: Arrays, checker: Checker, found: Sequence[Finding], gradient: Node | None,
    tolerance: float
) -> str:  # fmt: skip
    simple = _simple(claim, said, truth, checker, found, tolerance)
    if simple:
        return f"the claim is wrong: {simple}"
    edited = _edited(claim, said, truth, checker, found, gradient, tolerance)
    if edited:
        return f"the claim is wrong: {edited}"
    return f"the claim is wrong: {_size_of_difference(said, truth)}"


def _simple(
    claim: Claim, said: Arrays, truth: Arrays, checker: Checker, found: Sequence[Finding], tolerance: float
) -> str:
    import numpy as np

    if all(not np.any(a) for a in said):
        return "it is zero, the gradient is not"
    if all(np.abs(b).max() <= 1e-13 * np.abs(a).max() for a, b in zip(said, truth, strict=True)):
        return "the gradient is zero, the claim is not"
    if not all(np.all(np.isfinite(a)) for a in said):
        return "it is not finite where the gradient is"
    if all(a.ndim == 2 and a.shape == a.T.shape for a in said) and _same([a.T for a in said], truth, tolerance):
        return "it is transposed"
    if _same([-a for a in said], truth, tolerance):
        return "it has the wrong sign"
    factor = _factor(said, truth, found, tolerance)
    if factor:
        return factor
    if all(a.ndim == 2 and a.shape == a.T.shape for a in said):
        turned = _factor([a.T for a in said], truth, found, tolerance)
        if turned:
            return f"it is transposed, and {turned}"
        projected = _projected(claim, said, truth, checker, tolerance)
        if projected:
            return projected
    return ""


def _factor(said: Arrays, truth: Arrays, found: Sequence[Finding], tolerance: float) -> str:
    """What the claim is too large by, where that is one number at each point."""
    import numpy as np

    ratios = []
    for a, b in zip(said, truth, strict=True):
        place = np.unravel_index(int(np.argmax(np.abs(b))), b.shape) if b.ndim else ()
        if not b[place] or not _same([a], [b * (a[place] / b[place])], tolerance):
            return ""
        ratios.append(float(a[place] / b[place]))
    if max(ratios) - min(ratios) <= 1e-6 * abs(ratios[0]):
        return f"it is {_number(ratios[0])} times the gradient (a wrong constant factor)"
    for name in found[0].point.sizes:
        sizes = [finding.point.sizes[name] for finding in found]
        for what, ks in ((f"{name}", sizes), (f"1/{name}", [1 / size for size in sizes])):
            rest = [ratio / k for ratio, k in zip(ratios, ks, strict=True)]
            if max(rest) - min(rest) <= 1e-6 * abs(rest[0]):
                number = "" if abs(rest[0] - 1) < 1e-6 else f"{_number(rest[0])} times "
                return f"it is {number}{what} times the gradient (a wrong factor)"
    shown = ", ".join(f"{ratio:.4g}" for ratio in ratios)
    return f"it is a multiple of the gradient, by a factor that is not constant ({shown} at the points tried)"


def _number(ratio: float) -> str:
    near = Fraction(ratio).limit_denominator(64)
    return str(near) if abs(float(near) - ratio) <= 1e-6 * abs(ratio) and near else f"{ratio:.6g}"


def _projected(claim: Claim, said: Arrays, truth: Arrays, checker: Checker, tolerance: float) -> str:
    """Whether only the projection on the space of a structured matrix is missing."""
    import numpy as np

    node = checker.node(claim.name)
    type_ = node.params[1] if node.op == "var" else ""
    project: dict[str, tuple[Callable[[Any], Any], str]] = {
        "symmetric": (lambda a: (a + a.T) / 2, "(G + G.T)/2"),
        "posdef": (lambda a: (a + a.T) / 2, "(G + G.T)/2"),
        "skew": (lambda a: (a - a.T) / 2, "(G - G.T)/2"),
        "diagonal": (lambda a: np.diag(np.diag(a)), "the diagonal of G"),
    }
    if type_ not in project:
        return ""
    onto, formula = project[type_]
    if _same([onto(a) for a in said], truth, tolerance):
        return f"{claim.name} is {type_}, and the gradient in the space of such matrices is {formula} of this claim G"
    entries = [2 * a - np.diag(np.diag(a)) for a in truth]
    if type_ in ("symmetric", "posdef") and _same(said, entries, tolerance):
        return f'it is the derivative by the free entries of the {type_} {claim.name} (structure="entries")'
    return ""


def _edited(
    claim: Claim, said: Arrays, truth: Arrays, checker: Checker, found: Sequence[Finding], gradient: Node | None,
    tolerance: float
) -> str:  # fmt: skip
    """The one edit that makes the gradient's formula the claim, or the claim's formula the
    gradient."""
    if gradient is not None:
        for edit, values in _tried(edits(gradient), gradient.shape, checker, found):
            if _same(values, said, tolerance):
                return edit.missing
            if _same([-v for v in values], said, tolerance):
                return f"{edit.missing}, and the sign is wrong"
    for edit, values in _tried(edits(claim.node), claim.node.shape, checker, found):
        if _same(values, truth, tolerance):
            return edit.extra
    return ""


def _tried(
    found_edits: Iterator[Edit], shape: Shape, checker: Checker, found: Sequence[Finding]
) -> Iterator[tuple[Edit, list[Any]]]:
    """The values of the edited formulas, all in one module."""
    import numpy as np

    tried = [edit for _, edit in zip(range(EDITS), found_edits, strict=False) if edit.node.shape == shape]
    if not tried:
        return
    nodes = {str(i): edit.node for i, edit in enumerate(tried)}
    code = Code(Request(checker.value, checker.inputs, nodes, functions=checker.bound))
    try:
        results = [code(finding.point)[1] for finding in found]
    except (ArithmeticError, ValueError):  # an edit that cannot be evaluated, a singular matrix
        return
    for i, edit in enumerate(tried):
        yield edit, [np.asarray(result[str(i)], dtype=float) for result in results]


def _size_of_difference(said: Arrays, truth: Arrays) -> str:
    from matcalc.verify.check import difference

    pairs = [(*difference(a, b), a, b) for a, b in zip(said, truth, strict=True)]
    error, where, a, b = max(pairs, key=lambda pair: pair[0])
    place = f" at [{', '.join(map(str, where))}]" if where else ""
    numbers = f"the claim is {float(a[where]):.6g}{place}, the gradient {float(b[where]):.6g}"
    return f"it differs by {error:.1e} of the largest entry; {numbers}"
