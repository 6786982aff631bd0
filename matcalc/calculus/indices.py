"""Index notation: values as entries, in the language's own index expressions, ``{i, j: sum(k: A[i, k]*B[k, j])}``.

This stands with the calculus, since what it writes are index terms, which have no matrix form where a derivative is a
tensor of order three or four.  Free indices come first, ``i, j``, and the letters avoid the program's names.  Products,
sums and transposes are opened into entries; functions keep their arguments in matrix notation, ``f'(W@x + b)[i]``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import TypeAlias

from matcalc.calculus.lowering import einsum_of, places_of
from matcalc.calculus.terms import Key, Number, Sum
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS
from matcalc.render.measure import token_count
from matcalc.render.numbers import decimal
from matcalc.render.printer import LIMIT, used_names
from matcalc.render.source import source

__all__ = ["indices"]

ADD, MUL, UNARY, POWER, ATOM = range(1, 6)
OPENED = 120  # written-out size up to which a factor is opened into entries
LETTERS = "ijklmnpqrstuvwabcdegh"

Written: TypeAlias = tuple[int, str]
Place: TypeAlias = tuple[str, ...]


def indices(value: Sum, taken: Collection[str] = ()) -> str:
    """A value in index notation; ``taken`` are names that no index may have.

    >>> from matcalc.calculus.lowering import lower
    >>> from matcalc.operations.table import matmul, transpose, variable
    >>> W, x = variable("W", ("n", "d")), variable("x", ("n", 1))
    >>> indices(lower(matmul(transpose(W), x)))
    '{i: sum(j: W[j, i]*x[j])}'
    """
    return _Writer(value, taken).written()


class _Writer:
    def __init__(self, value: Sum, taken: Collection[str]) -> None:
        self.value = value
        nodes = {node for key in value.terms for part in key for node, *_ in part}
        self.used = {*taken, *OPERATIONS}.union(*[used_names(node) for node in nodes])
        self.before: list[str] = []  # abbreviations of what is too long for a line
        self.long: dict[Node, str] = {}
        self.letters = self._letters()

    def _letters(self) -> Iterator[str]:
        """Letters that are free; the same ones serve every term."""
        yield from [letter for letter in LETTERS if letter not in self.used]
        count = 0
        while True:
            count += 1
            if f"i{count}" not in self.used:
                yield f"i{count}"

    def written(self) -> str:
        extra = [k for k, _ in self.value.extra]
        free = extra + [k for k in self.value.free if k not in extra]
        names = {k: next(self.letters) for k in free}
        self.spare: list[str] = []
        parts = [self.term(key, c, names) for key, c in self.value.terms.items()]
        body = _sum(parts) if parts else (ATOM, "0")
        text = f"{{{', '.join(names.values())}: {body[1]}}}" if free else body[1]
        return "\n".join([*self.before, text])

    def fresh(self, scope: Collection[str]) -> str:
        """A letter that is not in use in this scope."""
        for letter in self.spare:
            if letter not in scope:
                return letter
        self.spare.append(next(self.letters))
        return self.spare[-1]

    def term(self, key: Key, c: Number, free: dict[int, str]) -> tuple[int, Written]:
        """A term without its sign, and the sign."""
        scalars, factors = key
        names = dict(free)
        summed = sorted({k for _, _, index in factors for k in index if k not in names})
        for k in summed:
            names[k] = self.fresh(set(names.values()))
        scope = tuple(names.values())
        entries = [(self.entry(node, tuple([names[k] for k in i]), scope), p, set(i)) for node, p, i in factors]
        outside = [(self.entry(node, (), scope), p) for node, p in scalars]
        outside += [(entry, p) for entry, p, index in entries if not index.intersection(summed)]
        inside = [(entry, p) for entry, p, index in entries if index.intersection(summed)]
        if summed:
            body = _product(1, inside)
            outside.append(((ATOM, f"sum({', '.join([names[k] for k in summed])}: {body[1]})"), 1))
        return (1 if c > 0 else -1), _product(c if c > 0 else -c, outside)

    def entry(self, node: Node, place: Place, scope: Place) -> Written:
        """The entry of a node at a place, one index for each of its axes."""
        if node.op == "pair":
            whole, first, second = place
            size = dim_text(node.params[1])
            size = f"({size})" if " " in size else size
            return ATOM, f"eye({dim_text(node.shape[0])})[{whole}, {first}*{size} + {second}]"
        if node.op == "eye":
            place = tuple(sorted(place, key=LETTERS.find))
        if node.size <= OPENED:
            opened = self.opened(node, place, scope)
            if opened is not None:
                return opened
        return self.closed(node, place)

    def closed(self, node: Node, place: Place) -> Written:
        """A node in matrix notation, with indices behind it."""
        text = self.long.get(node)
        if text is None:
            *before, text = source(node, taken=self.used).split("\n")
            self.before += before
            self.used.update([line.split(" = ")[0] for line in before])
            if token_count(node) > LIMIT:
                self.long[node] = text
        plain = node.op in ("var", "let", "apply", "index", "stack") or (node.op in OPERATIONS and text.endswith(")"))
        called = plain and node.op not in ("T", "neg", "matmul", "mul", "div", "add", "sub", "pow")
        if not place:
            return (ATOM if called or node.op in ("num", "dim", "pi") else ADD), text
        return ATOM, f"{text}[{', '.join(place)}]" if called or node.op == "eye" else f"({text})[{', '.join(place)}]"

    def opened(self, node: Node, place: Place, scope: Place) -> Written | None:
        """The entry of a sum, product or transpose, by the entries of its arguments."""
        op = node.op
        if op == "num":
            return _number(node.params[0])
        if op in ("ones", "zeros"):
            return ATOM, "1" if op == "ones" else "0"
        if op in ("add", "sub"):
            a, b = [self.at(argument, node, place, scope) for argument in node.args]
            return _sum([(1, a), (1 if op == "add" else -1, b)])
        if op == "neg":
            level, text = self.entry(node.args[0], place, scope)
            return UNARY, f"-{text if level >= MUL else f'({text})'}"
        if op in ("div", "mul") and len(node.args) == 2:
            a, b = [self.at(argument, node, place, scope) for argument in node.args]
            return _product(1, [(a, 1), (b, 1 if op == "mul" else -1)])
        if op == "pow" and node.args[1].op == "num":
            return _product(1, [(self.at(node.args[0], node, place, scope), node.args[1].params[0])])
        if op in OPERATIONS and op != "mean" and op not in ELEMENTWISE_NAMES and OPERATIONS[op].einsum:
            return self.multilinear(node, place, scope)
        return None

    def at(self, argument: Node, node: Node, place: Place, scope: Place) -> Written:
        """The entry of an argument that broadcasts."""
        found = iter(place)
        letters = ["" if dim == 1 else next(found) for dim in node.shape]
        kept = [k for k, dim in zip(letters, argument.shape, strict=True) if dim != 1]
        return self.entry(argument, tuple(kept), scope)

    def multilinear(self, node: Node, place: Place, scope: Place) -> Written:
        """A product by its index form: ``sum(k: A[i, k]*B[k, j])``."""
        where, sizes = places_of(einsum_of(node), [a.shape for a in node.args], node.shape)
        free = [axis for axis, dim in enumerate(node.shape) if dim != 1]
        letters = dict(zip(free, place, strict=True))
        for k in sizes:
            letters[k] = self.fresh({*scope, *letters.values()})
        inner = (*scope, *letters.values())
        parts: list[tuple[Written, Number]] = []
        for argument, axis in zip(node.args, where, strict=True):
            index = tuple([letters[axis[k]] for k, dim in enumerate(argument.shape) if dim != 1])
            parts.append((self.entry(argument, index, inner), 1))
        body = _product(1, parts)
        summed = [letters[k] for k in sizes]
        return (ATOM, f"sum({', '.join(summed)}: {body[1]})") if summed else body


def _sum(parts: Sequence[tuple[int, Written]]) -> Written:
    """Signed terms."""
    if len(parts) == 1 and parts[0][0] > 0:
        return parts[0][1]
    text = ""
    for sign, (level, term) in sorted(parts, key=lambda part: part[0] < 0) if parts[0][0] < 0 else parts:
        shown = f"({term})" if level < MUL and (sign < 0 or text) else term
        text += (f" {'+' if sign > 0 else '-'} {shown}") if text else (shown if sign > 0 else f"-{shown}")
    return ADD, text


def _number(value: Number) -> Written:
    value = Fraction(value)
    text = decimal(abs(value))
    if value < 0:
        return UNARY, f"-{text}"
    return (MUL if "/" in text else ATOM), text


def _product(c: Number, parts: Sequence[tuple[Written, Number]]) -> Written:
    """A coefficient times powers."""
    c = Fraction(c)
    above = [_number(Fraction(c.numerator))] if c.numerator != 1 else []
    below = [_number(Fraction(c.denominator))] if c.denominator != 1 else []
    for written, p in parts:
        (above if p > 0 else below).append(_power(written, p if p > 0 else -p))
    if not above:
        above = [(ATOM, "1")]
    text = "*".join([_fit(part, UNARY if place else MUL) for place, part in enumerate(above)])
    for part in below:
        text += f"/{_fit(part, POWER)}"
    alone = len(above) == 1 and not below
    return (above[0][0] if alone else MUL), (above[0][1] if alone else text)


def _power(written: Written, p: Number) -> Written:
    if p == 1:
        return written
    level, exponent = _number(p)
    return POWER, f"{_fit(written, ATOM)}**{exponent if level > MUL else f'({exponent})'}"


def _fit(written: Written, level: int) -> str:
    return written[1] if written[0] >= level else f"({written[1]})"


