"""Nodes: immutable and interned, so that equal is identical and a DAG stays a DAG.

This is the one interning point.  Nodes hold data only; what an operation means stands in the tables of
`matcalc.operations`, and `matcalc.operations.registry.make` builds a node with its shape checked.
Two nodes that are equal are one object, memo keys are nodes, and sharing costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from matcalc import bounds
from matcalc.expressions.dims import Dim

__all__ = ["Node", "Shape", "axes", "intern", "kind", "postorder", "rebuild"]

Shape: TypeAlias = tuple[Dim, Dim]
NAMED = ("let", "defined")  # written by name
HUGE = 10**9  # sizes of shared expressions, written out, grow without bound


class Node:
    """An expression: an operation, the nodes it is applied to, its parameters, and its shape (rows, columns).

    A dimension 1 means that there is no such axis: ``("n", 1)`` is a column vector, ``(1, "n")`` a row,
    ``(1, 1)`` a scalar.
    """

    __slots__ = ("__weakref__", "_digest", "_facts", "args", "op", "params", "shape", "size")

    op: str
    args: tuple[Node, ...]
    params: tuple[Any, ...]
    shape: Shape
    size: int  # nodes of the tree as it is written, shared ones counted each time, a named one once
    _digest: str
    _facts: tuple[int, int]  # what is known of it (`matcalc.facts`)

    def __repr__(self) -> str:
        if self.op in NAMED:
            return f"{self.op}({self.params[0]!r})"
        if self.size >= 50:
            return f"{self.op}(...{self.size} nodes)"
        return f"{self.op}({', '.join([*map(repr, self.params), *map(repr, self.args)])})"

    @property
    def digest(self) -> str:
        """A key that is equal for equal nodes in every process: what orders terms the same way always."""
        try:
            return self._digest
        except AttributeError:
            for node in postorder(self, into=lambda n: not hasattr(n, "_digest")):
                if not hasattr(node, "_digest"):
                    _set_digest(node)
            return self._digest


_table: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()


def intern(op: str, args: tuple[Node, ...], params: tuple[Any, ...], shape: Shape) -> Node:
    """The one node with this operation, these arguments and parameters, and this shape."""
    key = (op, args, params, shape)
    found = _table.get(key)
    if found is not None:
        return found
    node = Node.__new__(Node)
    node.op, node.args, node.params, node.shape = op, args, params, shape
    size = 1
    if op not in NAMED:
        for argument in args:
            size += argument.size
    node.size = size if size < HUGE else HUGE
    _table[key] = node
    bounds.look()
    if len(_table) > bounds.current().nodes:
        message = f"more than {bounds.current().nodes:,} different expressions are kept"
        raise bounds.exceeded("nodes", message, "derive by fewer variables, or a part of the program")
    return node


def _set_digest(node: Node) -> None:
    text = f"{node.op}|{node.params!r}|{node.shape!r}|{'|'.join([a._digest for a in node.args])}"
    node._digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def kind(shape: Shape) -> str:
    """``scalar``, ``vector``, ``row`` or ``matrix``."""
    rows, columns = shape
    if columns == 1:
        return "scalar" if rows == 1 else "vector"
    return "row" if rows == 1 else "matrix"


def axes(shape: Shape) -> tuple[Dim, ...]:
    """The dimensions that are there: ``()``, ``(n,)`` or ``(m, n)``."""
    return tuple(dim for dim in shape if dim != 1)


def _args(node: Node) -> tuple[Node, ...]:
    return node.args


def postorder(
    *roots: Node, into: Callable[[Node], bool] | None = None, below: Callable[[Node], tuple[Node, ...]] = _args
) -> Iterator[Node]:
    """Every node below the roots once, arguments before what uses them; no recursion.

    Where ``into(node)`` is false the node itself is given, but not what lies below it; ``below`` gives the nodes there
    where these are not the arguments.
    """
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if into is None or into(node):
                stack.extend([(a, False) for a in reversed(below(node)) if a not in seen])


def rebuild(
    roots: Iterable[Node],
    replace: Callable[[Node, tuple[Node, ...]], Node],
    into: Callable[[Node], bool] | None = None,
) -> dict[Node, Node]:
    """Every node below the roots mapped to ``replace(node, its mapped arguments)``."""
    new: dict[Node, Node] = {}
    for node in postorder(*roots, into=into):
        new[node] = replace(node, tuple([new.get(a, a) for a in node.args]))
    return new
