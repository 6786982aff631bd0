"""A program as gates in Python: one class for each kind of gate, and a graph that runs them forward and back.

The module is for reading: every class says what it computes, keeps what it needs, and multiplies the upstream gradient
by its local derivative; the graph adds up what comes back where a value is used more than once.  It needs NumPy alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from matcalc.codegen.docstring import escaped, shape_text
from matcalc.codegen.helpers import HELPERS, texts
from matcalc.codegen.names import Names
from matcalc.codegen.values import axes_of
from matcalc.derivation import Derivation
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, kind, postorder
from matcalc.graphs.build import built
from matcalc.graphs.classes import GateClass
from matcalc.graphs.gates import Gate
from matcalc.graphs.model import Graph, Vertex
from matcalc.graphs.patterns import pattern

__all__ = ["gate_module"]

NAMES = {
    "matmul": "MatMul", "sub": "Subtract", "mul": "Multiply", "div": "Divide", "neg": "Negate", "pow": "Power",
    "T": "Transpose", "tr": "Trace", "inv": "Inverse", "logsumexp": "LogSumExp", "copy": "Name", "relu": "ReLU",
}  # fmt: skip
PROJECTED = {"skew": "({g} - {g}.T) / 2", "diagonal": "np.diag(np.diag({g}))"}
GRAPH = '''class Graph:
    """The gates in an order of computation: each with the names of its arguments and of its value."""

    def __init__(self):
        self.steps = [
{steps}
        ]

    def forward(self, inputs):
        """The value of the last gate; every gate keeps what its way back needs."""
        values = dict(inputs)
        for gate, arguments, result in self.steps:
            values[result] = gate.forward(*[values[name] for name in arguments])
        return values["{output}"]

    def backward(self):
        """The gradients by everything, by name: in reverse order, contributions of several uses added up."""
        gradients = {{"{output}": 1.0}}
        for gate, arguments, result in reversed(self.steps):
{guard}            for name, contribution in zip(arguments, gate.backward(gradients[result])):
                {inner}
        return gradients
'''


def gate_module(derivation: Derivation) -> str:
    """The module of a derivation's value and first derivatives; its function ``gradients`` takes the inputs by name.

    A name that Python keeps for itself gets a final ``_`` there.
    Raises `UnsupportedError` for values that are no scalars, functions that are not known, second derivatives, and
    variables that are not inputs.

    >>> from matcalc.derivation import derive
    >>> print(gate_module(derive("s = x*y; x, y: scalar", "all")).split("class Graph")[0].split("np\\n")[1].strip())
    class Multiply:
        \"\"\"y = A*B.\"\"\"
    <BLANKLINE>
        def forward(self, A, B):
            self.A, self.B = A, B
            return A * B
    <BLANKLINE>
        def backward(self, dy):
            # d(A * B) = dA * B + A * dB
            A, B = self.A, self.B
            dA = B * dy
            dB = A * dy
            return dA, dB
    """
    names = [key for key in derivation if isinstance(key, str)]
    graph = _checked(derivation, names)
    classes, steps = _classes(graph)
    sizes = _sizes(graph, {size for _, _, more in steps for size in more})
    helpers, scipy = texts({name for one in classes.values() for name in one.helpers})
    imports = ["import numpy as np", *_imports(scipy)]
    head = [f'"""{_title(derivation)}"""', "", *imports]
    parts = ["\n".join(head), *helpers, *["\n".join(one.lines) for one in classes.values()]]
    parts += [_graph(graph, steps, classes).rstrip(), _function(derivation, graph, names, sizes)]
    return "\n\n\n".join([part.rstrip() for part in parts]) + "\n"


def _checked(derivation: Derivation, names: Sequence[str]) -> Graph:
    """The graph, where gates can be written for it."""
    if derivation.order != 1:
        raise UnsupportedError("gates compute first derivatives", hint="leave --order 2 to the style compiled")
    if derivation.value.node.shape != (1, 1):
        raise UnsupportedError("gates pass back the gradient of a scalar", hint="sum(...) or an entry is one")
    if derivation.structure != "projection":
        raise UnsupportedError("gates compute projected gradients", hint="leave --structure entries to the other style")
    program = derivation.program
    graph = built(program, derivation.value.node, derivation.of, names, symbols=False)
    if not graph.nodes[-1].inputs:
        raise UnsupportedError("the value is a constant: there is no gate")
    below = set(postorder(derivation.value.node))
    if not any(program.names[name] in below for name in names):  # no gradient is passed back at all
        value = derivation.of or "the value"
        raise UnsupportedError(f"{value} does not depend on {', '.join(names)}", hint="leave it to the style compiled")
    return graph


Step = tuple[str, Vertex, list[str]]  # the name of the class, the vertex, and the sizes that the gate is told


def _classes(graph: Graph) -> tuple[dict[str, GateClass], list[Step]]:
    """The classes by name, and the steps."""
    known: dict[Node, Gate] = {}
    found: list[tuple[Gate, dict[str, str], Vertex]] = []
    live: dict[Gate, set[int]] = {}
    for vertex in graph.nodes:
        if vertex.gate is not None:
            gate, dims = pattern(vertex.gate, known)
            found.append((gate, dims, vertex))
            live.setdefault(gate, set()).update([edge.slot for edge in vertex.inputs if edge.source.live])
    named = _named(list(live))
    classes = {name: GateClass(gate, name, sorted(live[gate])) for gate, name in named.items()}
    steps = []
    for gate, dims, vertex in found:
        own = classes[named[gate]]
        sizes = [dims.get(size.removesuffix("_size"), size) for size in own.sizes]
        steps.append((named[gate], vertex, sizes))
    return classes, steps


def _named(gates: Sequence[Gate]) -> dict[Gate, str]:
    """A name for every kind: the operation's, with the kinds of its arguments where several share it, then a number."""
    plain = {gate: NAMES.get(gate.op) or "".join([w.capitalize() for w in gate.op.split("_")]) for gate in gates}
    counts = Counter(plain.values())
    names = Names(["Graph", "gradients"], HELPERS)
    found: dict[Gate, str] = {}
    for gate in gates:
        name = plain[gate]
        if counts[name] > 1:
            name += "".join([kind(slot.shape).capitalize() for slot in gate.slots])
        number, free = 2, name
        while free in names.taken:
            free = f"{name}{number}"
            number += 1
        names.taken.add(free)
        found[gate] = free
    return found


