"""What is differentiated twice must not use what a type merely assumes.

`orthogonal` and `simplex` are assumptions that simplification uses, and project nothing: the derivative is by a
variable that varies in all directions, taken where the assumption holds. ``x.T @ Q.T @ Q @ x`` has the gradient ``2*x``
by x there, which tells nothing of how it varies with Q. So a gradient that is differentiated once more is found with
such variables free, and the assumption is used in the second derivative alone. The same holds of an intermediate
variable that is symmetric, say, by its value, ``B = A + A.T``: differentiated by it, it varies in all directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc import facts
from matcalc.calculus.lowering import lower, raised
from matcalc.calculus.sums import atom
from matcalc.calculus.terms import FIRST, Number, Raw, Sum, free_of, instantiate, normalise, powers_of
from matcalc.expressions.node import Node, axes, intern, rebuild
from matcalc.operations import table

__all__ = ["FreeVariation", "freed", "replaced", "with_in"]

ASSUMED = ("orthogonal", "simplex")
HIDDEN = "hidden"  # the operation of a value of which nothing is known, below a name


def freed(nodes: Iterable[Node]) -> dict[Node, Node]:
    """Free variables for those of the variables that are of a type which assumes something."""
    return {
        node: table.variable(node.params[0], node.shape, "", node.params[2])
        for node in nodes if node.op == "var" and node.params[1] in ASSUMED
    }  # fmt: skip


class FreeVariation:
    """A value, the variables to differentiate by, and the names of values, all with free variables.

    Where no variable is of a type that assumes something, everything stays as it is.
    """

    def __init__(self, value: Node, targets: Sequence[Node], names: Mapping[Node, Node]) -> None:
        free = freed(targets)
        lets = {node for node in targets if node.op == "let" and facts.known(node)[0]}
        self.needed = bool(free or lets)
        self._typed = {node: old for old, node in free.items()}
        self.value, self.targets, self.names = value, list(targets), dict(names)
        if self.needed:
            nodes = [value, *targets, *names, *names.values()]
            new = rebuild(nodes, lambda node, args: free.get(node) or _put(node, args, hidden=node in lets))
            self._typed |= {new[let]: let for let in lets}
            self.value, self.targets = new[value], [new[node] for node in targets]
            self.names = {new[node]: new[name] for node, name in names.items()}

    def restored(self, found: Sum) -> Sum:
        """A derivative by free variables, where the assumptions hold."""
        if not self.needed:
            return found
        return with_in(found, self._typed)

    def typed(self, node: Node) -> Node:
        """A node in the program's own variables."""
        return replaced([node], self._typed)[node] if self.needed else node


def with_in(found: Sum, new_ones: Mapping[Node, Node]) -> Sum:
    """Terms with nodes, wherever they stand in them, in the place of others."""
    result = Sum(found.shape, found.extra)
    nodes = [node for key in found.terms for node, _ in powers_of(key)]
    new = replaced(nodes, new_ones)
    for (scalars, factors), c in found.terms.items():
        raw = Raw(c)
        raw.sizes.update(found.extra)
        for node, _, index in factors:
            dims = node.shape if node.op == "pair" else axes(node.shape)
            raw.sizes.update((k, dim) for k, dim in zip(index, dims, strict=True) if k >= FIRST)
        for node, p in scalars:
            _multiply(raw, new[node], p, ())
        for node, p, index in factors:
            if node.op == "pair":
                raw.factors.append((node, p, index))
            else:
                _multiply(raw, new[node], p, index)
        normalise(raw, result.free, result)
    return result


def replaced(nodes: Sequence[Node], new: Mapping[Node, Node]) -> dict[Node, Node]:
    """The nodes with some in the place of others."""
    return rebuild(nodes, lambda node, args: new.get(node) or _put(node, args))


def _put(node: Node, args: tuple[Node, ...], *, hidden: bool = False) -> Node:
    """The node with these arguments; ``hidden`` is what is known of a name's value."""
    if hidden:
        args = (intern(HIDDEN, args, (), node.shape),)
    return node if args == node.args else intern(node.op, args, node.params, node.shape)


def _multiply(raw: Raw, node: Node, p: Number, index: tuple[int, ...]) -> None:
    key, c = atom(lower(node) if p == 1 else raised(node, p))
    instantiate(raw, key, c, dict(zip(free_of(node.shape), index, strict=True)))
