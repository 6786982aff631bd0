"""What derivatives cost: all gradients in one backward pass, each by itself, and without derivatives.

Everything is counted on the code that `matcalc code` writes (`matcalc.codegen.cost`), as polynomials in the dimensions.
The backward pass is what the code for the value and all gradients does beyond the value alone: what it takes from the
value it has for nothing.  A gradient by itself is counted with the value, as code for it alone computes both.  Forward
mode needs a pass for every entry of the variables, and a pass is at least the value's work; central differences need
two values for every entry.
"""

from __future__ import annotations

from collections.abc import Mapping

from matcalc.calculus.blocks import computed
from matcalc.codegen.cost import work_of
from matcalc.codegen.finishing import finish
from matcalc.codegen.numpy_module import Request, planned
from matcalc.codegen.work import Work
from matcalc.derivation import Derivation
from matcalc.errors import MatcalcError
from matcalc.expressions.node import Node
from matcalc.phrases import phrases
from matcalc.render.names import text_name

__all__ = ["Cost", "cost", "shown"]


class Cost:
    """The work of a derivation, each a polynomial in the dimensions.

    ``value``     the value alone
    ``together``  the value and all derivatives in one function; ``backward`` is what that adds to the value
    ``alone``     by variable, the value and this derivative in a function of its own
    ``entries``   the number of entries of all variables
    ``forward``   a lower bound for forward mode, ``differences`` the work of central differences
    """

    __slots__ = ("alone", "entries", "together", "value")

    def __init__(self, value: Work, together: Work, alone: Mapping[str, Work], entries: Work) -> None:
        self.value, self.together, self.alone, self.entries = value, together, dict(alone), entries

    @property
    def backward(self) -> Work:
        """What all derivatives together add to the value."""
        return self.together - self.value

    @property
    def separately(self) -> Work:
        """All derivatives, each in a function of its own."""
        total = Work()
        for work in self.alone.values():
            total = total + work
        return total

    @property
    def forward(self) -> Work:
        """At least this in forward mode: one pass for every entry of the variables."""
        return self.entries * self.value

    @property
    def differences(self) -> Work:
        """Two values for every entry of the variables."""
        return self.entries * self.value * 2

    def rows(self, lang: str = "en") -> list[tuple[str, str, Work]]:
        """What there is to tell, line by line: in words, as a formula, and the polynomial.

        >>> from matcalc.derivation import derive
        >>> [row[1] for row in cost(derive("s = u.T@(W@x)", ["u", "W"])).rows()][:3]
        ['2 d n + 2 n', 'd n', '3 d n + 2 n']
        """
        say = phrases(lang)
        found = [
            (say("cost_value"), self.value), (say("cost_backward"), self.backward),
            (say("cost_together"), self.together),
        ]  # fmt: skip
        if len(self.alone) > 1:
            found += [(say("cost_alone", name=text_name(n)), work) for n, work in self.alone.items()]
            found.append((say("cost_separately"), self.separately))
        rows = [(words, work.text(text_name), work) for words, work in found]
        factors = [(work.text(text_name), len(work.terms) > 1) for work in (self.entries, self.value)]
        passes = " ".join([f"({written})" if several else written for written, several in factors])
        rows.append((say("cost_forward"), passes, self.forward))
        rows.append((say("cost_differences"), f"2 {passes}", self.differences))
        return rows


def cost(derivation: Derivation) -> Cost:
    """The work of a derivation's first derivatives, as `matcalc code` computes them.

    Raises `UnsupportedError` where something has no code.

    >>> from matcalc.derivation import derive
    >>> found = cost(derive("s = u.T @ tanh(W@x + b)", "all"))
    >>> print(found.value, "and", found.backward)
    2 d n + 4 n and 3 d n + 3 n
    """
    gradients = {key: computed(node) for key, node in derivation.gradients.items() if isinstance(key, str)}
    value = _work(derivation, {})
    together = _work(derivation, gradients)
    alone = {name: _work(derivation, {name: node}) for name, node in gradients.items()}
    entries = Work()
    for name in gradients:
        entries = entries + Work.of(*derivation.program.names[name].shape)
    return Cost(value, together, alone, entries)


def _work(derivation: Derivation, gradients: Mapping[str, Node]) -> Work:
    program = derivation.program
    request = Request(
        derivation.value.node, list(program.inputs.values()), gradients, functions=program.functions_bound,
        least=program.least,
    )  # fmt: skip
    lowering, values = planned(request, branches=False)
    return work_of(finish(lowering.graph, values, lowering.hints))


def shown(found: Cost, sizes: Mapping[str, int], lang: str = "en") -> list[list[str]]:
    """The rows as columns of text; with sizes of the dimensions, their numbers too.  `MatcalcError` where one lacks."""
    table = []
    for words, formula, work in found.rows(lang):
        row = [words, formula]
        if sizes:
            try:
                row.append(f"{round(work.number(sizes)):,}")
            except KeyError as missing:
                raise MatcalcError(
                    f"--dims says nothing of {missing.args[0]}", hint="give a size for every dimension"
                ) from None
        table.append(row)
    return table
