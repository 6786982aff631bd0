r"""The tokens of the LaTeX that matcalc writes, and what its commands look like."""

from __future__ import annotations

import re

from matcalc.render.names import GREEK

__all__ = ["ACCENTS", "BINARY", "LETTERS", "RELATIONS", "SPACES", "Tokens"]

LETTERS = {f"\\{name}": letter for name, letter in GREEK.items()} | {
    "\\top": "⊤", "\\odot": "⊙", "\\oslash": "⊘", "\\otimes": "⊗", "\\times": "×", "\\cdot": "·", "\\circ": "∘",
    "\\partial": "∂", "\\nabla": "∇", "\\infty": "∞", "\\geq": "≥", "\\leq": "≤", "\\neq": "≠", "\\sum": "∑",
    "\\|": "‖", "\\langle": "⟨", "\\rangle": "⟩", "\\in": "∈", "\\ldots": "…", "\\_": "_", "\\{": "{", "\\}": "}",
    "\\pi": "π",
}  # fmt: skip
BINARY = frozenset("+-−×⊙⊘⊗·*∗")
RELATIONS = frozenset("=><≥≤≠∈")
SPACES = {"\\,": 0.17, "\\;": 0.28, "\\:": 0.22, "\\quad": 1.0, "\\ ": 0.25, "~": 0.25}
ACCENTS = {
    "\\grave": "\u0300", "\\acute": "\u0301", "\\hat": "\u0302", "\\tilde": "\u0303", "\\bar": "\u0304",
    "\\breve": "\u0306", "\\dot": "\u0307", "\\ddot": "\u0308", "\\mathring": "\u030a", "\\check": "\u030c",
}  # fmt: skip
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S", re.DOTALL)


class Tokens:
    """The tokens of a formula, read from the left.

    >>> tokens = Tokens(r"x_{10}^\\top"); [tokens.take() for _ in range(4)]
    ['x', '_', '{', '10']
    """

    def __init__(self, tex: str) -> None:
        self.tex = tex
        self.place = 0
        self.next: str | None = None
        self.apart = False  # whether a blank stands before the next token
        self._advance()

    def _advance(self) -> None:
        match = _TOKEN.search(self.tex, self.place)
        self.apart = match is not None and match.start() > self.place
        self.next = match.group() if match else None
        self.place = match.end() if match else len(self.tex)

    def take(self) -> str:
        """The next token; at the end a closing brace, so that what is broken still ends."""
        token = self.next if self.next is not None else "}"
        self._advance()
        return token

    def skip(self, token: str) -> None:
        """Pass over a token if it is next."""
        if self.next == token:
            self._advance()

    def word(self) -> str:
        """The text of a braced group, letter by letter."""
        end = self.place
        depth = 1
        while end < len(self.tex) and depth:
            depth += {"{": 1, "}": -1}.get(self.tex[end], 0)
            end += 1
        text = self.tex[self.place : end - 1]
        self.place = end
        self._advance()
        for command, letter in LETTERS.items():
            text = text.replace(command + " ", letter).replace(command, letter) if command in text else text
        return re.sub(r"\\[A-Za-z]+|[\\{}]", "", text.replace("\\,", "\u2009"))
