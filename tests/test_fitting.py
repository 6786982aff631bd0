"""The examples of fitting: what they print stands beside them, and the drawing is of a falling objective."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("scipy", reason="SciPy is not installed: pip install 'matcalculus[scipy]'")
FOLDER = Path(__file__).parent.parent / "examples" / "fitting"
EXAMPLES = sorted(path for path in FOLDER.glob("*.py") if path.stem != "objective")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_it_prints_what_stands_beside_it_and_draws_its_objective(example: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(example), "-o", str(tmp_path / "objective.svg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == example.with_suffix(".out").read_text(encoding="utf-8")
    assert "ABOVE" not in done.stdout
    assert "ARE NOT" not in done.stdout
    picture = (tmp_path / "objective.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(picture)
    for curve in re.findall(r'class="curve[^"]*" d="([^"]*L[^"]*)"', picture):
        heights = [float(y) for y in re.findall(r"[ML][\d.]+[ ,]([\d.]+)", curve)]
        assert len(heights) > 3
        assert heights[-1] == max(heights)  # the last point is the lowest; heights count downwards


def test_there_are_three() -> None:
    assert [path.stem for path in EXAMPLES] == ["gaussian", "logistic_regression", "matrix_factorisation"]
