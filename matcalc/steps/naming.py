"""Names for intermediate values that a reader needs: ``z = W@x + b``, ``h = f(z)``, ``s = u.T@h``.

A program may write in one line what a lecturer writes in three.  Here the argument of a function gets a name where it
is more than a variable, so does the function's value where it goes on into a product, and so does what is used twice.
A long program is left as it was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from matcalc.expressions.node import Node, intern, kind, postorder
from matcalc.operations.table import ELEMENTWISE_NAMES, let

__all__ = ["named_values", "opened", "replaced", "replacements", "visible"]

LONG = 300  # nodes of a program beyond which nothing is named
MANY = 12  # names beyond which none is given
FUNCTIONS = ELEMENTWISE_NAMES | {
    "apply", "softmax", "log_softmax", "logsumexp", "pow", "inv", "solve", "pinv", "norm", "norm1", "norm_inf",
    "norm_nuc", "det", "logdet", "prod", "max", "min", "maximum", "minimum", "matrix_power", "defined", "own",
}  # fmt: skip
REDUCTIONS = frozenset({"sum", "mean", "tr", "let"})
LETTERS = {"argument": "z", "function": "h", "softmax": "p", "sub": "r", "other": "q"}


def named_values(value: Node, live: Mapping[Node, bool], taken: Collection[str]) -> dict[Node, Node]:
    """The nodes to be named and the `let` nodes for them; empty where names would not help."""
    nodes = list(visible(value))
    if len(nodes) > LONG:
        return {}
    chosen: dict[Node, str] = {}
    users: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for argument in dict.fromkeys(written(node)):
            users[argument].append(node)
    for node in nodes:
        role = _role(node, users[node], live, chosen) if node is not value and live.get(node) else ""
        if role:
            chosen[node] = role
    if len(chosen) > MANY:
        return {}
    return _lets(chosen, {*taken})


def _role(node: Node, users: list[Node], live: Mapping[Node, bool], chosen: Collection[Node]) -> str:
    """Why a node gets a name, or nothing."""
    if _plain(node, live) or not users or all(user.op == "let" for user in users):
        return ""
    if _number(node, live, chosen):
        return ""
    if any(user.op in FUNCTIONS for user in users):
        return _letter(node, "argument")
    varying = [a for a in written(node) if live.get(a)]
    nested = node.op in FUNCTIONS and not all(_plain(a, live) or _number(a, live, chosen) for a in varying)
    if nested and any(user.op not in REDUCTIONS for user in users):
        return _letter(node, "function")
    return _letter(node, "other") if len(users) > 1 else ""


def _letter(node: Node, role: str) -> str:
    name = LETTERS["softmax" if node.op == "softmax" else "sub" if node.op == "sub" else role]
    return name.upper() if kind(node.shape) == "matrix" else name


def _plain(node: Node, live: Mapping[Node, bool]) -> bool:
    """A variable, perhaps turned, negated, indexed, or scaled by what does not vary."""
    while node.op in ("T", "neg", "index", "mul", "div"):
        varying = [a for a in node.args if live.get(a)]
        if len(varying) != 1:
            return False
        node = varying[0]
    return not node.args or node.op == "let"


def _number(node: Node, live: Mapping[Node, bool], chosen: Collection[Node]) -> bool:
    """A function whose value is a number, of a variable or of what has a name: ``norm(w)``."""
    if node.shape != (1, 1) or node.op not in FUNCTIONS:
        return False
    return all(a in chosen or _plain(a, live) for a in written(node) if live.get(a))


def written(node: Node) -> tuple[Node, ...]:
    """The arguments that a reader sees: a call of the program's function does not show its body."""
    return node.args[:1] if node.op == "defined" else node.args


def visible(root: Node) -> Iterator[Node]:
    """Every node that a reader sees, arguments first."""
    done: set[Node] = set()
    stack = [root]
    while stack:
        node = stack[-1]
        waiting = [a for a in written(node) if a not in done] if node not in done else []
        if waiting:
            stack += reversed(waiting)
            continue
        stack.pop()
        if node not in done:
            done.add(node)
            yield node


def opened(roots: Iterable[Node], live: Mapping[Node, bool]) -> dict[Node, Node]:
    """Calls of the program's functions in which more than the argument varies, and their bodies in their place."""
    found: dict[Node, Node] = {}
    for node in postorder(*roots):
        if node.op == "defined" and any(live.get(part) for part in postorder(node.params[2])):
            found[node] = replaced(node.args[1], found)
    return found


def _lets(chosen: Mapping[Node, str], taken: set[str]) -> dict[Node, Node]:
    counts = Counter(chosen.values())
    found: dict[Node, Node] = {}
    for node, letter in chosen.items():
        names = [letter] if counts[letter] == 1 else []
        names += [f"{letter}{i}" for i in range(1, 100)]
        name = next(name for name in names if name not in taken)
        taken.add(name)
        found[node] = let(name, replaced(node, found))
    return found


def replaced(root: Node, new: Mapping[Node, Node]) -> Node:
    """The expression with nodes replaced; what is replaced is not entered."""
    return replacements([root], new).get(root, root)


def replacements(roots: Iterable[Node], new: Mapping[Node, Node]) -> dict[Node, Node]:
    """Every node below the roots, and what it becomes where some nodes are replaced."""
    done: dict[Node, Node] = dict(new)
    for node in postorder(*roots, into=lambda n: n not in new):
        if node not in done:
            args = tuple([done[a] for a in node.args])
            done[node] = node if args == node.args else intern(node.op, args, node.params, node.shape)
    return done
