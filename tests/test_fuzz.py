"""A small run of the fuzzer, always the same: nothing crashes, hangs, or ends without a word."""

from __future__ import annotations

from benchmarks.fuzz import fuzz
from benchmarks.fuzz_inputs import KINDS, make


def test_inputs_can_be_made_again() -> None:
    assert [make(0, number) for number in range(300)] == [make(0, number) for number in range(300)]
    assert {make(0, number).kind for number in range(300)} == set(KINDS)


def test_two_thousand_inputs_end_as_they_must() -> None:
    found = fuzz(2000, seed=0)
    assert sum(found.kinds.values()) == 2000
    assert found.ended["result"] > 100
    # index notation is not always read back: powers with a name as exponent, indices that a dimension alone tells
    assert [trouble for trouble in found.troubles if "read back" not in trouble[1]] == []
