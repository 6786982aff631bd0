"""Reading programs: the two functions that the rest of matcalc calls, and what they share.

The parser is Lark's, LALR(1).  Its tables are computed beforehand from the grammar, by
`matcalc.syntax.tables`, since computing them takes longer than all the rest of a run; where they do
not fit the Lark that is installed, the grammar itself is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, cast

import lark
from lark.lexer import Lexer

from matcalc.bounds import Limits, current
from matcalc.errors import ParseError, UnsupportedError
from matcalc.syntax.build import BUILDERS
from matcalc.syntax.catalogue import Catalogue
from matcalc.syntax.lexing import Lexeme, Tokenizer
from matcalc.syntax.mistakes import explain
from matcalc.syntax.refusal import Refusal
from matcalc.syntax.tree import Statement, Syntax

__all__ = ["STARTS", "grammar", "parse", "parse_expression"]

STARTS = ("program", "expression")
# A syntax is a grammar of that name, and a module with what is known of the mistakes in it.
_CATALOGUES = {
    "numpy": ("matcalc.syntax.catalogue", "NUMPY"),
    "matlab": ("matcalc.syntax.matlab_catalogue", "MATLAB"),
}
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")


def parse(text: str, syntax: str = "numpy", limits: Limits | None = None) -> tuple[Statement, ...]:
    """The statements of a program, in order.

    >>> [statement.start for statement in parse("z = W@x; z.T@z")]
    [0, 9]
    """
    return cast("tuple[Statement, ...]", _reader(syntax).read(text, "program", limits or current()))


def parse_expression(text: str, syntax: str = "numpy", limits: Limits | None = None) -> Syntax:
    """A single expression, as a claim or a result is written.

    >>> parse_expression("x.T @ x").operator
    '@'
    """
    return cast("Syntax", _reader(syntax).read(text, "expression", limits or current()))


class _Reader:
    """The tokenizer and the parser of one syntax."""

    def __init__(self, syntax: str) -> None:
        self.parser = _load(syntax)
        module, name = _CATALOGUES[syntax]
        self.catalogue: Catalogue = getattr(import_module(module), name)
        longest = sorted(
            self.parser.terminals, key=lambda found: (-found.pattern.max_width, found.name)
        )
        terminals = [(found.name, found.pattern.to_regexp()) for found in longest]
        self.tokenizer = Tokenizer(terminals, self.parser.lexer_conf.ignore, self.catalogue)

    def read(self, text: str, start: str, limits: Limits) -> object:
        try:
            lexemes = self.tokenizer.tokens(text, limits)
            if start != "program":
                lexemes = _stripped(lexemes)
            if all(lexeme.type in ("_NEWLINE", "SEMICOLON") for lexeme in lexemes):
                raise ParseError(f"the {start} is empty").at(text, 0)
            found = self.parser.parse(cast("Any", lexemes), start=start)
        except Refusal as refusal:
            raise refusal.error(text) from None
        except lark.UnexpectedToken as unexpected:
            place = next(
                (n for n, lexeme in enumerate(lexemes) if lexeme is unexpected.token), len(lexemes)
            )
            mistake = explain(lexemes, place, unexpected.expected, text, self.catalogue)
            raise mistake.error(text) from None
        if start == "program":
            for statement, first in zip(cast("Any", found), _firsts(lexemes), strict=True):
                statement.start = first.start_pos
        return found


class _Tokens(Lexer):
    """Lark's interface to tokens that are made already."""

    __future_interface__ = 2

    def __init__(self, lexer_conf: object) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        return iter(lexer_state.text)


@cache
def _reader(syntax: str) -> _Reader:
    if syntax not in _CATALOGUES:
        raise UnsupportedError(
            f"there is no syntax '{syntax}'", hint=f"there is {' and '.join(_CATALOGUES)}"
        )
    return _Reader(syntax)


def _load(syntax: str) -> lark.Lark:
    """The parser from its tables, or from the grammar where this Lark does not take the tables."""
    try:
        tables = import_module(f"matcalc.syntax.{syntax}_tables")
        if lark.__version__ != tables.LARK:
            return _build(syntax)
        tables.DATA["parser"]["parser"]["states"] = _states(tables.STATES)
        load: Callable[..., lark.Lark] = lark.Lark._load_from_dict
        return load(
            tables.DATA, tables.MEMO, transformer=BUILDERS[syntax](), _plugins={"BasicLexer": _Tokens}
        )
    except Exception:  # whatever a private interface raises when it has changed
        return _build(syntax)


def _states(lines: str) -> dict[int, dict[int, tuple[int, object]]]:
    """The states of the automaton as Lark serialises them; see `matcalc.syntax.tables`."""
    states: dict[int, dict[int, tuple[int, object]]] = {}
    for number, line in enumerate(lines.splitlines()):
        numbers = map(int, line.split())
        triples = zip(numbers, numbers, numbers, strict=True)
        states[number] = {token: (kind, {"@": to} if kind else to) for token, kind, to in triples}
    return states


def _build(syntax: str) -> lark.Lark:
    return lark.Lark(
        grammar(syntax),
        parser="lalr",
        lexer=_Tokens,
        start=list(STARTS),
        transformer=cast("Any", BUILDERS[syntax]()),
    )


def grammar(syntax: str) -> str:
    """The text of a grammar: inside the package where it is installed, beside it in a checkout."""
    from pathlib import Path

    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammars", package.parent / "grammars"):
        path = folder / f"{syntax}.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"the grammar {syntax}.lark is not installed")


def _firsts(lexemes: list[Lexeme]) -> Iterator[Lexeme]:
    """The first token of every statement: an expression's own start may be an operator's."""
    depth, fresh = 0, True
    for lexeme in lexemes:
        if lexeme.type == "_NEWLINE" or (lexeme.type == "SEMICOLON" and not depth):
            fresh = True
            continue
        if fresh:
            yield lexeme
            fresh = False
        depth += (lexeme.value in _OPEN) - (lexeme.value in _CLOSED)


def _stripped(lexemes: list[Lexeme]) -> list[Lexeme]:
    """An expression may stand on a line of its own."""
    first, last = 0, len(lexemes)
    while first < last and lexemes[first].type == "_NEWLINE":
        first += 1
    while first < last and lexemes[last - 1].type == "_NEWLINE":
        last -= 1
    return lexemes[first:last]
