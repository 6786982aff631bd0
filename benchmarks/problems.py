"""The problems that are measured beside peers: programs, their inputs, and the same mathematics by hand.

A problem is stated four times: in matcalc's language, as a function of a namespace (``m``) that automatic
differentiation takes, in straightforward NumPy as a textbook writes it, and in NumPy that somebody has tuned, both with
value, gradients and, for order 2, the Hessian.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from benchmarks import by_hand, plainly

__all__ = ["PROBLEMS", "Arrays", "Problem", "Size"]

Arrays: TypeAlias = dict[str, np.ndarray]
Size: TypeAlias = tuple[int, ...]
Results: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """A problem at several sizes.

    ``make`` gives its inputs; ``least`` the operations of matrix products and the exponentials (or the like) that no
    way of computing it is without.
    """

    name: str
    source: str
    wrt: tuple[str, ...]
    function: Callable[..., Any]  # of a namespace and the inputs by name
    straight: Callable[..., Results]
    tuned: Callable[..., Results]
    make: Callable[[np.random.Generator, Size], Arrays]
    least: Callable[..., tuple[float, float]]
    sizes: tuple[Size, ...]
    order: int = 1


def _normal(rng: np.random.Generator, **shapes: int | Size) -> Arrays:
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def _window(rng: np.random.Generator, size: Size) -> Arrays:
    n, d = size
    found = _normal(rng, u=n, W=(n, d), x=d, b=n)
    found["W"] /= math.sqrt(d)
    return found


def _labelled(rng: np.random.Generator, size: Size) -> Arrays:
    n, d = size
    found = _normal(rng, w=d, X=(n, d), y=n)
    found["w"] /= math.sqrt(d)
    found["y"] = (found["y"] > 0).astype(float)
    return found


def _ratings(rng: np.random.Generator, size: Size) -> Arrays:
    m, n, k = size
    return _normal(rng, X=(m, n), U=(m, k), V=(n, k))


def _masked(rng: np.random.Generator, size: Size) -> Arrays:
    m, n, _ = size
    return {"M": (rng.random((m, n)) < 0.3).astype(float), **_ratings(rng, size)}


def _two_layers(rng: np.random.Generator, size: Size) -> Arrays:
    n, d, h, c = size
    found = _normal(rng, X=(n, d), W1=(d, h), b1=h, W2=(h, c), b2=c)
    found["W1"] /= math.sqrt(d)
    found["W2"] /= math.sqrt(h)
    return {**found, "Y": np.eye(c)[rng.integers(0, c, n)]}


def _gaussian(rng: np.random.Generator, size: Size) -> Arrays:
    (n,) = size
    A = rng.standard_normal((n, n))
    return {"S": A @ A.T / n + np.eye(n), **_normal(rng, x=n, mu=n)}


def _quotient(rng: np.random.Generator, size: Size) -> Arrays:
    (n,) = size
    A = rng.standard_normal((n, n))
    return {"A": A + A.T, "x": rng.standard_normal(n)}


def _head(rng: np.random.Generator, size: Size) -> Arrays:
    return _normal(rng, Q=size, K=size, V=size, G=size)


def _three_layers(rng: np.random.Generator, size: Size) -> Arrays:
    (n,) = size
    found = _normal(rng, W1=(n, n), W2=(n, n), W3=(n, n), b1=n, b2=n, b3=n, u=n, x=n)
    for name in ("W1", "W2", "W3"):
        found[name] /= math.sqrt(n)
    return found


# What differentiation takes, of a namespace `m` (`benchmarks.peers_at_work`).


def window(m: Any, u: Any, W: Any, x: Any, b: Any) -> Any:
    """A score of a window of words."""
    return u @ m.tanh(W @ x + b)


def logistic(m: Any, w: Any, X: Any, y: Any) -> Any:
    """The negative log-likelihood of labels 0 and 1."""
    z = X @ w
    return m.sum(m.logaddexp(0 * z, z)) - y @ z


def squares(m: Any, w: Any, X: Any, y: Any) -> Any:
    """The squared error of a linear model."""
    return m.sum((X @ w - y) ** 2)


def factorisation(m: Any, X: Any, U: Any, V: Any) -> Any:
    """The squared error of a matrix of low rank."""
    return m.sum((X - U @ V.T) ** 2)


def masked(m: Any, M: Any, X: Any, U: Any, V: Any) -> Any:
    """The same over the entries that are known."""
    return m.sum((M * (X - U @ V.T)) ** 2)


def two_layers(m: Any, X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    """The mean cross-entropy of a network on a batch."""
    return -m.sum(Y * m.log_softmax(m.tanh(X @ W1 + b1) @ W2 + b2)) / X.shape[0]


def gaussian(m: Any, S: Any, x: Any, mu: Any) -> Any:
    """A log-likelihood but for its constant."""
    return -(m.slogdet(S)[1] + (x - mu) @ m.solve(S, x - mu)) / 2


def quotient(m: Any, A: Any, x: Any) -> Any:
    """Rayleigh's."""
    return (x @ A @ x) / (x @ x)


def head(m: Any, Q: Any, K: Any, V: Any, G: Any) -> Any:
    """A head of attention, weighed by G."""
    return m.sum(G * (m.softmax(Q @ K.T / math.sqrt(Q.shape[1])) @ V))


