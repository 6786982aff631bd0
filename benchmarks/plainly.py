"""The problems in NumPy as a textbook's formulas are written down: value, gradients, and the Hessian for order 2."""

from __future__ import annotations

# ruff: noqa: D103 - each is the problem of its name in `benchmarks.problems`
from typing import Any

import numpy as np


def window(u: Any, W: Any, x: Any, b: Any) -> Any:
    h = np.tanh(W @ x + b)
    delta = u * (1 - h**2)
    return u @ h, {"u": h, "W": np.outer(delta, x), "x": W.T @ delta, "b": delta}


def logistic(w: Any, X: Any, y: Any) -> Any:
    z = X @ w
    p = 1 / (1 + np.exp(-z))
    return np.sum(np.logaddexp(0, z)) - y @ z, {"w": X.T @ (p - y)}


def logistic_hessian(w: Any, X: Any, y: Any) -> Any:
    z = X @ w
    p = 1 / (1 + np.exp(-z))
    hessian = (X.T * (p * (1 - p))) @ X
    return np.sum(np.logaddexp(0, z)) - y @ z, {"w": X.T @ (p - y)}, hessian


def squares(w: Any, X: Any, y: Any) -> Any:
    r = X @ w - y
    return np.sum(r**2), {"w": 2 * X.T @ r}


def squares_hessian(w: Any, X: Any, y: Any) -> Any:
    return *squares(w, X, y), 2 * X.T @ X


def factorisation(X: Any, U: Any, V: Any) -> Any:
    E = X - U @ V.T
    return np.sum(E**2), {"U": -2 * E @ V, "V": -2 * E.T @ U}


def masked(M: Any, X: Any, U: Any, V: Any) -> Any:
    E = M * (X - U @ V.T)
    G = M * E
    return np.sum(E**2), {"U": -2 * G @ V, "V": -2 * G.T @ U}


def on_diagonal(m: int, blocks: Any) -> Any:
    """The tensor (m, k, m, k) with these blocks, or this block, where both rows are the same."""
    k = blocks.shape[-1]
    found = np.zeros((m, k, m, k))
    rows = np.arange(m)
    found[rows, :, rows, :] = blocks
    return found


def factorisation_hessian(X: Any, U: Any, V: Any) -> Any:
    E = X - U @ V.T
    return np.sum(E**2), {"U": -2 * E @ V}, on_diagonal(len(U), 2 * V.T @ V)


def masked_hessian(M: Any, X: Any, U: Any, V: Any) -> Any:
    E = M * (X - U @ V.T)
    blocks = 2 * np.einsum("ij,jk,jl->ikl", M**2, V, V, optimize=True)
    return np.sum(E**2), {"U": -2 * (M * E) @ V}, on_diagonal(len(U), blocks)


def two_layers(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    n = len(X)
    H = np.tanh(X @ W1 + b1)
    S = H @ W2 + b2
    S = S - S.max(axis=1, keepdims=True)
    e = np.exp(S)
    total = e.sum(axis=1, keepdims=True)
    D = (e / total * Y.sum(axis=1, keepdims=True) - Y) / n
    D1 = (D @ W2.T) * (1 - H**2)
    value = -np.sum(Y * (S - np.log(total))) / n
    return value, {"W1": X.T @ D1, "b1": D1.sum(axis=0), "W2": H.T @ D, "b2": D.sum(axis=0)}


def gaussian(S: Any, x: Any, mu: Any) -> Any:
    d = x - mu
    v = np.linalg.solve(S, d)
    return -(np.linalg.slogdet(S)[1] + d @ v) / 2, {"S": (np.outer(v, v) - np.linalg.inv(S)) / 2}


def quotient(A: Any, x: Any) -> Any:
    Ax, q = A @ x, x @ x
    r = x @ Ax / q
    return r, {"x": 2 * (Ax - r * x) / q}


def quotient_hessian(A: Any, x: Any) -> Any:
    Ax, q = A @ x, x @ x
    r = x @ Ax / q
    g = 2 * (Ax - r * x) / q
    return r, {"x": g}, 2 * (A - r * np.eye(len(x)) - np.outer(g, x) - np.outer(x, g)) / q


def head(Q: Any, K: Any, V: Any, G: Any) -> Any:
    root = np.sqrt(Q.shape[1])
    S = Q @ K.T / root
    e = np.exp(S - S.max(axis=1, keepdims=True))
    P = e / e.sum(axis=1, keepdims=True)
    dP = G @ V.T
    D = P * (dP - np.sum(P * dP, axis=1, keepdims=True)) / root
    return np.sum(G * (P @ V)), {"Q": D @ K, "K": D.T @ Q, "V": P.T @ G}


def three_by_input(W1: Any, W2: Any, W3: Any, b1: Any, b2: Any, b3: Any, u: Any, x: Any) -> Any:
    h1 = np.tanh(W1 @ x + b1)
    h2 = np.tanh(W2 @ h1 + b2)
    h3 = np.tanh(W3 @ h2 + b3)
    f1, f2, f3 = 1 - h1**2, 1 - h2**2, 1 - h3**2
    a2 = W3.T @ (u * f3)
    a1 = W2.T @ (a2 * f2)
    J2 = W2 @ (f1[:, None] * W1)
    J3 = W3 @ (f2[:, None] * J2)
    hessian = (
        J3.T @ ((u * -2 * h3 * f3)[:, None] * J3)
        + J2.T @ ((a2 * -2 * h2 * f2)[:, None] * J2)
        + W1.T @ ((a1 * -2 * h1 * f1)[:, None] * W1)
    )
    return u @ h3, {"x": W1.T @ (a1 * f1)}, hessian


def three_by_weights(W1: Any, W2: Any, W3: Any, b1: Any, b2: Any, b3: Any, u: Any, x: Any) -> Any:
    h1 = np.tanh(W1 @ x + b1)
    h2 = np.tanh(W2 @ h1 + b2)
    h3 = np.tanh(W3 @ h2 + b3)
    f2, f3 = 1 - h2**2, 1 - h3**2
    a2 = W3.T @ (u * f3)
    J = W3 * f2
    inner = J.T @ ((u * -2 * h3 * f3)[:, None] * J) + np.diag(a2 * -2 * h2 * f2)
    return u @ h3, {"W2": np.outer(a2 * f2, h1)}, np.einsum("ik,j,l->ijkl", inner, h1, h1)
