"""All LaTeX that people get: of the whole corpus and every example, set in one run of pdflatex, read by math-core."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

import matcalc as mc
from matcalc.cli.latex import DOCUMENT
from matcalc.showing.equations import latex_equations, latex_shapes

HERE = Path(__file__).parent
CORPUS = json.loads((HERE / "corpus" / "public.json").read_text(encoding="utf-8"))["cases"]
EXAMPLES = sorted((HERE.parent / "examples").glob("*.mc"))


@cache
def bodies() -> tuple[str, ...]:
    """The equations and the sentence on shapes of each, of examples the steps as well, brief and full."""
    found = []
    for case in CORPUS:
        derivation = mc.derive(
            case["program"], case["wrt"], of=case["of"], order=case["order"], syntax=case["syntax"],
            functions=case["functions"],
        )  # fmt: skip
        found.append(f"{latex_equations(derivation)}\n\n{latex_shapes(derivation)}")
    for path in EXAMPLES:
        derivation = mc.derive(path.read_text(encoding="utf-8"), "all")
        found.append(latex_equations(derivation))
        found += [derivation.explain(level=level, format="latex") for level in ("brief", "full")]
    return tuple(found)


@pytest.mark.skipif(shutil.which("pdflatex") is None and "MATCALC_CI" not in os.environ, reason="no pdflatex here")
def test_pdflatex_sets_them_all_in_one_run(tmp_path: Path) -> None:
    assert len(bodies()) >= len(CORPUS) + 3 * len(EXAMPLES) > 300
    (tmp_path / "all.tex").write_text(DOCUMENT % ("article", "\n\n".join(bodies())), encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "all.tex"],
        cwd=tmp_path, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout.decode("latin-1")[-2000:]
    assert b"Missing character" not in run.stdout


def test_math_core_reads_every_formula() -> None:
    math_core = __import__("math_core") if "MATCALC_CI" in os.environ else pytest.importorskip("math_core")
    converter = math_core.LatexToMathML()
    count = 0
    for body in bodies():
        shown = re.findall(r"\\begin\{align\*\}.*?\\end\{align\*\}", body, re.DOTALL)
        within = re.findall(r"\$([^$]+)\$", re.sub(r"\\begin\{align\*\}.*?\\end\{align\*\}", "", body, flags=re.DOTALL))
        for formula in (*shown, *within):
            assert "<math" in converter.convert_with_local_state(formula, displaystyle=True), formula
            count += 1
    assert count > 300
