"""The order of products: against all orders by brute force, against numbers by NumPy, and by what hints change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.codegen.plan import Chain, best_orders
from matcalc.codegen.sizes import Sizes, hints_of
from matcalc.expressions.dims import evaluate, multiply, names, subtract


def trees(i: int, j: int) -> Iterator[Any]:
    """All ways to bracket."""
    if j == i + 1:
        yield i
    for k in range(i + 1, j):
        yield from ((a, b) for a in trees(i, k) for b in trees(k, j))


def work(tree: Any, sizes: list[int]) -> tuple[int, int, int]:
    """The multiplications and additions of a tree in numbers, and its first and last axis."""
    if isinstance(tree, int):
        return 0, tree, tree + 1
    (a, i, k), (b, _, j) = work(tree[0], sizes), work(tree[1], sizes)
    return a + b + 2 * sizes[i] * sizes[k] * sizes[j], i, j


@pytest.mark.parametrize("seed", range(40))
def test_known_sizes_give_the_cheapest_of_all_orders(seed: int) -> None:
    rng = random.Random(seed)
    n = rng.randint(2, 7)
    sizes = [rng.choice((2, 3, 10, 50, 400)) for _ in range(n + 1)]
    hinted = best_orders(Chain([f"d{k}" for k in range(n + 1)]), Sizes({f"d{k}": s for k, s in enumerate(sizes)}))
    for orders in (best_orders(Chain(sizes), Sizes()), hinted):
        assert len(orders) == 1
        cheapest = min(work(tree, sizes)[0] for tree in trees(0, n))
        assert work(orders[0].tree, sizes)[0] == cheapest


@pytest.mark.parametrize("seed", range(40))
def test_two_orders_are_near_the_cheapest_for_all_sizes(seed: int) -> None:
    rng = random.Random(seed)
    n = rng.randint(3, 5)
    dims = [rng.choice(("m", "n", "k", "p", 4)) for _ in range(n + 1)]
    orders = best_orders(Chain(dims), Sizes())
    one = best_orders(Chain(dims), Sizes(), several=False)
    assert 1 <= len(orders) <= 2
    assert len(one) == 1
    for at in range(30):
        sizes = {name: random.Random(at * 7 + k).choice((1, 2, 10, 100, 1000)) for k, name in enumerate("mnkp")}
        given = [d if isinstance(d, int) else sizes[d] for d in dims]
        cheapest = min(work(tree, given)[0] for tree in trees(0, n))
        taken = [work(order.tree, given)[0] for order in orders]
        assert [evaluate(order.cost, sizes) for order in orders] == taken  # what the test compares is the work
        if n == 3 and 4 not in dims:  # there are no other orders
            assert min(taken) <= 1.5 * cheapest


@pytest.mark.parametrize("seed", range(60))
def test_what_is_decided_holds_for_all_sizes(seed: int) -> None:
    rng = random.Random(seed)

    def cost() -> Any:
        total: Any = 0
        for _ in range(rng.randint(1, 3)):
            term: Any = rng.randint(1, 3)
            for _ in range(rng.randint(0, 3)):
                term = multiply(term, rng.choice("mn"))
            total = subtract(total, multiply(-1, term))
        return total

    hints = {"m": 30} if rng.random() < 0.3 else {}
    difference = subtract(cost(), cost())
    sign = Sizes(hints).sign(difference)
    grid = [(m, n) for m in range(1, 30) for n in range(1, 30)]
    found = {np.sign(evaluate(difference, {"m": hints.get("m", m), "n": n})) for m, n in grid}
    if sign is not None:
        assert found <= {0, sign}
    elif len(names(difference)) == 1 and len(found) > 1:
        assert {-1, 1} <= found


# in code ----------------------------------------------------------------------------------------------------

CHAINS = {
    "two orders": "A: matrix(n, n); B: matrix(n, n); C: matrix(n, d); Y = A@B@C",
    "four": "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); D: matrix(p, q); Y = A@B@C@D",
    "mirrored": "A: matrix(m, k); B: matrix(k, d); Y = B.T@A.T@A@B",
    "symmetric": "S: symmetric(n); A: matrix(n, d); B: matrix(d, p); Y = B.T@A.T@S@S@A@B",
    "scaled": "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); Y = -2*(A@B@C).T/3",
    "inverse": "A: matrix(m, n); S: matrix(n, n); B: matrix(n, d); C: matrix(d, p); Y = A@inv(S)@B@C",
    "slices": "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); Y = (A@B@C)[1:3, :]",
}
LAYER = "Z: matrix(n, d); W: matrix(d, h); V: matrix(h, k); G: matrix(n, k); s = tr(G.T@(Z@W@V))"
SQUARES = "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); s = sum((A@B@C)**2)"


def arrays(source: str, sizes: dict[str, int]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    found = {}
    for name, node in mc.derive(source, []).program.inputs.items():
        array = rng.standard_normal([sizes[d] for d in node.shape])
        found[name] = array + array.T if node.params[1] == "symmetric" else array
    return found


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("seed", range(4))
def test_both_branches_give_the_product(name: str, seed: int) -> None:
    rng = random.Random(seed)
    given = arrays(CHAINS[name], {d: rng.choice((3, 5, 17)) for d in ("m", "n", "k", "d", "p", "q")})
    value, _ = mc.compile(CHAINS[name])(**given)
    expected, _ = mc.compile(CHAINS[name], optimize=False)(**given)
    np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-11 * np.max(np.abs(expected)))


@pytest.mark.parametrize("source", [LAYER, SQUARES])
@pytest.mark.parametrize("seed", range(6))
def test_gradients_in_both_branches(source: str, seed: int) -> None:
    rng = random.Random(seed)
    given = arrays(source, {d: rng.choice((3, 5, 17)) for d in "mnkdph"})
    function, plain = mc.compile(source, "all"), mc.compile(source, "all", optimize=False)
    assert "if " in function.source.split('"""')[4]
    (value, found), (expected, gradients) = function(**given), plain(**given)
    assert np.isclose(value, expected, rtol=1e-11)
    for name, array in gradients.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-10, atol=1e-11 * np.max(np.abs(array)))


