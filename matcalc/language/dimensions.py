"""Dimensions by unification, while shape rules run over a program.

A dimension that nothing has declared is an unknown, a name that begins with ``?``.  Unknowns are bound to each
other, to integers, to declared names (which are distinct from each other and from integers) and to polynomials,
by solving for an unknown that stands alone: ``2*?1 = 6``, ``?1 + 3 = 5``.  An equation that has no such unknown
yet waits.  An unknown is an axis of an input, so it is never 1: kinds are decided before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count

from matcalc.errors import ShapeError
from matcalc.expressions.dims import Dim, Poly, multiply, names, negate, rename, subtract, terms
from matcalc.expressions.node import Shape
from matcalc.operations.registry import Checker

__all__ = ["Clash", "Unifier", "least_sizes", "letters", "unknowns"]

LETTERS = "nmpqkrlhstuvwabcefgijoxyzd"
WEIGHTS = "d"  # the columns of an undeclared matrix whose name begins with W


class Clash(Exception):
    """Two dimensions that cannot be equal, or of which that cannot be told (``open``).

    ``only`` is what would make them equal, and cannot be: an unknown and a number below 2.
    """

    def __init__(self, a: Dim, b: Dim, *, only: tuple[str, int] | None = None, open: bool = False) -> None:
        super().__init__(a, b)
        self.a, self.b, self.only, self.open = a, b, only, open


class _Misfit(ShapeError):
    """A misfit that knows what would fit."""

    wants: str = ""


class Unifier(Checker):
    """Dimensions are made equal where they can be; ``slot`` is where the rules are at work."""

    __slots__ = ("bound", "cause", "guesses", "needs", "slot", "waiting")

    def __init__(self) -> None:
        self.bound: dict[str, Dim] = {}
        self.cause: dict[str, int] = {}  # where an unknown was bound
        self.waiting: list[tuple[Dim, Dim, int]] = []
        self.guesses: list[int] = []  # where equal products were taken to be equal factor by factor
        self.needs: list[tuple[Dim, int]] = []  # what must not be negative
        self.slot = 0

    def misfit(self, message: str, hint: str = "", *, wants: str = "") -> ShapeError:
        """The error, which keeps what would fit."""
        error = _Misfit(message, hint=hint)
        error.wants = wants
        return error

    def same(self, a: Dim, b: Dim) -> Dim:
        """Both dimensions, made equal; raises `Clash`."""
        if a == b:
            return a
        a, b = self.find(a), self.find(b)
        if a != b:
            self._unify(a, b)
        return a

    def find(self, dim: Dim) -> Dim:
        """The dimension with everything known about it."""
        bound = self.bound
        if isinstance(dim, str):
            if dim not in bound:
                return dim
            path = [dim]
            found = bound[dim]
            while isinstance(found, str) and found in bound:
                path.append(found)
                found = bound[found]
            if isinstance(found, Poly):
                found = self.find(found)
            for name in path:
                bound[name] = found
            return found
        if isinstance(dim, int):
            return dim
        known = {name: self.find(name) for name in names(dim) if name in bound}
        return rename(dim, known) if known else dim

    def shape(self, shape: Shape) -> Shape:
        """Both dimensions of a shape."""
        return (self.find(shape[0]), self.find(shape[1]))

    def _unify(self, a: Dim, b: Dim) -> None:
        if _is_unknown(b) and not (_is_unknown(a) and _rank(a) > _rank(b)):
            a, b = b, a
        if isinstance(a, str) and a[0] == "?":
            if not isinstance(b, Poly):
                if isinstance(b, int) and b < 2:
                    raise Clash(a, b, only=(a, b))
                self._bind(a, b)
                return
            if a not in names(b):
                self._bind(a, b)
                return
        if not unknowns((a, b)):
            raise Clash(a, b)
        if not self._solve(a, b):
            self.waiting.append((a, b, self.slot))

    def _bind(self, unknown: str, dim: Dim) -> None:
        self.bound[unknown] = dim
        self.cause[unknown] = self.slot

    def _solve(self, a: Dim, b: Dim) -> bool:
        """Whether an unknown that stands alone could be bound; raises `Clash` where nothing can make them equal."""
        difference = terms(subtract(a, b))
        found = sorted({name for monomial in difference for name in monomial if name[0] == "?"}, key=_rank)
        if not found or len({c > 0 for c in difference.values()}) == 1:
            raise Clash(a, b)
        for unknown in found:
            holding = [(monomial, c) for monomial, c in difference.items() if unknown in monomial]
            if len(holding) != 1 or holding[0][0].count(unknown) != 1:
                continue
            monomial, factor = holding[0]
            rest = [(other, c) for other, c in difference.items() if other != monomial]
            divisor = [name for name in monomial if name != unknown]
            quotient = _divided(rest, divisor, -factor)
            if quotient is None:
                if len(found) == 1 and not divisor and len(rest) == 1 and not rest[0][0]:
                    raise Clash(a, b)  # 2*?1 = 5
                continue
            if isinstance(quotient, int) and quotient < 2:
                raise Clash(a, b, only=(unknown, quotient))
            self._bind(unknown, quotient)
            return True
        return False

    def finish(self, stacked: Callable[[int], Sequence[Shape]]) -> None:
        """Solve what has waited, then test what must not be negative; raises `Clash` or a misfit.

        ``stacked`` gives the shapes of the two matrices where a slot is about ``vec`` of both.
        """
        while self.waiting:
            waiting, self.waiting = self.waiting, []
            for a, b, slot in waiting:
                self.slot = slot
                self.same(a, b)
            if len(self.waiting) == len(waiting) and not self._guess(stacked):
                a, b, self.slot = self.waiting[0]
                raise Clash(self.find(a), self.find(b), open=True)
        for dim, slot in self.needs:
            found = self.find(dim)
            if isinstance(found, int) and found < 0:
                self.slot = slot
                raise self.misfit("the index is out of range", "indices count from 0, negative ones from the end")

    def _guess(self, stacked: Callable[[int], Sequence[Shape]]) -> bool:
        """Of ``vec(A).T @ vec(X)``, A and X have one shape; else unknown factors are equal one by one."""
        a, b, self.slot = self.waiting[0]
        matrices = stacked(self.slot)
        if matrices:
            self.guesses.append(self.slot)
            del self.waiting[0]
            for one, other in zip(*matrices, strict=True):
                self.same(one, other)
            return True
        left, right = [sorted(terms(self.find(dim)).items()) for dim in (a, b)]
        if len(left) != 1 or len(right) != 1:
            return False
        (m, c), (n, d) = left[0], right[0]
        if c != d or len(m) != len(n) or not all(name[0] == "?" for name in (*m, *n)):
            return False
        self.guesses.append(self.slot)
        del self.waiting[0]
        for one, other in zip(sorted(m, key=_rank), sorted(n, key=_rank), strict=True):
            self.same(one, other)
        return True


def least_sizes(needs: Iterable[Dim]) -> dict[str, int]:
    """The smallest size that a dimension must have for others not to be negative.

    >>> least_sizes([subtract("n", 5), subtract(multiply(2, "m"), 5), subtract("p", "q")])
    {'n': 5, 'm': 3}
    """
    least: dict[str, int] = {}
    for dim in needs:
        found = terms(dim)
        offset = found.pop((), 0)
        if len(found) == 1 and offset < 0:
            ((monomial, c),) = found.items()
            if c > 0 and len(monomial) == 1:
                least[monomial[0]] = max(-(offset // c), least.get(monomial[0], 1))
    return least


def _divided(rest: list[tuple[tuple[str, ...], int]], divisor: list[str], factor: int) -> Dim | None:
    """The polynomial divided by a monomial, where that comes out even."""
    total: Dim = 0
    for monomial, c in rest:
        left = list(monomial)
        for name in divisor:
            if name not in left:
                return None
            left.remove(name)
        if c % factor:
            return None
        part: Dim = c // factor
        for name in left:
            part = multiply(part, name)
        total = subtract(total, negate(part))
    return total


def _is_unknown(dim: Dim) -> bool:
    return isinstance(dim, str) and dim[0] == "?"


def _rank(name: Dim) -> int:
    assert isinstance(name, str)
    return int(name[1:])


def unknowns(dims: Iterable[Dim]) -> set[str]:
    """The unknowns that stand in dimensions."""
    return {name for dim in dims for name in names(dim) if name[0] == "?"}


def letters(shapes: Iterable[tuple[str, Shape]], taken: set[str], weights: frozenset[str] | set[str]) -> dict[str, Dim]:
    """Names for the unknowns, in the order of the shapes: free letters, n, m, p, ... first.

    ``weights`` are the undeclared matrices whose columns are called d where that is free.

    >>> letters([("u", ("?1", 1)), ("W", ("?1", "?2")), ("x", ("?2", 1))], {"u", "W", "x"}, {"W"})
    {'?1': 'n', '?2': 'd'}
    """
    found: dict[str, Dim] = {}
    used = set(taken)
    free = chain(LETTERS, map("n{}".format, count(1)))
    for name, shape in shapes:
        for axis, dim in enumerate(shape):
            for unknown in sorted(unknowns((dim,)), key=_rank):
                if unknown in found:
                    continue
                letter = WEIGHTS if axis == 1 and dim == unknown and name in weights and WEIGHTS not in used else ""
                while not letter:
                    candidate = next(free)
                    letter = "" if candidate in used else candidate
                used.add(letter)
                found[unknown] = letter
    return found
