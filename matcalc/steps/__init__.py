"""Derivations step by step: data first (`steps_of`), then lines on a board, then text, LaTeX and JSON (`explain`).

A step is a formula that holds: an intermediate variable, a local derivative, what the chain rule passes on, a sum over
several uses, an abbreviation, a result.  Nothing in a step is text that could say something else than its nodes.
"""

from matcalc.steps.chain import steps_of
from matcalc.steps.data import as_json
from matcalc.steps.explain import explain, render_latex, render_text
from matcalc.steps.step import DerivationStep

__all__ = ["DerivationStep", "as_json", "explain", "render_latex", "render_text", "steps_of"]
