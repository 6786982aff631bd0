"""What a Hessian costs: ``python -m benchmarks.hessians``.

Beside ours stand JAX and PyTorch, where they are installed (extra ``bench``): ``jax.hessian``, jitted, of arrays on the
device, and ``torch.func.hessian``, all in float64; what they return is held against ours to 1e-8 before they are timed.
Our function gives value and gradient too, theirs the Hessian alone.  Ours are timed before a peer is loaded, whose
threads would compete.  The figures are medians, and ratios are times of a peer over ours.  The first table has our
Hessians times a direction beside our gradients.  ``--quick`` measures the small sizes alone.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

import matcalc as mc

Work: TypeAlias = Callable[[], Any]
Arrays: TypeAlias = dict[str, np.ndarray]

SECONDS = 0.6  # of measuring, for each figure
LEAST, MOST = 5, 2000  # runs
LONG = 3.0  # seconds of a run beyond which it is the only one
AGREE = 1e-8


class Case:
    """A problem: the program, its variable, the same function for the peers (given their module), and its sizes."""

    def __init__(self, name: str, source: str, wrt: str, plain: Callable[..., Any], sizes: list[Any]) -> None:
        self.name, self.source, self.wrt, self.plain, self.sizes = name, source, wrt, plain, sizes


def quadratic(m: Any, x: Any, A: Any) -> Any:
    """``x.T@A@x``."""
    return x @ A @ x


def squares(m: Any, x: Any, A: Any, b: Any) -> Any:
    """``norm(A@x - b)**2``."""
    return m.sum((A @ x - b) ** 2)


def logistic(m: Any, w: Any, X: Any, y: Any) -> Any:
    """The negative log-likelihood of labels 0 and 1."""
    z = X @ w
    return m.sum(m.logaddexp(z, 0 * z)) - y @ z


def factorisation(m: Any, U: Any, V: Any, X: Any) -> Any:
    """``norm(X - U@V.T)**2``."""
    return m.sum((X - U @ V.T) ** 2)


DATA = [(100, 10), (2_000, 200), (20_000, 500)]
CASES = [
    Case("quadratic form", "s = x.T@A@x", "x", quadratic, [(10,), (100,), (1_000,)]),
    Case("least squares", "s = norm(A@x - b)**2", "x", squares, DATA),
    Case("logistic regression", "s = sum(log(1 + exp(X@w))) - y.T@(X@w)", "w", logistic, DATA),
    Case("matrix factorisation", "s = norm(X - U@V.T)**2", "U", factorisation, [(20, 20, 5), (100, 100, 10)]),
]


def arrays(case: Case, size: tuple[int, ...]) -> Arrays:
    """General inputs of a size."""
    rng = np.random.default_rng(0)
    n, *rest = size
    shapes: dict[str, tuple[int, ...]]
    if case.plain is quadratic:
        shapes = {"x": (n,), "A": (n, n)}
    elif case.plain is squares:
        shapes = {"x": (rest[0],), "A": (n, rest[0]), "b": (n,)}
    elif case.plain is logistic:
        shapes = {"w": (rest[0],), "X": (n, rest[0]), "y": (n,)}
    else:
        shapes = {"U": (n, rest[1]), "V": (rest[0], rest[1]), "X": (n, rest[0])}
    found = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    if case.plain is logistic:
        found["w"] /= math.sqrt(rest[0])
        found["y"] = (found["y"] > 0).astype(float)
    return found


def jax_hessian(case: Case, inputs: Arrays) -> Work:
    """JAX's Hessian, compiled, with its inputs on the device."""
    import jax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call,unused-ignore]
    given = [jax.device_put(array) for array in inputs.values()]
    compiled = jax.jit(jax.hessian(lambda *a: case.plain(jax.numpy, *a)))
    return lambda: compiled(*given).block_until_ready()


