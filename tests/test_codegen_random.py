"""Random programs: the generated code of shared expressions of every kind, held against the plainest evaluation."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from plain_evaluator import Evaluator

from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node, kind
from matcalc.operations import table
from matcalc.operations.table import make, number, variable

SIZES = {"n": 3, "m": 4, "p": 2}
TAME = ("sin", "cos", "tanh", "sigmoid", "arctan", "softplus", "relu", "abs", "step", "sign", "square", "erf", "silu")
BINARY = ("add", "sub", "mul", "matmul", "matmul", "matmul", "maximum", "outer", "dot", "inner", "kron")
REDUCE = ("sum", "mean", "logsumexp")
OTHER = (
    "tr",
    "diag",
    "vec",
    "norm",
    "norm1",
    "max",
    "min",
    "prod",
    "is_max",
    "prod_others",
    "norm_inf",
    "inv",
    "solve",
)


def leaves() -> list[Node]:
    dims: list[Any] = ["n", "m", "p"]
    found = [variable(f"x{d}", (d, 1)) for d in dims] + [variable(f"r{d}", (1, d)) for d in dims]
    found += [variable(f"A{a}{b}", (a, b)) for a in dims for b in dims]
    found += [variable("S", ("n", "n"), "symmetric"), variable("P", ("n", "n"), "posdef"), variable("s", (1, 1))]
    return [
        *found,
        number(2),
        number("0.5"),
        table.eye("n"),
        table.ones(("n", 1)),
        table.ones(("m", "n")),
        table.dimension("m"),
    ]


def product(rng: random.Random, a: Node, b: Node) -> Node | None:
    """One more product, or what products are taken apart at."""
    choice = rng.random()
    if choice < 0.55:
        return make("matmul", a, b)
    if choice < 0.62:
        return rng.choice((table.neg, table.transpose, table.transpose))(a)
    if choice < 0.7:
        scalar = b if kind(b.shape) == "scalar" else number(rng.choice((2, "0.25", 3)))
        return rng.choice(
            (table.mul(scalar, a), table.mul(a, scalar), table.div(a, table.add(number(2), make("square", scalar))))
        )
    if choice < 0.78:
        return make(rng.choice(("add", "sub", "mul")), a, b)
    if choice < 0.82:
        return make("diag", a)
    if choice < 0.86:
        return make("inv", table.add(table.mul(number(9), table.eye(a.shape[0])), make("tanh", a)))
    if choice < 0.9:
        return make(rng.choice(("sum", "mean")), a, params=(rng.choice((None, 0, 1)),))
    if choice < 0.94:
        return make(rng.choice(("outer", "dot", "inner")), a, b) if rng.random() < 0.5 else make("tr", a)
    items = [("all",) if d == 1 or rng.random() < 0.5 else rng.choice([("at", 1), ("slice", 0, 2)]) for d in a.shape]
    return table.index(rng.choice((a, table.eye(a.shape[0]))) if a.shape[0] == a.shape[1] else a, *items)


def grown(rng: random.Random, count: int, step: Any = None) -> list[Node]:
    """Nodes that use each other: one more at a time, of any that fit."""
    step = step or one
    nodes = leaves()
    if step is product:
        nodes += [
            table.ones(("n", 1)),
            table.transpose(table.ones(("m", 1))),
            table.eye("m"),
            make("inv", nodes[-9]),
        ] * 2
    start = len(nodes)
    while len(nodes) < start + count:
        recent = nodes[-8:] if rng.random() < 0.6 else nodes
        a, b = rng.choice(recent), rng.choice(nodes)
        if a.size > 400 or b.size > 400:
            continue
        try:
            node = step(rng, a, b)
        except MatcalcError:
            continue
        if node is not None and len(str(node.shape)) < 40:
            nodes.append(table.let(f"v{len(nodes)}", node) if rng.random() < 0.2 else node)
    return nodes[start:]


def one(rng: random.Random, a: Node, b: Node) -> Node | None:
    choice = rng.random()
    if choice < 0.5:
        op = rng.choice(BINARY)
        return None if op == "kron" and a.size + b.size > 6 else make(op, a, b)
    if choice < 0.6:
        return rng.choice((table.neg, table.transpose))(a)
    if choice < 0.7:
        return make(rng.choice(TAME), a)
    if choice < 0.78:
        return make(rng.choice(REDUCE), a, params=(rng.choice((None, 0, 1)),))
    if choice < 0.82:
        return make("div", a, table.add(number(3), make("square", b)))
    if choice < 0.86:
        return make("pow", a, number(rng.choice((0, 1, 2, 3))))
    if choice < 0.9 and kind(a.shape) != "scalar":
        return table.index(
            a,
            *(("all",) if d == 1 or rng.random() < 0.4 else rng.choice([("at", 1), ("slice", 0, 2)]) for d in a.shape),
        )
    op = rng.choice(OTHER)
    if op in ("inv", "solve"):
        square = table.add(table.mul(number(9), table.eye(a.shape[0])), make("tanh", a))
        return make("inv", square) if op == "inv" else make("solve", square, b)
    return make(op, a)


@pytest.mark.parametrize("step", [one, product])
@pytest.mark.parametrize("seed", range(200))
def test_random_programs(seed: int, step: Any) -> None:
    rng = random.Random(seed)
    nodes = grown(rng, 25, step)
    outputs = [*rng.sample(nodes, 4), nodes[-1]]
    draw = np.random.default_rng(seed)
    arguments = {}
    for node in leaves():
        if node.op == "var":
            shape = tuple(SIZES[d] for d in node.shape if d != 1)
            array = draw.standard_normal(shape)
            if node.params[1]:
                array = array @ array.T + np.eye(shape[0])
            arguments[node.params[0]] = array
    evaluator = Evaluator(arguments, SIZES)
    with np.errstate(all="ignore"):
        wanted = [evaluator(node) for node in outputs]
    module = generate(Request(outputs[0], leaves()[:18], {str(i): node for i, node in enumerate(outputs[1:])}))
    names = [line.split('"')[1] for line in module.splitlines() if " = _array(" in line]
    asked = {name: arguments[name] for name in names}
    if "_whole(" in module:
        asked |= {dim: size for dim, size in SIZES.items() if f'_whole("{dim}"' in module}
    with np.errstate(all="ignore"):
        value, rest = Compiled(module)(**asked)
    for node, got, truth in zip(outputs, [value, *rest.values()], wanted, strict=True):
        size = np.abs(truth).max()
        if np.all(np.isfinite(truth)) and size < 1e12:
            assert np.shape(got) == tuple(n for n, d in zip(truth.shape, node.shape, strict=True) if d != 1)
            np.testing.assert_allclose(np.reshape(got, truth.shape), truth, rtol=1e-7, atol=1e-9 * max(size, 1e-3))
