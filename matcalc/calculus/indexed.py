"""Index expressions of a program, understood: instructions in entries become index terms, and these
a node.

A value that has a matrix form is that form; any other is an ``entries`` node (`matcalc.calculus.tensors`), which is
differentiated and compiled like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from matcalc import facts
from matcalc.calculus import contraction
from matcalc.calculus.factoring import write
from matcalc.calculus.free_variation import freed, replaced
from matcalc.calculus.lowering import lower
from matcalc.calculus.magnitudes import power_of
from matcalc.calculus.sums import factor_of
from matcalc.calculus.tensors import entries, indexed_sum, is_entries
from matcalc.calculus.terms import FIRST, Key, Number, Raw, Sum, free_of, normalise
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import Dim, add
from matcalc.expressions.node import NAMED, Node, axes, intern, postorder
from matcalc.operations import table

__all__ = ["node_of"]

MANY = 400  # terms that products of sums may have


class _Value:
    """A value in entries: terms over numbered letters, and which letters stand in it."""

    __slots__ = ("free", "raws")

    def __init__(self, raws: list[Raw], free: set[int]) -> None:
        self.raws, self.free = raws, free


class _Builder:
    def __init__(self, free: Sequence[str], sizes: Mapping[str, Dim], args: Sequence[Node]) -> None:
        self.args, self.sizes = args, sizes
        self.scope: dict[str, int] = {letter: i for i, letter in enumerate(free)}
        self.dims: dict[int, Dim] = {i: sizes[letter] for i, letter in enumerate(free)}
        self.next = FIRST

    def number_of(self, letter: str) -> int:
        if letter not in self.scope:
            self.scope[letter] = self.next
            self.dims[self.next] = self.sizes[letter]
            self.next += 1
        return self.scope[letter]

    def entry(self, node: Node, items: Sequence[tuple[Any, ...]]) -> _Value:
        """``A[i, j]``; fixed places are unit vectors, pairs of letters a pairing."""
        raw = Raw()
        index: list[int] = []
        free: set[int] = set()
        if any(item[0] == "pair" for item in items):
            whole = next(self.number_of(item[1]) for item in items if item[0] == "letter")
            pair = next(item for item in items if item[0] == "pair")
            first, second = self.number_of(pair[1]), self.number_of(pair[3])
            raw.factors.append((table.pair(self.dims[first], self.dims[second]), 1, (whole, first, second)))
            return _Value([raw], {whole, first, second})
        for size, item in zip(axes(node.shape), items, strict=True):
            if item[0] == "letter":
                index.append(self.number_of(item[1]))
                free.add(index[-1])
            else:
                at = add(size, item[1]) if isinstance(item[1], int) and item[1] < 0 else item[1]
                raw.factors.append((contraction.unit(size, at), 1, (self.next,)))
                raw.sizes[self.next] = size
                index.append(self.next)
                self.next += 1
        if node.op == "ones":  # it tells how far its indices run, and no more
            return _Value([Raw()], free)
        raw.factors.append((node, 1, tuple(index)))
        return _Value([raw], free)

    def product(self, a: _Value, b: _Value) -> _Value:
        """Products of terms; of two sums, each is closed into one factor where it has a matrix form."""
        if len(a.raws) > 1 and len(b.raws) > 0:
            a = self.closed(a)
        if len(b.raws) > 1:
            b = self.closed(b)
        if len(a.raws) * len(b.raws) > MANY:
            raise UnsupportedError("this product of sums of entries has too many terms", hint="name a part of it")
        return _Value([_joined(x, y) for x in a.raws for y in b.raws], a.free | b.free)

    def closed(self, value: _Value) -> _Value:
        """A sum as one factor, where it has at most two indices and a matrix form."""
        if len(value.free) > 2:
            return value
        order = sorted(value.free)
        node = self.node(value, order)
        if node.op == "entries":
            return value
        free = free_of(node.shape)
        (scalars, factors), c = factor_of(node, free)
        raw = Raw(c)
        raw.scalars = dict(scalars)
        place = dict(zip(free, order, strict=True))
        raw.factors = [(n, p, tuple([place[k] for k in index])) for n, p, index in factors]
        return _Value([raw], value.free)

    def node(self, value: _Value, order: Sequence[int]) -> Node:
        """The node of a value whose axes are these letters."""
        place = {k: i for i, k in enumerate(order)}
        sizes = [self.dims[k] for k in order]
        rows, columns, *more = [*sizes, 1, 1]
        total = Sum((1, 1), tuple(enumerate(sizes))) if len(more) > 2 else Sum((rows, columns))
        for raw in value.raws:
            normalise(_moved(raw, place, total), total.free, total)
        return write(total) if len(order) <= 2 else entries(total, range(len(order)))

    def function(self, value: _Value, instruction: tuple[Any, ...]) -> _Value:
        """An elementwise function of a value in entries, which must have a matrix form."""
        _, name, primes, known = instruction
        order = sorted(value.free)
        if len(order) > 2:
            raise UnsupportedError(f"{name} of a value with more than two indices is not supported")
        inner = self.node(value, order)
        node = intern(name, (inner,), (), inner.shape) if known else table.apply(name, primes, inner)
        raw = Raw()
        if order:
            raw.factors.append((node, 1, tuple(order)))
        else:
            raw.scale(node)
        return _Value([raw], value.free)

    def power(self, value: _Value, p: Fraction) -> _Value:
        """A power of one factor, or of a value that has a matrix form."""
        power = int(p) if p.denominator == 1 else p
        if not power:
            return _Value([Raw()], value.free)
        number = power_of(value.raws[0].coeff, power) if len(value.raws) == 1 and isinstance(power, int) else None
        if isinstance(power, int) and number is not None and not self.has_sums(value):
            old, raw = value.raws[0], Raw(number)
            raw.scalars = {node: q * power for node, q in old.scalars.items()}
            raw.factors = [(node, _power_of(node, q * power), index) for node, q, index in old.factors]
            return _Value([raw], value.free)
        order = sorted(value.free)
        if len(order) > 2:
            if power not in (2, 3):
                raise UnsupportedError("such a power of a value with more than two indices is not supported")
            result = value
            for _ in range(int(power) - 1):
                result = self.product(result, self.again(value))
            return result
        inner = self.node(value, order)
        raw = Raw()
        if order:
            raw.factors.append((inner, power, tuple(order)))
        else:
            contraction.scale(raw, inner, power)
        return _Value([raw], value.free)

    def has_sums(self, value: _Value) -> bool:
        """Whether a letter is summed inside a value."""
        inside = {k for raw in value.raws for k in (*raw.sizes, *(k for f in raw.factors for k in f[2]))}
        return bool(inside - value.free)

    def again(self, value: _Value) -> _Value:
        """A copy of a value whose summed letters are its own."""
        raws = []
        for raw in value.raws:
            names = {k: k for k in value.free}
            for k in sorted({*raw.sizes, *(k for f in raw.factors for k in f[2])} - value.free):
                names[k] = self.next
                if k in self.dims:
                    self.dims[self.next] = self.dims[k]
                self.next += 1
            copy = Raw(raw.coeff)
            copy.scalars = dict(raw.scalars)
            copy.factors = [(n, p, tuple([names[k] for k in index])) for n, p, index in raw.factors]
            copy.sizes = {names[k]: dim for k, dim in raw.sizes.items()}
            raws.append(copy)
        return _Value(raws, value.free)

    def summed(self, value: _Value, letters: Sequence[str]) -> _Value:
        """A sum over letters: they are no longer free, and may be used again."""
        gone = {self.number_of(letter) for letter in letters}
        for raw in value.raws:
            raw.sizes.update({k: self.dims[k] for k in gone})
        for letter in letters:
            del self.scope[letter]
        return _Value(value.raws, value.free - gone)


def _power_of(node: Node, p: Number) -> Number:
    """The power of a factor; the entries of a pairing are 0 and 1, which are their own powers."""
    if node.op != "pair":
        return p
    if p < 0:
        raise UnsupportedError("an identity matrix indexed by two letters as one has zeros, and divides nothing")
    return 1


def _joined(a: Raw, b: Raw) -> Raw:
    raw = Raw(a.coeff * b.coeff)
    raw.scalars = dict(a.scalars)
    for node, p in b.scalars.items():
        raw.scale(node, p)
    raw.factors = [*a.factors, *b.factors]
    raw.sizes = {**a.sizes, **b.sizes}
    return raw


def _moved(raw: Raw, place: Mapping[int, int], total: Sum) -> Raw:
    """The term with its free letters at the axes of the sum, its summed ones above them."""
    new = Raw(raw.coeff)
    new.scalars = dict(raw.scalars)
    names = {k: place[k] if k in place else k + FIRST for f in raw.factors for k in f[2]}
    names.update({k: place.get(k, k + FIRST) for k in raw.sizes})
    new.factors = [(n, p, tuple([names[k] for k in index])) for n, p, index in raw.factors]
    new.sizes = {names[k]: dim for k, dim in raw.sizes.items()}
    new.sizes.update(zip(total.free, total.dims, strict=True))
    for node, _, index in new.factors:
        new.sizes.update(zip(index, axes(node.shape), strict=True))
    return new


def _number(value: Fraction) -> Raw:
    c: Number = int(value) if value.denominator == 1 else value
    return Raw(c)


def node_of(
    free: Sequence[str], code: Sequence[tuple[Any, ...]], sizes: Mapping[str, Dim], args: Sequence[Node], *,
    program: bool = False,
) -> Node:  # fmt: skip
    """The node of an index expression; ``sizes`` says how far the letters run.

    It may be differentiated, by variables that vary more freely than what is known of their values: what a type merely
    assumes, as `orthogonal` does, is not used in it, nor, in a ``program``, what is known of the values of names.
    """
    found = _node(free, code, sizes, args)
    if not any(facts.known(argument)[0] for argument in args):
        return found
    free_ones = freed(postorder(*args))
    if program:
        lets = [node for node in postorder(*args, into=lambda n: n.op not in NAMED) if node.op == "let"]
        free_ones |= {let: table.variable(let.params[0], let.shape) for let in lets}
    if not free_ones:
        return found
    new = replaced(args, free_ones)
    plain = _node(free, code, sizes, [new[argument] for argument in args])
    if _terms(replaced([found], free_ones)[found]) == _terms(plain):
        return found
    return replaced([plain], {free_one: typed for typed, free_one in free_ones.items()})[plain]


def _terms(node: Node) -> dict[Key, Number]:
    return (indexed_sum(node) if is_entries(node) else lower(node)).terms


def _node(
    free: Sequence[str], code: Sequence[tuple[Any, ...]], sizes: Mapping[str, Dim], args: Sequence[Node]
) -> Node:
    builder = _Builder(free, sizes, args)
    stack: list[_Value] = []
    for instruction in code:
        what = instruction[0]
        if what == "num":
            stack.append(_Value([_number(instruction[1])], set()))
        elif what == "scalar":
            raw = Raw()
            contraction.scale(raw, args[instruction[1]])
            stack.append(_Value([raw], set()))
        elif what == "at":
            stack.append(builder.entry(args[instruction[1]], instruction[2]))
        elif what in ("add", "sub"):
            b, a = stack.pop(), stack.pop()
            if what == "sub":
                b = builder.product(_Value([Raw(-1)], set()), b) if len(b.raws) == 1 else _negated(b)
            stack.append(_Value([*a.raws, *b.raws], a.free | b.free))
        elif what == "neg":
            stack.append(_negated(stack.pop()))
        elif what == "mul":
            b, a = stack.pop(), stack.pop()
            stack.append(builder.product(a, b))
        elif what == "div":
            b, a = stack.pop(), stack.pop()
            stack.append(builder.product(a, builder.power(b, Fraction(-1))))
        elif what == "pow":
            stack.append(builder.power(stack.pop(), instruction[1]))
        elif what == "sum":
            stack.append(builder.summed(stack.pop(), instruction[1]))
        else:
            stack.append(builder.function(stack.pop(), instruction))
    return builder.node(stack.pop(), range(len(free)))


def _negated(value: _Value) -> _Value:
    for raw in value.raws:
        raw.coeff = -raw.coeff
    return value
