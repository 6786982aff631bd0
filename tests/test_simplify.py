"""Simplification: the textbook's form, idempotent, whatever the order of terms, and equal in value."""

import random

import numpy as np
import pytest
from programs import SIZES, Programs

import matcalc as mc
from matcalc.calculus.grouping import joined
from matcalc.calculus.items import Item
from matcalc.calculus.simplify import _simple, simplify
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.language.program import beside, elaborate, expression
from matcalc.render.measure import token_count
from matcalc.render.source import source

FORMS = [
    ("s = x.T@A@x", "x", "(A + A.T)@x"),
    ("J = y.T@A@x + (y.T@b)*(c.T@x)", "y", "(b@c.T + A)@x"),
    ("J = y.T@inv((A + B)/2)@x", "y", "2*inv(A + B)@x"), ("J = y.T@inv(2*(A + B))@x", "y", "inv(A + B)@x/2"),
    ("J = sum(sign((x - y)/2)*z)", "z", "sign(x - y)"), ("J = sum(step((x - y)/3)*z)", "z", "step(x - y)"),
    ("J = tr(matrix_power(A, 9))", "A", "9*matrix_power(A, 8).T"), ("J = tr(expm(A))", "A", "expm(A).T"),
    ("J = y.T@A@ones(n)", "y", "A@ones(n)"), ("J = y.T@mean(A@B, axis=1)", "y", "mean(A@B, axis=1)"),
    ("J = y.T@(A*B)@ones(n); B: matrix(m,n)", "y", "sum(A*B, axis=1)"), ("J = tr(A@B.T@C)", "B", "C@A"),
    ("J = a.T@sum(X, axis=1)*2 - sum(X, axis=0)@b", "X", "2*a - ones(n)@b.T"),
    ("J = sum(X, axis=0)@b + sum(X*Y)", "X", "Y + b.T"), ("J = 2*sum(x) + 2*sum(y*x)", "x", "2*(y + 1)"),
    ("s = (3*t/2)**6000; t: scalar", "t", "9000*(1.5*t)**5999"), ("J = x.T@diag(r)@y; r: row(n)", "x", "r.T*y"),
    ("J = t*sum(A@x) + t*sum(B@x); t: scalar", "t", "(sum(B, axis=0) + sum(A, axis=0))@x"),
    ("J = t**2*(x.T@A@x) + t*(b.T@x); t: scalar", "t", "(2*t*x.T@A + b.T)@x"),
    ("J = t*(x.T@A@y) + t*(x.T@B@y); t: scalar", "t", "x.T@(A + B)@y"),
    ("J = 6*x.T@A@y + 4*x.T@B@y", "x", "2*(3*A + 2*B)@y"),
    ("J = sum(2*X)", "X", "2*ones(n, m)"), ("J = -sum(X)", "X", "-ones(n, m)"), ("J = sum(X)/3", "X", "ones(n, m)/3"),
    ("J = sum(X, axis=0)@b", "X", "ones(n)@b.T"), ("J = sum(a*sum(X, axis=1))", "X", "a@ones(m).T"),
    ("J = x.T@(A + eye(n))@A@y; A: matrix(n,n)", "x", "A@(A@y + y)"), ("J = tr((A+B)@(A-B))", "A", "2*A.T"),
    ("J = sum(sqrt(x**2)*y); x: vector(n) positive", "y", "x"), ("J = sum((x+y)**2) - sum(x*x)", "x", "2*y"),
    ("J = norm(A@x - b)**2", "x", "2*A.T@(A@x - b)"),
    ("s = a.T@inv(X)@b", "X", "-inv(X).T@a@b.T@inv(X).T"),
    ("z = W@x + b\nh = f(z)\ns = u.T@h", "W", "(u*f'(z))@x.T"),
    ("y: simplex(k)\ny_hat = softmax(theta)\ntheta: vector(k)\nJ = cross_entropy(y, y_hat)", "theta", "y_hat - y"),
    ("J = sum(softplus(X@w) - y*(X@w))", "w", "X.T@(sigmoid(X@w) - y)"),
    ("J = log(det(X))", "X", "inv(X).T"),
    ("y: scalar\np = sigmoid(s)\ns: scalar\nJ = -(y*log(p) + (1 - y)*log(1 - p))", "s", "p - y"),
    ("s = tr(X@X@B)", "X", "(X@B + B@X).T"), ("s = tr(X@X@B)/t; t: scalar", "X", "(X@B + B@X).T/t"),
    ("A: symmetric(n)\nrho = x.T@A@x/(x.T@x)", "x", "2*(A@x - rho*x)/(x.T@x)"),
    ("J = logdet(X.T@X)", "X", "2*pinv(X).T"),
    ("J = log(sum(exp(x)))", "x", "softmax(x)"),
    ("f(t) = log(cosh(t))\ns = sum(f(X@B))", "X", "tanh(X@B)@B.T"),
    ("Q: orthogonal(n)\ns = norm(Q@x)**2", "x", "2*x"),
    ("s = tr(kron(X, X))", "X", "2*tr(X)*eye(n)"),
    ("J = -log(sigmoid(u.T@v))", "v", "-sigmoid(-u.T@v)*u"),
]


