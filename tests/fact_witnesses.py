"""What has to be known, case by case: `fact_witnesses.txt`, and what found the cases.

A line says ``semidefinite: A + B for A 4×4 semidefinite, B 4×4 semidefinite``: where A and B have these facts by
decree, that is to be known of the sum; with ``not`` before a fact, that it does not hold; with ``unknown``, neither.
The lines stand by themselves, so that a row of the table which says too little is noticed, as one that says too much
is by numbers.

``python -m tests.fact_witnesses`` writes a line for every row that has none: a case in which the row is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from matcalc import facts
from matcalc.errors import ShapeError
from matcalc.expressions.node import Node, postorder
from matcalc.facts import names
from matcalc.facts.engine import Rule, rules_of
from matcalc.facts.names import BITS, closed
from matcalc.facts.table import ROWS
from matcalc.language.reading import expression
from matcalc.operations import table
from matcalc.operations.table import make
from matcalc.render.source import source

FILE = Path(__file__).with_suffix(".txt")


class Witness:
    """A line: the ``fact``, whether it holds, the expression, and the facts of each variable."""

    def __init__(self, line: str) -> None:
        self.line = line
        claim, rest = line.split(": ", 1)
        head, _, self.fact = claim.rpartition(" ")
        self.holds = {"": True, "not": False, "unknown": None}[head]
        self.text, _, given = rest.partition(" for ")
        self.given: dict[str, tuple[tuple[int, int], list[str], list[str]]] = {}
        for name, rows, columns, words in re.findall(r"(\w+) (\d+)×(\d+)([ \w]*)", given):
            parts = words.replace("not ", "not_").split()
            yes = [word for word in parts if not word.startswith("not_")]
            self.given[name] = (int(rows), int(columns)), yes, [word[4:] for word in parts if word not in yes]

    def variables(self) -> dict[str, Node]:
        """Fresh variables with the facts of the line."""
        found = {}
        for name, (shape, yes, no) in self.given.items():
            node = table.variable(f"{name} of {self.line}", shape)
            node._facts = closed(sum(BITS[f] for f in yes), sum(BITS[f] for f in no), shape)
            found[name] = node
        return found

    def node(self, variables: dict[str, Node]) -> Node:
        """The expression."""
        if self.text.startswith("let "):
            return table.let("t", variables["A"])
        if self.text == "f(A)":
            return table.apply("f", 0, variables["A"])
        return expression(self.text, variables)


def witnesses(op: str = "") -> list[Witness]:
    """The lines of one operation, or all."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    found, at = [], ""
    for line in lines:
        if line.startswith("# "):
            at = line[2:]
        elif line and op in ("", at):
            found.append(Witness(line))
    return found


def needs(node: Node, rule: Rule) -> bool:
    """Whether the rule's fact is known of a node with the rule, and unknown without it."""
    for argument in node.args:
        facts.known(argument)
    answer = rule.holds(node)
    if answer is None:
        return False
    others = [one for one in rules_of(node.op) if one is not rule]
    yes = no = 0
    for one in others:
        told = one.holds(node)
        yes, no = yes | one.bit * (told is True), no | one.bit * (told is False)
    yes, no = closed(yes, no, node.shape)
    return not (yes if answer else no) & rule.bit


def line_of(node: Node, rule: Rule) -> str:
    """The line that a node makes for what the rule says of it."""
    letters: dict[str, str] = {}
    given = []
    text = source(node) if node.op not in ("let", "apply") else ("let A" if node.op == "let" else "f(A)")
    for part in postorder(node):
        if part.op != "var":
            continue
        name = letters.setdefault(part.params[0], "ABCDEFGHIJK"[len(letters)])
        yes, no = part._facts
        base = closed(0, 0, part.shape)
        mine = [f for f in BITS if yes & BITS[f] and not base[0] & BITS[f]]
        least = sorted(mine, key=lambda f, shape=part.shape: closed(BITS[f], 0, shape)[0].bit_count())
        for fact in list(least):
            rest = sum(BITS[f] for f in least if f != fact)
            if closed(rest, 0, part.shape)[0] == yes:
                least.remove(fact)
        wrong = [f"not {f}" for f in BITS if no & ~base[1] & BITS[f] and not closed(yes, 0, part.shape)[1] & BITS[f]]
        given.append(" ".join([name, f"{part.shape[0]}×{part.shape[1]}", *least, *wrong]))
    for old, new in letters.items():
        text = re.sub(rf"\b{old}\b", new, text)
    text = re.sub(r"where\((\w+),", r"where(\1 > 0,", text)
    return f"{'' if rule.holds(node) else 'not '}{rule.fact}: {text} for {', '.join(given)}"


