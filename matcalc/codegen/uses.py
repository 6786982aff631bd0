"""Who uses a node, and so whether a product may be taken apart where it stands.

A product that one other product uses is multiplied together with it, in whatever order is cheapest.
One that several use is computed once and stands as it is, with three exceptions: an outer product
inside a product (``u vᵀ y`` costs two vectors, however often), a matrix that only ever meets
vectors (``A B x`` and ``A B y``), and the name of a diagonal matrix, of which only the entries count.
"""

from __future__ import annotations

from collections.abc import Iterable

from matcalc.codegen.options import DEFAULT, Options
from matcalc.expressions.node import Node, kind, postorder

__all__ = ["Uses"]

SCALAR = (1, 1)
SMALL = 40  # nodes of a product that is multiplied anew for each vector that it meets


class Uses:
    """Counts of uses, transposes, signs and names looked through."""

    def __init__(self, roots: Iterable[Node], options: Options = DEFAULT) -> None:
        roots = list(roots)
        self.options = options
        self.outputs = frozenset(roots)
        self.order = list(postorder(*roots))
        self.count: dict[Node, int] = dict.fromkeys(self.order, 0)
        self.only_vectors: dict[Node, bool] = dict.fromkeys(self.order, True)
        for root in self.outputs:
            self.count[root] += 1
            self.only_vectors[root] = False
        for node in reversed(self.order):
            wrapper = _is_wrapper(node)
            weight = self.count[node] if wrapper else 1
            meets = self.only_vectors[node] if wrapper else _meets_vector(node)
            for argument in node.args:
                self.count[argument] += weight
                if not meets:
                    self.only_vectors[argument] = False

    def apart(self, node: Node, in_matmul: bool) -> bool:
        """Whether a product may be taken apart where another product uses it."""
        if node.op in ("T", "neg", "num"):
            return True
        if not (self.options.scalars if is_scaling(node) else self.options.product_order):
            return False
        if node.op == "let":
            if self.options.structure and node.args[0].op == "diag" and kind(node.shape) == "matrix":
                return True
            return node.args[0].op == "matmul" and kind(node.shape) == "matrix" and self.only_vectors[node]
        if node.op == "outer":
            return in_matmul or self.count[node] == 1
        if self.count[node] <= 1:
            return True
        if not in_matmul or kind(node.shape) != "matrix":
            return False
        if node.op == "matmul" and node.args[0].shape[1] == 1:
            return True
        return self.only_vectors[node] and node.size <= SMALL


def is_scaling(node: Node) -> bool:
    """Whether the node is something larger times or divided by a scalar."""
    if node.op == "mul":
        return SCALAR in (node.args[0].shape, node.args[1].shape)
    return node.op == "div" and node.args[1].shape == SCALAR


def _is_wrapper(node: Node) -> bool:
    return node.op in ("T", "neg", "let") or (is_scaling(node) and node.shape != SCALAR)


def _meets_vector(node: Node) -> bool:
    return node.op in ("matmul", "dot", "outer") and kind(node.shape) != "matrix"
