"""The same input gives the same bytes: whatever the seed of the hashes, and whatever was derived before."""

from benchmarks.determinism import FORMATS, child, differing, programs


def test_the_same_bytes_under_any_seed_and_in_any_order():
    import sys

    seeds = (0, 1, 1234)  # odd ones go backwards
    found = [(f"seed {seed}", child(sys.executable, seed, 40)) for seed in seeds]
    assert len(found[0][1]) >= 40 * len(FORMATS)
    assert differing(found) == []


def test_a_difference_is_told():
    assert differing([("one", {"a": "1"}), ("two", {"a": "2"}), ("three", {})]) == ["a: two, three differs from one"]


def test_programs_of_the_corpus_and_at_random():
    found = programs(60)
    assert len({name for name, *_ in found}) == 60
    assert len({text for _, text, *_ in found}) > 55
