"""Index notation: values as entries, in the language's own index expressions, ``{i, j: sum(k: A[i, k]*B[k, j])}``.

This stands with the calculus, since what it writes are index terms, which have no matrix form where a derivative is
a tensor of order three or four. Free indices come first, ``i, j``, and the letters avoid the program's names.
Products, sums and transposes are opened into entries; functions keep their arguments in matrix notation, ``f'(W@x +
b)[i]``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from matcalc.calculus.entry_forms import ATOM, Form, LatexForm, Place, Written
from matcalc.calculus.multilinear import einsum_of, places_of
from matcalc.calculus.terms import Key, Number, Sum, powers_of
from matcalc.expressions.node import Node
from matcalc.operations import table
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS
from matcalc.render.measure import token_count
from matcalc.render.printer import used_names

__all__ = ["entry_at", "indices", "is_long", "latex_indices"]

LONG = 3000  # tokens of the factors beyond which what they share is named
OPENED = 120  # written-out size up to which a factor is opened into entries
ONE: Written = (ATOM, "1")
LETTERS = "ijklmnpqrstuvwabcdegh"


def indices(
    value: Sum, taken: Collection[str] = (), syntax: str = "numpy", *, sized: bool = False, opened: bool = True
) -> str:
    """A value in index notation, in the language; ``taken`` are names that no index may have.

    ``sized`` lets zeros tell how far their indices run, as they must where they are read again.  Where ``opened`` is
    false, factors are not opened into entries: ``(A@B)[i, j]``, which is read back as it stands.

    >>> from matcalc.calculus.lowering import lower
    >>> from matcalc.operations.table import matmul, transpose, variable
    >>> W, x = variable("W", ("n", "d")), variable("x", ("n", 1))
    >>> indices(lower(matmul(transpose(W), x)))
    '{i: sum(j: W[j, i]*x[j])}'
    """
    writer = _Writer(value, taken, Form(syntax))
    writer.sized, writer.limit = sized, OPENED if opened else 0
    if is_long(value):
        writer.abbreviate()
    return writer.written()


def is_long(value: Sum) -> bool:
    """Whether index notation names what the factors share, and does not open them into entries."""
    return sum([token_count(node) for key in value.terms for node, _ in powers_of(key)]) > LONG


def latex_indices(value: Sum, taken: Collection[str] = ()) -> str:
    r"""A value in index notation in LaTeX: subscripts, sum signs and deltas.

    >>> from matcalc.calculus.lowering import lower
    >>> from matcalc.operations.table import matmul, transpose, variable
    >>> W, x = variable("W", ("n", "d")), variable("x", ("n", 1))
    >>> print(latex_indices(lower(matmul(transpose(W), x))))
    \left[ \sum_{j} W_{j i} \, x_{j} \right]_{i}
    """
    return _Writer(value, taken, LatexForm()).written()


def entry_at(value: Sum, letters: Mapping[int, str], form: Form, taken: Collection[str] = ()) -> str:
    """One entry of a value, at these letters for its free indices; empty where it does not fit on a line.

    >>> from matcalc.calculus.lowering import lower
    >>> from matcalc.operations.table import matmul, transpose, variable
    >>> W, x = variable("W", ("n", "d")), variable("x", ("n", 1))
    >>> entry_at(lower(matmul(transpose(W), x)), {0: "i"}, Form())
    'sum(j: W[j, i]*x[j])'
    """
    writer = _Writer(value, {*taken, *letters.values()}, form)
    body = writer.body(dict(letters))
    return "" if writer.before else body[1]


class _Writer:
    def __init__(self, value: Sum, taken: Collection[str], form: Form) -> None:
        self.value, self.form, self.sized, self.limit = value, form, False, OPENED
        nodes = {node for key in value.terms for part in key for node, *_ in part}
        self.used = {*taken, *OPERATIONS}.union(*[used_names(node) for node in nodes])
        self.before: list[str] = []  # abbreviations of what is too long for a line
        self.long: dict[Node, str] = {}  # factors in matrix notation
        self.letters = self._letters()

    def _letters(self) -> Iterator[str]:
        """Letters that are free; the same ones serve every term."""
        yield from [letter for letter in LETTERS if letter not in self.used]
        count = 0
        while True:
            count += 1
            if f"i{count}" not in self.used:
                yield f"i{count}"

    def abbreviate(self) -> None:
        """Name what factors share; they are not opened then."""
        factors = [node for key in self.value.terms for node, _ in powers_of(key) if node.op != "pair"]
        self.before, self.long = self.form.abbreviated(factors, self.used)
        self.used.update([line.split(" = ")[0] for line in self.before])
        self.limit = 0

    def written(self) -> str:
        extra = [k for k, _ in self.value.extra]
        free = extra + [k for k in self.value.free if k not in extra]
        names = {k: next(self.letters) for k in free}
        body = self.body(names)
        return "\n".join([*self.before, self.form.array(list(names.values()), body)])

    def body(self, names: dict[int, str]) -> Written:
        """The terms at these letters."""
        self.spare: list[str] = []
        parts = [self.term(key, c, names) for key, c in self.value.terms.items()]
        seen = {k for _, factors in self.value.terms for _, _, index in factors for k in index}
        sizes = dict(zip(self.value.free, self.value.dims, strict=True))
        for k in names if self.form.bounded else ():
            if k not in seen and parts:  # what does not vary with an index must tell how far it runs
                sign, first = parts[0]
                ones = self.closed(table.ones((sizes[k], 1)), (names[k],))
                parts[0] = (sign, self.form.product(1, [(first, 1), (ones, 1)]))
        if not parts and self.sized:
            every: list[tuple[Written, Number]] = [((ATOM, "0"), 1)]
            every += [(self.closed(table.ones((sizes[k], 1)), (letter,)), 1) for k, letter in names.items()]
            return self.form.product(1, every)
        return self.form.sum(parts) if parts else (ATOM, "0")

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
            outside.append((self.form.total([names[k] for k in summed], self.form.product(1, inside)), 1))
        return (1 if c > 0 else -1), self.form.product(c if c > 0 else -c, outside)

    def entry(self, node: Node, place: Place, scope: Place) -> Written:
        """The entry of a node at a place, one index for each of its axes."""
        if node.op == "pair":
            return self.form.pair(node, place)
        if node.op == "eye":
            place = tuple(sorted(place, key=LETTERS.find))
        if node.size <= self.limit:
            opened = self.opened(node, place, scope)
            if opened is not None:
                return opened
        return self.closed(node, place)

    def closed(self, node: Node, place: Place) -> Written:
        """A node in matrix notation, with indices behind it."""
        text = self.long.get(node)
        if text is None:
            *before, text = self.form.node(node, self.used).split("\n")
            self.before += before
            self.used.update([line.split(" = ")[0] for line in before])
            self.long[node] = text
        return self.form.entry(node, text, place)

    def opened(self, node: Node, place: Place, scope: Place) -> Written | None:
        """The entry of a sum, product or transpose, by the entries of its arguments."""
        op = node.op
        if op == "num":
            return self.form.number(node.params[0])
        if op in ("ones", "zeros"):
            return ATOM, "1" if op == "ones" else "0"
        if op in ("add", "sub"):
            a, b = [self.at(argument, node, place, scope) for argument in node.args]
            return self.form.sum([(1, a), (1 if op == "add" else -1, b)])
        if op == "neg":
            return self.form.negative(self.entry(node.args[0], place, scope))
        if op in ("div", "mul") and len(node.args) == 2:
            a, b = [self.at(argument, node, place, scope) for argument in node.args]
            return self.form.product(1, [(a, 1), (b, 1 if op == "mul" else -1)])
        if op == "pow" and node.args[1].op == "num":
            return self.form.product(1, [(self.at(node.args[0], node, place, scope), node.args[1].params[0])])
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
            part = self.entry(argument, index, inner)
            parts += [(part, 1)] if part != ONE else []  # of ``A@ones(n)``
        body = self.form.product(1, parts)
        summed = [letters[k] for k in sizes]
        return self.form.total(summed, body) if summed else body
