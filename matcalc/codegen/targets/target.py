"""What a target is: a table of how a library spells what NumPy's text consists of."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Call", "Spelling", "Target", "bare", "functions_of"]


class Call:
    """A call in its new spelling: the texts of its arguments, and ``like``, what an array made from nothing needs to
    be of the inputs' kind and place."""

    __slots__ = ("args", "keywords", "like", "nodes")

    def __init__(
        self, args: list[str], keywords: dict[str, str] | None = None, like: str = "",
        nodes: list[ast.expr] | None = None,
    ) -> None:  # fmt: skip
        self.args, self.keywords, self.like, self.nodes = args, keywords or {}, like, nodes or []

    def written(self, name: str) -> str:
        """The call of a function of another name.

        >>> Call(["x"], {"axis": "0"}).written("torch.sum")
        'torch.sum(x, axis=0)'
        """
        parts = [*self.args, *(f"{key}={text}" for key, text in self.keywords.items())]
        return f"{name}({', '.join(parts)})"


Spelling: TypeAlias = "str | Callable[[Call], str]"
Assigning: TypeAlias = Callable[[str, str, str, str], str]


@dataclass(frozen=True, slots=True)
class Target:
    """How a library spells what NumPy's text consists of.

    ``name``       of the target, ``title`` of the library, ``imports`` its lines, ``aliases`` the names that it takes
    ``functions``  by NumPy's dotted name: a name, a text with ``{0}``, ``{1}``, ``{like}``, or a function of a `Call`
    ``methods``    by name, the same; the object is ``{0}``
    ``other``      the prefix of functions that are not listed, ``""`` where these are refused
    ``helpers``    texts that stand for NumPy's helpers, or that spellings call
    ``like``       what an array made from nothing needs, of the place ``{device}``
    ``opening``    the line before arguments are converted (``{0}`` are these), ``decorator`` of the function
    ``helper_line`` first in every helper that needs what it gives, ``{0}`` the helper's first parameter
    ``told``       helpers that are given it, since their arguments may all be plain numbers
    ``keywords``   keywords of another name;  ``whole_index``: every index says of all axes what it takes
    ``assigned``   assignment to a part: of ``name``, ``items``, ``sign`` (``""`` to set) and ``text`` a statement
    ``diagonal``   the same, to the diagonal that an ``einsum`` of ``form`` names
    ``conventions`` the docstring's paragraph on arrays
    """

    name: str
    title: str
    imports: str
    aliases: frozenset[str]
    functions: Mapping[str, Spelling]
    methods: Mapping[str, Spelling]
    helpers: Mapping[str, str]
    conventions: str
    assigned: Assigning
    diagonal: Assigning
    other: str = ""
    like: str = ""
    opening: str = ""
    decorator: str = ""
    helper_line: str = ""
    told: frozenset[str] = frozenset()
    keywords: Mapping[str, str] = field(default_factory=dict)
    whole_index: bool = False


def functions_of(text: str) -> dict[str, str]:
    """The functions of a module, by name.

    >>> functions_of("def f(): return 2")
    {'f': 'def f(): return 2'}
    """
    lines = text.split("\n")
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return {node.name: "\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in found}


def bare(text: str) -> str:
    """A text without parentheses around the whole of it.

    >>> bare("(a + b)"), bare("(a + b) * (a + c)")
    ('a + b', '(a + b) * (a + c)')
    """
    if not text.startswith("("):
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return text[1:-1] if place == len(text) - 1 else text
    return text