def body(source: str, **options: Any) -> list[str]:
    text = mc.compile(source, **options).source
    lines = [line.strip() for line in text.split('"""')[4].split("\n\n\n")[0].splitlines()]
    return [line for line in lines if ".dot(" in line or (line.startswith("if ") and ".shape" not in line)]


def test_a_test_at_run_time_where_neither_order_dominates() -> None:
    assert body(CHAINS["two orders"]) == ["if d <= n:", "Y = A.dot(B.dot(C))", "Y = A.dot(B).dot(C)"]
    assert body(CHAINS["two orders"], optimize={"run_time_order": False}) == ["Y = A.dot(B.dot(C))"]


@pytest.mark.parametrize(
    ("dims", "line"),
    [({"n": 1000, "d": 5}, "Y = A.dot(B.dot(C))"), ({"n": 5, "d": 1000}, "Y = A.dot(B).dot(C)"),
     ({"d": 1}, "Y = A.dot(B.dot(C))")],
)  # fmt: skip
def test_hints_decide(dims: dict[str, int], line: str) -> None:
    assert body(CHAINS["two orders"], dims=dims) == [line]
    given = arrays(CHAINS["two orders"], {"n": 4, "d": 3})  # right for other sizes too
    value, _ = mc.compile(CHAINS["two orders"], dims=dims)(**given)
    np.testing.assert_allclose(value, given["A"] @ given["B"] @ given["C"], rtol=1e-12)


def test_a_hint_for_one_dimension_leaves_the_rest_to_the_test() -> None:
    source = "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); Y = A@B@C"
    test, *_ = body(source, dims={"m": 100})
    assert test == "if 100 * d * (k + p) <= k * p * (d + 100):"
    assert body(source, dims={"m": 7}) == ["Y = A.dot(B).dot(C)"]  # never much dearer than the other order


def test_vectors_need_no_test() -> None:
    for source in ("A: matrix(m, n); B: matrix(n, k); s = x.T@A@B@y", "s = (A@B@C@D) @ x"):
        assert " <= " not in mc.compile(source, "all").source


