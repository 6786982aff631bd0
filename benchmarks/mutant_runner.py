"""How mutants are run: the tests are collected once, and each mutant lives in a child process of its own.

In the child the change is made in memory, what was computed before is forgotten, and the tests that concern the mutant
are run until one fails.  Of a row of a table these are the tests of that row, by name.  Of code they are the tests that
run the mutated line: which ones these are is found once, by tracing every test, and can be kept in a file.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mutations import Mutant

__all__ = ["Runner", "run"]

SLOW = ("planted", "deep", "test_numbers", "large", "test_products[")  # by name: never run
MEMORY = 3 * 2**30
FOLDER = Path(__file__).parent.parent
SURVIVED, UNTESTED = "survived", "no test runs it"

# the files of tests by what is mutated: of each file, the tests whose parameter is the operation
BY_ROW = {
    "law": ("test_calculus_laws.py", "test_laws_as_stated.py"), "bound": ("test_table_rows.py",),
    "einsum": ("test_calculus_laws.py", "test_laws_as_stated.py"),
    "numpy": ("test_codegen_values.py",), "sample": ("test_table_rows.py",),
    "spelling": ("test_table_rows.py",), "facts": ("test_fact_rules.py", "test_facts_complete.py"),
    "closure": ("test_facts_complete.py",),
}  # fmt: skip


def of_row(mutant: Mutant, items: Sequence[Any]) -> list[Any]:
    """The tests of the row that a mutant changes."""
    group, _, op = mutant.group.partition(" ")
    chosen = []
    for item in items:
        file, test = item.location[0].rpartition("/")[2], item.name
        named = f"[{op}]" in test or f"[{op}-" in test
        if group == "closure":
            named = "[closure]" in test or test.startswith(("test_declared", "test_constants", "test_dimensions"))
        if file in BY_ROW[group] and (named or (op == "kron" and "through_kron" in test)):
            chosen.append(item)
    return chosen


class Runner:
    """A plugin of pytest: in the place of the tests' run, mutants are run.

    ``modules`` are those whose lines are traced, ``kept`` the file in which that is kept, ``budget`` the processor's
    seconds for the tests of one mutant, ``seconds`` after which no more are begun, ``ops`` the operations whose tests
    are run (none: all).
    """

    def __init__(
        self, mutants: Callable[[], list[Mutant]], *, modules: Sequence[str] = (), jobs: int = 1, budget: float = 6,
        seconds: float = 1e9, tell: Callable[[str], None] = print, kept: Path | None = None, ops: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.mutants, self.jobs, self.tell, self.budget, self.kept = mutants, jobs, tell, budget, kept
        self.until, self.ops = time.monotonic() + seconds, ops
        self.files = {str(sys.modules[name].__file__): name for name in modules}
        self.found: list[tuple[Mutant, str]] = []  # with the test that noticed it, or "" for a survivor
        self.killers: Counter[tuple[str, str]] = Counter()  # (place, test): how often it was the one
        self.runs: dict[str, list[Any]] = {}  # "module:line": the tests that run it, quick ones first

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all mutants."""
        items = [item for item in session.items if not any(word in item.name for word in SLOW)]
        if self.ops:
            items = [item for item in items if any(f"[{op}]" in item.name or f"[{op}-" in item.name for op in self.ops)]
        _warm()
        caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
        self.caches = [one for one in caches if getattr(one, "__module__", "").startswith("matcalc.")
                       and not getattr(one, "__module__", "").startswith(("matcalc.syntax", "matcalc.phrases"))]
        items = self._baseline(items)
        todo = self.mutants()
        self.tell(f"{len(todo)} mutants")
        random.Random(1).shuffle(todo)  # so that a run that is cut short has seen a sample
        gc.collect()
        gc.freeze()  # the children share the memory
        running: dict[int, tuple[Mutant, int, float]] = {}
        while todo or running:
            if time.monotonic() > self.until:
                todo.clear()
            while todo and len(running) < self.jobs:
                mutant = todo.pop(0)
                running.update([self._started(mutant, self._ordered(mutant, items))])
            if running:
                self._collect(running)
        return True

    def _ordered(self, mutant: Mutant, items: Sequence[Any]) -> list[Any]:
        """The tests for a mutant: those that noticed its neighbours, then the quick and the specific ones."""
        if mutant.line:
            chosen = self.runs.get(mutant.where, [])
        else:
            chosen = sorted(of_row(mutant, items), key=lambda item: float(item.duration))
        place = mutant.place
        return sorted(chosen, key=lambda item: -self.killers[place, item.nodeid])

    def _baseline(self, items: Sequence[Any]) -> list[Any]:
        """How long each test takes, that it passes as things are, and which lines it runs; those that pass."""
        known: dict[str, Any] = {}
        print_of = _fingerprint(self.files)
        if self.kept and self.kept.exists():
            known = json.loads(self.kept.read_text(encoding="utf-8")).get(print_of, {})
        keys = [f"{item.nodeid} {_digest(str(item.path))}" for item in items]
        new = [(key, item) for key, item in zip(keys, items, strict=True) if key not in known]
        if new:
            known.update(zip([key for key, _ in new], self._measured([item for _, item in new]), strict=True))
        if self.kept:
            self.kept.write_text(json.dumps({print_of: known}), encoding="utf-8")
        good = []
        for key, item in zip(keys, items, strict=True):
            passed, item.duration, lines = known[key]
            if not passed:
                self.tell(f"fails as things are, so left out: {item.nodeid}")
                continue
            good.append(item)
            item.weight = item.duration * (1 + len(lines) / 300)  # what runs little else is likelier to look at it
            for line in lines:
                self.runs.setdefault(line, []).append(item)
        for tests in self.runs.values():
            tests.sort(key=lambda item: item.weight)
        self.tell(f"{len(good)} tests, {sum(item.duration for item in good):.0f} s")
        return good

    def _measured(self, items: Sequence[Any]) -> list[Any]:
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(read)
            _quietly()
            found = []
            for item in items:
                self._forget()
                start, lines = time.perf_counter(), set[str]()
                if self.files:
                    sys.settrace(_tracer(self.files, lines))
                passed = passes(item)
                sys.settrace(None)
                found.append((passed, time.perf_counter() - start, sorted(lines)))
            with os.fdopen(write, "w") as stream:
                json.dump(found, stream)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as stream:
            told = stream.read()
        os.waitpid(pid, 0)
        found = json.loads(told)
        return list(found)

    def _started(self, mutant: Mutant, items: Sequence[Any]) -> tuple[int, tuple[Mutant, int, float]]:
        read, write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(write)
            return pid, (mutant, read, time.monotonic())
        _quietly()
        limit = int(2 * self.budget) + 1  # seconds of the processor's time: one that loops is noticed by that
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        told = SURVIVED if items else UNTESTED
        try:
            mutant.apply()
            self._forget()
        except BaseException as error:
            told = f"refused: {type(error).__name__}"
        else:
            for item in items:
                if time.process_time() > self.budget:
                    break
                if not passes(item):
                    told = item.nodeid
                    break
        os.write(write, told.encode()[:4000])
        os._exit(0)

    def _collect(self, running: dict[int, tuple[Mutant, int, float]]) -> None:
        pid, _ = os.wait()
        mutant, read, start = running.pop(pid)
        with os.fdopen(read) as stream:
            told = stream.read() or "time out"
        survived = told in (SURVIVED, UNTESTED)
        if len(self.found) % 100 == 99:
            self.tell(f"{len(self.found) + 1} done")
        self.found.append((mutant, "" if survived else told))
        self.killers[mutant.place, told] += 1
        if survived:
            self.tell(f"{told} ({time.monotonic() - start:.1f} s): {mutant!r}")

    def _forget(self) -> None:
        """What was computed before the change is not kept."""
        for cache in self.caches:
            cache.cache_clear()


