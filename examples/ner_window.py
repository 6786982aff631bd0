"""Named entities by window classification, trained with gradients that matcalc derives and compiles.

The classifier of the lectures on backpropagation: the vectors of five words side by side are x; z = W x + b and
h = tanh(z); the score s = uᵀ h says, through a sigmoid, whether the middle word is a location (``--model binary``), or
a softmax tells locations, persons and other words apart (``--model softmax``).  The loss is a program
(``ner/binary.mc``, ``ner/softmax.mc``); ``mc.compile`` gives its gradients, also by x, whose five parts go back to the
words' vectors.

A few steps are taken with central differences too: the same parameters come out, only much later.

    python examples/ner_window.py --model softmax --epochs 20 --plot loss.svg
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ner.corpus import BESIDE, CLASSES, Array, Score, Sentence, Vocabulary, looked_up, score, sentences, shown

import matcalc as mc
from matcalc.drawing.chart import Series, chart

FOLDER = Path(__file__).parent / "ner"
Parameters = dict[str, Array]


@dataclass
class Model:
    """A program compiled: the loss, its gradients, and what it predicts from.

    ``words`` holds a word vector in each row; the other parameters are inputs of the program by name.
    """

    name: str
    parameters: Parameters
    words: Array
    decay: float

    def __post_init__(self) -> None:
        program = (FOLDER / f"{self.name}.mc").read_text(encoding="utf-8")
        functions = {"f": "tanh"}
        self.gradient_code = mc.compile(program, wrt=["X", *self.parameters], functions=functions)
        self.value_code = mc.compile(program, functions=functions)
        self.score_code = mc.compile(program, of="s" if self.name == "binary" else "S", functions=functions)

    def inputs(self, windows: Array, classes: Array) -> Parameters:
        """The arguments of the compiled loss for a batch: vectors looked up, labels as the program wants them."""
        x = self.words[windows].reshape(len(windows), -1)
        t = {"t": classes == 1} if self.name == "binary" else {"T": np.eye(len(CLASSES))[classes]}
        return {"X": x, **t, "lambda": np.float64(self.decay), **self.parameters}

    def loss(self, windows: Array, classes: Array) -> float:
        """The mean loss of a batch."""
        return float(self.value_code(**self.inputs(windows, classes))[0])

    def gradients(self, windows: Array, classes: Array) -> tuple[float, Parameters]:
        """The loss of a batch and its gradients by all parameters, the word vectors' among them."""
        loss, gradients = self.gradient_code(**self.inputs(windows, classes))
        by_window = gradients.pop("X").reshape(*windows.shape, -1)  # five parts, each the gradient by a word
        gradients["words"] = np.zeros_like(self.words)
        np.add.at(gradients["words"], windows, by_window)  # a word met twice gets the sum
        return float(loss), gradients

    def differences(self, windows: Array, classes: Array, step: float = 1e-4) -> tuple[float, Parameters]:
        """The same by central differences (f(θ + h) - f(θ - h)) / 2h; of words that are not met it is 0."""
        found = {}
        for name, array in self.trained().items():
            found[name] = np.zeros_like(array)
            places = np.ndindex(array.shape) if name != "words" else (
                (word, i) for word in np.unique(windows) for i in range(array.shape[1])
            )  # fmt: skip
            for place in places:
                kept = array[place]
                array[place] = kept + step
                above = self.loss(windows, classes)
                array[place] = kept - step
                below = self.loss(windows, classes)
                array[place] = kept
                found[name][place] = (above - below) / (2 * step)
        return self.loss(windows, classes), found

    def trained(self) -> Parameters:
        """All parameters by name, the arrays themselves."""
        return {"words": self.words, **self.parameters}

    def copy(self) -> Model:
        """The same model with arrays of its own."""
        return Model(self.name, {n: a.copy() for n, a in self.parameters.items()}, self.words.copy(), self.decay)

    def predicted(self, windows: Array) -> Array:
        """The class of each window's middle word."""
        arguments = {"X": self.words[windows].reshape(len(windows), -1), **self.parameters}
        scores = np.asarray(self.score_code(**arguments)[0])
        return self.asked(scores > 0) if self.name == "binary" else np.argmax(scores, axis=1)

    def asked(self, classes: Array) -> Array:
        """Classes as the model tells them apart: of two, locations and all else."""
        return np.where(classes == 1, 1, 0) if self.name == "binary" else classes


