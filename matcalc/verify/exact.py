"""Proofs of gradients: on small matrices of symbols, by SymPy.

Every input is a matrix of independent symbols, of two or three rows and columns. The value is
differentiated by every symbol, the gradient evaluated in the same symbols, and their difference
shown to be zero: as a quotient of polynomials in the symbols and in the transcendental expressions
that occur. An equation of analytic functions that holds around one point holds wherever they are
defined and connected; a program with kinks is proved in the regions around some points, and the
message says so.

What differs is found first, at random rational points in 50 digits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.functions import bind
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, axes, postorder
from matcalc.operations.table import OPERATIONS
from matcalc.verify import sampling
from matcalc.verify.domain import is_analytic
from matcalc.verify.points import exponents
from matcalc.verify.report import VariableReport
from matcalc.verify.symbols import Singular, Symbolic
from matcalc.verify.zero import DIGITS, is_zero, numbers

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["prove"]

METHOD = "SymPy"
POINTS = 3
DRAWS = 2  # of signs, and their opposites, where the program has kinks
WIDE = 50_000  # symbols of an entry, written out, beyond which no proof is tried
SIZES = ((2, 3), (3, 2), (2, 2))  # of dimensions in turn; the next where the program is singular at the first


def prove(
    program: Program, wrt: Sequence[str], gradients: Mapping[str, Node], *, value: Node | None = None,
    structure: str = "projection", seed: int = 0,
) -> dict[str, VariableReport]:  # fmt: skip
    """Whether every gradient is the derivative, exactly; by name.

    ``gradients`` are nodes as `check_program` takes them.  A finding that is ``inconclusive`` was
    neither proved nor refuted.
    """
    value = program.value if value is None else value
    bound = bind([value, *gradients.values()], program.functions_bound)
    task = _Task(program, bound, bound[value], structure)
    return {name: _proved(task, name, bound[gradients[name]], seed) for name in wrt}


class _Task:
    """What all proofs about a program share."""

    __slots__ = ("bound", "program", "structure", "value")

    def __init__(self, program: Program, bound: Mapping[Node, Node], value: Node, structure: str) -> None:
        self.program, self.bound, self.value, self.structure = program, bound, value, structure


def _proved(task: _Task, name: str, gradient: Node, seed: int) -> VariableReport:
    """The finding for one variable, at the first sizes at which the program is defined."""
    regions = [(seed, 0)]
    if not is_analytic(task.value):
        regions = [(seed + k, flip) for k in range(DRAWS) for flip in (1, -1)]
    found = _report(name, "not proved: no small sizes fit the program's indices", inconclusive=True)
    for sizes in _small(task.program):
        try:
            return _joined(name, [_Proof(task, name, sizes, *region).run(gradient) for region in regions], sizes)
        except UnsupportedError as wrong:
            found = _report(name, f"not proved: {wrong}", inconclusive=True)
            if not isinstance(wrong, Singular):
                break
    return found


def _joined(name: str, outcomes: Sequence[str], sizes: Mapping[str, int]) -> VariableReport:
    where = ", ".join([f"{dim} = {size}" for dim, size in sizes.items()])
    at = f" for {where}" if where else ""
    wrong = [outcome for outcome in outcomes if outcome.startswith("wrong")]
    if wrong:
        return _report(name, f"{wrong[0]}{at}")
    if any(outcomes):
        return _report(name, f"not proved, {next(filter(None, outcomes))}{at}", inconclusive=True)
    regions = f", in the regions around {len(outcomes)} points" if len(outcomes) > 1 else ""
    return _report(name, f"proved exactly{at}{regions}", passed=True)


def _report(name: str, message: str, *, passed: bool = False, inconclusive: bool = False) -> VariableReport:
    error = 0.0 if passed else float("nan") if inconclusive else float("inf")
    return VariableReport(
        name, passed=passed, max_error=error, method=METHOD, message=message, points=POINTS, inconclusive=inconclusive
    )


class _Proof:
    """One variable, in one region."""

    def __init__(self, task: _Task, name: str, sizes: Mapping[str, int], seed: int, flip: int) -> None:
        """``flip`` is 0 where all entries may be positive, else what the random signs are multiplied by."""
        import sympy

        program, value = task.program, task.value
        self.sympy, self.structure, self.sizes, self.value = sympy, task.structure, sizes, value
        self.rng, self.signs, self.flip = random.Random(seed + 1), random.Random(seed), flip
        self.node = program.inputs.get(name) or task.bound.get(program.names[name], program.names[name])
        self.point: dict[Any, Any] = {}  # a number for every symbol
        self.typed: dict[Any, Any] = {}  # what symbols are in their types
        whole = set(exponents(value))
        self.known: dict[Node, Any] = {}
        for node in program.inputs.values():
            self.known[node] = sympy.Matrix([[3]]) if node.params[0] in whole else self._free(node.params[0], node)
        if self.node.op != "var":
            inputs = dict(self.known)
            self.known[self.node] = own = self._free(name, self.node)
            formula = Symbolic(inputs, self.sizes, self.point)(self.node)
            self._settle(own, formula)

    def _free(self, name: str, node: Node) -> Any:
        """Independent symbols, with numbers, and what they are where the type ties them."""
        rows, columns = (evaluate(dim, self.sizes) for dim in node.shape)
        scale = 15_013 if node.op == "var" and node.params[1] == "simplex" else 1_009
        positive = node.op == "var" and (node.params[2] or node.params[1] == "simplex")
        array = self.sympy.zeros(rows, columns)
        for i in range(rows):
            for j in range(columns):
                symbol = self.sympy.Symbol(f"{name}_{i}{j}", positive=True)
                sign = self.flip * self.signs.choice([-1, 1]) if self.flip and not positive else 1
                array[i, j] = sign * symbol
                self.point[symbol] = self.sympy.Rational(self.rng.randint(200, 4700), scale)
        if node.op == "var" and node.params[1]:
            self._settle(array, _tied(self, node.params[1], array))
        return array

    def parameters(self, array: Any) -> Any:
        """More symbols, with numbers, as many as an array has."""
        found = array.applyfunc(lambda x: self.sympy.Symbol(f"{next(iter(x.free_symbols))}_free", positive=True))
        self.point.update({s: self.sympy.Rational(self.rng.randint(2, 47), 29) for s in found.free_symbols})
        return found

    def _settle(self, array: Any, values: Any) -> None:
        """The symbols of an array are from now on these values."""
        for entry, value in zip(array, values, strict=True):
            symbol = next(iter(entry.free_symbols))
            told = self.sympy.sympify(value, strict=True) / entry.coeff(symbol)
            if told != symbol:
                self.typed[symbol] = told
                self.point[symbol] = told.xreplace(self.point)

    def run(self, gradient: Node) -> str:
        """Empty where the proof is found; what is wrong or missing otherwise."""
        symbolic = Symbolic(self.known, self.sizes, self.point)
        if _width(self.value, self.sizes) > WIDE:
            raise UnsupportedError("the program is too large for an exact proof", hint="the numeric check stands")
        value = list(symbolic(self.value))
        truth = self._derivative(value)
        found = list(symbolic(gradient))
        if len(found) != len(truth):
            raise UnsupportedError(f"a derivative of {len(truth)} entries has no exact proof here")
        for place, (one, other) in enumerate(zip(found, truth, strict=True)):
            wrong = self._compared(one, other, place)
            if wrong:
                return wrong
        return ""

    def _derivative(self, value: list[Any]) -> list[Any]:
        """By every entry, value by value; in the space of the variable's type."""
        own = self.known[self.node]
        if own == self.sympy.Matrix([[3]]):
            raise UnsupportedError("an exponent of matrices is a whole number here")
        free = [[_slope(entry, x) for x in own] for entry in value]
        total = []
        for slopes in free:
            found: dict[tuple[int, ...], Any] = {}
            for direction, entry, factor in sampling.basis(self.node, self.sizes, self.structure):
                along = [int(d) * s for d, s in zip(direction.ravel(), slopes, strict=True) if d]
                found[entry] = self.sympy.Rational(int(2 * factor), 2) * self.sympy.Add(*along)
                mirrored = entry[::-1]
                if mirrored != entry and len(along) == 2:  # the other half of a symmetric or skew matrix
                    found[mirrored] = int(direction[mirrored]) * found[entry]
            total += [found.get(entry, self.sympy.Integer(0)) for entry in self._entries()]
        return total

    def _entries(self) -> list[tuple[int, ...]]:
        from itertools import product

        return list(product(*[range(evaluate(dim, self.sizes)) for dim in axes(self.node.shape)]))

    def _settled(self, expression: Any) -> Any:
        """With the symbols that a type or a formula ties put in."""
        while expression.free_symbols & self.typed.keys():
            expression = expression.xreplace(self.typed)
        return expression

    def _compared(self, one: Any, other: Any, place: int) -> str:
        sympy = self.sympy
        difference = self._settled(sympy.sympify(one, strict=True) - sympy.sympify(other, strict=True))
        if difference == 0:
            return ""
        truth = self._settled(sympy.sympify(other, strict=True))
        symbols = sorted(difference.free_symbols | truth.free_symbols, key=str)
        number = numbers(symbols, [difference, truth])
        for k in range(POINTS):
            point = [self.point[s] * (1 + sympy.Rational(k * self.rng.randint(1, 9), 10**4)) for s in symbols]
            gap, size = map(abs, number(point))
            if not gap <= 1e-30 * (1 + size):
                return f"wrong: entry {place + 1} differs from the derivative by {float(gap):.3g} at a point"
        return "" if is_zero(difference) else f"but entry {place + 1} agrees to {DIGITS} digits at {POINTS} points"


