"""Random index terms: in canonical form, simplified and read back they have the value that plain summation gives.

The truth is `numpy.einsum` over the factors as they were drawn; the same term under other names of its summed indices
has to meet the first.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from matcalc.calculus.factoring import write
from matcalc.calculus.simplify import settle
from matcalc.calculus.terms import FIRST, Raw, Sum, normalise
from matcalc.expressions.dims import Dim, multiply
from matcalc.expressions.node import Node, axes, intern
from matcalc.language.program import elaborate
from matcalc.operations import table
from matcalc.operations.table import make, variable
from matcalc.render.source import source
from matcalc.verify.sampling import draw
from tests.plain_evaluator import Evaluator

SIZES = {"n": 4, "m": 3}
A, B, C = variable("A", ("n", "n")), variable("B", ("n", "m")), variable("C", ("m", "n"))
S, K = variable("S", ("n", "n"), "symmetric"), variable("K", ("n", "n"), "skew")
D = variable("D", ("n", "n"), "diagonal")
P, Q = variable("P", ("n", "n"), "posdef"), variable("Q", ("n", "n"), "orthogonal")
x, y, u, r = variable("x", ("n", 1)), variable("y", ("n", 1)), variable("u", ("m", 1)), variable("r", (1, "n"))
p = variable("p", ("n", 1), "simplex")
PLAIN = [A, A, B, C, S, x, y, u, r]
ALSO = [K, D, P, Q, p, table.eye("n"), table.ones(("n", 1)), table.transpose(A), make("inv", A), make("inv", P),
        make("diag", x), table.matmul(A, B), make("softmax", x, params=(None,)), table.add(A, S), table.zeros(("n", 1))]
INVERTIBLE = {x, y, u, r, A, B, C, S}  # entries are not zero, so that any power of them is there


class Drawn:
    """A random term: coefficient, scalars, factors (node, power, indices), the indices' dimensions, and its shape."""

    def __init__(self, rng: np.random.Generator, pool: list[Node], free: list[Dim], summed: int, count: int) -> None:
        self.rng, self.free = rng, free
        self.dims: dict[int, Dim] = {k: dim for k, dim in enumerate(free) if dim != 1}
        for k in range(FIRST, FIRST + summed):
            self.dims[k] = str(rng.choice(["n", "n", "m"]))
        self.coeff = int(rng.choice([1, -2, 3]))
        self.factors: list[tuple[Node, int, tuple[int, ...]]] = []
        for _ in range(count):
            node = pool[int(rng.integers(len(pool)))]
            places = [[k for k, dim in self.dims.items() if dim == wanted] for wanted in axes(node.shape)]
            if all(places):
                power = int(rng.choice([1, 1, 1, 1, 2, -1])) if node in INVERTIBLE else 1
                self.factors.append((node, power, tuple([int(rng.choice(place)) for place in places])))

    def raw(self, order: list[int] | None = None, names: dict[int, int] | None = None) -> Raw:
        """The term, its factors in some order, its summed indices under other names."""
        get = (names or {}).get
        found = Raw(self.coeff)
        found.sizes = {get(k, k): dim for k, dim in self.dims.items() if k >= FIRST}
        found.factors = [(node, power, tuple([get(k, k) for k in index])) for node, power, index in
                         (self.factors[i] for i in order or range(len(self.factors)))]
        return found

    def shuffled(self) -> Raw:
        """The same, in another order and under other names."""
        summed = [k for k in self.dims if k >= FIRST]
        new = [int(k) + FIRST for k in self.rng.permutation(len(summed) + 3)[: len(summed)]]
        return self.raw([int(i) for i in self.rng.permutation(len(self.factors))], dict(zip(summed, new, strict=True)))


def summed_up(factors: Any, sizes: dict[int, Dim], free: list[Dim], at: Evaluator) -> Any:
    """The value of a term, by `numpy.einsum`: its shape is that of the free indices."""
    operands: list[Any] = []
    seen = set()
    for node, power, index in factors:
        array = at(node)
        array = array.reshape([SIZES[str(dim)] if isinstance(dim, str) else dim for dim in axes(node.shape)])
        operands += [array.astype(float) ** float(power), list(index)]
        seen |= {*index}
    for k, dim in {**sizes, **{k: dim for k, dim in enumerate(free) if dim != 1}}.items():
        if k not in seen:
            operands += [np.ones(SIZES[str(dim)]), [k]]
    wanted = [k for k, dim in enumerate(free) if dim != 1]
    return np.einsum(*operands, wanted) if operands else np.array(1.0)


