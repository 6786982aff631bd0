"""What the array API standard lacks, or has by another rule, in terms of what it has.

Each stands for NumPy's helper of the same name, or is called by the spellings in `array_api`.  The error function is
the Chebyshev approximation of Press, Teukolsky, Vetterling, Flannery: Numerical Recipes, 3rd edition, section 6.2.2
(erfc to 1.2e-16 of its size up to the rounding of exp), with the power series (DLMF 7.6.1) near 0.
"""

from __future__ import annotations

__all__ = ["HELPERS"]

ARGUMENTS = '''
def _place(*arguments):
    """The library of the arrays among the arguments, and the device of the first."""
    arrays = [argument for argument in arguments if is_array_api_obj(argument)]
    if not arrays:
        raise TypeError("expected at least one array of a library that follows the array API standard")
    return array_namespace(*arrays), device(arrays[0])
def _array(name, value, ndim, xp, device):
    """The argument as an array of float64 with ndim axes."""
    array = value if is_array_api_obj(value) else xp.asarray(value, device=device)
    if not xp.isdtype(array.dtype, ("real floating", "integral", "bool")):
        raise ValueError(f"{name} has entries of type {array.dtype}, expected real numbers")
    if array.ndim != ndim:
        kind = ("a scalar, shape ()", "a vector, shape (n,)", "a matrix, shape (m, n)")[ndim]
        raise ValueError(f"{name} has shape {array.shape}, expected {kind}")
    if 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}, expected no empty axis")
    return xp.astype(array, xp.float64, copy=False)
def _apply(name, function, x):
    """The values of a function that was passed in, entry by entry, in an array of their own."""
    xp, device = _place(x)
    y = xp.asarray(function(x), dtype=xp.float64, device=device, copy=True)
    if y.shape != x.shape:
        raise ValueError(f"{name} gave shape {y.shape} for an argument of shape {x.shape}")
    return y
def _value_of(name, function, shape, *arguments):
    """The value of a function that was passed in, in an array of its own."""
    xp, device = _place(*arguments)
    y = xp.asarray(function(*arguments), dtype=xp.float64, copy=True)
    if y.shape != shape:
        raise ValueError(f"{name} gave shape {y.shape}, expected {shape}")
    return y
def _number(x, xp, device):
    """A number as an array."""
    return xp.asarray(x, dtype=xp.float64, device=device)
def _filled(shape, x, xp, device):
    """An array with a number everywhere."""
    return xp.ones(shape, dtype=xp.float64, device=device) * x
def _numbers(items, xp, device):
    """An array of numbers, which may be scalars of the library."""
    return xp.stack([(_numbers if isinstance(x, (list, tuple)) else _number)(x, xp, device) for x in items])
def _joined(parts, xp, device, axis=0):
    """Arrays one after another, and scalars in lists."""
    return xp.concat([_numbers(part, xp, device) if isinstance(part, list) else part for part in parts], axis=axis)
def _set(x, index, value):
    """The array with a part replaced: of a library whose arrays do not change, another array."""
    if is_jax_array(x):
        return x.at[index].set(value)
    x[index] = value
    return x
def _in_columns(x, shape):
    """The entries in the order of columns, in another shape."""
    flat = xp.reshape(xp.permute_dims(x, tuple(range(x.ndim))[::-1]), (-1,))
    if shape == -1:
        return flat
    return xp.permute_dims(xp.reshape(flat, tuple(shape)[::-1]), tuple(range(len(shape)))[::-1])
def _on_diagonal(like, form, x):
    """Zeros of the shape of another array, but for the places that the letters of form name, where x stands."""
    xp, device = _place(like)
    inner, outer = form.split("->")
    x = xp.broadcast_to(_number(x, xp, device), tuple([like.shape[inner.index(letter)] for letter in outer]))
    there = xp.ones((1,) * like.ndim, dtype=xp.bool, device=device)
    for axis, letter in enumerate(inner):
        first = inner.index(letter)
        here, before = _counted(like, axis), _counted(like, first)
        there = there & (here == before)
    order = sorted(range(len(outer)), key=lambda k: inner.index(outer[k]))
    sizes = [like.shape[k] if inner.index(letter) == k else 1 for k, letter in enumerate(inner)]
    placed = xp.reshape(xp.permute_dims(x, tuple(order)), tuple(sizes))
    return xp.where(there, placed, xp.zeros_like(like))
def _counted(like, axis):
    """0, 1, 2, ... along one axis of an array."""
    xp, device = _place(like)
    shape = tuple([-1 if k == axis else 1 for k in range(like.ndim)])
    return xp.reshape(xp.arange(like.shape[axis], device=device), shape)
'''

