"""Lowering: from nodes to index terms.

The multilinear operations have an index form (their ``einsum`` in the tables); sums stay sums; powers become powers
of factors; everything else is a function of simplified arguments. Sums among factors are kept whole, products are
not multiplied out.
"""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from matcalc import facts
from matcalc.calculus import inverses, known, multilinear, pairs, powers
from matcalc.calculus.factoring import write
from matcalc.calculus.sums import factor, leaf, number, ones
from matcalc.calculus.tensors import entries_sum
from matcalc.calculus.terms import Number, Sum, powers_of
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS

__all__ = ["Lowering", "lower", "raised", "tidy"]


class Lowering:
    """The terms and the canonical writing of nodes, kept as long as the nodes live."""

    def __init__(self) -> None:
        self.lowered: WeakKeyDictionary[Node, Sum] = WeakKeyDictionary()
        self.tidied: WeakKeyDictionary[Node, Node] = WeakKeyDictionary()

    def lower(self, node: Node) -> Sum:
        """The value of a node as a sum of canonical terms."""
        lowered = self.lowered
        found = lowered.get(node)
        if found is None:
            # index terms are taken as they are: a pairing of indices among them is no matrix
            for part in postorder(node, into=lambda n: n.op not in (*NAMED, "entries") and n not in lowered):
                if part not in lowered:
                    lowered[part] = self._lower(part)
            found = lowered[node]
        return found

    def tidy(self, node: Node) -> Node:
        """A node in its canonical writing: like terms met, common factors taken out; sums are not multiplied out."""
        found = self.tidied.get(node)
        if found is None:
            value = self.lower(node)
            found = _written(value)
            if len(value.terms) > 1 and _has_sum(value):  # of ``t*r - (t - 1)*r`` it is ``(t - (t - 1))*r`` so far
                found = _written(self.lower(found))
            self.tidied[node] = found
            self.tidied.setdefault(found, found)
        return found

    def function(self, node: Node) -> Sum:
        """A function of simplified arguments."""
        args = tuple([self.tidy(a) for a in node.args])
        return factor(intern(node.op, args, node.params, node.shape) if args != node.args else node)

    def _lower(self, node: Node) -> Sum:
        if node.args and node.op not in NAMED and facts.zero(node):
            return Sum(node.shape)
        handler = HANDLERS.get(node.op)
        if handler is not None:
            return handler(self, node)
        if node.op in OPERATIONS and OPERATIONS[node.op].einsum:
            return multilinear.multilinear(self, node)
        return self.function(node)


Handler = Callable[[Lowering, Node], Sum]
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("var", "let", "defined", "eye", "dim"), lambda low, node: factor(node)),
    "commutation": lambda low, node: factor(table.eye(node.shape[0]) if 1 in node.params else node),
    "pi": lambda low, node: leaf(node), "num": lambda low, node: number(node), "ones": lambda low, node: ones(node),
    "zeros": lambda low, node: Sum(node.shape), "add": multilinear.addition, "sub": multilinear.addition,
    "neg": multilinear.negative, "diag": multilinear.diagonal, "index": multilinear.indexed, "div": powers.quotient,
    "pow": powers.power, "sqrt": powers.root, "square": powers.square, "reciprocal": powers.reciprocal,
    "entries": lambda low, node: entries_sum(node),
    "stack": lambda low, node: low.lower(node.args[0]) if len(node.args) == 1 else low.function(node),
    "exp": powers.exponential, **known.HANDLERS, "inv": inverses.inverse,
    "solve": inverses.solution, "matrix_power": inverses.matrix_power, "power_sum": inverses.power_sum,
    "expm_frechet": inverses.frechet,
    "unvec": pairs.unstacked, "vec": pairs.vectorised, "kron_left": pairs.kron_left, "kron_right": pairs.kron_right,
}  # fmt: skip

def _written(value: Sum) -> Node:
    return write(value) if value.terms else table.zeros(value.shape)


def _has_sum(value: Sum) -> bool:
    """Whether a sum is a factor of a term, which may meet its like where what both have in common is taken out."""
    return any(node.op in ("add", "sub") for key in value.terms for node, _ in powers_of(key))


_LOWERING = Lowering()


def lower(node: Node) -> Sum:
    """The value of a node as a sum of canonical terms; kept per node."""
    return _LOWERING.lower(node)


def tidy(node: Node) -> Node:
    """A node in its canonical writing."""
    return _LOWERING.tidy(node)


def raised(node: Node, p: Number) -> Sum:
    """A constant power of a node, entry by entry."""
    return powers.raised_sum(_LOWERING, lower(node), p, node)
