"""How large things may be: every limit, its default, and how it is moved.

A limit is far from what people write, and keeps what nobody can read from taking all time and memory.  It is moved for
a while by ``with mc.limits(nesting=1000):``, for one command by ``--limits nesting=1000``, and for all of them by
``MATCALC_LIMITS``; the error that a limit raises tells its name.  Depth is no matter of recursion: nothing in matcalc
recurses over what a user writes.
"""

from __future__ import annotations

import _weakrefset
import signal
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from matcalc.errors import LimitError, UnknownNameError, UnsupportedError

__all__ = ["Limits", "current", "exceeded", "limits", "look", "read"]

LONGEST = 10**7  # seconds: what a timer takes everywhere


class Limits(NamedTuple):
    """The limits by name.

    ``source_length``   characters of a program
    ``name_length``     characters of a name
    ``number_digits``   digits of a number, 4000 at the most
    ``nesting``         brackets, signs, powers and postfixes inside each other
    ``operations``      operations of a program, with its definitions written out
    ``depth``           definitions that call definitions
    ``nodes``           different expressions that are kept at a time, which bounds memory
    ``terms``           index terms of one sum, which sums of products multiply to
    ``entries``         entries of the largest array that a check computes
    ``seconds``         of time, from where the limit is set; 0 is none
    """

    source_length: int = 1 << 20
    name_length: int = 200
    number_digits: int = 100
    nesting: int = 200
    operations: int = 200_000
    depth: int = 1000
    nodes: int = 1_000_000
    terms: int = 20_000
    entries: int = 10_000_000
    seconds: float = 0


class _State:
    """What holds now, in this process: looked at where things grow, so as cheap as an attribute."""

    __slots__ = ("deadline", "limits")

    def __init__(self) -> None:
        self.limits, self.deadline = Limits(), 0.0


_state = _State()


def current() -> Limits:
    """The limits that hold now.

    >>> current().nesting
    200
    """
    return _state.limits


def exceeded(name: str, message: str, hint: str = "") -> LimitError:
    """The error of a limit: what was met, and the option that moves it.

    >>> print(exceeded("nodes", "too large"))
    too large; --limits nodes=2000000 moves the limit (in Python: mc.limits(nodes=2000000))
    """
    higher = _plain(2 * getattr(_state.limits, name))
    moved = f"--limits {name}={higher} moves the limit (in Python: mc.limits({name}={higher}))"
    return LimitError(message, hint=f"{hint}; {moved}" if hint else moved)


def look() -> None:
    """Raise `LimitError` where the time is up; for loops that signals do not reach."""
    if _state.deadline and time.monotonic() > _state.deadline:
        raise _late()


def _late() -> LimitError:
    return exceeded("seconds", f"it takes more than {_plain(_state.limits.seconds)} seconds")


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


@contextmanager
def limits(**moved: float) -> Iterator[Limits]:
    """Other limits inside of a ``with``; those not named stay.

    ``seconds`` counts from here, by a timer where this is the main thread of a system that has one; elsewhere the clock
    is looked at while expressions are built.  Limits hold for the whole process, other threads too.
    Raises `UnknownNameError` for a limit that there is not, `UnsupportedError` for a value that is none.

    >>> import matcalc as mc
    >>> with limits(nesting=2):
    ...     mc.derive("exp(exp(exp(x)))", "x")
    Traceback (most recent call last):
    ...
    matcalc.errors.LimitError: the expression is nested deeper than 2 levels; name a part of it; --limits nesting=4 \
moves the limit (in Python: mc.limits(nesting=4))
      line 1, column 12
        exp(exp(exp(x)))
                   ^
    """
    before, until = _state.limits, _state.deadline
    _state.limits = before._replace(**_checked(moved))
    seconds = float(moved.get("seconds", 0))
    if seconds:
        _state.deadline = min(time.monotonic() + seconds, until or float("inf"))
    try:
        with _timer(seconds if seconds and _state.deadline != until else 0):
            yield _state.limits
    finally:
        _state.limits, _state.deadline = before, until


@contextmanager
def _timer(seconds: float) -> Iterator[None]:
    """A `LimitError` after so many seconds, wherever the main thread is then."""
    usable = seconds and hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable or signal.getsignal(signal.SIGALRM) not in (signal.SIG_DFL, None):
        yield
        return

    def late(_: int, frame: FrameType | None) -> None:
        if frame is None or not _would_be_lost(frame):
            raise _late()

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)  # again and again: it may not have been the moment
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _would_be_lost(frame: FrameType) -> bool:
    """Whether the interpreter is about to forget an object: what is raised there is printed and goes no further."""
    return frame.f_code.co_filename in (weakref.__file__, _weakrefset.__file__) or frame.f_code.co_name == "_forget"


def _checked(moved: Mapping[str, float]) -> dict[str, Any]:
    for name, value in moved.items():
        if name not in Limits._fields:
            from difflib import get_close_matches

            near = get_close_matches(name, Limits._fields, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(Limits._fields)}"
            raise UnknownNameError(f"there is no limit {name[:40]!r}", hint=hint)
        whole = name != "seconds"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value >= whole:
            meant = "a whole number, 1 or more" if whole else "a number of seconds, 0 for none"
            raise UnsupportedError(f"the limit {name} cannot be {str(value)[:40]}", hint=f"it is {meant}")
        if value > LONGEST and not whole:
            raise UnsupportedError(f"the limit {name} cannot be {value:g}", hint=f"{LONGEST} seconds at the most")
    return dict(moved)


def read(text: str) -> dict[str, float]:
    """Limits as the command line and the environment write them.  Raises a `MatcalcError`.

    >>> read("nesting=1000, seconds=2.5")
    {'nesting': 1000, 'seconds': 2.5}
    """
    found: dict[str, float] = {}
    for word in filter(None, [word.strip() for word in text.split(",")]):
        name, equals, value = [part.strip() for part in word.partition("=")]
        if not equals:
            raise UnsupportedError(f"a limit is written NAME=NUMBER, not {word[:40]!r}", hint="nesting=1000")
        try:
            found[name] = float(value) if name == "seconds" else int(value[:20])
        except ValueError:
            raise UnsupportedError(f"the limit {name[:40]} cannot be {value[:40]!r}", hint="it is a number") from None
    _checked(found)
    return found
