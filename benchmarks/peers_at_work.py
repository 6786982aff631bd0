"""One peer on one problem, in a process of its own: ``python -m benchmarks.peers_at_work PEER PROBLEM [SIZES]``.

Prints a line of JSON for each size: the median and the least time, or why there is none.  What the peer returns is held
against straightforward NumPy to 1e-8 before it is timed.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

THREADS = 2
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # before NumPy is loaded
    os.environ[_name] = str(THREADS)

import numpy as np  # noqa: E402 - see above

from benchmarks.problems import PROBLEMS, Arrays, Problem, Size  # noqa: E402

SECONDS = 0.4  # of measuring, for each size
LEAST, MOST = 5, 5_000  # runs
LONG = 1.5  # seconds of a run beyond which it is the only one
AGREE = 1e-8

Work = Callable[[], Any]


def measured(work: Work) -> tuple[float, float, int]:
    """The median and the least time in seconds, and the number of runs, after those that warm up."""
    start = time.perf_counter()
    work()
    once = time.perf_counter() - start
    if once > LONG:
        return once, once, 1
    start = time.perf_counter()
    work()
    once = time.perf_counter() - start
    times = []
    for _ in range(max(LEAST, min(MOST, int(SECONDS / max(once, 1e-9))))):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times), min(times), len(times)


def inputs_of(problem: Problem, size: Size) -> Arrays:
    """The inputs of a problem, the same for every peer."""
    return problem.make(np.random.default_rng(0), size)


def matcalc(problem: Problem, inputs: Arrays) -> Work:
    """Our generated code: value, gradients and Hessian."""
    import matcalc as mc

    compiled = mc.compile(problem.source, list(problem.wrt), order=problem.order)
    return lambda: compiled(**inputs)


def blocks(problem: Problem, inputs: Arrays) -> Work:
    """The code of `matcalc` in blocks, on two threads, where one pass does."""
    import matcalc as mc

    compiled = mc.compile(problem.source, list(problem.wrt), order=problem.order, blocks="auto")
    return lambda: compiled(**inputs)


def workspace(problem: Problem, inputs: Arrays) -> Work:
    """The code of `matcalc` with its memory kept between calls."""
    import matcalc as mc

    compiled = mc.compile(problem.source, list(problem.wrt), order=problem.order, workspace=True)
    return lambda: compiled(**inputs)


def straight(problem: Problem, inputs: Arrays) -> Work:
    """NumPy, straightforward: value, gradients and Hessian."""
    return lambda: problem.straight(**inputs)


def tuned(problem: Problem, inputs: Arrays) -> Work:
    """NumPy, optimised by hand: value, gradients and Hessian."""
    return lambda: problem.tuned(**inputs)


def _jax(problem: Problem, inputs: Arrays, *, device: bool) -> Work:
    import jax

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call,unused-ignore]
    names = jax.numpy
    space = SimpleNamespace(
        tanh=names.tanh, sum=names.sum, logaddexp=names.logaddexp, slogdet=names.linalg.slogdet,
        solve=names.linalg.solve, log_softmax=jax.nn.log_softmax, softmax=jax.nn.softmax,
    )  # fmt: skip
    fixed = [name for name in inputs if name not in problem.wrt]
    ordered = [*problem.wrt, *fixed]

    def function(*given: Any) -> Any:
        return problem.function(space, **dict(zip(ordered, given, strict=True)))

    count = tuple(range(len(problem.wrt)))
    found = jax.jit(jax.hessian(function) if problem.order == 2 else jax.value_and_grad(function, count))
    given = [jax.device_put(inputs[name]) if device else inputs[name] for name in ordered]
    return lambda: jax.block_until_ready(found(*given))


def jax_device(problem: Problem, inputs: Arrays) -> Work:
    """JAX, jitted, of arrays on the device: value and gradients, or the Hessian alone."""
    return _jax(problem, inputs, device=True)


def jax_numpy(problem: Problem, inputs: Arrays) -> Work:
    """JAX, jitted, of NumPy's arrays: value and gradients, or the Hessian alone."""
    return _jax(problem, inputs, device=False)


def _torch() -> Any:
    import torch

    torch.set_num_threads(THREADS)
    space = SimpleNamespace(
        tanh=torch.tanh, sum=torch.sum, logaddexp=torch.logaddexp, slogdet=torch.linalg.slogdet,
        solve=torch.linalg.solve, log_softmax=lambda x: torch.log_softmax(x, 1), softmax=lambda x: torch.softmax(x, 1),
    )  # fmt: skip
    return torch, space


def torch_eager(problem: Problem, inputs: Arrays) -> Work:
    """PyTorch's tape: value and gradients, or the Hessian alone."""
    torch, space = _torch()
    given = {name: torch.from_numpy(array).requires_grad_(name in problem.wrt) for name, array in inputs.items()}
    if problem.order == 2:
        (x,) = problem.wrt
        start = given.pop(x).detach()

        def by(value: Any) -> Any:
            return problem.function(space, **{**given, x: value})

        return lambda: torch.autograd.functional.hessian(by, start)
    leaves = [given[name] for name in problem.wrt]

    def work() -> Any:
        value = problem.function(space, **given)
        return value.detach(), torch.autograd.grad(value, leaves)

    return work


