"""Claims: a wrong one is told apart, in words."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.errors import MatcalcError, ParseError, UnknownNameError
from matcalc.language.program import beside, elaborate, expression
from matcalc.verify.check import check_program
from matcalc.verify.report import VariableReport


def claim(source: str, name: str, gradient: str, text: str) -> VariableReport:
    program = elaborate(source)
    node = expression(gradient, beside(program))
    report = check_program(program, [name], {name: node}, claims={name: text})
    assert report.gradients[name].passed
    assert report.passed == report[name].passed
    return report[name]


CLASSIFIER = ("z = W@x + b; s = u.T @ f(z)", "W", "outer(u*f'(z), x)")
QUADRATIC = ("A: matrix(n, n); J = x.T@A@x + b.T@x", "x", "A@x + A.T@x + b")
LEAST_SQUARES = ("c: scalar; J = norm(A@x - b)**2 + c*norm(x)**2", "x", "2*A.T@(A@x - b) + 2*c*x")
TRACE = ("X: matrix(n, n); J = tr(X@A)", "X", "A.T")
SYMMETRIC = ("X: symmetric(n); J = a.T@X@b", "X", "(a@b.T + b@a.T)/2")
MEAN = ("J = mean(x**2)", "x", "2*x/n")

FINDINGS = [
    (CLASSIFIER, "outer(x, u*f'(z))", "transposed: it has shape d×n, the gradient n×d"),
    (CLASSIFIER, "outer(x, u)", "transposed: it has shape d×n, the gradient n×d; the factor f'(z) is missing"),
    (CLASSIFIER, "u*f'(z)", "wrong shape: it has shape n×1, the gradient n×d"),
    (CLASSIFIER, "2", "wrong shape: it has shape 1×1 (a scalar), the gradient n×d"),
    (CLASSIFIER, "-outer(u*f'(z), x)", "wrong sign"),
    (CLASSIFIER, "2*outer(u*f'(z), x)", "it is 2 times the gradient"),
    (CLASSIFIER, "-outer(u*f'(z), x)/3", "it is -1/3 times the gradient"),
    (CLASSIFIER, "outer(u, x)", "the factor f'(z) is missing"),
    (CLASSIFIER, "outer(f'(z), x)", "the factor u is missing"),
    (CLASSIFIER, "outer(u*f(z), x)", "f itself stands where its derivative f'(z) should"),
    (CLASSIFIER, "outer(u*f''(z), x)", "f'' stands"),
    (CLASSIFIER, "outer(u*f'(z), x) + W", "the term W is too much"),
    (CLASSIFIER, "0*W", "it is zero, the gradient is not"),
    (CLASSIFIER, "W", "it differs by"),
    (QUADRATIC, "A@x + A.T@x", "the term b is missing"),
    (QUADRATIC, "A@x + b", "the term A.T@x is missing"),
    (QUADRATIC, "2*A@x + b", "A is not transposed"),
    (QUADRATIC, "2*A.T@x + b", "A is transposed, which is too much"),
    (QUADRATIC, "A@x + A.T@x - b", "the term b has the wrong sign"),
    (QUADRATIC, "(A@x + A.T@x + b)/2", "it is 1/2 times the gradient"),
    (QUADRATIC, "n*(A@x + A.T@x + b)", "it is n times the gradient"),
    (QUADRATIC, "x.T@A + x.T@A.T + b.T", "transposed: it has shape 1×n, the gradient n×1"),
    (QUADRATIC, "(x.T@x)*(A@x + A.T@x + b)", "the factor x.T@x is too much"),
    (LEAST_SQUARES, "A.T@(A@x - b) + c*x", "it is 1/2 times the gradient"),
    (LEAST_SQUARES, "2*A.T@(A@x - b)", "the term 2*c*x is missing"),
    (LEAST_SQUARES, "2*A.T@(A@x - b) - 2*c*x", "the term 2*c*x has the wrong sign"),
    (LEAST_SQUARES, "2*A.T@(A@x - b) + c*x", "the factor 2 is missing"),
    (LEAST_SQUARES, "2*A.T@(A@x + b) + 2*c*x", "the term b has the wrong sign"),
    (TRACE, "A", "it is transposed"),
    (TRACE, "-A", "it is transposed, and it has the wrong sign"),
    (SYMMETRIC, "a@b.T", "the gradient in the space of such matrices is (G + G.T)/2 of this claim G"),
    (SYMMETRIC, "a@b.T + b@a.T - diag(a*b)", "by the free entries"),
    (MEAN, "2*x", "it is n times the gradient"),
    (MEAN, "x/n", "it is 1/2 times the gradient"),
    (("J = sum(x*y) - y.T@x", "x", "0*x"), "y", "the gradient is zero, the claim is not"),
    (("J = sum(softmax(x))", "x", "0*x"), "softmax(x)", "the gradient is zero, the claim is not"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "text", "words"), FINDINGS)
def test_what_is_wrong_with_a_claim(case: tuple[str, str, str], text: str, words: str) -> None:
    found = claim(*case, text)
    assert not found.passed
    assert found.kind == "claim"
    assert words in found.message


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (CLASSIFIER, "(u*f'(W@x + b))@x.T"), (QUADRATIC, "(A + A.T)@x + b"),
        (LEAST_SQUARES, "2*(A.T@A@x + c*x - A.T@b)"), (TRACE, "A.T"),
        (SYMMETRIC, "a@b.T/2 + b@a.T*0.5"), (MEAN, "x/n + x/n"),
        (("J = sum(softmax(x))", "x", "0*x"), "x - x"),
        (("J = sum(softmax(x))", "x", "0*x"), "softmax(x)*sum(softmax(x)) - softmax(x)"),
    ],
)  # fmt: skip
def test_right_claims_in_other_words_pass(case: tuple[str, str, str], text: str) -> None:
    found = claim(*case, text)
    assert found.passed
    assert "the claim is right" in found.message


@pytest.mark.parametrize("scale", ["1e-9", "1e9"])
def test_claims_are_told_apart_at_every_scale(scale: str) -> None:
    source, gradient = f"J = {scale}*x.T@A@x", f"{scale}*(A + A.T)@x"
    assert claim(source, "x", gradient, f"{scale}*(A@x + A.T@x)").passed
    assert "2 times" in claim(source, "x", gradient, f"2*{scale}*(A@x + A.T@x)").message
    assert not claim(source, "x", gradient, f"{scale}*A@x").passed


def test_a_claim_without_a_gradient_to_check() -> None:
    report = check_program(elaborate("J = x.T@x"), [], {}, claims={"x": "2*x"})
    assert report.passed
    assert list(report) == ["x"]
    assert not check_program(elaborate("J = x.T@x"), [], {}, claims={"x": "x"}).passed


def test_claims_that_cannot_be_read() -> None:
    program = elaborate("J = x.T@x")
    with pytest.raises(ParseError):
        check_program(program, ["x"], {}, claims={"x": "2*"})
    with pytest.raises(UnknownNameError):
        check_program(program, ["x"], {}, claims={"x": "2*q"})
    with pytest.raises(MatcalcError):
        check_program(program, [], {}, claims={"q": "2*x"})


def test_a_wrong_gradient_shows_before_a_claim() -> None:
    program = elaborate("J = x.T@x")
    report = check_program(program, ["x"], {"x": program.inputs["x"]}, claims={"x": "2*x"})
    assert not report.passed
    assert report["x"].kind == "gradient"
    assert report.claims["x"].passed


TENSORS = [
    ("y = tanh(W@x); W: matrix(n, m); x: vector(m)", "W"), ("Y = A@X@B", "X"), ("y = diag(X)", "X"),
    ("Y = outer(x, x)", "x"), ("y = A@x; A: symmetric(n)", "A"), ("y = X[0, :]", "X"), ("Y = kron(x.T, X)", "X"),
    ("y = softmax(x)", "x"), ("Y = t*X; t: scalar", "t"), ("y = t*x; t: scalar", "t"), ("s = x.T@A@x", "A"),
]  # fmt: skip


@pytest.mark.parametrize("layout", ["shape", "numerator", "denominator"])
@pytest.mark.parametrize(("program", "name"), TENSORS)
def test_claims_in_index_notation_in_every_layout(program: str, name: str, layout: str) -> None:
    """What a result says is right as a claim, tensors too; twice as much, and another number of axes, are wrong."""
    source = mc.derive(program, name, layout=layout)[name].source()
    assert mc.check(program, wrt=name, claims={name: source}, layout=layout).passed
    if source.startswith("{"):
        letters, body = source[1:-1].split(": ", 1)
        doubled = f"{{{letters}: 2*({body})}}"
    else:
        doubled = f"2*({source})"
    report = mc.check(program, wrt=name, claims={name: doubled}, layout=layout)
    assert not report.passed
    assert report[name].diagnosis is not None
    for letters in (["i", "j", "k"], ["i", "j", "k", "l"]):
        other = "*".join([f"ones(7)[{letter}]" for letter in letters])
        claimed = f"{{{', '.join(letters)}: {other}}}"
        assert not mc.check(program, wrt=name, claims={name: claimed}, layout=layout).passed


@pytest.mark.parametrize(
    ("source", "text", "words"),
    [
        ("D: diagonal(n); Y = D@A@D", "{i, j, k, l: A[i, j]*eye(n)[k, l]}", "wrong"),
        ("S: symmetric(n); Y = A@S", "{i, j, k, l: A[i, k]*eye(n)[j, l]}", "(G + G.T)/2 of this claim G"),
        (
            "S: symmetric(n); y = S@x",
            "{i, j, k: (eye(n)[i, j]*x[k] + eye(n)[i, k]*x[j])*(1 - eye(n)[j, k]/2)}",
            "free entries",
        ),
    ],
)  # fmt: skip
def test_claims_about_jacobians_by_structured_matrices(source: str, text: str, words: str) -> None:
    name = source[0]
    report = mc.check(source, wrt=name, claims={name: text})
    assert report.gradients[name].passed
    assert not report.passed
    assert words in report[name].message


@pytest.mark.parametrize(
    ("text", "passed", "words"),
    [
        ("x[7]*x", False, "not constant"),
        ("2*x + 0*sum(x[2:11])", True, "right"),
        ("{i: 2*x[i] + 0*x[-9]}", True, "right"),
        ("x/0", False, "not finite"),
    ],
)  # fmt: skip
def test_points_are_large_enough_for_what_claims_index(text: str, passed: bool, words: str) -> None:
    report = mc.check("s = x.T@x", claims={"x": text})
    assert report.passed == passed
    assert words in report["x"].message
    assert "{" in text or "/" in text or all(sizes["n"] >= 8 for sizes in report.dims)


def test_sizes_that_are_too_small_for_an_index() -> None:
    for source, claims in [("s = x[7]", {}), ("s = x.T@x", {"x": "x[7]*x"})]:
        with pytest.raises(MatcalcError, match="n = 3 is too small"):
            mc.check(source, claims=claims, dims={"n": 3})


@pytest.mark.parametrize(
    ("program", "name", "layout", "claim", "told"),
    [
        ("A: matrix(3, 2); y = A@x", "x", "denominator", "A", "transposed: it has shape 3×2, the gradient 2×3"),
        ("A: matrix(3, 2); y = A@x", "x", "numerator", "A.T", "transposed: it has shape 2×3, the gradient 3×2"),
        ("A: matrix(3, 2); s = x.T@A@y", "A", "numerator", "x@y.T", "transposed: it has shape 3×2, the gradient 2×3"),
        ("s = u.T@x", "x", "numerator", "ones(4)", "the wrong shape: it has shape 4×1, the gradient 1×n"),
        ("Y = A@X; A: matrix(2, 3); X: matrix(3, 4)", "X", "denominator", "{i, j, k, l: A[i, k]*eye(4)[j, l]}",
         "the wrong shape: it has shape 2×4×3×4, the gradient 3×4×2×4"),
    ],
)  # fmt: skip
def test_shapes_are_told_in_the_layout_of_the_claim(
    program: str, name: str, layout: str, claim: str, told: str
) -> None:
    assert told in str(mc.check(program, name, claims={name: claim}, layout=layout))


@pytest.mark.parametrize("program", ["A: matrix(m, n); s = (A@x)[4]**2", "A: matrix(m, n); s = (A@x)[6]*(y.T@x)"])
def test_mistakes_with_an_entry_that_a_smaller_vector_does_not_have(program: str) -> None:
    """``(A@x)[4]`` without A would be ``x[4]``, and x may have two entries at the points of the check."""
    report = mc.check(program, claims={"x": "3*x"}, seed=3)
    assert not report["x"].passed
    assert any(sizes["n"] < 5 for sizes in report.dims)
