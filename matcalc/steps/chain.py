"""From a derivation to its steps: the chain rule over named pieces, from the value back to the variables.

The program is taken apart into pieces, ``z = W@x + b``, ``h = f(z)``, ``s = u.T@h``; what has no name but needs one
gets one (`matcalc.steps.naming`).  Then every piece, the last first, passes its upstream gradient on to the variables
in it.  The gradient of a sum or product is abbreviated, ``δ = ∂s/∂z``, since it is used once for every variable of the
piece.  Of a value that is no scalar, Jacobians are multiplied instead.

Under the policy ``shape``, what is passed on has the shape of the variable at every step.  Under ``jacobian``, it is a
Jacobian, a row for a column variable, and the result is turned at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcalc.calculus.simplify import simplify
from matcalc.calculus.writing import sum_of, t
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node
from matcalc.operations import table
from matcalc.render.measure import token_count
from matcalc.steps.conditions import conditions
from matcalc.steps.local import LONG, Piece, jacobian_product
from matcalc.steps.pieces import Pieces
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["steps_of"]


def steps_of(derivation: Derivation, policy: str = "shape", level: str = "brief") -> list[DerivationStep]:
    """The steps of a derivation: definitions, the chain rule piece by piece, results.

    ``policy``  ``shape`` or ``jacobian``: how what is passed on is laid out
    ``level``   ``full`` adds derivatives entry by entry and the conditions under which a step holds

    >>> from matcalc.derivation import derive
    >>> [step.kind for step in steps_of(derive("s = u.T @ f(W@x + b)", "W"))]
    ['definition', 'definition', 'definition', 'chain', 'chain', 'abbreviation', 'chain', 'result']
    """
    return _Chain(derivation, policy, level).steps()


class _Chain(Pieces):
    def __init__(self, derivation: Derivation, policy: str, level: str) -> None:
        super().__init__(derivation)
        self.rows, self.full = policy == "jacobian" and self.scalar, level == "full"
        self.found: dict[Node, list[Node]] = {}
        self.lost: set[Node] = set()  # what a piece without a matrix form passes on to
        self.out: list[DerivationStep] = []

    def steps(self) -> list[DerivationStep]:
        for piece in self.all:
            self.add("definition", piece.args[0], name=piece.params[0])
        if self.live[self.value]:
            self.found[self.value] = [table.number(1)]
            self.walk()
        totals = {name: self.total(target) for name, target in self.targets.items()}
        found = {name: total for name, total in totals.items() if total is not None}
        return [*self.out, *self.results(found, self.rows)]

    def add(self, kind_: str, formula: Node, **fields: Any) -> None:
        self.out.append(DerivationStep(kind_, formula, value=self.name, **fields))

    # ------------------------------------------------------------------------------------- the chain rule
    def walk(self) -> None:
        """Pass the gradient of every piece on to the variables in it."""
        for piece in reversed(self.all):
            upstream = self.total(piece)
            if upstream is None:
                self.lost.update(self.wanted(Piece(piece, self.taken)))
                continue
            if self.scalar:
                self.pass_gradient(piece, self.shortened(piece, upstream))
            else:
                self.pass_jacobian(piece, upstream)

    def total(self, variable: Node) -> Node | None:
        """The gradient by a variable: the sum over its uses."""
        parts = self.found.get(variable, []) if variable not in self.lost else []
        if len(parts) < 2:
            return parts[0] if parts else None
        total = simplify(sum_of([(1, part) for part in parts]))
        self.add("sum", total, by=variable.params[0], parts=parts)
        self.found[variable] = [total]
        return total

    def shortened(self, piece: Node, upstream: Node) -> Node:
        """The gradient by a piece, under a name of its own where it is used as it is."""
        name = self.short_name(piece, upstream)
        if not name:
            return upstream
        self.add("abbreviation", upstream, name=name, by=piece.params[0])
        return table.let(name, upstream)

    def wanted(self, piece: Piece) -> list[Node]:
        return [v for v in piece.variables if self.live.get(v) and v is not piece.variable]

    def pass_gradient(self, variable: Node, upstream: Node) -> None:
        piece = Piece(variable, self.taken)
        wanted = self.wanted(piece)
        try:
            gradients = piece.gradients(wanted)
        except UnsupportedError:
            self.lost.update(wanted)
            return
        for by in sorted(wanted, key=lambda v: v.op == "let"):
            column = piece.passed_on(gradients[by], self.laid(upstream))
            passed = self.laid(column)
            self.found.setdefault(by, []).append(passed)
            local = piece.jacobian(by)
            self.add(
                "chain", passed, of=variable.params[0], by=by.params[0], upstream=upstream, laws=piece.laws(by),
                local=local, product=self.product(variable, upstream, local, passed),
                differential=piece.differential(gradients[by], by), change=piece.change(by),
                **self.more(piece, by, gradients[by], self.laid(upstream), column),
            )  # fmt: skip

    def laid(self, gradient: Node) -> Node:
        """A gradient as the policy passes it on, and back again."""
        return simplify(t(gradient)) if self.rows and gradient.shape != (1, 1) else gradient

    def product(self, of: Node, upstream: Node, local: Node | None, passed: Node) -> Node | None:
        """The upstream derivative times the local one as they stand, where that is not the result already."""
        if of is self.value or local is None:
            return None
        scalar = (1, 1) in (upstream.shape, local.shape)
        if scalar:
            return None
        rows = self.rows or not self.scalar
        found = table.matmul(upstream, local) if rows else table.matmul(t(local), upstream)
        return None if found is passed or token_count(found) > LONG else found

    def more(self, piece: Piece, by: Node, gradient: Node | None, upstream: Node, passed: Node) -> dict[str, Any]:
        """What full steps tell beside the formulas."""
        if not self.full:
            return {}
        return {"tensor": piece.tensor(by), "conditions": conditions(piece, by, gradient, upstream, passed)}

    def pass_jacobian(self, variable: Node, upstream: Node) -> None:
        piece = Piece(variable, self.taken)
        for by in sorted(self.wanted(piece), key=lambda v: v.op == "let"):
            local = piece.jacobian(by)
            passed = local if variable is self.value else None if local is None else jacobian_product(upstream, local)
            if passed is None:
                self.lost.add(by)
                continue
            self.found.setdefault(by, []).append(passed)
            shown = None if variable is self.value else upstream
            self.add(
                "chain", passed, of=variable.params[0], by=by.params[0], upstream=shown, laws=piece.laws(by),
                local=local, product=self.product(variable, upstream, local, passed), change=piece.change(by),
                **self.more(piece, by, None, upstream, passed),
            )  # fmt: skip
