"""What a check found, variable by variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Diagnosis", "Report", "VariableReport"]


class Diagnosis:
    """What is wrong with a claim.

    ``kinds``    the mistakes, the first one first: ``("missing derivative",)``, ``("unknown",)`` where none was found
    ``message``  the finding in a sentence
    ``step``     the derivative at which the claim leaves the derivation, ``∂s/∂z``; empty where it is not known
    """

    __slots__ = ("kinds", "message", "step")

    def __init__(self, kinds: tuple[str, ...], message: str, step: str) -> None:
        self.kinds, self.message, self.step = kinds, message, step

    def __repr__(self) -> str:
        return f"{', '.join(self.kinds)}: {self.message}"


class VariableReport:
    """The finding for one variable.

    ``max_error``  the largest difference, relative to the gradient's largest entry, at all points
    ``method``     how the truth was found
    ``message``    the finding in a sentence
    ``passed``     whether all agreed; False where it is ``inconclusive`` too
    ``points``     at how many points
    ``kind``       ``gradient``, or ``claim`` where a claim decided; ``law`` of a law of the program
    """

    __slots__ = ("diagnosis", "inconclusive", "kind", "max_error", "message", "method", "name", "passed", "points")

    def __init__(
        self, name: str, *, passed: bool, max_error: float, method: str, message: str, points: int,
        inconclusive: bool = False, kind: str = "gradient", diagnosis: Diagnosis | None = None,
    ) -> None:  # fmt: skip
        self.name, self.passed, self.max_error, self.method = name, passed, max_error, method
        self.message, self.points, self.inconclusive, self.kind = message, points, inconclusive, kind
        self.diagnosis = diagnosis

    def __repr__(self) -> str:
        return f"{self.name}: {self.message}"


class Report(Mapping[Any, VariableReport]):
    """The findings by name; ``claims`` holds those about claims, which `report[name]` shows where a
    claim is wrong, and ``laws`` those about laws that the program states, by the function's name."""

    def __init__(
        self, gradients: Mapping[Any, VariableReport], claims: Mapping[str, VariableReport], dims: list[dict[str, int]]
    ) -> None:
        self.gradients, self.claims, self.dims = dict(gradients), dict(claims), dims
        self.laws: dict[str, VariableReport] = {}

    @property
    def passed(self) -> bool:
        """Whether every gradient, every claim and every law agreed."""
        found = [*self.gradients.values(), *self.claims.values(), *self.laws.values()]
        return bool(found) and all(one.passed for one in found)

    def __getitem__(self, name: Any) -> VariableReport:
        claim: VariableReport | None = self.claims.get(name)
        gradient: VariableReport | None = self.gradients.get(name)
        if claim is None or (gradient is not None and not gradient.passed):
            if gradient is None:
                raise KeyError(name)
            return gradient
        return claim

    def __iter__(self) -> Iterator[Any]:
        return iter({**self.gradients, **self.claims})

    def __len__(self) -> int:
        return len({**self.gradients, **self.claims})

    def text(self) -> str:
        """All findings, a line each."""
        names = {key: ", ".join(key) if isinstance(key, tuple) else key for key in self}
        lines = [f"{name}: {self[key].message}" for key, name in names.items()]
        return "\n".join([*lines, *[one.message for one in self.laws.values()]])

    __repr__ = __str__ = text