def _sizes(graph: Graph, wanted: set[str]) -> dict[str, str]:
    """Where the dimensions that gates are told are read off the inputs; those that no input has are asked for."""
    found: dict[str, str] = {}
    for name in sorted(wanted):
        for node in graph.program.inputs.values():
            for axis, dim in enumerate(axes_of(node.shape)):
                if dim == name:
                    found.setdefault(name, f"{node.params[0]}.shape[{axis}]")
    return found | {name: "" for name in wanted if name not in found}


def _graph(graph: Graph, steps: Sequence[Step], classes: dict[str, GateClass]) -> str:
    lines = []
    for name, vertex, sizes in steps:
        arguments = [*[edge.source.name for edge in vertex.inputs], *[f"size of {size}" for size in sizes]]
        shown = ", ".join([f'"{argument}"' for argument in arguments])
        lines.append(f'            ({name}(), ({shown}{"," if len(arguments) == 1 else ""}), "{vertex.name}"),')
    partial = any(len(one.slots) < len(one.arguments) for one in classes.values())
    still = any(vertex.gate is not None and not vertex.live for vertex in graph.nodes)
    guard = "            if result not in gradients:\n                continue\n" if still else ""
    add = 'gradients[name] = gradients.get(name, 0.0) + contribution'
    inner = f"if contribution is not None:\n                    {add}" if partial else add
    return GRAPH.format(steps="\n".join(lines), output=graph.output.name, inner=inner, guard=guard)


def _function(derivation: Derivation, graph: Graph, names: Sequence[str], sizes: dict[str, str]) -> str:
    """The function that is called as a compiled one."""
    used = {v.name: v.node for v in graph.nodes if v.gate is None}
    needed = [text.partition(".")[0] for text in sizes.values() if text]
    inputs = {n: node for n, node in graph.program.inputs.items() if n in used or n in needed or n in names}
    loose = [name for name, text in sizes.items() if not text]
    free = Names([*inputs, *loose], ["Graph"])
    own = {name: name if free.plain(name) else free.fresh(name) for name in (*inputs, *loose)}
    lines = [f"def gradients({', '.join(own.values())}):", f'    """{_doc(derivation, names)}"""']
    for name, node in inputs.items():
        call = "np.asarray({}, np.float64)" if axes_of(node.shape) else "np.float64({})"
        lines.append(f"    {own[name]} = {call.format(own[name])}")
    sizes = {n: text.replace(text.partition(".")[0], own[text.partition(".")[0]], 1) if text else own[n]
             for n, text in sizes.items()}  # fmt: skip
    local, value, found = free.fresh("graph"), free.fresh("value"), free.fresh("found")
    pairs = [f'"{name}": {own[name]}' for name in used] + [f'"size of {n}": {text}' for n, text in sizes.items()]
    lines.append(f"    {local} = Graph()")
    lines.append(f"    {value} = {local}.forward({{{', '.join(pairs)}}})")
    lines.append(f"    {found} = {local}.backward()")
    lines.append(f"    return {value}, {{{', '.join([_result(graph, name, found, own) for name in names])}}}")
    return "\n".join(lines)


def _result(graph: Graph, name: str, found: str, own: Mapping[str, str]) -> str:
    """A gradient by name; projected where the variable is structured, zero where it does not occur."""
    node = graph.program.names[name]
    if not any(v.name == name for v in graph.nodes):
        if node.op != "var":
            raise UnsupportedError(f"{graph.name} does not depend on {name}, which is no input", hint="leave it out")
        return f'"{name}": np.zeros(np.shape({own[name]}))' if axes_of(node.shape) else f'"{name}": 0.0'
    vertex = graph[name]
    text = f'{found}["{name}"]'
    if vertex.projected:
        text = PROJECTED.get(vertex.projected, "({g} + {g}.T) / 2").format(g=text)
    return f'"{name}": {text}'


def _imports(scipy: Sequence[str]) -> list[str]:
    found = []
    for name in scipy:
        module, _, function = name.rpartition(".")
        found.append(f"from scipy.{module or 'special'} import {function}")
    return sorted(found)


def _title(derivation: Derivation) -> str:
    return f"Generated by matcalc: {escaped(derivation.of or 'the value')} and its gradients, gate by gate."


def _doc(derivation: Derivation, names: Sequence[str]) -> str:
    shapes = [f"{name}: {shape_text(derivation.program.names[name].shape)}" for name in names]
    return escaped(f"The value and its gradients by name ({', '.join(shapes)}).") if names else "The value."
