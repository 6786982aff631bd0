"""Second derivatives by variables whose type assumes something, against differences of the value in all directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.language.program import elaborate
from matcalc.verify.sampling import draw

SIZES = {"n": 3, "m": 4}
PROGRAMS = [
    ("Q: orthogonal(n); x.T@Q.T@Q@x", ["x", "Q"]), ("Q: orthogonal(n); x.T@inv(Q)@x", ["Q", "x"]),
    ("Q: orthogonal(n); det(Q)**2", ["Q"]), ("Q: orthogonal(n); logdet(Q)", ["Q"]),
    ("Q: orthogonal(n); norm(Q@x)", ["x", "Q"]), ("p: simplex(n); sum(p)**2*x.T@x", ["p", "x"]),
    ("p: simplex(n); z = p*sum(p); s = z.T@z + u.T@z", ["p", "u"]), ("Q: orthogonal(n); y = Q@x; y.T@y", ["x", "Q"]),
    ("Q: orthogonal(n); p: simplex(n); norm(Q.T@p)**2*sum(p)", ["Q", "p"]),
]  # fmt: skip


def second_difference(value: Any, arrays: dict[str, Any], a: str, i: Any, b: str, j: Any, h: float = 1e-3) -> float:
    def at(s: float, t: float) -> float:
        moved = {name: np.array(array, dtype=float) for name, array in arrays.items()}
        moved[a][i] += s
        moved[b][j] += t
        return float(value(**moved)[0])

    return (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_hessians_know_how_the_value_varies_off_the_assumption(source: str, wrt: list[str]) -> None:
    rng = np.random.default_rng(5)
    arrays = {name: draw(node, SIZES, rng) for name, node in elaborate(source).inputs.items()}
    value = mc.compile(source, [])
    hessians = mc.compile(source, wrt, order=2)(**arrays)[2]
    for a in wrt:
        for b in wrt:
            block = hessians[a, b]
            for i in np.ndindex(arrays[a].shape):
                for j in np.ndindex(arrays[b].shape):
                    truth = second_difference(value, arrays, a, i, b, j)
                    assert block[i + j] == pytest.approx(truth, rel=1e-4, abs=1e-4), (a, i, b, j)
    assert mc.check(source, wrt, order=2).passed


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_products_with_hessians_too(source: str, wrt: list[str]) -> None:
    rng = np.random.default_rng(6)
    arrays = {name: draw(node, SIZES, rng) for name, node in elaborate(source).inputs.items()}
    directions = {f"direction_{name}": rng.standard_normal(arrays[name].shape) for name in wrt}
    hessians = mc.compile(source, wrt, order=2)(**arrays)[2]
    products = mc.compile(source, [], hvp=list(wrt))(**arrays, **directions)[-1]
    for a in wrt:
        parts = [np.tensordot(hessians[a, b], directions[f"direction_{b}"], arrays[b].ndim) for b in wrt]
        np.testing.assert_allclose(products[a], sum(parts), rtol=1e-8, atol=1e-10)


def test_where_it_is_not_varied_the_assumption_is_used() -> None:
    derivation = mc.derive("Q: orthogonal(n); x.T@Q.T@Q@x", "x", order=2)
    assert derivation["x"].source() == "2*x"
    assert derivation["x", "x"].source() == "2*eye(n)"
    assert mc.derive("Q: orthogonal(n); x.T@Q.T@Q@x", ["x", "Q"], order=2)["x"].source() == "2*x"
