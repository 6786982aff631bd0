"""The problems in NumPy as somebody writes them who tunes: no array more than needed, work in place, factors shared."""

from __future__ import annotations

# ruff: noqa: D103 - each is the problem of its name in `benchmarks.problems`
from typing import Any

import numpy as np


def window(u: Any, W: Any, x: Any, b: Any) -> Any:
    h = W.dot(x)
    h += b
    np.tanh(h, out=h)
    delta = u * (1.0 - h * h)
    return u.dot(h), {"u": h, "W": delta[:, None] * x, "x": delta.dot(W), "b": delta}


def _probabilities(z: Any) -> Any:
    """The probabilities, and the sum of log(1 + exp(z))."""
    e = np.exp(-np.abs(z))
    positive = z >= 0
    total = np.maximum(z, 0.0).sum() + np.log1p(e).sum()
    return np.where(positive, 1.0, e) / (1.0 + e), total


def logistic(w: Any, X: Any, y: Any) -> Any:
    z = X.dot(w)
    p, total = _probabilities(z)
    return total - y.dot(z), {"w": (p - y).dot(X)}


def logistic_hessian(w: Any, X: Any, y: Any) -> Any:
    z = X.dot(w)
    p, total = _probabilities(z)
    scaled = X * np.sqrt(p * (1.0 - p))[:, None]
    return total - y.dot(z), {"w": (p - y).dot(X)}, scaled.T.dot(scaled)


def squares(w: Any, X: Any, y: Any) -> Any:
    r = X.dot(w)
    r -= y
    value = r.dot(r)
    r *= 2.0
    return value, {"w": r.dot(X)}


def squares_hessian(w: Any, X: Any, y: Any) -> Any:
    hessian = X.T.dot(X)
    hessian *= 2.0
    return *squares(w, X, y), hessian


def _residual(X: Any, U: Any, V: Any) -> Any:
    E = U.dot(V.T)
    E -= X
    return E


def factorisation(X: Any, U: Any, V: Any) -> Any:
    E = _residual(X, U, V)
    return np.vdot(E, E), {"U": E.dot(2.0 * V), "V": E.T.dot(2.0 * U)}


def _masked(M: Any, X: Any, U: Any, V: Any) -> Any:
    E = _residual(X, U, V)
    E *= M
    value = np.vdot(E, E)
    E *= M
    return value, E


def masked(M: Any, X: Any, U: Any, V: Any) -> Any:
    value, E = _masked(M, X, U, V)
    return value, {"U": E.dot(2.0 * V), "V": E.T.dot(2.0 * U)}


def _on_diagonal(m: int, k: int, blocks: Any) -> Any:
    found = np.zeros((m, k, m, k))
    np.einsum("ikil->ikl", found)[...] = blocks
    return found


def factorisation_hessian(X: Any, U: Any, V: Any) -> Any:
    E = _residual(X, U, V)
    twice = 2.0 * V
    return np.vdot(E, E), {"U": E.dot(twice)}, _on_diagonal(*U.shape, twice.T.dot(V))


def masked_hessian(M: Any, X: Any, U: Any, V: Any) -> Any:
    value, E = _masked(M, X, U, V)
    m, k = U.shape
    twice = 2.0 * V
    pairs = (twice[:, :, None] * V[:, None, :]).reshape(-1, k * k)
    return value, {"U": E.dot(twice)}, _on_diagonal(m, k, (M * M).dot(pairs).reshape(m, k, k))


def two_layers(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    n = len(X)
    H = X.dot(W1)
    H += b1
    np.tanh(H, out=H)
    S = H.dot(W2)
    S += b2
    S -= S.max(axis=1, keepdims=True)
    D = np.exp(S)
    total = D.sum(axis=1, keepdims=True)
    S -= np.log(total)
    value = np.vdot(Y, S) / -n
    D *= Y.sum(axis=1, keepdims=True) / total
    D -= Y
    D /= n
    by_w2 = H.T.dot(D)
    D1 = D.dot(W2.T)
    H *= H
    np.subtract(1.0, H, out=H)
    D1 *= H
    return value, {"W1": X.T.dot(D1), "b1": D1.sum(axis=0), "W2": by_w2, "b2": D.sum(axis=0)}


def gaussian(S: Any, x: Any, mu: Any) -> Any:
    d = x - mu
    L = np.linalg.cholesky(S)
    G = np.linalg.inv(S)
    v = G.dot(d)
    G *= -0.5
    G += np.multiply.outer(0.5 * v, v)
    return -np.log(L.diagonal()).sum() - 0.5 * d.dot(v), {"S": G}


def quotient(A: Any, x: Any) -> Any:
    g = A.dot(x)
    q = x.dot(x)
    r = x.dot(g) / q
    g -= r * x
    g *= 2.0 / q
    return r, {"x": g}


def quotient_hessian(A: Any, x: Any) -> Any:
    r, gradients = quotient(A, x)
    g, q = gradients["x"], x.dot(x)
    hessian = A * (2.0 / q)
    hessian.ravel()[:: len(x) + 1] -= 2.0 * r / q
    outer = np.multiply.outer(g, x * (-2.0 / q))
    hessian += outer
    hessian += outer.T
    return r, gradients, hessian


def head(Q: Any, K: Any, V: Any, G: Any) -> Any:
    scale = 1.0 / np.sqrt(Q.shape[1])
    P = (Q * scale).dot(K.T)
    P -= P.max(axis=1, keepdims=True)
    np.exp(P, out=P)
    P /= P.sum(axis=1, keepdims=True)
    weighed = np.einsum("ij,ij->i", G, P.dot(V))
    D = G.dot(V.T)
    D -= weighed[:, None]
    D *= P
    D *= scale
    return weighed.sum(), {"Q": D.dot(K), "K": D.T.dot(Q), "V": P.T.dot(G)}


def three_by_input(W1: Any, W2: Any, W3: Any, b1: Any, b2: Any, b3: Any, u: Any, x: Any) -> Any:
    h1 = np.tanh(W1.dot(x) + b1)
    h2 = np.tanh(W2.dot(h1) + b2)
    h3 = np.tanh(W3.dot(h2) + b3)
    f1, f2 = 1.0 - h1 * h1, 1.0 - h2 * h2
    g3 = u * (1.0 - h3 * h3)
    g2 = g3.dot(W3) * f2
    g1 = g2.dot(W2) * f1
    J2 = (W2 * f1).dot(W1)
    J3 = (W3 * f2).dot(J2)
    stacked = np.concatenate([J3, J2, W1])
    weights = np.concatenate([g3 * h3, g2 * h2, g1 * h1])
    weights *= -2.0
    return u.dot(h3), {"x": g1.dot(W1)}, stacked.T.dot(stacked * weights[:, None])


def three_by_weights(W1: Any, W2: Any, W3: Any, b1: Any, b2: Any, b3: Any, u: Any, x: Any) -> Any:
    h1 = np.tanh(W1.dot(x) + b1)
    h2 = np.tanh(W2.dot(h1) + b2)
    h3 = np.tanh(W3.dot(h2) + b3)
    f2 = 1.0 - h2 * h2
    g3 = u * (1.0 - h3 * h3)
    g2 = g3.dot(W3) * f2
    J = W3 * f2
    inner = J.T.dot(J * (-2.0 * g3 * h3)[:, None])
    inner.ravel()[:: len(x) + 1] -= 2.0 * g2 * h2
    hessian = inner[:, None, :, None] * np.multiply.outer(h1, h1)[:, None, :]
    return u.dot(h3), {"W2": np.multiply.outer(g2, h1)}, hessian
