"""Functions that build and take apart vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcalc.expressions.node import Shape
from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation

UNROLLED = 6  # powers up to this one are differentiated factor by factor, so that Hessians exist too
OPENED = 1000  # the most terms of a law that is written out for derivatives of vectors and matrices


def _power_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    k = int(params[0]) if params and params[0] <= UNROLLED else None
    if k is None:
        return "d(matrix_power(X, K)) = power_sum(X, dX, K)"
    rows = [" @ ".join(["X"] * i + ["dX"] + ["X"] * (k - 1 - i)) for i in range(k)]
    return f"d(matrix_power(X, K)) = {' + '.join(rows) or '0 * dX'}"


def _powers(*parts: int | str) -> str:
    """A product of powers of X and what stands between them: ``X @ dX @ matrix_power(X, 5)`` of 1, dX and 5."""
    written = ["X" if part == 1 else f"matrix_power(X, {part})" if isinstance(part, int) else part for part in parts]
    return " @ ".join([text for text, part in zip(written, parts, strict=True) if part != 0])


def _opened_power(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    """A term for each factor, written with powers; none for an exponent that is a name, or beyond what is read."""
    k = int(params[0]) if params and params[0] <= OPENED else 0
    rows = [_powers(i, "dX", k - 1 - i) for i in range(k)]
    return f"d(matrix_power(X, K)) = {' + '.join(rows)}" if rows else ""


def _opened_power_sum(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    k = int(params[0]) if params and params[0] ** 2 <= OPENED else 0
    inner = [_powers(i, "dD", k - 1 - i) for i in range(k)]
    for i in range(k - 1):
        for j in range(k - 1 - i):
            inner += [_powers(i, "dX", j, "D", k - 2 - i - j), _powers(i, "D", j, "dX", k - 2 - i - j)]
    return f"d(power_sum(X, D, K)) = {' + '.join(inner)}" if inner else ""


def _power_sum_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    return _opened_power_sum(args, params) or "d(power_sum(X, D, K)) = power_sum(X, dD, K)"


STRUCTURE = [
    Operation(
        "inv", "X", shapes.square, latex=r"{X}^{-1}", text="{X}⁻¹",
        law=Law("d(inv(X)) = -y @ dX @ y", "inverse", "Matrix Cookbook 40"),
        domain="X invertible", sample="invertible",
    ),
    Operation(
        "solve", "A, B", shapes.solved,
        law=Law("d(solve(A, B)) = inv(A) @ dB - inv(A) @ dA @ y", "linear system", "Matrix Cookbook 37, 40"),
        domain="A invertible", sample="invertible A",
    ),
    Operation(
        "pinv", "X", shapes.matrix_transposed, latex=r"{X}^{+}", text="{X}⁺",
        law=Law(
            "d(pinv(X)) = -y @ dX @ y + y @ y.T @ dX.T - y @ y.T @ dX.T @ X @ y + dX.T @ y.T @ y - y @ X @ dX.T "
            "@ y.T @ y",
            "pseudo-inverse at constant rank", "Golub & Pereyra 1973, 4.12",
        ),
        domain="full rank", sample="full rank",
    ),
    Operation(
        "diag", "X", shapes.diagonal, latex=r"\operatorname{diag}",
        law=Law("d(diag(X)) = diag(dX)", "diagonal", "linear"),
        doc="of a vector: the diagonal matrix; of a square matrix: the column of its diagonal",
    ),
    Operation(
        "outer", "A, B", shapes.outer, einsum="i,j->ij",
        law=Law("d(outer(A, B)) = outer(dA, B) + outer(A, dB)", "outer product", "product rule"),
    ),
    Operation(
        "kron", "A, B", shapes.kronecker, numpy="np.kron({A}, {B})",
        law=Law("d(kron(A, B)) = kron(dA, B) + kron(A, dB)", "Kronecker product", "Matrix Cookbook 39"),
        adjoint={"A": "kron_left(G, B, m, n)", "B": "kron_right(G, A, p, q)"},
    ),
    Operation(
        "kron_left", "G, B", shapes.kron_left, numpy="_kron_left({G}, {B})",
        law=Law("d(kron_left(G, B, m, n)) = kron_left(dG, B, m, n) + kron_left(G, dB, m, n)",
        "Kronecker product undone", "linear"),
        adjoint={"G": "kron(H, B)", "B": "kron_right(G, H, p, q)"},
        doc="kron_left(G, B, m, n): the m×n matrix of the inner products of G's blocks with B; adjoint of A -> "
            "kron(A, B)",
    ),
    Operation(
        "kron_right", "G, A", shapes.kron_right, numpy="_kron_right({G}, {A})",
        law=Law("d(kron_right(G, A, p, q)) = kron_right(dG, A, p, q) + kron_right(G, dA, p, q)",
        "Kronecker product undone", "linear"),
        adjoint={"G": "kron(A, H)", "A": "kron_left(G, H, m, n)"},
        doc="kron_right(G, A, p, q): the sum of G's p×q blocks weighted by A; adjoint of B -> kron(A, B)",
    ),
    Operation(
        "vec", "X", shapes.stacked_columns, latex=r"\operatorname{vec}",
        law=Law("d(vec(X)) = vec(dX)", "vectorisation", "Matrix Cookbook 10.2.2"), doc="columns stacked",
        adjoint={"X": "unvec(G, m, n)"},
    ),
    Operation(
        "unvec", "X", shapes.unstacked, latex=r"\operatorname{unvec}",
        law=Law("d(unvec(X, m, n)) = unvec(dX, m, n)", "vectorisation undone", "linear"),
        adjoint={"X": "vec(G)"},
        doc="unvec(x, m, n): the m×n matrix whose columns stacked are x",
    ),
    Operation(
        "matrix_power", "X, K", shapes.powered, choose=_power_law, adjoint={"X": "power_sum(X.T, G, K)"},
        opened=_opened_power,
        law=Law("d(matrix_power(X, K)) = power_sum(X, dX, K)", "power of a matrix", "Matrix Cookbook 90, 121"),
        doc="matrix_power(X, k): X @ X @ ... @ X, k a whole number or a scalar name",
    ),
    Operation(
        "power_sum", "X, D, K", shapes.power_summed, numpy="_power_sum({X}, {D}, {K})", latex=r"\operatorname{S}",
        choose=_power_sum_law, adjoint={"D": "power_sum(X.T, G, K)"}, opened=_opened_power_sum,
        law=Law("d(power_sum(X, D, K)) = power_sum(X, dD, K)", "derivative of a matrix power", "product rule"),
        doc="power_sum(X, D, k): the sum of X^i @ D @ X^(k-1-i) over i < k; linear in D; by X, k a number up to 31",
    ),
    Operation(
        "stack", "", shapes.stack,
        law=Law("d([A; B]) = [dA; dB]", "stacked blocks", "linear"), doc="[A, B] side by side, [A; B] downwards",
    ),
    Operation(
        "index", "X", shapes.indexed,
        law=Law("d(X[i, j]) = dX[i, j]", "entries and slices", "Matrix Cookbook 73"),
    ),
]  # fmt: skip
