"""Expressions in the language itself: with as few parentheses as its precedence admits, and exact.

Reading the text in the program's environment gives the identical node, for any expression as it was written: operands
keep their order, ``a - (b - c)`` and ``2*(A.T@v)`` keep their parentheses.  Operators without spaces around them
bind tighter than those with: ``2*A.T@(A@x - b)``.

Beyond ``limit`` tokens, shared parts become statements before the expression (``t1 = ...``), so that the text of an
expression is never longer than a multiple of the number of its distinct nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS
from matcalc.render.entries import PLAIN, POINTED, entries_pieces
from matcalc.render.measure import AXIS, index_items, is_decimal, token_count
from matcalc.render.numbers import decimal
from matcalc.render.printer import LIMIT, Layout, Piece, free_names, shared_parts, used_names, write

__all__ = ["ATOM", "abbreviated", "layouts", "source"]

ADD, MUL, UNARY, POWER, POSTFIX, ATOM = range(1, 7)  # how tightly it binds, loosest first: the grammar's ladder

Rule: TypeAlias = Callable[[Node], tuple[int, Sequence[Piece]]]


def source(node: Node, *, syntax: str = "numpy", taken: Collection[str] = (), limit: int = LIMIT) -> str:
    """The expression in the language; ``taken`` are the program's names, which auxiliary statements must avoid.

    >>> from matcalc.operations.table import make, matmul, sub, transpose, variable
    >>> A, x, b = variable("A", ("m", "n")), variable("x", ("n", 1)), variable("b", ("m", 1))
    >>> source(matmul(transpose(A), sub(matmul(A, x), b)))
    'A.T@(A@x - b)'
    """
    if token_count(node) <= limit:
        return "".join(write(node, layouts(syntax)))
    lines, texts = abbreviated([node], syntax=syntax, taken={*taken, *used_names(node), *OPERATIONS})
    return "\n".join([*lines, texts[node]])


def abbreviated(
    nodes: Sequence[Node], *, syntax: str = "numpy", taken: Collection[str] = ()
) -> tuple[list[str], dict[Node, str]]:
    """Statements that name what the expressions share, and each of them written by these names, none of them taken.

    An expression that stands among the nodes twice has a name itself.

    >>> from matcalc.operations.table import make, matmul, variable
    >>> A, x, B = variable("A", ("m", "n")), variable("x", ("n", 1)), variable("B", ("n", "m"))
    >>> long = make("exp", matmul(A, matmul(B, matmul(A, matmul(B, matmul(A, x))))))
    >>> lines, texts = abbreviated([long, matmul(B, long)])
    >>> lines, [*texts.values()]
    (['t1 = exp(A@(B@(A@(B@(A@x)))))'], ['t1', 'B@t1'])
    """
    layout = layouts(syntax)
    named: dict[Node, str] = {}
    lines: list[str] = []
    parts = shared_parts(*nodes)
    for part, name in zip(parts, free_names(len(parts), taken), strict=True):
        lines.append(f"{name} = {''.join(write(part, layout, named=named))}")
        named[part] = name
    texts = {node: named[node] if node in named else "".join(write(node, layout, named=named)) for node in nodes}
    return lines, texts


def layouts(syntax: str = "numpy") -> Layout:
    """The layout of the language's default syntax, or of its ``"matlab"`` syntax."""
    rules = {**CALLS, **(MATLAB if syntax == "matlab" else NUMPY)}

    def layout(node: Node) -> tuple[int, Sequence[Piece]]:
        rule = rules.get(node.op)
        return rule(node) if rule else _call(node)

    return layout


def _call(node: Node) -> tuple[int, Sequence[Piece]]:
    """``name(a, b)``, with dimensions among the parameters as further arguments."""
    pieces: list[Piece] = [f"{node.op}("]
    for argument in node.args:
        pieces += [(argument, 0), ", "]
    pieces += [part for dim in node.params for part in (dim_text(dim), ", ")]
    pieces[-1] = ")"
    return ATOM, pieces


