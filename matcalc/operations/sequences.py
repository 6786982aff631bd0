"""Statistics of samples, and what shifts, sums up and folds the entries of vectors.

Linear operations state their adjoints, which readers know (the adjoint of a running sum is the running sum from the
end), and in ``opened`` the same law as a product with a constant matrix, for Jacobians and second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matcalc.expressions import dims
from matcalc.expressions.node import Shape
from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation

Params = tuple[Any, ...]
Writer = Callable[[Sequence[Shape], Params], str]


def _axis(params: Params) -> str:
    return "" if params[0] is None else f", axis={params[0]}"


def _along(template: str) -> Writer:
    """A law in which ``@`` stands for the axis."""

    def law(args: Sequence[Shape], params: Params) -> str:
        return template.replace("@", _axis(params))

    return law


def _sized(template: str) -> Writer:
    """A law with the dimensions of its arguments, ``{m}``×``{n}`` and ``{p}``×``{q}``."""

    def law(args: Sequence[Shape], params: Params) -> str:
        found = template
        for letter, dim in zip("mnpq", [dim for shape in args for dim in shape], strict=False):
            found = found.replace(f"{{{letter}}}", f"({dims.text(dim)})")
        return found

    return law


def _by_matrix(name: str, matrix: str) -> Writer:
    """A linear operation along an axis as a product; ``{n}`` is the length of the axis."""

    def law(args: Sequence[Shape], params: Params) -> str:
        rows, columns = args[0]
        down = params[0] == 0 or (params[0] is None and columns == 1)
        if (rows if down else columns) == 1:
            return f"d({name}(X)) = dX"
        n = dims.text(rows if down else columns)
        body = matrix.replace("{n}", n).replace("{k}", dims.text(params[1]) if len(params) > 1 else "")
        return f"d({name}(X)) = {f'{body} @ dX' if down else f'dX @ {body}.T'}"

    return law


def _correlation_law(args: Sequence[Shape], params: Params) -> str:
    (n, _), (m, _) = args
    length = dims.text(dims.add(dims.subtract(n, m), 1))
    return f"d(correlate(A, B)) = conv_matrix(B, {length}).T @ dA + corr_matrix(A, {dims.text(m)}) @ dB"


SEQUENCES = [
    Operation(
        "variance", "X", shapes.along_axis, axis=True,
        latex=r"\operatorname{var}", text="var",
        choose=_along("d(var(X@)) = 2 * mean((X - mean(X@)) * dX@)"), sample="varied",
        law=Law("d(var(X)) = 2 * mean((X - mean(X)) * dX)", "variance", "mean of squared deviations"),
        doc="var(X): the population's, divided by the number of entries; of all, or with axis=0, axis=1",
    ),
    Operation(
        "std", "X", shapes.along_axis, axis=True, latex=r"\operatorname{std}",
        choose=_along("d(std(X@)) = mean((X - mean(X@)) * dX@) / y"), sample="varied",
        law=Law("d(std(X)) = mean((X - mean(X)) * dX) / y", "standard deviation", "square root of the variance"),
        domain="entries not all equal", doc="the square root of var(X); of all, or with axis=0, axis=1",
    ),
    Operation(
        "cov", "X", shapes.covariance, numpy="_cov({X})", latex=r"\operatorname{cov}",
        choose=_sized("d(cov(X)) = (dX.T @ (X - mean(X, axis=0)) + (X - mean(X, axis=0)).T @ dX) / {m}"),
        law=Law(
            "d(cov(X)) = (dX.T @ (X - mean(X, axis=0)) + (X - mean(X, axis=0)).T @ dX) / m",
            "covariance of the columns", "Magnus & Neudecker 2019, 8.2",
        ),
        doc="cov(X): columns are variables, rows samples; divided by the number of rows",
    ),
    Operation(
        "triu", "X", shapes.matrix_same, numpy="np.triu({X})", latex=r"\operatorname{triu}",
        law=Law("d(triu(X)) = triu(dX)", "upper triangle", "linear"), adjoint={"X": "triu(G)"},
        opened=_sized("d(triu(X)) = triu(ones({m}, {n})) * dX"), doc="X with zeros below the diagonal",
    ),
    Operation(
        "tril", "X", shapes.matrix_same, numpy="np.tril({X})", latex=r"\operatorname{tril}",
        law=Law("d(tril(X)) = tril(dX)", "lower triangle", "linear"), adjoint={"X": "tril(G)"},
        opened=_sized("d(tril(X)) = tril(ones({m}, {n})) * dX"), doc="X with zeros above the diagonal",
    ),
    Operation(
        "cumsum", "X", shapes.along_kept_axis, axis=True, latex=r"\operatorname{cumsum}",
        choose=_along("d(cumsum(X@)) = cumsum(dX@)"), adjoint={"X": "cumsum_back(G{axis})"},
        opened=_by_matrix("cumsum", "tril(ones({n}, {n}))"),
        law=Law("d(cumsum(X)) = cumsum(dX)", "running sum", "linear"),
        doc="at each entry, the sum from the first entry to it; of a matrix with axis=0 or axis=1",
    ),
    Operation(
        "cumsum_back", "X", shapes.along_kept_axis, axis=True,
        latex=r"\operatorname{cumsum\,back}",
        choose=_along("d(cumsum_back(X@)) = cumsum_back(dX@)"), adjoint={"X": "cumsum(G{axis})"},
        opened=_by_matrix("cumsum_back", "triu(ones({n}, {n}))"),
        law=Law("d(cumsum_back(X)) = cumsum_back(dX)", "running sum from the end", "linear"),
        doc="at each entry, the sum from it to the last entry; adjoint of cumsum",
    ),
    Operation(
        "cross", "A, B", shapes.cross, numpy="np.cross({A}, {B})",
        law=Law("d(cross(A, B)) = cross(dA, B) + cross(A, dB)", "cross product", "product rule"),
        adjoint={"A": "cross(B, G)", "B": "cross(G, A)"},
        opened=_sized("d(cross(A, B)) = cross_matrix(A) @ dB - cross_matrix(B) @ dA"),
        doc="the vector product of two columns of three entries",
    ),
    Operation(
        "cross_matrix", "X", shapes.cross_matrix, numpy="_cross_matrix({X})",
        latex=r"\left[ {X:any} \right]_{\times}", text="[{X:any}]_×",
        law=Law("d(cross_matrix(X)) = cross_matrix(dX)", "matrix of the cross product", "linear"),
        adjoint={"X": "[G[2, 1] - G[1, 2]; G[0, 2] - G[2, 0]; G[1, 0] - G[0, 1]]"},
        opened=_sized(
            "d(cross_matrix(X)) = [0, 0, 0; 0, 0, -1; 0, 1, 0] * dX[0] + [0, 0, 1; 0, 0, 0; -1, 0, 0] * dX[1]"
            " + [0, -1, 0; 1, 0, 0; 0, 0, 0] * dX[2]"
        ),
        doc="cross_matrix(x) @ y is cross(x, y)",
    ),
    Operation(
        "roll", "X", shapes.rolled, axis=True, latex=r"\operatorname{roll}", adjoint={"X": "roll(G, -({k}){axis})"},
        choose=lambda args, params: f"d(roll(X, {params[1]}{_axis(params)})) = roll(dX, {params[1]}{_axis(params)})",
        opened=_by_matrix("roll", "roll(eye({n}), {k}, axis=0)"),
        law=Law("d(roll(X, 1)) = roll(dX, 1)", "entries shifted round", "linear"),
        doc="roll(x, k): entry i moves to place i + k, round the end, k an integer; of a matrix with axis=0 or axis=1",
    ),
    Operation(
        "conv", "A, B", shapes.convolved, numpy="np.convolve({A}, {B})",
        law=Law("d(conv(A, B)) = conv(dA, B) + conv(A, dB)", "convolution", "product rule"),
        adjoint={"A": "correlate(G, B)", "B": "correlate(G, A)"},
        opened=_sized("d(conv(A, B)) = conv_matrix(B, {m}) @ dA + conv_matrix(A, {p}) @ dB"),
        doc="the full convolution of two columns, n + m - 1 entries",
    ),
    Operation(
        "correlate", "A, B", shapes.correlated, numpy="_correlate({A}, {B})", latex=r"\operatorname{correlate}",
        law=Law("d(correlate(A, B)) = correlate(dA, B) + correlate(A, dB)", "correlation", "product rule"),
        adjoint={"A": "conv(G, B)", "B": "correlate(A, G)"}, opened=_correlation_law,
        doc="correlate(a, k): the sums of a[i + j]*k[j] over j, where all of k lies in a; adjoint of conv",
    ),
    Operation(
        "conv_matrix", "X", shapes.conv_matrix, latex=r"\operatorname{conv\,matrix}",
        doc="conv_matrix(k, n) @ x is conv(k, x), x of n entries; its own derivative is not supported",
    ),
    Operation(
        "corr_matrix", "X", shapes.corr_matrix, latex=r"\operatorname{corr\,matrix}",
        doc="corr_matrix(a, m) @ k is correlate(a, k), k of m entries; its own derivative is not supported",
    ),
]  # fmt: skip
