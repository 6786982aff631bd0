"""A formula changed in one place, in the ways in which people get gradients wrong."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.errors import MatcalcError
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations.table import OPERATIONS, make, neg
from matcalc.render.source import source

__all__ = ["Edit", "edits"]

SHORT = 60


class Edit:
    """``node`` is the formula edited; ``missing`` says what is wrong with a claim that equals it,
    ``extra`` what is wrong with a claim that becomes right by it."""

    __slots__ = ("extra", "missing", "node")

    def __init__(self, node: Node, missing: str, extra: str) -> None:
        self.node, self.missing, self.extra = node, missing, extra


def edits(root: Node) -> Iterator[Edit]:
    """Every formula that is ``root`` with one place changed, the outermost places first."""
    for place in reversed(list(postorder(root, into=lambda n: n.op not in NAMED))):
        for new, missing, extra in _changes(place):
            changed = _replaced(root, place, new)
            if changed is not None and changed is not root:
                yield Edit(changed, missing, extra)


def _changes(node: Node) -> Iterator[tuple[Node, str, str]]:
    """What may be written wrongly at one place: (the other node, if the claim has it, if the claim had this)."""
    if node.op in ("add", "sub"):
        yield from _terms(node)
    elif node.op == "mul":
        for kept, left in (node.args, node.args[::-1]):
            yield kept, f"the factor {_text(left)} is missing", f"the factor {_text(left)} is too much"
    elif node.op == "div":
        a, b = node.args
        yield a, f"the division by {_text(b)} is missing", f"the division by {_text(b)} is too much"
        yield (
            make("mul", a, b),
            f"{_text(b)} multiplies where it should divide",
            f"{_text(b)} divides where it should multiply",
        )
    elif node.op == "neg":
        yield node.args[0], f"the sign of {_text(node.args[0])} is wrong", f"the sign of {_text(node.args[0])} is wrong"
    elif node.op == "T":
        yield (
            node.args[0],
            f"{_text(node.args[0])} is not transposed",
            f"{_text(node.args[0])} is transposed, which is too much",
        )
    elif node.op == "matmul":
        for kept, left in (node.args, node.args[::-1]):
            if kept.shape == node.shape:
                yield kept, f"the factor {_text(left)} is missing", f"the factor {_text(left)} is too much"
        yield from _turned(node)
    elif node.op == "apply":
        yield from _other_orders(node)


def _terms(node: Node) -> Iterator[tuple[Node, str, str]]:
    """A sum or a difference with a term left out, or its sign changed."""
    a, b = node.args
    first, second = _text(a), _text(b, node.op)
    yield a, f"the term {second} is missing", f"the term {second} is too much"
    yield (b if node.op == "add" else neg(b)), f"the term {first} is missing", f"the term {first} is too much"
    flipped, sign = make("sub" if node.op == "add" else "add", a, b), f"the term {_text(b)} has the wrong sign"
    yield flipped, sign, sign
    if node.op == "add":
        sign = f"the term {first} has the wrong sign"
        yield make("sub", b, a), sign, sign


def _other_orders(node: Node) -> Iterator[tuple[Node, str, str]]:
    """An unknown function with one derivative fewer or more."""
    function, order = node.params
    for other in (order - 1, order + 1):
        if other >= 0:
            should, stands = (function + "'" * k for k in (order, other))
            should, stood = (
                (f"its derivative {should}", stands) if other < order else (should, f"its derivative {stands}")
            )
            text, back = f"{stood} stands where {should} should", f"{should} stands where {stood} should"
            yield intern("apply", node.args, (function, other), node.shape), text, back


def _turned(node: Node) -> Iterator[tuple[Node, str, str]]:
    """A product with one of its square factors transposed."""
    for i, factor in enumerate(node.args):
        if factor.shape[0] == factor.shape[1] and factor.op != "T":
            args = [make("T", a) if k == i else a for k, a in enumerate(node.args)]
            turned, text = make("matmul", *args), _text(factor)
            yield turned, f"{text} is transposed, which is too much", f"{text} is not transposed"


def _replaced(root: Node, place: Node, new: Node) -> Node | None:
    """The formula with one node replaced, or None where the shapes no longer fit."""
    done: dict[Node, Node] = {place: new}
    for node in postorder(root, into=lambda n: n is not place):
        if node is place:
            continue
        args = tuple([done.get(a, a) for a in node.args])
        if args == node.args:
            continue
        try:
            if node.op in OPERATIONS:
                done[node] = make(node.op, *args, params=node.params)
            else:
                done[node] = intern(node.op, args, node.params, args[-1].shape)
        except MatcalcError:
            return None
    return done.get(root)


def _text(node: Node, operator: str = "add") -> str:
    text = source(node)
    text = text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."
    return text if operator == "add" else f"-({text})" if " " in text else f"-{text}"
