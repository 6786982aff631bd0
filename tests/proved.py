"""Which identities of the corpus each law proves: ``python -m tests.proved`` writes `matcalc/proved.py`.

An identity counts where matcalc's derivatives agree with the reference values stored beside it; the laws that prove it
are those that the sweeps of its derivation applied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import matcalc as mc
from matcalc.calculus.sweep import Step, sweep
from matcalc.expressions.node import Node
from matcalc.operations.table import OPERATIONS

CORPUS = Path(__file__).parent / "corpus"
TARGET = Path(__file__).parent.parent / "matcalc" / "proved.py"
FAMILIES = ("cookbook", "wiki", "matlab", "cs224n", "ml")  # what books, articles and lectures print
HEAD = '''"""Which identities of the literature each law proves; written by ``python -m tests.proved``, not by hand.

The identities are those of the corpus of tests that are printed in the Matrix Cookbook (``cookbook-57`` is its
equation 57), in Wikipedia's tables, in the documentation of matrixcalculus.org, in CS224n, and in texts on machine
learning. Each has been derived and held against reference values; a law proves it where its derivation applies the law.
"""

__all__ = ["PROVED"]

PROVED: dict[str, tuple[str, ...]] = {
'''


def identities() -> list[dict[str, Any]]:
    cases = json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if case["family"] in FAMILIES]


def laws_of(case: dict[str, Any]) -> set[str]:
    """The names of the laws that the derivation applies."""
    options = {"of": case["of"], "syntax": case["syntax"]}
    derivation = mc.derive(case["program"], case["wrt"], order=case["order"], **options)
    names = derivation.program.names
    targets = [names[name] for name in case["wrt"]]
    roots = [derivation.value.node]
    if case["order"] == 2:
        roots += [derivation.gradients[name] for name in case["wrt"]]
    found: set[str] = set()
    for root in roots:
        found |= applied(root, targets)
    return found


def applied(root: Node, targets: list[Node]) -> set[str]:
    """The laws that sweeps apply from a node down to variables, in functions that the program defines too."""
    steps: list[Step] = []
    sweep(root, targets, {}, steps)
    found: set[str] = set()
    for step in steps:
        op = step.node.op
        if op == "defined":
            _, parameter, body = step.node.params
            found |= applied(body, [parameter])
        elif op == "apply":
            found.add("f")
        elif op in OPERATIONS and OPERATIONS[op].law is not None and step.downstream:
            found.add(op)
    return found


def agrees(case: dict[str, Any], arrays: Any) -> bool:
    """Whether the derivatives have the values stored with the case."""
    from tests.test_corpus import FUNCTIONS

    options = {"of": case["of"], "syntax": case["syntax"], "functions": case["functions"]}
    fn = mc.compile(case["program"], case["wrt"], order=case["order"], **options)
    given = {key: arrays[f"{case['id']}/in/{key}"] for key in case["inputs"]}
    arguments: dict[str, Any] = {key: float(a) if a.ndim == 0 else a for key, a in given.items()}
    for unknown, known in case["callables"].items():
        arguments[unknown], arguments[f"d{unknown}"] = FUNCTIONS[known]
        if case["order"] == 2:
            return False
    results = fn(**arguments)
    prefix = f"{case['id']}/d2/"
    pairs = [(results[1][wrt], arrays[f"{case['id']}/d/{wrt}"]) for wrt in case["wrt"]]
    keys = [key for key in arrays.files if key.startswith(prefix)]
    pairs += [(results[2][tuple(key.removeprefix(prefix).split(","))], arrays[key]) for key in keys]
    return all(np.shape(ours) == r.shape and np.allclose(ours, r, rtol=1e-6, atol=1e-8) for ours, r in pairs)


def table() -> dict[str, tuple[str, ...]]:
    """The identities that each law proves, laws by name, identities in the order of the corpus."""
    arrays = np.load(CORPUS / "public.npz")
    found: dict[str, list[str]] = {}
    for case in identities():
        if agrees(case, arrays):
            for name in laws_of(case):
                found.setdefault(name, []).append(case["id"])
    return {name: tuple(found[name]) for name in sorted(found)}


def written() -> str:
    """The module's text."""
    lines = []
    for name, ids in table().items():
        lines.append(f'    "{name}": (')
        line = "       "
        for one in ids:
            part = f' "{one}",'
            if len(line) + len(part) > 118:
                lines.append(line)
                line = "       "
            line += part
        lines += [line, "    ),"]
    return HEAD + "\n".join(lines) + "\n}  # fmt: skip\n"


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