def candidates(op: str, rule: Rule) -> Iterator[Node]:
    """Nodes on which a rule may speak."""
    from tests.test_fact_rules import Leaf, built, plain

    leaf = Leaf(0)
    if op != "let":
        yield from plain(rule, op, leaf)
    yield from [node for node in built(op, leaf) if node.op == op]
    if rule.both:
        ((_, mask),) = rule.premises
        for shape in ((4, 4), (4, 1), (1, 4)):
            argument = table.variable(f"no{shape[0]}by{shape[1]}", shape)
            argument._facts = closed(0, mask, shape)
            shaped = {"unvec": (2, 2), "roll": (None, 1)}.get(op, ())
            with suppress(ShapeError):
                yield table.let("t", argument) if op == "let" else make(op, argument, params=shaped)


def missing() -> Iterator[tuple[str, str]]:
    """A line for each rule that none of the lines needs, or that there is none."""
    for op in sorted(set(ROWS) - {"let", "defined"}):  # these pass on everything
        have = [(one.fact, one.node(one.variables())) for one in witnesses(op)]
        for rule in rules_of(op):
            said = {rule.holds(node) for fact, node in have if fact == rule.fact and needs(node, rule)}
            found: dict[bool | None, list[str]] = {}
            for node in candidates(op, rule):
                if needs(node, rule) and rule.holds(node) not in said:
                    found.setdefault(rule.holds(node), []).append(line_of(node, rule))
            yield from [(op, min(lines, key=len)) for lines in found.values()]
            if not found and not said:
                yield op, f"!! {rule.fact}: {rule.text} is never needed"


def closures() -> Iterator[str]:
    """A line for each implication and exclusion: what follows, and what cannot be where what follows is not."""
    def words(mask: int) -> list[str]:
        return [fact for fact, bit in BITS.items() if mask & bit]

    for given, follows, where in names.IMPLICATIONS:
        shape = {"any": "5×3", "square": "4×4", "column": "4×1", "row": "1×4"}[where]
        for fact in words(follows):
            yield f"{fact}: A for A {shape} {' '.join(words(given))}"
            if given.bit_count() == 1:
                yield f"not {words(given)[0]}: A for A {shape} not {fact}"
            for dropped in words(given) if given.bit_count() > 1 else []:
                rest = [one for one in words(given) if one != dropped]
                if not closed(sum(BITS[one] for one in rest), 0, (4, 4))[0] & BITS[fact]:
                    yield f"unknown {fact}: A for A 4×4 {' '.join(rest)}"
            if where != "any" and not given & names.OF_SQUARES:
                wide = "3×4" if where == "row" else "5×3"
                head = "not" if names.BITS[fact] & names.OF_SQUARES else "unknown"
                yield f"{head} {fact}: A for A {wide} {' '.join(words(given))}"
    for given, excluded in names.EXCLUSIONS:
        for shape in ("4×4",) if given & names.OF_SQUARES else ("4×4", "5×3", "4×1", "1×1"):
            yield from [f"not {fact}: A for A {shape} {' '.join(words(given))}" for fact in words(excluded)]
    yield from ["symmetric: A for A 1×1", *[f"not {fact}: A for A 4×3" for fact in words(names.OF_SQUARES)]]


def main() -> None:
    """Add what is missing."""
    by_op: dict[str, list[str]] = {}
    for op in sorted(ROWS):
        by_op[op] = [w.line for w in witnesses(op)]
    for op, line in missing():
        if line.startswith("!!"):
            print(op, line)
        else:
            by_op[op].append(line)
    by_op["closure"] = list(dict.fromkeys([*[one.line for one in witnesses("closure")], *closures()]))
    text = "\n\n".join("\n".join([f"# {op}", *dict.fromkeys(lines)]) for op, lines in by_op.items() if lines)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
