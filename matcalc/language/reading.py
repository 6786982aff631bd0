"""One expression in a known environment: laws, claims, results read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matcalc.errors import ParseError, ShapeError
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node, Shape
from matcalc.language.build import Builder, Misfit, build
from matcalc.language.dimensions import Clash, unknowns
from matcalc.language.lower import lower
from matcalc.language.report import explain, undetermined
from matcalc.language.scope import Environment, Known
from matcalc.language.shaping import Preparation, run
from matcalc.language.tape import Tape
from matcalc.syntax.tree import Assignment, Expression, Statement, Syntax

__all__ = ["expression"]


def expression(
    text: str | Syntax,
    names: Mapping[str, Node],
    *,
    functions: Collection[str] = frozenset(),
    dims: Collection[str] = (),
    syntax: str | None = None,
) -> Node:
    """The node of one expression whose names all have their nodes; nothing is inferred.

    ``functions`` are the unknown elementwise functions that may be called, ``dims`` the names of dimensions (which
    stand for their numbers).  ``names`` may be an `Environment`, such as `matcalc.language.program.beside`
    gives, which brings both, and the syntax (else it is the default one).  A text of several lines is an expression
    with abbreviations before it, ``t1 = ...``, which stand for what they abbreviate: long results are written so.

    Raises `UnknownNameError` for any other name, `ParseError` for text that is not an expression, `ShapeError`.

    >>> from matcalc.operations.table import variable
    >>> expression("A @ x", {"A": variable("A", ("m", "n")), "x": variable("x", ("n", 1))}).shape
    ('m', 1)
    """
    if isinstance(names, Environment):
        environment = names
        syntax = syntax or names.syntax
        if functions or dims or syntax != names.syntax:
            environment = Environment(
                names, names.functions.union(functions), names.definitions, names.dims.union(dims), syntax,
                names.laws,
            )  # fmt: skip
    else:
        environment = Environment(names, functions, {}, dims, syntax or "numpy")
    if not isinstance(text, str):
        return _read(text, "", environment)
    from matcalc.syntax.parser import parse, parse_expression

    if "\n" not in text.strip():
        return _read(parse_expression(text, environment.syntax), text, environment)
    return _read_statements(parse(text, environment.syntax), text, environment)


def _read(tree: Syntax, source: str, environment: Environment) -> Node:
    tape = Tape(environment.syntax)
    scope = Known(
        source, environment, environment.functions, environment.definitions, environment.dims, environment.syntax,
        environment.laws,
    )  # fmt: skip
    slot = lower(tape, tree, scope)
    try:
        sizes = _sizes(tape) if "sizeless" in tape.op else None
        return build(tape, Builder({}, environment.definitions, lambda: environment, sizes=sizes))[slot]
    except Misfit as misfit:
        raise explain(tape, misfit, source) from None


def _sizes(tape: Tape) -> dict[int, Shape]:
    """The shapes of the constants that take theirs from where they stand.  Raises `Misfit`."""
    found = run(Preparation(tape, {}, {}, {}), {}, None)
    failure = found.failure
    if failure is not None:
        cause = failure.cause
        if isinstance(cause, Clash):
            cause = ShapeError(f"dimensions {dim_text(cause.a)} and {dim_text(cause.b)} differ")
        raise Misfit(cause, failure.slot, found.shapes)
    sizes: dict[int, Shape] = {}
    for slot, op in enumerate(tape.op):
        if op == "sizeless":
            sizes[slot] = found.check.shape(found.shapes[slot])
            if unknowns(sizes[slot]):
                raise Misfit(undetermined(tape.params[slot][0]), slot, found.shapes)
    return sizes


def _read_statements(statements: Sequence[Statement], source: str, environment: Environment) -> Node:
    """A long result: abbreviations of parts that occur often, one by one, and then the expression."""
    local = Environment(
        environment, environment.functions, environment.definitions, environment.dims, environment.syntax,
        environment.laws,
    )  # fmt: skip
    for statement in statements[:-1]:
        if not isinstance(statement, Assignment):
            raise ParseError("only abbreviations stand before an expression", hint="write t1 = ...").at(
                source, statement.start
            )
        if statement.name in local:
            raise ParseError(f"{statement.name} has a meaning already", hint="choose another name").at(
                source, statement.start
            )
        local[statement.name] = _read(statement.value, source, local)
    last = statements[-1]
    if not isinstance(last, Expression):
        raise ParseError("the last line is no expression").at(source, last.start)
    return _read(last.value, source, local)
