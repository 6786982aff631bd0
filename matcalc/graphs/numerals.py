"""Numbers as a graph shows them: three figures; small arrays entry by entry, large ones by shape and norm."""

from __future__ import annotations

from typing import Any

__all__ = ["array_text", "number_text"]

ENTRIES = 4  # of an array that is shown entry by entry


def number_text(value: float) -> str:
    """A number with three figures, whole numbers as they are.

    >>> [number_text(x) for x in (2.0, -0.53146, 12345.6, 1.5e-9, float("inf"))]
    ['2', '−0.531', '1.23e4', '1.5e−9', '∞']
    """
    if value != value:
        return "undefined"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.3g}" if value != round(value) or abs(value) >= 10**4 else str(int(value))
    if "e" in text:
        digits, _, power = text.partition("e")
        text = f"{digits}e{int(power)}"
    return text.replace("-", "−")


def array_text(value: Any) -> str:
    """A number, a short vector ``(1, 2)``, a small matrix ``[1, 2; 3, 4]``, or ``3×4, ‖·‖ = 2.1``.

    >>> import numpy as np
    >>> array_text(np.array([1.0, -2.5])), array_text(np.eye(2)), array_text(np.ones((3, 4)))
    ('(1, −2.5)', '[1, 0; 0, 1]', '3×4, ‖·‖ = 3.46')
    """
    import numpy as np

    array = np.asarray(value, dtype=float)
    if not array.ndim:
        return number_text(float(array))
    if array.size <= ENTRIES:
        rows = [", ".join([number_text(float(x)) for x in np.atleast_1d(row)]) for row in np.atleast_2d(array)]
        return f"({rows[0]})" if array.ndim == 1 else f"[{'; '.join(rows)}]"
    shape = "×".join(map(str, array.shape))
    return f"{shape}, ‖·‖ = {number_text(float(np.sqrt(np.sum(array**2))))}"
