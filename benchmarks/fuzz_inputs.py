"""Inputs for the fuzzer: what people mistype, what they paste, and what nobody means.

An input is made from a seed and a number alone, so that any of them can be made again.  Seeds of mutation are the
repository's own programs, notes and corpus; a mutated program goes into the very same places as a good one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["KINDS", "Input", "make"]

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 4000  # characters of most inputs; one in a few hundred repeats a piece thousands of times
NOTE_OF = 40  # characters of a note at the least


class Input(NamedTuple):
    """One input: how it was made, where it goes (``python``, ``command``, ``note``), its syntax and its words."""

    number: int
    kind: str
    way: str
    syntax: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The program, which is the last word."""
        return self.words[-1]


_TOKENS = """
x y z A B W S t s lambda alpha mu_x f g n m d x1 W2 0 1 2 3 0.5 1e-3 1e308 1e-320 10 100 -1 7 .5 2. 1e5 100000 pi
( ) [ ] { } , ; : = == < > + - * / @ ** ^ .* ./ .^ ' .T .T.T \\ | & % ! ~ $ ? " # \n \t . .. ... -> _ __ \u2032 \u2299
: vector(n) : matrix(n,m) : symmetric(n) : posdef(n) : scalar : row(n) : diagonal(n)
: simplex(k) : elementwise positive
f(t)= g(t)=t*f(t) d(g(X))= axis=0 axis=1 keepdims=True {i,j: {i: sum(i: [0] [i] [-1] [1:3] [:,0] [0,:] [n-1] [10**9] [x]
exp( log( sqrt( abs( tanh( relu( sigmoid( maximum(x, minimum( sum( mean( logsumexp( prod( max( min( norm( norm1(
norm_inf( norm_nuc( dot( inner( tr( det( logdet( diag( inv( solve( pinv( outer( kron( vec( matrix_power( eye( ones(
zeros( softmax( log_softmax( cross_entropy( where( cumsum( roll( conv( triu( tril( var( std( cov( cross( expm(
cholesky( eigvalsh( svdvals( commutation( erf( gelu( step( reciprocal( square( is_max( greater( norm2( f'( f''(
vector(1) matrix(1) é µ ſ \ufb01 К \u00a0 \u200b \u202e \ufeff \x00 \x1b[2J \ud83d \r \U0001d5ee
' T I e numpy import None __class__
""".split(" ")  # noqa: SIM905
_TOKENS = [word for line in _TOKENS for word in (line.split("\n") if line.strip() else [line])] + ["\n", "; ", " "]
_UNARY = """exp log sqrt abs tanh relu sigmoid sum mean logsumexp prod max norm norm1 tr det logdet diag inv pinv vec
softmax log_softmax f g erf softplus cumsum triu var square sign""".split()  # noqa: SIM905
_BINARY = ("+", "-", "*", "/", "@", "**", ".T@", "@", "*", "+")
_TWO = "dot inner solve outer kron maximum minimum cross_entropy matrix_power".split()  # noqa: SIM905
_NAMES = "x y z b u A B X W S t c lambda alpha mu 1 2 3 0.5 n".split()  # noqa: SIM905


def make(seed: int, number: int) -> Input:
    """The input of that number.

    >>> make(0, 17) == make(0, 17)
    True
    """
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    return KINDS[kind][1](rng, number, kind)


def _program(rng: random.Random, number: int, kind: str, text: str, syntax: str) -> Input:
    return Input(number, kind, "python", syntax, (text[:LONGEST],))


def _bytes(rng: random.Random, number: int, kind: str) -> Input:
    data = rng.randbytes(rng.randrange(1, 200))
    text = data.decode(rng.choice(["latin-1", "utf-8", "ascii", "utf-16-le"]), rng.choice(["replace", "ignore"]))
    return _program(rng, number, kind, text, _syntax(rng))


def _soup(rng: random.Random, number: int, kind: str) -> Input:
    glue = rng.choice(["", "", " "])
    words = rng.choices(_TOKENS, k=rng.randrange(1, 40))
    return _program(rng, number, kind, glue.join(words), _syntax(rng))


