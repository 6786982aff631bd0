"""Facts: every row of the table against numbers, no claim that numbers refute, and what is unknown stays unknown."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc import facts
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, postorder
from matcalc.facts.engine import Rule, rules_of
from matcalc.facts.names import BITS, FACTS, closed
from matcalc.facts.table import ROWS
from matcalc.language.program import elaborate
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS, make
from matcalc.render.source import source
from matcalc.verify.sampling import draw
from tests.fact_instances import TRUTH, having
from tests.plain_evaluator import FUNCTIONS, Evaluator

SHAPES = ((4, 4), (4, 1), (1, 4), (5, 3), (3, 5), (1, 1), (2, 2), (3, 1), (3, 4))
count = itertools.count()

# where an operation of the language is silent about facts, with the reason
SILENT = {
    "logsumexp": "of either sign", "log_softmax": "never positive, which is no fact of ours",
    "cross_entropy": "of either sign",
}


class Leaf:
    """Variables that have facts by decree, and their arrays."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.arrays: dict[str, Any] = {}

    def __call__(self, shape: tuple[int, int], *names: str, also: str = "") -> Node:
        name = f"v{next(count)}"
        node = table.variable(name, shape)
        node._facts = closed(sum(BITS[n] for n in set(names)), 0, shape)
        self.arrays[name] = having({*names, *also.split()}, shape, self.rng)
        return node

    def value(self, node: Node) -> Any:
        with np.errstate(all="ignore"):
            return Evaluator(self.arrays, {}, {("f", 0): lambda t: np.sin(t) + t * t + 1})(node)


def test_every_fact_can_be_checked() -> None:
    assert set(TRUTH) == set(FACTS)


def test_every_operation_owes_its_facts() -> None:
    missing = set(OPERATIONS) - set(ROWS) - set(SILENT)
    assert not missing, "say in matcalc/facts/table.py how facts pass through, or here why nothing is known"
    assert not set(SILENT) & set(ROWS)


def test_every_row_has_a_reason_and_known_words() -> None:
    for op in ROWS:
        for rule in rules_of(op):
            assert rule.reason.strip()
            assert rule.fact in FACTS


# every rule on instances that have its premises ---------------------------------------------------------------
def domain(op: str, arrays: dict[str, Any]) -> None:
    """Arguments put where the function is defined, by what keeps their facts."""
    for name, x in arrays.items():
        if op in ("log", "sqrt", "pow", "log1p"):
            arrays[name] = np.abs(x)
        elif op == "reciprocal":
            arrays[name] = np.where(x == 0, 1, x)
        elif op in ("arcsin", "arccos") and np.max(np.abs(x)) > 1:
            arrays[name] = x / (1.1 * np.max(np.abs(x)))


SLICES = (
    (("slice", 0, 3), ("slice", 0, 3)), (("slice", 1, 3), ("slice", 1, 3)), (("all",), ("slice", 1, 3)),
    (("slice", 1, 3), ("all",)), (("at", 2), ("all",)), (("all",), ("at", 2)),
)  # fmt: skip
AXIS = {name for name, entry in OPERATIONS.items() if entry.axis}
ALSO = {"cholesky": "definite", "inv": "invertible", "solve": "invertible", "logdet": "invertible", "matrix_power": "invertible"}


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
        if any("diagonal" in n or set(n) & set(OF_SQUARES) for n, s in zip(names, shapes, strict=True) if s[0] != s[1]):
            continue
        if any(s == (1, 1) and set(n) & set(OF_SQUARES) - {"symmetric"} for n, s in zip(names, shapes, strict=True)):
            continue
        if "orthonormal" in str(names) and any("orthonormal" in n and s[0] < s[1] for n, s in zip(names, shapes, strict=True)):
            continue
        if any("independent" in n and s[0] < s[1] for n, s in zip(names, shapes, strict=True)):
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


OF_SQUARES = ("symmetric", "skew", "orthogonal", "semidefinite", "definite", "invertible", "positive_diagonal")


