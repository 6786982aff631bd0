"""The table of reliability: what the README says is what was measured."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks import soak
from benchmarks.reliability import README, SECTIONS, main, outcomes, quoted, read, rows, table

GOOD = {
    "soak": {"kinds": {"right": 9, "refused": 2, "unjudged": 1}, "reasons": [["refused", "no form", 2]]},
    "checker": {"wrong": 5, "missed": [], "alarms": [], "kink_alarms": [], "right": 7, "kinks": 3, "ill_passed": []},
    "mutants": {"mutants": 9, "killed": 8, "equivalent": 1, "survivors": []},
    "faults": {"lines": 88, "tests": 200, "failed": []},
    "fuzz": {"inputs": 1000, "troubles": [], "seconds": 1.25, "megabytes": 99.0},
    "determinism": {"outputs": 40, "differ": [], "seeds": 20},
}
WORSE = {
    "soak": ("kinds", {"right": 9, "wrong": 1}), "checker": ("alarms", ["x"]), "mutants": ("killed", 7),
    "faults": ("failed", [66]), "fuzz": ("troubles", ["0/1: late"]), "determinism": ("differ", ["a"]),
}  # fmt: skip


def test_the_readme_quotes_what_was_measured() -> None:
    """A failure means: run ``python -m benchmarks.reliability --readme``."""
    readme = README.read_text(encoding="utf-8")
    assert quoted(readme, read()) == readme


def test_what_is_kept_has_its_date_and_command() -> None:
    for section, entry in read().items():
        assert section in SECTIONS
        assert entry["date"][:2] == "20"
        assert entry["command"].startswith("python -m benchmarks.")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_tells_what_is_not_as_it_must_be(section: str) -> None:
    told, good = rows(section, GOOD[section])
    assert good
    name, worse = WORSE[section]
    differently, good = rows(section, {**GOOD[section], name: worse})
    assert not good
    assert differently != told


def test_the_table_has_a_line_for_every_figure() -> None:
    kept = {one: {"date": "2026-01-01", "command": "python", "figures": figures} for one, figures in GOOD.items()}
    lines = table(kept).splitlines()
    assert len(lines) == 2 + sum(len(rows(one, figures)[0]) for one, figures in GOOD.items())
    assert "| worst time and memory of one | 1.2 s, 99 MiB | `python`, 2026-01-01 |" in lines
    assert "| refused | 2: no form (2) | `python`, 2026-01-01 |" in lines


def test_outcomes_are_read_from_the_report_of_the_tests() -> None:
    text = """<testsuites><testsuite>
    <testcase classname="tests.test_faults" name="test_what[line3-0]"/>
    <testcase classname="tests.test_faults" name="test_what[line4-0]"><failure/></testcase>
    <testcase classname="tests.test_cli" name="test_skipped"><skipped/></testcase></testsuite></testsuites>"""
    found = outcomes(ElementTree.fromstring(text))
    assert found == {"test_faults.py::test_what[line3-0]": True, "test_faults.py::test_what[line4-0]": False}


def test_sections_that_there_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "soap"])
    assert "soak" in capsys.readouterr().err


def test_failures_are_judged_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mend takes a failure out of the table and says so; one that is left stays, and lost ones are not guessed."""
    now = {7: ("right", "", ""), 8: ("unjudged", "a kink", ""), 9: ("wrong", "by much", "told")}
    monkeypatch.setattr(soak, "one", lambda task: (task[0], *now[task[0]], 0.1, 50))
    figures = {
        "kinds": {"right": 5, "wrong": 2, "timed out": 1}, "reasons": [["wrong", "by little", 2]], "wrong": 3,
        "failures": ["seed 7: timed out: seed 7\n", "seed 8: wrong: x\n", "seed 9: wrong: y: z\n"],
    }  # fmt: skip
    found = soak.again(figures)
    assert {kind: n for kind, n in found["kinds"].items() if n} == {"right": 6, "unjudged": 1, "wrong": 1}
    assert (found["again"], found["wrong"], len(found["failures"])) == (2, 1, 1)
    assert rows("soak", found)[0][1] == ("wrong, crashed or too late", "1; 2 before a mend")
    with pytest.raises(ValueError, match="run the soak again"):
        soak.again({**figures, "failures": figures["failures"][:2]})
