"""Files, streams and signals at their worst: nothing is written by halves, nothing listens."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import matcalc
from matcalc.cli import streams
from tests.commands import refused, run

SERVERS = {
    "socket", "socketserver", "http", "wsgiref", "xmlrpc", "asyncio", "ssl", "selectors", "multiprocessing",
    "flask", "fastapi", "starlette", "uvicorn", "tornado", "aiohttp", "django", "bottle", "twisted",
}  # fmt: skip


def test_nothing_listens() -> None:  # 81-88: there is no server, and no module that could be one
    for path in Path(matcalc.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & SERVERS, path


def test_a_link_to_a_device_is_refused(tmp_path: Path) -> None:  # 70
    (tmp_path / "endless.mc").symlink_to("/dev/zero")
    assert "not a regular file" in refused("derive", str(tmp_path / "endless.mc"))


def test_a_folder_that_admits_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # 72
    plain = os.open

    def closed(path: str, flags: int, *rest: int, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT and ".matcalc-" in os.fspath(path):
            raise PermissionError(13, "Permission denied", path)
        return plain(path, flags, *rest, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", closed)
    told = refused("code", "x.T@x", "-o", str(tmp_path / "a.py"), "--no-check")
    assert told.startswith("error: cannot write")
    assert "Permission denied" in told
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of processes")
def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:  # 72: as a disk that is full
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); from matcalc.cli import main; main()"
    words = [sys.executable, "-B", "-c", code, "code", "x.T@x", "--no-check", "-o", str(tmp_path / "a.py")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: cannot write {tmp_path / 'a.py'}: File too large\n"
    assert os.listdir(tmp_path) == []


def test_an_interruption_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # 72
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    done = run("code", "x.T@x", "--no-check", "-o", str(tmp_path / "a.py"))
    assert done.exit_code != 0
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_name_taken_meanwhile_is_kept(force: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, path = tmp_path / "target", tmp_path / "a.py"  # 77: a link put there after the look
    target.write_text("mine")
    plain = streams._put

    def late(*rest: object) -> None:
        path.symlink_to(target)
        plain(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr(streams, "_put", late)
    refused("code", "x.T@x", "--no-check", "-o", str(path), *force)
    assert target.read_text() == "mine"
    assert path.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["a.py", "target"]
