"""The point at which a graph has its numbers: what the user gives, or a general one that a seed decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matcalc.codegen.sizes import not_too_small
from matcalc.errors import MatcalcError, ShapeError, UnknownNameError, UnsupportedError
from matcalc.expressions.dims import evaluate, names, text
from matcalc.expressions.node import Node, axes, postorder

if TYPE_CHECKING:
    from matcalc.language.program import Program

__all__ = ["given_point", "random_point", "read_point"]

ROUNDED = 2  # decimals of random numbers, so that they can be followed by hand


def read_point(words: str) -> dict[str, Any]:
    """A point as the command line gives it: ``x=1,y=-2.5``, vectors as ``x=[1;2]``, or the path of an .npz file.

    Raises `MatcalcError` where it is neither.

    >>> read_point("x=1, y=[1; 2]")
    {'x': 1.0, 'y': [1.0, 2.0]}
    """
    if words.endswith(".npz") and "=" not in words:
        return _from_file(words)
    found: dict[str, Any] = {}
    for part in _split(words):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            hint = "x=1,y=2 or the path of an .npz"
            raise MatcalcError(f"--at takes name=number, not {part.strip()[:60]!r}", hint=hint)
        if name in found:
            raise MatcalcError(f"--at says {name} twice")
        found[name] = _number(name, value)
    return found


def _split(words: str) -> list[str]:
    """At commas outside brackets."""
    parts, depth = [""], 0
    for character in words:
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _number(name: str, value: str) -> Any:
    try:
        if value[0] + value[-1] != "[]":
            return float(value)
        rows = [[float(entry) for entry in row.replace(",", " ").split()] for row in value[1:-1].split(";")]
    except ValueError:
        raise MatcalcError(f"--at {name}={value[:60]}: that is no number", hint="1.5, [1; 2] or [1, 2; 3, 4]") from None
    if len(rows) == 1:
        return rows[0]
    return [row[0] for row in rows] if all(len(row) == 1 for row in rows) else rows


def _from_file(path: str) -> dict[str, Any]:
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError, TypeError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else "it is no .npz file of arrays"
        raise MatcalcError(f"cannot read {path[:200]}: {reason}") from None


def given_point(
    program: Program, value: Node, used: Mapping[str, Node], at: Mapping[str, Any], fixed: Mapping[str, int]
) -> tuple[dict[str, Any], dict[str, int]]:
    """The inputs as arrays and the sizes of the dimensions, from what was given.

    Raises `UnknownNameError` for names that are no inputs, `MatcalcError` where one is missing, `ShapeError` where
    shapes do not fit.
    """
    _all_there(program, used, at)
    sizes: dict[str, int] = dict(fixed)
    inputs = _arrays(used, at, sizes)
    not_too_small(sizes, program.least)
    unknown = [name for name in _dims(program, value) if name not in sizes]
    if unknown:
        raise MatcalcError(f"the point does not tell the size of {unknown[0]}", hint=f"--dims {unknown[0]}=3 does")
    return inputs, sizes


def _all_there(program: Program, used: Mapping[str, Node], at: Mapping[str, Any]) -> None:
    import difflib

    for name in at:
        if name not in program.inputs:
            near = difflib.get_close_matches(name, program.inputs, 1)
            hint = f"did you mean {near[0]}?" if near else f"its inputs are {', '.join(program.inputs)}"
            raise UnknownNameError(f"the program has no input {name}", hint=hint)
    missing = [name for name in used if name not in at]
    if missing:
        raise MatcalcError(f"the point says nothing of {', '.join(missing)}", hint="give a value for every input")


def _arrays(used: Mapping[str, Node], at: Mapping[str, Any], sizes: dict[str, int]) -> dict[str, Any]:
    """The inputs as arrays, their dimensions put into ``sizes``."""
    import numpy as np

    inputs: dict[str, Any] = {}
    for name, node in used.items():
        try:
            array = np.asarray(at[name], dtype=float)
        except (TypeError, ValueError):
            raise MatcalcError(f"{name} is no array of numbers") from None
        inputs[name] = array = _squeezed(array, node)
        if not np.all(np.isfinite(array)):
            raise MatcalcError(f"{name} holds what is no finite number")
        _sized(name, node, array.shape, sizes)
    for name, node in used.items():
        wanted = tuple([evaluate(d, sizes) for d in axes(node.shape)]) if _known(node, sizes) else None
        if wanted is not None and inputs[name].shape != wanted:
            shown = "×".join([text(d) for d in axes(node.shape)])
            raise ShapeError(f"{name} is {shown}, which is {wanted} here; the point gives {inputs[name].shape}")
        if not inputs[name].ndim:
            inputs[name] = float(inputs[name])
    return inputs


def _squeezed(array: Any, node: Node) -> Any:
    """A column or a row given as a matrix of one column or row, or a vector of one entry as a number."""
    count = len(axes(node.shape))
    if count == 1 and array.ndim == 0:
        return array.reshape(1)
    if count == 1 and array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    if count == 0 and array.size == 1:
        return array.reshape(())
    return array


def _known(node: Node, sizes: Mapping[str, int]) -> bool:
    return all(n in sizes for d in node.shape for n in names(d))


def _sized(name: str, node: Node, shape: tuple[int, ...], sizes: dict[str, int]) -> None:
    dims = axes(node.shape)
    if len(shape) != len(dims):
        shown = "×".join([text(d) for d in dims]) or "a scalar"
        raise ShapeError(f"{name} is {shown}, the point gives an array of shape {shape}")
    for dim, size in zip(dims, shape, strict=True):
        if isinstance(dim, str) and sizes.setdefault(dim, size) != size:
            raise ShapeError(f"{name} has {size} for {dim}, which is {sizes[dim]} already")
        if isinstance(dim, int) and dim != size:
            raise ShapeError(f"{name} has {size} where the program says {dim}")


def random_point(
    program: Program, value: Node, used: Mapping[str, Node], seed: int, fixed: Mapping[str, int]
) -> tuple[dict[str, Any], dict[str, int]]:
    """A general point, in the domain of the program: the seed decides; numbers of plain inputs have two decimals.

    Raises `UnsupportedError` where no point of the domain was found.
    """
    import numpy as np

    from matcalc.verify.points import Sampler, exponents

    rng = np.random.default_rng(seed)
    dims = _dims(program, value, *used.values())
    sampler = Sampler(value, list(used.values()), dims, program.least, {}, fixed, rng)
    found = sampler.point()
    if found is None:
        raise UnsupportedError("no point was found at which the program is defined", hint="give one with --at")
    whole = set(exponents(value))
    inputs = {
        name: np.round(array, ROUNDED) if not used[name].params[1] and name not in whole else array
        for name, array in found.inputs.items()
    }
    return {n: a if np.ndim(a) else float(a) for n, a in inputs.items()}, dict(found.sizes)


def _dims(program: Program, *nodes: Node) -> list[str]:
    there = {n for node in postorder(*nodes) for dim in node.shape for n in names(dim)}
    return [n for n in program.dims if n in there] + sorted(there - set(program.dims))
