"""Where programs come from and results go: files, standard input, and what must not be read or written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from commands import good, refused, run

PROGRAM = "# a quadratic form\ns = x.T@A@x\n"
FORMULA = "(A + A.T)@x\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "quadratic.mc"
    path.write_text(PROGRAM)
    return path


def derived(source: str, **more: str | bytes) -> str:
    return good("derive", source, "--wrt", "x", "--format", "source", "--no-check", **more)


def test_a_program_is_read_from_a_file(program: Path) -> None:
    assert derived(str(program)) == FORMULA
    assert derived(f"@{program}") == FORMULA
    assert derived(f"@{program.rename(program.with_suffix('.txt'))}") == FORMULA


def test_a_program_is_read_from_standard_input() -> None:
    assert derived("-", stdin=PROGRAM) == FORMULA
    assert derived("-", stdin=b"\xef\xbb\xbf" + PROGRAM.replace("\n", "\r\n").encode()) == FORMULA


def test_a_link_to_a_program_is_followed(program: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mc").symlink_to(program)
    assert derived(str(tmp_path / "link.mc")) == FORMULA


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.mc").write_bytes(b"#" * (2**20 + 1))
    (tmp_path / "broken.mc").write_bytes(b"s = x.T\n  @ \xff x")
    (tmp_path / "folder.mc").mkdir()
    (tmp_path / "empty.mc").write_text("")
    expected = {
        f"@{tmp_path}": "it is a directory",
        str(tmp_path / "folder.mc"): "it is a directory",
        str(tmp_path / "none.mc"): "No such file",
        f"@{tmp_path / 'pipe'}": "not a regular file",
        "@/dev/zero": "not a regular file",
        str(tmp_path / "large.mc"): "longer than 1048576 bytes",
        str(tmp_path / "broken.mc"): "not text in UTF-8",
        str(tmp_path / "empty.mc"): "empty",
        "@a\0b": "null",
        f"@{'a' * 300}": "File name too long",
    }
    for source, reason in expected.items():
        assert reason in refused("derive", source), source
    assert "line 2, column 5" in refused("derive", str(tmp_path / "broken.mc"))


def test_standard_input_is_capped_and_text() -> None:
    assert "longer than" in refused("derive", "-", stdin=b" " * (2**20 + 1))
    assert "not text in UTF-8" in refused("derive", "-", stdin=b"\xff")
    assert "empty" in refused("derive", "-", stdin="")


def test_results_go_to_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "gradients.py"
    result = run("code", "x.T@A@x", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"wrote {path}" in result.stderr
    assert path.read_text() == good("code", "x.T@A@x")
    assert os.listdir(tmp_path) == ["gradients.py"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "note.tex"
    path.write_text("mine")
    assert "it exists; --force replaces it" in refused("latex", "x.T@x", "-o", str(path), "--no-check")
    assert path.read_text() == "mine"
    good("latex", "x.T@x", "-o", str(path), "--force")
    assert path.read_text().startswith("\\begin{align*}")


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link.py"
    target.write_text("mine")
    link.symlink_to(target)
    dangling = tmp_path / "dangling.py"
    dangling.symlink_to(tmp_path / "nothing")
    for path in (link, dangling):
        assert "symbolic link" in refused("code", "x.T@x", "-o", str(path), "--force", "--no-check")
    assert target.read_text() == "mine"
    assert not (tmp_path / "nothing").exists()


def test_what_cannot_be_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    expected = {
        str(tmp_path): "directory",
        f"{tmp_path}/": "directory",
        str(tmp_path / "none" / "a.py"): "No such file",
        str(tmp_path / "pipe"): "not a regular file",
        "/dev/null": "not a regular file",
        str(tmp_path / ("a" * 300)): "File name too long",
        "a\0b": "null",
    }
    for path, reason in expected.items():
        assert reason in refused("code", "x.T@x", "-o", path, "--force", "--no-check"), path
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_dash_is_standard_output() -> None:
    assert good("code", "x.T@x", "-o", "-") == good("code", "x.T@x")


def test_nothing_is_written_where_the_input_is_wrong(tmp_path: Path) -> None:
    refused("code", "x@x", "-o", str(tmp_path / "a.py"))
    assert os.listdir(tmp_path) == []
