"""``matcalc graph``: the computation graph of a program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from matcalc.cli import completion
from matcalc.cli.arguments import SourceCommand, limits_options, output_options, pairs, sizes, variables
from matcalc.cli.sources import program_text
from matcalc.cli.streams import deliver, tell
from matcalc.phrases import LANGUAGES

if TYPE_CHECKING:
    from matcalc.graphs.model import Graph

__all__ = ["graph"]

FORMATS = {"table": "", "svg": ".svg", "dot": ".dot", "mermaid": ".mmd"}


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc graph "f = (x+y)*maximum(y,z); x,y,z: scalar" --at x=1,y=2,z=0
  matcalc graph examples/two_layer.mc -o two_layer.svg
  matcalc graph "s = u.T @ f(W@x + b)" --let f=tanh --format dot
  matcalc graph "z = W@x; J = sum(exp(z))" --wrt W --dims m=2,n=3 --seed 7

\b
Arrays of a point are written [1; 2] and [1, 2; 3, 4], or come from a file of NumPy's.
SOURCE is a program, @FILE or a path that ends in .mc, or - for standard input.""",
)
@click.argument("source", metavar="SOURCE", shell_complete=completion.sources)
@click.option(
    "--at", metavar="POINT", default=None, help="Where: x=1,y=2, or an .npz file. Random numbers where it is not given."
)
@click.option("--seed", type=click.IntRange(0), default=None, help="What the random numbers are decided by.")
@click.option(
    "--dims", multiple=True, metavar="N=4,D=3", shell_complete=completion.dimensions, help="Sizes of dimensions."
)
@click.option(
    "--wrt", multiple=True, metavar="NAME", shell_complete=completion.variables,
    help="The variables whose gradients are asked for (default: all inputs).",
)
@click.option(
    "--of", metavar="NAME", shell_complete=completion.assigned, help="The value to draw, if not the program's last."
)
@click.option(
    "--let", "functions", multiple=True, metavar="F=NAME", shell_complete=completion.functions,
    help="What an unknown function is: --let f=tanh.",
)
@click.option("--syntax", type=click.Choice(["numpy", "matlab"]), default="numpy", help="The syntax of SOURCE.")
@click.option(
    "--show", type=click.Choice(["auto", "numbers", "formulas", "both"]), default="auto", help="What a drawing shows."
)
@click.option("--lang", type=click.Choice(list(LANGUAGES)), default="en", help="The language of legend and notes.")
@click.option("--limit", type=click.IntRange(1), default=150, help="The largest number of nodes that is drawn.")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default=None,
    help="How it is written (default: by the end of the file's name; a table where there is none).",
)
@limits_options
@output_options
def graph(
    source: str, at: str | None, seed: int | None, dims: Sequence[str], wrt: Sequence[str], of: str | None,
    functions: Sequence[str], syntax: str, show: str, lang: str, limit: int, form: str | None, output: str | None,
    force: bool,
) -> int:  # fmt: skip
    """Draw the computation graph of a program: its values, and its gradients as they flow back.

    Every gate gets the gradient of what it computes (upstream), multiplies it by its local derivative, and passes the
    product on to its arguments; where a value is used more than once, what comes back adds up.
    """
    from matcalc.graphs import graph as graph_of

    form = form or _by_name(output)
    found = graph_of(
        program_text(source), at, wrt=variables(wrt) or "all", of=of, syntax=syntax,
        functions=pairs(functions, "--let"), dims=sizes(dims) or None, seed=seed,
    )  # fmt: skip
    for note in found.notes:
        tell(f"note: {note}")
    deliver(written(found, form, show, lang, limit), output, force=force)
    return 0


def _by_name(output: str | None) -> str:
    """The format that a file's name asks for."""
    if output is None or output == "-":
        return "table"
    ending = PurePath(output).suffix.lower()
    for form, known in FORMATS.items():
        if known and ending == known:
            return form
    if ending in (".txt", ""):
        return "table"
    raise click.UsageError(
        f"no graph is written as {ending}: -o takes .svg, .dot, .mmd or .txt, and --format another name"
    )


def written(found: Graph, form: str, show: str, lang: str, limit: int) -> str:
    """The graph in one of the formats."""
    if form == "svg":
        return found.svg(show=show, lang=lang, limit=limit)
    if form == "dot":
        return found.dot()
    return found.mermaid() if form == "mermaid" else found.table(lang=lang)
