"""Unification of dimensions by itself."""

from __future__ import annotations

import pytest

from matcalc.expressions.dims import add as dim_add
from matcalc.expressions.dims import multiply
from matcalc.language.dimensions import Clash, Unifier
from matcalc.language.program import elaborate


def solve(left: object, right: object) -> Unifier:
    check = Unifier()
    check.same(left, right)  # type: ignore[arg-type]  # dimensions
    check.finish(lambda slot: ())
    return check


def test_unifier_binds_and_finds() -> None:
    check = Unifier()
    check.same("?1", "?2")
    check.same("?2", "n")
    assert check.find("?1") == "n"
    assert check.find(multiply("?1", "?2")) == multiply("n", "n")
    with pytest.raises(Clash):
        check.same("?1", "m")
    with pytest.raises(Clash):
        check.same("?1", 3)


@pytest.mark.parametrize(
    ("left", "right", "solution"),
    [
        (multiply(2, "?1"), 6, 3),
        (dim_add("?1", 3), 5, 2),
        (multiply("n", "?1"), multiply("n", "m"), "m"),
        (dim_add("?1", "n"), dim_add("n", "m"), "m"),
        (dim_add(multiply("?1", "n"), "n"), multiply("n", 4), 3),
        (multiply(2, "?1"), dim_add("n", "n"), "n"),
    ],
)
def test_unifier_solves(left: object, right: object, solution: object) -> None:
    assert solve(left, right).find("?1") == solution


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (multiply(2, "?1"), 5),
        (dim_add("?1", 3), 4),  # an axis of length 1 is none
        (dim_add("?1", 3), 3),
        (dim_add("?1", 3), 2),
        (dim_add("?1", "?2"), 0),
        ("?1", dim_add("?1", 1)),
        (multiply("n", "?1"), "m"),
        ("n", dim_add("n", 1)),
        # of which there are many solutions
        (multiply("?1", "?2"), dim_add(multiply("?3", "?4"), multiply("?3", "?5"))),
        (multiply(2, multiply("?1", "?2")), multiply("?3", "?4")),
        (multiply("?1", multiply("?2", "?3")), multiply("?4", "?5")),
    ],
)
def test_unifier_refuses(left: object, right: object) -> None:
    with pytest.raises(Clash):
        solve(left, right)


def test_equal_products_are_taken_to_be_equal_factor_by_factor_and_told() -> None:
    check = solve(multiply("?1", "?2"), multiply("?3", "?4"))
    assert check.find("?1") == check.find("?3")
    assert check.find("?2") == check.find("?4")
    assert check.guesses == [check.slot]
    assert not solve(multiply("n", "?1"), multiply("n", "m")).guesses
    (note,) = elaborate("s = kron(a, b) - kron(c, d)").notes
    assert note.startswith("the shapes in kron(a, b) - kron(c, d) are taken to be the same")


def test_shapes_of_sums_and_products_of_dimensions_are_shown_as_such() -> None:
    import matcalc as mc

    shapes = mc.derive("z = [x; y]; K = kron(A, z); J = sum(K)", "A").shapes
    assert repr(shapes["z"]) == "('m + n',)"
    assert str(shapes["K"]) == "('m*p + n*p', 'q')"
