"""Logistic regression on a file that need not fit in memory: gradients that stream it, one block of rows at a time.

The samples are written to a file, which is opened as a memory-mapped array.  `matcalc` finds that value and gradient
are sums over the samples, so each step of the descent reads every row once, on all cores, and no more than a few
blocks are in memory at any time.

    python examples/large_data.py --rows 200000 --steps 20
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import matcalc as mc

PROGRAM = """
X: matrix(m, n)
J = mean(log(1 + exp(-y*(X@w)))) + mu*w.T@w
"""


def written(folder: Path, rows: int, columns: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Samples in a file, their labels, and the direction that they come from."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(columns)
    X = np.memmap(folder / "samples", dtype=np.float32, mode="w+", shape=(rows, columns))
    y = np.empty(rows)
    for start in range(0, rows, 10_000):
        part = slice(start, start + 10_000)
        X[part] = rng.standard_normal(X[part].shape)
        y[part] = np.where(X[part] @ direction + rng.logistic(size=len(y[part])) > 0, 1.0, -1.0)
    X.flush()
    return np.memmap(folder / "samples", dtype=np.float32, mode="r", shape=(rows, columns)), y, direction


def descend(X: Any, y: Any, steps: int, progress: bool = False) -> tuple[Any, list[float]]:
    """The weights after some steps of gradient descent, and the loss before each."""
    fn = mc.compile(PROGRAM, ["w"], blocks=True)
    w = np.zeros(X.shape[1])
    losses = []
    for step in range(steps):
        loss, gradients = fn(X=X, y=y, w=w, mu=1e-4, progress=progress and step == 0)
        losses.append(float(loss))
        w -= 4.0 * gradients["w"]
    return w, losses


def main() -> None:
    """Write the samples, descend, and compare with the direction that they came from."""
    parser = argparse.ArgumentParser(description="Logistic regression on a file, a block of rows at a time.")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--progress", action="store_true", help="a progress bar for the first step, on standard error")
    asked = parser.parse_args()
    print(mc.compile(PROGRAM, ["w"], blocks=True).explain())
    with tempfile.TemporaryDirectory() as folder:
        X, y, direction = written(Path(folder), asked.rows, asked.columns)
        w, losses = descend(X, y, asked.steps, asked.progress)
    cosine = w @ direction / np.linalg.norm(w) / np.linalg.norm(direction)
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f}; cosine to the true direction {cosine:.3f}")


if __name__ == "__main__":
    main()
