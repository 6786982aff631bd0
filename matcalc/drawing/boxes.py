"""Boxes of a formula: how far they reach above and below the base line, and what is drawn in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from matcalc.drawing.metrics import width
from matcalc.drawing.svg import Element, number

__all__ = ["Box", "beside", "bracketed", "fraction", "glyphs", "matrix", "rooted", "scripted", "space"]

ASCENT, DESCENT = 0.72, 0.22  # of a line of text, in its size
AXIS = 0.26  # where fraction bars and minus signs stand above the base line
GROWS = 1.25  # in line heights: what is higher gets brackets of its height

Path: TypeAlias = "tuple[str | tuple[float, float], ...]"
Mark: TypeAlias = "Run | Stroke"


class Box:
    """A width, a reach above and below the base line, and marks relative to its left end on that line."""

    __slots__ = ("ascent", "descent", "marks", "width")

    def __init__(self, width_: float, ascent: float, descent: float, marks: Sequence[Mark] = ()) -> None:
        self.width, self.ascent, self.descent, self.marks = width_, ascent, descent, list(marks)

    @property
    def height(self) -> float:
        """From the lowest to the highest point."""
        return self.ascent + self.descent

    def moved(self, dx: float, dy: float) -> list[Mark]:
        """The marks at another place; y grows downwards."""
        return [mark.moved(dx, dy) for mark in self.marks]

    def accented(self, accent: str) -> Box:
        """The box with a combining accent on its letter."""
        return Box(self.width, self.ascent * 1.12, self.descent, [mark.accented(accent) for mark in self.marks])

    def draw(self, x: float, y: float, class_: str = "") -> Element:
        """The box with its left end on the base line at (x, y)."""
        group = Element("g", class_=f"formula {class_}".strip())
        return group.add(*[mark.draw(x, y) for mark in self.marks])


class Run:
    """A run of text in one size and style, told its width."""

    __slots__ = ("size", "style", "text", "wide", "x", "y")

    def __init__(self, x: float, y: float, text: str, size: float, style: str, wide: float) -> None:
        self.x, self.y, self.text, self.size, self.style, self.wide = x, y, text, size, style, wide

    def moved(self, dx: float, dy: float) -> Run:
        """The same at another place."""
        return Run(self.x + dx, self.y + dy, self.text, self.size, self.style, self.wide)

    def accented(self, accent: str) -> Run:
        """The text with a combining accent at its end."""
        return Run(self.x, self.y, self.text + accent, self.size, self.style, self.wide)

    def draw(self, x: float, y: float) -> Element:
        """The element, the box's left end on the base line at (x, y)."""
        return Element(
            "text", self.text, x=x + self.x, y=y + self.y, class_=self.style, font_size=self.size,
            textLength=self.wide, lengthAdjust="spacingAndGlyphs",
        )  # fmt: skip


class Stroke:
    """A line: the commands and points of an SVG path, and how thick it is."""

    __slots__ = ("points", "thick", "x", "y")

    def __init__(self, x: float, y: float, points: Path, thick: float) -> None:
        self.x, self.y, self.points, self.thick = x, y, points, thick

    def moved(self, dx: float, dy: float) -> Stroke:
        """The same at another place."""
        return Stroke(self.x + dx, self.y + dy, self.points, self.thick)

    def accented(self, accent: str) -> Stroke:
        """Lines bear no accents."""
        return self

    def draw(self, x: float, y: float) -> Element:
        """The element, the box's left end on the base line at (x, y)."""
        at = (x + self.x, y + self.y)
        parts = [p if isinstance(p, str) else f"{number(p[0] + at[0])} {number(p[1] + at[1])}" for p in self.points]
        return Element("path", d=" ".join(parts), class_="rule", stroke_width=self.thick)


def glyphs(text: str, size: float, style: str) -> Box:
    """A run of text: ``r`` upright, ``i`` italic, ``b`` bold."""
    if text == "⊤":  # a transpose: fonts draw it at all heights, so it is drawn
        w, top = 0.58 * size, 0.64 * size
        points: Path = ("M", (0.05 * size, -top), "L", (w - 0.05 * size, -top), "M", (w / 2, -top), "L", (w / 2, 0.0))
        return Box(w, top, 0, [Stroke(0, 0, points, 0.06 * size)])
    wide = width(text, size, italic=style == "i") * (1.06 if style == "b" else 1)
    slant = 0.04 * size if style == "i" and text[-1:] in "fFTVWYKPUHMNJ" else 0.0
    return Box(wide + slant, ASCENT * size, DESCENT * size, [Run(0, 0, text, size, style, wide)])


