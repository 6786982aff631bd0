"""The target dask: plain results from chunks, nothing but sums at the client, lost workers survived."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import matcalc as mc

da = pytest.importorskip("dask.array", reason="dask is not installed: pip install 'matcalculus[dask]'")
distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")

# dask's own warnings and open sockets are not ours to mend
pytestmark = pytest.mark.filterwarnings("ignore")

PROGRAM = "r = X@w - y; J = r.T@r/m; X: matrix(m, n)"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes with 1 GiB each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, memory_limit="1GiB", dashboard_address=None,
    ) as cluster, distributed.Client(cluster) as found:  # fmt: skip
        yield found


def data(m: int = 1003, n: int = 5) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    return {"X": rng.standard_normal((m, n)), "y": rng.standard_normal(m), "w": rng.standard_normal(n)}


def chunked(given: dict[str, Any], rows: int = 100, names: str = "Xy") -> dict[str, Any]:
    return {
        name: da.from_array(a, chunks=(rows, *a.shape[1:])) if name in names else a for name, a in given.items()
    }


@pytest.mark.parametrize("rows", [1003, 1000, 100, 64])
def test_chunks_of_any_size_give_the_plain_results(rows: int) -> None:
    given = data()
    value, gradients = mc.compile(PROGRAM, ["w", "y", "X"], target="dask")(**chunked(given, rows))
    r = given["X"] @ given["w"] - given["y"]
    np.testing.assert_allclose(value, r @ r / 1003)
    np.testing.assert_allclose(gradients["w"], 2 * given["X"].T @ r / 1003)
    assert isinstance(gradients["w"], np.ndarray)
    for name, expected in (("y", -2 * r / 1003), ("X", 2 * np.outer(r, given["w"]) / 1003)):
        assert isinstance(gradients[name], da.Array)
        assert gradients[name].chunks[0] == chunked(given, rows)["X"].chunks[0]
        np.testing.assert_allclose(gradients[name].compute(), expected)


def test_several_passes_unknown_functions_and_arrays_of_numpy() -> None:
    given = data()
    source = "p = softmax(X@w); J = p.T@f(y); X: matrix(m, n)"
    plain = mc.compile(source, ["w"])
    expected = plain(**given, f=np.sin, df=np.cos) if "df" in plain.source else plain(**given, f=np.sin)
    fn = mc.compile(source, ["w"], target="dask")
    assert "3 passes" in fn.explain()
    found = fn(**chunked(given, 77, "X"), f=np.sin)
    np.testing.assert_allclose(found[0], expected[0])
    np.testing.assert_allclose(found[1]["w"], expected[1]["w"])


def test_the_sums_are_the_same_in_every_run() -> None:
    fn = mc.compile(PROGRAM, ["w"], target="dask")
    first, second = (fn(**chunked(data(), 13)) for _ in range(2))
    assert first[0] == second[0]
    assert np.array_equal(first[1]["w"], second[1]["w"])


def test_on_a_cluster_only_sums_come_to_the_client(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[int] = []
    gathered = type(client)._gather_remote  # what the client fetches of workers

    async def counted(self: Any, *given: Any, **options: Any) -> Any:
        found = await gathered(self, *given, **options)
        fetched.append(len(str(found)))
        return found

    monkeypatch.setattr(type(client), "_gather_remote", counted)
    rng = da.random.default_rng(3)
    X, y = rng.normal(size=(40_000, 50), chunks=(5000, 50)), rng.normal(size=40_000, chunks=5000)
    w = np.ones(50)
    value, gradients = mc.compile(PROGRAM, ["w", "y"], target="dask")(X=X, y=y, w=w)
    assert len(fetched) <= 2
    assert sum(fetched) < 10_000
    assert abs(value - 51) < 3
    assert gradients["y"].shape == (40_000,)
    r = (X @ w - y).compute()
    np.testing.assert_allclose(value, r @ r / 40_000)
    np.testing.assert_allclose(gradients["y"].compute(), -2 * r / 40_000)


def slow(block: Any, folder: str) -> Any:
    """A chunk that takes a while, and leaves a mark that it was begun."""
    with open(os.path.join(folder, str(os.getpid())), "a") as file:
        file.write(".")
    time.sleep(0.1)
    return block


def test_a_killed_worker_is_survived(client: Any, tmp_path: Any) -> None:
    given = chunked(data(4000), 100)
    given["X"] = given["X"].map_blocks(slow, str(tmp_path), dtype=float, meta=np.empty((0, 0)))
    fn = mc.compile(PROGRAM, ["w"], target="dask")
    workers = set(client.run(os.getpid).values())
    killed: list[int] = []

    def kill() -> None:
        """The first worker that has begun a few chunks."""
        for _ in range(600):
            time.sleep(0.05)
            for path in tmp_path.iterdir():
                if int(path.name) in workers and path.stat().st_size > 3:
                    os.kill(int(path.name), signal.SIGKILL)
                    killed.append(int(path.name))
                    return

    thread = threading.Thread(target=kill)
    thread.start()
    value, gradients = fn(**given)
    thread.join()
    assert len(killed) == 1
    expected = mc.compile(PROGRAM, ["w"])(**data(4000))
    np.testing.assert_allclose(value, expected[0])
    np.testing.assert_allclose(gradients["w"], expected[1]["w"])


@pytest.mark.skipif(not os.environ.get("MATCALC_LARGE"), reason="four gigabytes: asked for by MATCALC_LARGE=1")
def test_more_data_than_the_workers_have_memory(client: Any) -> None:
    m, n = 4 * 2**30 // (8 * 101), 100
    rng = da.random.default_rng(0)
    X, y = rng.normal(size=(m, n), chunks=(40_000, n)), rng.normal(size=m, chunks=40_000)
    w = np.linspace(-1, 1, n)
    value, gradients = mc.compile(PROGRAM, ["w"], target="dask")(X=X, y=y, w=w)
    assert abs(value / (1 + w @ w) - 1) < 0.01
    np.testing.assert_allclose(gradients["w"], 2 * w, atol=0.05)


# refusals ---------------------------------------------------------------------------------------------------


def test_a_program_that_cannot_be_split_is_refused_when_compiled() -> None:
    with pytest.raises(mc.UnsupportedError, match="cannot be split") as error:
        mc.compile("J = sum(cumsum(x)**2); x: vector(m)", "x", target="dask")
    assert "cumsum of x needs all of m at once" in str(error.value)


def test_chunks_that_do_not_fit_are_refused() -> None:
    fn = mc.compile(PROGRAM, ["w"], target="dask")
    given = data()
    cut = chunked(given)
    with pytest.raises(ValueError, match=r"chunks along axis 1 too.*rechunk\(\{1: -1\}\)"):
        fn(**(cut | {"X": da.from_array(given["X"], chunks=(100, 2))}))
    with pytest.raises(ValueError, match="different chunks along the split axis"):
        fn(**(cut | {"y": da.from_array(given["y"], chunks=99)}))
    with pytest.raises(ValueError, match=r"X has chunks of unknown size: call its compute_chunk_sizes\(\)"):
        fn(**(cut | {"X": cut["X"][cut["X"][:, 0] > 0]}))
    with pytest.raises(ValueError, match="none of the arrays that are split is a dask array"):
        fn(**given)
    with pytest.raises(ValueError, match=r"y has shape \(1000,\), expected \(m,\)"):
        fn(**(cut | {"y": cut["y"][:1000]}))
    with pytest.raises(ValueError, match="expected 2 axes"):
        fn(**(cut | {"X": cut["y"]}))
    with pytest.raises(ValueError, match="expected real numbers"):
        fn(**(cut | {"X": cut["X"].astype(complex)}))
    with pytest.raises(ValueError, match="w has shape"):
        fn(**(cut | {"w": np.ones(3)}))
