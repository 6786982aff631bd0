"""What random programs found wrong, each as small as it fails, held against the same independent truth as the soak."""

from __future__ import annotations

import ast
from fractions import Fraction

import numpy as np
import pytest
from commands import run
from differences import close, derivative, evaluator, point

import matcalc as mc
from matcalc.codegen.tensors import einsum_text
from matcalc.codegen.values import Value
from matcalc.language.program import beside, expression

# program, variable, keywords; and what was wrong
FOUND = [
    # terms that met only after a common factor was taken out cancelled, and an empty sum was written
    ("S: skew(2)\nk: vector(2)\nJ = (diag(S) - S@k)[1]", "S", {"order": 2}),
    ("S: skew(2)\nk: vector(2)\nJ = (diag(S) - (S*k))[1]", "S", {"syntax": "matlab"}),
    # a second derivative whose terms cancel was passed on as a factor that is not there
    ("psi(t) = exp(-t**2)\nJ = maximum(psi(lambda), gamma_t)", "lambda", {"order": 2}),
    # sources that were not read back as the same expression: a sum of entries closed in another way,
    ("q: vector(2)\ny: vector(2) positive\nJ = tanh(outer(q, y))", "q", {}),
    ("K: symmetric(3)\npsi(t) = t/(2 + t**2)\nJ = psi(det(eye(3) + tanh(K)))", "K", {"order": 2}),
    # symmetric factors between two summed indices, whose numbers depend on their order,
    ("A: matrix(n, m)\nJ = inv(A.T@A + eye(m))[-1, 0]", "A", {"order": 2}),
    # one letter for sums that run differently far,
    ("y_hat: row(p)\nB: matrix(2, p)\nv: vector(m)\nbeta = y_hat@(cov(B)@w)\nJ = v*beta", "B", {}),
    # zeros that did not tell their size,
    ("R2: matrix(3, 2)\nJ = logsumexp(sign(R2), axis=1)", "R2", {}),
    ("only_m: vector(m)\nJ = A[-1, 0]", "A", {"order": 2}),
    # and index notation in the operators of the other syntax
    ("H1: matrix(3, 3)\ngamma_t: scalar\nJ = std(gamma_t.*H1, axis=1)", "H1", {"syntax": "matlab"}),
    ("J = (A.*B)*(A')", "A", {"syntax": "matlab"}),
    ("R2: matrix(2, p)\nU: matrix(p, 2)\nH1: symmetric(p)\nJ = R2@(matrix_power(H1, 3)@U)", "H1", {}),
    ("u: row(2)\nw: vector(2)\nJ = (k'*H)*((u*w).*X)", "k", {"syntax": "matlab"}),
    ("J = A*X.^2", "X", {"syntax": "matlab"}),
]


@pytest.mark.parametrize(("program", "by", "options"), FOUND, ids=lambda part: part if isinstance(part, str) else "")
def test_what_was_found_wrong_stays_right(program, by, options):
    d = mc.derive(program, by, **options)
    sizes = dict(zip(d.program.dims, (3, 4, 2, 5, 6), strict=False))
    inputs = point(d.value.node, d.program.names[by], seed=program, sizes=sizes)
    plain = d.gradients[by]
    truth = derivative(d.value.node, d.program.names[by], inputs, sizes)
    type_ = d.program.inputs[by].params[1]
    truth = truth if not type_ else (truth + np.swapaxes(truth, -1, -2) * (-1 if type_ == "skew" else 1)) / 2
    assert close(evaluator(inputs, sizes)(plain).ravel(), truth.ravel(), 1e-6)
    for result in d.values():
        assert expression(result.source(), beside(d.program)) is result.node


def test_letters_of_sums_have_a_scope_of_their_own():
    program = "A: matrix(n, m)\nB: matrix(n, p)\nz = {i: sum(k: A[i, k]) + sum(k: B[i, k]*sum(k: A[i, k]))}\nJ = sum(z)"
    d = mc.derive(program, "B")
    A, B = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(2, 4)
    value, gradients = mc.compile(program, ["B"])(A=A, B=B)
    assert value == A.sum() + (B.sum(axis=1) * A.sum(axis=1)).sum()
    assert gradients["B"].tolist() == [[3.0] * 4, [12.0] * 4]
    assert d["B"].shape == ("n", "p")