def test_one_product_of_a_mirrored_chain() -> None:
    source = "A: matrix(n, n); B: matrix(n, n); Y = B.T@A.T@A@B"
    assert body(source) == ["t1 = A.dot(B)", "Y = t1.T.dot(t1)"]


def test_gradients_of_a_layer_take_six_products_in_either_branch() -> None:
    """Value and four gradients of a chain of three: three products forward and three back, none of them twice."""
    text = mc.compile(LAYER, "all").source
    assert text.count(".dot(") == 12  # six in either branch
    assert text.count("else:") == 2


def test_results_of_branches_share_no_memory() -> None:
    source = "A: matrix(m, k); B: matrix(k, d); C: matrix(d, p); P = A@B; Y = [P@C, P]; s = sum(Y**2) + sum(B@C)"
    function = mc.compile(source, "all")
    for sizes in ({"m": 3, "k": 9, "d": 2, "p": 3}, {"m": 9, "k": 3, "d": 9, "p": 9}):
        given = arrays(source, sizes)
        _, found = function(**given)
        results = list(found.values())
        for i, a in enumerate(results):
            assert not any(np.shares_memory(a, b) for b in [*results[:i], *given.values()])


@pytest.mark.parametrize(
    ("dims", "said"),
    [({"nn": 3}, "did you mean n"), ({"q": 3}, "there is n, d"), ({"5": 3}, "number already"), ({"n": 0}, "from 1 on"),
     ({"n": -3}, "from 1 on"), ({"n": 2.5}, "from 1 on"), ({"n": True}, "from 1 on"), ({"n": "3"}, "from 1 on")],
)  # fmt: skip
def test_hints_that_are_none(dims: Any, said: str) -> None:
    with pytest.raises(mc.MatcalcError, match=said):
        mc.compile(CHAINS["two orders"], dims=dims)


def test_hints_against_what_indices_ask_for() -> None:
    with pytest.raises(mc.MatcalcError, match="n = 2 is too small; the program's indices ask for n >= 5"):
        mc.compile("x: vector(n); s = x[4]", dims={"n": 2})
    assert hints_of({"n": np.int64(7)}, ["n"]) == {"n": 7}


def test_no_names_no_hints() -> None:
    with pytest.raises(mc.MatcalcError, match="all dimensions are numbers"):
        mc.compile("x: vector(3); s = x.T@x", dims={"n": 2})


def test_what_is_there_transposed_is_not_computed_again() -> None:
    source = "A: matrix(n, m); B: matrix(n, m); C = A*B; D = B.T*A.T; Y = C@D"
    text = mc.compile(source).source.split('"""')[4]
    assert text.count(" * ") == 1
    given = arrays(source, {"n": 3, "m": 4})
    product = given["A"] * given["B"]
    np.testing.assert_allclose(mc.compile(source)(**given)[0], product @ product.T, rtol=1e-12)


def test_few_tests_in_one_function() -> None:
    """So that it can be read; what is undecided after them is decided for the sizes assumed."""
    layers = "; ".join([f"W{k}: matrix(d{k}, d{k + 1})" for k in range(5)])
    text = mc.compile(f"{layers}; s = sum((W0@W1@W2@W3@W4)**2)", "all").source
    tests = {line.strip() for line in text.splitlines() if line.strip().startswith("if ") and " <= " in line}
    assert 1 <= len(tests) <= 4


def test_a_long_chain_takes_what_is_there() -> None:
    """Value and gradients of nine square matrices: no product of all but one for each gradient."""
    layers = "; ".join([f"W{k}: matrix(n, n)" for k in range(9)])
    source = f"{layers}; s = sum(({'@'.join([f'W{k}' for k in range(9)])})**2)"
    function = mc.compile(source, "all")
    assert function.source.count(".dot(") <= 8 + 3 * 9
    given = {f"W{k}": np.random.default_rng(k).standard_normal((3, 3)) for k in range(9)}
    plain = mc.compile(source, "all", optimize=False)(**given)[1]
    for name, found in function(**given)[1].items():
        np.testing.assert_allclose(found, plain[name], rtol=1e-9)
