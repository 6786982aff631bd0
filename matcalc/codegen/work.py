"""How much work something is: polynomials in the dimensions, with fractions as coefficients (``2/3 n³ + 2 n d``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction

from matcalc.expressions.dims import Dim, terms

__all__ = ["Work"]

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
Monomial = tuple[str, ...]


class Work:
    """A polynomial: the names of each monomial, sorted, and its coefficient.

    >>> print(Work.of("n") * Work.of("d") * 2 + Work.of("n") * 3 + Work.of("n"))
    2 d n + 4 n
    """

    __slots__ = ("terms",)

    def __init__(self, found: Mapping[Monomial, Fraction] | None = None) -> None:
        self.terms = {monomial: c for monomial, c in (found or {}).items() if c}

    @classmethod
    def of(cls, *dims: Dim | Fraction) -> Work:
        """The product of dimensions and numbers."""
        total = cls({(): Fraction(1)})
        for dim in dims:
            if isinstance(dim, Fraction):
                total = total * dim
            else:
                total = total * cls({monomial: Fraction(c) for monomial, c in terms(dim).items()})
        return total

    def __add__(self, other: Work) -> Work:
        total = dict(self.terms)
        for monomial, c in other.terms.items():
            total[monomial] = total.get(monomial, Fraction(0)) + c
        return Work(total)

    def __sub__(self, other: Work) -> Work:
        return self + other * -1

    def __mul__(self, other: Work | Fraction | int) -> Work:
        if not isinstance(other, Work):
            return Work({monomial: c * other for monomial, c in self.terms.items()})
        total: dict[Monomial, Fraction] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                monomial = tuple(sorted(a + b))
                total[monomial] = total.get(monomial, Fraction(0)) + x * y
        return Work(total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Work) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def number(self, sizes: Mapping[str, int]) -> Fraction:
        """Its value once every name has a size; `KeyError` where one has none."""
        total = Fraction(0)
        for monomial, c in self.terms.items():
            for name in monomial:
                c *= sizes[name]
            total += c
        return total

    def at(self, sizes: Mapping[str, int]) -> Work:
        """The polynomial once some names have sizes.

        >>> print((Work.of("n", "d") + Work.of("n")).at({"n": 10}))
        10 d + 10
        """
        total = Work()
        for monomial, c in self.terms.items():
            rest = tuple([name for name in monomial if name not in sizes])
            for name in monomial:
                c *= sizes.get(name, 1)
            total = total + Work({rest: c})
        return total

    def text(self, shown: Callable[[str], str] = str) -> str:
        """The polynomial, highest degree first; ``shown`` writes a name."""
        parts: list[str] = []
        for monomial, c in sorted(self.terms.items(), key=lambda item: (-len(item[0]), item[0])):
            size = "" if abs(c) == 1 and monomial else str(abs(c))
            counts = Counter(monomial)
            names = [shown(n) + (str(p).translate(_RAISED) if p > 1 else "") for n, p in counts.items()]
            parts += ["−" if c < 0 else "+", " ".join([size, *names] if size else names)]
        if not parts:
            return "0"
        return " ".join([("−" if parts[0] == "−" else "") + parts[1], *parts[2:]])

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Work({self})"
