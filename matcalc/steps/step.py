"""What a step of a derivation is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from matcalc.calculus.tensors import is_entries
from matcalc.calculus.terms import Sum
from matcalc.expressions.node import Node, Shape
from matcalc.operations.registry import Law
from matcalc.phrases import Phrases, phrases

__all__ = ["KINDS", "LEVELS", "POLICIES", "STYLES", "Condition", "DerivationStep"]

KINDS = ("definition", "chain", "sum", "abbreviation", "result")
LEVELS = ("brief", "full")
POLICIES = ("shape", "jacobian")
STYLES = ("chain", "differential")

Condition: TypeAlias = tuple[str, str, tuple[tuple[str, Node], ...]]  # key of a phrase, words, and what names stand for


class DerivationStep:
    """One step; which fields it has depends on its ``kind``.

    ============== =====================================================================================
    definition     ``name`` is a variable and ``formula`` what it stands for
    chain          the derivative passes from the variable ``of`` on to ``by``: ``upstream`` is ∂value/∂of,
                   ``local`` the Jacobian ∂of/∂by where it reads well, ``differential`` what a change of ``by``
                   (the variable ``change``) makes of ``of``, and ``formula`` the contribution to ∂value/∂by;
                   ``product`` is upstream and local multiplied, not yet simplified
    sum            ``by`` is used in several places: ``formula`` is the sum of their ``parts``
    abbreviation   ``name`` stands for ``formula``, which is ∂value/∂by
    result         ``formula`` is ∂value/∂by in the variables of the steps, ``final`` as the derivation gives it;
                   ``turned`` where one is laid out as the transpose of the other
    ============== =====================================================================================

    ``laws`` are the laws that were used, ``value`` is the name of what is differentiated, and ``shape`` the
    shape of the formula.  Under the policy ``jacobian``, the derivative of a scalar is laid out as a Jacobian: the
    transpose of the gradient.  Of full steps, ``tensor`` is ∂of/∂by entry by entry, in index terms whose extra
    indices are those of ``of``, and ``conditions`` tell where the step holds.  ``remark`` is the phrase of ``note``.
    """

    __slots__ = (
        "by", "change", "conditions", "differential", "final", "formula", "kind", "laws", "local", "name", "of",
        "order", "parts", "product", "remark", "tensor", "turned", "upstream", "value",
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
        product: Node | None = None,
        differential: Node | None = None,
        change: Node | None = None,
        parts: Sequence[Node] = (),
        laws: Sequence[Law] = (),
        tensor: Sum | None = None,
        conditions: Sequence[Condition] = (),
        final: Node | None = None,
        remark: tuple[str, Mapping[str, str]] | None = None,
        turned: bool = False,
        order: int = 1,
    ) -> None:
        self.kind, self.formula, self.value, self.name, self.of, self.by = kind, formula, value, name, of, by
        self.upstream, self.local, self.product = upstream, local, product
        self.differential, self.change, self.tensor = differential, change, tensor
        self.parts, self.laws, self.conditions = tuple(parts), tuple(laws), tuple(conditions)
        self.final, self.remark, self.turned, self.order = final, remark, turned, order

    @property
    def shape(self) -> Shape:
        """Rows and columns of the formula."""
        return self.formula.shape

    @property
    def note(self) -> str:
        """What makes a result differ from the last step, in English; empty where nothing does."""
        return self.told(phrases())

    def told(self, say: Phrases) -> str:
        """The note in a language."""
        if self.remark is None:
            return ""
        key, values = self.remark
        return say(key, **{name: say.term(word) for name, word in values.items()})

    def __repr__(self) -> str:
        from matcalc.render.text import text

        formula = repr(self.formula) if is_entries(self.formula) else text(self.formula)
        return f"<{self.kind} {self.name or self.by}: {formula}>"