def space(width_: float) -> Box:
    """Nothing, of a width."""
    return Box(width_, 0, 0)


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes one after the other on one base line."""
    x = 0.0
    marks: list[Mark] = []
    for box in boxes:
        marks += box.moved(x, 0)
        x += box.width
    return Box(x, max([b.ascent for b in boxes], default=0), max([b.descent for b in boxes], default=0), marks)


def scripted(base: Box, above: Box | None, below: Box | None, size: float) -> Box:
    """A base with a superscript and a subscript."""
    marks, ascent, descent, wide = list(base.marks), base.ascent, base.descent, 0.0
    x = base.width + 0.03 * size
    if above is not None:
        up = max(0.36 * size, base.ascent - 0.45 * size)
        marks += above.moved(x, -up)
        ascent, wide = max(ascent, up + above.ascent), above.width
    if below is not None:
        down = max(0.2 * size, base.descent - 0.1 * size)
        marks += below.moved(x, down)
        descent, wide = max(descent, down + below.descent), max(wide, below.width)
    return Box(x + wide, ascent, descent, marks)


def fraction(above: Box, below: Box, size: float) -> Box:
    """One box over another, a line between them."""
    gap, pad = 0.14 * size, 0.1 * size
    wide = max(above.width, below.width) + 2 * pad
    axis = AXIS * size
    marks: list[Mark] = above.moved((wide - above.width) / 2, -(axis + gap + above.descent))
    marks += below.moved((wide - below.width) / 2, -axis + gap + below.ascent)
    marks.append(Stroke(0, -axis, ("M", (0.3 * pad, 0.0), "L", (wide - 0.3 * pad, 0.0)), 0.05 * size))
    return Box(wide, axis + gap + above.height, gap + below.height - axis, marks)


def rooted(inside: Box, size: float) -> Box:
    """A square root over a box."""
    left, top = 0.62 * size, inside.ascent + 0.12 * size
    low = inside.descent * 0.7
    points: Path = (
        "M", (0.05 * size, -0.3 * size), "L", (0.2 * size, -0.38 * size), "L", (0.37 * size, low),
        "L", (0.58 * size, -top), "L", (left + inside.width + 0.05 * size, -top),
    )  # fmt: skip
    marks: list[Mark] = [Stroke(0, 0, points, 0.05 * size), *inside.moved(left, 0)]
    return Box(left + inside.width + 0.08 * size, top + 0.05 * size, max(inside.descent, low), marks)


def matrix(rows: Sequence[Sequence[Box]], size: float) -> Box:
    """Boxes in rows and columns, centred on the axis."""
    columns = max(len(row) for row in rows)
    widths = [max([row[k].width for row in rows if k < len(row)]) for k in range(columns)]
    total = sum([_line(row, size)[0] + _line(row, size)[1] for row in rows]) + 0.12 * size * (len(rows) - 1)
    y = -total / 2 - AXIS * size
    marks: list[Mark] = []
    for row in rows:
        up, down = _line(row, size)
        x = 0.0
        for box, wide in zip(row, widths, strict=False):
            marks += box.moved(x + (wide - box.width) / 2, y + up)
            x += wide + 0.7 * size
        y += up + down + 0.12 * size
    wide = sum(widths) + 0.7 * size * (columns - 1)
    return Box(wide, total / 2 + AXIS * size, total / 2 - AXIS * size, marks)


def _line(row: Sequence[Box], size: float) -> tuple[float, float]:
    return max([ASCENT * size, *[b.ascent for b in row]]), max([DESCENT * size, *[b.descent for b in row]])


def bracketed(inside: Box, left: str, right: str, size: float) -> Box:
    """A box between brackets of its height."""
    axis = AXIS * size
    reach = max(inside.ascent - axis, inside.descent + axis, 0.48 * size)
    plain = reach <= 0.5 * GROWS * size
    opening, closing = (_bracket(sign, reach, size, plain, side) for side, sign in ((-1, left), (1, right)))
    pad = space(0.03 * size)
    return beside([opening, pad, inside, pad, closing])


def _bracket(sign: str, reach: float, size: float, plain: bool, side: int) -> Box:
    """One bracket, as a letter where that is high enough, else drawn."""
    if sign in ("", "."):
        return space(0)
    if plain and sign in "()[]⟨⟩":
        return glyphs(sign, size, "r")
    top, low = -(AXIS * size + reach), -(AXIS * size) + reach
    wide = {"(": 0.34, ")": 0.34, "‖": 0.34}.get(sign, 0.28) * size
    a, b = (0.28 * wide, 0.8 * wide) if side > 0 else (0.72 * wide, 0.2 * wide)
    middle = (top + low) / 2
    if sign in "()":
        points: Path = ("M", (a, top), "Q", (2 * b - a, middle), (a, low))
    elif sign in "[]":
        points = ("M", (a, top), "L", (b, top), "L", (b, low), "L", (a, low))
    elif sign in "⟨⟩":
        points = ("M", (a, top), "L", (b, middle), "L", (a, low))
    elif sign == "‖":
        points = ("M", (0.3 * wide, top), "L", (0.3 * wide, low), "M", (0.7 * wide, top), "L", (0.7 * wide, low))
    else:
        points = ("M", (wide / 2, top), "L", (wide / 2, low))
    return Box(wide, -top, low, [Stroke(0, 0, points, 0.055 * size)])
