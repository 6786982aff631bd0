"""Lowering: from nodes to index terms.

The multilinear operations have an index form (their ``einsum`` in the tables); sums stay sums; everything else is an
atom whose arguments are simplified.  A factor that is itself a sum is kept whole (`atom`): products are not multiplied out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from weakref import WeakKeyDictionary

from matcalc.calculus import contraction, facts
from matcalc.calculus.entrywise import inverse_of_one_plus_exp, signed
from matcalc.calculus.factoring import write
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, instantiate, normalise
from matcalc.calculus.writing import chain, dim_node, label, negated
from matcalc.expressions.dims import Dim, add
from matcalc.expressions.node import Node, Shape, axes, intern, kind, postorder
from matcalc.operations import table
from matcalc.operations.table import OPERATIONS
from matcalc.render.measure import token_count
from matcalc.render.names import GREEK

__all__ = ["atom", "blocks_of", "einsum_of", "lower", "peeled", "places_of", "raised", "tidy"]

_lowered: WeakKeyDictionary[Node, Sum] = WeakKeyDictionary()
_simple: WeakKeyDictionary[Node, Node] = WeakKeyDictionary()
LINEAR = frozenset({"T", "sum", "mean", "tr", "diag"})


def lower(node: Node) -> Sum:
    """The value of a node as a sum of canonical terms; kept per node."""
    found = _lowered.get(node)
    if found is None:
        for part in postorder(node, into=lambda n: n.op not in ("let", "defined") and n not in _lowered):
            if part not in _lowered:
                _lowered[part] = _lower(part)
        found = _lowered[node]
    return found


def tidy(node: Node) -> Node:
    """A node in its canonical writing: like terms met, common factors taken out; sums are not multiplied out."""
    found = _simple.get(node)
    if found is None:
        found = table.zeros(node.shape) if not lower(node).terms else write(lower(node))
        if found is None:
            found = node
        _simple[node] = found
        _simple.setdefault(found, found)
    return found


def _leaf(node: Node) -> Sum:
    """The node as one factor."""
    value = Sum(node.shape)
    if node.shape == (1, 1):
        value.add((((node, 1),), ()), 1)
    else:
        value.add(((), ((node, 1, free_of(node.shape)),)), 1)
    return value


def _factor(node: Node, p: Number = 1) -> Sum:
    """A factor that may mean something to contraction (a symmetric or diagonal matrix, an identity)."""
    raw = Raw()
    if node.shape == (1, 1):
        contraction.scale(raw, node, p)
    else:
        raw.factors.append((node, p, free_of(node.shape)))
    return _normal(raw, node.shape)


def _normal(raw: Raw, shape: Shape) -> Sum:
    value = Sum(shape)
    normalise(raw, free_of(shape), value)
    return value


def _lower(node: Node) -> Sum:
    op = node.op
    if op in ("var", "let", "defined"):
        return _factor(node) if contraction.facts.diagonal(node) else _leaf(node)
    handler = HANDLERS.get(op)
    if handler is not None:
        return handler(node)
    if op in OPERATIONS and OPERATIONS[op].einsum:
        return _multilinear(node)
    return _atom_of(node)


def _atom_of(node: Node) -> Sum:
    """A function of simplified arguments."""
    args = tuple([tidy(a) for a in node.args])
    return _factor(intern(node.op, args, node.params, node.shape) if args != node.args else node)


def atom(value: Sum) -> tuple[Key, Number]:
    """A sum as one term: itself where it has one, else its writing as a factor with its sign and content outside."""
    single = value.single
    if single is not None:
        return single
    if not value.terms:
        return ((), ()), 0
    free = free_of(value.shape)
    value, c = _directed(_upright(value))
    node = write(value)
    if node is None:
        raise NotImplementedError
    number, node = peeled(node)
    return ((((node, 1),), ()) if node.shape == (1, 1) else ((), ((node, 1, free),))), c * number


def _upright(value: Sum) -> Sum:
    """A row as a column: its index does not tell them apart, so its writing must not either."""
    if kind(value.shape) != "row":
        return value
    turned = Sum((value.shape[1], 1))
    for (scalars, factors), c in value.terms.items():
        turned.add((scalars, tuple([(n, p, tuple([0 if k == 1 else k for k in i])) for n, p, i in factors])), c)
    return turned


def _directed(value: Sum) -> tuple[Sum, int]:
    """One direction for ``a - b`` and ``b - a``, so that they meet: the sum, and the sign that it has lost."""
    lead = max(value.terms, key=_lead)
    if value.terms[lead] > 0:
        return value, 1
    turned = Sum(value.shape)
    turned.include(value, -1)
    return turned, -1


def _lead(key: Key) -> tuple[bool, int, list[tuple[int, ...]], list[str]]:
    """Which term of a difference is written as the positive one: a number, a longer one, a name before another."""
    nodes = [node for part in key for node, *_ in part]
    names = " ".join([label(node) for node in nodes])
    backwards = [(-(name in GREEK), *(-ord(c) for c in name)) for name in names.split()]
    return (not nodes, sum(token_count(node) + 1 for node in nodes), backwards, [node.digest for node in nodes])


def _peel(node: Node) -> tuple[Number, Node] | None:
    """The number in front of ``2*(a + b)`` or under ``(a + b)/2``."""
    if node.op == "mul" and node.args[0].op == "num" and node.args[1].shape == node.shape:
        return node.args[0].params[0], node.args[1]
    if node.op == "div" and node.args[1].op == "num" and node.args[0].op in ("add", "sub"):
        return Fraction(1) / node.args[1].params[0], node.args[0]
    return None


# ---------------------------------------------------------------------------------- sums and products
def _addition(node: Node) -> Sum:
    value = Sum(node.shape)
    signs = (1, -1) if node.op == "sub" else (1, 1)
    for sign, argument in zip(signs, node.args, strict=True):
        value.include(lower(argument), sign)
    return value


def _negative(node: Node) -> Sum:
    value = Sum(node.shape)
    value.include(lower(node.args[0]), -1)
    return value


def einsum_of(node: Node) -> str:
    """The index form of a multilinear node."""
    form = OPERATIONS[node.op].einsum
    return form(node.params) if callable(form) else form


def _multilinear(node: Node) -> Sum:
    values = [lower(a) for a in node.args]
    value = Sum(node.shape)
    if any(not v.terms for v in values):
        return value
    if node.op in LINEAR:
        for key, c in values[0].terms.items():
            _multiply(node, [(key, c)], value)
    else:
        _multiply(node, [atom(v) for v in values], value)
    return value


def places_of(form: str, shapes: Sequence[Shape], shape: Shape) -> tuple[list[dict[int, int]], dict[int, Dim]]:
    """For each argument, where its axes stand in the product, and the dimensions of the summed indices."""
    inputs, output = form.split("->")
    number: dict[str, int] = {}
    for axis, letter in enumerate(output):
        if shape[axis] != 1 and letter != ".":
            number.setdefault(letter, axis)
    places: list[dict[int, int]] = []
    sizes: dict[int, Dim] = {}
    for letters, dims in zip(inputs.split(","), shapes, strict=True):
        if len(letters) == 1:
            letters = letters + "." if dims[1] == 1 else "." + letters
        place: dict[int, int] = {}
        for axis, letter in enumerate(letters):
            if dims[axis] == 1 or letter == ".":
                continue
            if letter not in number:
                number[letter] = FIRST + len(number)
            place[axis] = number[letter]
            if number[letter] >= FIRST:
                sizes[number[letter]] = dims[axis]
        places.append(place)
    return places, sizes


def _multiply(node: Node, parts: Sequence[tuple[Key, Number]], value: Sum) -> None:
    places, sizes = places_of(einsum_of(node), [a.shape for a in node.args], node.shape)
    raw = Raw()
    raw.sizes.update(sizes)
    for (key, c), place in zip(parts, places, strict=True):
        instantiate(raw, key, c, place)
    if node.op == "mean":
        _divide_by_count(raw, node)
    normalise(raw, free_of(node.shape), value)


def _divide_by_count(raw: Raw, node: Node) -> None:
    for before, after in zip(node.args[0].shape, node.shape, strict=True):
        if after == 1 and before != 1:
            contraction.scale(raw, dim_node(before), -1)


def _diagonal(node: Node) -> Sum:
    argument = lower(node.args[0])
    value = Sum(node.shape)
    for key, c in argument.terms.items():
        raw = Raw()
        if kind(node.shape) == "matrix":
            instantiate(raw, key, c, {0: 0, 1: 0})
            raw.factors.append((table.eye(node.shape[0]), 1, (0, 1)))
        else:
            instantiate(raw, key, c, {0: 0, 1: 0})
            raw.sizes.pop(1, None)
        normalise(raw, free_of(node.shape), value)
    return value


# ---------------------------------------------------------------------------------- powers and quotients
def _raised(value: Sum, p: Number, node: Node) -> Sum:
    """A power of a value, entry by entry, with a constant exponent."""
    key, c = atom(value)
    if not c:
        return _leaf_power(tidy(node), p)
    scalars, factors = key
    whole = p == int(p)
    direct = all(k < FIRST for _, _, index in factors for k in index) and len({i for _, _, i in factors}) <= 1
    direct = direct or not any(k >= FIRST for _, _, index in factors for k in index)
    simple = whole or (c == 1 and len(scalars) + len(factors) == 1 and all(q == 1 for *_, q in scalars) and (
        not factors or factors[0][1] == 1))
    if not direct or not simple:
        if whole:
            inner = write_term(key, 1, node.shape)
            return _leaf_power(inner, p, c)
        return _leaf_power(tidy(node), p)
    raw = Raw(Fraction(c) ** int(p) if whole else 1)
    if whole and raw.coeff == int(raw.coeff):
        raw.coeff = int(raw.coeff)
    for scalar, q in scalars:
        _scale_power(raw, scalar, q * p)
    for factor, q, index in factors:
        turned = inverse_of_one_plus_exp(factor) if q * p < 0 else None
        raw.factors.append((factor, q * p, index) if turned is None else (turned, -q * p, index))
    return _normal(raw, node.shape)


def _scale_power(raw: Raw, node: Node, p: Number) -> None:
    turned = inverse_of_one_plus_exp(node) if p < 0 else None
    if turned is not None:
        raw.scale(turned, -p)
        return
    if node.op in ("mul", "div") and p == int(p):
        # the whole part of a power of a product falls apart; what is under a root does not
        raw.coeff = raw.coeff  # products of scalars are opened when they are lowered
    raw.scale(node, p)


def raised(node: Node, p: Number) -> Sum:
    """A constant power of a node, entry by entry."""
    return _raised(lower(node), p, node)


def peeled(node: Node) -> tuple[Number, Node]:
    """The sign and the number with which a node is written, and the node without them."""
    c: Number = 1
    sign, node = signed(node)
    found = _peel(node)
    return (sign * c, node) if found is None else (sign * found[0], found[1])


def write_term(key: Key, c: Number, shape: Shape) -> Node:
    """One term as a node."""
    value = Sum(shape)
    value.add(key, c)
    node = write(value)
    if node is None:
        raise NotImplementedError
    return node


def _leaf_power(node: Node, p: Number, c: Number = 1) -> Sum:
    raw = Raw(Fraction(c) ** int(p) if c != 1 else 1)
    turned = inverse_of_one_plus_exp(node) if p < 0 else None
    if turned is not None:
        node, p = turned, -p
    if node.shape == (1, 1):
        raw.scale(node, p)
    else:
        raw.factors.append((node, p, free_of(node.shape)))
    return _normal(raw, node.shape)


def _power(node: Node) -> Sum:
    base, exponent = node.args
    p = _constant(exponent)
    if p is None or base.shape != node.shape:
        return _atom_of(node)
    if p == 0:
        return lower(table.ones(node.shape))
    if base.op == "num" and p == int(p):
        value = Sum(node.shape)
        value.add(((), ()), base.params[0] ** int(p))
        return value
    return _raised(lower(base), int(p) if p == int(p) else p, base)


def _constant(node: Node) -> Fraction | None:
    """The number that an exponent is, if it is one."""
    if node.op == "num":
        return Fraction(node.params[0])
    if node.op == "neg":
        inner = _constant(node.args[0])
        return None if inner is None else -inner
    if node.op == "div":
        a, b = _constant(node.args[0]), _constant(node.args[1])
        return a / b if a is not None and b else None
    value = lower(node).single if node.op in ("sub", "add", "mul") and node.size < 20 else None
    return Fraction(value[1]) if value is not None and value[0] == ((), ()) else None


def _quotient(node: Node) -> Sum:
    a, b = node.args
    inverse = _raised(lower(b), -1, b)
    result = Sum(node.shape)
    top = lower(a)
    if not top.terms:
        return result
    raw = Raw()
    for value, argument in ((top, a), (inverse, b)):
        key, c = atom(value)
        del argument
        instantiate(raw, key, c, {0: 0, 1: 1})
    normalise(raw, free_of(node.shape), result)
    return result


def _root(node: Node) -> Sum:
    return _raised(lower(node.args[0]), Fraction(1, 2), node.args[0])


def _square(node: Node) -> Sum:
    return _raised(lower(node.args[0]), 2, node.args[0])


def _reciprocal(node: Node) -> Sum:
    return _raised(lower(node.args[0]), -1, node.args[0])


def _exponential(node: Node) -> Sum:
    sign, inner = signed(tidy(node.args[0]))
    if inner.op == "num" and inner.params[0] == 0:
        return lower(table.ones(node.shape))
    if inner.op == "sub" and inner.args[1].op == "logsumexp" and inner.args[1].args[0] is inner.args[0]:
        argument, total = inner.args[0], inner.args[1]
        if sign > 0 and (total.params[0] is not None or 1 in argument.shape):
            return _factor(intern("softmax", (argument,), total.params, argument.shape))
    return _factor(intern("exp", (inner,), (), node.shape), sign)


def _of_sign(node: Node) -> Sum:
    """``sign(-2*t)`` is ``-sign(t)``, ``step(2*t)`` is ``step(t)``."""
    c, inner = peeled(tidy(node.args[0]))
    single = lower(inner).single
    if single is not None and single[1] not in (1, -1):
        inner = write_term(single[0], 1 if single[1] > 0 else -1, inner.shape)
        sign, inner = signed(inner)
        c *= sign
    if node.op == "sign":
        return _factor_times(intern("sign", (inner,), (), node.shape), -1 if c < 0 else 1)
    return _factor(intern("step", (negated(inner) if c < 0 else inner,), (), node.shape))


def _factor_times(node: Node, c: Number) -> Sum:
    value = Sum(node.shape)
    value.include(_factor(node), c)
    return value


# ---------------------------------------------------------------------------------- inverses and structure
def _inverse(node: Node) -> Sum:
    argument = node.args[0]
    single = lower(argument).single
    if single is not None:
        found = _inverse_of_term(single, node)
        if found is not None:
            return found
    inner = tidy(argument)
    c: Number = 1
    sign, inner = signed(inner)
    c *= sign
    peeled = _peel(inner)
    if peeled is not None:
        c, inner = Fraction(1) / (c * peeled[0]), peeled[1]
    if inner.op == "T":
        value, swap = intern("inv", (inner.args[0],), (), node.shape), True
    else:
        value, swap = intern("inv", (inner,), (), node.shape), False
    raw = Raw(c)
    raw.factors.append((value, 1, (1, 0) if swap else (0, 1)))
    return _normal(raw, node.shape)


def _inverse_of_term(term: tuple[Key, Number], node: Node) -> Sum | None:
    """The inverse of a scaled single matrix, and of a diagonal, orthogonal or inverse one."""
    (scalars, factors), c = term
    raw = Raw(Fraction(1) / c)
    for scalar, p in scalars:
        raw.scale(scalar, -p)
    eye = [f for f in factors if f[0].op == "eye"]
    if eye and all(f[0].op == "eye" or len(f[2]) == 1 for f in factors):
        raw.factors = [(f[0], 1 if f[0].op == "eye" else -f[1], f[2]) for f in factors]
        return _normal(raw, node.shape)
    if len(factors) != 1 or factors[0][1] != 1:
        if c == 1 and not scalars:
            return None
        body = write_term(((), factors), 1, node.shape)
        raw.factors = [(intern("inv", (body,), (), node.shape), 1, (0, 1))]
        return _normal(raw, node.shape)
    matrix, _, index = factors[0]
    if matrix.op == "inv":
        raw.factors = [(matrix.args[0], 1, index)]
    elif facts.orthogonal(matrix):
        raw.factors = [(matrix, 1, index[::-1])]
    else:
        raw.factors = [(intern("inv", (matrix,), (), node.shape), 1, index)]
    return _normal(raw, node.shape)


def _solution(node: Node) -> Sum:
    a, b = node.args
    return lower(table.matmul(table.make("inv", a), b))


def _indexed(node: Node) -> Sum:
    argument, params = node.args[0], node.params
    if argument.op == "eye":
        found = contraction.indexed(argument, *params)
        return _leaf(found) if found is node or found.op in ("index", "T") and found.args[0] in (node, argument) else lower(found)
    value = Sum(node.shape)
    for key, c in lower(argument).terms.items():
        raw = Raw()
        place: dict[int, int] = {}
        nxt = FIRST
        for axis, item in enumerate(params):
            n = argument.shape[axis]
            if n == 1:
                continue
            if item[0] == "all":
                place[axis] = axis
                continue
            place[axis] = nxt
            raw.sizes[nxt] = n
            if item[0] == "at":
                raw.factors.append((contraction.unit(n, item[1]), 1, (nxt,)))
            elif node.shape[axis] == 1:
                raw.factors.append((contraction.unit(n, item[1]), 1, (nxt,)))
            else:
                raw.factors.append((contraction.selector(n, item[1], item[2]), 1, (axis, nxt)))
            nxt += 1
        instantiate(raw, key, c, place)
        if len(key[1]) == 0:
            raw.factors = []
            raw.sizes = {}
        normalise(raw, free_of(node.shape), value)
    return value


def blocks_of(node: Node) -> list[tuple[Node, Dim, Dim]]:
    """The blocks of a stack, each with the row and the column where it begins."""
    found: list[tuple[Node, Dim, Dim]] = []
    blocks = iter(node.args)
    row: Dim = 0
    for count in node.params:
        column: Dim = 0
        height: Dim = 1
        for _ in range(count):
            block = next(blocks)
            found.append((block, row, column))
            column = add(column, block.shape[1])
            height = block.shape[0]
        row = add(row, height)
    return found


def _constant_atom(node: Node) -> Sum:
    return _factor(node)


def _number(node: Node) -> Sum:
    value = Sum(node.shape)
    c = node.params[0]
    value.add(((), ()), int(c) if c.denominator == 1 else c)
    return value


def _ones(node: Node) -> Sum:
    value = Sum(node.shape)
    value.add(((), ()), 1)
    return value


def _matrix_power(node: Node) -> Sum:
    base, exponent = node.args
    k = exponent.params[0] if exponent.op == "num" else None
    if k is None or k > 6:
        return _atom_of(node)
    if k == 0:
        return lower(table.eye(node.shape[0]))
    return lower(chain([base] * int(k)))


def _unstacked(node: Node) -> Sum:
    """``unvec`` undoes ``vec``, and goes through what works entry by entry."""
    if 1 in node.shape:
        return lower(_laid(node.args[0], node.shape))
    value = Sum(node.shape)
    for (scalars, factors), c in lower(node.args[0]).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if any(index != free_of(node.args[0].shape) for _, _, index in factors):
            body = write_term(((), factors), 1, node.args[0].shape)
            factors = ((body, 1, (0,)),)
        for factor, p, _ in factors:
            inner = _unstacked_atom(factor, node.params, node.shape)
            key, k = atom(lower(inner)) if inner.op != "unvec" else (((), ((inner, 1, (0, 1)),)), 1)
            if p != 1:
                inner = write_term(key, k, node.shape)
                key, k = ((), ((inner, p, (0, 1)),)), 1
            instantiate(raw, key, k, {0: 0, 1: 1})
        normalise(raw, free_of(node.shape), value)
    return value


def _laid(node: Node, shape: Shape) -> Node:
    """A column or row as the one or the other."""
    return node if node.shape == shape else table.transpose(node)


def _unstacked_atom(node: Node, params: tuple[Dim, ...], shape: Shape) -> Node:
    if node.op == "vec" and node.args[0].shape == shape:
        return node.args[0]
    if (node.op in table.ELEMENTWISE_NAMES or node.op == "apply") and node.size < 200:
        return intern(node.op, (_unstacked_atom(node.args[0], params, shape),), node.params, shape)
    return intern("unvec", (node,), params, shape)


def _vectorised(node: Node) -> Sum:
    argument = tidy(node.args[0])
    if 1 in argument.shape:
        return lower(_laid(argument, node.shape))
    if argument.op == "unvec":
        return lower(_laid(argument.args[0], node.shape))
    return _factor(intern("vec", (argument,), (), node.shape))


def _times(raw: Raw, node: Node) -> None:
    """Multiply by a factor at the value's own axes."""
    if node.shape == (1, 1):
        contraction.scale(raw, node)
    else:
        raw.factors.append((node, 1, free_of(node.shape)))


