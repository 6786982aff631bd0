"""A mistake in words: the formulas of the program in the place of placeholders, in the program's own syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations.table import OPERATIONS, make
from matcalc.operations.table import variable as variable_node
from matcalc.phrases import Phrases
from matcalc.render.source import source
from matcalc.verify.backward import UPSTREAM, VALUE, Backward, Edge, placed
from matcalc.verify.edits import Mistake, replaced
from matcalc.verify.mistakes import substituted
from matcalc.verify.retrace import Wrong

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["Steps", "Telling"]

SHORT = 80


class Telling:
    """Tells mistakes in a language; formulas are written in the program's syntax."""

    def __init__(self, say: Phrases, program: Program) -> None:
        self.say, self.program = say, program

    def formula(self, node: Node) -> str:
        """A formula, its middle left out where it is long."""
        text = source(node, syntax=self.program.syntax, taken=self.program.names)
        text = text.rsplit("\n", 1)[-1]
        return text if len(text) <= SHORT else f"{text[: SHORT - 30]} ... {text[-25:]}"

    def mistake(self, mistake: Mistake) -> str:
        """A mistake in one place of a formula."""
        words: dict[str, Any] = {
            name: self.formula(value) if isinstance(value, Node) else value for name, value in mistake.values.items()
        }
        told = self.say(mistake.key, **words)
        part = mistake.values.get("part")
        if isinstance(part, Node) and part.op == "sum" and part.args[0].op == "var" and part.shape == (1, 1):
            told += self.say("one_if_simplex", part=words["part"], name=part.args[0].params[0])
        return told


