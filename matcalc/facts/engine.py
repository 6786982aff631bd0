"""The engine: facts of all nodes below one, arguments first, each node once.

What is known of a node is kept with it. The rows of the table are read when an operation is first met.
"""

from __future__ import annotations

from functools import cache

from matcalc.expressions.node import Node, kind, postorder
from matcalc.facts.conditions import CONDITIONS, Condition, bare, factors, signature
from matcalc.facts.names import BITS, Known, bits, closed
from matcalc.facts.table import ROWS

__all__ = [
    "Rule", "bare", "column_sums_are_one", "definite", "diagonal", "fact", "factors", "independent", "invertible",
    "known", "lower", "nonnegative", "orthogonal", "orthonormal", "positive", "row_sums_are_one", "rules_of",
    "semidefinite", "skew", "square", "sums_to_one", "symmetric", "unit", "upper", "zero",
]  # fmt: skip

# the facts that a declared type states, and those that `positive` adds to it
TYPES = {
    "symmetric": "symmetric", "posdef": "definite", "skew": "skew", "diagonal": "diagonal",
    "orthogonal": "orthogonal", "simplex": "sums_to_one",
}  # fmt: skip
POSITIVE = {"": "positive", "symmetric": "positive", "posdef": "positive", "simplex": "positive",
            "diagonal": "positive_diagonal"}  # fmt: skip
LEAVES = {
    "eye": "diagonal orthogonal nonnegative whole columns_sum_to_one",  # so definite
    "commutation": "orthogonal nonnegative whole rows_sum_to_one columns_sum_to_one",  # a permutation
    "zeros": "zero", "ones": "positive whole", "dim": "positive whole", "pi": "positive", "pair": "nonnegative whole",
}  # fmt: skip


class Rule:
    """A row for one fact: the ``bit`` concluded, premises on arguments by position (-1: every one), and conditions.

    ``both``: the fact holds just where the premise does; ``needed``: the facts that some argument must have.
    """

    __slots__ = ("bit", "both", "conditions", "fact", "needed", "premises", "reason", "text")

    def __init__(self, fact: str, text: str, reason: str, names: tuple[str, ...]) -> None:
        self.fact, self.text, self.reason = fact, text, reason
        self.bit = BITS[fact]
        self.both = text.startswith("= ")
        self.premises: list[tuple[int, int]] = []
        self.conditions: list[tuple[Condition, str]] = []
        for part in filter(None, text.replace("= ", "").split(", ")):
            self._read(part.replace("$", fact), names)
        self.needed = 0
        for _, mask in self.premises:
            self.needed |= mask

    def _read(self, part: str, names: tuple[str, ...]) -> None:
        if part in CONDITIONS:
            self.conditions.append((CONDITIONS[part], ""))
            return
        if part == "every" or (self.both and part in names):
            self.premises.append((-1 if part == "every" else names.index(part), self.bit))
            return
        head, _, last = part.rpartition(" ")
        if head in BITS:
            self.premises.append((names.index(last), BITS[head]))
        else:
            self.conditions.append((CONDITIONS[head], last))

    def holds(self, node: Node) -> bool | None:
        """Whether the fact holds of a node by this rule; its arguments have been looked at."""
        if self.both:
            ((which, mask),) = self.premises
            yes, no = node.args[which]._facts
            return True if yes & mask else False if no & mask else None
        for which, mask in self.premises:
            chosen = node.args if which < 0 else node.args[which : which + 1]
            if not all(argument._facts[0] & mask for argument in chosen):
                return None
        return True if all(condition(node, word) for condition, word in self.conditions) else None


@cache
def rules_of(op: str) -> tuple[Rule, ...]:
    """The rules for an operation, one for each fact."""
    if op not in ROWS:
        return ()
    names = signature(op)
    return tuple([Rule(name, text, why, names) for given, text, why in ROWS[op] for name in given.split()])


@cache
def _sorted_rules(op: str) -> tuple[tuple[tuple[int, int], ...], tuple[Rule, ...], tuple[Rule, ...]]:
    """What passes from an argument as it is; rules that are always asked; and those that ask for facts of arguments."""
    passing: dict[int, int] = {}
    always: list[Rule] = []
    asking: list[Rule] = []
    for rule in rules_of(op):
        if rule.both and rule.premises[0][0] >= 0 and rule.premises[0][1] == rule.bit and not rule.conditions:
            which = rule.premises[0][0]
            passing[which] = passing.get(which, 0) | rule.bit
        else:
            (asking if rule.needed and not rule.both else always).append(rule)
    return tuple(passing.items()), tuple(always), tuple(asking)


