"""From the grammar's rules to the nodes of the syntax tree.

The parser calls these functions as it reduces, bottom-up, with the children of a rule already
built, so nothing here recurses and no second tree exists.  What the grammar leaves open on purpose
(see there) is refused here.  Every grammar shares this builder: its aliases are the names of these
functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from matcalc.syntax import tree
from matcalc.syntax.lexing import Lexeme
from matcalc.syntax.refusal import Refusal

__all__ = ["BUILDERS", "TYPES", "Builder", "MatlabBuilder"]

# The kinds a name can be declared as, and their dimensions as a user would write them.
TYPES = {
    "scalar": (),
    "vector": ("n",),
    "row": ("n",),
    "matrix": ("m", "n"),
    "symmetric": ("n",),
    "posdef": ("n",),
    "skew": ("n",),
    "diagonal": ("n",),
    "orthogonal": ("n",),
    "simplex": ("n",),
    "elementwise": (),
}

_MATLAB = {".*": "*", "./": "/", ".^": "**", "*": "mtimes", "/": "mrdivide", "^": "mpower"}
_LARGEST_EXPONENT = 400  # beyond it no number of a hundred digits is a float


class Builder:
    """The callbacks, one a rule or alias of the grammar; each is given the list of the children."""

    # ---- statements

    @staticmethod
    def program(children: list[tree.Statement]) -> tuple[tree.Statement, ...]:
        laws = {statement.name for statement in children if isinstance(statement, tree.Law)}
        for statement in children:
            if isinstance(statement, tree.Definition) and len(statement.parameters) > 1 and statement.name not in laws:
                raise _no_definition(statement.name, statement.start)
        return tuple(children)

    @staticmethod
    def declaration(children: list[Any]) -> tree.Declaration:
        names, (type_, dims, positive) = children
        return tree.Declaration(names[0][1], names, type_, dims, positive)

    @staticmethod
    def names(children: list[Lexeme]) -> list[tuple[str, int]]:
        return [(name.value, name.start_pos) for name in children]

    @staticmethod
    def type(children: list[Any]) -> tuple[str, Sequence[tree.Syntax], bool]:
        kind, dims, mark = children
        dims = dims or ()
        if kind.value not in TYPES:
            raise Refusal(
                f"'{kind.value}' is not a type", kind.start_pos, hint=_types_like(kind.value)
            )
        wanted = TYPES[kind.value]
        if len(dims) != len(wanted):
            pattern = f"{kind.value}({', '.join(wanted)})" if wanted else kind.value
            count = ("no dimension", "one dimension", "two dimensions")[len(wanted)]
            raise Refusal(f"{kind.value} has {count}", kind.start_pos, hint=f"write {pattern}")
        if mark is not None and mark.value != "positive":
            raise Refusal(
                f"'{mark.value}' does not follow a type",
                mark.start_pos,
                hint="only 'positive' does",
            )
        return kind.value, dims, mark is not None

    @staticmethod
    def dimensions(children: list[tree.Syntax]) -> list[tree.Syntax]:
        for dim in children:
            if isinstance(dim, tree.Number) and dim.value < 1:
                raise Refusal("a dimension is at least 1", dim.start)
        return children

    @staticmethod
    def definition(children: list[Any]) -> tree.Definition | tree.Law:
        call, body = children
        about = call.arguments[0] if call.function == "d" and len(call.arguments) == 1 else None
        if isinstance(about, tree.Call) and not call.primes and not call.keywords:
            return tree.Law(call.start, about.function, _parameters(about, _no_law(about)), body)
        if about is not None and not isinstance(about, (tree.Name, tree.Number)):
            raise _no_law(about)
        refusal = _no_definition(call.function, call.start)
        return tree.Definition(call.start, call.function, _parameters(call, refusal), body)

    @staticmethod
    def assignment(children: list[Any]) -> tree.Assignment:
        name, value = children
        return tree.Assignment(name.start_pos, name.value, value)

    @staticmethod
    def value(children: list[tree.Syntax]) -> tree.Expression:
        return tree.Expression(children[0].start, children[0])

    # ---- operators

    @staticmethod
    def binary(children: list[Any]) -> tree.Binary:
        left, operator, right = children
        return tree.Binary(operator.start_pos, operator.value, left, right)

    @staticmethod
    def unary(children: list[Any]) -> tree.Unary:
        sign, operand = children
        return tree.Unary(sign.start_pos, sign.value, operand)

    @staticmethod
    def transpose(children: list[Any]) -> tree.Transpose:
        return tree.Transpose(children[0].start, children[0])

    @staticmethod
    def index(children: list[Any]) -> tree.Index:
        operand, items = children
        return tree.Index(operand.start, operand, items)

    # ---- atoms

    @staticmethod
    def number(children: list[Lexeme]) -> tree.Number:
        numeral = children[0]
        try:
            return tree.Number(numeral.start_pos, exact(numeral.value))
        except OverflowError as reason:
            raise Refusal(str(reason), numeral.start_pos) from None

    @staticmethod
    def integer(children: list[Lexeme]) -> tree.Number:
        number = Builder.number(children)
        if number.value.denominator != 1:
            raise Refusal("a dimension is an integer", number.start)
        return number

    @staticmethod
    def name(children: list[Lexeme]) -> tree.Name:
        return tree.Name(children[0].start_pos, children[0].value)

    @staticmethod
    def stack(children: list[Any]) -> tree.Stack:
        return tree.Stack(children[0].start_pos, children[1])

    @staticmethod
    def rows(children: list[Any]) -> list[Any]:
        return children

    row = rows

    @staticmethod
    def entries(children: list[Any]) -> tree.Entries:
        bracket, names, body = children
        return tree.Entries(bracket.start_pos, _distinct(names), body)

    @staticmethod
    def index_sum(children: list[Any]) -> tree.IndexSum:
        name, (arguments, keywords), body = children
        if name.value != "sum":
            raise Refusal(
                f"'{name.value}' has no indices; only sum(k: ...) sums over them", name.start_pos
            )
        for argument in arguments:
            if not isinstance(argument, tree.Name):
                raise Refusal("an index is a name", argument.start, hint="as in sum(k: A[i, k])")
        if keywords:
            raise Refusal("an index is a name", keywords[0][2], hint="as in sum(k: A[i, k])")
        names = [(index.name, index.start) for index in arguments]
        return tree.IndexSum(name.start_pos, _distinct(names), body)

    # ---- calls and indices

    @staticmethod
    def call(children: list[Any]) -> tree.Call:
        name, primes, (arguments, keywords) = children
        for place, argument in enumerate(arguments):
            if isinstance(argument, tree.Comparison) and (place > 0 or name.value != "where"):
                raise Refusal(
                    f"'{argument.operator}' is a comparison, and stands in where alone",
                    argument.start,
                    hint="write where(a > b, x, y)",
                )
        count = len(primes.value) if primes is not None else 0
        return tree.Call(name.start_pos, name.value, count, arguments, keywords)

    @staticmethod
    def arguments(
        children: list[Any],
    ) -> tuple[list[tree.Syntax], list[tuple[str, tree.Syntax, int]]]:
        arguments: list[tree.Syntax] = []
        keywords: dict[str, tuple[str, tree.Syntax, int]] = {}
        for child in children:
            if not isinstance(child, tuple):
                if keywords:
                    raise Refusal(
                        "an argument stands after an option", child.start, hint="put it first"
                    )
                arguments.append(child)
            elif child[0] in keywords:
                raise Refusal(f"the option '{child[0]}' is given twice", child[2])
            else:
                keywords[child[0]] = child
        return arguments, list(keywords.values())

    @staticmethod
    def comparison(children: list[Any]) -> tree.Comparison:
        left, operator, right = children
        return tree.Comparison(operator.start_pos, operator.value, left, right)

    @staticmethod
    def keyword(children: list[Any]) -> tuple[str, tree.Syntax, int]:
        name, value = children
        return name.value, value, name.start_pos

    @staticmethod
    def indices(children: list[tree.Syntax]) -> list[tree.Syntax]:
        if len(children) > 2:
            raise Refusal("an index has at most two items", children[2].start, hint="as in X[i, j]")
        return children

    @staticmethod
    def slice(children: list[Any]) -> tree.Slice:
        lower, colon, upper = children
        return tree.Slice(colon.start_pos if lower is None else lower.start, lower, upper)


class MatlabBuilder(Builder):
    """The same nodes from the MATLAB-style spelling: what works entry by entry is what it is in the default syntax,
    and the operators whose meaning depends on shapes have MATLAB's names.
    """

    @staticmethod
    def binary(children: list[Any]) -> tree.Binary:
        left, operator, right = children
        name = _MATLAB.get(operator.value, operator.value)
        return tree.Binary(operator.start_pos, name, left, right)


BUILDERS: dict[str, type[Builder]] = {"numpy": Builder, "matlab": MatlabBuilder}


@lru_cache(maxsize=256)
def exact(numeral: str) -> Fraction:
    """The number a numeral means.  Raises `OverflowError` where a float would be infinite or zero.

    >>> exact("12.5e-1")
    Fraction(5, 4)
    """
    mantissa, _, exponent = numeral.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).lstrip("0")
    if not digits:
        return Fraction(0)
    scale = _bounded(exponent) - len(decimals)
    if scale + len(digits) > _LARGEST_EXPONENT:
        raise OverflowError(f"{numeral} is larger than the largest float, about 1.8e308")
    if scale + len(digits) < -_LARGEST_EXPONENT:
        raise OverflowError(f"{numeral} is smaller than the smallest float, about 4.9e-324")
    value = Fraction(int(digits) * 10**scale) if scale >= 0 else Fraction(int(digits), 10**-scale)
    try:
        if float(value):
            return value
    except OverflowError:
        raise OverflowError(f"{numeral} is larger than the largest float, about 1.8e308") from None
    raise OverflowError(f"{numeral} is smaller than the smallest float, about 4.9e-324")


def _bounded(exponent: str) -> int:
    """An exponent as an integer, cut where it is out of all range: its digits may be a million."""
    size = exponent.lstrip("+-").lstrip("0")
    large = min(int(size or 0), 10**7) if len(size) < 10 else 10**7
    return -large if exponent.startswith("-") else large


def _distinct(names: Sequence[tuple[str, int]]) -> list[str]:
    seen: list[str] = []
    for name, start in names:
        if name in seen:
            raise Refusal(f"the index '{name}' stands twice", start)
        seen.append(name)
    return seen


def _parameters(call: tree.Call, refusal: Refusal) -> list[tuple[str, int]]:
    """The names between the brackets of a call that is defined; raises the refusal where there is anything else."""
    found: list[tuple[str, int]] = []
    for argument in call.arguments:
        if not isinstance(argument, tree.Name):
            raise refusal
        if argument.name in [name for name, _ in found]:
            raise Refusal(f"the name '{argument.name}' stands twice", argument.start, hint="each argument has its own")
        found.append((argument.name, argument.start))
    if call.primes or call.keywords:
        raise refusal
    return found


def _no_definition(name: str, start: int) -> Refusal:
    return Refusal(
        f"the definition of '{name}' needs one name between its brackets", start,
        hint=f"as in {name}(t) = t * sigmoid(t); a function of several values has a law too, d({name}(x, y)) = ...",
    )  # fmt: skip


def _no_law(about: tree.Syntax) -> Refusal:
    hint = "a law is written d(g(X)) = tr(inv(X) @ dX), with a function of names and nothing else in d( )"
    what = f"the law of '{about.function}'" if isinstance(about, tree.Call) else "a law"
    return Refusal(f"{what} needs a function of names left of its '='", about.start, hint=hint)


def _types_like(kind: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(kind.lower(), TYPES, n=1)
    return f"did you mean {near[0]}?" if near else f"the types are {', '.join(TYPES)}"
