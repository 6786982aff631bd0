"""The words of everything that explains: one catalogue for each language.

A catalogue (`matcalc.phrases.en`, `matcalc.phrases.zh`) has two tables. ``PHRASES`` are sentences by key, with
``{placeholders}``; every language has the same keys and the same placeholders. ``TERMS`` are the words that the tables
of operations hold in English, titles of laws, sources in words, domains: what has no entry stays as it is.

To add a phrase, add its key to ``PHRASES`` of each language.  Names and formulas are placeholders, so that the same
phrase serves text and LaTeX.
"""

from __future__ import annotations

import re
from importlib import import_module

from matcalc.errors import UnsupportedError

__all__ = ["LANGUAGES", "Phrases", "phrases"]

LANGUAGES = {"en": "English", "zh": "中文"}
_PATTERNS = {  # words of the tables with a name in them, by the key of their phrase
    "law_of_function": re.compile(r"derivative of ([\w']+)"),
    "law_of_program": re.compile(r"law of the program for (\w+)"),
    "in_line": re.compile(r"line (\d+)"),
}


class Phrases:
    """The phrases of one language; called with a key, it gives the words."""

    __slots__ = ("_phrases", "_terms", "language")

    def __init__(self, language: str, table: dict[str, str], terms: dict[str, str]) -> None:
        self.language, self._phrases, self._terms = language, table, terms

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of a key, with its placeholders filled; raises `KeyError` for a key that no catalogue has.

        >>> phrases("zh")("used", name="z", count=2)
        'z 被使用 2 次，各处的贡献相加'
        """
        return self._phrases[key].format_map(values)

    def term(self, words: str) -> str:
        """Words of the tables of operations, a law's title above all; those without an entry as they are.

        >>> phrases("zh").term("product rule"), phrases("en").term("product rule")
        ('乘积法则', 'product rule')
        >>> phrases("zh").term("derivative of tanh"), phrases("zh").term("a law of the user")
        ('tanh 的导数', 'a law of the user')
        """
        found = self._terms.get(words)
        if found is not None:
            return found
        for key, pattern in _PATTERNS.items():
            match = pattern.fullmatch(words)
            if match is not None:
                return self(key, name=match[1])
        return words

    def listed(self, parts: list[str]) -> str:
        """Several things in a row, ``a, b``.

        >>> phrases("zh").listed(["a", "b"])
        'a、b'
        """
        return self._phrases["and_so_on"].join(parts)


_LOADED: dict[str, Phrases] = {}


def phrases(language: str = "en") -> Phrases:
    """The phrases of a language, ``en`` or ``zh``; raises `UnsupportedError` for another.

    >>> say = phrases("zh")
    >>> say("upstream"), say.term("product rule")
    ('上游梯度', '乘积法则')
    """
    if language not in _LOADED:
        if language not in LANGUAGES:
            known = ", ".join([f"{code} ({name})" for code, name in LANGUAGES.items()])
            raise UnsupportedError(f"there are no phrases in the language {language!r}", hint=f"there are {known}")
        table = import_module(f"matcalc.phrases.{language}")
        _LOADED[language] = Phrases(language, table.PHRASES, table.TERMS)
    return _LOADED[language]
