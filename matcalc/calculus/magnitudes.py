"""How large coefficients may become: what is written must be read again, and a float must hold it."""

from __future__ import annotations

from fractions import Fraction

from matcalc import bounds
from matcalc.errors import UnsupportedError
from matcalc.render.measure import is_decimal
from matcalc.render.numbers import scientific

__all__ = ["checked", "power_of"]

SHORT = 290  # bits of numerator and denominator up to which nothing is asked
LONG = 1100  # bits of the largest and of the smallest float


def power_of(base: Fraction | int, p: int) -> Fraction | int | None:
    """A power of a number; None where it is no number that may be written, and stays a power.

    The length is looked at before the power is computed.

    >>> power_of(2, 10), power_of(2, 10**9), power_of(Fraction(1, 2), 400)
    (1024, None, None)
    """
    base = Fraction(base)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1
    if bits * abs(p) > LONG or (not base and p < 0):
        return None
    found = base**p
    if not _writable(found):
        return None
    return found if found.denominator != 1 else int(found)


def checked(c: Fraction | int) -> Fraction | int:
    """A coefficient that can be written.

    Raises `LimitError` where it has too many digits, `UnsupportedError` where it is beyond the floats.
    """
    if c.numerator.bit_length() + 3 * c.denominator.bit_length() <= SHORT or _writable(c):
        return c
    size = _logarithm(c)
    if not -324 < size < 309:
        message = f"a coefficient of about 1e{size:.0f} is beyond the floats"
        raise UnsupportedError(message, hint="scale what is multiplied, or give a power of it a name")
    digits = bounds.current().number_digits
    raise bounds.exceeded("number_digits", f"a coefficient has more than {digits} digits", "round its factors")


def _writable(c: Fraction | int) -> bool:
    c = abs(Fraction(c))
    if max(c.numerator.bit_length(), c.denominator.bit_length()) > 2 * LONG:
        return False
    parts = [c] if is_decimal(c) else [Fraction(c.numerator), Fraction(c.denominator)]
    most = bounds.current().number_digits
    return all(len(scientific(part)[0]) <= most and _is_float(part) for part in parts)


def _is_float(c: Fraction) -> bool:
    try:
        return bool(float(c)) or not c
    except OverflowError:
        return False


def _logarithm(c: Fraction | int) -> float:
    return (c.numerator.bit_length() - c.denominator.bit_length()) * 0.30103
