"""Inputs that break tools of this kind, line by line: what is refused, where, and what is answered.

The numbers are those of the list of faults: 1-26 syntax and names, 27-48 shapes and meaning, 49-62 numerics, 63-72
resources.  An error has its class, its place and a part of its message; a result is held against explicit text, code
against numbers worked out by hand.  A test of a line has it in its name; `tests/faults.py` tells where the others are.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

import matcalc as mc
from matcalc.language.program import beside, expression
from tests import faults
from tests.commands import run

P, S, L, N, U = mc.ParseError, mc.ShapeError, mc.LimitError, mc.UnknownNameError, mc.UnsupportedError

# number, program, class, line, column, a part of the message with its hint
REFUSED = [
    (1, "", P, 1, 1, "empty"), (1, "  \n ", P, 1, 1, "empty"), (1, "# a comment", P, 1, 1, "empty"),
    (2, "s = ", P, 1, 5, "expected an expression after '='"),
    (3, "u.T @", P, 1, 6, "an operand is a name, a number, a call or a bracket"),
    (4, "a b", P, 1, 3, "there is no implicit product"),
    (5, "(x", P, 1, 1, "never closed"), (5, "x)", P, 1, 2, "not opened"), (5, "[x)", P, 1, 3, "expected ']'"),
    (6, "x..T", P, 1, 2, "only .T"), (6, "x.T.", P, 1, 4, "only .T"), (6, "x.t", P, 1, 2, "only .T"),
    (6, "x.real", P, 1, 2, "only .T"),
    (7, "x'", P, 1, 2, "x.T"), (7, "X^T", P, 1, 2, "X.T"), (7, "X^-1", P, 1, 2, "inv(X)"),
    (9, "1.2.3", P, 1, 1, "not a number"), (9, "1e", P, 1, 1, "not a number"), (9, "0x1g", P, 1, 1, "not a number"),
    (9, ".e5", P, 1, 1, "expected an operand"),
    (10, "1e400*x", P, 1, 1, "larger than the largest float"), (10, "1e-400*x", P, 1, 1, "smaller than the smallest"),
    (11, "7" * 5000 + "*x", L, 1, 1, "more than 100 digits"),
    (12, "1_000*x", P, 1, 1, "write 1000"), (12, "0123*x", P, 1, 1, "write 123"),
    (13, "x\0+1", P, 1, 2, "U+0000"), (13, "x\u00a0+1", P, 1, 2, "U+00A0"), (13, "x\u200b+1", P, 1, 2, "U+200B"),
    (13, "x\u202e+1", P, 1, 2, "U+202E"),
    (15, "\u041a@K", P, 1, 1, "CYRILLIC"),
    (17, "x\ud800", P, 1, 2, "not valid Unicode"),
    (19, "inv.T@x", P, 1, 1, "inv is a function"), (19, "exp + sum", P, 1, 1, "exp is a function"),
    (21, "_t0.T@x", P, 1, 1, "a name begins with a letter"),
    (20, "__class__", P, 1, 1, "a name begins with a letter"), (20, "_", P, 1, 1, "a name begins with a letter"),
    (20, '__import__("os")', P, 1, 1, "a name begins with a letter"), (20, "x.__class__", P, 1, 2, "only .T"),
    (22, "sin = x; sin(x)", P, 1, 1, "its name is taken"), (22, "sin(x) + sin", P, 1, 10, "sin is a function"),
    (23, "x: vector(n)\nx: matrix(n,m)\nx", S, 2, 1, "matrix(n, m) here and vector(n) in line 1"),
    (24, "a" * 10000, L, 1, 1, "longer than 200 characters"),
    (26, "exp(x,y)", P, 1, 1, "takes 1 argument"), (26, "exp()", P, 1, 5, "expected an expression"),
    (26, "sum(X, foo=1)", P, 1, 8, "no keyword foo"), (26, "exp(x,)", P, 1, 7, "remove the comma"),
    (27, "x + x.T", S, 1, 3, "a column (n×1) and a row (1×n)"),
    (29, "x @ x", S, 1, 3, "did you mean x.T @ x"),
    (30, "A: matrix(n,m)\ninv(A)", S, 2, 1, "inv needs a square matrix"),
    (30, "A: matrix(n,m)\ndet(A)", S, 2, 1, "det needs a square matrix"),
    (30, "A: matrix(n,m)\ntr(A)", S, 2, 1, "tr needs a square matrix"),
    (31, "x: vector(3)\ny: vector(4)\nx+y", S, 3, 2, "dimensions 3 and 4 differ"),
    (31, "x: vector(0)\nx", P, 1, 11, "at least 1"), (31, "x: vector(-1)\nx", P, 1, 11, "found '-'"),
    (28, "x + X.T@y + [1, 2]", S, 1, 11, "a column"),
    (41, "s = sum(logm(X))", U, 1, 9, "log(X) is elementwise"), (53, "eig(A)", U, 1, 1, "eigvalsh(A)"),
    (43, "A: matrix(n, m); B: matrix(m, k); sum(A/B)", S, 1, 40, "dimensions n and m differ"),
    (50, "floor(x)", U, 1, 1, "constant almost everywhere"),
    (63, "(" * 10000 + "x" + ")" * 10000, L, 1, 201, "nesting=400"), (63, "-" * 10000 + "x", L, 1, 201, "nesting"),
    (63, "X" + ".T" * 10000, L, 1, 402, "nesting"), (63, "exp(" * 1000 + "x" + ")" * 1000, L, 1, 804, "nesting"),
    (71, "x" * (1 << 20) + "+", L, 1, 1, "source_length"),
]  # fmt: skip

# number, program, wrt, keywords, the source of the derivative, a part of a note
ANSWERED = [
    (8, "sum(-x**2)", "x", {}, "-2*x", ""), (8, "2**3**2*x.T@y", "x", {}, "2**9*y", ""),
    (8, "-x.T@y", "x", {}, "-y", ""),
    (13, "\ufeffx.T@x\r\n", "x", {}, "2*x", ""), (14, "\ufb01.T@fi", "fi", {}, "2*fi", ""),
    (16, "\u00e9.T@e\u0301", "\u00e9", {}, "2*\u00e9", ""), (18, "lambda*x.T@x", "x", {}, "2*lambda*x", ""),
    (21, "t0 = x; t1 = t0*x_0; t1.T@grad_x", "x", {}, "grad_x*x_0", ""), (28, "sum((2 + A)*B)", "A", {}, "B", ""),
    (25, "sum(relux(x))", "x", {}, "relux'(x)", "did you mean relu"), (32, "sum((x.T@a)*b)", "x", {}, "sum(b)*a", ""),
    (33, "A: matrix(m, n); x.T@x", "A", {}, "zeros(m, n)", "does not depend on A"),
    (36, "x.T@A@x", "x", {"layout": "numerator"}, "x.T@(A + A.T)", ""),
    (36, "A@x", "x", {"layout": "denominator"}, "A.T", ""), (36, "A@x", "x", {"layout": "numerator"}, "A", ""),
    (37, "X: symmetric(n); tr(A@X)", "X", {}, "(A + A.T)/2", ""),
    (38, "X: symmetric(n); tr(X.T@A)", "A", {}, "X", ""),
    (38, "X: symmetric(n); tr(inv(X).T@A)", "A", {}, "inv(X)", ""),
    (38, "A: matrix(n, n); log(det(2*A))", "A", {}, "inv(A).T", ""),
    (40, "sum(X**0)", "X", {}, "zeros(n, m)", "does not depend on X"),
    (40, "sum(X**-1)", "X", {}, "-1/X**2", "inv(X) is the inverse"),
    (40, "sum(X**0.5)", "X", {}, "1/(2*sqrt(X))", "X**0.5 is elementwise"),
    (40, "sum(X**t)", "X", {}, "t*X**(t - 1)", ""), (40, "sum(A**B)", "B", {}, "log(A)*A**B", ""),
    (40, "sum(2**X)", "X", {}, "log(2)*2**X", ""), (41, "sum(exp(X))", "X", {}, "exp(X)", ""),
    (43, "sum(A/B)", "A", {}, "1/B", "solve(B, A) is inv(B) @ A"),
    (44, "A: matrix(n, m); B: matrix(m, n); det(A@B)", "A", {}, "det(A@B)*(B@inv(A@B)).T", ""),
    (51, "1/0*sum(x)", "x", {}, "ones(n)/0", "it divides by zero"),
    (51, "log(0)*sum(x)", "x", {}, "log(0)*ones(n)", "log of zero"),
    (51, "sum(inv(X - X)@y)", "y", {}, "zeros(n)", "inv of zero"),
    (51, "logdet(0*A)*sum(x)", "x", {}, "logdet(zeros(n, n))*ones(m)", "logdet of zero"),
    (51, "sqrt(-2)*sum(x)", "x", {}, "sqrt(-2)*ones(n)", "sqrt of what is negative"),
    (51, "0**-1*sum(x)", "x", {}, "ones(n)/0", "it divides by zero"), (51, "sum(x**0)", "x", {}, "zeros(n)", ""),
    (64, "2**2000*x.T@x", "x", {}, "2*2**2000*x", ""),
    (64, "sum(2**1000000000*x)", "x", {}, "2**1000000000*ones(n)", ""),
    (37, "X: symmetric(n); tr(A@X)", "X", {"structure": "entries"}, "A*(1 - eye(n)) + A.T", ""),
    (39, "sum(X**2)", "X", {}, "2*X", "matrix_power(X, 2)"), (42, "tr(A)**3", "A", {}, "3*tr(A)**2*eye(n)", ""),
    (42, "tr(A)/tr(B)", "A", {}, "eye(n)/tr(B)", ""), (45, "tr(A@inv(A))", "A", {}, "zeros(n, n)", "does not depend"),
    (46, "tr(C@(A@B - B@A))", "C", {}, "(A@B - B@A).T", ""), (47, "tr(kron(A,B))", "A", {}, "tr(B)*eye(n)", ""),
    (48, "log(det(X))", "X", {}, "inv(X).T", ""), (49, "norm(x)**2", "x", {}, "2*x", ""),
    (50, "sum(abs(x))", "x", {}, "sign(x)", ""), (54, "logsumexp(x)", "x", {}, "softmax(x)", ""),
    (63, "sum(" + "+".join(["x"] * 10000) + ")", "x", {}, "10000*ones(n)", ""),
    (65, "sum(x**1e9)", "x", {}, "1000000000*x**999999999", ""),
    (68, "x: vector(1000000000); x.T@x", "x", {}, "2*x", ""),
]  # fmt: skip


# number, program, inputs, the value and the gradient by the first of them, worked out by hand
COMPUTED: list[tuple[int, str, dict[str, list], float, list]] = [  # type: ignore[type-arg]
    (21, "t1 = x*x_0; value = t1.T@grad_x", {"x": [1, 2], "x_0": [3, 4], "grad_x": [5, 6]}, 63, [15, 24]),
    (38, "det(-A)", {"A": [[2, 0, 0], [0, 3, 0], [0, 0, 5]]}, -30, [[-15, 0, 0], [0, -10, 0], [0, 0, -6]]),
    (38, "det(2*A)", {"A": [[2, 0], [0, 3]]}, 24, [[12, 0], [0, 8]]),
    (44, "A: matrix(n, m); B: matrix(m, n); det(A@B)", {"A": [[1, 2]], "B": [[3], [4]]}, 11, [[3, 4]]),
    (52, "sum(where(x > 0, sqrt(x), 0*x))", {"x": [-1, 0, 4]}, 2, [0, 0, 0.25]),
    (54, "sum(sigmoid(x))", {"x": [1000, -1000]}, 1, [0, 0]), (54, "logsumexp(x)", {"x": [1000, -1000]}, 1000, [1, 0]),
    (49, "norm(x)", {"x": [0, 0]}, 0, [0, 0]), (49, "norm(x)**2", {"x": [0, 0]}, 0, [0, 0]),
    (50, "sum(abs(x)) + max(x)", {"x": [0, 0]}, 0, [1, 0]),
]


def named(rows: list) -> list:  # type: ignore[type-arg]
    """Rows as parameters whose names tell the line of the list."""
    return [pytest.param(*row, id=f"line{row[0]}-{place}") for place, row in enumerate(rows)]


def test_every_line_has_a_test() -> None:
    here = {row[0] for rows in (REFUSED, ANSWERED, COMPUTED, HEAVY) for row in rows}
    assert here | set(faults.ELSEWHERE) == set(faults.LINES)
    for tests in faults.ELSEWHERE.values():
        for test in tests:
            file, _, name = test.partition("::")
            assert f"\ndef {name}(" in (Path(__file__).parent / file).read_text(encoding="utf-8"), test


@pytest.mark.parametrize(("number", "text", "inputs", "value", "gradient"), named(COMPUTED))
def test_what_is_computed(number: int, text: str, inputs: dict[str, list], value: float, gradient: list) -> None:  # type: ignore[type-arg]
    name = next(iter(inputs))
    given = {key: np.array(entries, dtype=float) for key, entries in inputs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got, gradients = mc.compile(text, name)(**given)
    np.testing.assert_allclose(got, value, rtol=1e-12, atol=0)
    np.testing.assert_allclose(gradients[name], gradient, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(("number", "text", "kind", "line", "column", "words"), named(REFUSED))
def test_what_is_refused(number: int, text: str, kind: type, line: int, column: int, words: str) -> None:
    with pytest.raises(mc.MatcalcError) as caught:
        mc.derive(text, "all")
    wrong = caught.value
    assert (type(wrong), wrong.line, wrong.column) == (kind, line, column)
    assert words in f"{wrong.message}; {wrong.hint}"
    shown, caret = str(wrong).split("\n")[-2:]
    assert caret.strip() == "^"
    assert len(shown) <= 110


@pytest.mark.parametrize(("number", "text", "wrt", "keywords", "source", "note"), named(ANSWERED))
def test_what_is_answered(number: int, text: str, wrt: str, keywords: dict[str, str], source: str, note: str) -> None:
    found = mc.derive(text, wrt, **keywords)  # type: ignore[arg-type]
    assert found[wrt].source() == source
    assert note in "; ".join(found.notes)


@pytest.mark.parametrize("name", ["x.T", "2*x", "2", "", "q"])
def test_one_derives_by_names(name: str) -> None:  # 34
    with pytest.raises(N):
        mc.derive("x.T@x", name)


@pytest.mark.parametrize("text", ["A@x", "x'*A", "sqrt(A*x)", "sign(A)", "0.5*I*A*x", "norm0(T - U*V')^2"])
def test_tensors_are_read_back_in_the_syntax_of_the_program(text: str) -> None:  # 35
    for syntax in ("numpy", "matlab"):
        try:
            found = mc.derive(text, "all", syntax=syntax)
        except P:
            assert syntax == ("numpy" if "'" in text or "^" in text else "matlab")
            continue
        for result in found.values():
            again = expression(result.source(), beside(found.program))
            assert again.shape == result.node.shape


@pytest.mark.parametrize("text", ["vec(B)", "kron(A, X)", "vec(A@X@B)", "kron(n, y)", "kron(W, x)[:, 0]"])
def test_tensors_with_two_indices_as_one_are_read_back(text: str) -> None:  # 35, 47
    found = mc.derive(text, "all")
    for result in found.values():
        assert "eye(" in result.source()
        assert expression(result.source(), beside(found.program)) is result.node


@pytest.mark.parametrize("syntax", ["numpy", "matlab"])
def test_tensors_of_zeros_are_read_back(syntax: str) -> None:  # 33, 35
    found = mc.derive("sign(B)", "B", syntax=syntax)
    assert found["B"].text() == "{i, j, k, l: 0}"
    assert expression(found["B"].source(), beside(found.program)) is found["B"].node


# number, and statements that must end within a minute and 512 MiB of their own
HEAVY = [
    (64, "mc.derive('9**9**9**9*x', 'x')"), (64, "mc.derive('2**(10**9)*x', 'x')"),
    (65, "mc.derive('sum(x**(10**9))', 'x')"), (31, "mc.derive('x[' + '1' + '0'*99 + ']', 'x')"),
    (66, "mc.derive('s = ' + '*'.join(f'(a.T@x{i})' for i in range(40)), 'x0', order=2)['x0', 'x0'].text()"),
    (66, "mc.derive('; '.join(['y0 = x'] + [f'y{i} = y{i-1}*y{i-1} + y{i-1}' for i in range(1, 41)])"
         " + '; s = sum(y40)', 'x', expand=True)['x'].text()"),
    (66, "[r.text() for r in mc.derive('tr(' + '@'.join(['A']*150) + ')', 'A').values()]"),
    (67, "mc.check('sum(kron(X, Y))', 'X', dims={'n': 1000, 'm': 1000})"),
    (68, "mc.check('x: vector(1000000000); x.T@x', 'x')"),
    (64, "mc.derive('2**1000000000*x', 'x')"), (64, "mc.derive('1e300*1e300*x', 'x')"),
    (71, "mc.derive('x' + ' '*10**6, 'x')"), (71, "mc.derive('+'.join(f'x{i}' for i in range(10000)), 'x0')"),
    (71, "mc.derive('; '.join(f'y{i} = x' for i in range(30000)), 'x')"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "statement"), named(HEAVY))
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of processes")
def test_heavy_inputs_end(number: int, statement: str) -> None:
    script = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        import matcalc as mc
        try:
            {statement}
        except mc.LimitError as wrong:
            assert "moves the limit" in str(wrong)
        except mc.MatcalcError:
            pass
        try:
            status = open("/proc/self/status").read()  # the peak since this program began, not what began it
            print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
        except OSError:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert int(done.stdout) < 512


@pytest.mark.parametrize("text", ["z = W@x + b; h = tanh(W); s = sum(h*h)", "s = y.T@y; x: vector(n)"])
def test_gates_of_a_variable_that_does_not_occur_are_refused(text: str) -> None:  # 33
    done = run("code", text, "--wrt", "x", "--style", "gates")
    assert done.exit_code == 2
    assert "error: s does not depend on x; leave it to the style compiled" in done.stderr
