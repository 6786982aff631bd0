"""How the vec form of a derivative is printed, beside its index form: ``∂vec(Y)/∂vec(X)ᵀ = Bᵀ ⊗ A``."""

from __future__ import annotations

from collections.abc import Callable

from matcalc.expressions.node import axes, kind
from matcalc.render.names import latex_name, text_name
from matcalc.results import Derivation, Expression, Result

__all__ = ["shown_vec", "vec_left_latex", "vec_left_text"]


def shown_vec(result: Result) -> Expression | None:
    """The vec form of a derivative with three axes or more; others are matrices as they are."""
    return result.vectorised if len(axes(result.node.shape)) > 2 else None


def vec_left_text(derivation: Derivation, result: Result, of: str) -> str:
    """What a vec form is: ``∂vec(Y)/∂vec(X)ᵀ``, ``∂²s/∂vec(X)∂yᵀ``; ``of`` is the value as it is shown."""
    upper, lower = _parts(derivation, result, of, text_name, lambda body: f"vec{_closed(body)}", "ᵀ")
    if result.order == 2:
        return f"∂²{upper}/∂{'∂'.join(lower)}"
    return f"∂{upper}/∂{lower[0]}"


def vec_left_latex(derivation: Derivation, result: Result, of: str) -> str:
    r"""What a vec form is: ``\frac{\partial \operatorname{vec}(Y)}{\partial \operatorname{vec}(X)^\top}``."""
    upper, lower = _parts(
        derivation, result, of, latex_name, lambda body: rf"\operatorname{{vec}}{_closed(body)}", r"^\top"
    )
    square = "^2" if result.order == 2 else ""
    below = " ".join([rf"\partial {name}" for name in lower])
    return rf"\frac{{\partial{square} {upper}}}{{{below}}}"


def _parts(
    derivation: Derivation, result: Result, of: str, name_of: Callable[[str], str], vec: Callable[[str], str],
    transposed: str,
) -> tuple[str, list[str]]:  # fmt: skip
    shapes = derivation.program.shapes
    lower = [vec(name_of(n)) if kind(shapes[n]) in ("matrix", "row") else name_of(n) for n in result.wrt]
    if result.order == 1 and kind(derivation.value.node.shape) in ("matrix", "row"):
        of = vec(of)
    if result.order == 1 and result.layout == "denominator":
        return of + transposed, lower
    lower[-1] += transposed
    return of, lower


def _closed(body: str) -> str:
    """In parentheses, once."""
    if body.startswith(("(", r"\left(")):
        return body
    return f"({body})"
