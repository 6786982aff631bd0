"""The course: both notes build, ask the same in the same order, and the table of points holds commands that are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_docs import BLOCK, commands

from matcalc.cli.group import matcalc
from matcalc.notes.markdown import read
from matcalc.notes.model import Heading, Request
from matcalc.notes.running import requests_of, run

ROOT = Path(__file__).parent.parent
NOTES = {language: ROOT / "examples" / "lecture3" / f"lecture.{language}.mc.md" for language in ("en", "zh")}
POINTS = (
    "gradient", "Jacobian", "chain rule", "elementwise", "∂s/∂b", "∂s/∂W", "δ", "shapes", "transposes", "Two policies",
    "graph", "upstream", "local", "downstream", "several inputs", "worked example", "one pass", "topological order",
    "Automatic differentiation", "forward and a backward", "numeric check", "window classifier", "softmax classifier",
)  # fmt: skip


def requests(language: str) -> list[Request]:
    return list(requests_of(read(NOTES[language].read_text(encoding="utf-8")).blocks))


def test_both_notes_ask_the_same_in_the_same_order() -> None:
    english, chinese = ([(one.words, one.body) for one in requests(language)] for language in ("en", "zh"))
    assert len(english) > 60
    assert english == chinese


def test_both_notes_have_the_same_sections() -> None:
    levels = {}
    for language, path in NOTES.items():
        blocks = read(path.read_text(encoding="utf-8")).blocks
        levels[language] = [block.level for block in blocks if isinstance(block, Heading)]
    assert levels["en"] == levels["zh"]
    assert len(levels["en"]) > 25


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_answer_holds(language: str) -> None:
    path = NOTES[language]
    found = run(read(path.read_text(encoding="utf-8"), str(path)))
    assert found.failures == []
    assert found.notes == [], "nothing is left unchecked, and no reading is a guess"


def test_wrong_claims_are_there_to_be_found_wrong() -> None:
    wrong = [one for one in requests("en") if one.words.startswith("claim") and "expect=fail" in one.words]
    right = [one for one in requests("en") if one.words.startswith("claim") and "expect=fail" not in one.words]
    assert len(wrong) >= 10
    assert len(right) >= 6
    text = NOTES["en"].read_text(encoding="utf-8").replace("claim in=product expect=fail", "claim in=product")
    failures = run(read(text)).failures
    assert len(failures) == 1, "a wrong claim that is not announced fails the note"


@pytest.mark.parametrize("kind", ["html", "tex"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_notes_build(language: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCALC_CACHE", str(tmp_path / "cache"))
    output = tmp_path / f"lecture.{kind}"
    done = CliRunner().invoke(matcalc, ["note", str(NOTES[language]), "-o", str(output)])
    assert done.exit_code == 0, done.output
    text = output.read_text(encoding="utf-8")
    assert text.count("<svg") == 3 if kind == "html" else "\\begin{document}" in text


def test_pdflatex_sets_the_english_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("pdflatex") is None:
        assert not os.environ.get("MATCALC_CI"), "pdflatex is missing"
        pytest.skip("pdflatex is not installed")
    monkeypatch.setenv("MATCALC_CACHE", str(tmp_path / "cache"))
    output = tmp_path / "lecture.tex"
    assert CliRunner().invoke(matcalc, ["note", str(NOTES["en"]), "-o", str(output)]).exit_code == 0
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", output.name]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert output.with_suffix(".pdf").stat().st_size > 100_000


def rows() -> list[tuple[str, list[str]]]:
    """The points of docs/lecture.md with their commands."""
    text = (ROOT / "docs" / "lecture.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (.+?) \| (`.+`) \|$", text, re.MULTILINE)
    return [(point, re.findall(r"`([^`]+)`", found.replace("\\|", "|"))) for point, found in cells]


def test_every_row_of_the_table_is_run() -> None:
    text = (ROOT / "docs" / "lecture.md").read_text(encoding="utf-8")
    ran = {command for block in BLOCK.findall(text) for command, _ in commands(block)}
    told = [command for _, row in rows() for command in row]
    assert set(told) == ran, "a command of the table stands in a block below, where it is run; and the other way round"


def test_every_point_of_the_lecture_has_a_row() -> None:
    points = "\n".join(point for point, _ in rows())
    assert [name for name in POINTS if name not in points] == []
