"""A request beside its program, and what an answer to it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from matcalc.derivation import chosen_variables, derive
from matcalc.errors import MatcalcError
from matcalc.language.program import Program
from matcalc.notes import cells
from matcalc.notes.asking import Asked, names
from matcalc.notes.model import Cell, decoded, encoded
from matcalc.notes.pieces import Piece
from matcalc.notes.words import Words
from matcalc.results import Derivation

__all__ = ["Answer", "Question"]


@dataclass(frozen=True)
class Answer:
    """What a request puts into the note.

    ``content`` are blocks, or inlines of a request within a sentence; ``cells`` the same in Python; ``notes`` are for
    the author's eyes, and ``failed`` are the checks that failed.
    """

    content: tuple[Any, ...]
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {
            "content": encoded(self.content), "cells": encoded(self.cells), "notes": list(self.notes),
            "failed": list(self.failed),
        }  # fmt: skip

    @staticmethod
    def of(data: Any) -> Answer:
        """What `data` wrote; raises ValueError, KeyError or TypeError for anything else."""
        found = Answer(*[decoded(data[key]) for key in ("content", "cells", "notes", "failed")])
        if not all(isinstance(text, str) for text in (*found.notes, *found.failed)):
            raise ValueError("not an answer")
        return found


class Question:
    """A request beside its program."""

    def __init__(
        self, asked: Asked, piece: Piece, words: Words, elaborated: Callable[[Piece], Program], *, check: bool = True
    ) -> None:
        self.asked, self.piece, self.words, self.elaborated = asked, piece, words, elaborated
        self.check = check and asked.options.get("check", "yes") != "no"

    @cached_property
    def program(self) -> Program:
        """The program, understood."""
        return self.elaborated(self.piece)

    @property
    def wrt(self) -> list[str]:
        """The variables that are named, or all inputs."""
        return chosen_variables(self.program, names(self.asked.options.get("wrt", "")) or "all")

    @property
    def how(self) -> dict[str, str]:
        """How steps are shown, as far as the request tells."""
        return {key: self.asked.options[key] for key in ("level", "policy", "style") if key in self.asked.options}

    def derivation(self, wrt: list[str], *, order: int = 1) -> Derivation:
        """The derivatives by variables, with the options of the request."""
        options = self.asked.options
        return derive(
            self.program, wrt, of=options.get("of"), layout=options.get("layout", "shape"), order=order,
            structure=options.get("structure", "projection"), expand=self.asked.on("expand"),
        )  # fmt: skip

    def failures(self, derivation: Derivation) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Derivatives that a check finds wrong, and those that it cannot judge."""
        if not self.check or not derivation.results:
            return (), ()
        from matcalc.checking import check_derivation

        try:
            report = check_derivation(derivation)
        except MatcalcError as wrong:
            return (), (f"not checked: {wrong}",)
        found = [*report.gradients.values(), *report.laws.values()]
        bad = [f"{one.name}: {one.message}" for one in found if not one.passed and not one.inconclusive]
        unsure = [f"not checked: {one.name}: {one.message}" for one in found if one.inconclusive]
        return tuple(bad), tuple(unsure)

    def cell(self, cell: Cell) -> tuple[Cell, ...]:
        """The cell, with the program where the request has its own."""
        return (cells.with_own_program(self.piece, self.asked, cell),)
