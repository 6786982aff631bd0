"""What has to be known of the parts of an expression before it is laid out for people.

A minus in front of a factor stands in front of the whole product or quotient, ``−X x yᵀ``, where what follows it
needs no parentheses there; a product of vectors that is a scalar needs them before a further factor, ``(aᵀ b) x``.
"""

from __future__ import annotations

from matcalc.expressions.node import Node, kind
from matcalc.operations.table import ELEMENTWISE_NAMES
from matcalc.render.style import ATOM, DIV, ELEM, NEG, POW, PROD

__all__ = ["SCALAR", "Marks"]

SCALAR = (1, 1)
NEVER = ATOM + 1
CONSTANT = frozenset({"num", "pi", "dim"})
ARITHMETIC = ELEMENTWISE_NAMES | {"add", "sub", "neg", "mul", "div", "pow"}


class Marks:
    """Marks on nodes, made from the leaves up.

    ``signed``     begins with a minus: how tightly what follows the minus binds
    ``open``       a scalar that ends in a product of vectors without parentheses
    ``constant``   a number, however it is written
    """

    __slots__ = ("constant", "fractions", "open", "signed")

    def __init__(self, fractions: bool) -> None:
        self.fractions = fractions
        self.signed: dict[Node, int] = {}
        self.open: set[Node] = set()
        self.constant: set[Node] = set()

    def note(self, node: Node, *, named: bool = False) -> None:
        """Mark a node whose arguments are marked; one that is written by name only as constant or not."""
        op, args = node.op, node.args
        if op in CONSTANT or (op in ARITHMETIC and all(a in self.constant for a in args)):
            self.constant.add(node)
        if named:
            return
        if op == "neg":
            self.signed[node] = ATOM if args[0] in self.signed else self._bare(args[0])
        elif op in ("mul", "matmul", "div") and self.leads(node):
            self.signed[node] = self._bare(node)
        if node.shape == SCALAR and (op in ("matmul", "dot") or (op in ("mul", "neg") and args[-1] in self.open)):
            self.open.add(node)

    def leads(self, node: Node) -> bool:
        """Whether a product or quotient begins with its first operand's minus."""
        return self.signed.get(node.args[0], -1) >= self._needed(node)

    def level(self, node: Node, level: int) -> int:
        """How tightly a product or quotient binds, its minus regarded."""
        return NEG if self.leads(node) else level

    def front(self, node: Node, level: int) -> tuple[Node, int]:
        """The first operand, which may begin with a minus if what follows the minus needs no parentheses."""
        return (node, NEG if self.signed.get(node, 0) >= level > NEG else level)

    def _bare(self, node: Node) -> int:
        """How tightly a node binds apart from a minus in front; a sum will have parentheses there."""
        if node.op == "mul":
            return PROD if SCALAR in (node.args[0].shape, node.args[1].shape) else ELEM
        if node.op == "div":
            return POW if self.fractions and node.args[1].shape == SCALAR else DIV
        return PROD if node.op in ("matmul", "dot", "outer", "solve") else DIV if node.op == "kron" else ATOM

    def _needed(self, node: Node) -> int:
        """How tightly what follows the minus of the first operand has to bind."""
        first, second = node.args
        if node.op == "div" and second.shape == SCALAR:
            return 0 if self.fractions else PROD
        if node.op == "matmul" or SCALAR in (first.shape, second.shape):
            return NEVER if first in self.open and first.op != "mul" and node.op != "div" else PROD
        if kind(first.shape) == "row" and first.shape != node.shape:
            return NEVER  # 1 (−r) ⊙ X
        return ELEM if node.op == "mul" and first.shape == node.shape else PROD
