"""The Gaussian of greatest likelihood, by its mean and precision matrix, and by a factor of the precision.

A positive definite variable is packed by its lower triangle.  A step out of its cone has an infinite value, so methods
with a trust region stay inside; a line search is given a factor of the matrix instead, which may be anything.

    python examples/fitting/gaussian.py -o objective.svg
"""

from __future__ import annotations

import numpy as np
from objective import drawn, main, minimised

import matcalc as mc

PRECISION = """
X: matrix(m, n); mu: vector(n); P: posdef(n)
Z = X - ones(m)@mu.T
J = tr(Z@P@Z.T)/m/2 - logdet(P)/2
"""
FACTOR = """
X: matrix(m, n); mu: vector(n); L: matrix(n, n)
Z = (X - ones(m)@mu.T)@L
J = sum(Z**2)/m/2 - logdet(L)
"""


def fit() -> tuple[list[str], str]:
    """What is printed, and the drawing."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 4)) + rng.standard_normal(4)
    start = {"mu": np.zeros(4), "P": np.eye(4)}
    precision = mc.compile(PRECISION, ["mu", "P"], order=2).flat(start, X=X)
    factor = mc.compile(FACTOR, ["mu", "L"]).flat({"mu": np.zeros(4), "L": np.eye(4)}, X=X)
    by_precision, first = minimised(precision, "trust-exact", hess=precision.hess, options={"gtol": 1e-7})
    by_factor, second = minimised(factor, "BFGS", options={"gtol": 1e-7})
    mean, covariance = X.mean(axis=0), np.cov(X.T, bias=True)
    least = float(np.linalg.slogdet(covariance)[1] / 2 + 2)
    lines = [f"the least objective there is: {least:.6f}"]
    found = precision.unpack(by_precision.x)
    lines += _told(repr(precision), first, by_precision.fun, found["mu"] - mean, np.linalg.inv(found["P"]) - covariance)
    found = factor.unpack(by_factor.x)
    wrong = np.linalg.inv(found["L"] @ found["L"].T) - covariance
    lines += _told(repr(factor), second, by_factor.fun, found["mu"] - mean, wrong)
    runs = {"precision, trust-exact with Hessians": first, "its factor, BFGS": second}
    return lines, drawn(runs, "Gaussian of greatest likelihood", least)


def _told(name: str, values: list[float], value: float, *wrong: np.ndarray) -> list[str]:
    found = all(np.max(np.abs(array)) < 1e-4 for array in wrong)
    return [
        name, f"  objective {values[0]:.4f} -> {value:.6f}",
        f"  mean and covariance {'are' if found else 'ARE NOT'} those of the samples",
    ]  # fmt: skip


if __name__ == "__main__":
    main("The Gaussian of greatest likelihood.", fit)
