"""Whether the package is right about a program: its reading, value, derivatives, code and writings.

The truth is a complex step through `terms.Values`, or differences where a complex step does not differentiate: values
alone.  It shares nothing with the package, not even the reading of the text.  What cannot be judged is said to be so,
never passed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from plain_evaluator import Evaluator
from terms import REAL, Kink, Term, Values, curve
from typed_programs import Program

import matcalc as mc
from matcalc.calculus.tensors import is_entries
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import build
from matcalc.compiling import request_of
from matcalc.language.program import beside, expression

TINY = 1e-25
TOLERANCE = 1e-7
HUGE = 1e9  # beyond which no figure is compared


class Outcome:
    """``right``, ``wrong``, ``refused``, ``crashed``, ``unjudged``; the reason, and the text that was given."""

    def __init__(self, kind: str, reason: str, text: str, detail: str = "") -> None:
        self.kind, self.reason, self.text, self.detail = kind, reason, text, detail

    def __repr__(self) -> str:
        return f"{self.kind}: {self.reason}\n{self.text}\n{self.detail}"


class Unjudged(Exception):
    """The truth is not to be had at this point."""


class Truth:
    """The value and its derivatives at a point."""

    def __init__(self, program: Program, seed: int, module: Any = np) -> None:
        self.program, self.module = program, module
        self.inputs = {n: np.asarray(a) for n, a in program.arguments(seed).items() if n in program.used()}
        self.value = self.at({})

    def at(self, moved: Mapping[str, Any]) -> Any:
        """The value with something added to inputs and intermediate variables."""
        inputs = {n: a + moved[n] if n in moved else a for n, a in self.inputs.items()}
        values = Values(self.module, inputs, self.program.sizes, self.program.functions)
        for name, term in self.program.lets.items():
            found = values(term)
            values.lets[name] = found + moved[name].reshape(found.shape) if name in moved else found
        return squeezed(self.program.value, values(self.program.value))

    def let(self, name: str) -> Any:
        values = Values(np, self.inputs, self.program.sizes, self.program.functions)
        for other, term in self.program.lets.items():
            values.lets[other] = values(term)
        return squeezed(self.program.lets[name], values.lets[name])

    def jacobian(self, name: str, moved: Mapping[str, Any] | None = None) -> Any:
        """By an input or an intermediate variable: axes of the value, then of the variable."""
        at = self.inputs[name] if name in self.inputs else self.let(name)
        columns = []
        smooth = not self.program.operations() & set(REAL)
        for place in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[place] = 1
            base = moved.get(name, 0) if moved else 0
            if smooth:
                step = {**(moved or {}), name: base + 1j * TINY * unit}
                columns.append(np.imag(self.at(step)) / TINY)
            else:
                columns.append(differences(lambda h, u=unit: self.at({name: h * u})))
        return np.stack(columns, axis=-1).reshape((*self.value.shape, *at.shape))

    def hessian(self, first: str, second: str) -> Any:
        """Differences of the complex step."""
        at = self.inputs[second]
        columns = []
        for place in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[place] = 1
            columns.append(differences(lambda h, u=unit: self.jacobian(first, {second: h * u})))
        return np.stack(columns, axis=-1).reshape((*self.inputs[first].shape, *at.shape))


def squeezed(term: Term, array: Any) -> Any:
    return array.reshape([n for n, d in zip(array.shape, term.shape, strict=True) if d != 1])


def differences(value: Callable[[float], Any]) -> Any:
    """Central differences extrapolated twice; where they do not settle, or sides differ, there is no derivative."""
    steps = (4e-3, 2e-3, 1e-3)
    high, low = [value(h) for h in steps], [value(-h) for h in steps]
    d = [(a - b) / (2 * h) for a, b, h in zip(high, low, steps, strict=True)]
    first = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
    found = (16 * first[1] - first[0]) / 15
    bend = [np.max(np.abs(a + b - 2 * value(0.0))) / h for a, b, h in zip(high, low, steps, strict=True)]
    scale = 1 + np.max(np.abs(found))
    if not np.max(np.abs(first[1] - first[0])) < 1e-5 * scale or (bend[2] > 1e-4 * scale and bend[2] > 0.7 * bend[0]):
        raise Unjudged("differences do not settle")
    return found


def projected(array: Any, node: Term | None, structure: str, axis: int) -> Any:
    """The derivative by a structured matrix, whose rows and columns are two axes of the array."""
    type_ = node.params[1] if node is not None else ""
    if type_ not in ("symmetric", "posdef", "diagonal", "skew"):
        return array
    turned, n = np.swapaxes(array, axis, axis + 1), array.shape[axis]
    mask = np.eye(n).reshape([n if k in (axis, axis + 1) else 1 for k in range(array.ndim)])
    if type_ == "diagonal":
        return array * mask
    if type_ in ("symmetric", "posdef"):
        return (array + turned) / 2 if structure == "projection" else array + turned - array * mask
    return (array - turned) / (2 if structure == "projection" else 1)


class Setting:
    """How a program is asked for."""

    def __init__(self, seed: int, program: Program) -> None:
        r = random.Random(seed ^ 0x5EED)
        self.syntax = r.choice(("numpy", "numpy", "matlab"))
        self.structure = r.choice(("projection", "projection", "entries"))
        self.expand = r.random() < 0.2
        self.brackets = r.random() < 0.2
        deep = any(t.op == "apply" and t.params[1] for t in program.terms())  # the language has no third derivative
        self.order = 2 if program.value.shape == (1, 1) and not deep and r.random() < 0.35 else 1
        self.point = r.randrange(1 << 30)
        self.names: list[str] | None = None


def judge(program: Program, setting: Setting, more: Callable[..., None] | None = None) -> Outcome:
    """What is found; ``more(program, truths, setting)`` may hold the truth against another one."""
    text = program.text(setting.syntax, setting.brackets)
    try:
        return _judged(program, setting, text, more)
    except mc.MatcalcError as refused:
        return Outcome("refused", f"{type(refused).__name__}: {str(refused).splitlines()[0][:160]}", text)
    except Wrong as wrong:
        return Outcome("wrong", wrong.args[0], text, wrong.args[1] if len(wrong.args) > 1 else "")
    except Unjudged as reason:
        return Outcome("unjudged", str(reason), text)
    except Kink:
        return Outcome("unjudged", "at a kink", text)


class Wrong(Exception):
    """Something does not agree with the truth."""


def _judged(program: Program, setting: Setting, text: str, more: Any) -> Outcome:
    inputs = list(program.used())
    wrt = [*inputs, *program.lets] if setting.order == 1 and not setting.expand else inputs
    if setting.names is not None:
        wrt = setting.names
    options = {"structure": setting.structure, "expand": setting.expand, "order": setting.order}
    derivation = mc.derive(text, wrt, syntax=setting.syntax, **options)  # type: ignore[arg-type]
    planned = {name: node.shape for name, node in program.used().items()}
    found = derivation.program.inputs
    if any(name not in found or axes(found[name].shape) != axes(shape) for name, shape in planned.items()):
        return Outcome("unjudged", "read otherwise", text)
    with np.errstate(all="ignore"):
        truth = Truth(program, setting.point)
        if not np.all(np.isfinite(truth.value)) or np.max(np.abs(truth.value), initial=0) > HUGE:
            raise Unjudged("too large")
        wanted = _truths(program, setting, truth, wrt)
        if more is not None:
            more(program, setting, truth, wanted)
        _held(derivation, program, setting, truth, wanted)
    return Outcome("right", "", text)


def axes(shape: Any) -> list[bool]:
    return [d == 1 for d in shape]


def _truths(program: Program, setting: Setting, truth: Truth, wrt: list[str]) -> dict[Any, Any]:
    used, value_axes = program.used(), truth.value.ndim
    wanted: dict[Any, Any] = {}
    for name in wrt:
        wanted[name] = projected(truth.jacobian(name), used.get(name), setting.structure, value_axes)
    if setting.order == 2:
        if program.operations() & set(REAL) or sum(truth.inputs[name].size for name in wrt) > 40:
            raise Unjudged("no truth of second derivatives")
        for a in wrt:
            for b in wrt:
                block = projected(truth.hessian(a, b), used.get(a), setting.structure, 0)
                wanted[a, b] = projected(block, used.get(b), setting.structure, truth.inputs[a].ndim)
    for array in wanted.values():
        if not np.all(np.isfinite(array)) or np.max(np.abs(array), initial=0) > HUGE:
            raise Unjudged("too large")
    return wanted


def _held(derivation: Any, program: Program, setting: Setting, truth: Truth, wanted: Mapping[Any, Any]) -> None:
    slack = 1.0 if setting.order == 1 and not program.operations() & set(REAL) else 100.0
    size = max(1.0, float(np.max(np.abs(truth.value), initial=0)))

    def compare(what: str, found: Any, expected: Any, source: str = "") -> None:
        found = np.asarray(found, float)
        if found.shape != expected.shape:
            raise Wrong(f"{what} has shape {found.shape}, not {expected.shape}", source)
        if program.operations() & set(REAL) and not np.all(np.isfinite(found)):
            raise Unjudged("singular or eigenvalues that meet")
        if "std" in program.operations() and not np.all(np.isfinite(found)):
            raise Unjudged("the deviation of what is constant, a root of zero")
        scale = max(float(np.max(np.abs(expected), initial=0)), 1e-2 * size)
        error = float(np.max(np.abs(found - expected), initial=0)) if np.all(np.isfinite(found)) else np.inf
        if not error <= slack * TOLERANCE * scale:
            told = f"{source}\nfound\n{found}\ntruth\n{expected}"
            raise Wrong(f"{what} is wrong by {error:.3g} of {scale:.3g}", told)

    curves = {(name, k): (lambda x, w=w, k=k: curve(w, k, np.asarray(x))) for name, w in program.functions.items()
              if w in (0, 1, 2) for k in range(5)}  # fmt: skip
    module = build(request_of(derivation))
    arguments = {n: truth.inputs.get(n, np.zeros(program.sizes.get(n[5:], 1))) for n in module.inputs}
    arguments |= {given: curves[key] for key, given in module.functions.items()}
    arguments |= {dim: program.sizes[dim] for dim in module.loose}
    results = Compiled(module.text)(**arguments)
    compare("the value of the code", results[0], truth.value)
    computed = {**results[1], **(results[2] if len(results) > 2 else {})}
    evaluate = Evaluator(truth.inputs, {**program.sizes, **_sizes(derivation.program, truth.inputs)}, curves)
    compare("the reading", evaluate(derivation.value.node).reshape(truth.value.shape), truth.value)
    environment = beside(derivation.program)
    for key, expected in wanted.items():
        result = derivation[key]
        source = result.source()
        compare(f"the formula by {key}", evaluate(result.node).reshape(expected.shape), expected, source)
        compare(f"the code by {key}", computed[key], expected, source)
        try:
            again = expression(source, environment)
        except mc.MatcalcError as unread:
            raise Wrong(f"the source of the derivative by {key} is not read back: {unread}", source) from None
        if again is not result.node:
            if not is_entries(result.node):
                raise Wrong(f"the source of the derivative by {key} is read back otherwise", source)
            # index notation has several writings of some terms; what is read back must be the same in value
            compare(f"what is read back by {key}", evaluate(again).reshape(expected.shape), expected, source)


def _sizes(program: Any, inputs: Mapping[str, Any]) -> dict[str, int]:
    """The sizes of dimensions, from the inputs."""
    found: dict[str, int] = {}
    for name, array in inputs.items():
        dims = [d for d in program.inputs[name].shape if d != 1]
        found |= {d: n for d, n in zip(dims, array.shape, strict=True) if isinstance(d, str)}
    return found
