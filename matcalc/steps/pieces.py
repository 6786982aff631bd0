"""A derivation taken apart into pieces with names: ``z = W@x + b``, ``h = f(z)``, ``s = u.T@h``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcalc.calculus.sweep import depends
from matcalc.calculus.writing import t
from matcalc.expressions.node import Node, kind, postorder
from matcalc.operations import table
from matcalc.render.measure import token_count
from matcalc.steps.local import affine
from matcalc.steps.naming import named_values, opened, replacements
from matcalc.steps.step import DerivationStep

if TYPE_CHECKING:
    from matcalc.derivation import Derivation

__all__ = ["Pieces"]

SHORT = 3  # tokens: what is longer gets a name


class Pieces:
    """A derivation taken apart: what is differentiated and by what, with names where a reader needs them."""

    def __init__(self, derivation: Derivation) -> None:
        program, value = derivation.program, derivation.value.node
        self.derivation = derivation
        self.taken = {*program.names, *program.functions, *program.dims, *program.definitions, *program.laws}
        names = [key for key in derivation if isinstance(key, str)]
        targets = [program.names[name] for name in names]
        live = depends(value, targets)
        bodies = replacements([value, *targets], opened([value], live))
        value, targets = bodies[value], [bodies[target] for target in targets]
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
        self.all = [n for n in postorder(value) if n.op == "let" and self.live[n]]
        self.abbreviations = sum(self.abbreviated(piece) for piece in self.all)

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
        """The name of what is differentiated."""
        return str(self.value.params[0])

    @property
    def scalar(self) -> bool:
        """Whether it is a scalar, so that gradients are passed on."""
        return self.value.shape == (1, 1)

    def abbreviated(self, piece: Node) -> bool:
        """Whether the gradient by a piece may get a name: it is passed on as it is to all that the piece is made of."""
        return piece is not self.value and self.scalar and affine(piece)

    def short_name(self, piece: Node, gradient: Node) -> str:
        """A name for the gradient by a piece; empty where it is short, or needs none."""
        plain = t(gradient) if gradient.op == "T" else gradient
        scaled = plain.op == "mul" and plain.args[0].op == "num" and plain.args[1].op in ("var", "let")
        if not self.abbreviated(piece) or token_count(plain) < SHORT or scaled:
            return ""
        return self.free("delta" if self.abbreviations == 1 else f"delta_{piece.params[0]}")

    def results(self, totals: Mapping[str, Node], rows: bool) -> list[DerivationStep]:
        """The derivatives asked for, in the steps' variables and as the derivation gives them.

        ``totals`` are what the steps have found by name; ``rows``: laid out as Jacobians.
        """
        found: list[DerivationStep] = []
        for name, result in self.derivation.items():
            final = result.node
            if isinstance(name, tuple):
                gradient = self.derivation.gradients[name[0]]
                step = DerivationStep(
                    "result", final, value=self.name, by=",".join(name), final=final, order=2, upstream=gradient
                )
            else:
                turned = name in totals and rows != result.transposed
                step = DerivationStep(
                    "result", totals.get(name, final), value=self.name, by=name, final=final,
                    remark=self.noted(name), turned=turned,
                )  # fmt: skip
            found.append(step)
        return found

    def noted(self, name: str) -> tuple[str, dict[str, str]] | None:
        """What makes a result differ from the last step: a structured variable, or the layout."""
        target, derivation = self.derivation.program.names[name], self.derivation
        if not self.live.get(self.targets[name]):
            return "absent", {}
        if derivation[name].structure:
            type_ = target.params[1]
            space = {"posdef": "symmetric"}.get(type_, type_)
            return ("by_entries" if derivation.structure == "entries" else "projected"), {"space": space}
        layout: str = derivation[name].layout
        return ("in_layout", {"layout": layout}) if layout != "shape" else None
