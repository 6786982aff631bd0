"""What the premises of the table say about how an expression is built: `CONDITIONS`.

Products and sums are looked at through names, signs and scalar factors, and up to `LONG` nodes: what is longer is
unknown, so that the cost stays linear in the size of a program.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from matcalc.expressions.node import Node
from matcalc.facts.names import BITS
from matcalc.operations.table import OPERATIONS

__all__ = ["CONDITIONS", "Condition", "bare", "factors", "signature"]

LONG = 300
SCALAR = (1, 1)
OTHERS = {"let": ("X",), "defined": ("X", "Y"), "apply": ("X",), "stack": ()}
Condition: TypeAlias = Callable[[Node, str], bool]  # of the node, and the word after the condition
Oriented: TypeAlias = tuple[Node, bool]  # a factor, and whether it is transposed


def bare(node: Node) -> Node:
    """The node behind its names."""
    while node.op == "let":
        node = node.args[0]
    return node


def factors(node: Node) -> list[Node]:
    """The factors of a product, from left to right; a long one inside brackets is one factor."""
    found: list[Node] = []
    stack = [(node, True)]
    while stack:
        part, spine = stack.pop()
        if part.op == "matmul" and (spine or part.size < 200):
            stack += [(part.args[0], spine), (part.args[1], False)]
        else:
            found.append(part)
    return found[::-1]


def holds(node: Node, fact: str) -> bool:
    """Whether a fact is known to hold of a node that has been looked at."""
    return bool(node._facts[0] & BITS[fact])


class Product:
    """A product taken apart: its sign, its scalar factors, and the chain of oriented matrices."""

    __slots__ = ("chain", "scalars", "sign")

    def __init__(self, node: Node) -> None:
        self.sign, self.scalars = 1, list[Node]()
        self.chain: list[Oriented] = []
        stack = [(node, False)]
        while stack:
            part, turned = stack.pop()
            op, args = part.op, part.args
            if part.shape == SCALAR and part is not node:
                self.scalars.append(part)
            elif op == "let":
                stack.append((args[0], turned))
            elif op in ("T", "neg"):
                self.sign = -self.sign if op == "neg" else self.sign
                stack.append((args[0], turned != (op == "T")))
            elif op == "matmul":
                stack.extend([(args[0], turned), (args[1], turned)][:: 1 if turned else -1])
            elif op == "mul" and part.shape != SCALAR and SCALAR in (args[0].shape, args[1].shape):
                which = 0 if args[0].shape == SCALAR else 1
                self.scalars.append(args[which])
                stack.append((args[1 - which], turned))
            elif op == "div" and part.shape != SCALAR and args[1].shape == SCALAR:  # 1/x is no multiple of x
                self.scalars.append(args[1])
                stack.append((args[0], turned))
            else:
                self.chain.append((part, turned and not holds(part, "symmetric")))

    def nonnegative(self) -> bool:
        """Whether the scalars and the sign make a factor that is not negative: what stands twice is a square."""
        left: set[Node] = set()
        for scalar in self.scalars:
            left ^= {bare(scalar)}
        return self.sign > 0 and all(holds(scalar, "nonnegative") for scalar in left)


def middle(product: Product) -> list[Oriented] | None:
    """What stands in the middle of ``A @ S @ A.T``: nothing, or one factor; None of any other product."""
    chain = product.chain
    low, high = 0, len(chain) - 1
    while low < high:
        (a, turned), (b, other) = chain[low], chain[high]
        mirrored = (a is b and (turned != other or holds(a, "symmetric"))) or (
            turned == other and transposed(a, b)
        )
        if not mirrored:
            return None
        low, high = low + 1, high - 1
    return chain[low : high + 1]


def transposed(a: Node, b: Node) -> bool:
    """Whether two nodes are each other's transposes, by how they are written: ``inv(A)`` and ``inv(A.T)``."""
    pairs, budget = [(a, b, True)], 60
    while pairs and budget:
        budget -= 1
        x, y, turned = pairs.pop()
        x, y = bare(x), bare(y)
        while x.op == "T" or y.op == "T":
            x, y, turned = (bare(x.args[0]), y, not turned) if x.op == "T" else (x, bare(y.args[0]), not turned)
        if x is y and (not turned or holds(x, "symmetric")):
            continue
        if x.op != y.op or x.params != y.params or not x.args or len(x.args) != len(y.args):
            return False
        if x.op == "matmul":
            ends = y.args[::-1] if turned else y.args
            pairs += [(p, q, turned) for p, q in zip(x.args, ends, strict=True)]
        elif x.op in THROUGH:
            pairs += [(p, q, turned and p.shape != SCALAR) for p, q in zip(x.args, y.args, strict=True)]
        else:
            return False
    return not pairs


