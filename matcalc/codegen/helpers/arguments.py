"""What checks arguments, and calls the functions that are passed in."""

from __future__ import annotations

from matcalc.codegen.helpers.helper import Helper

__all__ = ["ARGUMENTS"]

_ARRAY = '''
def _array(name, value, ndim, ndarray=np.ndarray, float64=np.dtype(np.float64)):
    """The argument as an array of float64 with ndim axes."""
    if type(value) is ndarray and value.dtype is float64 and value.ndim == ndim and value.size:
        return value
    if ndim == 0 and isinstance(value, float):
        return np.float64(value)
    if hasattr(value, "filled"):
        raise ValueError(f"{name} is a masked array, expected numbers only: fill or leave out what is masked")
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = np.asarray(np.frompyfunc(float, 1, 1)(array), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} is not an array of real numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has entries of type {array.dtype}, expected real numbers")
    if array.ndim != ndim:
        kind = ("a scalar, shape ()", "a vector, shape (n,)", "a matrix, shape (m, n)")[ndim]
        raise ValueError(f"{name} has shape {array.shape}, expected {kind}")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected no empty axis")
    return np.asarray(array, dtype=np.float64)
'''

ARGUMENTS: dict[str, Helper] = {
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
    "_kept": Helper('''
def _kept(workspace, sizes, shapes):
    """The arrays that a call before this one had for the same sizes, or new ones."""
    if workspace is None:
        return [np.zeros(shape) for shape in shapes]
    if workspace.get("sizes") != sizes:
        workspace["arrays"] = [np.zeros(shape) for shape in shapes]
        workspace["sizes"] = sizes
    return workspace["arrays"]
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
}
