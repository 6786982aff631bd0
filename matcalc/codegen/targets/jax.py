"""The spelling of JAX: pure functions, nothing that depends on data in Python, so that ``jax.jit`` takes them."""

from __future__ import annotations

import ast

from matcalc.codegen.targets.target import Call, Target, functions_of

__all__ = ["JAX"]

HELPERS = '''
def _array(name, value, ndim):
    """The argument as an array of JAX's float (float64 under jax_enable_x64) with ndim axes."""
    array = jnp.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has entries of type {array.dtype}, expected real numbers")
    if array.ndim != ndim:
        kind = ("a scalar, shape ()", "a vector, shape (n,)", "a matrix, shape (m, n)")[ndim]
        raise ValueError(f"{name} has shape {array.shape}, expected {kind}")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected no empty axis")
    return jnp.asarray(array, dtype=float)
def _apply(name, function, x):
    """The values of a function that was passed in, entry by entry."""
    y = jnp.asarray(function(x), dtype=float)
    if y.shape != jnp.shape(x):
        raise ValueError(f"{name} gave shape {y.shape} for an argument of shape {jnp.shape(x)}")
    return y
def _value_of(name, function, shape, *arguments):
    """The value of a function that was passed in."""
    y = jnp.asarray(function(*arguments), dtype=float)
    if y.shape != shape:
        raise ValueError(f"{name} gave shape {y.shape}, expected {shape}")
    return y
def _over(a, b):
    """a / b, and 0 where b is 0: the gradient of a norm at 0 is 0."""
    return jnp.where(b != 0.0, a / jnp.where(b != 0.0, b, 1.0), a * 0.0)
def _diagonal(form, shape):
    """The places that the letters of form name: an index for each axis."""
    inner, outer = form.split("->")
    sizes = {letter: size for letter, size in zip(inner, shape)}
    grid = jnp.ix_(*[jnp.arange(sizes[letter]) for letter in outer])
    return tuple([grid[outer.index(letter)] for letter in inner])
def _is_max(x):
    """1 at the first of the largest entries, column by column, and 0 elsewhere."""
    flat = jnp.ravel(x, order="F")
    chosen = jnp.where(jnp.arange(flat.size) == jnp.argmax(flat), 1.0, 0.0)
    return jnp.reshape(chosen, jnp.shape(x), order="F")
def _definite_inverse(x, factor):
    """The inverse of x."""
    return jnp.linalg.inv(x)
def _adjugate(x, det):
    """det(x) inv(x)."""
    return det * jnp.linalg.inv(x)
def _factor(x, what):
    """The lower triangular L with L @ L.T = x; nan where x is not positive definite."""
    return jnp.linalg.cholesky(x)
def _matrix_power(x, k):
    """x @ x @ ... @ x, k factors; nan where k is no whole number."""
    base = jnp.where(k < 0, jnp.linalg.inv(x), x)
    count = jnp.abs(jnp.floor(k)).astype(int)
    result = lax.fori_loop(0, count, lambda i, y: y @ base, jnp.eye(x.shape[0]))
    return jnp.where(k == jnp.floor(k), result, jnp.nan)
def _corr_matrix(a, m):
    """The matrix whose product with k is the correlation of a with k: each row the next m entries."""
    return a[jnp.arange(a.size - m + 1)[:, None] + jnp.arange(m)[None, :]]
'''


def _floats(call: Call) -> str:
    return Call(call.args, {"dtype": "float", **call.keywords}).written("jnp.array")


def _joined(call: Call) -> str:
    """Scalars stand in brackets there, which JAX takes for arrays only when told."""
    (parts,) = call.nodes
    if isinstance(parts, ast.List) and any(isinstance(part, ast.List) for part in parts.elts):
        texts = call.args[0][1:-1]
        parts_texts = _split(texts)
        call.args[0] = f"[{', '.join(f'jnp.array({t}, dtype=float)' if t.startswith('[') else t for t in parts_texts)}]"
    return call.written("jnp.concatenate")


def _split(text: str) -> list[str]:
    """The items of a list's text, at the commas outside all brackets."""
    items, depth, start = [], 0, 0
    for k, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            items.append(text[start:k].strip())
            start = k + 1
    return [*items, text[start:].strip()]


def _assigned(name: str, items: str, sign: str, text: str) -> str:
    change = {"": f"set({text})", "+": f"add({text})", "-": f"add(-({text}))"}[sign]
    return f"{name} = {name}.at[{items}].{change}"


def _on_diagonal(name: str, form: str, sign: str, text: str) -> str:
    return _assigned(name, f"_diagonal({form}, {name}.shape)", sign, text)


JAX = Target(
    "jax", "JAX",
    imports="import jax.numpy as jnp\nfrom jax import lax  # if used\nfrom jax.scipy.linalg import expm  # if used\n"
    "from jax.scipy.linalg import expm_frechet  # if used\nfrom jax.scipy.special import erf  # if used\n"
    "from jax.scipy.special import erfc  # if used",
    aliases=frozenset({"jnp", "lax", "erf", "erfc", "expm", "expm_frechet"}), other="jnp",
    functions={
        "float64": "jnp.asarray({0}, dtype=float)", "array": _floats, "concatenate": _joined,
    },
    methods={
        "copy": "{0}",
        **{name: name for name in ("sum", "mean", "max", "min", "reshape", "ravel", "diagonal", "trace", "transpose",
                                   "argmax", "prod", "cumsum", "astype")},
    },
    helpers=functions_of(HELPERS),
    assigned=_assigned, diagonal=_on_diagonal,
    conventions="Vectors and rows are arrays of one axis, matrices of two, scalars of none. Arguments are converted to "
    "JAX's float: float64 under jax.config.update(\"jax_enable_x64\", True), float32 without it. The function is pure, "
    "and jax.jit takes it. Raises ValueError for an argument of another shape.",
)  # fmt: skip
