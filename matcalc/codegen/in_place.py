"""Work in place: what is computed entry by entry goes into the array of an argument that nothing needs any more.

``t1 = U.dot(V.T); t1 -= X; t1 *= M`` has one array where ``M * (U.dot(V.T) - X)`` has three, and new memory costs more
than arithmetic. Vectors stay in expressions, which are shorter to read and where there is nothing to save.

Decided as each value is written.  An array may be overwritten when the generated code made it (never an argument, a
view or a result), all its users are written, and no expression that is still to be written reads it: for that, every
value knows whose memory its text reads, and every array how many such values there are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from matcalc.codegen.branches import Branch
from matcalc.codegen.emit import FREE, Emitter
from matcalc.codegen.helpers import HELPERS
from matcalc.codegen.values import VIEWS, Value
from matcalc.codegen.writing import ATOM, Text, real_text, wrap
from matcalc.operations.table import OPERATIONS

__all__ = ["InPlaceEmitter", "function_of", "has_out", "is_in_place", "readers_first"]

# what makes an array of its own
OWNED = frozenset({
    "add", "sub", "mul", "div", "guarded", "neg", "pow", "map", "outer", "matmul", "einsum", "fill", "inv", "solve",
    "where",
})  # fmt: skip
AUGMENTED = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}
NAMES = {"add": "np.add", "sub": "np.subtract", "mul": "np.multiply", "div": "np.divide", "neg": "np.negative"}
UFUNC = re.compile(r"(np\.\w+)\(\{\w+\}\)")


class InPlaceEmitter(Emitter):
    """Writes the body of a function, overwriting arrays that are done with."""

    def _begin(self, branches: Mapping[Value, Branch]) -> None:
        self.order = readers_first(self.order, self.wanted, branches)
        self.left: dict[Value, int] = dict.fromkeys(self.order, 0)  # users that are not written
        for value in self.order:
            for argument in set(value.args):
                self.left[argument] += 1
        for value in self.wanted:
            self.left[value] += 1  # who asked for it
        for value in (*branches, *[v for v in self.order if v.op == "choice"]):
            for kept in (value, *value.args):  # read by lines that come later, or not at all
                self.left[kept] += 1
        self.reads: dict[Value, frozenset[str]] = {}  # the arrays, by their first names, that a text reads
        self.readers: dict[str, int] = {}  # how many texts that are still needed read an array
        self.memory: dict[str, str] = {}  # of a name, the first name of its array

    def _emit(self, value: Value) -> None:
        for argument in set(value.args):
            self.left[argument] -= 1
            if not self.left[argument]:
                for array in self.reads[argument]:
                    self.readers[array] -= 1
        if not self._overwritten(value):
            super()._emit(value)
        self.reads[value] = self._memory_of(value)
        if self.left[value]:
            for array in self.reads[value]:
                self.readers[array] = self.readers.get(array, 0) + 1

    def _memory_of(self, value: Value) -> frozenset[str]:
        """The arrays that the text of a value reads."""
        text = self.text[value][0]
        below = frozenset().union(*[self.reads[argument] for argument in value.args])
        if value.op in FREE:
            return frozenset()
        if value.op in VIEWS or value.op == "choice" or not text.isidentifier():
            return below
        own = frozenset({self.memory.setdefault(text, text)})
        return own if is_owned(value) or not value.axes else own | below  # a number is no view

    def _part(self, name: str, form: str) -> str:
        """That of a square matrix by its stride, which takes a microsecond less."""
        return f"{name}.flat[:: len({name}) + 1]" if form == "aa->a" else super()._part(name, form)

    def _is_also(self, name: str, text: str) -> None:
        if text in self.memory:
            self.memory[name] = self.memory[text]

    def _is_own(self, base: Value, beside: Sequence[Value] = ()) -> bool:
        """Whether an array may be overwritten, now that what is being written has read it."""
        if not is_owned(base) or self.left[base]:
            return False
        text = self.text[base][0]
        if not text.isidentifier():
            return True
        array = self.memory[text]
        return not self.readers.get(array, 0) and not any(array in self.reads[other] for other in beside)

    def _overwritten(self, value: Value) -> bool:
        """Write a value into the memory of one of its arguments, if there is one to be had."""
        how = function_of(value)
        if how is None or not is_in_place(value):
            return False
        for k, base in enumerate(value.args):
            if base.axes == value.axes and self._is_own(base):
                self._write(value, k, how)
                return True
        return False

    def _write(self, value: Value, k: int, how: str) -> None:
        texts = [self.text[argument] for argument in value.args]
        base = value.args[k]
        named = value in self.hints or value in self.wanted
        name = texts[k][0]
        if not name.isidentifier():
            name = self._name(value)
            self.lines.append(f"{name} = {texts[k][0]}")
            named = False
        keeps = named or (base in self.hints and value is not base and self.text[base][0] == name)
        self.lines += self._statement(value, k, name, texts, self._name(value) if keeps else "", how)

    def _statement(self, value: Value, k: int, name: str, texts: Sequence[Text], new: str, how: str) -> list[str]:
        """The statement that overwrites ``name``, and gives it a ``new`` name, if there is one."""
        operands = [name if argument is value.args[k] else real_text(text)[0]
                    for argument, text in zip(value.args, texts, strict=True)]  # fmt: skip
        operands += self._beside(value)
        if value.op == "pow":
            operands[1] = operands[0]
        self.text[value] = (new or name, ATOM)
        if new:
            self.memory[new] = self.memory.get(name, name)
            return [f"{new} = {how}({', '.join(operands)}, out={name})"]
        sign = "*=" if value.op == "pow" else AUGMENTED.get(value.op)
        if sign and (k == 0 or value.op in ("add", "mul")):
            return [f"{name} {sign} {operands[1 - k]}"]
        return [f"{how}({', '.join(operands)}, out={name})"]


    def _into(self, value: Value) -> str:
        """The call that computes a value somewhere, without its last argument."""
        args = [self.text[argument] for argument in value.args]
        if value.op == "matmul":
            return f"np.dot({args[0][0]}, {args[1][0]}"
        if value.op == "outer":
            return f"np.dot({wrap(args[0], ATOM)}[:, None], {wrap(args[1], ATOM)}[None]"
        operands = [real_text(text)[0] for text in args]
        if value.op == "pow":
            operands = operands[:1] * 2
        return f"{function_of(value)}({', '.join([*operands, *self._beside(value)])}"

    def _beside(self, value: Value) -> list[str]:
        """What a function of the module takes beside its operands; the module will have it."""
        if helper_of(value):
            self.writer.helper(helper_of(value), into=True)
        axes = value.params[1:2] if value.op == "call" else ()
        return [f"axis={axis}" for axis in axes if axis is not None]


def readers_first(order: Sequence[Value], wanted: Collection[Value], placed: Collection[Value]) -> list[Value]:
    """The order in which values are written: before an array is overwritten, what else reads it, if that can be.

    ``dW2 = H.T.dot(D)`` before ``H *= H``, which would need an array of its own after it. Nothing overwrites what is
    ``wanted``; what is ``placed``, in a branch, has its place.
    """
    users: dict[Value, list[Value]] = {value: [] for value in order}
    for value in order:
        for argument in dict.fromkeys(value.args):
            users[argument].append(value)
    placed = {*placed, *(value for value in order if value.op == "choice")}
    found: dict[Value, None] = {}

    def is_ready(value: Value) -> bool:
        there = [a in found or (a.op in VIEWS and all(b in found for b in a.args)) for a in value.args]
        return all(there) and value not in placed and not is_in_place(value)

    def readers(base: Value) -> list[Value]:
        seen = [reader for user in users[base] for reader in (users[user] if user.op in VIEWS else [user])]
        return [reader for reader in dict.fromkeys(seen) if reader not in found]

    for value in order:
        if value not in found and is_in_place(value) and value not in placed:
            for base in [a for a in value.args if a.axes == value.axes and is_owned(a) and a not in wanted]:
                others = [reader for reader in readers(base) if reader is not value]
                if all(map(is_ready, others)):
                    found.update(dict.fromkeys([*(a for other in others for a in other.args), *others]))
                    break
        found[value] = None
    return list(found)


def is_owned(value: Value) -> bool:
    """Whether a value is an array of its own, which no other one is a view of or may be a view of."""
    return value.op in OWNED or bool(helper_of(value))


def is_in_place(value: Value) -> bool:
    """Whether a value is a matrix that can be computed into the memory of an argument."""
    return len(value.axes) > 1 and 1 not in value.axes and function_of(value) is not None


def has_out(value: Value) -> bool:
    """Whether a value is a matrix that NumPy can put somewhere."""
    product = value.op in ("matmul", "outer") and len(value.axes) > 1 and 1 not in value.axes
    return product or is_in_place(value)


def function_of(value: Value) -> str | None:
    """The function of NumPy that computes a value into an array, where there is one."""
    if value.op in NAMES:
        return NAMES[value.op]
    if value.op == "pow":
        exponent = value.args[1]
        return "np.multiply" if exponent.op == "const" and exponent.params[0] == 2 else None
    if value.op == "map" and value.params[0] in OPERATIONS:
        found = UFUNC.fullmatch(OPERATIONS[value.params[0]].numpy)
        if found:
            return found[1]
    return helper_of(value) or None


def helper_of(value: Value) -> str:
    """The module's own function of a matrix that computes a value into an array, or nothing."""
    if value.op not in ("map", "call") or len(value.args) != 1 or len(value.args[0].axes) < 2:
        return ""
    name = f"_{value.params[0]}"
    return name if name in HELPERS and HELPERS[name].into else ""
