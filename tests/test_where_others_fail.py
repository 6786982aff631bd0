"""Derivatives that a widely used computer algebra system gets wrong, raises on or leaves unevaluated.

Beside every case stands what SymPy 1.14's own ``diff`` does with it (nothing is asserted about that).  Here every one
is held against differences of the value and its closed form in the literature, and the form found is no longer.
"""

from __future__ import annotations

import pytest
from differences import close, derivative, evaluator, point

import matcalc as mc
from matcalc.language.program import beside, expression
from matcalc.render.measure import token_count

SQUARE = "A: matrix(n, n); B: matrix(n, n); X: matrix(n, n); x: vector(n); y: vector(n); t: scalar\n"

CASES = [
    # log det: SymPy gives 0
    ("logdet(X)", "X", "inv(X).T"),
    ("logdet(X.T@X)", "X", "2*X@inv(X.T@X)"),
    # exp, log, sine of a trace or of a quadratic form: 0
    ("exp(tr(A@X))", "X", "exp(tr(A@X))*A.T"),
    ("log(tr(A@X))", "X", "A.T/tr(A@X)"),
    ("sin(x.T@A@x)", "x", "cos(x.T@A@x)*(A + A.T)@x"),
    # Rayleigh quotient: unreduced where it is a product with an inverse; a denominator that is a trace is taken for
    # constant
    ("s = x.T@A@x/(x.T@x)", "x", "((A + A.T)@x - 2*s*x)/(x.T@x)"),
    # log-sum-exp: 0
    ("logsumexp(x)", "x", "softmax(x)"),
    ("log(sum(exp(x)))", "x", "softmax(x)"),
    # softmax: the denominator is taken for constant
    ("p = softmax(x)", "x", "diag(p) - p@p.T"),
    ("p = exp(x)/sum(exp(x))", "x", "diag(p) - p@p.T"),
    # traces of elementwise functions and Hadamard products: an unevaluated ArrayDiagonal of the wrong order
    ("tr(exp(X))", "X", "exp(X)*eye(n)"),
    ("tr(A*X)", "X", "A*eye(n)"),
    ("tr(A*(x@x.T))", "x", "2*diag(A)*x"),
    # an entropy: unevaluated contractions of arrays
    ("sum(x*log(x))", "x", "log(x) + 1"),
    # sums of traces: 0
    ("tr(A@X) + tr(X.T@B@X)", "X", "A.T + (B + B.T)@X"),
    # quotients of traces and determinants: the denominator is taken for constant
    ("tr(A@X)/tr(B@X)", "X", "A.T/tr(B@X) - tr(A@X)*B.T/tr(B@X)**2"),
    ("tr(X)/det(X)", "X", "(eye(n) - tr(X)*inv(X).T)/det(X)"),
    # reciprocals and powers of determinants: 0
    ("1/det(X)", "X", "-inv(X).T/det(X)"),
    ("det(X)**2", "X", "2*det(X)**2*inv(X).T"),
    # powers and products of traces: right
    ("tr(X.T@X)**2", "X", "4*tr(X.T@X)*X"),
    ("tr(X)**3", "X", "3*tr(X)**2*eye(n)"),
    ("tr(A@X)*tr(B@X)", "X", "tr(A@X)*B.T + tr(B@X)*A.T"),
    # determinants of products: unevaluated
    ("det(A@X@B)", "X", "det(A@X@B)*inv(X).T"),
    ("det(X.T@X)", "X", "2*det(X.T@X)*X@inv(X.T@X)"),
    # Kronecker products: AttributeError in the trace, unevaluated in the determinant
    ("tr(kron(A, X))", "X", "tr(A)*eye(n)"),
    ("kron(x, y).T@kron(y, y)", "x", "(y.T@y)*y"),
    # by a scalar inside an inverse: TypeError, NotImplementedError
    ("M = inv(A + t*B)", "t", "-M@B@M"),
    ("M = inv(A + t*B); tr(M)", "t", "-tr(M@B@M)"),
    ("M = inv(A + t*B); x.T@M@x", "t", "-x.T@M@B@M@x"),
    # by a scalar inside a determinant: unevaluated
    ("det(A + t*B)", "t", "det(A + t*B)*tr(inv(A + t*B)@B)"),
    ("logdet(A + t*B)", "t", "tr(inv(A + t*B)@B)"),
    ("det(inv(A + t*B))", "t", "-det(inv(A + t*B))*tr(inv(A + t*B)@B)"),
    # a root of a scalar product: TypeError
    ("sqrt(x.T@x)", "x", "x/sqrt(x.T@x)"),
    ("norm(A@x - y)", "x", "A.T@(A@x - y)/norm(A@x - y)"),
    # diagonal matrices of vectors: RecursionError
    ("diag(x)@y", "x", "diag(y)"),
    ("tr(diag(x)@A)", "x", "diag(A)"),
    # a logistic loss: NotImplementedError
    ("sum(log(1 + exp(-y*(A@x))))", "x", "-A.T@(y*sigmoid(-y*(A@x)))"),
]


@pytest.mark.parametrize(("source", "wrt", "closed"), CASES, ids=lambda text: text)
def test_it_is_right_here(source: str, wrt: str, closed: str) -> None:
    derivation = mc.derive(SQUARE + source, wrt)
    program = derivation.program
    inputs = point(program.value, seed=source)
    truth = derivative(program.value, program.names[wrt], inputs).ravel()
    assert close(evaluator(inputs)(derivation.gradients[wrt]).ravel(), truth)
    literature = expression(closed, beside(program))
    assert close(evaluator(inputs)(literature).ravel(), truth), "the closed form itself"
    assert token_count(derivation[wrt].node) <= token_count(literature)


def test_determinants_of_kronecker_products() -> None:
    """Left unevaluated there; its closed form needs the sizes, the derivative does not."""
    report = mc.check("A: matrix(n, n); X: matrix(m, m); det(kron(A, X))", wrt=["A", "X"])
    assert report.passed


def test_rectangular_determinants_of_products() -> None:
    report = mc.check("det(A@X@B)", wrt="X", claims={"X": "det(A@X@B)*A.T@inv(A@X@B).T@B.T"})
    assert report.passed
