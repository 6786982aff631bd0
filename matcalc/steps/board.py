"""The steps of the chain rule as lines on a board: blocks under headings, one for each piece.

A brief board has formulas and shapes; a full one reasons entry by entry where a transpose or an outer product comes in,
checks the shapes of products, and tells under which conditions a step holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matcalc.calculus.simplify import simplify
from matcalc.calculus.tensors import is_entries
from matcalc.calculus.writing import t
from matcalc.expressions.node import NAMED, Node, postorder
from matcalc.operations import table
from matcalc.phrases import Phrases
from matcalc.steps.entrywise import entry_lines, letters_for
from matcalc.steps.glyphs import Glyphs, Letters
from matcalc.steps.lines import Block, Chained, Entry, Left, Line, Marked, Side
from matcalc.steps.naming import replaced
from matcalc.steps.step import DerivationStep

__all__ = ["Board"]

LIMIT = 60  # steps written; of more, the first and the last
ENTRY = 48  # characters of an entry that is shown
MARK = "\u27e6d\u27e7"  # stands for the change of a variable


class Board:
    """What is written for each step, block by block."""

    def __init__(
        self, steps: Sequence[DerivationStep], glyphs: Glyphs, *, policy: str = "shape", full: bool = False,
        taken: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.glyphs, self.steps, self.full, self.taken = glyphs, list(steps), full, taken
        self.say: Phrases = glyphs.say
        self.blocks: list[Block] = []
        self.piece = ""
        self.defined = {step.name: step for step in steps if step.kind == "definition"}
        value = next((step.value for step in steps), "")
        self.scalar = value in self.defined and self.defined[value].formula.shape == (1, 1)
        self.rows = policy == "jacobian" and self.scalar
        self.chains: dict[str, list[DerivationStep]] = {}
        self.uses: dict[str, int] = {}
        for step in steps:
            if step.kind == "chain":
                self.chains.setdefault(step.of, []).append(step)
                self.uses[step.by] = self.uses.get(step.by, 0) + 1
        self.told: set[str] = set()
        self.used: set[Node] = set()  # abbreviations that have been used once
        if policy == "jacobian" or full:
            self.open("", self.say(f"policy_{policy}" if self.scalar else "policy_products"))
        omitted = max(0, len(self.steps) - LIMIT)
        for place, step in enumerate(self.steps):
            if not omitted or not LIMIT // 2 <= place < len(self.steps) - LIMIT // 2:
                getattr(self, step.kind)(step)
            elif place == LIMIT // 2:
                self.open("", self.say("more_steps", count=omitted))

    def open(
        self, piece: str, words: str = "", definition: tuple[str, Node] | None = None,
        chains: Sequence[DerivationStep] = (),
    ) -> None:  # fmt: skip
        """Begin a block, unless it is the one that is open."""
        if piece and self.piece == piece:
            return
        self.piece = piece
        laws = {law.text: law for step in chains for law in step.laws}
        new = [law for text, law in laws.items() if text not in self.told]
        self.told.update(laws)
        titles = list(dict.fromkeys([law.title for law in laws.values()]))
        self.blocks.append(Block(words, definition, new, titles, piece))

    def write(self, line: Line) -> None:
        """A line of the open block."""
        self.blocks[-1].lines.append(line)

    def open_piece(self, name: str, example: DerivationStep) -> None:
        """The block of a piece, with its upstream gradient."""
        if self.piece == f"of {name}":
            return
        step = self.defined[name]
        self.open(f"of {name}", definition=(name, step.formula), chains=self.chains.get(name, ()))
        if example.kind == "chain" and example.upstream is not None and name != example.value:
            words = self.say("upstream_jacobian" if self.rows or not self.scalar else "upstream")
            if self.full:
                words += self.say("comma") + self.say("already")
            left = Left("partial", example.value, name, rows=self.rows)
            self.write(Line(left, [example.upstream], words, told=False))

    # ------------------------------------------------------------------------------- one method a kind of step
    def definition(self, step: DerivationStep) -> None:
        """A piece, in the list of all."""
        self.open("definition", self.say("pieces"))
        self.write(Line(Left("name", step.name), [step.formula], checked=self.full))

    def abbreviation(self, step: DerivationStep) -> None:
        """The upstream gradient of a piece, named."""
        self.open_piece(step.by, step)
        left = Left("partial", step.value, step.by, rows=self.rows)
        self.write(Line(left, [step.formula], self.say("error_signal"), named=step.name))

    def chain(self, step: DerivationStep) -> None:
        """What a piece passes on to one of its variables."""
        self.open_piece(step.of, step)
        entries = self.entries(step)
        if step.local is not None and step.of != step.value:
            self.write(Line(Left("local", step.of, step.by), [step.local], self.say("local")))
        elif step.local is None and step.differential is not None and step.change is not None:
            self.write(self.changing(step))
        for line in entries:
            if line.left is not None and line.left.kind == "local":
                self.write(line)
        left = Left("partial", step.value, step.by, rows=self.rows)
        if self.uses[step.by] > 1:
            left = Left("contribution", step.value, step.by, through=step.of, rows=self.rows)
        sides = [side for side in (step.product, step.formula) if side is not None]
        words = [self.say("one_of", count=self.uses[step.by])] if self.uses[step.by] > 1 else []
        words += self.reused(step)
        for line in entries:
            if line.left is not None and line.left.kind != "local":
                self.write(line)
        self.write(Line(left, sides, self.say("comma").join(words), checked=self.full))
        if self.full:
            for condition in step.conditions:
                told = self.glyphs.condition(condition)
                if told not in [line.words for line in self.blocks[-1].lines]:
                    self.write(Line(None, words=told))

    def changing(self, step: DerivationStep) -> Line:
        """What a change of the variable makes of the piece, where a Jacobian is no matrix."""
        assert step.change is not None
        assert step.differential is not None
        mark = table.variable(MARK, step.change.shape)
        by = table.variable(step.by, step.change.shape)
        side = Marked(replaced(step.differential, {step.change: mark}), {MARK: by})
        words = self.say("as_varies", name=self.glyphs.in_words(self.glyphs.name(step.by)))
        return Line(Left("moved", step.of, step.by), [side], words, told=False)

    def entries(self, step: DerivationStep) -> list[Line]:
        """The reasoning entry by entry, on a full board."""
        found = entry_lines(step, self.taken, self.rows) if self.full else []
        for line in found:
            letters = line.below or ((), ())
            if line.remark == "otherwise_zero":
                line.remark = self.elsewhere(step, letters)
            else:
                through = [x for side in line.sides if isinstance(side, Chained) for x in side.through]
                line.remark = self.say(line.remark, letters=self.say.listed(list(map(self.glyphs.in_words, through))))
        return [line for line in found if all(self.is_short(side) for side in line.sides)]

    def is_short(self, side: Side) -> bool:
        """Whether an entry helps a reader: short, and without an entry of something that has none of its own."""
        shown = Glyphs(self.say).entry(side) if isinstance(side, Entry) else "..."
        return 0 < len(shown) <= ENTRY and "]_" not in shown

    def elsewhere(self, step: DerivationStep, below: Letters) -> str:
        """Where the derivative of one entry by another is zero."""
        spare = iter([x for x in letters_for(self.taken) if x not in (*below[0], *below[1])])
        other = {x: next(spare) for x in below[0] if x in below[1]}
        partial = self.glyphs.partial(step.of, step.by, ([other.get(x, x) for x in below[0]], below[1]))
        equal = self.say.listed([self.glyphs.in_words(f"{new} = {old}") for old, new in other.items()])
        return self.say("otherwise_zero", zero=self.glyphs.in_words(f"{partial} = 0"), equal=equal)

    def reused(self, step: DerivationStep) -> list[str]:
        """That the upstream gradient's name has been computed for another variable before."""
        name = step.upstream
        if name is None or name.op != "let" or name.params[0] in self.defined:
            return []
        if name not in postorder(step.formula, into=lambda n: n.op not in NAMED):
            return []
        if name in self.used:
            shown = self.glyphs.in_words(self.glyphs.name(name.params[0]))
            return [f"{shown} {self.say('already')}"]
        self.used.add(name)
        return []

    def sum(self, step: DerivationStep) -> None:
        """The contributions of several uses."""
        name = self.glyphs.in_words(self.glyphs.name(step.by))
        self.open(f"sum {step.by}", self.say("used", name=name, count=len(step.parts)))
        left = Left("partial", step.value, step.by, rows=self.rows)
        self.write(Line(left, [step.formula], checked=self.full))

    def result(self, step: DerivationStep) -> None:
        """A derivative that was asked for."""
        reshaped = self.rows and step.turned
        self.open("result", self.say("result_reshaped" if reshaped else "result"))
        final = step.formula if step.final is None else step.final
        sides = [final] if step.remark and step.remark[0] != "in_layout" else self.ending(step, final)
        written = [self.glyphs.formula(side) for side in sides]
        while len(written) > 1 and sum(map(len, written)) >= self.glyphs.width:
            del sides[0], written[0]
        left = Left("result", step.value, step.by, order=step.order)
        self.write(Line(left, sides, step.told(self.say), checked=self.full))

    def ending(self, step: DerivationStep, final: Node) -> list[Node]:
        """What is known of a result in the steps' variables, laid out as the result is, and the result."""
        if is_entries(step.formula) or is_entries(final) or step.order > 1:
            return [final]
        if not step.turned or step.formula.shape == (1, 1):
            return [step.formula, final]
        inwards = simplify(t(step.formula))
        return [inwards, final] if step.formula.op in ("T", "var", "let") else [
            table.transpose(step.formula), inwards, final,
        ]  # fmt: skip
