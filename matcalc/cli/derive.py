"""``matcalc derive``: the derivatives of a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from matcalc.cli.arguments import (
    SourceCommand,
    cost_options,
    derivation_of,
    derived,
    language_option,
    layout_option,
    no_check_option,
    order_option,
    sizes,
    steps_options,
)  # fmt: skip
from matcalc.cli.streams import out
from matcalc.cli.verifying import verified
from matcalc.derivation import Derivation
from matcalc.showing.equations import FORMATS, as_json, formulas, legend, text

__all__ = ["derive"]

HUGE = 10**9  # of a dimension for which work is counted: nothing of that size is made


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc derive "s = u.T @ f(W@x + b)" --wrt W --wrt b
  matcalc derive "x.T@A@x" --wrt x --format source
  matcalc derive examples/two_layer.mc --steps
  matcalc derive "logdet(A@X)" --wrt X --steps full --style differential
  matcalc derive "-x.T@A@x" --wrt x --order 2
  matcalc derive "s = u.T @ tanh(W@x + b)" --cost --dims n=100,d=50
  cat program.mc | matcalc derive - --wrt all --format json

\b
SOURCE is a program, @FILE or a path that ends in .mc, or - for standard input.""",
)
@derived
@order_option
@layout_option
@steps_options
@language_option
@click.option("--expand", is_flag=True, help="Write results in the inputs alone, without intermediate names.")
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "source", "indices", "json", "python"]), default="text",
    help="How results are written; source can be read back, python is the module that computes them.",
)  # fmt: skip
@cost_options
@no_check_option
def derive(
    steps: str | None, style: str | None, policy: str | None, lang: str, form: str, no_check: bool,
    with_cost: bool, dims: Sequence[str], **asked: Any,
) -> int:  # fmt: skip
    """Derive a program's value by its variables.

    Every derivative is printed with its shape.  Before the end, what is printed is checked: generated code is held
    against numeric differences at random points, and a line on standard error says so.
    """
    derivation = derivation_of(**asked)
    if steps or style or policy:
        shown = written_steps(derivation, form, steps or "brief", style or "chain", policy or "shape", lang)
    else:
        shown = written(derivation, form, lang)
    if with_cost or dims:
        shown = with_the_work(derivation, shown, form, dims, lang)
    if shown:
        out(shown)
    return 0 if no_check else verified(derivation)


def with_the_work(derivation: Derivation, before: str, form: str, dims: Sequence[str], lang: str) -> str:
    """What was written, and below it what value and derivatives cost; data gets an entry of its own."""
    from matcalc.cost import cost, shown
    from matcalc.graphs.table import columns
    from matcalc.phrases import phrases

    if form not in ("text", "json"):
        raise click.UsageError(f"the work is told in the formats text and json, not {form}")
    found = cost(derivation)
    rows = shown(found, sizes(dims, HUGE), lang)
    if form == "text":
        table = columns([[f"  {words}", *work] for words, *work in rows])
        return "\n".join([before, "", phrases(lang)("cost_heading"), table])
    data = json.loads(before)
    keys = ("what", "work", "number")
    data["cost"] = [dict(zip(keys, row, strict=False)) for row in rows]
    return json.dumps(data, ensure_ascii=False, indent=2)


def written(derivation: Derivation, form: str, lang: str = "en") -> str:
    """The derivation in one of the formats."""
    if form == "json":
        return as_json(derivation, lang)
    if form == "python":
        from matcalc.compiling import module_of

        return module_of(derivation)
    return text(derivation, lang) if form == "text" else formulas(derivation, FORMATS[form])


def written_steps(derivation: Derivation, form: str, level: str, style: str, policy: str, lang: str) -> str:
    """The steps, which end with the results; data has them always, and the lines of the board where asked for."""
    if form not in ("text", "latex", "json"):
        raise click.UsageError(f"steps are shown in the formats text, latex and json, not {form}")
    shown = derivation.explain(level=level, style=style, policy=policy, lang=lang, format=form)
    if form == "json":
        return as_json(derivation, lang, policy, shown)
    return shown if form == "latex" else "\n".join([shown, *legend(derivation, lang)])
