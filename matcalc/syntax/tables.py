"""Writes the parser's tables: ``python -m matcalc.syntax.tables`` after every change of a grammar.

They are what Lark's own standalone tool writes, as Python literals, but for the states of the
automaton, which are lines of numbers: compiled with the package, loaded in milliseconds.  The text
depends on nothing but the grammar and the version of Lark.
"""

from __future__ import annotations

from pathlib import Path
from pprint import pformat
from typing import Any

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from matcalc.syntax.parser import STARTS, grammar

__all__ = ["SYNTAXES", "tables"]

SYNTAXES = ("numpy", "matlab")

_SHIFT = 0  # as Lark writes what a token does: 0 goes to a state, 1 reduces by a rule

_OPTIONS = ("parser", "lexer", "start", "maybe_placeholders", "keep_all_tokens", "priority")

_TEXT = '''"""The tables for {syntax}.lark, written by matcalc.syntax.tables; not to be edited."""

# fmt: off
# ruff: noqa
# A line a state: for each token that may come its number, 0 (go to) or 1 (reduce by), and of what.
STATES = \'\'\'\\
{states}\'\'\'
LARK = {lark!r}
DATA = {data}
MEMO = {memo}
'''


def tables(syntax: str) -> str:
    """The text of the module that holds the tables of a syntax."""
    parser = lark.Lark(grammar(syntax), parser="lalr", lexer="basic", start=list(STARTS))
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] = {name: value for name, value in data["options"].items() if name in _OPTIONS}
    table = data["parser"]["parser"]
    table.update(_renumbered(table))
    states = _lines(table.pop("states"))
    return _TEXT.format(
        syntax=syntax,
        lark=lark.__version__,
        states=states,
        data=_literal(data),
        memo=_literal(memo),
    )


def _renumbered(table: dict[str, Any]) -> dict[str, Any]:
    """The same automaton, its states in the order met from the start: Lark's order is a set's."""
    names, states = table["tokens"], table["states"]
    numbers = {old: new for new, old in enumerate(sorted(names, key=names.__getitem__))}
    order: dict[int, int] = {}
    pending = [table["start_states"][start] for start in STARTS]
    for state in pending:  # grows while it is walked
        if state not in order:
            order[state] = len(order)
            actions = states[state]
            moves = (actions[name] for name in sorted(actions, key=numbers.__getitem__))
            pending.extend(target for kind, target in moves if kind == _SHIFT)
    return {
        "tokens": {numbers[old]: name for old, name in names.items()},
        "start_states": {start: order[state] for start, state in table["start_states"].items()},
        "end_states": {start: order[state] for start, state in table["end_states"].items()},
        "states": {
            order[state]: {
                numbers[name]: (kind, order[target] if kind == _SHIFT else target)
                for name, (kind, target) in actions.items()
            }
            for state, actions in states.items()
        },
    }


def _lines(states: dict[int, dict[int, tuple[int, Any]]]) -> str:
    """The states as lines of numbers, which Python reads much faster than nested literals."""
    lines = []
    for number in range(len(states)):
        actions = sorted(states[number].items())
        flat = ((token, kind, to if kind == _SHIFT else to["@"]) for token, (kind, to) in actions)
        lines.append("  ".join(f"{token} {kind} {to}" for token, kind, to in flat))
    return "".join(f"{line}\n" for line in lines)


def _literal(value: object) -> str:
    return pformat(value, width=160, compact=True)


def write() -> None:
    """Write the tables of every syntax beside this module."""
    for syntax in SYNTAXES:
        Path(__file__).with_name(f"{syntax}_tables.py").write_text(tables(syntax), encoding="utf-8")


if __name__ == "__main__":
    write()