class Steps(Telling):
    """Tells mistakes in the steps of a derivation."""

    def __init__(self, say: Phrases, program: Program, backward: Backward, value_name: str) -> None:
        super().__init__(say, program)
        self.backward, self.value_name = backward, value_name
        self.names = {n.args[0]: n for n in postorder(backward.value) if n.op == "let"}
        self._adjoints: dict[Node, Node] = {}

    def wrong(self, wrong: Wrong) -> str:
        """A step taken wrongly: what is wrong with it, and what is right."""
        if wrong.formula is None:
            return self._path(wrong.edge)
        places = self._places(wrong.edge)
        mistake = wrong.mistake
        as_written = mistake.kind == "missing sum"  # simplified, a sum is pulled apart
        values = {}
        for key, value in mistake.values.items():
            put = substituted(value, places) if isinstance(value, Node) else value
            values[key] = put if as_written or not isinstance(put, Node) else simplified(put)
        what = self.mistake(Mistake(mistake.kind, mistake.key, **values))
        return self.placed(what, wrong.edge)

    def placed(self, what: str, edge: Edge) -> str:
        """What is wrong, and in which step."""
        if edge.formula is None or self.backward.value.shape != (1, 1):  # the step of a Jacobian is a tensor
            return what
        right = self.formula(simplified(substituted(edge.formula, self._places(edge))))
        after = self.partial(edge.argument)
        if len(self.backward.above[edge.argument]) > 1:
            after = self.say("its_part", name=after)
        if self._is_value(edge.node):
            return self.say("first_step", what=what, after=after, right=right)
        return self.say("step", what=what, before=self.partial(edge.node), after=after, right=right)

    def _is_value(self, node: Node) -> bool:
        value = self.backward.value
        return node is value or (value.op == "let" and node is value.args[0])

    def partial(self, node: Node) -> str:
        """The derivative of the value by a node, as it is written."""
        text = self.formula(self.named(node))
        name = self.value_name or "J"
        return f"∂{name}/∂{text}" if text.replace("_", "").isalnum() else f"∂{name}/∂({text})"

    def named(self, node: Node) -> Node:
        """A node by its name where it has one."""
        return self.names.get(node, node)

    def _places(self, edge: Edge) -> dict[Node, Node]:
        """What stands for the placeholders of a step."""
        found = {p: self.named(a) for p, a in zip(edge.places, edge.node.args, strict=True) if p.op == "var"}
        shape = edge.node.shape
        found[variable_node(UPSTREAM, shape)] = self.adjoint(edge.node)
        found[variable_node(VALUE, shape)] = self.named(edge.node)
        if edge.node in self.names:
            found[placed(edge.node)[0]] = self.names[edge.node]
        return found

    def adjoint(self, node: Node) -> Node:
        """The upstream gradient at a node, as a formula; by its partial's name where it has none in matrices."""
        from matcalc.calculus.simplify import shortest
        from matcalc.calculus.sweep import sweep

        if not self._adjoints:
            nodes = self.backward.nodes
            try:
                found = sweep(self.backward.value, nodes, self.names)
                self._adjoints = {n: shortest(found[n]) for n in nodes}
            except MatcalcError:
                self._adjoints = {n: variable_node(self.partial(n), n.shape) for n in nodes}
        return self._adjoints[node]

    def _path(self, edge: Edge) -> str:
        """A path left out: what it would have contributed, and where it begins."""
        scalar = self.backward.value.shape == (1, 1)
        part = self.formula(self.contribution(edge)) if scalar else ""
        use, meeting = self._top(edge)
        if scalar and meeting is not None and meeting.op in ("add", "sub"):
            use = edge.argument if use is meeting else use
            return self.say("path_term", part=part, use=self.formula(self.named(use)))
        name = self.formula(self.named(edge.argument))
        uses = len(self.backward.above[edge.argument])
        if not scalar and (uses < 2 or not name.isidentifier()):
            return self.say("use_constant", use=self.formula(self.named(use)))
        if uses < 2:
            return self.say("path_through", part=part, use=name)
        held = variable_node(f"{name}₀", edge.argument.shape) if name.isidentifier() else None
        shown = replaced(meeting or use, edge.node, _held(edge, held)) if held is not None else None
        if shown is None:
            return self.say("path", part=part, name=name, count=uses, use=self.formula(self.named(use)))
        if not scalar:
            return self.say("use_held", name=name, count=uses, use=self.formula(shown), held=f"{name}₀")
        return self.say("path_held", part=part, name=name, count=uses, use=self.formula(shown), held=f"{name}₀")

    def _top(self, edge: Edge) -> tuple[Node, Node | None]:
        """The largest formula that only this path goes through, and the one where it meets another path."""
        below, above = self.backward.below, self.backward.above
        top = edge.node
        if len(below[top]) > 1:
            return top, top
        while len(above[top]) == 1:
            parent = above[top][0].node
            if len(below[parent]) > 1:
                return top, parent
            top = parent
        return top, None

    def contribution(self, edge: Edge) -> Node:
        """What one step contributes to the gradient."""
        node = edge.node
        local = self.adjoint(node) if edge.formula is None else substituted(edge.formula, self._places(edge))
        if edge.argument is self.backward.target:
            return simplified(local)
        return simplified(self._onward(edge.argument, local))

    def _onward(self, node: Node, upstream: Node) -> Node:
        """The gradient by the variable for an upstream gradient at a node."""
        from matcalc.calculus.simplify import shortest
        from matcalc.calculus.sweep import sweep

        place = variable_node("upstream", node.shape)
        product = make("mul", place, node)
        total = product if node.shape == (1, 1) else make("sum", product, params=(None,))
        found = shortest(sweep(total, [self.backward.target], self.names)[self.backward.target])
        return substituted(found, {place: upstream})


def _held(edge: Edge, constant: Node) -> Node:
    """The operation of a step with its argument held constant."""
    args = [constant if k == edge.k else a for k, a in enumerate(edge.node.args)]
    if edge.node.op in OPERATIONS:
        return make(edge.node.op, *args, params=edge.node.params)
    return intern(edge.node.op, tuple(args), edge.node.params, edge.node.shape)


def simplified(node: Node) -> Node:
    """A formula simplified where that is possible."""
    from matcalc.calculus.simplify import simplify

    try:
        return simplify(node)
    except MatcalcError:
        return node
