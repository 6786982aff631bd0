"""Functions that take many entries to fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matcalc.expressions.node import Shape
from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation


def _sum_form(params: tuple[Any, ...]) -> str:
    return {None: "ij->..", 0: "ij->.j", 1: "ij->i."}[params[0]]


def _linear_law(name: str) -> Callable[[Sequence[Shape], tuple[Any, ...]], str]:
    def law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
        axis = "" if params[0] is None else f", axis={params[0]}"
        return f"d({name}(X{axis})) = {name}(dX{axis})"

    return law


def _logsumexp_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    if params[0] is not None:
        return f"d(logsumexp(X)) = sum(softmax(X, axis={params[0]}) * dX, axis={params[0]})"
    if 1 in args[0]:
        return "d(logsumexp(X)) = sum(softmax(X) * dX)"
    return "d(logsumexp(X)) = sum(exp(X - y) * dX)"


def _softmax_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    if params[0] is None:
        return "d(softmax(X)) = y * (dX - sum(y * dX))"
    return f"d(softmax(X)) = y * (dX - sum(y * dX, axis={params[0]}))"


def _log_softmax_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    if params[0] is None:
        return "d(log_softmax(X)) = dX - sum(softmax(X) * dX)"
    return f"d(log_softmax(X)) = dX - sum(softmax(X, axis={params[0]}) * dX, axis={params[0]})"


def _prod_others_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    rows, columns = args[0]
    if args[0] == (1, 1):
        return "d(prod_others(X)) = 0 * dX"
    if columns == 1:
        return "d(prod_others(X)) = prod_pairs(X) @ dX"
    if rows == 1:
        return "d(prod_others(X)) = dX @ prod_pairs(X.T)"
    return "d(prod_others(X)) = y * (sum(dX / X) - dX / X)"


REDUCTIONS = [
    Operation(
        "sum", "X", shapes.along_axis, einsum=_sum_form, axis=True, choose=_linear_law("sum"),
        latex=r"\operatorname{sum}",
        law=Law("d(sum(X)) = sum(dX)", "sum of entries", "linear"),
        doc="of all entries; axis=0 down the columns (1×n), axis=1 along the rows (m×1)",
    ),
    Operation(
        "mean", "X", shapes.along_axis, einsum=_sum_form, axis=True, choose=_linear_law("mean"),
        latex=r"\operatorname{mean}",
        law=Law("d(mean(X)) = mean(dX)", "mean of entries", "linear"),
    ),
    Operation(
        "logsumexp", "X", shapes.along_axis, choose=_logsumexp_law, axis=True,
        law=Law("d(logsumexp(x)) = sum(softmax(x) * dx)", "log-sum-exp", "Boyd & Vandenberghe 2004, 3.1.5"),
        latex=r"\operatorname{logsumexp}",
    ),
    Operation(
        "softmax", "X", shapes.keep_axis, choose=_softmax_law, axis=True,
        law=Law("d(softmax(x)) = y * (dx - sum(y * dx))", "softmax", "Bridle 1990"),
        latex=r"\operatorname{softmax}",
    ),
    Operation(
        "log_softmax", "X", shapes.keep_axis, choose=_log_softmax_law, axis=True,
        latex=r"\operatorname{log\,softmax}",
        law=Law("d(log_softmax(x)) = dx - sum(softmax(x) * dx)", "log-softmax", "x - logsumexp(x)"),
    ),
    Operation(
        "cross_entropy", "A, B", shapes.same_shapes,
        law=Law("d(cross_entropy(A, B)) = -(sum(log(B) * dA) + sum(A / B * dB))", "cross-entropy", "-sum(y log p)"),
        domain="p > 0", sample="positive B", latex=r"\operatorname{H}", doc="cross_entropy(y, p) = -sum(y * log(p))",
    ),
    Operation(
        "prod", "X", shapes.vector_to_scalar, numpy="np.prod({X})", latex=r"\operatorname{prod}",
        law=Law("d(prod(X)) = sum(prod_others(X) * dX)", "product of entries", "product rule"),
    ),
    Operation(
        "prod_others", "X", shapes.elementwise, choose=_prod_others_law, numpy="_prod_others({X})",
        latex=r"\operatorname{prod}_{\neq}",
        law=Law("d(prod_others(X)) = prod_pairs(X) @ dX", "product of the other entries", "product rule"),
        domain="its own derivative by a matrix: entries nonzero", sample="nonzero",
        doc="at each entry, the product of all others",
    ),
    Operation(
        "prod_pairs", "x", shapes.pairs, numpy="_prod_pairs({x})", latex=r"\operatorname{prod}_{\neq\neq}",
        law=Law(
            "d(prod_pairs(x)) = y * (sum(dx / x) - dx / x) - y * (dx / x).T", "products but for pairs", "product rule"
        ),
        domain="its own derivative: entries nonzero", sample="nonzero",
        doc="of a column: at row i and column j the product of all entries but those two, and 0 where they are one",
    ),
    Operation(
        "max", "X", shapes.vector_to_scalar, numpy="np.max({X})", latex=r"\max", analytic=False,
        law=Law("d(max(X)) = sum(is_max(X) * dX)", "largest entry", "envelope theorem"),
        domain="one largest entry (of equal ones, the first counts)",
    ),
    Operation(
        "min", "X", shapes.vector_to_scalar, numpy="np.min({X})", latex=r"\min", analytic=False,
        law=Law("d(min(X)) = sum(is_min(X) * dX)", "smallest entry", "envelope theorem"),
        domain="one smallest entry (of equal ones, the first counts)",
    ),
    Operation(
        "is_max", "X", shapes.elementwise, numpy="_is_max({X})", latex=r"\operatorname{is\,max}", analytic=False,
        law=Law("d(is_max(X)) = 0 * dX", "indicator of the largest entry", "piecewise constant"),
        doc="1 at the first of the largest entries (column by column), 0 elsewhere",
    ),
    Operation(
        "is_min", "X", shapes.elementwise, numpy="_is_min({X})", latex=r"\operatorname{is\,min}", analytic=False,
        law=Law("d(is_min(X)) = 0 * dX", "indicator of the smallest entry", "piecewise constant"),
        doc="1 at the first of the smallest entries (column by column), 0 elsewhere",
    ),
    Operation(
        "norm", "X", shapes.vector_to_scalar, latex=r"\left\| {X:any} \right\|", text="‖{X:any}‖",
        law=Law("d(norm(X)) = sum(X * dX) / y", "Euclidean and Frobenius norm", "Matrix Cookbook 129"),
        domain="X nonzero (the gradient at 0 is taken as 0)",
    ),
    Operation(
        "norm1", "X", shapes.vector_to_scalar, numpy="np.sum(np.abs({X}))", latex=r"\left\| {X:any} \right\|_{1}",
        text="‖{X:any}‖₁", analytic=False,
        law=Law("d(norm1(X)) = sum(sign(X) * dX)", "sum of absolute entries", "entry by entry"),
        domain="entries nonzero", doc="of a matrix too: the sum of absolute entries",
    ),
    Operation(
        "norm_inf", "X", shapes.vector_to_scalar, numpy="np.max(np.abs({X}))",
        latex=r"\left\| {X:any} \right\|_{\infty}",
        text="‖{X:any}‖_∞", analytic=False,
        law=Law("d(norm_inf(X)) = sum(is_max(abs(X)) * sign(X) * dX)", "largest absolute entry", "envelope theorem"),
        domain="one largest absolute entry (of equal ones, the first counts)",
        doc="of a matrix too: the largest absolute entry",
    ),
    Operation(
        "norm_nuc", "X", shapes.matrix_to_scalar, numpy="np.linalg.norm({X}, 'nuc')", analytic=False,
        latex=r"\left\| {X:any} \right\|_{*}", text="‖{X:any}‖_*",
        law=Law("d(norm_nuc(X)) = sum(polar(X) * dX)", "nuclear norm", "Watson 1992"),
        domain="full rank", sample="full rank",
    ),
    Operation(
        "polar", "X", shapes.matrix_same, numpy="_polar({X})", latex=r"\operatorname{polar}", analytic=False,
        doc="the orthogonal factor U Vᵀ of the singular value decomposition; its own derivative is not supported",
    ),
    Operation(
        "dot", "A, B", shapes.two_vectors, einsum="i,i->..",
        law=Law("d(dot(A, B)) = dot(dA, B) + dot(A, dB)", "dot product", "Matrix Cookbook 69"),
    ),
    Operation(
        "inner", "A, B", shapes.same_shapes, einsum="ij,ij->..",
        latex=r"\left\langle {A:any}, {B:any} \right\rangle", text="⟨{A:any}, {B:any}⟩",
        law=Law("d(inner(A, B)) = inner(dA, B) + inner(A, dB)", "inner product of matrices", "tr(Aᵀ B)"),
    ),
    Operation(
        "tr", "X", shapes.square_to_scalar, einsum="ii->..", latex=r"\operatorname{tr}",
        law=Law("d(tr(X)) = tr(dX)", "trace", "Matrix Cookbook 36"),
    ),
    Operation(
        "det", "X", shapes.square_to_scalar, numpy="np.linalg.det({X})", latex=r"\det",
        law=Law("d(det(X)) = y * tr(inv(X) @ dX)", "Jacobi's formula", "Matrix Cookbook 41"),
        domain="X invertible", sample="invertible",
    ),
    Operation(
        "logdet", "X", shapes.square_to_scalar,
        latex=r"\log\left| \det {X} \right|", text="log |det {X}|",
        law=Law("d(logdet(X)) = tr(inv(X) @ dX)", "log-determinant", "Matrix Cookbook 43"),
        domain="X invertible", sample="invertible", doc="log |det X|",
    ),
]  # fmt: skip
