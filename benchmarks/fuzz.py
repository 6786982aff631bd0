"""Fuzzing: ``python -m benchmarks.fuzz --inputs 100000 [--seed 0]``.

Every input ends in a result or in an error of the contract, within two seconds of processor time and 512 MiB.  Batches
run in processes of their own, so that a crash and a hang are found as well, and the input that did it is printed.  The
exit code is 1 where an input did what none may.  ``--only SEED/NUMBER`` shows one input and runs it here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.fuzz_inputs import ROOT, Input, make
from benchmarks.fuzz_worker import MEGABYTES, SECONDS, run

BATCH = 500
STUCK = 60.0  # seconds without a word, after which a process is ended


class Found:
    """What the batches gave: how inputs ended, the slowest, the largest, and the troubles."""

    def __init__(self) -> None:
        self.ended: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.troubles: list[tuple[int, str]] = []
        self.slowest: tuple[float, int] = (0.0, -1)
        self.largest: tuple[float, int] = (0.0, -1)

    def add(self, line: dict[str, object], before: float) -> float:
        """One input that ended; the peak of its process so far."""
        number, took, peak = int(str(line["end"])), float(str(line["took"])), float(str(line["peak"]))
        self.ended[str(line["ended"] or "trouble")] += 1
        self.kinds[str(line["kind"])] += 1
        self.slowest = max(self.slowest, (took, number))
        if peak > before:
            self.largest = max(self.largest, (peak, number))
        if line["trouble"]:
            self.troubles.append((number, str(line["trouble"])))
        elif peak > MEGABYTES and peak > before:
            self.troubles.append((number, f"{peak:.0f} MiB"))
        return max(peak, before)


def batch(seed: int, first: int, last: int, found: Found) -> None:
    """Inputs of a range, by as many processes as it takes: one that dies is followed by one that goes on behind."""
    while first < last:
        with tempfile.TemporaryDirectory(prefix="matcalc-fuzz-") as folder:
            state = Path(folder) / "state.jsonl"
            asked = [str(word) for word in (seed, first, last, state)]
            _watched([sys.executable, "-m", "benchmarks.fuzz_worker", *asked], state)
            lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
        peak = 0.0
        for line in lines:
            peak = found.add(line, peak) if "end" in line else peak
        started = [line["start"] for line in lines if "start" in line]
        if lines and "done" in lines[-1]:
            return
        if not started:
            raise SystemExit("a process of the fuzzer does not start")
        if "end" not in lines[-1]:
            found.troubles.append((started[-1], "the process died or hung"))
        first = started[-1] + 1


def _watched(command: list[str], state: Path) -> None:
    """Run until it ends, or until it has not said a word for long."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "MATCALC_CACHE": str(state.parent)}
    process = subprocess.Popen(
        command, cwd=state.parent, env=variables, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    size, since = -1, time.monotonic()
    while True:
        try:
            process.wait(0.5)
            return
        except subprocess.TimeoutExpired:
            now = state.stat().st_size if state.exists() else 0
            size, since = (now, time.monotonic()) if now != size else (size, since)
            if time.monotonic() - since > STUCK:
                process.kill()
                process.wait()
                return


def fuzz(inputs: int, seed: int, jobs: int = 1) -> Found:
    """So many inputs of a seed, by so many processes at a time."""
    found = Found()
    ranges = [(first, min(inputs, first + BATCH)) for first in range(0, inputs, BATCH)]
    with ThreadPoolExecutor(jobs) as pool:
        for done, _ in enumerate(pool.map(lambda ends: batch(seed, *ends, found), ranges), 1):
            if sys.stderr.isatty():
                print(f"\r{min(done * BATCH, inputs)} inputs, {len(found.troubles)} troubles ", end="", file=sys.stderr)
    return found


def measure(inputs: int, seed: int, jobs: int = 1) -> dict[str, Any]:
    """The figures: inputs, how they ended, the worst time and memory, and what did what none may."""
    found = fuzz(inputs, seed, jobs)
    return {
        "inputs": sum(found.kinds.values()), "seed": seed, "ended": dict(found.ended), "seconds": found.slowest[0],
        "slowest": f"{seed}/{found.slowest[1]}", "megabytes": found.largest[0],
        "troubles": [f"{seed}/{number}: {trouble}" for number, trouble in sorted(found.troubles)],
    }  # fmt: skip


def shown(found: Found, seed: int, most: int = 40) -> str:
    """The figures, and the inputs that did what none may."""
    took, slow = found.slowest
    peak, large = found.largest
    lines = [
        f"inputs {sum(found.kinds.values())}: " + ", ".join(f"{kind} {n}" for kind, n in found.kinds.most_common()),
        "ended: " + ", ".join(f"{how} {n}" for how, n in found.ended.most_common()),
        f"slowest: {took:.2f} s of processor time ({seed}/{slow}), allowed {SECONDS:g} s",
        f"largest: {peak:.0f} MiB ({seed}/{large}), allowed {MEGABYTES} MiB",
        f"troubles: {len(found.troubles)}",
    ]
    for number, trouble in sorted(found.troubles)[:most]:
        given = make(seed, number)
        lines += [f"  {seed}/{number} {given.kind} {given.syntax}: {trouble}", f"    {_short(given)}"]
    return "\n".join(lines)


def _short(given: Input) -> str:
    return ascii(given.words if given.way == "command" else given.text)[:300]


def main() -> int:
    """Run, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--only", metavar="SEED/NUMBER")
    asked = parser.parse_args()
    if asked.only:
        given = make(*map(int, asked.only.split("/")))
        print(given.way, given.syntax, ascii(given.words))
        print(run(given))
        return 0
    found = fuzz(asked.inputs, asked.seed, asked.jobs)
    print(shown(found, asked.seed))
    return 1 if found.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