def torch_hessian(case: Case, inputs: Arrays) -> Work:
    """PyTorch's Hessian."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    given = [torch.from_numpy(array) for array in inputs.values()]
    hessian = torch.func.hessian(lambda *a: case.plain(torch, *a))
    return lambda: hessian(*given)


PEERS: Mapping[str, Callable[[Case, Arrays], Work]] = {"jax": jax_hessian, "torch": torch_hessian}


def median(work: Work) -> float:
    """The median time of a number of runs, in seconds, after one that is not counted, but where that is long."""
    start = time.perf_counter()
    work()
    once = time.perf_counter() - start
    if once > LONG:
        return once
    times = []
    for _ in range(max(LEAST, min(MOST, int(SECONDS / max(once, 1e-9))))):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def agree(found: Any, expected: np.ndarray) -> bool:
    """Whether a Hessian is ours, to `AGREE` of its largest entry."""
    found = np.asarray(found)
    return found.shape == expected.shape and bool(
        np.max(np.abs(found - expected)) <= AGREE * max(float(np.max(np.abs(expected))), 1.0)
    )


def mean(ratios: list[float]) -> float:
    """The geometric mean.

    >>> round(mean([2.0, 8.0]), 6)
    4.0
    """
    return math.exp(statistics.fmean(map(math.log, ratios)))


def shown(seconds: float) -> str:
    """A time in the unit that fits.

    >>> shown(0.00123)
    '1.23 ms'
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def peers_here() -> dict[str, Callable[[Case, Arrays], Work]]:
    """The peers that are installed; a line says which are not."""
    from importlib.util import find_spec

    for name in PEERS:
        if find_spec(name) is None:
            print(f"{name} is not installed and left out: pip install 'matcalculus[bench]'")
    return {name: peer for name, peer in PEERS.items() if find_spec(name) is not None}


def problems(quick: bool) -> list[tuple[str, Case, Arrays]]:
    """Every case at every size, with a name."""
    return [
        (f"{case.name}, {'×'.join(map(str, size))}", case, arrays(case, size))
        for case in CASES
        for size in case.sizes[: 1 if quick else None]
    ]


def ours(quick: bool) -> dict[str, tuple[float, np.ndarray]]:
    """The table of products and gradients; our times and Hessians by problem."""
    print(f"\n{'Hessian times a direction':<36} {'product':>10} {'gradient':>10} {'ratio':>8}")
    found: dict[str, tuple[float, np.ndarray]] = {}
    for label, case, inputs in problems(quick):
        x = case.wrt
        along = np.random.default_rng(1).standard_normal(inputs[x].shape)
        given = {**inputs, "direction": along}
        full, product = mc.compile(case.source, x, order=2), mc.compile(case.source, x, hvp=x)
        hessian = full(**inputs)[2][x, x]
        if not agree(product(**given)[2], np.tensordot(hessian, along, axes=along.ndim)):
            raise SystemExit(f"{label}: the product is not that of the Hessian")
        times = [
            median(partial(f, **i)) for f, i in ((full, inputs), (product, given), (mc.compile(case.source, x), inputs))
        ]
        found[label] = times[0], hessian
        print(f"{label:<36} {shown(times[1]):>10} {shown(times[2]):>10} {times[1] / times[2]:>7.1f}x", flush=True)
    return found


def beside(peers: Mapping[str, Callable[[Case, Arrays], Work]], quick: bool) -> None:
    """Both tables."""
    own = ours(quick)
    columns = [f"{name:>10} {'ratio':>8}" for name in peers]
    print(f"\n{'Hessian, with value and gradient':<36} {'matcalc':>10} {' '.join(columns)}")
    ratios: dict[str, list[float]] = {name: [] for name in peers}
    for label, case, inputs in problems(quick):
        seconds, hessian = own[label]
        cells = []
        for name, peer in peers.items():
            work = peer(case, inputs)
            if not agree(work(), hessian):
                raise SystemExit(f"{label}: {name} finds another Hessian")
            theirs = median(work)
            ratios[name].append(theirs / seconds)
            cells.append(f"{shown(theirs):>10} {theirs / seconds:>7.1f}x")
        print(f"{label:<36} {shown(seconds):>10} {' '.join(cells)}", flush=True)
    if peers:
        cells = [f"{'':>10} {mean(found):>7.1f}x" for found in ratios.values()]
        print(f"{'geometric mean':<36} {'':>10} {' '.join(cells)}")


def main(arguments: list[str]) -> None:
    """Measure, and print both tables."""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} processors, float64")
    beside(peers_here(), "--quick" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