THROUGH = frozenset({
    "add", "sub", "neg", "mul", "div", "pow", "inv", "pinv", "expm", "matrix_power", "kron", "apply", "exp", "log",
    "sqrt", "square", "abs", "sin", "cos", "tanh", "sigmoid", "relu", "softplus",
})  # fmt: skip


@lru_cache(maxsize=1)  # several rules ask about one node in turn
def _mirrored(node: Node) -> tuple[Product, list[Oriented] | None]:
    product = Product(node)
    return product, middle(product)


def congruent(node: Node, fact: str) -> bool:
    """``A @ S @ A.T`` with S of that fact, or the identity."""
    if node.size > LONG:
        return False
    product, centre = _mirrored(node)
    if centre is None or len(product.chain) < 2:
        return False
    if fact == "symmetric":
        return not centre or holds(centre[0][0], fact)
    if fact == "skew":
        return bool(centre) and holds(centre[0][0], fact)
    return product.nonnegative() and (not centre or holds(centre[0][0], fact))


def full_rank_outside(node: Node, word: str) -> bool:
    """Whether A in ``A.T @ S @ A`` has independent columns, each factor of it, and no scalar is zero."""
    product, _ = _mirrored(node)
    half = len(product.chain) // 2
    right = product.chain[-half:]
    sound = all(holds(base, "invertible" if turned else "independent") for base, turned in right)
    return sound and all(holds(bare(scalar), "positive") for scalar in product.scalars)


def _terms(node: Node) -> list[tuple[int, Node]]:
    """The signed terms of a sum."""
    found: list[tuple[int, Node]] = []
    stack = [(1, node)]
    while stack:
        sign, part = stack.pop()
        part = bare(part)
        if part.op in ("add", "sub") and part.shape == node.shape:
            stack += [(-sign if part.op == "sub" else sign, part.args[1]), (sign, part.args[0])]
        elif part.op == "neg":
            stack.append((-sign, part.args[0]))
        else:
            found.append((sign, part))
    return found


def _closed_under_transposition(node: Node, sign: int, alone: str) -> bool:
    """Whether each term of a sum has its transpose, with that sign, as another term; or stands alone."""
    if node.size > LONG or node.shape[0] != node.shape[1]:
        return False
    left = [term for term in _terms(node) if not holds(term[1], alone)]
    if len(left) > 16 or any(term.shape != node.shape for _, term in left):
        return False
    while left:
        c, term = left.pop()
        partner = next((k for k, (d, other) in enumerate(left) if d == sign * c and transposed(term, other)), None)
        if partner is None:
            return False
        del left[partner]
    return True


def _blocks(node: Node, fact: str) -> bool:
    """A square grid of blocks, square on its diagonal, that has the fact as a whole."""
    n = len(node.params)
    if any(count != n for count in node.params) or n > 8:
        return False
    grid = [node.args[i * n : (i + 1) * n] for i in range(n)]
    if any(grid[i][i].shape[0] != grid[i][i].shape[1] for i in range(n)):
        return False
    if not all(holds(grid[i][i], fact) or (grid[i][i].shape == SCALAR) for i in range(n)):
        return False
    above = [(i, j) for i in range(n) for j in range(i + 1, n)]
    if fact == "symmetric":
        return all(transposed(grid[i][j], grid[j][i]) for i, j in above)
    empty = [*(above if fact != "upper" else []), *([(j, i) for i, j in above] if fact != "lower" else [])]
    return all(holds(grid[i][j], "zero") for i, j in empty)


