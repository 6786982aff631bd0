"""Laws that a program states itself: ``d(g(X)) = tr(inv(X) @ dX)``.

Decisions.  A law is read like the built-in ones, anew for the shapes of every call: its parameters have no kinds of
their own, they are what they are called with, and they are local to the law.  Its right-hand side holds the
parameters, their differentials ``dX``, numbers, dimensions, functions, and the function itself or others with laws
(``d(e(t)) = e(t)*dt``); other names of the program would make the value depend on them behind the law's back.  The
value has the shape of the right-hand side.  Where that holds the value itself, the first of these shapes that fits is
the value's: a scalar, an argument's, the transpose of one, a column or row along an axis of one; broadcasting a
column over a matrix counts as fitting only where nothing else fits.

A definition ``g(X) = logdet(X)`` beside the law gives the value; it need not work entry by entry then, and it speaks of
its parameters alone as well.  Without one the value is not known, and generated code asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, Shape, intern, rebuild
from matcalc.language.dimensions import Clash, Unifier
from matcalc.language.own_shapes import Formula, Shaper, Shapes, misfit
from matcalc.language.scope import Environment, Scope
from matcalc.operations.registry import Checker
from matcalc.operations.table import variable
from matcalc.syntax.tree import Definition, Law, Syntax

__all__ = ["ARGUMENT", "DIFFERENTIAL", "OwnLaw", "put_in"]

ARGUMENT, DIFFERENTIAL = "argument", "differential"  # the types of the variables that stand for them


class OwnLaw:
    """A law of the program, with the definition of the value where there is one.

    ``text`` and ``definition`` are both as they are written, ``differentials`` those parameters whose differentials
    stand in the law.  What it prints as tells it apart from any other.
    """

    __slots__ = (
        "_cyclic", "_kept", "_key", "body", "definition", "differentials", "environment", "form_of_value", "law",
        "name", "parameters", "source", "start", "syntax", "text", "tree",
    )  # fmt: skip

    def __init__(self, statement: Law, body: Definition | None, texts: tuple[str, str], scope: Scope) -> None:
        self.name, self.tree, self.start = statement.name, statement.body, statement.start
        self.parameters = tuple([name for name, _ in statement.parameters])
        self.body, self.source, self.syntax = body, scope.source, scope.syntax
        self.text, self.definition = texts
        self.environment: Callable[[], Environment] = lambda: Environment({})
        self.differentials: tuple[str, ...] = ()
        self.law: Formula | None = None
        self.form_of_value: Formula | None = None
        self._cyclic: bool | None = None
        self._kept: dict[Any, Any] = {}
        shown = [self.parameters, _key(self.tree)]
        shown += [] if body is None else [[name for name, _ in body.parameters], _key(body.body)]
        digest = hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()
        self._key = f"law of {self.name} {digest}"

    def __repr__(self) -> str:
        return self._key

    @property
    def stated(self) -> str:
        """Where the law stands: ``line 1``."""
        return f"line {self.source.count(chr(10), 0, self.start) + 1}"

    @property
    def has_value(self) -> bool:
        """Whether the program says what the function is."""
        return self.body is not None

    def calls(self) -> Iterable[OwnLaw]:
        """The functions with laws that the law calls."""
        return () if self.law is None else self.law.calls()

    def values(self) -> Iterable[OwnLaw]:
        """The functions with laws that the definition calls."""
        return () if self.form_of_value is None else self.form_of_value.calls()

    @property
    def cyclic(self) -> bool:
        """Whether the shape of the value is needed to find it."""
        if self._cyclic is None:
            seen: set[OwnLaw] = set()
            stack = [] if self.has_value else list(self.calls())
            while stack:
                law = stack.pop()
                if law not in seen:
                    seen.add(law)
                    stack += [] if law.has_value else law.calls()
            self._cyclic = self in seen
        return self._cyclic

    # ---- shapes ----

    def shape(self, check: Checker, shapes: Sequence[Shape]) -> Shape:
        """The shape rule of a call: the shape of the right-hand side for these arguments."""
        if not isinstance(check, Unifier):
            return self.value_shape(tuple(shapes))
        return Shaper().shape(self, check, tuple(shapes), ())

    def value_shape(self, shapes: Shapes) -> Shape:
        """The shape of the value for known shapes of the arguments; raises `ShapeError`."""
        found: Shape | None = self._kept.get(("shape", shapes))
        if found is None:
            check = Unifier()
            shape = Shaper().shape(self, check, shapes, ())
            try:
                check.finish(lambda slot: [])
            except Clash as clash:
                raise misfit(self, check, clash) from None
            found = self._kept["shape", shapes] = check.shape(shape)
        return found

    # ---- nodes ----

    def call(self, args: Sequence[Node]) -> Node:
        """The node of a call."""
        return intern("own", tuple(args), (self.name, self), self.value_shape(tuple([a.shape for a in args])))

    def arguments(self, shapes: Shapes) -> tuple[list[Node], list[Node]]:
        """The variables that stand for the arguments, and for their differentials."""
        pairs = list(zip(self.parameters, shapes, strict=True))
        return (
            [variable(name, shape, ARGUMENT) for name, shape in pairs],
            [variable(f"d{name}", shape, DIFFERENTIAL) for name, shape in pairs],
        )

    def differential(self, shapes: Shapes) -> Node:
        """The right-hand side over those variables."""
        found: Node | None = self._kept.get(("law", shapes))
        if found is None:
            assert self.law is not None
            given, changes = self.arguments(shapes)
            inputs = {node.params[0]: node for node in (*given, *changes)}
            found = self._kept["law", shapes] = self._built(self.law, inputs)
        return found

    def value(self, args: Sequence[Node]) -> Node:
        """The definition with these arguments; what it calls is opened too."""
        places, form = self.form(tuple([a.shape for a in args]))
        return put_in(form, dict(zip(places, args, strict=True)))

    def form(self, shapes: Shapes) -> tuple[list[Node], Node]:
        """The variables that stand for the arguments, and the definition over them, with what it calls opened."""
        assert self.form_of_value is not None and self.body is not None  # noqa: PT018
        places, _ = self.arguments(shapes)
        form: Node | None = self._kept.get(("value", shapes))
        if form is None:
            names = [name for name, _ in self.body.parameters]
            inputs = dict(zip(names, places, strict=True))
            (form,) = without_definitions([self._built(self.form_of_value, inputs)])
            self._kept["value", shapes] = form
        return places, form

    def _built(self, formula: Formula, inputs: Mapping[str, Node]) -> Node:
        from matcalc.language.build import Builder, Misfit, build
        from matcalc.language.report import explain

        environment, tape = self.environment(), formula.tape
        sizes: dict[int, Shape] = {}
        if "sizeless" in tape.op:
            check = Unifier()
            given = {name: node.shape for name, node in inputs.items()}
            shapes = Shaper().walk(formula, given, check, ())
            sizes = {slot: check.shape(shapes[slot]) for slot, op in enumerate(tape.op) if op == "sizeless"}
        try:
            builder = Builder(inputs, environment.definitions, lambda: environment, sizes=sizes)
            return build(tape, builder)[formula.slot]
        except Misfit as misfit:
            raise explain(tape, misfit, self.source) from None


def put_in(form: Node, places: Mapping[Node, Node]) -> Node:
    """A formula with nodes for the variables in it."""

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if node in places:
            return places[node]
        return node if args == node.args else intern(node.op, args, node.params, node.shape)

    return rebuild([form], replace)[form]


def _key(tree: Syntax) -> list[Any]:
    """What a tree says, whatever its place and its spaces."""
    found: list[Any] = []
    stack: list[Syntax] = [tree]
    while stack:
        top = stack.pop()
        fields = [getattr(top, slot, None) for slot in ("name", "value", "operator", "function", "primes", "indices")]
        found.append((type(top).__name__, len(top.children), *[f for f in fields if isinstance(f, (str, int, tuple))]))
        if hasattr(top, "value"):
            found.append(str(top.value))
        found += [len(row) for row in getattr(top, "rows", ())]
        found += [word for word, _, _ in getattr(top, "keywords", ())]
        stack.extend(reversed(top.children))
    return found
