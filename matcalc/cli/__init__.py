"""The command line.

Decisions.  Results go to standard output, all else (notes, what was checked, errors) to standard error.  The exit code is
0 where all is done, 1 where a check failed (a wrong claim too), 2 where the input is wrong or the result cannot be written,
130 after Ctrl-C.  A reader of the output that goes away (``| head``) ends the process in silence, as it ends other tools.
"""

from __future__ import annotations

import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process; ends it with the exit code."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        from matcalc.cli.group import matcalc

        matcalc.main(prog_name="matcalc")
    except KeyboardInterrupt:  # before or after the commands, which see to it themselves
        sys.exit(130)
