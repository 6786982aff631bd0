"""Logistic regression by three optimisers of SciPy: with the gradient, with the Hessian, with its products.

    python examples/fitting/logistic_regression.py -o objective.svg
"""

from __future__ import annotations

import numpy as np
from objective import drawn, main, minimised

import matcalc as mc

PROGRAM = "X: matrix(m, n); J = mean(log(1 + exp(-y*(X@w)))) + mu/2*w.T@w"


def fit() -> tuple[list[str], str]:
    """What is printed, and the drawing."""
    rng = np.random.default_rng(0)
    X, direction = rng.standard_normal((500, 10)), rng.standard_normal(10)
    y = np.where(X @ direction + rng.logistic(size=500) > 0, 1.0, -1.0)
    data, start = {"X": X, "y": y, "mu": 1e-2}, np.zeros(10)
    first = mc.compile(PROGRAM, ["w"]).flat(start, **data)
    second = mc.compile(PROGRAM, ["w"], order=2).flat(start, **data)
    product = mc.compile(PROGRAM, ["w"], hvp="w").flat(start, **data)
    runs = {
        "L-BFGS-B, gradients": minimised(first, "L-BFGS-B", options={"ftol": 0.0, "gtol": 1e-9}),
        "trust-exact, Hessians": minimised(second, "trust-exact", hess=second.hess, options={"gtol": 1e-9}),
        "trust-ncg, products": minimised(product, "trust-ncg", hessp=product.hessp, options={"gtol": 1e-9}),
    }
    lines = [f"{first!r}, {len(y)} samples"]
    for name, (found, values) in runs.items():
        small = "below" if np.max(np.abs(first(found.x)[1])) < 1e-6 else "ABOVE"
        lines.append(f"{name:24}objective {values[0]:.6f} -> {found.fun:.6f}, gradient {small} 1e-6")
    weights = first.unpack(runs["trust-exact, Hessians"][0].x)["w"]
    cosine = weights @ direction / np.linalg.norm(weights) / np.linalg.norm(direction)
    lines.append(f"cosine of the weights and the direction that the labels come from: {cosine:.3f}")
    least = min(found.fun for found, _ in runs.values())
    return lines, drawn({name: values for name, (_, values) in runs.items()}, "Logistic regression", least)


if __name__ == "__main__":
    main("Logistic regression by three optimisers of SciPy.", fit)
