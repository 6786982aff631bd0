"""Random programs that other people's programs are made into: the acceptance corpus taken apart and put together anew.

Nothing is generated from shapes here.  A program of the corpus is taken as it is written; some of its inputs are
replaced by values or parts of other programs of the corpus, again and again, sometimes the same part in two places;
some of its functions and signs are exchanged.  Dimensions are unified.  What comes out is like what people write: long,
with intermediate variables that are used often, and not at all like `typed_programs`.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matcalc as mc
from matcalc.expressions.node import Node, postorder

CORPUS = Path(__file__).parent / "corpus" / "public.json"
NAME = re.compile(r"(?<![\w.'])[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])")
SMOOTH = ("tanh", "sin", "cos", "sigmoid", "arctan", "softplus", "erf", "silu", "gelu", "square")
EXCHANGED = (SMOOTH, ("sum", "mean", "logsumexp", "var"), ("relu", "abs", "softplus"), ("max", "min", "prod"),
             ("softmax", "log_softmax"), ("tr", "logdet", "det"), ("inv", "pinv", "expm"))  # fmt: skip


class Piece:
    """Lines of assignments, the last of which gives the value; inputs by name: shape, type, whether positive."""

    def __init__(self, lines: list[tuple[str, str]], value: str, shape: Any, inputs: dict[str, Any]) -> None:
        self.lines, self.value, self.shape, self.inputs = lines, value, shape, inputs

    def renamed(self, suffix: str) -> Piece:
        """Every name with a suffix, so that it meets no other."""
        names = {**dict.fromkeys([n for n, _ in self.lines]), **dict.fromkeys(self.inputs)}
        shapes = [self.shape, *[s for s, *_ in self.inputs.values()]]
        dims = {d for shape in shapes for d in shape if isinstance(d, str)}
        new = {n: f"{n}_{suffix}" for n in (*names, *dims)}

        def text(line: str) -> str:
            return NAME.sub(lambda m: new.get(m[0], m[0]), line)

        def turned(shape: Any) -> Any:
            return tuple(new[d] if isinstance(d, str) else d for d in shape)

        inputs = {new[n]: (turned(s), *rest) for n, (s, *rest) in self.inputs.items()}
        return Piece([(new[n], text(v)) for n, v in self.lines], text(self.value), turned(self.shape), inputs)


@functools.cache
def pieces() -> list[Piece]:
    """The programs of the corpus that can be put together: their values, and their parts."""
    found = []
    for case in json.loads(CORPUS.read_text(encoding="utf-8"))["cases"]:
        if case["syntax"] != "numpy":
            continue
        derivation = mc.derive(case["program"], [])
        root = derivation.value.node
        nodes = list(postorder(root))
        if any(n.op in ("entries", "own", "defined") or not plain(n.shape) for n in nodes):
            continue
        found.append(piece(root, nodes))
        parts = [n for n in nodes if n.args and n.op != "let"]
        found += [piece(n, list(postorder(n))) for n in parts[:4]]
    return found


def plain(shape: Iterable[Any]) -> bool:
    return all(isinstance(d, int | str) for d in shape)


def piece(root: Node, nodes: list[Node]) -> Piece:
    from matcalc.render.source import source

    inputs = {n.params[0]: (n.shape, n.params[1], n.params[2]) for n in nodes if n.op == "var"}
    lets = [(n.params[0], source(n.args[0])) for n in nodes if n.op == "let" and n is not root]
    if root.op == "let":
        root = root.args[0]
    return Piece(lets, source(root), root.shape, inputs)


class Composer:
    """One program of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.dims: dict[Any, Any] = {}

    def dim(self, d: Any) -> Any:
        while d in self.dims:
            d = self.dims[d]
        return d

    def same(self, a: Any, b: Any) -> bool:
        """Unify two shapes; kinds have to be the same, and so have integers."""
        pairs = [(self.dim(x), self.dim(y)) for x, y in zip(a, b, strict=True)]
        if any((x == 1) != (y == 1) for x, y in pairs):
            return False
        for x, y in zip(a, b, strict=True):
            x, y = self.dim(x), self.dim(y)
            if x != y:
                if not isinstance(x, str) and not isinstance(y, str):
                    return False
                old, new = (x, y) if isinstance(x, str) else (y, x)
                self.dims[old] = new
        return True

    def __call__(self, steps: int | None = None) -> str:
        r = self.random
        whole = r.choice(pieces()).renamed("0")
        for k in range(1, 1 + (steps if steps is not None else r.choice((0, 1, 1, 2, 2, 3, 4, 6)))):
            whole = self.joined(whole, r.choice(pieces()).renamed(str(k)), k)
        return self.written(whole)

    def joined(self, whole: Piece, part: Piece, k: int) -> Piece:
        """The whole with an input, or two, replaced by the part, where one is of its shape."""
        names = list(whole.inputs)
        self.random.shuffle(names)
        count = self.random.choice((1, 1, 2))
        replaced = []
        for name in names:
            shape, type_, positive = whole.inputs[name]
            before = dict(self.dims)
            if not type_ and not positive and len(replaced) < count and self.same(shape, part.shape):
                replaced.append(name)
            else:
                self.dims = before
        if not replaced:
            return self.added(whole, part, k)
        named = self.random.random() < 0.6
        text = f"v{k}_" if named else f"({self.changed(part.value)})"

        def put(line: str) -> str:
            return NAME.sub(lambda m: text if m[0] in replaced else m[0], line)

        lines = [*part.lines, *([(text, self.changed(part.value))] if named else [])]
        lines += [(n, put(v)) for n, v in whole.lines]
        inputs = {**part.inputs, **{n: i for n, i in whole.inputs.items() if n not in replaced}}
        return Piece(lines, put(whole.value), whole.shape, inputs)

    def added(self, whole: Piece, part: Piece, k: int) -> Piece:
        """The two side by side: added where they are of one shape, else the one is scaled by a sum of the other."""
        before = dict(self.dims)
        if self.same(whole.shape, part.shape):
            value = f"({whole.value}) {self.random.choice('+-*')} ({part.value})"
        else:
            self.dims = before
            value = f"tanh(mean({part.value}))*({whole.value})"
        return Piece([*part.lines, *whole.lines], value, whole.shape, {**part.inputs, **whole.inputs})

    def changed(self, text: str) -> str:
        """The text with a function or a sign exchanged, perhaps."""
        r = self.random
        if r.random() < 0.4:
            for group in r.sample(EXCHANGED, len(EXCHANGED)):
                calls = [m for m in re.finditer(r"(?<![\w.])([a-z_0-9]+)\(", text) if m[1] in group]
                if calls:
                    at = r.choice(calls)
                    return f"{text[: at.start(1)]}{r.choice(group)}{text[at.end(1) :]}"
        if r.random() < 0.3 and " + " in text:
            return text.replace(" + ", " - ", 1)
        return text

    def written(self, whole: Piece) -> str:
        """The program, every input declared."""
        sizes = dict(zip("nmpqrs", "nmpqrs", strict=True))
        letters: dict[Any, Any] = {}

        def letter(d: Any) -> Any:
            d = self.dim(d)
            if isinstance(d, str) and d not in letters:
                free = [s for s in sizes if s not in letters.values()]
                letters[d] = self.random.choice(free) if free else f"n{len(letters)}"
            return letters.get(d, d)

        lines = []
        for name, (shape, type_, positive) in whole.inputs.items():
            rows, columns = map(letter, shape)
            kind = (f"{type_}({rows})" if type_ else "scalar" if shape == (1, 1) else f"vector({rows})" if columns == 1
                    else f"row({columns})" if rows == 1 else f"matrix({rows}, {columns})")  # fmt: skip
            lines.append(f"{name}: {kind}{' positive' if positive else ''}")
        dims = set(self.dims) | {d for s, *_ in whole.inputs.values() for d in s if isinstance(d, str)}
        new = {d: str(letter(d)) for d in sorted(dims)}

        def put(line: str) -> str:
            return NAME.sub(lambda m: new.get(m[0], m[0]), line)

        return "\n".join([*lines, *[f"{n} = {put(v)}" for n, v in whole.lines], f"J = {put(whole.value)}"])


def compose(seed: int) -> str:
    """The program of a seed."""
    return Composer(seed)()
