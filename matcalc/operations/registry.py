"""What an operation is, and the one place where all of them are found.

An operation is one entry: how its shape follows, its differential law or index form, how it is written and how
NumPy computes it.  The tables (`arithmetic`, `elementwise`, `reductions`, `structure`) are plain lists of entries;
`OPERATIONS` joins them and refuses duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from matcalc.errors import ShapeError
from matcalc.expressions.dims import Dim
from matcalc.expressions.dims import text as dim_text
from matcalc.expressions.node import Node, Shape, intern, kind

__all__ = ["Checker", "Law", "Operation", "Strict", "describe"]


class Checker:
    """What shape rules talk to.  `Strict` compares; the elaborator's own checker unifies."""

    def same(self, a: Dim, b: Dim) -> Dim:
        """The dimension that both are."""
        raise NotImplementedError

    def misfit(self, message: str, hint: str = "", *, wants: str = "") -> ShapeError:
        """The error to raise where a rule does not admit its arguments.

        ``wants`` says what would fit: ``"matrix"`` where nothing but a matrix does.
        """
        return ShapeError(message, hint=hint)


class Strict(Checker):
    """Dimensions are known: they are equal or they are not."""

    def same(self, a: Dim, b: Dim) -> Dim:
        """The dimension, where both are the same; raises `ShapeError`."""
        if a != b:
            raise ShapeError(f"dimensions {dim_text(a)} and {dim_text(b)} differ")
        return a


STRICT = Strict()
ShapeRule: TypeAlias = Callable[[Checker, Sequence[Shape], tuple[Any, ...]], Shape]


class Law:
    """A differential law: a line of matcalc's own language, what it is called, and where it stands.

    ``text`` is ``d(inv(X)) = -inv(X) @ dX @ inv(X)``; ``y`` stands for the node itself.  Linear in every ``d``.
    """

    __slots__ = ("source", "text", "title")

    def __init__(self, text: str, title: str, source: str) -> None:
        self.text, self.title, self.source = text, title, source


class Operation:
    """An entry of the tables.

    ``signature``   the arguments' names as the law writes them, ``"A, B"``
    ``shape``       the shape rule
    ``law``         its differential law; several where it depends on parameters (see ``choose``)
    ``einsum``      the index form of a multilinear operation, two axes each: ``"ij,jk->ik"``, ``.`` where there is none
    ``adjoint``     of a linear operation without an index form: for each argument, ``⟨H, op(.., dX, ..)⟩ = ⟨text, dX⟩``
                    with ``H`` the upstream gradient (``G`` where no argument has that name)
    ``opened``      beside stated adjoints: the law in products and sums alone, for derivatives of more than scalars
    ``numpy``       how the generated code computes it, with ``{X}`` for the arguments, where that is one expression
    ``latex``, ``text``   how it is written: a bare name for an ordinary call, or a template with ``{X}`` for arguments
                    (``{X:any}`` where the template closes them in, so that they need no parentheses)
    ``domain``      where it is defined and smooth, in words, and ``sample``: how to stay there (see `matcalc.verify`)
    """

    __slots__ = (
        "adjoint", "analytic", "axis", "choose", "derivative", "doc", "domain", "einsum", "latex", "law", "name",
        "numpy",
        "opened", "sample", "shape", "signature", "text",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        signature: str,
        shape: ShapeRule,
        *,
        law: Law | None = None,
        choose: Callable[[Sequence[Shape], tuple[Any, ...]], str] | None = None,
        einsum: str | Callable[[tuple[Any, ...]], str] = "",
        numpy: str = "",
        latex: str = "",
        text: str = "",
        domain: str = "",
        sample: str = "",
        analytic: bool = True,
        axis: bool = False,
        adjoint: Mapping[str, str] | None = None,
        opened: Callable[[Sequence[Shape], tuple[Any, ...]], str] | None = None,
        derivative: str = "",
        doc: str = "",
    ) -> None:
        self.name, self.shape, self.law, self.choose = name, shape, law, choose
        self.signature = tuple(part.strip() for part in signature.split(",")) if signature else ()
        self.einsum, self.numpy, self.latex, self.text = einsum, numpy, latex, text
        self.domain, self.sample, self.analytic = domain, sample, analytic
        self.axis, self.derivative, self.doc, self.adjoint = axis, derivative, doc, adjoint or {}
        self.opened = opened

    def __repr__(self) -> str:
        return f"Operation({self.name!r})"


def describe(shape: Shape) -> str:
    """A shape in words: ``column (n×1)``."""
    words = {"scalar": "scalar", "vector": "column", "row": "row", "matrix": "matrix"}[kind(shape)]
    if words == "scalar":
        return words
    rows, columns = [f"({text})" if " " in text else text for text in map(dim_text, shape)]
    return f"{words} ({rows}×{columns})"


def leaf(op: str, params: tuple[Any, ...], shape: Shape = (1, 1)) -> Node:
    """A node without arguments."""
    return intern(op, (), params, shape)