def also(op: str, k: int, shape: tuple[int, int]) -> str:
    if op == "div" and k == 1:
        return "positive"
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
    if op in ("add", "sub"):
        found += [make(op, A, T(A)), make(op, A, table.neg(T(A))), make(op, make("inv", A), T(make("inv", A)))]
        found += [make(op, make(op, mul(A, A), T(A)), table.neg(T(mul(A, A))))]
    if op in ("sub", "mul", "outer", "dot", "inner", "cross"):
        v = leaf((3, 1))
        found += [make(op, v, v)] if op in ("cross", "dot", "outer") else [make(op, A, A), make(op, x, x)]
    if op == "div":
        found += [table.div(z, make("norm", z)) for z in (A, x)]
        found += [table.div(z, make("sum", z, params=(k,))) for z in (A, x, P) for k in (None, 0, 1)]
        found += [table.div(x, make("sqrt", mul(T(x), x)))]
    if op == "pow":
        S = leaf((4, 4), "symmetric")
        for kind in ("semidefinite", "definite", "whole"):
            found += [table.power(leaf((4, 4), kind), k) for k in (two, table.number(3))]
        found += [table.power(A, two), table.power(S, two)]
        for kind in ("lower", "upper", "diagonal", "zero"):
            found.append(table.power(leaf((4, 4), kind), two))
    if op == "matrix_power":
        for kind in ("symmetric", "nonnegative", "whole", "zero"):
            found.append(make(op, leaf((4, 4), kind), two))
    if op == "stack":
        for kind in ("symmetric", "lower", "upper", "diagonal"):
            zero = leaf((3, 4), "zero")
            D, E = leaf((3, 3), kind), leaf((4, 4), kind)
            for off in (leaf((3, 4)), zero):
                for other in (T(off), T(zero)):
                    found.append(make("stack", D, off, other, E, params=(2, 2)))
                    found.append(make("stack", E, other, off, D, params=(2, 2)))
        found += [make("stack", R, leaf((2, 3)), params=(1, 1))]
    if op in ("norm", "norm1", "norm_inf", "norm_nuc"):
        found += [make(op, leaf((4, 4), "invertible"))]
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
                domain(op, own)
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


# what is unknown -------------------------------------------------------------------------------------------------
UNKNOWN = [  # each true of some values of its inputs, and of others not
    ("A: matrix(m, n); A.T@A", "definite"), ("S: symmetric(n); S + eye(n)", "definite"),
    ("A: matrix(n, n); A@A.T", "invertible"), ("S: symmetric(n); T: symmetric(n); S@T", "symmetric"),
    ("P: posdef(n); R: posdef(n); P@R", "definite"), ("P: posdef(n); R: posdef(n); P - R", "semidefinite"),
    ("A: matrix(n, n); B: matrix(n, n); inv(A) + inv(B)", "invertible"), ("p: simplex(n); p", "nonnegative"),
    ("A: matrix(n, n); A + A", "symmetric"), ("x: vector(n); exp(x) - 1", "positive"),
    ("K: skew(n); K@K", "semidefinite"), ("A: matrix(n, n); A - 2*A.T", "skew"), ("x: vector(n); relu(x)", "positive"),
    ("P: posdef(n); c: scalar; c*P", "semidefinite"), ("Q: orthogonal(n); Q + Q.T", "orthogonal"),
    ("K: skew(n); K", "invertible"), ("x: vector(n); x.T@x", "positive"), ("P: posdef(n); P", "positive"),
    ("X: matrix(m, n); sum(softmax(X, axis=0), axis=1)", "sums_to_one"), ("L: matrix(n, n); tril(L)", "invertible"),
    ("A: matrix(n, n); P: posdef(n); A.T@P@A", "definite"), ("x: vector(n); A: matrix(n, n); x.T@A@x", "zero"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "name"), UNKNOWN)
def test_unknown_is_neither_yes_nor_no(program: str, name: str) -> None:
    assert facts.fact(elaborate(program).value, name) is None


def test_a_declared_type_is_no_more_than_it_says() -> None:
    program = elaborate("S: symmetric(n); c: scalar positive; W: matrix(m, n); S@S + c*eye(n) + W.T@W")
    assert facts.definite(program.value) is True
    assert facts.symmetric(program.inputs["W"]) is False, "its transpose has another shape"
    assert facts.definite(program.inputs["S"]) is None
    assert facts.positive(program.inputs["c"]) is True
    assert facts.zero(program.inputs["c"]) is False


def test_deep_and_shared_expressions_cost_their_distinct_nodes() -> None:
    S = table.variable("S", ("n", "n"), "symmetric")
    node = S
    for _ in range(10_000):
        node = table.add(node, S)
    assert facts.symmetric(node) is True
    for _ in range(60):
        node = table.mul(node, node)
    assert facts.symmetric(node) is True
    product = S
    for _ in range(3_000):
        product = table.matmul(product, S)
    assert facts.symmetric(product) is None, "a long product is not looked at"