def test_products_between_entries_in_the_matlab_style_syntax():
    program = "z = {i: sum(k: A[i, k]*x[k]^2/2)}; J = sum(z)"
    value, gradients = mc.compile(program, ["x"], syntax="matlab")(A=np.array([[1.0, 2.0], [3.0, 4.0]]), x=[1.0, 2.0])
    assert value == 14.0
    assert gradients["x"].tolist() == [4.0, 12.0]


def test_a_reciprocal_is_no_multiple() -> None:
    """``sqrt(y)@(1/sqrt(y)).T`` was taken for symmetric, and a block of the Hessian was its transpose."""
    program = "y: vector(n) positive; K: matrix(n, n); J = sqrt(y).T@K@sqrt(y)"
    y = np.array([1.0, 4.0, 9.0])
    _, _, hessians = mc.compile(program, wrt=["K", "y"], order=2)(y=y, K=np.eye(3))
    root = np.sqrt(y)
    slope = np.eye(3) / (2 * root)
    expected = slope[:, None, :] * root[None, :, None] + root[:, None, None] * slope[None, :, :]
    np.testing.assert_allclose(hessians["K", "y"], expected, rtol=1e-14)
    np.testing.assert_allclose(hessians["y", "K"], expected.transpose(2, 0, 1), rtol=1e-14)


def test_a_scalar_power_stands_between_entries() -> None:
    """``dot(x, x)**t`` in index notation was not read back: its exponent is no number."""
    derivation = mc.derive("t: scalar; y: vector(n); Y = dot(y, y)**t*x@y.T", "x")
    source = derivation["x"].source()
    assert "**t" in source
    assert expression(source, beside(derivation.program)) is derivation["x"].node


def test_the_inverse_of_sums_broadcast_is_no_inverse_of_what_is_summed() -> None:
    """In index notation ``W@ones(m, p)`` is W alone, summed; its inverse was taken for ``inv(W)``, of another shape."""
    program = "W: matrix(p, m); J = logdet(W@ones(m, p))"
    W = np.array([[1.0, 2.0, 4.0]])  # p is 1: beyond, the product is singular
    value, gradients, hessians = mc.compile(program, ["W"], order=2)(W=W)
    assert value == pytest.approx(np.log(7))
    np.testing.assert_allclose(gradients["W"], np.full((1, 3), 1 / 7))
    np.testing.assert_allclose(hessians["W", "W"], np.full((1, 3, 1, 3), -1 / 49))
    for source in ("inv(diag(x)@ones(p, p))", "inv(W@ones(m, p))", "inv(x@ones(p).T)"):
        found = mc.derive(f"W: matrix(p, m); x: vector(p); J = sum({source}) + sum(W)", "W")["W"].source()
        assert "inv(W)" not in found
        assert "inv(x)" not in found


def test_a_row_over_a_column_is_an_outer_product() -> None:
    """A block of this Hessian was written as a row divided by a column, which does not go together."""
    program = "M: skew(p); u: vector(p); J = (u.T/(2 + u.T**2))@(sigmoid(M) - u)@(u.T/(2 + u.T**2)).T"
    fn = mc.compile(program, wrt=["u", "M"], order=2)
    rng = np.random.default_rng(2)
    u, M = rng.normal(size=3), rng.normal(size=(3, 3))
    M = M - M.T
    step = 1e-6
    block = fn(u=u, M=M)[2]["M", "u"]
    for k in range(3):
        e = step * np.eye(3)[k]
        slope = (fn(u=u + e, M=M)[1]["M"] - fn(u=u - e, M=M)[1]["M"]) / (2 * step)
        np.testing.assert_allclose(block[:, :, k], slope, atol=1e-8)
    assert mc.check(program, wrt=["u", "M"], order=2).passed


def test_second_derivatives_of_products_where_factors_are_zero() -> None:
    """They divided by the factors, and were not a number where one was zero, as relu's values are."""
    fn = mc.compile("J = prod(x)", ["x"], order=2)
    assert fn(x=[0.0, 2.0, 3.0])[2]["x", "x"].tolist() == [[0, 3, 2], [3, 0, 0], [2, 0, 0]]
    assert fn(x=[0.0, 0.0, 3.0])[2]["x", "x"].tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    assert mc.derive("J = prod(x)", "x", order=2)["x", "x"].source() == "prod_pairs(x)"


