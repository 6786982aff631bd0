"""Numbers and dimensions, written out exactly."""

from __future__ import annotations

from fractions import Fraction

from matcalc.render.measure import is_decimal

__all__ = ["decimal", "scientific"]

PLAIN = 17  # characters of a number that is written without an exponent
DIGITS = 4000  # fewer than Python refuses to print
CHUNK = 10**DIGITS


def scientific(value: Fraction) -> tuple[str, int]:
    """The digits of a nonnegative decimal without closing zeros, and the power of ten of its last digit.

    >>> scientific(Fraction("1250")), scientific(Fraction("0.05"))
    (('125', 1), ('5', -2))
    """
    numerator, denominator, exponent = value.numerator, value.denominator, 0
    while denominator != 1:
        if denominator % 10 == 0:
            denominator //= 10
        elif denominator % 2 == 0:
            numerator, denominator = numerator * 5, denominator // 2
        else:
            numerator, denominator = numerator * 2, denominator // 5
        exponent -= 1
    while numerator and numerator % 10 == 0:
        numerator, exponent = numerator // 10, exponent + 1
    return _digits(numerator), exponent


def _digits(number: int) -> str:
    """``str(number)``, also beyond the number of digits that Python refuses to print."""
    chunks: list[str] = []
    while number >= CHUNK:
        number, rest = divmod(number, CHUNK)
        chunks.append(str(rest).rjust(DIGITS, "0"))
    return "".join([str(number), *reversed(chunks)])


def decimal(value: Fraction) -> str:
    """A nonnegative number as the language writes it, exact; a fraction without finite decimals as a quotient.

    >>> [decimal(Fraction(text)) for text in ("3", "1/2", "0.001", "1e20", "1.5e-12", "1/3")]
    ['3', '0.5', '0.001', '1e20', '1.5e-12', '1/3']
    """
    if value.denominator == 1 and value.numerator < 10**15:
        return str(value.numerator)
    if not is_decimal(value):
        return f"{_digits(value.numerator)}/{_digits(value.denominator)}"
    digits, exponent = scientific(value)
    length = len(digits) + exponent  # of what stands before the point
    if exponent >= 0 and length <= PLAIN:
        return digits + "0" * exponent
    if exponent < 0 and length > 0 and len(digits) <= PLAIN:
        return f"{digits[:length]}.{digits[length:]}"
    if exponent < 0 and length <= 0 and 2 - exponent <= PLAIN - 9:
        return "0." + "0" * -length + digits
    head = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    power = exponent + len(digits) - 1
    return f"{head}e{power}" if power else head
