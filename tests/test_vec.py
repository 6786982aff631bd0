"""The vec form: every one is held against the Jacobian by differences, its entries stacked by columns."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from differences import SIZES, close, derivative, evaluator, point
from plain_evaluator import Array
from programs import SIZES as SMALL
from programs import Programs, type_of

import matcalc as mc
from matcalc.calculus.simplify import simplify
from matcalc.derivation import Derivation
from matcalc.expressions.node import axes
from matcalc.language.program import beside, elaborate, expression
from matcalc.operations.table import commutation, eye, number
from matcalc.render.latex import latex
from matcalc.render.source import source
from matcalc.render.text import text


def stacked(found: Array) -> Array:
    """The matrix of a derivative with two axes of the value and two of the variable, columns first."""
    m, n, p, q = found.shape
    return np.array([[found[i, j, k, b] for b in range(q) for k in range(p)] for j in range(n) for i in range(m)])


def jacobian(d: Derivation, name: str, inputs: dict[str, Array], sizes: dict[str, int] = SIZES) -> Array:
    return stacked(derivative(d.program.value, d.program.names[name], inputs, sizes))


def holds(d: Derivation, name: str, seed: str, sizes: dict[str, int] = SIZES) -> None:
    """The vec form is the Jacobian, and its source is read back."""
    found = d[name].vectorised
    assert found is not None, d[name].indices()
    inputs = point(d.program.value, d.program.names[name], seed=seed, sizes=sizes)
    assert close(evaluator(inputs, sizes)(found.node), jacobian(d, name, inputs, sizes), 1e-6), found.source()
    assert expression(found.source(), beside(d.program)) is found.node


# forms that stand in Magnus & Neudecker 2019 (tables 9.5 to 9.7, chapter 10) and the Matrix Cookbook, or are built
# by their rules
TEXTBOOK = [
    ("A@X@B", "X", "kron(B.T, A)"),
    ("X", "X", "eye(m*n)"),
    ("X.T", "X", "commutation(n, m)"),
    ("A@X.T@B", "X", "kron(B.T, A)@commutation(p, m)"),
    ("X.T@X", "X", "(eye(m*m) + commutation(m, m))@kron(eye(m), X.T)"),
    ("X@X.T", "X", "(eye(n*n) + commutation(n, n))@kron(X, eye(n))"),
    ("X@X", "X", "kron(eye(n), X) + kron(X.T, eye(n))"),
    ("inv(X)", "X", "-kron(inv(X).T, inv(X))"),
    ("A@inv(X)@B", "X", "-kron(B.T@inv(X).T, A@inv(X))"),
    ("x@x.T", "x", "kron(eye(n), x) + kron(x, eye(n))"),
    ("outer(x, y)", "x", "kron(y, eye(n))"),
    ("outer(x, y)", "y", "kron(eye(m), x)"),
    ("A@x", "A", "kron(x.T, eye(n))"),
    ("x.T@A", "A", "kron(eye(m), x.T)"),
    ("X + b", "b", "kron(ones(m), eye(n))"),
    ("X + b.T", "b", "kron(eye(m), ones(n))"),
    ("tanh(X)", "X", "diag(vec(1 - tanh(X)**2))"),
    ("tanh(A@X)", "X", "diag(vec(1 - tanh(A@X)**2))@kron(eye(p), A)"),
    ("f(A@X@B)", "X", "diag(vec(f'(A@X@B)))@kron(B.T, A)"),
    ("X*Z", "X", "diag(vec(Z))"),
    ("X*X.T", "X", "diag(vec(X))@commutation(n, n) + diag(vec(X.T))"),
    ("tr(X)*X", "X", "tr(X)*eye(n*n) + vec(X)@vec(eye(n)).T"),
    ("det(X)*A", "X", "det(X)*vec(A)@vec(inv(X).T).T"),
    ("X/norm(X)", "X", "eye(m*n)/norm(X) - vec(X)@vec(X).T/norm(X)**3"),
    ("vec(A@X@B)", "X", "kron(B.T, A)"),
    ("A@vec(X)", "X", "A"),
    ("A@vec(X.T)", "X", "A@commutation(m, p)"),
    ("A@tanh(vec(X@B))", "X", "A@diag(1 - tanh(vec(X@B))**2)@kron(B.T, eye(m))"),
    ("unvec(x, m, n)@B", "x", "kron(B.T, eye(m))"),
    ("kron(A, X)", "X", "kron(kron(eye(m), commutation(q, n)), eye(p))@kron(vec(A), eye(p*q))"),
    ("kron(X, A)", "X", "kron(eye(m*q), commutation(n, p))@kron(kron(eye(m), vec(A)), eye(n))"),
    ("kron(A, X)@B", "X",
     "kron(B.T, eye(n*p))@kron(kron(eye(m), commutation(q, n)), eye(p))@kron(vec(A), eye(p*q))"),
    ("diag(x)", "x", "diag(vec(eye(n)))@kron(eye(n), ones(n))"),
    ("diag(X)", "X", "kron(eye(n), ones(n).T)@diag(vec(eye(n)))"),
    ("A@diag(x)@B", "x", "kron(ones(p), A)*kron(B.T, ones(n))"),
    ("sum(X*A, axis=1)", "X", "kron(ones(m).T, eye(n))@diag(vec(A))"),
    ("softmax(X@w)", "X", "kron(w.T, diag(softmax(X@w)) - softmax(X@w)@softmax(X@w).T)"),
    ("softmax(X, axis=1)", "X", "diag(vec(softmax(X, axis=1))) - diag(vec(softmax(X, axis=1)))@kron(ones(m, m), eye(n))"
     "@diag(vec(softmax(X, axis=1)))"),
    ("{i, j: sum(k: A[i, k]*B[j, k]*X[i, k])}", "X", "kron(B, eye(n))@diag(vec(A))"),
    ("[X, A]", "X", "kron(eye(m + p)[0:m, :].T, eye(n))"),
    ("cumsum(X, axis=0)", "X", "kron(eye(m), tril(ones(n, n)))"),
    ("0*X", "X", "zeros(m*n, m*n)"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "wrt", "expected"), TEXTBOOK, ids=lambda part: part)
def test_textbook_forms(formula: str, wrt: str, expected: str) -> None:
    d = mc.derive(formula, wrt)
    assert d[wrt].vec() == expected
    holds(d, wrt, formula)


HESSIANS = [
    ("tr(X.T@A@X)", "X", "X", "kron(eye(m), A + A.T)"),
    ("tr(X.T@A@X@B)", "X", "X", "kron(B.T, A) + kron(B, A.T)"),
    ("logdet(X)", "X", "X", "-kron(inv(X), inv(X).T)@commutation(n, n)"),
    ("norm(R - U@V.T)**2/2", "U", "U", "kron(V.T@V, eye(n))"),
    ("norm(R - U@V.T)**2/2", "U", "V", "kron(eye(p), U@V.T - R) + kron(V.T, U)@commutation(m, p)"),
    ("sum(exp(A@X))", "A", "A", "kron(X, eye(n))@diag(vec(exp(A@X)))@kron(X.T, eye(n))"),
    ("sum(exp(A@X))", "X", "X", "kron(eye(p), A.T)@diag(vec(exp(A@X)))@kron(eye(p), A)"),
    ("u.T@f(W@x)", "W", "W", "kron(x@x.T, diag(u*f''(W@x)))"),
    ("logsumexp(X@w)", "X", "X", "kron(w@w.T, diag(softmax(X@w)) - softmax(X@w)@softmax(X@w).T)"),
    ("x.T@A@x", "x", "A", "kron(eye(n), x.T) + kron(x.T, eye(n))"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "first", "second", "expected"), HESSIANS)
def test_hessian_blocks(formula: str, first: str, second: str, expected: str) -> None:
    d = mc.derive(formula, list(dict.fromkeys([first, second])), order=2)
    block, gradient = d[first, second], d[first].node
    assert block.vec() == expected
    inputs = point(gradient, d.program.value, seed=formula)
    truth = stacked(derivative(gradient, d.program.names[second], inputs))
    assert block.vectorised is not None
    assert close(evaluator(inputs)(block.vectorised.node), truth, 1e-6)


# ------------------------------------------------------------------------------------------- structured variables

STRUCTURES = [
    ("S: symmetric(n); S@S", "S", "projection", "(kron(eye(n), S) + kron(S, eye(n)))@(eye(n*n) + commutation(n, n))/2"),
    ("S: symmetric(n); inv(S)", "S", "projection", "-kron(inv(S), inv(S))@(eye(n*n) + commutation(n, n))/2"),
    ("S: skew(n); A@S@B", "S", "projection", "kron(B.T, A)@(eye(n*n) - commutation(n, n))/2"),
    ("S: diagonal(n); A@S@B", "S", "projection", "kron(B.T, A)@diag(vec(eye(n)))"),
    ("S: symmetric(n); A@S@B", "S", "entries", None),
]


@pytest.mark.parametrize(("formula", "wrt", "structure", "expected"), STRUCTURES)
def test_structured_variables_are_projected(formula: str, wrt: str, structure: str, expected: str | None) -> None:
    d = mc.derive(formula, wrt, structure=structure)
    found = d[wrt].vectorised
    assert found is not None
    assert expected is None or found.source() == expected
    variable = d.program.names[wrt]
    inputs = point(d.program.value, seed=formula)
    plain = derivative(d.program.value, variable, inputs)  # as if all entries were free
    turned, kept = plain.swapaxes(2, 3), np.eye(plain.shape[2]) * plain
    space = {"symmetric": (plain + turned) / 2, "skew": (plain - turned) / 2, "diagonal": kept}
    wanted = plain + turned - kept if structure == "entries" else space[variable.params[1]]
    assert close(evaluator(inputs)(found.node), stacked(wanted), 1e-6)


# ------------------------------------------------------------------------------------------------------- layouts

LAID_OUT = ["A@X@B", "X.T@a", "x@b.T", "tr(X@X)", "sin(x.T@b)", "A@x", "t*A", "t*b", "t**2", "x.T", "x.T*A[0, 0]"]


@pytest.mark.parametrize("layout", ["shape", "numerator", "denominator"])
@pytest.mark.parametrize("formula", LAID_OUT)
def test_layouts(formula: str, layout: str) -> None:
    wrt = "X" if "X" in formula else "x" if "x" in formula else "t"
    declared = "A: matrix(m, n); B: matrix(n, p); X: matrix(n, n); x, b, a: vector(n); t: scalar; "
    d = mc.derive(declared + formula, wrt, layout=layout)
    found = d[wrt].vectorised
    assert found is not None
    inputs = point(d.program.value, d.program.names[wrt], seed=formula)
    wanted = jacobian(d, wrt, inputs)
    assert close(evaluator(inputs)(found.node), wanted.T if layout == "denominator" else wanted, 1e-6), found.source()


# ------------------------------------------------------------------------------------------------ random programs


def random_program(seed: int, depth: int) -> str:
    """A program whose value is a matrix, a column or a row."""
    programs = Programs(seed)
    formula = ""
    while not programs.inputs:
        shape = programs.random.choice([("n", "m"), ("m", "p"), ("n", "n"), ("n", 1), (1, "m")])
        formula = programs.expression(shape, depth)
    return "\n".join([*(f"{name}: {type_of(shape)}" for name, shape in programs.inputs.items()), f"Y = {formula}"])


def test_random_programs() -> None:
    """Matrices and vectors of sums, products, functions, inverses, stacks: every Jacobian among them has a vec form."""
    checked = 0
    for seed in range(180):
        d = mc.derive(random_program(seed, 3), "all", expand=seed % 2 == 0)
        for name in d:
            if len(axes(d[name].node.shape)) > 2:
                holds(d, name, str(seed), SMALL)
                checked += 1
    assert checked >= 350


DIMS = {"i": "m", "j": "n", "k": "p", "l": "q", "r": "k"}


def random_graph(seed: int) -> tuple[str, list[tuple[str, str]]]:
    """A product of random factors with random indices, some of them X, summed over all but i and j."""
    rng = random.Random(seed)
    declared: dict[str, str] = {}
    parts: list[tuple[str, str]] = []
    for place in range(rng.randint(3, 7)):
        index = "".join(rng.sample("ijklr", rng.choice([1, 2, 2, 2])))
        name = "X" if place == 0 else f"{'v' if len(index) == 1 else 'M'}{place}"
        declared[name] = f"{name}: {'vector' if len(index) == 1 else 'matrix'}({', '.join(DIMS[k] for k in index)})"
        parts.append((name, index))
    if rng.random() < 0.3:
        parts.append(parts[0])
    for k in "ij":
        if not any(k in index for _, index in parts):
            declared[f"v{k}"] = f"v{k}: vector({DIMS[k]})"
            parts.append((f"v{k}", k))
    body = "*".join([f"{name}[{', '.join(index)}]" for name, index in parts])
    summed = [k for k in "klr" if any(k in index for _, index in parts)]
    body = f"sum({', '.join(summed)}: {body})" if summed else body
    return "\n".join([*declared.values(), f"Y = {{i, j: {body}}}"]), parts


def test_random_index_expressions() -> None:
    """Any graph of factors: what is read back, with Khatri-Rao products and weights, is the Jacobian of the einsum."""
    for seed in range(150):
        program, parts = random_graph(seed)
        d = mc.derive(program, "X")
        inputs = point(*d.program.names.values(), seed=str(seed))
        found = d["X"].vectorised
        assert found is not None, program
        form = ",".join([index for _, index in parts]) + "->ij"

        def value(at: Array, form: str = form, parts: Any = parts, inputs: Any = inputs) -> Array:
            given = {**inputs, "X": at}
            return np.asarray(np.einsum(form, *[given[n].reshape(given[n].shape[: len(i)]) for n, i in parts]))

        at = inputs["X"]
        truth = np.zeros((*value(at).shape, *at.shape))
        for place in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[place] = 0.5  # a polynomial of degree two: the difference is exact
            truth[(..., *place)] = value(at + unit) - value(at - unit)
        assert close(evaluator(inputs)(found.node), stacked(truth)), program


def test_chain_rule_is_a_matrix_product() -> None:
    inner = mc.derive("A: matrix(n, n); X: matrix(n, m); Z = A@X@X.T", "X")
    outer = mc.derive("Z: matrix(n, n); Y = exp(Z)@Z", "Z")
    whole = mc.derive("A: matrix(n, n); X: matrix(n, m); Z = A@X@X.T; Y = exp(Z)@Z", "X")
    inputs = point(whole.program.value, seed="chain")
    given = {**inputs, "Z": inputs["A"] @ inputs["X"] @ inputs["X"].T}
    forms = [outer["Z"].vectorised, inner["X"].vectorised, whole["X"].vectorised]
    first, second, both = [evaluator(given)(form.node) for form in forms if form is not None]
    assert close(both, first @ second, 1e-10)


# ------------------------------------------------------------------------------------------------- none, and how

K4 = "sum(k, l, p, q: A[k, l]*B[l, p]*C[p, q]*D[q, k]*E[k, p]*F[l, q])"


def test_there_is_none_where_a_scalar_has_no_matrix_form() -> None:
    d = mc.derive(f"Y = {{i, j: X[i, j]*{K4}}}", "X")
    assert d["X"].vectorised is None
    with pytest.raises(mc.UnsupportedError, match=r"has no form .* index notation"):
        d["X"].vec()


def test_unknown_writings_are_refused() -> None:
    with pytest.raises(mc.UnsupportedError, match="source, text, latex"):
        mc.derive("A@X@B", "X")["X"].vec("unicode")


def test_writings() -> None:
    d = mc.derive("Y = X'*X", "X", syntax="matlab")
    assert d["X"].vec() == "(eye(m*m) + commutation(m, m))*kron(eye(m), X')"
    assert d["X"].vec("text") == "(I_{m²} + Kₘₘ) (Iₘ ⊗ Xᵀ)"
    assert d["X"].vec("latex") == r"\left( I_{m^{2}} + K_{m,m} \right) \left( I_{m} \otimes X^\top \right)"


def test_matrices_have_one_too() -> None:
    """A gradient is a row, stacked; a Jacobian is itself."""
    assert mc.derive("tr(A@X)", "X")["X"].vec() == "vec(A.T).T"
    assert mc.derive("A@x", "x")["x"].vec() == "A"
    assert mc.derive("A@x", "x", layout="denominator")["x"].vec() == "A.T"


def test_deep_programs_and_shared_parts() -> None:
    """A long chain of products of one matrix, and a value in which each line is used twice."""
    chain = "@".join(["A"] * 40 + ["X"] + ["A"] * 40)
    form = mc.derive(f"X: matrix(n, n); {chain}", "X")["X"].vectorised
    assert form is not None
    assert form.shape == (form.shape[0], form.shape[0])
    lines = ["Z0 = X"] + [f"Z{k + 1} = Z{k} + tanh(Z{k})" for k in range(6)]
    shared = mc.derive("\n".join(lines), "X")["X"].vectorised
    assert shared is not None


# ---------------------------------------------------------------------------------------- the command line prints it


def run(*arguments: str) -> str:
    from click.testing import CliRunner

    from matcalc.cli.group import matcalc

    result = CliRunner().invoke(matcalc, [*arguments, "--no-check"])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_derive_prints_it_beside_the_index_form() -> None:
    lines = run("derive", "Y = A@X@B", "--wrt", "X").splitlines()
    assert lines[0].split("=")[0].strip() == "∂Y/∂X"
    assert lines[1].split() == ["∂vec(Y)/∂vec(X)ᵀ", "=", "Bᵀ", "⊗", "A", "(nq×mp)"]
    assert "vec" not in run("derive", "tr(X)", "--wrt", "X")


@pytest.mark.parametrize(
    ("formula", "wrt", "options", "left"),
    [
        ("A@x", "A", (), "∂(A x)/∂vec(A)ᵀ"), ("x@x.T", "x", (), "∂vec(x xᵀ)/∂xᵀ"),
        ("Y = A@X", "X", ("--layout", "denominator"), "∂vec(Y)ᵀ/∂vec(X)"),
        ("s = tr(X.T@X)", "X", ("--order", "2"), "∂²s/∂vec(X)∂vec(X)ᵀ"),
        ("s = x.T@X@x", "X,x", ("--order", "2"), "∂²s/∂vec(X)∂xᵀ"),
    ],
)
def test_what_it_is_called(formula: str, wrt: str, options: tuple[str, ...], left: str) -> None:
    assert f"\n{left} " in "\n" + run("derive", formula, "--wrt", wrt, *options)


def test_latex_and_json_have_it() -> None:
    shown = run("latex", "Y = A@X@B", "--wrt", "X")
    assert r"\frac{\partial \operatorname{vec}(Y)}{\partial \operatorname{vec}(X)^\top} &= B^\top \otimes A" in shown
    data = json.loads(run("derive", "Y = A@X@B", "--wrt", "X", "--format", "json"))
    assert data["derivatives"][0]["vec"] == "kron(B.T, A)"
    none = json.loads(run("derive", f"Y = {{i, j: X[i, j]*{K4}}}", "--wrt", "X", "--format", "json"))
    assert none["derivatives"][0]["vec"] is None


# ----------------------------------------------------------------------------------------- the commutation matrix

DECLARED = "X: matrix(m, n); A: matrix(m, n); B: matrix(p, q); u: vector(n); v: vector(m); "
FACTS = [
    ("commutation(m, n)@vec(X)", "vec(X.T)"),
    ("vec(X).T@commutation(n, m)", "vec(X.T).T"),
    ("commutation(m, n).T", "commutation(n, m)"),
    ("inv(commutation(m, n))", "commutation(n, m)"),
    ("commutation(m, n)@commutation(n, m)", "eye(m*n)"),
    ("commutation(m, n).T@commutation(m, n)", "eye(m*n)"),
    ("commutation(m, n)@commutation(m, n)", "commutation(m, n)@commutation(m, n)"),
    ("commutation(1, n)@u", "u"),
    ("commutation(m, n)@kron(u, v)", "kron(v, u)"),
    ("commutation(p, m)@kron(A, B)@commutation(n, q)", "kron(B, A)"),
    ("commutation(m, p)@kron(B, A)@commutation(q, n)", "kron(A, B)"),
    ("commutation(m, n)@ones(m*n)", "ones(m*n)"),
]


@pytest.mark.parametrize(("written", "expected"), FACTS)
def test_facts(written: str, expected: str) -> None:
    node = elaborate(DECLARED + written).value
    found = simplify(node)
    assert source(found) == expected
    inputs = point(node, seed=written)
    assert close(evaluator(inputs)(found), evaluator(inputs)(node))


def test_it_commutes() -> None:
    """By its definition, row i*n + j is the unit vector of j*m + i."""
    found = evaluator({}, {"m": 2, "n": 3})(commutation("m", "n"))
    for i in range(2):
        for j in range(3):
            assert found[i * 3 + j].tolist() == np.eye(6)[j * 2 + i].tolist()


def test_constants() -> None:
    assert commutation(1, 1) is number(1)
    assert expression("commutation(2, 3)", {}).shape == eye(6).shape


def test_how_it_is_written() -> None:
    assert [text(commutation(*dims)) for dims in (("m", "n"), (2, 3), ("m", "d"))] == ["Kₘₙ", "K_{2,3}", "K_{m,d}"]
    assert latex(commutation("m", "n")) == "K_{m,n}"
    assert source(commutation("m", "n"), syntax="matlab") == "commutation(m, n)"
    program = elaborate("K: matrix(m*n, m*n); X: matrix(m, n); K@commutation(m, n)@vec(X)")
    assert text(program.value) == "K commutation(m, n) vec(X)"


@pytest.mark.parametrize("syntax", ["numpy", "matlab"])
def test_a_variable_may_have_its_name(syntax: str) -> None:
    assert mc.derive("commutation: scalar; commutation*x", "x", syntax=syntax)["x"].source() == "commutation*eye(n)"


def test_wrong_calls() -> None:
    with pytest.raises(mc.ParseError, match=r"it is written commutation\(m, n\), 1 is given"):
        elaborate("commutation(3)")
    with pytest.raises(mc.ShapeError, match="at least 1"):
        elaborate("commutation(0, 3)")
    with pytest.raises(mc.ShapeError):
        elaborate("X: matrix(m, n); commutation(m, n)@X")


CODE = [
    "commutation(4, 3)@vec(X)", "vec(X).T@commutation(3, 4)", "commutation(4, 3)@C", "C.T@commutation(4, 3)",
    "commutation(4, 3)@C@C.T@commutation(4, 3).T", "2*commutation(4, 3) + C@C.T", "tr(commutation(4, 3)@C@C.T)",
    "commutation(4, 3).T@C", "kron(commutation(4, 3), C)@ones(24)", "sum(X)*(commutation(4, 3)@ones(12))",
]  # fmt: skip


@pytest.mark.parametrize("formula", CODE)
def test_generated_code(formula: str) -> None:
    program = elaborate("X: matrix(4, 3); C: matrix(12, 2)\n" + formula)
    inputs = point(program.value, seed=formula)
    value, _ = mc.compile(program, wrt=[])(**inputs)
    wanted = evaluator(inputs)(program.value)
    assert close(np.reshape(value, wanted.shape), wanted)


def test_code_of_gradients_through_it() -> None:
    report = mc.check("X: matrix(m, n); A: matrix(m*n, m*n); vec(X).T@commutation(n, m)@A@vec(X)", wrt=["X", "A"])
    assert report.passed


def test_sympy_has_none() -> None:
    d = mc.derive("X: matrix(m, n); commutation(m, n)@A@vec(X)", "A")
    with pytest.raises(mc.UnsupportedError, match="commutation"):
        d.value.to_sympy()
