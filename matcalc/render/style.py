"""What the two writings for people have in common, and where they differ: a `Style` is the table of differences.

How an operation looks stands with the operation (``text`` and ``latex`` in `matcalc.operations`): a bare name is an
ordinary call; in a template ``{X}`` is an operand in its place and ``{X:any}`` one that the template itself closes in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS
from matcalc.render.entries import PLAIN
from matcalc.render.printer import Piece

__all__ = [
    "ADD", "ATOM", "BESIDE", "DIV", "ELEM", "NEG", "POSTFIX", "POW", "PROD", "UNSIGNED", "Digits", "Laid", "Style",
    "fill", "holes", "template_level",
]  # fmt: skip

# How tightly a writing binds: sums, a leading minus, quotients and ⊗, ⊙, juxtaposition, powers, superscripts, atoms.
ADD, NEG, DIV, ELEM, PROD, POW, POSTFIX, ATOM = range(1, 9)

Laid: TypeAlias = tuple[int, Sequence[Piece]]
UNSIGNED = "\1"  # before an operand whose own minus, the string after this one, is not to be written
BESIDE = "\0"  # between factors that stand side by side; what it becomes depends on its neighbours
_HOLE = re.compile(r"\{([A-Z])(:any)?\}")


class Digits(str):
    """A number: beside another factor it needs a dot before it."""

    __slots__ = ()


class Style:
    """A way of writing for people.  Strings are glyphs with their spaces; methods lay out what differs in structure."""

    brackets = ("(", ")")
    minus, plus, negative = " − ", " + ", "−"
    times, over, kronecker = " ⊙ ", " ⊘ ", " ⊗ "
    cross, convolved = " × ", " ∗ "
    transposed, inverse, inverse_transposed = "ᵀ", "⁻¹", "⁻ᵀ"
    pi, one, colon = "π", "1", ":"
    entries = PLAIN  # how index terms look
    fractions = False  # whether a quotient is drawn as a fraction

    def name(self, name: str) -> str:
        """A name of the program."""
        raise NotImplementedError

    def function(self, op: str) -> str:
        """The name of an operation that is written as a call."""
        raise NotImplementedError

    def look(self, op: str) -> str:
        """The operation's own template, or empty."""
        raise NotImplementedError

    def spelled(self, name: str) -> str:
        """A name letter by letter, without Greek and subscripts."""
        raise NotImplementedError

    def called(self, op: str) -> str:
        """The operation's name in the language, upright."""
        raise NotImplementedError

    def primes(self, order: int) -> str:
        """The mark of a derivative."""
        raise NotImplementedError

    def axis(self, axis: int) -> tuple[str, str]:
        """What tells the axis of a reduction: after the function's name, and after the argument."""
        raise NotImplementedError

    def parameters(self, params: Sequence[Dim]) -> tuple[str, str]:
        """What tells the sizes among the arguments of a call: after its name, and after the arguments."""
        raise NotImplementedError

    def number(self, value: Fraction) -> Laid:
        """A nonnegative number."""
        raise NotImplementedError

    def dimension(self, dim: Dim) -> str:
        """A dimension."""
        raise NotImplementedError

    def size(self, *dims: Dim) -> str:
        """Dimensions as a subscript."""
        raise NotImplementedError

    def pair(self, *dims: Dim) -> str:
        """Two dimensions as a subscript, beside each other."""
        raise NotImplementedError

    def quotient(self, above: Node, below: Node) -> Laid:
        """A quotient with a scalar below."""
        raise NotImplementedError

    def power(self, base: Node, exponent: Node, *, entrywise: bool) -> Laid:
        """A power, entry by entry (of what has several entries) or of a scalar or a matrix."""
        raise NotImplementedError

    def raised(self, base: Node, exponent: int, *, entrywise: bool) -> Laid:
        """A power with a whole exponent."""
        raise NotImplementedError

    def stack(self, rows: Sequence[Sequence[Node]]) -> Laid:
        """Blocks in rows."""
        raise NotImplementedError

    def between(self, before: str, after: str) -> str:
        """What stands between two factors side by side."""
        raise NotImplementedError

    def join(self, pieces: list[str]) -> str:
        """The strings made one."""
        out: list[str] = []
        unsigned = False
        beside = False
        for piece in pieces:
            if piece == BESIDE:
                beside = True
            elif piece == UNSIGNED:
                unsigned = True
            elif unsigned:
                assert piece == self.negative, f"{piece!r} is no minus"
                unsigned = False
            else:
                if beside:
                    out.append(self.between(out[-1], piece))
                    beside = False
                out.append(piece)
        return "".join(out)

    def conditions(self, value: str, parts: Sequence[tuple[str, str]]) -> str:
        """A value and the parts that were given names."""
        raise NotImplementedError


@lru_cache(maxsize=256)
def holes(op: str, template: str) -> tuple[str | tuple[int, int], ...]:
    """A template in parts: strings, and (place among the arguments, how tight it must be); empty for a bare name."""
    places = {name: place for place, name in enumerate(OPERATIONS[op].signature)}
    found: list[str | tuple[int, int]] = []
    start = 0
    for match in _HOLE.finditer(template):
        if match.group(1) in places:
            found += [template[start : match.start()], (places[match.group(1)], 0 if match.group(2) else ATOM)]
            start = match.end()
    return tuple([part for part in (*found, template[start:]) if part]) if found else ()


def fill(template: str, node: Node) -> Laid:
    """A template with the node's arguments in their places."""
    parts, args = holes(node.op, template), node.args
    return template_level(template), [part if isinstance(part, str) else (args[part[0]], part[1]) for part in parts]


def template_level(template: str) -> int:
    """How tightly a filled template binds.

    >>> template_level("{X}⁻¹") == POSTFIX, template_level("‖{X:any}‖") == ATOM, template_level("√{X}") == POW
    (True, True, True)
    """
    if template.startswith("{"):
        return POSTFIX
    return ATOM if template.startswith(("|", "‖", "⟨", "[", r"\left", r"\sqrt")) else POW
