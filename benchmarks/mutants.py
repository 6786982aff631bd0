"""Whether the tests would notice: ``python -m benchmarks.mutants [--quick] [--only WORD] [--report FILE]``.

Every row of the tables is changed token by token (`benchmarks.mutations`), and a sample of the code of the index
algebra, of the reading back and of the shapes statement by statement; ``--codegen N`` draws from the generation of code
alone.  The tests are collected once; each mutant lives in a child process, in which the change is made in memory and
the tests that concern it are run until one fails.  A mutant that none notices survives.  Survivors that cannot be
noticed, as they compute the same, are listed with why.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import code_mutations, mutations
from benchmarks.equivalents import reason_of
from benchmarks.mutant_runner import run
from benchmarks.mutations import Mutant

__all__ = ["Figures", "measure"]

MODULES = [
    *["calculus." + name for name in (
        "contraction", "terms", "reading", "writing", "grouping", "simplify", "sums", "factoring", "lowering",
        "multilinear", "inverses", "powers", "edges", "entrywise", "gathering", "items", "known", "pairs", "sweep",
        "polynomials", "telling", "tensors", "transposing")],
    "operations.shapes", "language.dimensions",
]  # fmt: skip
CODEGEN = [
    *["codegen." + name for name in (
        "adjugates", "branches", "combining", "contracting", "cost", "docstring", "emit", "exponentials",
        "factorisations", "factors", "finishing", "flat", "functions", "in_place", "ledger", "lower", "multiplying",
        "names", "norms", "numpy_module", "options", "plan", "products", "reduce", "sharing", "signature", "sizes",
        "squares", "stable", "structure", "sums", "tensors", "uses", "values", "work", "workspace", "writing")],
]  # fmt: skip
TABLES = ["test_calculus_laws.py", "test_laws_as_stated.py", "test_codegen_values.py", "test_fact_rules.py",
          "test_facts_complete.py", "test_table_rows.py"]
CODE = ["test_simplify.py", "test_indices.py", "test_reading.py", "test_entries.py", "test_corpus.py", "test_beyond.py",
        "test_language.py", "test_language_dimensions.py", "test_language_inference.py", "test_language_errors.py",
        "test_where_others_fail.py", "test_calculus_laws.py", "test_vec.py", "test_index_terms.py",
        "test_shapes_alone.py", "test_terms_found.py", "test_shortest.py", "test_sums.py", "test_gathering.py",
        "test_known.py", "test_contraction_ends.py", "test_found_by_soak.py", "test_long_powers.py",
        "test_canonical.py", "test_polynomials.py", "test_written.py", "test_steps.py"]
CODEGEN_TESTS = ["test_codegen_contract.py", "test_codegen_fast.py", "test_codegen_module.py",
                 "test_codegen_random.py", "test_codegen_stable.py", "test_codegen_values.py",
                 "test_factorisations.py", "test_tensor_code.py", "test_cost.py", "test_plan.py", "test_flat.py",
                 "test_explain.py", "test_options.py", "test_sums.py", "test_codegen_paths.py"]
TEXT = """
A mutant is the program with one thing changed: a token of a row of the tables (laws, adjoints, index forms, NumPy's
and the written spellings, domains, facts and what follows from them), or a piece of the syntax of a function. It is
killed where a test fails; the tests of a mutant of code are those that run its line, for six seconds at most. Of
the tables all mutants are run; of a module of code, a random sample of the size that the table states; of the
generation of code, one sample from all of its modules. What is equivalent computes the same as before, with the reason
below.
"""


def table_mutants() -> list[Mutant]:
    """All mutants of the tables."""
    from tests.test_calculus_laws import cases  # the arguments that each operation takes

    return [*mutations.of_operations(cases), *mutations.of_facts(), *mutations.of_closure()]


@dataclass(frozen=True)
class Figures:
    """The figures of a run; ``by_module`` has (how many there are, tried, killed, equivalent) of each."""

    mutants: int
    killed: int
    equivalent: list[str]
    survivors: list[str]
    by_module: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    noticed: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The share that is noticed, of those that something could notice."""
        return self.killed / max(1, self.mutants - len(self.equivalent))


