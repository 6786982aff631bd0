"""One entry of a derivative, as on a board: ``x_j``, ``f′(z_i)``, ``Σ_k W_kj δ_k``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from matcalc.calculus.entry_forms import ADD, ATOM, MUL, RUNNING, Form, LatexForm, Place, Written
from matcalc.calculus.lowering import lower
from matcalc.calculus.terms import Key, Number, Sum, free_of
from matcalc.expressions.node import Node, intern, postorder
from matcalc.operations import table
from matcalc.operations.table import ELEMENTWISE_NAMES
from matcalc.render.latex import latex
from matcalc.render.names import latex_name, text_name
from matcalc.render.text import text
from matcalc.steps.lines import Chained, Entry, Left, Line
from matcalc.steps.step import DerivationStep

__all__ = ["BoardForm", "LatexBoardForm", "entry_lines", "letters_for"]

LETTERS = "ijklpqrstuvmn"
ENTRYWISE = ELEMENTWISE_NAMES | {"apply", "add", "sub", "mul", "div", "neg", "pow"}
MANY = 3  # terms of a derivative that is written entry by entry


def letters_for(taken: Collection[str]) -> list[str]:
    """Letters for indices that the program does not use."""
    return [letter for letter in LETTERS if letter not in taken] + [f"i{k}" for k in range(1, 9)]


def entry_lines(step: DerivationStep, taken: Collection[str], rows: bool) -> list[Line]:
    """The entries of the local derivative, and of what the chain rule makes of it; none where that is no help."""
    tensor = step.tensor
    if tensor is None or len(tensor.terms) > MANY or not tensor.extra:
        return []
    spare = iter(letters_for(taken))
    letters = {k: next(spare) for k in tensor.free if k in dict(tensor.extra)}
    same = _equal_indices(tensor)
    for k in free_of(tensor.shape):
        letters[k] = letters[same[k]] if k in same else next(spare)
    above, below = [letters[k] for k, _ in tensor.extra], [letters[k] for k in free_of(tensor.shape)]
    twice = [letters[k] for k in same]
    remark = "entry" if not twice else "otherwise_zero"
    local = Line(Left("local", step.of, step.by), [Entry(tensor, letters)], remark, below=(above, below))
    lines = [local]
    if step.of != step.value and step.formula.op != "entries":
        lines.append(_chained(step, tensor, taken, rows))
    return lines


def _chained(step: DerivationStep, tensor: Sum, taken: Collection[str], rows: bool) -> Line:
    """One entry of what the chain rule passes on: a sum over the entries of the piece."""
    total = lower(table.transpose(step.formula) if rows else step.formula)
    spare = iter(letters_for(taken))
    axes = len(free_of(tensor.shape))
    letters = [next(spare) for _ in total.free]  # the axes of the value, where it is no scalar, stand first
    through = [next(spare) for _ in tensor.extra]
    below = letters[: len(letters) - axes], letters[len(letters) - axes :]
    side = Entry(total, dict(zip(total.free, letters, strict=True)), _order(step.formula))
    left = Left("contribution", step.value, step.by, through=step.of, rows=rows)
    return Line(left, [Chained(through), side], "entry_sum", below=below)


def _order(formula: Node) -> list[Node]:
    return list(postorder(formula, into=lambda n: n.op != "let"))


def _equal_indices(value: Sum) -> dict[int, int]:
    """Indices of the variable that equal one of the function's in every term, by a Kronecker delta."""
    outside = {k for k, _ in value.extra}
    found: dict[int, int] | None = None
    for _, factors in value.terms:
        here: dict[int, int] = {}
        for node, p, index in factors:
            if node.op == "eye" and p == 1 and len(index) == 2 and len(outside.intersection(index)) == 1:
                own, other = sorted(index, key=lambda k: k in outside)
                here[own] = other
        found = here if found is None else {k: v for k, v in found.items() if here.get(k) == v}
    return found or {}


def without_deltas(entry: Entry) -> Sum:
    """The terms of an entry without the deltas that its letters have resolved."""
    value = Sum(entry.value.shape, entry.value.extra)
    for (scalars, factors), c in entry.value.terms.items():
        kept = [f for f in factors if not _resolved(f[0], f[2], entry.letters)]
        place = {node: k for k, node in enumerate(entry.order)}
        kept.sort(key=lambda f: place.get(f[0], -1))
        key: Key = (scalars, tuple(kept))
        value.add(key, c)
    return value


def _resolved(node: Node, index: Sequence[int], letters: Mapping[int, str]) -> bool:
    return node.op == "eye" and len({letters.get(k, str(k)) for k in index}) == 1


class _Opened(Form):
    """Functions entry by entry take the entries of their arguments."""

    bounded = False

    def product(self, c: Number, parts: Sequence[tuple[Written, Number]]) -> Written:
        """A coefficient times powers, ones left out."""
        return super().product(c, [part for part in parts if part[0] != (ATOM, "1")])

    def on_diagonal(self, node: Node, place: Place) -> Written:
        """An entry of a diagonal matrix."""
        inside = node.args[0]
        taken: tuple[str, ...] = ()
        first = self.entry(inside, self.node(inside, taken), place[:1])
        return self.product(1, [(first, 1), ((ATOM, f"[{' = '.join(place)}]"), 1)])

    def scalar(self, node: Node, place: Place) -> tuple[Node, dict[str, str]] | None:
        """The node with every variable in it as a scalar, and what these scalars stand for; None of all else."""
        stands: dict[str, str] = {}
        done: dict[Node, Node] = {}
        for part in postorder(node, into=lambda n: n.op != "let"):
            if part.shape == (1, 1) and not (part.args and any(a.shape != (1, 1) for a in part.args)):
                done[part] = part
            elif part.op in ("var", "let") and part.shape == node.shape:
                name = f"\u27e6{len(stands)}\u27e7"
                stands[name] = self.indexed(part, place)
                done[part] = table.variable(name, (1, 1))
            elif part.op in ENTRYWISE and all(a in done for a in part.args) and part.args:
                done[part] = intern(part.op, tuple([done[a] for a in part.args]), part.params, (1, 1))
            else:
                return None
        return done[node], stands

    def indexed(self, node: Node, place: Place) -> str:
        """A variable with its indices."""
        raise NotImplementedError


