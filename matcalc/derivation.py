"""Derivations: the derivatives of a program's value by its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matcalc.calculus.along import adjoints
from matcalc.calculus.derivatives import LAYOUTS, derivative, laid_out, structured, transposes
from matcalc.calculus.free_variation import FreeVariation
from matcalc.calculus.structure import STRUCTURES
from matcalc.calculus.sweep import sweep
from matcalc.calculus.wording import Wording
from matcalc.errors import MatcalcError, UnknownNameError, UnsupportedError
from matcalc.expressions.names import without_names
from matcalc.expressions.node import Node, postorder
from matcalc.language.program import Program, elaborate
from matcalc.results import Derivation, Expression, Result

__all__ = ["LAYOUTS", "Derivation", "Expression", "Result", "chosen_value", "chosen_variables", "derive", "understood"]


def chosen_value(program: Program, of: str | None) -> tuple[Node, str]:
    """The node to differentiate and its name (empty where it has none)."""
    if of is None:
        return program.value, program.value_name or ""
    node = program.names.get(of)
    if node is None or node.op != "let":
        raise _unknown(of, [name for name, n in program.names.items() if n.op == "let"], "the program assigns no")
    return node, of


def chosen_variables(program: Program, wrt: str | Sequence[str]) -> list[str]:
    """The names to differentiate by; ``all`` are the inputs that vary, so not the exponent of ``matrix_power``."""
    if isinstance(wrt, str):
        wrt = [wrt]
    if not isinstance(wrt, Iterable):
        raise UnsupportedError(f"wrt is {wrt!r}", hint="a name, a list of names, or 'all'; [] for the value alone")
    names: list[str] = []
    for name in wrt:
        if name == "all" and "all" not in program.names:
            whole = {node.args[1] for node in postorder(program.value) if node.op == "matrix_power"}
            names += [n for n, node in program.inputs.items() if n not in names and node not in whole]
        elif name not in program.names:
            raise _unknown(name, list(program.names), "the program has no")
        elif name not in names:
            names.append(name)
    return names


def _unknown(name: str, known: Sequence[str], what: str) -> MatcalcError:
    import difflib
    import re

    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        hint = "give the expression a name: z = ..."
        return UnknownNameError(f"one differentiates by a name, {name!r} is none", hint=hint)
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}" if known else ""
    return UnknownNameError(f"{what} name {name}", hint=hint)


def understood(source: str | Program, syntax: str = "numpy", functions: Mapping[str, Any] | None = None) -> Program:
    """The program of a text, or of a program with other functions: names of known ones, or SymPy expressions."""
    if isinstance(source, Program) and not functions:
        return source
    text = source.source if isinstance(source, Program) else source
    syntax = source.syntax if isinstance(source, Program) else syntax
    named = {name: known for name, known in (functions or {}).items() if isinstance(known, str)}
    if len(named) < len(functions or {}):
        from matcalc.sympy_bridge.definitions import with_definitions

        given = {name: known for name, known in (functions or {}).items() if name not in named}
        text = with_definitions(text, given, syntax)
    return elaborate(text, syntax=syntax, functions=named)


def derive(
    source: str | Program,
    wrt: str | Sequence[str],
    *,
    of: str | None = None,
    layout: str = "shape",
    order: int = 1,
    syntax: str = "numpy",
    structure: str = "projection",
    expand: bool = False,
    functions: Mapping[str, Any] | None = None,
) -> Derivation:
    """The derivatives of a program's value by variables.

    ``wrt``        a name, a list of names, or ``"all"`` the inputs; an intermediate variable is meant by name
    ``of``         an earlier assigned name, instead of the program's value
    ``layout``     ``shape``, ``numerator`` or ``denominator`` (`matcalc.calculus.derivatives`)
    ``order``      2 for Hessian blocks too, ``d["x", "y"]``
    ``structure``  ``projection`` or ``entries``: what the derivative by a structured matrix means
    ``expand``     write results in the inputs alone
    ``functions``  what unknown functions are: a name, ``{"f": "tanh"}``, or a SymPy expression in one symbol, a Lambda
                   or a function of SymPy's, which becomes a definition of the program

    Raises a `MatcalcError`: `ParseError`, `UnknownNameError`, `ShapeError`, `UnsupportedError`, `LimitError`.

    >>> derive("s = u.T @ f(W@x + b)", "W")["W"].source()
    "(u*f'(W@x + b))@x.T"
    """
    allowed = (("layout", layout, LAYOUTS), ("structure", structure, STRUCTURES), ("order", order, (1, 2)))
    for what, given, known in allowed:
        if given not in known:
            raise UnsupportedError(f"there is no {what} {given!r}", hint=f"there are {', '.join(map(str, known))}")
    program = understood(source, syntax, functions)
    value, name = chosen_value(program, of)
    variables = chosen_variables(program, wrt)
    derivation = Derivation(program, value, name, program.notes)
    derivation.order, derivation.structure = order, structure
    targets = [program.names[v] for v in variables]
    if expand:
        value, *targets = without_names([value, *targets], targets)
    lets = [] if expand else [node for node in program.names.values() if node.op == "let"]
    names = {node.args[0]: node for node in reversed(lets)}
    words = Wording([value, *targets], lets)
    found = adjoints(value, targets, names, derivation.trace)
    plain: dict[str, Node] = {}  # without names put back: what a second derivative is taken of
    for variable, target in zip(variables, targets, strict=True):
        plain[variable], node = words.derivative(found[target], value, target, structure)
        derivation.gradients[variable] = node
        shown = laid_out(node, value, target, layout)
        turned = transposes(value.shape, target.shape, layout)
        derivation.results[variable] = Result(
            shown, program, of=name, wrt=(variable,), layout=layout, transposed=turned,
            structure=structure if structured(target) else "",
        )  # fmt: skip
        if not found[target].terms:
            derivation.notes.append(f"{name or 'the value'} does not depend on {variable}")
    if order == 2:
        _second_order(derivation, plain, targets, names, words)
    return derivation


def _second_order(
    derivation: Derivation,
    gradients: Mapping[str, Node],
    targets: list[Node],
    names: Mapping[Node, Node],
    words: Wording,
) -> None:
    if derivation.value.node.shape != (1, 1):
        raise UnsupportedError("second derivatives are of scalars", hint="differentiate an entry of the value")
    free = FreeVariation(derivation.value.node, targets, names)
    if free.needed:
        first = sweep(free.value, free.targets, free.names)
        pairs = zip(gradients, free.targets, strict=True)
        gradients = {name: derivative(first[own], free.value, own, derivation.structure) for name, own in pairs}
    derivation.differentiated = dict(gradients)
    for variable, gradient in gradients.items():
        found = sweep(gradient, free.targets, free.names)
        for other, target, own in zip(gradients, targets, free.targets, strict=True):
            _, node = words.derivative(free.restored(found[own]), gradient, target, derivation.structure)
            derivation.gradients[variable, other] = node
            derivation.results[variable, other] = Result(
                node, derivation.program, of=derivation.of, wrt=(variable, other), layout=derivation[variable].layout
            )
