"""What is locked satisfies what is declared, and the oldest set is what is declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
EXTRAS = PROJECT["optional-dependencies"]


def pinned(text: str) -> list[tuple[str, str, str]]:
    return re.findall(r"^([\w.-]+)==(\S+)(?: ; ([^\\\n]+))?", text, re.MULTILINE)


def test_the_lock_satisfies_what_is_declared() -> None:
    found = pinned(LOCK)
    for line in [*PROJECT["dependencies"], *EXTRAS["test"], *EXTRAS["notes"], *EXTRAS["scipy"]]:
        wanted = packaging.Requirement(line)
        versions = [version for name, version, _ in found if name == wanted.name]
        assert versions, line
        assert all(version in wanted.specifier for version in versions), line


def test_every_line_of_the_lock_has_hashes_and_no_host() -> None:
    entries = re.split(r"\n(?=\w)", re.sub(r"(?m)^#.*\n", "", LOCK).strip())
    assert len(entries) == len(pinned(LOCK)) > 20
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in LOCK
    assert "index" not in re.sub(r"--no-emit-index-url", "", LOCK)


def test_the_oldest_set_is_what_is_declared() -> None:
    oldest = {name: version for name, version, _ in pinned((ROOT / "tests/oldest.txt").read_text(encoding="utf-8"))}
    for line in PROJECT["dependencies"] + EXTRAS["scipy"]:
        wanted = packaging.Requirement(line)
        (least,) = [one.version for one in wanted.specifier if one.operator == ">="]
        assert oldest[wanted.name].split(".")[: least.count(".") + 1] == least.split("."), line
