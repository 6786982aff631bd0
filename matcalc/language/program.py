"""Programs: elaborated, with the shape of every name.

Decisions.  ``names`` are in the order in which the program's formulas meet them; an assigned name comes after what its
formula uses.  The value is the last assignment or expression.  A function that ``functions`` binds stays an unknown
function in the nodes, so that results show it by its name; the binding is kept beside them for generated code.
"""

from __future__ import annotations

from collections.abc import Mapping

from matcalc.errors import ParseError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim, names, rename
from matcalc.expressions.node import Node, Shape, kind
from matcalc.language.build import Builder, Misfit, build
from matcalc.language.calls import near
from matcalc.language.conventions import NUMPY, Conventions
from matcalc.language.declarations import Declarations
from matcalc.language.dimensions import Unifier, letters
from matcalc.language.inference import departed, infer
from matcalc.language.lower import lower
from matcalc.language.reading import expression
from matcalc.language.scope import Defined, Environment
from matcalc.language.shaping import Preparation, Run
from matcalc.language.tape import Tape
from matcalc.operations.table import ELEMENTWISE_NAMES, variable
from matcalc.syntax.tree import Assignment, Declaration, Expression, Name, Statement

__all__ = ["Program", "beside", "elaborate", "expression"]

CONVENTIONS: dict[str, Conventions] = {"numpy": NUMPY}


class Program:
    """A program that has been understood.

    ``value``             the node of the last assignment or expression, and ``value_name``, the name where it has one
    ``names``             every name and its node: inputs are ``var`` nodes, assigned names ``let`` nodes
    ``inputs``            the inputs alone, declared ones that do not occur too
    ``shapes``            the shape (rows, columns) of every name
    ``dims``              the names of dimensions, declared ones first; ``least`` the smallest size that an index asks of them
    ``functions``         the unknown elementwise functions, and ``functions_bound``, what some of them are
    ``definitions``       the functions that the program defines
    ``notes``             sentences for the user
    """

    __slots__ = (
        "definitions", "dims", "functions", "functions_bound", "inputs", "least", "names", "notes", "shapes", "source",
        "syntax", "value", "value_name",
    )  # fmt: skip

    source: str
    syntax: str
    value: Node
    value_name: str | None
    names: dict[str, Node]
    inputs: dict[str, Node]
    shapes: dict[str, Shape]
    dims: tuple[str, ...]
    least: dict[str, int]
    functions: tuple[str, ...]
    functions_bound: dict[str, str]
    definitions: dict[str, Defined]
    notes: list[str]

    def __repr__(self) -> str:
        return f"Program({self.source!r})"


def elaborate(text: str, *, syntax: str = "numpy", functions: Mapping[str, str] | None = None) -> Program:
    """The program of a text: what every name is, all shapes, and the nodes.

    ``functions`` says which known elementwise functions some unknown ones are, ``{"f": "tanh"}``.
    Raises a `MatcalcError`: `ParseError`, `UnknownNameError`, `UnsupportedError`, and `ShapeError` where nothing fits.

    >>> elaborate("s = u.T @ f(W@x + b)").shapes
    {'u': ('n', 1), 'W': ('n', 'd'), 'x': ('d', 1), 'b': ('n', 1), 's': (1, 1)}
    """
    from matcalc.syntax.parser import parse

    conventions = CONVENTIONS.get(syntax)
    if conventions is None:
        raise UnsupportedError(f"there is no syntax {syntax!r}", hint=f"there is {' and '.join(CONVENTIONS)}")
    program = understand(parse(text, syntax=syntax), text, conventions)
    program.syntax = syntax
    program.functions_bound = _bound(functions or {}, program)
    return program


def beside(program: Program) -> Environment:
    """The environment in which an expression beside the program is read: its names, functions and dimensions."""
    return Environment(program.names, program.functions, program.definitions, program.dims)


def understand(statements: tuple[Statement, ...], source: str, conventions: Conventions) -> Program:
    """The program of its statements."""
    scope = Declarations(statements, source, conventions)
    tape = Tape()
    value, value_name = _lowered(statements, scope, tape)
    default = {name: conventions.default(name) for name in scope.inputs if name not in scope.declared}
    declared = {name: given.shape for name, given in scope.declared.items()}
    prepared = Preparation(tape, scope.inputs, declared, default)
    found, cut = infer(prepared, conventions)
    if found.failure is not None:
        from matcalc.language.report import unfit

        raise unfit(prepared, scope, found, cut)
    return _finished(prepared, scope, found, value, value_name)


def _lowered(statements: tuple[Statement, ...], scope: Declarations, tape: Tape) -> tuple[int, str | None]:
    """All formulas on the tape; the slot of the value and its name."""
    value, value_name = -1, None
    for statement in statements:
        if isinstance(statement, Declaration):
            for name, start in statement.names:
                if name in scope.declared and name not in scope.assigned:
                    tree = Name(start, name)
                    scope.input(tape, tree)
        elif isinstance(statement, Assignment):
            slot = lower(tape, statement.value, scope)
            value = scope.assign(tape, statement.name, slot, statement.value)
            value_name = statement.name
        elif isinstance(statement, Expression):
            value, value_name = lower(tape, statement.value, scope), None
    if value < 0:
        raise scope.error(ParseError, "the program has no formula", len(scope.source), "write what it computes, s = u.T @ v")
    _check_unused(scope)
    return value, value_name


