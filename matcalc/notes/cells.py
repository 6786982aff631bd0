"""Requests as Python: what a notebook's cell says, beside what it prints when it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcalc.notes.asking import Asked
from matcalc.notes.model import Cell
from matcalc.notes.pieces import Piece

__all__ = ["arguments", "displayed", "drawn", "printed", "program_cell", "variable", "with_own_program"]


def variable(piece: Piece) -> str:
    """The Python name of a program."""
    return piece.name or "program"


def program_cell(piece: Piece) -> Cell:
    """The program as a text by name."""
    source = piece.source
    plain = '"""' not in source and "\\" not in source and not source.endswith('"')
    text = f'"""\n{source}\n"""' if plain else repr(source)
    return Cell(f"{variable(piece)} = {text}")


def arguments(piece: Piece, asked: Asked, wrt: Sequence[str] | str, **more: Any) -> str:
    """The arguments of `matcalc.derive` and its like, those alone that are not the default."""
    parts = [variable(piece)] if wrt == "all" else [variable(piece), f"wrt={list(wrt)!r}"]
    given: dict[str, Any] = {}
    for key, default in (("of", None), ("layout", "shape"), ("structure", "projection")):
        if asked.options.get(key, default) != default:
            given[key] = asked.options[key]
    if asked.on("expand"):
        given["expand"] = True
    if piece.syntax != "numpy":
        given["syntax"] = piece.syntax
    if piece.functions:
        given["functions"] = dict(piece.functions)
    given |= {key: value for key, value in more.items() if value}
    return ", ".join([*parts, *[f"{key}={value!r}" for key, value in given.items()]])


def with_own_program(piece: Piece, asked: Asked, cell: Cell) -> Cell:
    """The cell of a request that brings its program along."""
    if asked.request.inline or asked.kind in ("check", "claim") or not asked.request.body.strip():
        return cell
    return Cell(f"{program_cell(piece).source}\n{cell.source}", cell.outputs)


def displayed(call: str, formulas: Mapping[str, tuple[str, str]]) -> Cell:
    """A cell that shows formulas: by the expression that gives one, its left side and its LaTeX."""
    lines, outputs = [call], []
    for expression, (left, tex) in formulas.items():
        lines.append(f"display(Math({_raw(left + ' = ')} + {expression}.latex()))")
        shown = f"$\\displaystyle {left} = {tex}$"
        outputs.append(_display({"text/latex": shown, "text/plain": "<IPython.core.display.Math object>"}))
    return Cell("\n".join(lines), tuple(outputs))


def drawn(call: str, svg: str) -> Cell:
    """A cell that shows a drawing."""
    data = {"image/svg+xml": svg, "text/plain": "<IPython.core.display.SVG object>"}
    return Cell(f"display(SVG({call}))", (_display(data),))


def _display(data: dict[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def printed(lines: str, output: str) -> Cell:
    """A cell that prints."""
    text = output if output.endswith("\n") else f"{output}\n"
    return Cell(lines, ({"output_type": "stream", "name": "stdout", "text": text},))


def _raw(text: str) -> str:
    return f'r"{text}"' if '"' not in text else repr(text)