def _along(node: Node) -> tuple[int, Sequence[Piece]]:
    """``sum(X, axis=0)``."""
    axis = node.params[0]
    return ATOM, (f"{SPELLED.get(node.op, node.op)}(", (node.args[0], 0), ")" if axis is None else f", axis={axis})")


def _rolled(node: Node) -> tuple[int, Sequence[Piece]]:
    """``roll(x, 1)``, ``roll(X, -2, axis=0)``."""
    axis, shift = node.params
    return ATOM, ("roll(", (node.args[0], 0), f", {shift}" + (")" if axis is None else f", axis={axis})"))


def _where(node: Node) -> tuple[int, Sequence[Piece]]:
    """``where(a > b, x, y)``."""
    condition, one, other = node.args
    sign = {"greater": " > ", "at_least": " >= "}.get(condition.op)
    if sign is None:
        return _call(node)
    left, right = condition.args
    return ATOM, ("where(", (left, 0), sign, (right, 0), ", ", (one, 0), ", ", (other, 0), ")")


def _number(node: Node) -> tuple[int, Sequence[Piece]]:
    value: Fraction = node.params[0]
    written = decimal(abs(value))
    if value < 0:
        return UNARY, (f"-{written}",)
    # a point after a number belongs to the number: "2.T" would not be read as a transpose
    return (POWER if is_decimal(value) else MUL), (written,)


def _dimension(node: Node) -> tuple[int, Sequence[Piece]]:
    written = dim_text(node.params[0])
    level = ADD if " " in written else UNARY if written[0] == "-" else MUL if "*" in written else ATOM
    return level, (written,)


def _filled(node: Node) -> tuple[int, Sequence[Piece]]:
    """``ones(n)`` is a column."""
    rows, columns = node.params
    sizes = dim_text(rows) if columns == 1 else f"{dim_text(rows)}, {dim_text(columns)}"
    return ATOM, (f"{node.op}({sizes})",)


def item_text(item: tuple[Any, ...], show: Callable[[Dim], str] = dim_text) -> str:
    """An item of an index: ``2``, ``a:b`` or ``:``."""
    return ":" if item[0] == "all" else ":".join(map(show, item[1:]))


def _index(node: Node) -> tuple[int, Sequence[Piece]]:
    items = ", ".join([item_text(item) for item in index_items(node)])
    return POSTFIX, ((node.args[0], POSTFIX), f"[{items}]")


def _stack(node: Node) -> tuple[int, Sequence[Piece]]:
    """``[a, b; c, d]``."""
    pieces: list[Piece] = []
    blocks = iter(node.args)
    for count in node.params:
        for position in range(count):
            pieces += [", " if position else "; " if pieces else "[", (next(blocks), 0)]
    return ATOM, [*pieces, "]"]


def _applied(node: Node) -> tuple[int, Sequence[Piece]]:
    function, order = node.params[0], node.params[1] if node.op == "apply" else 0
    return ATOM, (f"{function}{chr(39) * order}(", (node.args[0], 0), ")")


def _own(node: Node) -> tuple[int, Sequence[Piece]]:
    """``g(X, y)``."""
    pieces: list[Piece] = [f"{node.params[0]}("]
    for argument in node.args:
        pieces += [(argument, 0), ", "]
    pieces[-1] = ")"
    return ATOM, pieces


def _entries(node: Node) -> tuple[int, Sequence[Piece]]:
    return ATOM, entries_pieces(node, PLAIN, POSTFIX)


def _name(node: Node) -> tuple[int, Sequence[Piece]]:
    return ATOM, (node.params[0],)


def _scalar(node: Node) -> bool:
    return node.shape == (1, 1)


def _infix(level: int, operator: str) -> Rule:
    """A left-associative operator: the right operand binds tighter."""

    def rule(node: Node) -> tuple[int, Sequence[Piece]]:
        left, right = node.args
        return level, ((left, level), operator, (right, level + 1))

    return rule


