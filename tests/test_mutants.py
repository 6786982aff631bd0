"""Mutation testing, a fixed selection: that the machinery notices what it should, and says what it does not.

``python -m benchmarks.mutants`` has the full figures; `docs/mutation.md` is its report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import code_mutations
from benchmarks.equivalents import REASONS
from benchmarks.mutations import tokens_changed

ROOT = Path(__file__).parent.parent
RUN = """
import json
from benchmarks import mutants
tables = mutants.measure(0, ops=("inv", "det"), every=4, tell=lambda line: None)
code = mutants.measure(6, tables=False, modules=("calculus.inverses",), files=("test_simplify.py",), tell=print)
print(json.dumps([[one.mutants, one.killed, one.survivors, one.equivalent] for one in (tables, code)]))
"""


def test_a_selection_is_noticed() -> None:
    """In a process of its own: pytest runs there, and ends where each mutant has been run."""
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    tables, code = json.loads(done.stdout.splitlines()[-1])
    tried, killed, survivors, equivalent = tables
    assert tried >= 20
    assert survivors == []
    assert killed + len(equivalent) == tried
    tried, killed, _, _ = code
    assert (tried, killed > 0) == (6, True)


def test_what_is_equivalent_has_its_reason() -> None:
    assert all(len(reason.split()) > 4 for reason in REASONS.values())


def test_tokens() -> None:
    assert list(tokens_changed("dA @ B")) == ["dA * B", "B @ dA"]
    assert "inv(X)" in list(tokens_changed("-inv(X)"))
    assert "1 - y" in list(tokens_changed("1 + y"))


def test_code_is_mutated_where_it_runs() -> None:
    some = code_mutations.of_code("matcalc.calculus.inverses", 10, 1)
    assert len(some) == 10
    assert all(one.line and " -> " in one.what and one.place.startswith(one.where.split(":")[0]) for one in some)
