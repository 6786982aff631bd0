"""From values to statements, as a person would write them.

Every value that is used more than once, that the program names, or that is asked for, has a line of
its own; the others stand where they are used as long as the line stays short.  Views (``A.T``,
``v[:, None]``) cost nothing and are repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.codegen.branches import Branch, branches_of
from matcalc.codegen.names import Names
from matcalc.codegen.values import VIEWS, Value
from matcalc.codegen.walks import below
from matcalc.codegen.writing import ATOM, NEG, Text, Writer, items_text, wrap

__all__ = ["Emitter"]

WIDTH = 64  # of an expression that is written where it is used
FREE = frozenset({"input", "const", "size"})
LIGHT = frozenset({"T", "expand", "lift"})
FRESH = frozenset({"add", "sub", "mul", "div", "neg", "outer", "matmul", "einsum"})  # an array of their own


class Emitter:
    """Writes the body of a function.

    ``hints`` are the names that the program gives to values, ``outputs`` the values asked for, with
    a name for each.
    """

    def __init__(
        self, writer: Writer, names: Names, outputs: Sequence[tuple[str, Value]], hints: Mapping[Value, str]
    ) -> None:
        self.writer, self.names, self.hints = writer, names, hints
        self.lines: list[str] = []
        self.text: dict[Value, Text] = {}
        self.order = below(value for _, value in outputs)
        self.uses = self._count([value for _, value in outputs])
        self.wanted: dict[Value, str] = {}
        for name, value in outputs:
            self.wanted.setdefault(value, name)
        self.steps: list[tuple[Value, Branch | None, tuple[str, ...]]] = []  # what has lines of its own, and which
        self.branches: dict[Branch, list[str]] = {}
        self.tested: tuple[int, int, str, tuple[list[str], list[str]]] = (0, 0, "", ([], []))  # the last choice's lines
        branches = branches_of(self.order, [value for _, value in outputs], hints)
        self._begin(branches)
        for value in self.order:
            body, branch = self.lines, branches.get(value)
            if branch is not None:
                self.lines = self.branches.setdefault(branch, [])
            before = len(self.lines)
            self._emit(value)
            if len(self.lines) > before or value.op == "choice":
                self.steps.append((value, branch, tuple(self.lines[before:])))
            self.lines = body
        self.results = self._results([value for _, value in outputs])

    def _begin(self, branches: Mapping[Value, Branch]) -> None:
        """What has to be known before the first value is written."""

    def _count(self, outputs: list[Value]) -> dict[Value, int]:
        uses = dict.fromkeys(self.order, 0)
        for value in outputs:
            uses[value] += 1
        for value in reversed(self.order):
            for argument in value.args:
                uses[argument] += uses[value] if value.op in LIGHT else 1
        return uses

    def _emit(self, value: Value) -> None:
        args = [self.text[a] for a in value.args]
        if value.op == "place":
            self._place(value, args)
            return
        if value.op == "fill":
            self._fill(value, args)
            return
        text = self.writer.write(value, args)
        if value.op == "choice":
            self._choose(value, text[0])
            return
        if value.op in FREE:
            self.text[value] = text
        elif value in self.wanted or value in self.hints:
            self._assign(value, text[0])
        elif self._stands_inline(value, text[0]):
            self.text[value] = text
        else:
            self._assign(value, text[0])

    def _stands_inline(self, value: Value, text: str) -> bool:
        """Whether a value is written where it is used."""
        if value.op in LIGHT and self.text[value.args[0]][1] == ATOM:
            return True
        return self.uses[value] <= 1 and len(text) <= WIDTH

    def _assign(self, value: Value, text: str) -> None:
        name = self._name(value)
        self.lines.append(f"{name} = {text}")
        self.text[value] = (name, ATOM)

    def _name(self, value: Value) -> str:
        if value in self.hints:
            return self.names.fresh(self.hints[value])
        if value in self.wanted:
            return self.names.fresh(self.wanted[value])
        return self.names.number("t")

    def _place(self, value: Value, args: list[Text]) -> None:
        name = self._name(value)
        items = items_text(self.writer, value.params)
        self.lines += [f"{name} = {self.writer.filled('zeros', value.axes)}", f"{name}[{items}] = {args[0][0]}"]
        self.text[value] = (name, ATOM)

    def _choose(self, value: Value, test: str) -> None:
        """Two branches, each with the lines that it alone needs; those of the line before, where it tests the same."""
        name = self._name(value)
        start, end, tested, bodies = self.tested
        if tested == test and end == len(self.lines):
            del self.lines[start:]
        else:
            start, bodies = len(self.lines), ([], [])
        for k, argument in enumerate(value.args):
            bodies[k].extend([*self.branches.pop((value.params, k), []), f"{name} = {self.text[argument][0]}"])
        for head, body in zip((f"if {test}:", "else:"), bodies, strict=True):
            self.lines += [head, *[f"    {line}" for line in body]]
        self.tested = (start, len(self.lines), test, bodies)
        self.text[value] = (name, ATOM)

    def _fill(self, value: Value, args: list[Text]) -> None:
        forms = value.params
        based = len(args) > len(forms)
        own = based and self._is_own(value.args[0], value.args[1:])
        copied = f"{wrap(args[0], ATOM)}.copy()" if based else ""
        start = args[0][0] if own else copied or self._zeros(value)
        named = value in self.wanted or value in self.hints or (based and value.args[0] in self.hints)
        name = start if own and start.isidentifier() and not named else self._name(value)
        if start != name:
            self.lines.append(f"{name} = {start}")
            self._is_also(name, start)
        for k, ((form, sign), (text, _)) in enumerate(zip(forms, args[based:], strict=True)):
            target = self._part(name, form) if form else (name if based or k else f"{name}[...]")
            if based or k:
                self.lines.append(f"{target} {'+' if sign > 0 else '-'}= {text}")
            else:
                self.lines.append(f"{target} = {text if sign > 0 else f'-{wrap(args[0], NEG)}'}")
        self.text[value] = (name, ATOM)

    def _zeros(self, value: Value) -> str:
        """What an array is that is filled in."""
        return self.writer.filled("zeros", value.axes)

    def _part(self, name: str, form: str) -> str:
        """A diagonal of an array, to be assigned to."""
        return f'np.einsum("{form}", {name})[...]'

    def _is_also(self, name: str, text: str) -> None:
        """A name was given to what may have one already."""

    def _is_own(self, base: Value, beside: Sequence[Value] = ()) -> bool:
        """Whether an array may be overwritten: nothing else sees it, nor is it read ``beside``."""
        return base.op in FRESH and self.uses[base] == 1 and base not in self.wanted and base not in self.hints

    def _results(self, outputs: list[Value]) -> list[str]:
        """What to return: copies of what is an input's memory, or another result's."""
        taken: set[Value] = set()
        results = []
        for value in outputs:
            text = self.text[value][0]
            owners = _owners(value)
            owner = next(iter(owners))
            if not value.axes:
                text = f"np.float64({text})" if value in self.writer.plain and not self.writer.complex else text
            elif value.op == "spread" and value.args[0].op == "const":
                text = text if owner not in taken else f"{text}.copy()"
            elif any(o.op == "input" or o in taken for o in owners) or value.op == "spread":
                text = f"{text}.copy()"
            taken |= owners
            results.append(text)
        return results


def _owners(value: Value) -> set[Value]:
    """The values whose memory this one may be a view of: one, or one for each branch."""
    found, stack = set(), [value]
    while stack:
        value = stack.pop()
        if value.op == "choice":
            stack += value.args
        elif value.op in VIEWS and not (value.op == "spread" and value.args[0].op == "const"):
            stack.append(value.args[0])
        else:
            found.add(value)
    return found
