"""A run on this machine: rows are read in order, answered by several threads, and gathered into units.

Memory is some (threads + 2) chunks and what is gathered of two units, whatever the table's length; answers that an output takes as they
come (`stream`) are not gathered.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from seakeep.serving.scoring.reading import chunks
from seakeep.serving.scoring.units import Unit, gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterator, Sequence

    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.serving.scoring.answering import Answering, Chunk

_GATHERING = 1


def units(
    answering: Answering,
    dataset: Dataset,
    *,
    columns: Sequence[str] | None,
    unit_rows: int,
    chunk_rows: int,
    threads: int,
    skip: Container[int],
    took: Callable[[Chunk], None],
) -> Generator[Unit]:
    """The units that are not in `skip`, in order. took: is called with each chunk in order, and may take its output away."""
    gathering: deque[Future[Unit]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            number = -1
            unit: list[Chunk] = []
            pieces = chunks(dataset, columns, unit_rows=unit_rows, chunk_rows=chunk_rows, skip=skip)
            for own, chunk in _answered(pool, answering, pieces, threads):
                if unit and own != number:
                    gathering.append(pool.submit(gathered, number, unit))
                    unit = []
                took(chunk)
                number = own
                unit.append(chunk)
                while len(gathering) > _GATHERING:
                    yield gathering.popleft().result()
            if unit:
                gathering.append(pool.submit(gathered, number, unit))
            while gathering:
                yield gathering.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _answered(
    pool: ThreadPoolExecutor, answering: Answering, pieces: Iterator[tuple[int, int, pl.DataFrame]], threads: int
) -> Iterator[tuple[int, Chunk]]:
    """Each chunk's answers, with the number of its unit, in order."""
    under_way: deque[tuple[int, Future[Chunk]]] = deque()
    for unit, begin, frame in pieces:
        under_way.append((unit, pool.submit(answering.answer, frame, begin)))
        if len(under_way) > threads:
            number, answer = under_way.popleft()
            yield number, answer.result()
    while under_way:
        number, answer = under_way.popleft()
        yield number, answer.result()
