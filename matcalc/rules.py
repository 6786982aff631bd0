"""The table of laws: everything that a derivative is made of, each law with its name and source.

``python -m matcalc.rules`` writes it as Markdown; `docs/rules.md` is made so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from matcalc.calculus.contraction import HOLE
from matcalc.errors import ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.node import Node, Shape, rebuild
from matcalc.language.reading import expression
from matcalc.operations import table
from matcalc.operations.arithmetic import ARITHMETIC
from matcalc.operations.elementwise import ELEMENTWISE
from matcalc.operations.reductions import REDUCTIONS
from matcalc.operations.registry import Law, Operation
from matcalc.operations.sequences import SEQUENCES
from matcalc.operations.spectra import SPECTRA
from matcalc.operations.structure import STRUCTURE
from matcalc.proved import PROVED

__all__ = ["Rule", "find", "render"]

CHAPTERS = (
    ("Operators", ARITHMETIC),
    ("Elementwise functions", ELEMENTWISE),
    ("Reductions", REDUCTIONS),
    ("Structure", STRUCTURE),
    ("Statistics and sequences", SEQUENCES),
    ("Functions of a matrix", SPECTRA),
)
SHAPES: tuple[Shape, ...] = (("m", "n"), ("n", "n"), ("n", 1), (3, 1))
PAIRS: tuple[tuple[Shape, Shape], ...] = (
    (("m", "n"), ("m", "n")), (("m", "n"), ("n", "p")), (("n", "n"), ("n", "p")), (("n", 1), ("n", 1)),
    (("n", "n"), (1, 1)), (("m", "n"), ("p", "q")),
    ((3, 1), (3, 1)), (("n", "n"), ("n", "n")),
)  # fmt: skip
UNKNOWN = Law("d(f(X)) = f'(X) * dX", "elementwise function", "chain rule, entry by entry")


class Rule:
    """A law as readers see it.

    ``formula`` is the line of the table, ``text`` the same in Unicode and ``latex`` in LaTeX, both with the value
    written out where the formula says ``y``; ``domain`` is where it holds, in words; ``proves`` are the identities of
    the literature whose derivations use it (`matcalc.proved`).
    """

    __slots__ = ("chapter", "domain", "formula", "latex", "name", "proves", "source", "text", "title")

    def __init__(self, name: str, chapter: str, law: Law, written: tuple[str, str], domain: str) -> None:
        self.name, self.chapter, self.title = name, chapter, law.title
        self.formula, self.source, self.domain = law.text, law.source, domain
        self.text, self.latex = written
        self.proves = PROVED.get(name, ())

    def __repr__(self) -> str:
        return f"<{self.name}: {self.formula}>"


def find(query: str = "") -> list[Rule]:
    """The law of that name, or all whose name, title or formula contains the query.

    Raises `UnknownNameError` where there is none, with near names.

    >>> [rule.formula for rule in find("inv")]
    ['d(inv(X)) = -y @ dX @ y']
    >>> [rule.name for rule in find("jacobi")]
    ['det']
    """
    rules = _all()
    wanted = query.strip().casefold()
    exact = [rule for rule in rules if rule.name.casefold() == wanted]
    found = exact or [rule for rule in rules if wanted in f"{rule.name}\n{rule.title}\n{rule.formula}".casefold()]
    if not found:
        names = [rule.name for rule in rules]
        near = difflib.get_close_matches(query, names, 3)
        hint = f"did you mean {', '.join(near)}?" if near else "all are listed without a name"
        raise UnknownNameError(f"no law has {query!r} in its name or formula", hint=hint)
    return found


def render(rules: Iterable[Rule], format: str = "text") -> str:
    """Laws as ``text``, ``latex`` (an align*), ``json`` or ``markdown``."""
    forms = {"text": _as_text, "latex": _as_latex, "json": _as_json, "markdown": _as_markdown}
    if format not in forms:
        raise UnsupportedError(f"laws are not written as {format!r}", hint=f"there are {', '.join(forms)}")
    return forms[format](list(rules))


# ------------------------------------------------------------------------------------------- making them
_rules: list[Rule] = []


def _all() -> list[Rule]:
    """Every law, made when first asked for."""
    if not _rules:
        for chapter, entries in CHAPTERS:
            for entry in entries:
                if entry.law is not None:
                    _rules.append(Rule(entry.name, chapter, entry.law, _written(entry), entry.domain))
            if chapter == "Elementwise functions":
                _rules.append(Rule("f", chapter, UNKNOWN, _written_unknown(), "f differentiable"))
    return _rules


def _written(entry: Operation) -> tuple[str, str]:
    """The law in Unicode and LaTeX: read at the first shapes that fit, and written again."""
    assert entry.law is not None
    left, right = entry.law.text.split(" = ", 1)
    inner = left[2:-1]
    for shapes in _shapes(entry):
        names = _placeholders(entry, shapes)
        try:
            if entry.name == "where":  # a program writes a comparison for C
                value = table.make("where", *[names[name] for name in entry.signature])
            else:
                value = expression(inner, names, dims=("i", "j", "m", "n", "p", "q"))
            for name in ("y", "Y"):
                names[name] = table.variable(name, value.shape, "argument")
            slope = expression(right, names, dims=("i", "j", "m", "n", "p", "q"))
        except ShapeError:
            continue
        return _both(value, _without(slope, {names["y"]: value, names["Y"]: value}))
    raise AssertionError(f"no shapes fit the law of {entry.name}")


def _written_unknown() -> tuple[str, str]:
    x, dx = table.variable("X", ("m", "n")), table.variable("dX", ("m", "n"), HOLE)
    return _both(table.apply("f", 0, x), table.mul(table.apply("f", 1, x), dx))


def _without(slope: Node, own: dict[Node, Node]) -> Node:
    """The right-hand side with the value written out."""

    def replace(node: Node, args: tuple[Node, ...]) -> Node:
        if node in own:
            return own[node]
        return node if args == node.args else table.make(node.op, *args, params=node.params)

    return rebuild([slope], replace)[slope]


def _both(value: Node, slope: Node) -> tuple[str, str]:
    from matcalc.render.latex import latex
    from matcalc.render.text import text

    left = text(value)
    written = f"d{left}" if left[0] == "(" else f"d({left})"
    shown = re.sub(r"\\mathrm\{d([A-Za-z])\}", r"\\mathrm{d}\1", latex(slope))
    return f"{written} = {text(slope)}", rf"\mathrm{{d}}\left( {latex(value)} \right) &= {shown}"


def _shapes(entry: Operation) -> list[tuple[Shape, ...]]:
    if entry.name == "stack":
        return [(("m", "n"), ("p", "n"))]
    count = len(entry.signature)
    if entry.name in ("unvec", "kron_left", "kron_right", "power_sum"):
        return [_special(entry.name)]
    if count == 3:
        return [(("m", "n"),) * 3]
    return [(shape,) for shape in SHAPES] if count == 1 else list(PAIRS)


def _special(name: str) -> tuple[Shape, ...]:
    from matcalc.expressions.dims import multiply

    large: Shape = (multiply("m", "p"), multiply("n", "q"))
    return {
        "unvec": ((multiply("m", "n"), 1),), "power_sum": (("n", "n"), ("n", "n"), (1, 1)),
        "kron_left": (large, ("p", "q")), "kron_right": (large, ("m", "n")),
    }[name]  # fmt: skip


def _placeholders(entry: Operation, shapes: Sequence[Shape]) -> dict[str, Node]:
    """The names in a law, in capitals and not."""
    found: dict[str, Node] = {}
    for name, shape in zip(entry.signature or ("A", "B"), shapes, strict=True):
        for spelled in (name, name.lower()):
            found[spelled] = table.variable(spelled, shape)
            found[f"d{spelled}"] = table.variable(f"d{spelled}", shape, HOLE)
    return found


# --------------------------------------------------------------------------------------------- writing them
def _as_text(rules: list[Rule]) -> str:
    wide = max([len(rule.name) for rule in rules], default=0)
    long = max([len(rule.formula) for rule in rules if len(rule.formula) <= 64], default=0)
    lines = []
    for rule in rules:
        if len(rules) == 1:
            lines = [f"{rule.name}: {rule.title}", f"  {rule.formula}", f"  {rule.text}", f"  source: {rule.source}"]
            return "\n".join([*lines, *([f"  where {rule.domain}"] if rule.domain else []), *_proofs(rule)])
        told = [rule.title, rule.source, *([f"where {rule.domain}"] if rule.domain else [])]
        told += [f"proves {len(rule.proves)}"] if rule.proves else []
        lines.append(f"{rule.name:<{wide}}  {rule.formula:<{long}}  {'; '.join(told)}")
    return "\n".join(lines)


def _proofs(rule: Rule) -> list[str]:
    """The identities that a law proves, counted and named."""
    import textwrap

    if not rule.proves:
        return []
    lines = textwrap.wrap(", ".join(rule.proves), 96, break_on_hyphens=False)
    return [f"  proves {_counted(rule)}:", *[f"    {line}" for line in lines]]


def _counted(rule: Rule) -> str:
    return "1 identity" if len(rule.proves) == 1 else f"{len(rule.proves)} identities"


def _as_latex(rules: list[Rule]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join([rule.latex for rule in rules]) + "\n\\end{align*}"


def _as_json(rules: list[Rule]) -> str:
    import json

    fields = ("name", "title", "formula", "text", "latex", "source", "domain", "chapter", "proves")
    data = [{field: getattr(rule, field) for field in fields} for rule in rules]
    return json.dumps(data, ensure_ascii=False, indent=2)


HEAD = """# The laws

