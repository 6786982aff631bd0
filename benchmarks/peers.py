"""Generated code beside its peers: ``python -m benchmarks.peers``.

The peers: NumPy as a textbook writes it and NumPy tuned by hand, JAX (jitted, of arrays on the device and of NumPy's),
PyTorch (its tape, and ``torch.func``), and autograd; what is not installed is left out (extra ``bench``); and our own
code with ``blocks="auto"`` and with ``workspace=True``, the lines "beside the best of ours" in the summary.  Every peer
runs each problem in a process of its own with the same two threads, in float64, and is timed only after its results
have been held against NumPy's to 1e-8.  Ours and NumPy's Hessians come with value and gradient, the others' alone.

``--quick`` takes the first size of every problem, ``--sizes N`` the first N; ``--only NAME`` the problems with that in
their name, or, where it is a peer, that peer beside ours; ``--rounds N`` repeats all and keeps the least (1);
``-o FILE.svg`` draws the ratios.
Ratios are a peer's time over ours.  ``least`` compares the least times, which other work on the machine disturbs least;
``--median`` compares medians.  The bound is that of `benchmarks.roofline`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers_at_work import PEERS, THREADS, inputs_of, results
from benchmarks.problems import PROBLEMS, Problem, Size
from benchmarks.roofline import Machine, machine

NEEDS = {"jax": "jax", "jax-np": "jax", "torch": "torch", "torch.func": "torch", "autograd": "autograd"}
PATIENCE = 240  # seconds of a peer on a problem
OURS = "matcalc"
WAYS = (OURS, "blocks", "workspace")  # how our code can be asked for: beside a peer the best is what a user takes
# What the generated code is held to: a peer, the problems of an order (0: all), and the least geometric mean of ratios.
AIMS = (("numpy", 0, 1 / 1.05), ("jax", 0, 1.5), ("torch", 0, 3.5), ("jax", 2, 5.0), ("torch.func", 2, 80.0))
WORST = {"jax": 1 / 1.2}  # the least ratio of any problem

Times = dict[tuple[str, Size, str], dict[str, Any]]


def shown(seconds: float) -> str:
    """A time in the unit that fits.

    >>> shown(0.00123), shown(2e-5)
    ('1.23 ms', '20.0 µs')
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def geometric(ratios: Sequence[float]) -> float:
    """The geometric mean.

    >>> round(geometric([2.0, 8.0]), 6)
    4.0
    """
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan


def present() -> list[str]:
    """The peers whose library is installed; a line says which are not."""
    absent = sorted({module for module in NEEDS.values() if find_spec(module) is None})
    for module in absent:
        print(f"{module} is not installed and left out: pip install 'matcalculus[bench]'")
    return [peer for peer in PEERS if NEEDS.get(peer) not in absent]


