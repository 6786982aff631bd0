"""The small functions that a generated module brings along, each only where it is used.

``HELPERS`` has a text for real numbers, for some one that computes in memory that it is given, and, where that
differs, one for complex numbers: the check differentiates the value by the complex step, for which every function must
be the analytic one (no conjugates, no absolute values).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from matcalc.codegen.helpers.arguments import ARGUMENTS
from matcalc.codegen.helpers.elementwise import ELEMENTWISE
from matcalc.codegen.helpers.helper import Helper
from matcalc.codegen.helpers.matrices import MATRICES
from matcalc.codegen.helpers.reductions import REDUCTIONS

__all__ = ["HELPERS", "Helper", "texts"]

HELPERS: dict[str, Helper] = {**ARGUMENTS, **ELEMENTWISE, **REDUCTIONS, **MATRICES}


def texts(
    names: Iterable[str], complex_: bool = False, into: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """The texts of the helpers named and of those they need, and what to import from SciPy: names
    of scipy.special, or with the module in front.  ``into`` are those that are given memory to compute in."""
    wanted: list[str] = []
    stack = sorted(names, reverse=True)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.append(name)
            stack.extend(HELPERS[name].uses)
    chosen = [name for name in HELPERS if name in wanted]
    scipy = sorted({HELPERS[name].scipy for name in chosen if HELPERS[name].scipy})
    return [_text(HELPERS[name], complex_, name in into) for name in chosen], scipy


def _text(helper: Helper, complex_: bool, into: bool) -> str:
    if complex_:
        return helper.complex
    return helper.into if into else helper.real
