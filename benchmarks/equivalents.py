"""Mutants that compute what the original does, each with the reason, by (where, what).

Of code, ``where`` is the function's full name.  A reason is something that a reader can check.
"""

from __future__ import annotations

from benchmarks.mutations import Mutant

__all__ = ["reason_of"]

ZERO = "both differentials are multiplied by 0, whatever the sign and whichever is named"
COMMUTES = "the two arguments may be exchanged: the operation is commutative"
LARGER = "the larger (smaller) of two is the same in either order"
POWER = "no factor has the power 0"
SIGN = "a sign is 1 or -1, and never 0"
CYCLIC = "the trace is cyclic, tr(A B) = tr(B A)"

REASONS: dict[tuple[str, str], str] = {
    ("greater.law", "d(greater(A, B)) = 0 * dA - 0 * dB"): ZERO,
    ("greater.law", "d(greater(A, B)) = 0 * dA + 0 * dA"): ZERO,
    ("greater.law", "d(greater(A, B)) = 0 * dB + 0 * dB"): ZERO,
    ("at_least.law", "d(at_least(A, B)) = 0 * dA - 0 * dB"): ZERO,
    ("at_least.law", "d(at_least(A, B)) = 0 * dA + 0 * dA"): ZERO,
    ("at_least.law", "d(at_least(A, B)) = 0 * dB + 0 * dB"): ZERO,
    ("conv.law", "d(conv(A, B)) = conv(B, dA) + conv(A, dB)"): COMMUTES,
    ("conv.law", "d(conv(A, B)) = conv(dA, B) + conv(dB, A)"): COMMUTES,
    ("correlate.adjoint by A", "conv(B, G)"): COMMUTES,
    ("conv.numpy", "np.convolve({B}, {A})"): COMMUTES,
    ("dot.law", "d(dot(A, B)) = dot(B, dA) + dot(A, dB)"): COMMUTES,
    ("dot.law", "d(dot(A, B)) = dot(dA, B) + dot(dB, A)"): COMMUTES,
    ("inner.law", "d(inner(A, B)) = inner(B, dA) + inner(A, dB)"): COMMUTES,
    ("inner.law", "d(inner(A, B)) = inner(dA, B) + inner(dB, A)"): COMMUTES,
    ("det.law", "d(det(X)) = y * tr(dX @ inv(X))"): CYCLIC,
    ("logdet.law", "d(logdet(X)) = tr(dX @ inv(X))"): CYCLIC,
    ("maximum.numpy", "np.maximum({B}, {A})"): LARGER,
    ("minimum.numpy", "np.minimum({B}, {A})"): LARGER,
    ("relu.numpy", "np.maximum(0.0, {X})"): LARGER,
    ("norm_inf.law", "d(norm_inf(X)) = sum(is_max(square(X)) * sign(X) * dX)"):
        "squares are in the order of absolute values, so that the first largest is the same",
    ("matcalc.calculus.simplify.promising", "returns None: return False -> return None"):
        "the answer is only asked whether it is true, and None is no more so than False",
    ("matcalc.calculus.simplify._without_opposites", "constant: True -> False"):
        "the strict of zip: a factor has as many indices as axes, so that it says nothing",
    ("matcalc.calculus.writing.t", "comparison: node.size > SHORT -> node.size >= SHORT"):
        "the loop only fills the cache of what is turned, so that recursion stays shallow; one node matters to nothing",
    ("matcalc.calculus.writing.chain", "arguments swapped: max(0, i - 1) -> max(i - 1, 0)"):
        "the larger of two is the same in either order",
    ("matcalc.codegen.combining._written", "comparison: term[0] > 0 -> term[0] >= 0"):
        "the sign of a term is 1 or -1, and never 0",
    ("matcalc.codegen.products._test", "comparison: str(sides[1]) < str(sides[0]) -> str(sides[1]) <= str(sides[0])"):
        "sides with one text are equal, and at equal costs either order will do",
    ("matcalc.codegen.functions._slope", "arguments swapped: mul(node, parts[1]) -> mul(parts[1], node)"):
        "a product entry by entry is the same in either order, to the last bit",
    ("matcalc.calculus.multilinear.blocks_of",
     "arguments swapped: add(column, block.shape[1]) -> add(block.shape[1], column)"):
        "a sum of dimensions is the same in either order",
    ("matcalc.calculus.edges.Edge.__init__", "constant: False -> True"):
        "which way a path is read is set where an edge gets one, and looked at nowhere else",
    ("matcalc.calculus.factoring.written", "comparison: whole.sign() < 0 -> whole.sign() <= 0"): SIGN,
    ("matcalc.calculus.terms.normalise", "comparison: len(raw.scalars) > 1 -> len(raw.scalars) >= 1"):
        "one item is in order",
    ("matcalc.calculus.tensors._settled", "statement removed: break -> pass"): "what is settled stays as it is",
    ("matcalc.calculus.powers.raised_sum", "comparison: q * p < 0 -> q * p <= 0"): POWER,
    ("matcalc.calculus.simplify._times", "comparison: p < 0 -> p <= 0"): POWER,
    ("matcalc.calculus.powers._scale_power", "comparison: p < 0 -> p <= 0"): POWER,
    ("matcalc.calculus.writing._split", "comparison: p > 0 -> p >= 0"): POWER,
    ("matcalc.calculus.powers.of_sign", "comparison: c < 0 -> c <= 0"): "no number stands in front that is 0",
    ("matcalc.calculus.writing.sum_of", "comparison: sign > 0 -> sign >= 0"): SIGN,
    ("matcalc.calculus.items._turned", "constant: 1 -> 2"): "a sum takes the sign of the number before a term alone",
    ("matcalc.calculus.pairs._kron_adjoint", "constant: 0 -> 1"):
        "what an identity and a square matrix leave is square",
    ("matcalc.calculus.writing.dim_node", "comparison: c < 0 -> c <= 0"): "a polynomial keeps no coefficient that is 0",
}  # fmt: skip


def reason_of(mutant: Mutant) -> str:
    """Why a mutant is equivalent; empty where it is not known to be."""
    place = mutant.place if mutant.line else mutant.where
    return REASONS.get((place, mutant.what), "")
