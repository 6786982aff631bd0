"""How formulas are written does not change unnoticed; `tests/written.py` tells how the lines are written anew."""

from __future__ import annotations

import numpy as np
import pytest
from differences import close, evaluator, point
from written import DECLARED, asked, read, written

from matcalc.language.program import elaborate

LINES = read()


@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_formula_is_written_as_it_was(number: int) -> None:
    program, wrt, expected = LINES[number]
    program = program.replace("...; ", DECLARED)
    assert written(program, wrt) == expected, "judge the difference; python -m tests.written writes it"
    if not wrt:  # of derivatives others judge the values
        value = elaborate(program).value
        at = point(value, seed=str(number))
        with np.errstate(all="ignore"):
            truth, found = evaluator(at)(value), evaluator(at)(elaborate(f"{DECLARED}{expected['']}").value)
            assert close(found, truth) or not np.abs(truth).max() < 1e8  # an inverse that there is not


def test_the_lines_are_those_asked_for() -> None:
    there = {(program.replace("...; ", DECLARED), tuple(wrt)) for program, wrt, _ in LINES}
    every = {(program, tuple(wrt)) for program, wrt in asked()}
    assert there <= every
    assert len(there) > 0.9 * len(every)
