"""Functions of one scalar, applied entry by entry: one row each.

``derivative`` is f'(x) in the language, with ``x`` the argument and ``y`` the value; the law of every row is
``d(f(X)) = f'(X) * dX``.  At kinks the convention is ``sign(0) = step(0) = 0``.  ``sample`` names the interval from
which the check draws arguments: ``real``, ``positive``, ``unit`` (inside -1 to 1), ``above -1``, ``nonzero``.
"""

from __future__ import annotations

import re

from matcalc.operations import shapes
from matcalc.operations.registry import Law, Operation


def _row(
    name: str, derivative: str, numpy: str, latex: str | None = None, *, source: str = "Abramowitz & Stegun, ch. 4",
    domain: str = "", sample: str = "real", analytic: bool = True, text: str = "", doc: str = "",
) -> Operation:  # fmt: skip
    body = re.sub(r"\bx\b", "X", derivative)
    body = body if re.fullmatch(r"-?\w+(\(X\))?", body) else f"({body})"
    latex = rf"\{name}" if latex is None else latex
    return Operation(
        name, "X", shapes.elementwise, derivative=derivative, numpy=numpy, latex=latex,
        law=Law(f"d({name}(X)) = {body} * dX", f"derivative of {name}", source),
        domain=domain, sample=sample, analytic=analytic, text=text, doc=doc,
    )  # fmt: skip


ELEMENTWISE = [
    _row("exp", "y", "np.exp({X})"),
    _row("log", "1/x", "np.log({X})", domain="x > 0", sample="positive"),
    _row("log1p", "1/(1 + x)", "np.log1p({X})", r"\operatorname{log1p}", domain="x > -1", sample="above -1"),
    _row("expm1", "exp(x)", "np.expm1({X})", r"\operatorname{expm1}"),
    _row("sqrt", "1/(2*y)", "np.sqrt({X})", r"\sqrt{{X:any}}", text="√{X}", domain="x > 0", sample="positive"),
    _row("square", "2*x", "np.square({X})", ""),
    _row("abs", "sign(x)", "np.abs({X})", r"\left| {X:any} \right|", text="|{X:any}|", sample="nonzero", analytic=False,
         domain="x nonzero (the derivative at 0 is taken as 0)"),
    _row("sign", "0", "np.sign({X})", r"\operatorname{sign}", sample="nonzero", analytic=False,
         domain="x nonzero", doc="sign(0) = 0"),
    _row("sin", "cos(x)", "np.sin({X})"),
    _row("cos", "-sin(x)", "np.cos({X})"),
    _row("tan", "1 + y**2", "np.tan({X})", domain="cos x nonzero"),
    _row("arcsin", "1/sqrt(1 - x**2)", "np.arcsin({X})", domain="-1 < x < 1", sample="unit"),
    _row("arccos", "-1/sqrt(1 - x**2)", "np.arccos({X})", domain="-1 < x < 1", sample="unit"),
    _row("arctan", "1/(1 + x**2)", "np.arctan({X})"),
    _row("sinh", "cosh(x)", "np.sinh({X})"),
    _row("cosh", "sinh(x)", "np.cosh({X})"),
    _row("tanh", "1 - y**2", "np.tanh({X})"),
    _row("sigmoid", "y*(1 - y)", "_sigmoid({X})", r"\sigma", text="σ", source="logistic function"),
    _row("relu", "step(x)", "np.maximum({X}, 0.0)", r"\operatorname{relu}", source="rectifier", sample="nonzero",
         analytic=False, domain="x nonzero (the derivative at 0 is taken as 0)"),
    _row("softplus", "sigmoid(x)", "_softplus({X})", r"\operatorname{softplus}", source="log(1 + exp(x))"),
    _row("silu", "sigmoid(x) + y*(1 - sigmoid(x))", "_silu({X})", r"\operatorname{silu}", source="x sigmoid(x)"),
    _row("gelu", "(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)", "_gelu({X})", r"\operatorname{gelu}",
         source="x Φ(x), the exact one", doc="the exact one, x*(1 + erf(x/sqrt(2)))/2"),
    _row("erf", "2/sqrt(pi)*exp(-x**2)", "_erf({X})", r"\operatorname{erf}", source="Abramowitz & Stegun 7.1.1"),
    _row("step", "0", "_step({X})", r"\operatorname{step}", sample="nonzero", analytic=False, source="Heaviside",
         domain="x nonzero", doc="1 for x > 0, 0 for x <= 0"),
    _row("reciprocal", "-y**2", "", "", domain="x nonzero", sample="nonzero"),
    Operation(
        "maximum", "A, B", shapes.broadcast, numpy="np.maximum({A}, {B})", latex=r"\max", text="max", analytic=False,
        law=Law("d(maximum(A, B)) = (1 - step(B - A)) * dA + step(B - A) * dB", "larger of two", "max routes"),
        domain="A and B differ (of equal entries, the first counts)",
    ),
    Operation(
        "minimum", "A, B", shapes.broadcast, numpy="np.minimum({A}, {B})", latex=r"\min", text="min", analytic=False,
        law=Law("d(minimum(A, B)) = (1 - step(A - B)) * dA + step(A - B) * dB", "smaller of two", "min routes"),
        domain="A and B differ (of equal entries, the first counts)",
    ),
    Operation(
        "greater", "A, B", shapes.broadcast, numpy="_greater({A}, {B})", analytic=False,
        latex=r"\left[ {A:any} > {B:any} \right]", text="[{A:any} > {B:any}]",
        law=Law("d(greater(A, B)) = 0 * dA + 0 * dB", "indicator of the greater", "piecewise constant"),
        domain="A and B differ", doc="1 where A > B, 0 elsewhere; in where it is written as the comparison",
    ),
    Operation(
        "at_least", "A, B", shapes.broadcast, numpy="_at_least({A}, {B})", analytic=False,
        latex=r"\left[ {A:any} \geq {B:any} \right]", text="[{A:any} ≥ {B:any}]",
        law=Law("d(at_least(A, B)) = 0 * dA + 0 * dB", "indicator of at least", "piecewise constant"),
        domain="A and B differ", doc="1 where A >= B, 0 elsewhere; in where it is written as the comparison",
    ),
    Operation(
        "where", "C, A, B", shapes.chosen, latex=r"\operatorname{where}",
        law=Law("d(where(C, A, B)) = C * dA + (1 - C) * dB", "choice of two", "entry by entry"),
        doc="where(c > d, a, b): the entries of a where the comparison holds, those of b elsewhere",
    ),
]  # fmt: skip
