"""The spelling of PyTorch: float64 on the device of the inputs, without autograd."""

from __future__ import annotations

from matcalc.codegen.targets.target import Call, Spelling, Target, functions_of
from matcalc.codegen.targets.torch_helpers import HELPERS

__all__ = ["TORCH"]


def _along(name: str) -> Spelling:
    def spelling(call: Call) -> str:
        args = call.args if call.keywords or len(call.args) > 1 else [f"{call.args[0]}.reshape(-1)", "dim=0"]
        return Call(args, call.keywords).written(name)

    return spelling


def _concatenated(call: Call) -> str:
    return Call(call.args, {"axis": axis} if (axis := call.keywords.get("dim")) else {}).written("_joined")


def _made(name: str) -> Spelling:
    def spelling(call: Call) -> str:
        return f"torch.{name}({', '.join(call.args)}, {call.like})"

    return spelling


def _column_ordered(call: Call) -> str:
    if "order" in call.keywords:
        shape = call.args[1] if len(call.args) == 2 else f"({', '.join(call.args[1:])})"
        return f"_in_columns({call.args[0]}, {shape})"
    return f"torch.reshape({', '.join(call.args)})"


def _columns_method(call: Call) -> str:
    if "order" in call.keywords:
        return _column_ordered(call)
    return f"{call.args[0]}.reshape({', '.join(call.args[1:])})"


def _assigned(name: str, items: str, sign: str, text: str) -> str:
    return f"{name}[{items}] {sign}= {text}"


def _on_diagonal(name: str, form: str, sign: str, text: str) -> str:
    return f"{name}[_diagonal({form}, {name}.shape)] {sign}= {text}"


SAME = (
    "exp log log1p expm1 sqrt square abs sign sin cos tan arcsin arccos arctan sinh cosh tanh reciprocal floor "
    "where mean diag outer kron triu tril stack trace linalg.inv linalg.solve linalg.det linalg.matrix_power "
    "linalg.slogdet linalg.eigvalsh linalg.cholesky linalg.pinv broadcast_to prod inf pi diagonal isfinite zeros_like"
)
TORCH = Target(
    "torch", "PyTorch",
    imports="import torch", aliases=frozenset({"torch", "device"}),
    decorator="@torch.no_grad()\n",
    opening="device = _device({0})", like="dtype=torch.float64, device={device}",
    keywords={"axis": "dim", "keepdims": "keepdim"},
    functions={
        **{name: f"torch.{name}" for name in SAME.split()},
        "einsum": lambda c: f"torch.einsum({', '.join(c.args)})",  # its order of products is its own
        "sum": "torch.sum", "max": "torch.amax", "min": "torch.amin",
        "zeros": _made("zeros"), "ones": _made("ones"), "eye": _made("eye"),
        "full": "torch.full(_shape({0}), {1}, {like})",
        "arange": lambda c: f"torch.arange({', '.join(c.args)})",
        "float64": "_number({0})", "array": "_tensor({0})", "maximum": "_maximum({0}, {1})",
        "minimum": "_minimum({0}, {1})",
        "vdot": "torch.sum({0} * {1})", "concatenate": _concatenated,
        "block": "_block({0})", "column_stack": "torch.stack({0}, dim=1)", "reshape": _column_ordered,
        "cumsum": _along("torch.cumsum"), "cumprod": _along("torch.cumprod"),
        "roll": lambda c: f"torch.roll({', '.join(c.args)}{', ' + c.keywords['dim'] if 'dim' in c.keywords else ''})",
        "cross": "torch.linalg.cross({0}, {1})", "convolve": "_convolve({0}, {1})",
        "linalg.norm": "torch.linalg.norm", "tensordot": lambda c: f"torch.tensordot({', '.join(c.args)}, "
        f"dims={c.keywords['axes']})", "real": "{0}", "shape": "{0}.shape",
    },
    methods={
        "copy": "{0}.clone()", "size": "{0}.numel()", "reshape": _columns_method,
        "max": "amax", "min": "amin",
        **{name: name for name in ("sum", "mean", "ravel", "diagonal", "trace", "argmax", "prod")},
    },
    helpers=functions_of(HELPERS),
    assigned=_assigned, diagonal=_on_diagonal,
    conventions="Vectors and rows are tensors of one axis, matrices of two, scalars of none, in float64 on the device "
    "of the first tensor given. Lists, numbers and arrays are converted; the arguments are not changed, the results "
    "share no memory with them and do not require grad. Raises ValueError for an argument of another shape.",
)  # fmt: skip
