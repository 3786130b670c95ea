"""One pass over a table through a graph: chunks run at once on all cores, and come back in order.

Called by `trainer` for the matrix that the estimator is fitted on, and by `baselines` for the rows held out. The session itself
uses one thread, so the numbers do not depend on how many chunks run side by side. Memory: the matrix once, and the
chunks in flight.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from seakeep.data import batches
from seakeep.features import Session, feeds
from seakeep.training.estimators import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Input
    from seakeep.features import FittedFeatures

ROWS = 16_384
A = TypeVar("A")
B = TypeVar("B")


def mapped(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """`function` of each item, in order, computed by as many threads as there are cores, few items ahead."""
    threads = cores()
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[B]] = deque()
        for item in items:
            running.append(pool.submit(function, item))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def frames(dataset: Dataset, inputs: Sequence[Input]) -> Iterator[pl.DataFrame]:
    """The graph's raw columns, chunk by chunk in canonical order."""
    return batches(dataset, rows=ROWS, columns=[column.name for column in inputs])


def matrix(fitted: FittedFeatures, dataset: Dataset, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The features of the `kept` rows, float32 (rows kept, features), allocated once. kept: bool (rows of the dataset,)."""
    session, inputs = Session(fitted.lower().SerializeToString()), fitted.inputs
    result = np.empty((int(kept.sum()), len(fitted.names)), dtype=np.float32)
    read = written = 0
    for chunk in mapped(lambda frame: session.run(["features"], feeds(frame, inputs))[0], frames(dataset, inputs)):
        chosen = chunk[kept[read : read + len(chunk)]]
        result[written : written + len(chosen)] = chosen
        read, written = read + len(chunk), written + len(chosen)
    return result
