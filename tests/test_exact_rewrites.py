"""Every rewriting is exact: random rational programs, evaluated modulo a large prime, before and after.

Derivatives are held against jets, which know no law but the product of two numbers.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from prime_field import ONE, Exact, Jet, P, array, eliminated, eye, rational
from terms import size_of
from typed_programs import Program, generate

import matcalc as mc
from matcalc.calculus.simplify import _simple, simplify
from matcalc.expressions.node import Node


def draw(r: random.Random, node: Any, sizes: Any) -> Any:
    """A random input in its type, as integers modulo P."""
    shape = tuple(size_of(d, sizes) for d in node.shape)
    type_, n = node.params[1], shape[0]
    x = array([r.randrange(P) for _ in range(shape[0] * shape[1])], shape)
    if type_ in ("symmetric", "posdef"):
        return x + x.T
    if type_ == "skew":
        return x - x.T
    if type_ == "diagonal":
        return x * eye(n)
    if type_ == "orthogonal":  # Cayley
        return eliminated(eye(n) + x - x.T, eye(n) - (x - x.T))[0]
    if type_ == "simplex":
        x[0, 0] = ONE - (x.sum() - x[0, 0])
    return x


def along(x: Any, direction: Any, part: int) -> Any:
    """An input that moves: the direction as the first or the second derivative."""
    out = x.copy()
    for place, e in np.ndenumerate(x):
        parts = list(e.parts)
        parts[part] = direction[place].parts[0]
        out[place] = Jet(*parts)
    return out


def part_of(x: Any, part: int) -> Any:
    return array([e.parts[part] for e in x.ravel()], x.shape)


class Point:
    """A program at a random point of the field."""

    def __init__(self, seed: int, program: Program, **options: Any) -> None:
        self.r, self.program = random.Random(seed), program
        self.sizes = dict(program.sizes)
        self.d = mc.derive(program.text(declared=True), list(program.used()), **options)
        self.inputs = {n: draw(self.r, node, self.sizes) for n, node in program.used().items()}
        self.inputs |= {n: array([0] * size_of(v.shape[0], self.sizes), (size_of(v.shape[0], self.sizes), 1))
                        for n, v in self.d.program.inputs.items() if n not in self.inputs}  # fmt: skip

    def direction(self, name: str) -> Any:
        """A random direction in the space that the variable's type is."""
        node = self.program.inputs[name]
        type_ = node.params[1] if node.params[1] not in ("orthogonal", "simplex") else ""
        plain = type("plain", (), {"shape": node.shape, "params": (name, type_, False)})
        return draw(self.r, plain, self.sizes)

    def value(self, node: Node, **moved: Any) -> Any:
        return Exact({**self.inputs, **moved}, self.sizes)(node)


def equal(a: Any, b: Any) -> bool:
    a, b = a.ravel(), b.ravel()
    return len(a) == len(b) and all(x.parts == y.parts for x, y in zip(a, b, strict=True))


def programs(start: int, shape: Any = None, count: int = 10) -> list[tuple[int, Program]]:
    found = [(seed, generate(seed, rational=True, depth=2 + seed % 2, **({"shape": shape} if shape else {})))
             for seed in range(start, start + count)]  # fmt: skip
    return [(seed, p) for seed, p in found if sum(t.op in ("kron", "cov") for t in p.terms()) < 3]


@pytest.mark.parametrize("block", range(0, 200, 10))
def test_simplification_is_exact(block: int) -> None:
    for seed, program in programs(block):
        at = Point(seed, program)
        node = at.d.value.node
        bare = node.args[0] if node.op == "let" else node
        try:
            truth = at.value(bare)
        except ZeroDivisionError:
            continue
        once = simplify(bare)
        assert equal(at.value(once), truth), f"seed {seed}\n{program.text()}\n{at.d.value.source()}"
        _simple.clear()  # what it remembers of its results
        assert simplify(once) is once


@pytest.mark.parametrize("options", [{}, {"expand": True}], ids=str)
@pytest.mark.parametrize("block", range(1000, 1200, 10))
def test_gradients_are_exact(block: int, options: dict[str, Any]) -> None:
    for seed, program in programs(block, (1, 1)):
        at = Point(seed, program, order=1, **options)
        for name in at.d:
            direction = at.direction(name)
            try:
                truth = part_of(at.value(at.d.value.node, **{name: along(at.inputs[name], direction, 1)}), 1)
            except ZeroDivisionError:
                break
            found = at.value(at.d[name].node)
            told = f"seed {seed}, by {name}\n{program.text()}"
            assert (found * direction).sum().parts[0] == truth.item().parts[0], told


@pytest.mark.parametrize("block", range(2000, 2100, 10))
def test_hessians_and_vec_forms_are_exact(block: int) -> None:
    for seed, program in programs(block, (1, 1)):
        try:
            at = Point(seed, program, order=2)
        except mc.UnsupportedError:
            continue
        for key in [key for key in at.d if isinstance(key, tuple)]:
            first, second = at.direction(key[0]), at.direction(key[1])
            moved = {key[0]: along(at.inputs[key[0]], first, 1)}
            moved[key[1]] = along(moved.get(key[1], at.inputs[key[1]]), second, 2)
            try:
                truth = at.value(at.d.value.node, **moved).item().parts[3]
            except ZeroDivisionError:
                break
            tensor = at.value(at.d[key].node).reshape(first.size, second.size)
            found = (first.reshape(1, -1) @ tensor @ second.reshape(-1, 1)).item().parts[0]
            assert found == truth, f"seed {seed}, by {key}\n{program.text()}\n{at.d[key].source()}"
            form = at.d[key].vectorised
            if form is not None:
                flat = first.T.reshape(1, -1) @ at.value(form.node).reshape(first.size, second.size)
                assert (flat @ second.T.reshape(-1, 1)).item().parts[0] == truth, f"seed {seed}\n{form.source()}"


def test_the_field_is_right() -> None:
    x = Jet(3, 1, 1)
    cube = x * x * x
    assert cube.parts == (27, 27, 27, 18)
    assert (ONE / x * x).parts == ONE.parts
    assert (rational(Fraction(3, 4)) * Jet(4)).parts[0] == 3


def test_a_wrong_rewriting_is_seen() -> None:
    at = Point(1, generate(1000, rational=True, depth=2, shape=(1, 1)))
    truth = at.value(at.d.value.node)
    assert not equal(truth + array([[1]], (1, 1)), truth)
