"""One run of the shape rules over a tape, for one reading of the undeclared names.

Two things count as not fitting beside what the shape rules refuse; both may be tolerated where no reading
avoids them: adding or subtracting a scalar and something larger that is an undeclared name itself or, beside a
scalar that is computed, a multiple of one that may be a scalar (numbers broadcast freely), and taking a sum, a
norm and the like of a scalar that comes from an undeclared name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from matcalc.errors import ShapeError
from matcalc.expressions.dims import add, multiply, negate, subtract
from matcalc.expressions.node import Shape, kind
from matcalc.language.dimensions import Clash, Unifier
from matcalc.language.entries import entries_shape
from matcalc.language.matlab import RULES as MATLAB
from matcalc.language.places import normal
from matcalc.language.tape import Tape
from matcalc.operations import shapes as rules
from matcalc.operations.registry import describe
from matcalc.operations.table import OPERATIONS

__all__ = ["Failure", "Preparation", "Run", "parameters", "run"]

SCALAR = (1, 1)
OF_VECTORS = frozenset({
    "sum", "mean", "logsumexp", "softmax", "log_softmax", "prod", "max", "min", "norm", "norm1", "norm_inf", "vec",
    "kron", "variance", "std", "cumsum", "cumsum_back", "roll", "cross_entropy", "inner", "prod_others", "is_max",
    "is_min",
})  # fmt: skip
WITH_MORE = frozenset({"matmul", "declared"})
Params: TypeAlias = tuple[Any, ...]
Rule: TypeAlias = Callable[[Unifier, list[Shape], Params], Shape]


class Failure:
    """Where a reading does not fit: the slot, the error or the clash of dimensions, and whether it may be tolerated."""

    __slots__ = ("cause", "mild", "slot")

    def __init__(self, slot: int, cause: ShapeError | Clash, mild: bool) -> None:
        self.slot, self.cause, self.mild = slot, cause, mild


class Run:
    """The shapes of a tape's slots (those before a failure), dimensions as far as they are known."""

    __slots__ = ("check", "failure", "kinds", "shapes")

    def __init__(self, kinds: Mapping[str, str], check: Unifier) -> None:
        self.kinds = kinds
        self.check = check
        self.shapes: list[Shape] = []
        self.failure: Failure | None = None


class Preparation:
    """What all runs over a tape share: the rule of every slot, and the shapes that an input may have.

    ``free`` are the undeclared inputs in the program's order; the axes of the k-th are ``?2k`` and ``?2k+1``.
    """

    __slots__ = ("declared", "default", "free", "inputs", "mild", "rules", "tape")

    def __init__(
        self, tape: Tape, inputs: Mapping[str, int], declared: Mapping[str, Shape], default: Mapping[str, str]
    ) -> None:
        self.tape = tape
        self.declared = declared
        self.default = default
        self.free = {name: i for i, name in enumerate(name for name in inputs if name not in declared)}
        self.inputs = {**declared, **{name: self.shape(name, default[name]) for name in self.free}}
        self.rules: list[Rule] = [RULES.get(op) or OPERATIONS[op].shape for op in tape.op]
        names = {slot for name, slot in inputs.items() if name in self.free}
        multiples = set(names)  # names, and what may be a multiple of one
        self.mild: set[int] = set()  # slots that may fit badly
        for slot, op in enumerate(tape.op):
            if op in ("mul", "div", "neg") and not multiples.isdisjoint(tape.args[slot]):
                multiples.add(slot)
            elif op in ("add", "sub"):
                for side, other in (tape.args[slot], tape.args[slot][::-1]):
                    if side in multiples and not tape.number[other]:
                        self.mild.add(slot)
            elif op in OF_VECTORS:
                self.mild.add(slot)
            elif op == "T" and tape.args[slot][0] in names:
                self.rules[slot] = _transposed

    def shape(self, name: str, as_kind: str) -> Shape:
        """The shape of an undeclared input read as a kind."""
        i = self.free[name]
        if as_kind == "scalar":
            return SCALAR
        return (f"?{2 * i}", 1 if as_kind == "vector" else f"?{2 * i + 1}")

    def undeclared(self, slot: int) -> str | None:
        """The undeclared name that stands at a slot (or minus that name)."""
        if self.tape.op[slot] == "neg":
            slot = self.tape.args[slot][0]
        if self.tape.op[slot] != "input":
            return None
        name: str = self.tape.params[slot][0]
        return name if name in self.free else None


def run(prepared: Preparation, departures: Mapping[str, str], tolerated: frozenset[int] | None) -> Run:
    """The shape rules applied in order; with ``tolerated`` None only what the rules refuse is a failure."""
    tape, check = prepared.tape, Unifier()
    found = Run({**prepared.default, **departures}, check)
    shapes = found.shapes
    inputs = prepared.inputs
    if departures:
        inputs = {**inputs, **{name: prepared.shape(name, as_kind) for name, as_kind in departures.items()}}
    mild = set[int]() if tolerated is None else prepared.mild - tolerated if tolerated else prepared.mild
    try:
        columns = zip(prepared.rules, tape.op, tape.args, tape.params, strict=True)
        for slot, (rule, op, args, params) in enumerate(columns):
            check.slot = slot
            if not args:
                shapes.append(inputs[params[0]] if op == "input" else rule(check, [], params))
                continue
            if op in WITH_MORE:
                params = parameters(prepared, slot)
            given = [shapes[a] for a in args]
            shape = rule(check, given, params)
            if slot in mild and SCALAR in given and _badly(prepared, found, slot, given):
                found.failure = Failure(slot, check.misfit("a scalar and something larger"), True)
                return found
            shapes.append(shape)
        check.finish(lambda slot: _stacked(tape, shapes, slot))
    except (ShapeError, Clash) as error:
        found.failure = Failure(check.slot, error, False)
    return found