def three_layers(m: Any, W1: Any, W2: Any, W3: Any, b1: Any, b2: Any, b3: Any, u: Any, x: Any) -> Any:
    """A score of a deeper network."""
    return u @ m.tanh(W3 @ m.tanh(W2 @ m.tanh(W1 @ x + b1) + b2) + b3)


LOGISTIC = "z = X@w; s = sum(log(1 + exp(z))) - y.T@z"
SQUARES = "norm(X@w - y)**2"
FACTORS, KNOWN = "norm(X - U@V.T)**2", "norm(M * (X - U@V.T))**2"
QUOTIENT = "A: symmetric(n); (x.T@A@x) / (x.T@x)"
TWO = """H = tanh(X@W1 + ones(n)@b1.T); S = H@W2 + ones(n)@b2.T
J = -sum(Y * log_softmax(S, axis=1)) / n"""
THREE = "h1 = tanh(W1@x + b1); h2 = tanh(W2@h1 + b2); s = u.T@tanh(W3@h2 + b3)"
DATA: tuple[Size, ...] = ((100, 10), (2_000, 200), (20_000, 500), (100_000, 100))
RANK: tuple[Size, ...] = ((20, 20, 5), (100, 100, 10))
LARGE: tuple[Size, ...] = (*RANK, (1_000, 1_000, 20))

PROBLEMS = (
    Problem("window classifier", "s = u.T @ tanh(W@x + b)", ("u", "W", "x", "b"), window, plainly.window,
            by_hand.window, _window, lambda n, d: (5 * n * d, n), ((10, 10), (100, 250), (1_000, 2_500))),
    Problem("logistic gradient", LOGISTIC, ("w",), logistic, plainly.logistic, by_hand.logistic, _labelled,
            lambda n, d: (4 * n * d, n), DATA),
    Problem("logistic Hessian", LOGISTIC, ("w",), logistic, plainly.logistic_hessian,
            by_hand.logistic_hessian, _labelled, lambda n, d: (4 * n * d + n * d * d, n), DATA, order=2),
    Problem("least squares gradient", SQUARES, ("w",), squares, plainly.squares, by_hand.squares, _labelled,
            lambda n, d: (4 * n * d, 0), DATA),
    Problem("least squares Hessian", SQUARES, ("w",), squares, plainly.squares_hessian,
            by_hand.squares_hessian, _labelled, lambda n, d: (4 * n * d + n * d * d, 0), DATA, order=2),
    Problem("factorisation gradient", FACTORS, ("U", "V"), factorisation, plainly.factorisation, by_hand.factorisation,
            _ratings, lambda m, n, k: (6 * m * n * k, 0), LARGE),
    Problem("masked factorisation gradient", KNOWN, ("U", "V"), masked, plainly.masked, by_hand.masked, _masked,
            lambda m, n, k: (6 * m * n * k, 0), LARGE),
    Problem("factorisation Hessian", FACTORS, ("U",), factorisation, plainly.factorisation_hessian,
            by_hand.factorisation_hessian, _ratings, lambda m, n, k: (4 * m * n * k + n * k * k, 0), RANK, order=2),
    Problem("masked factorisation Hessian", KNOWN, ("U",), masked, plainly.masked_hessian,
            by_hand.masked_hessian, _masked, lambda m, n, k: (4 * m * n * k + m * n * k * k, 0), RANK, order=2),
    Problem("two-layer network", TWO, ("W1", "b1", "W2", "b2"), two_layers, plainly.two_layers, by_hand.two_layers,
            _two_layers, lambda n, d, h, c: (n * (4 * d * h + 6 * h * c), n * (h + c)),
            ((10, 10, 10, 5), (100, 50, 64, 10), (1_000, 300, 200, 10))),
    Problem("Gaussian by its covariance", "S: posdef(n); -(logdet(S) + (x - mu).T@inv(S)@(x - mu)) / 2", ("S",),
            gaussian, plainly.gaussian, by_hand.gaussian, _gaussian, lambda n: (n**3, 0),
            ((5,), (50,), (500,), (1_500,))),
    Problem("Rayleigh quotient gradient", QUOTIENT, ("x",), quotient, plainly.quotient, by_hand.quotient, _quotient,
            lambda n: (2 * n * n, 0), ((10,), (100,), (1_000,), (3_000,))),
    Problem("Rayleigh quotient Hessian", QUOTIENT, ("x",), quotient, plainly.quotient_hessian,
            by_hand.quotient_hessian, _quotient, lambda n: (5 * n * n, 0),
            ((10,), (100,), (1_000,), (3_000,)), order=2),
    Problem("attention head", "s = sum(G * (softmax(Q@K.T / sqrt(d), axis=1) @ V)); Q: matrix(n, d)", ("Q", "K", "V"),
            head, plainly.head, by_hand.head, _head, lambda n, d: (12 * n * n * d, n * n),
            ((16, 8), (128, 64), (1_024, 64))),
    Problem("three layers, Hessian by input", THREE, ("x",), three_layers, plainly.three_by_input,
            by_hand.three_by_input, _three_layers, lambda n: (8 * n**3, 3 * n), ((10,), (100,), (500,)), order=2),
    Problem("three layers, Hessian by weights", THREE, ("W2",), three_layers, plainly.three_by_weights,
            by_hand.three_by_weights, _three_layers, lambda n: (2 * n**3 + n**4, 3 * n),
            ((10,), (20,), (40,)), order=2),
)  # fmt: skip
