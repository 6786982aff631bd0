"""Programs compiled: the value and all derivatives in one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matcalc.calculus.blocks import computed
from matcalc.calculus.hessian_product import hessian_products
from matcalc.codegen.compiled import Compiled, Variables
from matcalc.codegen.lower import named
from matcalc.codegen.numpy_module import Request, generate
from matcalc.codegen.options import Asked, options_of, portable
from matcalc.codegen.sizes import hints_of
from matcalc.derivation import Derivation, chosen_variables, derive
from matcalc.errors import UnsupportedError
from matcalc.expressions.node import Node, postorder
from matcalc.operations import table
from matcalc.results import Result

if TYPE_CHECKING:
    from matcalc.codegen.blocked.compiled import Blocked
    from matcalc.codegen.explaining import Plan
    from matcalc.language.program import Program

__all__ = ["TARGETS", "compile", "explained", "in_blocks", "module_of", "request_of"]

TARGETS = ("numpy", "torch", "jax", "array_api")
LINE = 400  # characters of a formula in the comments of a module


def compile(
    source: str | Program,
    wrt: str | Sequence[str] = (),
    *,
    of: str | None = None,
    order: int = 1,
    syntax: str = "numpy",
    structure: str = "projection",
    functions: Mapping[str, Any] | None = None,
    target: str = "numpy",
    hvp: str | Sequence[str] | None = None,
    blocks: bool | int | str = False,
    optimize: Asked = True,
    dims: Mapping[str, int] | None = None,
    workspace: bool = False,
) -> Compiled:
    """A function of the inputs by name that gives ``(value, gradients)``, and for order 2 ``hessians`` as the third.

    A gradient has its variable's shape, a Jacobian that of the value followed by that of the variable.  An unknown
    ``f`` that is not bound by ``functions`` is an argument, with ``df`` (and ``d2f`` for order 2).  The function's
    ``source`` is a module that imports numpy alone.  Raises a `MatcalcError`.

    ``target`` is what the code is written for: ``"numpy"``, ``"torch"`` (float64 tensors that stay on their device,
    no autograd), ``"jax"`` (`jax.jit` takes the function; float64 is JAX's own switch ``jax_enable_x64``) or
    ``"array_api"`` (arrays of any library of the array API standard, through array-api-compat), all from one plan with
    the same arguments and results.

    ``hvp`` names a variable x: the function takes one more argument, ``direction``, of the shape of x, and returns
    ``(value, gradients, hvp)``, the last the Hessian by x times that direction, in the shape of x, at the cost of a
    few gradients (a direction is projected where x has a structure).  A list of names asks for the Hessian by all of
    them together: the function takes ``direction_x``, ``direction_y``, and the last is a dict by name.  A name that is
    taken gets a final ``_``.

    ``blocks`` asks for code that goes over the data once, a block of rows at a time, on all cores: ``True``, a number
    of rows, the name of the axis to split, or ``"auto"``, which takes the plain code where one pass does not do; see
    `Blocked` for the further arguments of the function.  Without it the module imports numpy alone and starts no
    threads.  The target ``"dask"`` does the same on dask arrays that are chunked along the axis, a task for each chunk.

    ``optimize`` switches the optimisations of the code: ``True`` for all, ``False`` for none, or a mapping of their
    names (`matcalc.codegen.options.MEANINGS`), ``{"structure": False}``.  They change no result beyond rounding.
    ``dims`` are sizes to be expected, ``{"n": 1000}``: the code is right for all others too, and planned for these.
    The function's ``explain()`` tells the plan.

    ``workspace=True`` keeps the memory of all matrices between calls, which saves large ones the time to get it anew:
    **the results are overwritten by the next call**, so copy what you keep, and call from one thread at a time.  The
    module's function then takes ``workspace``, a dict.  Of code in blocks it is the results with a row for each of the
    data that are kept.

    >>> fn = compile("s = x.T@A@x", wrt=["x"])
    >>> value, grads = fn(x=[1, 2], A=[[1, 0], [4, 1]])
    >>> float(value), grads["x"].tolist()
    (13.0, [10.0, 8.0])
    >>> value, grads, product = compile("s = x.T@A@x", hvp="x")(x=[1, 2], A=[[1, 0], [4, 1]], direction=[1, 0])
    >>> product.tolist()
    [2.0, 4.0]
    """
    derivation = derive(source, wrt, of=of, order=order, syntax=syntax, structure=structure, functions=functions)
    options = options_of(optimize)
    names = [n for n in derivation if isinstance(n, str)]
    if workspace and target != "numpy":
        raise UnsupportedError(f"code for the target {target} keeps no workspace", hint="leave out workspace")
    if blocks is not False or target == "dask":
        split = in_blocks(derivation, names, target=target, hvp=hvp, blocks=True if blocks is False else blocks,
                          optimize=options, dims=dims, workspace=workspace)  # fmt: skip
        split.variables = _variables(derivation, hvp)
        return split
    text = module_of(derivation, target=target, hvp=hvp, optimize=options, dims=dims, workspace=workspace)
    made = Compiled(text, wrt=names, target=target, workspace=workspace)
    made.variables = _variables(derivation, hvp)
    made.planner = lambda sizes: explained(derivation, hvp=hvp, optimize=options, dims=dims).text(
        hints_of(sizes or {}, list(derivation.program.dims), derivation.program.least)
    )
    return made


def explained(
    derivation: Derivation, *, hvp: str | Sequence[str] | None = None, optimize: Asked = True,
    dims: Mapping[str, int] | None = None,
) -> Plan:  # fmt: skip
    """The plan of the code that `module_of` writes: lines with costs, memory, orders of products, axes of blocks."""
    from matcalc.codegen.explaining import plan_of

    return plan_of(request_of(derivation, hvp=hvp, optimize=optimize, dims=dims))


def in_blocks(
    derivation: Derivation, names: Sequence[str], *, target: str = "numpy", hvp: str | Sequence[str] | None = None,
    blocks: bool | int | str = True, optimize: Asked = True, dims: Mapping[str, int] | None = None,
    workspace: bool = False,
) -> Blocked:  # fmt: skip
    """The function that goes over the data in blocks, for the target ``numpy`` or ``dask``; its ``explain()`` tells
    how, or why it does not.

    Raises `UnsupportedError` where the program cannot be split, unless ``blocks`` is ``"auto"``.
    """
    from matcalc.codegen.blocked.compiled import Blocked
    from matcalc.codegen.blocked.generating import blocked_module, choice, explained
    from matcalc.codegen.blocked.on_dask import OnDask

    if target not in ("numpy", "dask"):
        raise UnsupportedError(f"the target {target} does not go over the data in blocks", hint="there is numpy, dask")

    if not isinstance(blocks, bool | str) and (blocks < 1 or blocks != int(blocks)):
        raise UnsupportedError(f"blocks of {blocks} rows", hint="blocks=True takes what fits in cache")
    request = request_of(derivation, hvp=hvp, optimize=optimize, dims=dims, workspace=workspace)
    chosen = choice(request, blocks if isinstance(blocks, str) and blocks != "auto" else "")
    rows = None if isinstance(blocks, bool | str) else int(blocks)
    plain = blocks == "auto" and chosen.passes != 1 and target == "numpy"
    text = generate(request) if plain else blocked_module(request, chosen, rows)
    made = OnDask if target == "dask" else Blocked
    return made(text, wrt=names, explanation=explained(request, chosen), workspace=workspace)


def module_of(
    derivation: Derivation, *, target: str = "numpy", hvp: str | Sequence[str] | None = None, optimize: Asked = True,
    dims: Mapping[str, int] | None = None, workspace: bool = False,
) -> str:  # fmt: skip
    """The text of the module that computes a derivation's value and results, and its Hessian times a direction."""
    if target not in TARGETS:
        raise UnsupportedError(f"there is no target {target!r}", hint=f"there is {', '.join(TARGETS)}")
    options = options_of(optimize)
    if target == "numpy":
        return generate(request_of(derivation, hvp=hvp, optimize=options, dims=dims, workspace=workspace))
    text = generate(request_of(derivation, hvp=hvp, optimize=portable(options), dims=dims))
    from matcalc.codegen.targets import spelled_for

    return spelled_for(text, target)


def request_of(
    derivation: Derivation, *, hvp: str | Sequence[str] | None = None, optimize: Asked = True,
    dims: Mapping[str, int] | None = None, workspace: bool = False,
) -> Request:  # fmt: skip
    """What the code generator is asked for."""
    program = derivation.program
    first: dict[str, Any] = {}
    second: dict[tuple[str, str], Any] = {}
    formulas: list[str] = []
    of = derivation.of or "value"
    if derivation.of:
        formulas.append(f"{of} = {_formula(derivation)}")
    for key, result in derivation.items():
        if isinstance(key, tuple):
            second[key] = computed(derivation.gradients[key])
            formulas.append(f"d2{of}/d{key[0]}d{key[1]} = {_short(result)}")
        else:
            first[key] = computed(derivation.gradients[key])
            formulas.append(f"d{of}/d{key} = {_short(result)}")
    products, directions = _products(derivation, hvp) if hvp is not None else (None, [])
    return Request(
        derivation.value.node, list(program.inputs.values()), first,
        hessians=second if second or derivation.order == 2 else None, products=products,
        directions=directions, value_name=derivation.of or "value",
        functions=program.functions_bound, least=program.least, formulas=formulas,
        written=lambda node: _written(node, program.syntax), options=options_of(optimize),
        sizes=hints_of(dims or {}, list(program.dims), program.least), workspace=workspace,
    )  # fmt: skip


def _variables(derivation: Derivation, hvp: str | Sequence[str] | None) -> Variables:
    """What packing the variables needs to know."""
    program = derivation.program
    inputs = program.inputs
    kinds = {name: inputs[name].params[1] for name in derivation if isinstance(name, str) and name in inputs}
    directions: dict[str, str] = {}
    if hvp is not None:
        nodes = _products(derivation, hvp)[1]
        directions = {v: node.params[0] for v, node in zip(chosen_variables(program, hvp), nodes, strict=True)}
    return Variables(kinds, derivation.structure, directions, derivation.order)


def _products(derivation: Derivation, hvp: str | Sequence[str]) -> tuple[dict[str, Node], list[Node]]:
    """The Hessian by the names together times directions, and the inputs that these are."""
    if derivation.order == 2:
        raise UnsupportedError("hvp and order 2 exclude each other", hint="generate a function for each")
    program = derivation.program
    variables = chosen_variables(program, hvp)
    taken = {*program.names, *program.inputs, *_parameters(program.names.values())}
    directions = []
    for variable in variables:
        name = "direction" if isinstance(hvp, str) and len(variables) == 1 else f"direction_{variable}"
        while name in taken:
            name += "_"
        taken.add(name)
        directions.append(table.variable(name, program.names[variable].shape))
    names = {node.args[0]: node for node in reversed(program.names.values()) if node.op == "let"}
    targets = [program.names[variable] for variable in variables]
    found = hessian_products(derivation.value.node, targets, directions, names, derivation.structure)
    found = [computed(node) for node in found]
    if isinstance(hvp, str) and len(found) == 1:
        return {"": found[0]}, directions
    return dict(zip(variables, found, strict=True)), directions


def _parameters(nodes: Iterable[Node]) -> set[str]:
    """The arguments that unknown functions are, with those for their derivatives."""
    functions = {node.params[0] for node in postorder(*nodes) if node.op in ("apply", "own")}
    return {f"{prefix}{function}" for function in functions for prefix in ("", "d", "d2", "d3", "d4")}


def _formula(derivation: Derivation) -> str:
    from matcalc.render.source import source

    node = derivation.value.node
    return _line(source(node.args[0] if node.op == "let" else node, syntax=derivation.program.syntax))


def _written(node: Node, syntax: str) -> str:
    """A matrix as the program writes it; of a long one, what it is the result of."""
    from matcalc.render.source import source

    known = all(part.op in table.OPERATIONS or not part.args or part.op == "let" for part in postorder(node))
    return source(node, syntax=syntax) if node.size <= 40 and known else named(node)


def _short(result: Result) -> str:
    return _line(result.brief(LINE))


def _line(text: str) -> str:
    return text if 0 < len(text) <= LINE and "\n" not in text else "(long)"
