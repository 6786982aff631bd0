"""What a step of a derivation is."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.expressions.node import Node, Shape
from matcalc.operations.registry import Law

__all__ = ["KINDS", "DerivationStep"]

KINDS = ("definition", "chain", "sum", "abbreviation", "result")


class DerivationStep:
    """One step; which fields it has depends on its ``kind``.

    ============== =====================================================================================
    definition     ``name`` is a variable and ``formula`` what it stands for
    chain          the derivative passes from the variable ``of`` on to ``by``: ``upstream`` is ∂value/∂of,
                   ``local`` the Jacobian ∂of/∂by where it reads well, ``differential`` what a change of ``by``
                   (the variable ``change``) makes of ``of``, and ``formula`` the contribution to ∂value/∂by
    sum            ``by`` is used in several places: ``formula`` is the sum of their ``parts``
    abbreviation   ``name`` stands for ``formula``, which is ∂value/∂by
    result         ``formula`` is ∂value/∂by in the variables of the steps, ``final`` as the derivation gives it
    ============== =====================================================================================

    ``laws`` are the laws that were used, ``value`` is the name of what is differentiated, and ``shape`` the
    shape of the formula.
    """

    __slots__ = (
        "by", "change", "differential", "final", "formula", "kind", "laws", "local", "name", "note", "of", "order",
        "parts", "upstream", "value",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        formula: Node,
        *,
        value: str = "",
        name: str = "",
        of: str = "",
        by: str = "",
        upstream: Node | None = None,
        local: Node | None = None,
        differential: Node | None = None,
        change: Node | None = None,
        parts: Sequence[Node] = (),
        laws: Sequence[Law] = (),
        final: Node | None = None,
        note: str = "",
        order: int = 1,
    ) -> None:
        self.kind, self.formula, self.value, self.name, self.of, self.by = kind, formula, value, name, of, by
        self.upstream, self.local, self.differential, self.change = upstream, local, differential, change
        self.parts, self.laws, self.final, self.note, self.order = tuple(parts), tuple(laws), final, note, order

    @property
    def shape(self) -> Shape:
        """Rows and columns of the formula."""
        return self.formula.shape

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or self.by}: {self.formula!r}>"
