"""The small functions that a generated module brings along, each only where it is used.

``HELPERS`` has a text for real numbers and, where that differs, one for complex numbers: the check
differentiates the value by the complex step, for which every function must be the analytic one (no
conjugates, no absolute values).
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["HELPERS", "Helper", "texts"]


class Helper:
    """A helper: its text, the text of the complex variant, and the helpers and imports it needs."""

    __slots__ = ("complex", "real", "scipy", "uses")

    def __init__(self, real: str, complex_: str = "", *, uses: tuple[str, ...] = (), scipy: str = "") -> None:
        self.real, self.complex = real.strip("\n"), (complex_ or real).strip("\n")
        self.uses, self.scipy = uses, scipy


_ARRAY = '''
def _array(name, value, ndim):
    """The argument as an array of float64 with ndim axes."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        array = np.frompyfunc(float, 1, 1)(array)
    elif array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has entries of type {array.dtype}, expected real numbers")
    if array.ndim != ndim:
        kind = ("a scalar", "a vector (one axis)", "a matrix (two axes)")[ndim]
        raise ValueError(f"{name} has shape {array.shape}, expected {kind}")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected no empty axis")
    return np.asarray(array, dtype=np.float64)
'''

HELPERS: dict[str, Helper] = {
    "_array": Helper(
        _ARRAY,
        '''
def _array(name, value, ndim):
    """The argument as a complex array."""
    return np.asarray(value, dtype=complex)
''',
    ),
    "_expect": Helper('''
def _expect(name, array, shape, dims, *known):
    """Refuse an argument of another shape, telling where its dimensions come from."""
    if array.shape != shape:
        where = "".join(f", {dim} = {size} from {origin}" for dim, size, origin in known)
        raise ValueError(f"{name} has shape {array.shape}, expected {dims} = {shape}{where}")
'''),
    "_least": Helper('''
def _least(dim, size, least, origin):
    """Refuse a dimension that is too small for the indices in the formula."""
    if size < least:
        raise ValueError(f"{origin} has {dim} = {size}, expected at least {least}")
'''),
    "_divided": Helper('''
def _divided(name, total, factor, formula):
    """The dimension that a length tells, where it is told by a formula."""
    if total < factor or total % factor:
        raise ValueError(f"the shape of {name} does not fit: no positive whole number makes it {formula}")
    return total // factor
'''),
    "_whole": Helper('''
def _whole(name, size):
    """The argument as a dimension."""
    if size != int(size) or size < 1:
        raise ValueError(f"{name} is {size}, expected a positive whole number")
    return int(size)
'''),
    "_keyword": Helper('''
def _keyword(keywords, name):
    """An argument whose name cannot be a parameter's, passed as **{name: value}."""
    if name not in keywords:
        raise TypeError(f"missing argument {name!r}: pass it as **{{{name!r}: ...}}")
    return keywords.pop(name)
'''),
    "_none_left": Helper('''
def _none_left(keywords):
    """Refuse arguments that nobody asked for."""
    if keywords:
        raise TypeError(f"unexpected arguments: {', '.join(sorted(keywords))}")
'''),
    "_apply": Helper(
        '''
def _apply(name, function, x):
    """The values of a function that was passed in, entry by entry, in an array of their own."""
    y = np.array(function(x), dtype=np.float64)
    if y.shape != np.shape(x):
        raise ValueError(f"{name} gave shape {y.shape} for an argument of shape {np.shape(x)}")
    return y[()]
''',
        '''
def _apply(name, function, x):
    """The values of a function that was passed in."""
    return np.array(function(x), dtype=complex)[()]
''',
    ),
    "_value_of": Helper(
        '''
def _value_of(name, function, shape, *arguments):
    """The value of a function that was passed in, in an array of its own."""
    y = np.array(function(*arguments), dtype=np.float64)
    if y.shape != shape:
        raise ValueError(f"{name} gave shape {y.shape}, expected {shape}")
    return y[()]
''',
        '''
def _value_of(name, function, shape, *arguments):
    """The value of a function that was passed in."""
    return np.array(function(*arguments), dtype=complex)[()]
''',
    ),
    "_over": Helper('''
def _over(a, b):
    """a / b, and 0 where b is 0: the gradient of a norm at 0 is 0."""
    return a / b if b != 0.0 else a * 0.0
'''),
    "_sigmoid": Helper(
        '''
def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)
''',
        '''
def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    positive = np.real(x) >= 0.0
    e = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1.0, e) / (1.0 + e)
''',
    ),
    "_softplus": Helper(
        '''
def _softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
''',
        '''
