"""A formula changed in one place, in the ways in which people get gradients wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matcalc.errors import MatcalcError
from matcalc.expressions.node import NAMED, Node, intern, postorder
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS, make, neg

__all__ = ["Edit", "Mistake", "edits", "replaced"]

SHORT = 80  # nodes of a formula, written out
Change = tuple[Node, "Mistake", "Mistake"]


class Mistake:
    """A mistake: its ``kind``, the ``key`` of its phrase, and the nodes and words in it."""

    __slots__ = ("key", "kind", "values")

    def __init__(self, kind: str, key: str, **values: Any) -> None:
        self.kind, self.key, self.values = kind, key, values


class Edit:
    """``node`` is the formula edited; ``missing`` is what is wrong with a claim that equals it, ``extra`` what is wrong
    with a claim that becomes right by it."""

    __slots__ = ("extra", "missing", "node")

    def __init__(self, node: Node, missing: Mistake, extra: Mistake) -> None:
        self.node, self.missing, self.extra = node, missing, extra


def edits(root: Node) -> Iterator[Edit]:
    """Every formula that is ``root`` with one place changed, the outermost places first.

    What stands in several places is changed in all of them first, and then, in a short formula, in each alone.
    """
    for place in reversed(list(postorder(root, into=lambda n: n.op not in NAMED))):
        for new, missing, extra in _changes(place):
            changed = replaced(root, place, new)
            if changed is not None and changed is not root:
                yield Edit(changed, missing, extra)
    for path, place in _repeated(root):
        for new, missing, extra in _changes(place):
            changed = _replaced_at(root, path, new)
            if changed is not None and changed is not root:
                yield Edit(changed, missing, extra)


def _repeated(root: Node) -> list[tuple[tuple[int, ...], Node]]:
    """What stands in more than one place of a short formula: the way to each place from the root."""
    if root.size > SHORT:
        return []
    found: list[tuple[tuple[int, ...], Node]] = []
    stack: list[tuple[tuple[int, ...], Node]] = [((), root)]
    while stack:
        path, node = stack.pop()
        found.append((path, node))
        if node.op not in NAMED:
            stack.extend([((*path, k), a) for k, a in reversed(list(enumerate(node.args)))])
    count: dict[Node, int] = {}
    for _, node in found:
        count[node] = count.get(node, 0) + 1
    return [(path, node) for path, node in found if count[node] > 1 and node.args]


def _replaced_at(root: Node, path: tuple[int, ...], new: Node) -> Node | None:
    """The formula with the node at one place replaced, or None where the shapes no longer fit."""
    above = [root]
    for k in path[:-1]:
        above.append(above[-1].args[k])
    for node, k in zip(reversed(above), reversed(path), strict=True):
        made = _with_args(node, tuple([new if i == k else a for i, a in enumerate(node.args)]))
        if made is None:
            return None
        new = made
    return new


def _changes(node: Node) -> Iterator[Change]:
    """What may be written wrongly at one place: (the other node, if the claim has it, if the claim had this)."""
    if node.op in ("add", "sub"):
        yield from _terms(node)
    elif node.op in ("mul", "div"):
        yield from _products(node)
    elif node.op == "neg":
        wrong = Mistake("sign", "sign_of", part=node.args[0])
        yield node.args[0], wrong, wrong
    elif node.op == "T":
        yield _unwrapped(node, "transpose")
    elif node.op == "inv":
        yield _unwrapped(node, "inverse")
    elif node.op == "matmul":
        yield from _matrix_products(node)
    elif node.op == "apply":
        yield from _other_orders(node)
    elif node.op == "pow":
        power = node.args[1]
        yield node.args[0], Mistake("missing power", "missing_power", part=node.args[0], power=power), \
            Mistake("extra power", "extra_power", part=node.args[0], power=power)  # fmt: skip
    elif node.op in ELEMENTWISE_NAMES:
        yield _without(node, "function", function=node.op)
    elif node.op in ("sum", "mean"):
        yield from _reductions(node)


def _without(node: Node, what: str, **values: Any) -> Change:
    part = node.args[0]
    return (
        part, Mistake(f"missing {what}", f"missing_{what}", part=part, whole=node, **values),
        Mistake(f"extra {what}", f"extra_{what}", part=part, whole=node, **values),
    )  # fmt: skip


def _unwrapped(node: Node, what: str) -> Change:
    return _without(node, what)


def _terms(node: Node) -> Iterator[Change]:
    """A sum or a difference with a term left out, or its sign changed."""
    a, b = node.args
    second = b if node.op == "add" else neg(b)
    yield a, Mistake("missing term", "missing_term", part=second), Mistake("extra term", "extra_term", part=second)
    yield second, Mistake("missing term", "missing_term", part=a), Mistake("extra term", "extra_term", part=a)
    wrong = Mistake("sign", "sign_of_term", part=b)
    yield make("sub" if node.op == "add" else "add", a, b), wrong, wrong
    if node.op == "add":
        wrong = Mistake("sign", "sign_of_term", part=a)
        yield make("sub", b, a), wrong, wrong


def _products(node: Node) -> Iterator[Change]:
    a, b = node.args
    if node.op == "div":
        yield a, Mistake("missing division", "missing_division", part=b), \
            Mistake("extra division", "extra_division", part=b)  # fmt: skip
        yield make("mul", a, b), Mistake("inverted", "multiplies", part=b), Mistake("inverted", "divides", part=b)
        return
    for kept, left in ((a, b), (b, a)):
        yield kept, Mistake("missing factor", "missing_factor", part=left), \
            Mistake("extra factor", "extra_factor", part=left)  # fmt: skip
    for op, args in (("matmul", (a, b)), ("matmul", (make("T", a), b)), ("matmul", (a, make("T", b)))):
        if (1, 1) not in (a.shape, b.shape) and (made := _made(op, *args)) is not None:
            yield made, Mistake("product", "matmul_for_hadamard", part=node, other=made), \
                Mistake("product", "hadamard_for_matmul", part=made, other=node)  # fmt: skip


def _matrix_products(node: Node) -> Iterator[Change]:
    """A factor missing, transposed too much, at the other side, or the product taken entry by entry."""
    a, b = node.args
    for kept, left in ((a, b), (b, a)):
        yield kept, Mistake("missing factor", "missing_factor", part=left), \
            Mistake("extra factor", "extra_factor", part=left)  # fmt: skip
    for i, factor in enumerate((a, b)):
        if factor.op != "T" and factor.shape != (1, 1):
            made = _made("matmul", *[make("T", f) if k == i else f for k, f in enumerate((a, b))])
            if made is not None:
                yield made, Mistake("extra transpose", "extra_transpose", part=factor, whole=make("T", factor)), \
                    Mistake("missing transpose", "missing_transpose", part=factor, whole=make("T", factor))  # fmt: skip
    swapped = _made("matmul", b, a)
    if swapped is not None and swapped.shape[0] != 1:
        wrong = Mistake("swapped", "swapped", part=a, other=b)
        yield swapped, wrong, wrong
    entrywise = _made("mul", a, b)
    if entrywise is not None and (1, 1) not in (a.shape, b.shape):
        yield entrywise, Mistake("product", "hadamard_for_matmul", part=node, other=entrywise), \
            Mistake("product", "matmul_for_hadamard", part=entrywise, other=node)  # fmt: skip


def _other_orders(node: Node) -> Iterator[Change]:
    """An unknown function with one derivative fewer or more."""
    function, order = node.params
    for other in (order - 1, order + 1):
        if other >= 0:
            should, stands = (function + "'" * k for k in (order, other))
            key, back = ("lower_order", "higher_order") if other < order else ("higher_order", "lower_order")
            yield (
                intern("apply", node.args, (function, other), node.shape),
                Mistake("derivative order", key, should=should, stands=stands),
                Mistake("derivative order", back, should=stands, stands=should),
            )


def _reductions(node: Node) -> Iterator[Change]:
    yield _without(node, "sum", function=node.op)
    for axis in (None, 0, 1):
        other = _made(node.op, node.args[0], params=(axis,)) if axis != node.params[0] else None
        if other is not None:
            wrong = Mistake("missing sum", "other_axis", part=node, other=other)
            yield other, wrong, Mistake("missing sum", "other_axis", part=other, other=node)


def _made(op: str, *args: Node, params: tuple[Any, ...] = ()) -> Node | None:
    """The operation, or None where the shapes do not fit."""
    try:
        return make(op, *args, params=params)
    except MatcalcError:
        return None


def replaced(root: Node, place: Node, new: Node) -> Node | None:
    """The formula with one node replaced, or None where the shapes no longer fit."""
    done: dict[Node, Node] = {place: new}
    for node in postorder(root, into=lambda n: n is not place):
        if node is place:
            continue
        args = tuple([done.get(a, a) for a in node.args])
        if args == node.args:
            continue
        made = _with_args(node, args)
        if made is None:
            return None
        done[node] = made
    return done.get(root)


def _with_args(node: Node, args: tuple[Node, ...]) -> Node | None:
    """The operation of other arguments, or None where the shapes do not fit."""
    if node.op in OPERATIONS:
        return _made(node.op, *args, params=node.params)
    return intern(node.op, args, node.params, args[-1].shape)
