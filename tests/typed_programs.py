"""Random programs over the whole language: a shape first, then a term that has it.

Every program is right by construction, in its shapes and around the points at which it is evaluated: what must be
positive, definite or invertible is built to be so.  Equal seeds give equal programs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from special_terms import CALLS, OWN
from terms import Shape, Term, Writer, size_of

SIZES = {"n": 3, "m": 4, "p": 2}
SMOOTH = ("tanh", "sigmoid", "sin", "cos", "softplus", "silu", "arctan", "gelu", "expm1", "erf", "square")
KINKS = ("abs", "relu", "sign", "step")
BOUNDED = ("tanh", "sin", "cos", "sigmoid", "arctan", "erf")
SCALAR = (1, 1)
GREEK = ("alpha", "lambda", "mu", "sigma2", "theta", "beta_1", "gamma_t", "kappa")
LOWER = ("x", "y", "w", "b", "u", "v", "c", "q", "z_0", "a1", "y_hat", "k")
UPPER = ("A", "X", "W", "B", "S", "K", "H1", "C_0", "U", "R2")
SQUARES = ("symmetric", "posdef", "skew", "diagonal", "orthogonal")


class Program:
    """What is declared, defined and assigned, and the value."""

    def __init__(self) -> None:
        self.inputs: dict[str, Term] = {}  # params (name, type, positive)
        self.bare: set[str] = set()  # inputs that are not declared
        self.functions: dict[str, Any] = {}  # an index of a curve, or a body
        self.lets: dict[str, Term] = {}
        self.value: Term = Term("num", (), SCALAR, ("0",))
        self.name = "J"
        self.sizes: dict[Any, int] = dict(SIZES)
        self.told = True  # whether what functions with laws are is told beside their laws

    def text(self, syntax: str = "numpy", brackets: bool = False, names: Mapping[str, str] | None = None,
             declared: bool = False) -> str:  # fmt: skip
        """The program; every name declared where that is asked for."""
        write = Writer(syntax, brackets, names)
        used = self.used()
        bare = {n for n in self.bare if not declared and (syntax != "matlab" or natural_there(n, used.get(n)))}
        lines = [f"{write.name(n)}: {type_of(t)}" for n, t in used.items() if n not in bare]
        told = {d for n, node in used.items() if n not in bare for d in node.shape}
        needed = {d for t in self.terms() for d in (*t.shape, *t.params) if d in SIZES} - told
        lines += [f"only_{d}: vector({d})" for d in sorted(needed)]  # a dimension must stand in a declaration
        called = self.called()
        lines += [f"{write.name(name)}(t) = {write(body)}" for name, body in self.functions.items()
                  if isinstance(body, Term) and name in called]  # fmt: skip
        laws = {t.params[0] for t in self.terms() if t.op == "own"}
        lines += [line for name in sorted(laws) for line in OWN[name].lines(syntax, self.told)]
        if declared or syntax == "matlab":
            unknown = [n for n, body in self.functions.items() if n in called and not isinstance(body, Term)]
            lines += [f"{write.name(n)}: elementwise" for n in unknown]
        lines += [f"{write.name(name)} = {write(value)}" for name, value in self.lets.items()]
        return "\n".join([*lines, f"{write.name(self.name)} = {write(self.value)}"])

    def terms(self) -> Iterator[Term]:
        for root in (*self.lets.values(), self.value):
            yield from root.below()

    def operations(self) -> set[str]:
        bodies = [body for body in self.functions.values() if isinstance(body, Term)]
        return {t.op for t in self.terms()} | {t.op for body in bodies for t in body.below()}

    def called(self) -> set[str]:
        return {t.params[0] for t in self.terms() if t.op in ("apply", "defined")}

    def used(self) -> dict[str, Term]:
        """The inputs that occur."""
        names = {t.params[0] for t in self.terms() if t.op == "var"}
        return {name: node for name, node in self.inputs.items() if name in names}

    def copied(self) -> Program:
        new = Program()
        new.__dict__.update(self.__dict__)
        return new

    def narrowing(self) -> set[str]:
        """The dimensions that may be 1 at run time: nothing takes parts along them."""
        kept = {d for t in self.terms() if t.op == "index" for d, item in zip(t.args[0].shape, t.params, strict=False)
                if item != (None, None)}  # fmt: skip
        return {d for t in self.terms() for d in t.shape if d in SIZES} - kept

    def arguments(self, seed: int) -> dict[str, Any]:
        """A general point, one- and two-dimensional, in the types."""
        rng = np.random.default_rng(seed)
        return {name: drawn(node, self.sizes, rng) for name, node in self.inputs.items()}


def drawn(node: Term, sizes: Mapping[Any, int], rng: np.random.Generator) -> Any:
    _, type_, positive = node.params
    array = rng.uniform(0.3, 1.2, [size_of(d, sizes) for d in node.shape if d != 1])
    array = array if positive else array * rng.choice([-1.0, 1.0], array.shape)
    if type_ == "symmetric":
        return (array + array.T) / 2
    if type_ == "posdef":
        return array @ array.T + 0.5 * np.eye(len(array))
    if type_ == "skew":
        return (array - array.T) / 2
    if type_ == "diagonal":
        return np.diag(np.diag(array))
    if type_ == "orthogonal":
        return np.linalg.qr(array)[0]
    return abs(array) / np.sum(abs(array)) if type_ == "simplex" else array


def type_of(node: Term) -> str:
    (rows, columns), (_, type_, positive) = node.shape, node.params
    after = " positive" if positive else ""
    if type_:
        return f"{type_}({rows}){after}"
    if node.shape == SCALAR:
        return f"scalar{after}"
    if columns == 1:
        return f"vector({rows}){after}"
    return (f"row({columns})" if rows == 1 else f"matrix({rows}, {columns})") + after


def number(text: str) -> Term:
    return Term("num", (), SCALAR, (text,))


def wide(a: Shape, b: Shape) -> Shape:
    return (a[0] if a[0] != 1 else b[0], a[1] if a[1] != 1 else b[1])


def binary(op: str, a: Term, b: Term) -> Term:
    return Term(op, (a, b), (a.shape[0], b.shape[1]) if op == "matmul" else wide(a.shape, b.shape))


def call(op: str, *args: Term, shape: Shape | None = None, params: tuple[Any, ...] = ()) -> Term:
    return Term(op, args, args[0].shape if shape is None else shape, params)


def times(a: Any, b: Any) -> Any:
    return a * b if isinstance(a, int) and isinstance(b, int) else f"{a}*{b}"


def transposed(a: Term) -> Term:
    return Term("T", (a,), a.shape[::-1])


class Generator:
    """One program; ``rational`` leaves out what a prime field has not."""

    def __init__(self, seed: int, *, rational: bool = False, kinks: bool = True, types: bool = True) -> None:
        self.random = random.Random(seed)
        self.rational, self.kinks, self.types = rational, kinks, types
        self.program = Program()
        self.dims = self.random.sample(["n", "m", "p", 2, 3, 4], 3)
        self.program.told = self.random.random() < 0.5
        self.budget = 60  # of nodes

    def __call__(self, depth: int | None = None, shape: Shape | None = None) -> Program:
        r, program = self.random, self.program
        depth = depth if depth is not None else r.choice((1, 2, 2, 3, 3, 4, 5))
        self.functions()
        for _ in range(r.choice((0, 0, 1, 2, 3))):
            self.budget = 25
            value = self.expression(self.shape(), max(depth - 1, 1))
            if value.op not in ("var", "num", "let"):
                program.lets[self.name(value.shape)] = value
        self.budget = 60
        shape = shape or r.choice([SCALAR] * 6 + [self.shape()] * 4)
        program.value = self.expression(shape, depth)
        program.name = next(name for name in ("J", "J_1") if name not in program.lets)
        if not program.used():
            return self(depth, shape)
        self.trim()
        program.bare = {name for name, node in program.inputs.items() if r.random() < 0.4 and natural(name, node)}
        if program.operations() & {"vec", "kron", "commutation"}:
            program.bare = set()  # a product of dimensions does not tell which of them is which
        return program

    def trim(self) -> None:
        """Without lets that nothing uses."""
        program = self.program
        for name in reversed(list(program.lets)):
            if not any(t.op == "let" and t.params[0] == name for t in program.terms()):
                del program.lets[name]

    # -------------------------------------------------------------------------------- names and shapes
    def functions(self) -> None:
        self.unknown = self.random.sample(["f", "g", "h"], 2)
        self.program.functions = {name: k for k, name in enumerate(self.unknown)}
        t = Term("var", (), SCALAR, ("t", "", False))
        square = binary("pow", t, number("2"))
        bodies = [
            binary("add", binary("mul", number("0.5"), square), t), binary("sub", number("1"), square),
            binary("div", t, binary("add", number("2"), square)),
        ]  # fmt: skip
        if not self.rational:
            bodies += [binary("mul", t, call("sigmoid", t)), call("log", binary("add", number("1"), square)),
                       call("exp", call("neg", square)), binary("mul", call("sin", t), call("tanh", t))]  # fmt: skip
        self.program.functions["psi"] = self.random.choice(bodies)

    def shape(self) -> Shape:
        a, b = self.dim(), self.dim()
        return self.random.choice([SCALAR, (a, 1), (a, 1), (1, a), (a, b), (a, b), (a, a)])

    def dim(self) -> Any:
        return self.random.choice(self.dims)

    def name(self, shape: Shape) -> str:
        program = self.program
        pool = GREEK if shape == SCALAR else UPPER if 1 not in shape else LOWER
        free = [n for n in pool if n not in program.inputs and n not in program.lets]
        return self.random.choice(free) if free else f"{pool[0]}{len(program.inputs) + len(program.lets)}_"

    def leaf(self, shape: Shape, positive: bool = False, type_: str = "") -> Term:
        program, r = self.program, self.random
        known = [n for n in program.inputs.values() if n.shape == shape]
        known = [n for n in known if (n.params[2] or not positive) and (n.params[1] == type_ or not type_)]
        lets = [Term("let", (), shape, (n,)) for n, t in program.lets.items() if t.shape == shape]
        if lets and not positive and not type_ and r.random() < 0.5:
            return r.choice(lets)
        if known and r.random() < 0.6:
            return r.choice(known)
        if r.random() < 0.08 and not type_:
            return self.constant(shape)
        name = self.name(shape)
        if not type_ and not positive and shape[0] == shape[1] != 1 and self.types and r.random() < 0.4:
            type_ = r.choice(SQUARES)
        if not type_ and not positive and shape[1] == 1 != shape[0] and self.types and r.random() < 0.06:
            type_ = "simplex"
        positive = positive or (not type_ and not self.rational and r.random() < 0.08)
        node = Term("var", (), shape, (name, type_, positive))
        program.inputs[name] = node
        return node

    def constant(self, shape: Shape) -> Term:
        r = self.random
        if shape == SCALAR:
            letters = [d for d in self.dims if isinstance(d, str)]
            if letters and r.random() < 0.3:
                return Term("dim", (), SCALAR, (r.choice(letters),))
            if not self.rational and r.random() < 0.2:
                return Term("pi", (), SCALAR, ("pi",))
            return number(r.choice(("2", "0.5", "3", "1e-1", ".25", "1")))
        if shape[0] == 1:
            return transposed(Term("ones", (), shape[::-1]))
        return Term("eye" if shape[0] == shape[1] and r.random() < 0.6 else "ones", (), shape)

    # ----------------------------------------------------------------------------------------- expressions
    def expression(self, shape: Shape, depth: int) -> Term:
        self.budget -= 1
        if depth <= 0 or self.budget < 0 or self.random.random() < 0.1:
            return self.leaf(shape)
        rows, columns = shape
        options = [self.sum, self.sum, self.times, self.function, self.function, self.scaled, self.transposed,
                   self.product, self.product, self.applied, self.quotient, self.indexed, self.power]  # fmt: skip
        if shape == SCALAR:
            options += [self.reduction] * 5 + [self.quadratic] * 2
        elif 1 in shape:
            options += [self.along, self.along, self.running]
            options += [] if self.rational else [self.softmax]
        else:
            options += [self.outer, self.spread, self.spread, self.running]
            options += [] if self.rational else [self.softmax]
            options += [self.square] * 3 if rows == columns else []
        if rows != 1:
            options += [self.special]
        if columns == 1 != rows:
            options += [self.stacked, self.stacked, self.column, self.column]
        if 1 not in shape:
            options += [self.stacked]
        if not self.rational:
            options += [self.chosen] if self.kinks else []
            options += [self.positive] if self.random.random() < 0.3 else []
        return self.random.choice(options)(shape, depth - 1)

    def sum(self, shape: Shape, depth: int) -> Term:
        a, b = self.expression(shape, depth), self.expression(shape, depth)
        op = self.random.choice(("add", "sub"))
        if self.random.random() < 0.15 and shape != SCALAR:
            b = self.random.choice((number("1"), number("2"), self.expression(SCALAR, 0)))
        return call("neg", a) if self.random.random() < 0.15 else binary(op, *self.random.sample([a, b], 2))

    def times(self, shape: Shape, depth: int) -> Term:
        a = self.expression(shape, depth)
        return binary("mul", a, a if self.random.random() < 0.1 else self.expression(shape, depth))

    def scaled(self, shape: Shape, depth: int) -> Term:
        a, b = self.expression(SCALAR, depth), self.expression(shape, depth)
        return binary("mul", *self.random.sample([a, b], 2))

    def transposed(self, shape: Shape, depth: int) -> Term:
        a = self.expression(shape[::-1], depth)  # a scalar that is transposed would have to be declared
        return call("neg", a) if shape == SCALAR else transposed(a)

    def product(self, shape: Shape, depth: int) -> Term:
        k = self.dim()
        a, b = self.expression((shape[0], k), depth), self.expression((k, shape[1]), depth)
        return binary("matmul", a, b)

    def quotient(self, shape: Shape, depth: int) -> Term:
        a = self.expression(shape, depth)
        below = self.random.choice([SCALAR, shape])
        return binary("div", a, self.positive(below, depth))

    def power(self, shape: Shape, depth: int) -> Term:
        a = self.expression(shape, depth)
        if self.rational or self.random.random() < 0.6:
            bounded = a if self.rational else call(self.random.choice(BOUNDED), a)
            return binary("pow", self.random.choice([a, bounded]), number(self.random.choice(("2", "3", "2"))))
        base = self.positive(shape, depth)
        exponent = self.random.choice([number("0.5"), number("1.5"), call("neg", number("1")), call("neg", number("2")),
            call("tanh", self.expression(SCALAR, depth)), call("sin", a)])  # fmt: skip
        return binary("pow", base, exponent)

    def function(self, shape: Shape, depth: int) -> Term:
        a, r = self.expression(shape, depth), self.random
        if self.rational:
            return call("square", a)
        if self.kinks and r.random() < 0.15:
            return call(r.choice(KINKS), a)
        if r.random() < 0.2:
            inner = call(r.choice(("tanh", "sin")), a)
            return call(r.choice(("sinh", "cosh", "tan", "log1p_", "arcsin", "arccos")).replace("log1p_", "exp"),
                        binary("mul", number("0.5"), inner))  # fmt: skip
        if r.random() < 0.2:
            return call(r.choice(("log", "sqrt", "log1p", "reciprocal")), self.positive(shape, depth))
        if r.random() < 0.2:
            return call("exp", binary("mul", number("0.3"), a))
        return call(r.choice(SMOOTH), a)

    def applied(self, shape: Shape, depth: int) -> Term:
        a, name = self.expression(shape, depth), self.random.choice([*self.unknown, "psi"])
        if name == "psi":
            return call("defined", a, params=(name,))
        return call("apply", a, params=(name, self.random.choice((0, 0, 0, 1))))

    def positive(self, shape: Shape, depth: int) -> Term:
        """A term that is positive at every point; in a prime field, one that is not zero."""
        r = self.random
        if depth <= 0 or r.random() < 0.2:
            return self.leaf(shape, positive=not self.rational)
        a = self.expression(shape, depth - 1)
        squared = binary("add", number(r.choice(("1", "2"))), call("square", a))
        if self.rational:
            return squared
        options = [squared, call("exp", call("tanh", a)), call("sigmoid", a), call("softplus", a),
                   binary("add", number("2"), call("sin", a)), call("cosh", call("tanh", a)),
                   binary("mul", self.positive(shape, depth - 1), call("exp", call("sin", a)))]  # fmt: skip
        return r.choice(options)

    def indexed(self, shape: Shape, depth: int) -> Term:
        """An entry, a row or column, or a slice of something larger."""
        items, source = [], []
        for dim in shape:
            if dim == 1:
                source.append(self.dim())
                items.append(self.random.choice((0, 1, -1)))
            elif dim == 2 and isinstance(dim, int):
                source.append(self.dim())
                items.append((0, 2))
            else:
                source.append(dim)
                items.append((None, None))
        narrow = shape == SCALAR or (shape[1] == 1 and items[0] == (0, 2))
        if narrow and self.random.random() < 0.5:
            source, items = [source[0], 1], items[:1]
        kept = tuple(source)
        a = self.expression((kept[0], kept[1]), depth)
        return call("index", a, shape=shape, params=tuple(items))

    def reduction(self, shape: Shape, depth: int) -> Term:
        r, k, j = self.random, self.dim(), self.dim()
        other = r.choice([(k, 1), (1, k), (k, j), (k, j)])

        def one(op: str, of: Shape, *params: Any) -> Term:
            return call(op, self.expression(of, depth), shape=SCALAR, params=params)

        options = [lambda: one("sum", other, None), lambda: one("mean", other, None), lambda: one("tr", (k, k)),
                   lambda: self.two("inner", (k, j), depth), lambda: self.two("dot", (k, 1), depth),
                   lambda: call("det", self.invertible((k, k), depth), shape=SCALAR),
                   lambda: one("variance", other, None), lambda: one("prod", (k, 1))]  # fmt: skip
        if not self.rational:
            options += [lambda: one("norm", other), lambda: one("logsumexp", other, None),
                lambda: call("logdet", self.invertible((k, k), depth), shape=SCALAR),
                lambda: one("std", other, None),
                lambda: call("cross_entropy", self.leaf((k, 1), type_="simplex") if self.types else
                    self.expression((k, 1), depth), self.positive((k, 1), depth), shape=SCALAR)]  # fmt: skip
        options += [lambda: self.large(r.choice(("kron", "vec", "commutation")), depth)] * 2
        if not self.rational:
            options += [lambda: call("own", self.invertible((k, k), depth), shape=SCALAR, params=("ld",)),
                lambda: call("own", self.expression((k, k), depth), self.expression((k, 1), depth), shape=SCALAR,
                             params=("quad",)),
                lambda: call(r.choice(("sum", "norm")), self.slim(depth), shape=SCALAR, params=(None,))]  # fmt: skip
        if self.kinks and not self.rational:
            kinked = r.choice(("max", "min", "norm1", "norm_inf"))
            options += [lambda: one(kinked, other if r.random() < 0.5 else (k, 1)),
                        lambda: one("norm_nuc", (k, j))]  # fmt: skip
        return r.choice(options)()

    def large(self, op: str, depth: int) -> Term:
        """A scalar of a Kronecker product, of stacked columns, or of a commutation matrix."""
        k, j, r = self.dim(), self.dim(), self.random
        if op == "kron":
            a, b = self.expression((k, j), depth - 1), self.expression((j, k), depth - 1)
            made = call("kron", a, b, shape=(times(k, j), times(j, k)))
            name = r.choice(("sum", "tr", "norm") if not self.rational else ("sum", "tr"))
            return call(name, made, shape=SCALAR, params=(None,))
        a, b = (call("vec", self.expression(shape, depth), shape=(times(k, j), 1)) for shape in ((k, j), (j, k)))
        if op == "vec":
            return call("dot", a, b, shape=SCALAR)
        turned = Term("commutation", (), (times(k, j), times(k, j)), (k, j))
        return binary("matmul", binary("matmul", transposed(b), turned), a)

    def slim(self, depth: int) -> Term:
        """The pseudoinverse of a tall or a wide matrix of full rank, n×2 or 2×n stacked on the identity."""
        k = self.dim()
        top = call("tanh", self.expression((k, k), depth - 1))
        full = binary("add", binary("mul", number("6"), Term("eye", (), (k, k))), top)
        below = self.expression((1, k), depth - 1)
        tall = Term("stack", (full, below), (f"1 + {k}" if isinstance(k, str) else k + 1, k), (1, 1))
        if self.random.random() < 0.5:
            return call("pinv", tall, shape=tall.shape[::-1])
        return call("pinv", transposed(tall), shape=tall.shape)

    def special(self, shape: Shape, depth: int) -> Term:
        """Index notation, or a function with a law of the program's own."""
        if not self.rational and self.random.random() < 0.3:
            if shape[1] == 1 and self.random.random() < 0.5:
                return call("own", self.expression(shape, depth), params=("unit",))
            return call("own", self.expression(shape, depth), params=("soft",))
        args: list[Term] = []
        sizes = dict(zip("ij", shape, strict=True))
        letters = "i" if shape[1] == 1 else "ij"
        body = self.body(sizes, args, 2)
        return Term("entries", tuple(args), shape, (letters, body))

    def body(self, sizes: dict[str, Any], args: list[Term], depth: int) -> Any:
        """A body of index notation in which each of the value's letters occurs."""
        r = self.random
        letters = [k for k, d in sizes.items() if d != 1]

        def entry(*of: str) -> Any:
            of = tuple(r.sample(of, len(of)))
            args.append(self.leaf((sizes[of[0]], sizes[of[1]] if len(of) == 2 else 1)))
            return ("at", len(args) - 1, of)

        kind = r.choice(("at", "sum", "sum", "mul", "add", "call", "pow")) if depth > 0 else "at"
        if kind == "at":
            return entry(*letters)
        if kind == "sum":
            sizes["k"] = self.dim()
            first = entry(letters[0], "k")
            inner = ("mul", first, entry("k", letters[-1]) if len(letters) == 2 or r.random() < 0.5 else entry("k"))
            if len(letters) == 1 and r.random() < 0.4:  # functions of three indices at once are refused
                inner = ("call", "square" if self.rational else r.choice(list(CALLS)), inner)
            del sizes["k"]
            return ("sum", "k", inner)
        inner = self.body(sizes, args, depth - 1)
        if kind == "call":
            return ("call", "square" if self.rational else r.choice(list(CALLS)), inner)
        if kind == "pow":
            return ("pow", inner, r.choice((2, 3)))
        return (kind, *r.sample([inner, entry(r.choice(letters)) if r.random() < 0.5 else entry(*letters)], 2))


    def two(self, op: str, shape: Shape, depth: int) -> Term:
        return call(op, self.expression(shape, depth), self.expression(shape, depth), shape=SCALAR)

    def quadratic(self, shape: Shape, depth: int) -> Term:
        k = self.dim()
        x, a = self.expression((k, 1), depth), self.expression((k, k), depth)
        return binary("matmul", binary("matmul", transposed(x), a), x)

    def along(self, shape: Shape, depth: int) -> Term:
        axis = 1 if shape[1] == 1 else 0
        of = (shape[0], self.dim()) if axis else (self.dim(), shape[1])
        names = ("sum", "mean", "variance") if self.rational else ("sum", "mean", "logsumexp", "variance", "std")
        return call(self.random.choice(names), self.expression(of, depth), shape=shape, params=(axis,))

    def running(self, shape: Shape, depth: int) -> Term:
        a, r = self.expression(shape, depth), self.random
        axis = None if 1 in shape else r.choice((0, 1))
        if r.random() < 0.5:
            return call("cumsum", a, params=(axis,))
        return call("roll", a, params=(r.choice((1, 2)), axis))

    def softmax(self, shape: Shape, depth: int) -> Term:
        axis = None if 1 in shape else self.random.choice((0, 1))
        return call(self.random.choice(("softmax", "log_softmax")), self.expression(shape, depth), params=(axis,))

    def outer(self, shape: Shape, depth: int) -> Term:
        a, b = self.expression((shape[0], 1), depth), self.expression((shape[1], 1), depth)
        return call("outer", a, b, shape=shape) if self.random.random() < 0.6 else binary("matmul", a, transposed(b))

    def spread(self, shape: Shape, depth: int) -> Term:
        other = self.random.choice([(shape[0], 1), (1, shape[1]), SCALAR])
        a, b = self.expression(shape, depth), self.expression(other, depth)
        return binary(self.random.choice(("add", "sub", "mul")), *self.random.sample([a, b], 2))

    def chosen(self, shape: Shape, depth: int) -> Term:
        a, b = self.expression(shape, depth), self.expression(shape, depth)
        if self.random.random() < 0.5:
            return call(self.random.choice(("maximum", "minimum")), a, b)
        tests = self.expression(shape, 0), self.expression(shape, 0)
        return call("where", *tests, a, b, shape=shape, params=(self.random.choice((">", "<", ">=", "<=")),))

    def stacked(self, shape: Shape, depth: int) -> Term:
        rows, columns = shape
        if isinstance(rows, int) and rows > 2 and self.random.random() < 0.6:
            uneven = rows < 4 or self.random.random() < 0.5
            parts = [(1, columns), (rows - 1, columns)] if uneven else [(2, columns)] * 2
            return Term("stack", tuple(self.expression(part, depth) for part in parts), shape, (1, 1))
        if columns == 2 and rows != 1:
            blocks = tuple(self.expression((rows, 1), depth) for _ in range(2))
            return Term("stack", blocks, shape, (2,))
        k = self.dim()
        blocks = tuple(self.expression(part, depth) for part in ((1, columns), shape, (k, columns)))
        stack = Term("stack", blocks, (f"1 + {rows} + {k}", columns), (1, 1, 1))
        items = ((1, f"1 + {rows}"),) if columns == 1 else ((1, f"1 + {rows}"), (None, None))
        return call("index", stack, shape=shape, params=items)

    def column(self, shape: Shape, depth: int) -> Term:
        n, r = shape[0], self.random
        options = [lambda: call("diag", self.expression((n, n), depth), shape=shape),
                   lambda: call("solve", self.invertible((n, n), depth), self.expression(shape, depth), shape=shape)]
        if n == 3:
            options.append(lambda: call("cross", self.expression(shape, depth), self.expression(shape, depth)))
        if n in (3, 4):
            sizes = (2, n - 1) if r.random() < 0.5 else (n - 1, 2)
            options.append(lambda: call("conv", *[self.expression((s, 1), depth) for s in sizes], shape=shape))
        if n == 4:
            options.append(lambda: call("vec", self.expression((2, 2), depth), shape=shape))
        if self.kinks and not self.rational:
            options.append(lambda: call("eigvalsh", self.symmetric((n, n), depth), shape=shape))
            options.append(lambda: call("svdvals", self.expression((n, n), depth), shape=shape))
        return r.choice(options)()

    def symmetric(self, shape: Shape, depth: int) -> Term:
        a = self.expression(shape, depth)
        return self.random.choice([a, binary("add", a, transposed(a)), self.leaf(shape, type_="symmetric")])

    def invertible(self, shape: Shape, depth: int) -> Term:
        r = self.random
        if self.types and r.random() < 0.3:
            return self.leaf(shape, type_=r.choice(("posdef", "orthogonal")))
        a = self.expression(shape, depth - 1)
        inner = binary("mul", number("0.2"), a) if self.rational else call("tanh", a)
        return r.choice([binary("add", binary("mul", number("6"), Term("eye", (), shape)), inner), self.definite(a)])

    def definite(self, a: Term) -> Term:
        return binary("add", binary("matmul", transposed(a), a), Term("eye", (), (a.shape[1],) * 2))

    def square(self, shape: Shape, depth: int) -> Term:
        r = self.random
        options = [lambda: call("inv", self.invertible(shape, depth)),
                   lambda: call("matrix_power", self.expression(shape, depth), params=(r.choice((2, 3)),)),
                   lambda: call("diag", self.expression((shape[0], 1), depth), shape=shape),
                   lambda: call(r.choice(("triu", "tril")), self.expression(shape, depth)),
                   lambda: call("cov", self.expression((self.dim(), shape[0]), depth), shape=shape),
                   lambda: call("solve", self.invertible(shape, depth), self.expression(shape, depth))]  # fmt: skip
        if shape[0] == 4:
            options.append(lambda: call("kron", self.expression((2, 2), depth), self.expression((2, 2), depth),
                                        shape=shape))  # fmt: skip
        if not self.rational:
            tame = lambda: call("tanh", self.expression(shape, depth))  # noqa: E731
            options += [lambda: call("expm", tame()), lambda: call("cholesky", self.definite(tame())),
                        lambda: call("pinv", self.invertible(shape, depth))]  # fmt: skip
        return r.choice(options)()


