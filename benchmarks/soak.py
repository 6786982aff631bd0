"""Random programs against independent truths, for a release: ``python -m benchmarks.soak --programs 30000 --seed 1``.

Programs over the whole language are generated right by construction (`tests/typed_programs.py`); reading, value,
derivatives, generated code and writings are held against complex steps and differences through an evaluator that
shares nothing with the package (`tests/judging.py`), and where JAX is installed (extra ``bench``) the first
derivatives of some against `jax.jacrev` as well (``--jax 0.1`` is the share).  Every fifth program is put together from
other people's instead (`tests/composed_programs.py`; ``--composed 0.2`` is the share).  Everything that is not right is
counted by its reason; what is wrong, crashes or takes longer than the limit is printed, made small, with its seed, and
the exit code is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent / "tests"
BAD = ("wrong", "crashed", "timed out")
LIMIT = 60  # seconds of a processor for one program
SHOWN = 20  # failures that are printed in full


@dataclass
class Soaked:
    """What came of a soak: how many programs of each kind of outcome, the reasons, the cost, the failures in full."""

    programs: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_seed: int = 0
    memory: int = 0  # the largest worker's, in MB
    failures: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """Wrong results, crashes, and programs that took longer than the limit."""
        return sum(self.kinds[bad] for bad in BAD)

    @property
    def refused(self) -> dict[str, int]:
        """How often each reason was given for an answer that was refused."""
        return {reason: count for (kind, reason), count in self.reasons.most_common() if kind == "refused"}

    @property
    def answered(self) -> float:
        """The share that was answered of what could be judged."""
        tried = self.kinds["right"] + self.wrong
        return tried / max(tried + self.kinds["refused"], 1)

    def figures(self) -> dict[str, Any]:
        """As plain values, such as JSON holds."""
        return {
            "programs": self.programs, "kinds": dict(self.kinds), "wrong": self.wrong, "answered": self.answered,
            "reasons": [[kind, reason, count] for (kind, reason), count in self.reasons.most_common()],
            "seconds": self.seconds, "slowest": [self.slowest, self.slowest_seed], "memory": self.memory,
            "failures": self.failures,
        }  # fmt: skip

    def told(self) -> str:
        """The counts, a kind and a reason a line."""
        lines = [f"{self.programs} programs in {self.seconds:.0f} s; the slowest {self.slowest:.1f} s "
                 f"(seed {self.slowest_seed}), memory {self.memory} MB"]  # fmt: skip
        for kind in ("right", *BAD, "refused", "unjudged"):
            lines.append(f"  {kind:<10} {self.kinds[kind]:>7}  {100 * self.kinds[kind] / max(self.programs, 1):6.2f} %")
            lines += [f"      {count:>5}  {reason}" for (of, reason), count in self.reasons.most_common() if of == kind]
        return "\n".join([*lines, f"answered {100 * self.answered:.2f} % of what could be judged"])


class TimedOut(BaseException):
    """A program took longer than the limit; nothing may catch it on the way."""


def _alarm(*_: Any) -> None:
    raise TimedOut


def _start() -> None:
    """What every worker needs: the tests' modules, one thread each, an alarm."""
    sys.path.insert(0, str(TESTS))
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _alarm)


def one(task: tuple[int, float, float]) -> tuple[int, str, str, str, float, int]:
    """A program's seed, the kind of outcome, its reason, what is to be printed, seconds, and the peak memory in MB."""
    seed, share, composed = task
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        kind, reason, told = (_composed if seed * 6007 % 1000 < composed * 1000 else _typed)(seed, share)
    except TimedOut:
        kind, reason, told = "timed out", f"longer than {LIMIT} s", f"seed {seed}"
    signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = time.process_time() - began
    return seed, kind, reason, told, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _typed(seed: int, share: float) -> tuple[str, str, str]:
    from judging import Setting, judge
    from typed_programs import generate

    program = generate(seed)
    setting = Setting(seed, program)
    try:
        outcome = judge(program, setting, _jax if seed * 7919 % 1000 < share * 1000 else None)
        kind, reason, told = outcome.kind, outcome.reason, f"{outcome}"
    except Exception as failure:
        kind, reason = "crashed", f"{type(failure).__name__}: {failure}"
        told = f"{program.text(setting.syntax)}\n{traceback.format_exc(limit=-3)}"
    if kind in ("wrong", "crashed"):
        told = f"{_small(program, setting, kind, reason)}\n{told}"
    return kind, reason, told


