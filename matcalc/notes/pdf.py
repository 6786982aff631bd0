"""A LaTeX document set as PDF, by the TeX that is installed.

Decisions.  TeX runs in a folder of its own, without a shell and without reading or writing files elsewhere, and is
stopped after two minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from matcalc.errors import MatcalcError, UnsupportedError

__all__ = ["pdf_of"]

SECONDS = 120
HINT = "install xelatex with ctex (texlive-xetex, texlive-lang-chinese), or write .tex or .html"
MARK = b"% matcalc note\n"  # behind the end of the file, a comment


def pdf_of(tex: str, why_unicode: str = "") -> bytes:
    """The PDF of a document; ``why_unicode`` tells why pdfTeX cannot set it, if it cannot.

    Raises `UnsupportedError` where no engine is installed that can, `MatcalcError` where TeX fails.
    """
    engines = ("xelatex", "lualatex") if why_unicode else ("pdflatex", "xelatex", "lualatex")
    engine = next((name for name in engines if shutil.which(name)), None)
    if engine is None and why_unicode:
        raise UnsupportedError(f"this PDF needs xelatex or lualatex: {why_unicode}", hint=HINT)
    if engine is None:
        raise UnsupportedError("a PDF needs pdflatex", hint="install texlive-latex-base, or write .tex or .html")
    with tempfile.TemporaryDirectory(prefix="matcalc-") as folder:
        Path(folder, "note.tex").write_text(tex, encoding="utf-8")
        command = [engine, "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "note.tex"]
        paranoid = {**os.environ, "openin_any": "p", "openout_any": "p", "TEXMFOUTPUT": folder}
        try:
            done = subprocess.run(
                command, cwd=folder, env=paranoid, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise MatcalcError(f"{engine} did not end within {SECONDS} seconds") from None
        made = Path(folder, "note.pdf")
        if done.returncode != 0 or not made.exists():
            log = done.stdout.decode("utf-8", "replace")
            absent = re.search(r"File `([\w.-]+)' not found", log)
            if absent:
                why = f" ({why_unicode})" if why_unicode else ""
                raise UnsupportedError(f"{engine} is installed, but {absent[1]} is not{why}", hint=HINT)
            raise MatcalcError(f"{engine} failed: {_complaint(log)}")
        return made.read_bytes() + MARK


def _complaint(log: str) -> str:
    """The first error of a TeX run."""
    lines = log.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("!"):
            return " ".join(lines[place : place + 3])[:300]
    return "no reason is given"
