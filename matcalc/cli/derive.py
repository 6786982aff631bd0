"""``matcalc derive``: the derivatives of a program."""

from __future__ import annotations

from typing import Any

import click

from matcalc.cli.arguments import SourceCommand, derivation_of, derived, layout_option, no_check_option, order_option
from matcalc.cli.showing import FORMATS, as_json, formulas, legend, text
from matcalc.cli.streams import out
from matcalc.cli.verifying import verified
from matcalc.derivation import Derivation

__all__ = ["derive"]


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc derive "s = u.T @ f(W@x + b)" --wrt W --wrt b
  matcalc derive "x.T@A@x" --wrt x --format source
  matcalc derive examples/two_layer.mc --steps
  matcalc derive "-x.T@A@x" --wrt x --order 2
  cat program.mc | matcalc derive - --wrt all --format json

\b
SOURCE is a program, @FILE or a path that ends in .mc, or - for standard input.""",
)
@derived
@order_option
@layout_option
@click.option("--steps", is_flag=True, help="Show the way: every law used, and what it passed on.")
@click.option("--expand", is_flag=True, help="Write results in the inputs alone, without intermediate names.")
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "source", "indices", "json", "python"]), default="text",
    help="How results are written; source can be read back, python is the module that computes them.",
)  # fmt: skip
@no_check_option
def derive(steps: bool, form: str, no_check: bool, **asked: Any) -> int:
    """Derive a program's value by its variables.

    Every derivative is printed with its shape.  Before the end, what is printed is checked: generated code is held
    against numeric differences at random points, and a line on standard error says so.
    """
    derivation = derivation_of(**asked)
    shown = written_steps(derivation, form) if steps else written(derivation, form)
    if shown:
        out(shown)
    return 0 if no_check else verified(derivation)


def written(derivation: Derivation, form: str) -> str:
    """The derivation in one of the formats."""
    if form == "json":
        return as_json(derivation)
    if form == "python":
        from matcalc.compiling import module_of

        return module_of(derivation)
    return text(derivation) if form == "text" else formulas(derivation, FORMATS[form])


def written_steps(derivation: Derivation, form: str) -> str:
    """The steps, which end with the results; data has them always."""
    from matcalc.steps import render_latex, render_text

    if form == "json":
        return as_json(derivation)
    if form not in ("text", "latex"):
        raise click.UsageError(f"steps are shown in the formats text, latex and json, not {form}")
    return render_latex(derivation) if form == "latex" else "\n".join([render_text(derivation), *legend(derivation)])
