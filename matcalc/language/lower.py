"""Lowering: from a syntax tree to the tape, names resolved, calls checked, definitions inlined; no recursion."""

from __future__ import annotations

from typing import Any, TypeAlias

from matcalc.bounds import current, exceeded
from matcalc.errors import LimitError, ParseError, UnsupportedError
from matcalc.language.calls import dimension, plan
from matcalc.language.entries import instructions
from matcalc.language.scope import Defined, Scope
from matcalc.language.tape import Tape
from matcalc.operations.table import ELEMENTWISE_NAMES
from matcalc.syntax.tree import (
    Binary,
    Call,
    Entries,
    Index,
    IndexSum,
    Name,
    Number,
    Slice,
    Stack,
    Syntax,
    Transpose,
    Unary,
)

__all__ = ["lower"]

OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow",
    "mtimes": "mtimes", "mrdivide": "mrdivide", "mpower": "mpower",
}  # fmt: skip
INSIDE = {"mtimes": "mul", "mrdivide": "div", "mpower": "pow"}  # a definition is a formula in scalars
FIRST = 10**6  # the unknowns of constants without a size; those of inputs are fewer
POINTWISE = ELEMENTWISE_NAMES | {"add", "sub", "mul", "div", "pow", "maximum", "minimum", "apply", "defined", "derived",
                               "greater", "at_least", "where"}  # fmt: skip


Inside: TypeAlias = tuple[Defined, int] | None  # a definition's body, and the slot of its parameter
# What is to do: look at a tree; write an operation on so many results; inline a call; leave a definition.
Task: TypeAlias = tuple[str, Syntax, Inside, Any, int, tuple[Any, ...]]


def lower(tape: Tape, tree: Syntax, scope: Scope, inside: Inside = None) -> int:
    """The slot of the expression on the tape."""
    done: list[int] = []
    todo: list[Task] = [("look", tree, inside, "", 0, ())]
    while todo:
        what, tree, inside, op, count, params = todo.pop()
        if what == "look":
            _look(tape, tree, inside, scope, todo, done)
        elif what == "write":
            args = tuple(done[len(done) - count :])
            del done[len(done) - count :]
            done.append(tape.put(op, args, params, tree))
        elif what == "inline":
            _inline(tape, tree, op, scope, todo, done)
        else:
            _leave(tape, tree, op, count, scope, done)
    return done[0]


def _look(tape: Tape, tree: Syntax, inside: Inside, scope: Scope, todo: list[Task], done: list[int]) -> None:
    if isinstance(tree, Name):
        done.append(_name(tape, tree, inside, scope))
    elif isinstance(tree, Number):
        done.append(tape.put("num", (), (tree.value,), tree))
    elif isinstance(tree, Binary):
        op = OPERATORS.get(tree.operator)
        if op is None:
            raise scope.error(UnsupportedError, f"{tree.operator} is not supported in this syntax", tree)
        if inside is not None:
            if op == "matmul":
                raise _not_pointwise("@", tree, inside, scope)
            op = INSIDE.get(op, op)
        todo += (
            ("write", tree, None, op, 2, ()),
            ("look", tree.right, inside, "", 0, ()),
            ("look", tree.left, inside, "", 0, ()),
        )
    elif isinstance(tree, Unary):
        if tree.operator == "-":
            todo.append(("write", tree, None, "neg", 1, ()))
        todo.append(("look", tree.operand, inside, "", 0, ()))
    elif isinstance(tree, Call):
        _call(tape, tree, inside, scope, todo, done)
    else:
        _arrangement(tree, inside, scope, todo)


def _arrangement(tree: Syntax, inside: Inside, scope: Scope, todo: list[Task]) -> None:
    """What is no operation entry by entry, so that no definition may hold it."""
    if inside is not None:
        what = {Transpose: "a transpose", Index: "an index", Stack: "a stack"}.get(type(tree), "this")
        raise _not_pointwise(what, tree, inside, scope)
    if isinstance(tree, Transpose):
        todo += (("write", tree, None, "T", 1, ()), ("look", tree.operand, None, "", 0, ()))
    elif isinstance(tree, Index):
        items = tuple([_item(item, scope) for item in tree.items])
        todo += (("write", tree, None, "index", 1, items), ("look", tree.operand, None, "", 0, ()))
    elif isinstance(tree, Stack):
        blocks = tree.children
        todo.append(("write", tree, None, "stack", len(blocks), tuple([len(row) for row in tree.rows])))
        todo.extend([("look", block, None, "", 0, ()) for block in reversed(blocks)])
    elif isinstance(tree, Entries):
        bases, params = instructions(tree, scope)
        todo.append(("write", tree, None, "entries", len(bases), params))
        todo.extend([("look", base, None, "", 0, ()) for base in reversed(bases)])
    elif isinstance(tree, IndexSum):
        hint = "{i: sum(k: A[i, k])} gives the entries of a column"
        raise scope.error(UnsupportedError, "a sum over indices stands in braces", tree, hint)
    else:
        raise scope.error(ParseError, "this is not an expression", tree)


