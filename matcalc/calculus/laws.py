"""Laws, read: from the differential of an operation to what its adjoint multiplies by.

A law is linear in the differentials of its arguments. Opened into index terms, each term has one factor ``dX``;
taking that factor out leaves the local derivative, and contracting it with the upstream gradient ``g`` gives the
adjoint: ``⟨g, L(dX)⟩ = ⟨L*(g), dX⟩``. Transposes are found on the way, none is written down anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from matcalc.calculus import contraction
from matcalc.calculus.contraction import HOLE, is_hole
from matcalc.calculus.multilinear import blocks_of, einsum_of, places_of
from matcalc.calculus.terms import FIRST, Number, Raw, free_of, instantiate
from matcalc.calculus.writing import dim_node
from matcalc.errors import UnsupportedError
from matcalc.expressions import dims
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, axes, intern, kind, postorder
from matcalc.language.reading import expression
from matcalc.operations import table
from matcalc.operations.structure import UNROLLED
from matcalc.operations.table import OPERATIONS

__all__ = ["Local", "differential", "exponent_of", "law_text", "local_terms", "opened_law"]

POWERS = frozenset({"matrix_power", "power_sum"})  # their laws depend on the exponent, their last argument
UPSTREAM = "upstream"  # the type of the variable that stands for the upstream gradient


class Local:
    """A term of a local derivative: everything that multiplies the differential of one argument.

    ``hole`` are the indices at which the differential stood; 0 and 1 are the axes of the operation's value.
    """

    __slots__ = ("argument", "coeff", "factors", "hole", "scalars", "sizes", "upstream")

    def __init__(self, argument: int, raw: Raw, hole: tuple[int, ...]) -> None:
        self.argument, self.hole = argument, hole
        self.coeff, self.scalars, self.sizes = raw.coeff, tuple(raw.scalars.items()), dict(raw.sizes)
        self.factors = [f for f in raw.factors if not is_hole(f[0])]
        self.upstream = False  # whether the factors contain the upstream gradient already


def law_text(op: str, shapes: Sequence[Shape], params: tuple[Any, ...]) -> str:
    """The law of an operation for these arguments, as a line of the language."""
    entry = OPERATIONS[op]
    if entry.law is None:
        raise UnsupportedError(f"the derivative of {op} is not supported", hint=entry.doc)
    return entry.choose(shapes, params) if entry.choose else entry.law.text


def exponent_of(node: Node) -> Any:
    """The number on which the law of a power of a matrix depends; None of what has no such exponent."""
    return node.args[-1].params[0] if node.op in POWERS and node.args[-1].op == "num" else None


def placeholders(op: str, shapes: Sequence[Shape], result: Shape) -> dict[str, Node]:
    """The names in a law: the arguments, their differentials, and ``y``, the value."""
    given = zip(OPERATIONS[op].signature, shapes, strict=True)
    names = {name: table.variable(name, shape, "argument") for name, shape in given}
    names.update({f"d{name}": table.variable(f"d{name}", node.shape, HOLE) for name, node in list(names.items())})
    names["y"] = table.variable("y", result, "argument")
    return names


@cache
def differential(
    op: str, shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape, k: int | None, opened: bool = False
) -> Node:
    """The right-hand side of a law over placeholders; ``opened``, in products and sums alone."""
    names = placeholders(op, shapes, result)
    given = params if k is None else (k,)
    text = (opened_law(op, shapes, given) if opened else law_text(op, shapes, given)).split(") = ", 1)[1].strip()
    sized = {name for shape in (*shapes, result) for dim in shape for name in dims.names(dim)}
    return expression(text, names, dims=tuple(sorted(sized)))


@cache
def local_terms(
    op: str,
    shapes: tuple[Shape, ...],
    params: tuple[Any, ...],
    result: Shape,
    k: int | None = None,
    tensor: bool = False,
) -> tuple[Local, ...]:
    """The terms of the local derivatives by all arguments; ``k`` is a constant exponent the law depends on.

    ``tensor`` asks for index terms also of operations that state their adjoints: the upstream gradient has more
    axes then.
    """
    if op == "stack":
        return _stacked(shapes, params, result)
    if op == "index":
        hole = table.variable("dX", shapes[0], HOLE)
        return _locals(_open(table.index(hole, *params)), [hole], free_of(result))
    if op == "entries":
        return _of_entries(shapes, params, result)
    if op == "apply":
        argument = table.variable("X", shapes[0], "argument")
        hole = table.variable("dX", shapes[0], HOLE)
        slope = intern("apply", (argument,), (params[0], params[1] + 1), result)
        return _locals(_open(table.mul(slope, hole)), [hole], free_of(result))
    entry = OPERATIONS[op]
    if tensor and op in PAIRED:
        return _paired(op, shapes, params, result)
    if not entry.adjoint or unrolled(op, k):
        return _differentiated(op, shapes, params, result, k)
    law = opened_law(op, shapes, params if k is None else (k,))
    if tensor and law:
        return _differentiated(op, shapes, params, result, k, opened=True)
    stated = _adjoints(op, shapes, params, result)
    others = [i for i, name in enumerate(entry.signature) if name not in entry.adjoint and f"d{name}" in law]
    more = _differentiated(op, shapes, params, result, k, opened=True) if others else ()
    return (*stated, *[term for term in more if term.argument in others])


def _differentiated(
    op: str, shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape, k: int | None, opened: bool = False
) -> tuple[Local, ...]:
    names = placeholders(op, shapes, result)
    holes = [names[f"d{name}"] for name in OPERATIONS[op].signature]
    return _locals(_open(differential(op, shapes, params, result, k, opened)), holes, free_of(result))


def opened_law(op: str, shapes: Sequence[Shape], params: tuple[Any, ...]) -> str:
    """The law in products and sums alone of an operation that states its adjoints; nothing where there is none."""
    form = OPERATIONS[op].opened
    return form(shapes, params) if form else ""


def unrolled(op: str, k: int | None) -> bool:
    """Whether a power is small enough for its law to have a term for each factor."""
    return op == "matrix_power" and k is not None and k <= UNROLLED


def _locals(raws: list[Raw], holes: Sequence[Node], free: tuple[int, ...]) -> tuple[Local, ...]:
    found: list[Local] = []
    for raw in raws:
        if not contraction.contract(raw, free):
            continue
        place = next(f for f in raw.factors if is_hole(f[0])) if any(is_hole(f[0]) for f in raw.factors) else None
        if place is not None:
            found.append(Local(holes.index(place[0]), raw, place[2]))
            continue
        scalar = next(node for node in raw.scalars if is_hole(node))
        raw.scale(scalar, -1)
        found.append(Local(holes.index(scalar), raw, ()))
    return tuple(found)


def _adjoints(op: str, shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape) -> tuple[Local, ...]:
    """Linear operations without an index form state their adjoints."""
    entry = OPERATIONS[op]
    names = {name: table.variable(name, shape, "argument") for name, shape in zip(entry.signature, shapes, strict=True)}
    names["H" if "G" in names else "G"] = table.variable("G", result, UPSTREAM)
    sizes = dict(zip("mnpq", [dim for shape in (*shapes, (1, 1)) for dim in shape][:4], strict=True))
    if op in ("kron_left", "kron_right"):
        first, second = ("mn", "pq") if op == "kron_left" else ("pq", "mn")
        sizes = {**dict(zip(first, params, strict=True)), **dict(zip(second, shapes[1], strict=True))}
    sized = {name for shape in (*shapes, result) for dim in shape for name in dims.names(dim)}
    found: list[Local] = []
    for position, name in enumerate(entry.signature):
        if name not in entry.adjoint:
            continue
        text = re.sub(r"\b[mnpq]\b", lambda match: f"({dims.text(sizes[match.group()])})", entry.adjoint[name])
        if entry.axis:
            text = text.replace("{axis}", "" if params[0] is None else f", axis={params[0]}")
            text = text.replace("{k}", dims.text(params[1]) if len(params) > 1 else "")
        node = expression(text, names, dims=tuple(sorted(sized)))
        raw = Raw()
        raw.factors.append((node, 1, free_of(node.shape)))
        local = Local(position, raw, free_of(node.shape))
        local.upstream = True
        found.append(local)
    return tuple(found)


def _paired(op: str, shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape) -> tuple[Local, ...]:
    """``vec``, ``kron`` and their adjoints in index form: an index of the whole is a pair of indices of the parts."""
    sizes, whole, parts = PAIRED[op](shapes, params)
    names = iter(range(FIRST, FIRST + 20))
    place: dict[str, int] = {}
    for letter, size in sizes.items():
        if size != 1:
            place[letter] = next(names)
    raw = Raw()
    for pair, first, second in whole:
        if first not in place or second not in place:
            if first in place or second in place:
                place[pair] = place[first] if first in place else place[second]
            continue
        place[pair] = next(names)
        raw.factors.append((table.pair(sizes[first], sizes[second]), 1, (place[pair], place[first], place[second])))
    *arguments, output = parts
    free = {place[letter]: axis for axis, letter in enumerate(output) if letter in place}
    pairs = [(n, p, tuple([free.get(k, k) for k in i])) for n, p, i in raw.factors]
    indices = [tuple([free.get(place[c], place[c]) for c in letters if c in place]) for letters in arguments]
    found: list[Local] = []
    for position, hole in enumerate(indices):
        raw = Raw()
        raw.factors = list(pairs)
        for other, index in enumerate(indices):
            if other == position:
                continue
            node = table.variable(OPERATIONS[op].signature[other], shapes[other], "argument")
            if index:
                raw.factors.append((node, 1, index))
            else:
                raw.scale(node)
        for node, _, index in raw.factors:
            raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
        found.append(Local(position, raw, hole))
    return tuple(found)


def _kron_sizes(a: Shape, b: Shape) -> dict[str, Dim]:
    return dict(zip("ijkl", (*a, *b), strict=True))


KRON = (("r", "i", "k"), ("c", "j", "l"))
PAIRED: dict[str, Any] = {
    "vec": lambda s, p: (dict(zip("ij", s[0], strict=True)), (("r", "j", "i"),), ("ij", "r")),
    "unvec": lambda s, p: (dict(zip("ij", p, strict=True)), (("r", "j", "i"),), ("r", "ij")),
    "kron": lambda s, p: (_kron_sizes(s[0], s[1]), KRON, ("ij", "kl", "rc")),
    "kron_left": lambda s, p: (_kron_sizes(p, s[1]), KRON, ("rc", "kl", "ij")),
    "kron_right": lambda s, p: (_kron_sizes(s[1], p), KRON, ("rc", "ij", "kl")),
}


def _of_entries(shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape) -> tuple[Local, ...]:
    """The product rule for index terms: each factor is taken out once, the others stay."""
    nodes = [table.variable(f"X{i}", shape, "argument") for i, shape in enumerate(shapes)]
    place = dict(enumerate(free_of(result)))
    found: list[Local] = []
    for c, factors in params:
        for chosen, (position, p, at) in enumerate(factors):
            raw = Raw(_plain(c * p))
            powers = [(i, q - 1 if k == chosen else q, index) for k, (i, q, index) in enumerate(factors)]
            for i, q, index in powers:
                if not q:
                    continue
                if index:
                    raw.factors.append((nodes[i], _plain(q), tuple([place.get(k, k) for k in index])))
                else:
                    raw.scale(nodes[i], _plain(q))
            for node, _, index in raw.factors:
                raw.sizes.update((k, dim) for k, dim in zip(index, axes(node.shape), strict=True) if k >= FIRST)
            hole = tuple([place.get(k, k) for k in at])
            raw.sizes.update((k, dim) for k, dim in zip(hole, axes(shapes[position]), strict=True) if k >= FIRST)
            found.append(Local(position, raw, hole))
    return tuple(found)


def _stacked(shapes: tuple[Shape, ...], params: tuple[Any, ...], result: Shape) -> tuple[Local, ...]:
    """Each block of a stack is cut out of the whole by selectors."""
    holes = tuple(table.variable(f"d{i}", shape, HOLE) for i, shape in enumerate(shapes))
    found: list[Local] = []
    for i, (block, row, column) in enumerate(blocks_of(intern("stack", holes, params, result))):
        raw = Raw()
        place: list[int] = []
        for axis, begin in enumerate((row, column)):
            whole, size = result[axis], block.shape[axis]
            if whole == 1:
                continue
            if size == whole:
                place.append(axis)
            elif size == 1:
                raw.factors.append((contraction.unit(whole, begin), 1, (axis,)))
            else:
                raw.sizes[FIRST + axis] = size
                place.append(FIRST + axis)
                rows = contraction.selector(whole, begin, dims.add(begin, size))
                raw.factors.append((rows, 1, (FIRST + axis, axis)))
        found.append(Local(i, raw, tuple(place)))
    return tuple(found)


# -------------------------------------------------------------------- opening what contains a differential
def _open(node: Node) -> list[Raw]:
    """Index terms of an expression linear in holes; what contains none stays whole."""
    inside: dict[Node, bool] = {}
    for part in postorder(node):
        inside[part] = is_hole(part) or any(inside[a] for a in part.args)
    opened: dict[Node, list[Raw]] = {}
    for part in postorder(node):
        opened[part] = _open_inside(part, opened) if inside[part] and part.args else [_whole(part)]
        if not inside[part]:
            opened[part] = [_whole(part)]
    return opened[node]


def _whole(node: Node) -> Raw:
    raw = Raw()
    if node.op == "num":
        raw.coeff = _plain(node.params[0])
    elif node.op == "neg" and node.args[0].op == "num":
        raw.coeff = -_plain(node.args[0].params[0])
    elif node.op == "ones":
        pass
    elif node.shape == (1, 1):
        raw.scale(node)
    else:
        raw.factors.append((node, 1, free_of(node.shape)))
    return raw


def _plain(c: Number) -> Number:
    return int(c) if c == int(c) else c


def _open_inside(node: Node, opened: dict[Node, list[Raw]]) -> list[Raw]:
    if node.op == "add":
        return [*map(_copy, opened[node.args[0]]), *map(_copy, opened[node.args[1]])]
    if node.op in ("sub", "neg"):
        first = opened[node.args[0]] if node.op == "sub" else []
        return [*map(_copy, first), *[_copy(raw, -1) for raw in opened[node.args[-1]]]]
    if node.op == "div":
        top, bottom = node.args
        raws = [_copy(raw) for raw in opened[top]]
        for raw in raws:
            if bottom.shape == (1, 1):
                raw.scale(bottom, -1)
            else:
                raw.factors.append((bottom, -1, free_of(bottom.shape)))
        return raws
    if node.op == "diag":
        return _open_diagonal(node, opened)
    if node.op == "index":
        return [_open_index(node)]
    if not OPERATIONS[node.op].einsum:
        raise UnsupportedError(f"a law may not apply {node.op} to a differential")
    places, sizes = places_of(einsum_of(node), [a.shape for a in node.args], node.shape)
    results = [Raw()]
    results[0].sizes.update(sizes)
    for argument, place in zip(node.args, places, strict=True):
        results = [_joined(result, raw, place) for result in results for raw in opened[argument]]
    if node.op == "mean":
        for raw in results:
            for before, after in zip(node.args[0].shape, node.shape, strict=True):
                if after == 1 and before != 1:
                    contraction.scale(raw, dim_node(before), -1)
    return results


def _copy(raw: Raw, sign: int = 1) -> Raw:
    new = Raw(raw.coeff * sign)
    new.scalars, new.factors, new.sizes = dict(raw.scalars), list(raw.factors), dict(raw.sizes)
    return new


def _joined(result: Raw, raw: Raw, place: dict[int, int]) -> Raw:
    new = _copy(result)
    key = (tuple(raw.scalars.items()), tuple(raw.factors))
    instantiate(new, key, raw.coeff, place)
    return new


def _open_diagonal(node: Node, opened: dict[Node, list[Raw]]) -> list[Raw]:
    found: list[Raw] = []
    for raw in opened[node.args[0]]:
        new = Raw()
        place = {0: 0, 1: 0} if kind(node.args[0].shape) == "matrix" or node.args[0].shape[1] == 1 else {1: 0}
        key = (tuple(raw.scalars.items()), tuple(raw.factors))
        instantiate(new, key, raw.coeff, place)
        if kind(node.shape) == "matrix":
            new.factors.append((table.eye(node.shape[0]), 1, (0, 1)))
        found.append(new)
    return found


def _open_index(node: Node) -> Raw:
    hole, raw = node.args[0], Raw()
    place: list[int] = []
    for axis, item in enumerate(node.params):
        n: Dim = hole.shape[axis]
        if n == 1:
            continue
        if item[0] == "all":
            place.append(axis)
            continue
        k = FIRST + axis
        place.append(k)
        raw.sizes[k] = n
        if node.shape[axis] == 1:
            raw.factors.append((contraction.unit(n, item[1]), 1, (k,)))
        else:
            raw.factors.append((contraction.selector(n, item[1], item[2]), 1, (axis, k)))
    raw.factors.append((hole, 1, tuple(place)))
    return raw