def measured(peer: str, problem: Problem, count: int) -> list[dict[str, Any]]:
    """The lines of a peer on a problem; what did not come is told by the last."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers_at_work", peer, problem.name, str(count)]
    root = Path(__file__).parent.parent
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=PATIENCE, check=False)
        out, failed = done.stdout, done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    except subprocess.TimeoutExpired as late:
        out, failed = late.stdout or b"", [f"more than {PATIENCE} s"]
    lines = [json.loads(line) for line in out.splitlines()]
    missing = problem.sizes[len(lines) : count]
    return lines + [{"size": size, "failed": failed[0] if failed else "no result"} for size in missing]


def bound_of(problem: Problem, size: Size, here: Machine) -> float:
    """The least time of a problem on this machine."""
    inputs = inputs_of(problem, size)
    found = results(problem.straight(**inputs), problem, everything=True)
    moved = sum([array.nbytes for array in inputs.values()]) + sum([array.nbytes for array in found])
    operations, exponentials = problem.least(*size)
    return here.bound(operations, moved, exponentials)


def table(problems: Sequence[Problem], peers: Sequence[str], count: int, rounds: int, figure: str) -> Times:
    """Measure, and print a line for each problem and size as it comes."""
    here = machine()
    print(f"{here}\n")
    others = [peer for peer in peers if peer != OURS]
    print(f"{'':<44}{'matcalc':>9} {'bound':>6}" + "".join([f"{peer:>18}" for peer in others]))
    times: Times = {}
    for problem in problems:
        for _ in range(rounds):
            for peer in peers:
                for line in measured(peer, problem, count):
                    key = problem.name, tuple(line["size"]), peer
                    if key not in times or line.get(figure, math.inf) < times[key].get(figure, math.inf):
                        times[key] = line
        for size in problem.sizes[:count]:
            own = times[problem.name, size, OURS]
            label = f"{problem.name}, {'×'.join(map(str, size))}"
            if "failed" in own:
                print(f"{label:<44}{own['failed']}", flush=True)
                continue
            cells = [_cell(times[problem.name, size, peer], own, figure) for peer in others]
            share = bound_of(problem, size, here) / own[figure]
            print(f"{label:<44}{shown(own[figure]):>9} {share:>6.0%}{''.join(cells)}", flush=True)
    for (name, size, peer), line in times.items():
        if "failed" in line:
            print(f"{peer} on {name}, {'×'.join(map(str, size))}: {line['failed']}")
    return times


def _cell(line: dict[str, Any], own: dict[str, Any], figure: str) -> str:
    if "failed" in line:
        return f"{'—':>18}"
    return f"{shown(line[figure]):>10} {line[figure] / own[figure]:>6.2f}x"


def ratios(times: Times, peer: str, figure: str, order: int = 0, ways: Sequence[str] = (OURS,)) -> dict[str, float]:
    """The times of a peer over ours, by problem and size; over the best of several ways to ask for ours."""
    orders = {problem.name: problem.order for problem in PROBLEMS}
    found = {}
    for (name, size, one), line in times.items():
        own = [times[name, size, way][figure] for way in ways if figure in times.get((name, size, way), {})]
        if one == peer and figure in line and own and order in (0, orders[name]):
            found[f"{name}, {'×'.join(map(str, size))}"] = line[figure] / min(own)
    return found


def summary(times: Times, peers: Sequence[str], figure: str) -> None:
    """Geometric means, and what was aimed at."""
    print(f"\n{'geometric means of ratios':<28}{'all':>10}{'gradients':>12}{'Hessians':>12}{'least':>9}  where")
    for peer in peers:
        if peer != OURS:
            _means(peer, times, peer, figure, (OURS,))
    if set(WAYS) <= set(peers):
        print("beside the best of ours")
        for peer in peers:
            if peer not in WAYS:
                _means(f"  {peer}", times, peer, figure, WAYS)
    print()
    for peer, order, aim in AIMS:
        values = list(ratios(times, peer, figure, order).values())
        if values:
            _judge(f"{peer}, {'Hessians' if order == 2 else 'all'}, geometric mean", geometric(values), aim)
    for peer, aim in WORST.items():
        if values := list(ratios(times, peer, figure).values()):
            _judge(f"{peer}, least", min(values), aim)


def _means(label: str, times: Times, peer: str, figure: str, ways: Sequence[str]) -> None:
    found = ratios(times, peer, figure, ways=ways)
    if not found:
        return
    means = [geometric(list(ratios(times, peer, figure, order, ways).values())) for order in (0, 1, 2)]
    worst = min(found, key=found.__getitem__)
    print(f"{label:<28}{means[0]:>9.2f}x{means[1]:>11.2f}x{means[2]:>11.2f}x{found[worst]:>8.2f}x  {worst}")


def _judge(what: str, found: float, aim: float) -> None:
    print(f"{what:<40} {found:>8.2f}x  aimed at {aim:.2f}x  {'reached' if found >= aim else 'missed'}")


def drawing(times: Times, peers: Sequence[str], figure: str) -> str:
    """The share of problems in which a peer takes at most so many times as long as ours, a line for each, as SVG."""
    from matcalc.drawing.chart import Series, chart

    styles = ("line", "dashed", "dotted")
    lines = []
    for number, peer in enumerate([one for one in peers if one != OURS and ratios(times, one, figure)]):
        values = sorted(ratios(times, peer, figure).values())
        points, share = [(values[0], 0.0)], 0.0
        for place, value in enumerate(values, 1):
            points += [(value, share), (value, share := place / len(values))]
        lines.append(Series(peer, points, styles[number // 5]))
    return chart(
        lines, "Time over that of matcalc", "at most so many times as long", "share of problems", log_x=True,
        mark=(1.0, "as fast as matcalc"), width=760,
    )  # fmt: skip


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Generated code beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the first size of every problem")
    parser.add_argument("--sizes", type=int, help="the first sizes of every problem, so many")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="a part of a problem, or a peer")
    parser.add_argument("--rounds", type=int, default=1, help="repeat, and keep the least")
    parser.add_argument("--median", action="store_true", help="compare medians, not least times")
    parser.add_argument("-o", "--output", type=Path, help="draw the ratios as SVG")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> None:
    """Measure, and print."""
    options = _options(arguments)
    asked = [peer for peer in options.only if peer in PEERS]
    words = [word for word in options.only if word not in PEERS]
    problems = [one for one in PROBLEMS if not words or any(word in one.name for word in words)]
    peers = [peer for peer in present() if not asked or peer in (OURS, *asked)]
    if not problems:
        raise SystemExit(f"there is no such problem: {', '.join([one.name for one in PROBLEMS])}")
    figure = "median" if options.median else "least"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"Python {platform.python_version()}"
    print(f"{python}, {os.cpu_count()} processors{load}, {THREADS} threads, float64, {figure} times")
    count = 1 if options.quick else options.sizes or max([len(one.sizes) for one in problems])
    times = table(problems, peers, count, options.rounds, figure)
    summary(times, peers, figure)
    if options.output:
        options.output.write_text(drawing(times, peers, figure), encoding="utf-8")
        print(f"wrote {options.output}")


if __name__ == "__main__":
    main(sys.argv[1:])
