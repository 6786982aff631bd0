"""What the examples of fitting share: the optimiser watched, and its objective drawn."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scipy import optimize

from matcalc.drawing.chart import Series, chart


def minimised(flat: Any, method: str, **options: Any) -> tuple[Any, list[float]]:
    """SciPy's result, and the objective at the start and after each step."""
    values = [flat(flat.x0)[0]]
    found = optimize.minimize(
        flat, flat.x0, jac=True, method=method, callback=lambda x: values.append(flat(x)[0]), **options
    )
    return found, values


def drawn(values: dict[str, list[float]], title: str, least: float) -> str:
    """The objectives above the least value, against the steps, as SVG."""
    series = [
        Series(name, [(step, value - least) for step, value in enumerate(found) if value - least > 1e-13], "dots")
        for name, found in values.items()
    ]
    return chart(series, title, "step", "objective above its minimum", log_y=True)


def main(description: str, fit: Any) -> None:
    """Print what ``fit`` tells; with ``-o`` write the drawing too."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("-o", "--output", type=Path, help="where to write the drawing of the objective, an SVG file")
    asked = parser.parse_args()
    lines, picture = fit()
    print("\n".join(lines))
    if asked.output is not None:
        asked.output.write_text(picture, encoding="utf-8")
