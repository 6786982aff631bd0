"""Buffers that are kept between calls: ``compile(..., workspace=True)``.

Every matrix that the code computes by a function of NumPy which takes ``out=`` has its place in memory that the first
call asks for and all later calls use again, as long as the sizes stay the same: new memory has to be cleared and mapped
by the operating system, which costs large arrays more than their arithmetic.  An array whose last reader is written
gives its buffer to the next one of the same shape.  What is zero but for its diagonals is cleared once.

So the results of a call are overwritten by the next; whoever wants to keep them copies them.  Vectors are made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.codegen.branches import Branch
from matcalc.codegen.in_place import InPlaceEmitter, has_out
from matcalc.codegen.values import Axes, Value
from matcalc.codegen.writing import ATOM
from matcalc.expressions.dims import names as names_in

__all__ = ["KEPT", "WorkspaceEmitter"]

KEPT = "_kept"  # the helper that gives the buffers


class WorkspaceEmitter(InPlaceEmitter):
    """Writes the body of a function that has its matrices in buffers."""

    def _begin(self, branches: Mapping[Value, Branch]) -> None:
        super()._begin(branches)
        self.buffers: dict[str, Axes] = {}  # in the order of their names
        self.free: dict[Axes, list[str]] = {}  # buffers that nothing needs now
        self.held: dict[str, str] = {}  # of an array, its buffer
        self.axes: dict[str, Axes] = {}  # of an array

    def buffers_line(self, workspace: str) -> list[str]:
        """The statement that names all buffers, kept in a dict of this name; nothing where there are none."""
        if not self.buffers:
            return []
        names, shapes = ", ".join(self.buffers), ", ".join([f"({self._shape(a)})" for a in self.buffers.values()])
        sizes = sorted({name for axes in self.buffers.values() for dim in axes for name in names_in(dim)})
        key = ", ".join(map(self.writer.dim, sizes)) + ("," if len(sizes) == 1 else "")
        one = len(self.buffers) == 1
        call = f"{self.writer.helper(KEPT)}({workspace}, ({key}), ({shapes}{',' if one else ''}))"
        return [f"({names},) = {call}" if one else f"{names} = {call}"]

    def _shape(self, axes: Axes) -> str:
        return ", ".join(map(self.writer.dim, axes))

    def _emit(self, value: Value) -> None:
        touched = {array for argument in value.args for array in self.reads[argument]}
        super()._emit(value)
        for array in touched:
            if array in self.held and not self.readers.get(array, 0):
                self.free.setdefault(self.axes[array], []).append(self.held.pop(array))

    def _buffer(self, value: Value, name: str) -> str:
        """A buffer for a value that has this name."""
        free = self.free.get(value.axes)
        buffer = free.pop() if free else self.names.number("m")
        self.buffers.setdefault(buffer, value.axes)
        self.held[name], self.axes[name] = buffer, value.axes
        return buffer

    def _stands_inline(self, value: Value, text: str) -> bool:
        return not has_out(value) and super()._stands_inline(value, text)

    def _assign(self, value: Value, text: str) -> None:
        if not has_out(value):
            super()._assign(value, text)
            return
        name, call = self._name(value), self._into(value)
        self.lines.append(f"{name} = {call}, out={self._buffer(value, name)})")
        self.text[value] = (name, ATOM)

    def _zeros(self, value: Value) -> str:
        """An array of zeros: what was cleared at first stays so where one diagonal alone is filled in."""
        buffer = self.names.number("m")
        self.buffers[buffer] = value.axes
        if len(value.params) > 1:
            self.lines.append(f"{buffer}[...] = 0.0")
        return buffer

    def _is_own(self, base: Value, beside: Sequence[Value] = ()) -> bool:
        if base.op == "fill" and len(base.args) == len(base.params):
            return False  # what is zero has to stay so
        return super()._is_own(base, beside)
