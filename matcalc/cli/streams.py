"""What goes out: results to standard output or to a file, all else to standard error."""

from __future__ import annotations

import errno
import os
import stat
import sys

import click

from matcalc.errors import MatcalcError

__all__ = ["deliver", "is_terminal", "out", "tell"]

BY_HANDLE = hasattr(os, "O_DIRECTORY") and {os.open, os.stat, os.link, os.unlink, os.rename} <= os.supports_dir_fd
EXISTS = "it exists; --force replaces it"


def out(text: str) -> None:
    """A result, to standard output."""
    stream = sys.stdout
    if stream is None or stream.closed:
        raise OSError(errno.EBADF, "standard output is closed")
    line = text if text.endswith("\n") else f"{text}\n"
    try:
        stream.write(line)
    except UnicodeEncodeError:
        stream.write(line.encode(stream.encoding, "backslashreplace").decode(stream.encoding))


def tell(text: str) -> None:
    """Anything but a result, to standard error; what a terminal would obey is shown, not sent."""
    stream = sys.stderr
    if stream is None or stream.closed:
        return
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()  # so that both streams stand in order where they end in one place
    shown = text if text.isprintable() else "".join([c if c.isprintable() or c == "\n" else _visible(c) for c in text])
    try:
        stream.write(f"{shown}\n")
        stream.flush()
    except UnicodeEncodeError:
        stream.write(shown.encode("ascii", "backslashreplace").decode() + "\n")


def _visible(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def is_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def deliver(text: str | bytes, path: str | None, *, force: bool = False) -> None:
    """A result, to a file where one is named; bytes always go to a file.

    The file appears whole or not at all; a symbolic link is not followed, and what exists is
    replaced only by ``force``.
    """
    if isinstance(text, str) and (path is None or path == "-"):
        out(text)
        return
    assert path is not None
    try:
        _write(path, text, force)
    except (OSError, ValueError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else str(wrong)
        raise MatcalcError(f"cannot write {click.format_filename(path)}: {reason}") from None
    tell(f"wrote {click.format_filename(path)}")


def _write(path: str, text: str | bytes, force: bool) -> None:
    """A file written beside its place under another name, and put there at once.

    The folder is opened once and named by its handle from there on, where the system can: what is swapped for it
    meanwhile is not written to.  Without ``force`` the name is taken by a link, which fails where it exists.
    """
    folder, name = os.path.split(path)
    if not name:
        raise ValueError("that is a directory")
    place = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY) if BY_HANDLE else None
    try:
        _refuse(path if place is None else name, force, place)
        _put(path if place is None else name, text, force, place)
    finally:
        if place is not None:
            os.close(place)


def _put(path: str, text: str | bytes, force: bool, place: int | None) -> None:
    temporary = os.path.join(os.path.dirname(path), f".matcalc-{os.getpid()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(temporary, flags, 0o666, dir_fd=place)
    try:
        data = text if isinstance(text, bytes) else (text if text.endswith("\n") else f"{text}\n").encode()
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        if force or not _linked(temporary, path, place):
            _refuse(path, force, place)
            os.replace(temporary, path, src_dir_fd=place, dst_dir_fd=place)
            return
    except BaseException:
        os.unlink(temporary, dir_fd=place)
        raise
    os.unlink(temporary, dir_fd=place)


def _linked(temporary: str, path: str, place: int | None) -> bool:
    """Whether the file has its name now too; false where the file system knows no links.

    Raises `ValueError` where something has taken the name.
    """
    try:
        os.link(temporary, path, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except FileExistsError:
        raise ValueError(EXISTS) from None
    except (OSError, NotImplementedError, AttributeError):
        return False
    return True


def _refuse(path: str, force: bool, place: int | None) -> None:
    """Raise where something stands at the path that must not be replaced."""
    try:
        mode = os.stat(path, dir_fd=place, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise ValueError("it is a symbolic link")
    if stat.S_ISDIR(mode):
        raise ValueError("it is a directory")
    if not stat.S_ISREG(mode):
        raise ValueError("it is not a regular file")
    if not force:
        raise ValueError(EXISTS)
