"""Every row of the table of facts against numbers: on random matrices that have its premises, its claim holds."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc import facts
from matcalc.expressions.node import Node, postorder
from matcalc.facts.engine import Rule, rules_of
from matcalc.facts.names import BITS, FACTS, closed
from matcalc.facts.table import ROWS
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS, make
from matcalc.verify.domain import is_whole
from tests.fact_instances import TRUTH, having
from tests.plain_evaluator import Evaluator

SHAPES = ((4, 4), (4, 1), (1, 4), (5, 3), (3, 5), (1, 1), (2, 2), (3, 1), (3, 4))
count = itertools.count()


class Leaf:
    """Variables that have facts by decree, and their arrays."""

    def __init__(self, seed: int) -> None:
        self.rng, self.edge = np.random.default_rng(seed), seed == 1
        self.arrays: dict[str, Any] = {}

    def __call__(self, shape: tuple[int, int], *names: str, also: str = "") -> Node:
        name = f"v{next(count)}"
        node = table.variable(name, shape)
        node._facts = closed(sum(BITS[n] for n in set(names)), 0, shape)
        self.arrays[name] = having({*names, *also.split()}, shape, self.rng, self.edge)
        return node

    def value(self, node: Node) -> Any:
        with np.errstate(all="ignore"):
            return Evaluator(self.arrays, {}, {("f", 0): lambda t: np.sin(t) + t * t + 1})(node)


def domain(node: Node, arrays: dict[str, Any]) -> None:
    """Arguments put where the function is defined, by what keeps their facts."""
    op = node.op
    for name, x in arrays.items():
        if op == "log":
            arrays[name] = np.where(x == 0, 1, np.abs(x))
        elif op == "sqrt" or (op == "pow" and not is_whole(node.args[1])):
            arrays[name] = np.abs(x)
        elif op == "log1p" and np.min(x) < -0.9:
            arrays[name] = x / (1.2 * np.max(np.abs(x)))
        elif op == "expm":
            arrays[name] = 2.5 * x
        elif op == "reciprocal" or (op == "div" and node.args[1].params[:1] == (name,)):
            arrays[name] = np.where(x == 0, 1, x)
        elif op in ("arcsin", "arccos") and np.max(np.abs(x)) > 1:
            arrays[name] = x / (1.1 * np.max(np.abs(x)))


SLICES = (
    (("slice", 0, 3), ("slice", 0, 3)), (("slice", 1, 3), ("slice", 1, 3)), (("all",), ("slice", 1, 3)),
    (("slice", 1, 3), ("all",)), (("at", 2), ("all",)), (("all",), ("at", 2)),
)  # fmt: skip
AXIS = {name for name, entry in OPERATIONS.items() if entry.axis}
ALSO = {"cholesky": "definite", **dict.fromkeys(("inv", "solve", "logdet", "matrix_power"), "invertible")}


def params_for(op: str, shapes: tuple[tuple[int, int], ...]) -> list[tuple[Any, ...]]:
    if op == "roll":
        return [(0, 1), (1, 2), (None, 1)]
    if op in AXIS:
        return [(None,), (0,), (1,)]
    if op == "index":
        return [*SLICES]
    if op in ("conv_matrix", "corr_matrix"):
        return [(2,)]
    if op == "unvec":
        return [(2, 2)]
    if op in ("kron_left", "kron_right"):
        return [(2, 2), (1, 1)]
    return [()]


def fits(names: list[str], shape: tuple[int, int]) -> bool:
    """Whether there are matrices of a shape with such facts."""
    rows, columns = shape
    if rows < columns and ("orthonormal" in names or "independent" in names):
        return False
    if rows != columns and "diagonal" in names:
        return False
    return rows == columns > 1 or not set(names) & set(OF_SQUARES) or (rows == columns and names == ["symmetric"])


def plain(rule: Rule, op: str, leaf: Leaf) -> list[Node]:
    """The operation on variables that have what the premises ask for."""
    arity = {"apply": 1, "stack": 2}.get(op) or len(OPERATIONS[op].signature)
    masks = [0] * arity
    for which, mask in rule.premises:
        for k in range(arity) if which < 0 else (which,):
            masks[k] |= mask
    names = [[name for name, bit in BITS.items() if mask & bit] for mask in masks]
    found = []
    for shapes in itertools.product(SHAPES, repeat=arity):
        if not all(fits(wanted, shape) for wanted, shape in zip(names, shapes, strict=True)):
            continue
        for params in params_for(op, shapes):
            args = [leaf(s, *n, also=also(op, k, s)) for k, (s, n) in enumerate(zip(shapes, names, strict=True))]
            if op == "where":
                leaf.arrays[args[0].params[0]] = (leaf.arrays[args[0].params[0]] > 0) * 1.0
            try:
                if op in ("matrix_power", "power_sum"):
                    args[-1] = table.number(3)
                if op == "apply":
                    node = table.apply("f", 0, args[0])
                elif op == "stack":
                    node = make("stack", *args, params=(1, 1))
                else:
                    node = make(op, *args, params=params)
            except (mc.ShapeError, IndexError):
                continue
            found.append(node)
    return found


ENTRIES = ("nonnegative", "whole")
OF_SQUARES = ("symmetric", "skew", "orthogonal", "semidefinite", "definite", "invertible", "positive_diagonal")


def also(op: str, k: int, shape: tuple[int, int]) -> str:
    return ALSO.get(op, "") if k == 0 and shape[0] == shape[1] else ""


def built(op: str, leaf: Leaf) -> list[Node]:
    """Expressions for the conditions on how an expression is written."""
    A, x, c = leaf((4, 4)), leaf((4, 1)), leaf((1, 1), "positive")
    P, R = leaf((3, 4)), leaf((5, 3), "independent")
    T, mul, two = table.transpose, table.matmul, table.number(2)
    found: list[Node] = []
    if op == "matmul":
        for kind in ("symmetric", "skew", "semidefinite", "definite"):
            S = leaf((4, 4), kind)
            u = leaf((4, 1), "independent")
            found += [mul(mul(P, S), T(P)), mul(mul(T(x), S), x), mul(mul(T(u), S), u), mul(P, mul(S, T(P)))]
        S3 = leaf((5, 5), "definite")
        B = leaf((4, 4), "invertible")
        found += [mul(T(P), P), mul(T(R), R), mul(mul(T(R), S3), R), mul(B, T(B)), mul(T(x), x), mul(x, T(x))]
        found += [mul(table.mul(c, T(R)), table.mul(c, R)), mul(T(mul(P, A)), mul(P, A))]
        z = leaf((4, 1), "zero")
        found += [mul(mul(T(z), leaf((4, 4), "definite")), z)]
    if op in ("add", "sub"):
        found += [make(op, A, T(A)), make(op, A, table.neg(T(A))), make(op, make("inv", A), T(make("inv", A)))]
        found += [make(op, make(op, mul(A, A), T(A)), table.neg(T(mul(A, A))))]
    if op in ("sub", "mul", "outer", "dot", "inner", "cross"):
        v = leaf((3, 1))
        found += [make(op, v, v)] if op in ("cross", "dot", "outer") else [make(op, A, A), make(op, x, x)]
    if op == "sub":
        found += [table.sub(z, make("mean", z, params=(k,))) for z in (A, x, P) for k in (None, 0, 1)]
    if op == "div":
        found += [table.div(z, make("norm", z)) for z in (A, x)]
        found += [table.div(z, make("sum", z, params=(k,))) for z in (A, x, P) for k in (None, 0, 1)]
        found += [table.div(x, make("sqrt", mul(T(x), x)))]
    if op == "pow":
        S = leaf((4, 4), "symmetric")
        for kind in ("semidefinite", "definite", "whole"):
            found += [table.power(leaf((4, 4), kind), k) for k in (two, table.number(3))]
        found += [table.power(A, two), table.power(S, two), table.power(A, table.number(3))]
        for kind in ("lower", "upper", "diagonal", "zero"):
            found.append(table.power(leaf((4, 4), kind), two))
    if op == "matrix_power":
        for kind in ("symmetric", "nonnegative", "whole", "zero"):
            found.append(make(op, leaf((4, 4), kind), two))
            found.append(make(op, leaf((4, 4), kind), table.number(0)))
        found += [make(op, leaf((4, 4), kind, also="invertible"), table.neg(table.number(1))) for kind in ENTRIES]
    if op == "stack":
        for kind in ("symmetric", "lower", "upper", "diagonal"):
            zero = leaf((3, 4), "zero")
            D, E = leaf((3, 3), kind), leaf((4, 4), kind)
            for off in (leaf((3, 4)), zero):
                for other in (T(off), T(zero)):
                    found.append(make("stack", D, off, other, E, params=(2, 2)))
                    found.append(make("stack", E, other, off, D, params=(2, 2)))
        found += [make("stack", R, leaf((2, 3)), params=(1, 1)), make("stack", R, R, params=(2,))]
    if op in ("norm", "norm1", "norm_inf", "norm_nuc"):
        found += [make(op, leaf((4, 4), "invertible")), make(op, leaf((4, 4), "zero"))]
    if op == "solve":
        found += [make(op, A, leaf((4, 4), "zero"))]
    if op == "cholesky":
        found += [make(op, leaf((4, 4), "definite"))]
    if op == "where":
        for kind in ("lower", "upper", "diagonal", "symmetric"):
            test = make("greater", leaf((4, 4), "symmetric"), leaf((4, 4), "symmetric"))
            found += [make(op, test, leaf((4, 4), kind), leaf((4, 4), kind))]
    if op in ("let", "defined"):
        for shape in ((4, 4), (4, 1), (1, 4)):
            for name in FACTS:
                if shape == (4, 4) or name not in (*OF_SQUARES, "orthonormal", "independent"):
                    inner = leaf(shape, name)
                    found.append(table.let(f"t{next(count)}", inner))
    return found


@pytest.mark.parametrize("op", sorted(set(ROWS) - {"defined"}))
def test_every_rule_holds_in_numbers(op: str) -> None:
    unseen = []
    for rule in rules_of(op):
        seen = 0
        for seed in range(2):
            leaf = Leaf(seed)
            candidates = [*built(op, leaf), *(plain(rule, op, leaf) if op not in ("let",) else [])]
            for node in candidates:
                if node.op != op or not (facts.known(node), rule.holds(node))[1]:
                    continue
                assert facts.fact(node, rule.fact) is True
                own = {n.params[0]: leaf.arrays[n.params[0]] for n in postorder(node) if n.op == "var"}
                domain(node, own)
                leaf.arrays.update(own)
                value = leaf.value(node)
                assert np.all(np.isfinite(value)), f"{op}: {rule.text}: {node} is not finite at {own}"
                assert TRUTH[rule.fact](value, 1e-8), f"{rule.fact} of {node} by {rule.text!r}: {value}"
                seen += 1
        if not seen:
            unseen.append((rule.fact, rule.text))
    assert not unseen, f"no instance for these rules of {op}"


def test_a_wrong_rule_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Rule("symmetric", "symmetric A, symmetric B", "planted", ("A", "B"))
    monkeypatch.setitem(globals(), "rules_of", lambda op: (wrong,))
    monkeypatch.setattr(facts, "fact", lambda node, name: True)
    with pytest.raises(AssertionError, match="symmetric of"):
        test_every_rule_holds_in_numbers("matmul")


