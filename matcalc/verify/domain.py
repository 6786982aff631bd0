"""Where a program is defined and smooth: conditions on the values inside it.

The tables say of each operation how to stay inside (`Operation.sample`).  A `Condition` is that at
one node: a predicate of an argument's value.  A point at which one fails, or nearly, is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from matcalc.expressions.node import Node, postorder
from matcalc.operations.table import OPERATIONS, sub
from matcalc.verify.own_calls import formulas, is_change

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Condition", "conditions", "is_analytic", "wishes"]

MARGIN = 5e-3  # of the distance to a kink, relative to the largest entry: beyond any step of the differences
CONDITION = 1e4  # of matrices that are inverted
# what the tables leave to the parameters or to both arguments
MORE = {
    "maximum": "differ", "minimum": "differ", "greater": "differ", "at_least": "differ", "max": "one largest",
    "min": "one smallest",
    "norm_inf": "one largest size",
    "norm": "not all zero", "norm1": "nonzero", "tan": "cosine nonzero",
}  # fmt: skip


class Condition:
    """``word`` is what the value of ``node`` has to be."""

    __slots__ = ("node", "word")

    def __init__(self, node: Node, word: str) -> None:
        self.node, self.word = node, word

    def holds(self, value: Any) -> bool:
        """Whether the value is inside, and far enough from the border."""
        import numpy as np

        array = np.asarray(value, dtype=float)
        if not np.all(np.isfinite(array)):
            return False
        return bool(_PREDICATES[self.word](array))


def conditions(value: Node, laws: Iterable[Node] = ()) -> list[Condition]:
    """All conditions inside an expression, and those of the laws that a program states for the functions in it."""
    found: dict[tuple[Node, str], Condition] = {}
    for node in postorder(value):
        for argument, word in _of(node):
            found[argument, word] = Condition(argument, word)
    for law in laws:
        parts = list(postorder(law))
        moving = {part for part in parts if is_change(part)}
        for node in parts:
            if not moving.isdisjoint(node.args):
                moving.add(node)
        for node in parts:
            for argument, word in _of(node):
                if argument in parts and argument not in moving:
                    found[argument, word] = Condition(argument, word)
    return list(found.values())


def _of(node: Node) -> Iterable[tuple[Node, str]]:
    entry = OPERATIONS.get(node.op)
    if entry is None:
        return
    word = MORE.get(node.op) or entry.sample
    if node.op == "pow":
        if not is_whole(node.args[1]):
            yield node.args[0], "positive"
        elif node.args[1].op == "neg":
            yield node.args[0], "nonzero"
    elif node.op == "matrix_power":
        if node.args[1].op == "neg":
            yield node.args[0], "invertible"
    elif word == "differ":
        yield sub(*node.args), "nonzero"
    elif word and word != "real":
        parts = word.split()
        named = dict(zip(entry.signature, node.args, strict=False))
        yield named.get(parts[-1], node.args[0]), " ".join(parts[:-1]) if parts[-1] in named else word


def is_whole(node: Node) -> bool:
    """Whether an exponent is a whole number as written."""
    while node.op in ("neg", "let"):
        node = node.args[0]
    return node.op == "num" and bool(node.params[0].denominator == 1)


def is_analytic(value: Node) -> bool:
    """Whether the complex step may differentiate an expression."""
    parts = postorder(value, *formulas(value))
    return all(node.op not in OPERATIONS or OPERATIONS[node.op].analytic for node in parts)


def _far(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    sizes = np.abs(array)
    return bool(sizes.min() > MARGIN * sizes.max())


def _unique(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    if array.size < 2:
        return True
    first, second = np.sort(array, axis=None)[[-1, -2]]
    return bool(first - second > 2 * MARGIN * np.abs(array).max())


def _regular(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    if array.ndim < 2:
        return _far(array)
    sizes = np.linalg.svd(array, compute_uv=False)
    return bool(sizes[-1] * CONDITION > sizes[0])


def _posdef(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    values = np.linalg.eigvalsh((array + array.T) / 2)
    return bool(values[0] * CONDITION > values[-1])


def _apart(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    values = np.linalg.eigvalsh((array + array.T) / 2)
    return bool(np.diff(values).min() > 4 * MARGIN * np.abs(values).max())


def _singular(array: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    values = np.linalg.svd(array, compute_uv=False)
    tall = array.shape[0] >= array.shape[1]
    return bool(tall and (-np.diff([*values, 0.0])).min() > 4 * MARGIN * values[0])


_PREDICATES: dict[str, Callable[[Any], bool]] = {
    "positive": lambda a: (a > 1e-3 * abs(a).max()).all(),
    "above -1": lambda a: (a > -0.99).all(),
    "unit": lambda a: (abs(a) < 0.95).all(),
    "cosine nonzero": lambda a: (abs(a % 3.141592653589793 - 1.5707963267948966) > 0.1).all(),
    "nonzero": _far,
    "not all zero": lambda a: abs(a).max() > 0,
    "one largest": _unique, "one smallest": lambda a: _unique(-a),
    "one largest size": lambda a: _far(a) and _unique(abs(a)),
    "posdef": lambda a: _posdef(a), "simple spectrum": lambda a: _apart(a),
    "simple singular values": lambda a: _singular(a),
    "varied": lambda a: bool(a.std() > 1e-2 * abs(a).max()),
    "invertible": _regular, "full rank": _regular,
}  # fmt: skip


# wishes -----------------------------------------------------------------------------------------------------

OPPOSITE = {"positive": "negative", "negative": "positive", "small": "small"}
KEEP = (
    "let",
    "T",
    "sum",
    "mean",
    "index",
    "stack",
    "diag",
    "vec",
    "unvec",
    "sqrt",
    "abs",
    "max",
    "min",
    "prod",
    "kron",
    "outer",
    "dot",
    "inner",
    "matmul",
    "tr",
    "square",
)


def wishes(found: Iterable[Condition]) -> dict[str, str]:
    """What the inputs should be like, so that the conditions have a chance: ``positive``,
    ``negative``, ``small``.

    A guess, followed from each condition through sums and products down to the inputs; the first
    wish for an input stands.
    """
    found = list(found)
    wanted: dict[str, str] = {}
    seen: set[tuple[Node, str]] = set()
    stack = [
        (c.node, "small" if c.word == "unit" else "positive")
        for c in found
        if c.word in ("positive", "unit", "above -1")
    ]
    stack.reverse()
    wanted.update({c.node.params[0]: "posdef" for c in found if c.word == "posdef" and c.node.op == "var"})
    while stack:
        node, wish = stack.pop()
        if (node, wish) in seen:
            continue
        seen.add((node, wish))
        if node.op == "var":
            wanted.setdefault(node.params[0], wish)
        elif node.op == "neg":
            stack.append((node.args[0], OPPOSITE[wish]))
        elif node.op == "sub":
            stack += [(node.args[1], OPPOSITE[wish]), (node.args[0], wish)]
        elif (
            node.op in ("add", "maximum", "minimum")
            or (node.op in KEEP and wish != "negative")
            or (node.op in ("mul", "div") and wish != "negative")
        ):
            stack += [(a, wish) for a in reversed(node.args)]
        elif wish == "negative" and node.op in ("mul", "div", "matmul", "dot", "inner", *KEEP):
            stack += [(a, "small") for a in node.args]
        elif node.op == "pow" and wish != "negative" and not is_whole(node.args[1]):
            stack.append((node.args[0], wish))
    return wanted