def test_a_row_beside_matrices_shares_their_factor() -> None:
    """The sum that was left beside the factor was taken for a row, as its first term is: no code came."""
    program = "B: symmetric(4); J = sum(pinv([6*eye(4) + tanh(B); ones(4).T].T))"
    rng = np.random.default_rng(0)
    B, E = (a + a.T for a in rng.normal(size=(2, 4, 4)))
    _, _, hessians = mc.compile(program, wrt="B", order=2)(B=B)

    def value(h: float) -> float:
        return float(np.linalg.pinv(np.vstack([6 * np.eye(4) + np.tanh(B + h * E), np.ones((1, 4))]).T).sum())

    steps = [(value(h) - 2 * value(0) + value(-h)) / h**2 for h in (2e-3, 1e-3)]
    found = np.einsum("ij,ijkl,kl->", E, hessians["B", "B"], E)
    assert abs(found - (4 * steps[1] - steps[0]) / 3) < 1e-6 * abs(found)


def test_powers_whose_base_is_zero_by_their_exponents() -> None:
    """``log(x)*x**t`` is 0 at x = 0 where t is positive; it was nan."""
    x, t, step = np.array([0.0, 0.5, 2.0]), 1.5, 1e-6
    _, gradients, hessians = mc.compile("J = sum(x**t); t: scalar", "t", order=2)(x=x, t=t)
    slope = (np.sum(x ** (t + step)) - np.sum(x ** (t - step))) / (2 * step)
    assert gradients["t"] == pytest.approx(slope, rel=1e-8)
    curvature = np.sum(x ** (t + 1e-4) - 2 * x**t + x ** (t - 1e-4)) / 1e-8
    assert hessians["t", "t"] == pytest.approx(curvature, rel=1e-6)
    vectors = mc.compile("J = sum(w*x**y)", "y")(x=x, y=np.array([1.0, 2.0, 3.0]), w=np.ones(3))[1]["y"]
    np.testing.assert_allclose(vectors, [0.0, 0.25 * np.log(0.5), 8 * np.log(2.0)])
    with np.errstate(all="ignore"):
        # infinite where it is: x**(t - 1) is 1 there; and where the value itself has the logarithm
        second = mc.compile("J = sum(x**t); t: scalar", ["x", "t"], order=2)(x=x, t=1.0)[2]["x", "t"]
        assert not np.isfinite(second[0])
        assert np.all(np.isfinite(second[1:]))
        assert np.isnan(mc.compile("J = sum(x**t*log(x)); t: scalar", "t")(x=x, t=t)[0])


@pytest.mark.parametrize("value", ["sum(V*pinv(U.T@U + eye(3)))", "norm(pinv(U.T@U + eye(3))@V)"])
def test_a_pseudo_inverse_of_what_is_invertible_changes_as_an_inverse(value: str) -> None:
    """Its own law has four terms, and second derivatives of nested pseudo-inverses took minutes."""
    program = f"U, V: matrix(3, 3)\nJ = {value}"
    d = mc.derive(program, "U")
    assert len(d["U"].source()) < 130
    inputs = {name: np.random.default_rng(5).normal(size=(3, 3)) for name in "UV"}
    truth = derivative(d.value.node, d.program.names["U"], inputs, {})
    assert close(evaluator(inputs, {})(d.gradients["U"]).ravel(), truth.ravel(), 1e-6)
    free = mc.derive("V: matrix(3, 3)\nJ = sum(V*pinv(U)); U: matrix(3, 3)", "U")["U"].source()
    assert free.count("pinv") > 3  # of what may be singular, all terms


