"""Whether the package is right about a program that is given as text: against differences of the plain evaluator.

Only the reading is taken from the package; the programs' values come from `plain_evaluator`, their derivatives from
differences of these, extrapolated twice.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from differences import FUNCTIONS, evaluator, point, substituted
from judging import HUGE, Outcome, Wrong
from truth import Unjudged, differences, projected

import matcalc as mc
from matcalc.calculus.tensors import is_entries
from matcalc.codegen.compiled import Compiled
from matcalc.codegen.numpy_module import build
from matcalc.codegen.options import NAMES, without
from matcalc.compiling import request_of
from matcalc.expressions.node import Node, postorder
from matcalc.language.program import beside, expression
from matcalc.operations.table import variable

TOLERANCE = 1e-6
SIZES = (3, 4, 2, 5, 3, 2, 4, 3)
SOME = 6  # variables by pairs of which there are second derivatives


def judge_source(text: str, seed: int) -> Outcome:
    """What is found of a program with every setting drawn from the seed."""
    try:
        with np.errstate(all="ignore"):
            Judged(text, seed).all()
    except mc.MatcalcError as refused:
        return Outcome("refused", f"{type(refused).__name__}: {str(refused).splitlines()[0][:160]}", text)
    except Wrong as wrong:
        return Outcome("wrong", wrong.args[0], text, wrong.args[1] if len(wrong.args) > 1 else "")
    except Unjudged as reason:
        return Outcome("unjudged", str(reason), text)
    except np.linalg.LinAlgError as singular:
        return Outcome("unjudged", f"LinAlgError: {singular}", text)
    return Outcome("right", "", text)


class Judged:
    """A program's derivation and its truth at a point."""

    def __init__(self, text: str, seed: int) -> None:
        r = random.Random(seed ^ 0x50F7)
        self.structure, self.off = r.choice(("projection", "projection", "entries")), r.choice((*NAMES, "all"))
        self.expand = r.random() < 0.2
        alone = mc.derive(text, [])
        self.order = 2 if alone.value.node.shape == (1, 1) and r.random() < 0.3 else 1
        wrt: str | list[str] = "all"
        if self.order == 2 and len(alone.program.inputs) > SOME:  # a cell of twenty has four hundred blocks
            wrt = r.sample(list(alone.program.inputs), SOME)
        self.derivation = mc.derive(text, wrt, structure=self.structure, expand=self.expand, order=self.order)
        self.program, self.value = self.derivation.program, self.derivation.value.node
        dims = self.program.dims
        self.sizes = {d: max(SIZES[k % len(SIZES)], self.program.least.get(d, 0)) for k, d in enumerate(dims)}
        self.inputs = point(self.value, *self.program.inputs.values(), seed=text, sizes=self.sizes)
        self.evaluate = evaluator(self.inputs, self.sizes)
        self.at = self.finite(self.evaluate(self.value))
        self.slack = 1.0

    @staticmethod
    def finite(array: Any) -> Any:
        if not np.all(np.isfinite(array)) or np.max(np.abs(array), initial=0) > HUGE:
            raise Unjudged("too large, or outside a domain")
        return array

    def all(self) -> None:
        for node in postorder(self.value):
            self.finite(self.evaluate(node))
        wanted = {name: self.truth(self.value, name) for name in self.derivation if isinstance(name, str)}
        self.code(wanted, {})
        self.code(wanted, {"optimize": without([self.off])})
        environment = beside(self.program)
        for name, expected in wanted.items():
            self.formula(name, expected, environment)
        if self.order == 2:
            self.second(environment)

    def truth(self, root: Node, name: str, structure: str | None = None) -> Any:
        """The derivative of a value by an input: differences."""
        node = self.program.inputs[name]
        place = variable("(varied)", node.shape)
        varied = root  # a second derivative is of a gradient in which a variable may stand without its type
        for free in [n for n in postorder(root) if n.op == "var" and n.params[0] == name]:
            varied = substituted(varied, free, place)
        at = self.inputs[name]
        columns = []
        for entry in np.ndindex(*at.shape):
            unit = np.zeros(at.shape)
            unit[entry] = 1

            def value(h: float, unit: Any = unit) -> Any:
                return self.finite(evaluator({**self.inputs, "(varied)": at + h * unit}, self.sizes)(varied))

            columns.append(differences(value))
        shape = [n for n, d in zip(columns[0].shape, root.shape, strict=True) if d != 1]
        kept = [n for n, d in zip(at.shape, node.shape, strict=True) if d != 1]
        found = np.stack(columns, axis=-1).reshape([*shape, *kept])
        return projected(found, _Typed(node), structure or self.structure, len(shape))

    def compare(self, what: str, found: Any, expected: Any, source: str) -> None:
        found = np.asarray(found, float)
        if found.shape != expected.shape:
            raise Wrong(f"{what} has shape {found.shape}, not {expected.shape}", source)
        scale = max(float(np.max(np.abs(expected), initial=0)), 1e-2 * max(1.0, float(np.max(np.abs(self.at)))))
        error = float(np.max(np.abs(found - expected), initial=0)) if np.all(np.isfinite(found)) else np.inf
        if not error <= self.slack * TOLERANCE * scale:
            if self.shaken() > 1e-3 * error:
                raise Unjudged("ill-conditioned")
            raise Wrong(f"{what} is wrong by {error:.3g} of {scale:.3g}", f"{source}\n{found}\n{expected}")

    def shaken(self) -> float:
        """By how much the formulas change as the inputs do in their last digits: rounding may do as much."""
        moved = {n: a * (1 + 1e-14 * np.cos(np.arange(a.size)).reshape(a.shape)) for n, a in self.inputs.items()}
        near = evaluator(moved, self.sizes)
        nodes = [result.node for result in self.derivation.values()]
        return max(float(np.max(np.abs(near(n) - self.evaluate(n)), initial=0)) for n in nodes)

    def code(self, wanted: Any, options: Any) -> None:
        module = build(request_of(self.derivation, **options))
        arguments = {n: self.squeezed(n) for n in module.inputs}
        arguments |= {given: FUNCTIONS[key] for key, given in module.functions.items()}
        arguments |= {dim: self.sizes[dim] for dim in module.loose}
        results = Compiled(module.text)(**arguments)
        told = f"of the code without {self.off}" if options else "of the code"
        shape = [n for n, d in zip(self.at.shape, self.value.shape, strict=True) if d != 1]
        self.compare(f"the value {told}", results[0], self.at.reshape(shape), "")
        for name, expected in wanted.items():
            self.compare(f"the derivative {told} by {name}", results[1][name], expected, self.derivation[name].source())
        if self.order == 2:
            for key, block in results[2].items():
                expected = self.evaluate(self.derivation[key].node)
                self.compare(f"the Hessian {told} by {key}", block, expected.reshape(np.shape(block)), "")

    def squeezed(self, name: str) -> Any:
        node, array = self.program.inputs[name], self.inputs[name]
        return array.reshape([n for n, d in zip(array.shape, node.shape, strict=True) if d != 1])

    def formula(self, key: Any, expected: Any, environment: Any) -> None:
        result = self.derivation[key]
        source = result.source()
        self.compare(f"the formula by {key}", self.evaluate(result.node).reshape(expected.shape), expected, source)
        try:
            again = expression(source, environment)
        except mc.MatcalcError as unread:
            raise Wrong(f"the source of the derivative by {key} is not read back: {unread}", source) from None
        if again is not result.node:
            if not is_entries(result.node):
                raise Wrong(f"the source of the derivative by {key} is read back otherwise", source)
            found = self.evaluate(again).reshape(expected.shape)
            self.compare(f"what is read back by {key}", found, expected, source)
        if not (result.text() and result.latex() and result.indices()):
            raise Wrong(f"a writing of the derivative by {key} is empty", source)
        form = result.vectorised
        if form is not None:
            before = expected.ndim - len(self.squeezed(key if isinstance(key, str) else key[-1]).shape)
            matrix = expected.reshape((int(np.prod(expected.shape[:before])), -1), order="F")
            found = self.evaluate(form.node)
            self.compare(f"the vec form by {key}", found.reshape(-1), self.flat(matrix, found), result.vec())

    @staticmethod
    def flat(matrix: Any, found: Any) -> Any:
        """A single row may be written as a column."""
        return matrix.reshape(-1) if found.shape == matrix.shape or 1 in matrix.shape else matrix.reshape(-1)[:0]

    def second(self, environment: Any) -> None:
        """Blocks of the Hessian against differences of the gradient, which was held against the truth before."""
        self.slack = 100.0
        names = [n for n in self.derivation if isinstance(n, str)]
        if sum(self.inputs[n].size for n in names) > 60:
            return
        for a in names:
            gradient = self.derivation.differentiated.get(a, self.derivation.gradients[a])
            for b in names:
                self.formula((a, b), self.truth(gradient, b), environment)


class _Typed:
    """A declared variable as `truth.projected` takes it."""

    def __init__(self, node: Node) -> None:
        self.params = node.params
