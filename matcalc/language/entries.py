"""Index notation in programs: ``{i, k: sum(j: A[i, j]*X[j, k])}``, values given entry by entry.

What stands before the brackets of an entry is an expression of its own; the arithmetic between entries becomes a
list of instructions in postfix order, which the shape rule and the builder both walk. Index letters are seen only
inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from matcalc.errors import ParseError, UnsupportedError
from matcalc.expressions.dims import Dim, multiply, quotient
from matcalc.expressions.node import Shape, axes
from matcalc.language.calls import dimension
from matcalc.language.scope import Scope
from matcalc.operations.registry import Checker, describe
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS
from matcalc.syntax.tree import Binary, Call, Entries, Index, IndexSum, Name, Number, Syntax, Unary

__all__ = ["Instruction", "entries_shape", "instructions", "ranges"]

Instruction: TypeAlias = tuple[Any, ...]
# Entries are scalars, so that the MATLAB-style `*` `/` `^` are what the elementwise ones are.
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "mtimes": "mul", "mrdivide": "div"}
PRODUCTS = ("mtimes",)
PRIME = "′"  # tells letters of one name apart
POWERS, TIMES, OVER = ("**", "mpower"), ("*", "mtimes"), ("/", "mrdivide")


def _of_sums(body: Syntax) -> set[str]:
    """The letters that are summed over in an index expression, but for those of index notation inside it."""
    found: set[str] = set()
    stack = [body]
    while stack:
        part = stack.pop()
        if isinstance(part, IndexSum):
            found.update(part.indices)
        if not isinstance(part, Entries):
            stack.extend(part.children)
    return found


class Reader:
    """Walks the body of an index expression."""

    def __init__(self, tree: Entries, scope: Scope) -> None:
        self.scope = scope
        self.letters = set(tree.indices)
        self.bases: list[Syntax] = []  # what stands before brackets, and scalars
        self.code: list[Instruction] = []
        self.names: dict[str, str] = {}  # what letters are called in the instructions
        self.sums: dict[str, int] = dict.fromkeys(tree.indices, 1)
        self.letters.update(_of_sums(tree.body))

    def read(self, body: Syntax) -> None:
        """Append the instructions of the body."""
        stack: list[tuple[Syntax, Instruction | None, dict[str, str]]] = [(body, None, {})]
        while stack:
            tree, after, self.names = stack.pop()
            if after is not None:
                self.code.append(after)
                continue
            names = self.own(tree, self.names) if isinstance(tree, IndexSum) else self.names
            self.names = names
            for part in reversed(self.parts(tree)):
                stack.append((*part, names))

    def own(self, tree: IndexSum, names: dict[str, str]) -> dict[str, str]:
        """The letters of a sum, each apart from those of the sums before it, which may run further or less far."""
        new = dict(names)
        for letter in tree.indices:
            new[letter] = letter + PRIME * self.sums.get(letter, 0)
            self.sums[letter] = self.sums.get(letter, 0) + 1
        return new

    def parts(self, tree: Syntax) -> list[tuple[Syntax, Instruction | None]]:
        """What to do for a tree, in order: its operands, then its own instruction."""
        if isinstance(tree, Number):
            return [(tree, ("num", tree.value))]
        if isinstance(tree, Name):
            if tree.name in self.letters:
                message = f"the index {tree.name} is no number here"
                raise self.scope.error(ParseError, message, tree, "use it in brackets")
            return [(tree, ("scalar", self.base(tree)))]
        if isinstance(tree, Index):
            return [(tree, ("at", self.base(tree.operand), tuple([self.item(item) for item in tree.items])))]
        if isinstance(tree, IndexSum):
            return [(tree.body, None), (tree, ("sum", tuple([self.names[letter] for letter in tree.indices])))]
        if isinstance(tree, Unary):
            own: list[tuple[Syntax, Instruction | None]] = [(tree, ("neg",))] if tree.operator == "-" else []
            return [(tree.operand, None), *own]
        if isinstance(tree, Binary) and tree.operator in PRODUCTS and not self.has_letters(tree):
            return [(tree, ("scalar", self.base(tree)))]  # of matrices, such as x'*A*x
        if isinstance(tree, Binary) and tree.operator in OPERATORS:
            return [(tree.left, None), (tree.right, None), (tree, (OPERATORS[tree.operator],))]
        if isinstance(tree, Binary) and tree.operator in POWERS:
            if not _is_constant(tree.right) and not self.has_letters(tree):
                return [(tree, ("scalar", self.base(tree)))]  # a scalar to any power, such as dot(x, x)**t
            return [(tree.left, None), (tree, ("pow", self.constant(tree.right)))]
        if isinstance(tree, Call) and len(tree.arguments) == 1 and not tree.keywords:
            known = tree.function in ELEMENTWISE_NAMES and not tree.primes
            if self.has_letters(tree) and (known or tree.function not in OPERATIONS):
                if not known:
                    self.scope.use_function(tree)
                return [(tree.arguments[0], None), (tree, ("call", tree.function, tree.primes, known))]
        if not self.has_letters(tree):
            return [(tree, ("scalar", self.base(tree)))]
        raise self.scope.error(
            UnsupportedError, "this cannot stand between entries", tree,
            "entries are added, multiplied, divided, raised to numbers, summed, and put into elementwise functions",
        )  # fmt: skip

    def has_letters(self, tree: Syntax) -> bool:
        """Whether an index letter stands in a tree; index notation in it has letters of its own."""
        stack: list[tuple[Syntax, frozenset[str]]] = [(tree, frozenset())]
        while stack:
            part, own = stack.pop()
            if isinstance(part, Name) and part.name in self.letters and part.name not in own:
                return True
            if isinstance(part, Entries):
                own = own.union(part.indices, _of_sums(part.body))
            stack.extend([(child, own) for child in part.children])
        return False

    def base(self, tree: Syntax) -> int:
        """The position of an operand among the arguments."""
        if self.has_letters(tree):
            raise self.scope.error(UnsupportedError, "an index letter stands inside what is indexed", tree)
        self.bases.append(tree)
        return len(self.bases) - 1

    def item(self, tree: Syntax) -> tuple[Any, ...]:
        """An index: a letter, a fixed place, or ``i*p + k``, two indices as one."""
        if isinstance(tree, Name) and tree.name in self.letters:
            return ("letter", self.names.get(tree.name, tree.name))
        if not self.has_letters(tree):
            return ("fixed", dimension(tree, self.scope, "an index"))
        if isinstance(tree, Binary) and tree.operator == "+" and isinstance(tree.left, Binary):
            outer, size, inner = tree.left.left, tree.left.right, tree.right
            if tree.left.operator in TIMES and isinstance(outer, Name) and isinstance(inner, Name):
                first, second = [self.names.get(name, name) for name in (outer.name, inner.name)]
                return ("pair", first, dimension(size, self.scope, "a dimension"), second)
        raise self.scope.error(UnsupportedError, "an index is a letter, a number, or i*p + k", tree)

    def constant(self, tree: Syntax) -> Fraction:
        """A number as exponent."""
        sign = 1
        while isinstance(tree, Unary):
            sign, tree = (-sign if tree.operator == "-" else sign), tree.operand
        if isinstance(tree, Number):
            return sign * Fraction(tree.value)
        if isinstance(tree, Binary) and tree.operator in OVER:
            return sign * self.constant(tree.left) / self.constant(tree.right)
        raise self.scope.error(UnsupportedError, "entries are raised to numbers alone", tree)


def _is_constant(tree: Syntax) -> bool:
    """Whether an exponent is a number, with a sign or a quotient of such."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Unary):
            waiting.append(part.operand)
        elif isinstance(part, Binary) and part.operator in OVER:
            waiting += [part.left, part.right]
        elif not isinstance(part, Number):
            return False
    return True


