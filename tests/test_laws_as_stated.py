"""The text of every law, read as it stands: its right-hand side at random changes, against differences of the value.

`test_calculus_laws` tests what the calculus makes of the laws.  These tests read the lines themselves, as derivations
and `matcalc rules` print them: of each operation the law in general, what is chosen for the arguments, and the law in
products and sums.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from matcalc.calculus.laws import exponent_of, opened_law
from matcalc.errors import ShapeError
from matcalc.expressions import dims
from matcalc.expressions.node import Node
from matcalc.language.reading import expression
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS, variable
from tests.differences import close, derivative, evaluator, point
from tests.test_calculus_laws import NO_LAW, cases

BY_BLOCKS = {"stack", "index"}  # their laws name no dimensions: below
CASES = 3  # of each text


def stated(op: str) -> Iterator[tuple[Node, str]]:
    """Applications of an operation, each with a text of its law."""
    entry = OPERATIONS[op]
    seen: dict[str, int] = {}
    first = [table.make("roll", variable("A", ("n", 1)), params=(None, 1))] if op == "roll" else []
    for node in [*first, *cases(op)]:
        if len(set(node.args)) < len(node.args):
            continue
        shapes, params = [argument.shape for argument in node.args], node.params
        if exponent_of(node) is not None:
            params = (exponent_of(node),)
        texts = [entry.choose(shapes, params)] if entry.choose else []
        texts += [law for law in [opened_law(op, shapes, params)] if law]
        general = node.params in ((), (None,), (None, 1)) or op in ("kron_left", "kron_right", "unvec")
        if entry.law is not None and general and op != "matrix_power":
            texts.append(entry.law.text)
        if op == "matrix_power" and entry.law is not None and params != (0,):
            texts.append(entry.law.text)
        axes = (0, 1) if params[:1] == (None,) else params[:1]
        if op in ("variance", "std") and all(shapes[0][axis] == 1 for axis in axes):  # of one entry
            continue
        for text in texts:
            if " dx" in text and 1 not in shapes[0]:  # stated for vectors
                continue
            kind = f"{text} {[1 in shape for shape in shapes]}"
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= CASES:
                yield node, text


def sized(op: str, node: Node, body: str) -> str:
    """The dimensions that a law in general names, as they are here."""
    letters: dict[str, Any] = {}
    if op in ("kron_left", "kron_right", "unvec"):
        letters = dict(zip("pq" if op == "kron_right" else "mn", node.params, strict=True))
    elif op in ("cov", "cholesky"):
        letters = {"m" if op == "cov" else "n": node.args[0].shape[0]}
    return re.sub(r"\b[mnpq]\b", lambda m: f"({dims.text(letters.get(m[0], m[0]))})", body) if letters else body


def change_by_law(op: str, node: Node, text: str, at: dict[str, Any], changes: dict[str, Any]) -> Any:
    """The right-hand side of a law."""
    names: dict[str, Node] = {"y": node}
    for name, argument in zip(OPERATIONS[op].signature, node.args, strict=True):
        names[name] = argument
        names[f"d{name}"] = variable(f"d({name})", argument.shape)
        names[name.lower()], names[f"d{name.lower()}"] = argument, names[f"d{name}"]
    head, body = text.split(") = ", 1)
    assert head.startswith("d(")
    used = {name for n in (node, *node.args) for dim in n.shape for name in dims.names(dim)}
    found = expression(sized(op, node, body), names, dims=tuple(sorted(used)))
    return evaluator({**at, **changes})(found)


@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - NO_LAW - BY_BLOCKS))
def test_law_as_stated(op: str) -> None:
    """Each text of a law, for every kind of arguments."""
    rng = np.random.default_rng(5)
    tested, all_of_them = set(), set()
    for node, text in stated(op):
        all_of_them.add(text)
        at = point(node, seed=repr(node))
        if any(n.params[0] == "k" for n in node.args if n.op == "var"):
            at["k"] = np.array([[4.0]])
        changes: dict[str, Any] = {}
        total: Any = 0
        for name, argument in zip(OPERATIONS[op].signature, node.args, strict=True):
            shape = evaluator(at)(argument).shape
            varies = argument.op == "var" and (f"d{name}" in text or f"d{name.lower()}" in text)
            changes[f"d({name})"] = rng.standard_normal(shape) * varies
            if varies:
                total = total + np.tensordot(derivative(node, argument, at), changes[f"d({name})"], 2)
        try:
            found = change_by_law(op, node, text, at, changes)
        except ShapeError:  # the law in general may be that of columns alone
            assert OPERATIONS[op].choose is not None
            assert text == OPERATIONS[op].law.text  # type: ignore[union-attr]
            continue
        tested.add(text)
        assert close(np.broadcast_to(found, np.shape(total)) if np.size(found) == 1 else found, total, 1e-6), text
    assert tested == all_of_them != set()


@pytest.mark.parametrize("op", sorted(BY_BLOCKS))
def test_laws_of_blocks_and_entries(op: str) -> None:
    """Linear operations: what the law makes of changes is what the operation makes of them."""
    law = OPERATIONS[op].law
    assert law is not None
    if op == "stack":
        head, body = law.text.removeprefix("d(").split(") = ")
        assert body == re.sub(r"\b([A-Z])\b", r"d\1", head)
        return
    array = np.arange(12.0).reshape(3, 4)
    X, dX = variable("X", (3, 4)), variable("dX", (3, 4))
    head, body = [part.replace("i, j", "1, 2") for part in law.text.removeprefix("d(").split(") = ")]
    assert evaluator({"X": array})(expression(head, {"X": X})) == 6
    assert evaluator({"dX": array})(expression(body, {"dX": dX})) == 6
