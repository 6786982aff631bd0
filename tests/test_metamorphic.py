"""Relations between answers: what must hold of two programs, or of two ways to ask, whatever the right answer is.

Values are compared at random points by the plain evaluator; forms by identity where the relation says so.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import special_terms
from judging import _sizes
from plain_evaluator import Evaluator
from terms import Kink, Term, Values, curve
from truth import Unjudged
from typed_programs import SCALAR, Program, binary, generate, number

import matcalc as mc
from matcalc.calculus.simplify import _simple, simplify
from matcalc.derivation import Derivation
from matcalc.expressions.node import Node
from matcalc.language.program import beside, expression
from matcalc.render.measure import token_count

COUNT = 60
pytestmark = pytest.mark.filterwarnings("ignore")


class Asked:
    """A program's derivatives, and their values at a point."""

    def __init__(self, program: Program, seed: int, text: str = "", wrt: Any = None, **options: Any) -> None:
        self.program, self.text = program, text or program.text(declared=True)
        self.d: Derivation = mc.derive(self.text, list(program.used()) if wrt is None else wrt, **options)
        self.inputs = program.arguments(seed)
        self.functions = {**special_terms.NUMPY}
        self.functions |= {(n, k): (lambda x, w=w, k=k: curve(w, k, x)) for n, w in program.functions.items()
                          if w in (0, 1, 2) for k in range(6)}  # fmt: skip

    def value(self, node: Node, more: Mapping[str, Any] | None = None) -> Any:
        inputs = {**self.inputs, **(more or {})}
        known = {n: np.asarray(a) for n, a in inputs.items() if n in self.d.program.inputs}
        sizes = {**self.program.sizes, **_sizes(self.d.program, known)}
        with np.errstate(all="ignore"):
            return Evaluator(inputs, sizes, self.functions)(node)

    def gradient(self, key: Any) -> Any:
        return self.value(self.d.gradients[key])


def same(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))) or np.max(np.abs(b), initial=0) > 1e8:
        return True  # out of the domain on both sides, or too steep to compare
    return bool(np.max(np.abs(a - b), initial=0) <= tolerance * max(1.0, float(np.max(np.abs(b), initial=0))))


def scalar(seed: int, **options: Any) -> Program:
    return generate(seed, shape=SCALAR, depth=2 + seed % 2, **options)


def general(seed: int) -> Program:
    """A value of any kind, but without expm, which has gradients alone."""
    while "expm" in (program := generate(seed)).operations():
        seed += 10000
    return program


def with_value(program: Program, value: Term, name: str = "") -> Program:
    """The same program with another value."""
    new = Program()
    new.__dict__.update(program.__dict__)
    new.lets = {**program.lets, program.name: program.value}
    new.value, new.name = value, name or "total"
    return new


def of(program: Program) -> Term:
    return Term("let", (), SCALAR, (program.name,))


@pytest.mark.parametrize("seed", range(COUNT))
def test_linear(seed: int) -> None:
    """d(3 J) + d(J²) = 3 dJ + 2 J dJ: a number, a sum, and the product rule."""
    program = scalar(seed)
    plain = Asked(program, seed)
    j = of(program)
    double = binary("add", binary("mul", number("3"), j), binary("mul", j, j))
    total = Asked(with_value(program, double), seed)
    value = plain.value(plain.d.value.node)
    for name in plain.d:
        assert same(total.gradient(name), (3 + 2 * value) * plain.gradient(name)), f"{total.text}\n by {name}"


@pytest.mark.parametrize("seed", range(100, 100 + COUNT))
def test_a_constant_changes_nothing(seed: int) -> None:
    program = scalar(seed)
    plain, more = Asked(program, seed), Asked(with_value(program, binary("add", of(program), number("7"))), seed)
    for name in plain.d:
        assert same(more.gradient(name), plain.gradient(name)), more.text


@pytest.mark.parametrize("seed", range(200, 200 + COUNT))
def test_chain_rule_through_a_function(seed: int) -> None:
    """d tanh(J) = (1 - tanh²) dJ, and the derivative by the intermediate variable is that factor."""
    program = scalar(seed)
    plain = Asked(program, seed)
    outer = Asked(with_value(program, Term("tanh", (of(program),), SCALAR)), seed,
                  wrt=[*program.used(), program.name])  # fmt: skip
    slope = 1 - np.tanh(plain.value(plain.d.value.node)) ** 2
    assert same(outer.gradient(program.name), slope)
    for name in plain.d:
        assert same(outer.gradient(name), slope * plain.gradient(name)), outer.text


@pytest.mark.parametrize("seed", range(300, 300 + COUNT))
def test_transposed_input(seed: int) -> None:
    """Of f(X.T), the derivative by X is the transpose."""
    program = scalar(seed, types=False)
    names = [n for n, node in program.used().items() if 1 not in node.shape]
    if not names:
        program = scalar(seed + 5000, types=False)
        names = [n for n, node in program.used().items() if 1 not in node.shape]
    plain = Asked(program, seed)
    for name in names:
        old = program.inputs[name]
        new = Term("var", (), old.shape[::-1], old.params)
        turned = replaced(program, old, Term("T", (new,), old.shape), {**program.inputs, name: new})
        other = Asked(turned, seed, wrt=[name])
        other.inputs = {**plain.inputs, name: plain.inputs[name].T}
        assert same(other.gradient(name), plain.gradient(name).T), other.text


