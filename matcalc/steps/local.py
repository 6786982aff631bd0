"""The derivative of one piece of a derivation, ``z = W@x + b``, by each of its variables.

The pieces are small: every variable stands as a leaf, so that the cost does not depend on what it stands for.  With
``G`` for the upstream gradient, the gradient of ``⟨G, z⟩`` is what the chain rule passes on; it is linear in ``G``, and
its own gradient, of ``⟨gradient, dW⟩`` by ``G``, is the differential ``dz = dW@x``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matcalc import facts
from matcalc.calculus.along import adjoints
from matcalc.calculus.simplify import shortest, simplify
from matcalc.calculus.sweep import moved, sweep
from matcalc.calculus.terms import Sum, free_of, powers_of
from matcalc.calculus.writing import t
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, kind, postorder
from matcalc.operations import table
from matcalc.operations.registry import Law
from matcalc.render.measure import token_count
from matcalc.steps.naming import replaced, visible
from matcalc.steps.stated import law_of

__all__ = ["LONG", "Piece", "affine", "jacobian_product"]

LONG = 24  # tokens beyond which a Jacobian or a differential is not shown
LAST = "\uffff"  # a name that stands after all others where factors are ordered
AFFINE = frozenset({"matmul", "add", "sub"})
SILENT = frozenset({"let", "T", "neg", "index"})  # no word is lost about them where there is more to say



class Piece:
    """``name = formula``, with the variables in it as leaves."""

    def __init__(self, variable: Node, taken: Collection[str]) -> None:
        self.variable = variable
        body = variable.args[0] if variable.op == "let" else variable
        leaves = [n for n in postorder(body, into=lambda n: n.op != "let") if n.op in ("let", "var")]
        self.shallow = {n: _leaf(n) for n in leaves if n.op == "let"}
        self.own = _leaf(variable)
        self.deep = {leaf: n for n, leaf in self.shallow.items()}
        self.deep[self.own] = variable
        self.variables = leaves
        self.body = replaced(body, self.shallow)
        self.names = {self.body: self.own}
        self.taken = taken
        self.upstream = table.variable(_free("G", taken), variable.shape)

    def leaf(self, variable: Node) -> Node:
        """How a variable stands in the formula."""
        return self.shallow.get(variable, variable)

    def gradients(self, wanted: Sequence[Node]) -> dict[Node, Node]:
        """For each variable, the gradient of ``⟨G, formula⟩``, with leaves in it; raises `UnsupportedError`."""
        scalar = self.body.shape == (1, 1)
        total = table.mul(self.upstream, self.body) if scalar else table.make("inner", self.upstream, self.body)
        found = sweep(total, [self.leaf(v) for v in wanted], self.names)
        result: dict[Node, Node] = {}
        for variable in wanted:
            node = shortest(found[self.leaf(variable)])
            if node is None:
                raise UnsupportedError("this step has no matrix form")
            result[variable] = node
        return result

    def gradient_without(self, variable: Node, plain: Mapping[Node, Node]) -> Node:
        """The gradient by a variable where leaves are replaced by others of which less is known.

        Raises `UnsupportedError` where it has no matrix form.
        """
        body, upstream = replaced(self.body, plain), self.upstream
        leaf = plain.get(self.leaf(variable), self.leaf(variable))
        total = table.mul(upstream, body) if body.shape == (1, 1) else table.make("inner", upstream, body)
        node = shortest(sweep(total, [leaf], {body: self.own})[leaf])
        if node is None:
            raise UnsupportedError("this step has no matrix form")
        return node

    def passed_on(self, gradient: Node, upstream: Node) -> Node:
        """What a gradient is for this upstream gradient."""
        return simplify(replaced(gradient, {**self.deep, self.upstream: upstream}))

    def change(self, variable: Node) -> Node:
        """``dW``, the change of a variable."""
        return table.variable(_free(f"d{variable.params[0]}", self.taken), variable.shape)

    def differential(self, gradient: Node, variable: Node) -> Node | None:
        """What a change of the variable makes of the formula: linear in `change`, which stands last."""
        change = table.variable(LAST, variable.shape)
        scalar = variable.shape == (1, 1)
        total = table.mul(gradient, change) if scalar else table.make("inner", gradient, change)
        node = shortest(sweep(total, [self.upstream], {})[self.upstream])
        if node is None or token_count(node) > LONG:
            return None
        return replaced(node, {**self.deep, change: self.change(variable)})

    def jacobian(self, variable: Node) -> Node | None:
        """The derivative of a column or number by a column or number, rows for the formula; None of all else."""
        kinds = {kind(self.body.shape), kind(variable.shape)}
        if not kinds <= {"scalar", "vector"}:
            return None
        leaf = self.leaf(variable)
        found = adjoints(self.body, [leaf], self.names, [])[leaf]
        if self.body.shape == (1, 1):
            node = shortest(found)
            node = None if node is None else simplify(t(node))
        else:
            place = {k: 0 for k, _ in found.extra}
            place.update(dict.fromkeys(free_of(found.shape), 1))
            node = shortest(moved(found, place), diag=True)
        if node is None or token_count(node) > LONG:
            return None
        return replaced(node, self.deep)

    def tensor(self, variable: Node) -> Sum | None:
        """The derivative entry by entry, in index terms over leaves; None where it is long or has no such form.

        The extra indices are the axes of the formula, where it is no scalar.
        """
        try:
            found = adjoints(self.body, [self.leaf(variable)], self.names, [])[self.leaf(variable)]
        except UnsupportedError:
            return None
        size = sum([token_count(node) for key in found.terms for node, _ in powers_of(key)])
        return found if found.free and found.terms and size <= LONG else None

    def laws(self, variable: Node) -> list[Law]:
        """The laws on the way from the formula to a variable."""
        leaf = self.leaf(variable)
        live: dict[Node, bool] = {}
        found: dict[str, Law] = {}
        quiet: dict[str, Law] = {}
        for node in visible(self.body):
            live[node] = node is leaf or any(live.get(a) for a in node.args)
            if not live[node] or not node.args:
                continue
            law = law_of(node)
            if law is not None:
                (quiet if node.op in SILENT else found).setdefault(law.title, law)
        return list((found or quiet).values())[::-1]


def _leaf(variable: Node) -> Node:
    """A variable as a leaf that keeps what is known of it."""
    if variable.op != "let":
        return variable
    type_ = ""
    if facts.square(variable):
        type_ = "diagonal" if facts.diagonal(variable) else "symmetric" if facts.symmetric(variable) else ""
    elif variable.shape != (1, 1) and facts.sums_to_one(variable):
        type_ = "simplex"
    return table.variable(variable.params[0], variable.shape, type_, bool(facts.positive(variable)))


def affine(variable: Node) -> bool:
    """Whether a variable stands for a product or a sum, so that its gradient is passed on as it is."""
    node = variable.args[0]
    while node.op in ("T", "neg"):
        node = node.args[0]
    return node.op in AFFINE


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def jacobian_product(left: Node, right: Node) -> Node | None:
    """The product of two Jacobians, written as one."""
    from matcalc.calculus.lowering import lower

    scalar = (1, 1) in (left.shape, right.shape)
    return shortest(lower(table.mul(left, right) if scalar else table.matmul(left, right)), diag=True)
