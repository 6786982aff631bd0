"""What stands on the board, as data: lines under headings, each an equation between things that can be evaluated.

A line says that what stands left, a variable, a derivative or a differential, equals each of its ``sides``.  Nothing in
a line is text, so what is printed can be held against numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.calculus.terms import Sum
from matcalc.expressions.node import Node
from matcalc.operations.registry import Law

__all__ = ["Block", "Chained", "Entry", "Left", "Line", "Marked"]


class Left:
    """What a line is about.

    ============== ==================================================================
    name           the variable ``of``
    partial        the derivative of ``of`` by ``by``, all ways from one to the other; ``rows``: laid out as a Jacobian
    contribution   the same, but for the one way through the piece ``through``
    local          the derivative of the piece ``of`` by ``by``, all other variables of the piece held fixed
    result         the derivative of ``of`` by ``by`` as the derivation gives it: in its layout, of its structure
    differential   what a change of the variable ``by`` makes of ``of``, through all pieces; or of second ``order``
    moved          what a change of ``by`` makes of the piece ``of``, all other variables of the piece held fixed
    change         the change of the derivative of ``of`` by ``by`` as ``through`` changes
    ============== ==================================================================
    """

    __slots__ = ("by", "kind", "of", "order", "rows", "through")

    def __init__(
        self, kind: str, of: str, by: str = "", *, through: str = "", rows: bool = False, order: int = 1
    ) -> None:
        self.kind, self.of, self.by = kind, of, by
        self.through, self.rows, self.order = through, rows, order


class Marked:
    """A formula with differentials in it: ``marks`` are the names of variables that stand for ``d(...)`` of a node."""

    __slots__ = ("marks", "node")

    def __init__(self, node: Node, marks: Mapping[str, Node]) -> None:
        self.node, self.marks = node, marks


class Entry:
    """A derivative at one entry: index terms, and the letters of their free indices.

    Indices with the same letter are equal there; where they differ, the derivative is zero.  Factors are written in
    the ``order`` given.
    """

    __slots__ = ("letters", "order", "value")

    def __init__(self, value: Sum, letters: Mapping[int, str], order: Sequence[Node] = ()) -> None:
        self.value, self.letters, self.order = value, letters, order


class Chained:
    """The chain rule for one entry: ``Σ_k (∂s/∂z_k)(∂z_k/∂W_ij)``."""

    __slots__ = ("through",)

    def __init__(self, through: Sequence[str]) -> None:
        self.through = tuple(through)


Side = Node | Marked | Entry | Chained


class Line:
    """An equation, the entries at which it is meant where it is entry by entry, its name, its shape, and a remark.

    ``below`` are the letters of ``of`` and of ``by``.  ``named`` is a variable that is defined by the line.  ``told``
    is whether the shape stands beside it, and ``checked`` whether the shapes of its products do.  A line without
    ``left`` is a sentence, its ``words``.
    """

    __slots__ = ("below", "checked", "left", "named", "remark", "sides", "told", "words")

    def __init__(
        self, left: Left | None, sides: Sequence[Side] = (), remark: str = "", *, told: bool = True,
        checked: bool = False, named: str = "", below: tuple[Sequence[str], Sequence[str]] | None = None,
        words: str = "",
    ) -> None:  # fmt: skip
        self.left, self.sides, self.remark, self.told = left, list(sides), remark, told
        self.checked, self.named, self.below, self.words = checked, named, below, words

    @property
    def shape_of(self) -> Node | None:
        """The node whose shape is the line's."""
        nodes = [side for side in self.sides if isinstance(side, Node)]
        return nodes[-1] if nodes and self.told else None

    @property
    def products(self) -> list[list[Node]]:
        """The factors of every matrix product that the sides are, perhaps scaled."""
        found = [factors(side) for side in self.sides if isinstance(side, Node)]
        return [chain for chain in found if len(chain) > 1]


class Block:
    """Lines under a heading, which is a definition or words; and the laws used there, new ones and known ones.

    ``kind`` says what it is about: ``definition``, ``result``, a piece; empty where it is by itself.
    """

    __slots__ = ("definition", "kind", "laws", "lines", "titles", "words")

    def __init__(
        self, words: str = "", definition: tuple[str, Node] | None = None, laws: Sequence[Law] = (),
        titles: Sequence[str] = (), kind: str = "",
    ) -> None:  # fmt: skip
        self.kind = kind
        self.words, self.definition, self.laws, self.titles = words, definition, list(laws), list(titles)
        self.lines: list[Line] = []


def factors(node: Node) -> list[Node]:
    """The factors of a product of matrices, whatever scales it; of all else, the node alone.

    >>> from matcalc.operations.table import matmul, neg, variable
    >>> A, x = variable("A", ("m", "n")), variable("x", ("n", 1))
    >>> factors(neg(matmul(A, x))) == [A, x]
    True
    """
    whole = node
    while node.op == "neg" or (node.op in ("mul", "div") and (1, 1) in [a.shape for a in node.args]):
        node = node.args[1] if node.op == "mul" and node.args[0].shape == (1, 1) else node.args[0]
    found: list[Node] = []
    waiting = [node]
    while waiting:
        top = waiting.pop()
        if top.op == "matmul" and (top is node or top.shape != (1, 1)):
            waiting += [top.args[1], top.args[0]]
        else:
            found.append(top)
    return found if len(found) > 1 else [whole]
