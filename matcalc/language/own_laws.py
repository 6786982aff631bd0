"""Laws that a program states itself: ``d(g(X)) = tr(inv(X) @ dX)``.

Decisions.  A law is read like the built-in ones, anew for the shapes of every call: its parameters have no kinds of
their own, they are what they are called with, and they are local to the law.  Its right-hand side holds the parameters, their
differentials ``dX``, numbers, dimensions, functions, and the function itself or others with laws (``d(e(t)) =
e(t)*dt``); other names of the program would make the value depend on them behind the law's back.  The value has the
shape of the right-hand side.  Where that holds the value itself, the first of these shapes that fits is the value's:
a scalar, that of an argument, of its transpose, of one of its axes.

A definition ``g(X) = logdet(X)`` beside the law gives the value; it need not work entry by entry then, and it speaks of
its parameters alone as well.  Without one the value is not known, and generated code asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from matcalc.errors import LimitError, MatcalcError, ParseError, ShapeError, UnknownNameError
from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, Shape, intern, kind, rebuild
from matcalc.language.calls import reserved
from matcalc.language.dimensions import Clash, Unifier
from matcalc.language.excerpt import excerpt
from matcalc.language.linearity import check_linear
from matcalc.language.lower import lower
from matcalc.language.scope import PI, Environment, Scope
from matcalc.language.shaping import RULES
from matcalc.language.tape import Tape
from matcalc.operations.registry import Checker, describe
from matcalc.operations.table import OPERATIONS, variable
from matcalc.syntax.tree import Call, Definition, Law, Name, Syntax

if TYPE_CHECKING:
    from matcalc.language.declarations import Declarations

__all__ = ["ARGUMENT", "DIFFERENTIAL", "OwnLaw", "collect", "put_in"]

ARGUMENT, DIFFERENTIAL = "argument", "differential"  # the types of the variables that stand for them
DEEP = 40  # laws that need the shapes of others
OFTEN = 20_000  # looks at laws for the shape of one call

Shapes: TypeAlias = tuple[Shape, ...]
Assumed: TypeAlias = tuple[tuple["OwnLaw", Shapes, Shape], ...]  # values whose shapes are being found


class _Formula:
    """A formula over parameters, on a tape of its own."""

    __slots__ = ("slot", "tape")

    def __init__(self, tree: Syntax, scope: _Local) -> None:
        self.tape = Tape(scope.syntax)
        self.slot = lower(self.tape, tree, scope)

    def calls(self) -> Iterable[OwnLaw]:
        """The functions with laws that are called in it."""
        for op, params in zip(self.tape.op, self.tape.params, strict=True):
            if op == "own":
                yield params[1]


class OwnLaw:
    """A law of the program, with the definition of the value where there is one.

    ``differentials`` are those of its parameters that stand in it.  What it prints as tells it apart from any other.
    """

    __slots__ = (
        "_body",
        "_cyclic",
        "_kept",
        "_key",
        "_law",
        "body",
        "differentials",
        "environment",
        "name",
        "parameters",
        "source",
        "start",
        "syntax",
        "tree",
    )  # fmt: skip

    def __init__(self, statement: Law, body: Definition | None, source: str, syntax: str) -> None:
        self.name, self.tree, self.start = statement.name, statement.body, statement.start
        self.parameters = tuple([name for name, _ in statement.parameters])
        self.body, self.source, self.syntax = body, source, syntax
        self.environment: Callable[[], Environment] = lambda: Environment({})
        self.differentials: tuple[str, ...] = ()
        self._law: _Formula | None = None
        self._body: _Formula | None = None
        self._cyclic: bool | None = None
        self._kept: dict[Any, Any] = {}
        shown = [self.parameters, _key(self.tree)]
        shown += [] if body is None else [[name for name, _ in body.parameters], _key(body.body)]
        digest = hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()
        self._key = f"law {self.text} {digest}"

    def __repr__(self) -> str:
        return self._key

    @property
    def text(self) -> str:
        """The law as a line of the language: ``d(g(X)) = tr(inv(X) @ dX)``."""
        return f"d({self.name}({', '.join(self.parameters)})) = {excerpt(self.tree, 200, self.syntax)}"

    @property
    def stated(self) -> str:
        """Where the law stands: ``line 1``."""
        return f"line {self.source.count(chr(10), 0, self.start) + 1}"

    @property
    def definition(self) -> str:
        """The definition beside it as a line of the language, or nothing."""
        if self.body is None:
            return ""
        names = ", ".join([name for name, _ in self.body.parameters])
        return f"{self.name}({names}) = {excerpt(self.body.body, 200, self.syntax)}"

    @property
    def has_value(self) -> bool:
        """Whether the program says what the function is."""
        return self.body is not None

    # ---- reading ----

    def read(self, outer: Declarations) -> None:
        """Lower the law and the definition; raises what is wrong with them."""
        changes = [f"d{name}" for name in self.parameters]
        clash = next((name for name in self.parameters if name in changes), None)
        if clash is not None:
            hint = "give the argument another name"
            raise ParseError(f"{clash} is an argument and a differential", hint=hint).at(self.source, self.start)
        self._law = _Formula(self.tree, _Local(outer, self, (*self.parameters, *changes)))
        held = check_linear(self._law.tape, self._law.slot, changes, self.source, self.tree.start)
        self.differentials = tuple([name for name in self.parameters if f"d{name}" in held])
        if self.body is not None:
            self._body = _Formula(self.body.body, _Local(outer, self, [name for name, _ in self.body.parameters]))

    def calls(self, *, values: bool = False) -> Iterable[OwnLaw]:
        """The functions with laws that the law calls (or that the definition does)."""
        formula = self._body if values else self._law
        return () if formula is None else formula.calls()

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
        return _Shaper().shape(self, check, tuple(shapes), ())

    def value_shape(self, shapes: Shapes) -> Shape:
        """The shape of the value for known shapes of the arguments; raises `ShapeError`."""
        found: Shape | None = self._kept.get(("shape", shapes))
        if found is None:
            check = Unifier()
            shape = _Shaper().shape(self, check, shapes, ())
            try:
                check.finish(lambda slot: [])
            except Clash as clash:
                raise _misfit(self, check, clash) from None
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
            assert self._law is not None
            given, changes = self.arguments(shapes)
            inputs = {node.params[0]: node for node in (*given, *changes)}
            found = self._kept["law", shapes] = self._built(self._law, inputs)
        return found

    def value(self, args: Sequence[Node]) -> Node:
        """The definition with these arguments; what it calls is opened too."""
        places, form = self.form(tuple([a.shape for a in args]))
        return put_in(form, dict(zip(places, args, strict=True)))

    def form(self, shapes: Shapes) -> tuple[list[Node], Node]:
        """The variables that stand for the arguments, and the definition over them, with what it calls opened."""
        assert self._body is not None
        assert self.body is not None
        places, _ = self.arguments(shapes)
        form: Node | None = self._kept.get(("value", shapes))
        if form is None:
            names = [name for name, _ in self.body.parameters]
            inputs = dict(zip(names, places, strict=True))
            (form,) = without_definitions([self._built(self._body, inputs)])
            self._kept["value", shapes] = form
        return places, form

    def _built(self, formula: _Formula, inputs: Mapping[str, Node]) -> Node:
        from matcalc.language.build import Builder, Misfit, build
        from matcalc.language.report import explain

        environment, tape = self.environment(), formula.tape
        sizes: dict[int, Shape] = {}
        if "sizeless" in tape.op:
            check = Unifier()
            given = {name: node.shape for name, node in inputs.items()}
            shapes = _Shaper().walk(formula, given, check, ())
            sizes = {slot: check.shape(shapes[slot]) for slot, op in enumerate(tape.op) if op == "sizeless"}
        try:
            builder = Builder(inputs, environment.definitions, lambda: environment, sizes=sizes)
            return build(tape, builder)[formula.slot]
        except Misfit as misfit:
            raise explain(tape, misfit, self.source) from None


class _Shaper:
    """Finds the shape of one call; counts the laws that it looks at."""

    __slots__ = ("looks",)

    def __init__(self) -> None:
        self.looks = 0

    def shape(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        """The shape of the value; raises `ShapeError`."""
        shapes = tuple([check.shape(shape) for shape in shapes])
        for other, known, shape in assumed:
            if other is law and known == shapes:
                return shape
        self.looks += 1
        if len(assumed) > DEEP or self.looks > OFTEN:
            raise LimitError(f"laws call each other more than {DEEP} deep", hint="write out what they call").at(
                law.source, law.start
            )
        try:
            return self._found(law, check, shapes, assumed)
        except Clash as clash:
            raise _misfit(law, check, clash) from None

    def _found(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        assert law._law is not None
        if law._body is not None and law.body is not None:
            given = dict(zip([name for name, _ in law.body.parameters], shapes, strict=True))
            shape = self.walk(law._body, given, check, assumed)[law._body.slot]
        elif law.cyclic:
            shape = self._candidate(law, shapes, assumed)
        else:
            return self._of_law(law, check, shapes, assumed)
        found = self._of_law(law, check, shapes, (*assumed, (law, shapes, shape)))
        if kind(found) != kind(shape):
            message = f"the law of {law.name} gives a {describe(check.shape(found))}, its value is a"
            raise ShapeError(
                f"{message} {describe(check.shape(shape))}", hint="the right-hand side has the shape of the value"
            ).at(law.source, law.tree.start)
        return (check.same(shape[0], found[0]), check.same(shape[1], found[1]))

    def _candidate(self, law: OwnLaw, shapes: Shapes, assumed: Assumed) -> Shape:
        """The first shape of the value for which the law, which holds the value, gives that shape again."""
        options: dict[Shape, None] = {(1, 1): None}
        for rows, columns in shapes:
            options.update(dict.fromkeys([(rows, columns), (columns, rows), (rows, 1), (columns, 1), (1, columns)]))
        for option in options:
            trial = Unifier()
            try:
                found = self._of_law(law, trial, shapes, (*assumed, (law, shapes, option)))
                if kind(found) == kind(option):
                    trial.same(found[0], option[0])
                    trial.same(found[1], option[1])
                    return option
            except (ShapeError, Clash):
                continue
        hint = f"define {law.name} too, {law.name}({', '.join(law.parameters)}) = ..."
        raise ShapeError(f"no shape of {law.name} fits its law", hint=hint).at(law.source, law.tree.start)

    def _of_law(self, law: OwnLaw, check: Unifier, shapes: Shapes, assumed: Assumed) -> Shape:
        assert law._law is not None
        given = dict(zip(law.parameters, shapes, strict=True))
        given.update({f"d{name}": shape for name, shape in given.items()})
        return self.walk(law._law, given, check, assumed)[law._law.slot]

    def walk(
        self, formula: _Formula, given: Mapping[str, Shape], check: Unifier, assumed: Assumed
    ) -> list[Shape]:
        """The shapes of all slots of a formula."""
        tape, shapes = formula.tape, list[Shape]()
        for slot, (op, args, params) in enumerate(zip(tape.op, tape.args, tape.params, strict=True)):
            below = [shapes[a] for a in args]
            if op == "input":
                shapes.append(given[params[0]])
            elif op == "own":
                shapes.append(self.shape(params[1], check, tuple(below), assumed))
            else:
                if op == "matmul":
                    params = (tape.product[args[0]], tape.product[args[1]])
                try:
                    shapes.append((RULES.get(op) or OPERATIONS[op].shape)(check, below, params))
                except (ShapeError, Clash) as error:
                    if isinstance(error, MatcalcError) and error.line is not None:
                        raise
                    raise self._told(error, formula, slot, below, check) from None
        return shapes

    def _told(
        self, error: ShapeError | Clash, formula: _Formula, slot: int, below: Sequence[Shape], check: Unifier
    ) -> ShapeError:
        tape = formula.tape
        core = _core(error, check) if isinstance(error, Clash) else error.message
        hint = "" if isinstance(error, Clash) else error.hint
        parts = [f"{excerpt(tape.trees[slot], 40, tape.syntax)}: {core}"]
        for a, shape in zip(tape.args[slot], below, strict=True):
            parts.append(f"{excerpt(tape.trees[a], 40, tape.syntax)} is a {describe(check.shape(shape))}")
        return ShapeError("; ".join(dict.fromkeys(parts)), hint="" if "{" in hint else hint)


def _core(clash: Clash, check: Unifier) -> str:
    return f"dimensions {dim_text(check.find(clash.a))} and {dim_text(check.find(clash.b))} differ"


def _misfit(law: OwnLaw, check: Unifier, clash: Clash) -> ShapeError:
    return ShapeError(f"in the law of {law.name}: {_core(clash, check)}")


class _Local(Scope):
    """What names mean in a law: its parameters and their differentials, and what is no variable of the program."""

    __slots__ = ("law", "names", "outer")

    def __init__(self, outer: Declarations, law: OwnLaw, names: Sequence[str]) -> None:
        super().__init__(outer.source, outer.elementwise, outer.definitions, outer.syntax, outer.laws)
        self.outer, self.law, self.names = outer, law, frozenset(names)

    def name(self, tape: Tape, tree: Name) -> int:
        """The slot of a parameter or a differential, a dimension's number or pi."""
        name = tree.name
        if name in self.names:
            return tape.put("input", (), (name,), tree)
        if name in self.outer.dims:
            return tape.put("dim", (), (self.outer.dims[name],), tree)
        if name in PI:
            return tape.put("pi", (), (), tree)
        if name in reserved(self.syntax):
            raise self.reserved(tree)
        if name in self.definitions or name in self.laws or name in self.outer.elementwise:
            raise self.error(ParseError, f"{name} is a function, not a variable", tree, f"call it, {name}(x)")
        own = self.law
        arguments = ", ".join([*own.parameters, name[1:] if name[0] == "d" and len(name) > 1 else name])
        message = f"{name} is no argument of {own.name}, its law and its definition speak of their arguments alone"
        raise self.error(UnknownNameError, message, tree, f"make it one: d({own.name}({arguments})) = ...")

    def dimension(self, tree: Name) -> Dim:
        """The dimension, one of the program's."""
        return self.outer.dimension(tree)

    def is_variable(self, name: str) -> bool:
        """Whether the name is a variable here or in the program."""
        return name in self.names or self.outer.is_variable(name)

    def use_function(self, call: Call) -> None:
        """An unknown function of the program."""
        self.outer.use_function(call)


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


