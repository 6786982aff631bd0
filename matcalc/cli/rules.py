"""``matcalc rules``: the differential laws."""

from __future__ import annotations

import click

from matcalc.cli import completion
from matcalc.cli.streams import out
from matcalc.rules import find, render

__all__ = ["rules"]


@click.command(
    epilog="""\b
Examples:
  matcalc rules
  matcalc rules inv
  matcalc rules "product rule"
  matcalc rules softmax --format latex""",
)
@click.argument("name", required=False, default="", metavar="[NAME]", shell_complete=completion.laws)
@click.option(
    "--format", "form", type=click.Choice(["text", "latex", "markdown", "json"]), default="text",
    help="How laws are written.",
)  # fmt: skip
def rules(name: str, form: str) -> int:
    """List the differential laws that everything is derived from, or those of one operation."""
    out(render(find(name), form))
    return 0
