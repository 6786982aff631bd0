"""Other targets than NumPy: a table each of how what NumPy's text consists of is spelled there."""

from __future__ import annotations

from matcalc.codegen.targets.spelling import spelled
from matcalc.codegen.targets.target import Target

__all__ = ["spelled_for", "table_of"]


def spelled_for(text: str, name: str) -> str:
    """The module of a target from NumPy's.  Raises `UnsupportedError` naming what the target lacks."""
    return spelled(text, table_of(name))


def table_of(name: str) -> Target:
    """The table of a target; each is loaded where it is asked for."""
    if name == "torch":
        from matcalc.codegen.targets.torch import TORCH as table
    elif name == "jax":
        from matcalc.codegen.targets.jax import JAX as table
    else:
        from matcalc.codegen.targets.array_api import ARRAY_API as table
    return table
