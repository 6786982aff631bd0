"""One expression in a known environment: laws, claims, results read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from matcalc.errors import ShapeError
from matcalc.expressions.node import Node
from matcalc.language.build import Builder, Misfit, build
from matcalc.language.lower import lower
from matcalc.language.scope import Environment, Known
from matcalc.language.tape import Tape
from matcalc.syntax.tree import Syntax

__all__ = ["expression"]


def expression(
    text: str | Syntax,
    names: Mapping[str, Node],
    *,
    functions: Collection[str] = frozenset(),
    dims: Collection[str] = (),
) -> Node:
    """The node of one expression whose names all have their nodes; nothing is inferred.

    ``functions`` are the unknown elementwise functions that may be called, ``dims`` the names of dimensions (which
    stand for their numbers).  ``names`` may be an `Environment`, such as `matcalc.language.program.beside`
    gives, which brings both.

    Raises `UnknownNameError` for any other name, `ParseError` for text that is not an expression, `ShapeError`.

    >>> from matcalc.operations.table import variable
    >>> expression("A @ x", {"A": variable("A", ("m", "n")), "x": variable("x", ("n", 1))}).shape
    ('m', 1)
    """
    source = ""
    if isinstance(text, str):
        from matcalc.syntax.parser import parse_expression

        source = text
        text = parse_expression(text)
    if isinstance(names, Environment):
        environment = names
        if functions or dims:
            environment = Environment(
                names, names.functions.union(functions), names.definitions, names.dims.union(dims)
            )
    else:
        environment = Environment(names, functions, {}, dims)
    tape = Tape()
    scope = Known(source, environment, environment.functions, environment.definitions, environment.dims)
    slot = lower(tape, text, scope)
    try:
        return build(tape, Builder({}, environment.definitions, lambda: environment))[slot]
    except Misfit as misfit:
        from matcalc.language.report import explain

        error: ShapeError = explain(tape, misfit, source)
        raise error from None
