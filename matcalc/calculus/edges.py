"""Edges of the graph of a term: matrices between two vertices, and products of matrices along a path."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from matcalc.calculus.writing import Powers, chain, product, t
from matcalc.expressions.node import Node

__all__ = ["Edge", "Marks", "entrywise"]

Marks: TypeAlias = list[tuple[Node, Fraction | int]]


class Edge:
    """A matrix between two vertices, its rows at ``u`` and its columns at ``v``, as entrywise powers.

    A product of edges is written when it is asked for, not at every vertex of its path: that many factors are one
    product costs as much as there are factors.
    """

    __slots__ = ("_path", "_powers", "_turned", "u", "v")

    def __init__(self, u: int, v: int, powers: Marks) -> None:
        self.u, self.v = u, v
        self._powers: Marks | None = powers
        self._path: list[tuple[Node, bool]] = []  # of a product: its factors, and which are transposed
        self._turned = False  # whether the path is to be read from its end

    @property
    def powers(self) -> Marks:
        """What is multiplied entry by entry."""
        if self._powers is None:
            path = _backwards(self._path) if self._turned else self._path
            self._powers = [(chain([t(node) if turned else node for node, turned in path]), 1)]
        return self._powers

    @property
    def node(self) -> Node:
        """The edge as one matrix."""
        return entrywise(self.powers)

    def seen_from(self, u: int) -> Edge:
        """The same edge, with its rows at ``u``."""
        if self.u == u:
            return self
        if not self._path:
            return Edge(self.v, self.u, [(t(node), p) for node, p in self.powers])
        return self._of(self.v, self.u, self._path, not self._turned)

    def then(self, other: Edge) -> Edge:
        """This edge and one that begins where it ends, as a product."""
        (path, turned), (more, differently) = self._steps(), other._steps()
        if turned != differently:  # the shorter of them is turned
            if len(path) < len(more):
                path, turned = _backwards(path), differently
            else:
                more = _backwards(more)
        return self._of(self.u, other.v, [*more, *path] if turned else [*path, *more], turned)

    def other(self, v: int) -> int:
        """The vertex at the other end."""
        return self.v if self.u == v else self.u

    def _steps(self) -> tuple[list[tuple[Node, bool]], bool]:
        return (self._path, self._turned) if self._path else ([(self.node, False)], False)

    @staticmethod
    def _of(u: int, v: int, path: list[tuple[Node, bool]], turned: bool) -> Edge:
        edge = Edge(u, v, [])
        edge._powers, edge._path, edge._turned = None, path, turned
        return edge


def _backwards(path: list[tuple[Node, bool]]) -> list[tuple[Node, bool]]:
    """The transposed product."""
    return [(node, not turned) for node, turned in reversed(path)]


def entrywise(powers: Powers) -> Node:
    """The entrywise product of powers."""
    if len(powers) == 1 and powers[0][1] == 1:
        return powers[0][0]
    return product(1, (), (), powers)
