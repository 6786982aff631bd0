"""``matcalc latex``: the derivatives in LaTeX, as equations or as a document."""

from __future__ import annotations

from typing import Any

import click

from matcalc.cli.arguments import (
    SourceCommand,
    derivation_of,
    derived,
    language_option,
    layout_option,
    no_check_option,
    order_option,
    output_options,
    steps_options,
)  # fmt: skip
from matcalc.cli.streams import deliver
from matcalc.cli.verifying import verified
from matcalc.showing.equations import latex_equations, latex_shapes

__all__ = ["latex"]

DOCUMENT = r"""\documentclass{%s}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\begin{document}
%s
\end{document}
"""

CLASSES = {"zh": "ctexart"}  # set by xelatex or lualatex


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc latex "s = u.T @ f(W@x + b)" --wrt W
  matcalc latex examples/two_layer.mc --steps --standalone -o note.tex && pdflatex note.tex

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
    "--standalone", is_flag=True, help="A whole document, that pdflatex sets as it is (xelatex where it is Chinese)."
)
@output_options
@no_check_option
def latex(
    steps: str | None, style: str | None, policy: str | None, lang: str, standalone: bool, output: str | None,
    force: bool, no_check: bool, **asked: Any,
) -> int:  # fmt: skip
    """Write a program's value and its derivatives in LaTeX (amsmath, amssymb)."""
    derivation = derivation_of(**asked)
    if steps or style or policy:
        equations = derivation.explain(
            level=steps or "brief", style=style or "chain", policy=policy or "shape", lang=lang, format="latex"
        )
    else:
        equations = latex_equations(derivation)
    body = "\n\n".join(part for part in (equations, latex_shapes(derivation, lang)) if part)
    wrong = 0 if no_check else verified(derivation)
    deliver(DOCUMENT % (CLASSES.get(lang, "article"), body) if standalone else body, output, force=force)
    return wrong
