"""Functions given as SymPy expressions, as definitions of a program: ``f(t) = t*exp(-t**2)``.

The expression is read as nodes, by the table of what SymPy's functions are in the language, and written as a statement
that is added to the program; no text of SymPy's is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy
from sympy.core.function import AppliedUndef, FunctionClass, UndefinedFunction

from matcalc.errors import LimitError, MatcalcError, ParseError, UnknownNameError, UnsupportedError
from matcalc.language.calls import near, reserved
from matcalc.render.source import source
from matcalc.sympy_bridge.reading import Reading
from matcalc.syntax.parser import parse
from matcalc.syntax.tree import Call, Definition, Law, Statement, Syntax

__all__ = ["definition", "with_definitions"]

HINT = 'name a known function ("tanh"), or give a SymPy expression in one symbol or a Lambda'


def with_definitions(text: str, functions: Mapping[str, Any], syntax: str = "numpy") -> str:
    """The program with a definition for each function.

    Raises `UnknownNameError` where the program calls no such function, `ParseError` where it defines one itself, and
    `UnsupportedError` where the language has no words for SymPy's.

    >>> t = sympy.Symbol("t")
    >>> print(with_definitions("s = sum(f(A@x))", {"f": sympy.Lambda(t, t*sympy.exp(-t**2))}))
    s = sum(f(A@x))
    f(t) = t*exp(-t**2)
    """
    statements = parse(text, syntax)
    called = _called(statements)
    own = {statement.name: statement.start for statement in statements if isinstance(statement, (Definition, Law))}
    lines = [text]
    for name, given in functions.items():
        if name in own:
            hint = "leave one of the two out"
            raise ParseError(f"{name} is defined in the program and given as a function", hint=hint).at(text, own[name])
        if name not in called:
            raise UnknownNameError(f"the program calls no function {name}", hint=near(name, called))
        if name in reserved(syntax):
            raise UnsupportedError(f"{name} is a function of the language", hint="give yours another name")
        lines.append(definition(name, given, syntax))
    return "\n".join(lines)


def definition(name: str, given: Any, syntax: str = "numpy") -> str:
    """The statement that defines a function as SymPy has it; raises `UnsupportedError`.

    >>> definition("f", sympy.erf), definition("g", sympy.Symbol("x")**3/3, "matlab")
    ('f(t) = erf(t)', 'g(x) = x^3/3')
    """
    parameter, expr = _formula(name, given)
    word = parameter.name if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", parameter.name) else "t"
    word = "t" if word in reserved(syntax) or word == name else word
    plain = sympy.Symbol(word, real=True)
    reading = Reading()
    try:
        node = reading.node(expr.xreplace({parameter: plain}))
    except RecursionError:
        raise LimitError(f"the expression for {name} is too deep for SymPy", hint="give it in parts") from None
    except MatcalcError as error:
        raise UnsupportedError(f"the function {name}: {error.message}", hint=error.hint) from None
    if node.shape != (1, 1):
        hint = "it works entry by entry, give a scalar"
        raise UnsupportedError(f"the function {name} is given by a matrix", hint=hint)
    return f"{name}({word}) = {source(node, syntax=syntax, limit=10**9)}"


def _formula(name: str, given: Any) -> tuple[Any, Any]:
    """The symbol and the expression in it."""
    if isinstance(given, sympy.Lambda):
        if len(given.variables) != 1:
            count = len(given.variables)
            raise UnsupportedError(f"the function {name} is a Lambda of {count} symbols", hint="it has one")
        parameter, expr = given.variables[0], given.expr
    elif isinstance(given, FunctionClass):
        if isinstance(given, UndefinedFunction):
            hint = "leave it out: a function that the program does not know is unknown anyway"
            raise UnsupportedError(f"the function {name} is SymPy's unknown {given.__name__}", hint=hint)
        parameter = sympy.Symbol("t", real=True)
        try:
            expr = given(parameter)
        except (TypeError, ValueError):
            raise UnsupportedError(f"{given.__name__} is no function of one argument", hint=HINT) from None
    elif isinstance(given, sympy.Expr):
        symbols = sorted(given.free_symbols, key=str)
        if len(symbols) != 1:
            found = f"the symbols {', '.join(map(str, symbols))}" if symbols else "no symbol"
            hint = "say which is the argument: sympy.Lambda(t, ...)"
            raise UnsupportedError(f"the function {name} is given by an expression with {found}", hint=hint)
        parameter, expr = symbols[0], given
    else:
        raise UnsupportedError(f"the function {name} is given by {type(given).__name__}", hint=HINT)
    if not isinstance(parameter, sympy.Symbol):
        hint = "it works entry by entry, give a scalar"
        raise UnsupportedError(f"the function {name} is given by matrices", hint=hint)
    others = sorted([str(symbol) for symbol in expr.free_symbols - {parameter}])
    if others or not isinstance(expr, sympy.Expr) or any(a.func.__name__ == name for a in expr.atoms(AppliedUndef)):
        what = f"the symbols {', '.join(others)} beside its argument" if others else "what is no expression in a symbol"
        raise UnsupportedError(f"the function {name} holds {what}", hint="put numbers in for them")
    return parameter, expr


def _called(statements: tuple[Statement, ...]) -> set[str]:
    """The names of all functions that are called."""
    found: set[str] = set()
    stack: list[Syntax] = []
    for statement in statements:
        for field in ("value", "body"):
            if isinstance(tree := getattr(statement, field, None), Syntax):
                stack.append(tree)
    while stack:
        top = stack.pop()
        if isinstance(top, Call):
            found.add(top.function)
        stack.extend(top.children)
    return found