def _number(node: Node) -> int | None:
    """The whole number that the second argument is."""
    exponent = bare(node.args[1])
    value = exponent.params[0] if exponent.op == "num" else None
    return int(value) if value is not None and value == int(value) else None


def _over_its_norm(node: Node, _: str) -> bool:
    top, below = bare(node.args[0]), bare(node.args[1])
    if below.op == "norm":
        return bare(below.args[0]) is top
    inside = bare(below.args[0]) if below.op == "sqrt" else below
    return below.op == "sqrt" and inside.op == "matmul" and inside.shape == SCALAR and (
        [(bare(a), turned) for a, turned in Product(inside).chain] == [(top, True), (top, False)]
    )


def _over_its_sum(node: Node, axis: str) -> bool:
    top, below = bare(node.args[0]), bare(node.args[1])
    wanted = int(axis) if axis else None
    return below.op == "sum" and below.params[0] == wanted and bare(below.args[0]) is top


def _less_its_mean(node: Node, axis: str) -> bool:
    one, other = bare(node.args[0]), bare(node.args[1])
    wanted = int(axis) if axis else None
    return any(
        mean.op == "mean" and mean.params[0] == wanted and bare(mean.args[0]) is whole
        for whole, mean in ((one, other), (other, one))
    )


def signature(op: str) -> tuple[str, ...]:
    """The names of an operation's arguments, as the rows of the table write them."""
    return OTHERS[op] if op in OTHERS else OPERATIONS[op].signature


def _shape_of(node: Node, name: str) -> tuple[object, object]:
    return node.shape if name == "y" else node.args[signature(node.op).index(name)].shape


def _tall(node: Node, name: str) -> bool:
    rows, columns = _shape_of(node, name)
    return rows == columns or (isinstance(rows, int) and isinstance(columns, int) and rows >= columns)


CONDITIONS: dict[str, Condition] = {
    "scalar": lambda node, name: _shape_of(node, name) == SCALAR,
    "full": lambda node, name: _shape_of(node, name) == node.shape,
    "square": lambda node, name: _shape_of(node, name)[0] == _shape_of(node, name)[1],
    "vector": lambda node, name: 1 in _shape_of(node, name),
    "column": lambda node, name: _shape_of(node, name)[1] == 1,
    "row": lambda node, name: _shape_of(node, name)[0] == 1,
    "matrix": lambda node, name: 1 not in _shape_of(node, name),
    "tall": _tall,
    "nonzero": lambda node, _: bool(node.args[0]._facts[1] & BITS["zero"]),
    "same shape": lambda node, _: node.args[0].shape == node.args[1].shape,
    "same branches": lambda node, _: node.args[1].shape == node.args[2].shape == node.shape,
    "A is B": lambda node, _: bare(node.args[0]) is bare(node.args[1]),
    "congruent": congruent,
    "full rank outside": full_rank_outside,
    "transposes": lambda node, _: _closed_under_transposition(node, 1, "symmetric"),
    "opposites": lambda node, _: _closed_under_transposition(node, -1, "skew"),
    "even": lambda node, _: (_number(node) or 1) % 2 == 0,
    "natural": lambda node, _: (_number(node) or 0) > 0,
    "axis": lambda node, axis: str(node.params[0]).lower() == axis,
    "over its norm": _over_its_norm,
    "over its sum": _over_its_sum,
    "less its mean": _less_its_mean,
    "blocks": _blocks,
    "one below the other": lambda node, _: set(node.params) == {1},
    "first": lambda node, fact: holds(node.args[0], fact),
    "same slice": lambda node, _: node.params[0] == node.params[1] and node.params[0][0] == "slice",
    "all rows": lambda node, _: node.params[0] == ("all",),
    "all columns": lambda node, _: node.params[1] == ("all",),
}
