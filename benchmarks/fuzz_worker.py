"""One process of the fuzzer: runs inputs of a range, each within limits, and writes down what must not be.

An input must end in a result or in a `MatcalcError`: of a `ParseError` the place lies in the text, of a command the
exit code is 0, 1 or 2 and nothing on standard error is a traceback.  What a result writes must be read back.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fuzz_inputs import Input, make
from matcalc.expressions.node import Node

SECONDS, ABORT = 2.0, 6.0  # of processor time: what is told, and what is cut off
MEGABYTES = 512
SHARES = {"compile": 8, "check": 24}  # one input of so many goes on to code, to a check


class Late(BaseException):
    """The time of an input is up."""


class Wrong(Exception):
    """An input ended as none may."""


def by_python(given: Input) -> str:
    """The program through the Python interface; the class of the error, or ``result``."""
    import matcalc as mc
    from matcalc.language.program import beside, expression

    try:
        found = mc.derive(given.text, "all", syntax=given.syntax)
        for result in found.values():
            result.text(), result.latex(), result.indices()
            written = result.source()
            try:
                with mc.limits(nesting=1000):  # brackets are written around what stood without any
                    again = expression(written, beside(found.program))
            except mc.MatcalcError as wrong:
                raise Wrong(f"{written[:200]!r} is not read back: {wrong.message[:200]}") from None
            _read_back(result.node, written, again)
        found.explain() if given.number % SHARES["compile"] == 1 else None
        if given.number % SHARES["compile"] == 0:
            mc.compile(given.text, wrt="all", syntax=given.syntax)
        if given.number % SHARES["check"] == 0:
            report = mc.check(given.text, wrt="all", syntax=given.syntax)
            wrong_ones = [g.message for g in report.gradients.values() if not (g.passed or g.inconclusive)]
            if wrong_ones:
                raise Wrong(f"the check fails: {wrong_ones}")
    except mc.MatcalcError as wrong:
        _placed(wrong, given.text)
        return type(wrong).__name__
    return "result"


def _read_back(node: Node, written: str, again: Node) -> None:
    """What is written is read as the same; an index expression, whose terms may be sorted anew, as one of its shape."""
    same = again.shape == node.shape if "{" in written else again is node
    if not same:
        raise Wrong(f"{written[:200]!r} is read back as something else")


def _placed(wrong: Exception, text: str) -> None:
    from matcalc import MatcalcError, ParseError

    assert isinstance(wrong, MatcalcError)
    lines = text.split("\n")
    if wrong.line is None or wrong.column is None:
        if isinstance(wrong, ParseError):
            raise Wrong(f"a ParseError without a place: {wrong}")
    elif not (1 <= wrong.line <= len(lines) and 1 <= wrong.column <= len(lines[wrong.line - 1]) + 1):
        raise Wrong(f"the place {wrong.line}:{wrong.column} is not in the text: {wrong}")
    if not wrong.message or len(str(wrong)) > 5000:
        raise Wrong(f"a message of {len(str(wrong))} characters")


def by_command(words: list[str], stdin: str = "") -> str:
    """The words through the command line of this process; the exit code."""
    from click.testing import CliRunner

    from matcalc.cli.group import matcalc

    done = CliRunner().invoke(matcalc, words, input=stdin.encode("utf-8", "surrogatepass"))
    if done.exit_code not in (0, 1, 2):
        raise Wrong(f"exit code {done.exit_code}: {done.stderr[-600:]} {done.exception!r}")
    if "Traceback" in done.stderr or "this is a bug" in done.stderr:
        raise Wrong(f"a traceback: {done.stderr[-600:]}")
    if done.exit_code == 2 and not done.stderr.strip():
        raise Wrong("exit code 2 without a word")
    return f"exit {done.exit_code}"


def run(given: Input) -> str:
    """The input by its way; how it ended.  Raises `Wrong`, `Late`, or whatever matcalc let through."""
    if given.way == "python":
        return by_python(given)
    if given.way == "command":
        return by_command(list(given.words))
    return by_command(["note", "-", "--to", given.words[0], "--no-cache"], given.text)


@contextlib.contextmanager
def cut_off(seconds: float) -> Iterator[None]:
    """A `Late` after so much processor time, again and again, since somebody may catch it."""

    def late(*_: object) -> None:
        raise Late

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def forbid_writing(folder: str) -> None:
    """Nothing outside of the folder is opened to be written: mutated options name files too."""
    allowed = (os.path.realpath(folder), "/dev/null")

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "webbrowser.open", "socket.connect"):
            raise PermissionError(13, f"the fuzzer starts nothing: {event}")
        if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            path = os.path.realpath(os.fsdecode(args[0])) if isinstance(args[0], str | bytes) else "/dev/null"
            if not path.startswith(allowed):
                raise PermissionError(13, "outside of the fuzzer's folder", path)

    sys.addaudithook(hook)


def main() -> None:
    """``python -m benchmarks.fuzz_worker SEED FIRST LAST STATE``, in a folder of its own."""
    seed, first, last = map(int, sys.argv[1:4])
    state = Path(sys.argv[4]).resolve()
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    import warnings

    warnings.simplefilter("ignore")  # of NumPy at points where there is no value
    sys.dont_write_bytecode = True
    forbid_writing(str(state.parent))
    with open(state, "w", buffering=1, encoding="utf-8") as file:
        _tell(file, ready=True)
        for number in range(first, last):
            _one(file, make(seed, number))
        _tell(file, done=True)


def _one(file: io.TextIOBase, given: Input) -> None:
    _tell(file, start=given.number)
    began, trouble, ended = time.process_time(), "", ""
    try:
        with cut_off(ABORT):
            ended = run(given)
    except Wrong as wrong:
        trouble = str(wrong)
    except Late:
        trouble = "late"
    except BaseException as wrong:
        where = traceback.extract_tb(wrong.__traceback__)[-1]
        trouble = f"{type(wrong).__name__}: {str(wrong)[:300]} at {Path(where.filename).name}:{where.lineno}"
    took = time.process_time() - began
    peak = _peak()
    if took > SECONDS and (not trouble or took > ABORT):
        trouble = f"late: {took:.1f} s"
    took, peak = round(took, 4), round(peak, 1)
    _tell(file, end=given.number, kind=given.kind, ended=ended, took=took, peak=peak, trouble=trouble)


def _peak() -> float:
    """The most memory of this process so far, in MiB; ``ru_maxrss`` has what its parent had when it began as well."""
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tell(file: io.TextIOBase, **words: object) -> None:
    file.write(json.dumps(words) + "\n")


if __name__ == "__main__":
    main()
