"""Every law against differences of values: each operation, each kind of arguments, each parameter.

The check asks for the gradient of ``sum(C * op(...))``, C a general constant: that sees every entry of every local
derivative.  Jacobians and Hessians, where they are matrices, are held against differences as well.
Wrong laws are planted to see that it turns red.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from differences import close, derivative, evaluator, point, variables

import matcalc as mc
from matcalc.calculus import laws, sweep
from matcalc.calculus.factoring import write
from matcalc.calculus.simplify import settle
from matcalc.calculus.terms import free_of
from matcalc.derivation import derive
from matcalc.errors import ShapeError, UnsupportedError
from matcalc.expressions.node import Node, intern, kind
from matcalc.operations import table
from matcalc.operations.registry import Law, Operation
from matcalc.operations.table import OPERATIONS, make, number, variable
from matcalc.render.source import source

ALL = ("all",)
SHAPES = [(1, 1), ("m", 1), (1, "n"), ("m", "n"), ("n", "m"), ("n", 1), (1, "m"), ("n", "n"), ("m", "m"), ("n", "p")]
NO_LAW = {"polar", "conv_matrix", "corr_matrix", "eig_gaps",
"svd_gaps"}  # stated in the tables: its own derivative is not supported
NOT_BY = {("expm_frechet", 0), ("matrix_power", 1), ("power_sum", 0), ("power_sum", 2), ("kron_left", 2),
("kron_right", 2)}
WITHOUT_TEXT = {"stack", "index"}  # their local derivatives come from their shapes


def node_of(op: str, *args: Node, params: tuple[Any, ...] = ()) -> Node | None:
    try:
        return make(op, *args, params=params)
    except ShapeError:
        return None


def arguments(count: int) -> Iterator[list[Node]]:
    letters = "ABD"[:count]
    for shapes in itertools.product(SHAPES, repeat=count):
        yield [variable(name, shape) for name, shape in zip(letters, shapes, strict=True)]


def stacks() -> Iterator[Node]:
    a, b = variable("A", ("m", "n")), variable("B", ("p", "n"))
    x, y, c = variable("x", ("m", 1)), variable("y", ("n", 1)), variable("c", (1, 1))
    r, z = variable("r", (1, "n")), variable("z", ("m", 1))
    for args, params in (
        ([a, b], (1, 1)), ([a, a], (2,)), ([a, x], (2,)), ([a, r], (1, 1)), ([x, y], (1, 1)), ([x, c], (1, 1)),
        ([x, z], (2,)), ([r, c], (2,)), ([r, r], (1, 1)), ([x, x, x], (1, 1, 1)), ([c, c, c, c], (2, 2)),
        ([c, c], (2,)), ([a, x, r, c], (2, 2)),
    ):  # fmt: skip
        yield make("stack", *args, params=params)


def indexings() -> Iterator[Node]:
    a, x, r = variable("A", ("m", "n")), variable("x", ("m", 1)), variable("r", (1, "n"))
    items: list[Any] = [ALL, ("at", 1), ("slice", 1, 3), ("slice", 0, 2)]
    for i, j in itertools.product(items, repeat=2):
        yield table.index(a, i, j)
    for i in items:
        yield table.index(x, i, ALL)
        yield table.index(r, ALL, i)


def special(op: str) -> Iterator[Node | None]:
    """The operations whose parameters follow from more than an axis."""
    if op == "stack":
        yield from stacks()
    elif op == "index":
        yield from indexings()
    elif op in ("svdvals", "svd_left", "svd_right"):  # at least as many rows as columns
        yield from [make(op, variable("A", shape)) for shape in (("m", "n"), ("n", "n"), ("n", "p"))]
    elif op == "expm_frechet":
        yield make(op, variable("A", ("n", "n")), variable("D", ("n", "n")))
    elif op == "where":
        for c, a, b in itertools.product(SHAPES[:4], repeat=3):
            condition = make("greater", variable("c", c), number(0))
            yield node_of(op, condition, variable("A", a), variable("B", b))
    elif op == "prod_pairs":
        yield make(op, variable("A", ("n", 1)))
    elif op in ("cross", "cross_matrix"):
        yield make(op, *[variable(name, (3, 1)) for name in "AB"][: len(OPERATIONS[op].signature)])
    elif op == "roll":
        for shape, axis in ((("m", 1), None), ((1, "n"), None), (("n", 1), 1), (("m", "n"), 0), (("m", "n"), 1)):
            for k in (-1, 5):  # 2 would be its own inverse along an axis of 4
                yield make(op, variable("A", shape), params=(axis, k))
    elif op == "correlate":
        yield make(op, variable("A", ("q", 1)), variable("B", ("n", 1)))
    elif op == "unvec":
        yield make(op, variable("x", (table_product("m", "n"), 1)), params=("m", "n"))
    elif op in ("kron_left", "kron_right"):
        g = variable("G", (table_product("m", "p"), table_product("n", "q")))
        small, large = ("p", "q"), ("m", "n")
        other, params = (small, large) if op == "kron_left" else (large, small)
        yield make(op, g, variable("B", other), params=params)
    elif op in ("matrix_power", "power_sum"):
        square = [variable(name, ("n", "n")) for name in ("A", "D")][: 1 if op == "matrix_power" else 2]
        for k in (1, 2, 3, 5, 8) if op == "power_sum" else (0, 1, 2, 3, 5, 8):
            yield make(op, *square, number(k))
        yield make(op, *square, variable("k", (1, 1)))


def table_product(a: str, b: str) -> Any:
    from matcalc.expressions.dims import multiply

    return multiply(a, b)


SPECIAL = ("stack", "expm_frechet", "svdvals", "svd_left", "svd_right", "where", "index", "cross", "cross_matrix",
"prod_pairs", "roll", "correlate", "unvec", "kron_left", "kron_right", "matrix_power", "power_sum")


def cases(op: str) -> list[Node]:
    """The operation applied to every combination of arguments that it takes; the same argument twice too."""
    found: dict[Node, None] = {}
    if op in SPECIAL:
        return [node for node in special(op) if node is not None]
    entry = OPERATIONS[op]
    for args in arguments(len(entry.signature)):
        for params in [(None,), (0,), (1,)] if entry.axis else [()]:
            node = node_of(op, *args, params=params)
            if node is not None:
                found[node] = None
    if len(entry.signature) == 2:
        for shape in SHAPES:
            a = variable("A", shape)
            node = node_of(op, a, a)
            if node is not None and op not in ("maximum", "minimum"):
                found[node] = None
    if op == "pow":
        for shape, k in itertools.product(SHAPES[:4], (2, 3, -1)):
            exponent = number(k) if k > 0 else table.neg(number(-k))
            found[make(op, variable("A", shape), exponent)] = None
    return list(found)


def functional(node: Node) -> Node:
    """A general linear functional of the node."""
    constant = variable("C", node.shape)
    return table.mul(constant, node) if node.shape == (1, 1) else make("inner", constant, node)


def failures(op: str, some: list[Node] | None = None) -> list[str]:
    """Where the gradients of an operation are not what differences give."""
    found: list[str] = []
    for node in cases(op) if some is None else some:
        value = functional(node)
        at = point(value, seed=repr(node))
        if any(n.params[0] == "k" for n in node.args if n.op == "var"):
            import numpy as np

            at["k"] = np.array([[4.0]])
        targets = [a for i, a in enumerate(node.args) if a.op == "var" and (op, i) not in NOT_BY]
        for target in dict.fromkeys(targets):
            gradient = write(settle(sweep.sweep(value, [target], {})[target]))
            assert gradient is not None
            assert gradient.shape == target.shape, f"{node!r} by {target!r}"
            expected = derivative(value, target, at)[0, 0]
            if not close(evaluator(at)(gradient), expected):
                found.append(f"{node!r} by {target!r}: {gradient!r}")
    return found


# ---------------------------------------------------------------------------------------------- the laws hold
@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - NO_LAW))
def test_law_against_differences(op: str) -> None:
    assert cases(op), f"no arguments are found that {op} takes"
    assert failures(op) == []


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_every_operation_has_a_law_with_a_source_or_says_why_not(op: str) -> None:
    entry = OPERATIONS[op]
    if op in NO_LAW:
        assert entry.law is None
        assert "not supported" in entry.doc
        return
    assert entry.law is not None
    assert entry.law.title
    assert entry.law.source
    assert re.fullmatch(r"d\(.+\) = .+", entry.law.text)


def test_what_has_no_derivative_raises() -> None:
    A, K, D = variable("A", ("n", "n")), variable("k", (1, 1)), variable("D", ("n", "n"))
    for node, target in (
        (make("polar", A), A), (make("matrix_power", A, K), K),
        (make("power_sum", A, D, K), A), (make("power_sum", A, D, K), K),
    ):  # fmt: skip
        with pytest.raises(UnsupportedError, match="not supported"):
            sweep.sweep(functional(node), [target], {})


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_unknown_function(order: int, shape: Any) -> None:
    assert failures("apply", [table.apply("f", order, variable("X", shape))]) == []


def first_order(value: Node, by: Node) -> Node:
    """The derivative in the default layout, through the whole way from source text."""
    types = {"scalar": "scalar", "vector": "vector({})", "row": "row({1})", "matrix": "matrix({}, {})"}
    lines = [f"{v.params[0]}: {types[kind(v.shape)].format(*v.shape)}" for v in variables(value)]
    return derive("\n".join([*lines, source(value)]), by.params[0])[by.params[0]].node


def flat(shape: Any) -> bool:
    return 1 in shape


@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - NO_LAW - {"stack", "kron"}))  # kron: below
def test_jacobian_against_differences(op: str) -> None:
    for node in cases(op):
        if not flat(node.shape) or repr(node.args).count("'k'"):
            continue
        at = point(node, seed=repr(node))
        for i, target in enumerate(node.args):
            if target.op != "var" or not flat(target.shape) or (op, i) in NOT_BY:
                continue
            expected = derivative(node, target, at)
            found = evaluator(at)(first_order(node, target))
            if node.shape != (1, 1) and target.shape != (1, 1):
                expected = expected.reshape(max(expected.shape[:2]), -1)
            assert close(found, expected.reshape(found.shape)), f"{node!r} by {target!r}"


@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - NO_LAW - {"kron"}))
def test_hessian_against_differences_of_the_gradient(op: str) -> None:
    for node in cases(op):
        value = functional(node)
        at = point(value, seed=repr(node))
        for target in dict.fromkeys(a for i, a in enumerate(node.args) if a.op == "var" and (op, i) not in NOT_BY):
            if not flat(target.shape) or repr(node.args).count("'k'"):
                continue
            gradient = write(settle(sweep.sweep(value, [target], {})[target]))
            assert gradient is not None
            expected = derivative(gradient, target, at)
            found = sweep.sweep(gradient, [target], {})[target]
            formula = as_matrix(found)
            got = evaluator(at)(formula)
            assert close(got, expected.reshape(got.shape), 1e-6), f"{gradient!r} by {target!r}: {formula!r}"


JACOBIANS = [
    "y = vec(x@x.T)", "Y = kron(X, A)", "Y = kron(A, X)", "y = kron(x, a)", "y = vec(A@X@B)",
    "Y = unvec(x, 2, 3)\nx: vector(6)", "Y = kron(X, X)", "Y = kron(x.T, X)", "y = kron(t*A, B@C)@c\nt: scalar",
]  # fmt: skip


@pytest.mark.parametrize("program", JACOBIANS)
def test_jacobians_through_kron_and_vec(program: str) -> None:
    report = mc.check(program, "all")
    assert report.passed, f"{program}: {report}"


def as_matrix(found: Any) -> Node:
    """A derivative by a vector as a matrix, its rows the value's."""
    place = {k: i for i, (k, _) in enumerate(found.extra)}
    place.update({k: 1 if place else k for k in free_of(found.shape)})
    formula = write(settle(sweep.moved(found, place), diag=True), diag=True)
    assert formula is not None
    return formula


