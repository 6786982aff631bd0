"""Whether the check can be trusted: ``python -m benchmarks.checker [--quick]``.

Wrong gradients of fifteen kinds are made from the right ones of random programs and of the acceptance corpus, at three
scales.  Each is put in the place of the package's own result, beside right gradients of the other variables, and is
claimed as text.  All have to be caught, and the right ones not.  That a gradient is wrong is not the check's word:
the plain evaluator of the tests finds it off by more than `WRONG` of its largest entry at every one of a few points.

Then right gradients are counted that the check calls wrong, beside kinks and edges of domains, and what it says
of ill-conditioned programs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import matcalc as mc
from matcalc.calculus.blocks import computed
from matcalc.codegen.functions import bind
from matcalc.expressions.node import Node
from matcalc.operations.table import mul, number
from matcalc.render.source import source
from matcalc.verify.check import Checker, check_program
from tests import wrong_gradients
from tests.programs import Programs

__all__ = ["measure"]

WRONG = 1e-5  # ten times the check's tolerance: where a difference is smaller at a point, nothing is expected there
SCALES = ("1", "1e-6", "1e6")
POINTS = 3
CORPUS = Path(__file__).parent.parent / "tests" / "corpus" / "public.json"

KINKS = {
    "J = sum(abs(A@x - b))": "A@x = b", "J = sum(relu(W@x + b)**2)": "W@x + b = 0", "J = max(A@x)": "ties",
    "J = norm_inf(A@x - b)": "ties of sizes", "J = sum(maximum(A@x, b))": "ties", "J = norm1(X@w - y)": "zeros",
    "J = sum(where(A@x > b, x1, x2))": "A@x = b", "J = sum(log(A@x))": "positive", "J = sum(sqrt(x - y))": "positive",
    "J = sum(arcsin(A@x))": "inside -1 to 1", "J = sum(1/(x - y))": "nonzero", "J = norm(x - y)": "nonzero",
    "J = sum(x**t)": "positive", "J = norm_nuc(X)": "full rank", "J = sum(tan(x))": "poles",
    "J = sum(log(1 - x**2))": "inside -1 to 1", "J = min(abs(x))": "ties and zeros", "J = logdet(A@B)": "invertible",
}  # fmt: skip
ILL = (
    "J = sum(inv(x@x.T + 1e-12*eye(n)))", "J = logdet(x@x.T + 1e-14*eye(n))", "J = b.T@inv([1, 1; 1, 1 + 1e-13])@b",
    "J = tr(inv(A.T@A + 1e-13*eye(4))); A: matrix(2, 4)", "J = sum(solve(1e-13*eye(n) + a@a.T, b))",
    "J = log(sum(x) - sum(x))", "J = sqrt(0*sum(x))", "J = tr(inv(A@B)); A: matrix(4, 2); B: matrix(2, 4)",
)  # fmt: skip


def corpus() -> Iterator[tuple[str, list[str], str | None, dict[str, str]]]:
    """The programs of the acceptance corpus with a scalar value: (source, wrt, of, functions)."""
    for case in json.loads(CORPUS.read_text(encoding="utf-8"))["cases"]:
        if case["order"] == 1 and case["syntax"] == "numpy":
            yield case["program"], case["wrt"], case["of"], case["functions"]


def programs(count: int, seed: int) -> Iterator[tuple[str, Any]]:
    """Derivations: half of them of the corpus, the others of random programs."""
    known = list(corpus())
    np.random.default_rng(seed).shuffle(known)  # type: ignore[arg-type]
    done = 0
    for text, wrt, of, functions in known:
        if done >= count // 2:
            break
        derivation = mc.derive(text, wrt, of=of, functions=functions)
        if derivation.value.node.shape == (1, 1):
            done += 1
            yield text, derivation
    for k in range(count - done):
        text = Programs(seed * 100_000 + k).program(2 + k % 3)
        yield text, mc.derive(text, "all")


class Tried:
    """One program: its right gradients, and points at which gradients are told apart."""

    def __init__(self, derivation: Any, seed: int) -> None:
        self.derivation, self.program, self.seed = derivation, derivation.program, seed
        self.right: dict[str, Node] = {n: computed(g) for n, g in derivation.gradients.items()}
        self.bound = getattr(self.program, "functions_bound", {})
        checker = Checker(self.program, None, None, derivation.value.node, "projection", np.random.default_rng(seed))
        self.points = [p for p in (checker.sampler.point() for _ in range(POINTS)) if p is not None]
        self.nodes = {name: checker.node(name) for name in self.right}

    def wrong(self, kind: str, name: str) -> Node | None:
        """A gradient of a kind that is really wrong, at every point."""
        right = self.right[name]
        try:
            made = wrong_gradients.made(kind, right, self.nodes[name], f"{self.seed} {name}")
        except mc.MatcalcError:
            return None
        if made is None or not self.points:
            return None
        both = bind([right, made], self.bound)
        try:
            far = wrong_gradients.distances(both[right], both[made], self.points)
        except (KeyError, np.linalg.LinAlgError):
            return None
        return made if min(far) > WRONG else None

    def injected(self, name: str, gradient: Node, scale: str) -> tuple[bool, list[str]]:
        """Whether a gradient in the place of the package's own is caught, and what else is called wrong."""
        given = {**self.right, name: gradient}
        report = check_program(
            self.program, list(given), {n: scaled(g, scale) for n, g in given.items()}, seed=self.seed,
            value=scaled(self.derivation.value.node, scale),
        )  # fmt: skip
        others = [n for n, one in report.gradients.items() if n != name and not one.passed and not one.inconclusive]
        return not report.gradients[name].passed, others

    def claimed(self, name: str, gradient: Node, scale: str) -> bool:
        """Whether a wrong claim is caught."""
        report = check_program(
            self.program, [name], {name: scaled(self.right[name], scale)}, seed=self.seed,
            claims={name: source(scaled(gradient, scale))}, value=scaled(self.derivation.value.node, scale),
        )  # fmt: skip
        return not report.claims[name].passed


