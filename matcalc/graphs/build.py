"""From a program to its computation graph.

Decisions.  Calls of functions that the program defines are opened: their operations are what is computed.  Constants
belong to the gate that uses them.  A name belongs to the gate whose value it is; where the same formula is used under
its name and without it, the name is a gate of its own (``copy``), since a gradient by a name is one by that name alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.calculus.naming import named, names_of
from matcalc.calculus.simplify import shortest, simplify
from matcalc.calculus.structure import STRUCTURED, project
from matcalc.calculus.sweep import depends, sweep
from matcalc.codegen.functions import bind
from matcalc.errors import UnsupportedError
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, intern, postorder
from matcalc.graphs.gates import Gate, gate_of, turned
from matcalc.graphs.model import Edge, Graph, Vertex
from matcalc.language.program import Program
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["SYMBOLIC", "built", "opened"]

SYMBOLIC = 60  # nodes of a graph whose gradients are also written as formulas
LONG = 40  # tokens beyond which a gradient's formula is not kept


def built(program: Program, value: Node, name: str, wrt: Sequence[str], *, symbols: bool = True) -> Graph:
    """The graph without numbers: vertices, edges, and the formulas of the gradients by the variables ``wrt``."""
    value = opened(program, value)
    graph = Graph(program, name)
    vertices = _vertices(graph, value, name)
    _label(graph, vertices)
    graph.name = name or graph.output.name
    wanted = {vertices[node] for node in vertices if node.op in ("var", "let") and node.params[0] in wrt}
    _mark(graph, wanted)
    if value.shape != (1, 1):
        graph.notes.append(f"{graph.name} is no scalar: gradients are drawn of scalars alone")
        for vertex in graph.nodes:
            vertex.live = False
    elif symbols and len(graph) <= SYMBOLIC:
        _formulas(graph, value, vertices)
    return graph


def opened(program: Program, value: Node) -> Node:
    """The value with calls of the program's functions opened, and functions that are said to be known put in."""
    (value,) = without_definitions([value])
    return bind([value], program.functions_bound)[value]


def _vertices(graph: Graph, value: Node, name: str) -> dict[Node, Vertex]:
    """A vertex for every node that varies; what a name is given to shares its vertex."""
    order = list(postorder(value))
    varies: dict[Node, bool] = {}
    uses: dict[Node, int] = dict.fromkeys(order, 0)
    for node in order:
        varies[node] = node.op == "var" or any(varies[a] for a in node.args)
        for argument in node.args:
            uses[argument] += 1
    own = {a for n in order if n.op == "let" for a in n.args} | {value}  # transposes that have vertices
    known: dict[Node, Gate] = {}
    vertices: dict[Node, Vertex] = {}
    for node in order:
        if not (varies[node] or node is value) or (node.op == "T" and node not in own):
            continue
        if _names(node, uses) and node.args[0] in vertices:
            vertices[node] = vertices[node.args[0]]
            vertices[node].node, vertices[node].name, vertices[node].named = node, node.params[0], True
            continue
        has_name = node.op in ("var", "let")
        gate = None if node.op == "var" else gate_of(node, [varies[a] for a in node.args], known)
        vertex = Vertex(len(graph.nodes), node, node.params[0] if has_name else "", has_name, gate)
        vertices[node] = vertex
        graph.nodes.append(vertex)
        for slot, argument in enumerate([a for a in node.args if varies[a]]):
            source = argument if node.op == "let" else turned(argument)[0]
            edge = Edge(vertices[source], vertex, slot)
            graph.edges.append(edge)
            vertex.inputs.append(edge)
            edge.source.outputs.append(edge)
    return vertices


def _names(node: Node, uses: Mapping[Node, int]) -> bool:
    """Whether the node is nothing but the name of what no one else uses."""
    return node.op == "let" and node.args[0].op not in ("var", "let") and uses[node.args[0]] == 1


def _label(graph: Graph, vertices: Mapping[Node, Vertex]) -> None:
    """Names for what has none, and the formulas over names."""
    program = graph.program
    taken = {*program.names, *program.functions, *program.dims, *program.definitions, *program.laws}
    number = 0
    for vertex in graph.nodes:
        if not vertex.name:
            number += 1
            while f"v{number}" in taken:
                number += 1
            vertex.name = f"v{number}"
        node = vertex.node
        vertex.label = node if node.op in ("var", "let") else table.variable(vertex.name, node.shape)
        inner = node.args[0] if node.op == "let" and vertex.op != "copy" else node
        if vertex.gate is None:
            continue
        if vertex.op == "copy" or not vertex.inputs:
            vertex.formula = vertex.inputs[0].source.label if vertex.inputs else vertex.gate.body
            continue
        args = tuple([_labelled(a, vertices) for a in inner.args])
        vertex.formula = intern(inner.op, args, inner.params, inner.shape)


def _labelled(argument: Node, vertices: Mapping[Node, Vertex]) -> Node:
    """An argument by its name, transposed where the gate does that."""
    base, turns = turned(argument)
    if base not in vertices:
        return argument
    label = vertices[base].label
    for _ in range(turns):
        label = table.transpose(label)
    return label


def _mark(graph: Graph, wanted: set[Vertex]) -> None:
    """Which vertices a gradient has to reach."""
    for vertex in graph.nodes:
        vertex.live = vertex in wanted or any(edge.source.live for edge in vertex.inputs)
        type_ = vertex.node.params[1] if vertex.op == "input" else ""
        vertex.projected = type_ if type_ in STRUCTURED else ""


def _formulas(graph: Graph, value: Node, vertices: Mapping[Node, Vertex]) -> None:
    """The gradients as formulas, in the program's names where these are shorter."""
    lets = [n for n in postorder(value) if n.op == "let"]
    names = {n.args[0]: n for n in reversed(lets)}
    formulas = names_of(lets)
    targets = [v.node for v in graph.nodes if v.live]
    if not depends(value, targets)[value]:
        return
    try:
        found = sweep(value, targets, names)
    except UnsupportedError:
        return
    for vertex in graph.nodes:
        if not vertex.live:
            continue
        node = shortest(found[vertex.node])
        if vertex.projected:
            node = project(node, vertex.node, "projection")
        again = named(node, {f: n for f, n in formulas.items() if n is not vertex.node})
        node = node if again is node else simplify(again)
        vertex.symbol = node if token_count(node) <= LONG else None
    for edge in graph.edges:
        if edge.source.live:
            edge.symbol = _contribution(edge)


def _contribution(edge: Edge) -> Node | None:
    """What flows back along an edge, over names and the upstream gradient δ."""
    target, gate = edge.target, edge.target.gate
    assert gate is not None
    delta = table.number(1) if not target.outputs else table.variable(f"delta_{target.name}", target.shape)
    new: dict[Node, Node] = {gate.upstream: delta, gate.own: target.label}
    for place, use in zip(gate.slots, target.inputs, strict=True):
        new[place] = use.source.label
    try:
        passed = gate.passed(edge.slot)
    except UnsupportedError:
        return None
    done = dict(new)
    for node in postorder(passed, into=lambda n: n not in new):
        if node not in done:
            args = tuple([done[a] for a in node.args])
            done[node] = node if args == node.args else intern(node.op, args, node.params, node.shape)
    found = simplify(done[passed])
    return found if token_count(found) <= LONG else None
