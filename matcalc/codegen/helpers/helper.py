"""One of the small functions that a generated module brings along."""

from __future__ import annotations

__all__ = ["Helper"]


class Helper:
    """A helper: its text, the text of the complex variant, and the helpers and imports it needs."""

    __slots__ = ("complex", "real", "scipy", "uses")

    def __init__(self, real: str, complex_: str = "", *, uses: tuple[str, ...] = (), scipy: str = "") -> None:
        self.real, self.complex = real.strip("\n"), (complex_ or real).strip("\n")
        self.uses, self.scipy = uses, scipy
