"""Every equation that a board shows is true: of all levels, styles and policies, in all layouts."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from board_truth import BoardTruth
from programs import Programs
from test_steps import PROGRAMS, random_program

from matcalc.derivation import derive
from matcalc.phrases import phrases
from matcalc.steps.explain import blocks_of
from matcalc.steps.glyphs import Glyphs
from matcalc.steps.step import LEVELS, POLICIES, STYLES

WAYS = list(product(LEVELS, POLICIES, STYLES))


def held(source: str, wrt: Any, *, layouts: tuple[str, ...] = ("shape",), **options: Any) -> int:
    """How many equations of all boards of a program hold; fails at the first that does not."""
    count, truth = 0, None
    for layout in layouts:
        derivation = derive(source, wrt, layout=layout, **options)
        for level, policy, style in WAYS:
            blocks = blocks_of(derivation, Glyphs(phrases()), level, policy, style)
            if truth is None:
                definitions = [line for block in blocks if block.kind == "definition" for line in block.lines]
                if not definitions:
                    return 0
                truth = BoardTruth(derivation, definitions, source)
            truth.derivation = derivation
            count += truth.check(blocks)
    return count


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_every_line_of_every_board_is_true(source: str, wrt: Any) -> None:
    assert held(source, wrt, layouts=("shape", "numerator", "denominator")) > 20


@pytest.mark.parametrize("seed", range(60))
def test_boards_of_networks_are_true(seed: int) -> None:
    source, wrt = random_program(seed)
    assert held(source, wrt) > 20


@pytest.mark.parametrize("seed", range(200))
def test_boards_of_random_programs_are_true(seed: int) -> None:
    programs = Programs(seed)
    source = programs.program(2 + seed % 3)
    formula = source.splitlines()[-1]
    wrt = [name for name in programs.inputs if re.search(rf"\b{name}\b", formula)]
    assert held(source, wrt[:4], layouts=("numerator",) if seed % 2 else ("shape",)) > 0
