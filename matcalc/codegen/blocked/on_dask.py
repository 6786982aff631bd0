"""Blocked code on dask arrays: a map over the chunks along the split axis, and a reduction as a tree.

The module is the one that goes over blocks on one machine, shipped to the workers as text.  Each chunk is one task: it
goes over its chunk in blocks of rows that fit in cache, and gives the chunk's sums, which are small, and what is kept
row by row, which stays where it is.  Only sums reach the client.  A task depends on its chunk and on the sums of passes
before, so that a worker that is lost costs the tasks it had, which dask computes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from matcalc.codegen.blocked.compiled import Blocked
from matcalc.codegen.compiled import namespace
from matcalc.errors import UnsupportedError

__all__ = ["OnDask", "needs_dask"]

FAN_IN = 8  # sums that one task adds up


def needs_dask() -> None:
    """Raise `UnsupportedError` where dask is not installed."""
    try:
        import dask.array  # noqa: F401  # a test whether it is there
    except ImportError:
        raise UnsupportedError("the target dask needs dask, which is not installed",
                               hint="pip install 'matcalculus[dask]'") from None


class OnDask(Blocked):
    """A function of dask arrays that are chunked along the split axis, and of NumPy arrays for all else.

    Gradients by what is free of that axis are NumPy arrays, what has the axis is a dask array in the chunks of the
    data, computed and kept by the scheduler in use.  The program's value and gradients come of one pass over the
    chunks wherever the plan (``explain()``) has one pass.

    Raises `ValueError` where chunks do not agree, are of unknown size, or cut another axis.
    """

    def __init__(
        self, source: str, name: str = "gradients", wrt: Sequence[str] = (), explanation: Sequence[str] = (),
        workspace: bool = False,
    ) -> None:  # fmt: skip
        needs_dask()
        super().__init__(source, name, wrt, explanation)
        names = namespace(source, name)
        self._rows_of_numpy: Callable[..., Any] = names["_rows"]
        names["_rows"] = self._rows
        names["_over_blocks"] = self._over_chunks
        self._function = names[name]

    def _rows(self, name: str, value: Any, ndim: int) -> Any:
        """The argument as it is if it is a dask array, else as NumPy takes it."""
        import dask.array as da

        if not isinstance(value, da.Array):
            return self._rows_of_numpy(name, value, ndim)
        if value.dtype.kind not in "biuf":
            raise ValueError(f"{name} has entries of type {value.dtype}, expected real numbers")
        if value.ndim != ndim:
            raise ValueError(f"{name} has shape {value.shape}, expected {ndim} axes")
        if any(size != size for size in value.shape):
            raise ValueError(f"{name} has chunks of unknown size: call its compute_chunk_sizes() before")
        if value.size == 0:
            raise ValueError(f"{name} has shape {value.shape}, expected no empty axis")
        return value

    def _over_chunks(
        self, block: Any, count: int, arrays: Sequence[tuple[Any, int]], shared: Sequence[Any], sums: Sequence[Any],
        kept: Sequence[tuple[tuple[int, ...], int, bool]], beside: int, options: Sequence[Any],
    ) -> tuple[Any, ...]:  # fmt: skip
        """What `_over_blocks` gives, of chunks."""
        import dask
        import dask.array as da

        _, rows, threads, progress, before, passes = options
        sizes = _chunks(arrays)
        pieces = [_pieces(array, axis, sizes) for array, axis in arrays]
        axes = tuple([axis for _, axis in arrays])
        hows = tuple([function.__name__ for function in sums])
        task = dask.delayed(_chunk, pure=True, nout=1 + len(kept))
        given = dask.delayed(tuple(shared), pure=True)
        found = [
            task(self.source, self.__name__, block.__name__, axes, hows, tuple([axis for _, axis, _ in kept]),
                 [of[k] for of in pieces], given, beside, rows, threads or 1)
            for k in range(len(sizes))
        ]  # fmt: skip
        total = _tree([part[0] for part in found], hows)
        parts = [[part[1 + k] for part in found] for k in range(len(kept))]
        total, *stay = dask.persist(total, *(part for column in parts for part in column))
        (added,) = dask.compute(total)
        outputs = []
        for k, (shape, axis, _) in enumerate(kept):
            column = stay[k * len(sizes) : (k + 1) * len(sizes)]
            shapes = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
            blocks = [da.from_delayed(p, s, dtype=float) for p, s in zip(column, shapes, strict=True)]
            outputs.append(da.concatenate(blocks, axis=axis))
        if progress:
            progress((before + 1) * count, passes * count)
        return *added, *outputs


def _chunks(arrays: Sequence[tuple[Any, int]]) -> tuple[int, ...]:
    """The sizes of the chunks along the split axis, on which all dask arrays have to agree."""
    import dask.array as da

    found: tuple[int, ...] | None = None
    for array, axis in arrays:
        if not isinstance(array, da.Array):
            continue
        if any(len(chunks) > 1 for k, chunks in enumerate(array.chunks) if k != axis):
            raise ValueError(
                f"an array of shape {array.shape} has chunks along axis {1 - axis} too, {array.chunks}: "
                f"rechunk it with rechunk({{{1 - axis}: -1}})"
            )
        if found is not None and array.chunks[axis] != found:
            raise ValueError(
                f"the arrays have different chunks along the split axis, {found} and {array.chunks[axis]}: "
                "rechunk one of them"
            )
        found = array.chunks[axis]
    if found is None:
        raise ValueError("none of the arrays that are split is a dask array")
    return found


def _pieces(array: Any, axis: int, sizes: Sequence[int]) -> list[Any]:
    """The chunks of an array, each a task; of a NumPy array, its slices."""
    import dask.array as da

    if isinstance(array, da.Array):
        return list(array.to_delayed().ravel())
    found, start = [], 0
    for size in sizes:
        found.append(array[(slice(None),) * axis + (slice(start, start + size),)])
        start += size
    return found


@lru_cache(maxsize=8)
def _module(source: str, name: str) -> dict[str, Any]:
    """The names of a module that was shipped, loaded once on each worker."""
    return namespace(source, name)


def _chunk(
    source: str, name: str, block: str, axes: Sequence[int], sums: Sequence[str], kept: Sequence[int],
    arrays: Sequence[Any], shared: Sequence[Any], beside: int, rows: int | None, threads: int,
) -> tuple[Any, ...]:  # fmt: skip
    """What a task does: the sums over a chunk, and then what is kept of it."""
    import numpy as np

    names = _module(source, name)
    count = arrays[0].shape[axes[0]]
    parts: dict[int, list[Any]] = {k: [] for k in range(len(kept))}

    def gathered(*given: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = names[block](*given)
        for k in parts:
            parts[k].append(np.array(found[len(sums) + k]))
        return found[: len(sums)]

    functions = tuple([getattr(np, how) for how in sums])
    # what is kept comes in the order of the blocks, so one thread where there is any
    options = (None, rows, 1 if kept else threads, None, 0, 1)
    pairs = list(zip(arrays, axes, strict=True))
    added = names["_over_blocks"](gathered, count, pairs, shared, functions, (), beside, options)
    return tuple(added), *(np.concatenate(parts[k], axis=axis) for k, axis in enumerate(kept))


def _put_together(parts: Sequence[tuple[Any, ...]], sums: Sequence[str]) -> tuple[Any, ...]:
    """Sums of some chunks, in order."""
    import numpy as np

    total = list(parts[0])
    for part in parts[1:]:
        total = [getattr(np, how)(a, b) for how, a, b in zip(sums, total, part, strict=True)]
    return tuple(total)


def _tree(parts: list[Any], sums: Sequence[str]) -> Any:
    """One task for the sums of all chunks, as a tree in order."""
    import dask

    task = dask.delayed(_put_together, pure=True)
    while len(parts) > 1:
        parts = [task(parts[k : k + FAN_IN], sums) for k in range(0, len(parts), FAN_IN)]
    return parts[0]
