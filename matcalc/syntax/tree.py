"""The syntax tree: what was written, nothing about what it means.

Every node keeps ``start``, the offset of the character an error about it points at (an operator's own place
for `Binary`, the first character for all else).  Trees are built bottom-up by the parser and walked
with an explicit stack, so their depth is never a matter of Python's recursion limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


class Syntax:
    """A node of the tree."""

    __slots__ = ("start",)
    start: int

    @property
    def children(self) -> Sequence[Syntax]:
        """The expressions below this one, from left to right."""
        return ()


class Number(Syntax):
    """A decimal, kept exactly."""

    __slots__ = ("value",)

    def __init__(self, start: int, value: Fraction) -> None:
        self.start, self.value = start, value


class Name(Syntax):
    """A name that is not called."""

    __slots__ = ("name",)

    def __init__(self, start: int, name: str) -> None:
        self.start, self.name = start, name


class Unary(Syntax):
    """``-x`` or ``+x``."""

    __slots__ = ("operand", "operator")

    def __init__(self, start: int, operator: str, operand: Syntax) -> None:
        self.start, self.operator, self.operand = start, operator, operand

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.operand,)


class Binary(Syntax):
    """``a OP b`` with OP one of ``+ - * / @ **``, or ``mtimes mrdivide mpower`` (MATLAB's ``*``, ``/`` and ``^``)."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, start: int, operator: str, left: Syntax, right: Syntax) -> None:
        self.start, self.operator, self.left, self.right = start, operator, left, right

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.left, self.right)


class Transpose(Syntax):
    """``x.T``."""

    __slots__ = ("operand",)

    def __init__(self, start: int, operand: Syntax) -> None:
        self.start, self.operand = start, operand

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.operand,)


class Call(Syntax):
    """``f(a, b, axis=0)``; ``f''(z)`` has two ``primes``."""

    __slots__ = ("arguments", "function", "keywords", "primes")

    def __init__(
        self,
        start: int,
        function: str,
        primes: int,
        arguments: Sequence[Syntax],
        keywords: Sequence[tuple[str, Syntax, int]] = (),
    ) -> None:
        self.start, self.function, self.primes = start, function, primes
        self.arguments, self.keywords = tuple(arguments), tuple(keywords)

    @property
    def children(self) -> Sequence[Syntax]:
        return (*self.arguments, *(value for _, value, _ in self.keywords))


class Comparison(Call):
    """``a > b`` in a call of ``where``: a call of ``greater`` or ``at_least``, 1 where it holds and 0 elsewhere."""

    __slots__ = ("operator",)

    def __init__(self, start: int, operator: str, left: Syntax, right: Syntax) -> None:
        arguments = (left, right) if operator[0] == ">" else (right, left)
        super().__init__(start, "greater" if len(operator) == 1 else "at_least", 0, arguments)
        self.operator = operator


class Slice(Syntax):
    """``a:b`` inside an index; either bound may be absent."""

    __slots__ = ("lower", "upper")

    def __init__(self, start: int, lower: Syntax | None, upper: Syntax | None) -> None:
        self.start, self.lower, self.upper = start, lower, upper

    @property
    def children(self) -> Sequence[Syntax]:
        return tuple(bound for bound in (self.lower, self.upper) if bound is not None)


class Index(Syntax):
    """``x[i]``, ``X[i, j]``, ``X[a:b, :]``."""

    __slots__ = ("items", "operand")

    def __init__(self, start: int, operand: Syntax, items: Sequence[Syntax]) -> None:
        self.start, self.operand, self.items = start, operand, tuple(items)

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.operand, *self.items)


class Stack(Syntax):
    """``[a, b; c, d]``: rows of blocks."""

    __slots__ = ("rows",)

    def __init__(self, start: int, rows: Sequence[Sequence[Syntax]]) -> None:
        self.start, self.rows = start, tuple(tuple(row) for row in rows)

    @property
    def children(self) -> Sequence[Syntax]:
        return tuple(block for row in self.rows for block in row)


class Entries(Syntax):
    """``{i, j: body}``: the array whose entry at i, j is ``body``, itself an expression in entries ``A[i, k]``."""

    __slots__ = ("body", "indices")

    def __init__(self, start: int, indices: Sequence[str], body: Syntax) -> None:
        self.start, self.indices, self.body = start, tuple(indices), body

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.body,)


class IndexSum(Syntax):
    """``sum(k, l: body)`` inside an `Entries`: a sum over indices."""

    __slots__ = ("body", "indices")

    def __init__(self, start: int, indices: Sequence[str], body: Syntax) -> None:
        self.start, self.indices, self.body = start, tuple(indices), body

    @property
    def children(self) -> Sequence[Syntax]:
        return (self.body,)


class Statement:
    """A statement; ``start`` is the offset of its first character."""

    __slots__ = ("start",)
    start: int


class Declaration(Statement):
    """``W, V: matrix(n, d) positive``; ``dims`` are `Number` or `Name` (or sums and products of them)."""

    __slots__ = ("dims", "names", "positive", "type")

    def __init__(
        self, start: int, names: Sequence[tuple[str, int]], type_: str, dims: Sequence[Syntax], positive: bool
    ) -> None:
        self.start, self.names, self.type = start, tuple(names), type_
        self.dims, self.positive = tuple(dims), positive


class Definition(Statement):
    """``f(t) = body``: an elementwise function; with a law beside it, a function of any values."""

    __slots__ = ("body", "name", "parameters")

    def __init__(self, start: int, name: str, parameters: Sequence[tuple[str, int]], body: Syntax) -> None:
        self.start, self.name, self.parameters, self.body = start, name, tuple(parameters), body

    @property
    def parameter(self) -> str:
        """The name between the brackets, the first of several."""
        return self.parameters[0][0]


class Law(Statement):
    """``d(g(X)) = body``: what a change ``dX`` of its argument makes of a function's value."""

    __slots__ = ("body", "name", "parameters")

    def __init__(self, start: int, name: str, parameters: Sequence[tuple[str, int]], body: Syntax) -> None:
        self.start, self.name, self.parameters, self.body = start, name, tuple(parameters), body


class Assignment(Statement):
    """``z = W @ x + b``."""

    __slots__ = ("name", "value")

    def __init__(self, start: int, name: str, value: Syntax) -> None:
        self.start, self.name, self.value = start, name, value


class Expression(Statement):
    """An expression by itself."""

    __slots__ = ("value",)

    def __init__(self, start: int, value: Syntax) -> None:
        self.start, self.value = start, value
