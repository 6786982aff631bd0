"""Gates with the dimensions' names taken out, so that ``W1@x`` and ``W2@h`` are one kind of gate.

Dimensions get the letters n, m, p, ... in the order in which they appear among the arguments.  An operation whose
parameters hold dimensions in a way of its own keeps the program's names.
"""

from __future__ import annotations

from typing import Any

from matcalc.expressions.dims import Dim, names, rename
from matcalc.expressions.node import Node, intern, postorder
from matcalc.graphs.gates import Gate

__all__ = ["dims_of", "pattern"]

SIZED = frozenset({"ones", "zeros", "eye", "dim"})  # their parameters are dimensions


def pattern(gate: Gate, known: dict[Node, Gate]) -> tuple[Gate, dict[str, str]]:
    """The gate over letters, and the program's dimension that each letter stands for."""
    letters = _letters(gate)
    if any(_holds_dims(n) for n in postorder(gate.body)):
        return known.setdefault(gate.body, gate), {n: n for n in dims_of(gate)}
    new: dict[Node, Node] = {}
    for node in postorder(gate.body):
        shape = tuple([rename(dim, letters) for dim in node.shape])
        params = tuple([_renamed(node, item, letters) for item in node.params])
        new[node] = intern(node.op, tuple([new[a] for a in node.args]), params, shape)  # type: ignore[arg-type]
    body = new[gate.body]
    found = known.get(body)
    if found is None:
        slots = [new[slot] for slot in gate.slots]
        found = known[body] = Gate(gate.op, body, slots)
    return found, {str(letter): name for name, letter in letters.items()}


def dims_of(gate: Gate) -> list[str]:
    """The names of dimensions in a gate, those of its arguments first."""
    nodes = [*gate.slots, *postorder(gate.body)]
    found = [n for node in nodes for dim in node.shape for n in names(dim)]
    found += [n for node in nodes if node.op in SIZED for dim in node.params for n in names(dim)]
    found += [n for node in nodes if node.op == "index" for item in node.params for d in item[1:] for n in names(d)]
    return list(dict.fromkeys(found))


def _letters(gate: Gate) -> dict[str, Dim]:
    there = dims_of(gate)
    taken = {slot.params[0] for slot in gate.slots}
    letters = [c for c in (*"nmpqkl", *[f"n{i}" for i in range(1, len(there) + 1)]) if c not in taken]
    return dict(zip(there, letters, strict=False))


def _holds_dims(node: Node) -> bool:
    """Whether there are dimensions in the parameters that no rule here renames."""
    if node.op in SIZED or node.op in ("index", "var", "let", "apply", "own"):
        return False
    return any(_named(item) for item in node.params)


def _named(item: Any) -> bool:
    return isinstance(item, str) or (isinstance(item, tuple) and any(_named(part) for part in item))


def _renamed(node: Node, item: Any, letters: dict[str, Dim]) -> Any:
    if node.op in SIZED:
        return rename(item, letters)
    if node.op == "index":
        return (item[0], *[rename(dim, letters) for dim in item[1:]])
    return item
