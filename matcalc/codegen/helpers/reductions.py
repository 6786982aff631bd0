"""Functions of all entries, or of those along an axis, and of sequences."""

from __future__ import annotations

from matcalc.codegen.helpers.helper import Helper

__all__ = ["REDUCTIONS"]

REDUCTIONS: dict[str, Helper] = {
    "_norm": Helper(
        '''
def _norm(x):
    """The square root of the sum of the squares."""
    return np.sqrt(np.vdot(x, x))
''',
        '''
def _norm(x):
    """The square root of the sum of the squares."""
    return np.sqrt(np.sum(x * x))
''',
    ),
    "_logsumexp": Helper('''
def _logsumexp(x, axis=None):
    """log(sum(exp(x))), without overflow."""
    top = x.real.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return total.sum(axis=axis)
'''),
    "_top": Helper('''
def _top(x, axis=None):
    """The largest entries, and 0 where they are infinite."""
    top = x.real.max(axis=axis)
    return np.where(np.isfinite(top), top, 0.0)[()]
'''),
    "_softmax": Helper(
        '''
def _softmax(x, axis=None):
    """exp(x) / sum(exp(x)), without overflow."""
    e = np.exp(x - x.real.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
''',
        into='''
def _softmax(x, axis=None, out=None):
    """exp(x) / sum(exp(x)), without overflow."""
    e = np.subtract(x, x.max(axis=axis, keepdims=True), out=out)
    np.exp(e, out=e)
    e /= e.sum(axis=axis, keepdims=True)
    return e
''',
    ),
    "_log_softmax": Helper(
        '''
def _log_softmax(x, axis=None):
    """x - log(sum(exp(x))), without overflow."""
    x = x - x.real.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
''',
        into='''
def _log_softmax(x, axis=None, out=None):
    """x - log(sum(exp(x))), without overflow."""
    x = np.subtract(x, x.max(axis=axis, keepdims=True), out=out)
    x -= np.log(np.exp(x).sum(axis=axis, keepdims=True))
    return x
''',
    ),
    "_variance": Helper('''
def _variance(x, axis=None):
    """The mean of the squared deviations from the mean."""
    d = x - x.mean(axis=axis, keepdims=True)
    return (d * d).mean(axis=axis)
'''),
    "_std": Helper(
        '''
def _std(x, axis=None):
    """The square root of the variance."""
    return np.sqrt(_variance(x, axis=axis))
''',
        uses=("_variance",),
    ),
    "_cov": Helper('''
def _cov(x):
    """The covariances of the columns, divided by the number of rows."""
    d = x - x.mean(axis=0)
    return d.T.dot(d) / x.shape[0]
'''),
    "_cumsum_back": Helper('''
def _cumsum_back(x, axis=0):
    """At each entry, the sum from it to the last one."""
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)
'''),
    "_cross_matrix": Helper('''
def _cross_matrix(x):
    """The matrix whose product with y is the cross product of x and y."""
    return np.array([[0.0, -x[2], x[1]], [x[2], 0.0, -x[0]], [-x[1], x[0], 0.0]])
'''),
    "_correlate": Helper('''
def _correlate(a, k):
    """The sums of a[i + j] * k[j] over j, where all of k lies in a."""
    if a.size < k.size:
        raise ValueError(f"{k.size} entries do not fit into {a.size}")
    return np.convolve(a, k[::-1], "valid")
'''),
    "_conv_matrix": Helper('''
def _conv_matrix(k, n):
    """The matrix whose product with x is the convolution of k and x: each column k, one lower."""
    return np.resize(np.concatenate([k, np.zeros(n)]), (n, k.size + n - 1)).T
'''),
    "_corr_matrix": Helper('''
def _corr_matrix(a, m):
    """The matrix whose product with k is the correlation of a with k: each row the next m entries."""
    return np.array(np.lib.stride_tricks.sliding_window_view(a, m))
'''),
    "_prod_others": Helper('''
def _prod_others(x):
    """At each entry the product of all others: products from both ends, so that zeros divide nothing."""
    flat = np.ravel(x)
    before = np.concatenate([[1.0], np.cumprod(flat[:-1])])
    after = np.concatenate([[1.0], np.cumprod(flat[:0:-1])])
    return np.reshape(before * after[::-1], np.shape(x))[()]
'''),
    "_prod_pairs": Helper('''
def _prod_pairs(x):
    """The products of all entries but two: of each row the others, of the entries with that row's own left out."""
    own = np.eye(x.size)
    kept = np.where(own > 0, 1.0, x)
    ones = np.ones((x.size, 1))
    before = np.cumprod(np.hstack([ones, kept[:, :-1]]), axis=1)
    after = np.cumprod(np.hstack([ones, kept[:, :0:-1]]), axis=1)[:, ::-1]
    return before * after * (1.0 - own)
'''),
    "_is_max": Helper('''
def _is_max(x):
    """1 at the first of the largest entries, column by column, and 0 elsewhere."""
    flat = np.zeros(np.size(x))
    flat[np.argmax(np.ravel(x, order="F"))] = 1.0
    return np.reshape(flat, np.shape(x), order="F")[()]
'''),
    "_is_min": Helper(
        '''
def _is_min(x):
    """1 at the first of the smallest entries, column by column, and 0 elsewhere."""
    return _is_max(-x)
''',
        uses=("_is_max",),
    ),
}
