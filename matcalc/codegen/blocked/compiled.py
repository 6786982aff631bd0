"""A compiled function that goes over its data in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from inspect import signature
from typing import Any

from matcalc.codegen.compiled import Compiled, namespace

__all__ = ["Blocked"]


class Blocked(Compiled):
    """A function compiled in blocks: three more keywords, each with a final ``_`` where the program has that name.

    ``rows`` in a block (so many that a block stays in cache), ``threads`` (one for each core; they change no digit),
    and ``progress``: ``True`` for a progress bar on standard error, or a function of the rows done and the rows in all.
    ``explain()`` tells along which axis the data is split, or why it is not.
    """

    def __init__(
        self, source: str, name: str = "gradients", wrt: Sequence[str] = (), explanation: Sequence[str] = (),
        workspace: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(source, name, wrt, workspace=workspace)
        self.explanation = tuple(explanation)
        names = namespace(source, name)
        if "_in_order" in names:
            names["_in_order"] = _with_one_blas_thread(names["_in_order"])
        split = "\ndef _over_blocks(" in source
        self.options: tuple[str, ...] = _options(names[name]) if split else ()
        if split and workspace:
            self._function = partial(names[name], **{self.options[0]: {}})
        elif not workspace:
            self._function = names[name]

    @property
    def function(self) -> Callable[..., Any]:
        """The function of the generated module."""
        return self._function

    @property
    def split(self) -> bool:
        """Whether the data is split at all."""
        return bool(self.options)

    def explain(self, dims: Mapping[str, int] | None = None) -> str:
        """Along which axis the data is split, what is added up and what is kept; or why it is not split."""
        return "\n".join(self.explanation)

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """The value and its derivatives."""
        progress = self.options[-1] if self.options else ""
        if not progress or keywords.get(progress) is not True:
            return self._function(*args, **keywords)
        with _Bar() as bar:
            return self._function(*args, **(keywords | {progress: bar}))

    def __reduce__(self) -> tuple[Any, ...]:
        made = (self.source, self.__name__, self.wrt, self.explanation, self.workspace)
        return type(self), made, {"variables": self.variables}


def _with_one_blas_thread(in_order: Callable[..., Any]) -> Callable[..., Any]:
    """The loop over blocks while BLAS keeps to one thread, where threadpoolctl is there to say so.

    A product of a block is short: BLAS threads that meet at its end, beside those of the blocks, cost many times what
    they save when the cores are busy (measured by benchmarks/blocks.py).
    """

    def limited(work: Callable[[int], Any], count: int, threads: int) -> Iterator[Any]:
        controller = _controller()
        if controller is None:
            yield from in_order(work, count, threads)
            return
        with controller.limit(limits=1, user_api="blas"):
            yield from in_order(work, count, threads)

    return limited


@cache
def _controller() -> Any:
    """What limits the threads of BLAS; ``None`` without threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


def _options(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the three options: the parameters that may be left out."""
    return tuple([name for name, p in signature(function).parameters.items() if p.default is None])


class _Bar:
    """Rich's progress bar on standard error, as a function of the rows done and the rows in all."""

    def __enter__(self) -> Callable[[int, int], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.bar = Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True))
        self.task = self.bar.add_task("rows", total=None)
        self.bar.start()
        return self.move

    def move(self, done: int, total: int) -> None:
        """So many rows are done."""
        self.bar.update(self.task, completed=done, total=total)

    def __exit__(self, *failure: object) -> None:
        self.bar.stop()
