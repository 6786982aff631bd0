"""Calls: what a called name is, and whether its arguments are as they should be.

A call that is malformed (number of arguments, keywords, a variable that is called) is a `ParseError`; a
name that other libraries have and matcalc writes differently is an `UnknownNameError` with the right spelling; what
matcalc does not do is an `UnsupportedError`.  Any other name called with one argument is an unknown elementwise
function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from matcalc.errors import MatcalcError, ParseError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import Dim, Poly, add, constant, multiply, negate, subtract
from matcalc.operations.table import OPERATIONS
from matcalc.syntax.tree import Binary, Call, Name, Number, Syntax, Unary

if TYPE_CHECKING:
    from matcalc.language.scope import Scope

__all__ = ["FUNCTIONS", "Plan", "dimension", "near", "plan", "reserved"]

OPERATORS = frozenset(["add", "sub", "neg", "mul", "div", "pow", "matmul", "T", "stack", "index"])
NAMED = {"var": "variance"}  # functions whose operation has another name (a node "var" is a variable)
FUNCTIONS = (frozenset(OPERATIONS) - OPERATORS - frozenset(NAMED.values())) | frozenset(NAMED)
CONSTANTS = {"ones": (1, 2), "zeros": (1, 2), "eye": (1, 1), "commutation": (2, 2)}
# dimensions after the arguments
TRAILING = {"unvec": 2, "kron_left": 2, "kron_right": 2, "conv_matrix": 1, "corr_matrix": 1, "roll": 1}
# names that are functions only where they are called: a variable may have them as well
FREE = frozenset([
    "var", "std", "cov", "triu", "tril", "cumsum", "cumsum_back", "cross", "cross_matrix", "roll", "conv", "correlate",
    "conv_matrix", "corr_matrix", "where", "greater", "at_least", "expm", "expm_frechet", "cholesky", "eigvalsh",
    "eigvecsh", "eig_gaps", "svdvals", "svd_left", "svd_right", "svd_gaps", "commutation", "prod_pairs",
])  # fmt: skip
COMPARISONS = ("greater", "at_least")
RESERVED = (FUNCTIONS | frozenset(CONSTANTS)) - FREE

# Of the MATLAB-style syntax alone: other names, and constants that take their size from where they stand.
ALIASES = {"norm2": "norm"}
SIZELESS = ("vector", "matrix")
MATLAB = RESERVED | frozenset([*ALIASES, *SIZELESS])

# How other libraries call what matcalc has.
SPELLINGS = {
    "trace": "tr(X)", "transpose": "X.T", "ln": "log(x)", "norm2": "norm(x)", "matmul": "A @ B", "T": "X.T",
    "determinant": "det(X)", "inverse": "inv(X)", "pow": "x**k", "power": "x**k", "multiply": "A * B",
    "divide": "A / B", "add": "A + B", "sub": "A - B", "subtract": "A - B", "mul": "A * B", "div": "A / B",
    "neg": "-x", "negative": "-x",
    "identity": "eye(n)", "asin": "arcsin(x)", "acos": "arccos(x)", "atan": "arctan(x)", "sgn": "sign(x)",
    "heaviside": "step(x)", "logistic": "sigmoid(x)", "expit": "sigmoid(x)", "abs2": "x**2", "slogdet": "logdet(X)",
    "frobenius": "norm(X)", "norm_fro": "norm(X)", "norm_1": "norm1(x)", "norminf": "norm_inf(x)",
    "average": "mean(x)", "log_sum_exp": "logsumexp(x)", "mpower": "matrix_power(X, k)", "vdot": "dot(x, y)",
    "hadamard": "A * B", "kronecker": "kron(A, B)", "swish": "silu(x)", "crossentropy": "cross_entropy(y, p)",
    "amax": "max(x)", "amin": "min(x)", "vstack": "[A; B]", "hstack": "[A, B]", "concatenate": "[a; b]",
    "logsoftmax": "log_softmax(x)", "tan2": "tan(x)", "sec": "1/cos(x)", "csc": "1/sin(x)", "cot": "1/tan(x)",
}  # fmt: skip

# What matcalc does not do, and what to do instead.
REFUSED = {
    "logm": "the matrix logarithm is not supported; log(X) is elementwise",
    "sqrtm": "the matrix square root is not supported; sqrt(X) is elementwise",
    "funm": "functions of matrices are not supported; f(X) is elementwise",
    "einsum": "write it with @, * and sum, or as an index expression {i, j: sum(k: A[i, k] * B[k, j])}",
    "argmax": "it has no derivative; max(x) is the largest entry",
    "argmin": "it has no derivative; min(x) is the smallest entry",
    "eig": "eigvalsh(A) are the eigenvalues of a symmetric matrix; of others they are not supported",
    "eigh": "eigvalsh(A) are the eigenvalues of a symmetric matrix; of others they are not supported",
    "eigvals": "eigvalsh(A) are the eigenvalues of a symmetric matrix; of others they are not supported",
    "svd": "it has three values: svdvals(X), svd_left(X) and svd_right(X)",
    "qr": "factorisations are not supported",
    "reshape": "vec(X) stacks the columns and unvec(x, m, n) undoes it",
    "floor": "it is constant almost everywhere", "ceil": "it is constant almost everywhere",
    "adj": "the adjugate is not supported; of an invertible matrix it is det(X) times inv(X)",
    "adjugate": "the adjugate is not supported; of an invertible matrix it is det(X) times inv(X)",
    "round": "it is constant almost everywhere", "real": "all values are real", "imag": "all values are real",
    "conj": "all values are real",
}  # fmt: skip


# What other libraries say by an argument.
BESIDES = {"norm": "norm(x) is the Euclidean and the Frobenius norm; norm1, norm_inf and norm_nuc are the others"}


def reserved(syntax: str) -> frozenset[str]:
    """The names that are functions in a syntax."""
    return MATLAB if syntax == "matlab" else RESERVED


class Plan(NamedTuple):
    """What a call comes to: an operation of the tape, the arguments that are expressions, its parameters."""

    op: str
    arguments: Sequence[Syntax]
    params: tuple[Any, ...] = ()


def near(name: str, known: Iterable[str]) -> str:
    """``did you mean ...?`` with the names that are few typing mistakes away, or nothing.

    >>> near("tahn", ["tan", "tanh", "sin"])
    'did you mean tanh?'
    """
    ranked = sorted([(_mistakes(name, other), other) for other in set(known) if abs(len(other) - len(name)) < 3])
    allowed = 1 if len(name) < 5 else 2
    found = [other for rank, other in ranked if rank == ranked[0][0] and rank <= allowed]
    return f"did you mean {' or '.join(found[:3])}?" if found else ""


def _mistakes(a: str, b: str) -> float:
    """Insertions, deletions, replacements, and exchanges of neighbours, which are likelier (Damerau 1964)."""
    before: list[float] = []
    last: list[float] = [float(j) for j in range(len(b) + 1)]
    for i, c in enumerate(a, 1):
        row = [float(i)]
        for j, d in enumerate(b, 1):
            best = min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (c != d))
            if i > 1 and j > 1 and c == b[j - 2] and a[i - 2] == d:
                best = min(best, before[j - 2] + 0.5)
            row.append(best)
        before, last = last, row
    return last[-1]


def plan(call: Call, scope: Scope) -> Plan:
    """What the call means in the scope, arguments not looked at yet (except dimensions)."""
    name = call.function
    if name in scope.laws:
        return _own(call, scope)
    if name in scope.definitions or name in scope.functions:
        return _unknown(call, scope)
    if name in CONSTANTS:
        return _constant(call, scope)
    if name in FUNCTIONS:
        return _known(call, scope, NAMED.get(name, ""))
    if scope.syntax == "matlab" and name in MATLAB:
        return _known(call, scope, ALIASES[name]) if name in ALIASES else _sizeless(call, scope)
    if scope.is_variable(name):
        raise scope.error(ParseError, f"{name} is a variable, it cannot be called", call, "write * for a product")
    if name in REFUSED:
        raise scope.error(UnsupportedError, f"{name} is not supported", call, REFUSED[name])
    if name in SPELLINGS:
        raise scope.error(UnknownNameError, f"{name} is not known", call, f"write {SPELLINGS[name]}")
    return _unknown(call, scope)


def _own(call: Call, scope: Scope) -> Plan:
    """A function with a law of the program."""
    law = scope.laws[call.function]
    wanted = len(law.parameters)
    if len(call.arguments) != wanted or call.keywords:
        names = ", ".join(law.parameters)
        message = f"{call.function}({names}) takes {wanted} argument{'s' * (wanted != 1)}"
        raise _arity(call, scope, wanted, f"{message}, as in its law")
    if call.primes:
        hint = f"its law says how it changes; {call.function}' is of elementwise functions without one"
        raise scope.error(UnsupportedError, f"{call.function}' is not supported, {call.function} has a law", call, hint)
    return Plan("own", call.arguments, (call.function, law))


def _unknown(call: Call, scope: Scope) -> Plan:
    name = call.function
    defined = name in scope.definitions
    what = "the function defined as" if defined else "the elementwise function"
    if len(call.arguments) != 1 or call.keywords:
        if not defined and name not in scope.functions:
            hint = near(name, reserved(scope.syntax)) or "an unknown function is elementwise and takes one argument"
            hint += "" if "did you" in hint else f"; one of several has a law, d({name}(x, y)) = ..."
            raise scope.error(UnknownNameError, f"{name} is not known", call, hint)
        raise _arity(call, scope, 1, f"{what} {name} takes 1 argument")
    if defined:
        return Plan("defined", call.arguments)
    scope.use_function(call)
    if call.primes > scope.primes:
        raise scope.error(
            UnsupportedError, f"derivative {call.primes} of {name} is not supported", call, "f' and f'' are"
        )
    return Plan("apply", call.arguments, (name, call.primes))


def _sizeless(call: Call, scope: Scope) -> Plan:
    if len(call.arguments) != 1 or call.keywords or call.primes:
        raise _arity(call, scope, 1, f"it is written {call.function}(1)", "ones(n) and ones(m, n) have a given size")
    return Plan("sizeless", call.arguments, (call.function,))


def _known(call: Call, scope: Scope, name: str = "") -> Plan:
    name, arguments = name or call.function, call.arguments
    entry = OPERATIONS[name]
    trailing = TRAILING.get(name, 0)
    wanted = len(entry.signature) + trailing
    if len(arguments) != wanted:
        names = ", ".join([*entry.signature, *("k" if name == "roll" else "mn"[:trailing])])
        hint = "write axis=0 or axis=1" if entry.axis and len(arguments) == 2 else BESIDES.get(name, "")
        message = f"{call.function}({names}) takes {wanted} argument{'s' * (wanted != 1)}"
        raise _arity(call, scope, wanted, message, hint)
    params: tuple[Any, ...] = (_axis(call, scope),) if entry.axis else ()
    if call.keywords and not entry.axis:
        raise scope.error(ParseError, f"{name} has no keyword {call.keywords[0][0]}", call, BESIDES.get(name, ""))
    if call.primes:
        if not entry.derivative:
            raise scope.error(UnsupportedError, f"{name}' is not supported", call, "only elementwise functions have f'")
        return Plan("derived", arguments, (name, call.primes))
    if trailing:
        sizes = tuple([dimension(tree, scope) for tree in arguments[-trailing:]])
        if name == "roll":
            _shift(sizes[0], arguments[-1], scope)
        else:
            _positive(sizes, call, scope)
        params = (*params, *sizes)
        arguments = arguments[:-trailing]
    elif name in ("matrix_power", "power_sum"):
        base = arguments
        arguments = tuple(_of_inverse(arguments)) if name == "matrix_power" else arguments
        _exponent(arguments[-1], scope)
        if arguments is not base and isinstance(arguments[-1], Number) and arguments[-1].value == 1:
            return Plan("inv", base[:1], params)
    elif name == "where" and not (isinstance(arguments[0], Call) and arguments[0].function in COMPARISONS):
        raise scope.error(UnsupportedError, "where needs a comparison", arguments[0], "write where(a > b, x, y)")
    return Plan(name, arguments, params)


def _constant(call: Call, scope: Scope) -> Plan:
    name = call.function
    low, high = CONSTANTS[name]
    if call.keywords or call.primes or not low <= len(call.arguments) <= high:
        form = " or ".join([f"{name}({', '.join('mn'[2 - count:])})" for count in range(low, high + 1)])
        raise _arity(call, scope, low, f"it is written {form}")
    dims = tuple([dimension(tree, scope) for tree in call.arguments])
    _positive(dims, call, scope)
    return Plan(name, (), dims if len(dims) == high else (dims[0], 1))


def _arity(call: Call, scope: Scope, wanted: int, message: str, hint: str = "") -> MatcalcError:
    if call.keywords and len(call.arguments) == wanted:
        word, _, start = call.keywords[0]
        return scope.error(ParseError, f"{call.function} has no keyword {word}", start, hint)
    count = len(call.arguments)
    return scope.error(ParseError, f"{message}, {count} {'is' if count == 1 else 'are'} given", call, hint)


def _axis(call: Call, scope: Scope) -> int | None:
    axis: int | None = None
    for word, value, start in call.keywords:
        if word != "axis":
            raise scope.error(ParseError, f"{call.function} has no keyword {word}", start, "it has axis")
        if axis is not None:
            raise scope.error(ParseError, "axis is given twice", start)
        given: Any = value.value if isinstance(value, Number) else None
        if given not in (0, 1):
            hint = "axis=0 goes down the columns, axis=1 along the rows"
            if isinstance(value, Unary):
                hint = f"axes count from the front here; {hint}"
            raise scope.error(ParseError, "axis is 0 or 1", value, hint)
        axis = int(given)
    return axis


def _of_inverse(arguments: tuple[Syntax, ...]) -> tuple[Syntax, ...]:
    """``matrix_power(X, -2)`` is ``matrix_power(inv(X), 2)``."""
    base, exponent = arguments
    if isinstance(exponent, Unary) and isinstance(exponent.operand, Number) and exponent.operator == "-":
        return (Call(base.start, "inv", 0, (base,)), exponent.operand)
    return arguments


def _exponent(tree: Syntax, scope: Scope) -> None:
    stack = [tree]
    while stack:
        top = stack.pop()
        if isinstance(top, Number) and top.value.denominator != 1:
            raise scope.error(UnsupportedError, "the exponent of matrix_power must be a whole number", top)
        if isinstance(top, (Binary, Unary)) and top.operator in ("+", "-"):
            stack.extend(top.children)
        elif not isinstance(top, (Name, Number)):
            raise scope.error(
                UnsupportedError, "the exponent of matrix_power is made of whole numbers and scalar names", top,
                "assign it to a name first",
            )  # fmt: skip


def _shift(k: Dim, tree: Syntax, scope: Scope) -> None:
    if not isinstance(k, int):
        raise scope.error(UnsupportedError, "roll shifts by a whole number", tree, "write roll(x, 1) or roll(x, -1)")


def _positive(dims: Sequence[Dim], tree: Syntax, scope: Scope) -> None:
    from matcalc.errors import ShapeError

    for dim in dims:
        n = constant(dim)
        if n is not None and n < 1:
            raise scope.error(ShapeError, f"a dimension is at least 1, this one is {n}", tree)


def dimension(tree: Syntax, scope: Scope, what: str = "a dimension") -> Dim:
    """The dimension that an expression in integers and dimension names is."""
    if isinstance(tree, Name):
        return scope.dimension(tree)
    if isinstance(tree, Number) and tree.value.denominator == 1:
        return int(tree.value)
    order: list[Syntax] = []
    stack: list[Syntax] = [tree]
    while stack:
        top = stack.pop()
        order.append(top)
        stack.extend(top.children)
    found: dict[int, Dim] = {}
    for top in reversed(order):
        if isinstance(top, Name):
            found[id(top)] = scope.dimension(top)
        elif isinstance(top, Number) and top.value.denominator == 1:
            found[id(top)] = int(top.value)
        elif isinstance(top, Unary):
            below = found[id(top.operand)]
            found[id(top)] = negate(below) if top.operator == "-" else below
        elif isinstance(top, Binary) and top.operator in ARITHMETIC:
            found[id(top)] = ARITHMETIC[top.operator](found[id(top.left)], found[id(top.right)])
        else:
            hint = "write it with integers, names of dimensions, +, - and *"
            raise scope.error(UnsupportedError, f"{what} cannot be computed like this", top, hint)
    return found[id(tree)]


ARITHMETIC = {"+": add, "-": subtract, "*": multiply, "mtimes": multiply}


def from_end(dim: Dim) -> bool:
    """Whether an index counts from the end: ``-1``, ``-k``."""
    if isinstance(dim, int):
        return dim < 0
    return isinstance(dim, Poly) and all(c < 0 for _, c in dim)
