"""Facts: no claim that numbers refute, and what is unknown stays unknown; `test_fact_rules` has row by row."""

from __future__ import annotations

import numpy as np
import pytest

from matcalc import facts
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, postorder
from matcalc.facts.engine import rules_of
from matcalc.facts.names import FACTS
from matcalc.facts.table import ROWS
from matcalc.language.program import elaborate
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS, make
from matcalc.render.source import source
from matcalc.verify.sampling import draw
from tests.fact_instances import TRUTH
from tests.plain_evaluator import FUNCTIONS, Evaluator

# where an operation of the language is silent about facts, with the reason
SILENT = {
    "logsumexp": "of either sign", "log_softmax": "never positive, which is no fact of ours",
    "cross_entropy": "of either sign",
}


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
    ("x: vector(n); x@(1/x).T", "symmetric"), ("x: vector(n); (2/x)@x.T", "semidefinite"),
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
    T, product = table.variable("T", ("n", "n"), "symmetric"), S
    for _ in range(1_500):
        product = table.matmul(table.matmul(product, T), S)
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
            pool.append(make(op, *args, params=(axis,) if OPERATIONS[op].axis else ()))
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
