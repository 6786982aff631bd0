"""Where a program comes from: the command line itself, a file, or standard input."""

from __future__ import annotations

import os
import stat
import sys

from matcalc.errors import LimitError, MatcalcError, ParseError

__all__ = ["LIMIT", "program_text"]

LIMIT = 2**20  # bytes of a program


def program_text(source: str) -> str:
    """The text of a program: ``@path``, a path that ends in ``.mc``, ``-`` for standard input, or the text itself."""
    if source == "-":
        return _decoded(_from_input(), "standard input")
    if source.startswith("@") and len(source) > 1:
        return _decoded(_from_file(source[1:]), source[1:])
    if is_path(source):
        return _decoded(_from_file(source), source)
    if len(source) > LIMIT:
        raise _too_long("the program")
    return source


def is_path(source: str) -> bool:
    """Whether a source without ``@`` names a file: no formula ends in ``.mc``.

    >>> is_path("examples/two_layer.mc"), is_path("s = x.T@x  # like a.mc")
    (True, False)
    """
    return source.endswith(".mc") and "\n" not in source and "#" not in source


def _from_file(path: str) -> bytes:
    try:
        # without O_NONBLOCK, opening a named pipe waits for ever
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise MatcalcError(f"cannot read {path[:200]}: {reason}") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "it is a directory" if stat.S_ISDIR(mode) else "it is not a regular file, - reads standard input"
        raise MatcalcError(f"cannot read {path}: {what}")
    with open(handle, "rb") as file:
        found = file.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise _too_long(path)
    return found


def _from_input() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise MatcalcError("standard input is closed")
    found = sys.stdin.buffer.read(LIMIT + 1)
    if len(found) > LIMIT:
        raise _too_long("standard input")
    return found


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        place = len(data[: wrong.start].decode("utf-8"))
        raise ParseError(f"{name} is not text in UTF-8").at(data.decode("utf-8", "replace"), place) from None


def _too_long(what: str) -> LimitError:
    return LimitError(f"{what} is longer than {LIMIT} bytes", hint="this limit is fixed")
