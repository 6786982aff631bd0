"""Programs made from SymPy expressions: their text in the language, elaborated as any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from matcalc.errors import LimitError, ShapeError, UnsupportedError
from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import names as dim_names
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node, Shape, kind
from matcalc.language.program import Program, elaborate
from matcalc.operations.registry import describe
from matcalc.render.source import source
from matcalc.sympy_bridge.reading import Reading

__all__ = ["SympyProgram", "from_sympy"]


class SympyProgram(Program):
    """A program that knows the SymPy symbols that its names were, so that results are written with the same ones."""

    __slots__ = ("symbols",)

    symbols: dict[str, Any]


def from_sympy(expr: Any, *, declarations: Mapping[str, str] | None = None) -> Program:
    """The program of a SymPy expression, for ``derive``, ``compile`` and ``check`` to take.

    ``declarations`` are types for some of its symbols, ``{"A": "symmetric(n)"}``, as the language writes them; the
    others are matrices, vectors, rows and scalars of the shapes that SymPy has, positive where SymPy knows so.
    Raises a `MatcalcError`: `UnsupportedError` where the language cannot say it.

    >>> import matcalc as mc
    >>> n = sympy.Symbol("n")
    >>> X = sympy.MatrixSymbol("X", n, n)
    >>> program = from_sympy(sympy.log(sympy.Determinant(X)))
    >>> print(program.source)
    X: matrix(n, n)
    logdet(X)
    >>> mc.derive(program, "X")["X"].to_sympy() == X.T.I
    True
    """
    try:
        expr = sympy.sympify(expr, strict=True)
    except (sympy.SympifyError, TypeError, AttributeError):
        raise UnsupportedError(f"{expr!r} is no SymPy expression") from None
    reading = Reading()
    try:
        value = reading.node(expr)
    except RecursionError:
        raise LimitError("the expression is too deep for SymPy", hint="sys.setrecursionlimit moves the limit") from None
    except ShapeError as error:
        raise ShapeError(error.message) from None  # its hint speaks of a program's text
    text = _text(reading, value, dict(declarations or {}))
    program = SympyProgram()
    elaborated = elaborate(text)
    for name, node in reading.variables.items():
        if elaborated.inputs[name].shape != node.shape:
            found, given = describe(node.shape), describe(elaborated.inputs[name].shape)
            raise ShapeError(f"{name} is declared a {given}, in SymPy it is a {found}")
    for name in Program.__slots__:
        setattr(program, name, getattr(elaborated, name))
    program.symbols = dict(reading.symbols)
    return program


def _text(reading: Reading, value: Node, types: dict[str, str]) -> str:
    """Declarations and the formula."""
    lines = []
    for name in types.keys() - reading.variables.keys():
        raise UnsupportedError(f"the expression has no symbol {name}", hint=f"it has {', '.join(reading.variables)}")
    for name, variable in reading.variables.items():
        positive = " positive" if variable.params[2] and "positive" not in types.get(name, "").split() else ""
        lines.append(f"{name}: {types.get(name) or _type(variable.shape)}{positive}")
    for name in reading.functions:
        lines.append(f"{name}: elementwise")
    _check_dims(reading)
    return "\n".join([*lines, source(value, taken=reading.symbols)])


def _type(shape: Shape) -> str:
    rows, columns = shape
    given: dict[str, list[Dim]] = {"scalar": [], "vector": [rows], "row": [columns], "matrix": [rows, columns]}
    word = kind(shape)
    dims = ", ".join(map(dim_text, given[word]))
    return f"{word}({dims})" if dims else word


def _check_dims(reading: Reading) -> None:
    """A name is a variable or a dimension; dimensions that stand in no shape have no size."""
    known = {name for variable in reading.variables.values() for dim in variable.shape for name in dim_names(dim)}
    for name in sorted(reading.dims):
        if name in reading.variables:
            raise UnsupportedError(f"{name} is a dimension and a variable", hint="rename one of them")
        if name not in known:
            raise UnsupportedError(f"{name} is the size of no symbol", hint="a number must stand there")
