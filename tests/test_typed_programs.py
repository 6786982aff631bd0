"""A thousand random programs over the whole language, in every run: fixed seeds, and fresh ones each time; a hundred of
them are put together from the acceptance corpus.

A failure prints its seed and the program made small; ``MATCALC_SEED=N`` gives the same fresh programs again.
"""

from __future__ import annotations

import os
import time

import pytest
from composed_programs import compose
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import Outcome, Setting, judge
from judging_sources import judge_source
from typed_programs import Program, generate, minimised

import matcalc as mc

FRESH = int(os.environ.get("MATCALC_SEED", time.time_ns() % 10**9)) + 10**6
CHUNK = 25
BLOCKS = [*range(0, 900, CHUNK), *range(FRESH, FRESH + CHUNK, CHUNK)]
REFUSED = ("UnsupportedError", "LimitError")  # honest answers; any other error is a program that was not understood


def failure(program: Program, setting: Setting, outcome: Outcome) -> str:
    """What is told of a failure: the small program first."""
    def fails(other: Program) -> bool:
        found = judge(other, setting)
        return found.kind == outcome.kind and found.reason.split(" by ")[0] == outcome.reason.split(" by ")[0]

    small = minimised(program, fails).text(setting.syntax)
    return f"minimised ({setting.syntax}, {setting.structure}, order {setting.order}):\n{small}\n\n{outcome}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", BLOCKS, ids=lambda n: str(n) if n < FRESH else f"fresh{(n - FRESH) // CHUNK}")
def test_random_programs(block: int) -> None:
    answered = 0
    for seed in range(block, block + CHUNK):
        program = generate(seed)
        setting = Setting(seed, program)
        outcome = judge(program, setting)
        wrong = outcome.kind == "wrong" or (outcome.kind == "refused" and not outcome.reason.startswith(REFUSED))
        assert not wrong, f"seed {seed}, MATCALC_SEED={FRESH - 10**6}\n{failure(program, setting, outcome)}"
        answered += outcome.kind == "right"
    assert answered > 0.6 * CHUNK  # a run that judges nothing proves nothing


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 4), st.booleans())
def test_every_generated_program_is_understood_in_both_syntaxes(seed: int, depth: int, rational: bool) -> None:
    program = generate(seed, depth=depth, rational=rational)
    for syntax in ("numpy", "matlab"):
        try:
            mc.derive(program.text(syntax, declared=True), [], syntax=syntax)
        except mc.UnsupportedError as refused:
            if "an index letter stands inside what is indexed" not in str(refused):  # a variable that is named as one
                raise


def test_a_wrong_answer_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    import judging

    right = judging.curve
    monkeypatch.setattr(judging, "curve", lambda w, k, x: right(w, k, x) * (1.001 if k == 1 else 1))
    found = []
    for seed in range(150):
        program = generate(seed)
        setting = Setting(seed, program)
        outcome = judge(program, setting)
        if outcome.kind == "wrong":
            found.append(minimised(program, lambda other, s=setting: judge(other, s).kind == "wrong"))
    assert len(found) > 5
    assert min(len(program.text()) for program in found) < 60


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", [*range(0, 100, 20), FRESH], ids=lambda n: str(n) if n < FRESH else "fresh")
def test_programs_put_together_from_other_people_s(block: int) -> None:
    answered = 0
    for seed in range(block, block + 20):
        outcome = judge_source(compose(seed), seed)
        wrong = outcome.kind == "wrong" or (outcome.kind == "refused" and not outcome.reason.startswith(REFUSED))
        assert not wrong, f"seed {seed}, MATCALC_SEED={FRESH - 10**6}\n{outcome}"
        answered += outcome.kind == "right"
    assert answered > 12