def _product(operator: str) -> Rule:
    """A matrix product.  On its left an elementwise product or a quotient has parentheses, though by precedence it
    needs none: ``(u*f'(z))@x.T``.
    """

    def rule(node: Node) -> tuple[int, Sequence[Piece]]:
        left, right = node.args
        entrywise = left.op == "div" or (left.op == "mul" and not any(map(_scalar, left.args)))
        return MUL, ((left, UNARY if entrywise else MUL), operator, (right, UNARY))

    return rule


def _negative(node: Node) -> tuple[int, Sequence[Piece]]:
    return UNARY, ("-", (node.args[0], UNARY))


def _power(node: Node) -> tuple[int, Sequence[Piece]]:
    """Right-associative; a number may be raised, and the exponent may have a sign: ``2**-x``."""
    base, exponent = node.args
    needed = POWER if base.op == "num" else POSTFIX
    return POWER, ((base, needed), "**", (exponent, UNARY))


def _transpose(node: Node) -> tuple[int, Sequence[Piece]]:
    return POSTFIX, ((node.args[0], POSTFIX), ".T")


SPELLED = {"variance": "var"}  # where the name of a function is not that of its operation
CALLS: dict[str, Rule] = {
    "var": _name, "let": _name, "num": _number, "dim": _dimension, "pi": lambda node: (ATOM, ("pi",)),
    "ones": _filled, "zeros": _filled, "apply": _applied, "defined": _applied, "own": _own,
    "entries": _entries, "index": _index, "stack": _stack,
    "roll": _rolled, "where": _where, **dict.fromkeys(AXIS, _along),
}  # fmt: skip
NUMPY: dict[str, Rule] = {
    "add": _infix(ADD, " + "), "sub": _infix(ADD, " - "), "mul": _infix(MUL, "*"), "div": _infix(MUL, "/"),
    "matmul": _product("@"), "neg": _negative, "pow": _power, "T": _transpose,
}  # fmt: skip


def _matlab_product(node: Node) -> tuple[int, Sequence[Piece]]:
    left, right = node.args
    return MUL, ((left, MUL), "*" if _scalar(left) or _scalar(right) else ".*", (right, UNARY))


def _matlab_quotient(node: Node) -> tuple[int, Sequence[Piece]]:
    left, right = node.args
    return MUL, ((left, MUL), "/" if _scalar(right) else "./", (right, UNARY))


def _matlab_power(node: Node) -> tuple[int, Sequence[Piece]]:
    """Read from the left, together with transposes: a power or a transpose of a power has it in parentheses, and an
    exponent is a number, a name, a call or minus one of these.
    """
    base, exponent = node.args
    operator = "^" if node.op == "matrix_power" or (_scalar(base) and _scalar(exponent)) else ".^"
    sign = ""
    if exponent.op == "neg":
        sign, exponent = "-", exponent.args[0]
    pieces: list[Piece] = [(base, POWER if base.op == "num" else POSTFIX), operator]
    if sign:
        pieces.append(sign)
    pieces.append((exponent, POWER if exponent.op == "num" else ATOM))
    return POWER, pieces


# The MATLAB-style spelling: elementwise operators have a point, ``*`` is the product of matrices and by scalars.
MATLAB: dict[str, Rule] = {
    "add": _infix(ADD, " + "), "sub": _infix(ADD, " - "), "mul": _matlab_product, "div": _matlab_quotient,
    "matmul": _product("*"), "neg": _negative, "pow": _matlab_power, "matrix_power": _matlab_power,
    "T": lambda node: (POSTFIX, ((node.args[0], POSTFIX), "'")),
    "entries": lambda node: (ATOM, entries_pieces(node, POINTED, POSTFIX)),
    "norm": lambda node: (ATOM, ("norm2(", (node.args[0], 0), ")")),
}  # fmt: skip