def _expression(rng: random.Random, depth: int) -> str:
    """A formula that is likely to be read: nothing is made sure of shapes."""
    if depth <= 0 or rng.random() < 0.15:
        return rng.choice(_NAMES)
    way = rng.random()
    if way < 0.35:
        return f"{rng.choice(_UNARY)}({_expression(rng, depth - 1)})"
    if way < 0.8:
        return f"({_expression(rng, depth - 1)}){rng.choice(_BINARY)}({_expression(rng, depth - 1)})"
    if way < 0.88:
        return f"({_expression(rng, depth - 1)}).T"
    if way < 0.95:
        return f"{rng.choice(_TWO)}({_expression(rng, depth - 1)}, {_expression(rng, depth - 1)})"
    return f"({_expression(rng, depth - 1)}){rng.choice(['[0]', '[-1]', '[:, 0]', '[1:3]', '[0, 1]'])}"


def _formula(rng: random.Random, number: int, kind: str) -> Input:
    lines = [f"v{place} = {_expression(rng, rng.randrange(1, 4))}" for place in range(rng.randrange(3))]
    lines.append(_expression(rng, rng.randrange(1, 6)))
    text = "\n".join(lines)
    for place in range(len(lines) - 1):
        text = text.replace(rng.choice(_NAMES[:10]), f"v{place}", 1) if rng.random() < 0.5 else text
    return _program(rng, number, kind, text, "numpy")


def _large(rng: random.Random, number: int, kind: str) -> Input:
    """A piece many times over: what grows faster than the text does shows here."""
    piece = rng.choice(["+x", "*x", "@A", "-", ".T", "(", "[", "exp(", "**2", "x;", ",x", "'", "\n", "x\n", "/y", "1"])
    count = rng.choice([100, 199, 201, 1000, 3000])
    before, after = rng.choice(["x", "sum(x", "A", "s = x", ""]), rng.choice(["", ")", "]", ")" * count])
    return Input(number, kind, "python", _syntax(rng), (before + piece * count + after,))


def _mutated(rng: random.Random, number: int, kind: str) -> Input:
    text, syntax = rng.choice(_programs())
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        text = _mutation(rng, text)
    if rng.random() < 0.05:
        syntax = _syntax(rng)
    return _program(rng, number, kind, text, syntax)


def _spliced(rng: random.Random, number: int, kind: str) -> Input:
    """Halves of two programs, or one behind the other."""
    (first, syntax), (second, _) = rng.choice(_programs()), rng.choice(_programs())
    a, b = rng.randrange(len(first) + 1), rng.randrange(len(second) + 1)
    text = first[:a] + second[b:] if rng.random() < 0.6 else f"{first}\n{second}"
    return _program(rng, number, kind, text, syntax)


def _mutation(rng: random.Random, text: str) -> str:
    """One small change: of a character, a token, a range, a number, a bracket or a line."""
    a = rng.randrange(len(text) + 1)
    b = min(len(text), a + rng.choice([1, 1, 1, 2, 3, 8, 30]))
    way = rng.randrange(8)
    if way == 0:
        return text[:a] + text[b:]
    if way == 1:
        return text[:a] + rng.choice(_TOKENS) + text[a:]
    if way == 2:
        return text[:a] + rng.choice(_TOKENS) + text[b:]
    if way == 3:
        return text[:b] + text[a:b] * rng.choice([1, 1, 2, 30]) + text[b:]
    if way == 4:
        return text[:a] + chr(rng.choice([rng.randrange(128), rng.randrange(0x3000), rng.randrange(0xD800)])) + text[b:]
    if way == 5:
        other = rng.randrange(len(text) + 1)
        return text[:other] + text[a:b] + text[other:]
    if way == 6:
        digits = [place for place, character in enumerate(text) if character.isdigit()]
        if digits:
            place = rng.choice(digits)
            return text[:place] + rng.choice(["0", "-1", "1e9", "10**9", "99999999999", "2.5", "n"]) + text[place + 1 :]
        return text + rng.choice(_TOKENS)
    names = [place for place, character in enumerate(text) if character.isalpha()]
    if not names:
        return rng.choice(_TOKENS)
    place = rng.choice(names)
    return text[:place] + rng.choice(_NAMES) + text[place + 1 :]


