"""A lazy frame over rows that a source decodes itself. Called by the sources that Polars cannot scan.

Polars hands over what it wants of the rows (columns, the first so many, a filter); the source is asked for the columns, the rest is done here. A source
that can pass rows over unread is told the filter too, which is applied to what it gives all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polars.io.plugins import register_io_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import polars as pl


def scan(
    frames: Callable[[Sequence[str]], Iterable[pl.DataFrame]],
    schema: pl.Schema,
    *,
    filtered: Callable[[Sequence[str], pl.Expr], Iterable[pl.DataFrame]] | None = None,
) -> pl.LazyFrame:
    """The rows of `frames`, called with the columns that are wanted, in their order, once a collection. schema: of all columns.

    filtered: called instead where all rows are wanted that pass a filter; it may leave out rows which do not.

    >>> import polars as pl
    >>> table = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    >>> scan(lambda columns: [table.select(columns)], table.schema).filter(pl.col("a") > 1).select("b").collect()["b"].to_list()
    ['y', 'z']
    """

    def rows(
        columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        left = limit
        wanted = schema.names() if columns is None else columns
        pushes = filtered is not None and predicate is not None and limit is None
        for frame in filtered(wanted, predicate) if pushes else frames(wanted):  # type: ignore[misc, arg-type]
            kept = frame if left is None else frame.head(left)
            left = None if left is None else left - kept.height
            yield kept if predicate is None else kept.filter(predicate)
            if left == 0:
                return

    return register_io_source(rows, schema=schema)
