"""The table of laws as readers see it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.operations.table import ELEMENTWISE_NAMES, OPERATIONS
from matcalc.proved import PROVED
from matcalc.rules import find, render
from tests.proved import laws_of, table

DOCS = Path(__file__).parent.parent / "docs" / "rules.md"


def test_every_operation_with_a_law_is_listed_once() -> None:
    names = [rule.name for rule in find()]
    assert len(names) == len(set(names))
    assert set(names) == {name for name, entry in OPERATIONS.items() if entry.law} | {"f"}


def test_every_rule_is_complete() -> None:
    for rule in find():
        for field in ("name", "title", "formula", "text", "latex", "source", "chapter"):
            assert getattr(rule, field).strip(), f"{rule.name} has no {field}"
        assert rule.text.startswith("d(")
        assert not re.search(r"\b[yY]\b", rule.text), "the value is written out"
        assert rule.latex.count("{") == rule.latex.count("}")


def test_elementwise_laws_come_from_their_derivatives() -> None:
    for name in ELEMENTWISE_NAMES:
        (rule,) = find(name)
        derivative = re.sub(r"\bx\b", "X", OPERATIONS[name].derivative)
        assert rule.formula in (f"d({name}(X)) = {derivative} * dX", f"d({name}(X)) = ({derivative}) * dX")


@pytest.mark.parametrize(
    ("query", "formula", "text"),
    [
        ("inv", "d(inv(X)) = -y @ dX @ y", "d(X⁻¹) = −X⁻¹ dX X⁻¹"),
        ("det", "d(det(X)) = y * tr(inv(X) @ dX)", "d(det(X)) = det(X) tr(X⁻¹ dX)"),
        ("matmul", "d(A @ B) = dA @ B + A @ dB", "d(A B) = dA B + A dB"),
        ("f", "d(f(X)) = f'(X) * dX", "d(f(X)) = f′(X) ⊙ dX"),
        ("tanh", "d(tanh(X)) = (1 - y**2) * dX", "d(tanh(X)) = (1 − tanh(X)^∘2) ⊙ dX"),
        ("T", "d(X.T) = dX.T", "d(Xᵀ) = dXᵀ"),
    ],
)
def test_found_by_name(query: str, formula: str, text: str) -> None:
    (rule,) = find(query)
    assert (rule.formula, rule.text) == (formula, text)


def test_found_by_title_and_formula() -> None:
    assert [rule.name for rule in find("Jacobi")] == ["det"]
    assert {"det", "logdet", "solve"} <= {rule.name for rule in find("inv(")}
    assert {rule.name for rule in find("product rule")} >= {"mul", "matmul"}


def test_unknown_name_has_near_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*tanh"):
        find("tahn")
    with pytest.raises(UnknownNameError, match="all are listed"):
        find("qqqqqqqq")


def test_forms() -> None:
    rules = find("inv")
    assert "-y @ dX @ y" in render(rules)
    assert "where X invertible" in render(rules, "text")
    assert r"-X^{-1}\, \mathrm{d}X\, X^{-1}" in render(rules, "latex")
    assert json.loads(render(rules, "json"))[0]["source"] == "Matrix Cookbook 40"
    assert "`d(inv(X)) = -y @ dX @ y`" in render(rules, "markdown")
    with pytest.raises(UnsupportedError, match="there are text"):
        render(rules, "html")


def test_the_identities_that_laws_prove_are_current() -> None:
    assert table() == PROVED, "write it: python -m tests.proved"


def test_laws_tell_what_they_prove() -> None:
    (rule,) = find("inv")
    assert {"cookbook-59", "cookbook-61", "cookbook-63"} <= set(rule.proves)
    assert f"proves {len(rule.proves)} identities:" in render([rule])
    assert all(name in render([rule]) for name in rule.proves)
    assert json.loads(render([rule], "json"))[0]["proves"] == list(rule.proves)
    assert "proves" not in render(find("roll")), "nothing is said where nothing is known"
    assert f"proves {len(rule.proves)}\n" in render(find())


def test_a_law_that_is_not_applied_proves_nothing() -> None:
    case = {"program": "s = x.T@x", "wrt": ["x"], "of": None, "syntax": "numpy", "order": 1}
    assert laws_of(case) == {"matmul", "T"}
    assert laws_of({**case, "program": "f(t) = tanh(t); s = sum(f(x)) + det(A)"}) == {"add", "sum", "tanh"}


def test_the_list_is_a_line_a_law() -> None:
    assert len(render(find()).splitlines()) == len(find())


def test_the_page_is_up_to_date() -> None:
    assert DOCS.read_text(encoding="utf-8") == render(find(), "markdown"), "write it: python -m matcalc.rules"


def test_rows_of_the_page_have_as_many_cells_as_their_heads() -> None:
    for line in render(find(), "markdown").splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line))) == 8
            assert not any("|" in code for code in re.findall(r"`([^`]*)`", line)), "a bar inside code splits the cell"
