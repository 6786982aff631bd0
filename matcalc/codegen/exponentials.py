"""One exponential for softmax, its logarithm and log-sum-exp of the same argument, and for a sigmoid and its mirror.

With m the largest entries, e = exp(x - m) and s = sum(e), they are e / s, x - m - log(s) and log(s) + m (Blanchard,
Higham & Higham 2021, https://doi.org/10.1093/imanum/draa038), so a network's loss and its gradient take one
exponential, which is what they cost most.  With e = exp(-x), kept finite, sigmoid(x) is p = 1 / (1 + e), and
sigmoid(-x) is e p, as accurate where it is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from matcalc.codegen.values import Graph, Value

__all__ = ["FAMILY", "Family", "families", "family", "in_parts", "mirrored", "of_mirrored"]

FAMILY = frozenset({"softmax", "log_softmax", "logsumexp"})
Family = tuple[Value, object]  # the argument and the axis


def family(value: Value) -> Family | None:
    """What the members of a family share."""
    return (value.args[0], value.params[1]) if value.op == "call" and value.params[0] in FAMILY else None


def families(order: Iterable[Value]) -> dict[Family, set[str]]:
    """The families with more members than one, and the members."""
    found: dict[Family, set[str]] = {}
    for value in order:
        key = family(value)
        if key is not None:
            found.setdefault(key, set()).add(value.params[0])
    return {key: members for key, members in found.items() if len(members) > 1}


def in_parts(graph: Graph, value: Value, argument: Value, members: set[str]) -> Value:
    """A member of a family by what it shares with the others; ``argument`` is what its argument has become."""
    name, axis = value.params
    axes = argument.axes
    kept = () if axis is None else (axes[1 - axis],)
    which = "top" if "logsumexp" in members else "largest"  # log-sum-exp of infinite entries is infinite, not undefined
    top = graph.value("call", (argument,), (which, axis), kept)
    shifted = graph.value("sub", (argument, _along(graph, top, axis)), (), axes)
    exponential = graph.value("map", (shifted,), ("exp",), axes)
    total = graph.value("sum", (exponential,), (axis,), kept)
    if name == "softmax":
        return graph.value("div", (exponential, _along(graph, total, axis)), (), axes)
    log = graph.value("map", (total,), ("log",), kept)
    if name == "logsumexp":
        return graph.value("add", (log, top), (), kept)
    return graph.value("sub", (shifted, _along(graph, log, axis)), (), axes)


def mirrored(graph: Graph, value: Value, there: Callable[[Value | None], bool]) -> Value | None:
    """``x`` of ``sigmoid(x)``, or of ``sigmoid(-x)``, where both are computed; ``there`` tells what is."""
    if value.op != "map" or value.params != ("sigmoid",):
        return None
    (x,) = value.args
    if x.op == "neg":
        return x.args[0] if there(graph.find("map", x.args, ("sigmoid",), value.axes)) else None
    minus = graph.find("neg", (x,), (), x.axes)
    other = graph.find("map", (minus,), ("sigmoid",), value.axes) if minus is not None else None
    return x if there(other) else None


def of_mirrored(graph: Graph, argument: Value, minus: bool) -> Value:
    """``sigmoid(x)``, or ``sigmoid(-x)``, by ``exp(-x)``; ``argument`` is what x has become."""
    axes = argument.axes
    odds = graph.value("call", (argument,), ("odds",), axes)
    value = graph.value("div", (graph.one, graph.value("add", (graph.one, odds), (), axes)), (), axes)
    return graph.value("mul", (odds, value), (), axes) if minus else value


def _along(graph: Graph, value: Value, axis: object) -> Value:
    """A value of each row as a column beside the rows; of each column, or of all, as it is."""
    return graph.value("expand", (value,), (), (*value.axes, 1)) if axis == 1 else value
