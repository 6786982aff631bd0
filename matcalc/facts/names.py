"""The facts by name, what follows from what, and what excludes what.

A set of facts is a number with a bit for each. What is known of a node are two such sets: the facts that hold, and
those that do not; what is in neither is unknown.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

from matcalc.expressions.node import Shape

__all__ = ["BITS", "FACTS", "Known", "bits", "closed"]

Known: TypeAlias = tuple[int, int]  # what holds, what does not

FACTS = {
    "symmetric": "X.T = X",
    "skew": "X.T = -X",
    "lower": "entries above the diagonal are zero",
    "upper": "entries below the diagonal are zero",
    "diagonal": "entries off the diagonal are zero",
    "orthonormal": "X.T @ X is the identity: the columns are orthonormal",
    "orthogonal": "square, and X.T @ X is the identity",
    "semidefinite": "symmetric, and v.T @ X @ v is never negative",
    "definite": "symmetric, and v.T @ X @ v is positive for every v but 0",
    "invertible": "square, of full rank",
    "independent": "the columns are linearly independent",
    "positive_diagonal": "square, and the entries on the diagonal are positive",
    "nonnegative": "no entry is negative",
    "positive": "every entry is positive",
    "zero": "every entry is zero",
    "whole": "every entry is a whole number",
    "unit": "the squares of all entries sum to one",
    "sums_to_one": "all entries sum to one",
    "columns_sum_to_one": "every column sums to one",
    "rows_sum_to_one": "every row sums to one",
    "sums_to_zero": "all entries sum to zero",
    "columns_sum_to_zero": "every column sums to zero",
    "rows_sum_to_zero": "every row sums to zero",
}
BITS = {name: 1 << k for k, name in enumerate(FACTS)}


def bits(names: str) -> int:
    """The set of facts named, ``"lower upper"``."""
    return sum(BITS[name] for name in names.split())


# (what is given, what follows, for which shapes): each holds by the definitions above, or as the remark says
ANY, SQUARE, COLUMN, ROW = "any", "square", "column", "row"
IMPLICATIONS = tuple(
    (bits(given), bits(follows), where)
    for given, follows, where in (
        ("diagonal", "lower upper", ANY),
        ("diagonal", "symmetric", SQUARE),
        ("lower upper", "diagonal", ANY),
        ("lower symmetric", "diagonal", SQUARE),
        ("upper symmetric", "diagonal", SQUARE),
        ("definite", "semidefinite invertible positive_diagonal", SQUARE),  # eᵢᵀ X eᵢ > 0
        ("semidefinite", "symmetric", SQUARE),
        ("semidefinite invertible", "definite", SQUARE),  # no eigenvalue is zero
        ("orthogonal", "orthonormal", SQUARE),
        ("orthonormal", "orthogonal", SQUARE),
        ("orthonormal", "independent", ANY),
        ("invertible", "independent", SQUARE),
        ("independent", "invertible", SQUARE),
        ("positive", "nonnegative", ANY),
        ("positive", "positive_diagonal", SQUARE),
        ("diagonal positive_diagonal", "nonnegative", SQUARE),
        ("diagonal nonnegative", "semidefinite", SQUARE),
        ("diagonal semidefinite", "nonnegative", SQUARE),
        ("lower positive_diagonal", "invertible", SQUARE),  # the determinant is the product of the diagonal
        ("upper positive_diagonal", "invertible", SQUARE),
        ("symmetric skew", "zero", SQUARE),
        ("zero", "nonnegative whole lower upper", ANY),
        ("zero", "skew semidefinite", SQUARE),
        ("symmetric columns_sum_to_one", "rows_sum_to_one", SQUARE),
        ("symmetric rows_sum_to_one", "columns_sum_to_one", SQUARE),
        ("unit", "orthonormal", COLUMN),
        ("orthonormal", "unit", COLUMN),
        ("sums_to_one", "columns_sum_to_one", COLUMN),
        ("columns_sum_to_one", "sums_to_one", COLUMN),
        ("sums_to_one", "rows_sum_to_one", ROW),
        ("rows_sum_to_one", "sums_to_one", ROW),
        ("positive", "independent", COLUMN),
        ("zero", "columns_sum_to_zero rows_sum_to_zero", ANY),
        ("columns_sum_to_zero", "sums_to_zero", ANY),
        ("rows_sum_to_zero", "sums_to_zero", ANY),
        ("sums_to_zero", "columns_sum_to_zero", COLUMN),
        ("sums_to_zero", "rows_sum_to_zero", ROW),
        ("symmetric columns_sum_to_zero", "rows_sum_to_zero", SQUARE),
        ("symmetric rows_sum_to_zero", "columns_sum_to_zero", SQUARE),
    )
)
# what cannot be together: where the first holds the others do not
EXCLUSIONS = tuple(
    (bits(given), bits(excluded))
    for given, excluded in (
        ("zero", "positive positive_diagonal orthogonal definite invertible independent unit sums_to_one"
                 " columns_sum_to_one rows_sum_to_one"),
        ("skew", "positive_diagonal"),
        ("positive_diagonal", "zero"), ("independent", "zero"), ("unit", "zero"),
        ("sums_to_one", "sums_to_zero"), ("columns_sum_to_one", "sums_to_zero"),
        ("rows_sum_to_one", "sums_to_zero"), ("positive", "sums_to_zero"),
    )
)  # fmt: skip
OF_SQUARES = bits("symmetric skew orthogonal semidefinite definite invertible positive_diagonal")


def closed(yes: int, no: int, shape: Shape) -> Known:
    """All that follows for a matrix of this shape, once more is known.

    A fact follows forwards from what implies it; backwards, what would imply a fact that does not hold does not hold.

    >>> yes, no = closed(bits("definite"), 0, ("n", "n"))
    >>> bool(yes & bits("symmetric")), bool(no & bits("zero"))
    (True, True)
    """
    if len(shape) != 2:  # of the third order and more: facts of entries alone
        return _closed(yes, no, False, False, False)
    rows, columns = shape
    return _closed(yes, no, rows == columns, rows == 1, columns == 1)


@cache
def _closed(yes: int, no: int, square: bool, row: bool, column: bool) -> Known:
    if row and column:  # a number; what else is to be known of it its sign tells
        square = False
        yes |= BITS["symmetric"]
    elif not square:
        no |= OF_SQUARES
    fitting = {ANY, *([SQUARE] if square else []), *([COLUMN] if column else []), *([ROW] if row else [])}
    rules = [(given, follows) for given, follows, where in IMPLICATIONS if where in fitting]
    before = None
    while before != (yes, no):
        before = yes, no
        for given, follows in rules:
            if yes & given == given:
                yes |= follows
            elif no & follows and given.bit_count() == 1:
                no |= given
        for given, excluded in EXCLUSIONS:
            if yes & given:
                no |= excluded
    return yes, no & ~yes
