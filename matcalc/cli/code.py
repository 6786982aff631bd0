"""``matcalc code``: the module that computes the value and all derivatives."""

from __future__ import annotations

import json
from typing import Any

import click

from matcalc.cli import completion
from matcalc.cli.arguments import (
    SourceCommand,
    derivation_of,
    derived,
    no_check_option,
    order_option,
    output_options,
    sizes,
    variables,
)  # fmt: skip
from matcalc.cli.streams import deliver, tell
from matcalc.cli.verifying import verified
from matcalc.codegen.options import without as switched_off
from matcalc.compiling import TARGETS, explained, in_blocks, module_of
from matcalc.derivation import Derivation

__all__ = ["code"]

HUGE = 10**9  # of sizes that are reckoned with and not made


@click.command(
    cls=SourceCommand,
    epilog="""\b
Examples:
  matcalc code "s = u.T @ f(W@x + b)" --wrt W,b --let f=tanh
  matcalc code examples/two_layer.mc -o gradients.py
  matcalc code "logdet(A@A.T)" --wrt A > gradients.py
  matcalc code "sum(log(1 + exp(X@w))) - y.T@(X@w)" --wrt w --hvp w
  matcalc code examples/two_layer.mc --style gates -o gates.py
  matcalc code examples/least_squares.mc --blocks -o blocks.py
  matcalc code "sum((X@w - y)**2)" --wrt w --explain --dims n=1000,m=20
  matcalc code examples/two_layer.mc --target torch -o in_torch.py

\b
SOURCE is a program, @FILE or a path that ends in .mc, or - for standard input.""",
)
@derived
@order_option
@click.option(
    "--hvp", multiple=True, metavar="NAME", shell_complete=completion.variables,
    help="Add the Hessian by a variable times a direction, a further argument; several names are taken together.",
)
@click.option(
    "--style", type=click.Choice(["compiled", "gates"]), default="compiled",
    help="compiled: one function, products in the cheapest order; gates: for reading, a class for each kind of "
    "operation with forward and backward.",
)
@click.option(
    "--blocks", is_flag=True,
    help="Go over the data once, a block of rows at a time, on all cores, with memory-mapped arrays too.",
)
@click.option("--target", type=click.Choice(TARGETS), default="numpy", help="What the code is written for.")
@click.option(
    "--dims", multiple=True, metavar="N=1000,D=5", shell_complete=completion.dimensions,
    help="Sizes to plan for; the code is right for all others too.",
)
@click.option(
    "--without", multiple=True, metavar="NAME", shell_complete=completion.optimisations,
    help="Switch an optimisation off, or all; docs/generated-code.md names them.",
)
@click.option(
    "--explain", is_flag=True,
    help="Print the plan instead: each line with its operations and memory, which orders were chosen and why.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Of the plan."
)
@output_options
@no_check_option
def code(
    hvp: tuple[str, ...], style: str, blocks: bool, target: str, dims: tuple[str, ...], without: tuple[str, ...],
    explain: bool, form: str, output: str | None, force: bool, no_check: bool, **asked: Any,
) -> int:  # fmt: skip
    """Write a Python module that computes a program's value and all gradients.

    The module needs NumPy alone (and SciPy where NumPy lacks a function), or the library that --target names; its
    function takes the inputs by name.
    """
    derivation = derivation_of(**asked)
    along = variables(hvp)
    plan: dict[str, Any] = {"dims": sizes(dims, HUGE), "optimize": switched_off(variables(without))}
    if form == "json" and not explain:
        raise click.UsageError("--format json is that of the plan: add --explain")
    if style == "gates":
        if explain or dims or without:
            raise click.UsageError("gates compute what is written, without a plan; leave --explain, --dims, --without")
        return _gates(derivation, along, output, force, no_check)
    if explain:
        if blocks:
            raise click.UsageError("--explain says along which axis blocks would go; leave --blocks")
        return _explained(derivation, along, plan, form, output, force)
    if blocks and target != "numpy":
        raise click.UsageError(f"--blocks writes for numpy, not for {target}")
    if blocks:
        return _blocked(derivation, along, plan, output, force, no_check)
    module = module_of(derivation, target=target, hvp=_together(along), **plan)
    wrong = 0 if no_check else verified(derivation)
    deliver(module, output, force=force)
    return wrong


def _together(along: list[str]) -> str | list[str] | None:
    """The variables of ``--hvp`` as the generator takes them."""
    return (along[0] if len(along) == 1 else along) if along else None


def _explained(
    derivation: Derivation, along: list[str], plan: dict[str, Any], form: str, output: str | None, force: bool
) -> int:
    """The plan of the module, as text or data."""
    found = explained(derivation, hvp=_together(along), **plan)
    if form == "json":
        text = json.dumps(found.data(plan["dims"]), ensure_ascii=False, indent=2)
    else:
        text = found.text(plan["dims"])
    deliver(f"{text}\n", output, force=force)
    return 0


def _blocked(
    derivation: Derivation, along: list[str], plan: dict[str, Any], output: str | None, force: bool, no_check: bool
) -> int:
    """The module that goes over the data in blocks; it is run beside the plain one before it is handed out."""
    from matcalc.graphs.running import blocks_disagree

    function = in_blocks(derivation, [], hvp=_together(along), **plan)
    tell(function.explain())
    wrong = 0
    if not no_check:
        wrong = verified(derivation)
        said = "" if along else blocks_disagree(derivation, function)
        if said:
            tell(f"CHECK FAILED: {said}, please report it with the program")
            wrong = 1
    deliver(function.source, output, force=force)
    return wrong


def _gates(derivation: Derivation, along: list[str], output: str | None, force: bool, no_check: bool) -> int:
    """The module of gates; it is run beside the compiled code before it is handed out."""
    from matcalc.graphs.code import gate_module
    from matcalc.graphs.running import disagreement

    if along:
        raise click.UsageError("gates compute gradients; --hvp asks for the style compiled")
    module = gate_module(derivation)
    wrong = 0
    if not no_check:
        wrong = verified(derivation)
        said = disagreement(derivation, module)
        if said:
            tell(f"CHECK FAILED: {said}, please report it with the program")
            wrong = 1
    deliver(module, output, force=force)
    return wrong
