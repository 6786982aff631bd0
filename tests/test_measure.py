"""The length of expressions: its table forgets what is gone."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from matcalc.operations.table import matmul, variable
from matcalc.render import measure


def test_a_node_is_forgotten_even_when_the_modules_names_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    table, complaints = measure._counts, list[Any]()
    node: Any = matmul(variable("only_here", ("m", "n")), variable("nor_there", ("n", 1)))
    assert measure.token_count(node) == 3
    known = len(table)
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    monkeypatch.setattr(measure, "_counts", None)  # as an interpreter that ends leaves it
    del node
    gc.collect()
    assert complaints == []
    assert len(table) < known
