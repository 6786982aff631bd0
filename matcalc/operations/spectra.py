"""Functions of a matrix as a whole: the exponential, the Cholesky factor, eigenvalues and singular values.

``cholesky``, ``eigvalsh`` and ``eigvecsh`` are functions of the symmetric part, (X + Xᵀ)/2, which is X where it is
symmetric: so that they are defined around X in every direction.  Eigenvectors and singular vectors are given up to
sign; the one is taken in which the largest entry of each eigenvector (right singular vector) is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcalc.expressions import dims
from matcalc.expressions.node import Shape
from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation

GILES = "Giles 2008, 2.2.3"
SIMPLE = "eigenvalues distinct"
SINGULAR = "singular values distinct and positive, at least as many rows as columns"
TALL = "simple singular values"
_P = "(y.T @ dX @ svd_right(X))"
_Q = "(svd_left(X).T @ dX @ y)"



def _cholesky_law(args: Sequence[Shape], params: tuple[Any, ...]) -> str:
    n = dims.text(args[0][0])
    return f"d(cholesky(X)) = y @ ((tril(ones({n}, {n})) - eye({n})/2) * (inv(y) @ (dX + dX.T)/2 @ inv(y).T))"


SPECTRA = [
    Operation(
        "expm", "X", shapes.square, numpy="_expm({X})", latex=r"\operatorname{expm}",
        adjoint={"X": "expm_frechet(X.T, G)"},
        law=Law("d(expm(X)) = expm_frechet(X, dX)", "exponential of a matrix", "Higham 2008, 10.2"),
        doc="the exponential of a matrix (exp is entry by entry); its code needs SciPy",
    ),
    Operation(
        "expm_frechet", "X, D", shapes.two_squares, numpy="_expm_frechet({X}, {D})", latex=r"\operatorname{expm}'",
        text="expm′", adjoint={"D": "expm_frechet(X.T, G)"},
        law=Law("d(expm_frechet(X, D)) = expm_frechet(X, dD)", "Fréchet derivative of expm", "Higham 2008, 10.2"),
        doc="expm_frechet(X, D): the derivative of expm at X along D; linear in D, by X not supported",
    ),
    Operation(
        "cholesky", "X", shapes.square, numpy="_cholesky({X})", latex=r"\operatorname{chol}", analytic=False,
        choose=_cholesky_law,
        law=Law(
            "d(cholesky(X)) = y @ ((tril(ones(n, n)) - eye(n)/2) * (inv(y) @ (dX + dX.T)/2 @ inv(y).T))",
            "Cholesky factor", "Murray 2016, eq. 8",
        ),
        domain="X positive definite", sample="posdef", doc="the lower triangular L with L @ L.T = X",
    ),
    Operation(
        "eigvalsh", "X", shapes.square_to_column, numpy="_eigvalsh({X})", latex=r"\operatorname{eigvalsh}",
        analytic=False,
        law=Law("d(eigvalsh(X)) = diag(eigvecsh(X).T @ dX @ eigvecsh(X))", "eigenvalues",
        "Magnus & Neudecker 2019, 8.9"),
        domain=SIMPLE, sample="simple spectrum", doc="the eigenvalues of a symmetric matrix, ascending",
    ),
    Operation(
        "eigvecsh", "X", shapes.square, numpy="_eigvecsh({X})", latex=r"\operatorname{eigvecsh}", analytic=False,
        law=Law(
            "d(eigvecsh(X)) = y @ (eig_gaps(X) * (y.T @ (dX + dX.T)/2 @ y))", "eigenvectors",
            "Magnus & Neudecker 2019, 8.9",
        ),
        domain=SIMPLE, sample="simple spectrum",
        doc="the eigenvectors of a symmetric matrix, columns in the order of eigvalsh, the largest entry of "
            "each positive",
    ),
    Operation(
        "eig_gaps", "X", shapes.square, numpy="_eig_gaps({X})", latex=r"\operatorname{eig\,gaps}", analytic=False,
        domain=SIMPLE, sample="simple spectrum",
        doc="entries 1/(λⱼ - λᵢ) of the eigenvalues, 0 on the diagonal; its own derivative is not supported",
    ),
    Operation(
        "svdvals", "X", shapes.tall_to_column, numpy="_svdvals({X})", latex=r"\operatorname{svdvals}", analytic=False,
        law=Law("d(svdvals(X)) = diag(svd_left(X).T @ dX @ svd_right(X))", "singular values", GILES),
        domain=SINGULAR, sample=TALL,
        doc="the singular values, descending, one for each column; write svdvals(X.T) of a matrix with more "
            "columns than rows",
    ),
    Operation(
        "svd_left", "X", shapes.tall, numpy="_svd_left({X})", latex=r"\operatorname{svd\,left}", analytic=False,
        law=Law(
            f"d(svd_left(X)) = y @ (svd_gaps(X) * ({_P} * svdvals(X).T + svdvals(X) * {_P}.T))"
            f" + (dX @ svd_right(X)) / svdvals(X).T - (y @ {_P}) / svdvals(X).T", "left singular vectors",
            "Townsend 2016, 12",
        ),
        domain=SINGULAR, sample=TALL, doc="U of the thin decomposition X = U @ diag(svdvals(X)) @ V.T",
    ),
    Operation(
        "svd_right", "X", shapes.tall_to_square, numpy="_svd_right({X})", latex=r"\operatorname{svd\,right}",
        analytic=False,
        law=Law(
            f"d(svd_right(X)) = y @ (svd_gaps(X) * (svdvals(X) * {_Q} + {_Q}.T * svdvals(X).T))",
            "right singular vectors", "Townsend 2016, 13",
        ),
        domain=SINGULAR, sample=TALL,
        doc="V of the thin decomposition X = U @ diag(svdvals(X)) @ V.T, the largest entry of each column positive",
    ),
    Operation(
        "svd_gaps", "X", shapes.tall_to_square, numpy="_svd_gaps({X})", latex=r"\operatorname{svd\,gaps}",
        analytic=False,
        domain=SINGULAR, sample=TALL,
        doc="entries 1/(σⱼ² - σᵢ²) of the singular values, 0 on the diagonal; its own derivative is not supported",
    ),
]  # fmt: skip
