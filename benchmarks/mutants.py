"""Whether the tests would notice: ``python -m benchmarks.mutants [--quick] [--only WORD] [--report FILE]``.

Every row of the tables is changed token by token (`benchmarks.mutations`), and a sample of the code of the index
algebra, of the reading back and of the shapes statement by statement.  The tests are collected once; each mutant lives
in a child process, in which the change is made in memory and the tests that concern it are run until one fails.  A
mutant that none notices survives.  Survivors that cannot be noticed, as they compute the same, are listed with why.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import mutations
from benchmarks.equivalents import reason_of
from benchmarks.mutations import Mutant

__all__ = ["measure"]

MODULES = [
    *["calculus." + name for name in (
        "contraction", "terms", "reading", "writing", "grouping", "simplify", "sums", "factoring", "lowering",
        "multilinear", "inverses", "powers")],
    "operations.shapes", "language.dimensions",
]  # fmt: skip
TABLES = ["tests/test_calculus_laws.py", "tests/test_codegen_values.py", "tests/test_fact_rules.py",
          "tests/test_facts.py", "tests/test_table_rows.py"]
CODE = ["tests/test_simplify.py", "tests/test_indices.py", "tests/test_reading.py", "tests/test_entries.py",
        "tests/test_corpus.py", "tests/test_beyond.py", "tests/test_language.py", "tests/test_language_dimensions.py",
        "tests/test_language_inference.py", "tests/test_language_errors.py", "tests/test_where_others_fail.py"]
SLOW = ("planted", "deep", "test_numbers", "large", "test_products[")  # by name: never run
LIMIT = 90  # seconds of one mutant: one that loops is noticed by that
MEMORY = 3 * 2**30


def concerns(mutant: Mutant, item: Any) -> bool:
    """Whether a test concerns a mutant."""
    group, _, name = mutant.group.partition(" ")
    file, test = item.location[0].rpartition("/")[2], item.name
    if group == "code":
        if file == "test_calculus_laws.py":
            return test.startswith(("test_law_against", "test_jacobian_against"))
        return f"tests/{file}" in CODE and item.duration < 2
    if file == "test_table_rows.py":
        return f"[{name}]" in test or f"[{name}-" in test
    if group == "facts":
        return (file == "test_fact_rules.py" and f"[{name}]" in test) or file == "test_facts.py"
    of_values = file == "test_codegen_values.py" and (f"[{name}]" in test or f"[{name}-" in test)
    if group == "numpy":
        return of_values
    if group in ("law", "einsum", "bound"):
        by_laws = f"[{name}]" in test and "planted" not in test and "source" not in test
        return (file == "test_calculus_laws.py" and (by_laws or "through_kron" in test)) or (
            group == "einsum" and of_values)
    return False


class Runner:
    """A plugin of pytest: in the place of the tests' run, mutants are run."""

    def __init__(
        self, mutants: Callable[[], list[Mutant]], jobs: int, tell: Callable[[str], None], seconds: float
    ) -> None:
        self.mutants, self.jobs, self.tell = mutants, jobs, tell
        self.until = time.monotonic() + seconds
        self.found: list[tuple[Mutant, str]] = []  # with the test that noticed it, or "" for a survivor

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all mutants."""
        session.items[:] = [item for item in session.items if not any(word in item.name for word in SLOW)]
        self._baseline(session.items)
        session.items.sort(key=lambda item: item.duration)  # type: ignore[attr-defined]
        todo = self.mutants()
        self.tell(f"{len(todo)} mutants")
        random.Random(1).shuffle(todo)  # so that a run that is cut short has seen a sample
        running: dict[int, tuple[Mutant, int, float]] = {}
        while todo or running:
            if time.monotonic() > self.until:
                todo.clear()
            while todo and len(running) < self.jobs:
                mutant = todo.pop(0)
                items = [item for item in session.items if concerns(mutant, item)]
                running.update([self._started(mutant, items)])
            if running:
                self._collect(running)
        return True

    def _baseline(self, items: Sequence[Any]) -> None:
        """How long each test takes, and that it passes as things are."""
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            _quietly()
            lines = []
            for item in items:
                start = time.perf_counter()
                ok = passes(item)
                lines.append(f"{int(ok)} {time.perf_counter() - start}")
            os.write(write, "\n".join(lines).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as stream:
            lines = stream.read().splitlines()
        os.waitpid(pid, 0)
        for item, line in zip(items, lines, strict=True):
            ok, seconds = line.split()
            item.duration = float(seconds)
            if ok == "0":
                self.tell(f"fails as things are, so left out: {item.nodeid}")
                item.duration = 1e9
        items[:] = [item for item in items if item.duration < 1e9]  # type: ignore[index]
        self.tell(f"{len(items)} tests, {sum(item.duration for item in items):.0f} s")

    def _started(self, mutant: Mutant, items: Sequence[Any]) -> tuple[int, tuple[Mutant, int, float]]:
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return pid, (mutant, read, time.monotonic())
        _quietly()
        signal.alarm(LIMIT)
        told = "survived"
        try:
            mutant.apply()
            _forget()
        except BaseException as error:
            told = f"refused: {type(error).__name__}"
        else:
            told = next((item.nodeid for item in items if not passes(item)), "survived" if items else "no test")
        os.write(write, told.encode()[:4000])
        os._exit(0)

    def _collect(self, running: dict[int, tuple[Mutant, int, float]]) -> None:
        pid, _ = os.wait()
        mutant, read, start = running.pop(pid)
        with os.fdopen(read) as stream:
            told = stream.read() or "time out"
        survived = told in ("survived", "no test")
        self.found.append((mutant, "" if survived else told))
        if survived:
            self.tell(f"survived ({time.monotonic() - start:.1f} s, {told}): {mutant!r}")


def passes(item: Any) -> bool:
    """Run one collected test."""
    from _pytest.runner import runtestprotocol

    try:
        return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))
    except BaseException:
        return False


def _quietly() -> None:
    import resource

    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _forget() -> None:
    """What was computed before the change is not kept."""
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper):
            module = getattr(one, "__module__", "")
            if module.startswith(("matcalc.calculus", "matcalc.facts", "matcalc.language", "matcalc.render")):
                one.cache_clear()


def table_mutants() -> list[Mutant]:
    """All mutants of the tables."""
    from tests.test_calculus_laws import cases  # the arguments that each operation takes

    return [*mutations.of_operations(cases), *mutations.of_facts()]


def run(
    files: Sequence[str], mutants: Callable[[], list[Mutant]], *, jobs: int = 2, tell: Callable[[str], None] = print,
    seconds: float = 1e9,
) -> list[tuple[Mutant, str]]:
    """Run mutants on the tests of some files."""
    runner = Runner(mutants, jobs, tell, seconds)
    sys.path.insert(0, "tests")
    files = [file for file in files if Path(file).exists()]
    pytest.main([*files, "-q", "-p", "no:cacheprovider", "-p", "no:doctest", "-o", "addopts=", "-s"], plugins=[runner])
    return runner.found


def figures(found: Sequence[tuple[Mutant, str]]) -> dict[str, Any]:
    """The figures of a run: by module, how many, noticed, equivalent; and the survivors that are not."""
    tried, killed, same = Counter(), Counter(), Counter()  # type: ignore[var-annotated]
    survivors: list[str] = []
    equivalent: list[str] = []
    for mutant, test in found:
        tried[mutant.module] += 1
        if test:
            killed[mutant.module] += 1
            continue
        reason = reason_of(mutant)
        if reason:
            same[mutant.module] += 1
            equivalent.append(f"{mutant!r}: {reason}")
        else:
            survivors.append(repr(mutant))
    return {
        "mutants": sum(tried.values()), "killed": sum(killed.values()), "equivalent": equivalent,
        "survivors": survivors,
        "by_module": {module: (tried[module], killed[module], same[module]) for module in tried},
    }  # fmt: skip


def measure(
    code: int = 20, *, tables: bool = True, every: int = 1, seed: int = 1, only: str = "", jobs: int = 2,
    seconds: float = 1e9, tell: Callable[[str], None] = print,
) -> dict[str, Any]:
    """The figures of all mutants of the tables, or of ``every`` so manieth, and of ``code`` ones of each module."""
    pick = lambda some: [m for m in some if only in f"{m.module} {m!r}"][::every]  # noqa: E731
    found: list[tuple[Mutant, str]] = []
    if tables:
        found += run(TABLES, lambda: pick(table_mutants()), jobs=jobs, tell=tell,
                     seconds=seconds)
    if code:
        found += run(
            [*CODE, "tests/test_calculus_laws.py"],
            lambda: [m for name in MODULES for m in mutations.of_code(f"matcalc.{name}", code, seed)
                     if only in f"{m.module} {m!r}"],
            jobs=jobs, tell=tell, seconds=seconds,
        )  # fmt: skip
    return figures(found)


def report(found: dict[str, Any], command: str, seconds: float) -> str:
    """The report, in Markdown."""
    lines = [
        "# Mutation testing", "",
        f"Written by `{command}` on {time.strftime('%Y-%m-%d')}, in {seconds / 60:.0f} minutes. A mutant is the code"
        " with one token of a table's row, or one piece of the syntax of a function, changed; it is killed where a test"
        " fails. What is equivalent computes the same, with the reason below.", "",
        "| module | mutants | killed | equivalent | surviving |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for module, (tried, killed, same) in found["by_module"].items():
        lines.append(f"| {module} | {tried} | {killed} | {same} | {tried - killed - same} |")
    total = found["mutants"], found["killed"], len(found["equivalent"]), len(found["survivors"])
    lines += ["| **all** | " + " | ".join(f"**{n}**" for n in total) + " |", "", "## Surviving", ""]
    lines += [f"- `{line}`" for line in found["survivors"]] or ["None."]
    lines += ["", "## Equivalent", "", *[f"- `{line.rpartition(': ')[0]}`: {line.rpartition(': ')[2]}"
                                           for line in found["equivalent"]]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run, and print the figures or write the report."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the mutants")
    parser.add_argument("--only", default="", help="those whose description contains a word")
    parser.add_argument("--code", type=int, default=20, help="how many mutants of each module of code")
    parser.add_argument("--no-tables", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1e9, help="for the tables and for the code, each")
    parser.add_argument("--report", type=Path, help="the Markdown file to write")
    given = parser.parse_args()
    start = time.monotonic()
    found = measure(
        2 if given.quick else given.code, tables=not given.no_tables, every=10 if given.quick else 1, seed=given.seed,
        only=given.only, jobs=given.jobs, seconds=given.seconds, tell=lambda line: print(line, flush=True),
    )  # fmt: skip
    text = report(found, f"python -m benchmarks.mutants {' '.join(sys.argv[1:])}".strip(), time.monotonic() - start)
    if given.report:
        given.report.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
