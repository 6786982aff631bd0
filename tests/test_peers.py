"""The problems measured beside peers: the generated code against the same mathematics written by hand in NumPy."""

import numpy as np
import pytest

from benchmarks.peers import WAYS, _options, drawing, geometric, ratios
from benchmarks.peers_at_work import AGREE, PEERS, disagreement, inputs_of, results, straight, tuned
from benchmarks.problems import PROBLEMS


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.name)
def test_generated_tuned_and_straightforward_code_agree(problem):
    inputs = inputs_of(problem, problem.sizes[0])
    kept = {name: array.copy() for name, array in inputs.items()}
    ways = (straight, tuned, *[PEERS[way] for way in WAYS])
    found = [results(way(problem, inputs)(), problem, everything=True) for way in ways]
    assert len(found[0]) == 1 + len(problem.wrt) + (problem.order == 2)
    for other in found[1:]:
        assert disagreement(other, found[0]) < AGREE
    for name, array in inputs.items():
        assert np.array_equal(array, kept[name]), name


def test_a_peer_that_is_wrong_is_not_timed():
    assert disagreement([np.array([1.0, 2.0 + 1e-7])], [np.array([1.0, 2.0])]) > AGREE
    assert disagreement([np.ones((2, 1))], [np.ones(2)]) == np.inf
    assert disagreement([np.array([np.nan])], [np.array([1.0])]) == np.inf


def test_the_drawing_of_ratios_is_a_document():
    from xml.etree import ElementTree

    key = PROBLEMS[0].name, PROBLEMS[0].sizes[0]
    times = {(*key, "matcalc"): {"least": 1.0}, (*key, "jax"): {"least": 2.0}, (*key, "torch"): {"failed": "late"}}
    assert ratios(times, "jax", "least") == {f"{key[0]}, 10×10": 2.0}
    assert ratios(times, "torch", "least") == {}
    times[*key, "blocks"] = {"least": 0.5}
    assert ratios(times, "jax", "least", ways=WAYS) == {f"{key[0]}, 10×10": 4.0}
    assert geometric([2.0, 8.0]) == pytest.approx(4.0)
    assert ElementTree.fromstring(drawing(times, ["matcalc", "jax", "torch"], "least")).tag.endswith("svg")
    assert _options(["--quick", "--only", "logistic"]).only == ["logistic"]
