"""Derivations by differentials: ``ds = uᵀ dh = uᵀ (f′(z) ⊙ dz) = ... = tr(Gᵀ dX)``, hence ``∂s/∂X = G``.

For one variable after the other, all else is held.  The differential of the value is written in the differentials of
the pieces, the last first: the law of each piece is put in, and what multiplies the next differentials is collected.
Every line is an equation between differentials.  Where a matrix form gets lost, the laws are put in alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.simplify import simplify
from matcalc.calculus.sweep import depends
from matcalc.calculus.writing import sum_of, t
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, kind, postorder
from matcalc.operations import table
from matcalc.operations.registry import Law
from matcalc.render.measure import token_count
from matcalc.steps.board import Board
from matcalc.steps.expansion import Marks, law_applied
from matcalc.steps.glyphs import Glyphs
from matcalc.steps.lines import Block, Left, Line, Marked
from matcalc.steps.local import Piece, jacobian_product
from matcalc.steps.naming import replaced
from matcalc.steps.pieces import Pieces
from matcalc.steps.stated import law_of
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["Differentials"]

LAWS = 12  # laws told one by one for a piece; of more, what they give together
LONG = 160  # tokens of a differential
LINES = 40  # of one variable
EFFORT = 1500  # pieces times variables that are told

State = dict[Node, Node]


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
        self.taken_out = 0
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
            told = _Told(self, name, target)
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


class _Told:
    """The block of one variable."""

    def __init__(self, board: Differentials, name: str, target: Node) -> None:
        self.board, self.name, self.target, self.say = board, name, target, board.say
        self.live = depends(board.value, [target])
        self.order = [p for p in reversed(board.all) if self.live[p] and p is not target]
        self.marks = Marks()
        self.lines: list[Line] = []
        self.laws: dict[str, Law] = {}
        self.total: Node | None = None
        glyphs = board.glyphs
        partial = glyphs.in_words(glyphs.partial(board.name, name))
        self.block = Block(self.say("only_varies", partial=partial, name=glyphs.in_words(glyphs.name(name))))
        self.tell()
        self.block.laws = [law for text, law in self.laws.items() if text not in board.told]
        board.told.update(self.laws)
        omitted = len(self.lines) - LINES
        if omitted > 0:
            words = Line(None, words=self.say("more_lines", count=omitted))
            self.lines[LINES // 2 : LINES // 2 + omitted] = [words]
        self.block.lines = self.lines

    def tell(self) -> None:
        """Piece by piece from the value down to the variable."""
        board = self.board
        state: State | None = {board.value: table.number(1) if board.scalar else table.eye(1)}
        shown = self.marks(board.value)
        for piece in self.order:
            if state is not None:
                shown, state = self.named(piece, state, shown)
            wanted = [v for v in board.piece(piece).variables if self.live.get(v) and v is not piece]
            after = self.put_in(piece, shown)
            if after is None or token_count(after) > LONG:
                state = None
                break
            shown = after
            if state is not None:
                state = self.passed(piece, wanted, state)
            if state is not None:
                shown = self.collect(state, shown)
        self.end(state)

    def named(self, piece: Node, state: State, shown: Node) -> tuple[Node, State]:
        """Give the gradient by the next piece a name; skip what a reader has seen for another variable."""
        board = self.board
        gradient, new = (state[piece], False) if piece is board.value else board.shortened(piece, state[piece])
        key = (piece, frozenset(state.items()))
        seen = key in board.begun and piece is not board.value
        if gradient is not state[piece]:
            state = {v: gradient if v is piece else g for v, g in state.items()}
            shown = board.collected(state, self.marks, outside=True)
        if seen:
            self.lines = [self.line([shown], self.say("as_before"))]
        elif new:
            left = Left("partial", board.name, str(piece.params[0]), rows=board.rows)
            words = self.say("error_signal")
            self.lines.append(Line(left, [gradient.args[0]], words, named=str(gradient.params[0])))
        board.begun.add(key)
        return shown, state

    def put_in(self, piece: Node, shown: Node) -> Node | None:
        """Put the differential of a piece into that of the value, by its laws."""
        live: dict[Node, bool] = {}
        body = piece.args[0]
        for node in postorder(body, into=lambda n: n.op != "let"):
            live[node] = bool(self.live.get(node)) if node.op in ("let", "var") else any(live[a] for a in node.args)
        now = replaced(shown, {self.marks(piece): self.marks(body)})
        told: list[tuple[Node, Law]] = []
        own: Node | None = piece
        for _ in range(1000):
            composite = [n for n in self.marks.inside(now).values() if n.op not in ("let", "var")]
            if not composite or token_count(now) > LONG:
                break
            node = max(composite, key=lambda n: n.size)
            try:
                change = law_applied(node, live, self.marks, own if node is body else None)
            except MatcalcError:
                self.lines.append(Line(None, words=self.say("no_matrix_form")))
                return None
            now = replaced(now, {self.marks(node): change})
            law = law_of(node)
            if law is not None:
                told.append((now, law))
        self.write(told, now)
        return now

    def write(self, told: Sequence[tuple[Node, Law]], last: Node) -> None:
        """The laws one by one on a full board, else what they give together."""
        self.laws.update({law.text: law for _, law in told})
        if self.board.full and len(told) <= LAWS:
            for shown, law in told[:-1]:
                self.lines.append(self.line([shown], self.say.term(law.title)))
            last_laws = [law for _, law in told[-1:]]
        else:
            last_laws = [law for _, law in told]
        titles = list(dict.fromkeys([self.say.term(law.title) for law in last_laws]))
        self.lines.append(self.line([last], self.say.listed(titles)))

    def line(self, sides: Sequence[Node], remark: str = "") -> Line:
        """The differential of the value."""
        left = Left("differential", self.board.name, self.name)
        return Line(left, [Marked(side, self.marks.inside(side)) for side in sides], remark, told=False)

    def passed(self, piece: Node, wanted: Sequence[Node], state: State) -> State | None:
        """What multiplies each differential after a piece has been put in."""
        board = self.board
        upstream = state[piece]
        rest = {v: g for v, g in state.items() if v is not piece}
        for by in wanted:
            found = board.pass_on(piece, by, upstream)
            if found is None:
                return None
            rest[by] = simplify(sum_of([(1, rest[by]), (1, found)])) if by in rest else found
        return rest

    def collect(self, state: State, shown: Node) -> Node:
        """The same with equal differentials collected, which shows the gradients."""
        board = self.board
        sides = [board.collected(state, self.marks, outside=outside) for outside in (False, True)]
        written = [board.glyphs.marked(Marked(side, self.marks.inside(side))) for side in (shown, *sides)]
        new = [side for side, words in zip(sides, written[1:], strict=True) if words != written[0]]
        if len(new) == 2 and (written[1] == written[2] or kind(next(iter(state)).shape) != "matrix"):
            new = new[1:]
        if new:
            matrix = any(kind(v.shape) == "matrix" for v in state) and board.scalar
            self.lines.append(self.line(new, self.say("trace" if matrix else "collect")))
        return sides[1]

    def end(self, state: State | None) -> None:
        """What is read off."""
        board = self.board
        if state is None or set(state) != {self.target}:
            return
        self.total = state[self.target]
        left = Left("partial", board.name, self.name, rows=board.rows)
        self.lines.append(Line(left, [self.total], self.say("hence", form=self.form()), checked=board.full))

    def form(self) -> str:
        """What the last differential has the form of: ``ds = tr(Gᵀ dX)``."""
        board, glyphs = self.board, self.board.glyphs
        letter = "J" if board.rows or not board.scalar else "G" if kind(self.target.shape) == "matrix" else "g"
        assert self.total is not None
        general = table.variable(letter, self.total.shape)
        shown = board.collected({self.target: general}, self.marks, outside=True)
        right = glyphs.marked(Marked(shown, self.marks.inside(shown)))
        return glyphs.in_words(f"{glyphs.differential(glyphs.name(board.name))} = {right}")
