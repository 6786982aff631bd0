"""Memory that stays with the process when an array is freed.

The C library gives an array of more than 128 KiB back to the operating system as soon as nothing needs it, and the next
one of that size is mapped and cleared anew: for code that makes a few arrays in every call this costs more than what it
computes.  The GNU library learns: once an array of up to 32 MiB was freed, those up to its size come from memory that
stays, of which at most twice that size lies free at its end (mallopt(3), "M_MMAP_THRESHOLD", "Dynamic threshold").
Any program that frees a large array teaches it so.  Here one is freed at once that nothing ever touched.

Who sets ``MALLOC_MMAP_THRESHOLD_`` or ``MALLOC_TRIM_THRESHOLD_`` in the environment has the last word; other C
libraries do as they do.
"""

from __future__ import annotations

from functools import cache

__all__ = ["keep_freed_memory"]

LARGEST = 2**25 - 2**16  # bytes: the library learns from no larger ones, of which it has a little for itself


@cache
def keep_freed_memory() -> None:
    """Have the C library keep what arrays of up to 32 MiB leave, at most 64 MiB of it, for the next ones."""
    import numpy as np

    np.empty(LARGEST, dtype=np.uint8)
