"""Terms that are written in ways of their own: index notation, and functions whose laws the program states.

The body of an index term is a small tree: ``("at", k, letters)`` is an entry of the k-th argument, ``("sum", letter,
body)``, ``("add" | "mul" | "div", body, body)``, ``("call", name, body)``, ``("pow", body, number)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LETTERS = "ijkl"
CALLS: dict[str, Callable[..., Any]] = {
    "tanh": lambda x, m: m.tanh(x), "sin": lambda x, m: m.sin(x), "exp": lambda x, m: m.exp(x),
    "square": lambda x, m: x * x, "cos": lambda x, m: m.cos(x),
}  # fmt: skip


def written(body: Any, names: list[str], syntax: str) -> str:
    """The body in index notation; in the MATLAB-style syntax with its powers."""
    op, *parts = body
    if op == "at":
        return f"{names[parts[0]]}[{', '.join(parts[1])}]"
    if op == "sum":
        return f"sum({parts[0]}: {written(parts[1], names, syntax)})"
    if op == "call":
        return f"{parts[0]}({written(parts[1], names, syntax)})"
    if op == "pow":
        return f"({written(parts[0], names, syntax)}){'^' if syntax == 'matlab' else '**'}{parts[1]}"
    sign = {"add": " + ", "mul": "*", "div": "/"}[op]
    return f"({sign.join(written(part, names, syntax) for part in parts)})"


def evaluated(body: Any, arrays: list[Any], m: Any) -> Any:
    """The body's value with an axis for every letter, of size 1 where it does not vary; arrays without axes of one."""
    op, *parts = body
    if op == "at":
        array, letters = arrays[parts[0]], parts[1]
        order = sorted(range(len(letters)), key=lambda k: LETTERS.index(letters[k]))
        turned = m.transpose(array, order)
        sizes = dict(zip(sorted(letters), turned.shape, strict=True))
        return m.reshape(turned, [sizes.get(letter, 1) for letter in LETTERS])
    if op == "sum":
        return m.sum(evaluated(parts[1], arrays, m), axis=LETTERS.index(parts[0]), keepdims=True)
    if op == "call":
        return CALLS[parts[0]](evaluated(parts[1], arrays, m), m)
    if op == "pow":
        return evaluated(parts[0], arrays, m) ** parts[1]
    a, b = (evaluated(part, arrays, m) for part in parts)
    return a + b if op == "add" else a * b if op == "mul" else a / b


class Own:
    """A function with a law: its texts, where ``@`` and ``.T`` stand for either syntax's, and its value."""

    def __init__(self, law: str, definition: str, value: Callable[..., Any]) -> None:
        self.law, self.definition, self.value = law, definition, value

    def lines(self, syntax: str, told: bool) -> list[str]:
        """The law, and the definition where it is told."""
        lines = [self.law, *([self.definition] if told else [])]
        if syntax == "matlab":
            lines = [t.replace("*", ".*").replace("@", "*").replace(".T", "'").replace("/", "./") for t in lines]
        return lines


def _log_det(m: Any, x: Any) -> Any:
    found = m.linalg.det(x)
    return m.log(found * m.sign(m.real(found)))


OWN: Mapping[str, Own] = {
    "ld": Own("d(ld(X)) = tr(inv(X) @ dX)", "ld(X) = logdet(X)", _log_det),
    "unit": Own("d(unit(x)) = (dx - unit(x)*(unit(x).T@dx))/norm(x)", "unit(x) = x/norm(x)",
                lambda m, x: x / m.sqrt(m.sum(x * x))),
    "quad": Own("d(quad(A, x)) = x.T@dA@x + x.T@(A + A.T)@dx", "quad(A, x) = x.T@A@x",
                lambda m, a, x: m.sum(x * (a @ x))),
    "soft": Own("d(soft(t)) = tanh(t)*dt", "soft(t) = log(cosh(t))", lambda m, t: m.log(m.cosh(t))),
}  # fmt: skip
NUMPY: dict[tuple[str, int], Any] = {
    (name, 0): lambda *args, own=own: own.value(np, *[np.asarray(a) for a in args]) for name, own in OWN.items()
}
