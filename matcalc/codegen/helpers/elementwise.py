"""Functions of one entry, without overflow."""

from __future__ import annotations

from matcalc.codegen.helpers.helper import Helper

__all__ = ["ELEMENTWISE"]

ELEMENTWISE: dict[str, Helper] = {
    "_over": Helper('''
def _over(a, b):
    """a / b, and 0 where b is 0: the gradient of a norm at 0 is 0."""
    return a / b if b != 0.0 else a * 0.0
'''),
    "_sigmoid": Helper(
        '''
def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return 1.0 / (1.0 + np.exp(np.minimum(-x, 709.0)))
''',
        '''
def _sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    positive = np.real(x) >= 0.0
    e = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1.0, e) / (1.0 + e)
''',
        into='''
def _sigmoid(x, out=None):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(np.minimum(np.negative(x, out=out), 709.0, out=out), out=out)
    return np.divide(1.0, np.add(1.0, e, out=out), out=out)
''',
    ),
    "_odds": Helper(
        '''
def _odds(x):
    """exp(-x), kept finite: sigmoid(-x) / sigmoid(x)."""
    return np.exp(np.minimum(-x, 709.0))
''',
        '''
def _odds(x):
    """exp(-x), kept finite: sigmoid(-x) / sigmoid(x)."""
    return np.exp(np.where(np.real(x) > -709.0, -x, 709.0))
''',
        into='''
def _odds(x, out=None):
    """exp(-x), kept finite: sigmoid(-x) / sigmoid(x)."""
    return np.exp(np.minimum(np.negative(x, out=out), 709.0, out=out), out=out)
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
        into='''
def _softplus(x, out=None):
    """log(1 + exp(x)), without overflow."""
    top = np.maximum(x, 0.0)
    e = np.exp(np.negative(np.abs(x, out=out), out=out), out=out)
    return np.add(top, np.log1p(e, out=out), out=out)
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
        into='''
def _logcosh(x, out=None):
    """log(cosh(x)), without overflow."""
    x = np.abs(x, out=out)
    return np.add(x, np.log1p(np.exp(-2.0 * x)) - np.log(2.0), out=out)
''',
    ),
    "_silu": Helper(
        '''
def _silu(x):
    """x * sigmoid(x)."""
    return x * _sigmoid(x)
''',
        uses=("_sigmoid",),
        into='''
def _silu(x, out=None):
    """x * sigmoid(x)."""
    return np.multiply(x, _sigmoid(x), out=out)
''',
    ),
    "_gelu": Helper(
        '''
def _gelu(x):
    """x times the normal distribution function of x."""
    return 0.5 * x * erfc(x / -np.sqrt(2.0))
''',
        scipy="erfc",
        into='''
def _gelu(x, out=None):
    """x times the normal distribution function of x."""
    return np.multiply(0.5 * x, erfc(x / -np.sqrt(2.0)), out=out)
''',
    ),
    "_erf": Helper(
        '''
def _erf(x):
    """The error function."""
    return erf(x)
''',
        scipy="erf",
    ),
    "_log_base": Helper('''
def _log_base(x):
    """log(x), and 0 where x is 0: beside a power of x, which is 0 there."""
    return np.log(np.where(x == 0.0, 1.0, x))
'''),
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
}