def natural(name: str, node: Term) -> bool:
    """Whether a name that is not declared is read as what it is."""
    return not node.params[1] and not node.params[2] and all(isinstance(d, str) or d == 1 for d in node.shape) and (
        node.shape == SCALAR if name in GREEK else node.shape[1] == 1 if name in LOWER else 1 not in node.shape)


def natural_there(name: str, node: Term | None) -> bool:
    """The same in the MATLAB-style syntax, where a letter from a to g is a scalar and one from h to z a column."""
    if node is None or name[0].isupper():
        return True
    return node.shape == SCALAR if name[0] <= "g" else node.shape[1] == 1 != node.shape[0]


def generate(seed: int, **options: Any) -> Program:
    """The program of a seed."""
    depth = options.pop("depth", None)
    shape = options.pop("shape", None)
    return Generator(seed, **options)(depth, shape)


def variants(term: Term, program: Program) -> Iterator[Term]:
    """Smaller terms of the same shape: an argument, an input, a constant, or one argument made smaller."""
    seen = [t for a in term.args for t in a.below() if t.shape == term.shape]
    yield from sorted(seen, key=lambda t: t.size)
    if term.size > 1:
        yield from [node for node in program.inputs.values() if node.shape == term.shape]
        if term.shape == SCALAR:
            yield number("2")
    for k, argument in enumerate(term.args):
        for smaller in variants(argument, program):
            yield Term(term.op, (*term.args[:k], smaller, *term.args[k + 1 :]), term.shape, term.params)


def minimised(program: Program, fails: Any, tries: int = 400) -> Program:
    """A program that still fails, as small as replacing parts makes it."""
    def copied(value: Term, lets: dict[str, Term], name: str) -> Program:
        new = program.copied()
        new.value, new.lets, new.name = value, lets, name
        needed = {t.params[0] for t in new.terms() if t.op == "let"}
        while needed < set(new.lets):
            new.lets = {n: t for n, t in new.lets.items() if n in needed}
            needed = {t.params[0] for t in new.terms() if t.op == "let"}
        return new

    def smaller(of: Program) -> Iterator[Program]:
        names = list(of.lets)
        for k, name in enumerate(names):
            yield copied(of.lets[name], {n: of.lets[n] for n in names[:k]}, name)
            yield from (copied(of.value, {**of.lets, name: v}, of.name) for v in variants(of.lets[name], of))
        yield from (copied(v, of.lets, of.name) for v in variants(of.value, of))

    found = True
    while found:
        found = False
        for other in smaller(program):
            tries -= 1
            if tries < 0:
                return program
            if other.used() and fails(other):
                program, found = other, True
                break
    return program
