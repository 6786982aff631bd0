"""A generated module, loaded: the only place where text becomes code.

Only text that this package generated is executed, and not before its syntax tree has been held
against a list of what generated code consists of.  It imports numpy, scipy.special and scipy.linalg alone (or the
library that it was written for alone), and runs with the few built-in names that it uses.
"""

from __future__ import annotations

import ast
import builtins
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

from matcalc.codegen.memory import keep_freed_memory
from matcalc.errors import UnsupportedError

if TYPE_CHECKING:
    from matcalc.codegen.flat import Flat

__all__ = ["Compiled", "Variables", "load", "namespace", "refuse_foreign"]

PARSING = threading.Lock()  # Python 3.11 counts how deep it is in a tree once for all threads, and raises SystemError
NODES = frozenset({
    "Module", "Expr", "Constant", "Import", "ImportFrom", "alias", "FunctionDef", "arguments", "arg", "Return",
    "Assign", "Name",
    "Load", "Store", "Tuple", "List", "Dict", "Call", "keyword", "Attribute", "Subscript", "Slice", "BinOp",
    "UnaryOp", "Add",
    "Sub", "Mult", "Div", "Pow", "MatMult", "Mod", "FloorDiv", "USub", "Compare", "BoolOp", "And", "Or", "NotEq",
    "Eq", "Lt", "LtE", "Gt",
    "GtE", "NotIn", "In", "If", "IfExp", "Raise", "JoinedStr", "FormattedValue", "GeneratorExp", "comprehension",
    "Starred", "AugAssign", "Try", "ExceptHandler", "For",
    "Is", "IsNot", "Not", "While", "With", "withitem", "ListComp", "Yield",
})  # fmt: skip
FURTHER = frozenset({"BitAnd", "Lambda", "DictComp"})  # in the helpers of other targets
MODULES = {
    "numpy": frozenset({"numpy", "scipy.linalg", "scipy.special"}),
    "torch": frozenset({"torch"}),
    "jax": frozenset({"jax", "jax.numpy", "jax.scipy.linalg", "jax.scipy.special"}),
    "array_api": frozenset({"array_api_compat"}),
}
BUILTINS = (
    "ValueError", "TypeError", "float", "int", "complex", "sorted", "range", "len",
    "min", "max", "sum", "zip", "enumerate", "isinstance", "slice", "type", "hasattr", "OverflowError", "list", "tuple",
)  # fmt: skip
NAMES = {"concurrent.futures": {"ThreadPoolExecutor"}, "os": {"cpu_count"}}  # of blocked code, and nothing else of them