def _kron_left(node: Node) -> Sum:
    """The adjoint of a Kronecker product of an identity or a Kronecker product."""
    g, b = tidy(node.args[0]), tidy(node.args[1])
    value = Sum(node.shape)
    for (scalars, factors), c in lower(g).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if len(factors) == 1 and factors[0][0].op == "eye" and facts.square(b):
            key, k = atom(lower(table.make("tr", b)))
            instantiate(raw, key, k, {})
            _times(raw, table.eye(node.shape[0]))
        elif len(factors) == 1 and factors[0][0].op == "kron" and factors[0][0].args[1].shape == b.shape:
            inner = factors[0][0]
            key, k = atom(lower(table.mul(table.make("inner", inner.args[1], b), inner.args[0])))
            instantiate(raw, key, k, {0: 0, 1: 1})
        else:
            body = write_term(((), factors), 1, g.shape)
            _times(raw, intern("kron_left", (body, b), node.params, node.shape))
        normalise(raw, free_of(node.shape), value)
    return value


def _kron_right(node: Node) -> Sum:
    g, a = tidy(node.args[0]), tidy(node.args[1])
    value = Sum(node.shape)
    for (scalars, factors), c in lower(g).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if len(factors) == 1 and factors[0][0].op == "eye" and facts.square(a):
            key, k = atom(lower(table.make("tr", a)))
            instantiate(raw, key, k, {})
            _times(raw, table.eye(node.shape[0]))
        elif len(factors) == 1 and factors[0][0].op == "kron" and factors[0][0].args[0].shape == a.shape:
            inner = factors[0][0]
            key, k = atom(lower(table.mul(table.make("inner", inner.args[0], a), inner.args[1])))
            instantiate(raw, key, k, {0: 0, 1: 1})
        else:
            body = write_term(((), factors), 1, g.shape)
            _times(raw, intern("kron_right", (body, a), node.params, node.shape))
        normalise(raw, free_of(node.shape), value)
    return value