@pytest.mark.parametrize("inside", ["sinh(outer(c, h))", "tanh(outer(exp(c), h))"])
def test_second_derivatives_whose_terms_meet_beside_a_delta(inside: str) -> None:
    """Terms were gathered over an index that a delta makes another: blocks by ``c`` were wrong."""
    program = f"c, h, y: vector(4)\nJ = norm(pinv([6*eye(4) + {inside}; y.T - c.T]))"
    gradient, second = mc.compile(program, ["c", "h"]), mc.compile(program, ["c", "h"], order=2)
    numbers = np.random.default_rng(0)
    at = {name: numbers.normal(size=4) for name in "chy"}
    _, _, hessians = second(**at)
    for x in "ch":
        for y in "ch":
            columns = []
            for k in range(4):
                moved = [gradient(**{**at, y: at[y] + sign * 1e-5 * np.eye(4)[k]})[1][x] for sign in (1, -1)]
                columns.append((moved[0] - moved[1]) / 2e-5)
            np.testing.assert_allclose(hessians[x, y], np.stack(columns, 1), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("body", ["U[i, j]**2", "U[i, j]**3", "U[i, j]/A[i, j]"])
def test_index_terms_of_one_operation_are_no_operators(body: str) -> None:
    """A note on elementwise operators looked for their operands in index terms, and ended in an IndexError."""
    derivation = mc.derive(f"J = sum({{i, j: {body}}})", "U")
    assert not any("elementwise" in note for note in derivation.notes)
    U, A = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 9.0]])
    given = {"A": A} if "A" in body else {}
    _, gradients = mc.compile(f"J = sum({{i, j: {body}}})", "U")(U=U, **given)
    expected = {"U[i, j]**2": 2 * U, "U[i, j]**3": 3 * U**2, "U[i, j]/A[i, j]": 1 / A}[body]
    np.testing.assert_allclose(gradients["U"], expected, rtol=1e-14)


def test_lifted_factors_are_not_yet_as_wide_as_their_product() -> None:
    """Work in place took the product of two lifted factors for an array of all of the axes."""
    program = "B: matrix(3, 4); J = {i, j: sum(k: B[i, k]*ones(4, n)[k, j])}"
    _, gradients = mc.compile(program, "B", optimize={"structure": False})(B=np.ones((3, 4)), n=2)
    expected = np.einsum("ik,j,l->ijkl", np.eye(3), np.ones(2), np.ones(4))
    np.testing.assert_array_equal(gradients["B"], expected)


def test_a_mask_between_a_row_and_a_column_makes_an_outer_product() -> None:
    """Guarding ``[C > D] * ...`` multiplied a row with a column where the mask alone is a matrix."""
    program = "A: posdef(m); H: matrix(m, 4); X: posdef(m); b = std(H*H, axis=1); J = b.T@where(X <= X, A, X)@b"
    H, A, X = np.array([[1.0, 2.0, 3.0, 5.0], [2.0, 2.5, 0.0, 1.0]]), np.eye(2), 2 * np.eye(2)
    b = (H * H).std(axis=1)
    gradients = mc.compile(program, ["A", "X"])(H=H, A=A, X=X)[1]
    np.testing.assert_allclose(gradients["A"], np.outer(b, b))
    assert not gradients["X"].any()


def test_powers_in_index_terms_below_a_name_are_in_the_code() -> None:
    """Only index terms that were a whole result had their powers in code: elsewhere ``A[i, k]**2`` was ``A[i, k]``."""
    program = "J = {i, j: sum(k, l: A[i, k]**2*B[k, l]*C[l, j]*D[i, l]*E[k, j]/t)}"
    rng = np.random.default_rng(1)
    A, B, C, D, E = rng.normal(size=(5, 3, 3))
    value, gradients = mc.compile(f"t: scalar\n{program}", ["A", "t"])(A=A, B=B, C=C, D=D, E=E, t=2.0)
    expected = np.einsum("ik,kl,lj,il,kj->ij", A**2, B, C, D, E) / 2
    np.testing.assert_allclose(value, expected)
    np.testing.assert_allclose(gradients["t"], -expected / 2)
    np.testing.assert_allclose(np.einsum("ijab,ab->ij", gradients["A"], A), 2 * expected)  # Euler, degree 2


def test_powers_in_index_terms_among_the_factors_of_index_terms() -> None:
    program = "U: matrix(2, n); y: row(n); S: matrix(n, 2); J = dot(vec(outer(mean(U, axis=1), softmax(y).T)), vec(S))"
    rng = np.random.default_rng(2)
    U, y, S = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(3, 2))
    derivation = mc.derive(program, ["y", "S"], order=2)
    assert expression(derivation["y", "S"].source(), beside(derivation.program)) is derivation["y", "S"].node
    _, _, hessians = mc.compile(program, ["y", "S"], order=2)(U=U, y=y, S=S)
    p = np.exp(y) / np.exp(y).sum()
    slopes = np.einsum("m,ij->ijm", U.mean(axis=1), np.diag(p) - np.outer(p, p))  # of the product's entry m, j by y_i
    columns = np.moveaxis(slopes, 1, 2).reshape(3, 6, order="F").reshape(3, 3, 2, order="F")
    np.testing.assert_allclose(hessians["y", "S"], columns)


