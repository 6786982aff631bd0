"""The words of a note that are matcalc's own: those of `matcalc.phrases` that begin with ``note_``."""

from __future__ import annotations

from matcalc.phrases import LANGUAGES, phrases

__all__ = ["LANGUAGES", "Words"]


class Words:
    """The words of one language; raises `UnsupportedError` for one that there is not.

    >>> Words("zh")["graph"]
    '计算图'
    """

    def __init__(self, language: str) -> None:
        self.say = phrases(language)
        self.language = language
        self.comma, self.stop = self["comma"], self["stop"]
        self.colon = self.say("colon")

    def __getitem__(self, key: str) -> str:
        return self.say("note_" + key.replace(" ", "_"))
