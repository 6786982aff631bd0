"""The sweep: reverse over the expression, one adjoint per node, accumulated over all of its uses.

An adjoint is a sum of index terms: its free indices are the node's axes (0, 1) and those of the value that is
differentiated (2, 3); a scalar value has none. One term is passed on as it is, so that what cancels can cancel; a
sum is closed into one factor, so that the cost stays linear in the size of the program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from matcalc import facts
from matcalc.calculus.factoring import write
from matcalc.calculus.gathering import gathered
from matcalc.calculus.laws import UPSTREAM, Local, exponent_of, local_terms
from matcalc.calculus.lowering import lower, raised
from matcalc.calculus.simplify import promising, settle
from matcalc.calculus.sums import atom, factor_of
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, instantiate, normalise, powers_of
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import Dim
from matcalc.expressions.node import Node, Shape, axes, intern, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = ["OUTPUT", "Step", "depends", "seed", "sweep"]

OUTPUT = (2, 3)  # the indices of the value's own axes
FEW = 4  # terms of an adjoint in which it is looked for what meets
MANY = 6  # terms beyond which an adjoint is closed
SOME = 12  # terms of a tensor beyond which those that differ in one component are gathered
SHORT = 60  # tokens up to which an adjoint is simplified further before it is passed on
LONG = 10  # factors beyond which a term is closed into one
CONSTANT = frozenset({"sign", "step", "is_max", "is_min", "greater", "at_least"})  # between their jumps
WIDE = 4000  # written-out size beyond which a factor is not opened


class Step:
    """What the sweep did at a node: its upstream gradient, and what it passed on to each argument."""

    __slots__ = ("downstream", "node", "upstream")

    def __init__(self, node: Node, upstream: Sum) -> None:
        self.node, self.upstream = node, upstream
        self.downstream: list[tuple[int, Sum]] = []


def depends(root: Node, targets: Collection[Node]) -> dict[Node, bool]:
    """For every node below the root, whether a target occurs in it (a target stands for itself)."""
    found: dict[Node, bool] = {}
    wanted = set(targets)
    for node in postorder(root):
        found[node] = node in wanted or any(found[a] for a in node.args)
    return found


def seed(value: Node) -> Sum:
    """The derivative of a value by itself."""
    start = Sum(value.shape, extra=tuple(zip(OUTPUT, axes(value.shape), strict=False)))
    free = free_of(value.shape)
    deltas = [(table.eye(dim), 1, (k, o)) for k, o, dim in zip(free, OUTPUT, axes(value.shape), strict=False)]
    raw = Raw()
    raw.factors.extend(deltas)
    normalise(raw, start.free, start)
    return start


def sweep(
    value: Node, targets: Iterable[Node], names: Mapping[Node, Node], steps: list[Step] | None = None
) -> dict[Node, Sum]:
    """The adjoint of every target; ``names`` gives named values the node by which they are written."""
    targets = list(targets)
    live = depends(value, targets)
    adjoints: dict[Node, Sum] = {value: seed(value)} if live[value] else {}
    for node in reversed([n for n in postorder(value, into=lambda n: live[n]) if live[n]]):
        upstream = adjoints.get(node)
        if upstream is None or not node.args:
            continue
        wanted = [k for k, a in enumerate(node.args) if live[a]]
        if not wanted:
            continue
        upstream = adjoints[node] = _bounded(_met(upstream))
        step = Step(node, upstream)
        for k, downstream in _contributions(node, wanted, upstream, names, live):
            argument = node.args[k]
            if argument in adjoints:
                adjoints[argument].include(downstream)
            else:
                total = adjoints[argument] = Sum(argument.shape, downstream.extra)
                total.include(downstream)
            step.downstream.append((k, downstream))
        if steps is not None:
            steps.append(step)
    nothing = Sum((1, 1), seed(value).extra)
    for target in targets:
        found = adjoints.setdefault(target, Sum(target.shape, nothing.extra))
        if len(found.free) > 2:
            adjoints[target] = _bounded(found)
    return {target: adjoints[target] for target in targets}


def _contributions(
    node: Node, wanted: list[int], upstream: Sum, names: Mapping[Node, Node], live: Mapping[Node, bool]
) -> list[tuple[int, Sum]]:
    if node.op in ("let", "hidden"):  # names, and what `matcalc.calculus.free_variation` puts below them
        return [(0, upstream)]
    if node.op == "defined":
        return _through_definition(node, wanted, upstream, live)
    found = {k: Sum(node.args[k].shape, upstream.extra) for k in wanted}
    if not upstream.terms:
        return list(found.items())
    exponent = exponent_of(node)
    shapes = tuple([a.shape for a in node.args])
    locals_ = (
        _own(node, shapes, bool(upstream.extra))
        if node.op == "own"
        else local_terms(_law_of(node), shapes, node.params, node.shape, exponent, bool(upstream.extra))
    )
    values = _Values(node, names)
    missing = set(wanted)
    passed: list[tuple[Key, Number]] | None = None
    for local in locals_:
        missing.discard(local.argument)
        if local.argument not in found:
            continue
        plain = not local.factors and not local.scalars
        if local.upstream:
            _closed(local, upstream, values, found[local.argument])
        elif plain:
            for key, c in upstream.terms.items():
                _apply(local, key, c, values, found[local.argument])
        else:
            passed = _passed(upstream) if passed is None else passed
            for key, c in passed:
                _apply(local, key, c, values, found[local.argument])
    if node.op == "where":
        missing.discard(0)
    if missing and node.op == "own":
        law, which = node.params[1], ", ".join([node.params[1].parameters[k] for k in sorted(missing)])
        hint = f"add a term in d{which.split(', ')[0]} to {law.text}"
        raise UnsupportedError(f"the law of {law.name} does not say how it changes with {which}", hint=hint)
    if missing and exponent != 0 and node.op not in CONSTANT:
        which = ", ".join(str(k + 1) for k in sorted(missing))
        hint = table.OPERATIONS[node.op].doc if node.op in table.OPERATIONS else ""
        raise UnsupportedError(f"the derivative of {node.op} by its argument {which} is not supported", hint=hint)
    return list(found.items())


def _law_of(node: Node) -> str:
    """The operation whose law holds: a pseudo-inverse that is the inverse, here and nearby, changes as that."""
    return "inv" if node.op == "pinv" and facts.invertible(node.args[0]) else node.op


def _own(node: Node, shapes: tuple[Shape, ...], tensor: bool) -> tuple[Local, ...]:
    from matcalc.calculus.own import own_terms

    return own_terms(node.params[1], shapes, node.shape, tensor)


def _met(upstream: Sum) -> Sum:
    """An adjoint of a few terms, multiplied out where they meet: ``p*((1 - t)/(1 - p) - t/p)*(1 - p)`` is ``p - t``."""
    if not 1 <= len(upstream.terms) <= FEW or len(upstream.free) > 2 or upstream.extra or not promising(upstream):
        return upstream
    return _settled(upstream)


def _bounded(upstream: Sum) -> Sum:
    """An adjoint of many terms, closed into one: what is passed on at a node must not grow with the program."""
    if len(upstream.free) > 2:
        return gathered(upstream) if _is_long(upstream) else upstream
    if len(upstream.terms) <= MANY:
        return upstream
    found = closed(upstream)
    if found is None:
        return upstream
    value = Sum(upstream.shape, upstream.extra)
    value.add(*found)
    return value


def _is_long(upstream: Sum) -> bool:
    return len(upstream.terms) > SOME or any(len(factors) > SOME for _, factors in upstream.terms)


def _through_definition(
    node: Node, wanted: list[int], upstream: Sum, live: Mapping[Node, bool]
) -> list[tuple[int, Sum]]:
    """A function of the program: its own derivative, or its body where more than its argument varies in it."""
    from matcalc.calculus.scalar import derivative_of
    from matcalc.language.build import substitute

    _, parameter, body = node.params
    if 0 not in wanted or any(live.get(part) for part in postorder(body)):
        return [(1, upstream)]
    slope = substitute(derivative_of(body, parameter), parameter, node.args[0])
    value = Sum(node.args[0].shape, upstream.extra)
    for key, c in _passed(upstream):
        raw = Raw()
        raw.sizes.update(upstream.extra)
        instantiate(raw, key, c, {k: k for k in upstream.free})
        _multiply(raw, slope, 1, {k: k for k in free_of(slope.shape)})
        normalise(raw, value.free, value)
    return [(0, value)]


def _passed(upstream: Sum) -> list[tuple[Key, Number]]:
    """The upstream gradient as few terms: a long one or a sum is closed into one factor."""
    single = upstream.single
    if single is not None and len(powers_of(single[0])) <= LONG:
        return [single]
    if len(upstream.free) > 2:
        return list(upstream.terms.items())
    found = closed(upstream)
    return list(upstream.terms.items()) if found is None else [found]


def closed(value: Sum) -> tuple[Key, Number] | None:
    """A sum with at most two free indices as one term at these indices: itself where it is one, else one factor."""
    free = value.free
    if len(free) > 2:
        return None
    place = {k: i for i, k in enumerate(free)} if value.extra else {}
    value = _settled(moved(value, place) if place else value, diag=bool(place))
    single = value.single
    if single is None or len(powers_of(single[0])) > LONG:
        node = write(value, diag=bool(place))
        single = _in_factors(node) or factor_of(node, value.free)
    (scalars, factors), c = single
    back = {i: k for k, i in place.items()}
    return (scalars, tuple([(n, p, tuple([back.get(k, k) for k in index])) for n, p, index in factors])), c


def _in_factors(node: Node) -> tuple[Key, Number] | None:
    """A product as its factors, which may meet what it is multiplied by: a unit vector picks a row."""
    single = lower(node).single if node.op == "matmul" else None
    return single if single is not None and len(powers_of(single[0])) <= LONG else None


def _settled(value: Sum, *, diag: bool = False) -> Sum:
    """The sum, multiplied out where that shortens it and it is short: what is passed on must not cost much."""
    length = sum([token_count(node) for key in value.terms for node, _ in powers_of(key)])
    return settle(value, diag=diag) if length <= SHORT else value


def moved(value: Sum, place: Mapping[int, int]) -> Sum:
    """The sum with its (at most two) free indices made rows and columns."""
    sizes = dict(zip(value.free, value.dims, strict=True))
    shape: list[Dim] = [1, 1]
    for k, i in place.items():
        shape[i] = sizes[k]
    result = Sum((shape[0], shape[1]))
    for key, c in value.terms.items():
        raw = Raw()
        instantiate(raw, key, c, place)
        normalise(raw, result.free, result)
    return result


class _Values:
    """The actual arguments and value of a node in the place of a law's placeholders."""

    def __init__(self, node: Node, names: Mapping[Node, Node]) -> None:
        self.node = node
        if node.op == "entries":
            signature = tuple([f"X{i}" for i in range(len(node.args))])
        else:
            signature = node.params[1].parameters if node.op == "own" else ()
            signature = signature or (table.OPERATIONS[node.op].signature if node.op in table.OPERATIONS else ("X",))
        self.value = names.get(node, node)
        self.actual = {} if node.op == "own" else {"y": self.value}  # a program's law may call an argument y
        self.actual.update(zip(signature, [names.get(a, a) for a in node.args], strict=False))
        self.upstream: Node | None = None
        self.kept: dict[Node, Node] = {}

    def of(self, place: Node) -> Node:
        """A node over placeholders, over the actual arguments."""
        kept = self.kept
        for part in postorder(place, into=lambda n: n not in kept):
            if part in kept:
                continue
            if part.op == "var":
                if part.params[1] == UPSTREAM:
                    assert self.upstream is not None
                    kept[part] = self.upstream
                else:
                    kept[part] = self.actual[part.params[0]]
                continue
            found = intern(part.op, tuple([kept[a] for a in part.args]), part.params, part.shape)
            kept[part] = self.value if found is self.node else found  # a law may hold the value itself
        return kept[place]


