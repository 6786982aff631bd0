"""SVG, written as a tree of elements: everything escaped, light and dark by the reader's own setting.

Colours are CSS variables of one theme, so that every drawing looks alike and follows ``prefers-color-scheme``; shapes
carry classes, never colours.  A drawing is one file without scripts, fonts or links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["DARK", "LIGHT", "Element", "document", "number"]

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff", "ink": "#1f2328", "soft": "#656d76", "line": "#8c959f", "faint": "#d0d7de",
    "fill": "#f6f8fa", "value": "#116329", "gradient": "#b3261e", "accent": "#0550ae", "warm": "#9a6700",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "paper": "#0d1117", "ink": "#e6edf3", "soft": "#9198a1", "line": "#6e7681", "faint": "#30363d",
    "fill": "#161b22", "value": "#56d364", "gradient": "#ff7b72", "accent": "#79c0ff", "warm": "#e3b341",
}  # fmt: skip
FONT = "'STIX Two Text','Times New Roman',Times,'Liberation Serif','STIX Two Math','Latin Modern Math',serif"
# what XML 1.0 does not admit at all, escaped or not
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Child: TypeAlias = "Element | str"


class Element:
    """An element: its tag, what it holds, its attributes (``class_`` and ``text_anchor``, as Python can spell them).

    Strings inside are text.  Attributes that are None are left out; numbers are written short.

    >>> Element("text", "a < b", x=1.50, class_="name").write()
    '<text x="1.5" class="name">a &lt; b</text>'
    """

    __slots__ = ("attributes", "children", "tag")

    def __init__(self, tag: str, *children: Child, **attributes: str | float | None) -> None:
        self.tag, self.children = tag, list(children)
        self.attributes = {key.rstrip("_").replace("_", "-"): v for key, v in attributes.items() if v is not None}

    def add(self, *children: Child) -> Element:
        """Put children at the end; the element itself."""
        self.children += children
        return self

    def write(self) -> str:
        """The element as text; no recursion, a drawing may be nested as deep as it likes."""
        parts: list[str] = []
        stack: list[tuple[Child, bool]] = [(self, False)]
        while stack:
            one, done = stack.pop()
            if isinstance(one, str):
                parts.append(one if done else escaped(one))
                continue
            head = "".join([f' {key}="{_shown(value)}"' for key, value in one.attributes.items()])
            if not one.children:
                parts.append(f"<{one.tag}{head}/>")
                continue
            parts.append(f"<{one.tag}{head}>")
            stack.append((f"</{one.tag}>", True))
            stack += [(child, False) for child in reversed(one.children)]
        return "".join(parts)


def escaped(text: str) -> str:
    """Text as XML holds it."""
    text = _UNWRITABLE.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def number(value: float) -> str:
    """A length or coordinate with at most two decimals.

    >>> number(3.0), number(-0.001), number(2.256)
    ('3', '0', '2.26')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _shown(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)


def document(
    width: float, height: float, children: Iterable[Element], *, title: str, description: str = "", style: str = ""
) -> str:
    """A drawing as a file: its size in pixels, what it shows in words for readers who do not see it, and its style.

    ``style`` is CSS on top of the theme, where ``var(--ink)``, ``var(--paper)`` and the other names of `LIGHT` are
    colours; its selectors begin with ``.matcalc``, since a page may hold several drawings.  Nothing in it may end the
    style element.
    """
    if "</" in style or "]]>" in style:
        raise ValueError("a style holds markup")
    root = Element(
        "svg", Element("title", title), xmlns="http://www.w3.org/2000/svg", width=width, height=height,
        viewBox=f"0 0 {number(width)} {number(height)}", role="img", class_="matcalc",
    )  # fmt: skip
    if description:
        root.add(Element("desc", description))
    root.add(Element("style", _theme() + style), Element("rect", class_="paper", width="100%", height="100%"))
    return root.add(*children).write() + "\n"


def _theme() -> str:
    light = "".join([f"--{name}:{colour};" for name, colour in LIGHT.items()])
    dark = "".join([f"--{name}:{colour};" for name, colour in DARK.items()])
    return (
        f"svg.matcalc{{{light}color-scheme:light dark;font-family:{FONT}}}"
        f"@media(prefers-color-scheme:dark){{svg.matcalc{{{dark}}}}}"
        ".matcalc .paper{fill:var(--paper)}.matcalc text{fill:var(--ink);white-space:pre}"
    )
