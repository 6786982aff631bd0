"""What is written of the corpus and of small random programs, one line each: ``tests/written.txt``.

``python -m tests.written`` writes the file anew; a difference in it is then for the reader to judge: equal values tell
nothing of how a formula is written, and a change may make one shorter and another longer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
FILE = HERE / "written.txt"
DECLARED = (
    "A, B, C: matrix(n, n); X, Y: matrix(m, n); S: symmetric(n); P: posdef(n); D: diagonal(n); Q: orthogonal(n); "
    "x, y, z: vector(n); s, t: scalar; p: scalar positive; "
)
SMALL = 500  # random programs, of which those are left out that do not fit together

# by what they are, the smallest expressions and those that are made of others: m matrices, v vectors, s scalars
LEAVES = {
    "m": ["A", "B", "C", "S", "P", "D", "Q", "eye(n)", "ones(n, n)", "x@y.T", "X.T@X", "X.T@Y"],
    "v": ["x", "y", "z", "x", "y", "ones(n)", "diag(A)", "S@x"],
    "s": ["s", "t", "p", "x.T@y", "tr(A)", "sum(x)", "2", "3", "1"],
}
MADE = {
    "m": [
        "({m} + {m})", "({m} - {m})", "{m}@{m}", "({m}@{m} + {m}@{m})", "({m}*{m})", "({m}).T", "inv({m})",
        "({s}*{m})", "({m}/({s}))", "({v})@({v}).T", "diag({v})", "({m}*({v}))", "({m}*({v}).T)", "({m}/({v}))",
        "({m} + ({v}).T)", "exp({m})", "({m})**2", "({m})**-1", "(-({m}))", "(3*{m})", "({m}/(({v})@({v}).T))",
        "softmax({m}, axis=1)",
    ],
    "v": [
        "({v} + {v})", "({v} - {v})", "{m}@({v})", "({v}*({v}))", "({v}/({v}))", "diag({m})", "sum({m}, axis=1)",
        "sum({m}, axis=0).T", "exp({v})", "({s}*({v}))", "({v}/({s}))", "({v})**2", "({v})**-1.5", "softmax({v})",
        "sigmoid({v})", "1/(1 + exp({v}))", "(-({v}))", "mean({m}, axis=1)",
    ],
    "s": [
        "({s} + {s})", "({s} - {s})", "({s}*({s}))", "({s}/({s}))", "({v}).T@({v})", "tr({m})", "sum({m})",
        "sum({v})", "exp({s})", "({s})**2", "({s})**-0.5", "norm({v})", "det({m})", "logdet({m})", "log({s})",
        "sign({s})", "logsumexp({v})", "mean({v})",
    ],
}  # fmt: skip


def small(rng: random.Random, kind: str, depth: int) -> str:
    """An expression of a kind."""
    if not depth:
        return rng.choice(LEAVES[kind])
    text = rng.choice(MADE[kind])
    for name in "mvs":
        while f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", small(rng, name, depth - 1), 1)
    return text


def asked() -> Iterator[tuple[str, list[str]]]:
    """Programs, each with the variables to differentiate by; none for its value."""
    cases = json.loads((HERE / "corpus" / "public.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        if case["syntax"] == "numpy" and case["order"] == 1 and case["of"] is None and not case["callables"]:
            yield case["program"], [name for name in case["wrt"] if name != "all"]
    for seed in range(SMALL):
        rng = random.Random(f"written {seed}")
        program = DECLARED + small(rng, rng.choice("mvs"), rng.choice((1, 2, 2, 3)))
        yield program, [] if seed % 2 else ["x", "A", "S"][: rng.randrange(1, 4)]


def written(program: str, wrt: list[str]) -> dict[str, str]:
    """The sources of the derivatives by name, or of the simplified value."""
    import matcalc as mc
    from matcalc.calculus.simplify import simplify
    from matcalc.language.program import elaborate
    from matcalc.render.source import source

    if wrt:
        return {str(name): result.source() for name, result in mc.derive(program, wrt).items()}
    return {"": source(simplify(elaborate(program).value))}


def read() -> list[tuple[str, list[str], dict[str, str]]]:
    """The lines of the file."""
    return [tuple(json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines()]


def regenerate() -> None:
    """Write the file anew."""
    import matcalc as mc

    lines = []
    for program, wrt in asked():
        try:
            found = written(program, wrt)
        except mc.MatcalcError:
            continue
        lines.append(json.dumps([program.replace(DECLARED, "...; "), wrt, found], ensure_ascii=False))
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    regenerate()
