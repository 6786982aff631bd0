"""Matrix calculus by machine.

``derive`` finds vectorised derivatives with their steps, ``compile`` makes NumPy code of them, ``check`` holds that
code against numeric differences.

>>> import matcalc as mc
>>> mc.derive("s = u.T @ f(W@x + b)", wrt="W")["W"].text()
'(u ⊙ f′(W x + b)) xᵀ'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matcalc.errors import LimitError, MatcalcError, ParseError, ShapeError, UnknownNameError, UnsupportedError

if TYPE_CHECKING:
    from matcalc.bounds import limits
    from matcalc.checking import check
    from matcalc.compiling import compile
    from matcalc.derivation import Derivation, Expression, Result, derive
    from matcalc.graphs import graph
    from matcalc.sympy_bridge.program import from_sympy

__version__ = "0.1.0"
__all__ = [
    "Derivation", "Expression", "LimitError", "MatcalcError", "ParseError", "Result", "ShapeError", "UnknownNameError",
    "UnsupportedError", "check", "compile", "derive", "from_sympy", "graph", "limits",
]  # fmt: skip

# Loaded when first asked for: checking brings NumPy, and the command line must start without it.
_HOMES = {
    "check": "checking", "compile": "compiling", "derive": "derivation", "Derivation": "derivation",
    "Expression": "derivation", "Result": "derivation", "from_sympy": "sympy_bridge.program",
    "graph": "graphs", "limits": "bounds",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'matcalc' has no attribute {name!r}")
    value = getattr(import_module(f"matcalc.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
