"""Index terms as products of pairs.

``einsum`` of three factors loops over all indices at once, or plans anew at each call. Here each term is multiplied
two factors at a time, planned once: what sums over an index is a product of matrices, for BLAS, and what does not an
outer product by broadcasting. ``ad,db,dc->abc`` is ``A @ P`` with ``P[d, (b, c)] = B[d, b] C[d, c]``.

The cheapest order of pairs is found by trying all, for as many factors as occur. Where a pair would have to move axes
in memory first, or keeps an index that it also sums beside, the term stays with ``einsum``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations

from matcalc.codegen.values import Graph, Value
from matcalc.expressions.dims import Dim, multiply

__all__ = ["contracted"]

FACTORS = 5  # of a term that is planned
Operand = tuple[str, Value]


def contracted(graph: Graph, value: Value, args: Sequence[Value]) -> Value | None:
    """An ``einsum`` as products of pairs, its terms added up; ``None`` where one of them has to stay.

    ``args`` are the arrays, as they have become.
    """
    total: Value | None = None
    rest = list(args)
    if not any(count > 2 for _, _, count in value.params):
        return None
    for number, form, count in value.params:
        operands, rest = rest[:count], rest[count:]
        term = _term(graph, number, form, operands)
        if term is None or term.axes != value.axes:
            return None
        sign = "sub" if number < 0 else "add"
        if total is None:
            total = graph.scale(Fraction(-1), term) if number < 0 else term
        else:
            total = graph.value(sign, (total, term), (), value.axes)
    return total


def _term(graph: Graph, number: Fraction, form: str, operands: Sequence[Value]) -> Value | None:
    inputs, _, output = form.partition("->")
    parts = list(zip(inputs.split(","), operands, strict=True))
    if len(parts) > FACTORS or any(len(set(at)) < len(at) or len(v.axes) != len(at) or 1 in v.axes for at, v in parts):
        return None
    dims = {letter: dim for at, v in parts for letter, dim in zip(at, v.axes, strict=True)}
    smallest = min(range(len(parts)), key=lambda k: _size(graph, parts[k][0], dims))
    parts[smallest] = parts[smallest][0], graph.scale(abs(number), parts[smallest][1])
    found = _multiplied(graph, parts, output, dims)
    return found[1] if found is not None and found[0] == output else None


def _multiplied(graph: Graph, parts: list[Operand], output: str, dims: Mapping[str, Dim]) -> Operand | None:
    """All factors multiplied, the cheapest pair that leads to an end first; as deep as there are factors, which are
    few."""
    if len(parts) == 1:
        return parts[0]
    for rest in _steps(graph, parts, output, dims):
        found = _multiplied(graph, rest, output, dims)
        if found is not None:
            return found
    return None


def _size(graph: Graph, letters: str, dims: Mapping[str, Dim]) -> int:
    return graph.sizes.size(tuple([dims[letter] for letter in sorted(set(letters))]))


def _steps(graph: Graph, parts: list[Operand], output: str, dims: Mapping[str, Dim]) -> list[list[Operand]]:
    """The factors after each pair was multiplied, by what the whole costs then."""
    found: list[tuple[tuple[int, ...], list[Operand]]] = []
    for i, j in combinations(range(len(parts)), 2):
        others = [part for k, part in enumerate(parts) if k not in (i, j)]
        needed = set(output).union(*[at for at, _ in others])
        pair = _pair(graph, parts[i], parts[j], needed, output if not others else "", dims)
        if pair is not None:
            cost = _size(graph, parts[i][0] + parts[j][0], dims)
            total = cost + _rest(graph, others, pair[0], output, dims)
            found.append(((total, parts[i][1] is not parts[j][1], cost), [*others, pair]))
    return [step for _, step in sorted(found, key=lambda step: step[0])]


def _rest(graph: Graph, others: Sequence[Operand], made: str, output: str, dims: Mapping[str, Dim]) -> int:
    """What is still to be paid, the remaining factors one after another."""
    total, letters = 0, set(made)
    for k, (at, _) in enumerate(others):
        letters |= set(at)
        total += _size(graph, "".join(letters), dims)
        letters &= set(output).union(*[a for a, _ in others[k + 1 :]])
    return total


def _pair(
    graph: Graph, a: Operand, b: Operand, needed: set[str], output: str, dims: Mapping[str, Dim]
) -> Operand | None:
    """Two factors multiplied, summed over what nothing else needs."""
    both = set(a[0]) & set(b[0])
    if (set(a[0]) ^ set(b[0])) - needed:
        return None
    summed = both - needed
    if not summed:
        return _broadcast(graph, a, b, output, dims)
    if both - summed:
        return None
    for left, right in ((a, b), (b, a)):
        made = _dotted(graph, left, right, summed, dims)
        if made is not None and output in ("", made[0]):
            return made
    return None


def _broadcast(graph: Graph, a: Operand, b: Operand, output: str, dims: Mapping[str, Dim]) -> Operand | None:
    letters = output or "".join(dict.fromkeys(a[0] + b[0]))
    axes = tuple([dims[letter] for letter in letters])
    lifted = []
    for at, value in (a, b):
        if [letter for letter in letters if letter in at] != list(at):
            return None
        start = min([letters.index(letter) for letter in at], default=len(letters))
        there = tuple([letter in at for letter in letters[start:]])
        sizes = tuple([dims[letter] if letter in at else 1 for letter in letters[start:]])
        lifted.append(value if all(there) else graph.value("lift", (value,), there, sizes))
    return letters, graph.value("mul", tuple(lifted), (), axes)


def _dotted(graph: Graph, a: Operand, b: Operand, summed: set[str], dims: Mapping[str, Dim]) -> Operand | None:
    """A product of matrices, where neither side has to move its axes in memory."""
    left, right = _as_matrix(graph, a, summed, dims, last=True), _as_matrix(graph, b, summed, dims, last=False)
    if left is None or right is None or left[1] != right[1]:
        return None
    letters = left[0] + right[0]
    if not letters:
        return None
    axes = tuple([dims[letter] for letter in letters])
    flat = tuple([_joined(part, dims) for part in (left[0], right[0]) if part])
    if not left[0]:
        made = graph.matmul(graph.transposed(right[2]), left[2])
    elif not right[0]:
        made = graph.matmul(left[2], right[2])
    else:
        made = graph.value("matmul", (left[2], right[2]), (), flat)
    return letters, made if made.axes == axes else graph.value("shaped", (made,), axes, axes)


def _joined(letters: str, dims: Mapping[str, Dim]) -> Dim:
    return reduce(multiply, [dims[letter] for letter in letters])


def _as_matrix(
    graph: Graph, operand: Operand, summed: set[str], dims: Mapping[str, Dim], *, last: bool
) -> tuple[str, str, Value] | None:
    """The free letters, the summed ones in their order, and the factor as a matrix with the latter last, or first."""
    at, value = operand
    free = "".join([letter for letter in at if letter not in summed])
    inner = "".join([letter for letter in at if letter in summed])
    turned: Callable[[Value], Value] = graph.transposed
    if at == free + inner:
        turn = not last
    elif at == inner + free:
        turn = last
    else:
        return None
    if not free:
        return None if len(inner) > 1 else (free, inner, value)
    flat = tuple([_joined(part, dims) for part in (at[: len(free)], at[len(free) :]) if part])
    if at != free + inner:
        flat = tuple([_joined(part, dims) for part in (inner, free)])
    if len(at) > 2:
        if value.op == "T":
            return None
        value = graph.value("shaped", (value,), flat, flat)
    return free, inner, turned(value) if turn else value