def _slope(entry: Any, signed: Any) -> Any:
    """The derivative by an entry that is a symbol or minus one."""
    symbol = next(iter(signed.free_symbols))
    return entry.diff(symbol) / signed.coeff(symbol)


def _tied(proof: _Proof, kind: str, array: Any) -> Any:
    """The matrix of a type, in the symbols that are free in it."""
    sympy, n = proof.sympy, array.rows
    if kind in ("symmetric", "posdef"):
        return sympy.Matrix(n, n, lambda i, j: array[min(i, j), max(i, j)])
    if kind == "skew":
        return sympy.Matrix(n, n, lambda i, j: array[i, j] if i < j else -array[j, i] if i > j else 0)
    if kind == "diagonal":
        return sympy.Matrix(n, n, lambda i, j: array[i, j] if i == j else 0)
    if kind == "simplex":
        return sympy.Matrix([*array[:-1], 1 - sympy.Add(*array[:-1])])
    if kind == "orthogonal":
        free = proof.parameters(array)  # Cayley transform
        skew = sympy.Matrix(n, n, lambda i, j: free[i, j] if i < j else -free[j, i] if i > j else 0)
        return (sympy.eye(n) - skew) * (sympy.eye(n) + skew).inv(method="ADJ")
    return array


def _width(value: Node, sizes: Mapping[str, int]) -> int:
    """About how many symbols an entry has when it is written out in the inputs."""
    found: dict[Node, int] = {}
    for node in postorder(value):
        total = sum(found[a] for a in node.args)
        rows, columns = (evaluate(dim, sizes) for dim in node.args[0].shape) if node.args else (1, 1)
        if node.op == "matmul":
            total *= columns
        elif node.op in ("inv", "det", "logdet", "pinv", "solve"):
            total *= rows * math.factorial(rows)
        elif OPERATIONS.get(node.op) is not None and node.shape == (1, 1):
            total *= rows * columns
        elif node.op in ("softmax", "log_softmax", "logsumexp", "sum", "mean"):
            total *= max(rows, columns)
        found[node] = min(max(total, 1), WIDE + 1)
    return found[value]


def _small(program: Program) -> Iterator[dict[str, int]]:
    """Small sizes to try, larger where indices ask for it."""
    for pair in SIZES:
        sizes = {dim: max(pair[k % 2], program.least.get(dim, 1)) for k, dim in enumerate(program.dims)}
        for _ in range(8):
            if all(evaluate(need, sizes) >= 0 for need in program.needs):
                yield sizes
                break
            sizes = {dim: size + 1 for dim, size in sizes.items()}
