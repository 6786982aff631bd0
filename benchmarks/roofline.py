"""What the machine can do: the bound beside which measured times stand.

A problem takes at least the time of its matrix products at the measured rate of `dgemm`, or of its inputs and results
at the measured rate of memory where that is more, and of its exponentials at what NumPy's cost.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

__all__ = ["Machine", "machine"]


@dataclass(frozen=True)
class Machine:
    """Rates: floating-point operations and bytes a second, and seconds of an exponential."""

    operations: float
    bytes: float
    exponential: float

    def bound(self, operations: float, moved: float, exponentials: float) -> float:
        """The least time in seconds.

        >>> Machine(operations=1e9, bytes=1e9, exponential=1e-9).bound(2e9, 1e9, 1e9)
        3.0
        """
        return max(operations / self.operations, moved / self.bytes) + exponentials * self.exponential

    def __str__(self) -> str:
        return (
            f"dgemm {self.operations / 1e9:.1f} GFLOP/s, memory {self.bytes / 1e9:.1f} GB/s, "
            f"exp {self.exponential * 1e9:.2f} ns an entry"
        )


def machine() -> Machine:
    """Measure this machine with as many threads as NumPy has."""
    rng = np.random.default_rng(0)
    n = 1_000
    A, B, C = rng.random((n, n)), rng.random((n, n)), np.empty((n, n))
    product = _least(lambda: np.matmul(A, B, out=C))
    large, copy = rng.random(16_000_000), np.empty(16_000_000)
    moved = _least(lambda: np.copyto(copy, large))
    x, y = rng.standard_normal(20_000), np.empty(20_000)
    exponential = _least(lambda: np.exp(x, out=y))
    return Machine(2 * n**3 / product, 2 * large.nbytes / moved, exponential / x.size)


def _least(work: object, runs: int = 15) -> float:
    assert callable(work)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