def _name(tape: Tape, tree: Name, inside: Inside, scope: Scope) -> int:
    if inside is None:
        return scope.name(tape, tree)
    definition, slot = inside
    if tree.name == definition.parameter:
        return slot
    found = scope.name(tape, tree)
    return found if tape.number[found] else tape.put("inside", (found,), (tree.name, definition.name), tree)


def _call(tape: Tape, tree: Call, inside: Inside, scope: Scope, todo: list[Task], done: list[int]) -> None:
    op, arguments, params = plan(tree, scope)
    if inside is not None and op not in POINTWISE:
        raise _not_pointwise(tree.function, tree, inside, scope)
    if not arguments:
        done.append(tape.put(op, (), params, tree))
        return
    if op == "sizeless":  # each is a constant of its own
        unknown = f"?{FIRST + 2 * len(tape)}", f"?{FIRST + 2 * len(tape) + 1}"
        params = (*params, unknown[0], 1 if params[0] == "vector" else unknown[1])
    if op == "defined":
        todo.append(("inline", tree, None, tree.function, 1, ()))
    else:
        todo.append(("write", tree, None, op, len(arguments), params))
    todo.extend([("look", argument, inside, "", 0, ()) for argument in reversed(arguments)])


def _inline(tape: Tape, tree: Syntax, name: str, scope: Scope, todo: list[Task], done: list[int]) -> None:
    """A call of a definition, its argument done: the body with the argument for the parameter."""
    assert isinstance(tree, Call)
    argument = done.pop()
    found = scope.inlined.get((name, argument))
    if found is not None:
        done.append(_primed(tape, tree, argument, found))
        return
    if name in scope.active:
        raise scope.error(ParseError, f"{name} is defined by itself", tree, "a definition cannot be recursive")
    if len(scope.active) >= current().depth:
        deep = exceeded("depth", f"definitions call each other more than {current().depth} deep")
        raise scope.error(LimitError, deep.message, tree, deep.hint)
    scope.active.append(name)
    definition = scope.definitions[name]
    todo.append(("leave", tree, None, name, argument, ()))
    todo.append(("look", definition.body, (definition, argument), "", 0, ()))


def _leave(tape: Tape, tree: Syntax, name: str, argument: int, scope: Scope, done: list[int]) -> None:
    assert isinstance(tree, Call)
    scope.active.pop()
    slot = done.pop()
    if not scope.definitions[name].uses_parameter:
        slot = tape.put("fill", (slot, argument), (), tree)
    scope.inlined[name, argument] = slot
    done.append(_primed(tape, tree, argument, slot))


def _primed(tape: Tape, tree: Call, argument: int, body: int) -> int:
    """The call, kept by its name, or its derivative; the body stays an argument, what stands in it must fit as well."""
    if not tree.primes:
        return tape.put("defined", (argument, body), (tree.function,), tree)
    return tape.put("derived", (argument, body), (tree.function, tree.primes), tree)


def _item(tree: Syntax, scope: Scope) -> tuple[Any, ...]:
    """An index item as written: bounds may be absent or count from the end."""
    if not isinstance(tree, Slice):
        return ("at", dimension(tree, scope, "an index"))
    if tree.lower is None and tree.upper is None:
        return ("all",)
    low, high = [None if bound is None else dimension(bound, scope, "an index") for bound in (tree.lower, tree.upper)]
    return ("slice", low, high)


def _not_pointwise(what: str, tree: Syntax, inside: tuple[Defined, int], scope: Scope) -> UnsupportedError:
    name, parameter = inside[0].name, inside[0].parameter
    hint = f"assign it to a name before, and use the name; a function of whole values has a law too, d({name}(X)) = ..."
    if name[0] == "d" and inside[0].holds(f"d{parameter}"):
        hint = f"a law is written d({name[1:] or 'g'}({parameter})) = ..."
    message = f"{what} cannot stand in the definition of {name}: it works entry by entry"
    return scope.error(UnsupportedError, message, tree, hint)
