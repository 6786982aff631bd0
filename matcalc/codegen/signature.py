"""The beginning of a generated function: its parameters, the conversion of arguments, dimensions
and their checks.

A dimension is read from the first argument that has it plainly; one that stands only in formulas
(``5*d``) is solved for where the formula is linear in it.  One that no argument has becomes a
parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.codegen.names import Names
from matcalc.codegen.values import axes_of
from matcalc.codegen.writing import Writer, dim_text
from matcalc.errors import UnsupportedError
from matcalc.expressions.dims import Dim, Poly, names, subtract, terms
from matcalc.expressions.dims import text as plain_text
from matcalc.expressions.node import Node

__all__ = ["Signature"]


class LocalDims(dict[str, str]):
    """The local names of dimensions, given out when one is first needed."""

    def __init__(self, names_: Names) -> None:
        super().__init__()
        self._names = names_

    def __missing__(self, dim: str) -> str:
        self[dim] = self._names.fresh(dim)
        return self[dim]


class Signature:
    """Parameters of a function and the statements that check them.

    ``inputs`` are all inputs of the program in order, ``used`` those that the outputs use,
    ``unknown`` the unknown functions with their orders, ``least`` the least sizes that indices
    demand.  The body is written between construction and `settle`, and asks ``local`` for the
    dimensions that it needs.
    """

    def __init__(
        self, inputs: Sequence[Node], used: frozenset[Node], unknown: Sequence[tuple[str, int]],
        least: Mapping[Dim, int], names_: Names,
    ) -> None:  # fmt: skip
        self.names, self.least, self.all, self.used = names_, least, inputs, used
        self.local = LocalDims(names_)
        self.origin: dict[str, str] = {}  # the argument that a dimension is read from
        self.loose: list[str] = []  # dimensions that become parameters
        self.parameters = {node.params[0]: self._parameter(node.params[0]) for node in inputs}
        self.functions = self._functions(unknown)
        self.inputs: list[Node] = []
        self.laws: dict[str, str] = {}  # of functions of whole arrays that are passed in
        self.options: list[str] = []  # further parameters, None where they are not given

    def settle(self) -> None:
        """Choose the inputs: those used, and those that a dimension is only known from."""
        chosen = set(self.used)
        for name in sorted(self.local):
            if not any(name in names(d) for node in chosen for d in node.shape):
                plainly = [node for node in self.all if name in node.shape]
                others = [node for node in self.all if any(name in names(d) for d in node.shape)]
                if plainly or others:
                    chosen.add((plainly or others)[0])
                else:
                    self.loose.append(name)
        self.inputs = [node for node in self.all if node in chosen]

    def _parameter(self, name: str) -> str:
        """The local name of an argument: its own, unless Python or the module needs that."""
        if self.names.plain(name):
            return name
        return self.names.fresh(name)

    def _functions(self, unknown: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Parameters ``f``, ``df``, ``d2f``; a name that is taken gets a final underscore."""
        found = {}
        for function, order in unknown:
            name = {0: "", 1: "d"}.get(order, f"d{order}") + function
            if order or not self.names.plain(name):
                while name in self.names.taken:
                    name += "_"
            self.names.taken.add(name)
            found[function, order] = name
        return found

    def head(self, name: str) -> str:
        """The line that begins the function."""
        local = {node.params[0]: self.parameters[node.params[0]] for node in self.inputs}
        plain = [n for n, own in local.items() if n == own]
        parts = [*plain, *self.functions.values(), *(self.local[dim] for dim in self.loose)]
        parts += [f"{option}=None" for option in self.options]
        if len(plain) < len(local):
            parts.append("**keywords")
        line = f"def {name}({', '.join(parts)}):"
        return line if len(line) <= 100 else "\n".join([f"def {name}(", *_filled(parts, 4), "):"])

    def write(self, writer: Writer) -> list[str]:
        """The statements at the beginning of the function."""
        lines = []
        local = {node.params[0]: self.parameters[node.params[0]] for node in self.inputs}
        mangled = [(name, own) for name, own in local.items() if name != own]
        for name, own in mangled:
            lines.append(f'{own} = {writer.helper("_keyword")}(keywords, "{name}")')
        if mangled:
            lines.append(f"{writer.helper('_none_left')}(keywords)")
        for name in self.loose:
            self.origin[name] = name
            lines.append(f'{self.local[name]} = {writer.helper("_whole")}("{name}", {self.local[name]})')
        for node in self.inputs:
            name, ndim = node.params[0], len(axes_of(node.shape))
            call = f'{writer.helper("_array")}("{name}", {local[name]}, {ndim})'
            lines.append(f"{local[name]} = {call}" + ("" if ndim else "[()]"))
        lines += self._read() + self._solved(writer)
        return lines if writer.complex else lines + self._checks(writer)

    # dimensions --------------------------------------------------------------------------------------------

    def _read(self) -> list[str]:
        """Statements that read the dimensions off the arguments, those that the code or a check
        needs."""
        told: list[tuple[str, Node, int]] = []
        for node in self.inputs:
            for axis, dim in enumerate(axes_of(node.shape)):
                if isinstance(dim, str) and dim not in self.origin:
                    self.origin[dim] = node.params[0]
                    told.append((dim, node, axis))
        needed = {name for dim in self.least for name in names(dim)} | set(self.local)
        for node in self.inputs:
            if self._is_checked(node):
                needed.update(name for dim in node.shape for name in names(dim))
        lines = []
        for dim, node, axis in told:
            if dim in needed:
                lines.append(f"{self.local[dim]} = {self.parameters[node.params[0]]}.shape[{axis}]")
        return _paired(lines)

    def _solved(self, writer: Writer) -> list[str]:
        lines: list[str] = []
        progress = True
        while progress:
            progress = False
            for node in self.inputs:
                for axis, dim in enumerate(axes_of(node.shape)):
                    missing = [n for n in names(dim) if n not in self.origin]
                    if len(missing) == 1 and (line := self._solve(writer, node, axis, dim, missing[0])):
                        lines.append(line)
                        progress = True
        unknown = sorted({n for node in self.inputs for d in node.shape for n in names(d)} - set(self.origin))
        if unknown:
            raise UnsupportedError(
                f"the size of {unknown[0]} cannot be told from the shapes of the arguments",
                hint=f"declare an input in which {unknown[0]} stands by itself",
            )
        return lines

    def _solve(self, writer: Writer, node: Node, axis: int, dim: Dim, name: str) -> str:
        """``d`` from a length ``5*d + m``, if ``d`` stands there linearly."""
        with_: dict[tuple[str, ...], int] = {}
        without: dict[tuple[str, ...], int] = {}
        for monomial, c in terms(dim).items():
            if monomial.count(name) > 1:
                return ""
            target = with_ if name in monomial else without
            target[tuple(n for n in monomial if n != name)] = c
        rest = _dim_of(without)
        factor = dim_text(_dim_of(with_), self.local)
        length = f"{self.parameters[node.params[0]]}.shape[{axis}]"
        if rest != 0:
            length = f"{length} - ({dim_text(rest, self.local)})"
        self.origin[name] = node.params[0]
        call = f'"{node.params[0]}", {length}, {factor}, "{plain_text(dim)}"'
        return f"{self.local[name]} = {writer.helper('_divided')}({call})"

    def _is_checked(self, node: Node) -> bool:
        """Whether the shape of an argument is not simply what its dimensions are read from."""
        axes = axes_of(node.shape)
        told = {dim for dim in axes if isinstance(dim, str) and self.origin.get(dim) == node.params[0]}
        return len(told) < len(axes)

    def _checks(self, writer: Writer) -> list[str]:
        conditions: list[str] = []
        refusals: list[str] = []
        for node in self.inputs:
            axes = axes_of(node.shape)
            own = node.params[0]
            if self._is_checked(node):
                dims = f"({', '.join(map(plain_text, axes))}{',' if len(axes) == 1 else ''})"
                sizes = f"({', '.join(writer.dim(d) for d in axes)}{',' if len(axes) == 1 else ''})"
                known = sorted({n for d in axes for n in names(d)})
                origins = [
                    f'("{n}", {self.local[n]}, "{self.origin[n]}")' for n in known if self.origin.get(n, own) != own
                ]
                local = self.parameters[own]
                parts = [f'"{own}"', local, sizes, f'"{dims}"', *origins]
                conditions.append(f"{local}.shape != {sizes}")
                refusals.append(f"{writer.helper('_expect')}({', '.join(parts)})")
        lines = _guarded(conditions, refusals)
        for dim, size in self.least.items():
            found = names(dim)
            if size > 1 and found and all(n in self.origin for n in found):
                origin = self.origin.get(found[0], found[0])
                text = f'"{plain_text(dim)}", {writer.dim(dim)}, {size}, "{origin}"'
                lines.append(f"{writer.helper('_least')}({text})")
        return lines


