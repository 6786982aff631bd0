"""Programs checked: the generated code of their derivatives against numeric differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.calculus.blocks import computed
from matcalc.derivation import Derivation, chosen_variables, derive, understood
from matcalc.language.program import Program

if TYPE_CHECKING:
    from matcalc.verify.lecture import Lecture
    from matcalc.verify.report import Report

__all__ = ["check", "check_derivation", "lecture"]


def check(
    source: str | Program,
    wrt: str | Sequence[str] = "all",
    *,
    claims: Mapping[str, str] | None = None,
    of: str | None = None,
    layout: str = "shape",
    order: int = 1,
    syntax: str = "numpy",
    structure: str = "projection",
    expand: bool = False,
    functions: Mapping[str, Any] | None = None,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    points: int = 3,
    language: str = "en",
) -> Report:
    """Hold the generated gradients, and ``claims`` about them, against numeric differences at general points.

    A claim is an expression of the language by the name of the variable, in the layout that is asked for.  ``order`` 2
    checks Hessian blocks too, ``report["x", "y"]``.  ``dims`` fixes dimensions, ``seed`` the points, ``language`` that
    of what is said about wrong claims (``zh`` too); the other keywords are those of `matcalc.derive`.

    What is wrong with a claim is ``report[name].diagnosis``: its kinds, a message, and the step of the derivation.

    Raises a `MatcalcError` where the program or a claim cannot be read.

    >>> report = check("s = u.T @ f(W@x + b)", wrt="W", claims={"W": "outer(x, u * f'(W@x+b))"})
    >>> report.passed
    False
    """
    program = understood(source, syntax, functions)
    names = chosen_variables(program, wrt)
    names += [name for name in claims or {} if name not in names and name in program.names]
    derivation = derive(program, names, of=of, layout=layout, order=order, structure=structure, expand=expand)
    return check_derivation(derivation, claims=claims, seed=seed, dims=dims, points=points, language=language)


def check_derivation(
    derivation: Derivation,
    *,
    claims: Mapping[str, str] | None = None,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    points: int = 3,
    language: str = "en",
) -> Report:
    """The check of derivatives that are there already."""
    from matcalc.verify.check import check_program

    gradients = {name: computed(node) for name, node in derivation.gradients.items() if isinstance(name, str)}
    report = check_program(
        derivation.program, list(gradients), gradients, claims=claims, seed=seed, dims=dims,
        turned=[name for name in claims or {} if derivation[name].transposed],
        points=points, value=derivation.value.node, structure=derivation.structure, language=language,
    )  # fmt: skip
    for (first, second), node in [(key, node) for key, node in derivation.gradients.items() if isinstance(key, tuple)]:
        # a second derivative is the first one of a gradient
        block = check_program(
            derivation.program, [second], {second: computed(node)}, seed=seed, dims=dims, points=points,
            value=computed(derivation.differentiated[first]), structure=derivation.structure,
        )  # fmt: skip
        report.gradients[first, second] = block.gradients[second]
    if derivation.program.laws:
        from matcalc.verify.own_laws import check_laws

        used = [derivation.value.node, *derivation.gradients.values()]
        report.laws = check_laws(derivation.program, used, seed=seed, dims=dims, points=points)
    return report


def lecture(
    derivation: Derivation, *, entries: str = "", step: float = 1e-4, seed: int = 0,
    dims: Mapping[str, int] | None = None,
) -> Lecture:  # fmt: skip
    """The check of a derivation as it is taught: central differences at one step, entry by entry, and why at that step.

    ``entries`` are those to be shown, ``"W[0, 1], b[2]"``; where it is empty, a few of each variable.  Raises a
    `MatcalcError` for a value that is no scalar and for entries that are not there.

    >>> found = lecture(derive("sum(exp(x))", "x"), entries="x[0]")
    >>> [entry.name for entry in found.entries], found.entries[0].error < 1e-6
    (['x[0]'], True)
    """
    from matcalc.verify.lecture import lecture as taught

    gradients = {name: computed(node) for name, node in derivation.gradients.items() if isinstance(name, str)}
    return taught(
        derivation.program, gradients, value=derivation.value.node, entries=entries, step=step, seed=seed, dims=dims,
        structure=derivation.structure,
    )  # fmt: skip
