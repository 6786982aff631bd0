"""Programs compiled: the value and all derivatives in one function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.derivation import Derivation, derive
from matcalc.errors import UnsupportedError

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["TARGETS", "compile", "module_of", "request_of"]

TARGETS = ("numpy",)


def compile(
    source: str | Program,
    wrt: str | Sequence[str] = (),
    *,
    of: str | None = None,
    order: int = 1,
    syntax: str = "numpy",
    structure: str = "projection",
    functions: Mapping[str, str] | None = None,
    target: str = "numpy",
) -> Compiled:
    """A function of the inputs by name that gives ``(value, gradients)``, or ``(value, gradients, hessians)`` for order 2.

    A gradient has its variable's shape, a Jacobian that of the value followed by that of the variable.  An unknown ``f`` that
    is not bound by ``functions`` is an argument, with ``df`` (and ``d2f`` for order 2).  The function's ``source`` is a
    module that imports numpy alone.  Raises a `MatcalcError`.

    >>> fn = compile("s = x.T@A@x", wrt=["x"])
    >>> value, grads = fn(x=[1, 2], A=[[1, 0], [4, 1]])
    >>> float(value), grads["x"].tolist()
    (13.0, [10.0, 8.0])
    """
    derivation = derive(
        source, wrt, of=of, order=order, syntax=syntax, structure=structure, functions=functions
    )
    return Compiled(module_of(derivation, target=target), wrt=[n for n in derivation if isinstance(n, str)])


def module_of(derivation: Derivation, *, target: str = "numpy") -> str:
    """The text of the module that computes a derivation's value and results."""
    if target not in TARGETS:
        raise UnsupportedError(f"there is no target {target!r}", hint=f"there is {', '.join(TARGETS)}")
    return generate(request_of(derivation))


def request_of(derivation: Derivation) -> Request:
    """What the code generator is asked for."""
    program = derivation.program
    first: dict[str, Any] = {}
    second: dict[tuple[str, str], Any] = {}
    formulas: list[str] = []
    of = derivation.of or "value"
    if derivation.of:
        formulas.append(f"{of} = {_formula(derivation)}")
    for key, result in derivation.items():
        if isinstance(key, tuple):
            second[key] = derivation.gradients[key]
            formulas.append(f"d2{of}/d{key[0]}d{key[1]} = {_short(result.source())}")
        else:
            first[key] = derivation.gradients[key]
            formulas.append(f"d{of}/d{key} = {_short(result.source())}")
    return Request(
        derivation.value.node, list(program.inputs.values()), first,
        hessians=second if second or derivation.order == 2 else None, value_name=derivation.of or "value",
        functions=program.functions_bound, least=program.least, formulas=formulas,
    )  # fmt: skip


def _formula(derivation: Derivation) -> str:
    from matcalc.render.source import source

    node = derivation.value.node
    return _short(source(node.args[0] if node.op == "let" else node, syntax=derivation.program.syntax))


def _short(text: str) -> str:
    return text if len(text) < 400 and "\n" not in text else "(long)"
