"""What an undeclared name is: its default kind, and what else it may turn out to be.

The default syntax follows rule 1 of the language: a capital first letter is a matrix; a lower-case Greek name
(letters before the first digit or underscore) is a scalar; any other is a column vector.  Never a row.

In the MATLAB-style syntax names from a to g are scalars, names from h to z columns, capital ones matrices, and they
keep to that more strictly: a column becomes a scalar only where it is a Greek name (`lambda`, `mu`) or an exponent
(`X^k`), so that `x*A*x` is an error (did you mean `x'`?) and no product by a scalar x.
"""

from __future__ import annotations

__all__ = ["GREEK", "MATLAB", "NUMPY", "Conventions", "Matlab"]

GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
})  # fmt: skip


class Conventions:
    """The default kinds of the default syntax."""

    __slots__ = ()
    syntax = "numpy"

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


class Matlab(Conventions):
    """The default kinds of the MATLAB-style syntax."""

    __slots__ = ()
    syntax = "matlab"

    def default(self, name: str) -> str:
        """``scalar``, ``vector`` or ``matrix``.

        >>> [MATLAB.default(name) for name in ("a", "beta", "h", "lambda", "σ", "T")]
        ['scalar', 'scalar', 'vector', 'vector', 'scalar', 'matrix']
        """
        if name[0].isupper():
            return "matrix"
        return "scalar" if "a" <= name[0] <= "g" or (name[0] > "z" and _is_greek(name)) else "vector"

    def departures(self, name: str) -> tuple[str, ...]:
        """The kinds that the name may have instead, where its default does not fit.

        >>> MATLAB.departures("X"), MATLAB.departures("b"), MATLAB.departures("x"), MATLAB.departures("mu")
        ((), ('vector', 'matrix'), ('matrix',), ('scalar', 'matrix'))
        """
        usual = super().departures(name)
        return ("matrix",) if self.default(name) == "vector" and not _is_greek(name) else usual

    def reason(self, name: str) -> str:
        """Why the name has its default kind, in words."""
        default = self.default(name)
        if default == "matrix":
            return "capital names are matrices"
        return "names from a to g are scalars" if default == "scalar" else "names from h to z are columns"


NUMPY = Conventions()
MATLAB = Matlab()