def collect(statements: Iterable[Any], scope: Scope) -> dict[str, OwnLaw]:
    """The laws among the statements, each with the definition of its function; raises `ParseError`."""
    definitions = {s.name: s for s in statements if isinstance(s, Definition)}
    found: dict[str, OwnLaw] = {}
    for statement in statements:
        if not isinstance(statement, Law):
            continue
        name = statement.name
        if name in reserved(scope.syntax) or name in OPERATIONS:
            hint = "state the law of a function of your own"
            message = f"{name} is a function of the language, it has its law"
            raise scope.error(ParseError, message, statement.start, hint)
        if name in found:
            hint = "a function has one law, with a term for each argument"
            raise scope.error(ParseError, f"the law of {name} is stated twice", statement.start, hint)
        for parameter, start in statement.parameters:
            if parameter in reserved(scope.syntax):
                raise scope.error(ParseError, f"{parameter} is a function", start, "rename it")
        body = definitions.get(name)
        if body is not None and len(body.parameters) != len(statement.parameters):
            count, other = len(statement.parameters), len(body.parameters)
            message = f"{name} has {other} argument{'s' * (other != 1)} in its definition and {count} in its law"
            raise scope.error(ParseError, message, statement.start)
        found[name] = OwnLaw(statement, body, scope.source, scope.syntax)
    return found
