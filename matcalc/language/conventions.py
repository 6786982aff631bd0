"""What an undeclared name is: its default kind, and what else it may turn out to be.

The default syntax follows rule 1 of the language: a capital first letter is a matrix; a lower-case Greek name
(letters before the first digit or underscore) is a scalar; any other is a column vector.  Never a row.
Another syntax brings another object of the same interface.
"""

from __future__ import annotations

__all__ = ["GREEK", "NUMPY", "Conventions"]

GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
})  # fmt: skip


class Conventions:
    """The default kinds of the default syntax."""

    __slots__ = ()

    def default(self, name: str) -> str:
        """``scalar``, ``vector`` or ``matrix``.

        >>> [NUMPY.default(name) for name in ("X", "Sigma", "sigma2", "mu_x", "σ", "x", "mux")]
        ['matrix', 'matrix', 'scalar', 'scalar', 'scalar', 'vector', 'vector']
        """
        if name[0].isupper():
            return "matrix"
        return "scalar" if _is_greek(name) else "vector"

    def departures(self, name: str) -> tuple[str, ...]:
        """The kinds that the name may have instead, where its default does not fit.

        >>> NUMPY.departures("X"), NUMPY.departures("x"), NUMPY.departures("mu")
        ((), ('scalar', 'matrix'), ('vector', 'matrix'))
        """
        default = self.default(name)
        if default == "matrix":
            return ()
        return ("vector", "matrix") if default == "scalar" else ("scalar", "matrix")

    def reason(self, name: str) -> str:
        """Why the name has its default kind, in words."""
        default = self.default(name)
        if default == "matrix":
            return "capital names are matrices"
        return "Greek names are scalars" if default == "scalar" else "lower-case names are columns"


def _is_greek(name: str) -> bool:
    """Whether the letters before the first digit or underscore spell, or are, a lower-case Greek letter."""
    letters = name
    for i, c in enumerate(name):
        if c == "_" or c.isdigit():
            letters = name[:i]
            break
    return letters in GREEK or (len(letters) == 1 and "α" <= letters <= "ω")


NUMPY = Conventions()
