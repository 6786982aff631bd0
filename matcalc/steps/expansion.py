"""The differential of an expression, law by law: ``d(uᵀ f(z))`` is ``uᵀ d(f(z))`` is ``uᵀ (f′(z) ⊙ dz)``.

A differential is a variable of its own, a mark, until a law tells what it is.  What does not vary has the differential
zero, and drops out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.calculus.laws import differential, exponent_of, placeholders
from matcalc.calculus.simplify import simplify
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS
from matcalc.steps.naming import replaced
from matcalc.steps.stated import is_zero, without_zeros, zero

__all__ = ["Marks", "law_applied"]


class Marks:
    """Variables that stand for differentials."""

    def __init__(self) -> None:
        self.of: dict[str, Node] = {}
        self.names: dict[Node, Node] = {}

    def __call__(self, node: Node) -> Node:
        """The mark of a node's differential."""
        found = self.names.get(node)
        if found is None:
            name = f"\u27e6{len(self.of)}\u27e7"
            found = self.names[node] = table.variable(name, node.shape)
            self.of[name] = node
        return found

    def inside(self, node: Node) -> dict[str, Node]:
        """The marks that occur in an expression, and what they are differentials of."""
        parts = postorder(node, into=lambda n: n.op != "let")
        return {n.params[0]: self.of[n.params[0]] for n in parts if n.op == "var" and n.params[0] in self.of}


def law_applied(node: Node, live: Mapping[Node, bool], marks: Marks, own: Node | None = None) -> Node:
    """The differential of a node by its law, in the marks of those arguments that vary.

    ``own`` is the variable that the node is the definition of.  Raises `UnsupportedError` where there is no law.
    """
    found = _opened(node, live, marks, own)
    found = _tidied(without_zeros(found), marks)
    if is_zero(found):
        raise UnsupportedError("nothing varies in this expression")
    return found


def _opened(node: Node, live: Mapping[Node, bool], marks: Marks, own: Node | None) -> Node:
    changes = [marks(a) if live.get(a) else zero(a.shape) for a in node.args]
    op = node.op
    if op == "apply":
        return table.mul(table.apply(node.params[0], node.params[1] + 1, node.args[0]), changes[0])
    if op == "defined":
        return _of_defined(node, live, marks)
    if op == "own":
        return _of_own(node, changes)
    if op == "index":
        return table.index(changes[0], *node.params)
    if op == "stack":
        return intern("stack", tuple(changes), node.params, node.shape)
    entry = OPERATIONS.get(op)
    if entry is None or entry.law is None:
        raise UnsupportedError(f"the differential of {op} has no law in matrix form")
    shapes = tuple([a.shape for a in node.args])
    law = differential(op, shapes, node.params, node.shape, exponent_of(node))
    names = placeholders(op, shapes, node.shape)
    actual: dict[Node, Node] = {names["y"]: node if own is None else own}
    for name, argument, change in zip(entry.signature, node.args, changes, strict=True):
        actual[names[name]] = argument
        actual[names[f"d{name}"]] = change
    return replaced(law, actual)


def _of_own(node: Node, changes: Sequence[Node]) -> Node:
    """The law that the program states for a function of its own."""
    law, shapes = node.params[1], tuple([a.shape for a in node.args])
    arguments, differentials = law.arguments(shapes)
    actual = {**dict(zip(arguments, node.args, strict=True)), **dict(zip(differentials, changes, strict=True))}
    right: Node = law.differential(shapes)
    return replaced(right, actual)


def _of_defined(node: Node, live: Mapping[Node, bool], marks: Marks) -> Node:
    """A function of the program: its own derivative, or its body where more than its argument varies in it."""
    from matcalc.calculus.scalar import derivative_of
    from matcalc.language.build import substitute

    _, parameter, body = node.params
    if not live.get(node.args[0]) or any(live.get(part) for part in postorder(body)):
        return marks(node.args[1])
    slope = substitute(derivative_of(body, parameter), parameter, node.args[0])
    return table.mul(slope, marks(node.args[0]))


def _tidied(root: Node, marks: Marks) -> Node:
    """The expression with the coefficients of differentials simplified, and without factors of one."""
    varies: dict[Node, bool] = {}
    done: dict[Node, Node] = {}
    order = list(postorder(root, into=lambda n: n.op != "let"))
    for node in order:
        mark = node.op == "var" and node.params[0] in marks.of
        varies[node] = mark or (node.op != "let" and any(varies[a] for a in node.args))
    for node in order:
        if not varies[node] or not node.args:
            done[node] = node
            continue
        args = [done[a] if varies[a] else simplify(a) for a in node.args]
        one = [a.op == "num" and a.params[0] == 1 for a in args]
        if node.op == "mul" and any(one) and args[one.index(False)].shape == node.shape:
            done[node] = args[one.index(False)]
        else:
            done[node] = intern(node.op, tuple(args), node.params, node.shape)
    return done[root]
