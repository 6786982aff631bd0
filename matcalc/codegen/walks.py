"""Walks over values, with a stack of their own: a user's expressions may be as deep as they like."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from matcalc.codegen.values import Value

__all__ = ["below"]


def below(roots: Iterable[Value], stop: Callable[[Value], bool] | None = None) -> list[Value]:
    """The values that some are computed from, and these, once each and arguments first; nothing below one where
    ``stop`` is true.

    >>> from matcalc.codegen.values import Graph
    >>> graph = Graph()
    >>> x = graph.value("input", (), ("x", ""), ("n",))
    >>> total = graph.value("sum", (x,), (None,), ())
    >>> [value.op for value in below([total, x])]
    ['input', 'sum']
    """
    seen: set[Value] = set()
    order: list[Value] = []
    stack = [(value, False) for value in reversed(list(roots))]
    while stack:
        value, ready = stack.pop()
        if ready:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            if stop is None or not stop(value):
                stack.extend([(a, False) for a in reversed(value.args) if a not in seen])
    return order
