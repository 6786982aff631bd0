"""Writing products and sums as a textbook would: from factors with powers to nodes as the language writes them.

The order is fixed, so that equal things are written equally: numbers, scalar names, scalars, then the body; what
has a negative power stands under a fraction; in a sum the positive terms come first, the longer before the shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from matcalc import facts
from matcalc.calculus.magnitudes import checked
from matcalc.expressions.dims import Dim, Poly
from matcalc.expressions.node import NAMED, Node, intern, kind, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count

__all__ = [
    "Powers", "addends", "chain", "dim_node", "negated", "product", "rank", "scaled", "sum_of", "t", "turned_round",
    "with_power",
]  # fmt: skip

Powers: TypeAlias = Sequence[tuple[Node, Fraction | int]]
Number: TypeAlias = Fraction | int

HALF = Fraction(1, 2)
SHORT = 100  # nodes of a sum inside a sum that is written term by term
LONG = 2000  # nodes of a product or sum beyond which it is written as it stands
ENTRYWISE = ("mul", "div", "add", "sub", "neg")
THROUGH = (*ENTRYWISE, "matmul", "pow")


def rank(node: Node) -> tuple[int, str, str]:
    """Where a factor stands among others: products, names, functions, sums; then by name."""
    op = node.op
    if op == "matmul":
        return (0, label(node), node.digest)
    if op in ("var", "let"):
        return (1, node.params[0], node.digest)
    if op == "T" and node.args[0].op in ("var", "let"):
        return (1, node.args[0].params[0], node.digest)
    if op in ("num", "dim", "pi"):
        return (1, str(node.params), "")
    if op in ("add", "sub"):
        return (3, label(node), node.digest)
    return (2, op, node.digest)


def label(node: Node) -> str:
    """The names in a short expression, in order."""
    if node.size > 40:
        return ""
    parts = postorder(node, into=lambda n: n.op not in NAMED)
    return " ".join([n.params[0] for n in parts if n.op in ("var", "let", "defined")])


def leaves(node: Node) -> int:
    """How long a term is for the eye: its names and functions, whatever is transposed."""
    if node.size > 60:
        return token_count(node)
    return token_count(node) - sum(n.op == "T" for n in postorder(node, into=lambda n: n.op not in NAMED))


def t(node: Node) -> Node:
    """The transpose, moved inwards: ``(A@B).T`` is ``B.T@A.T``; none where it changes nothing."""
    op = node.op
    if node.shape == (1, 1) or op in ("num", "eye", "dim", "pi"):
        return node
    if op == "T":
        return node.args[0]
    if op == "commutation":
        return table.commutation(node.params[1], node.params[0])
    if op in ("ones", "zeros") and (kind(node.shape) != "vector" or op == "zeros"):
        return intern(op, (), (node.shape[1], node.shape[0]), (node.shape[1], node.shape[0]))
    if op == "pow" and node.args[1].shape == (1, 1):
        return table.power(t(node.args[0]), node.args[1])
    if (op == "matmul" or op in ENTRYWISE) and node.size < LONG:
        if node.size > SHORT:  # from the inside, so that depth is no matter of recursion
            for part in postorder(node, into=lambda n: n.op in THROUGH):
                if part.op in ENTRYWISE and part.shape != (1, 1):
                    _inwards(part)
        return _inwards(node)
    if op in ("sum", "mean") and node.params[0] is not None:
        other = intern(op, (t(node.args[0]),), (1 - node.params[0],), (node.shape[1], node.shape[0]))
        outside = table.transpose(node)
        return other if token_count(other) <= token_count(outside) else outside
    if op == "outer":
        return intern("outer", (node.args[1], node.args[0]), (), (node.shape[1], node.shape[0]))
    if facts.square(node) and facts.symmetric(node):
        return node
    return table.transpose(node)


@lru_cache(maxsize=LONG)
def _inwards(node: Node) -> Node:
    """A product transposed, or a sum or an entrywise product as it is shorter; kept, since what is inside is shared."""
    if node.op == "matmul":
        return _turned(node)
    if node.op in ("add", "sub", "mul") and facts.square(node) and facts.symmetric(node):
        return node
    plain = [a.op in ENTRYWISE and a.shape != (1, 1) for a in node.args]
    inwards = table.make(node.op, *[_inwards(a) if p else t(a) for p, a in zip(plain, node.args, strict=True)])
    outside = table.transpose(node)
    return inwards if token_count(inwards) < token_count(outside) else outside


def _turned(node: Node) -> Node:
    """A product, transposed: ``C.T@B.T@A.T`` of ``A@B@C``, however long."""
    waiting, found = [node], None
    while waiting:
        part = waiting.pop()
        if part.op == "matmul" and part.shape != (1, 1):
            waiting += part.args
        else:
            found = t(part) if found is None else matmul(found, t(part))
    assert found is not None
    return found


def matmul(a: Node, b: Node) -> Node:
    """``a @ b``, bracketed to the left."""
    waiting = [b]
    while waiting:
        part = waiting.pop()
        if part.op == "matmul" and part.shape != (1, 1):
            waiting += reversed(part.args)
        else:
            a = table.mul(a, part) if a.shape == (1, 1) else table.matmul(a, part)
    return a


def chain(parts: Sequence[Node]) -> Node:
    """``A @ B @ C``; a pseudo-inverse where it is one: ``X @ inv(X.T@X)`` is ``pinv(X).T``."""
    parts = _flat(parts)
    i = 0
    while i < len(parts) - 1:
        merged = _pinv(parts[i], parts[i + 1])
        if merged is not None:
            parts[i : i + 2] = [merged]
            i = max(0, i - 1)
        else:
            i += 1
    if _is_ones_row(parts[0]) and len(parts) > 1 and (len(parts) == 2 or parts[-1].shape[1] == 1):
        return _column_sums(chain(parts[1:]))
    node = parts[0]
    for part in parts[1:]:
        # a row times a column in the middle of a product is a scalar
        node = table.mul(node, part) if node.shape == (1, 1) else table.matmul(node, part)
    return node


def _is_ones_row(node: Node) -> bool:
    return node.op in ("ones", "T") and node.shape[0] == 1 and (node.op == "ones" or node.args[0].op == "ones")


def _column_sums(node: Node) -> Node:
    """``ones(m).T @ X``: the sum of all entries of a column, or down the columns."""
    if node.shape[1] == 1:
        return intern("sum", (node,), (None,), (1, 1))
    if node.op == "T":
        return table.transpose(intern("sum", (node.args[0],), (1,), (node.shape[1], 1)))
    return intern("sum", (node,), (0,), (1, node.shape[1]))


def _flat(parts: Iterable[Node]) -> list[Node]:
    found: list[Node] = []
    for part in parts:
        while part.op == "matmul" and part.size < LONG:
            tail: list[Node] = []
            while part.op == "matmul":
                tail.append(part.args[1])
                part = part.args[0]
            found.append(part)
            found.extend(reversed(tail[1:]))
            part = tail[0]
        found.append(part)
    return found


def _pinv(a: Node, b: Node) -> Node | None:
    """The pseudo-inverse that two neighbours in a product are: of full column or of full row rank."""
    if b.op == "inv" and kind(a.shape) == "matrix":
        inner = b.args[0]
        if inner.op == "matmul" and inner.args[1] is a and inner.args[0] is t(a):
            return t(table.make("pinv", a)) if a.op != "T" else table.make("pinv", a.args[0])
    if a.op == "inv" and kind(b.shape) == "matrix":
        inner = a.args[0]
        if inner.op == "matmul" and inner.args[0] is b and inner.args[1] is t(b):
            return t(table.make("pinv", b)) if b.op != "T" else table.make("pinv", b.args[0])
    return None


def dim_node(dim: Dim) -> Node:
    """The number that a dimension is, written with dimension names only: ``m*n``, ``n - 1``."""
    if not isinstance(dim, Poly):
        return table.dimension(dim)
    total: Node | None = None
    for monomial, c in sorted(dim, key=lambda item: (item[1] < 0, -len(item[0]), item[0])):
        names = [table.dimension(name) for name in monomial]
        parts = [table.number(abs(c)), *names] if abs(c) != 1 or not names else names
        node = parts[0]
        for part in parts[1:]:
            node = table.mul(node, part)
        if total is None:
            total = negated(node) if c < 0 else node
        else:
            total = table.sub(total, node) if c < 0 else table.add(total, node)
    assert total is not None
    return total


def with_power(node: Node, p: Number) -> Node:
    """``node**p`` for a positive power."""
    if p == 1:
        return node
    if p == HALF:
        return intern("sqrt", (node,), (), node.shape)
    exponent = Fraction(p)
    if _terminates(exponent.denominator):
        return table.power(node, table.number(exponent))
    return table.power(node, table.div(table.number(exponent.numerator), table.number(exponent.denominator)))


def negated(node: Node) -> Node:
    """Minus a node, the sign on its leftmost factor as one writes it."""
    if node.op in ("mul", "div", "matmul") and node.size < LONG:
        return table.make(node.op, negated(node.args[0]), node.args[1])
    if node.op == "neg":
        return node.args[0]
    return table.neg(node)


def turned_round(node: Node, numbers: bool, most: int = LONG) -> Node | None:
    """``b - a`` of ``a - b``: minus a sum with terms of both signs, at no cost in length; inside a product too.

    ``numbers`` turns ``1 - y`` too; sums of more than ``most`` terms stay as they are.
    """
    if node.size > 400:
        return None
    if node.op == "T":
        inner = turned_round(node.args[0], numbers, most)
        return None if inner is None else table.transpose(inner)
    if node.op in ("sum", "mean", "tr", "diag"):
        inner = turned_round(node.args[0], numbers, most)
        return None if inner is None else intern(node.op, (inner,), node.params, node.shape)
    if node.op in ("mul", "matmul", "div"):
        for k in (1, 0) if node.op != "div" else (0, 1):
            inner = turned_round(node.args[k], numbers, most)
            if inner is not None:
                return table.make(node.op, *[inner if i == k else a for i, a in enumerate(node.args)])
        return None
    terms: list[tuple[Number, Node]] = []
    while node.op in ("add", "sub"):
        terms.append((-1 if node.op == "add" else 1, node.args[1]))
        node = node.args[0]
    if not terms or not any(sign > 0 for sign, _ in terms) or node.op == "neg":
        return None
    terms.append((-1, node))
    if len(terms) > most or {"vector", "row"} <= {kind(part.shape) for _, part in terms}:
        return None  # a column and a row add up only beside a matrix
    if not numbers and any(part.op == "num" for _, part in terms):
        return None
    return sum_of(terms)


def scaled(prefix: Node | None, node: Node) -> Node:
    """``prefix * node``, the scalar on its leftmost factor: ``2*A.T@b``, ``2*(D*F)@b``."""
    if prefix is None:
        return node
    if node.op == "matmul" and node.size < LONG:
        left = node.args[0]
        inner = scaled(prefix, left) if left.op == "matmul" else table.mul(prefix, left)
        return table.matmul(inner, node.args[1])
    inside = node.op in ("mul", "div") and (node.args[0].shape != (1, 1) or node.shape == (1, 1))
    if inside and node.size < LONG and node.args[0].op != "num":
        return table.make(node.op, scaled(prefix, node.args[0]), node.args[1])
    return table.mul(prefix, node)


def _split(powers: Powers) -> tuple[list[Node], list[Node]]:
    """What stands above and what below the line; ``exp(t)`` to a negative power is ``exp(-t)``."""
    above: list[Node] = []
    below: list[Node] = []
    for node, p in sorted(powers, key=lambda item: rank(item[0])):
        if p > 0:
            above.append(with_power(node, p))
        elif node.op == "exp":
            above.append(with_power(intern("exp", (negated(node.args[0]),), (), node.shape), -p))
        else:
            below.append(with_power(node, -p))
    return above, below


def _multiplied(parts: Sequence[Node]) -> Node | None:
    """The entrywise product from left to right, a matrix first where columns and rows meet on it."""
    kinds = {kind(part.shape) for part in parts}
    if "row" in kinds and "vector" in kinds:
        if "matrix" not in kinds:
            rows = _multiplied([part for part in parts if kind(part.shape) == "row"])
            columns = _multiplied([part for part in parts if kind(part.shape) != "row"])
            assert rows is not None
            assert columns is not None
            return chain([columns, rows])
        parts = sorted(parts, key=lambda part: kind(part.shape) != "matrix")
    node: Node | None = None
    for part in parts:
        node = part if node is None else table.mul(node, part)
    return node


def _divided(node: Node, below: Sequence[Node]) -> Node:
    """A fraction; columns and rows below the line divide one after the other, or make an outer product."""
    rows = [part for part in below if kind(part.shape) == "row"]
    if rows and any(kind(part.shape) == "vector" for part in below):
        node = _divided(node, [part for part in below if kind(part.shape) != "row"])
        below = rows
    divider = _multiplied(below)
    if divider is None:
        return node
    if {kind(node.shape), kind(divider.shape)} == {"row", "vector"}:
        over = table.div(table.number(1), divider)
        return chain([over, node] if kind(node.shape) == "row" else [node, over])
    return table.div(node, divider)


def _terminates(q: int) -> bool:
    for p in (2, 5):
        while q % p == 0:
            q //= p
    return q == 1


def _coefficient(c: Number) -> tuple[Node | None, Node | None]:
    """A positive coefficient as a factor above and one below the line: 2, 0.1, 1.5, and /2, /3."""
    c = Fraction(checked(c))
    p, q = c.numerator, c.denominator
    if q == 1:
        return (None if p == 1 else table.number(p)), None
    if (p == 1 and q < 10) or not _terminates(q):
        return (None if p == 1 else table.number(p)), table.number(q)
    return table.number(c), None


def _means(scalars: Powers, body: Sequence[Node], marks: Powers) -> tuple[Powers, Sequence[Node], Powers]:
    """A sum over its number of entries is a mean."""
    counts = {node.params[0] for node, p in scalars if node.op == "dim" and p <= -1}
    if not counts:
        return scalars, body, marks
    left = dict(scalars)
    given, body = body, _summed(body)
    for node, p in scalars:
        mean = _mean(node, left) if p == 1 else None
        if mean is not None:
            del left[node]
            left[mean] = left.get(mean, 0) + 1
    means = [_mean(node, left) for node in body]
    new_body = [mean or node for mean, node in zip(means, body, strict=True)] if any(means) else given
    new_marks = [((_mean(node, left) if p == 1 else None) or node, p) for node, p in marks]
    return list(left.items()), new_body, new_marks


def _summed(body: Sequence[Node]) -> Sequence[Node]:
    """A product with ones at one end as a sum along an axis, which may be a mean."""
    if len(body) < 2:
        return body
    if _is_ones_row(body[0]):
        whole = chain(body)
        return [whole] if whole.op in ("sum", "T") else body
    last, rest = body[-1], chain(body[:-1])
    if last.op == "ones" and last.shape[1] == 1 and kind(rest.shape) == "matrix":
        return [intern("sum", (rest,), (1,), (rest.shape[0], 1))]
    return body


def _mean(node: Node, scalars: dict[Node, Number]) -> Node | None:
    """``mean(X)`` for ``sum(X)`` where the count stands below the line; the count is taken away."""
    if node.op == "T":
        inner = _mean(node.args[0], scalars)
        return None if inner is None else table.transpose(inner)
    if node.op == "matmul":
        (node,) = found if len(found := _summed(node.args)) == 1 else (node,)
        if node.op == "T":
            return _mean(node, scalars)
    if node.op != "sum":
        return None
    counts = [table.dimension(a) for a, b in zip(node.args[0].shape, node.shape, strict=True) if a != 1 and b == 1]
    if len(set(counts)) < len(counts) or any(scalars.get(count, 0) > -1 for count in counts):
        return None
    for count in counts:
        scalars[count] += 1
        if not scalars[count]:
            del scalars[count]
    return intern("mean", node.args, node.params, node.shape)


def product(c: Number, scalars: Powers, body: Sequence[Node], marks: Powers = ()) -> Node:
    """A term with a positive coefficient: number, scalars, then a product ``body`` or entrywise ``marks``."""
    scalars, body, marks = _means(scalars, body, marks)
    number, divisor = _coefficient(c)
    names, below = _split(scalars)
    if divisor is not None:
        below.insert(0, divisor)
    if not body:
        above, under = _split(marks)
        node = _multiplied([*([number] if number else []), *names])
        if above:
            inner = _multiplied(above)
            assert inner is not None
            node = inner if node is None else scaled(node, inner)
        below = [*below, *under]
    else:
        node = _multiplied([*([number] if number else []), *names])
        node = scaled(node, chain(body))
    return _divided(table.number(1) if node is None else node, below)


def _place(item: tuple[Number, Node]) -> tuple[bool, bool, int, int, tuple[int, str, str]]:
    sign, node = item
    return (sign < 0, node.op == "num", -leaves(node), token_count(node), rank(node))


def sum_of(terms: Sequence[tuple[Number, Node]]) -> Node:
    """A sum of signed nodes, each with the sign of its number; a sum among them is written term by term."""
    ordered = sorted([part for sign, node in terms for part in addends(sign, node)], key=_place)
    (sign, node), rest = ordered[0], ordered[1:]
    total = negated(node) if sign < 0 else node
    for sign, node in rest:
        total = table.add(total, node) if sign > 0 else table.sub(total, node)
    return total


def addends(sign: Number, node: Node) -> list[tuple[Number, Node]]:
    """The signed terms of a short sum whose terms all have its shape or are scalars; a product is its one term."""
    found: list[tuple[Number, Node]] = []
    waiting = [(sign, node)]
    while waiting:
        sign, part = waiting.pop()
        if part.op in ("add", "sub") and part.size < SHORT and all(a.shape in (part.shape, (1, 1)) for a in part.args):
            waiting += [(sign, part.args[0]), (-sign if part.op == "sub" else sign, part.args[1])]
        else:
            found.append((sign, part))
    return found
