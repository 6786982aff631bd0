"""Tables: plain columns, and lines drawn around them where a person reads a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.cli.streams import is_terminal, out

__all__ = ["plain", "table"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    if not is_terminal():
        out(plain([head, *rows]))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*head, box=SIMPLE_HEAD)
    for row in rows:
        drawn.add_row(*[Text(cell) for cell in row])
    Console().print(drawn)


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Columns, two blanks apart.

    >>> print(plain([("variable", "gradient"), ("W", "right")]))
    variable  gradient
    W         right
    """
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        ["  ".join([f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)]).rstrip() for row in rows]
    )
