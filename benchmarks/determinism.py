"""Whether the same input gives the same bytes: ``python -m benchmarks.determinism``.

Two hundred programs, of the corpus and at random, in every format, under twenty seeds of Python's hashes; under half
of them in the opposite order, so that nothing depends on what was derived before in the same process.  One process for
each seed prints a digest for every program and format.  ``--seeds N`` and ``--programs N`` make it shorter,
``--python PATH`` (repeated) adds interpreters, which must have the same versions of the libraries.  The exit code is 1
where anything differs; it is told what.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PROGRAMS, SEEDS = 200, 20
NOTE = "```matcalc show=both\n%s\n```\n\n```matcalc derive wrt=%s\n```\n"
FORMATS = {
    "text": ["derive", "--no-check"],
    "steps": ["derive", "--no-check", "--steps", "full"],
    "latex": ["derive", "--no-check", "--format", "latex"],
    "source": ["derive", "--no-check", "--format", "source"],
    "indices": ["derive", "--no-check", "--format", "indices"],
    "json": ["derive", "--no-check", "--steps", "--format", "json"],
    "code": ["code", "--no-check"],
    "svg": ["graph", "--format", "svg"],
    "check": ["check"],
}


def programs(count: int) -> list[tuple[str, str, str, str]]:
    """Programs with a name, their variable and syntax: as many of the corpus as at random.

    >>> len(programs(4)), programs(4)[3][0]
    (4, 'random 1')
    """
    sys.path.insert(0, str(ROOT / "tests"))
    from programs import Programs

    cases: list[dict[str, Any]] = json.loads((ROOT / "tests/corpus/public.json").read_text(encoding="utf-8"))["cases"]
    chosen = cases[:: max(1, len(cases) // (count - count // 2))][: count - count // 2]
    found = [(case["id"], case["program"], case["wrt"][0], case["syntax"]) for case in chosen]
    for seed in range(count - len(found)):
        maker = Programs(seed)
        text = maker.program(3)
        found.append((f"random {seed}", text, sorted(maker.inputs)[0], "numpy"))
    return found


def digests(count: int, *, backwards: bool) -> Iterator[tuple[str, str]]:
    """Every program and format in this process, and the digest of what it gives, errors too."""
    from click.testing import CliRunner

    from matcalc.cli.group import matcalc

    runner = CliRunner()
    todo = programs(count)
    for name, text, variable, syntax in reversed(todo) if backwards else todo:
        more = [text, "--wrt", variable, "--syntax", syntax]
        runs = {form: (words + more, "") for form, words in FORMATS.items()}
        if syntax == "numpy":
            runs["note"] = (["note", "-", "--to", "html", "--no-cache", "--no-check"], NOTE % (text, variable))
        for form, (words, given) in reversed(list(runs.items())) if backwards else runs.items():
            done = runner.invoke(matcalc, words, input=given)
            if done.exit_code not in (0, 1, 2):
                raise SystemExit(f"{name}, {form}: exit code {done.exit_code}: {done.stderr}")
            whole = f"{done.exit_code}\0{done.stdout}\0{done.stderr}"
            yield f"{name}, {form}", hashlib.sha256(whole.encode()).hexdigest()


def child(python: str, seed: int, count: int) -> dict[str, str]:
    """The digests of a process with that seed; odd seeds go backwards."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    words = [python, "-W", "ignore", "-m", "benchmarks.determinism", "--child", str(seed % 2), "--programs", str(count)]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{python}, seed {seed}: {done.stderr.decode(errors='replace')[-2000:]}")
    return dict(json.loads(done.stdout))


def differing(found: Sequence[tuple[str, dict[str, str]]]) -> list[str]:
    """What is not the same everywhere, and where it differs from the first.

    >>> differing([("one", {"a": "1", "b": "2"}), ("two", {"a": "1", "b": "3"})])
    ['b: two differs from one']
    """
    first, truth = found[0]
    told = []
    for key, digest in truth.items():
        others = [name for name, digests in found[1:] if digests.get(key) != digest]
        if others:
            told.append(f"{key}: {', '.join(others)} differs from {first}")
    return told


def measure(count: int, seeds: int, pythons: Sequence[str] = (), jobs: int = 1) -> dict[str, Any]:
    """The figures: programs, outputs and processes, and what is not the same everywhere."""
    tasks = [(sys.executable, seed) for seed in range(seeds)]
    tasks += [(python, seed) for python in pythons for seed in range(min(2, seeds))]
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda job: child(*job, count), tasks))
    told = differing([(f"{Path(p).parent.parent.name} seed {s}", r) for (p, s), r in zip(tasks, results, strict=True)])
    return {"programs": count, "seeds": seeds, "outputs": len(results[0]), "processes": len(tasks), "differ": told}


def main(arguments: Sequence[str]) -> int:
    """Run, and tell what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.determinism")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--programs", type=int, default=PROGRAMS)
    parser.add_argument("--python", action="append", default=[], help="a further interpreter")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        print(json.dumps(list(digests(options.programs, backwards=bool(options.child)))))
        return 0
    found = measure(options.programs, options.seeds, options.python, os.cpu_count() or 1)
    print("\n".join(found["differ"]))
    outputs, processes = found["outputs"], found["processes"]
    print(f"{options.programs} programs, {outputs} outputs, {processes} processes: {len(found['differ'])} differ")
    return 1 if found["differ"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
