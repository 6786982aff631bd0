"""How each operation on arrays behaves along the axis that is split.

Along that axis, which some inputs carry, a value is *free* (it has no such axis), or *row-wise*: entry i along the axis
depends on entry i of the inputs and on free values alone.  `rowwise` tells for an operation with row-wise arguments
why its result is not row-wise, `reduction` how the results of blocks are put together where the axis is gone.  What
neither knows needs the whole axis at once; an operation that is not listed is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from matcalc.codegen.values import Value
from matcalc.expressions.dims import names

__all__ = ["ENTRYWISE", "axis_of", "carries", "reduction", "rowwise"]

ENTRYWISE = frozenset({"add", "sub", "mul", "div", "pow", "neg", "guarded", "map", "map2", "apply", "where"})
WHOLE = {"norm1": "add", "norm_inf": "maximum", "max": "maximum", "min": "minimum", "prod": "multiply"}
ALONG = ("logsumexp", "softmax", "log_softmax", "variance", "std", "cumsum", "cumsum_back", "roll")
Rule: TypeAlias = Callable[[Value, str], str]


def carries(value: Value, dim: str) -> bool:
    """Whether a value has the axis."""
    return dim in value.axes


def axis_of(value: Value, dim: str) -> int:
    """Which of the axes it is."""
    return value.axes.index(dim)


def crowded(value: Value, dim: str) -> str:
    """Why a value cannot be cut along the axis whatever it is computed by."""
    if value.axes.count(dim) > 1:
        return f"has the axis {dim} twice: every entry along {dim} meets every other"
    if any(axis != dim and dim in names(axis) for axis in value.axes):
        return f"has an axis in which {dim} is mixed with others"
    return ""


def rowwise(value: Value, dim: str) -> str:
    """Why a value with the axis is not row-wise though its arguments are; empty where it is."""
    reason = crowded(value, dim)
    if reason:
        return reason
    if value.op in ENTRYWISE:
        return _aligned(value, dim)
    rule = ROWWISE.get(value.op)
    return rule(value, dim) if rule is not None else f"needs all of {dim} at once"


def _aligned(value: Value, dim: str) -> str:
    place = axis_of(value, dim) - len(value.axes)
    fits = all(axis_of(a, dim) - len(a.axes) == place for a in value.args if carries(a, dim))
    return "" if fits else f"meets {dim} along two axes"


def _always(value: Value, dim: str) -> str:
    return ""


def _matmul(value: Value, dim: str) -> str:
    a, b = value.args
    return f"sums over {dim} and keeps it" if dim in (a.axes[-1], b.axes[0]) else ""


def _sum(value: Value, dim: str) -> str:
    return ""  # the axis is still there, so another one was summed over


def _call(value: Value, dim: str) -> str:
    name, body = value.params[0], value.args[0]
    along = value.params[1] if name in ALONG else None
    if along is not None and len(value.args) == 1 and axis_of(body, dim) != along:
        return ""
    return f"needs all of {dim} at once"


def _picked(value: Value, dim: str) -> str:
    whole = value.params[axis_of(value.args[0], dim)] == ("all",)
    return "" if whole else f"picks entries along {dim}"


def _put(value: Value, dim: str) -> str:
    whole = value.params[axis_of(value, dim)] == ("all",)
    return "" if whole else f"puts entries at places along {dim}"


def _stacked(value: Value, dim: str) -> str:
    return "" if all(carries(a, dim) for a in value.args) else f"stacks along {dim}"


def _reshaped(value: Value, dim: str) -> str:
    before, after = ([axis for axis in v.axes if axis != 1] for v in (value.args[0], value))
    return "" if before == after else f"mixes {dim} with another axis"


def _solved(value: Value, dim: str) -> str:
    return f"solves a system with {dim} unknowns" if carries(value.args[0], dim) else ""


def _taken(value: Value, dim: str) -> str:
    return f"reorders entries along {dim}" if axis_of(value.args[0], dim) == value.params[0] else ""


def _filled(value: Value, dim: str) -> str:
    return "" if all(carries(a, dim) for a in value.args) else f"fills places along {dim}"


def _letters(value: Value, dim: str) -> list[set[str]]:
    """For each term of an ``einsum``, the letters that stand for the axis."""
    found, rest = [], list(value.args)
    for _, form, count in value.params:
        operands, rest = rest[:count], rest[count:]
        parts = form.split("->")[0].split(",")
        pairs = [pair for part, v in zip(parts, operands, strict=True) for pair in zip(part, v.axes, strict=True)]
        found.append({letter for letter, axis in pairs if axis == dim})
    return found


def _einsum(value: Value, dim: str) -> str:
    kept = value.params[0][1].split("->")[1][axis_of(value, dim)]
    if any(letters != {kept} for letters in _letters(value, dim)):
        return f"sums over {dim} and keeps it"
    return ""


ROWWISE: dict[str, Rule] = {
    "T": _always, "expand": _always, "lift": _always, "spread": _always, "outer": _always,
    "matmul": _matmul, "sum": _sum, "mean": _sum, "call": _call, "index": _picked, "place": _put, "stack": _stacked,
    "reshape": _reshaped, "solve": _solved, "take": _taken, "fill": _filled, "einsum": _einsum,
}  # fmt: skip


def reduction(value: Value, dim: str) -> str:
    """The NumPy function that puts the results of two blocks together where the axis is gone; empty where there is
    none."""
    if value.op in ("matmul", "dot", "inner"):
        return "add" if all(carries(a, dim) for a in value.args) else ""
    if value.op == "sum":
        return "add"
    if value.op == "einsum":
        return "add" if all(len(letters) == 1 for letters in _letters(value, dim)) else ""
    if value.op == "call":
        name = value.params[0]
        return "logaddexp" if name == "logsumexp" else WHOLE.get(name, "")
    return ""