def _power_sum(node: Node) -> Sum:
    """Linear in its second argument; of the identity, ``k * X^(k-1)``."""
    base, direction, exponent = tidy(node.args[0]), node.args[1], node.args[2]
    value = Sum(node.shape)
    for (scalars, factors), c in lower(direction).terms.items():
        raw = Raw(c)
        for scalar, p in scalars:
            raw.scale(scalar, p)
        if len(factors) == 1 and factors[0][0].op == "eye":
            raw.scale(exponent)
            less = table.sub(exponent, table.number(1))
            turned = base.op == "T"
            power = table.make("matrix_power", base.args[0] if turned else base, less)
            raw.factors.append((power, 1, (1, 0) if turned else (0, 1)))
        else:
            body = write_term(((), factors), 1, node.shape)
            raw.factors.append((intern("power_sum", (base, body, exponent), (), node.shape), 1, (0, 1)))
        normalise(raw, free_of(node.shape), value)
    return value


HANDLERS = {
    "num": _number, "ones": _ones, "zeros": lambda node: Sum(node.shape), "eye": _constant_atom,
    "dim": _constant_atom, "pi": _leaf, "add": _addition, "sub": _addition, "neg": _negative, "div": _quotient,
    "pow": _power, "sqrt": _root, "square": _square, "reciprocal": _reciprocal, "exp": _exponential,
    "inv": _inverse, "solve": _solution, "diag": _diagonal, "index": _indexed, "matrix_power": _matrix_power,
    "unvec": _unstacked, "vec": _vectorised, "kron_left": _kron_left, "kron_right": _kron_right,
    "power_sum": _power_sum, "sign": _of_sign, "step": _of_sign,
}  # fmt: skip
