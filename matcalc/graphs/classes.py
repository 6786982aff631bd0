"""A gate as a class: ``forward`` keeps what ``backward`` needs to multiply the upstream gradient by the local one.

Both are written by the code generator from the gate's operation and from what its law makes of the upstream gradient;
no operation has a text of its own here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.codegen.docstring import escaped
from matcalc.codegen.emit import Emitter
from matcalc.codegen.names import Names
from matcalc.codegen.numpy_module import Request, planned
from matcalc.codegen.values import axes_of
from matcalc.codegen.walks import below
from matcalc.codegen.writing import Writer
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node
from matcalc.graphs.gates import OWN, UPSTREAM, Gate
from matcalc.graphs.patterns import dims_of
from matcalc.render.source import source

__all__ = ["GateClass"]

UP = "dy"  # the upstream gradient in the code
LONG = 90  # characters of a law that is not told


class _Dims(dict[str, str]):
    """How dimensions are written, and which were."""

    def __init__(self, written: Mapping[str, str]) -> None:
        super().__init__(written)
        self.used: list[str] = []

    def __getitem__(self, name: str) -> str:
        if name not in self.used:
            self.used.append(name)
        return super().__getitem__(name)


class GateClass:
    """The class of a gate.

    ``slots``    which arguments get a gradient, ``None`` stands for the others
    ``sizes``    dimensions that no argument tells: further arguments of ``forward``
    ``helpers``  functions that its lines call
    """

    def __init__(self, gate: Gate, name: str, slots: Sequence[int]) -> None:
        self.gate, self.name, self.slots = gate, name, sorted(slots)
        self.helpers: set[str] = set()
        self.sizes: list[str] = []
        self.arguments = [slot.params[0] for slot in gate.slots]
        backward, stored = self._backward() if self.slots else ([], [])
        forward = self._forward(stored)
        self.lines = [f"class {name}:", f'    """{self._title()}"""', "", *forward]
        self.lines += ["", *backward] if backward else []

    def _title(self) -> str:
        copied = self.gate.op == "copy"
        return "A second name for the same value." if copied else escaped(f"y = {source(self.gate.body)}.")

    # -------------------------------------------------------------------------------------------- forward
    def _forward(self, stored: list[str]) -> list[str]:
        arguments = {name: name for name in self.arguments}
        lines, (result,), _, sizes = self._written([("y", self.gate.body)], self.gate.slots, arguments)
        self.sizes += [size for size in sizes if size not in self.sizes]
        if "y" in stored and result != "y":
            lines.append(f"y = {result}")
            result = "y"
        elif "y" not in stored and lines and lines[-1].startswith(f"{result} = "):
            result = lines.pop().partition(" = ")[2]
        if stored:
            lines.append(f"{', '.join([f'self.{name}' for name in stored])} = {', '.join(stored)}")
        head = f"    def forward({', '.join(['self', *self.arguments, *self.sizes])}):"
        return [head, *[f"        {line}" for line in [*lines, f"return {result}"]]]

    # ------------------------------------------------------------------------------------------- backward
    def _backward(self) -> tuple[list[str], list[str]]:
        """The lines of the method, and what it needs from ``forward``."""
        gate = self.gate
        outputs = [(f"d{self.arguments[k]}", gate.computed(k)) for k in self.slots]
        shown = {**{name: name for name in self.arguments}, UPSTREAM: UP, OWN: OWN}
        written, results, stored, sizes = self._written(outputs, (gate.upstream, *gate.slots), shown)
        self.sizes += sizes
        stored = [*stored, *sizes]
        lines = [f"# {escaped(gate.law)}"] if gate.law and len(gate.law) < LONG else []
        if stored:
            lines.append(f"{', '.join(stored)} = {', '.join([f'self.{name}' for name in stored])}")
        passed = dict(zip(self.slots, results, strict=True))
        found = [passed.get(k, "None") for k in range(len(self.arguments))]
        lines += [*written, f"return {', '.join(found)}{',' if len(found) == 1 else ''}"]
        return [f"    def backward(self, {UP}):", *[f"        {line}" for line in lines]], stored

    # ------------------------------------------------------------------------------------------- writing
    def _written(
        self, outputs: Sequence[tuple[str, Node]], telling: Sequence[Node], shown: Mapping[str, str]
    ) -> tuple[list[str], list[str], list[str], list[str]]:
        """The lines that compute some outputs, the results, which arguments they use, and which sizes none tells."""
        # the first output counts as the value, what follows as derivatives: 0 where they divide by a norm that is 0
        back = OWN in shown
        lowering, values = planned(
            Request(self.gate.own if back else outputs[0][1], [], dict(outputs) if back else {}), branches=False
        )
        values = values[1:] if back else values
        inside = below(values)
        if any(v.op in ("apply", "own") for v in inside):
            raise UnsupportedError("gates need functions that are known", hint="--let f=tanh says what f is")
        told = self._told(telling, shown)
        dims = _Dims(told)
        writer = Writer(dims, dict(shown), {}, False)
        names = Names([*shown.values(), *told, "self"])
        labelled = [(label, value) for (label, _), value in zip(outputs, values, strict=True)]
        emitter = Emitter(writer, names, labelled, lowering.hints)
        self.helpers |= writer.helpers
        used = {shown[v.params[0]] for v in inside if v.op == "input"} | {told[d].partition(".")[0] for d in dims.used}
        sizes = [told[d] for d in dims.used if "." not in told[d]]
        results = [text.removesuffix(".copy()") for text in emitter.results]  # the graph writes into no array
        return list(emitter.lines), results, [a for a in (*self.arguments, OWN) if a in used], sizes

    def _told(self, nodes: Sequence[Node], shown: Mapping[str, str]) -> dict[str, str]:
        """How each dimension is read off an array; by a name of its own where none tells it."""
        told: dict[str, str] = {}
        for node in nodes:
            for axis, dim in enumerate(axes_of(node.shape)):
                if isinstance(dim, str):
                    told.setdefault(dim, f"{shown[node.params[0]]}.shape[{axis}]")
        for dim in dims_of(self.gate):
            told.setdefault(dim, dim if dim not in self.arguments else f"{dim}_size")
        return told
