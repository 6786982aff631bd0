"""Results: formulas with their shapes, in every writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matcalc.calculus.lowering import lower
from matcalc.calculus.sweep import Step
from matcalc.calculus.tensors import indexed_sum, is_entries
from matcalc.calculus.terms import powers_of
from matcalc.errors import MatcalcError, UnsupportedError
from matcalc.expressions.node import Node, Shape, axes, kind
from matcalc.language.program import Program, beside, expression
from matcalc.render.measure import token_count

__all__ = ["Derivation", "Expression", "Result", "shown_shape", "taken"]


VEC_FORMS = ("source", "text", "latex")
TOKENS = 4  # tokens of the factors for each character that is wanted, of which opening them may save some
TERM = 8  # characters of an index term, at the least; a sum that factors may take fewer


class Expression:
    """A formula with its shape, in every writing."""

    __slots__ = ("_source", "node", "program")

    def __init__(self, node: Node, program: Program) -> None:
        self.node, self.program = node, program
        self._source = ""  # written when it is asked for: index notation is read back before it is given

    @property
    def shape(self) -> tuple[Any, ...]:
        """The dimensions: ``()``, ``("n",)``, ``(1, "n")`` for a row, ``("m", "n")``."""
        if len(self.node.shape) > 2:
            return tuple(self.node.shape)
        return shown_shape(self.node.shape)

    def text(self) -> str:
        """Unicode, for people."""
        from matcalc.render.text import text

        if is_entries(self.node):
            return self.indices()
        return text(self.node)

    def source(self) -> str:
        """The language itself: read beside the program, it gives the same expression."""
        from matcalc.render.source import source

        if not self._source:
            if is_entries(self.node):
                self._source = self._in_entries()
            else:
                self._source = source(self.node, syntax=self.program.syntax, taken=taken(self.program))
        return self._source

    def brief(self, limit: int) -> str:
        """The source, or nothing where it is longer than so many characters; a great many index terms are not tried."""
        if is_entries(self.node) and not self._source:
            value = indexed_sum(self.node)
            tokens = sum([token_count(node) for key in value.terms for node, _ in powers_of(key)])
            if TERM * len(value.terms) > limit or tokens > TOKENS * limit:
                return ""
            if all(len(self._indices(sized=True, opened=opened)) > limit for opened in (True, False)):
                return ""  # whichever of them is read back
        text = self.source()
        return text if len(text) <= limit else ""

    def latex(self) -> str:
        """LaTeX (amsmath) without math delimiters."""
        from matcalc.render.latex import latex

        if is_entries(self.node):
            from matcalc.calculus.indices import latex_indices

            return latex_indices(indexed_sum(self.node), taken(self.program))
        return latex(self.node)

    def latex_in_parts(self) -> tuple[str, list[tuple[str, str]]]:
        """LaTeX for a document: what is long is written by names, which follow with what they stand for."""
        from matcalc.render.latex import latex_in_parts

        if is_entries(self.node):
            return self.latex(), []
        return latex_in_parts(self.node, taken=taken(self.program))

    def indices(self) -> str:
        """Index notation."""
        return self._indices()

    def _in_entries(self) -> str:
        """Index notation that is read back as this expression: entry by entry, or else its factors as they stand.

        A reader closes sums of entries into matrices again, which may be written in more than one way.
        """
        from matcalc.calculus.indices import is_long

        text = self._indices(sized=True)
        if is_long(indexed_sum(self.node)):  # its factors stand as they are
            return text
        try:
            if expression(text, beside(self.program)) is self.node:
                return text
        except MatcalcError:
            pass  # too long for a line, or for the reader
        return self._indices(sized=True, opened=False)

    def _indices(self, *, sized: bool = False, opened: bool = True) -> str:
        from matcalc.calculus.indices import indices

        value = indexed_sum(self.node) if is_entries(self.node) else lower(self.node)
        return indices(value, taken(self.program), self.program.syntax, sized=sized, opened=opened)

    def to_sympy(self) -> Any:
        """A SymPy expression, scalars as SymPy scalars; the symbols are those of the program where it came from SymPy.

        Raises `UnsupportedError` where SymPy has no matrix expression for it.
        """
        from matcalc.sympy_bridge.writing import to_sympy

        if is_entries(self.node):
            raise UnsupportedError("SymPy has no matrix expression for a tensor", hint="indices() writes it")
        return to_sympy(self.node, getattr(self.program, "symbols", None))

    def __repr__(self) -> str:
        return f"<{self.text()}>"

    def _repr_latex_(self) -> str | None:
        """What a notebook shows."""
        try:
            return rf"$\displaystyle {self.latex()}$"
        except MatcalcError:  # it then shows the line above
            return None


class Result(Expression):
    """A derivative: of what, by what, in which layout, and whether that transposes what the default one shows.

    By a structured variable, ``structure`` is what the derivative means: ``projection`` or ``entries``; else empty.
    """

    __slots__ = ("_vec", "layout", "of", "order", "structure", "transposed", "wrt")

    def __init__(
        self, node: Node, program: Program, *, of: str, wrt: tuple[str, ...], layout: str, structure: str = "",
        transposed: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(node, program)
        self.transposed = transposed
        self.of, self.wrt, self.layout, self.order, self.structure = of, wrt, layout, len(wrt), structure
        self._vec: list[Expression | None] = []  # found when it is asked for

    @property
    def vectorised(self) -> Expression | None:
        """The vec form, the matrix ``∂vec(Y)/∂vec(X)ᵀ``, where the derivative has one (`matcalc.calculus.vec`).

        In the denominator layout it is the transpose; a second derivative is ``∂²s/∂vec(X)∂vec(Y)ᵀ`` in every layout.
        """
        if not self._vec:
            from matcalc.calculus.abbreviating import with_powers
            from matcalc.calculus.vec import vec_form

            names, layout = self.program.names, self.layout if self.order == 1 else "shape"
            value = names[self.wrt[0]] if self.order == 2 else names[self.of] if self.of else self.program.value
            node = vec_form(self.node, value.shape, names[self.wrt[-1]].shape, layout)
            self._vec.append(None if node is None else Expression(with_powers(node), self.program))
        return self._vec[0]

    def vec(self, form: str = "source") -> str:
        """The vec form ``∂vec(Y)/∂vec(X)ᵀ`` in one of the writings: ``source``, ``text`` or ``latex``.

        Raises `UnsupportedError` where the derivative has none.
        """
        if form not in VEC_FORMS:
            raise UnsupportedError(f"there is no writing {form!r} of a vec form",
                hint=f"there are {', '.join(VEC_FORMS)}")
        found = self.vectorised
        if found is None:
            raise UnsupportedError("this derivative has no form in matrix, Kronecker and entrywise products",
                hint="indices() writes it in index notation")
        written: str = getattr(found, form)()
        return written


class Derivation(Mapping[Any, Result]):
    """The derivatives of a program's value by some of its variables, by name.

    Printed, it is what the command line prints; a notebook shows its equations.

    >>> import matcalc as mc
    >>> mc.derive("s = u.T@tanh(W@x + b)", ["W", "b"])
    ∂s/∂W = (u ⊙ (1 − tanh(W x + b)^∘2)) xᵀ   (n×d)
    ∂s/∂b = u ⊙ (1 − tanh(W x + b)^∘2)        (n)
    where u: n, W: n×d, x: d, b: n, s: scalar
    """

    def __init__(self, program: Program, value: Node, of: str, notes: Sequence[str]) -> None:
        self.differentiated: dict[str, Node] = {}  # the gradients that second derivatives are taken of
        self.program, self.of = program, of
        self.value = Expression(value, program)
        self.notes = list(notes)
        self.order = 1
        self.structure = "projection"
        self.results: dict[Any, Result] = {}
        self.gradients: dict[Any, Node] = {}  # in the default layout, as code computes them
        self.trace: list[Step] = []

    @property
    def shapes(self) -> dict[str, tuple[Any, ...]]:
        """The shape of every name of the program."""
        return {name: shown_shape(shape) for name, shape in self.program.shapes.items()}

    @property
    def steps(self) -> list[Any]:
        """The derivation, step by step."""
        from matcalc.steps import steps_of

        return steps_of(self)

    def explain(
        self, *, level: str = "brief", policy: str = "shape", style: str = "chain", lang: str = "en",
        format: str = "text",
    ) -> str:  # fmt: skip
        """The derivation told step by step, as on a board; see `matcalc.steps.explain`.

        ``level`` is ``brief`` or ``full``, ``policy`` ``shape`` or ``jacobian``, ``style`` ``chain`` or
        ``differential``, ``lang`` ``en`` or ``zh``, ``format`` ``text``, ``latex`` or ``json``.  Raises
        `UnsupportedError` for another.
        """
        from matcalc.steps.explain import explain

        return explain(self, level=level, policy=policy, style=style, lang=lang, format=format)

    def __getitem__(self, key: Any) -> Result:
        return self.results[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        from matcalc.showing.equations import text

        try:
            return text(self)
        except MatcalcError as error:  # a formula that is too long to be written
            return f"<derivatives by {', '.join(map(str, self))}: {error}>"

    def _repr_latex_(self) -> str | None:
        """What a notebook shows: an equation for each derivative."""
        from matcalc.showing.equations import latex_equations

        try:
            return latex_equations(self)
        except MatcalcError:
            return None


def shown_shape(shape: Shape) -> tuple[Any, ...]:
    """A shape as results tell it."""
    return axes(shape) if kind(shape) != "row" else shape


def taken(program: Program) -> set[str]:
    """The names that a program uses."""
    return {*program.names, *program.functions, *program.dims, *program.definitions, *program.laws}