def _closed(local: Local, upstream: Sum, values: _Values, into: Sum) -> None:
    if upstream.extra:
        raise UnsupportedError(f"the derivative of a vector or matrix through {values.node.op} is not supported")
    values.upstream = write(upstream)
    values.kept.clear()
    node = values.of(local.factors[0][0])
    into.include(lower(node))


def _apply(local: Local, key: Key, c: Number, values: _Values, into: Sum) -> None:
    """Contract one term of the upstream gradient with one of the local derivative."""
    argument = values.node.args[local.argument]
    raw = Raw(local.coeff)
    place: dict[int, int] = {}
    for k, index in zip(free_of(argument.shape), local.hole, strict=True):
        if index in place:
            raw.factors.append((table.eye(argument.shape[k]), 1, (place[index], k)))
        else:
            place[index] = k
    nxt = FIRST
    for k in free_of(values.node.shape):
        if k not in place:
            place[k] = nxt
            raw.sizes[nxt] = values.node.shape[k]
            nxt += 1
    for k, dim in local.sizes.items():
        if k not in place:
            place[k] = nxt
            raw.sizes[nxt] = dim
            nxt += 1
    for extra, dim in into.extra:
        place[extra] = extra
        raw.sizes[extra] = dim
    instantiate(raw, key, c, {k: place[k] for k in (*free_of(values.node.shape), *(e for e, _ in into.extra))})
    for node, p in local.scalars:
        _multiply(raw, values.of(node), p, {})
    for node, p, at in local.factors:
        for k, dim in zip(at, axes(node.shape), strict=True):
            if k not in place:
                place[k] = nxt = max(nxt, max(raw.sizes, default=0) + 1)
                raw.sizes[nxt] = dim
        if node.op == "pair":
            raw.factors.append((values.of(node), p, tuple([place[i] for i in at])))
            continue
        _multiply(raw, values.of(node), p, {k: place[i] for k, i in zip(free_of(node.shape), at, strict=True)})
    normalise(raw, into.free, into)


def _multiply(raw: Raw, node: Node, p: Number | Fraction, place: dict[int, int]) -> None:
    value = lower(node) if p == 1 else raised(node, p)
    key, c = atom(value)
    instantiate(raw, key, c, place)