def _softplus(x):
    """log(1 + exp(x)), without overflow."""
    positive = np.real(x) >= 0.0
    return np.where(positive, x, 0.0) + np.log1p(np.exp(np.where(positive, -x, x)))
''',
    ),
    "_logcosh": Helper(
        '''
def _logcosh(x):
    """log(cosh(x)), without overflow."""
    x = np.abs(x)
    return x + np.log1p(np.exp(-2.0 * x)) - np.log(2.0)
''',
        '''
def _logcosh(x):
    """log(cosh(x)), without overflow."""
    x = np.where(np.real(x) >= 0.0, x, -x)
    return x + np.log1p(np.exp(-2.0 * x)) - np.log(2.0)
''',
    ),
    "_silu": Helper(
        '''
def _silu(x):
    """x * sigmoid(x)."""
    return x * _sigmoid(x)
''',
        uses=("_sigmoid",),
    ),
    "_gelu": Helper(
        '''
def _gelu(x):
    """x times the normal distribution function of x."""
    return 0.5 * x * erfc(x / -np.sqrt(2.0))
''',
        scipy="erfc",
    ),
    "_erf": Helper(
        '''
def _erf(x):
    """The error function."""
    return erf(x)
''',
        scipy="erf",
    ),
    "_step": Helper('''
def _step(x):
    """1 where x is positive, 0 elsewhere."""
    return np.heaviside(x, 0.0)
'''),
    "_greater": Helper('''
def _greater(a, b):
    """1 where a > b, 0 elsewhere."""
    return np.where(np.real(a) > np.real(b), 1.0, 0.0)[()]
'''),
    "_at_least": Helper('''
def _at_least(a, b):
    """1 where a >= b, 0 elsewhere."""
    return np.where(np.real(a) >= np.real(b), 1.0, 0.0)[()]
