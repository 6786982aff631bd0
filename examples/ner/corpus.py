"""Sentences with named entities: their windows, and how predictions about them fare."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = ("", "L", "P")  # another word, a location, a person
BESIDE = 2  # words on each side of the middle one
EDGE, UNKNOWN, UNKNOWN_NAME = "<edge>", "<unknown>", "<Unknown>"

Array = np.ndarray
Sentence = list[tuple[str, int]]


def sentences(path: Path) -> list[Sentence]:
    """The sentences of a file, as words with their classes: ``Paris/L is big`` is [(Paris, 1), (is, 0), (big, 0)].

    >>> sentences(Path(__file__).parent / "train.txt")[0]
    [('museums', 0), ('in', 0), ('Paris', 1), ('are', 0), ('amazing', 0), ('.', 0)]
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    pairs = [[word.partition("/") for word in line.split()] for line in lines]
    return [[(word, CLASSES.index(label)) for word, _, label in line] for line in pairs]


class Vocabulary:
    """The words of training, numbered without regard to capitals; a word not among them is unknown, a name or not."""

    def __init__(self, corpus: list[Sentence]) -> None:
        self.counts = Counter(word.lower() for sentence in corpus for word, _ in sentence)
        names = (EDGE, UNKNOWN, UNKNOWN_NAME, *sorted(self.counts))
        self.numbers = {word: number for number, word in enumerate(names)}

    def windows(self, corpus: list[Sentence], rng: np.random.Generator | None = None) -> tuple[Array, Array]:
        """The windows of all words (N×5, numbers) and the classes of their middle words (N).

        With ``rng``, a word that is rare is taken for unknown now and then, so that the vectors of unknown words
        are trained too.
        """
        rows, classes = [], []
        for sentence in corpus:
            numbers = [self.number(word, rng) for word, _ in sentence]
            padded = [self.numbers[EDGE]] * BESIDE + numbers + [self.numbers[EDGE]] * BESIDE
            rows += [padded[i : i + 2 * BESIDE + 1] for i in range(len(sentence))]
            classes += [label for _, label in sentence]
        return np.array(rows), np.array(classes)

    def number(self, word: str, rng: np.random.Generator | None) -> int:
        """The number of a word, or of what an unknown word like it is."""
        count = self.counts[word.lower()]
        if count == 0 or (rng is not None and rng.random() < 1 / (1 + count)):
            return self.numbers[UNKNOWN_NAME if word[0].isupper() else UNKNOWN]
        return self.numbers[word.lower()]


def shown(sentence: Sentence, place: int) -> str:
    """A window as text, the middle word in brackets.

    >>> shown([("rain", 0), ("in", 0), ("Oslo", 1)], 2)
    'rain in [Oslo]'
    """
    words = [f"[{word}]" if i == place else word for i, (word, _) in enumerate(sentence)]
    return " ".join(words[max(place - BESIDE, 0) : place + BESIDE + 1])


def looked_up(corpus: list[Sentence], asked: list[Sentence]) -> Array:
    """What one predicts without a window: the class that a word mostly has in ``corpus``, none where it is new."""
    met: dict[str, Counter[int]] = {}
    for word, label in (pair for sentence in corpus for pair in sentence):
        met.setdefault(word.lower(), Counter())[label] += 1
    words = [word.lower() for sentence in asked for word, _ in sentence]
    return np.array([met[word].most_common(1)[0][0] if word in met else 0 for word in words])


@dataclass
class Score:
    """How predictions fare: accuracy over all words, and precision, recall and F1 of one class."""

    accuracy: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 where both are.

        >>> Score(1, 0.5, 1).f1
        0.6666666666666666
        """
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(predicted: Array, classes: Array, wanted: int = 1) -> Score:
    """The score for a class, locations if nothing else is said.

    >>> score(np.array([1, 1, 0, 0]), np.array([1, 0, 0, 0]))
    Score(accuracy=0.75, precision=0.5, recall=1.0)
    """
    right = np.sum((predicted == wanted) & (classes == wanted))
    found, there = np.sum(predicted == wanted), np.sum(classes == wanted)
    parts = float(np.mean(predicted == classes)), right / found if found else 0.0, right / there if there else 0.0
    return Score(*map(float, parts))
