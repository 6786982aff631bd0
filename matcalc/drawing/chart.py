"""Line charts as SVG: errors against steps, losses against epochs.

A chart is a title, a key, axes with few ticks, and lines.  All places follow from the widths of the labels
(`matcalc.drawing.metrics`), so that nothing overlaps; every label is told its width as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.drawing.metrics import width as width_of
from matcalc.drawing.scales import Scale, scale
from matcalc.drawing.svg import Element, document

__all__ = ["Series", "chart"]

SIZE, SMALL, LARGE = 13.0, 12.0, 15.0
EDGE, LINE, GAP = 14.0, 19.0, 7.0
STYLES = ("dots", "line", "dashed", "dotted")
COLOURS = ("accent", "gradient", "value", "warm", "soft")
DASHES = {"dashed": "7 4", "dotted": "1.5 4"}
STYLE = (
    ".matcalc .axis{stroke:var(--line);stroke-width:1;fill:none}.matcalc .grid{stroke:var(--faint);stroke-width:.7}"
    ".matcalc .curve{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
    ".matcalc .mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}.matcalc text.tick{fill:var(--soft)}"
    + "".join([f".matcalc .s{i}{{stroke:var(--{c})}}.matcalc .d{i}{{fill:var(--{c})}}" for i, c in enumerate(COLOURS)])
)


class Series:
    """A line: its name in the key, its points, and its ``style``: ``dots`` (a line with dots), ``line``, ``dashed`` or
    ``dotted``."""

    __slots__ = ("name", "points", "style")

    def __init__(self, name: str, points: Sequence[tuple[float, float]], style: str = "line") -> None:
        if style not in STYLES:
            raise ValueError(f"there is no style {style!r}: there are {', '.join(STYLES)}")
        self.name, self.points, self.style = name, list(points), style


def chart(
    series: Sequence[Series], title: str, x_label: str, y_label: str, *, log_x: bool = False, log_y: bool = False,
    mark: tuple[float, str] | None = None, description: str = "", width: float = 640, height: float = 420,
) -> str:  # fmt: skip
    """A chart as an SVG document.

    ``mark`` is a value of x at which a labelled line stands.  What has no place on a logarithmic axis, zero above all,
    is left out, and the line is broken there.

    >>> picture = chart([Series("loss", [(1, 2.0), (2, 0.5)])], "Loss", "epoch", "J")
    >>> picture.startswith("<svg"), "<title>Loss</title>" in picture
    (True, True)
    """
    drawing = _Chart(series, title, x_label, y_label, (log_x, log_y), mark, width, height)
    words = description or f"{y_label} against {x_label}: {', '.join([s.name for s in series])}"
    return document(width, height, drawing.elements(), title=title, description=words, style=STYLE)


class _Chart:
    """The places of everything."""

    def __init__(
        self, series: Sequence[Series], title: str, x_label: str, y_label: str, log: tuple[bool, bool],
        mark: tuple[float, str] | None, width: float, height: float,
    ) -> None:  # fmt: skip
        self.series, self.mark, self.width, self.height = series, mark, width, height
        self.labels = (x_label, y_label)
        self.titles = _broken(title, width - 2 * EDGE, LARGE)
        xs = [x for s in series for x, _ in s.points] + ([mark[0]] if mark else [])
        ys = [y for s in series for _, y in s.points]
        self.y = scale(ys, 6, log=log[1])
        widest = max([width_of(label, SMALL) for _, label in self.y.ticks()])
        self.left, self.right = EDGE + LINE + widest + GAP, width - EDGE - 8
        self.x = scale(xs, 6, log=log[0])
        if log[0]:  # as many powers as have room
            room = (self.right - self.left) / (max([width_of(label, SMALL) for _, label in self.x.ticks()]) + 14)
            self.x = scale(xs, int(min(room, 14)), log=True)
        self.keys, key_rows = self._key()
        self.top = EDGE + LINE * (len(self.titles) + key_rows) + (LINE if mark else 6)
        self.bottom = height - EDGE - 2 * LINE - 4
        self.x.over(self.left, self.right)
        self.y.over(self.bottom, self.top)

    def _key(self) -> tuple[list[tuple[float, int]], int]:
        """Where the entries of the key begin: place and row."""
        places: list[tuple[float, int]] = []
        at, row = self.left, 0
        for one in self.series:
            needed = 34 + width_of(one.name, SMALL) + 18
            if places and at + needed > self.width - EDGE + 18:
                at, row = self.left, row + 1
            places.append((at, row))
            at += needed
        return places, row + 1 if places else 0

    def elements(self) -> list[Element]:
        """Everything, what lies below first."""
        return [*self._axes(), *self._marked(), *self._lines(), *self._titles()]

    def _titles(self) -> list[Element]:
        found = [
            _text(line, self.width / 2, EDGE + LINE * (k + 0.7), LARGE, anchor="middle")
            for k, line in enumerate(self.titles)
        ]
        above = EDGE + LINE * len(self.titles)
        for k, ((x, row), one) in enumerate(zip(self.keys, self.series, strict=True)):
            y = above + LINE * (row + 0.65)
            found.append(_curve(k, one.style, f"M{x:.2f} {y - 4:.2f}h26"))
            if one.style == "dots":
                found.append(_dot(k, x + 13, y - 4))
            found.append(_text(_cut(one.name, self.width - EDGE - x - 34, SMALL), x + 34, y, SMALL))
        return found

    def _axes(self) -> list[Element]:
        found: list[Element] = []
        for value, label in self.y.ticks():
            y = self.y(value)
            found.append(Element("line", class_="grid", x1=self.left, x2=self.right, y1=y, y2=y))
            found.append(_text(label, self.left - GAP, y + 4, SMALL, anchor="end", class_="tick"))
        for value, label in self.x.ticks():
            x = self.x(value)
            found.append(Element("line", class_="grid", x1=x, x2=x, y1=self.top, y2=self.bottom))
            found.append(_text(label, x, self.bottom + LINE - 2, SMALL, anchor="middle", class_="tick"))
        frame = f"M{self.left:.2f} {self.top:.2f}V{self.bottom:.2f}H{self.right:.2f}"
        found.append(Element("path", class_="axis", d=frame))
        x_label, y_label = self.labels
        middle = (self.left + self.right) / 2
        shown = _cut(x_label, self.right - self.left, SIZE)
        found.append(_text(shown, middle, self.height - EDGE, SIZE, anchor="middle"))
        turned = _text(_cut(y_label, self.bottom - self.top, SIZE), 0, 0, SIZE, anchor="middle")
        turned.attributes["transform"] = f"translate({EDGE + 8:.2f} {(self.top + self.bottom) / 2:.2f}) rotate(-90)"
        return [*found, turned]

    def _marked(self) -> list[Element]:
        if self.mark is None or not self.x.shows(self.mark[0]):
            return []
        x, label = self.x(self.mark[0]), _cut(self.mark[1], self.right - self.left, SMALL)
        half = width_of(label, SMALL) / 2
        at = min(max(x, self.left + half), self.right - half)
        line = Element("line", class_="mark", x1=x, x2=x, y1=self.top - 4, y2=self.bottom)
        return [line, _text(label, at, self.top - 7, SMALL, anchor="middle")]

    def _lines(self) -> list[Element]:
        found = []
        for k, one in enumerate(self.series):
            runs = _runs(one.points, self.x, self.y)
            path = "".join(["M" + "L".join([f"{x:.2f} {y:.2f}" for x, y in run]) for run in runs])
            group = Element("g", Element("title", one.name))
            if path:
                group.add(_curve(k, one.style, path))
            if one.style == "dots":
                group.add(*[_dot(k, x, y) for run in runs for x, y in run])
            found.append(group)
        return found


def _runs(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> list[list[tuple[float, float]]]:
    """The points that have a place, broken where one has none."""
    runs: list[list[tuple[float, float]]] = [[]]
    for a, b in points:
        if x.shows(a) and y.shows(b):
            runs[-1].append((x(a), y(b)))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _curve(k: int, style: str, path: str) -> Element:
    return Element("path", class_=f"curve s{k % len(COLOURS)}", d=path, stroke_dasharray=DASHES.get(style))


def _dot(k: int, x: float, y: float) -> Element:
    return Element("circle", class_=f"d{k % len(COLOURS)}", cx=x, cy=y, r=3.2)


def _text(
    text: str, x: float, y: float, size: float, *, anchor: str | None = None, class_: str | None = None
) -> Element:
    long = width_of(text, size) if len(text) > 1 else None
    return Element(
        "text", text, x=x, y=y, font_size=size, text_anchor=anchor, class_=class_, textLength=long,
        lengthAdjust="spacingAndGlyphs" if long else None,
    )  # fmt: skip


def _cut(text: str, room: float, size: float) -> str:
    """A text that fits into the room, its end left out where it must be."""
    if width_of(text, size) <= room:
        return text
    kept = text
    while kept and width_of(kept + "…", size) > room:
        kept = kept[:-1] if len(kept) < 200 else kept[: len(kept) // 2]
    return kept.rstrip() + "…"


def _broken(text: str, room: float, size: float) -> list[str]:
    """A title in one line, or two."""
    if width_of(text, size) <= room or " " not in text:
        return [_cut(text, room, size)]
    words = text.split()
    first = words.pop(0)
    while words and width_of(f"{first} {words[0]}", size) <= room:
        first = f"{first} {words.pop(0)}"
    lines = [_cut(first, room, size)]
    return [*lines, _cut(" ".join(words), room, size)] if words else lines