# --------------------------------------------------------------------------------------- planted wrong laws
def split_terms(body: str) -> list[str]:
    """The top-level terms of a law, each with its sign."""
    depth, parts, start = 0, [], 0
    for i, letter in enumerate(body):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and letter in "+-" and i > 0 and body[i - 1] == " " and body[i + 1] == " ":
            parts.append(body[start:i].strip())
            start = i
    return [*parts, body[start:].strip()]


def wrong_laws(text: str) -> list[str]:
    """Laws with a wrong sign, a factor, a term dropped, a transpose missing."""
    head, body = text.split(" = ", 1)
    wrong = [f"-({body})", f"2 * ({body})"]
    terms = split_terms(body)
    if len(terms) > 1:
        wrong += [" ".join(terms[:i] + terms[i + 1 :]).lstrip("+ ") for i in range(len(terms))]
    wrong += [body[: m.start()] + body[m.end() :] for m in re.finditer(r"\.T\b", body)]
    return [f"{head} = {one}" for one in wrong]


def forget() -> None:
    laws.differential.cache_clear()
    laws.local_terms.cache_clear()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    forget()
    yield
    forget()


def is_red(op: str) -> bool:
    forget()
    try:
        return bool(failures(op))
    except (ShapeError, UnsupportedError, AssertionError):
        return True  # a law that does not even fit is refused


