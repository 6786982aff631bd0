"""Laws that a program states: from the law to what its adjoint multiplies by, like the built-in ones.

The right-hand side is linear in the differential ``dX``, so its derivative by ``dX``, found by the same sweep as any
other, is the local derivative of the function in index terms, and that of ``⟨G, right-hand side⟩`` is the adjoint for
an upstream gradient ``G``.  So a law may use whatever the language has, and transposes are found by the machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from matcalc.calculus.laws import UPSTREAM, Local
from matcalc.calculus.simplify import shortest
from matcalc.calculus.sweep import OUTPUT, sweep
from matcalc.calculus.terms import FIRST, Raw, Sum, free_of
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, Shape, axes, postorder
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.language.own_laws import OwnLaw

__all__ = ["own_terms"]

HOLES = FIRST + 1000  # the indices of the differential; the summed ones of a term are fewer


@lru_cache(maxsize=1024)
def own_terms(law: OwnLaw, shapes: tuple[Shape, ...], result: Shape, tensor: bool) -> tuple[Local, ...]:
    """The terms of the local derivatives of a law by all arguments, over placeholders for these.

    ``tensor`` asks for index terms, for an upstream gradient that has more axes than the value; else the adjoint may
    be stated as a whole, where an operation in the law has no index terms.
    """
    right = law.differential(shapes)
    _, changes = law.arguments(shapes)
    wanted = [change for name, change in zip(law.parameters, changes, strict=True) if name in law.differentials]
    try:
        found = sweep(right, wanted, {})
        locals_ = [
            local for change in wanted for local in _locals(found[change], changes.index(change), change, result)
        ]
        paired = any(node.op == "pair" for local in locals_ for node, _, _ in local.factors)
    except UnsupportedError:
        if tensor or result == (1, 1):
            raise
        paired = True
    if paired and not tensor:  # as a whole it has a shorter form, or the only one
        locals_ = _adjoints(right, wanted, changes, result)
    for local in locals_:
        for node in [n for n, _ in local.scalars] + [n for n, _, _ in local.factors]:
            if any(part in changes for part in postorder(node)):
                names = ", ".join([change.params[0] for change in wanted])
                raise UnsupportedError(f"the law of {law.name} is not linear in {names}")
    return tuple(locals_)


def _locals(found: Sum, position: int, change: Node, result: Shape) -> list[Local]:
    """The terms of a derivative, its own indices those of the hole, the value's those of the output."""
    place = {k: HOLES + k for k in free_of(change.shape)}
    place.update(zip(OUTPUT, free_of(result), strict=False))
    locals_ = []
    for (scalars, factors), c in found.terms.items():
        raw = Raw(c)
        raw.scalars = dict(scalars)
        raw.factors = [(n, p, tuple([place.get(k, k) for k in index])) for n, p, index in factors]
        for node, _, index in raw.factors:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if FIRST <= k < HOLES)
        locals_.append(Local(position, raw, tuple([place[k] for k in free_of(change.shape)])))
    return locals_


def _adjoints(right: Node, wanted: list[Node], changes: list[Node], result: Shape) -> list[Local]:
    """The adjoint of each argument as one formula in the upstream gradient."""
    upstream = table.variable("upstream gradient", result, UPSTREAM)
    found = sweep(table.make("inner", upstream, right), wanted, {})
    locals_ = []
    for change in wanted:
        raw = Raw()
        node = shortest(found[change])
        raw.factors.append((node, 1, free_of(node.shape)))
        local = Local(changes.index(change), raw, free_of(change.shape))
        local.upstream = True
        locals_.append(local)
    return locals_
