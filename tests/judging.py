"""Whether the package is right about a program: its reading, value, derivatives, code and writings.

The truth (`truth.py`) shares nothing with the package, not even the reading of the text.  What cannot be judged is said
to be so, never passed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import special_terms
from plain_evaluator import Evaluator
from terms import BOUND, REAL, Kink, curve, size_of
from truth import Truth, Unjudged, projected
from typed_programs import Program

import matcalc as mc
from matcalc.calculus.tensors import is_entries
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import build
from matcalc.codegen.options import NAMES, without
from matcalc.compiling import request_of
from matcalc.expressions.node import postorder
from matcalc.language.program import beside, expression

TOLERANCE = 1e-7
HUGE = 1e9  # beyond which no figure is compared


class Outcome:
    """``right``, ``wrong``, ``refused``, ``crashed``, ``unjudged``; the reason, and the text that was given."""

    def __init__(self, kind: str, reason: str, text: str, detail: str = "") -> None:
        self.kind, self.reason, self.text, self.detail = kind, reason, text, detail

    def __repr__(self) -> str:
        return f"{self.kind}: {self.reason}\n{self.text}\n{self.detail}"


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
        self.layout = r.choice(("shape", "shape", "numerator", "denominator"))
        self.off = r.choice((*NAMES, "all"))  # what the code of a second module does without
        self.written = r.random() < 0.5  # every writing too
        self.product = r.random() if self.order == 1 and program.value.shape == (1, 1) and not deep else 1.0
        lets = [n for n, t in program.lets.items() if self.order == 1 or t.shape == (1, 1)]
        self.of = r.choice(lets) if lets and r.random() < 0.1 else None
        unknown = [n for n, w in program.functions.items() if w in (0, 1)]
        self.bound = {n: r.choice(list(BOUND)) for n in unknown if r.random() < 0.1}
        small = [d for d in program.sizes if d in program.narrowing()]
        self.one = r.choice(small) if small and r.random() < 0.15 else None  # a dimension that is 1 at run time

    def applied(self, program: Program) -> Program:
        """The program with what the setting says of it."""
        new = program.copied()
        if self.of in new.lets:
            names = list(new.lets)
            new.value, new.name = new.lets[self.of], self.of
            new.lets = {n: new.lets[n] for n in names[: names.index(self.of)]}
        new.functions = {n: self.bound.get(n, f) if n in program.called() else f for n, f in new.functions.items()}
        if self.one in program.narrowing():
            new.sizes = {**new.sizes, self.one: 1}
        return new


def judge(program: Program, setting: Setting, more: Callable[..., None] | None = None) -> Outcome:
    """What is found; ``more(program, setting, truth, wanted)`` may hold the truth against another one."""
    text = program.text(setting.syntax, setting.brackets)
    try:
        return _judged(setting.applied(program), setting, text, more)
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
    if setting.order == 2:
        wrt = few(wrt, program, 16 if program.operations() & set(REAL) else 40)
    bound = {name: known for name, known in program.functions.items() if isinstance(known, str)}
    derivation = mc.derive(
        text, wrt, syntax=setting.syntax, structure=setting.structure, expand=setting.expand, order=setting.order,
        layout=setting.layout, of=setting.of if setting.of == program.name else None, functions=bound,
    )  # fmt: skip
    planned = {name: node.shape for name, node in program.used().items()}
    found = derivation.program.inputs
    if any(name not in found or axes(found[name].shape) != axes(shape) for name, shape in planned.items()):
        return Outcome("unjudged", "read otherwise", text)
    with np.errstate(all="ignore"):
        truth = Truth(program, setting.point)
        if np.max(np.abs(truth.value), initial=0) > HUGE:
            raise Unjudged("too large")
        wanted = _truths(program, setting, truth, wrt)
        if more is not None:
            more(program, setting, truth, wanted)
        Held(derivation, program, setting, truth, wanted).all()
    return Outcome("right", "", text)


def few(names: list[str], program: Program, entries: int) -> list[str]:
    """So many of the variables that the truth of their second derivatives does not take too long."""
    found: list[str] = []
    for name in names:
        rows, columns = (size_of(d, program.sizes) for d in program.inputs[name].shape)
        if rows * columns <= entries:
            found.append(name)
            entries -= rows * columns
    return found


def axes(shape: Any) -> list[bool]:
    return [d == 1 for d in shape]


def _truths(program: Program, setting: Setting, truth: Truth, wrt: list[str]) -> dict[Any, Any]:
    used, value_axes = program.used(), truth.value.ndim
    wanted: dict[Any, Any] = {}
    for name in wrt:
        wanted[name] = projected(truth.jacobian(name), used.get(name), setting.structure, value_axes)
    if setting.order == 2:
        for a, b in itertools.combinations_with_replacement(sorted(wrt, key=lambda n: -truth.inputs[n].size), 2):
            block = truth.hessian(a, b)
            turned = np.moveaxis(block, range(truth.inputs[a].ndim), range(-truth.inputs[a].ndim, 0))
            for first, second, array in ((a, b, block), (b, a, turned)):
                array = projected(array, used.get(first), setting.structure, 0)
                wanted[first, second] = projected(array, used.get(second), setting.structure, truth.inputs[first].ndim)
    for array in wanted.values():
        if not np.all(np.isfinite(array)) or np.max(np.abs(array), initial=0) > HUGE:
            raise Unjudged("too large")
    return wanted


class Held:
    """What the package says, held against the truth."""

    def __init__(self, derivation: Any, program: Program, setting: Setting, truth: Truth, wanted: Any) -> None:
        self.derivation, self.program, self.setting = derivation, program, setting
        self.truth, self.wanted = truth, wanted
        self.real = bool(program.operations() & set(REAL))
        self.slack = 1.0 if setting.order == 1 and not self.real else 100.0
        self.size = max(1.0, float(np.max(np.abs(truth.value), initial=0)))
        unknown = {name: w for name, w in program.functions.items() if isinstance(w, int | str)}
        self.curves = {(name, k): (lambda x, w=w, k=k: curve(w, k, np.asarray(x)))
                       for name, w in unknown.items() for k in range(5)}  # fmt: skip
        self.known = {**self.curves, **special_terms.NUMPY}
        sizes = {**program.sizes, **_sizes(derivation.program, truth.inputs)}
        self.evaluate = Evaluator(truth.inputs, sizes, self.known)

    def all(self) -> None:
        self.code({})
        self.code({"optimize": without([self.setting.off])})
        self.reading()
        environment = beside(self.derivation.program)
        for key, expected in self.wanted.items():
            self.formula(key, expected)
            self.read_back(key, expected, environment)
            if self.setting.written:
                self.writings(key, expected)
        if self.setting.product < 0.25:
            self.hessian_product()

    def compare(self, what: str, found: Any, expected: Any, source: str = "", slack: float = 1.0) -> None:
        found = np.asarray(found, float)
        if found.shape != expected.shape:
            raise Wrong(f"{what} has shape {found.shape}, not {expected.shape}", source)
        if self.real and not np.all(np.isfinite(found)):
            raise Unjudged("singular or eigenvalues that meet")
        if "std" in self.program.operations() and not np.all(np.isfinite(found)):
            raise Unjudged("the deviation of what is constant, a root of zero")
        scale = max(float(np.max(np.abs(expected), initial=0)), 1e-2 * self.size)
        error = float(np.max(np.abs(found - expected), initial=0)) if np.all(np.isfinite(found)) else np.inf
        if not error <= slack * self.slack * TOLERANCE * scale:
            told = f"{source}\nfound\n{found}\ntruth\n{expected}"
            raise Wrong(f"{what} is wrong by {error:.3g} of {scale:.3g}", told)

    def run(self, module: Any, more: Mapping[str, Any]) -> Any:
        """The results of generated code."""
        sizes = self.program.sizes
        all_ = self.truth.all  # an input may be asked for the size of a dimension alone
        arguments = {n: all_[n] if n in all_ else np.zeros(sizes.get(n[5:], 1)) for n in module.inputs}
        arguments |= {given: self.known[key] for key, given in module.functions.items()}
        arguments |= {dim: sizes[dim] for dim in module.loose}
        return Compiled(module.text)(**{**arguments, **more})

    def code(self, options: Mapping[str, Any]) -> None:
        results = self.run(build(request_of(self.derivation, **options)), {})
        told = f"of the code without {self.setting.off}" if options else "of the code"
        self.compare(f"the value {told}", results[0], self.truth.value)
        computed = {**results[1], **(results[2] if len(results) > 2 else {})}
        for key, expected in self.wanted.items():
            self.compare(f"the derivative {told} by {key}", computed[key], expected, self.derivation[key].source())

    def reading(self) -> None:
        found = self.evaluate(self.derivation.value.node)
        self.compare("the reading", found.reshape(self.truth.value.shape), self.truth.value)

    def axes(self, key: Any) -> tuple[int, int]:
        """How many axes the value and the variable have."""
        if isinstance(key, tuple):
            return self.truth.inputs[key[0]].ndim, self.truth.inputs[key[1]].ndim
        return self.truth.value.ndim, self.wanted[key].ndim - self.truth.value.ndim

    def turned(self, key: Any, expected: Any) -> Any:
        """The truth in the layout: that of a scalar by a matrix is transposed in the numerator layout, of what is no
        scalar the variable's axes come first in the denominator layout."""
        value, _ = self.axes(key)
        layout = "shape" if isinstance(key, tuple) else self.setting.layout
        if layout == "numerator" and value == 0:
            return expected.T
        if layout == "denominator" and value:
            return np.moveaxis(expected, range(value), range(-value, 0))
        return expected

    def formula(self, key: Any, expected: Any) -> None:
        result = self.derivation[key]
        expected = self.turned(key, expected)
        found = self.evaluate(result.node)
        if sum(n != 1 for n in result.shape) != expected.ndim:
            raise Wrong(f"the derivative by {key} has the axes {result.shape}", result.source())
        if not np.all(np.isfinite(found)):
            for part in postorder(result.node):
                if part.op == "norm" and not np.any(self.evaluate(part)):
                    raise Unjudged("a formula divides by a norm that is 0, which code takes for 0")
                if part.op == "log" and not np.all(self.evaluate(part.args[0])):
                    raise Unjudged("a formula takes the logarithm of 0 beside a power of it, which code takes for 0")
        self.compare(f"the formula by {key}", found.reshape(expected.shape), expected, result.source())

    def read_back(self, key: Any, expected: Any, environment: Any) -> None:
        result = self.derivation[key]
        source = result.source()
        try:
            again = expression(source, environment)
        except mc.MatcalcError as unread:
            raise Wrong(f"the source of the derivative by {key} is not read back: {unread}", source) from None
        if again is not result.node:
            if not any(is_entries(part) for part in postorder(result.node)):
                raise Wrong(f"the source of the derivative by {key} is read back otherwise", source)
            # index notation has several writings of some terms; what is read back must be the same in value
            found = self.evaluate(again).reshape(self.turned(key, expected).shape)
            self.compare(f"what is read back by {key}", found, self.turned(key, expected), source)

    def writings(self, key: Any, expected: Any) -> None:
        """Texts for people only have to be there; the vec form is a formula."""
        result = self.derivation[key]
        if not (result.text() and result.latex() and result.indices()):
            raise Wrong(f"a writing of the derivative by {key} is empty", result.source())
        form = result.vectorised
        if form is None:
            return
        value, _ = self.axes(key)
        rows = int(np.prod(expected.shape[:value]))
        matrix = expected.reshape((rows, -1), order="F")
        if self.setting.layout == "denominator" and not isinstance(key, tuple):
            matrix = matrix.T
        found = self.evaluate(form.node)
        if isinstance(found, np.ndarray) and found.shape == matrix.T.shape and 1 in found.shape:
            found = found.reshape(matrix.shape)
        self.compare(f"the vec form by {key}", found, matrix, result.vec())
        again = expression(result.vec(), beside(self.derivation.program))
        if again is not form.node and not any(is_entries(part) for part in postorder(form.node)):
            raise Wrong(f"the vec form by {key} is read back otherwise", result.vec())

    def hessian_product(self) -> None:
        """The Hessian by a variable times a direction."""
        used = self.program.used()
        names = [n for n in self.wanted if n in used and not used[n].params[1]]
        if self.real or not names or self.truth.value.ndim:
            return
        name = names[int(self.setting.product * 1e6) % len(names)]
        at = self.truth.inputs[name]
        direction = np.cos(np.arange(at.size, dtype=float)).reshape(at.shape)
        expected = self.truth.along(name, direction)
        if not np.all(np.isfinite(expected)) or np.max(np.abs(expected), initial=0) > HUGE:
            return
        results = self.run(build(request_of(self.derivation, hvp=name)), {"direction": direction})
        self.compare(f"the Hessian by {name} times a direction", results[2], expected, slack=100.0)


def _sizes(program: Any, inputs: Mapping[str, Any]) -> dict[str, int]:
    """The sizes of dimensions, from the inputs."""
    found: dict[str, int] = {}
    for name, array in inputs.items():
        dims = [d for d in program.inputs[name].shape if d != 1]
        found |= {d: n for d, n in zip(dims, array.shape, strict=True) if isinstance(d, str)}
    return found