def value_of(found: Sum, at: Evaluator) -> Any:
    """The value of a sum of terms in canonical form."""
    shape = [SIZES[str(dim)] for dim in found.shape if dim != 1]
    total: Any = np.zeros(shape)
    for (scalars, factors), c in found.terms.items():
        sizes = {k: dim for node, _, index in factors for k, dim in zip(index, axes(node.shape), strict=True)
                 if k >= FIRST}
        part = summed_up(factors, sizes, list(found.shape), at)
        total = total + float(c) * part * np.prod([float(at(node).item()) ** float(q) for node, q in scalars])
    return total


def drawn(seed: int) -> tuple[Drawn, Evaluator]:
    rng = np.random.default_rng(seed)
    pool = [*PLAIN, *(ALSO if seed % 2 else [])]
    free: list[Dim] = [[1, 1], ["n", 1], [1, "n"], ["n", "n"], ["n", "m"], ["m", "n"]][seed % 6]  # type: ignore[assignment]
    term = Drawn(rng, pool, free, int(rng.integers(0, 4)), int(rng.integers(1, 6)))
    arrays = {v.params[0]: draw(v, SIZES, rng) for v in (A, B, C, S, K, D, P, Q, x, y, u, r, p)}
    return term, Evaluator(arrays, SIZES)


def agree(got: Any, wanted: Any, seed: int) -> None:
    scale = 1 + np.max(np.abs(wanted), initial=0)
    assert np.allclose(np.broadcast_to(got, np.shape(wanted)), wanted, rtol=0, atol=1e-8 * scale), f"seed {seed}"


@pytest.mark.parametrize("group", range(10))
def test_terms_keep_their_value(group: int) -> None:
    for seed in range(group * 60, group * 60 + 60):
        term, at = drawn(seed)
        wanted = term.coeff * summed_up(term.factors, {k: d for k, d in term.dims.items() if k >= FIRST}, term.free, at)
        found = Sum(tuple(term.free))  # type: ignore[arg-type]
        normalise(term.raw(), found.free, found)
        agree(value_of(found, at), wanted, seed)
        settled = settle(found)
        agree(value_of(settled, at), wanted, seed)
        written = write(settled)
        if written is not None:
            assert written.shape == found.shape
            agree(at(written).reshape(np.shape(wanted)), wanted, seed)


def test_equal_terms_meet() -> None:
    """A few do not: a scalar that is closed on the way is written by the order in which its factors came."""
    apart = []
    for seed in range(1000, 1300):
        term, at = drawn(seed)
        found = Sum(tuple(term.free))  # type: ignore[arg-type]
        normalise(term.raw(), found.free, found)
        before, once = dict(found.terms), value_of(found, at)
        normalise(term.shuffled(), found.free, found)
        agree(value_of(found, at), 2 * once, seed)
        if found.terms != {key: 2 * c for key, c in before.items()}:
            apart.append(seed)
    assert len(apart) < 15, apart


def test_the_same_graph_under_all_its_names() -> None:
    """Graphs that no step reduces, with many symmetries: the complete graph, a prism, the cube."""
    graphs = {
        "complete": [(a, b) for a in range(4) for b in range(a)],
        "prism": [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (0, 3), (1, 4), (2, 5)],
        "bipartite": [(a, b) for a in range(3) for b in range(3, 6)],
    }
    rng = np.random.default_rng(3)
    for name, edges in graphs.items():
        for matrix in (A, S):
            term = Drawn(rng, [], [1, 1], 0, 0)
            term.dims = {FIRST + k: "n" for k in range(1 + max(max(edge) for edge in edges))}
            term.factors = [(matrix, 1, (FIRST + a, FIRST + b)) for a, b in edges]
            found = Sum((1, 1))
            for _ in range(12):
                if matrix is S:
                    turned = rng.random(len(edges)) < 0.5
                    term.factors = [(node, q, index[::-1] if turn else index)
                                    for (node, q, index), turn in zip(term.factors, turned, strict=True)]
                normalise(term.shuffled(), (), found)
            assert len(found.terms) == 1, name