@pytest.mark.parametrize(("program", "wrt", "form"), FORMS)
def test_textbook_form(program, wrt, form):
    assert mc.derive(program, wrt)[wrt].source() == form


SHUFFLED = [
    (["a.T@x", "x.T@A@x", "norm(x)**2", "log(1 + x.T@x)"], "x"),
    (["tr(X@B)", "tr(X.T@X)", "a.T@X@a", "logdet(X)"], "X"),
    (["sum(exp(X@w))", "y.T@X@w", "0.5*c*w.T@w"], "w"),
]


@pytest.mark.parametrize(("terms", "wrt"), SHUFFLED)
def test_the_order_of_terms_in_the_program_does_not_matter(terms, wrt):
    found = set()
    for seed in range(8):
        mixed = random.Random(seed).sample(terms, len(terms))
        found.add(mc.derive("J = " + " + ".join(mixed), wrt)[wrt].source())
    assert len(found) == 1, found


@pytest.mark.parametrize("seed", range(60))
def test_gradients_of_random_programs(seed):
    program = Programs(seed).program(depth=3)
    derivation = mc.derive(program, "all")
    environment = beside(derivation.program)
    for result in derivation.values():
        text = result.source()
        if "\n" not in text:
            assert expression(text, environment) is result.node
        once = simplify(result.node)
        _simple.clear()  # what it remembers of its results
        assert simplify(once) is once
        assert token_count(once) <= token_count(result.node)
    report = mc.check(program, "all", seed=seed)
    assert report.passed, f"seed {seed}\n{program}\n{report}"


@pytest.mark.parametrize("seed", range(40))
def test_simplification_keeps_the_value(seed):
    program = elaborate(Programs(1000 + seed).program(depth=3))
    node = program.value.args[0]
    inputs = list(program.inputs.values())
    rng = np.random.default_rng(seed)
    arguments = {
        name: rng.normal(size=[SIZES[dim] for dim in shape if dim != 1])
        for name, shape in ((n, v.shape) for n, v in program.inputs.items())
    }
    values = []
    for version in (node, simplify(node)):
        compiled = Compiled(generate(Request(version, inputs)))
        wanted = compiled.__doc__ or ""
        asked = {name: a for name, a in arguments.items() if f"    {name}: " in wanted}
        values.append(compiled(**asked)[0])
    np.testing.assert_allclose(values[1], values[0], rtol=1e-8, err_msg=f"seed {seed}: {source(node)}")


def test_like_terms_meet():
    program = elaborate("x: vector(n)\ns = sum(x)")
    node = expression("x + 2*x - x/2", beside(program))
    assert source(simplify(node)) == "2.5*x"


def test_nothing_is_commuted_that_does_not_commute():
    program = elaborate("A, B: matrix(n, n)\ns = tr(A@B)")
    node = expression("A@B - B@A", beside(program))
    assert source(simplify(node)) == "A@B - B@A"


def test_inverses_are_split_only_where_all_factors_are_square():
    program = elaborate("A: matrix(n, m)\nB: matrix(m, n)\ns = logdet(A@B)")
    assert mc.derive(program, "A")["A"].source() == "(B@inv(A@B)).T"


FOUND_WRONG = [
    # a common scalar was taken out where the sum that is left is that scalar itself: (t + s)**2 became (t + s)
    "t, s: scalar\nJ = mean(t*x + s*x)**2",
    # a row met a column in the middle of a product
    "r: row(m)\nA: matrix(p, m)\nx: vector(p)\nJ = (sum(A*r, axis=1)).T@outer(x, sum(A, axis=1))@sum(A*r, axis=1)",
]


@pytest.mark.parametrize("program", FOUND_WRONG)
def test_what_was_found_wrong_stays_right(program):
    report = mc.check(program, "all")
    assert report.passed, str(report)


