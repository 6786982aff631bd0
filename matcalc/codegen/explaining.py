"""The plan of a generated function, told: every line with its cost, the memory, and what was decided and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcalc.codegen.docstring import shape_text
from matcalc.codegen.ledger import Ledger, Line, ledger
from matcalc.codegen.numpy_module import Request, written
from matcalc.codegen.plan import Decision, Known, Tree
from matcalc.codegen.sizes import LARGE
from matcalc.codegen.values import Axes, Value
from matcalc.codegen.work import Work
from matcalc.codegen.writing import cost_text
from matcalc.expressions.dims import Dim, names

__all__ = ["Plan", "plan_of"]

HEADS = ("name", "formula", "shape", "operations", "bytes moved", "temporaries", "uses")
WIDTH = 60  # of a formula in the table


class Plan:
    """What a generated function computes, line by line, and why so.

    ``ledger`` are its lines with their costs, ``orders`` what was decided of products, ``blocks`` along which axis the
    data can be split or why not, ``off`` the optimisations switched off, ``hints`` the sizes that it was planned for.
    """

    def __init__(
        self, found: Ledger, orders: Sequence[Mapping[str, Any]], blocks: Sequence[str], off: Sequence[str],
        hints: Mapping[str, int],
    ) -> None:  # fmt: skip
        self.ledger, self.orders, self.blocks = found, list(orders), list(blocks)
        self.off, self.hints = tuple(off), dict(hints)

    def operations(self, dims: Mapping[str, int] | None = None) -> Work:
        """Of all lines together; of branches, those that the sizes take."""
        return self.ledger.total("work", self._sizes(dims))

    def memory(self, dims: Mapping[str, int] | None = None) -> Work:
        """The most bytes at one time, beside the arguments."""
        return self.ledger.peak(self._sizes(dims))

    def _sizes(self, dims: Mapping[str, int] | None) -> dict[str, int]:
        return {**self.hints, **(dims or {})}

    # as data and as text ------------------------------------------------------------------------------------

    def data(self, dims: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Everything, as JSON has it; a cost is ``{"formula": "2 d n"}``, with its ``number`` where all its dimensions
        have sizes."""
        sizes = dict(dims or {})
        lines = [
            {
                "name": line.name, "formula": line.formula, "shape": [str(dim) for dim in line.axes],
                "when": _when(line), "operations": _cost(line.work, sizes), "moved": _cost(line.moved, sizes),
                "temporaries": _cost(line.temporaries, sizes), "kept": _cost(line.kept, sizes), "uses": line.uses,
            }
            for line in self.ledger.lines
        ]  # fmt: skip
        at = self._sizes(dims)
        return {
            "lines": lines, "operations": _cost(self.operations(dims), sizes),
            "moved": _cost(self.ledger.total("moved", at), sizes), "memory": _cost(self.memory(dims), sizes),
            "assumed": self._assumed(at), "orders": self.orders, "blocks": self.blocks, "off": list(self.off),
            "hints": self.hints,
        }  # fmt: skip

    def text(self, dims: Mapping[str, int] | None = None) -> str:
        """The table of lines, and below it what was decided; costs as formulas, in numbers where ``dims`` say all."""
        sizes = dict(dims or {})
        rows: list[tuple[str, ...]] = [HEADS]
        for line in self.ledger.lines:
            formula = line.formula if len(line.formula) <= WIDTH else f"{line.formula[: WIDTH - 1]}…"
            costs = [_shown(work, sizes) for work in (line.work, line.moved, line.temporaries)]
            rows.append((line.name, formula, _shape(line.axes), *costs, str(line.uses)))
        at = self._sizes(dims)
        rows.append(("in all", "", "", _shown(self.operations(dims), sizes),
                     _shown(self.ledger.total("moved", at), sizes), "", ""))  # fmt: skip
        rows = _with_branches(rows, self.ledger.lines)
        widths = [max(len(row[k]) for row in rows) for k in range(len(HEADS))]
        found = ["  ".join([cell.ljust(w) for cell, w in zip(row, widths, strict=True)]).rstrip() for row in rows]
        found += ["", f"memory at most: {_shown(self.memory(dims), sizes)} bytes beside the arguments"]
        assumed = self._assumed(at)
        if assumed and any(line.test for line in self.ledger.lines):
            found.append(f"of branches, those for {_equal(assumed)} are counted")
        found += [f"order of {order['chain']}: {order['said']}" for order in self.orders]
        found += self.blocks
        found += [f"planned for {_equal(self.hints)}"] if self.hints else []
        found += [f"switched off: {', '.join(self.off)}"] if self.off else []
        return "\n".join(found)

    def _assumed(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """The sizes of dimensions in tests, as far as nobody says them."""
        tested = {name for line in self.ledger.lines for side in line.test or () for name in names(side)}
        return {name: sizes.get(name, LARGE) for name in sorted(tested)}


def plan_of(request: Request) -> Plan:
    """The plan of the code that the request gives; raises as the generator of code does.

    >>> from matcalc.operations.table import matmul, variable
    >>> A, x = variable("A", ("m", "n")), variable("x", ("n", 1))
    >>> print(plan_of(Request(matmul(A, x), [A, x])).operations())
    2 m n
    """
    from matcalc.codegen.blocked.generating import explained

    lowering, values, _, _, emitter = written(request)
    labels = dict(lowering.hints)
    orders = [_told(factors, decision, labels, request.sizes.hints) for factors, decision in lowering.graph.decisions]
    distinct = list({str(order): order for order in orders}.values())
    return Plan(ledger(emitter, values), distinct, explained(request), request.options.off(), request.sizes.hints)


WHYS = {
    "always": "no other costs less for any sizes",
    "assumed": "others cost less for other sizes than those assumed",
    "long": "decided for the sizes assumed, the chain is long",
    "test": "which of the two, a test of the sizes decides at run time",
}


def _told(
    factors: Sequence[Value], decision: Decision, labels: Mapping[Value, str], hints: Mapping[str, int]
) -> dict[str, Any]:
    """A decision in words."""
    texts = [_label(value, labels) for value in factors]
    orders, others = (
        [{"order": _bracketed(o.tree, texts), "operations": _shown(Work.of(o.cost), {})} for o in found]
        for found in (decision.orders, decision.others)
    )
    why = WHYS[decision.why]
    if hints and decision.why == "always":
        why = f"no other costs less with {_equal(hints)}"
    told = " or ".join([f"{o['order']} ({o['operations']})" for o in orders])
    rather = " or ".join([f"{o['order']} ({o['operations']})" for o in others])
    return {
        "chain": " ".join(texts), "orders": orders, "others": others, "why": decision.why,
        "said": f"{told}: {why}{f'; rather than {rather}' if rather else ''}",
    }  # fmt: skip


def _label(value: Value, labels: Mapping[Value, str]) -> str:
    turned = value.op == "T"
    bare = value.args[0] if turned else value
    name = str(bare.params[0]) if bare.op == "input" else labels.get(bare, "(…)") if bare is not None else "I"
    return f"{name}.T" if turned else name


def _bracketed(tree: Tree, texts: Sequence[str]) -> str:
    """A product with brackets; trees are at most as deep as chains are long."""
    if isinstance(tree, int):
        return texts[tree]
    if isinstance(tree, Known):
        return f"[{' '.join(texts[tree.start : tree.end])}]"
    parts = [_bracketed(part, texts) for part in tree]
    return " ".join([f"({text})" if isinstance(part, tuple) else text for part, text in zip(tree, parts, strict=True)])


def _with_branches(rows: list[tuple[str, ...]], lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """The rows with those of branches below their tests, the two sides of one test together as far as they stand so."""
    found, last = rows[:1], ""
    for line, row in zip(lines, rows[1:-1], strict=True):
        when = _when(line)
        if when and when != last:
            found.append((f"{when}:", *[""] * (len(HEADS) - 1)))
        last = when
        found.append((f"  {row[0]}", *row[1:]) if when else row)
    return [*found, rows[-1]]


def _when(line: Line) -> str:
    """The test under which a line is computed; empty for always."""
    if line.test is None:
        return ""
    local = {name: name for side in line.test for name in names(side)}
    a, b = (cost_text(side, local).replace(" * ", " ") for side in line.test)
    return f"if {a} {'<=' if line.side == 0 else '>'} {b}"


def _shape(axes: Axes) -> str:
    rows: tuple[Dim, ...] = (*axes, 1, 1)[:2] if len(axes) < 3 else ()
    return shape_text((rows[0], rows[1])) if rows else f"array ({', '.join(map(str, axes))})"


def _shown(work: Work, sizes: Mapping[str, int]) -> str:
    """The formula, and the number where all is known; what is known, put in."""
    if set(work.terms) <= {()}:
        return _number(work)
    rest = work.at(sizes)
    if rest == work:
        return work.text()
    return f"{work.text()} = {_number(rest) if set(rest.terms) <= {()} else rest.text()}"


def _number(work: Work) -> str:
    return f"{round(work.terms.get((), 0)):,}"


def _cost(work: Work, sizes: Mapping[str, int]) -> dict[str, Any]:
    rest = work.at(sizes)
    found: dict[str, Any] = {"formula": work.text()}
    if set(rest.terms) <= {()}:
        found["number"] = round(rest.terms.get((), 0))
    return found


def _equal(sizes: Mapping[str, int]) -> str:
    return ", ".join([f"{name} = {size}" for name, size in sizes.items()])
