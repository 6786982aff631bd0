"""The spelling of the array API standard: arrays of any library that follows it, found at run time.

The edition is 2022.12 with its linear algebra; what it lacks stands in `array_api_helpers`.
"""

from __future__ import annotations

from matcalc.codegen.targets.array_api_helpers import HELPERS
from matcalc.codegen.targets.target import Call, Spelling, Target, bare, functions_of

__all__ = ["ARRAY_API"]


def _named(name: str) -> Spelling:
    """A function under another name, its keywords as they are."""
    return lambda call: Call([bare(call.args[0]), *call.args[1:]], call.keywords).written(name)


def _contracted(call: Call) -> str:
    """The sum of products; the order of these is its own."""
    return Call(call.args).written("_einsum")


def _made(name: str) -> Spelling:
    """An array that is made from nothing."""
    return lambda call: f"xp.{name}({', '.join([*call.args, call.like])})"


def _placed(name: str) -> Spelling:
    """A helper that is told the library, after the first argument."""

    def spelling(call: Call) -> str:
        keywords = [f"{key}={text}" for key, text in call.keywords.items() if key == "axis"]
        return f"{name}({', '.join([call.args[0], 'xp', 'device', *keywords])})"

    return spelling


def _reshaped(call: Call) -> str:
    first, *shape = call.args
    text = shape[0] if len(shape) == 1 else f"({', '.join(shape)})"
    if "order" in call.keywords:
        return f"_in_columns({first}, {text})"
    return f"xp.reshape({first}, {text if text.startswith('(') or text.endswith('.shape') else f'({text},)'})"


def _all_entries(call: Call) -> str:
    flat = "_in_columns({0}, -1)" if "order" in call.keywords else "xp.reshape({0}, (-1,))"
    return flat.format(call.args[0])


def _assigned(name: str, items: str, sign: str, text: str) -> str:
    if items == "...":
        return f"{name} = {name} {sign or '+'} ({text})"  # where nothing was added yet, zeros stand
    value = f"{name}[{items}] {sign} ({text})" if sign else text
    return f"{name} = _set({name}, ({_sliced(items)}), {value})"


def _sliced(items: str) -> str:
    """An index as a tuple of slices and numbers."""
    parts = []
    for part in items.split(", "):
        start, colon, stop = part.partition(":")
        parts.append(f"slice({start or None}, {stop or None})" if colon else part)
    return ", ".join(parts) + ("," if len(parts) == 1 else "")


def _on_diagonal(name: str, form: str, sign: str, text: str) -> str:
    return f"{name} = {name} {sign or '+'} _on_diagonal({name}, {form}, {text})"


SAME = (
    "exp log log1p expm1 sqrt square abs sign sin cos tan sinh cosh tanh floor mean triu tril stack "
    "linalg.inv linalg.solve linalg.det linalg.eigvalsh linalg.cholesky linalg.slogdet linalg.matrix_power "
    "linalg.pinv broadcast_to prod sum max min argmax isfinite where zeros_like tensordot roll"
)
ARRAY_API = Target(
    "array_api", "the array API standard",
    imports="from array_api_compat import array_namespace, device, is_array_api_obj\n"
    "from array_api_compat import is_jax_array  # if used",
    aliases=frozenset({"xp", "device", "array_namespace", "is_array_api_obj", "is_jax_array"}),
    opening="xp, device = _place({0})", helper_line="xp, device = _place({0})",
    told=frozenset({"_greater", "_at_least"}), like="dtype=xp.float64, device=device", whole_index=True,
    functions={
        **{name: f"xp.{name}" for name in SAME.split()},
        "arcsin": "xp.asin", "arccos": "xp.acos", "arctan": "xp.atan", "reciprocal": "(1.0 / {0} * 1.0)",
        "trace": "xp.linalg.trace", "diagonal": "xp.linalg.diagonal", "outer": "xp.linalg.outer",
        "cross": "xp.linalg.cross", "diag": "_diag", "kron": "_kron", "einsum": _contracted,
        "convolve": "_convolve({0}, {1})", "cumsum": _named("_cumsum"), "flip": "xp.flip({0}, axis={1})",
        "zeros": _made("zeros"), "ones": _made("ones"), "eye": _made("eye"),
        "full": "_filled({0}, {1}, xp, device)",
        "arange": lambda call: f"xp.arange({', '.join(call.args)}, device=device)",
        "float64": "_number({0}, xp, device)", "array": _placed("_numbers"), "concatenate": _placed("_joined"),
        "maximum": "_larger({0}, {1}, xp, device)", "minimum": "_smaller({0}, {1}, xp, device)",
        "vdot": "xp.sum({0} * {1})",
        "block": "_block({0})", "column_stack": "xp.stack({0}, axis=1)", "reshape": _reshaped, "ravel": _all_entries,
        "linalg.norm": "xp.sum(xp.linalg.svdvals({0}))", "real": "{0}", "shape": "{0}.shape", "inf": "xp.inf",
        "pi": "xp.pi", "[]taken": "xp.take({0}, {2}, axis={1})", "linalg.svd": "xp.linalg.svd",
        "linalg.eigh": "xp.linalg.eigh",
    },
    methods={
        "copy": "xp.asarray({0}, copy=True)", "sum": _named("xp.sum"), "mean": _named("xp.mean"),
        "max": _named("xp.max"), "min": _named("xp.min"), "reshape": _reshaped, "ravel": _all_entries,
        "diagonal": _named("xp.linalg.diagonal"), "trace": _named("xp.linalg.trace"), "argmax": _named("xp.argmax"),
        "prod": _named("xp.prod"), "real": "{0}",
    },
    helpers=functions_of(HELPERS), assigned=_assigned, diagonal=_on_diagonal,
    conventions="Arrays are those of any library that follows the array API standard, all of one library: vectors and "
    "rows have one axis, matrices two, scalars none. They are converted to float64 and stay on the device of the first "
    "array given; numbers and lists are taken along. The arguments are not changed, and the results share no memory "
    "with them. Raises ValueError for an argument of another shape.",
)  # fmt: skip
