"""Steps are true: every formula that a step shows is evaluated and held against differences of the value."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from differences import SIZES, Array, close, derivative, evaluator, point, slope

from matcalc.derivation import Derivation, derive
from matcalc.expressions.node import Node, intern, kind, postorder
from matcalc.language.program import beside
from matcalc.language.reading import expression
from matcalc.language.scope import Environment
from matcalc.operations.table import let, variable
from matcalc.steps import DerivationStep, as_json, render_latex, render_text, steps_of

PROGRAMS: list[tuple[str, Any]] = [
    ("s = u.T @ f(W@x + b)", "all"),
    ("z = W@x + b; h = f(z); s = u.T@h", "all"),
    ("y: simplex(n); p = softmax(W@x + b); J = -y.T@log(p)", ["W", "b", "x"]),
    ("y: simplex(n); z = W@x; J = cross_entropy(y, softmax(z))", ["W", "z"]),
    ("(x - mu).T@inv(Sigma)@(x - mu)", ["x", "mu", "Sigma"]),
    ("Sigma: posdef(n); (x - mu).T@inv(Sigma)@(x - mu) + logdet(Sigma)", ["x", "mu"]),
    ("f(A@g(x))", "x"),
    ("z = f(A@x); y = z*z + B@z", "x"),
    ("y = x/norm(x)", "x"),
    ("z = x*x; s = sum(z*z + z)", "x"),
    ("X: matrix(n, d); J = norm(X@w - y)**2 + lambda*norm(w)**2", ["w", "lambda"]),
    ("X: matrix(n, d); J = sum(softplus(-y*(X@w)))/n", ["w"]),
    ("Q, K: matrix(n, d); V, G: matrix(n, m); A = softmax(Q@K.T/sqrt(d), axis=1); L = sum(G*(A@V))", ["Q", "K", "V"]),
    ("X: matrix(n, d); H = tanh(X@V + c.T); s = sum(H@U*Y)", ["V", "U", "c"]),
    ("z = W@x; s = z.T@z + sum(z)", ["W", "x", "z"]),
    ("h1 = f(A@x) + x; h2 = f(B@h1) + h1; s = u.T@h2", ["A", "B", "x"]),
    ("A: matrix(n, n); s = tr(inv(A)@B) + det(A)", ["A", "B"]),
    ("t: scalar; r: row(n); s = r@exp(t*A)@r.T", ["t", "r", "A"]),
    ("x = [a; b]; s = sum((M@x)**2)", ["a", "b", "M"]),
    ("x: vector(n); mu = mean(x); v = mean((x - mu)**2); s = g.T@((x - mu)/sqrt(v + 1))", ["x"]),
    ("delta: vector(n); z: vector(n); h: vector(n); s = sum(f(delta + z*h)*delta)", ["delta", "z", "h"]),
    ("X: matrix(n, n); s = sum(exp(X@X)*X)", "X"),
    ("c: scalar; d: scalar; s = c*d/(c + d)", ["c", "d"]),
]


class Truth:
    """Everything that a step may claim, found from values alone."""

    def __init__(self, derivation: Derivation, steps: list[DerivationStep], seed: str) -> None:
        self.steps = steps
        defined = [step for step in steps if step.kind == "definition"]
        self.value = let(defined[-1].name, defined[-1].formula)
        self.names = {n.params[0]: n for n in postorder(self.value) if n.op in ("let", "var")}
        program = derivation.program
        self.sizes = {name: SIZES.get(name, 2 + i) for i, name in enumerate(program.dims)}
        self.at = point(self.value, *program.inputs.values(), seed=seed, sizes=self.sizes)
        self.evaluate = evaluator(self.at, self.sizes)
        self.gradients: dict[str, Array] = {}

    def gradient(self, name: str) -> Array:
        """The derivative of the value by a name: value's axes, then the name's."""
        if name not in self.gradients:
            self.gradients[name] = derivative(self.value.args[0], self.names[name], self.at, self.sizes)
        return self.gradients[name]

    def local(self, of: str, by: str) -> Array:
        """The derivative of one piece by one of its variables, all others held."""
        values, held = dict(self.at), dict[Node, Node]()
        for node in postorder(self.names[of].args[0], into=lambda n: n.op != "let"):
            if node.op == "let":
                held[node] = variable(f"({node.params[0]})", node.shape)
                values[f"({node.params[0]})"] = self.evaluate(node)
            else:
                held[node] = intern(node.op, tuple(held[a] for a in node.args), node.params, node.shape)
        body = held[self.names[of].args[0]]
        name = f"({by})" if f"({by})" in values else by
        at = np.asarray(values[name])
        return slope(lambda x: evaluator({**values, name: x}, self.sizes)(body), at)

    def passed(self, of: str, by: str) -> Array:
        """The contribution of one piece to the derivative by one of its variables."""
        upstream = np.ones((1, 1, 1, 1)) if of == self.value.params[0] else self.gradient(of)
        if of == self.value.params[0] and self.value.shape != (1, 1):
            return self.local(of, by)
        return np.einsum("abcd,cdef->abef", upstream, self.local(of, by))

    def shown(self, array: Array, node: Node) -> Array:
        """A derivative as a formula shows it: a gradient, or a Jacobian."""
        if self.value.shape == (1, 1):
            return array[0, 0]
        return array.reshape(self.evaluate(node).shape)

    def holds(self, node: Node, expected: Array) -> bool:
        return close(self.evaluate(node), expected, 1e-6)


def check(source: str, wrt: Any, **options: Any) -> list[DerivationStep]:
    d = derive(source, wrt, **options)
    steps = steps_of(d)
    truth = Truth(d, steps, source)
    for step in steps:
        if step.kind == "definition":
            assert truth.holds(step.formula, truth.evaluate(truth.names[step.name]))
        elif step.kind == "chain":
            check_chain(truth, step)
        elif step.kind == "sum":
            assert len(step.parts) > 1
            assert truth.holds(step.formula, truth.shown(truth.gradient(step.by), step.formula))
            assert close(sum(truth.evaluate(part) for part in step.parts), truth.evaluate(step.formula), 1e-9)
        elif step.kind == "abbreviation":
            assert truth.holds(step.formula, truth.shown(truth.gradient(step.by), step.formula))
        elif step.order == 1 and not step.note:
            expected = truth.shown(truth.gradient(step.by), step.formula)
            assert step.final is not None
            assert truth.holds(step.formula, expected), step
            assert truth.holds(step.final, expected), step
    return steps


def check_chain(truth: Truth, step: DerivationStep) -> None:
    assert truth.holds(step.formula, truth.shown(truth.passed(step.of, step.by), step.formula)), step
    if step.upstream is not None and step.of != step.value:
        assert truth.holds(step.upstream, truth.shown(truth.gradient(step.of), step.upstream)), step
    local = truth.local(step.of, step.by)
    if step.local is not None:
        assert truth.holds(step.local, local.reshape(truth.evaluate(step.local).shape)), step
    if step.differential is not None:
        assert step.change is not None
        change = np.random.default_rng(1).standard_normal(truth.evaluate(truth.names[step.by]).shape)
        found = evaluator({**truth.at, step.change.params[0]: change}, truth.sizes)(step.differential)
        assert close(found, np.einsum("abcd,cd->ab", local, change), 1e-6), step
    assert step.laws, "every step names its law"


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_every_formula_of_every_step_is_true(source: str, wrt: Any) -> None:
    steps = check(source, wrt)
    assert {"definition", "chain", "result"} <= {step.kind for step in steps}


def random_program(seed: int) -> tuple[str, list[str]]:
    """A program of a few pieces over vectors, with values used several times."""
    rng = random.Random(seed)
    lines, vectors = ["x, u, b: vector(n); W, V: matrix(n, n); c: scalar"], ["x"]
    for i in range(rng.randint(1, 4)):
        z, w = rng.choice(vectors), rng.choice(vectors)
        formula = rng.choice([
            f"W@{z} + b", f"f({z})", f"{z}*{w}", f"tanh(V@{z} - {w})", f"softmax({z})", f"c*{z} + {w}",
            f"{z}/(1 + norm({w})**2)", f"{w}*({z}.T@u)", f"sigmoid(W@f({z}) + {w})",
            f"{z} - mean({w})", f"V.T@({z}*f({w}))",
        ])  # fmt: skip
        lines.append(f"a{i} = {formula}")
        vectors.append(f"a{i}")
    last, other = vectors[-1], rng.choice(vectors)
    ends = f"u.T@{last}", f"sum({last}*{other})", f"norm({last})**2 + c*sum({other})", f"logsumexp({last} - {other}*b)"
    lines.append(rng.choice(ends))
    return "\n".join(lines), ["x", "W", "b", "c", "u", "V"]


@pytest.mark.parametrize("seed", range(60))
def test_steps_of_random_programs_are_true(seed: int) -> None:
    source, wrt = random_program(seed)
    check(source, wrt)


def test_formulas_read_back_beside_the_names_of_the_steps() -> None:
    for source, wrt in PROGRAMS:
        d = derive(source, wrt)
        known = beside(d.program)
        names = dict(known)
        for step, data in zip(steps_of(d), as_json(d), strict=True):
            for node in (step.formula, step.upstream, step.local, step.differential):
                if node is not None:
                    names.update({n.params[0]: n for n in postorder(node) if n.op in ("let", "var")})
            environment = Environment(names, known.functions, known.definitions, known.dims)
            assert expression(data["downstream"]["source"], environment) is step.formula
            if data["upstream"]:
                assert expression(data["upstream"]["source"], environment) is step.upstream


def test_pieces_of_the_window_classifier() -> None:
    assert render_text(derive("s = u.T @ f(W@x + b)", "all")).split("\n\n") == [
        "The formula in pieces\n  z = W x + b   n\n  h = f(z)      n\n  s = uᵀ h      scalar",
        "s = uᵀ h\n"
        "  product rule: d(A @ B) = dA @ B + A @ dB  [Matrix Cookbook 37; Magnus & Neudecker 2019, 8.2]\n"
        "  ∂s/∂u = h   n\n  ∂s/∂h = u   n",
        "h = f(z)\n"
        "  elementwise function: d(f(X)) = f'(X) * dX  [chain rule, entry by entry]\n"
        "  ∂s/∂h = u                           upstream gradient\n"
        "  ∂h/∂z = diag(f′(z))                 n×n, local Jacobian\n"
        "  ∂s/∂z = diag(f′(z)) u = u ⊙ f′(z)   n",
        "z = W x + b   (product rule)\n"
        "  sum: d(A + B) = dA + dB  [Matrix Cookbook 35]\n"
        "  δ     = ∂s/∂z = u ⊙ f′(z)   n, the error signal\n"
        "  dz    = dW x                as W varies\n"
        "  ∂s/∂W = δ xᵀ                n×d\n"
        "  ∂z/∂x = W                   n×d, local Jacobian\n"
        "  ∂s/∂x = Wᵀ δ                d, δ already computed\n"
        "  ∂z/∂b = Iₙ                  n×n, local Jacobian\n"
        "  ∂s/∂b = Iₙ δ = δ            n, δ already computed",
        "The result\n"
        "  ∂s/∂u = h = f(W x + b)                n\n"
        "  ∂s/∂W = δ xᵀ = (u ⊙ f′(W x + b)) xᵀ   n×d\n"
        "  ∂s/∂x = Wᵀ δ = Wᵀ (u ⊙ f′(W x + b))   d\n"
        "  ∂s/∂b = δ = u ⊙ f′(W x + b)           n",
    ]


def test_names_given_are_free() -> None:
    steps = check("z: vector(n); h: vector(n); delta: vector(n); s = delta.T@f(z + W@h)", ["z", "W", "h", "delta"])
    assert not {step.name for step in steps} & {"z", "h", "delta"}


def test_a_structured_variable_is_projected_in_the_result_alone() -> None:
    d = derive("Sigma: symmetric(n); b: vector(n); a.T@Sigma@b", "Sigma")
    steps = steps_of(d)
    (result,) = [step for step in steps if step.kind == "result"]
    assert result.note == "projected on symmetric matrices"
    assert result.final is d["Sigma"].node
    assert "(a bᵀ + b aᵀ)/2" in render_text(d)


def test_what_does_not_occur_is_said() -> None:
    (step,) = steps_of(derive("W: matrix(m, n); s = x.T@x", "W"))
    assert (step.kind, step.note) == ("result", "it does not occur")


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_the_layout_is_told(layout: str) -> None:
    text = render_text(derive("s = u.T@f(W@x)", "W", layout=layout))
    assert f"in {layout} layout" in text.splitlines()[-1]


def test_second_derivatives_come_after_the_gradient() -> None:
    d = derive("x.T@A@x", "x", order=2)
    last = steps_of(d)[-1]
    assert (last.order, last.by, last.final) == (2, "x,x", d["x", "x"].node)
    assert "∂²s/∂x∂x = A + Aᵀ" in render_text(d)


def test_long_programs_are_told_in_part() -> None:
    lines = [f"h{i + 1} = tanh(W{i}@h{i} + b{i})" for i in range(40)]
    d = derive("\n".join([*lines, "s = u.T@h40"]), "all")
    steps = steps_of(d)
    text = render_text(d)
    assert len(steps) > 150
    assert "more steps)" in text
    assert len(text.splitlines()) < 150


def test_the_data_is_json() -> None:
    data = json.loads(json.dumps(as_json(derive("s = u.T @ f(W@x + b)", "all"))))
    assert {"kind", "name", "law", "law_source", "upstream", "local", "downstream", "shape"} <= data[0].keys()
    (chain,) = [step for step in data if step["of"] == "z" and step["by"] == "W"]
    assert chain["name"] == "sum; product rule"
    assert chain["downstream"] == {"text": "δ xᵀ", "source": "delta@x.T", "latex": r"\delta x^\top"}
    assert chain["shape"] == ["n", "d"]
    assert "Matrix Cookbook 37" in chain["law_source"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    bodies = [render_latex(derive(source, wrt)) for source, wrt in PROGRAMS]
    bodies.append(render_latex(derive("a_1: vector(n); W_max: matrix(n, n); sum(exp(W_max@a_1)**2)", "all")))
    head = [r"\documentclass{article}", r"\usepackage{amsmath,amssymb}", r"\allowdisplaybreaks", r"\begin{document}"]
    document = "\n".join([*head, *bodies, r"\end{document}"])
    (tmp_path / "steps.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "steps.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]


def test_all_kinds_of_values_have_steps() -> None:
    for source, wrt in (
        ("A: matrix(m, n); t: scalar; t*A", "t"), ("x.T@A", "x"), ("exp(t)", "t"), ("z = W@x; f(z)", ["W", "x"]),
        ("A@X@B", "X"), ("t**vec(B + z)", "z"),
    ):  # fmt: skip
        d = derive(source, wrt)
        assert kind(d.value.node.shape)
        assert steps_of(d)[-1].kind == "result"
        assert render_text(d)
        assert render_latex(d)
        assert json.dumps(as_json(d))
