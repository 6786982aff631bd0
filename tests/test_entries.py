"""Index notation: as input, as results that parse back, differentiated and compiled where no matrix form exists."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.tensors import is_entries
from matcalc.errors import MatcalcError, ParseError, ShapeError, UnsupportedError
from matcalc.language.program import beside, elaborate, expression

CASES = json.loads((Path(__file__).parent / "corpus" / "public.json").read_text(encoding="utf-8"))["cases"]

MATRIX_FORMS = [
    ("Y = {i, k: sum(j: A[i, j]*X[j, k])}", "A@X"),
    ("y = {i: sum(j: A[i, j]*x[j]) + b[i]}", "A@x + b"),
    ("Y = {i, j: X[j, i]}", "X.T"),
    ("y = {i: sum(j: X[i, j]**2)}", "sum(X**2, axis=1)"),
    ("Y = {i, j: u[i]*v[j]}", "u@v.T"),
    ("y = {i: A[i, i]}", "diag(A)"),
    ("y = {i: X[i, 1]}", "X[:, 1]"),
    ("y = {i: f(x[i])*x[i]}", "x*f(x)"),
]


@pytest.mark.parametrize(("program", "form"), MATRIX_FORMS)
def test_what_has_a_matrix_form_becomes_it(program, form):
    found = elaborate(program)
    shown = mc.derive(program, []).value.node.args[0]
    assert mc.Expression(shown, found).source() == form


NO_MATRIX_FORM = "s = sum({i: sum(a, b, c: A[i,a]*B[i,b]*C[i,c]*D[a,b]*E[b,c]*F[a,c])})"


def test_a_graph_that_does_not_reduce_is_differentiated_and_compiled():
    derivation = mc.derive(NO_MATRIX_FORM, ["A", "E"])
    assert is_entries(derivation["A"].node)
    assert expression(derivation["A"].source(), beside(derivation.program)) is derivation["A"].node
    assert mc.check(NO_MATRIX_FORM, "all").passed
    rng = np.random.default_rng(0)
    sizes = {"A": (2, 3), "B": (2, 4), "C": (2, 5), "D": (3, 4), "E": (4, 5), "F": (3, 5)}
    arrays = {name: rng.normal(size=shape) for name, shape in sizes.items()}
    value, gradients = mc.compile(NO_MATRIX_FORM, ["A"])(**arrays)
    form = "ia,ib,ic,ab,bc,ac"
    np.testing.assert_allclose(value, np.einsum(f"{form}->", *arrays.values()))
    np.testing.assert_allclose(gradients["A"], np.einsum("ib,ic,ab,bc,ac->ia", *list(arrays.values())[1:]))


CHECKED = [
    "K = {i, j: exp(-sum(k: (X[i, k] - Y[j, k])**2))}\ns = sum(K)",
    "Y = {i: sum(j, k: T[i, j]*U[j, k]*V[k, i]*W[i, j]*x[k])}\ns = c.T@Y",
    "y = {i: sum(j, k: A[i, j]*B[i, k]*C[j, k])}\ns = norm(y)**2",
    "y = {i: sum(j: A[i, j]*x[j])/sum(j: exp(A[i, j]))}\ns = sum(y)",
    "Y = {i, j: sum(a, b, c: A[i,a]*B[i,b]*C[i,c]*D[a,b]*E[b,c]*F[a,c]*G[j,a])}\ns = sum(Y*Z)",
]


@pytest.mark.parametrize("program", CHECKED)
def test_gradients_of_index_programs(program):
    assert mc.check(program, "all").passed


TENSORS = [
    (case["program"], wrt)
    for case in CASES
    if case["order"] == 1 and case["syntax"] == "numpy" and not case["of"] and case["family"] in ("tensor",
        "cookbook", "language")
    for wrt in case["wrt"]
]


@pytest.mark.parametrize(("program", "wrt"), TENSORS)
def test_tensors_of_the_corpus_parse_back(program, wrt):
    derivation = mc.derive(program, wrt)
    result = derivation[wrt]
    if "\n" not in result.source():
        assert expression(result.source(), beside(derivation.program)) is result.node


def test_the_order_of_terms_and_factors_does_not_matter():
    terms = ["A[i, j]*x[j]", "B[i, j]*y[j]", "2*A[i, j]*y[j]"]
    found = set()
    for seed in range(6):
        mixed = random.Random(seed).sample(terms, 3)
        program = f"z = {{i: sum(j: {' + '.join(mixed)})}}\ns = sum(z**2)"
        derivation = mc.derive(program, "x", expand=True)
        found.add(derivation["x"].source())
    assert len(found) == 1, found


WRONG = [
    ("y = {i: x[j]}", MatcalcError, "no dimension j"),
    ("y = {i, i: x[i]}", ParseError, "twice"),
    ("y = {i: A[i]}", ShapeError, "2 indices"),
    ("y = {i: A@x[i]}", UnsupportedError, "between entries"),
    ("Y = {i, j, k: A[i, j]*x[k]}", ShapeError, "at most two"),
    ("y = {i: i*x[i]}", ParseError, "no number"),
    ("s = sum(k: x[k])", UnsupportedError, "braces"),
    ("A: matrix(n, m)\ny = {i: sum(j: A[i, j]*x[j]*A[j, i])}", ShapeError, "m and n"),
]


@pytest.mark.parametrize(("program", "error", "words"), WRONG)
def test_errors_say_what_is_wrong(program, error, words):
    with pytest.raises(MatcalcError) as caught:
        elaborate(program)
    assert isinstance(caught.value, error), repr(caught.value)
    assert words in str(caught.value)


def test_index_terms_inside_a_larger_formula_are_written():
    program = NO_MATRIX_FORM.replace("s = sum(", "y = ").rstrip(")") + "\ns = sum(y**2)"
    derivation = mc.derive(program, "A", expand=True)
    assert derivation["A"].source()
    assert derivation["A"].latex()
    assert derivation["A"].text()


@pytest.mark.parametrize(
    ("source", "wrt", "want"),
    [
        ("y = {i: x[i]**0*z[i]}", "z", "eye(n)"),
        ("y = {i: 2**0.5*x[i]}", "x", "sqrt(2)*eye(n)"),
        ("y = {i: 2**0.5*2**0.5*x[i]}", "x", "2*eye(n)"),
        ("y = {i: (2*x[i])**999999999}", "x", "1999999998*diag((2*x)**999999998)"),
    ],
)  # fmt: skip
def test_powers_of_numbers_and_the_power_zero(source: str, wrt: str, want: str) -> None:
    assert mc.derive(source, wrt)[wrt].source() == want


@pytest.mark.parametrize("claim", ["eye(n*m)[i, k*n + j]**2", "eye(n*m)[i, k*n + j]**1000000000"])
def test_a_pairing_of_indices_is_its_own_power(claim: str) -> None:
    assert mc.check("y = vec(A)", "A", claims={"A": f"{{i, j, k: {claim}}}"}).passed


def test_powers_of_sums_of_pairings() -> None:
    source = "X: matrix(2, 2); Y = vec(X)@vec(X).T"
    right = mc.derive(source, "X")["X"].source()[1:-1].split(":", 1)[1]
    assert not mc.check(source, "X", claims={"X": f"{{i, j, k, l: ({right})**3 + 1}}"}).passed
    assert mc.check(source, "X", claims={"X": f"{{i, j, k, l: {right}}}"}).passed


@pytest.mark.parametrize("factor", ["eye(n*m)[i, k*n + j]**0", "0*eye(n*m)[i, k*n + j]", "eye(n*m)[i, k*n + j]**3 + 1"])
def test_wrong_claims_with_pairings(factor: str) -> None:
    assert not mc.check("y = vec(A)", "A", claims={"A": f"{{i, j, k: {factor}}}"}).passed


def test_a_pairing_of_indices_divides_nothing() -> None:
    with pytest.raises(MatcalcError, match="has zeros"):
        mc.check("y = vec(A)", "A", claims={"A": "{i, j, k: vec(A)[i]/eye(n*m)[i, k*n + j]}"})
