"""What the commands share: the program, the options that say what is derived of it, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from matcalc.cli import completion
from matcalc.cli.sources import program_text
from matcalc.cli.streams import tell
from matcalc.derivation import LAYOUTS, Derivation, derive
from matcalc.phrases import LANGUAGES

__all__ = [
    "DIM_LIMIT", "SourceCommand", "cost_options", "derivation_of", "derived", "limits_options", "pairs", "sizes",
    "steps_options",    "variables",
]  # fmt: skip

DIM_LIMIT = 1000
LEVELS, STYLES, POLICIES = ("brief", "full"), ("chain", "differential"), ("shape", "jacobian")  # as `explain` has them
F = TypeVar("F", bound=Callable[..., Any])
_LONG_OPTION = re.compile(r"--[A-Za-z][A-Za-z-]*(=.*)?", re.DOTALL)


class SourceCommand(click.Command):
    """A command whose one argument may begin with ``-``, as formulas do.

    What looks like a long option is one, so that misspelt ones are told; of what begins with a
    single ``-``, only the command's own short options are.  ``--`` ends the options.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The options first, and then, behind ``--``, the programs."""
        takes_value = {name: not getattr(p, "is_flag", False) for p in self.get_params(ctx) for name in p.opts}
        perhaps = {name: _may_stand_alone(p) for p in self.get_params(ctx) for name in p.opts if _may_stand_alone(p)}
        options: list[str] = []
        sources: list[str] = []
        waiting = list(reversed(args))
        behind: dict[str, str] = {}  # what stands behind an option that goes without a word
        while waiting:
            arg = waiting.pop()
            if arg == "--":
                sources += reversed(waiting)
                break
            if arg in perhaps:
                known = bool(waiting) and waiting[-1] in perhaps[arg]
                behind.update({waiting[-1]: arg} if waiting and not known else {})
                options.append(f"{arg}={waiting.pop() if known else perhaps[arg][0]}")
            elif arg in takes_value and arg[0] == "-" and takes_value[arg]:
                value = waiting.pop() if waiting else None
                if value is not None:
                    options += [arg, value]
                elif not ctx.resilient_parsing:
                    raise click.BadOptionUsage(arg, f"option {arg} needs a value", ctx=ctx)
            elif arg in takes_value and arg[0] == "-":
                options.append(arg)
            elif _LONG_OPTION.fullmatch(arg):
                name = arg.partition("=")[0]
                if name not in takes_value and not ctx.resilient_parsing:
                    raise _no_such_option(name, takes_value, ctx)
                options.append(arg)
            else:
                sources.append(arg)
        if len(sources) > 1 and not ctx.resilient_parsing:
            meant = next((word for word in sources if word in behind and word.isalpha()), None)
            wrong = f"{behind[meant]} takes {' or '.join(perhaps[behind[meant]])}, not {meant}" if meant else ""
            raise click.UsageError(wrong or _too_many(sources), ctx=ctx)
        return super().parse_args(ctx, [*options, "--", *sources])


def _may_stand_alone(param: click.Parameter) -> Sequence[str]:
    """The words that an option takes, if it may go without one: the first of them is meant then."""
    alone = isinstance(getattr(param, "flag_value", None), str)
    return list(param.type.choices) if alone and isinstance(param.type, click.Choice) else []


def _no_such_option(name: str, known: Iterable[str], ctx: click.Context) -> click.UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, [option for option in known if option.startswith("--")], 1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"a program that begins so stands behind --: matcalc {ctx.info_name} -- ..."
    )
    return click.UsageError(f"there is no option {name[:40]}; {hint}", ctx=ctx)


def _too_many(sources: Sequence[str]) -> str:
    short = [s for s in sources[1:] if re.fullmatch("-[A-Za-z]", s)]
    if short:
        return f"there is no option {short[0]}"
    here = f"{sources[0]!r} and {sources[1]!r}"
    return f"one argument is expected, here are {len(sources)}: {here}; quote a program as a whole"


def derived(command: F) -> F:
    """The argument SOURCE, and the options that say what is derived of it."""
    for decorate in reversed(_SHARED):
        command = decorate(command)
    return command


def limits_options(command: F) -> F:
    """Other limits for this command, and how long it may take."""
    moved = click.option(
        "--limits", "moved", metavar="NAME=NUMBER,...", multiple=True, expose_value=False, callback=_move,
        help="Other limits: nesting=1000, terms=100000 (docs/limits.md has them all); MATCALC_LIMITS too.",
    )  # fmt: skip
    late = click.option(
        "--timeout", metavar="SECONDS", expose_value=False, callback=_move, help="Give up after so many seconds."
    )
    return moved(late(command))


def _move(ctx: click.Context, param: click.Parameter, given: Sequence[str] | str | None) -> None:
    from matcalc.bounds import limits, read

    words = [given] if isinstance(given, str) else given or ()
    for word in words:
        ctx.with_resource(limits(**read(f"seconds={word}" if param.name == "timeout" else word)))


