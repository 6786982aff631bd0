"""The catalogues of phrases agree, and cover what the tables of operations say."""

from __future__ import annotations

from importlib import import_module
from string import Formatter

import pytest

import matcalc as mc
from matcalc.operations.table import OPERATIONS
from matcalc.phrases import LANGUAGES, phrases

OTHERS = [code for code in LANGUAGES if code != "en"]
CITED = ("Cookbook", "Magnus", "Abramowitz", "Boyd", "Bridle", "19", "20", "(", " - ", "Heaviside", "sigmoid")


def placeholders(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_the_same_keys_and_placeholders(code: str) -> None:
    english, other = (import_module(f"matcalc.phrases.{c}").PHRASES for c in ("en", code))
    assert list(english) == list(other)
    for key, phrase in english.items():
        assert placeholders(phrase) == placeholders(other[key]), key


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_of_the_tables_has_a_translation(code: str) -> None:
    say = phrases(code)
    for name, entry in OPERATIONS.items():
        laws = [entry.law.title] if entry.law else []
        sources = [entry.law.source] if entry.law and not any(c in entry.law.source for c in CITED) else []
        domains = [entry.domain] if any(word.isalpha() and len(word) > 1 for word in entry.domain.split()) else []
        for words in (*laws, *sources, *domains):
            assert say.term(words) != words, (name, words)


def test_words_with_a_name_in_them_are_translated() -> None:
    zh, en = phrases("zh"), phrases("en")
    for words in ("derivative of tanh", "law of the program for g", "line 3"):
        assert en.term(words) == words
        assert zh.term(words) != words
        assert words.rsplit(maxsplit=1)[-1] in zh.term(words)


def test_chinese_is_written_in_chinese_throughout() -> None:
    for key, phrase in import_module("matcalc.phrases.zh").PHRASES.items():
        words = "".join(text for text, *_ in Formatter().parse(phrase))
        if any(c.isascii() and c.isalpha() for c in words):  # a word of the command line or of mathematics
            assert any("\u4e00" <= c <= "\u9fff" for c in words), key


def test_an_unknown_language_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(mc.UnsupportedError, match=r"zh \(中文\)"):
        phrases("fr")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        phrases("en")("no_such_phrase")