'''),
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
    top = np.max(np.real(x), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return np.sum(total, axis=axis)
'''),
    "_softmax": Helper('''
def _softmax(x, axis=None):
    """exp(x) / sum(exp(x)), without overflow."""
    e = np.exp(x - np.max(np.real(x), axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
'''),
    "_log_softmax": Helper('''
def _log_softmax(x, axis=None):
    """x - log(sum(exp(x))), without overflow."""
    x = x - np.max(np.real(x), axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))
'''),
    "_variance": Helper('''
def _variance(x, axis=None):
    """The mean of the squared deviations from the mean."""
    d = x - np.mean(x, axis=axis, keepdims=True)
    return np.mean(d * d, axis=axis)
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
    d = x - np.mean(x, axis=0)
    return d.T @ d / x.shape[0]
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
    "_polar": Helper('''
def _polar(x):
    """The orthogonal factor of the singular value decomposition."""
    u, _, vt = np.linalg.svd(x, full_matrices=False)
    return u @ vt
'''),
    "_logdet": Helper(
        '''
def _logdet(x):
    """log |det x|."""
    return np.linalg.slogdet(x)[1]
''',
        '''
def _logdet(x):
    """log |det x|, continued analytically: to first order in the imaginary part."""
    sign, size = np.linalg.slogdet(x)
    return size + 1j * (sign.imag / sign.real)
''',
    ),
    "_factor": Helper(
        '''
def _factor(x, what):
    """The lower triangular L with L @ L.T = x."""
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(f"{what} is not positive definite") from None
''',
        '''
def _factor(x, what):
    """The lower triangular L with L @ L.T = x, column by column, without conjugates."""
    y = np.zeros_like(x)
    for j in range(len(x)):
        y[j, j] = np.sqrt(x[j, j] - y[j, :j] @ y[j, :j])
        y[j + 1 :, j] = (x[j + 1 :, j] - y[j + 1 :, :j] @ y[j, :j]) / y[j, j]
    return y
''',
    ),
    "_log_abs": Helper(
        '''
def _log_abs(x):
    """log |x|."""
    return np.log(np.abs(x))
''',
        '''
def _log_abs(x):
    """log |x|, continued analytically."""
    return np.log(np.where(np.real(x) >= 0.0, x, -x))
''',
    ),
    "_pinv": Helper(
        '''
def _pinv(x):
    """The pseudo-inverse."""
    return np.linalg.pinv(x)
''',
        '''
def _pinv(x):
    """The pseudo-inverse at full rank, without conjugates."""
    if x.shape[0] >= x.shape[1]:
        return np.linalg.solve(x.T @ x, x.T)
    return np.linalg.solve(x @ x.T, x).T
''',
    ),
    "_expm": Helper(
        '''
def _expm(x):
    """The exponential of a matrix."""
    return expm(x)
''',
        scipy="linalg.expm",
    ),
    "_expm_frechet": Helper(
        '''
def _expm_frechet(x, d):
    """The derivative of the exponential at x along d."""
    return expm_frechet(x, d, compute_expm=False)
''',
        scipy="linalg.expm_frechet",
    ),
    "_cholesky": Helper('''
def _cholesky(x):
    """The lower triangular factor of the symmetric part."""
    return np.linalg.cholesky((x + x.T) / 2)
'''),
    "_eigvalsh": Helper('''
def _eigvalsh(x):
    """The eigenvalues of the symmetric part, ascending."""
    return np.linalg.eigvalsh((x + x.T) / 2)
'''),
    "_eigh": Helper('''
def _eigh(x):
    """Eigenvalues and eigenvectors of the symmetric part, the largest entry of each vector positive."""
    values, v = np.linalg.eigh((x + x.T) / 2)
    return values, v * np.sign(v[np.argmax(np.abs(v), axis=0), np.arange(v.shape[1])])
'''),
    "_eigvecsh": Helper(
        '''
def _eigvecsh(x):
    """The eigenvectors of the symmetric part, the largest entry of each positive."""
    return _eigh(x)[1]
''',
        uses=("_eigh",),
    ),
    "_gaps": Helper('''
def _gaps(a):
    """1 / (a[j] - a[i]), and 0 on the diagonal."""
    return 1 / (a - a[:, None] + np.diag(np.full(a.size, np.inf)))
'''),
    "_eig_gaps": Helper(
        '''
def _eig_gaps(x):
    """The reciprocal differences of the eigenvalues."""
    return _gaps(_eigvalsh(x))
''',
        uses=("_gaps", "_eigvalsh"),
    ),
    "_svd": Helper('''
def _svd(x):
    """The thin decomposition, the largest entry of each right vector positive."""
    if x.shape[0] < x.shape[1]:
        raise ValueError(f"singular values of shape {x.shape}: expected at least as many rows as columns")
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    sign = np.sign(vt[np.arange(s.size), np.argmax(np.abs(vt), axis=1)])
    return u * sign, s, vt.T * sign
'''),
    **{
        name: Helper(text, uses=("_svd",))
        for name, text in {
            "_svdvals": '''
def _svdvals(x):
    """The singular values, descending."""
    return _svd(x)[1]
''',
            "_svd_left": '''
def _svd_left(x):
    """The left singular vectors."""
    return _svd(x)[0]
''',
            "_svd_right": '''
def _svd_right(x):
    """The right singular vectors."""
    return _svd(x)[2]
''',
        }.items()
    },
    "_svd_gaps": Helper(
        '''
def _svd_gaps(x):
    """The reciprocal differences of the squared singular values."""
    return _gaps(_svd(x)[1] ** 2)
''',
        uses=("_gaps", "_svd"),
    ),
    "_matrix_power": Helper('''
def _matrix_power(x, k):
    """x @ x @ ... @ x, k factors."""
    k = np.real(k)
    if k != np.floor(k):
        raise ValueError(f"the exponent of a matrix is {k}, expected a whole number")
    return np.linalg.matrix_power(x, int(k))
'''),
    "_power_sum": Helper(
        '''
def _power_sum(x, d, k):
    """The sum of x^i @ d @ x^(k-1-i) over i < k: a block of the power of [[x, d], [0, x]]."""
    n = x.shape[0]
    blocks = np.block([[x, d], [np.zeros_like(x), x]])
    return _matrix_power(blocks, k)[:n, n:]
''',
        uses=("_matrix_power",),
    ),
    "_kron_left": Helper('''
def _kron_left(g, b):
    """The inner products of the blocks of g with b."""
    p, q = b.shape
    blocks = g.reshape(g.shape[0] // p, p, g.shape[1] // q, q)
    return np.tensordot(blocks, b, axes=([1, 3], [0, 1]))
'''),
    "_kron_right": Helper('''
def _kron_right(g, a):
    """The sum of the blocks of g, weighted by a."""
    m, n = a.shape
    blocks = g.reshape(m, g.shape[0] // m, n, g.shape[1] // n)
    return np.tensordot(a, blocks, axes=([0, 1], [0, 2]))
'''),
}


def texts(names: Iterable[str], complex_: bool = False) -> tuple[list[str], list[str]]:
    """The texts of the helpers named and of those they need, and what to import from SciPy: names
    of scipy.special, or with the module in front."""
    wanted: list[str] = []
    stack = sorted(names, reverse=True)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.append(name)
            stack.extend(HELPERS[name].uses)
    chosen = [HELPERS[name] for name in HELPERS if name in wanted]
    scipy = sorted({helper.scipy for helper in chosen if helper.scipy})
    return [helper.complex if complex_ else helper.real for helper in chosen], scipy
