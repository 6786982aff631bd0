"""The layout of the writings for people: which factors stand side by side, what is shown with its vector of ones.

A textbook's conventions decide: products are associative, so ``A (B C)`` is ``A B C``; a scalar product inside a
product keeps its parentheses, ``(aᵀ b) x``; a minus in front of a product stands in front.  What broadcasts is shown
as what it means: a column beside a matrix as ``b 1ᵀ``, a row as ``1 bᵀ``, a scalar as ``c 1``; numbers stay plain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from matcalc.expressions.node import Node, kind
from matcalc.operations.table import OPERATIONS
from matcalc.render.entries import entries_pieces
from matcalc.render.marks import SCALAR, Marks
from matcalc.render.measure import index_items, token_count
from matcalc.render.printer import Piece, free_names, shared_parts, used_names, write, written_parts
from matcalc.render.style import (
    ADD,
    ATOM,
    BESIDE,
    DIV,
    ELEM,
    NEG,
    POSTFIX,
    POW,
    PROD,
    UNSIGNED,
    Laid,
    Style,
    fill,
    holes,
)

__all__ = ["compose", "in_parts"]


def compose(node: Node, style: Style, taken: Collection[str], limit: int) -> str:
    """The expression in a style; parts of one of more than ``limit`` tokens are given names."""
    if token_count(node) <= limit:
        return style.join(write(node, _Writer(node, style).layout, style.brackets))
    value, parts = in_parts(node, style, taken, shared_parts(node))
    return style.conditions(value, parts)


def in_parts(
    node: Node, style: Style, taken: Collection[str], parts: Sequence[Node]
) -> tuple[str, list[tuple[str, str]]]:
    """The expression with names for these parts (each before those that contain it), and the names with the parts."""
    parts = [part for part in parts if part is not node]
    layout = _Writer(node, style, set(parts)).layout
    names = free_names(len(parts), {*taken, *used_names(node), *OPERATIONS})
    named: dict[Node, str] = {}
    shown: list[tuple[str, str]] = []
    for part, name in zip(parts, names, strict=True):
        shown.append((style.name(name), style.join(write(part, layout, style.brackets, named))))
        named[part] = style.name(name)
    return style.join(write(node, layout, style.brackets, named)), shown


class _Writer(Marks):
    """The layout of one expression."""

    __slots__ = ("names", "sigma", "style")

    def __init__(self, root: Node, style: Style, named: Collection[Node] = ()) -> None:
        super().__init__(style.fractions)
        self.style = style
        spelled: dict[str, str] = {}
        for node in written_parts(root):
            if node.op in ("var", "let", "apply", "defined", "own"):
                spelled[node.params[0]] = style.name(node.params[0])
            self.note(node, named=node in named)
        # names that would look the same are shown as they are spelled
        looks = Counter(spelled.values())
        self.names = {name: look if looks[look] == 1 else style.spelled(name) for name, look in spelled.items()}
        self.sigma = style.function("sigmoid") in looks

    def layout(self, node: Node) -> Laid:
        rule = RULES.get(node.op)
        return rule(self, node) if rule else _operation(self, node)


Rule: TypeAlias = Callable[[_Writer, Node], Laid]


# ---------------------------------------------------------------------------------------------- calls and leaves


def _operation(writer: _Writer, node: Node) -> Laid:
    """By the operation's own template, or as a call."""
    look = writer.style.look(node.op)
    return fill(look, node) if holes(node.op, look) else _call(writer, node)


def _call(writer: _Writer, node: Node, function: str = "") -> Laid:
    style = writer.style
    after, last = "", ""
    if node.params and OPERATIONS[node.op].axis:
        after, last = style.axis(node.params[0]) if node.params[0] is not None else ("", "")
        last = "".join([f", {style.negative if k < 0 else ''}{abs(k)}" for k in node.params[1:]]) + last
    elif node.params:
        after, last = style.parameters(node.params)
    opening, closing = style.brackets
    pieces: list[Piece] = [function or style.function(node.op), after + opening]
    for place, argument in enumerate(node.args):
        pieces += [", "] if place else []
        pieces.append((argument, 0))
    return ATOM, [*pieces, last + closing]


def _sigmoid(writer: _Writer, node: Node) -> Laid:
    """σ, unless that is a name of the program."""
    style = writer.style
    return _call(writer, node, style.called("sigmoid") if writer.sigma else "")


def _name(writer: _Writer, node: Node) -> Laid:
    return ATOM, (writer.names[node.params[0]],)