def instructions(tree: Entries, scope: Scope) -> tuple[list[Syntax], tuple[Any, ...]]:
    """The operands of an index expression, and its parameters: the free letters and the instructions."""
    if len(set(tree.indices)) < len(tree.indices):
        raise scope.error(ParseError, "an index stands twice before the colon", tree)
    reader = Reader(tree, scope)
    reader.read(tree.body)
    return reader.bases, (tree.indices, tuple(reader.code))


def ranges(check: Checker, shapes: Sequence[Shape], code: Sequence[Instruction]) -> dict[str, Dim]:
    """How far each letter runs, from all places where it stands."""
    found: dict[str, Dim] = {}
    pairs: list[tuple[str, Dim, Dim]] = []
    for what, *rest in code:
        if what == "scalar" and shapes[rest[0]] != (1, 1):
            raise check.misfit(f"a {describe(shapes[rest[0]])} stands where one entry is meant", "index it: x[i]")
        if what != "at":
            continue
        position, items = rest
        sizes = axes(shapes[position])
        if len(sizes) != len(items):
            raise check.misfit(f"a {describe(shapes[position])} has {len(sizes)} indices, {len(items)} are given")
        for size, item in zip(sizes, items, strict=True):
            if item[0] == "letter":
                found[item[1]] = check.same(found.get(item[1], size), size)
            elif item[0] == "pair":
                _, outer, inner_size, inner = item
                found[inner] = check.same(found.get(inner, inner_size), inner_size)
                pairs.append((outer, inner_size, size))
    for outer, inner_size, size in pairs:
        if outer not in found:  # a product of sizes tells how far it runs
            runs = quotient(size, inner_size)
            found.update({} if runs is None else {outer: runs})
        if outer in found:
            check.same(multiply(found[outer], inner_size), size)
    return found


def entries_shape(check: Checker, shapes: Sequence[Shape], params: tuple[Any, ...]) -> Shape:
    """The shape rule: one free letter gives a column, two a matrix."""
    free, code = params
    found = ranges(check, shapes, code)
    letters = [*free, *[letter for what, *rest in code if what == "sum" for letter in rest[0]]]
    for letter in letters:
        if letter not in found:
            hint = "index something by it, ones(n)[i] if need be"
            raise check.misfit(f"nothing tells how far the index {letter} runs", hint)
    sizes = [found[letter] for letter in free]
    if len(sizes) > 2:
        raise check.misfit("a value in a program has at most two indices", "sum over the others")
    return (*sizes, *(1,) * (2 - len(sizes)))  # type: ignore[return-value]
