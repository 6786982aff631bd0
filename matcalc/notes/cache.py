"""Answers kept between runs: a JSON file for each, named by a digest of all that the answer depends on.

The folder is ``$MATCALC_CACHE``, or ``matcalc/notes`` in the user's cache folder.  A file is read with suspicion: what
is not whole (a digest of its content stands in it) counts as not there.  Files that were not used for a while are
removed where the folder grows.  A folder that cannot be written is no error: the run is slower, and that is all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from matcalc import __version__

__all__ = ["Cache", "digest", "folder"]

FORMAT = 1  # of the files
LIMIT = 2000  # files; of more, the oldest go


def folder() -> Path:
    """Where answers are kept."""
    if given := os.environ.get("MATCALC_CACHE"):
        return Path(given) / "notes"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "matcalc" / "notes"


def digest(data: Any) -> str:
    """A digest of data, by its JSON.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def edition() -> str:
    """The version, and a mark of the installed files: a copy that is being worked on changes without a new version."""
    root = Path(__file__).parent.parent
    marks = []
    for path in sorted(root.rglob("*.py")):
        with contextlib.suppress(OSError):
            found = path.stat()
            marks.append([str(path.relative_to(root)), found.st_size, found.st_mtime_ns])
    return f"{__version__} {digest(marks)}"


class Cache:
    """Answers by key; ``hits`` and ``misses`` count what was found."""

    def __init__(self, where: Path | None) -> None:
        self.where, self.hits, self.misses = where, 0, 0
        self.edition = edition() if where is not None else ""

    def key(self, data: Any) -> str:
        """The key of an answer that depends on the data, and on this edition of matcalc."""
        return digest([FORMAT, self.edition, data])

    def get(self, key: str) -> Any:
        """The answer, or None."""
        found = self._read(key)
        self.hits, self.misses = self.hits + (found is not None), self.misses + (found is None)
        return found

    def _read(self, key: str) -> Any:
        if self.where is None:
            return None
        path = self.where / f"{key}.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            value = data["value"]
            whole = data["sum"] == digest([key, value])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if whole:
            with contextlib.suppress(OSError):
                os.utime(path)
        return value if whole else None

    def put(self, key: str, value: Any) -> None:
        """Keep an answer; whole or not at all."""
        if self.where is None:
            return
        temporary = self.where / f".{key}.{os.getpid()}.tmp"
        with contextlib.suppress(OSError, ValueError):
            self.where.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with temporary.open("x", encoding="utf-8") as file:
                    json.dump({"sum": digest([key, value]), "value": value}, file)
                temporary.replace(self.where / f"{key}.json")
            finally:
                temporary.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove the files that were used longest ago, where there are too many."""
        if self.where is None:
            return
        with contextlib.suppress(OSError):
            files = sorted(self.where.glob("*.json"), key=lambda path: path.stat().st_mtime)
            for path in files[: max(0, len(files) - LIMIT)]:
                path.unlink(missing_ok=True)