PRODUCTS = '''
def _einsum(form, *operands):
    """The sum of products that the letters name; two operands at a time, each pair as products of matrices."""
    inner, outer = form.split("->")
    parts = inner.split(",")
    letters, x = "", None
    for k, (part, y) in enumerate(zip(parts, operands)):
        part, y = _distinct(part, y)
        later = "".join([outer, *parts[k + 1:]])
        part, y = _summed(part, y, later + letters)
        if x is None:
            letters, x = part, y
        else:
            letters, x = _summed(letters, x, later + part)
            letters, x = _contracted(letters, x, part, y, later)
    letters, x = _summed(letters, x, outer)
    return _place(x)[0].permute_dims(x, tuple([letters.index(letter) for letter in outer]))
def _distinct(letters, x):
    """The diagonal where a letter stands twice."""
    xp, device = _place(x)
    for letter in sorted(letters):
        while letters.count(letter) > 1:
            i, j = letters.index(letter), letters.rindex(letter)
            rest = [k for k in range(x.ndim) if k not in (i, j)]
            x = xp.linalg.diagonal(xp.permute_dims(x, (*rest, i, j)))
            letters = "".join([*[letters[k] for k in rest], letter])
    return letters, x
def _summed(letters, x, kept):
    """Summed over the letters that nobody needs."""
    gone = tuple([k for k, letter in enumerate(letters) if letter not in kept])
    if gone:
        x = _place(x)[0].sum(x, axis=gone)
    return "".join([letter for letter in letters if letter in kept]), x
def _contracted(a, x, b, y, kept):
    """Two operands multiplied: letters of both that are kept run along, the others of both are summed over."""
    xp, device = _place(x)
    size = {letter: count for letter, count in zip(a + b, x.shape + y.shape)}
    both = [letter for letter in a if letter in b]
    along, over = [c for c in both if c in kept], [c for c in both if c not in kept]
    left, right = [c for c in a if c not in both], [c for c in b if c not in both]
    x = xp.permute_dims(x, tuple([a.index(c) for c in (*along, *left, *over)]))
    y = xp.permute_dims(y, tuple([b.index(c) for c in (*along, *over, *right)]))
    sizes = [_count(size, group) for group in (along, left, over, right)]
    z = xp.matmul(xp.reshape(x, (sizes[0], sizes[1], sizes[2])), xp.reshape(y, (sizes[0], sizes[2], sizes[3])))
    letters = "".join([*along, *left, *right])
    return letters, xp.reshape(z, tuple([size[c] for c in letters]))
def _count(size, letters):
    """The product of the sizes."""
    count = 1
    for letter in letters:
        count = count * size[letter]
    return count
def _kron(a, b):
    """The Kronecker product of two matrices, or of two vectors."""
    xp, device = _place(a, b)
    if a.ndim == 1 and b.ndim == 1:
        return xp.reshape(a[:, None] * b[None, :], (-1,))
    a, b = [xp.reshape(x, (1, -1)) if x.ndim == 1 else x for x in (a, b)]
    blocks = a[:, None, :, None] * b[None, :, None, :]
    return xp.reshape(blocks, (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1]))
def _diag(x):
    """The diagonal of a matrix, or the diagonal matrix of a vector."""
    if x.ndim == 2:
        return xp.linalg.diagonal(x)
    n = xp.arange(x.shape[0], device=device)
    return xp.where(n[:, None] == n[None, :], x[None, :], xp.zeros_like(x)[None, :])
def _running(x):
    """The products of the first entries, along the first axis: by doubling."""
    step = 1
    while step < x.shape[0]:
        x = xp.concat([x[:step, ...], x[step:, ...] * x[:-step, ...]])
        step = 2 * step
    return x
def _prod_others(x):
    """At each entry the product of all others: products from both ends, so that zeros divide nothing."""
    flat, one = xp.reshape(x, (-1,)), xp.ones((1,), dtype=xp.float64, device=device)
    before = xp.concat([one, _running(flat[:-1])])
    after = xp.concat([one, _running(xp.flip(flat[1:]))])
    return xp.reshape(before * xp.flip(after), x.shape)
def _prod_pairs(x):
    """At [i, j] the product of all entries but i and j, 0 on the diagonal: products from both ends."""
    n = x.shape[0]
    own = xp.eye(n, dtype=xp.float64, device=device)
    ones = xp.ones((1, n), dtype=xp.float64, device=device)
    kept = xp.where(own > 0.0, xp.ones_like(own), x[:, None] + 0.0 * own)
    before = _running(xp.concat([ones, kept[:-1, :]]))
    after = xp.flip(_running(xp.concat([ones, xp.flip(kept[1:, :], axis=0)])), axis=0)
    return (before * after * (1.0 - own)).T
def _cumsum(x, axis=None):
    """The sums of the entries up to each one."""
    flat = xp.reshape(x, (-1,)) if axis is None else x
    return xp.cumulative_sum(flat, axis=axis or 0)
def _is_max(x):
    """1 at the first of the largest entries, column by column, and 0 elsewhere."""
    flat = _in_columns(x, -1)
    first = xp.arange(flat.shape[0], device=device) == xp.argmax(flat)
    return _in_columns(xp.astype(first, xp.float64), x.shape)
def _cross_matrix(x):
    """The matrix whose product with y is the cross product of x and y."""
    return _numbers([[0.0, -x[2], x[1]], [x[2], 0.0, -x[0]], [-x[1], x[0], 0.0]], xp, device)
def _conv_matrix(k, n):
    """The matrix whose product with x is the convolution of k and x: each column k, one lower."""
    size = k.shape[0]
    at = xp.arange(size + n - 1, device=device)[:, None] - xp.arange(n, device=device)[None, :]
    inside = (at >= 0) & (at < size)
    entries = xp.reshape(xp.take(k, xp.reshape(xp.where(inside, at, xp.zeros_like(at)), (-1,)), axis=0), at.shape)
    return xp.where(inside, entries, xp.zeros_like(entries))
def _corr_matrix(a, m):
    """The matrix whose product with k is the correlation of a with k: each row the next m entries."""
    at = xp.arange(a.shape[0] - m + 1, device=device)[:, None] + xp.arange(m, device=device)[None, :]
    return xp.reshape(xp.take(a, xp.reshape(at, (-1,)), axis=0), at.shape)
def _convolve(a, k):
    """The sums of a[i - j] * k[j] over j."""
    return _conv_matrix(k, a.shape[0]) @ a
def _correlate(a, k):
    """The sums of a[i + j] * k[j] over j, where all of k lies in a."""
    if a.shape[0] < k.shape[0]:
        raise ValueError(f"{k.shape[0]} entries do not fit into {a.shape[0]}")
    return _corr_matrix(a, k.shape[0]) @ k
'''

