"""The derivation by one variable: the differential of the value, piece by piece, down to the variable's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from matcalc.calculus.simplify import simplify
from matcalc.calculus.sweep import depends
from matcalc.calculus.writing import sum_of
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, kind, postorder
from matcalc.operations import table
from matcalc.operations.registry import Law
from matcalc.render.measure import token_count
from matcalc.steps.expansion import Marks, law_applied
from matcalc.steps.lines import Block, Left, Line, Marked
from matcalc.steps.naming import replaced
from matcalc.steps.stated import law_of

if TYPE_CHECKING:
    from matcalc.steps.differential import Differentials

__all__ = ["State", "Told"]

LAWS = 12  # laws told one by one for a piece; of more, what they give together
LONG = 160  # tokens of a differential
LINES = 40  # of one variable

State: TypeAlias = dict[Node, Node]  # what multiplies the differential of each variable that is left


class Told:
    """The block of one variable."""

    def __init__(self, board: Differentials, name: str, target: Node) -> None:
        self.board, self.name, self.target, self.say = board, name, target, board.say
        self.live = depends(board.value, [target])
        self.order = [p for p in reversed(board.all) if self.live[p] and p is not target]
        self.marks = Marks()
        self.lines: list[Line] = []
        self.laws: dict[str, Law] = {}
        self.conditions: dict[str, None] = {}
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
            self.lines = []
        if new:
            left = Left("partial", board.name, str(piece.params[0]), rows=board.rows)
            words = self.say("error_signal")
            self.lines.append(Line(left, [gradient.args[0]], words, named=str(gradient.params[0])))
        if seen:
            self.lines.append(self.line([shown], self.say("as_before")))
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
            self.conditions |= dict.fromkeys(board.conditions(piece, by, upstream, found))
        return rest

    def collect(self, state: State, shown: Node) -> Node:
        """The same with equal differentials collected, which shows the gradients."""
        board = self.board
        sides = [board.collected(state, self.marks, outside=outside) for outside in (False, True)]
        written = [board.glyphs.marked(Marked(side, self.marks.inside(side))) for side in (shown, *sides)]
        new = [side for side, words in zip(sides, written[1:], strict=True) if words != written[0]]
        if len(new) == 2 and (written[1] == written[2] or kind(next(iter(state)).shape) != "matrix"):
            new = new[1:]
        told = list(self.conditions)
        self.conditions = {}
        if new:
            matrix = any(kind(v.shape) == "matrix" for v in state) and board.scalar
            self.lines.append(self.line(new, self.say("trace" if matrix else "collect")))
        self.lines += [Line(None, words=words) for words in told]
        return sides[1]

    def end(self, state: State | None) -> None:
        """What is read off."""
        board = self.board
        if state is None or set(state) != {self.target}:
            return
        self.total = state[self.target]
        board.begun.add((self.target, frozenset(state.items())))
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
