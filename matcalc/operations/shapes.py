"""Shape rules: each takes a checker, the arguments' shapes and the parameters, and gives the result's shape.

The same rule checks a node that is built and unifies dimensions while a program is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcalc.expressions.dims import Dim, add, constant, multiply, subtract
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Shape, kind
from matcalc.operations.registry import Checker, describe

SCALAR: Shape = (1, 1)
Shapes = Sequence[Shape]
Params = tuple[Any, ...]


def elementwise(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """The shape of the one argument."""
    return shapes[0]


def broadcast(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Scalars go with anything, a matrix with a column or a row that fits, never a column with a row."""
    (r1, c1), (r2, c2) = a, b = shapes
    if a == SCALAR:
        return b
    if b == SCALAR:
        return a
    if {kind(a), kind(b)} == {"vector", "row"}:
        raise check.misfit(
            f"a {describe(a)} and a {describe(b)} do not go together entry by entry",
            "transpose one of them; outer(x, y) is the matrix of all products",
        )
    return (
        r2 if r1 == 1 else r1 if r2 == 1 else check.same(r1, r2),
        c2 if c1 == 1 else c1 if c2 == 1 else check.same(c1, c2),
    )


def chosen(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Three of which any two broadcast."""
    condition, one, other = shapes
    chosen = [broadcast(check, (condition, side), ()) for side in (one, other)]
    return broadcast(check, (broadcast(check, chosen, ()), broadcast(check, (one, other), ())), ())


def product(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """m×n by n×p; a 1×1 product used as a factor is a scalar, which the reader turns into ``*``."""
    (r1, c1), (r2, c2) = a, b = shapes
    if SCALAR in (a, b):
        raise check.misfit("@ multiplies matrices and vectors, one of these is a scalar", "write * for it")
    if (c1 == 1) != (r2 == 1):
        mend = {
            ("vector", "vector"): "did you mean {a}.T @ {b}, or outer({a}, {b})?",
            ("row", "row"): "did you mean {a} @ {b}.T?",
            ("vector", "matrix"): "did you mean {a}.T @ {b}?",
            ("matrix", "row"): "did you mean {a} @ {b}.T?",
        }.get((kind(a), kind(b)), "")
        raise check.misfit(f"a {describe(a)} times a {describe(b)} does not fit", mend)
    check.same(c1, r2)
    return (r1, c2)


def transpose(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Rows and columns exchanged."""
    return (shapes[0][1], shapes[0][0])


def along_axis(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """All entries to a scalar; axis 0 to a row, axis 1 to a column."""
    axis = params[0]
    if axis is None:
        return SCALAR
    rows, columns = shapes[0]
    return (1, columns) if axis == 0 else (rows, 1)


def keep_axis(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """The argument's shape; a matrix needs an axis."""
    if params[0] is None and kind(shapes[0]) == "matrix":
        raise check.misfit("of a matrix it needs an axis", "add axis=0 (each column) or axis=1 (each row)")
    return shapes[0]


def along_kept_axis(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A vector or a row, or a matrix along an axis, to its own shape."""
    if kind(shapes[0]) == "scalar":
        raise check.misfit("it needs a vector, this is a scalar")
    return keep_axis(check, shapes, params)


def covariance(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """m samples of n variables to n×n."""
    if kind(shapes[0]) != "matrix":
        raise check.misfit(f"it needs a matrix, this is a {describe(shapes[0])}", "var(x) is that of one",
            wants="matrix")
    return (shapes[0][1], shapes[0][1])


def _column(check: Checker, shape: Shape) -> Dim:
    if kind(shape) != "vector":
        hint = "transpose it" if kind(shape) == "row" else ""
        raise check.misfit(f"it needs columns, this is a {describe(shape)}", hint)
    return shape[0]


def cross(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two columns of three entries to one."""
    for shape in shapes:
        check.same(_column(check, shape), 3)
    return (3, 1)


def cross_matrix(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A column of three entries to 3×3."""
    check.same(_column(check, shapes[0]), 3)
    return (3, 3)


def pairs(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A column of n entries to n×n, a row and a column for each."""
    n = _column(check, shapes[0])
    return (n, n)


def rolled(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A vector or a row, or a matrix along an axis, to its own shape; the parameters are the axis and the shift."""
    return along_kept_axis(check, shapes, params[:1])


def convolved(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Columns of n and m entries to one of n + m - 1."""
    n, m = (_column(check, shape) for shape in shapes)
    return (subtract(add(n, m), 1), 1)


def _difference(check: Checker, n: Dim, m: Dim) -> Dim:
    length = add(subtract(n, m), 1)
    known = constant(length)
    if known is not None and known < 1:
        raise check.misfit(f"{dim_text(m)} entries do not fit into {dim_text(n)}")
    return length


def correlated(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Columns of n and m entries to one of n - m + 1."""
    n, m = (_column(check, shape) for shape in shapes)
    return (_difference(check, n, m), 1)


def conv_matrix(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A column of m entries to (n + m - 1)×n (the parameter is n)."""
    return (subtract(add(_column(check, shapes[0]), params[0]), 1), params[0])


def corr_matrix(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A column of n entries to (n - m + 1)×m (the parameter is m)."""
    return (_difference(check, _column(check, shapes[0]), params[0]), params[0])


def vector_to_scalar(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A vector, a row or a matrix, entry by entry, to a scalar."""
    return SCALAR


def _square(check: Checker, shape: Shape) -> Dim:
    rows, columns = shape
    if kind(shape) == "scalar":
        raise check.misfit("it needs a square matrix, this is a scalar", wants="matrix")
    if kind(shape) != "matrix":
        raise check.misfit(f"it needs a square matrix, this is a {describe(shape)}", wants="matrix")
    return check.same(rows, columns)


def square(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A square matrix to one of the same size."""
    n = _square(check, shapes[0])
    return (n, n)


def square_to_column(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A square matrix to the column of its eigenvalues."""
    return (_square(check, shapes[0]), 1)


def two_squares(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two square matrices of one size to one."""
    n = check.same(_square(check, shapes[0]), _square(check, shapes[1]))
    return (n, n)


def tall(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A matrix with at least as many rows as columns, as far as they are known, to its own shape."""
    if kind(shapes[0]) != "matrix":
        raise check.misfit(f"it needs a matrix, this is a {describe(shapes[0])}", wants="matrix")
    more = constant(subtract(shapes[0][1], shapes[0][0]))
    if more is not None and more > 0:
        raise check.misfit(f"it needs at least as many rows as columns, this is a {describe(shapes[0])}",
            "transpose it")
    return shapes[0]


def tall_to_column(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A tall m×n matrix to a column of n."""
    return (tall(check, shapes, params)[1], 1)


def tall_to_square(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A tall m×n matrix to n×n."""
    n = tall(check, shapes, params)[1]
    return (n, n)


def square_to_scalar(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A square matrix to a scalar."""
    _square(check, shapes[0])
    return SCALAR


def matrix_to_scalar(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A matrix to a scalar."""
    if kind(shapes[0]) != "matrix":
        raise check.misfit(f"it needs a matrix, this is a {describe(shapes[0])}", wants="matrix")
    return SCALAR


def matrix_transposed(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A matrix to one of the transposed shape."""
    matrix_to_scalar(check, shapes, params)
    return (shapes[0][1], shapes[0][0])


def matrix_same(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A matrix to one of the same shape."""
    matrix_to_scalar(check, shapes, params)
    return shapes[0]


def solved(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A square n×n, B with n rows: a result of B's shape."""
    n = _square(check, shapes[0])
    if kind(shapes[1]) in ("scalar", "row"):
        raise check.misfit(f"the right-hand side is a {describe(shapes[1])}", f"it needs {dim_text(n)} rows")
    return (check.same(n, shapes[1][0]), shapes[1][1])


def same_shapes(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two arguments of the same shape, to a scalar."""
    a, b = shapes
    if kind(a) != kind(b):
        raise check.misfit(f"a {describe(a)} and a {describe(b)} have different shapes")
    check.same(a[0], b[0])
    check.same(a[1], b[1])
    return SCALAR


def two_vectors(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two columns or rows of one length (each may be either), to a scalar."""
    check.same(*(_length(check, shape) for shape in shapes))
    return SCALAR


def outer(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two columns or rows (each may be either), to the matrix of all products."""
    m, n = (_length(check, shape) for shape in shapes)
    return (m, n)


def _length(check: Checker, shape: Shape) -> Dim:
    if kind(shape) not in ("vector", "row"):
        raise check.misfit(f"it needs vectors, this is a {describe(shape)}")
    return shape[0] if shape[1] == 1 else shape[1]


def diagonal(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A vector to a diagonal matrix; a square matrix to the column of its diagonal."""
    if kind(shapes[0]) == "scalar":
        raise check.misfit("it needs a vector or a square matrix, this is a scalar")
    if kind(shapes[0]) == "matrix":
        return (_square(check, shapes[0]), 1)
    n = _length(check, shapes[0])
    return (n, n)


def kronecker(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """m×n and p×q to mp×nq."""
    (m, n), (p, q) = shapes
    return (multiply(m, p), multiply(n, q))


def stacked_columns(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """m×n to a column of mn."""
    return (multiply(*shapes[0]), 1)


def unstacked(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A column of mn to m×n (the parameters)."""
    m, n = params
    check.same(1 if shapes[0] == SCALAR else _length(check, shapes[0]), multiply(m, n))
    return (m, n)


def powered(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """A square matrix and a scalar exponent, to a matrix of the same size."""
    if kind(shapes[1]) != "scalar":
        raise check.misfit("the exponent must be a whole number or a scalar name")
    return square(check, shapes[:1], ())


def power_summed(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Two square matrices of one size and a scalar exponent."""
    n = _square(check, shapes[0])
    check.same(n, _square(check, shapes[1]))
    return powered(check, (shapes[1], shapes[2]), ())


def kron_left(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """mp×nq and p×q to m×n (the parameters)."""
    (rows, columns), (p, q), (m, n) = shapes[0], shapes[1], params
    check.same(rows, multiply(m, p))
    check.same(columns, multiply(n, q))
    return (m, n)


def kron_right(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """mp×nq and m×n to p×q (the parameters)."""
    (rows, columns), (m, n), (p, q) = shapes[0], shapes[1], params
    check.same(rows, multiply(m, p))
    check.same(columns, multiply(n, q))
    return (p, q)


def stack(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """Blocks in rows, ``params`` the number of blocks in each row."""
    blocks = iter(shapes)
    height: Dim = 0
    width: Dim | None = None
    for count in params:
        row = [next(blocks) for _ in range(count)]
        rows = row[0][0]
        total: Dim = 0
        for r, c in row:
            rows = _same_block(check, rows, r, "rows")
            total = add(total, c)
        height = add(height, rows)
        width = total if width is None else _same_block(check, width, total, "columns")
    assert width is not None
    return (height, width)


def _same_block(check: Checker, a: Dim, b: Dim, what: str) -> Dim:
    if (a == 1) != (b == 1):
        raise check.misfit(
            f"blocks beside or below each other have {dim_text(a)} and {dim_text(b)} {what}",
            "';' stacks downwards, ',' side by side",
        )
    return check.same(a, b)


Item = tuple[Any, ...]  # ("at", i), ("slice", a, b), or ("all",)


def item_length(check: Checker, item: Item, length: Dim) -> Dim:
    """How many entries an index item picks out of ``length``."""
    if item[0] == "all":
        return length
    if item[0] == "at":
        low, high = item[1], add(item[1], 1)
    else:
        low, high = item[1], item[2]
    picked: Dim = 1 if item[0] == "at" else subtract(high, low)
    n, a, b = constant(length), constant(low), constant(high)
    if (a is not None and a < 0) or (n is not None and b is not None and b > n):
        shown = dim_text(low) if item[0] == "at" else f"{dim_text(low)}:{dim_text(high)}"
        raise check.misfit(f"index {shown} is out of range for {dim_text(length)} entries (they count from 0)")
    size = constant(picked)
    if size is not None and size < 1:
        raise check.misfit(f"the slice {dim_text(low)}:{dim_text(high)} is empty")
    return picked


def indexed(check: Checker, shapes: Shapes, params: Params) -> Shape:
    """``params``: an item for the rows and one for the columns."""
    (rows, columns), (row, column) = shapes[0], params
    return (item_length(check, row, rows), item_length(check, column, columns))

