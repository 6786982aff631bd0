"""The printer that every writing of an expression shares: it puts parentheses where a looser operation stands
inside a tighter one, and names shared parts of results that would be too long.

A layout tells of a node how tightly it binds and what it is made of: strings, and operands with the tightness that
they need in their place.  The printer keeps a stack of those pieces, so depth costs nothing, and one list of strings,
so length is linear in what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from matcalc.expressions.dims import names as dim_names
from matcalc.expressions.names import shown
from matcalc.expressions.node import Node, postorder
from matcalc.render.measure import token_count

__all__ = ["LIMIT", "Layout", "Operand", "Piece", "free_names", "shared_parts", "used_names", "write", "written_parts"]

LIMIT = 20_000  # tokens of a result that is written in one piece
SMALL = 8  # tokens of a shared part that is not worth a name

Operand: TypeAlias = tuple[Node, int]  # a node, and how tightly it must bind to stand without parentheses
Piece: TypeAlias = str | Operand
Layout: TypeAlias = Callable[[Node], tuple[int, Sequence[Piece]]]


def write(
    root: Node, layout: Layout, brackets: tuple[str, str] = ("(", ")"), named: dict[Node, str] | None = None
) -> list[str]:
    """The strings that, joined, write the expression; ``named`` nodes below the root are written by name."""
    opening, closing = brackets
    out: list[str] = []
    level, pieces = layout(root)
    stack: list[Piece] = list(reversed(pieces))
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
            continue
        node, needed = piece
        if named and node in named:
            out.append(named[node])
            continue
        level, pieces = layout(node)
        if level < needed:
            out.append(opening)
            stack.append(closing)
        stack.extend(reversed(pieces))
    return out


def written_parts(*roots: Node) -> Iterator[Node]:
    """Every part of the writing of expressions once, what it consists of first."""
    return postorder(*roots, below=shown)


def shared_parts(*roots: Node) -> list[Node]:
    """The parts that occur more than once and are worth a name, each before those that contain it."""
    uses: dict[Node, int] = {}
    for root in roots:
        uses[root] = uses.get(root, 0) + 1
    order = list(written_parts(*roots))
    for node in order:
        for argument in shown(node):
            uses[argument] = uses.get(argument, 0) + 1
    return [n for n in order if uses.get(n, 0) > 1 and n.op != "let" and token_count(n) > SMALL]


def used_names(root: Node) -> set[str]:
    """Every name that stands in the writing of an expression: variables, functions, dimensions."""
    found: set[str] = set()
    for node in written_parts(root):
        for dim in node.shape:
            if dim.__class__ is not int:
                found.update(dim_names(dim))
        if node.op in ("var", "let", "apply", "defined", "own"):
            found.add(node.params[0])
    return found


def free_names(count: int, taken: Collection[str]) -> list[str]:
    """As many names ``t1``, ``t2``, ... as asked for, none of them taken."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if (name := f"t{number}") not in taken:
            found.append(name)
    return found


def long_parts(root: Node, longest: int) -> list[Node]:
    """Parts to name so that no writing is much longer than ``longest`` tokens, each before those that contain it.

    >>> from matcalc.operations.table import add, variable
    >>> x, total = variable("x", ("n", 1)), variable("y", ("n", 1))
    >>> for _ in range(9):
    ...     total = add(x, total)
    >>> [token_count(part) for part in long_parts(total, 10)]
    [11]
    """
    lengths: dict[Node, int] = {}
    found = []
    for node in written_parts(root):
        below = shown(node)
        own = token_count(node) - sum([token_count(part) for part in below])
        lengths[node] = own + sum([lengths[part] for part in below])
        if lengths[node] > longest and node is not root:
            found.append(node)
            lengths[node] = 1
    return found
