"""The operators."""

from __future__ import annotations

from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation

MN = "Magnus & Neudecker 2019"

ARITHMETIC = [
    Operation("add", "A, B", shapes.broadcast, law=Law("d(A + B) = dA + dB", "sum", "Matrix Cookbook 35")),
    Operation("sub", "A, B", shapes.broadcast, law=Law("d(A - B) = dA - dB", "difference", "Matrix Cookbook 35")),
    Operation("neg", "X", shapes.elementwise, law=Law("d(-X) = -dX", "negative", "Matrix Cookbook 34")),
    Operation(
        "mul", "A, B", shapes.broadcast, einsum="ij,ij->ij",
        law=Law("d(A * B) = dA * B + A * dB", "elementwise product rule", "Matrix Cookbook 38"),
    ),
    Operation(
        "div", "A, B", shapes.broadcast,
        law=Law("d(A / B) = (dA - y * dB) / B", "quotient rule", "calculus, entry by entry"),
        domain="B nonzero", sample="nonzero B",
    ),
    Operation(
        "pow", "A, B", shapes.broadcast,
        law=Law("d(A**B) = B * A**(B - 1) * dA + log(A) * y * dB", "power rule", "calculus, entry by entry"),
        domain="A positive, unless B is a whole number",
    ),
    Operation(
        "matmul", "A, B", shapes.product, einsum="ij,jk->ik",
        law=Law("d(A @ B) = dA @ B + A @ dB", "product rule", f"Matrix Cookbook 37; {MN}, 8.2"),
    ),
    Operation(
        "T", "X", shapes.transpose, einsum="ij->ji",
        law=Law("d(X.T) = dX.T", "transpose", "Matrix Cookbook 44"),
    ),
]  # fmt: skip