def replaced(program: Program, old: Term, new: Term, inputs: dict[str, Term]) -> Program:
    def at(term: Term) -> Term:
        return new if term is old else Term(term.op, tuple(map(at, term.args)), term.shape, term.params)

    found = Program()
    found.__dict__.update(program.__dict__)
    found.lets = {n: at(t) for n, t in program.lets.items()}
    found.value, found.inputs = at(program.value), inputs
    return found


@pytest.mark.parametrize("seed", range(400, 400 + COUNT))
def test_renaming_renames(seed: int) -> None:
    """Consistent new names change no value and no length; results are the same but for the names."""
    program = general(seed)
    names = {n: f"{n[0]}{n[1:]}_9" for n in [*program.inputs, *program.lets]}
    plain = Asked(program, seed)
    text = program.text(declared=True, names=names)
    renamed = Asked(program, seed, text, [names[n] for n in plain.d])
    renamed.inputs = {names[n]: a for n, a in plain.inputs.items()}
    for name in plain.d:
        a, b = renamed.d[names[name]], plain.d[name]
        assert same(renamed.value(a.node), plain.value(b.node)), text
        assert token_count(a.node) == token_count(b.node), f"{text}\n{a.source()}\n{b.source()}"


@pytest.mark.parametrize("seed", range(500, 500 + COUNT))
def test_hessians_are_symmetric(seed: int) -> None:
    program = scalar(seed, kinks=False)
    if any(t.op == "expm" for t in program.terms()) or sum(t.size for t in program.terms()) > 600:
        program = scalar(seed + 7000, rational=True)
    asked = Asked(program, seed, order=2, wrt=list(program.used())[:2])
    names = [n for n in asked.d if isinstance(n, str)]
    for a in names:
        for b in names:
            first = asked.gradient((a, b)).reshape(asked.inputs[a].size, asked.inputs[b].size)
            second = asked.gradient((b, a)).reshape(asked.inputs[b].size, asked.inputs[a].size)
            assert same(first, second.T, 1e-7), f"{asked.text}\n{a}, {b}"


@pytest.mark.parametrize("seed", range(600, 600 + COUNT))
def test_simplification(seed: int) -> None:
    """Idempotent, equal in value, never longer; sources read back as what they are."""
    asked = Asked(general(seed), seed)
    for result in asked.d.values():
        assert expression(result.source(), beside(asked.d.program)) is result.node, asked.text
        if len(result.node.shape) == 2 and result.node.op != "entries":
            once = simplify(result.node)
            _simple.clear()  # what it remembers of its results
            assert simplify(once) is once, f"{once}\n{simplify(once)}"
            assert token_count(once) <= token_count(result.node)
            assert same(asked.value(once), asked.value(result.node)), asked.text


@pytest.mark.parametrize("seed", range(700, 700 + COUNT))
def test_the_order_of_a_sum_does_not_matter(seed: int) -> None:
    """Every sum and entrywise product turned round: the derivatives are equal in value."""
    program = general(seed)
    r = random.Random(seed)

    def at(term: Term) -> Term:
        args = tuple(map(at, term.args))
        return Term(term.op, args[::-1] if term.op in ("add", "mul") and r.random() < 0.7 else args, term.shape,
                    term.params)  # fmt: skip

    turned = Program()
    turned.__dict__.update(program.__dict__)
    turned.lets, turned.value = {n: at(t) for n, t in program.lets.items()}, at(program.value)
    plain, other = Asked(program, seed), Asked(turned, seed)
    for name in plain.d:
        assert same(other.gradient(name), plain.gradient(name)), other.text


@pytest.mark.parametrize("seed", range(800, 800 + COUNT))
def test_layouts_are_transposes_and_expansions_equal(seed: int) -> None:
    program = general(seed)
    plain, expanded = Asked(program, seed), Asked(program, seed, expand=True)
    layouts = {layout: Asked(program, seed, layout=layout) for layout in ("numerator", "denominator")}
    for name in plain.d:
        truth = plain.gradient(name)
        assert same(expanded.gradient(name), truth), program.text()
        for asked in layouts.values():
            shown = asked.value(asked.d[name].node)
            assert same(asked.gradient(name), truth)
            assert same(np.sort(shown.ravel()), np.sort(truth.ravel())), program.text()
        n, m = (layouts[k].value(layouts[k].d[name].node) for k in ("numerator", "denominator"))
        if n.ndim == 2 and m.ndim == 2 and 1 in program.value.shape and 1 in program.inputs[name].shape:
            assert same(n, m.T), f"{program.text()}\n{name}"


@pytest.mark.parametrize("seed", range(900, 900 + COUNT))
def test_an_earlier_value_and_the_chain_rule_through_it(seed: int) -> None:
    """Of J = g(z), dJ/dx is dJ/dz dz/dx where x comes in through z alone; of= gives what the shorter program gives."""
    program = scalar(seed)
    z = Term("let", (), SCALAR, (program.name,))
    outer = with_value(program, binary("mul", z, Term("sin", (z,), SCALAR)))
    text = outer.text(declared=True)
    inner, whole = Asked(outer, seed, text, of=program.name), Asked(outer, seed, text)
    first = Asked(program, seed)
    slope = Asked(outer, seed, text, wrt=[program.name]).gradient(program.name)
    for name in first.d:
        assert same(inner.gradient(name), first.gradient(name)), text
        assert same(whole.gradient(name), slope * first.gradient(name)), text


def test_relations_can_fail() -> None:
    assert not same(np.ones(3), np.ones(3) + 1e-3)
    with pytest.raises(Kink):
        Values(np, {}, {}, {})(Term("abs", (binary("sub", number("0.3"), number("0.30000000001")),), SCALAR))
    assert issubclass(Unjudged, Exception)
