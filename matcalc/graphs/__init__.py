"""Computation graphs: data first (`graph`), then its drawings.

`computation_graph` builds one: vertices and edges from the program, numbers at a point, formulas by the laws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcalc.derivation import chosen_value, chosen_variables
from matcalc.errors import MatcalcError
from matcalc.expressions.node import postorder
from matcalc.graphs.build import built
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.graphs.numbers import evaluate
from matcalc.graphs.points import given_point, random_point, read_point
from matcalc.language.program import Program, elaborate

__all__ = ["Edge", "Graph", "Vertex", "graph", "read_point"]


def graph(
    source: str | Program,
    at: Mapping[str, Any] | str | None = None,
    *,
    wrt: str | Sequence[str] = "all",
    of: str | None = None,
    syntax: str = "numpy",
    functions: Mapping[str, str] | None = None,
    dims: Mapping[str, int] | None = None,
    seed: int | None = None,
) -> Graph:
    """The computation graph of a program's value, with values and gradients at a point.

    ``at``    the inputs by name, arrays in the shapes that compiled code takes, or the text ``x=1,y=2``; a general
              point where it is not given, decided by ``seed``, with dimensions of the sizes ``dims``; undeclared
              names that are given as numbers are scalars
    ``wrt``   the variables whose gradients are asked for, ``"all"`` the inputs

    Where the program calls a function that is not known (see ``functions``), the graph has formulas and no numbers.
    Raises a `MatcalcError`.

    >>> g = graph("f = (x + y)*maximum(y, z)", at="x=1,y=2,z=0")
    >>> {name: float(value) for name, value in g.gradients.items()}
    {'x': 2.0, 'y': 5.0, 'v1': 2.0, 'z': 0.0, 'v2': 3.0, 'f': 1.0}
    >>> [float(edge.contribution) for edge in g["y"].outputs]
    [2.0, 3.0]
    """
    if isinstance(source, Program):
        program = elaborate(source.source, syntax=source.syntax, functions=functions) if functions else source
    else:
        program = elaborate(source, syntax=syntax, functions=functions)
    at = read_point(at) if isinstance(at, str) else at
    program = _with_scalars(program, at or {})
    value, name = chosen_value(program, of)
    found = built(program, value, name, chosen_variables(program, wrt))
    found.notes[:0] = program.notes
    found.given = at is not None or dims is not None or seed is not None
    why = _no_numbers(found)
    if why:
        found.notes.append(why)
        return found
    used = {v.name: v.node for v in found.nodes if v.gate is None}
    if at is None:
        found.seed = (seed or 0) if used else None
        inputs, sizes = random_point(program, found.output.node, used, seed or 0, dims or {})
    else:
        inputs, sizes = given_point(program, found.output.node, used, at, dims or {})
    evaluate(found, inputs, sizes)
    return found


def _with_scalars(program: Program, at: Mapping[str, Any]) -> Program:
    """The program with the undeclared names that are given as numbers declared to be scalars."""
    names = [n for n, given in at.items() if isinstance(given, int | float) and n in program.inputs]
    larger = [name for name in names if program.inputs[name].shape != (1, 1)]
    if not larger:
        return program
    try:
        return elaborate(
            f"{program.source}\n{', '.join(larger)}: scalar", syntax=program.syntax, functions=program.functions_bound
        )
    except MatcalcError:  # declared otherwise, or no scalar fits: what is given is then refused with its reason
        return program


def _no_numbers(found: Graph) -> str:
    """Why a graph has no numbers; empty where it can have them."""
    for node in postorder(found.output.node):
        if node.op == "apply":
            f = node.params[0]
            return f"{f} is not known, so there are no numbers: --let {f}=tanh says what it is"
        if node.op == "own":
            g = node.params[0]
            return f"{g} is known by its law alone, so there are no numbers: define it, {g}(...) = ..."
    return ""
