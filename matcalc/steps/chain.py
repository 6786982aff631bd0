"""From a derivation to its steps: the chain rule over named pieces, from the value back to the variables.

The program is taken apart into pieces, ``z = W@x + b``, ``h = f(z)``, ``s = u.T@h``; what has no name but needs one
gets one (`matcalc.steps.naming`).  Then every piece, the last first, passes its upstream gradient on to the variables
in it.  The gradient of a sum or product is abbreviated, ``δ = ∂s/∂z``, since it is used once for every variable of the
piece.  Of a value that is no scalar, Jacobians are multiplied instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matcalc.calculus.simplify import simplify
from matcalc.calculus.sweep import depends
from matcalc.calculus.writing import sum_of
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, kind, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count
from matcalc.steps.local import Piece, affine, jacobian_product
from matcalc.steps.naming import named_values, replacements
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["steps_of"]

SHORT = 3  # tokens: what is longer gets a name


def steps_of(derivation: Derivation) -> list[DerivationStep]:
    """The steps of a derivation: definitions, the chain rule piece by piece, results.

    >>> from matcalc.derivation import derive
    >>> [step.kind for step in steps_of(derive("s = u.T @ f(W@x + b)", "W"))]
    ['definition', 'definition', 'definition', 'chain', 'chain', 'abbreviation', 'chain', 'result']
    """
    return _Chain(derivation).steps()


class _Chain:
    def __init__(self, derivation: Derivation) -> None:
        program, value = derivation.program, derivation.value.node
        self.derivation = derivation
        self.taken = {*program.names, *program.functions, *program.dims, *program.definitions}
        names = [key for key in derivation if isinstance(key, str)]
        targets = [program.names[name] for name in names]
        live = depends(value, targets)
        lets = named_values(value, live, self.taken)
        self.taken.update([node.params[0] for node in lets.values()])
        new = replacements([value, *targets], lets)
        value = new[value]
        if value.op not in ("let", "var"):
            value = table.let(self.free({"scalar": "s", "matrix": "Y"}.get(kind(value.shape), "y")), value)
        self.value = value
        self.targets = dict(zip(names, [new[target] for target in targets], strict=True))
        self.live = depends(value, list(self.targets.values()))
        self.found: dict[Node, list[Node]] = {}
        self.lost: set[Node] = set()  # what a piece without a matrix form passes on to
        self.out: list[DerivationStep] = []
        self.count = 0

    def free(self, name: str) -> str:
        """A name like this that the program does not use."""
        shown = name
        number = 0
        while shown in self.taken:
            number += 1
            shown = f"{name}{number}"
        self.taken.add(shown)
        return shown

    @property
    def name(self) -> str:
        return str(self.value.params[0])

    def steps(self) -> list[DerivationStep]:
        pieces = [n for n in postorder(self.value) if n.op == "let" and self.live[n]]
        for piece in pieces:
            self.add("definition", piece.args[0], name=piece.params[0])
        if self.live[self.value]:
            self.found[self.value] = [table.number(1)]
            self.walk(pieces)
        self.results()
        return self.out

    def add(self, kind_: str, formula: Node, **fields: Any) -> None:
        self.out.append(DerivationStep(kind_, formula, value=self.name, **fields))

    # ------------------------------------------------------------------------------------- the chain rule
    def walk(self, pieces: list[Node]) -> None:
        """Pass the gradient of every piece on to the variables in it."""
        self.abbreviations = sum(self.abbreviated(piece) for piece in pieces)
        for piece in reversed(pieces):
            upstream = self.total(piece)
            if upstream is None:
                self.lost.update(self.wanted(Piece(piece, self.taken)))
                continue
            if self.value.shape == (1, 1):
                self.pass_gradient(piece, self.shortened(piece, upstream))
            else:
                self.pass_jacobian(piece, upstream)

    def abbreviated(self, piece: Node) -> bool:
        return piece is not self.value and self.value.shape == (1, 1) and affine(piece)

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
        scaled = upstream.op == "mul" and upstream.args[0].op == "num" and upstream.args[1].op in ("var", "let")
        if not self.abbreviated(piece) or token_count(upstream) < SHORT or scaled:
            return upstream
        wanted = "delta" if self.abbreviations == 1 else f"delta_{piece.params[0]}"
        name = self.free(wanted)
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
            gradient = gradients[by]
            passed = piece.passed_on(gradient, upstream)
            self.found.setdefault(by, []).append(passed)
            self.add(
                "chain", passed, of=variable.params[0], by=by.params[0], upstream=upstream, laws=piece.laws(by),
                local=piece.jacobian(by), differential=piece.differential(gradient, by), change=piece.change(by),
            )  # fmt: skip

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
                local=local, change=piece.change(by),
            )  # fmt: skip

    # ------------------------------------------------------------------------------------------ results
    def results(self) -> None:
        """The derivatives asked for, in the steps' variables and as the derivation gives them."""
        results = dict(self.derivation.items())
        for name, target in self.targets.items():
            total = self.total(target)
            final = results[name].node
            self.add("result", final if total is None else total, by=name, final=final, note=self.note(name))
        for key, result in results.items():
            if isinstance(key, tuple):
                gradient = self.derivation.gradients[key[0]]
                self.add("result", result.node, by=",".join(key), final=result.node, order=2, upstream=gradient)

    def note(self, name: str) -> str:
        """What makes a result differ from the last step: a structured variable, or the layout."""
        target, derivation = self.derivation.program.names[name], self.derivation
        type_ = target.params[1] if target.op == "var" else ""
        if not self.live.get(self.targets[name]):
            return "it does not occur"
        if type_ in ("symmetric", "posdef", "skew", "diagonal"):
            space = {"posdef": "symmetric"}.get(type_, type_)
            by_entries = derivation.structure == "entries"
            return f"by the free entries of a {space} matrix" if by_entries else f"projected on {space} matrices"
        layout: str = derivation[name].layout
        return f"in {layout} layout" if layout != "shape" else ""


