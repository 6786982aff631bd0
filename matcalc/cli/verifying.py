"""Derivatives are checked before they are believed: what `derive`, `code` and `latex` do unless told not to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.cli.streams import tell
from matcalc.derivation import Derivation
from matcalc.errors import MatcalcError

if TYPE_CHECKING:
    from matcalc.verify.report import VariableReport

__all__ = ["verified"]


def verified(derivation: Derivation) -> int:
    """Check with generated code, tell the outcome in a line; the exit code, 1 where a derivative is wrong."""
    if not derivation.results:
        return 0
    from matcalc.checking import check_derivation

    try:
        report = check_derivation(derivation)
    except MatcalcError as wrong:
        tell(f"warning: NOT CHECKED: {wrong}")
        return 0
    found, laws = list(report.gradients.values()), list(report.laws.values())
    wrong_ones = [one for one in found if not one.passed and not one.inconclusive]
    unknown = [one for one in found if one.inconclusive]
    for one in wrong_ones:
        tell(f"CHECK FAILED: {one.name}: {one.message}")
    for one in unknown:
        tell(f"warning: NOT CHECKED: {one.name}: {one.message}")
    good = [one for one in found if one.passed]
    if good:
        tell(_sentence(good))
    wrong_laws = [one for one in laws if not one.passed and not one.inconclusive]
    for one in laws:
        word = "CHECK FAILED" if one in wrong_laws else "warning: NOT CHECKED" if one.inconclusive else "checked"
        tell(f"{word}: {one.message}")
    if wrong_laws:
        tell("error: what is printed above follows from a law that is WRONG")
    elif wrong_ones:
        tell("error: what is printed above is WRONG, please report it with the program")
    return 1 if wrong_ones or wrong_laws else 0


def _sentence(good: list[VariableReport]) -> str:
    count, points = len(good), min(one.points for one in good)
    methods = ", ".join(dict.fromkeys(one.method for one in good))
    worst = max(one.max_error for one in good)
    return (
        f"checked: {count} derivative{'s' if count > 1 else ''} at {points} point{'s' if points > 1 else ''}, "
        f"max error {worst:.0e} ({methods})"
    )
