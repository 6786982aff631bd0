"""Gates: one operation each, with its local derivative read from the operation's law.

A gate is an operation over placeholders, one for every argument that varies; numbers and other constants stand inside
it, so that ``2*x + 1`` is two gates of one argument, as a lecturer draws them; so do transposes, ``u.T @ h`` is one
gate.  With ``G`` for the upstream gradient,
the gradient of ``⟨G, gate⟩`` by a placeholder is what the gate passes on to that argument: the law's adjoint, found by
the engine that derives everything else.  Gates that look alike are one object, and are derived once.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc import facts
from matcalc.calculus.blocks import computed
from matcalc.calculus.laws import exponent_of, law_text
from matcalc.calculus.simplify import shortest
from matcalc.calculus.sweep import sweep
from matcalc.expressions.node import Node, intern
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS

__all__ = ["OWN", "UPSTREAM", "Gate", "gate_of", "slot_names", "turned"]

UPSTREAM, OWN = "G", "y"
GUARDED = frozenset({"norm"})  # the code for X / norm(X) is 0 at 0, if it is seen to be that


class Gate:
    """An operation over placeholders.

    ``body``      the operation; ``slots`` are the placeholders in it, in the order of the arguments
    ``upstream``  the placeholder for the gradient of its value, ``own`` that for its value
    """

    __slots__ = ("_passed", "body", "op", "own", "slots", "upstream")

    def __init__(self, op: str, body: Node, slots: Sequence[Node]) -> None:
        self.op, self.body, self.slots = op, body, tuple(slots)
        self.upstream = table.variable(UPSTREAM, body.shape)
        self.own = table.variable(OWN, body.shape)
        self._passed: dict[int, Node] = {}

    def passed(self, slot: int) -> Node:
        """What the gate passes on to an argument, in the placeholders; raises `UnsupportedError`."""
        found = self._passed.get(slot)
        if found is None:
            total = _product(self.upstream, self.body)
            plain = self.body in self.slots or self.op in GUARDED
            names = {} if plain else {self.body: self.own}
            adjoint = sweep(total, [self.slots[slot]], names)[self.slots[slot]]
            found = self._passed[slot] = shortest(adjoint)
        return found

    def computed(self, slot: int) -> Node:
        """The same as code computes it."""
        return computed(self.passed(slot))

    @property
    def law(self) -> str:
        """The differential law of the operation, as a line of the language; empty where it has none."""
        if self.op == "apply":
            return f"d({self.body.params[0]}(X)) = {self.body.params[0]}'(X) * dX"
        if self.op == "own":
            return str(self.body.params[1].text)
        entry = OPERATIONS.get(self.op)
        if entry is None or entry.law is None:
            return ""
        shapes, exponent = [a.shape for a in self.body.args], exponent_of(self.body)
        params = self.body.params if exponent is None else (exponent,)
        return law_text(self.op, shapes, params) if entry.choose else entry.law.text

    def __repr__(self) -> str:
        return f"<gate {self.body!r}>"


def _product(upstream: Node, body: Node) -> Node:
    return table.mul(upstream, body) if body.shape == (1, 1) else table.make("inner", upstream, body)


def slot_names(op: str, count: int) -> list[str]:
    """The names of an operation's arguments: those of its law where it has one."""
    entry = OPERATIONS.get(op)
    if entry is not None and len(entry.signature) == count:
        return list(entry.signature)
    return ["X"] if count == 1 else [f"X{i + 1}" for i in range(count)]


def gate_of(node: Node, varies: Sequence[bool], known: dict[Node, Gate]) -> Gate:
    """The gate of a node, given which of its arguments vary."""
    op = "copy" if node.op in ("let", "var") else node.op
    names = slot_names(node.op, len(node.args))
    slots = []
    args = list(node.args)
    for k, (name, varying) in enumerate(zip(names, varies, strict=True)):
        if varying:
            base, turns = turned(args[k]) if op != "copy" else (args[k], 0)
            slots.append(_placeholder(name, base))
            args[k] = slots[-1]
            for _ in range(turns):
                args[k] = table.transpose(args[k])
    if not slots:  # a constant; only the value of a whole program is a gate then
        constant = node.args[0] if node.op == "let" else node
        return known.setdefault(constant, Gate(constant.op, constant, ()))
    body = slots[0] if op == "copy" else intern(node.op, tuple(args), node.params, node.shape)
    found = known.get(body)
    if found is None:
        found = known[body] = Gate(op, body, slots)
    return found


def turned(argument: Node) -> tuple[Node, int]:
    """What an argument is the transpose of, and how often: transposing is part of the gate that uses it."""
    turns = 0
    while argument.op == "T":
        argument, turns = argument.args[0], turns + 1
    return argument, turns


def _placeholder(name: str, argument: Node) -> Node:
    """A variable of the argument's shape that keeps what is known of it."""
    type_, positive = "", bool(facts.positive(argument))
    if argument.op == "var":
        type_ = argument.params[1]
    elif facts.square(argument) and argument.op == "let":
        type_ = "diagonal" if facts.diagonal(argument) else "symmetric" if facts.symmetric(argument) else ""
    return table.variable(name if name not in (UPSTREAM, OWN) else f"{name}_", argument.shape, type_, positive)
