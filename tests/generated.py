"""Generated functions for the tests, from programs and gradients written in the language."""

from __future__ import annotations

from typing import Any

import numpy as np

from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import Request, generate
from matcalc.language.program import beside, elaborate, expression


def request(source: str, gradients: dict[str, str] | None = None, **options: Any) -> Request:
    program = elaborate(source)
    environment = beside(program)
    nodes = {name: expression(text, environment) for name, text in (gradients or {}).items()}
    inputs = list(program.inputs.values())
    return Request(
        program.value, inputs, nodes, value_name=program.value_name or "value", least=program.least, **options
    )


def compiled(source: str, gradients: dict[str, str] | None = None, **options: Any) -> Compiled:
    return Compiled(generate(request(source, gradients, **options)))


NETWORK = "z = W@x + b; s = u.T @ f(z)"
GRADIENTS = {"W": "outer(u*f'(z), x)", "b": "u*f'(z)", "u": "f(z)", "x": "W.T@(u*f'(z))"}


def point(n: int = 3, d: int = 4) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"W": (n, d), "x": (d,), "b": (n,), "u": (n,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}
