"""How a derivation is printed: for people, one formula a line, or as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matcalc.expressions.node import kind
from matcalc.phrases import Phrases, phrases
from matcalc.render.names import latex_name, text_name
from matcalc.render.shapes import shape_latex, shape_text
from matcalc.results import Derivation, Expression, Result
from matcalc.showing.vec import shown_vec, vec_left_latex, vec_left_text

__all__ = [
    "FORMATS",
    "as_json",
    "formulas",
    "latex_equations",
    "latex_shapes",
    "left_latex",
    "left_text",
    "legend",
    "text",
]

WIDTH = 100  # of a line for people
SHORT = 40  # a value without a name is written out in ∂(...)/∂x up to this length


def key_text(key: Any) -> str:
    """The name of a result: ``W``, or ``x,y`` of a second derivative."""
    return ",".join(key) if isinstance(key, tuple) else str(key)


def _value(derivation: Derivation) -> Expression:
    """The formula of the value, not its name."""
    node = derivation.value.node
    return Expression(node.args[0] if node.op == "let" else node, derivation.program)


def _is_short(derivation: Derivation) -> bool:
    return len(_value(derivation).text().partition("\n")[0]) <= SHORT


def _of_latex(derivation: Derivation) -> str:
    if derivation.of:
        return latex_name(derivation.of)
    return rf"\left( {_value(derivation).latex()} \right)" if _is_short(derivation) else r"\text{value}"


def _of_text(derivation: Derivation) -> str:
    if derivation.of:
        return text_name(derivation.of)
    return f"({_value(derivation).text()})" if _is_short(derivation) else "value"


def left_text(derivation: Derivation, result: Result) -> str:
    """What a result is: ``∂s/∂W``, ``∂²s/∂x∂yᵀ``."""
    names = [text_name(name) for name in result.wrt]
    return _left(_of_text(derivation), names, derivation, result, "∂{}/∂{}", "²", "ᵀ", "∂")


def left_latex(derivation: Derivation, result: Result) -> str:
    r"""What a result is: ``\frac{\partial s}{\partial W}``."""
    of = _of_latex(derivation)
    names = [latex_name(name) for name in result.wrt]
    return _left(of, names, derivation, result, r"\frac{{\partial{}}}{{\partial {}}}", "^2", r"^\top", r" \partial ")


def _left(
    of: str,
    names: list[str],
    derivation: Derivation,
    result: Result,
    form: str,
    square: str,
    transposed: str,
    times: str,
) -> str:
    space = " " if "frac" in form else ""
    if result.order == 1:
        return form.format(space + of, names[0])
    shapes = [kind(derivation.program.shapes[name]) for name in result.wrt]
    last = names[1] + (transposed if shapes == ["vector", "vector"] else "")
    below = names[0] + square if names[0] == last else names[0] + times + last
    return form.format(f"{square} {of}" if space else square + of, below)


def text(derivation: Derivation, lang: str = "en") -> str:
    """For people: every derivative with its shape, and the shapes of all names."""
    say = phrases(lang)
    rows = [
        (left_text(derivation, result), result.text(), f"({_shape_in_words(result.shape, say)})")
        for result in derivation.values()
    ]
    rows = [row for result, plain in zip(derivation.values(), rows, strict=True)
            for row in (plain, *_vec_row(derivation, result, say))]  # fmt: skip
    left = max([len(row[0]) for row in rows if len(row[0]) < WIDTH // 2], default=0)
    fitting = [len(row[1]) for row in rows if "\n" not in row[1] and left + len(row[1]) < WIDTH - 20]
    right = max(fitting, default=0)
    lines = []
    for of, formula, shape in rows:
        first, _, rest = formula.partition("\n")
        lines.append(f"{of:<{left}} = {first:<{right}}   {shape}")
        lines += [f"{'':{left + 3}}{line.strip()}" for line in rest.split("\n") if line]
    return "\n".join([*lines, *legend(derivation, lang)])


def _vec_row(derivation: Derivation, result: Result, say: Phrases) -> list[tuple[str, str, str]]:
    found = shown_vec(result)
    if found is None:
        return []
    left = vec_left_text(derivation, result, _of_text(derivation))
    return [(left, found.text(), f"({_shape_in_words(found.shape, say)})")]


def _shape_in_words(shape: tuple[Any, ...], say: Phrases) -> str:
    return say("scalar") if all(dim == 1 for dim in shape) else shape_text(shape)


def legend(derivation: Derivation, lang: str = "en") -> list[str]:
    """The shapes of all names, and what the layout does where it is not the default one."""
    lines, say = [], phrases(lang)
    if derivation.shapes:
        shown = [f"{text_name(name)}: {_shape_in_words(shape, say)}" for name, shape in derivation.shapes.items()]
        lines += _where(say("where"), shown)
    return [*lines, *_about_structure(derivation, say), *_about_layout(derivation, say)]


def _about_structure(derivation: Derivation, say: Phrases) -> list[str]:
    """A line that says what the derivatives by structured variables mean."""
    by = {name: result.structure for result in derivation.values() if result.structure for name in result.wrt[:1]}
    types = {name: derivation.program.names[name].params[1] for name in by}
    spaces = {"posdef": "symmetric"}
    lines = []
    for type_ in dict.fromkeys(types.values()):
        which = say.listed([text_name(name) for name in by if types[name] == type_])
        key = "means_projection" if derivation.structure == "projection" else "means_entries"
        means = say(key, space=say.term(spaces.get(type_, type_)))
        lines.append(say("by_structured", names=which, type=say.term(type_), means=means))
    return lines


def _about_layout(derivation: Derivation, say: Phrases) -> list[str]:
    """A line that says what the layout has transposed."""
    results = [result for result in derivation.values() if result.order == 1]
    layout = results[0].layout if results else "shape"
    if layout == "shape":
        return []
    turned = [result for result in results if result.transposed]
    if not turned:
        return [say("layout_nothing", layout=say.term(layout))]
    rule = say(f"{layout}_rule")
    if len(turned) == len(results):
        return [say("layout_rule", layout=say.term(layout), rule=rule)]
    names = say.listed([left_text(derivation, result) for result in turned])
    return [say("layout_rule_of", layout=say.term(layout), names=names, rule=rule)]


def _where(where: str, parts: list[str]) -> list[str]:
    """``where u: n, W: n×d``, wrapped."""
    lines, line = [], where
    for place, part in enumerate(parts, 1):
        piece = f" {part}{',' if place < len(parts) else ''}"
        if len(line) + len(piece) > WIDTH and line.strip():
            lines.append(line)
            line = "     "
        line += piece
    return [*lines, line]


def formulas(derivation: Derivation, write: Callable[[Result], str]) -> str:
    """A line for each derivative: the bare formula of one, ``name = formula`` of several."""
    results = list(derivation.items())
    if len(results) == 1:
        return write(results[0][1])
    return "\n".join([f"{key_text(key)} = {write(result)}" for key, result in results])


FORMATS: dict[str, Callable[[Result], str]] = {
    "source": Result.source,
    "latex": Result.latex,
    "indices": Result.indices,
}


def latex_equations(derivation: Derivation) -> str:
    """The value and its derivatives, an equation each, aligned."""
    rows: list[str] = []
    value = _value(derivation)
    if derivation.of or not _is_short(derivation):
        rows += _lines(_of_latex(derivation), value, shape_latex(value.node.shape))
    for result in derivation.values():
        rows += _lines(left_latex(derivation, result), result, shape_latex(result.shape))
        vec = shown_vec(result)
        if vec is not None:
            left = vec_left_latex(derivation, result, _of_latex(derivation))
            rows += _lines(left, vec, shape_latex(vec.node.shape))
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _lines(left: str, expression: Expression, space: str) -> list[str]:
    """An equation, and below it what the names stand for that a long one is written with."""
    right, parts = expression.latex_in_parts()
    lines = [rf"{left} &= {right} && \in {space}"]
    lines += [rf"\text{{with }} {name} &= {part}" for name, part in parts]
    return lines


def latex_shapes(derivation: Derivation, lang: str = "en") -> str:
    """A sentence that tells where every name lives."""
    say = phrases(lang)
    names = [rf"${latex_name(name)} \in {shape_latex(shape)}$" for name, shape in derivation.program.shapes.items()]
    return say("here", names=say.listed(names)) if names else ""


def as_json(derivation: Derivation, lang: str = "en", policy: str = "shape", board: str = "") -> str:
    """The data of the derivation; of second derivatives, ``wrt`` is a pair; ``board`` are the lines of its steps."""
    import json

    from matcalc.steps import as_json as steps_as_data

    data = {
        "value": {"name": derivation.of or None, **_written(_value(derivation))},
        "shapes": {name: _shape(shape) for name, shape in derivation.shapes.items()},
        "derivatives": [
            {
                "wrt": key if isinstance(key, str) else list(key), "of": result.of or None, "order": result.order,
                "layout": result.layout, "structure": result.structure or None, **_written(result),
                "vec": result.vec() if result.vectorised is not None else None,
            }
            for key, result in derivation.items()
        ],
        "steps": steps_as_data(derivation, policy=policy, lang=lang),
    }  # fmt: skip
    if board:
        data["board"] = json.loads(board)
    return json.dumps(data, ensure_ascii=False, indent=2)


def _written(expression: Expression) -> dict[str, Any]:
    return {
        "shape": _shape(expression.shape), "text": expression.text(), "source": expression.source(),
        "latex": expression.latex(), "indices": expression.indices(),
    }  # fmt: skip


def _shape(shape: tuple[Any, ...]) -> list[int | str]:
    return [dim if isinstance(dim, int) else str(dim) for dim in shape]