def _stacked(tape: Tape, shapes: Sequence[Shape], slot: int) -> list[Shape]:
    """The shapes of A and B where a slot is about ``vec(A)`` and ``vec(B)``, transposed or not."""
    found = []
    for a in tape.args[slot]:
        inner = tape.args[a][0] if tape.op[a] == "T" else a
        if tape.op[inner] == "vec":
            found.append(shapes[tape.args[inner][0]])
    return found if len(found) == 2 else []


def parameters(prepared: Preparation, slot: int) -> Params:
    """What the rule of a slot is given beside shapes: more than its parameters where it depends on the program."""
    tape = prepared.tape
    op, params = tape.op[slot], tape.params[slot]
    if op == "matmul":
        left, right = tape.args[slot]
        return (tape.product[left], tape.product[right])
    return (params[0], prepared.declared[params[0]]) if op == "declared" else params


def _badly(prepared: Preparation, found: Run, slot: int, given: list[Shape]) -> bool:
    """Whether the slot, which the rules admit, counts as not fitting."""
    tape = prepared.tape
    args = tape.args[slot]
    if tape.op[slot] in OF_VECTORS:
        small = [a for a, shape in zip(args, given, strict=True) if shape == SCALAR]
        return any(stems(prepared, found, a) for a in small)
    if given[0] == given[1]:
        return False
    scalar, larger = args if given[0] == SCALAR else args[::-1]
    if tape.syntax == "matlab" and prepared.undeclared(scalar) is not None:
        return True  # in A*x - b, b is a column
    if prepared.undeclared(larger) is not None:
        return True
    if prepared.undeclared(scalar) is not None:
        return False
    multiple_of = prepared.undeclared(_unscaled(tape, found, larger))
    return multiple_of is not None and prepared.default[multiple_of] != "matrix"  # which stays one


def _unscaled(tape: Tape, found: Run, slot: int) -> int:
    """What a slot is a scalar multiple of: ``t`` of ``t*tr(C@X)``."""
    while tape.op[slot] in ("mul", "div", "neg"):
        args = tape.args[slot]
        larger = [a for a in args if found.shapes[a] != SCALAR]
        if len(larger) != 1 or (tape.op[slot] == "div" and larger[0] != args[0]):
            break
        slot = larger[0]
    return slot


def stems(prepared: Preparation, found: Run, slot: int) -> set[str]:
    """The undeclared names that a scalar is computed from, scalar by scalar."""
    tape, names = prepared.tape, set[str]()
    stack, seen = [slot], {slot}
    while stack:
        slot = stack.pop()
        if tape.op[slot] == "input":
            if tape.params[slot][0] in prepared.free:
                names.add(tape.params[slot][0])
            continue
        for a in tape.args[slot]:
            if a not in seen and found.shapes[a] == SCALAR:
                seen.add(a)
                stack.append(a)
    return names


# ---- rules of the operations that only a tape has, or that depend on how it is written ----


def _constant(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    return SCALAR


def _given(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    shape: Shape = params[0].shape
    return shape


def _same(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    return shapes[0]


def _fill(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    return shapes[1]


def _written(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    return (params[0], params[1])


def _eye(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    return (params[0], params[0])


def _commutation(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    size = multiply(*params)
    return (size, size)


def _inside(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    name, function = params
    if shapes[0] != SCALAR:
        message = f"{name} is a {describe(check.shape(shapes[0]))}, in the definition of {function} it must be a scalar"
        raise check.misfit(message, f"{function} works entry by entry")
    return SCALAR


def _transposed(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    """Of an undeclared name: who transposes it does not mean a scalar, so ``x + x.T`` does not make it one."""
    if shapes[0] == SCALAR:
        raise check.misfit("it is transposed, but read as a scalar", "declare it")
    return (shapes[0][1], shapes[0][0])


def _product(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    a, b = shapes
    left, right = params
    if (left and a == SCALAR) or (right and b == SCALAR):
        return b if a == SCALAR else a
    return rules.product(check, shapes, ())


def _declared(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    name, shape = params
    if kind(shapes[0]) != kind(shape):
        value = describe(check.shape(shapes[0]))
        raise check.misfit(f"{name} is declared a {describe(shape)}, its value is a {value}")
    check.same(shapes[0][0], shape[0])
    check.same(shapes[0][1], shape[1])
    return shapes[0]


def _own(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    shape: Shape = params[1].shape(check, shapes)
    return shape


def _index(check: Unifier, shapes: list[Shape], params: Params) -> Shape:
    shape = check.shape(shapes[0])
    items = normal(check, shape, params)
    found = rules.indexed(check, [shape], items)
    for item, length in zip(items, shape, strict=True):
        if item[0] == "at":
            needs = [item[1], subtract(length, add(item[1], 1))]
        elif item[0] == "slice":
            needs = [item[1], subtract(length, item[2]), subtract(add(item[2], negate(item[1])), 1)]
        else:
            continue
        check.needs += [(dim, check.slot) for dim in needs if not isinstance(dim, int)]
    return found


RULES: dict[str, Rule] = {
    "input": _constant, "given": _given, "num": _constant, "dim": _constant, "pi": _constant, "ones": _written,
    "zeros": _written, "eye": _eye, "commutation": _commutation, "let": _same, "entries": entries_shape,
    "defined": _same, "apply": _same,
    "derived": _same, "inside": _inside, "fill": _fill,
    "own": _own, "declared": _declared, "matmul": _product, "index": _index, **MATLAB,
}  # fmt: skip
