"""Lowering of vectorisation and of the adjoints of Kronecker products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc import facts
from matcalc.calculus.contraction import scale
from matcalc.calculus.sums import atom, factor, write_term
from matcalc.calculus.terms import Raw, Sum, free_of, instantiate, normalise
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, intern
from matcalc.operations import table

if TYPE_CHECKING:
    from matcalc.calculus.lowering import Lowering

__all__ = ["kron_left", "kron_right", "unstacked", "vectorised"]


def unstacked(low: Lowering, node: Node) -> Sum:
    """``unvec`` undoes ``vec``, and goes through what works entry by entry."""
    if 1 in node.shape:
        return low.lower(_laid(node.args[0], node.shape))
    value = Sum(node.shape)
    for (scalars, factors), c in low.lower(node.args[0]).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if any(index != free_of(node.args[0].shape) for _, _, index in factors):
            body = write_term(((), factors), 1, node.args[0].shape)
            factors = ((body, 1, (0,)),)
        for part, p, _ in factors:
            inner = _unstacked_atom(part, node.params, node.shape)
            key, k = atom(low.lower(inner)) if inner.op != "unvec" else (((), ((inner, 1, (0, 1)),)), 1)
            if p != 1:
                inner = write_term(key, k, node.shape)
                key, k = ((), ((inner, p, (0, 1)),)), 1
            instantiate(raw, key, k, {0: 0, 1: 1})
        normalise(raw, free_of(node.shape), value)
    return value


def _laid(node: Node, shape: Shape) -> Node:
    """A column or row as the one or the other."""
    return node if node.shape == shape else table.transpose(node)


def _unstacked_atom(node: Node, params: tuple[Dim, ...], shape: Shape) -> Node:
    if node.op == "vec" and node.args[0].shape == shape:
        return node.args[0]
    if (node.op in table.ELEMENTWISE_NAMES or node.op == "apply") and node.size < 200:
        return intern(node.op, (_unstacked_atom(node.args[0], params, shape),), node.params, shape)
    return intern("unvec", (node,), params, shape)


def vectorised(low: Lowering, node: Node) -> Sum:
    """``vec`` undoes ``unvec``."""
    argument = low.tidy(node.args[0])
    if 1 in argument.shape:
        return low.lower(_laid(argument, node.shape))
    if argument.op == "unvec":
        return low.lower(_laid(argument.args[0], node.shape))
    return factor(intern("vec", (argument,), (), node.shape))


def _times(raw: Raw, node: Node) -> None:
    """Multiply by a factor at the value's own axes."""
    if node.shape == (1, 1):
        scale(raw, node)
    else:
        raw.factors.append((node, 1, free_of(node.shape)))


def kron_left(low: Lowering, node: Node) -> Sum:
    """The adjoint of ``A -> kron(A, B)``: of an identity, or of a Kronecker product, it is known."""
    return _kron_adjoint(low, node, 0)


def kron_right(low: Lowering, node: Node) -> Sum:
    """The adjoint of ``B -> kron(A, B)``."""
    return _kron_adjoint(low, node, 1)


def _kron_adjoint(low: Lowering, node: Node, kept: int) -> Sum:
    """Of ``kron(C, D)``, the part that is kept times the inner product of the other with the second argument."""
    g, other = low.tidy(node.args[0]), low.tidy(node.args[1])
    value = Sum(node.shape)
    for (scalars, factors), c in low.lower(g).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        inner = factors[0][0] if len(factors) == 1 else None
        if inner is not None and inner.op == "eye" and facts.square(other):
            key, k = atom(low.lower(table.make("tr", other)))
            instantiate(raw, key, k, {})
            _times(raw, table.eye(node.shape[0]))
        elif inner is not None and inner.op == "kron" and inner.args[1 - kept].shape == other.shape:
            whole = table.mul(table.make("inner", inner.args[1 - kept], other), inner.args[kept])
            key, k = atom(low.lower(whole))
            instantiate(raw, key, k, {0: 0, 1: 1})
        else:
            body = write_term(((), factors), 1, g.shape)
            _times(raw, intern(node.op, (body, other), node.params, node.shape))
        normalise(raw, free_of(node.shape), value)
    return value
