"""``matcalc check``: gradients, and claims about them, against numeric differences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from matcalc.checking import check_derivation
from matcalc.cli import completion
from matcalc.cli.arguments import SourceCommand, derivation_of, derived, language_option, sizes, variables
from matcalc.cli.streams import deliver, out
from matcalc.cli.tables import table
from matcalc.errors import UnknownNameError, UnsupportedError

if TYPE_CHECKING:
    from matcalc.derivation import Derivation
    from matcalc.verify.report import Report

__all__ = ["check"]


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc check "s = u.T @ f(W@x + b)" --wrt W
  matcalc check "z = W@x + b; s = u.T@f(z)" --claim "W = outer(u*f'(z), x)"
  matcalc check "x.T@A@x" --dims n=4 --seed 7
  matcalc check "tr(A@X@B)" --wrt X --exact
  matcalc check "u.T@tanh(W@x + b)" --method lecture --entries "W[0,1], b[2]" -o error.svg

\b
SOURCE is a program, @FILE or a path that ends in .mc, or - for standard input.
The exit code is 1 where a gradient, a claim or a law that the program states is wrong.""",
)
@derived
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=FORMULA",
    help="What the derivative by a variable is said to be, in the language; several with semicolons, or repeat it.",
)
@click.option(
    "--dims", multiple=True, metavar="n=4,d=3", shell_complete=completion.dimensions, help="Sizes to check at."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Another seed checks at other points.")
@click.option("--exact", is_flag=True, help="Prove the gradients too, on small matrices of symbols (SymPy).")
@click.option(
    "--method", type=click.Choice(["strict", "lecture"]), default="strict",
    help="lecture shows central differences at one step, entry by entry, beside the strict check.",
)
@click.option("--entries", default="", metavar="W[0,1],b[2]", help="The entries that --method lecture shows.")
@click.option("--step", type=float, default=None, metavar="H", help="The step of --method lecture, 1e-4.")
@click.option(
    "-o", "--plot", metavar="FILE", shell_complete=completion.files,
    help="Write a figure of the error against the step (SVG); the file must not exist.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@language_option
def check(
    claims: tuple[str, ...], dims: tuple[str, ...], seed: int, exact: bool, method: str, entries: str,
    step: float | None, plot: str | None, force: bool, lang: str, wrt: tuple[str, ...], **asked: Any,
) -> int:  # fmt: skip
    """Check the gradients of a program, and claims about them.

    The generated code is held against numeric differences at three general points: the complex
    step where the program is analytic, extrapolated central differences elsewhere.  Of a wrong
    claim it is told what is wrong, and at which step of the derivation.
    """
    if method != "lecture" and (entries or step is not None or plot):
        raise click.UsageError("--entries, --step and --plot belong to --method lecture")
    said = claimed(claims)
    names = variables(wrt) or list(said) or ["all"]
    derivation = derivation_of(wrt=[*names, *said], **asked)
    given = sizes(dims)
    for name in given.keys() - set(derivation.program.dims):
        there = ", ".join(derivation.program.dims)
        raise UnknownNameError(f"the program has no dimension {name}", hint=f"there is {there}" if there else "")
    report = check_derivation(derivation, claims=said, seed=seed, dims=given, language=lang)
    if not (report.gradients or report.claims or report.laws):
        raise UnsupportedError("there is nothing to check", hint="the program has no variables")
    show(report)
    if method == "lecture":
        taught(derivation, entries, step, seed, given, (plot, force))
    passed = report.passed
    if exact:
        passed = proved(derivation) and passed
    return 0 if passed else 1


def claimed(words: tuple[str, ...]) -> dict[str, str]:
    """The claims by name."""
    found: dict[str, str] = {}
    for word in [part for text in words for part in _separate(text)]:
        name, _, formula = (part.strip() for part in word.partition("="))
        if not re.fullmatch(r"\w+", name) or not formula:
            raise click.BadOptionUsage("--claim", f"a claim is written NAME = FORMULA, not {word[:60]!r}")
        if name in found:
            raise click.BadOptionUsage("--claim", f"there are two claims about {name}")
        found[name] = formula
    return found


def _separate(text: str) -> list[str]:
    """Claims that a semicolon separates; one inside brackets is that of a stack."""
    found, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == ";" and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part for part in found if part.strip()] or [text]


def show(report: Report) -> None:
    """The table of the gradients, and a sentence for each claim."""
    rows = []
    for name, one in report.gradients.items():
        verdict = "inconclusive" if one.inconclusive else "right" if one.passed else "WRONG"
        error = "" if one.inconclusive else f"{one.max_error:.1e}"
        rows.append((name, verdict, error, str(one.points), one.method))
    table(("variable", "gradient", "max error", "points", "method"), rows)
    for name, one in report.gradients.items():
        if not one.passed:
            out(f"{name}: {one.message}")
    for one in report.laws.values():
        out(one.message)
    for name, one in report.claims.items():
        out(f"{name}: {one.message}")


def taught(
    derivation: Derivation, entries: str, step: float | None, seed: int, dims: dict[str, int],
    plot: tuple[str | None, bool],
) -> None:  # fmt: skip
    """The check as it is taught, below the strict one."""
    from matcalc.checking import lecture
    from matcalc.cli import lecture as shown
    from matcalc.verify.lecture import STEP

    found = lecture(derivation, entries=entries, step=STEP if step is None else step, seed=seed, dims=dims)
    out("")
    shown.show(found)
    if plot[0] is not None:
        deliver(shown.figure(found), plot[0], force=plot[1])


def proved(derivation: Derivation) -> bool:
    """Whether every gradient was proved on matrices of symbols; tells each."""
    from matcalc.verify.exact import prove

    gradients = {name: node for name, node in derivation.gradients.items() if isinstance(name, str)}
    findings = prove(
        derivation.program, list(gradients), gradients, value=derivation.value.node, structure=derivation.structure
    )
    for name, one in findings.items():
        out(f"{name}: {one.message}")
    return all(one.passed for one in findings.values())
