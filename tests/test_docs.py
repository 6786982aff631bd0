"""The documents say what happens: every console block is run, every Python example too.

A line ``...`` stands for any lines; figures of rounding (``4e-16``) may differ.
``MATCALC_REGENERATE=1`` writes what the commands print now into the documents, for reading the
difference.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\\\n.*)*)\n", re.MULTILINE)
ROUNDING = re.compile(r"\b\d(?:\.\d)?e[-+]\d\d\b")


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what it prints."""
    parts = COMMAND.split(block)
    assert parts[0] == "", "a console block begins with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def printed(command: str, folder: Path) -> str:
    """What a command prints on both streams."""
    scripts = os.path.dirname(sys.executable)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=120, check=False,
    )  # fmt: skip
    return done.stdout.decode()


def fits(found: str, expected: str) -> bool:
    """Whether the output is what is expected."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", ROUNDING.sub("#", expected), flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), ROUNDING.sub("#", found)) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_console_blocks_print_what_they_say(document: Path, tmp_path: Path) -> None:
    text = document.read_text(encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for block in BLOCK.findall(text):
        for command, expected in commands(block):
            found = printed(command, tmp_path)
            if os.environ.get("MATCALC_REGENERATE") and not fits(found, expected) and "...\n" not in expected:
                text = text.replace(f"$ {command}\n{expected}", f"$ {command}\n{found}")
                document.write_text(text, encoding="utf-8")
                continue
            assert fits(found, expected), f"$ {command}\n{found}\n--- the document says\n{expected}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_blocks_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = document.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "document"}
    for block in PYTHON.findall(text):
        if ">>> " not in block:
            exec(compile(block, str(document), "exec"), names)
    examples = "\n".join(PYTHON.findall(text))
    test = doctest.DocTestParser().get_doctest(examples, {}, document.name, str(document), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert result.failed == 0, "".join(told)


def test_the_readme_has_what_it_owes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first, second = re.search(r"^```sh\n(.*)\n(.*)\n```$", text, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert first.endswith("matcalc derive examples/two_layer.mc --wrt all")
    assert second.endswith("-m pytest -n auto")
    assert len(BLOCK.findall(text)) >= 5
    assert ">>> " in text


def test_links_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_a_wrong_document_would_be_found() -> None:
    assert fits("a 1e-16\nb\nc\n", "a 2.5e-15\n...\nc\n")
    assert not fits("a\nb\n", "a\nc\n")
    assert not fits("a\nb\n", "a\n")
