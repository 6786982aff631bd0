"""Every equation that a board shows is true: of all levels, styles and policies, in all layouts."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from board_truth import BoardTruth
from programs import Programs
from test_steps import PROGRAMS, random_program

from matcalc.calculus.tensors import is_entries
from matcalc.calculus.terms import Sum
from matcalc.derivation import derive
from matcalc.expressions.node import Node
from matcalc.operations import table
from matcalc.phrases import phrases
from matcalc.steps.explain import blocks_of
from matcalc.steps.glyphs import Glyphs
from matcalc.steps.lines import Entry, Marked
from matcalc.steps.step import LEVELS, POLICIES, STYLES

WAYS = list(product(LEVELS, POLICIES, STYLES))


def held(source: str, wrt: Any, *, layouts: tuple[str, ...] = ("shape",), **options: Any) -> int:
    """How many equations of all boards of a program hold; fails at the first that does not."""
    count, truth = 0, None
    for layout in layouts:
        derivation = derive(source, wrt, layout=layout, **options)
        for level, policy, style in WAYS:
            blocks = blocks_of(derivation, Glyphs(phrases()), level, policy, style)
            if truth is None:
                definitions = [line for block in blocks if block.kind == "definition" for line in block.lines]
                if not definitions:
                    return 0
                truth = BoardTruth(derivation, definitions, source)
            truth.derivation = derivation
            count += truth.check(blocks)
    return count


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_every_line_of_every_board_is_true(source: str, wrt: Any) -> None:
    assert held(source, wrt, layouts=("shape", "numerator", "denominator")) > 20


@pytest.mark.parametrize("seed", range(60))
def test_boards_of_networks_are_true(seed: int) -> None:
    source, wrt = random_program(seed)
    assert held(source, wrt) > 20


@pytest.mark.parametrize("seed", range(200))
def test_boards_of_random_programs_are_true(seed: int) -> None:
    programs = Programs(seed)
    source = programs.program(2 + seed % 3)
    formula = source.splitlines()[-1]
    wrt = [name for name in programs.inputs if re.search(rf"\b{name}\b", formula)]
    assert held(source, wrt[:4], layouts=("numerator",) if seed % 2 else ("shape",)) > 0


STRUCTURED = [
    ("S: symmetric(n); b: vector(n); a.T@S@b + logdet(S@S)", "S"),
    ("S: posdef(n); (x - mu).T@inv(S)@(x - mu) + logdet(S)", ["S", "mu"]),
    ("D: diagonal(n); s = sum(exp(D@x))", ["D", "x"]),
    ("K: skew(n); b: vector(n); a.T@K@b", "K"),
    ("Q: orthogonal(n); s = norm(Q@x - y)**2", ["Q", "x"]),
    ("t: scalar positive; s = log(t)*sum(x) + sqrt(t)", ["t", "x"]),
]


@pytest.mark.parametrize(("source", "wrt"), STRUCTURED)
def test_boards_by_structured_variables_are_true(source: str, wrt: Any) -> None:
    assert held(source, wrt, layouts=("shape", "numerator")) > 10


SPECIAL = [
    ("f(t) = t*sigmoid(t); s = u.T@f(W@x)", ["W", "x"]),
    ("c: scalar; f(t) = c*t**2 + exp(t); s = sum(f(W@x))", ["c", "x"]),
    ("x = [a; b]; s = sum((M@x)[0:2]**2)", ["a", "M"]),
    ("r: row(n); s = r@A@r.T + sum(r)", ["r", "A"]),
    ("y = matrix_power(X, 3); s = tr(B@y)", ["X", "B"]),
    ("X: matrix(m, n); s = sum(kron(X, Y)**2)", ["X"]),
    ("s = norm_inf(x) + max(A@x) + sum(maximum(x, y))", ["x"]),
    ("A@X@B", "X"),
    ("Y = exp(X@A)", "X"),
    ("t: scalar; y = exp(t*A@x)", ["t", "x"]),
    ("y = W@x", ["W"]),
]


@pytest.mark.parametrize(("source", "wrt"), SPECIAL)
def test_boards_of_special_operations_and_of_jacobians_are_true(source: str, wrt: Any) -> None:
    assert held(source, wrt, layouts=("shape", "denominator")) > 3


@pytest.mark.parametrize(
    ("source", "wrt"),
    [
        ("norm(A@x - b)**2/2", "x"), ("x.T@A@y + sum(x*y*y)", ["x", "y"]), ("t: scalar; s = exp(t)*t", "t"),
        ("s = u.T@f(W@x)", ["x", "W"]), ("logsumexp(x)", "x"),
    ],
)  # fmt: skip
def test_second_differentials_are_true(source: str, wrt: Any) -> None:
    assert held(source, wrt, order=2) > 10
    shown = derive(source, wrt, order=2).explain(style="differential")
    assert "The second differential" in shown
    assert "d²s" in shown


def doubled(side: Any) -> Any:
    """A wrong side."""
    if isinstance(side, Node):
        return table.mul(table.number(2), side) if not is_entries(side) else None
    if isinstance(side, Marked):
        return Marked(table.mul(table.number(2), side.node), side.marks)
    if isinstance(side, Entry):
        value = Sum(side.value.shape, side.value.extra)
        value.include(side.value, 2)
        return Entry(value, side.letters)
    return None


@pytest.mark.parametrize(("level", "policy", "style"), WAYS)
def test_a_wrong_line_is_found_wherever_it_stands(level: str, policy: str, style: str) -> None:
    derivation = derive("y: simplex(n); p = softmax(W@x + b); J = -y.T@log(p) + x.T@x", ["W", "b", "x"])
    blocks = blocks_of(derivation, Glyphs(phrases()), level, policy, style)
    truth = BoardTruth(derivation, next(block.lines for block in blocks if block.kind == "definition"))
    assert truth.check(blocks) > 10
    for line in [line for block in blocks for line in block.lines]:
        for k, side in enumerate(line.sides):
            wrong = doubled(side)
            if wrong is not None and line.left is not None:
                line.sides[k] = wrong
                with pytest.raises(AssertionError):
                    truth.check_line(line, line.left)
                line.sides[k] = side


def test_a_transpose_that_is_dropped_is_found() -> None:
    derivation = derive("A: matrix(n, n); s = u.T@A@x", ["A"])
    blocks = blocks_of(derivation, Glyphs(phrases()))
    truth = BoardTruth(derivation, blocks[0].lines)
    (line,) = [line for line in blocks[1].lines if line.left is not None and line.left.kind == "partial"]
    line.sides = [table.transpose(line.sides[0])]
    with pytest.raises(AssertionError):
        truth.check(blocks)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("level", LEVELS)
def test_a_thousand_pieces_are_told_in_part_and_what_is_told_is_true(level: str, style: str) -> None:
    lines = [f"h{i + 1} = tanh(W{i}@h{i})" for i in range(1000)]
    derivation = derive("\n".join([*lines, "s = u.T@h1000"]), ["W500", "u"])
    shown = derivation.explain(level=level, style=style)
    assert "more" in shown
    assert len(shown.splitlines()) < 250
    blocks = blocks_of(derivation, Glyphs(phrases()), level, "shape", style)
    assert all(len(block.lines) < 80 for block in blocks)


@pytest.mark.parametrize("style", STYLES)
def test_a_law_of_the_program_is_a_step(style: str) -> None:
    derivation = derive("d(g(X)) = cos(X)*dX; g(X) = sin(X); s = sum(g(W@x))", "W")
    shown = derivation.explain(style=style)
    assert "d(g(X)) = cos(X)*dX" in shown
    assert "cos(z)" in shown