def test_what_a_type_assumes_is_not_used_before_index_terms_are_differentiated() -> None:
    """``sum(k: H[i, k]**2)`` of an orthogonal matrix was 1 when it was read, and its derivative 0."""
    H, x = np.array([[0.6, 0.8], [-0.8, 0.6]]), np.array([2.0, 3.0])
    _, gradients = mc.compile("H: orthogonal(2)\nJ = {i: sum(k: H[i, k]*H[i, k])}", "H")(H=H)
    np.testing.assert_allclose(gradients["H"], 2 * np.einsum("ij,jk->ijk", np.eye(2), H))
    _, gradients = mc.compile("H: orthogonal(2)\nZ = H\nJ = {i: sum(j, k: Z[j, i]*Z[j, k]*x[k])}", "H")(H=H, x=x)
    expected = np.einsum("il,k->ikl", np.eye(2), H @ x) + np.einsum("ki,l->ikl", H, x)
    np.testing.assert_allclose(gradients["H"], expected, atol=1e-15)
    value, gradients = mc.compile("p: simplex(2)\nJ = {i: sum(j: p[j])*x[i]}", ["p", "x"])(p=[0.25, 0.75], x=x)
    assert value.tolist() == [2, 3]
    assert gradients["p"].tolist() == [[2, 2], [3, 3]]
    assert gradients["x"].tolist() == [[1, 0], [0, 1]]


def test_a_norm_that_is_zero_below_a_matrix() -> None:
    """``A/(norm(c*X)*M)`` was 0/0 where X is 0: only a norm by itself was known to be a divisor of that kind."""
    program = "R: matrix(2, 2) positive\nJ = norm(logsumexp(R**0.5)*W)"
    value, gradients = mc.compile(program, "R")(R=np.ones((2, 2)), W=np.zeros((3, 2)))
    assert value == 0
    assert not gradients["R"].any()
    assert mc.check(program, "R").passed


def test_a_sum_of_thousands_of_index_terms_is_an_expression_that_python_reads() -> None:
    """Signed terms one behind the other were nested as deep as there are terms."""
    terms = [(Fraction(k % 3 - 1 or 2), "a,a->a", 2) for k in range(3000)]
    text = einsum_text(Value("einsum", (), tuple(terms), ("n",)), ["x"] * 6000, str)
    found = eval(compile(ast.parse(text, mode="eval"), "", "eval"), {"np": np, "x": np.ones(1)})
    assert found.tolist() == [sum(c for c, _, _ in terms)]


def test_index_terms_inside_others_are_in_the_program_s_syntax() -> None:
    """Powers among the factors of index terms were written with ``**`` in the MATLAB-style syntax."""
    program = "U: matrix(2, n); y: row(n); S: matrix(n, 2); J = dot(vec(outer(mean(U, axis=1), softmax(y)')), vec(S))"
    derivation = mc.derive(program, ["y", "S"], order=2, syntax="matlab")
    source = derivation["y", "S"].source()
    assert "n^(-1)" in source
    assert expression(source, beside(derivation.program)) is derivation["y", "S"].node


def test_powers_with_many_exponents_of_one_scalar() -> None:
    """``t**c`` with a vector c is no scalar: its power and that of t had been added as if it were."""
    value, gradients = mc.compile("t: scalar\ny = log(t**c)*t", ["t", "c"])(t=2.0, c=[1.0, 3.0])
    np.testing.assert_allclose(value, 2 * np.log(2) * np.array([1, 3]))
    np.testing.assert_allclose(gradients["t"], (np.log(2) + 1) * np.array([1, 3]))
    np.testing.assert_allclose(gradients["c"], 2 * np.log(2) * np.eye(2))


