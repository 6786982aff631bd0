"""The NumPy target: a module of plain functions that needs numpy alone (and scipy where numpy lacks
a function).

The stages: unknown functions that are bound are put in (`functions`), forms that overflow are
rewritten (`stable`), nodes become operations on arrays with products ordered by cost (`lower`),
shared factorisations are chosen (`sharing`), and what is left is written (`emit`).  All are linear
in the number of distinct nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matcalc.codegen import docstring
from matcalc.codegen.diagonals import on_one_diagonal
from matcalc.codegen.emit import Emitter
from matcalc.codegen.finishing import finish
from matcalc.codegen.functions import bind
from matcalc.codegen.helpers import HELPERS, texts
from matcalc.codegen.in_place import InPlaceEmitter
from matcalc.codegen.lower import Lowering, named
from matcalc.codegen.names import Names
from matcalc.codegen.norms import divided_last
from matcalc.codegen.options import DEFAULT, Options
from matcalc.codegen.powers import logs_beside_powers
from matcalc.codegen.sharing import improve
from matcalc.codegen.signature import Signature
from matcalc.codegen.sizes import Sizes
from matcalc.codegen.stable import stabilise
from matcalc.codegen.tensors import prepared
from matcalc.codegen.values import Value
from matcalc.codegen.walks import below
from matcalc.codegen.workspace import WorkspaceEmitter
from matcalc.codegen.writing import Writer
from matcalc.expressions.names import without_definitions
from matcalc.expressions.node import Node, postorder

__all__ = ["WORKSPACE", "Module", "Request", "build", "generate", "planned", "written"]

INDENT = "    "
QUIET = '@np.errstate(divide="ignore", invalid="ignore", over="ignore")  # of branches that where does not take'
WORKSPACE = "dict, which keeps arrays for the next call"
CONVENTIONS = (
    "Vectors and rows are arrays of one axis, matrices of two, scalars floats. Lists, integers, booleans and other "
    "floats are converted to float64; the arguments are not changed, and the results share no memory with them. "
    "Raises ValueError for an argument of another shape."
)


class Request:
    """What to generate.

    ``value``      the node of the value, ``value_name`` its name
    ``gradients``  by name, and ``hessians`` by pairs of names (``None`` where they are not asked for)
    ``products``   Hessians times a direction, by name (``None`` where they are not asked for): returned by name, or as
    the array alone where there is one under the empty name; ``directions`` are their inputs, always asked for
    ``inputs``     the program's inputs in its order
    ``functions``  unknown functions that are known ones, ``{"f": "tanh"}``
    ``least``      least sizes of dimensions
    ``formulas``   lines for the docstring
    ``name``       of the function
    ``written``    how a matrix is called in an error at run time
    ``complex_``   the variant for complex numbers, without checks, for the complex step
    ``options``    the optimisations that are switched on, and ``sizes`` of dimensions to plan for
    ``workspace``  whether matrices have buffers that are kept between calls
    """

    __slots__ = (
        "complex", "directions", "formulas", "functions", "gradients", "hessians", "inputs", "least", "name", "options",
        "order", "products", "sizes", "value", "value_name", "workspace", "written",
    )  # fmt: skip

    def __init__(
        self, value: Node, inputs: Sequence[Node], gradients: Mapping[str, Node] | None = None, *,
        hessians: Mapping[tuple[str, str], Node] | None = None,
        products: Mapping[str, Node] | None = None, directions: Sequence[Node] = (), value_name: str = "value",
        functions: Mapping[str, str] | None = None, least: Mapping[Any, int] | None = None,
        formulas: Sequence[str] = (), name: str = "gradients", complex_: bool = False,
        written: Callable[[Node], str] = named, options: Options = DEFAULT, sizes: Mapping[str, int] | None = None,
        workspace: bool = False,
    ) -> None:  # fmt: skip
        self.value, self.inputs, self.value_name = value, [*inputs, *directions], value_name
        self.products, self.directions = dict(products) if products is not None else None, list(directions)
        self.gradients, self.hessians = dict(gradients or {}), dict(hessians) if hessians is not None else None
        self.functions, self.least = dict(functions or {}), dict(least or {})
        self.formulas, self.name, self.complex, self.written = list(formulas), name, complex_, written
        self.options, self.sizes, self.workspace = options, Sizes(sizes), workspace

    def outputs(self) -> list[tuple[str, Node]]:
        """All results, each with a name for its line."""
        found = [(self.value_name, self.value)]
        found += [(f"d{name}", node) for name, node in self.gradients.items()]
        found += [(f"d2{a}_{b}", node) for (a, b), node in (self.hessians or {}).items()]
        found += [(f"hvp_{name}" if name else "hvp", node) for name, node in (self.products or {}).items()]
        return found


class Module:
    """A generated module: its ``text``, the ``name`` of its function, the names of the ``inputs``
    that it asks for, its parameters for unknown ``functions`` by (function, order), and the
    dimensions ``loose`` that it asks for."""

    __slots__ = ("functions", "inputs", "loose", "name", "text")

    def __init__(self, text: str, name: str, signature: Signature) -> None:
        self.text, self.name = text, name
        self.inputs = tuple(node.params[0] for node in signature.inputs)
        self.functions = dict(signature.functions)
        self.loose = tuple(signature.loose)


def generate(request: Request) -> str:
    """The text of a module with one function, ``request.name``: (value, gradients), and with them the Hessians or the
    Hessians' products, where they are asked for.

    >>> from matcalc.operations.table import matmul, transpose, variable
    >>> x = variable("x", ("n", 1))
    >>> "value = x.dot(x)" in generate(Request(matmul(transpose(x), x), [x]))
    True
    """
    return build(request).text


def build(request: Request) -> Module:
    """The module, with what it asks for.

    Raises `UnsupportedError` where an operation has no NumPy code or a dimension cannot be told
    from the arguments.
    """
    _, values, signature, writer, emitter = written(request)
    guarded = any(value.op == "where" for value in below(values))
    return Module(_module(request, signature, writer, emitter, guarded), request.name, signature)


def written(request: Request) -> tuple[Lowering, list[Value], Signature, Writer, Emitter]:
    """The body of the function, and what it was made of."""
    labels = [label for label, _ in request.outputs()]
    lowering, values = planned(request)
    values = finish(lowering.graph, values, lowering.hints)
    signature, writer = _frame(request, values)
    outputs = list(zip(labels, values, strict=True))
    emitter = _emitted(request, signature, writer, outputs, lowering.hints)
    signature.settle()
    return lowering, values, signature, writer, emitter


def _emitted(
    request: Request, signature: Signature, writer: Writer, outputs: Sequence[tuple[str, Value]],
    hints: Mapping[Value, str],
) -> Emitter:  # fmt: skip
    """The body of the function: in place, with buffers where they are asked for."""
    if request.workspace and not request.complex:
        signature.options = [signature.names.fresh("workspace")]
        kept = WorkspaceEmitter(writer, signature.names, outputs, hints)
        kept.lines[:0] = kept.buffers_line(signature.options[0])
        return kept
    made = InPlaceEmitter if request.options.in_place and not request.complex else Emitter
    return made(writer, signature.names, outputs, hints)


def planned(request: Request, branches: bool = True) -> tuple[Lowering, list[Value]]:
    """The arrays that the code computes, one for each output, before any line is written; without ``branches`` in one
    order each, whatever the sizes at run time.
    """
    options = request.options if branches else replace(request.options, run_time_order=False)
    nodes = divided_last(prepared(without_definitions([node for _, node in request.outputs()])))
    if options.structure:
        nodes = on_one_diagonal(nodes)
    bound = bind(nodes, request.functions)
    stable = stabilise([bound[node] for node in nodes], request.options.stable)
    final = logs_beside_powers([stable[bound[node]] for node in nodes])
    lowering = Lowering(final, frozenset(postorder(final[0])), request.written, options, request.sizes)
    return lowering, improve(lowering.graph, [lowering.array(node) for node in final], lowering.hints)


def _frame(request: Request, values: Sequence[Value]) -> tuple[Signature, Writer]:
    """Names and parameters, before any line of the body."""
    inputs = {node.params[0]: node for node in request.inputs}
    used: set[str] = set()
    unknown: set[tuple[str, int]] = set()
    laws: dict[str, str] = {}
    for value in below(values):
        if value.op == "input":
            used.add(value.params[0])
        elif value.op == "apply":
            unknown.add(value.params)
        elif value.op == "own":
            unknown.add((value.params[0], 0))
            laws[value.params[0]] = value.params[1]
    taken = [*inputs, *(function for function, _ in unknown)]
    names = Names(taken, [*HELPERS, request.name])
    used.update(node.params[0] for node in request.directions)
    chosen = frozenset(node for name, node in inputs.items() if name in used)
    signature = Signature(
        list(inputs.values()), chosen, sorted(unknown, key=lambda f: (f[0], f[1])), request.least, names
    )
    signature.laws = laws
    return signature, Writer(signature.local, signature.parameters, signature.functions, request.complex)



def _module(request: Request, signature: Signature, writer: Writer, emitter: Emitter, guarded: bool) -> str:
    """All parts of the text, in order; ``guarded`` is what computes branches that are not taken."""
    opening = signature.write(writer)
    results = _returned(request, emitter.results)
    helpers, scipy = texts(writer.helpers, request.complex, writer.into)
    body = [*_docstring(request, signature, bool(scipy)), *opening, *emitter.lines, *results]
    head = [QUIET, signature.head(request.name)] if guarded else [signature.head(request.name)]
    function = "\n".join([*head, *(f"{INDENT}{line}".rstrip() for line in body)])
    imports = ["import numpy as np", *_scipy_imports(scipy)]
    title = docstring.escaped(f"Generated by matcalc: {request.name}, in plain NumPy.")
    opened = "\n".join([f'"""{title}"""', "", *imports, "", f'__all__ = ["{request.name}"]'])
    return "\n\n\n".join([opened, function, *helpers]) + "\n"


def _scipy_imports(names: Sequence[str]) -> list[str]:
    found: dict[str, list[str]] = {}
    for name in names:
        module, _, function = name.rpartition(".")
        found.setdefault(module or "special", []).append(function)
    return [f"from scipy.{module} import {', '.join(functions)}" for module, functions in sorted(found.items())]


def _returned(request: Request, results: list[str]) -> list[str]:
    """The return statement."""
    count = len(request.gradients)
    parts = [results[0], _mapping([f'"{name}"' for name in request.gradients], results[1 : count + 1])]
    if request.hessians is not None:
        keys = [f'("{a}", "{b}")' for a, b in request.hessians]
        parts.append(_mapping(keys, results[count + 1 :][: len(keys)]))
    if request.products is not None:
        last = results[len(results) - len(request.products) :]
        parts.append(last[0] if "" in request.products else _mapping([f'"{n}"' for n in request.products], last))
    return f"return {', '.join(parts)}".split("\n")


def _mapping(keys: Sequence[str], results: Sequence[str]) -> str:
    items = [f"{key}: {text}" for key, text in zip(keys, results, strict=True)]
    if sum(map(len, items)) + 2 * len(items) <= 80:
        return "{" + ", ".join(items) + "}"
    return "{\n" + "".join(f"{INDENT}{item},\n" for item in items) + "}"


def _docstring(
    request: Request, signature: Signature, scipy: bool,
    options: Sequence[str] = (WORKSPACE,),
) -> list[str]:  # fmt: skip
    inputs = {node.params[0]: node for node in request.inputs}
    parameters = [(node.params[0], _argument(node, signature)) for node in signature.inputs]
    for (function, order), name in signature.functions.items():
        what = f"{function}{chr(39) * order}, entry by entry, of an array to an array of its shape"
        what = f"{function} of arrays, whose law is {signature.laws[function]}" if function in signature.laws else what
        parameters.append((name, f"function, {what}"))
    parameters += [(dim, "whole number, a dimension") for dim in signature.loose]
    parameters += zip(signature.options, options, strict=False)
    results = [(request.value_name, docstring.shape_text(request.value.shape))]
    for name, node in request.gradients.items():
        shape = inputs[name].shape if name in inputs and request.value.shape == (1, 1) else node.shape
        results.append((f"d{request.value_name}/d{name}", docstring.shape_text(shape)))
    for (a, b), node in (request.hessians or {}).items():
        results.append((f"d2{request.value_name}/d{a}d{b}", docstring.shape_text(node.shape)))
    for name, node in (request.products or {}).items():
        results.append((f"hvp_{name}" if name else "hvp", docstring.shape_text(node.shape)))
    parts = ["the value", "its gradients by name" if request.gradients else ""]
    parts.append("its second derivatives by pairs of names" if request.hessians is not None else "")
    parts.append("its Hessian times a direction" if request.products is not None else "")
    title = f"{', '.join(p for p in parts if p).capitalize()}."
    notes = [CONVENTIONS, *(["Needs SciPy, for a function that NumPy lacks."] if scipy else [])]
    if signature.options and request.workspace:
        notes.append(f"With a {signature.options[0]}, the next call with the same one overwrites the results.")
    return docstring.lines(title, request.formulas, parameters, results, notes)


def _argument(node: Node, signature: Signature) -> str:
    name = node.params[0]
    words = docstring.describe(node)
    if signature.parameters[name] != name:
        words += f'; not a name in Python, passed as **{{"{name}": ...}}'
    return words
