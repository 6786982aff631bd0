"""Derivations: what `matcalc.derive` gives, and how the derivative of a program is found.

The layout decides the shape of every result, here and nowhere else.  ``shape``: the derivative of a scalar has the shape of
its variable, that of a vector by a vector is the Jacobian, rows for the value.  ``numerator``: the derivative of a scalar is
transposed.  ``denominator``: that of a vector is transposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matcalc.calculus.factoring import write
from matcalc.calculus.lowering import lower
from matcalc.calculus.naming import named, names_of
from matcalc.calculus.simplify import settle, simplify
from matcalc.calculus.structure import project, project_terms
from matcalc.calculus.sweep import OUTPUT, Step, moved, sweep
from matcalc.calculus.tensors import entries, indexed_sum, is_entries
from matcalc.calculus.terms import Sum
from matcalc.calculus.writing import t
from matcalc.errors import MatcalcError, UnknownNameError, UnsupportedError
from matcalc.expressions.names import without_names
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.language.program import Program, elaborate

__all__ = ["LAYOUTS", "Derivation", "Expression", "Result", "derive"]

FIRST_EXTRA = OUTPUT[0]
LAYOUTS = ("shape", "numerator", "denominator")


class Expression:
    """A formula with its shape, in every writing."""

    __slots__ = ("node", "program")

    def __init__(self, node: Node, program: Program) -> None:
        self.node, self.program = node, program

    @property
    def shape(self) -> tuple[Any, ...]:
        """The dimensions: ``()``, ``("n",)``, ``(1, "n")`` for a row, ``("m", "n")``."""
        if len(self.node.shape) > 2:
            return tuple(self.node.shape)
        return shown_shape(self.node.shape)

    def text(self) -> str:
        """Unicode, for people."""
        from matcalc.render.text import text

        if is_entries(self.node):
            return self.indices()
        return text(self.node)

    def source(self) -> str:
        """The language itself: read beside the program, it gives the same expression."""
        from matcalc.render.source import source

        if is_entries(self.node):
            return self.indices()
        return source(self.node, taken=taken(self.program))

    def latex(self) -> str:
        """LaTeX (amsmath) without math delimiters."""
        from matcalc.render.latex import latex

        if is_entries(self.node):
            from matcalc.calculus.indices import latex_indices

            return latex_indices(indexed_sum(self.node), taken(self.program))
        return latex(self.node)

    def indices(self) -> str:
        """Index notation."""
        from matcalc.calculus.indices import indices

        value = indexed_sum(self.node) if is_entries(self.node) else lower(self.node)
        return indices(value, taken(self.program))

    def __repr__(self) -> str:
        return f"<{self.text()}>"


class Result(Expression):
    """A derivative: of what, by what, and in which layout."""

    __slots__ = ("layout", "of", "order", "structured", "wrt")

    def __init__(
        self, node: Node, program: Program, *, of: str, wrt: tuple[str, ...], layout: str, structured: str = ""
    ) -> None:
        super().__init__(node, program)
        self.of, self.wrt, self.layout, self.order, self.structured = of, wrt, layout, len(wrt), structured


class Derivation(Mapping[Any, Result]):
    """The derivatives of a program's value by some of its variables, by name."""

    def __init__(self, program: Program, value: Node, of: str, notes: Sequence[str]) -> None:
        self.program, self.of = program, of
        self.value = Expression(value, program)
        self.notes = list(notes)
        self.order = 1
        self.structure = "projection"
        self.results: dict[Any, Result] = {}
        self.gradients: dict[Any, Node] = {}  # in the default layout, as code computes them
        self.trace: list[Step] = []

    @property
    def shapes(self) -> dict[str, tuple[Any, ...]]:
        """The shape of every name of the program."""
        return {name: shown_shape(shape) for name, shape in self.program.shapes.items()}

    @property
    def steps(self) -> list[Any]:
        """The derivation, step by step."""
        from matcalc.steps import steps_of

        return steps_of(self)

    def __getitem__(self, key: Any) -> Result:
        return self.results[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def shown_shape(shape: Shape) -> tuple[Any, ...]:
    """A shape as results tell it."""
    return axes(shape) if kind(shape) != "row" else shape


def taken(program: Program) -> set[str]:
    """The names that a program uses."""
    return {*program.names, *program.functions, *program.dims, *program.definitions}


def chosen_value(program: Program, of: str | None) -> tuple[Node, str]:
    """The node to differentiate and its name (empty where it has none)."""
    if of is None:
        return program.value, program.value_name or ""
    node = program.names.get(of)
    if node is None or node.op != "let":
        raise _unknown(of, [name for name, n in program.names.items() if n.op == "let"], "the program assigns no")
    return node, of


def chosen_variables(program: Program, wrt: str | Sequence[str]) -> list[str]:
    """The names to differentiate by; ``all`` are the inputs."""
    if isinstance(wrt, str):
        wrt = [wrt]
    names: list[str] = []
    for name in wrt:
        if name == "all" and "all" not in program.names:
            names += [n for n in program.inputs if n not in names and not _constant_exponent(program, n)]
        elif name not in program.names:
            raise _unknown(name, list(program.names), "the program has no")
        elif name not in names:
            names.append(name)
    return names


def _constant_exponent(program: Program, name: str) -> bool:
    return False


def _unknown(name: str, known: Sequence[str], what: str) -> MatcalcError:
    import difflib
    import re

    if not isinstance(name, str) or not re.fullmatch(r"\w+", name):
        return UnknownNameError(f"one differentiates by a name, {name!r} is none", hint="give the expression a name: z = ...")
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}" if known else ""
    return UnknownNameError(f"{what} name {name}", hint=hint)


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
    functions: Mapping[str, str] | None = None,
) -> Derivation:
    """The derivatives of a program's value by variables.

    ``wrt`` is a name, a list of names, or ``"all"``; ``of`` an earlier assigned name; see the documentation for the others.
    Raises a `MatcalcError`.

    >>> derive("s = u.T @ f(W@x + b)", "W")["W"].source()
    "(u*f'(W@x + b))@x.T"
    """
    program = source if isinstance(source, Program) else elaborate(source, syntax=syntax, functions=functions)
    if layout not in LAYOUTS:
        raise UnsupportedError(f"there is no layout {layout!r}", hint=f"there are {', '.join(LAYOUTS)}")
    value, name = chosen_value(program, of)
    variables = chosen_variables(program, wrt)
    derivation = Derivation(program, value, name, program.notes)
    derivation.order, derivation.structure = order, structure
    targets = [program.names[v] for v in variables]
    if expand:
        value, *targets = without_names([value, *targets], targets)
    names = {} if expand else {n.args[0]: n for n in reversed(program.names.values()) if n.op == "let"}
    if order not in (1, 2):
        raise UnsupportedError(f"derivatives of order {order} are not supported", hint="order is 1 or 2")
    found = sweep(value, targets, names, derivation.trace)
    formulas = {} if expand else names_of(program.names.values())
    plain: dict[str, Node] = {}  # without names put back: what a second derivative is taken of
    for variable, target in zip(variables, targets, strict=True):
        structured = target.op == "var" and target.params[1] in ("symmetric", "posdef", "skew", "diagonal")
        terms = found[target]
        if structured and value.shape != (1, 1):
            terms = project_terms(terms, target, structure)
        node = _first_order(terms, value, target)
        if structured and value.shape == (1, 1):
            node = project(node, target, structure)
        plain[variable] = node
        node = node if is_entries(node) else named(node, {f: n for f, n in formulas.items() if n is not target} if target in formulas.values() else formulas)
        derivation.gradients[variable] = node
        node = _laid_out(node, value, target, layout)
        if not found[target].terms:
            derivation.notes.append(f"{name or 'the value'} does not depend on {variable}")
        derivation.results[variable] = Result(node, program, of=name, wrt=(variable,), layout=layout)
    if order == 2:
        _second_order(derivation, plain, targets, names, layout)
    return derivation