def test_what_is_known_of_a_name_s_value_is_not_used_before_index_terms_are_differentiated_by_it() -> None:
    """``sum(k: B[k, i]*x[k])`` was read as ``B@x`` where B is symmetric by its value: its derivative was transposed."""
    rng = np.random.default_rng(3)
    A, x = rng.normal(size=(3, 3)), rng.normal(size=3)
    program = "B = A + A.T; J = {i: sum(k: B[k, i]*x[k]*x[k])}"
    _, gradients = mc.compile(program, ["B", "A"])(A=A, x=x)
    np.testing.assert_allclose(gradients["B"], np.einsum("k,ij->ikj", x * x, np.eye(3)))
    by_a = gradients["B"] + gradients["B"].transpose(0, 2, 1)
    np.testing.assert_allclose(gradients["A"], by_a)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("tr(B.T@C@B@B)", "A + A.T"), ("sum(tanh(B.T@z))", "A + A.T"), ("logdet(B@B.T@C.T@C + B)", "A@A.T + eye(3)"),
        ("sum(B*(B.T@C))", "A - A.T"), ("z.T@inv(B.T + C)@z", "A + A.T"), ("sum(exp(B.T@C@B))", "diag(z)"),
    ],
)  # fmt: skip
def test_what_is_known_of_a_name_s_value_is_not_used_in_a_gradient_that_is_differentiated_by_it(body, value) -> None:
    """Second derivatives by a B that is symmetric by its value were those of a gradient in which ``B.T`` was B."""
    rng = np.random.default_rng(4)
    inputs = {"A": rng.normal(size=(3, 3)), "C": rng.normal(size=(3, 3)), "z": rng.normal(size=3)}
    declared = {"A": "A: matrix(3, 3)", "C": "C: matrix(3, 3)", "z": "z: vector(3)", "B": "B: matrix(3, 3)"}
    named = [name for name in "ACz" if name in body + value]
    free = [name for name in "Cz" if name in body]
    program = "; ".join([*[declared[name] for name in named], f"B = {value}", f"J = {body}"])
    by_name = mc.compile(program, ["B"], order=2)(**{name: inputs[name] for name in named})
    at = mc.compile("; ".join([*[declared[name] for name in named], f"B = {value}"]), [])(
        **{name: inputs[name] for name in named if name in value}
    )[0]
    plain = mc.compile("; ".join([*[declared[name] for name in [*free, "B"]], f"J = {body}"]), ["B"], order=2)
    expected = plain(B=at, **{name: inputs[name] for name in free})
    np.testing.assert_allclose(by_name[1]["B"], expected[1]["B"], rtol=1e-9)
    np.testing.assert_allclose(by_name[2]["B", "B"], expected[2]["B", "B"], rtol=1e-9, atol=1e-9)


def test_pairs_of_indices_whose_size_is_a_product_are_read_back() -> None:
    """``k*p*q + l`` is read from the left; the size is ``p*q``."""
    derivation = mc.derive("Y = kron(abs(y), kron(W, z))", "y")
    source = derivation["y"].source()
    assert "k*(m*p) + l" in source
    assert expression(source, beside(derivation.program)) is derivation["y"].node


def test_coefficients_below_all_floats_are_no_denominators_above_them() -> None:
    """``/1e320`` was written of ``1e-320``, and is larger than any float."""
    derivation = mc.derive("1e-320*X@X@v", "X")
    source = derivation["X"].source()
    assert "1e-320*X[i, j]" in source
    assert expression(source, beside(derivation.program)) is derivation["X"].node


def test_unused_inputs_and_functions_do_not_break_checks() -> None:
    """The sizes of an input, and the functions of a variable, that the value does not use were missing."""
    program = "lambda: simplex(k)\nJ = -y.T@log(softmax(W@x + b))"
    result = run("code", program, "--wrt", "x", "--style", "gates")
    assert result.exit_code == 0, result.output
    assert mc.check("t: scalar\nz = W@x + b\ns = u.T@f(z)\nJ = (1 - t)*log(1 - p)", "s").passed


@pytest.mark.parametrize("value", ["sum(f'(x))", "sum(f''(x))", "sum(f'(x*g''(x)))"])
def test_derivatives_of_unknown_functions_beyond_the_second_are_read_back(value: str) -> None:
    d = mc.derive(f"J = {value}", "x", order=2)
    for result in d.values():
        assert expression(result.source(), beside(d.program)) is result.node
    assert mc.check(f"J = {value}", "x", order=2).passed


def test_exponents_with_too_many_digits_to_be_read() -> None:
    with pytest.raises(mc.LimitError, match="more than 100 digits"):
        mc.derive("J = sum(x**1e-320)", "x")
    assert mc.derive("J = sum(x**1e-60)", "x")["x"].source().startswith("1e-60/x**9.9999")
