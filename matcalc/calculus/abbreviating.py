"""Shorter writings of products: named runs of factors, powers of a matrix, and the square of a norm.

``B.T @ A @ x`` is ``B.T @ z`` with the program's ``z = A @ x``; ``X @ X @ X`` is ``matrix_power(X, 3)``, and
``y.T @ S @ S @ y`` with a symmetric S is ``norm(S @ y)**2``.  What the program itself writes as a product stands as it
is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from matcalc import facts
from matcalc.calculus.writing import chain, t
from matcalc.expressions.node import NAMED, Node, intern
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["Abbreviations", "Runs", "runs_of", "with_powers"]

SCALAR = (1, 1)
RUN = 3  # equal factors that are written as a power
Runs: TypeAlias = Mapping[Node, Sequence[tuple[tuple[Node, ...], Node]]]  # by the first factor: factors, and their name


def runs_of(names: Mapping[Node, Node]) -> Runs:
    """The named products, and their transposes, by their first factors; ``names`` are the formulas' names."""
    found: dict[Node, list[tuple[tuple[Node, ...], Node]]] = {}
    for formula, name in names.items():
        if formula.op == "matmul" and formula.shape != SCALAR and name.op == "let":
            parts = tuple(_parts(formula, ()))
            for run, written in ((parts, name), (tuple([t(p) for p in reversed(parts)]), table.make("T", name))):
                found.setdefault(run[0], []).append((run, written))
    return found


class Abbreviations:
    """What products become, kept: the results of a program have most of their parts in common.

    ``own`` are the program's own parts, which stand as they are; ``runs`` the named ones (`runs_of`).
    """

    def __init__(self, own: Collection[Node], runs: Runs) -> None:
        self.own, self.runs = own, runs
        self.called = {part for found in runs.values() for _, name in found for part in (name, *name.args[:1])}
        self.named: dict[Node, Node] = {}
        self.short: dict[Node, Node] = {}

    def with_names(self, node: Node, but: Node) -> Node:
        """The node with the names of runs of factors; the name ``but`` is not used."""
        if not self.runs:
            return node
        runs, kept = self.runs, self.named
        if but in self.called:
            runs, kept = {}, {}
            for first, found in self.runs.items():
                runs[first] = [run for run in found if but not in (run[1], *run[1].args[:1])]
        return _rewritten(node, (), lambda _, parts: _chained(_named(parts, runs)), kept)

    def shortened(self, node: Node) -> Node:
        """The node with its products abbreviated where that is shorter, but for the program's own parts."""
        return _rewritten(node, self.own, _abbreviated, self.short)


def with_powers(node: Node) -> Node:
    """The node with products of equal factors as powers where that is shorter."""
    return _rewritten(node, (), _abbreviated, {})


def _rewritten(
    node: Node, own: Collection[Node], written: Callable[[Node, list[Node]], Node], new: dict[Node, Node]
) -> Node:
    """The node with every product ``written`` anew, from the factors; the ``own`` nodes stay. ``new`` is kept."""
    stack = [node]
    while stack:
        top = stack[-1]
        if top in new:
            stack.pop()
            continue
        parts = () if top in own or top.op in (*NAMED, "entries") else _parts(top, own)
        waiting = [part for part in parts if part not in new]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        args = [new[part] for part in parts]
        if top.op == "matmul" and args:
            new[top] = written(top, args)
        elif not args or all(a is b for a, b in zip(args, parts, strict=True)):
            new[top] = top
        else:
            new[top] = intern(top.op, tuple(args), top.params, top.shape)
    return new[node]


def _parts(node: Node, own: Collection[Node]) -> Sequence[Node]:
    """The arguments of a node; of a product, the factors from left to right."""
    if node.op != "matmul":
        return node.args
    found = [node.args[1]]
    left = node.args[0]
    while left.op == "matmul" and left not in own:
        found.append(left.args[1])
        left = left.args[0]
    return [left, *reversed(found)]


def _named(parts: list[Node], runs: Runs) -> list[Node]:
    """The factors with names for the runs that have one."""
    found: list[Node] = []
    at = 0
    while at < len(parts):
        for run, name in runs.get(parts[at], ()):
            if tuple(parts[at : at + len(run)]) == run:
                found.append(name)
                at += len(run)
                break
        else:
            found.append(parts[at])
            at += 1
    return found


def _abbreviated(node: Node, parts: Sequence[Node]) -> Node:
    """The product of these factors, and how it is written shorter."""
    plain = _chained(parts)
    short = _square_of_norm(parts) if node.shape == SCALAR else _runs_as_powers(parts)
    return short if short is not None and token_count(short) < token_count(plain) else plain


def _chained(parts: Sequence[Node]) -> Node:
    product = parts[0]
    for part in parts[1:]:
        product = table.matmul(product, part)
    return product


def _square_of_norm(parts: Sequence[Node]) -> Node | None:
    """``v.T @ v`` is ``norm(v)**2``; a sign stands on the leftmost factor."""
    if parts[0].op == "neg":
        square = _square_of_norm([parts[0].args[0], *parts[1:]])
        return None if square is None else table.neg(square)
    half = len(parts) // 2
    if len(parts) % 2 or not all(_transposed(parts[k], parts[-1 - k]) for k in range(half)):
        return None
    return table.power(table.make("norm", chain(parts[half:])), table.number(2))


def _transposed(a: Node, b: Node) -> bool:
    return (a is b and facts.symmetric(a)) or t(b) is a


def _runs_as_powers(parts: Sequence[Node]) -> Node | None:
    """Runs of equal factors as powers."""
    found: list[Node] = []
    for part, run in groupby(parts):
        count = len(list(run))
        if count < RUN:
            found += [part] * count
        elif part.op == "T":
            found.append(table.make("T", _power(part.args[0], count)))
        else:
            found.append(_power(part, count))
    return _chained(found) if len(found) < len(parts) else None


def _power(matrix: Node, count: int) -> Node:
    return table.make("matrix_power", matrix, table.number(count))
