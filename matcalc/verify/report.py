"""What a check found, variable by variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Report", "VariableReport"]


class VariableReport:
    """The finding for one variable.

    ``max_error``  the largest difference, relative to the gradient's largest entry, at all points
    ``method``     how the truth was found
    ``message``    the finding in a sentence
    ``passed``     whether all agreed; False where it is ``inconclusive`` too
    ``points``     at how many points
    ``kind``       ``gradient``, or ``claim`` where a claim decided
    """

    __slots__ = ("inconclusive", "kind", "max_error", "message", "method", "name", "passed", "points")

    def __init__(
        self, name: str, *, passed: bool, max_error: float, method: str, message: str, points: int,
        inconclusive: bool = False, kind: str = "gradient",
    ) -> None:  # fmt: skip
        self.name, self.passed, self.max_error, self.method = name, passed, max_error, method
        self.message, self.points, self.inconclusive, self.kind = message, points, inconclusive, kind

    def __repr__(self) -> str:
        return f"{self.name}: {self.message}"


class Report(Mapping[Any, VariableReport]):
    """The findings by name; ``claims`` holds those about claims, which `report[name]` shows where a
    claim is wrong."""

    def __init__(
        self, gradients: Mapping[Any, VariableReport], claims: Mapping[str, VariableReport], dims: list[dict[str, int]]
    ) -> None:
        self.gradients, self.claims, self.dims = dict(gradients), dict(claims), dims

    @property
    def passed(self) -> bool:
        """Whether every gradient and every claim agreed."""
        found = [*self.gradients.values(), *self.claims.values()]
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
        return "\n".join(f"{name}: {self[key].message}" for key, name in names.items())

    __str__ = text