def _check_unused(scope: Declarations) -> None:
    """Definitions that nothing calls are read as well, so that a wrong one does not go unseen."""
    used = {name for name, _ in scope.inlined}
    for definition in scope.definitions.values():
        if definition.name not in used:
            order, inputs, called = list(scope.order), dict(scope.inputs), dict(scope.called)
            tape = Tape()
            scope.inputs.clear()
            slot = tape.put("input", (), ("(t)",), definition.body)
            scope.active.append(definition.name)
            lets, scope.lets = scope.lets, {name: tape.put("input", (), (name,), definition.body) for name in scope.lets}
            lower(tape, definition.body, scope, (definition, slot))
            scope.lets, scope.inputs, scope.order, scope.called = lets, inputs, order, called
            scope.active.pop()
            scope.inlined.clear()


def _finished(
    prepared: Preparation, scope: Declarations, found: Run, value: int, value_name: str | None
) -> Program:
    tape, check = prepared.tape, found.check
    final = name_dimensions(prepared, scope, found)
    inputs: dict[str, Node] = {}
    for name in scope.inputs:
        declared = scope.declared.get(name)
        if declared is None:
            inputs[name] = variable(name, _resolved(check, prepared.shape(name, found.kinds[name]), final))
        else:
            inputs[name] = variable(name, declared.shape, declared.type, declared.positive)
    program = Program()
    nodes_by_name: dict[str, Node] = dict(inputs)
    functions = tuple(dict.fromkeys([*scope.called, *sorted(scope.elementwise - scope.definitions.keys())]))
    sizes = tuple(dict.fromkeys([*scope.dims.values(), *[name for dim in final.values() for name in names(dim)]]))
    program.definitions = dict(scope.definitions)

    def environment() -> Environment:
        return Environment(nodes_by_name, functions, program.definitions, sizes)

    try:
        nodes = build(tape, Builder(inputs, program.definitions, environment, nodes_by_name))
    except Misfit as misfit:
        from matcalc.language.report import explain

        raise explain(tape, misfit, scope.source) from None
    program.source = scope.source
    program.value, program.value_name = nodes[value], value_name
    program.names = {name: nodes[scope.inputs[name] if name in inputs else scope.lets[name]] for name in scope.order}
    program.inputs = inputs
    program.shapes = {name: node.shape for name, node in program.names.items()}
    program.dims, program.functions = sizes, functions
    program.least = check.least(final)
    program.notes = [*scope.notes, *_notes(prepared, scope, found, nodes)]
    return program


def name_dimensions(prepared: Preparation, scope: Declarations, found: Run) -> dict[str, Dim]:
    """The names of all unknowns that are left, free letters."""
    check = found.check
    shapes = [
        (name, prepared.declared.get(name) or check.shape(prepared.shape(name, found.kinds[name])))
        for name in scope.inputs
    ]
    taken = {*scope.order, *scope.dims, *scope.dims.values(), *scope.called, *scope.elementwise, *scope.definitions}
    taken.update([definition.parameter for definition in scope.definitions.values()])
    weights = {name for name in prepared.free if name[0] == "W" and found.kinds[name] == "matrix"}
    return letters(shapes, taken, weights)


def _resolved(check: Unifier, shape: Shape, final: Mapping[str, Dim]) -> Shape:
    rows, columns = check.shape(shape)
    return (rename(rows, final), rename(columns, final))


def _bound(functions: Mapping[str, str], program: Program) -> dict[str, str]:
    for name, known in functions.items():
        if name not in program.functions:
            there = f"its unknown functions are {', '.join(program.functions)}" if program.functions else ""
            hint = near(name, program.functions) or there
            raise UnknownNameError(f"the program calls no unknown function {name}", hint=hint)
        if known not in ELEMENTWISE_NAMES:
            hint = near(known, ELEMENTWISE_NAMES) or f"known are {', '.join(sorted(ELEMENTWISE_NAMES))}"
            raise UnknownNameError(f"{name} cannot be {known}: that is no elementwise function of one argument", hint=hint)
    return dict(functions)


def _notes(prepared: Preparation, scope: Declarations, found: Run, nodes: list[Node]) -> list[str]:
    notes = []
    for name in departed(found, prepared.default):
        usual = scope.conventions.reason(name)
        notes.append(f"{name} is read as a {found.kinds[name]}: nothing else fits ({usual} otherwise)")
    for name in scope.called:
        if name not in scope.elementwise:
            hint = near(name, ELEMENTWISE_NAMES, 0.75)
            if hint:
                notes.append(f"{name} is taken as an unknown elementwise function; {hint}")
    for node in nodes:
        if node.op == "pow" and kind(node.args[0].shape) == "matrix" and node.args[1].op == "num":
            shown = scope_text(node)
            notes.append(f"{shown[0]}**{shown[1]} is elementwise; matrix_power({shown[0]}, {shown[1]}) is the matrix product")
    return notes


def scope_text(node: Node) -> tuple[str, str]:
    base, exponent = node.args
    return (str(base.params[0]) if base.op in ("var", "let") else "X", str(exponent.params[0]))
