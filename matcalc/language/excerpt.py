"""Short pieces of a program, written out again from its tree for messages."""

from __future__ import annotations

from matcalc.syntax.tree import Binary, Call, Index, Name, Number, Slice, Stack, Syntax, Transpose, Unary

__all__ = ["excerpt"]

DEEP = 12  # levels of a tree that are shown
WIDE = 60  # characters
LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "mtimes": 2, "mrdivide": 2, "**": 4, "mpower": 4}
ATOM = 5
MATLAB = {"*": ".*", "/": "./", "**": ".^", "mtimes": "*", "mrdivide": "/", "mpower": "^"}


def excerpt(tree: Syntax, wide: int = WIDE, syntax: str = "numpy") -> str:
    """The text of a tree, in a few words where it is long.

    >>> product = Binary(0, "@", Name(0, "A"), Binary(0, "-", Name(0, "x"), Name(0, "y")))
    >>> excerpt(product)
    'A @ (x - y)'
    """
    matlab = syntax == "matlab"
    text, _ = _shown(tree, DEEP, matlab)
    if len(text) <= wide:
        return text
    if isinstance(tree, Binary) and wide > WIDE // 3:
        left, right = [excerpt(side, wide // 2 - 4, syntax) for side in (tree.left, tree.right)]
        return f"{'…' if left[0] == '…' else left} {_operator(tree, matlab)} {right}"
    return text[: max(wide - 2, 1)] + " …"


def _operator(tree: Binary, matlab: bool) -> str:
    return MATLAB.get(tree.operator, tree.operator) if matlab else tree.operator


def _shown(tree: Syntax, deep: int, matlab: bool) -> tuple[str, int]:
    """The text and how tightly it binds."""
    if deep == 0:
        return "…", ATOM
    if isinstance(tree, Name):
        return tree.name, ATOM
    if isinstance(tree, Number):
        return _number(tree), ATOM
    if isinstance(tree, Binary):
        level = LEVEL.get(tree.operator, 2)
        left = _within(tree.left, deep, level + (level == 4), matlab)
        right = _within(tree.right, deep, 3 if level == 4 else level + 1, matlab)
        space = "" if level == 4 else " "
        return f"{left}{space}{_operator(tree, matlab)}{space}{right}", level
    if isinstance(tree, Unary):
        return f"{tree.operator}{_within(tree.operand, deep, 3, matlab)}", 3
    if isinstance(tree, Transpose):
        return f"{_within(tree.operand, deep, ATOM, matlab)}{chr(39) if matlab else '.T'}", ATOM
    if isinstance(tree, Call):
        inner = [_within(argument, deep, 0, matlab) for argument in tree.arguments]
        inner += [f"{word}={_within(value, deep, 0, matlab)}" for word, value, _ in tree.keywords]
        return f"{tree.function}{chr(39) * tree.primes}({', '.join(inner)})", ATOM
    if isinstance(tree, Index):
        items = ", ".join([_within(item, deep, 0, matlab) for item in tree.items])
        return f"{_within(tree.operand, deep, ATOM, matlab)}[{items}]", ATOM
    if isinstance(tree, Slice):
        bounds = ["" if bound is None else _within(bound, deep, 0, matlab) for bound in (tree.lower, tree.upper)]
        return ":".join(bounds), ATOM
    if isinstance(tree, Stack):
        rows = [", ".join([_within(block, deep, 0, matlab) for block in row]) for row in tree.rows[:DEEP]]
        return f"[{'; '.join(rows)}]", ATOM
    return "…", ATOM


def _within(tree: Syntax, deep: int, level: int, matlab: bool) -> str:
    text, binds = _shown(tree, deep - 1, matlab)
    return f"({text})" if binds < level else text


def _number(tree: Number) -> str:
    value = tree.value
    if value.denominator == 1:
        return str(value.numerator) if value.numerator.bit_length() < 200 else "…"
    return f"{float(value):g}"
