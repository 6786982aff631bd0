"""What a line on the board claims, found from values alone: differences of the program, entry by entry.

Nothing here reads what the steps have found; a line says what it is about (`matcalc.steps.lines.Left`), and all of its
sides are evaluated by the plain evaluator and held against that.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
from differences import SIZES, Array, close, derivative, evaluator, point, slope, substituted

from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.calculus.terms import Sum
from matcalc.derivation import Derivation
from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, axes, intern, postorder
from matcalc.operations.table import let, variable
from matcalc.steps.entrywise import without_deltas
from matcalc.steps.lines import Block, Chained, Entry, Left, Line, Marked

TOLERANCE = 2e-6
STEP = 1e-3


class BoardTruth:
    """Differences of one program, kept for all boards that are written of it."""

    def __init__(self, derivation: Derivation, definitions: list[Line], seed: str = "") -> None:
        self.derivation = derivation
        found = {line.left.of: line.sides[0] for line in definitions if line.left is not None}
        last = list(found)[-1]
        assert isinstance(found[last], Node)
        self.value = let(last, found[last])
        self.names = {n.params[0]: n for n in postorder(self.value) if n.op in ("let", "var")}
        program = derivation.program
        self.sizes = {name: SIZES.get(name, 2 + i) for i, name in enumerate(program.dims)}
        self.at = point(self.value, *program.inputs.values(), seed=seed, sizes=self.sizes)
        self.evaluate = evaluator(self.at, self.sizes)
        self.rng = np.random.default_rng(zlib.crc32(seed.encode()))
        self.directions: dict[str, Array] = {}
        self.kept: dict[Any, Array] = {}

    # --------------------------------------------------------------------------------- found from values
    def total(self, by: str) -> Array:
        """The derivative of the value by a name: the value's axes, then the name's."""
        if ("total", by) not in self.kept:
            self.kept["total", by] = derivative(self.value.args[0], self.names[by], self.at, self.sizes)
        return self.kept["total", by]

    def local(self, of: str, by: str) -> Array:
        """The derivative of one piece by one of its variables, all others held."""
        if ("local", of, by) not in self.kept:
            body, values, name = self.held(of, by)
            at = np.asarray(values[name], float).reshape(self.shape(self.names[by]))
            found = slope(lambda x: evaluator({**values, name: x}, self.sizes)(body), at)
            self.kept["local", of, by] = found
        return self.kept["local", of, by]

    def held(self, of: str, by: str) -> tuple[Node, dict[str, Any], str]:
        """A piece with its variables as inputs of their own, their values, and the name of one of them."""
        values, held = dict(self.at), dict[Node, Node]()
        for node in postorder(self.names[of].args[0], into=lambda n: n.op != "let"):
            if node.op == "let":
                held[node] = variable(f"({node.params[0]})", node.shape)
                values[f"({node.params[0]})"] = self.evaluate(node)
            else:
                held[node] = intern(node.op, tuple(held[a] for a in node.args), node.params, node.shape)
        return held[self.names[of].args[0]], values, f"({by})" if f"({by})" in values else by

    def contribution(self, through: str, by: str) -> Array:
        """What one piece passes on to one of its variables."""
        local = self.local(through, by)
        if through == self.value.params[0]:
            return local
        return np.einsum("abcd,cdef->abef", self.total(through), local)

    def shape(self, node: Node) -> tuple[int, ...]:
        return tuple(size_of(dim, self.sizes) for dim in node.shape)

    def direction(self, by: str) -> Array:
        """A random change of a variable."""
        if by not in self.directions:
            self.directions[by] = self.rng.standard_normal(self.shape(self.names[by]))
        return self.directions[by]

    def moving(self, node: Node, by: str, order: int = 1) -> Array:
        """The derivative of any expression along the change of a variable, the ``order``-th."""
        key = ("moving", node, by, order)
        if key not in self.kept:
            target, place = self.names[by], variable("(varied)", self.names[by].shape)
            swapped, start = substituted(node, target, place), self.evaluate(target)

            def at(t: float) -> Array:
                return np.asarray(
                    evaluator({**self.at, "(varied)": start + t * self.direction(by)}, self.sizes)(swapped)
                )

            h = STEP
            if order == 1:
                self.kept[key] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
            else:
                near, far = at(h) + at(-h), at(2 * h) + at(-2 * h)
                self.kept[key] = (16 * near - far - 30 * at(0)) / (12 * h * h)
        return self.kept[key]

    # ------------------------------------------------------------------------------------- what lines say
    def expected(self, left: Left) -> Array | None:
        """What stands left, as an array: value's axes and variable's axes, or a value."""
        kind = left.kind
        if kind == "name":
            return self.evaluate(self.names[left.of])
        if kind == "partial":
            return self.total(left.by)
        if kind == "contribution":
            return self.contribution(left.through, left.by)
        if kind == "local":
            return self.local(left.of, left.by)
        if kind == "differential":
            return self.moving(self.names[left.of], left.by, left.order)
        if kind == "moved":
            change = np.asarray(self.direction(left.by))
            return np.einsum("abcd,cd->ab", self.local(left.of, left.by), change)
        return None

    def array(self, node: Node) -> Array:
        """The value of a formula, of index terms too."""
        return self.tensor(indexed_sum(node)) if is_entries(node) else self.evaluate(node)

    def tensor(self, value: Sum) -> Array:
        """Index terms: one axis for each free index, those of the function first."""
        inputs = {**self.at, **{name: self.evaluate(node) for name, node in self.names.items()}}
        evaluate = evaluator(inputs, self.sizes)
        extra = [k for k, _ in value.extra]
        free = extra + [k for k in value.free if k not in extra]
        sizes = dict(zip(value.free, [size_of(dim, self.sizes) for dim in value.dims], strict=True))
        total = np.zeros([sizes[k] for k in free])
        for (scalars, factors), c in value.terms.items():
            operands: list[Any] = [np.asarray(float(c)), []]
            for node, p in scalars:
                operands += [np.asarray(float(evaluate(node).item()) ** float(p)), []]
            for node, p, index in factors:
                shape = [size_of(dim, self.sizes) for dim in axes(node.shape)]
                operands += [np.asarray(evaluate(node), float).reshape(shape) ** float(p), list(index)]
            seen = {k for place in operands[1::2] for k in place}
            for k in free:
                if k not in seen:
                    operands += [np.ones(sizes[k]), [k]]
            total = total + np.einsum(*operands, free)
        return total

    def check(self, blocks: list[Block]) -> int:
        """Hold every line of a board against differences; how many equations were held."""
        count = 0
        for block in blocks:
            for line in block.lines:
                if line.left is not None:
                    self.check_line(line, line.left)
                    count += len(line.sides)
        return count

    def check_line(self, line: Line, left: Left) -> None:
        where = (left.kind, left.of, left.by, line.sides)
        if left.kind == "result":
            self.check_result(line, left)
            return
        if left.kind == "change":
            self.check_change(line, left)
            return
        expected = self.expected(left)
        assert expected is not None
        for side in line.sides:
            if isinstance(side, Entry):
                assert self.entry_holds(side, line, left, expected), where
            elif isinstance(side, Chained):
                assert len(side.through) == len(axes(self.names[left.through].shape)), where
            elif isinstance(side, Marked):
                assert self.marked_holds(side, left, expected), where
            else:
                assert self.holds(self.array(side), left, expected), (where, self.array(side), expected)
        for chain in line.products if line.checked else []:
            shapes = [self.evaluate(factor).shape for factor in chain]
            assert all(a[1] == b[0] for a, b in itertools.pairwise(shapes)), where
            assert shapes == [self.shape(factor) for factor in chain], where

    def holds(self, found: Array, left: Left, expected: Array) -> bool:
        if left.kind in ("name", "differential", "moved"):
            return close(found, expected, TOLERANCE)
        if left.kind == "local" or self.value.shape != (1, 1):
            return close(found, expected.reshape(found.shape), TOLERANCE)
        return close(found, expected[0, 0].T if left.rows else expected[0, 0], TOLERANCE)

    def marked_holds(self, side: Marked, left: Left, expected: Array) -> bool:
        """A formula with differentials, each being what the change of the one variable makes of it."""
        if left.kind == "moved":
            values = {name: self.direction(left.by) for name in side.marks}
        else:
            values = {name: self.moving(node, left.by) for name, node in side.marks.items()}
        found = evaluator({**self.at, **values}, self.sizes)(side.node)
        return close(found, expected, TOLERANCE if left.order == 1 else 1e-4)

    def entry_holds(self, side: Entry, line: Line, left: Left, expected: Array) -> bool:
        """One entry for all values of its indices; where those that are meant to be equal differ, zero."""
        assert line.below is not None
        value = without_deltas(side)
        extra = [k for k, _ in value.extra]
        order = extra + [k for k in value.free if k not in extra]
        letters = [side.letters[k] for k in order]
        assert letters == [*line.below[0], *line.below[1]], (letters, line.below)
        shown = self.tensor(value)
        expected = expected.reshape(shown.shape)
        same: dict[str, list[int]] = {}
        for axis, letter in enumerate(letters):
            same.setdefault(letter, []).append(axis)
        wanted = np.zeros(shown.shape)
        for place in np.ndindex(*shown.shape):
            if all(len({place[axis] for axis in group}) == 1 for group in same.values()):
                wanted[place] = shown[place]
        return close(wanted, expected, TOLERANCE)

    def check_result(self, line: Line, left: Left) -> None:
        d = self.derivation
        if left.order == 2 or (d[left.by].structure and d.structure == "entries") or left.by not in self.names:
            return
        expected = self.total(left.by)
        result = d[left.by]
        if self.value.shape == (1, 1):
            expected = projected(expected[0, 0], self.names[left.by])
            expected = expected.T if result.transposed else expected
        for side in line.sides:
            assert isinstance(side, Node)
            found = self.array(side)
            if self.value.shape != (1, 1):
                turned = np.moveaxis(expected, (2, 3), (0, 1)) if result.transposed else expected
                wanted = turned.reshape(found.shape)
            else:
                wanted = expected.reshape(found.shape) if is_entries(side) else expected
            assert close(found, wanted, TOLERANCE), (left.by, side, found, wanted)

    def check_change(self, line: Line, left: Left) -> None:
        """The change of a gradient: differences of differences."""
        by, name = self.names[left.by], left.through
        start, target = self.evaluate(self.names[name]), self.names[name]
        if left.by == name:
            def gradient(t: float) -> Array:
                inner = variable("(inner)", by.shape)
                swapped = substituted(self.value.args[0], by, inner)
                at = start + t * self.direction(name)
                return slope(lambda x: evaluator({**self.at, "(inner)": x}, self.sizes)(swapped), at)[0, 0]
        else:
            def gradient(t: float) -> Array:
                place = variable("(varied)", target.shape)
                inner = variable("(inner)", by.shape)
                swapped = substituted(substituted(self.value.args[0], target, place), by, inner)
                values = {**self.at, "(varied)": start + t * self.direction(name)}
                at = self.evaluate(by)
                return slope(lambda x: evaluator({**values, "(inner)": x}, self.sizes)(swapped), at)[0, 0]
        h = 1e-2
        expected = (8 * (gradient(h) - gradient(-h)) - (gradient(2 * h) - gradient(-2 * h))) / (12 * h)
        for side in line.sides:
            assert isinstance(side, Marked)
            values = {mark: self.direction(node.params[0]) for mark, node in side.marks.items()}
            assert close(evaluator({**self.at, **values}, self.sizes)(side.node), expected, 1e-4), line.sides


def projected(gradient: Array, by: Node) -> Array:
    """The gradient in the space of matrices of a variable's type."""
    type_ = by.params[1] if by.op == "var" else ""
    if type_ in ("symmetric", "posdef"):
        return (gradient + gradient.T) / 2
    if type_ == "skew":
        return (gradient - gradient.T) / 2
    return np.diag(np.diag(gradient)) if type_ == "diagonal" else gradient
