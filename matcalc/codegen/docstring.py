"""The docstring of a generated function; what a user wrote stands in it as characters, never as
code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcalc.codegen.values import axes_of
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node, Shape, kind

__all__ = ["escaped", "lines"]

WIDTH = 100


def escaped(text: str) -> str:
    """A text as it can stand between triple quotes: one line, printable, no escape of its own.

    >>> escaped('a\\\\b" c')
    "a\\\\\\\\b' c"
    """
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.replace("\\", "\\\\").replace('"', "'")


def shape_text(shape: Shape) -> str:
    """A shape in words: ``vector (n)``."""
    axes = ", ".join(map(dim_text, axes_of(shape)))
    if len(shape) > 2:
        return f"array ({axes})"
    return f"{kind(shape)} ({axes})" if axes else "scalar"


def lines(
    title: str,
    formulas: Sequence[str],
    parameters: Sequence[tuple[str, str]],
    results: Sequence[tuple[str, str]],
    notes: Iterable[str],
) -> list[str]:
    """The docstring, line by line, quotes included."""
    found = [f'"""{escaped(title)}', ""]
    for formula in formulas:
        found += [f"    {escaped(line)}".rstrip() for line in formula.splitlines()]
    if formulas:
        found.append("")
    for heading, rows in (("Arguments", parameters), ("Returns", results)):
        if rows:
            found.append(f"{heading}:")
            found += [f"    {escaped(name)}: {escaped(what)}" for name, what in rows]
            found.append("")
    for note in notes:
        found += _wrapped(escaped(note))
    found.append('"""')
    return found


def _wrapped(text: str) -> list[str]:
    done = [""]
    for word in text.split():
        if done[-1] and len(done[-1]) + len(word) + 1 > WIDTH - 8:
            done.append("")
        done[-1] = f"{done[-1]} {word}".lstrip()
    return done


def describe(node: Node) -> str:
    """An input in words."""
    _, type_, positive = node.params
    words = [shape_text(node.shape)]
    if type_:
        words.append(type_)
    if positive:
        words.append("positive")
    return ", ".join(words)