Every derivative is made of these differential laws and of nothing else. A law is a line of the language, linear in
`dX`; `y` stands for the value itself. Gradients, Jacobians and Hessians are found by taking `dX` out of it.

A law proves an identity of the literature where the derivation of that identity applies it; each has been derived and
held against reference values. `cookbook-57` is equation 57 of the Matrix Cookbook, `wiki` are Wikipedia's tables,
`mcorg` is the documentation of matrixcalculus.org, `cs224n` the lectures, `ml` texts on machine learning.

This page is written by `python -m matcalc.rules`."""


def _as_markdown(rules: list[Rule]) -> str:
    parts = [HEAD]
    for chapter in dict.fromkeys([rule.chapter for rule in rules]):
        rows = [rule for rule in rules if rule.chapter == chapter]
        parts.append(f"## {chapter}")
        heads = ["name", "law", "as one writes it", "called", "where", "source", "proves"]
        lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
        for rule in rows:
            cells = [f"`{rule.name}`", f"`{rule.formula}`", rule.text, rule.title, rule.domain, rule.source]
            cells.append(str(len(rule.proves) or ""))
            lines.append(f"| {' | '.join([_cell(cell) for cell in cells])} |")
        parts.append("\n".join(lines))
    proofs = [f"- `{rule.name}`, {_counted(rule)}: {', '.join(rule.proves)}" for rule in rules if rule.proves]
    parts += ["## What the laws prove", "\n".join(proofs)] if proofs else []
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    if text.startswith("`"):
        return text
    return re.sub(r"([|\\*_<>])", r"\\\1", text)


if __name__ == "__main__":
    import sys

    sys.stdout.write(render(_all(), "markdown"))
