"""Proofs of gradients: on small matrices of symbols, by SymPy.

Every input is a matrix of independent symbols, of two or three rows and columns.  The value is differentiated by every symbol, the
gradient evaluated in the same symbols, and their difference shown to be zero: as a quotient of polynomials in the symbols and in
the transcendental expressions that occur.  An equation of analytic functions that holds around one point holds wherever they are
defined and connected; a program with kinks is proved in the regions around some points, and the message says so.

What differs is found first, at random rational points in 50 digits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.functions import bind
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import evaluate
from matcalc.expressions.node import Node, axes
from matcalc.verify import sampling
from matcalc.verify.domain import is_analytic
from matcalc.verify.points import exponents
from matcalc.verify.report import VariableReport
from matcalc.verify.symbols import Singular, Symbolic

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["prove"]

METHOD = "SymPy"
POINTS = 3
REGIONS = 2
DIGITS = 50
SIMPLE = 150  # operations up to which SymPy may try whatever it knows
LARGE = 4000  # operations of a difference beyond which no proof is tried
SIZES = ((2, 3), (3, 2), (2, 2))  # of dimensions in turn; the next where the program is singular at the first


def prove(
    program: Program, wrt: Sequence[str], gradients: Mapping[str, Node], *, value: Node | None = None,
    structure: str = "projection", seed: int = 0,
) -> dict[str, VariableReport]:  # fmt: skip
    """Whether every gradient is the derivative, exactly; by name.

    ``gradients`` are nodes as `check_program` takes them.  A finding that is ``inconclusive`` was neither proved nor refuted.
    """
    value = program.value if value is None else value
    rng = random.Random(seed)
    bound = bind([value, *gradients.values()], program.functions_bound)
    analytic = is_analytic(bound[value])
    found = {}
    for name in wrt:
        regions = 1 if analytic else REGIONS
        for sizes in _small(program):
            try:
                outcomes = [
                    _Proof(program, name, bound[value], bound, structure, rng, sizes, mixed=not analytic).run(bound[gradients[name]])
                    for _ in range(regions)
                ]
                found[name] = _joined(name, outcomes, sizes)
                break
            except UnsupportedError as wrong:
                found[name] = _report(name, f"not proved: {wrong}", inconclusive=True)
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

    def __init__(
        self, program: Program, name: str, value: Node, bound: Mapping[Node, Node], structure: str, rng: random.Random,
        sizes: Mapping[str, int], *, mixed: bool,
    ) -> None:  # fmt: skip
        import sympy

        self.sympy, self.rng, self.structure, self.mixed = sympy, rng, structure, mixed
        self.sizes = sizes
        self.node = program.inputs.get(name) or bound.get(program.names[name], program.names[name])
        self.value = value
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
        signs: dict[tuple[int, int], int] = {}
        positive = node.op == "var" and (node.params[2] or node.params[1] == "simplex")
        array = self.sympy.zeros(rows, columns)
        for i in range(rows):
            for j in range(columns):
                symbol = self.sympy.Symbol(f"{name}_{i}{j}", positive=True)
                signs[i, j] = self.rng.choice([-1, 1]) if self.mixed and not positive else 1
                array[i, j] = signs[i, j] * symbol
                below = 150 if node.op == "var" and node.params[1] == "simplex" else self.rng.choice([11, 13, 17, 19, 23])
                self.point[symbol] = self.sympy.Rational(self.rng.randint(2, 47), below)
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
            told = self.sympy.sympify(value) / entry.coeff(symbol)
            if told != symbol:
                self.typed[symbol] = told
                self.point[symbol] = told.xreplace(self.point)

    def run(self, gradient: Node) -> str:
        """Empty where the proof is found; what is wrong or missing otherwise."""
        symbolic = Symbolic(self.known, self.sizes, self.point)
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

    def _compared(self, one: Any, other: Any, place: int) -> str:
        sympy = self.sympy
        difference = sympy.sympify(one) - sympy.sympify(other)
        while self.typed and difference.free_symbols & self.typed.keys():
            difference = difference.xreplace(self.typed)
        if difference == 0:
            return ""
        symbols = sorted({*difference.free_symbols, *sympy.sympify(other).free_symbols} - self.typed.keys(), key=str)
        number = _number_of(symbols, [difference, sympy.sympify(other).xreplace(self.typed)])
        for k in range(POINTS):
            point = [self.point[s] * (1 + sympy.Rational(k * self.rng.randint(1, 9), 10**4)) for s in symbols]
            gap, size = map(abs, number(point))
            if not gap <= 1e-30 * (1 + size):
                return f"wrong: entry {place + 1} differs from the derivative by {float(gap):.3g} at a point"
        return "" if _is_zero(difference) else f"but entry {place + 1} agrees to {DIGITS} digits at {POINTS} points"


def _slope(entry: Any, signed: Any) -> Any:
    """The derivative by an entry that is a symbol or minus one."""
    symbol = next(iter(signed.free_symbols))
    return entry.diff(symbol) / signed.coeff(symbol)


def _number_of(symbols: Sequence[Any], expressions: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
    """A function that gives the values of expressions at rational points; unknown functions are some that have numbers."""
    import mpmath
    import sympy

    rate = sympy.Rational(7, 9)

    def stand_in(order: int) -> Any:
        return lambda t: rate**order * sympy.sin(rate * t + sympy.Rational(1, 3) + order * sympy.pi / 2)

    shown = []
    for expression in expressions:
        for function in expression.atoms(sympy.Function):
            name, _, order = type(function).__name__.rpartition("_")
            if name and order.isdigit():
                expression = expression.replace(type(function), stand_in(int(order)))
        shown.append(expression)
    compiled = sympy.lambdify(symbols, shown, "mpmath", cse=True)

    def at(point: Sequence[Any]) -> Any:
        with mpmath.workdps(DIGITS):
            return compiled(*[mpmath.mpf(int(q.p)) / int(q.q) for q in point])

    return at


def _is_zero(difference: Any) -> bool:
    """Whether SymPy shows an expression to be zero."""
    import sympy

    if sympy.count_ops(difference) > LARGE:
        return False
    for written in (difference, sympy.expand_log(sympy.expand_power_exp(difference), force=True)):
        above, _ = sympy.fraction(sympy.together(written))
        if sympy.expand(above) == 0 or sympy.expand(sympy.expand_power_exp(above)) == 0:
            return True
    return bool(sympy.count_ops(difference) < SIMPLE and sympy.simplify(difference) == 0)


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


def _small(program: Program) -> Iterator[dict[str, int]]:
    """Small sizes to try, larger where indices ask for it."""
    for pair in SIZES:
        sizes = {dim: max(pair[k % 2], program.least.get(dim, 1)) for k, dim in enumerate(program.dims)}
        for _ in range(8):
            if all(evaluate(need, sizes) >= 0 for need in program.needs):
                yield sizes
                break
            sizes = {dim: size + 1 for dim, size in sizes.items()}