def _applied(writer: _Writer, node: Node) -> Laid:
    function, order = node.params[0], node.params[1] if node.op == "apply" else 0
    opening, closing = writer.style.brackets
    return ATOM, (writer.names[function] + writer.style.primes(order) + opening, (node.args[0], 0), closing)


def _own(writer: _Writer, node: Node) -> Laid:
    """A call of a function with a law of the program."""
    opening, closing = writer.style.brackets
    pieces: list[Piece] = [writer.names[node.params[0]] + opening]
    for place, argument in enumerate(node.args):
        pieces += [", "] if place else []
        pieces.append((argument, 0))
    return ATOM, [*pieces, closing]


def _number(writer: _Writer, node: Node) -> Laid:
    value = node.params[0]
    level, pieces = writer.style.number(abs(value))
    return (NEG, (writer.style.negative, *pieces)) if value < 0 else (level, pieces)


def _dimension(writer: _Writer, node: Node) -> Laid:
    shown = writer.style.dimension(node.params[0])
    return (ATOM if isinstance(node.params[0], str) else ADD), (shown,)


def _ones(writer: _Writer, node: Node) -> Laid:
    style, (rows, columns) = writer.style, node.params
    glyph = style.one if node.op == "ones" else "0"
    if columns == 1:
        return ATOM, (glyph + style.size(rows),)
    if rows == 1:
        return POSTFIX, (glyph + style.size(columns) + style.transposed,)
    return ATOM, (glyph + style.size(rows, columns),)


def _eye(writer: _Writer, node: Node) -> Laid:
    return ATOM, ("I" + writer.style.size(*node.params),)


def _commutation(writer: _Writer, node: Node) -> Laid:
    """K, unless that is a name of the program."""
    style = writer.style
    if "K" not in writer.names.values():
        return ATOM, ("K" + style.pair(*node.params),)
    opening, closing = style.brackets
    sizes = ", ".join([style.dimension(dim) for dim in node.params])
    return ATOM, (f"{style.called(node.op)}{opening}{sizes}{closing}",)


def _index(writer: _Writer, node: Node) -> Laid:
    style = writer.style
    items = index_items(node)
    shown = [style.colon.join(map(style.dimension, item[1:])) if item[1:] else style.colon for item in items]
    return ATOM, ((node.args[0], ATOM), f"[{', '.join(shown)}]")


def _entries(writer: _Writer, node: Node) -> Laid:
    return ATOM, entries_pieces(node, writer.style.entries, ATOM)


def _stack(writer: _Writer, node: Node) -> Laid:
    blocks = iter(node.args)
    return writer.style.stack([[next(blocks) for _ in range(count)] for count in node.params])


def _norm(writer: _Writer, node: Node) -> Laid:
    """Of a matrix the Frobenius norm, and marked so."""
    level, pieces = fill(writer.style.look("norm"), node)
    return level, [*pieces, "_F"] if kind(node.args[0].shape) == "matrix" else pieces


# ------------------------------------------------------------------------------------------------- sums


def _sum(writer: _Writer, node: Node) -> Laid:
    left, right = node.args
    style = writer.style
    operator = style.plus if node.op == "add" else style.minus
    return ADD, (*_spread(writer, left, node, ADD, first=True), operator, *_spread(writer, right, node, DIV))


def _spread(writer: _Writer, operand: Node, node: Node, level: int, *, first: bool = False) -> list[Piece]:
    """An operand of an operation entry by entry; with the ones that it is multiplied by where it broadcasts."""
    one, transposed = writer.style.one, writer.style.transposed
    if operand.shape == node.shape or operand in writer.constant:
        return [writer.front(operand, level) if first else (operand, level)]
    factor = writer.front(operand, PROD) if first else (operand, PROD)
    to, of = kind(node.shape), kind(operand.shape)
    if of == "row":
        return [f"{one} ", (operand, PROD)]
    if of == "vector" or to == "row":
        return [factor, f" {one}{transposed}"]
    return [factor, f" {one}" if to == "vector" else f" {one} {one}{transposed}"]


def _negative(writer: _Writer, node: Node) -> Laid:
    return NEG, (writer.style.negative, (node.args[0], DIV))


# --------------------------------------------------------------------------------------------- products


