"""A matrix with holes as a product of two thin ones: the two are packed into one vector.

    python examples/fitting/matrix_factorisation.py -o objective.svg
"""

from __future__ import annotations

import numpy as np
from objective import drawn, main, minimised

import matcalc as mc

PROGRAM = """
R, M: matrix(m, n); U: matrix(m, k); V: matrix(n, k)
E = M*(U@V.T - R)
J = sum(E**2)/2 + mu/2*(sum(U**2) + sum(V**2))
"""


def fit() -> tuple[list[str], str]:
    """What is printed, and the drawing."""
    rng = np.random.default_rng(1)
    m, n, k = 40, 30, 3
    truth = rng.standard_normal((m, k)) @ rng.standard_normal((n, k)).T
    known = (rng.random((m, n)) < 0.6).astype(float)
    start = {"U": rng.standard_normal((m, k)) / 3, "V": rng.standard_normal((n, k)) / 3}
    flat = mc.compile(PROGRAM, ["U", "V"]).flat(start, R=truth, M=known, mu=1e-3)
    found, values = minimised(flat, "L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-9})
    factors = flat.unpack(found.x)
    wrong = factors["U"] @ factors["V"].T - truth
    known_error, unknown_error = [np.sqrt(np.mean(wrong[known == k] ** 2) / np.mean(truth**2)) for k in (1, 0)]
    lines = [
        f"{flat!r}",
        f"objective {values[0]:.1f} -> {found.fun:.4f}",
        f"relative error of the {int(known.sum())} known entries {'below' if known_error < 1e-3 else 'ABOVE'} 0.1 %",
        f"of the {int((1 - known).sum())} unknown ones {'below' if unknown_error < 1e-2 else 'ABOVE'} 1 %",
    ]
    return lines, drawn({"L-BFGS-B": values}, "Matrix factorisation", min(values))


if __name__ == "__main__":
    main("A matrix with holes as a product of two thin ones.", fit)
