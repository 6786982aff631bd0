"""Numbers on a graph: forward through the gates in their order, and back, contributions added up where branches meet.

Every gate is evaluated by code generated for it alone, so that what is drawn is what the gates compute one after the
other, and not read off the derivative of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.codegen.compiled import load
from matcalc.codegen.numpy_module import Module, Request, build
from matcalc.errors import MatcalcError, UnsupportedError
from matcalc.expressions.dims import names
from matcalc.expressions.node import Node
from matcalc.graphs.gates import Gate
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.operations import table

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["evaluate"]


class _Code:
    """A formula over placeholders, compiled: the value of a gate, or beside its ``value`` what it passes on."""

    def __init__(self, formula: Node, inputs: Sequence[Node], value: Node | None = None) -> None:
        self.told = _untold(inputs)
        sizes = [table.variable(f"size_{name}", (name, 1)) for name in self.told]
        passed = None if value is None else {"passed": formula}
        self.back = value is not None
        self.module: Module = build(Request(value or formula, inputs, passed, directions=sizes, name="gate"))
        self.function: Callable[..., Any] = load(self.module.text, "gate")

    def __call__(self, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
        import numpy as np

        values = {**values, **{f"size_{name}": np.empty(sizes[name]) for name in self.told}}
        arguments = {name: values[name] for name in self.module.inputs}
        arguments.update({name: sizes[name] for name in self.module.loose})
        with np.errstate(all="ignore"):
            found = self.function(**arguments)
        result = found[1]["passed"] if self.back else found[0]
        return result if np.ndim(result) else float(result)


def _untold(inputs: Sequence[Node]) -> list[str]:
    """The dimensions where one stands in a sum (``n + m`` rows), which no shape may tell: vectors of their sizes do."""
    dims = [dim for node in inputs for dim in node.shape]
    if not any(isinstance(dim, tuple) for dim in dims):
        return []
    return sorted({name for dim in dims for name in names(dim)})


def evaluate(graph: Graph, inputs: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
    """Put values and gradients on a graph, at a point.

    Raises `MatcalcError` where a gate has no value there, `UnsupportedError` where a gate has no code or no derivative.
    """
    graph.sizes = dict(sizes)
    codes: dict[tuple[Gate, int], _Code] = {}
    for vertex in graph.nodes:
        vertex.value = inputs[vertex.name] if vertex.gate is None else _forward(vertex, sizes, codes)
    if graph.output.shape != (1, 1) or not graph.output.live:
        return
    graph.output.gradient = 1.0
    for vertex in reversed(graph.nodes):
        if not vertex.live:
            continue
        if vertex is not graph.output:
            vertex.gradient = _total(vertex)
        for edge in vertex.inputs:
            if edge.source.live:
                _backward(edge, sizes, codes)


def _compiled(gate: Gate, slot: int, codes: dict[tuple[Gate, int], _Code]) -> _Code:
    """The code of a gate's value (slot -1) or of what it passes on to an argument."""
    found = codes.get((gate, slot))
    if found is None:
        formula = gate.body if slot < 0 else gate.computed(slot)
        inputs = gate.slots if slot < 0 else (*gate.slots, gate.upstream, gate.own)
        found = codes[gate, slot] = _Code(formula, inputs, None if slot < 0 else gate.own)
    return found


def _forward(vertex: Vertex, sizes: Mapping[str, int], codes: dict[tuple[Gate, int], _Code]) -> Any:
    assert vertex.gate is not None
    try:
        return _compiled(vertex.gate, -1, codes)(_arguments(vertex), sizes)
    except (ArithmeticError, ValueError) as wrong:
        if isinstance(wrong, MatcalcError):
            raise
        raise MatcalcError(f"{vertex.name} has no value at this point: {wrong}", hint="choose another") from None


def _arguments(vertex: Vertex) -> dict[str, Any]:
    assert vertex.gate is not None
    pairs = zip(vertex.gate.slots, vertex.inputs, strict=True)
    return {place.params[0]: edge.source.value for place, edge in pairs}


def _backward(edge: Edge, sizes: Mapping[str, int], codes: dict[tuple[Gate, int], _Code]) -> None:
    target, gate = edge.target, edge.target.gate
    assert gate is not None
    code = _compiled(gate, edge.slot, codes)
    values = {**_arguments(target), gate.upstream.params[0]: target.gradient, gate.own.params[0]: target.value}
    try:
        edge.contribution = code(values, sizes)
        if target.shape == edge.source.shape == (1, 1):
            edge.local = float(code({**values, gate.upstream.params[0]: 1.0}, sizes))
    except (ArithmeticError, ValueError) as wrong:
        raise UnsupportedError(f"{target.name} has no derivative at this point: {wrong}") from None


def _total(vertex: Vertex) -> Any:
    """The sum of the contributions of all uses; of a structured input, projected on its space."""
    import numpy as np

    parts = [edge.contribution for edge in vertex.outputs if edge.contribution is not None]
    if not parts:
        shape = np.shape(vertex.value)
        return np.zeros(shape) if shape else 0.0
    total = parts[0] if len(parts) == 1 else np.sum(np.stack([np.asarray(p) for p in parts]), axis=0)
    if vertex.projected == "diagonal":
        return np.diag(np.diag(total))
    if vertex.projected:
        return (total - total.T) / 2 if vertex.projected == "skew" else (total + total.T) / 2
    return total if np.ndim(total) else float(total)
