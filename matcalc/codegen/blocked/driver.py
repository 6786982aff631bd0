"""The functions that a blocked module brings along: arguments left where they are, and the loop over blocks.

Products read memory at a third of its bandwidth, and cache at several times it.  So one entry of each cache line of a
block is read first, in order, as fast as memory goes, and from there on everything is in cache; what is not float64 row
by row is copied there instead, into a buffer of the worker's own that is used again.  A block is as large as cache is,
what is made of its rows counted in.  Blocks are grouped into spans of about five, fewer where there are few, more where
there are many: handing one to a thread costs as much as a small product.  Their number and bounds depend on the data
alone; within a span sums are added in order, and those of spans as a binary tree in order, so that a result does not
depend on the number of threads, nor on which is done first.
"""

from __future__ import annotations

__all__ = ["BLOCK", "DRIVER", "ROWS"]

BLOCK = 2_000_000  # bytes of the data in one block, and of what is made of it; measured by benchmarks/blocks.py
LEAST = 32  # rows below which products are slow, however much is made of a row

ROWS = '''
def _rows(name, value, ndim):
    """The argument as it is, an array that is read a block at a time, with ndim axes."""
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if array.dtype.kind not in "biuf" or hasattr(value, "filled"):
        return _array(name, value, ndim)
    if array.ndim != ndim:
        kind = ("a scalar, shape ()", "a vector, shape (n,)", "a matrix, shape (m, n)")[ndim]
        raise ValueError(f"{name} has shape {array.shape}, expected {kind}")
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected no empty axis")
    return array
'''

DRIVER = f'''
def _over_blocks(block, count, arrays, shared, sums, kept, beside, options):
    """The sums over all blocks, and what is kept of each; every block of the arrays is read once.

    arrays are pairs of an array and the axis that is cut, kept has a shape, that axis, and whether the block computes
    it in its place, sums are functions of two arrays, beside is how many numbers a block makes for each row. Neither
    the number of threads nor their order changes a digit of the result.
    """
    workspace, rows, threads, progress, before, passes = options
    read = 8 * sum(array.size for array, _ in arrays) // count
    fitting = max(1, min({BLOCK} // read, max({LEAST}, {2 * BLOCK} // (read + 8 * beside))))
    rows, threads = fitting if rows is None else rows, (cpu_count() or 1) if threads is None else threads
    if rows < 1 or threads < 1:
        raise ValueError(f"blocks of {{rows}} rows on {{threads}} threads, expected at least one of each")
    shapes = [shape for shape, _, _ in kept]
    if workspace is None:
        outputs = [np.empty(shape) for shape in shapes]
    else:
        outputs = _kept(workspace.setdefault(before, {{}}), shapes, shapes)
    if count <= rows:
        whole = [np.asarray(array, dtype=np.float64) for array, _ in arrays]
        return *_placed(block, whole, shared, len(sums), outputs, kept), *outputs
    arrays = [(array, axis, _in_place(array, axis)) for array, axis in arrays]
    blocks = -(-count // rows)
    spans = min(max(-(-blocks // 5), min(blocks, 8)), 64)
    spare = [[None for _ in arrays] for _ in range(threads)]

    def work(span):
        """The sums over the blocks of a span, and the row at which it ends."""
        buffers, totals = spare.pop(), None
        for number in range(span * blocks // spans, (span + 1) * blocks // spans):
            start, stop = number * rows, min((number + 1) * rows, count)
            places = [out[(slice(None),) * axis + (slice(start, stop),)] for out, (_, axis, _) in zip(outputs, kept)]
            found = _placed(block, _taken(arrays, start, stop, buffers), shared, len(sums), places, kept)
            totals = _added(sums, totals, found)
        spare.append(buffers)
        return totals, stop

    done = []
    for totals, stop in _in_order(np.errstate(**np.geterr())(work), spans, min(threads, spans)):
        level = 0
        while done and done[-1][0] == level:
            level, totals = level + 1, _added(sums, done.pop()[1], totals)
        done.append((level, totals))
        if progress:
            progress(before * count + stop, passes * count)
    totals = done.pop()[1]
    while done:
        totals = _added(sums, done.pop()[1], totals)
    return *[total[()] for total in totals], *outputs


def _placed(block, arrays, shared, count, places, kept):
    """The sums of a block, so many, and all else that it gives in its place."""
    found = block(*arrays, *shared, *[place for place, (_, _, into) in zip(places, kept) if into])
    for place, part in zip(places, found[count:]):
        if part is not place:
            place[...] = part
    return found[:count]


def _in_place(array, axis):
    """Whether blocks of an array are used where they lie: float64, row after row."""
    return axis == 0 and array.dtype == np.float64 and array.flags.c_contiguous and array.flags.aligned


def _taken(arrays, start, stop, buffers):
    """The block of every array in cache: an entry of each of its lines there is read in order, or it is copied."""
    parts = []
    for k, (array, axis, in_place) in enumerate(arrays):
        part = array[start:stop] if axis == 0 else array[:, start:stop]
        if in_place:
            part = np.asarray(part)
            if part.ndim == 2:
                lines = part.reshape(-1)[::8]
                with np.errstate(all="ignore"):
                    lines.dot(lines)
        else:
            if buffers[k] is None:
                buffers[k] = np.empty(part.shape)
            buffer = buffers[k][:stop - start] if axis == 0 else buffers[k][:, :stop - start]
            np.copyto(buffer, part)
            part = buffer
        parts.append(part)
    return parts


def _added(sums, totals, found):
    """What two blocks give, put together in the memory of the first."""
    if totals is None:
        return [np.array(part) for _, part in zip(sums, found)]
    return [function(total, part, out=total) for function, total, part in zip(sums, totals, found)]


def _in_order(work, count, threads):
    """The results of work(0), work(1), ..., on some threads, with few of them waiting."""
    if threads == 1:
        for number in range(count):
            yield work(number)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(work, number) for number in range(min(count, 2 * threads))]
        for number in range(count):
            yield waiting.pop(0).result()
            if number + 2 * threads < count:
                waiting.append(pool.submit(work, number + 2 * threads))
'''