# random programs ------------------------------------------------------------------------------------------------
TYPED = [
    table.variable("S", ("n", "n"), "symmetric"), table.variable("P", ("n", "n"), "posdef"),
    table.variable("K", ("n", "n"), "skew"), table.variable("D", ("n", "n"), "diagonal"),
    table.variable("Q", ("n", "n"), "orthogonal"), table.variable("p", ("n", 1), "simplex"),
    table.variable("A", ("n", "n")), table.variable("B", ("m", "n")), table.variable("x", ("n", 1)),
    table.variable("u", ("n", 1), "", True), table.variable("c", (1, 1), "", True), table.variable("d", (1, 1)),
    table.variable("E", ("n", "n"), "diagonal", True), table.variable("M", ("m", "n"), "", True),
    table.eye("n"), table.ones(("n", "n")), table.zeros(("n", 1)), table.number(2), table.number(0), table.number(1),
]  # fmt: skip
SKIPPED = {"expm_frechet", "kron_left", "kron_right", "unvec", "conv_matrix", "corr_matrix", "roll", "svd_gaps",
           "eig_gaps", "cross", "cross_matrix", "kron", "vec", "conv", "power_sum", "matrix_power"}


def grown(rng: np.random.Generator, size: int) -> list[Node]:
    """Nodes over typed variables, each an operation on some before it."""
    pool = list(TYPED)
    often = ["matmul", "add", "sub", "mul", "T", "inv", "T", "matmul", "mul"]
    names = sorted(set(FUNCTIONS) | {"sum", "softmax"})
    names = [name for name in names if name in OPERATIONS and name not in SKIPPED]
    while len(pool) < len(TYPED) + size:
        op = str(rng.choice(often if rng.random() < 0.6 else names))
        arity = len(OPERATIONS[op].signature)
        args = [pool[int(rng.integers(len(pool)))] for _ in range(arity)]
        if op == "where" and args[0].op not in ("greater", "at_least"):
            continue
        if op in ("add", "sub", "matmul") and rng.random() < 0.4:
            args[1] = table.transpose(args[0])
        axis = (None, 0, 1)[int(rng.integers(3))]
        try:
            pool.append(make(op, *args, params=(axis,) if op in AXIS else ()))
        except MatcalcError:
            continue
    return pool[len(TYPED):]


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_nothing_is_claimed_that_numbers_refute() -> None:
    sizes = {"n": 4, "m": 5}
    claims = dict.fromkeys(FACTS, 0)
    for seed in range(600):
        rng = np.random.default_rng(seed)
        arrays = {v.params[0]: draw(v, sizes, rng) for v in TYPED if v.op == "var"}
        evaluator = Evaluator(arrays, sizes)
        for node in grown(rng, 12):
            try:
                value = evaluator(node)
            except (np.linalg.LinAlgError, ValueError, ZeroDivisionError, AssertionError):
                continue
            if not np.all(np.isfinite(value)) or np.max(np.abs(value)) > 1e4 or ill(node, evaluator):
                continue
            for name in FACTS:
                claim = facts.fact(node, name)
                if claim:
                    claims[name] += 1
                    assert TRUTH[name](value, 1e-6), f"seed {seed}: {name} of {source(node)}: {value}"
                elif claim is False:
                    clean = np.where(np.abs(value) < 1e-12, 0, value)
                    assert not TRUTH[name](clean, 0.0), f"seed {seed}: not {name} of {source(node)}: {value}"
    assert all(claims.values()), f"never claimed: {claims}"


def ill(node: Node, evaluator: Evaluator) -> bool:
    """Whether something below is outside its domain or too near to its edge for numbers to judge."""
    for part in postorder(node):
        if part.op in ("inv", "solve", "pinv", "logdet", "det", "cholesky", "norm", "std", "eigvecsh", "svd_left",
                       "svd_right", "svdvals", "polar", "norm_nuc"):
            value = evaluator(part.args[0])
            s = np.linalg.svd(value)[1]
            distinct = np.min(np.abs(np.diff(s))) if len(s) > 1 else 1.0
            wide = part.op.startswith("svd") and value.shape[0] < value.shape[1]
            if wide or s[-1] < 1e-3 or s[0] > 1e3 or (part.op.startswith(("eig", "svd")) and distinct < 1e-3):
                return True
            if part.op == "cholesky" and np.linalg.eigvalsh((value + value.T) / 2)[0] < 1e-3:
                return True
        if part.op in ("sign", "step", "greater", "at_least", "is_max", "is_min"):
            apart = evaluator(part.args[0]) - (evaluator(part.args[1]) if len(part.args) > 1 else 0)
            if np.any((np.abs(apart) < 1e-9) & (apart != 0)):
                return True
        if part.op in ("div", "reciprocal") and np.min(np.abs(evaluator(part.args[-1]))) < 1e-6:
            return True
        if part.args and np.max(np.abs(evaluator(part))) > 1e4:
            return True
        if part.op in ("exp", "sigmoid", "softmax") and np.min(np.abs(evaluator(part))) < 1e-9:
            return True
    return False
