"""Shapes and dimensions as they are shown to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from matcalc.expressions.dims import Dim, terms
from matcalc.render.names import latex_name, text_name, text_subscript

__all__ = ["dim_latex", "dim_text", "pair_latex", "pair_text", "shape_latex", "shape_text", "size_latex", "size_text"]


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _dim(dim: Dim, names: dict[str, str], minus: str, power: Callable[[int], str], between: str = " ") -> str:
    """A polynomial with juxtaposed factors; letters alone have ``between`` them."""
    if isinstance(dim, int):
        return f"{minus if dim < 0 else ''}{abs(dim)}"
    if isinstance(dim, str):
        return names[dim]
    parts: list[str] = []
    for monomial, c in dim:
        counts = Counter(monomial)
        factors = [names[name] + (power(k) if k > 1 else "") for name, k in counts.items()]
        if len(factors) > 1 and all(len(name) == 1 for name in counts):
            factors = [between.join(factors)]
        if abs(c) != 1 or not monomial:
            factors.insert(0, str(abs(c)))
        sign = minus if c < 0 else "+"
        parts += [f" {sign} " if parts else minus if c < 0 else "", " ".join(factors)]
    return "".join(parts)


def dim_text(dim: Dim) -> str:
    """A dimension in Unicode.

    >>> from matcalc.expressions.dims import multiply, subtract
    >>> dim_text(subtract(multiply(2, "n1"), 1))
    '2 n₁ − 1'
    >>> dim_text(multiply("m", "n")), dim_text(multiply("n", "n"))
    ('mn', 'n²')
    """
    names = {name: text_name(name) for monomial in terms(dim) for name in monomial}
    return _dim(dim, names, "−", lambda k: str(k).translate(_RAISED), "")


def dim_latex(dim: Dim) -> str:
    r"""A dimension in LaTeX.

    >>> dim_latex("n1")
    'n_{1}'
    """
    names = {name: latex_name(name) for monomial in terms(dim) for name in monomial}
    return _dim(dim, names, "-", lambda k: f"^{{{k}}}")


def shape_text(shape: Sequence[Dim]) -> str:
    """``n×d``; a column is ``n×1``, a row ``1×n``, and a scalar is called so.

    >>> from matcalc.expressions.dims import add
    >>> shape_text(("n", "d")), shape_text((add("n", "m"), 1)), shape_text((1, 1))
    ('n×d', '(m + n)×1', 'scalar')
    """
    if all(dim == 1 for dim in shape):
        return "scalar"
    shown = map(dim_text, shape)
    return "×".join([f"({dim})" if " " in dim else dim for dim in shown])


def shape_latex(shape: Sequence[Dim]) -> str:
    r"""The space that values of this shape live in; a column of length n is in :math:`\mathbb{R}^{n}`.

    >>> print(shape_latex(("n", "d")), shape_latex(("n", 1)), shape_latex((1, 1)))
    \mathbb{R}^{n \times d} \mathbb{R}^{n} \mathbb{R}
    """
    if all(dim == 1 for dim in shape):
        return r"\mathbb{R}"
    if len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]
    return rf"\mathbb{{R}}^{{{_times_latex(shape)}}}"


def _times_latex(shape: Sequence[Dim]) -> str:
    shown = [rf"\left( {dim} \right)" if " + " in dim or " - " in dim else dim for dim in map(dim_latex, shape)]
    return r" \times ".join(shown) if len(shape) > 1 else dim_latex(shape[0])


def size_text(*dims: Dim) -> str:
    """Dimensions as a subscript: ``ₙ``, ``ₘₓₙ``, or ``_d``, ``_{m×d}`` where Unicode has no such letter.

    >>> from matcalc.expressions.dims import multiply
    >>> size_text("n"), size_text("m", "n"), size_text("d"), size_text("m", "d"), size_text(multiply("m", "n"))
    ('ₙ', 'ₘₓₙ', '_d', '_{m×d}', 'ₘₙ')
    """
    written = [dim_text(dim) if isinstance(dim, tuple) else str(dim) for dim in dims]
    found = [text_subscript(dim) if dim.isalnum() else None for dim in written]
    if all(found):
        return "ₓ".join(map(str, found))
    shown = shape_text(dims) if len(dims) > 1 else dim_text(dims[0])
    return f"_{shown}" if len(shown) == 1 else f"_{{{shown}}}"


def size_latex(*dims: Dim) -> str:
    r"""Dimensions as a subscript.

    >>> print(size_latex("m", "n"))
    _{m \times n}
    """
    return f"_{{{_times_latex(dims)}}}"


def pair_text(*dims: Dim) -> str:
    """Dimensions as a subscript, beside each other: ``ₘₙ``, ``_{2,3}``.

    >>> pair_text("m", "n"), pair_text(2, 3), pair_text("m", "d")
    ('ₘₙ', '_{2,3}', '_{m,d}')
    """
    found = [text_subscript(dim) if isinstance(dim, str) and len(dim) == 1 else None for dim in dims]
    return "".join(map(str, found)) if all(found) else f"_{{{','.join(map(dim_text, dims))}}}"


def pair_latex(*dims: Dim) -> str:
    """Dimensions as a subscript, beside each other.

    >>> pair_latex("m", "n")
    '_{m,n}'
    """
    return f"_{{{','.join(map(dim_latex, dims))}}}"