def test_pairs_of_indices() -> None:
    """Two pairings that share the pair, or both parts, with what else stands at them; and those that do not."""
    mn = multiply("n", "m")
    pair, swapped = table.pair("n", "m"), table.pair("m", "n")
    V, N = variable("V", (mn, 1)), variable("N", ("n", "n"))
    M = variable("M", ("m", "m"))
    i, k, j, h, r, s = range(FIRST, FIRST + 6)
    dims = {i: "n", k: "m", j: "n", h: "m", r: mn, s: mn}
    rng = np.random.default_rng(7)
    shaped = lambda node: [SIZES.get(str(d), 12) for d in axes(node.shape)]  # noqa: E731
    arrays = {v.params[0]: rng.standard_normal(shaped(v)) for v in (A, B, C, V, N, M, x, u)}
    at = Evaluator(arrays, SIZES)
    terms = [
        [(pair, 1, (r, i, k)), (pair, 1, (r, j, h)), (A, 1, (i, j)), (M, 1, (k, h))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, i, k)), (V, 1, (r,)), (V, 1, (s,))],
        [(pair, 1, (r, i, k)), (pair, 1, (r, j, h)), (V, 1, (r,)), (B, 1, (i, k)), (B, 1, (j, h))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, i, k)), (V, 1, (r,)), (V, 1, (s,)), (B, 1, (i, k))],
        [(pair, 1, (r, i, k)), (swapped, 1, (r, h, j)), (B, 1, (i, k)), (B, 1, (j, h))],
        [(pair, 1, (r, i, k)), (swapped, 1, (s, k, i)), (V, 1, (r,)), (V, 1, (s,))],
        [(pair, 1, (r, i, k)), (V, 1, (r,)), (A, 1, (0, i)), (C, 1, (k, 1))],
        [(pair, 1, (r, i, k)), (V, 1, (r,)), (N, 1, (0, i)), (B, 1, (1, k))],
        [(pair, 1, (r, i, k)), (pair, 1, (r, 0, h)), (A, 1, (i, 1)), (M, 1, (k, h))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, j, h)), (A, 1, (i, j)), (M, 1, (k, h)), (V, 1, (r,)), (V, 1, (s,))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, j, h)), (A, 1, (i, j)), (M, 1, (k, h)), (V, 1, (r,)), (V, 1, (s,)),
         (x, 1, (j,))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, j, h)), (A, 1, (i, j)), (M, 1, (k, h)), (V, 1, (r,)), (V, 1, (s,)),
         (u, 1, (h,))],
        [(pair, 1, (r, i, k)), (pair, 1, (s, 0, h)), (A, 1, (i, 0)), (M, 1, (k, h)), (V, 1, (r,)), (V, 1, (s,)),
         (x, 1, (1,))],
        [(pair, 1, (r, i, k)), (x, 1, (i,)), (u, 1, (k,)), (V, 1, (r,))],
        [(pair, 1, (r, i, k)), (x, 1, (i,)), (u, 1, (k,)), (u, 1, (k,)), (V, 1, (r,))],
        [(pair, 1, (r, i, k)), (x, 2, (i,)), (u, 1, (k,)), (V, 1, (r,))],
    ]
    for factors in terms:
        free: list[Dim] = ["n", "n"] if any(q < FIRST for *_, index in factors for q in index) else [1, 1]
        operands: list[Any] = []
        for node, power, index in factors:
            operands += [at(node).reshape(shaped(node)) ** float(power), list(index)]
        wanted = np.einsum(*operands, [0, 1] if free == ["n", "n"] else [])
        raw = Raw(1)
        raw.factors = list(factors)  # type: ignore[arg-type]
        raw.sizes = {q: dims[q] for *_, index in factors for q in index if q >= FIRST}
        found = Sum(tuple(free))  # type: ignore[arg-type]
        normalise(raw, found.free, found)
        total: Any = 0.0
        for (scalars, left), c in found.terms.items():
            operands = [1.0, []]
            for node, power, index in left:
                operands += [at(node).reshape(shaped(node)) ** float(power), [*index]]
            for node, power in scalars:
                operands += [at(node).item() ** float(power), []]
            total = total + float(c) * np.einsum(*operands, [0, 1] if free == ["n", "n"] else [])
        assert np.allclose(total, wanted), factors


@pytest.mark.parametrize("shape", [("n", 1), ("n", "m")])
def test_an_axis_without_an_index_tells_how_far_it_runs(shape: tuple[str, Any]) -> None:
    """Found at random: inside a larger expression ``{i: sum(j, k: A[j, k])}`` said nothing of i."""
    A, B = table.variable("A", ("n", "m")), table.variable("B", ("p", "n"))
    one, two = Fraction(1), Fraction(2)
    terms = ((two, ((0, one, (8, 9)),)), (-one, ((0, one, (8, 9)), (0, one, (8, 9)))))
    node = table.matmul(B, intern("entries", (A,), terms, shape))
    again = elaborate(f"A: matrix(n, m); B: matrix(p, n); {source(node)}").value
    at = {"A": np.arange(6.0).reshape(2, 3), "B": np.array([[1.0, 2], [3, 5], [7, 4], [0, 1]])}
    values = [Evaluator(at, {"n": 2, "m": 3, "p": 4}, {})(one) for one in (node, again)]
    assert again.shape == node.shape
    np.testing.assert_array_equal(*values)
