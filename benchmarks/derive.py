"""What a derivation costs: ``python -m benchmarks.derive``.

Every figure stands beside the one aimed at. Times of `derive` are from the text of the program to
the results, in a process that has derived before; the cold start is the whole process of the
command line, beside one that imports lark and click alone.
"""

from __future__ import annotations

import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import matcalc as mc

WINDOW = "s = u.T @ f(W@x + b)"
STACKED = "x = [x1; x2; x3; x4; x5]; s = u.T @ f(W@x + b)"
STACKED_NAMES = ["u", "W", "b", "x", "x1", "x2", "x3", "x4", "x5"]
LAYERS = (10, 30, 100, 300, 1000)
COLD_RUNS = 15


def chain(layers: int, *, residual: bool) -> tuple[str, list[str]]:
    """A network of that many layers and one scalar on top, and the names of its parameters.

    >>> chain(1, residual=False)
    ('h1 = tanh(W1@h0 + b1); s = v.T@h1', ['W1', 'b1'])
    """
    lines, names = [], []
    for k in range(1, layers + 1):
        before = f"h{k - 1} + " if residual else ""
        lines.append(f"h{k} = {before}tanh(W{k}@h{k - 1} + b{k})")
        names += [f"W{k}", f"b{k}"]
    return "; ".join([*lines, f"s = v.T@h{layers}"]), names


def best(work: Callable[[], object], runs: int) -> float:
    """The median time of some runs, in seconds, after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def exponent(points: list[tuple[int, float]]) -> float:
    """The p of time ~ layers**p, by least squares in logarithms.

    >>> round(exponent([(10, 1.0), (100, 100.0)]), 6)
    2.0
    """
    x = [math.log(n) for n, _ in points]
    y = [math.log(t) for _, t in points]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return slope / sum((a - mean_x) ** 2 for a in x)


def cold() -> tuple[float, float]:
    """The median times of the command line and of the imports alone, taken in turn."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    script = shutil.which("matcalc", path=os.path.dirname(sys.executable))
    ours = [script] if script else [sys.executable, "-m", "matcalc"]
    commands = [
        [*ours, "derive", "--no-check", WINDOW, "--wrt", "all"],
        [sys.executable, "-c", "import lark, click"],
    ]
    times: tuple[list[float], list[float]] = ([], [])
    for run in range(COLD_RUNS + 2):
        for command, found in zip(commands, times, strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if run > 1:  # the first ones write bytecode and fill the cache of files
                found.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def row(what: str, found: str, aim: str, ratio: float) -> None:
    """A line of the table; a ratio above one misses the aim."""
    print(f"{what:<58} {found:>10} {aim:>10} {ratio:>7.2f}{'' if ratio <= 1 else '  missed'}", flush=True)


def main() -> None:
    """Measure, and print the table."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors")
    print(f"{'':<58} {'measured':>10} {'aim':>10} {'ratio':>7}")
    for what, source, names in (
        ("window classifier, by u, W, x, b", WINDOW, ["all"]),
        ("window classifier on five word vectors, by all nine", STACKED, STACKED_NAMES),
    ):
        seconds = best(lambda s=source, n=names: mc.derive(s, n), 100)  # type: ignore[misc]
        row(what, f"{seconds * 1e3:.2f} ms", "3 ms", seconds / 3e-3)
    for what, residual in (("chain", False), ("residual chain", True)):
        points = []
        for layers in LAYERS:
            source, names = chain(layers, residual=residual)
            seconds = best(lambda s=source, n=names: mc.derive(s, n), 3 if layers < 1000 else 1)  # type: ignore[misc]
            points.append((layers, seconds))
        row(f"{what} of 1,000 layers, by all 2,000 parameters", f"{seconds:.2f} s", "5 s", seconds / 5)
        slope = exponent(points)
        row(f"{what}, exponent of time from 10 to 1,000 layers", f"{slope:.2f}", "1.2", slope / 1.2)
    ours, bare = cold()
    what = f"cold start, {ours * 1e3:.0f} ms, over import lark, click, {bare * 1e3:.0f} ms"
    row(what, f"{ours / bare:.2f}", "1.6", ours / bare / 1.6)


if __name__ == "__main__":
    main()
