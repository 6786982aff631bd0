"""From what is asked for to a blocked module, along the axis that takes the fewest passes over the data."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen import docstring
from matcalc.codegen.blocked.axes import carries
from matcalc.codegen.blocked.module import OPTIONS, BlockFunction, OuterWriter, SplitSignature, helpers_text, joined
from matcalc.codegen.blocked.splitting import Mixed, Splitting
from matcalc.codegen.emit import Emitter
from matcalc.codegen.helpers import HELPERS, texts
from matcalc.codegen.names import Names
from matcalc.codegen.numpy_module import (
    INDENT,
    QUIET,
    WORKSPACE,
    Request,
    _docstring,
    _returned,
    _scipy_imports,
    planned,
)
from matcalc.codegen.values import Graph, Value
from matcalc.codegen.walks import below
from matcalc.codegen.workspace import KEPT
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import text

__all__ = ["Choice", "blocked_module", "choice", "explained"]

WORDS = {
    "add": "added up", "maximum": "the greatest", "minimum": "the least", "multiply": "multiplied",
    "logaddexp": "added up as exp",
}  # fmt: skip
OWN = ("ThreadPoolExecutor", "cpu_count", "_rows", "_over_blocks", "_taken", "_added", "_in_order")


class Choice:
    """Along which axis a computation is split: ``splitting``, ``None`` where there is no such axis, and why every other
    axis is not taken, by its name.

    The axis is the one that leaves the fewest matrices whole that nobody differentiates by, the data; of such axes the
    one that cuts into rows, which lie together in memory and in a file, then the one with the fewest passes, then the
    first.  ``dim`` asks for one.
    """

    def __init__(self, request: Request, dim: str = "") -> None:
        lowering, values = planned(request, branches=False)
        self.graph: Graph = lowering.graph
        self.refused: dict[str, str] = {}
        self.splitting: Splitting | None = None
        found: list[tuple[tuple[int, ...], Splitting]] = []
        inputs = [v for v in below(values) if v.op == "input"]
        dims = [d for node in request.inputs for d in node.shape if isinstance(d, str)]
        data = [v for v in inputs if len(v.axes) == 2 and v.params[0] not in request.gradients]
        for place, name in enumerate(dict.fromkeys(dims)):
            if not any(carries(v, name) for v in inputs) or (dim and name != dim):
                continue
            try:
                splitting = Splitting(self.graph, values, lowering.hints, name)
            except Mixed as mixed:
                self.refused[name] = f"{_called(mixed.value, lowering.hints)} {mixed.reason}"
                continue
            whole = sum(1 for v in data if not carries(v, name))
            across = sum(1 for v in inputs if carries(v, name) and v.axes[0] != name)
            found.append(((whole, across, len(splitting.passes), place), splitting))
        found.sort(key=lambda pair: pair[0])
        if found:
            self.splitting = found[0][1]
            for _, other in found[1:]:
                self.refused[other.dim] = f"{_passes(len(other.passes))}, along it too"

    @property
    def passes(self) -> int:
        """Passes over the data; 0 where it is not split."""
        return len(self.splitting.passes) if self.splitting is not None else 0


def choice(request: Request, dim: str = "") -> Choice:
    """Along which axis what is asked for is split, if along any; ``dim`` asks for one.

    Raises `UnsupportedError` where no input has that axis.
    """
    dims = [d for node in request.inputs for d in node.shape if isinstance(d, str)]
    if dim and dim not in dims:
        raise UnsupportedError(
            f"no input has the axis {dim}", hint=f"there is {', '.join(dict.fromkeys(dims))}" if dims else ""
        )
    return Choice(request, dim)


def blocked_module(request: Request, chosen: Choice | None = None, rows: int | None = None) -> str:
    """The text of a module that goes over the data in blocks, of ``rows`` rows or of what fits in cache.

    Raises `UnsupportedError` where the computation cannot be split, saying why not along any axis.
    """
    chosen = chosen or Choice(request)
    splitting = chosen.splitting
    if splitting is None:
        raise UnsupportedError("the program cannot be split into blocks", hint="; ".join(_reasons(chosen)))
    forbidden = [*HELPERS, *OWN, request.name, *(f"_block{k}" for k in range(1, len(splitting.passes) + 1))]
    names_of = [f"_block{k}" if len(splitting.passes) > 1 else "_block" for k in range(1, len(splitting.passes) + 1)]
    blocks = [
        BlockFunction(name, splitting, work, [*forbidden, *names_of], QUIET)
        for name, work in zip(names_of, splitting.passes, strict=True)
    ]
    outputs, hints = joined(chosen.graph, splitting, blocks)
    signature, writer = _frame(request, splitting, outputs, blocks, [*forbidden, *names_of])
    labels = [label for label, _ in request.outputs()]
    emitter = Emitter(writer, signature.names, list(zip(labels, outputs, strict=True)), hints)
    signature.settle()
    helpers = set(writer.helpers).union(*(block.writer.helpers for block in blocks))
    return _text(request, signature, writer, emitter, blocks, helpers, rows)


def _frame(
    request: Request, splitting: Splitting, outputs: Sequence[Value], blocks: Sequence[BlockFunction],
    forbidden: Sequence[str],
) -> tuple[SplitSignature, OuterWriter]:  # fmt: skip
    """Names and parameters of the outer function."""
    inputs = {node.params[0]: node for node in request.inputs}
    values = below(splitting.outputs)
    used = {v.params[0] for v in values if v.op == "input"} | {node.params[0] for node in request.directions}
    unknown = {v.params for v in values if v.op == "apply"}
    unknown |= {(v.params[0], 0) for v in values if v.op == "own"}
    names = Names([*inputs, *(function for function, _ in unknown)], forbidden)
    chosen = frozenset(node for name, node in inputs.items() if name in used)
    signature = SplitSignature(list(inputs.values()), chosen, sorted(unknown), request.least, names)
    signature.dim = splitting.dim
    signature.laws = {v.params[0]: v.params[1] for v in values if v.op == "own"}
    signature.options = [names.fresh(name) for name in (*(["workspace"] if request.workspace else []), *OPTIONS)]
    writer = OuterWriter(signature.local, signature.parameters, signature.functions, False)
    writer.open(blocks, signature.options)
    return signature, writer


def _text(
    request: Request, signature: SplitSignature, writer: OuterWriter, emitter: Emitter,
    blocks: Sequence[BlockFunction], helpers: set[str], rows: int | None,
) -> str:  # fmt: skip
    opening = signature.write(writer)
    if rows is not None:
        option = signature.options[-len(OPTIONS)]
        opening.append(f"{option} = {rows} if {option} is None else {option}")
    into = writer.into.union(*(block.writer.into for block in blocks))
    helpers |= {*writer.helpers, "_array", *([KEPT] if request.workspace else [])}
    brought, scipy = texts(helpers, into=into)
    lines = [part for line in emitter.lines for part in line.split("\n")]
    options = (*((WORKSPACE,) if request.workspace else ()), *OPTIONS.values())
    told = _docstring(request, signature, bool(scipy), options)
    body = [*told, *opening, *lines, *_returned(request, emitter.results)]
    quiet = any(v.op == "where" for v in emitter.order)
    head = [QUIET] if quiet else []
    function = "\n".join([*head, signature.head(request.name), *(f"{INDENT}{line}".rstrip() for line in body)])
    imports = ["from concurrent.futures import ThreadPoolExecutor", "from os import cpu_count", ""]
    imports += ["import numpy as np", *_scipy_imports(scipy)]
    title = f"Generated by matcalc: {request.name}, in plain NumPy, one block of {signature.dim} after another."
    opened = "\n".join([f'"""{docstring.escaped(title)}"""', "", *imports, "", f'__all__ = ["{request.name}"]'])
    return "\n\n\n".join([opened, function, *(b.text for b in blocks), *helpers_text(), *brought]) + "\n"


# what is told ----------------------------------------------------------------------------------------------


def explained(request: Request, chosen: Choice | None = None) -> list[str]:
    """Along which axis the computation is split, what is added up and what is kept; or why it is not, line by line."""
    chosen = chosen or Choice(request)
    if chosen.splitting is None:
        return ["blocks: none", *(f"  {reason}" for reason in _reasons(chosen))]
    splitting = chosen.splitting
    cut = [v.params[0] for v in below(splitting.outputs) if v.op == "input" and splitting.dim in v.axes]
    lines = [f"blocks: along {splitting.dim} ({', '.join(cut)}), {_passes(chosen.passes)} over the data"]
    labels = dict(zip(splitting.outputs, [label for label, _ in request.outputs()], strict=True))
    for number, work in enumerate(splitting.passes, 1):
        head = f"  pass {number}: " if chosen.passes > 1 else "  "
        found: dict[str, list[str]] = {}
        for value, how in work.sums.items():
            found.setdefault(WORDS[how], []).append(_axes(value))
        parts = [f"{how}: {', '.join(shapes)}" for how, shapes in found.items()]
        parts += [f"row by row: {', '.join(f'{labels[v]}, {_axes(v)}' for v in work.rows)}"] if work.rows else []
        lines.append(head + "; ".join(parts))
    return lines + [f"  {dim}: {reason}" for dim, reason in chosen.refused.items()]


def _reasons(chosen: Choice) -> list[str]:
    found = [f"along {dim}: {reason}" for dim, reason in chosen.refused.items()]
    return found or ["no input has an axis with a named dimension"]


def _axes(value: Value) -> str:
    if len(value.axes) > 2:
        return f"array ({', '.join(map(text, value.axes))})"
    rows, columns = (*value.axes, 1, 1)[:2]
    return docstring.shape_text((rows, columns))


def _passes(count: int) -> str:
    return "one pass" if count == 1 else f"{count} passes"


def _called(value: Value, hints: dict[Value, str]) -> str:
    """How a value is called: its name, or what it is the result of."""
    if value in hints:
        return hints[value]
    if value.op == "input":
        return str(value.params[0])
    op = str(value.params[0]) if value.op in ("call", "map", "map2") else value.op
    of = [hints.get(a, a.params[0] if a.op == "input" else "") for a in value.args]
    return f"{op} of {', '.join(of)}" if of and all(of) else f"a result of {op}"