def figures(found: Sequence[tuple[Mutant, str]], there: Mapping[str, int]) -> Figures:
    """The figures of a run of some of the mutants that are ``there``, by module."""
    counts: dict[str, list[int]] = {module: [0, 0, 0] for module in there}
    survivors: list[str] = []
    equivalent: list[str] = []
    for mutant, test in found:
        reason = "" if test else reason_of(mutant)
        for k, holds in enumerate((True, bool(test), bool(reason))):
            counts[mutant.module][k] += holds
        if reason:
            equivalent.append(f"`{mutant!r}`: {reason}")
        elif not test:
            survivors.append(f"`{mutant!r}`")
    tried, killed = (sum(row[k] for row in counts.values()) for k in (0, 1))
    by_module = {module: (there[module], *row) for module, row in counts.items() if row[0]}
    noticed = [f"`{mutant!r}`" for mutant, test in found if test]
    return Figures(tried, killed, equivalent, survivors, by_module, noticed)  # type: ignore[arg-type]


def measure(
    code: int = 20, *, tables: bool = True, every: int = 1, seed: int = 1, only: str = "", jobs: int = 1,
    seconds: float = 1e9, tell: Callable[[str], None] = print, kept: Path | None = None,
    modules: Sequence[str] = MODULES, files: Sequence[str] = CODE, ops: Sequence[str] = (),
    again: Collection[str] | None = None, together: bool = False,
) -> Figures:
    """The figures of all mutants of the tables, or of ``every`` so manieth, and of ``code`` ones of each module.

    ``only`` is a word of those to run, ``ops`` are the operations whose rows are mutated (none: all), ``files`` those
    with the tests for code; ``kept`` is a file in which is kept which tests run which lines; ``again`` are survivors of
    an earlier run, to be run alone.  ``together`` draws the ``code`` ones from all modules at once, so that each has
    as many as it has code.

    >>> found = measure(0, ops=("det",), only="det.law", tell=lambda line: None)  # doctest: +SKIP
    >>> found.survivors  # doctest: +SKIP
    []
    """
    there: Counter[str] = Counter()

    def chosen(some: Iterable[Mutant], step: int = 1) -> list[Mutant]:
        counted = list(some)
        there.update(one.module for one in counted)
        return [one for one in counted if only in f"{one.module} {one!r}" and (
            not ops or one.line or one.group.split()[-1] in ops) and (again is None or f"`{one!r}`" in again)][::step]

    def of_code() -> list[Mutant]:
        picked = []
        for name in modules:
            every_one = chosen(code_mutations.of_code(f"matcalc.{name}", 10**6, seed))
            if again is not None:  # two of one line may read the same, and one of them is in the report
                every_one = list({repr(one): one for one in every_one}.values())
            picked += every_one if again is not None or together else every_one[:code]
        return random.Random(seed).sample(picked, code) if together and again is None and code < len(picked) else picked

    found: list[tuple[Mutant, str]] = []
    options: dict[str, Any] = {"jobs": jobs, "tell": tell, "seconds": seconds}
    if tables:
        found += run(TABLES, lambda: chosen(table_mutants(), every), ops=ops, **options)
    if code:
        names = [f"matcalc.{name}" for name in modules]
        for name in names:
            importlib.import_module(name)
        found += run(files, of_code, modules=names, kept=kept, **options)
    return figures(found, there)


