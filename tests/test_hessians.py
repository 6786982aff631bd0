"""Second derivatives: textbook forms, symmetry, differences of values, the corpus, and Hessians times a direction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import good, refused
from programs import SIZES, Programs

import matcalc as mc

CORPUS = Path(__file__).parent / "corpus"
ARRAYS = np.load(CORPUS / "public.npz")
PUBLIC = json.loads((CORPUS / "public.json").read_text(encoding="utf-8"))
CASES = [case for case in PUBLIC["cases"] if case["order"] == 2]


# forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "pair", "form"),
    [
        ("x.T@A@x", "xx", "A + A.T"),
        ("A: symmetric(n); 0.5*x.T@A@x - b.T@x", "xx", "A"),
        ("norm(A@x - b)**2", "xx", "2*A.T@A"),
        ("norm(A@x - b)**2", "xb", "-2*A.T"),
        ("norm(A@x - b)**2", "bx", "-2*A"),
        ("norm(A@x - b)**2", "bb", "2*eye(n)"),
        ("p = sigmoid(X@w); s = -y.T@log(p) - (1 - y).T@log(1 - p)", "ww", "X.T@diag(p*(1 - p))@X"),
        ("logsumexp(x)", "xx", "diag(softmax(x)) - softmax(x)@softmax(x).T"),
        ("p = softmax(z); y: simplex(n); s = -y.T@log(p)", "zz", "diag(p) - p@p.T"),
        ("x.T@A@y", "xy", "A"),
        ("x.T@A@y", "yx", "A.T"),
        ("sum(exp(x))", "xx", "diag(exp(x))"),
        ("norm(X - u@v.T)**2", "uu", "2*(v.T@v)*eye(n)"),
    ],
)
def test_closed_forms(source: str, pair: str, form: str) -> None:
    assert mc.derive(source, list(dict.fromkeys(pair)), order=2)[pair[0], pair[1]].source() == form


def test_a_tensor_is_told_as_one() -> None:
    block = mc.derive("norm(X - U@V.T)**2", ["U"], order=2)["U", "U"]
    assert block.shape == ("n", "p", "n", "p")
    assert block.source() == "{i, j, k, l: 2*eye(n)[i, k]*sum(q: V[q, j]*V[q, l])}"


# values -----------------------------------------------------------------------------------------------------

STEP = 1e-4
LENGTHS = SIZES | {"d": 5, "k": 3}


def differences(gradient: Any, arguments: Mapping[str, Any], wrt: str) -> dict[str, np.ndarray]:
    """The derivative of every gradient by one input, its axes last: central differences, extrapolated once."""
    at = np.asarray(arguments[wrt], dtype=float)
    found: dict[str, list[np.ndarray]] = {}
    for i in np.ndindex(*at.shape):
        values = {}
        for h in (-STEP, -STEP / 2, STEP / 2, STEP):
            moved = at.copy()
            moved[i] += h
            values[h] = gradient(**{**arguments, wrt: moved})[1]
        for name in values[STEP]:
            wide = (values[STEP][name] - values[-STEP][name]) / (2 * STEP)
            narrow = (values[STEP / 2][name] - values[-STEP / 2][name]) / STEP
            found.setdefault(name, []).append((4 * narrow - wide) / 3)
    return {
        name: np.stack(columns, axis=-1).reshape((*np.shape(columns[0]), *at.shape)) for name, columns in found.items()
    }


def drawn(program: Any, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shapes = {name: tuple(LENGTHS.get(d, d) for d in node.shape if d != 1) for name, node in program.inputs.items()}
    return {name: rng.normal(size=shape) * 0.7 if shape else rng.normal() for name, shape in shapes.items()}


def asked_for(fn: mc.compiling.Compiled, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a function takes."""
    return {name: value for name, value in arguments.items() if f' = _array("{name}"' in fn.source}


