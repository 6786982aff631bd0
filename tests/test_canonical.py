"""What expressions become when they are simplified, each for a line of the index algebra that nothing longer shows."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations

import pytest
from differences import close, evaluator, point

import matcalc as mc
from matcalc.calculus import contraction, gathering, grouping, items, transposing
from matcalc.calculus.factoring import write
from matcalc.calculus.lowering import lower
from matcalc.calculus.simplify import SMALL, _simple, shorter, simplify
from matcalc.calculus.telling import told_apart
from matcalc.calculus.tensors import entries
from matcalc.calculus.terms import FIRST, Raw, Sum, _label, normalise
from matcalc.calculus.writing import t
from matcalc.expressions import dims
from matcalc.language.program import elaborate
from matcalc.operations import table
from matcalc.operations.table import make, variable
from matcalc.render.source import source

BECOME = [
    # determinants of factors, each with its power; an orthogonal one has none
    ("A: posdef(n); logdet(cholesky(A)@cholesky(A).T)", "logdet(A)"),
    ("A: posdef(n); B: matrix(n, n); logdet(cholesky(A)@B@cholesky(A).T)", "logdet(A) + logdet(B)"),
    ("Q: orthogonal(n); A, B: matrix(n, n); logdet(Q@A@B)", "logdet(A) + logdet(B)"),
    ("Q: orthogonal(n); A: matrix(n, n); logdet(A@Q)", "logdet(A)"),
    # numbers before inverses and signs
    ("A, B: matrix(n, n); inv(2*(A + B))", "inv(A + B)/2"), ("A, B: matrix(n, n); inv(-(A + B)/3)", "-3*inv(A + B)"),
    ("sign(x*(-3)/y)", "-sign(x/y)"), ("s, t: scalar positive; step(-2*s*x/(3*t))", "step(-s*x/t)"),
    ("step(2*z*(x - y))", "step(z*(x - y))"), ("step(2*z*(y - x))", "step(z*(y - x))"),
    # one diagonal of a sum
    ("diag(a) - eye(n)", "diag(a - 1)"), ("diag(a*b) - diag(a*c)", "diag(a*(b - c))"),
    ("2*diag(a) - 3*eye(n) + diag(b) + A", "diag(2*a + b - 3) + A"), ("diag(a/b) + diag(c/b)", "diag((a + c)/b)"),
    ("A@diag(a**2)@A.T - A@diag(b)@A.T", "A@diag(a**2 - b)@A.T"), ("diag(A@x) + diag(B@x)", "diag((A + B)@x)"),
    ("t: scalar; t*eye(n) - diag(a)*t", "t*diag(1 - a)"), ("diag(a) - diag(b) - diag(a) + eye(n)", "diag(1 - b)"),
    ("s, t: scalar; s*eye(n) + t*eye(n)", "(s + t)*eye(n)"), ("D: diagonal(n); D + eye(n)", "eye(n) + D"),
    ("mu: scalar; 2*(diag(a) + mu*eye(n))@x", "2*x*(a + mu)"), ("inv(diag(a) + eye(n))@x", "x/(a + 1)"),
    ("solve(2*diag(a) - 2*diag(b), x)", "x/(2*(a - b))"), ("A@(diag(a) - eye(n))@B", "A@diag(a - 1)@B"),
    ("mu: scalar; x.T@(diag(a) + mu*eye(n))@y", "sum(x*y*(a + mu))"),
    # polynomials in one thing by their roots, where that is as short
    ("2*z**3 - 3*z**2 + z", "z*(1 - z)*(1 - 2*z)"), ("x**2 + 2*x + 1", "(x + 1)**2"),
    ("t: scalar; t**2/4 - t + 1", "(2 - t)**2/4"), ("x**4 + 4*x**3 + 6*x**2 + 4*x + 1", "(x + 1)**4"),
    ("x**2 + 3*x + 1", "x*(x + 3) + 1"), ("x**2 - 1", "x**2 - 1"), ("A@(x**2 - 3*x + 2)", "A@((2 - x)*(1 - x))"),
    ("X: matrix(m, n); X*X + 2*X + 1", "(X + 1)**2"), ("A@A + 2*A + eye(n)", "A@A + 2*A + eye(n)"),
    ("(A@x)**2 + 2*A@x + 1", "(A@x + 1)**2"), ("s, t: scalar; s*t**2 - 2*s*t + s", "s*(1 - t)**2"),
    ("t: scalar; t**2 - 2*t*x + x", "t*(t - 2*x) + x"),
    # fractions inside a sum that is a factor
    ("s: scalar; 2*x/(s**2*(1 + x**2/s**2))", "2*x/(x**2 + s**2)"), ("x/(y*(A@z/y + 1))", "x/(A@z + y)"),
    ("r, s, t: scalar; r/(t*(1/t + 1/s))", "r*s/(s + t)"), ("1/(1 + 1/x)", "x/(x + 1)"),
    ("t: scalar; A/(t*(B/t + C))", "A/(t*C + B)"), ("A/(y*(B/y + 1))", "A/(y*(B/y + 1))"),
    ("s: scalar; B@(y/(s*(x/s + 1)))", "B@(y/(s + x))"),
    ("s, t: scalar; sqrt(1/s + 1/t)/t", "sqrt(1/t + 1/s)/t"), ("A/((B/A + 1)*A).T", "A/(A + B).T"),
    ("y/(exp(-x) + exp(-z))", "y/(exp(-x) + exp(-z))"),
    # what was closed into a factor meets its like
    ("x.T@y*A@B/tr(C) - (x.T@y/tr(C)*A - C)@B - A@B", "(C - A)@B"),
    # a sum that is its own transpose stays as it is
    ("B@(A + A.T)", "B@(A + A.T)"), ("x@((A + A.T)@x).T", "x@x.T@(A + A.T)"),
    # softmax by its logarithm
    ("exp(x - logsumexp(x))", "softmax(x)"), ("X: matrix(m, n); exp(X - logsumexp(X))", "exp(X - logsumexp(X))"),
    ("X: matrix(m, n); exp(X - logsumexp(X, axis=1))", "softmax(X, axis=1)"),
    # a number times a sum
    ("A, B: matrix(m, n); (2*A - B)/2", "A - B/2"), ("A, B: matrix(m, n); -1/2*(2*A - 4*B)", "2*B - A"),
    ("A, B: matrix(m, n); -A - B", "-A - B"), ("A, B: matrix(m, n); -2*A - 2*B", "-2*(A + B)"),
    # opposites, and quotients that cancel
    ("a, t: scalar; sigmoid(t)*a + sigmoid(-t)*a", "a"), ("t: scalar; sigmoid(-t)*a", "sigmoid(-t)*a"),
    ("t: scalar positive; sqrt(t)*(sqrt(t) - 1/sqrt(t))", "t - 1"),
    ("t: scalar positive; t*(1/t - t)", "1 - t**2"),
    # like terms in the argument of a function, that meet after what they have in common is taken out
    ("t: scalar; exp(t*x - (t - 1)*x)", "exp(x)"), ("A, B, C: matrix(n, n); inv(A@B - A@(B - C))", "inv(A@C)"),
    ("t: scalar; step((t - 1)*x - t*x)", "step(-x)"), ("exp(x*(y - 1) - x*y + x)", "ones(n)"),
    ("A, B: matrix(n, n); norm(A@x - (A - B)@x)", "norm(B@x)"),
    # quotients by columns and rows, products of sums, selected rows and columns
    ("{i, j: y[j]/x[i]}", "(1/x)@y.T"), ("A: matrix(n, n); A.T/3/sigmoid(y).T", "A.T/(3*sigmoid(y).T)"),
    ("x: vector(n); (y - 1).T@(ones(n, n)@y)", "sum(y)*(sum(y) - n)"), ("(1 + exp(-x))**2", "(exp(-x) + 1)**2"),
    ("a, b: scalar; a*b*x + b*a*x", "2*a*b*x"), ("A: matrix(4, 5); eye(4)[1:3, :]@A", "A[1:3, :]"),
    ("A: matrix(4, 5); x.T@A@eye(5)[:, 1:3]", "x.T@A[:, 1:3]"),
    ("A, B: matrix(n, n); t: scalar; B.T@A.T/t", "(A@B/t).T"),
    ("A, B, C: matrix(n, n); t: scalar; -C.T@B.T@A.T/t", "-(A@B@C/t).T"),
    ("t, s: scalar positive; (t*s)**(-3/2)*t", "1/(s*sqrt(s*t))"),
    ("t, s: scalar positive; (t*s)**(-1/2)*t", "t/sqrt(s*t)"),
    # what stands beside a unit vector is its entry there
    ("x: vector(5); x*eye(5)[:, 2]/x[2]", "eye(5)[:, 2]"),
    ("x: vector(5); x*(1 - eye(5)[:, 2]/x[2])", "x - eye(5)[:, 2]"), ("eye(5)[:, 2]*eye(5)[:, 2]", "eye(5)[:, 2]"),
    ("eye(5)[:, 2]*eye(5)[:, 3]", "zeros(5)"), ("A: matrix(5, m); y.T@(A*eye(5)[:, 2])", "y[2]*A[2, :]"),
    # what hangs on an index beside other things is one factor, which meets its like
    ("A: matrix(n, n); A@x/(A@x)", "ones(n)"), ("A, B: matrix(n, n); B@(A@x/(A@x))", "B@ones(n)"),
    ("A: matrix(n, n); sum(inv(diag(A@x)))", "sum(1/(A@x))"), ("A: matrix(n, n); det(A.T@A)*det(A)", "det(A)**3"),
    ("eye(5)[2, :] - eye(5)[:, 2].T", "zeros(1, 5)"),
    # minus a difference turned round, inside products and quotients too
    ("A, B, C: matrix(n, n); -tr((A - B)@C)", "tr(C@(B - A))"),
    ("A, B, C: matrix(n, n); -sum((A - B)*C)", "sum(C*(B - A))"),
    ("A, B, C: matrix(n, n); -sum((A - B)/C)", "sum((B - A)/C)"),
    ("A, B, C: matrix(n, n); -sum(A/(B - C))", "sum(A/(C - B))"),
    # columns beside rows
    ("A: matrix(n, n); A*{i, j: y[j]/x[i]} + A*{i, j: x[j]/y[i]}", "A*((1/x)@y.T + (1/y)@x.T)"),
    ("A: matrix(m, n); {i, j: sum(k: A[i, k]*x[k]) + sum(k: A[i, k]*y[k]) + z[j]}", "A@(x + y) + ones(m)@z.T"),
    ("A: matrix(m, n); {i, j: sum(k: A[k, j]*x[k]) + sum(k: A[k, j]*y[k]) + z[i]}", "ones(p)@(x + y).T@A + z"),
    ("s: scalar; A: matrix(n, n); (y.T - B)*(A/s) + (1 - A)*(2 - A)*(x/A)", "A*(x - (B - y.T)/s) - x*(3 - 2/A)"),
    # the order of names in a difference: Latin before Greek
    ("a, beta: scalar; a*x - beta*x", "(a - beta)*x"), ("a, beta: scalar; beta*x - a*x", "(beta - a)*x"),
    # transposes over quotients by a scalar
    ("A, B: matrix(m, n); t: scalar; ((A - B)/t).T", "(A - B).T/t"), ("A: matrix(m, n); t: scalar; (A.T/t).T", "A/t"),
    ("A, B: matrix(n, n); t: scalar; (B.T@A.T/t).T", "A@B/t"),
    # scalars made of summed indices stand apart
    ("A: matrix(n, n); tr(A)*(x.T@y)*z", "x.T@y*tr(A)*z"), ("x*sum(y)*(y.T@y)", "y.T@y*sum(y)*x"),
    ("{i, j: sum(k: x[k]*y[k]*A[i, j])}", "x.T@y*A"),
    ("{i: sum(j: S[i, j]*S[j, i])}; S: symmetric(n)", "sum(S**2, axis=1)"),
    # and the rest, line by line
    ("x: vector(5); x[1:3]", "x[1:3]"), ("A: matrix(4, 5); A[1:3, :]", "A[1:3, :]"),
    ("A: matrix(4, 5); x: vector(5); A[:, 1:3]@x[1:3]", "A[:, 1:3]@x[1:3]"),
    ("{i, j: x[i]/y[j]}", "x@(1/y).T"), ("{i, j: A[i, j]/(x[i]*y[j])}; A: matrix(m, n)", "A/x/y.T"),
    ("X: matrix(m, n); X@inv(X.T@X)", "pinv(X).T"), ("X: matrix(m, n); inv(X.T@X)@X.T", "pinv(X)"),
    ("X: matrix(n, m); X.T@inv(X@X.T)", "pinv(X)"), ("X: matrix(n, m); inv(X@X.T)@X", "pinv(X).T"),
    ("A: matrix(m, n); u: vector(m); v: vector(n); A/u", "A/u"), ("A: matrix(m, n); v: vector(n); A/v.T", "A/v.T"),
    ("t: scalar; t*(x.T@y)", "x.T@y*t"), ("t: scalar; 2*t*(x.T@y)", "2*(x.T@y)*t"),
    ("t: scalar; t**2*(x.T@y)*(x.T@x)", "x.T@x*(x.T@y)*t**2"), ("ones(4, 5)[1, :]", "ones(1, 5)"),
    ("zeros(4, 5)[:, 2] + x", "x"), ("ones(4, 5)[1:3, 2]", "ones(2)"), ("D: diagonal(n); diag(diag(D))", "D"),
    ("D: diagonal(n); diag(1/diag(D))", "inv(D)"),
    ("A: matrix(n, n); B: matrix(n, n); -(A@B + B@A).T", "(-B@A - A@B).T"),
    ("A: matrix(n, n); B: matrix(n, n); t: scalar; (A.T@B.T + B.T@A.T)/t", "(B@A + A@B).T/t"),
    ("A: matrix(n, n); B: matrix(n, n); -A.T@B.T - B.T@A.T", "(-B@A - A@B).T"),
    ("A: matrix(n, n); sum(x)*A + sum(x)*B", "sum(x)*(A + B)"), ("a, b: scalar; a*b*x + a*b*y", "a*b*(x + y)"),
    ("A, B: matrix(m, n); A*x + B*x", "x*(A + B)"), ("A, B: matrix(m, n); t: scalar; t*A*B + t*A", "t*A*(B + 1)"),
    ("-(x - y)@(x - y).T", "-(x - y)@(x - y).T"), ("A: matrix(n, n); kron_left(kron(A, B), B, n, n)", "sum(B**2)*A"),
    ("A, B: matrix(n, n); inv(2*A + 2*B)", "inv(A + B)/2"), ("A, B: matrix(n, n); inv(A/3 + B/3)", "3*inv(A + B)"),
    ("A, B: matrix(n, n); inv(2*(A@B))", "inv(A@B)/2"), ("A, B: matrix(n, n); t: scalar; inv(t*A@B)", "inv(A@B)/t"),
    ("A, B: matrix(n, n); inv(A@B)", "inv(A@B)"), ("D: diagonal(n); diag(diag(D))@A", "A*diag(D)"),
    ("D: diagonal(n); inv(diag(diag(D)))@x", "x/diag(D)"), ("A, B: matrix(n, n); -tr(A - B)", "tr(B) - tr(A)"),
    ("-sum(x - y)", "sum(y - x)"), ("-mean(x - y)", "mean(y - x)"), ("-(x - y).T", "y.T - x.T"),
    ("t: scalar; -t*(x - y)", "t*(y - x)"), ("t: scalar; -(x - y)/t", "(y - x)/t"), ("sum(ones(3))", "3"),
    ("x: vector(n); sum(ones(n))", "n"), ("tr(eye(n) - ones(n, n)/n)", "n - 1"), ("x: vector(3); sum(x*0 + 2)", "6"),
    ("x: vector(n); y: vector(m); sum(0*[x; y] + 1)", "m + n"), ("(1/(1 + exp(-x)))**2", "sigmoid(x)**2"),
    ("1/(1 + exp(x))", "sigmoid(-x)"), ("x/(1 + exp(-x))", "x*sigmoid(x)"),
    ("A: matrix(m, n); unvec(vec(A)**2, m, n)", "A**2"), ("A: matrix(m, n); unvec(exp(2*vec(A)), m, n)", "exp(2*A)"),
    ("vec(unvec(x, m, n))", "x"), ("Q: orthogonal(n); norm(Q@x)", "norm(x)"),
    ("Q, P: orthogonal(n); A: matrix(n, n); norm(Q@A@P)", "norm(A)"), ("Q, P: orthogonal(n); norm(Q@P)", "norm(P)"),
    ("A: matrix(n, n); Q: orthogonal(n); det(Q@A@Q)", "det(A)"), ("x: vector(5); x[1:][0]", "x[1]"),
    ("A: matrix(4, 5); A.T[0, 1]", "A[1, 0]"), ("ones(3)[1]", "1"), ("eye(3)[0, 1] + eye(3)[2, 2]", "1"),
    ("sign(x)*abs(x)", "x"), ("sign(x)/abs(x)", "1/x"), ("sign(x)*x", "abs(x)"),
    ("X: matrix(m, n); exp(X)/sum(exp(X), axis=0)", "softmax(X, axis=0)"),
    ("X: matrix(m, n); exp(X)/sum(exp(X), axis=1)", "softmax(X, axis=1)"), ("exp(x)/sum(exp(x))", "softmax(x)"),
    ("t: scalar; A, B: matrix(m, n); A + B - t*(A + B)", "(1 - t)*(A + B)"),
    ("A, B, C: matrix(m, n); A*B + A*C", "A*(B + C)"), ("a, b: scalar; a*x + b*x", "(a + b)*x"),
    ("x@y.T@A + x@z.T@A", "x@(y + z).T@A"), ("A: matrix(m, n); A@x + A@y", "A@(x + y)"),
    ("A: matrix(n, n); A@eye(n) + x@ones(n).T", "A + x"), ("A: matrix(n, n); 2*(A + B)/2", "A + B"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "form"), BECOME)
def test_simplified(text: str, form: str) -> None:
    value = elaborate(text).value
    node = simplify(value)
    assert source(node) == form
    _simple.clear()  # what it remembers of its results
    assert simplify(node) is node
    at = point(value, seed=text)
    assert close(evaluator(at)(node), evaluator(at)(value))


@pytest.mark.parametrize(
    ("program", "variable", "becomes"),
    [
        ("t: scalar; (sum(x) - t)**3", "t", "-3*(sum(x) - t)**2"),
        ("Y = X@A; s = Y[1, 0]", "A", "X[1, :].T@eye(p)[:, 0].T"),
        ("x: row(n); y = tanh(x@A)", "A", "{i, j, k: (1 - y[k]**2)*eye(m)[i, k]*x[j]}"),
        ("A: matrix(n, n); Y = inv(A)@ones(n)@x.T", "A", "{i, j, k, l: -inv(A)[i, k]*x[j]*sum(p: inv(A)[l, p])}"),
    ],
)
def test_derivatives_are_as_short_as_can_be(program: str, variable: str, becomes: str) -> None:
    assert mc.derive(program, variable)[variable].source() == becomes
    assert mc.check(program, variable).passed


@pytest.mark.parametrize(
    ("program", "variable", "becomes"),
    [
        ("z = W@x; p = softmax(z); J = -log(p[2])", "z", "p - eye(n)[:, 2]"),
        ("z = W@x; p = softmax(z); J = -log(p[2])", "W", "(p - eye(n)[:, 2])@x.T"),
        ("z = W@x; J = logsumexp(z) - z[2]", "x", "W.T@(softmax(z) - eye(n)[:, 2])"),
        ("p = softmax(U.T@v); J = -log(p[3])", "v", "U@p - U[:, 3]"),
        ("X: matrix(n, d); P = softmax(X@W, axis=1); J = -log(P[1, 2])", "W", "X[1, :].T@(P[1, :] - eye(m)[:, 2].T)"),
        ("y = A@x; s = y[1]**3", "A", "3*y[1]**2*eye(n)[:, 1]@x.T"),
        ("x: vector(n); s = norm(x)*x[1]", "x", "x[1]*x/norm(x) + norm(x)*eye(n)[:, 1]"),
    ],
)
def test_a_class_by_its_number(program: str, variable: str, becomes: str) -> None:
    assert mc.derive(program, variable)[variable].source() == becomes
    assert mc.check(program, variable).passed


def test_a_sum_that_stands_apart_is_closed_whatever_else_has_free_indices() -> None:
    node = simplify(elaborate("{i, j: sum(k, l: B[k, l]*C[k, l]*A[i, j]*z[j])}; B: matrix(p, q)").value)
    assert source(node) in ("sum(B*C)*(A*z.T)", "sum(B*C)*A*z.T", "sum(B*C)*A@diag(z)")


def test_the_order_of_a_symmetric_matrixs_indices_says_nothing() -> None:
    S, A = variable("S", ("n", "n"), "symmetric"), variable("A", ("n", "n"))
    one = _label([(A, 1, (0, 8)), (S, 1, (8, 9)), (A, 1, (9, 10)), (A, 1, (10, 1))], {0, 1})
    other = _label([(A, 1, (0, 20)), (S, 1, (11, 20)), (A, 1, (11, 10)), (A, 1, (10, 1))], {0, 1})
    assert one == other
    B = variable("B", ("n", "n"))
    assert _label([(B, 1, (8, 9)), (A, 1, (0, 8)), (A, 1, (9, 1))], {0, 1}) != _label(
        [(B, 1, (9, 8)), (A, 1, (0, 8)), (A, 1, (9, 1))], {0, 1}
    )


def test_numbering_keeps_indices_apart() -> None:
    A = variable("A", ("n", "n"))
    found = gathering._numbered([(A, 1, (0, FIRST)), (A, 1, (FIRST, FIRST + 1)), (A, 1, (FIRST + 1, 1))])
    assert [index for _, _, index in found] == [(0, FIRST), (FIRST, FIRST + 1), (FIRST + 1, 1)]
    turned = gathering._numbered([(A, 1, (0, FIRST + 5)), (A, 1, (FIRST + 5, FIRST)), (A, 1, (FIRST, 1))])
    assert turned == found


def test_what_is_the_same_from_everywhere_is_one_class() -> None:
    A, B = variable("A", ("n", "n")), variable("B", ("n", "n"))
    ring = [(A, 1, (8 + k, 8 + (k + 1) % 5)) for k in range(5)]
    assert told_apart(ring, range(8, 13)) == [[8, 9, 10, 11, 12]]
    assert sorted(map(len, told_apart([*ring, (B, 1, (8, 8))], range(8, 13)))) == [1] * 5


def test_the_content_of_terms_has_their_common_sign() -> None:
    def content(text: str) -> object:
        found = items.items_of(lower(elaborate(text).value))
        assert found is not None
        return grouping.content_of(found)

    assert content("A, B: matrix(m, n); -4*A - 6*B") == -2
    assert content("A, B: matrix(m, n); -A - B") == -1
    assert content("A, B: matrix(m, n); 2*A/3 - 4*B/3") == Fraction(2, 3)
    assert content("A, B: matrix(m, n); A/3 - 2*B") == 1


def test_a_column_beside_the_inverse_of_its_outer_product_is_no_pseudo_inverse() -> None:
    assert mc.derive("y = x.T@inv(x@x.T)", "x")["x"].source() == "(1 - y@x)*inv(x@x.T) - y.T@y"
    assert mc.derive("y = inv(x@x.T)@x; s = t*sum(y); t: scalar", "t")["t"].source() == "sum(y)"
    assert source(simplify(elaborate("x.T@inv(x@x.T)").value)) == "x.T@inv(x@x.T)"


def test_second_derivatives_as_they_are_printed() -> None:
    assert mc.derive("sum(sigmoid(A@x))", "x", order=2)["x", "x"].source() == (
        "A.T@diag(sigmoid(A@x)*sigmoid(-A@x)*(1 - 2*sigmoid(A@x)))@A"
    )
    assert mc.derive("x.T@A@x/(x.T@x)", "x", order=2)["x", "x"].source() == (
        "(A + A.T - 2*(x.T@A@x*eye(n) + x@x.T@(A + A.T))/(x.T@x))/(x.T@x)"
        " + 2*(4*x@x.T@A/(x.T@x) - A - A.T)@x@x.T/(x.T@x)**2"
    )


def test_two_factors_stand_in_one_order() -> None:
    A, B = variable("A", ("n", 1)), variable("B", ("n", 1))
    assert _label([(A, 1, (0,)), (B, 1, (1,))], {0, 1}) == _label([(B, 1, (1,)), (A, 1, (0,))], {0, 1})


def test_classes_are_in_the_order_in_which_they_are_told_apart() -> None:
    A, z = variable("A", ("n", "n")), variable("z", ("n", 1))
    assert told_apart([(A, 1, (0, 9)), (A, 1, (9, 8)), (z, 1, (8,))], {8, 9}) == [[9], [8]]


def test_whichever_way_symmetric_matrices_are_turned_they_are_told_apart_alike() -> None:
    S = variable("S", ("n", "n"), "symmetric")
    path = [(0, 8), (8, 9), (9, 10), (10, 11), (11, 1)]
    turned = [[i[::-1] if way >> k & 1 else i for k, i in enumerate(path)] for way in range(32)]
    assert len({_label([(S, 1, i) for i in one], {0, 1}) for one in turned}) == 1


def test_a_single_axis_is_a_column_or_a_row() -> None:
    x = variable("x", ("n", 1))
    for axis, shape in ((0, ("n", 1)), (1, (1, "n"))):
        value = Sum((1, 1), ((axis, "n"),))
        raw = Raw()
        raw.factors.append((x, 1, (axis,)))
        raw.sizes[axis] = "n"
        normalise(raw, value.free, value)
        assert entries(value, (axis,)).shape == shape


def test_terms_meet_whatever_the_order_of_their_scalars() -> None:
    a, b, c, z = variable("a", (1, 1)), variable("b", (1, 1)), variable("c", (1, 1)), variable("z", ("n", 1))
    for names in ((a, b), (a, b, c)):
        value = Sum(z.shape)
        for order in permutations(names):
            raw = Raw()
            raw.scalars = dict.fromkeys(order, 1)
            raw.factors = [(z, 1, (0,))]
            normalise(raw, value.free, value)
        assert len(value.terms) == 1


def test_what_hangs_on_no_free_index_is_written_as_a_scalar() -> None:
    y, z = variable("y", ("n", 1)), variable("z", ("m", 1))
    value = Sum(y.shape)
    value.add(((), ((y, 1, (0,)), (z, 1, (FIRST,)))), 1)
    assert source(write(value)) == "sum(z)*y"


def test_exponentials_over_their_sums_along_both_axes_are_a_softmax_once() -> None:
    exp = table.make("exp", variable("X", ("m", "n")))
    raw, value = Raw(), Sum(exp.shape)
    down, along = (table.make("sum", exp, params=(axis,)) for axis in (0, 1))
    raw.factors = [(exp, 1, (0, 1)), (down, -1, (1,)), (along, -1, (0,))]
    normalise(raw, value.free, value)
    assert source(write(value)) == "softmax(X, axis=0)/sum(exp(X), axis=1)"


def test_what_a_factor_weighs() -> None:
    x = variable("x", ("n", 1))
    assert [grouping._weight(x, p) for p in (1, -1, 2, 3)] == [2, 2, 4, 4]


def test_a_function_varies_with_what_its_body_has_besides_the_argument() -> None:
    derivation = mc.derive("f(t) = a*t**2; a: scalar; s = sum(f(x))", ["a", "x"])
    assert derivation["a"].source() == "x.T@x"
    assert derivation["x"].source() == "2*a*x"


def test_the_last_entry_that_there_is() -> None:
    assert mc.derive("y: vector(5); s = x[4]*(x.T@y)", "y")["y"].source() == "x[4]*x"
    with pytest.raises(mc.ShapeError):
        mc.derive("y: vector(5); s = x[5]*(x.T@y)", "y")


def test_entries_of_constants_are_constants() -> None:
    at, part = ("at", 1), ("slice", 1, 3)
    assert source(contraction.indexed(table.ones((4, 5)), at, ("all",))) == "ones(1, 5)"
    assert source(contraction.indexed(table.zeros((4, 5)), at, ("all",))) == "zeros(1, 5)"
    assert source(contraction.indexed(table.ones((4, 5)), part, at)) == "ones(2)"
    assert source(contraction.indexed(table.zeros((4, 5)), part, at)) == "zeros(2)"


def test_every_delta_is_resolved() -> None:
    z, delta = variable("z", ("n", 1)), table.eye("n")
    raw = Raw()
    raw.factors = [(delta, 1, (0, 8)), (delta, 1, (8, 0)), (delta, 1, (0, 9)), (z, 1, (9,))]
    assert contraction.contract(raw, {0})
    assert raw.factors == [(z, 1, (0,))]


def test_two_pairings_that_share_the_pair_are_a_delta_of_rows_and_one_of_columns() -> None:
    raw = Raw()
    raw.factors = [(table.pair("m", "n"), 1, (8, 0, 1)), (table.pair("m", "n"), 1, (8, 2, 3))]
    assert contraction.contract(raw, {0, 1, 2, 3})
    assert raw.factors == [(table.eye("m"), 1, (0, 2)), (table.eye("n"), 1, (1, 3))]


def test_index_terms_with_a_pairing_of_indices_are_taken_as_they_are() -> None:
    z = variable("z", (dims.multiply("m", "n"), 1))
    value = Sum((1, 1), ((0, "m"), (1, "n")))
    value.add(((), ((table.pair("m", "n"), 1, (FIRST, 0, 1)), (z, 1, (FIRST,)))), 1)
    assert len(lower(entries(value, (0, 1))).terms) == 1


def test_what_is_as_long_and_as_plain_is_not_shorter() -> None:
    A, z = variable("A", ("n", "n")), variable("z", ("n", 1))
    plain = table.matmul(A, table.sub(table.make("diag", z), z))
    with_identity = table.matmul(A, table.sub(table.eye("n"), z))
    assert shorter(plain, with_identity)
    assert not shorter(with_identity, plain)
    long = table.add(A, z)
    while long.size <= SMALL:
        long = table.add(long, A)
    assert not shorter(long, long)


def test_a_term_is_closed_part_by_part_only_where_it_is_long() -> None:
    A, z = variable("A", ("n", "n")), variable("z", ("n", 1))

    def gathered(count: int) -> list[int]:
        """The number of factors, of a term that had so many."""
        value = Sum((1, 1), ((0, "n"), (1, "n"), (2, "n")))
        raw = Raw()
        path = [0, *range(FIRST, FIRST + count - 2), 1]
        raw.factors = [(A, 1, (i, j)) for i, j in pairwise(path)] + [(z, 1, (2,))]
        normalise(raw, value.free, value)
        return [len(factors) for _, factors in gathering.gathered(value).terms]

    assert gathered(gathering.LONG) == [gathering.LONG]
    assert gathered(gathering.LONG + 1) == [2]


def test_a_long_result_is_turned_over_up_to_a_bound() -> None:
    A, B, C, D = (variable(name, ("n", "n")) for name in "ABCD")
    product = table.matmul(table.transpose(B), table.transpose(A))
    total = table.add(table.transpose(C), D)
    while total.size < transposing.LONG:
        total = table.add(total, product)
    assert total.size == transposing.LONG
    assert transposing.transposed_if_shorter(total).op == "T"
    longer = table.add(total, product)
    assert transposing.transposed_if_shorter(longer) is longer


def test_a_transpose_of_a_nest_is_no_matter_of_recursion() -> None:
    A, B = variable("A", ("n", "n")), variable("B", ("n", "n"))
    deep, turned = A, table.transpose(A)
    for k in range(900):
        deep = table.mul(deep, B) if k % 2 else table.add(deep, B)
        turned = table.mul(turned, table.transpose(B)) if k % 2 else table.add(turned, table.transpose(B))
    at = point(deep, seed="deep")
    assert close(evaluator(at)(t(deep)), evaluator(at)(turned))


def test_a_nest_of_functions_is_lowered_without_recursion() -> None:
    deep = variable("x", ("n", 1))
    for k in range(1500):
        deep = make(("tanh", "sin", "exp")[k % 3], deep)
    assert lower(deep).single is not None


def test_entries_of_identities_are_unit_vectors_and_selectors() -> None:
    one, at, part, every = table.eye(4), ("at", 1), ("slice", 1, 3), ("all",)
    assert source(contraction.indexed(one, every, at)) == "eye(4)[:, 1]"
    assert source(contraction.indexed(one, at, every)) == "eye(4)[:, 1].T"
    assert source(contraction.indexed(one, part, every)) == "eye(4)[1:3, :]"
    assert source(contraction.indexed(one, every, part)) == "eye(4)[1:3, :].T"
    assert source(contraction.indexed(one, at, at)) == "1"
    assert source(contraction.indexed(one, part, part)) == "eye(2)"


def test_identities_that_meet_themselves_are_their_sizes() -> None:
    x = variable("x", ("p", 1))
    raw, value = Raw(), Sum(("p", 1))
    raw.factors = [(table.eye("n"), 1, (8, 8)), (table.eye("m"), 1, (9, 9)), (x, 1, (0,))]
    raw.sizes = {8: "n", 9: "m"}
    normalise(raw, (0,), value)
    assert source(write(value)) == "m*n*x"