def _product(writer: _Writer, node: Node) -> Laid:
    """Matrix products and products by a scalar stand side by side."""
    left, right = node.args
    scalar = SCALAR in (left.shape, right.shape)
    if node.op == "mul" and not scalar:
        return _entrywise(writer, node)
    closed = right in writer.open and (left.shape != SCALAR or left in writer.open)
    last: list[Piece] = [(right, ATOM if closed else PROD), BESIDE]  # from the end
    while left in writer.open and left.op == "mul":  # 2 (xᵀ A x) v rather than (2 xᵀ A x) v
        left, inner = left.args
        last += [(inner, ATOM), BESIDE]
    first = (left, ATOM) if left in writer.open else writer.front(left, PROD)
    return writer.level(node, PROD), (first, *reversed(last))


def _entrywise(writer: _Writer, node: Node) -> Laid:
    left, right = node.args
    first = _spread(writer, left, node, ELEM, first=True)
    return writer.level(node, ELEM), (*first, writer.style.times, *_spread(writer, right, node, ELEM))


def _quotient(writer: _Writer, node: Node) -> Laid:
    above, below = node.args
    style = writer.style
    if below.shape != SCALAR:
        first = _spread(writer, above, node, PROD, first=True)
        return writer.level(node, DIV), (*first, style.over, *_spread(writer, below, node, PROD))
    level, pieces = style.quotient(above, below)
    if not writer.leads(node):
        return level, pieces
    # the minus in front of what stands above goes in front of the quotient
    place = 0 if isinstance(pieces[0], tuple) else 1
    return NEG, (style.negative, *pieces[:place], UNSIGNED, (above, NEG), *pieces[place + 1 :])


def _kronecker(writer: _Writer, node: Node) -> Laid:
    left, right = node.args
    return DIV, ((left, DIV if left.op == "kron" else POW), writer.style.kronecker, (right, POW))


def _infix(writer: _Writer, node: Node) -> Laid:
    """``x × y``, ``x ∗ k``: parentheses wherever more than one thing stands."""
    left, right = node.args
    operator = writer.style.cross if node.op == "cross" else writer.style.convolved
    return DIV, ((left, POW), operator, (right, POW))


def _turned(writer: _Writer, node: Node, wanted: str) -> list[Piece]:
    """A vector as a row or as a column."""
    return [(node, PROD)] if kind(node.shape) == wanted else [(node, ATOM), writer.style.transposed]


def _vectors(writer: _Writer, node: Node) -> Laid:
    """``aᵀ b`` for ``dot(a, b)``, ``a bᵀ`` for ``outer(a, b)``."""
    first, second = ("row", "vector") if node.op == "dot" else ("vector", "row")
    a, b = node.args
    return PROD, (*_turned(writer, a, first), BESIDE, *_turned(writer, b, second))


def _solved(writer: _Writer, node: Node) -> Laid:
    left, right = node.args
    return PROD, ((left, ATOM), writer.style.inverse, BESIDE, (right, PROD))


# ----------------------------------------------------------------------------------------------- powers


def _power(writer: _Writer, node: Node) -> Laid:
    return writer.style.power(*node.args, entrywise=node.op == "pow" and node.shape != SCALAR)


def _fixed_power(writer: _Writer, node: Node) -> Laid:
    """``square`` and ``reciprocal``."""
    exponent = 2 if node.op == "square" else -1
    return writer.style.raised(node.args[0], exponent, entrywise=node.shape != SCALAR)


def _transpose(writer: _Writer, node: Node) -> Laid:
    argument = node.args[0]
    if argument.op == "inv":
        return POSTFIX, ((argument.args[0], ATOM), writer.style.inverse_transposed)
    return POSTFIX, ((argument, ATOM), writer.style.transposed)


RULES: dict[str, Rule] = {
    "var": _name, "let": _name, "num": _number, "dim": _dimension, "pi": lambda w, node: (ATOM, (w.style.pi,)),
    "ones": _ones, "zeros": _ones, "eye": _eye, "commutation": _commutation, "apply": _applied,
    "defined": _applied, "own": _own, "entries": _entries,
    "index": _index, "stack": _stack,
    "add": _sum, "sub": _sum, "neg": _negative, "mul": _product, "matmul": _product, "div": _quotient,
    "pow": _power, "matrix_power": _power, "square": _fixed_power, "reciprocal": _fixed_power, "T": _transpose,
    "kron": _kronecker, "cross": _infix, "conv": _infix, "dot": _vectors, "outer": _vectors, "solve": _solved,
    "norm": _norm, "sigmoid": _sigmoid,
}  # fmt: skip
