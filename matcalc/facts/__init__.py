"""What is known of expressions for certain: symmetric, positive definite, entries that sum to one, ...

One engine for simplification and for code. A fact is True, False or None (unknown): ``definite(node)``. It is stated
by a declared type, known of an operation, or propagated by the table in `matcalc.facts.table`.
"""

from matcalc.facts.engine import (
    bare,
    column_sums_are_one,
    definite,
    diagonal,
    fact,
    factors,
    independent,
    invertible,
    known,
    lower,
    nonnegative,
    orthogonal,
    orthonormal,
    positive,
    row_sums_are_one,
    semidefinite,
    skew,
    square,
    sums_to_one,
    symmetric,
    unit,
    upper,
    zero,
)

__all__ = [
    "bare", "column_sums_are_one", "definite", "diagonal", "fact", "factors", "independent", "invertible", "known",
    "lower", "nonnegative", "orthogonal", "orthonormal", "positive", "row_sums_are_one", "semidefinite", "skew",
    "square", "sums_to_one", "symmetric", "unit", "upper", "zero",
]  # fmt: skip
