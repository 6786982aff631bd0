"""NumPy's helpers for PyTorch, and what the spellings in `torch` call."""

from __future__ import annotations

__all__ = ["HELPERS"]

HELPERS = '''
def _device(*arguments):
    """The device of the first tensor; None, the usual one, where there is none."""
    found = [argument.device for argument in arguments if torch.is_tensor(argument)]
    return found[0] if found else None
def _array(name, value, ndim, device):
    """The argument as a tensor of float64 with ndim axes."""
    array = torch.as_tensor(value, device=device)
    if array.is_complex():
        raise ValueError(f"{name} has entries of type {array.dtype}, expected real numbers")
    if array.ndim != ndim:
        kind = ("a scalar, shape ()", "a vector, shape (n,)", "a matrix, shape (m, n)")[ndim]
        raise ValueError(f"{name} has shape {tuple(array.shape)}, expected {kind}")
    if array.numel() == 0:
        raise ValueError(f"{name} has shape {tuple(array.shape)}, expected no empty axis")
    return torch.as_tensor(value, dtype=torch.float64, device=device)
def _expect(name, array, shape, dims, *known):
    """Refuse an argument of another shape, telling where its dimensions come from."""
    if array.shape != shape:
        where = "".join(f", {dim} = {size} from {origin}" for dim, size, origin in known)
        raise ValueError(f"{name} has shape {tuple(array.shape)}, expected {dims} = {shape}{where}")
def _number(x):
    """A number as a tensor."""
    return torch.as_tensor(x, dtype=torch.float64)
def _maximum(a, b):
    """The larger, entry by entry."""
    return torch.maximum(_number(a), _number(b))
def _minimum(a, b):
    """The smaller, entry by entry."""
    return torch.minimum(_number(a), _number(b))
def _tensor(items):
    """A tensor of numbers, which may be tensors themselves."""
    parts = [_tensor(x) if isinstance(x, (list, tuple)) else _number(x) for x in items]
    return torch.stack(_together(parts))
def _together(parts):
    """Tensors on the device of those that are not where numbers are made."""
    devices = [part.device for part in parts if part.device.type != "cpu"]
    return [part.to(devices[0]) for part in parts] if devices else parts
def _joined(parts, axis=0):
    """Tensors one after another, and scalars in lists."""
    return torch.cat(_together([_tensor(part) if isinstance(part, list) else part for part in parts]), axis)
def _block(rows):
    """A matrix of matrices."""
    return torch.cat([torch.cat(tuple(row), 1) for row in rows], 0)
def _in_columns(x, shape):
    """The entries in the order of columns, in another shape."""
    flat = x.permute(tuple(range(x.ndim))[::-1]).reshape(-1)
    if shape == -1:
        return flat
    return flat.reshape(tuple(shape)[::-1]).permute(tuple(range(len(shape)))[::-1])
def _diagonal(form, shape):
    """The places that the letters of form name: an index for each axis."""
    inner, outer = form.split("->")
    sizes = {letter: size for letter, size in zip(inner, shape)}
    grid = torch.meshgrid(*[torch.arange(sizes[letter]) for letter in outer], indexing="ij")
    return tuple([grid[outer.index(letter)] for letter in inner])
def _apply(name, function, x):
    """The values of a function that was passed in, entry by entry, in a tensor of their own."""
    y = torch.as_tensor(function(x), dtype=torch.float64, device=x.device).clone()
    if y.shape != x.shape:
        raise ValueError(f"{name} gave shape {tuple(y.shape)} for an argument of shape {tuple(x.shape)}")
    return y
def _value_of(name, function, shape, *arguments):
    """The value of a function that was passed in, in a tensor of its own."""
    y = torch.as_tensor(function(*arguments), dtype=torch.float64).clone()
    if y.shape != shape:
        raise ValueError(f"{name} gave shape {tuple(y.shape)}, expected {shape}")
    return y
def _over(a, b):
    """a / b, and 0 where b is 0: the gradient of a norm at 0 is 0."""
    return a / b if b != 0.0 else a * 0.0
def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return torch.sigmoid(x)
def _softplus(x):
    """log(1 + exp(x)), without overflow."""
    return torch.logaddexp(x, torch.zeros_like(x))
def _log_base(x):
    """log(x), and 0 where x is 0: beside a power of x, which is 0 there."""
    x = _number(x)
    return torch.log(torch.where(x == 0.0, torch.ones_like(x), x))
def _logcosh(x):
    """log(cosh(x)), without overflow."""
    x = torch.abs(x)
    return x + torch.log1p(torch.exp(-2.0 * x)) - torch.log(_number(2.0))
def _gelu(x):
    """x times the normal distribution function of x."""
    return 0.5 * x * torch.special.erfc(x / -torch.sqrt(_number(2.0)))
def _erf(x):
    """The error function."""
    return torch.special.erf(x)
def _step(x):
    """1 where x is positive, 0 elsewhere."""
    return torch.heaviside(x, torch.zeros_like(x))
def _greater(a, b):
    """1 where a > b, 0 elsewhere."""
    return (_number(a) > b).to(torch.float64)
def _at_least(a, b):
    """1 where a >= b, 0 elsewhere."""
    return (_number(a) >= b).to(torch.float64)
def _norm(x):
    """The square root of the sum of the squares."""
    return torch.sqrt(torch.sum(x * x))
def _logsumexp(x, axis=None):
    """log(sum(exp(x))), without overflow."""
    return torch.logsumexp(x.reshape(-1), 0) if axis is None else torch.logsumexp(x, axis)
def _softmax(x, axis=None):
    """exp(x) / sum(exp(x)), without overflow."""
    return torch.softmax(x.reshape(-1), 0).reshape(x.shape) if axis is None else torch.softmax(x, axis)
def _log_softmax(x, axis=None):
    """x - log(sum(exp(x))), without overflow."""
    return torch.log_softmax(x.reshape(-1), 0).reshape(x.shape) if axis is None else torch.log_softmax(x, axis)
def _cross_matrix(x):
    """The matrix whose product with y is the cross product of x and y."""
    return _tensor([[0.0, -x[2], x[1]], [x[2], 0.0, -x[0]], [-x[1], x[0], 0.0]])
def _correlate(a, k):
    """The sums of a[i + j] * k[j] over j, where all of k lies in a."""
    if a.numel() < k.numel():
        raise ValueError(f"{k.numel()} entries do not fit into {a.numel()}")
    return _corr_matrix(a, k.numel()) @ k
def _convolve(a, k):
    """The sums of a[i - j] * k[j] over j."""
    return _conv_matrix(k, a.numel()) @ a
def _conv_matrix(k, n):
    """The matrix whose product with x is the convolution of k and x: each column k, one lower."""
    rows = torch.cat([k, k.new_zeros(n)]).repeat(n)[: n * (k.numel() + n - 1)]
    return rows.reshape(n, k.numel() + n - 1).T
def _corr_matrix(a, m):
    """The matrix whose product with k is the correlation of a with k: each row the next m entries."""
    return a.unfold(0, m, 1).clone()
def _prod_others(x):
    """At each entry the product of all others: products from both ends, so that zeros divide nothing."""
    flat, one = x.reshape(-1), x.new_ones(1)
    before = torch.cat([one, torch.cumprod(flat[:-1], 0)])
    after = torch.cat([one, torch.cumprod(torch.flip(flat[1:], (0,)), 0)])
    return (before * torch.flip(after, (0,))).reshape(x.shape)
def _prod_pairs(x):
    """At [i, j] the product of all entries but i and j, 0 on the diagonal: products from both ends."""
    own = torch.eye(x.numel(), dtype=x.dtype, device=x.device)
    kept, ones = torch.where(own > 0, 1.0, x), x.new_ones((x.numel(), 1))
    before = torch.cumprod(torch.hstack([ones, kept[:, :-1]]), 1)
    after = torch.flip(torch.cumprod(torch.hstack([ones, torch.flip(kept[:, 1:], (1,))]), 1), (1,))
    return before * after * (1.0 - own)
def _is_max(x):
    """1 at the first of the largest entries, column by column, and 0 elsewhere."""
    chosen = x.new_zeros(x.numel())
    chosen[torch.argmax(_in_columns(x, -1))] = 1.0
    return _in_columns(chosen, x.shape)
def _polar(x):
    """The orthogonal factor of the singular value decomposition."""
    u, _, vt = torch.linalg.svd(x, full_matrices=False)
    return u @ vt
def _cumsum_back(x, axis=0):
    """At each entry, the sum from it to the last one."""
    return torch.flip(torch.cumsum(torch.flip(x, (axis,)), axis), (axis,))
def _definite_inverse(x, factor):
    """The inverse of x = factor @ factor.T."""
    return torch.cholesky_inverse(factor)
def _adjugate(x, det):
    """det(x) inv(x)."""
    return det * torch.linalg.inv(x)
def _factor(x, what):
    """The lower triangular L with L @ L.T = x."""
    try:
        return torch.linalg.cholesky(x)
    except torch.linalg.LinAlgError:
        raise torch.linalg.LinAlgError(f"{what} is not positive definite") from None
def _expm(x):
    """The exponential of a matrix."""
    return torch.linalg.matrix_exp(x)
def _expm_frechet(x, d):
    """The derivative of the exponential at x along d: a block of the exponential of [[x, d], [0, x]]."""
    n = x.shape[0]
    return torch.linalg.matrix_exp(_block([[x, d], [torch.zeros_like(x), x]]))[:n, n:]
def _eigh(x):
    """Eigenvalues and eigenvectors of the symmetric part, the largest entry of each vector positive."""
    values, v = torch.linalg.eigh((x + x.T) / 2)
    return values, v * torch.sign(v[torch.argmax(torch.abs(v), 0), torch.arange(v.shape[1])])
def _gaps(a):
    """1 / (a[j] - a[i]), and 0 on the diagonal."""
    return 1 / (a - a[:, None] + torch.diag(torch.full_like(a, torch.inf)))
def _svd(x):
    """The thin decomposition, the largest entry of each right vector positive."""
    if x.shape[0] < x.shape[1]:
        raise ValueError(f"singular values of shape {tuple(x.shape)}: expected at least as many rows as columns")
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    sign = torch.sign(vt[torch.arange(s.numel()), torch.argmax(torch.abs(vt), 1)])
    return u * sign, s, vt.T * sign
def _matrix_power(x, k):
    """x @ x @ ... @ x, k factors."""
    if k != int(k):
        raise ValueError(f"the exponent of a matrix is {k}, expected a whole number")
    return torch.linalg.matrix_power(x, int(k))
def _cov(x):
    """The covariances of the columns, divided by the number of rows."""
    d = x - torch.mean(x, dim=0)
    return d.T @ d / x.shape[0]
def _shape(sizes):
    """A shape from a tuple, or from the size of the one axis."""
    return (sizes,) if isinstance(sizes, int) else tuple(sizes)
'''