def scaled(node: Node, scale: str) -> Node:
    """The expression times a number."""
    return node if scale == "1" else mul(number(scale), node)


def measure(
    programs_: int = 200, right: int = 10_000, *, seed: int = 1, claims: bool = True, seconds: float = 1e9
) -> dict[str, Any]:
    """The figures: wrong gradients tried and missed by kind, right ones and false alarms, kinks, ill conditions.

    ``missed``, ``alarms`` and ``ill_passed`` list what went wrong; ``seconds`` bounds the time of each half.
    """
    tried: Counter[str] = Counter()
    missed: list[str] = []
    alarms: list[str] = []
    count = 0
    until = time.monotonic() + seconds
    for k, (text, derivation) in enumerate(programs(programs_, seed)):
        if time.monotonic() > until:
            break
        count += 1
        one = Tried(derivation, seed + k)
        for i, kind in enumerate(wrong_gradients.KINDS):
            name = list(one.right)[(i + k) % len(one.right)]
            gradient = one.wrong(kind, name)
            if gradient is None:
                continue
            scale = SCALES[(i + k) % 3]
            tried[kind] += 1
            caught, others = one.injected(name, gradient, scale)
            where = f"{kind} by {name} at scale {scale}: {text}"
            alarms += [f"{other} beside {where}" for other in others]
            if not caught:
                missed.append(where)
            if claims:
                tried["claims"] += 1
                if not one.claimed(name, gradient, scale):
                    missed.append(f"claim, {where}")
    return {
        "programs": count, "kinds": dict(tried), "wrong": sum(tried.values()), "missed": missed,
        **false_alarms(right, seed, seconds, alarms), **kinks(seed), **ill(seed),
    }  # fmt: skip


def false_alarms(count: int, seed: int, seconds: float, alarms: list[str]) -> dict[str, Any]:
    """Right gradients of random programs, and those that the check calls wrong."""
    found = unsure = 0
    until = time.monotonic() + seconds
    k = 0
    while found < count and time.monotonic() < until:
        k += 1
        text = Programs(seed * 1_000_000 + k).program(2 + k % 3)
        report = mc.check(text, "all", seed=k)
        found += len(report)
        for name, one in report.items():
            unsure += one.inconclusive
            if not one.passed and not one.inconclusive:
                alarms.append(f"{name} of {text!r}, seed {k}: {one.message}")
    return {"right": found, "right_programs": k, "inconclusive": unsure, "alarms": alarms}


def kinks(seed: int, seeds: int = 25) -> dict[str, Any]:
    """Programs with kinks and edges of domains: findings, those called wrong, and those without a finding."""
    found = 0
    alarms: list[str] = []
    unsure: list[str] = []
    for text in KINKS:
        for k in range(seeds):
            for name, one in mc.check(text, "all", seed=seed + k).items():
                found += 1
                if not one.passed:
                    (unsure if one.inconclusive else alarms).append(f"{name} of {text}: {one.message}")
    return {"kinks": found, "kink_alarms": alarms, "kinks_inconclusive": unsure}


def ill(seed: int, seeds: int = 10) -> dict[str, Any]:
    """Ill-conditioned programs: the gradients have to be inconclusive, wrong claims not passed."""
    found = 0
    passed: list[str] = []
    for text in ILL:
        name = next(iter(mc.derive(text, "all").program.inputs))
        for k in range(seeds):
            report = mc.check(text, name, seed=seed + k, claims={name: f"3*{name}"})
            found += 1
            if not report.gradients[name].inconclusive or report.claims[name].passed:
                passed.append(f"{text}: {report.gradients[name]}, {report.claims[name]}")
    return {"ill": found, "ill_passed": passed}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the programs")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    start = time.monotonic()
    found = measure(20 if given.quick else 200, 1_000 if given.quick else 10_000, seed=given.seed)
    print(f"seed {given.seed}, {time.monotonic() - start:.0f} s")
    for what, figure in found.items():
        print(f"{what:<20} {len(figure) if isinstance(figure, list) else figure}")
        for line in figure if isinstance(figure, list) else []:
            print(f"    {line!r}")


if __name__ == "__main__":
    main()