def _tracer(files: dict[str, str], lines: set[str]) -> Any:
    """What `sys.settrace` takes: notes the lines that are run of some files."""

    def local(frame: Any, event: str, arg: Any) -> Any:
        if event == "line":
            lines.add(f"{files[frame.f_code.co_filename]}:{frame.f_lineno}")
        return local

    def calls(frame: Any, event: str, arg: Any) -> Any:
        return local if frame.f_code.co_filename in files else None

    return calls


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _fingerprint(files: dict[str, str]) -> str:
    """Of the traced modules: the lines that a test runs are known as long as these stay."""
    return hashlib.sha256("".join(_digest(file) for file in sorted(files)).encode()).hexdigest()


def passes(item: Any) -> bool:
    """Run one collected test."""
    from _pytest.runner import runtestprotocol

    try:
        return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))
    except BaseException:
        return False


def _warm() -> None:
    """What is loaded when first needed is loaded before the children part."""
    import matcalc as mc

    found = mc.derive("f(t) = t**2; y = sum(f(A@x))", "x", order=1)
    found["x"].text(), found["x"].latex(), found["x"].indices(), found["x"].source()
    mc.compile("y = sum(A@x)", wrt=["x"])(A=[[1.0]], x=[1.0])


def _quietly() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(files: Sequence[str], mutants: Callable[[], list[Mutant]], **options: Any) -> list[tuple[Mutant, str]]:
    """Run mutants on the tests of some files; each with the test that noticed it, or nothing. Options of `Runner`."""
    runner = Runner(mutants, **options)
    for folder in (str(FOLDER / "tests"), str(FOLDER)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    chosen = [str(FOLDER / "tests" / file) for file in files if (FOLDER / "tests" / file).exists()]
    flags = ["-q", "-p", "no:cacheprovider", "-p", "no:doctest", "-o", "addopts=", "-s", "--tb=no", "--no-header"]
    pytest.main([*chosen, *flags, f"--rootdir={FOLDER}"], plugins=[runner])
    return runner.found
