"""What each line of a generated function costs: operations, memory moved, new memory.

Decisions.  Operations count as in `matcalc.codegen.cost`.  Memory is in bytes, eight for each entry: *moved* is what
the operations of a line read and write, whether from memory or from a cache; views move nothing.  *Temporaries* are
the arrays without a name that a line has at one time; a function of the module that works on a whole array counts one
of the size of its argument.  An array with a name lives to the end, as Python has it.  Arguments are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby

from matcalc.codegen.cost import own_work
from matcalc.codegen.emit import Emitter
from matcalc.codegen.sizes import LARGE
from matcalc.codegen.values import VIEWS, Axes, Value
from matcalc.codegen.work import Work
from matcalc.expressions.dims import Dim, evaluate

__all__ = ["Ledger", "Line", "ledger"]

FREE = frozenset({"input", "const", "size"})
IN_PLACE = re.compile(r"\w+ [-+*/]= |.*\bout=\w+\)$")
WORD = 8  # bytes of an entry


class Line:
    """A line: ``name = formula``, its ``axes``; the ``test`` under which it is computed, and whether that has to hold
    (``side`` 0) or not; ``uses`` of the result; ``work``, and ``moved``, ``temporaries`` and ``kept`` in bytes.
    """

    __slots__ = ("axes", "formula", "kept", "moved", "name", "side", "temporaries", "test", "uses", "work")

    def __init__(self, name: str, formula: str, axes: Axes, test: tuple[Dim, ...] | None, side: int, uses: int) -> None:
        self.name, self.formula, self.axes, self.uses = name, formula, axes, uses
        self.test, self.side = test, side
        self.work = self.moved = self.temporaries = self.kept = Work()

    def taken(self, sizes: Mapping[str, int]) -> bool:
        """Whether the line is computed, for these sizes."""
        if self.test is None:
            return True
        holds = evaluate(self.test[0], sizes) <= evaluate(self.test[1], sizes)
        return holds == (self.side == 0)


class Ledger:
    """All lines of a function, and the bytes of ``copies`` that it returns."""

    __slots__ = ("copies", "lines")

    def __init__(self, lines: Sequence[Line], copies: Work) -> None:
        self.lines, self.copies = list(lines), copies

    def total(self, what: str, sizes: Mapping[str, int]) -> Work:
        """The sum of ``work`` or ``moved`` over the lines that are taken for these sizes, others being `LARGE`."""
        total = Work()
        for line in self.lines:
            if line.taken(_all(sizes)):
                total = total + getattr(line, what)
        return total

    def peak(self, sizes: Mapping[str, int]) -> Work:
        """The most memory at one time, in bytes beside the arguments; at which line, that is decided for these sizes,
        others being `LARGE`."""
        live, peaks = Work(), [self.copies]
        for line in self.lines:
            if line.taken(_all(sizes)):
                peaks.append(live + line.temporaries + line.kept)
                live = live + line.kept
        peaks.append(live + self.copies)
        return max(peaks, key=lambda work: work.number(_all(sizes)))


class _All(dict[str, int]):
    """Sizes, `LARGE` where none is known."""

    def __missing__(self, name: str) -> int:
        return LARGE


def _all(sizes: Mapping[str, int]) -> _All:
    return _All(sizes)


def ledger(emitter: Emitter, outputs: Sequence[Value]) -> Ledger:
    """The lines of a function that was written."""
    own = {value for value, _, _ in emitter.steps}
    lines = []
    for value, branch, texts in emitter.steps:
        test, side = branch if branch is not None else (None, 0)
        name, axes, uses = emitter.text[value][0], value.axes, emitter.uses[value]
        if value.op == "choice":
            for k, argument in enumerate(value.args):
                line = Line(name, emitter.text[argument][0], axes, value.params, k, uses)
                lines.append(_counted(line, [argument] if argument not in own else [], own, new=argument not in own))
            continue
        formula = "; ".join([text.removeprefix(f"{name} = ") for text in texts])
        in_place = any(IN_PLACE.match(text) for text in texts)
        new = not in_place or texts[0].startswith(f"{name} = ")
        line = _counted(Line(name, formula, axes, test, side, uses), [value], own, new)
        if in_place and new:  # the line's first array is the result's memory too
            line.temporaries = _positive(line.temporaries - line.kept)
        lines.append(line)
    copies = Work()
    for value, text in zip(outputs, emitter.results, strict=True):
        copies = copies + (_bytes(value.axes) if text.endswith(".copy()") else Work())
    return Ledger(_by_sides(lines), copies)


def _by_sides(lines: Sequence[Line]) -> list[Line]:
    """The lines of one test that stand together, first those where it holds."""
    found: list[Line] = []
    for _, run in groupby(lines, key=lambda line: line.test):
        found += sorted(run, key=lambda line: line.side)
    return found


def _counted(line: Line, roots: Sequence[Value], own: set[Value], new: bool) -> Line:
    """The line with all that is computed in it: what has no line of its own."""
    peaks: dict[Value, Work] = {}
    for root in roots:
        for value in _inside(root, own):
            line.work = line.work + own_work(value)
            line.moved = line.moved + _moved(value)
            peaks[value] = _peak(value, [a for a in value.args if a in peaks], peaks)
        if not _is_view(root):
            line.kept = _bytes(root.axes) if new else Work()
            line.temporaries = peaks[root] - _bytes(root.axes)
        else:
            line.temporaries = peaks[root]
    return line


def _positive(work: Work) -> Work:
    return work if all(c > 0 for c in work.terms.values()) else Work()


def _inside(root: Value, own: set[Value]) -> list[Value]:
    """The values of a line, arguments first."""
    found: list[Value] = []
    seen: set[Value] = set()
    stack = [(root, False)]
    while stack:
        value, ready = stack.pop()
        if ready:
            found.append(value)
        elif value not in seen and value.op not in FREE:
            seen.add(value)
            stack.append((value, True))
            stack.extend([(a, False) for a in reversed(value.args) if a not in own])
    return found


def _is_view(value: Value) -> bool:
    return value.op in FREE or value.op == "part" or (value.op in VIEWS and value.op != "power")


def _stored(value: Value) -> Value:
    """The array whose memory is read."""
    while _is_view(value) and value.args and value.op not in ("index", "diagonal", "part"):
        value = value.args[0]
    return value


def _bytes(axes: Iterable[Dim]) -> Work:
    axes = [dim for dim in axes if dim != 1]
    return Work.of(Fraction(WORD), *axes) if axes else Work()


def _moved(value: Value) -> Work:
    if _is_view(value):
        return Work()
    total = _bytes(value.axes)
    for argument in dict.fromkeys([_stored(a) for a in value.args]):
        total = total + _bytes(argument.axes)
    return total


def _peak(value: Value, inside: Sequence[Value], peaks: Mapping[Value, Work]) -> Work:
    """The most bytes at one time while a value is computed, one argument after the other, its own among them."""
    held, candidates = Work(), []
    for argument in inside:
        candidates.append(held + peaks[argument])
        held = held + _result(argument, peaks)
    if not _is_view(value):
        helper = _bytes(value.args[0].axes) if value.op == "call" else Work()
        held = held + _bytes(value.axes) + helper
    candidates.append(held)
    return max(candidates, key=lambda work: work.number(_All()))


def _result(value: Value, inside: Mapping[Value, Work]) -> Work:
    """What stays of a value that is computed within a line; of a view, what it is a view of, if that is in it too."""
    while _is_view(value) and value.args:
        value = value.args[0]
    return _bytes(value.axes) if value in inside else Work()
