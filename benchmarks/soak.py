"""Random programs against independent truths, for a release: ``python -m benchmarks.soak --programs 30000 --seed 1``.

Programs over the whole language are generated right by construction (`tests/typed_programs.py`); reading, value,
derivatives, generated code and writings are held against complex steps and differences through an evaluator that
shares nothing with the package (`tests/judging.py`), and where JAX is installed (extra ``bench``) the first
derivatives of some against `jax.jacrev` as well (``--jax 0.1`` is the share).  Everything that is not right is counted
by its reason; what is wrong, crashes or takes longer than the limit is printed, made small, with its seed, and the exit
code is 1.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent / "tests"
BAD = ("wrong", "crashed", "timed out")
LIMIT = 60  # seconds for one program
SHOWN = 20  # failures that are printed in full


class TimedOut(BaseException):
    """A program took longer than the limit; nothing may catch it on the way."""


def _alarm(*_: Any) -> None:
    raise TimedOut


def _start() -> None:
    """What every worker needs: the tests' modules, one thread each, an alarm."""
    sys.path.insert(0, str(TESTS))
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _alarm)


def one(task: tuple[int, float]) -> tuple[int, str, str, str, float, int]:
    """A program's seed, the kind of outcome, its reason, what is to be printed, seconds, and the peak memory in MB."""
    from judging import Setting, judge
    from typed_programs import generate

    seed, share = task
    began = time.perf_counter()
    program = generate(seed)
    setting = Setting(seed, program)
    signal.alarm(LIMIT)
    try:
        outcome = judge(program, setting, _jax if seed * 7919 % 1000 < share * 1000 else None)
        kind, reason, told = outcome.kind, outcome.reason, f"{outcome}"
    except TimedOut:
        kind, reason, told = "timed out", f"longer than {LIMIT} s", program.text(setting.syntax)
    except Exception as failure:
        kind, reason = "crashed", f"{type(failure).__name__}: {failure}"
        told = f"{program.text(setting.syntax)}\n{traceback.format_exc(limit=-3)}"
    signal.alarm(0)
    seconds = time.perf_counter() - began
    if kind in ("wrong", "crashed"):
        told = f"{_small(program, setting, kind, reason)}\n{told}"
    return seed, kind, reason, told, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _small(program: Any, setting: Any, kind: str, reason: str) -> str:
    """The program made as small as it fails in the same way."""
    from judging import judge
    from typed_programs import minimised

    def fails(other: Any) -> bool:
        try:
            found = judge(other, setting)
            return found.kind == kind and found.reason.split(" by ")[0] == reason.split(" by ")[0]
        except Exception as failure:
            return kind == "crashed" and reason.startswith(type(failure).__name__)

    signal.alarm(LIMIT)
    try:
        text: str = minimised(program, fails).text(setting.syntax)
    except TimedOut:
        text = "(could not be made smaller in time)"
    signal.alarm(0)
    return f"minimised, syntax {setting.syntax}, structure {setting.structure}, order {setting.order}:\n{text}\n"


def _jax(program: Any, setting: Any, truth: Any, wanted: Any) -> None:
    """Hold the truth itself against JAX: the value by jax.numpy, the derivatives by reverse mode."""
    try:
        import jax
    except ImportError:
        return
    import numpy as np
    from terms import REAL
    from truth import Truth, Unjudged, projected

    jax.config.update("jax_enable_x64", True)
    if setting.structure != "projection" or program.operations() & {*REAL, "where", "max", "min"}:
        return
    names = [name for name in truth.inputs if name in wanted]
    if not names:
        return
    other = Truth.__new__(Truth)
    other.program, other.module, other.inputs = program, jax.numpy, truth.inputs
    other.shapes, other.seen = truth.shapes, None

    def value(moved: Any) -> Any:
        return other.at(dict(zip(names, moved, strict=True)))

    found = jax.jacrev(value)([jax.numpy.zeros(truth.inputs[name].shape) for name in names])
    used = program.used()
    for name, array in zip(names, found, strict=True):
        theirs = projected(np.asarray(array), used[name], "projection", truth.value.ndim)
        scale = max(1e-2, float(np.max(np.abs(wanted[name]), initial=0)))
        if np.all(np.isfinite(theirs)) and not np.max(np.abs(theirs - wanted[name]), initial=0) <= 1e-6 * scale:
            raise Unjudged("the two truths differ")


def _tasks(seed: int, programs: int, share: float, until: float) -> Iterator[tuple[int, float]]:
    for k in range(programs):
        if time.monotonic() > until:
            return
        yield seed + k, share


def main() -> int:
    """Run, count, print; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="random programs against truths")
    parser.add_argument("--programs", type=int, default=30000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--jax", type=float, default=0.1, help="the share that JAX sees too")
    chosen = parser.parse_args()
    began = time.monotonic()
    kinds: collections.Counter[str] = collections.Counter()
    reasons: collections.Counter[tuple[str, str]] = collections.Counter()
    worst, memory = (0.0, 0), 0
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(chosen.processes, _start, maxtasksperchild=2000) as pool:
        tasks = _tasks(chosen.seed, chosen.programs, chosen.jax, began + 60 * chosen.minutes)
        for seed, kind, reason, told, seconds, peak in pool.imap_unordered(one, _paced(tasks, pool, chosen.processes)):
            kinds[kind] += 1
            if kind != "right":
                reasons[kind, reason.split("; ")[0][:100]] += 1
            worst, memory = max(worst, (seconds, seed)), max(memory, peak)
            if kind in BAD and sum(kinds[bad] for bad in BAD) <= SHOWN:
                print(f"seed {seed}: {kind}: {told}\n", flush=True)
    _report(kinds, reasons, worst, memory, time.monotonic() - began)
    return 1 if any(kinds[bad] for bad in BAD) or not kinds["right"] else 0


def _paced(tasks: Iterator[tuple[int, float]], pool: Any, processes: int) -> Iterator[tuple[int, float]]:
    """Tasks as they are needed: the pool would take all of them at once, and a limit of time would mean nothing."""
    for task in tasks:
        while pool._taskqueue.qsize() > 4 * processes:
            time.sleep(0.005)
        yield task


def _report(kinds: Any, reasons: Any, worst: tuple[float, int], memory: int, seconds: float) -> None:
    tried = sum(kinds.values())
    print(f"{tried} programs in {seconds:.0f} s; the slowest {worst[0]:.1f} s (seed {worst[1]}), memory {memory} MB")
    for kind in ("right", *BAD, "refused", "unjudged"):
        print(f"  {kind:<10} {kinds[kind]:>7}  {100 * kinds[kind] / max(tried, 1):6.2f} %")
        for (of, reason), count in reasons.most_common():
            if of == kind:
                print(f"      {count:>5}  {reason}")
    answered = kinds["right"] + sum(kinds[bad] for bad in BAD)
    print(f"answered {100 * answered / max(answered + kinds['refused'], 1):.2f} % of what could be judged")


if __name__ == "__main__":
    sys.exit(main())
