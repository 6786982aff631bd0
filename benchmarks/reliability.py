"""One table of what was measured of reliability: ``python -m benchmarks.reliability [--quick] [--only fuzz,...]``.

Programs tried, wrong and refused (`benchmarks.soak`), wrong gradients and false alarms of the check
(`benchmarks.checker`), mutants killed (`benchmarks.mutants`), faults passed, fuzzed inputs with the worst time and
memory (`benchmarks.fuzz`), and the same bytes under any seed (`benchmarks.determinism`).  All of it takes hours:
``--only`` runs some sections, and what was measured is kept, with its date and command, in
``benchmarks/reliability.json``.  ``--show`` prints the table alone, ``--readme`` puts it into the README.  The exit
code is 1 where anything measured is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
KEPT, README = ROOT / "benchmarks" / "reliability.json", ROOT / "README.md"
BEGIN, END = "<!-- reliability: python -m benchmarks.reliability --readme -->\n", "<!-- end of reliability -->\n"
Figures = dict[str, Any]


def soak(quick: bool) -> Figures:
    """Random programs against truths that share nothing with the package."""
    from benchmarks.soak import measure

    return measure(300 if quick else 30_000, 1, processes=_jobs())


def checker(quick: bool) -> Figures:
    """Wrong gradients that the check has to find, and right ones that it must not call wrong."""
    from benchmarks.checker import measure

    return measure(20 if quick else 200, 1000 if quick else 10_000)


def mutants(quick: bool) -> Figures:
    """Changes of the tables and of the code that the tests have to notice."""
    from benchmarks.mutants import measure

    found = measure(1 if quick else 20, every=20 if quick else 1, jobs=_jobs(), tell=lambda line: None)
    equivalent, survivors = found.equivalent, found.survivors
    return {"mutants": found.mutants, "killed": found.killed, "equivalent": len(equivalent), "survivors": survivors}


def fuzz(quick: bool) -> Figures:
    """Bytes, tokens, mutated programs, commands and notes."""
    from benchmarks.fuzz import measure

    return measure(2000 if quick else 100_000, 0, _jobs())


def faults(quick: bool) -> Figures:
    """The list of faults, line by line: a line passes where all of its tests do."""
    sys.path.insert(0, str(ROOT / "tests"))
    from faults import ELSEWHERE, LINES  # type: ignore[import-not-found]

    tests = sorted({test for line in ELSEWHERE.values() for test in line})
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "found.xml"
        words = ["-q", "-p", "no:cacheprovider", f"--junitxml={kept}", "tests/test_faults.py"]
        words += [f"tests/{test}" for test in tests if not test.startswith("test_faults.py")]
        subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        found = outcomes(ElementTree.parse(kept).getroot())
    passed = {line: [] for line in LINES}  # type: dict[int, list[bool]]
    for name, good in found.items():
        own = re.search(r"\[line(\d+)-", name)
        if own:
            passed[int(own[1])].append(good)
        for line, elsewhere in ELSEWHERE.items():
            if any(name.partition("[")[0] == test for test in elsewhere):
                passed[line].append(good)
    failed = [line for line, results in passed.items() if not results or not all(results)]
    return {"lines": len(passed), "tests": len(found), "failed": failed}


def outcomes(report: ElementTree.Element) -> dict[str, bool]:
    """Tests as ``file.py::name[parameters]``, and whether they passed; those that were skipped are left out."""
    found: dict[str, bool] = {}
    for case in report.iter("testcase"):
        if case.find("skipped") is None:
            file = case.get("classname", "").rpartition(".")[2]
            found[f"{file}.py::{case.get('name')}"] = case.find("failure") is None and case.find("error") is None
    return found


def determinism(quick: bool) -> Figures:
    """The same bytes whatever the seed of the hashes, and in any order."""
    from benchmarks.determinism import measure

    return measure(20 if quick else 200, 3 if quick else 20, jobs=_jobs())


SECTIONS: dict[str, Callable[[bool], Figures]] = {
    "soak": soak, "checker": checker, "mutants": mutants, "faults": faults, "fuzz": fuzz, "determinism": determinism,
}  # fmt: skip


def rows(section: str, found: Mapping[str, Any]) -> tuple[list[tuple[str, str]], bool]:
    """What the table says of a section's figures, and whether all is as it must be."""
    if section == "soak":
        kinds = found["kinds"]
        bad = sum(kinds.get(kind, 0) for kind in ("wrong", "crashed", "timed out"))
        reasons = [f"{_cell(reason)} ({n})" for kind, reason, n in found["reasons"] if kind == "refused"]
        again = found.get("again", 0)
        told = f"{kinds.get('refused', 0):,}" + (f": {'; '.join(reasons[:3])}" if reasons else "")
        return [
            ("random programs tried", f"{sum(kinds.values()):,}"),
            ("wrong, crashed or too late", f"{bad:,}" + (f"; {again} before a mend" if again else "")),
            ("refused", told), ("at a kink or without a steady truth, not judged", f"{kinds.get('unjudged', 0):,}"),
        ], not bad  # fmt: skip
    if section == "checker":
        alarms = len(found["alarms"]) + len(found["kink_alarms"])
        right = found["right"] + found["kinks"]
        return [
            ("wrong gradients caught by the check", f"{found['wrong'] - len(found['missed']):,} of {found['wrong']:,}"),
            ("right gradients called wrong", f"{alarms:,} of {right:,}"),
        ], not (alarms or found["missed"] or found["ill_passed"])  # fmt: skip
    if section == "mutants":
        there = found["mutants"] - found["equivalent"]
        return [("mutants that the tests notice", f"{found['killed']:,} of {there:,}")], found["killed"] == there
    if section == "faults":
        good = found["lines"] - len(found["failed"])
        return [("lines of the list of faults that pass", f"{good} of {found['lines']}")], not found["failed"]
    if section == "fuzz":
        fits = not found["troubles"]
        return [
            ("fuzzed inputs", f"{found['inputs']:,}"), ("ended as none may", f"{len(found['troubles']):,}"),
            ("worst time and memory of one", f"{found['seconds']:.1f} s, {found['megabytes']:.0f} MiB"),
        ], fits  # fmt: skip
    told = f"{found['outputs'] - len(found['differ']):,} of {found['outputs']:,}, {found['seeds']} seeds"
    return [("outputs with the same bytes under any seed", told)], not found["differ"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def table(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The table in Markdown, from what is kept."""
    lines = ["| what | figure | measured by |", "| --- | --- | --- |"]
    for section in SECTIONS:
        if section in kept:
            entry = kept[section]
            how = f"`{entry['command']}`, {entry['date']}"
            lines += [f"| {what} | {figure} | {how} |" for what, figure in rows(section, entry["figures"])[0]]
    return "\n".join(lines) + "\n"


def quoted(readme: str, kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The README with the table in its place."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(kept) + END + rest.split(END)[1]


def read() -> dict[str, dict[str, Any]]:
    """What was measured before."""
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.exists() else {}


def _jobs() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(arguments: Sequence[str]) -> int:
    """Measure, keep, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller runs, of minutes")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}, with commas between")
    parser.add_argument("--show", action="store_true", help="print what was measured before")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    parser.add_argument("--again", action="store_true", help="judge what the kept soak found wrong once more")
    asked = parser.parse_args(arguments)
    chosen = [] if asked.show or asked.readme or asked.again else asked.only.split(",")
    if set(chosen) - set(SECTIONS):
        parser.error(f"there are the sections {', '.join(SECTIONS)}")
    kept, good = read(), True
    for section in chosen:
        figures = json.loads(json.dumps(SECTIONS[section](asked.quick)))
        command = f"python -m benchmarks.reliability --only {section}" + (" --quick" if asked.quick else "")
        kept = {**read(), section: {"date": time.strftime("%Y-%m-%d"), "command": command, "figures": figures}}
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        good = rows(section, figures)[1] and good
    if asked.again:
        from benchmarks.soak import again

        figures = json.loads(json.dumps(again(kept["soak"]["figures"])))
        kept = read()  # other sections may have been measured meanwhile
        kept["soak"]["figures"] = figures
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        good = rows("soak", kept["soak"]["figures"])[1]
    if asked.readme:
        README.write_text(quoted(README.read_text(encoding="utf-8"), kept), encoding="utf-8")
    print(table(kept), end="")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