def _composed(seed: int, share: float) -> tuple[str, str, str]:
    from composed_programs import compose
    from judging_sources import judge_source

    text = compose(seed)
    try:
        outcome = judge_source(text, seed)
    except Exception as failure:
        return "crashed", f"{type(failure).__name__}: {failure}", f"{text}\n{traceback.format_exc(limit=-3)}"
    return outcome.kind, outcome.reason, f"{outcome}"


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

    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        text: str = minimised(program, fails).text(setting.syntax)
    except TimedOut:
        text = "(could not be made smaller in time)"
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


def measure(programs: int = 30000, seed: int = 1, **options: Any) -> dict[str, Any]:
    """The figures of a soak, for a table of them; failures are printed as they come."""
    return soak(programs, seed, shown=lambda text: print(text, flush=True), **options).figures()


def again(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of a soak after its failures were judged once more, by what the code does now; ``again`` counts
    those that are none any more.

    Raises `ValueError` where there were more failures than were kept.
    """
    kinds = Counter(figures["kinds"])
    reasons = Counter({(kind, reason): n for kind, reason, n in figures["reasons"] if kind not in BAD})
    if sum(kinds[bad] for bad in BAD) != len(figures["failures"]):
        raise ValueError("not all failures were kept: run the soak again")
    _start()
    failures = []
    for told in figures["failures"]:
        head, kind = told.removeprefix("seed ").split(": ")[:2]
        _, new, reason, text, *_ = one((int(head), 0.1, 0.2))
        kinds[kind.strip()] -= 1
        kinds[new] += 1
        if new != "right":
            reasons[new, reason.split("; ")[0][:100]] += 1
        if new in BAD:
            failures.append(f"seed {head}: {new}: {text}\n")
    mended = figures.get("again", 0) + len(figures["failures"]) - len(failures)
    left = [[kind, reason, n] for (kind, reason), n in reasons.most_common()]
    return {**figures, "kinds": dict(kinds), "reasons": left, "failures": failures, "again": mended,
            "wrong": len(failures)}  # fmt: skip


def soak(
    programs: int = 30000, seed: int = 1, *, minutes: float = float("inf"), processes: int | None = None,
    jax: float = 0.1, composed: float = 0.2, shown: Callable[[str], None] = lambda text: None,
) -> Soaked:  # fmt: skip
    """Judge so many programs; ``shown`` is called with every failure, made small, when it is found."""
    began, found = time.monotonic(), Soaked()
    processes = processes or os.cpu_count() or 1
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _start, maxtasksperchild=2000) as pool:
        tasks = _tasks(seed, programs, (jax, composed), began + 60 * minutes)
        for of, kind, reason, told, seconds, peak in pool.imap_unordered(one, _paced(tasks, pool, processes)):
            found.programs += 1
            found.kinds[kind] += 1
            if kind != "right":
                found.reasons[kind, reason.split("; ")[0][:100]] += 1
            if seconds > found.slowest:
                found.slowest, found.slowest_seed = seconds, of
            found.memory = max(found.memory, peak)
            if kind in BAD and len(found.failures) < SHOWN:
                found.failures.append(f"seed {of}: {kind}: {told}\n")
                shown(found.failures[-1])
    found.seconds = time.monotonic() - began
    return found


def _tasks(seed: int, programs: int, shares: tuple[float, float], until: float) -> Iterator[tuple[int, float, float]]:
    for k in range(programs):
        if time.monotonic() > until:
            return
        yield seed + k, *shares


def main() -> int:
    """Run, count, print; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="random programs against truths")
    parser.add_argument("--programs", type=int, default=30000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--jax", type=float, default=0.1, help="the share that JAX sees too")
    parser.add_argument("--composed", type=float, default=0.2, help="the share that is put together from the corpus")
    given = parser.parse_args()
    found = soak(
        given.programs, given.seed, minutes=given.minutes, processes=given.processes, jax=given.jax,
        composed=given.composed, shown=lambda text: print(text, flush=True),
    )  # fmt: skip
    print(found.told())
    return 1 if found.wrong or not found.kinds["right"] else 0


def _paced(tasks: Iterator[Any], pool: Any, processes: int) -> Iterator[Any]:
    """Tasks as they are needed: the pool would take all of them at once, and a limit of time would mean nothing."""
    for task in tasks:
        while pool._taskqueue.qsize() > 4 * processes:
            time.sleep(0.005)
        yield task


if __name__ == "__main__":
    sys.exit(main())