CONSTANT = {"sign", "step", "is_max", "is_min", "greater",
"at_least"}  # their derivative is zero, with any sign and factor


def planted(op: str) -> list[tuple[str, dict[str, Any]]]:
    """What to put in the place of an operation's fields, one wrong law after the other."""
    entry = OPERATIONS[op]
    found: list[tuple[str, dict[str, Any]]] = []
    if entry.adjoint:
        for name, text in entry.adjoint.items():
            for wrong in (f"-({text})", f"2 * {text}"):
                found.append((f"{name}: {wrong}", {"adjoint": {**entry.adjoint, name: wrong}}))
        return found
    assert entry.law is not None
    if entry.choose is None:
        for wrong in wrong_laws(entry.law.text):
            found.append((wrong, {"law": Law(wrong, entry.law.title, entry.law.source)}))
        return found
    for i in range(2):
        def choose(shapes: Any, params: Any, chosen: Any = entry.choose, i: int = i) -> str:
            return wrong_laws(chosen(shapes, params))[i]

        found.append((f"every law of {op}, wrong way {i}", {"choose": choose}))
    return found


@pytest.mark.parametrize("op", sorted(set(OPERATIONS) - NO_LAW - WITHOUT_TEXT - CONSTANT))
def test_planted_wrong_laws_turn_red(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen = []
    for shown, fields in planted(op):
        with monkeypatch.context() as patch:
            for field, value in fields.items():
                patch.setattr(OPERATIONS[op], field, value)
            if not is_red(op):
                unseen.append(shown)
    assert unseen == []


@pytest.mark.parametrize("op", ["sign", "step", "is_max", "is_min"])
def test_planted_slope_of_what_is_constant_turns_red(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPERATIONS[op], "law", Law(f"d({op}(X)) = dX", "wrong", "planted"))
    assert is_red(op)


@pytest.mark.parametrize("op", sorted(WITHOUT_TEXT))
def test_planted_wrong_local_terms_turn_red(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (-1, 2):
        def local_terms(*key: Any, wrong: int = wrong) -> Any:
            found = laws.local_terms.__wrapped__(*key)
            for local in found:
                local.coeff *= wrong if key[0] == op else 1
            return found

        monkeypatch.setattr(sweep, "local_terms", local_terms)
        assert is_red(op)


def test_planted_swap_of_matrix_product_turns_red(monkeypatch: pytest.MonkeyPatch) -> None:
    for op, wrong in (
        ("T", "d(X.T) = dX"),
        ("det", "d(det(X)) = tr(inv(X) @ dX)"),
        ("det", "d(det(X)) = y * tr(inv(X).T @ dX)"),
        ("logdet", "d(logdet(X)) = tr(inv(X).T @ dX)"),
        ("inv", "d(inv(X)) = -y.T @ dX @ y"),
        ("norm", "d(norm(X)) = sum(X * dX)"),
        ("softmax", "d(softmax(X)) = y * dX"),
        ("tr", "d(tr(X)) = sum(dX)"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(OPERATIONS[op], "law", Law(wrong, "wrong", "planted"))
            patch.setattr(OPERATIONS[op], "choose", None)
            assert is_red(op), wrong


def test_operations_named_here_exist() -> None:
    names = {*NO_LAW, *WITHOUT_TEXT, *CONSTANT, *SPECIAL, *(op for op, _ in NOT_BY)}
    assert names <= set(OPERATIONS)
    assert all(isinstance(entry, Operation) for entry in OPERATIONS.values())
    assert intern("var", (), ("A", "", False), ("m", "n")) is variable("A", ("m", "n"))
