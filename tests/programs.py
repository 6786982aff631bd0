"""Random typed programs: a shape first, then an expression that has it.

Every program is a scalar function of inputs with declared shapes, smooth around the points that tests use, with sums,
products, broadcasting, functions, reductions, inverses, stacks and slices nested at random.
"""

import random

SIZES = {"n": 3, "m": 4, "p": 2}
SMOOTH = ("tanh", "sigmoid", "sin", "cos", "softplus", "silu", "arctan", "gelu", "expm1", "erf")


class Programs:
    """A generator of programs; equal seeds give equal programs."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.inputs = {}

    def program(self, depth):
        """Declarations and a scalar formula ``J``."""
        formula = self.expression((1, 1), depth)
        if not self.inputs:
            return self.program(depth)
        return "\n".join([*(f"{name}: {type_of(shape)}" for name, shape in self.inputs.items()), f"J = {formula}"])

    def dim(self):
        return self.random.choice("nmp")

    def leaf(self, shape):
        known = [name for name, other in self.inputs.items() if other == shape]
        if known and self.random.random() < 0.6:
            return self.random.choice(known)
        letter = {(True, True): "t", (False, True): "x", (True, False): "r", (False, False): "A"}
        name = f"{letter[shape[0] == 1, shape[1] == 1]}{len(self.inputs)}"
        self.inputs[name] = shape
        return name

    def expression(self, shape, depth):
        if depth <= 0 or self.random.random() < 0.12:
            return self.leaf(shape)
        options = [self.binary, self.function, self.scaled, self.transposed, self.product, self.product]
        rows, columns = shape
        if shape == (1, 1):
            options += [self.reduction, self.reduction, self.quadratic]
        elif 1 in shape:
            options += [self.along, self.softmax]
        else:
            options += [self.outer, self.spread, self.inverse if rows == columns else self.spread]
        if rows != 1 and columns == 1:
            options += [self.stacked, self.diagonal, self.solved]
        return self.random.choice(options)(shape, depth - 1)

    def binary(self, shape, depth):
        a, b = self.expression(shape, depth), self.expression(shape, depth)
        return self.random.choice([f"({a} + {b})", f"({a} - {b})", f"({a}*{b})", f"({a}/(2 + cosh({b})))", f"(-{a})"])

    def function(self, shape, depth):
        a = self.expression(shape, depth)
        named = f"{self.random.choice(SMOOTH)}({a})"
        return self.random.choice([named, named, f"exp(0.3*({a}))", f"sqrt(1 + ({a})**2)", f"log(1 + ({a})**2)",
            f"({a})**3"])

    def scaled(self, shape, depth):
        return f"({self.expression((1, 1), depth)}*{self.expression(shape, depth)})"

    def transposed(self, shape, depth):
        return f"({self.expression(shape[::-1], depth)}).T"

    def product(self, shape, depth):
        k = self.dim()
        return f"(({self.expression((shape[0], k), depth)})@({self.expression((k, shape[1]), depth)}))"

    def reduction(self, shape, depth):
        k, j = self.dim(), self.dim()
        vector, matrix, square = (self.expression(s, depth) for s in ((k, 1), (k, j), (k, k)))
        return self.random.choice([
            f"sum({matrix})", f"mean({vector})", f"tr({square})", f"norm({matrix})", f"logsumexp({vector})",
            f"sum({vector})",
            f"logdet(6*eye({k}) + tanh({square}))", f"det(eye({k}) + 0.1*sin({square}))", f"prod(2 + tanh({vector}))",
        ])  # fmt: skip

    def quadratic(self, shape, depth):
        k = self.dim()
        x = self.expression((k, 1), depth)
        return f"(({x}).T@({self.expression((k, k), depth)})@({x}))"

    def along(self, shape, depth):
        if shape[1] == 1:
            return f"{self.random.choice(['sum', 'mean'])}({self.expression((shape[0], self.dim()), depth)}, axis=1)"
        return f"{self.random.choice(['sum', 'logsumexp'])}({self.expression((self.dim(), shape[1]), depth)}, axis=0)"

    def softmax(self, shape, depth):
        return f"{self.random.choice(['softmax', 'log_softmax'])}({self.expression(shape, depth)})"

    def outer(self, shape, depth):
        return f"outer({self.expression((shape[0], 1), depth)}, {self.expression((shape[1], 1), depth)})"

    def spread(self, shape, depth):
        a, other = self.expression(shape, depth), self.random.choice([(shape[0], 1), (1, shape[1])])
        return f"({a} {self.random.choice('+*-')} {self.expression(other, depth)})"

    def inverse(self, shape, depth):
        return f"inv(6*eye({shape[0]}) + tanh({self.expression(shape, depth)}))"

    def solved(self, shape, depth):
        square = self.expression((shape[0], shape[0]), depth)
        return f"solve(6*eye({shape[0]}) + tanh({square}), {self.expression(shape, depth)})"

    def diagonal(self, shape, depth):
        return f"diag({self.expression((shape[0], shape[0]), depth)})"

    def stacked(self, shape, depth):
        a, b, c = self.expression(shape, depth), self.expression((1, 1), depth), self.expression((self.dim(), 1), depth)
        if self.random.random() < 0.5:
            return f"diag([{b}, 2; ({c})[1], {b}])[0]*({a})"
        return f"([{b}; {a}; {c}])[1:1 + {shape[0]}]"


def type_of(shape):
    rows, columns = shape
    if shape == (1, 1):
        return "scalar"
    return f"vector({rows})" if columns == 1 else f"row({columns})" if rows == 1 else f"matrix({rows}, {columns})"
