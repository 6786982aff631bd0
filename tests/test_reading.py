"""Reading back is complete for series-parallel graphs: each has a matrix form, equal in value."""

import random

import numpy as np
import pytest
from plain_evaluator import Evaluator

from matcalc.calculus.factoring import items_of, write
from matcalc.calculus.simplify import settle
from matcalc.calculus.terms import FIRST, Raw, Sum, free_of, normalise
from matcalc.operations import table

SIZES = {"n": 3, "m": 4, "p": 2, "q": 5}


class Term:
    """A random term: a series-parallel graph with marks and loops between at most two free indices."""

    def __init__(self, seed, free):
        self.random = random.Random(seed)
        self.dims = {k: self.random.choice(list(SIZES)) for k in free}
        self.factors = []
        self.nodes = {}
        self.free = free
        ends = list(free) if len(free) == 2 else [*free, *[self.vertex() for _ in range(2 - len(free))]]
        self.between(ends[0], ends[1], self.random.randrange(2, 5))
        for k in list(self.dims):
            if self.random.random() < 0.4:
                self.mark(k)
            if self.random.random() < 0.15:
                self.edge(k, k)
            if self.random.random() < 0.3:  # a pendant branch
                leaf = self.vertex()
                self.between(k, leaf, 1)
                if self.random.random() < 0.5:
                    self.mark(leaf)

    def vertex(self):
        k = FIRST + len(self.dims)
        self.dims[k] = self.random.choice(list(SIZES))
        return k

    def between(self, u, v, depth):
        """Edges, or parts in series or parallel, between two vertices."""
        how = self.random.choice(["series", "parallel", "edge"]) if depth else "edge"
        if how == "edge":
            self.edge(*self.random.sample([u, v], 2))
        elif how == "series":
            w = self.vertex()
            self.between(u, w, depth - 1)
            self.between(w, v, depth - 1)
        else:
            self.between(u, v, depth - 1)
            self.between(u, v, depth - 1)

    def edge(self, u, v):
        shape = (self.dims[u], self.dims[v])
        self.factors.append((self.named("A", shape), self.random.choice([1, 1, 1, 2]), (u, v)))

    def mark(self, k):
        self.factors.append((self.named("x", (self.dims[k], 1)), 1, (k,)))

    def named(self, letter, shape):
        known = [node for node in self.nodes.values() if node.shape == shape]
        if known and self.random.random() < 0.4:
            return self.random.choice(known)
        name = f"{letter}{len(self.nodes)}"
        self.nodes[name] = table.variable(name, shape)
        return self.nodes[name]

    def shape(self):
        rows = self.dims.get(0, 1)
        return (rows, self.dims.get(1, 1))

    def canonical(self):
        raw = Raw(3)
        raw.factors = list(self.factors)
        raw.sizes = dict(self.dims)
        value = Sum(self.shape())
        normalise(raw, free_of(value.shape), value)
        return value

    def by_einsum(self, arrays):
        operands, letters = [], {k: chr(97 + i) for i, k in enumerate(self.dims)}
        forms = []
        for node, p, index in self.factors:
            operands.append(arrays[node.params[0]] ** p)
            forms.append("".join(letters[k] for k in index))
        for k in self.free:  # what no factor varies along
            operands.append(np.ones(SIZES[self.dims[k]]))
            forms.append(letters[k])
        output = "".join(letters[k] for k in sorted(self.free))
        return 3 * np.einsum(f"{','.join(forms)}->{output}", *operands, optimize=True)


@pytest.mark.parametrize("free", [(), (0,), (1,), (0, 1)], ids=str)
@pytest.mark.parametrize("seed", range(60))
def test_series_parallel_terms_have_a_matrix_form(seed, free):
    term = Term(seed, free)
    value = term.canonical()
    assert items_of(value) is not None, f"seed {seed}: no matrix form"
    rng = np.random.default_rng(seed)
    arrays = {
        name: rng.uniform(0.5, 1.5, size=[SIZES[dim] for dim in node.shape if dim != 1]) for name,
        node in term.nodes.items()
    }
    expected = term.by_einsum(arrays)
    evaluator = Evaluator(arrays, SIZES)
    for node in (write(value), write(value, diag=True), write(settle(value))):
        found = evaluator(node)
        np.testing.assert_allclose(found.reshape(np.shape(expected)), expected, rtol=1e-9, err_msg=f"seed {seed}")


def test_a_complete_graph_of_four_vertices_has_none():
    names = "abcdef"
    corners = [(0, 8), (0, 9), (0, 10), (8, 9), (8, 10), (9, 10)]
    raw = Raw()
    raw.factors = [(table.variable(name, ("n", "n")), 1, index) for name, index in zip(names, corners, strict=True)]
    raw.sizes = dict.fromkeys((8, 9, 10), "n")
    value = Sum(("n", 1))
    normalise(raw, (0,), value)
    assert items_of(value) is None
    assert write(value).op == "entries"
