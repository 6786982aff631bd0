"""From the tape to nodes, once every shape is known.

The nodes are the expression as it was written: nothing is simplified, shared parts are shared because nodes are
interned.  Only a product with a scalar that is itself a product (`(x.T@a)@x`) becomes ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matcalc.errors import MatcalcError, ShapeError, UnsupportedError
from matcalc.expressions.node import Node, Shape, intern, postorder
from matcalc.language.entries import ranges
from matcalc.language.matlab import NODES, sizeless
from matcalc.language.places import normal
from matcalc.language.scope import Defined, Environment, Known
from matcalc.language.tape import Tape
from matcalc.operations import table
from matcalc.operations.registry import STRICT, leaf
from matcalc.operations.table import OPERATIONS, apply, commutation, eye, let, make, number, ones, variable, zeros

__all__ = ["Misfit", "build"]

SCALAR = (1, 1)


class Misfit(Exception):
    """Shapes that do not fit, or are not supported: the error at a slot of the tape; the caller tells it."""

    def __init__(self, error: MatcalcError, slot: int, shapes: list[Any]) -> None:
        super().__init__(error.message)
        self.error, self.slot, self.shapes = error, slot, shapes


class Builder:
    """What the nodes of a tape are built with."""

    __slots__ = ("definitions", "environment", "inputs", "names", "sizes")

    def __init__(
        self,
        inputs: Mapping[str, Node],
        definitions: Mapping[str, Defined],
        environment: Callable[[], Environment],
        names: dict[str, Node] | None = None,
        sizes: Mapping[int, Shape] | None = None,
    ) -> None:
        self.inputs = inputs
        self.definitions = definitions
        self.environment = environment
        self.names = names  # gets the assigned names
        self.sizes = sizes or {}  # the shapes of the constants that take theirs from where they stand, by slot


def build(tape: Tape, builder: Builder) -> list[Node]:
    """The node of every slot; raises `Misfit`."""
    nodes: list[Node] = []
    for slot, (op, args, params) in enumerate(zip(tape.op, tape.args, tape.params, strict=True)):
        special = SPECIAL.get(op)
        try:
            if special is not None:
                node = special(builder, tape, slot, params, [nodes[a] for a in args])
            else:
                node = _checked(op, tuple([nodes[a] for a in args]), params)
        except (ShapeError, UnsupportedError) as error:
            if error.line is not None:
                raise
            raise Misfit(error, slot, [node.shape for node in nodes]) from None
        nodes.append(node)
    return nodes


Args = list[Node]
Params = tuple[Any, ...]


def _checked(op: str, args: tuple[Node, ...], params: Params) -> Node:
    """The node, its shape found by the rule, whose error is told with the text that it is about."""
    return intern(op, args, params, OPERATIONS[op].shape(STRICT, [a.shape for a in args], params))


def _input(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    return builder.inputs[params[0]]


def _given(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    node: Node = params[0]
    return node


def _matmul(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    left, right = args
    if left.shape == SCALAR or right.shape == SCALAR:
        for side, node in zip(tape.args[slot], args, strict=True):
            if node.shape == SCALAR and not tape.product[side]:
                break
        else:
            return make("mul", left, right)
    return table.long_power(left, right) or _checked("matmul", (left, right), ())


def _matlab(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    return NODES[tape.op[slot]](*args)


def _sizeless(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    return sizeless(args[0], builder.sizes[slot])


def _index(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    return _checked("index", (args[0],), normal(STRICT, args[0].shape, params))


def _let(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    node = let(params[0], args[0])
    if builder.names is not None:
        builder.names[params[0]] = node
    return node


def _inside(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    if args[0].shape != SCALAR:
        raise ShapeError(f"{params[0]} is not a scalar, so it cannot stand in the definition of {params[1]}")
    return args[0]


def _fill(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    """A constant in the shape of the argument that the definition does not use."""
    value, like = args
    return value if like.shape == SCALAR or value.shape == like.shape else make("mul", value, ones(like.shape))


def _defined(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    """A call of a defined function: by name for readers, with its body for the laws."""
    parameter, body = defined(builder.definitions[params[0]], builder.environment())
    return intern("defined", tuple(args), (params[0], parameter, body), args[1].shape)


def _own(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    """A call of a function with a law of the program."""
    node: Node = params[1].call(args)
    return node


def _entries(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    """An index expression: the calculus knows its terms."""
    from matcalc.calculus.indexed import node_of

    free, code = params
    sizes = ranges(STRICT, [a.shape for a in args], code)
    for letter in free:
        if letter not in sizes:
            raise ShapeError(f"nothing tells how far the index {letter} runs")
    return node_of(free, code, sizes, args, program=builder.names is not None)


def _derived(builder: Builder, tape: Tape, slot: int, params: Params, args: Args) -> Node:
    """The derivative of a known or defined function, entry by entry: its scalar derivative with the argument in it."""
    from matcalc.calculus.scalar import derivative_of

    name, order = params
    definition = builder.definitions.get(name)
    if definition is None:
        parameter = variable("(t)", SCALAR)
        body = make(name, parameter)
    else:
        parameter, body = defined(definition, builder.environment())
    derivative = derivative_of(body, parameter, order)
    return substitute(derivative, parameter, args[0])


def defined(definition: Defined, names: Environment) -> tuple[Node, Node]:
    """The parameter of a definition and its body, as nodes; the parameter's name is one that no program has."""
    if definition.node is None:
        from matcalc.language.lower import lower

        parameter = variable(f"({definition.parameter})", SCALAR)
        visible = {**names, definition.parameter: parameter}
        tape = Tape(names.syntax)
        scope = Known(
            definition.source, visible, names.functions, names.definitions, names.dims, names.syntax, names.laws
        )
        slot = lower(tape, definition.body, scope)
        found = build(tape, Builder({}, names.definitions, lambda: names))[slot]
        definition.node = (parameter, found)
    return definition.node


