"""What messages advise, in the syntax of the program."""

from __future__ import annotations

import re

__all__ = ["respelled"]

SAME = ("write * for a product",)
POINTED = {"**": ".^", "@": "*", "*": ".*", "/": "./"}


def respelled(hint: str, syntax: str) -> str:
    """A hint about the default syntax, as it is in another; ``{a}`` and ``{b}`` are filled in afterwards.

    >>> respelled("did you mean {a}.T @ {b}, or {a} * {b}?", "matlab")
    "did you mean {a}' * {b}, or {a} .* {b}?"
    """
    if syntax != "matlab" or hint in SAME:
        return hint
    hint = re.sub(r"(?<=[\w})\]])\.T\b", "'", hint)
    return re.sub(r"\*\*|[@*/]", lambda found: POINTED[found[0]], hint)