def section(found: Figures, command: str, seconds: float) -> str:
    """What a report says of one run, in Markdown."""
    lines = [
        f"## `{command}`", "",
        f"Written on {time.strftime('%Y-%m-%d')}, in {seconds / 60:.0f} minutes.", "",
        "| module | there are | tried | killed | equivalent | surviving |", "| --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for module, (there, tried, killed, same) in sorted(found.by_module.items()):
        lines.append(f"| {module} | {there} | {tried} | {killed} | {same} | {tried - killed - same} |")
    all_of_them = sum(row[0] for row in found.by_module.values())
    total = all_of_them, found.mutants, found.killed, len(found.equivalent), len(found.survivors)
    lines += ["| **all** | " + " | ".join(f"**{n}**" for n in total) + " |", ""]
    lines += [f"Killed, of those that are not equivalent: {100 * found.score:.1f} %.", ""]
    for title, some in (("Surviving", found.survivors), ("Equivalent", found.equivalent)):
        lines += [f"### {title}", "", *([f"- {line}" for line in sorted(some)] or ["None."]), ""]
    return "\n".join(lines)


def read(path: Path, command: str) -> Figures:
    """The figures of a section of a report."""
    text = path.read_text(encoding="utf-8").split(f"## `{command}`\n", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"^\| ([\w., ]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    rows = {name: (int(there), int(tried), int(killed), int(same)) for name, there, tried, killed, same in found}
    survivors, equivalent = (re.findall("^- (.*)$", part, re.MULTILINE) for part in text.split("### Equivalent"))
    tried, killed = (sum(row[k] for row in rows.values()) for k in (1, 2))
    return Figures(tried, killed, equivalent, survivors, rows)


def updated(old: Figures, new: Figures) -> Figures:
    """The figures of a run, its survivors run again; one that is not there any more stays among them."""
    rows = dict(old.by_module)
    for module, (_, _, killed, same) in new.by_module.items():
        there, tried, dead, equal = rows[module]
        rows[module] = there, tried, dead + killed, equal + same
    known = {line.split("`: ")[0].strip("`") for line in new.equivalent}
    killed_now = set(new.noticed)
    left = [line for line in old.survivors if line.strip("`") not in known and line not in killed_now]
    return Figures(old.mutants, old.killed + new.killed, old.equivalent + new.equivalent, left, rows)


def write(path: Path, part: str) -> None:
    """Put the section of a run into a report, in the place of what the same command wrote before."""
    head = "\n".join(["# Mutation testing", "", *TEXT.strip().splitlines(), ""])
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = [f"## {text}" for text in old.split("\n## ")[1:]]
    title = part.splitlines()[0]
    kept = [text.rstrip() + "\n" for text in sections if not text.startswith(title + "\n")]
    path.write_text("\n".join([head, *kept, part.rstrip() + "\n"]), encoding="utf-8")


def main() -> None:
    """Run, and print the figures or write the report."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the mutants of the tables, two of each module")
    parser.add_argument("--ops", default="", help="the rows of these operations alone, with commas between")
    parser.add_argument("--only", default="", help="those whose description contains a word")
    parser.add_argument("--code", type=int, default=20, help="how many mutants of each module of code")
    parser.add_argument("--modules", default="", help="these modules of code alone, with commas between")
    parser.add_argument("--codegen", type=int, help="how many mutants of the generation of code, and nothing else")
    parser.add_argument("--no-tables", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="for the tables and for the code, each")
    parser.add_argument("--kept", type=Path, help="a file in which is kept which tests run which lines")
    parser.add_argument("--again", action="store_true", help="the survivors that the report has of this command alone")
    parser.add_argument("--report", type=Path, help="the Markdown file to write a section of")
    given = parser.parse_args()
    start = time.monotonic()
    hidden = {"--report", str(given.report), "--kept", str(given.kept), "--jobs", str(given.jobs), "--again",
              "--seconds", f"{given.seconds:g}"}  # one that is cut short shows in how many were tried
    command = f"python -m benchmarks.mutants {' '.join(word for word in sys.argv[1:] if word not in hidden)}".strip()
    old = read(given.report, command) if given.again else None
    generated = given.codegen is not None
    modules, files = (CODEGEN, CODEGEN_TESTS) if generated else (MODULES, CODE)
    count = given.codegen if generated else 2 if given.quick else given.code
    found = measure(
        count, tables=not (given.no_tables or generated), together=generated, files=files,
        every=10 if given.quick else 1, seed=given.seed,
        only=given.only, jobs=given.jobs, seconds=given.seconds, tell=lambda line: print(line, flush=True),
        kept=given.kept, ops=given.ops.split(",") if given.ops else (),
        modules=given.modules.split(",") if given.modules else modules, again=old.survivors if old else None,
    )  # fmt: skip
    found = updated(old, found) if old else found
    text = section(found, command, time.monotonic() - start)
    if given.report:
        write(given.report, text)
    print(text)


if __name__ == "__main__":
    main()
