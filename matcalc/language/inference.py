"""The kinds of undeclared names: the reading with the fewest departures from the default kinds.

A run of the shape rules that fails names its culprits: the undeclared names below the failing operation, and
those whose axes are in the two dimensions that clash.  Nothing but another kind of one of them can mend that
failure, so the search branches on them alone, the reading with the fewest departures first, among equal ones
the one where the earlier name of the program departs.  That finds the best reading; where it takes too long,
the search goes on from the readings that got furthest through the program.  Where no reading avoids a place
that fits badly (see `matcalc.language.shaping`), such as ``x - mean(x)``, that place is tolerated.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any, TypeAlias

from matcalc.expressions.dims import Dim, names
from matcalc.language.conventions import Conventions
from matcalc.language.declarations import Declarations
from matcalc.language.dimensions import Clash, letters
from matcalc.language.possibility import exponents, matrices, possible
from matcalc.language.shaping import Failure, Preparation, Run, run

__all__ = ["departed", "dimension_names", "infer", "sizeless"]

EXACT = 600  # runs in the order of the rule; then those that got furthest go first
RUNS = 3000
WORK = 500_000  # operations looked at, over all runs
FEW = 40  # runs that a long program has in any case

Departures: TypeAlias = tuple[tuple[int, str], ...]  # positions of names, and their kinds


class Search:
    """The state of a search that several rounds share."""

    __slots__ = ("conventions", "exponents", "matrices", "names", "possible", "prepared", "runs")

    def __init__(self, prepared: Preparation, conventions: Conventions) -> None:
        self.prepared = prepared
        self.conventions = conventions
        self.names = list(prepared.free)
        self.matrices = matrices(prepared)  # only these may depart to a matrix
        self.exponents = exponents(prepared)  # these may always depart to a scalar
        self.possible = possible(prepared, self.matrices)
        self.runs = min(RUNS, max(FEW, WORK // max(1, len(prepared.tape))))

    def kinds(self, departures: Departures) -> dict[str, str]:
        return {self.names[i]: kind for i, kind in departures}


def infer(prepared: Preparation, conventions: Conventions) -> tuple[Run, bool]:
    """The run of the best reading, or the failed run of the default one; and whether the search was cut short."""
    plain = run(prepared, {}, frozenset())
    if plain.failure is None:
        return plain, False
    search = Search(prepared, conventions)
    if not all(search.possible):
        return run(prepared, {}, None), False
    tolerated: frozenset[int] = frozenset()
    while True:
        found, place = _search(search, tolerated)
        if found is not None:
            return found, False
        if place is None or search.runs <= 0:
            return run(prepared, {}, None), search.runs <= 0
        tolerated |= {place}


def _search(search: Search, tolerated: frozenset[int]) -> tuple[Run | None, int | None]:
    """The best reading with some places tolerated; or a place that fits badly in the best of the others."""
    heap: list[tuple[Any, Departures]] = [((0,), ())]
    seen: set[Departures] = {()}
    place: int | None = None
    count = 0
    while heap and search.runs > 0:
        departures = heapq.heappop(heap)[1]
        search.runs -= 1
        count += 1
        found = run(search.prepared, search.kinds(departures), tolerated)
        failure = found.failure
        if failure is None:
            return found, None
        if failure.mild and place is None:
            place = failure.slot
        departed = {i for i, _ in departures}
        for option in _options(search, found, failure):
            if option[0] not in departed:
                other = tuple(sorted((*departures, option)))
                if other not in seen:
                    seen.add(other)
                    heapq.heappush(heap, (_rank(other, failure.slot, count >= EXACT), other))
        if count == EXACT:
            heap = [(_rank(other, 0, True), other) for _, other in heap]
            heapq.heapify(heap)
    return None, place


def _rank(departures: Departures, reached: int, far: bool) -> tuple[Any, ...]:
    """Fewest departures first, then the earlier names; late in a search, the furthest first."""
    positions = tuple([i for i, _ in departures])
    kinds = tuple([kind for _, kind in departures])
    return (-reached if far else 0, len(departures), positions, kinds)


def _options(search: Search, found: Run, failure: Failure) -> list[tuple[int, str]]:
    """The departures that might mend a failure."""
    prepared = search.prepared
    options: set[tuple[int, str]] = set()
    culprits = _below(search, failure.slot)
    if isinstance(failure.cause, Clash):
        culprits |= _of_dimensions(found, prepared, failure.cause)
    for name in culprits:
        usual = search.conventions.departures(name)
        for kind in usual if "scalar" in usual or name not in search.exponents else ("scalar", *usual):
            if kind != "matrix" or name in search.matrices:
                options.add((prepared.free[name], kind))
    return sorted(options)


def _below(search: Search, slot: int) -> set[str]:
    """The undeclared names whose kinds the operation at a slot depends on."""
    prepared, tape, culprits = search.prepared, search.prepared.tape, set[str]()
    stack, seen = [slot], {slot}
    while stack:
        top = stack.pop()
        if tape.op[top] == "input":
            if tape.params[top][0] in prepared.free:
                culprits.add(tape.params[top][0])
            continue
        for a in tape.args[top]:
            if a not in seen and len(search.possible[a]) != 1:
                seen.add(a)
                stack.append(a)
    return culprits


def _of_dimensions(found: Run, prepared: Preparation, clash: Clash) -> set[str]:
    """The undeclared names with an axis in one of two dimensions."""
    check = found.check
    classes = {check.find(clash.a), check.find(clash.b)}
    parts = {name for dim in classes for name in names(dim)}
    culprits = set()
    for name in prepared.free:
        for dim in check.shape(prepared.shape(name, found.kinds[name])):
            if dim != 1 and (dim in classes or not parts.isdisjoint(names(dim))):
                culprits.add(name)
    return culprits


def departed(found: Run, defaults: Mapping[str, str]) -> list[str]:
    """The names that are not read as their default kind."""
    return [name for name, kind in found.kinds.items() if kind != defaults[name]]


def sizeless(prepared: Preparation) -> list[tuple[Any, ...]]:
    """The parameters of the constants that take their size from where they stand: the function, and the axes."""
    tape = prepared.tape
    return [params for op, params in zip(tape.op, tape.params, strict=True) if op == "sizeless"]


def dimension_names(prepared: Preparation, scope: Declarations, found: Run) -> dict[str, Dim]:
    """The names of the dimensions that nothing names: free letters, in the order of the inputs."""
    check = found.check
    shapes = [
        (name, prepared.declared.get(name) or check.shape(prepared.shape(name, found.kinds[name])))
        for name in scope.inputs
    ]
    shapes += [("", check.shape(params[1:])) for params in sizeless(prepared)]
    taken = {*scope.order, *scope.dims, *scope.dims.values(), *scope.called, *scope.elementwise}
    taken.update(scope.definitions, scope.laws)
    taken.update([definition.parameter for definition in scope.definitions.values()])
    weights = {name for name in prepared.free if name[0] == "W" and found.kinds[name] == "matrix"}
    return letters(shapes, taken, weights)
