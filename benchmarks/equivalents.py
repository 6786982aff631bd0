"""Mutants that compute what the original does, found by evaluating, and the others with the reason."""

from __future__ import annotations

from benchmarks.mutations import Mutant

__all__ = ["reason_of"]

REASONS: dict[tuple[str, str], str] = {}  # (where, what): why nothing can notice


def reason_of(mutant: Mutant) -> str:
    """Why a mutant is equivalent; empty where it is not known to be."""
    return REASONS.get((mutant.where, mutant.what), "")