def start(name: str, size: int, rng: np.random.Generator, *, width: int = 16, hidden: int = 24) -> Model:
    """A model of small random numbers: vectors of ``width`` entries for ``size`` words, ``hidden`` units."""
    across = (2 * BESIDE + 1) * width
    parameters = {"W": rng.normal(size=(hidden, across)) / np.sqrt(across), "b": np.zeros(hidden)}
    if name == "binary":
        parameters |= {"u": rng.normal(size=hidden) / np.sqrt(hidden)}
    else:
        parameters |= {"U": rng.normal(size=(len(CLASSES), hidden)) / np.sqrt(hidden), "c": np.zeros(len(CLASSES))}
    return Model(name, parameters, rng.normal(size=(size, width)), decay=1e-4)


def batches(windows: Array, classes: Array, size: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """The windows in random order, ``size`` at a time."""
    order = rng.permutation(len(windows))
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        yield windows[chosen], classes[chosen]


def descend(model: Model, gradients: Parameters, rate: float) -> None:
    """A step of gradient descent."""
    for name, array in model.trained().items():
        array -= rate * gradients[name]


def train(
    model: Model, words: Vocabulary, corpus: list[Sentence], epochs: int, rng: np.random.Generator
) -> list[float]:
    """Stochastic gradient descent; the mean loss of every epoch."""
    losses = []
    for epoch in range(epochs):
        windows, classes = words.windows(corpus, rng)
        rate = 1.0 / (1 + epoch / 10)
        met = []
        for batch in batches(windows, classes, 16, rng):
            loss, gradients = model.gradients(*batch)
            descend(model, gradients, rate)
            met.append(loss)
        losses.append(float(np.mean(met)))
    return losses


@dataclass
class Comparison:
    """The same steps of descent by generated gradients and by central differences."""

    steps: int
    parameters: int  # those that a batch of this size touches
    error: float  # the largest difference of any parameter at the end, over the largest parameter
    seconds: float  # of all steps by generated gradients
    seconds_of_differences: float


def compare(model: Model, windows: Array, classes: Array, steps: int, rng: np.random.Generator) -> Comparison:
    """Take ``steps`` steps from where the model is, both ways, on the same batches; the model stays as it is."""
    chosen = [next(batches(windows, classes, 16, rng)) for _ in range(steps)]
    ends, seconds = [], []
    for way in (Model.gradients, Model.differences):
        trial = model.copy()
        begun = time.perf_counter()
        for batch in chosen:
            descend(trial, way(trial, *batch)[1], rate=0.5)
        seconds.append(time.perf_counter() - begun)
        ends.append(np.concatenate([array.ravel() for array in trial.trained().values()]))
    touched = sum(array.size for array in model.parameters.values())
    touched += len(np.unique(chosen[-1][0])) * model.words.shape[1]
    return Comparison(steps, touched, float(np.max(np.abs(ends[0] - ends[1])) / np.max(np.abs(ends[0]))), *seconds)


def report(model: Model, words: Vocabulary, corpus: list[Sentence], held_out: list[Sentence]) -> dict[str, Score]:
    """The scores on held-out sentences, printed beside what needs no training."""
    windows, known = words.windows(held_out)
    right = model.asked(known)
    ways = {
        "majority": np.zeros_like(right),  # no word is a name
        "word looked up": model.asked(looked_up(corpus, held_out)),
        "window classifier": model.predicted(windows),
    }
    kinds = ("location",) if model.name == "binary" else ("location", "person")
    print("\nheld-out words                accuracy  precision   recall       F1")
    found = {}
    for number, kind in enumerate(kinds, start=1):
        for way, predicted in ways.items():
            one = found[f"{kind}: {way}"] = score(predicted, right, number)
            print(f"{kind + ': ' + way:<30}{one.accuracy:8.3f}{one.precision:11.3f}{one.recall:9.3f}{one.f1:9.3f}")
    return found


def show_mistakes(model: Model, words: Vocabulary, held_out: list[Sentence], most: int = 6) -> None:
    """The first windows of held-out sentences whose middle word is taken for something else."""
    windows, classes = words.windows(held_out)
    names = ("no location", "location") if model.name == "binary" else ("other", "location", "person")
    right, found = model.asked(classes), model.predicted(windows)
    texts = [shown(sentence, place) for sentence in held_out for place in range(len(sentence))]
    print("\nmistaken windows                              is           taken for")
    for place in np.flatnonzero(found != right)[:most]:
        print(f"  {texts[place]:<44}{names[right[place]]:<13}{names[found[place]]}")


def show_loss(losses: list[float], rows: int = 8) -> None:
    """The loss after some of the epochs."""
    print("epoch   loss")
    for epoch in sorted({round(i) for i in np.linspace(1, len(losses), min(rows, len(losses)))}):
        print(f"{epoch:>5}   {losses[epoch - 1]:.4f}")


def drawn(losses: list[float], name: str) -> str:
    """The loss against the epochs, as SVG."""
    points = [(float(epoch), loss) for epoch, loss in enumerate(losses, start=1)]
    return chart([Series("training", points, "dots")], f"Loss of the {name} window classifier", "epoch", "mean loss")


def show_comparison(compared: Comparison) -> None:
    """What the same steps gave and took with central differences."""
    digits = int(-np.log10(compared.error)) if compared.error else 16
    ratio = compared.seconds_of_differences / compared.seconds
    print(f"\n{compared.steps} steps by generated gradients, and by differences of {compared.parameters} parameters")
    print(f"  the parameters agree to {digits} digits (largest relative difference {compared.error:.1e})")
    print(f"  {compared.seconds:.4f} s against {compared.seconds_of_differences:.2f} s: {ratio:.0f} times as long")


@dataclass
class Run:
    """What a run of the example found."""

    losses: list[float]
    scores: dict[str, Score]
    comparison: Comparison


def run(name: str, *, epochs: int = 20, seed: int = 0, steps: int = 3) -> Run:
    """Compare both ways, train, and report; everything random comes from ``seed``."""
    rng = np.random.default_rng(seed)
    corpus, held_out = sentences(FOLDER / "train.txt"), sentences(FOLDER / "heldout.txt")
    words = Vocabulary(corpus)
    model = start(name, len(words.numbers), rng)
    windows, classes = words.windows(corpus)
    print(f"{len(corpus)} sentences, {len(windows)} windows, {len(words.numbers)} word vectors; {name} classifier\n")
    compared = compare(model, windows, classes, steps, rng)
    losses = train(model, words, corpus, epochs, rng)
    show_loss(losses)
    scores = report(model, words, corpus, held_out)
    show_mistakes(model, words, held_out)
    show_comparison(compared)
    return Run(losses, scores, compared)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", choices=["binary", "softmax"], default="binary", help="which classifier (binary)")
    parser.add_argument("--epochs", type=int, default=20, metavar="N", help="how often all windows are met (20)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the loss into a new SVG file")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="another seed starts elsewhere (0)")
    options = parser.parse_args()
    if options.epochs < 1 or options.seed < 0:
        parser.error("--epochs is at least 1, --seed at least 0")
    if options.plot and options.plot.exists():
        parser.error(f"--plot: {options.plot} exists")
    found = run(options.model, epochs=options.epochs, seed=options.seed)
    if options.plot:
        options.plot.write_text(drawn(found.losses, options.model), encoding="utf-8")
        print(f"\nwrote {options.plot}")


if __name__ == "__main__":
    main()