LONGER_ONCE = [
    ("p = sigmoid(X@w)\nX: matrix(n, d)\nJ = -mean(y*log(p) + (1 - y)*log(1 - p))", "w", "X.T@(p - y)/n"),
    ("J = -sum(y*log(sigmoid(X@w)) + (1 - y)*log(1 - sigmoid(X@w)))", "w", "X.T@(sigmoid(X@w) - y)"),
    ("x: vector(n)\nJ = sum((x - mean(x))**2)", "x", "2*(x - mean(x))"),
    ("p = softmax(x)\nJ = -p.T@log(p)", "x", "-p*(log(p) + J)"),
    ("D = F*(U@V.T - X)\nJ = norm(D)**2", "U", "2*(D*F)@V"),
    ("A: posdef(n)\nalpha = inv(A)@y\nJ = -y.T@alpha/2", "y", "-alpha"),
    ("L: matrix(n, n)\nJ = logdet(L@L.T)", "L", "2*inv(L).T"),
    ("J = tr(matrix_power(X, 9))", "X", "9*matrix_power(X, 8).T"),
    ("J = tr(matrix_power(X, 4))", "X", "4*matrix_power(X, 3).T"),
    ("J = tr(X@X@X@X)", "X", "4*(X@X@X).T"),
    ("y = matrix_power(X, 3).T@x", "x", "matrix_power(X, 3).T"),
    ("k: scalar\nJ = det(X)**k", "X", "k*J*inv(X).T"),
    ("k: scalar\nJ = norm(x)**k", "x", "k*norm(x)**(k - 2)*x"),
    ("k: scalar\nJ = log(sum(x**k))", "x", "k*x**(k - 1)/sum(x**k)"),
    ("k: scalar\nJ = sum(x*x**k)", "x", "(k + 1)*x**k"),
    ("k: scalar\nJ = sum(log(x**k))", "x", "k/x"),
    ("J = log(1 + mean((x - y)**2))", "x", "2*(x - y)/(norm(x - y)**2 + n)"),
    ("J = log(1 + sum((A@x - b)**2))", "x", "2*A.T@(A@x - b)/(1 + sum((A@x - b)**2))"),
    ("K: symmetric(n)\nt: scalar\nJ = y.T@inv(K + t*eye(n))@y", "t", "-norm(inv(K + t*eye(n))@y)**2"),
    ("t: scalar\ny = inv(A + t*eye(n))@b", "t", "-inv(A + t*eye(n))@y"),
    ("J = 1/(a.T@x)", "x", "-J**2*a"),
    ("J = sum(x/(1 + x))", "x", "1/(1 + x)**2"),
    ("J = sum((x - y)/(x + y))", "x", "2*y/(x + y)**2"),
    ("J = sum(x*y/(x + y))", "x", "y**2/(x + y)**2"),
    ("J = sum(x/sqrt(1 + x**2))", "x", "1/(1 + x**2)**1.5"),
    ("J = x.T@x/(1 + x.T@x)", "x", "2*x/(1 + x.T@x)**2"),
    ("t: scalar\nJ = t**2/(1 + t**2)", "t", "2*t/(1 + t**2)**2"),
    ("J = exp(-x.T@A@x)*(x.T@A@x)", "x", "(exp(-x.T@A@x) - J)*(A + A.T)@x"),
    ("m = mean(x)\nJ = a.T@(x - m)/norm(x - m)", "x", "(J*(m - x)/norm(x - m) + a - mean(a))/norm(x - m)"),
]


@pytest.mark.parametrize(("program", "wrt", "form"), LONGER_ONCE)
def test_forms_that_were_longer_once(program, wrt, form):
    assert mc.derive(program, wrt)[wrt].source() == form


@pytest.mark.parametrize(
    ("program", "form"),
    [
        ("J = sum(sqrt(1 + x**2))", "diag(1/(1 + x**2)**1.5)"),
        ("J = sum(x*y/(x + y))", "-2*diag(y**2/(x + y)**3)"),
        ("J = (1 + norm(x - y)**2)**(-1)", "2*J**2*(4*J*(x - y)@(x - y).T - eye(n))"),
    ],
)
def test_second_derivatives_that_were_longer_once(program: str, form: str) -> None:
    assert mc.derive(program, "x", order=2)["x", "x"].source() == form
    assert mc.check(program, "x", order=2).passed


def test_terms_that_cancel_beside_a_common_factor_are_zero():
    """The factor shows it only when it has been taken out; once an error."""
    source = "A: matrix(m, m)\nJ = (diag(A + x) - x).T@B@(diag(A + x) - x)"
    assert mc.derive(source, "x")["x"].source() == "zeros(m)"
    assert mc.check(source, "all").passed


@pytest.mark.parametrize(
    ("source", "want"),
    [
        ("y = (2*x)**1000000000", "2000000000*diag((2*x)**999999999)"),
        ("y = (x/3)**1000000001", "1000000001*diag((x/3)**1000000000)/3"),
        ("y = (-2*x)**1000000001", "-2000000002*diag((-2*x)**1000000000)"),
        ("y = 3**100000000*x", "3**100000000*eye(n)"),
        ("s = (2*sum(x))**1000000000", "2000000000*(2*sum(x))**999999999*ones(n)"),
        ("y = (2*x)**3", "24*diag(x**2)"),
    ],
)
def test_powers_of_numbers_are_computed_as_far_as_a_float_holds_them(source: str, want: str) -> None:
    assert mc.derive(source, "x")["x"].source() == want


def test_what_is_left_of_products_may_be_scalars_alone() -> None:
    """A common factor was multiplied, as a matrix, with the number 1 that stood for nothing: a ShapeError."""
    program = elaborate("u, v, a, b: vector(n); A: matrix(n, n); J = sum(x) + sum(u + v + a + b) + sum(A)")

    def item(source: str, *parts: str) -> Item:
        nodes = [expression(part, beside(program)) for part in parts]
        return Item(1, {expression(source, beside(program)): 1} if source else {}, nodes, {}, (nodes[0].shape[0], 1))

    found = joined([item("tr(A@A@A)", "x"), item("", "x", "u.T", "v"), item("", "x", "a.T", "b")])
    assert source(found.node()) == "(tr(A@A@A) + a.T@b + u.T@v)*x"
