"""What facts are in numbers, and random matrices that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
N = 4


def near(a: Any, b: Any, tol: float) -> bool:
    return bool(np.all(np.abs(np.asarray(a) - b) <= tol * (1 + np.max(np.abs(a)))))


def square(x: Array) -> bool:
    return x.shape[0] == x.shape[1]


def eigenvalues(x: Array) -> Array:
    return np.linalg.eigvalsh((x + x.T) / 2)


def smallest(x: Array) -> float:
    """The smallest singular value over the largest."""
    s = np.linalg.svd(x)[1]
    return float(s[-1] / s[0]) if s[0] else 0.0


# each with the tolerance of an equation; an inequality that may be an equation has it too
TRUTH: dict[str, Callable[[Array, float], bool]] = {
    "symmetric": lambda x, e: square(x) and near(x, x.T, e),
    "skew": lambda x, e: square(x) and near(x, -x.T, e),
    "lower": lambda x, e: near(x, np.tril(x), e),
    "upper": lambda x, e: near(x, np.triu(x), e),
    "diagonal": lambda x, e: near(x, np.tril(np.triu(x)), e),
    "orthonormal": lambda x, e: near(x.T @ x, np.eye(x.shape[1]), e),
    "orthogonal": lambda x, e: square(x) and near(x.T @ x, np.eye(len(x)), e),
    "semidefinite": lambda x, e: square(x) and near(x, x.T, e) and eigenvalues(x)[0] >= -e * (1 + np.max(np.abs(x))),
    "definite": lambda x, e: square(x) and near(x, x.T, e) and eigenvalues(x)[0] > 1e-9 * eigenvalues(x)[-1],
    "invertible": lambda x, e: square(x) and smallest(x) > 1e-9,
    "independent": lambda x, e: x.shape[0] >= x.shape[1] and smallest(x) > 1e-9,
    "positive_diagonal": lambda x, e: square(x) and bool(np.all(np.diag(x) > 0)),
    "nonnegative": lambda x, e: bool(np.all(x >= -e * (1 + np.max(np.abs(x))))),
    "positive": lambda x, e: bool(np.all(x > 0)),
    "zero": lambda x, e: near(x, 0, e),
    "whole": lambda x, e: near(x, np.round(x), e),
    "unit": lambda x, e: near(np.sum(x**2), 1, e),
    "sums_to_one": lambda x, e: near(np.sum(x), 1, e),
    "columns_sum_to_one": lambda x, e: near(np.sum(x, axis=0), 1, e),
    "rows_sum_to_one": lambda x, e: near(np.sum(x, axis=1), 1, e),
    "sums_to_zero": lambda x, e: near(np.sum(x), 0, e),
    "columns_sum_to_zero": lambda x, e: near(np.sum(x, axis=0), 0, e),
    "rows_sum_to_zero": lambda x, e: near(np.sum(x, axis=1), 0, e),
}


FREE = {"symmetric", "lower", "upper", "diagonal"}  # what every number has


def having(names: set[str], shape: tuple[int, int], rng: np.random.Generator, edge: bool = False) -> Array:
    """A random matrix with all these facts, and as few others as may be.

    ``edge``: at the edge of what the facts say: what need not be positive is zero or negative, what need not
    be small is large.
    """
    x = rng.standard_normal(shape)
    if "zero" in names:
        return 0 * x
    if shape == (1, 1):
        return number(names, rng, edge)
    if edge and not names:
        x = -np.abs(x)
    if edge and names == {"independent"} and shape[0] > shape[1]:
        x[0] = 0
    if edge and "positive_diagonal" in names and not names & {"symmetric", "semidefinite", "definite"}:
        x = np.full(shape, 5.0)
    if names & {"orthogonal", "orthonormal"}:
        return np.linalg.qr(x)[0]
    if "definite" in names or {"semidefinite", "invertible"} <= names:
        x = x @ x.T + 0.3 * np.eye(len(x))
    elif "semidefinite" in names:
        x[-1] = 0  # all of them with a common kernel
        x = x @ x.T
    elif "skew" in names:
        x = x - x.T
    elif "symmetric" in names:
        x = x + x.T
    if "whole" in names:
        x = np.round(2 * x)
    if "positive" in names:
        x = np.exp(0.5 * x) if "symmetric" in names or "whole" not in names else np.abs(x) + 1
    elif "nonnegative" in names:
        x = np.maximum(x, 0)
    for name, keep in (("lower", np.tril), ("upper", np.triu), ("diagonal", lambda a: np.tril(np.triu(a)))):
        x = keep(x) if name in names else x
    if "positive_diagonal" in names:
        x[np.diag_indices(len(x))] = np.exp(rng.standard_normal(len(x)))
    if "unit" in names:
        x = x / np.sqrt(np.sum(x**2))
    if "sums_to_one" in names:
        x = x + (1 - np.sum(x)) / x.size
    if "sums_to_zero" in names:
        x = x - np.mean(x)
    if "columns_sum_to_zero" in names:
        x = x - np.mean(x, axis=0)
    if "rows_sum_to_zero" in names:
        x = x - np.mean(x, axis=1, keepdims=True)
    if "columns_sum_to_one" in names:
        x = x + (1 - np.sum(x, axis=0)) / len(x)
    if "rows_sum_to_one" in names:
        x = x + (1 - np.sum(x, axis=1, keepdims=True)) / x.shape[1]
    return x


def number(names: set[str], rng: np.random.Generator, edge: bool) -> Array:
    value = float(rng.standard_normal())
    if edge and names <= FREE | {"nonnegative", "semidefinite", "whole"}:
        return np.zeros((1, 1))
    if "whole" in names:
        value = float(rng.integers(-3, 4))
    if names & {"positive", "nonnegative", "definite", "semidefinite"}:
        value = abs(value) + ("positive" in names or "whole" not in names)
    if names & {"unit", "sums_to_one", "columns_sum_to_one", "rows_sum_to_one", "orthonormal"}:
        value = 1.0
    if names & {"sums_to_zero", "columns_sum_to_zero", "rows_sum_to_zero"}:
        value = 0.0
    return np.array([[value]])