class BoardForm(_Opened):
    """Text: ``W_ij``, ``f′(z_i)``."""

    times = " "

    def node(self, node: Node, taken: Collection[str]) -> str:
        """A factor in matrix notation."""
        return text(node)

    def indexed(self, node: Node, place: Place) -> str:
        """A variable with its indices."""
        name = text_name(node.params[0])
        return below_text(name, place)

    def entry(self, node: Node, text_: str, place: Place) -> Written:
        """A factor with its indices below."""
        if node.op == "eye" and place:
            return ATOM, f"[{' = '.join(place)}]"
        if not place:
            return (ATOM if node.op in ("var", "let", "num", "dim", "pi", "apply") else ADD), text_
        if node.op in ("var", "let"):
            return ATOM, self.indexed(node, place)
        if node.op == "diag" and len(place) == 2:
            return self.on_diagonal(node, place)
        found = self.scalar(node, place)
        if found is None:
            return ATOM, below_text(f"[{text_}]", place)
        shown = text(found[0])
        for name, entry in found[1].items():
            shown = shown.replace(name, entry)
        return _level(found[0]), shown

    def number(self, value: Number) -> Written:
        """A number, with a proper minus sign."""
        level, shown = super().number(value)
        return level, shown.replace("-", "−")

    def total(self, letters: Sequence[str], body: Written) -> Written:
        """A sum over indices."""
        return RUNNING, f"Σ_{''.join(letters)} {self.fit(body, RUNNING)}"

    def negative(self, written: Written) -> Written:
        """Minus."""
        level, shown = super().negative(written)
        return level, shown.replace("-", "−", 1)

    def sum(self, parts: Sequence[tuple[int, Written]]) -> Written:
        """Signed terms."""
        if len(parts) == 1 and parts[0][0] > 0:
            return parts[0][1]
        shown = ""
        for sign, written in sorted(parts, key=lambda part: part[0] < 0) if parts[0][0] < 0 else parts:
            part = self.fit(written, MUL) if sign < 0 or shown else written[1]
            shown += f" {'+' if sign > 0 else '−'} {part}" if shown else part if sign > 0 else f"−{part}"
        return ADD, shown

    def power(self, written: Written, p: Number) -> Written:
        """A power."""
        if p == 1:
            return written
        if p == Fraction(1, 2):
            return ATOM, f"√{self.fit(written, ATOM)}"
        raised = str(p).translate(_RAISED) if Fraction(p).denominator == 1 else f"^({p})"
        return ATOM, f"{self.fit(written, ATOM)}{raised}"

    def quotient(self, above: Sequence[Written], below: Sequence[Written]) -> Written:
        """A product over a product."""
        if not below:
            return super().quotient(above, below)
        top = self.times.join([self.fit(part, MUL) for part in above])
        under = self.times.join([self.fit(part, ATOM) for part in below])
        return MUL, f"{top}/{under}" if len(below) == 1 else f"{top}/({under})"


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class LatexBoardForm(_Opened, LatexForm):
    """LaTeX: the same with subscripts; a Kronecker delta is an Iverson bracket, since δ is the error signal."""

    def indexed(self, node: Node, place: Place) -> str:
        """A variable with its indices."""
        return below_latex(latex_name(node.params[0]), place)

    def entry(self, node: Node, text: str, place: Place) -> Written:
        """A factor with its indices below."""
        if node.op == "eye" and place:
            return ATOM, rf"[{' = '.join(place)}]"
        if place and node.op in ("var", "let"):
            return ATOM, self.indexed(node, place)
        if node.op == "diag" and len(place) == 2:
            return self.on_diagonal(node, place)
        found = self.scalar(node, place) if place else None
        if found is None:
            return super().entry(node, text, place)
        shown = latex(found[0])
        for name, entry in found[1].items():
            shown = shown.replace(latex_name(name), entry)
        return _level(found[0]), shown


def _level(node: Node) -> int:
    """How tightly a function of entries binds."""
    if node.op in ("add", "sub", "neg"):
        return ADD
    return MUL if node.op in ("mul", "div") else ATOM


def below_text(name: str, place: Sequence[str]) -> str:
    """A name with indices below it: ``W_ij``, ``(W₁)_ij``."""
    if not place:
        return name
    joined = ",".join(place) if any(len(letter) > 1 for letter in place) else "".join(place)
    closed = name[0] == "[" or (name.isalpha() and not any("₀" <= c <= "ₜ" for c in name))
    return f"{name}_{joined}" if closed else f"({name})_{joined}"


def below_latex(name: str, place: Sequence[str]) -> str:
    """A name with indices below it."""
    if not place:
        return name
    joined = ",".join([f"{p[0]}_{{{p[1:]}}}" if len(p) > 1 else p for p in place])
    joined = joined if any(len(p) > 1 for p in place) else " ".join(place)
    return rf"({name})_{{{joined}}}" if "_" in name else f"{name}_{{{joined}}}"
