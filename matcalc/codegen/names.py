"""Names in a generated module: what a user wrote keeps its name where Python allows it, and nothing
else collides."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

__all__ = ["Names"]

# never the name of a local: keywords, what Python forbids to assign, and what the generated function itself reads
FORBIDDEN = frozenset(keyword.kwlist) | {"__debug__", "np", "erf", "erfc", "keywords"}


class Names:
    """Hands out names that are free.

    >>> names = Names(["x", "x_"]); names.fresh("x"), names.fresh("t1"), names.fresh("lambda")
    ('x_2', 't1', 'lambda_')
    """

    def __init__(self, taken: Iterable[str], forbidden: Iterable[str] = ()) -> None:
        self.forbidden = FORBIDDEN | frozenset(forbidden)
        self.taken = set(taken) | self.forbidden
        self._next: dict[str, int] = {}

    def plain(self, name: str) -> bool:
        """Whether a user's name can be a parameter under that very name."""
        return name not in self.forbidden and name.isidentifier()

    def fresh(self, base: str) -> str:
        """A free name that begins with ``base``, taken from now on."""
        base = base if base.isidentifier() else "t"
        name = base
        if name in self.taken:
            name = f"{base}_"
        number = self._next.get(base, 2)
        while name in self.taken:
            name = f"{base}_{number}"
            number += 1
        self._next[base] = number
        self.taken.add(name)
        return name

    def number(self, base: str) -> str:
        """The next free of ``base1``, ``base2``, ..."""
        number = self._next.get(f"{base}#", 1)
        while f"{base}{number}" in self.taken:
            number += 1
        self._next[f"{base}#"] = number + 1
        self.taken.add(f"{base}{number}")
        return f"{base}{number}"
