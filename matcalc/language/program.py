"""Programs: elaborated, with the shape of every name.

Decisions.  ``names`` are in the order in which the program's formulas meet them; an assigned name comes after what its
formula uses.  The value is the last assignment or expression.  A function that ``functions`` binds stays an unknown
function in the nodes, so that results show it by its name; the binding is kept beside them for generated code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from matcalc.errors import ParseError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim, names, rename, subtract, terms
from matcalc.expressions.node import Node, Shape, kind
from matcalc.language.build import Builder, Misfit, build
from matcalc.language.calls import near
from matcalc.language.conventions import MATLAB, NUMPY, Conventions
from matcalc.language.declarations import Declarations
from matcalc.language.dimensions import Unifier, least_sizes, unknowns
from matcalc.language.domains import without_value
from matcalc.language.excerpt import excerpt
from matcalc.language.inference import departed, dimension_names, infer
from matcalc.language.lower import lower
from matcalc.language.own_laws import OwnLaw
from matcalc.language.own_statements import read_laws
from matcalc.language.reading import expression
from matcalc.language.report import explain, undetermined, unfit
from matcalc.language.scope import Defined, Environment
from matcalc.language.shaping import Preparation, Run
from matcalc.language.tape import Tape
from matcalc.operations.table import ELEMENTWISE_NAMES, variable
from matcalc.syntax.tree import Assignment, Binary, Declaration, Expression, Name, Statement

__all__ = ["Program", "beside", "elaborate", "expression"]

CONVENTIONS: dict[str, Conventions] = {"numpy": NUMPY, "matlab": MATLAB}


class Program:
    """A program that has been understood.

    ``value``             the node of the last assignment or expression, and ``value_name``, the name where it has one
    ``names``             every name and its node: inputs are ``var`` nodes, assigned names ``let`` nodes
    ``inputs``            the inputs alone, declared ones that do not occur too
    ``shapes``            the shape (rows, columns) of every name
    ``dims``              the names of dimensions, declared ones first
    ``least``             the smallest size that indices ask of a dimension, where that is more than nothing
    ``needs``             all that indices ask: dimensions such as ``n - 5`` that must not be negative
    ``functions``         the unknown elementwise functions, and ``functions_bound``, what some of them are
    ``definitions``       the functions that the program defines
    ``laws``              those whose law the program states
    ``notes``             sentences for the user
    """

    __slots__ = (
        "definitions", "dims", "functions", "functions_bound", "inputs", "laws", "least", "names", "needs", "notes",
        "shapes", "source", "syntax", "value", "value_name",
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
    needs: tuple[Dim, ...]
    functions: tuple[str, ...]
    functions_bound: dict[str, str]
    definitions: dict[str, Defined]
    laws: dict[str, OwnLaw]
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
    program.functions_bound = _bound(functions or {}, program)
    return program


def beside(program: Program) -> Environment:
    """The environment in which an expression beside the program is read: its names, functions and dimensions."""
    return Environment(
        program.names, program.functions, program.definitions, program.dims, program.syntax, program.laws
    )


def understand(statements: tuple[Statement, ...], source: str, conventions: Conventions) -> Program:
    """The program of its statements."""
    scope = Declarations(statements, source, conventions)
    tape = Tape(conventions.syntax, source)
    value, value_name = _lowered(statements, scope, tape)
    default = {name: conventions.default(name) for name in scope.inputs if name not in scope.declared}
    declared = {name: given.shape for name, given in scope.declared.items()}
    prepared = Preparation(tape, scope.inputs, declared, default)
    found, cut = infer(prepared, conventions)
    if found.failure is not None:
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
        hint = "write what it computes, s = u.T@v"
        raise scope.error(ParseError, "the program has no formula", len(scope.source), hint)
    _check_unused(scope)
    read_laws(scope.laws, scope)
    _check_uncalled(scope, tape)
    return value, value_name


def _check_unused(scope: Declarations) -> None:
    """Definitions that nothing calls are read as well, so that a wrong one does not go unseen."""
    used = {name for name, _ in scope.inlined}
    for definition in reversed(list(scope.definitions.values())):
        if definition.name not in used:
            tape, scratch = Tape(scope.syntax), scope.scratch()
            slot = tape.put("input", (), (f"({definition.parameter})",), definition.body)
            scratch.active.append(definition.name)
            lower(tape, definition.body, scratch, (definition, slot))
            used.update([name for name, _ in scratch.inlined])


def _check_uncalled(scope: Declarations, tape: Tape) -> None:
    """Laws of functions that nothing calls must fit some arguments."""
    called = {params[1] for op, params in zip(tape.op, tape.params, strict=True) if op == "own"}
    for law in scope.laws.values():
        if law not in called:
            alone = Tape(scope.syntax)
            inputs = {name: alone.put("input", (), (name,), law.tree) for name in law.parameters}
            alone.put("own", tuple(inputs.values()), (law.name, law), law.tree)
            default = {name: scope.conventions.default(name) for name in inputs}
            failure = infer(Preparation(alone, inputs, {}, default), scope.conventions)[0].failure
            if failure is not None:
                core = getattr(failure.cause, "message", "dimensions differ")
                core = re.sub(r"\?(\d+)", lambda found: "nmpqkrhlst"[int(found[1]) % 10], core)
                hint = getattr(failure.cause, "hint", "")
                raise scope.error(ShapeError, f"the law of {law.name} fits no argument: {core}", law.tree, hint)


def _finished(prepared: Preparation, scope: Declarations, found: Run, value: int, value_name: str | None) -> Program:
    tape, check = prepared.tape, found.check
    final = dimension_names(prepared, scope, found)
    constants = _constants(prepared, scope, found, final)
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
    program.definitions, program.laws = dict(scope.definitions), dict(scope.laws)

    def environment() -> Environment:
        return Environment(nodes_by_name, functions, program.definitions, sizes, scope.syntax, program.laws)

    for law in program.laws.values():
        law.environment = environment
    try:
        nodes = build(tape, Builder(inputs, program.definitions, environment, nodes_by_name, constants))
    except Misfit as misfit:
        raise explain(tape, misfit, scope.source) from None
    program.source, program.syntax = scope.source, scope.syntax
    program.value, program.value_name = nodes[value], value_name
    program.names = {name: nodes[scope.inputs[name] if name in inputs else scope.lets[name]] for name in scope.order}
    program.inputs = inputs
    program.shapes = {name: node.shape for name, node in program.names.items()}
    program.dims, program.functions = sizes, functions
    program.needs = _needs(check, inputs, final)
    program.least = least_sizes(program.needs)
    program.notes = [*scope.notes, *_notes(prepared, scope, found, nodes)]
    return program


def _constants(
    prepared: Preparation, scope: Declarations, found: Run, final: Mapping[str, Dim]
) -> dict[int, Shape]:
    """The shapes of the constants that take theirs from where they stand, by slot."""
    tape, check = prepared.tape, found.check
    slots = [slot for slot, op in enumerate(tape.op) if op == "sizeless"]
    if not slots:
        return {}
    inputs = [prepared.shape(name, found.kinds[name]) for name in prepared.free]
    known = unknowns([dim for shape in inputs for dim in check.shape(shape)])
    for slot in slots:
        if not unknowns(check.shape(found.shapes[slot])) <= known:
            raise undetermined(tape.params[slot][0]).at(scope.source, tape.trees[slot].start)
    return {slot: _resolved(check, found.shapes[slot], final) for slot in slots}


def _needs(check: Unifier, inputs: Mapping[str, Node], final: Mapping[str, Dim]) -> tuple[Dim, ...]:
    """What must not be negative: what indices leave at either end, and the axes that are differences, less one."""
    found = [rename(check.find(dim), final) for dim, _ in check.needs]
    for node in inputs.values():
        found += [subtract(dim, 1) for dim in node.shape if any(c < 0 for c in terms(dim).values())]
    return tuple(dict.fromkeys([dim for dim in found if any(c < 0 for c in terms(dim).values())]))


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
            message = f"{name} cannot be {known}: that is no elementwise function of one argument"
            raise UnknownNameError(message, hint=hint)
    return dict(functions)


def _notes(prepared: Preparation, scope: Declarations, found: Run, nodes: list[Node]) -> list[str]:
    """What the user should know of how the program was read."""
    notes, tape = [], prepared.tape
    for name in departed(found, prepared.default):
        usual = scope.conventions.reason(name)
        notes.append(f"{name} is read as a {found.kinds[name]}, nothing else fits ({usual} otherwise)")
    for slot in found.check.guesses:
        place = excerpt(tape.trees[slot], syntax=tape.syntax)
        notes.append(f"the shapes in {place} are taken to be the same; declare them where they are not")
    for name in scope.called:
        if name not in scope.elementwise:
            hint = near(name, ELEMENTWISE_NAMES)
            if hint:
                notes.append(f"{name} is taken as an unknown elementwise function; {hint}")
    for slot, node in enumerate(nodes):
        reason = without_value(node)
        if reason:
            notes.append(f"{excerpt(tape.trees[slot])} has no finite value: {reason}")
        operator = isinstance(tape.trees[slot], Binary)  # an index term may have the node of an operator
        if operator and node.op in ("pow", "div") and kind(node.shape) == "matrix" and tape.syntax == "numpy":
            texts = [excerpt(tape.trees[a], 30) for a in tape.args[slot]]
            shapes = [kind(a.shape) for a in node.args]
            if node.op == "div" and shapes == ["matrix", "matrix"]:
                notes.append(f"{excerpt(tape.trees[slot])} is elementwise; solve(B, A) is inv(B) @ A")
            elif node.op == "pow" and shapes == ["matrix", "scalar"] and tape.number[tape.args[slot][1]]:
                note = f"{excerpt(tape.trees[slot])} is elementwise"
                if node.args[1].op == "num" and node.args[1].params[0].denominator == 1:
                    note += f"; matrix_power({', '.join(texts)}) is the matrix product"
                elif texts[1] == "-1":
                    note += f"; inv({texts[0]}) is the inverse"
                notes.append(note)
    return list(dict.fromkeys(notes))