def close(found: Any, expected: Any, tolerance: float) -> None:
    scale = max(float(np.max(np.abs(expected), initial=0)), 1.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("seed", range(80))
def test_random_programs(seed: int) -> None:
    source = Programs(5000 + seed).program(depth=2 + seed % 3)
    derivation = mc.derive(source, "all", order=2)
    names = list(derivation.program.inputs)
    arguments = drawn(derivation.program, seed)
    fn, gradient = mc.compile(source, "all", order=2), mc.compile(source, "all")
    _, _, hessians = fn(**asked_for(fn, arguments))
    known = asked_for(gradient, arguments)
    for y in names:
        slopes = differences(gradient, known, y) if y in known else {}
        for x in names:
            block = np.asarray(hessians[x, y])
            assert block.shape == np.shape(arguments[x]) + np.shape(arguments[y])
            if slopes:
                close(block, slopes[x], 1e-6)
            else:
                assert not np.any(block)
            first, last = np.ndim(arguments[x]), np.ndim(arguments[y])
            other = np.transpose(hessians[y, x], (*range(last, last + first), *range(last)))
            close(block, other, 1e-11)


def test_there_are_all_cases() -> None:
    assert len(CASES) == 19


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_corpus(case: dict[str, Any]) -> None:
    name = case["id"]
    fn = mc.compile(
        case["program"], case["wrt"], of=case["of"], order=2, syntax=case["syntax"], functions=case["functions"]
    )
    arguments = {key: ARRAYS[f"{name}/in/{key}"] for key in case["inputs"]}
    for unknown, known in case["callables"].items():
        assert known == "sin"
        arguments |= {unknown: np.sin, f"d{unknown}": np.cos, f"d2{unknown}": lambda x: -np.sin(x)}
    value, gradients, hessians = fn(**arguments)
    np.testing.assert_allclose(value, ARRAYS[f"{name}/value"], rtol=1e-6, atol=1e-8)
    for x in case["wrt"]:
        np.testing.assert_allclose(gradients[x], ARRAYS[f"{name}/d/{x}"], rtol=1e-6, atol=1e-8)
        for y in case["wrt"]:
            expected = ARRAYS[f"{name}/d2/{x},{y}"]
            assert np.shape(hessians[x, y]) == expected.shape
            np.testing.assert_allclose(hessians[x, y], expected, rtol=1e-6, atol=1e-8)


def test_only_what_is_asked_for() -> None:
    _, gradients, hessians = mc.compile("s = norm(A@x - b)**2", ["x", "b"], order=2)(
        A=np.ones((3, 2)), x=np.ones(2), b=np.ones(3)
    )
    assert set(gradients) == {"x", "b"}
    assert set(hessians) == {("x", "x"), ("x", "b"), ("b", "x"), ("b", "b")}


def test_sizes_of_one() -> None:
    fn = mc.compile("s = norm(X - U@V.T)**2", ["U", "V"], order=2)
    _, _, hessians = fn(X=[[1.0]], U=[[2.0]], V=[[3.0]])
    assert hessians["U", "U"].tolist() == [[[[18.0]]]]
    assert hessians["U", "V"].tolist() == [[[[22.0]]]]  # 2*U*V - 2*(X - U*V)


# Hessians times a direction ---------------------------------------------------------------------------------

PRODUCTS = {
    "s = x.T@A@x": "x",
    "s = norm(A@x - b)**2": "x",
    "s = sum(log(1 + exp(X@w))) - y.T@(X@w)": "w",
    "s = norm(X - U@V.T)**2": "U",
    "s = sum(tanh(W@x + b))": "W",
    "S: posdef(n); s = logdet(S) + x.T@inv(S)@x": "S",
    "D: diagonal(n); s = norm(tanh(D@A))**2": "D",
    "K: skew(n); s = sum(exp(K))": "K",
    "t: scalar; s = exp(t)*t**2": "t",
    "r: row(n); s = exp(r@x)": "r",
    "z = W@x; s = logsumexp(z)*sum(z)": "z",
}


@pytest.mark.parametrize("source", PRODUCTS)
def test_product_is_that_of_the_hessian(source: str) -> None:
    x = PRODUCTS[source]
    derivation = mc.derive(source, x, order=2)
    arguments = drawn(derivation.program, 3)
    rng = np.random.default_rng(4)
    sizes = {d: n for name, node in derivation.program.inputs.items()
             for d, n in zip([d for d in node.shape if d != 1], np.shape(arguments[name]), strict=True)}  # fmt: skip
    for name, node in derivation.program.inputs.items():
        array = arguments[name]
        if node.params[1]:
            arguments[name] = {"posdef": lambda a: a @ a.T + np.eye(len(a)), "skew": lambda a: a - a.T,
                               "diagonal": lambda a: np.diag(np.diag(a))}[node.params[1]](array)  # fmt: skip
    shape = tuple(sizes[d] for d in derivation.program.names[x].shape if d != 1)
    direction = rng.normal(size=shape) if shape else rng.normal()
    full = mc.compile(source, x, order=2)
    value, gradients, hessians = full(**asked_for(full, arguments))
    fn = mc.compile(source, x, hvp=x)
    again, same, product = fn(**asked_for(fn, arguments), direction=direction)
    close(again, value, 1e-12)
    close(same[x], gradients[x], 1e-12)
    assert np.shape(product) == shape
    close(product, np.tensordot(hessians[x, x], direction, axes=len(shape)), 1e-11)


@pytest.mark.parametrize("seed", range(40))
def test_products_of_random_programs(seed: int) -> None:
    source = Programs(9000 + seed).program(depth=2 + seed % 3)
    derivation = mc.derive(source, "all")
    names = list(derivation.program.inputs)
    arguments = drawn(derivation.program, seed)
    directions = drawn(derivation.program, seed + 1)
    fn, gradient = mc.compile(source, [], hvp=names), mc.compile(source, "all")
    given = {f"direction_{name}": v for name, v in directions.items()}
    _, none, products = fn(**asked_for(fn, arguments), **given)
    assert none == {}
    assert list(products) == names

    def along(h: float) -> dict[str, Any]:
        moved = {name: np.asarray(arguments[name]) + h * np.asarray(directions[name]) for name in names}
        found: dict[str, Any] = gradient(**asked_for(gradient, moved))[1]
        return found

    parts = {h: along(h) for h in (-STEP, -STEP / 2, STEP / 2, STEP)}
    for name in names:
        wide = (parts[STEP][name] - parts[-STEP][name]) / (2 * STEP)
        narrow = (parts[STEP / 2][name] - parts[-STEP / 2][name]) / STEP
        close(products[name], (4 * narrow - wide) / 3, 1e-6)


def test_no_hessian_is_formed() -> None:
    text = mc.compile("s = sum(log(1 + exp(X@w))) - y.T@(X@w)", hvp="w").source
    assert "hvp = X.T.dot(X.dot(direction) * " in text


def test_a_large_hessian_is_no_matter() -> None:
    n = 20_000  # its Hessian would have 3.2 GB
    fn = mc.compile("s = logsumexp(x)", hvp="x")
    x, v = np.zeros(n), np.ones(n)
    _, _, product = fn(x=x, direction=v)
    np.testing.assert_allclose(product, 0, atol=1e-12)


def test_the_direction_has_a_name_that_is_free() -> None:
    fn = mc.compile("s = norm(direction)**2", hvp="direction")
    _, _, product = fn(direction=[1.0, 2.0], direction_=[3.0, 5.0])
    assert product.tolist() == [6.0, 10.0]


def test_a_function_that_is_called_direction() -> None:
    fn = mc.compile("s = sum(direction(x))", hvp="x")
    _, _, product = fn(x=[1.0], direction_=[2.0], direction=np.sin, d2direction=lambda x: -np.sin(x))
    np.testing.assert_allclose(product, [-2 * np.sin(1)])


def test_an_unknown_function_gives_its_second_derivative() -> None:
    fn = mc.compile("s = sum(f(A@x))", hvp="x")
    a = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    _, _, product = fn(A=a, x=[0.1, 0.2], direction=[1.0, -1.0], f=np.exp, d2f=np.exp)
    np.testing.assert_allclose(product, a.T @ (np.exp(a @ [0.1, 0.2]) * (a @ [1.0, -1.0])), rtol=1e-12)


def test_a_product_of_zero_still_takes_the_direction() -> None:
    _, gradients, product = mc.compile("s = b.T@x", "x", hvp="x")(b=[1, 2], x=[3, 4], direction=[5, 6])
    assert gradients["x"].tolist() == [1, 2]
    assert product.tolist() == [0, 0]


def test_a_direction_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"direction has shape \(3,\), expected \(n,\) = \(2,\)"):
        mc.compile("s = x.T@x", hvp="x")(x=[1, 2], direction=[1, 2, 3])


def test_what_has_no_product() -> None:
    with pytest.raises(mc.UnknownNameError, match="no name q"):
        mc.compile("s = x.T@x", hvp="q")
    with pytest.raises(mc.UnsupportedError, match="of scalars"):
        mc.compile("A@x", hvp="x")
    with pytest.raises(mc.UnsupportedError, match="hvp and order 2 exclude each other"):
        mc.compile("s = x.T@x", "x", order=2, hvp="x")


def test_the_command_adds_the_product() -> None:
    text = good("code", "s = norm(X - U@V.T)**2", "--wrt", "U", "--hvp", "U", "--no-check")
    assert "def gradients(X, U, V, direction):" in text
    assert text.count("return s, {\"U\": dU}, hvp\n") == 1
    both = good("code", "s = norm(X - U@V.T)**2", "--wrt", "U", "--hvp", "U,V", "--no-check")
    assert "def gradients(X, U, V, direction_U, direction_V):" in both


def test_the_command_refuses_both() -> None:
    assert "exclude each other" in refused("code", "x.T@A@x", "--wrt", "x", "--hvp", "x", "--order", "2")
