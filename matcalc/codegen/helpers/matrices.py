"""Functions of whole matrices: determinants, factorisations, powers, Kronecker products."""

from __future__ import annotations

from matcalc.codegen.helpers.helper import Helper

__all__ = ["MATRICES"]

MATRICES: dict[str, Helper] = {
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
    "_definite_inverse": Helper(
        '''
def _definite_inverse(x, factor):
    """The inverse of x = factor @ factor.T; of a large one by blocks of the factor, in half the time."""
    n, size = len(x), 64
    if n < 300:
        return np.linalg.inv(x)
    y = np.zeros_like(factor)
    for i in range(0, n, size):
        y[i : i + size, i : i + size] = np.linalg.inv(factor[i : i + size, i : i + size])
    while size < n:
        for i in range(0, n - size, 2 * size):
            j, k = i + size, min(i + 2 * size, n)
            y[j:k, i:j] = (-y[j:k, j:k]).dot(factor[j:k, i:j]).dot(y[i:j, i:j])
        size *= 2
    return y.T.dot(y)
''',
        '''
def _definite_inverse(x, factor):
    """The inverse of x."""
    return np.linalg.inv(x)
''',
    ),
    "_adjugate": Helper(
        '''
def _adjugate(x, det):
    """det(x) inv(x), which exists where x is singular too."""
    try:
        return det * np.linalg.inv(x)
    except np.linalg.LinAlgError:
        u, s, vt = np.linalg.svd(x)
        others = np.array([s[:i].prod() * s[i + 1 :].prod() for i in range(s.size)])
        return np.linalg.det(u) * np.linalg.det(vt) * (vt.T * others @ u.T)
''',
        '''
def _adjugate(x, det):
    """det(x) inv(x)."""
    return det * np.linalg.inv(x)
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