_SHARED: list[Callable[[Any], Any]] = [
    click.argument("source", metavar="SOURCE", shell_complete=completion.sources),
    click.option(
        "--wrt", multiple=True, metavar="NAME", shell_complete=completion.variables,
        help="By what to derive: a name, several with commas or repeated, or all (the default).",
    ),
    click.option(
        "--of", metavar="NAME", shell_complete=completion.assigned,
        help="What to derive, if not the program's last value.",
    ),
    click.option(
        "--let", "functions", multiple=True, metavar="F=NAME", shell_complete=completion.functions,
        help="What an unknown function is: --let f=tanh.",
    ),
    click.option("--syntax", type=click.Choice(["numpy", "matlab"]), default="numpy", help="The syntax of SOURCE."),
    click.option(
        "--structure", type=click.Choice(["projection", "entries"]), default="projection",
        help="What the derivative by a symmetric (skew, diagonal) matrix is: the gradient among such matrices, or the "
        "derivative by its free entries.",
    ),
    limits_options,
]  # fmt: skip


def layout_option(command: F) -> F:
    """How results are laid out."""
    return click.option(
        "--layout", type=click.Choice(LAYOUTS), default="shape",
        help="shape: as the variable (default); numerator: scalars transposed; denominator: vectors transposed.",
    )(command)  # fmt: skip


def order_option(command: F) -> F:
    """First or second derivatives."""
    return click.option(
        "--order", type=click.IntRange(1, 2), default=1, help="2 adds the second derivatives of a scalar."
    )(command)


def steps_options(command: F) -> F:
    """Whether and how the way to the results is shown."""
    for decorate in reversed(_STEPS):
        command = decorate(command)
    return command


_STEPS: list[Callable[[Any], Any]] = [
    click.option(
        "--steps", type=click.Choice(LEVELS), is_flag=False, flag_value=LEVELS[0],
        help="Show the way, law by law; full reasons entry by entry, checks shapes and tells conditions.",
    ),
    click.option(
        "--style", type=click.Choice(STYLES),
        help="Of the steps. chain: local Jacobians multiplied (default); differential: ds = tr(Gᵀ dX).",
    ),
    click.option(
        "--policy", type=click.Choice(POLICIES),
        help="Of the steps. shape: gradients shaped as their variables (default); jacobian: reshaped at the end.",
    ),
]  # fmt: skip


def language_option(command: F) -> F:
    """The language of explanations."""
    return click.option(
        "--lang", type=click.Choice(list(LANGUAGES)), default="en", envvar="MATCALC_LANG", show_envvar=True,
        help="The language of steps and notes.",
    )(command)  # fmt: skip


def output_options(command: F) -> F:
    """Where the result goes."""
    force = click.option("--force", is_flag=True, help="Replace the file if it exists.")
    where = click.option(
        "-o", "--output", metavar="FILE", shell_complete=completion.files, help="Write to a file; it must not exist."
    )
    return where(force(command))


def cost_options(command: F) -> F:
    """Whether the work is told, and for which sizes in numbers."""
    flag = click.option(
        "--cost", "with_cost", is_flag=True,
        help="Count the work of the value, of all derivatives at once and of each alone.",
    )  # fmt: skip
    dims = click.option(
        "--dims", multiple=True, metavar="N=4,D=3", shell_complete=completion.dimensions,
        help="Sizes for which the work is also a number.",
    )  # fmt: skip
    return flag(dims(command))


def no_check_option(command: F) -> F:
    """Whether results are checked before they are printed."""
    return click.option("--no-check", is_flag=True, help="Do not check the derivatives numerically.")(command)


def variables(wrt: Sequence[str]) -> list[str]:
    """The names of ``--wrt``, commas split.

    >>> variables(["u, W", "b"])
    ['u', 'W', 'b']
    """
    return [name.strip() for word in wrt for name in word.split(",") if name.strip()]


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """The pairs of an option, ``f=tanh`` or ``n=4,d=3``, by name."""
    found: dict[str, str] = {}
    for part in [part for word in words for part in word.split(",") if part.strip()]:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise click.BadOptionUsage(option, f"{option} takes name=value, not {part.strip()!r}")
        if found.setdefault(name, value) != value:
            raise click.BadOptionUsage(option, f"{option} says {name} twice: {found[name]} and {value}")
    return found


def sizes(words: Sequence[str], limit: int = DIM_LIMIT) -> dict[str, int]:
    """The dimensions of ``--dims``, none beyond a limit.

    >>> sizes(["n=4,d=3"])
    {'n': 4, 'd': 3}
    """
    found: dict[str, int] = {}
    for name, value in pairs(words, "--dims").items():
        if not re.fullmatch("[0-9]{1,9}", value) or not 1 <= int(value) <= limit:
            raise click.BadOptionUsage("--dims", f"{name}={value[:40]}: a dimension is a number from 1 to {limit}")
        found[name] = int(value)
    return found


def derivation_of(
    source: str, wrt: Sequence[str], *, of: str | None, functions: Sequence[str], syntax: str, structure: str,
    layout: str = "shape", order: int = 1, expand: bool = False,
) -> Derivation:  # fmt: skip
    """The derivation that the shared options ask for; its notes are told."""
    derivation = derive(
        program_text(source), variables(wrt) or "all", of=of, layout=layout, order=order, syntax=syntax,
        structure=structure, expand=expand, functions=pairs(functions, "--let"),
    )  # fmt: skip
    for note in derivation.notes:
        tell(f"note: {note}")
    return derivation