def substitute(body: Node, parameter: Node, argument: Node) -> Node:
    """The body with the argument for the parameter; constant in it, it is filled into the argument's shape."""
    new: dict[Node, Node] = {}
    for node in postorder(body):
        args = tuple([new[a] for a in node.args])
        if node is parameter:
            new[node] = argument
        elif args == node.args:
            new[node] = node
        elif node.op == "defined":
            new[node] = intern(node.op, args, node.params, args[1].shape)
        elif node.op in ("let", "apply"):
            new[node] = intern(node.op, args, node.params, args[0].shape)
        else:
            new[node] = make(node.op, *args, params=node.params)
    found = new[body]
    return make("mul", found, ones(argument.shape)) if found.shape != argument.shape else found


SPECIAL: dict[str, Callable[[Builder, Tape, int, Params, Args], Node]] = {
    "input": _input,
    "given": _given,
    "num": lambda builder, tape, slot, params, args: number(params[0]),
    "dim": lambda builder, tape, slot, params, args: leaf("dim", params),
    "pi": lambda builder, tape, slot, params, args: leaf("pi", ()),
    "ones": lambda builder, tape, slot, params, args: ones(params),
    "zeros": lambda builder, tape, slot, params, args: zeros(params),
    "eye": lambda builder, tape, slot, params, args: eye(params[0]),
    "commutation": lambda builder, tape, slot, params, args: commutation(*params),
    "let": _let, "own": _own, "entries": _entries, "defined": _defined,
    "apply": lambda builder, tape, slot, params, args: apply(params[0], params[1], args[0]),
    "inside": _inside,
    "declared": lambda builder, tape, slot, params, args: args[0],
    "matmul": _matmul,
    "index": _index,
    "fill": _fill,
    "derived": _derived,
    "sizeless": _sizeless,
    **dict.fromkeys(NODES, _matlab),
}