FUNCTIONS = '''
def _over(a, b):
    """a / b, and 0 where b is 0: the gradient of a norm at 0 is 0."""
    xp, device = _place(a, b)
    return xp.where(b != 0.0, a / xp.where(b != 0.0, b, xp.ones_like(b)), a * 0.0)
def _larger(a, b, xp, device):
    """The larger, entry by entry."""
    return xp.maximum(_number(a, xp, device), _number(b, xp, device))
def _smaller(a, b, xp, device):
    """The smaller, entry by entry."""
    return xp.minimum(_number(a, xp, device), _number(b, xp, device))
def _step(x):
    """1 where x is positive, 0 elsewhere."""
    return xp.astype(x > 0.0, xp.float64)
def _greater(a, b, xp, device):
    """1 where a > b, 0 elsewhere."""
    return xp.astype(_number(a, xp, device) > b, xp.float64)
def _at_least(a, b, xp, device):
    """1 where a >= b, 0 elsewhere."""
    return xp.astype(_number(a, xp, device) >= b, xp.float64)
def _log_base(x):
    """log(x), and 0 where x is 0: beside a power of x, which is 0 there."""
    x = _number(x, xp, device)
    return xp.log(xp.where(x == 0.0, xp.ones_like(x), x))
def _logcosh(x):
    """log(cosh(x)), without overflow."""
    x = xp.abs(x)
    return x + xp.log1p(xp.exp(-2.0 * x)) - 0.6931471805599453
def _norm(x):
    """The square root of the sum of the squares."""
    return xp.sqrt(xp.sum(x * x))
def _erfc(x):
    """1 - erf(x), to the last digits also where it is small: a Chebyshev series."""
    t = 2.0 / (2.0 + xp.abs(x))
    a, b = xp.zeros_like(x), xp.zeros_like(x)
    for c in (
        -2.8e-17, 1.21e-16, -9.4e-17, -1.523e-15, 7.106e-15, 3.81e-16, -1.12708e-13, 3.13092e-13, 8.94487e-13,
        -6.886027e-12, 2.394038e-12, 9.6467911e-11, -2.27365122e-10, -9.91364156e-10, 5.059343495e-9,
        6.529054439e-9, -8.5238095915e-8, 1.5626441722e-8, 1.303655835580e-6, -1.624290004647e-6,
        -2.02785781125e-5, 4.2523324806907e-5, 3.66839497852761e-4, -9.46595344482036e-4, -9.561514786808631e-3,
        1.9476473204185836e-2, 6.4196979235649026e-1,
    ):
        a, b = (4.0 * t - 2.0) * a - b + c, a
    y = t * xp.exp(-x * x + 0.5 * (-1.3026537197817094 + (4.0 * t - 2.0) * a) - b)
    return xp.where(x >= 0.0, y, 2.0 - y)
def _erf(x):
    """The error function: near 0 its power series."""
    small = xp.abs(x) < 0.5
    z = xp.where(small, x, xp.zeros_like(x))
    term, series = z, z
    for k in range(1, 16):
        term = -term * z * z / k
        series = series + term / (2 * k + 1)
    return xp.where(small, 1.1283791670955126 * series, 1.0 - _erfc(x))
def _gelu(x):
    """x times the normal distribution function of x."""
    return 0.5 * x * _erfc(x / -1.4142135623730951)
def _logdet(x):
    """log |det x|."""
    return xp.linalg.slogdet(x).logabsdet
def _definite_inverse(x, factor):
    """The inverse of x."""
    return xp.linalg.inv(x)
def _adjugate(x, det):
    """det(x) inv(x)."""
    return det * xp.linalg.inv(x)
def _factor(x, what):
    """The lower triangular L with L @ L.T = x."""
    return xp.linalg.cholesky(x)
def _expm(x):
    """The exponential of a matrix: its power series, halved until it is short, and squared again."""
    halvings, size = 0, xp.max(xp.sum(xp.abs(x), axis=0))
    while size > 0.5 and halvings < 1100:
        halvings, size = halvings + 1, size / 2
    x = x / 2.0**halvings
    term = result = xp.eye(x.shape[0], dtype=xp.float64, device=device)
    for k in range(1, 19):
        term = term @ x / k
        result = result + term
    for k in range(halvings):
        result = result @ result
    return result
def _expm_frechet(x, d):
    """The derivative of the exponential at x along d: a block of the exponential of [[x, d], [0, x]]."""
    n = x.shape[0]
    return _expm(_block([[x, d], [xp.zeros_like(x), x]]))[:n, n:]
def _block(rows):
    """A matrix of matrices."""
    xp, device = _place(rows[0][0])
    return xp.concat([xp.concat(list(row), axis=1) for row in rows], axis=0)
def _eigh(x):
    """Eigenvalues and eigenvectors of the symmetric part, the largest entry of each vector positive."""
    values, v = xp.linalg.eigh((x + x.T) / 2)
    return values, v * _signs(v)[None, :]
def _signs(v):
    """The sign of the largest entry of each column."""
    largest = _counted(v, 0) == xp.argmax(xp.abs(v), axis=0)[None, :]
    return xp.sign(xp.sum(xp.where(largest, v, xp.zeros_like(v)), axis=0))
def _svd(x):
    """The thin decomposition, the largest entry of each right vector positive."""
    if x.shape[0] < x.shape[1]:
        raise ValueError(f"singular values of shape {x.shape}: expected at least as many rows as columns")
    u, s, vt = xp.linalg.svd(x, full_matrices=False)
    sign = _signs(vt.T)[None, :]
    return u * sign, s, vt.T * sign
def _gaps(a):
    """1 / (a[j] - a[i]), and 0 on the diagonal."""
    d = a[None, :] - a[:, None]
    same = _counted(d, 0) == _counted(d, 1)
    return xp.where(same, xp.zeros_like(d), 1.0 / xp.where(same, xp.ones_like(d), d))
def _matrix_power(x, k):
    """x @ x @ ... @ x, k factors."""
    if k != int(k):
        raise ValueError(f"the exponent of a matrix is {k}, expected a whole number")
    return xp.linalg.matrix_power(x, int(k))
'''

HELPERS = ARGUMENTS + PRODUCTS + FUNCTIONS
