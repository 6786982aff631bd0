"""The small functions that a generated module brings along, each only where it is used.

``HELPERS`` has a text for real numbers and, where that differs, one for complex numbers: the check
differentiates the value by the complex step, for which every function must be the analytic one (no
conjugates, no absolute values).
"""

from __future__ import annotations

from collections.abc import Iterable

from matcalc.codegen.helpers.arguments import ARGUMENTS
from matcalc.codegen.helpers.elementwise import ELEMENTWISE
from matcalc.codegen.helpers.helper import Helper
from matcalc.codegen.helpers.matrices import MATRICES
from matcalc.codegen.helpers.reductions import REDUCTIONS

__all__ = ["HELPERS", "Helper", "texts"]

HELPERS: dict[str, Helper] = {**ARGUMENTS, **ELEMENTWISE, **REDUCTIONS, **MATRICES}


def texts(names: Iterable[str], complex_: bool = False) -> tuple[list[str], list[str]]:
    """The texts of the helpers named and of those they need, and what to import from SciPy: names
    of scipy.special, or with the module in front."""
    wanted: list[str] = []
    stack = sorted(names, reverse=True)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.append(name)
            stack.extend(HELPERS[name].uses)
    chosen = [HELPERS[name] for name in HELPERS if name in wanted]
    scipy = sorted({helper.scipy for helper in chosen if helper.scipy})
    return [helper.complex if complex_ else helper.real for helper in chosen], scipy
