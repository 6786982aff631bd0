"""The command line.

Decisions. Results go to standard output, all else (notes, what was checked, errors) to standard
error. The exit code is 0 where all is done, 1 where a check failed (a wrong claim too), 2 where the
input is wrong or the result cannot be written, 130 after Ctrl-C. A reader of the output that goes
away (``| head``) ends the process in silence, as it ends other tools.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process; ends it with the exit code."""
    gc.set_threshold(100_000)  # expressions hold no cycles, looking for them costs a run a few hundredths of its time
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from matcalc.cli.group import matcalc

        code = matcalc.main(prog_name="matcalc", standalone_mode=False)
    except KeyboardInterrupt:  # while modules are loaded; later the commands see to it
        code = 130
    _settle()
    sys.exit(code if isinstance(code, int) else 0)


def _settle() -> None:
    """What could not be written was told; the interpreter is not to try and tell again."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
