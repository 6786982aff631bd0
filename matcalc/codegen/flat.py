"""A compiled function of one vector, as optimisers want it: variables packed, data held.

A variable is packed by what it consists of.  Without a structure these are its entries, row by row.  A symmetric or
positive definite matrix is its lower triangle, a skew one what lies strictly below the diagonal, a diagonal one its
diagonal: no entry twice, and the optimiser cannot leave the space.  Entries off the diagonal are multiplied by √2, so
that lengths and angles are those of the matrices (the ``svec`` of semidefinite programming: Todd, Toh, Tütüncü, SIAM J.
Optim. 8 (1998) 769), the packed gradient is the projected one, and no direction is steeper for being stored once.
With ``structure="entries"`` they are stored as they are, as the gradient by free entries asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matcalc.errors import ShapeError, UnsupportedError

if TYPE_CHECKING:
    from matcalc.codegen.compiled import Compiled, Variables

__all__ = ["Flat"]

Array = NDArray[np.float64]
FREE = {"orthogonal": "cayley or qr factors", "simplex": "softmax of a free vector"}


class Flat:
    """The value and gradient at a vector, for ``scipy.optimize.minimize(flat, flat.x0, jac=True)``.

    Made by ``fn.flat(x0, **data)``.  ``flat(x)`` is ``(value, gradient)``, a float and a vector of float64; ``x0`` the
    start, packed; ``names`` the variables in their order.  ``unpack(x)`` gives the variables by name, ``pack`` the
    vector of such.  ``hess(x)`` is the Hessian (of a function compiled with ``order=2``), ``hessp(x, p)`` its product
    with a vector (of one compiled with ``hvp=``, or from the Hessian).  What one point gives is computed once, whoever
    asks for it.

    Where a positive definite variable is none any more, the value is infinite, the gradient nan and the Hessian the
    identity, which methods with a trust region can factorise before they take a shorter step.
    """

    def __init__(self, function: Compiled, start: Any, data: Mapping[str, Any]) -> None:
        self.function, self.data = function, dict(data)
        self.variables = function.variables
        self.names = tuple(function.wrt)
        self._refuse()
        starts = self._starts(start)
        self.parts = {name: _Part(name, starts[name], self.variables) for name in self.names}
        self.size = sum(part.size for part in self.parts.values())
        self._at: tuple[bytes, Any] | None = None
        self.x0: Array = self.pack(starts)
        value = self._results(self.x0)[0]  # tells at once what is missing or does not fit
        if np.shape(value) != ():
            raise UnsupportedError(
                f"the value has shape {np.shape(value)}, an optimiser needs a scalar", hint="minimise its sum or norm"
            )

    def __call__(self, x: Any) -> tuple[float, Array]:
        """The value and the gradient at a packed vector."""
        results = self._inside(x)
        if results is None:
            return np.inf, np.full(self.size, np.nan)
        value, gradients = results[:2]
        return float(value), self._joined({name: part.down(gradients[name]) for name, part in self.parts.items()})

    def hess(self, x: Any) -> Array:
        """The Hessian at a packed vector, a symmetric matrix; `UnsupportedError` unless compiled with ``order=2``."""
        if self.variables.order != 2:
            raise UnsupportedError("the function was compiled without second derivatives", hint="compile with order=2")
        results = self._inside(x)
        if results is None:
            return np.eye(self.size)
        blocks = results[2]
        found = np.empty((self.size, self.size))
        top = 0
        for a, row in self.parts.items():
            left = 0
            for b, column in self.parts.items():
                block = _host(blocks[a, b] if (a, b) in blocks else _turned(blocks[b, a], column.shape, row.shape))
                by_row = np.stack([column.down(part) for part in block.reshape(-1, *column.shape)], axis=1)
                whole = np.stack([row.down(part.reshape(row.shape)) for part in by_row], axis=1)
                found[top : top + row.size, left : left + column.size] = whole
                left += column.size
            top += row.size
        return found

    def hessp(self, x: Any, p: Any) -> Array:
        """The Hessian at a packed vector times another; of a function compiled with ``hvp=`` without the Hessian."""
        if not self.variables.directions:
            found: Array = self.hess(x) @ self._vector(p)
            return found
        products = self._called(self._vector(x), self._vector(p))[2]
        if not isinstance(products, dict):
            products = {self.names[0]: products}
        return self._joined({name: part.down(products[name]) for name, part in self.parts.items()})

    def pack(self, values: Mapping[str, Any]) -> Array:
        """The vector of the variables by name; `ShapeError` where one is missing or has another shape."""
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ShapeError(f"x0 has no {missing[0]}", hint=f"the variables are {', '.join(self.names)}")
        return self._joined({name: part.packed(values[name]) for name, part in self.parts.items()})

    def unpack(self, x: Any) -> dict[str, Any]:
        """The variables by name, in their shapes, from a packed vector."""
        x, found, at = self._vector(x), {}, 0
        for name, part in self.parts.items():
            found[name] = part.up(x[at : at + part.size])
            at += part.size
        return found

    def __repr__(self) -> str:
        return f"<{self.size} numbers: {self._listed()}>"

    # inside ------------------------------------------------------------------------------------------------

    def _refuse(self) -> None:
        """What cannot be packed, said before anything is computed."""
        kinds = self.variables.kinds
        if not self.names:
            raise UnsupportedError("the function has no gradients", hint="compile with wrt=, the variables to optimise")
        for name in self.names:
            if name not in kinds:
                raise UnsupportedError(
                    f"{name} is no input that can be varied", hint="compile with wrt= naming inputs of the program"
                )
            if kinds[name] in FREE:
                raise UnsupportedError(
                    f"{name} is {kinds[name]}, which an optimiser of free vectors leaves",
                    hint=f"write it by free variables: {FREE[kinds[name]]}",
                )
        directions = self.variables.directions
        if directions and set(directions) != set(self.names):
            raise UnsupportedError(
                f"hvp is by {', '.join(directions)}, the gradients by {', '.join(self.names)}",
                hint="give both the same names",
            )
        both = [name for name in self.names if name in self.data]
        if both:
            raise ShapeError(f"{both[0]} is a variable, not data", hint="give it in x0")

    def _starts(self, start: Any) -> dict[str, Any]:
        if not isinstance(start, Mapping):
            if len(self.names) > 1:
                raise ShapeError(
                    "x0 is one array for several variables", hint=f"a dict of {', '.join(self.names)} by name"
                )
            start = {self.names[0]: start}
        for name in start:
            if name not in self.names:
                raise ShapeError(f"x0 has {name}, which is no variable", hint=f"there is {', '.join(self.names)}")
        missing = [name for name in self.names if name not in start]
        if missing:
            raise ShapeError(f"x0 has no {missing[0]}", hint=f"the variables are {', '.join(self.names)}")
        return dict(start)

    def _vector(self, x: Any) -> Array:
        array = np.asarray(x, dtype=np.float64)
        if array.shape != (self.size,):
            raise ShapeError(f"the vector has shape {array.shape}, expected ({self.size},): {self._listed()}")
        return array

    def _listed(self) -> str:
        words = [f"{name} {part.shape or 'scalar'}{part.words}" for name, part in self.parts.items()]
        return ", ".join(words)

    def _joined(self, parts: Mapping[str, Array]) -> Array:
        return np.concatenate([parts[name] for name in self.names])

    def _results(self, x: Array) -> Any:
        """What the function gives at a point, kept for the next question about the same."""
        key = x.tobytes()
        if self._at is None or self._at[0] != key:
            self._at = key, self._called(x, np.zeros(self.size))
        return self._at[1]

    def _inside(self, x: Any) -> Any:
        """The results at a point; `None` where a positive definite variable is none any more."""
        x = self._vector(x)
        try:
            return self._results(x)
        except np.linalg.LinAlgError:
            if "posdef" in self.variables.kinds.values():
                return None
            raise

    def _called(self, x: Array, p: Array) -> Any:
        given = {**self.data, **self.unpack(x)}
        if self.variables.directions:
            along = self.unpack(p)
            given |= {own: along[name] for name, own in self.variables.directions.items()}
        return self.function(**given)


class _Part:
    """How one variable is packed: where its numbers stand, and what they are multiplied by."""

    def __init__(self, name: str, start: Any, variables: Variables) -> None:
        array = _host(start)
        if array.dtype.kind not in "biuf":
            raise ShapeError(f"x0 for {name} has entries of type {array.dtype}, expected real numbers")
        self.name, self.shape, self.kind, self.words = name, array.shape, variables.kinds[name], ""
        self.mirror, self.scale = 0.0, np.ones(1)
        self.at: tuple[Any, ...] = ()
        if self.kind in ("symmetric", "posdef", "skew", "diagonal"):
            if array.ndim != 2 or array.shape[0] != array.shape[1]:
                raise ShapeError(f"{name} has shape {array.shape}, expected a square matrix")
            self._structured(variables.structure)
        self.size = len(self.at[0]) if self.at else array.size

    def _structured(self, structure: str) -> None:
        n = self.shape[0]
        if self.kind == "diagonal":
            self.at, self.words = (np.arange(n), np.arange(n)), " by its diagonal"
        else:
            self.at = np.tril_indices(n, -1 if self.kind == "skew" else 0)
            self.mirror, self.words = -1.0 if self.kind == "skew" else 1.0, " by its lower triangle"
        off = self.at[0] != self.at[1]
        self.scale = np.where(off, np.sqrt(2.0), 1.0) if structure == "projection" else np.ones(len(off))

    def packed(self, value: Any) -> Array:
        """A value of the variable as its numbers."""
        array = np.asarray(_host(value), dtype=np.float64)
        if array.shape != self.shape:
            raise ShapeError(f"{self.name} has shape {array.shape}, expected {self.shape}")
        if not self.at:
            return array.reshape(-1)
        x: Array = array[self.at] * self.scale
        if not np.allclose(self.up(x), array, rtol=1e-9, atol=1e-12 * float(np.max(np.abs(array), initial=0.0))):
            raise ShapeError(f"{self.name} is declared {self.kind}, but x0 is not", hint=_mended(self.kind, self.name))
        return x

    def up(self, x: Array) -> Any:
        """The variable from its numbers."""
        if not self.at:
            return np.array(x).reshape(self.shape) if self.shape else float(x[0])
        found = np.zeros(self.shape)
        numbers = x / self.scale
        if self.mirror:
            found[self.at[::-1]] = self.mirror * numbers
        found[self.at] = numbers
        return found

    def down(self, gradient: Any) -> Array:
        """The gradient by the numbers from that by the variable."""
        array = np.asarray(_host(gradient), dtype=np.float64)
        if not self.at:
            return array.reshape(-1)
        found: Array = array[self.at] * self.scale
        return found


def _mended(kind: str, name: str) -> str:
    near = {"diagonal": f"np.diag(np.diag({name}))", "skew": f"({name} - {name}.T)/2"}
    return near.get(kind, f"({name} + {name}.T)/2")


def _turned(block: Any, rows: tuple[int, ...], columns: tuple[int, ...]) -> Array:
    """The Hessian block of the variables in the other order."""
    array = _host(block)
    return np.moveaxis(array, list(range(len(rows))), list(range(len(columns), len(columns) + len(rows))))


def _host(array: Any) -> NDArray[Any]:
    """An array of any library as one of NumPy's."""
    moved: Callable[[], Any] | None = getattr(array, "cpu", None)
    return np.asarray(moved() if moved is not None else array)
