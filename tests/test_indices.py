"""Index notation against the value: every entry computed from what is written, by plain loops."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from differences import SIZES, close, evaluator, point

from matcalc.calculus.indices import indices, latex_indices
from matcalc.calculus.lowering import lower
from matcalc.derivation import derive
from matcalc.expressions.dims import evaluate as size_of
from matcalc.expressions.node import Node, kind
from matcalc.language.program import Program, beside, elaborate
from matcalc.language.reading import expression
from matcalc.syntax import tree as syntax
from matcalc.syntax.parser import parse_expression


class Loops:
    """An interpreter of index expressions: sums are loops, entries are looked up."""

    def __init__(self, program: Program, at: dict[str, Any], sizes: dict[str, int]) -> None:
        self.program, self.at, self.sizes = program, at, sizes

    def node(self, tree: syntax.Syntax) -> Node:
        return expression(tree, beside(self.program))

    def value(self, text: str) -> Any:
        tree = parse_expression(text)
        if not isinstance(tree, syntax.Entries):
            return np.array(self.entry(tree, {}))
        ranges = [range(self.length(name, tree.body)) for name in tree.indices]
        found = np.empty([len(r) for r in ranges])
        for place in itertools.product(*ranges):
            found[place] = self.entry(tree.body, dict(zip(tree.indices, place, strict=True)))
        return found

    def length(self, name: str, tree: syntax.Syntax) -> int:
        """How far an index runs: what the arrays that it stands at are long."""
        found: set[int] = set()
        stack = [tree]
        while stack:
            top = stack.pop()
            stack += top.children
            if isinstance(top, syntax.Index):
                self.note(name, top.items, top.operand, found)
        assert len(found) == 1, f"{name}: {found}"
        return int(found.pop())

    def note(self, name: str, items: Any, operand: syntax.Syntax, found: set[int]) -> None:
        names = [item.name if isinstance(item, syntax.Name) else "" for item in items]
        if name not in names:
            return
        dims = [size_of(dim, self.sizes) for dim in self.node(operand).shape if dim != 1]
        found.update([dim for dim, other in zip(dims, names, strict=True) if other == name])

    def entry(self, tree: syntax.Syntax, bound: dict[str, int]) -> float:
        if isinstance(tree, syntax.IndexSum):
            ranges = [range(self.length(name, tree.body)) for name in tree.indices]
            assert not bound.keys() & set(tree.indices)
            return sum(
                self.entry(tree.body, {**bound, **dict(zip(tree.indices, place, strict=True))})
                for place in itertools.product(*ranges)
            )
        if isinstance(tree, syntax.Index) and all(isinstance(i, syntax.Name) and i.name in bound for i in tree.items):
            array = evaluator(self.at, self.sizes)(self.node(tree.operand))
            array = array.ravel() if 1 in array.shape and len(tree.items) == 1 else array
            return float(array[tuple(bound[i.name] for i in tree.items)])  # type: ignore[attr-defined]
        if isinstance(tree, syntax.Binary):
            a, b = self.entry(tree.left, bound), self.entry(tree.right, bound)
            return self.binary(tree.operator, a, b)
        if isinstance(tree, syntax.Unary):
            return -self.entry(tree.operand, bound)
        return float(evaluator(self.at, self.sizes)(self.node(tree))[0, 0])

    def binary(self, operator: str, a: float, b: float) -> float:
        if operator in ("/", "**"):
            return a / b if operator == "/" else a**b
        return {"+": a + b, "-": a - b, "*": a * b}[operator]


PROGRAMS = [
    ("s = u.T @ f(W@x + b)", ("u", "W", "x", "b")),
    ("(x - mu).T @ inv(Sigma) @ (x - mu)", ("x", "mu", "Sigma")),
    ("X: matrix(n, d); norm(X@w - y)**2/(2*n)", ("X", "w", "y")),
    ("p = softmax(W@x); J = -y.T@log(p)", ("W", "x", "y")),
    ("f(A@x)", ("x",)),
    ("x.T@x*x", ("x",)),
    ("logdet(X) + tr(X.T@X)", ("X",)),
    ("A: matrix(m, n); B: matrix(m, n); sum(A/B)", ("A", "B")),
    ("A: matrix(m, n); c: row(n); sum(exp(A*c))", ("A", "c")),
    ("A: matrix(m, n); b: vector(m); sum(f(A + b)**2)", ("A", "b")),
    ("i: vector(n); k: vector(n); j: scalar; j*exp(i.T@k)/2 - j*tr(i@k.T)", ("i", "k", "j")),
    ("A: matrix(m, n); C: matrix(m, n); sum(softmax(A, axis=1)*C)", ("A",)),
    ("A: matrix(5, n); B: matrix(2, n); sum(A[1:3, :]*B) + sum([B; A[0:1, :]])", ("A", "B")),
    ("x: vector(n); mean(x)**2 + 2.5*sum(x)/3 - x[0]", ("x",)),
]


@pytest.mark.parametrize(("source", "wrt"), PROGRAMS)
def test_entries_are_those_of_the_result(source: str, wrt: tuple[str, ...]) -> None:
    d = derive(source, list(wrt))
    sizes = {name: SIZES.get(name, 3 + i) for i, name in enumerate(d.program.dims)}
    at = point(d.program.value, *d.program.inputs.values(), seed=source, sizes=sizes)
    for result in d.values():
        found = Loops(d.program, at, sizes).value(result.indices())
        expected = evaluator(at, sizes)(result.node)
        if kind(result.node.shape) != "matrix":
            expected = expected.reshape(found.shape)
        assert close(found, expected, 1e-12), result.indices()


@pytest.mark.parametrize(
    ("source", "wrt", "written"),
    [
        ("s = u.T @ f(W@x + b)", "W", "{i, j: u[i]*x[j]*f'(W@x + b)[i]}"),
        ("s = u.T @ f(W@x + b)", "x", "{i: sum(j: W[j, i]*u[j]*f'(W@x + b)[j])}"),
        ("x.T@A@x", "A", "{i, j: x[i]*x[j]}"),
        ("i: vector(n); i.T@i", "i", "{j: 2*i[j]}"),
        ("c: scalar; c**2", "c", "2*c"),
    ],
)
def test_written(source: str, wrt: str, written: str) -> None:
    assert derive(source, wrt)[wrt].indices() == written


@pytest.mark.parametrize(
    ("source", "wrt", "written"),
    [
        ("s = u.T @ f(W@x + b)", "W",
        r"\left[ u_{i} \, x_{j} \, \left[ f'\left( W x + b \right) \right]_{i} \right]_{i j}"),
        ("x.T@A@x/2", "x", r"\left[ \frac{\sum_{j} \left( A_{i j} + A_{j i} \right) \, x_{j}}{2} \right]_{i}"),
        ("x.T@x*x", "x", r"\left[ \left( \sum_{k} x_{k} \, x_{k} \right) \, \delta_{i j} + 2 \, x_{i} \, x_{j} "
                         r"\right]_{i j}"),
    ],
)
def test_written_in_latex(source: str, wrt: str, written: str) -> None:
    assert latex_indices(lower(derive(source, wrt)[wrt].node)) == written


def test_zero_has_its_indices() -> None:
    assert derive("W: matrix(m, n); x.T@x", "W")["W"].indices() == "{i, j: 0}"


def test_a_tensor_has_the_indices_of_the_value_first() -> None:
    from matcalc.calculus.sweep import sweep

    program = elaborate("W@x")
    found = sweep(program.value, [program.names["W"]], {})[program.names["W"]]
    assert indices(found) == "{i, j, k: eye(n)[i, j]*x[k]}"


def test_long_expressions_are_not_opened() -> None:
    program = elaborate("\n".join(["z0 = x", *[f"z{i + 1} = tanh(z{i}) + z{i}" for i in range(30)]]))
    node = program.value
    while node.op == "let":
        node = node.args[0]
    assert len(indices(lower(node))) < 400


def test_what_long_index_terms_share_is_named() -> None:
    """The writing is no longer than the distinct parts, whichever factors they stand in, and is read back."""
    steps = "\n".join([f"h{t} = tanh(W@h{t - 1} + W.T@(c*h{t - 1}))" for t in range(1, 7)])
    source = f"W: matrix(n, n); h0, c: vector(n)\n{steps}\ns = norm(h6)**2"
    derivation = derive(source, ["W", "c"], order=2, expand=True)
    for key in (("W", "W"), ("W", "c")):
        result = derivation[key]
        *shared, last = result.source().split("\n")
        assert [line.split(" = ")[0] for line in shared] == [f"t{k + 1}" for k in range(len(shared))]
        assert last.startswith("{i, j, ")
        assert len(result.source()) < 16_000
        assert expression(result.source(), beside(derivation.program)) is result.node
