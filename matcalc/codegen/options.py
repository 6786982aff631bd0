"""What the code generator does beyond computing what is written: each a switch.

All are on unless somebody says otherwise, and none changes a result beyond rounding: the tests run the corpus and
random programs with each of them off in turn, and with all of them off.  They are there to find out what an
optimisation brings, to get code that follows the formulas line by line, and to tell which one is at fault where code
should ever be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

from matcalc.errors import UnsupportedError

__all__ = ["DEFAULT", "MEANINGS", "NAMES", "PLAIN", "Asked", "Options", "options_of", "portable", "without"]

MEANINGS = {
    "product_order": "products in the cheapest order, vectors first; off: as they are written",
    "run_time_order": "where no order is cheapest for all sizes, two orders and a test of the sizes; off: one order",
    "transposes": "a product is computed once also where its transpose is asked for; off: twice",
    "reductions": "sums, traces, diagonals and squared norms of products without the product; off: of the product",
    "sums": "sums of products factored, products of sums distributed, where that costs less; off: as they are written",
    "factorisations": "one factorisation or inverse for all that need it; off: each its own",
    "structure": "diagonal matrices, slices of the identity, ones, Kronecker products not expanded; off: they are",
    "scalars": "scalars on the smallest factor, once for all that is made of an array; off: where they are written",
    "syrk": "X.T @ X with no scalar inside, which BLAS computes half of; off: a scalar may stand on a factor",
    "multiples": "sums of multiples with the fewest walks over their arrays, scalars first; off: as they are written",
    "factors": "factors that broadcast meet first in products entry by entry; off: as they are written",
    "exponentials": "softmax, its logarithm and log-sum-exp of one argument share one exponential; off: each its own",
    "contractions": "einsum of three factors and more as products of pairs, by BLAS; off: as one call",
    "roots": "X.T @ diag(w) @ X with w nonnegative as the square that BLAS computes half of; off: as it is written",
    "totals": "sums of rows and of columns as products with ones, by BLAS, in a third of the time; off: by sum",
    "in_place": "matrices are computed in the memory of what is done with; off: each in new memory",
    "stable": "log-sum-exp, softplus, softmax and their kin in forms without overflow; off: as they are written",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The optimisations of generated code, by name; what each does stands in `MEANINGS`.

    >>> Options(structure=False).off()
    ('structure',)
    """

    product_order: bool = True
    run_time_order: bool = True
    transposes: bool = True
    reductions: bool = True
    sums: bool = True
    factorisations: bool = True
    structure: bool = True
    scalars: bool = True
    syrk: bool = True
    multiples: bool = True
    factors: bool = True
    exponentials: bool = True
    contractions: bool = True
    roots: bool = True
    totals: bool = True
    in_place: bool = True
    stable: bool = True

    def off(self) -> tuple[str, ...]:
        """The names of those that are switched off."""
        return tuple([name for name in NAMES if not getattr(self, name)])


NAMES = tuple([field.name for field in fields(Options)])
DEFAULT = Options()
PLAIN = Options(**dict.fromkeys(NAMES, False))
Asked: TypeAlias = "bool | Mapping[str, bool] | Options"


def options_of(asked: Asked) -> Options:
    """``True`` for all, ``False`` for none, or those that differ from the default, by name.

    Raises `UnsupportedError` for a name that no optimisation has, and for what is not true or false.

    >>> options_of({"syrk": False}) == Options(syrk=False)
    True
    """
    if isinstance(asked, Options):
        return asked
    if isinstance(asked, bool):
        return DEFAULT if asked else PLAIN
    if not isinstance(asked, Mapping):
        raise UnsupportedError(
            f"optimize={asked!r}", hint="it is True, False, or the optimisations to switch: {'structure': False}"
        )
    for name, on in asked.items():
        _known(name)
        if not isinstance(on, bool):
            raise UnsupportedError(f"the optimisation {name} is {on!r}", hint="it is True or False")
    return replace(DEFAULT, **asked)


def portable(options: Options) -> Options:
    """Those that write what every target has: none that is a matter of NumPy's memory, loops and BLAS, which a compiler
    or a tape sees to by itself."""
    own = ("multiples", "exponentials", "contractions", "roots", "totals", "in_place")
    return replace(options, **dict.fromkeys(own, False))


def without(names: Iterable[str]) -> Options:
    """All but those named; ``all`` names every one.  `UnsupportedError` for a name that no optimisation has."""
    names = list(names)
    if "all" in names:
        return PLAIN
    return options_of(dict.fromkeys(names, False))


def _known(name: object) -> None:
    if name in NAMES:
        return
    import difflib

    near = difflib.get_close_matches(str(name), NAMES, 1)
    there = f"did you mean {near[0]}?" if near else f"there is {', '.join(NAMES)}"
    raise UnsupportedError(f"there is no optimisation {str(name)!r}", hint=there)