def _command(rng: random.Random, number: int, kind: str) -> Input:
    words = list(rng.choice(_COMMANDS))
    program, syntax = rng.choice(_programs())
    program = _mutation(rng, program) if rng.random() < 0.4 else program
    words = [program if word == "PROGRAM" else word for word in words]
    if syntax == "matlab":
        words += ["--syntax", "matlab"]
    for _ in range(rng.choice([0, 1, 1, 2, 4])):
        words = _mutated_words(rng, words)
    return Input(number, kind, "command", syntax, tuple(words[:40]))


def _mutated_words(rng: random.Random, words: list[str]) -> list[str]:
    place, way = rng.randrange(len(words) + 1), rng.randrange(5)
    if way == 0 and words:
        return words[: max(0, place - 1)] + words[place:]
    if way == 1:
        return [*words[:place], rng.choice(_OPTIONS), *words[place:]]
    if way == 2 and words:
        place = rng.randrange(len(words))
        return [*words[:place], _mutation(rng, words[place]), *words[place + 1 :]]
    if way == 3:
        rng.shuffle(words)
        return words
    return [*words[:place], *rng.choices(_OPTIONS, k=2), *words[place:]]


def _note(rng: random.Random, number: int, kind: str) -> Input:
    text = rng.choice(_notes())
    for _ in range(rng.choice([1, 1, 2, 5])):
        text = _mutation(rng, text)
    return Input(number, kind, "note", "numpy", (rng.choice(["html", "md", "tex", "ipynb"]), text))


def _syntax(rng: random.Random) -> str:
    return "matlab" if rng.random() < 0.25 else "numpy"


@cache
def _programs() -> list[tuple[str, str]]:
    cases = json.loads((ROOT / "tests/corpus/public.json").read_text(encoding="utf-8"))["cases"]
    found = [(case["program"], case["syntax"]) for case in cases]
    return found + [(path.read_text(encoding="utf-8"), "numpy") for path in sorted((ROOT / "examples").glob("*.mc"))]


@cache
def _notes() -> list[str]:
    """The parts of notes: each has the head of its file, so that one input is one or two blocks."""
    found = []
    for folder in ("examples", "tests/notes"):
        for path in sorted((ROOT / folder).rglob("*.mc.md")):
            parts = path.read_text(encoding="utf-8").split("\n## ")
            found += [f"{parts[0][:600]}\n\n## {part}" for part in parts[1:] if len(part) > NOTE_OF]
    return found


_COMMANDS = [line.split(" ") for line in """\
derive PROGRAM
derive PROGRAM --wrt all --no-check
derive PROGRAM --wrt x --steps full --no-check
derive PROGRAM --wrt W,b --steps --style differential --no-check
derive PROGRAM --format json --no-check
derive PROGRAM --format indices --expand --no-check
derive PROGRAM --format python --no-check
derive PROGRAM --order 2 --wrt x --no-check
derive PROGRAM --layout numerator --cost --dims n=4,d=3 --no-check
check PROGRAM --wrt x --claim x=2*x --dims n=3,m=2 --seed 3
check PROGRAM --method lecture
code PROGRAM --wrt all
code PROGRAM --wrt x --style gates
latex PROGRAM --wrt all --no-check
graph PROGRAM --format dot
graph PROGRAM --at x=1,y=2 --format table
graph PROGRAM --format mermaid --show formulas
rules inv
rules PROGRAM""".split("\n")]  # noqa: SIM905
_OPTIONS = """--wrt --of --let --syntax --structure --order --layout --steps --style --policy --lang --expand
--format --cost --dims --no-check --claim --seed --exact --method --hvp --at --show --standalone --limits
--timeout -h --help --version -- - -x
all x W s f=tanh f=exp =tanh f= f=g matlab numpy full brief chain zh json latex text source
python dot svg table x=1 x=nan x=1e999
n=4 n=0 n=-1 n=1000000000 n= 4 2 3 0 -1 1e9 x=2*x x==x =x x= "" ' @ @missing missing.mc @. .mc \ud800 \x00
\x1b[2J""".split()  # noqa: SIM905

KINDS: dict[str, tuple[float, Callable[[random.Random, int, str], Input]]] = {
    "bytes": (8, _bytes), "soup": (20, _soup), "formula": (20, _formula), "mutated": (30, _mutated),
    "spliced": (8, _spliced), "large": (2, _large), "command": (9, _command), "note": (3, _note),
}  # fmt: skip