def torch_func(problem: Problem, inputs: Arrays) -> Work:
    """PyTorch's functional transformations: value and gradients, or the Hessian alone."""
    torch, space = _torch()
    given = {name: torch.from_numpy(array) for name, array in inputs.items()}
    leaves = [given.pop(name) for name in problem.wrt]

    def function(*values: Any) -> Any:
        return problem.function(space, **given, **dict(zip(problem.wrt, values, strict=True)))

    if problem.order == 2:
        hessian = torch.func.hessian(function)
        return lambda: hessian(*leaves)
    both = torch.func.grad_and_value(function, tuple(range(len(leaves))))

    def work() -> Any:
        gradients, value = both(*leaves)
        return value, gradients

    return work


def autograd(problem: Problem, inputs: Arrays) -> Work:
    """HIPS autograd on NumPy: value and gradients, or the Hessian alone."""
    import autograd.numpy as names
    from autograd import hessian, value_and_grad

    def log_softmax(x: Any) -> Any:
        moved = x - names.max(x, axis=1, keepdims=True)
        return moved - names.log(names.sum(names.exp(moved), axis=1, keepdims=True))

    space = SimpleNamespace(
        tanh=names.tanh, sum=names.sum, logaddexp=names.logaddexp, slogdet=names.linalg.slogdet,
        solve=names.linalg.solve, log_softmax=log_softmax, softmax=lambda x: names.exp(log_softmax(x)),
    )  # fmt: skip
    given = dict(inputs)
    leaves = [given.pop(name) for name in problem.wrt]

    def function(*values: Any) -> Any:
        return problem.function(space, **given, **dict(zip(problem.wrt, values, strict=True)))

    if problem.order == 2:
        second = hessian(function)
        return lambda: second(*leaves)
    both = value_and_grad(function, tuple(range(len(leaves))))
    return lambda: both(*leaves)


PEERS: dict[str, Callable[[Problem, Arrays], Work]] = {
    "matcalc": matcalc, "blocks": blocks, "workspace": workspace, "numpy": straight, "tuned": tuned,
    "jax": jax_device, "jax-np": jax_numpy, "torch": torch_eager, "torch.func": torch_func, "autograd": autograd,
}  # fmt: skip
ALL = frozenset({"matcalc", "blocks", "workspace", "numpy", "tuned"})  # these give value and gradients beside a Hessian


def results(found: Any, problem: Problem, *, everything: bool) -> list[np.ndarray]:
    """What was computed, in order: value and gradients and Hessian; of a peer the Hessian alone, if it is asked."""
    if not everything:
        return [np.asarray(found)] if problem.order == 2 else [np.asarray(x) for x in (found[0], *found[1])]
    value, gradients, *hessian = found
    second = [hessian[0][problem.wrt * 2] if isinstance(hessian[0], dict) else hessian[0]] if hessian else []
    return [np.asarray(x) for x in (value, *[gradients[name] for name in problem.wrt], *second)]


def disagreement(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """The largest difference, by the largest entry of what is expected.

    >>> disagreement([np.array([1.0, 2.0])], [np.array([1.0, 4.0])])
    0.5
    """
    worst = 0.0
    for one, truth in zip(found, expected, strict=True):
        if one.shape != truth.shape:
            return math.inf
        scale = max(float(np.max(np.abs(truth))), 1e-300)
        off = float(np.max(np.abs(one - truth))) / scale
        worst = max(worst, off if math.isfinite(off) else math.inf)
    return worst


def run(peer: str, problem: Problem, size: Size) -> dict[str, Any]:
    """The line of a size."""
    inputs = inputs_of(problem, size)
    work = PEERS[peer](problem, inputs)
    expected = results(problem.straight(**inputs), problem, everything=True)
    if problem.order == 2 and peer not in ALL:
        expected = expected[-1:]
    start = time.perf_counter()
    found = results(work(), problem, everything=peer in ALL)
    first = time.perf_counter() - start
    off = disagreement(found, expected)
    if not off <= AGREE:
        return {"size": size, "failed": f"differs from NumPy by {off:.1e}"}
    del found, expected
    if peer.startswith("torch") and first > 4 * LONG:  # nothing is compiled on the first run
        return {"size": size, "median": first, "least": first, "runs": 1, "off": off}
    median, least, runs = measured(work)
    return {"size": size, "median": median, "least": least, "runs": runs, "off": off}


def main(arguments: list[str]) -> None:
    """Measure, and print."""
    peer, name, *count = arguments
    problem = next(one for one in PROBLEMS if one.name == name)
    for size in problem.sizes[: int(count[0]) if count else None]:
        print(json.dumps(run(peer, problem, size)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
