"""Results are written in the program's own words: its names inside products and fractions, its order in sums."""

from __future__ import annotations

import pytest
from differences import close, derivative, evaluator, point

import matcalc as mc
from matcalc.calculus import abbreviating

CASES = [
    # a named fraction inside an outer product, below the line, and beside what hid it
    ("y = x/norm(x)", "x", "(eye(n) - y@y.T)/norm(x)"),
    ("r = norm(x); y = x/r", "x", "(eye(n) - y@y.T)/r"),
    ("p = exp(x)/sum(exp(x))", "x", "diag(p) - p@p.T"),
    ("e = exp(x); p = e/sum(e)", "x", "diag(p) - p@p.T"),
    ("P = exp(Z)/sum(exp(Z), axis=1); J = -sum(Y*log(P))", "Z", "Y@ones(m)*P - Y"),
    # sums as the program writes them
    ("t: scalar; s = logdet(A + t*B)", "t", "tr(inv(A + t*B)@B)"),
    ("s = tr(inv(A + X.T@C@X))", "A", "-(inv(A + X.T@C@X)@inv(A + X.T@C@X)).T"),
    # powers in common, of scalars and of columns on matrices
    ("a, b: scalar; c = x.T@y/(a*b)", "a", "-c/a"),
    ("a = norm(x); b = norm(y); c = x.T@y/(a*b)", "x", "(y/b - c*x/a)/a"),
    ("r: vector(m); A: matrix(m, n); s = sum((A*X - A)/r)", "A", "(X - 1)/r"),
    ("p = sigmoid(w.T@x); J = -(1 - p)**2*log(p)", "w", "(1 - p)**2*(2*p*log(p) + p - 1)*x"),
]


@pytest.mark.parametrize(("source", "wrt", "expected"), CASES, ids=lambda text: text)
def test_written_as_a_textbook_would(source: str, wrt: str, expected: str) -> None:
    derivation = mc.derive(source, wrt)
    assert derivation[wrt].source() == expected
    program = derivation.program
    inputs = point(program.value, seed=source)
    truth = derivative(program.value, program.names[wrt], inputs).ravel()
    assert close(evaluator(inputs)(derivation.gradients[wrt]).ravel(), truth)


def test_names_are_not_used_for_what_varies_by_that_name() -> None:
    assert mc.derive("y = x/norm(x); s = sum(y*y)", "y")["y"].source() == "2*y"


def test_expanded_results_have_no_names() -> None:
    assert mc.derive("y = x/norm(x)", "x", expand=True)["x"].source() == "eye(n)/norm(x) - x@x.T/norm(x)**3"


CENTRED = [
    # what is less its mean sums to zero; sums over their number are means
    ("x: vector(n); u = x - mean(x); s = sqrt(mean(u**2)); y = u/s", "x", "(eye(n) - (y@y.T + 1)/n)/s"),
    ("X: matrix(q, n); U = X - mean(X, axis=0); S = U.T@U/q; J = logdet(S)", "X", "2*U@inv(S)/q"),
    (
        "X: matrix(n, d); v: row(d); U = X - mean(X, axis=0); Y = U/v; J = sum(C*Y)",
        "X",
        "(C - mean(C, axis=0))/v",
    ),
    # what cancels on the way is not passed on
    ("s = X@w + b*ones(m); b: scalar; p = sigmoid(s); J = -(t.T@log(p) + (1 - t).T@log(1 - p))/m", "b", "mean(p - t)"),
    ("H = tanh(X@W); p = sigmoid(H@w); J = -sum(t*log(p) + (1 - t)*log(1 - p))", "W", "X.T@((1 - H**2)*(p - t))*w.T"),
]


@pytest.mark.parametrize(("source", "wrt", "expected"), CENTRED, ids=lambda text: text)
def test_what_vanishes_is_not_written(source: str, wrt: str, expected: str) -> None:
    test_written_as_a_textbook_would(source, wrt, expected)


def test_parts_that_results_have_in_common_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradients of a deep network have most of their parts in common: each looked at anew is quadratic."""
    looked = []
    monkeypatch.setattr(abbreviating, "_parts", lambda node, own: looked.append(node) or parts(node, own))
    counts = []
    for layers in (10, 20, 40):
        looked.clear()
        lines = [f"h{k + 1} = tanh(W{k + 1}@h{k} + b{k + 1})" for k in range(layers)]
        mc.derive("\n".join([*lines, f"s = v.T@h{layers}"]), "all")
        counts.append(len(looked))
    assert counts[0] > 0
    assert counts[2] - counts[1] <= 2.2 * (counts[1] - counts[0])


parts = abbreviating._parts