def known(node: Node) -> Known:
    """The facts that hold of a node, and those that do not, each as a set of bits."""
    try:
        return node._facts
    except AttributeError:
        for part in postorder(node, into=lambda n: not hasattr(n, "_facts")):
            if not hasattr(part, "_facts"):
                part._facts = _found(part)
        return node._facts


def _found(node: Node) -> Known:
    if not node.args:
        return closed(*_of_leaf(node), node.shape)
    passing, always, asking = _sorted_rules(node.op)
    yes = no = there = 0
    for argument in node.args:
        there |= argument._facts[0]
    for which, mask in passing:
        held, refuted = node.args[which]._facts
        yes, no = yes | held & mask, no | refuted & mask
    for rule in (*always, *[rule for rule in asking if rule.needed & there == rule.needed]) if there else always:
        if yes & rule.bit:
            continue
        answer = rule.holds(node)
        if answer:
            yes |= rule.bit
        elif answer is False:
            no |= rule.bit
    return closed(yes, no, node.shape)


def _of_leaf(node: Node) -> Known:
    op = node.op
    if op == "var":
        _, type_, positive = node.params
        return bits(TYPES.get(type_, "")) | (bits(POSITIVE.get(type_, "")) if positive else 0), 0
    if op == "num":
        return _of_number(node)
    constant = op == "ones" and node.shape[0] == node.shape[1]  # 1 1ᵀ
    return bits(LEAVES.get(op, "")) | (BITS["semidefinite"] if constant else 0), 0


def _of_number(node: Node) -> Known:
    value = node.params[0]
    yes = [(value >= 0, "nonnegative"), (value > 0, "positive"), (value == 0, "zero"), (value == int(value), "whole")]
    yes += [(value == 1, "sums_to_one"), (abs(value) == 1, "unit")]
    return sum(BITS[n] for holds, n in yes if holds), sum(BITS[n] for holds, n in yes if not holds)


def fact(node: Node, name: str) -> bool | None:
    """Whether a fact holds of a node; None where that is unknown.

    >>> from matcalc.operations import table
    >>> A = table.variable("A", ("m", "n"))
    >>> gram = table.matmul(table.transpose(A), A)
    >>> fact(gram, "semidefinite"), fact(gram, "definite"), fact(A, "symmetric")
    (True, None, False)
    """
    yes, no = known(node)
    bit = BITS[name]
    return True if yes & bit else False if no & bit else None


def square(node: Node) -> bool:
    """Whether the node is a square matrix for certain."""
    return kind(node.shape) == "matrix" and node.shape[0] == node.shape[1]


def symmetric(node: Node) -> bool | None:
    """Whether ``X.T == X``."""
    return fact(node, "symmetric")


def skew(node: Node) -> bool | None:
    """Whether ``X.T == -X``."""
    return fact(node, "skew")


def diagonal(node: Node) -> bool | None:
    """Whether all entries off the diagonal are zero."""
    return fact(node, "diagonal")


def lower(node: Node) -> bool | None:
    """Whether all entries above the diagonal are zero."""
    return fact(node, "lower")


def upper(node: Node) -> bool | None:
    """Whether all entries below the diagonal are zero."""
    return fact(node, "upper")


def orthonormal(node: Node) -> bool | None:
    """Whether ``X.T @ X`` is the identity."""
    return fact(node, "orthonormal")


def orthogonal(node: Node) -> bool | None:
    """Whether the matrix is square and its inverse its transpose."""
    return fact(node, "orthogonal")


def semidefinite(node: Node) -> bool | None:
    """Whether the matrix is symmetric positive semidefinite."""
    return fact(node, "semidefinite")


def definite(node: Node) -> bool | None:
    """Whether the matrix is symmetric positive definite."""
    return fact(node, "definite")


def invertible(node: Node) -> bool | None:
    """Whether the matrix is square and of full rank."""
    return fact(node, "invertible")


def independent(node: Node) -> bool | None:
    """Whether the columns are linearly independent."""
    return fact(node, "independent")


def nonnegative(node: Node) -> bool | None:
    """Whether no entry is negative."""
    return fact(node, "nonnegative")


def positive(node: Node) -> bool | None:
    """Whether every entry is positive."""
    return fact(node, "positive")


def zero(node: Node) -> bool | None:
    """Whether every entry is zero."""
    return fact(node, "zero")


def unit(node: Node) -> bool | None:
    """Whether the Euclidean (Frobenius) norm is one."""
    return fact(node, "unit")


def sums_to_one(node: Node) -> bool | None:
    """Whether all entries together sum to one."""
    return fact(node, "sums_to_one")


def column_sums_are_one(node: Node) -> bool | None:
    """Whether every column sums to one."""
    return fact(node, "columns_sum_to_one")


def row_sums_are_one(node: Node) -> bool | None:
    """Whether every row sums to one."""
    return fact(node, "rows_sum_to_one")