def _first_order(found: Sum, value: Node, target: Node) -> Node:
    """The derivative as a node in the default layout: rows for the value, columns for the variable."""
    free = found.free
    order = (*[k for k, _ in found.extra], *[k for k in free if k < FIRST_EXTRA])
    if len(free) > 2:
        return entries(settle(found), order)
    if value.shape == (1, 1):
        settled = settle(found)
        node = write(settled)
    else:
        if target.shape == (1, 1):
            place = dict(zip([k for k, _ in found.extra], _free(value.shape), strict=True))
            plain = moved(found, place)
            node = write(settle(plain))
        else:
            place = {found.extra[0][0]: 0, free[0]: 1}
            plain = moved(found, place)
            node = write(settle(plain, diag=True), diag=True)
    return entries(settle(found), order) if node is None else node


def _free(shape: Shape) -> tuple[int, ...]:
    from matcalc.calculus.terms import free_of

    return free_of(shape)


def _laid_out(node: Node, value: Node, target: Node, layout: str) -> Node:
    if is_entries(node):
        if layout == "denominator" and value.shape != (1, 1):
            count = len(axes(value.shape))
            order = [*range(count, len(axes(node.shape))), *range(count)]
            return entries(indexed_sum(node), order)
        return node
    if layout == "numerator" and value.shape == (1, 1):
        return simplify(t(node))
    if layout == "denominator" and value.shape != (1, 1):
        return simplify(t(node))
    return node


def _second_order(
    derivation: Derivation, gradients: Mapping[str, Node], targets: list[Node], names: Mapping[Node, Node], layout: str
) -> None:
    if derivation.value.node.shape != (1, 1):
        raise UnsupportedError("second derivatives are of scalars", hint="differentiate an entry of the value")
    for variable, gradient in gradients.items():
        found = sweep(gradient, targets, names)
        for other, target in zip(gradients, targets, strict=True):
            node = _first_order(found[target], gradient, target)
            derivation.gradients[variable, other] = node
            derivation.results[variable, other] = Result(
                node, derivation.program, of=derivation.of, wrt=(variable, other), layout=layout
            )

