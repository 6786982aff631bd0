"""The text of a blocked module: a function for each pass that computes a block, and one that goes over the blocks.

The function for a pass is generated as any other, of the nodes' values with a smaller dimension, the sums as its
results, with the last changes of `matcalc.codegen.finishing` and in place: a block has to stay in cache; what it needs
that is free of the split axis is computed before and handed to it. In the values of the outer function a pass is one
value, its results are the parts of that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce

from matcalc.codegen.blocked.driver import DRIVER, ROWS
from matcalc.codegen.blocked.splitting import Pass, Splitting, rebuilt
from matcalc.codegen.emit import Emitter
from matcalc.codegen.finishing import finish
from matcalc.codegen.in_place import InPlaceEmitter, has_out
from matcalc.codegen.names import Names
from matcalc.codegen.signature import LocalDims, Signature
from matcalc.codegen.values import Graph, Value
from matcalc.codegen.walks import below
from matcalc.codegen.writing import ATOM, Text, Writer
from matcalc.expressions.dims import Dim, add, multiply, names

__all__ = ["OPTIONS", "BlockFunction", "OuterWriter", "SplitSignature", "helpers_text", "joined"]

INDENT = "    "
OPTIONS = {
    "rows": "whole number, of a block; as many as fit in cache if left out",
    "threads": "whole number; as many as there are cores if left out",
    "progress": "function of the rows done and of those in all passes",
}
LIGHT = ("T", "expand", "lift")
MAKES = re.compile(r"\w+ = ")


class SplitSignature(Signature):
    """The beginning of a function that leaves the arguments with the axis ``dim`` where they are."""

    dim = ""

    def write(self, writer: Writer) -> list[str]:
        """The statements at the beginning of the function."""
        lines = super().write(writer)
        for node in self.inputs:
            if self.dim in node.shape:
                name = node.params[0]
                own = self.parameters[name]
                left, right = f'{own} = {writer.helper("_array")}("{name}"', f'{own} = _rows("{name}"'
                lines = [f"{right}{line[len(left):]}" if line.startswith(left) else line for line in lines]
        return lines


class BlockFunction:
    """One pass: the text of the function that computes a block, and what it asks for.

    ``arrays`` are the inputs that are cut, ``shared`` the free values that it is handed, ``dims`` the dimensions,
    ``functions`` the unknown functions that are passed in, ``sums`` and ``kept`` its results.
    """

    def __init__(self, name: str, splitting: Splitting, work: Pass, forbidden: Sequence[str], guarded: str) -> None:
        self.name, self.dim, self.graph = name, splitting.dim, splitting.graph
        self.sums, self.kept = work.sums, list(work.rows)
        roots = work.roots()
        inside = below(roots, stop=lambda v: v not in work.sums and self._is_shared(v))
        self.arrays = [v for v in inside if v.op == "input" and self.dim in v.axes]
        if not self.arrays:  # what needs no data still needs to know how long a block is
            self.arrays = [v for v in below(splitting.outputs) if v.op == "input" and self.dim in v.axes][:1]
        self.shared = [v for v in inside if v not in work.sums and self._is_shared(v)]
        self.functions = sorted({v.params for v in inside if v.op == "apply"})
        inputs = {v.params[0] for v in (*self.arrays, *self.shared) if v.op == "input"}
        self.names = Names([*inputs, *(function for function, _ in self.functions)], forbidden)
        self._write(roots, splitting.hints, guarded)

    def _is_shared(self, value: Value) -> bool:
        """Whether the function is handed the value; numbers and views it makes for itself."""
        if self.dim in value.axes or value.op == "const" or (value.op == "spread" and value.args[0].op == "const"):
            return False
        if value.op == "size":
            return self.dim in names(value.params[0])
        while value.op in LIGHT:
            value = value.args[0]
        return True

    def _write(self, roots: Sequence[Value], hints: dict[Value, str], guarded: str) -> None:
        local: dict[str, str] = {}
        new: dict[Value, Value] = {}
        for value in self.shared:
            if value.op == "input":
                local[value.params[0]] = self._parameter(value.params[0])
            else:
                name = self.names.fresh(hints.get(value, "s1" if value.axes else "c1"))
                local[name] = name
                new[value] = self.graph.value("input", (), (name, ""), value.axes)
        local.update({v.params[0]: self._parameter(v.params[0]) for v in self.arrays})
        dims = LocalDims(self.names)
        known = {f: self.names.fresh({0: "", 1: "d"}.get(f[1], f"d{f[1]}") + f[0]) for f in self.functions}
        self.writer = Writer(dims, local, known, False)
        inner = rebuilt(self.graph, roots, new)
        hints = {new[value]: name for value, name in hints.items() if value in new and new[value].op != "input"}
        inner = finish(self.graph, inner, hints)
        labels = [f"sum{k}" for k in range(1, len(self.sums) + 1)] + [f"rows{k}" for k in range(1, len(self.kept) + 1)]
        outputs = [*zip(labels, inner, strict=True)]
        self.into: list[bool] = [self._has_place(value) for value in inner[len(self.sums) :]]
        places = {value: self.names.fresh(f"into{k}") for k, value in enumerate(inner[len(self.sums) :], 1)
                  if self.into[k - 1]}  # fmt: skip
        if self.graph.options.in_place:
            emitter: Emitter = PlacingEmitter(self.writer, self.names, outputs, hints, places)
        else:
            emitter = Emitter(self.writer, self.names, outputs, hints)
        self.dims = sorted(dim for dim in dims if dim != self.dim)
        self.beside = self._made(emitter)
        handed = [local[v.params[0]] for v in self.arrays]
        handed += [local[(new.get(v, v)).params[0]] for v in self.shared]
        handed += [*known.values(), *(dims[dim] for dim in self.dims), *(f"{name}=None" for name in places.values())]
        body = [f'"""A block of {self.dim}: {self._what()}."""']
        if self.dim in dims:
            first = self.arrays[0]
            body.append(f"{dims[self.dim]} = {local[first.params[0]]}.shape[{first.axes.index(self.dim)}]")
        ending = "," if len(inner) == 1 else ""
        body += [*emitter.lines, f"return {', '.join(emitter.results)}{ending}"]
        head = [guarded] if any(v.op == "where" for v in emitter.order) else []
        self.text = "\n".join([*head, f"def {self.name}({', '.join(handed)}):", *(INDENT + line for line in body)])

    def _has_place(self, value: Value) -> bool:
        """Whether a result can be computed where it is kept: as whole rows, by a function that takes ``out``."""
        return self.graph.options.in_place and value.axes[0] == self.dim and has_out(value)

    def _made(self, emitter: Emitter) -> Dim:
        """How many numbers the lines of the function make for each row of the block."""
        total: Dim = 0
        for value, _, lines in emitter.steps:
            if self.dim in value.axes and any(MAKES.match(line) and "out=" not in line for line in lines):
                others: list[Dim] = [axis for axis in value.axes if axis != self.dim]
                total = add(total, reduce(multiply, others) if others else 1)
        return total

    def _what(self) -> str:
        parts = ["what is added up over all blocks"] if self.sums else []
        return " and ".join(parts + (["what is kept row by row"] if self.kept else []))

    def _parameter(self, name: str) -> str:
        return name if self.names.plain(name) else self.names.fresh(name)


class PlacingEmitter(InPlaceEmitter):
    """Writes the body of a function that is handed the memory of some results, by the names in ``places``."""

    def __init__(
        self, writer: Writer, names: Names, outputs: Sequence[tuple[str, Value]], hints: Mapping[Value, str],
        places: Mapping[Value, str],
    ) -> None:  # fmt: skip
        self.places = places
        super().__init__(writer, names, outputs, hints)

    def _overwritten(self, value: Value) -> bool:
        return value not in self.places and super()._overwritten(value)

    def _assign(self, value: Value, text: str) -> None:
        if value in self.places:
            text = f"{self._into(value)}, out={self.places[value]})"
        super()._assign(value, text)


class OuterWriter(Writer):
    """Writes the outer function, in which a value may be a pass over the blocks."""

    def open(self, blocks: Sequence[BlockFunction], options: Sequence[str]) -> None:
        """What the passes are, and the names of the options."""
        self.blocks, self.options = blocks, options

    def write(self, value: Value, args: list[Text]) -> Text:
        """The expression that computes a value."""
        if value.op != "pass":
            return super().write(value, args)
        (number,) = value.params
        block = self.blocks[number]
        arrays = [f"({self.inputs[v.params[0]]}, {v.axes.index(block.dim)})" for v in block.arrays]
        shared = [text for text, _ in args] + [self.functions[f] for f in block.functions]
        shared += [self.dims[dim] for dim in block.dims]
        kept = [f"({self._whole_shape(v)}, {v.axes.index(block.dim)}, {into})"
                for v, into in zip(block.kept, block.into, strict=True)]  # fmt: skip
        workspace = [] if len(self.options) > len(OPTIONS) else ["None"]
        progress = [*workspace, *self.options, str(number), str(len(self.blocks))]
        parts = [block.name, self.dims[block.dim], _tuple(arrays), _tuple(shared)]
        parts += [_tuple([f"np.{how}" for how in block.sums.values()]), _tuple(kept)]
        parts += [self.dim(block.beside), _tuple(progress)]
        return f"_over_blocks(\n{INDENT}{', '.join(parts)},\n)", ATOM

    def _whole_shape(self, value: Value) -> str:
        return _tuple([self.dim(axis) for axis in value.axes])


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def joined(graph: Graph, splitting: Splitting, blocks: Sequence[BlockFunction]) -> tuple[list[Value], dict[Value, str]]:
    """The outputs in terms of the passes, and the names of values."""
    new: dict[Value, Value] = {}
    for number, block in enumerate(blocks):
        handed = rebuilt(graph, block.shared, new)
        made = graph.value("pass", tuple(handed), (number,), ())
        for k, value in enumerate([*block.sums, *block.kept]):
            new[value] = graph.value("part", (made,), (k,), value.axes)
    outputs = rebuilt(graph, splitting.outputs, new)
    hints = {new[v]: name for v, name in splitting.hints.items() if v in new and new[v].op not in ("input", "const")}
    hints |= {v: "found" for v in below(outputs) if v.op == "pass"}
    return outputs, hints


def helpers_text() -> list[str]:
    """The functions that every blocked module has."""
    return [ROWS.strip("\n"), *(part.strip("\n") for part in DRIVER.split("\n\n\n"))]