@dataclass(frozen=True, slots=True)
class Variables:
    """What `Flat` needs to know of a compiled function: the types of the inputs that it differentiates by, the
    ``structure`` of their gradients, and the arguments that are directions of its Hessian's product, by variable."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    structure: str = "projection"
    directions: Mapping[str, str] = field(default_factory=dict)
    order: int = 1


class Compiled:
    """A function that was compiled: call it with the inputs by name.

    ``source`` is the module's text, ``wrt`` the names of the gradients, ``workspace`` whether it keeps its arrays for
    the next call.  Returns ``(value, gradients)``, and
    ``(value, gradients, hessians)`` for order 2, ``(value, gradients, hvp)`` where the Hessian's product was asked for;
    without names to differentiate by, the gradients are an empty dict.

    Raises `ValueError` where an argument has another shape, `TypeError` where one is missing or nobody asked for it.
    """

    variables = Variables()  # what `flat` needs to know
    planner: Callable[[Mapping[str, int] | None], str] | None = None  # tells the plan, for sizes of the dimensions

    def __init__(
        self, source: str, name: str = "gradients", wrt: Sequence[str] = (), target: str = "numpy",
        workspace: bool = False,
    ) -> None:  # fmt: skip
        self.source, self.__name__, self.wrt, self.target = source, name, tuple(wrt), target
        self.workspace = workspace
        function = load(source, name, target)
        if target == "numpy":
            keep_freed_memory()
        self.__doc__ = function.__doc__
        self.__wrapped__ = function  # so that `inspect.signature` and editors tell the inputs by name
        self._function: Callable[..., Any] = _with_workspace(function) if workspace else function
        if type(self) is Compiled:
            self._call_at_once()

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """The value and its derivatives."""
        return self._function(*args, **keywords)

    def explain(self, dims: Mapping[str, int] | None = None) -> str:
        """The plan of the code: its lines with what they cost, the memory, orders of products and why, axes of blocks.

        Costs are formulas in the dimensions, with numbers for the sizes ``dims``.  Raises `UnsupportedError` for a
        function that was not made by ``compile`` but loaded.
        """
        if self.planner is None:
            raise UnsupportedError("a function that was loaded has no plan", hint="compile the program again")
        return str(self.planner(dims))

    def _call_at_once(self) -> None:
        """Make the generated function what a call looks up, on a class of its own: a method in between, which packs and
        unpacks the arguments, costs a third of a microsecond, as much as an operation on ten entries."""
        own = {"__call__": staticmethod(self._function), "__doc__": type(self).__doc__, "__module__": __name__}
        self.__class__ = type("Compiled", (Compiled,), own)

    def flat(self, x0: Any, /, **data: Any) -> Flat:
        """The function of one vector, for ``scipy.optimize.minimize(flat, flat.x0, jac=True)``; see `Flat`.

        ``x0`` is where the variables start, by name (or the array alone where there is one), ``data`` all other inputs.

        Raises `ShapeError` where a variable is missing or does not fit, `UnsupportedError` where the value is no scalar
        or a variable cannot be packed.
        """
        from matcalc.codegen.flat import Flat

        return Flat(self, x0, data)

    def __reduce__(self) -> tuple[Any, ...]:
        made = self.source, self.__name__, self.wrt, self.target, self.workspace
        return Compiled, made, {"variables": self.variables}

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, wrt {', '.join(self.wrt) or 'nothing'}>"


def _with_workspace(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with a workspace of its own, which is its last parameter but for those by name alone."""
    parameters = signature(function).parameters.values()  # below what keeps NumPy quiet
    option = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][-1]
    return partial(function, **{option: {}})


def load(source: str, name: str, target: str = "numpy") -> Callable[..., Any]:
    """The function of that name in a generated module; `UnsupportedError` where a library that it needs is missing."""
    function: Callable[..., Any] = namespace(source, name, target)[name]
    return function


def namespace(source: str, name: str, target: str = "numpy") -> dict[str, Any]:
    """All names of a generated module, run; as `load`."""
    with PARSING:
        tree = ast.parse(source)
    refuse_foreign(tree, FURTHER if target != "numpy" else frozenset(), MODULES[target])
    allowed: dict[str, Any] = {key: getattr(builtins, key) for key in BUILTINS}
    # what the tree imports was checked; NumPy's own C code imports through here too
    allowed["__import__"] = builtins.__import__
    names: dict[str, Any] = {"__builtins__": allowed, "__name__": f"<{name} generated by matcalc>"}
    try:
        exec(compile(tree, names["__name__"], "exec"), names)
    except ImportError as error:
        extra = "scipy" if target == "numpy" else f"'matcalculus[{target.replace('_', '-')}]'"
        raise UnsupportedError(
            f"the generated code needs {error.name or 'SciPy'}, which is not installed", hint=f"pip install {extra}"
        ) from None
    return names


def refuse_foreign(
    tree: ast.Module, more: frozenset[str] = frozenset(), modules: frozenset[str] = MODULES["numpy"]
) -> None:
    """Raise where a module holds anything that generated code does not consist of; ``more`` are further statements,
    ``modules`` what it may import.  ``type`` stands in comparisons with a class alone, ``type(value) is ndarray``: it
    makes none."""
    compared = {id(node.left) for node in ast.walk(tree) if isinstance(node, ast.Compare)}
    asked = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) in compared}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "type" and id(node) not in asked:
            raise ValueError("generated code uses type otherwise than to compare: this is a bug in matcalc")
        kind = type(node).__name__
        if kind not in NODES and kind not in more:
            raise ValueError(f"generated code holds {kind}: this is a bug in matcalc")
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise ValueError(f"generated code reads the attribute {node.attr}: this is a bug in matcalc")
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            only = NAMES.get(node.module or "", set()) if isinstance(node, ast.ImportFrom) else set()
            if not modules.issuperset(found) and not (only and only.issuperset(alias.name for alias in node.names)):
                raise ValueError(f"generated code imports {found}: this is a bug in matcalc")
