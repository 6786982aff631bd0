"""How facts propagate: for each operation, what holds of its value, given what holds of its arguments.

A row is (facts, premises, reason). The premises are separated by commas; all must hold. ``definite A``: the argument A
(named as in the operation's signature) has the fact; ``every``: each argument has it; ``$`` stands for the fact that
is concluded, so that a row holds for several facts, and ``= X`` says that it holds just where it holds of X. Other
words are conditions on how the expression is built, in `matcalc.facts.conditions`. ``y`` is the value.

A row says what the others, with the implications in `matcalc.facts.names`, do not: what is lower and upper is
diagonal, what is semidefinite and invertible definite. What is not said is unknown. A matrix that is inverted is
invertible: an expression is meant where it is defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from matcalc.facts.names import FACTS

__all__ = ["ROWS"]

Row: TypeAlias = tuple[str, str, str]
ROWS: dict[str, list[Row]] = {}

SQUARES = "symmetric skew lower upper diagonal"
ENTRIES = "nonnegative positive zero whole"
ALL = " ".join(FACTS)
SUMS = "sums_to_zero columns_sum_to_zero rows_sum_to_zero"


def _rows(operations: str, rows: Sequence[Row]) -> None:
    for name in operations.split():
        ROWS.setdefault(name, []).extend(rows)


# operators --------------------------------------------------------------------------------------------------
_rows("let", [(ALL, "= X", "a name stands for its value")])
_rows("defined", [(ALL, "= Y", "a call stands for the function's body")])
_rows("T", [
    ("symmetric skew diagonal orthogonal semidefinite definite invertible positive_diagonal nonnegative positive zero"
     " whole unit sums_to_one sums_to_zero", "= X", "transposition moves entries only"),
    ("lower", "= upper X", "rows become columns"), ("upper", "= lower X", "rows become columns"),
    ("columns_sum_to_one", "= rows_sum_to_one X", "rows become columns"),
    ("rows_sum_to_one", "= columns_sum_to_one X", "rows become columns"),
    ("columns_sum_to_zero", "= rows_sum_to_zero X", "rows become columns"),
    ("rows_sum_to_zero", "= columns_sum_to_zero X", "rows become columns"),
])
_rows("neg", [
    (f"{SQUARES} orthonormal independent zero whole unit", "= X", "a sign changes no zero"),
    (SUMS, "= X", "-0 is 0"),
])
_rows("add", [
    (f"skew lower upper {SUMS}", "$ A, $ B, same shape", "entry by entry"),
    ("symmetric", "symmetric A, symmetric B", "a number added is a constant matrix"),
    ("nonnegative whole zero", "$ A, $ B", "entry by entry"),
    ("symmetric", "transposes", "the terms are each other's transposes: (A + Aᵀ)ᵀ = Aᵀ + A"),
    ("skew", "opposites", "the terms are each other's negative transposes"),
    ("semidefinite", "semidefinite A, semidefinite B", "vᵀ(A + B)v = vᵀAv + vᵀBv"),
    ("definite", "definite A, semidefinite B", "vᵀ(A + B)v = vᵀAv + vᵀBv"),
    ("definite", "semidefinite A, definite B", "vᵀ(A + B)v = vᵀAv + vᵀBv"),
    ("semidefinite", "semidefinite A, nonnegative B, scalar B", "c 1 1ᵀ is semidefinite for c >= 0"),
    ("semidefinite", "nonnegative A, semidefinite B, scalar A", "c 1 1ᵀ is semidefinite for c >= 0"),
    ("definite", "definite A, nonnegative B, scalar B", "c 1 1ᵀ is semidefinite for c >= 0"),
    ("definite", "nonnegative A, definite B, scalar A", "c 1 1ᵀ is semidefinite for c >= 0"),
    ("positive", "positive A, nonnegative B", "entry by entry"),
    ("positive", "nonnegative A, positive B", "entry by entry"),
    ("positive_diagonal", "positive_diagonal A, positive_diagonal B", "entry by entry"),
    ("positive_diagonal", "positive_diagonal A, semidefinite B", "a semidefinite diagonal is nonnegative"),
    ("positive_diagonal", "semidefinite A, positive_diagonal B", "a semidefinite diagonal is nonnegative"),
])
_rows("sub", [
    (f"skew lower upper {SUMS}", "$ A, $ B, same shape", "entry by entry"),
    ("sums_to_zero", "less its mean", "sum(x - mean(x)) = sum(x) - n mean(x)"),
    ("columns_sum_to_zero", "less its mean 0", "each column less its mean"),
    ("rows_sum_to_zero", "less its mean 1", "each row less its mean"),
    ("symmetric", "symmetric A, symmetric B", "a number subtracted is a constant matrix"),
    ("whole zero", "$ A, $ B", "entry by entry"),
    ("symmetric", "transposes", "the terms are each other's transposes"),
    ("skew", "opposites", "(A - Aᵀ)ᵀ = -(A - Aᵀ)"),
    ("zero", "A is B", "x - x"),
])
_rows("mul", [
    ("symmetric", "symmetric A, symmetric B", "entry by entry"),
    ("skew", "skew A, symmetric B", "entry by entry"), ("skew", "symmetric A, skew B", "entry by entry"),
    ("symmetric", "skew A, skew B", "entry by entry"),
    ("lower upper", "$ A, full A", "zeros stay"), ("lower upper", "$ B, full B", "zeros stay"),
    ("semidefinite", "semidefinite A, semidefinite B", "Schur product theorem"),
    ("definite", "definite A, definite B", "Schur product theorem"),
    ("semidefinite", "nonnegative A, scalar A, semidefinite B", "c vᵀBv"),
    ("semidefinite", "semidefinite A, nonnegative B, scalar B", "c vᵀAv"),
    ("positive_diagonal", "positive_diagonal A, positive_diagonal B", "entry by entry"),
    ("positive_diagonal", "positive_diagonal A, positive B", "entry by entry"),
    ("positive_diagonal", "positive A, positive_diagonal B", "entry by entry"),
    ("independent", "positive A, scalar A, independent B", "a factor other than zero keeps the rank"),
    ("independent", "independent A, positive B, scalar B", "a factor other than zero keeps the rank"),
    ("nonnegative positive whole", "$ A, $ B", "entry by entry"),
    ("nonnegative", "A is B", "a square"),
    ("zero", "zero A", "0 x"), ("zero", "zero B", "x 0"),
    ("sums_to_zero", "sums_to_zero A, scalar B", "a common factor"),
    ("sums_to_zero", "scalar A, sums_to_zero B", "a common factor"),
    ("columns_sum_to_zero", "columns_sum_to_zero A, row B", "a factor for each column"),
    ("columns_sum_to_zero", "row A, columns_sum_to_zero B", "a factor for each column"),
    ("rows_sum_to_zero", "rows_sum_to_zero A, column B", "a factor for each row"),
    ("rows_sum_to_zero", "column A, rows_sum_to_zero B", "a factor for each row"),
])
_rows("div", [
    ("symmetric", "symmetric A, symmetric B", "entry by entry"),
    ("skew", "skew A, symmetric B", "entry by entry"),
    ("lower upper zero", "$ A, full A", "0 / x"),
    ("semidefinite", "semidefinite A, nonnegative B, scalar B", "vᵀAv / c, and c is not zero"),
    ("independent positive_diagonal", "$ A, nonnegative B, scalar B", "the divisor is not zero"),
    ("nonnegative positive", "$ A, nonnegative B", "the divisor is not zero"),
    ("unit", "over its norm", "‖x / ‖x‖‖ = 1"),
    ("sums_to_one", "over its sum", "sum(x) / sum(x)"),
    ("columns_sum_to_one", "over its sum 0", "each column over its sum"),
    ("rows_sum_to_one", "over its sum 1", "each row over its sum"),
    ("sums_to_zero", "sums_to_zero A, scalar B", "a common divisor"),
    ("columns_sum_to_zero", "columns_sum_to_zero A, row B", "a divisor for each column"),
    ("rows_sum_to_zero", "rows_sum_to_zero A, column B", "a divisor for each row"),
])
_rows("pow", [
    ("symmetric", "symmetric A, scalar B", "entry by entry"),
    ("lower upper zero", "$ A, full A, positive B", "0 to a positive power is 0"),
    ("nonnegative", "even B", "an even power"),
    ("nonnegative", "nonnegative A", "a power of what is not negative"),
    ("positive", "positive A", "a power of what is positive"),
    ("semidefinite", "semidefinite A, natural B", "Schur product theorem"),
    ("definite", "definite A, natural B", "Schur product theorem"),
    ("whole", "whole A, natural B", "products of whole numbers"),
])
_rows("matmul", [
    ("symmetric semidefinite", "congruent $", "(A S Aᵀ)ᵀ = A Sᵀ Aᵀ; vᵀ A S Aᵀ v = (Aᵀv)ᵀ S (Aᵀv)"),
    ("skew", "congruent skew", "(A K Aᵀ)ᵀ = A Kᵀ Aᵀ = -A K Aᵀ"),
    ("definite", "congruent definite, full rank outside", "Aᵀv is zero for v = 0 only"),
    ("nonnegative", "congruent semidefinite, scalar y", "xᵀ S x"),
    ("positive", "congruent definite, full rank outside, scalar y", "xᵀ S x for x other than 0"),
    ("zero", "congruent skew, scalar y", "xᵀ K x = (xᵀ K x)ᵀ = -xᵀ K x"),
    ("lower upper", "$ A, $ B", "Σₖ Aᵢₖ Bₖⱼ"),
    ("orthonormal independent", "$ A, $ B", "(AB)ᵀ(AB) = Bᵀ(AᵀA)B; A B x = 0 only for B x = 0"),
    ("unit", "orthonormal A, unit B", "‖Q x‖ = ‖x‖"), ("unit", "unit A, orthogonal B", "‖X Q‖ = ‖X‖"),
    ("positive_diagonal", "lower A, lower B, positive_diagonal A, positive_diagonal B", "aᵢᵢ bᵢᵢ"),
    ("positive_diagonal", "upper A, upper B, positive_diagonal A, positive_diagonal B", "aᵢᵢ bᵢᵢ"),
    ("nonnegative positive whole", "$ A, $ B", "sums of products"),
    ("zero", "zero A", "0 B"), ("zero", "zero B", "A 0"),
    ("rows_sum_to_one", "rows_sum_to_one A, rows_sum_to_one B", "A B 1 = A 1 = 1"),
    ("columns_sum_to_one", "columns_sum_to_one A, columns_sum_to_one B", "1ᵀ A B = 1ᵀ B = 1ᵀ"),
    ("sums_to_one", "columns_sum_to_one A, sums_to_one B", "1ᵀ A B 1 = 1ᵀ B 1"),
    ("sums_to_one", "sums_to_one A, rows_sum_to_one B", "1ᵀ A B 1 = 1ᵀ A 1"),
    ("columns_sum_to_zero", "columns_sum_to_zero A", "1ᵀ A B = 0 B"),
    ("rows_sum_to_zero", "rows_sum_to_zero B", "A B 1 = A 0"),
    ("sums_to_zero", "sums_to_zero A, rows_sum_to_one B", "1ᵀ A B 1 = 1ᵀ A 1"),
    ("sums_to_zero", "columns_sum_to_one A, sums_to_zero B", "1ᵀ A B 1 = 1ᵀ B 1"),
])

# entry by entry ---------------------------------------------------------------------------------------------
ODD = "sin tan arcsin arctan sinh tanh erf sign"
AT_ZERO = f"{ODD} log1p expm1 sqrt square abs relu silu gelu step"  # f(0) = 0
ABOVE = "exp cosh sigmoid softplus"  # positive values
FROM_ZERO = "sqrt square abs relu step arccos"  # no negative values
WITH_SIGN = "log1p expm1 arcsin arctan sinh tanh erf silu gelu"  # of their argument's sign
EVERY = f"{AT_ZERO} {ABOVE} arccos cos log reciprocal"
_rows(f"{EVERY} apply", [("symmetric", "symmetric X", "entry by entry")])
_rows(AT_ZERO, [("lower upper zero", "$ X", "f(0) = 0")])
_rows(ODD, [("skew", "skew X", "f(-x) = -f(x)")])
_rows(ABOVE, [("positive", "", "its values are positive")])
_rows(FROM_ZERO, [("nonnegative", "", "its values are not negative")])
_rows(f"{WITH_SIGN} sign reciprocal", [("nonnegative", "nonnegative X", "f(x) has the sign of x")])
_rows(f"{WITH_SIGN} sqrt square abs relu sign step reciprocal",
      [("positive positive_diagonal", "$ X", "f(x) is positive for x > 0")])
_rows("sign step", [("whole", "", "its values are -1, 0 and 1")])
_rows("square", [("positive", "independent X, scalar y", "the square of what is not zero")])
_rows("square abs relu", [("whole", "whole X", "of whole numbers")])
_rows("square", [("semidefinite definite", "$ X", "Schur product theorem")])
_rows("exp", [("semidefinite", "semidefinite X", "a power series with positive coefficients: Schur product theorem")])
_rows("maximum", [
    ("lower upper", "$ A, $ B, same shape", "entry by entry"),
    ("symmetric", "symmetric A, symmetric B", "entry by entry"),
    ("whole zero", "$ A, $ B", "entry by entry"),
    ("nonnegative positive", "$ A", "the larger one"), ("nonnegative positive", "$ B", "the larger one"),
])
_rows("minimum", [
    ("lower upper", "$ A, $ B, same shape", "entry by entry"),
    ("symmetric", "symmetric A, symmetric B", "entry by entry"),
    ("whole zero nonnegative positive", "$ A, $ B", "entry by entry"),
])
_rows("greater at_least", [("nonnegative whole", "", "an indicator"),
                           ("symmetric", "symmetric A, symmetric B", "entry by entry")])
_rows("where", [
    ("nonnegative positive whole zero", "$ A, $ B", "one of the two, entry by entry"),
    ("lower upper", "$ A, $ B, same branches", "one of the two, entry by entry"),
    ("symmetric", "symmetric C, symmetric A, symmetric B", "entry by entry"),
])

# reductions -------------------------------------------------------------------------------------------------
_rows("sum mean max min", [("nonnegative positive", "$ X", "of such entries")])
_rows("sum max min", [("whole zero", "$ X", "of such entries")])
_rows("mean", [("zero", "zero X", "of zeros")])
_rows("sum", [
    ("sums_to_one", "sums_to_one X", "the sum of the sums is the sum"),
])
_rows("softmax", [
    ("positive", "", "exponentials over their sum"),
    ("sums_to_one", "axis none", "exponentials over their sum"),
    ("columns_sum_to_one", "axis 0", "exponentials over their sum, column by column"),
    ("rows_sum_to_one", "axis 1", "exponentials over their sum, row by row"),
])
_rows("prod prod_others", [("nonnegative positive whole", "$ X", "a product of such numbers")])
_rows("prod_pairs", [
    ("symmetric", "", "a pair has no order"), ("nonnegative whole", "$ x", "products of such numbers, and zeros"),
])
_rows("is_max is_min", [("nonnegative whole", "", "an indicator"), ("sums_to_one unit", "", "one entry is 1")])
_rows("norm norm1 norm_inf norm_nuc std variance", [("nonnegative", "", "a norm, or a mean of squares")])
_rows("norm norm1 norm_inf norm_nuc", [("positive", "nonzero X", "only zero has the norm zero"),
                                       ("zero", "zero X", "of zeros")])
_rows("norm1 norm_inf", [("whole", "whole X", "of whole numbers")])
_rows("dot inner", [
    ("nonnegative positive whole", "$ A, $ B", "a sum of products"),
    ("nonnegative", "A is B", "a sum of squares"),
    ("zero", "zero A", "of zeros"), ("zero", "zero B", "of zeros"),
])
_rows("inner", [
    ("nonnegative", "semidefinite A, semidefinite B", "tr(AB) = ‖√A √B‖²"),
    ("zero", "symmetric A, skew B", "tr(AᵀB) = tr(BᵀA) = -tr(AᵀB)"),
    ("zero", "skew A, symmetric B", "tr(AᵀB) = tr(BᵀA) = -tr(AᵀB)"),
])
_rows("tr", [
    ("nonnegative", "nonnegative X", "of such entries"), ("nonnegative", "semidefinite X", "a sum of eigenvalues"),
    ("positive", "positive_diagonal X", "of such entries"),
    ("zero", "skew X", "the diagonal is zero"), ("whole", "whole X", "of such entries"),
])
_rows("det", [
    ("nonnegative", "semidefinite X", "the product of the eigenvalues"),
    ("positive", "definite X", "the product of the eigenvalues"),
    ("positive", "lower X, positive_diagonal X", "the product of the diagonal"),
    ("positive", "upper X, positive_diagonal X", "the product of the diagonal"),
    ("whole", "whole X", "sums of products"),
])
_rows("logdet", [("zero", "orthogonal X", "det(Q)² = det(QᵀQ) = 1")])
_rows("polar", [("orthonormal", "tall X", "the factor U Vᵀ has orthonormal columns")])

# structure --------------------------------------------------------------------------------------------------
_rows("inv", [
    ("symmetric skew lower upper orthogonal", "$ X", "(X⁻¹)ᵀ = (Xᵀ)⁻¹; the triangular groups"),
    ("semidefinite", "semidefinite X", "the eigenvalues' reciprocals"),
    ("invertible", "", "its inverse is X"),
    ("positive_diagonal", "lower X, positive_diagonal X", "1 / xᵢᵢ"),
    ("positive_diagonal", "upper X, positive_diagonal X", "1 / xᵢᵢ"),
    ("rows_sum_to_one", "rows_sum_to_one X", "X 1 = 1 gives 1 = X⁻¹ 1"),
    ("columns_sum_to_one", "columns_sum_to_one X", "1ᵀ X = 1ᵀ gives 1ᵀ = 1ᵀ X⁻¹"),
])
_rows("solve", [
    ("lower upper", "$ A, $ B", "A⁻¹ B in the group of such matrices"),
    ("independent", "independent B", "A⁻¹ keeps the rank"),
    ("orthonormal", "orthogonal A, orthonormal B", "A⁻¹ = Aᵀ"), ("unit", "orthogonal A, unit B", "‖Qᵀ x‖ = ‖x‖"),
    ("zero", "zero B", "A⁻¹ 0"),
    ("rows_sum_to_one", "rows_sum_to_one A, rows_sum_to_one B", "A⁻¹ B 1 = A⁻¹ 1 = 1"),
    ("columns_sum_to_one", "columns_sum_to_one A, columns_sum_to_one B", "1ᵀ A⁻¹ B = 1ᵀ B"),
])
_rows("pinv", [("symmetric skew diagonal orthogonal semidefinite invertible zero", "$ X",
                "the pseudo-inverse commutes with transposition")])
_rows("diag", [
    ("diagonal", "vector X", "by definition"),
    ("zero unit sums_to_one", "$ X, vector X", "zeros are added"),
    ("definite", "positive X, vector X", "Σ xᵢ vᵢ²"),
    ("positive", "positive_diagonal X", "the entries on the diagonal"),
    ("nonnegative", "semidefinite X", "eᵢᵀ X eᵢ"),
    ("nonnegative whole", "$ X", "some of the entries, and zeros"), ("zero", "skew X", "xᵢᵢ = -xᵢᵢ"),
])
_rows("outer", [
    ("semidefinite", "A is B", "vᵀ x xᵀ v = (xᵀ v)²"),
    ("nonnegative positive whole unit sums_to_one", "$ A, $ B", "aᵢ bⱼ"),
    ("zero", "zero A", "0"), ("zero", "zero B", "0"),
])
_rows("kron", [
    ("symmetric semidefinite orthonormal independent positive_diagonal nonnegative positive"
     " whole unit sums_to_one columns_sum_to_one rows_sum_to_one", "$ A, $ B",
     "(A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ and (A ⊗ B)(C ⊗ D) = AC ⊗ BD; the eigenvalues are the products"),
    ("lower upper", "$ A, $ B, square B", "block by block"),
    ("skew", "skew A, symmetric B", "(A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ"), ("skew", "symmetric A, skew B", "(A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ"),
    ("symmetric", "skew A, skew B", "(A ⊗ B)ᵀ = Aᵀ ⊗ Bᵀ"),
    ("zero", "zero A", "0"), ("zero", "zero B", "0"),
])
_rows("kron_left kron_right", [("nonnegative whole", "every", "sums of products")])
_rows("vec unvec", [(f"{ENTRIES} unit sums_to_one", "= X", "entries moved only")])
_rows("matrix_power", [
    ("symmetric lower upper orthogonal invertible rows_sum_to_one columns_sum_to_one", "$ X",
     "a product of such matrices, or of their inverses"),
    ("semidefinite", "semidefinite X", "the eigenvalues to the power K"),
    ("semidefinite", "symmetric X, even K", "the squares of the eigenvalues to the power K/2"),
    ("nonnegative whole", "$ X, natural K", "sums of products"),
    ("zero", "zero X, natural K", "0"),
])
_rows("power_sum", [("symmetric", "symmetric X, symmetric D", "the terms are each other's transposes")])
_rows("stack", [
    (ENTRIES, "every", "all blocks"),
    ("symmetric", "blocks symmetric", "the blocks are each other's transposes"),
    ("lower upper", "blocks $", "the blocks beside the diagonal are zero"),
    ("independent", "one below the other, first independent", "what is zero in the first block is zero"),
])
_rows("index", [
    (f"{ENTRIES}", "$ X", "some of the entries"),
    ("symmetric skew lower upper semidefinite definite positive_diagonal", "$ X, same slice", "a principal submatrix"),
    ("rows_sum_to_one", "rows_sum_to_one X, all columns", "whole rows"),
    ("columns_sum_to_one", "columns_sum_to_one X, all rows", "whole columns"),
    ("orthonormal independent", "$ X, all rows", "some of the columns"),
])

# statistics and sequences -----------------------------------------------------------------------------------
_rows("cov", [("semidefinite", "", "DᵀD / m with D the deviations")])
_rows("triu", [("upper", "", "by definition"), ("lower", "lower X", "zeros are put in"),
               ("nonnegative whole zero positive_diagonal", "$ X", "zeros are put in")])
_rows("tril", [("lower", "", "by definition"), ("upper", "upper X", "zeros are put in"),
               ("nonnegative whole zero positive_diagonal", "$ X", "zeros are put in")])
_rows("cumsum cumsum_back", [(ENTRIES, "$ X", "sums of such entries")])
_rows("cross_matrix", [("skew", "", "xᵀ (x × y) = 0"), ("zero whole", "$ X", "the entries, with signs")])
_rows("cross", [("zero", "A is B", "x × x"), ("zero", "zero A", "0"), ("zero", "zero B", "0"),
                ("whole", "every", "differences of products")])
_rows("roll", [(f"{ENTRIES} unit sums_to_one", "= X", "entries moved only")])
_rows("conv", [("nonnegative positive whole zero", "$ A, $ B", "sums of products"),
               ("sums_to_one", "sums_to_one A, sums_to_one B", "the sum of a convolution is the product of the sums")])
_rows("correlate", [("nonnegative positive whole zero", "$ A, $ B", "sums of products")])
_rows("conv_matrix", [("nonnegative whole zero", "$ X", "each column holds X and zeros")])
_rows("corr_matrix", [(ENTRIES, "$ X", "entries repeated")])
_rows("conv_matrix", [("columns_sum_to_one", "sums_to_one X", "each column holds X and zeros")])

# functions of a matrix --------------------------------------------------------------------------------------
_rows("expm", [
    ("lower upper", "$ X", "a power series"),
    ("semidefinite", "symmetric X", "the eigenvalues are exponentials"), ("orthogonal", "skew X", "exp(K)ᵀ = exp(-K)"),
    ("invertible", "", "det(exp(X)) = exp(tr(X))"), ("nonnegative", "nonnegative X", "a power series"),
    ("positive_diagonal", "lower X", "exp(xᵢᵢ)"), ("positive_diagonal", "upper X", "exp(xᵢᵢ)"),
])
_rows("expm_frechet", [("symmetric", "symmetric X, symmetric D", "the terms of the series are symmetric")])
_rows("cholesky", [("lower positive_diagonal", "", "by definition")])
_rows("eigvalsh", [("positive", "definite X", "eigenvalues"), ("nonnegative", "semidefinite X", "eigenvalues")])
_rows("eigvecsh", [("orthogonal", "", "the eigenvectors are orthonormal")])
_rows("eig_gaps svd_gaps", [("skew", "", "1/(λⱼ - λᵢ) = -1/(λᵢ - λⱼ)")])
_rows("svdvals", [("nonnegative", "", "singular values")])
_rows("svd_left", [("orthonormal", "", "the singular vectors are orthonormal")])
_rows("svd_right", [("orthogonal", "", "the singular vectors are orthonormal")])
