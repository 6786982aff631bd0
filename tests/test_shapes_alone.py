"""Which shapes every operation takes, and what it gives: each rule once more in plain words, over all small shapes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from matcalc.errors import ShapeError
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS, index, make, variable

Shape: TypeAlias = tuple[Any, Any]
DIMS = (1, 2, 3)
SHAPES: list[Shape] = [(r, c) for r in DIMS for c in DIMS]


def is_scalar(s: Shape) -> bool:
    return s == (1, 1)


def is_column(s: Shape) -> bool:
    return s[0] > 1 and s[1] == 1


def is_row(s: Shape) -> bool:
    return s[0] == 1 and s[1] > 1


def is_matrix(s: Shape) -> bool:
    return s[0] > 1 and s[1] > 1


def is_square(s: Shape) -> bool:
    return is_matrix(s) and s[0] == s[1]


def is_vector(s: Shape) -> bool:
    return is_column(s) or is_row(s)


def together(a: Shape, b: Shape) -> Shape | None:
    """Entry by entry: scalars with anything, a matrix with a column or a row of its, never a column with a row."""
    if is_scalar(a) or is_scalar(b):
        return b if is_scalar(a) else a
    if a == b:
        return a
    for one, other in ((a, b), (b, a)):
        if is_matrix(one) and other in ((one[0], 1), (1, one[1])):
            return one
    return None


def product(a: Shape, b: Shape) -> Shape | None:
    if is_scalar(a) or is_scalar(b) or a[1] != b[0]:
        return None
    return (a[0], b[1])


def branches(c: Shape, a: Shape, b: Shape) -> Shape | None:
    pairs = [together(c, a), together(c, b), together(a, b)]
    if None in pairs:
        return None
    return (max(c[0], a[0], b[0]), max(c[1], a[1], b[1]))


def when(test: Callable[..., bool], result: Callable[..., Shape]) -> Callable[..., Shape | None]:
    return lambda *shapes: result(*shapes) if test(*shapes) else None


def length(s: Shape) -> int:
    return int(max(s))


same = when(lambda s: True, lambda s: s)
squares = when(is_square, lambda s: s)
number = (1, 1)
EXPECTED: dict[str, Callable[..., Shape | None]] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "maximum", "minimum", "greater", "at_least"), together),
    **dict.fromkeys((*ELEMENTWISE_NAMES, "neg", "prod_others", "is_max", "is_min"), same),
    **dict.fromkeys(("prod", "max", "min", "norm", "norm1", "norm_inf"), lambda s: number),
    **dict.fromkeys(("inv", "expm", "cholesky", "eigvecsh", "eig_gaps"), squares),
    **dict.fromkeys(("tr", "det", "logdet"), when(is_square, lambda s: number)),
    **dict.fromkeys(("polar", "triu", "tril"), when(is_matrix, lambda s: s)),
    **dict.fromkeys(("inner", "cross_entropy"), when(lambda a, b: a == b, lambda a, b: number)),
    "prod_pairs": when(is_column, lambda s: (s[0], s[0])),
    "matmul": product, "T": lambda s: (s[1], s[0]), "where": branches, "norm_nuc": when(is_matrix, lambda s: number),
    "pinv": when(is_matrix, lambda s: (s[1], s[0])), "cov": when(is_matrix, lambda s: (s[1], s[1])),
    "cross": when(lambda a, b: a == b == (3, 1), lambda a, b: a), "cross_matrix": when(lambda a: a == (3, 1),
                                                                                      lambda a: (3, 3)),
    "conv": when(lambda a, b: is_column(a) and is_column(b), lambda a, b: (a[0] + b[0] - 1, 1)),
    "correlate": when(lambda a, b: is_column(a) and is_column(b) and a[0] >= b[0], lambda a, b: (a[0] - b[0] + 1, 1)),
    "eigvalsh": when(is_square, lambda s: (s[0], 1)), "expm_frechet": when(lambda a, b: is_square(a) and a == b,
                                                                           lambda a, b: a),
    "svdvals": when(lambda s: is_matrix(s) and s[0] >= s[1], lambda s: (s[1], 1)),
    "svd_left": when(lambda s: is_matrix(s) and s[0] >= s[1], lambda s: s),
    **dict.fromkeys(("svd_right", "svd_gaps"), when(lambda s: is_matrix(s) and s[0] >= s[1], lambda s: (s[1], s[1]))),
    "solve": when(lambda a, b: is_square(a) and a[0] == b[0], lambda a, b: b),
    "dot": when(lambda a, b: is_vector(a) and is_vector(b) and length(a) == length(b), lambda a, b: number),
    "outer": when(lambda a, b: is_vector(a) and is_vector(b), lambda a, b: (length(a), length(b))),
    "diag": when(lambda s: is_vector(s) or is_square(s),
                 lambda s: (length(s), length(s)) if is_vector(s) else (s[0], 1)),
    "kron": lambda a, b: (a[0] * b[0], a[1] * b[1]), "vec": lambda s: (s[0] * s[1], 1),
    "matrix_power": when(lambda a, k: is_square(a) and is_scalar(k), lambda a, k: a),
    "power_sum": when(lambda a, d, k: is_square(a) and a == d and is_scalar(k), lambda a, d, k: a),
}  # fmt: skip
BY_AXIS: dict[str, Callable[[Shape, Any], Shape | None]] = {
    **dict.fromkeys(("sum", "mean", "logsumexp", "variance", "std"),
                    lambda s, axis: {None: number, 0: (1, s[1]), 1: (s[0], 1)}[axis]),
    **dict.fromkeys(("softmax", "log_softmax"), lambda s, axis: s if axis is not None or not is_matrix(s) else None),
    **dict.fromkeys(("cumsum", "cumsum_back"),
                    lambda s, axis: s if not is_scalar(s) and (axis is not None or not is_matrix(s)) else None),
}  # fmt: skip
BY_PARAMETERS = {"roll", "conv_matrix", "corr_matrix", "unvec", "kron_left", "kron_right", "stack", "index"}


def found(op: str, shapes: tuple[Shape, ...], params: Any = ()) -> Shape | None:
    try:
        return make(op, *[variable("ABC"[i], s) for i, s in enumerate(shapes)], params=params).shape
    except ShapeError:
        return None


def test_every_operation_is_here() -> None:
    others = set(OPERATIONS) - set(EXPECTED) - set(BY_AXIS) - BY_PARAMETERS
    assert not others, "say here which shapes they take"


@pytest.mark.parametrize("op", sorted(EXPECTED))
def test_shapes(op: str) -> None:
    for shapes in itertools.product(SHAPES, repeat=len(OPERATIONS[op].signature)):
        assert found(op, shapes) == EXPECTED[op](*shapes), f"{op} of {shapes}"


@pytest.mark.parametrize("op", sorted(BY_AXIS))
def test_shapes_along_an_axis(op: str) -> None:
    for shape, axis in itertools.product(SHAPES, (None, 0, 1)):
        assert found(op, (shape,), (axis,)) == BY_AXIS[op](shape, axis), f"{op} of {shape} along {axis}"


def test_shapes_by_parameters() -> None:
    for s in SHAPES:
        for axis in (None, 0, 1):
            whole = s if not is_scalar(s) and (axis is not None or not is_matrix(s)) else None
            assert found("roll", (s,), (axis, 1)) == whole
        for k in DIMS[1:]:
            assert found("conv_matrix", (s,), (k,)) == ((s[0] + k - 1, k) if is_column(s) else None)
            assert found("corr_matrix", (s,), (k,)) == ((s[0] - k + 1, k) if is_column(s) and k <= s[0] else None)
    for s, (m, n) in itertools.product([(6, 1), (4, 1), (1, 6), (1, 1), (6, 2)], SHAPES):
        fits = (m * n == length(s)) if min(s) == 1 else False
        assert found("unvec", (s,), (m, n)) == ((m, n) if fits else None), (s, m, n)
    for g, b, (m, n) in itertools.product([(6, 6), (6, 4), (4, 6), (2, 3), (1, 1)], SHAPES, SHAPES):
        fits = g == (m * b[0], n * b[1])
        assert found("kron_left", (g, b), (m, n)) == ((m, n) if fits else None)
        assert found("kron_right", (g, b), (m, n)) == ((m, n) if fits else None)


def test_shapes_of_stacks() -> None:
    for a, b in itertools.product(SHAPES, repeat=2):
        assert found("stack", (a, b), (2,)) == ((a[0], a[1] + b[1]) if a[0] == b[0] else None), (a, b)
        assert found("stack", (a, b), (1, 1)) == ((a[0] + b[0], a[1]) if a[1] == b[1] else None), (a, b)
    for a, b, c in itertools.product(SHAPES, repeat=3):
        fits = a[0] == b[0] and c[1] == a[1] + b[1]
        assert found("stack", (a, b, c), (2, 1)) == ((a[0] + c[0], c[1]) if fits else None), (a, b, c)


@pytest.mark.parametrize("length_", [3, 4])
def test_shapes_of_indexing(length_: int) -> None:
    """As Python's own slices have it, of what lies inside; from 0, negative from the end."""
    names = list(range(length_))
    for low, high in itertools.product(range(-5, 6), repeat=2):
        inside = names[low:high] if -length_ <= low < length_ and -length_ <= high <= length_ else []
        item = ("slice", low + length_ if low < 0 else low, high + length_ if high < 0 else high)
        for rows in (True, False):
            shape = (length_, 2) if rows else (2, length_)
            items: Any = (item, ("all",)) if rows else (("all",), item)
            try:
                got: Any = index(variable("A", shape), *items).shape
            except (ShapeError, IndexError):
                got = None
            expected = (len(inside), 2) if rows else (2, len(inside))
            assert got == (expected if inside else None), (item, shape)


def test_dimensions_by_name() -> None:
    n, m = "n", "m"
    assert found("add", ((n, m), (n, m))) == (n, m)
    assert found("add", ((n, m), (m, n))) is None
    assert found("matmul", ((n, m), (m, 2))) == (n, 2)
    assert found("matmul", ((n, m), (n, 2))) is None
    assert found("inv", ((n, m),)) is None
    assert found("kron", ((n, m), (2, 3))) is not None
    assert found("svdvals", ((n, m),)) == (m, 1)
