"""What one pass over the data costs: ``python -m benchmarks.blocks [rows] [columns] [--dask]``.

The unit is one read of the data at the memory's bandwidth, measured in the same run by adding all entries up.  Beside
it stand the value and gradient by the plain code, by hand in NumPy, and in blocks, on one thread and on all cores.
Times are the best of several: the machine is not ours alone.  ``--dask`` adds up four gigabytes that are made on two
worker processes with one gigabyte of memory each.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import matcalc as mc

RUNS = 15
AIM = 2.2  # reads of the data
Arrays = dict[str, Any]


def least_squares(X: Any, y: Any, w: Any) -> tuple[Any, Any]:
    """By hand."""
    r = X @ w - y
    return r @ r / len(y), 2 / len(y) * (X.T @ r)


def logistic_regression(X: Any, y: Any, w: Any) -> tuple[Any, Any]:
    """By hand, without overflow."""
    z = -y * (X @ w)
    return np.mean(np.logaddexp(0, z)), -X.T @ (y / (1 + np.exp(-z))) / len(y)


def softmax_classifier(X: Any, Y: Any, W: Any) -> tuple[Any, Any]:
    """By hand, without overflow."""
    Z = X @ W
    Z -= Z.max(axis=1, keepdims=True)
    E = np.exp(Z)
    S = E.sum(axis=1, keepdims=True)
    return np.sum(np.log(S)) - np.vdot(Y, Z), X.T @ (E / S - Y)


PROBLEMS: dict[str, tuple[str, str, Callable[..., Any] | None]] = {
    "least squares": ("r = X@w - y; J = r.T@r/m; X: matrix(m, n)", "w", least_squares),
    "logistic regression": ("J = mean(log(1 + exp(-y*(X@w)))); X: matrix(m, n)", "w", logistic_regression),
    "softmax classifier": (
        "Z = X@W; J = sum(logsumexp(Z, axis=1)) - sum(Y*Z); X: matrix(m, n); Y: matrix(m, k)", "W", softmax_classifier),
    "multi-layer perceptron": ("r = tanh(X@W)@v - y; J = r.T@r/m; X: matrix(m, n); W: matrix(n, k)", "W,v", None),
}  # fmt: skip


def arrays(m: int, n: int) -> Arrays:
    """Data for all problems."""
    rng = np.random.default_rng(0)
    X, k = rng.standard_normal((m, n)), 10
    return {
        "X": X, "y": np.sign(rng.standard_normal(m)), "w": rng.standard_normal(n) / n,
        "W": rng.standard_normal((n, k)) / n, "v": rng.standard_normal(k), "Y": np.eye(k)[rng.integers(k, size=m)],
    }  # fmt: skip


def best(function: Callable[[], Any]) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def one_machine(m: int, n: int) -> None:
    """The table."""
    given = arrays(m, n)
    X = given["X"]
    read = min(best(lambda: np.add.reduce(X, axis=None)) for _ in range(3))
    size = X.nbytes
    print(f"{m} x {n}, {size / 1e6:.0f} MB; one read {read * 1e3:.1f} ms, {size / read / 1e9:.1f} GB/s")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; times in reads of the data, aimed at {AIM}")
    print(f"{'':24}{'by hand':>9}{'plain':>9}{'1 thread':>9}{'threads':>9}")
    for name, (source, wrt, by_hand) in PROBLEMS.items():
        plain = mc.compile(source, wrt.split(","))
        blocked = mc.compile(source, wrt.split(","), blocks=True)
        names = [key for key in given if f'("{key}", {key}' in plain.source]
        own = {key: given[key] for key in names}
        runs: list[Callable[[], Any] | None] = [
            (lambda f=by_hand, a=own: f(**a)) if by_hand else None, lambda f=plain, a=own: f(**a),
            lambda f=blocked, a=own: f(**a, threads=1), lambda f=blocked, a=own: f(**a),
        ]  # fmt: skip
        figures = [f"{best(run) / read:9.1f}" if run else f"{'':9}" for run in runs]
        print(f"{name:24}{''.join(figures)}")


def cluster() -> None:
    """Four gigabytes on two workers of one."""
    import dask.array as da
    from distributed import Client, LocalCluster

    m, n = 4 * 2**30 // 808, 100
    rng = da.random.default_rng(0)
    X, y = rng.normal(size=(m, n), chunks=(40_000, n)), rng.normal(size=m, chunks=40_000)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit="1GiB", dashboard_address=None
    ) as workers, Client(workers):  # fmt: skip
        start = time.perf_counter()
        y.sum().compute()
        X.sum().compute()
        made = time.perf_counter() - start
        fn = mc.compile(PROBLEMS["least squares"][0], ["w"], target="dask")
        start = time.perf_counter()
        value, _ = fn(X=X, y=y, w=np.ones(n) / 10)
        took = time.perf_counter() - start
    print(f"dask, {m} x {n} made on two workers of 1 GiB: {took:.1f} s, {took / made:.1f} times making and adding up")
    print(f"the value {value:.4f}, expected about 2")


if __name__ == "__main__":
    sizes = [int(text) for text in sys.argv[1:] if text.isdigit()]
    one_machine(*(sizes if len(sizes) == 2 else (100_000, 100)))
    if "--dask" in sys.argv:
        cluster()