def _guarded(conditions: Sequence[str], refusals: Sequence[str]) -> list[str]:
    """The refusals, looked into where a shape is not as it should be: a comparison costs a third of a call."""
    lines: list[str] = []
    start = 0
    for end in range(1, len(conditions) + 1):
        head = f"if {' or '.join(conditions[start:end])}:"
        if end == len(conditions) or len(head) + len(conditions[end]) + 4 > 100:
            lines += [head, *(f"    {refusal}" for refusal in refusals[start:end])]
            start = end
    return lines


def _dim_of(found: dict[tuple[str, ...], int]) -> Dim:
    return subtract(Poly(sorted(found.items())), 0) if found else 0


def _paired(lines: list[str]) -> list[str]:
    """``m = A.shape[0]`` and ``n = A.shape[1]`` as one line."""
    merged: list[str] = []
    for line in lines:
        left, right = line.split(" = ")
        if merged and right.endswith(".shape[1]") and merged[-1].endswith(f" = {right[:-2]}0]"):
            first = merged.pop().split(" = ")[0]
            merged.append(f"{first}, {left} = {right[:-3]}")
        else:
            merged.append(line)
    return merged


def _filled(parts: Sequence[str], indent: int) -> list[str]:
    """Parts separated by commas, in lines of at most 100 columns."""
    lines = [""]
    for part in parts:
        if len(lines[-1]) + len(part) + indent + 2 > 100:
            lines.append("")
        lines[-1] += f"{part}, "
    return [" " * indent + line.rstrip() for line in lines]
