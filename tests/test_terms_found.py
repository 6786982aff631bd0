"""Programs for paths of the simplifier that others miss, by value: gradients against differences, formulas re-read.

Each was written where a mutant of the code survived.
"""

from __future__ import annotations

import pytest

from matcalc.derivation import derive
from matcalc.language.program import beside, elaborate
from matcalc.language.reading import expression
from tests.differences import close, derivative, evaluator, point, variables

PROGRAMS = """
sum(x**(2/3)); sum(x**(1/2)*y); sum(x**(3-1)/y); sum((x*y)**(1/3)); sum(x**(-1/2)); sum(x**(2*3/4)); t**(1/2)*sum(x)
1/(1 + exp(-t)); t/(1 + exp(-2*t))**2; sum(x)/(1 + exp(-sum(x))); sum(y/(1 + exp(-x))**3); (1 + exp(t))**-1*t
tr(inv(t*A)); tr(B@inv(sum(x)*A)); tr(inv(A*t**2)@B); tr(inv(diag(x))@B); sum(inv(2*diag(x)*t)@y); tr(inv(inv(A)*t))
tr(inv(Q*t)@A); y.T@inv(t*P)@x; tr(inv(A/t)@B@inv(A)); x.T@solve(t*A, y); tr(inv(A@B)); tr(inv(A.T)@B)
tr(matrix_power(A, 9)); tr(matrix_power(t*A, 8)@B); sum((A - A)@x) + t; x.T@(B - B)@y*t; tr(expm(A))
t*tr(A@B@A); t**2*tr(A@B.T@A); exp(t*tr(A@B)); t*tr(B@A.T@B@A); tr(A@B)*tr(B.T@A@A); (3*t/2)**6; t*tr(A.T@B.T)
tr(matrix_power(A, 3)); tr(matrix_power(A, 2)@B); sum(sqrt(x**2)); sum(sqrt(x)*sqrt(y)); sum(sqrt(t*x)); sqrt(x.T@x)
sum((t*x)**2); sum((t*x)**-1); sum((A@x)**2); sum((A@x)**3); sum((A*B)**2); sum(1/(x*y)); sum(x/y**2); sum(1/(A@x))
sum(sign(2*t*x)*x); sum(step(3*x - 1)*x); sum(exp(-x)*y); sum(exp(x - logsumexp(x))*y); sum(exp(0*x)); exp(-t)*t
sum(exp(x)/(1 + exp(x))); sum(x*sigmoid(-x) + sigmoid(x)); sum(exp(x)**2); sum((1 + exp(-x))**-2); log(exp(t) + 1)
vec(A).T@vec(B); sum(kron(x, y)); sum(kron(A, B)**2); vec(A@B).T@kron(x, y); sum(vec(A@diag(x)@B)**2)
sum(diag(A)*x); tr(diag(x)@A@diag(y)); sum(diag(diag(A))@B); x.T@diag(y)@x; sum(diag(A@B)); tr(A@B@A.T); tr(A*B)
sum(A)*sum(B); sum(A, axis=0)@x; sum(A@B, axis=1).T@x; mean(A)*t; sum(A*x); sum(A/y); sum((A + B)@x); sum(x)*sum(y)*t
(x.T@y)**2; (x.T@A@y)*(y.T@B@x); (x.T@A@x)/(x.T@x); norm(A@x - y)**2; norm(x)*norm(y); sum(outer(x, y)*A)
sum((x - mean(x))**2); sum(where(x > y, x*t, y)); sum(maximum(x, y)*x); sum(abs(x - y)*x); sum(cumsum(x)*y)
tr(A@A@A); tr(A.T@A@A); tr(S@A); sum(S@x*(S@x)); x.T@S@A@S@x; x.T@(A + A.T)@x; tr((A + B)@(A - B)); tr(K@A)
sum(A, axis=0)@x + y.T@sum(A, axis=1); (sum(A, axis=0)@x)**2; sum((A*(B@ones(n)))**2); sum(x/sum(x)*y); mean(A@B)**2
sum((A + x)*(B + y.T)); sum((x@ones(n).T + A)**2); sum(sum(A, axis=0)*x.T + t); sum(A*sum(A, axis=1))
sum(diag(x.T)@A@y); sum(x)**3*t**2/sum(y)**2; (sum(x) + t)**2*sum(x*y)/(1 + x.T@y); sum(x)**0*t
A[0, :]@x; A[0, 1]*t; sum(A[0:2, :]@x); sum(x[1:3]*y[0:2]); sum(A[:, 1]*x); sum((A@B)[1, :]); eye(n)[1, :]@x
sum(eye(n)[1:3, :]@x); eye(n)[1, 2]*t; eye(n)[1, 1]*t; sum(eye(n)[:, 1]*x); sum((A@x)[0:2]); A.T[0, 1]*t
diag(x)[1, :]@y; x[1:3][1]*y[0]; sum(A[1:3, :][0, :]*x.T); A[0:2, :][1, 2]*t; sum(A[:, 0:2][1:3, :]@x[0:2])
sum(A[1:3, 0:2][0:1, 1:2]*t); sum(eye(n)[0:2, 0:2]@x[1:3]); sum(eye(n)[0:2, 1:3]@x[1:3]); t*x[2]
sum(eye(n)[0:1, 1:3]@x[1:3]); sum(eye(n)[1:3, 0:1]*t)
sum(eye(n)[1, 0:2]@x[0:2]); sum(eye(n)[0:2, 2]*x[0:2]); sum(A[1:3, :].T@x[0:2]); sum((A.T)[1:3, :]@y); (A@B@x)[1]*y[1]
"""
DECLARED = (
    "; x, y: vector(n) positive; t: scalar positive; A, B: matrix(n, n); P: posdef(n); Q: orthogonal(n)"
    "; S: symmetric(n); K: skew(n)"
)
LIST = [text.strip() for line in PROGRAMS.strip().splitlines() for text in line.split(";")]


@pytest.mark.parametrize("text", LIST)
def test_gradients(text: str) -> None:
    program = elaborate(f"s = {text}{DECLARED}")
    value = program.value
    at = point(value, seed=text)
    derived = derive(f"s = {text}{DECLARED}", [v.params[0] for v in variables(value) if not v.params[1]])
    for target in variables(value):
        if target.params[1]:  # of a structured type: `test_gradients_of_structured` of other files
            continue
        found = derived[target.params[0]]
        truth = derivative(value, target, at)[0, 0]
        assert close(evaluator(at)(found.node), truth, 1e-6), f"by {target}: {found.text()}"
        again = expression(found.source(), beside(program))
        assert close(evaluator(at)(again), truth, 1e-6), f"by {target}: {found.source()}"
