"""A program as a tape: its operations in the order in which they are computed, equal ones once.

A tape knows names and operations, nothing about shapes.  It is written once; reading the kinds of undeclared
names may run over it many times (`matcalc.language.inference`), and the nodes are built from it at the end
(`matcalc.language.build`).

Beside the operations of the tables a tape has these: ``input`` (a variable, by name), ``given`` (a node that is
known), ``fill`` (the first argument in the shape of the second), ``derived`` (the derivative of a function that
is known or defined, by name and order), and ``inside`` (a program's name inside a definition: a scalar).  Of the
MATLAB-style syntax come ``mtimes``, ``mrdivide`` and ``mpower``, whose meaning depends on shapes, and ``sizeless``, a
constant whose dimensions are unknowns of its own.
"""

from __future__ import annotations

from typing import Any

from matcalc.bounds import current, exceeded
from matcalc.syntax.tree import Syntax

__all__ = ["Tape"]

# A 1×1 result of one of these, or of the next built on one, counts as a scalar in a chain of `@`.
PRODUCTS = frozenset({"matmul", "dot", "inner"})
KEEP_PRODUCT = frozenset({"neg", "T", "mul", "div", "add", "sub", "let"})
NUMBERS = frozenset({"num", "dim", "pi"})
KEEP_NUMBER = frozenset({"neg", "add", "sub", "mul", "div", "pow", "sqrt", "let", "mtimes", "mrdivide", "mpower"})


class Tape:
    """Columns, one entry per slot: the operation, the slots of its arguments, its parameters, where it stands.

    ``product`` tells that the slot is a product (see the language on 1×1 results), ``number`` that it is
    computed from numbers alone.
    """

    __slots__ = ("_most", "_slots", "_text", "args", "number", "op", "params", "product", "syntax", "trees")

    def __init__(self, syntax: str = "numpy", text: str = "") -> None:
        self.syntax = syntax  # of the trees
        self.op: list[str] = []
        self.args: list[tuple[int, ...]] = []
        self.params: list[tuple[Any, ...]] = []
        self.trees: list[Syntax] = []
        self.product: list[bool] = []
        self.number: list[bool] = []
        self._most, self._text = current().operations, text
        self._slots: dict[tuple[Any, ...], int] = {}

    def __len__(self) -> int:
        return len(self.op)

    def put(self, op: str, args: tuple[int, ...], params: tuple[Any, ...], tree: Syntax) -> int:
        """The slot of an operation; the same one for the same operation on the same arguments."""
        key = (op, args, params)
        slot = self._slots.get(key)
        if slot is not None:
            return slot
        slot = self._slots[key] = len(self.op)
        if slot >= self._most:
            message = f"the program grows to more than {self._most:,} operations"
            wrong = exceeded("operations", message, "definitions that call definitions multiply")
            raise wrong.at(self._text, tree.start) if self._text else wrong
        self.op.append(op)
        self.args.append(args)
        self.params.append(params)
        self.trees.append(tree)
        if args:
            product, number = self.product, self.number
            if op in KEEP_PRODUCT:
                product.append(product[args[0]] or (len(args) > 1 and product[args[1]]))
            else:
                product.append(op in PRODUCTS)
            number.append(op in KEEP_NUMBER and all(number[a] for a in args))
        else:
            self.product.append(op == "given" and _is_product(params[0]))
            self.number.append(op in NUMBERS or (op == "given" and params[0].op in NUMBERS))
        return slot


def _is_product(node: Any) -> bool:
    """Whether a known node is a product in the same sense."""
    stack, seen = [node], 0
    while stack and seen < 50:
        node, seen = stack.pop(), seen + 1
        if node.op in PRODUCTS:
            return True
        if node.op in KEEP_PRODUCT:
            stack.extend(node.args)
    return False
