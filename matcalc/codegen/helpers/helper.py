"""One of the small functions that a generated module brings along."""

from __future__ import annotations

__all__ = ["Helper"]


class Helper:
    """A helper: its text, the text of the complex variant, and the helpers and imports it needs.

    ``into`` is the text where a matrix is computed in memory that the function is given, ``out``: new memory costs a
    large array more than arithmetic.
    """

    __slots__ = ("complex", "into", "real", "scipy", "uses")

    def __init__(
        self, real: str, complex_: str = "", *, into: str = "", uses: tuple[str, ...] = (), scipy: str = ""
    ) -> None:
        self.real, self.complex, self.into = real.strip("\n"), (complex_ or real).strip("\n"), into.strip("\n")
        self.uses, self.scipy = uses, scipy
