"""Derivations by differentials: ``ds = uᵀ dh = uᵀ (f′(z) ⊙ dz) = ... = tr(Gᵀ dX)``, hence ``∂s/∂X = G``.

For one variable after the other, all else is held.  The differential of the value is written in the differentials of
the pieces, the last first: the law of each piece is put in, and what multiplies the next differentials is collected.
Every line is an equation between differentials.  Where a matrix form gets lost, the laws are put in alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.calculus.simplify import simplify
from matcalc.calculus.writing import t
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, kind
from matcalc.operations import table
from matcalc.steps.board import Board
from matcalc.steps.conditions import conditions
from matcalc.steps.expansion import Marks
from matcalc.steps.glyphs import Glyphs
from matcalc.steps.lines import Block, Left, Line, Marked
from matcalc.steps.local import Piece, jacobian_product
from matcalc.steps.pieces import Pieces
from matcalc.steps.step import DerivationStep
from matcalc.steps.told import State, Told

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["Differentials"]

EFFORT = 1500  # pieces times variables that are told


class Differentials(Pieces):
    """The board of a derivation by differentials."""

    def __init__(self, derivation: Derivation, glyphs: Glyphs, *, full: bool, policy: str) -> None:
        super().__init__(derivation)
        self.glyphs, self.say, self.full = glyphs, glyphs.say, full
        self.rows = policy == "jacobian" and self.scalar
        self.named: dict[tuple[Node, Node], Node] = {}  # gradients that have got a name
        self.passed: dict[tuple[Node, Node, Node], Node | None] = {}
        self.known: dict[Node, Piece] = {}
        self.begun: set[tuple[Node, frozenset[tuple[Node, Node]]]] = set()  # states that a reader has seen
        self.told: set[str] = set()
        self.totals: dict[str, Node] = {}
        told = self.of_variables()
        steps = [DerivationStep("definition", p.args[0], value=self.name, name=p.params[0]) for p in self.all]
        steps += self.results(self.totals, self.rows)
        board = Board(steps, glyphs, policy=policy, full=full, taken=self.taken)
        at = next((k for k, block in enumerate(board.blocks) if block.kind == "result"), len(board.blocks))
        self.blocks: list[Block] = [*board.blocks[:at], *told, *self.of_second_order(), *board.blocks[at:]]

    def of_variables(self) -> list[Block]:
        """A block for every variable, as many as a reader bears."""
        blocks: list[Block] = []
        effort = 0
        for place, (name, target) in enumerate(self.targets.items()):
            if not self.live.get(target):
                continue
            if effort > EFFORT:
                rest = len(self.targets) - place
                blocks.append(Block(self.say("more_variables", count=rest)))
                break
            told = Told(self, name, target)
            effort += len(told.order)
            blocks.append(told.block)
            if told.total is not None:
                self.totals[name] = told.total
        return blocks

    def of_second_order(self) -> list[Block]:
        """The second differential, where the Hessian is a matrix."""
        block = Block(self.say("second_order"))
        for key, result in self.derivation.items():
            if not isinstance(key, tuple) or not self.live.get(self.targets[key[0]]):
                continue
            kinds = {kind(self.targets[name].shape) for name in key}
            if not kinds <= {"scalar", "vector"} or result.node.op == "entries":
                continue
            marks = Marks()
            first, second = [marks(self.targets[name]) for name in key]
            change = _times(result.node, second)
            left = Left("change", self.name, key[0], through=key[1])
            words = self.say("as_varies", name=self.glyphs.in_words(self.glyphs.name(key[1])))
            block.lines.append(Line(left, [Marked(change, marks.inside(change))], words, told=False))
            if key[0] == key[1]:
                square = _times(table.transpose(first) if first.shape != (1, 1) else first, change)
                left = Left("differential", self.name, key[0], order=2)
                block.lines.append(Line(left, [Marked(square, marks.inside(square))], told=False))
        return [block] if block.lines else []

    # ---------------------------------------------------------------------------------- the gradients of pieces
    def piece(self, variable: Node) -> Piece:
        """A piece with its variables as leaves."""
        if variable not in self.known:
            self.known[variable] = Piece(variable, self.taken)
        return self.known[variable]

    def pass_on(self, piece: Node, by: Node, upstream: Node) -> Node | None:
        """What the derivative by a piece is for one of its variables; None where it has no matrix form."""
        key = (piece, by, upstream)
        if key not in self.passed:
            try:
                self.passed[key] = self.found(piece, by, upstream)
            except MatcalcError:
                self.passed[key] = None
        return self.passed[key]

    def found(self, variable: Node, by: Node, upstream: Node) -> Node | None:
        """The same, not kept."""
        piece = self.piece(variable)
        if self.scalar:
            return self.laid(piece.passed_on(piece.gradients([by])[by], self.laid(upstream)))
        local = piece.jacobian(by)
        return local if variable is self.value or local is None else jacobian_product(upstream, local)

    def conditions(self, variable: Node, by: Node, upstream: Node, passed: Node) -> list[str]:
        """Where the laws of a piece hold, and what its gradient makes use of, on a full board."""
        if not (self.full and self.scalar):
            return []
        piece = self.piece(variable)
        found = conditions(piece, by, piece.gradients([by])[by], self.laid(upstream), self.laid(passed))
        return [self.glyphs.condition(condition) for condition in found]

    def laid(self, gradient: Node) -> Node:
        """A gradient as the policy passes it on, and back again."""
        return simplify(t(gradient)) if self.rows and gradient.shape != (1, 1) else gradient

    def shortened(self, piece: Node, gradient: Node) -> tuple[Node, bool]:
        """The gradient by a piece, under a name where it deserves one, and whether the name is new."""
        key = (piece, gradient)
        if key in self.named:
            return self.named[key], False
        name = self.short_name(piece, gradient)
        found = self.named[key] = table.let(name, gradient) if name else gradient
        return found, bool(name)

    def collected(self, state: State, marks: Marks, *, outside: bool) -> Node:
        """The differential of the value in those of other variables: ``gᵀ dz + tr(Gᵀ dX)``.

        ``outside``: transposes stand around gradients, which can be read off then.
        """
        terms = [self.term(g, marks(v), v, outside) for v, g in state.items()]
        total = terms[0]
        for term in terms[1:]:
            total = table.add(total, term)
        return total

    def term(self, gradient: Node, change: Node, variable: Node, outside: bool) -> Node:
        """A gradient with a differential."""
        if not self.scalar:
            return _times(gradient, change)
        if variable.shape == (1, 1):
            one = gradient.op == "num" and gradient.params[0] == 1
            return change if one else table.mul(gradient, change)
        if self.rows:
            row, column = gradient, t(gradient)
        else:
            column = gradient
            atom = gradient.op in ("var", "let", "T", "ones")
            row = table.transpose(gradient) if outside and not atom else simplify(t(gradient))
        if kind(variable.shape) == "row":
            return table.matmul(change, row) if self.rows else table.matmul(column, table.transpose(change))
        product = table.matmul(row, change)
        return table.make("tr", product) if kind(variable.shape) == "matrix" else product


def _times(left: Node, right: Node) -> Node:
    scalar = (1, 1) in (left.shape, right.shape)
    return table.mul(left, right) if scalar else table.matmul(left, right)
